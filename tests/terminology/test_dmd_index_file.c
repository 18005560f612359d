/* The index as a file: replaced in one step or not at all, never changed under a reader, and refused with a sentence
 * when it is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dmd_made_index.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct folder {
    char path[64], file[96];
} folder;

static void folder_begin(folder *f) {
    (void)snprintf(f->path, sizeof f->path, "/tmp/medreview-index-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    (void)snprintf(f->file, sizeof f->file, "%s/terminology.idx", f->path);
}

static void folder_end(folder *f) {
    (void)unlink(f->file);
    assert_int_equal(rmdir(f->path), 0); /* and nothing else is left in it */
}

static void opens_as(const char *path, size_t n_vmps) {
    mr_dmd_index *ix;
    mr_error err = {0};
    if (mr_dmd_index_open(path, &ix, &err) != MR_OK) fail_msg("%s", err.text);
    assert_int_equal(mr_dmd_index_release(ix)->n_vmps, n_vmps);
    mr_dmd_index_close(ix);
}

static void test_file(void **state) {
    (void)state;
    folder f;
    made m, n;
    mr_dmd_index *ix, *same;
    mr_error err = {0};
    folder_begin(&f);
    made_begin(&m, 0, &made_sets);
    made_begin(&n, 9, NULL);
    if (mr_dmd_index_write(&m.r, &made_sets, f.file, &err) != MR_OK) fail_msg("%s", err.text);
    assert_int_equal(mr_dmd_index_open(f.file, &ix, &err), MR_OK);
    assert_int_equal(mr_dmd_index_view(m.bytes.ptr, m.bytes.len, &same, &err), MR_OK);
    assert_string_equal(mr_dmd_index_checksum(ix), mr_dmd_index_checksum(same));
    assert_int_equal(strlen(mr_dmd_index_checksum(ix)), 16);
    mr_dmd_index_close(same);
    /* Replaced while it is open: readers keep what they have. */
    assert_int_equal(mr_dmd_index_write(&n.r, NULL, f.file, &err), MR_OK);
    opens_as(f.file, n.r.n_vmps);
    assert_int_equal(mr_dmd_index_release(ix)->n_vmps, m.r.n_vmps);
    /* Overwritten in place and cut, as `cp` and a full disk would: the same. */
    int fd = open(f.file, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, "gone", 4), 4);
    assert_int_equal(close(fd), 0);
    made_found(ix, 319775004, MR_DMD_VMP, dmd_made_vmp(&m.r, "Aspirin 75mg tablets"));
    assert_int_equal(mr_dmd_index_open(f.file, &same, &err), MR_MALFORMED);
    assert_non_null(strstr(err.text, f.file));
    assert_non_null(strstr(err.text, "not an index"));
    mr_dmd_index_close(ix);
    folder_end(&f);
    made_end(&m);
    made_end(&n);
}

/* PATH without a folder is in the working folder, as for any program. */
static void test_plain_name(void **state) {
    (void)state;
    folder f;
    made m;
    char before[512];
    mr_error err = {0};
    folder_begin(&f);
    made_begin(&m, 0, NULL);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(f.path), 0);
    if (mr_dmd_index_write(&m.r, NULL, "terminology.idx", &err) != MR_OK) fail_msg("%s", err.text);
    assert_int_equal(chdir(before), 0);
    opens_as(f.file, m.r.n_vmps);
    folder_end(&f);
    made_end(&m);
}

static void test_cannot_be_opened(void **state) {
    (void)state;
    folder f;
    mr_dmd_index *ix;
    mr_error err = {0};
    folder_begin(&f);
    assert_int_equal(mr_dmd_index_open(f.file, &ix, &err), MR_IO);
    assert_non_null(strstr(err.text, f.file));
    assert_int_equal(mr_dmd_index_open(f.path, &ix, &err), MR_MALFORMED); /* a folder */
    assert_int_equal(mkfifo(f.file, 0600), 0);
    assert_int_equal(mr_dmd_index_open(f.file, &ix, &err), MR_MALFORMED); /* a pipe: and it does not wait */
    assert_int_equal(unlink(f.file), 0);
    assert_int_equal(close(open(f.file, O_WRONLY | O_CREAT, 0600)), 0);
    assert_int_equal(mr_dmd_index_open(f.file, &ix, &err), MR_MALFORMED);
    assert_non_null(strstr(err.text, "empty"));
    folder_end(&f);
}

/* A disk that takes half of the file: the old one stands, and the half is gone. */
static void test_full_disk_leaves_the_old_file(void **state) {
    (void)state;
    folder f;
    made m, n;
    mr_error err = {0};
    struct rlimit before, tight;
    folder_begin(&f);
    made_begin(&m, 0, NULL);
    made_begin(&n, 300, NULL);
    assert_int_equal(mr_dmd_index_write(&m.r, NULL, f.file, &err), MR_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = n.bytes.len / 2;
    void (*was)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    mr_rc rc = mr_dmd_index_write(&n.r, NULL, f.file, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, was);
    assert_int_equal(rc, MR_IO);
    assert_int_equal(err.detail, EFBIG);
    opens_as(f.file, m.r.n_vmps);
    folder_end(&f);
    made_end(&m);
    made_end(&n);
}

static void test_no_place_to_write(void **state) {
    (void)state;
    folder f;
    made m;
    mr_error err = {0};
    char gone[128];
    folder_begin(&f);
    made_begin(&m, 0, NULL);
    (void)snprintf(gone, sizeof gone, "%s/gone/terminology.idx", f.path);
    assert_int_equal(mr_dmd_index_write(&m.r, NULL, gone, &err), MR_IO);
    assert_non_null(strstr(err.text, gone));
    assert_int_equal(mr_dmd_index_write(&m.r, NULL, f.path, &err), MR_IO); /* a folder is not replaced */
    assert_int_equal(mr_dmd_index_write(&m.r, NULL, "/dev/null", &err), MR_IO);
    struct stat st;
    assert_true(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
    if (geteuid() != 0) { /* root may write anywhere */
        assert_int_equal(mr_dmd_index_write(&m.r, NULL, f.file, &err), MR_OK);
        assert_int_equal(chmod(f.path, 0500), 0);
        m.r.n_previous = 0;
        assert_int_equal(mr_dmd_index_write(&m.r, NULL, f.file, &err), MR_IO);
        assert_int_equal(chmod(f.path, 0700), 0);
        mr_dmd_index *ix;
        assert_int_equal(mr_dmd_index_open(f.file, &ix, &err), MR_OK);
        assert_true(mr_dmd_index_release(ix)->n_previous > 0);
        mr_dmd_index_close(ix);
    }
    folder_end(&f);
    made_end(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_plain_name),
        cmocka_unit_test(test_cannot_be_opened),
        cmocka_unit_test(test_full_disk_leaves_the_old_file),
        cmocka_unit_test(test_no_place_to_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
