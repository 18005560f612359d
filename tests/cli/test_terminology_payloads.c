/* Real NHS payloads, when ../shared is there: every medicine in them is recognised, or listed with its reason.
 *
 * What is listed is looked at by people: none of it may be a generic name that the shipped table ought to know. Brands
 * come with a dm+d release. UK Core examples in XML are not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../terminology/shared_lists.h"
#include "terminology_parts.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { PAYLOAD_FILES = 128, UNKNOWN_NAMES = 512, NAME_BYTES = 120 };

typedef struct tally {
    const char *what;
    const mr_terminology *t;
    size_t files, asked, by[MR_REC_NAME + 1], no_medicine;
    char unknown[UNKNOWN_NAMES][NAME_BYTES]; /* each once, with its reason */
    size_t n_unknown;
} tally;

static void list(tally *y, mr_span shown, const mr_understood *u) {
    char line[NAME_BYTES];
    const char *why = u->not_a_medicine ? "not a medicine" : mr_unread_text(u->why);
    snprintf(line, sizeof line, "%.*s [%s]", (int)(shown.len < 90 ? shown.len : 90), shown.ptr ? shown.ptr : "", why);
    for (size_t i = 0; i < y->n_unknown; i++)
        if (strcmp(y->unknown[i], line) == 0) return;
    if (y->n_unknown < UNKNOWN_NAMES) memcpy(y->unknown[y->n_unknown++], line, sizeof line);
}

static mr_rc count(void *arg, const mr_term_question *q, mr_span shown, mr_arena *a, mr_error *err) {
    tally *y = arg;
    mr_understood u;
    mr_rc rc = mr_terminology_resolve(y->t, q, a, NULL, &u, err);
    if (rc != MR_OK) return rc;
    y->asked++;
    y->by[u.by]++;
    y->no_medicine += u.by == MR_REC_NOT && u.not_a_medicine;
    if (u.by == MR_REC_NOT) list(y, shown, &u);
    return MR_OK;
}

static void count_file(tally *y, const char *path) {
    mr_buf bytes;
    mr_error err;
    if (!shared_read(path, &bytes)) return;
    mr_rc rc = mr_term_resources(mr_buf_span(&bytes), count, y, &err);
    if (rc == MR_OK)
        y->files++;
    else
        print_message("  %s: %s\n", path, err.text);
    mr_buf_free(&bytes);
}

/* Files in the order of their names, so that the list is the same everywhere. */
static int by_text(const void *a, const void *b) {
    return strcmp(a, b);
}

static void count_folder(tally *y, const char *folder) {
    char full[512];
    static char names[PAYLOAD_FILES][256];
    size_t n = 0;
    snprintf(full, sizeof full, "%s/%s", MEDREVIEW_SHARED_DIR, folder);
    DIR *d = opendir(full);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d)) && n < PAYLOAD_FILES;)
        if (mr_span_ends(mr_span_of(e->d_name), ".json")) snprintf(names[n++], sizeof names[0], "%s", e->d_name);
    closedir(d);
    qsort(names, n, sizeof names[0], by_text);
    for (size_t i = 0; i < n; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        count_file(y, path);
    }
}

static void show(const tally *y) {
    print_message("%s: %zu files, %zu medicines:", y->what, y->files, y->asked);
    for (size_t i = 1; i <= MR_REC_NAME; i++)
        if (y->by[i]) print_message(" %s %zu", mr_recognised_text((mr_recognised)i), y->by[i]);
    print_message(", not recognised %zu (%zu of them no medicine)\n", y->by[MR_REC_NOT], y->no_medicine);
    for (size_t i = 0; i < y->n_unknown; i++) print_message("  %s\n", y->unknown[i]);
}

static void measure(const char *what, const char *const *folders, size_t n, size_t least) {
    static tally y;
    mr_terminology *t;
    mr_error err;
    assert_int_equal(mr_terminology_builtin(&t, &err), MR_OK);
    memset(&y, 0, sizeof y);
    y.what = what;
    y.t = t;
    for (size_t i = 0; i < n; i++) count_folder(&y, folders[i]);
    mr_terminology_free(t);
    if (!y.files) {
        print_message("skipped: no payloads\n");
        return;
    }
    show(&y);
    assert_true(y.asked >= least);
    assert_true(y.n_unknown < UNKNOWN_NAMES);
}

static void test_gp_connect(void **state) {
    static const char *const folders[] = {"data/examples/gpconnect-stu3",
                                          "data/examples/gpconnect-stu3/medication-request-units"};
    (void)state;
    measure("GP Connect", folders, 2, 150);
}

static void test_eps(void **state) {
    static const char *const folders[] = {"data/examples/ukcore-r4/eps-r4-json"};
    (void)state;
    measure("EPS", folders, 1, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gp_connect), cmocka_unit_test(test_eps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
