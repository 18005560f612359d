/* Catch-up polling as transcripts: what is asked of the server, what is recorded, and where the next poll begins. At
 * the end a small server that answers any of it, with every exchange and every store call failing once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow_fakes.h"
#include "search_page.h"

#define STATEMENT(id, version, updated, patient)                                                                       \
    "{'resource':{'resourceType':'MedicationStatement','id':'" id "','meta':{'versionId':'" version                    \
    "','lastUpdated':'" updated "'},'subject':{'reference':'" patient "'}},'search':{'mode':'match'}}"
#define BUNDLE(...) "{'resourceType':'Bundle','type':'searchset','entry':[" __VA_ARGS__ "]}"
#define LINKED(next, ...)                                                                                              \
    "{'resourceType':'Bundle','link':[{'relation':'self','url':'x'},{'relation':'next','url':'" next                   \
    "'}],'entry':[" __VA_ARGS__ "]}"
#define ASK_OURS                                                                                                       \
    "GET DetectedIssue?_tag=https://medreview.example.org/tag%7Cmedreview&_sort=-_lastUpdated&_count=1&_elements="     \
    "id,meta"
#define SINCE(type, from, member)                                                                                      \
    "GET " type "?_lastUpdated=ge" from "&_sort=_lastUpdated&_count=200&_elements=id,meta" member
#define STATEMENTS_SINCE(from) SINCE("MedicationStatement", from, ",subject")

static const char *const statements[] = {"MedicationStatement", NULL};

static void begin(fake *f, const char *const *types) {
    fake_init(f, types);
    f->settings.manage_subscription = false;
    fake_start_usable(f);
    for (size_t i = 0; types[i]; i++) fake_mark(f, types[i], "2026-11-21T08:50:00Z");
}

static uint64_t polls(const fake *f) {
    return mr_metrics_counter(f->engine.port.metrics, MR_C_POLLS);
}

/* --- where to begin ---------------------------------------------------------------------------------------------- */

static void test_first_start_begins_at_the_servers_present_and_backfills_nothing(void **state) {
    (void)state;
    static const char *const types[] = {"MedicationStatement", "Condition", NULL};
    fake f;
    begin(&f, types);
    f.n_marks = 0;
    expect(&f, ASK_OURS, 200, "{'resourceType':'Bundle','meta':{'lastUpdated':'2026-11-21T08:59:58.123Z'}}");
    pass(&f, 1000);
    story(&f, "watermark MedicationStatement 2026-11-21T08:59:58.123Z\nwatermark Condition 2026-11-21T08:59:58.123Z\n");
    assert_int_equal(polls(&f), 1);
    /* The overlap of the next poll does not reach behind the first start either. */
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:59:58Z"), 200,
           BUNDLE(STATEMENT("m1", "1", "2026-11-21T09:03:00Z", "Patient/p1")));
    expect(&f, SINCE("Condition", "2026-11-21T08:59:58Z", ",subject"), 200, BUNDLE());
    catchup_soon(f.source.catchup);
    pass(&f, 1000);
    story(&f, "record p1\nwatermark MedicationStatement 2026-11-21T09:03:00Z\n");
    fake_end(&f);
}

static void test_first_start_with_an_empty_store_begins_at_the_newest_of_ours(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    f.n_marks = 0;
    expect(&f, ASK_OURS, 200,
           "{'resourceType':'Bundle','meta':{'lastUpdated':'2026-11-21T08:59:58Z'},'entry':["
           "{'resource':{'resourceType':'DetectedIssue','meta':{'lastUpdated':'2026-11-20T23:00:00Z'}}},"
           "{'resource':{'resourceType':'DetectedIssue','meta':{'lastUpdated':'2026-11-19T10:00:00+01:00',"
           "'tag':[{'system':'https://medreview.example.org/tag','code':'medreview'}]}}}]}");
    expect(&f, STATEMENTS_SINCE("2026-11-19T08:55:00Z"), 200,
           BUNDLE(STATEMENT("m1", "4", "2026-11-20T07:00:00Z", "Patient/p1")));
    pass(&f, 1000);
    story(&f, "record p1\nwatermark MedicationStatement 2026-11-20T07:00:00Z\n");
    fake_end(&f);
}

