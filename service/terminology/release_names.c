/* Names of suppliers' products (AMP) by way of the release: "Lixiana 30mg tablets" is edoxaban.
 *
 * A brand says nothing by its words, so a name counts only whole: the text is exactly what the release writes, with the
 * supplier or without, capitals and blanks aside; never its beginning. All AMPs of the name must be the same
 * substances.
 *
 * Names are hashed when the index is opened and not kept a second time: an entry takes 8 bytes, and the name that it
 * leads to is compared with the text before it is believed. */
#include "table.h"

#include <string.h>

enum {
    NAMED_PRODUCTS = 64, /* different VMPs of one name; in a release a handful have more than a few */
    NAMED_LOOKED_AT = 4096
};

static uint32_t hash_of(mr_span s) {
    uint32_t h = 2166136261u; /* FNV-1a, then mixed: its high bits choose the bucket */
    for (size_t i = 0; i < s.len; i++) h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
    h ^= h >> 16;
    return h * 0x9E3779B1u;
}

/* What records write of an AMP: its name without the supplier. Empty when there is none, or one that is no name. */
static mr_span name_of(const mr_terminology *t, uint32_t row, char *buf) {
    mr_span name;
    if (!mr_name_fold(mr_dmd_name(t->release, t->release->amps[row].name), buf, &name)) return MR_SPAN_NONE;
    return mr_name_without_supplier(name);
}

/* Counting sort by bucket; rows stay in order within one. */
static void fill(mr_term_names *x, const uint32_t *hashes, size_t n) {
    size_t n_buckets = (size_t)1 << (32 - x->shift);
    for (size_t i = 0; i < n; i++) x->starts[(hashes[i] >> x->shift) + 1]++;
    for (size_t b = 0; b < n_buckets; b++) x->starts[b + 1] += x->starts[b];
    for (size_t i = n; i-- > 0;)
        x->entries[--x->starts[(hashes[i] >> x->shift) + 1]] = (mr_term_name){hashes[i], (uint32_t)i};
    memmove(x->starts, x->starts + 1, n_buckets * sizeof *x->starts); /* each held the start of the one before it */
    x->starts[n_buckets] = (uint32_t)n;
}

mr_rc mr_bind_names(mr_terminology *t, mr_error *err) {
    mr_term_names *x = &t->amp_names;
    size_t n = t->release->n_amps;
    char buf[MR_TERM_NAME_BYTES];
    x->shift = 31;
    while (x->shift > 8 && (size_t)1 << (32 - x->shift) < n) x->shift--;
    mr_arena *scratch = mr_arena_new(n * sizeof(uint32_t) + 65536);
    uint32_t *hashes = scratch ? MR_NEW_N(scratch, uint32_t, n) : NULL;
    x->starts = MR_NEW_N(t->arena, uint32_t, ((size_t)1 << (32 - x->shift)) + 1);
    x->entries = MR_NEW_N(t->arena, mr_term_name, n);
    bool room = hashes && x->starts && x->entries;
    for (size_t i = 0; room && i < n; i++) hashes[i] = hash_of(name_of(t, (uint32_t)i, buf));
    if (room) fill(x, hashes, n);
    mr_arena_free(scratch);
    return room ? MR_OK : mr_fail(err, MR_NOMEM, "no memory for %zu names", n);
}

/* --- look-up ---- */

typedef struct named {
    uint32_t vmp[NAMED_PRODUCTS];
    size_t n;
    bool more;
} named;

static void add(named *x, uint32_t vmp) {
    for (size_t i = 0; i < x->n; i++)
        if (x->vmp[i] == vmp) return;
    if (x->n == NAMED_PRODUCTS)
        x->more = true;
    else
        x->vmp[x->n++] = vmp;
}

/* The products of all AMPs of that name; with `whole`, of those whose name with the supplier is that. */
static void gather(const mr_terminology *t, mr_span name, mr_span whole, named *ret) {
    const mr_term_names *x = &t->amp_names;
    uint32_t hash = hash_of(name), bucket = hash >> x->shift, looked_at = 0;
    ret->n = 0;
    ret->more = false;
    for (uint32_t i = x->starts[bucket]; i < x->starts[bucket + 1]; i++) {
        char buf[MR_TERM_NAME_BYTES];
        uint32_t row = x->entries[i].row;
        if (++looked_at > NAMED_LOOKED_AT) {
            ret->more = ret->n > 0;
            return;
        }
        if (x->entries[i].hash != hash || !mr_span_eq(name_of(t, row, buf), name)) continue;
        mr_span full;
        if (whole.len &&
            !(mr_name_fold(mr_dmd_name(t->release, t->release->amps[row].name), buf, &full) && mr_span_eq(full, whole)))
            continue;
        add(ret, t->release->amps[row].vmp);
    }
}

static bool find(const mr_terminology *t, mr_span text, named *ret) {
    char buf[MR_TERM_NAME_BYTES];
    mr_span folded;
    if (!t->amp_names.starts || !mr_name_fold(text, buf, &folded) || !folded.len) return false;
    gather(t, folded, MR_SPAN_NONE, ret);
    if (ret->n) return true;
    mr_span name = mr_name_without_supplier(folded);
    if (name.len && name.len < folded.len) gather(t, name, folded, ret);
    return ret->n > 0;
}

bool mr_term_find_amp_name(const mr_terminology *t, mr_span text, mr_reading *ret, mr_amp_name *ret_how) {
    named x;
    mr_reading_start(ret);
    if (!find(t, text, &x)) return false;
    const mr_product *first = &t->made[x.vmp[0]];
    bool agree = !x.more;
    size_t n_no_medicine = 0;
    for (size_t i = 0; i < x.n; i++) {
        const mr_product *p = &t->made[x.vmp[i]];
        agree = agree && mr_product_understood(p) && mr_product_same(first, p);
        n_no_medicine += p->verdict == MR_VERDICT_NO_MEDICINE;
    }
    *ret_how = agree ? MR_AMP_NAME_ONE : x.n > 1 || x.more ? MR_AMP_NAME_DIFFERS : MR_AMP_NAME_UNREAD;
    if (!x.more && n_no_medicine == x.n) *ret_how = MR_AMP_NAME_NO_MEDICINE;
    ret->not_a_medicine = *ret_how == MR_AMP_NAME_NO_MEDICINE;
    if (!agree) return true;
    mr_reading_of_product(first, ret);
    for (size_t i = 1; i < x.n; i++) {
        mr_reading next;
        mr_reading_of_product(&t->made[x.vmp[i]], &next);
        mr_reading_blend(ret, &next);
    }
    return true;
}
