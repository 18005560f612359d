/* The composition root: reads the configuration and joins the parts. It holds no decisions.
 *
 * Up: knowledge and terminology, store, workers, transport, listener, engine. Down in the other order: listener drains
 * while the engine lets reviews finish; then workers and transport close; the store last, when nobody can call it any
 * more. */
#include "service_parts.h"

#include "medreview/store/open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef MEDREVIEW_VERSION
#define MEDREVIEW_VERSION "0"
#endif

const char *mr_service_address(const mr_service *s) {
    return s->address;
}

const mr_metrics *mr_service_metrics(const mr_service *s) {
    return s->metrics;
}

unsigned mr_service_busy(const mr_service *s) {
    return mr_engine_busy(s->engine);
}

mr_day service_as_of(void *host, int64_t now_ms) {
    const mr_service *s = host;
    return s->pinned != MR_DAY_MIN ? s->pinned : mr_zone_today(now_ms);
}

static void close_ports(mr_service *s);

static void tick(void *arg) {
    mr_service *s = arg;
    if (s->front_down) {
        close_ports(s);
        return;
    }
    mr_clock *clock = mr_clock_real();
    if (s->engine) mr_engine_tick(s->engine, clock->now_ms(clock)); /* it wakes us itself */
}

static void wake(void *host, int64_t at_ms) {
    mr_service *s = host;
    mr_clock *clock = mr_clock_real();
    int64_t delay = at_ms - clock->now_ms(clock);
    if (s->timer && !s->front_down) mr_timer_set(s->timer, delay > 0 ? delay : 0);
}

static mr_span *spans_of(const mr_config_value *v, size_t *ret_n) {
    mr_span *out = calloc(v->n_list + 1, sizeof *out);
    for (size_t i = 0; out && i < v->n_list; i++) out[i] = mr_span_of(v->list[i]);
    *ret_n = out ? v->n_list : 0;
    return out;
}

/* A rule that is switched off by a misspelt id would go on running: refused. A withdrawn rule may be gone from the
 * packs; then its issues are still to be withdrawn. */
mr_rc service_check_basis(const mr_service *s, const mr_basis *b, mr_error *err) {
    for (size_t i = 0; i < s->n_disabled; i++)
        if (!mr_ruleset_rule(mr_basis_knowledge(b)->rules, s->disabled[i]))
            return mr_fail(err, MR_INVALID, "knowledge.disabled: there is no rule \"%.*s\"",
                           MR_SPAN_ARG(s->disabled[i]));
    return MR_OK;
}

static const char *text_or_null(const mr_config *c, mr_config_key key) {
    const char *text = mr_config_text(c, key);
    return *text ? text : NULL;
}

mr_rc service_open_basis(const mr_service *s, mr_basis **ret, mr_buf *complaints, mr_error *err) {
    mr_basis_options options = {.knowledge_dir = text_or_null(s->config, MR_K_KNOWLEDGE_DIR),
                                .terminology_file = text_or_null(s->config, MR_K_TERMINOLOGY_INDEX),
                                .codes_dir = text_or_null(s->config, MR_K_TERMINOLOGY_CODES)};
    mr_basis *b = NULL;
    mr_rc rc = mr_basis_open(&options, &b, complaints, err);
    if (rc == MR_OK) rc = service_check_basis(s, b, err);
    if (rc == MR_OK)
        *ret = b;
    else
        mr_basis_drop(b);
    return rc;
}

static mr_rc load_basis(mr_service *s, mr_error *err) {
    mr_buf complaints;
    mr_buf_init(&complaints, 1 << 20);
    s->disabled = spans_of(&s->config->value[MR_K_KNOWLEDGE_DISABLED], &s->n_disabled);
    s->withdrawn = spans_of(&s->config->value[MR_K_KNOWLEDGE_WITHDRAWN], &s->n_withdrawn);
    s->reload.seen = reload_mark(s); /* before it is read: what is put in its place meanwhile is seen as new */
    mr_rc rc = service_open_basis(s, &s->basis, &complaints, err);
    (void)!fwrite(mr_buf_z(&complaints), 1, complaints.len, stderr);
    mr_buf_free(&complaints);
    if (rc == MR_IO) rc = MR_INVALID; /* whatever it is, it is what a key of the configuration names */
    return rc;
}

