/* What a review asked terminology, and what it was told: written small enough to be kept beside every review, so that
 * after an update it can be said whose medicines are understood otherwise without fetching anybody's record.
 *
 * The questions are those of understand.c: the entry itself, the ingredients of its Medication when the entry says
 * nothing, its text when its code counts. One more question than was asked does no harm but a review too many, so
 * conditions are loose here. The digest of an answer leaves out by which step it was found: the same medicine found in
 * another way is the same medicine.
 *
 * Form: "mrq1", then questions: codings (system, code, display), text, routes, 16 bytes of SHA-256. Numbers are
 * base-128, low groups first; a text is its length plus one and its bytes, 0 for none. */
#include "review_parts.h"

#include "medreview/base/sha256.h"
#include "medreview/review/basis.h"
#include "medreview/review/classes.h"

#include <string.h>

static const char magic[4] = {'m', 'r', 'q', '1'};
enum { DIGEST = 16, ANSWERS_BYTES = 64 << 20 };

/* ---- the answer ---- */

static void hash_number(mr_sha256 *h, uint64_t n) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(n >> (8 * i));
    mr_sha256_add(h, bytes, sizeof bytes);
}

static void hash_double(mr_sha256 *h, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    hash_number(h, bits);
}

static void hash_text(mr_sha256 *h, mr_span s) {
    hash_number(h, s.ptr ? s.len + 1 : 0);
    if (s.len) mr_sha256_add(h, s.ptr, s.len);
}

static void hash_ingredient(mr_sha256 *h, const mr_ingredient *x) {
    hash_text(h, x->substance);
    hash_double(h, x->strength);
    hash_text(h, x->strength_unit);
    hash_double(h, x->per);
    hash_text(h, x->per_unit);
    for (size_t i = 0; i < sizeof x->groups.w / sizeof *x->groups.w; i++) hash_number(h, x->groups.w[i]);
}

static void hash_answer(const mr_understood *u, uint8_t ret[DIGEST]) {
    mr_sha256 h;
    uint8_t full[32];
    mr_sha256_begin(&h);
    hash_number(&h, u->by == MR_REC_NOT ? 1 + (uint64_t)u->why : 0);
    hash_number(&h, (uint64_t)u->not_a_medicine | (uint64_t)u->uncertain << 1 | (uint64_t)u->modified_release << 2);
    hash_number(&h, u->route);
    hash_text(&h, u->form);
    hash_number(&h, u->n_ingredients);
    for (size_t i = 0; i < u->n_ingredients; i++) hash_ingredient(&h, &u->ingredients[i]);
    mr_sha256_end(&h, full);
    memcpy(ret, full, DIGEST);
}

static mr_rc answer(const mr_review_knowledge *k, const mr_term_question *q, mr_arena *a, mr_understood *ret,
                    uint8_t ret_digest[DIGEST], mr_error *err) {
    mr_rc rc = mr_terminology_resolve(k->terminology, q, a, NULL, ret, err);
    if (rc != MR_OK) return rc;
    if (k->classes)
        mr_classes_apply(k->classes, ret);
    else
        mr_ruleset_classify(k->rules, ret);
    hash_answer(ret, ret_digest);
    return MR_OK;
}

/* ---- writing ---- */

static void put_number(mr_buf *out, uint64_t n) {
    for (; n >= 128; n >>= 7) mr_buf_addc(out, (char)(128 | (n & 127)));
    mr_buf_addc(out, (char)n);
}

static void put_text(mr_buf *out, mr_span s) {
    put_number(out, s.ptr ? s.len + 1 : 0);
    if (s.len) mr_buf_addsp(out, s);
}

static void put_codings(mr_buf *out, const mr_coding *v, size_t n) {
    put_number(out, n);
    for (size_t i = 0; i < n; i++) {
        put_text(out, v[i].system);
        put_text(out, v[i].code);
        put_text(out, v[i].display);
    }
}

typedef struct asking {
    const mr_review_knowledge *k;
    mr_arena *arena;
    mr_buf *out;
    mr_error *err;
} asking;

static mr_rc put_question(asking *w, const mr_term_question *q, mr_understood *ret) {
    uint8_t digest[DIGEST];
    mr_rc rc = answer(w->k, q, w->arena, ret, digest, w->err);
    if (rc != MR_OK) return rc;
    put_codings(w->out, q->codings, q->n_codings);
    put_text(w->out, q->text);
    put_codings(w->out, q->routes, q->n_routes);
    mr_buf_add(w->out, digest, sizeof digest);
    return MR_OK;
}

static mr_rc put_ingredients(asking *w, const mr_fhir_product *product, const mr_term_question *whole) {
    mr_rc rc = MR_OK;
    for (size_t i = 0; i < product->n_ingredients && rc == MR_OK; i++) {
        const mr_fhir_ingredient *in = &product->ingredients[i];
        mr_term_question q = *whole;
        mr_understood u;
        q.codings = in->codings;
        q.n_codings = in->n_codings;
        q.text = in->text;
        rc = put_question(w, &q, &u);
    }
    return rc;
}

