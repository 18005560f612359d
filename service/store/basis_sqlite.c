/* Which basis each review in the SQLite store was made with, and who waits for another one. */
#include "sqlite_store.h"

#include <stdlib.h>
#include <string.h>

/* REPLACE gives the review a new number, by which compared() of an older one misses it. */
mr_rc mr_sqlite_basis_keep(mr_sqlite *s, const mr_key *key, const mr_settlement *how, mr_error *err) {
    if (how->verdict != MR_VERDICT_DONE || !how->stamp.ptr) return MR_OK;
    mr_query q = mr_query_begin(s, MR_SQL_BASIS_PUT);
    mr_query_text(&q, key->source);
    mr_query_text(&q, key->patient);
    mr_query_span(&q, how->stamp);
    mr_query_blob(&q, how->asked);
    return mr_query_run(&q, err);
}

static bool stale_read(mr_query *q, mr_stale *ret) {
    *ret = (mr_stale){0};
    mr_query_get_text(q, ret->key.source, sizeof ret->key.source);
    mr_query_get_text(q, ret->key.patient, sizeof ret->key.patient);
    ret->number = (uint64_t)mr_query_get_int(q, 0);
    mr_query_get_text(q, ret->stamp, sizeof ret->stamp);
    mr_span asked = mr_query_get_blob(q);
    ret->asked = malloc(asked.len + 1);
    if (ret->asked && asked.len) memcpy(ret->asked, asked.ptr, asked.len);
    ret->asked_len = asked.len;
    return ret->asked;
}

/* Those on one side of the stamp; *ret_n more than before. What was read stays the caller's, also after a failure. */
static mr_rc stale_side(mr_sqlite *s, mr_sql side, mr_span stamp, mr_stale *v, size_t most, size_t *ret_n,
                        mr_error *err) {
    mr_query q = mr_query_begin(s, side);
    bool memory = true;
    mr_query_span(&q, stamp);
    mr_query_int(&q, (int64_t)(most - *ret_n));
    while (*ret_n < most && memory && mr_query_row(&q)) {
        memory = stale_read(&q, &v[*ret_n]);
        *ret_n += memory;
    }
    mr_rc rc = mr_query_end(&q, err);
    return rc == MR_OK && !memory ? mr_fail(err, MR_NOMEM, "store: reviews to compare") : rc;
}

mr_rc mr_sqlite_stale(mr_store *base, mr_span stamp, mr_stale *ret, size_t most, size_t *ret_n, mr_error *err) {
    mr_sqlite *s = (mr_sqlite *)base;
    mr_stale *v = calloc(most + 1, sizeof *v);
    size_t n = 0;
    if (!v) return mr_fail(err, MR_NOMEM, "store: a list of %zu", most);
    mr_rc rc = stale_side(s, MR_SQL_STALE_BELOW, stamp, v, most, &n, err);
    if (rc == MR_OK) rc = stale_side(s, MR_SQL_STALE_ABOVE, stamp, v, most, &n, err);
    if (rc == MR_OK) {
        memcpy(ret, v, n * sizeof *v);
        *ret_n = n;
    } else {
        while (n--) free(v[n].asked);
    }
    free(v);
    return rc;
}

static mr_rc compared_all(mr_sqlite *s, mr_span stamp, const mr_compared *v, size_t n, mr_error *err) {
    mr_rc rc = MR_OK;
    for (size_t i = 0; i < n && rc == MR_OK; i++) {
        mr_query q = mr_query_begin(s, v[i].changed ? MR_SQL_BASIS_CHANGED : MR_SQL_BASIS_SAME);
        mr_query_int(&q, (int64_t)v[i].number);
        mr_query_span(&q, stamp);
        rc = mr_query_run(&q, err);
    }
    return rc;
}

