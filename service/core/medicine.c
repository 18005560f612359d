/* One medicine out of the entries that are about it. */
#include "dosage_items.h"
#include "join.h"

#include <stdlib.h>
#include <string.h>

static int span_order(const void *left, const void *right) {
    const mr_span *a = left, *b = right;
    return mr_span_cmp(*a, *b);
}

static int ingredient_order(const void *left, const void *right) {
    const mr_ingredient *a = left, *b = right;
    int c = mr_span_cmp(a->substance, b->substance);
    return c ? c : (a->strength > b->strength) - (a->strength < b->strength);
}

static int day_order(const void *left, const void *right) {
    const mr_day *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static int exposure_order(const void *left, const void *right) {
    const mr_exposure *a = left, *b = right;
    const mr_day x[] = {a->from, a->until, a->sure_from, a->sure_until},
                 y[] = {b->from, b->until, b->sure_from, b->sure_until};
    for (size_t i = 0; i < 4; i++)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}

/* Items that speak for the medicine as it stands: those that say taken, or all when none does. */
static bool speaks(const mr_item *items, const mr_item *x) {
    return !mr_use_taken(&items[0].use) || mr_use_taken(&x->use);
}

static bool ingredients_fill(const mr_item *lead, mr_arena *a, mr_medicine *m) {
    const mr_understood *u = &lead->entry->understood;
    m->ingredients = MR_NEW_N(a, mr_ingredient, u->n_ingredients);
    if (!m->ingredients) return false;
    if (u->n_ingredients) memcpy(m->ingredients, u->ingredients, u->n_ingredients * sizeof *u->ingredients);
    qsort(m->ingredients, u->n_ingredients, sizeof *m->ingredients, ingredient_order);
    for (size_t i = 0; i < u->n_ingredients; i++) {
        mr_ingredient *x = &m->ingredients[i];
        if (m->n_ingredients && mr_span_eq(x->substance, m->ingredients[m->n_ingredients - 1].substance)) continue;
        memset(&x->groups, 0, sizeof x->groups);
        m->ingredients[m->n_ingredients++] = *x;
    }
    return true;
}

/* The entry's product by the route of the medicine, which may be known from another entry. */
static bool classified(const mr_ruleset *rules, const mr_entry *e, mr_route route, mr_arena *a, mr_understood *ret) {
    *ret = e->understood;
    if (ret->classified && ret->route == route) return true;
    ret->route = route;
    ret->ingredients = MR_NEW_N(a, mr_ingredient, ret->n_ingredients);
    if (!ret->ingredients) return false;
    if (ret->n_ingredients)
        memcpy(ret->ingredients, e->understood.ingredients, ret->n_ingredients * sizeof *ret->ingredients);
    mr_ruleset_classify(rules, ret);
    return true;
}

static void groups_join(const mr_understood *u, mr_medicine *m) {
    for (size_t i = 0; i < u->n_ingredients; i++)
        for (size_t k = 0; k < m->n_ingredients; k++) {
            if (!mr_span_eq(u->ingredients[i].substance, m->ingredients[k].substance)) continue;
            mr_bits_join(&m->ingredients[k].groups, &u->ingredients[i].groups);
            mr_bits_join(&m->groups, &u->ingredients[i].groups);
        }
}

/* Modified-release and plain tablets of one substance are one medicine and two products: it is in the groups of both.
 */
static bool groups_fill(const mr_ruleset *rules, const mr_item *items, size_t n, mr_arena *a, mr_medicine *m) {
    for (size_t i = 0; i < n; i++) {
        mr_understood u;
        if (!speaks(items, &items[i])) continue;
        if (!classified(rules, items[i].entry, m->route, a, &u)) return false;
        groups_join(&u, m);
    }
    return true;
}

static bool references_fill(const mr_item *items, size_t n, mr_arena *a, mr_medicine *m) {
    m->references = MR_NEW_N(a, mr_span, n);
    if (!m->references) return false;
    for (size_t i = 0; i < n; i++) m->references[i] = items[i].entry->reference;
    qsort(m->references, n, sizeof *m->references, span_order);
    m->n_references = n;
    return true;
}

static bool surely_meet(const mr_exposure *a, const mr_exposure *b) {
    return a->sure_from <= a->sure_until && b->sure_from <= b->sure_until && b->sure_from <= a->sure_until + 1 &&
           a->sure_from <= b->sure_until + 1;
}

/* Two exposures become one only where no day between them is in doubt. */
static size_t exposures_merge(mr_exposure *v, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        mr_exposure *last = kept ? &v[kept - 1] : NULL;
        if (!last || (!surely_meet(last, &v[i]) && exposure_order(last, &v[i]) != 0)) {
            v[kept++] = v[i];
            continue;
        }
        if (v[i].until > last->until) last->until = v[i].until;
        if (v[i].sure_from < last->sure_from) last->sure_from = v[i].sure_from;
        if (v[i].sure_until > last->sure_until) last->sure_until = v[i].sure_until;
    }
    return kept;
}

