/* A source's upkeep without engine, sockets, store or clock: the ports as scripts, the engine's functions as stubs.
 *
 * A test says which exchanges it expects and how each is answered (expect), lets virtual time pass (pass), and compares
 * what was done to the store, line by line (story). An exchange that was not expected fails the test. */
#ifndef TESTS_SUPPORT_FLOW_FAKES_H
#define TESTS_SUPPORT_FLOW_FAKES_H

#include "upkeep_parts.h"

#include "medreview/base/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_BASE "https://fhir.example.org/r4"
enum { FAKE_MOST = 64, FAKE_SCRIPT = 512, FAKE_SPINS = 20000 };

typedef struct fake_answer {
    const char *request; /* "GET metadata": method, and URL behind the base */
    int status;
    mr_rc rc; /* other than MR_OK: no answer at all */
    char *body;
} fake_answer;

typedef struct fake_call {
    void (*work)(void *);
    void (*done)(void *);
    void *arg;
} fake_call;

typedef struct fake_hint {
    mr_hint hint;
    int64_t retry_at_ms;
} fake_hint;

typedef struct fake {
    mr_engine engine;
    mr_source_settings settings;
    source source;
    mr_clock clock;
    mr_transport transport;
    mr_log_sink sink;
    mr_store store;
    int64_t now;

    fake_answer script[FAKE_SCRIPT];
    size_t n_script, at_script;
    /* Instead of a script: answers a request; false when it has no answer for it. */
    bool (*serve)(struct fake *f, const char *request, fake_answer *ret);
    size_t n_sent;
    size_t break_exchange, break_store; /* the k-th fails, from 1; 0: none */

    bool sent; /* one exchange at a time */
    char request[1024], headers[1024], body[4096];
    mr_http_done done;
    void *done_arg;
    uint64_t http_id;
    bool canceled;

    fake_call calls[FAKE_MOST];
    size_t n_calls, n_store_ops;

    struct {
        char type[40], instant[40];
    } marks[FAKE_MOST];
    size_t n_marks;
    fake_hint hints[FAKE_MOST];
    size_t n_hints;
    uint64_t hint_number;
    mr_written ours[FAKE_MOST];
    size_t n_ours;
    struct {
        char reference[80], patient[MR_MAX_ID_BYTES + 1];
    } index[FAKE_MOST];
    size_t n_index;

    int64_t looked_ms, heard_n;
    mr_rc heard;
    char story[16384], log[16384];
} fake;

static fake *fake_now; /* the stubs' only way to the test */

/* --- text -------------------------------------------------------------------------------------------------------- */

