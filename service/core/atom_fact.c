/* Atoms about coded facts: diagnoses, tests, results.
 *
 * Happy path: a code of the concept stands in the record with a date and a value. Ways to be unknown: no codes are
 * loaded for the concept; the list was cut off; the date is partial or missing; the newest result is too old, has an
 * unusable unit, a comparator that does not settle it, or cannot be told from another one of the same day. */
#include "set.h"

#include "medreview/core/code_set.h"

#include <math.h>

static mr_span title(const mr_sight *s, const mr_node *n) {
    return mr_ruleset_concept_title(s->rules, n->concept);
}

static mr_tri miss(mr_account *a, mr_span what, mr_span settled_by, mr_span reference) {
    mr_account_missing(a, MR_MISSING_DATUM, what, settled_by, reference);
    return MR_UNKNOWN;
}

void mr_missing_codes(const mr_sight *s, const mr_node *n, mr_account *a) {
    mr_span name = title(s, n);
    (void)miss(a, mr_account_text(a, "codes for %.*s", MR_SPAN_ARG(name)),
               mr_account_text(a, "a code set for %.*s loaded into the service", MR_SPAN_ARG(name)), MR_SPAN_NONE);
}

static mr_tri miss_codes(const mr_sight *s, const mr_node *n, mr_account *a) {
    mr_missing_codes(s, n, a);
    return MR_UNKNOWN;
}

static mr_tri miss_date(const mr_sight *s, const mr_node *n, mr_account *a, mr_span reference) {
    mr_span name = title(s, n);
    return miss(a, mr_account_text(a, "date of %.*s", MR_SPAN_ARG(name)),
                mr_account_text(a, "a date on the record of %.*s", MR_SPAN_ARG(name)), reference);
}

static mr_when fact_date(const mr_fact *f) {
    if (f->observation) return f->observation->taken;
    return mr_when_given(f->condition->recorded) ? f->condition->recorded : f->condition->onset;
}

static mr_span fact_reference(const mr_fact *f) {
    return f->condition ? f->condition->reference : f->observation->reference;
}

static mr_span fact_text(const mr_sight *s, const mr_node *n, const mr_fact *f) {
    mr_span text = f->condition ? f->condition->text : f->observation->text;
    return text.len ? text : title(s, n);
}

/* ---- diagnoses ---- */

static bool is_resolved(const mr_fact *f) {
    return f->condition && f->condition->state == MR_FACT_RESOLVED;
}

static mr_degree degree_of(const mr_fact *f) {
    return f->role == MR_ROLE_MILD       ? MR_DEGREE_MILD
           : f->role == MR_ROLE_MODERATE ? MR_DEGREE_MODERATE
           : f->role == MR_ROLE_SEVERE   ? MR_DEGREE_SEVERE
                                         : MR_DEGREE_ANY;
}

static bool is_diagnosis(const mr_fact *f) {
    return (f->role == MR_ROLE_PRESENT || f->role == MR_ROLE_EVENT) && !is_resolved(f);
}

/* The code says what the part asks: that it is there, or how severe it is. */
static bool says(const mr_node *n, const mr_fact *f) {
    if (n->degree == MR_DEGREE_ANY) return is_diagnosis(f);
    mr_degree d = is_resolved(f) ? MR_DEGREE_ANY : degree_of(f);
    return d == n->degree || (n->at_least && d > n->degree);
}

/* The interval of dates: where the latest of all stands. Undated facts widen it to everything. */
static mr_when latest_of(const mr_node *node, const mr_fact *facts, size_t n, bool resolved) {
    mr_when latest = MR_WHEN_NONE;
    for (size_t i = 0; i < n; i++) {
        if (resolved ? !mr_code_role_ends(facts[i].role) : !says(node, &facts[i])) continue;
        mr_when w = fact_date(&facts[i]);
        if (!mr_when_given(w)) w = (mr_when){MR_DAY_MIN, MR_DAY_MAX};
        if (!mr_when_given(latest)) latest = w;
        if (w.lo > latest.lo) latest.lo = w.lo;
        if (w.hi > latest.hi) latest.hi = w.hi;
    }
    return latest;
}

/* Is the diagnosis still open after the codes that say resolved, in remission, no longer or absent? On the same day it
 * is. */
static mr_tri still_open(const mr_node *node, const mr_fact *facts, size_t n) {
    mr_when resolved = latest_of(node, facts, n, true), present = latest_of(node, facts, n, false);
    if (!mr_when_given(resolved)) return MR_TRUE;
    if (present.lo >= resolved.hi) return MR_TRUE;
    return present.hi < resolved.lo ? MR_FALSE : MR_UNKNOWN;
}

