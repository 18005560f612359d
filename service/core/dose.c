/* The daily dose of one entry: what its text says, beside what its structure says, times the strength of the product.
 * docs/dose.md has it in words. Where a step could be taken in two ways it is not taken: the dose is not known. */
#include "entry.h"
#include "medreview/core/dosage.h"

#include <math.h>

static bool one_of(mr_span s, const char *const *words) {
    for (; *words; words++)
        if (mr_span_ieq(s, mr_span_of(*words))) return true;
    return false;
}

/* ---- units ---- */

/* How many of that unit are one mg; 0: not a mass we know. UCUM codes and the words of UK records. */
static double parts_of_mg(mr_span unit) {
    static const char *const mg[] = {"mg", "milligram", "milligrams", 0};
    static const char *const g[] = {"g", "gram", "grams", 0};
    static const char *const ug[] = {"ug", "mcg", "microgram", "micrograms", 0};
    static const char *const ng[] = {"ng", "nanogram", "nanograms", 0};
    return one_of(unit, mg) ? 1 : one_of(unit, g) ? 1e-3 : one_of(unit, ug) ? 1e3 : one_of(unit, ng) ? 1e6 : 0;
}

/* Divided, and not multiplied by 0.001: so 125 micrograms are 0.125 mg to the last bit. */
static double milligrams(double value, mr_span unit) {
    double parts = parts_of_mg(unit);
    return parts > 1 ? value / parts : parts > 0 ? value * round(1 / parts) : 0;
}

static bool is_activity(mr_span unit) {
    static const char *const words[] = {"unit", "units", "iu", "[iU]", "international unit", "international units", 0};
    return one_of(unit, words);
}

static bool said_unit(mr_span unit, mr_said_unit *ret) {
    static const char *const form[] = {"tablet",  "tablets",  "tablet(s)",   "{tablet}",  "{tbl}", "tab",
                                       "capsule", "capsules", "capsule(s)",  "{capsule}", "cap",   "sachet",
                                       "sachets", "lozenge",  "suppository", "pessary",   "1",     0};
    static const char *const patch[] = {"patch", "patches", "{patch}", 0};
    static const char *const puff[] = {"puff",       "puffs",       "{puff}", "actuation", "actuations", "{actuat}",
                                       "inhalation", "inhalations", "spray",  "sprays",    "{spray}",    0};
    static const char *const ml[] = {"ml", "millilitre", "millilitres", "milliliter", "milliliters", 0};
    *ret = parts_of_mg(unit) > 0 ? MR_SAID_MG
           : is_activity(unit)   ? MR_SAID_UNITS
           : one_of(unit, form)  ? MR_SAID_FORM
           : one_of(unit, patch) ? MR_SAID_PATCH
           : one_of(unit, puff)  ? MR_SAID_PUFF
           : one_of(unit, ml)    ? MR_SAID_ML
                                 : MR_SAID_BARE;
    return *ret != MR_SAID_BARE;
}

static double days_in(mr_span unit, double n) {
    return mr_span_is(unit, "d")     ? n
           : mr_span_is(unit, "wk")  ? n * 7
           : mr_span_is(unit, "h")   ? n / 24
           : mr_span_is(unit, "min") ? n / 1440
                                     : 0;
}

/* ---- structure ---- */

/* doseAndRate and timing in the terms of a text. */
static mr_said structure_said(const mr_dosage *d) {
    mr_said s = {.how = MR_SAID_NOTHING, .as_needed = d->as_needed};
    double days = d->period > 0 ? days_in(d->period_unit, d->period) : 0;
    bool amount = d->dose > 0 && said_unit(d->dose_unit, &s.unit), often = d->frequency > 0 && days > 0;
    if (amount) s.amount = s.unit == MR_SAID_MG ? milligrams(d->dose, d->dose_unit) : d->dose;
    if (often) {
        bool within = days < 1 && fabs(round(d->frequency / days) - d->frequency / days) < 1e-9;
        s.times = within ? round(d->frequency / days) : d->frequency; /* every 8 hours: 3 a day */
        s.days = within ? 1 : days;
    }
    if (amount && often) s.total = s.amount * s.times;
    s.how = amount && often ? MR_SAID_EXACT
            : amount        ? MR_SAID_AMOUNT_ONLY
            : often         ? MR_SAID_TIMES_ONLY
            : d->as_needed  ? MR_SAID_AS_NEEDED
                            : MR_SAID_NOTHING;
    return s;
}

