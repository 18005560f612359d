/* What daemon, command line and batch share: bytes in, bytes out, for one patient. Pure: no clock, no I/O.
 *
 * Order: decode all pages -> resolve references -> ask terminology -> build and de-duplicate -> rules -> consolidate ->
 * reconcile -> encode. A review, its arena and its record belong to one thread at a time. */
#ifndef MEDREVIEW_REVIEW_REVIEW_H
#define MEDREVIEW_REVIEW_REVIEW_H

#include "medreview/codec/fhir_read.h"
#include "medreview/codec/fhir_write.h"
#include "medreview/core/finding.h"
#include "medreview/knowledge/knowledge.h"
#include "medreview/terminology/terminology.h"

/* What every review of a process runs with; immutable, shared by threads. */
typedef struct mr_review_knowledge {
    const mr_ruleset *rules;
    const mr_terminology *terminology;
    const struct mr_classes *classes; /* review/classes.h; NULL: groups are worked out for each medicine */
} mr_review_knowledge;

typedef struct mr_review_settings {
    mr_site site;
    mr_run run; /* as_of, site_key, source, include_draft, explain, disabled */
    const mr_span *withdrawn;
    size_t n_withdrawn;
    unsigned suppress_days; /* 0: 180 */
    bool offline, clock_pinned, provenance;
    int64_t now_ms;    /* service only */
    mr_span fhir_base; /* of the server; absent: the bases of the fullUrls that were read stand for it */
} mr_review_settings;

/* What the service asks a FHIR server for, in this order. Offline input comes as MR_PAGE_ANY. */
typedef enum mr_page_kind {
    MR_PAGE_PATIENT,
    MR_PAGE_STATEMENTS,
    MR_PAGE_REQUESTS,
    MR_PAGE_CONDITIONS,
    MR_PAGE_ALLERGIES,
    MR_PAGE_OBSERVATIONS,
    MR_PAGE_ISSUES,
    MR_PAGE_TASKS,
    MR_PAGE_MEDICATIONS,
    MR_PAGE_ANY,
    MR_PAGE_COUNT
} mr_page_kind;

typedef struct mr_absorbed {
    mr_span next; /* link[relation=next]; absent when none. In the arena. */
    mr_span self; /* link[relation=self]; absent when none */
    size_t n_entries;
    unsigned foreign;               /* entries that belong to another patient: they were left out and noted */
    mr_span newest;                 /* greatest meta.lastUpdated seen in the page; absent when none */
    const mr_fhir_refusal *refused; /* entries that could not be read; each is a gap of the review too */
    size_t n_refused;
} mr_absorbed;

typedef struct mr_review mr_review;
/* `patient_id` absent: offline, the patient is whoever the input says. NULL: the arena is out of room. `k` and
 * `settings` are borrowed for the life of the review. */
mr_review *mr_review_begin(mr_arena *a, const mr_review_knowledge *k, const mr_review_settings *settings,
                           mr_span patient_id);
/* Decodes one page: a Bundle of any type, or a single resource. One unreadable entry is a gap and the review goes on.
 * `padded`: 64 readable bytes lie behind the page.
 *   MR_MALFORMED   no page at all (not JSON, not a FHIR resource)
 *   MR_LIMIT       the arena is full; MR_NOMEM. More than MR_MAX_RESOURCES_PER_PATIENT resources are no error: the
 * review says `resource-limit` and is incomplete. */
mr_rc mr_review_absorb(mr_review *rv, mr_page_kind kind, mr_span page, bool padded, mr_absorbed *ret,
                       mr_error *err) MR_MUST_CHECK;
/* Says that a list was not read to its end (page limit, failed page, ignored filter): nothing is closed then. */
mr_rc mr_review_cut(mr_review *rv, mr_page_kind kind, const char *code, const char *why) MR_MUST_CHECK;
/* Relative references to Medication that were used but not found in the pages so far, sorted, each once:
 * "Medication/123". After absorbing what was fetched for them, the rest is notAssessed: reference-not-found. */
mr_rc mr_review_unresolved(mr_review *rv, mr_span **ret, size_t *ret_n, mr_error *err) MR_MUST_CHECK;

/* Offline input that is read once for all its patients. */
typedef struct mr_review_reader mr_review_reader; /* storage for JSON, used again and again by one thread */
mr_review_reader *mr_review_reader_new(void);     /* NULL: memory is short */
void mr_review_reader_free(mr_review_reader *r);

typedef struct mr_review_input {
    mr_fhir_pages *pages;
    mr_absorbed absorbed;
    mr_span *patients; /* as mr_review_patients gives them: one absent span when nobody is named */
    size_t n_patients;
    mr_prior prior; /* our earlier resources, of all patients */
    mr_rc prior_rc; /* not MR_OK: there are some, and they cannot be read */
    bool outcome_error;
} mr_review_input;
/* `page` need not outlive the call. The input, and every review of it, borrows from the reader, which must not read
 * another before they are done with. Codes as mr_review_absorb. */
mr_rc mr_review_read(mr_review_reader *r, mr_span page, bool padded, const mr_review_settings *settings, mr_arena *a,
                     mr_review_input *ret, mr_error *err) MR_MUST_CHECK;
/* One patient's review of that input: patients[i], or the absent span. `a` may be another arena than the input's and be
 * freed before it. NULL: out of room. */
mr_review *mr_review_of(mr_arena *a, const mr_review_knowledge *k, const mr_review_settings *settings,
                        const mr_review_input *input, mr_span patient_id);

typedef struct mr_review_result {
    const mr_record *record;
    const mr_assessment *assessment;
    const mr_plan *plan;
    mr_span patient;          /* "Patient/p1" */
    mr_span *read_references; /* "Type/id" of every resource of this patient that was read; for the index */
    size_t n_read;
    mr_span *inputs; /* versioned references of the medicines, conditions and observations read; sorted */
    size_t n_inputs;
} mr_review_result;

/* Runs the rules and reconciles. Once per review. */
mr_rc mr_review_assess(mr_review *rv, const mr_review_result **ret, mr_error *err) MR_MUST_CHECK;

/* Forms of an assessed review (product.md section 5). */
mr_rc mr_review_json(const mr_review *rv, mr_buf *out, mr_error *err) MR_MUST_CHECK; /* one line, no line feed */
mr_rc mr_review_text(const mr_review *rv, mr_buf *out, mr_error *err) MR_MUST_CHECK; /* a page for a person */
/* The transaction to send; nothing in out when there is nothing to write. Offline: every finding as DetectedIssue and
 * the Task, as the `fhir` form wants (an empty transaction Bundle when there is none); when the input holds issues and
 * Tasks of ours, what is to change about them. */
mr_rc mr_review_fhir(const mr_review *rv, mr_buf *out, mr_error *err) MR_MUST_CHECK;

/* Splits offline input: one Bundle (any type) or one resource may hold several patients. Ids sorted; a single absent
 * span when there is no Patient at all. */
mr_rc mr_review_patients(mr_span page, bool padded, mr_arena *a, mr_span **ret_ids, size_t *ret_n,
                         mr_error *err) MR_MUST_CHECK;

#endif
