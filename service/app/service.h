/* The whole service on one loop: what `serve` and `demo` start and stop. */
#ifndef APP_SERVICE_H
#define APP_SERVICE_H

#include "config.h"
#include "medreview/base/log.h"
#include "medreview/base/metrics.h"
#include "medreview/flow/store.h"

struct uv_loop_s;
typedef struct mr_service mr_service;

typedef struct mr_service_options {
    const mr_config *config; /* checked; outlives the service */
    mr_log_sink *log;        /* outlives the service */
    bool self_endpoint;      /* demo: rest-hooks come to our own address, known only when bound */
} mr_service_options;

/* Everything is up when it returns MR_OK, except that the FHIR server may not have been reached yet (see /readyz).
 *   MR_INVALID  configuration;  MR_MALFORMED  a knowledge pack;  MR_BUSY  the store is in use;  MR_IO  port, store,
 * disk */
mr_rc mr_service_start(struct uv_loop_s *loop, const mr_service_options *options, mr_service **ret,
                       mr_error *err) MR_MUST_CHECK;
/* What mr_service_start refuses without opening store, port or connection: time zone, knowledge, files that are named.
 *   MR_INVALID  configuration;  MR_MALFORMED  a knowledge pack */
mr_rc mr_service_check(const mr_config *config, mr_error *err) MR_MUST_CHECK;
const char *mr_service_address(const mr_service *s);
/* Opens knowledge, terminology and code sets anew, off the loop, and takes them when they are whole: reviews that begin
 * then run on them. Else everything stays as it is, which the log, /metrics and /readyz say. */
void mr_service_reload(mr_service *s);
/* Runs work on the store's thread, then done on the loop; for demo and tests. */
mr_rc mr_service_store_call(mr_service *s, void (*work)(mr_store *store, void *arg), void (*done)(void *arg), void *arg,
                            mr_error *err) MR_MUST_CHECK;
const mr_metrics *mr_service_metrics(const mr_service *s);
unsigned mr_service_busy(const mr_service *s); /* reviews under way */
/* Drains: no new work, reviews may finish for drain_ms, leases are given back, everything closes. `stopped` runs once
 * on the loop; after it returned the service is gone. */
void mr_service_stop(mr_service *s, void (*stopped)(void *arg), void *arg);

/* The process's log: one JSON line an event on standard error. */
mr_log_sink *mr_log_json(mr_log_level least);
bool mr_log_level_parse(const char *text, mr_log_level *ret);

/* Time zone of the as-of date. MR_INVALID: not in the time zone database. Call once, before threads start. */
mr_rc mr_zone_set(const char *name, mr_error *err) MR_MUST_CHECK;
mr_day mr_zone_today(int64_t now_ms);

#endif
