/* The job's moves, beside the table that says which are allowed. */
#include "medreview/flow/job.h"

const mr_job_limits mr_job_default_limits = {
    .budget_ms = MR_JOB_BUDGET_MS,
    .backoff_first_ms = 1000,
    .backoff_most_ms = 5 * 60 * 1000,
    .retry_after_most_ms = 60 * 60 * 1000,
    .park_after_ms = INT64_C(7) * 24 * 60 * 60 * 1000,
    .park_retry_ms = INT64_C(24) * 60 * 60 * 1000,
};

#define TO(s) (1u << MR_JOB_##s)

/* The one completion a state awaits, and the states it may move to. */
static const struct {
    const char *name;
    mr_event_kind awaits;
    unsigned to;
} moves[MR_JOB_STATES] = {
    [MR_JOB_CLAIMED] = {"claimed", MR_ON_START, TO(FETCHING) | TO(SETTLING)},
    [MR_JOB_FETCHING] = {"fetching", MR_ON_FETCHED, TO(ABSORBING) | TO(SETTLING)},
    [MR_JOB_ABSORBING] = {"absorbing", MR_ON_ABSORBED, TO(FETCHING) | TO(ASSESSING) | TO(SETTLING)},
    [MR_JOB_ASSESSING] = {"assessing", MR_ON_ASSESSED, TO(POSTING) | TO(SETTLING)},
    [MR_JOB_POSTING] = {"posting", MR_ON_POSTED, TO(SETTLING)},
    [MR_JOB_SETTLING] = {"settling", MR_ON_SETTLED, TO(DONE)},
    [MR_JOB_DONE] = {"done", MR_ON_NOTHING, 0},
};

const char *mr_job_state_name(mr_job_state s) {
    return moves[s].name;
}

static mr_effect move(mr_job *job, mr_job_state to, mr_effect effect) {
    MR_REQUIRE(moves[job->state].to & (1u << to));
    job->state = to;
    job->serial++;
    return effect;
}

/* Full jitter: anywhere between a tenth and the whole of first * 2^(attempt - 1). */
static int64_t backoff(const mr_job *job, uint64_t chance) {
    int64_t most = job->limits->backoff_first_ms;
    for (unsigned i = 1; i < job->attempt && most < job->limits->backoff_most_ms; i++) most *= 2;
    if (most > job->limits->backoff_most_ms) most = job->limits->backoff_most_ms;
    int64_t least = most / 10;
    return least + (int64_t)(chance % (uint64_t)(most - least + 1));
}

static void decide_retry(mr_job *job, const mr_event *ev, mr_rc rc) {
    int64_t wait = backoff(job, ev->chance);
    if (ev->retry_after_ms >= 0) {
        int64_t told = ev->retry_after_ms < job->limits->retry_after_most_ms ? ev->retry_after_ms
                                                                             : job->limits->retry_after_most_ms;
        if (told > wait) wait = told;
    }
    job->verdict = MR_VERDICT_RETRY;
    job->why = rc;
    job->retry_at_ms = ev->now_ms + wait;
    if (ev->now_ms - job->first_wanted_ms > job->limits->park_after_ms) {
        job->verdict = MR_VERDICT_PARK;
        job->retry_at_ms = ev->now_ms + job->limits->park_retry_ms;
    }
}

static mr_effect fail(mr_job *job, const mr_event *ev, mr_rc rc) {
    switch (mr_rc_remedy(rc)) {
    case MR_PARK:
        /* A write may be refused because what it refers to changed since it was read: read again once (fhir.md 10.5).
         */
        if (job->state == MR_JOB_POSTING && rc == MR_REFUSED && job->attempt < 2) {
            decide_retry(job, ev, rc);
            break;
        }
        /* Visible, woken by the next change, and looked at once a day: what a server answered wrongly once is no loss.
         */
        job->verdict = MR_VERDICT_PARK;
        job->why = rc;
        job->retry_at_ms = ev->now_ms + job->limits->park_retry_ms;
        break;
    case MR_DROP:
        job->verdict = MR_VERDICT_DROP;
        job->why = rc;
        break;
    case MR_NONE:
    case MR_RETRY: decide_retry(job, ev, rc == MR_OK ? MR_IO : rc); break;
    }
    return move(job, MR_JOB_SETTLING, MR_DO_SETTLE);
}

static mr_effect settle_done(mr_job *job) {
    job->verdict = MR_VERDICT_DONE;
    job->why = MR_OK;
    return move(job, MR_JOB_SETTLING, MR_DO_SETTLE);
}

static mr_effect complete(mr_job *job, const mr_event *ev) {
    switch (job->state) {
    case MR_JOB_CLAIMED: return move(job, MR_JOB_FETCHING, MR_DO_FETCH);
    case MR_JOB_FETCHING: return move(job, MR_JOB_ABSORBING, MR_DO_ABSORB);
    case MR_JOB_ABSORBING:
        return ev->n ? move(job, MR_JOB_FETCHING, MR_DO_FETCH) : move(job, MR_JOB_ASSESSING, MR_DO_ASSESS);
    case MR_JOB_ASSESSING: return ev->n ? move(job, MR_JOB_POSTING, MR_DO_POST) : settle_done(job);
    case MR_JOB_POSTING: return settle_done(job);
    /* Whatever the store said, this slot is done: a settlement that did not happen leaves the lease to lapse. */
    case MR_JOB_SETTLING: return move(job, MR_JOB_DONE, MR_DO_RELEASE);
    case MR_JOB_DONE:
    case MR_JOB_STATES: break;
    }
    return MR_DO_WAIT;
}

/* Handed back as it was: due at once, and the attempt is not the server's fault (store.h: DROP with MR_CANCELED). */
static mr_effect stop(mr_job *job) {
    job->verdict = MR_VERDICT_DROP;
    job->why = MR_CANCELED;
    return move(job, MR_JOB_SETTLING, MR_DO_SETTLE);
}

void mr_job_init(mr_job *job, const mr_job_limits *limits, unsigned attempt, int64_t first_wanted_ms, int64_t now_ms) {
    *job = (mr_job){
        .limits = limits, .attempt = attempt ? attempt : 1, .first_wanted_ms = first_wanted_ms, .claimed_ms = now_ms};
}

mr_effect mr_job_step(mr_job *job, const mr_event *ev) {
    bool settled = job->state >= MR_JOB_SETTLING;
    switch (ev->kind) {
    case MR_ON_NOTHING: return MR_DO_WAIT;
    case MR_ON_STOP: return settled ? MR_DO_WAIT : stop(job);
    case MR_ON_DEADLINE: return settled || ev->now_ms < mr_job_deadline(job) ? MR_DO_WAIT : fail(job, ev, MR_TIMEOUT);
    case MR_ON_START: return job->state == MR_JOB_CLAIMED ? complete(job, ev) : MR_DO_WAIT;
    case MR_ON_FAILED: return settled || ev->serial != job->serial ? MR_DO_WAIT : fail(job, ev, ev->rc);
    case MR_ON_FETCHED:
    case MR_ON_ABSORBED:
    case MR_ON_ASSESSED:
    case MR_ON_POSTED:
    case MR_ON_SETTLED: break;
    }
    if (ev->kind != moves[job->state].awaits || ev->serial != job->serial) return MR_DO_WAIT;
    return complete(job, ev);
}

int64_t mr_job_deadline(const mr_job *job) {
    return job->claimed_ms + job->limits->budget_ms;
}
