/* Between http_server_uv.c (listener, ids, drain) and http_conn_uv.c (one connection). */
#ifndef MEDREVIEW_NET_HTTP_CONN_UV_H
#define MEDREVIEW_NET_HTTP_CONN_UV_H

#include "http_request.h"
#include "medreview/base/limits.h"

#include <uv.h>

typedef struct mr_http_conn mr_http_conn;

struct mr_http_server {
    uv_loop_t *loop;
    uv_tcp_t listener;
    uv_timer_t drain_deadline;
    unsigned open_handles; /* of the two above */
    mr_http_settings settings;
    char address[64];
    mr_http_conn *conns[MR_MAX_CONNECTIONS]; /* NULL: a free slot */
    size_t n_conns;
    uint64_t last_serial;   /* of a request; part of its id */
    size_t body_bytes_held; /* of all requests being read or answered */
    bool draining, drained, abandoned;
    void (*on_drained)(void *arg);
    void *on_drained_arg;
    char read_buf[64 * 1024]; /* uv reads into it; one is enough, since what it holds is consumed at once */
};

/* Takes the connection that waits at the listener. When there is no room it is closed again. */
void mr_http_conn_accept(mr_http_server *s);
/* The connection that waits for this reply, or NULL. */
mr_http_conn *mr_http_conn_awaiting(mr_http_server *s, mr_reply_id id);
void mr_http_conn_reply(mr_http_conn *c, int status, const char *type, const char *const *headers, mr_span body);
/* Closes it when nothing is being read or answered. */
void mr_http_conn_close_idle(mr_http_conn *c);
void mr_http_conn_abort(mr_http_conn *c);
/* Called by a connection when its handles are closed and its slot is free. */
void mr_http_server_conn_gone(mr_http_server *s);

#endif
