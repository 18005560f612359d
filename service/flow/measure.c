/* The gauges of the queue. A claim brings them along; where none is made (every slot is busy, no server can be used)
 * they are looked up by themselves, since that is when somebody looks at them. */
#include "engine_parts.h"

#include <stdlib.h>

enum { MEASURE_EVERY_MS = 5000 };

typedef struct measure_op {
    mr_engine *engine;
    int64_t now_ms;
    char today[MR_DATE_TEXT];
    mr_depth depth;
    uint64_t overdue;
    mr_rc rc;
    mr_error err;
} measure_op;

void measure_show(mr_engine *e, const mr_depth *d, uint64_t overdue, int64_t now_ms) {
    mr_metrics *m = e->port.metrics;
    mr_metrics_set(m, MR_G_JOBS_DUE, (int64_t)d->due);
    mr_metrics_set(m, MR_G_JOBS_LEASED, (int64_t)d->leased);
    mr_metrics_set(m, MR_G_JOBS_PARKED, (int64_t)d->parked);
    mr_metrics_set(m, MR_G_HINTS, (int64_t)d->hints);
    mr_metrics_set(m, MR_G_TASKS_OVERDUE, (int64_t)overdue);
    mr_metrics_set(m, MR_G_JOBS_OLDEST_S, d->oldest_due_ms ? (now_ms - d->oldest_due_ms) / 1000 : 0);
    e->measure_at_ms = now_ms + MEASURE_EVERY_MS;
}

static void work(void *arg) {
    measure_op *op = arg;
    mr_store *store = op->engine->port.store;
    op->rc = store->ops->depth(store, op->now_ms, &op->depth, &op->err);
    if (op->rc == MR_OK) op->rc = store->ops->overdue(store, op->today, &op->overdue, &op->err);
}

static void done(void *arg) {
    measure_op *op = arg;
    mr_engine *e = op->engine;
    e->measuring = false;
    if (op->rc == MR_OK) measure_show(e, &op->depth, op->overdue, engine_now(e)); /* else claims say what is wrong */
    free(op);
    engine_wake(e);
}

void measure_tick(mr_engine *e, int64_t now_ms) {
    if (e->measuring || now_ms < e->measure_at_ms) return;
    measure_op *op = calloc(1, sizeof *op);
    mr_error err;
    e->measure_at_ms = now_ms + MEASURE_EVERY_MS;
    if (!op) return;
    *op = (measure_op){.engine = e, .now_ms = now_ms};
    mr_day_print(e->port.as_of(e->port.host, now_ms), op->today);
    if (engine_store(e, work, done, op, &err) == MR_OK)
        e->measuring = true;
    else
        free(op);
}
