/* Notices that named no patient, turned into patients: one hint at a time, oldest first, in batches from the store.
 *
 * Happy path: read the resource, take its subject, record that patient and drop the hint in one transaction. A deleted
 * resource: the index says whose it was. A Medication: the patients whose entries refer to it. A poll: dropped when a
 * catch-up that began after it was seen is through. Ways to fail: the server does not answer or denies access (the hint
 * stays, for as long as it takes: its notice was acknowledged), it refuses this one thing for good (dropped after 20
 * tries, said in the log and counted; a poll is asked for in its place), the store is away (the batch is read again).
 */
#include "upkeep_parts.h"

#include "medreview/codec/fhir_notice.h"
#include "search_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 20,
    ATTEMPTS_MOST = 20,
    FAN_MOST = 500, /* patients of one Medication: more is a product that half the practice takes */
    LOOK_EVERY_MS = 5000,
    POLL_CHECK_MS = 2000,
    UNKNOWN_AGAIN_MS = 60 * 60000,
    UNUSABLE_AGAIN_MS = 5000,
};

typedef struct poll_wait {
    uint64_t hint, poll; /* this hint waits for the poll of this number */
} poll_wait;

struct hint_work {
    mr_engine *engine;
    mr_json_doc *doc;
    mr_hint v[BATCH];
    size_t n, at;
    source *src;        /* of the hint under way */
    bool waits;         /* for the source's exchange to end */
    int64_t soonest_ms; /* retry of one put off */
    unsigned store_failures;
    poll_wait *polls; /* beside the engine's sources */

    bool fan_requests; /* the Medication's statements are read, its requests are being read */
    bool fan_cut;
    char *fan_next;
    unsigned fan_pages;
    mr_intake *fan;
    size_t n_fan;
};

static mr_hint *current(struct hint_work *w) {
    return &w->v[w->at];
}

static void look_again(struct hint_work *w, int64_t at_ms) {
    w->engine->hint_open = false;
    w->engine->hint_at_ms = at_ms;
    engine_wake(w->engine);
}

static void forget_fan(struct hint_work *w) {
    free(w->fan_next);
    free(w->fan);
    w->fan_next = NULL;
    w->fan = NULL;
    w->n_fan = 0;
    w->fan_pages = 0;
    w->fan_requests = w->fan_cut = false;
}

static void next_hint(struct hint_work *w) {
    forget_fan(w);
    w->at++;
}

/* --- store calls ------------------------------------------------------------------------------------------------- */

typedef struct hint_op {
    struct hint_work *work;
    mr_hint hint;
    mr_intake *rows; /* owned */
    size_t n;
    bool ask_index;  /* the resource is gone: whose was it? */
    mr_written ours; /* type "" : nothing to ask of the ledger */
    bool was_ours;
    int64_t now_ms, later_ms;
    mr_rc rc;
    mr_error err;
    mr_hint batch[BATCH];
    size_t n_batch;
} hint_op;

static void op_free(hint_op *op) {
    if (op) free(op->rows);
    free(op);
}

/* The store is away: what was read of it is forgotten and read again. */
static void store_away(struct hint_work *w, mr_rc rc, const char *reason) {
    mr_engine *e = w->engine;
    forget_fan(w);
    w->at = w->n = 0;
    w->store_failures++;
    MR_LOG(e->port.log, w->store_failures == 1 ? MR_L_WARN : MR_L_DEBUG, "hint.store", mr_v_rc("why", rc),
           mr_v_operator_text("reason", reason));
    look_again(w, engine_now(e) + upkeep_backoff_ms(e, w->store_failures));
}

static hint_op *op_new(struct hint_work *w) {
    hint_op *op = calloc(1, sizeof *op);
    if (op) *op = (hint_op){.work = w, .now_ms = engine_now(w->engine)};
    if (op && w->at < w->n) op->hint = *current(w);
    return op;
}

