/* `medreview terminology` as a transcript: arguments and input on one side, output, messages and exit code on the
 * other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/cli/terminology.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

typedef struct result {
    char *out, *errors;
    int code;
} result;

/* Runs `medreview terminology ...`; the arguments end with NULL. */
static result run(const char *input, const char *const *arguments) {
    char *argv[16] = {(char[]){"terminology"}};
    int argc = 1;
    size_t n_out, n_errors;
    result r = {0};
    for (; arguments[argc - 1]; argc++) argv[argc] = strdup(arguments[argc - 1]);
    FILE *in = fmemopen((void *)(uintptr_t)(*input ? input : " "), *input ? strlen(input) : 1, "r"); /* only read */
    FILE *out = open_memstream(&r.out, &n_out), *errors = open_memstream(&r.errors, &n_errors);
    assert_true(in && out && errors);
    r.code = mr_terminology_command(argc, argv, in, out, errors);
    fclose(in);
    fclose(out);
    fclose(errors);
    for (int i = 1; i < argc; i++) free(argv[i]);
    return r;
}

static void done(result *r) {
    free(r->out);
    free(r->errors);
}

#define RUN(input, ...) run(input, (const char *const[]){__VA_ARGS__, NULL})

static void test_lookup_text(void **state) {
    result r = RUN("", "lookup", "319775004", "Co-codamol 30mg/500mg tablets");
    (void)state;
    assert_int_equal(r.code, 0);
    assert_non_null(
        strstr(r.out, "319775004\n  dmd-vmp: 319775004: aspirin\n  = aspirin 75 mg; route oral; tablet; by dmd-vmp\n"));
    assert_non_null(strstr(r.out, "antiplatelet, aspirin-antiplatelet"));
    assert_non_null(strstr(r.out, "  = codeine 30 mg + paracetamol 500 mg; route oral; tablet; by name\n"));
    assert_string_equal(r.errors, "");
    done(&r);
}

static void test_lookup_says_why_not(void **state) {
    result r = RUN("", "lookup", "C09AA", "29902411000001104", "Nurofen");
    (void)state;
    assert_int_equal(r.code, 1);
    assert_non_null(strstr(r.out, "C09AA\n  atc: C09AA: names a class, not a substance\n  = not-recognised\n"));
    assert_non_null(strstr(r.out, "no SNOMED CT id: wrong length, characters or check digit"));
    assert_non_null(strstr(r.out, "Nurofen\n  name: Nurofen: no such name\n  = not-recognised\n"));
    done(&r);
}

/* One object an argument, like an entry of medicines[]. */
static void test_lookup_json(void **state) {
    result r = RUN("", "lookup", "--format", "json", "Naproxen 500mg tablets", "rxnorm|11289", "Glucose test strips");
    char *line = r.out;
    (void)state;
    assert_int_equal(r.code, 0); /* a device is known, though it is no medicine */
    json_t *v[3];
    for (size_t i = 0; i < 3; i++) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = 0;
        assert_non_null(v[i] = json_loads(line, 0, NULL));
        line = end + 1;
    }
    assert_string_equal(line, "");
    assert_string_equal(json_string_value(json_object_get(v[0], "recognisedBy")), "name");
    assert_string_equal(json_string_value(json_array_get(json_object_get(v[0], "substances"), 0)), "naproxen");
    const char *const groups[] = {"damn-drug", "nsaid-nonselective", "nsaid-oral", "systemic-nsaid-or-aspirin"};
    assert_int_equal(json_array_size(json_object_get(v[0], "groups")), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(json_string_value(json_array_get(json_object_get(v[0], "groups"), i)), groups[i]);
    assert_string_equal(json_string_value(json_object_get(v[1], "recognisedBy")), "rxnorm");
    assert_null(json_object_get(v[2], "recognisedBy"));
    assert_string_equal(json_string_value(json_object_get(v[2], "reason")), "not-recognised");
    assert_true(json_is_true(json_object_get(v[2], "notAMedicine")));
    for (size_t i = 0; i < 3; i++) {
        assert_true(json_array_size(json_object_get(v[i], "steps")) > 0);
        json_decref(v[i]);
    }
    done(&r);
}

static void test_coverage_of_lines(void **state) {
    result r = RUN("319775004\nNaproxen 500mg tablets\nNurofen\n\nZapain\nNurofen\nFoley catheter\n", "coverage", "-");
    (void)state;
    assert_int_equal(r.code, 0);
    assert_string_equal(r.out, "recognised by dmd-vmp: 1 (16.7 %)\n"
                               "recognised by name: 1 (16.7 %)\n"
                               "not recognised:\n"
                               "2\tNurofen\tnot-recognised\n"
                               "1\tFoley catheter\tnot-a-medicine\n"
                               "1\tZapain\tnot-recognised\n");
    done(&r);
}

