/* One HTTP connection.
 *
 * Happy path: bytes -> reader -> route -> reply -> written in one try -> the next request. Reading stops while an
 * answer is owed, so what a peer can have waiting is one read buffer.
 *
 *     IDLE -> HEAD -> BODY -> ROUTED -> WRITING -> IDLE ...        -> LINGER -> CLOSED
 *
 * Ways to fail:
 *   - the request is malformed, too large, or too slow: a problem document, then LINGER
 *   - the peer closes or resets while it sends: closed, nothing is answered
 *   - the peer has gone when a late reply comes: the write fails, closed; or closed before, and the id finds nobody
 *   - the peer does not read its answer: the write clock closes
 *   - all connections together hold too much: 503 for the one that asks for more
 * LINGER: after a last answer our side is shut and what the peer still sends is thrown away for a moment; closing at
 * once would reset the connection and could take the answer with it. */
#include "http_conn_uv.h"

#include "http_reply.h"
#include "medreview/net/net.h"

#include <stdlib.h>
#include <string.h>

enum { LINGER_MS = 1000 };

typedef enum phase { IDLE, HEAD, BODY, ROUTED, REPLIED, WRITING, RESUMING, LINGER, CLOSED } phase;

struct mr_http_conn {
    mr_http_server *server;
    size_t slot;
    uv_tcp_t tcp;
    uv_timer_t clock; /* each phase has at most one deadline, so one timer serves all three clocks */
    unsigned open_handles;
    phase phase;
    mr_http_reader *reader;
    size_t held;          /* our share of body_bytes_held */
    mr_reply_id reply_id; /* 0: no answer is owed */
    bool in_route;        /* the route function is on the stack; its request must stay */
    bool close_after, no_body;
    unsigned n_requests;
    char peer[64];
    char *waiting; /* bytes behind the request that is being answered */
    size_t waiting_len;
    uv_write_t write;
    char *unwritten; /* what one try could not write */
    uv_shutdown_t shut;
};

static void clock_fired(uv_timer_t *t);
static void start_reading(mr_http_conn *c);

/* ms <= 0: this phase has no deadline. */
static void enter(mr_http_conn *c, phase p, int64_t ms) {
    c->phase = p;
    if (ms > 0)
        (void)uv_timer_start(&c->clock, clock_fired, (uint64_t)ms, 0);
    else
        (void)uv_timer_stop(&c->clock);
}

static void hold(mr_http_conn *c, size_t bytes) {
    c->server->body_bytes_held += bytes - c->held; /* unsigned: also right when it shrinks */
    c->held = bytes;
}

/* ---- closing ----------------------------------------------------------------------------------------------- */

static void handle_closed(uv_handle_t *h) {
    mr_http_conn *c = h->data;
    if (--c->open_handles > 0) return;
    mr_http_server *s = c->server;
    s->conns[c->slot] = NULL;
    s->n_conns--;
    mr_http_reader_free(c->reader);
    free(c->waiting);
    free(c->unwritten);
    free(c);
    mr_http_server_conn_gone(s);
}

static void close_now(mr_http_conn *c) {
    if (c->phase == CLOSED) return;
    c->phase = CLOSED;
    c->reply_id = 0;
    hold(c, 0);
    uv_close((uv_handle_t *)&c->tcp, handle_closed);
    uv_close((uv_handle_t *)&c->clock, handle_closed);
}

void mr_http_conn_abort(mr_http_conn *c) {
    close_now(c);
}

void mr_http_conn_close_idle(mr_http_conn *c) {
    if (c->phase == IDLE) close_now(c);
}

static void shut_done(uv_shutdown_t *req, int status) {
    (void)req;
    (void)status; /* whether it worked or not, the linger clock ends the connection */
}

static void linger(mr_http_conn *c) {
    enter(c, LINGER, LINGER_MS);
    if (uv_shutdown(&c->shut, (uv_stream_t *)&c->tcp, shut_done) != 0)
        close_now(c);
    else
        start_reading(c);
}