/* "when required": so much at most. */
static void open_up(mr_said *s) {
    s->as_needed = true;
    if (s->how == MR_SAID_EXACT) {
        s->how = MR_SAID_AT_MOST;
        s->most = s->total / s->days;
    } else if (s->how == MR_SAID_TIMES_ONLY || s->how == MR_SAID_AMOUNT_ONLY) {
        s->how = MR_SAID_AS_NEEDED;
    }
}

/* ---- strength ---- */

static bool local(mr_route r) {
    return r == MR_ROUTE_EYE || r == MR_ROUTE_EAR || r == MR_ROUTE_CUTANEOUS || r == MR_ROUTE_NASAL ||
           r == MR_ROUTE_VAGINAL;
}

static bool counted_singly(mr_route r) {
    return r == MR_ROUTE_ORAL || r == MR_ROUTE_BUCCAL || r == MR_ROUTE_RECTAL || r == MR_ROUTE_UNKNOWN;
}

/* A rate: so much an hour, or in whole days. "15 mg in 16 hours" is none: it comes off at night. */
static bool is_rate(const mr_ingredient *i) {
    return i->per > 0 && (mr_span_ieq(i->per_unit, MR_SPAN("hour")) || mr_span_ieq(i->per_unit, MR_SPAN("h")));
}
static double hours_of_rate(const mr_ingredient *i) {
    double days = i->per / 24;
    return i->per <= 1 || !(days > floor(days)) ? i->per : 0;
}

/* Of mass or of activity, in one unit of the form. */
static double strength_of(const mr_ingredient *i) {
    return is_activity(i->strength_unit) ? i->strength : milligrams(i->strength, i->strength_unit);
}

/* A mass is that of the substance, unless it is that of a cream: 30 g of a cream are not 30 g of its substance. */
static double mass_told(const mr_entry *e, const mr_ingredient *i, double mg) {
    static const char *const lumps[] = {"g", "kg", 0};
    if (e->understood.n_ingredients != 1 || local(e->understood.route) || is_rate(i) || is_activity(i->strength_unit))
        return 0;
    if (i->per > 0 && one_of(i->per_unit, lumps)) return 0;
    if (i->strength > 0 && !(strength_of(i) > 0)) return 0; /* a percentage */
    return mg;
}

/* What `amount` of `unit` is of that ingredient, in mg or in units of activity; 0: not known. Of a patch: a day. */
static double of_ingredient(const mr_entry *e, const mr_ingredient *i, mr_said_unit unit, double amount) {
    double strength = strength_of(i);
    mr_route route = e->understood.route;
    if (unit == MR_SAID_MG) return mass_told(e, i, amount);
    if (unit == MR_SAID_UNITS)
        return e->understood.n_ingredients == 1 && is_activity(i->strength_unit) && !local(route) ? amount : 0;
    if (!(strength > 0)) return 0;
    if (is_rate(i)) {
        double hours = hours_of_rate(i);
        bool patch = unit == MR_SAID_PATCH || (unit == MR_SAID_BARE && route == MR_ROUTE_TRANSDERMAL);
        return patch && hours > 0 ? amount * strength * 24 / hours : 0;
    }
    if (i->per > 0) {
        bool volume = unit == MR_SAID_ML && mr_span_ieq(i->per_unit, MR_SPAN("ml"));
        bool puffs = (unit == MR_SAID_PUFF || unit == MR_SAID_BARE) && mr_span_ieq(i->per_unit, MR_SPAN("dose"));
        return volume || puffs ? amount * strength / i->per : 0;
    }
    bool single = unit == MR_SAID_FORM || (unit == MR_SAID_BARE && route != MR_ROUTE_UNKNOWN);
    return single && counted_singly(route) ? amount * strength : 0;
}

