/* How the FHIR client reaches a server. Implementations: net/transport_curl.c, scripts in tests, tests/sim. */
#ifndef MEDREVIEW_FLOW_TRANSPORT_H
#define MEDREVIEW_FLOW_TRANSPORT_H

#include "medreview/base/error.h"
#include "medreview/base/span.h"

/* Borrowed for the duration of submit only: the transport copies what it needs. */
typedef struct mr_http_req {
    const char *method;         /* GET, POST, PUT, DELETE */
    const char *url;            /* absolute */
    const char *const *headers; /* "Name: value" lines, NULL at the end; NULL for none */
    mr_span body;               /* absent: no body */
    int64_t timeout_ms;         /* whole exchange; > 0 */
    size_t max_body;            /* of the answer; more gives MR_LIMIT while streaming */
} mr_http_req;

typedef struct mr_http_resp {
    int status;             /* 100..599 */
    int64_t retry_after_ms; /* from Retry-After, seconds or HTTP date; -1 when absent */
    char etag[136];         /* as sent, "" when absent or longer */
    char location[512];     /* Location or Content-Location, "" when absent or longer */
    char content_type[96];
    char *body; /* heap (free()), 64 zero bytes behind len; to keep it, take it and set NULL */
    size_t len;
} mr_http_resp;

/* Runs exactly once per accepted submit, on the loop thread, and never from inside submit or cancel.
 *   rc MR_OK       an HTTP answer arrived whole, whatever its status; resp is valid during the call
 *   MR_TIMEOUT     no whole answer in time: whether the server acted is unknown
 *   MR_IO          no connection, TLS refused, connection lost: likewise unknown once sent
 *   MR_LIMIT       the answer is larger than max_body
 *   MR_CANCELED    cancel was called; the server may have acted */
typedef void (*mr_http_done)(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err);

typedef struct mr_transport mr_transport;
typedef struct mr_transport_ops {
    /* MR_INVALID: not a URL we speak (scheme, missing host); MR_NOMEM. On failure done is not called. */
    mr_rc (*submit)(mr_transport *t, const mr_http_req *req, mr_http_done done, void *arg, uint64_t *ret_id,
                    mr_error *err);
    void (*cancel)(mr_transport *t, uint64_t id); /* done still runs, with MR_CANCELED; unknown ids are ignored */
} mr_transport_ops;
struct mr_transport {
    const mr_transport_ops *ops;
};

#endif
