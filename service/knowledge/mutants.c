/* How well the examples of a rule hold it: every mutant of its condition against its own examples, and which kinds of
 * example it has. */
#include "mutate.h"

#include "medreview/knowledge/knowledge.h"

#include <stdio.h>

enum { RULE_BYTES = 256u << 20, MUTANT_BYTES = 256u << 20, MOST_DATA = 64 };

/* One example of a rule, ready to run. */
typedef struct ready {
    const mr_example *example;
    mr_record record;
} ready;

typedef struct trial {
    const mr_ruleset *rules;
    const mr_rule *rule;
    ready *examples;
    size_t n_examples;
    mr_arena *arena;
    mr_rule_cover *cover;
    mr_buf *survivors;
} trial;

static mr_rc examples_ready(trial *t, mr_error *err) {
    t->examples = MR_NEW_N(t->arena, ready, t->rule->n_examples);
    if (!t->examples) return mr_arena_why(t->arena, err);
    for (size_t i = 0; i < t->rule->n_examples; i++) {
        ready *x = &t->examples[t->n_examples++];
        x->example = &t->rule->examples[i];
        mr_rc rc = mr_record_build(t->rules, x->example->record, x->example->as_of, t->arena, &x->record, err);
        if (rc != MR_OK) return rc;
    }
    return MR_OK;
}

/* Does an example of that form come out otherwise than it says? */
static mr_rc is_killed(trial *t, const mr_node *tree, bool indicator, mr_arena *a, bool *ret, mr_error *err) {
    *ret = false;
    for (size_t i = 0; i < t->n_examples && !*ret; i++) {
        const mr_example *e = t->examples[i].example;
        if ((e->indicator && t->rule->indicator) != indicator) continue;
        mr_evaluation got;
        mr_rc rc = mr_program_run(t->rules, tree, &t->examples[i].record, e->as_of, false, a, &got, err);
        if (rc != MR_OK) return rc;
        *ret = got.value != e->expect || (got.value == MR_UNKNOWN && got.possible != e->possible);
    }
    return MR_OK;
}

static void count(trial *t, const mr_mutant *m, bool killed, const char *form) {
    mr_rule_cover *c = t->cover;
    c->mutants++;
    c->killed += killed;
    c->boundaries += m->kind == MR_CHANGE_BOUNDARY;
    c->boundaries_held += m->kind == MR_CHANGE_BOUNDARY && killed;
    c->exclusions += m->kind == MR_CHANGE_EXCLUSION;
    c->exclusions_held += m->kind == MR_CHANGE_EXCLUSION && killed;
    if (!killed && t->survivors)
        mr_buf_printf(t->survivors, "%.*s:%u: rule %.*s: no example notices in \"%s\": %.*s\n",
                      MR_SPAN_ARG(t->rule->file), t->rule->line, MR_SPAN_ARG(t->rule->id), form,
                      MR_SPAN_ARG(m->change));
}

static mr_rc try_all(trial *t, const mr_node *tree, bool indicator, mr_error *err) {
    for (size_t i = 0;; i++) {
        mr_arena *a = mr_arena_new(MUTANT_BYTES);
        if (!a) return mr_fail(err, MR_NOMEM, "out of memory");
        mr_mutant m;
        bool killed = false;
        mr_rc rc = mr_mutant_make(tree, i, a, &m) ? MR_OK : mr_arena_why(a, err);
        if (rc == MR_OK && m.tree) rc = is_killed(t, m.tree, indicator, a, &killed, err);
        if (rc == MR_OK && m.tree) count(t, &m, killed, indicator ? "indicator" : "when");
        bool more = rc == MR_OK && m.tree;
        mr_arena_free(a);
        if (!more) return rc;
    }
}

/* ---- unknown for each datum ---- */

/* What a record can lack, by its name: two ages are one datum. */
static mr_span datum_of(const mr_node *n) {
    bool result = n->op == MR_OP_COMPARE && n->concept != MR_NO_NUMBER;
    if (n->op == MR_OP_SEX) return MR_SPAN("sex");
    if (n->op == MR_OP_COMPARE && n->quantity == MR_Q_AGE) return MR_SPAN("age");
    if (n->op == MR_OP_LONG || n->op == MR_OP_STARTED || n->op == MR_OP_CASCADE || n->op == MR_OP_TAKEN_FOR)
        return n->text;
    if (result || n->op == MR_OP_MARKED) return n->text;
    if (n->op == MR_OP_COMPARE && (n->quantity == MR_Q_DOSE || n->quantity == MR_Q_FREQUENCY)) return n->text;
    return MR_SPAN_NONE;
}

typedef struct datum {
    mr_span name;
    const mr_node *node; /* the first that asks for it */
    bool seen;
} datum;

static void data_collect(const mr_node *n, datum *v, size_t *count_of) {
    mr_span name = datum_of(n);
    bool known = !name.ptr || n->n_kids;
    for (size_t i = 0; i < *count_of && !known; i++) {
        bool same_test = n->op == MR_OP_COMPARE && v[i].node->op == MR_OP_COMPARE &&
                         n->quantity == v[i].node->quantity && n->concept != MR_NO_NUMBER &&
                         n->concept == v[i].node->concept;
        known = same_test || mr_span_eq(v[i].name, name);
    }
    if (!known && *count_of < MOST_DATA) v[(*count_of)++] = (datum){name, n, false};
    for (size_t i = 0; i < n->n_kids; i++) data_collect(n->kids[i], v, count_of);
}