static void test_first_start_where_issues_cannot_be_searched(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *answer, *watermark;
    } rows[] = {
        {200, "{'resourceType':'Bundle','meta':{'lastUpdated':'2026-11-21T08:59:58Z'}}",
         "watermark MedicationStatement 2026-11-21T08:59:58Z\n"},
        {200, "{'resourceType':'Bundle'}", "watermark MedicationStatement 2026-11-21T08:55:00Z\n"},
        {200, "{'resourceType':'Bundle','meta':{'lastUpdated':'yesterday'}}",
         "watermark MedicationStatement 2026-11-21T08:55:00Z\n"},
        {400, "", "watermark MedicationStatement 2026-11-21T08:55:00Z\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake f;
        begin(&f, statements);
        f.n_marks = 0;
        expect(&f, ASK_OURS, 400, "");
        expect(&f, "GET MedicationStatement?_count=1&_elements=id", rows[i].status, rows[i].answer);
        pass(&f, 1000);
        story(&f, rows[i].watermark);
        fake_end(&f);
    }
}

static void test_first_start_in_an_outage_waits_rather_than_guesses(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    f.n_marks = 0;
    expect_silence(&f, ASK_OURS, MR_IO);
    expect(&f, ASK_OURS, 200, "not json");
    pass(&f, 2000);
    story(&f, "");
    expect(&f, ASK_OURS, 200, "{'resourceType':'Bundle','meta':{'lastUpdated':'2026-11-21T08:59:58Z'}}");
    pass(&f, 2000);
    story(&f, "watermark MedicationStatement 2026-11-21T08:59:58Z\n");
    fake_end(&f);
}

/* --- pages ------------------------------------------------------------------------------------------------------- */

static void test_pages_are_read_to_the_end_before_the_watermark_moves(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200,
           LINKED(FAKE_BASE "?_getpages=a1",
                  STATEMENT("m1", "1", "2026-11-21T08:51:00.250Z", "Patient/p2") "," STATEMENT(
                      "m2", "1", "2026-11-21T08:51:00.1Z",
                      "Patient/p1") "," STATEMENT("m3", "7", "2026-11-21T08:51:00Z", "Patient/p2")));
    for (int spins = 0; !strstr(f.story, "record") && spins < 20; spins++) (void)fake_step(&f, f.now);
    assert_true(strstr(f.headers, "Cache-Control: no-cache") != NULL); /* HAPI answers from a cache otherwise */
    story(&f, "record p1 p2\n");
    expect(&f, "GET ?_getpages=a1", 200, BUNDLE(STATEMENT("m4", "1", "2026-11-21T08:50:30Z", "Patient/p3")));
    pass(&f, 1000);
    story(&f, "record p3\nwatermark MedicationStatement 2026-11-21T08:51:00.250Z\n");
    assert_true(f.looked_ms == fake_ms("2026-11-21T09:00:00Z")); /* due at once */
    assert_int_equal(mr_metrics_counter(f.engine.port.metrics, MR_C_POLL_FOUND), 3);
    assert_true(logged(&f, "info catchup.done,\"source\":\"gp\",\"found\":3"));
    fake_end(&f);
}

static void test_the_overlap_does_not_review_for_ever(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200,
           BUNDLE(STATEMENT("m1", "1", "2026-11-21T08:58:00Z", "Patient/p1")));
    pass(&f, 1000);
    story(&f, "record p1\nwatermark MedicationStatement 2026-11-21T08:58:00Z\n");
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:53:00Z"), 200,
           BUNDLE(STATEMENT("m1", "1", "2026-11-21T08:58:00Z", "Patient/p1")));
    pass(&f, 1000000);
    story(&f, "");
    expect(
        &f, STATEMENTS_SINCE("2026-11-21T08:53:00Z"), 200,
        BUNDLE(STATEMENT("m1", "1", "2026-11-21T08:58:00Z", "Patient/p1") "," /* and a new version, and one that was */
               STATEMENT("m1", "2", "2026-11-21T09:18:00Z", "Patient/p1") "," /* stamped before and committed late   */
               STATEMENT("m9", "1", "2026-11-21T08:57:59Z", "Patient/p9")));
    pass(&f, 1000000);
    story(&f, "record p1 p9\nwatermark MedicationStatement 2026-11-21T09:18:00Z\n");
    assert_int_equal(polls(&f), 3);
    fake_end(&f);
}

