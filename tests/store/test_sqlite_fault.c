/* The SQLite store while the ground gives way: killed at any write, power cut, torn log, full disk, failing calls.
 * What was acknowledged is there afterwards, what was refused is not, and nothing is there twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault_vfs.h"
#include "script.h"

#include <sys/stat.h>
#include <sys/wait.h>

static char dir[64]; /* of this program */

static const char *in_dir(const char *name) {
    static char path[2][128];
    static int turn;
    turn = !turn;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

static void forget(const char *name) {
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", "-lock"};
    for (size_t i = 0; i < 5; i++) {
        char path[160];
        (void)snprintf(path, sizeof path, "%s%s", in_dir(name), suffixes[i]);
        (void)unlink(path);
    }
}

/* Runs until a step fails for want of a working machine; the number of steps that were acknowledged. */
static int run(script *t, const char *path, int ack_fd, mr_store **ret) {
    mr_store *s = NULL;
    int done = 0;
    if (mr_store_sqlite_open(path, &s, NULL) == MR_OK) {
        while (done < SCRIPT_STEPS) {
            mr_rc rc = script_step(t, (size_t)done, &s, path, NULL);
            if (rc == MR_IO || rc == MR_NOMEM) break;
            done++;
            if (ack_fd >= 0 && write(ack_fd, "", 1) != 1) abort();
        }
    }
    *ret = s;
    return done;
}

static void assert_holds(const script *t, const char *name, int acked, long at) {
    mr_store *s = NULL;
    mr_error err = {0};
    mr_depth d;
    if (mr_store_sqlite_open(in_dir(name), &s, &err) != MR_OK) fail_msg("fault at %ld: cannot open: %s", at, err.text);
    int place = script_place(t, s, acked);
    if (place < 0 || place > acked + 1) {
        char *seen = script_show(s, &t->leased[acked]);
        fail_msg("fault at %ld, %d steps acknowledged, wanted:\n%s\nthere is:\n%s", at, acked, t->seen[acked], seen);
    }
    assert_int_equal(MR_OK, s->ops->depth(s, 0, &d, NULL));
    assert_int_equal(0, d.leased);
    s->ops->close(s);
    forget(name);
}

static void assert_unchanged(const script *t, size_t step, mr_store *s, long at) {
    char *seen = script_show(s, &t->leased[step]), *depth = script_depth(s);
    if (strcmp(seen, t->seen[step]) != 0)
        fail_msg("fault at %ld: step %zu was refused and changed something", at, step);
    assert_string_equal(t->depth[step], depth);
    free(seen);
    free(depth);
}

/* How many calls a whole run makes. */
static long count_calls(script *t) {
    mr_store *s = NULL;
    fault_arm(FAULT_NONE, 0);
    assert_int_equal(SCRIPT_STEPS, run(t, in_dir("count.db"), -1, &s));
    s->ops->close(s);
    long calls = fault.calls;
    forget("count.db");
    assert_true(calls > 100);
    return calls;
}

/* ---- the process is killed ---- */

static int acked_of_killed_child(script *t, long at) {
    int fds[2];
    assert_int_equal(0, pipe(fds));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        mr_store *s = NULL;
        fault_arm(FAULT_EXIT, at);
        (void)run(t, in_dir("kill.db"), fds[1], &s);
        if (s) s->ops->close(s);
        _exit(0);
    }
    close(fds[1]);
    int acked = 0, status = 0;
    char bytes[64];
    for (ssize_t n; (n = read(fds[0], bytes, sizeof bytes)) > 0;) acked += (int)n;
    close(fds[0]);
    assert_int_equal(pid, waitpid(pid, &status, 0));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 77);
    return acked;
}

static void test_killed_process_loses_nothing(void **state) {
    script *t = *state;
    long calls = count_calls(t);
    for (long at = 1; at <= calls; at += at < 60 ? 3 : 11) {
        int acked = acked_of_killed_child(t, at);
        assert_holds(t, "kill.db", acked, at);
    }
}

/* ---- the power is cut ---- */

