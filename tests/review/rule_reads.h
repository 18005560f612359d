/* What a condition reads as an absence, and whether it counts medicines of any kind: worked out of its tree, so that
 * properties can be stated of all rules at once. */
#ifndef TESTS_REVIEW_RULE_READS_H
#define TESTS_REVIEW_RULE_READS_H

#include "medreview/core/finding.h"

/* Truer with more, truer with less, or either. */
typedef enum mr_sense { SENSE_MORE = 1, SENSE_LESS = 2, SENSE_EITHER = 3 } mr_sense;

static inline mr_sense sense_turned(mr_sense s) {
    return s == SENSE_EITHER ? s : s == SENSE_MORE ? SENSE_LESS : SENSE_MORE;
}

static inline bool set_meets(const mr_set *set, uint16_t group, const mr_bits *groups) {
    if (!set) return group == MR_ANY_GROUP || (group < MR_MAX_GROUPS && mr_bits_has(groups, group));
    for (size_t i = 0; i < set->n_terms; i++)
        if (set->terms[i].group == MR_ANY_GROUP || mr_bits_has(groups, set->terms[i].group)) return true;
    return false;
}

/* In which sense a part follows the medicines it asks for; of a number, as its comparison says. */
static inline mr_sense part_sense(const mr_node *n) {
    switch (n->op) {
    case MR_OP_STARTED: /* none of the set before */
    case MR_OP_CASCADE:
    case MR_OP_TESTED_SINCE:
    case MR_OP_ANY_FINDING: return SENSE_EITHER;
    case MR_OP_COMPARE:
    case MR_OP_COUNT: break;
    default: return SENSE_MORE;
    }
    bool turns = n->op == MR_OP_COMPARE && (n->quantity == MR_Q_SCORE_RISE || n->quantity == MR_Q_RISE ||
                                            n->quantity == MR_Q_FALL || n->quantity == MR_Q_FREQUENCY);
    if (turns || n->compare == MR_EQUAL) return SENSE_EITHER;
    return n->compare == MR_LESS || n->compare == MR_LESS_EQUAL ? SENSE_LESS : SENSE_MORE;
}

/* Does the part follow medicines without naming a set? */
static inline bool reads_all(const mr_node *n) {
    if (n->op == MR_OP_ANY_FINDING) return true;
    if (n->op != MR_OP_COMPARE) return false;
    switch (n->quantity) {
    case MR_Q_SCORE:
    case MR_Q_SCORE_ONE:
    case MR_Q_SCORE_RISE:
    case MR_Q_SCALE_DIFFERENCE:
    case MR_Q_MEDICINES:
    case MR_Q_EQUIVALENT:
    case MR_Q_EQUIVALENT_MEAN: return true;
    default: return false;
    }
}

static inline bool node_reads_absence(const mr_node *n, mr_sense sense, const mr_bits *groups) {
    if (n->op == MR_OP_NOT) return node_reads_absence(n->kids[0], sense_turned(sense), groups);
    if (n->op == MR_OP_COUNT && part_sense(n) != SENSE_MORE)
        sense = part_sense(n) == SENSE_EITHER ? SENSE_EITHER : sense_turned(sense);
    if (n->op == MR_OP_AND || n->op == MR_OP_OR || n->op == MR_OP_COUNT) {
        for (size_t i = 0; i < n->n_kids; i++)
            if (node_reads_absence(n->kids[i], sense, groups)) return true;
        return false;
    }
    mr_sense part = part_sense(n);
    if (part != SENSE_MORE) sense = part == SENSE_EITHER ? SENSE_EITHER : sense_turned(sense);
    if (!(sense & SENSE_LESS)) return false;
    return reads_all(n) || set_meets(n->set, n->group, groups) ||
           ((n->set2 || n->group2 != MR_NO_NUMBER) && set_meets(n->set2, n->group2, groups));
}

/* Could the rule become truer when a medicine of these groups is taken away? */
static inline bool mr_rule_reads_absence(const mr_rule *r, const mr_bits *groups) {
    return node_reads_absence(r->when, SENSE_MORE, groups);
}

static inline bool set_is_any(const mr_set *set, uint16_t group) {
    if (!set) return group == MR_ANY_GROUP;
    for (size_t i = 0; i < set->n_terms; i++)
        if (set->terms[i].group == MR_ANY_GROUP) return true;
    return false;
}

static inline bool node_counts_any(const mr_node *n) {
    bool leaf = n->op != MR_OP_AND && n->op != MR_OP_OR && n->op != MR_OP_NOT && n->op != MR_OP_COUNT;
    if (leaf)
        return n->op == MR_OP_ANY_FINDING || (n->op == MR_OP_COMPARE && n->quantity == MR_Q_MEDICINES) ||
               set_is_any(n->set, n->group) || set_is_any(n->set2, n->group2);
    for (size_t i = 0; i < (n->op == MR_OP_NOT ? 1 : n->n_kids); i++)
        if (node_counts_any(n->kids[i])) return true;
    return false;
}

/* Does the rule follow medicines whatever they are: how many, or any? */
static inline bool mr_rule_counts_any(const mr_rule *r) {
    return node_counts_any(r->when) || r->identity.form == MR_ID_ANY;
}

#endif
