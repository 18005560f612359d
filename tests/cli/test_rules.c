/* `medreview rules` as a person meets it: what it prints, where, and with which exit code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/cli/rules.h"
#include "medreview/knowledge/knowledge.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 4 << 20 };

typedef struct outcome {
    int code;
    char *out, *err;
} outcome;

static char *read_back(FILE *f) {
    char *text = malloc(MOST);
    assert_non_null(text);
    rewind(f);
    size_t n = fread(text, 1, MOST - 1, f);
    text[n] = 0;
    (void)fclose(f);
    return text;
}

/* Runs the command with both streams caught. Arguments end with NULL. */
static outcome run(const char *const *arguments) {
    char words[8][512];
    char *argv[9] = {0};
    int argc = 0;
    for (; arguments[argc]; argc++) {
        (void)snprintf(words[argc], sizeof words[0], "%s", arguments[argc]);
        argv[argc] = words[argc];
    }
    FILE *out = tmpfile(), *err = tmpfile();
    assert_true(out && err);
    (void)fflush(stdout);
    (void)fflush(stderr);
    int old_out = dup(STDOUT_FILENO), old_err = dup(STDERR_FILENO);
    assert_true(dup2(fileno(out), STDOUT_FILENO) >= 0 && dup2(fileno(err), STDERR_FILENO) >= 0);
    outcome o = {.code = mr_cli_rules(argc, argv)};
    (void)fflush(stdout);
    (void)fflush(stderr);
    assert_true(dup2(old_out, STDOUT_FILENO) >= 0 && dup2(old_err, STDERR_FILENO) >= 0);
    (void)close(old_out);
    (void)close(old_err);
    o.out = read_back(out);
    o.err = read_back(err);
    return o;
}

static void done(outcome *o) {
    free(o->out);
    free(o->err);
}

#define RUN(...) run((const char *const[]){"rules", __VA_ARGS__, NULL})

static const char *last_line(char *text) {
    size_t n = strlen(text);
    if (n && text[n - 1] == '\n') text[n - 1] = 0;
    char *at = strrchr(text, '\n');
    return at ? at + 1 : text;
}

static size_t shipped_rules(void) {
    mr_knowledge_options none = {.dir = NULL};
    mr_knowledge *k = NULL;
    mr_buf complaints;
    mr_error err = {0};
    mr_buf_init(&complaints, MOST);
    assert_int_equal(mr_knowledge_load(&none, &k, &complaints, &err), MR_OK);
    size_t n = mr_knowledge_rules(k)->n_rules;
    mr_knowledge_free(k);
    mr_buf_free(&complaints);
    assert_true(n >= 32);
    return n;
}

/* "%zu" filled in, as one of the texts that are looked for. */
static const char *counted(const char *before, size_t n, const char *after) {
    static char text[200];
    (void)snprintf(text, sizeof text, "%s%zu%s", before, n, after);
    return text;
}

static void test_rules_list_as_tsv(void **state) {
    (void)state;
    outcome o = RUN("list", "--format", "tsv");
    assert_int_equal(o.code, 0);
    assert_string_equal(o.err, "");
    assert_int_equal(strncmp(o.out, "id\tset\tstate\ttitle\tseverity\turgency\ttier\tversion\n", 48), 0);
    assert_non_null(strstr(
        o.out, "\nPIN-A\tPINCER\tactive\tOral NSAID at 65+ with no stomach protection\thigh\twithin-4-weeks\t1\t1\n"));
    assert_non_null(strstr(
        o.out,
        "\nCMP-05\tNHS-comparators\tdraft\t8 or more unique regular medicines at 75+\tlow\tnext-review\t1\t1\n"));
    size_t lines = 0;
    for (const char *p = o.out; *p; p++) lines += *p == '\n';
    assert_int_equal(lines, 1 + shipped_rules());
    done(&o);
}

static void test_rules_list_as_json(void **state) {
    (void)state;
    outcome o = RUN("list", "--format=json");
    assert_int_equal(o.code, 0);
    json_error_t why;
    json_t *doc = json_loads(o.out, JSON_REJECT_DUPLICATES, &why);
    if (!doc) fail_msg("%s", why.text);
    assert_string_equal(json_string_value(json_object_get(doc, "knowledge")), "2026.11");
    json_t *rules = json_object_get(doc, "rules"), *rule;
    size_t i, seen = 0;
    assert_int_equal(json_array_size(rules), shipped_rules());
    json_array_foreach(rules, i, rule) {
        if (strcmp(json_string_value(json_object_get(rule, "id")), "PIN-D") != 0) continue;
        seen++;
        assert_string_equal(json_string_value(json_object_get(rule, "urgency")), "same-day");
        assert_string_equal(json_string_value(json_object_get(rule, "harm")), "bleeding");
        assert_int_equal(json_integer_value(json_object_get(rule, "tier")), 1);
    }
    assert_int_equal(seen, 1);
    json_decref(doc);
    done(&o);
}

