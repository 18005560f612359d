/* Counters, gauges and histograms in one list; rendered as Prometheus text by a function that tests can call. */
#ifndef MEDREVIEW_BASE_METRICS_H
#define MEDREVIEW_BASE_METRICS_H

#include "medreview/base/buf.h"

/* enum name, family, labels (as in the text format, "" for none), help (of the family; the first one counts) */
#define MR_COUNTERS(X)                                                                                                 \
    X(EVENTS_ACCEPTED, "medreview_events_total", "result=\"accepted\"", "Notifications by what became of them")        \
    X(EVENTS_IGNORED, "medreview_events_total", "result=\"ignored\"", "")                                              \
    X(EVENTS_OWN, "medreview_events_total", "result=\"own-write\"", "")                                                \
    X(EVENTS_HINT, "medreview_events_total", "result=\"hint\"", "")                                                    \
    X(EVENTS_REFUSED, "medreview_events_total", "result=\"refused\"", "")                                              \
    X(EVENTS_UNAUTHENTICATED, "medreview_events_total", "result=\"unauthenticated\"", "")                              \
    X(EVENTS_DEFERRED, "medreview_events_total", "result=\"deferred\"", "")                                            \
    X(REVIEWS_DONE, "medreview_reviews_total", "result=\"done\"", "Reviews by how they ended")                         \
    X(REVIEWS_RETRY, "medreview_reviews_total", "result=\"retry\"", "")                                                \
    X(REVIEWS_PARKED, "medreview_reviews_total", "result=\"parked\"", "")                                              \
    X(REVIEWS_DROPPED, "medreview_reviews_total", "result=\"dropped\"", "")                                            \
    X(REVIEWS_INCOMPLETE, "medreview_reviews_incomplete_total", "", "Reviews of records that could not be read whole") \
    X(FINDINGS, "medreview_findings_total", "", "Findings over all reviews")                                           \
    X(WRITES_CREATED, "medreview_writes_total", "kind=\"create\"", "Resources written to the FHIR server")             \
    X(WRITES_REVISED, "medreview_writes_total", "kind=\"revise\"", "")                                                 \
    X(WRITES_CLOSED, "medreview_writes_total", "kind=\"close\"", "")                                                   \
    X(WRITES_NONE, "medreview_reviews_unchanged_total", "", "Reviews after which nothing had to be written")           \
    X(DUPLICATES_FOUND, "medreview_duplicates_found_total", "", "Second resources with the same finding key")          \
    X(FHIR_REQUESTS, "medreview_fhir_requests_total", "result=\"ok\"", "Requests to FHIR servers")                     \
    X(FHIR_ERRORS, "medreview_fhir_requests_total", "result=\"error\"", "")                                            \
    X(POLLS, "medreview_catchup_polls_total", "", "Catch-up polls completed")                                          \
    X(POLL_FOUND, "medreview_catchup_found_total", "", "Patients found changed by catch-up polling")                   \
    X(HTTP_REQUESTS, "medreview_http_requests_total", "", "Requests received")                                         \
    X(HTTP_BAD, "medreview_http_bad_requests_total", "", "Requests refused before routing")

#define MR_GAUGES(X)                                                                                                   \
    X(JOBS_DUE, "medreview_jobs", "state=\"due\"", "Patients in the queue")                                            \
    X(JOBS_LEASED, "medreview_jobs", "state=\"leased\"", "")                                                           \
    X(JOBS_PARKED, "medreview_jobs", "state=\"parked\"", "")                                                           \
    X(JOBS_OLDEST_S, "medreview_oldest_due_seconds", "", "Age of the oldest due job")                                  \
    X(TASKS_OVERDUE, "medreview_tasks_overdue", "", "Open Tasks past their due date")                                  \
    X(HINTS, "medreview_hints", "", "Notices not yet resolved to a patient")                                           \
    X(SUBSCRIPTIONS_ACTIVE, "medreview_subscriptions", "status=\"active\"", "Subscriptions by status")                 \
    X(SUBSCRIPTIONS_OTHER, "medreview_subscriptions", "status=\"other\"", "")                                          \
    X(CLOCK_PINNED, "medreview_clock_pinned", "", "1 when clock.as_of pins the date")                                  \
    X(WATERMARK_LAG_S, "medreview_watermark_lag_seconds", "",                                                          \
      "Time since the type that catch-up read longest ago was read to its end")

#define MR_HISTOGRAMS(X)                                                                                               \
    X(NOTICE_MS, "medreview_notice_durable_milliseconds", "Time from a notice's last byte to its commit")              \
    X(REVIEW_MS, "medreview_review_milliseconds", "Time from claim to settle")                                         \
    X(FHIR_MS, "medreview_fhir_request_milliseconds", "Time of one request to a FHIR server")

typedef enum mr_counter {
#define X(name, family, labels, help) MR_C_##name,
    MR_COUNTERS(X)
#undef X
        MR_C_COUNT
} mr_counter;
typedef enum mr_gauge {
#define X(name, family, labels, help) MR_G_##name,
    MR_GAUGES(X)
#undef X
        MR_G_COUNT
} mr_gauge;
typedef enum mr_histogram {
#define X(name, family, help) MR_H_##name,
    MR_HISTOGRAMS(X)
#undef X
        MR_H_COUNT
} mr_histogram;

typedef struct mr_metrics mr_metrics;
mr_metrics *mr_metrics_new(void);
void mr_metrics_free(mr_metrics *m);
/* All may be called from any thread; m may be NULL. */
void mr_metrics_add(mr_metrics *m, mr_counter c, uint64_t n);
void mr_metrics_set(mr_metrics *m, mr_gauge g, int64_t value);
void mr_metrics_observe(mr_metrics *m, mr_histogram h, int64_t value);
uint64_t mr_metrics_counter(const mr_metrics *m, mr_counter c);
/* Prometheus text format 0.0.4. */
void mr_metrics_render(const mr_metrics *m, mr_buf *out);

#endif
