/* The index from drug groups and concepts to rules, so that a rule that cannot fire is not visited.
 *
 * Of each condition it takes something that must be in the record for the condition to be anything but false: one of
 * several drug groups ("taking(nsaid-oral) and ..."), or one of several concepts. What is only asked under "not", or
 * may be unknown when it is not there (a result, an age), asks for nothing: a rule of such parts alone is always
 * visited. */
#include "rule_index.h"

#include <string.h>

typedef enum need_kind { NEED_TAKEN, NEED_EVER, NEED_CONCEPT } need_kind;

enum { MOST_NEEDS = 48, MOST_DEPTH = 80 };
typedef struct need {
    bool any; /* nothing in particular is needed */
    size_t n;
    struct {
        need_kind kind;
        uint16_t number;
    } v[MOST_NEEDS];
} need;

struct mr_rule_index {
    size_t n_rules, n_loaded, words;
    uint64_t *always, *unloaded, *concepts_all;
    uint64_t *taken, *ever; /* by group: a row of words each */
    uint64_t *concept;      /* by concept */
};

static void add(need *x, need_kind kind, uint16_t number) {
    if (number >= MR_ANY_GROUP || x->n == MOST_NEEDS) x->any = true;
    if (x->any) return;
    x->v[x->n].kind = kind;
    x->v[x->n++].number = number;
}

static void join(need *x, const need *more) {
    x->any = x->any || more->any;
    for (size_t i = 0; i < more->n; i++) add(x, more->v[i].kind, more->v[i].number);
}

static void set_needed(const mr_set *set, uint16_t group, need_kind kind, need *x) {
    if (!set) add(x, kind, group);
    for (size_t i = 0; set && i < set->n_terms; i++) add(x, kind, set->terms[i].group);
}

/* True for large numbers only, so nothing is not enough. */
static bool wants_some(const mr_node *n) {
    if (n->compare == MR_GREATER) return n->value >= 0;
    return (n->compare == MR_GREATER_EQUAL || n->compare == MR_EQUAL) && n->value > 0;
}

static void number_needs(const mr_ruleset *r, const mr_node *n, need *x) {
    bool window = n->window.has_earliest || n->window.has_latest;
    x->any = !wants_some(n);
    switch (n->quantity) {
    case MR_Q_SUBSTANCES: set_needed(n->set, n->group, window ? NEED_EVER : NEED_TAKEN, x); break;
    case MR_Q_ISSUES: set_needed(n->set, n->group, NEED_EVER, x); break;
    case MR_Q_SAME_SUBSTANCE:
    case MR_Q_DOSE:
    case MR_Q_FREQUENCY: set_needed(n->set, n->group, NEED_TAKEN, x); break;
    case MR_Q_EQUIVALENT: set_needed(r->equivalents[n->equivalent].of, MR_NO_NUMBER, NEED_TAKEN, x); break;
    case MR_Q_EQUIVALENT_MEAN: set_needed(r->equivalents[n->equivalent].of, MR_NO_NUMBER, NEED_EVER, x); break;
    default: x->any = true; break;
    }
}

static void part_needs(const mr_ruleset *r, const mr_node *n, need *x) {
    bool window = n->window.has_earliest || n->window.has_latest;
    switch (n->op) {
    case MR_OP_TAKING:
    case MR_OP_COPRESCRIBED: set_needed(n->set, n->group, window ? NEED_EVER : NEED_TAKEN, x); break;
    case MR_OP_STARTED_BEFORE: set_needed(n->set, n->group, NEED_EVER, x); break;
    case MR_OP_LONG:
    case MR_OP_STARTED: set_needed(n->set, n->group, NEED_TAKEN, x); break;
    case MR_OP_CASCADE: set_needed(n->set2, n->group2, NEED_TAKEN, x); break;
    case MR_OP_HAS:
        if (mr_ruleset_loaded(r, n))
            add(x, NEED_CONCEPT, n->concept);
        else
            x->any = true;
        break;
    case MR_OP_COMPARE: number_needs(r, n, x); break;
    default: x->any = true; break;
    }
}

static bool better(const need *x, const need *best) {
    if (x->any != best->any) return best->any;
    bool medicine = x->n && x->v[0].kind != NEED_CONCEPT, old = best->n && best->v[0].kind != NEED_CONCEPT;
    return medicine != old ? medicine : x->n < best->n;
}

static void needs(const mr_ruleset *r, const mr_node *n, unsigned depth, need *ret) {
    memset(ret, 0, sizeof *ret);
    bool count = n->op == MR_OP_COUNT && wants_some(n);
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
        need kid;
        needs(r, n->kids[i], depth + 1, &kid);
        if (n->op == MR_OP_AND ? better(&kid, ret) : false) *ret = kid;
        if (n->op != MR_OP_AND) join(ret, &kid);
    }
}

