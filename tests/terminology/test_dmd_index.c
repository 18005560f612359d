/* The index file: what is written is what is read, ids lead to their rows, and whatever is not whole is refused with a
 * sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dmd_index_room.h"
#include "dmd_made_index.h"

#include "medreview/base/sha256.h"

/* The checksum anew, as somebody would who means harm. */
static void sign(char *bytes, size_t n) {
    mr_sha256 s;
    mr_sha256_begin(&s);
    mr_sha256_add(&s, bytes + MR_INDEX_SUMMED_FROM, n - MR_INDEX_SUMMED_FROM);
    mr_sha256_end(&s, (uint8_t *)bytes + offsetof(mr_index_header, sha256));
}

static void refused(const char *bytes, size_t n, const char *sentence) {
    mr_error err = {0};
    mr_dmd_index *ix = NULL;
    assert_int_equal(mr_dmd_index_view(bytes, n, &ix, &err), MR_MALFORMED);
    assert_null(ix);
    if (!strstr(err.text, sentence)) fail_msg("\"%s\" says nothing of \"%s\"", err.text, sentence);
}

/* --- tests ---- */

static void test_made_holds_together(void **state) {
    (void)state;
    mr_error err = {0};
    for (uint64_t seed = 0; seed < 20; seed++) {
        mr_arena *a = mr_arena_new(64 << 20);
        mr_dmd_release r = dmd_made(a, seed, (size_t)seed * 3);
        if (mr_dmd_release_check(&r, &err) != MR_OK) fail_msg("%s", err.text);
        assert_int_equal(r.vtms[dmd_made_vtm(&r, "Co-amilofruse")].n_members, 2);
        mr_arena_free(a);
    }
}

