/* The world's moving parts: time, network, store latency, kills, patients and people. */
#include "world.h"

#include "medreview/codec/fhir_notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t epoch_ms = INT64_C(1795219200000); /* 2026-11-21T00:00:00Z */
static const mr_day today = 20778;

/* --- time --------------------------------------------------------------------------------------------------------- */

static bool before(const happening *a, const happening *b) {
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void at(world *w, int64_t at_ms, unsigned life, void (*run)(void *), void *arg) {
    if (w->n_heap == w->cap_heap) {
        w->cap_heap = w->cap_heap ? w->cap_heap * 2 : 256;
        w->heap = realloc(w->heap, w->cap_heap * sizeof *w->heap);
    }
    size_t i = w->n_heap++;
    happening h = {at_ms < w->now_ms ? w->now_ms : at_ms, w->order++, life, run, arg};
    while (i && before(&h, &w->heap[(i - 1) / 2])) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = h;
}

static bool next(world *w, happening *ret) {
    if (w->n_heap == 0) return false;
    *ret = w->heap[0];
    happening last = w->heap[--w->n_heap];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= w->n_heap) break;
        if (child + 1 < w->n_heap && before(&w->heap[child + 1], &w->heap[child])) child++;
        if (!before(&w->heap[child], &last)) break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    if (w->n_heap) w->heap[i] = last;
    return true;
}

static process *alive(world *w, unsigned life) {
    for (unsigned i = 0; i < w->n_processes; i++)
        if (w->processes[i].life == life) return &w->processes[i];
    return NULL;
}

static void run_until(world *w, int64_t until_ms) {
    happening h;
    while (w->n_heap && w->heap[0].at_ms <= until_ms && next(w, &h)) {
        w->now_ms = h.at_ms;
        if (h.life && !alive(w, h.life)) continue; /* its process was killed: this never happens */
        h.run(h.arg);
    }
    if (w->now_ms < until_ms) w->now_ms = until_ms;
}

static int64_t clock_now(mr_clock *c) {
    return ((world *)((char *)c - offsetof(world, clock)))->now_ms;
}

bool happens(world *w, unsigned of_1000) {
    return !w->calm && mr_rand_below(&w->r, 1000) < of_1000;
}

static int64_t latency(world *w) {
    return 1 + (int64_t)mr_rand_below(&w->r, (uint64_t)w->weather.latency_most_ms);
}

/* --- workers ------------------------------------------------------------------------------------------------------ */

typedef struct work {
    process *p;
    void (*run)(void *), (*done)(void *);
    void *arg;
} work;

static void work_done(void *arg) {
    work *k = arg;
    k->done(k->arg);
    free(k);
}

static void work_run(void *arg) {
    work *k = arg;
    k->run(k->arg);
    /* Between the work and its completion the process may be killed: the effect stays, the news is lost. */
    at(k->p->w, k->p->w->now_ms + 1, k->p->life, work_done, k);
}

static mr_rc submit_work(process *p, int64_t at_ms, void (*run)(void *), void (*done)(void *), void *arg) {
    work *k = malloc(sizeof *k);
    *k = (work){p, run, done, arg};
    at(p->w, at_ms, p->life, work_run, k);
    return MR_OK;
}

static mr_rc compute_submit(mr_worker *m, void (*run)(void *), void (*done)(void *), void *arg) {
    process *p = (process *)((char *)m - offsetof(process, compute));
    return submit_work(p, p->w->now_ms + 1 + (int64_t)mr_rand_below(&p->w->r, 5), run, done, arg);
}

static mr_rc store_submit(mr_worker *m, void (*run)(void *), void (*done)(void *), void *arg) {
    process *p = (process *)((char *)m - offsetof(process, store_worker));
    int64_t from = p->store_free_ms > p->w->now_ms ? p->store_free_ms : p->w->now_ms;
    p->store_free_ms =
        from + 1 + (int64_t)mr_rand_below(&p->w->r, 6) + (happens(p->w, 5) ? 3000 : 0); /* a slow disk now and then */
    return submit_work(p, p->store_free_ms, run, done, arg);
}