static void test_whom_a_resource_is_about(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect(
        &f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200,
        BUNDLE(
            STATEMENT("m1", "1", "2026-11-21T08:51:00Z", "Patient/p1/_history/3") "," STATEMENT("m2", "1", "2026-11-21T08:51:00Z", FAKE_BASE "/Patient/p2") "," STATEMENT(
                "m3", "1", "2026-11-21T08:51:00Z",
                "https://elsewhere.example.org/r4/Patient/p3") "," STATEMENT("m4", "1", "2026-11-21T08:51:00Z",
                                                                             "Group/g1") "," STATEMENT("m5", "1",
                                                                                                       "2026-11-21T08:"
                                                                                                       "51:00Z",
                                                                                                       "Patient/not an "
                                                                                                       "id") ","
                                                                                                             "{'"
                                                                                                             "resource'"
                                                                                                             ":{'"
                                                                                                             "resourceT"
                                                                                                             "ype':'"
                                                                                                             "Medicatio"
                                                                                                             "nStatemen"
                                                                                                             "t','id':'"
                                                                                                             "m6'}},"
                                                                                                             "{'"
                                                                                                             "resource'"
                                                                                                             ":{'"
                                                                                                             "resourceT"
                                                                                                             "ype':'"
                                                                                                             "Patient',"
                                                                                                             "'id':'p7'"
                                                                                                             "},'"
                                                                                                             "search':{"
                                                                                                             "'mode':'"
                                                                                                             "include'}"
                                                                                                             "},"
                                                                                                             "{'"
                                                                                                             "resource'"
                                                                                                             ":{'"
                                                                                                             "resourceT"
                                                                                                             "ype':'"
                                                                                                             "Medicatio"
                                                                                                             "nStatemen"
                                                                                                             "t','id':'"
                                                                                                             "m8','"
                                                                                                             "subject':"
                                                                                                             "{'"
                                                                                                             "reference"
                                                                                                             "':'"
                                                                                                             "Patient/"
                                                                                                             "p8'}},"
                                                                                                             "'search':"
                                                                                                             "{'mode':'"
                                                                                                             "include'}"
                                                                                                             "},"
                                                                                                             "{'"
                                                                                                             "resource'"
                                                                                                             ":{'"
                                                                                                             "resourceT"
                                                                                                             "ype':'"
                                                                                                             "Operation"
                                                                                                             "Outcome',"
                                                                                                             "'issue':["
                                                                                                             "{'"
                                                                                                             "severity'"
                                                                                                             ":'"
                                                                                                             "warning'}"
                                                                                                             "]}},{},"
                                                                                                             "null,"
                                                                                                             "{'"
                                                                                                             "resource'"
                                                                                                             ":{'"
                                                                                                             "resourceT"
                                                                                                             "ype':'"
                                                                                                             "Medicatio"
                                                                                                             "nStatemen"
                                                                                                             "t','"
                                                                                                             "subject':"
                                                                                                             "{'"
                                                                                                             "reference"
                                                                                                             "':'"
                                                                                                             "Patient/"
                                                                                                             "p10'}}"
                                                                                                             "}"));
    pass(&f, 1000);
    story(&f, "record p1 p2\nwatermark MedicationStatement 2026-11-21T08:51:00Z\n");
    assert_true(logged(&f, "\"without_patient\":4"));
    fake_end(&f);
}

static void test_each_type_asks_for_the_member_that_names_the_patient(void **state) {
    (void)state;
    static const char *const types[] = {"AllergyIntolerance", "Task", "Patient", "Medication", "Observation", NULL};
    fake f;
    begin(&f, types);
    expect(&f, SINCE("AllergyIntolerance", "2026-11-21T08:45:00Z", ",patient"), 200,
           BUNDLE("{'resource':{'resourceType':'AllergyIntolerance','id':'a1','patient':{'reference':'Patient/p1'}}}"));
    expect(&f, SINCE("Task", "2026-11-21T08:45:00Z", ",for"), 200,
           BUNDLE("{'resource':{'resourceType':'Task','id':'t1','for':{'reference':'Patient/p2'}}}"));
    expect(&f, SINCE("Patient", "2026-11-21T08:45:00Z", ""), 200,
           BUNDLE("{'resource':{'resourceType':'Patient','id':'p3'}}"));
    expect(&f, SINCE("Medication", "2026-11-21T08:45:00Z", ""), 200,
           BUNDLE("{'resource':{'resourceType':'Medication','id':'x1'}}"));
    expect(&f, SINCE("Observation", "2026-11-21T08:45:00Z", ",subject"), 200, BUNDLE());
    pass(&f, 1000);
    story(&f, "record p1\nrecord p2\nrecord p3\nrecord hint:Medication/x1\n");
    fake_end(&f);
}

