/* One arena per review: everything a review holds lives and dies with it.
 *
 * Memory is never freed singly. mr_arena_free overwrites what was handed out, since it held a patient's record.
 * Not safe for two threads at once. */
#ifndef MEDREVIEW_BASE_ARENA_H
#define MEDREVIEW_BASE_ARENA_H

#include "medreview/base/error.h"
#include "medreview/base/span.h"

typedef struct mr_arena mr_arena;

/* `cap` bounds the bytes one review may take (payload and rounding); NULL when memory is short. */
mr_arena *mr_arena_new(size_t cap);
/* Each allocation is its own malloc, so that sanitizers see every overrun. For tests. */
mr_arena *mr_arena_new_checked(size_t cap);
/* NULL at the cap or when memory is short: mr_arena_why tells which. n = 0 gives a valid pointer. */
void *mr_arena_alloc(mr_arena *a, size_t n, size_t align);
void *mr_arena_zalloc(mr_arena *a, size_t n, size_t align);
/* After NULL: MR_LIMIT or MR_NOMEM; sets *err to a sentence. */
mr_rc mr_arena_why(const mr_arena *a, mr_error *err);
size_t mr_arena_used(const mr_arena *a);
void mr_arena_free(mr_arena *a); /* NULL is fine */

#define MR_NEW(a, type) ((type *)mr_arena_zalloc((a), sizeof(type), _Alignof(type)))
#define MR_NEW_N(a, type, n) ((type *)mr_arena_zalloc((a), mr_arena_times((n), sizeof(type)), _Alignof(type)))
/* n * size, or SIZE_MAX (which no arena grants) when that overflows. */
size_t mr_arena_times(size_t n, size_t size);

/* Copies into the arena; the copy is also zero-terminated. The absent span stays absent. false when out of room. */
bool mr_arena_dup(mr_arena *a, mr_span s, mr_span *ret);
/* Formatted text in the arena, zero-terminated; the absent span when out of room. */
mr_span mr_arena_printf(mr_arena *a, const char *fmt, ...) MR_PRINTF(2, 3);

/* A growing array in an arena: MR_PUSH(a, v, n, cap, item) gives false when out of room. Old storage stays behind. */
bool mr_arena_grow(mr_arena *a, void **items, size_t *cap, size_t n, size_t size, size_t align);
#define MR_PUSH(a, v, n, cap, item)                                                                                    \
    (mr_arena_grow((a), (void **)&(v), &(cap), (n), sizeof *(v), _Alignof(max_align_t)) ? ((v)[(n)++] = (item), true)  \
                                                                                        : false)

#endif
