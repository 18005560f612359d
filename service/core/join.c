/* Which entries are one medicine.
 *
 * In a GP's record one repeat medicine is a statement, a plan and a row of orders; counted apart it would be a dozen
 * medicines and a duplicate therapy. Entries of the same substances and route are joined when they are linked or when
 * their times touch. A course of years ago stays a medicine of its own, so that it is not read as a long use. */
#include "join.h"

#include "medreview/base/index.h"

#include <stdlib.h>
#include <string.h>

enum { GAP_MONTHS = 3 }; /* as long as an issue counts */

static int substance_order(const void *left, const void *right) {
    const mr_span *a = left, *b = right;
    return mr_span_cmp(*a, *b);
}

bool mr_item_set(const mr_entry *e, mr_arena *a, mr_span *ret) {
    const mr_understood *u = &e->understood;
    mr_span *names = MR_NEW_N(a, mr_span, u->n_ingredients);
    size_t bytes = 0;
    if (!names) return false;
    for (size_t i = 0; i < u->n_ingredients; i++) {
        names[i] = u->ingredients[i].substance;
        bytes += names[i].len + 1;
    }
    qsort(names, u->n_ingredients, sizeof *names, substance_order);
    char *text = mr_arena_alloc(a, bytes, 1);
    size_t at = 0;
    if (!text) return false;
    for (size_t i = 0; i < u->n_ingredients; i++) {
        if (i && mr_span_eq(names[i], names[i - 1])) continue;
        if (names[i].len) memcpy(text + at, names[i].ptr, names[i].len);
        at += names[i].len;
        text[at++] = '\n';
    }
    *ret = (mr_span){text, at};
    return true;
}

static int by_number(long a, long b) {
    return (a > b) - (a < b);
}

/* Content decides when two entries have one reference, so that the order of input never does. */
static int entry_order(const mr_entry *a, const mr_entry *b) {
    int c = by_number((long)a->kind, (long)b->kind);
    if (!c) c = mr_span_cmp(a->reference, b->reference);
    if (!c) c = mr_span_cmp(a->text, b->text);
    if (!c) c = by_number((long)a->status, (long)b->status);
    if (!c) c = by_number(a->from.lo, b->from.lo);
    return c;
}

static int set_order(const void *left, const void *right) {
    const mr_item *a = left, *b = right;
    int c = mr_span_cmp(a->set, b->set);
    return c ? c : entry_order(a->entry, b->entry);
}

static int time_order(const void *left, const void *right) {
    const mr_item *a = left, *b = right;
    int c = mr_span_cmp(a->set, b->set);
    if (!c) c = by_number((long)a->route, (long)b->route);
    if (!c) c = by_number(b->joins, a->joins);
    if (!c) c = by_number(a->from, b->from);
    return c ? c : entry_order(a->entry, b->entry);
}

static unsigned state_rank(const mr_use *u) {
    static const uint8_t rank[] = {
        [MR_MED_CURRENT] = 0, [MR_MED_UNKNOWN] = 1, [MR_MED_PAUSED] = 3, [MR_MED_PLANNED] = 4, [MR_MED_ENDED] = 5};
    return rank[u->state] + u->unsettled;
}

static int leading_order(const void *left, const void *right) {
    const mr_item *a = left, *b = right;
    if (a->medicine != b->medicine) return a->medicine < b->medicine ? -1 : 1;
    int c = by_number(state_rank(&a->use), state_rank(&b->use));
    return c ? c : entry_order(a->entry, b->entry);
}

static bool local(mr_route r) {
    return r == MR_ROUTE_EYE || r == MR_ROUTE_EAR || r == MR_ROUTE_CUTANEOUS || r == MR_ROUTE_VAGINAL ||
           r == MR_ROUTE_NASAL || r == MR_ROUTE_INHALED;
}

/* An unknown route takes the one known route of that set of substances, unless it is local or there are two: to call a
 * tablet a gel would hide it from the rules. */
static void routes_settle(mr_item *run, size_t n) {
    mr_route only = MR_ROUTE_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        mr_route r = run[i].route;
        if (r == MR_ROUTE_UNKNOWN || r == only) continue;
        if (local(r) || only != MR_ROUTE_UNKNOWN) return;
        only = r;
    }
    for (size_t i = 0; i < n; i++) run[i].route = only;
}

static size_t root_of(size_t *parent, size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
}

static void unite(size_t *parent, size_t i, size_t k) {
    i = root_of(parent, i);
    k = root_of(parent, k);
    if (i < k)
        parent[k] = i;
    else
        parent[i] = k;
}

static void join_in_time(const mr_item *items, size_t n, size_t *parent) {
    mr_day until = MR_DAY_MIN;
    for (size_t i = 0; i < n; i++) {
        const mr_item *x = &items[i];
        if (!x->joins) continue;
        bool same = i && items[i - 1].joins && x->route == items[i - 1].route && mr_span_eq(x->set, items[i - 1].set);
        if (same && x->from <= mr_day_add_months(until, GAP_MONTHS)) unite(parent, i, i - 1);
        until = same && until > x->until ? until : x->until;
    }
}

static bool join_by_links(const mr_item *items, size_t n, size_t *parent, mr_arena *a) {
    bool any = false;
    for (size_t i = 0; i < n && !any; i++) any = items[i].entry->n_linked > 0;
    if (!any) return true;
    mr_index *by_reference = mr_index_new(a, n);
    if (!by_reference) return false;
    for (size_t i = 0; i < n; i++)
        if (!mr_index_put(by_reference, items[i].entry->reference, (uint32_t)i, NULL)) return false;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < items[i].entry->n_linked; k++) {
            uint32_t other;
            if (!mr_index_get(by_reference, items[i].entry->linked[k], &other)) continue;
            bool same_route = items[i].route == items[other].route || items[i].route == MR_ROUTE_UNKNOWN ||
                              items[other].route == MR_ROUTE_UNKNOWN;
            if (same_route && mr_span_eq(items[i].set, items[other].set)) unite(parent, i, other);
        }
    return true;
}

bool mr_items_join(mr_item *items, size_t n, mr_arena *a, size_t *ret_medicines) {
    size_t *parent = MR_NEW_N(a, size_t, n), medicines = 0;
    if (!parent) return false;
    qsort(items, n, sizeof *items, set_order);
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && mr_span_eq(items[next].set, items[i].set);) next++;
        routes_settle(&items[i], next - i);
    }
    qsort(items, n, sizeof *items, time_order);
    for (size_t i = 0; i < n; i++) parent[i] = i;
    join_in_time(items, n, parent);
    if (!join_by_links(items, n, parent, a)) return false;
    for (size_t i = 0; i < n; i++) { /* a root stands before its followers */
        size_t root = root_of(parent, i);
        items[i].medicine = root == i ? medicines++ : items[root].medicine;
    }
    qsort(items, n, sizeof *items, leading_order);
    *ret_medicines = medicines;
    return true;
}
