/* Atoms about medicines: taken now or in a window, taken together, started before.
 *
 * Happy path: a medicine of the set is taken. Ways to be unknown: nothing found, but something unrecognised is taken
 * or the list was cut off; the only medicine found was recognised by a step that may be wrong and a NOT leans on it;
 * dates, a dosage or a status that would settle it are missing. */
#include "set.h"

void mr_missing_recognition(const mr_sight *s, mr_account *a) {
    for (size_t i = 0; a && i < s->record->n_not_assessed; i++) {
        const mr_not_assessed *x = &s->record->not_assessed[i];
        if (!x->current || x->not_a_medicine) continue;
        mr_account_missing(a, MR_MISSING_RECOGNITION, x->text.len ? x->text : x->reference,
                           MR_SPAN("a code or name that we know for this medicine"), x->reference);
    }
    if (a && (s->record->cut & MR_CUT_MEDICINES))
        mr_account_missing(a, MR_MISSING_RECOGNITION, MR_SPAN("the whole list of medicines"),
                           MR_SPAN("a list of medicines read to its end"), MR_SPAN_NONE);
}

mr_tri mr_nothing_found(const mr_sight *s, mr_reading how, bool in_doubt, mr_account *a) {
    bool blocked = s->blocked && !how.whole;
    if (blocked) mr_missing_recognition(s, a);
    return in_doubt || blocked ? MR_UNKNOWN : MR_FALSE;
}

/* What has been seen of one part so far. */
typedef struct seen {
    bool found, in_doubt;
} seen;

static void see(seen *x, mr_reading how, mr_account *a, const mr_set_view *set, const mr_medicine *m, mr_tri use,
                const char *what) {
    mr_tri value = mr_tri_and(use, mr_set_meets(set, m));
    if (value == MR_FALSE) return;
    bool leant_on = how.negated && m->uncertain;
    if (leant_on && how.whole) return;
    if (leant_on || value == MR_UNKNOWN) mr_missing_member(a, set, m, leant_on, use, what);
    x->found = x->found || (value == MR_TRUE && !leant_on);
    x->in_doubt = x->in_doubt || value == MR_UNKNOWN || leant_on;
    if (value == MR_TRUE && !leant_on) mr_set_show(a, set, m);
}

static mr_tri conclude(const mr_sight *s, const seen *x, mr_reading how, const mr_set_view *set, mr_account *a) {
    if (x->found) return MR_TRUE;
    mr_tri value = mr_nothing_found(s, how, x->in_doubt, a);
    if (value == MR_FALSE) mr_set_show_absence(s, a, set);
    return value;
}

mr_tri mr_atom_taking(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    bool window = mr_window_set(n->window);
    mr_set_view set;
    mr_set_first(n, &set);
    seen x = {false, false};
    if (mr_set_near(&set, window ? &s->ever : &s->taken))
        for (size_t i = 0; i < s->record->n_medicines; i++) {
            const mr_medicine *m = &s->record->medicines[i];
            if (!mr_set_near(&set, &m->groups)) continue;
            see(&x, how, a, &set, m, mr_use_asked(s, n->window, m), window ? "dates of use" : "status");
        }
    return conclude(s, &x, how, &set, a);
}

mr_tri mr_atom_started_before(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_when days = {MR_DAY_MIN, mr_day_before(s->as_of, n->window.latest)};
    mr_set_view set;
    mr_set_first(n, &set);
    seen x = {false, false};
    if (mr_set_near(&set, &s->ever))
        for (size_t i = 0; i < s->record->n_medicines; i++) {
            const mr_medicine *m = &s->record->medicines[i];
            if (mr_set_near(&set, &m->groups)) see(&x, how, a, &set, m, mr_use_in(m, days), "start date");
        }
    return conclude(s, &x, how, &set, a);
}

/* ---- taken together ---- */

static bool different_substances(const mr_medicine *a, const mr_set_view *set_a, const mr_medicine *b,
                                 const mr_set_view *set_b) {
    for (size_t i = 0; i < a->n_ingredients; i++)
        for (size_t k = 0; k < b->n_ingredients; k++)
            if (!mr_span_eq(a->ingredients[i].substance, b->ingredients[k].substance) &&
                mr_set_has(set_a, a, &a->ingredients[i], NULL) != MR_FALSE &&
                mr_set_has(set_b, b, &b->ingredients[k], NULL) != MR_FALSE)
                return true;
    return false;
}

