/* A growing byte buffer on the heap with a cap. Failure is sticky: append freely, look once at the end. */
#ifndef MEDREVIEW_BASE_BUF_H
#define MEDREVIEW_BASE_BUF_H

#include "medreview/base/error.h"
#include "medreview/base/span.h"

typedef struct mr_buf {
    char *ptr;
    size_t len, room, cap;
    mr_rc rc; /* MR_OK, MR_NOMEM or MR_LIMIT */
} mr_buf;

void mr_buf_init(mr_buf *b, size_t cap); /* allocates nothing */
void mr_buf_free(mr_buf *b);             /* overwrites, frees, leaves an empty buffer with the same cap */
void mr_buf_clear(mr_buf *b);            /* keeps the storage, forgets the content and the failure */
void mr_buf_add(mr_buf *b, const void *bytes, size_t n);
void mr_buf_adds(mr_buf *b, const char *zero_terminated);
void mr_buf_addsp(mr_buf *b, mr_span s);
void mr_buf_addc(mr_buf *b, char c);
void mr_buf_printf(mr_buf *b, const char *fmt, ...) MR_PRINTF(2, 3);
mr_span mr_buf_span(const mr_buf *b);
/* Zero-terminated; "" for an empty or failed buffer. Valid until the next change. */
const char *mr_buf_z(mr_buf *b);
/* Hands the storage to the caller (free()); NULL when the buffer failed. 64 zero bytes lie behind *ret_len, since
 * simdjson reads past the end of what it parses. */
char *mr_buf_take(mr_buf *b, size_t *ret_len);
mr_rc mr_buf_why(const mr_buf *b, mr_error *err);

#endif
