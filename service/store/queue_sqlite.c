/* Queue rows in SQLite: read, moved by row.c, written back, all within the caller's transaction. */
#include "sqlite_store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static mr_window window_read(mr_query *q) {
    mr_window w;
    w.first_ms = mr_query_get_int(q, 0);
    w.due_ms = mr_query_get_int(q, 0);
    w.bound_ms = mr_query_get_int(q, 0);
    return w;
}

static void row_read(mr_query *q, mr_row *r) {
    *r = (mr_row){0};
    mr_query_get_text(q, r->key.source, sizeof r->key.source);
    mr_query_get_text(q, r->key.patient, sizeof r->key.patient);
    r->wanted = (uint64_t)mr_query_get_int(q, 0);
    r->done = (uint64_t)mr_query_get_int(q, 0);
    r->token = (uint64_t)mr_query_get_int(q, 0);
    r->claimed = (uint64_t)mr_query_get_int(q, 0);
    r->state = (mr_row_state)(mr_query_get_int(q, 0) & (MR_ROW_STATES - 1)); /* the schema checks the range */
    r->backoff = mr_query_get_int(q, 0) != 0;
    r->attempt = (unsigned)mr_query_get_int(q, 0);
    r->now = window_read(q);
    r->next = window_read(q);
    r->lease_until_ms = mr_query_get_int(q, 0);
    mr_query_get_text(q, r->why, sizeof r->why);
    mr_query_get_text(q, r->reason, sizeof r->reason);
}

static void window_write(mr_query *q, const mr_window *w) {
    mr_query_int(q, w->first_ms);
    mr_query_int(q, w->due_ms);
    mr_query_int(q, w->bound_ms);
}

mr_rc mr_sqlite_row_get(mr_sqlite *s, const mr_key *key, mr_row *ret, bool *ret_found, mr_error *err) {
    mr_query q = mr_query_begin(s, MR_SQL_ROW_GET);
    mr_query_text(&q, key->source);
    mr_query_text(&q, key->patient);
    bool found = mr_query_row(&q);
    mr_row r;
    if (found) row_read(&q, &r);
    mr_rc rc = mr_query_end(&q, err);
    if (rc != MR_OK) return rc;
    *ret_found = found;
    if (found) *ret = r;
    return MR_OK;
}

mr_rc mr_sqlite_row_put(mr_sqlite *s, const mr_row *r, unsigned before, mr_error *err) {
    int64_t ready_ms = mr_row_ready_ms(r);
    mr_query q = mr_query_begin(s, MR_SQL_ROW_PUT);
    mr_query_text(&q, r->key.source);
    mr_query_text(&q, r->key.patient);
    mr_query_int(&q, (int64_t)r->wanted);
    mr_query_int(&q, (int64_t)r->done);
    mr_query_int(&q, (int64_t)r->token);
    mr_query_int(&q, (int64_t)r->claimed);
    mr_query_int(&q, r->state);
    mr_query_int(&q, r->backoff);
    mr_query_int(&q, r->attempt);
    window_write(&q, &r->now);
    window_write(&q, &r->next);
    mr_query_int(&q, r->lease_until_ms);
    mr_query_text(&q, r->why);
    mr_query_text(&q, r->reason);
    if (ready_ms == INT64_MAX)
        mr_query_null(&q);
    else
        mr_query_int(&q, ready_ms);
    mr_rc rc = mr_query_run(&q, err);
    if (rc != MR_OK) return rc;
    if (before < MR_ROW_STATES) s->pending.n_by_state[before]--;
    s->pending.n_by_state[r->state]++;
    return MR_OK;
}

static mr_rc notice(mr_sqlite *s, const mr_wish *w, int64_t now_ms, mr_error *err) {
    mr_row r = {.key = w->what->key};
    bool found = false;
    mr_rc rc = mr_sqlite_row_get(s, &w->what->key, &r, &found, err);
    if (rc != MR_OK) return rc;
    unsigned before = found ? r.state : MR_ROW_STATES;
    mr_row_notice(&r, w->quiet_ms, w->max_ms, now_ms);
    return mr_sqlite_row_put(s, &r, before, err);
}

mr_rc mr_sqlite_wishes(mr_sqlite *s, const mr_wish *w, size_t n, int64_t now_ms, mr_error *err) {
    for (size_t i = 0; i < n; i++) {
        mr_rc rc = w[i].kind == MR_WISH_PATIENT ? notice(s, &w[i], now_ms, err)
                                                : mr_sqlite_hint_wish(s, w[i].what, now_ms, err);
        if (rc != MR_OK) return rc;
    }
    return MR_OK;
}

