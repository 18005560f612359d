/* Random operations on a store, and everything that can be seen of it as text; for tests that compare two stores.
 *
 * What a walk does next depends on its seed and on the claims it got, never on the store's inside. */
#ifndef MEDREVIEW_TESTS_WALK_H
#define MEDREVIEW_TESTS_WALK_H

#include "medreview/base/buf.h"
#include "medreview/base/rand.h"
#include "medreview/flow/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WALK_SOURCES 3
#define WALK_PATIENTS 6
#define WALK_HELD 8

typedef enum walk_kind {
    WALK_RECORD,
    WALK_CLAIM,
    WALK_SETTLE,
    WALK_HINT_DONE,
    WALK_HINT_LATER,
    WALK_UNPARK,
    WALK_RELEASE,
    WALK_LEARN,
    WALK_WROTE,
    WALK_WATERMARK,
    WALK_KINDS
} walk_kind;

typedef struct walk_op {
    walk_kind kind;
    int64_t now_ms, when_ms;
    mr_intake intakes[4];
    size_t n;
    mr_claim claim, got[4];
    size_t n_got;
    mr_settlement how;
    mr_work_item item;
    char json[64], text[40];
} walk_op;

typedef struct walk {
    mr_rand rand;
    int64_t now_ms;
    mr_claim held[WALK_HELD]; /* newest and older claims, some of them spent */
    size_t n_held;
    uint64_t wanted[WALK_SOURCES][WALK_PATIENTS]; /* what the rows must hold: counted here, by itself */
} walk;

static const char *const walk_sources[WALK_SOURCES] = {"gp-a", "gp-b", "trust"};

static inline size_t walk_pick(walk *w, size_t n) {
    return (size_t)mr_rand_below(&w->rand, n);
}

static inline mr_key walk_key(size_t source, size_t patient) {
    mr_key k = {0};
    (void)snprintf(k.source, sizeof k.source, "%s", walk_sources[source]);
    (void)snprintf(k.patient, sizeof k.patient, "p%zu", patient);
    return k;
}

static inline void walk_intake(walk *w, mr_intake *in) {
    *in = (mr_intake){.key = walk_key(walk_pick(w, WALK_SOURCES), walk_pick(w, WALK_PATIENTS))};
    in->quiet_ms = (int64_t)walk_pick(w, 3) * 50;
    in->max_ms = (int64_t)walk_pick(w, 4) * 100;
    if (walk_pick(w, 6) != 0) return;
    in->key.patient[0] = 0;
    if (walk_pick(w, 4) == 0) return; /* a poll */
    (void)snprintf(in->type, sizeof in->type, "Condition");
    (void)snprintf(in->id, sizeof in->id, "c%zu", walk_pick(w, 3));
}

static inline void walk_settlement(walk *w, walk_op *op) {
    static const mr_rc whys[] = {MR_TIMEOUT, MR_MALFORMED, MR_CANCELED, MR_NOT_FOUND};
    static const char *const priorities[] = {"asap", "urgent", "routine", ""};
    op->how.verdict = walk_pick(w, 2) ? MR_VERDICT_DONE : (mr_verdict)walk_pick(w, 4);
    op->how.why = op->how.verdict == MR_VERDICT_DONE ? MR_OK : whys[walk_pick(w, 4)];
    op->how.retry_at_ms = op->when_ms;
    (void)snprintf(op->how.reason, sizeof op->how.reason, "reason %zu", walk_pick(w, 9));
    if (walk_pick(w, 2)) {
        op->item.high = (unsigned)walk_pick(w, 3);
        op->item.reviewed_ms = op->now_ms;
        (void)snprintf(op->item.priority, sizeof op->item.priority, "%s", priorities[walk_pick(w, 4)]);
        (void)snprintf(op->item.due, sizeof op->item.due, "2026-11-2%zu", walk_pick(w, 10));
        (void)snprintf(op->item.task, sizeof op->item.task, "Task/%zu", walk_pick(w, 50));
        op->how.item = &op->item;
    }
    if (walk_pick(w, 2)) {
        (void)snprintf(op->json, sizeof op->json, "{\"n\":%zu}", walk_pick(w, 1000));
        op->how.review = mr_span_of(op->json);
    }
}

static inline walk_kind walk_kind_of(size_t dice) { /* of 100 */
    static const struct {
        size_t below;
        walk_kind kind;
    } table[] = {{40, WALK_RECORD}, {65, WALK_CLAIM},   {86, WALK_SETTLE}, {90, WALK_HINT_DONE}, {92, WALK_HINT_LATER},
                 {94, WALK_UNPARK}, {95, WALK_RELEASE}, {97, WALK_LEARN},  {99, WALK_WROTE},     {100, WALK_WATERMARK}};
    size_t i = 0;
    while (dice >= table[i].below) i++;
    return table[i].kind;
}