static void op_run(struct hint_work *w, hint_op *op, void (*work)(void *), void (*done)(void *)) {
    mr_error err = {.text = "out of memory"};
    mr_rc rc = op ? engine_store(w->engine, work, done, op, &err) : MR_NOMEM;
    w->engine->hint_open = true;
    if (rc == MR_OK) return;
    op_free(op);
    store_away(w, rc, err.text);
}

static mr_store *store_of(const hint_op *op) {
    return op->work->engine->port.store;
}

static void load_work(void *arg) {
    hint_op *op = arg;
    op->rc = store_of(op)->ops->hints(store_of(op), op->now_ms, op->batch, BATCH, &op->n_batch, &op->err);
}

static void loaded(void *arg) {
    hint_op *op = arg;
    struct hint_work *w = op->work;
    int64_t now = engine_now(w->engine);
    if (op->rc != MR_OK) {
        store_away(w, op->rc, op->err.text);
    } else {
        w->store_failures = 0;
        w->n = op->n_batch;
        w->at = 0;
        memcpy(w->v, op->batch, w->n * sizeof *w->v);
        int64_t idle = now + LOOK_EVERY_MS;
        if (w->soonest_ms <= op->now_ms) w->soonest_ms = INT64_MAX;
        look_again(w, w->n ? now : w->soonest_ms < idle ? w->soonest_ms : idle);
    }
    op_free(op);
}

static void later_work(void *arg) {
    hint_op *op = arg;
    op->rc = store_of(op)->ops->hint_later(store_of(op), &op->hint, op->later_ms, &op->err);
}

static void put_off(void *arg) {
    hint_op *op = arg;
    struct hint_work *w = op->work;
    if (op->rc != MR_OK) {
        store_away(w, op->rc, op->err.text);
    } else {
        if (op->later_ms < w->soonest_ms) w->soonest_ms = op->later_ms;
        next_hint(w);
        look_again(w, engine_now(w->engine));
    }
    op_free(op);
}

static void later(struct hint_work *w, int64_t wait_ms) {
    hint_op *op = op_new(w);
    if (op) op->later_ms = op->now_ms + wait_ms;
    op_run(w, op, later_work, put_off);
}

static void finish_work(void *arg) {
    hint_op *op = arg;
    mr_store *store = store_of(op);
    char reference[40 + MR_MAX_ID_BYTES + 2], patient[MR_MAX_ID_BYTES + 1] = "";
    if (op->ask_index) {
        (void)snprintf(reference, sizeof reference, "%s/%s", op->hint.type, op->hint.id);
        op->rc = store->ops->patient_of(store, op->hint.source, reference, patient, &op->err);
        if (op->rc == MR_OK && patient[0])
            (void)snprintf(op->rows[0].key.patient, sizeof op->rows[0].key.patient, "%s", patient);
        op->n = patient[0] ? 1 : 0;
    } else if (op->ours.type[0]) {
        op->rc = store->ops->is_ours(store, &op->ours, &op->was_ours, &op->err);
        if (op->was_ours) op->n = 0;
    }
    if (op->rc == MR_OK) op->rc = store->ops->hint_done(store, &op->hint, op->rows, op->n, op->now_ms, &op->err);
}

static void finished(void *arg) {
    hint_op *op = arg;
    struct hint_work *w = op->work;
    mr_engine *e = w->engine;
    if (op->rc != MR_OK) {
        store_away(w, op->rc, op->err.text);
    } else {
        w->store_failures = 0;
        if (op->was_ours) mr_metrics_add(e->port.metrics, MR_C_EVENTS_OWN, 1);
        if (op->n == 0 && !op->was_ours && op->hint.type[0]) mr_metrics_add(e->port.metrics, MR_C_EVENTS_IGNORED, 1);
        next_hint(w);
        if (op->n && !e->stopping) engine_look(e, op->now_ms + e->set.quiet_ms);
        look_again(w, engine_now(e));
    }
    op_free(op);
}

