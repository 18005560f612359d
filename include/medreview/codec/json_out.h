/* The one append-only JSON writer. Commas and escapes are its business; names and order are the caller's.
 *
 *   mr_jw w; mr_jw_begin(&w, &buf);
 *   mr_jw_object(&w, NULL); mr_jw_string(&w, "status", MR_SPAN("active")); mr_jw_end(&w);
 *
 * A name is given inside objects and NULL inside arrays and at the top. Failure is sticky in the buffer. */
#ifndef MEDREVIEW_CODEC_JSON_OUT_H
#define MEDREVIEW_CODEC_JSON_OUT_H

#include "medreview/base/buf.h"

typedef struct mr_jw {
    mr_buf *out;
    unsigned depth;
    uint64_t closers; /* bit per level: 1 object, 0 array */
    uint64_t started; /* bit per level: something was written */
} mr_jw;

void mr_jw_begin(mr_jw *w, mr_buf *out);
void mr_jw_object(mr_jw *w, const char *name);
void mr_jw_array(mr_jw *w, const char *name);
void mr_jw_end(mr_jw *w); /* closes the innermost object or array */
void mr_jw_string(mr_jw *w, const char *name, mr_span value);
void mr_jw_z(mr_jw *w, const char *name, const char *value);
void mr_jw_bool(mr_jw *w, const char *name, bool value);
void mr_jw_int(mr_jw *w, const char *name, int64_t value);
/* Shortest text that reads back as the same double, without exponent where |value| is in 1e-6..1e15. NaN and
 * infinities are our own bug. */
void mr_jw_number(mr_jw *w, const char *name, double value);
void mr_jw_null(mr_jw *w, const char *name);
/* JSON text that is already made. */
void mr_jw_raw(mr_jw *w, const char *name, mr_span json);
/* Only when the span is given (ptr set). */
void mr_jw_string_if(mr_jw *w, const char *name, mr_span value);

#endif
