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

/* stdout and, behind it on request, stderr with the exit code. */
static text run(const char *form, const char *file, text *ret_messages) {
    char *argv[] = {"review", "--as-of", "2026-11-21", "--format", (char *)(uintptr_t)form, (char *)(uintptr_t)file,
                    NULL};
    FILE *out = tmpfile(), *errors = tmpfile();
    assert_non_null(out);
    assert_non_null(errors);
    int code = mr_review_command(6, argv, stdin, out, errors);
    fprintf(errors, "exit %d\n", code);
    text t = read_stream(out);
    if (ret_messages) *ret_messages = read_stream(errors);
    fclose(out);
    fclose(errors);
    return t;
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
    free(got.ptr);
}

static int fixtures(char names[][64], int most) {
    int n = 0;
    DIR *folder = opendir(".");
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder)) && n < most;)
        if (strstr(e->d_name, ".in.")) snprintf(names[n++], 64, "%.60s", e->d_name);
    closedir(folder);
    return n;
}

static void test_fixtures_print_what_they_printed(void **state) {
    (void)state;
    static char names[100][64];
    assert_int_equal(chdir(MEDREVIEW_SOURCE_DIR "/tests/golden/review"), 0);
    int n = fixtures(names, 100);
    assert_true(n >= 12);
    for (int i = 0; i < n; i++) {
        char stem[64];
        text messages;
        memcpy(stem, names[i], sizeof stem);
        *strstr(stem, ".in.") = 0;
        compare(stem, ".json", run("json", names[i], &messages));
        compare(stem, ".err", messages);
        compare(stem, ".fhir.json", run("fhir", names[i], NULL));
        compare(stem, ".txt", run("text", names[i], NULL));
    }
}

/* The fixtures' patients have names and addresses; nothing that we print has. */
static void test_no_form_names_a_person(void **state) {
    (void)state;
    static char names[100][64];
    static const char *const forms[] = {"json", "fhir", "text"};
    assert_int_equal(chdir(MEDREVIEW_SOURCE_DIR "/tests/golden/review"), 0);
    int n = fixtures(names, 100);
    for (int i = 0; i < n * 3; i++) {
        text messages, t = run(forms[i % 3], names[i / 3], &messages);
        assert_null(strstr(t.ptr, "Zzz"));
        assert_null(strstr(t.ptr, "9000000009"));
        assert_null(strstr(messages.ptr, "Zzz"));
        free(t.ptr);
        free(messages.ptr);
    }
}

static void test_text_keeps_to_its_width(void **state) {
    (void)state;
    static char names[100][64];
    assert_int_equal(chdir(MEDREVIEW_SOURCE_DIR "/tests/golden/review"), 0);
    int n = fixtures(names, 100);
    for (int i = 0; i < n; i++) {
        text t = run("text", names[i], NULL);
        size_t column = 0, words = 0;
        for (const char *p = t.ptr; *p; p++) {
            if (*p == '\n') {
                /* only a word that is too long by itself may stand out */
                if (column > 80 && words) fail_msg("%s: a line of %zu columns", names[i], column);
                column = words = 0;
            } else {
                words += *p == ' ' && column && p[-1] != ' ';
                column += ((unsigned char)*p & 0xC0) != 0x80;
            }
        }
        free(t.ptr);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixtures_print_what_they_printed),
        cmocka_unit_test(test_no_form_names_a_person),
        cmocka_unit_test(test_text_keeps_to_its_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
