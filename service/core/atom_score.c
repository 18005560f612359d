/* Numbers by burden scales: of one substance, against the past, between scales. */
#include "set.h"

#include <math.h>

static mr_range range_of(double lo, double hi) {
    return (mr_range){lo, hi, false, false};
}

static mr_tri outcome(const mr_sight *s, const mr_node *n, mr_reading how, mr_range r, mr_account *a) {
    if (s->blocked && !how.whole) r.hi = INFINITY;
    mr_tri value = mr_range_outcome(r, n);
    if (value == MR_UNKNOWN && s->blocked && !how.whole) mr_missing_recognition(s, a);
    return value;
}

static bool on_scale(const mr_sight *s, uint16_t scale, mr_span substance, double *ret) {
    return scale < s->rules->n_scales && mr_scale_find(&s->rules->scales[scale], substance, ret);
}

/* The medicines that bring a substance of which `n` holds by itself. */
static void show_load(const mr_sight *s, const mr_load *x, double points, mr_account *a) {
    for (size_t i = 0; a && i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        for (size_t k = 0; mr_medicine_taken(m) && k < m->n_ingredients; k++)
            if (mr_span_eq(m->ingredients[k].substance, x->substance) && !mr_route_local(m->route))
                mr_account_match(a, MR_ANY_GROUP, m, &m->ingredients[k]);
    }
    if (a)
        mr_account_evidence(
            a, (mr_evidence){x->medicine->reference, x->substance, true, points, MR_SPAN("{points}"), MR_WHEN_NONE});
}

mr_tri mr_atom_score_one(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    double most = 0, points;
    for (size_t i = 0; i < s->n_loads; i++)
        if (s->loads[i].systemic && on_scale(s, n->scale, s->loads[i].substance, &points)) most = fmax(most, points);
    mr_tri value = outcome(s, n, how, range_of(most, most), a);
    for (size_t i = 0; a && value == MR_TRUE && i < s->n_loads; i++)
        if (s->loads[i].systemic && on_scale(s, n->scale, s->loads[i].substance, &points) && points > 0 &&
            mr_range_outcome(range_of(points, points), n) == MR_TRUE)
            show_load(s, &s->loads[i], points, a);
    return value;
}

/* ---- against the past ---- */

/* Was the substance in use then, by a route that reaches the body? */
static mr_tri substance_then(const mr_sight *s, mr_span substance, mr_day day) {
    mr_tri best = MR_FALSE;
    for (size_t i = 0; i < s->record->n_medicines && best != MR_TRUE; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        for (size_t k = 0; !mr_route_local(m->route) && k < m->n_ingredients; k++)
            if (mr_span_eq(m->ingredients[k].substance, substance)) best = mr_tri_or(best, mr_use_on(m, day));
    }
    return best;
}

static bool first_of_it(const mr_sight *s, size_t medicine, size_t ingredient) {
    mr_span substance = s->record->medicines[medicine].ingredients[ingredient].substance;
    for (size_t i = 0; i <= medicine; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        size_t n = i == medicine ? ingredient : m->n_ingredients;
        for (size_t k = 0; k < n; k++)
            if (mr_span_eq(m->ingredients[k].substance, substance)) return false;
    }
    return true;
}

static mr_range score_then(const mr_sight *s, uint16_t scale, mr_day day, mr_account *missing) {
    mr_range sum = range_of(0, 0);
    for (size_t i = 0; i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        for (size_t k = 0; k < m->n_ingredients; k++) {
            double points;
            if (!on_scale(s, scale, m->ingredients[k].substance, &points) || !(points > 0)) continue;
            if (!first_of_it(s, i, k)) continue;
            mr_tri then = substance_then(s, m->ingredients[k].substance, day);
            sum.lo += then == MR_TRUE ? points : 0;
            sum.hi += then != MR_FALSE ? points : 0;
            if (then == MR_UNKNOWN) mr_missing_about(missing, m, "dates of use");
        }
    }
    return sum;
}

mr_tri mr_atom_score_rise(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_day then = mr_window_days(n->window, s->as_of).lo;
    double now = mr_scale_total(s, n->scale);
    mr_range before = score_then(s, n->scale, then, NULL), rise = range_of(now - before.hi, now - before.lo);
    mr_tri value = outcome(s, n, how, rise, a);
    if (a && value == MR_UNKNOWN) (void)score_then(s, n->scale, then, a);
    if (!a || value == MR_UNKNOWN) return value;
    mr_account_evidence(
        a, (mr_evidence){MR_SPAN_NONE, MR_SPAN("rise of the score"), true, rise.lo, MR_SPAN("{points}"), MR_WHEN_NONE});
    for (size_t i = 0; value == MR_TRUE && i < s->n_loads; i++) {
        double points;
        if (!s->loads[i].systemic || !on_scale(s, n->scale, s->loads[i].substance, &points) || !(points > 0)) continue;
        if (substance_then(s, s->loads[i].substance, then) != MR_TRUE) show_load(s, &s->loads[i], points, a);
    }
    return value;
}

/* ---- between scales ---- */

static double difference(const mr_sight *s, const mr_node *n, mr_span substance) {
    double least = INFINITY, most = -INFINITY, points;
    for (size_t i = 0; i < n->n_scales; i++) {
        if (!on_scale(s, n->scales[i], substance, &points)) continue;
        least = fmin(least, points);
        most = fmax(most, points);
    }
    return most > least ? most - least : 0;
}

mr_tri mr_atom_scale_difference(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    double most = 0;
    for (size_t i = 0; i < s->n_loads; i++)
        if (s->loads[i].systemic) most = fmax(most, difference(s, n, s->loads[i].substance));
    mr_tri value = outcome(s, n, how, range_of(most, most), a);
    for (size_t i = 0; a && value == MR_TRUE && i < s->n_loads; i++) {
        double d = s->loads[i].systemic ? difference(s, n, s->loads[i].substance) : 0;
        if (d > 0 && mr_range_outcome(range_of(d, d), n) == MR_TRUE) show_load(s, &s->loads[i], d, a);
    }
    return value;
}
