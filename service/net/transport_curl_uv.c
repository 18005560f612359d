/* The transport: curl's multi handle on the loop. One exchange is transfer_curl.c.
 *
 * Happy path: submit -> curl names sockets and a time -> uv wakes it -> the message that an exchange has ended ->
 * verdict -> done.
 * Ways to fail:
 *   - not a URL we speak, no memory: submit says so, and done never runs
 *   - curl ends it: no connection, TLS refused, cut short, too large, too late
 *   - it waits for a free connection until its time is over, which curl does not watch: our own clock ends it
 *   - cancel, and free: ended with MR_CANCELED
 *   - no memory to watch a socket with: the exchange stalls until its deadline ends it; refusing curl here would kill
 *     every other exchange with it
 * However it ends, it goes to the list of finished ones, and `done` is called from there and nowhere else: never from
 * inside submit, cancel or a callback of curl. */
#include "loop_uv.h"
#include "transfer_curl.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { SPARE_HANDLES = 16, DEFAULT_CONNECTIONS = 16 };
enum { CURL_FIRST_MS = 50 }; /* our clock waits this much longer, since curl's verdict says more */

typedef struct curl_transport {
    mr_transport base;
    uv_loop_t *loop;
    mr_curl_settings settings; /* its strings are ours */
    char *strings[3];
    CURLM *multi;
    uv_timer_t curl_clock; /* when curl wants to be called */
    uv_timer_t our_clock;  /* the earliest due_ms */
    uv_timer_t kick;       /* at once: something has finished outside of curl */
    unsigned open_handles;
    mr_transfer *running;
    mr_transfer *finished, **finished_end;
    CURL *spare[SPARE_HANDLES];
    size_t n_spare;
    uint64_t last_id;
    bool closing;
} curl_transport;

typedef struct watch {
    uv_poll_t uv;
    curl_transport *transport;
    curl_socket_t socket;
} watch;

/* ---- ending ------------------------------------------------------------------------------------------------ */

static void keep_or_clean(curl_transport *c, CURL *easy) {
    if (!c->closing && c->n_spare < SPARE_HANDLES)
        c->spare[c->n_spare++] = easy;
    else
        curl_easy_cleanup(easy);
}

/* Takes it from curl and from the list of running ones. */
static void detach(curl_transport *c, mr_transfer *t) {
    mr_transfer **at = &c->running;
    while (*at != t) at = &(*at)->next;
    *at = t->next;
    (void)curl_multi_remove_handle(c->multi, t->easy); /* it is in there: nothing to fail */
    if (!c->running) (void)uv_timer_stop(&c->our_clock);
}

static void finish(curl_transport *c, mr_transfer *t) {
    t->next = NULL;
    *c->finished_end = t;
    c->finished_end = &t->next;
}

static mr_transfer *next_finished(curl_transport *c) {
    mr_transfer *t = c->finished;
    if (!t) return NULL;
    c->finished = t->next;
    if (!c->finished) c->finished_end = &c->finished;
    return t;
}

/* `done` may submit, cancel, and even free the transport: then the list is empty, and the memory still there. */
static void deliver(curl_transport *c) {
    mr_transfer *t;
    while ((t = next_finished(c)) != NULL) {
        mr_metrics_add(c->settings.metrics, t->rc == MR_OK ? MR_C_FHIR_REQUESTS : MR_C_FHIR_ERRORS, 1);
        mr_metrics_observe(c->settings.metrics, MR_H_FHIR_MS, (int64_t)uv_now(c->loop) - t->started_ms);
        t->done(t->arg, t->rc, &t->resp, &t->err);
        keep_or_clean(c, mr_transfer_free(t));
    }
}

static void kicked(uv_timer_t *uv) {
    deliver(uv->data);
}

static void end_early(curl_transport *c, mr_transfer *t, mr_rc rc, const char *why) {
    detach(c, t);
    mr_transfer_drop(t, rc, why);
    finish(c, t);
}

/* ---- curl and the loop ------------------------------------------------------------------------------------- */

static void read_messages(curl_transport *c) {
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
        if (m->msg != CURLMSG_DONE) continue;
        CURLcode code = m->data.result; /* the message is gone once its handle is removed */
        char *private = NULL;
        (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private); /* set by mr_transfer_new */
        mr_transfer *t = (mr_transfer *)private;
        detach(c, t);
        mr_transfer_end(t, code, mr_clock_real()->now_ms(mr_clock_real()));
        finish(c, t);
    }
    deliver(c);
}

static void curl_time_came(uv_timer_t *uv);

