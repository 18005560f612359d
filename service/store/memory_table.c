/* Separate chaining, doubled when full. Not base/index.h: that one lives in an arena and never removes. */
#include "memory_table.h"

#include <stdlib.h>
#include <string.h>

struct mr_table_slot {
    mr_table_slot *next;
    void *value;
    uint64_t hash;
    size_t len;
    char key[];
};

static uint64_t hash_of(mr_span key) { /* FNV-1a and a final mix */
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < key.len; i++) h = (h ^ (unsigned char)key.ptr[i]) * UINT64_C(1099511628211);
    return h ^ h >> 29;
}

static mr_table_slot **place_of(const mr_table *t, mr_span key, uint64_t hash) {
    mr_table_slot **at = &t->chains[hash & (t->n_chains - 1)];
    while (*at && !((*at)->hash == hash && mr_span_eq((mr_span){(*at)->key, (*at)->len}, key))) at = &(*at)->next;
    return at;
}

static bool grow(mr_table *t) {
    size_t n_chains = t->n_chains ? 2 * t->n_chains : 64;
    mr_table_slot **chains = calloc(n_chains, sizeof *chains);
    if (!chains) return false;
    for (size_t i = 0; i < t->n_chains; i++) {
        for (mr_table_slot *s = t->chains[i], *next; s; s = next) {
            next = s->next;
            s->next = chains[s->hash & (n_chains - 1)];
            chains[s->hash & (n_chains - 1)] = s;
        }
    }
    free(t->chains);
    t->chains = chains;
    t->n_chains = n_chains;
    return true;
}

void *mr_table_get(const mr_table *t, mr_span key) {
    if (!t->n) return NULL;
    mr_table_slot *s = *place_of(t, key, hash_of(key));
    return s ? s->value : NULL;
}

bool mr_table_put(mr_table *t, mr_span key, void *value) {
    if (t->n == t->n_chains && !grow(t)) return false;
    mr_table_slot *s = malloc(sizeof *s + key.len);
    if (!s) return false;
    s->value = value;
    s->hash = hash_of(key);
    s->len = key.len;
    memcpy(s->key, key.ptr, key.len);
    mr_table_slot **chain = &t->chains[s->hash & (t->n_chains - 1)];
    s->next = *chain;
    *chain = s;
    t->n++;
    return true;
}

void *mr_table_swap(mr_table *t, mr_span key, void *value) {
    mr_table_slot *s = *place_of(t, key, hash_of(key));
    void *old = s->value;
    s->value = value;
    return old;
}

void *mr_table_take(mr_table *t, mr_span key) {
    if (!t->n) return NULL;
    mr_table_slot **at = place_of(t, key, hash_of(key)), *s = *at;
    if (!s) return NULL;
    void *value = s->value;
    *at = s->next;
    free(s);
    t->n--;
    return value;
}

void mr_table_free(mr_table *t, void (*value_free)(void *value)) {
    for (size_t i = 0; i < t->n_chains; i++) {
        for (mr_table_slot *s = t->chains[i], *next; s; s = next) {
            next = s->next;
            if (value_free) value_free(s->value);
            free(s);
        }
    }
    free(t->chains);
    *t = (mr_table){0};
}

bool mr_table_key_of(mr_table_key *ret, const char *const *parts, size_t n) {
    ret->len = 0;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(parts[i]) + 1;
        if (len > sizeof ret->bytes - ret->len) return false;
        memcpy(ret->bytes + ret->len, parts[i], len);
        ret->len += len;
    }
    return true;
}
