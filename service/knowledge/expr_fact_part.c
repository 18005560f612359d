/* Parts about conditions and results. */
#include "expr_parse.h"

#include "medreview/base/utf8.h"

#include <stdio.h>

mr_rc mr_expr_concepts(mr_expr *p, uint16_t *ret, size_t *ret_n) {
    *ret_n = 0;
    for (;;) {
        if (*ret_n == MR_EXPR_KIDS) return mr_expr_fail_here(p, "fewer concepts");
        mr_rc rc = mr_expr_name(p, MR_NAME_CONCEPT, &ret[*ret_n]);
        if (rc != MR_OK) return rc;
        ++*ret_n;
        if (p->scan.now.kind != MR_TOK_BAR) return MR_OK;
        mr_expr_scan_next(&p->scan);
    }
}

/* One node for each concept, all like `model`, each with text of its own. */
static mr_rc spread(mr_expr *p, const mr_node *model, const char *word, const uint16_t *concepts, size_t n,
                    size_t rest_from, mr_node **kids) {
    mr_span rest;
    mr_rc rc = mr_expr_text(p, rest_from, &rest);
    for (size_t i = 0; rc == MR_OK && i < n; i++) {
        rc = mr_expr_node(p, model->op, &kids[i]);
        if (rc != MR_OK) return rc;
        *kids[i] = *model;
        kids[i]->concept = concepts[i];
        kids[i]->text = mr_arena_printf(p->arena, "%s%.*s%.*s", word, MR_SPAN_ARG(p->names->concepts[concepts[i]]),
                                        MR_SPAN_ARG(rest));
        if (!kids[i]->text.ptr) rc = mr_arena_why(p->arena, p->err);
    }
    return rc;
}

/* One concept: that node; several: one of them is enough. */
static mr_rc any_of(mr_expr *p, const mr_node *model, const char *word, const uint16_t *concepts, size_t n, size_t from,
                    size_t rest_from, mr_node **ret) {
    mr_node *kids[MR_EXPR_KIDS];
    mr_rc rc = spread(p, model, word, concepts, n, rest_from, kids);
    if (rc != MR_OK) return rc;
    if (n > 1) return mr_expr_join(p, MR_OP_OR, kids, n, from, ret);
    *ret = kids[0];
    return mr_expr_text(p, from, &kids[0]->text);
}

/* ---- conditions ---- */

static bool take_degree(mr_expr *p, mr_degree *ret) {
    static const char *const words[] = {"mild", "moderate", "severe"};
    for (size_t i = 0; i < 3; i++) {
        if (!mr_expr_scan_take(&p->scan, words[i])) continue;
        *ret = (mr_degree)(MR_DEGREE_MILD + i);
        return true;
    }
    return false;
}

/* "at least": a degree, so many times, or a time ago. */
static mr_rc take_least(mr_expr *p, mr_node *n) {
    if (take_degree(p, &n->degree)) {
        n->at_least = true;
        return MR_OK;
    }
    mr_expr_scan before = p->scan;
    uint16_t times;
    bool number = p->scan.now.kind == MR_TOK_NUMBER;
    if (number) mr_expr_scan_next(&p->scan);
    bool counted = number && mr_expr_scan_word(&p->scan, "times");
    p->scan = before;
    if (!counted) return mr_expr_ago(p, false, &n->window);
    mr_rc rc = mr_expr_whole(p, 100, "a number of times", &times);
    mr_expr_scan_next(&p->scan);
    n->times = times;
    return rc;
}

/* Commas and what each of them brings, then the closing parenthesis. */
static mr_rc take_terms(mr_expr *p, mr_node *n) {
    while (p->scan.now.kind == MR_TOK_COMMA) {
        mr_expr_scan_next(&p->scan);
        mr_rc rc = MR_OK;
        if (mr_expr_take_words(p, "at least"))
            rc = take_least(p, n);
        else if (!take_degree(p, &n->degree))
            rc = mr_expr_window(p, &n->window);
        if (rc != MR_OK) return rc;
    }
    return mr_expr_expect(p, MR_TOK_CLOSE, "\",\" or \")\"");
}

mr_rc mr_expr_has(mr_expr *p, size_t from, mr_node **ret) {
    uint16_t concepts[MR_EXPR_KIDS];
    size_t n;
    mr_node *model;
    mr_rc rc = mr_expr_node(p, MR_OP_HAS, &model);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_concepts(p, concepts, &n);
    size_t rest = p->scan.taken_to;
    if (rc == MR_OK) rc = take_terms(p, model);
    return rc == MR_OK ? any_of(p, model, "has(", concepts, n, from, rest, ret) : rc;
}