static inline void fake_add(char *to, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static inline void fake_add(char *to, size_t size, const char *fmt, ...) {
    size_t at = strlen(to);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(to + at, size - at, fmt, args);
    va_end(args);
}
#define FAKE_TELL(f, ...) fake_add((f)->story, sizeof(f)->story, __VA_ARGS__)

/* JSON is written with ' for " in tests. */
static inline char *fake_json(const char *text) {
    char *copy = strdup(text);
    for (char *c = copy; *c; c++)
        if (*c == '\'') *c = '"';
    return copy;
}

static inline void expect(fake *f, const char *request, int status, const char *body) {
    assert_true(f->n_script < FAKE_SCRIPT);
    f->script[f->n_script++] = (fake_answer){request, status, MR_OK, fake_json(body)};
}

static inline void expect_silence(fake *f, const char *request, mr_rc rc) {
    assert_true(f->n_script < FAKE_SCRIPT);
    f->script[f->n_script++] = (fake_answer){request, 0, rc, NULL};
}

/* What was done to the store since the last time, one line each. */
static inline void story(fake *f, const char *expected) {
    if (f->at_script != f->n_script) fail_msg("never asked: %s", f->script[f->at_script].request);
    assert_string_equal(f->story, expected);
    f->story[0] = 0;
}

static inline bool logged(const fake *f, const char *what) {
    return strstr(f->log, what) != NULL;
}

static inline int64_t fake_ms(const char *instant) {
    mr_when when;
    int64_t s;
    assert_true(mr_when_parse(mr_span_of(instant), &when, &s));
    return s * 1000;
}

/* --- the engine's functions -------------------------------------------------------------------------------------- */

source *engine_source(mr_engine *e, const char *id) {
    for (size_t i = 0; i < e->set.n_sources; i++)
        if (strcmp(e->sources[i].set->id, id) == 0) return &e->sources[i];
    return NULL;
}

void engine_wake(mr_engine *e) {
    (void)e;
}

void engine_look(mr_engine *e, int64_t at_ms) {
    (void)e;
    fake_now->looked_ms = at_ms;
}

mr_rc engine_store(mr_engine *e, void (*work)(void *), void (*done)(void *), void *arg, mr_error *err) {
    fake *f = fake_now;
    if (f->n_calls == FAKE_MOST || e->stopping) return mr_fail(err, MR_CANCELED, "no more work");
    f->calls[f->n_calls++] = (fake_call){work, done, arg};
    e->store_ops++;
    return MR_OK;
}

void source_heard(source *src, mr_rc rc, int64_t retry_after_ms) {
    (void)src;
    (void)retry_after_ms;
    fake_now->heard = rc;
    fake_now->heard_n++;
}

/* --- clock, log, transport --------------------------------------------------------------------------------------- */

static inline int64_t fake_clock(mr_clock *c) {
    (void)c;
    return fake_now->now;
}

static inline void fake_log(mr_log_sink *sink, mr_log_level level, const char *event, const char *fields, size_t len) {
    (void)sink;
    fake_add(fake_now->log, sizeof fake_now->log, "%s %s%.*s\n", mr_log_level_name(level), event, (int)len, fields);
}

static inline mr_rc fake_submit(mr_transport *t, const mr_http_req *req, mr_http_done done, void *arg, uint64_t *ret_id,
                                mr_error *err) {
    fake *f = fake_now;
    (void)t;
    (void)err;
    assert_false(f->sent); /* one exchange at a time */
    size_t base = strlen(FAKE_BASE);
    assert_true(strncmp(req->url, FAKE_BASE, base) == 0);
    base += req->url[base] == '/';
    (void)snprintf(f->request, sizeof f->request, "%s %s", req->method, req->url + base);
    (void)snprintf(f->body, sizeof f->body, "%.*s", MR_SPAN_ARG(req->body));
    f->headers[0] = 0;
    for (size_t i = 0; req->headers && req->headers[i]; i++)
        fake_add(f->headers, sizeof f->headers, "%s\n", req->headers[i]);
    f->sent = true;
    f->canceled = false;
    f->done = done;
    f->done_arg = arg;
    *ret_id = ++f->http_id;
    f->n_sent++;
    return MR_OK;
}

static inline void fake_cancel(mr_transport *t, uint64_t id) {
    (void)t;
    if (fake_now->sent && fake_now->http_id == id) fake_now->canceled = true;
}

static inline void fake_answer_now(fake *f) {
    fake_answer a = {.rc = MR_CANCELED};
    mr_error err = {.text = "the peer did not answer"};
    bool owned = f->serve != NULL;
    if (f->canceled) {
        owned = false;
    } else if (f->break_exchange && f->n_sent == f->break_exchange) {
        a.rc = MR_IO;
        owned = false;
    } else if (f->serve) {
        if (!f->serve(f, f->request, &a)) fail_msg("the server has no answer for %s", f->request);
    } else {
        if (f->at_script == f->n_script) fail_msg("not expected: %s\nlog:\n%s", f->request, f->log);
        a = f->script[f->at_script++];
        if (strcmp(a.request, f->request) != 0) fail_msg("expected: %s\n     got: %s", a.request, f->request);
    }
    size_t len = a.body ? strlen(a.body) : 0;
    mr_http_resp resp = {.status = a.status, .retry_after_ms = -1, .body = calloc(1, len + 64), .len = len};
    if (len) memcpy(resp.body, a.body, len);
    if (owned) free(a.body);
    f->sent = false;
    f->done(f->done_arg, a.rc, a.rc == MR_OK ? &resp : NULL, a.rc == MR_OK ? NULL : &err);
    free(resp.body);
}

/* --- the store --------------------------------------------------------------------------------------------------- */

static inline mr_rc fake_broken(mr_error *err) {
    fake *f = fake_now;
    f->n_store_ops++;
    if (f->break_store && f->n_store_ops == f->break_store) return mr_fail(err, MR_IO, "the disk is full");
    return MR_OK;
}

static inline void fake_tell_rows(fake *f, const mr_intake *v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (v[i].key.patient[0])
            FAKE_TELL(f, " %s", v[i].key.patient);
        else
            FAKE_TELL(f, " hint:%s/%s", v[i].type, v[i].id);
        if (v[i].quiet_ms) FAKE_TELL(f, "+%lld", (long long)v[i].quiet_ms);
    }
    FAKE_TELL(f, "\n");
}