static bool times_fill(const mr_item *items, size_t n, mr_arena *a, mr_medicine *m) {
    m->exposures = MR_NEW_N(a, mr_exposure, n);
    m->issues = MR_NEW_N(a, mr_day, n);
    if (!m->exposures || !m->issues) return false;
    for (size_t i = 0; i < n; i++) {
        if (items[i].use.used) m->exposures[m->n_exposures++] = items[i].use.exposure;
        if (items[i].use.issued) m->issues[m->n_issues++] = items[i].use.issue;
        m->listed = m->listed || (items[i].use.issued && items[i].entry->kind == MR_ENTRY_REQUEST);
    }
    qsort(m->exposures, m->n_exposures, sizeof *m->exposures, exposure_order);
    m->n_exposures = exposures_merge(m->exposures, m->n_exposures);
    qsort(m->issues, m->n_issues, sizeof *m->issues, day_order);
    size_t kept = 0;
    for (size_t i = 0; i < m->n_issues; i++)
        if (!kept || m->issues[kept - 1] != m->issues[i]) m->issues[kept++] = m->issues[i];
    m->n_issues = kept;
    return true;
}

static void since_until_fill(const mr_item *items, size_t n, mr_medicine *m) {
    bool open = false;
    m->since = m->until = MR_WHEN_NONE;
    for (size_t i = 0; i < n; i++) {
        if (!speaks(items, &items[i])) continue;
        mr_when first = items[i].use.first, until = items[i].entry->until;
        bool earlier = first.lo < m->since.lo || (first.lo == m->since.lo && first.hi < m->since.hi);
        if (mr_when_given(first) && (!mr_when_given(m->since) || earlier)) m->since = first;
        bool later = until.hi > m->until.hi || (until.hi == m->until.hi && until.lo > m->until.lo);
        if (mr_when_given(until) && (!mr_when_given(m->until) || later)) m->until = until;
        open = open || (!mr_when_given(until) && mr_use_taken(&items[i].use));
    }
    if (open) m->until = MR_WHEN_NONE;
}

/* Regular beats "when required": of two entries one may be for the bad days. */
static void usage_fill(const mr_item *items, size_t n, mr_medicine *m) {
    size_t dosages = 0;
    bool untold = false; /* an entry without any dosage may be the regular one */
    for (size_t i = 0; i < n; i++) {
        if (!speaks(items, &items[i])) continue;
        untold = untold || items[i].entry->n_dosage == 0;
        for (size_t k = 0; k < items[i].entry->n_dosage; k++, dosages++)
            m->regular = m->regular || !items[i].entry->dosage[k].as_needed;
    }
    m->as_needed = dosages > 0 && !m->regular && !untold;
}

/* ---- written twice ---- */

static bool needed_only(const mr_entry *e) {
    for (size_t i = 0; i < e->n_dosage; i++)
        if (!e->dosage[i].as_needed) return false;
    return e->n_dosage > 0;
}

