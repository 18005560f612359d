/* Numbers out of several results: averages, every one of the last, rises and falls, creatinine clearance.
 *
 * Here a result counts only with a day, a value and a unit that we know. One that lacks any of these, and may belong to
 * the results that are asked for, makes the part unknown: to pass over it could turn a rise into none. */
#include "set.h"

#include <math.h>
#include <stdio.h>

static mr_span title(const mr_sight *s, uint16_t concept) {
    return mr_ruleset_concept_title(s->rules, concept);
}

static mr_tri miss(const mr_sight *s, uint16_t concept, mr_account *a, const char *how, mr_span reference) {
    mr_span name = title(s, concept);
    if (a)
        mr_account_missing(a, MR_MISSING_DATUM, mr_account_text(a, "%.*s%s", MR_SPAN_ARG(name), how),
                           mr_account_text(a, "%.*s%s in the record", MR_SPAN_ARG(name), how), reference);
    return MR_UNKNOWN;
}

mr_when mr_last_months(const mr_sight *s, unsigned months) {
    return (mr_when){mr_day_before(s->as_of, (mr_duration){(uint16_t)months, MR_MONTHS}), s->as_of};
}

/* ---- results, newest first ---- */

typedef struct reading {
    const mr_observation *from;
    mr_day day;
    mr_range value;
    mr_span unit;
} reading;

typedef struct series {
    const mr_sight *sight;
    uint16_t concept;
    mr_when days;
    const mr_fact *facts;
    size_t n, at;
    const mr_observation *unusable; /* the first that may belong here and cannot be used */
    const mr_observation *used;     /* the newest */
} series;

static series series_of(const mr_sight *s, uint16_t concept, mr_when days) {
    series x = {.sight = s, .concept = concept, .days = days};
    x.facts = mr_sight_facts(s, concept, &x.n);
    return x;
}

static mr_range spread(const mr_observation *o, double v) {
    switch (o->comparator) {
    case MR_CMP_LT: return (mr_range){-INFINITY, v, false, true};
    case MR_CMP_LE: return (mr_range){-INFINITY, v, false, false};
    case MR_CMP_GT: return (mr_range){v, INFINITY, true, false};
    case MR_CMP_GE: return (mr_range){v, INFINITY, false, false};
    case MR_CMP_APPROX: return (mr_range){-INFINITY, INFINITY, false, false};
    case MR_CMP_NONE: break;
    }
    return (mr_range){v, v, false, false};
}

static bool series_next(series *x, reading *ret) {
    while (x->at < x->n) {
        const mr_fact *f = &x->facts[x->at++];
        const mr_observation *o = f->observation;
        bool plain = f->role == MR_ROLE_VALUE || f->role == MR_ROLE_PRESENT || f->role == MR_ROLE_TEST_DONE;
        if (!o || !plain || !o->has_value) continue;
        mr_tri in = mr_when_within(o->taken, x->days);
        double v;
        if (in == MR_FALSE) continue;
        if (in == MR_UNKNOWN || o->taken.lo != o->taken.hi ||
            !mr_ruleset_convert(x->sight->rules, x->concept, o->value, o->unit, &v, &ret->unit)) {
            if (!x->unusable) x->unusable = o;
            continue;
        }
        ret->from = o;
        ret->day = o->taken.lo;
        ret->value = spread(o, v);
        if (!x->used) x->used = o;
        return true;
    }
    return false;
}

/* The next one of another day than `last`; of one day the newest counts. */
static bool series_next_day(series *x, mr_day last, reading *ret) {
    while (series_next(x, ret))
        if (ret->day != last) return true;
    return false;
}

static void show(const mr_sight *s, uint16_t concept, const reading *r, mr_account *a) {
    double v = isfinite(r->value.hi) ? r->value.hi : r->value.lo;
    if (a)
        mr_account_evidence(a, (mr_evidence){r->from->reference, title(s, concept), true, v, r->unit, r->from->taken});
}

