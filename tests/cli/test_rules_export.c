/* `medreview rules export`: every rule, drug group and profile in FHIR, the same bytes each time, with a site's own
 * base; and the page of all rules. That HAPI's validator takes it is shown in tests/interop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/cli/rules.h"
#include "medreview/knowledge/knowledge.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], out_path[80];
static mr_knowledge *knowledge;

static void remove_all(const char *dir) {
    DIR *d = opendir(dir);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d));) {
        char path[400];
        (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        (void)unlink(path);
    }
    (void)closedir(d);
    (void)rmdir(dir);
}

static int set_up(void **state) {
    (void)state;
    mr_knowledge_options none = {.dir = NULL};
    mr_buf complaints;
    mr_error err = {0};
    mr_buf_init(&complaints, 1 << 16);
    mr_rc rc = mr_knowledge_load(&none, &knowledge, &complaints, &err);
    mr_buf_free(&complaints);
    (void)snprintf(folder, sizeof folder, "/tmp/medreview-export-XXXXXX");
    if (rc != MR_OK || !mkdtemp(folder)) return -1;
    (void)snprintf(out_path, sizeof out_path, "%s.out", folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    remove_all(folder);
    (void)unlink(out_path);
    mr_knowledge_free(knowledge);
    return 0;
}

/* Standard output goes to a file, so that a test's own report stays readable. */
static int run(const char *const *arguments) {
    char words[8][256], *argv[9] = {0};
    int argc = 0;
    for (; arguments[argc]; argc++) {
        (void)snprintf(words[argc], sizeof words[0], "%s", arguments[argc]);
        argv[argc] = words[argc];
    }
    (void)fflush(stdout);
    int old = dup(STDOUT_FILENO);
    FILE *f = fopen(out_path, "wb");
    assert_non_null(f);
    assert_true(dup2(fileno(f), STDOUT_FILENO) >= 0);
    int code = mr_cli_rules(argc, argv);
    (void)fflush(stdout);
    assert_true(dup2(old, STDOUT_FILENO) >= 0);
    (void)close(old);
    (void)fclose(f);
    return code;
}
#define RUN(...) run((const char *const[]){"rules", __VA_ARGS__, NULL})

static char *read_whole(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s is not there", path);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    long n = ftell(f);
    rewind(f);
    char *text = calloc((size_t)n + 1, 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)n, f), (size_t)n);
    (void)fclose(f);
    return text;
}

static char *read_file(const char *name) {
    char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return read_whole(path);
}

static json_t *read_json(const char *name) {
    char *text = read_file(name);
    json_error_t why;
    json_t *v = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!v) fail_msg("%s: %s", name, why.text);
    free(text);
    return v;
}

static const char *text_at(const json_t *v, const char *name) {
    const char *s = json_string_value(json_object_get(v, name));
    return s ? s : "";
}

static json_t *entry_of(json_t *bundle, const char *type, const char *id) {
    json_t *entry;
    size_t i;
    json_array_foreach(json_object_get(bundle, "entry"), i, entry) {
        json_t *r = json_object_get(entry, "resource");
        if (strcmp(text_at(r, "resourceType"), type) == 0 && strcmp(text_at(r, "id"), id) == 0) return r;
    }
    return NULL;
}

static size_t count_of(json_t *bundle, const char *type) {
    json_t *entry;
    size_t i, n = 0;
    json_array_foreach(json_object_get(bundle, "entry"), i, entry) n +=
        strcmp(text_at(json_object_get(entry, "resource"), "resourceType"), type) == 0;
    return n;
}

static const char *condition(const json_t *plan) {
    const json_t *action = json_array_get(json_object_get(plan, "action"), 0);
    const json_t *c = json_array_get(json_object_get(action, "condition"), 0);
    return text_at(json_object_get(c, "expression"), "expression");
}

static void hold_rule(json_t *bundle, const mr_rule *r) {
    char id[80], name[120];
    (void)snprintf(id, sizeof id, "%.*s", MR_SPAN_ARG(r->id));
    (void)snprintf(name, sizeof name, "PlanDefinition-%s.json", id);
    json_t *file = read_json(name), *plan = entry_of(bundle, "PlanDefinition", id);
    if (!plan) fail_msg("%s is not in the Bundle", id);
    assert_true(json_equal(file, plan));
    assert_true(mr_span_is(r->title, text_at(plan, "title")));
    assert_true(mr_span_is(r->version, text_at(plan, "version")));
    assert_true(mr_span_is(r->when_text, condition(plan)));
    assert_string_equal(text_at(plan, "status"), r->state == MR_RULE_ACTIVE ? "active" : "draft");
    bool stopp = mr_span_is(r->tool, "STOPP-v3") || mr_span_is(r->tool, "START-v3");
    if (stopp && !strstr(text_at(plan, "copyright"), "CC BY 4.0")) fail_msg("%s lacks its attribution", id);
    json_t *artifact;
    size_t i;
    bool cited = false;
    json_array_foreach(json_object_get(plan, "relatedArtifact"), i, artifact) {
        const char *resource = text_at(artifact, "resource"), *slash = strrchr(resource, '/');
        cited = cited || mr_span_is(r->source, text_at(artifact, "citation"));
        if (slash && !entry_of(bundle, "ValueSet", slash + 1)) fail_msg("%s: %s is not exported", id, resource);
    }
    assert_true(cited);
    json_decref(file);
}

