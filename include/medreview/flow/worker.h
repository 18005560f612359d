/* Work off the loop: reviews on a thread pool, store calls on one thread. One interface for both.
 *
 * Implementations: net/worker_uv.c (pool, and single thread), inline and delayed ones in tests and tests/sim. */
#ifndef MEDREVIEW_FLOW_WORKER_H
#define MEDREVIEW_FLOW_WORKER_H

#include "medreview/base/error.h"

typedef struct mr_worker mr_worker;
typedef struct mr_worker_ops {
    /* Runs work(arg) elsewhere, then done(arg) on the loop thread: exactly once each, never from inside submit.
     * A single-thread worker runs work in the order of submission.
     *   MR_NOMEM     nothing will run
     *   MR_CANCELED  the worker is stopping; nothing will run */
    mr_rc (*submit)(mr_worker *w, void (*work)(void *arg), void (*done)(void *arg), void *arg);
} mr_worker_ops;
struct mr_worker {
    const mr_worker_ops *ops;
};

#endif
