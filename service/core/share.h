/* Parts of conditions that are the same become one; private to core. */
#ifndef MEDREVIEW_CORE_SHARE_H
#define MEDREVIEW_CORE_SHARE_H

#include "medreview/core/ruleset.h"

/* Every distinct part of the rules, by its number; 0 is none. */
typedef struct mr_parts {
    const mr_node **v;
    size_t n;
} mr_parts;

/* Part of mr_ruleset_index. Puts copies in `a` in the place of the conditions of rules and the items of checklists. */
mr_rc mr_parts_share(mr_ruleset *r, mr_arena *a, mr_parts *ret, mr_error *err) MR_MUST_CHECK;

#endif
