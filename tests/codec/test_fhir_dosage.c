/* Dosages as FHIR has them, and the dosage texts of the examples beside the repository: how many are understood. */
#include "medreview/codec/fhir_read.h"
#include "medreview/core/dosage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is read ---- */

static mr_dosage dosage_of(const char *json, mr_arena *a) {
    char text[2000];
    (void)snprintf(
        text, sizeof text,
        "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{\"resourceType\":"
        "\"MedicationStatement\",\"id\":\"m\",\"status\":\"active\",\"subject\":{\"reference\":\"Patient/p\"},"
        "\"medicationCodeableConcept\":{\"text\":\"x\"},\"dosage\":[%s]}}]}",
        json);
    mr_fhir_pages *pages = mr_fhir_pages_new(a, MR_SPAN_NONE, false);
    mr_json_doc *doc = mr_json_doc_new();
    mr_fhir_page page;
    mr_fhir_collected c;
    mr_json root;
    mr_error err = {0};
    if (mr_json_parse(doc, mr_span_of(text), false, &root, &err) || mr_fhir_page_read(pages, root, &page, &err))
        fail_msg("%s\n%s", err.text, text);
    mr_json_doc_free(doc);
    if (mr_fhir_collect(pages, MR_SPAN("p"), true, a, &c, &err)) fail_msg("%s", err.text);
    assert_int_equal(c.raw.n_entries, 1);
    assert_int_equal(c.raw.entries[0].n_dosage, 1);
    return c.raw.entries[0].dosage[0];
}

static void test_when_required_is_read_in_words_and_ranges_are_told(void **state) {
    (void)state;
    static const struct {
        const char *json;
        bool as_needed, open;
        double dose, frequency;
    } rows[] = {
        {"{\"text\":\"one at night\"}", false, false, 0, 0},
        {"{\"text\":\"one at night when required\"}", true, false, 0, 0},
        {"{\"text\":\"prn, or as the moon says\"}", false, false, 0, 0}, /* not understood: not believed */
        {"{\"asNeededBoolean\":true}", true, false, 0, 0},
        {"{\"doseAndRate\":[{\"doseQuantity\":{\"value\":2}}]}", false, false, 2, 0},
        {"{\"doseAndRate\":[{\"doseRange\":{\"low\":{\"value\":1},\"high\":{\"value\":2}}}]}", false, true, 0, 0},
        {"{\"doseAndRate\":[{\"doseQuantity\":{\"value\":2}},{\"doseQuantity\":{\"value\":3}}]}", false, true, 0, 0},
        {"{\"timing\":{\"repeat\":{\"frequency\":2,\"period\":1,\"periodUnit\":\"d\"}}}", false, false, 0, 2},
        {"{\"timing\":{\"repeat\":{\"frequency\":2,\"frequencyMax\":3,\"period\":1,\"periodUnit\":\"d\"}}}", false,
         true, 0, 0},
        {"{\"timing\":{\"code\":{\"coding\":[{\"code\":\"BID\"}]},\"repeat\":{\"frequencyMax\":3}}}", false, true, 0,
         0},
        {"{\"timing\":{\"repeat\":{\"frequency\":1,\"period\":4,\"periodMax\":6,\"periodUnit\":\"h\"}}}", false, true,
         0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mr_arena *a = mr_arena_new(4 << 20);
        assert_non_null(a);
        mr_dosage d = dosage_of(rows[i].json, a);
        bool same = d.as_needed == rows[i].as_needed && d.open == rows[i].open &&
                    !(d.dose < rows[i].dose || d.dose > rows[i].dose) &&
                    !(d.frequency < rows[i].frequency || d.frequency > rows[i].frequency);
        if (!same)
            fail_msg("%s: as needed %d, open %d, dose %g, frequency %g", rows[i].json, d.as_needed, d.open, d.dose,
                     d.frequency);
        mr_arena_free(a);
    }
}

/* ---- coverage ---- */

enum { TEXTS_MOST = 1000 };

typedef struct texts { /* distinct, with their number */
    char *v[TEXTS_MOST];
    unsigned times[TEXTS_MOST];
    size_t n;
} texts;

static void texts_add(texts *t, const char *text) {
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->v[i], text) == 0) {
            t->times[i]++;
            return;
        }
    assert_true(t->n < TEXTS_MOST);
    t->v[t->n] = strdup(text);
    t->times[t->n++] = 1;
}

