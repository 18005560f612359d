/* What collecting one patient's part of the pages carries along; private to fhir_collect.c and fhir_product.c. */
#ifndef MEDREVIEW_CODEC_FHIR_GATHER_H
#define MEDREVIEW_CODEC_FHIR_GATHER_H

#include "fhir_items.h"

typedef struct mr_fhir_gather {
    mr_fhir_pages *pages;
    mr_arena *arena;
    mr_span patient;
    bool named; /* there is a patient to compare with */
    bool others_are_foreign;
    mr_fhir_collected *out;
    uint32_t *share; /* groups to go through; NULL: all of them, in their order */
    size_t n_share;
    size_t n_products, cap_products, cap_unresolved, cap_inputs;
    size_t taken;   /* resources */
    size_t unnamed; /* resources that name no patient */
    size_t foreign;
    size_t over; /* above the limit */
    bool full;
} mr_fhir_gather;

/* The groups that this patient's review has to look at: the patient's own, and those that belong to no patient of the
 * input. false: an arena is out of room. */
bool mr_fhir_share(mr_fhir_gather *g);
static inline const mr_fhir_group *mr_fhir_shared(const mr_fhir_gather *g, size_t i) {
    return &g->pages->groups[g->share ? g->share[i] : i];
}

/* What medicationReference means goes into the entry: contained, here, or only its display. */
void mr_fhir_product_resolve(mr_fhir_gather *g, const mr_fhir_item *item, mr_entry *e, mr_fhir_product *out);
/* basedOn and derivedFrom, as far as they lead to statements or requests, in the form of our references; sorted. */
void mr_fhir_links_resolve(mr_fhir_gather *g, const mr_fhir_item *item, mr_entry *e);
int mr_fhir_span_cmp(const void *a, const void *b); /* qsort's view of mr_span_cmp */

#endif
