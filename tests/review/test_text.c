/* The page for a person: nothing of a record steers the terminal, and units are those that people write. */
#include "review_bench.h"

#include "medreview/codec/report.h"

#define LOST "\xEF\xBF\xBD"

static char *page_of(const bench *b, const char *medicine, const char *reference) {
    char input[2000];
    mr_buf out;
    mr_error err = {0};
    mr_buf_init(&out, 1 << 20);
    snprintf(input, sizeof input,
             "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
             "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p1\",\"birthDate\":\"1940-01-01\"}},"
             "{\"fullUrl\":\"%s\",\"resource\":{\"resourceType\":\"MedicationStatement\",\"status\":\"active\","
             "\"subject\":{\"reference\":\"Patient/p1\"},\"medicationCodeableConcept\":{\"text\":\"%s\"}}},"
             "{\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"m2\",\"status\":\"active\","
             "\"subject\":{\"reference\":\"Patient/p1\"},\"medicationCodeableConcept\":{\"text\":\"Naproxen 500mg "
             "tablets\"}}}]}",
             reference, medicine);
    if (bench_review(b, mr_span_of(input), BENCH_TEXT, 64 << 20, &out, &err)) fail_msg("%s", err.text);
    char *copy = strdup(mr_buf_z(&out));
    assert_non_null(copy);
    mr_buf_free(&out);
    return copy;
}

static void test_nothing_of_a_record_steers_the_terminal(void **state) {
    const bench *b = *state;
    static const struct {
        const char *json, *shown; /* in a text; what stands on the page instead */
    } table[] = {
        {"Fo\\u001b[2Jo", "Fo" LOST "[2Jo"},
        {"Fo\\u0007\\u0001o", "Fo" LOST LOST "o"},
        {"Fo\\u007fo", "Fo" LOST "o"},
        {"Fo\\u009b31mo", "Fo" LOST "31mo"}, /* C1: one-byte CSI for some terminals */
        {"Fo\\u202eo", "Fo" LOST "o"},       /* right to left from here on */
        {"Fo\\u2066o", "Fo" LOST "o"},
        {"Fo\\r\\n\\to", "Fo o"},                                            /* white space is white space */
        {"Fo\\u00b5\\u2264\\u2070o", "Fo\xC2\xB5\xE2\x89\xA4\xE2\x81\xB0o"}, /* these are letters of a page */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        for (int where = 0; where < 2; where++) {
            char reference[200];
            snprintf(reference, sizeof reference, "urn:x:%s", table[i].json);
            char *page = page_of(b, where ? "Foo" : table[i].json, where ? reference : "urn:uuid:1");
            if (!strstr(page, table[i].shown)) fail_msg("row %zu: %s", i, page);
            for (const char *p = page; *p; p++)
                if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7F) fail_msg("row %zu: %d", i, *p);
            free(page);
        }
    }
}

static void test_units_are_those_that_people_write(void **state) {
    (void)state;
    static const struct {
        const char *code;
        double value;
        const char *said;
    } table[] = {{"a", 81, "years"},
                 {"a", 1, "year"},
                 {"{points}", 3, "points"},
                 {"{points}", 1, "point"},
                 {"{medicines}", 9, ""},
                 {"1", 2.5, ""},
                 {"mg/d", 60, "mg a day"},
                 {"mL/min/{1.73_m2}", 38, "mL/min/1.73m\xC2\xB2"},
                 {"mmol/L", 4, "mmol/L"},
                 {"furlong", 1, "furlong"},
                 {"", 1, ""}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        mr_span said = mr_report_unit(mr_span_of(table[i].code), table[i].value);
        if (!mr_span_is(said, table[i].said)) fail_msg("%s: %.*s", table[i].code, MR_SPAN_ARG(said));
    }
    const bench *b = *state;
    char *page = page_of(b, "Foo", "urn:uuid:1");
    assert_non_null(strstr(page, "age 86 years (Patient/p1)"));
    assert_null(strstr(page, "86 a "));
    free(page);
}

/* Foo may be it: that none is taken would be more than is known. */
static void test_what_was_not_recognised_is_not_called_absent(void **state) {
    char *page = page_of(*state, "Foo", "urn:uuid:1");
    assert_non_null(strstr(page, ", possible: Oral NSAID at 65+ with no stomach protection"));
    assert_non_null(strstr(page, "no medicine of group ulcer-healing recognised\n"));
    free(page);
    page = page_of(*state, "Amlodipine 5mg tablets", "urn:uuid:1");
    assert_non_null(strstr(page, "no medicine of group ulcer-healing\n"));
    free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_of_a_record_steers_the_terminal),
        cmocka_unit_test(test_units_are_those_that_people_write),
        cmocka_unit_test(test_what_was_not_recognised_is_not_called_absent),
    };
    return cmocka_run_group_tests(tests, bench_open, bench_close);
}
