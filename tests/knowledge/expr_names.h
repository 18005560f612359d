/* A small vocabulary, and two ways to print a tree: as a form that shows its shape, and as text of the language. */
#ifndef MEDREVIEW_TESTS_KNOWLEDGE_EXPR_NAMES_H
#define MEDREVIEW_TESTS_KNOWLEDGE_EXPR_NAMES_H

#include "medreview/base/buf.h"
#include "medreview/core/ruleset.h"

static mr_group test_groups[] = {{.name = {"anticoag-oral", 13}},
                                 {.name = {"antiplatelet", 12}},
                                 {.name = {"nsaid-oral", 10}},
                                 {.name = {"raas", 4}},
                                 {.name = {"ulcer-healing", 13}}};
static mr_span test_concepts[] = {{"asthma", 6}, {"egfr", 4}, {"fbc", 3}, {"hf", 2}};
static mr_scale test_scales[] = {{.name = {"medreview-default", 17}}, {.name = {"ome", 3}}};

static inline mr_ruleset test_names(void) {
    return (mr_ruleset){.groups = test_groups,
                        .n_groups = sizeof test_groups / sizeof test_groups[0],
                        .concepts = test_concepts,
                        .n_concepts = sizeof test_concepts / sizeof test_concepts[0],
                        .scales = test_scales,
                        .n_scales = 2,
                        .default_scale = 0};
}

static inline void print_duration(mr_buf *out, mr_duration d) {
    static const char *const units[] = {
        [MR_DAYS] = "days", [MR_WEEKS] = "weeks", [MR_MONTHS] = "months", [MR_YEARS] = "years"};
    mr_buf_printf(out, "%u %s", d.n, units[d.unit]);
}

static inline void print_window(mr_buf *out, const mr_window *w) {
    bool today = w->has_latest && w->latest.n == 0;
    if (!w->has_earliest && !w->has_latest) return;
    mr_buf_adds(out, ", ");
    mr_buf_adds(out, !w->has_earliest ? "at least " : today ? "within " : "from ");
    if (w->has_earliest) print_duration(out, w->earliest);
    if (w->has_earliest && !today) mr_buf_adds(out, " to ");
    if (!today) print_duration(out, w->latest);
    if (!today) mr_buf_adds(out, " ago");
}

static inline void print_compare(const mr_ruleset *r, const mr_node *n, mr_buf *out) {
    static const char *const signs[] = {
        [MR_LESS] = "<", [MR_LESS_EQUAL] = "<=", [MR_EQUAL] = "=", [MR_GREATER_EQUAL] = ">=", [MR_GREATER] = ">"};
    switch (n->quantity) {
    case MR_Q_AGE: mr_buf_adds(out, "age"); break;
    case MR_Q_MEDICINES: mr_buf_adds(out, "medicines"); break;
    case MR_Q_SCORE: mr_buf_printf(out, "score(%.*s)", MR_SPAN_ARG(r->scales[n->scale].name)); break;
    case MR_Q_LATEST:
        mr_buf_printf(out, "latest(%.*s", MR_SPAN_ARG(r->concepts[n->concept]));
        print_window(out, &n->window);
        mr_buf_addc(out, ')');
        break;
    default: mr_buf_adds(out, "?"); break; /* the text of the other parts is tested by itself */
    }
    mr_buf_printf(out, " %s %.13g", signs[n->compare], n->value);
}

static inline void print_part(const mr_ruleset *r, const mr_node *n, mr_buf *out) {
    static const char *const sexes[] = {[MR_SEX_FEMALE] = "female", [MR_SEX_MALE] = "male", [MR_SEX_OTHER] = "other"};
    static const char *const words[] = {[MR_OP_TAKING] = "taking",
                                        [MR_OP_STARTED_BEFORE] = "first taken",
                                        [MR_OP_HAS] = "has",
                                        [MR_OP_TESTED] = "tested"};
    if (n->op == MR_OP_COMPARE) {
        print_compare(r, n, out);
        return;
    }
    if (n->op == MR_OP_SEX) {
        mr_buf_printf(out, "sex = %s", sexes[(int)n->value]);
        return;
    }
    if (n->op == MR_OP_COPRESCRIBED) {
        mr_buf_printf(out, "coprescribed(%.*s, %.*s", MR_SPAN_ARG(r->groups[n->group].name),
                      MR_SPAN_ARG(r->groups[n->group2].name));
        if (n->apart.n) mr_buf_adds(out, ", less than ");
        if (n->apart.n) print_duration(out, n->apart);
        if (n->apart.n) mr_buf_adds(out, " apart");
    } else {
        mr_span name = n->group != MR_NO_NUMBER ? r->groups[n->group].name : r->concepts[n->concept];
        mr_buf_printf(out, "%s(%.*s", words[n->op], MR_SPAN_ARG(name));
    }
    print_window(out, &n->window);
    mr_buf_addc(out, ')');
}

/* Text of the language, every joint in parentheses. */
static inline void print_text(const mr_ruleset *r, const mr_node *n, mr_buf *out) {
    if (n->n_kids == 0) {
        print_part(r, n, out);
        return;
    }
    if (n->op == MR_OP_NOT) mr_buf_adds(out, "not ");
    mr_buf_addc(out, '(');
    for (size_t i = 0; i < n->n_kids; i++) {
        if (i) mr_buf_adds(out, n->op == MR_OP_AND ? " and " : " or ");
        print_text(r, n->kids[i], out);
    }
    mr_buf_addc(out, ')');
}

/* [and a b], [or a b], [not a]: the shape, without parentheses that could hide it. */
static inline void print_shape(const mr_ruleset *r, const mr_node *n, mr_buf *out) {
    if (n->n_kids == 0) {
        print_part(r, n, out);
        return;
    }
    mr_buf_adds(out, n->op == MR_OP_AND ? "[and" : n->op == MR_OP_OR ? "[or" : "[not");
    for (size_t i = 0; i < n->n_kids; i++) {
        mr_buf_addc(out, ' ');
        print_shape(r, n->kids[i], out);
    }
    mr_buf_addc(out, ']');
}

#endif
