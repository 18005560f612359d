/* Atoms about medicines: taken now or in a window, taken together, started before.
 *
 * Happy path: a medicine of the group is taken. Ways to be unknown: nothing found, but something unrecognised is taken
 * or the list was cut off; the only medicine found was recognised by a step that may be wrong and a NOT leans on it;
 * dates or a status that would settle it are missing. */
#include "account.h"

static mr_span group_name(const mr_sight *s, uint16_t group) {
    return group < s->rules->n_groups ? s->rules->groups[group].name : MR_SPAN("?");
}

static mr_tri meets(mr_day from, mr_day until, mr_when days) {
    return from <= until && from <= days.hi && until >= days.lo ? MR_TRUE : MR_FALSE;
}

static mr_tri used_in(const mr_medicine *m, mr_when days) {
    mr_tri best = MR_FALSE;
    for (size_t i = 0; i < m->n_issues && best != MR_TRUE; i++)
        best = mr_tri_or(best, meets(m->issues[i], m->issues[i], days));
    for (size_t i = 0; i < m->n_exposures && best != MR_TRUE; i++) {
        const mr_exposure *x = &m->exposures[i];
        best = mr_tri_or(best, meets(x->sure_from, x->sure_until, days));
        if (best == MR_FALSE && meets(x->from, x->until, days) == MR_TRUE) best = MR_UNKNOWN;
    }
    return best;
}

/* The medicine alone, whatever it was recognised by. */
static mr_tri use_of(const mr_sight *s, const mr_node *n, const mr_medicine *m) {
    if (mr_window_set(n->window)) return used_in(m, mr_window_days(n->window, s->as_of));
    return m->unsettled ? MR_UNKNOWN : mr_medicine_taken(m) ? MR_TRUE : MR_FALSE;
}

static void match_all(mr_account *a, uint16_t group, const mr_medicine *m) {
    for (size_t i = 0; a && i < m->n_ingredients; i++)
        if (mr_bits_has(&m->ingredients[i].groups, group)) mr_account_match(a, group, m, &m->ingredients[i]);
}

static void show_use(mr_account *a, const mr_medicine *m, uint16_t group) {
    if (!a) return;
    match_all(a, group, m);
    mr_span text = m->text.len ? m->text : m->n_ingredients ? m->ingredients[0].substance : m->reference;
    mr_account_evidence(a, (mr_evidence){.reference = m->reference, .text = text, .date = m->since});
}

/* Where something was not recognised, that none was recognised is all that can be said. */
static void show_absence(const mr_sight *s, mr_account *a, const mr_node *n) {
    if (!a) return;
    mr_span text = mr_account_text(a, "no medicine of group %.*s%s", MR_SPAN_ARG(group_name(s, n->group)),
                                   s->blocked ? " recognised" : "");
    mr_account_evidence(a, (mr_evidence){.text = text, .date = MR_WHEN_NONE});
}

static void miss_dates(mr_account *a, const mr_medicine *m, const char *what) {
    if (!a) return;
    mr_span name = m->n_ingredients ? m->ingredients[0].substance : m->text;
    mr_account_missing(a, MR_MISSING_DATUM, mr_account_text(a, "%s of %.*s", what, MR_SPAN_ARG(name)),
                       mr_account_text(a, "the %s of %.*s in the record", what, MR_SPAN_ARG(name)), m->reference);
}

static void miss_certainty(mr_account *a, const mr_medicine *m) {
    mr_account_missing(a, MR_MISSING_RECOGNITION, m->text, MR_SPAN("a code that we know for this medicine"),
                       m->reference);
}

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

/* What is left when no medicine was surely found. */
static mr_tri nothing_found(const mr_sight *s, mr_reading how, bool in_doubt, mr_account *a) {
    bool blocked = s->blocked && !how.whole;
    if (blocked) mr_missing_recognition(s, a);
    return in_doubt || blocked ? MR_UNKNOWN : MR_FALSE;
}