void service_review_settings(const mr_service *s, mr_review_settings *ret) {
    const mr_config *c = s->config;
    *ret = (mr_review_settings){
        .site = {.id = mr_span_of(mr_config_text(c, MR_K_SITE_ID)),
                 .base_uri = mr_span_of(mr_config_text(c, MR_K_SITE_BASE_URI)),
                 .task_intent = mr_span_of(mr_config_text(c, MR_K_TASK_INTENT)),
                 .software = MR_SPAN(MEDREVIEW_VERSION),
                 .knowledge = mr_basis_knowledge(s->basis)->rules->version},
        .run = {.include_draft = mr_config_int(c, MR_K_KNOWLEDGE_INCLUDE_DRAFT) != 0,
                .disabled = s->disabled,
                .n_disabled = s->n_disabled,
                .withdrawn = s->withdrawn,
                .n_withdrawn = s->n_withdrawn},
        .withdrawn = s->withdrawn,
        .n_withdrawn = s->n_withdrawn,
        .suppress_days = (unsigned)mr_config_int(c, MR_K_SUPPRESS_DAYS),
        .clock_pinned = s->pinned != MR_DAY_MIN,
    };
}

static char *joined(const char *a, const char *b) {
    size_t n = strlen(a) + strlen(b) + 1;
    char *out = malloc(n);
    if (out) (void)snprintf(out, n, "%s%s", a, b);
    return out;
}

/* Strings made here live as long as the process: a handful at start. */
static mr_rc wire_source(mr_service *s, const mr_config_source *from, bool self_endpoint, mr_source_settings *ret,
                         mr_error *err) {
    const mr_config_value *v = from->value;
    const mr_config *c = s->config;
    bool bearer = strcmp(v[MR_K_FHIR_AUTH_TYPE].text, "bearer") == 0;
    const char *endpoint = v[MR_K_SUBSCRIPTION_ENDPOINT].text;
    char own[160];
    if (self_endpoint) {
        (void)snprintf(own, sizeof own, "http://%s/notify", s->address);
        endpoint = joined(own, "");
    }
    char *agent = joined("medreview/" MEDREVIEW_VERSION " (+", mr_config_text(c, MR_K_SITE_ID));
    char *closed = agent ? joined(agent, ")") : NULL;
    free(agent);
    *ret = (mr_source_settings){
        .id = from->id,
        .server = {.base = v[MR_K_FHIR_BASE_URL].text,
                   .authorization = bearer ? joined("Bearer ", v[MR_K_FHIR_AUTH_TOKEN].text) : NULL,
                   .user_agent = closed,
                   .timeout_ms = mr_config_int(c, MR_K_FHIR_TIMEOUT_MS),
                   .max_body = (size_t)mr_config_int(c, MR_K_FHIR_MAX_BODY_BYTES)},
        .types = v[MR_K_SUBSCRIPTION_TYPES].list,
        .manage_subscription = v[MR_K_SUBSCRIPTION_MANAGE].i != 0,
        .endpoint = endpoint && *endpoint ? endpoint : NULL,
        .notify_header =
            v[MR_K_NOTIFY_BEARER].text[0] ? joined("Authorization: Bearer ", v[MR_K_NOTIFY_BEARER].text) : NULL,
        .poll_interval_ms = v[MR_K_POLL_INTERVAL_S].i * 1000,
    };
    if (!closed || (bearer && !ret->server.authorization) || (self_endpoint && !endpoint))
        return mr_fail(err, MR_NOMEM, "out of memory");
    return MR_OK;
}