static const mr_worker_ops compute_ops = {compute_submit}, store_worker_ops = {store_submit};

/* --- the server and the network ------------------------------------------------------------------------------------
 */

typedef struct hook { /* one notification on its way; the sender waits half a minute for the answer */
    world *w;
    mr_delivery d;
    unsigned tries;
    bool acked;
} hook;

static void send_hook(void *arg);

static void free_hook(hook *h) {
    mr_buf_free(&h->d.body);
    free(h);
}

static void deliver_all(world *w) {
    mr_delivery d;
    while (mr_sandbox_next_delivery(w->server, &d)) {
        w->hooks++;
        unsigned copies = happens(w, w->weather.hook_lost) ? 0 : happens(w, w->weather.hook_twice) ? 2 : 1;
        w->hooks_lost += copies == 0;
        for (unsigned i = 0; i < copies; i++) {
            hook *h = calloc(1, sizeof *h);
            h->w = w;
            h->d = d;
            mr_buf_init(&h->d.body, 1 << 20);
            mr_buf_addsp(&h->d.body, mr_buf_span(&d.body));
            at(w, w->now_ms + latency(w) * 4, 0, send_hook, h);
        }
        mr_buf_free(&d.body);
    }
}

/* HAPI gives up after a minute; this sender is more patient, so that what an acknowledgement promises can be told from
 * what a sender forgets. */
static void hook_waited(void *arg) {
    hook *h = arg;
    if (h->acked || ++h->tries > 40) {
        h->w->hooks_lost += !h->acked;
        free_hook(h);
        return;
    }
    send_hook(h);
}

static void hook_acked(void *arg, mr_rc rc, const mr_error *err) {
    hook *h = arg;
    (void)err;
    h->acked = rc == MR_OK;
    h->w->acks += h->acked;
}

static void send_hook(void *arg) {
    hook *h = arg;
    world *w = h->w;
    process *p = &w->processes[mr_rand_below(&w->r, w->n_processes)];
    mr_arena *a = mr_arena_new(1 << 20);
    mr_notices notices;
    mr_error err;
    const char *tail = strstr(h->d.url, "/notify");
    mr_notice_request req = {.method = mr_span_of(h->d.method),
                             .tail = mr_span_of(tail ? tail + strlen("/notify") : ""),
                             .content_type = MR_SPAN("application/fhir+json"),
                             .body = mr_buf_span(&h->d.body)};
    bool sent = p->life && !p->stopping && mr_fhir_notice_read(&req, a, &notices, &err) == MR_OK &&
                mr_engine_notice(p->engine, "default", notices.v, notices.n, hook_acked, h, &err) == MR_OK;
    at(w, w->now_ms + (sent ? 30000 : 1000), 0, hook_waited, h);
    mr_arena_free(a);
}

void ask(world *w, const char *method, const char *path, const char *query, const char *if_match, mr_span body,
         mr_sandbox_answer *answer) {
    mr_sandbox_request req = {.method = method,
                              .path = mr_span_of(path),
                              .query = query ? mr_span_of(query) : MR_SPAN_NONE,
                              .if_match = if_match ? mr_span_of(if_match) : MR_SPAN_NONE,
                              .content_type = MR_SPAN("application/fhir+json"),
                              .body = body};
    mr_sandbox_handle(w->server, &req, w->now_ms, answer);
    deliver_all(w);
}

typedef struct exchange {
    process *p;
    unsigned life;
    uint64_t id;
    char method[8], *path, *query;
    char *body;
    size_t len;
    mr_http_done done;
    void *arg;
    mr_rc rc;
    mr_http_resp resp;
    bool cancelled;
} exchange;

