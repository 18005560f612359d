/* The check digit of SNOMED CT ids. */
#ifndef MEDREVIEW_KNOWLEDGE_VERHOEFF_H
#define MEDREVIEW_KNOWLEDGE_VERHOEFF_H

#include "medreview/base/span.h"

/* 6 to 18 digits, no leading zero, and the last one is right. */
bool mr_verhoeff_valid(mr_span id);

#endif
