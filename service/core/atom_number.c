/* Numbers about medicines: how many substances, entries, issues; how much and how often.
 *
 * Each is counted as a range, from what is surely so to what may be so: a dose that is not known, a date that is
 * missing, a medicine that nobody recognised. What lies outside the range is settled all the same. */
#include "set.h"

#include <math.h>

static mr_range range_of(double lo, double hi) {
    return (mr_range){lo, hi, false, false};
}

/* The end of every part: an unrecognised medicine may add to the number. */
static mr_tri outcome(const mr_sight *s, const mr_node *n, mr_reading how, mr_range r, mr_account *a) {
    bool more = s->blocked && !how.whole;
    mr_tri value = mr_range_outcome(r, n);
    if (!more) return value;
    r.hi = INFINITY;
    mr_tri with_more = mr_range_outcome(r, n);
    if (with_more != value) mr_missing_recognition(s, a);
    return with_more;
}

static void show_number(mr_account *a, mr_tri value, mr_range r, mr_span text, mr_span unit) {
    if (a && value != MR_UNKNOWN)
        mr_account_evidence(a, (mr_evidence){MR_SPAN_NONE, text, true, r.lo, unit, MR_WHEN_NONE});
}

/* A number that is true when it is small leans on what is absent. */
static mr_reading leaning(const mr_node *n, mr_reading how) {
    if (mr_compare_down(n->compare)) how.negated = !how.negated;
    return how;
}

/* One ingredient of one medicine: does it count? */
static mr_tri member(const mr_sight *s, const mr_node *n, const mr_set_view *set, mr_reading how, const mr_medicine *m,
                     const mr_ingredient *x) {
    mr_tri value = mr_tri_and(mr_use_asked(s, n->window, m), mr_set_has(set, m, x, NULL));
    if (value == MR_FALSE || !how.negated || !m->uncertain) return value;
    return how.whole ? MR_FALSE : MR_UNKNOWN;
}

static bool seen_before(const mr_sight *s, const mr_set_view *set, size_t medicine, size_t ingredient) {
    mr_span substance = s->record->medicines[medicine].ingredients[ingredient].substance;
    for (size_t i = 0; i <= medicine; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        size_t n = i == medicine ? ingredient : m->n_ingredients;
        for (size_t k = 0; k < n; k++)
            if (mr_span_eq(m->ingredients[k].substance, substance) &&
                mr_set_has(set, m, &m->ingredients[k], NULL) != MR_FALSE)
                return true;
    }
    return false;
}

/* ---- distinct substances ---- */

static mr_tri substance_counts(const mr_sight *s, const mr_node *n, const mr_set_view *set, mr_reading how,
                               mr_span substance) {
    mr_tri best = MR_FALSE;
    for (size_t i = 0; i < s->record->n_medicines && best != MR_TRUE; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (!mr_set_near(set, &m->groups)) continue;
        for (size_t k = 0; k < m->n_ingredients; k++)
            if (mr_span_eq(m->ingredients[k].substance, substance))
                best = mr_tri_or(best, member(s, n, set, how, m, &m->ingredients[k]));
    }
    if (best == MR_FALSE || !n->apart.n) return best;
    return mr_tri_and(best, mr_substance_long(s, n, set, substance, how));
}

static void show_members(const mr_sight *s, const mr_node *n, const mr_set_view *set, mr_reading how, mr_tri value,
                         mr_account *a) {
    for (size_t i = 0; a && value != MR_FALSE && i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (!mr_set_near(set, &m->groups)) continue;
        for (size_t k = 0; k < m->n_ingredients; k++) {
            mr_tri here = member(s, n, set, how, m, &m->ingredients[k]);
            if (here == MR_FALSE) continue;
            if (n->apart.n) here = mr_tri_and(here, mr_substance_long(s, n, set, m->ingredients[k].substance, how));
            if (value == MR_TRUE && here == MR_TRUE) mr_set_show(a, set, m);
            if (value == MR_UNKNOWN && here == MR_UNKNOWN)
                mr_missing_member(a, set, m, how.negated && m->uncertain, MR_UNKNOWN,
                                  n->apart.n ? "start date" : "dates of use");
        }
    }
}

mr_tri mr_atom_substances(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_set_view set;
    mr_set_first(n, &set);
    mr_reading lean = leaning(n, how);
    mr_range r = range_of(0, 0);
    bool near = mr_set_near(&set, mr_window_set(n->window) ? &s->ever : &s->taken);
    for (size_t i = 0; near && i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (!mr_set_near(&set, &m->groups)) continue;
        for (size_t k = 0; k < m->n_ingredients; k++) {
            if (mr_set_has(&set, m, &m->ingredients[k], NULL) == MR_FALSE || seen_before(s, &set, i, k)) continue;
            mr_tri counted = substance_counts(s, n, &set, lean, m->ingredients[k].substance);
            r.lo += counted == MR_TRUE;
            r.hi += counted != MR_FALSE;
        }
    }
    mr_tri value = outcome(s, n, how, r, a);
    show_number(a, value, r, MR_SPAN("different substances"), MR_SPAN("{medicines}"));
    show_members(s, n, &set, lean, value, a);
    return value;
}