static void exchange_over(void *arg) {
    exchange *x = arg;
    mr_error err = {.rc = x->rc};
    if (x->rc != MR_OK) mr_fail(&err, x->rc, "%s", mr_rc_text(x->rc));
    x->done(x->arg, x->rc, x->rc == MR_OK ? &x->resp : NULL, &err);
    free(x->resp.body);
    free(x->path);
    free(x->query);
    free(x->body);
    free(x);
}

static void answer_with(exchange *x, int status, mr_span body) {
    mr_buf copy;
    mr_buf_init(&copy, 64 << 20);
    mr_buf_addsp(&copy, body);
    x->rc = MR_OK;
    x->resp.status = status;
    x->resp.body = mr_buf_take(&copy, &x->resp.len);
}

/* The request has arrived at the server. That it happens there does not depend on the life of who sent it. */
static void exchange_arrives(void *arg) {
    exchange *x = arg;
    world *w = x->p->w;
    mr_sandbox_answer answer;
    x->resp.retry_after_ms = -1;
    if (happens(w, w->weather.busy)) {
        answer_with(x, mr_rand_below(&w->r, 2) ? 429 : 503, MR_SPAN("<html>busy</html>"));
        x->resp.retry_after_ms = 1000 + (int64_t)mr_rand_below(&w->r, 5000);
    } else {
        ask(w, x->method, x->path, x->query, NULL, (mr_span){x->body, x->len}, &answer);
        if (happens(w, w->weather.answer_lost)) {
            x->rc = MR_TIMEOUT;
        } else if (happens(w, w->weather.broken)) {
            x->rc = MR_IO;
        } else {
            answer_with(x, answer.status, mr_buf_span(&answer.body));
            (void)snprintf(x->resp.location, sizeof x->resp.location, "%.500s", answer.location);
            (void)snprintf(x->resp.etag, sizeof x->resp.etag, "%s", answer.etag);
        }
        mr_buf_free(&answer.body);
    }
    at(w, w->now_ms + latency(w) + (x->rc == MR_TIMEOUT ? 30000 : 0), x->life, exchange_over, x);
}

static mr_rc transport_submit(mr_transport *t, const mr_http_req *req, mr_http_done done, void *arg, uint64_t *ret_id,
                              mr_error *err) {
    process *p = (process *)((char *)t - offsetof(process, transport));
    world *w = p->w;
    size_t base = strlen(SIM_BASE);
    if (strncmp(req->url, SIM_BASE, base) != 0) return mr_fail(err, MR_INVALID, "not the simulated server");
    exchange *x = calloc(1, sizeof *x);
    const char *path = req->url + base, *query = strchr(path, '?');
    x->p = p;
    x->life = p->life;
    x->id = *ret_id = ++p->next_request;
    x->done = done;
    x->arg = arg;
    (void)snprintf(x->method, sizeof x->method, "%s", req->method);
    x->path = query ? strndup(path, (size_t)(query - path)) : strdup(*path ? path : "/");
    if (!*x->path) {
        free(x->path);
        x->path = strdup("/");
    }
    x->query = query ? strdup(query + 1) : NULL;
    x->body = malloc(req->body.len + 64);
    memset(x->body + req->body.len, 0, 64);
    if (req->body.len) memcpy(x->body, req->body.ptr, req->body.len);
    x->len = req->body.len;
    if (happens(w, w->weather.request_lost)) {
        x->rc = MR_TIMEOUT;
        at(w, w->now_ms + 30000, x->life, exchange_over, x);
    } else {
        at(w, w->now_ms + latency(w), 0, exchange_arrives, x);
    }
    return MR_OK;
}

/* Cancelled exchanges come back when they would have anyway: the engine must bear that too. */
static void transport_cancel(mr_transport *t, uint64_t id) {
    (void)t;
    (void)id;
}

static const mr_transport_ops transport_ops = {transport_submit, transport_cancel};

/* --- processes ---------------------------------------------------------------------------------------------------- */

