/* The listener: address, accept, reply ids, drain. What happens on a connection is http_conn_uv.c.
 *
 * Happy path: start -> accept ... -> drain -> drained -> free.
 * Ways to fail: the address is no address, or taken: start says so. No descriptor to accept with: the peer waits in
 * the backlog. Drain's deadline passes: what is left is closed, and its answers are lost, as its peers can see. */
#include "http_conn_uv.h"

#include "loop_uv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKLOG = 511 };
/* 8 patients' Bundles at once, or 64 notices of the largest size: more is a flood. */
#define MAX_HELD_BYTES ((size_t)256 << 20)

/* "127.0.0.1:8080" or "[::1]:8080"; the address must be there: listening on all of them is said as 0.0.0.0. */
static bool read_address(const char *text, struct sockaddr_storage *ret) {
    mr_span whole = mr_span_of(text), host = whole, port;
    size_t colon = whole.len;
    while (colon > 0 && whole.ptr[colon - 1] != ':') colon--;
    if (colon < 2) return false;
    host.len = colon - 1;
    port = mr_span_from(whole, colon);
    uint64_t number;
    if (!mr_span_u64(port, &number) || number > 65535) return false;
    bool v6 = host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (v6) host = (mr_span){host.ptr + 1, host.len - 2};
    char name[64];
    if (host.len >= sizeof name) return false;
    memcpy(name, host.ptr, host.len);
    name[host.len] = 0;
    int rc = v6 ? uv_ip6_addr(name, (int)number, (struct sockaddr_in6 *)ret)
                : uv_ip4_addr(name, (int)number, (struct sockaddr_in *)ret);
    return rc == 0;
}

static void name_bound(mr_http_server *s) {
    struct sockaddr_storage a;
    int len = sizeof a;
    char host[48] = "";
    if (uv_tcp_getsockname(&s->listener, (struct sockaddr *)&a, &len) != 0) return;
    (void)uv_ip_name((const struct sockaddr *)&a, host, sizeof host);
    bool v6 = a.ss_family == AF_INET6;
    unsigned port = v6 ? ntohs(((struct sockaddr_in6 *)&a)->sin6_port) : ntohs(((struct sockaddr_in *)&a)->sin_port);
    (void)snprintf(s->address, sizeof s->address, v6 ? "[%s]:%u" : "%s:%u", host, port);
}

static void peer_came(uv_stream_t *listener, int status) {
    mr_http_server *s = listener->data;
    if (status == 0 && !s->draining) mr_http_conn_accept(s);
}

static void own_handle_closed(uv_handle_t *h);

/* The deadline has nothing left to wait for once the last connection has gone. */
static void stop_waiting(mr_http_server *s) {
    uv_handle_t *deadline = (uv_handle_t *)&s->drain_deadline;
    if (s->draining && s->n_conns == 0 && !uv_is_closing(deadline)) uv_close(deadline, own_handle_closed);
}

void mr_http_server_conn_gone(mr_http_server *s) {
    stop_waiting(s);
}

static void own_handle_closed(uv_handle_t *h) {
    mr_http_server *s = h->data;
    if (--s->open_handles > 0) return;
    s->drained = true; /* all connections went before: the deadline's handle waited for them */
    if (s->abandoned)
        free(s);
    else if (s->on_drained)
        s->on_drained(s->on_drained_arg); /* may free the server */
}

static void apply_defaults(mr_http_settings *st) {
    if (st->header_ms <= 0) st->header_ms = 10000;
    if (st->body_ms <= 0) st->body_ms = 30000;
    if (st->idle_ms <= 0) st->idle_ms = 60000;
    if (st->max_held_bytes == 0) st->max_held_bytes = MAX_HELD_BYTES;
    st->listen = NULL; /* the caller's string; `address` says more */
}

mr_rc mr_http_server_start(uv_loop_t *loop, const mr_http_settings *settings, mr_http_server **ret, mr_error *err) {
    struct sockaddr_storage address;
    memset(&address, 0, sizeof address);
    if (!settings->listen || !read_address(settings->listen, &address))
        return mr_fail(err, MR_INVALID, "'%s' is no address to listen on: write 127.0.0.1:8080 or [::1]:8080",
                       settings->listen ? settings->listen : "");
    mr_http_server *s = calloc(1, sizeof *s);
    if (!s) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_ignore_sigpipe();
    s->loop = loop;
    s->settings = *settings;
    apply_defaults(&s->settings);
    int rc = uv_tcp_init(loop, &s->listener);
    if (rc != 0) {
        free(s);
        return mr_fail_detail(err, MR_IO, rc, "cannot open a socket: %s", uv_strerror(rc));
    }
    (void)uv_timer_init(loop, &s->drain_deadline); /* cannot fail */
    s->open_handles = 2;
    s->listener.data = s->drain_deadline.data = s;
    rc = uv_tcp_bind(&s->listener, (const struct sockaddr *)&address, 0);
    if (rc == 0) rc = uv_listen((uv_stream_t *)&s->listener, BACKLOG, peer_came);
    if (rc != 0) {
        s->abandoned = true; /* freed when the loop has closed its handles */
        mr_http_server_drain(s, 0, NULL, NULL);
        return mr_fail_detail(err, MR_IO, rc, "cannot listen on %s: %s", settings->listen, uv_strerror(rc));
    }
    name_bound(s);
    *ret = s;
    return MR_OK;
}

const char *mr_http_server_address(const mr_http_server *s) {
    return s->address;
}

void mr_http_reply(mr_http_server *s, mr_reply_id to, int status, const char *type, const char *const *headers,
                   mr_span body) {
    mr_http_conn *c = mr_http_conn_awaiting(s, to);
    if (c) mr_http_conn_reply(c, status, type, headers, body);
}

static void deadline_passed(uv_timer_t *t) {
    mr_http_server *s = t->data;
    for (size_t i = 0; i < MR_MAX_CONNECTIONS; i++)
        if (s->conns[i]) mr_http_conn_abort(s->conns[i]);
}

void mr_http_server_drain(mr_http_server *s, int64_t deadline_ms, void (*drained)(void *arg), void *arg) {
    MR_REQUIRE(!s->draining);
    s->draining = true;
    s->on_drained = drained;
    s->on_drained_arg = arg;
    uv_close((uv_handle_t *)&s->listener, own_handle_closed);
    for (size_t i = 0; i < MR_MAX_CONNECTIONS; i++)
        if (s->conns[i]) mr_http_conn_close_idle(s->conns[i]);
    if (s->n_conns > 0)
        (void)uv_timer_start(&s->drain_deadline, deadline_passed, deadline_ms > 0 ? (uint64_t)deadline_ms : 0, 0);
    stop_waiting(s);
}

void mr_http_server_free(mr_http_server *s) {
    if (!s) return;
    MR_REQUIRE(s->drained);
    free(s);
}
