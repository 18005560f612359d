/* One part of a condition: by its first words; those about the use of medicines are read here. */
#include "expr_parse.h"

#include "medreview/base/limits.h"
#include "medreview/base/utf8.h"

mr_rc mr_expr_open(mr_expr *p) {
    return mr_expr_expect(p, MR_TOK_OPEN, "\"(\"");
}

mr_rc mr_expr_close(mr_expr *p) {
    return mr_expr_expect(p, MR_TOK_CLOSE, "\")\"");
}

/* ---- the use of medicines ---- */

static mr_rc begin_set(mr_expr *p, mr_op op, mr_node **ret) {
    mr_rc rc = mr_expr_node(p, op, ret);
    if (rc == MR_OK) rc = mr_expr_open(p);
    return rc == MR_OK ? mr_expr_set(p, &(*ret)->set, &(*ret)->group) : rc;
}

static mr_rc part_taking(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = begin_set(p, MR_OP_TAKING, ret);
    return rc == MR_OK ? mr_expr_rest(p, &(*ret)->window) : rc;
}

/* Without a window: on any day up to today. */
static mr_rc part_ever_taken(mr_expr *p, size_t from, mr_node **ret) {
    mr_rc rc = part_taking(p, from, ret);
    if (rc == MR_OK && !(*ret)->window.has_earliest && !(*ret)->window.has_latest) (*ret)->window.has_latest = true;
    return rc;
}

static mr_rc part_taken_long(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = begin_set(p, MR_OP_LONG, ret);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\"");
    if (rc == MR_OK) rc = mr_expr_as_long(p, &(*ret)->apart, &(*ret)->compare);
    return rc == MR_OK ? mr_expr_close(p) : rc;
}

static mr_rc part_first_taken(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = begin_set(p, MR_OP_STARTED_BEFORE, ret);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\"");
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "at");
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "least");
    if (rc == MR_OK) rc = mr_expr_ago(p, false, &(*ret)->window);
    return rc == MR_OK ? mr_expr_close(p) : rc;
}

static mr_rc take_started_window(mr_expr *p, mr_node *n) {
    mr_rc rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\" and \"within ...\"");
    return rc == MR_OK ? mr_expr_window(p, &n->window) : rc;
}

static mr_rc part_started(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = begin_set(p, MR_OP_STARTED, ret);
    if (rc == MR_OK) rc = take_started_window(p, *ret);
    return rc == MR_OK ? mr_expr_close(p) : rc;
}

static mr_rc part_cascade(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = begin_set(p, MR_OP_CASCADE, ret);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\"");
    if (rc == MR_OK) rc = mr_expr_set(p, &(*ret)->set2, &(*ret)->group2);
    if (rc == MR_OK) rc = take_started_window(p, *ret);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\" and \"at most ... apart\"");
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "at");
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "most");
    if (rc == MR_OK) rc = mr_expr_duration(p, &(*ret)->apart);
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "apart");
    return rc == MR_OK ? mr_expr_close(p) : rc;
}

static mr_rc take_apart(mr_expr *p, mr_node *n) {
    mr_rc rc = mr_expr_expect_word(p, "less");
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "than");
    if (rc == MR_OK) rc = mr_expr_duration(p, &n->apart);
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "apart");
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\" and \"within ...\"");
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "within");
    return rc == MR_OK ? mr_expr_within(p, &n->window) : rc;
}

static mr_rc part_coprescribed(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = begin_set(p, MR_OP_COPRESCRIBED, ret);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\"");
    if (rc == MR_OK) rc = mr_expr_set(p, &(*ret)->set2, &(*ret)->group2);
    if (rc == MR_OK && p->scan.now.kind == MR_TOK_COMMA) {
        mr_expr_scan_next(&p->scan);
        rc = take_apart(p, *ret);
    }
    return rc == MR_OK ? mr_expr_close(p) : rc;
}

static mr_rc part_allergic(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = begin_set(p, MR_OP_ALLERGIC, ret);
    return rc == MR_OK ? mr_expr_close(p) : rc;
}

/* ---- the findings of other rules ---- */