/* Room for this many patients of the hint's source, with the debounce that their notice would have had. */
static mr_intake *rows_new(const struct hint_work *w, size_t n) {
    mr_intake *rows = calloc(n ? n : 1, sizeof *rows);
    for (size_t i = 0; rows && i < n; i++) {
        rows[i] = (mr_intake){.quiet_ms = w->engine->set.quiet_ms, .max_ms = w->engine->set.max_ms};
        (void)snprintf(rows[i].key.source, sizeof rows[i].key.source, "%s", w->v[w->at].source);
    }
    return rows;
}

/* The hint stands for these patients; takes `rows`, which may be NULL for none or when memory was short. */
static void finish(struct hint_work *w, mr_intake *rows, size_t n, bool ask_index, const mr_written *ours) {
    hint_op *op = (n || ask_index) && !rows ? NULL : op_new(w);
    if (op) {
        op->rows = rows;
        op->n = n;
        op->ask_index = ask_index;
        if (ours) op->ours = *ours;
    } else {
        free(rows);
    }
    op_run(w, op, finish_work, finished);
}

/* --- when a resource cannot be read ------------------------------------------------------------------------------ */

static void drop(struct hint_work *w, mr_rc rc, int32_t status) {
    MR_LOG(w->engine->port.log, MR_L_ERROR, "hint.dropped", mr_v_word("source", w->src->set->id),
           mr_v_word("type", current(w)->type), mr_v_rc("why", rc), mr_v_int("status", status),
           mr_v_int("attempts", current(w)->attempt));
    catchup_soon(w->src->catchup);
    finish(w, NULL, 0, false, NULL);
}

static void trouble(struct hint_work *w, mr_rc rc, int32_t status) {
    if (mr_rc_remedy(rc) == MR_PARK && current(w)->attempt >= ATTEMPTS_MOST)
        drop(w, rc, status);
    else
        later(w, upkeep_backoff_ms(w->engine, current(w)->attempt));
}

/* --- one resource ------------------------------------------------------------------------------------------------ */

static void named(struct hint_work *w, mr_json resource) {
    const mr_hint *h = current(w);
    char patient[MR_MAX_ID_BYTES + 1];
    mr_written ours = {.type = ""};
    if (!resource_patient(resource, w->src->set->server.base, patient)) {
        finish(w, NULL, 0, false, NULL); /* it is nobody's: nothing to review */
        return;
    }
    mr_intake *rows = rows_new(w, 1);
    if (rows) (void)snprintf(rows->key.patient, sizeof rows->key.patient, "%s", patient);
    if (strcmp(h->type, "Task") == 0 || strcmp(h->type, "DetectedIssue") == 0) {
        (void)snprintf(ours.source, sizeof ours.source, "%s", h->source);
        (void)snprintf(ours.type, sizeof ours.type, "%s", h->type);
        (void)snprintf(ours.id, sizeof ours.id, "%s", h->id);
        json_text(mr_json_get(resource, "meta"), "versionId", ours.version, sizeof ours.version);
    }
    finish(w, rows, 1, false, &ours);
}

static void resource_came(struct hint_work *w, mr_rc rc, const mr_http_resp *resp, const mr_error *err) {
    mr_json root;
    mr_error bad;
    if (rc == MR_NOT_FOUND) {
        finish(w, rows_new(w, 1), 1, true, NULL);
        return;
    }
    if (rc == MR_OK && !resp->len) rc = MR_MALFORMED;
    if (rc == MR_OK) rc = mr_json_parse(w->doc, (mr_span){resp->body, resp->len}, true, &root, &bad);
    if (rc == MR_OK && !mr_span_is(mr_json_string(mr_json_get(root, "resourceType")), current(w)->type))
        rc = MR_MALFORMED;
    if (rc == MR_OK)
        named(w, root);
    else
        trouble(w, rc, err ? err->detail : 0);
}

