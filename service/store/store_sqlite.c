/* The embedded store: one SQLite file, one process, one thread at a time. Why it is durable: docs/store.md.
 *
 * Each operation is one transaction: rows are read, moved by row.c, and written; only when the commit has returned is
 * anything said to the caller or remembered outside the file. */
#include "medreview/store/open.h"

#include "sqlite_store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static mr_sqlite *self_of(mr_store *s) {
    return (mr_sqlite *)s;
}

static mr_rc sqlite_record(mr_store *base, const mr_intake *v, size_t n, int64_t now_ms, mr_error *err) {
    mr_sqlite *s = self_of(base);
    mr_wish *w = NULL;
    mr_rc rc = mr_wishes_of(v, n, &w, &n, err);
    if (rc == MR_OK) rc = mr_tx_begin(s, err);
    if (rc == MR_OK) rc = mr_tx_end(s, mr_sqlite_wishes(s, w, n, now_ms, err), err);
    free(w);
    return rc;
}

static mr_rc hint_done_tx(mr_sqlite *s, const mr_hint *h, const mr_wish *w, size_t n, int64_t now_ms, mr_error *err) {
    mr_rc rc = mr_tx_begin(s, err);
    if (rc != MR_OK) return rc;
    rc = mr_sqlite_wishes(s, w, n, now_ms, err);
    if (rc == MR_OK) rc = mr_sqlite_hint_drop(s, h, err);
    return mr_tx_end(s, rc, err);
}

static mr_rc sqlite_hint_done(mr_store *base, const mr_hint *h, const mr_intake *v, size_t n, int64_t now_ms,
                              mr_error *err) {
    mr_wish *w = NULL;
    mr_rc rc = mr_wishes_of(v, n, &w, &n, err);
    if (rc == MR_OK) rc = hint_done_tx(self_of(base), h, w, n, now_ms, err);
    free(w);
    return rc;
}

static mr_rc sqlite_claim(mr_store *base, int64_t now_ms, int64_t lease_ms, mr_claim *ret, size_t most, size_t *ret_n,
                          mr_error *err) {
    mr_sqlite *s = self_of(base);
    size_t n = 0;
    char turn[sizeof s->turn];
    memcpy(turn, s->turn, sizeof turn);
    mr_claim *v = calloc(most + 1, sizeof *v);
    if (!v) return mr_fail(err, MR_NOMEM, "store: %zu claims at once", most);
    mr_rc rc = mr_tx_begin(s, err);
    if (rc == MR_OK) rc = mr_tx_end(s, mr_sqlite_claim_into(s, now_ms, lease_ms, v, most, &n, turn, err), err);
    if (rc == MR_OK) {
        memcpy(ret, v, n * sizeof *v);
        memcpy(s->turn, turn, sizeof turn);
        *ret_n = n;
    }
    free(v);
    return rc;
}

static mr_rc settle_in_tx(mr_sqlite *s, const mr_claim *c, const mr_settlement *how, mr_error *err) {
    mr_row r;
    bool found = false;
    mr_rc rc = mr_sqlite_row_get(s, &c->key, &r, &found, err);
    if (rc != MR_OK) return rc;
    if (!found || !mr_row_settle(&r, c->token, how)) return mr_fail(err, MR_LOST, "store: the lease is no longer ours");
    rc = mr_sqlite_row_put(s, &r, MR_ROW_LEASED, err);
    if (rc == MR_OK) rc = mr_sqlite_review_keep(s, &c->key, how, err);
    return rc == MR_OK ? mr_sqlite_basis_keep(s, &c->key, how, err) : rc;
}

static mr_rc sqlite_settle(mr_store *base, const mr_claim *c, const mr_settlement *how, int64_t now_ms, mr_error *err) {
    mr_sqlite *s = self_of(base);
    (void)now_ms;
    mr_rc rc = mr_stamp_check(how->stamp, err);
    if (rc == MR_OK) rc = mr_tx_begin(s, err);
    return rc == MR_OK ? mr_tx_end(s, settle_in_tx(s, c, how, err), err) : rc;
}

