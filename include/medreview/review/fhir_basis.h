/* The knowledge a review runs on, as codec writes it in FHIR: ruleset and terminology joined. */
#ifndef MEDREVIEW_REVIEW_FHIR_BASIS_H
#define MEDREVIEW_REVIEW_FHIR_BASIS_H

#include "medreview/codec/fhir_knowledge.h"
#include "medreview/review/review.h"

/* Borrows all of them. */
mr_fhir_knowledge mr_fhir_basis(const mr_ruleset *rules, const mr_terminology *t, mr_span base_uri);

#endif
