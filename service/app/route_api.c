/* /api/v1: the worklist, one patient's review, the queue. References and counts; names never. */
#include "service_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 200 };

static bool source_param(const call *c, char out[MR_MAX_SOURCE_BYTES + 1]) {
    if (!mr_request_param(c->req, "source", out, MR_MAX_SOURCE_BYTES + 1))
        (void)snprintf(out, MR_MAX_SOURCE_BYTES + 1, "%s", c->service->config->sources[0].id);
    if (mr_engine_knows(c->service->engine, out)) return true;
    reply_problem(c->service, c->to, 404, "unknown source", "the parameter source names one of sources[]");
    return false;
}

static bool number_param(const call *c, const char *name, size_t fallback, size_t most, size_t *ret) {
    char text[24];
    uint64_t n;
    *ret = fallback;
    if (!mr_request_param(c->req, name, text, sizeof text)) return true;
    if (mr_span_u64(mr_span_of(text), &n) && n <= most) {
        *ret = (size_t)n;
        return true;
    }
    char what[120];
    (void)snprintf(what, sizeof what, "the parameter %s is a number up to %zu", name, most);
    reply_problem(c->service, c->to, 400, "bad parameter", what);
    return false;
}

/* A key for the arguments; false when it was answered already. */
static bool key_of(const call *c, mr_key *ret) {
    *ret = (mr_key){0};
    if (!source_param(c, ret->source)) return false;
    if (!mr_fhir_id_valid(mr_span_of(c->id))) {
        reply_problem(c->service, c->to, 400, "not a FHIR id", "an id is 1 to 64 of A-Z a-z 0-9 - .");
        return false;
    }
    (void)snprintf(ret->patient, sizeof ret->patient, "%.64s", c->id);
    return true;
}

static void patient_reference(mr_jw *w, const mr_key *key, bool with_source) {
    char text[MR_MAX_ID_BYTES + 10];
    (void)snprintf(text, sizeof text, "Patient/%s", key->patient);
    mr_jw_z(w, "patient", text);
    if (with_source) mr_jw_z(w, "source", key->source);
}

static void work_item(mr_jw *w, const mr_work_item *i, bool with_source) {
    mr_jw_object(w, NULL);
    patient_reference(w, &i->key, with_source);
    mr_jw_z(w, "priority", i->priority);
    mr_jw_z(w, "due", i->due);
    mr_jw_int(w, "high", i->high);
    mr_jw_int(w, "moderate", i->moderate);
    mr_jw_int(w, "low", i->low);
    mr_jw_z(w, "top", i->top);
    mr_jw_z(w, "task", i->task);
    mr_jw_bool(w, "complete", i->complete);
    mr_jw_end(w);
}

static void worklist_work(store_answer *a) {
    mr_store *store = a->service->store;
    mr_work_item *v = calloc(a->limit + 1, sizeof *v);
    size_t n = 0;
    char today[MR_DATE_TEXT];
    mr_clock *clock = mr_clock_real();
    mr_day_print(service_as_of(a->service, clock->now_ms(clock)), today);
    if (!v || store->ops->worklist(store, today, a->offset, v, a->limit + 1, &n, &a->err) != MR_OK) {
        free(v);
        return;
    }
    mr_jw w;
    mr_jw_begin(&w, &a->body);
    mr_jw_object(&w, NULL);
    mr_jw_array(&w, "items");
    for (size_t i = 0; i < n && i < a->limit; i++) work_item(&w, &v[i], a->service->config->n_sources > 1);
    mr_jw_end(&w);
    if (n > a->limit) {
        char next[80];
        (void)snprintf(next, sizeof next, "/api/v1/worklist?offset=%zu&limit=%zu", a->offset + a->limit, a->limit);
        mr_jw_z(&w, "next", next);
    }
    mr_jw_end(&w);
    a->status = 200;
    free(v);
}

void handle_worklist(const call *c) {
    store_answer a = {0};
    if (!number_param(c, "offset", 0, 100000000, &a.offset) || !number_param(c, "limit", PAGE, 1000, &a.limit)) return;
    if (a.limit == 0) a.limit = PAGE;
    answer_from_store(c, worklist_work, &a);
}

static void patient_work(store_answer *a) {
    mr_store *store = a->service->store;
    mr_work_item item;
    char *json = NULL;
    size_t len = 0;
    mr_rc rc = store->ops->review_of(store, &a->key, &item, &json, &len, &a->err);
    a->status = rc == MR_OK ? 200 : rc == MR_NOT_FOUND ? 404 : 503;
    if (rc == MR_OK) mr_buf_add(&a->body, json, len);
    free(json);
}

