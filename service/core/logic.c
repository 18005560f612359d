/* Three-valued logic (Kleene's): unknown is not no, and a rule fires only on true. */
#include "logic.h"

#include <math.h>

mr_tri mr_tri_not(mr_tri a) {
    return (mr_tri)(MR_TRUE - a);
}

mr_tri mr_tri_and(mr_tri a, mr_tri b) {
    return a < b ? a : b;
}

mr_tri mr_tri_or(mr_tri a, mr_tri b) {
    return a > b ? a : b;
}

static mr_tri tri(bool yes, bool no) {
    return yes ? MR_TRUE : no ? MR_FALSE : MR_UNKNOWN;
}

static mr_tri below(mr_range r, double v) {
    return tri(r.hi < v || (r.hi <= v && r.hi_open), r.lo >= v);
}

static mr_tri at_most(mr_range r, double v) {
    return tri(r.hi <= v, r.lo > v || (r.lo >= v && r.lo_open));
}

static mr_tri equal(mr_range r, double v) {
    bool point = !r.lo_open && !r.hi_open && r.lo >= v && r.hi <= v;
    bool outside = r.hi < v || r.lo > v || (r.hi <= v && r.hi_open) || (r.lo >= v && r.lo_open);
    return tri(point, outside && !point);
}

mr_tri mr_range_compare(mr_range r, mr_compare op, double v) {
    switch (op) {
    case MR_LESS: return below(r, v);
    case MR_LESS_EQUAL: return at_most(r, v);
    case MR_EQUAL: return equal(r, v);
    case MR_GREATER_EQUAL: return mr_tri_not(below(r, v));
    case MR_GREATER: return mr_tri_not(at_most(r, v));
    }
    return MR_UNKNOWN;
}

mr_day mr_day_before(mr_day day, mr_duration d) {
    int32_t days = d.unit == MR_DAYS ? d.n : d.unit == MR_WEEKS ? d.n * 7 : 0;
    if (days) return day - days < MR_DAY_MIN ? MR_DAY_MIN : day - days;
    return mr_day_add_months(day, -(int32_t)d.n * (d.unit == MR_YEARS ? 12 : d.unit == MR_MONTHS ? 1 : 0));
}

mr_when mr_window_days(mr_window w, mr_day as_of) {
    return (mr_when){w.has_earliest ? mr_day_before(as_of, w.earliest) : MR_DAY_MIN,
                     w.has_latest ? mr_day_before(as_of, w.latest) - w.before : as_of};
}

bool mr_window_set(mr_window w) {
    return w.has_earliest || w.has_latest;
}

mr_tri mr_range_outcome(mr_range r, const mr_node *n) {
    return mr_range_compare(r, n->compare, n->value);
}

bool mr_compare_down(mr_compare op) {
    return op == MR_LESS || op == MR_LESS_EQUAL;
}

/* Doses and their sums go through divisions: a millionth of a milligram is none. */
double mr_tidy(double v) {
    return isfinite(v) ? round(v * 1e6) / 1e6 : v;
}

mr_tri mr_when_within(mr_when date, mr_when days) {
    if (!mr_when_given(date)) return MR_UNKNOWN;
    return tri(date.lo >= days.lo && date.hi <= days.hi, date.hi < days.lo || date.lo > days.hi);
}
