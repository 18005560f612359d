/* Notices without a patient, as transcripts: what is asked to find out whose they are, and what becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow_fakes.h"

#define BUNDLE(...) "{'resourceType':'Bundle','entry':[" __VA_ARGS__ "]}"
#define ENTRY(type, id, patient)                                                                                       \
    "{'resource':{'resourceType':'" type "','id':'" id "','subject':{'reference':'Patient/" patient "'}}}"
#define FAN(type, id) "GET " type "?medication=Medication/" id "&_count=200&_elements=id,subject"

static const char *const no_types[] = {NULL};

/* No type to poll: a poll then is nothing but its number. */
static void begin(fake *f) {
    fake_init(f, no_types);
    f->settings.poll_interval_ms = 0;
    fake_start_usable(f);
    pass(f, 100);
}

static uint64_t count(const fake *f, mr_counter c) {
    return mr_metrics_counter(f->engine.port.metrics, c);
}

static void test_the_resource_is_read_and_its_patient_recorded(void **state) {
    (void)state;
    static const struct {
        const char *type, *request, *body, *story;
    } rows[] = {
        {"MedicationStatement", "GET MedicationStatement/r1",
         "{'resourceType':'MedicationStatement','id':'r1','subject':{'reference':'Patient/p1'}}",
         "done MedicationStatement/r1: p1+2000\n"},
        {"AllergyIntolerance", "GET AllergyIntolerance/r1",
         "{'resourceType':'AllergyIntolerance','id':'r1','patient':{'reference':'" FAKE_BASE "/Patient/p1'}}",
         "done AllergyIntolerance/r1: p1+2000\n"},
        {"Task", "GET Task/r1", "{'resourceType':'Task','id':'r1','for':{'reference':'Patient/p1'}}",
         "done Task/r1: p1+2000\n"},
        {"Task", "GET Task/r1", "{'resourceType':'Task','id':'r1'}", "done Task/r1:\n"},
        {"Observation", "GET Observation/r1",
         "{'resourceType':'Observation','id':'r1','subject':{'reference':'Location/l1'}}", "done Observation/r1:\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake f;
        begin(&f);
        fake_hint_add(&f, rows[i].type, "r1");
        expect(&f, rows[i].request, 200, rows[i].body);
        pass(&f, 100);
        story(&f, rows[i].story);
        assert_int_equal(f.n_hints, 0);
        assert_int_equal(count(&f, MR_C_EVENTS_IGNORED), strstr(rows[i].story, "p1") == NULL);
        fake_end(&f);
    }
}

static void test_a_patients_own_hint_needs_no_exchange(void **state) {
    (void)state;
    fake f;
    begin(&f);
    fake_hint_add(&f, "Patient", "p7");
    pass(&f, 100);
    story(&f, "done Patient/p7: p7+2000\n");
    assert_true(f.looked_ms == f.now - 100 + 2000); /* when its quiet time is over */
    fake_end(&f);
}

static void test_a_deleted_resource_is_looked_up_in_the_index(void **state) {
    (void)state;
    static const int gone[] = {410, 404};
    for (size_t i = 0; i < 2; i++) {
        fake f;
        begin(&f);
        (void)snprintf(f.index[0].reference, sizeof f.index[0].reference, "MedicationStatement/m1");
        (void)snprintf(f.index[0].patient, sizeof f.index[0].patient, "p1");
        f.n_index = 1;
        fake_hint_add(&f, "MedicationStatement", "m1");
        fake_hint_add(&f, "MedicationStatement", "m2");
        expect(&f, "GET MedicationStatement/m1", gone[i], "");
        expect(&f, "GET MedicationStatement/m2", gone[i], "");
        pass(&f, 100);
        story(&f, "done MedicationStatement/m1: p1+2000\ndone MedicationStatement/m2:\n");
        assert_int_equal(count(&f, MR_C_EVENTS_IGNORED), 1);
        fake_end(&f);
    }
}

static void test_our_own_version_wakes_nobody(void **state) {
    (void)state;
    fake f;
    begin(&f);
    fake_wrote(&f, "DetectedIssue", "mr-di-1", "3");
    fake_hint_add(&f, "DetectedIssue", "mr-di-1");
    fake_hint_add(&f, "DetectedIssue", "mr-di-2");
    expect(&f, "GET DetectedIssue/mr-di-1", 200,
           "{'resourceType':'DetectedIssue','meta':{'versionId':'3'},'patient':{'reference':'Patient/p1'}}");
    expect(&f, "GET DetectedIssue/mr-di-2", 200,
           "{'resourceType':'DetectedIssue','meta':{'versionId':'4'},'patient':{'reference':'Patient/p2'}}");
    pass(&f, 100);
    story(&f, "done DetectedIssue/mr-di-1:\ndone DetectedIssue/mr-di-2: p2+2000\n");
    assert_int_equal(count(&f, MR_C_EVENTS_OWN), 1);
    assert_int_equal(count(&f, MR_C_EVENTS_IGNORED), 0);
    fake_end(&f);
}

static void test_a_medication_is_every_patients_who_has_it(void **state) {
    (void)state;
    fake f;
    begin(&f);
    fake_hint_add(&f, "Medication", "x1");
    expect(&f, FAN("MedicationStatement", "x1"), 200,
           "{'resourceType':'Bundle','link':[{'relation':'next','url':'" FAKE_BASE "?page=2'}],'entry':[" ENTRY(
               "MedicationStatement", "m1", "p2") "," ENTRY("MedicationStatement", "m2", "p1") "]}");
    expect(&f, "GET ?page=2", 200, BUNDLE(ENTRY("MedicationStatement", "m3", "p2")));
    expect(&f, FAN("MedicationRequest", "x1"), 200,
           BUNDLE(ENTRY("MedicationRequest", "r1", "p3") "," ENTRY("Group", "g", "p9")));
    pass(&f, 100);
    story(&f, "done Medication/x1: p2+2000 p1+2000 p3+2000\n");
    fake_end(&f);
}

static void test_a_medication_where_one_of_the_types_is_not_kept(void **state) {
    (void)state;
    fake f;
    begin(&f);
    fake_hint_add(&f, "Medication", "x1");
    expect(&f, FAN("MedicationStatement", "x1"), 404, "");
    expect(&f, FAN("MedicationRequest", "x1"), 200, BUNDLE(ENTRY("MedicationRequest", "r1", "p3")));
    pass(&f, 100);
    story(&f, "done Medication/x1: p3+2000\n");
    fake_hint_add(&f, "Medication", "x2");
    expect(&f, FAN("MedicationStatement", "x2"), 404, "");
    expect(&f, FAN("MedicationRequest", "x2"), 404, "");
    pass(&f, 100);
    story(&f, "done Medication/x2:\n");
    fake_end(&f);
}

static void test_a_medication_begins_anew_when_a_page_fails(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
    } rows[] = {{410, ""},
                {503, ""},
                {200, "{'resourceType':'Bundle','link':[{'relation':'next','url':'http://evil.example.org/'}]}"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake f;
        begin(&f);
        fake_hint_add(&f, "Medication", "x1");
        expect(&f, FAN("MedicationStatement", "x1"), 200,
               "{'resourceType':'Bundle','link':[{'relation':'next','url':'" FAKE_BASE
               "?page=2'}],'entry':[" ENTRY("MedicationStatement", "m1", "p1") "]}");
        expect(&f, "GET ?page=2", rows[i].status, rows[i].body);
        pass(&f, 400);
        story(&f, "");
        expect(&f, FAN("MedicationStatement", "x1"), 200, BUNDLE(ENTRY("MedicationStatement", "m2", "p2")));
        expect(&f, FAN("MedicationRequest", "x1"), 200, BUNDLE());
        pass(&f, 1000);
        story(&f, "done Medication/x1: p2+2000\n");
        fake_end(&f);
    }
}

static bool crowd(fake *f, const char *request, fake_answer *ret) {
    char *body = calloc(1, 1 << 16);
    const char *page = strstr(request, "?at=");
    unsigned long at = page ? strtoul(page + 4, NULL, 10) : 0;
    (void)f;
    fake_add(body, 1 << 16,
             "{'resourceType':'Bundle','link':[{'relation':'next','url':'" FAKE_BASE "?at=%lu'}],"
             "'entry':[",
             at + 200);
    for (unsigned long i = at; i < at + 200; i++)
        fake_add(body, 1 << 16, "%s" ENTRY("MedicationStatement", "m", "p%lu"), i > at ? "," : "", i);
    fake_add(body, 1 << 16, "]}");
    *ret = (fake_answer){.status = 200, .body = fake_json(body)};
    free(body);
    return true;
}

static void test_a_medication_of_half_the_practice_is_cut_and_told(void **state) {
    (void)state;
    fake f;
    begin(&f);
    f.serve = crowd;
    fake_hint_add(&f, "Medication", "x1");
    pass(&f, 100);
    assert_int_equal(f.n_sent, 3);
    assert_non_null(strstr(f.story, " p499+2000\n"));
    assert_null(strstr(f.story, "p500+"));
    assert_true(logged(&f, "warn hint.cut,\"source\":\"gp\",\"type\":\"Medication\",\"patients\":500"));
    f.story[0] = 0;
    fake_end(&f);
}

static void test_an_outage_loses_no_hint_however_long(void **state) {
    (void)state;
    static const struct {
        int status;
        mr_rc rc;
    } rows[] = {{0, MR_IO}, {0, MR_TIMEOUT}, {503, MR_OK}, {429, MR_OK}, {401, MR_OK}, {403, MR_OK}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake f;
        begin(&f);
        fake_hint_add(&f, "Condition", "c1");
        for (int k = 0; k < 60; k++) {
            expect(&f, "GET Condition/c1", rows[i].status, "");
            f.script[f.n_script - 1].rc = rows[i].rc;
        }
        while (f.at_script < f.n_script) pass(&f, 1000);
        assert_in_range(f.now - fake_ms("2026-11-21T09:00:00Z"), 30 * 60000, 60 * 60000); /* at most a minute apart */
        expect(&f, "GET Condition/c1", 200, "{'resourceType':'Condition','subject':{'reference':'Patient/p1'}}");
        pass(&f, 60000);
        story(&f, "done Condition/c1: p1+2000\n");
        fake_end(&f);
    }
}

static void test_what_is_refused_for_good_is_dropped_told_and_polled_for(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
    } rows[] = {{400, ""}, {413, ""}, {200, "<html>"}, {200, ""}, {200, "{'resourceType':'Patient','id':'x'}"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake f;
        begin(&f);
        fake_hint_add(&f, "Condition", "c1");
        for (int k = 0; k < 20; k++) expect(&f, "GET Condition/c1", rows[i].status, rows[i].body);
        uint64_t polls = count(&f, MR_C_POLLS);
        pass(&f, 3600000);
        story(&f, "done Condition/c1:\n");
        assert_int_equal(f.n_hints, 0);
        assert_int_equal(count(&f, MR_C_POLLS), polls + 1);
        assert_int_equal(count(&f, MR_C_EVENTS_IGNORED), 1);
        assert_true(logged(&f, "error hint.dropped,\"source\":\"gp\",\"type\":\"Condition\""));
        assert_null(strstr(f.log, "c1"));
        fake_end(&f);
    }
}

static void test_a_poll_hint_stays_until_a_poll_that_began_after_it_is_through(void **state) {
    (void)state;
    static const char *const types[] = {"MedicationStatement", NULL};
    fake f;
    fake_init(&f, types);
    f.settings.manage_subscription = false;
    f.settings.poll_interval_ms = 0;
    fake_mark(&f, "MedicationStatement", "2026-11-21T08:50:00Z");
    fake_start_usable(&f);
    const char *search = "GET MedicationStatement?_lastUpdated=ge2026-11-21T08:45:00Z&_sort=_lastUpdated&_count=200"
                         "&_elements=id,meta,subject";
    while (!f.sent) (void)fake_step(&f, f.now); /* the poll at the start is under way: too early for this hint */
    fake_hint_add(&f, "", "");
    expect(&f, search, 200, BUNDLE());
    expect(&f, search, 500, "");
    pass(&f, 700);
    story(&f, "");
    assert_int_equal(f.n_hints, 1);
    expect(&f, search, 200, BUNDLE(ENTRY("MedicationStatement", "m1", "p1")));
    pass(&f, 5000);
    story(&f, "record p1\ndone /:\n");
    assert_int_equal(f.n_hints, 0);
    assert_int_equal(count(&f, MR_C_EVENTS_IGNORED), 0);
    fake_end(&f);
}

static void test_a_renewed_poll_hint_asks_for_one_more_poll(void **state) {
    (void)state;
    fake f;
    begin(&f);
    fake_hint_add(&f, "", "");
    pass(&f, 1000);
    assert_int_equal(count(&f, MR_C_POLLS), 2);
    f.hints[0].hint.number = ++f.hint_number; /* another empty notice: the store renews the number */
    pass(&f, 5000);
    story(&f, "done /:\n");
    assert_int_equal(count(&f, MR_C_POLLS), 3);
    fake_end(&f);
}

static void test_hints_wait_for_a_usable_server_and_for_their_turn(void **state) {
    (void)state;
    fake f;
    begin(&f);
    f.source.usable = false;
    fake_hint_add(&f, "Condition", "c1");
    pass(&f, 4000);
    f.source.usable = true;
    f.source.blocked_until_ms = f.now + 20000;
    pass(&f, 19000);
    assert_int_equal(f.n_sent, 0);
    pass(&f, 1000);
    /* Another exchange with the server is under way when its time comes. */
    f.source.upkeep_open = true;
    f.engine.upkeep_ops++;
    pass(&f, 10000);
    assert_int_equal(f.n_sent, 0);
    assert_true(f.engine.hint_at_ms == INT64_MAX);
    expect(&f, "GET Condition/c1", 200, "{'resourceType':'Condition','subject':{'reference':'Patient/p1'}}");
    upkeep_done(&f.source);
    pass(&f, 100);
    story(&f, "done Condition/c1: p1+2000\n");
    fake_end(&f);
}

static void test_a_hint_of_a_source_that_is_gone_is_kept_and_holds_nothing_up(void **state) {
    (void)state;
    fake f;
    begin(&f);
    fake_hint_add(&f, "Condition", "c1");
    (void)snprintf(f.hints[0].hint.source, sizeof f.hints[0].hint.source, "old");
    fake_hint_add(&f, "Condition", "c2");
    expect(&f, "GET Condition/c2", 404, "");
    pass(&f, 100);
    story(&f, "done Condition/c2:\n");
    assert_int_equal(f.n_hints, 1);
    fake_end(&f);
}

static bool everyone(fake *f, const char *request, fake_answer *ret) {
    char body[160];
    (void)f;
    if (strncmp(request, "GET Condition/c", 15) != 0) return false;
    (void)snprintf(body, sizeof body, "{'resourceType':'Condition','subject':{'reference':'Patient/p%s'}}",
                   request + 15);
    *ret = (fake_answer){.status = 200, .body = fake_json(body)};
    return true;
}

/* 45 hints are three batches. Every exchange and every store call fails once, in turn. */
static void test_whatever_fails_once_every_hint_is_resolved_once(void **state) {
    (void)state;
    size_t exchanges = 0, store_ops = 0;
    for (size_t k = 0; k == 0 || k <= exchanges + store_ops; k++) {
        fake f;
        begin(&f);
        f.serve = everyone;
        f.n_store_ops = 0;
        if (k > exchanges)
            f.break_store = k - exchanges;
        else
            f.break_exchange = k;
        for (int i = 0; i < 45; i++) {
            char id[8];
            (void)snprintf(id, sizeof id, "c%d", i);
            fake_hint_add(&f, "Condition", id);
        }
        pass(&f, 20000);
        if (k == 0) {
            exchanges = f.n_sent;
            store_ops = f.n_store_ops;
            assert_int_equal(exchanges, 45);
            assert_int_equal(store_ops, 45 + 3);
        }
        for (int i = 0; i < 45; i++) {
            char line[48];
            (void)snprintf(line, sizeof line, "done Condition/c%d: p%d+2000\n", i, i);
            const char *at = strstr(f.story, line);
            if (!at || strstr(at + 1, line)) fail_msg("failing %zu: not once: %s%s", k, line, f.story);
        }
        assert_int_equal(f.n_hints, 0);
        fake_end(&f);
    }
}

static void test_stopping_in_the_middle_leaves_nothing_open(void **state) {
    (void)state;
    for (int steps = 1; steps < 9; steps++) {
        fake f;
        begin(&f);
        f.serve = everyone;
        fake_hint_add(&f, "Condition", "c1");
        fake_hint_add(&f, "Condition", "c2");
        for (int i = 0; i < steps; i++) (void)fake_step(&f, f.now);
        size_t sent = f.n_sent;
        f.engine.stopping = true;
        if (f.sent) mr_fhir_cancel(&f.source.client, f.source.upkeep_id);
        pass(&f, 3600000);
        assert_int_equal(f.n_sent, sent);
        assert_int_equal(f.engine.store_ops, 0);
        assert_false(f.engine.hint_open);
        fake_end(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_resource_is_read_and_its_patient_recorded),
        cmocka_unit_test(test_a_patients_own_hint_needs_no_exchange),
        cmocka_unit_test(test_a_deleted_resource_is_looked_up_in_the_index),
        cmocka_unit_test(test_our_own_version_wakes_nobody),
        cmocka_unit_test(test_a_medication_is_every_patients_who_has_it),
        cmocka_unit_test(test_a_medication_where_one_of_the_types_is_not_kept),
        cmocka_unit_test(test_a_medication_begins_anew_when_a_page_fails),
        cmocka_unit_test(test_a_medication_of_half_the_practice_is_cut_and_told),
        cmocka_unit_test(test_an_outage_loses_no_hint_however_long),
        cmocka_unit_test(test_what_is_refused_for_good_is_dropped_told_and_polled_for),
        cmocka_unit_test(test_a_poll_hint_stays_until_a_poll_that_began_after_it_is_through),
        cmocka_unit_test(test_a_renewed_poll_hint_asks_for_one_more_poll),
        cmocka_unit_test(test_hints_wait_for_a_usable_server_and_for_their_turn),
        cmocka_unit_test(test_a_hint_of_a_source_that_is_gone_is_kept_and_holds_nothing_up),
        cmocka_unit_test(test_whatever_fails_once_every_hint_is_resolved_once),
        cmocka_unit_test(test_stopping_in_the_middle_leaves_nothing_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
