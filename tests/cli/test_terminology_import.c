/* `medreview terminology import` as a person meets it: what is printed where, what it exits with, and that an index
 * that stands is only replaced by a whole one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/cli/review.h"
#include "medreview/cli/terminology.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIXTURE MEDREVIEW_SOURCE_DIR "/tests/terminology/fixtures/dmd-made"

typedef struct result {
    char *out, *errors;
    int code;
} result;

static result run(const char *const *arguments) {
    char *argv[16] = {(char[]){"terminology"}};
    int argc = 1;
    size_t n_out, n_errors;
    result r = {0};
    for (; arguments[argc - 1]; argc++) argv[argc] = strdup(arguments[argc - 1]);
    FILE *out = open_memstream(&r.out, &n_out), *errors = open_memstream(&r.errors, &n_errors);
    assert_true(out && errors);
    r.code = mr_terminology_command(argc, argv, stdin, out, errors);
    fclose(out);
    fclose(errors);
    for (int i = 1; i < argc; i++) free(argv[i]);
    return r;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void done(result *r) {
    free(r->out);
    free(r->errors);
}

static char dir[40], made[80], config[80];

static int set_up(void **state) {
    (void)state;
    memcpy(dir, "/tmp/medreview-import-XXXXXX", 29);
    assert_non_null(mkdtemp(dir));
    snprintf(made, sizeof made, "%s/dmd.idx", dir);
    snprintf(config, sizeof config, "%s/medreview.json", dir);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    unlink(made);
    unlink(config);
    return rmdir(dir);
}

static void expect(result r, int code, const char *out, const char *errors) {
    if (r.code != code) fail_msg("exit %d, not %d: %s", r.code, code, r.errors);
    if (!strstr(r.out, out)) fail_msg("not printed: %s, but\n%s", out, r.out);
    if (!strstr(r.errors, errors)) fail_msg("not said: %s, but\n%s", errors, r.errors);
    done(&r);
}

static void test_import(void **state) {
    (void)state;
    result r = RUN("import", "--dmd", FIXTURE, "--output", made);
    assert_int_equal(r.code, 0);
    assert_non_null(
        strstr(r.out, "entity                                  read      kept    merged   refused  not kept\n"));
    assert_non_null(
        strstr(r.out, "\nVPI                                        6         6         0         0         0\n"));
    assert_non_null(
        strstr(r.out, "\nVTMIDPREV                                  1         0         1         0         0\n"));
    assert_non_null(strstr(r.out, "\nGTIN AMPP                           not there\n"));
    assert_non_null(strstr(r.out, "\ndm+d release 2026-11-16: "));
    assert_non_null(strstr(r.errors, "f_gtin: note: file: not there\n"));
    assert_non_null(strstr(r.errors, "reading f_vmp2_3161126.xml\n")); /* a line a file: this is no terminal */
    assert_null(strchr(r.errors, '\r'));
    done(&r);
    expect(RUN("lookup", "--terminology", made, "222311000001102"), 0, "by dmd-amp", "");
    expect(RUN("lookup", "--terminology", made, "1479411000001101"), 0, "by dmd-pack", "");
    expect(RUN("lookup", "222311000001102"), 1, "not-recognised", "");
}

static void write_config(const char *before, const char *value, const char *after) {
    FILE *f = fopen(config, "w");
    assert_non_null(f);
    fprintf(f, "{%s%s%s}", before, value, after);
    fclose(f);
}

static void test_config(void **state) {
    (void)state;
    expect(RUN("import", "--dmd", FIXTURE, "--output", made), 0, "dm+d release", "");
    write_config("\"terminology\": {\"index\": \"", made, "\"}, \"site\": {\"id\": \"x\"}");
    expect(RUN("lookup", "--config", config, "222311000001102"), 0, "by dmd-amp", "");
    write_config("\"terminology.index\": \"", made, "\"");
    expect(RUN("lookup", "--config", config, "222311000001102"), 0, "by dmd-amp", "");
    write_config("\"terminology.index\": ", "7", "");
    expect(RUN("lookup", "--config", config, "222311000001102"), 2, "", "terminology.index: expected a text");
    expect(RUN("lookup", "--config", "/nowhere/at/all", "x"), 3, "", "cannot be read");
}