/* The next name in the circle of sources with something to claim some day; "" when there is none. */
static mr_rc source_after(mr_sqlite *s, char name[MR_MAX_SOURCE_BYTES + 1], mr_error *err) {
    for (int round = 0; round < 2; round++) {
        mr_query q = mr_query_begin(s, MR_SQL_SOURCE_AFTER);
        mr_query_text(&q, name);
        bool found = mr_query_row(&q);
        char next[MR_MAX_SOURCE_BYTES + 1] = "";
        if (found) mr_query_get_text(&q, next, sizeof next);
        mr_rc rc = mr_query_end(&q, err);
        if (rc != MR_OK) return rc;
        memcpy(name, next, sizeof next);
        if (found) return MR_OK;
    }
    return MR_OK;
}

static mr_rc claim_one(mr_sqlite *s, const char *source, int64_t now_ms, int64_t lease_ms, mr_claim *ret,
                       bool *ret_found, mr_error *err) {
    mr_query q = mr_query_begin(s, MR_SQL_ROW_READY);
    mr_query_text(&q, source);
    mr_query_int(&q, now_ms);
    bool found = mr_query_row(&q);
    mr_row r;
    if (found) row_read(&q, &r);
    mr_rc rc = mr_query_end(&q, err);
    *ret_found = found;
    if (rc != MR_OK || !found) return rc;
    unsigned before = r.state;
    mr_row_claim(&r, now_ms, lease_ms, 0, ret);
    return mr_sqlite_row_put(s, &r, before, err);
}

/* Goes round until nobody in a full circle has anything ready; `quiet` is where that circle began. */
mr_rc mr_sqlite_claim_into(mr_sqlite *s, int64_t now_ms, int64_t lease_ms, mr_claim *v, size_t most, size_t *ret_n,
                           char turn[MR_MAX_SOURCE_BYTES + 1], mr_error *err) {
    char at[MR_MAX_SOURCE_BYTES + 1], quiet[MR_MAX_SOURCE_BYTES + 1] = "";
    memcpy(at, turn, sizeof at);
    size_t n = 0;
    while (n < most) {
        mr_rc rc = source_after(s, at, err);
        if (rc != MR_OK) return rc;
        if (!at[0] || strcmp(at, quiet) == 0) break;
        bool found = false;
        rc = claim_one(s, at, now_ms, lease_ms, &v[n], &found, err);
        if (rc != MR_OK) return rc;
        if (found) {
            n++;
            quiet[0] = 0;
            memcpy(turn, at, sizeof at);
        } else if (!quiet[0]) {
            memcpy(quiet, at, sizeof at);
        }
    }
    *ret_n = n;
    return MR_OK;
}

mr_rc mr_sqlite_release(mr_sqlite *s, bool crashed, mr_error *err) {
    for (;;) {
        mr_query q = mr_query_begin(s, MR_SQL_LEASED);
        bool found = mr_query_row(&q);
        mr_row r;
        if (found) row_read(&q, &r);
        mr_rc rc = mr_query_end(&q, err);
        if (rc != MR_OK || !found) return rc;
        mr_row_release(&r, crashed);
        rc = mr_sqlite_row_put(s, &r, MR_ROW_LEASED, err);
        if (rc != MR_OK) return rc;
    }
}

/* ---- counting and listing ---- */

mr_rc mr_sqlite_tally(mr_sqlite *s, mr_tally *ret, mr_error *err) {
    mr_tally t = {0};
    mr_query q = mr_query_begin(s, MR_SQL_COUNT_STATES);
    while (mr_query_row(&q)) {
        int64_t state = mr_query_get_int(&q, 0);
        t.n_by_state[state & (MR_ROW_STATES - 1)] = (uint64_t)mr_query_get_int(&q, 0);
    }
    mr_rc rc = mr_query_end(&q, err);
    if (rc != MR_OK) return rc;
    q = mr_query_begin(s, MR_SQL_HINT_COUNT);
    if (mr_query_row(&q)) t.n_hints = (uint64_t)mr_query_get_int(&q, 0);
    rc = mr_query_end(&q, err);
    if (rc == MR_OK) *ret = t;
    return rc;
}

