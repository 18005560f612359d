/* A plan of changes as FHIR: DetectedIssue, Task, Provenance, transaction; and our own resources read back
 * (fhir.md 9 and 10). jansson stands behind read-modify-write, so that foreign members survive. */
#ifndef MEDREVIEW_CODEC_FHIR_WRITE_H
#define MEDREVIEW_CODEC_FHIR_WRITE_H

#include "medreview/base/buf.h"
#include "medreview/core/reconcile.h"

typedef struct mr_site {
    mr_span id;          /* site.id: "gp-store" */
    mr_span base_uri;    /* "https://medreview.example.org", no slash at the end */
    mr_span task_intent; /* proposal or order */
    mr_span software;    /* version of the program */
    mr_span knowledge;   /* version of the packs */
    mr_span terminology; /* release by which medicines were understood; absent: not told */
} mr_site;

typedef struct mr_tx_settings {
    mr_site site;
    mr_span patient; /* "Patient/p1" */
    mr_day as_of;
    int64_t now_ms;        /* identified, authoredOn, lastModified; offline: the as-of date stands instead */
    bool offline;          /* no Provenance; dates instead of instants */
    bool clock_pinned;     /* the Task says so */
    bool provenance;       /* the server takes Provenance */
    const mr_span *inputs; /* versioned references of what was read, for Provenance; sorted */
    size_t n_inputs;
    const mr_assessment *assessment; /* offline: what could not be assessed is told in the Bundle; NULL: it is not */
} mr_tx_settings;

/* Reads DetectedIssues and Tasks of ours (identifier systems under base_uri) from a page: a Bundle or one resource.
 * Others in the page are passed over. Adds to the growing arrays. */
typedef struct mr_prior {
    mr_prior_issue *issues;
    size_t n_issues, cap_issues;
    mr_prior_task *tasks;
    size_t n_tasks, cap_tasks;
} mr_prior;
mr_rc mr_fhir_prior_read(mr_span page, mr_span base_uri, mr_arena *a, mr_prior *prior, mr_error *err) MR_MUST_CHECK;

/* A transaction Bundle of the plan: issues, Provenance, Task last. An empty plan writes nothing to out. `record` gives
 * completeness. Offline a GuidanceResponse stands behind them, whatever the plan, when the record is incomplete, has
 * gaps or unassessed medicines, or when what could not be assessed stands on no Task. */
mr_rc mr_fhir_tx_write(const mr_plan *plan, const mr_record *record, const mr_tx_settings *settings, mr_buf *out,
                       mr_error *err) MR_MUST_CHECK;

/* The author; PUT once at start. */
void mr_fhir_device_write(const mr_site *site, mr_buf *out);
/* "medreview-<site id>" */
mr_span mr_fhir_device_id(const mr_site *site, mr_arena *a);

/* The answer to a transaction: (type, id, version) of every entry, from location or etag. */
typedef struct mr_written_version {
    mr_span type, id, version;
} mr_written_version;
mr_rc mr_fhir_tx_answer_read(mr_span body, mr_arena *a, mr_written_version **ret, size_t *ret_n,
                             mr_error *err) MR_MUST_CHECK;

#endif
