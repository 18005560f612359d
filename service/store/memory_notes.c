/* What the memory store keeps beside the queue: hints, the resource index, the ledger of our writes, watermarks. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static bool key3(mr_table_key *ret, const char *a, const char *b, const char *c) {
    return mr_table_key_of(ret, (const char *const[]){a, b, c}, 3);
}

static mr_span key_span(const mr_table_key *k) {
    return (mr_span){k->bytes, k->len};
}

/* ---- hints ---- */

bool mr_memory_hints_reserve(mr_memory_notes *m, size_t n) {
    size_t want = m->n_hints + n;
    if (want <= m->room_hints) return true;
    if (want < 2 * m->room_hints) want = 2 * m->room_hints;
    mr_memory_hint **grown = realloc(m->hints, want * sizeof(mr_memory_hint *));
    if (!grown) return false;
    m->hints = grown;
    m->room_hints = want;
    return true;
}

mr_memory_hint *mr_memory_hint_get(const mr_memory_notes *m, const char *source, const char *type, const char *id) {
    mr_table_key k;
    return key3(&k, source, type, id) ? mr_table_get(&m->hint_by_key, key_span(&k)) : NULL;
}

/* Where (retry_at_ms, number) belongs: after everything that is not later. */
static size_t hint_place(const mr_memory_notes *m, int64_t retry_at_ms, uint64_t number) {
    size_t lo = 0, hi = m->n_hints;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const mr_memory_hint *h = m->hints[mid];
        bool later = h->retry_at_ms != retry_at_ms ? h->retry_at_ms > retry_at_ms : h->hint.number > number;
        if (later)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

static void hint_insert(mr_memory_notes *m, mr_memory_hint *h) {
    size_t at = hint_place(m, h->retry_at_ms, h->hint.number);
    memmove(&m->hints[at + 1], &m->hints[at], (m->n_hints - at) * sizeof(mr_memory_hint *));
    m->hints[at] = h;
    m->n_hints++;
}

static void hint_remove(mr_memory_notes *m, const mr_memory_hint *h) {
    size_t at = hint_place(m, h->retry_at_ms, h->hint.number) - 1;
    MR_ASSERT(m->hints[at] == h);
    m->n_hints--;
    memmove(&m->hints[at], &m->hints[at + 1], (m->n_hints - at) * sizeof(mr_memory_hint *));
}

mr_memory_hint *mr_memory_hint_make(mr_memory_notes *m, const mr_intake *in, int64_t now_ms) {
    mr_table_key k;
    mr_memory_hint *h = calloc(1, sizeof *h);
    if (!h || !key3(&k, in->key.source, in->type, in->id) || !mr_table_put(&m->hint_by_key, key_span(&k), h)) {
        free(h);
        return NULL;
    }
    memcpy(h->hint.source, in->key.source, sizeof h->hint.source);
    memcpy(h->hint.type, in->type, sizeof h->hint.type);
    memcpy(h->hint.id, in->id, sizeof h->hint.id);
    h->hint.attempt = 1;
    h->retry_at_ms = now_ms;
    return h;
}

void mr_memory_hint_renew(mr_memory_notes *m, mr_memory_hint *h) {
    if (h->hint.number) hint_remove(m, h); /* 0: new, and in no list yet */
    h->hint.number = ++m->hint_number;
    hint_insert(m, h);
}

void mr_memory_hint_forget(mr_memory_notes *m, mr_memory_hint *h) {
    mr_table_key k;
    (void)key3(&k, h->hint.source, h->hint.type, h->hint.id); /* it was made with it */
    (void)mr_table_take(&m->hint_by_key, key_span(&k));
    if (h->hint.number) hint_remove(m, h);
    free(h);
}

void mr_memory_hint_delay(mr_memory_notes *m, mr_memory_hint *h, int64_t retry_at_ms) {
    hint_remove(m, h);
    h->hint.attempt++;
    h->retry_at_ms = retry_at_ms;
    hint_insert(m, h);
}

/* ---- texts by key: the resource index and the watermarks ---- */

static bool text_put(mr_table *t, const mr_table_key *k, const char *text) {
    char *copy = strdup(text);
    if (!copy) return false;
    if (mr_table_get(t, key_span(k))) {
        free(mr_table_swap(t, key_span(k), copy));
    } else if (!mr_table_put(t, key_span(k), copy)) {
        free(copy);
        return false;
    }
    return true;
}

mr_rc mr_memory_learn(mr_memory_notes *m, const char *source, const char *patient, const char *const *references,
                      size_t n, mr_error *err) {
    mr_rc rc = mr_learn_check(source, patient, references, n, err);
    if (rc != MR_OK) return rc;
    for (size_t i = 0; i < n; i++) {
        mr_table_key k;
        (void)mr_table_key_of(&k, (const char *const[]){source, references[i]}, 2); /* within the limits: it fits */
        if (!text_put(&m->patient_by_reference, &k, patient)) return mr_fail(err, MR_NOMEM, "store: resource index");
    }
    return MR_OK;
}

const char *mr_memory_patient_of(const mr_memory_notes *m, const char *source, const char *reference) {
    mr_table_key k;
    if (!mr_table_key_of(&k, (const char *const[]){source, reference}, 2)) return "";
    const char *patient = mr_table_get(&m->patient_by_reference, key_span(&k));
    return patient ? patient : "";
}

const char *mr_memory_watermark(const mr_memory_notes *m, const char *source, const char *type) {
    mr_table_key k;
    if (!mr_table_key_of(&k, (const char *const[]){source, type}, 2)) return "";
    const char *instant = mr_table_get(&m->watermark_by_key, key_span(&k));
    return instant ? instant : "";
}

mr_rc mr_memory_set_watermark(mr_memory_notes *m, const char *source, const char *type, const char *instant,
                              mr_error *err) {
    mr_table_key k;
    bool later = false;
    mr_rc rc = mr_instant_later(instant, mr_memory_watermark(m, source, type), &later, err);
    if (rc != MR_OK || !later) return rc;
    if (!mr_table_key_of(&k, (const char *const[]){source, type}, 2) || !text_put(&m->watermark_by_key, &k, instant))
        return mr_fail(err, MR_NOMEM, "store: watermark");
    return MR_OK;
}

/* ---- the ledger of our writes ---- */

static bool version_key(mr_table_key *ret, const mr_written *v) {
    return mr_table_key_of(ret, (const char *const[]){v->source, v->type, v->id, v->version}, 4);
}

static void versions_forget(mr_memory_notes *m, int64_t before_ms) {
    if (!m->n_versions || m->oldest_version_ms >= before_ms) return;
    unsigned gone = 0;
    m->oldest_version_ms = INT64_MAX;
    for (size_t i = 0; i < m->n_versions;) {
        mr_memory_version *w = m->versions[i];
        if (w->at_ms < before_ms && gone < MR_LEDGER_FORGET_MAX) {
            mr_table_key k;
            (void)version_key(&k, &w->what); /* it was made with it */
            (void)mr_table_take(&m->version_by_key, key_span(&k));
            m->versions[i] = m->versions[--m->n_versions];
            free(w);
            gone++;
        } else {
            if (w->at_ms < m->oldest_version_ms) m->oldest_version_ms = w->at_ms;
            i++;
        }
    }
}

static bool versions_reserve(mr_memory_notes *m, size_t n) {
    size_t want = m->n_versions + n;
    if (want <= m->room_versions) return true;
    if (want < 2 * m->room_versions) want = 2 * m->room_versions;
    mr_memory_version **grown = realloc(m->versions, want * sizeof(mr_memory_version *));
    if (!grown) return false;
    m->versions = grown;
    m->room_versions = want;
    return true;
}

static bool version_keep(mr_memory_notes *m, const mr_written *v, int64_t now_ms) {
    mr_table_key k;
    if (!version_key(&k, v)) return false;
    mr_memory_version *w = mr_table_get(&m->version_by_key, key_span(&k));
    if (!w) {
        w = malloc(sizeof *w);
        if (!w || !mr_table_put(&m->version_by_key, key_span(&k), w)) {
            free(w);
            return false;
        }
        *w = (mr_memory_version){*v, now_ms};
        m->versions[m->n_versions++] = w;
    }
    if (w->at_ms < now_ms) w->at_ms = now_ms;
    if (m->n_versions == 1 || w->at_ms < m->oldest_version_ms) m->oldest_version_ms = w->at_ms;
    return true;
}

/* Out of memory half way leaves the first ones noted: they were written, and an entry too many forgets no change of
 * another's. */
mr_rc mr_memory_wrote(mr_memory_notes *m, const mr_written *v, size_t n, int64_t now_ms, mr_error *err) {
    if (!versions_reserve(m, n)) return mr_fail(err, MR_NOMEM, "store: ledger");
    for (size_t i = 0; i < n; i++)
        if (!version_keep(m, &v[i], now_ms)) return mr_fail(err, MR_NOMEM, "store: ledger");
    versions_forget(m, now_ms - MR_LEDGER_KEEP_MS);
    return MR_OK;
}

bool mr_memory_is_ours(const mr_memory_notes *m, const mr_written *v) {
    mr_table_key k;
    return version_key(&k, v) && mr_table_get(&m->version_by_key, key_span(&k));
}

void mr_memory_notes_free(mr_memory_notes *m) {
    mr_table_free(&m->hint_by_key, free);
    mr_table_free(&m->patient_by_reference, free);
    mr_table_free(&m->version_by_key, free);
    mr_table_free(&m->watermark_by_key, free);
    free(m->hints);
    free(m->versions);
}
