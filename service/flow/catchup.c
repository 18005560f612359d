/* Catch-up: what changed since the last poll, read type by type, so that a lost event is only a late one (fhir.md 6).
 *
 * Happy path: a poll when the interval has passed or a gap is suspected; each type in turn (catchup_read.c); then the
 * next poll is set. Ways to fail: a type cannot be read (the others go on, it alone is tried again after a back-off
 * while the regular polls go on), or the server does not have it (told once, asked again at the next poll). */
#include "catchup_parts.h"

#include <stdlib.h>

enum { SOON_MS = 500 };

/* How long ago a type was last known to be read up to the present; the oldest of all sources and types. */
static void publish_lag(const mr_engine *e, int64_t now_ms) {
    int64_t oldest = now_ms;
    for (size_t i = 0; i < e->set.n_sources; i++) {
        const struct catchup *c = e->sources[i].catchup;
        for (size_t k = 0; c && k < c->n; k++)
            if (c->types[k].read_ms && c->types[k].read_ms < oldest) oldest = c->types[k].read_ms;
    }
    mr_metrics_set(e->port.metrics, MR_G_WATERMARK_LAG_S, (now_ms - oldest) / 1000);
}

/* --- rounds ------------------------------------------------------------------------------------------------------ */

static bool unread(const struct catchup *c) {
    for (size_t i = 0; i < c->n; i++)
        if (c->types[i].pending) return true;
    return false;
}

static void round_over(struct catchup *c) {
    mr_engine *e = c->src->engine;
    int64_t now = engine_now(e);
    c->step = STEP_WAIT;
    if (unread(c)) {
        c->failures++;
        c->retry_at_ms = now + upkeep_backoff_ms(e, c->failures);
        return;
    }
    c->failures = 0;
    c->completed = c->started;
    c->seed[0] = 0;
    mr_metrics_add(e->port.metrics, MR_C_POLLS, 1);
    MR_LOG(e->port.log, c->n_found ? MR_L_INFO : MR_L_DEBUG, "catchup.done", mr_v_word("source", c->src->set->id),
           mr_v_int("found", (int64_t)c->n_found), mr_v_int("without_patient", (int64_t)c->n_unassigned),
           mr_v_int("ms", now - c->began_ms));
    c->n_found = c->n_unassigned = 0;
}

/* On to the next unread type from here, or the round is over. */
static void next_type(struct catchup *c, size_t from) {
    catchup_forget_type(c);
    for (c->at = from; c->at < c->n && !catchup_type(c)->pending;) c->at++;
    c->step = STEP_MARK;
    if (c->at == c->n) round_over(c);
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

void catchup_type_read(struct catchup *c) {
    type_poll *t = catchup_type(c);
    hashes old = t->seen;
    if (c->found.n) qsort(c->found.v, c->found.n, sizeof *c->found.v, by_value);
    t->seen = c->found;
    c->found = old;
    t->read_ms = c->began_ms;
    t->pending = t->told = false;
    next_type(c, c->at + 1);
}

void catchup_type_failed(struct catchup *c, mr_rc rc, const mr_error *err) {
    source *src = c->src;
    type_poll *t = catchup_type(c);
    MR_LOG(src->engine->port.log, t->told ? MR_L_DEBUG : MR_L_WARN, "catchup.failed", mr_v_word("source", src->set->id),
           mr_v_word("type", t->type), mr_v_rc("why", rc), mr_v_operator_text("reason", err ? err->text : ""));
    t->told = true;
    next_type(c, c->at + 1);
}

void catchup_type_absent(struct catchup *c, mr_rc rc, const mr_error *err) {
    catchup_type(c)->pending = false;
    catchup_type(c)->read_ms = c->began_ms;
    catchup_type_failed(c, rc, err);
}

static int64_t interval(struct catchup *c) {
    int64_t ms = c->src->set->poll_interval_ms;
    return ms - ms / 10 + (int64_t)mr_rand_below(&c->src->engine->chance, (uint64_t)ms / 5 + 1);
}

static void begin_poll(struct catchup *c, int64_t now_ms) {
    c->started++;
    c->began_ms = now_ms;
    c->soon_at_ms = INT64_MAX;
    c->poll_at_ms = c->src->set->poll_interval_ms > 0 ? now_ms + interval(c) : INT64_MAX;
    for (size_t i = 0; i < c->n; i++) c->types[i].pending = true;
    next_type(c, 0);
}

static void begin_retry(struct catchup *c, int64_t now_ms) {
    c->began_ms = now_ms;
    next_type(c, 0);
}

static int64_t full_poll_at(const struct catchup *c) {
    int64_t at = c->poll_at_ms < c->soon_at_ms ? c->poll_at_ms : c->soon_at_ms;
    return c->failures && at < c->retry_at_ms ? c->retry_at_ms : at;
}

static void start_due(struct catchup *c, int64_t now_ms) {
    if (now_ms >= full_poll_at(c))
        begin_poll(c, now_ms);
    else if (unread(c) && now_ms >= c->retry_at_ms)
        begin_retry(c, now_ms);
}

/* --- the part's face --------------------------------------------------------------------------------------------- */

struct catchup *catchup_new(source *src) {
    struct catchup *c = calloc(1, sizeof *c);
    size_t n = 0;
    while (src->set->types && src->set->types[n]) n++;
    if (!c) return NULL;
    *c = (struct catchup){.src = src, .n = n, .soon_at_ms = INT64_MAX};
    c->types = calloc(n ? n : 1, sizeof *c->types);
    c->doc = mr_json_doc_new();
    if (!c->types || !c->doc) {
        catchup_free(c);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) c->types[i].type = src->set->types[i];
    return c;
}

void catchup_free(struct catchup *c) {
    if (!c) return;
    for (size_t i = 0; c->types && i < c->n; i++) free(c->types[i].seen.v);
    free(c->types);
    free(c->found.v);
    free(c->next);
    mr_json_doc_free(c->doc);
    free(c);
}

void catchup_soon(struct catchup *c) {
    mr_engine *e = c->src->engine;
    int64_t at = engine_now(e) + (int64_t)mr_rand_below(&e->chance, SOON_MS);
    if (at < c->soon_at_ms) c->soon_at_ms = at;
    engine_wake(e);
}

uint64_t catchup_started(const struct catchup *c) {
    return c->started;
}

uint64_t catchup_completed(const struct catchup *c) {
    return c->completed;
}

void catchup_tick(struct catchup *c, int64_t now_ms) {
    for (size_t i = 0; c->started == 0 && i < c->n; i++) c->types[i].read_ms = now_ms;
    publish_lag(c->src->engine, now_ms);
    if (c->src->engine->stopping || c->open) return;
    if (c->step == STEP_WAIT) start_due(c, now_ms);
    if (c->step != STEP_WAIT) catchup_step(c);
}

int64_t catchup_next(const struct catchup *c) {
    if (c->open) return INT64_MAX;
    if (c->step != STEP_WAIT) return 0;
    int64_t at = full_poll_at(c);
    return unread(c) && c->retry_at_ms < at ? c->retry_at_ms : at;
}