static void test_what_we_wrote_ourselves_is_not_news(void **state) {
    (void)state;
    static const char *const types[] = {"Task", NULL};
    fake f;
    begin(&f, types);
    fake_wrote(&f, "Task", "mr-task-1", "1");
    expect(&f, SINCE("Task", "2026-11-21T08:45:00Z", ",for"), 200,
           BUNDLE("{'resource':{'resourceType':'Task','id':'mr-task-1','meta':{'versionId':'1','lastUpdated':"
                  "'2026-11-21T08:55:00Z'},'for':{'reference':'Patient/p1'}}}"));
    pass(&f, 1000);
    story(&f, "watermark Task 2026-11-21T08:55:00Z\n");
    expect(&f, SINCE("Task", "2026-11-21T08:50:00Z", ",for"), 200,
           BUNDLE("{'resource':{'resourceType':'Task','id':'mr-task-1','meta':{'versionId':'2','lastUpdated':"
                  "'2026-11-21T08:59:00Z'},'for':{'reference':'Patient/p1'}}}")); /* a person accepted it */
    pass(&f, 1000000);
    story(&f, "record p1\nwatermark Task 2026-11-21T08:59:00Z\n");
    fake_end(&f);
}

static void test_a_server_that_ignores_the_window_causes_no_backfill(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200,
           BUNDLE(STATEMENT("m1", "1", "2019-01-01T00:00:00Z", "Patient/p1") "," STATEMENT(
               "m2", "1", "2026-11-21T08:44:59.9Z", "Patient/p2") "," STATEMENT("m3", "1", "2026-11-21T08:45:00Z",
                                                                                "Patient/p3")));
    pass(&f, 1000);
    story(&f, "record p3\n");
    fake_end(&f);
}

/* --- what goes wrong --------------------------------------------------------------------------------------------- */

static void test_a_page_that_cannot_be_followed_leaves_the_watermark(void **state) {
    (void)state;
    static const struct {
        const char *name, *page;
    } rows[] = {
        {"another server", LINKED("https://evil.example.org/r4?page=2", "{}")},
        {"a circle", LINKED(FAKE_BASE "?page=2", "{}")},
        {"not whole", "{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'OperationOutcome','issue':["
                      "{'severity':'error'}]}}]}"},
        {"no Bundle", "{'resourceType':'OperationOutcome'}"},
        {"cut off", "{'resourceType':'Bundle','entry':[{'resource'"},
        {"nothing", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake f;
        begin(&f, statements);
        expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200,
               LINKED(FAKE_BASE "?page=2", STATEMENT("m1", "1", "2026-11-21T08:51:00Z", "Patient/p1")));
        expect(&f, "GET ?page=2", 200, rows[i].page);
        pass(&f, 400);
        story(&f, "record p1\n");
        assert_true(logged(&f, "warn catchup.failed,\"source\":\"gp\",\"type\":\"MedicationStatement\""));
        assert_int_equal(polls(&f), 0);
        expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200,
               BUNDLE(STATEMENT("m1", "1", "2026-11-21T08:51:00Z", "Patient/p1")));
        pass(&f, 1000);
        story(&f, "record p1\nwatermark MedicationStatement 2026-11-21T08:51:00Z\n");
        fake_end(&f);
    }
}

static void test_empty_pages_have_an_end(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200, LINKED(FAKE_BASE "?page=2"));
    expect(&f, "GET ?page=2", 200, LINKED(FAKE_BASE "?page=3"));
    expect(&f, "GET ?page=3", 200, LINKED(FAKE_BASE "?page=4"));
    expect(&f, "GET ?page=4", 200, BUNDLE()); /* a useless last page is seen */
    pass(&f, 400);
    story(&f, "");
    assert_int_equal(polls(&f), 1);
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200, LINKED(FAKE_BASE "?page=2"));
    expect(&f, "GET ?page=2", 200, LINKED(FAKE_BASE "?page=3"));
    expect(&f, "GET ?page=3", 200, LINKED(FAKE_BASE "?page=4"));
    expect(&f, "GET ?page=4", 200, LINKED(FAKE_BASE "?page=5"));
    catchup_soon(f.source.catchup);
    pass(&f, 500);
    story(&f, "");
    assert_true(logged(&f, "empty pages without an end"));
    fake_end(&f);
}

