/* Atoms about the beginning of use: taken long, started, a cascade, tested since the start.
 *
 * A beginning lies between two days: the earliest and the latest that it can be. A rule fires only where both say so.
 */
#include "set.h"

static const mr_duration year = {12, MR_MONTHS}; /* used within it: no new start */
/* Breaks of 28 days are bridged: use that ended 29 days before goes on. */
static const mr_duration bridged = {29, MR_DAYS};

/* The days on which the use began, as a date between two ends; not given when there is none. */
static mr_when began(const mr_sight *s, const mr_users *who, mr_day day, mr_duration gap) {
    mr_day first = mr_use_begin(s, who, day, gap, false), last = mr_use_begin(s, who, day, gap, true);
    if (first == MR_DAY_MAX) return MR_WHEN_NONE;
    return (mr_when){first, last == MR_DAY_MAX ? day : last};
}

/* Everything taken now of the set: shown when true, its missing start named when unknown. */
static void tell(const mr_sight *s, const mr_users *who, mr_tri value, mr_account *a) {
    for (size_t i = 0; a && value != MR_FALSE && i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (!mr_medicine_taken(m) || mr_set_meets(who->set, m) == MR_FALSE) continue;
        if (value == MR_TRUE)
            mr_set_show(a, who->set, m);
        else
            mr_missing_about(a, m, "start date");
    }
}

/* false: the value is settled already by who takes it now. */
static bool taken_now(const mr_sight *s, const mr_users *who, mr_account *a, mr_tri *ret) {
    *ret = mr_use_now(s, who, a);
    if (*ret == MR_TRUE) return true;
    *ret = mr_nothing_found(s, who->how, *ret == MR_UNKNOWN, a);
    if (*ret == MR_FALSE) mr_set_show_absence(s, a, who->set);
    return false;
}

static mr_tri long_enough(const mr_sight *s, const mr_users *who, mr_duration d, mr_compare compare) {
    mr_day line = mr_day_before(s->as_of, d) - (compare == MR_GREATER);
    if (mr_use_begin(s, who, s->as_of, bridged, true) <= line) return MR_TRUE;
    return mr_use_begin(s, who, s->as_of, bridged, false) <= line ? MR_UNKNOWN : MR_FALSE;
}

mr_tri mr_atom_long(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_set_view set;
    mr_set_first(n, &set);
    mr_users who = {.set = &set, .how = how};
    mr_tri value;
    if (!taken_now(s, &who, a, &value)) return value;
    value = long_enough(s, &who, n->apart, n->compare);
    tell(s, &who, value, a);
    return value == MR_FALSE ? mr_nothing_found(s, how, false, a) : value;
}

mr_tri mr_substance_long(const mr_sight *s, const mr_node *n, const mr_set_view *set, mr_span substance,
                         mr_reading how) {
    mr_users who = {.set = set, .substance = substance, .how = how};
    return long_enough(s, &who, n->apart, n->compare);
}

mr_tri mr_atom_started(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_set_view set;
    mr_set_first(n, &set);
    mr_users who = {.set = &set, .how = how};
    mr_tri value;
    if (!taken_now(s, &who, a, &value)) return value;
    value = mr_when_within(began(s, &who, s->as_of, year), mr_window_days(n->window, s->as_of));
    tell(s, &who, value, a);
    return value == MR_FALSE ? mr_nothing_found(s, how, false, a) : value;
}

mr_tri mr_start_of(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a, mr_when *ret) {
    mr_set_view set;
    mr_set_first(n, &set);
    mr_users who = {.set = &set, .how = how};
    mr_tri value;
    if (!taken_now(s, &who, a, &value)) return value;
    mr_when start = began(s, &who, s->as_of, year);
    if (mr_when_given(start) && start.lo == start.hi) {
        *ret = start;
        return MR_TRUE;
    }
    tell(s, &who, MR_UNKNOWN, a);
    return MR_UNKNOWN;
}

/* ---- one medicine answered by another ---- */

/* Days from `earlier` to `later` against 1 to `most`. */
static mr_tri follows(mr_when earlier, mr_when later, mr_duration most) {
    if (!mr_when_given(earlier)) return MR_FALSE;
    bool in_time = earlier.lo >= mr_day_before(later.hi, most) && earlier.hi < later.lo;
    bool never = earlier.lo >= later.hi || earlier.hi < mr_day_before(later.lo, most);
    return in_time ? MR_TRUE : never ? MR_FALSE : MR_UNKNOWN;
}

static void tell_earlier(const mr_sight *s, const mr_users *who, mr_when days, mr_tri value, mr_account *a) {
    for (size_t i = 0; a && value != MR_FALSE && i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (mr_set_meets(who->set, m) == MR_FALSE || (who->but && mr_set_meets(who->but, m) != MR_FALSE)) continue;
        mr_tri used = mr_use_in(m, days);
        if (value == MR_TRUE && used == MR_TRUE) mr_set_show(a, who->set, m);
        if (value == MR_UNKNOWN && used != MR_FALSE) mr_missing_about(a, m, "start date");
    }
}

mr_tri mr_atom_cascade(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_set_view first, second;
    mr_set_first(n, &first);
    mr_set_second(n, &second);
    mr_users later = {.set = &second, .how = how}, earlier = {.set = &first, .but = &second, .how = how};
    mr_tri value;
    if (!taken_now(s, &later, a, &value)) return value;
    mr_when start = began(s, &later, s->as_of, year);
    mr_tri started = mr_when_within(start, mr_window_days(n->window, s->as_of));
    mr_when before = started == MR_FALSE ? MR_WHEN_NONE : began(s, &earlier, start.hi - 1, year);
    mr_tri due = started == MR_FALSE ? MR_FALSE : follows(before, start, n->apart);
    value = mr_tri_and(started, due);
    if (value == MR_TRUE || started == MR_UNKNOWN) tell(s, &later, value, a);
    tell_earlier(s, &earlier, (mr_when){before.lo, start.hi - 1}, value == MR_TRUE ? value : due, a);
    return value == MR_FALSE ? mr_nothing_found(s, how, false, a) : value;
}

/* ---- tested since the start ---- */

mr_tri mr_atom_tested_since(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_set_view set;
    mr_set_first(n, &set);
    mr_users who = {.set = &set, .how = how};
    mr_when start = mr_use_now(s, &who, NULL) == MR_FALSE ? MR_WHEN_NONE : began(s, &who, s->as_of, year);
    if (!mr_when_given(start)) return MR_TRUE; /* nothing was started, so nothing is due */
    mr_day line = mr_day_before(s->as_of, n->apart);
    if (start.lo >= line) return MR_TRUE; /* there is still time */
    mr_tri tested = mr_tested_in(s, n, (mr_when){start.hi, s->as_of}, a), early = MR_FALSE;
    if (start.lo < start.hi) early = mr_tested_in(s, n, (mr_when){start.lo, s->as_of}, NULL);
    mr_tri value = tested == MR_FALSE && (early != MR_FALSE || start.hi >= line) ? MR_UNKNOWN : tested;
    if (value == MR_UNKNOWN && tested == MR_FALSE) tell(s, &who, MR_UNKNOWN, a);
    return value;
}
