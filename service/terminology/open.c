/* The shipped table and a release together: opened in one go, immutable afterwards.
 *
 * The index says what products are, the table what substances are called. What both know, the release decides; an id
 * that only the table knows still counts, because records hold ids for years. */
#include "table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

mr_span mr_term_digits(uint64_t id, char buf[24]) {
    int n = snprintf(buf, 24, "%" PRIu64, id);
    return (mr_span){buf, (size_t)n};
}

mr_rc mr_term_tell(mr_terminology *t, mr_error *err, const char *fmt, ...) {
    char text[640];
    t->counts.told++;
    if (t->n_kept_told == MR_TERM_TOLD) return MR_OK;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    mr_span copy;
    if (!mr_arena_dup(t->arena, (mr_span){text, len}, &copy) ||
        !MR_PUSH(t->arena, t->told, t->n_kept_told, t->cap_told, copy))
        return mr_arena_why(t->arena, err);
    return MR_OK;
}

static void name_version(mr_terminology *t) {
    const char *date = t->release->date[0] ? t->release->date : "undated";
    snprintf(t->version, sizeof t->version, "dmd-%s.%.16s+%s", date, mr_dmd_index_checksum(t->index), MR_TERM_SHIPPED);
    t->counts.date = mr_span_of(t->release->date);
}

mr_rc mr_terminology_over(mr_dmd_index *ix, mr_terminology **ret, mr_error *err) {
    mr_terminology *t;
    mr_rc rc = mr_terminology_builtin(&t, err);
    if (rc != MR_OK) {
        mr_dmd_index_close(ix);
        return rc;
    }
    t->index = ix;
    t->release = mr_dmd_index_release(ix);
    name_version(t);
    rc = mr_bind_substances(t, err);
    if (rc == MR_OK) rc = mr_bind_moieties(t, err);
    if (rc == MR_OK) rc = mr_make_products(t, err);
    if (rc == MR_OK) rc = mr_bind_atc(t, err);
    if (rc == MR_OK) rc = mr_bind_names(t, err);
    if (rc != MR_OK) {
        mr_terminology_free(t);
        return rc;
    }
    *ret = t;
    return MR_OK;
}

mr_rc mr_terminology_open(const char *path, mr_terminology **ret, mr_error *err) {
    mr_dmd_index *ix;
    mr_rc rc = mr_dmd_index_open(path, &ix, err);
    return rc == MR_OK ? mr_terminology_over(ix, ret, err) : rc;
}

const mr_code_sets *mr_terminology_code_sets(const mr_terminology *t) {
    static const mr_code_sets none = {0};
    return t->index ? mr_dmd_index_codes(t->index) : &none;
}

bool mr_terminology_release(const mr_terminology *t, mr_term_release *ret) {
    if (!t->release) return false;
    *ret = t->counts;
    return true;
}

const mr_span *mr_terminology_told(const mr_terminology *t, size_t *ret_n) {
    *ret_n = t->n_kept_told;
    return t->told;
}

static bool binds(const mr_terminology *t, uint32_t at) {
    const mr_term_substance *s = mr_term_substance_at(t, at);
    if (s->variant_of != MR_TERM_NONE) return binds(t, s->variant_of);
    if (t->present[at]) return true;
    for (size_t i = 0; i < s->n_members; i++)
        if (!binds(t, s->members[i])) return false;
    if (s->n_members) return true;
    for (size_t i = 0; i < t->n_substances; i++)
        if (t->substances[i].class_of == at && t->present[i]) return true;
    return false;
}

bool mr_terminology_binds(const mr_terminology *t, mr_span key) {
    if (!t->release) return false;
    for (uint32_t at = 0; at < t->n_shipped; at++)
        if (mr_span_eq(t->substances[at].key, key)) return binds(t, at);
    return false;
}

size_t mr_terminology_products(const mr_terminology *t) {
    return mr_term_products(t);
}

mr_rc mr_terminology_product(const mr_terminology *t, uint32_t number, mr_arena *a, mr_understood *ret, mr_error *err) {
    if (!number || number > mr_term_products(t)) return mr_fail(err, MR_NOT_FOUND, "no product %" PRIu32, number);
    const mr_product *p = mr_term_product_at(t, number - 1);
    mr_understood u = {.why = p->verdict == MR_VERDICT_REFUSED ? MR_UNREAD_CONFLICTING_CODES : MR_UNREAD_NOT_RECOGNISED,
                       .not_a_medicine = p->verdict == MR_VERDICT_NO_MEDICINE};
    if (p->verdict == MR_VERDICT_SURE || p->verdict == MR_VERDICT_UNSURE) {
        mr_reading r;
        mr_reading_of_product(p, &r);
        u = (mr_understood){.by = MR_REC_DMD_VMP, .product = number};
        mr_term_product_codes(t, number - 1, &u.atc, &u.bnf);
        mr_rc rc = mr_reading_finish(t, &r, a, &u, err);
        if (rc != MR_OK) return rc;
    }
    *ret = u;
    return MR_OK;
}
