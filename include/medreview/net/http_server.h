/* The HTTP/1.1 listener: strict reading, limits, three clocks a connection, drain. Loop thread only.
 *
 * Ways a request fails before it is routed: 400 (framing, header syntax, smuggling forms, CONNECT), 408 (header or body
 * not in time), 413 (length), 417, 431 (header block too large), 501 (method or transfer coding not spoken), 503 (all
 * connections together hold too much), 505. The answer is problem+json; the connection closes. Each counts in
 * MR_C_HTTP_BAD, the others in MR_C_HTTP_REQUESTS.
 *
 * Plain HTTP: TLS is terminated by the ingress for now. A listener off loopback belongs behind one.
 *
 * Not taken, though HTTP allows it: request targets other than a path, chunk extensions, trailer fields, empty lines
 * beyond one between requests, HTTP/1.0 without Host. */
#ifndef MEDREVIEW_NET_HTTP_SERVER_H
#define MEDREVIEW_NET_HTTP_SERVER_H

#include "medreview/base/error.h"
#include "medreview/base/log.h"
#include "medreview/base/metrics.h"
#include "medreview/base/span.h"

typedef struct mr_header {
    mr_span name, value; /* name as sent; value trimmed */
} mr_header;

/* Borrowed until the route function returns; what it needs later it copies. */
typedef struct mr_request {
    mr_span method; /* GET, POST, ... */
    mr_span path; /* percent-decoded once, starts with '/', no query; UTF-8; no control byte, no segment "." or "..", no
                     empty segment except the last; an encoded '/' or '\' was refused */
    mr_span query; /* raw, without '?'; absent when there is none */
    const mr_header *headers;
    size_t n_headers;
    mr_span body;  /* 64 readable bytes lie behind it */
    mr_span peer;  /* address text of the peer; for limits, never for logs of patients' data */
    int64_t at_ms; /* when the last byte came in */
} mr_request;

/* Value of the first header of that name (compared without case); absent when there is none. */
mr_span mr_request_header(const mr_request *req, const char *name);
/* Percent-decodes ('+' is a space) the first query parameter of that name into buf, zero-terminated; false when absent.
 * One that is there but malformed, or longer than buf, gives the empty text: a value that is not understood is refused
 * by whoever asks, and never taken for one that was not given. */
bool mr_request_param(const mr_request *req, const char *name, char *buf, size_t size);

typedef uint64_t mr_reply_id;
/* Runs once per good request. It answers now or later with mr_http_reply, exactly once per id. Until it has, the
 * connection reads nothing more. HEAD is routed like GET; the answer's body is then not sent. */
typedef void (*mr_route_fn)(void *app, const mr_request *req, mr_reply_id reply_to);
/* Bytes a body may have for this method and path; called before the body is read. 0: no body allowed. */
typedef size_t (*mr_body_limit_fn)(void *app, mr_span method, mr_span path);

typedef struct mr_http_settings {
    const char *listen; /* "127.0.0.1:8080", "[::1]:8080", ":8080" is refused; port 0 takes a free one */
    int64_t header_ms, body_ms, idle_ms; /* 0: 10 s, 30 s, 60 s; body_ms is also what a peer has to read an answer */
    size_t max_held_bytes; /* bodies of all requests together, held before their senders are known; 0: 256 MiB */
    mr_route_fn route;
    mr_body_limit_fn body_limit;
    void *app;
    mr_metrics *metrics;
    mr_log_sink *log;
} mr_http_settings;

typedef struct mr_http_server mr_http_server;
struct uv_loop_s;
/* MR_INVALID: not an address; MR_IO: cannot bind (says address and reason). Settings' strings are copied.
 * Also ignores SIGPIPE for the process, unless somebody handles it. */
mr_rc mr_http_server_start(struct uv_loop_s *loop, const mr_http_settings *settings, mr_http_server **ret,
                           mr_error *err) MR_MUST_CHECK;
/* "127.0.0.1:43121": the address really bound. */
const char *mr_http_server_address(const mr_http_server *s);
/* `headers`: extra "Name: value" lines, NULL-ended, NULL for none. type NULL: no body and no Content-Type.
 * Body is copied or written before return. An id whose connection is gone, or that was answered, is ignored.
 * Content-Length, Date and Connection are the server's; a line with a control byte in it is left out. */
void mr_http_reply(mr_http_server *s, mr_reply_id to, int status, const char *type, const char *const *headers,
                   mr_span body);
/* Closes the listener and idle connections; others get `Connection: close` and deadline_ms from now, after which they
 * are cut. `drained` runs once from the loop when all are gone, also when there were none; in it or after it the server
 * may be freed. Called once. */
void mr_http_server_drain(mr_http_server *s, int64_t deadline_ms, void (*drained)(void *arg), void *arg);
/* Only when drained; NULL is fine. */
void mr_http_server_free(mr_http_server *s);

#endif
