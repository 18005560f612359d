/* Notifications: prove the sender, read what changed, and answer 204 only when it is durable (fhir.md 4.2). */
#include "service_parts.h"

#include "medreview/net/sigcheck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const mr_config_source *source_of(const mr_service *s, const char *id) {
    for (size_t i = 0; i < s->config->n_sources; i++)
        if (strcmp(s->config->sources[i].id, id) == 0) return &s->config->sources[i];
    return NULL;
}

/* /notify[/{source}][/{Type}/{id}]: source ids begin with a lower-case letter, types do not. */
static bool split_path(mr_span path, char source[40], mr_span *ret_tail) {
    mr_span rest = mr_span_from(path, strlen("/notify")), segment, after;
    (void)snprintf(source, 40, "default");
    *ret_tail = rest;
    if (rest.len < 2) {
        *ret_tail = MR_SPAN("");
        return true;
    }
    mr_span_split(mr_span_from(rest, 1), '/', &segment, &after);
    if (segment.ptr[0] < 'a' || segment.ptr[0] > 'z') return true;
    if (segment.len >= 40) return false;
    memcpy(source, segment.ptr, segment.len);
    source[segment.len] = 0;
    *ret_tail = mr_span_from(rest, segment.len + 1);
    if (mr_span_is(*ret_tail, "/")) *ret_tail = MR_SPAN("");
    return true;
}

static bool sender_ok(const mr_config_source *source, const mr_request *req) {
    mr_span bearer = mr_span_of(source->value[MR_K_NOTIFY_BEARER].text),
            secret = mr_span_of(source->value[MR_K_NOTIFY_HMAC_SECRET].text);
    if (bearer.len == 0 && secret.len == 0) return true; /* loopback only: checked at start */
    if (bearer.len && mr_bearer_ok(mr_request_header(req, "Authorization"), bearer)) return true;
    return secret.len && mr_hmac_ok(mr_request_header(req, "X-Signature"), secret, req->body);
}

typedef struct waiting {
    mr_service *service;
    mr_reply_id to;
} waiting;

static void acked(void *arg, mr_rc rc, const mr_error *err) {
    waiting *w = arg;
    (void)err; /* the engine logs it; the sender only needs to come again */
    if (rc == MR_OK)
        mr_http_reply(w->service->http, w->to, 204, NULL, NULL, MR_SPAN_NONE);
    else
        reply_problem(w->service, w->to, 503, "not stored", "the notification could not be stored; send it again");
    free(w);
}

static void refuse_unread(const call *c, mr_rc rc, const mr_error *err) {
    mr_metrics_add(c->service->metrics, MR_C_EVENTS_REFUSED, 1);
    if (rc == MR_REFUSED)
        reply_problem(c->service, c->to, 415, "not FHIR JSON", err->text);
    else if (rc == MR_LIMIT)
        reply_problem(c->service, c->to, 413, "too large", err->text);
    else if (rc == MR_NOMEM)
        reply_problem(c->service, c->to, 503, "not stored", "out of memory; send it again");
    else
        reply_problem(c->service, c->to, 400, "not understood", err->text);
}

static void record(const call *c, const char *source, const mr_notices *notices) {
    mr_error err;
    waiting *w = malloc(sizeof *w);
    if (!w) {
        reply_problem(c->service, c->to, 503, "not stored", "out of memory; send it again");
        return;
    }
    *w = (waiting){c->service, c->to};
    mr_rc rc = mr_engine_notice(c->service->engine, source, notices->v, notices->n, acked, w, &err);
    if (rc == MR_OK) return;
    free(w);
    mr_metrics_add(c->service->metrics, MR_C_EVENTS_DEFERRED, 1);
    reply_problem(c->service, c->to, 503, "not stored", err.text);
}

void handle_notify(const call *c) {
    mr_service *s = c->service;
    const mr_request *req = c->req;
    mr_span tail;
    char id[40];
    const mr_config_source *source = split_path(req->path, id, &tail) ? source_of(s, id) : NULL;
    if (!source) {
        reply_problem(
            s, c->to, 404, "unknown source",
            "the path is /notify[/{source}][/{Type}/{id}]; check the Subscription's endpoint against sources[]");
        return;
    }
    if (!mr_span_is(req->method, "POST") && !mr_span_is(req->method, "PUT") && !mr_span_is(req->method, "DELETE")) {
        reply_not_allowed(c, "Allow: POST, PUT, DELETE");
        return;
    }
    if (!sender_ok(source, req)) {
        mr_metrics_add(s->metrics, MR_C_EVENTS_UNAUTHENTICATED, 1);
        MR_LOG(s->log, MR_L_WARN, "notify.unauthenticated", mr_v_word("source", source->id));
        reply_problem(s, c->to, 401, "not authenticated",
                      "send what the Subscription's channel.header says: notify.bearer, or X-Signature by "
                      "notify.hmac_secret");
        return;
    }
    mr_arena *a = mr_arena_new(64 << 20);
    mr_error err;
    mr_notices notices;
    if (!a) {
        reply_problem(s, c->to, 503, "not stored", "out of memory; send it again");
        return;
    }
    mr_notice_request in = {.method = req->method,
                            .tail = tail,
                            .content_type = mr_request_header(req, "Content-Type"),
                            .body = req->body,
                            .deleted_resource = mr_request_header(req, "X-Medplum-Deleted-Resource")};
    mr_rc rc = mr_fhir_notice_read(&in, a, &notices, &err);
    if (rc != MR_OK)
        refuse_unread(c, rc, &err);
    else if (notices.handshake || notices.n == 0)
        mr_http_reply(s->http, c->to, 204, NULL, NULL, MR_SPAN_NONE);
    else
        record(c, source->id, &notices);
    mr_arena_free(a);
}