static void show_diagnosis(const mr_sight *s, const mr_node *n, mr_account *a, const mr_fact *f) {
    if (!a) return;
    mr_span text = fact_text(s, n, f);
    if (f->condition && f->condition->uncertain) text = mr_account_text(a, "%.*s (not confirmed)", MR_SPAN_ARG(text));
    mr_account_evidence(a, (mr_evidence){.reference = fact_reference(f), .text = text, .date = fact_date(f)});
}

static mr_tri absent(const mr_sight *s, const mr_node *n, mr_account *a, unsigned cut, const char *list) {
    mr_span name = title(s, n);
    if (s->record->cut & cut)
        return miss(a, mr_account_text(a, "the whole list of %s", list),
                    mr_account_text(a, "a list of %s read to its end", list), MR_SPAN_NONE);
    if (a)
        mr_account_evidence(
            a, (mr_evidence){.text = mr_account_text(a, "no %.*s recorded", MR_SPAN_ARG(name)), .date = MR_WHEN_NONE});
    return MR_FALSE;
}

/* ---- several times ---- */

static mr_tri on_a_day(const mr_sight *s, const mr_node *n, const mr_fact *f) {
    mr_when date = fact_date(f);
    mr_tri in = mr_window_set(n->window) ? mr_when_within(date, mr_window_days(n->window, s->as_of)) : MR_TRUE;
    bool exact = mr_when_given(date) && date.lo == date.hi;
    return in == MR_TRUE && !exact ? MR_UNKNOWN : in;
}

/* Does an earlier fact stand for the same day? */
static bool day_counted(const mr_sight *s, const mr_node *n, const mr_fact *facts, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (says(n, &facts[k]) && on_a_day(s, n, &facts[k]) == MR_TRUE &&
            fact_date(&facts[k]).lo == fact_date(&facts[i]).lo)
            return true;
    return false;
}

static mr_tri has_times(const mr_sight *s, const mr_node *n, mr_account *a) {
    size_t count;
    const mr_fact *facts = mr_sight_facts(s, n->concept, &count), *doubtful = NULL;
    mr_range days = {0, 0, false, false};
    for (size_t i = 0; i < count; i++) {
        mr_tri in = says(n, &facts[i]) ? on_a_day(s, n, &facts[i]) : MR_FALSE;
        if (in == MR_FALSE || (in == MR_TRUE && day_counted(s, n, facts, i))) continue;
        days.lo += in == MR_TRUE;
        days.hi += 1;
        if (in == MR_TRUE) show_diagnosis(s, n, a, &facts[i]);
        if (in == MR_UNKNOWN) doubtful = &facts[i];
    }
    mr_tri value = mr_range_compare(days, MR_GREATER_EQUAL, n->times);
    if (value == MR_UNKNOWN) return miss_date(s, n, a, fact_reference(doubtful));
    if (value == MR_FALSE && (s->record->cut & MR_CUT_CONDITIONS))
        return absent(s, n, a, MR_CUT_CONDITIONS, "conditions");
    if (value == MR_FALSE && a)
        mr_account_evidence(a,
                            (mr_evidence){.text = mr_account_text(a, "%.*s, days recorded", MR_SPAN_ARG(title(s, n))),
                                          .has_value = true,
                                          .value = days.lo,
                                          .unit = MR_SPAN(""),
                                          .date = MR_WHEN_NONE});
    return value;
}

/* ---- how severe ---- */

mr_tri mr_atom_degree(const mr_sight *s, const mr_node *n, mr_account *a) {
    static const char *const words[] = {"", "mild", "moderate", "severe"};
    if (!mr_ruleset_loaded(s->rules, n)) return miss_codes(s, n, a);
    size_t count;
    const mr_fact *facts = mr_sight_facts(s, n->concept, &count), *newest = NULL;
    mr_range r = {0, 0, false, false};
    for (size_t i = 0; i < count; i++) {
        double d = is_resolved(&facts[i]) ? MR_DEGREE_ANY : degree_of(&facts[i]);
        mr_when date = fact_date(&facts[i]), best = newest ? fact_date(newest) : MR_WHEN_NONE;
        if (!(d > 0) || (newest && mr_when_given(date) && mr_when_given(best) && date.hi < best.lo)) continue;
        bool newer = !newest || (mr_when_given(date) && mr_when_given(best) && date.lo > best.hi);
        if (newer) r.lo = r.hi = d;
        r.lo = d < r.lo ? d : r.lo;
        r.hi = d > r.hi ? d : r.hi;
        if (newer || date.hi > best.hi) newest = &facts[i];
    }
    mr_tri value = newest ? mr_range_outcome(r, n) : MR_UNKNOWN;
    mr_span name = title(s, n);
    if (value == MR_UNKNOWN)
        return miss(a, mr_account_text(a, "degree of %.*s", MR_SPAN_ARG(name)),
                    mr_account_text(a, "a code that says how severe %.*s is", MR_SPAN_ARG(name)),
                    newest ? fact_reference(newest) : MR_SPAN_NONE);
    if (a)
        mr_account_evidence(a,
                            (mr_evidence){.reference = fact_reference(newest),
                                          .text = mr_account_text(a, "%.*s: %s", MR_SPAN_ARG(name), words[(int)r.hi]),
                                          .date = fact_date(newest)});
    return value;
}