static void show_number(mr_account *a, mr_tri value, const char *what, mr_span of, double v, mr_span unit) {
    if (a && value != MR_UNKNOWN)
        mr_account_evidence(a, (mr_evidence){MR_SPAN_NONE, mr_account_text(a, "%s%.*s", what, MR_SPAN_ARG(of)), true,
                                             mr_tidy(v), unit, MR_WHEN_NONE});
}

static bool asked_for(const mr_sight *s, const mr_node *n, mr_account *a) {
    if (mr_ruleset_loaded(s->rules, n)) return true;
    mr_missing_codes(s, n, a);
    return false;
}

static mr_tri cut_or(const mr_sight *s, const mr_node *n, mr_account *a, const char *how, mr_span reference) {
    if (!(s->record->cut & MR_CUT_OBSERVATIONS)) return miss(s, n->concept, a, how, reference);
    mr_account_missing(a, MR_MISSING_DATUM, MR_SPAN("the whole list of results"),
                       MR_SPAN("a list of results read to its end"), MR_SPAN_NONE);
    return MR_UNKNOWN;
}

/* ---- averages, every one ---- */

mr_tri mr_atom_average(const mr_sight *s, const mr_node *n, mr_account *a) {
    if (!asked_for(s, n, a)) return MR_UNKNOWN;
    series x = series_of(s, n->concept, mr_window_days(n->window, s->as_of));
    reading r;
    mr_range sum = {0, 0, false, false};
    size_t taken = 0, least = n->times ? n->times : 2;
    mr_span unit = MR_SPAN("");
    while ((!n->times || taken < n->times) && series_next(&x, &r)) {
        sum.lo += r.value.lo;
        sum.hi += r.value.hi;
        unit = r.unit;
        taken++;
    }
    if (x.unusable) return miss(s, n->concept, a, " in a usable form", x.unusable->reference);
    if (taken < least) return cut_or(s, n, a, ": enough results", MR_SPAN_NONE);
    sum.lo = mr_tidy(sum.lo / (double)taken);
    sum.hi = mr_tidy(sum.hi / (double)taken);
    mr_tri value = mr_range_outcome(sum, n);
    if (value == MR_UNKNOWN) return miss(s, n->concept, a, "", MR_SPAN_NONE);
    show_number(a, value, "average of ", title(s, n->concept), sum.lo, unit);
    return value;
}

mr_tri mr_atom_every(const mr_sight *s, const mr_node *n, mr_account *a) {
    if (!asked_for(s, n, a)) return MR_UNKNOWN;
    series x = series_of(s, n->concept, mr_window_days(n->window, s->as_of));
    reading r;
    mr_day last = MR_DAY_MAX;
    mr_tri all = MR_TRUE;
    size_t taken = 0;
    while (taken < n->times && series_next_day(&x, last, &r)) {
        mr_tri here = mr_range_outcome(r.value, n);
        if (here != MR_UNKNOWN) show(s, n->concept, &r, a);
        all = mr_tri_and(all, here);
        last = r.day;
        taken++;
    }
    if (x.unusable) return miss(s, n->concept, a, " in a usable form", x.unusable->reference);
    if (all == MR_FALSE) return MR_FALSE; /* one that is not settles it, however many there are */
    if (taken < n->times) return cut_or(s, n, a, ": enough results", x.used ? x.used->reference : MR_SPAN_NONE);
    return all == MR_UNKNOWN ? miss(s, n->concept, a, "", MR_SPAN_NONE) : MR_TRUE;
}

/* ---- rise and fall ---- */

enum { LEAST_DAYS_FOR_A_RATE = 90 };

