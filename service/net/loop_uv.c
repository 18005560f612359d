/* Time and chance: the one file outside app that reads them. */
#include "loop_uv.h"

#include "medreview/net/net.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

static int64_t real_now_ms(mr_clock *c) {
    (void)c;
    uv_timeval64_t now;
    if (uv_gettimeofday(&now) != 0) return 0;
    return now.tv_sec * 1000 + now.tv_usec / 1000;
}

mr_clock *mr_clock_real(void) {
    static mr_clock real = {real_now_ms}; /* written by nobody; not const only because the port is not */
    return &real;
}

struct mr_timer {
    uv_timer_t uv;
    void (*fire)(void *arg);
    void *arg;
};

mr_timer *mr_timer_new(uv_loop_t *loop, void (*fire)(void *arg), void *arg) {
    mr_timer *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->fire = fire;
    t->arg = arg;
    (void)uv_timer_init(loop, &t->uv); /* cannot fail */
    t->uv.data = t;
    return t;
}

static void timer_fired(uv_timer_t *uv) {
    mr_timer *t = uv->data;
    t->fire(t->arg);
}

void mr_timer_set(mr_timer *t, int64_t delay_ms) {
    if (delay_ms < 0) {
        (void)uv_timer_stop(&t->uv);
        return;
    }
    uv_update_time(t->uv.loop); /* after long work the loop's idea of now is old, and the timer would fire early */
    (void)uv_timer_start(&t->uv, timer_fired, (uint64_t)delay_ms, 0);
}

static void timer_closed(uv_handle_t *uv) {
    free(uv->data);
}

void mr_timer_free(mr_timer *t) {
    if (t) uv_close((uv_handle_t *)&t->uv, timer_closed);
}

mr_rc mr_random_bytes(void *out, size_t n, mr_error *err) {
    int rc = uv_random(NULL, NULL, out, n, 0, NULL);
    return rc == 0 ? MR_OK : mr_fail_detail(err, MR_IO, rc, "random bytes: %s", uv_strerror(rc));
}

void mr_ignore_sigpipe(void) {
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        (void)sigaction(SIGPIPE, &ignore, NULL);
    }
}
