/* What the service asks of a review page by page: links, other people's data, products to fetch, lists cut off, what
 * was read; and who is spoken of in offline input. */
#include "review_bench.h"

#define ENTRY(resource) "{\"resource\":" resource "}"
#define PATIENT(id) "{\"resourceType\":\"Patient\",\"id\":\"" id "\",\"birthDate\":\"1940-01-01\"}"
#define STATEMENT(id, who, rest)                                                                                       \
    "{\"resourceType\":\"MedicationStatement\",\"id\":\"" id                                                           \
    "\",\"status\":\"active\",\"subject\":{\"reference\":\"" who "\"},"                                                \
    "\"meta\":{\"versionId\":\"3\",\"lastUpdated\":\"2026-11-0" id "T10:00:00Z\"}," rest "}"
#define TEXT(t) "\"medicationCodeableConcept\":{\"text\":\"" t "\"}"
#define PRODUCT(r) "\"medicationReference\":{\"reference\":\"" r "\",\"display\":\"From the hospital\"}"
#define BUNDLE(links, entries)                                                                                         \
    "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[" links "],\"entry\":[" entries "]}"

typedef struct stay {
    mr_arena *arena;
    mr_review *rv;
    mr_absorbed absorbed;
    mr_error err;
} stay;

static stay begin(const bench *b, const char *patient) {
    stay s = {.arena = mr_arena_new_checked(16 << 20)};
    s.rv = mr_review_begin(s.arena, &b->k, &b->settings, mr_span_of(patient));
    assert_non_null(s.rv);
    return s;
}

static void absorb(stay *s, mr_page_kind kind, const char *page) {
    if (mr_review_absorb(s->rv, kind, mr_span_of(page), false, &s->absorbed, &s->err)) fail_msg("%s", s->err.text);
}

static const mr_review_result *assess(stay *s) {
    const mr_review_result *r;
    if (mr_review_assess(s->rv, &r, &s->err)) fail_msg("%s", s->err.text);
    return r;
}

static bool gap(const mr_review_result *r, const char *code) {
    for (size_t i = 0; i < r->record->n_gaps; i++)
        if (mr_span_is(r->record->gaps[i].code, code)) return true;
    return false;
}

static void test_links_and_newest(void **state) {
    stay s = begin(*state, "p1");
    absorb(&s, MR_PAGE_STATEMENTS,
           BUNDLE("{\"relation\":\"self\",\"url\":\"https://x/a?patient=p1\"},{\"relation\":\"next\",\"url\":\"https://"
                  "x/b?c=%7C&d\"}",
                  ENTRY(STATEMENT("1", "Patient/p1", TEXT("Naproxen 500mg tablets"))) "," ENTRY(
                      STATEMENT("3", "Patient/p1",
                                TEXT("Warfarin 3mg tablets"))) "," ENTRY(STATEMENT("2", "Patient/p1",
                                                                                   TEXT("Aspirin 75mg tablets")))));
    assert_true(mr_span_is(s.absorbed.next, "https://x/b?c=%7C&d"));
    assert_true(mr_span_is(s.absorbed.self, "https://x/a?patient=p1"));
    assert_true(mr_span_is(s.absorbed.newest, "2026-11-03T10:00:00Z"));
    assert_int_equal(s.absorbed.n_entries, 3);
    absorb(&s, MR_PAGE_STATEMENTS, BUNDLE("", ""));
    assert_false(s.absorbed.next.ptr || s.absorbed.self.ptr || s.absorbed.newest.ptr);
    mr_arena_free(s.arena);
}