static mr_range change(const mr_node *n, const reading *old, const reading *now) {
    mr_range d = {now->value.lo - old->value.hi, now->value.hi - old->value.lo, false, false};
    if (n->quantity == MR_Q_FALL) d = (mr_range){-d.hi, -d.lo, false, false};
    double by = 1;
    if (n->percent) by = old->value.lo > 0 && old->value.hi <= old->value.lo ? 100 / old->value.lo : 0;
    if (n->per_year) by = 365.25 / (double)(now->day - old->day);
    if (!(by > 0)) return (mr_range){-INFINITY, INFINITY, false, false};
    return (mr_range){mr_tidy(d.lo * by), mr_tidy(d.hi * by), false, false};
}

static mr_tri change_told(const mr_sight *s, const mr_node *n, const reading *old, const reading *now, mr_account *a) {
    mr_range d = change(n, old, now);
    mr_tri value = mr_range_outcome(d, n);
    if (value == MR_UNKNOWN) return miss(s, n->concept, a, "", now->from->reference);
    show(s, n->concept, old, a);
    show(s, n->concept, now, a);
    show_number(a, value, n->quantity == MR_Q_FALL ? "fall of " : "rise of ", title(s, n->concept), d.lo,
                n->percent    ? MR_SPAN("%")
                : n->per_year ? MR_SPAN("a year")
                              : now->unit);
    return value;
}

static mr_tri change_in_window(const mr_sight *s, const mr_node *n, mr_account *a) {
    series x = series_of(s, n->concept, mr_window_days(n->window, s->as_of));
    reading now, old, r;
    bool any = series_next(&x, &now), two = false;
    while (any && series_next_day(&x, now.day, &r)) {
        old = r;
        two = true;
    }
    if (x.unusable) return miss(s, n->concept, a, " in a usable form", x.unusable->reference);
    if (!two) return cut_or(s, n, a, ": an earlier result to compare with", any ? now.from->reference : MR_SPAN_NONE);
    if (n->per_year && now.day - old.day < LEAST_DAYS_FOR_A_RATE)
        return miss(s, n->concept, a, ": an earlier result to compare with", now.from->reference);
    return change_told(s, n, &old, &now, a);
}

static mr_tri change_since_start(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_when start;
    mr_tri taken = mr_start_of(s, n, how, a, &start);
    if (taken != MR_TRUE) return taken;
    series after = series_of(s, n->concept, (mr_when){start.hi + 1, s->as_of}),
           before = series_of(s, n->concept, (mr_when){MR_DAY_MIN, start.lo});
    reading now, old;
    bool both = series_next(&after, &now) && series_next(&before, &old);
    if (after.unusable || before.unusable)
        return miss(s, n->concept, a, " in a usable form",
                    after.unusable ? after.unusable->reference : before.unusable->reference);
    if (!both) return cut_or(s, n, a, ": a result before the start and one after", MR_SPAN_NONE);
    return change_told(s, n, &old, &now, a);
}

mr_tri mr_atom_change(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    if (!asked_for(s, n, a)) return MR_UNKNOWN;
    return n->group != MR_NO_NUMBER ? change_since_start(s, n, how, a) : change_in_window(s, n, a);
}

/* ---- the newest one, for a formula ---- */

bool mr_newest_in(const mr_sight *s, uint16_t concept, mr_when days, const char *how_old, mr_account *a,
                  mr_range *ret) {
    series x = series_of(s, concept, days);
    reading r;
    char of[60] = "";
    (void)snprintf(of, sizeof of, " of the last %s", how_old);
    if (!series_next(&x, &r)) {
        (void)miss(s, concept, a, x.unusable ? " in a usable form" : of,
                   x.unusable ? x.unusable->reference : MR_SPAN_NONE);
        return false;
    }
    if (x.unusable && (!mr_when_given(x.unusable->taken) || x.unusable->taken.hi >= r.day)) {
        (void)miss(s, concept, a, " in a usable form", x.unusable->reference);
        return false;
    }
    if (!(r.value.hi > 0)) {
        (void)miss(s, concept, a, " in a usable form", r.from->reference);
        return false;
    }
    show(s, concept, &r, a);
    *ret = r.value;
    return true;
}

