/* The sandbox behind net's listener, and its rest-hooks through a transport.
 *
 * Happy path: a request comes -> the sandbox answers -> what it queued is submitted -> the endpoint says 2xx.
 * Ways to fail:
 *   - not below /fhir: 404
 *   - the endpoint is away or does not say 2xx: again after 1 s, 1.1 s, ... until 60 s have passed, then given up
 *   - the endpoint's URL is none that the transport speaks: given up at once
 *   - too many deliveries under way: the others stay in the sandbox's bounded queue
 *   - stop: what is under way is cancelled, and the server ends when the last completion has come in */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "medreview/base/limits.h"
#include "medreview/net/http_server.h"
#include "medreview/net/net.h"
#include "medreview/sandbox/server.h"

enum { MAX_BUSY = 16, FIRST_RETRY_MS = 1000, GIVE_UP_MS = 60000, TIMEOUT_MS = 10000, DRAIN_MS = 2000 };
enum { MAX_HEADERS = 8 }; /* of an mr_delivery */

typedef struct attempt {
    mr_sandbox_server *server;
    mr_delivery what;
    int64_t since_ms, wait_ms;
    uint64_t submitted; /* the transport's id; 0: waiting for the timer */
    mr_timer *timer;    /* made at the first retry */
    struct attempt *next;
} attempt;

