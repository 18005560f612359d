/* Parts about the person and numbers about medicines: how many, how much, how often, by which scale. */
#include "expr_parse.h"

static mr_rc number_of(mr_expr *p, mr_quantity quantity, mr_node **ret) {
    mr_rc rc = mr_expr_node(p, MR_OP_COMPARE, ret);
    if (rc == MR_OK) (*ret)->quantity = quantity;
    return rc;
}

/* NUMBER(set */
static mr_rc number_of_set(mr_expr *p, mr_quantity quantity, mr_node **ret) {
    mr_rc rc = number_of(p, quantity, ret);
    if (rc == MR_OK) rc = mr_expr_open(p);
    return rc == MR_OK ? mr_expr_set(p, &(*ret)->set, &(*ret)->group) : rc;
}

/* ---- the person ---- */

mr_rc mr_expr_age(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = number_of(p, MR_Q_AGE, ret);
    return rc == MR_OK ? mr_expr_against(p, MR_Q_AGE, 130, *ret) : rc;
}

mr_rc mr_expr_sex(mr_expr *p, size_t from, mr_node **ret) {
    static const struct {
        const char *word;
        mr_sex sex;
    } sexes[] = {{"female", MR_SEX_FEMALE}, {"male", MR_SEX_MALE}, {"other", MR_SEX_OTHER}};
    (void)from;
    mr_rc rc = mr_expr_node(p, MR_OP_SEX, ret);
    if (rc != MR_OK) return rc;
    if (!mr_span_is(p->scan.now.text, "=")) return mr_expr_fail_here(p, "\"=\"");
    mr_expr_scan_next(&p->scan);
    for (size_t i = 0; i < sizeof sexes / sizeof sexes[0]; i++) {
        if (!mr_expr_scan_take(&p->scan, sexes[i].word)) continue;
        (*ret)->value = sexes[i].sex;
        return MR_OK;
    }
    return mr_expr_fail_here(p, "female, male or other");
}

/* ---- how many ---- */

mr_rc mr_expr_medicines(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = number_of(p, MR_Q_MEDICINES, ret);
    return rc == MR_OK ? mr_expr_against(p, MR_Q_MEDICINES, 1000, *ret) : rc;
}

/* "at least 3 months": taken so long; "at least 3 months ago": a window. */
static mr_rc take_long_or_window(mr_expr *p, mr_node *n) {
    mr_expr_scan before = p->scan;
    mr_compare compare = MR_GREATER_EQUAL;
    bool as_long = mr_expr_take_words(p, "at least") || mr_expr_take_words(p, "more than");
    p->scan = before;
    if (!as_long) return mr_expr_window(p, &n->window);
    mr_duration d;
    mr_rc rc = mr_expr_as_long(p, &d, &compare);
    if (rc != MR_OK) return rc;
    if (!mr_expr_scan_word(&p->scan, "ago")) {
        if (compare == MR_GREATER) return mr_expr_fail_here(p, "\"at least ...\" instead of \"more than ...\"");
        n->apart = d;
        return MR_OK;
    }
    p->scan = before;
    return mr_expr_window(p, &n->window);
}

mr_rc mr_expr_substances(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = number_of_set(p, MR_Q_SUBSTANCES, ret);
    if (rc == MR_OK && p->scan.now.kind == MR_TOK_COMMA) {
        mr_expr_scan_next(&p->scan);
        rc = take_long_or_window(p, *ret);
    }
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_CLOSE, "\",\" or \")\"");
    return rc == MR_OK ? mr_expr_against(p, MR_Q_SUBSTANCES, 1000, *ret) : rc;
}

mr_rc mr_expr_classes(mr_expr *p, size_t from, mr_node **ret) {
    mr_node *kids[MR_EXPR_KIDS];
    size_t n = 0;
    mr_rc rc = mr_expr_open(p);
    while (rc == MR_OK) {
        if (n == MR_EXPR_KIDS) return mr_expr_fail_here(p, "fewer sets");
        size_t at = p->scan.now.at;
        rc = mr_expr_node(p, MR_OP_TAKING, &kids[n]);
        if (rc == MR_OK) rc = mr_expr_set(p, &kids[n]->set, &kids[n]->group);
        if (rc == MR_OK) rc = mr_expr_text(p, at, &kids[n]->text);
        n++;
        if (rc != MR_OK || p->scan.now.kind != MR_TOK_COMMA) break;
        mr_expr_scan_next(&p->scan);
    }
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_CLOSE, "\",\" or \")\"");
    if (rc == MR_OK) rc = mr_expr_join(p, MR_OP_COUNT, kids, n, from, ret);
    if (rc == MR_OK) rc = mr_expr_compare(p, &(*ret)->compare);
    if (rc == MR_OK) rc = mr_expr_number(p, MR_EXPR_KIDS, &(*ret)->value);
    return rc == MR_OK ? mr_expr_text(p, from, &(*ret)->text) : rc;
}

