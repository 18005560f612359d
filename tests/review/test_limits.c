/* A review whose memory is bounded: at any cap it ends in a result or in a clean MR_LIMIT; and a record that is too
 * large is reviewed as far as it goes, and says so. */
#include "review_bench.h"

#include <jansson.h>

#define GOLDEN MEDREVIEW_SOURCE_DIR "/tests/golden/review/"

static void test_any_cap_ends_cleanly(void **state) {
    static const char *const files[] = {"ukcore",  "broken",       "searchset", "contained",
                                        "synthea", "two-patients", "prior",     "history"};
    const bench *b = *state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[300];
        size_t len, limits = 0, cap = 0;
        snprintf(path, sizeof path, GOLDEN "%s.in.json", files[i]);
        char *text = bench_file(path, &len);
        assert_non_null(text);
        mr_rc rc = MR_LIMIT;
        /* every cap in small steps until it is enough, then it stays enough */
        for (; rc == MR_LIMIT; cap += cap < 20000 ? 97 : 1999) {
            mr_buf out;
            mr_error err = {0};
            mr_buf_init(&out, 64 << 20);
            rc = bench_review(b, (mr_span){text, len}, (bench_form)(cap % 3), cap, &out, &err);
            if (rc != MR_OK && rc != MR_LIMIT) fail_msg("%s at %zu bytes: %s", files[i], cap, err.text);
            limits += rc == MR_LIMIT;
            mr_buf_free(&out);
            assert_true(cap < 64 << 20);
        }
        if (limits <= 20) fail_msg("%s: enough at %zu bytes", files[i], cap);
        free(text);
    }
}

/* A patient with n results and a few medicines. */
static char *large(size_t n_results, size_t n_statements, const char *naproxen) {
    mr_buf out;
    size_t len;
    mr_buf_init(&out, 64 << 20);
    mr_buf_adds(
        &out,
        "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\","
        "\"id\":\"p1\",\"birthDate\":\"1940-01-01\"}}");
    for (size_t i = 0; i < n_results; i++)
        mr_buf_printf(
            &out,
            ",{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o%zu\",\"status\":\"final\",\"code\":{"
            "\"coding\":[{"
            "\"system\":\"http://snomed.info/"
            "sct\",\"code\":\"1011481000000105\"}]},\"effectiveDateTime\":\"%04zu-01-01\","
            "\"subject\":{\"reference\":\"Patient/p1\"},\"valueQuantity\":{\"value\":%zu,\"unit\":\"mL/min\"}}}",
            i, 2026 - i % 20, 20 + i % 80);
    for (size_t i = 0; i < n_statements; i++)
        mr_buf_printf(&out,
                      ",{\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"m%zu\",\"status\":\"active\","
                      "\"medicationCodeableConcept\":{\"text\":\"%s\"},\"subject\":{\"reference\":\"Patient/p1\"}}}",
                      i, i ? "Paracetamol 500mg tablets" : naproxen);
    mr_buf_adds(&out, "]}");
    return mr_buf_take(&out, &len);
}