mr_rc mr_sqlite_compared(mr_store *base, mr_span stamp, const mr_compared *v, size_t n, mr_error *err) {
    mr_sqlite *s = (mr_sqlite *)base;
    mr_rc rc = mr_stamp_check(stamp, err);
    if (rc == MR_OK) rc = mr_tx_begin(s, err);
    return rc == MR_OK ? mr_tx_end(s, compared_all(s, stamp, v, n, err), err) : rc;
}

static mr_rc changed_next(mr_sqlite *s, mr_key *ret, bool *ret_found, mr_error *err) {
    mr_query q = mr_query_begin(s, MR_SQL_CHANGED_NEXT);
    mr_key key = {0};
    bool found = mr_query_row(&q);
    if (found) {
        mr_query_get_text(&q, key.source, sizeof key.source);
        mr_query_get_text(&q, key.patient, sizeof key.patient);
    }
    mr_rc rc = mr_query_end(&q, err);
    if (rc != MR_OK) return rc;
    *ret = key;
    *ret_found = found;
    return MR_OK;
}

static mr_rc rereview_one(mr_sqlite *s, const mr_key *key, int64_t now_ms, mr_error *err) {
    mr_row r = {.key = *key};
    bool found = false;
    mr_query q = mr_query_begin(s, MR_SQL_CHANGED_CLEAR);
    mr_query_text(&q, key->source);
    mr_query_text(&q, key->patient);
    mr_rc rc = mr_query_run(&q, err);
    if (rc == MR_OK) rc = mr_sqlite_row_get(s, key, &r, &found, err);
    if (rc != MR_OK) return rc;
    unsigned before = found ? r.state : MR_ROW_STATES;
    return mr_row_rereview(&r, now_ms) ? mr_sqlite_row_put(s, &r, before, err) : MR_OK;
}

static mr_rc rereview_some(mr_sqlite *s, size_t most, int64_t now_ms, size_t *ret_n, mr_error *err) {
    size_t n = 0;
    for (; n < most; n++) {
        mr_key key;
        bool found = false;
        mr_rc rc = changed_next(s, &key, &found, err);
        if (rc == MR_OK && found) rc = rereview_one(s, &key, now_ms, err);
        if (rc != MR_OK) return rc;
        if (!found) break;
    }
    *ret_n = n;
    return MR_OK;
}

mr_rc mr_sqlite_rereview(mr_store *base, size_t most, int64_t now_ms, size_t *ret_n, mr_error *err) {
    mr_sqlite *s = (mr_sqlite *)base;
    size_t n = 0;
    mr_rc rc = mr_tx_begin(s, err);
    if (rc == MR_OK) rc = mr_tx_end(s, rereview_some(s, most, now_ms, &n, err), err);
    if (rc == MR_OK) *ret_n = n;
    return rc;
}

/* A query of one row with one count in it, added to *ret. */
static mr_rc count_add(mr_query q, uint64_t *ret, mr_error *err) {
    int64_t n = mr_query_row(&q) ? mr_query_get_int(&q, 0) : 0;
    mr_rc rc = mr_query_end(&q, err);
    if (rc == MR_OK) *ret += (uint64_t)n;
    return rc;
}

mr_rc mr_sqlite_rereviews(mr_store *base, mr_span stamp, mr_rereviews *ret, mr_error *err) {
    static const mr_sql sides[] = {MR_SQL_COUNT_BELOW, MR_SQL_COUNT_ABOVE};
    mr_sqlite *s = (mr_sqlite *)base;
    mr_rereviews found = {0};
    mr_rc rc = MR_OK;
    for (size_t i = 0; i < 2 && rc == MR_OK; i++) {
        mr_query q = mr_query_begin(s, sides[i]);
        mr_query_span(&q, stamp);
        rc = count_add(q, &found.unchecked, err);
    }
    if (rc == MR_OK) rc = count_add(mr_query_begin(s, MR_SQL_COUNT_CHANGED), &found.changed, err);
    if (rc == MR_OK) *ret = found;
    return rc;
}
