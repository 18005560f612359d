/* The progress of one review as a state machine that performs no I/O: one event in, one effect out.
 *
 *  CLAIMED -> FETCHING -> ABSORBING -> ASSESSING -> POSTING -> SETTLING -> DONE
 *                ^            |            |                      ^
 *                +-- more ----+            +-- nothing to write --+
 *  from any of the first five: failure, deadline or stop -> SETTLING, with the verdict retry, park or drop
 *
 * Each effect has a serial number and its completion must carry it; a completion with another one is late and changes
 * nothing. Retrying lives here and nowhere else: back-off, jitter and Retry-After become retry_at, which is stored. */
#ifndef MEDREVIEW_FLOW_JOB_H
#define MEDREVIEW_FLOW_JOB_H

#include "medreview/flow/store.h"

#include <stdbool.h>

typedef enum mr_job_state {
    MR_JOB_CLAIMED,
    MR_JOB_FETCHING,
    MR_JOB_ABSORBING,
    MR_JOB_ASSESSING,
    MR_JOB_POSTING,
    MR_JOB_SETTLING,
    MR_JOB_DONE,
    MR_JOB_STATES
} mr_job_state;
const char *mr_job_state_name(mr_job_state s);

typedef enum mr_event_kind {
    MR_ON_NOTHING,
    MR_ON_START,
    MR_ON_FETCHED,  /* a page arrived */
    MR_ON_ABSORBED, /* n: 0 when everything is read, else there is more to fetch */
    MR_ON_ASSESSED, /* n: changes to write */
    MR_ON_POSTED,
    MR_ON_SETTLED, /* rc: what the store said */
    MR_ON_FAILED,  /* rc, retry_after_ms: the effect that was under way failed */
    MR_ON_DEADLINE,
    MR_ON_STOP
} mr_event_kind;

typedef enum mr_effect {
    MR_DO_WAIT,
    MR_DO_FETCH,
    MR_DO_ABSORB,
    MR_DO_ASSESS,
    MR_DO_POST,
    MR_DO_SETTLE,
    MR_DO_RELEASE
} mr_effect;

typedef struct mr_event {
    mr_event_kind kind;
    uint32_t serial; /* of the effect it completes; START, DEADLINE and STOP need none */
    int64_t now_ms;
    mr_rc rc;
    int64_t retry_after_ms; /* -1: not told */
    size_t n;
    uint64_t chance; /* for jitter */
} mr_event;

typedef struct mr_job_limits {
    int64_t budget_ms;           /* claim to settle; shorter than the lease */
    int64_t backoff_first_ms;    /* 1 s */
    int64_t backoff_most_ms;     /* 5 min */
    int64_t retry_after_most_ms; /* 1 h: servers have been seen asking for more */
    int64_t park_after_ms;       /* 7 days of failing: parked, visible, retried daily */
    int64_t park_retry_ms;       /* 1 day */
} mr_job_limits;
extern const mr_job_limits mr_job_default_limits;

typedef struct mr_job {
    const mr_job_limits *limits;
    mr_job_state state;
    uint32_t serial; /* of the effect under way */
    unsigned attempt;
    int64_t claimed_ms, first_wanted_ms;
    mr_verdict verdict; /* from SETTLING on */
    mr_rc why;
    int64_t retry_at_ms;
} mr_job;

/* attempt and first_wanted_ms as in the claim. */
void mr_job_init(mr_job *job, const mr_job_limits *limits, unsigned attempt, int64_t first_wanted_ms, int64_t now_ms);
/* Total: every event in every state gives an effect; failure is a state, not a return. A job settles once and
 * releases once. job->serial names the effect returned. */
mr_effect mr_job_step(mr_job *job, const mr_event *ev);
int64_t mr_job_deadline(const mr_job *job);

#endif
