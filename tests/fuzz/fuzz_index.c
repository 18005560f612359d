/* Any bytes as an index file: refused, or sound from the first row to the last; and what is sound as a file, but says
 * what no release says, can be bound to the table and asked for each of its ids and names.
 *
 * A checksum stops accidents, not people, and it would stop the fuzzer as well: so the same bytes are also tried with
 * the checksum set right. An input that does not begin as an index does is taken as changes to a small made-up one, six
 * bytes each (where: 4, what: 1, how: 1), which gets past the table of sections far more often than chance would. */
#include "../../service/terminology/dmd_index_room.h"
#include "../terminology/dmd_made.h"

#include "medreview/base/sha256.h"
#include "medreview/terminology/terminology.h"

#include <inttypes.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool held) {
    if (!held) abort();
}

/* --- walking what was opened ---- */

static uint64_t seen; /* so that no read is optimised away */

static void see_text(mr_span s) {
    for (size_t i = 0; i < s.len; i++) seen += (unsigned char)s.ptr[i];
}

static void see_word(const mr_dmd_word *words, size_t n, uint16_t row) {
    require(row == MR_DMD_NO_WORD || row < n);
    if (row != MR_DMD_NO_WORD) seen += words[row].code;
}

static void walk_vmp(const mr_dmd_release *r, const mr_dmd_vmp *v) {
    see_text(mr_dmd_name(r, v->name));
    if (v->vtm != MR_DMD_NONE) see_text(mr_dmd_name(r, r->vtms[v->vtm].name));
    see_word(r->forms, r->n_forms, v->form);
    see_word(r->units, r->n_units, v->unit_dose_unit);
    see_word(r->units, r->n_units, v->unit_dose_size_unit);
    see_word(r->units, r->n_units, v->ddd_unit);
    for (size_t i = 0; i < v->n_routes; i++) see_word(r->routes, r->n_routes, r->vmp_routes[v->first_route + i]);
    for (size_t i = 0; i < v->n_onts; i++) see_word(r->onts, r->n_onts, r->vmp_onts[v->first_ont + i]);
    for (size_t i = 0; i < v->n_parts; i++) {
        const mr_dmd_part *p = &r->parts[v->first_part + i];
        see_text(mr_dmd_name(r, r->substances[p->substance].name));
        if (p->base != MR_DMD_NONE) seen += r->substances[p->base].id;
        see_word(r->units, r->n_units, p->numerator_unit);
        see_word(r->units, r->n_units, p->denominator_unit);
    }
    seen += strlen(v->atc);
}

static void walk_release(const mr_dmd_release *r) {
    for (size_t i = 0; i < r->n_vmps; i++) walk_vmp(r, &r->vmps[i]);
    for (size_t i = 0; i < r->n_amps; i++) {
        see_text(mr_dmd_name(r, r->amps[i].name));
        seen += r->vmps[r->amps[i].vmp].id;
    }
    for (size_t i = 0; i < r->n_vmpps; i++) seen += r->vmps[r->vmpps[i].vmp].id;
    for (size_t i = 0; i < r->n_ampps; i++) seen += r->amps[r->ampps[i].amp].id + r->vmpps[r->ampps[i].vmpp].id;
    for (size_t i = 0; i < r->n_vtms; i++)
        for (size_t k = 0; k < r->vtms[i].n_members; k++)
            seen += r->substances[r->vtm_members[r->vtms[i].first_member + k]].id;
}

/* Every id leads to a row that has it; the rank of kinds may lead to another kind. */
static void walk_ids(const mr_dmd_index *ix) {
    const mr_dmd_release *r = mr_dmd_index_release(ix);
    mr_dmd_found f;
    size_t n_rows;
    for (mr_dmd_kind kind = MR_DMD_VTM; kind <= MR_DMD_AMPP; kind++)
        for (size_t i = 0; i < mr_dmd_rows(r, kind); i++) {
            require(mr_dmd_index_find(ix, mr_dmd_id(r, kind, i), &f));
            require(mr_dmd_id(r, f.kind, f.row) == mr_dmd_id(r, kind, i));
        }
    for (size_t i = 0; i < r->n_previous; i++) {
        require(mr_dmd_index_find_previous(ix, r->previous[i].id, &f, &n_rows) && n_rows > 0);
        require(f.row + n_rows <= mr_dmd_rows(r, f.kind) || n_rows > 1);
    }
}

