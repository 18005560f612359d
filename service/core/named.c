/* Walks the conditions of a rule for the names in them. */
#include "medreview/core/named.h"

typedef struct collector {
    const mr_ruleset *rules;
    mr_named named;
} collector;

static void mark(uint8_t *v, size_t n, size_t number) {
    if (number < n) v[number] = 1;
}

static void collect(const collector *c, const mr_node *n) {
    if (!n) return;
    const mr_ruleset *r = c->rules;
    mark(c->named.groups, r->n_groups, n->group);
    mark(c->named.groups, r->n_groups, n->group2);
    mark(c->named.concepts, r->n_concepts, n->concept);
    mark(c->named.scales, r->n_scales, n->scale);
    for (size_t i = 0; i < n->n_kids; i++) collect(c, n->kids[i]);
}

mr_rc mr_rule_named(const mr_ruleset *rules, const mr_rule *rule, mr_arena *a, mr_named *ret, mr_error *err) {
    collector c = {.rules = rules,
                   .named = {MR_NEW_N(a, uint8_t, rules->n_groups + 1), MR_NEW_N(a, uint8_t, rules->n_concepts + 1),
                             MR_NEW_N(a, uint8_t, rules->n_scales + 1)}};
    if (!c.named.groups || !c.named.concepts || !c.named.scales) return mr_arena_why(a, err);
    collect(&c, rule->when);
    collect(&c, rule->indicator);
    *ret = c.named;
    return MR_OK;
}
