/* What a rule stands on, in names and words: for whoever shows a rule or hands it on. */
#ifndef MEDREVIEW_CORE_NAMED_H
#define MEDREVIEW_CORE_NAMED_H

#include "medreview/base/buf.h"
#include "medreview/core/ruleset.h"

/* A byte for each number of the ruleset, in the ruleset's order; 1: named. */
typedef struct mr_named {
    uint8_t *groups, *concepts, *scales, *equivalents;
} mr_named;
/* Of `when` and `indicator`, under `not` too. MR_NOMEM, MR_LIMIT: the arena is out of room. */
mr_rc mr_rule_named(const mr_ruleset *rules, const mr_rule *rule, mr_arena *a, mr_named *ret,
                    mr_error *err) MR_MUST_CHECK;

/* What a group asks of a product beside its substance, as packs write it: "routes oral; release modified; strength from
 * 60 mg". Nothing when whatever acts in the whole body counts. `terms` may be NULL. */
void mr_group_terms_text(uint32_t routes, const mr_group_terms *terms, mr_buf *out);

#endif
