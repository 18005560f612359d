/* What the files of the condition language share: expr.c joins parts, expr_part.c and expr_fact_part.c read one,
 * expr_set.c the medicines in it, expr_time.c times and comparisons. Private to them. */
#ifndef MEDREVIEW_KNOWLEDGE_EXPR_PARSE_H
#define MEDREVIEW_KNOWLEDGE_EXPR_PARSE_H

#include "expr_scan.h"
#include "names.h"

#include "medreview/knowledge/knowledge.h"

enum { MR_EXPR_KIDS = 64 }; /* beside each other in one "and", "or" or list; the longest published criterion has 14 */

typedef struct mr_expr {
    mr_expr_scan scan;
    const mr_ruleset *names;
    mr_arena *arena;
    mr_error *err;
    unsigned depth;
    unsigned *ret_column;
} mr_expr;

/* ---- expr.c ---- */
mr_rc mr_expr_fail_at(mr_expr *p, size_t at, const char *fmt, ...) MR_PRINTF(3, 4);
mr_rc mr_expr_fail_here(mr_expr *p, const char *expected);
mr_rc mr_expr_expect(mr_expr *p, mr_token_kind kind, const char *what);
mr_rc mr_expr_expect_word(mr_expr *p, const char *word);
/* "at least" when both words stand next. */
bool mr_expr_take_words(mr_expr *p, const char *words);
mr_rc mr_expr_node(mr_expr *p, mr_op op, mr_node **ret);
/* The words from `from` to the token last taken, with runs of white space as one blank. */
mr_rc mr_expr_text(mr_expr *p, size_t from, mr_span *ret);
mr_rc mr_expr_join(mr_expr *p, mr_op op, mr_node *const *kids, size_t n_kids, size_t from, mr_node **ret);
mr_rc mr_expr_name(mr_expr *p, mr_name_kind kind, uint16_t *ret);
/* A whole condition: parts with "and", "or", "not". */
mr_rc mr_expr_condition(mr_expr *p, mr_node **ret);

/* ---- expr_part.c ---- */
mr_rc mr_expr_part(mr_expr *p, mr_node **ret);
mr_rc mr_expr_open(mr_expr *p);
mr_rc mr_expr_close(mr_expr *p);

/* ---- expr_fact_part.c: parts about conditions and results, each with its first words taken ---- */
mr_rc mr_expr_has(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_number_of(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_tested(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_tested_after(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_degree(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_latest(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_average(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_every(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_rise(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_fall(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_clearance(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_taken_for(mr_expr *p, size_t from, mr_node **ret);
/* a | b | c */
mr_rc mr_expr_concepts(mr_expr *p, uint16_t *ret, size_t *ret_n);

/* ---- expr_number_part.c: numbers about medicines, and the person ---- */
mr_rc mr_expr_age(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_sex(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_medicines(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_substances(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_classes(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_same_substance(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_issues(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_daily_dose(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_weekly_dose(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_frequency(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_score(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_score_rise(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_scale_difference(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_equivalent(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_equivalent_mean(mr_expr *p, size_t from, mr_node **ret);
mr_rc mr_expr_checklist(mr_expr *p, size_t from, mr_node **ret);

/* ---- expr_set.c ---- */
/* A set of medicines. *ret_set is NULL when it is one drug group and all of it. */
mr_rc mr_expr_set(mr_expr *p, const mr_set **ret_set, uint16_t *ret_group);

/* ---- expr_time.c ---- */
mr_rc mr_expr_duration(mr_expr *p, mr_duration *ret);
/* "within ...", "from ... to ... ago", "at least ... ago", "more than ... ago". */
mr_rc mr_expr_window(mr_expr *p, mr_window *ret);
mr_rc mr_expr_within(mr_expr *p, mr_window *ret); /* after "within" */
/* After "at least" or "more than": ... ago. */
mr_rc mr_expr_ago(mr_expr *p, bool more, mr_window *ret);
/* Nothing, or a comma and a window; then the closing parenthesis. */
mr_rc mr_expr_rest(mr_expr *p, mr_window *ret);
/* "at least" or "more than" and a time. */
mr_rc mr_expr_as_long(mr_expr *p, mr_duration *ret, mr_compare *ret_compare);
mr_rc mr_expr_compare(mr_expr *p, mr_compare *ret);
/* Up to MR_EXPR_ANY_NUMBER it may be negative. */
#define MR_EXPR_ANY_NUMBER 1e9
mr_rc mr_expr_number(mr_expr *p, double most, double *ret);
mr_rc mr_expr_whole(mr_expr *p, unsigned most, const char *what, uint16_t *ret);
/* Comparison and number. */
mr_rc mr_expr_against(mr_expr *p, mr_quantity quantity, double most, mr_node *n);

#endif
