/* Opening the file: settings that make a commit durable, checks that it is ours and whole, and the schema.
 *
 * The schema has a version (user_version); each step below leads to the next one in a transaction of its own, so an
 * upgrade that is cut short goes on where it stopped. Steps are never changed once released, only added. */
#include "sqlite_store.h"

#include <sqlite3.h>
#include <stdio.h>

#define APPLICATION_ID 0x6d727374 /* "mrst": says to file(1) and to us whose database this is */

static const char *const steps[] = {
    /* to version 1 */
    "CREATE TABLE queue("
    " source TEXT NOT NULL, patient TEXT NOT NULL,"
    " wanted INTEGER NOT NULL, done INTEGER NOT NULL, token INTEGER NOT NULL, claimed INTEGER NOT NULL,"
    " state INTEGER NOT NULL CHECK(state BETWEEN 0 AND 3), backoff INTEGER NOT NULL, attempt INTEGER NOT NULL,"
    " first_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, bound_ms INTEGER NOT NULL,"
    " next_first_ms INTEGER NOT NULL, next_due_ms INTEGER NOT NULL, next_bound_ms INTEGER NOT NULL,"
    " lease_until_ms INTEGER NOT NULL, why TEXT NOT NULL, reason TEXT NOT NULL,"
    " ready_ms INTEGER,"
    " PRIMARY KEY(source,patient)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX queue_ready ON queue(source,ready_ms,patient) WHERE ready_ms IS NOT NULL;"
    "CREATE INDEX queue_oldest ON queue(first_ms) WHERE state=1;"
    "CREATE INDEX queue_leased ON queue(lease_until_ms) WHERE state=2;"
    "CREATE INDEX queue_parked ON queue(source,patient) WHERE state=3;"
    "CREATE TABLE hint(number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " source TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,"
    " attempt INTEGER NOT NULL, retry_at_ms INTEGER NOT NULL, UNIQUE(source,type,id)) STRICT;"
    "CREATE INDEX hint_retry ON hint(retry_at_ms);"
    "CREATE TABLE belongs(source TEXT NOT NULL, reference TEXT NOT NULL, patient TEXT NOT NULL,"
    " PRIMARY KEY(source,reference)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE written(source TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL, PRIMARY KEY(source,type,id,version)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX written_at ON written(at_ms);"
    "CREATE TABLE watermark(source TEXT NOT NULL, type TEXT NOT NULL, instant TEXT NOT NULL,"
    " PRIMARY KEY(source,type)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE work_item(source TEXT NOT NULL, patient TEXT NOT NULL, rank INTEGER NOT NULL,"
    " priority TEXT NOT NULL, due TEXT NOT NULL, high INTEGER NOT NULL, moderate INTEGER NOT NULL,"
    " low INTEGER NOT NULL, top TEXT NOT NULL, task TEXT NOT NULL, complete INTEGER NOT NULL,"
    " reviewed_ms INTEGER NOT NULL, PRIMARY KEY(source,patient)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX worklist ON work_item(rank,due,source,patient) WHERE task<>'' AND priority<>'';"
    "CREATE TABLE review(number INTEGER PRIMARY KEY, source TEXT NOT NULL, patient TEXT NOT NULL,"
    " json TEXT NOT NULL, UNIQUE(source,patient)) STRICT;",
    /* to version 2: what each review was made with. Nobody knows it of the reviews that are there: so they are compared
     * with whatever basis comes first, and made again. */
    "CREATE TABLE basis(number INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, patient TEXT NOT NULL,"
    " stamp TEXT NOT NULL, checked TEXT NOT NULL, changed INTEGER NOT NULL, asked BLOB NOT NULL,"
    " UNIQUE(source,patient)) STRICT;"
    "CREATE INDEX basis_checked ON basis(checked);"
    "CREATE INDEX basis_changed ON basis(source,patient) WHERE changed=1;"
    "INSERT INTO basis(source,patient,stamp,checked,changed,asked) SELECT source,patient,'','',0,x'' FROM"
    " (SELECT source,patient FROM work_item UNION SELECT source,patient FROM review);"
    "CREATE TABLE probe(one INTEGER PRIMARY KEY CHECK(one=1), at_ms INTEGER NOT NULL) STRICT;",
};
#define VERSION ((int64_t)(sizeof steps / sizeof *steps))

/* synchronous=FULL: a commit is on the disk before the sender of a notice gets its 204. WAL: one sync a commit, and
 * the operator's backup reads while we write. The size limit gives the space of a burst back. */
static const char settings[] = "PRAGMA synchronous=FULL;"
                               "PRAGMA wal_autocheckpoint=1000;"     /* pages: 4 MB */
                               "PRAGMA journal_size_limit=16777216;" /* bytes */
                               "PRAGMA cache_size=-8192;"            /* KiB */
                               "PRAGMA temp_store=MEMORY;"
                               "PRAGMA cell_size_check=ON;"
                               "PRAGMA trusted_schema=OFF;";
#define BUSY_TIMEOUT_MS 5000 /* an operator's tool may write for a moment */

