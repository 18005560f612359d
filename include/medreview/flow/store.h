/* The durable queue and what goes with it. Blocking; one thread at a time (see flow/worker.h for how the loop calls
 * it). Implementations: store/store_memory.c, store/store_sqlite.c; one conformance suite holds them to this page.
 *
 * Everything is keyed by (source, patient). The store's own clock counts for leases: a `now_ms` parameter is the
 * caller's, and a store with a clock of its own (PostgreSQL) ignores it.
 *
 * The queue: one row a patient. `wanted` counts notices, `done` the last one served; a row with wanted > done is due.
 *   - record() of a patient raises wanted. A row that was idle becomes due at now + quiet_ms; one that waits in its
 *     debounce window moves to now + quiet_ms but never past first notice + max_ms; one that waits for a retry keeps
 *     its due time (a notice does not shorten a back-off); a parked row wakes (attempt 0, due as if idle).
 *   - claim() takes due rows whose lease has passed, oldest due first, alternating between sources; it sets a lease
 *     and a token that rises with every claim of that row, and remembers wanted as claimed.
 *   - settle() counts only while the token is the newest: done := wanted as claimed.
 *
 * In detail, and held by the suite:
 *   - A row whose due time has come waits for a slot, not for quiet: a notice no longer moves it. Within the window the
 *     strictest bound of its notices holds, so a request with 0, 0 is not put off by a later notice.
 *   - A notice that lands during a review opens a window of its own; it counts once the review is settled. Settled
 *     DONE or DROP the row is due when that window ends; PARK: the notice wakes it the same way; RETRY: it waits for
 *     retry_at.
 *   - Sources take turns in the order of their names, beginning after the one served last, also from one claim() to the
 *     next; within a source the longest claimable comes first, then the smaller patient id.
 *   - A token is spent by its settlement and void once its lease was given back: a second settle is MR_LOST. A lease
 *     that has passed but was not claimed again may still be settled. Tokens of a row rise for ever, across restarts.
 *   - A lease that lapses (or that a crashed process left behind) counts as an attempt; one given back does not. The
 *     embedded stores belong to one process: what its predecessor held is due as soon as they are opened.
 *   - Hints and polls do not wait: debounce is for the patients they turn into. One that is already stored is merged
 *     and gets a new number, so that hint_done() of the older number leaves it for one more resolving; its retry time
 *     stays.
 *
 * Every function: MR_IO when the store is away or the disk is full (nothing changed), MR_NOMEM. A result other than
 * MR_OK leaves ret_ arguments untouched. */
#ifndef MEDREVIEW_FLOW_STORE_H
#define MEDREVIEW_FLOW_STORE_H

#include "medreview/base/error.h"
#include "medreview/base/limits.h"
#include "medreview/base/span.h"

enum { MR_STAMP_BYTES = 320 };

typedef struct mr_key {
    char source[MR_MAX_SOURCE_BYTES + 1];
    char patient[MR_MAX_ID_BYTES + 1]; /* logical id, without "Patient/" */
} mr_key;

/* What one notice asks for. Exactly one of: a patient; a hint (type and id, patient unknown); a poll (all empty). */
typedef struct mr_intake {
    mr_key key;                   /* key.patient "" for a hint or poll */
    char type[40];                /* hint: resource type */
    char id[MR_MAX_ID_BYTES + 1]; /* hint: resource id */
    int64_t quiet_ms, max_ms;     /* debounce; 0, 0: due at once */
} mr_intake;

typedef struct mr_claim {
    mr_key key;
    uint64_t wanted, token;
    unsigned attempt;        /* 1 for the first try since the last success */
    int64_t first_wanted_ms; /* when the oldest unserved notice came in */
} mr_claim;

/* DROP: nothing more to do for these notices (done := wanted as claimed); worklist line and review stay as they are.
 * With why MR_CANCELED or MR_LOST it is we who stop, not the work: the row is given back as by release_all(). */
typedef enum mr_verdict { MR_VERDICT_DONE, MR_VERDICT_RETRY, MR_VERDICT_PARK, MR_VERDICT_DROP } mr_verdict;

/* One line of the worklist; patient and task as references, never names. */
typedef struct mr_work_item {
    mr_key key;
    char priority[12]; /* asap, urgent, routine; "" when there is no open Task */
    char due[11];      /* YYYY-MM-DD or "" */
    unsigned high, moderate, low;
    char top[160]; /* title of the first finding */
    char task[80]; /* Task/id or "" */
    bool complete;
    int64_t reviewed_ms;
} mr_work_item;