/* (140 - age) x weight x k / creatinine: rules.md, section 10. */
static mr_range cockcroft_gault(mr_range age, mr_range weight, mr_range creatinine, double k) {
    double old = fmax(0, 140 - age.hi), young = fmax(0, 140 - age.lo);
    double light = fmax(0, weight.lo), clear = fmax(0, creatinine.lo);
    return (mr_range){isfinite(creatinine.hi) ? mr_tidy(old * light * k / creatinine.hi) : 0,
                      clear > 0 ? mr_tidy(young * weight.hi * k / clear) : INFINITY, false, false};
}

mr_tri mr_atom_clearance(const mr_sight *s, const mr_node *n, mr_account *a) {
    const mr_patient *p = &s->record->patient;
    mr_range creatinine = {0, 0, false, false}, weight = creatinine;
    mr_node of_weight = {.concept = n->concept2};
    bool known = asked_for(s, n, a);
    known = asked_for(s, &of_weight, a) && known; /* each missing one is named */
    if (known) {
        known = mr_newest_in(s, n->concept, mr_last_months(s, 6), "6 months", a, &creatinine);
        known = mr_newest_in(s, n->concept2, mr_last_months(s, 12), "12 months", a, &weight) && known;
    }
    if (!mr_when_given(p->birth)) {
        mr_account_missing(a, MR_MISSING_DATUM, MR_SPAN("date of birth"), MR_SPAN("a date of birth"), p->reference);
        known = false;
    }
    if (p->sex != MR_SEX_FEMALE && p->sex != MR_SEX_MALE) {
        mr_account_missing(a, MR_MISSING_DATUM, MR_SPAN("sex"), MR_SPAN("the patient's sex"), p->reference);
        known = false;
    }
    if (!known) return MR_UNKNOWN;
    mr_range age = {mr_age_years(p->birth.hi, s->as_of), mr_age_years(p->birth.lo, s->as_of), false, false};
    mr_range r = cockcroft_gault(age, weight, creatinine, p->sex == MR_SEX_MALE ? 1.23 : 1.04);
    mr_tri value = mr_range_outcome(r, n);
    if (value == MR_UNKNOWN) return miss(s, n->concept, a, " as a plain number", MR_SPAN_NONE);
    show_number(a, value, "creatinine clearance (Cockcroft-Gault)", MR_SPAN(""), r.lo, MR_SPAN("mL/min"));
    return value;
}

/* ---- marked by the laboratory ---- */

mr_tri mr_atom_marked(const mr_sight *s, const mr_node *n, mr_account *a) {
    if (!asked_for(s, n, a)) return MR_UNKNOWN;
    mr_when days = mr_window_days(n->window, s->as_of);
    size_t count;
    const mr_fact *facts = mr_sight_facts(s, n->concept, &count);
    for (size_t i = 0; i < count; i++) {
        const mr_observation *o = facts[i].observation;
        if (!o || (facts[i].role != MR_ROLE_VALUE && facts[i].role != MR_ROLE_PRESENT)) continue;
        mr_tri in = mr_when_within(o->taken, days);
        if (in == MR_FALSE) continue;
        if (in == MR_UNKNOWN || o->mark == MR_MARK_NONE)
            return miss(s, n->concept, a, ", marked high, low or normal by the laboratory", o->reference);
        if (a)
            mr_account_evidence(
                a, (mr_evidence){.reference = o->reference,
                                 .text = mr_account_text(a, "%.*s marked %s", MR_SPAN_ARG(title(s, n->concept)),
                                                         o->mark == MR_MARK_HIGH  ? "high"
                                                         : o->mark == MR_MARK_LOW ? "low"
                                                                                  : "normal"),
                                 .has_value = o->has_value,
                                 .value = o->value,
                                 .unit = o->unit,
                                 .date = o->taken});
        return o->mark == n->mark ? MR_TRUE : MR_FALSE;
    }
    return cut_or(s, n, a, "", MR_SPAN_NONE);
}