static void test_an_expired_page_link_begins_anew_twice(void **state) {
    (void)state;
    static const int gone[] = {410, 404};
    fake f;
    begin(&f, statements);
    for (int i = 0; i < 2; i++) {
        expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200, LINKED(FAKE_BASE "?page=2", "{}"));
        expect(&f, "GET ?page=2", gone[i], "");
    }
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200, LINKED(FAKE_BASE "?page=2", "{}"));
    expect(&f, "GET ?page=2", 410, "");
    pass(&f, 400);
    story(&f, "");
    assert_true(logged(&f, "catchup.failed"));
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200, BUNDLE());
    pass(&f, 1000);
    story(&f, "");
    fake_end(&f);
}

static void test_too_much_at_once_is_read_in_smaller_windows(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 413, "");
    expect(&f,
           "GET MedicationStatement?_lastUpdated=ge2026-11-21T08:45:00Z&_lastUpdated=lt2026-11-21T08:52:30Z"
           "&_sort=_lastUpdated&_count=200&_elements=id,meta,subject",
           200, BUNDLE(STATEMENT("m1", "1", "2026-11-21T08:51:00Z", "Patient/p1")));
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:52:30Z"), 200,
           BUNDLE(STATEMENT("m2", "1", "2026-11-21T08:53:00Z", "Patient/p2")));
    pass(&f, 1000);
    story(&f, "record p1\nwatermark MedicationStatement 2026-11-21T08:51:00Z\n" /* kept window by window */
              "record p2\nwatermark MedicationStatement 2026-11-21T08:53:00Z\n");
    fake_end(&f);
}

static void test_what_lies_behind_a_smaller_window_moves_no_watermark(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200,
           LINKED(FAKE_BASE "?page=2", STATEMENT("m2", "1", "2026-11-21T08:58:00Z", "Patient/p2")));
    expect(&f, "GET ?page=2", 413, "");
    expect(&f,
           "GET MedicationStatement?_lastUpdated=ge2026-11-21T08:45:00Z&_lastUpdated=lt2026-11-21T08:52:30Z"
           "&_sort=_lastUpdated&_count=200&_elements=id,meta,subject",
           200, BUNDLE(STATEMENT("m1", "1", "2026-11-21T08:51:00Z", "Patient/p1")));
    expect_silence(&f, STATEMENTS_SINCE("2026-11-21T08:52:30Z"), MR_IO);
    pass(&f, 400);
    story(&f, "record p2\nrecord p1\nwatermark MedicationStatement 2026-11-21T08:51:00Z\n");
    fake_end(&f);
}

static void test_a_slow_search_is_tried_again_with_half_the_window(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect_silence(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), MR_TIMEOUT);
    pass(&f, 400);
    story(&f, "");
    expect(&f,
           "GET MedicationStatement?_lastUpdated=ge2026-11-21T08:45:00Z&_lastUpdated=lt2026-11-21T08:52:30Z"
           "&_sort=_lastUpdated&_count=200&_elements=id,meta,subject",
           200, BUNDLE());
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:52:30Z"), 200, BUNDLE());
    pass(&f, 1000);
    story(&f, "");
    assert_int_equal(polls(&f), 1);
    fake_end(&f);
}

static bool endless_pages(fake *f, const char *request, fake_answer *ret) {
    char body[600], next[80];
    (void)request;
    (void)snprintf(next, sizeof next, FAKE_BASE "?page=%zu", f->n_sent);
    (void)snprintf(body, sizeof body, LINKED("%s", STATEMENT("m%zu", "1", "2026-11-21T08:51:00Z", "Patient/p%zu")),
                   next, f->n_sent, f->n_sent % 7);
    *ret = (fake_answer){.status = 200, .body = fake_json(body)};
    return true;
}