/* --- the patients of a Medication -------------------------------------------------------------------------------- */

static void add_patient(struct hint_work *w, const char *patient) {
    for (size_t i = 0; i < w->n_fan; i++)
        if (strcmp(w->fan[i].key.patient, patient) == 0) return;
    w->fan_cut = w->fan_cut || w->n_fan == FAN_MOST;
    if (w->n_fan < FAN_MOST) (void)snprintf(w->fan[w->n_fan++].key.patient, sizeof w->fan->key.patient, "%s", patient);
}

static const char *fan_type(const struct hint_work *w) {
    return w->fan_requests ? "MedicationRequest" : "MedicationStatement";
}

static mr_rc read_fan_page(struct hint_work *w, const mr_http_resp *resp) {
    search_page page;
    mr_error err;
    char patient[MR_MAX_ID_BYTES + 1];
    const char *base = w->src->set->server.base;
    mr_rc rc = search_page_read(w->doc, resp, &page, &err);
    if (rc != MR_OK) return rc;
    if (!w->fan) w->fan = rows_new(w, FAN_MOST);
    if (!w->fan) return MR_NOMEM;
    for (mr_json_iter it = mr_json_begin(page.entries); mr_json_next(&it);)
        if (resource_patient(search_page_match(it.value, fan_type(w)), base, patient)) add_patient(w, patient);
    free(w->fan_next);
    w->fan_next = NULL;
    w->fan_cut = w->fan_cut || (page.next.len && ++w->fan_pages == MR_MAX_PAGES);
    if (!page.next.len || w->fan_cut) return MR_OK;
    if (!mr_url_under(page.next, base)) return MR_REFUSED;
    w->fan_next = malloc(page.next.len + 1);
    if (!w->fan_next) return MR_NOMEM;
    memcpy(w->fan_next, page.next.ptr, page.next.len);
    w->fan_next[page.next.len] = 0;
    return MR_OK;
}

static void finish_fan(struct hint_work *w) {
    mr_intake *rows = w->fan;
    size_t n = w->n_fan;
    if (w->fan_cut)
        MR_LOG(w->engine->port.log, MR_L_WARN, "hint.cut", mr_v_word("source", w->src->set->id),
               mr_v_word("type", current(w)->type), mr_v_int("patients", (int64_t)n));
    w->fan = NULL;
    forget_fan(w);
    finish(w, rows, n, false, NULL);
}

static void fan_page_came(struct hint_work *w, mr_rc rc, const mr_http_resp *resp, const mr_error *err) {
    bool absent = rc == MR_NOT_FOUND && !w->fan_next; /* the server does not have the type */
    if (rc == MR_OK) rc = read_fan_page(w, resp);
    if (rc != MR_OK && !absent) {
        trouble(w, rc == MR_NOT_FOUND ? MR_IO : rc, err ? err->detail : 0); /* a page link expired: from the start */
    } else if (w->fan_next || (!w->fan_requests && !w->fan_cut)) {
        w->fan_requests = w->fan_requests || !w->fan_next;
        look_again(w, engine_now(w->engine)); /* the next exchange */
    } else {
        finish_fan(w);
    }
}

/* --- exchanges --------------------------------------------------------------------------------------------------- */

static bool is_medication(const mr_hint *h) {
    return strcmp(h->type, "Medication") == 0;
}

static void answered(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    struct hint_work *w = arg;
    source *src = w->src;
    upkeep_heard(src, rc, resp);
    if (w->engine->stopping)
        w->engine->hint_open = false;
    else if (is_medication(current(w)))
        fan_page_came(w, rc, resp, err);
    else
        resource_came(w, rc, resp, err);
    upkeep_done(src);
}

