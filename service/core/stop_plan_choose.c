/* Who is to be stopped, by which scheme, and who first.
 *
 * Of the schemes that fit a medicine the most cautious stands: sudden stopping is never said to be fine because one of
 * several schemes says so. A scheme gives way to another only where that one names it. A combination follows the most
 * cautious of its substances. */
#include "medreview/core/bits.h"
#include "stop_plan_parts.h"

#include <stdlib.h>

/* ---- the scheme of a medicine ---- */

static bool fits(const mr_stopping *s, size_t scheme, const mr_medicine *m, const mr_ingredient *g) {
    const mr_stop_scheme *x = &s->rules->stop_schemes[scheme];
    if (s->held_back[scheme] || (x->routes && !(x->routes >> m->route & 1))) return false;
    for (size_t i = 0; i < x->n_groups; i++)
        if (mr_bits_has(&g->groups, x->groups[i])) return true;
    for (size_t i = 0; i < x->n_substances; i++)
        if (mr_span_eq(x->substances[i], g->substance)) return true;
    return false;
}

static bool gives_way(const mr_stopping *s, size_t scheme, const mr_medicine *m, const mr_ingredient *g) {
    for (size_t i = 0; i < s->rules->n_stop_schemes; i++)
        if (s->rules->stop_schemes[i].before[scheme] && fits(s, i, m, g)) return true;
    return false;
}

/* Schemes are sorted by name, so that the first of equals is always the same. */
static const mr_stop_scheme *more_cautious(const mr_stop_scheme *a, const mr_stop_scheme *b) {
    if (!a || !b) return a ? a : b;
    if (a->way != b->way) return a->way > b->way ? a : b;
    return a < b ? a : b;
}

/* `ret_all`: every substance has one, so that "at once" may be said of the whole. */
static const mr_stop_scheme *scheme_of(const mr_stopping *s, const mr_medicine *m, bool *ret_all) {
    const mr_stop_scheme *best = NULL;
    *ret_all = m->n_ingredients > 0;
    for (size_t k = 0; k < m->n_ingredients; k++) {
        const mr_stop_scheme *own = NULL;
        for (size_t i = 0; i < s->rules->n_stop_schemes; i++)
            if (fits(s, i, m, &m->ingredients[k]) && !gives_way(s, i, m, &m->ingredients[k]))
                own = more_cautious(own, &s->rules->stop_schemes[i]);
        *ret_all = *ret_all && own;
        best = more_cautious(best, own);
    }
    return best;
}

/* ---- whom the rules stop ---- */

static bool takes_part(const mr_finding *f, const mr_medicine *m) {
    for (size_t i = 0; i < f->n_implicated; i++)
        for (size_t k = 0; k < m->n_live; k++)
            if (mr_span_eq(f->implicated[i], m->live[k])) return true;
    return false;
}

static bool identifies(const mr_finding *f, const mr_medicine *m) {
    for (size_t i = 0; i < f->n_medicines; i++)
        if (f->medicines[i] == m) return true;
    return false;
}

static bool in_groups(const mr_stops *stops, const mr_medicine *m) {
    for (size_t i = 0; i < stops->n_groups; i++)
        if (mr_bits_has(&m->groups, stops->groups[i])) return true;
    return false;
}

static bool by_identity(const mr_rule *r) {
    mr_identity_form form = r->identity.form;
    return r->stops.form == MR_STOPS_IDENTITY && form != MR_ID_TEST && form != MR_ID_START && form != MR_ID_PATIENT;
}

static bool is_stopped(const mr_rule *r, const mr_finding *f, const mr_medicine *m, bool anywhere) {
    switch (r->stops.form) {
    case MR_STOPS_IDENTITY: return by_identity(r) && identifies(f, m);
    case MR_STOPS_GROUPS: return in_groups(&r->stops, m) && (anywhere || takes_part(f, m));
    case MR_STOPS_ANY: return takes_part(f, m);
    default: return false;
    }
}

/* In the order of the record, which is by reference. */
static size_t stopped_by(const mr_stopping *s, const mr_rule *r, const mr_finding *f, const mr_medicine **v) {
    size_t n = 0;
    for (int anywhere = 0; anywhere <= (r->stops.form == MR_STOPS_GROUPS) && !n; anywhere++)
        for (size_t i = 0; i < s->record->n_medicines; i++) {
            const mr_medicine *m = &s->record->medicines[i];
            if (mr_medicine_taken(m) && is_stopped(r, f, m, anywhere)) v[n++] = m;
        }
    return n;
}

/* ---- one candidate a set of substances ---- */

static bool same_substances(const mr_medicine *a, const mr_medicine *b) {
    if (a->n_ingredients != b->n_ingredients || !a->n_ingredients) return false;
    for (size_t i = 0; i < a->n_ingredients; i++)
        if (!mr_span_eq(a->ingredients[i].substance, b->ingredients[i].substance)) return false;
    return true;
}

