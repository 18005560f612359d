/* The steps of a plan: the scheme's words, and doses of a day where they can be told.
 *
 * A dose is rounded down to what the product's strength allows, never up. Rounding down makes a cut larger than the
 * scheme means, so a cut that would grow by more than half gets no dose: a smaller strength is needed, and to say so is
 * safer than a number. From there on only the scheme's words are given. */
#include "stop_plan_parts.h"

static const double CUT_MAY_GROW = 1.5, TINY = 1e-6;

/* ---- what the record tells about doses ---- */

typedef struct dosing {
    double first, now; /* mg a day; now 0: no dose can be told (any more) */
    double unit;       /* the smallest amount that can be taken */
    mr_span why_not;
} dosing;

static double milligrams(const mr_ingredient *g) {
    double mg = mr_span_is(g->strength_unit, "mg")                                          ? 1
                : mr_span_is(g->strength_unit, "g") || mr_span_is(g->strength_unit, "gram") ? 1000
                : mr_span_is(g->strength_unit, "microgram") || mr_span_is(g->strength_unit, "ug") ||
                        mr_span_is(g->strength_unit, "mcg")
                    ? 1e-3
                    : 0;
    return g->strength * mg;
}

/* Whole units of the form, or whole millilitres; 0: not known. */
static double smallest_amount(const mr_medicine *m) {
    const mr_ingredient *g = &m->ingredients[0];
    if (g->per <= 0) return milligrams(g);
    return mr_span_ieq(g->per_unit, MR_SPAN("ml")) ? milligrams(g) / g->per : 0;
}

static double whole(double x) {
    return (double)(uint64_t)(x + TINY);
}

static bool is_multiple(double dose, double unit) {
    double times = dose / unit, rest = times - whole(times);
    return rest < TINY;
}

static const char *dosing_read(const mr_stop_plan *p, dosing *d) {
    for (size_t i = 0; i < p->n_medicines; i++) {
        const mr_medicine *m = p->medicines[i];
        if (m->n_ingredients != 1) return "A product of several substances: the steps are the scheme's, without doses.";
        if (!m->daily.known || !mr_span_is(m->daily.unit, "mg") || m->daily.value <= 0)
            return "The daily dose is not known: the steps are the scheme's, without doses.";
        if (m->daily.days > 1) return "Not taken every day: the steps are the scheme's, without doses.";
        double unit = smallest_amount(m);
        if (unit <= 0) return "The strength of the product is not known: the steps are the scheme's, without doses.";
        if (!i || unit < d->unit) d->unit = unit;
        d->first += m->daily.value;
    }
    for (size_t i = 0; i < p->n_medicines; i++)
        if (!is_multiple(smallest_amount(p->medicines[i]), d->unit))
            return "Products of several strengths: the steps are the scheme's, without doses.";
    if (!(d->first <= 1e6)) return "The daily dose is beyond what can be true: the steps are the scheme's.";
    if (!is_multiple(d->first, d->unit)) d->unit /= 2;
    if (!is_multiple(d->first, d->unit))
        return "The daily dose does not fit the strength of the product: the steps are the scheme's, without doses.";
    d->now = d->first;
    return NULL;
}

/* ---- one step ---- */

static bool has_cut(const mr_stop_step *x) {
    return x->percent > 0 || x->by_mg > 0 || x->to_mg > 0;
}

static double target_of(const mr_stop_step *x, const dosing *d) {
    double target = x->to_mg > 0   ? x->to_mg
                    : x->by_mg > 0 ? d->now - x->by_mg
                                   : d->now - (x->of_first ? d->first : d->now) * x->percent / 100;
    return target > 0 ? target : 0;
}

static double until_of(const mr_stop_step *x, const dosing *d) {
    return x->until_mg > 0 ? x->until_mg : d->first * x->until_percent / 100;
}

static void put(mr_stop_plan *p, mr_span text, const dosing *d, bool dosed, unsigned for_days) {
    mr_planned_step *v = &p->steps[p->n_steps++];
    *v = (mr_planned_step){.text = text, .for_days = for_days};
    if (dosed) v->dose = (mr_dose){.known = true, .value = d->now, .unit = MR_SPAN("mg")};
}