static void test_everything_is_exported(void **state) {
    (void)state;
    const mr_ruleset *rules = mr_knowledge_rules(knowledge);
    char told[200];
    assert_int_equal(RUN("export", "--format", "fhir", folder), 0);
    json_t *bundle = read_json("Bundle-medreview-knowledge.json");
    assert_string_equal(text_at(bundle, "type"), "transaction");
    assert_int_equal(count_of(bundle, "PlanDefinition"), rules->n_rules);
    assert_true(count_of(bundle, "ValueSet") > rules->n_groups);
    assert_true(count_of(bundle, "StructureDefinition") >= 7);
    for (size_t i = 0; i < rules->n_rules; i++) hold_rule(bundle, &rules->rules[i]);
    char *said = read_whole(out_path);
    (void)snprintf(told, sizeof told, "rules export: %zu rules, %zu drug groups, ", rules->n_rules, rules->n_groups);
    assert_int_equal(strncmp(said, told, strlen(told)), 0);
    free(said);
    json_decref(bundle);
}

static void test_a_folder_that_is_in_use_is_refused(void **state) {
    (void)state;
    assert_int_equal(RUN("export", folder), 0);
    char *before = read_file("PlanDefinition-PIN-A.json");
    assert_int_equal(RUN("export", "--base-uri", "https://other.example", folder), 2);
    char *after = read_file("PlanDefinition-PIN-A.json");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void test_the_same_bytes_each_time(void **state) {
    (void)state;
    assert_int_equal(RUN("export", folder), 0);
    char *first = read_file("Bundle-medreview-knowledge.json");
    remove_all(folder);
    assert_int_equal(RUN("export", folder), 0);
    char *second = read_file("Bundle-medreview-knowledge.json");
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static void test_a_base_of_ones_own(void **state) {
    (void)state;
    assert_int_equal(RUN("export", "--base-uri", "https://icb.test/medreview", folder), 0);
    char *text = read_file("Bundle-medreview-knowledge.json");
    assert_null(strstr(text, "medreview.example.org"));
    free(text);
    json_t *task = read_json("StructureDefinition-medreview-task.json");
    assert_string_equal(text_at(task, "url"), "https://icb.test/medreview/StructureDefinition/medreview-task");
    json_decref(task);
}

/* code, or NULL: the member in that place */
static json_t *member(json_t *set, const char *display) {
    json_t *include, *concept;
    size_t i, c;
    json_array_foreach(json_object_get(json_object_get(set, "compose"), "include"), i, include)
        json_array_foreach(json_object_get(include, "concept"), c,
                           concept) if (strcmp(text_at(concept, "display"), display) == 0) return concept;
    return NULL;
}

static void test_a_drug_group_says_its_terms(void **state) {
    (void)state;
    assert_int_equal(RUN("export", folder), 0);
    json_t *nsaid = read_json("ValueSet-group-nsaid-oral.json"),
           *antiplatelet = read_json("ValueSet-group-antiplatelet.json");
    const json_t *naproxen = member(nsaid, "naproxen");
    assert_non_null(naproxen);
    assert_string_equal(text_at(json_array_get(json_object_get(naproxen, "extension"), 0), "valueString"),
                        "routes oral");
    assert_non_null(member(antiplatelet, "aspirin")); /* whatever acts in the whole body: nothing to say */
    assert_null(json_object_get(member(antiplatelet, "aspirin"), "extension"));
    json_decref(nsaid);
    json_decref(antiplatelet);
}

/* A code stands once in a set, and every include says codes: one without would mean a whole code system. */
static void test_no_code_twice_and_no_set_of_everything(void **state) {
    (void)state;
    const mr_ruleset *rules = mr_knowledge_rules(knowledge);
    assert_int_equal(RUN("export", folder), 0);
    json_t *bundle = read_json("Bundle-medreview-knowledge.json");
    size_t with_codes = 0;
    for (size_t g = 0; g < rules->n_groups; g++) {
        char id[120];
        (void)snprintf(id, sizeof id, "group-%.*s", MR_SPAN_ARG(rules->groups[g].name));
        json_t *set = entry_of(bundle, "ValueSet", id), *include, *concept;
        if (!set) fail_msg("%s is not exported", id);
        size_t i, c;
        json_array_foreach(json_object_get(json_object_get(set, "compose"), "include"), i, include) {
            json_t *concepts = json_object_get(include, "concept"), *seen = json_object();
            if (json_array_size(concepts) == 0) fail_msg("%s: an include without codes", id);
            json_array_foreach(concepts, c, concept) {
                const char *code = text_at(concept, "code");
                if (json_object_get(seen, code)) fail_msg("%s: %s stands twice", id, code);
                (void)json_object_set_new(seen, code, json_true());
            }
            json_decref(seen);
            with_codes += i == 0;
        }
    }
    assert_true(with_codes * 10 > rules->n_groups * 9);
    json_decref(bundle);
}

static void test_the_page_of_all_rules(void **state) {
    (void)state;
    const mr_ruleset *rules = mr_knowledge_rules(knowledge);
    assert_int_equal(RUN("list", "--format", "markdown"), 0);
    char *page = read_whole(out_path), row[120];
    assert_int_equal(strncmp(page, "# The rules\n", 12), 0);
    for (size_t i = 0; i < rules->n_rules; i++) {
        (void)snprintf(row, sizeof row, "\n| %.*s | ", MR_SPAN_ARG(rules->rules[i].id));
        const char *at = strstr(page, row);
        if (!at || strstr(at + 1, row)) fail_msg("%s stands not once on the page", row + 3);
    }
    free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_everything_is_exported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_folder_that_is_in_use_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_same_bytes_each_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_base_of_ones_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_drug_group_says_its_terms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_code_twice_and_no_set_of_everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_page_of_all_rules, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