static void test_written_is_read(void **state) {
    (void)state;
    made m;
    mr_dmd_index *ix;
    mr_error err = {0};
    made_begin(&m, 40, &made_sets);
    if (mr_dmd_index_view(m.bytes.ptr, m.bytes.len, &ix, &err) != MR_OK) fail_msg("%s", err.text);
    const mr_dmd_release *r = mr_dmd_index_release(ix);
    assert_string_equal(r->date, m.r.date);
    assert_int_equal(r->n_names, m.r.n_names);
    assert_memory_equal(r->names, m.r.names, m.r.n_names);
#define SAME(name, type)                                                                                               \
    assert_int_equal(r->n_##name, m.r.n_##name);                                                                       \
    assert_true(m.r.n_##name > 0);                                                                                     \
    assert_memory_equal(r->name, m.r.name, m.r.n_##name * sizeof(type));
    MR_DMD_TABLES(SAME)
#undef SAME
    /* And writing what was read gives the same file. */
    mr_buf bytes;
    mr_buf_init(&bytes, 64 << 20);
    assert_int_equal(mr_dmd_index_encode(r, mr_dmd_index_codes(ix), &bytes, &err), MR_OK);
    assert_int_equal(bytes.len, m.bytes.len);
    assert_memory_equal(bytes.ptr, m.bytes.ptr, bytes.len);
    mr_buf_free(&bytes);
    mr_dmd_index_close(ix);
    made_end(&m);
}

static void test_code_sets(void **state) {
    (void)state;
    made m;
    mr_dmd_index *ix;
    made_begin(&m, 0, &made_sets);
    assert_int_equal(mr_dmd_index_view(m.bytes.ptr, m.bytes.len, &ix, NULL), MR_OK);
    const mr_code_sets *got = mr_dmd_index_codes(ix);
    assert_int_equal(got->n_sets, made_sets.n_sets);
    for (size_t i = 0; i < got->n_sets; i++) {
        const mr_code_set *x = &got->sets[i], *y = &made_sets.sets[i];
        assert_true(mr_span_eq(x->concept, y->concept) && mr_span_eq(x->file, y->file) && x->replaces == y->replaces);
        assert_int_equal(x->n_codes, y->n_codes);
        for (size_t k = 0; k < x->n_codes; k++) {
            assert_true(mr_span_eq(x->codes[k].system, y->codes[k].system));
            assert_true(mr_span_eq(x->codes[k].code, y->codes[k].code));
            assert_int_equal(x->codes[k].role, y->codes[k].role);
        }
    }
    mr_dmd_index_close(ix);
    made_end(&m);
    made_begin(&m, 0, NULL);
    assert_int_equal(mr_dmd_index_view(m.bytes.ptr, m.bytes.len, &ix, NULL), MR_OK);
    assert_int_equal(mr_dmd_index_codes(ix)->n_sets, 0);
    mr_dmd_index_close(ix);
    made_end(&m);
}

static void test_find(void **state) {
    (void)state;
    made m;
    mr_dmd_index *ix;
    mr_dmd_found f = {MR_DMD_VTM, 77};
    made_begin(&m, 500, NULL);
    assert_int_equal(mr_dmd_index_view(m.bytes.ptr, m.bytes.len, &ix, NULL), MR_OK);
    for (mr_dmd_kind kind = MR_DMD_VTM; kind <= MR_DMD_AMPP; kind++)
        for (size_t i = 0; i < mr_dmd_rows(&m.r, kind); i++) {
            made_found(ix, mr_dmd_id(&m.r, kind, i), kind, i);
            assert_false(mr_dmd_index_find(ix, mr_dmd_id(&m.r, kind, i) + 1, &f)); /* a wrong check digit */
        }
    for (size_t i = 0; i < m.r.n_previous; i++) assert_false(mr_dmd_index_find(ix, m.r.previous[i].id, &f));
    assert_false(mr_dmd_index_find(ix, 0, &f));
    assert_false(mr_dmd_index_find(ix, UINT64_MAX, &f));
    assert_int_equal(f.row, 77); /* a miss writes nothing */
    mr_dmd_index_close(ix);
    made_end(&m);
}

/* One id in every kind: the levels that records hold come first. */
static void test_shared_id(void **state) {
    (void)state;
    static const mr_dmd_kind order[] = {MR_DMD_VMP, MR_DMD_AMP, MR_DMD_VMPP, MR_DMD_AMPP, MR_DMD_VTM, MR_DMD_SUBSTANCE};
    const uint64_t id = dmd_made_id(1, true), other = dmd_made_id(2, true);
    mr_buf bytes;
    mr_buf_init(&bytes, 1 << 20);
    for (size_t first = 0; first < 6; first++) { /* kinds before `first` have another id */
        uint64_t ids[6];
        for (size_t i = 0; i < 6; i++) ids[order[i]] = i < first ? other : id;
        mr_dmd_vtm vtm = {.id = ids[MR_DMD_VTM]};
        mr_dmd_substance substance = {.id = ids[MR_DMD_SUBSTANCE]};
        mr_dmd_vmp vmp = {.id = ids[MR_DMD_VMP], .vtm = MR_DMD_NONE, .form = MR_DMD_NO_WORD};
        vmp.unit_dose_size_unit = vmp.unit_dose_unit = vmp.ddd_unit = MR_DMD_NO_WORD;
        mr_dmd_amp amp = {.id = ids[MR_DMD_AMP]};
        mr_dmd_vmpp vmpp = {.id = ids[MR_DMD_VMPP]};
        mr_dmd_ampp ampp = {.id = ids[MR_DMD_AMPP]};
        mr_dmd_release r = {.vtms = &vtm,
                            .n_vtms = 1,
                            .substances = &substance,
                            .n_substances = 1,
                            .vmps = &vmp,
                            .n_vmps = 1,
                            .amps = &amp,
                            .n_amps = 1,
                            .vmpps = &vmpp,
                            .n_vmpps = 1,
                            .ampps = &ampp,
                            .n_ampps = 1};
        mr_dmd_index *ix;
        assert_int_equal(mr_dmd_index_encode(&r, NULL, &bytes, NULL), MR_OK);
        assert_int_equal(mr_dmd_index_view(bytes.ptr, bytes.len, &ix, NULL), MR_OK);
        made_found(ix, id, order[first], 0);
        if (first) made_found(ix, other, MR_DMD_VMP, 0);
        mr_dmd_index_close(ix);
    }
    mr_buf_free(&bytes);
}

static void test_former_ids(void **state) {
    (void)state;
    const struct {
        uint64_t id;
        mr_dmd_kind kind;
        const char *name;
        size_t n_rows;
    } cases[] = {
        {90332006, MR_DMD_VTM, "Paracetamol", 1},
        {3536911000001101, MR_DMD_SUBSTANCE, "Furosemide", 1},
        {dmd_made_id(700001, true), MR_DMD_VMP, "Aspirin 75mg tablets", 1}, /* not the VTM, which sorts before it */
        {dmd_made_id(700002, true), MR_DMD_VMP, NULL, 2},                   /* split: either */
    };
    made m;
    mr_dmd_index *ix;
    mr_dmd_found f;
    size_t n_rows = 0;
    made_begin(&m, 3, NULL);
    assert_int_equal(mr_dmd_index_view(m.bytes.ptr, m.bytes.len, &ix, NULL), MR_OK);
    const mr_dmd_release *r = mr_dmd_index_release(ix);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(mr_dmd_index_find_previous(ix, cases[i].id, &f, &n_rows));
        assert_int_equal(f.kind, cases[i].kind);
        assert_int_equal(n_rows, cases[i].n_rows);
        mr_dmd_text name = f.kind == MR_DMD_VTM   ? r->vtms[f.row].name
                           : f.kind == MR_DMD_VMP ? r->vmps[f.row].name
                                                  : r->substances[f.row].name;
        if (cases[i].name) assert_true(mr_span_is(mr_dmd_name(r, name), cases[i].name));
    }
    uint32_t one = dmd_made_vmp(r, "Ibuprofen 400mg tablets"), two = dmd_made_vmp(r, "Ibuprofen 5% gel");
    assert_int_equal(f.row, one < two ? one : two);                       /* of the split id: the first row */
    assert_false(mr_dmd_index_find_previous(ix, 319775004, &f, &n_rows)); /* a current id is no former one */
    assert_false(mr_dmd_index_find_previous(ix, 0, &f, &n_rows));
    assert_false(mr_dmd_index_find_previous(ix, UINT64_MAX, &f, &n_rows));
    mr_dmd_index_close(ix);
    made_end(&m);
}

static void test_empty_release(void **state) {
    (void)state;
    mr_dmd_release r = {.date = ""};
    mr_buf bytes;
    mr_dmd_index *ix;
    mr_dmd_found f;
    size_t n_rows;
    mr_buf_init(&bytes, 1 << 20);
    assert_int_equal(mr_dmd_index_encode(&r, NULL, &bytes, NULL), MR_OK);
    assert_int_equal(mr_dmd_index_view(bytes.ptr, bytes.len, &ix, NULL), MR_OK);
    assert_false(mr_dmd_index_find(ix, 319775004, &f));
    assert_false(mr_dmd_index_find_previous(ix, 319775004, &f, &n_rows));
    mr_dmd_index_close(ix);
    mr_buf_free(&bytes);
}

/* Every byte of the smallest file, and bytes all over one that holds rows of every table. */
static void each_of(void (*check)(mr_buf *bytes, size_t at)) {
    const mr_dmd_release none = {.date = ""};
    mr_buf smallest;
    made m;
    mr_buf_init(&smallest, 1 << 20);
    made_begin(&m, 0, &made_sets);
    assert_int_equal(mr_dmd_index_encode(&none, &made_sets, &smallest, NULL), MR_OK);
    for (size_t i = 0; i < smallest.len; i++) check(&smallest, i);
    for (size_t i = 0; i < m.bytes.len; i += 17) check(&m.bytes, i);
    mr_buf_free(&smallest);
    made_end(&m);
}

static void flip(mr_buf *bytes, size_t at) {
    mr_dmd_index *ix;
    bytes->ptr[at] = (char)(bytes->ptr[at] ^ (1 << at % 8));
    assert_int_equal(mr_dmd_index_view(bytes->ptr, bytes->len, &ix, NULL), MR_MALFORMED);
    bytes->ptr[at] = (char)(bytes->ptr[at] ^ (1 << at % 8));
}

static void test_every_flipped_byte_is_noticed(void **state) {
    (void)state;
    each_of(flip);
}

static void cut(mr_buf *bytes, size_t at) {
    char *part = malloc(at ? at : 1); /* so that a sanitizer sees one byte too many */
    memcpy(part, bytes->ptr, at);
    refused(part, at, at < 16 ? "not an index" : "cut short");
    free(part);
}

static void test_every_cut_is_noticed(void **state) {
    (void)state;
    each_of(cut);
    made m;
    made_begin(&m, 0, NULL);
    static const char more[8];
    mr_buf_add(&m.bytes, more, sizeof more);
    refused(m.bytes.ptr, m.bytes.len, "damaged");
    made_end(&m);
}

static void test_sentences(void **state) {
    (void)state;
    made m;
    made_begin(&m, 0, NULL);
    char *b = m.bytes.ptr;
    mr_index_header h;
    memcpy(&h, b, sizeof h);
    _Alignas(8) static const char other[16] = "SQLite format 3"; /* as long as the name and its zero */
    refused(other, sizeof other, "not an index");
    h.version = 2;
    memcpy(b, &h, sizeof h);
    refused(b, m.bytes.len, "version 2 of the index format, and this medreview reads version 1; run `medreview term");
    h.version = 1, h.byte_order = 0x04030201;
    memcpy(b, &h, sizeof h);
    refused(b, m.bytes.len, "byte order of another machine");
    h.byte_order = MR_DMD_BYTE_ORDER, h.sha256[5] ^= 1;
    memcpy(b, &h, sizeof h);
    refused(b, m.bytes.len, "damaged: the checksum does not fit");
    made_end(&m);
}

static uint64_t padded(const mr_index_entry *e) {
    return (e->rows * e->row_bytes + 7) / 8 * 8;
}

/* A right checksum over a wrong table of sections: each field of each entry, and the header's own. */
static void test_sections_are_proven(void **state) {
    (void)state;
    static const uint64_t values[] = {0,         1, 7, 8, 0x7fffffff, 0x80000000, UINT32_MAX, INT64_MAX, UINT64_MAX - 7,
                                      UINT64_MAX};
    made m;
    made_begin(&m, 0, &made_sets);
    mr_index_header right, h;
    memcpy(&right, m.bytes.ptr, sizeof right);
    for (size_t i = 0; i < MR_IN_COUNT; i++)
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++)
            for (unsigned field = 0; field < 6; field++) {
                h = right;
                mr_index_entry *e = &h.sections[i];
                if (field == 0) e->offset = values[v];
                if (field == 1) e->offset += values[v];
                if (field == 2) e->rows = values[v];
                if (field == 3) e->rows += values[v];
                if (field == 4) e->row_bytes = (uint32_t)values[v];
                if (field == 5) e->reserved = (uint32_t)values[v];
                if (memcmp(&h, &right, sizeof h) == 0) continue;
                /* More rows within the padding, which are zeros, is another index and may be a sound one. */
                if (field > 1 && field < 4 && e->rows < 1 << 20 && padded(e) == padded(&right.sections[i])) continue;
                memcpy(m.bytes.ptr, &h, sizeof h);
                sign(m.bytes.ptr, m.bytes.len);
                refused(m.bytes.ptr, m.bytes.len, "`medreview terminology import` again");
            }
    h = right, h.n_sections--;
    memcpy(m.bytes.ptr, &h, sizeof h), sign(m.bytes.ptr, m.bytes.len);
    refused(m.bytes.ptr, m.bytes.len, "number of sections");
    h = right, h.file_bytes += 8;
    memcpy(m.bytes.ptr, &h, sizeof h), sign(m.bytes.ptr, m.bytes.len);
    refused(m.bytes.ptr, m.bytes.len, "its length");
    h = right, h.sections[0].name[0] = 'x';
    memcpy(m.bytes.ptr, &h, sizeof h), sign(m.bytes.ptr, m.bytes.len);
    refused(m.bytes.ptr, m.bytes.len, "vtms");
    h = right, h.date[15] = '1';
    memcpy(m.bytes.ptr, &h, sizeof h), sign(m.bytes.ptr, m.bytes.len);
    refused(m.bytes.ptr, m.bytes.len, "date");
    made_end(&m);
}

static void test_misaligned(void **state) {
    (void)state;
    made m;
    mr_dmd_index *ix;
    made_begin(&m, 0, NULL);
    char *b = malloc(m.bytes.len + 4);
    memcpy(b + 4, m.bytes.ptr, m.bytes.len);
    assert_int_equal(mr_dmd_index_view(b + 4, m.bytes.len, &ix, NULL), MR_INVALID);
    free(b);
    made_end(&m);
}

/* What the opener would refuse is not written. */
static void test_unsound_is_not_encoded(void **state) {
    (void)state;
    made m;
    mr_error err = {0};
    made_begin(&m, 0, NULL);
    m.r.n_routes = 0;
    assert_int_equal(mr_dmd_index_encode(&m.r, NULL, &m.bytes, &err), MR_MALFORMED);
    assert_non_null(strstr(err.text, "vmp_routes, row 0: a route that is not there"));
    m.r = dmd_made(m.a, 7, 0);
    const mr_code_set wrong[][2] = {
        {{MR_SPAN("b"), false, MR_SPAN("b.csv"), NULL, 0}, {MR_SPAN("a"), false, MR_SPAN("a.csv"), NULL, 0}},
        {{MR_SPAN("a"), false, MR_SPAN("a.csv"), NULL, 0}, {MR_SPAN("a"), true, MR_SPAN("a.only.csv"), NULL, 0}},
        {{MR_SPAN("a"), true, MR_SPAN("a.only.csv"), NULL, 0}, {MR_SPAN("a"), true, MR_SPAN("a.only.csv"), NULL, 0}},
        {{MR_SPAN("a"), false, MR_SPAN("\xff"), NULL, 0}, {MR_SPAN("b"), false, MR_SPAN("b.csv"), NULL, 0}},
        {{MR_SPAN("a"), false, MR_SPAN("a.csv"), asthma + 1, 1},
         {MR_SPAN("b"), false, MR_SPAN("b.csv"), (mr_set_code[]){only[0], only[0]}, 2}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        mr_code_set copy[2];
        memcpy(copy, wrong[i], sizeof copy);
        const mr_code_sets codes = {copy, 2};
        assert_int_equal(mr_dmd_index_encode(&m.r, &codes, &m.bytes, &err), MR_MALFORMED);
    }
    made_end(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_holds_together),
        cmocka_unit_test(test_written_is_read),
        cmocka_unit_test(test_code_sets),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_shared_id),
        cmocka_unit_test(test_former_ids),
        cmocka_unit_test(test_empty_release),
        cmocka_unit_test(test_every_flipped_byte_is_noticed),
        cmocka_unit_test(test_every_cut_is_noticed),
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_sections_are_proven),
        cmocka_unit_test(test_misaligned),
        cmocka_unit_test(test_unsound_is_not_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