static mr_day as_of(void *host, int64_t now) {
    (void)host;
    (void)now;
    return today;
}

static void write_log(mr_log_sink *sink, mr_log_level level, const char *event, const char *fields, size_t len) {
    const world *w = (const world *)((const char *)sink - offsetof(world, log));
    (void)level;
    fprintf(stderr, "[%7.1f s] %s%.*s\n", (double)(w->now_ms - epoch_ms) / 1000, event, (int)len, fields);
}

static void tick(void *arg) {
    process *p = arg;
    if (p->w->now_ms < p->wake_ms) return; /* a later call moved it */
    p->wake_ms = INT64_MAX;
    mr_engine_tick(p->engine, p->w->now_ms);
}

static void wake(void *host, int64_t at_ms) {
    process *p = host;
    if (at_ms < p->w->now_ms) at_ms = p->w->now_ms;
    p->wake_ms = at_ms;
    at(p->w, at_ms, p->life, tick, p);
}

static void start_process(process *p) {
    static const char *const types[] = {"MedicationStatement", "Condition", "Observation", "Patient", "Task", NULL};
    world *w = p->w;
    mr_error err;
    p->life = ++w->next_life;
    p->stopping = p->stopped = false;
    p->store_free_ms = 0;
    p->wake_ms = INT64_MAX;
    p->store_worker.ops = &store_worker_ops;
    p->compute.ops = &compute_ops;
    p->transport.ops = &transport_ops;
    MR_REQUIRE(mr_store_memory_share(w->root_store, &p->store, &err) == MR_OK);
    p->source = (mr_source_settings){
        .id = "default",
        .server = {.base = SIM_BASE, .user_agent = "sim", .timeout_ms = 30000, .max_body = 1 << 24},
        .types = types,
        .manage_subscription = w->polls,
        .endpoint = "http://medreview.sim/notify",
        .poll_interval_ms = w->polls ? 60000 : 0};
    p->settings = (mr_engine_settings){.sources = &p->source,
                                       .n_sources = 1,
                                       .slots = 1 + (unsigned)mr_rand_below(&w->r, 4),
                                       .quiet_ms = 200,
                                       .max_ms = 2000,
                                       .lease_ms = MR_LEASE_MS,
                                       .limits = mr_job_default_limits,
                                       .review_bytes = 16 << 20,
                                       .max_pages = 20,
                                       .max_waiting = 1000,
                                       .write = true,
                                       .basis = w->bases[p->updated],
                                       .site_key = MR_SPAN(SIM_KEY)};
    p->settings.review.site = (mr_site){.id = MR_SPAN("sim"),
                                        .base_uri = MR_SPAN("https://medreview.example.org"),
                                        .task_intent = MR_SPAN("proposal"),
                                        .software = MR_SPAN("sim")};
    mr_engine_ports ports = {.store = p->store,
                             .store_worker = &p->store_worker,
                             .compute = &p->compute,
                             .transport = &p->transport,
                             .clock = &w->clock,
                             .log = w->verbose ? &w->log : NULL,
                             .seed = mr_rand_next(&w->r),
                             .wake = wake,
                             .as_of = as_of,
                             .host = p};
    MR_REQUIRE(mr_engine_new(&p->settings, &ports, &p->engine, &err) == MR_OK);
    mr_engine_start(p->engine);
}

static void start_again(void *arg) {
    process *p = arg;
    if (!p->life) start_process(p);
}

/* The new terminology lies on this process's disk: one that lives takes it, one that is dead starts with it. */
static void update_process(void *arg) {
    process *p = arg;
    p->updated = true;
    if (p->life && !p->stopping) mr_engine_rebase(p->engine, p->w->bases[1]);
}

/* kill -9: what it had under way never completes; its leases lapse; its memory is left behind. */
static void kill_process(process *p) {
    if (!p->life) return;
    p->w->kills++;
    p->life = 0;
    p->engine = NULL;
    p->store = NULL;
    at(p->w, p->w->now_ms + 500 + (int64_t)mr_rand_below(&p->w->r, 20000), 0, start_again, p);
}

