/* What the SQLite store keeps beside the queue: hints, resource index, ledger of our writes, watermarks, reviews. */
#include "sqlite_store.h"

#include <stdlib.h>
#include <string.h>

static mr_sqlite *self_of(mr_store *s) {
    return (mr_sqlite *)s;
}

static mr_query query3(mr_sqlite *s, mr_sql which, const char *a, const char *b, const char *c) {
    mr_query q = mr_query_begin(s, which);
    mr_query_text(&q, a);
    mr_query_text(&q, b);
    if (c) mr_query_text(&q, c);
    return q;
}

/* A query of one row with one text in it; "" when there is no row. */
static mr_rc text_of(mr_query q, char *ret, size_t room, mr_error *err) {
    char text[MR_MAX_REFERENCE_BYTES] = "";
    MR_ASSERT(room <= sizeof text);
    if (mr_query_row(&q)) mr_query_get_text(&q, text, room);
    mr_rc rc = mr_query_end(&q, err);
    if (rc == MR_OK) memcpy(ret, text, strlen(text) + 1);
    return rc;
}

/* ---- hints ---- */

/* REPLACE gives the hint a new number, as its rise is what tells hint_done() of an older one apart. */
mr_rc mr_sqlite_hint_wish(mr_sqlite *s, const mr_intake *in, int64_t now_ms, mr_error *err) {
    mr_query q = query3(s, MR_SQL_HINT_GET, in->key.source, in->type, in->id);
    int64_t attempt = 1, retry_at_ms = now_ms;
    bool found = mr_query_row(&q);
    if (found) {
        (void)mr_query_get_int(&q, 0); /* its old number */
        attempt = mr_query_get_int(&q, 1);
        retry_at_ms = mr_query_get_int(&q, now_ms);
    }
    mr_rc rc = mr_query_end(&q, err);
    if (rc != MR_OK) return rc;
    q = query3(s, MR_SQL_HINT_PUT, in->key.source, in->type, in->id);
    mr_query_int(&q, attempt);
    mr_query_int(&q, retry_at_ms);
    rc = mr_query_run(&q, err);
    if (rc == MR_OK && !found) s->pending.n_hints++;
    return rc;
}

mr_rc mr_sqlite_hint_drop(mr_sqlite *s, const mr_hint *h, mr_error *err) {
    mr_query q = query3(s, MR_SQL_HINT_GET, h->source, h->type, h->id);
    bool current = mr_query_row(&q) && (uint64_t)mr_query_get_int(&q, 0) == h->number;
    mr_rc rc = mr_query_end(&q, err);
    if (rc != MR_OK || !current) return rc;
    q = mr_query_begin(s, MR_SQL_HINT_DROP);
    mr_query_int(&q, (int64_t)h->number);
    rc = mr_query_run(&q, err);
    if (rc == MR_OK) s->pending.n_hints--;
    return rc;
}

static void hint_read(mr_query *q, mr_hint *h) {
    h->number = (uint64_t)mr_query_get_int(q, 0);
    mr_query_get_text(q, h->source, sizeof h->source);
    mr_query_get_text(q, h->type, sizeof h->type);
    mr_query_get_text(q, h->id, sizeof h->id);
    h->attempt = (unsigned)mr_query_get_int(q, 1);
}

mr_rc mr_sqlite_hints(mr_store *base, int64_t now_ms, mr_hint *ret, size_t most, size_t *ret_n, mr_error *err) {
    mr_hint *v = calloc(most + 1, sizeof *v);
    if (!v) return mr_fail(err, MR_NOMEM, "store: a list of %zu", most);
    mr_query q = mr_query_begin(self_of(base), MR_SQL_HINTS);
    mr_query_int(&q, now_ms);
    mr_query_int(&q, (int64_t)most);
    size_t n = 0;
    while (n < most && mr_query_row(&q)) hint_read(&q, &v[n++]);
    mr_rc rc = mr_query_end(&q, err);
    if (rc == MR_OK) {
        memcpy(ret, v, n * sizeof *v);
        *ret_n = n;
    }
    free(v);
    return rc;
}

mr_rc mr_sqlite_hint_later(mr_store *base, const mr_hint *h, int64_t retry_at_ms, mr_error *err) {
    mr_query q = query3(self_of(base), MR_SQL_HINT_DELAY, h->source, h->type, h->id);
    mr_query_int(&q, retry_at_ms);
    return mr_query_run(&q, err);
}

/* ---- resource index, ledger, watermarks ---- */

static mr_rc learn_all(mr_sqlite *s, const char *source, const char *patient, const char *const *references, size_t n,
                       mr_error *err) {
    mr_rc rc = MR_OK;
    for (size_t i = 0; i < n && rc == MR_OK; i++) {
        mr_query q = query3(s, MR_SQL_LEARN, source, references[i], patient);
        rc = mr_query_run(&q, err);
    }
    return rc;
}

