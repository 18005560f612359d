/* The listener with real sockets on loopback: requests, clocks, limits, late replies, drain. Each test ends with a
 * drained server and a loop that closes, which is how a leaked handle shows. */
#include "loopback.h"
#include "medreview/base/limits.h"
#include "medreview/net/http_server.h"

#include <stdio.h>
#include <sys/resource.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define BIG_BYTES ((size_t)24 << 20) /* more than the sockets of both sides hold together */

typedef struct app {
    rig rig;
    mr_http_server *server;
    mr_metrics *metrics;
    mr_reply_id late[4];
    size_t n_late, n_routed;
    char last[256];
    bool draining;
    unsigned drained;
} app;

static void answer(app *a, mr_reply_id id, const char *text) {
    mr_http_reply(a->server, id, 200, "text/plain", NULL, mr_span_of(text));
}

static void answer_big(app *a, mr_reply_id id) {
    char *big = malloc(BIG_BYTES);
    assert_non_null(big);
    for (size_t i = 0; i < BIG_BYTES; i++) big[i] = (char)('a' + i % 26);
    mr_http_reply(a->server, id, 200, "text/plain", NULL, (mr_span){big, BIG_BYTES});
    memset(big, '!', BIG_BYTES); /* copied or written before return */
    free(big);
}

static void answer_with_headers(app *a, mr_reply_id id) {
    static const char *const headers[] = {"ETag: W/\"1\"", "X-Evil: a\r\nSet-Cookie: b", "Retry-After: 7", NULL};
    mr_http_reply(a->server, id, 201, NULL, headers, MR_SPAN("not sent"));
}

static void route(void *arg, const mr_request *req, mr_reply_id id) {
    app *a = arg;
    a->n_routed++;
    assert_true(req->at_ms > INT64_C(1700000000000));
    assert_true(mr_span_is(req->peer, "127.0.0.1") || mr_span_is(req->peer, "::1"));
    (void)snprintf(a->last, sizeof a->last, "%.*s %.*s %.*s", MR_SPAN_ARG(req->method), MR_SPAN_ARG(req->path),
                   MR_SPAN_ARG(req->body));
    if (mr_span_is(req->path, "/late")) {
        assert_true(a->n_late < 4);
        a->late[a->n_late++] = id;
    } else if (mr_span_is(req->path, "/big")) {
        answer_big(a, id);
    } else if (mr_span_is(req->path, "/none")) {
        mr_http_reply(a->server, id, 204, NULL, NULL, MR_SPAN_NONE);
    } else if (mr_span_is(req->path, "/headers")) {
        answer_with_headers(a, id);
    } else if (mr_span_is(req->path, "/twice")) {
        answer(a, id, "first");
        answer(a, id, "second");
    } else {
        answer(a, id, a->last);
    }
    /* answered or not, the request stays until the route returns */
    assert_true(mr_span_is(mr_request_header(req, "host"), "h"));
}

static size_t body_limit(void *arg, mr_span method, mr_span path) {
    (void)arg;
    (void)path;
    return mr_span_is(method, "POST") ? 100000 : 0;
}

typedef struct clocks {
    int64_t header_ms, body_ms, idle_ms;
    size_t max_held_bytes;
} clocks;

static void app_open(app *a, clocks ms) {
    *a = (app){0};
    rig_open(&a->rig);
    a->metrics = mr_metrics_new();
    mr_error err;
    const mr_http_settings s = {.listen = "127.0.0.1:0",
                                .header_ms = ms.header_ms,
                                .body_ms = ms.body_ms,
                                .idle_ms = ms.idle_ms,
                                .max_held_bytes = ms.max_held_bytes,
                                .route = route,
                                .body_limit = body_limit,
                                .app = a,
                                .metrics = a->metrics};
    assert_int_equal(mr_http_server_start(&a->rig.loop, &s, &a->server, &err), MR_OK);
}

static void on_drained(void *arg) {
    app *a = arg;
    a->drained++;
    mr_http_server_free(a->server);
    a->server = NULL;
}

static void drain(app *a, int64_t deadline_ms) {
    a->draining = true;
    mr_http_server_drain(a->server, deadline_ms, on_drained, a);
}

static void app_close(app *a) {
    if (!a->draining) drain(a, 5000);
    RIG_UNTIL(&a->rig, a->drained);
    rig_close(&a->rig);
    assert_int_equal(a->drained, 1);
    mr_metrics_free(a->metrics);
}