static void write_image(mr_rand *r) {
    size_t len = strlen(in_dir("power.db"));
    for (size_t i = 0; i < fault.n_disks; i++) {
        char path[160];
        (void)snprintf(path, sizeof path, "%s%s", in_dir("image.db"), fault.disks[i].path + len);
        fault_image_write(&fault.disks[i], r, path);
    }
}

static void test_power_cut_loses_nothing(void **state) {
    script *t = *state;
    mr_rand r;
    mr_rand_seed(&r, 7);
    long calls = count_calls(t);
    for (long at = 1; at <= calls; at += at < 60 ? 1 : 5) {
        mr_store *s = NULL;
        fault.track = true;
        fault_arm(FAULT_POWER, at);
        int acked = run(t, in_dir("power.db"), -1, &s);
        if (s) s->ops->close(s);
        assert_true(fault.off || acked == SCRIPT_STEPS);
        write_image(&r);
        fault_clear();
        assert_holds(t, "image.db", acked, at);
        forget("power.db");
    }
}

/* ---- a torn log ---- */

static void copy(const char *from, const char *to, long cut_at, long flip_at) {
    FILE *in = fopen(in_dir(from), "rb"), *out = fopen(in_dir(to), "wb");
    assert_true(in && out);
    int c;
    for (long i = 0; i != cut_at && (c = fgetc(in)) != EOF; i++) (void)fputc(i == flip_at ? c ^ 0x40 : c, out);
    (void)fclose(in);
    assert_int_equal(0, fclose(out));
}

static int place_of_copy(const script *t, long cut_at, long flip_at) {
    mr_store *s = NULL;
    mr_error err = {0};
    copy("whole.db", "torn.db", -1, -1);
    copy("whole.db-wal", "torn.db-wal", cut_at, flip_at);
    if (mr_store_sqlite_open(in_dir("torn.db"), &s, &err) != MR_OK) fail_msg("cut at %ld: %s", cut_at, err.text);
    int place = script_place(t, s, SCRIPT_RESTART); /* what the restart moved into the file is safe */
    s->ops->close(s);
    forget("torn.db");
    if (place < 0) fail_msg("log cut at %ld, flipped at %ld: what is left never was", cut_at, flip_at);
    return place;
}

static void test_torn_log_ends_at_a_whole_step(void **state) {
    script *t = *state;
    mr_store *s = NULL;
    struct stat st;
    mr_rand r;
    mr_rand_seed(&r, 11);
    assert_int_equal(SCRIPT_STEPS, run(t, in_dir("whole.db"), -1, &s));
    assert_int_equal(0, stat(in_dir("whole.db-wal"), &st));
    assert_true(st.st_size > 50000);
    int last = SCRIPT_RESTART;
    for (long at = 0; at < st.st_size; at += 1 + (long)mr_rand_below(&r, 6000)) {
        int place = place_of_copy(t, at, -1);
        assert_true(place >= last); /* more log, more steps */
        last = place;
    }
    for (int i = 0; i < 20; i++) (void)place_of_copy(t, -1, (long)mr_rand_below(&r, (uint64_t)st.st_size));
    assert_unchanged(t, SCRIPT_STEPS, s, 0);
    s->ops->close(s);
    assert_holds(t, "whole.db", SCRIPT_STEPS, 0);
}

/* ---- one call fails, and the store goes on ---- */

