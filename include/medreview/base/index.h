/* A map from bytes to a number, in an arena. Keys are borrowed. Nothing is removed. */
#ifndef MEDREVIEW_BASE_INDEX_H
#define MEDREVIEW_BASE_INDEX_H

#include "medreview/base/arena.h"

typedef struct mr_index mr_index;

mr_index *mr_index_new(mr_arena *a, size_t expected);
/* false when out of room. An existing key keeps its first value; *ret_old (may be NULL) is then set, else untouched. */
bool mr_index_put(mr_index *ix, mr_span key, uint32_t value, uint32_t *ret_old);
bool mr_index_get(const mr_index *ix, mr_span key, uint32_t *ret);
size_t mr_index_count(const mr_index *ix);
/* Does any key begin so? Looks at every key: for what is asked rarely. */
bool mr_index_any_starts(const mr_index *ix, mr_span prefix);

#endif