/* The next dose of a cut; false: the strength does not allow it. */
static bool cut_down(const mr_stop_step *x, dosing *d) {
    double target = target_of(x, d), rounded = whole(target / d->unit) * d->unit;
    double asked = d->now - target, made = d->now - rounded;
    if (rounded <= 0 || made > asked * CUT_MAY_GROW + TINY) return false;
    d->now = rounded;
    return true;
}

static bool too_small(const mr_stopping *s, mr_stop_plan *p, const mr_stop_step *x, dosing *d) {
    mr_span text = mr_arena_printf(s->arena,
                                   "%.*s The recorded strength (units of %.10g mg) does not allow this step: "
                                   "a smaller strength or a liquid is needed.",
                                   MR_SPAN_ARG(x->text), d->unit);
    put(p, text, d, false, x->for_days);
    d->now = 0;
    return text.ptr != NULL;
}

/* A cut is done once, or again and again down to its `until`. What the dose has passed already is left out. */
static bool step_cut(const mr_stopping *s, mr_stop_plan *p, const mr_stop_step *x, dosing *d) {
    double until = until_of(x, d);
    if (x->to_mg > 0 && d->now <= x->to_mg + TINY) return true;
    if (until > 0 && d->now <= until + TINY) return true;
    do {
        if (p->n_steps + 4 > MR_MOST_PLANNED_STEPS) {
            put(p, MR_SPAN("Go on in the same way."), d, false, 0);
            d->now = 0;
            return true;
        }
        if (!cut_down(x, d)) return too_small(s, p, x, d);
        put(p, x->text, d, true, x->for_days);
    } while (until > 0 && d->now > until + TINY);
    return true;
}

static bool steps_of(const mr_stopping *s, mr_stop_plan *p, dosing *d) {
    const mr_stop_scheme *x = p->scheme;
    for (size_t i = 0; i < x->n_steps; i++) {
        const mr_stop_step *step = &x->steps[i];
        if (p->n_steps == MR_MOST_PLANNED_STEPS) break;
        if (!has_cut(step) || d->now <= 0)
            put(p, step->text, d, false, step->for_days);
        else if (!step_cut(s, p, step, d))
            return false;
    }
    return true;
}

/* ---- a plan ---- */

static bool only_to_ask(const mr_stopping *s, mr_stop_plan *p) {
    const mr_medicine *m = p->medicines[0];
    mr_span name = m->n_ingredients ? m->ingredients[0].substance : m->text;
    bool draft = p->scheme != NULL;
    mr_span text =
        mr_arena_printf(s->arena, "%s %.*s%s: ask a pharmacist or the prescriber how to stop or reduce it.",
                        draft ? "The plan for" : "No plan is held for", MR_SPAN_ARG(name), draft ? " is a draft" : "");
    dosing none = {0};
    put(p, text, &none, false, 0);
    return text.ptr != NULL;
}

static bool any_cut(const mr_stop_scheme *x) {
    for (size_t i = 0; i < x->n_steps; i++)
        if (has_cut(&x->steps[i])) return true;
    return false;
}

bool mr_stop_steps(const mr_stopping *s, mr_stop_plan *p) {
    dosing d = {0};
    p->steps = MR_NEW_N(s->arena, mr_planned_step, MR_MOST_PLANNED_STEPS);
    if (!p->steps) return false;
    if (p->scheme && p->scheme->state == MR_RULE_DRAFT && !s->run->include_draft) return only_to_ask(s, p);
    if (!p->scheme) return only_to_ask(s, p);
    if (any_cut(p->scheme)) {
        const char *why_not = dosing_read(p, &d);
        p->doses = why_not ? mr_span_of(why_not)
                           : mr_arena_printf(s->arena,
                                             "Doses are a day's total, from %.10g mg now, rounded down to whole units "
                                             "of %.10g mg.",
                                             d.first, d.unit);
        if (!p->doses.ptr) return false;
    }
    return steps_of(s, p, &d);
}
