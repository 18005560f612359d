/* Walks the conditions of a rule for the names in them. */
#include "medreview/core/named.h"

typedef struct collector {
    const mr_ruleset *rules;
    mr_named named;
} collector;

static void mark(uint8_t *v, size_t n, size_t number) {
    if (number < n) v[number] = 1;
}

static void collect_set(const collector *c, const mr_set *set) {
    for (size_t i = 0; set && i < set->n_terms; i++) {
        const mr_set_term *t = &set->terms[i];
        mark(c->named.groups, c->rules->n_groups, t->group);
        for (size_t e = 0; e < t->n_except_groups; e++) mark(c->named.groups, c->rules->n_groups, t->except_groups[e]);
    }
}

/* Numbers that a part does not use are zero in some of its members, so only what its kind uses is read. */
static void collect_numbers(const collector *c, const mr_node *n) {
    const mr_ruleset *r = c->rules;
    bool compares = n->op == MR_OP_COMPARE;
    if (compares && (n->quantity == MR_Q_CLEARANCE || n->per_kg)) mark(c->named.concepts, r->n_concepts, n->concept2);
    for (size_t i = 0; i < n->n_scales; i++) mark(c->named.scales, r->n_scales, n->scales[i]);
    if (!compares || (n->quantity != MR_Q_EQUIVALENT && n->quantity != MR_Q_EQUIVALENT_MEAN)) return;
    mark(c->named.equivalents, r->n_equivalents, n->equivalent);
    if (n->equivalent < r->n_equivalents) collect_set(c, r->equivalents[n->equivalent].of);
}

static void collect(const collector *c, const mr_node *n) {
    if (!n) return;
    const mr_ruleset *r = c->rules;
    mark(c->named.groups, r->n_groups, n->group);
    mark(c->named.groups, r->n_groups, n->group2);
    mark(c->named.concepts, r->n_concepts, n->concept);
    mark(c->named.scales, r->n_scales, n->scale);
    collect_set(c, n->set);
    collect_set(c, n->set2);
    collect_numbers(c, n);
    for (size_t i = 0; i < n->n_kids; i++) collect(c, n->kids[i]);
}

mr_rc mr_rule_named(const mr_ruleset *rules, const mr_rule *rule, mr_arena *a, mr_named *ret, mr_error *err) {
    collector c = {.rules = rules,
                   .named = {MR_NEW_N(a, uint8_t, rules->n_groups + 1), MR_NEW_N(a, uint8_t, rules->n_concepts + 1),
                             MR_NEW_N(a, uint8_t, rules->n_scales + 1),
                             MR_NEW_N(a, uint8_t, rules->n_equivalents + 1)}};
    if (!c.named.groups || !c.named.concepts || !c.named.scales || !c.named.equivalents) return mr_arena_why(a, err);
    collect(&c, rule->when);
    collect(&c, rule->indicator);
    *ret = c.named;
    return MR_OK;
}