typedef struct mr_settlement {
    mr_verdict verdict;
    mr_rc why;                /* MR_OK for DONE */
    char reason[320];         /* for /api/v1/parked: for operators, no patient data; "" for DONE */
    int64_t retry_at_ms;      /* RETRY: when; PARK: when to try again by itself, 0 never; else ignored */
    const mr_work_item *item; /* DONE: replaces the patient's worklist line; NULL keeps the old one */
    mr_span review;           /* DONE: the review as JSON, kept for the patient's page; absent keeps the old one */
    mr_span stamp; /* DONE: of the basis that the review was made with; absent keeps what is known of the old one */
    mr_span asked; /* DONE, with a stamp: what it asked terminology (mr_review_asked); absent: nobody knows */
} mr_settlement;

/* A review that was not yet compared with the present basis. */
typedef struct mr_stale {
    mr_key key;
    uint64_t number;                /* of this review: the next one of the patient has another */
    char stamp[MR_STAMP_BYTES + 1]; /* "" when it was made before stamps were kept; likewise asked */
    char *asked;                    /* malloc, the caller frees; zero bytes behind it are not part of it */
    size_t asked_len;
} mr_stale;
typedef struct mr_compared { /* what came of comparing it */
    mr_key key;
    uint64_t number;
    bool changed;
} mr_compared;
typedef struct mr_rereviews {
    uint64_t unchecked; /* reviews not yet compared with the present basis */
    uint64_t changed;   /* patients who wait to be reviewed again */
} mr_rereviews;

typedef struct mr_job_row {
    mr_key key;
    char state[8]; /* idle, due (also waiting: see due_ms), leased (also lapsed), parked */
    unsigned attempt;
    int64_t due_ms; /* when it can be claimed; 0: not by itself */
    int64_t first_wanted_ms;
    char why[16]; /* label of the last settlement's result code, "" for none or MR_OK; likewise reason */
    char reason[320];
} mr_job_row;

typedef struct mr_hint {
    uint64_t number;
    char source[MR_MAX_SOURCE_BYTES + 1], type[40], id[MR_MAX_ID_BYTES + 1]; /* type "" : poll the source */
    unsigned attempt;                                                        /* 1 for the first try */
} mr_hint;

typedef struct mr_depth {
    uint64_t due, leased, parked, idle, hints; /* due: also waiting ones and lapsed leases; parked: until claimed */
    int64_t oldest_due_ms;                     /* first_wanted_ms of the oldest due row; 0 when none */
    int64_t next_due_ms;                       /* when the next row or hint becomes claimable; INT64_MAX when none */
} mr_depth;

typedef struct mr_written { /* a version of a resource that we wrote */
    char source[MR_MAX_SOURCE_BYTES + 1], type[40], id[MR_MAX_ID_BYTES + 1], version[MR_MAX_ID_BYTES + 1];
} mr_written;

