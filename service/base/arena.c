/* Blocks that double up to a megabyte; every block is overwritten before it is freed, since it held a record. */
#include "medreview/base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct block {
    struct block *next;
    size_t room, used;
} block;

struct mr_arena {
    block *blocks; /* newest first */
    size_t cap, taken;
    size_t next_room;
    bool checked;
    mr_rc why;
};

enum { FIRST_ROOM = 16 << 10, MOST_ROOM = 1 << 20 };
#define BLOCK_HEAD ((sizeof(block) + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t))

static mr_arena *arena_new(size_t cap, bool checked) {
    mr_arena *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    a->cap = cap;
    a->next_room = FIRST_ROOM;
    a->checked = checked;
    return a;
}

mr_arena *mr_arena_new(size_t cap) {
    return arena_new(cap, false);
}

mr_arena *mr_arena_new_checked(size_t cap) {
    return arena_new(cap, true);
}

static char *payload(block *b) {
    return (char *)b + BLOCK_HEAD;
}

static block *block_add(mr_arena *a, size_t n) {
    size_t room = a->checked || n > a->next_room ? n : a->next_room;
    block *b = malloc(BLOCK_HEAD + room);
    if (!b) {
        a->why = MR_NOMEM;
        return NULL;
    }
    if (!a->checked && a->next_room < MOST_ROOM) a->next_room *= 2;
    *b = (block){.next = a->blocks, .room = room};
    a->blocks = b;
    return b;
}

void *mr_arena_alloc(mr_arena *a, size_t n, size_t align) {
    if (n == 0) n = 1;
    MR_ASSERT(align && (align & (align - 1)) == 0 && align <= _Alignof(max_align_t));
    if (n > a->cap || a->taken > a->cap - n) {
        a->why = MR_LIMIT;
        return NULL;
    }
    block *b = a->blocks;
    size_t at = b ? (b->used + align - 1) & ~(align - 1) : 0;
    if (!b || a->checked || at > b->room || n > b->room - at) {
        b = block_add(a, n);
        if (!b) return NULL;
        at = 0;
    }
    a->taken += n;
    b->used = at + n;
    return payload(b) + at;
}

void *mr_arena_zalloc(mr_arena *a, size_t n, size_t align) {
    void *p = mr_arena_alloc(a, n, align);
    if (p) memset(p, 0, n);
    return p;
}

mr_rc mr_arena_why(const mr_arena *a, mr_error *err) {
    if (a->why == MR_LIMIT) return mr_fail(err, MR_LIMIT, "one patient's record needs more than %zu bytes", a->cap);
    return mr_fail(err, MR_NOMEM, "out of memory");
}

size_t mr_arena_used(const mr_arena *a) {
    return a->taken;
}

void mr_arena_free(mr_arena *a) {
    if (!a) return;
    for (block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        memset(payload(b), 0xDD, b->used);
        __asm__ __volatile__("" : : "r"(b) : "memory"); /* the compiler may not drop the overwrite */
        free(b);
    }
    free(a);
}

size_t mr_arena_times(size_t n, size_t size) {
    return size && n > SIZE_MAX / size ? SIZE_MAX : n * size;
}

bool mr_arena_dup(mr_arena *a, mr_span s, mr_span *ret) {
    if (!s.ptr) {
        *ret = MR_SPAN_NONE;
        return true;
    }
    char *p = mr_arena_alloc(a, s.len + 1, 1);
    if (!p) return false;
    if (s.len) memcpy(p, s.ptr, s.len);
    p[s.len] = 0;
    *ret = (mr_span){p, s.len};
    return true;
}

mr_span mr_arena_printf(mr_arena *a, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    mr_span out = MR_SPAN_NONE;
    char *p = n < 0 ? NULL : mr_arena_alloc(a, (size_t)n + 1, 1);
    if (p) {
        (void)vsnprintf(p, (size_t)n + 1, fmt, again);
        out = (mr_span){p, (size_t)n};
    }
    va_end(again);
    return out;
}

bool mr_arena_grow(mr_arena *a, void **items, size_t *cap, size_t n, size_t size, size_t align) {
    if (n < *cap) return true;
    size_t more = *cap ? mr_arena_times(*cap, 2) : 4;
    void *p = mr_arena_alloc(a, mr_arena_times(more, size), align);
    if (!p) return false;
    if (n) memcpy(p, *items, n * size);
    *items = p;
    *cap = more;
    return true;
}