mr_rc mr_expr_number_of(mr_expr *p, size_t from, mr_node **ret) {
    uint16_t concepts[MR_EXPR_KIDS];
    size_t n;
    mr_node *model, *kids[MR_EXPR_KIDS];
    mr_rc rc = mr_expr_node(p, MR_OP_HAS, &model);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_concepts(p, concepts, &n);
    size_t rest = p->scan.taken_to;
    if (rc == MR_OK) rc = take_terms(p, model);
    if (rc == MR_OK) rc = spread(p, model, "has(", concepts, n, rest, kids);
    if (rc == MR_OK) rc = mr_expr_join(p, MR_OP_COUNT, kids, n, from, ret);
    if (rc == MR_OK) rc = mr_expr_compare(p, &(*ret)->compare);
    if (rc == MR_OK) rc = mr_expr_number(p, MR_EXPR_KIDS, &(*ret)->value);
    return rc == MR_OK ? mr_expr_text(p, from, &(*ret)->text) : rc;
}

mr_rc mr_expr_degree(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_degree degree;
    mr_rc rc = mr_expr_node(p, MR_OP_COMPARE, ret);
    if (rc != MR_OK) return rc;
    (*ret)->quantity = MR_Q_DEGREE;
    rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_name(p, MR_NAME_CONCEPT, &(*ret)->concept);
    if (rc == MR_OK) rc = mr_expr_close(p);
    if (rc == MR_OK) rc = mr_expr_compare(p, &(*ret)->compare);
    if (rc != MR_OK) return rc;
    if (!take_degree(p, &degree)) return mr_expr_fail_here(p, "mild, moderate or severe");
    (*ret)->value = degree;
    return MR_OK;
}

mr_rc mr_expr_taken_for(mr_expr *p, size_t from, mr_node **ret) {
    uint16_t concepts[MR_EXPR_KIDS];
    size_t n;
    mr_node *model;
    mr_span set;
    mr_rc rc = mr_expr_node(p, MR_OP_TAKEN_FOR, &model);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_set(p, &model->set, &model->group);
    if (rc == MR_OK) rc = mr_expr_text(p, from, &set);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\"");
    if (rc == MR_OK) rc = mr_expr_concepts(p, concepts, &n);
    size_t rest = p->scan.taken_to;
    if (rc == MR_OK) rc = mr_expr_close(p);
    if (rc != MR_OK) return rc;
    mr_span word = mr_arena_printf(p->arena, "%.*s, ", MR_SPAN_ARG(set));
    return word.ptr ? any_of(p, model, word.ptr, concepts, n, from, rest, ret) : mr_arena_why(p->arena, p->err);
}

/* ---- tests ---- */

mr_rc mr_expr_tested(mr_expr *p, size_t from, mr_node **ret) {
    uint16_t concepts[MR_EXPR_KIDS];
    size_t n;
    mr_node *model;
    mr_rc rc = mr_expr_node(p, MR_OP_TESTED, &model);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_concepts(p, concepts, &n);
    size_t rest = p->scan.taken_to;
    if (rc == MR_OK) rc = mr_expr_rest(p, &model->window);
    return rc == MR_OK ? any_of(p, model, "tested(", concepts, n, from, rest, ret) : rc;
}

mr_rc mr_expr_tested_after(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = mr_expr_node(p, MR_OP_TESTED_SINCE, ret);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_set(p, &(*ret)->set, &(*ret)->group);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\"");
    if (rc == MR_OK) rc = mr_expr_name(p, MR_NAME_CONCEPT, &(*ret)->concept);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\" and \"within ...\"");
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "within");
    if (rc == MR_OK) rc = mr_expr_duration(p, &(*ret)->apart);
    return rc == MR_OK ? mr_expr_close(p) : rc;
}

/* ---- results ---- */

/* After the number: the unit it is in, if one is written; the value becomes one of the canonical unit. */
static mr_rc take_unit(mr_expr *p, mr_node *n) {
    size_t at = p->scan.now.at;
    mr_span unit = mr_expr_scan_unit(&p->scan), canonical;
    double value;
    if (!unit.ptr) return MR_OK;
    if (mr_ruleset_convert(p->names, n->concept, n->value, unit, &value, &canonical)) {
        n->value = value;
        return MR_OK;
    }
    return mr_expr_fail_at(p, at, "\"%.*s\" is no unit of %.*s that units.tsv knows",
                           MR_SPAN_ARG(mr_utf8_cut(unit, 40)), MR_SPAN_ARG(p->names->concepts[n->concept]));
}

static mr_rc against_result(mr_expr *p, mr_quantity quantity, mr_node *n) {
    mr_rc rc = mr_expr_against(p, quantity, MR_EXPR_ANY_NUMBER, n);
    return rc == MR_OK ? take_unit(p, n) : rc;
}

