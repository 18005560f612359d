/* Workers: each job's work runs once off the loop thread, each done once on it, a thread keeps the order, and close
 * waits for what was accepted. Built with the thread sanitizer as well. */
#include "loopback.h"
#include "medreview/net/net.h"

#include <stdatomic.h>

enum { JOBS = 500 };

typedef struct world {
    rig rig;
    mr_worker *worker;
    uv_thread_t loop_thread;
    size_t n_done;
    unsigned closed;
    bool in_submit;
    int order[JOBS + 1]; /* as worked; written by one thread only where that is promised */
    atomic_size_t n_worked;
} world;

typedef struct job {
    world *w;
    int number;
    unsigned worked, done;
    int product;
    struct job *next;
} job;

static bool on_loop(const world *w) {
    uv_thread_t self = uv_thread_self();
    return uv_thread_equal(&self, &w->loop_thread) != 0;
}

static void work(void *arg) {
    job *j = arg;
    if (on_loop(j->w)) abort();
    j->worked++; /* not atomic: submit, work and done must be ordered by the worker */
    j->product = j->number * 3;
    atomic_fetch_add(&j->w->n_worked, 1);
}

static void work_in_order(void *arg) {
    job *j = arg;
    size_t at = atomic_load(&j->w->n_worked);
    j->w->order[at] = j->number;
    work(arg);
}

static void done(void *arg) {
    job *j = arg;
    assert_true(on_loop(j->w));
    assert_false(j->w->in_submit);
    assert_int_equal(j->worked, 1);
    assert_int_equal(j->done, 0);
    assert_int_equal(j->product, j->number * 3);
    j->done++;
    j->w->n_done++;
}

static mr_rc submit(world *w, void (*work_)(void *), void (*done_)(void *), job *j) {
    w->in_submit = true;
    mr_rc rc = w->worker->ops->submit(w->worker, work_, done_, j);
    w->in_submit = false;
    return rc;
}

typedef mr_rc (*open_fn)(struct uv_loop_s *loop, mr_worker **ret, mr_error *err);

static void world_open(world *w, open_fn open) {
    memset(w, 0, sizeof *w);
    rig_open(&w->rig);
    w->loop_thread = uv_thread_self();
    mr_error err;
    assert_int_equal(open(&w->rig.loop, &w->worker, &err), MR_OK);
}

static void on_closed(void *arg) {
    world *w = arg;
    w->closed++;
}

static void world_close(world *w) {
    mr_worker_close(w->worker, on_closed, w);
    assert_int_equal(w->closed, 0); /* from the loop, not from inside close */
    RIG_UNTIL(&w->rig, w->closed);
    rig_close(&w->rig);
    assert_int_equal(w->closed, 1);
}

static job *jobs_of(world *w) {
    job *j = calloc(JOBS, sizeof *j);
    assert_non_null(j);
    for (int i = 0; i < JOBS; i++) j[i] = (job){.w = w, .number = i};
    return j;
}

static const open_fn kinds[] = {mr_worker_pool_new, mr_worker_thread_new};

static void test_worker_runs_each_job_once(void **state) {
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        world w;
        world_open(&w, kinds[k]);
        job *j = jobs_of(&w);
        for (int i = 0; i < JOBS; i++) assert_int_equal(submit(&w, work, done, &j[i]), MR_OK);
        RIG_UNTIL(&w.rig, w.n_done == JOBS);
        for (int i = 0; i < JOBS; i++) assert_true(j[i].worked == 1 && j[i].done == 1);
        world_close(&w);
        free(j);
    }
}

static void test_thread_keeps_the_order(void **state) {
    (void)state;
    world w;
    world_open(&w, mr_worker_thread_new);
    job *j = jobs_of(&w);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(submit(&w, work_in_order, done, &j[i]), MR_OK);
        if (i % 7 == 0) RIG_UNTIL(&w.rig, w.n_done > (size_t)i / 2); /* sometimes it runs dry, sometimes it queues */
    }
    RIG_UNTIL(&w.rig, w.n_done == JOBS);
    for (int i = 0; i < JOBS; i++) assert_int_equal(w.order[i], i);
    world_close(&w);
    free(j);
}

/* Close right after the submits: everything accepted still runs and completes, nothing new is accepted. */
static void test_close_waits_for_what_was_accepted(void **state) {
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        world w;
        world_open(&w, kinds[k]);
        job *j = jobs_of(&w);
        for (int i = 0; i < JOBS; i++) assert_int_equal(submit(&w, work, done, &j[i]), MR_OK);
        mr_worker_close(w.worker, on_closed, &w);
        job late = {.w = &w};
        assert_int_equal(submit(&w, work, done, &late), MR_CANCELED);
        RIG_UNTIL(&w.rig, w.closed);
        assert_int_equal(w.n_done, JOBS);
        assert_int_equal(late.worked + late.done, 0);
        rig_close(&w.rig);
        free(j);
    }
}

