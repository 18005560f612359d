/* One HTTP exchange on a curl easy handle: its options, its answer, its verdict. transport_curl_uv.c runs many of them
 * on the loop. Of this room only. */
#ifndef MEDREVIEW_NET_TRANSFER_CURL_H
#define MEDREVIEW_NET_TRANSFER_CURL_H

#include "medreview/base/buf.h"
#include "medreview/flow/transport.h"
#include "medreview/net/net.h"

#include <curl/curl.h>

typedef struct mr_transfer {
    struct mr_transfer *next; /* for the owner's lists */
    uint64_t id;
    mr_http_done done;
    void *arg;
    int64_t started_ms, due_ms;
    CURL *easy;
    struct curl_slist *headers;
    mr_buf sent;     /* body of the request */
    mr_buf received; /* body of the answer; its failure is the verdict's reason */
    bool head_whole; /* the empty line behind the answer's header fields has come */
    char why[CURL_ERROR_SIZE];
    mr_rc rc; /* set when it has ended */
    mr_error err;
    mr_http_resp resp;
} mr_transfer;

/* `easy` becomes the transfer's, and is reset. MR_INVALID: no method, header or URL we speak; MR_NOMEM. On failure
 * `easy` stays the caller's. */
mr_rc mr_transfer_new(CURL *easy, const mr_curl_settings *settings, const mr_http_req *req, mr_transfer **ret,
                      mr_error *err) MR_MUST_CHECK;
/* Reads the answer off the handle: rc, err and resp are set. now_ms: for a Retry-After that is a date. */
void mr_transfer_end(mr_transfer *t, CURLcode code, int64_t now_ms);
/* Ends it without an answer. */
void mr_transfer_drop(mr_transfer *t, mr_rc rc, const char *why);
/* Overwrites and frees what it holds, and gives the easy handle back, reset. */
CURL *mr_transfer_free(mr_transfer *t);

/* Milliseconds from Retry-After (seconds or HTTP date), at least 0, at most a day; -1 when it is neither. */
int64_t mr_retry_after_ms(const char *value, int64_t now_ms);

#endif