static void walk_codes(const mr_code_sets *codes) {
    for (size_t i = 0; i < codes->n_sets; i++) {
        see_text(codes->sets[i].concept);
        see_text(codes->sets[i].file);
        for (size_t k = 0; k < codes->sets[i].n_codes; k++) {
            see_text(codes->sets[i].codes[k].system);
            see_text(codes->sets[i].codes[k].code);
            require(mr_code_role_text(codes->sets[i].codes[k].role) != NULL);
        }
    }
}

/* What was opened can be written, and what is written opens to the same. */
static void write_again(const mr_dmd_index *ix) {
    mr_buf once, twice;
    mr_dmd_index *same;
    mr_buf_init(&once, 1 << 26);
    mr_buf_init(&twice, 1 << 26);
    require(mr_dmd_index_encode(mr_dmd_index_release(ix), mr_dmd_index_codes(ix), &once, NULL) == MR_OK);
    require(mr_dmd_index_view(once.ptr, once.len, &same, NULL) == MR_OK);
    require(mr_dmd_index_encode(mr_dmd_index_release(same), mr_dmd_index_codes(same), &twice, NULL) == MR_OK);
    require(once.len == twice.len && memcmp(once.ptr, twice.ptr, once.len) == 0);
    mr_dmd_index_close(same);
    mr_buf_free(&once);
    mr_buf_free(&twice);
}

/* --- the table bound to it ---- */

static void ask(const mr_terminology *t, const mr_term_question *q) {
    mr_arena *a = mr_arena_new(16 << 20);
    mr_term_steps steps = {0};
    mr_understood u;
    require(a && mr_terminology_resolve(t, q, a, &steps, &u, NULL) == MR_OK);
    require((u.by == MR_REC_NOT) == (u.n_ingredients == 0));
    require(u.product <= mr_terminology_products(t));
    see_text(u.form);
    for (size_t i = 0; i < u.n_ingredients; i++) {
        see_text(u.ingredients[i].substance);
        see_text(u.ingredients[i].strength_unit);
    }
    for (size_t i = 0; i < steps.n; i++) see_text(steps.v[i].outcome);
    mr_arena_free(a);
}

static void ask_id(const mr_terminology *t, uint64_t id) {
    char code[24];
    int n = snprintf(code, sizeof code, "%" PRIu64, id);
    const mr_coding c = {MR_SPAN("https://dmd.nhs.uk"), {code, (size_t)n}, MR_SPAN_NONE};
    ask(t, &(mr_term_question){.codings = &c, .n_codings = 1});
}

static void ask_atc(const mr_terminology *t, const mr_dmd_vmp *v) {
    const mr_coding c = {MR_SPAN("http://www.whocc.no/atc"), {v->atc, strlen(v->atc)}, MR_SPAN_NONE};
    ask(t, &(mr_term_question){.codings = &c, .n_codings = 1});
}

