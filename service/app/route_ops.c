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

enum { MOST_REASONS = 40 };

static void ready_work(store_answer *a) {
    mr_depth depth;
    mr_clock *clock = mr_clock_real();
    a->status =
        a->service->store->ops->depth(a->service->store, clock->now_ms(clock), &depth, &a->err) == MR_OK ? 200 : 500;
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
    if (!store_ok) mr_jw_z(&w, NULL, "the store is away");
    for (size_t i = 0; i < n; i++) mr_jw_z(&w, NULL, reasons[i].text);
    mr_jw_end(&w);
    mr_jw_z(&w, "writeMode", mr_config_text(s->config, MR_K_WRITE_MODE));
    mr_jw_string(&w, "knowledge", mr_knowledge_rules(s->knowledge)->version);
    mr_jw_z(&w, "terminology", mr_terminology_version(s->terminology));
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

void handle_metrics(const call *c) {
    mr_buf body;
    static const char *const headers[] = {"Cache-Control: no-store", NULL};
    mr_buf_init(&body, 1 << 20);
    mr_metrics_render(c->service->metrics, &body);
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
