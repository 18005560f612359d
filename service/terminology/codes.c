/* From a substance to its codes: what a drug group needs to be told to somebody else's software. Facts of the shipped
 * table only; the codes of a site's release stay with the site (docs/licences.md). */
#include "table.h"

static void add_items(mr_span field, bool classes, mr_span *v, size_t *n) {
    mr_span item;
    while (field.len && *n < MR_TERM_CODES) {
        mr_span_split(field, '|', &item, &field);
        if (item.len && (classes || !mr_span_ends(item, "*"))) v[(*n)++] = item;
    }
}

static void add_codes(const mr_term_substance *s, mr_term_codes *ret) {
    add_items(s->vtm, true, ret->sct, &ret->n_sct);
    add_items(s->isid, true, ret->sct, &ret->n_sct);
    add_items(s->atc, false, ret->atc, &ret->n_atc);
}

bool mr_terminology_codes(const mr_terminology *t, mr_span key, mr_term_codes *ret) {
    mr_term_codes codes = {.n_sct = 0};
    uint32_t at;
    if (!mr_term_find_name(t, key, &at) || at >= t->n_shipped || !mr_span_eq(t->substances[at].key, key)) return false;
    const mr_term_substance *s = &t->substances[at];
    add_codes(s, &codes);
    if (s->variant_of != MR_TERM_NONE) add_codes(&t->substances[s->variant_of], &codes);
    if (!codes.n_sct && !codes.n_atc) return false;
    *ret = codes;
    return true;
}