/* ---- writing ----------------------------------------------------------------------------------------------- */

static void answer_written(mr_http_conn *c) {
    if (c->close_after) {
        linger(c);
    } else if (c->in_route) {
        c->phase = REPLIED; /* dispatch() goes on when the route returns */
    } else if (c->waiting) {
        /* From the loop and not from here: the next request's route must not run inside somebody's mr_http_reply. */
        c->phase = RESUMING;
        (void)uv_timer_start(&c->clock, clock_fired, 0, 0);
    } else {
        enter(c, IDLE, c->server->settings.idle_ms);
        start_reading(c);
    }
}

static void write_done(uv_write_t *req, int status) {
    mr_http_conn *c = req->data;
    free(c->unwritten);
    c->unwritten = NULL;
    if (c->phase == CLOSED) return;
    if (status < 0)
        close_now(c);
    else
        answer_written(c);
}

/* What is left of head and body after `written` bytes goes into a buffer of its own and is queued. */
static bool queue_rest(mr_http_conn *c, mr_span head, mr_span body, size_t written) {
    size_t total = head.len + body.len, left = total - written;
    c->unwritten = malloc(left);
    if (!c->unwritten) return false;
    size_t from_head = written < head.len ? head.len - written : 0;
    if (from_head) memcpy(c->unwritten, head.ptr + head.len - from_head, from_head);
    memcpy(c->unwritten + from_head, body.ptr + body.len - (left - from_head), left - from_head);
    uv_buf_t rest = uv_buf_init(c->unwritten, (unsigned)left);
    c->write.data = c;
    return uv_write(&c->write, (uv_stream_t *)&c->tcp, &rest, 1, write_done) == 0;
}

static void send_answer(mr_http_conn *c, mr_span head, mr_span body) {
    /* uv does not write through these pointers. */
    uv_buf_t parts[2] = {uv_buf_init((char *)(uintptr_t)head.ptr, (unsigned)head.len),
                         uv_buf_init((char *)(uintptr_t)body.ptr, (unsigned)body.len)};
    int n = uv_try_write((uv_stream_t *)&c->tcp, parts, body.len ? 2 : 1);
    if (n == UV_EAGAIN) n = 0;
    if (n < 0) {
        close_now(c);
    } else if ((size_t)n == head.len + body.len) {
        answer_written(c);
    } else {
        enter(c, WRITING, c->server->settings.body_ms);
        if (!queue_rest(c, head, body, (size_t)n)) close_now(c);
    }
}

void mr_http_conn_reply(mr_http_conn *c, int status, const char *type, const char *const *headers, mr_span body) {
    c->reply_id = 0;
    if (c->server->draining) c->close_after = true;
    bool bodiless = !type || status == 204 || status == 304;
    if (bodiless) body = MR_SPAN_NONE;
    mr_http_answer a = {status,   bodiless ? NULL : type, headers,
                        body.len, c->close_after,         mr_clock_real()->now_ms(mr_clock_real())};
    mr_buf head;
    mr_buf_init(&head, MR_MAX_HEADER_BYTES);
    mr_http_answer_head(&a, &head);
    if (head.rc == MR_OK)
        send_answer(c, mr_buf_span(&head), c->no_body ? MR_SPAN_NONE : body);
    else
        close_now(c);
    mr_buf_free(&head);
}

static void refuse(mr_http_conn *c, int status, const char *why) {
    mr_http_server *s = c->server;
    mr_metrics_add(s->settings.metrics, MR_C_HTTP_BAD, 1);
    MR_LOG(s->settings.log, MR_L_DEBUG, "http.refused", mr_v_int("status", status), mr_v_word("why", why));
    mr_http_reader_next(c->reader); /* its body goes now, not when the connection has lingered */
    hold(c, 0);
    static const char *const again[] = {"Retry-After: 5", NULL};
    mr_buf body;
    mr_buf_init(&body, MR_MAX_HEADER_BYTES);
    mr_http_problem(status, why, &body);
    c->close_after = true;
    c->no_body = false;
    (void)uv_read_stop((uv_stream_t *)&c->tcp);
    mr_http_conn_reply(c, status, "application/problem+json", status == 503 ? again : NULL, mr_buf_span(&body));
    mr_buf_free(&body);
}

