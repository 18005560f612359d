/* The same record gives the same bytes, in whatever order its entries stand, as one page or as many. */
#include "review_bench.h"

#include "medreview/base/rand.h"

#include <dirent.h>
#include <jansson.h>

#define GOLDEN MEDREVIEW_SOURCE_DIR "/tests/golden/review/"

static void forms_print(const bench *b, const char *text, mr_buf *out) {
    mr_error err = {0};
    for (int form = BENCH_JSON; form <= BENCH_TEXT; form++)
        if (bench_review(b, mr_span_of(text), (bench_form)form, 64 << 20, out, &err)) fail_msg("%s", err.text);
}

static void shuffle(json_t *array, mr_rand *rand) {
    for (size_t i = json_array_size(array); i > 1; i--) {
        size_t k = (size_t)mr_rand_below(rand, i);
        json_t *last = json_incref(json_array_get(array, i - 1)), *other = json_incref(json_array_get(array, k));
        json_array_set_new(array, i - 1, other);
        json_array_set_new(array, k, last);
    }
}

static void check_file(const bench *b, const char *name) {
    char path[400];
    size_t len;
    snprintf(path, sizeof path, GOLDEN "%s", name);
    char *text = bench_file(path, &len);
    assert_non_null(text);
    json_t *bundle = json_loadb(text, len, 0, NULL);
    mr_buf expected, got;
    mr_buf_init(&expected, 64 << 20);
    mr_buf_init(&got, 64 << 20);
    mr_rand rand;
    mr_rand_seed(&rand, 7);
    if (bundle && json_array_size(json_object_get(bundle, "entry")) > 1) {
        char *first = json_dumps(bundle, JSON_COMPACT);
        forms_print(b, first, &expected);
        for (int round = 0; round < 8; round++) {
            shuffle(json_object_get(bundle, "entry"), &rand);
            char *shuffled = json_dumps(bundle, JSON_COMPACT);
            mr_buf_clear(&got);
            forms_print(b, shuffled, &got);
            if (strcmp(mr_buf_z(&expected), mr_buf_z(&got)) != 0)
                fail_msg("%s, round %d: not the same bytes", name, round);
            free(shuffled);
        }
        free(first);
    }
    mr_buf_free(&expected);
    mr_buf_free(&got);
    json_decref(bundle);
    free(text);
}

static void test_entries_in_any_order(void **state) {
    DIR *folder = opendir(GOLDEN);
    int files = 0;
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder));)
        if (strstr(e->d_name, ".in.json") && ++files) check_file(*state, e->d_name);
    closedir(folder);
    assert_true(files >= 12);
}

/* The service's way: one resource type a page, in the order it asks for them, copied out of each page. */
static void test_pages_say_what_a_bundle_says(void **state) {
    const bench *b = *state;
    size_t len;
    char *text = bench_file(GOLDEN "ukcore.in.json", &len);
    mr_buf whole, pages;
    mr_error err = {0};
    mr_buf_init(&whole, 1 << 20);
    mr_buf_init(&pages, 1 << 20);
    assert_non_null(text);
    assert_int_equal(bench_review(b, (mr_span){text, len}, BENCH_JSON, 64 << 20, &whole, &err), MR_OK);

    static const char *const types[] = {"Patient",   "MedicationStatement", "MedicationRequest",
                                        "Condition", "AllergyIntolerance",  "Observation"};
    json_t *bundle = json_loadb(text, len, 0, NULL);
    mr_arena *a = mr_arena_new_checked(64 << 20);
    mr_review *rv = mr_review_begin(a, &b->k, &b->settings, MR_SPAN("p1"));
    const mr_review_result *result;
    for (size_t t = 0; t < 6; t++) {
        json_t *page = json_pack("{ssss}", "resourceType", "Bundle", "type", "searchset"), *entries = json_array(), *e;
        size_t i;
        json_array_foreach(json_object_get(bundle, "entry"), i, e) {
            json_t *type = json_object_get(json_object_get(e, "resource"), "resourceType");
            if (strcmp(json_string_value(type), types[t]) == 0) json_array_append(entries, e);
        }
        if (t == 0) { /* a read answers with the resource itself */
            json_t *patient = json_incref(json_object_get(json_array_get(entries, 0), "resource"));
            json_decref(page);
            json_decref(entries);
            page = patient;
        } else {
            json_object_set_new(page, "entry", entries);
        }
        char *page_text = json_dumps(page, JSON_COMPACT);
        mr_absorbed absorbed;
        assert_int_equal(mr_review_absorb(rv, (mr_page_kind)t, mr_span_of(page_text), false, &absorbed, &err), MR_OK);
        assert_int_equal(absorbed.foreign, 0);
        memset(page_text, 'x', strlen(page_text)); /* nothing may point into it any more */
        free(page_text);
        json_decref(page);
    }
    assert_int_equal(mr_review_assess(rv, &result, &err), MR_OK);
    assert_int_equal(mr_review_json(rv, &pages, &err), MR_OK);
    mr_buf_addc(&pages, '\n');
    assert_string_equal(mr_buf_z(&whole), mr_buf_z(&pages));
    mr_arena_free(a);
    json_decref(bundle);
    mr_buf_free(&whole);
    mr_buf_free(&pages);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries_in_any_order),
        cmocka_unit_test(test_pages_say_what_a_bundle_says),
    };
    return cmocka_run_group_tests(tests, bench_open, bench_close);
}