static void set_curl_clock(curl_transport *c, long ms) {
    uv_update_time(c->loop); /* after long work the loop's idea of now is old, and curl would be called too early */
    (void)uv_timer_start(&c->curl_clock, curl_time_came, ms > 0 ? (uint64_t)ms : 0, 0);
}

static void curl_time_came(uv_timer_t *uv) {
    curl_transport *c = uv->data;
    int running;
    (void)curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running); /* what failed is in the messages */
    read_messages(c);
    /* Called a moment early by its own reckoning, curl does nothing and does not ask again. */
    long ms = -1;
    if (!c->closing && !uv_is_active((uv_handle_t *)uv) && curl_multi_timeout(c->multi, &ms) == CURLM_OK && ms >= 0)
        set_curl_clock(c, ms ? ms : 1);
}

static int on_curl_clock(CURLM *multi, long ms, void *arg) {
    (void)multi;
    curl_transport *c = arg;
    if (c->closing || ms < 0)
        (void)uv_timer_stop(&c->curl_clock);
    else
        set_curl_clock(c, ms); /* also 0 fires from the loop: a direct call would be recursion */
    return 0;
}

static void socket_ready(uv_poll_t *uv, int status, int events) {
    watch *w = uv->data;
    curl_transport *c = w->transport;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;
    if (events & UV_READABLE) flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE) flags |= CURL_CSELECT_OUT;
    (void)curl_multi_socket_action(c->multi, w->socket, flags, &running);
    read_messages(c);
}

static void watch_closed(uv_handle_t *h) {
    free(h->data);
}

static watch *watch_new(curl_transport *c, curl_socket_t socket) {
    watch *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    if (uv_poll_init_socket(c->loop, &w->uv, socket) != 0) {
        free(w);
        return NULL;
    }
    w->uv.data = w;
    w->transport = c;
    w->socket = socket;
    (void)curl_multi_assign(c->multi, socket, w);
    return w;
}

static int on_curl_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *assigned) {
    (void)easy;
    curl_transport *c = arg;
    watch *w = assigned;
    if (what == CURL_POLL_REMOVE) {
        if (!w) return 0;
        (void)curl_multi_assign(c->multi, socket, NULL);
        uv_close((uv_handle_t *)&w->uv, watch_closed); /* curl may use the number again at once; uv has let go of it */
        return 0;
    }
    if (!w) w = watch_new(c, socket);
    int events = ((what & CURL_POLL_IN) ? UV_READABLE : 0) | ((what & CURL_POLL_OUT) ? UV_WRITABLE : 0);
    if (w) (void)uv_poll_start(&w->uv, events, socket_ready);
    return 0;
}

static void our_time_came(uv_timer_t *uv);

static void set_our_clock(curl_transport *c) {
    int64_t now = (int64_t)uv_now(c->loop), first = INT64_MAX;
    for (mr_transfer *t = c->running; t; t = t->next)
        if (t->due_ms < first) first = t->due_ms;
    if (first == INT64_MAX)
        (void)uv_timer_stop(&c->our_clock);
    else
        (void)uv_timer_start(&c->our_clock, our_time_came, first > now ? (uint64_t)(first - now) : 0, 0);
}

static void our_time_came(uv_timer_t *uv) {
    curl_transport *c = uv->data;
    int64_t now = (int64_t)uv_now(c->loop);
    for (mr_transfer *t = c->running, *next; t; t = next) {
        next = t->next;
        if (t->due_ms <= now) end_early(c, t, MR_TIMEOUT, "no connection was free in time");
    }
    set_our_clock(c);
    deliver(c);
}

/* ---- the port ---------------------------------------------------------------------------------------------- */

static mr_rc submit(mr_transport *transport, const mr_http_req *req, mr_http_done done, void *arg, uint64_t *ret_id,
                    mr_error *err) {
    curl_transport *c = (curl_transport *)transport;
    if (c->closing) return mr_fail(err, MR_CANCELED, "the transport is closing");
    CURL *easy = c->n_spare ? c->spare[--c->n_spare] : curl_easy_init();
    if (!easy) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_transfer *t;
    mr_rc rc = mr_transfer_new(easy, &c->settings, req, &t, err);
    if (rc != MR_OK) {
        keep_or_clean(c, easy);
        return rc;
    }
    CURLMcode ok = curl_multi_add_handle(c->multi, t->easy);
    if (ok != CURLM_OK) {
        keep_or_clean(c, mr_transfer_free(t));
        return mr_fail_detail(err, MR_NOMEM, (int32_t)ok, "%s", curl_multi_strerror(ok));
    }
    uv_update_time(c->loop);
    t->id = ++c->last_id;
    t->done = done;
    t->arg = arg;
    t->started_ms = (int64_t)uv_now(c->loop);
    t->due_ms = t->started_ms + req->timeout_ms + CURL_FIRST_MS;
    t->next = c->running;
    c->running = t;
    set_our_clock(c);
    *ret_id = t->id;
    return MR_OK;
}