static mr_rc put_routes(const asking *w, const mr_entry *e, mr_term_question *q) {
    mr_coding *v = NULL;
    size_t n = 0, cap = 0;
    for (size_t i = 0; i < e->n_dosage; i++)
        for (size_t k = 0; k < e->dosage[i].n_route; k++)
            if (!MR_PUSH(w->arena, v, n, cap, e->dosage[i].route[k])) return mr_arena_why(w->arena, w->err);
    q->routes = v;
    q->n_routes = n;
    return MR_OK;
}

static mr_rc put_entry(asking *w, const mr_entry *e, const mr_fhir_product *product) {
    mr_term_question q = {.codings = e->codings, .n_codings = e->n_codings, .text = e->text};
    mr_understood u;
    mr_rc rc = put_routes(w, e, &q);
    if (rc == MR_OK) rc = put_question(w, &q, &u);
    if (rc == MR_OK && u.by == MR_REC_NOT) rc = put_ingredients(w, product, &q);
    if (rc == MR_OK && u.by != MR_REC_NOT && q.n_codings && q.text.len) {
        mr_term_question said = {.text = q.text};
        rc = put_question(w, &said, &u);
    }
    return rc;
}

/* In an arena of its own: the review's is for the review. */
static mr_rc put_all(const mr_review *rv, mr_arena *a, mr_buf *out, mr_error *err) {
    asking w = {.k = rv->k, .arena = a, .out = out, .err = err};
    mr_fhir_collected c;
    mr_rc rc = mr_fhir_collect(rv->pages, rv->patient_id, !rv->many, a, &c, err);
    if (rc == MR_OK) mr_buf_add(out, magic, sizeof magic);
    for (size_t i = 0; rc == MR_OK && i < c.raw.n_entries; i++) {
        const mr_entry *e = &c.raw.entries[i];
        if (!e->unread && e->status != MR_ST_ENTERED_IN_ERROR) rc = put_entry(&w, e, &c.products[i]);
    }
    return rc == MR_OK ? mr_buf_why(out, err) : rc;
}

mr_rc mr_review_asked(const mr_review *rv, mr_buf *out, mr_error *err) {
    MR_REQUIRE(rv->assessed);
    mr_arena *a = mr_arena_new(ANSWERS_BYTES);
    if (!a) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_rc rc = put_all(rv, a, out, err);
    mr_arena_free(a);
    return rc;
}

/* ---- reading ---- */

typedef struct reading {
    mr_span rest;
    mr_arena *arena;
    bool bad;
} reading;

static uint64_t get_number(reading *r) {
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 63 && r->rest.len; shift += 7) {
        uint8_t byte = (uint8_t)r->rest.ptr[0];
        r->rest = mr_span_from(r->rest, 1);
        n |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return n;
    }
    r->bad = true;
    return 0;
}

static mr_span get_bytes(reading *r, uint64_t n) {
    if (r->bad || n > r->rest.len) {
        r->bad = true;
        return MR_SPAN_NONE;
    }
    mr_span s = {r->rest.ptr, (size_t)n};
    r->rest = mr_span_from(r->rest, (size_t)n);
    return s;
}

static mr_span get_text(reading *r) {
    uint64_t n = get_number(r);
    return n && !r->bad ? get_bytes(r, n - 1) : MR_SPAN_NONE;
}

static const mr_coding *get_codings(reading *r, size_t *ret_n) {
    uint64_t n = get_number(r);
    if (n > r->rest.len / 3) r->bad = true; /* a coding is three bytes or more */
    mr_coding *v = r->bad ? NULL : MR_NEW_N(r->arena, mr_coding, (size_t)n);
    if (!v) r->bad = true;
    for (size_t i = 0; i < n && !r->bad; i++) {
        v[i].system = get_text(r);
        v[i].code = get_text(r);
        v[i].display = get_text(r);
    }
    *ret_n = r->bad ? 0 : (size_t)n;
    return v;
}

static bool same_answer(const mr_review_knowledge *k, reading *r) {
    mr_term_question q = {0};
    mr_understood u;
    uint8_t digest[DIGEST];
    mr_error err;
    q.codings = get_codings(r, &q.n_codings);
    q.text = get_text(r);
    q.routes = get_codings(r, &q.n_routes);
    mr_span told = get_bytes(r, DIGEST);
    if (r->bad || answer(k, &q, r->arena, &u, digest, &err) != MR_OK) return false;
    return memcmp(told.ptr, digest, DIGEST) == 0;
}

bool mr_basis_differs(const mr_basis *b, mr_span asked) {
    if (asked.len < sizeof magic || memcmp(asked.ptr, magic, sizeof magic) != 0) return true;
    reading r = {.rest = mr_span_from(asked, sizeof magic), .arena = mr_arena_new(ANSWERS_BYTES)};
    bool same = r.arena != NULL;
    while (same && r.rest.len) same = same_answer(mr_basis_knowledge(b), &r);
    mr_arena_free(r.arena);
    return !same;
}
