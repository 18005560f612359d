/* The transport against the listener: two independent readings of HTTP, on one loop. */
#include "loopback.h"
#include "medreview/net/http_server.h"
#include "medreview/net/net.h"

#include <stdio.h>

enum { N = 64, LARGE = 3 << 20 };

typedef struct world {
    rig rig;
    mr_http_server *server;
    mr_transport *t;
    mr_reply_id late[N];
    size_t n_late, n_done, n_wrong;
    bool drained;
} world;

typedef struct call {
    world *w;
    size_t number;
} call;

/* /echo answers at once, /late when the world says so; both with the body that came. */
static void route(void *arg, const mr_request *req, mr_reply_id id) {
    world *w = arg;
    if (mr_span_is(req->path, "/late"))
        w->late[w->n_late++] = id;
    else
        mr_http_reply(w->server, id, 200, "application/octet-stream", NULL, req->body);
}

static size_t body_limit(void *arg, mr_span method, mr_span path) {
    (void)arg;
    (void)path;
    return mr_span_is(method, "POST") ? LARGE : 0;
}

/* Content that tells its number, and whose length differs from all others. */
static void fill(mr_buf *b, size_t number) {
    mr_buf_init(b, LARGE);
    for (size_t i = 0; i <= number * 997; i++) mr_buf_addc(b, (char)(number * 31 + i));
}

static void on_done(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    (void)err;
    call *c = arg;
    mr_buf wanted;
    fill(&wanted, c->number);
    if (rc != MR_OK || resp->status != 200 || !mr_span_eq((mr_span){resp->body, resp->len}, mr_buf_span(&wanted)))
        c->w->n_wrong++;
    mr_buf_free(&wanted);
    c->w->n_done++;
}

static void on_late(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    (void)err;
    call *c = arg;
    if (rc != MR_OK || resp->len != 4) c->w->n_wrong++;
    c->w->n_done++;
}

static void ask(world *w, call *c, const char *path, mr_span body, mr_http_done done) {
    char url[128];
    uint64_t id;
    mr_error err;
    (void)snprintf(url, sizeof url, "http://%s%s", mr_http_server_address(w->server), path);
    mr_http_req req = {
        .method = body.ptr ? "POST" : "GET", .url = url, .body = body, .timeout_ms = 30000, .max_body = LARGE};
    assert_int_equal(w->t->ops->submit(w->t, &req, done, c, &id, &err), MR_OK);
}

static void world_open(world *w) {
    *w = (world){0};
    rig_open(&w->rig);
    mr_error err;
    const mr_http_settings hs = {.listen = "127.0.0.1:0", .route = route, .body_limit = body_limit, .app = w};
    const mr_curl_settings cs = {.allow_http = true, .max_connections_per_host = 8};
    assert_int_equal(mr_http_server_start(&w->rig.loop, &hs, &w->server, &err), MR_OK);
    assert_int_equal(mr_transport_curl_new(&w->rig.loop, &cs, &w->t, &err), MR_OK);
}

static void on_drained(void *arg) {
    world *w = arg;
    w->drained = true;
    mr_http_server_free(w->server);
}

static void world_close(world *w) {
    mr_http_server_drain(w->server, 30000, on_drained, w);
    RIG_UNTIL(&w->rig, w->drained);
    mr_transport_curl_free(w->t);
    rig_close(&w->rig);
}

static void test_bodies_pass_both_ways(void **state) {
    (void)state;
    world w;
    world_open(&w);
    call c[N];
    for (size_t i = 0; i < N; i++) {
        mr_buf body;
        fill(&body, i);
        c[i] = (call){&w, i};
        ask(&w, &c[i], "/echo", mr_buf_span(&body), on_done);
        mr_buf_free(&body); /* copied by submit */
    }
    RIG_UNTIL(&w.rig, w.n_done == N);
    assert_int_equal(w.n_wrong, 0);
    world_close(&w);
}

static void test_late_replies_find_their_requests(void **state) {
    (void)state;
    world w;
    world_open(&w);
    call c[8];
    for (size_t i = 0; i < 8; i++) {
        c[i] = (call){&w, i};
        ask(&w, &c[i], "/late", MR_SPAN_NONE, on_late);
    }
    RIG_UNTIL(&w.rig, w.n_late == 8);
    for (size_t i = 8; i > 0; i--) mr_http_reply(w.server, w.late[i - 1], 200, "text/plain", NULL, MR_SPAN("late"));
    RIG_UNTIL(&w.rig, w.n_done == 8);
    assert_int_equal(w.n_wrong, 0);
    world_close(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bodies_pass_both_ways),
                                       cmocka_unit_test(test_late_replies_find_their_requests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
