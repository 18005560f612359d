/* What an answer looks like on the wire. Pure: the instant is an argument. */
#ifndef MEDREVIEW_NET_HTTP_REPLY_H
#define MEDREVIEW_NET_HTTP_REPLY_H

#include "medreview/base/buf.h"

typedef struct mr_http_answer {
    int status;
    const char *type;           /* NULL: none */
    const char *const *headers; /* "Name: value", NULL-ended; NULL for none. A line with a control byte is left out. */
    size_t body_len;
    bool close;
    int64_t now_ms;
} mr_http_answer;

/* Status line and header fields, with the empty line that ends them. */
void mr_http_answer_head(const mr_http_answer *a, mr_buf *out);
/* RFC 9457. `detail` is a sentence of our own, without quotes or backslashes. */
void mr_http_problem(int status, const char *detail, mr_buf *out);
/* "" for a status without a registered phrase here; HTTP lets it be empty. */
const char *mr_http_phrase(int status);

#endif