/* --- patients and people -------------------------------------------------------------------------------------------
 */

static void put(world *w, const char *path, const char *form, ...) MR_PRINTF(3, 4);
static void put(world *w, const char *path, const char *form, ...) {
    char body[2000];
    va_list args;
    mr_sandbox_answer answer;
    va_start(args, form);
    int n = vsnprintf(body, sizeof body - 64, form, args);
    va_end(args);
    memset(body + n, 0, 64);
    ask(w, "PUT", path, NULL, NULL, (mr_span){body, (size_t)n}, &answer);
    MR_REQUIRE(answer.status < 300);
    mr_buf_free(&answer.body);
}

typedef struct thing {
    const char *name, *text, *code; /* code NULL: none */
} thing;

static void medicine(world *w, unsigned patient, const thing *m, bool active) {
    char path[80], coding[120] = "";
    (void)snprintf(path, sizeof path, "/MedicationStatement/p%u-%s", patient, m->name);
    if (m->code)
        (void)snprintf(coding, sizeof coding, "\"coding\":[{\"system\":\"https://dmd.nhs.uk\",\"code\":\"%s\"}],",
                       m->code);
    put(w, path,
        "{\"resourceType\":\"MedicationStatement\",\"id\":\"p%u-%s\",\"status\":\"%s\",\"medicationCodeableConcept\":{"
        "%s\"text\":\"%s\"},"
        "\"subject\":{\"reference\":\"Patient/p%u\"},\"effectivePeriod\":{\"start\":\"2026-01-01\"}}",
        patient, m->name, active ? "active" : "stopped", coding, m->text, patient);
}

static void change_something(world *w) {
    /* The last but one is known by the index of the second basis only. */
    const thing medicines[] = {
        {"nap", "Naproxen 500mg tablets", NULL},   {"ome", "Omeprazole 20mg gastro-resistant capsules", NULL},
        {"war", "Warfarin 3mg tablets", NULL},     {"asp", "Aspirin 75mg tablets", NULL},
        {"clo", "Clopidogrel 75mg tablets", NULL}, {"new", "A brand of the new release", w->brand},
        {"odd", "Something nobody knows", NULL}};
    unsigned patient = (unsigned)mr_rand_below(&w->r, w->n_patients);
    unsigned which = (unsigned)mr_rand_below(&w->r, 100);
    w->changes++;
    if (which < 88) {
        unsigned m = (unsigned)mr_rand_below(&w->r, which < 80 ? 6 : 7);
        medicine(w, patient, &medicines[m], mr_rand_below(&w->r, 3) != 0);
    } else {
        char path[80];
        (void)snprintf(path, sizeof path, "/Condition/p%u-ulcer", patient);
        put(w, path,
            "{\"resourceType\":\"Condition\",\"id\":\"p%u-ulcer\",\"clinicalStatus\":{\"coding\":[{\"system\":"
            "\"http://terminology.hl7.org/CodeSystem/"
            "condition-clinical\",\"code\":\"%s\"}]},\"code\":{\"coding\":[{\"system\":"
            "\"http://snomed.info/sct\",\"code\":\"13200003\"}]},\"subject\":{\"reference\":\"Patient/"
            "p%u\"},\"onsetDateTime\":\"2020-05-05\"}",
            patient, mr_rand_below(&w->r, 3) ? "active" : "resolved", patient);
    }
}