static mr_rc unpark_in_tx(mr_sqlite *s, const mr_key *key, int64_t now_ms, mr_error *err) {
    mr_row r;
    bool found = false;
    mr_rc rc = mr_sqlite_row_get(s, key, &r, &found, err);
    if (rc != MR_OK) return rc;
    if (!found || r.state != MR_ROW_PARKED) return mr_fail(err, MR_NOT_FOUND, "store: no such parked patient");
    mr_row_unpark(&r, now_ms);
    return mr_sqlite_row_put(s, &r, MR_ROW_PARKED, err);
}

static mr_rc sqlite_unpark(mr_store *base, const mr_key *key, int64_t now_ms, mr_error *err) {
    mr_sqlite *s = self_of(base);
    mr_rc rc = mr_tx_begin(s, err);
    return rc == MR_OK ? mr_tx_end(s, unpark_in_tx(s, key, now_ms, err), err) : rc;
}

static mr_rc release(mr_sqlite *s, bool crashed, mr_error *err) {
    mr_rc rc = mr_tx_begin(s, err);
    return rc == MR_OK ? mr_tx_end(s, mr_sqlite_release(s, crashed, err), err) : rc;
}

static mr_rc sqlite_probe(mr_store *base, int64_t now_ms, mr_error *err) {
    mr_sqlite *s = self_of(base);
    mr_rc rc = mr_tx_begin(s, err);
    if (rc != MR_OK) return rc;
    mr_query q = mr_query_begin(s, MR_SQL_PROBE);
    mr_query_int(&q, now_ms);
    return mr_tx_end(s, mr_query_run(&q, err), err);
}

static mr_rc sqlite_release_all(mr_store *base, mr_error *err) {
    return release(self_of(base), false, err);
}

/* Closing the last connection moves the log into the file and removes PATH-wal and PATH-shm. */
static void sqlite_close_store(mr_store *base) {
    mr_sqlite *s = self_of(base);
    for (int i = 0; i < MR_SQL_COUNT; i++) (void)sqlite3_finalize(s->statements[i]); /* repeats an old error */
    int code = sqlite3_close(s->db);
    MR_ASSERT(code == SQLITE_OK); /* else a statement was left open, and the file locked */
    (void)code;
    mr_dbfile_close(&s->file);
    free(s);
}

static const mr_store_ops sqlite_ops = {
    .record = sqlite_record,
    .claim = sqlite_claim,
    .settle = sqlite_settle,
    .hints = mr_sqlite_hints,
    .hint_done = sqlite_hint_done,
    .hint_later = mr_sqlite_hint_later,
    .learn = mr_sqlite_learn,
    .patient_of = mr_sqlite_patient_of,
    .wrote = mr_sqlite_wrote,
    .is_ours = mr_sqlite_is_ours,
    .watermark = mr_sqlite_watermark,
    .set_watermark = mr_sqlite_set_watermark,
    .depth = mr_sqlite_depth,
    .jobs = mr_sqlite_jobs,
    .unpark = sqlite_unpark,
    .worklist = mr_sqlite_worklist,
    .overdue = mr_sqlite_overdue,
    .review_of = mr_sqlite_review_of,
    .stale = mr_sqlite_stale,
    .compared = mr_sqlite_compared,
    .rereview = mr_sqlite_rereview,
    .rereviews = mr_sqlite_rereviews,
    .probe = sqlite_probe,
    .release_all = sqlite_release_all,
    .close = sqlite_close_store,
};

/* The lock says that no process holds these leases any more, and the tokens will rise: so they need not lapse. */
static mr_rc open_all(mr_sqlite *s, const char *path, mr_error *err) {
    mr_rc rc = mr_dbfile_open(path, &s->file, err);
    if (rc == MR_OK) rc = mr_sqlite_open_schema(s, err);
    if (rc == MR_OK) rc = mr_sqlite_tally(s, &s->tally, err);
    return rc == MR_OK ? release(s, true, err) : rc;
}

mr_rc mr_store_sqlite_open(const char *path, mr_store **ret, mr_error *err) {
    mr_sqlite *s = calloc(1, sizeof *s);
    if (!s) return mr_fail(err, MR_NOMEM, "store: no memory to open it");
    s->base.ops = &sqlite_ops;
    s->file.lock_fd = -1;
    mr_rc rc = open_all(s, path, err);
    if (rc == MR_OK)
        *ret = &s->base;
    else
        sqlite_close_store(&s->base);
    return rc;
}
