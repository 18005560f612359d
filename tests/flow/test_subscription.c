/* The life of a Subscription as transcripts: the table of fhir.md 5.3, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow_fakes.h"

#define ONE "Subscription/mr-sub-gp-medicationstatement"
#define SUBSCRIPTION(status, end)                                                                                      \
    "{'resourceType':'Subscription','status':'" status "','criteria':'MedicationStatement?','end':'" end               \
    "','meta':{'tag':[{'code':'IN_MEMORY'}]},'channel':{'type':'rest-hook','payload':'application/fhir+json',"         \
    "'endpoint':'https://medreview.example.org/notify/gp','header':['Authorization: Bearer s3cret']}}"
#define FAR "2027-11-21T09:00:00Z"

static const char *const statements[] = {"MedicationStatement", NULL};

/* Polling is not the matter here: a type list of its own would only lengthen the transcripts. */
static bool answer_polls(fake *f, const char *request, fake_answer *ret) {
    if (strncmp(request, "GET MedicationStatement?", 24) == 0 || strncmp(request, "GET DetectedIssue?", 18) == 0 ||
        strncmp(request, "GET Condition?", 14) == 0) {
        *ret = (fake_answer){.status = 200, .body = fake_json("{'resourceType':'Bundle'}")};
        return true;
    }
    if (f->at_script == f->n_script) return false;
    fake_answer *next = &f->script[f->at_script++];
    if (strcmp(next->request, request) != 0) fail_msg("expected: %s\n     got: %s", next->request, request);
    *ret = *next;
    next->body = NULL;
    return true;
}

static void begin(fake *f, const char *const *types) {
    fake_init(f, types);
    f->serve = answer_polls;
    f->settings.endpoint = "https://medreview.example.org/notify/gp";
    f->settings.notify_header = "Authorization: Bearer s3cret";
    f->settings.poll_interval_ms = 0;
    fake_start_usable(f);
}

static void asked(fake *f) {
    if (f->at_script != f->n_script) fail_msg("never asked: %s", f->script[f->at_script].request);
}

static void gauges(const fake *f, int active, int other) {
    mr_buf text;
    char line[80];
    mr_buf_init(&text, 1 << 16);
    mr_metrics_render(f->engine.port.metrics, &text);
    (void)snprintf(line, sizeof line, "medreview_subscriptions{status=\"active\"} %d\n", active);
    if (!strstr(mr_buf_z(&text), line)) fail_msg("not %s", line);
    (void)snprintf(line, sizeof line, "medreview_subscriptions{status=\"other\"} %d\n", other);
    if (!strstr(mr_buf_z(&text), line)) fail_msg("not %s", line);
    mr_buf_free(&text);
}

static uint64_t polls(const fake *f) {
    return mr_metrics_counter(f->engine.port.metrics, MR_C_POLLS);
}

static void test_a_missing_one_is_written_watched_until_active_and_then_polled_once(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect(&f, "GET " ONE, 404, "");
    expect(&f, "PUT " ONE, 201, "");
    expect(&f, "GET " ONE, 200, SUBSCRIPTION("requested", FAR));
    pass(&f, 1500);
    asked(&f);
    gauges(&f, 0, 1);
    assert_int_equal(polls(&f), 1); /* the one at the start */
    expect(&f, "GET " ONE, 200, SUBSCRIPTION("active", FAR));
    pass(&f, 2000);
    asked(&f);
    gauges(&f, 1, 0);
    assert_true(logged(&f, "info subscription.active,\"source\":\"gp\",\"type\":\"MedicationStatement\""));
    assert_int_equal(polls(&f), 2); /* what changed before it was active was told by nobody */
    expect(&f, "GET " ONE, 200, SUBSCRIPTION("active", FAR));
    pass(&f, 60000);
    asked(&f);
    assert_int_equal(polls(&f), 2);
    assert_null(strstr(f.log, "s3cret"));
    fake_end(&f);
}

static void test_what_is_written(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect(&f, "GET " ONE, 410, "");
    expect(&f, "PUT " ONE, 201, "");
    for (int spins = 0; strncmp(f.request, "PUT", 3) != 0 && spins < 50; spins++) (void)fake_step(&f, f.now);
    char *body = fake_json("{'resourceType':'Subscription','id':'mr-sub-gp-medicationstatement','status':'requested',"
                           "'reason':'medreview: review a patient\x01s medicines when what they depend on changes',"
                           "'criteria':'MedicationStatement?','end':'2027-11-21T09:00:00Z','channel':{'extension':["
                           "{'url':'http://hapifhir.io/fhir/StructureDefinition/"
                           "subscription-send-delete-messages','valueBoolean':true}],'type':'rest-hook',"
                           "'endpoint':'https://medreview.example.org/notify/gp','payload':'application/fhir+json',"
                           "'header':['Authorization: Bearer s3cret']}}");
    *strchr(body, '\x01') = '\'';
    assert_string_equal(f.body, body);
    free(body);
    expect(&f, "GET " ONE, 200, SUBSCRIPTION("active", FAR));
    pass(&f, 1500);
    asked(&f);
    assert_int_equal(polls(&f), 2); /* it was gone, and with it what happened meanwhile */
    fake_end(&f);
}