static void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* Propranolol, and a condition that only a site's own code system names: the code of asthma in its folder. */
static const char asthmatic[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
    "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p1\",\"birthDate\":\"1950-01-01\"}},"
    "{\"resource\":{\"resourceType\":\"Condition\",\"id\":\"c1\",\"subject\":{\"reference\":\"Patient/p1\"},"
    "\"clinicalStatus\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/condition-clinical\","
    "\"code\":\"active\"}]},"
    "\"code\":{\"coding\":[{\"system\":\"https://example.org/codes\",\"code\":\"lung-1\"}]}}},"
    "{\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"m1\",\"status\":\"active\","
    "\"medicationCodeableConcept\":{\"text\":\"Propranolol 40mg tablets\"},"
    "\"subject\":{\"reference\":\"Patient/p1\"}}}]}\n";

static result review(const char *const *arguments) {
    char *argv[16] = {(char[]){"review"}};
    int argc = 1;
    size_t n_out, n_errors;
    result r = {0};
    for (; arguments[argc - 1]; argc++) argv[argc] = strdup(arguments[argc - 1]);
    FILE *in = fmemopen((void *)(uintptr_t)asthmatic, sizeof asthmatic - 1, "r");
    FILE *out = open_memstream(&r.out, &n_out), *errors = open_memstream(&r.errors, &n_errors);
    assert_true(in && out && errors);
    r.code = mr_review_command(argc, argv, in, out, errors);
    fclose(in);
    fclose(out);
    fclose(errors);
    for (int i = 1; i < argc; i++) free(argv[i]);
    return r;
}
#define REVIEW(...) review((const char *const[]){"--as-of", "2026-11-22", __VA_ARGS__, NULL})

/* A site's codes go into the index and from there into a review, which says so in the version of its knowledge; what a
 * medicine is has nothing to do with them. */
static void test_codes(void **state) {
    char codes[60], good[80], damaged[80];
    (void)state;
    snprintf(codes, sizeof codes, "%s/codes", dir);
    snprintf(good, sizeof good, "%s/asthma.csv", codes);
    snprintf(damaged, sizeof damaged, "%s/copd.csv", codes);
    assert_int_equal(mkdir(codes, 0700), 0);
    write_file(good, "code,system\nlung-1,https://example.org/codes\n");
    expect(RUN("import", "--dmd", FIXTURE, "--codes", codes, "--output", made), 0, "code sets: 1 with 1 codes\n", "");

    result r = REVIEW("--terminology", made);
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "\"knowledge\":\"2026.11+codes."));
    assert_non_null(strstr(r.out, "\"rule\":\"PIN-G\""));
    done(&r);
    r = REVIEW("--format", "json");
    assert_non_null(strstr(r.out, "\"knowledge\":\"2026.11\""));
    assert_null(strstr(r.out, "\"rule\":\"PIN-G\""));
    assert_non_null(strstr(r.out, "https://example.org/codes, of which no codes are loaded"));
    done(&r);

    write_file(damaged, "id\n13645005\n13645006\n"); /* 13645006 has a wrong check digit */
    expect(RUN("import", "--dmd", FIXTURE, "--codes", codes, "--output", made), 1, "code sets: 2 with 2 codes\n",
           "copd.csv:3: \"13645006\" is no SNOMED CT id: its check digit is wrong\n");
    expect(REVIEW("--terminology", made), 0, "\"rule\":\"PIN-G\"", "");
    expect(RUN("lookup", "--terminology", made, "222311000001102"), 0, "inhaler; by dmd-amp", "");

    write_file(damaged, "name\nno column of codes\n"); /* a file that is no list: nothing is replaced */
    expect(RUN("import", "--dmd", FIXTURE, "--codes", codes, "--output", made), 3, "", "; no index was written\n");
    expect(REVIEW("--terminology", made), 0, "\"rule\":\"PIN-G\"", "");
    unlink(good);
    unlink(damaged);
    assert_int_equal(rmdir(codes), 0);
}

/* What cannot be imported leaves the old index as it was. */
static void test_no_release(void **state) {
    struct stat before, after;
    (void)state;
    expect(RUN("import", "--dmd", FIXTURE, "--output", made), 0, "dm+d release", "");
    assert_int_equal(stat(made, &before), 0);
    expect(RUN("import", "--dmd", dir, "--output", made), 3, "", "no index was written\n");
    expect(RUN("import", "--dmd", FIXTURE "/bonus", "--output", made), 3, "",
           "is no dm+d release: it holds no file f_");
    expect(RUN("import", "--dmd", FIXTURE, "--codes", "/nowhere/at/all", "--output", made), 3, "",
           "no index was written\n");
    assert_int_equal(stat(made, &after), 0);
    assert_true(before.st_ino == after.st_ino && before.st_size == after.st_size);
    expect(RUN("import", "--dmd", FIXTURE, "--output", "/nowhere/at/all"), 3, "", "no index was written\n");
}

static void test_usage(void **state) {
    (void)state;
    expect(RUN("import", "--help"), 0, "Usage: medreview terminology import", "");
    expect(RUN("import"), 2, "", "--dmd and --output are needed");
    expect(RUN("import", "--dmd", FIXTURE), 2, "", "--dmd and --output are needed");
    expect(RUN("import", "--dmd"), 2, "", "an option without its value");
    expect(RUN("import", "--dmd=" FIXTURE, "--dmd", FIXTURE, "--output=x"), 2, "", "an option is given twice");
    expect(RUN("import", "--dmd", FIXTURE, "--output", made, "more"), 2, "", "an argument that is not understood");
    expect(RUN("import", "--dmd=", "--output", made), 2, "", "an option with an empty value");
    expect(RUN("import", "--dmd", FIXTURE, "--output", FIXTURE), 2, "", "--output would replace what is imported");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_import, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_config, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_codes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_release, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_usage, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
