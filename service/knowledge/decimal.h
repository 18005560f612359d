/* Decimal numbers in packs and conditions. By hand, since strtod depends on the locale of the process. */
#ifndef MEDREVIEW_KNOWLEDGE_DECIMAL_H
#define MEDREVIEW_KNOWLEDGE_DECIMAL_H

#include "medreview/base/span.h"

/* An optional minus, at most 15 digits, at most one point with digits on both sides. */
bool mr_decimal_parse(mr_span text, double *ret);

#endif