static void test_an_active_one_with_the_same_content_is_left_alone(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    for (int i = 0; i < 3; i++) expect(&f, "GET " ONE, 200, SUBSCRIPTION("active", FAR));
    pass(&f, 125000);
    asked(&f);
    assert_int_equal(polls(&f), 1);
    fake_end(&f);
}

static void test_what_differs_is_written_again_but_not_fought_over(void **state) {
    (void)state;
    static const char *const rows[] = {
        "{'status':'active','criteria':'MedicationStatement?','channel':{'type':'rest-hook','payload':'application/"
        "fhir+json','endpoint':'https://old.example.org/notify','header':['Authorization: Bearer s3cret']}}",
        "{'status':'active','criteria':'MedicationStatement?','channel':{'type':'rest-hook','payload':'application/"
        "fhir+json','endpoint':'https://medreview.example.org/notify/gp','header':['Authorization: Bearer 0ld']}}",
        "{'status':'active','criteria':'MedicationStatement?status=active','channel':{'type':'rest-hook','payload':"
        "'application/fhir+json','endpoint':'https://medreview.example.org/notify/gp','header':['Authorization: "
        "Bearer s3cret']}}",
        "{'status':'active','criteria':'MedicationStatement?','channel':{'type':'rest-hook','endpoint':"
        "'https://medreview.example.org/notify/gp','header':['Authorization: Bearer s3cret']}}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake f;
        begin(&f, statements);
        expect(&f, "GET " ONE, 200, rows[i]);
        expect(&f, "PUT " ONE, 200, "");
        expect(&f, "GET " ONE, 200, rows[i]); /* the server keeps it as it was */
        pass(&f, 59000);
        asked(&f);
        assert_true(logged(&f, "the server keeps other content"));
        expect(&f, "PUT " ONE, 200, "");
        expect(&f, "GET " ONE, 200, rows[i]);
        pass(&f, 3000);
        asked(&f); /* again after 1 minute, then 2, at last hourly */
        int64_t written = f.now;
        size_t sent = f.n_sent;
        f.n_script = f.at_script = 0;
        for (int k = 0; k < 40; k++) {
            expect(&f, "PUT " ONE, 200, "");
            expect(&f, "GET " ONE, 200, rows[i]);
        }
        pass(&f, 24 * 3600000);
        assert_in_range((f.n_sent - sent) / 2, 24 + 3, 24 + 6);
        assert_true(f.now - written == 24 * 3600000);
        fake_end(&f);
    }
}

static void test_an_end_that_draws_near_is_put_off(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect(&f, "GET " ONE, 200, SUBSCRIPTION("active", "2026-12-05T08:00:00Z"));
    expect(&f, "PUT " ONE, 200, "");
    expect(&f, "GET " ONE, 200, SUBSCRIPTION("active", FAR));
    pass(&f, 30000);
    asked(&f);
    gauges(&f, 1, 0);
    fake_end(&f);

    begin(&f, statements);
    expect(&f, "GET " ONE, 200, SUBSCRIPTION("active", "2026-12-05T10:00:00Z"));
    pass(&f, 30000);
    asked(&f);
    fake_end(&f);
}

static void test_error_and_off_catch_up_and_write_again_more_and_more_seldom(void **state) {
    (void)state;
    static const char *const rows[] = {SUBSCRIPTION("error", FAR), SUBSCRIPTION("off", FAR)};
    for (size_t i = 0; i < 2; i++) {
        fake f;
        begin(&f, statements);
        expect(&f, "GET " ONE, 200, SUBSCRIPTION("active", FAR));
        expect(&f, "GET " ONE, 200, rows[i]);
        expect(&f, "PUT " ONE, 200, "");
        expect(&f, "GET " ONE, 200, rows[i]);
        pass(&f, 62000);
        asked(&f);
        gauges(&f, 0, 1);
        assert_in_range(polls(&f), 2, 3);
        assert_true(logged(&f, i ? "\"reason\":\"off\"" : "\"reason\":\"error\""));
        expect(&f, "PUT " ONE, 200, ""); /* a minute after the last time */
        expect(&f, "GET " ONE, 200, rows[i]);
        pass(&f, 60000);
        asked(&f);
        pass(&f, 110000); /* two minutes */
        expect(&f, "PUT " ONE, 200, "");
        expect(&f, "GET " ONE, 200, SUBSCRIPTION("active", FAR));
        pass(&f, 10000);
        asked(&f);
        gauges(&f, 1, 0);
        fake_end(&f);
    }
}