mr_tri mr_atom_has(const mr_sight *s, const mr_node *n, mr_account *a) {
    if (!mr_ruleset_loaded(s->rules, n)) return miss_codes(s, n, a);
    if (n->times > 1) return has_times(s, n, a);
    size_t count;
    const mr_fact *facts = mr_sight_facts(s, n->concept, &count), *shown = NULL;
    mr_when days = mr_window_days(n->window, s->as_of);
    mr_tri found = MR_FALSE;
    for (size_t i = 0; i < count; i++) {
        if (!says(n, &facts[i])) continue;
        mr_tri here = mr_window_set(n->window) ? mr_when_within(fact_date(&facts[i]), days) : MR_TRUE;
        bool newer = !shown || here > found || (here == found && fact_date(&facts[i]).hi > fact_date(shown).hi);
        if (here != MR_FALSE && newer) shown = &facts[i];
        found = mr_tri_or(found, here);
    }
    mr_tri open = found == MR_FALSE ? MR_TRUE : still_open(n, facts, count), value = mr_tri_and(found, open);
    if (value == MR_TRUE) show_diagnosis(s, n, a, shown);
    if (value == MR_UNKNOWN) return miss_date(s, n, a, fact_reference(shown));
    return value == MR_FALSE ? absent(s, n, a, MR_CUT_CONDITIONS, "conditions") : value;
}

/* ---- tests ---- */

static bool is_test(const mr_fact *f) {
    return f->observation && (f->role == MR_ROLE_VALUE || f->role == MR_ROLE_TEST_DONE || f->role == MR_ROLE_EVENT ||
                              f->role == MR_ROLE_PRESENT);
}

static void show_old_test(const mr_sight *s, const mr_node *n, mr_account *a, const mr_fact *f) {
    if (!a || !f) return;
    mr_span text = mr_account_text(a, "last %.*s", MR_SPAN_ARG(title(s, n)));
    mr_account_evidence(a, (mr_evidence){.reference = fact_reference(f), .text = text, .date = fact_date(f)});
}

mr_tri mr_tested_in(const mr_sight *s, const mr_node *n, mr_when days, mr_account *a) {
    if (!mr_ruleset_loaded(s->rules, n)) return miss_codes(s, n, a);
    size_t count;
    const mr_fact *facts = mr_sight_facts(s, n->concept, &count), *best = NULL, *old = NULL;
    mr_tri found = MR_FALSE;
    for (size_t i = 0; i < count && found != MR_TRUE; i++) {
        if (!is_test(&facts[i])) continue;
        mr_tri here = mr_when_given(days) ? mr_when_within(fact_date(&facts[i]), days) : MR_TRUE;
        if (here > found) best = &facts[i];
        if (here == MR_FALSE && !old) old = &facts[i]; /* newest first */
        found = mr_tri_or(found, here);
    }
    if (found == MR_UNKNOWN) return miss_date(s, n, a, fact_reference(best));
    if (found == MR_TRUE) {
        if (a)
            mr_account_evidence(a, (mr_evidence){.reference = fact_reference(best),
                                                 .text = fact_text(s, n, best),
                                                 .date = fact_date(best)});
        return MR_TRUE;
    }
    mr_tri value = absent(s, n, a, MR_CUT_OBSERVATIONS, "results");
    if (value == MR_FALSE) show_old_test(s, n, a, old);
    return value;
}

mr_tri mr_atom_tested(const mr_sight *s, const mr_node *n, mr_account *a) {
    mr_when days = mr_window_set(n->window) ? mr_window_days(n->window, s->as_of) : MR_WHEN_NONE;
    return mr_tested_in(s, n, days, a);
}

/* ---- results ---- */

static bool is_result(const mr_fact *f) {
    return is_test(f) && f->observation->has_value;
}

static bool starts_with_vowel(mr_span s) {
    return s.len && (s.ptr[0] == 'a' || s.ptr[0] == 'e' || s.ptr[0] == 'i' || s.ptr[0] == 'o');
}

