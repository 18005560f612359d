/* The HTTP/1.1 listener: strict reading, limits, three clocks a connection, drain. Loop thread only.
 *
 * Ways a request fails before it is routed: 400 (framing, header syntax, smuggling forms), 408 (header or body not in
 * time), 411/413 (length), 417, 431 (header block too large), 501 (transfer coding), 505. The answer is
 * problem+json; the connection closes. Each counts in MR_C_HTTP_BAD. */
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
    mr_span path;   /* percent-decoded, starts with '/', no query; no NUL, no "..", no empty segment except the last */
    mr_span query;  /* raw, without '?'; absent when there is none */
    const mr_header *headers;
    size_t n_headers;
    mr_span body;  /* 64 readable bytes lie behind it */
    mr_span peer;  /* address text of the peer; for limits, never for logs of patients' data */
    int64_t at_ms; /* when the last byte came in */
} mr_request;

/* Value of the first header of that name (compared without case); absent when there is none. */
mr_span mr_request_header(const mr_request *req, const char *name);
/* Percent-decodes the first query parameter of that name into buf; false when absent or longer than buf. */
bool mr_request_param(const mr_request *req, const char *name, char *buf, size_t size);

typedef uint64_t mr_reply_id;
/* Runs once per good request. It answers now or later with mr_http_reply, exactly once per id. */
typedef void (*mr_route_fn)(void *app, const mr_request *req, mr_reply_id reply_to);
/* Bytes a body may have for this method and path; called before the body is read. 0: no body allowed. */
typedef size_t (*mr_body_limit_fn)(void *app, mr_span method, mr_span path);

typedef struct mr_http_settings {
    const char *listen; /* "127.0.0.1:8080", "[::1]:8080", ":8080" is refused; port 0 takes a free one */
    int64_t header_ms, body_ms, idle_ms; /* 0: 10 s, 30 s, 60 s */
    mr_route_fn route;
    mr_body_limit_fn body_limit;
    void *app;
    mr_metrics *metrics;
    mr_log_sink *log;
} mr_http_settings;

typedef struct mr_http_server mr_http_server;
struct uv_loop_s;
/* MR_INVALID: not an address; MR_IO: cannot bind (says address and reason). Settings' strings are copied. */
mr_rc mr_http_server_start(struct uv_loop_s *loop, const mr_http_settings *settings, mr_http_server **ret,
                           mr_error *err) MR_MUST_CHECK;
/* "127.0.0.1:43121": the address really bound. */
const char *mr_http_server_address(const mr_http_server *s);
/* `headers`: extra "Name: value" lines, NULL-ended, NULL for none. type NULL: no body and no Content-Type.
 * Body is copied or written before return. An id whose connection is gone is ignored. */
void mr_http_reply(mr_http_server *s, mr_reply_id to, int status, const char *type, const char *const *headers,
                   mr_span body);
/* Closes the listener and idle connections; others get `Connection: close` and until deadline_ms. `drained` runs
 * once when all are gone; after it the server may be freed. */
void mr_http_server_drain(mr_http_server *s, int64_t deadline_ms, void (*drained)(void *arg), void *arg);
void mr_http_server_free(mr_http_server *s);

#endif
