/* Runs bytes through the request reader, in pieces, and writes down what came of it. For tests and the fuzzer: the
 * transcript must not depend on the pieces. */
#ifndef TESTS_NET_REQUEST_TRANSCRIPT_H
#define TESTS_NET_REQUEST_TRANSCRIPT_H

#include "http_request.h"
#include "medreview/base/buf.h"

#include <stdlib.h>
#include <string.h>

#define TRANSCRIPT_MAX_BODY 1000u

static inline void transcript_request(const mr_http_reader *r, mr_buf *out) {
    const mr_request *req = mr_http_reader_request(r);
    mr_buf_printf(out, "%.*s %.*s", MR_SPAN_ARG(req->method), MR_SPAN_ARG(req->path));
    if (req->query.ptr) mr_buf_printf(out, " ?%.*s", MR_SPAN_ARG(req->query));
    for (size_t i = 0; i < req->n_headers; i++)
        mr_buf_printf(out, " [%.*s=%.*s]", MR_SPAN_ARG(req->headers[i].name), MR_SPAN_ARG(req->headers[i].value));
    if (req->body.len) {
        mr_buf_adds(out, " body=");
        mr_buf_addsp(out, req->body);
    }
    for (size_t i = 0; i < 64; i++) /* readable, and zero */
        if (req->body.ptr[req->body.len + i] != 0) mr_buf_adds(out, " PADDING");
    if (!mr_http_reader_keeps_alive(r)) mr_buf_adds(out, " close");
    mr_buf_adds(out, "\n");
}

/* One piece, copied to a block of its very size, so that reading past it is seen. false: refused, and said so. */
static inline bool transcript_piece(mr_http_reader *r, const char *bytes, size_t n, mr_buf *out) {
    char *copy = malloc(n ? n : 1);
    if (!copy) abort();
    memcpy(copy, bytes, n);
    size_t at = 0;
    mr_http_step step = MR_HTTP_MORE;
    while (at < n && step != MR_HTTP_BAD) {
        size_t used;
        step = mr_http_reader_feed(r, copy + at, n - at, &used);
        at += used;
        if (step == MR_HTTP_HEAD) step = mr_http_reader_body(r, TRANSCRIPT_MAX_BODY);
        if (step == MR_HTTP_DONE) {
            transcript_request(r, out);
            mr_http_reader_next(r);
        }
        if (step == MR_HTTP_MORE && at < n && used == 0) abort(); /* no progress */
    }
    free(copy);
    if (step == MR_HTTP_BAD)
        mr_buf_printf(out, "refused %d: %s\n", mr_http_reader_refusal(r).status, mr_http_reader_refusal(r).why);
    return step != MR_HTTP_BAD;
}

/* Pieces: up to `a`, up to `b`, the rest. */
static inline void transcript_of(const char *bytes, size_t n, size_t a, size_t b, mr_buf *out) {
    mr_http_reader *r = mr_http_reader_new();
    if (!r) abort();
    if (transcript_piece(r, bytes, a, out) && transcript_piece(r, bytes + a, b - a, out))
        (void)transcript_piece(r, bytes + b, n - b, out);
    mr_http_reader_free(r);
}

#endif