#define NAPROXEN                                                                                                       \
    "{\"resourceType\":\"MedicationRequest\",\"medicationCodeableConcept\":{\"text\":\"Naproxen 500mg tablets\"}}"
#define ASPIRIN                                                                                                        \
    "{\"resourceType\":\"MedicationStatement\",\"medicationCodeableConcept\":{\"coding\":[{\"system\":"                \
    "\"http://snomed.info/sct\",\"code\":\"319775004\"}],\"text\":\"Nurofen\"}}"
#define NUROFEN "{\"resourceType\":\"Medication\",\"code\":{\"coding\":[{\"display\":\"Nurofen\"}]}}"
#define PATIENT "{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"Naproxen 500mg tablets\"}]}"

/* A medicine is asked once, by its codes and its text together; other resources are not, nor are braces. */
static void test_coverage_of_resources(void **state) {
    static const char *const forms[] = {
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":" NAPROXEN "},{\"resource\":" PATIENT
        "},{\"resource\":" ASPIRIN "},{\"request\":{}},{\"resource\":" NUROFEN "}]}",
        "\n{\n\"resourceType\":\"Bundle\",\n\"entry\":[\n{\"resource\":" NAPROXEN "},\n{\"resource\":" ASPIRIN
        "},\n{\"resource\":" NUROFEN "}]\n}\n",
        NAPROXEN "\r\n" PATIENT "\r\n\r\n" ASPIRIN "\n" NUROFEN "\n",
        "{\"resourceType\":\"List\",\"contained\":[" NUROFEN "," ASPIRIN "," NAPROXEN "]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        result r = RUN(forms[i], "coverage", "-");
        assert_string_equal(r.errors, "");
        assert_int_equal(r.code, 0);
        assert_string_equal(r.out, "recognised by dmd-vmp: 1 (33.3 %)\n"
                                   "recognised by name: 1 (33.3 %)\n"
                                   "not recognised:\n"
                                   "1\tNurofen\tnot-recognised\n");
        done(&r);
    }
    static const char *const no_fhir[] = {"{\"a\":1}", "[1]", "{\"resourceType\":\"Bundle\"", NAPROXEN "\nNurofen\n"};
    for (size_t i = 0; i < sizeof no_fhir / sizeof *no_fhir; i++) {
        result r = RUN(no_fhir[i], "coverage", "-");
        assert_int_equal(r.code, 3);
        assert_string_equal(r.out, "");
        assert_non_null(strstr(r.errors, "medreview terminology coverage: -: "));
        done(&r);
    }
}

/* A CSV is told by its line of column names; a damaged id is told with its line. */
static void test_coverage_of_csv(void **state) {
    result r = RUN("dmd_type,dmd_id,dmd_name,bnf_code\r\n"
                   "VMP,319775004,Aspirin 75mg tablets,0209000A0AAAJAJ\r\n"
                   "AMP,29902411000001104,\"Edoxaban 30mg, tablets\",\r\n"
                   "AMP,,\"Heparin sodium 1,000units/1ml solution for injection\",\r\n",
                   "coverage", "-");
    (void)state;
    assert_int_equal(r.code, 1);
    assert_string_equal(r.out, "recognised by dmd-vmp: 1 (33.3 %)\n"
                               "recognised by name: 2 (66.7 %)\n"
                               "not recognised:\n");
    assert_string_equal(r.errors, "-:3: 29902411000001104: no SNOMED CT id (check digit)\n");
    done(&r);
}

/* As spreadsheets export it: another separator, fields over several lines; lines are still counted rightly. */
static void test_coverage_of_csv_as_exported(void **state) {
    static const char *const same[] = {
        "\xEF\xBB\xBFId;Term\r\n319775004;\"a \"\"note\"\"\r\nand more\"\r\n\r\n;Nurofen\r\n31977500;x\r\n",
        "sep=;\nid;note\n319775004;\"\n\"\n;\n;\n31977500;Nurofen\n",
        "id\tterm\tmore\n319775004\t\t\n\t\n\tNurofen, so called\n\t\t\n31977500\tx\n",
    };
    static const char *const text[] = {
        "recognised by dmd-vmp: 1 (33.3 %)\nnot recognised:\n1\tNurofen\tnot-recognised\n1\tx\tnot-recognised\n",
        "recognised by dmd-vmp: 1 (50.0 %)\nnot recognised:\n1\t31977500\tnot-recognised\n",
        ("recognised by dmd-vmp: 1 (33.3 %)\nnot recognised:\n1\tNurofen, so called\tnot-recognised\n"
         "1\tx\tnot-recognised\n"),
    };
    static const char *const errors[] = {"-:6:", "-:7:", "-:6:"};
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        result r = RUN(same[i], "coverage", "-");
        char line[80];
        snprintf(line, sizeof line, "%s 31977500: no SNOMED CT id (check digit)\n", errors[i]);
        assert_string_equal(r.out, text[i]);
        assert_string_equal(r.errors, line);
        assert_int_equal(r.code, 1);
        done(&r);
    }
}