mr_rc mr_expr_same_substance(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = number_of_set(p, MR_Q_SAME_SUBSTANCE, ret);
    if (rc == MR_OK) rc = mr_expr_close(p);
    return rc == MR_OK ? mr_expr_against(p, MR_Q_SAME_SUBSTANCE, 100, *ret) : rc;
}

mr_rc mr_expr_issues(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = number_of_set(p, MR_Q_ISSUES, ret);
    if (rc == MR_OK) rc = mr_expr_rest(p, &(*ret)->window);
    return rc == MR_OK ? mr_expr_against(p, MR_Q_ISSUES, 10000, *ret) : rc;
}

/* ---- how much ---- */

static mr_rc take_dose_unit(mr_expr *p, mr_node *n) {
    static const struct {
        const char *word;
        double mg; /* 0: not a mass */
    } units[] = {{"mg", 1}, {"g", 1000}, {"microgram", 1e-3}, {"nanogram", 1e-6}, {"unit", 0}, {"units", 0}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!mr_expr_scan_take(&p->scan, units[i].word)) continue;
        n->units = !(units[i].mg > 0);
        if (!n->units) n->value *= units[i].mg;
        return MR_OK;
    }
    return mr_expr_fail_here(p, "a unit: g, mg, microgram, nanogram or unit");
}

static mr_rc dose(mr_expr *p, bool weekly, mr_node **ret) {
    mr_rc rc = number_of_set(p, MR_Q_DOSE, ret);
    if (rc == MR_OK) rc = mr_expr_close(p);
    if (rc == MR_OK) rc = mr_expr_against(p, MR_Q_DOSE, 1e8, *ret);
    if (rc == MR_OK) rc = take_dose_unit(p, *ret);
    if (rc != MR_OK) return rc;
    (*ret)->weekly = weekly;
    if (!mr_expr_take_words(p, "per")) return MR_OK;
    (*ret)->per_kg = true;
    (*ret)->concept2 = mr_name_find(p->names, MR_NAME_CONCEPT, MR_SPAN("weight"));
    if ((*ret)->concept2 == MR_NO_NUMBER) return mr_expr_fail_here(p, "a concept \"weight\" in the packs");
    return mr_expr_expect_word(p, "kg");
}

mr_rc mr_expr_daily_dose(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    return dose(p, false, ret);
}

mr_rc mr_expr_weekly_dose(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    return dose(p, true, ret);
}

/* ---- how often ---- */

static mr_rc take_times(mr_expr *p, double *ret) {
    static const char *const words[] = {"once", "twice"};
    for (size_t i = 0; i < 2; i++) {
        if (!mr_expr_scan_take(&p->scan, words[i])) continue;
        *ret = (double)(i + 1);
        return MR_OK;
    }
    uint16_t n;
    if (p->scan.now.kind != MR_TOK_NUMBER) return mr_expr_fail_here(p, "\"once\", \"twice\" or \"3 times\"");
    mr_rc rc = mr_expr_whole(p, 100, "a number of times", &n);
    *ret = n;
    return rc == MR_OK ? mr_expr_expect_word(p, "times") : rc;
}

mr_rc mr_expr_frequency(mr_expr *p, size_t from, mr_node **ret) {
    static const struct {
        const char *word;
        double a_week;
    } periods[] = {{"daily", 7}, {"weekly", 1}, {"monthly", 12 / 52.1775}};
    (void)from;
    mr_rc rc = number_of_set(p, MR_Q_FREQUENCY, ret);
    if (rc == MR_OK) rc = mr_expr_close(p);
    if (rc == MR_OK) rc = mr_expr_compare(p, &(*ret)->compare);
    if (rc == MR_OK) rc = take_times(p, &(*ret)->value);
    if (rc != MR_OK) return rc;
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        if (!mr_expr_scan_take(&p->scan, periods[i].word)) continue;
        (*ret)->value *= periods[i].a_week;
        return MR_OK;
    }
    return mr_expr_fail_here(p, "daily, weekly or monthly");
}

/* ---- scales ---- */

/* The scale that the site counts with: rules name the burden, and the packs say which scale is the default one. */
static mr_rc take_scale(mr_expr *p, uint16_t *ret) {
    if (!mr_expr_scan_word(&p->scan, "anticholinergic")) return mr_expr_name(p, MR_NAME_SCALE, ret);
    if (p->names->default_scale == MR_NO_NUMBER)
        return mr_expr_fail_at(p, p->scan.now.at, "no scale of the packs is marked as the default one");
    *ret = p->names->default_scale;
    mr_expr_scan_next(&p->scan);
    return MR_OK;
}