static inline mr_rc fake_record(mr_store *s, const mr_intake *v, size_t n, int64_t now_ms, mr_error *err) {
    fake *f = fake_now;
    (void)s;
    (void)now_ms;
    mr_rc rc = fake_broken(err);
    if (rc != MR_OK) return rc;
    FAKE_TELL(f, "record");
    fake_tell_rows(f, v, n);
    return MR_OK;
}

static inline void fake_hint_add(fake *f, const char *type, const char *id) {
    fake_hint *h = &f->hints[f->n_hints++];
    *h = (fake_hint){.hint = {.number = ++f->hint_number, .attempt = 1}};
    (void)snprintf(h->hint.source, sizeof h->hint.source, "%s", f->settings.id);
    (void)snprintf(h->hint.type, sizeof h->hint.type, "%s", type);
    (void)snprintf(h->hint.id, sizeof h->hint.id, "%s", id);
    f->engine.hint_at_ms = f->now; /* as admit.c does */
}

static inline mr_rc fake_hints(mr_store *s, int64_t now_ms, mr_hint *ret, size_t most, size_t *ret_n, mr_error *err) {
    fake *f = fake_now;
    (void)s;
    mr_rc rc = f->n_hints ? fake_broken(err) : MR_OK; /* looks at nothing are not counted */
    if (rc != MR_OK) return rc;
    size_t n = 0;
    for (size_t i = 0; i < f->n_hints && n < most; i++)
        if (f->hints[i].retry_at_ms <= now_ms) ret[n++] = f->hints[i].hint;
    *ret_n = n;
    return MR_OK;
}

static inline fake_hint *fake_hint_find(fake *f, uint64_t number) {
    for (size_t i = 0; i < f->n_hints; i++)
        if (f->hints[i].hint.number == number) return &f->hints[i];
    return NULL;
}

static inline mr_rc fake_hint_done(mr_store *s, const mr_hint *h, const mr_intake *v, size_t n, int64_t now_ms,
                                   mr_error *err) {
    fake *f = fake_now;
    (void)s;
    (void)now_ms;
    mr_rc rc = fake_broken(err);
    if (rc != MR_OK) return rc;
    FAKE_TELL(f, "done %s/%s:", h->type, h->id);
    fake_tell_rows(f, v, n);
    fake_hint *found = fake_hint_find(f, h->number);
    if (found) *found = f->hints[--f->n_hints];
    return MR_OK;
}

static inline mr_rc fake_hint_later(mr_store *s, const mr_hint *h, int64_t retry_at_ms, mr_error *err) {
    fake *f = fake_now;
    (void)s;
    mr_rc rc = fake_broken(err);
    if (rc != MR_OK) return rc;
    fake_hint *found = fake_hint_find(f, h->number);
    assert_non_null(found);
    assert_true(retry_at_ms > f->now);
    found->hint.attempt++;
    found->retry_at_ms = retry_at_ms;
    return MR_OK;
}

