/* Of each condition, what has to be in the record for it to be anything but false: one of several drug groups
 * ("taking(nsaid-oral) and ..."), or one of several concepts. What is only asked under "not", or may be unknown when it
 * is not there (a result, an age), asks for nothing. */
#include "rule_need.h"

#include <string.h>

enum { MOST_DEPTH = 80 };

static void add(mr_need *x, mr_need_kind kind, uint16_t number) {
    if (number >= MR_ANY_GROUP || x->n == MR_NEED_MOST) x->any = true;
    if (x->any) return;
    x->v[x->n].kind = kind;
    x->v[x->n++].number = number;
}

static void join(mr_need *x, const mr_need *more) {
    x->any = x->any || more->any;
    for (size_t i = 0; i < more->n; i++) add(x, more->v[i].kind, more->v[i].number);
}

static void set_needed(const mr_set *set, uint16_t group, mr_need_kind kind, mr_need *x) {
    if (!set) add(x, kind, group);
    for (size_t i = 0; set && i < set->n_terms; i++) add(x, kind, set->terms[i].group);
}

bool mr_wants_some(const mr_node *n) {
    if (n->compare == MR_GREATER) return n->value >= 0;
    return (n->compare == MR_GREATER_EQUAL || n->compare == MR_EQUAL) && n->value > 0;
}

static void number_needs(const mr_ruleset *r, const mr_node *n, mr_need *x) {
    bool window = n->window.has_earliest || n->window.has_latest;
    x->any = !mr_wants_some(n);
    switch (n->quantity) {
    case MR_Q_SUBSTANCES: set_needed(n->set, n->group, window ? MR_NEED_EVER : MR_NEED_TAKEN, x); break;
    case MR_Q_ISSUES: set_needed(n->set, n->group, MR_NEED_EVER, x); break;
    case MR_Q_SAME_SUBSTANCE:
    case MR_Q_DOSE:
    case MR_Q_FREQUENCY: set_needed(n->set, n->group, MR_NEED_TAKEN, x); break;
    case MR_Q_EQUIVALENT: set_needed(r->equivalents[n->equivalent].of, MR_NO_NUMBER, MR_NEED_TAKEN, x); break;
    case MR_Q_EQUIVALENT_MEAN: set_needed(r->equivalents[n->equivalent].of, MR_NO_NUMBER, MR_NEED_EVER, x); break;
    default: x->any = true; break;
    }
}

static void part_needs(const mr_ruleset *r, const mr_node *n, mr_need *x) {
    bool window = n->window.has_earliest || n->window.has_latest;
    switch (n->op) {
    case MR_OP_TAKING:
    case MR_OP_COPRESCRIBED: set_needed(n->set, n->group, window ? MR_NEED_EVER : MR_NEED_TAKEN, x); break;
    case MR_OP_STARTED_BEFORE: set_needed(n->set, n->group, MR_NEED_EVER, x); break;
    case MR_OP_LONG:
    case MR_OP_STARTED: set_needed(n->set, n->group, MR_NEED_TAKEN, x); break;
    case MR_OP_CASCADE: set_needed(n->set2, n->group2, MR_NEED_TAKEN, x); break;
    case MR_OP_HAS:
        if (mr_ruleset_loaded(r, n))
            add(x, MR_NEED_CONCEPT, n->concept);
        else
            x->any = true;
        break;
    case MR_OP_COMPARE: number_needs(r, n, x); break;
    default: x->any = true; break;
    }
}

static bool better(const mr_need *x, const mr_need *best) {
    if (x->any != best->any) return best->any;
    return x->n < best->n;
}

static void needs(const mr_ruleset *r, const mr_node *n, unsigned depth, mr_need *ret) {
    memset(ret, 0, sizeof *ret);
    bool count = n->op == MR_OP_COUNT && mr_wants_some(n);
    if (depth > MOST_DEPTH || n->op == MR_OP_NOT || (n->op == MR_OP_COUNT && !count)) {
        ret->any = true;
        return;
    }
    if (n->op != MR_OP_AND && n->op != MR_OP_OR && !count) {
        part_needs(r, n, ret);
        return;
    }
    ret->any = n->op == MR_OP_AND; /* until a kid needs something */
    for (size_t i = 0; i < n->n_kids; i++) {
        mr_need kid;
        needs(r, n->kids[i], depth + 1, &kid);
        if (n->op == MR_OP_AND ? better(&kid, ret) : false) *ret = kid;
        if (n->op != MR_OP_AND) join(ret, &kid);
    }
}

/* Keeps the best, best first. */
static void keep(const mr_need *x, mr_need *v, size_t *n, size_t most) {
    size_t at = *n;
    if (x->any) return;
    while (at && better(x, &v[at - 1])) at--;
    if (at == most) return;
    if (*n < most) (*n)++;
    memmove(&v[at + 1], &v[at], (*n - 1 - at) * sizeof *v);
    v[at] = *x;
}

static void collect(const mr_ruleset *r, const mr_node *n, unsigned depth, mr_need *ret, size_t *ret_n, size_t most) {
    if (n->op == MR_OP_AND && depth < MOST_DEPTH) {
        for (size_t i = 0; i < n->n_kids; i++) collect(r, n->kids[i], depth + 1, ret, ret_n, most);
        return;
    }
    mr_need x;
    needs(r, n, depth, &x);
    keep(&x, ret, ret_n, most);
}

size_t mr_needs_of(const mr_ruleset *r, const mr_node *when, mr_need *ret, size_t most) {
    size_t n = 0;
    collect(r, when, 0, ret, &n, most);
    return n;
}