static void ask(struct hint_work *w) {
    const mr_hint *h = current(w);
    const char *base = w->src->set->server.base;
    char url[URL_BYTES];
    int n = 0;
    if (w->fan_next)
        n = snprintf(url, sizeof url, "%s", w->fan_next);
    else if (is_medication(h))
        n = snprintf(url, sizeof url, "%s/%s?medication=Medication/%s&_count=200&_elements=id,subject", base,
                     fan_type(w), h->id);
    else
        n = snprintf(url, sizeof url, "%s/%s/%s", base, h->type, h->id);
    mr_fhir_request req = {.method = "GET", .url = url, .search = is_medication(h)};
    w->engine->hint_open = true;
    mr_rc rc = n > 0 && (size_t)n < sizeof url ? upkeep_send(w->src, &req, answered, w) : MR_LIMIT;
    if (rc != MR_OK) trouble(w, rc, 0);
}

/* --- polls ------------------------------------------------------------------------------------------------------- */

static void wait_for_poll(struct hint_work *w) {
    const mr_hint *h = current(w);
    poll_wait *p = &w->polls[w->src - w->engine->sources];
    if (p->hint != h->number) { /* a poll under way may have passed what it is about */
        *p = (poll_wait){h->number, catchup_started(w->src->catchup) + 1};
        catchup_soon(w->src->catchup);
    }
    if (catchup_completed(w->src->catchup) >= p->poll)
        finish(w, NULL, 0, false, NULL);
    else
        later(w, h->attempt < 5 ? POLL_CHECK_MS : upkeep_backoff_ms(w->engine, h->attempt));
}

/* --- turns ------------------------------------------------------------------------------------------------------- */

static void patient_itself(struct hint_work *w) {
    mr_intake *rows = rows_new(w, 1);
    if (rows) (void)snprintf(rows->key.patient, sizeof rows->key.patient, "%s", current(w)->id);
    finish(w, rows, 1, false, NULL);
}

static void begin(struct hint_work *w, int64_t now_ms) {
    const mr_hint *h = current(w);
    w->src = engine_source(w->engine, h->source);
    if (!w->src) {
        later(w, UNKNOWN_AGAIN_MS); /* configured no more: kept, in case that was a mistake */
    } else if (!w->src->usable || now_ms < w->src->blocked_until_ms) {
        forget_fan(w);
        later(w, UNUSABLE_AGAIN_MS);
    } else if (!h->type[0]) {
        wait_for_poll(w);
    } else if (strcmp(h->type, "Patient") == 0) {
        patient_itself(w);
    } else if (w->src->upkeep_open) {
        w->waits = true;
        w->engine->hint_at_ms = INT64_MAX;
    } else {
        ask(w);
    }
}

void hints_exchange_free(mr_engine *e) {
    if (!e->hint || !e->hint->waits) return;
    e->hint->waits = false;
    e->hint_at_ms = engine_now(e);
}

static struct hint_work *work_new(mr_engine *e) {
    struct hint_work *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    *w = (struct hint_work){.engine = e, .soonest_ms = INT64_MAX, .doc = mr_json_doc_new()};
    w->polls = calloc(e->set.n_sources ? e->set.n_sources : 1, sizeof *w->polls);
    e->hint = w;
    if (w->doc && w->polls) return w;
    hints_free(e);
    return NULL;
}

void hints_tick(mr_engine *e, int64_t now_ms) {
    if (e->stopping || e->hint_open) return;
    struct hint_work *w = e->hint ? e->hint : work_new(e);
    if (!w) {
        e->hint_at_ms = now_ms + LOOK_EVERY_MS;
        return;
    }
    w->waits = false;
    if (w->at < w->n)
        begin(w, now_ms);
    else
        op_run(w, op_new(w), load_work, loaded);
}

void hints_free(mr_engine *e) {
    if (!e->hint) return;
    forget_fan(e->hint);
    mr_json_doc_free(e->hint->doc);
    free(e->hint->polls);
    free(e->hint);
    e->hint = NULL;
}