static inline mr_rc fake_patient_of(mr_store *s, const char *source_id, const char *reference, char *ret_patient,
                                    mr_error *err) {
    fake *f = fake_now;
    (void)s;
    (void)source_id;
    mr_rc rc = fake_broken(err);
    if (rc != MR_OK) return rc;
    ret_patient[0] = 0;
    for (size_t i = 0; i < f->n_index; i++)
        if (strcmp(f->index[i].reference, reference) == 0)
            (void)snprintf(ret_patient, MR_MAX_ID_BYTES + 1, "%s", f->index[i].patient);
    return MR_OK;
}

static inline mr_rc fake_is_ours(mr_store *s, const mr_written *v, bool *ret, mr_error *err) {
    fake *f = fake_now;
    (void)s;
    mr_rc rc = fake_broken(err);
    if (rc != MR_OK) return rc;
    *ret = false;
    for (size_t i = 0; i < f->n_ours; i++)
        if (memcmp(f->ours[i].type, v->type, strlen(v->type) + 1) == 0 && strcmp(f->ours[i].id, v->id) == 0 &&
            strcmp(f->ours[i].version, v->version) == 0)
            *ret = true;
    return MR_OK;
}

static inline void fake_wrote(fake *f, const char *type, const char *id, const char *version) {
    mr_written *v = &f->ours[f->n_ours++];
    (void)snprintf(v->type, sizeof v->type, "%s", type);
    (void)snprintf(v->id, sizeof v->id, "%s", id);
    (void)snprintf(v->version, sizeof v->version, "%s", version);
}

static inline mr_rc fake_watermark(mr_store *s, const char *source_id, const char *type, char ret[40], mr_error *err) {
    fake *f = fake_now;
    (void)s;
    (void)source_id;
    mr_rc rc = fake_broken(err);
    if (rc != MR_OK) return rc;
    ret[0] = 0;
    for (size_t i = 0; i < f->n_marks; i++)
        if (strcmp(f->marks[i].type, type) == 0) (void)snprintf(ret, 40, "%s", f->marks[i].instant);
    return MR_OK;
}

static inline void fake_mark(fake *f, const char *type, const char *instant) {
    size_t i = 0;
    while (i < f->n_marks && strcmp(f->marks[i].type, type) != 0) i++;
    if (i == f->n_marks) f->n_marks++;
    (void)snprintf(f->marks[i].type, sizeof f->marks[i].type, "%s", type);
    (void)snprintf(f->marks[i].instant, sizeof f->marks[i].instant, "%s", instant);
}

static inline mr_rc fake_set_watermark(mr_store *s, const char *source_id, const char *type, const char *instant,
                                       mr_error *err) {
    fake *f = fake_now;
    (void)s;
    (void)source_id;
    mr_rc rc = fake_broken(err);
    if (rc != MR_OK) return rc;
    FAKE_TELL(f, "watermark %s %s\n", type, instant);
    fake_mark(f, type, instant);
    return MR_OK;
}

/* --- life -------------------------------------------------------------------------------------------------------- */