static void test_pages_without_end_come_to_an_end(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    f.serve = endless_pages;
    pass(&f, 400);
    /* 200 pages a window, halved from 15 minutes to 2 seconds, then given up until later. */
    assert_in_range(f.n_sent, 200 * 8, 200 * 10);
    assert_int_equal(f.n_marks, 1);
    assert_string_equal(f.marks[0].instant, "2026-11-21T08:50:00Z");
    assert_true(logged(&f, "more than 200 pages"));
    fake_end(&f);
}

static void test_a_type_that_the_server_lacks_is_told_once_and_holds_nothing_up(void **state) {
    (void)state;
    static const char *const types[] = {"Condition", "MedicationStatement", NULL};
    fake f;
    begin(&f, types);
    for (int i = 0; i < 2; i++) {
        expect(&f, SINCE("Condition", "2026-11-21T08:45:00Z", ",subject"), 404, "");
        expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200, BUNDLE());
        pass(&f, i ? 1000000 : 400);
    }
    story(&f, "");
    assert_int_equal(polls(&f), 2);
    const char *told = strstr(f.log, "catchup.failed");
    assert_non_null(told);
    assert_null(strstr(told + 1, "catchup.failed"));
    fake_end(&f);
}

static void test_one_failing_type_is_tried_again_alone(void **state) {
    (void)state;
    static const char *const types[] = {"Condition", "MedicationStatement", NULL};
    fake f;
    begin(&f, types);
    expect(&f, SINCE("Condition", "2026-11-21T08:45:00Z", ",subject"), 500, "");
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), 200,
           BUNDLE(STATEMENT("m1", "1", "2026-11-21T08:51:00Z", "Patient/p1")));
    pass(&f, 400);
    story(&f, "record p1\nwatermark MedicationStatement 2026-11-21T08:51:00Z\n");
    for (int i = 0; i < 3; i++) expect(&f, SINCE("Condition", "2026-11-21T08:45:00Z", ",subject"), 500, "");
    pass(&f, 7600);
    assert_int_equal(f.at_script, f.n_script);
    assert_int_equal(polls(&f), 0);
    expect(&f, SINCE("Condition", "2026-11-21T08:45:00Z", ",subject"), 200, BUNDLE());
    pass(&f, 8000);
    story(&f, "");
    assert_int_equal(polls(&f), 1);
    /* The regular poll comes as it would have. */
    expect(&f, SINCE("Condition", "2026-11-21T08:45:00Z", ",subject"), 200, BUNDLE());
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:46:00Z"), 200, BUNDLE());
    pass(&f, 990000 - 16000);
    story(&f, "");
    const char *told = strstr(f.log, "catchup.failed");
    assert_non_null(told);
    assert_null(strstr(told + 1, "catchup.failed")); /* once for the whole time of trouble */
    expect(&f, SINCE("Condition", "2026-11-21T08:45:00Z", ",subject"), 500, "");
    expect(&f, STATEMENTS_SINCE("2026-11-21T08:46:00Z"), 200, BUNDLE());
    catchup_soon(f.source.catchup);
    pass(&f, 500);
    story(&f, "");
    assert_non_null(strstr(told + 1, "catchup.failed")); /* and again for the next */
    fake_end(&f);
}

/* --- when -------------------------------------------------------------------------------------------------------- */

static bool nothing_new(fake *f, const char *request, fake_answer *ret) {
    (void)f;
    (void)request;
    *ret = (fake_answer){.status = 200, .body = fake_json("{'resourceType':'Bundle'}")};
    return true;
}

static void test_polls_come_at_their_interval_give_or_take_a_tenth(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    f.serve = nothing_new;
    pass(&f, 100 * 900000);
    assert_in_range(polls(&f), 95, 106);
    fake_end(&f);

    begin(&f, statements);
    f.serve = nothing_new;
    f.settings.poll_interval_ms = 0;
    pass(&f, 100 * 900000);
    assert_int_equal(polls(&f), 1); /* only at start */
    catchup_soon(f.source.catchup);
    catchup_soon(f.source.catchup);
    pass(&f, 1000);
    assert_int_equal(polls(&f), 2);
    fake_end(&f);
}