/* The same substances, each of one strength. -1: a strength is not known. */
static int same_strengths(const mr_entry *a, const mr_entry *b) {
    const mr_understood *x = &a->understood, *y = &b->understood;
    int same = 1;
    for (size_t i = 0; i < x->n_ingredients; i++)
        for (size_t k = 0; k < y->n_ingredients; k++) {
            const mr_ingredient *p = &x->ingredients[i], *q = &y->ingredients[k];
            if (!mr_span_eq(p->substance, q->substance)) continue;
            if (!(p->strength > 0) || !(q->strength > 0))
                same = same ? -1 : 0;
            else if (p->strength < q->strength || p->strength > q->strength ||
                     !mr_span_eq(p->strength_unit, q->strength_unit))
                same = 0;
        }
    return same;
}

static bool beside(const mr_item *x, const mr_item *y) {
    return x->entry->kind == MR_ENTRY_STATEMENT && y->entry->kind == MR_ENTRY_STATEMENT && mr_use_taken(&x->use) &&
           mr_use_taken(&y->use) && needed_only(x->entry) == needed_only(y->entry);
}

/* Statements in use that stand for the same thing: two strengths are one medicine in two tablets, and regular beside
 * "when required" is meant so. */
static void doubles_fill(const mr_item *items, size_t n, mr_medicine *m) {
    for (size_t i = 0; i < n; i++) {
        unsigned same = 1;
        for (size_t k = 0; k < n; k++) {
            if (k == i || !beside(&items[i], &items[k])) continue;
            int strengths = same_strengths(items[i].entry, items[k].entry);
            same += strengths > 0;
            m->doubles_doubtful = m->doubles_doubtful || strengths < 0;
        }
        if (same > 1 && same > m->doubles) m->doubles = same;
    }
}

/* ---- why ---- */

static bool reasons_fill(const mr_item *items, size_t n, mr_arena *a, mr_medicine *m) {
    size_t all = 0;
    for (size_t i = 0; i < n; i++) all += speaks(items, &items[i]) ? items[i].entry->n_reasons : 0;
    m->reasons = MR_NEW_N(a, mr_reason, all);
    if (!m->reasons) return false;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; speaks(items, &items[i]) && k < items[i].entry->n_reasons; k++)
            m->reasons[m->n_reasons++] = items[i].entry->reasons[k];
    return true;
}

/* Of the one ingredient; of several each has its own, and the medicine says how often and why it has none. */
static void doses_fill(const mr_item *items, size_t n, mr_medicine *m) {
    for (size_t k = 0; k < m->n_ingredients; k++)
        m->ingredients[k].daily = mr_items_dose(items, n, m->ingredients[k].substance);
    if (!m->n_ingredients) return;
    m->daily = m->ingredients[0].daily;
    if (m->n_ingredients == 1 || !(m->daily.known || m->daily.most > 0)) return;
    m->daily = (mr_dose){.why = MR_DOSE_SEVERAL_INGREDIENTS, .times = m->daily.times, .days = m->daily.days};
}

static bool all_uncertain(const mr_item *items, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (speaks(items, &items[i]) && !items[i].entry->understood.uncertain) return false;
    return true;
}

bool mr_medicine_build(const mr_ruleset *rules, const mr_item *items, size_t n, mr_arena *a, mr_medicine *ret) {
    mr_medicine m = {.reference = items[0].entry->reference,
                     .state = items[0].use.state,
                     .unsettled = items[0].use.unsettled,
                     .recognised_by = items[0].entry->understood.by,
                     .route = items[0].route};
    for (size_t i = 0; i < n && !m.text.len; i++) m.text = items[i].entry->text;
    for (size_t i = 0; i < n && m.route == MR_ROUTE_UNKNOWN; i++) m.route = items[i].route;
    m.uncertain = all_uncertain(items, n);
    usage_fill(items, n, &m);
    doubles_fill(items, n, &m);
    since_until_fill(items, n, &m);
    if (!references_fill(items, n, a, &m) || !ingredients_fill(&items[0], a, &m) || !reasons_fill(items, n, a, &m) ||
        !groups_fill(rules, items, n, a, &m) || !times_fill(items, n, a, &m))
        return false;
    doses_fill(items, n, &m);
    *ret = m;
    return true;
}
