/* The index of drug groups by substance; private to core. */
#ifndef MEDREVIEW_CORE_GROUPS_H
#define MEDREVIEW_CORE_GROUPS_H

#include "medreview/core/ruleset.h"

/* Part of mr_ruleset_index. */
mr_rc mr_groups_index(mr_ruleset *r, mr_arena *a, mr_error *err) MR_MUST_CHECK;

#endif
