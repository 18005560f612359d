/* Stopping or reducing a medicine safely: the schemes of the knowledge, and the plan made from one for a finding.
 *
 * Who is stopped is data (a rule's `stops`), how is data (stop-plans.yaml). What is never said: that a medicine can be
 * stopped at once when any scheme that fits it says otherwise, and a scheme for a medicine that has none. */
#ifndef MEDREVIEW_CORE_STOP_PLAN_H
#define MEDREVIEW_CORE_STOP_PLAN_H

#include "medreview/core/finding.h"

/* How a medicine may be ended, by caution: the last one that fits wins. */
typedef enum mr_stop_way {
    MR_STOP_AT_ONCE,       /* nothing is gained by steps */
    MR_STOP_BETTER_SLOWLY, /* sudden stopping is not dangerous; steps are the usual way */
    MR_STOP_GRADUALLY,     /* sudden stopping can do harm */
    MR_STOP_SPECIALIST     /* and only somebody named in `who` may do it */
} mr_stop_way;

/* At most one of percent, by_mg, to_mg and ends; none of them: a step in words. */
typedef struct mr_stop_step {
    mr_span text;
    double percent; /* of the dose of the day; 0: not this way */
    bool of_first;  /* percent of the dose at the beginning, not of the present one */
    double by_mg, to_mg;
    bool ends;            /* the last one: nothing more is taken */
    double until_percent; /* repeated until the dose is that share of the first one, or below; 0: done once */
    double until_mg;      /* the same in milligrams */
    unsigned for_days;    /* how long the new dose is kept; 0: not said */
} mr_stop_step;

typedef struct mr_stop_scheme {
    mr_span name, title;
    mr_rule_state state; /* draft: its steps are shown with include_draft only; its caution counts always */
    uint16_t groups[MR_IDENTITY_GROUPS]; /* for whom: an ingredient of one of these groups, */
    size_t n_groups;
    mr_span *substances; /* or one of these */
    size_t n_substances;
    uint32_t routes;    /* bit 1 << mr_route; 0: any. A route that is not known is none of them */
    uint16_t not_with;  /* concept with which it is not used; MR_NO_NUMBER: none */
    const bool *before; /* by scheme: it stands instead of that one, where both fit */
    mr_stop_way way;
    mr_span why;
    mr_stop_step *steps;
    size_t n_steps;
    mr_span slower; /* absent when there is none */
    mr_span *watch, *red_flags;
    size_t n_watch, n_red_flags;
    mr_span look_again; /* ISO 8601 duration */
    mr_span who, on_relapse, source, note;
} mr_stop_scheme;

typedef struct mr_planned_step {
    mr_span text;
    mr_dose dose; /* of a day; known only where the scheme and the product's strength give one */
    unsigned for_days;
} mr_planned_step;

typedef struct mr_stop_plan {
    const mr_stop_scheme *scheme;  /* NULL: none is held; then there is one step, to ask, and little else */
    const mr_medicine **medicines; /* the same substances, sorted by reference */
    size_t n_medicines;
    bool at_once_known, can_stop_at_once;
    mr_planned_step *steps;
    size_t n_steps;
    mr_span doses; /* how the doses were made, or why there are none; absent where the steps need none */
    mr_span who;
    mr_span order;               /* several candidates: in which order, one at a time; absent else */
    struct mr_stop_plan *others; /* the further candidates, in that order; theirs have none */
    size_t n_others;
} mr_stop_plan;

enum { MR_MOST_PLANNED_STEPS = 24, MR_MOST_STOP_CANDIDATES = 8 };

/* Gives every finding its plan, or none where its rules stop nothing. Of the sources the first that stops something
 * says what: the leading one, then by id. Candidates in order: those for which a scheme is held, most
 * high-severity findings that they identify, most findings, most anticholinergic points (first of all where `stops` is
 * `any`), name: rules.md section 9, as far as a record tells it.
 *
 * Doses: a day's total in milligrams, when every medicine of the candidate has one substance and a known daily dose.
 * Rounded down to whole units of the smallest strength (half units when halves are taken already), never up; a step
 * that would become half as big again by that gets no dose, and neither do those after it. Pure; in `a`.
 *   MR_NOMEM, MR_LIMIT   the arena is out of room */
mr_rc mr_stop_plans_make(const mr_ruleset *rules, const mr_record *record, const mr_run *run, mr_arena *a,
                         mr_assessment *assessment, mr_error *err) MR_MUST_CHECK;

/* `record` as it would be had these medicines ended the day before: for what-ifs. Shares all else with `record`. */
mr_rc mr_record_without(const mr_record *record, const mr_medicine *const *without, size_t n, mr_day as_of, mr_arena *a,
                        mr_record *ret, mr_error *err) MR_MUST_CHECK;

#endif
