/* After an update of knowledge or terminology: whose review would come out otherwise, and their reviews made again.
 *
 *   COUNT --> CHECK, a batch at a time: read from the store, compared on the pool, noted in the store
 *     ^          |
 *     |          v  (none left)
 *     +------- TAKE: some of those who wait, at the rate of the settings, while nobody else is due
 *     |
 *   REST: nothing is left; looked at again now and then, for reviews that another replica made with an old basis
 *
 * Everything that must outlive a restart is in the store; what is here may be forgotten at any moment. A store that is
 * away is asked again. A patient who was taken is due like everybody, so from there on nothing is lost or doubled. */
#include "engine_parts.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 64, CHECK_PAUSE_MS = 20, TAKE_EVERY_MS = 1000, REST_MS = 60000, AWAY_MS = 5000, PER_MINUTE = 60 };

typedef enum phase { COUNT, CHECK, TAKE, REST } phase;

struct rereview {
    mr_engine *engine;
    phase phase;
    bool open;  /* an operation is under way */
    bool again; /* begin anew when it comes home */
    bool told;  /* that there is something to do */
    int64_t at_ms;
    unsigned carry; /* sixtieths of a patient not yet taken */
    mr_rereviews left;
    uint64_t same, changed, taken; /* since it was told */
};

typedef struct rereview_op {
    struct rereview *r;
    mr_basis *basis;
    int64_t now_ms;
    mr_stale stale[BATCH];
    mr_compared compared[BATCH];
    size_t n, n_changed, want;
    bool others_due;
    mr_rereviews left;
    mr_rc rc;
    mr_error err;
} rereview_op;

struct rereview *rereview_new(mr_engine *e) {
    struct rereview *r = calloc(1, sizeof *r);
    if (r) r->engine = e;
    return r;
}

void rereview_free(struct rereview *r) {
    free(r);
}

mr_rereviews mr_engine_rereviews(const mr_engine *e) {
    return e->rereview->left;
}

void rereview_begin(struct rereview *r) {
    if (r->open)
        r->again = true;
    else
        r->phase = COUNT;
    r->at_ms = 0;
}

int64_t rereview_next(const struct rereview *r) {
    return r->open ? INT64_MAX : r->at_ms;
}

/* ---- operations ---- */

static void op_free(rereview_op *op) {
    for (size_t i = 0; i < op->n; i++) free(op->stale[i].asked);
    mr_basis_drop(op->basis);
    free(op);
}

static void next(struct rereview *r, phase then, int64_t at_ms) {
    r->open = false;
    r->phase = r->again ? COUNT : then;
    r->at_ms = r->again ? 0 : at_ms;
    r->again = false;
    engine_wake(r->engine);
}

/* true: it failed, which was told, and will be tried again. */
static bool away(rereview_op *op) {
    struct rereview *r = op->r;
    if (op->rc == MR_OK) return false;
    MR_LOG(r->engine->port.log, MR_L_ERROR, "rereview.away", mr_v_rc("why", op->rc),
           mr_v_operator_text("reason", op->err.text));
    op_free(op);
    next(r, COUNT, engine_now(r->engine) + AWAY_MS);
    return true;
}

static void submit(rereview_op *op, bool pool, void (*work)(void *), void (*done)(void *)) {
    struct rereview *r = op->r;
    r->open = true;
    op->rc =
        pool ? engine_compute(r->engine, work, done, op, &op->err) : engine_store(r->engine, work, done, op, &op->err);
    (void)away(op);
}

/* ---- COUNT ---- */

static void count_work(void *arg) {
    rereview_op *op = arg;
    mr_store *store = op->r->engine->port.store;
    op->rc = store->ops->rereviews(store, mr_basis_stamp(op->basis), &op->left, &op->err);
}

static void tell(struct rereview *r, const char *event) {
    MR_LOG(r->engine->port.log, MR_L_INFO, event, mr_v_int("unchecked", (int64_t)r->left.unchecked),
           mr_v_int("waiting", (int64_t)r->left.changed), mr_v_int("unchanged", (int64_t)r->same),
           mr_v_int("changed", (int64_t)r->changed), mr_v_int("due", (int64_t)r->taken));
}

static void counted(void *arg) {
    rereview_op *op = arg;
    struct rereview *r = op->r;
    if (away(op)) return;
    r->left = op->left;
    bool work_left = r->left.unchecked || r->left.changed;
    if (work_left != r->told) {
        tell(r, work_left ? "rereview.begin" : "rereview.end");
        r->same = r->changed = r->taken = 0;
        r->told = work_left;
    }
    int64_t now = engine_now(r->engine);
    op_free(op);
    next(r, r->left.unchecked ? CHECK : work_left ? TAKE : REST, work_left ? now : now + REST_MS);
}

