/* The json form against product.md section 5, over all fixtures and all real examples at hand: members and their order,
 * and every MedicationStatement and MedicationRequest of the input accounted for. */
#include "accounts.h"
#include "review_bench.h"

#include <dirent.h>
#include <sys/stat.h>

static size_t files_seen, medicines_seen;

/* How the contract names a resource: Type/id, or the fullUrl; NULL when it has neither. */
static const char *name_of(json_t *resource, json_t *entry, char *out, size_t room) {
    const char *type = json_string_value(json_object_get(resource, "resourceType"));
    const char *id = json_string_value(json_object_get(resource, "id"));
    const char *url = json_string_value(json_object_get(entry, "fullUrl"));
    if (id) snprintf(out, room, "%s/%s", type, id);
    return id ? out : url;
}

static bool is_medicine(json_t *resource) {
    const char *type = json_string_value(json_object_get(resource, "resourceType"));
    const char *status = json_string_value(json_object_get(resource, "status"));
    if (!type || (status && strcmp(status, "entered-in-error") == 0)) return false;
    return strcmp(type, "MedicationStatement") == 0 || strcmp(type, "MedicationRequest") == 0;
}

static void account(json_t *resource, json_t *entry, json_t *const *reviews, size_t n, const char *path) {
    char text[600];
    bool found = false;
    if (!is_medicine(resource)) return;
    const char *name = name_of(resource, entry, text, sizeof text);
    if (!name) return; /* it stands under a name made of its content */
    for (size_t i = 0; i < n; i++) found |= stands_in(reviews[i], name);
    if (!found) fail_msg("%s: %s stands nowhere in the output", path, name);
    medicines_seen++;
}

static size_t reviews_of(const mr_buf *out, json_t **v, size_t most) {
    size_t n = 0;
    mr_span rest = mr_buf_span(out), line;
    while (rest.len && n < most) {
        (void)mr_span_split(rest, '\n', &line, &rest);
        if (!line.len) continue;
        v[n] = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(v[n++]);
    }
    return n;
}

static void check_text(const bench *b, const char *path, const char *text, size_t len, bool deletes) {
    json_t *input = json_loadb(text, len, 0, NULL), *reviews[64], *entry;
    mr_buf out;
    mr_error err = {0};
    size_t i;
    mr_buf_init(&out, 64 << 20);
    mr_rc rc = bench_review(b, (mr_span){text, len}, BENCH_JSON, 64 << 20, &out, &err);
    if (rc == MR_OK) {
        size_t n = reviews_of(&out, reviews, 64);
        for (i = 0; i < n; i++) {
            const char *why = contract_check(reviews[i]);
            if (why) fail_msg("%s: %s", path, why);
        }
        account(input, NULL, reviews, n, path);
        if (!deletes)
            json_array_foreach(json_object_get(input, "entry"), i, entry)
                account(json_object_get(entry, "resource"), entry, reviews, n, path);
        for (i = 0; i < n; i++) json_decref(reviews[i]);
        for (int form = BENCH_FHIR; form <= BENCH_TEXT; form++) {
            mr_buf_clear(&out);
            assert_int_equal(bench_review(b, (mr_span){text, len}, (bench_form)form, 64 << 20, &out, &err), MR_OK);
        }
    } else if (rc != MR_MALFORMED) {
        fail_msg("%s: %s", path, err.text);
    }
    json_decref(input);
    mr_buf_free(&out);
}

static void check_folder(const bench *b, const char *folder_path, const char *mark) {
    DIR *folder = opendir(folder_path);
    if (!folder) {
        printf("%s: skipped, it is not here\n", folder_path);
        return;
    }
    for (struct dirent *e; (e = readdir(folder));) {
        char path[1000];
        size_t len;
        if (!strstr(e->d_name, mark)) continue;
        snprintf(path, sizeof path, "%s/%s", folder_path, e->d_name);
        char *text = bench_file(path, &len);
        assert_non_null(text);
        check_text(b, path, text, len, strstr(e->d_name, "history") != NULL);
        free(text);
        files_seen++;
    }
    closedir(folder);
}

static void test_fixtures(void **state) {
    files_seen = medicines_seen = 0;
    check_folder(*state, MEDREVIEW_SOURCE_DIR "/tests/golden/review", ".in.json");
    assert_true(files_seen >= 12 && medicines_seen >= 30);
}

static void test_official_examples(void **state) {
    check_folder(*state, MEDREVIEW_SHARED_DIR "/data/fhir/r4-examples", ".json");
}

static void test_electronic_prescriptions(void **state) {
    check_folder(*state, MEDREVIEW_SHARED_DIR "/data/examples/ukcore-r4/eps-r4-json", ".json");
}

/* Not R4: nothing is promised but a clean end. */
static void test_older_records(void **state) {
    check_folder(*state, MEDREVIEW_SHARED_DIR "/data/examples/gpconnect-stu3", ".json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixtures),
        cmocka_unit_test(test_official_examples),
        cmocka_unit_test(test_electronic_prescriptions),
        cmocka_unit_test(test_older_records),
    };
    return cmocka_run_group_tests(tests, bench_open, bench_close);
}