static mr_tri miss_result(const mr_sight *s, const mr_node *n, mr_account *a, mr_span reference) {
    mr_span name = title(s, n);
    return miss(a, name, mr_account_text(a, "%s %.*s result", starts_with_vowel(name) ? "an" : "a", MR_SPAN_ARG(name)),
                reference);
}

static mr_range range_of(const mr_observation *o, double v) {
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

static void show_result(const mr_sight *s, const mr_node *n, mr_account *a, const mr_observation *o, double v,
                        mr_span unit) {
    static const char *const sign[] = {"", "<", "<=", ">=", ">", "~"};
    if (!a) return;
    mr_span name = title(s, n);
    if (o->comparator != MR_CMP_NONE)
        name = mr_account_text(a, "%.*s, reported as %s%g", MR_SPAN_ARG(name), sign[o->comparator], o->value);
    if (o->preliminary) name = mr_account_text(a, "%.*s (preliminary)", MR_SPAN_ARG(name));
    mr_account_evidence(a, (mr_evidence){o->reference, name, true, v, unit, o->taken});
}

/* One result against the node. */
static mr_tri result_compare(const mr_sight *s, const mr_node *n, mr_account *a, const mr_observation *o) {
    double v;
    mr_span unit, name = title(s, n);
    if (!mr_ruleset_convert(s->rules, n->concept, o->value, o->unit, &v, &unit))
        return miss(a, mr_account_text(a, "%.*s in a usable unit", MR_SPAN_ARG(name)),
                    mr_account_text(a, "%s %.*s result in a unit that we know; the newest has %s%.*s",
                                    starts_with_vowel(name) ? "an" : "a", MR_SPAN_ARG(name),
                                    o->unit.len ? "the unit " : "none", MR_SPAN_ARG(o->unit)),
                    o->reference);
    mr_tri value = mr_range_compare(range_of(o, v), n->compare, n->value);
    if (value == MR_UNKNOWN) return miss_result(s, n, a, o->reference);
    show_result(s, n, a, o, v, unit);
    return value;
}

/* Could `f` be the newest, when something is known to be of day `line` and instant `instant_s` or later? */
static bool may_be_newest(const mr_observation *o, mr_day line, int64_t instant_s) {
    if (!mr_when_given(o->taken)) return true;
    if (o->taken.hi != line) return o->taken.hi > line;
    return o->taken.lo != o->taken.hi || o->instant_s >= instant_s;
}

mr_tri mr_atom_latest(const mr_sight *s, const mr_node *n, mr_account *a) {
    if (!mr_ruleset_loaded(s->rules, n)) return miss_codes(s, n, a);
    size_t count, read = 0;
    const mr_fact *facts = mr_sight_facts(s, n->concept, &count);
    mr_when days = mr_window_days(n->window, s->as_of);
    mr_day line = MR_DAY_MIN;
    int64_t instant_s = INT64_MIN;
    for (size_t i = 0; i < count; i++) { /* the last day and instant on which a result surely stands */
        const mr_observation *o = facts[i].observation;
        if (!is_result(&facts[i]) || !mr_when_given(o->taken) || mr_when_within(o->taken, days) != MR_TRUE) continue;
        int64_t at = o->taken.lo == o->taken.hi ? o->instant_s : INT64_MIN;
        if (o->taken.lo > line || (o->taken.lo == line && at > instant_s)) instant_s = at;
        if (o->taken.lo > line) line = o->taken.lo;
    }
    mr_tri value = MR_UNKNOWN;
    bool split = false, doubtful_date = false;
    const mr_observation *seen = NULL;
    for (size_t i = 0; i < count; i++) {
        const mr_observation *o = facts[i].observation;
        if (!is_result(&facts[i])) continue;
        mr_tri in = mr_window_set(n->window) ? mr_when_within(o->taken, days) : MR_TRUE;
        if (!seen) seen = o;
        if (in == MR_FALSE || !may_be_newest(o, line, instant_s)) continue;
        mr_tri here = result_compare(s, n, a, o);
        doubtful_date = doubtful_date || in == MR_UNKNOWN;
        split = split || (read && here != value);
        value = here;
        read++;
    }
    if (!read && (s->record->cut & MR_CUT_OBSERVATIONS)) return absent(s, n, a, MR_CUT_OBSERVATIONS, "results");
    if (!read) return miss_result(s, n, a, seen ? seen->reference : MR_SPAN_NONE);
    if (split) return miss_result(s, n, a, seen->reference);
    return doubtful_date && value != MR_UNKNOWN ? miss_date(s, n, a, seen->reference) : value;
}
