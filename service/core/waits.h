/* What could not be assessed, by the datum that is missing; private to core. */
#ifndef MEDREVIEW_CORE_WAITS_H
#define MEDREVIEW_CORE_WAITS_H

#include "medreview/core/finding.h"

typedef struct mr_waits {
    mr_arena *arena;
    const mr_ruleset *rules;
    struct mr_wait *v;
    size_t n, cap;
} mr_waits;

/* Rule number `rule` waits for the datum. false: out of room. */
bool mr_waits_add(mr_waits *w, size_t rule, const mr_missing *missing);
/* Fills `cannot`. */
bool mr_waits_list(mr_waits *w, mr_assessment *ret);

#endif
