/* The work of one reconciliation; private to its three files: what stands (reconcile_standing.c), what becomes of the
 * issues (reconcile.c), and the Task (reconcile_task.c). */
#ifndef MEDREVIEW_CORE_RECONCILE_PARTS_H
#define MEDREVIEW_CORE_RECONCILE_PARTS_H

#include "medreview/core/reconcile.h"

enum { MR_KEY_HEX = 32 };

typedef struct mr_standing { /* one prior issue and what this review makes of it */
    const mr_prior_issue *issue;
    mr_issue_status status;    /* as it will stand */
    const mr_prior_task *task; /* latest Task of ours that lists it; NULL when none */
    mr_judgement judged;       /* as it will stand */
    bool applied;              /* a decision is carried over to the issue by this review */
    bool duplicate, met;       /* met: a fresh finding has this key */
} mr_standing;

typedef struct mr_live { /* a finding, or a kept issue, that belongs on a Task */
    const mr_finding *finding;
    mr_span issue_id;
    bool urgent; /* high or same-day: may open a second Task */
    bool kept_high;
} mr_live;

typedef struct mr_plan_work {
    const mr_ruleset *rules;
    const mr_assessment *fresh;
    const mr_reconcile_settings *set;
    const mr_prior_task **tasks; /* by episode */
    size_t n_tasks;
    mr_standing *standings;
    size_t n_standings;
    mr_live *lives;
    size_t n_lives, cap_lives;
    size_t cap_changes, cap_suppressed;
    mr_arena *a;
    mr_plan plan;
    mr_error *err;
} mr_plan_work;

/* Why the arena gave nothing more. */
mr_rc mr_plan_full(mr_plan_work *w);
mr_rc mr_plan_change(mr_plan_work *w, mr_change c) MR_MUST_CHECK;

/* ---- reconcile_standing.c ---- */

/* Sorts what stands, repairs duplicates, and applies what people decided. */
mr_rc mr_plan_take_stock(mr_plan_work *w, const mr_prior_issue *issues, size_t n_issues, const mr_prior_task *tasks,
                         size_t n_tasks) MR_MUST_CHECK;
/* The last episode of that key; within an episode the one that is no error. NULL when there is none. */
mr_standing *mr_plan_find(mr_plan_work *w, mr_span key);
/* "<key>" is episode 1, "<key>-2" episode 2. */
unsigned mr_key_episode(mr_span key);
/* Nobody has decided about it yet. */
bool mr_issue_awaiting(mr_issue_status s);
/* Somebody has taken it: never written by us. */
bool mr_prior_held(const mr_prior_task *t);
bool mr_prior_lists(const mr_prior_task *t, mr_span issue_id);

/* ---- reconcile_task.c ---- */

/* The one Task in `requested`, out of the lives: made, changed or cancelled. */
mr_rc mr_plan_task(mr_plan_work *w) MR_MUST_CHECK;

#endif
