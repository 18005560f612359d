/* Reads HTTP/1.1 requests from bytes as they come: pure, no sockets, no clock. The result is the same in whatever
 * pieces the bytes arrive.
 *
 *     MORE ... HEAD, then the caller says how large a body may be: MORE ... DONE, then next, and again.
 *
 * BAD ends the stream: where the next request would begin is not known. */
#ifndef MEDREVIEW_NET_HTTP_REQUEST_H
#define MEDREVIEW_NET_HTTP_REQUEST_H

#include "http_scan.h"
#include "medreview/net/http_server.h"

typedef enum mr_http_step { MR_HTTP_MORE, MR_HTTP_HEAD, MR_HTTP_DONE, MR_HTTP_BAD } mr_http_step;

typedef struct mr_http_reader mr_http_reader;
mr_http_reader *mr_http_reader_new(void); /* NULL: memory is short */
void mr_http_reader_free(mr_http_reader *r);

/* Takes *ret_used of the bytes: all of them with MORE, as far as the head or the request goes with HEAD and DONE.
 * After HEAD mr_http_reader_body is called before the next feed; after DONE mr_http_reader_next; after BAD nothing. */
mr_http_step mr_http_reader_feed(mr_http_reader *r, const char *bytes, size_t n, size_t *ret_used);
/* After HEAD: the most bytes that the body may have. DONE when there is none, BAD when it is announced larger. */
mr_http_step mr_http_reader_body(mr_http_reader *r, size_t max_body);
/* After HEAD (without its body) and after DONE; valid until next. peer and at_ms are the caller's to fill. */
const mr_request *mr_http_reader_request(const mr_http_reader *r);
/* After HEAD. */
bool mr_http_reader_keeps_alive(const mr_http_reader *r);
bool mr_http_reader_expects_continue(const mr_http_reader *r);
/* After BAD. */
mr_http_refusal mr_http_reader_refusal(const mr_http_reader *r);
/* Bytes of body held now: what a listener counts over all its connections. */
size_t mr_http_reader_held(const mr_http_reader *r);
/* Forgets the request, overwrites its body, and expects the first byte of another. */
void mr_http_reader_next(mr_http_reader *r);

#endif