/* ---- text beside structure ---- */

typedef struct side {
    const mr_entry *e;
    const mr_ingredient *i;
} side;

static bool near(double a, double b) {
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

typedef enum same { SAME, OTHER, CANNOT_SAY } same;

/* Two amounts that may be told in different units. */
static same amounts(side w, mr_said_unit ua, double a, mr_said_unit ub, double b) {
    if (ua == ub) return near(a, b) ? SAME : OTHER;
    double x = of_ingredient(w.e, w.i, ua, a), y = of_ingredient(w.e, w.i, ub, b);
    if (!(x > 0) || !(y > 0)) return CANNOT_SAY;
    return near(x, y) ? SAME : OTHER;
}

static bool has_total(const mr_said *s) {
    return s->how == MR_SAID_EXACT;
}

/* Does the text speak against the structure? What only one of them says is no contradiction. */
static bool against(side w, const mr_said *t, const mr_said *s) {
    if (has_total(t) && has_total(s)) {
        /* "two daily" and "one, twice a day" are the same dose */
        if (!t->once && !near(t->times / t->days, s->times / s->days)) return true;
        return amounts(w, t->unit, t->total / t->days, s->unit, s->total / s->days) == OTHER;
    }
    if (t->how == MR_SAID_AT_MOST) {
        bool more_often = t->times > 0 && s->times > 0 && s->times / s->days > t->times / t->days * (1 + 1e-9);
        if (more_often) return true;
        if (!has_total(s)) return false;
        double a = t->most, b = s->total / s->days;
        if (t->unit != s->unit) {
            a = of_ingredient(w.e, w.i, t->unit, a);
            b = of_ingredient(w.e, w.i, s->unit, b);
        }
        return a > 0 && b > a * (1 + 1e-9);
    }
    if (t->times > 0 && s->times > 0 && !near(t->times / t->days, s->times / s->days)) return true;
    return t->amount > 0 && s->amount > 0 && amounts(w, t->unit, t->amount, s->unit, s->amount) == OTHER;
}

/* An amount from one, how often from the other. */
static mr_said put_together(const mr_said *amount, const mr_said *often) {
    mr_said x = *amount;
    x.how = MR_SAID_EXACT;
    x.times = often->times;
    x.days = often->days;
    x.once = often->once;
    x.total = x.amount * x.times;
    return x;
}

/* What both say, when they do not speak against each other. */
static mr_said joined(const mr_said *t, const mr_said *s) {
    mr_said x = *t;
    if (t->how == MR_SAID_NOTHING || (s->how == MR_SAID_EXACT && t->how != MR_SAID_AT_MOST)) x = *s;
    if (t->how == MR_SAID_TIMES_ONLY && s->how == MR_SAID_AMOUNT_ONLY) x = put_together(s, t);
    if (t->how == MR_SAID_AMOUNT_ONLY && s->how == MR_SAID_TIMES_ONLY) x = put_together(t, s);
    if (t->as_needed || s->as_needed || t->how == MR_SAID_AS_NEEDED || s->how == MR_SAID_AS_NEEDED) open_up(&x);
    return x;
}

static mr_dose_why why_of(mr_said_how how) {
    static const mr_dose_why table[MR_SAID_COUNT] = {
        [MR_SAID_NOTHING] = MR_DOSE_NOT_TOLD,        [MR_SAID_EXACT] = MR_DOSE_TOLD,
        [MR_SAID_AT_MOST] = MR_DOSE_AT_MOST,         [MR_SAID_AS_NEEDED] = MR_DOSE_AS_NEEDED,
        [MR_SAID_AS_DIRECTED] = MR_DOSE_AS_DIRECTED, [MR_SAID_TIMES_ONLY] = MR_DOSE_NO_AMOUNT,
        [MR_SAID_AMOUNT_ONLY] = MR_DOSE_NO_TIMES,    [MR_SAID_NOT_UNDERSTOOD] = MR_DOSE_NOT_UNDERSTOOD};
    return table[how];
}

/* A text that is not understood leaves a whole structure standing, unless what can be read of it speaks against it. */
static mr_dose_why judge(side w, const mr_dosage *d, mr_said *ret) {
    mr_said t, s = structure_said(d);
    mr_dosage_read(d->text, &t);
    *ret = t;
    if (t.how == MR_SAID_AS_DIRECTED) return MR_DOSE_AS_DIRECTED;
    if (t.how == MR_SAID_NOT_UNDERSTOOD) {
        mr_said glimpse;
        mr_dosage_skim(d->text, &glimpse);
        if (!has_total(&s) || t.changes) return MR_DOSE_NOT_UNDERSTOOD;
        if (glimpse.how != MR_SAID_NOT_UNDERSTOOD && against(w, &glimpse, &s)) return MR_DOSE_DISAGREES;
        *ret = s;
        if (s.as_needed || glimpse.as_needed) open_up(ret);
        return why_of(ret->how);
    }
    if (against(w, &t, &s) || (d->open && has_total(&t))) return MR_DOSE_DISAGREES; /* a range is not one dose */
    *ret = joined(&t, &s);
    return why_of(ret->how);
}

/* ---- the dose ---- */

/* To the nanogram, so that 25 and 100 micrograms are 0.125 mg whatever the order of the sum. */
static double tidy(double v) {
    return v < 1e9 ? round(v * 1e6) / 1e6 : v;
}

static mr_dose unknown(mr_dose_why why) {
    return (mr_dose){.known = false, .why = why};
}

static void value_fill(side w, const mr_said *s, mr_dose *d) {
    bool patch = is_rate(w.i) && s->unit != MR_SAID_MG && s->unit != MR_SAID_UNITS;
    double n = s->how == MR_SAID_AT_MOST ? s->most : patch ? s->amount : s->total;
    double v = tidy(of_ingredient(w.e, w.i, s->unit, n));
    bool worn = !patch || (s->how == MR_SAID_EXACT && s->days / s->times <= 7); /* no patch lasts longer */
    if (!(v > 0) || !(v < 1e9) || !worn) {
        d->why = MR_DOSE_NO_STRENGTH;
        return;
    }
    d->unit = is_activity(w.i->strength_unit) ? MR_SPAN("unit") : MR_SPAN("mg");
    if (s->how == MR_SAID_AT_MOST) {
        d->most = v;
        return;
    }
    d->known = true;
    d->total = patch ? tidy(v * s->days) : v; /* a patch gives its rate, however often it is changed */
    d->value = patch ? v : v / s->days;
}

mr_dose mr_entry_dose_of(const mr_entry *e, size_t ingredient) {
    if (!e->n_dosage) return unknown(MR_DOSE_NOT_TOLD);
    if (e->n_dosage > 1) return unknown(MR_DOSE_SEVERAL_DOSAGES);
    if (ingredient >= e->understood.n_ingredients) return unknown(MR_DOSE_NO_STRENGTH);
    side w = {e, &e->understood.ingredients[ingredient]};
    mr_said s;
    mr_dose d = unknown(judge(w, &e->dosage[0], &s));
    if (d.why == MR_DOSE_DISAGREES || s.changes) return d;
    d.times = s.times;
    d.days = s.days;
    if (d.why == MR_DOSE_TOLD || d.why == MR_DOSE_AT_MOST) value_fill(w, &s, &d);
    return d;
}

mr_dose mr_entry_dose(const mr_entry *e) {
    mr_dose d = mr_entry_dose_of(e, 0);
    if (e->understood.n_ingredients == 1 || (!d.known && d.why != MR_DOSE_AT_MOST)) return d;
    mr_dose several = unknown(MR_DOSE_SEVERAL_INGREDIENTS);
    several.times = d.times;
    several.days = d.days;
    return several;
}