mr_rc mr_expr_score(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = number_of(p, MR_Q_SCORE, ret);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = take_scale(p, &(*ret)->scale);
    if (rc != MR_OK) return rc;
    bool one = p->scan.now.kind == MR_TOK_COMMA;
    if (one) mr_expr_scan_next(&p->scan);
    if (one && !mr_expr_take_words(p, "one medicine")) return mr_expr_fail_here(p, "\"one medicine\"");
    rc = mr_expr_close(p);
    return rc == MR_OK ? mr_expr_against(p, one ? MR_Q_SCORE_ONE : MR_Q_SCORE, 1000, *ret) : rc;
}

mr_rc mr_expr_score_rise(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = number_of(p, MR_Q_SCORE_RISE, ret);
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = take_scale(p, &(*ret)->scale);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_COMMA, "\",\" and \"within ...\"");
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "within");
    if (rc == MR_OK) rc = mr_expr_within(p, &(*ret)->window);
    if (rc == MR_OK) rc = mr_expr_close(p);
    return rc == MR_OK ? mr_expr_against(p, MR_Q_SCORE_RISE, 1000, *ret) : rc;
}

mr_rc mr_expr_scale_difference(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    uint16_t *v = MR_NEW_N(p->arena, uint16_t, MR_EXPR_KIDS);
    mr_rc rc = number_of(p, MR_Q_SCALE_DIFFERENCE, ret);
    if (rc == MR_OK && !v) rc = mr_arena_why(p->arena, p->err);
    if (rc == MR_OK) rc = mr_expr_open(p);
    while (rc == MR_OK) {
        if ((*ret)->n_scales == MR_EXPR_KIDS) return mr_expr_fail_here(p, "fewer scales");
        rc = take_scale(p, &v[(*ret)->n_scales++]);
        if (rc != MR_OK || p->scan.now.kind != MR_TOK_COMMA) break;
        mr_expr_scan_next(&p->scan);
    }
    if (rc != MR_OK) return rc;
    (*ret)->scales = v;
    rc = mr_expr_expect(p, MR_TOK_CLOSE, "\",\" or \")\"");
    return rc == MR_OK ? mr_expr_against(p, MR_Q_SCALE_DIFFERENCE, 1000, *ret) : rc;
}

/* ---- a common measure, checklists ---- */

/* A unit may be written; it must be that of the table. */
static mr_rc against_equivalent(mr_expr *p, mr_quantity quantity, mr_node *n) {
    mr_span unit = p->names->equivalents[n->equivalent].unit;
    mr_rc rc = mr_expr_against(p, quantity, 1e6, n);
    if (rc != MR_OK || p->scan.now.kind != MR_TOK_WORD) return rc;
    if (mr_span_eq(p->scan.now.text, unit)) mr_expr_scan_next(&p->scan);
    return MR_OK;
}

mr_rc mr_expr_equivalent(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = number_of(p, MR_Q_EQUIVALENT, ret);
    if (rc == MR_OK) rc = mr_expr_name(p, MR_NAME_EQUIVALENT, &(*ret)->equivalent);
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "equivalent");
    return rc == MR_OK ? against_equivalent(p, MR_Q_EQUIVALENT, *ret) : rc;
}

mr_rc mr_expr_equivalent_mean(mr_expr *p, size_t from, mr_node **ret) {
    (void)from;
    mr_rc rc = number_of(p, MR_Q_EQUIVALENT_MEAN, ret);
    if (rc == MR_OK) rc = mr_expr_name(p, MR_NAME_EQUIVALENT, &(*ret)->equivalent);
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "equivalent");
    if (rc == MR_OK) rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_duration(p, &(*ret)->apart);
    if (rc == MR_OK) rc = mr_expr_close(p);
    return rc == MR_OK ? against_equivalent(p, MR_Q_EQUIVALENT_MEAN, *ret) : rc;
}

mr_rc mr_expr_checklist(mr_expr *p, size_t from, mr_node **ret) {
    uint16_t number;
    mr_rc rc = mr_expr_open(p);
    if (rc == MR_OK) rc = mr_expr_name(p, MR_NAME_CHECKLIST, &number);
    if (rc == MR_OK) rc = mr_expr_close(p);
    if (rc == MR_OK) rc = mr_expr_node(p, MR_OP_COUNT, ret);
    if (rc != MR_OK) return rc;
    const mr_checklist *c = &p->names->checklists[number];
    (*ret)->kids = c->items;
    (*ret)->n_kids = c->n_items;
    (*ret)->points = c->points;
    (*ret)->title = c->title.ptr ? c->title : c->name;
    rc = mr_expr_compare(p, &(*ret)->compare);
    if (rc == MR_OK) rc = mr_expr_number(p, 1000, &(*ret)->value);
    return rc == MR_OK ? mr_expr_text(p, from, &(*ret)->text) : rc;
}
