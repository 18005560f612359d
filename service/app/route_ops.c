/* Alive, ready, measured; and the pages, which are files linked into the binary. */
#include "service_parts.h"

#include "medreview/base/embedded.h"

#include <stdlib.h>
#include <string.h>

#ifndef MEDREVIEW_VERSION
#define MEDREVIEW_VERSION "0"
#endif

void handle_healthz(const call *c) {
    mr_buf body;
    mr_jw w;
    mr_buf_init(&body, 1024);
    mr_jw_begin(&w, &body);
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "status", "ok");
    mr_jw_z(&w, "version", MEDREVIEW_VERSION);
    mr_jw_end(&w);
    reply_json(c->service, c->to, 200, &body);
    mr_buf_free(&body);
}

enum { MOST_REASONS = 40, PROBE_EVERY_MS = 5000 };

/* A store that can be read may still keep nothing: a full disk, a file that was removed. Whoever asks, the disk is
 * written to once in a while only. */
static mr_rc writable(mr_service *s, int64_t now_ms, mr_error *err) {
    if (now_ms < s->probe.next_ms) return s->probe.rc;
    mr_rc before = s->probe.rc;
    s->probe.rc = s->store->ops->probe(s->store, now_ms, err);
    s->probe.next_ms = now_ms + PROBE_EVERY_MS;
    if (s->probe.rc != MR_OK && before == MR_OK)
        MR_LOG(s->log, MR_L_ERROR, "store.unwritable", mr_v_operator_text("reason", err->text));
    if (s->probe.rc == MR_OK && before != MR_OK) MR_LOG(s->log, MR_L_INFO, "store.writable", mr_v_int("ms", now_ms));
    return s->probe.rc;
}

static void ready_work(store_answer *a) {
    mr_service *s = a->service;
    mr_depth depth;
    mr_clock *clock = mr_clock_real();
    int64_t now = clock->now_ms(clock);
    a->status = s->store->ops->depth(s->store, now, &depth, &a->err) == MR_OK ? 200 : 500;
    if (a->status == 200) a->status = writable(s, now, &a->err) == MR_OK ? 200 : 507;
}

/* Members only while there is something to say. */
static void ready_rereviews(mr_jw *w, const mr_service *s) {
    mr_rereviews left = s->engine ? mr_engine_rereviews(s->engine) : (mr_rereviews){0};
    if (!left.unchecked && !left.changed) return;
    mr_jw_object(w, "rereview");
    mr_jw_int(w, "unchecked", (int64_t)left.unchecked);
    mr_jw_int(w, "waiting", (int64_t)left.changed);
    mr_jw_end(w);
}

static void ready_done(void *arg) {
    store_answer *a = arg;
    mr_service *s = a->service;
    mr_unready reasons[MOST_REASONS];
    size_t n = s->engine ? mr_engine_unready(s->engine, reasons, MOST_REASONS) : 0;
    bool store_ok = a->status == 200, ready = n == 0 && store_ok && !s->stopping;
    mr_jw w;
    mr_jw_begin(&w, &a->body);
    mr_jw_object(&w, NULL);
    mr_jw_bool(&w, "ready", ready);
    mr_jw_array(&w, "reasons");
    if (!store_ok)
        mr_jw_z(&w, NULL,
                a->status == 507 ? "the store cannot be written to, so notices are refused; the log says why"
                                 : "the store is away");
    for (size_t i = 0; i < n; i++) mr_jw_z(&w, NULL, reasons[i].text);
    mr_jw_end(&w);
    mr_jw_z(&w, "writeMode", mr_config_text(s->config, MR_K_WRITE_MODE));
    const mr_review_knowledge *k = mr_basis_knowledge(s->basis);
    mr_jw_string(&w, "knowledge", k->rules->version);
    mr_jw_z(&w, "terminology", mr_terminology_version(k->terminology));
    if (s->reload.failed[0]) mr_jw_z(&w, "updateFailed", s->reload.failed);
    ready_rereviews(&w, s);
    if (s->pinned != MR_DAY_MIN) mr_jw_z(&w, "clockPinnedTo", mr_config_text(s->config, MR_K_CLOCK_AS_OF));
    mr_jw_end(&w);
    reply_json(s, a->to, ready ? 200 : 503, &a->body);
    mr_buf_free(&a->body);
    free(a);
}

static void ready_store(void *arg) {
    ready_work(arg);
}

void handle_readyz(const call *c) {
    mr_service *s = c->service;
    store_answer *a = calloc(1, sizeof *a);
    if (a) {
        *a = (store_answer){.service = s, .to = c->to};
        mr_buf_init(&a->body, 65536);
        if (s->store_worker->ops->submit(s->store_worker, ready_store, ready_done, a) == MR_OK) return;
    }
    free(a);
    reply_problem(s, c->to, 503, "the service is stopping", "ask again in half a minute");
}

static void metric(mr_buf *out, const char *name, const char *type, const char *help) {
    mr_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* What the list of metrics cannot hold: names of releases as labels, and counts of the update. */
static void basis_metrics(const mr_service *s, mr_buf *out) {
    const mr_review_knowledge *k = mr_basis_knowledge(s->basis);
    mr_rereviews left = s->engine ? mr_engine_rereviews(s->engine) : (mr_rereviews){0};
    metric(out, "medreview_terminology_info", "gauge", "1, with the releases that reviews begin on");
    mr_buf_printf(out, "medreview_terminology_info{release=\"%s\",knowledge=\"%.*s\"} 1\n",
                  mr_terminology_version(k->terminology), MR_SPAN_ARG(k->rules->version));
    metric(out, "medreview_terminology_updates_total", "counter", "Updates of terminology and knowledge while running");
    mr_buf_printf(out, "medreview_terminology_updates_total{result=\"taken\"} %llu\n",
                  (unsigned long long)s->reload.n_taken);
    mr_buf_printf(out, "medreview_terminology_updates_total{result=\"failed\"} %llu\n",
                  (unsigned long long)s->reload.n_failed);
    metric(out, "medreview_terminology_update_failed", "gauge", "1 while the last update was not taken");
    mr_buf_printf(out, "medreview_terminology_update_failed %d\n", s->reload.failed[0] != 0);
    metric(out, "medreview_rereview_patients", "gauge", "Patients to be looked at again after an update");
    mr_buf_printf(out, "medreview_rereview_patients{state=\"unchecked\"} %llu\n", (unsigned long long)left.unchecked);
    mr_buf_printf(out, "medreview_rereview_patients{state=\"waiting\"} %llu\n", (unsigned long long)left.changed);
}

void handle_metrics(const call *c) {
    mr_buf body;
    static const char *const headers[] = {"Cache-Control: no-store", NULL};
    mr_buf_init(&body, 1 << 20);
    mr_metrics_render(c->service->metrics, &body);
    basis_metrics(c->service, &body);
    mr_http_reply(c->service->http, c->to, 200, "text/plain; version=0.0.4; charset=utf-8", headers,
                  mr_buf_span(&body));
    mr_buf_free(&body);
}

static const mr_embedded *page_named(const char *name) {
    for (const mr_embedded *e = mr_embedded_app; e->name; e++)
        if (strcmp(e->name, name) == 0) return e;
    return NULL;
}

void handle_page(const call *c) {
    static const char *const headers[] = {
        "Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        NULL};
    const mr_embedded *page = page_named(mr_span_is(c->req->path, "/") ? "worklist.html" : "patient.html");
    MR_REQUIRE(page != NULL);
    mr_http_reply(c->service->http, c->to, 200, "text/html; charset=utf-8", headers, mr_embedded_bytes(page));
}