static void done_and_submit(void *arg) {
    job *j = arg;
    done(arg);
    if (j->next) assert_int_equal(submit(j->w, work, done_and_submit, j->next), MR_OK);
}

static void test_done_may_submit(void **state) {
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        world w;
        world_open(&w, kinds[k]);
        job *j = jobs_of(&w);
        for (int i = 0; i + 1 < 50; i++) j[i].next = &j[i + 1];
        assert_int_equal(submit(&w, work, done_and_submit, &j[0]), MR_OK);
        RIG_UNTIL(&w.rig, w.n_done == 50);
        world_close(&w);
        free(j);
    }
}

static void done_and_close(void *arg) {
    job *j = arg;
    done(arg);
    mr_worker_close(j->w->worker, on_closed, j->w);
}

static void test_done_may_close(void **state) {
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        world w;
        world_open(&w, kinds[k]);
        job *j = jobs_of(&w);
        assert_int_equal(submit(&w, work, done_and_close, &j[0]), MR_OK);
        for (int i = 1; i < 20; i++) assert_int_equal(submit(&w, work, done, &j[i]), MR_OK);
        RIG_UNTIL(&w.rig, w.closed);
        assert_int_equal(w.n_done, 20);
        rig_close(&w.rig);
        free(j);
    }
}

static void test_worker_without_work_closes(void **state) {
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        world w;
        world_open(&w, kinds[k]);
        world_close(&w);
        world_open(&w, kinds[k]);
        mr_worker_close(w.worker, NULL, NULL);
        rig_close(&w.rig);
    }
}

/* A loop with nothing to do may end although a worker waits for work; one with work in flight may not. */
static void test_only_work_keeps_the_loop_alive(void **state) {
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        world w;
        world_open(&w, kinds[k]);
        assert_int_equal(uv_run(&w.rig.loop, UV_RUN_DEFAULT), 0);
        job *j = jobs_of(&w);
        for (int i = 0; i < 10; i++) assert_int_equal(submit(&w, work, done, &j[i]), MR_OK);
        assert_int_equal(uv_run(&w.rig.loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(w.n_done, 10);
        world_close(&w);
        free(j);
    }
}

/* ---- loop_uv.c --------------------------------------------------------------------------------------------- */

typedef struct bell {
    unsigned rung;
    mr_timer *timer;
} bell;

static void ring(void *arg) {
    bell *b = arg;
    b->rung++;
}

static void ring_and_free(void *arg) {
    bell *b = arg;
    b->rung++;
    mr_timer_free(b->timer);
}

static void test_timer_fires_once_as_last_set(void **state) {
    (void)state;
    rig r;
    rig_open(&r);
    bell b = {0}, never = {0}, last = {0};
    b.timer = mr_timer_new(&r.loop, ring, &b);
    never.timer = mr_timer_new(&r.loop, ring, &never);
    last.timer = mr_timer_new(&r.loop, ring_and_free, &last);
    mr_timer_set(never.timer, 1);
    mr_timer_set(never.timer, -1);
    mr_timer_set(b.timer, 3600000);
    mr_timer_set(b.timer, 5);
    uint64_t start = uv_hrtime();
    RIG_UNTIL(&r, b.rung);
    assert_true(uv_hrtime() - start >= 4000000); /* not before its time: the loop counts whole milliseconds */
    mr_timer_set(b.timer, 0);
    assert_int_equal(b.rung, 1); /* from the loop, not from inside set */
    mr_timer_set(last.timer, 30);
    RIG_UNTIL(&r, last.rung);
    assert_int_equal(b.rung, 2);
    assert_int_equal(never.rung, 0);
    mr_timer_free(b.timer);
    mr_timer_free(never.timer);
    mr_timer_free(NULL);
    rig_close(&r);
}

static void test_clock_and_chance(void **state) {
    (void)state;
    mr_clock *c = mr_clock_real();
    int64_t a = c->now_ms(c), b = c->now_ms(c);
    assert_in_range(a, INT64_C(1700000000000), INT64_C(4102444800000)); /* milliseconds, between 2023 and 2100 */
    assert_true(b - a < 60000 && a - b < 60000);
    uint8_t x[64] = {0}, y[64] = {0};
    mr_error err;
    assert_int_equal(mr_random_bytes(x, sizeof x, &err), MR_OK);
    assert_int_equal(mr_random_bytes(y, sizeof y, &err), MR_OK);
    assert_memory_not_equal(x, y, sizeof x);
    assert_memory_not_equal(x, x + 32, 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_runs_each_job_once),
        cmocka_unit_test(test_thread_keeps_the_order),
        cmocka_unit_test(test_close_waits_for_what_was_accepted),
        cmocka_unit_test(test_done_may_submit),
        cmocka_unit_test(test_done_may_close),
        cmocka_unit_test(test_worker_without_work_closes),
        cmocka_unit_test(test_only_work_keeps_the_loop_alive),
        cmocka_unit_test(test_timer_fires_once_as_last_set),
        cmocka_unit_test(test_clock_and_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
