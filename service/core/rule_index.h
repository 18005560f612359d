/* Which rules can be true of a record at all, and what is known of all rules before any record comes; private to core.
 */
#ifndef MEDREVIEW_CORE_RULE_INDEX_H
#define MEDREVIEW_CORE_RULE_INDEX_H

#include "share.h"
#include "sight.h"

/* A rule names a concept without codes: what is told in every review in which it runs. */
typedef struct mr_untold {
    uint32_t rule;
    mr_missing missing;
} mr_untold;

/* Rows of bits, one a rule; a row holds one run of words for each layer, and a layer stands for one thing that each
 * rule needs: the rule's bit is in the rows of what it needs there, or in `always`. */
typedef struct mr_rule_rows {
    uint64_t *always, *cut; /* one row each; cut: what needs a concept */
    uint64_t *taken, *ever; /* by group */
    uint64_t *concept;      /* by concept */
} mr_rule_rows;
typedef struct mr_rule_gate { /* a part about the person that has to hold: age, sex */
    const mr_node *part;
    uint64_t *rules;
} mr_rule_gate;
typedef struct mr_rule_asker { /* an ANY_FINDING part, and the rules that it asks */
    const mr_node *part;
    uint64_t *rules;
} mr_rule_asker;

enum { MR_RULE_LAYERS = 3 };
struct mr_rule_index {
    size_t n_rules, n_loaded, words;
    mr_parts parts;
    mr_rule_rows rows;
    mr_rule_gate *gates;
    size_t n_gates, cap_gates;
    mr_rule_asker *askers;
    size_t n_askers, cap_askers;
    uint64_t *draft, *children, *held; /* held: not at the end of a life */
    mr_untold *untold;                 /* by rule */
    size_t n_untold, cap_untold;
    uint16_t frid, end_of_life, palliative; /* a group, concepts; MR_NO_NUMBER when there is none */
};

/* Part of mr_ruleset_index: built of the conditions (`when`) as they are then. */
mr_rc mr_rules_index(mr_ruleset *r, mr_arena *a, mr_error *err) MR_MUST_CHECK;
/* The index of the ruleset; where it has none, or one of other rules or of concepts that have got codes since, one that
 * is made now. NULL: out of room. */
const struct mr_rule_index *mr_rule_index_of(const mr_ruleset *r, mr_arena *a);

/* Bit i: rule i may be true, possible, or wait for a datum. All of the others are false, or unknown for nothing but an
 * unrecognised medicine that would not make them true. NULL: out of room. */
uint64_t *mr_rules_near(const mr_sight *s, const struct mr_rule_index *x);

static inline bool mr_rule_bit(const uint64_t *bits, size_t rule) {
    return bits[rule / 64] >> (rule % 64) & 1;
}

#endif
