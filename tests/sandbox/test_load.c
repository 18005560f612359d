/* Loading: own ids, references by fullUrl, refusals one by one; and the official examples when they are there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "exchange.h"

static void note(void *arg, size_t entry, const char *reason) {
    char *out = arg;
    size_t used = strlen(out);
    snprintf(out + used, 600 - used, "[%zu: %s]", entry, reason);
}

static void test_a_bundle_of_any_type_is_loaded_entry_by_entry(void **state) {
    (void)state;
    const char *bundle =
        "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
        "{\"fullUrl\":\"urn:uuid:1\",\"resource\":{\"resourceType\":\"Patient\",\"id\":\"123\"}},"
        "{\"resource\":{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"bogus\",\"intent\":\"order\"}},"
        "{\"fullUrl\":\"urn:uuid:2\",\"resource\":{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{"
        "\"reference\":\"urn:uuid:1\"}}},"
        "{\"resource\":{\"resourceType\":\"Nope\",\"id\":\"n\"}},"
        "{\"response\":{\"status\":\"200\"}},"
        "{\"resource\":{\"resourceType\":\"Patient\"}}]}";
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    char refused[600] = "";
    size_t loaded = 0;
    mr_error err;
    assert_int_equal(mr_sandbox_load_each(s, mr_span_of(bundle), T0, note, refused, &loaded, &err), MR_MALFORMED);
    assert_int_equal(loaded, 3);
    assert_string_equal(refused, "[1: Task.status: unknown code 'bogus'][3: unknown resource type 'Nope']");
    assert_string_equal(err.text, "entry 1: Task.status: unknown code 'bogus' (and others)");
    assert_string_equal(ids(ask_for(s, "GET", "/Condition?patient=123", NULL)), "c"); /* digits are fine in a file */
    assert_int_equal(mr_sandbox_count(s, "Patient"), 2);
    assert_int_equal(mr_sandbox_count(s, NULL), 3);
    mr_sandbox_free(s);
}

static void test_a_lone_resource_and_rubbish(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    mr_error err;
    assert_int_equal(mr_sandbox_load(s, MR_SPAN("{\"resourceType\":\"Patient\",\"id\":\"a\"}"), T0, &err), MR_OK);
    assert_int_equal(mr_sandbox_load(s, MR_SPAN("{\"resourceType\":\"Patient\",\"id\":\"a_b\"}"), T0, &err),
                     MR_MALFORMED);
    assert_int_equal(mr_sandbox_load(s, MR_SPAN("[1]"), T0, &err), MR_MALFORMED);
    assert_int_equal(mr_sandbox_load(s, MR_SPAN("{\"resourceType\":\"Pat"), T0, &err), MR_MALFORMED);
    assert_int_equal(mr_sandbox_load(s, MR_SPAN(""), T0, &err), MR_MALFORMED);
    assert_int_equal(mr_sandbox_load(s, MR_SPAN("{\"resourceType\":\"Bundle\",\"entry\":[1,null,{}]}"), T0, &err),
                     MR_MALFORMED);
    assert_int_equal(mr_sandbox_count(s, NULL), 1);
    mr_sandbox_free(s);
}

static char *slurp(const char *path, size_t *ret_len) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) return NULL;
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    char *text = calloc(1, (size_t)n + 1);
    *ret_len = fread(text, 1, (size_t)n, f);
    fclose(f);
    return text;
}

static void test_official_examples_load(void **state) {
    (void)state;
    const char *folder = MEDREVIEW_SHARED_DIR "/data/fhir/r4-examples";
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        print_message("skipped: no official examples\n");
        return;
    }
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    size_t files = 0, taken = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char path[1000];
        size_t len = 0, loaded = 0;
        if (!mr_span_ends(mr_span_of(e->d_name), ".json")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        char *text = slurp(path, &len);
        mr_rc rc = mr_sandbox_load_each(s, (mr_span){text, len}, T0, NULL, NULL, &loaded, NULL);
        files++;
        taken += rc == MR_OK;
        free(text);
    }
    closedir(dir);
    if (files == 0) print_message("skipped: the folder holds no JSON of its own\n");
    assert_true(taken * 10 >= files * 9);
    mr_sandbox_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bundle_of_any_type_is_loaded_entry_by_entry),
        cmocka_unit_test(test_a_lone_resource_and_rubbish),
        cmocka_unit_test(test_official_examples_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
