/* `medreview review`: its arguments, exit codes and messages. */
#include "medreview/cli/review.h"
#include "today.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ONE                                                                                                            \
    "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\","     \
    "\"id\":\"p1\",\"birthDate\":\"1950-01-01\"}},{\"resource\":{\"resourceType\":\"MedicationStatement\","            \
    "\"id\":\"m1\",\"status\":\"active\",\"medicationCodeableConcept\":{\"text\":\"Naproxen 500mg tablets\"},"         \
    "\"subject\":{\"reference\":\"Patient/p1\"}}}]}"

typedef struct outcome {
    int code;
    char out[200000], errors[20000];
} outcome;

static void stream_text(FILE *f, char *out, size_t room) {
    rewind(f);
    out[fread(out, 1, room - 1, f)] = 0;
    fclose(f);
}

/* Arguments are given as one text, separated by spaces. */
static outcome *run(const char *arguments, const char *input) {
    static outcome o;
    char words[1000], *argv[20] = {"review"};
    int argc = 1;
    FILE *in = tmpfile(), *out = tmpfile(), *errors = tmpfile();
    assert_true(in && out && errors);
    fwrite(input, 1, strlen(input), in);
    rewind(in);
    snprintf(words, sizeof words, "%s", arguments);
    for (char *p = words, *next; p && *p; p = next) {
        next = strchr(p, ' ');
        if (next) *next++ = 0;
        argv[argc++] = p;
    }
    o.code = mr_review_command(argc, argv, in, out, errors);
    fclose(in);
    stream_text(out, o.out, sizeof o.out);
    stream_text(errors, o.errors, sizeof o.errors);
    return &o;
}

static void test_arguments(void **state) {
    (void)state;
    static const struct {
        const char *arguments, *input;
        int code;
        const char *in_out, *in_errors;
    } table[] = {
        {"--as-of 2026-11-21", ONE, 0, "\"patient\":\"Patient/p1\",\"asOf\":\"2026-11-21\"", ""},
        {"--as-of=2026-11-21 --format=fhir -", ONE, 0, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\"", ""},
        {"--format text --as-of 2026-11-21 -", ONE, 0, "Medication review of Patient/p1 as of 2026-11-21\n", ""},
        {"--as-of 2026-11-21 --explain", ONE, 0, "\"explain\":[{\"rule\":", ""},
        {"--as-of 2026-11-21 --format text --explain", ONE, 0, "\nRULES (", ""},
        {"--help", "", 0, "Usage: medreview review", ""},
        {"--as-of yesterday", ONE, 2, "", "'yesterday' is no date"},
        {"--as-of", ONE, 2, "", "--as-of needs a value"},
        {"--format xml", ONE, 2, "", "'xml' is no form"},
        {"--formatt xml", ONE, 2, "", "there is no option '--formatt'"},
        {"--terminology dmd.index", ONE, 2, "", "terminology.index: dmd.index: cannot be opened"},
        {"--knowledge /nowhere/at/all", ONE, 2, "", "/nowhere/at/all"},
        {"--config /nowhere/at/all.json", ONE, 2, "", "cannot be read"},
        {"/nowhere/at/all.json", ONE, 3, "", "/nowhere/at/all.json: cannot be read"},
        {"--as-of 2026-11-21 --", ONE, 0, "Patient/p1", ""},
        {"", "", 1, "", "standard input: empty: no JSON\n"},
        {"", "{\"resourceType\":\"Bundle\"", 1, "", "standard input: not JSON"},
        {"", "[]", 1, "", "standard input: no FHIR resource: resourceType is missing\n"},
        {"", "{\"resourceType\":\"Bundle\",\"entry\":[],\"entry\":[]}", 1, "",
         "a name stands twice in the Bundle itself"},
        {"--as-of 2026-11-21", "{\"resourceType\":\"Bundle\",\"entry\":[{}]}", 1, "\"complete\":false",
         "standard input: entry 1: an entry holds no resource\n"},
        {"--as-of 2026-11-21", ONE "\n\n{]\n" ONE, 1, "Patient/p1", "standard input:3: not JSON"},
        {"--as-of 2026-11-21", "\xEF\xBB\xBF" ONE, 0, "Patient/p1", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        outcome *o = run(table[i].arguments, table[i].input);
        if (o->code != table[i].code || !strstr(o->out, table[i].in_out) || !strstr(o->errors, table[i].in_errors))
            fail_msg("row %zu (%s): exit %d\nout: %.300s\nerrors: %.300s", i, table[i].arguments, o->code, o->out,
                     o->errors);
        if (!*table[i].in_errors) assert_string_equal(o->errors, "");
    }
}

static int lines(const char *s) {
    int n = 0;
    for (; *s; s++) n += *s == '\n';
    return n;
}

static void test_one_line_a_patient(void **state) {
    (void)state;
    outcome *o = run("--as-of 2026-11-21", ONE "\n" ONE "\r\n   \n" ONE);
    assert_int_equal(o->code, 0);
    assert_int_equal(lines(o->out), 3);
    o = run("--as-of 2026-11-21 --format fhir", ONE "\n" ONE);
    assert_int_equal(lines(o->out), 2);
}

/* A line of a Bulk Data export is no patient: "no findings" of one medicine by itself would be false. */
static void test_a_bulk_export_is_refused_line_by_line(void **state) {
    (void)state;
    static const char bare[] = "{\"resourceType\":\"Patient\",\"id\":\"p1\"}";
    char input[4000];
    snprintf(input, sizeof input, "%s\n%s\n" ONE "\n", bare, bare);
    outcome *o = run("--as-of 2026-11-21", input);
    assert_int_equal(o->code, 1);
    assert_int_equal(lines(o->out), 1);
    assert_int_equal(lines(o->errors), 2);
    assert_non_null(strstr(o->errors, "standard input:2: a resource by itself"));
    o = run("--as-of 2026-11-21", bare); /* a file that is one resource is asked for as such */
    assert_int_equal(o->code, 0);
}

/* Nothing to write is still a transaction, one a patient. What could not be assessed for want of codes is told of
 * everybody, and is all that is told of somebody without medicines. */
static void test_fhir_of_nothing(void **state) {
    (void)state;
    static const char transaction[] = "{\"resourceType\":\"Bundle\",\"type\":\"transaction\"";
    static const char *const kinds[] = {"DetectedIssue", "Task", "Provenance"};
    outcome *o = run(
        "--as-of 2026-11-21 --format fhir",
        "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\","
        "\"id\":\"p1\",\"birthDate\":\"1990\"}}]}");
    assert_int_equal(o->code, 0);
    assert_int_equal(strncmp(o->out, transaction, sizeof transaction - 1), 0);
    assert_int_equal(lines(o->out), 1);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char text[60];
        snprintf(text, sizeof text, "\"resourceType\":\"%s\"", kinds[i]);
        assert_null(strstr(o->out, text));
    }
    for (const char *p = o->out; (p = strstr(p, " is missing; ")); p++) {
        const char *from = p;
        while (*from != '"') from--;
        assert_int_equal(strncmp(from, "\"codes for ", 11), 0);
    }
}

