/* A server's first minute, as transcripts: what is asked, what is written, and what is said when it will not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow_fakes.h"

static const char *const no_types[] = {NULL};

#define GOOD                                                                                                           \
    "{'resourceType':'CapabilityStatement','fhirVersion':'4.0.1','rest':[{'mode':'server',"                            \
    "'interaction':[{'code':'transaction'},{'code':'batch'}],'resource':["                                             \
    "{'type':'DetectedIssue','interaction':[{'code':'create'},{'code':'update'}]},"                                    \
    "{'type':'Task','interaction':[{'code':'create'},{'code':'update'}]},"                                             \
    "{'type':'Provenance','interaction':[{'code':'create'},{'code':'update'}]}]}]}"

static void test_capabilities_then_device_then_usable(void **state) {
    (void)state;
    fake f;
    fake_init(&f, no_types);
    fake_start(&f);
    expect(&f, "GET metadata", 200, GOOD);
    expect(&f, "PUT Device/medreview-site", 201, "");
    pass(&f, 100);
    story(&f, "");
    assert_true(f.source.usable);
    assert_true(f.source.provenance);
    assert_string_equal(f.source.why, "");
    assert_non_null(strstr(f.body, "\"id\":\"medreview-site\""));
    assert_true(f.looked_ms == fake_ms("2026-11-21T09:00:00Z")); /* waiting reviews may begin */
    assert_true(logged(&f, "source.ready"));
    fake_end(&f);
}

static void test_shadow_writes_no_device_and_asks_for_no_right_to_write(void **state) {
    (void)state;
    fake f;
    fake_init(&f, no_types);
    f.engine.set.write = false;
    f.settings.endpoint = "https://medreview.example.org/notify/gp";
    fake_start(&f);
    expect(&f, "GET metadata", 200,
           "{'resourceType':'CapabilityStatement','fhirVersion':'4.0.1','rest':[{'mode':'server',"
           "'interaction':[{'code':'batch'}],'resource':[{'type':'Patient'}]}]}");
    pass(&f, 120000);
    story(&f, "");
    assert_true(f.source.usable);
    assert_true(logged(&f, "subscription.shadow"));
    fake_end(&f);
}

