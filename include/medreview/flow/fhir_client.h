/* One attempt at one FHIR exchange, over a transport port. No retry here: that is the job's business.
 *
 * Every request carries Accept, User-Agent, X-Request-ID (new each attempt), X-Correlation-ID (one a review) and, when
 * configured, Authorization, and goes only to the configured origin and base path (fhir.md 2 and 3.1). */
#ifndef MEDREVIEW_FLOW_FHIR_CLIENT_H
#define MEDREVIEW_FLOW_FHIR_CLIENT_H

#include "medreview/base/metrics.h"
#include "medreview/base/rand.h"
#include "medreview/flow/clock.h"
#include "medreview/flow/transport.h"
#include "medreview/review/review.h"

typedef struct mr_fhir_server {
    const char *base;          /* "https://fhir.example.nhs.uk/r4", no slash at the end */
    const char *authorization; /* value of the Authorization header; NULL: none */
    const char *user_agent;
    int64_t timeout_ms;
    size_t max_body;
} mr_fhir_server;

typedef struct mr_fhir_client {
    mr_transport *transport;
    const mr_fhir_server *server;
    mr_clock *clock;
    mr_metrics *metrics;
    mr_rand *chance; /* for request ids */
} mr_fhir_client;

typedef struct mr_fhir_request {
    const char *method;      /* GET, PUT, POST */
    const char *url;         /* absolute, under the server's base */
    mr_span body;            /* application/fhir+json; absent for GET */
    const char *correlation; /* one per review; NULL: none */
    bool search;             /* asks for strict handling and no cached answer */
    bool want_resource;      /* PUT: return=representation instead of minimal */
} mr_fhir_request;

/* As mr_http_done, but rc says what the status means (fhir.md 10.5): MR_OK for 2xx; MR_NOT_FOUND 404 and 410;
 * MR_CONFLICT 409 and 412; MR_DENIED 401 and 403; MR_BUSY 429, and 503 with Retry-After; MR_IO 408, 425, 5xx; MR_LIMIT
 * 413; MR_REFUSED any other 4xx and redirects. resp is given whenever an answer came. err->detail is the status;
 * err->text quotes no body. */
mr_rc mr_fhir_send(const mr_fhir_client *c, const mr_fhir_request *req, mr_http_done done, void *arg, uint64_t *ret_id,
                   mr_error *err) MR_MUST_CHECK;
void mr_fhir_cancel(const mr_fhir_client *c, uint64_t id);

mr_rc mr_fhir_status_rc(int status, bool has_retry_after);

/* The first page of a kind for one patient (fhir.md 7). false when it does not fit. MEDICATIONS needs ids. */
bool mr_fhir_page_url(const char *base, mr_page_kind kind, mr_span patient_id, char *out, size_t size);
/* GET {base}/Medication?_id=a,b,c of at most `most` of the references "Medication/a"; returns how many were taken. */
size_t mr_fhir_medications_url(const char *base, const mr_span *references, size_t n, size_t most, char *out,
                               size_t size);

/* Same scheme, host (any case), port (defaults filled in), and the base's path in front. */
bool mr_url_under(mr_span url, const char *base);
/* The scheme, host and port of url replaced by those of base (a server behind a proxy that names itself by its inner
 * host); false when it does not fit. Only the configured base's origin is ever contacted. */
bool mr_url_rebase(mr_span url, const char *base, char *out, size_t size);

#endif
