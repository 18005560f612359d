/* UTF-8 checking and small text tools. */
#ifndef MEDREVIEW_BASE_UTF8_H
#define MEDREVIEW_BASE_UTF8_H

#include "medreview/base/arena.h"

/* Well formed by RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF. */
bool mr_utf8_valid(mr_span s);
/* ASCII letters in lower case, runs of white space (also U+00A0) as one space, trimmed; other bytes unchanged.
 * The absent span when out of room. */
mr_span mr_text_fold(mr_arena *a, mr_span s);
/* At most n bytes, cut at a character boundary. */
mr_span mr_utf8_cut(mr_span s, size_t n);
/* Edit distance (Damerau), capped: for "did you mean". Returns cap + 1 when above. */
unsigned mr_text_distance(mr_span a, mr_span b, unsigned cap);

#endif