/* ---- reading ----------------------------------------------------------------------------------------------- */

static bool takes_bytes(const mr_http_conn *c) {
    return c->phase == IDLE || c->phase == HEAD || c->phase == BODY;
}

static void dispatch(mr_http_conn *c) {
    mr_http_server *s = c->server;
    mr_metrics_add(s->settings.metrics, MR_C_HTTP_REQUESTS, 1);
    mr_request req = *mr_http_reader_request(c->reader);
    req.peer = mr_span_of(c->peer);
    req.at_ms = mr_clock_real()->now_ms(mr_clock_real());
    c->close_after = !mr_http_reader_keeps_alive(c->reader) || ++c->n_requests >= MR_MAX_REQUESTS_PER_CONNECTION;
    c->no_body = mr_span_is(req.method, "HEAD");
    c->reply_id = ++s->last_serial * MR_MAX_CONNECTIONS + c->slot;
    enter(c, ROUTED, 0);
    c->in_route = true;
    s->settings.route(s->settings.app, &req, c->reply_id);
    c->in_route = false;
    if (c->phase == CLOSED) return;
    mr_http_reader_next(c->reader);
    hold(c, 0);
    if (c->phase == REPLIED)
        enter(c, IDLE, s->settings.idle_ms);
    else if (c->phase != LINGER)
        (void)uv_read_stop((uv_stream_t *)&c->tcp);
}

static void head_read(mr_http_conn *c, bool more_bytes) {
    mr_http_server *s = c->server;
    const mr_request *req = mr_http_reader_request(c->reader);
    size_t max = s->settings.body_limit ? s->settings.body_limit(s->settings.app, req->method, req->path) : 0;
    switch (mr_http_reader_body(c->reader, max)) {
    case MR_HTTP_DONE: dispatch(c); return;
    case MR_HTTP_MORE: break;
    default: {
        mr_http_refusal no = mr_http_reader_refusal(c->reader);
        refuse(c, no.status, no.why);
        return;
    }
    }
    enter(c, BODY, s->settings.body_ms);
    if (mr_http_reader_expects_continue(c->reader) && !more_bytes) {
        char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
        uv_buf_t buf = uv_buf_init(line, sizeof line - 1);
        /* Nothing else is in the socket's buffer now: a write that does not take it whole is a broken connection. */
        if (uv_try_write((uv_stream_t *)&c->tcp, &buf, 1) != (int)sizeof line - 1) close_now(c);
    }
}

static void take_step(mr_http_conn *c, mr_http_step step, bool more_bytes) {
    mr_http_refusal no;
    hold(c, mr_http_reader_held(c->reader));
    switch (step) {
    case MR_HTTP_MORE:
        if (c->server->body_bytes_held > c->server->settings.max_held_bytes)
            refuse(c, 503, "too many large requests at once: send it again later");
        break;
    case MR_HTTP_HEAD: head_read(c, more_bytes); break;
    case MR_HTTP_DONE: dispatch(c); break;
    case MR_HTTP_BAD:
        no = mr_http_reader_refusal(c->reader);
        refuse(c, no.status, no.why);
        break;
    }
}

static void consume(mr_http_conn *c, const char *bytes, size_t n) {
    while (n > 0 && takes_bytes(c)) {
        if (c->phase == IDLE) enter(c, HEAD, c->server->settings.header_ms);
        size_t used;
        mr_http_step step = mr_http_reader_feed(c->reader, bytes, n, &used);
        bytes += used;
        n -= used;
        take_step(c, step, n > 0);
    }
    if (n == 0 || c->phase == LINGER || c->phase == CLOSED) return;
    c->waiting = malloc(n);
    if (!c->waiting) {
        close_now(c);
        return;
    }
    memcpy(c->waiting, bytes, n);
    c->waiting_len = n;
}