/* A pharmacist takes the requested Task of a patient; from then on it is theirs. */
static void person_acts(world *w) {
    unsigned patient = (unsigned)mr_rand_below(&w->r, w->n_patients);
    char query[80], path[160];
    mr_sandbox_answer found, answer;
    if (w->accepted_task[patient][0]) return;
    (void)snprintf(query, sizeof query, "patient=p%u&_count=50", patient);
    ask(w, "GET", "/Task", query, NULL, MR_SPAN_NONE, &found);
    const char *text = mr_buf_z(&found.body), *status = strstr(text, "\"status\":\"requested\"");
    const char *id = status ? strstr(text, "\"id\":\"mr-task-") : NULL;
    if (id) {
        char name[100];
        size_t n = strcspn(id + 6, "\"");
        (void)snprintf(name, sizeof name, "%.*s", (int)(n < 99 ? n : 99), id + 6);
        (void)snprintf(path, sizeof path, "/Task/%s", name);
        mr_buf_free(&found.body);
        ask(w, "GET", path, NULL, NULL, MR_SPAN_NONE, &found);
        char *copy = strdup(mr_buf_z(&found.body)), *at_status = strstr(copy, "\"status\":\"requested\"");
        if (at_status) { /* the same length, so that the rest stays as it is */
            char etag[80];
            mr_buf changed;
            mr_buf_init(&changed, 1 << 20);
            mr_buf_add(&changed, copy, (size_t)(at_status - copy));
            mr_buf_adds(&changed, "\"status\":\"accepted\"");
            mr_buf_adds(&changed, at_status + strlen("\"status\":\"requested\""));
            (void)snprintf(etag, sizeof etag, "%s", found.etag);
            (void)mr_buf_z(&changed);
            ask(w, "PUT", path, NULL, etag, mr_buf_span(&changed), &answer);
            if (answer.status == 200) {
                w->people++;
                (void)snprintf(w->accepted_task[patient], sizeof w->accepted_task[patient], "%s", name);
                (void)snprintf(w->accepted_version[patient], sizeof w->accepted_version[patient], "%s", answer.etag);
            }
            mr_buf_free(&answer.body);
            mr_buf_free(&changed);
        }
        free(copy);
    }
    mr_buf_free(&found.body);
}

static void life_goes_on(void *arg) {
    world *w = arg;
    if (w->calm || w->now_ms > w->changes_end_ms) return;
    unsigned what = (unsigned)mr_rand_below(&w->r, 100);
    if (what < 70)
        change_something(w);
    else if (what < 80)
        person_acts(w);
    else if (what < 90 && w->may_kill)
        kill_process(&w->processes[mr_rand_below(&w->r, w->n_processes)]);
    at(w, w->now_ms + (int64_t)mr_rand_below(&w->r, 4000), 0, life_goes_on, w);
}

/* --- the world ------------------------------------------------------------------------------------------------------
 */

/* An administrator's Subscriptions: the service then has no reason to poll after its start. */
static void subscribe_for_them(world *w) {
    static const char *const types[] = {"MedicationStatement", "Condition", "Task"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char path[60];
        (void)snprintf(path, sizeof path, "/Subscription/admin-%s", types[i]);
        put(w, path,
            "{\"resourceType\":\"Subscription\",\"id\":\"admin-%s\",\"status\":\"requested\",\"reason\":\"tests\","
            "\"criteria\":\"%s?\","
            "\"channel\":{\"type\":\"rest-hook\",\"endpoint\":\"http://medreview.sim/"
            "notify\",\"payload\":\"application/fhir+json\"}}",
            types[i], types[i]);
    }
}

static bool everybody_ready(world *w) {
    mr_unready why;
    for (unsigned i = 0; i < w->n_processes; i++)
        if (mr_engine_unready(w->processes[i].engine, &why, 1)) return false;
    return true;
}

