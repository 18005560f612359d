/* Which rules can be true of a record at all, by the drug groups and concepts in it; private to core. */
#ifndef MEDREVIEW_CORE_RULE_INDEX_H
#define MEDREVIEW_CORE_RULE_INDEX_H

#include "sight.h"

/* Part of mr_ruleset_index: built of the conditions (`when`) as they are then. */
mr_rc mr_rules_index(mr_ruleset *r, mr_arena *a, mr_error *err) MR_MUST_CHECK;

/* Bit i: rule i may be true, possible, or wait for a datum. All of the others are false, or unknown for nothing but an
 * unrecognised medicine that would not make them true. NULL: there is no index, so each may. false: no room. */
bool mr_rules_near(const mr_sight *s, const uint64_t **ret);
/* Does rule i ask for a concept without codes? Only where mr_rules_near gave an index. */
bool mr_rule_unloaded(const mr_ruleset *r, size_t rule);

#endif