/* ---- CHECK ---- */

static void noted(void *arg) {
    rereview_op *op = arg;
    struct rereview *r = op->r;
    if (away(op)) return;
    r->left.unchecked -= op->n < r->left.unchecked ? op->n : r->left.unchecked;
    r->left.changed += op->n_changed;
    r->changed += op->n_changed;
    r->same += op->n - op->n_changed;
    bool last = op->n < BATCH;
    op_free(op);
    next(r, last ? COUNT : CHECK, engine_now(r->engine) + CHECK_PAUSE_MS);
}

static void note_work(void *arg) {
    rereview_op *op = arg;
    mr_store *store = op->r->engine->port.store;
    op->rc = store->ops->compared(store, mr_basis_stamp(op->basis), op->compared, op->n, &op->err);
}

static void compared(void *arg) {
    submit(arg, false, note_work, noted);
}

/* On the pool. */
static void compare_work(void *arg) {
    rereview_op *op = arg;
    for (size_t i = 0; i < op->n; i++) {
        const mr_stale *v = &op->stale[i];
        bool changed = !mr_basis_same_knowledge(op->basis, mr_span_of(v->stamp)) ||
                       mr_basis_differs(op->basis, (mr_span){v->asked, v->asked_len});
        op->compared[i] = (mr_compared){.key = v->key, .number = v->number, .changed = changed};
        op->n_changed += changed;
    }
}

static void check_work(void *arg) {
    rereview_op *op = arg;
    mr_store *store = op->r->engine->port.store;
    op->rc = store->ops->stale(store, mr_basis_stamp(op->basis), op->stale, BATCH, &op->n, &op->err);
}

static void checked(void *arg) {
    rereview_op *op = arg;
    struct rereview *r = op->r;
    if (away(op)) return;
    if (op->n) {
        submit(op, true, compare_work, compared);
        return;
    }
    op_free(op);
    next(r, COUNT, engine_now(r->engine));
}

/* ---- TAKE ---- */

/* Whoever is due goes before: their records changed. */
static void take_work(void *arg) {
    rereview_op *op = arg;
    mr_store *store = op->r->engine->port.store;
    mr_depth depth;
    op->rc = store->ops->depth(store, op->now_ms, &depth, &op->err);
    op->others_due = op->rc == MR_OK && depth.next_due_ms <= op->now_ms;
    if (op->rc != MR_OK || op->others_due) return;
    size_t n = 0;
    op->rc = store->ops->rereview(store, op->want, op->now_ms, &n, &op->err);
    op->n_changed = n;
}

static void took(void *arg) {
    rereview_op *op = arg;
    struct rereview *r = op->r;
    mr_engine *e = r->engine;
    if (away(op)) return;
    size_t n = op->n_changed;
    bool over = !op->others_due && n < op->want;
    unsigned rate = e->set.rereviews_per_minute ? e->set.rereviews_per_minute : PER_MINUTE;
    int64_t pause = rate < 60 && n ? 60000 / rate : TAKE_EVERY_MS;
    r->left.changed -= n < r->left.changed ? n : r->left.changed;
    r->taken += n;
    op_free(op);
    int64_t now = engine_now(e);
    next(r, over ? COUNT : TAKE, over ? now : now + pause);
    if (n) engine_look(e, now);
}

static void take(rereview_op *op) {
    struct rereview *r = op->r;
    unsigned rate = r->engine->set.rereviews_per_minute ? r->engine->set.rereviews_per_minute : PER_MINUTE;
    r->carry += rate < 60 ? 60 : rate;
    op->want = r->carry / 60;
    r->carry %= 60;
    submit(op, false, take_work, took);
}

/* ---- turns ---- */

void rereview_tick(struct rereview *r, int64_t now_ms) {
    if (r->open || now_ms < r->at_ms) return;
    rereview_op *op = calloc(1, sizeof *op);
    if (!op) {
        r->at_ms = now_ms + AWAY_MS;
        return;
    }
    *op = (rereview_op){.r = r, .basis = mr_basis_hold(r->engine->set.basis), .now_ms = now_ms};
    switch (r->phase) {
    case COUNT:
    case REST: submit(op, false, count_work, counted); break;
    case CHECK: submit(op, false, check_work, checked); break;
    case TAKE: take(op); break;
    }
}
