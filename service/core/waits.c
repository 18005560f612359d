/* One entry a missing datum, with the rules that it would settle: a rule is a bit until all have been seen. */
#include "waits.h"

#include <stdlib.h>

typedef struct mr_wait {
    mr_span what, settled_by;
    uint64_t *rules;
} mr_wait;

static mr_wait *wait_of(mr_waits *w, mr_span what) {
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i].what.len == what.len && mr_span_eq(w->v[i].what, what)) return &w->v[i];
    return NULL;
}

bool mr_waits_add(mr_waits *w, size_t rule, const mr_missing *m) {
    mr_wait *x = wait_of(w, m->what);
    if (!x) {
        mr_wait fresh = {m->what, m->settled_by, MR_NEW_N(w->arena, uint64_t, w->rules->n_rules / 64 + 1)};
        if (!fresh.rules || !MR_PUSH(w->arena, w->v, w->n, w->cap, fresh)) return false;
        x = &w->v[w->n - 1];
    }
    if (mr_span_cmp(m->settled_by, x->settled_by) < 0) x->settled_by = m->settled_by;
    x->rules[rule / 64] |= (uint64_t)1 << (rule % 64);
    return true;
}

static int wait_order(const void *left, const void *right) {
    const mr_wait *a = left, *b = right;
    return mr_span_cmp(a->what, b->what);
}

/* Rules are sorted by id, so their bits are. */
static bool rules_fill(const mr_waits *w, const mr_wait *x, mr_cannot_assess *c) {
    size_t n = 0, words = w->rules->n_rules / 64 + 1;
    for (size_t i = 0; i < words; i++) n += (size_t)__builtin_popcountll(x->rules[i]);
    c->rules = MR_NEW_N(w->arena, mr_span, n);
    for (size_t i = 0; c->rules && i < words; i++)
        for (uint64_t left = x->rules[i]; left; left &= left - 1)
            c->rules[c->n_rules++] = w->rules->rules[i * 64 + (size_t)__builtin_ctzll(left)].id;
    return c->rules != NULL;
}

bool mr_waits_list(mr_waits *w, mr_assessment *ret) {
    mr_cannot_assess *v = MR_NEW_N(w->arena, mr_cannot_assess, w->n);
    if (!v) return false;
    if (w->n) qsort(w->v, w->n, sizeof *w->v, wait_order);
    for (size_t i = 0; i < w->n; i++) {
        v[i] = (mr_cannot_assess){.missing = w->v[i].what, .settled_by = w->v[i].settled_by};
        if (!rules_fill(w, &w->v[i], &v[i])) return false;
    }
    ret->cannot = v;
    ret->n_cannot = w->n;
    return true;
}
