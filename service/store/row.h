/* One row of the queue and the moves it can make: pure, so that every store makes the same ones. A store only keeps
 * rows, finds the claimable ones, and makes several moves durable together. */
#ifndef MEDREVIEW_STORE_ROW_H
#define MEDREVIEW_STORE_ROW_H

#include "medreview/flow/store.h"

/* Stored by number: never renumber. */
typedef enum mr_row_state { MR_ROW_IDLE = 0, MR_ROW_DUE = 1, MR_ROW_LEASED = 2, MR_ROW_PARKED = 3 } mr_row_state;
#define MR_ROW_STATES 4

/* A debounce window: when it ends, and what it never moves past. */
typedef struct mr_window {
    int64_t first_ms, due_ms, bound_ms;
} mr_window;

typedef struct mr_row {
    mr_key key;
    uint64_t wanted, done, token;
    uint64_t claimed; /* LEASED: wanted as claimed; else 0 */
    uint64_t owner;   /* LEASED: whose lease, in stores that several handles share */
    mr_row_state state;
    bool backoff; /* DUE: waits for a retry, not in a debounce window */
    unsigned attempt;
    mr_window now;  /* of the oldest unserved notice; PARKED: due_ms is when it wakes by itself, INT64_MAX never */
    mr_window next; /* LEASED: of the notices since the claim; all 0 when there are none */
    int64_t lease_until_ms;
    char why[16], reason[320];
} mr_row;

/* When the row can be claimed; INT64_MAX for never. Stores order claims by it. */
int64_t mr_row_ready_ms(const mr_row *r);
/* A notice. r is all zero but its key when the patient is new. */
void mr_row_notice(mr_row *r, int64_t quiet_ms, int64_t max_ms, int64_t now_ms);
/* The basis of reviews changed. false: it is due already, and will be reviewed on the new one anyway. */
bool mr_row_rereview(mr_row *r, int64_t now_ms);
/* r must be ready. */
void mr_row_claim(mr_row *r, int64_t now_ms, int64_t lease_ms, uint64_t owner, mr_claim *ret);
/* false, and nothing changed: the token is not the newest, or spent. */
bool mr_row_settle(mr_row *r, uint64_t token, const mr_settlement *how);
/* LEASED: the lease is given back and the attempt does not count (`crashed`: it does). */
void mr_row_release(mr_row *r, bool crashed);
/* PARKED: due at now_ms. */
void mr_row_unpark(mr_row *r, int64_t now_ms);
void mr_row_show(const mr_row *r, mr_job_row *ret);

int mr_key_cmp(const mr_key *a, const mr_key *b); /* by source, then patient, bytewise */

#endif
