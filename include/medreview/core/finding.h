/* Findings: what the rules say about a record; one harm of one set of substances is one finding. */
#ifndef MEDREVIEW_CORE_FINDING_H
#define MEDREVIEW_CORE_FINDING_H

#include "medreview/core/ruleset.h"

typedef enum mr_certainty { MR_POSSIBLE, MR_DEFINITE } mr_certainty;

typedef struct mr_source {
    const mr_rule *rule;
} mr_source;

typedef struct mr_finding {
    char id[33];            /* product.md section 5: HMAC of v1|source|patient|harm|identity, 32 hex */
    char content[33];       /* hash of severity, urgency, certainty, rule ids, identity substances, dose; 32 hex */
    const mr_rule *leading; /* its title, action and wording are the finding's */
    const mr_harm *harm;
    mr_span identity;    /* "naproxen", "apixaban,naproxen", "test:u-and-e", "start:ics", "patient" */
    mr_span *substances; /* of the identity, sorted; none for test, start, patient */
    size_t n_substances;
    mr_severity severity;
    mr_urgency urgency;
    mr_certainty certainty;
    mr_missing *missing; /* of a possible finding */
    size_t n_missing;
    /* The medicines that take part, of a burden all that are counted: each by its entries that are in use, leading
     * first. Sorted by medicine. Evidence names the leading one. */
    mr_span *implicated;
    mr_span *implicated_text; /* beside it */
    bool *implicated_again;   /* beside it: one more entry of the medicine before it */
    size_t n_implicated;
    const mr_medicine **medicines; /* that identify it: whose doses are content */
    size_t n_medicines;
    mr_evidence *evidence; /* sorted, each once */
    size_t n_evidence;
    const mr_rule **sources; /* leading first, then by id */
    size_t n_sources;
    bool posts;          /* becomes a DetectedIssue */
    unsigned rank;       /* 1 = first */
    mr_span rank_reason; /* "high severity, same-day" ... */
    /* Made after the rules ran, where a form shows them; NULL else. */
    const struct mr_stop_plan *stop;  /* stop_plan.h */
    const struct mr_what_if *what_if; /* without the first medicine of the plan */
} mr_finding;

typedef struct mr_cannot_assess {
    mr_span missing; /* "eGFR" */
    mr_span *rules;  /* ids, sorted */
    size_t n_rules;
    mr_span settled_by;
} mr_cannot_assess;

typedef struct mr_burden_share {
    mr_span reference, substance;
    double points;
} mr_burden_share;
typedef struct mr_burden {
    /* Distinct substances taken regularly: of every medicine taken (state current or unknown) that is not only "when
     * required" and not local (eye, ear, skin, nose, vagina). A combination counts each of its substances, inhaled
     * products count, one substance in two products counts once, and products without a known substance (dressings,
     * foods) do not count. */
    unsigned medicines;
    mr_span scale, scale_version;
    double anticholinergic;
    mr_burden_share *shares;
    size_t n_shares;
    /* false: a dose or a factor is unknown, or the knowledge has no group `opioid`, so that silence is never a zero. 0
     * when no medicine of that group is taken; else the sum of daily dose in mg times the factor of scale `ome`, whose
     * rows are named "tramadol" for the mouth and "fentanyl (transdermal)" for other routes. */
    bool opioid_known;
    double opioid_mg_per_day;
    unsigned falls_risk; /* distinct substances taken, when required or not, of group `frid`; 0 when there is no such
                            group */
} mr_burden;

/* Which share each medicine has, and what other scales and lists say. Kept apart from mr_burden: only reports ask. */
typedef struct mr_burden_part { /* one substance that adds to something */
    mr_span reference, substance;
    double points; /* anticholinergic, default scale */
    bool opioid;
    mr_dose opioid_mg; /* oral morphine a day; not known: no dose or no factor */
    uint32_t lists;    /* bit i: counted by burden_lists[i] of the ruleset */
} mr_burden_part;
typedef struct mr_scale_sum {
    const mr_scale *scale;
    double total;
} mr_scale_sum;
typedef struct mr_burden_detail {
    mr_burden_part *parts; /* by substance, then reference */
    size_t n_parts;
    mr_scale_sum *scales; /* the default one first, then by name; conversion tables (`ome`) are none */
    size_t n_scales;
    unsigned *lists; /* distinct substances taken, beside burden_lists of the ruleset */
    size_t n_lists;
} mr_burden_detail;

