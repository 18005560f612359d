/* What the composition root takes from this room besides the listener: the loop, the transport, the workers. */
#ifndef MEDREVIEW_NET_NET_H
#define MEDREVIEW_NET_NET_H

#include "medreview/base/log.h"
#include "medreview/base/metrics.h"
#include "medreview/flow/clock.h"
#include "medreview/flow/transport.h"
#include "medreview/flow/worker.h"

struct uv_loop_s;

/* The wall clock. Static; nothing to free. */
mr_clock *mr_clock_real(void);

typedef struct mr_curl_settings {
    bool allow_http;                      /* else https only */
    unsigned max_connections_per_host;    /* 0: 16 */
    const char *ca_file;                  /* NULL: the system's */
    const char *client_cert, *client_key; /* mTLS; NULL: none */
    mr_metrics *metrics;
} mr_curl_settings;
/* libcurl multi on the loop: no redirects, no cookies, TLS 1.2 or later and verified, response bytes counted while
 * streaming, connections kept and shared. Settings' strings are copied. A URL with a user name in it, and a header line
 * with a control byte, are MR_INVALID at submit; after free, submit gives MR_CANCELED. An mr_http_resp handed over with
 * another code than MR_OK is empty (status 0, no body). Texts of errors name at most host, port and certificate. A
 * proxy of the environment is used, but not towards loopback. Counts MR_C_FHIR_*, MR_H_FHIR_MS. Also ignores SIGPIPE
 * for the process, unless somebody handles it. Loop thread only. */
mr_rc mr_transport_curl_new(struct uv_loop_s *loop, const mr_curl_settings *settings, mr_transport **ret,
                            mr_error *err) MR_MUST_CHECK;
/* Cancels what is in flight (each done runs with MR_CANCELED before this returns) and closes its handles on the loop.
 */
void mr_transport_curl_free(mr_transport *t);

/* libuv's thread pool (UV_THREADPOOL_SIZE). */
mr_rc mr_worker_pool_new(struct uv_loop_s *loop, mr_worker **ret, mr_error *err) MR_MUST_CHECK;
/* One thread of its own, in order of submission; for a store. */
mr_rc mr_worker_thread_new(struct uv_loop_s *loop, mr_worker **ret, mr_error *err) MR_MUST_CHECK;
/* Both: no new work; what was accepted still runs and completes; `closed` (may be NULL) runs on the loop when all is
 * done, after which the worker is gone. submit and close are for the loop thread. */
void mr_worker_close(mr_worker *w, void (*closed)(void *arg), void *arg);

/* A one-shot timer on the loop. */
typedef struct mr_timer mr_timer;
mr_timer *mr_timer_new(struct uv_loop_s *loop, void (*fire)(void *arg), void *arg); /* NULL: memory is short */
void mr_timer_set(mr_timer *t, int64_t delay_ms);                                   /* replaces; < 0 stops */
void mr_timer_free(mr_timer *t);

/* 32 bytes or more from the operating system, for seeds and tokens. */
mr_rc mr_random_bytes(void *out, size_t n, mr_error *err) MR_MUST_CHECK;

#endif
