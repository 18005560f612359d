/* The daily dose of one entry, where its structured dosage says it without a guess. */
#include "entry.h"

static bool one_of(mr_span s, const char *const *words) {
    for (; *words; words++)
        if (mr_span_ieq(s, mr_span_of(*words))) return true;
    return false;
}

/* Milligrams in one of that unit; 0: not a mass we know. UCUM codes and the words of UK records. */
static double milligrams_in(mr_span unit) {
    static const char *const mg[] = {"mg", "milligram", "milligrams", 0};
    static const char *const g[] = {"g", "gram", "grams", 0};
    static const char *const ug[] = {"ug", "mcg", "microgram", "micrograms", 0};
    static const char *const ng[] = {"ng", "nanogram", "nanograms", 0};
    return one_of(unit, mg) ? 1 : one_of(unit, g) ? 1000 : one_of(unit, ug) ? 1e-3 : one_of(unit, ng) ? 1e-6 : 0;
}

static bool counts_units_of_form(mr_span unit) {
    static const char *const words[] = {"tablet",   "tablets",    "tablet(s)", "{tablet}", "{tbl}", "tab", "capsule",
                                        "capsules", "capsule(s)", "{capsule}", "cap",      "1",     0};
    return one_of(unit, words);
}

static double days_in(mr_span unit, double n) {
    return mr_span_is(unit, "d")     ? n
           : mr_span_is(unit, "wk")  ? n * 7
           : mr_span_is(unit, "h")   ? n / 24
           : mr_span_is(unit, "min") ? n / 1440
                                     : 0;
}

/* Milligrams of the one ingredient in the amount given each time; 0: not known. */
static double amount_mg(const mr_entry *e, const mr_dosage *d) {
    const mr_ingredient *i = &e->understood.ingredients[0];
    double mass = milligrams_in(d->dose_unit), strength = milligrams_in(i->strength_unit) * i->strength;
    if (mass > 0) return d->dose * mass;
    if (strength <= 0) return 0;
    bool volume = i->per > 0 && mr_span_ieq(i->per_unit, MR_SPAN("ml")) && mr_span_ieq(d->dose_unit, MR_SPAN("ml"));
    if (volume) return d->dose / i->per * strength;
    return i->per <= 0 && counts_units_of_form(d->dose_unit) ? d->dose * strength : 0;
}

mr_dose mr_entry_dose(const mr_entry *e) {
    static const mr_dose unknown = {.known = false};
    if (e->n_dosage != 1 || e->understood.n_ingredients != 1) return unknown;
    const mr_dosage *d = &e->dosage[0];
    double days = d->period > 0 ? days_in(d->period_unit, d->period) : 0;
    if (d->as_needed || !(d->dose > 0) || !(d->frequency > 0) || !(days > 0)) return unknown;
    double mg = amount_mg(e, d) * d->frequency / days;
    if (!(mg > 0)) return unknown;
    return (mr_dose){true, mg, MR_SPAN("mg")};
}