static client *dial(app *a) {
    return client_open(&a->rig, mr_http_server_address(a->server));
}

#define TURN_UNTIL(a, condition) RIG_UNTIL(&(a)->rig, condition)

static bool has_answers(client *c, size_t n) {
    return count_of(client_text(c), "HTTP/1.1 ") >= n && strstr(client_text(c), "\r\n\r\n");
}

static bool ends_with(client *c, const char *text) {
    return mr_span_ends(mr_buf_span(&c->got), text);
}

static void test_server_answers(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    client_send(c, "POST /a%20b?x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    TURN_UNTIL(&a, ends_with(c, "POST /a b body"));
    const char *text = client_text(c);
    assert_true(mr_span_starts(mr_buf_span(&c->got), "HTTP/1.1 200 OK\r\nDate: "));
    assert_non_null(strstr(text, " GMT\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\n"));
    assert_null(strstr(text, "Connection:"));
    assert_int_equal(mr_metrics_counter(a.metrics, MR_C_HTTP_REQUESTS), 1);
    assert_int_equal(mr_metrics_counter(a.metrics, MR_C_HTTP_BAD), 0);
    client_close(&a.rig, c);
    app_close(&a);
}

static void test_server_keeps_connections(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    for (size_t i = 1; i <= 3; i++) {
        client_send(c, GET("/x"));
        TURN_UNTIL(&a, has_answers(c, i) && ends_with(c, "GET /x "));
    }
    client_send(c, "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    TURN_UNTIL(&a, c->ended);
    assert_true(ends_with(c, "Connection: close\r\n\r\nGET /last "));
    client_close(&a.rig, c);
    c = dial(&a);
    client_send(c, "GET /old HTTP/1.0\r\nHost: h\r\n\r\n");
    TURN_UNTIL(&a, c->ended);
    assert_true(ends_with(c, "Connection: close\r\n\r\nGET /old "));
    client_close(&a.rig, c);
    app_close(&a);
}

static void test_server_answers_pipelined_requests_in_order(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    client_send(c, GET("/1") "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx" GET("/3"));
    TURN_UNTIL(&a, ends_with(c, "GET /3 "));
    const char *one = strstr(client_text(c), "GET /1 "), *two = strstr(client_text(c), "POST /2 x"),
               *three = strstr(client_text(c), "GET /3 ");
    assert_true(one && two && three && one < two && two < three);
    client_close(&a.rig, c);
    app_close(&a);
}

/* Until an answer is given nothing behind it is routed, and the next one's route does not run inside mr_http_reply. */
static void test_server_holds_what_is_behind_a_late_reply(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    client_send(c, GET("/late") GET("/late"));
    TURN_UNTIL(&a, a.n_late == 1);
    client_send(c, GET("/after")); /* comes while an answer is owed: not read yet, and not lost */
    client *other = dial(&a);
    client_send(other, GET("/other"));
    TURN_UNTIL(&a, ends_with(other, "GET /other "));
    client_close(&a.rig, other);
    answer(&a, a.late[0], "one");
    assert_int_equal(a.n_routed, 2);
    TURN_UNTIL(&a, a.n_late == 2);
    assert_int_equal(a.n_routed, 3);
    answer(&a, a.late[0], "one again"); /* spent */
    answer(&a, a.late[1], "two");
    TURN_UNTIL(&a, ends_with(c, "GET /after "));
    assert_int_equal(count_of(client_text(c), "HTTP/1.1 200"), 3);
    assert_null(strstr(client_text(c), "again"));
    client_close(&a.rig, c);
    app_close(&a);
}

static void test_server_answers_once(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    client_send(c, GET("/twice") GET("/after"));
    TURN_UNTIL(&a, ends_with(c, "GET /after "));
    assert_non_null(strstr(client_text(c), "first"));
    assert_null(strstr(client_text(c), "second"));
    client_close(&a.rig, c);
    app_close(&a);
}

static void test_server_forms_of_answers(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    client_send(c, GET("/none"));
    TURN_UNTIL(&a, ends_with(c, "\r\n\r\n"));
    assert_true(mr_span_starts(mr_buf_span(&c->got), "HTTP/1.1 204 No Content\r\n"));
    assert_null(strstr(client_text(c), "Content-"));
    mr_buf_clear(&c->got);
    client_send(c, GET("/headers"));
    TURN_UNTIL(&a, ends_with(c, "\r\n\r\n"));
    assert_non_null(strstr(client_text(c), "\r\nETag: W/\"1\"\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"));
    assert_null(strstr(client_text(c), "Cookie")); /* a value must not become a header */
    mr_buf_clear(&c->got);
    client_send(c, "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n" GET("/y"));
    TURN_UNTIL(&a, ends_with(c, "GET /y "));
    assert_non_null(strstr(client_text(c), "Content-Length: 8\r\n\r\nHTTP/1.1 200")); /* length said, body not sent */
    client_close(&a.rig, c);
    app_close(&a);
}

static void test_server_says_continue(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    client_send(c, "POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    TURN_UNTIL(&a, ends_with(c, "HTTP/1.1 100 Continue\r\n\r\n"));
    client_send(c, "ok");
    TURN_UNTIL(&a, ends_with(c, "POST /e ok"));
    client_close(&a.rig, c);
    app_close(&a);
}

/* Every refusal is a problem document, closes, and is counted. */
static const struct {
    const char *request;
    int status;
} refusals[] = {
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n", 413},
    {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 413},
    {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n", 413},
    {"POST / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n", 417},
    {"BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
    {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
};

static void test_server_refuses(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    size_t n = sizeof refusals / sizeof *refusals;
    for (size_t i = 0; i < n; i++) {
        client *c = dial(&a);
        client_send(c, refusals[i].request);
        client_send(c, GET("/behind"));
        TURN_UNTIL(&a, c->ended);
        char start[32], member[32];
        (void)snprintf(start, sizeof start, "HTTP/1.1 %d ", refusals[i].status);
        (void)snprintf(member, sizeof member, "\"status\":%d,", refusals[i].status);
        assert_true(mr_span_starts(mr_buf_span(&c->got), start));
        assert_non_null(strstr(client_text(c), member));
        assert_non_null(strstr(client_text(c), "Content-Type: application/problem+json\r\n"));
        assert_non_null(strstr(client_text(c), "Connection: close\r\n"));
        assert_int_equal(count_of(client_text(c), "HTTP/1.1 "), 1);
        client_close(&a.rig, c);
    }
    assert_int_equal(a.n_routed, 0);
    assert_int_equal(mr_metrics_counter(a.metrics, MR_C_HTTP_BAD), n);
    app_close(&a);
}

/* The refusal reaches a client that is still sending: our side is shut first, and the rest is read away. */
static void test_server_refusal_survives_a_sending_client(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    size_t n = (size_t)4 << 20;
    char *bytes = malloc(n);
    assert_non_null(bytes);
    memset(bytes, 'x', n);
    for (unsigned in_head = 0; in_head < 2; in_head++) {
        client *c = dial(&a);
        client_send(c, in_head ? "GET / HTTP/1.1\r\nHost: h\r\nA: "
                               : "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4194304\r\n\r\n");
        client_send_n(c, bytes, n);
        TURN_UNTIL(&a, (c->ended && c->n_writing == 0) || c->reset);
        assert_false(c->reset || c->write_failed);
        assert_true(mr_span_starts(mr_buf_span(&c->got), in_head ? "HTTP/1.1 431 " : "HTTP/1.1 413 "));
        client_close(&a.rig, c);
    }
    free(bytes);
    app_close(&a);
}

static void test_server_cuts_slow_headers(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){.header_ms = 30});
    client *c = dial(&a);
    client_send(c, "GET / HTTP/1.1\r\nHo");
    TURN_UNTIL(&a, c->ended);
    assert_true(mr_span_starts(mr_buf_span(&c->got), "HTTP/1.1 408 "));
    client_close(&a.rig, c);
    client *silent = dial(&a); /* who says nothing at all is not answered */
    TURN_UNTIL(&a, silent->ended);
    assert_int_equal(silent->got.len, 0);
    client_close(&a.rig, silent);
    app_close(&a);
}

typedef struct drip {
    uv_timer_t timer;
    client *to;
    size_t sent;
} drip;

static void drip_one(uv_timer_t *t) {
    drip *d = t->data;
    client_send(d->to, "x");
    d->sent++;
}

/* The body's deadline is absolute: a byte now and then does not move it. */
static void test_server_cuts_slow_bodies(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){.body_ms = 60});
    client *c = dial(&a);
    client_send(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\n");
    drip d = {.to = c};
    assert_int_equal(uv_timer_init(&a.rig.loop, &d.timer), 0);
    d.timer.data = &d;
    assert_int_equal(uv_timer_start(&d.timer, drip_one, 0, 5), 0);
    TURN_UNTIL(&a, c->ended);
    uv_close((uv_handle_t *)&d.timer, NULL);
    assert_true(mr_span_starts(mr_buf_span(&c->got), "HTTP/1.1 408 "));
    assert_true(d.sent > 0 && d.sent < 99999);
    client_close(&a.rig, c);
    app_close(&a);
}

static void test_server_closes_idle_connections(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){.idle_ms = 20});
    client *c = dial(&a);
    client_send(c, GET("/x"));
    TURN_UNTIL(&a, c->ended);
    assert_true(ends_with(c, "GET /x ")); /* answered, and then nothing more */
    client_close(&a.rig, c);
    app_close(&a);
}

static void test_server_writes_large_answers_whole(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    client_send(c, GET("/big") GET("/after"));
    TURN_UNTIL(&a, ends_with(c, "GET /after "));
    const char *body = strstr(client_text(c), "\r\n\r\n") + 4;
    for (size_t i = 0; i < BIG_BYTES; i++)
        if (body[i] != (char)('a' + i % 26)) fail_msg("byte %zu is wrong", i);
    assert_true(mr_span_starts((mr_span){body + BIG_BYTES, 9}, "HTTP/1.1 "));
    client_close(&a.rig, c);
    app_close(&a);
}

/* Who does not read its answer holds a connection until the write clock ends it. */
static void test_server_cuts_peers_that_do_not_read(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){.body_ms = 50});
    client *c = client_try(&a.rig, mr_http_server_address(a.server));
    client_send(c, GET("/big"));
    TURN_UNTIL(&a, a.n_routed == 1);
    drain(&a, 30000); /* waits for it: far shorter than its deadline */
    uint64_t start = uv_now(&a.rig.loop);
    TURN_UNTIL(&a, a.drained);
    assert_true(uv_now(&a.rig.loop) - start < 30000);
    client_close(&a.rig, c);
    app_close(&a);
}