static void cancel(mr_transport *transport, uint64_t id) {
    curl_transport *c = (curl_transport *)transport;
    for (mr_transfer *t = c->finished; t; t = t->next)
        if (t->id == id) mr_transfer_drop(t, MR_CANCELED, "canceled");
    for (mr_transfer *t = c->running; t; t = t->next) {
        if (t->id != id) continue;
        end_early(c, t, MR_CANCELED, "canceled");
        (void)uv_timer_start(&c->kick, kicked, 0, 0);
        return;
    }
}

static const mr_transport_ops ops = {submit, cancel};

static void handle_closed(uv_handle_t *h) {
    curl_transport *c = h->data;
    if (--c->open_handles > 0) return;
    for (size_t i = 0; i < sizeof c->strings / sizeof *c->strings; i++) free(c->strings[i]);
    free(c);
    curl_global_cleanup();
}

/* false: memory is short. NULL stays NULL. */
static bool keep_string(curl_transport *c, size_t i, const char **text) {
    if (!*text) return true;
    *text = c->strings[i] = strdup(*text);
    return *text != NULL;
}

static bool copy_settings(curl_transport *c, const mr_curl_settings *settings) {
    c->settings = *settings;
    return keep_string(c, 0, &c->settings.ca_file) && keep_string(c, 1, &c->settings.client_cert) &&
           keep_string(c, 2, &c->settings.client_key);
}

static bool set_up_multi(curl_transport *c) {
    long per_host =
        c->settings.max_connections_per_host ? (long)c->settings.max_connections_per_host : DEFAULT_CONNECTIONS;
    c->multi = curl_multi_init();
    if (!c->multi) return false;
    CURLMcode ok = curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    if (ok == CURLM_OK) ok = curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    if (ok == CURLM_OK) ok = curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_curl_clock);
    if (ok == CURLM_OK) ok = curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    if (ok == CURLM_OK) ok = curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host);
    if (ok == CURLM_OK) ok = curl_multi_setopt(c->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, per_host);
    if (ok == CURLM_OK) ok = curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, 2 * per_host); /* kept open when idle */
    return ok == CURLM_OK;
}

static void close_handles(curl_transport *c) {
    uv_close((uv_handle_t *)&c->curl_clock, handle_closed);
    uv_close((uv_handle_t *)&c->our_clock, handle_closed);
    uv_close((uv_handle_t *)&c->kick, handle_closed);
}

mr_rc mr_transport_curl_new(uv_loop_t *loop, const mr_curl_settings *settings, mr_transport **ret, mr_error *err) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return mr_fail(err, MR_NOMEM, "curl cannot be prepared");
    curl_transport *c = calloc(1, sizeof *c);
    if (!c) {
        curl_global_cleanup();
        return mr_fail(err, MR_NOMEM, "out of memory");
    }
    mr_ignore_sigpipe();
    c->base.ops = &ops;
    c->loop = loop;
    c->finished_end = &c->finished;
    (void)uv_timer_init(loop, &c->curl_clock); /* these cannot fail */
    (void)uv_timer_init(loop, &c->our_clock);
    (void)uv_timer_init(loop, &c->kick);
    c->curl_clock.data = c->our_clock.data = c->kick.data = c;
    c->open_handles = 3;
    if (!copy_settings(c, settings) || !set_up_multi(c)) {
        mr_transport_curl_free(&c->base);
        return mr_fail(err, MR_NOMEM, "curl cannot be prepared");
    }
    *ret = &c->base;
    return MR_OK;
}

void mr_transport_curl_free(mr_transport *transport) {
    curl_transport *c = (curl_transport *)transport;
    if (!c) return;
    c->closing = true;
    for (mr_transfer *t = c->finished; t; t = t->next) mr_transfer_drop(t, MR_CANCELED, "the transport is closing");
    while (c->running) end_early(c, c->running, MR_CANCELED, "the transport is closing");
    deliver(c);
    while (c->n_spare) curl_easy_cleanup(c->spare[--c->n_spare]);
    if (c->multi)
        (void)curl_multi_cleanup(c->multi); /* closes its connections; their watches close through on_curl_socket */
    c->multi = NULL;
    close_handles(c);
}
