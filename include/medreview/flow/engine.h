/* The engine: slots, fairness, and effects carried out through ports. It translates what the job decides and decides
 * nothing clinical itself. Loop thread only. Ports: store (through a one-thread worker), compute, transport, clock. */
#ifndef MEDREVIEW_FLOW_ENGINE_H
#define MEDREVIEW_FLOW_ENGINE_H

#include "medreview/base/log.h"
#include "medreview/base/metrics.h"
#include "medreview/codec/fhir_notice.h"
#include "medreview/flow/fhir_client.h"
#include "medreview/flow/job.h"
#include "medreview/flow/store.h"
#include "medreview/flow/worker.h"
#include "medreview/review/basis.h"

typedef struct mr_source_settings {
    const char *id; /* lower case; "default" for the single server of fhir.base_url */
    mr_fhir_server server;
    const char *const *types; /* subscribed and polled: MedicationStatement, ..., NULL-ended */
    bool manage_subscription;
    const char *endpoint;      /* where rest-hooks should go; NULL: no subscription is registered */
    const char *notify_header; /* "Authorization: Bearer ...", sent along by the server; NULL: none */
    int64_t poll_interval_ms;  /* catch-up polling; 0: only at start */
} mr_source_settings;

typedef struct mr_engine_settings {
    const mr_source_settings *sources;
    size_t n_sources;
    unsigned slots;           /* reviews under way at once */
    int64_t quiet_ms, max_ms; /* debounce */
    int64_t lease_ms;         /* longer than limits.budget_ms */
    mr_job_limits limits;
    size_t review_bytes; /* arena of one review */
    unsigned max_pages;
    size_t max_waiting;            /* notices not yet durable; beyond it MR_BUSY */
    bool write;                    /* write.mode on; false: shadow, nothing is written to the FHIR server */
    mr_basis *basis;               /* what reviews run on to begin with; the engine holds it */
    unsigned rereviews_per_minute; /* after an update, at most; 0: 60 */
    mr_review_settings review; /* template: as_of, now_ms, source, provenance and site.knowledge are set per review */
    mr_span site_key;
} mr_engine_settings;

typedef struct mr_engine_ports {
    mr_store *store;
    mr_worker *store_worker; /* one thread, in order */
    mr_worker *compute;
    mr_transport *transport;
    mr_clock *clock;
    mr_log_sink *log;
    mr_metrics *metrics;
    uint64_t seed; /* jitter, request ids */
    /* Calls mr_engine_tick at at_ms or earlier; the last call counts. */
    void (*wake)(void *host, int64_t at_ms);
    /* The as-of date: today in the configured time zone, or the pinned one. */
    mr_day (*as_of)(void *host, int64_t now_ms);
    void *host;
} mr_engine_ports;

typedef struct mr_engine mr_engine;
/* Settings' spans and strings are borrowed for the engine's life. */
mr_rc mr_engine_new(const mr_engine_settings *settings, const mr_engine_ports *ports, mr_engine **ret,
                    mr_error *err) MR_MUST_CHECK;
/* Begins: reads the servers' capabilities, registers subscriptions, catches up, claims. */
void mr_engine_start(mr_engine *e);
/* Carries on what is due; returns when to be called again (also told through wake). */
int64_t mr_engine_tick(mr_engine *e, int64_t now_ms);
/* No new claims and polls; jobs under way may finish until deadline_ms, then they are handed back. `stopped` runs once,
 * when nothing is in flight any more and every lease was given back; after it returned the engine may be freed. */
void mr_engine_stop(mr_engine *e, int64_t deadline_ms, void (*stopped)(void *arg), void *arg);
void mr_engine_free(mr_engine *e);

typedef void (*mr_acked)(void *arg, mr_rc rc, const mr_error *err);
/* Records what the notices ask for; `acked` runs once, never from inside this call, when it is durable (MR_OK) or not.
 *   MR_INVALID  unknown source;  MR_BUSY  too many are waiting;  MR_CANCELED  stopping.  Then acked is not called. */
mr_rc mr_engine_notice(mr_engine *e, const char *source, const mr_notice *v, size_t n, mr_acked acked, void *arg,
                       mr_error *err) MR_MUST_CHECK;
/* A manual review request: due at once, a parked patient wakes. Same results. */
mr_rc mr_engine_review(mr_engine *e, const char *source, const char *patient, mr_acked acked, void *arg,
                       mr_error *err) MR_MUST_CHECK;

/* Reviews that begin from now on run on `b`, those under way end on what they began with. Patients whose reviews would
 * come out otherwise are found and reviewed again, spread over time and behind everything that is due. */
void mr_engine_rebase(mr_engine *e, mr_basis *b);
/* How far that is; as last counted. */
mr_rereviews mr_engine_rereviews(const mr_engine *e);

/* What stands in the way of being ready, one sentence each; 0 when ready. Texts live until the next call. */
typedef struct mr_unready {
    char text[320];
} mr_unready;
size_t mr_engine_unready(const mr_engine *e, mr_unready *ret, size_t most);
/* Reviews under way, for tests and status. */
unsigned mr_engine_busy(const mr_engine *e);
bool mr_engine_knows(const mr_engine *e, const char *source);

#endif
