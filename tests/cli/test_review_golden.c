/* What `medreview review` prints for the fixtures of tests/golden/review, byte by byte, in every form:
 * NAME.in.json (or .in.ndjson) -> NAME.json, NAME.fhir.json, NAME.txt; NAME.err holds the messages and the exit code.
 * UPDATE_GOLDEN=1 writes them anew: look at the difference before you believe it. */
#include "medreview/cli/review.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct text {
    char *ptr;
    size_t len;
} text;

static text read_stream(FILE *f) {
    text t = {calloc(1, 1 << 22), 0};
    assert_non_null(t.ptr);
    rewind(f);
    t.len = fread(t.ptr, 1, (1 << 22) - 1, f);
    return t;
}

enum { FIXTURES_MOST = 100 };
static const char *const forms[] = {"json", "fhir", "text"};
enum { FORMS = 3 };

/* What one fixture printed, in each form; the messages are those of the first. */
static struct printed {
    char name[64];
    text out[FORMS], messages[FORMS];
} fixtures[FIXTURES_MOST];
static size_t n_fixtures;

static void run(struct printed *f, size_t form) {
    char *argv[] = {"review", "--as-of", "2026-11-21", "--format", (char *)(uintptr_t)forms[form], f->name, NULL};
    FILE *out = tmpfile(), *errors = tmpfile();
    assert_non_null(out);
    assert_non_null(errors);
    int code = mr_review_command(6, argv, stdin, out, errors);
    fprintf(errors, "exit %d\n", code);
    f->out[form] = read_stream(out);
    f->messages[form] = read_stream(errors);
    fclose(out);
    fclose(errors);
}

/* Each once: knowledge is opened anew for every run. */
static int run_all(void **state) {
    (void)state;
    if (chdir(MEDREVIEW_SOURCE_DIR "/tests/golden/review") != 0) return -1;
    DIR *folder = opendir(".");
    if (!folder) return -1;
    for (struct dirent *e; (e = readdir(folder)) && n_fixtures < FIXTURES_MOST;)
        if (strstr(e->d_name, ".in.")) snprintf(fixtures[n_fixtures++].name, 64, "%.60s", e->d_name);
    closedir(folder);
    for (size_t i = 0; i < n_fixtures * FORMS; i++) run(&fixtures[i / FORMS], i % FORMS);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    for (size_t i = 0; i < n_fixtures * FORMS; i++) {
        free(fixtures[i / FORMS].out[i % FORMS].ptr);
        free(fixtures[i / FORMS].messages[i % FORMS].ptr);
    }
    return 0;
}

static void compare(const char *name, const char *suffix, text got) {
    char path[300];
    snprintf(path, sizeof path, "%s%s", name, suffix);
    if (getenv("UPDATE_GOLDEN")) {
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(got.ptr, 1, got.len, f), got.len);
        fclose(f);
    } else {
        FILE *f = fopen(path, "rb");
        if (!f) fail_msg("%s is missing: UPDATE_GOLDEN=1 writes it", path);
        text expected = read_stream(f);
        fclose(f);
        if (strcmp(got.ptr, expected.ptr) != 0) {
            size_t at = 0;
            while (got.ptr[at] && got.ptr[at] == expected.ptr[at]) at++;
            size_t from = at > 80 ? at - 80 : 0;
            fail_msg("%s differs at byte %zu:\n  expected ...%.160s\n  got      ...%.160s", path, at,
                     expected.ptr + from, got.ptr + from);
        }
        free(expected.ptr);
    }
}

static void test_fixtures_print_what_they_printed(void **state) {
    (void)state;
    assert_true(n_fixtures >= 12);
    for (size_t i = 0; i < n_fixtures; i++) {
        const struct printed *f = &fixtures[i];
        char stem[64];
        memcpy(stem, f->name, sizeof stem);
        *strstr(stem, ".in.") = 0;
        compare(stem, ".json", f->out[0]);
        compare(stem, ".err", f->messages[0]);
        compare(stem, ".fhir.json", f->out[1]);
        compare(stem, ".txt", f->out[2]);
    }
}

/* The fixtures' patients have names and addresses; nothing that we print has. */
static void test_no_form_names_a_person(void **state) {
    (void)state;
    for (size_t i = 0; i < n_fixtures * FORMS; i++) {
        const char *out = fixtures[i / FORMS].out[i % FORMS].ptr;
        assert_null(strstr(out, "Zzz"));
        assert_null(strstr(out, "9000000009"));
        assert_null(strstr(fixtures[i / FORMS].messages[i % FORMS].ptr, "Zzz"));
    }
}

static void test_text_keeps_to_its_width(void **state) {
    (void)state;
    for (size_t i = 0; i < n_fixtures; i++) {
        const char *page = fixtures[i].out[2].ptr;
        size_t column = 0, words = 0;
        for (const char *p = page; *p; p++) {
            if (*p == '\n') {
                /* only a word that is too long by itself may stand out */
                if (column > 80 && words) fail_msg("%s: a line of %zu columns", fixtures[i].name, column);
                column = words = 0;
            } else {
                words += *p == ' ' && column && p[-1] != ' ';
                column += ((unsigned char)*p & 0xC0) != 0x80;
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixtures_print_what_they_printed),
        cmocka_unit_test(test_no_form_names_a_person),
        cmocka_unit_test(test_text_keeps_to_its_width),
    };
    return cmocka_run_group_tests(tests, run_all, free_all);
}