/* Days of one medicine, cut to the window. */
typedef struct stretch {
    mr_day from, until;
} stretch;

static bool stretch_of(const mr_medicine *m, size_t k, bool sure, mr_when days, stretch *ret) {
    if (k < m->n_issues) {
        *ret = (stretch){m->issues[k], m->issues[k]};
    } else {
        const mr_exposure *x = &m->exposures[k - m->n_issues];
        *ret = sure ? (stretch){x->sure_from, x->sure_until} : (stretch){x->from, x->until};
    }
    if (ret->from > ret->until) return false;
    if (ret->from < days.lo) ret->from = days.lo;
    if (ret->until > days.hi) ret->until = days.hi;
    return ret->from <= ret->until;
}

/* Issues where the medicine has them; else its days of use. */
static size_t stretches(const mr_medicine *m) {
    return m->n_issues ? m->n_issues : m->n_exposures;
}

static bool near(const mr_medicine *a, const mr_medicine *b, bool sure, mr_when days, mr_duration apart) {
    for (size_t i = 0; i < stretches(a); i++) {
        stretch x, y;
        if (!stretch_of(a, i, sure, days, &x)) continue;
        for (size_t k = 0; k < stretches(b); k++) {
            if (!stretch_of(b, k, sure, days, &y)) continue;
            mr_day first_ends = x.from < y.from ? x.until : y.until, second_begins = x.from < y.from ? y.from : x.from;
            if (first_ends > mr_day_before(second_begins, apart)) return true;
        }
    }
    return false;
}

static mr_tri together(const mr_sight *s, const mr_node *n, const mr_medicine *a, const mr_medicine *b) {
    mr_tri both = mr_tri_and(mr_use_asked(s, n->window, a), mr_use_asked(s, n->window, b));
    if (both == MR_FALSE || !mr_window_set(n->window)) return both;
    mr_when days = mr_window_days(n->window, s->as_of);
    if (near(a, b, true, days, n->apart)) return MR_TRUE;
    return near(a, b, false, days, n->apart) ? MR_UNKNOWN : MR_FALSE;
}

/* Both sets of a "coprescribed". */
typedef struct sets {
    mr_set_view first, second;
} sets;

static void see_pair(const mr_sight *s, const mr_node *n, const sets *of, const mr_medicine *a, const mr_medicine *b,
                     mr_reading how, seen *x, mr_account *account) {
    mr_tri use = together(s, n, a, b);
    mr_tri value = mr_tri_and(use, mr_tri_and(mr_set_meets(&of->first, a), mr_set_meets(&of->second, b)));
    bool leant_on = value != MR_FALSE && how.negated && (a->uncertain || b->uncertain);
    if (value == MR_FALSE || (leant_on && how.whole)) return;
    if (leant_on) {
        mr_missing_certainty(account, a->uncertain ? a : b);
    } else if (value == MR_TRUE) {
        mr_set_show(account, &of->first, a);
        mr_set_show(account, &of->second, b);
    } else {
        mr_missing_member(account, &of->first, a, false, use, "dates of use");
        mr_missing_member(account, &of->second, b, false, use, "dates of use");
    }
    x->found = x->found || (value == MR_TRUE && !leant_on);
    x->in_doubt = x->in_doubt || value == MR_UNKNOWN || leant_on;
}

mr_tri mr_atom_coprescribed(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account) {
    const mr_bits *known = mr_window_set(n->window) ? &s->ever : &s->taken;
    sets of;
    mr_set_first(n, &of.first);
    mr_set_second(n, &of.second);
    seen x = {false, false};
    bool worth = mr_set_near(&of.first, known) && mr_set_near(&of.second, known);
    for (size_t i = 0; worth && i < s->record->n_medicines; i++) {
        const mr_medicine *a = &s->record->medicines[i];
        if (!mr_set_near(&of.first, &a->groups)) continue;
        for (size_t k = 0; k < s->record->n_medicines; k++) {
            const mr_medicine *b = &s->record->medicines[k];
            if (mr_set_near(&of.second, &b->groups) && different_substances(a, &of.first, b, &of.second))
                see_pair(s, n, &of, a, b, how, &x, account);
        }
    }
    return x.found ? MR_TRUE : mr_nothing_found(s, how, x.in_doubt, account);
}
