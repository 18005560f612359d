/* When medicines were in use: on the days of a window, now, and since when without a break.
 *
 * Every answer has two sides, what is surely so and what may be so; a rule that rests on days between the two is
 * unknown. An issue without an end is a supply of 28 days surely and of three months at most: the ordinary lengths of a
 * repeat prescription are 28, 56 and 84 days. */
#include "set.h"

enum { SUPPLY_DAYS = 28 };
static const mr_duration supply_most = {3, MR_MONTHS};

static mr_tri meets(mr_day from, mr_day until, mr_when days) {
    return from <= until && from <= days.hi && until >= days.lo ? MR_TRUE : MR_FALSE;
}

mr_tri mr_use_in(const mr_medicine *m, mr_when days) {
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

mr_tri mr_use_asked(const mr_sight *s, mr_window w, const mr_medicine *m) {
    if (mr_window_set(w)) return mr_use_in(m, mr_window_days(w, s->as_of));
    return m->unsettled ? MR_UNKNOWN : mr_medicine_taken(m) ? MR_TRUE : MR_FALSE;
}

/* ---- since when ---- */

static mr_day after(mr_day day, mr_duration d) {
    if (d.unit == MR_DAYS) return day + d.n;
    if (d.unit == MR_WEEKS) return day + 7 * d.n;
    return mr_day_add_months(day, (int32_t)d.n * (d.unit == MR_YEARS ? 12 : 1));
}

typedef struct stretch {
    mr_day from, until;
} stretch;

static stretch issue_stretch(const mr_medicine *m, mr_day issue, bool sure) {
    stretch x = {issue, sure ? issue + SUPPLY_DAYS - 1 : after(issue, supply_most)};
    mr_day end = m->state == MR_MED_ENDED && mr_when_given(m->until) ? (sure ? m->until.lo : m->until.hi) : MR_DAY_MAX;
    if (x.until > end) x.until = end > issue ? end : issue;
    return x;
}

/* The k-th stretch of use of a medicine: exposures, then issues as supplies. */
static stretch stretch_of(const mr_medicine *m, size_t k, bool sure) {
    if (k >= m->n_exposures) return issue_stretch(m, m->issues[k - m->n_exposures], sure);
    const mr_exposure *x = &m->exposures[k];
    return sure ? (stretch){x->sure_from, x->sure_until} : (stretch){x->from, x->until};
}

static bool holds_one(const mr_set_view *set, const mr_medicine *m) {
    return set && mr_set_meets(set, m) != MR_FALSE;
}

static mr_tri counts(const mr_users *who, const mr_medicine *m) {
    if (!mr_set_near(who->set, &m->groups) || holds_one(who->but, m)) return MR_FALSE;
    if (who->how.negated && m->uncertain && who->how.whole) return MR_FALSE;
    mr_tri best = MR_FALSE;
    for (size_t i = 0; i < m->n_ingredients && best != MR_TRUE; i++)
        if (!who->substance.ptr || mr_span_eq(m->ingredients[i].substance, who->substance))
            best = mr_tri_or(best, mr_set_has(who->set, m, &m->ingredients[i], NULL));
    return best == MR_TRUE && who->how.negated && m->uncertain ? MR_UNKNOWN : best;
}

/* One round over all stretches that begin before *begin and reach to `edge` or beyond; true when one was found. */
static bool reach_back(const mr_sight *s, const mr_users *who, mr_day edge, bool sure, mr_day *begin) {
    bool moved = false;
    for (size_t i = 0; i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (!mr_set_near(who->set, &m->groups)) continue;
        mr_tri mine = counts(who, m);
        if (mine == MR_FALSE || (sure && mine != MR_TRUE)) continue;
        for (size_t k = 0; k < m->n_exposures + m->n_issues; k++) {
            stretch x = stretch_of(m, k, sure);
            if (x.from > x.until || x.from >= *begin || x.until < edge) continue;
            *begin = x.from;
            moved = true;
        }
    }
    return moved;
}

mr_day mr_use_begin(const mr_sight *s, const mr_users *who, mr_day day, mr_duration gap, bool sure) {
    mr_day begin = day + 1;
    while (begin > MR_DAY_MIN && reach_back(s, who, mr_day_before(begin, gap), sure, &begin)) {
    }
    return begin > day ? MR_DAY_MAX : begin;
}

mr_tri mr_use_on(const mr_medicine *m, mr_day day) {
    mr_tri best = MR_FALSE;
    for (size_t k = 0; k < m->n_exposures + m->n_issues && best != MR_TRUE; k++) {
        stretch sure = stretch_of(m, k, true), most = stretch_of(m, k, false);
        if (sure.from <= day && day <= sure.until) best = MR_TRUE;
        if (best == MR_FALSE && most.from <= day && day <= most.until) best = MR_UNKNOWN;
    }
    return best;
}

/* ---- what is missing ---- */

void mr_missing_about(mr_account *a, const mr_medicine *m, const char *what) {
    if (!a) return;
    mr_span name = m->n_ingredients ? m->ingredients[0].substance : m->text;
    mr_account_missing(a, MR_MISSING_DATUM, mr_account_text(a, "%s of %.*s", what, MR_SPAN_ARG(name)),
                       mr_account_text(a, "the %s of %.*s in the record", what, MR_SPAN_ARG(name)), m->reference);
}

void mr_missing_certainty(mr_account *a, const mr_medicine *m) {
    mr_account_missing(a, MR_MISSING_RECOGNITION, m->text, MR_SPAN("a code that we know for this medicine"),
                       m->reference);
}

void mr_missing_member(mr_account *a, const mr_set_view *set, const mr_medicine *m, bool leant_on, mr_tri use,
                       const char *what) {
    if (leant_on)
        mr_missing_certainty(a, m);
    else if (use == MR_UNKNOWN)
        mr_missing_about(a, m, what);
    else if (mr_set_meets(set, m) == MR_UNKNOWN)
        mr_missing_about(a, m, "dosage");
}

mr_tri mr_use_now(const mr_sight *s, const mr_users *who, mr_account *a) {
    mr_tri best = MR_FALSE;
    if (!mr_set_near(who->set, &s->taken)) return MR_FALSE;
    for (size_t i = 0; i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        mr_tri use = m->unsettled ? MR_UNKNOWN : mr_medicine_taken(m) ? MR_TRUE : MR_FALSE;
        mr_tri here = use == MR_FALSE ? MR_FALSE : mr_tri_and(use, counts(who, m));
        if (here == MR_UNKNOWN) mr_missing_member(a, who->set, m, who->how.negated && m->uncertain, use, "status");
        best = mr_tri_or(best, here);
    }
    return best;
}
