/* A small server on the test's own loop that answers by script: bytes as they are, then keep, close, reset or stall.
 * Faults are data. */
#ifndef TESTS_NET_FAULT_SERVER_H
#define TESTS_NET_FAULT_SERVER_H

#include "loopback.h"

#include <stdio.h>

typedef enum after { KEEP, CLOSE, RESET, STALL } after;

typedef struct script {
    const char *path;
    const char *bytes; /* NULL: echo the request, head and body, as a text */
    size_t n;          /* 0: strlen */
    after after;
} script;

typedef struct fault_server {
    rig *rig;
    uv_tcp_t listener;
    const script *scripts;
    size_t n_scripts;
    size_t n_accepted, n_open, n_requests;
    struct fault_conn *conns;
    char base[64]; /* "http://127.0.0.1:43121" */
} fault_server;

typedef struct fault_conn {
    fault_server *server;
    struct fault_conn *next;
    uv_tcp_t tcp;
    uv_write_t write;
    mr_buf got, out;
    const script *doing;
    bool closed;
    char chunk[65536];
} fault_conn;

static inline void fault_gone(uv_handle_t *h) {
    fault_conn *c = h->data;
    c->closed = true;
    c->server->n_open--;
    mr_buf_free(&c->got);
    mr_buf_free(&c->out);
}

static inline void fault_end(fault_conn *c) {
    if (!uv_is_closing((uv_handle_t *)&c->tcp)) uv_close((uv_handle_t *)&c->tcp, fault_gone);
}

static inline void fault_wrote(uv_write_t *req, int status) {
    fault_conn *c = req->data;
    if (status < 0) return;
    if (c->doing->after == CLOSE) fault_end(c);
    if (c->doing->after == RESET) (void)uv_tcp_close_reset(&c->tcp, fault_gone);
}

static inline void fault_answer(fault_conn *c, const script *s, size_t request_len) {
    c->doing = s;
    mr_buf_clear(&c->out);
    if (s->bytes) {
        mr_buf_add(&c->out, s->bytes, s->n ? s->n : strlen(s->bytes));
    } else {
        mr_buf_printf(&c->out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", request_len);
        mr_buf_add(&c->out, c->got.ptr, request_len);
    }
    memmove(c->got.ptr, c->got.ptr + request_len, c->got.len - request_len);
    c->got.len -= request_len;
    c->write.data = c;
    uv_buf_t buf = uv_buf_init(c->out.ptr, (unsigned)c->out.len);
    if (c->out.len == 0) /* nothing to say */
        fault_wrote(&c->write, 0);
    else
        assert_int_equal(uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, fault_wrote), 0);
}

/* curl asks one at a time on a connection, so one look at what has come is enough. */
static inline void fault_serve(fault_conn *c) {
    const char *text = mr_buf_z(&c->got), *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");
    if (!end) return;
    size_t n = (size_t)(end - text) + 4;
    if (length && length < end) n += strtoul(length + 16, NULL, 10);
    if (c->got.len < n) return;
    c->server->n_requests++;
    const char *path = strchr(text, ' ') + 1;
    size_t path_len = strcspn(path, " ?");
    for (size_t i = 0; i < c->server->n_scripts; i++) {
        const script *s = &c->server->scripts[i];
        if (strlen(s->path) != path_len || memcmp(path, s->path, path_len) != 0) continue;
        fault_answer(c, s, n);
        return;
    }
    fail_msg("no script for %.*s", (int)path_len, path);
}

static inline void fault_lend(uv_handle_t *h, size_t n, uv_buf_t *ret) {
    (void)n;
    fault_conn *c = h->data;
    *ret = uv_buf_init(c->chunk, sizeof c->chunk);
}

static inline void fault_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
    fault_conn *c = s->data;
    if (n > 0) {
        mr_buf_add(&c->got, buf->base, (size_t)n);
        fault_serve(c);
    } else if (n < 0) {
        fault_end(c);
    }
}

static inline void fault_accept(uv_stream_t *listener, int status) {
    fault_server *s = listener->data;
    assert_int_equal(status, 0);
    fault_conn *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->server = s;
    c->next = s->conns;
    s->conns = c;
    mr_buf_init(&c->got, 64u << 20);
    mr_buf_init(&c->out, 64u << 20);
    assert_int_equal(uv_tcp_init(&s->rig->loop, &c->tcp), 0);
    c->tcp.data = c;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&c->tcp), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)&c->tcp, fault_lend, fault_read), 0);
    s->n_accepted++;
    s->n_open++;
}

static inline void fault_open(fault_server *s, rig *r, const script *scripts, size_t n_scripts) {
    *s = (fault_server){.rig = r, .scripts = scripts, .n_scripts = n_scripts};
    struct sockaddr_in a;
    int len = sizeof a;
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &a), 0);
    assert_int_equal(uv_tcp_init(&r->loop, &s->listener), 0);
    s->listener.data = s;
    assert_int_equal(uv_tcp_bind(&s->listener, (struct sockaddr *)&a, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&s->listener, 128, fault_accept), 0);
    assert_int_equal(uv_tcp_getsockname(&s->listener, (struct sockaddr *)&a, &len), 0);
    (void)snprintf(s->base, sizeof s->base, "http://127.0.0.1:%u", ntohs(a.sin_port));
}

/* After it the rig may be closed; frees its connections. */
static inline void fault_close(fault_server *s) {
    uv_close((uv_handle_t *)&s->listener, NULL);
    for (fault_conn *c = s->conns; c; c = c->next) fault_end(c);
    RIG_UNTIL(s->rig, s->n_open == 0);
    while (s->conns) {
        fault_conn *c = s->conns;
        s->conns = c->next;
        free(c);
    }
}

#endif