static void resume(mr_http_conn *c) {
    char *bytes = c->waiting;
    size_t n = c->waiting_len;
    c->waiting = NULL;
    enter(c, IDLE, c->server->settings.idle_ms);
    consume(c, bytes, n);
    free(bytes);
    if (takes_bytes(c)) start_reading(c);
}

static void clock_fired(uv_timer_t *t) {
    mr_http_conn *c = t->data;
    switch (c->phase) {
    case HEAD: refuse(c, 408, "the header did not arrive in time"); break;
    case BODY: refuse(c, 408, "the body did not arrive in time"); break;
    case RESUMING: resume(c); break;
    default: close_now(c); break; /* IDLE, WRITING, LINGER */
    }
}

static void lend_buffer(uv_handle_t *h, size_t suggested, uv_buf_t *ret) {
    (void)suggested;
    mr_http_conn *c = h->data;
    *ret = uv_buf_init(c->server->read_buf, sizeof c->server->read_buf);
}

static void bytes_came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    mr_http_conn *c = stream->data;
    if (n < 0)
        close_now(c);
    else if (n > 0 && takes_bytes(c))
        consume(c, buf->base, (size_t)n);
}

static void start_reading(mr_http_conn *c) {
    int rc = uv_read_start((uv_stream_t *)&c->tcp, lend_buffer, bytes_came);
    if (rc != 0 && rc != UV_EALREADY) close_now(c);
}

/* ---- accepting --------------------------------------------------------------------------------------------- */

static void name_peer(mr_http_conn *c) {
    struct sockaddr_storage a;
    int len = sizeof a;
    if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&a, &len) != 0) return;
    (void)uv_ip_name((const struct sockaddr *)&a, c->peer, sizeof c->peer); /* "" when it has none */
}

static void refused_closed(uv_handle_t *h) {
    free(h);
}

/* No room: accepted and closed, so that the peer learns it now and not after a time-out. */
static void turn_away(mr_http_server *s) {
    uv_tcp_t *tcp = malloc(sizeof *tcp);
    if (!tcp || uv_tcp_init(s->loop, tcp) != 0) {
        free(tcp);
        return;
    }
    (void)uv_accept((uv_stream_t *)&s->listener, (uv_stream_t *)tcp);
    uv_close((uv_handle_t *)tcp, refused_closed);
}

static mr_http_conn *conn_new(mr_http_server *s) {
    mr_http_conn *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->server = s;
    c->reader = mr_http_reader_new();
    if (!c->reader || uv_tcp_init(s->loop, &c->tcp) != 0) {
        mr_http_reader_free(c->reader);
        free(c);
        return NULL;
    }
    (void)uv_timer_init(s->loop, &c->clock); /* cannot fail */
    c->open_handles = 2;
    c->tcp.data = c->clock.data = c;
    while (s->conns[c->slot]) c->slot++;
    s->conns[c->slot] = c;
    s->n_conns++;
    return c;
}

void mr_http_conn_accept(mr_http_server *s) {
    mr_http_conn *c = s->n_conns < MR_MAX_CONNECTIONS ? conn_new(s) : NULL;
    if (!c) {
        turn_away(s);
        return;
    }
    if (uv_accept((uv_stream_t *)&s->listener, (uv_stream_t *)&c->tcp) != 0) {
        close_now(c);
        return;
    }
    (void)uv_tcp_nodelay(&c->tcp, 1); /* an answer is one write; it must not wait for an acknowledgement */
    name_peer(c);
    enter(c, IDLE, s->settings.header_ms);
    start_reading(c);
}

mr_http_conn *mr_http_conn_awaiting(mr_http_server *s, mr_reply_id id) {
    mr_http_conn *c = s->conns[id % MR_MAX_CONNECTIONS];
    return c && id != 0 && c->reply_id == id ? c : NULL;
}