static void test_a_gap_suspected_during_a_poll_is_polled_after_it(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    f.serve = nothing_new;
    (void)fake_step(&f, f.now);
    assert_int_equal(catchup_started(f.source.catchup), 1);
    assert_int_equal(catchup_completed(f.source.catchup), 0);
    catchup_soon(f.source.catchup);
    pass(&f, 1000);
    assert_int_equal(catchup_started(f.source.catchup), 2);
    assert_int_equal(catchup_completed(f.source.catchup), 2);
    pass(&f, 5000);
    assert_int_equal(catchup_started(f.source.catchup), 2);
    fake_end(&f);
}

static void test_suspicions_do_not_hammer_a_server_that_is_down(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    for (int i = 0; i < 20; i++) expect_silence(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), MR_IO);
    for (int i = 0; i < 600; i++) {
        catchup_soon(f.source.catchup);
        pass(&f, 100);
    }
    assert_in_range(f.n_sent, 6, 9); /* 1, 2, 4, ... seconds apart */
    f.n_script = f.at_script;
    fake_end(&f);
}

static void test_the_lag_grows_until_the_poll_is_through(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    for (int i = 0; i < 200; i++) expect_silence(&f, STATEMENTS_SINCE("2026-11-21T08:45:00Z"), MR_IO);
    pass(&f, 600000);
    mr_buf text;
    mr_buf_init(&text, 1 << 16);
    mr_metrics_render(f.engine.port.metrics, &text);
    const char *line = strstr(mr_buf_z(&text), "\nmedreview_watermark_lag_seconds ");
    assert_non_null(line);
    assert_in_range(strtol(line + 33, NULL, 10), 530, 600);
    f.serve = nothing_new;
    pass(&f, 60000);
    mr_buf_clear(&text);
    mr_metrics_render(f.engine.port.metrics, &text);
    line = strstr(mr_buf_z(&text), "\nmedreview_watermark_lag_seconds ");
    assert_in_range(strtol(line + 33, NULL, 10), 0, 60);
    mr_buf_free(&text);
    fake_end(&f);
}

static void test_stopping_in_the_middle_leaves_nothing_open(void **state) {
    (void)state;
    for (int steps = 1; steps < 12; steps++) {
        fake f;
        begin(&f, statements);
        f.serve = endless_pages;
        for (int i = 0; i < steps; i++) (void)fake_step(&f, f.now);
        size_t sent = f.n_sent;
        f.engine.stopping = true;
        if (f.sent) mr_fhir_cancel(&f.source.client, f.source.upkeep_id);
        pass(&f, 3600000);
        assert_int_equal(f.n_sent, sent);
        assert_int_equal(f.engine.store_ops, 0);
        assert_false(logged(&f, "catchup.failed"));
        fake_end(&f);
    }
}

