/* Work off the loop: libuv's pool for reviews, one thread in order for a store.
 *
 * Happy path: submit -> work on a thread -> done on the loop -> ... -> close -> what was accepted finishes -> closed.
 * Ways to fail: memory is short, or the worker is closing; both are said by submit, and then nothing runs. */
#include "medreview/net/net.h"

#include <stdlib.h>
#include <uv.h>

/* What both kinds begin with, so that mr_worker_close needs not know which it has. */
typedef struct any_worker {
    mr_worker base;
    void (*close)(struct any_worker *w);
    void (*closed)(void *arg);
    void *closed_arg;
    bool closing;
} any_worker;

void mr_worker_close(mr_worker *worker, void (*closed)(void *arg), void *arg) {
    any_worker *w = (any_worker *)worker;
    MR_REQUIRE(!w->closing);
    w->closed = closed;
    w->closed_arg = arg;
    w->closing = true;
    w->close(w);
}

/* ---- the pool ---------------------------------------------------------------------------------------------- */

typedef struct pool {
    any_worker any;
    uv_loop_t *loop;
    uv_timer_t last; /* never started: closing it calls `closed` from the loop, and not from inside close */
    size_t in_flight;
} pool;

typedef struct pool_job {
    uv_work_t uv;
    pool *pool;
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
} pool_job;

static void pool_gone(uv_handle_t *h) {
    pool *p = h->data;
    void (*closed)(void *arg) = p->any.closed;
    void *arg = p->any.closed_arg;
    free(p);
    if (closed) closed(arg);
}

static void pool_finish(pool *p) {
    if (p->any.closing && p->in_flight == 0) uv_close((uv_handle_t *)&p->last, pool_gone);
}

static void pool_close(any_worker *w) {
    pool_finish((pool *)w);
}

static void pool_work(uv_work_t *uv) {
    pool_job *j = uv->data;
    j->work(j->arg);
}

static void pool_done(uv_work_t *uv, int status) {
    (void)status; /* we never cancel */
    pool_job *j = uv->data;
    pool *p = j->pool;
    j->done(j->arg);
    free(j);
    p->in_flight--;
    pool_finish(p);
}

static mr_rc pool_submit(mr_worker *w, void (*work)(void *arg), void (*done)(void *arg), void *arg) {
    pool *p = (pool *)w;
    if (p->any.closing) return MR_CANCELED;
    pool_job *j = calloc(1, sizeof *j);
    if (!j) return MR_NOMEM;
    *j = (pool_job){.pool = p, .work = work, .done = done, .arg = arg};
    j->uv.data = j;
    if (uv_queue_work(p->loop, &j->uv, pool_work, pool_done) != 0) {
        free(j);
        return MR_NOMEM;
    }
    p->in_flight++;
    return MR_OK;
}

static const mr_worker_ops pool_ops = {pool_submit};

mr_rc mr_worker_pool_new(uv_loop_t *loop, mr_worker **ret, mr_error *err) {
    pool *p = calloc(1, sizeof *p);
    if (!p) return mr_fail(err, MR_NOMEM, "out of memory");
    p->any.base.ops = &pool_ops;
    p->any.close = pool_close;
    p->loop = loop;
    (void)uv_timer_init(loop, &p->last); /* cannot fail */
    p->last.data = p;
    *ret = &p->any.base;
    return MR_OK;
}

/* ---- the single thread ------------------------------------------------------------------------------------- */

typedef struct thread_job {
    struct thread_job *next;
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
} thread_job;

typedef struct job_list {
    thread_job *first, **end;
} job_list;

typedef struct thread_worker {
    any_worker any;
    uv_thread_t thread;
    uv_async_t wake_loop;
    size_t in_flight; /* loop thread only */

    uv_mutex_t lock; /* guards the rest */
    uv_cond_t wake_thread;
    job_list todo, finished;
    bool stop;
} thread_worker;

static void list_clear(job_list *l) {
    *l = (job_list){NULL, &l->first};
}

static void list_add(job_list *l, thread_job *j) {
    j->next = NULL;
    *l->end = j;
    l->end = &j->next;
}

static thread_job *list_take_all(job_list *l) {
    thread_job *first = l->first;
    list_clear(l);
    return first;
}