void handle_patient(const call *c) {
    store_answer a = {0};
    if (key_of(c, &a.key)) answer_from_store(c, patient_work, &a);
}

typedef struct asked {
    mr_service *service;
    mr_reply_id to;
    mr_key key;
} asked;

static void queued(void *arg, mr_rc rc, const mr_error *err) {
    asked *q = arg;
    mr_buf body;
    mr_jw w;
    (void)err; /* logged by the engine */
    if (rc != MR_OK) {
        reply_problem(q->service, q->to, 503, "the store is away", "ask again in half a minute");
        free(q);
        return;
    }
    mr_buf_init(&body, 4096);
    mr_jw_begin(&w, &body);
    mr_jw_object(&w, NULL);
    patient_reference(&w, &q->key, true);
    mr_jw_z(&w, "state", "queued");
    mr_jw_end(&w);
    reply_json(q->service, q->to, 202, &body);
    mr_buf_free(&body);
    free(q);
}

void handle_patient_review(const call *c) {
    mr_error err;
    asked *q = malloc(sizeof *q);
    mr_key key;
    if (!key_of(c, &key)) {
        free(q);
        return;
    }
    if (q) {
        *q = (asked){c->service, c->to, key};
        if (mr_engine_review(c->service->engine, key.source, key.patient, queued, q, &err) == MR_OK) return;
    }
    free(q);
    reply_problem(c->service, c->to, 503, "the queue takes nothing just now", "ask again in half a minute");
}

static void job_row(mr_jw *w, const mr_job_row *r) {
    char text[MR_DATE_TEXT];
    mr_jw_object(w, NULL);
    patient_reference(w, &r->key, true);
    mr_jw_z(w, "state", r->state);
    mr_jw_int(w, "attempt", r->attempt);
    if (r->due_ms) mr_jw_z(w, "due", mr_instant_print(r->due_ms, text));
    if (r->first_wanted_ms) mr_jw_z(w, "wantedSince", mr_instant_print(r->first_wanted_ms, text));
    if (r->why[0]) mr_jw_z(w, "why", r->why);
    if (r->reason[0]) mr_jw_z(w, "reason", r->reason);
    mr_jw_end(w);
}

static void jobs_work(store_answer *a) {
    mr_store *store = a->service->store;
    mr_job_row *v = calloc(a->limit + 1, sizeof *v);
    size_t n = 0;
    if (!v ||
        store->ops->jobs(store, a->parked_only, a->has_after ? &a->key : NULL, v, a->limit + 1, &n, &a->err) != MR_OK) {
        free(v);
        return;
    }
    mr_jw w;
    mr_jw_begin(&w, &a->body);
    mr_jw_object(&w, NULL);
    mr_jw_array(&w, "items");
    for (size_t i = 0; i < n && i < a->limit; i++) job_row(&w, &v[i]);
    mr_jw_end(&w);
    if (n > a->limit) {
        char next[200];
        const mr_key *last = &v[a->limit - 1].key;
        (void)snprintf(next, sizeof next, "/api/v1/%s?limit=%zu&source=%s&after=%s", a->parked_only ? "parked" : "jobs",
                       a->limit, last->source, last->patient);
        mr_jw_z(&w, "next", next);
    }
    mr_jw_end(&w);
    a->status = 200;
    free(v);
}

static void list_jobs(const call *c, bool parked_only) {
    store_answer a = {.parked_only = parked_only};
    if (!number_param(c, "limit", PAGE, 1000, &a.limit)) return;
    if (a.limit == 0) a.limit = PAGE;
    a.has_after = mr_request_param(c->req, "after", a.key.patient, sizeof a.key.patient);
    if (a.has_after && !source_param(c, a.key.source)) return;
    answer_from_store(c, jobs_work, &a);
}

void handle_jobs(const call *c) {
    list_jobs(c, false);
}

void handle_parked(const call *c) {
    list_jobs(c, true);
}

static void retry_work(store_answer *a) {
    mr_store *store = a->service->store;
    mr_clock *clock = mr_clock_real();
    mr_rc rc = store->ops->unpark(store, &a->key, clock->now_ms(clock), &a->err);
    a->status = rc == MR_OK ? 202 : rc == MR_NOT_FOUND ? 404 : 503;
    if (rc != MR_OK) return;
    mr_jw w;
    mr_jw_begin(&w, &a->body);
    mr_jw_object(&w, NULL);
    patient_reference(&w, &a->key, true);
    mr_jw_z(&w, "state", "queued");
    mr_jw_end(&w);
}

void handle_retry(const call *c) {
    store_answer a = {0};
    if (key_of(c, &a.key)) answer_from_store(c, retry_work, &a);
}
