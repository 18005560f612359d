/* What the files of the SQLite store share: the open store, queries, transactions. */
#ifndef MEDREVIEW_STORE_SQLITE_STORE_H
#define MEDREVIEW_STORE_SQLITE_STORE_H

#include "dbfile.h"
#include "intake.h"
#include "row.h"
#include "sql.h"

struct sqlite3;
struct sqlite3_stmt;

/* Kept beside the file, since counting a million idle rows at every look at the queue would cost seconds. */
typedef struct mr_tally {
    uint64_t n_by_state[MR_ROW_STATES], n_hints;
} mr_tally;

typedef struct mr_sqlite {
    mr_store base;
    mr_dbfile file;
    struct sqlite3 *db;
    struct sqlite3_stmt *statements[MR_SQL_COUNT]; /* NULL: not used yet */
    mr_tally tally, pending;                       /* pending: as it will be when the transaction commits */
    char turn[MR_MAX_SOURCE_BYTES + 1];            /* the source served last */
    bool gone;                                     /* the file lost its name: nothing can be kept any more */
} mr_sqlite;

/* MR_NOMEM or MR_IO with SQLite's words, which name tables and columns but never values. */
mr_rc mr_sqlite_fail(mr_sqlite *s, int code, mr_error *err);

/* One use of a statement: begin, bind in the order ?1 ?2 ..., step, read columns in order, end. Errors are kept until
 * the end, where they are told; texts that are bound must live until then. */
typedef struct mr_query {
    mr_sqlite *store;
    struct sqlite3_stmt *stmt;
    int code, n_bound, n_read;
} mr_query;
mr_query mr_query_begin(mr_sqlite *s, mr_sql which);
void mr_query_text(mr_query *q, const char *text);
void mr_query_span(mr_query *q, mr_span text);
void mr_query_int(mr_query *q, int64_t value);
void mr_query_blob(mr_query *q, mr_span bytes);
void mr_query_null(mr_query *q);
bool mr_query_row(mr_query *q); /* false: no more, or an error */
int64_t mr_query_get_int(mr_query *q, int64_t if_null);
void mr_query_get_text(mr_query *q, char *out, size_t room); /* cut when it does not fit */
mr_span mr_query_get_span(mr_query *q);                      /* until the next step or end */
mr_span mr_query_get_blob(mr_query *q);                      /* likewise */
mr_rc mr_query_end(mr_query *q, mr_error *err);
mr_rc mr_query_run(mr_query *q, mr_error *err); /* for statements without rows: step and end */

/* mr_tx_end commits when rc is MR_OK, else rolls back and returns rc. When it does not return MR_OK nothing changed, or
 * what changed is lost with a file that was removed under us. */
mr_rc mr_tx_begin(mr_sqlite *s, mr_error *err);
mr_rc mr_tx_end(mr_sqlite *s, mr_rc rc, mr_error *err);

/* queue_sqlite.c: within a transaction, but for the lists. */
mr_rc mr_sqlite_row_get(mr_sqlite *s, const mr_key *key, mr_row *ret, bool *ret_found, mr_error *err);
/* `before` is its state in the file; MR_ROW_STATES for a new row. */
mr_rc mr_sqlite_row_put(mr_sqlite *s, const mr_row *r, unsigned before, mr_error *err);
mr_rc mr_sqlite_wishes(mr_sqlite *s, const mr_wish *w, size_t n, int64_t now_ms, mr_error *err);
mr_rc mr_sqlite_claim_into(mr_sqlite *s, int64_t now_ms, int64_t lease_ms, mr_claim *v, size_t most, size_t *ret_n,
                           char turn[MR_MAX_SOURCE_BYTES + 1], mr_error *err);
/* `crashed`: those that a former process held. */
mr_rc mr_sqlite_release(mr_sqlite *s, bool crashed, mr_error *err);
mr_rc mr_sqlite_tally(mr_sqlite *s, mr_tally *ret, mr_error *err);
mr_rc mr_sqlite_depth(mr_store *base, int64_t now_ms, mr_depth *ret, mr_error *err);
mr_rc mr_sqlite_jobs(mr_store *base, bool parked_only, const mr_key *after, mr_job_row *ret, size_t most, size_t *ret_n,
                     mr_error *err);

/* notes_sqlite.c */
mr_rc mr_sqlite_hint_wish(mr_sqlite *s, const mr_intake *in, int64_t now_ms, mr_error *err);
/* Drops the hint when it still bears that number. */
mr_rc mr_sqlite_hint_drop(mr_sqlite *s, const mr_hint *h, mr_error *err);
mr_rc mr_sqlite_review_keep(mr_sqlite *s, const mr_key *key, const mr_settlement *how, mr_error *err);
mr_rc mr_sqlite_hints(mr_store *base, int64_t now_ms, mr_hint *ret, size_t most, size_t *ret_n, mr_error *err);
mr_rc mr_sqlite_hint_later(mr_store *base, const mr_hint *h, int64_t retry_at_ms, mr_error *err);
mr_rc mr_sqlite_learn(mr_store *base, const char *source, const char *patient, const char *const *references, size_t n,
                      mr_error *err);
mr_rc mr_sqlite_patient_of(mr_store *base, const char *source, const char *reference,
                           char ret_patient[MR_MAX_ID_BYTES + 1], mr_error *err);
mr_rc mr_sqlite_wrote(mr_store *base, const mr_written *v, size_t n, int64_t now_ms, mr_error *err);
mr_rc mr_sqlite_is_ours(mr_store *base, const mr_written *v, bool *ret, mr_error *err);
mr_rc mr_sqlite_watermark(mr_store *base, const char *source, const char *type, char ret[40], mr_error *err);
mr_rc mr_sqlite_set_watermark(mr_store *base, const char *source, const char *type, const char *instant, mr_error *err);
mr_rc mr_sqlite_worklist(mr_store *base, const char *today, size_t offset, mr_work_item *ret, size_t most,
                         size_t *ret_n, mr_error *err);
mr_rc mr_sqlite_overdue(mr_store *base, const char *today, uint64_t *ret_n, mr_error *err);
mr_rc mr_sqlite_review_of(mr_store *base, const mr_key *key, mr_work_item *ret_item, char **ret_json, size_t *ret_len,
                          mr_error *err);

/* basis_sqlite.c */
mr_rc mr_sqlite_basis_keep(mr_sqlite *s, const mr_key *key, const mr_settlement *how, mr_error *err);
mr_rc mr_sqlite_stale(mr_store *base, mr_span stamp, mr_stale *ret, size_t most, size_t *ret_n, mr_error *err);
mr_rc mr_sqlite_compared(mr_store *base, mr_span stamp, const mr_compared *v, size_t n, mr_error *err);
mr_rc mr_sqlite_rereview(mr_store *base, size_t most, int64_t now_ms, size_t *ret_n, mr_error *err);
mr_rc mr_sqlite_rereviews(mr_store *base, mr_span stamp, mr_rereviews *ret, mr_error *err);

/* schema_sqlite.c: opens s->file, refuses what is not ours, brings the schema up to date. The caller closes s->db also
 * after a failure. */
mr_rc mr_sqlite_open_schema(mr_sqlite *s, mr_error *err);

#endif
