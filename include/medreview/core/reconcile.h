/* Fresh findings against what we wrote before: a plan of changes. Pure; fhir.md 9.2, 9.4, 10.2, 11 and product.md
 * section 5 (Task). Never over a human: whatever a person has touched is left alone. */
#ifndef MEDREVIEW_CORE_RECONCILE_H
#define MEDREVIEW_CORE_RECONCILE_H

#include "medreview/core/finding.h"

typedef enum mr_issue_status {
    MR_IS_UNKNOWN,
    MR_IS_REGISTERED,
    MR_IS_PRELIMINARY,
    MR_IS_FINAL,
    MR_IS_AMENDED,
    MR_IS_CORRECTED,
    MR_IS_CANCELLED,
    MR_IS_ENTERED_IN_ERROR
} mr_issue_status;
const char *mr_issue_status_text(mr_issue_status s);
mr_issue_status mr_issue_status_parse(mr_span s);

typedef enum mr_task_status {
    MR_TS_UNKNOWN,
    MR_TS_DRAFT,
    MR_TS_REQUESTED,
    MR_TS_RECEIVED,
    MR_TS_ACCEPTED,
    MR_TS_REJECTED,
    MR_TS_READY,
    MR_TS_CANCELLED,
    MR_TS_IN_PROGRESS,
    MR_TS_ON_HOLD,
    MR_TS_FAILED,
    MR_TS_COMPLETED,
    MR_TS_ENTERED_IN_ERROR
} mr_task_status;
const char *mr_task_status_text(mr_task_status s);
mr_task_status mr_task_status_parse(mr_span s);

/* How a closed Task judged its findings (fhir.md 11). */
typedef enum mr_outcome_kind {
    MR_OUT_NONE,
    MR_OUT_ACCEPTED,
    MR_OUT_NO_ACTION,
    MR_OUT_NOT_APPLICABLE,
    MR_OUT_SET_ASIDE, /* the Task failed or a person cancelled it: no new Task for the same content */
    MR_OUT_GONE       /* no decision: we cancelled the issue because the record changed. Without this mark a cancelled
                       * issue was cancelled by a person, and that is a dismissal of its content. */
} mr_outcome_kind;

/* What people last decided about an issue, and about which content of it. It stands on the issue itself as our third
 * identifier ({base-uri}/id/judged), so that a decision is applied once, outlives our store, and never counts for
 * content that came later. */
typedef struct mr_judgement {
    unsigned episode;     /* of the Task that decided; 0: none */
    unsigned mitigations; /* that were seen; one more is a new decision */
    mr_outcome_kind outcome;
    mr_span content; /* hash of what was judged */
    mr_span undosed; /* the same content as if no dose were known: tells a dose that is no longer told from another one;
                      * absent where the decision was not seen on a finding with just that content */
} mr_judgement;
typedef struct mr_finding_outcome {
    mr_span key; /* finding key */
    mr_outcome_kind outcome;
} mr_finding_outcome;

typedef struct mr_prior_issue {
    mr_span id, version;  /* logical id and meta.versionId */
    mr_span key, content; /* our two identifiers; content absent on foreign edits */
    mr_issue_status status;
    mr_severity severity;
    unsigned mitigations; /* a person worked on it; each counts as accepted */
    mr_judgement judged;
    mr_span *rules; /* ids of its source rules, from code.coding */
    size_t n_rules;
    mr_span *cited; /* "Type/id" of what it names as implicated or as evidence */
    size_t n_cited;
    mr_span last_updated;
    mr_span owner; /* the patient it is about; absent when not known. For input of many patients */
    mr_span raw;   /* the resource as read, compact JSON, for read-modify-write */
} mr_prior_issue;

typedef struct mr_prior_task {
    mr_span id, version;
    mr_span identifier; /* <32 hex>-<episode> */
    unsigned episode;   /* from 1 */
    mr_task_status status;
    mr_span *issue_ids; /* DetectedIssue ids of its inputs */
    size_t n_issue_ids;
    mr_outcome_kind outcome;      /* of the whole Task */
    mr_finding_outcome *outcomes; /* per finding; may be none */
    size_t n_outcomes;
    mr_when closed;          /* date of lastModified, for suppression */
    mr_when due;             /* restriction.period.end */
    mr_span priority, role;  /* role: performerType text */
    bool resolved_by_record; /* cancelled by us: businessStatus resolved-by-record-change */
    mr_span content;         /* our content identifier on the Task; absent when none */
    mr_span owner;           /* as of an issue */
    mr_span raw;
} mr_prior_task;

