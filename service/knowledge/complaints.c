/* Collecting complaints; see complaints.h. */
#include "complaints.h"

#include <stdio.h>

void mr_complain(mr_complaints *c, mr_place at, const char *fmt, ...) {
    c->n++;
    if (!c->out || c->n > MR_MOST_COMPLAINTS) return;
    if (c->n == MR_MOST_COMPLAINTS) {
        mr_buf_printf(c->out, "%.*s:%u: and more; mend the above first\n", MR_SPAN_ARG(at.file), at.line);
        return;
    }
    char reason[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(reason, sizeof reason, fmt, args); /* a longer reason is cut */
    va_end(args);
    mr_buf_printf(c->out, "%.*s:%u: %s\n", MR_SPAN_ARG(at.file), at.line, reason);
}
