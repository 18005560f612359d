/* Which drug groups a product is in. A row a member stands behind a hash index of substances, chained by number, since
 * a substance is in several groups and may be in one of them on two terms. */
#include "groups.h"

#include <string.h>

enum { NO_ROW = UINT32_MAX };

struct mr_member_row {
    const mr_group_member *member;
    uint16_t group;
    uint32_t next;
};

static bool member_add(mr_ruleset *r, mr_arena *a, uint16_t group, const mr_group_member *member) {
    struct mr_member_row row = {member, group, NO_ROW};
    uint32_t first = (uint32_t)r->n_member_rows;
    if (!MR_PUSH(a, r->member_rows, r->n_member_rows, r->cap_member_rows, row)) return false;
    uint32_t known = first;
    if (!mr_index_put(r->substance_groups, member->substance, first, &known)) return false;
    if (known != first) {
        r->member_rows[first].next = r->member_rows[known].next;
        r->member_rows[known].next = first;
    }
    return true;
}

mr_rc mr_groups_index(mr_ruleset *r, mr_arena *a, mr_error *err) {
    size_t n = 0;
    for (size_t g = 0; g < r->n_groups; g++) n += r->groups[g].n_members;
    r->substance_groups = mr_index_new(a, n);
    r->n_member_rows = r->cap_member_rows = 0;
    r->member_rows = NULL;
    if (!r->substance_groups) return mr_arena_why(a, err);
    for (size_t g = 0; g < r->n_groups; g++)
        for (size_t m = 0; m < r->groups[g].n_members; m++)
            if (!member_add(r, a, (uint16_t)g, &r->groups[g].members[m])) return mr_arena_why(a, err);
    return MR_OK;
}

/* ---- what is known of the product against what is asked ---- */

typedef enum answer { ANSWER_NO, ANSWER_YES, ANSWER_NOT_KNOWN } answer;

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The words stand in the form, whole but for a plural: "patch" in "Transdermal patch". */
static bool form_says(mr_span form, mr_span words) {
    for (size_t i = 0; i + words.len <= form.len; i++) {
        if (i && is_letter(form.ptr[i - 1])) continue;
        if (!mr_span_ieq((mr_span){form.ptr + i, words.len}, words)) continue;
        static const char *const plurals[] = {"", "s", "es"};
        for (size_t k = 0; k < sizeof plurals / sizeof *plurals; k++) {
            mr_span rest = mr_span_from(form, i + words.len);
            size_t n = strlen(plurals[k]);
            if (mr_span_starts(rest, plurals[k]) && (rest.len == n || !is_letter(rest.ptr[n]))) return true;
        }
    }
    return false;
}

static answer form_answer(const mr_group_terms *t, const mr_understood *u) {
    if (!t->n_forms) return ANSWER_YES;
    if (!u->form.len) return ANSWER_NOT_KNOWN;
    for (size_t i = 0; i < t->n_forms; i++)
        if (form_says(u->form, t->forms[i])) return ANSWER_YES;
    return ANSWER_NO;
}

static answer release_answer(const mr_group_terms *t, const mr_understood *u) {
    if (t->release == MR_RELEASE_ANY) return ANSWER_YES;
    if (u->modified_release) return t->release == MR_RELEASE_MODIFIED ? ANSWER_YES : ANSWER_NO;
    if (!u->form.len) return ANSWER_NOT_KNOWN;
    return t->release == MR_RELEASE_IMMEDIATE ? ANSWER_YES : ANSWER_NO;
}

/* *value of `unit` becomes one of `asked`; false when the two do not compare. */
static bool same_measure(mr_span unit, mr_span asked, double *value) {
    static const struct {
        const char *unit;
        double nanograms;
    } masses[] = {{"nanogram", 1}, {"microgram", 1e3}, {"mg", 1e6}, {"g", 1e9}, {"kg", 1e12}};
    double from = 0, to = 0;
    if (mr_span_eq(unit, asked)) return true;
    for (size_t i = 0; i < sizeof masses / sizeof *masses; i++) {
        if (mr_span_is(unit, masses[i].unit)) from = masses[i].nanograms;
        if (mr_span_is(asked, masses[i].unit)) to = masses[i].nanograms;
    }
    if (!(from > 0) || !(to > 0)) return false;
    *value = *value * from / to;
    return true;
}

