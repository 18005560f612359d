/* Opening an SQLite store: whose file it is, who else has it, what it is worth when it is damaged; and backing it up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "script.h"
#include "sqlite_store.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], path[96]; /* of the test at hand */

static int begin(void **state) {
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/mr-open-XXXXXX");
    if (!mkdtemp(dir)) return -1;
    (void)snprintf(path, sizeof path, "%s/medreview.db", dir);
    return 0;
}

static int end(void **state) {
    static const char *const names[] = {"medreview.db", "medreview.db-wal", "medreview.db-shm", "medreview.db-lock",
                                        "link.db",      "copy.db",          "copy.db-wal"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s/%s", dir, names[i]);
        (void)unlink(name);
    }
    return rmdir(dir); /* fails the test that leaves anything else behind */
}

static mr_store *open_fine(const char *at) {
    mr_store *s = NULL;
    mr_error err = {0};
    if (mr_store_sqlite_open(at, &s, &err) != MR_OK) fail_msg("open: %s", err.text);
    return s;
}

static void assert_refused(const char *at, mr_rc rc, const char *says) {
    mr_store *s = NULL;
    mr_error err = {0};
    assert_string_equal(mr_rc_label(rc), mr_rc_label(mr_store_sqlite_open(at, &s, &err)));
    assert_null(s);
    if (!strstr(err.text, says)) fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void write_file(const char *at, const void *bytes, size_t n) {
    FILE *f = fopen(at, "wb");
    assert_true(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static void execute(const char *at, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(SQLITE_OK, sqlite3_open(at, &db));
    assert_int_equal(SQLITE_OK, sqlite3_exec(db, sql, NULL, NULL, NULL));
    assert_int_equal(SQLITE_OK, sqlite3_close(db));
}

static void fill(mr_store *s, int n) {
    mr_intake *v = calloc((size_t)n, sizeof *v);
    assert_non_null(v);
    for (int i = 0; i < n; i++) {
        (void)snprintf(v[i].key.source, sizeof v[i].key.source, "gp");
        (void)snprintf(v[i].key.patient, sizeof v[i].key.patient, "patient-%d", i);
    }
    assert_int_equal(MR_OK, s->ops->record(s, v, (size_t)n, 1000, NULL));
    free(v);
}

static uint64_t due_of(mr_store *s) {
    mr_depth d;
    assert_int_equal(MR_OK, s->ops->depth(s, 1000, &d, NULL));
    return d.due;
}

/* ---- a new file ---- */

static void test_files_are_ours_alone(void **state) {
    (void)state;
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
    mode_t before = umask(0);
    mr_store *s = open_fine(path);
    fill(s, 1);
    for (size_t i = 0; i < 4; i++) {
        char name[128];
        struct stat st;
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        assert_int_equal(0, stat(name, &st));
        assert_int_equal(0600, st.st_mode & 0777);
    }
    s->ops->close(s);
    umask(before);
    char name[128];
    for (size_t i = 1; i < 4; i++) { /* closing leaves the database alone */
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        assert_int_not_equal(0, access(name, F_OK));
    }
}

static void assert_pragma(mr_store *s, const char *pragma, const char *value) {
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(SQLITE_OK, sqlite3_prepare_v2(((mr_sqlite *)s)->db, pragma, -1, &stmt, NULL));
    assert_int_equal(SQLITE_ROW, sqlite3_step(stmt));
    assert_string_equal(value, (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
}

static void test_settings_are_the_durable_ones(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) { /* also when it is there already */
        mr_store *s = open_fine(path);
        assert_pragma(s, "PRAGMA journal_mode", "wal");
        assert_pragma(s, "PRAGMA synchronous", "2");
        assert_pragma(s, "PRAGMA busy_timeout", "5000");
        assert_pragma(s, "PRAGMA wal_autocheckpoint", "1000");
        assert_pragma(s, "PRAGMA journal_size_limit", "16777216");
        assert_pragma(s, "PRAGMA user_version", "2");
        assert_pragma(s, "PRAGMA application_id", "1836217204");
        s->ops->close(s);
    }
}

/* A step that scans the queue would cost seconds at a million patients. Allowed: indexes in the order that is asked
 * for, and those of the few leased rows. */
static void test_no_statement_scans_a_table(void **state) {
    (void)state;
    static const struct {
        const char *name, *text;
    } statements[] = {
#define X(id, words) {#id, words},
        MR_SQL_MAP(X)
#undef X
    };
    mr_store *s = open_fine(path);
    for (size_t i = 0; i < MR_SQL_COUNT; i++) {
        if (i == MR_SQL_COUNT_STATES || i == MR_SQL_HINT_COUNT) continue; /* once, at the start */
        char sql[2048];
        sqlite3_stmt *stmt = NULL;
        (void)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", statements[i].text);
        assert_int_equal(SQLITE_OK, sqlite3_prepare_v2(((mr_sqlite *)s)->db, sql, -1, &stmt, NULL));
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(stmt, 3);
            bool whole = strstr(step, "SCAN") && !strstr(step, "INDEX worklist") && !strstr(step, "INDEX queue_leased");
            bool walks = strstr(step, "PRIMARY KEY") && !strstr(step, "PRIMARY KEY ("); /* min() without an index */
            bool sorts = strstr(step, "TEMP B-TREE");
            bool all = i == MR_SQL_JOBS_PARKED && !strstr(step, "INDEX queue_parked");
            if (whole || walks || sorts || all) fail_msg("%s: %s", statements[i].name, step);
        }
        sqlite3_finalize(stmt);
    }
    s->ops->close(s);
}

/* ---- somebody else's file ---- */

static void test_foreign_databases_are_refused_and_untouched(void **state) {
    (void)state;
    static const char *const foreign[] = {"CREATE TABLE queue(a)", "PRAGMA user_version=1; CREATE TABLE t(a)",
                                          "PRAGMA application_id=252006673; CREATE TABLE t(a)",
                                          "PRAGMA journal_mode=WAL; CREATE TABLE t(a)"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        struct stat before, after;
        execute(path, foreign[i]);
        assert_int_equal(0, stat(path, &before));
        assert_refused(path, MR_INVALID, "another program");
        assert_int_equal(0, stat(path, &after));
        assert_int_equal(before.st_size, after.st_size);
        assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
        assert_int_equal(before.st_mode, after.st_mode);
        (void)unlink(path);
    }
}

static void test_other_files_are_refused_and_untouched(void **state) {
    (void)state;
    static const char *const texts[] = {"x", "{\"resourceType\":\"Bundle\"}", "SQLite format 2...", "SQLite format 3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char back[64] = {0};
        write_file(path, texts[i], strlen(texts[i]));
        assert_refused(path, MR_INVALID, "not a medreview store");
        FILE *f = fopen(path, "rb");
        assert_true(f && fread(back, 1, sizeof back - 1, f) == strlen(texts[i]) && fclose(f) == 0);
        assert_string_equal(texts[i], back);
    }
    char head[100] = "SQLite format 3"; /* and then nothing that makes sense */
    write_file(path, head, sizeof head);
    mr_store *s = NULL;
    assert_int_not_equal(MR_OK, mr_store_sqlite_open(path, &s, NULL));
}

static void test_paths_that_are_no_file(void **state) {
    (void)state;
    char missing[128];
    (void)snprintf(missing, sizeof missing, "%s/nowhere/medreview.db", dir);
    assert_refused(missing, MR_IO, "No such file or directory");
    assert_int_equal(0, mkfifo(path, 0600));
    assert_refused(path, MR_INVALID, "not a plain file");
    mr_store *s = NULL;
    assert_int_equal(MR_IO, mr_store_sqlite_open(dir, &s, NULL));
    char lock[96];
    (void)snprintf(lock, sizeof lock, "%s-lock", dir);
    assert_int_not_equal(0, access(lock, F_OK));
}

static void test_newer_schema_is_refused(void **state) {
    (void)state;
    mr_store *s = open_fine(path);
    s->ops->close(s);
    execute(path, "PRAGMA user_version=7");
    assert_refused(path, MR_INVALID, "schema version 7, this release knows 1 to 2");
}

/* A file of the first schema: what it holds is kept, and whoever was reviewed is to be looked at again. */
static void test_older_schema_is_brought_up_to_date(void **state) {
    (void)state;
    mr_store *s = open_fine(path);
    fill(s, 3);
    s->ops->close(s);
    execute(path, "DROP TABLE basis; DROP TABLE probe; PRAGMA user_version=1;"
                  "INSERT INTO review(source,patient,json) VALUES('gp','reviewed','{}');"
                  "INSERT INTO work_item "
                  "VALUES('gp','reviewed',3,'','',0,0,0,'','',1,5),('gp','listed',3,'','',0,0,0,'','',1,5)");
    s = open_fine(path);
    assert_pragma(s, "PRAGMA user_version", "2");
    assert_int_equal(3, due_of(s));
    mr_stale v[4];
    mr_compared c[4];
    size_t n = 0;
    assert_int_equal(MR_OK, s->ops->stale(s, MR_SPAN("k|t"), v, 4, &n, NULL));
    assert_int_equal(2, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal("", v[i].stamp);
        assert_int_equal(0, v[i].asked_len);
        c[i] = (mr_compared){.key = v[i].key, .number = v[i].number, .changed = true};
        free(v[i].asked);
    }
    assert_int_equal(MR_OK, s->ops->compared(s, MR_SPAN("k|t"), c, n, NULL));
    assert_int_equal(MR_OK, s->ops->rereview(s, 4, 10, &n, NULL));
    assert_int_equal(2, n);
    assert_int_equal(5, due_of(s));
    s->ops->close(s);
}

static mr_rc notice_one(mr_store *s, mr_error *err) {
    mr_intake in = {.key = {.source = "gp", .patient = "late"}};
    return s->ops->record(s, &in, 1, 10, err);
}

/* SQLite goes on writing into a file that has no name any more; we say so instead. */
static void test_file_that_lost_its_name_takes_nothing(void **state) {
    (void)state;
    static const char *const lost[] = {"", "-wal"};
    for (size_t i = 0; i < 2; i++) {
        char name[128];
        mr_error err = {0};
        mr_store *s = open_fine(path);
        fill(s, 2);
        assert_int_equal(MR_OK, s->ops->probe(s, 5, NULL));
        (void)snprintf(name, sizeof name, "%s%s", path, lost[i]);
        assert_int_equal(0, unlink(name));
        for (int again = 0; again < 2; again++) {
            assert_int_equal(MR_IO, notice_one(s, &err));
            assert_non_null(strstr(err.text, "was removed or replaced while it was in use"));
            assert_int_equal(MR_IO, s->ops->probe(s, 5, NULL));
        }
        s->ops->close(s);
    }
}

static void test_file_that_was_replaced_takes_nothing(void **state) {
    (void)state;
    char copy[128];
    mr_store *s = open_fine(path);
    fill(s, 2);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", dir);
    write_file(copy, "a backup, or anything", 21);
    assert_int_equal(0, rename(copy, path));
    assert_int_equal(MR_IO, notice_one(s, NULL));
    s->ops->close(s);
}

static void test_remote_file_systems_are_known(void **state) {
    (void)state;
    assert_true(mr_dbfile_is_remote(0x6969));      /* NFS */
    assert_true(mr_dbfile_is_remote(0xff534d42));  /* CIFS */
    assert_false(mr_dbfile_is_remote(0xef53));     /* ext4 */
    assert_false(mr_dbfile_is_remote(0x01021994)); /* tmpfs */
}

/* An upgrade, or the very first start, that ended before its first step. */
static void test_creation_goes_on_where_it_stopped(void **state) {
    (void)state;
    execute(path, "PRAGMA journal_mode=WAL");
    mr_store *s = open_fine(path);
    fill(s, 3);
    assert_int_equal(3, due_of(s));
    s->ops->close(s);
}

/* ---- one process ---- */

static void test_second_opener_is_refused(void **state) {
    (void)state;
    char link_path[128], says[64];
    (void)snprintf(link_path, sizeof link_path, "%s/link.db", dir);
    (void)snprintf(says, sizeof says, "is open in another process (pid %ld)", (long)getpid());
    mr_store *s = open_fine(path);
    assert_int_equal(0, symlink(path, link_path));
    assert_refused(path, MR_BUSY, says);
    assert_refused(link_path, MR_BUSY, says);
    fill(s, 2); /* the first one goes on undisturbed */
    assert_refused(path, MR_BUSY, says);
    pid_t pid = fork();
    if (pid == 0) {
        mr_store *other = NULL;
        _exit(mr_store_sqlite_open(path, &other, NULL) == MR_BUSY ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(pid, waitpid(pid, &status, 0));
    assert_int_equal(0, status);
    s->ops->close(s);
    s = open_fine(link_path);
    assert_int_equal(2, due_of(s));
    s->ops->close(s);
}

static void test_lock_of_a_dead_process_holds_nobody_up(void **state) {
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        mr_store *s = open_fine(path);
        fill(s, 2);
        _exit(0); /* without closing */
    }
    int status = -1;
    assert_int_equal(pid, waitpid(pid, &status, 0));
    mr_store *s = open_fine(path);
    assert_int_equal(2, due_of(s));
    s->ops->close(s);
}

/* ---- damage ---- */

/* Everything that reads; whatever the answer, it must be an answer. */
static void use(mr_store *s) {
    mr_claim c[4];
    mr_job_row jobs[16];
    mr_hint hints[16];
    mr_work_item items[16];
    size_t n = 0;
    mr_depth d;
    (void)s->ops->jobs(s, false, NULL, jobs, 16, &n, NULL);
    (void)s->ops->hints(s, 5000, hints, 16, &n, NULL);
    (void)s->ops->worklist(s, "2026-11-21", 0, items, 16, &n, NULL);
    (void)s->ops->depth(s, 5000, &d, NULL);
    (void)s->ops->claim(s, 5000, 100, c, 4, &n, NULL);
    (void)s->ops->release_all(s, NULL);
}

static size_t read_whole(unsigned char **ret) {
    struct stat st;
    assert_int_equal(0, stat(path, &st));
    *ret = malloc((size_t)st.st_size);
    FILE *f = fopen(path, "rb");
    assert_true(*ret && f && fread(*ret, 1, (size_t)st.st_size, f) == (size_t)st.st_size && fclose(f) == 0);
    return (size_t)st.st_size;
}

static mr_rc open_and_use(const char *at) {
    mr_store *s = NULL;
    mr_error err = {0};
    mr_rc rc = mr_store_sqlite_open(at, &s, &err);
    if (rc == MR_OK) {
        use(s);
        s->ops->close(s);
    } else {
        assert_true(rc == MR_IO || rc == MR_INVALID);
        assert_true(strncmp(err.text, "store: ", 7) == 0);
        assert_null(strstr(err.text, "patient-"));
    }
    return rc;
}

static void test_damage_is_refused_or_survived(void **state) {
    (void)state;
    char copy[128];
    unsigned char *bytes = NULL;
    mr_rand r;
    mr_rand_seed(&r, 3);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", dir);
    mr_store *s = open_fine(path);
    fill(s, 400);
    s->ops->close(s);
    size_t n = read_whole(&bytes), refused = 0;
    for (int i = 0; i < 150; i++) {
        size_t at = (size_t)mr_rand_below(&r, n), len = 1 + (size_t)mr_rand_below(&r, 64);
        unsigned char kept[64];
        if (at + len > n) len = n - at;
        memcpy(kept, bytes + at, len);
        for (size_t j = 0; j < len; j++) bytes[at + j] = (unsigned char)mr_rand_next(&r);
        write_file(copy, bytes, n);
        refused += open_and_use(copy) != MR_OK;
        memcpy(bytes + at, kept, len);
    }
    assert_true(refused > 10);
    free(bytes);
}

static void test_torn_file_is_refused(void **state) {
    (void)state;
    char copy[128];
    unsigned char *bytes = NULL;
    (void)snprintf(copy, sizeof copy, "%s/copy.db", dir);
    mr_store *s = open_fine(path);
    fill(s, 400);
    s->ops->close(s);
    size_t n = read_whole(&bytes);
    for (size_t len = 100; len < n; len += 4096 - 52) {
        write_file(copy, bytes, len);
        assert_int_equal(MR_IO, open_and_use(copy));
    }
    memset(bytes + n - 4096, 0, 4096); /* the last page was never written */
    write_file(copy, bytes, n);
    assert_refused(copy, MR_IO, "restore it from a backup");
    free(bytes);
}

/* ---- backup ---- */

/* What the sqlite3 tool's .backup does, while the service runs. */
static void test_backup_while_running_can_be_restored(void **state) {
    (void)state;
    char copy[128];
    sqlite3 *from = NULL, *to = NULL;
    (void)snprintf(copy, sizeof copy, "%s/copy.db", dir);
    mr_store *s = open_fine(path);
    fill(s, 5);
    assert_int_equal(SQLITE_OK, sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY, NULL));
    assert_int_equal(SQLITE_OK, sqlite3_open(copy, &to));
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    assert_non_null(b);
    assert_int_equal(SQLITE_DONE, sqlite3_backup_step(b, -1));
    assert_int_equal(SQLITE_OK, sqlite3_backup_finish(b));
    sqlite3_close(from);
    sqlite3_close(to);
    fill(s, 9);
    s->ops->close(s);
    s = open_fine(copy);
    assert_int_equal(5, due_of(s));
    s->ops->close(s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_files_are_ours_alone),
        CASE(test_settings_are_the_durable_ones),
        CASE(test_no_statement_scans_a_table),
        CASE(test_foreign_databases_are_refused_and_untouched),
        CASE(test_other_files_are_refused_and_untouched),
        CASE(test_paths_that_are_no_file),
        CASE(test_newer_schema_is_refused),
        CASE(test_older_schema_is_brought_up_to_date),
        CASE(test_file_that_lost_its_name_takes_nothing),
        CASE(test_file_that_was_replaced_takes_nothing),
        CASE(test_remote_file_systems_are_known),
        CASE(test_creation_goes_on_where_it_stopped),
        CASE(test_second_opener_is_refused),
        CASE(test_lock_of_a_dead_process_holds_nobody_up),
        CASE(test_damage_is_refused_or_survived),
        CASE(test_torn_file_is_refused),
        CASE(test_backup_while_running_can_be_restored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
