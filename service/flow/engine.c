/* Slots and claims: who works when. Decisions about one review are the job's; about one server, upkeep's.
 *
 * The queue is looked into when a notice was committed, when a slot comes free, when the next row falls due, and at
 * least every few seconds for work that other replicas left behind. */
#include "engine_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_EVERY_MS = 5000, BREAKER_AFTER = 5, BREAKER_MOST_MS = 60000, SLOTS_MOST = 256 };

source *engine_source(mr_engine *e, const char *id) {
    for (size_t i = 0; i < e->set.n_sources; i++)
        if (strcmp(e->sources[i].set->id, id) == 0) return &e->sources[i];
    return NULL;
}

bool mr_engine_knows(const mr_engine *e, const char *id) {
    for (size_t i = 0; i < e->set.n_sources; i++)
        if (strcmp(e->sources[i].set->id, id) == 0) return true;
    return false;
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* When something falls due; INT64_MAX when nothing ever does. */
static int64_t next_call(const mr_engine *e) {
    int64_t at = INT64_MAX;
    if (!e->started) return at;
    for (unsigned i = 0; i < e->set.slots; i++)
        if (e->slots[i].busy && !e->slots[i].released && e->slots[i].job.state < MR_JOB_SETTLING)
            at = earlier(at, mr_job_deadline(&e->slots[i].job));
    if (e->stopping) return e->stopped_told ? INT64_MAX : earlier(at, e->stop_deadline_ms);
    for (size_t i = 0; i < e->set.n_sources; i++) at = earlier(at, upkeep_next(&e->sources[i]));
    if (!e->claiming && e->busy < e->set.slots) at = earlier(at, e->claim_at_ms);
    if (!e->measuring) at = earlier(at, e->measure_at_ms);
    at = earlier(at, rereview_next(e->rereview));
    return e->hint_open ? at : earlier(at, e->hint_at_ms);
}

static void stop_if_done(mr_engine *e);

void engine_wake(mr_engine *e) {
    if (e->stopping) stop_if_done(e);
    int64_t at = next_call(e);
    if (at != INT64_MAX) e->port.wake(e->port.host, at);
}

void engine_look(mr_engine *e, int64_t at_ms) {
    if (at_ms < e->claim_at_ms) e->claim_at_ms = at_ms;
    e->claim_again = true;
    engine_wake(e);
}

/* --- the breaker ------------------------------------------------------------------------------------------------- */

/* The server's own trouble, as opposed to one patient's. */
static bool servers_fault(mr_rc rc) {
    return rc == MR_IO || rc == MR_TIMEOUT || rc == MR_BUSY || rc == MR_DENIED;
}

void source_heard(source *src, mr_rc rc, int64_t retry_after_ms) {
    mr_engine *e = src->engine;
    if (!servers_fault(rc)) {
        src->failures = 0;
        src->blocked_until_ms = 0;
        return;
    }
    src->failures++;
    /* An expired token or a missing scope is every patient's: wait at once, park nobody. */
    if (src->failures < BREAKER_AFTER && rc != MR_DENIED) return;
    int64_t wait = 1000;
    for (unsigned i = BREAKER_AFTER; i < src->failures && wait < BREAKER_MOST_MS; i++) wait *= 2;
    if (wait < retry_after_ms) wait = retry_after_ms;
    if (wait > BREAKER_MOST_MS) wait = BREAKER_MOST_MS;
    src->blocked_until_ms = engine_now(e) + wait;
    MR_LOG(e->port.log, MR_L_WARN, "source.blocked", mr_v_word("source", src->set->id), mr_v_rc("why", rc),
           mr_v_int("failures", src->failures), mr_v_int("ms", wait));
}

/* --- the store's thread ------------------------------------------------------------------------------------------ */

typedef struct store_call {
    mr_engine *engine;
    void (*work)(void *);
    void (*done)(void *);
    void *arg;
} store_call;

static void call_work(void *arg) {
    store_call *c = arg;
    c->work(c->arg);
}

static void call_done(void *arg) {
    store_call *c = arg;
    mr_engine *e = c->engine;
    e->store_ops--;
    c->done(c->arg);
    free(c);
    stop_if_done(e);
}

static mr_rc call_on(mr_engine *e, mr_worker *worker, void (*work)(void *), void (*done)(void *), void *arg) {
    store_call *c = malloc(sizeof *c);
    if (!c) return MR_NOMEM;
    *c = (store_call){e, work, done, arg};
    mr_rc rc = worker->ops->submit(worker, call_work, call_done, c);
    if (rc != MR_OK)
        free(c);
    else
        e->store_ops++;
    return rc;
}

mr_rc engine_store(mr_engine *e, void (*work)(void *), void (*done)(void *), void *arg, mr_error *err) {
    mr_rc rc = call_on(e, e->port.store_worker, work, done, arg);
    return rc == MR_OK ? MR_OK : mr_fail(err, rc, "the store takes no more work: %s", mr_rc_text(rc));
}

mr_rc engine_compute(mr_engine *e, void (*work)(void *), void (*done)(void *), void *arg, mr_error *err) {
    mr_rc rc = call_on(e, e->port.compute, work, done, arg);
    return rc == MR_OK ? MR_OK : mr_fail(err, rc, "no worker took the work: %s", mr_rc_text(rc));
}

/* --- claims ------------------------------------------------------------------------------------------------------ */

typedef struct claim_op {
    mr_engine *engine;
    int64_t now_ms;
    size_t want, n;
    mr_rc rc;
    mr_error err;
    mr_depth depth;
    char today[MR_DATE_TEXT];
    uint64_t overdue;
    mr_claim claims[SLOTS_MOST];
} claim_op;

static void claim_work(void *arg) {
    claim_op *op = arg;
    mr_store *store = op->engine->port.store;
    if (op->want)
        op->rc = store->ops->claim(store, op->now_ms, op->engine->set.lease_ms, op->claims, op->want, &op->n, &op->err);
    if (op->rc == MR_OK) op->rc = store->ops->depth(store, op->now_ms, &op->depth, &op->err);
    if (op->rc == MR_OK) op->rc = store->ops->overdue(store, op->today, &op->overdue, &op->err);
}

static slot *free_slot(mr_engine *e) {
    for (unsigned i = 0; i < e->set.slots; i++)
        if (!e->slots[i].busy) return &e->slots[i];
    return NULL;
}

static void give_back_unstarted(mr_engine *e, const mr_claim *c);

static void claimed(void *arg) {
    claim_op *op = arg;
    mr_engine *e = op->engine;
    int64_t now = engine_now(e);
    e->claiming = false;
    if (op->rc != MR_OK) {
        MR_LOG(e->port.log, MR_L_ERROR, "store.away", mr_v_rc("why", op->rc),
               mr_v_operator_text("reason", op->err.text));
        e->claim_at_ms = now + 1000;
    } else {
        measure_show(e, &op->depth, op->overdue, now);
        int64_t poll = now + LOOK_EVERY_MS + (int64_t)mr_rand_below(&e->chance, LOOK_EVERY_MS / 5);
        int64_t next = op->n == op->want && op->want ? now : op->depth.next_due_ms;
        e->claim_at_ms = e->claim_again ? now : earlier(poll, next > now ? next : now + 1);
    }
    for (size_t i = 0; i < op->n; i++) {
        source *src = engine_source(e, op->claims[i].key.source);
        slot *s = free_slot(e);
        if (src && s && !e->stopping)
            slot_start(s, &op->claims[i], src);
        else
            give_back_unstarted(e, &op->claims[i]);
    }
    free(op);
    engine_wake(e);
}

typedef struct back_op {
    mr_engine *engine;
    mr_claim claim;
    mr_settlement how;
} back_op;

static void back_work(void *arg) {
    back_op *op = arg;
    mr_error ignored; /* the lease lapses when this fails */
    mr_store *store = op->engine->port.store;
    (void)!store->ops->settle(store, &op->claim, &op->how, engine_now(op->engine), &ignored);
}

static void back_done(void *arg) {
    free(arg);
}

/* A row of a source that is configured no more, or claimed while stopping. */
static void give_back_unstarted(mr_engine *e, const mr_claim *c) {
    back_op *op = calloc(1, sizeof *op);
    mr_error err;
    bool known = engine_source(e, c->key.source) != NULL;
    if (!op) return;
    *op = (back_op){
        .engine = e,
        .claim = *c,
        .how = {.verdict = known ? MR_VERDICT_DROP : MR_VERDICT_PARK, .why = known ? MR_CANCELED : MR_INVALID}};
    (void)snprintf(op->how.reason, sizeof op->how.reason, "%s",
                   known ? "the service is stopping" : "its source is not configured any more");
    if (engine_store(e, back_work, back_done, op, &err) != MR_OK) free(op);
}

/* Rows of servers that cannot be used stay in the queue, where they cost nothing. */
static int64_t usable_at(const mr_engine *e, int64_t now) {
    int64_t at = INT64_MAX;
    for (size_t i = 0; i < e->set.n_sources; i++)
        if (e->sources[i].usable)
            at = earlier(at, e->sources[i].blocked_until_ms > now ? e->sources[i].blocked_until_ms : now);
    return at;
}

static void claim_tick(mr_engine *e, int64_t now) {
    if (e->claiming || e->stopping || now < e->claim_at_ms) return;
    int64_t usable = usable_at(e, now);
    if (usable > now) {
        e->claim_at_ms = earlier(usable, now + LOOK_EVERY_MS);
        return;
    }
    claim_op *op = e->busy < e->set.slots ? calloc(1, sizeof *op) : NULL;
    mr_error err;
    if (!op) {
        e->claim_at_ms = now + LOOK_EVERY_MS; /* a slot that comes free looks at once */
        return;
    }
    *op = (claim_op){.engine = e, .now_ms = now, .want = e->set.slots - e->busy};
    mr_day_print(e->port.as_of(e->port.host, now), op->today);
    e->claiming = true;
    e->claim_again = false;
    if (engine_store(e, claim_work, claimed, op, &err) != MR_OK) {
        free(op);
        e->claiming = false;
        e->claim_at_ms = now + 1000;
    }
}

/* --- stopping ---------------------------------------------------------------------------------------------------- */

static void release_work(void *arg) {
    mr_engine *e = arg;
    mr_error err;
    if (e->port.store->ops->release_all(e->port.store, &err) != MR_OK)
        MR_LOG(e->port.log, MR_L_ERROR, "store.release", mr_v_operator_text("reason", err.text));
}

static void tell_stopped(mr_engine *e) {
    if (e->stopped_told) return;
    e->stopped_told = true;
    e->stopped(e->stopped_arg);
}

static void released(void *arg) {
    (void)arg;
}

static void stop_if_done(mr_engine *e) {
    mr_error err;
    if (!e->stopping || e->stopped_told || e->busy || e->store_ops || e->upkeep_ops || e->claiming || e->recording)
        return;
    if (!e->releasing) {
        e->releasing = true;
        if (engine_store(e, release_work, released, e, &err) == MR_OK) return; /* call_done brings us back here */
    }
    tell_stopped(e);
}

void mr_engine_stop(mr_engine *e, int64_t deadline_ms, void (*stopped)(void *), void *arg) {
    e->stopping = true;
    e->stop_deadline_ms = deadline_ms;
    e->stopped = stopped;
    e->stopped_arg = arg;
    /* Reviews may finish; what is done for a server as such can be repeated and is not waited for. */
    for (size_t i = 0; i < e->set.n_sources; i++)
        if (e->sources[i].upkeep_open) mr_fhir_cancel(&e->sources[i].client, e->sources[i].upkeep_id);
    engine_wake(e);
}

static void stop_tick(mr_engine *e, int64_t now) {
    if (now >= e->stop_deadline_ms) {
        e->stop_deadline_ms = INT64_MAX;
        for (unsigned i = 0; i < e->set.slots; i++) slot_stop(&e->slots[i]);
    }
}

/* --- life -------------------------------------------------------------------------------------------------------- */

int64_t mr_engine_tick(mr_engine *e, int64_t now) {
    if (!e->started) return INT64_MAX;
    for (unsigned i = 0; i < e->set.slots; i++) slot_deadline(&e->slots[i], now);
    if (e->stopping) {
        stop_tick(e, now);
    } else {
        for (size_t i = 0; i < e->set.n_sources; i++) upkeep_tick(&e->sources[i], now);
        if (!e->hint_open && now >= e->hint_at_ms) hints_tick(e, now);
        claim_tick(e, now);
        rereview_tick(e->rereview, now);
        measure_tick(e, now);
    }
    engine_wake(e);
    return next_call(e);
}

/* What the Device and the issues say of the releases in use. */
static void site_names(mr_engine *e) {
    const mr_review_knowledge *k = mr_basis_knowledge(e->set.basis);
    e->set.review.site.knowledge = k->rules->version;
    e->set.review.site.terminology = mr_span_of(mr_terminology_version(k->terminology));
}

mr_rc mr_engine_new(const mr_engine_settings *settings, const mr_engine_ports *ports, mr_engine **ret, mr_error *err) {
    if (settings->slots == 0 || settings->slots > SLOTS_MOST)
        return mr_fail(err, MR_INVALID, "between 1 and %d reviews may run at once", SLOTS_MOST);
    if (settings->lease_ms <= settings->limits.budget_ms)
        return mr_fail(err, MR_INVALID, "a lease must be longer than a job's budget");
    mr_engine *e = calloc(1, sizeof *e);
    if (!e) return mr_fail(err, MR_NOMEM, "out of memory");
    e->set = *settings;
    e->set.basis = mr_basis_hold(settings->basis);
    site_names(e);
    e->port = *ports;
    mr_rand_seed(&e->chance, ports->seed);
    e->slots = calloc(settings->slots, sizeof *e->slots);
    e->sources = calloc(settings->n_sources ? settings->n_sources : 1, sizeof *e->sources);
    e->rereview = rereview_new(e);
    bool ok = e->slots && e->sources && e->rereview;
    for (unsigned i = 0; ok && i < settings->slots; i++) e->slots[i].engine = e;
    for (size_t i = 0; ok && i < settings->n_sources; i++) {
        source *src = &e->sources[i];
        *src = (source){.engine = e, .set = &settings->sources[i]};
        src->client = (mr_fhir_client){ports->transport, &src->set->server, ports->clock, ports->metrics, &e->chance};
        (void)snprintf(src->why, sizeof src->why, "%s: the FHIR server was not reached yet", src->set->id);
        src->subscriptions = subscriptions_new(src);
        src->catchup = catchup_new(src);
        ok = src->subscriptions && src->catchup;
    }
    if (!ok) {
        mr_engine_free(e);
        return mr_fail(err, MR_NOMEM, "out of memory");
    }
    *ret = e;
    return MR_OK;
}

void mr_engine_start(mr_engine *e) {
    e->started = true;
    engine_wake(e);
}

void mr_engine_free(mr_engine *e) {
    if (!e) return;
    for (size_t i = 0; e->sources && i < e->set.n_sources; i++) {
        subscriptions_free(e->sources[i].subscriptions);
        catchup_free(e->sources[i].catchup);
    }
    admit_free(e);
    hints_free(e);
    rereview_free(e->rereview);
    mr_basis_drop(e->set.basis);
    free(e->sources);
    free(e->slots);
    free(e);
}

void mr_engine_rebase(mr_engine *e, mr_basis *b) {
    mr_basis *old = e->set.basis;
    e->set.basis = mr_basis_hold(b);
    site_names(e);
    bool named = mr_span_eq(mr_basis_stamp(b), mr_basis_stamp(old)); /* by the Device */
    for (size_t i = 0; i < e->set.n_sources && !named; i++) e->sources[i].device_old = e->set.write;
    mr_basis_drop(old);
    rereview_begin(e->rereview);
    if (e->started) engine_wake(e);
}

size_t mr_engine_unready(const mr_engine *e, mr_unready *ret, size_t most) {
    size_t n = 0;
    for (size_t i = 0; i < e->set.n_sources && n < most; i++) {
        const source *src = &e->sources[i];
        if (!src->usable)
            (void)snprintf(ret[n++].text, sizeof ret->text, "%s", src->why);
        else if (catchup_completed(src->catchup) == 0)
            (void)snprintf(ret[n++].text, sizeof ret->text, "%s: where catch-up begins is not set yet", src->set->id);
        else if (src->blocked_until_ms > e->port.clock->now_ms(e->port.clock))
            (void)snprintf(ret[n++].text, sizeof ret->text, "%s: the FHIR server failed %u times in a row",
                           src->set->id, src->failures);
    }
    if (e->stopping && n < most) (void)snprintf(ret[n++].text, sizeof ret->text, "the service is stopping");
    return n;
}

unsigned mr_engine_busy(const mr_engine *e) {
    return e->busy;
}