/* The review as it would be had the medicine ended the day before: rules that no longer speak, and those that begin to.
 * A rule that still speaks about another medicine is not gone; the finding is. */
typedef struct mr_what_if {
    mr_span *without; /* references that are in use now */
    size_t n_without;
    mr_span *gone, *appear; /* rule ids, sorted */
    size_t n_gone, n_appear;
    const char **gone_findings; /* ids, sorted */
    size_t n_gone_findings;
    mr_burden burden;
} mr_what_if;

typedef struct mr_trace { /* one rule that ran, for --explain */
    const mr_rule *rule;
    mr_tri value;
    bool possible;
    mr_part *parts;
    size_t n_parts;
} mr_trace;

typedef struct mr_prompt { /* a rule that a person has to judge, where all that can be computed of it is true */
    const mr_rule *rule;
    mr_span text; /* its title and action */
    mr_evidence *evidence;
    size_t n_evidence;
} mr_prompt;

typedef struct mr_assessment {
    mr_finding *findings; /* in the total order: severity, urgency, rule id, medicines */
    size_t n_findings;
    mr_cannot_assess *cannot; /* sorted by missing */
    size_t n_cannot;
    mr_burden burden;
    mr_span *conversation; /* three to six prompts */
    size_t n_conversation;
    mr_span for_patient;
    mr_trace *traces; /* by rule id; only with explain */
    size_t n_traces;
    mr_prompt *prompts; /* by rule id */
    size_t n_prompts;
} mr_assessment;

typedef struct mr_run {
    mr_day as_of;
    bool indicator; /* run `indicator` instead of `when` (population only) */
    bool include_draft;
    bool explain;
    bool bare;               /* findings and burden alone: no conversation, no text for the patient */
    mr_span site_key;        /* offline: MR_OFFLINE_KEY */
    mr_span source;          /* source id, part of the key; offline "offline" */
    const mr_span *disabled; /* rule ids that do not run */
    size_t n_disabled;
    const mr_span *withdrawn; /* rules that were wrong: they do not run either */
    size_t n_withdrawn;
} mr_run;

/* Stands for site.key where there is none: `medreview review` and $medication-review. Public, so ids made with it
 * identify nothing outside that output. */
#define MR_OFFLINE_KEY "medreview offline: not a secret"

/* Pure. A deceased, inactive or merged patient has no findings. A patient who is surely under 18 meets only rules for
 * children; with no date of birth all rules run, and those that ask for an age cannot be assessed. Every rule whose
 * condition names a concept without codes is in `cannot`, whatever else is true of the patient. A concept `end-of-life`
 * or `palliative` that is true holds back the tools START-v3 and NHS-comparators. Order of work: evaluate, keep the
 * highest rung of each ladder, identify, join by harm and identity, fold, sort. The record's arrays must be as
 * mr_record_build leaves them. MR_NOMEM, MR_LIMIT   the arena is out of room */
mr_rc mr_rules_run(const mr_ruleset *rules, const mr_record *record, const mr_run *run, mr_arena *a, mr_assessment *ret,
                   mr_error *err) MR_MUST_CHECK;

/* Each medicine's share of the burden, other scales and lists. MR_NOMEM, MR_LIMIT   the arena is out of room */
mr_rc mr_burden_explain(const mr_ruleset *rules, const mr_record *record, mr_arena *a, mr_burden_detail *ret,
                        mr_error *err) MR_MUST_CHECK;

/* The key alone; also for tasks (harm "task", identity the episode). out: 33 bytes. */
void mr_finding_key(mr_span site_key, mr_span source, mr_span patient, mr_span harm, mr_span identity, char out[33]);

/* Days from the as-of date to the due date of a Task: 0, 7, 28, 84 (product.md section 5, Task). */
int mr_urgency_days(mr_urgency u);

#endif
