/* One copy of each distinct part of all conditions: 591 rules ask for the age, but for ten ages, so what one of them
 * was told is kept for the others (program.c). Two parts are one when they are written with the same words and ask the
 * same; the words count because explanations quote them.
 *
 * A part is known by its bytes: all of its fields, and the numbers of its kids. */
#include "share.h"

#include "medreview/base/buf.h"

#include <string.h>

enum { SCRATCH_BYTES = 64 << 20, KEY_BYTES = 1 << 20 };

typedef struct sharing {
    mr_arena *arena, *scratch;
    mr_index *known; /* bytes of a part -> its number */
    mr_buf key;
    mr_parts parts;
    size_t cap;
} sharing;

static size_t kids_of(const mr_node *n) {
    return n->op == MR_OP_NOT ? 1 : n->n_kids;
}

/* ---- the bytes of a part ---- */

static void put(mr_buf *key, const void *bytes, size_t n) {
    mr_buf_add(key, bytes, n);
}

static void put_number(mr_buf *key, uint64_t n) {
    put(key, &n, sizeof n);
}

static void put_text(mr_buf *key, mr_span s) {
    put_number(key, s.len);
    mr_buf_addsp(key, s);
}

static void put_duration(mr_buf *key, mr_duration d) {
    put_number(key, (uint64_t)d.n << 8 | d.unit);
}

static void put_window(mr_buf *key, mr_window w) {
    put_number(key, (uint64_t)w.has_earliest | (uint64_t)w.has_latest << 1 | (uint64_t)w.before << 2);
    put_duration(key, w.earliest);
    put_duration(key, w.latest);
}

static void put_texts(mr_buf *key, const mr_span *v, size_t n) {
    put_number(key, n);
    for (size_t i = 0; i < n; i++) put_text(key, v[i]);
}

static void put_numbers(mr_buf *key, const uint16_t *v, size_t n) {
    put_number(key, n);
    if (n) put(key, v, n * sizeof *v);
}

static void put_set(mr_buf *key, const mr_set *set) {
    put_number(key, set ? set->n_terms + 1 : 0);
    for (size_t i = 0; set && i < set->n_terms; i++) {
        const mr_set_term *t = &set->terms[i];
        put_number(key, (uint64_t)t->group << 8 | t->usage);
        put_texts(key, t->only, t->n_only);
        put_texts(key, t->except, t->n_except);
        put_numbers(key, t->except_groups, t->n_except_groups);
    }
}

static void put_what(mr_buf *key, const mr_node *n) {
    const uint64_t plain[] = {n->op,       n->group,  n->group2,   n->concept,    n->scale, n->quantity, n->compare,
                              n->concept2, n->times,  n->degree,   n->equivalent, n->mark,  n->severity, n->at_least,
                              n->percent,  n->weekly, n->per_year, n->per_kg,     n->units};
    put(key, plain, sizeof plain);
    put(key, &n->value, sizeof n->value);
    put_duration(key, n->apart);
    put_window(key, n->window);
    put_text(key, n->text);
    put_text(key, n->title);
    put_set(key, n->set);
    put_set(key, n->set2);
    put_numbers(key, n->scales, n->n_scales);
    put_texts(key, n->tools, n->n_tools);
    if (n->points) put(key, n->points, n->n_kids * sizeof *n->points);
}

/* ---- copies ---- */

static const void *copied(mr_arena *a, const void *v, size_t n, size_t size) {
    if (!v || !n) return NULL;
    void *p = mr_arena_alloc(a, mr_arena_times(n, size), _Alignof(max_align_t));
    return p ? memcpy(p, v, n * size) : NULL;
}

static bool copy_texts(mr_arena *a, const mr_span **v, size_t n) {
    mr_span *out = MR_NEW_N(a, mr_span, n);
    if (!n) return true;
    for (size_t i = 0; out && i < n; i++)
        if (!mr_arena_dup(a, (*v)[i], &out[i])) return false;
    *v = out;
    return out != NULL;
}

static bool copy_set(mr_arena *a, const mr_set **set) {
    if (!*set) return true;
    mr_set *out = MR_NEW(a, mr_set);
    mr_set_term *terms = MR_NEW_N(a, mr_set_term, (*set)->n_terms);
    if (!out || !terms) return false;
    for (size_t i = 0; i < (*set)->n_terms; i++) {
        mr_set_term *t = &terms[i];
        *t = (*set)->terms[i];
        t->except_groups = copied(a, t->except_groups, t->n_except_groups, sizeof *t->except_groups);
        if (!copy_texts(a, &t->only, t->n_only) || !copy_texts(a, &t->except, t->n_except) ||
            (t->n_except_groups && !t->except_groups))
            return false;
    }
    *out = (mr_set){terms, (*set)->n_terms};
    *set = out;
    return true;
}

