/* Notices into the store: what came while one commit was under way goes into the next one together (group commit).
 *
 * Whether a notice is about a version that we wrote is asked of the ledger on the store's thread, before the record. */
#include "engine_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct admission {
    mr_intake intake;
    mr_written version; /* type "" : nothing to ask of the ledger */
} admission;

typedef struct request {
    struct request *next;
    mr_acked acked;
    void *arg;
    int64_t came_ms;
    size_t n;
    admission v[];
} request;

struct intake_batch {
    mr_engine *engine;
    request *first, **last;
    mr_intake *rows;
    size_t n, n_rows;
    mr_rc rc;
    mr_error err;
};

static void batch_free(intake_batch *b) {
    if (!b) return;
    free(b->rows);
    free(b);
}

static mr_rc gather(intake_batch *b) {
    mr_engine *e = b->engine;
    b->rows = calloc(b->n ? b->n : 1, sizeof *b->rows);
    if (!b->rows) return mr_fail(&b->err, MR_NOMEM, "out of memory");
    for (request *r = b->first; r; r = r->next)
        for (size_t i = 0; i < r->n; i++) {
            bool ours = false;
            if (r->v[i].version.type[0]) {
                mr_rc rc = e->port.store->ops->is_ours(e->port.store, &r->v[i].version, &ours, &b->err);
                if (rc != MR_OK) return rc;
            }
            mr_metrics_add(e->port.metrics,
                           ours                            ? MR_C_EVENTS_OWN
                           : r->v[i].intake.key.patient[0] ? MR_C_EVENTS_ACCEPTED
                                                           : MR_C_EVENTS_HINT,
                           1);
            if (!ours) b->rows[b->n_rows++] = r->v[i].intake;
        }
    return MR_OK;
}

static void record_work(void *arg) {
    intake_batch *b = arg;
    mr_engine *e = b->engine;
    b->rc = gather(b);
    if (b->rc == MR_OK && b->n_rows)
        b->rc = e->port.store->ops->record(e->port.store, b->rows, b->n_rows, engine_now(e), &b->err);
}

static void commit_waiting(mr_engine *e);

static void recorded(void *arg) {
    intake_batch *b = arg;
    mr_engine *e = b->engine;
    int64_t now = engine_now(e);
    e->recording = false;
    e->n_waiting -= b->n;
    if (b->rc != MR_OK) {
        mr_metrics_add(e->port.metrics, MR_C_EVENTS_DEFERRED, b->n);
        MR_LOG(e->port.log, MR_L_ERROR, "store.away", mr_v_rc("why", b->rc), mr_v_operator_text("reason", b->err.text));
    }
    for (request *r = b->first, *next; r; r = next) {
        next = r->next;
        mr_metrics_observe(e->port.metrics, MR_H_NOTICE_MS, now - r->came_ms);
        if (r->acked) r->acked(r->arg, b->rc, &b->err);
        free(r);
    }
    if (b->rc == MR_OK && b->n_rows) {
        e->hint_at_ms = now;
        engine_look(e, now);
    }
    batch_free(b);
    commit_waiting(e);
    engine_wake(e);
}

static void commit_waiting(mr_engine *e) {
    intake_batch *b = e->waiting;
    if (!b || e->recording) return;
    e->waiting = NULL;
    e->recording = true;
    if (e->port.store_worker->ops->submit(e->port.store_worker, record_work, recorded, b) == MR_OK) return;
    e->recording = false;
    e->n_waiting -= b->n;
    for (request *r = b->first, *next; r; r = next) {
        next = r->next;
        mr_error err;
        mr_fail(&err, MR_CANCELED, "the store takes no more work");
        if (r->acked) r->acked(r->arg, MR_CANCELED, &err);
        free(r);
    }
    batch_free(b);
}

static mr_rc queue(mr_engine *e, request *r, mr_error *err) {
    if (e->stopping || e->n_waiting + r->n > e->set.max_waiting) {
        free(r);
        return e->stopping ? mr_fail(err, MR_CANCELED, "the service is stopping")
                           : mr_fail(err, MR_BUSY, "too many notices wait to be stored");
    }
    if (!e->waiting) {
        e->waiting = calloc(1, sizeof *e->waiting);
        if (!e->waiting) {
            free(r);
            return mr_fail(err, MR_NOMEM, "out of memory");
        }
        e->waiting->engine = e;
        e->waiting->last = &e->waiting->first;
    }
    *e->waiting->last = r;
    e->waiting->last = &r->next;
    e->waiting->n += r->n;
    e->n_waiting += r->n;
    commit_waiting(e);
    return MR_OK;
}