static mr_rc take_mark(mr_expr *p, mr_node *n) {
    static const char *const words[] = {"high", "low", "normal"};
    n->op = MR_OP_MARKED;
    for (size_t i = 0; i < 3; i++) {
        if (!mr_expr_scan_take(&p->scan, words[i])) continue;
        n->mark = (mr_mark)(MR_MARK_HIGH + i);
        return MR_OK;
    }
    return mr_expr_fail_here(p, "high, low or normal");
}

mr_rc mr_expr_latest(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = mr_expr_node(p, MR_OP_COMPARE, ret);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_name(p, MR_NAME_CONCEPT, &(*ret)->concept);
    if (rc == MR_OK) rc = mr_expr_rest(p, &(*ret)->window);
    if (rc != MR_OK) return rc;
    return mr_expr_scan_take(&p->scan, "is") ? take_mark(p, *ret) : against_result(p, MR_Q_LATEST, *ret);
}

mr_rc mr_expr_average(mr_expr *p, size_t from, mr_node **ret) {
    if (p->scan.now.kind == MR_TOK_WORD) return mr_expr_equivalent_mean(p, from, ret);
    mr_rc rc = mr_expr_node(p, MR_OP_COMPARE, ret);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_name(p, MR_NAME_CONCEPT, &(*ret)->concept);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\" and \"last ...\" or \"within ...\"");
    if (rc == MR_OK && mr_expr_scan_take(&p->scan, "last"))
        rc = mr_expr_whole(p, 20, "a number of results", &(*ret)->times);
    else if (rc == MR_OK)
        rc = mr_expr_window(p, &(*ret)->window);
    if (rc == MR_OK && (*ret)->times)
        rc = mr_expr_rest(p, &(*ret)->window);
    else if (rc == MR_OK)
        rc = mr_expr_close(p);
    return rc == MR_OK ? against_result(p, MR_Q_AVERAGE, *ret) : rc;
}

mr_rc mr_expr_every(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = mr_expr_node(p, MR_OP_COMPARE, ret);
    if (rc == MR_OK) rc = mr_expr_whole(p, 20, "a number of results", &(*ret)->times);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_name(p, MR_NAME_CONCEPT, &(*ret)->concept);
    if (rc == MR_OK) rc = mr_expr_rest(p, &(*ret)->window);
    return rc == MR_OK ? against_result(p, MR_Q_EVERY, *ret) : rc;
}

/* within ..., or since start of SET */
static mr_rc take_span_of_change(mr_expr *p, mr_node *n) {
    if (!mr_expr_take_words(p, "since start of")) return mr_expr_window(p, &n->window);
    return mr_expr_set(p, &n->set, &n->group);
}

static mr_rc change(mr_expr *p, mr_quantity quantity, mr_node **ret) {
    mr_rc rc = mr_expr_node(p, MR_OP_COMPARE, ret);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_name(p, MR_NAME_CONCEPT, &(*ret)->concept);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\" and \"within ...\" or \"since start of ...\"");
    if (rc == MR_OK) rc = take_span_of_change(p, *ret);
    if (rc == MR_OK) rc = mr_expr_close(p);
    if (rc == MR_OK) rc = mr_expr_against(p, quantity, MR_EXPR_ANY_NUMBER, *ret);
    if (rc != MR_OK) return rc;
    (*ret)->percent = p->scan.now.kind == MR_TOK_PERCENT;
    if ((*ret)->percent) mr_expr_scan_next(&p->scan);
    if (!mr_expr_scan_take(&p->scan, "per")) return MR_OK;
    (*ret)->per_year = true;
    if ((*ret)->percent) return mr_expr_fail_here(p, "no \"per year\" beside %");
    return mr_expr_expect_word(p, "year");
}

mr_rc mr_expr_rise(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    return change(p, MR_Q_RISE, ret);
}

mr_rc mr_expr_fall(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    return change(p, MR_Q_FALL, ret);
}

mr_rc mr_expr_clearance(mr_expr *p, size_t from, mr_node **ret) {
    mr_rc rc = mr_expr_node(p, MR_OP_COMPARE, ret);
    if (rc != MR_OK) return rc;
    (*ret)->concept = mr_name_find(p->names, MR_NAME_CONCEPT, MR_SPAN("creatinine"));
    (*ret)->concept2 = mr_name_find(p->names, MR_NAME_CONCEPT, MR_SPAN("weight"));
    if ((*ret)->concept == MR_NO_NUMBER || (*ret)->concept2 == MR_NO_NUMBER)
        return mr_expr_fail_at(p, from, "it needs the concepts creatinine and weight, and the packs have them not");
    return mr_expr_against(p, MR_Q_CLEARANCE, 1000, *ret);
}