/* What is known already dirties no page, so a second fetch of the same record costs no write. */
mr_rc mr_sqlite_learn(mr_store *base, const char *source, const char *patient, const char *const *references, size_t n,
                      mr_error *err) {
    mr_sqlite *s = self_of(base);
    mr_rc rc = mr_learn_check(source, patient, references, n, err);
    if (rc == MR_OK) rc = mr_tx_begin(s, err);
    return rc == MR_OK ? mr_tx_end(s, learn_all(s, source, patient, references, n, err), err) : rc;
}

mr_rc mr_sqlite_patient_of(mr_store *base, const char *source, const char *reference,
                           char ret_patient[MR_MAX_ID_BYTES + 1], mr_error *err) {
    mr_query q = query3(self_of(base), MR_SQL_PATIENT_OF, source, reference, NULL);
    return text_of(q, ret_patient, MR_MAX_ID_BYTES + 1, err);
}

static mr_query version_query(mr_sqlite *s, mr_sql which, const mr_written *v) {
    mr_query q = query3(s, which, v->source, v->type, v->id);
    mr_query_text(&q, v->version);
    return q;
}

static mr_rc wrote_all(mr_sqlite *s, const mr_written *v, size_t n, int64_t now_ms, mr_error *err) {
    for (size_t i = 0; i < n; i++) {
        mr_query q = version_query(s, MR_SQL_WROTE, &v[i]);
        mr_query_int(&q, now_ms);
        mr_rc rc = mr_query_run(&q, err);
        if (rc != MR_OK) return rc;
    }
    mr_query q = mr_query_begin(s, MR_SQL_FORGET);
    mr_query_int(&q, now_ms - MR_LEDGER_KEEP_MS);
    mr_query_int(&q, MR_LEDGER_FORGET_MAX);
    return mr_query_run(&q, err);
}

mr_rc mr_sqlite_wrote(mr_store *base, const mr_written *v, size_t n, int64_t now_ms, mr_error *err) {
    mr_sqlite *s = self_of(base);
    mr_rc rc = mr_tx_begin(s, err);
    return rc == MR_OK ? mr_tx_end(s, wrote_all(s, v, n, now_ms, err), err) : rc;
}

mr_rc mr_sqlite_is_ours(mr_store *base, const mr_written *v, bool *ret, mr_error *err) {
    mr_query q = version_query(self_of(base), MR_SQL_IS_OURS, v);
    bool found = mr_query_row(&q);
    mr_rc rc = mr_query_end(&q, err);
    if (rc == MR_OK) *ret = found;
    return rc;
}

mr_rc mr_sqlite_watermark(mr_store *base, const char *source, const char *type, char ret[40], mr_error *err) {
    return text_of(query3(self_of(base), MR_SQL_WATERMARK, source, type, NULL), ret, MR_WATERMARK_BYTES + 1, err);
}

static mr_rc watermark_rise(mr_sqlite *s, const char *source, const char *type, const char *instant, mr_error *err) {
    char current[MR_WATERMARK_BYTES + 1];
    bool later = false;
    mr_rc rc = mr_sqlite_watermark(&s->base, source, type, current, err);
    if (rc == MR_OK) rc = mr_instant_later(instant, current, &later, err);
    if (rc != MR_OK || !later) return rc;
    mr_query q = query3(s, MR_SQL_SET_WATERMARK, source, type, instant);
    return mr_query_run(&q, err);
}

mr_rc mr_sqlite_set_watermark(mr_store *base, const char *source, const char *type, const char *instant,
                              mr_error *err) {
    mr_sqlite *s = self_of(base);
    mr_rc rc = mr_tx_begin(s, err);
    return rc == MR_OK ? mr_tx_end(s, watermark_rise(s, source, type, instant, err), err) : rc;
}

/* ---- reviews and the worklist ---- */

static mr_rc item_put(mr_sqlite *s, const mr_key *key, const mr_work_item *item, mr_error *err) {
    mr_query q = query3(s, MR_SQL_ITEM_PUT, key->source, key->patient, item->priority);
    mr_query_text(&q, item->due);
    mr_query_int(&q, item->high);
    mr_query_int(&q, item->moderate);
    mr_query_int(&q, item->low);
    mr_query_text(&q, item->top);
    mr_query_text(&q, item->task);
    mr_query_int(&q, item->complete);
    mr_query_int(&q, item->reviewed_ms);
    mr_query_int(&q, mr_priority_rank(item->priority));
    return mr_query_run(&q, err);
}

mr_rc mr_sqlite_review_keep(mr_sqlite *s, const mr_key *key, const mr_settlement *how, mr_error *err) {
    if (how->verdict != MR_VERDICT_DONE) return MR_OK;
    mr_rc rc = how->item ? item_put(s, key, how->item, err) : MR_OK;
    if (rc != MR_OK || !how->review.ptr) return rc;
    mr_query q = query3(s, MR_SQL_REVIEW_PUT, key->source, key->patient, NULL);
    mr_query_span(&q, how->review);
    return mr_query_run(&q, err);
}