/* Types NULL-ended. Everything else may be changed before fake_start. */
static inline void fake_init(fake *f, const char *const *types) {
    static const mr_transport_ops transport_ops = {.submit = fake_submit, .cancel = fake_cancel};
    static const mr_store_ops store_ops = {.record = fake_record,
                                           .hints = fake_hints,
                                           .hint_done = fake_hint_done,
                                           .hint_later = fake_hint_later,
                                           .patient_of = fake_patient_of,
                                           .is_ours = fake_is_ours,
                                           .watermark = fake_watermark,
                                           .set_watermark = fake_set_watermark};
    fake_now = f;
    memset(f, 0, sizeof *f);
    f->now = fake_ms("2026-11-21T09:00:00Z");
    f->clock.now_ms = fake_clock;
    f->transport.ops = &transport_ops;
    f->store.ops = &store_ops;
    f->sink = (mr_log_sink){MR_L_INFO, fake_log};
    f->settings =
        (mr_source_settings){.id = "gp", .types = types, .manage_subscription = true, .poll_interval_ms = 900000};
    f->settings.server =
        (mr_fhir_server){.base = FAKE_BASE, .user_agent = "medreview/test", .timeout_ms = 30000, .max_body = 1 << 20};
    mr_engine *e = &f->engine;
    e->set = (mr_engine_settings){.sources = &f->settings, .n_sources = 1, .quiet_ms = 2000, .max_ms = 30000};
    e->set.write = true;
    e->set.review.site = (mr_site){.id = MR_SPAN("site"),
                                   .base_uri = MR_SPAN("https://medreview.example.org"),
                                   .software = MR_SPAN("1"),
                                   .knowledge = MR_SPAN("2026.11")};
    e->port = (mr_engine_ports){.store = &f->store, .transport = &f->transport, .clock = &f->clock, .log = &f->sink};
    e->port.metrics = mr_metrics_new();
    e->sources = &f->source;
    e->started = true;
    mr_rand_seed(&e->chance, 7);
    f->source = (source){.engine = e, .set = &f->settings};
    f->source.client = (mr_fhir_client){&f->transport, &f->settings.server, &f->clock, e->port.metrics, &e->chance};
}

static inline void fake_start(fake *f) {
    f->source.subscriptions = subscriptions_new(&f->source);
    f->source.catchup = catchup_new(&f->source);
    assert_non_null(f->source.subscriptions);
    assert_non_null(f->source.catchup);
}

/* Past capabilities and Device, for tests of what comes after. */
static inline void fake_start_usable(fake *f) {
    fake_start(f);
    f->source.stage = UPKEEP_IDLE;
    f->source.usable = true;
}

static inline void fake_end(fake *f) {
    assert_int_equal(f->n_calls, 0);
    assert_int_equal(f->engine.upkeep_ops, 0);
    subscriptions_free(f->source.subscriptions);
    catchup_free(f->source.catchup);
    hints_free(&f->engine);
    mr_metrics_free(f->engine.port.metrics);
    for (size_t i = 0; i < f->n_script; i++) free(f->script[i].body);
}

static inline void fake_store_call(fake *f) {
    fake_call c = f->calls[0];
    memmove(f->calls, f->calls + 1, --f->n_calls * sizeof *f->calls);
    c.work(c.arg);
    f->engine.store_ops--;
    c.done(c.arg);
}

static inline void fake_tick(fake *f) {
    mr_engine *e = &f->engine;
    upkeep_tick(&f->source, f->now);
    if (!e->hint_open && f->now >= e->hint_at_ms) hints_tick(e, f->now);
}

static inline int64_t fake_next(const fake *f) {
    int64_t at = upkeep_next(&f->source);
    if (f->engine.stopping) return INT64_MAX;
    return !f->engine.hint_open && f->engine.hint_at_ms < at ? f->engine.hint_at_ms : at;
}

/* One thing that is under way comes home, or, when there is none, time goes on to the next thing due. false: nothing
 * is due before until_ms. */
static inline bool fake_step(fake *f, int64_t until_ms) {
    if (f->n_calls) {
        fake_store_call(f);
    } else if (f->sent) {
        fake_answer_now(f);
    } else {
        int64_t at = fake_next(f);
        if (at > until_ms) return false;
        if (at > f->now) f->now = at;
    }
    if (!f->engine.stopping) fake_tick(f);
    return true;
}

static inline void pass(fake *f, int64_t ms) {
    int64_t until = f->now + ms;
    int64_t at = f->now;
    size_t spins = 0;
    while (fake_step(f, until)) {
        spins = f->now == at ? spins + 1 : 0;
        at = f->now;
        if (spins > FAKE_SPINS) fail_msg("it spins at %s\n%s", f->request, f->log);
    }
    f->now = until;
}

#endif
