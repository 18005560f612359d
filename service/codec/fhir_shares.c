/* Whose each resource is, worked out once for an input of many patients: so that each patient's review looks at that
 * patient's resources, and not at those of all. */
#include "fhir_gather.h"

#include <stdlib.h>

/* Number of the patient in p->patients; n_patients: nobody of them. */
static size_t number_of(const mr_fhir_pages *p, mr_span who) {
    const mr_span *found = who.ptr ? bsearch(&who, p->patients, p->n_patients, sizeof who, mr_fhir_span_cmp) : NULL;
    return found ? (size_t)(found - p->patients) : p->n_patients;
}

static bool is_product(const mr_fhir_item *item) {
    return item->kind == MR_FK_MEDICATION || item->kind == MR_FK_SUBSTANCE; /* looked up, never gone through */
}

/* A counting sort: by patient, and within one in the order of the groups. */
static bool shares_make(mr_fhir_pages *p) {
    size_t buckets = p->n_patients + 1;
    uint32_t *first = MR_NEW_N(p->arena, uint32_t, buckets + 1), *at = MR_NEW_N(p->arena, uint32_t, buckets);
    uint32_t *shared = MR_NEW_N(p->arena, uint32_t, p->n_groups), *owner = MR_NEW_N(p->arena, uint32_t, p->n_groups);
    if (!first || !at || !shared || !owner) return false;
    for (size_t i = 0; i < p->n_groups; i++) {
        const mr_fhir_item *item = mr_fhir_best(p, &p->groups[i]);
        owner[i] = is_product(item) ? UINT32_MAX : (uint32_t)number_of(p, item->who);
        if (owner[i] != UINT32_MAX) first[owner[i] + 1]++;
    }
    for (size_t b = 0; b < buckets; b++) {
        first[b + 1] += first[b];
        at[b] = first[b];
    }
    for (size_t i = 0; i < p->n_groups; i++)
        if (owner[i] != UINT32_MAX) shared[at[owner[i]]++] = (uint32_t)i;
    p->shares = shared;
    p->share_first = first;
    p->shared_of = p->n_items;
    return true;
}

bool mr_fhir_share(mr_fhir_gather *g) {
    mr_fhir_pages *p = g->pages;
    size_t mine = number_of(p, g->patient);
    g->n_share = p->n_groups;
    if (p->n_patients < 2 || g->others_are_foreign || mine == p->n_patients) return true; /* all of them matter */
    if ((!p->shares || p->shared_of != p->n_items) && !shares_make(p)) return false;
    const uint32_t *own = p->shares + p->share_first[mine], *own_end = p->shares + p->share_first[mine + 1];
    const uint32_t *nobodys = p->shares + p->share_first[p->n_patients];
    const uint32_t *nobodys_end = p->shares + p->share_first[p->n_patients + 1];
    g->n_share = (size_t)(own_end - own) + (size_t)(nobodys_end - nobodys);
    g->share = MR_NEW_N(g->arena, uint32_t, g->n_share);
    g->full |= !g->share;
    if (!g->share) return false;
    for (size_t n = 0; n < g->n_share; n++) { /* as they came */
        bool from_own = own < own_end && (nobodys == nobodys_end || *own < *nobodys);
        g->share[n] = from_own ? *own++ : *nobodys++;
    }
    return true;
}
