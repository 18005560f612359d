/* The rows of the memory store: found by key, listed by key, claimed by a heap a source.
 *
 * A row is in its source's heap whenever it can be claimed some day. The heap has room for every row of the source
 * from the moment the row is made, so a move of a row never fails half way. */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool before(const mr_memory_row *a, const mr_memory_row *b) {
    int64_t at = mr_row_ready_ms(&a->row), bt = mr_row_ready_ms(&b->row);
    return at != bt ? at < bt : strcmp(a->row.key.patient, b->row.key.patient) < 0;
}

static void heap_set(mr_memory_source *s, size_t at, mr_memory_row *r) {
    s->heap[at] = r;
    r->heap_at = at;
}

static void heap_up(mr_memory_source *s, size_t at) {
    mr_memory_row *r = s->heap[at];
    for (; at && before(r, s->heap[(at - 1) / 2]); at = (at - 1) / 2) heap_set(s, at, s->heap[(at - 1) / 2]);
    heap_set(s, at, r);
}

static void heap_down(mr_memory_source *s, size_t at) {
    mr_memory_row *r = s->heap[at];
    for (size_t child; (child = 2 * at + 1) < s->n; at = child) {
        if (child + 1 < s->n && before(s->heap[child + 1], s->heap[child])) child++;
        if (!before(s->heap[child], r)) break;
        heap_set(s, at, s->heap[child]);
    }
    heap_set(s, at, r);
}

static void heap_remove(mr_memory_source *s, mr_memory_row *r) {
    size_t at = r->heap_at;
    mr_memory_row *last = s->heap[--s->n];
    r->heap_at = SIZE_MAX;
    if (last == r) return;
    heap_set(s, at, last);
    heap_up(s, at);
    heap_down(s, last->heap_at);
}

void mr_memory_row_place(mr_memory_queue *q, mr_memory_row *r) {
    mr_memory_source *s = r->source;
    q->n_by_state[r->counted]--;
    r->counted = r->row.state;
    q->n_by_state[r->counted]++;
    if (r->heap_at != SIZE_MAX) heap_remove(s, r);
    if (mr_row_ready_ms(&r->row) == INT64_MAX) return;
    heap_set(s, s->n++, r);
    heap_up(s, r->heap_at);
}

mr_memory_row *mr_memory_row_ready(const mr_memory_source *s, int64_t now_ms) {
    return s->n && mr_row_ready_ms(&s->heap[0]->row) <= now_ms ? s->heap[0] : NULL;
}

static bool reserve(void **items, size_t *room, size_t want, size_t size) {
    if (want <= *room) return true;
    size_t more = *room ? 2 * *room : 16;
    while (more < want) more *= 2;
    void *grown = realloc(*items, more * size);
    if (!grown) return false;
    *items = grown;
    *room = more;
    return true;
}

static mr_memory_source *source_make(mr_memory_queue *q, const char *name) {
    size_t at = 0;
    while (at < q->n_sources && strcmp(q->sources[at]->name, name) < 0) at++;
    if (at < q->n_sources && strcmp(q->sources[at]->name, name) == 0) return q->sources[at];
    mr_memory_source **grown = realloc(q->sources, (q->n_sources + 1) * sizeof(mr_memory_source *));
    if (!grown) return NULL;
    q->sources = grown;
    mr_memory_source *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    memmove(&grown[at + 1], &grown[at], (q->n_sources - at) * sizeof(mr_memory_source *));
    grown[at] = s;
    q->n_sources++;
    return s;
}

static bool key_of(mr_table_key *ret, const mr_key *key) {
    return mr_table_key_of(ret, (const char *const[]){key->source, key->patient}, 2);
}

mr_memory_row *mr_memory_row_get(const mr_memory_queue *q, const mr_key *key) {
    mr_table_key k;
    return key_of(&k, key) ? mr_table_get(&q->by_key, (mr_span){k.bytes, k.len}) : NULL;
}

mr_memory_row *mr_memory_row_make(mr_memory_queue *q, const mr_key *key, bool *ret_new) {
    mr_memory_row *r = mr_memory_row_get(q, key);
    if (r) {
        *ret_new = false;
        return r;
    }
    mr_table_key k;
    mr_memory_source *s = source_make(q, key->source);
    if (!s || !key_of(&k, key)) return NULL;
    if (!reserve((void **)&s->heap, &s->room, s->n_rows + 1, sizeof(mr_memory_row *))) return NULL;
    if (!reserve((void **)&q->rows, &q->room, q->n + 1, sizeof(mr_memory_row *))) return NULL;
    r = calloc(1, sizeof *r);
    if (!r || !mr_table_put(&q->by_key, (mr_span){k.bytes, k.len}, r)) {
        free(r);
        return NULL;
    }
    r->row.key = *key;
    r->source = s;
    r->heap_at = SIZE_MAX;
    s->n_rows++;
    q->n_by_state[MR_ROW_IDLE]++;
    q->rows[q->n++] = r;
    q->unsorted = true;
    *ret_new = true;
    return r;
}

void mr_memory_row_forget(mr_memory_queue *q, mr_memory_row *newest) {
    MR_ASSERT(q->rows[q->n - 1] == newest && newest->heap_at == SIZE_MAX);
    mr_table_key k;
    (void)key_of(&k, &newest->row.key); /* it was made with it */
    (void)mr_table_take(&q->by_key, (mr_span){k.bytes, k.len});
    newest->source->n_rows--;
    q->n_by_state[MR_ROW_IDLE]--;
    q->n--;
    free(newest);
}

static int row_order(const void *a, const void *b) {
    return mr_key_cmp(&(*(mr_memory_row *const *)a)->row.key, &(*(mr_memory_row *const *)b)->row.key);
}

mr_memory_row *const *mr_memory_rows(mr_memory_queue *q) {
    if (q->unsorted) qsort(q->rows, q->n, sizeof(mr_memory_row *), row_order);
    q->unsorted = false;
    return q->rows;
}

void mr_memory_queue_free(mr_memory_queue *q) {
    for (size_t i = 0; i < q->n; i++) {
        free(q->rows[i]->json);
        free(q->rows[i]->asked);
        free(q->rows[i]);
    }
    for (size_t i = 0; i < q->n_sources; i++) {
        free(q->sources[i]->heap);
        free(q->sources[i]);
    }
    mr_table_free(&q->by_key, NULL);
    free(q->rows);
    free(q->sources);
}