/* Broken quoting is not guessed at: nothing is counted, and the line is named. */
static void test_coverage_of_broken_csv(void **state) {
    result r = RUN("id,term\n319775004,Aspirin\n319775004,5\" tube\n", "coverage", "-");
    (void)state;
    assert_int_equal(r.code, 3);
    assert_string_equal(r.out, "");
    assert_string_equal(r.errors,
                        "medreview terminology coverage: -:3: the quoting is broken: a quote inside a field is "
                        "written twice, and the field stands in quotes\n");
    done(&r);
    r = RUN("5\" tube\nid,x\n", "coverage", "-"); /* plain lines may hold any quote */
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "1\t5\" tube\tnot-recognised\n"));
    done(&r);
}

/* A line of output is one text, whatever is in it: from a Bundle as from a list. Steps stand in the order of evidence,
 * texts by frequency and then by their bytes. */
static void test_coverage_lines_are_lines(void **state) {
    (void)state;
    result r = RUN("{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Medication\",\"code\":"
                   "{\"text\":\"Not\\tthis\\n\\u001b[31mor\\u0085that\"}}},{\"resource\":" NUROFEN "}]}",
                   "coverage", "-");
    assert_int_equal(r.code, 0);
    assert_string_equal(r.out, "not recognised:\n"
                               "1\tNot this  [31mor that\tnot-recognised\n"
                               "1\tNurofen\tnot-recognised\n");
    done(&r);
    r = RUN("code,term\n,Nurofen\n,\"Zap\nain\"\n,\"Zap\tain\"\nB01AC06,\n319775004,\nN02BE01,\n,Aspirin 75mg tablets\n"
            "196421000000109,\n",
            "coverage", "-");
    assert_int_equal(r.code, 0);
    assert_string_equal(r.out, "recognised by dmd-vmp: 1 (12.5 %)\n"
                               "recognised by atc: 2 (25.0 %)\n"
                               "recognised by name: 1 (12.5 %)\n"
                               "not recognised:\n"
                               "2\tZap ain\tnot-recognised\n"
                               "1\t196421000000109\tno-code-no-text\n"
                               "1\tNurofen\tnot-recognised\n");
    done(&r);
}

static void test_usage(void **state) {
    static const struct {
        const char *arguments[4];
        int code;
        const char *says; /* on standard error; NULL: on standard output */
    } cases[] = {
        {{NULL}, 2, "Usage"},
        {{"lookup", NULL}, 2, "Usage"},
        {{"frobnicate", "x", NULL}, 2, "Usage"},
        {{"lookup", "--format", "yaml", NULL}, 2, "Usage"},
        {{"lookup", "--nonsense", "x", NULL}, 2, "Usage"},
        {{"--help", NULL}, 0, NULL},
        {{"lookup", "--help", NULL}, 0, NULL},
        {{"coverage", "/nonexistent", NULL}, 3, "/nonexistent cannot be opened"},
        {{"import", "--dmd", "x.zip", NULL}, 2, "--dmd and --output are needed"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        result r = run("", cases[i].arguments);
        assert_int_equal(r.code, cases[i].code);
        assert_non_null(strstr(cases[i].says ? r.errors : r.out, cases[i].says ? cases[i].says : "Usage"));
        assert_string_equal(cases[i].says ? r.out : r.errors, "");
        done(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lookup_text),
                                       cmocka_unit_test(test_lookup_says_why_not),
                                       cmocka_unit_test(test_lookup_json),
                                       cmocka_unit_test(test_coverage_of_lines),
                                       cmocka_unit_test(test_coverage_of_csv),
                                       cmocka_unit_test(test_coverage_of_csv_as_exported),
                                       cmocka_unit_test(test_coverage_of_broken_csv),
                                       cmocka_unit_test(test_coverage_of_resources),
                                       cmocka_unit_test(test_coverage_lines_are_lines),
                                       cmocka_unit_test(test_usage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
