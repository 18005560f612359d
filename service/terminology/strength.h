/* Strengths in product names: 500mg, 125mg/5ml, 30mg/500mg, 4.6mg/24hours, 1,432units/0.25ml, 0.5%. */
#ifndef MEDREVIEW_TERMINOLOGY_STRENGTH_H
#define MEDREVIEW_TERMINOLOGY_STRENGTH_H

#include "room.h"

enum { MR_STRENGTHS = 6 };

/* A number with up to 15 digits, thousands commas allowed. False when text does not begin with one. */
bool mr_number_read(mr_span text, double *ret, size_t *ret_len);
/* The strengths at the start of folded text; `bare` allows 30/500 without units, as in Co-names (milligrams).
 * 0: no strength stands here. *ret_len: bytes taken. A range counts as one strength whose value is not known. */
size_t mr_strengths_read(mr_span text, bool bare, mr_strength v[MR_STRENGTHS], size_t *ret_len);

#endif
