/* A hash map from bytes to a pointer, for the memory store. Its order is never seen: lists are kept beside it. */
#ifndef MEDREVIEW_STORE_MEMORY_TABLE_H
#define MEDREVIEW_STORE_MEMORY_TABLE_H

#include "medreview/base/span.h"

typedef struct mr_table_slot mr_table_slot;
typedef struct mr_table {
    mr_table_slot **chains; /* n_chains is 0 or a power of two */
    size_t n_chains, n;
} mr_table; /* all zero: empty */

void *mr_table_get(const mr_table *t, mr_span key); /* NULL: absent */
/* The key must be absent; it is copied. false: out of memory, nothing changed. */
bool mr_table_put(mr_table *t, mr_span key, void *value);
/* Gives a key that is there another value, and its old one back. */
void *mr_table_swap(mr_table *t, mr_span key, void *value);
/* Removes the key and gives its value back; NULL: absent. */
void *mr_table_take(mr_table *t, mr_span key);
/* Frees keys and, with value_free, values. The table is empty afterwards. */
void mr_table_free(mr_table *t, void (*value_free)(void *value));

/* Several texts as one key: each with its closing zero, so that ("a", "bc") is not ("ab", "c"). */
#define MR_TABLE_KEY_BYTES 1024u
typedef struct mr_table_key {
    char bytes[MR_TABLE_KEY_BYTES];
    size_t len;
} mr_table_key;
/* false: longer than any key of ours. */
bool mr_table_key_of(mr_table_key *ret, const char *const *parts, size_t n);

#endif
