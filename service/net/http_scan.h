/* The strict scan of one request's bytes, in front of the packaged parser: pure, incremental, and the same whatever
 * the pieces in which the bytes come. It keeps no bytes; http_request.c buffers the head and hands it line by line. */
#ifndef MEDREVIEW_NET_HTTP_SCAN_H
#define MEDREVIEW_NET_HTTP_SCAN_H

#include "medreview/base/span.h"

/* Why a request is refused: the status to answer with, and a sentence for whoever sent it. why NULL: not refused. */
typedef struct mr_http_refusal {
    int status;
    const char *why;
} mr_http_refusal;

#define MR_HTTP_FINE ((mr_http_refusal){0, NULL})

/* What the head says about the request's framing. Zeroed before the first line. */
typedef struct mr_http_head {
    size_t method_len;
    unsigned n_headers, n_host;
    bool http10, chunked, has_length, expects_continue, close;
    uint64_t length;
} mr_http_head;

/* Each line without its CRLF. */
mr_http_refusal mr_http_scan_request_line(mr_http_head *head, mr_span line);
mr_http_refusal mr_http_scan_field_line(mr_http_head *head, mr_span line);
/* At the empty line: what only the whole head can tell. */
mr_http_refusal mr_http_scan_head_end(const mr_http_head *head);

/* Where the body ends. Chunked framing admits neither chunk extensions nor trailer fields: no sender of FHIR events
 * uses them, and proxies disagree about where they end. */
typedef struct mr_http_body_scan {
    int at;          /* private */
    unsigned digits; /* of the chunk size being read */
    uint64_t left;   /* of the body, or of the chunk */
    uint64_t total;  /* announced so far; the body's length at the end */
    uint64_t max;
} mr_http_body_scan;

/* 413 when the length is already known to be too large. */
mr_http_refusal mr_http_body_scan_begin(mr_http_body_scan *s, const mr_http_head *head, uint64_t max);
bool mr_http_body_scan_done(const mr_http_body_scan *s);
/* Looks at up to n bytes; *ret_used of them belong to this body. */
mr_http_refusal mr_http_body_scan_feed(mr_http_body_scan *s, const char *bytes, size_t n, size_t *ret_used);

#endif
