/* Numbers about doses: a day, a week, for a kilogram, how often, and in a common measure such as oral morphine. */
#include "set.h"

#include <math.h>

static mr_range range_of(double lo, double hi) {
    return (mr_range){lo, hi, false, false};
}

static mr_tri outcome(const mr_sight *s, const mr_node *n, mr_reading how, mr_range r, mr_account *a) {
    r.lo = mr_tidy(r.lo);
    r.hi = mr_tidy(r.hi);
    mr_tri value = mr_range_outcome(r, n);
    if (!s->blocked || how.whole) return value;
    r.hi = INFINITY;
    mr_tri with_more = mr_range_outcome(r, n);
    if (with_more != value) mr_missing_recognition(s, a);
    return with_more;
}

/* The daily dose of one ingredient: a dose in another measure than asked is not known. */
static mr_range dose_of(const mr_ingredient *x, bool units) {
    bool comparable = !x->daily.unit.len || mr_span_is(x->daily.unit, "unit") == units;
    if (x->daily.known && comparable) return range_of(x->daily.value, x->daily.value);
    if (x->daily.most > 0 && comparable) return range_of(0, x->daily.most);
    return range_of(0, INFINITY);
}

typedef mr_range measure(const mr_node *n, const mr_medicine *m, const mr_ingredient *x, const mr_equivalent *e);

static mr_range plain(const mr_node *n, const mr_medicine *m, const mr_ingredient *x, const mr_equivalent *e) {
    (void)m;
    (void)e;
    return dose_of(x, n->units);
}

static mr_tri taken_member(const mr_set_view *set, const mr_medicine *m, const mr_ingredient *x) {
    mr_tri use = m->unsettled ? MR_UNKNOWN : mr_medicine_taken(m) ? MR_TRUE : MR_FALSE;
    return use == MR_FALSE ? use : mr_tri_and(use, mr_set_has(set, m, x, NULL));
}

static mr_range total(const mr_sight *s, const mr_node *n, const mr_set_view *set, measure *of,
                      const mr_equivalent *e) {
    mr_range sum = range_of(0, 0);
    if (!mr_set_near(set, &s->taken)) return sum;
    for (size_t i = 0; i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (!mr_set_near(set, &m->groups)) continue;
        for (size_t k = 0; k < m->n_ingredients; k++) {
            mr_tri mine = taken_member(set, m, &m->ingredients[k]);
            if (mine == MR_FALSE) continue;
            mr_range r = of(n, m, &m->ingredients[k], e);
            sum.lo += mine == MR_TRUE ? r.lo : 0;
            sum.hi += r.hi;
        }
    }
    return sum;
}

static void show_doses(const mr_sight *s, const mr_node *n, const mr_set_view *set, measure *of, const mr_equivalent *e,
                       mr_tri value, mr_account *a) {
    for (size_t i = 0; a && value != MR_FALSE && i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (!mr_set_near(set, &m->groups)) continue;
        for (size_t k = 0; k < m->n_ingredients; k++) {
            mr_tri mine = taken_member(set, m, &m->ingredients[k]);
            if (mine == MR_FALSE) continue;
            mr_range r = of(n, m, &m->ingredients[k], e);
            if (value == MR_TRUE && mine == MR_TRUE) mr_set_show(a, set, m);
            if (value == MR_UNKNOWN && r.hi > r.lo) mr_missing_about(a, m, "daily dose");
            if (value == MR_UNKNOWN && mine == MR_UNKNOWN)
                mr_missing_member(a, set, m, false, m->unsettled ? MR_UNKNOWN : MR_TRUE, "status");
        }
    }
}

static void show_sum(mr_account *a, mr_tri value, mr_range sum, mr_span text, mr_span unit) {
    bool exact = sum.hi <= sum.lo;
    if (!a || value == MR_UNKNOWN) return;
    if (!exact) text = mr_account_text(a, "%.*s, at least", MR_SPAN_ARG(text));
    mr_account_evidence(a, (mr_evidence){MR_SPAN_NONE, text, true, mr_tidy(sum.lo), unit, MR_WHEN_NONE});
}

/* ---- a day, a week, for a kilogram ---- */

mr_tri mr_atom_dose(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_set_view set;
    mr_set_first(n, &set);
    mr_range sum = total(s, n, &set, plain, NULL);
    mr_range r = sum;
    if (n->weekly) r = range_of(r.lo * 7, r.hi * 7);
    if (n->per_kg && sum.hi > 0) {
        mr_range weight;
        if (!mr_newest_in(s, n->concept2, mr_last_months(s, 12), "12 months", a, &weight)) return MR_UNKNOWN;
        r = range_of(r.lo / weight.hi, r.hi / weight.lo);
    }
    mr_tri value = outcome(s, n, how, r, a);
    show_sum(a, value, r, n->weekly ? MR_SPAN("weekly dose") : MR_SPAN("daily dose"),
             n->per_kg  ? MR_SPAN("mg/kg")
             : n->units ? MR_SPAN("units")
                        : MR_SPAN("mg"));
    show_doses(s, n, &set, plain, NULL, value, a);
    return value;
}

/* ---- how often ---- */

