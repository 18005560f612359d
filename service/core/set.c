/* Which medicines a part of a rule means: drug groups, narrowed to substances, without others, regular or not. */
#include "set.h"

void mr_set_of(const mr_set *set, mr_set_view *ret) {
    *ret = (mr_set_view){.terms = set->terms, .n = set->n_terms};
}

static void view_of(const mr_set *set, uint16_t group, mr_set_view *ret) {
    if (set) {
        mr_set_of(set, ret);
        return;
    }
    ret->one = (mr_set_term){.group = group};
    ret->terms = &ret->one;
    ret->n = 1;
}

void mr_set_first(const mr_node *n, mr_set_view *ret) {
    view_of(n->set, n->group, ret);
}

void mr_set_second(const mr_node *n, mr_set_view *ret) {
    view_of(n->set2, n->group2, ret);
}

bool mr_set_near(const mr_set_view *v, const mr_bits *groups) {
    for (size_t i = 0; i < v->n; i++)
        if (v->terms[i].group == MR_ANY_GROUP || mr_bits_has(groups, v->terms[i].group)) return true;
    return false;
}

static bool listed(const mr_span *v, size_t n, mr_span substance) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_eq(v[i], substance)) return true;
    return false;
}

static mr_tri usage_of(mr_usage asked, const mr_medicine *m) {
    if (asked == MR_USE_ANY) return MR_TRUE;
    if (!m->as_needed && !m->regular) return MR_UNKNOWN;
    return (asked == MR_USE_WHEN_REQUIRED) == m->as_needed ? MR_TRUE : MR_FALSE;
}

static mr_tri term_has(const mr_set_term *t, const mr_medicine *m, const mr_ingredient *x) {
    if (t->group != MR_ANY_GROUP && !mr_bits_has(&x->groups, t->group)) return MR_FALSE;
    if (t->n_only && !listed(t->only, t->n_only, x->substance)) return MR_FALSE;
    if (t->n_except && listed(t->except, t->n_except, x->substance)) return MR_FALSE;
    for (size_t i = 0; i < t->n_except_groups; i++)
        if (mr_bits_has(&x->groups, t->except_groups[i])) return MR_FALSE;
    return usage_of(t->usage, m);
}

mr_tri mr_set_has(const mr_set_view *v, const mr_medicine *m, const mr_ingredient *x, uint16_t *ret_group) {
    mr_tri best = MR_FALSE;
    for (size_t i = 0; i < v->n && best != MR_TRUE; i++) {
        mr_tri here = term_has(&v->terms[i], m, x);
        if (here <= best) continue;
        best = here;
        if (ret_group) *ret_group = v->terms[i].group;
    }
    return best;
}

mr_tri mr_set_meets(const mr_set_view *v, const mr_medicine *m) {
    mr_tri best = MR_FALSE;
    if (!mr_set_near(v, &m->groups)) return MR_FALSE;
    for (size_t i = 0; i < m->n_ingredients && best != MR_TRUE; i++)
        best = mr_tri_or(best, mr_set_has(v, m, &m->ingredients[i], NULL));
    return best;
}

/* ---- what is shown ---- */

void mr_set_match(mr_account *a, const mr_set_view *v, const mr_medicine *m) {
    for (size_t t = 0; a && t < v->n; t++)
        for (size_t i = 0; i < m->n_ingredients; i++)
            if (term_has(&v->terms[t], m, &m->ingredients[i]) == MR_TRUE)
                mr_account_match(a, v->terms[t].group, m, &m->ingredients[i]);
}

void mr_set_show(mr_account *a, const mr_set_view *v, const mr_medicine *m) {
    if (!a) return;
    mr_set_match(a, v, m);
    mr_span text = m->text.len ? m->text : m->n_ingredients ? m->ingredients[0].substance : m->reference;
    mr_account_evidence(a, (mr_evidence){.reference = m->reference, .text = text, .date = m->since});
}

static mr_span joined(mr_account *a, mr_span all, const char *between, mr_span more) {
    return mr_account_text(a, "%.*s%s%.*s", MR_SPAN_ARG(all), all.len ? between : "", MR_SPAN_ARG(more));
}

static mr_span listing(mr_account *a, const mr_span *v, size_t n) {
    mr_span all = MR_SPAN("");
    for (size_t i = 0; i < n; i++) all = joined(a, all, ", ", v[i]);
    return all;
}

static mr_span term_name(const mr_sight *s, mr_account *a, const mr_set_term *t) {
    static const char *const usage[] = {"", "regular ", "when-required "};
    mr_span group = t->group < s->rules->n_groups ? s->rules->groups[t->group].name : MR_SPAN("any");
    if (t->usage == MR_USE_ANY && !t->n_only && !t->n_except && !t->n_except_groups) return group;
    mr_span text = mr_account_text(a, "%s%.*s", usage[t->usage], MR_SPAN_ARG(group));
    if (t->n_only)
        text = mr_account_text(a, "%.*s[%.*s]", MR_SPAN_ARG(text), MR_SPAN_ARG(listing(a, t->only, t->n_only)));
    if (t->n_except)
        text = mr_account_text(a, "%.*s except [%.*s]", MR_SPAN_ARG(text),
                               MR_SPAN_ARG(listing(a, t->except, t->n_except)));
    for (size_t i = 0; i < t->n_except_groups; i++)
        text = mr_account_text(a, "%.*s%s%.*s", MR_SPAN_ARG(text), i ? ", " : " except ",
                               MR_SPAN_ARG(s->rules->groups[t->except_groups[i]].name));
    return text;
}

/* Where something was not recognised, that none was recognised is all that can be said. */
void mr_set_show_absence(const mr_sight *s, mr_account *a, const mr_set_view *v) {
    if (!a) return;
    mr_span name = MR_SPAN("");
    for (size_t i = 0; i < v->n; i++) name = joined(a, name, " | ", term_name(s, a, &v->terms[i]));
    mr_span text =
        mr_account_text(a, "no medicine of group %.*s%s", MR_SPAN_ARG(name), s->blocked ? " recognised" : "");
    mr_account_evidence(a, (mr_evidence){.text = text, .date = MR_WHEN_NONE});
}