static void test_server_survives_clients_that_leave(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    client_send(c, "GET / HTTP/1.1\r\nHo"); /* in the head */
    client_reset(&a.rig, c);
    c = dial(&a);
    client_send(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"); /* in the body */
    client_reset(&a.rig, c);
    for (unsigned hard = 0; hard < 2; hard++) { /* before a late reply, once with a reset and once without */
        c = dial(&a);
        client_send(c, GET("/late"));
        TURN_UNTIL(&a, a.n_late == hard + 1);
        if (hard)
            client_reset(&a.rig, c);
        else
            client_close(&a.rig, c);
        answer(&a, a.late[hard], "nobody hears this");
        answer(&a, a.late[hard], "nor this");
    }
    c = dial(&a);
    client_send(c, GET("/big"));
    TURN_UNTIL(&a, a.n_routed == 3 && c->got.len > 0);
    client_reset(&a.rig, c); /* in the middle of a large answer */
    c = dial(&a);
    client_send(c, GET("/alive"));
    TURN_UNTIL(&a, ends_with(c, "GET /alive "));
    client_close(&a.rig, c);
    app_close(&a);
}

/* An id names one request on one connection: neither a later request nor a later connection can be answered with it. */
static void test_server_ignores_stale_ids(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    client_send(c, GET("/late"));
    TURN_UNTIL(&a, a.n_late == 1);
    answer(&a, a.late[0], "one");
    TURN_UNTIL(&a, ends_with(c, "one"));
    client_send(c, GET("/late"));
    TURN_UNTIL(&a, a.n_late == 2);
    assert_int_not_equal(a.late[0], a.late[1]);
    answer(&a, a.late[0], "stale");
    answer(&a, 0, "no such request");
    answer(&a, UINT64_MAX, "no such request");
    answer(&a, a.late[1] + MR_MAX_CONNECTIONS, "not yet");
    answer(&a, a.late[1], "two");
    TURN_UNTIL(&a, ends_with(c, "two"));
    assert_int_equal(count_of(client_text(c), "HTTP/1.1"), 2);
    client_close(&a.rig, c);
    app_close(&a);
}

static void test_server_drains(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    char address[64];
    (void)snprintf(address, sizeof address, "%s", mr_http_server_address(a.server));
    client *idle = dial(&a), *used = dial(&a), *busy = dial(&a), *half = dial(&a);
    client_send(used, GET("/x"));
    client_send(busy, GET("/late"));
    client_send(half, "GET /half HTTP/1.1\r\nHo");
    TURN_UNTIL(&a, a.n_late == 1 && ends_with(used, "GET /x "));
    /* one more exchange, so that what `half` has sent was read before it */
    client *probe = dial(&a);
    client_send(probe, GET("/probe"));
    TURN_UNTIL(&a, ends_with(probe, "GET /probe "));
    drain(&a, 30000);
    TURN_UNTIL(&a, idle->ended && used->ended && probe->ended);
    client *refused = client_try(&a.rig, address);
    assert_true(refused->refused);
    client_close(&a.rig, refused);
    assert_int_equal(a.drained, 0);
    answer(&a, a.late[0], "late but whole");
    TURN_UNTIL(&a, busy->ended);
    assert_true(ends_with(busy, "Connection: close\r\n\r\nlate but whole"));
    client_send(half, "st: h\r\n\r\n"); /* begun before the drain, so it is answered */
    TURN_UNTIL(&a, half->ended);
    assert_true(ends_with(half, "Connection: close\r\n\r\nGET /half "));
    client_close(&a.rig, half);
    client_close(&a.rig, idle);
    client_close(&a.rig, used);
    client_close(&a.rig, busy);
    client_close(&a.rig, probe);
    app_close(&a);
}

static void test_server_drain_cuts_at_its_deadline(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    client_send(c, GET("/late"));
    TURN_UNTIL(&a, a.n_late == 1);
    drain(&a, 20);
    TURN_UNTIL(&a, c->ended || c->reset);
    assert_int_equal(c->got.len, 0);
    if (a.server) answer(&a, a.late[0], "its connection is gone");
    client_close(&a.rig, c);
    app_close(&a);
}

static void test_server_drains_when_empty(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    drain(&a, 1000);
    assert_int_equal(a.drained, 0); /* from the loop, not from inside drain */
    app_close(&a);
}

static void test_server_ends_very_long_connections(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    client *c = dial(&a);
    mr_buf many;
    mr_buf_init(&many, 16u << 20);
    for (unsigned i = 0; i <= MR_MAX_REQUESTS_PER_CONNECTION; i++) mr_buf_adds(&many, GET("/x"));
    client_send_n(c, many.ptr, many.len);
    TURN_UNTIL(&a, c->ended);
    assert_int_equal(a.n_routed, MR_MAX_REQUESTS_PER_CONNECTION);
    assert_true(ends_with(c, "Connection: close\r\n\r\nGET /x "));
    mr_buf_free(&many);
    client_close(&a.rig, c);
    app_close(&a);
}

static void test_server_bounds_connections(void **state) {
    (void)state;
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < 2 * MR_MAX_CONNECTIONS + 100) {
        files.rlim_cur = 2 * MR_MAX_CONNECTIONS + 100;
        if (files.rlim_cur > files.rlim_max || setrlimit(RLIMIT_NOFILE, &files) != 0) {
            print_message("skipped: too few descriptors\n");
            return;
        }
    }
    app a;
    app_open(&a, (clocks){.header_ms = 3600000}); /* no clock closes any of them */
    client **c = calloc(MR_MAX_CONNECTIONS, sizeof *c);
    assert_non_null(c);
    for (size_t i = 0; i < MR_MAX_CONNECTIONS; i++) c[i] = dial(&a);
    client *over = dial(&a);
    TURN_UNTIL(&a, over->ended || over->reset);
    assert_int_equal(over->got.len, 0);
    client_close(&a.rig, over);
    client_close(&a.rig, c[0]);
    client *next = NULL; /* a place is free again, once the server has seen the first one leave */
    for (unsigned tries = 0; tries < 1000 && !next; tries++) {
        client *n = dial(&a);
        client_send(n, GET("/x"));
        TURN_UNTIL(&a, n->ended || n->reset || has_answers(n, 1));
        if (has_answers(n, 1))
            next = n;
        else
            client_close(&a.rig, n);
    }
    assert_non_null(next);
    client_close(&a.rig, next);
    for (size_t i = 1; i < MR_MAX_CONNECTIONS; i++) client_close(&a.rig, c[i]);
    free(c);
    app_close(&a);
}