static void test_config(void **state) {
    (void)state;
    static const struct {
        const char *config;
        int code;
        const char *in_out, *in_errors, *not_in_out;
    } table[] = {
        {"{\"clock\":{\"as_of\":\"2026-01-02\"},\"site\":{\"id\":\"gp\",\"key\":\"not used offline\"}}", 0,
         "\"asOf\":\"2026-01-02\"", "", ""},
        {"{\"clock.as_of\":\"2026-01-03\"}", 0, "\"asOf\":\"2026-01-03\"", "", ""},
        {"{\"clock.as_of\":\"2026-01-02\"}", 0, "\"rule\":\"PIN-A\"", "", ""},
        {"{\"knowledge\":{\"disabled\":[\"PIN-A\"]},\"clock\":{\"as_of\":\"2026-01-02\"}}", 0, "\"findings\":", "",
         "\"rule\":\"PIN-A\""},
        {"{\"knowledge\":{\"disabled\":\"PIN-A\"}}", 2, "", "knowledge.disabled: expected a list of rule ids", ""},
        {"{\"knowledge\":{\"include_draft\":\"yes\"}}", 2, "", "knowledge.include_draft: expected true or false", ""},
        {"{\"clock\":{\"as_of\":\"soon\"}}", 2, "", "clock.as_of: expected YYYY-MM-DD", ""},
        {"{\"site\":{\"id\":7}}", 2, "", "site.id: expected a text", ""},
        {"[1]", 2, "", "not a JSON object", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char path[] = "/tmp/medreview-config-XXXXXX", arguments[100];
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, table[i].config, strlen(table[i].config)), strlen(table[i].config));
        close(fd);
        snprintf(arguments, sizeof arguments, "--config %s", path);
        outcome *o = run(arguments, ONE);
        unlink(path);
        if (o->code != table[i].code || !strstr(o->out, table[i].in_out) || !strstr(o->errors, table[i].in_errors))
            fail_msg("row %zu: exit %d\nout: %.300s\nerrors: %s", i, o->code, o->out, o->errors);
        if (*table[i].not_in_out) assert_null(strstr(o->out, table[i].not_in_out));
    }
}

/* A message names a place and a reason, never what stands there. */
static void test_messages_hold_no_content(void **state) {
    (void)state;
    outcome *o = run("--as-of 2026-11-21", "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":"
                                           "\"MedicationStatement\",\"id\":\"secret-id\","
                                           "\"status\":\"active\",\"status\":\"stopped\",\"medicationCodeableConcept\":"
                                           "{\"text\":\"Secret\"}}}]}\n{\"Secret\":");
    assert_int_equal(o->code, 1);
    assert_null(strstr(o->errors, "ecret"));
}

static void test_today_in_the_united_kingdom(void **state) {
    (void)state;
    static const struct {
        int64_t unix_s;
        const char *day;
    } table[] = {
        {0, "1970-01-01"},          {1792882799, "2026-10-24"}, /* 2026-10-24T22:59:59Z, in summer time */
        {1792882800, "2026-10-25"},                             /* a second later */
        {1792972799, "2026-10-25"}, /* 2026-10-25T23:59:59Z: winter time since 01:00Z that day */
        {1792972800, "2026-10-26"}, {1774742399, "2026-03-28"}, /* 2026-03-28T23:59:59Z: winter time */
        {1774825199, "2026-03-29"},                             /* 22:59:59Z on the 29th */
        {1774825200, "2026-03-30"},                             /* 23:00:00Z on the 29th, in summer time */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[MR_DATE_TEXT];
        if (strcmp(mr_day_print(mr_uk_day(table[i].unix_s), text), table[i].day) != 0)
            fail_msg("row %zu: %s, not %s", i, text, table[i].day);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_one_line_a_patient),
        cmocka_unit_test(test_a_bulk_export_is_refused_line_by_line),
        cmocka_unit_test(test_fhir_of_nothing),
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_messages_hold_no_content),
        cmocka_unit_test(test_today_in_the_united_kingdom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