static mr_rc wire_engine(mr_service *s, const mr_service_options *o, mr_error *err) {
    const mr_config *c = s->config;
    mr_rc rc = MR_OK;
    uint64_t seed;
    s->sources = calloc(c->n_sources, sizeof *s->sources);
    if (!s->sources) return mr_fail(err, MR_NOMEM, "out of memory");
    for (size_t i = 0; i < c->n_sources && rc == MR_OK; i++)
        rc = wire_source(s, &c->sources[i], o->self_endpoint, &s->sources[i], err);
    if (rc == MR_OK) rc = mr_random_bytes(&seed, sizeof seed, err);
    if (rc != MR_OK) return rc;
    s->engine_settings = (mr_engine_settings){
        .sources = s->sources,
        .n_sources = c->n_sources,
        .slots = (unsigned)mr_config_int(c, MR_K_FHIR_CONCURRENCY),
        .quiet_ms = mr_config_int(c, MR_K_DEBOUNCE_QUIET_MS),
        .max_ms = mr_config_int(c, MR_K_DEBOUNCE_MAX_MS),
        .lease_ms = MR_LEASE_MS,
        .limits = mr_job_default_limits,
        .review_bytes = (size_t)mr_config_int(c, MR_K_REVIEW_MAX_BYTES),
        .max_pages = (unsigned)mr_config_int(c, MR_K_FHIR_MAX_PAGES),
        .max_waiting = (size_t)mr_config_int(c, MR_K_INTAKE_MAX_WAITING),
        .write = strcmp(mr_config_text(c, MR_K_WRITE_MODE), "on") == 0,
        .basis = s->basis,
        .rereviews_per_minute = (unsigned)mr_config_int(c, MR_K_REREVIEW_PER_MINUTE),
        .site_key = mr_span_of(mr_config_text(c, MR_K_SITE_KEY)),
    };
    service_review_settings(s, &s->engine_settings.review);
    mr_engine_ports ports = {.store = s->store,
                             .store_worker = s->store_worker,
                             .compute = s->compute,
                             .transport = s->transport,
                             .clock = mr_clock_real(),
                             .log = s->log,
                             .metrics = s->metrics,
                             .seed = seed,
                             .wake = wake,
                             .as_of = service_as_of,
                             .host = s};
    return mr_engine_new(&s->engine_settings, &ports, &s->engine, err);
}

static mr_rc listen_on(mr_service *s, mr_error *err) {
    mr_http_settings http = {.listen = mr_config_text(s->config, MR_K_LISTEN),
                             .route = route,
                             .body_limit = route_body_limit,
                             .app = s,
                             .metrics = s->metrics,
                             .log = s->log};
    mr_rc rc = mr_http_server_start(s->loop, &http, &s->http, err);
    if (rc == MR_OK) (void)snprintf(s->address, sizeof s->address, "%s", mr_http_server_address(s->http));
    return rc;
}

static mr_rc wire_ports(mr_service *s, mr_error *err) {
    const mr_config *c = s->config;
    bool http = false;
    for (size_t i = 0; i < c->n_sources; i++) http = http || c->sources[i].value[MR_K_FHIR_ALLOW_HTTP].i;
    const char *ca = mr_config_text(c, MR_K_FHIR_CA_FILE);
    /* No metrics here: fhir_client counts exchanges, and the transport would count them again. */
    mr_curl_settings curl = {.allow_http = http,
                             .ca_file = *ca ? ca : NULL,
                             .max_connections_per_host = (unsigned)mr_config_int(c, MR_K_FHIR_CONCURRENCY)};
    s->metrics = mr_metrics_new();
    s->timer = mr_timer_new(s->loop, tick, s);
    if (!s->metrics || !s->timer) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_rc rc = mr_store_open(mr_config_text(c, MR_K_STORE), mr_clock_real(), &s->store, err);
    if (rc != MR_OK) return rc; /* it names the key */
    rc = mr_worker_thread_new(s->loop, &s->store_worker, err);
    if (rc == MR_OK) rc = mr_worker_pool_new(s->loop, &s->compute, err);
    return rc == MR_OK ? mr_transport_curl_new(s->loop, &curl, &s->transport, err) : rc;
}