/* op must stay where it is: a settlement points into it. */
static inline void walk_next(walk *w, walk_op *op) {
    memset(op, 0, sizeof *op);
    w->now_ms += (int64_t)walk_pick(w, 60);
    op->kind = walk_kind_of(walk_pick(w, 100));
    if (op->kind == WALK_SETTLE && w->n_held == 0) op->kind = WALK_CLAIM;
    op->now_ms = w->now_ms;
    op->when_ms = walk_pick(w, 4) ? w->now_ms + (int64_t)walk_pick(w, 500) : 0;
    op->n = 1 + walk_pick(w, 4);
    for (size_t i = 0; i < op->n; i++) walk_intake(w, &op->intakes[i]);
    if (op->kind == WALK_SETTLE) {
        op->claim = w->held[walk_pick(w, w->n_held)];
        walk_settlement(w, op);
    }
    if (op->kind == WALK_WATERMARK)
        (void)snprintf(op->text, sizeof op->text, "2026-03-0%zuT09:15:0%zu.%zuZ", 1 + walk_pick(w, 9), walk_pick(w, 10),
                       walk_pick(w, 100));
}

static inline mr_rc walk_hint(mr_store *s, const walk_op *op, mr_error *err) {
    mr_hint h;
    size_t n = 0;
    mr_rc rc = s->ops->hints(s, op->now_ms, &h, 1, &n, err);
    if (rc != MR_OK || n == 0) return rc;
    if (op->kind == WALK_HINT_LATER) return s->ops->hint_later(s, &h, op->when_ms, err);
    return s->ops->hint_done(s, &h, op->intakes, op->n, op->now_ms, err);
}

static inline mr_written walk_version(const mr_intake *in) {
    mr_written v = {.type = "Task", .version = "1"};
    memcpy(v.source, in->key.source, sizeof v.source);
    memcpy(v.id, in->key.patient[0] ? in->key.patient : "none", in->key.patient[0] ? sizeof v.id : 5);
    return v;
}

/* The answer: claims go into op->got. */
static inline mr_rc walk_apply(mr_store *s, walk_op *op, mr_error *err) {
    const char *const reference = op->intakes[0].key.patient;
    mr_written version = walk_version(&op->intakes[0]);
    op->n_got = 0;
    switch (op->kind) {
    case WALK_RECORD: return s->ops->record(s, op->intakes, op->n, op->now_ms, err);
    case WALK_CLAIM: return s->ops->claim(s, op->now_ms, 300, op->got, op->n, &op->n_got, err);
    case WALK_SETTLE: return s->ops->settle(s, &op->claim, &op->how, op->now_ms, err);
    case WALK_HINT_DONE:
    case WALK_HINT_LATER: return walk_hint(s, op, err);
    case WALK_UNPARK: return s->ops->unpark(s, &op->intakes[0].key, op->now_ms, err);
    case WALK_RELEASE: return s->ops->release_all(s, err);
    case WALK_LEARN: return s->ops->learn(s, op->intakes[0].key.source, op->intakes[1].key.patient, &reference, 1, err);
    case WALK_WROTE: return s->ops->wrote(s, &version, 1, op->now_ms, err);
    case WALK_WATERMARK: return s->ops->set_watermark(s, op->intakes[0].key.source, "Task", op->text, err);
    case WALK_KINDS: break;
    }
    return MR_INVALID;
}

static inline void walk_count(walk *w, const walk_op *op) {
    bool seen[WALK_SOURCES][WALK_PATIENTS] = {0};
    for (size_t i = 0; i < op->n; i++) {
        for (size_t j = 0; j < WALK_SOURCES * WALK_PATIENTS; j++) {
            mr_key k = walk_key(j / WALK_PATIENTS, j % WALK_PATIENTS);
            bool same =
                strcmp(k.source, op->intakes[i].key.source) == 0 && strcmp(k.patient, op->intakes[i].key.patient) == 0;
            if (same && !seen[j / WALK_PATIENTS][j % WALK_PATIENTS]) w->wanted[j / WALK_PATIENTS][j % WALK_PATIENTS]++;
            if (same) seen[j / WALK_PATIENTS][j % WALK_PATIENTS] = true;
        }
    }
}

/* After an op that was done. `had_hint`: a hint_done found something to do. */
static inline void walk_done(walk *w, const walk_op *op, bool had_hint) {
    if (op->kind == WALK_RECORD || (op->kind == WALK_HINT_DONE && had_hint)) walk_count(w, op);
    for (size_t i = 0; i < op->n_got; i++) {
        if (w->n_held == WALK_HELD) memmove(w->held, w->held + 1, --w->n_held * sizeof *w->held);
        w->held[w->n_held++] = op->got[i];
    }
}