static request *request_new(mr_engine *e, size_t n, mr_acked acked, void *arg) {
    request *r = calloc(1, sizeof *r + n * sizeof r->v[0]);
    if (r) *r = (request){.acked = acked, .arg = arg, .came_ms = engine_now(e)};
    return r;
}

mr_rc admit_record(mr_engine *e, const mr_intake *v, size_t n, mr_acked acked, void *arg, mr_error *err) {
    request *r = request_new(e, n, acked, arg);
    if (!r) return mr_fail(err, MR_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) r->v[r->n++].intake = v[i];
    return queue(e, r, err);
}

/* Types whose change may change a review. */
static bool relevant(const char *type) {
    static const char *const types[] = {"MedicationStatement", "MedicationRequest", "Medication", "Condition",
                                        "AllergyIntolerance",  "Observation",       "Patient",    "Task",
                                        "DetectedIssue"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], type) == 0) return true;
    return false;
}

static bool ours_perhaps(const mr_notice *n) {
    return n->version[0] && (strcmp(n->type, "Task") == 0 || strcmp(n->type, "DetectedIssue") == 0);
}

static void admission_of(const mr_engine *e, const char *source_id, const mr_notice *n, admission *ret) {
    *ret = (admission){.intake = {.quiet_ms = e->set.quiet_ms, .max_ms = e->set.max_ms}};
    (void)snprintf(ret->intake.key.source, sizeof ret->intake.key.source, "%s", source_id);
    (void)snprintf(ret->intake.key.patient, sizeof ret->intake.key.patient, "%s", n->patient);
    if (!n->patient[0]) {
        (void)snprintf(ret->intake.type, sizeof ret->intake.type, "%s", n->type);
        (void)snprintf(ret->intake.id, sizeof ret->intake.id, "%s", n->id);
    }
    if (!ours_perhaps(n)) return;
    (void)snprintf(ret->version.source, sizeof ret->version.source, "%s", source_id);
    (void)snprintf(ret->version.type, sizeof ret->version.type, "%s", n->type);
    (void)snprintf(ret->version.id, sizeof ret->version.id, "%s", n->id);
    (void)snprintf(ret->version.version, sizeof ret->version.version, "%s", n->version);
}

mr_rc mr_engine_notice(mr_engine *e, const char *source_id, const mr_notice *v, size_t n, mr_acked acked, void *arg,
                       mr_error *err) {
    if (!engine_source(e, source_id)) return mr_fail(err, MR_INVALID, "there is no source \"%s\"", source_id);
    request *r = request_new(e, n, acked, arg);
    if (!r) return mr_fail(err, MR_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (v[i].type[0] && !relevant(v[i].type))
            mr_metrics_add(e->port.metrics, MR_C_EVENTS_IGNORED, 1);
        else
            admission_of(e, source_id, &v[i], &r->v[r->n++]);
    }
    return queue(e, r, err);
}

mr_rc mr_engine_review(mr_engine *e, const char *source_id, const char *patient, mr_acked acked, void *arg,
                       mr_error *err) {
    if (!engine_source(e, source_id)) return mr_fail(err, MR_INVALID, "there is no source \"%s\"", source_id);
    mr_intake one = {.quiet_ms = 0};
    if (!mr_fhir_id_valid(mr_span_of(patient))) return mr_fail(err, MR_INVALID, "that is no FHIR id");
    (void)snprintf(one.key.source, sizeof one.key.source, "%s", source_id);
    (void)snprintf(one.key.patient, sizeof one.key.patient, "%s", patient);
    return admit_record(e, &one, 1, acked, arg, err);
}

void admit_free(mr_engine *e) {
    if (!e->waiting) return;
    for (request *r = e->waiting->first, *next; r; r = next) {
        next = r->next;
        free(r);
    }
    batch_free(e->waiting);
    e->waiting = NULL;
}