/* What is no answer to the question must not be taken for an empty list: an empty list closes findings. */
static void test_what_is_no_answer_is_refused(void **state) {
    static const struct {
        mr_page_kind kind;
        const char *page;
    } table[] = {
        {MR_PAGE_STATEMENTS, "{\"resourceType\":\"Parameters\"}"},
        {MR_PAGE_STATEMENTS,
         "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"warning\",\"code\":\"x\"}]}"},
        {MR_PAGE_STATEMENTS, STATEMENT("1", "Patient/p1", TEXT("Naproxen 500mg tablets"))},
        {MR_PAGE_ISSUES, "{\"resourceType\":\"Basic\"}"},
        {MR_PAGE_TASKS, "{\"resourceType\":\"Parameters\"}"},
        {MR_PAGE_PATIENT, "{\"resourceType\":\"Parameters\"}"},
        {MR_PAGE_PATIENT, BUNDLE("", "")},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stay s = begin(*state, "p1");
        mr_rc rc = mr_review_absorb(s.rv, table[i].kind, mr_span_of(table[i].page), false, &s.absorbed, &s.err);
        if (rc != MR_MALFORMED) fail_msg("row %zu was taken for an answer", i);
        mr_arena_free(s.arena);
    }
}

/* A code and a text that name different substances: one is wrong, and that is told. */
static void test_a_text_that_contradicts_its_code_is_told(void **state) {
    static const struct {
        const char *text;
        bool told;
    } table[] = {{"Naproxen 250mg tablets", true}, {"Aspirin 75mg tablets", false}, {"Somebody's own words", false}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stay s = begin(*state, "p1");
        char page[600];
        (void)snprintf(page, sizeof page,
                       BUNDLE("", ENTRY(STATEMENT("1", "Patient/p1",
                                                  "\"medicationCodeableConcept\":{\"coding\":[{\"system\":\"http://"
                                                  "snomed.info/sct\",\"code\":\"319775004\"}],\"text\":\"%s\"}"))),
                       table[i].text);
        absorb(&s, MR_PAGE_STATEMENTS, page);
        const mr_review_result *r = assess(&s);
        assert_int_equal(gap(r, "code-text-conflict"), table[i].told);
        assert_int_equal(r->record->complete, !table[i].told);
        mr_arena_free(s.arena);
    }
}

