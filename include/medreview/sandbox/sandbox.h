/* A small FHIR R4 server in memory, as a function: a request and the time go in, an answer comes out. No sockets, no
 * clock, no threads. `medreview sandbox` and the demo put a listener before it; tests/sim calls it directly.
 *
 * It behaves like HAPI on the exchanges medreview uses (fhir.md): read, vread, search (patient, subject, identifier,
 * code, status, _id, _tag, _lastUpdated, _include, _count, _sort, paging links), create, update with If-Match, update
 * as create, conditional create and update, delete, history of a resource and of a type, transaction and batch,
 * versions, CapabilityStatement, rest-hook Subscription delivery. Not for real data. */
#ifndef MEDREVIEW_SANDBOX_SANDBOX_H
#define MEDREVIEW_SANDBOX_SANDBOX_H

#include "medreview/base/buf.h"
#include "medreview/base/error.h"
#include "medreview/base/span.h"

typedef struct mr_sandbox mr_sandbox;

typedef struct mr_sandbox_request {
    const char *method;
    mr_span path;  /* below the base, "/Patient/1"; percent-decoded */
    mr_span query; /* raw; for POST _search the body holds the parameters */
    mr_span if_match, if_none_exist, if_none_match, content_type; /* absent when not sent */
    mr_span body;
} mr_sandbox_request;

typedef struct mr_sandbox_answer {
    int status;
    char etag[80], location[600], last_modified[40];
    mr_buf body; /* caller frees */
} mr_sandbox_answer;

/* A rest-hook that is to be sent. Taken with mr_sandbox_next_delivery; the caller performs it, or loses it. */
typedef struct mr_delivery {
    char method[8];
    char url[1024];
    char headers[4][300]; /* "Name: value"; "" from the first unused one on */
    mr_buf body;          /* caller frees */
} mr_delivery;

/* `base` is what links and locations start with: "http://127.0.0.1:8090/fhir". NULL when memory is short. */
mr_sandbox *mr_sandbox_new(const char *base);
void mr_sandbox_free(mr_sandbox *s);
void mr_sandbox_handle(mr_sandbox *s, const mr_sandbox_request *req, int64_t now_ms, mr_sandbox_answer *ret);
bool mr_sandbox_next_delivery(mr_sandbox *s, mr_delivery *ret);
/* Loads one resource, or each entry of a Bundle (as updates with their ids); says which entry failed. */
mr_rc mr_sandbox_load(mr_sandbox *s, mr_span json, int64_t now_ms, mr_error *err) MR_MUST_CHECK;

/* Differences between servers that tests switch on. */
typedef struct mr_sandbox_quirks {
    bool ignore_include; /* as the Medplum in-memory router */
    bool no_transaction, no_update_create;
    bool uuid_versions;
} mr_sandbox_quirks;
void mr_sandbox_set_quirks(mr_sandbox *s, mr_sandbox_quirks quirks);
/* Resources that were ever created, by type; for tests. */
size_t mr_sandbox_count(const mr_sandbox *s, const char *type);

#endif