/* dm+d writes three decimals at most, so two strengths that differ do so by far more than this; and one that went
 * through a division meets its like. */
static bool less(double a, double b) {
    return a < b - b * 1e-9;
}

static answer strength_answer(const mr_group_terms *t, const mr_ingredient *x) {
    if (!t->unit.ptr) return ANSWER_YES;
    double value = x->strength;
    if (!(value > 0) || !same_measure(x->strength_unit, t->unit, &value)) return ANSWER_NOT_KNOWN;
    if ((t->per > 0) != (x->per > 0)) return ANSWER_NOT_KNOWN;
    if (t->per > 0) {
        double per = x->per;
        if (!same_measure(x->per_unit, t->per_unit, &per)) return ANSWER_NOT_KNOWN;
        value = value / per * t->per;
    }
    return less(value, t->from) || (t->to > 0 && less(t->to, value)) ? ANSWER_NO : ANSWER_YES;
}

static bool holds_any(const mr_understood *u, const mr_span *substances, size_t n) {
    for (size_t i = 0; i < u->n_ingredients; i++)
        for (size_t k = 0; k < n; k++)
            if (mr_span_eq(u->ingredients[i].substance, substances[k])) return true;
    return false;
}

static bool counts(uint32_t routes, const mr_group_terms *t, const mr_understood *u, const mr_ingredient *x) {
    if (!(routes >> u->route & 1)) return false;
    if (!t) return true;
    const answer given[] = {form_answer(t, u), release_answer(t, u), strength_answer(t, x)};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i] == ANSWER_NO || (given[i] == ANSWER_NOT_KNOWN && t->known_only)) return false;
    return !holds_any(u, t->not_with, t->n_not_with);
}

/* ---- groups of a product ---- */

static void classify_by_name(const mr_ruleset *r, const mr_understood *u, mr_ingredient *x) {
    uint32_t row;
    memset(&x->groups, 0, sizeof x->groups);
    if (!r->substance_groups || !mr_index_get(r->substance_groups, x->substance, &row)) return;
    for (; row != NO_ROW; row = r->member_rows[row].next) {
        const mr_group_member *m = r->member_rows[row].member;
        if (counts(m->routes, m->terms, u, x)) mr_bits_add(&x->groups, r->member_rows[row].group);
    }
}

static bool begins(mr_span code, mr_span prefix) {
    return code.len >= prefix.len && mr_span_eq((mr_span){code.ptr, prefix.len}, prefix);
}

/* A substance that the group lists counts as the list says, and its code adds nothing. */
static bool lists_any(const mr_group *g, const mr_understood *u) {
    for (size_t i = 0; i < g->n_members; i++)
        if (holds_any(u, &g->members[i].substance, 1)) return true;
    return false;
}

static void classify_by_code(const mr_group *g, unsigned number, mr_understood *u) {
    for (size_t p = 0; p < g->n_prefixes; p++) {
        const mr_group_prefix *x = &g->prefixes[p];
        if (!begins(x->bnf ? u->bnf : u->atc, x->text) || holds_any(u, x->except, x->n_except) || lists_any(g, u))
            continue;
        for (size_t i = 0; i < u->n_ingredients; i++)
            if (counts(x->routes, x->terms, u, &u->ingredients[i])) mr_bits_add(&u->ingredients[i].groups, number);
    }
}

void mr_ruleset_classify(const mr_ruleset *r, mr_understood *u) {
    for (size_t i = 0; i < u->n_ingredients; i++) classify_by_name(r, u, &u->ingredients[i]);
    if (!u->atc.len && !u->bnf.len) return;
    for (size_t g = 0; g < r->n_groups; g++)
        if (r->groups[g].n_prefixes) classify_by_code(&r->groups[g], (unsigned)g, u);
}