/* A query of one row with one number in it. */
static mr_rc number_of(mr_query q, int64_t if_none, int64_t *ret, mr_error *err) {
    int64_t value = mr_query_row(&q) ? mr_query_get_int(&q, if_none) : if_none;
    mr_rc rc = mr_query_end(&q, err);
    if (rc == MR_OK) *ret = value;
    return rc;
}

static mr_rc next_ready(mr_sqlite *s, int64_t *ret, mr_error *err) {
    int64_t earliest_ms = INT64_MAX, ready_ms = INT64_MAX;
    char source[MR_MAX_SOURCE_BYTES + 1] = "", last[MR_MAX_SOURCE_BYTES + 1] = "";
    mr_rc rc = number_of(mr_query_begin(s, MR_SQL_HINT_NEXT), INT64_MAX, &earliest_ms, err);
    while (rc == MR_OK) {
        rc = source_after(s, source, err);
        if (rc != MR_OK || strcmp(source, last) <= 0) break; /* round once, or nothing at all */
        memcpy(last, source, sizeof last);
        mr_query q = mr_query_begin(s, MR_SQL_SOURCE_NEXT_READY);
        mr_query_text(&q, source);
        rc = number_of(q, INT64_MAX, &ready_ms, err);
        if (rc == MR_OK && ready_ms < earliest_ms) earliest_ms = ready_ms;
    }
    if (rc == MR_OK) *ret = earliest_ms;
    return rc;
}

static mr_rc lapsed(mr_sqlite *s, int64_t now_ms, int64_t *ret_n, int64_t *ret_first_ms, mr_error *err) {
    mr_query q = mr_query_begin(s, MR_SQL_LAPSED);
    mr_query_int(&q, now_ms);
    int64_t n = 0, first_ms = INT64_MAX;
    if (mr_query_row(&q)) {
        n = mr_query_get_int(&q, 0);
        first_ms = mr_query_get_int(&q, INT64_MAX);
    }
    mr_rc rc = mr_query_end(&q, err);
    if (rc != MR_OK) return rc;
    *ret_n = n;
    *ret_first_ms = first_ms;
    return MR_OK;
}

mr_rc mr_sqlite_depth(mr_store *base, int64_t now_ms, mr_depth *ret, mr_error *err) {
    mr_sqlite *s = (mr_sqlite *)base;
    int64_t n_lapsed = 0, lapsed_first_ms = INT64_MAX, due_first_ms = INT64_MAX, next_ms = INT64_MAX;
    mr_rc rc = lapsed(s, now_ms, &n_lapsed, &lapsed_first_ms, err);
    if (rc == MR_OK) rc = number_of(mr_query_begin(s, MR_SQL_OLDEST), INT64_MAX, &due_first_ms, err);
    if (rc == MR_OK) rc = next_ready(s, &next_ms, err);
    if (rc != MR_OK) return rc;
    int64_t oldest_ms = due_first_ms < lapsed_first_ms ? due_first_ms : lapsed_first_ms;
    const uint64_t *n = s->tally.n_by_state;
    *ret = (mr_depth){.due = n[MR_ROW_DUE] + (uint64_t)n_lapsed,
                      .leased = n[MR_ROW_LEASED] - (uint64_t)n_lapsed,
                      .parked = n[MR_ROW_PARKED],
                      .idle = n[MR_ROW_IDLE],
                      .hints = s->tally.n_hints,
                      .oldest_due_ms = oldest_ms == INT64_MAX ? 0 : oldest_ms,
                      .next_due_ms = next_ms};
    return MR_OK;
}

mr_rc mr_sqlite_jobs(mr_store *base, bool parked_only, const mr_key *after, mr_job_row *ret, size_t most, size_t *ret_n,
                     mr_error *err) {
    mr_job_row *v = calloc(most + 1, sizeof *v);
    if (!v) return mr_fail(err, MR_NOMEM, "store: a list of %zu", most);
    mr_query q = mr_query_begin((mr_sqlite *)base, parked_only ? MR_SQL_JOBS_PARKED : MR_SQL_JOBS);
    mr_query_text(&q, after ? after->source : "");
    mr_query_text(&q, after ? after->patient : "");
    mr_query_int(&q, (int64_t)most);
    size_t n = 0;
    while (n < most && mr_query_row(&q)) {
        mr_row r;
        row_read(&q, &r);
        mr_row_show(&r, &v[n++]);
    }
    mr_rc rc = mr_query_end(&q, err);
    if (rc == MR_OK) {
        memcpy(ret, v, n * sizeof *v);
        *ret_n = n;
    }
    free(v);
    return rc;
}
