/* Statements and transactions of the SQLite store, with errors that wait until the end of a query. */
#include "sqlite_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const char *const texts[MR_SQL_COUNT] = {
#define X(name, text) [name] = text,
    MR_SQL_MAP(X)
#undef X
};

mr_rc mr_sqlite_fail(mr_sqlite *s, int code, mr_error *err) {
    mr_rc rc = (code & 0xff) == SQLITE_NOMEM ? MR_NOMEM : MR_IO;
    int extended = s->db ? sqlite3_extended_errcode(s->db) : code;
    const char *words = s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code);
    bool damaged = (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
    return mr_fail_detail(err, rc, extended, "store: %s%s", words,
                          damaged ? "; the file is damaged: restore it from a backup (docs/store.md)" : "");
}

mr_query mr_query_begin(mr_sqlite *s, mr_sql which) {
    mr_query q = {.store = s, .code = SQLITE_OK};
    if (!s->statements[which])
        q.code = sqlite3_prepare_v3(s->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, &s->statements[which], NULL);
    q.stmt = s->statements[which];
    return q;
}

void mr_query_span(mr_query *q, mr_span text) {
    q->n_bound++;
    if (q->code == SQLITE_OK)
        q->code = sqlite3_bind_text64(q->stmt, q->n_bound, text.ptr, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

void mr_query_text(mr_query *q, const char *text) {
    mr_query_span(q, mr_span_of(text));
}

void mr_query_int(mr_query *q, int64_t value) {
    q->n_bound++;
    if (q->code == SQLITE_OK) q->code = sqlite3_bind_int64(q->stmt, q->n_bound, value);
}

void mr_query_blob(mr_query *q, mr_span bytes) {
    q->n_bound++;
    if (q->code == SQLITE_OK)
        q->code = sqlite3_bind_blob64(q->stmt, q->n_bound, bytes.len ? bytes.ptr : "", bytes.len, SQLITE_STATIC);
}

void mr_query_null(mr_query *q) {
    q->n_bound++;
    if (q->code == SQLITE_OK) q->code = sqlite3_bind_null(q->stmt, q->n_bound);
}

bool mr_query_row(mr_query *q) {
    if (q->code != SQLITE_OK && q->code != SQLITE_ROW) return false;
    q->code = sqlite3_step(q->stmt);
    q->n_read = 0;
    return q->code == SQLITE_ROW;
}

int64_t mr_query_get_int(mr_query *q, int64_t if_null) {
    int at = q->n_read++;
    return sqlite3_column_type(q->stmt, at) == SQLITE_NULL ? if_null : sqlite3_column_int64(q->stmt, at);
}

mr_span mr_query_get_span(mr_query *q) {
    int at = q->n_read++;
    const char *text = (const char *)sqlite3_column_text(q->stmt, at);
    return text ? (mr_span){text, (size_t)sqlite3_column_bytes(q->stmt, at)} : MR_SPAN("");
}

mr_span mr_query_get_blob(mr_query *q) {
    int at = q->n_read++;
    const char *bytes = sqlite3_column_blob(q->stmt, at);
    return bytes ? (mr_span){bytes, (size_t)sqlite3_column_bytes(q->stmt, at)} : MR_SPAN("");
}

void mr_query_get_text(mr_query *q, char *out, size_t room) {
    mr_span s = mr_query_get_span(q);
    (void)snprintf(out, room, "%.*s", MR_SPAN_ARG(s)); /* longer only in a file that was tampered with */
}

mr_rc mr_query_end(mr_query *q, mr_error *err) {
    bool fine = q->code == SQLITE_OK || q->code == SQLITE_ROW || q->code == SQLITE_DONE;
    mr_rc rc = fine ? MR_OK : mr_sqlite_fail(q->store, q->code, err); /* before the reset, which clears the words */
    if (q->stmt) (void)sqlite3_reset(q->stmt);                        /* repeats the error of the last step */
    return rc;
}

mr_rc mr_query_run(mr_query *q, mr_error *err) {
    while (mr_query_row(q)) continue;
    return mr_query_end(q, err);
}

/* SQLite has rolled back by itself after some failures (disk full, I/O); then there is nothing left to do. */
static void rollback(mr_sqlite *s) {
    if (!sqlite3_get_autocommit(s->db)) (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

/* SQLite would go on writing into a file that has no name any more, and every acknowledgement would be a lie. Asked
 * after a commit: what lost its name before that was not acknowledged, and what loses it later was durable then. */
static mr_rc file_check(mr_sqlite *s, mr_error *err) {
    s->gone = s->gone || !mr_dbfile_is_current(&s->file);
    if (!s->gone) return MR_OK;
    return mr_fail(err, MR_IO,
                   "store: %s was removed or replaced while it was in use, and nothing is kept any more: put a backup "
                   "in its place, or none, and start medreview again (docs/store.md)",
                   s->file.path);
}

mr_rc mr_tx_begin(mr_sqlite *s, mr_error *err) {
    if (s->gone) return file_check(s, err);
    rollback(s); /* one that could not be rolled back at the time */
    s->pending = s->tally;
    mr_query q = mr_query_begin(s, MR_SQL_BEGIN);
    return mr_query_run(&q, err);
}

mr_rc mr_tx_end(mr_sqlite *s, mr_rc rc, mr_error *err) {
    if (rc == MR_OK) {
        mr_query q = mr_query_begin(s, MR_SQL_COMMIT);
        rc = mr_query_run(&q, err);
        if (rc == MR_OK) rc = file_check(s, err);
    }
    if (rc == MR_OK)
        s->tally = s->pending;
    else
        rollback(s);
    return rc;
}