static void test_one_that_stays_requested_is_told_once_and_polling_goes_on(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect(&f, "GET " ONE, 404, "");
    expect(&f, "PUT " ONE, 201, "");
    for (int i = 0; i < 31; i++) expect(&f, "GET " ONE, 200, SUBSCRIPTION("requested", FAR)); /* each second */
    pass(&f, 32000);
    asked(&f);
    for (int i = 0; i < 5; i++) expect(&f, "GET " ONE, 200, SUBSCRIPTION("requested", FAR)); /* each minute */
    pass(&f, 5 * 60000);
    asked(&f);
    const char *told = strstr(f.log, "subscription.trouble");
    assert_non_null(told);
    assert_null(strstr(told + 1, "subscription.trouble"));
    gauges(&f, 0, 1);
    fake_end(&f);
}

static void test_a_type_that_the_server_refuses_is_left_out(void **state) {
    (void)state;
    static const char *const types[] = {"MedicationStatement", "Condition", NULL};
    static const int statuses[] = {400, 404, 405, 422, 501};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        fake f;
        begin(&f, types);
        expect(&f, "GET " ONE, 404, "");
        expect(&f, "GET Subscription/mr-sub-gp-condition", 200,
               "{'status':'active','criteria':'Condition?','channel':{'type':'rest-hook','payload':'application/"
               "fhir+json','endpoint':'https://medreview.example.org/notify/gp','header':['Authorization: Bearer "
               "s3cret']}}");
        expect(&f, "PUT " ONE, statuses[i], "{'resourceType':'OperationOutcome'}");
        pass(&f, 50000);
        asked(&f);
        assert_true(logged(&f, "refused: left to polling"));
        gauges(&f, 1, 0);
        fake_end(&f);
    }
}

static void test_an_outage_backs_off_and_a_denial_waits(void **state) {
    (void)state;
    fake f;
    begin(&f, statements);
    expect_silence(&f, "GET " ONE, MR_TIMEOUT);
    expect(&f, "GET " ONE, 500, "");
    expect(&f, "GET " ONE, 200, "not json");
    expect(&f, "GET " ONE, 403, "");
    pass(&f, 13 * 60000);
    asked(&f);
    assert_int_equal(f.heard, MR_OK); /* no right to Subscriptions is no reason to stop reviews */
    expect(&f, "GET " ONE, 200, SUBSCRIPTION("active", FAR));
    pass(&f, 4 * 60000 - 60000);
    asked(&f);
    gauges(&f, 1, 0);
    fake_end(&f);
}

static void test_none_is_registered_without_endpoint_or_when_unmanaged_or_in_shadow(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        fake f;
        fake_init(&f, statements);
        f.serve = answer_polls;
        if (i != 0) f.settings.endpoint = "https://medreview.example.org/notify/gp";
        if (i == 1) f.settings.manage_subscription = false;
        if (i == 2) f.engine.set.write = false;
        fake_start_usable(&f);
        pass(&f, 120000); /* polls only */
        assert_int_equal(logged(&f, "subscription.shadow"), i == 2);
        fake_end(&f);
    }
}

static void test_long_names_are_left_out_rather_than_cut(void **state) {
    (void)state;
    static const char *const types[] = {"MedicinalProductUndesirableEffectXXXXXXXX", "MedicationStatement", NULL};
    fake f;
    begin(&f, types);
    f.settings.id = "gp";
    fake_end(&f);
    fake_init(&f, types);
    f.serve = answer_polls;
    f.settings.endpoint = "x";
    f.settings.id = "a-source-id-of-thirty-two-bytes-";
    fake_start(&f);
    assert_true(subscriptions_next(f.source.subscriptions) == 0);
    expect(&f, "GET Subscription/mr-sub-a-source-id-of-thirty-two-bytes--medicationstatement", 404, "");
    subscriptions_tick(f.source.subscriptions, f.now);
    fake_answer_now(&f);
    asked(&f);
    fake_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_missing_one_is_written_watched_until_active_and_then_polled_once),
        cmocka_unit_test(test_what_is_written),
        cmocka_unit_test(test_an_active_one_with_the_same_content_is_left_alone),
        cmocka_unit_test(test_what_differs_is_written_again_but_not_fought_over),
        cmocka_unit_test(test_an_end_that_draws_near_is_put_off),
        cmocka_unit_test(test_error_and_off_catch_up_and_write_again_more_and_more_seldom),
        cmocka_unit_test(test_one_that_stays_requested_is_told_once_and_polling_goes_on),
        cmocka_unit_test(test_a_type_that_the_server_refuses_is_left_out),
        cmocka_unit_test(test_an_outage_backs_off_and_a_denial_waits),
        cmocka_unit_test(test_none_is_registered_without_endpoint_or_when_unmanaged_or_in_shadow),
        cmocka_unit_test(test_long_names_are_left_out_rather_than_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