/* What is there before anything is opened: all of it can be wrong in the configuration. */
static mr_rc wire_given(mr_service *s, mr_error *err) {
    const char *as_of = mr_config_text(s->config, MR_K_CLOCK_AS_OF), *ca = mr_config_text(s->config, MR_K_FHIR_CA_FILE);
    s->pinned = MR_DAY_MIN;
    if (*as_of && !mr_day_parse(mr_span_of(as_of), &s->pinned))
        return mr_fail(err, MR_INVALID, "clock.as_of: expected YYYY-MM-DD");
    mr_rc rc = mr_zone_set(mr_config_text(s->config, MR_K_TIMEZONE), err);
    if (rc == MR_OK) rc = load_basis(s, err);
    /* curl would say so at every request, and never at start. */
    if (rc == MR_OK && *ca && access(ca, R_OK) != 0)
        rc = mr_fail(err, MR_INVALID, "fhir.ca_file: %s cannot be read", ca);
    return rc;
}

static mr_rc wire_all(mr_service *s, const mr_service_options *o, mr_error *err) {
    mr_rc rc = wire_given(s, err);
    if (rc == MR_OK) rc = wire_ports(s, err);
    if (rc == MR_OK) rc = reload_watch(s, err);
    if (rc == MR_OK) rc = listen_on(s, err);
    if (rc == MR_OK) rc = wire_engine(s, o, err);
    return rc;
}

/* --- down -------------------------------------------------------------------------------------------------------- */

static void free_all(mr_service *s) {
    if (s->store) s->store->ops->close(s->store);
    mr_basis_drop(s->basis);
    mr_metrics_free(s->metrics);
    for (size_t i = 0; s->sources && i < s->config->n_sources; i++) {
        free((void *)(uintptr_t)s->sources[i].server.authorization);
        free((void *)(uintptr_t)s->sources[i].server.user_agent);
        free((void *)(uintptr_t)s->sources[i].notify_header);
        if (s->sources[i].endpoint &&
            s->sources[i].endpoint != s->config->sources[i].value[MR_K_SUBSCRIPTION_ENDPOINT].text)
            free((void *)(uintptr_t)s->sources[i].endpoint);
    }
    free(s->sources);
    free(s->disabled);
    free(s->withdrawn);
    free(s);
}

mr_rc mr_service_check(const mr_config *config, mr_error *err) {
    mr_service *s = calloc(1, sizeof *s);
    if (!s) return mr_fail(err, MR_NOMEM, "out of memory");
    s->config = config;
    mr_rc rc = wire_given(s, err);
    free_all(s);
    return rc;
}

static void part_closed(void *arg) {
    mr_service *s = arg;
    if (--s->closing) return;
    void (*stopped)(void *) = s->stopped;
    void *stopped_arg = s->stopped_arg;
    free_all(s);
    if (stopped) stopped(stopped_arg);
}

/* Listener and engine are through: nothing calls the ports any more. */
static void close_ports(mr_service *s) {
    mr_engine_free(s->engine);
    s->engine = NULL;
    if (s->http) mr_http_server_free(s->http);
    s->http = NULL;
    if (s->transport) mr_transport_curl_free(s->transport);
    if (s->timer) mr_timer_free(s->timer);
    s->timer = NULL;
    reload_stop(s);
    s->closing = 1;
    if (s->compute) {
        s->closing++;
        mr_worker_close(s->compute, part_closed, s);
    }
    if (s->store_worker) {
        s->closing++;
        mr_worker_close(s->store_worker, part_closed, s);
    }
    part_closed(s);
}