/* Every member "dosage" or "dosageInstruction", wherever it stands. */
static void texts_find(json_t *v, texts *t) {
    const char *name;
    json_t *kid, *one;
    size_t i, k;
    json_array_foreach(v, i, kid) texts_find(kid, t);
    json_object_foreach(v, name, kid) {
        bool dosage = strcmp(name, "dosage") == 0 || strcmp(name, "dosageInstruction") == 0;
        if (dosage) json_array_foreach(kid, k, one) {
                const char *text = json_string_value(json_object_get(one, "text"));
                if (text && *text) texts_add(t, text);
            }
        texts_find(kid, t);
    }
}

static void folder_read(const char *path, texts *t, unsigned *ret_files) {
    DIR *d = opendir(path);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d));) {
        char file[2048];
        size_t len = strlen(e->d_name);
        if (len < 5 || strcmp(e->d_name + len - 5, ".json") != 0) continue;
        (void)snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        json_t *root = json_load_file(file, 0, NULL); /* two of them are no JSON, and say so in their names */
        if (!root) continue;
        texts_find(root, t);
        json_decref(root);
        (*ret_files)++;
    }
    (void)closedir(d);
}

static void coverage(const char *name, texts *t) {
    static const char *const how[MR_SAID_COUNT] = {[MR_SAID_EXACT] = "exact",
                                                   [MR_SAID_AT_MOST] = "at most",
                                                   [MR_SAID_AS_NEEDED] = "as needed",
                                                   [MR_SAID_AS_DIRECTED] = "as directed",
                                                   [MR_SAID_TIMES_ONLY] = "only how often",
                                                   [MR_SAID_AMOUNT_ONLY] = "only how much",
                                                   [MR_SAID_NOT_UNDERSTOOD] = "not understood"};
    unsigned distinct[MR_SAID_COUNT] = {0}, all[MR_SAID_COUNT] = {0}, total = 0;
    print_message("%s: %zu distinct texts\n", name, t->n);
    for (size_t i = 0; i < t->n; i++) {
        mr_said s;
        mr_dosage_read(mr_span_of(t->v[i]), &s);
        distinct[s.how]++;
        all[s.how] += t->times[i];
        total += t->times[i];
        if (s.how == MR_SAID_NOT_UNDERSTOOD) print_message("  not understood, %u times: %.60s\n", t->times[i], t->v[i]);
    }
    for (size_t k = 1; k < MR_SAID_COUNT; k++)
        print_message("  %-15s %3u texts, %4u of %u dosages\n", how[k], distinct[k], all[k], total);
    /* four of five dosages say something that is understood, or say nothing by design */
    assert_true(all[MR_SAID_NOT_UNDERSTOOD] * 10 < total * 2);
    for (size_t i = 0; i < t->n; i++) free(t->v[i]);
}

static void test_coverage_of_the_examples(void **state) {
    (void)state;
    static texts gp, eps;
    unsigned files = 0;
    folder_read(MEDREVIEW_SHARED_DIR "/data/examples/gpconnect-stu3", &gp, &files);
    folder_read(MEDREVIEW_SHARED_DIR "/data/examples/gpconnect-stu3/medication-request-units", &gp, &files);
    folder_read(MEDREVIEW_SHARED_DIR "/data/examples/ukcore-r4/eps-r4-json", &eps, &files);
    if (!files) {
        print_message("skipped: no examples\n");
        return;
    }
    coverage("GP Connect", &gp);
    coverage("EPS", &eps);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when_required_is_read_in_words_and_ranges_are_told),
        cmocka_unit_test(test_coverage_of_the_examples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
