/* Sets of medicines: `regular opioid`, `ssri[paroxetine] | snri`, `antihypertensive except raas`. */
#include "expr_parse.h"

#include "medreview/base/utf8.h"

enum { MOST_TERMS = 32, MOST_SUBSTANCES = 64 };

static bool group_lists(const mr_group *g, mr_span substance) {
    for (size_t i = 0; i < g->n_members; i++)
        if (mr_span_eq(g->members[i].substance, substance)) return true;
    return false;
}

static mr_rc fail_member(mr_expr *p, size_t at, const mr_group *g, mr_span name) {
    mr_span best = MR_SPAN_NONE;
    unsigned best_distance = 3;
    for (size_t i = 0; i < g->n_members; i++) {
        unsigned d = mr_text_distance(name, g->members[i].substance, 2);
        if (d >= best_distance) continue;
        best_distance = d;
        best = g->members[i].substance;
    }
    return mr_expr_fail_at(p, at, "\"%.*s\" is not in %.*s%s%.*s%s", MR_SPAN_ARG(mr_utf8_cut(name, 60)),
                           MR_SPAN_ARG(g->name), best.ptr ? "; did you mean \"" : "", MR_SPAN_ARG(best),
                           best.ptr ? "\"?" : "");
}

/* [a, b]: substances of the group; names may hold blanks and parentheses. */
static mr_rc take_substances(mr_expr *p, uint16_t group, const mr_span **ret, size_t *ret_n) {
    mr_span *v = MR_NEW_N(p->arena, mr_span, MOST_SUBSTANCES);
    size_t n = 0;
    if (!v) return mr_arena_why(p->arena, p->err);
    do {
        size_t at;
        mr_span name = mr_expr_scan_raw(&p->scan, ",]", &at);
        if (p->scan.now.kind == MR_TOK_END) return mr_expr_fail_here(p, "\"]\"");
        if (!name.len) return mr_expr_fail_at(p, at, "the name of a substance is expected");
        if (n == MOST_SUBSTANCES) return mr_expr_fail_at(p, at, "more than %d substances", MOST_SUBSTANCES);
        bool listed = group == MR_ANY_GROUP || p->names->groups[group].n_prefixes > 0 || p->names->groups[group].site ||
                      group_lists(&p->names->groups[group], name);
        if (!listed) return fail_member(p, at, &p->names->groups[group], name);
        v[n++] = name;
    } while (p->scan.now.kind == MR_TOK_COMMA);
    mr_expr_scan_next(&p->scan); /* ] */
    *ret = v;
    *ret_n = n;
    return MR_OK;
}

static mr_rc take_except_groups(mr_expr *p, mr_set_term *t) {
    uint16_t groups[MOST_TERMS];
    size_t n = 0;
    for (;;) {
        if (n == MOST_TERMS) return mr_expr_fail_here(p, "fewer drug groups");
        mr_rc rc = mr_expr_name(p, MR_NAME_GROUP, &groups[n]);
        if (rc != MR_OK) return rc;
        n++;
        /* A comma may also begin what comes after the set; then no drug group follows it. */
        mr_expr_scan before = p->scan;
        if (p->scan.now.kind != MR_TOK_COMMA) break;
        mr_expr_scan_next(&p->scan);
        bool more =
            p->scan.now.kind == MR_TOK_WORD && mr_name_find(p->names, MR_NAME_GROUP, p->scan.now.text) != MR_NO_NUMBER;
        if (more) continue;
        p->scan = before;
        break;
    }
    uint16_t *v = MR_NEW_N(p->arena, uint16_t, n);
    if (!v) return mr_arena_why(p->arena, p->err);
    for (size_t i = 0; i < n; i++) v[i] = groups[i];
    t->except_groups = v;
    t->n_except_groups = n;
    return MR_OK;
}

static mr_rc take_term(mr_expr *p, mr_set_term *t) {
    *t = (mr_set_term){.group = MR_ANY_GROUP};
    if (mr_expr_scan_take(&p->scan, "regular"))
        t->usage = MR_USE_REGULAR;
    else if (mr_expr_scan_take(&p->scan, "when-required"))
        t->usage = MR_USE_WHEN_REQUIRED;
    mr_rc rc = MR_OK;
    if (!mr_expr_scan_take(&p->scan, "any")) rc = mr_expr_name(p, MR_NAME_GROUP, &t->group);
    if (rc == MR_OK && p->scan.now.kind == MR_TOK_LEFT) rc = take_substances(p, t->group, &t->only, &t->n_only);
    if (rc != MR_OK || !mr_expr_scan_take(&p->scan, "except")) return rc;
    if (p->scan.now.kind == MR_TOK_LEFT) return take_substances(p, t->group, &t->except, &t->n_except);
    return take_except_groups(p, t);
}

static bool is_plain(const mr_set_term *t) {
    return t->usage == MR_USE_ANY && !t->n_only && !t->n_except && !t->n_except_groups;
}

mr_rc mr_expr_set(mr_expr *p, const mr_set **ret_set, uint16_t *ret_group) {
    mr_set_term terms[MOST_TERMS];
    size_t n = 0;
    do {
        if (n == MOST_TERMS) return mr_expr_fail_here(p, "fewer drug groups");
        if (n) mr_expr_scan_next(&p->scan);
        mr_rc rc = take_term(p, &terms[n++]);
        if (rc != MR_OK) return rc;
    } while (p->scan.now.kind == MR_TOK_BAR);
    *ret_group = terms[0].group;
    *ret_set = NULL;
    if (n == 1 && is_plain(&terms[0])) return MR_OK;
    mr_set_term *v = MR_NEW_N(p->arena, mr_set_term, n);
    mr_set *set = MR_NEW(p->arena, mr_set);
    if (!v || !set) return mr_arena_why(p->arena, p->err);
    for (size_t i = 0; i < n; i++) v[i] = terms[i];
    *set = (mr_set){v, n};
    *ret_set = set;
    return MR_OK;
}