typedef struct mr_store mr_store;
typedef struct mr_store_ops {
    /* All n in one transaction; durable when it returns MR_OK. Duplicates within v are merged.
     *   MR_INVALID  no source, or neither patient, hint nor poll; nothing was recorded */
    mr_rc (*record)(mr_store *s, const mr_intake *v, size_t n, int64_t now_ms, mr_error *err);
    /* At most `most` claims into ret (one transaction). */
    mr_rc (*claim)(mr_store *s, int64_t now_ms, int64_t lease_ms, mr_claim *ret, size_t most, size_t *ret_n,
                   mr_error *err);
    /* MR_LOST when the token is no longer the newest; then nothing was changed. */
    mr_rc (*settle)(mr_store *s, const mr_claim *c, const mr_settlement *how, int64_t now_ms, mr_error *err);

    /* Hints whose retry time has come, oldest first; they stay until dropped or delayed. */
    mr_rc (*hints)(mr_store *s, int64_t now_ms, mr_hint *ret, size_t most, size_t *ret_n, mr_error *err);
    /* In one transaction: records the patients the hint stands for (n may be 0) and removes the hint. A hint that is
     * gone already: the patients are recorded all the same. */
    mr_rc (*hint_done)(mr_store *s, const mr_hint *h, const mr_intake *v, size_t n, int64_t now_ms, mr_error *err);
    /* One more attempt at retry_at_ms, also when the hint was renewed meanwhile; a hint that is gone stays gone. */
    mr_rc (*hint_later)(mr_store *s, const mr_hint *h, int64_t retry_at_ms, mr_error *err);

    /* Which patient a resource belongs to, filled at every fetch; so that a DELETE finds its patient. What is
     * learned last holds.
     *   MR_LIMIT  an id or a reference is too long; nothing was learned */
    mr_rc (*learn)(mr_store *s, const char *source, const char *patient, const char *const *references, size_t n,
                   mr_error *err);
    /* *ret_patient is "" when unknown. reference: "Type/id". */
    mr_rc (*patient_of)(mr_store *s, const char *source, const char *reference, char ret_patient[MR_MAX_ID_BYTES + 1],
                        mr_error *err);

    /* Versions we wrote; kept at least 30 days, and forgotten by a wrote() after that. */
    mr_rc (*wrote)(mr_store *s, const mr_written *v, size_t n, int64_t now_ms, mr_error *err);
    mr_rc (*is_ours)(mr_store *s, const mr_written *v, bool *ret, mr_error *err);

    /* Catch-up watermark per (source, type): the server's own instant text; "" when none yet. Never moves back:
     * an instant that is not later in time, whatever its offset or precision, changes nothing.
     *   MR_MALFORMED  not an instant */
    mr_rc (*watermark)(mr_store *s, const char *source, const char *type, char ret[40], mr_error *err);
    mr_rc (*set_watermark)(mr_store *s, const char *source, const char *type, const char *instant, mr_error *err);

    /* For operators and pages. Lists are ordered by (source, patient) and start after `after` (NULL: at the start). */
    mr_rc (*depth)(mr_store *s, int64_t now_ms, mr_depth *ret, mr_error *err);
    mr_rc (*jobs)(mr_store *s, bool parked_only, const mr_key *after, mr_job_row *ret, size_t most, size_t *ret_n,
                  mr_error *err);
    /* Makes a parked patient due now; MR_NOT_FOUND when there is no such parked patient. */
    mr_rc (*unpark)(mr_store *s, const mr_key *key, int64_t now_ms, mr_error *err);
    /* Open items: the overdue first, those whose due date is before `today` (YYYY-MM-DD; "": none is); then by priority
     * (asap, urgent, routine), due date (none first), key; items without a Task or priority are left out. `offset`
     * counts in that order. */
    mr_rc (*worklist)(mr_store *s, const char *today, size_t offset, mr_work_item *ret, size_t most, size_t *ret_n,
                      mr_error *err);
    /* How many of them are overdue. */
    mr_rc (*overdue)(mr_store *s, const char *today, uint64_t *ret_n, mr_error *err);
    /* The last review as JSON (malloc, caller frees) and its line; MR_NOT_FOUND when never reviewed. A review
     * that was settled without JSON gives "" and 0. */
    mr_rc (*review_of)(mr_store *s, const mr_key *key, mr_work_item *ret_item, char **ret_json, size_t *ret_len,
                       mr_error *err);

    /* After an update of knowledge or terminology: whose review would come out otherwise. Each review bears the stamp
     * of its basis. Those that were compared with another one than `stamp` are handed out by stale(), at most `most`,
     * in an order of the store's own; compared() says what came of it, in one transaction: unchanged, then it bears
     * `stamp` from now on; changed, then its patient waits to be reviewed again. A review that was replaced meanwhile
     * is left alone, and every new review takes its patient off the waiting list.
     *   MR_LIMIT (settle, compared)  the stamp is longer than MR_STAMP_BYTES */
    mr_rc (*stale)(mr_store *s, mr_span stamp, mr_stale *ret, size_t most, size_t *ret_n, mr_error *err);
    mr_rc (*compared)(mr_store *s, mr_span stamp, const mr_compared *v, size_t n, mr_error *err);
    /* At most `most` waiting patients, by (source, patient), become due now, in one transaction: idle ones as by
     * record() without debounce, parked ones wake, one under review is reviewed once more; one that is due already
     * stays as it is. *ret_n of them left the waiting list. */
    mr_rc (*rereview)(mr_store *s, size_t most, int64_t now_ms, size_t *ret_n, mr_error *err);
    mr_rc (*rereviews)(mr_store *s, mr_span stamp, mr_rereviews *ret, mr_error *err);

    /* Writes something of no meaning, as durably as everything else: MR_OK says that a notice would be kept now.
     *   MR_IO  also: the file is no longer the one that was opened */
    mr_rc (*probe)(mr_store *s, int64_t now_ms, mr_error *err);

    /* Gives back the leases that this process holds (they become due at once). Called at drain. */
    mr_rc (*release_all)(mr_store *s, mr_error *err);
    void (*close)(mr_store *s);
} mr_store_ops;
struct mr_store {
    const mr_store_ops *ops;
};

#endif