static json_t *review(const bench *b, const char *text) {
    mr_buf out;
    mr_error err = {0};
    mr_buf_init(&out, 256 << 20);
    if (bench_review(b, mr_span_of(text), BENCH_JSON, 256 << 20, &out, &err)) fail_msg("%s", err.text);
    json_t *root = json_loads(mr_buf_z(&out), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    mr_buf_free(&out);
    return root;
}

static bool has_gap(json_t *root, const char *code) {
    size_t i;
    json_t *gap;
    json_array_foreach(json_object_get(root, "gaps"), i,
                       gap) if (strcmp(json_string_value(json_object_get(gap, "code")), code) == 0) return true;
    return false;
}

static size_t findings(json_t *root, const char *rule) {
    size_t i, n = 0;
    json_t *f;
    json_array_foreach(json_object_get(root, "findings"), i, f) n +=
        strcmp(json_string_value(json_object_get(f, "rule")), rule) == 0;
    return n;
}

static void test_results_give_way_to_medicines(void **state) {
    char *text = large(MR_MAX_RESOURCES_PER_PATIENT, 1, "Naproxen 500mg tablets");
    json_t *root = review(*state, text);
    assert_true(has_gap(root, "resource-limit"));
    assert_true(json_is_false(json_object_get(root, "complete")));
    assert_int_equal(findings(root, "PIN-A"), 1); /* presence rules still run */
    json_decref(root);
    free(text);
}

static void test_below_the_limit_nothing_is_said(void **state) {
    char *text = large(MR_MAX_RESOURCES_PER_PATIENT - 1, 1, "Naproxen 500mg tablets");
    json_t *root = review(*state, text);
    assert_false(has_gap(root, "resource-limit"));
    assert_true(json_is_true(json_object_get(root, "complete")));
    json_decref(root);
    free(text);
}

/* Medicines beyond the limit are not assessed, but they are named. */
static void test_every_medicine_is_named(void **state) {
    size_t n = MR_MAX_RESOURCES_PER_PATIENT + 10, named = 0, i;
    char *text = large(0, n, "Naproxen 500mg tablets");
    json_t *root = review(*state, text), *m;
    assert_true(has_gap(root, "resource-limit"));
    json_array_foreach(json_object_get(root, "medicines"), i, m) named +=
        json_array_size(json_object_get(m, "references"));
    named += json_array_size(json_object_get(root, "notAssessed"));
    assert_int_equal(named, n);
    json_decref(root);
    free(text);
}

/* What one patient's review takes of its arena when the input holds so many patients, each with an issue of ours. */
static size_t room_taken(const bench *b, size_t n_patients) {
    mr_buf text;
    mr_error err = {0};
    mr_review_input in;
    const mr_review_result *result;
    mr_buf_init(&text, 64 << 20);
    mr_buf_adds(&text, "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[");
    for (size_t i = 0; i < n_patients; i++)
        mr_buf_printf(&text,
                      "%s{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p%05zu\",\"birthDate\":\"1940-01-01\"}},"
                      "{\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"m%05zu\",\"status\":\"active\","
                      "\"subject\":{\"reference\":\"Patient/p%05zu\"},\"medicationCodeableConcept\":{\"text\":"
                      "\"Naproxen 500mg tablets\"}}},"
                      "{\"resource\":{\"resourceType\":\"DetectedIssue\",\"id\":\"i%05zu\",\"status\":\"preliminary\","
                      "\"patient\":{\"reference\":\"Patient/p%05zu\"},\"identifier\":[{\"system\":"
                      "\"https://medreview.example.org/id/finding\",\"value\":\"%032zu\"}]}}",
                      i ? "," : "", i, i, i, i, i, i);
    mr_buf_adds(&text, "]}");
    mr_review_reader *reader = mr_review_reader_new();
    mr_arena *pages = mr_arena_new(512 << 20), *a = mr_arena_new(64 << 20);
    assert_true(reader && pages && a);
    if (mr_review_read(reader, mr_buf_span(&text), false, &b->settings, pages, &in, &err)) fail_msg("%s", err.text);
    assert_int_equal(in.n_patients, n_patients);
    mr_review *rv = mr_review_of(a, &b->k, &b->settings, &in, in.patients[n_patients / 2]);
    assert_non_null(rv);
    if (mr_review_assess(rv, &result, &err)) fail_msg("%s", err.text);
    assert_int_equal(result->record->n_medicines, 1);
    assert_int_equal(result->n_read, 3);
    assert_int_equal(result->plan->n, 3); /* its own issue goes, the finding and its Task come */
    size_t taken = mr_arena_used(a);
    mr_arena_free(a);
    mr_arena_free(pages);
    mr_review_reader_free(reader);
    mr_buf_free(&text);
    return taken;
}

/* Each patient's review looks at that patient's resources: what it takes does not grow with the others. */
static void test_other_patients_of_the_input_cost_nothing(void **state) {
    size_t of_few = room_taken(*state, 4), of_many = room_taken(*state, 2000);
    if (of_many > of_few + 256) fail_msg("%zu bytes beside 3 others, %zu beside 1999", of_few, of_many);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_cap_ends_cleanly),
        cmocka_unit_test(test_results_give_way_to_medicines),
        cmocka_unit_test(test_below_the_limit_nothing_is_said),
        cmocka_unit_test(test_every_medicine_is_named),
        cmocka_unit_test(test_other_patients_of_the_input_cost_nothing),
    };
    return cmocka_run_group_tests(tests, bench_open, bench_close);
}
