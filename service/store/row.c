/* The moves of a queue row. There is no I/O here and no way to fail, so a store can apply them in memory, write the
 * result, and forget it all when the disk says no.
 *
 *            notice                 claim                   settle DONE, DROP (nothing new)
 *   IDLE ------------> DUE -----------------------> LEASED ---------------------------------> IDLE
 *                       ^ ^                        | | | ^
 *                       | +-- RETRY, given back, --+ | +-+ claim of a lapsed lease
 *                       |     or something new       |
 *                       +---------- PARKED <---------+ PARK (nothing new)
 *                 notice, unpark       |               claim when its own time has come: LEASED */
#include "row.h"

#include <stdio.h>
#include <string.h>

static int64_t add_sat(int64_t a, int64_t b) {
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return b < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

static int64_t min_ms(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t not_negative(int64_t ms) {
    return ms < 0 ? 0 : ms;
}

static mr_window window_open(int64_t quiet_ms, int64_t max_ms, int64_t now_ms) {
    mr_window w = {.first_ms = now_ms, .bound_ms = add_sat(now_ms, not_negative(max_ms))};
    w.due_ms = min_ms(add_sat(now_ms, not_negative(quiet_ms)), w.bound_ms);
    return w;
}

/* A window that has ended stays ended: under a backlog a talkative patient would else lose its place for ever. */
static void window_extend(mr_window *w, int64_t quiet_ms, int64_t max_ms, int64_t now_ms) {
    w->bound_ms = min_ms(w->bound_ms, add_sat(w->first_ms, not_negative(max_ms)));
    if (w->due_ms > now_ms) w->due_ms = min_ms(add_sat(now_ms, not_negative(quiet_ms)), w->bound_ms);
}

static void text_set(char *out, size_t room, const char *text) {
    (void)snprintf(out, room, "%s", text);
}

int64_t mr_row_ready_ms(const mr_row *r) {
    switch (r->state) {
    case MR_ROW_DUE:
    case MR_ROW_PARKED: return r->now.due_ms;
    case MR_ROW_LEASED: return r->lease_until_ms;
    case MR_ROW_IDLE: break;
    }
    return INT64_MAX;
}

void mr_row_notice(mr_row *r, int64_t quiet_ms, int64_t max_ms, int64_t now_ms) {
    r->wanted++;
    switch (r->state) {
    case MR_ROW_IDLE:
        r->state = MR_ROW_DUE;
        r->now = window_open(quiet_ms, max_ms, now_ms);
        break;
    case MR_ROW_DUE:
        if (!r->backoff) window_extend(&r->now, quiet_ms, max_ms, now_ms);
        break;
    case MR_ROW_LEASED:
        if (r->wanted == r->claimed + 1)
            r->next = window_open(quiet_ms, max_ms, now_ms);
        else
            window_extend(&r->next, quiet_ms, max_ms, now_ms);
        break;
    case MR_ROW_PARKED: {
        int64_t first_ms = r->now.first_ms; /* what it was parked with is still unserved */
        r->state = MR_ROW_DUE;
        r->attempt = 0;
        r->now = window_open(quiet_ms, max_ms, now_ms);
        r->now.first_ms = first_ms;
        break;
    }
    }
}

bool mr_row_rereview(mr_row *r, int64_t now_ms) {
    if (r->state == MR_ROW_DUE) return false; /* a notice would end its debounce window */
    mr_row_notice(r, 0, 0, now_ms);
    return true;
}

void mr_row_claim(mr_row *r, int64_t now_ms, int64_t lease_ms, uint64_t owner, mr_claim *ret) {
    r->state = MR_ROW_LEASED;
    r->backoff = false;
    r->token++;
    r->attempt++;
    r->claimed = r->wanted;
    r->owner = owner;
    r->next = (mr_window){0};
    r->lease_until_ms = add_sat(now_ms, lease_ms);
    *ret = (mr_claim){.key = r->key,
                      .wanted = r->wanted,
                      .token = r->token,
                      .attempt = r->attempt,
                      .first_wanted_ms = r->now.first_ms};
}

/* The claim is over; whatever came in since decides with `next` where the row goes. */
static void lease_end(mr_row *r, mr_row_state state) {
    r->state = state;
    r->claimed = 0;
    r->owner = 0;
    r->lease_until_ms = 0;
    r->next = (mr_window){0};
}

static void settle_served(mr_row *r) {
    mr_window next = r->next;
    bool more = r->wanted > r->claimed;
    r->done = r->claimed;
    r->attempt = 0;
    lease_end(r, more ? MR_ROW_DUE : MR_ROW_IDLE);
    r->now = next; /* all 0 when there is nothing more */
}

static void settle_parked(mr_row *r, int64_t retry_at_ms) {
    mr_window next = r->next;
    bool more = r->wanted > r->claimed;
    lease_end(r, more ? MR_ROW_DUE : MR_ROW_PARKED);
    if (more) {
        r->attempt = 0;
        r->now.due_ms = next.due_ms;
        r->now.bound_ms = next.bound_ms;
    } else {
        r->now.due_ms = retry_at_ms ? retry_at_ms : INT64_MAX;
    }
}

bool mr_row_settle(mr_row *r, uint64_t token, const mr_settlement *how) {
    if (r->state != MR_ROW_LEASED || r->token != token) return false;
    bool given_back = how->verdict == MR_VERDICT_DROP && (how->why == MR_CANCELED || how->why == MR_LOST);
    if (given_back) {
        mr_row_release(r, false);
        return true;
    }
    switch (how->verdict) {
    case MR_VERDICT_DONE:
    case MR_VERDICT_DROP: settle_served(r); break;
    case MR_VERDICT_PARK: settle_parked(r, how->retry_at_ms); break;
    case MR_VERDICT_RETRY:
        lease_end(r, MR_ROW_DUE);
        r->backoff = true;
        r->now.due_ms = how->retry_at_ms;
        break;
    }
    bool done = how->verdict == MR_VERDICT_DONE;
    text_set(r->why, sizeof r->why, done || how->why == MR_OK ? "" : mr_rc_label(how->why));
    text_set(r->reason, sizeof r->reason, done ? "" : how->reason);
    return true;
}

/* now.due_ms lies in the past still, as when it was claimed: so it is due at once and keeps its place. */
void mr_row_release(mr_row *r, bool crashed) {
    if (r->state != MR_ROW_LEASED) return;
    lease_end(r, MR_ROW_DUE);
    if (!crashed) r->attempt--;
}

void mr_row_unpark(mr_row *r, int64_t now_ms) {
    r->state = MR_ROW_DUE;
    r->attempt = 0;
    r->now.due_ms = r->now.bound_ms = now_ms;
}

void mr_row_show(const mr_row *r, mr_job_row *ret) {
    static const char *const names[MR_ROW_STATES] = {"idle", "due", "leased", "parked"};
    int64_t ready_ms = mr_row_ready_ms(r);
    *ret = (mr_job_row){.key = r->key,
                        .attempt = r->attempt,
                        .due_ms = ready_ms == INT64_MAX ? 0 : ready_ms,
                        .first_wanted_ms = r->now.first_ms};
    text_set(ret->state, sizeof ret->state, names[r->state]);
    text_set(ret->why, sizeof ret->why, r->why);
    text_set(ret->reason, sizeof ret->reason, r->reason);
}

int mr_key_cmp(const mr_key *a, const mr_key *b) {
    int order = strcmp(a->source, b->source);
    return order ? order : strcmp(a->patient, b->patient);
}