static const mr_node *copy(sharing *k, const mr_node *n, const mr_node *const *kids) {
    mr_arena *a = k->arena;
    mr_node *out = MR_NEW(a, mr_node);
    if (!out) return NULL;
    *out = *n;
    out->number = (uint32_t)k->parts.n;
    out->n_kids = kids_of(n);
    out->kids = copied(a, kids, out->n_kids, sizeof(const mr_node *));
    out->points = copied(a, n->points, n->points ? n->n_kids : 0, sizeof *n->points);
    out->scales = copied(a, n->scales, n->n_scales, sizeof *n->scales);
    bool lists = (out->kids || !out->n_kids) && (out->points || !n->points) && (out->scales || !n->n_scales);
    return lists && copy_texts(a, &out->tools, n->n_tools) && mr_arena_dup(a, n->text, &out->text) &&
                   mr_arena_dup(a, n->title, &out->title) && copy_set(a, &out->set) && copy_set(a, &out->set2)
               ? out
               : NULL;
}

/* ---- sharing ---- */

static const mr_node *share(sharing *k, const mr_node *n);

/* NULL: out of room. */
static const mr_node *shared_of(sharing *k, const mr_node *n, const mr_node *const *kids) {
    uint32_t number = (uint32_t)k->parts.n;
    mr_span key;
    mr_buf_clear(&k->key);
    put_what(&k->key, n);
    put_number(&k->key, kids_of(n));
    for (size_t i = 0; i < kids_of(n); i++) put_number(&k->key, kids[i]->number);
    if (k->key.rc != MR_OK) return NULL;
    if (mr_index_get(k->known, (mr_span){k->key.ptr, k->key.len}, &number)) return k->parts.v[number];
    const mr_node *mine = copy(k, n, kids);
    bool kept = mine && mr_arena_dup(k->scratch, (mr_span){k->key.ptr, k->key.len}, &key) &&
                mr_index_put(k->known, key, number, NULL) && MR_PUSH(k->scratch, k->parts.v, k->parts.n, k->cap, mine);
    return kept ? mine : NULL;
}

static const mr_node *share(sharing *k, const mr_node *n) {
    const mr_node **kids = MR_NEW_N(k->scratch, const mr_node *, kids_of(n));
    if (!kids) return NULL;
    for (size_t i = 0; i < kids_of(n); i++)
        if (!(kids[i] = share(k, n->kids[i]))) return NULL;
    return shared_of(k, n, kids);
}

static bool share_rule(sharing *k, mr_rule *rule) {
    if (rule->when && !(rule->when = share(k, rule->when))) return false;
    return !rule->indicator || (rule->indicator = share(k, rule->indicator));
}

static bool share_checklist(sharing *k, mr_checklist *c) {
    const mr_node **items = MR_NEW_N(k->arena, const mr_node *, c->n_items);
    for (size_t i = 0; items && i < c->n_items; i++)
        if (!(items[i] = share(k, c->items[i]))) return false;
    c->items = items;
    return items != NULL;
}

static bool share_all(sharing *k, mr_ruleset *r) {
    bool ok = MR_PUSH(k->scratch, k->parts.v, k->parts.n, k->cap, NULL);
    for (size_t i = 0; ok && i < r->n_rules; i++) ok = share_rule(k, &r->rules[i]);
    for (size_t i = 0; ok && i < r->n_checklists; i++) ok = share_checklist(k, &r->checklists[i]);
    return ok;
}

mr_rc mr_parts_share(mr_ruleset *r, mr_arena *a, mr_parts *ret, mr_error *err) {
    mr_arena *scratch = mr_arena_new(SCRATCH_BYTES);
    if (!scratch) return mr_fail(err, MR_NOMEM, "out of memory");
    sharing k = {.arena = a, .scratch = scratch, .known = mr_index_new(scratch, 2048)};
    mr_buf_init(&k.key, KEY_BYTES);
    bool ok = k.known && share_all(&k, r);
    const mr_node **v = ok ? MR_NEW_N(a, const mr_node *, k.parts.n) : NULL;
    if (v) memcpy(v, k.parts.v, k.parts.n * sizeof *v);
    if (v) *ret = (mr_parts){v, k.parts.n};
    mr_buf_free(&k.key);
    mr_arena_free(scratch);
    return v ? MR_OK : mr_fail(err, MR_NOMEM, "out of memory");
}