static void test_instants_compare_by_time(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {
        {"2026-11-21T09:00:00Z", "2026-11-21T09:00:00Z", 0},
        {"2026-11-21T09:00:00Z", "2026-11-21T09:00:01Z", -1},
        {"2026-11-21T09:00:00.5Z", "2026-11-21T09:00:00.49Z", 1},
        {"2026-11-21T09:00:00.5Z", "2026-11-21T09:00:00Z", 1},
        {"2026-11-21T10:00:00+01:00", "2026-11-21T09:00:00Z", 0},
        {"2026-11-21T09:00:00.500Z", "2026-11-21T09:00:00.5Z", 0},
        {"2026-11-21T09:00:00.001Z", "2026-11-21T09:00:00.01Z", -1},
        {"", "2026-11-21T09:00:00Z", -1},
        {"2026-11-21", "2026-11-21T00:00:00Z", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(instant_cmp(rows[i].a, rows[i].b), rows[i].order);
        assert_int_equal(instant_cmp(rows[i].b, rows[i].a), -rows[i].order);
    }
}

/* --- everything may fail once ------------------------------------------------------------------------------------ */

/* Twelve statements, one each minute from 08:50, in pages of five. Page links name the first entry's number. */
static bool small_server(fake *f, const char *request, fake_answer *ret) {
    char body[4096] = "{'resourceType':'Bundle','entry':[", from[32];
    unsigned long at = 0;
    (void)f;
    const char *since = strstr(request, "_lastUpdated=ge"), *page = strstr(request, "?at=");
    if (page) at = strtoul(page + 4, NULL, 10);
    (void)snprintf(from, sizeof from, "%.20s", since ? since + 15 : "");
    unsigned long end = at;
    for (; at < 12 && end < at + 5; at++) {
        char updated[32];
        (void)snprintf(updated, sizeof updated, "2026-11-21T08:%02lu:00Z", 48 + at);
        if (since && instant_cmp(updated, from) < 0) {
            end = at + 1;
            continue;
        }
        break;
    }
    unsigned long first = at, last = first + 5 < 12 ? first + 5 : 12;
    for (unsigned long i = first; i < last; i++)
        fake_add(body, sizeof body, "%s" STATEMENT("m%lu", "1", "2026-11-21T08:%02lu:00Z", "Patient/p%lu"),
                 i > first ? "," : "", i, 48 + i, i);
    fake_add(body, sizeof body, "]%s", last < 12 ? ",'link':[{'relation':'next','url':'" FAKE_BASE "?at=" : "");
    if (last < 12) fake_add(body, sizeof body, "%lu'}]", last);
    fake_add(body, sizeof body, "}");
    *ret = (fake_answer){.status = 200, .body = fake_json(body)};
    return true;
}

static void test_whatever_fails_once_every_patient_is_recorded_in_the_end(void **state) {
    (void)state;
    size_t exchanges = 0, store_ops = 0;
    for (size_t k = 0; k == 0 || k <= exchanges + store_ops; k++) {
        fake f;
        begin(&f, statements);
        f.serve = small_server;
        if (k > exchanges)
            f.break_store = k - exchanges;
        else
            f.break_exchange = k;
        pass(&f, 30000);
        if (k == 0) {
            exchanges = f.n_sent;
            store_ops = f.n_store_ops;
            assert_int_equal(exchanges, 3); /* pages of 5, 5, 2 */
            assert_in_range(store_ops, 5, 7);
        }
        for (int i = 0; i < 12; i++) {
            char name[8];
            (void)snprintf(name, sizeof name, " p%d", i);
            if (!strstr(f.story, name)) fail_msg("failing %zu: patient%s was lost\n%s", k, name, f.story);
        }
        assert_string_equal(f.marks[0].instant, "2026-11-21T08:59:00Z");
        assert_int_equal(polls(&f), 1);
        fake_end(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_start_begins_at_the_servers_present_and_backfills_nothing),
        cmocka_unit_test(test_first_start_with_an_empty_store_begins_at_the_newest_of_ours),
        cmocka_unit_test(test_first_start_where_issues_cannot_be_searched),
        cmocka_unit_test(test_first_start_in_an_outage_waits_rather_than_guesses),
        cmocka_unit_test(test_pages_are_read_to_the_end_before_the_watermark_moves),
        cmocka_unit_test(test_the_overlap_does_not_review_for_ever),
        cmocka_unit_test(test_whom_a_resource_is_about),
        cmocka_unit_test(test_each_type_asks_for_the_member_that_names_the_patient),
        cmocka_unit_test(test_what_we_wrote_ourselves_is_not_news),
        cmocka_unit_test(test_a_server_that_ignores_the_window_causes_no_backfill),
        cmocka_unit_test(test_a_page_that_cannot_be_followed_leaves_the_watermark),
        cmocka_unit_test(test_empty_pages_have_an_end),
        cmocka_unit_test(test_an_expired_page_link_begins_anew_twice),
        cmocka_unit_test(test_too_much_at_once_is_read_in_smaller_windows),
        cmocka_unit_test(test_what_lies_behind_a_smaller_window_moves_no_watermark),
        cmocka_unit_test(test_suspicions_do_not_hammer_a_server_that_is_down),
        cmocka_unit_test(test_a_slow_search_is_tried_again_with_half_the_window),
        cmocka_unit_test(test_pages_without_end_come_to_an_end),
        cmocka_unit_test(test_a_type_that_the_server_lacks_is_told_once_and_holds_nothing_up),
        cmocka_unit_test(test_one_failing_type_is_tried_again_alone),
        cmocka_unit_test(test_polls_come_at_their_interval_give_or_take_a_tenth),
        cmocka_unit_test(test_a_gap_suspected_during_a_poll_is_polled_after_it),
        cmocka_unit_test(test_the_lag_grows_until_the_poll_is_through),
        cmocka_unit_test(test_stopping_in_the_middle_leaves_nothing_open),
        cmocka_unit_test(test_instants_compare_by_time),
        cmocka_unit_test(test_whatever_fails_once_every_patient_is_recorded_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