static mr_rc run(mr_sqlite *s, const char *sql, mr_error *err) {
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? MR_OK : mr_sqlite_fail(s, code, err);
}

/* The first column of the first row, as text; "" when there is none. */
static mr_rc ask(mr_sqlite *s, const char *sql, char *ret, size_t room, mr_error *err) {
    sqlite3_stmt *stmt = NULL;
    char text[128] = "";
    int code = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        const unsigned char *column = sqlite3_column_text(stmt, 0);
        (void)snprintf(text, sizeof text, "%s", column ? (const char *)column : "");
        code = SQLITE_DONE;
    }
    mr_rc rc = code == SQLITE_DONE ? MR_OK : mr_sqlite_fail(s, code, err);
    (void)sqlite3_finalize(stmt); /* repeats the error of the step */
    if (rc == MR_OK) (void)snprintf(ret, room, "%s", text);
    return rc;
}

static mr_rc ask_number(mr_sqlite *s, const char *sql, int64_t *ret, mr_error *err) {
    char text[32];
    mr_rc rc = ask(s, sql, text, sizeof text, err);
    uint64_t value = 0;
    if (rc == MR_OK) *ret = mr_span_u64(mr_span_of(text), &value) && value <= INT32_MAX ? (int64_t)value : -1;
    return rc;
}

/* Before anything is written: an empty database is ours to fill, one with our mark and a version we know is ours. */
static mr_rc identity_check(mr_sqlite *s, int64_t *ret_version, mr_error *err) {
    int64_t id = 0, version = 0, n_tables = 0;
    mr_rc rc = ask_number(s, "PRAGMA application_id", &id, err);
    if (rc == MR_OK) rc = ask_number(s, "PRAGMA user_version", &version, err);
    if (rc == MR_OK) rc = ask_number(s, "SELECT count(*) FROM sqlite_schema", &n_tables, err);
    if (rc != MR_OK) return rc;
    bool fresh = id == 0 && version == 0 && n_tables == 0;
    if (!fresh && id != APPLICATION_ID)
        return mr_fail(err, MR_INVALID, "store: %s is the database of another program", s->file.path);
    if (!fresh && (version < 1 || version > VERSION))
        return mr_fail(err, MR_INVALID,
                       "store: %s has schema version %lld, this release knows 1 to %lld: use a newer medreview",
                       s->file.path, (long long)version, (long long)VERSION);
    *ret_version = version;
    return MR_OK;
}

static mr_rc wal_begin(mr_sqlite *s, mr_error *err) {
    char mode[16];
    mr_rc rc = ask(s, "PRAGMA journal_mode=WAL", mode, sizeof mode, err);
    if (rc == MR_OK && !mr_span_is(mr_span_of(mode), "wal"))
        rc = mr_fail(err, MR_IO, "store: the file system of %s offers no shared memory for a write-ahead log",
                     s->file.path);
    return rc;
}

static mr_rc migrate_one(mr_sqlite *s, int64_t from, mr_error *err) {
    char mark[96];
    (void)snprintf(mark, sizeof mark, "PRAGMA application_id=%d; PRAGMA user_version=%lld", APPLICATION_ID,
                   (long long)from + 1);
    mr_rc rc = mr_tx_begin(s, err);
    if (rc != MR_OK) return rc;
    rc = run(s, steps[from], err);
    if (rc == MR_OK) rc = run(s, mark, err);
    return mr_tx_end(s, rc, err);
}

/* The tables whose loss would lose a notice; the others are found damaged when they are read. */
static mr_rc damage_check(mr_sqlite *s, mr_error *err) {
    static const char *const checks[] = {"PRAGMA quick_check('queue')", "PRAGMA quick_check('hint')"};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        char verdict[128];
        mr_rc rc = ask(s, checks[i], verdict, sizeof verdict, err);
        if (rc != MR_OK) return rc;
        if (!mr_span_is(mr_span_of(verdict), "ok"))
            return mr_fail(err, MR_IO, "store: %s is damaged: restore it from a backup (docs/store.md)", s->file.path);
    }
    return MR_OK;
}

/* A file that somebody made for us must not run its triggers or views in our name. */
static mr_rc connection_open(mr_sqlite *s, mr_error *err) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(s->file.path, &s->db, flags, NULL);
    if (code == SQLITE_OK) code = sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    if (code == SQLITE_OK) code = sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    return code == SQLITE_OK ? MR_OK : mr_sqlite_fail(s, code, err);
}

mr_rc mr_sqlite_open_schema(mr_sqlite *s, mr_error *err) {
    int64_t version = 0;
    mr_rc rc = connection_open(s, err);
    if (rc == MR_OK) rc = identity_check(s, &version, err);
    if (rc == MR_OK) rc = run(s, settings, err);
    if (rc == MR_OK) rc = wal_begin(s, err);
    while (rc == MR_OK && version < VERSION) rc = migrate_one(s, version++, err);
    return rc == MR_OK ? damage_check(s, err) : rc;
}