static void caution_set(const mr_stopping *s, mr_stop_plan *p, bool all) {
    const mr_stop_scheme *x = p->scheme;
    bool shown = x && (x->state == MR_RULE_ACTIVE || s->run->include_draft);
    p->can_stop_at_once = x && x->way <= MR_STOP_BETTER_SLOWLY;
    p->at_once_known = x && (!p->can_stop_at_once || (all && shown));
    if (x) p->who = x->who;
}

static bool candidate_add(const mr_stopping *s, const mr_medicine *m, mr_stop_plan *v, size_t *n) {
    bool all;
    const mr_stop_scheme *scheme = scheme_of(s, m, &all);
    for (size_t i = 0; i < *n; i++)
        if (v[i].scheme == scheme && same_substances(v[i].medicines[0], m)) {
            v[i].medicines[v[i].n_medicines++] = m;
            return true;
        }
    if (*n == MR_MOST_STOP_CANDIDATES) return true;
    mr_stop_plan *p = &v[*n];
    *p = (mr_stop_plan){.scheme = scheme, .medicines = MR_NEW_N(s->arena, const mr_medicine *, s->record->n_medicines)};
    if (!p->medicines) return false;
    p->medicines[p->n_medicines++] = m;
    caution_set(s, p, all);
    (*n)++;
    return true;
}

/* ---- who first ---- */

/* What a record tells of section 9: current harm first. Before that, what a plan is held for: to end a medicine of
 * which nothing is known (an anticoagulant) is not the first thing to propose. */
typedef struct weight {
    mr_stop_plan plan;
    size_t high, findings;
    double points;
    bool by_points; /* a burden: the biggest share first */
} weight;

static double points_of(const mr_ruleset *rules, mr_span substance) {
    if (rules->default_scale >= rules->n_scales) return 0;
    const mr_scale *scale = &rules->scales[rules->default_scale];
    for (size_t i = 0; i < scale->n_scores; i++)
        if (mr_span_eq(scale->scores[i].substance, substance)) return scale->scores[i].points;
    return 0;
}

static void weigh(const mr_stopping *s, weight *w) {
    const mr_medicine *m = w->plan.medicines[0];
    for (size_t i = 0; i < s->assessment->n_findings; i++) {
        const mr_finding *f = &s->assessment->findings[i];
        if (!identifies(f, m)) continue;
        w->findings++;
        w->high += f->severity == MR_HIGH;
    }
    for (size_t i = 0; i < m->n_ingredients; i++) w->points += points_of(s->rules, m->ingredients[i].substance);
}

static int weight_order(const void *left, const void *right) {
    const weight *a = left, *b = right;
    const mr_medicine *m = a->plan.medicines[0], *o = b->plan.medicines[0];
    bool more = a->points > b->points, less = a->points < b->points;
    if (!a->plan.scheme != !b->plan.scheme) return a->plan.scheme ? -1 : 1;
    if (a->by_points && (more || less)) return more ? -1 : 1;
    if (a->high != b->high) return a->high > b->high ? -1 : 1;
    if (a->findings != b->findings) return a->findings > b->findings ? -1 : 1;
    if (more || less) return more ? -1 : 1;
    int c = m->n_ingredients && o->n_ingredients ? mr_span_cmp(m->ingredients[0].substance, o->ingredients[0].substance)
                                                 : (int)o->n_ingredients - (int)m->n_ingredients;
    return c ? c : mr_span_cmp(m->reference, o->reference);
}

static bool put_in_order(const mr_stopping *s, mr_stop_plan *v, size_t n, bool by_points) {
    weight *w = MR_NEW_N(s->arena, weight, n);
    if (!w) return false;
    for (size_t i = 0; i < n; i++) {
        w[i] = (weight){.plan = v[i], .by_points = by_points};
        weigh(s, &w[i]);
    }
    qsort(w, n, sizeof *w, weight_order);
    for (size_t i = 0; i < n; i++) v[i] = w[i].plan;
    return true;
}

bool mr_stop_candidates(const mr_stopping *s, const mr_finding *f, mr_stop_plan **ret, size_t *ret_n) {
    const mr_medicine **stopped = NULL;
    size_t n_stopped = 0, n = 0;
    bool asked = false, by_points = f->leading->stops.form == MR_STOPS_ANY;
    for (size_t i = 0; i < f->n_sources && !asked; i++)
        asked = by_identity(f->sources[i]) || f->sources[i]->stops.form > MR_STOPS_NOTHING;
    *ret_n = 0;
    if (!asked) return true;
    stopped = MR_NEW_N(s->arena, const mr_medicine *, s->record->n_medicines);
    mr_stop_plan *v = MR_NEW_N(s->arena, mr_stop_plan, MR_MOST_STOP_CANDIDATES);
    if (!stopped || !v) return false;
    for (size_t i = 0; i < f->n_sources && !n_stopped; i++) n_stopped = stopped_by(s, f->sources[i], f, stopped);
    for (size_t i = 0; i < n_stopped; i++)
        if (!candidate_add(s, stopped[i], v, &n)) return false;
    if (n > 1 && !put_in_order(s, v, n, by_points)) return false;
    *ret = v;
    *ret_n = n;
    return true;
}