/* ---- everything that can be seen ---- */

typedef struct walk_keys {
    mr_key v[WALK_SOURCES * WALK_PATIENTS];
    size_t n;
} walk_keys;

static inline bool walk_among(const walk_keys *keys, const mr_key *k) {
    for (size_t i = 0; keys && i < keys->n; i++)
        if (strcmp(keys->v[i].source, k->source) == 0 && strcmp(keys->v[i].patient, k->patient) == 0) return true;
    return false;
}

/* Rows whose lease a crash gives back stand in `given_back`: of them only what the crash leaves alone is told. */
static inline void walk_show_jobs(mr_store *s, const walk_keys *given_back, mr_buf *out) {
    mr_job_row r[4];
    mr_key after, *from = NULL;
    size_t n = 0;
    do {
        if (s->ops->jobs(s, false, from, r, 4, &n, NULL) != MR_OK) abort();
        for (size_t i = 0; i < n; i++) {
            mr_buf_printf(out, "%s/%s #%u since %" PRId64 " %s:%s", r[i].key.source, r[i].key.patient, r[i].attempt,
                          r[i].first_wanted_ms, r[i].why, r[i].reason);
            if (!walk_among(given_back, &r[i].key)) mr_buf_printf(out, " %s at %" PRId64, r[i].state, r[i].due_ms);
            mr_buf_addc(out, '\n');
            after = r[i].key;
        }
        from = &after;
    } while (n);
}

static inline void walk_show_reviews(mr_store *s, mr_buf *out) {
    mr_work_item w[32];
    size_t n = 0;
    if (s->ops->worklist(s, "2026-11-21", 0, w, 32, &n, NULL) != MR_OK) abort();
    for (size_t i = 0; i < n; i++)
        mr_buf_printf(out, "%s %s %s/%s %s %u\n", w[i].priority, w[i].due, w[i].key.source, w[i].key.patient, w[i].task,
                      w[i].high);
    for (size_t i = 0; i < WALK_SOURCES * WALK_PATIENTS; i++) {
        mr_key k = walk_key(i / WALK_PATIENTS, i % WALK_PATIENTS);
        char *json = NULL;
        size_t len = 0;
        mr_rc rc = s->ops->review_of(s, &k, w, &json, &len, NULL);
        if (rc == MR_OK) mr_buf_printf(out, "%s/%s %s %s %s\n", k.source, k.patient, w[0].task, w[0].due, json);
        if (rc != MR_OK && rc != MR_NOT_FOUND) abort();
        free(json);
    }
}

static inline void walk_show_notes(mr_store *s, mr_buf *out) {
    mr_hint h[32];
    size_t n = 0;
    if (s->ops->hints(s, INT64_MAX, h, 32, &n, NULL) != MR_OK) abort();
    for (size_t i = 0; i < n; i++)
        mr_buf_printf(out, "hint %" PRIu64 " %s %s/%s #%u\n", h[i].number, h[i].source, h[i].type, h[i].id,
                      h[i].attempt);
    for (size_t i = 0; i < WALK_SOURCES * WALK_PATIENTS; i++) {
        mr_key k = walk_key(i / WALK_PATIENTS, i % WALK_PATIENTS);
        mr_intake in = {.key = k};
        mr_written version = walk_version(&in);
        char patient[MR_MAX_ID_BYTES + 1], instant[40];
        bool ours = false;
        if (s->ops->patient_of(s, k.source, k.patient, patient, NULL) != MR_OK) abort();
        if (s->ops->is_ours(s, &version, &ours, NULL) != MR_OK) abort();
        if (s->ops->watermark(s, k.source, "Task", instant, NULL) != MR_OK) abort();
        mr_buf_printf(out, "%s/%s [%s] %d %s\n", k.source, k.patient, patient, ours, instant);
    }
}

static inline void walk_show_depth(mr_store *s, int64_t now_ms, mr_buf *out) {
    mr_depth d;
    if (s->ops->depth(s, now_ms, &d, NULL) != MR_OK) abort();
    mr_buf_printf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "\n", d.due,
                  d.leased, d.parked, d.idle, d.hints, d.oldest_due_ms, d.next_due_ms);
}

static inline void walk_leased(mr_store *s, walk_keys *ret) {
    mr_job_row r[WALK_SOURCES * WALK_PATIENTS];
    size_t n = 0;
    if (s->ops->jobs(s, false, NULL, r, WALK_SOURCES * WALK_PATIENTS, &n, NULL) != MR_OK) abort();
    ret->n = 0;
    for (size_t i = 0; i < n; i++)
        if (strcmp(r[i].state, "leased") == 0) ret->v[ret->n++] = r[i].key;
}

#endif
