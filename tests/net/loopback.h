/* A loop with a watchdog, and a raw client on it: sends bytes, keeps what comes back until the other side closes.
 * Everything waits for events and nothing sleeps; the watchdog only ends a test that would hang. */
#ifndef TESTS_NET_LOOPBACK_H
#define TESTS_NET_LOOPBACK_H

#include "medreview/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

enum { WATCHDOG_MS = 60000, TICK_MS = 5 };

/* The watchdog ticks, since a turn of the loop that has done what was waited for may still wait for the next event. */
typedef struct rig {
    uv_loop_t loop;
    uv_timer_t watchdog;
    uint64_t started_ms; /* of the wait */
} rig;

static inline void rig_tick(uv_timer_t *t) {
    rig *r = t->data;
    if (uv_now(&r->loop) - r->started_ms > WATCHDOG_MS) fail_msg("the loop waits for something that does not come");
}

static inline void rig_open(rig *r) {
    assert_int_equal(uv_loop_init(&r->loop), 0);
    assert_int_equal(uv_timer_init(&r->loop, &r->watchdog), 0);
    r->watchdog.data = r;
    r->started_ms = uv_now(&r->loop);
    assert_int_equal(uv_timer_start(&r->watchdog, rig_tick, TICK_MS, TICK_MS), 0);
    uv_unref((uv_handle_t *)&r->watchdog);
}

/* One turn. Waits for an event, for the next tick at the latest. */
static inline void rig_turn(rig *r) {
    uv_ref((uv_handle_t *)&r->watchdog);
    (void)uv_run(&r->loop, UV_RUN_ONCE);
    uv_unref((uv_handle_t *)&r->watchdog);
}

#define RIG_UNTIL(rig, condition)                                                                                      \
    do {                                                                                                               \
        (rig)->started_ms = uv_now(&(rig)->loop);                                                                      \
        while (!(condition)) rig_turn(rig);                                                                            \
    } while (0)

/* Runs until nothing is left, and asserts that no handle leaked. */
static inline void rig_close(rig *r) {
    uv_close((uv_handle_t *)&r->watchdog, NULL);
    (void)uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&r->loop), 0);
}

typedef struct client {
    uv_tcp_t tcp;
    uv_connect_t connect;
    mr_buf got;
    bool connected, ended, reset, closed; /* ended: the other side shut; reset: it broke off; closed: so did we */
    bool refused, write_failed;
    size_t n_writing;
    char chunk[65536];
} client;

static inline void client_lend(uv_handle_t *h, size_t n, uv_buf_t *ret) {
    (void)n;
    client *c = h->data;
    *ret = uv_buf_init(c->chunk, sizeof c->chunk);
}

static inline void client_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
    client *c = s->data;
    if (n > 0) mr_buf_add(&c->got, buf->base, (size_t)n);
    if (n == UV_EOF) c->ended = true;
    if (n < 0 && n != UV_EOF) c->reset = true;
    if (n < 0) (void)uv_read_stop(s);
}

static inline void client_listen_to_peer(client *c) {
    assert_int_equal(uv_read_start((uv_stream_t *)&c->tcp, client_lend, client_read), 0);
}

static inline void client_connected(uv_connect_t *req, int status) {
    client *c = req->data;
    c->connected = true;
    c->refused = status != 0;
}

/* `address`: as mr_http_server_address gives it. */
static inline client *client_try(rig *r, const char *address) {
    client *c = calloc(1, sizeof *c);
    assert_non_null(c);
    mr_buf_init(&c->got, 1u << 30);
    assert_int_equal(uv_tcp_init(&r->loop, &c->tcp), 0);
    c->tcp.data = c->connect.data = c;
    struct sockaddr_storage a;
    char host[64];
    size_t colon = (size_t)(strrchr(address, ':') - address);
    int port = (int)strtol(address + colon + 1, NULL, 10);
    memcpy(host, address, colon);
    host[colon] = 0;
    if (host[0] == '[') {
        host[colon - 1] = 0;
        assert_int_equal(uv_ip6_addr(host + 1, port, (struct sockaddr_in6 *)&a), 0);
    } else {
        assert_int_equal(uv_ip4_addr(host, port, (struct sockaddr_in *)&a), 0);
    }
    assert_int_equal(uv_tcp_connect(&c->connect, &c->tcp, (struct sockaddr *)&a, client_connected), 0);
    RIG_UNTIL(r, c->connected);
    return c;
}

static inline client *client_open(rig *r, const char *address) {
    client *c = client_try(r, address);
    assert_false(c->refused);
    client_listen_to_peer(c);
    return c;
}

typedef struct client_write {
    uv_write_t req;
    client *from;
    char bytes[];
} client_write;

static inline void client_wrote(uv_write_t *req, int status) {
    client *c = ((client_write *)req)->from;
    c->n_writing--;
    if (status < 0 && status != UV_ECANCELED) c->write_failed = true; /* a server that has had enough may close */
    free(req);
}

static inline void client_send_n(client *c, const char *bytes, size_t n) {
    client_write *w = malloc(sizeof *w + n);
    assert_non_null(w);
    memcpy(w->bytes, bytes, n);
    w->from = c;
    c->n_writing++;
    uv_buf_t buf = uv_buf_init(w->bytes, (unsigned)n);
    assert_int_equal(uv_write(&w->req, (uv_stream_t *)&c->tcp, &buf, 1, client_wrote), 0);
}

static inline void client_send(client *c, const char *text) {
    client_send_n(c, text, strlen(text));
}

static inline void client_gone(uv_handle_t *h) {
    client *c = h->data;
    c->closed = true;
}

static inline void client_close(rig *r, client *c) {
    if (!uv_is_closing((uv_handle_t *)&c->tcp)) uv_close((uv_handle_t *)&c->tcp, client_gone);
    RIG_UNTIL(r, c->closed);
    mr_buf_free(&c->got);
    free(c);
}

/* Breaks off, so that the other side's next write fails. */
static inline void client_reset(rig *r, client *c) {
    assert_int_equal(uv_tcp_close_reset(&c->tcp, client_gone), 0);
    client_close(r, c);
}

static inline const char *client_text(client *c) {
    return mr_buf_z(&c->got);
}

static inline size_t count_of(const char *text, const char *part) {
    size_t n = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part)) n++;
    return n;
}

#endif