/* Each body is within its limit, but all together are not: the one that asks for more is told to come again. */
static void test_server_bounds_what_it_holds(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){.max_held_bytes = 150000});
    static const char head[] = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n";
    char *body = calloc(1, 100000);
    assert_non_null(body);
    memset(body, 'b', 100000);
    client *first = dial(&a);
    client_send(first, head);
    client_send_n(first, body, 99999);
    client *second = dial(&a);
    client_send(second, head);
    client_send_n(second, body, 99999);
    TURN_UNTIL(&a, first->ended || second->ended);
    client *told = first->ended ? first : second, *kept = first->ended ? second : first;
    assert_true(mr_span_starts(mr_buf_span(&told->got), "HTTP/1.1 503 "));
    assert_non_null(strstr(client_text(told), "Retry-After: 5\r\n"));
    client_close(&a.rig, told);
    client_send(kept, "b");
    TURN_UNTIL(&a, has_answers(kept, 1));
    for (unsigned i = 0; i < 3; i++) { /* what was answered or refused is not held any more */
        client *next = dial(&a);
        client_send(next, head);
        client_send_n(next, body, 100000);
        TURN_UNTIL(&a, has_answers(next, 1));
        assert_true(mr_span_starts(mr_buf_span(&next->got), "HTTP/1.1 200 "));
        client_close(&a.rig, next);
    }
    client_close(&a.rig, kept);
    free(body);
    app_close(&a);
}