static bool names_unloaded(const mr_ruleset *r, const mr_node *n) {
    bool leaf = n->op != MR_OP_AND && n->op != MR_OP_OR && n->op != MR_OP_NOT && n->op != MR_OP_COUNT;
    if (leaf && n->concept < r->n_concepts && !mr_ruleset_loaded(r, n)) return true;
    for (size_t i = 0; !leaf && i < (n->op == MR_OP_NOT ? 1 : n->n_kids); i++)
        if (names_unloaded(r, n->kids[i])) return true;
    return false;
}

static void mark(uint64_t *rows, size_t words, size_t row, size_t rule) {
    rows[row * words + rule / 64] |= (uint64_t)1 << (rule % 64);
}

static void index_rule(const mr_ruleset *r, struct mr_rule_index *x, size_t i) {
    need n;
    if (names_unloaded(r, r->rules[i].when)) mark(x->unloaded, x->words, 0, i);
    needs(r, r->rules[i].when, 0, &n);
    if (n.any) mark(x->always, x->words, 0, i);
    for (size_t k = 0; !n.any && k < n.n; k++) {
        uint64_t *rows = n.v[k].kind == NEED_TAKEN ? x->taken : n.v[k].kind == NEED_EVER ? x->ever : x->concept;
        mark(rows, x->words, n.v[k].number, i);
        if (n.v[k].kind == NEED_CONCEPT) mark(x->concepts_all, x->words, 0, i);
    }
}

static size_t loaded(const mr_ruleset *r) {
    size_t n = 0;
    for (size_t c = 0; c < r->n_concepts; c++) n += r->concept_loaded[c];
    return n;
}

mr_rc mr_rules_index(mr_ruleset *r, mr_arena *a, mr_error *err) {
    struct mr_rule_index *x = MR_NEW(a, struct mr_rule_index);
    if (!x) return mr_arena_why(a, err);
    x->n_rules = r->n_rules;
    x->n_loaded = loaded(r);
    x->words = r->n_rules / 64 + 1;
    x->always = MR_NEW_N(a, uint64_t, x->words);
    x->unloaded = MR_NEW_N(a, uint64_t, x->words);
    x->concepts_all = MR_NEW_N(a, uint64_t, x->words);
    x->taken = MR_NEW_N(a, uint64_t, x->words * (r->n_groups + 1));
    x->ever = MR_NEW_N(a, uint64_t, x->words * (r->n_groups + 1));
    x->concept = MR_NEW_N(a, uint64_t, x->words * (r->n_concepts + 1));
    if (!x->always || !x->unloaded || !x->concepts_all || !x->taken || !x->ever || !x->concept)
        return mr_arena_why(a, err);
    for (size_t i = 0; i < r->n_rules; i++)
        if (r->rules[i].when) index_rule(r, x, i);
    r->rule_index = x;
    return MR_OK;
}

/* An index of other rules, or of concepts that have got codes since, says nothing. */
static bool usable(const mr_ruleset *r) {
    return r->rule_index && r->rule_index->n_rules == r->n_rules && r->rule_index->n_loaded == loaded(r);
}

bool mr_rule_unloaded(const mr_ruleset *r, size_t rule) {
    return r->rule_index->unloaded[rule / 64] >> (rule % 64) & 1;
}

static void take_row(uint64_t *to, const uint64_t *rows, size_t words, size_t row) {
    for (size_t i = 0; i < words; i++) to[i] |= rows[row * words + i];
}

static void take_groups(uint64_t *to, const uint64_t *rows, size_t words, const mr_bits *groups) {
    for (unsigned w = 0; w < MR_MAX_GROUPS / 64; w++)
        for (uint64_t left = groups->w[w]; left; left &= left - 1)
            take_row(to, rows, words, w * 64 + (unsigned)__builtin_ctzll(left));
}

bool mr_rules_near(const mr_sight *s, const uint64_t **ret) {
    const struct mr_rule_index *x = s->rules->rule_index;
    *ret = NULL;
    if (!usable(s->rules)) return true;
    uint64_t *v = MR_NEW_N(s->arena, uint64_t, x->words);
    if (!v) return false;
    take_row(v, x->always, x->words, 0);
    take_groups(v, x->taken, x->words, &s->taken);
    take_groups(v, x->ever, x->words, &s->ever);
    if (s->record->cut & MR_CUT_CONDITIONS) take_row(v, x->concepts_all, x->words, 0);
    for (size_t c = 0; c < s->rules->n_concepts; c++)
        if (s->first[c + 1] > s->first[c]) take_row(v, x->concept, x->words, c);
    *ret = v;
    return true;
}