static void item_read(mr_query *q, mr_work_item *w) {
    *w = (mr_work_item){0};
    mr_query_get_text(q, w->key.source, sizeof w->key.source);
    mr_query_get_text(q, w->key.patient, sizeof w->key.patient);
    mr_query_get_text(q, w->priority, sizeof w->priority);
    mr_query_get_text(q, w->due, sizeof w->due);
    w->high = (unsigned)mr_query_get_int(q, 0);
    w->moderate = (unsigned)mr_query_get_int(q, 0);
    w->low = (unsigned)mr_query_get_int(q, 0);
    mr_query_get_text(q, w->top, sizeof w->top);
    mr_query_get_text(q, w->task, sizeof w->task);
    w->complete = mr_query_get_int(q, 0) != 0;
    w->reviewed_ms = mr_query_get_int(q, 0);
}

/* A stretch of one half of the worklist into ret; *ret_n more than before. */
static mr_rc work_read(mr_sqlite *s, mr_sql half, const char *today, size_t offset, mr_work_item *ret, size_t most,
                       size_t *ret_n, mr_error *err) {
    mr_query q = mr_query_begin(s, half);
    mr_query_text(&q, today);
    mr_query_int(&q, (int64_t)most);
    mr_query_int(&q, (int64_t)offset);
    size_t n = 0;
    while (n < most && mr_query_row(&q)) item_read(&q, &ret[n++]);
    mr_rc rc = mr_query_end(&q, err);
    if (rc == MR_OK) *ret_n += n;
    return rc;
}

/* Two halves, each in the order of the index: one statement for both would sort the whole list for every page. */
mr_rc mr_sqlite_worklist(mr_store *base, const char *today, size_t offset, mr_work_item *ret, size_t most,
                         size_t *ret_n, mr_error *err) {
    mr_sqlite *s = self_of(base);
    uint64_t n_overdue = 0;
    size_t n = 0;
    mr_rc rc = mr_sqlite_overdue(base, today, &n_overdue, err);
    if (rc != MR_OK) return rc;
    mr_work_item *v = calloc(most + 1, sizeof *v);
    if (!v) return mr_fail(err, MR_NOMEM, "store: a list of %zu", most);
    if (offset < n_overdue) rc = work_read(s, MR_SQL_WORK_OVERDUE, today, offset, v, most, &n, err);
    size_t behind = offset > n_overdue ? offset - (size_t)n_overdue : 0;
    if (rc == MR_OK && n < most) rc = work_read(s, MR_SQL_WORK_IN_TIME, today, behind, v + n, most - n, &n, err);
    if (rc == MR_OK) {
        memcpy(ret, v, n * sizeof *v);
        *ret_n = n;
    }
    free(v);
    return rc;
}

mr_rc mr_sqlite_overdue(mr_store *base, const char *today, uint64_t *ret_n, mr_error *err) {
    mr_query q = mr_query_begin(self_of(base), MR_SQL_COUNT_OVERDUE);
    mr_query_text(&q, today);
    int64_t n = mr_query_row(&q) ? mr_query_get_int(&q, 0) : 0;
    mr_rc rc = mr_query_end(&q, err);
    if (rc == MR_OK) *ret_n = (uint64_t)n;
    return rc;
}

static mr_rc item_get(mr_sqlite *s, const mr_key *key, mr_work_item *ret, bool *ret_found, mr_error *err) {
    mr_query q = query3(s, MR_SQL_ITEM_GET, key->source, key->patient, NULL);
    *ret = (mr_work_item){.key = *key};
    *ret_found = mr_query_row(&q);
    if (*ret_found) item_read(&q, ret);
    return mr_query_end(&q, err);
}

/* *ret_json is NULL when there is none. */
static mr_rc json_get(mr_sqlite *s, const mr_key *key, char **ret_json, size_t *ret_len, mr_error *err) {
    mr_query q = query3(s, MR_SQL_REVIEW_GET, key->source, key->patient, NULL);
    char *json = NULL;
    mr_span text = MR_SPAN_NONE;
    bool found = mr_query_row(&q);
    if (found) {
        text = mr_query_get_span(&q);
        json = malloc(text.len + 1);
        if (json) memcpy(json, text.ptr, text.len);
        if (json) json[text.len] = 0;
    }
    mr_rc rc = mr_query_end(&q, err);
    if (rc == MR_OK && found && !json) rc = mr_fail(err, MR_NOMEM, "store: a review of %zu bytes", text.len);
    if (rc != MR_OK) {
        free(json);
        return rc;
    }
    *ret_json = json;
    *ret_len = text.len;
    return MR_OK;
}

mr_rc mr_sqlite_review_of(mr_store *base, const mr_key *key, mr_work_item *ret_item, char **ret_json, size_t *ret_len,
                          mr_error *err) {
    mr_sqlite *s = self_of(base);
    mr_work_item item;
    bool found = false;
    char *json = NULL;
    size_t len = 0;
    mr_rc rc = item_get(s, key, &item, &found, err);
    if (rc == MR_OK) rc = json_get(s, key, &json, &len, err);
    if (rc != MR_OK) return rc;
    if (!found && !json) return mr_fail(err, MR_NOT_FOUND, "store: never reviewed");
    if (!json) json = calloc(1, 1);
    if (!json) return mr_fail(err, MR_NOMEM, "store: a review");
    *ret_item = item;
    *ret_json = json;
    *ret_len = len;
    return MR_OK;
}