static mr_rc take_tools(mr_expr *p, mr_node *n) {
    mr_span *v = MR_NEW_N(p->arena, mr_span, MR_EXPR_KIDS);
    if (!v) return mr_arena_why(p->arena, p->err);
    for (;;) {
        if (p->scan.now.kind != MR_TOK_WORD || n->n_tools == MR_EXPR_KIDS)
            return mr_expr_fail_here(p, "the name of a tool, such as PINCER");
        v[n->n_tools++] = p->scan.now.text;
        mr_expr_scan_next(&p->scan);
        if (p->scan.now.kind != MR_TOK_BAR) break;
        mr_expr_scan_next(&p->scan);
    }
    n->tools = v;
    return MR_OK;
}

static mr_rc part_any_finding(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = mr_expr_node(p, MR_OP_ANY_FINDING, ret);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = take_tools(p, *ret);
    if (rc == MR_OK && p->scan.now.kind == MR_TOK_COMMA) {
        mr_severity severity;
        mr_expr_scan_next(&p->scan);
        if (!mr_severity_parse(p->scan.now.text, &severity)) return mr_expr_fail_here(p, "high, moderate or low");
        (*ret)->severity = (uint8_t)severity;
        mr_expr_scan_next(&p->scan);
    }
    return rc == MR_OK ? mr_expr_close(p) : rc;
}

/* ---- so many of several conditions ---- */

static mr_rc take_list(mr_expr *p, mr_node *const **ret, size_t *ret_n) {
    mr_node **kids = MR_NEW_N(p->arena, mr_node *, MR_EXPR_KIDS);
    size_t n = 0;
    if (!kids) return mr_arena_why(p->arena, p->err);
    mr_rc rc = mr_expr_open(p);
    while (rc == MR_OK) {
        if (n == MR_EXPR_KIDS) return mr_expr_fail_here(p, "fewer conditions");
        rc = mr_expr_condition(p, &kids[n]);
        if (rc != MR_OK || p->scan.now.kind != MR_TOK_COMMA) break;
        mr_expr_scan_next(&p->scan);
        n++;
    }
    if (rc != MR_OK) return rc;
    *ret = kids;
    *ret_n = n + 1;
    return mr_expr_expect(p, MR_TOK_CLOSE, "\"and\", \"or\", \",\" or \")\"");
}

static mr_rc so_many(mr_expr *p, mr_compare compare, size_t from, mr_node **ret) {
    uint16_t least;
    mr_node *const *kids = NULL;
    size_t n = 0;
    if (++p->depth > MR_MAX_EXPR_DEPTH) return mr_expr_fail_here(p, "less nesting");
    mr_rc rc = mr_expr_whole(p, MR_EXPR_KIDS, "a number of conditions", &least);
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "of");
    if (rc == MR_OK) rc = take_list(p, &kids, &n);
    if (rc == MR_OK) rc = mr_expr_join(p, MR_OP_COUNT, kids, n, from, ret);
    if (rc != MR_OK) return rc;
    p->depth--;
    (*ret)->compare = compare;
    (*ret)->value = least;
    return MR_OK;
}

static mr_rc part_at_least(mr_expr *p, size_t from, mr_node **ret) {
    return so_many(p, MR_GREATER_EQUAL, from, ret);
}
static mr_rc part_more_than(mr_expr *p, size_t from, mr_node **ret) {
    return so_many(p, MR_GREATER, from, ret);
}
static mr_rc part_fewer_than(mr_expr *p, size_t from, mr_node **ret) {
    return so_many(p, MR_LESS, from, ret);
}
static mr_rc part_at_most(mr_expr *p, size_t from, mr_node **ret) {
    return so_many(p, MR_LESS_EQUAL, from, ret);
}
static mr_rc part_exactly(mr_expr *p, size_t from, mr_node **ret) {
    return so_many(p, MR_EQUAL, from, ret);
}

/* ---- telling the parts apart ---- */