static void test_other_peoples_entries_are_counted(void **state) {
    static const struct {
        mr_page_kind kind;
        const char *page;
        unsigned foreign;
    } table[] = {
        {MR_PAGE_STATEMENTS, BUNDLE("", ENTRY(STATEMENT("1", "Patient/p1", TEXT("x")))), 0},
        {MR_PAGE_STATEMENTS, BUNDLE("", ENTRY(STATEMENT("1", "Patient/p2", TEXT("x")))), 1},
        {MR_PAGE_STATEMENTS, BUNDLE("", ENTRY(STATEMENT("1", "https://x/fhir/Patient/p1", TEXT("x")))), 0},
        {MR_PAGE_STATEMENTS, BUNDLE("", ENTRY(STATEMENT("1", "Patient/p1/_history/4", TEXT("x")))), 0},
        {MR_PAGE_STATEMENTS, BUNDLE("", ENTRY(STATEMENT("1", "Group/p1", TEXT("x")))), 1},
        {MR_PAGE_PATIENT, PATIENT("p1"), 0},
        {MR_PAGE_PATIENT, PATIENT("p2"), 1},
        {MR_PAGE_ISSUES,
         BUNDLE("",
                ENTRY("{\"resourceType\":\"DetectedIssue\",\"id\":\"d\",\"patient\":{\"reference\":\"Patient/p2\"}}")),
         1},
        {MR_PAGE_TASKS,
         BUNDLE("", ENTRY("{\"resourceType\":\"Task\",\"id\":\"d\",\"for\":{\"reference\":\"Patient/p2\"}}")), 1},
        {MR_PAGE_TASKS,
         BUNDLE("", ENTRY("{\"resourceType\":\"Task\",\"id\":\"d\",\"for\":{\"reference\":\"Patient/p1\"}}")), 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stay s = begin(*state, "p1");
        absorb(&s, table[i].kind, table[i].page);
        if (s.absorbed.foreign != table[i].foreign) fail_msg("row %zu: %u", i, s.absorbed.foreign);
        mr_arena_free(s.arena);
    }
}

static void test_products_to_fetch(void **state) {
    stay s = begin(*state, "p1");
    mr_span *v;
    size_t n;
    absorb(&s, MR_PAGE_PATIENT, PATIENT("p1"));
    absorb(
        &s, MR_PAGE_STATEMENTS,
        BUNDLE(
            "",
            "{\"fullUrl\":\"https://x/fhir/MedicationStatement/1\",\"resource\":" STATEMENT("1", "Patient/p1", PRODUCT("Medication/b")) "}," ENTRY(STATEMENT(
                "2", "Patient/p1",
                PRODUCT(
                    "https://x/fhir/Medication/a/_history/2"))) "," ENTRY(STATEMENT("3", "Patient/p1",
                                                                                    PRODUCT(
                                                                                        "https://elsewhere/Medication/"
                                                                                        "c"))) "," ENTRY(STATEMENT("4",
                                                                                                                   "Pat"
                                                                                                                   "ien"
                                                                                                                   "t/"
                                                                                                                   "p1",
                                                                                                                   PRODUCT(
                                                                                                                       "#gone"))) "," ENTRY(STATEMENT("5",
                                                                                                                                                      "Patient/p1",
                                                                                                                                                      PRODUCT(
                                                                                                                                                          "Medication/b")))));
    assert_int_equal(mr_review_unresolved(s.rv, &v, &n, &s.err), MR_OK);
    assert_int_equal(n, 2);
    assert_true(mr_span_is(v[0], "Medication/a") && mr_span_is(v[1], "Medication/b"));

    absorb(
        &s, MR_PAGE_MEDICATIONS,
        BUNDLE("",
               ENTRY("{\"resourceType\":\"Medication\",\"id\":\"b\",\"code\":{\"text\":\"Naproxen 500mg tablets\"}}")));
    assert_int_equal(mr_review_unresolved(s.rv, &v, &n, &s.err), MR_OK);
    assert_int_equal(n, 1);
    const mr_review_result *r = assess(&s);
    assert_int_equal(r->record->n_medicines, 1);
    assert_int_equal(r->record->medicines[0].n_references, 2);
    assert_int_equal(r->record->n_not_assessed, 3);
    for (size_t i = 0; i < 3; i++) assert_int_equal(r->record->not_assessed[i].why, MR_UNREAD_REFERENCE_NOT_FOUND);
    mr_arena_free(s.arena);
}

static void test_a_cut_list_is_told(void **state) {
    static const struct {
        mr_page_kind kind;
        unsigned cut;
    } table[] = {{MR_PAGE_STATEMENTS, MR_CUT_MEDICINES},
                 {MR_PAGE_REQUESTS, MR_CUT_MEDICINES},
                 {MR_PAGE_CONDITIONS, MR_CUT_CONDITIONS},
                 {MR_PAGE_OBSERVATIONS, MR_CUT_OBSERVATIONS},
                 {MR_PAGE_ALLERGIES, MR_CUT_ALLERGIES},
                 {MR_PAGE_PATIENT, MR_CUT_PATIENT},
                 {MR_PAGE_ISSUES, 0}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stay s = begin(*state, "p1");
        char why[] = "three hundred pages";
        assert_int_equal(mr_review_cut(s.rv, table[i].kind, "page-limit", why), MR_OK);
        memset(why, 'x', sizeof why - 1);
        const mr_review_result *r = assess(&s);
        assert_int_equal(r->record->cut, table[i].cut);
        assert_false(r->record->complete);
        assert_true(gap(r, "page-limit"));
        assert_true(mr_span_is(r->record->gaps[0].text, "three hundred pages"));
        mr_arena_free(s.arena);
    }
}

static void test_a_server_that_failed_in_the_middle(void **state) {
    stay s = begin(*state, "p1");
    absorb(
        &s, MR_PAGE_CONDITIONS,
        BUNDLE(
            "",
            ENTRY(
                "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\",\"code\":\"timeout\"}]}")));
    const mr_review_result *r = assess(&s);
    assert_true(gap(r, "server-outcome"));
    assert_int_equal(r->record->cut, MR_CUT_CONDITIONS);
    mr_arena_free(s.arena);
}

static void test_what_was_read(void **state) {
    stay s = begin(*state, "p1");
    absorb(&s, MR_PAGE_PATIENT, PATIENT("p1"));
    absorb(
        &s, MR_PAGE_STATEMENTS,
        BUNDLE("", ENTRY(STATEMENT("2", "Patient/p1", TEXT("x"))) "," ENTRY(STATEMENT("1", "Patient/p1", TEXT("y")))));
    absorb(
        &s, MR_PAGE_ISSUES,
        BUNDLE("",
               ENTRY("{\"resourceType\":\"DetectedIssue\",\"id\":\"d\",\"patient\":{\"reference\":\"Patient/p1\"}}")));
    const mr_review_result *r = assess(&s);
    static const char *const read[] = {"DetectedIssue/d", "MedicationStatement/1", "MedicationStatement/2",
                                       "Patient/p1"};
    assert_int_equal(r->n_read, 4);
    for (size_t i = 0; i < 4; i++) assert_true(mr_span_is(r->read_references[i], read[i]));
    assert_int_equal(r->n_inputs, 2);
    assert_true(mr_span_is(r->inputs[0], "MedicationStatement/1/_history/3"));
    assert_true(mr_span_is(r->patient, "Patient/p1"));
    mr_arena_free(s.arena);
}

/* The review of a page that is none fails, and says why; what was absorbed before stays. */
static void test_a_page_that_is_none(void **state) {
    static const struct {
        const char *page;
        const char *why;
    } table[] = {{"<html>", "not JSON"},
                 {"", "empty"},
                 {"{}", "no FHIR resource"},
                 {"{\"resourceType\":\"Bundle\",\"entry\":[],\"entry\":[]}", "twice"},
                 {"{\"resourceType\":\"Patient\",\"x\":1e999}", "number"},
                 {"{\"resourceType\":\"Patient\"} x", "not JSON"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stay s = begin(*state, "p1");
        assert_int_equal(
            mr_review_absorb(s.rv, MR_PAGE_STATEMENTS, mr_span_of(table[i].page), false, &s.absorbed, &s.err),
            MR_MALFORMED);
        if (!strstr(s.err.text, table[i].why)) fail_msg("row %zu: %s", i, s.err.text);
        mr_arena_free(s.arena);
    }
}

static void test_who_is_spoken_of(void **state) {
    (void)state;
    static const struct {
        const char *page, *ids; /* separated by blanks; "-" for nobody */
    } table[] = {
        {PATIENT("p1"), "p1"},
        {BUNDLE("", ENTRY(PATIENT("b")) "," ENTRY(PATIENT("a")) "," ENTRY(PATIENT("b"))), "a b"},
        {BUNDLE("", ENTRY(STATEMENT("1", "Patient/q", TEXT("x")))), "q"},
        {BUNDLE("", ENTRY(STATEMENT("1", "Patient/q", TEXT("x"))) "," ENTRY(STATEMENT("2", "Patient/c", TEXT("x")))),
         "c q"},
        {BUNDLE("", ENTRY(PATIENT("a")) "," ENTRY(STATEMENT("1", "Patient/q", TEXT("x")))), "a"},
        {"{\"resourceType\":\"Bundle\",\"entry\":[{\"fullUrl\":\"urn:uuid:1\",\"resource\":{\"resourceType\":"
         "\"Patient\"}}]}",
         "urn:uuid:1"},
        {"{\"resourceType\":\"Bundle\"}", "-"},
        {"{\"resourceType\":\"Encounter\"}", "-"},
        {"{\"resourceType\":\"MedicationStatement\",\"id\":\"m\"}", "-"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        mr_arena *a = mr_arena_new_checked(1 << 20);
        mr_span *v;
        size_t n;
        mr_error err;
        char got[200] = "";
        assert_int_equal(mr_review_patients(mr_span_of(table[i].page), false, a, &v, &n, &err), MR_OK);
        for (size_t k = 0; k < n; k++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%.*s", k ? " " : "",
                     MR_SPAN_ARG(v[k].ptr ? v[k] : MR_SPAN("-")));
        assert_string_equal(got, table[i].ids);
        mr_arena_free(a);
    }
}

/* Nothing is closed on half a record; a diagnosis without a code is no reason to keep an issue for ever. */
static void test_when_issues_may_be_closed(void **state) {
    const bench *b = *state;
    static const struct {
        const char *more;
        size_t changes;
    } table[] = {
        {"", 1},
        {"," ENTRY("{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":\"Patient/"
                   "p1\"},\"code\":{\"text\":\"Knee\"}}"),
         1},
        {"," ENTRY("{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":\"Patient/p1\"},"
                   "\"code\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/icd-10\",\"code\":\"K25\"}]}}"),
         1},
        {"," ENTRY(STATEMENT("1", "Patient/p1", TEXT("Something new"))), 0},
        {",{}", 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stay s = begin(b, "p1");
        char page[4000];
        snprintf(page, sizeof page, "{\"resourceType\":\"Bundle\",\"entry\":[%s%s]}", ENTRY(PATIENT("p1")),
                 table[i].more);
        absorb(&s, MR_PAGE_STATEMENTS, page);
        absorb(
            &s, MR_PAGE_ISSUES,
            BUNDLE(
                "",
                ENTRY("{\"resourceType\":\"DetectedIssue\",\"id\":\"mr-di-1\",\"meta\":{\"versionId\":\"1\"},"
                      "\"identifier\":[{"
                      "\"system\":\"https://medreview.example.org/id/"
                      "finding\",\"value\":\"00000000000000000000000000000001\"}],"
                      "\"status\":\"preliminary\",\"severity\":\"high\",\"patient\":{\"reference\":\"Patient/p1\"}}")));
        const mr_review_result *r = assess(&s);
        if (r->plan->n != table[i].changes) fail_msg("row %zu: %zu changes", i, r->plan->n);
        mr_arena_free(s.arena);
    }
}

/* fhir.md 9.2: what cites an entry that was entered in error was our mistake; what has merely gone is cancelled. */
static void test_an_issue_that_cites_an_error_is_one(void **state) {
    const bench *b = *state;
    static const struct {
        const char *entry, *citing, *reference;
        mr_issue_status becomes;
    } table[] = {
        {"{\"resourceType\":\"MedicationStatement\",\"id\":\"m1\",\"status\":\"entered-in-error\"", "i",
         "MedicationStatement/m1", MR_IS_ENTERED_IN_ERROR},
        {"{\"resourceType\":\"MedicationStatement\",\"id\":\"m1\",\"status\":\"entered-in-error\"", "i",
         "https://fhir.example.nhs.uk/r4/MedicationStatement/m1/_history/3", MR_IS_ENTERED_IN_ERROR},
        {"{\"resourceType\":\"MedicationStatement\",\"id\":\"m1\",\"status\":\"entered-in-error\"", "i",
         "MedicationStatement/m2", MR_IS_CANCELLED},
        {"{\"resourceType\":\"MedicationStatement\",\"id\":\"m1\",\"status\":\"stopped\"", "i",
         "MedicationStatement/m1", MR_IS_CANCELLED},
        {"{\"resourceType\":\"MedicationRequest\",\"id\":\"m1\",\"intent\":\"order\",\"status\":\"entered-in-error\"",
         "i", "MedicationRequest/m1", MR_IS_ENTERED_IN_ERROR},
        {"{\"resourceType\":\"Observation\",\"id\":\"m1\",\"status\":\"entered-in-error\"", "e", "Observation/m1",
         MR_IS_ENTERED_IN_ERROR},
        {"{\"resourceType\":\"Condition\",\"id\":\"m1\",\"verificationStatus\":{\"coding\":[{\"code\":\"entered-in-"
         "error\"}]}",
         "e", "Condition/m1", MR_IS_ENTERED_IN_ERROR},
        {"{\"resourceType\":\"Condition\",\"id\":\"m1\",\"verificationStatus\":{\"coding\":[{\"code\":\"refuted\"}]}",
         "e", "Condition/m1", MR_IS_CANCELLED},
        {"{\"resourceType\":\"AllergyIntolerance\",\"id\":\"m1\",\"verificationStatus\":{\"coding\":[{\"code\":"
         "\"entered-in-error\"}]}",
         "e", "AllergyIntolerance/m1", MR_IS_ENTERED_IN_ERROR},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stay s = begin(b, "p1");
        char page[4000], cited[400];
        bool allergy = strstr(table[i].entry, "AllergyIntolerance");
        snprintf(page, sizeof page,
                 "{\"resourceType\":\"Bundle\",\"entry\":[%s,{\"resource\":%s,\"%s\":{\"reference\":\"Patient/p1\"},"
                 "\"code\":{\"coding\":[{\"system\":\"http://snomed.info/sct\",\"code\":\"1\"}]},"
                 "\"medicationCodeableConcept\":{\"text\":\"Naproxen 500mg tablets\"}}}]}",
                 ENTRY(PATIENT("p1")), table[i].entry, allergy ? "patient" : "subject");
        absorb(&s, MR_PAGE_STATEMENTS, page);
        snprintf(cited, sizeof cited, "%s{\"reference\":\"%s\"}%s",
                 *table[i].citing == 'i' ? "\"implicated\":[" : "\"evidence\":[{\"detail\":[", table[i].reference,
                 *table[i].citing == 'i' ? "]" : "]}]");
        snprintf(page, sizeof page,
                 "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"DetectedIssue\",\"id\":"
                 "\"mr-di-1\","
                 "\"identifier\":[{\"system\":\"https://medreview.example.org/id/finding\","
                 "\"value\":\"00000000000000000000000000000001\"}],\"status\":\"preliminary\",\"severity\":\"high\","
                 "\"patient\":{\"reference\":\"Patient/p1\"},%s}}]}",
                 cited);
        absorb(&s, MR_PAGE_ISSUES, page);
        const mr_review_result *r = assess(&s);
        if (r->plan->n != 1 || r->plan->v[0].issue_status != table[i].becomes)
            fail_msg("row %zu: %zu changes, %s", i, r->plan->n,
                     r->plan->n ? mr_issue_status_text(r->plan->v[0].issue_status) : "none");
        mr_arena_free(s.arena);
    }
}

/* Used all the same, since a record is not better for being left out; but told. */
static void test_an_id_that_is_none_in_fhir_is_told(void **state) {
    const bench *b = *state;
    static const struct {
        const char *id;
        bool told;
    } table[] = {{"m-1.A", false}, {"m_1", true}, {"m 1", true}, {"m\\u0001", true}, {"m/1", true}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stay s = begin(b, "p1");
        char page[2000];
        snprintf(page, sizeof page,
                 "{\"resourceType\":\"Bundle\",\"entry\":[%s,{\"resource\":{\"resourceType\":\"MedicationStatement\","
                 "\"id\":\"%s\",\"status\":\"active\",\"subject\":{\"reference\":\"Patient/p1\"},"
                 "\"medicationCodeableConcept\":{\"text\":\"Naproxen 500mg tablets\"}}}]}",
                 ENTRY(PATIENT("p1")), table[i].id);
        absorb(&s, MR_PAGE_STATEMENTS, page);
        const mr_review_result *r = assess(&s);
        if (gap(r, "invalid-id") != table[i].told) fail_msg("%s", table[i].id);
        assert_int_equal(r->record->n_medicines, 1);
        assert_true(r->record->complete);
        mr_arena_free(s.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_issue_that_cites_an_error_is_one),
        cmocka_unit_test(test_an_id_that_is_none_in_fhir_is_told),
        cmocka_unit_test(test_links_and_newest),
        cmocka_unit_test(test_what_is_no_answer_is_refused),
        cmocka_unit_test(test_a_text_that_contradicts_its_code_is_told),
        cmocka_unit_test(test_other_peoples_entries_are_counted),
        cmocka_unit_test(test_products_to_fetch),
        cmocka_unit_test(test_a_cut_list_is_told),
        cmocka_unit_test(test_a_server_that_failed_in_the_middle),
        cmocka_unit_test(test_what_was_read),
        cmocka_unit_test(test_a_page_that_is_none),
        cmocka_unit_test(test_who_is_spoken_of),
        cmocka_unit_test(test_when_issues_may_be_closed),
    };
    return cmocka_run_group_tests(tests, bench_open, bench_close);
}