static void test_rules_list_as_text(void **state) {
    (void)state;
    outcome o = RUN("list");
    assert_int_equal(o.code, 0);
    assert_non_null(strstr(o.out, "  active  moderate  within-4-weeks  Amiodarone with no thyroid test in 6 months\n"));
    assert_non_null(strstr(o.out, "\nPIN-AM  "));
    assert_string_equal(last_line(o.out), counted("", shipped_rules(), " rules, knowledge 2026.11"));
    done(&o);
}

static void test_rules_show(void **state) {
    (void)state;
    outcome o = RUN("show", "pin-b");
    assert_int_equal(o.code, 0);
    static const char *const parts[] = {
        "PIN-B  Oral NSAID after peptic ulcer or GI bleed with no stomach protection\n",
        "source:         OpenSAFELY pincer-measures (2023), indicator B\n",
        "when:           (has(peptic-ulcer) or has(gi-bleed)) and taking(nsaid-oral) and not taking(ulcer-healing)\n",
        "harm:           Stomach bleed without enough protection (gi-bleed), lane safety\n",
        "drug group:     nsaid-oral, anti-inflammatory painkillers (NSAIDs) taken by mouth = aceclofenac, ",
        "concept:        gi-bleed = gastrointestinal bleeding\n",
        "      - fires: ulcer years ago, ibuprofen alone, at any age\n"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!strstr(o.out, parts[i])) fail_msg("lacks: %s\nin: %s", parts[i], o.out);
    done(&o);
    o = RUN("show", "ACB-01", "CMP-02");
    assert_int_equal(o.code, 0);
    assert_non_null(strstr(o.out, "scale:          medreview-default, version 2026.11, 194 substances"));
    assert_non_null(strstr(o.out, "\nCMP-02  10 or more unique regular medicines at 65+\n"));
    assert_non_null(strstr(o.out, "ladder:         medicines, rung 2\n"));
    done(&o);
}

static void test_rules_check_and_test_the_shipped_packs(void **state) {
    (void)state;
    outcome o = RUN("check");
    assert_int_equal(o.code, 0);
    assert_string_equal(o.err, "");
    assert_non_null(strstr(o.out, counted("rules check: ", shipped_rules(), " rules, ")));
    assert_non_null(strstr(o.out, " 0 faults\n"));
    done(&o);
    o = RUN("test");
    assert_int_equal(o.code, 0);
    const char *line = last_line(o.out);
    assert_int_equal(strncmp(line, "rules test: ", 12), 0);
    assert_non_null(strstr(line, counted(" examples, ", shipped_rules(), " rules, 0 failed")));
    done(&o);
}

/* ---- a folder of one's own ---- */

static char folder[64];

static void write_file(const char *name, const char *text) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

static void remove_file(const char *name) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path);
}

static int make_folder(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/medreview-rules-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state) {
    (void)state;
    remove_file("house.yaml");
    return rmdir(folder);
}

#define HOUSE_RULE                                                                                                     \
    "tool: HOUSE\nas_of: 2026-11-21\nrules:\n"                                                                         \
    "  - id: HOUSE-1\n    criterion: \"1\"\n    title: NSAID at 80\n    state: active\n    version: \"1\"\n"           \
    "    tier: 1\n    severity: low\n    urgency: next-review\n    reviewer: GP\n    harm: gi-bleed\n"                 \
    "    identity: nsaid-oral\n    when: age >= 80 and taking(nsaid-oral)\n    action: Ask\n"                          \
    "    goes_away_when: It is stopped.\n    source: House rules\n    examples:\n"                                     \
    "      - {fires: at 80, born: 1946-11-21, medicines: naproxen}\n"

static void test_rules_of_a_folder(void **state) {
    (void)state;
    write_file("house.yaml", HOUSE_RULE "      - {silent: at 79, born: 1946-11-22, medicines: naproxen}\n");
    outcome o = RUN("test", folder);
    assert_string_equal(o.err, "");
    assert_string_equal(o.out, "rules test: 2 examples, 1 rules, 0 failed\n");
    assert_int_equal(o.code, 0);
    done(&o);
    o = RUN("check", folder);
    assert_int_equal(o.code, 0);
    assert_int_equal(strncmp(o.out, "rules check: 1 rules, ", 22), 0);
    done(&o);
    o = RUN("list", "--format", "tsv", "--knowledge", folder);
    assert_int_equal(o.code, 0);
    assert_non_null(strstr(o.out, "\nHOUSE-1\tHOUSE\tactive\tNSAID at 80\tlow\tnext-review\t1\t1\n"));
    assert_non_null(strstr(o.out, "\nPIN-A\t")); /* --knowledge extends */
    done(&o);
}