static void test_what_a_server_lacks_is_said_and_asked_again_each_minute(void **state) {
    (void)state;
    static const struct {
        const char *statement, *why;
    } rows[] = {
        {"{'resourceType':'CapabilityStatement','fhirVersion':'5.0.0'}",
         "gp: the FHIR server speaks FHIR 5.0.0; medreview needs R4 (4.0.x)"},
        {"{'resourceType':'CapabilityStatement','fhirVersion':'4.3.0'}",
         "gp: the FHIR server speaks FHIR 4.3.0; medreview needs R4 (4.0.x)"},
        {"{'resourceType':'CapabilityStatement'}",
         "gp: the FHIR server speaks FHIR unknown version; medreview needs R4 (4.0.x)"},
        {"{'resourceType':'CapabilityStatement','fhirVersion':'4.<b>'}",
         "gp: the FHIR server speaks FHIR 4.???; medreview needs R4 (4.0.x)"},
        {"{'resourceType':'Patient','fhirVersion':'4.0.1'}",
         "gp: {base}/metadata is no CapabilityStatement: is fhir.base_url right?"},
        {"{'resourceType':'CapabilityStatement','fhirVersion':'4.0.1','rest':[{'interaction':[{'code':'batch'}]}]}",
         "gp: the FHIR server takes no transaction, in which reviews are written; allow it there, or set write.mode to "
         "shadow"},
        {"{'resourceType':'CapabilityStatement','fhirVersion':'4.0.1','rest':[{'resource':[{'type':'Task'}]}]}",
         "gp: the FHIR server says that it does not offer DetectedIssue, which reviews are written as; allow it there, "
         "or set write.mode to shadow"},
        {"{'resourceType':'CapabilityStatement','fhirVersion':'4.0.1','rest':[{'resource':[{'type':'DetectedIssue'},"
         "{'type':'Task','interaction':[{'code':'read'},{'code':'create'}]}]}]}",
         "gp: the FHIR server says that it does not update Task, which reviews are written as; allow it there, or set "
         "write.mode to shadow"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake f;
        fake_init(&f, no_types);
        fake_start(&f);
        expect(&f, "GET metadata", 200, rows[i].statement);
        pass(&f, 59000);
        story(&f, "");
        assert_string_equal(f.source.why, rows[i].why);
        assert_false(f.source.usable);
        expect(&f, "GET metadata", 200, GOOD); /* it was put right */
        expect(&f, "PUT Device/medreview-site", 200, "");
        pass(&f, 2000);
        story(&f, "");
        assert_true(f.source.usable);
        fake_end(&f);
    }
}

#define LISTED                                                                                                         \
    "{'resourceType':'CapabilityStatement','fhirVersion':'4.0.1','rest':[{'resource':[{'type':'DetectedIssue'},"       \
    "{'type':'Task'}]}]}"

static void test_a_silent_statement_is_taken_as_consent(void **state) {
    (void)state;
    static const char *const rows[] = {
        "{'resourceType':'CapabilityStatement','fhirVersion':'4.0.1'}",
        "{'resourceType':'CapabilityStatement','fhirVersion':'4.0.1','rest':[{'mode':'server'}]}",
        LISTED,
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake f;
        fake_init(&f, no_types);
        fake_start(&f);
        expect(&f, "GET metadata", 200, rows[i]);
        expect(&f, "PUT Device/medreview-site", 200, "");
        pass(&f, 100);
        story(&f, "");
        assert_true(f.source.usable);
        assert_false(f.source.provenance); /* but Provenance is sent only where it is said to be taken */
        fake_end(&f);
    }
}

static void test_an_outage_backs_off_to_a_minute_and_is_logged_once(void **state) {
    (void)state;
    fake f;
    fake_init(&f, no_types);
    fake_start(&f);
    for (int i = 0; i < 7; i++) expect_silence(&f, "GET metadata", MR_IO);
    pass(&f, 0);
    int64_t last = f.now, most = 1000;
    for (int i = 0; i < 6; i++) {
        int64_t at = upkeep_next(&f.source);
        assert_in_range(at - last, most / 2, most);
        most = most < 60000 ? 2 * most : 60000;
        last = at;
        pass(&f, at - f.now);
    }
    story(&f, "");
    assert_string_equal(f.source.why, "gp: the FHIR server's CapabilityStatement could not be read: the peer did not "
                                      "answer");
    assert_int_equal(f.heard, MR_IO);
    const char *first = strstr(f.log, "source.unusable");
    assert_non_null(first);
    assert_null(strstr(first + 1, "source.unusable"));
    fake_end(&f);
}

static void test_the_device_must_stand_before_reviews_run(void **state) {
    (void)state;
    fake f;
    fake_init(&f, no_types);
    fake_start(&f);
    expect(&f, "GET metadata", 200, GOOD);
    expect(&f, "PUT Device/medreview-site", 403, "{'resourceType':'OperationOutcome'}");
    pass(&f, 100);
    story(&f, "");
    assert_false(f.source.usable);
    assert_non_null(strstr(f.source.why, "403"));
    assert_int_equal(f.heard, MR_OK); /* a refused Device does not close the whole server: it is unusable anyway */
    expect(&f, "PUT Device/medreview-site", 201, "");
    pass(&f, 1000);
    story(&f, "");
    assert_true(f.source.usable);
    fake_end(&f);
}

static void test_unreadable_statement_is_an_outage(void **state) {
    (void)state;
    static const char *const rows[] = {"", "<html>", "[]"};
    for (size_t i = 0; i < 3; i++) {
        fake f;
        fake_init(&f, no_types);
        fake_start(&f);
        expect(&f, "GET metadata", 200, rows[i]);
        pass(&f, 100);
        story(&f, "");
        assert_false(f.source.usable);
        assert_true(strlen(f.source.why) > 10);
        assert_true(upkeep_next(&f.source) > f.now);
        fake_end(&f);
    }
}

static void test_stopping_starts_nothing_and_cancels(void **state) {
    (void)state;
    fake f;
    fake_init(&f, no_types);
    fake_start(&f);
    fake_tick(&f);
    assert_true(f.sent);
    assert_int_equal(f.engine.upkeep_ops, 1);
    f.engine.stopping = true;
    assert_true(upkeep_next(&f.source) == INT64_MAX);
    mr_fhir_cancel(&f.source.client, f.source.upkeep_id);
    pass(&f, 600000);
    assert_int_equal(f.engine.upkeep_ops, 0);
    assert_int_equal(f.n_sent, 1);
    assert_string_equal(f.source.why, ""); /* nobody is told that the server failed */
    fake_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capabilities_then_device_then_usable),
        cmocka_unit_test(test_shadow_writes_no_device_and_asks_for_no_right_to_write),
        cmocka_unit_test(test_what_a_server_lacks_is_said_and_asked_again_each_minute),
        cmocka_unit_test(test_a_silent_statement_is_taken_as_consent),
        cmocka_unit_test(test_an_outage_backs_off_to_a_minute_and_is_logged_once),
        cmocka_unit_test(test_the_device_must_stand_before_reviews_run),
        cmocka_unit_test(test_unreadable_statement_is_an_outage),
        cmocka_unit_test(test_stopping_starts_nothing_and_cancels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
