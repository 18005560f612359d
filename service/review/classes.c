/* Drug groups of every product, worked out at opening. A release has some 24,000 products and they fall into a few
 * hundred different sets of groups; so a product is a row of small numbers, and the sets stand once each. */
#include "medreview/review/classes.h"

#include "medreview/base/index.h"
#include "medreview/base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
    AT_ONCE = 512,           /* products an arena; it cannot be emptied singly */
    ARENA_BYTES = 64u << 20, /* of the working memory of that many products */
    SETS_BYTES = 64u << 20   /* of the sets while they are sorted out; more than all groups times all products */
};

struct mr_classes {
    const mr_ruleset *rules;
    size_t n_products, n_sets, n_numbers;
    uint32_t *first;   /* by product, n_products + 1: where its numbers begin */
    uint32_t *numbers; /* one an ingredient: which set */
    mr_bits *sets;
};

typedef struct builder {
    mr_classes *c;
    mr_arena *arena; /* sets and numbers while they grow */
    mr_index *known; /* bytes of a set -> its number */
    mr_bits *sets;
    uint32_t *numbers;
    size_t n_sets, cap_sets, n_numbers, cap_numbers;
} builder;

static bool number_of(builder *b, const mr_bits *set, uint32_t *ret) {
    mr_span key = {(const char *)set, sizeof *set};
    if (mr_index_get(b->known, key, ret)) return true;
    *ret = (uint32_t)b->n_sets;
    return MR_PUSH(b->arena, b->sets, b->n_sets, b->cap_sets, *set) && mr_arena_dup(b->arena, key, &key) &&
           mr_index_put(b->known, key, *ret, NULL);
}

static mr_rc add_product(builder *b, const mr_terminology *t, uint32_t number, mr_arena *a, mr_error *err) {
    mr_understood u = {.by = MR_REC_NOT};
    mr_rc rc = mr_terminology_product(t, number, a, &u, err);
    if (rc != MR_OK) return rc;
    mr_ruleset_classify(b->c->rules, &u);
    for (size_t i = 0; i < u.n_ingredients; i++) {
        uint32_t set;
        if (!number_of(b, &u.ingredients[i].groups, &set) ||
            !MR_PUSH(b->arena, b->numbers, b->n_numbers, b->cap_numbers, set))
            return mr_arena_why(b->arena, err);
    }
    b->c->first[number] = (uint32_t)b->n_numbers;
    return MR_OK;
}

/* Products `from` (counted from 0) and on, at most AT_ONCE. */
static mr_rc add_some(builder *b, const mr_terminology *t, size_t from, mr_error *err) {
    mr_arena *a = mr_arena_new(ARENA_BYTES);
    if (!a) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_rc rc = MR_OK;
    for (size_t i = from; i < b->c->n_products && i < from + AT_ONCE && rc == MR_OK; i++)
        rc = add_product(b, t, (uint32_t)i + 1, a, err);
    mr_arena_free(a);
    return rc;
}

/* Storage of exactly that size, out of what was collected. */
static mr_rc keep(builder *b, mr_error *err) {
    mr_classes *c = b->c;
    c->n_sets = b->n_sets;
    c->n_numbers = b->n_numbers;
    c->sets = calloc(b->n_sets + 1, sizeof *c->sets);
    c->numbers = calloc(b->n_numbers + 1, sizeof *c->numbers);
    if (!c->sets || !c->numbers) return mr_fail(err, MR_NOMEM, "out of memory");
    if (b->n_sets) memcpy(c->sets, b->sets, b->n_sets * sizeof *c->sets);
    if (b->n_numbers) memcpy(c->numbers, b->numbers, b->n_numbers * sizeof *c->numbers);
    return MR_OK;
}

static mr_rc fill(mr_classes *c, const mr_terminology *t, mr_error *err) {
    builder b = {.c = c, .arena = mr_arena_new(SETS_BYTES)};
    if (b.arena) b.known = mr_index_new(b.arena, 1024);
    c->first = calloc(c->n_products + 1, sizeof *c->first);
    mr_rc rc = b.known && c->first ? MR_OK : mr_fail(err, MR_NOMEM, "out of memory");
    for (size_t i = 0; i < c->n_products && rc == MR_OK; i += AT_ONCE) rc = add_some(&b, t, i, err);
    if (rc == MR_OK) rc = keep(&b, err);
    mr_arena_free(b.arena);
    return rc;
}