static void test_rules_whose_example_fails(void **state) {
    (void)state;
    write_file("house.yaml", HOUSE_RULE "      - {silent: at 79, born: 1940-01-01, medicines: naproxen}\n");
    outcome o = RUN("test", folder);
    assert_int_equal(o.code, 1);
    assert_string_equal(o.out, "house.yaml:21: rule HOUSE-1: silent expected, but fires: at 79; age >= 80: yes; "
                               "taking(nsaid-oral): yes\n"
                               "rules test: 2 examples, 1 rules, 1 failed\n");
    done(&o);
    o = RUN("check", folder);
    assert_int_equal(o.code, 1);
    assert_int_equal(strncmp(o.err, "house.yaml:21: rule HOUSE-1: ", 29), 0);
    assert_non_null(strstr(o.out, " 1 faults\n"));
    done(&o);
}

static void test_rules_that_are_broken(void **state) {
    (void)state;
    write_file("house.yaml", HOUSE_RULE "      - {silent: at 79, brn: 1940-01-01}\n");
    static const char said[] = "house.yaml:21: an example has no \"brn\"; did you mean \"born\"?\n"
                               "medreview rules: 1 fault in the knowledge packs\n";
    outcome o = RUN("check", folder);
    assert_int_equal(o.code, 1);
    assert_string_equal(o.out, "");
    assert_string_equal(o.err, said);
    done(&o);
    o = RUN("test", folder);
    assert_int_equal(o.code, 1);
    assert_string_equal(o.err, said);
    done(&o);
    o = RUN("list", "--knowledge", folder); /* here the pack is configuration */
    assert_int_equal(o.code, 2);
    assert_string_equal(o.err, said);
    done(&o);
}

static void test_rules_wrong_usage(void **state) {
    (void)state;
    static const struct {
        const char *arguments[5];
        const char *said;
    } cases[] = {
        {{"rules"}, "say what to do: list, show, check, test or export"},
        {{"rules", "lits"}, "there is no 'rules lits': list, show, check, test or export"},
        {{"rules", "list", "PIN-A"}, "list takes no 'PIN-A'"},
        {{"rules", "list", "--format", "xml"}, "'xml' is no form: text, tsv, json or markdown; of an export, fhir"},
        {{"rules", "list", "--format"}, "--format needs a value"},
        {{"rules", "list", "--frmat=tsv"}, "there is no option '--frmat=tsv'"},
        {{"rules", "show"}, "show needs the id of a rule"},
        {{"rules", "show", "PIN-Q"}, "there is no rule 'PIN-Q'; did you mean 'PIN-A'?"},
        {{"rules", "show", "NONSENSE"}, "there is no rule 'NONSENSE'"},
        {{"rules", "check", "a", "b"}, "check takes one folder, not 'b' too"},
        {{"rules", "test", "/no/such/folder"}, "/no/such/folder cannot be read: No such file or directory"},
        {{"rules", "list", "--format", "fhir"}, "the form fhir is for export"},
        {{"rules", "list", "--base-uri", "https://a.example"}, "--base-uri is for export"},
        {{"rules", "export"}, "export needs one folder to write into"},
        {{"rules", "export", "a", "b"}, "export needs one folder to write into"},
        {{"rules", "export", "--format=tsv", "a"}, "export has the form fhir only"},
        {{"rules", "export", "--base-uri=https://a.example/", "a"}, "--base-uri: 'https://a.example/' is no base"},
        {{"rules", "export", "--base-uri=https://a\"b", "a"}, "--base-uri: 'https://a\"b' is no base"},
        {{"rules", "export", MEDREVIEW_SOURCE_DIR "/docs"}, "is not empty: name a new folder"},
        {{"rules", "export", MEDREVIEW_SOURCE_DIR "/LICENSE"}, "is no folder that can be read"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        outcome o = run(cases[i].arguments);
        assert_int_equal(o.code, 2);
        assert_string_equal(o.out, "");
        if (!strstr(o.err, cases[i].said)) fail_msg("expected: %s\ngot: %s", cases[i].said, o.err);
        assert_int_equal(strncmp(o.err, "medreview rules: ", 17), 0);
        done(&o);
    }
}

static void test_rules_help(void **state) {
    (void)state;
    outcome o = RUN("--help");
    assert_int_equal(o.code, 0);
    assert_string_equal(o.err, "");
    assert_int_equal(strncmp(o.out, "Usage: medreview rules list", 27), 0);
    done(&o);
    o = RUN("list", "--help");
    assert_int_equal(o.code, 0);
    done(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_list_as_tsv),
        cmocka_unit_test(test_rules_list_as_json),
        cmocka_unit_test(test_rules_list_as_text),
        cmocka_unit_test(test_rules_show),
        cmocka_unit_test(test_rules_check_and_test_the_shipped_packs),
        cmocka_unit_test_setup_teardown(test_rules_of_a_folder, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(test_rules_whose_example_fails, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(test_rules_that_are_broken, make_folder, drop_folder),
        cmocka_unit_test(test_rules_wrong_usage),
        cmocka_unit_test(test_rules_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
