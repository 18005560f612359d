/* The index from drug groups and concepts to rules, so that a rule that cannot fire is not visited: each rule stands in
 * up to three layers, one a thing that it needs (rule_need.c), and is visited when the record has all of them, and when
 * no part about the person (age, sex) that it needs is false. */
#include "rule_index.h"

#include "account.h"
#include "rule_need.h"

#include <string.h>

static void mark(uint64_t *rows, size_t words, size_t row, size_t rule) {
    rows[row * words + rule / 64] |= (uint64_t)1 << (rule % 64);
}

/* ---- what each rule needs ---- */

static void mark_layer(const struct mr_rule_index *x, uint64_t *rows, size_t row, size_t layer, size_t rule) {
    mark(rows, x->words, row * MR_RULE_LAYERS + layer, rule);
}

static void index_layers(const mr_ruleset *r, struct mr_rule_index *x, size_t rule) {
    mr_need v[MR_RULE_LAYERS];
    size_t n = mr_needs_of(r, r->rules[rule].when, v, MR_RULE_LAYERS);
    for (size_t i = 0; i < MR_RULE_LAYERS; i++) {
        if (i >= n) mark_layer(x, x->rows.always, 0, i, rule);
        for (size_t k = 0; i < n && k < v[i].n; k++) {
            uint64_t *rows = v[i].v[k].kind == MR_NEED_TAKEN  ? x->rows.taken
                             : v[i].v[k].kind == MR_NEED_EVER ? x->rows.ever
                                                              : x->rows.concept;
            mark_layer(x, rows, v[i].v[k].number, i, rule);
            if (v[i].v[k].kind == MR_NEED_CONCEPT) mark_layer(x, x->rows.cut, 0, i, rule);
        }
    }
}

static bool about_the_person(const mr_node *n) {
    return n->number && (n->op == MR_OP_SEX || (n->op == MR_OP_COMPARE && n->quantity == MR_Q_AGE));
}

static bool index_gates(const mr_node *n, struct mr_rule_index *x, size_t rule, mr_arena *a) {
    if (n->op == MR_OP_AND) {
        for (size_t i = 0; i < n->n_kids; i++)
            if (!index_gates(n->kids[i], x, rule, a)) return false;
        return true;
    }
    if (!about_the_person(n)) return true;
    size_t g = 0;
    while (g < x->n_gates && x->gates[g].part != n) g++;
    if (g == x->n_gates) {
        mr_rule_gate fresh = {n, MR_NEW_N(a, uint64_t, x->words)};
        if (!fresh.rules || !MR_PUSH(a, x->gates, x->n_gates, x->cap_gates, fresh)) return false;
    }
    mark(x->gates[g].rules, x->words, 0, rule);
    return true;
}

/* ---- what is known without a record ---- */

static bool untold_add(const mr_ruleset *r, struct mr_rule_index *x, size_t rule, const mr_node *n, mr_arena *a) {
    if (n->op == MR_OP_AND || n->op == MR_OP_OR || n->op == MR_OP_NOT || n->op == MR_OP_COUNT) {
        for (size_t i = 0; i < (n->op == MR_OP_NOT ? 1 : n->n_kids); i++)
            if (!untold_add(r, x, rule, n->kids[i], a)) return false;
        return true;
    }
    if (n->concept == MR_NO_NUMBER || n->op == MR_OP_SEX || mr_ruleset_loaded(r, n)) return true;
    mr_account account = {.arena = a};
    mr_sight s = {.rules = r};
    mr_missing_codes(&s, n, &account);
    if (account.full) return false;
    mr_untold one = {(uint32_t)rule, account.missing[0]};
    return MR_PUSH(a, x->untold, x->n_untold, x->cap_untold, one);
}

/* START and the comparators ask whether a life is long enough for prevention. */
static bool held_back_at_the_end(const mr_rule *r) {
    return mr_span_is(r->tool, "START-v3") || mr_span_is(r->tool, "NHS-comparators");
}

static bool index_rule(const mr_ruleset *r, struct mr_rule_index *x, size_t i, mr_arena *a) {
    const mr_rule *rule = &r->rules[i];
    if (rule->state == MR_RULE_DRAFT) mark(x->draft, x->words, 0, i);
    if (rule->children) mark(x->children, x->words, 0, i);
    if (held_back_at_the_end(rule)) mark(x->held, x->words, 0, i);
    index_layers(r, x, i);
    return index_gates(rule->when, x, i, a) && (rule->prompt || untold_add(r, x, i, rule->when, a));
}

static bool index_asker(const mr_ruleset *r, struct mr_rule_index *x, const mr_node *n, mr_arena *a) {
    mr_rule_asker asker = {n, MR_NEW_N(a, uint64_t, x->words)};
    if (!asker.rules) return false;
    for (size_t i = 0; i < r->n_rules; i++)
        if (mr_rule_is_asked(n, &r->rules[i])) mark(asker.rules, x->words, 0, i);
    return MR_PUSH(a, x->askers, x->n_askers, x->cap_askers, asker);
}