mr_rc mr_classes_new(const mr_ruleset *r, const mr_terminology *t, mr_classes **ret, mr_error *err) {
    mr_classes *c = calloc(1, sizeof *c);
    if (!c) return mr_fail(err, MR_NOMEM, "out of memory");
    c->rules = r;
    c->n_products = mr_terminology_products(t);
    mr_rc rc = fill(c, t, err);
    if (rc != MR_OK) {
        mr_classes_free(c);
        return rc;
    }
    *ret = c;
    return MR_OK;
}

void mr_classes_free(mr_classes *c) {
    if (!c) return;
    free(c->first);
    free(c->numbers);
    free(c->sets);
    free(c);
}

size_t mr_classes_bytes(const mr_classes *c) {
    return sizeof *c + (c->n_products + 1) * sizeof *c->first + c->n_numbers * sizeof *c->numbers +
           c->n_sets * sizeof *c->sets;
}

size_t mr_classes_sets(const mr_classes *c) {
    return c->n_sets;
}

/* false: the table does not know the product, or knows it otherwise. */
static bool by_table(const mr_classes *c, mr_understood *u) {
    if (u->product < 1 || u->product > c->n_products) return false;
    uint32_t from = c->first[u->product - 1];
    if (c->first[u->product] - from != u->n_ingredients) return false;
    for (size_t i = 0; i < u->n_ingredients; i++) u->ingredients[i].groups = c->sets[c->numbers[from + i]];
    return true;
}

void mr_classes_apply(const mr_classes *c, mr_understood *u) {
    if (!by_table(c, u)) mr_ruleset_classify(c->rules, u);
    u->classified = true;
}

/* ---- members that nothing can be ---- */

static mr_index *substances(const mr_terminology *t, mr_arena *a) {
    size_t n = mr_terminology_substances(t);
    mr_index *known = mr_index_new(a, n);
    for (size_t i = 0; i < n && known; i++)
        if (!mr_index_put(known, mr_terminology_substance(t, i), (uint32_t)i, NULL)) known = NULL;
    return known;
}

static mr_span nearest(const mr_terminology *t, mr_span name) {
    mr_span best = MR_SPAN_NONE;
    unsigned best_distance = 3;
    for (size_t i = 0; i < mr_terminology_substances(t); i++) {
        mr_span key = mr_terminology_substance(t, i);
        unsigned d = mr_text_distance(name, key, 2);
        if (d >= best_distance) continue;
        best_distance = d;
        best = key;
    }
    return best;
}

static void tell(const mr_group *g, mr_span name, const mr_terminology *t, mr_buf *ret) {
    mr_span near = nearest(t, name);
    mr_buf_printf(ret, "drug group %.*s: no medicine is ever \"%.*s\"", MR_SPAN_ARG(g->name), MR_SPAN_ARG(name));
    if (near.len) mr_buf_printf(ret, "; did you mean \"%.*s\"?", MR_SPAN_ARG(near));
    mr_buf_addc(ret, '\n');
}

mr_rc mr_classes_strangers(const mr_ruleset *r, const mr_terminology *t, mr_buf *ret, size_t *ret_n, mr_error *err) {
    size_t n = 0;
    mr_arena *a = mr_arena_new(ARENA_BYTES);
    mr_index *known = a ? substances(t, a) : NULL;
    if (!known) {
        mr_arena_free(a);
        return mr_fail(err, MR_NOMEM, "out of memory");
    }
    for (size_t g = 0; g < r->n_groups; g++)
        for (size_t i = 0; i < r->groups[g].n_members; i++) {
            mr_span name = r->groups[g].members[i].substance;
            uint32_t at;
            if (mr_index_get(known, name, &at)) continue;
            tell(&r->groups[g], name, t, ret);
            n++;
        }
    mr_arena_free(a);
    *ret_n = n;
    return ret->rc == MR_OK ? MR_OK : mr_fail(err, ret->rc, "the list is too long");
}