typedef enum mr_change_kind {
    MR_CH_CREATE_ISSUE, /* finding; status preliminary */
    MR_CH_REVISE_ISSUE, /* finding and issue; new content, status as in `issue_status` */
    MR_CH_STATUS_ISSUE, /* issue; only its status changes, to `issue_status` */
    MR_CH_CREATE_TASK,  /* task fields below */
    MR_CH_REVISE_TASK,  /* task and its new fields */
    MR_CH_CANCEL_TASK   /* task; findings are gone */
} mr_change_kind;

typedef struct mr_change {
    mr_change_kind kind;
    const mr_finding *finding;
    const mr_prior_issue *issue;
    mr_issue_status issue_status;
    mr_span issue_id;    /* CREATE_ISSUE: "mr-di-<key>" or with an episode suffix */
    mr_judgement judged; /* as it will stand; of REVISE and STATUS */
    const mr_prior_task *task;
} mr_change;

/* The Task as it should stand (CREATE_TASK, REVISE_TASK), and what the review's `task` member shows. */
typedef struct mr_task_plan {
    bool present;
    char id[64];         /* mr-task-<32 hex>-<episode> */
    char identifier[48]; /* <32 hex>-<episode> */
    char content[33];    /* hash of what we say in it */
    unsigned episode;
    mr_span based_on;     /* Task id of the earlier, still open episode; absent when none */
    const char *priority; /* asap, urgent, routine */
    mr_day due;
    mr_span role;                /* of its top finding */
    const mr_finding **findings; /* in order; NULL for an issue kept from before that cannot be assessed now */
    mr_span *issue_ids;          /* beside it: DetectedIssue ids */
    size_t n_findings;
    size_t n_high;
    bool complete;
    const mr_cannot_assess *cannot; /* one input each */
    size_t n_cannot;
    const char *business_status; /* new, changed */
} mr_task_plan;

typedef struct mr_suppressed {
    const mr_finding *finding;
    mr_day until; /* MR_DAY_MAX: until content changes or severity rises */
} mr_suppressed;

typedef struct mr_plan {
    mr_change *v; /* issues first, by id; the Task last */
    size_t n;
    size_t unchanged;  /* issues that already say the same */
    size_t duplicates; /* second resources with one key, set entered-in-error */
    mr_task_plan task;
    const mr_prior_task *open_task; /* the Task that stands now and needs no write; NULL when none */
    mr_suppressed *suppressed;
    size_t n_suppressed;
} mr_plan;

typedef struct mr_reconcile_settings {
    mr_span site_key, source, patient_id;
    mr_day as_of;
    unsigned suppress_days;   /* 180 */
    bool complete;            /* the record was read whole: only then may anything be closed as gone */
    bool patient_gone;        /* deceased, inactive or merged: close what is ours and untouched */
    const mr_span *withdrawn; /* rule ids: issues whose only sources they are go to entered-in-error */
    size_t n_withdrawn;
    const mr_span *disabled; /* rule ids: issues whose only sources they are are cancelled, whatever was read */
    size_t n_disabled;
    const mr_span *errors; /* "Type/id" of what was entered in error: an issue that cites one and is not found any more
                            * was a mistake, and goes to entered-in-error instead of cancelled */
    size_t n_errors;
} mr_reconcile_settings;

/* `cannot` matters: an issue whose rules cannot be assessed now is not closed. Entries of *ret borrow from the
 * arguments.
 *   MR_LIMIT   more than MR_MAX_CHANGES changes: a sign of a broken ruleset; or the arena is full
 *   MR_NOMEM */
mr_rc mr_reconcile(const mr_ruleset *rules, const mr_assessment *fresh, const mr_prior_issue *issues, size_t n_issues,
                   const mr_prior_task *tasks, size_t n_tasks, const mr_reconcile_settings *settings, mr_arena *a,
                   mr_plan *ret, mr_error *err) MR_MUST_CHECK;

#endif