static bool asks_for(const mr_node *n, const datum *d, mr_span part) {
    if (mr_span_eq(n->text, part) && !n->n_kids) {
        mr_span name = datum_of(n);
        bool same_test = n->op == MR_OP_COMPARE && d->node->op == MR_OP_COMPARE && n->quantity == d->node->quantity &&
                         n->concept == d->node->concept && n->concept != MR_NO_NUMBER;
        if (name.ptr && (same_test || mr_span_eq(name, d->name))) return true;
    }
    for (size_t i = 0; i < n->n_kids; i++)
        if (asks_for(n->kids[i], d, part)) return true;
    return false;
}

static mr_rc data_seen(trial *t, datum *v, size_t n, mr_error *err) {
    for (size_t i = 0; i < t->n_examples; i++) {
        const mr_example *e = t->examples[i].example;
        mr_evaluation got;
        if (e->expect != MR_UNKNOWN || e->possible || e->indicator) continue;
        mr_rc rc = mr_program_run(t->rules, t->rule->when, &t->examples[i].record, e->as_of, true, t->arena, &got, err);
        if (rc != MR_OK) return rc;
        for (size_t p = 0; p < got.n_parts; p++)
            for (size_t d = 0; got.parts[p].value == MR_UNKNOWN && d < n; d++)
                v[d].seen = v[d].seen || asks_for(t->rule->when, &v[d], got.parts[p].text);
    }
    return MR_OK;
}

static mr_rc cover_data(trial *t, mr_error *err) {
    datum v[MOST_DATA];
    size_t n = 0;
    data_collect(t->rule->when, v, &n);
    mr_rc rc = data_seen(t, v, n, err);
    for (size_t i = 0; rc == MR_OK && i < n; i++) {
        t->cover->data++;
        t->cover->data_held += v[i].seen;
        if (!v[i].seen && t->survivors)
            mr_buf_printf(t->survivors, "%.*s:%u: rule %.*s: no example in which it waits for: %.*s\n",
                          MR_SPAN_ARG(t->rule->file), t->rule->line, MR_SPAN_ARG(t->rule->id), MR_SPAN_ARG(v[i].name));
    }
    return rc;
}

static void cover_kinds(const mr_rule *rule, mr_rule_cover *c) {
    for (size_t i = 0; i < rule->n_examples; i++) {
        const mr_example *e = &rule->examples[i];
        c->fires += e->expect == MR_TRUE;
        c->silent += e->expect == MR_FALSE;
        c->possible += e->expect == MR_UNKNOWN && e->possible;
        c->unknown += e->expect == MR_UNKNOWN && !e->possible;
    }
}

/* ---- public ---- */

mr_rc mr_rule_covered(const mr_ruleset *rules, const mr_rule *rule, mr_buf *survivors, mr_rule_cover *ret,
                      mr_error *err) {
    mr_rule_cover cover = {0};
    trial t = {.rules = rules, .rule = rule, .cover = &cover, .survivors = survivors};
    t.arena = mr_arena_new(RULE_BYTES);
    mr_rc rc = t.arena ? examples_ready(&t, err) : mr_fail(err, MR_NOMEM, "out of memory");
    cover_kinds(rule, &cover);
    if (rc == MR_OK) rc = cover_data(&t, err);
    if (rc == MR_OK) rc = try_all(&t, rule->when, false, err);
    if (rc == MR_OK && rule->indicator) rc = try_all(&t, rule->indicator, true, err);
    mr_arena_free(t.arena);
    if (rc == MR_OK) *ret = cover;
    return rc;
}

mr_rc mr_knowledge_mutants(const mr_knowledge *k, mr_buf *survivors, mr_rule_cover *ret, mr_error *err) {
    const mr_ruleset *rules = mr_knowledge_rules(k);
    mr_rule_cover sum = {0};
    for (size_t i = 0; i < rules->n_rules; i++) {
        mr_rule_cover c;
        mr_rc rc = mr_rule_covered(rules, &rules->rules[i], survivors, &c, err);
        if (rc != MR_OK) return mr_wrap(err, "rule %.*s", MR_SPAN_ARG(rules->rules[i].id));
        sum.mutants += c.mutants;
        sum.killed += c.killed;
    }
    *ret = sum;
    return MR_OK;
}

static void fraction(mr_buf *out, size_t held, size_t all) {
    char text[32];
    int n = snprintf(text, sizeof text, "%zu/%zu", held, all);
    mr_buf_printf(out, "  %*s%s%s", n < 7 ? 7 - n : 0, "", text, held < all ? " !" : "  ");
}

mr_rc mr_knowledge_coverage(const mr_knowledge *k, mr_buf *table, mr_error *err) {
    const mr_ruleset *rules = mr_knowledge_rules(k);
    mr_buf_printf(table, "%-18s %5s %6s %8s %7s  %9s  %9s  %9s\n", "rule", "fires", "silent", "possible", "unknown",
                  "boundary", "exclusion", "data");
    for (size_t i = 0; i < rules->n_rules; i++) {
        mr_rule_cover c;
        mr_rc rc = mr_rule_covered(rules, &rules->rules[i], NULL, &c, err);
        if (rc != MR_OK) return mr_wrap(err, "rule %.*s", MR_SPAN_ARG(rules->rules[i].id));
        mr_buf_printf(table, "%-18.*s %5zu %6zu %8zu %7zu", MR_SPAN_ARG(rules->rules[i].id), c.fires, c.silent,
                      c.possible, c.unknown);
        fraction(table, c.boundaries_held, c.boundaries);
        fraction(table, c.exclusions_held, c.exclusions);
        fraction(table, c.data_held, c.data);
        mr_buf_addc(table, '\n');
    }
    return MR_OK;
}