mr_tri mr_atom_taking(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    bool window = mr_window_set(n->window), found = false, in_doubt = false;
    if (mr_bits_has(window ? &s->ever : &s->taken, n->group))
        for (size_t i = 0; i < s->record->n_medicines; i++) {
            const mr_medicine *m = &s->record->medicines[i];
            if (!mr_bits_has(&m->groups, n->group)) continue;
            mr_tri use = use_of(s, n, m);
            if (use == MR_FALSE) continue;
            bool leant_on = how.negated && m->uncertain;
            if (leant_on && how.whole) continue;
            if (leant_on)
                miss_certainty(a, m);
            else if (use == MR_UNKNOWN)
                miss_dates(a, m, window ? "dates of use" : "status");
            found = found || (use == MR_TRUE && !leant_on);
            in_doubt = in_doubt || use == MR_UNKNOWN || leant_on;
            if (use == MR_TRUE && !leant_on) show_use(a, m, n->group);
        }
    if (found) return MR_TRUE;
    mr_tri value = nothing_found(s, how, in_doubt, a);
    if (value == MR_FALSE) show_absence(s, a, n);
    return value;
}

mr_tri mr_atom_started_before(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_day line = mr_day_before(s->as_of, n->window.latest);
    bool found = false, in_doubt = false;
    for (size_t i = 0; mr_bits_has(&s->ever, n->group) && i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (!mr_bits_has(&m->groups, n->group)) continue;
        mr_tri before = used_in(m, (mr_when){MR_DAY_MIN, line});
        if (before == MR_TRUE) show_use(a, m, n->group);
        if (before == MR_UNKNOWN) miss_dates(a, m, "start date");
        found = found || before == MR_TRUE;
        in_doubt = in_doubt || before == MR_UNKNOWN;
    }
    if (found) return MR_TRUE;
    mr_tri value = nothing_found(s, how, in_doubt, a);
    if (value == MR_FALSE) show_absence(s, a, n);
    return value;
}

/* ---- taken together ---- */

static bool different_substances(const mr_medicine *a, uint16_t group_a, const mr_medicine *b, uint16_t group_b) {
    for (size_t i = 0; i < a->n_ingredients; i++)
        for (size_t k = 0; k < b->n_ingredients; k++)
            if (mr_bits_has(&a->ingredients[i].groups, group_a) && mr_bits_has(&b->ingredients[k].groups, group_b) &&
                !mr_span_eq(a->ingredients[i].substance, b->ingredients[k].substance))
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
    mr_tri both = mr_tri_and(use_of(s, n, a), use_of(s, n, b));
    if (both == MR_FALSE || !mr_window_set(n->window)) return both;
    mr_when days = mr_window_days(n->window, s->as_of);
    if (near(a, b, true, days, n->apart)) return MR_TRUE;
    return near(a, b, false, days, n->apart) ? MR_UNKNOWN : MR_FALSE;
}

mr_tri mr_atom_coprescribed(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account) {
    const mr_bits *known = mr_window_set(n->window) ? &s->ever : &s->taken;
    bool worth = mr_bits_has(known, n->group) && mr_bits_has(known, n->group2), found = false, in_doubt = false;
    for (size_t i = 0; worth && i < s->record->n_medicines; i++) {
        const mr_medicine *a = &s->record->medicines[i];
        if (!mr_bits_has(&a->groups, n->group)) continue;
        for (size_t k = 0; k < s->record->n_medicines; k++) {
            const mr_medicine *b = &s->record->medicines[k];
            if (!mr_bits_has(&b->groups, n->group2) || !different_substances(a, n->group, b, n->group2)) continue;
            mr_tri value = together(s, n, a, b);
            bool leant_on = value != MR_FALSE && how.negated && (a->uncertain || b->uncertain);
            if (leant_on && how.whole) continue;
            if (leant_on) {
                miss_certainty(account, a->uncertain ? a : b);
                in_doubt = true;
                continue;
            }
            if (value == MR_TRUE) {
                show_use(account, a, n->group);
                show_use(account, b, n->group2);
            } else if (value == MR_UNKNOWN) {
                miss_dates(account, a, "dates of use");
                miss_dates(account, b, "dates of use");
            }
            found = found || value == MR_TRUE;
            in_doubt = in_doubt || value == MR_UNKNOWN;
        }
    }
    return found ? MR_TRUE : nothing_found(s, how, in_doubt, account);
}
