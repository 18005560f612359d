/* A small FHIR R4 server in memory, as a function: a request and the time go in, an answer comes out. No sockets, no
 * clock, no threads. `medreview sandbox` and the demo put a listener before it; tests/sim calls it directly.
 *
 * It behaves like HAPI on the exchanges medreview uses (fhir.md): read, vread, search (patient, subject, identifier,
 * code, status, _id, _tag, _lastUpdated, _include, _count, _sort, paging links), create, update with If-Match, update
 * as create, conditional create and update, delete, history of a resource and of a type, transaction and batch,
 * versions, CapabilityStatement, rest-hook Subscription delivery. Not for real data.
 *
 * As on HAPI: an update that changes nothing writes no version and tells no subscriber; an id of digits only is the
 * server's to give; an unknown search parameter is 400; deleting what is not there is 200. Numbers with a fraction
 * keep 15 significant digits, not their spelling. The sandbox ends the process when memory runs out. */
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
    mr_span prefer; /* return=minimal, handling=lenient */
} mr_sandbox_request;

typedef struct mr_sandbox_answer {
    int status;
    char etag[80], location[700], last_modified[40]; /* "" when there is none; location is of the version */
    mr_buf body;                                     /* caller frees */
} mr_sandbox_answer;

/* A rest-hook that is to be sent. Taken with mr_sandbox_next_delivery; the caller performs it, or loses it. */
typedef struct mr_delivery {
    char method[8];
    char url[1024];
    char headers[8][300]; /* "Name: value"; "" from the first unused one on */
    mr_buf body;          /* caller frees */
} mr_delivery;

/* `base` is what links and locations start with: "http://127.0.0.1:8090/fhir". NULL when memory is short. */
mr_sandbox *mr_sandbox_new(const char *base);
void mr_sandbox_free(mr_sandbox *s);
/* Another base, for a listener that learns its port late. false, and nothing changes, when it is too long. */
bool mr_sandbox_set_base(mr_sandbox *s, const char *base);
void mr_sandbox_handle(mr_sandbox *s, const mr_sandbox_request *req, int64_t now_ms, mr_sandbox_answer *ret);
/* false when none is waiting. At most 1,000 wait; what comes on top is lost, as it may be on any server. */
bool mr_sandbox_next_delivery(mr_sandbox *s, mr_delivery *ret);
size_t mr_sandbox_lost_deliveries(const mr_sandbox *s);
/* Loads one resource, or each entry of a Bundle (as updates with their ids); says which entry failed. */
mr_rc mr_sandbox_load(mr_sandbox *s, mr_span json, int64_t now_ms, mr_error *err) MR_MUST_CHECK;
/* As mr_sandbox_load, and `refused` (may be NULL) hears of each entry that was not taken (0 for a lone resource) with
 * the reason; the others are loaded. MR_MALFORMED when anything was refused; *ret_loaded counts what was taken. */
mr_rc mr_sandbox_load_each(mr_sandbox *s, mr_span json, int64_t now_ms,
                           void (*refused)(void *arg, size_t entry, const char *reason), void *arg, size_t *ret_loaded,
                           mr_error *err) MR_MUST_CHECK;

/* Differences between servers that tests switch on. All false: as the specification says, where it says something. */
typedef struct mr_sandbox_quirks {
    bool ignore_include; /* as the Medplum in-memory router */
    bool no_transaction, no_update_create;
    bool uuid_versions;
    /* As HAPI 8.8 was seen to differ from the specification: a stale If-Match is 409, not 412, and none on what does
     * not exist; If-None-Match on a write is not looked at; etags in a transaction's answer are bare ("1"); 304 has no
     * ETag; the self link of POST _search names no parameters; Prefer: handling=lenient is not looked at; with
     * subscriptions on, the same id and version of two types is 409. */
    bool as_hapi;
    bool ignore_unknown_params; /* drops them from search and self link instead of answering 400 */
    int64_t page_life_ms;       /* of a next link, then 410; 0: an hour */
} mr_sandbox_quirks;
void mr_sandbox_set_quirks(mr_sandbox *s, mr_sandbox_quirks quirks);
/* Resources that were ever created, deleted ones too, by type; NULL: of all types. For tests. */
size_t mr_sandbox_count(const mr_sandbox *s, const char *type);

#endif
