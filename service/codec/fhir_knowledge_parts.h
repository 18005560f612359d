/* Private to codec: what PlanDefinition and ValueSet share. */
#ifndef CODEC_FHIR_KNOWLEDGE_PARTS_H
#define CODEC_FHIR_KNOWLEDGE_PARTS_H

#include "medreview/codec/fhir_knowledge.h"
#include "medreview/core/named.h"

enum { MR_FHIR_URL = 400 }; /* base_uri takes 200 bytes at most, the rest are words of ours and ids */

/* base_uri, `path`, `rest` as one string. */
void mr_fhir_our_url(mr_jw *w, const char *name, const mr_fhir_knowledge *k, const char *path, mr_span rest);
void mr_fhir_our_meta(mr_jw *w, const mr_fhir_knowledge *k); /* our tag: what is to be found and replaced by it */
/* experimental, date (the month of the knowledge, where its version begins with one), publisher. */
void mr_fhir_dated(mr_jw *w, const mr_fhir_knowledge *k);
void mr_fhir_adults(mr_jw *w); /* useContext: 18 years and over */
/* coding: [{system, code, display}] inside a CodeableConcept. */
void mr_fhir_coding_list(mr_jw *w, const char *system, mr_span code, mr_span display);

#endif