struct mr_sandbox_server {
    struct uv_loop_s *loop;
    mr_sandbox *sandbox;
    mr_transport *transport;
    mr_clock *clock;
    mr_http_server *http;
    char base[128];
    attempt *busy;
    size_t n_busy, given_up;
    bool stopping, drained;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* --- deliveries --- */

static void end_if_stopped(mr_sandbox_server *server) {
    if (!server->stopping || !server->drained || server->n_busy > 0) return;
    void (*stopped)(void *) = server->stopped;
    void *arg = server->stopped_arg;
    mr_http_server_free(server->http);
    free(server);
    if (stopped != NULL) stopped(arg);
}

static void forget(attempt *a) {
    attempt **at = &a->server->busy;
    while (*at != a) at = &(*at)->next;
    *at = a->next;
    a->server->n_busy--;
    mr_buf_free(&a->what.body);
    mr_timer_free(a->timer);
    free(a);
}

static bool submit(attempt *a);

static void retry(void *arg) {
    attempt *a = arg;
    mr_sandbox_server *server = a->server;
    if (submit(a)) return;
    server->given_up++;
    forget(a);
    mr_sandbox_server_deliver(server);
}

/* Plans the next attempt; false when time is up. */
static bool try_later(attempt *a) {
    int64_t now_ms = a->server->clock->now_ms(a->server->clock);
    if (now_ms + a->wait_ms - a->since_ms > GIVE_UP_MS) return false;
    if (a->timer == NULL) a->timer = mr_timer_new(a->server->loop, retry, a);
    if (a->timer == NULL) return false;
    mr_timer_set(a->timer, a->wait_ms);
    a->wait_ms += a->wait_ms / 10;
    return true;
}

static void delivered(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    (void)err;
    attempt *a = arg;
    mr_sandbox_server *server = a->server;
    a->submitted = 0;
    /* HAPI does not look at the answer to an empty POST. */
    bool done = rc == MR_OK && (strcmp(a->what.method, "POST") == 0 || (resp->status >= 200 && resp->status < 300));
    if (!done && !server->stopping && try_later(a)) return;
    if (!done && !server->stopping) server->given_up++;
    forget(a);
    if (server->stopping)
        end_if_stopped(server);
    else
        mr_sandbox_server_deliver(server);
}

static bool submit(attempt *a) {
    const char *headers[MAX_HEADERS + 1] = {0};
    for (size_t i = 0, n = 0; i < MAX_HEADERS; i++)
        if (a->what.headers[i][0] != '\0') headers[n++] = a->what.headers[i];
    mr_span body = mr_buf_span(&a->what.body);
    if (body.len == 0 && strcmp(a->what.method, "POST") == 0) body = MR_SPAN(""); /* sent, and empty */
    mr_http_req req = {a->what.method, a->what.url, headers, body, TIMEOUT_MS, 64 << 10};
    return a->server->transport->ops->submit(a->server->transport, &req, delivered, a, &a->submitted, NULL) == MR_OK;
}

void mr_sandbox_server_deliver(mr_sandbox_server *server) {
    mr_delivery next;
    while (!server->stopping && server->n_busy < MAX_BUSY && mr_sandbox_next_delivery(server->sandbox, &next)) {
        attempt *a = calloc(1, sizeof *a);
        MR_REQUIRE(a != NULL);
        a->server = server;
        a->what = next;
        a->since_ms = server->clock->now_ms(server->clock);
        a->wait_ms = FIRST_RETRY_MS;
        a->next = server->busy;
        server->busy = a;
        server->n_busy++;
        if (submit(a)) continue;
        server->given_up++;
        forget(a);
    }
}

size_t mr_sandbox_server_busy(const mr_sandbox_server *server) {
    return server->n_busy;
}
size_t mr_sandbox_server_given_up(const mr_sandbox_server *server) {
    return server->given_up;
}

/* --- requests --- */

static size_t body_limit(void *app, mr_span method, mr_span path) {
    (void)app;
    (void)path;
    bool writes = mr_span_is(method, "POST") || mr_span_is(method, "PUT") || mr_span_is(method, "PATCH");
    return writes ? MR_MAX_BODY_BYTES : 0;
}

/* An absent header and a sent one must differ; header values of the listener are never NULL when sent. */
static mr_sandbox_request request_of(const mr_request *in, const char *method, mr_span path) {
    return (mr_sandbox_request){.method = method,
                                .path = path,
                                .query = in->query,
                                .if_match = mr_request_header(in, "If-Match"),
                                .if_none_exist = mr_request_header(in, "If-None-Exist"),
                                .if_none_match = mr_request_header(in, "If-None-Match"),
                                .content_type = mr_request_header(in, "Content-Type"),
                                .prefer = mr_request_header(in, "Prefer"),
                                .body = in->body};
}

static void reply(mr_sandbox_server *server, mr_reply_id to, mr_sandbox_answer *a, bool created_by_post) {
    char etag[96], location[720], modified[64];
    const char *headers[4] = {0};
    size_t n = 0;
    snprintf(etag, sizeof etag, "ETag: %s", a->etag);
    snprintf(location, sizeof location, "%s: %s", a->status == 201 || created_by_post ? "Location" : "Content-Location",
             a->location);
    snprintf(modified, sizeof modified, "Last-Modified: %s", a->last_modified);
    if (a->etag[0] != '\0') headers[n++] = etag;
    if (a->location[0] != '\0') headers[n++] = location;
    if (a->last_modified[0] != '\0') headers[n++] = modified;
    mr_span body = mr_buf_span(&a->body);
    mr_http_reply(server->http, to, a->status, body.len == 0 ? NULL : "application/fhir+json;charset=UTF-8", headers,
                  body);
}

static void route(void *app, const mr_request *in, mr_reply_id reply_to) {
    static const char elsewhere[] =
        "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\",\"code\":\"not-found\","
        "\"diagnostics\":\"this sandbox answers below /fhir, for example GET /fhir/metadata\"}]}";
    mr_sandbox_server *server = app;
    mr_span path = mr_span_from(in->path, strlen("/fhir"));
    bool below = mr_span_starts(in->path, "/fhir") && (path.len == 0 || path.ptr[0] == '/');
    if (!below) {
        mr_http_reply(server->http, reply_to, 404, "application/fhir+json;charset=UTF-8", NULL, mr_span_of(elsewhere));
        return;
    }
    char method[16];
    snprintf(method, sizeof method, "%.*s", MR_SPAN_ARG(in->method));
    mr_sandbox_request req = request_of(in, method, path);
    mr_sandbox_answer answer;
    mr_sandbox_handle(server->sandbox, &req, server->clock->now_ms(server->clock), &answer);
    reply(server, reply_to, &answer, mr_span_is(in->method, "POST"));
    mr_buf_free(&answer.body);
    mr_sandbox_server_deliver(server);
}

/* --- life --- */

mr_rc mr_sandbox_server_start(struct uv_loop_s *loop, mr_sandbox *sandbox, const char *listen, mr_transport *transport,
                              mr_clock *clock, mr_sandbox_server **ret, mr_error *err) {
    mr_sandbox_server *server = calloc(1, sizeof *server);
    if (server == NULL) return mr_fail(err, MR_NOMEM, "no memory for the sandbox server");
    *server = (mr_sandbox_server){.loop = loop, .sandbox = sandbox, .transport = transport, .clock = clock};
    mr_http_settings settings = {.listen = listen, .route = route, .body_limit = body_limit, .app = server};
    mr_rc rc = mr_http_server_start(loop, &settings, &server->http, err);
    if (rc != MR_OK) {
        free(server);
        return rc;
    }
    snprintf(server->base, sizeof server->base, "http://%s/fhir", mr_http_server_address(server->http));
    MR_REQUIRE(mr_sandbox_set_base(sandbox, server->base)); /* an address is shorter than any base may be */
    *ret = server;
    return MR_OK;
}

const char *mr_sandbox_server_address(const mr_sandbox_server *server) {
    return mr_http_server_address(server->http);
}
const char *mr_sandbox_server_base(const mr_sandbox_server *server) {
    return server->base;
}

static void drained(void *arg) {
    mr_sandbox_server *server = arg;
    server->drained = true;
    end_if_stopped(server);
}

void mr_sandbox_server_stop(mr_sandbox_server *server, void (*stopped)(void *arg), void *arg) {
    MR_REQUIRE(!server->stopping);
    server->stopping = true;
    server->stopped = stopped;
    server->stopped_arg = arg;
    for (attempt *a = server->busy, *next; a != NULL; a = next) {
        next = a->next;
        if (a->submitted != 0)
            server->transport->ops->cancel(server->transport, a->submitted); /* its completion comes later */
        else
            forget(a);
    }
    mr_http_server_drain(server->http, DRAIN_MS, drained, server);
}