static void thread_main(void *arg) {
    thread_worker *t = arg;
    uv_mutex_lock(&t->lock);
    for (;;) {
        while (!t->todo.first && !t->stop) uv_cond_wait(&t->wake_thread, &t->lock);
        thread_job *j = t->todo.first;
        if (!j) break; /* told to stop, and nothing is left */
        t->todo.first = j->next;
        if (!j->next) list_clear(&t->todo);
        uv_mutex_unlock(&t->lock);
        j->work(j->arg);
        uv_mutex_lock(&t->lock);
        list_add(&t->finished, j);
        (void)uv_async_send(&t->wake_loop); /* fails only on a closed handle; ours is closed after the join */
    }
    uv_mutex_unlock(&t->lock);
}

static void thread_gone(uv_handle_t *h) {
    thread_worker *t = h->data;
    void (*closed)(void *arg) = t->any.closed;
    void *arg = t->any.closed_arg;
    uv_cond_destroy(&t->wake_thread);
    uv_mutex_destroy(&t->lock);
    free(t);
    if (closed) closed(arg);
}

/* The thread has nothing left to do when nothing is in flight, so the join is short. */
static void thread_finish(thread_worker *t) {
    if (!t->any.closing || t->in_flight > 0) return;
    uv_mutex_lock(&t->lock);
    t->stop = true;
    uv_cond_signal(&t->wake_thread);
    uv_mutex_unlock(&t->lock);
    (void)uv_thread_join(&t->thread);
    uv_close((uv_handle_t *)&t->wake_loop, thread_gone);
}

static void thread_close(any_worker *w) {
    thread_finish((thread_worker *)w);
}

static void deliver(uv_async_t *async) {
    thread_worker *t = async->data;
    uv_mutex_lock(&t->lock);
    thread_job *j = list_take_all(&t->finished);
    uv_mutex_unlock(&t->lock);
    if (!j) return; /* two wake-ups, one delivery */
    while (j) {
        thread_job *next = j->next;
        j->done(j->arg);
        free(j);
        j = next;
        t->in_flight--;
    }
    if (t->in_flight == 0) uv_unref((uv_handle_t *)&t->wake_loop);
    thread_finish(t);
}

static mr_rc thread_submit(mr_worker *w, void (*work)(void *arg), void (*done)(void *arg), void *arg) {
    thread_worker *t = (thread_worker *)w;
    if (t->any.closing) return MR_CANCELED;
    thread_job *j = calloc(1, sizeof *j);
    if (!j) return MR_NOMEM;
    *j = (thread_job){.work = work, .done = done, .arg = arg};
    uv_mutex_lock(&t->lock);
    list_add(&t->todo, j);
    uv_cond_signal(&t->wake_thread);
    uv_mutex_unlock(&t->lock);
    t->in_flight++;
    uv_ref((uv_handle_t *)&t->wake_loop); /* work keeps the loop alive, an idle thread does not */
    return MR_OK;
}

static const mr_worker_ops thread_ops = {thread_submit};

mr_rc mr_worker_thread_new(uv_loop_t *loop, mr_worker **ret, mr_error *err) {
    thread_worker *t = calloc(1, sizeof *t);
    if (!t) return mr_fail(err, MR_NOMEM, "out of memory");
    t->any.base.ops = &thread_ops;
    t->any.close = thread_close;
    list_clear(&t->todo);
    list_clear(&t->finished);
    if (uv_mutex_init(&t->lock) != 0) goto no_lock;
    if (uv_cond_init(&t->wake_thread) != 0) goto no_cond;
    if (uv_async_init(loop, &t->wake_loop, deliver) != 0) goto no_async;
    t->wake_loop.data = t;
    uv_unref((uv_handle_t *)&t->wake_loop);
    if (uv_thread_create(&t->thread, thread_main, t) != 0) {
        t->any.closed = NULL;
        uv_close((uv_handle_t *)&t->wake_loop, thread_gone);
        return mr_fail(err, MR_IO, "cannot start a thread");
    }
    *ret = &t->any.base;
    return MR_OK;
no_async:
    uv_cond_destroy(&t->wake_thread);
no_cond:
    uv_mutex_destroy(&t->lock);
no_lock:
    free(t);
    return mr_fail(err, MR_IO, "cannot prepare a thread");
}