static size_t loaded(const mr_ruleset *r) {
    size_t n = 0;
    for (size_t c = 0; c < r->n_concepts; c++) n += r->concept_loaded[c];
    return n;
}

/* ---- building ---- */

static bool rows_new(const mr_ruleset *r, size_t words, mr_rule_rows *ret, mr_arena *a) {
    size_t row = words * MR_RULE_LAYERS;
    *ret = (mr_rule_rows){.always = MR_NEW_N(a, uint64_t, row), .cut = MR_NEW_N(a, uint64_t, row)};
    ret->taken = MR_NEW_N(a, uint64_t, mr_arena_times(r->n_groups + 1, row));
    ret->ever = MR_NEW_N(a, uint64_t, mr_arena_times(r->n_groups + 1, row));
    ret->concept = MR_NEW_N(a, uint64_t, mr_arena_times(r->n_concepts + 1, row));
    return ret->always && ret->cut && ret->taken && ret->ever && ret->concept;
}

static bool build(const mr_ruleset *r, struct mr_rule_index *x, mr_arena *a) {
    x->n_rules = r->n_rules;
    x->n_loaded = loaded(r);
    x->words = r->n_rules / 64 + 1;
    x->frid = mr_ruleset_group(r, MR_SPAN("frid"));
    x->end_of_life = mr_ruleset_concept(r, MR_SPAN("end-of-life"));
    x->palliative = mr_ruleset_concept(r, MR_SPAN("palliative"));
    x->draft = MR_NEW_N(a, uint64_t, x->words);
    x->children = MR_NEW_N(a, uint64_t, x->words);
    x->held = MR_NEW_N(a, uint64_t, x->words);
    bool ok = x->draft && x->children && x->held && rows_new(r, x->words, &x->rows, a);
    for (size_t i = 0; ok && i < r->n_rules; i++) ok = !r->rules[i].when || index_rule(r, x, i, a);
    for (size_t i = 1; ok && i < x->parts.n; i++)
        if (x->parts.v[i]->op == MR_OP_ANY_FINDING) ok = index_asker(r, x, x->parts.v[i], a);
    return ok;
}

mr_rc mr_rules_index(mr_ruleset *r, mr_arena *a, mr_error *err) {
    struct mr_rule_index *x = MR_NEW(a, struct mr_rule_index);
    if (!x) return mr_arena_why(a, err);
    mr_rc rc = mr_parts_share(r, a, &x->parts, err);
    if (rc != MR_OK) return rc;
    if (!build(r, x, a)) return mr_arena_why(a, err);
    r->rule_index = x;
    return MR_OK;
}

const struct mr_rule_index *mr_rule_index_of(const mr_ruleset *r, mr_arena *a) {
    const struct mr_rule_index *x = r->rule_index;
    if (x && x->n_rules == r->n_rules && x->n_loaded == loaded(r)) return x;
    struct mr_rule_index *fresh = MR_NEW(a, struct mr_rule_index);
    if (!fresh) return NULL;
    if (x) fresh->parts = x->parts;
    return build(r, fresh, a) ? fresh : NULL;
}

/* ---- which are near ---- */

static void take_row(uint64_t *restrict to, const uint64_t *restrict rows, size_t words, size_t row) {
    for (size_t i = 0; i < words; i++) to[i] |= rows[row * words + i];
}

static void take_groups(uint64_t *to, const uint64_t *rows, size_t words, const mr_bits *groups) {
    for (unsigned w = 0; w < MR_MAX_GROUPS / 64; w++)
        for (uint64_t left = groups->w[w]; left; left &= left - 1)
            take_row(to, rows, words, w * 64 + (unsigned)__builtin_ctzll(left));
}

static void take_all(const mr_sight *s, const mr_rule_rows *x, size_t row, uint64_t *v) {
    take_row(v, x->always, row, 0);
    take_groups(v, x->taken, row, &s->taken);
    take_groups(v, x->ever, row, &s->ever);
    if (s->record->cut & MR_CUT_CONDITIONS) take_row(v, x->cut, row, 0);
    for (size_t c = 0; c < s->rules->n_concepts; c++)
        if (s->first[c + 1] > s->first[c]) take_row(v, x->concept, row, c);
}

uint64_t *mr_rules_near(const mr_sight *s, const struct mr_rule_index *x) {
    uint64_t *v = MR_NEW_N(s->arena, uint64_t, x->words * MR_RULE_LAYERS);
    if (!v) return NULL;
    take_all(s, &x->rows, x->words * MR_RULE_LAYERS, v);
    for (size_t i = 1; i < MR_RULE_LAYERS; i++)
        for (size_t w = 0; w < x->words; w++) v[w] &= v[i * x->words + w];
    for (size_t g = 0; g < x->n_gates; g++) {
        if (mr_sight_value(s, x->gates[g].part) != MR_FALSE) continue;
        for (size_t w = 0; w < x->words; w++) v[w] &= ~x->gates[g].rules[w];
    }
    return v;
}