static void test_server_reads_addresses(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        ":8080",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:x",
        "localhost:80",
        "[::1]",
        "::1:8080x",
        "[::1:8080",
        "[]:80",
        "127.0.0.1:-1",
        "127.0.0.1 :1",
        "1.2.3.4.5:1",
        "[1.2.3.4]:1",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1"};
    rig r;
    rig_open(&r);
    mr_http_server *s = NULL;
    mr_error err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const mr_http_settings st = {.listen = wrong[i], .route = route};
        if (mr_http_server_start(&r.loop, &st, &s, &err) != MR_INVALID) fail_msg("'%s' was taken", wrong[i]);
        assert_null(s);
    }
    rig_close(&r);
}

static void test_server_says_that_an_address_is_taken(void **state) {
    (void)state;
    app a;
    app_open(&a, (clocks){0});
    mr_http_server *second = NULL;
    mr_error err;
    const mr_http_settings s = {.listen = mr_http_server_address(a.server), .route = route};
    assert_int_equal(mr_http_server_start(&a.rig.loop, &s, &second, &err), MR_IO);
    assert_null(second);
    assert_non_null(strstr(err.text, mr_http_server_address(a.server)));
    assert_non_null(strstr(err.text, "in use"));
    app_close(&a);
}

static void test_server_listens_on_ipv6(void **state) {
    (void)state;
    app a = {0};
    rig_open(&a.rig);
    mr_error err;
    const mr_http_settings s = {.listen = "[::1]:0", .route = route, .body_limit = body_limit, .app = &a};
    if (mr_http_server_start(&a.rig.loop, &s, &a.server, &err) != MR_OK) {
        print_message("skipped: %s\n", err.text);
        rig_close(&a.rig);
        return;
    }
    assert_true(mr_span_starts(mr_span_of(mr_http_server_address(a.server)), "[::1]:"));
    client *c = dial(&a);
    client_send(c, GET("/six"));
    TURN_UNTIL(&a, ends_with(c, "GET /six "));
    client_close(&a.rig, c);
    app_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_answers),
        cmocka_unit_test(test_server_keeps_connections),
        cmocka_unit_test(test_server_answers_pipelined_requests_in_order),
        cmocka_unit_test(test_server_holds_what_is_behind_a_late_reply),
        cmocka_unit_test(test_server_answers_once),
        cmocka_unit_test(test_server_forms_of_answers),
        cmocka_unit_test(test_server_says_continue),
        cmocka_unit_test(test_server_refuses),
        cmocka_unit_test(test_server_refusal_survives_a_sending_client),
        cmocka_unit_test(test_server_cuts_slow_headers),
        cmocka_unit_test(test_server_cuts_slow_bodies),
        cmocka_unit_test(test_server_closes_idle_connections),
        cmocka_unit_test(test_server_writes_large_answers_whole),
        cmocka_unit_test(test_server_cuts_peers_that_do_not_read),
        cmocka_unit_test(test_server_survives_clients_that_leave),
        cmocka_unit_test(test_server_ignores_stale_ids),
        cmocka_unit_test(test_server_drains),
        cmocka_unit_test(test_server_drain_cuts_at_its_deadline),
        cmocka_unit_test(test_server_drains_when_empty),
        cmocka_unit_test(test_server_ends_very_long_connections),
        cmocka_unit_test(test_server_bounds_connections),
        cmocka_unit_test(test_server_bounds_what_it_holds),
        cmocka_unit_test(test_server_reads_addresses),
        cmocka_unit_test(test_server_says_that_an_address_is_taken),
        cmocka_unit_test(test_server_listens_on_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
