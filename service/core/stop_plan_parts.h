/* Making stop plans; private to core. */
#ifndef MEDREVIEW_CORE_STOP_PLAN_PARTS_H
#define MEDREVIEW_CORE_STOP_PLAN_PARTS_H

#include "medreview/core/stop_plan.h"

/* What one review's plans are made from. */
typedef struct mr_stopping {
    const mr_ruleset *rules;
    const mr_record *record;
    const mr_run *run;
    mr_assessment *assessment;
    bool *held_back; /* by scheme: its not_with stands in the record, or cannot be ruled out */
    mr_arena *arena;
} mr_stopping;

/* stop_plan_choose.c: the medicines that a finding's rules stop, as plans without steps, in the order of section 9.
 * false: the arena is out of room. */
bool mr_stop_candidates(const mr_stopping *s, const mr_finding *f, mr_stop_plan **ret, size_t *ret_n);

/* stop_plan_steps.c: fills in steps and doses. false: the arena is out of room. */
bool mr_stop_steps(const mr_stopping *s, mr_stop_plan *plan);

#endif