static void front_closed(void *arg) {
    mr_service *s = arg;
    if (--s->closing) return;
    s->front_down = true; /* the engine may be freed only after its callback has returned: so from the loop */
    mr_timer_set(s->timer, 0);
}

void mr_service_stop(mr_service *s, void (*stopped)(void *arg), void *arg) {
    if (s->stopping) return;
    mr_clock *clock = mr_clock_real();
    int64_t deadline = clock->now_ms(clock) + mr_config_int(s->config, MR_K_DRAIN_MS);
    s->stopping = true;
    s->stopped = stopped;
    s->stopped_arg = arg;
    s->closing = 2;
    MR_LOG(s->log, MR_L_INFO, "service.stopping", mr_v_int("reviews", mr_engine_busy(s->engine)));
    mr_http_server_drain(s->http, mr_config_int(s->config, MR_K_DRAIN_MS), front_closed, s);
    mr_engine_stop(s->engine, deadline, front_closed, s);
}

mr_rc mr_service_start(struct uv_loop_s *loop, const mr_service_options *options, mr_service **ret, mr_error *err) {
    mr_service *s = calloc(1, sizeof *s);
    if (!s) return mr_fail(err, MR_NOMEM, "out of memory");
    s->loop = loop;
    s->config = options->config;
    s->log = options->log;
    mr_rc rc = wire_all(s, options, err);
    if (rc != MR_OK) {
        if (s->http) {
            s->closing = 1;
            s->stopped = NULL;
            mr_http_server_drain(s->http, 0, front_closed, s);
        } else {
            close_ports(s);
        }
        return rc;
    }
    const mr_review_knowledge *k = mr_basis_knowledge(s->basis);
    const mr_ruleset *rules = k->rules;
    mr_metrics_set(s->metrics, MR_G_CLOCK_PINNED, s->pinned != MR_DAY_MIN);
    MR_LOG(s->log, MR_L_INFO, "service.started", mr_v_word("address", s->address),
           mr_v_word("version", MEDREVIEW_VERSION), mr_v_word("write_mode", mr_config_text(s->config, MR_K_WRITE_MODE)),
           mr_v_int("rules", (int64_t)rules->n_rules), mr_v_word("terminology", mr_terminology_version(k->terminology)),
           mr_v_word("as_of", s->pinned != MR_DAY_MIN ? mr_config_text(s->config, MR_K_CLOCK_AS_OF) : "today"));
    for (size_t i = 0; i < rules->n_concepts; i++)
        if (!rules->concept_loaded[i]) {
            char key[80];
            (void)snprintf(key, sizeof key, "%.*s", MR_SPAN_ARG(rules->concepts[i]));
            MR_LOG(s->log, MR_L_WARN, "knowledge.no-codes", mr_v_word("concept", key));
        }
    mr_engine_start(s->engine);
    *ret = s;
    return MR_OK;
}

/* --- store calls for demo and tests ------------------------------------------------------------------------------- */

typedef struct outside_call {
    mr_service *service;
    void (*work)(mr_store *store, void *arg);
    void (*done)(void *arg);
    void *arg;
} outside_call;

static void outside_work(void *arg) {
    outside_call *c = arg;
    c->work(c->service->store, c->arg);
}

static void outside_done(void *arg) {
    outside_call *c = arg;
    c->done(c->arg);
    free(c);
}

mr_rc mr_service_store_call(mr_service *s, void (*work)(mr_store *store, void *arg), void (*done)(void *arg), void *arg,
                            mr_error *err) {
    outside_call *c = malloc(sizeof *c);
    if (!c) return mr_fail(err, MR_NOMEM, "out of memory");
    *c = (outside_call){s, work, done, arg};
    mr_rc rc = s->store_worker->ops->submit(s->store_worker, outside_work, outside_done, c);
    if (rc != MR_OK) {
        free(c);
        return mr_fail(err, rc, "the store takes no more work");
    }
    return MR_OK;
}
