/* Names of the packs by kind: finding one, and the nearest one when it is misspelt. */
#ifndef MEDREVIEW_KNOWLEDGE_NAMES_H
#define MEDREVIEW_KNOWLEDGE_NAMES_H

#include "medreview/core/ruleset.h"

typedef enum mr_name_kind {
    MR_NAME_GROUP,
    MR_NAME_CONCEPT,
    MR_NAME_SCALE,
    MR_NAME_HARM,
    MR_NAME_EQUIVALENT,
    MR_NAME_CHECKLIST
} mr_name_kind;

const char *mr_name_kind_text(mr_name_kind kind); /* "drug group", "concept", ... */
size_t mr_name_count(const mr_ruleset *r, mr_name_kind kind);
mr_span mr_name_at(const mr_ruleset *r, mr_name_kind kind, size_t i);
uint16_t mr_name_find(const mr_ruleset *r, mr_name_kind kind, mr_span name); /* MR_NO_NUMBER when there is none */
/* The name at most two slips away, the first in the order of the alphabet; absent when none is. */
mr_span mr_name_near(const mr_ruleset *r, mr_name_kind kind, mr_span name);

#endif