/* What begins with the words of another comes before it. */
static const struct part_form {
    const char *words;
    mr_rc (*parse)(mr_expr *p, size_t from, mr_node **ret);
} part_forms[] = {{"age", mr_expr_age},
                  {"allergic", part_allergic},
                  {"any finding", part_any_finding},
                  {"at least", part_at_least},
                  {"at most", part_at_most},
                  {"average", mr_expr_average},
                  {"cascade", part_cascade},
                  {"checklist", mr_expr_checklist},
                  {"classes", mr_expr_classes},
                  {"coprescribed", part_coprescribed},
                  {"creatinine clearance", mr_expr_clearance},
                  {"daily dose", mr_expr_daily_dose},
                  {"degree", mr_expr_degree},
                  {"ever taken", part_ever_taken},
                  {"every one of the last", mr_expr_every},
                  {"exactly", part_exactly},
                  {"fall", mr_expr_fall},
                  {"fewer than", part_fewer_than},
                  {"first taken", part_first_taken},
                  {"frequency", mr_expr_frequency},
                  {"has", mr_expr_has},
                  {"issues", mr_expr_issues},
                  {"latest", mr_expr_latest},
                  {"medicines", mr_expr_medicines},
                  {"more than", part_more_than},
                  {"number of", mr_expr_number_of},
                  {"regular medicines", mr_expr_medicines},
                  {"rise", mr_expr_rise},
                  {"same substance", mr_expr_same_substance},
                  {"scale difference", mr_expr_scale_difference},
                  {"score rise", mr_expr_score_rise},
                  {"score", mr_expr_score},
                  {"sex", mr_expr_sex},
                  {"started", part_started},
                  {"substances", mr_expr_substances},
                  {"taking", part_taking},
                  {"taken for", mr_expr_taken_for},
                  {"taken long", part_taken_long},
                  {"tested after start", mr_expr_tested_after},
                  {"tested", mr_expr_tested},
                  {"weekly dose", mr_expr_weekly_dose}};
enum { N_PART_FORMS = sizeof part_forms / sizeof part_forms[0] };

static mr_span first_word(const char *words) {
    mr_span s = mr_span_of(words);
    return (mr_span){s.ptr, mr_span_find(s, ' ')};
}

static mr_rc fail_unknown_part(mr_expr *p) {
    const mr_token *t = &p->scan.now;
    if (t->kind != MR_TOK_WORD) return mr_expr_fail_here(p, "a part such as \"taking(...)\"");
    const char *best = NULL;
    unsigned best_distance = 3;
    for (size_t i = 0; i < N_PART_FORMS; i++) {
        unsigned d = mr_text_distance(t->text, first_word(part_forms[i].words), 2);
        if (d >= best_distance) continue;
        best_distance = d;
        best = part_forms[i].words;
    }
    if (best)
        return mr_expr_fail_at(p, t->at, "\"%.*s\" is no part of the language; did you mean \"%s\"?",
                               MR_SPAN_ARG(mr_utf8_cut(t->text, 60)), best);
    return mr_expr_fail_at(p, t->at, "\"%.*s\" is no part of the language, as docs/rule-language.md has it",
                           MR_SPAN_ARG(mr_utf8_cut(t->text, 60)));
}

static mr_rc read_form(mr_expr *p, mr_rc (*parse)(mr_expr *p, size_t from, mr_node **ret), size_t from, mr_node **ret) {
    mr_node *n = NULL;
    mr_rc rc = parse(p, from, &n);
    if (rc == MR_OK && !n->text.ptr) rc = mr_expr_text(p, from, &n->text);
    if (rc == MR_OK) *ret = n;
    return rc;
}

mr_rc mr_expr_part(mr_expr *p, mr_node **ret) {
    size_t from = p->scan.now.at;
    mr_expr_scan before = p->scan;
    for (size_t i = 0; i < N_PART_FORMS; i++)
        if (mr_expr_take_words(p, part_forms[i].words)) return read_form(p, part_forms[i].parse, from, ret);
    /* The name of a table, then "equivalent". */
    if (p->scan.now.kind == MR_TOK_WORD) {
        mr_expr_scan_next(&p->scan);
        bool equivalent = mr_expr_scan_word(&p->scan, "equivalent");
        p->scan = before;
        if (equivalent) return read_form(p, mr_expr_equivalent, from, ret);
    }
    return fail_unknown_part(p);
}