/* Every step is repeated until it succeeds, as the engine does; the whole must look as if nothing had happened. */
static void run_through(script *t, fault_kind kind, long at, mr_rc expected) {
    mr_store *s = NULL;
    int failures = 0;
    fault_arm(kind, at);
    mr_rc rc = mr_store_sqlite_open(in_dir("fault.db"), &s, NULL);
    while (rc != MR_OK && failures < 3) {
        assert_true(rc == expected);
        assert_null(s);
        failures++;
        rc = mr_store_sqlite_open(in_dir("fault.db"), &s, NULL);
    }
    assert_int_equal(MR_OK, rc);
    for (size_t i = 0; i < SCRIPT_STEPS; i++) {
        mr_error err = {0};
        rc = script_step(t, i, &s, in_dir("fault.db"), &err);
        if (rc != MR_IO && rc != MR_NOMEM) continue;
        if (rc != expected) fail_msg("fault at %ld: step %zu says %s: %s", at, i, mr_rc_label(rc), err.text);
        assert_true(failures++ < 3);
        assert_non_null(strstr(err.text, "store: "));
        if (!s) { /* closed, and not opened again: the step itself was done */
            assert_int_equal(MR_OK, mr_store_sqlite_open(in_dir("fault.db"), &s, NULL));
            continue;
        }
        assert_unchanged(t, i, s, at);
        i--;
    }
    fault_arm(FAULT_NONE, 0);
    assert_unchanged(t, SCRIPT_STEPS, s, at);
    s->ops->close(s);
    assert_holds(t, "fault.db", SCRIPT_STEPS, at);
}

static void test_full_disk_changes_nothing(void **state) {
    script *t = *state;
    long calls = count_calls(t);
    for (long at = 1; at <= calls; at += at < 60 ? 2 : 7) run_through(t, FAULT_FULL, at, MR_IO);
}

static void test_failing_call_changes_nothing(void **state) {
    script *t = *state;
    long calls = count_calls(t);
    for (long at = 1; at <= calls; at += at < 60 ? 2 : 7) run_through(t, FAULT_IO, at, MR_IO);
}

static void test_short_memory_changes_nothing(void **state) {
    script *t = *state;
    fault_arm(FAULT_NOMEM, -1);
    mr_store *s = NULL;
    assert_int_equal(SCRIPT_STEPS, run(t, in_dir("count.db"), -1, &s));
    s->ops->close(s);
    forget("count.db");
    long calls = fault.calls;
    assert_true(calls > 200);
    for (long at = 1; at <= calls; at += 1 + calls / 150) run_through(t, FAULT_NOMEM, at, MR_NOMEM);
}

/* Full for a while: nothing is accepted, everything can still be read, and afterwards it goes on. */
static void test_full_disk_can_be_read_and_recovers(void **state) {
    script *t = *state;
    mr_store *s = NULL;
    assert_int_equal(MR_OK, mr_store_sqlite_open(in_dir("full.db"), &s, NULL));
    for (size_t i = 0; i < SCRIPT_RESTART; i++) (void)script_step(t, i, &s, in_dir("full.db"), NULL);
    fault_arm(FAULT_FULLER, 1);
    for (int i = 0; i < 20; i++) {
        mr_intake in = {.key = walk_key(0, 0)};
        mr_error err = {0};
        assert_int_equal(MR_IO, s->ops->record(s, &in, 1, 5, &err));
        assert_int_equal(SQLITE_FULL, err.detail & 0xff);
        assert_unchanged(t, SCRIPT_RESTART, s, 0);
    }
    fault_arm(FAULT_NONE, 0);
    for (size_t i = SCRIPT_RESTART; i < SCRIPT_STEPS; i++) (void)script_step(t, i, &s, in_dir("full.db"), NULL);
    s->ops->close(s);
    assert_holds(t, "full.db", SCRIPT_STEPS, 0);
}

int main(void) {
    script *t = calloc(1, sizeof *t);
    (void)snprintf(dir, sizeof dir, "/tmp/mr-fault-XXXXXX");
    if (!t || !mkdtemp(dir)) return 1;
    fault_install();
    script_make(t, 5);
#define CASE(name) cmocka_unit_test_prestate(name, t)
    const struct CMUnitTest tests[] = {
        CASE(test_killed_process_loses_nothing),       CASE(test_power_cut_loses_nothing),
        CASE(test_torn_log_ends_at_a_whole_step),      CASE(test_full_disk_changes_nothing),
        CASE(test_failing_call_changes_nothing),       CASE(test_short_memory_changes_nothing),
        CASE(test_full_disk_can_be_read_and_recovers),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fault_clear();
    script_free(t);
    free(t);
    (void)rmdir(dir);
    return failed;
}