/* Times a week, of the dosage that says most; "when required" is at most that. */
static mr_range times_of(const mr_set_view *set, const mr_medicine *m) {
    mr_range r = range_of(0, 0);
    for (size_t k = 0; k < m->n_ingredients; k++) {
        const mr_dose *d = &m->ingredients[k].daily;
        if (taken_member(set, m, &m->ingredients[k]) == MR_FALSE) continue;
        bool told = d->times > 0 && d->days > 0;
        double times = told ? d->times * 7 / d->days : INFINITY;
        r = range_of(fmax(r.lo, told && d->known ? times : 0), fmax(r.hi, times));
    }
    return r;
}

mr_tri mr_atom_frequency(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_set_view set;
    mr_set_first(n, &set);
    mr_range most = range_of(0, 0);
    for (size_t i = 0; mr_set_near(&set, &s->taken) && i < s->record->n_medicines; i++) {
        mr_range r = times_of(&set, &s->record->medicines[i]);
        most = range_of(fmax(most.lo, r.lo), fmax(most.hi, r.hi));
    }
    mr_tri value = outcome(s, n, how, most, a);
    show_sum(a, value, most, MR_SPAN("times a week"), MR_SPAN("/wk"));
    for (size_t i = 0; a && value != MR_FALSE && i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        mr_range r = times_of(&set, m);
        if (value == MR_TRUE && r.hi > 0) mr_set_show(a, &set, m);
        if (value == MR_UNKNOWN && r.hi > r.lo) mr_missing_about(a, m, "frequency");
    }
    return value;
}

/* ---- a common measure ---- */

double mr_equivalent_of(const mr_equivalent *e, const mr_medicine *m, mr_span substance) {
    for (size_t i = 0; i < e->n_factors; i++)
        if (mr_span_eq(e->factors[i].substance, substance) && (e->factors[i].routes >> m->route & 1))
            return e->factors[i].factor;
    return 0;
}

static mr_range converted(const mr_node *n, const mr_medicine *m, const mr_ingredient *x, const mr_equivalent *e) {
    (void)n;
    mr_range r = dose_of(x, false);
    double factor = mr_equivalent_of(e, m, x->substance);
    return factor > 0 ? range_of(r.lo * factor, r.hi * factor) : range_of(0, INFINITY);
}

mr_range mr_equivalent_total(const mr_sight *s, const mr_equivalent *e) {
    static const mr_node none = {.group = MR_NO_NUMBER};
    mr_set_view set;
    mr_set_of(e->of, &set);
    return total(s, &none, &set, converted, e);
}

mr_tri mr_atom_equivalent(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    const mr_equivalent *e = &s->rules->equivalents[n->equivalent];
    mr_set_view set;
    mr_set_of(e->of, &set);
    mr_range sum = total(s, n, &set, converted, e);
    mr_tri value = outcome(s, n, how, sum, a);
    show_sum(a, value, sum, e->title, e->unit);
    show_doses(s, n, &set, converted, e, value, a);
    return value;
}

/* Days of the span on which the medicine was in use: surely, and at most. */
static mr_range share_of(const mr_medicine *m, mr_when days) {
    double sure = 0, most = 0;
    for (mr_day d = days.lo; d <= days.hi; d++) {
        mr_tri on = mr_use_on(m, d);
        sure += on == MR_TRUE;
        most += on != MR_FALSE;
    }
    double all = (double)(days.hi - days.lo + 1);
    return range_of(sure / all, most / all);
}

static mr_range mean_of(const mr_sight *s, const mr_set_view *set, const mr_equivalent *e, mr_when days,
                        mr_account *missing) {
    static const mr_node none = {.group = MR_NO_NUMBER};
    mr_range sum = range_of(0, 0);
    for (size_t i = 0; i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (!mr_set_near(set, &m->groups) || mr_use_in(m, days) == MR_FALSE) continue;
        mr_range share = share_of(m, days);
        for (size_t k = 0; k < m->n_ingredients; k++) {
            mr_tri mine = mr_set_has(set, m, &m->ingredients[k], NULL);
            if (mine == MR_FALSE) continue;
            mr_range r = converted(&none, m, &m->ingredients[k], e);
            sum.lo += mine == MR_TRUE ? r.lo * share.lo : 0;
            sum.hi += share.hi > 0 ? r.hi * share.hi : 0;
            if (r.hi > r.lo) mr_missing_about(missing, m, "daily dose");
            if (share.hi > share.lo) mr_missing_about(missing, m, "dates of use");
        }
    }
    return sum;
}

mr_tri mr_atom_equivalent_mean(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    const mr_equivalent *e = &s->rules->equivalents[n->equivalent];
    mr_set_view set;
    mr_set_of(e->of, &set);
    if (!mr_set_near(&set, &s->ever)) return outcome(s, n, how, range_of(0, 0), a);
    mr_when days = {mr_day_before(s->as_of, n->apart), s->as_of};
    mr_range sum = mean_of(s, &set, e, days, NULL);
    mr_tri value = outcome(s, n, how, sum, a);
    if (a && value == MR_UNKNOWN) (void)mean_of(s, &set, e, days, a);
    show_sum(a, value, sum, e->title, e->unit);
    if (value == MR_TRUE) show_doses(s, n, &set, converted, e, value, a);
    return value;
}