void world_begin(world *w, uint64_t seed, mr_basis *const bases[2], const char *brand, bool verbose) {
    mr_error err;
    *w = (world){.seed = seed, .now_ms = epoch_ms, .bases = bases, .brand = brand, .verbose = verbose};
    w->clock.now_ms = clock_now;
    w->log = (mr_log_sink){.level = MR_L_DEBUG, .write = write_log};
    mr_rand_seed(&w->r, seed);
    bool harsh = mr_rand_below(&w->r, 100) < 40;
    w->weather = (weather){.request_lost = harsh ? 80 : 10,
                           .answer_lost = harsh ? 60 : 10,
                           .busy = harsh ? 80 : 15,
                           .broken = harsh ? 40 : 5,
                           .hook_lost = harsh ? 300 : 50,
                           .hook_twice = 100,
                           .latency_most_ms = mr_rand_below(&w->r, 3) ? 60 : 1500};
    /* Half of the worlds have no catch-up to rely on: then no hook is lost, and what was acknowledged must be enough.
     */
    w->polls = mr_rand_below(&w->r, 2);
    w->may_kill = mr_rand_below(&w->r, 2);
    w->updates = mr_rand_below(&w->r, 2);
    if (!w->polls) w->weather.hook_lost = 0;
    w->server = mr_sandbox_new(SIM_BASE);
    MR_REQUIRE(w->server && mr_store_memory_new(&w->clock, &w->root_store, &err) == MR_OK);
    w->n_processes = 1 + (unsigned)mr_rand_below(&w->r, ENGINES_MOST);
    w->n_patients = 1 + (unsigned)mr_rand_below(&w->r, PATIENTS_MOST);
    for (unsigned i = 0; i < w->n_patients; i++) {
        char path[40];
        (void)snprintf(path, sizeof path, "/Patient/p%u", i);
        put(w, path, "{\"resourceType\":\"Patient\",\"id\":\"p%u\",\"gender\":\"female\",\"birthDate\":\"19%u-02-03\"}",
            i, 40 + i * 8);
    }
    if (!w->polls) subscribe_for_them(w);
    for (unsigned i = 0; i < w->n_processes; i++) {
        w->processes[i] = (process){.w = w, .number = i};
        start_process(&w->processes[i]);
    }
    /* A first start reviews nothing that was there before; so things begin to happen when the service says it is ready.
     */
    w->calm = true;
    for (unsigned i = 0; i < 600 && !everybody_ready(w); i++) run_until(w, w->now_ms + 1000);
    MR_REQUIRE(everybody_ready(w));
    w->calm = false;
}

void world_live(world *w, int64_t for_ms) {
    w->changes_end_ms = w->now_ms + for_ms;
    at(w, w->now_ms, 0, life_goes_on, w);
    int64_t update_ms = w->now_ms + (int64_t)mr_rand_below(&w->r, (uint64_t)for_ms);
    for (unsigned i = 0; w->updates && i < w->n_processes; i++)
        at(w, update_ms + (int64_t)mr_rand_below(&w->r, 20000), 0, update_process, &w->processes[i]);
    /* The weather outlives the changes, so that the last reviews too are made in it. */
    run_until(w, w->now_ms + for_ms + 60000);
}

void world_calm(world *w, int64_t for_ms) {
    w->calm = true;
    for (unsigned i = 0; i < w->n_processes; i++)
        if (!w->processes[i].life) start_process(&w->processes[i]);
    run_until(w, w->now_ms + for_ms);
}

static void stopped(void *arg) {
    ((process *)arg)->stopped = true;
}

void world_stop(world *w) {
    for (unsigned i = 0; i < w->n_processes; i++) {
        process *p = &w->processes[i];
        p->stopping = true;
        mr_engine_stop(p->engine, w->now_ms + 10000, stopped, p);
    }
    run_until(w, w->now_ms + 200000);
}

static void free_left_hooks(world *w) {
    happening h;
    while (next(w, &h))
        if (h.run == send_hook || h.run == hook_waited) free_hook(h.arg);
}

void world_end(world *w) {
    for (unsigned i = 0; i < w->n_processes; i++) {
        process *p = &w->processes[i];
        if (!p->stopped) continue;
        mr_engine_free(p->engine);
        p->store->ops->close(p->store);
    }
    free_left_hooks(w);
    free(w->heap);
    w->root_store->ops->close(w->root_store);
    mr_sandbox_free(w->server);
}