/* Everything that a record could name, and every product by its number. Takes the index over. */
static void bind(mr_dmd_index *ix) {
    const mr_dmd_release *r = mr_dmd_index_release(ix);
    mr_terminology *t;
    mr_error err;
    size_t n_told;
    if (mr_terminology_over(ix, &t, &err) != MR_OK) {
        require(err.text[0]);
        return;
    }
    for (mr_dmd_kind kind = MR_DMD_VTM; kind <= MR_DMD_AMPP; kind++)
        for (size_t i = 0; i < mr_dmd_rows(r, kind); i++) ask_id(t, mr_dmd_id(r, kind, i));
    for (size_t i = 0; i < r->n_previous; i++) ask_id(t, r->previous[i].id);
    for (size_t i = 0; i < r->n_vmps; i++) ask_atc(t, &r->vmps[i]);
    for (size_t i = 0; i < r->n_amps; i++) ask(t, &(mr_term_question){.text = mr_dmd_name(r, r->amps[i].name)});
    for (uint32_t i = 1; i <= mr_terminology_products(t); i += i < 800 ? 80 : 1) {
        mr_arena *a = mr_arena_new(1 << 20);
        mr_understood u;
        require(a && mr_terminology_product(t, i, a, &u, NULL) == MR_OK);
        mr_arena_free(a);
    }
    const mr_span *told = mr_terminology_told(t, &n_told);
    for (size_t i = 0; i < n_told; i++) see_text(told[i]);
    mr_terminology_free(t);
}

static void try_bytes(const char *bytes, size_t n, bool binds) {
    mr_dmd_index *ix;
    mr_error err = {0};
    if (mr_dmd_index_view(bytes, n, &ix, &err) != MR_OK) {
        require(err.rc == MR_MALFORMED && err.text[0]);
        return;
    }
    walk_release(mr_dmd_index_release(ix));
    walk_ids(ix);
    walk_codes(mr_dmd_index_codes(ix));
    write_again(ix);
    if (binds)
        bind(ix);
    else
        mr_dmd_index_close(ix);
}

/* --- inputs ---- */

static void sign(char *bytes, size_t n) {
    mr_sha256 s;
    if (n < sizeof(mr_index_header)) return;
    mr_sha256_begin(&s);
    mr_sha256_add(&s, bytes + MR_INDEX_SUMMED_FROM, n - MR_INDEX_SUMMED_FROM);
    mr_sha256_end(&s, (uint8_t *)bytes + offsetof(mr_index_header, sha256));
}

static const mr_buf *small_index(void) {
    static mr_buf made; /* made once, or each input would pay for it */
    static mr_set_code code = {MR_SPAN("http://snomed.info/sct"), MR_SPAN("195967001"), MR_ROLE_PRESENT};
    static mr_code_set set = {MR_SPAN("asthma"), false, MR_SPAN("asthma.csv"), &code, 1};
    if (made.len) return &made;
    mr_arena *a = mr_arena_new(16 << 20);
    mr_dmd_release r = dmd_made(a, 1, 2);
    const mr_code_sets codes = {&set, 1};
    mr_buf_init(&made, 1 << 24);
    require(mr_dmd_index_encode(&r, &codes, &made, NULL) == MR_OK);
    mr_arena_free(a);
    return &made;
}

static void change(char *to, const uint8_t how[6], size_t n) {
    uint32_t where;
    memcpy(&where, how, sizeof where);
    char *at = &to[where % n];
    switch (how[5] % 3) {
    case 0: *at = (char)how[4]; break;
    case 1: *at = (char)(*at ^ how[4]); break;
    default: *at = (char)(*at + (int8_t)how[4]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    const mr_buf *small = small_index();
    bool raw = n >= 8 && memcmp(bytes, MR_DMD_INDEX_MAGIC, 8) == 0;
    size_t room = raw ? n : small->len;
    char *own = malloc(n ? n : 1), *signed_bytes = malloc(room); /* of that size exactly, aligned as a mapping is */
    require(own && signed_bytes);
    if (n) memcpy(own, bytes, n);
    try_bytes(own, n, false);
    memcpy(signed_bytes, raw ? own : small->ptr, room);
    for (size_t i = 0; !raw && i + 6 <= n; i += 6) change(signed_bytes, bytes + i, room);
    sign(signed_bytes, room);
    try_bytes(signed_bytes, room, n % 4 == 0); /* it takes 100 times what the rest takes */
    free(own);
    free(signed_bytes);
    return 0;
}
