/* Any bytes as a CSV file: refused with FILE:LINE, or a code set in order, of which the ids are right; the same twice.
 * Written out again and read again it is the same set. */
#include "medreview/terminology/code_sets.h"
#include "medreview/terminology/terminology.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { ROOM_BYTES = 64 << 20 };

static void require(bool held) {
    if (!held) abort();
}

static int order(const mr_set_code *a, const mr_set_code *b) {
    int c = mr_span_cmp(a->system, b->system);
    return c ? c : mr_span_cmp(a->code, b->code);
}

static void look(const mr_code_set *set) {
    require(mr_span_is(set->concept, "fuzz") && set->replaces && set->n_codes > 0);
    for (size_t i = 0; i < set->n_codes; i++) {
        const mr_set_code *c = &set->codes[i];
        require(c->code.len > 0 && c->system.len > 0);
        require(!mr_system_is_sct(c->system) || mr_sctid_valid(c->code));
        require(i == 0 || order(&set->codes[i - 1], c) < 0);
    }
}

static mr_rc read(mr_span bytes, mr_arena *a, mr_code_set *ret, size_t *ret_refused) {
    mr_buf said;
    mr_error err = {0};
    mr_buf_init(&said, 1 << 20);
    mr_rc rc = mr_code_set_read(MR_SPAN("fuzz.only.csv"), bytes, a, ret, ret_refused, &said, &err);
    require(rc == MR_OK || rc == MR_MALFORMED || rc == MR_LIMIT || rc == MR_NOMEM);
    require(rc != MR_MALFORMED || strncmp(err.text, "fuzz.only.csv:", 14) == 0);
    require(rc == MR_OK ? *ret_refused == 0 || said.len > 0 : said.len > 0);
    mr_buf_free(&said);
    return rc;
}

static void add_field(mr_buf *out, mr_span s, char after) {
    mr_buf_addc(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"') mr_buf_addc(out, '"');
        mr_buf_addc(out, s.ptr[i]);
    }
    mr_buf_addc(out, '"');
    mr_buf_addc(out, after);
}

static void round_trip(const mr_code_set *set, mr_arena *a) {
    mr_buf out;
    mr_buf_init(&out, ROOM_BYTES);
    mr_buf_adds(&out, "role,system,code\n");
    for (size_t i = 0; i < set->n_codes; i++) {
        add_field(&out, mr_span_of(mr_code_role_text(set->codes[i].role)), ',');
        add_field(&out, set->codes[i].system, ',');
        add_field(&out, set->codes[i].code, '\n');
    }
    mr_code_set again;
    size_t refused = 1;
    require(read(mr_buf_span(&out), a, &again, &refused) == MR_OK);
    require(refused == 0 && again.n_codes == set->n_codes);
    for (size_t i = 0; i < set->n_codes; i++)
        require(order(&again.codes[i], &set->codes[i]) == 0 && again.codes[i].role == set->codes[i].role);
    mr_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    mr_arena *a = mr_arena_new(ROOM_BYTES);
    mr_code_set set;
    size_t refused = 0;
    if (!a) return 0;
    if (read((mr_span){(const char *)bytes, n}, a, &set, &refused) == MR_OK) {
        look(&set);
        round_trip(&set, a);
    }
    mr_arena_free(a);
    return 0;
}