/* ---- entries of one substance ---- */

static bool same_way(const mr_medicine *a, const mr_medicine *b) {
    bool routes = a->route == b->route || a->route == MR_ROUTE_UNKNOWN || b->route == MR_ROUTE_UNKNOWN;
    return routes && a->as_needed == b->as_needed;
}

/* Entries beside `m` that stand for the same substance in the same way. */
static mr_range entries_of(const mr_sight *s, const mr_set_view *set, const mr_medicine *m, mr_span substance) {
    mr_range r = range_of(0, 0);
    for (size_t i = 0; i < s->record->n_medicines; i++) {
        const mr_medicine *o = &s->record->medicines[i];
        if (!mr_medicine_taken(o) || !same_way(m, o)) continue;
        for (size_t k = 0; k < o->n_ingredients; k++) {
            if (!mr_span_eq(o->ingredients[k].substance, substance)) continue;
            if (mr_set_has(set, o, &o->ingredients[k], NULL) != MR_TRUE) continue;
            r.lo += o->doubles ? o->doubles : 1;
            r.hi += o->doubles ? o->doubles : o->doubles_doubtful ? 2 : 1;
            break;
        }
    }
    return r;
}

mr_tri mr_atom_same_substance(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_set_view set;
    mr_set_first(n, &set);
    mr_range most = range_of(0, 0);
    for (size_t i = 0; i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (!mr_medicine_taken(m) || !mr_set_near(&set, &m->groups)) continue;
        for (size_t k = 0; k < m->n_ingredients; k++) {
            if (mr_set_has(&set, m, &m->ingredients[k], NULL) != MR_TRUE) continue;
            mr_range r = entries_of(s, &set, m, m->ingredients[k].substance);
            most.lo = fmax(most.lo, r.lo);
            most.hi = fmax(most.hi, r.hi);
            if (a && mr_range_outcome(r, n) == MR_TRUE) {
                for (size_t t = 0; t < set.n; t++)
                    if (set.terms[t].group == MR_ANY_GROUP ||
                        mr_bits_has(&m->ingredients[k].groups, set.terms[t].group))
                        mr_account_match(a, set.terms[t].group, m, &m->ingredients[k]);
                mr_account_evidence(a, (mr_evidence){.reference = m->reference,
                                                     .text = m->text.len ? m->text : m->ingredients[k].substance,
                                                     .date = m->since});
            }
            if (mr_range_outcome(r, n) == MR_UNKNOWN) mr_missing_about(a, m, "strengths");
        }
    }
    mr_tri value = outcome(s, n, how, most, a);
    show_number(a, value, most, MR_SPAN("entries of one substance"), MR_SPAN("{medicines}"));
    return value;
}

/* ---- issues ---- */

static mr_range issues_of(const mr_medicine *m, mr_when days) {
    double in = 0;
    for (size_t i = 0; i < m->n_issues; i++) in += m->issues[i] >= days.lo && m->issues[i] <= days.hi;
    if (m->listed) return range_of(in, in);
    /* Only the last issue is on record: none came after it, and how many before is not known. */
    bool over = m->n_issues && m->issues[m->n_issues - 1] < days.lo;
    bool unused = !m->n_issues && mr_use_in(m, days) == MR_FALSE;
    return range_of(in, over || unused ? in : INFINITY);
}

mr_tri mr_atom_issues(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_set_view set;
    mr_set_first(n, &set);
    mr_when days = mr_window_days(n->window, s->as_of);
    mr_range sum = range_of(0, 0);
    for (size_t i = 0; i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        mr_tri mine = mr_set_meets(&set, m);
        if (mine == MR_FALSE) continue;
        mr_range r = issues_of(m, days);
        sum.lo += mine == MR_TRUE ? r.lo : 0;
        sum.hi += r.hi;
    }
    mr_tri value = outcome(s, n, how, sum, a);
    show_number(a, value, sum, MR_SPAN("issues"), MR_SPAN("{issues}"));
    for (size_t i = 0; a && i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (mr_set_meets(&set, m) == MR_FALSE) continue;
        mr_range r = issues_of(m, days);
        if (value == MR_TRUE && (r.lo > 0 || mr_compare_down(n->compare) || n->compare == MR_EQUAL))
            mr_set_show(a, &set, m);
        if (value == MR_UNKNOWN && r.hi > r.lo) mr_missing_about(a, m, "issue dates");
    }
    return value;
}
