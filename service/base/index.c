/* Open addressing with linear probing, at most half full; grows by rehashing into fresh arena storage. */
#include "medreview/base/index.h"

typedef struct slot {
    mr_span key; /* ptr NULL: free */
    uint32_t hash, value;
} slot;

struct mr_index {
    mr_arena *arena;
    slot *slots;
    size_t size, n; /* size is a power of two */
};

static uint32_t hash_of(mr_span s) { /* FNV-1a, then a final mix */
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.len; i++) h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    return h ^ h >> 12;
}

mr_index *mr_index_new(mr_arena *a, size_t expected) {
    mr_index *ix = MR_NEW(a, mr_index);
    if (!ix) return NULL;
    size_t size = 16;
    while (size / 2 < expected) size *= 2;
    *ix = (mr_index){.arena = a, .slots = MR_NEW_N(a, slot, size), .size = size};
    return ix->slots ? ix : NULL;
}

static slot *find(const mr_index *ix, mr_span key, uint32_t hash) {
    size_t i = hash & (ix->size - 1);
    while (ix->slots[i].key.ptr && (ix->slots[i].hash != hash || !mr_span_eq(ix->slots[i].key, key)))
        i = (i + 1) & (ix->size - 1);
    return &ix->slots[i];
}

static bool grow(mr_index *ix) {
    mr_index old = *ix;
    slot *fresh = MR_NEW_N(ix->arena, slot, old.size * 2);
    if (!fresh) return false;
    ix->slots = fresh;
    ix->size = old.size * 2;
    for (size_t i = 0; i < old.size; i++)
        if (old.slots[i].key.ptr) *find(ix, old.slots[i].key, old.slots[i].hash) = old.slots[i];
    return true;
}

bool mr_index_put(mr_index *ix, mr_span key, uint32_t value, uint32_t *ret_old) {
    if (!key.ptr) key = MR_SPAN("");
    if (ix->n + 1 > ix->size / 2 && !grow(ix)) return false;
    uint32_t hash = hash_of(key);
    slot *s = find(ix, key, hash);
    if (s->key.ptr) {
        if (ret_old) *ret_old = s->value;
        return true;
    }
    *s = (slot){key, hash, value};
    ix->n++;
    return true;
}

bool mr_index_get(const mr_index *ix, mr_span key, uint32_t *ret) {
    if (!key.ptr) key = MR_SPAN("");
    const slot *s = find(ix, key, hash_of(key));
    if (!s->key.ptr) return false;
    *ret = s->value;
    return true;
}

bool mr_index_any_starts(const mr_index *ix, mr_span prefix) {
    for (size_t i = 0; i < ix->size; i++) {
        mr_span key = ix->slots[i].key;
        if (key.ptr && key.len >= prefix.len && mr_span_eq((mr_span){key.ptr, prefix.len}, prefix)) return true;
    }
    return false;
}

size_t mr_index_count(const mr_index *ix) {
    return ix->n;
}
