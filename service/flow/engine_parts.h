/* Private to flow: the engine's parts and what they ask of each other. */
#ifndef FLOW_ENGINE_PARTS_H
#define FLOW_ENGINE_PARTS_H

#include "medreview/flow/engine.h"

enum { URL_BYTES = 2048, MEDICATION_BATCH = 50 };

typedef struct slot {
    mr_engine *engine;
    struct source *source;
    bool busy, released;
    unsigned inflight; /* operations that still hold the slot's memory */
    mr_claim claim;
    mr_job job;
    mr_basis *basis; /* held: the review ends on what it began with */
    mr_arena *arena;
    mr_review *review;
    mr_review_settings settings;
    char correlation[37];

    mr_page_kind kind;    /* what is being fetched */
    char *next;           /* page link to follow; NULL: the first page of kind */
    unsigned pages;       /* of this kind so far */
    unsigned quiet_pages; /* empty pages with a next link, in a row */
    mr_span *unresolved;
    size_t n_unresolved, at_unresolved;
    bool asked_unresolved;
    uint64_t http_id;
    bool http_open;
    char *page; /* body of the page to absorb */
    size_t page_len;

    const mr_review_result *result;
    mr_buf tx, json, asked;
    mr_work_item item;
    mr_written *written;
    size_t n_written;
    mr_error error;
} slot;

/* One server. Its upkeep (capabilities, Device, subscriptions, catch-up) is a chain of exchanges, one at a time. */
typedef enum upkeep { UPKEEP_CAPABILITY, UPKEEP_DEVICE, UPKEEP_IDLE } upkeep;
typedef struct source {
    mr_engine *engine;
    const mr_source_settings *set;
    mr_fhir_client client;
    upkeep stage;
    bool usable;        /* capabilities read, Device written: reviews may run */
    bool provenance;    /* the server takes Provenance */
    bool device_old;    /* the Device names knowledge that was replaced */
    bool upkeep_open;   /* an upkeep exchange is under way */
    uint64_t upkeep_id; /* its transport id, so that stopping can cancel it */
    unsigned upkeep_failures;
    int64_t upkeep_at_ms;
    char why[320];            /* not usable because; "" when usable */
    int64_t blocked_until_ms; /* breaker: no claims before */
    unsigned failures;        /* exchanges in a row that failed for the server's sake */
    struct subscriptions *subscriptions;
    struct catchup *catchup;
} source;

typedef struct intake_batch intake_batch;

struct mr_engine {
    mr_engine_settings set;
    mr_engine_ports port;
    mr_rand chance;
    source *sources;
    slot *slots;
    unsigned busy;
    bool started, stopping, releasing, stopped_told;
    int64_t stop_deadline_ms;
    void (*stopped)(void *arg);
    void *stopped_arg;
    unsigned store_ops, upkeep_ops; /* in flight, beside the slots'; store_ops also counts work on the pool */
    bool claiming, claim_again;
    int64_t claim_at_ms;   /* next look into the queue */
    intake_batch *waiting; /* notices that came while a batch was being committed */
    bool recording;
    size_t n_waiting;
    bool hint_open;
    int64_t hint_at_ms;
    struct hint_work *hint;
    bool measuring;
    int64_t measure_at_ms;
    struct rereview *rereview;
};

static inline int64_t engine_now(const mr_engine *e) {
    return e->port.clock->now_ms(e->port.clock);
}
source *engine_source(mr_engine *e, const char *id);
void engine_wake(mr_engine *e); /* recomputes when to be called */
/* The queue may have more: look at once. */
void engine_look(mr_engine *e, int64_t at_ms);

/* A store call: work on the store's thread, done on the loop. Counted, so that stopping waits for it. */
mr_rc engine_store(mr_engine *e, void (*work)(void *), void (*done)(void *), void *arg, mr_error *err) MR_MUST_CHECK;

/* The same on the pool. */
mr_rc engine_compute(mr_engine *e, void (*work)(void *), void (*done)(void *), void *arg, mr_error *err) MR_MUST_CHECK;

/* measure.c: the gauges of the queue. At every claim, and by itself where no claim is made for a while. */
void measure_show(mr_engine *e, const mr_depth *d, uint64_t overdue, int64_t now_ms);
void measure_tick(mr_engine *e, int64_t now_ms);

/* rereview.c */
struct rereview *rereview_new(mr_engine *e);
void rereview_free(struct rereview *r);
void rereview_begin(
    struct rereview *r); /* the basis was replaced, or a review came home that was made with an old one */
void rereview_tick(struct rereview *r, int64_t now_ms);
int64_t rereview_next(const struct rereview *r);

/* slot.c */
void slot_start(slot *s, const mr_claim *claim, source *src);
void slot_deadline(slot *s, int64_t now_ms);
void slot_stop(slot *s);

/* A server's health as seen by any exchange with it: opens and closes the breaker. */
void source_heard(source *src, mr_rc rc, int64_t retry_after_ms);

/* admit.c */
mr_rc admit_record(mr_engine *e, const mr_intake *v, size_t n, mr_acked acked, void *arg, mr_error *err) MR_MUST_CHECK;
void admit_free(mr_engine *e);

/* hints.c: turns (type, id) into patients */
void hints_tick(mr_engine *e, int64_t now_ms);
void hints_free(mr_engine *e);

/* upkeep.c, subscription.c, catchup.c */
void upkeep_tick(source *src, int64_t now_ms);
int64_t upkeep_next(const source *src);
mr_rc upkeep_send(source *src, const mr_fhir_request *req, mr_http_done done, void *arg); /* counted */
void upkeep_done(source *src); /* to be called once per accepted upkeep_send, from its done */
struct subscriptions *subscriptions_new(source *src);
void subscriptions_free(struct subscriptions *s);
void subscriptions_tick(struct subscriptions *s, int64_t now_ms);
int64_t subscriptions_next(const struct subscriptions *s);
struct catchup *catchup_new(source *src);
void catchup_free(struct catchup *c);
void catchup_tick(struct catchup *c, int64_t now_ms);
int64_t catchup_next(const struct catchup *c);
uint64_t catchup_completed(const struct catchup *c); /* the newest poll that read every type to its end; 0: none */
void catchup_soon(struct catchup *c);                /* a gap is suspected: poll now */

#endif
