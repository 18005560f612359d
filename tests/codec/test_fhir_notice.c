/* Notifications: what each sender's request says has changed (fhir.md 4.1, 4.4). */
#include "medreview/base/buf.h"
#include "medreview/codec/fhir_notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENT                                                                                                      \
    "{\"resourceType\":\"MedicationStatement\",\"id\":\"ms-77\",\"meta\":{\"versionId\":\"4\"},\"subject\":{"          \
    "\"reference\":\"Patient/p1\"}}"
#define TOPIC(type, events)                                                                                            \
    "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"entry\":[{\"fullUrl\":\"urn:uuid:1\",\"resource\":{"          \
    "\"resourceType\":"                                                                                                \
    "\"Parameters\",\"parameter\":[{\"name\":\"subscription\",\"valueReference\":{\"reference\":\"https://x/"          \
    "Subscription/s\"}},"                                                                                              \
    "{\"name\":\"status\",\"valueCode\":\"active\"},{\"name\":\"type\",\"valueCode\":\"" type "\"}" events "]}}]}"
#define EVENT(number, focus)                                                                                           \
    ",{\"name\":\"notification-event\",\"part\":[{\"name\":\"event-number\",\"valueString\":\"" number                 \
    "\"},{\"name\":\"timestamp\","                                                                                     \
    "\"valueDate\":\"2026-03-02\"},{\"name\":\"focus\",\"valueReference\":{\"reference\":\"" focus "\"}}]}"
#define STATUS(type, rest)                                                                                             \
    "{\"resourceType\":\"Bundle\",\"type\":\"subscription-notification\",\"entry\":[{\"resource\":{\"resourceType\":"  \
    "\"SubscriptionStatus\",\"type\":\"" type "\"" rest "}}]}"

/* "Type/id v=version p=patient deleted; ..." with "?" for no type, "#" for handshake, and the rc's name when refused.
 */
static void told(const mr_notices *n, mr_buf *out) {
    if (n->handshake) mr_buf_adds(out, "#");
    for (size_t i = 0; i < n->n; i++) {
        const mr_notice *v = &n->v[i];
        mr_buf_printf(out, "%s%s%s%s", i ? "; " : "", v->type[0] ? v->type : "?", v->id[0] ? "/" : "", v->id);
        if (v->version[0]) mr_buf_printf(out, " v=%s", v->version);
        if (v->patient[0]) mr_buf_printf(out, " p=%s", v->patient);
        if (v->deleted) mr_buf_adds(out, " deleted");
    }
}

typedef struct row {
    const char *method, *tail, *type, *body, *deleted, *expect;
} row;

static void check(const row *r) {
    mr_arena *a = mr_arena_new_checked(1 << 20);
    mr_notices n = {0};
    mr_error err = {0};
    mr_buf out;
    size_t len = strlen(r->body);
    char *body = calloc(1, len + 64);
    memcpy(body, r->body, len);
    mr_buf_init(&out, 1 << 16);
    mr_notice_request req = {.method = mr_span_of(r->method),
                             .tail = mr_span_of(r->tail),
                             .content_type = mr_span_of(r->type),
                             .body = {body, len},
                             .deleted_resource = mr_span_of(r->deleted)};
    mr_rc rc = mr_fhir_notice_read(&req, a, &n, &err);
    if (rc)
        mr_buf_adds(&out, mr_rc_label(rc));
    else
        told(&n, &out);
    if (strcmp(mr_buf_z(&out), r->expect) != 0)
        fail_msg("%s %s %s\n  expected %s\n  got      %s (%s)", r->method, r->tail, r->body, r->expect, mr_buf_z(&out),
                 err.text);
    mr_buf_free(&out);
    free(body);
    mr_arena_free(a);
}

#define JSON "application/fhir+json;charset=UTF-8"

static void test_rest_hooks(void **state) {
    (void)state;
    static const row rows[] = {
        {"PUT", "/MedicationStatement/ms-77", JSON, STATEMENT, NULL, "MedicationStatement/ms-77 v=4 p=p1"},
        {"PUT", "/MedicationStatement/ms-77/", JSON, STATEMENT, NULL, "MedicationStatement/ms-77 v=4 p=p1"},
        {"POST", "", JSON, STATEMENT, NULL, "MedicationStatement/ms-77 v=4 p=p1"},
        {"POST", "", NULL, STATEMENT, NULL, "MedicationStatement/ms-77 v=4 p=p1"},
        {"POST", "", NULL, "", NULL, "?"},
        {"POST", "", NULL, " \r\n", NULL, "?"},
        {"PUT", "/MedicationStatement/9", NULL, "", NULL, "MedicationStatement/9"},
        {"PUT", "/Patient/p9", NULL, "", NULL, "Patient/p9 p=p9"},
        {"DELETE", "/MedicationStatement/9", NULL, "", NULL, "MedicationStatement/9 deleted"},
        {"DELETE", "", NULL, "", NULL, "?"},
        {"POST", "", JSON, "{}", "MedicationStatement/m5", "MedicationStatement/m5 deleted"},
        {"POST", "", JSON, "{}", NULL, "?"},
        {"POST", "", JSON,
         "{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":\"https://x/fhir/Patient/p2\"}}",
         NULL, "Condition/c p=p2"},
        {"POST", "", JSON, "{\"resourceType\":\"Task\",\"id\":\"t\",\"for\":{\"reference\":\"Patient/Patient/p2\"}}",
         NULL, "Task/t p=p2"},
        {"POST", "", JSON,
         "{\"resourceType\":\"AllergyIntolerance\",\"id\":\"t\",\"patient\":{\"reference\":\"Group/p2\"}}", NULL,
         "AllergyIntolerance/t"},
        {"POST", "", JSON, "{\"resourceType\":\"Condition\",\"subject\":{\"reference\":\"Patient/p2\"}}", NULL,
         "Condition p=p2"},
        {"POST", "", JSON, "{\"resourceType\":\"Condition\"}", NULL, "?"},
        /* the path says what changed; a body about something else does not help */
        {"PUT", "/MedicationStatement/1", JSON,
         "{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":\"Patient/p2\"}}", NULL,
         "MedicationStatement/1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check(&rows[i]);
}

static void test_topics(void **state) {
    (void)state;
    static const row rows[] = {
        {"POST", "", JSON, TOPIC("handshake", ""), NULL, "#"},
        {"POST", "", JSON, TOPIC("heartbeat", ""), NULL, "#"},
        {"POST", "", JSON, TOPIC("event-notification", EVENT("310", "https://x/r4/MedicationStatement/ms-77")), NULL,
         "MedicationStatement/ms-77"},
        {"POST", "", JSON, TOPIC("event-notification", EVENT("1", "Patient/Patient/1")), NULL, "Patient/1 p=1"},
        {"POST", "", JSON, TOPIC("event-notification", EVENT("1", "Condition/a/_history/3") EVENT("2", "Condition/b")),
         NULL, "Condition/a v=3; Condition/b"},
        {"POST", "", JSON, TOPIC("event-notification", EVENT("1", "Condition/a") EVENT("2", "Condition/a")), NULL,
         "Condition/a"},
        {"POST", "", JSON, TOPIC("event-notification", EVENT("1", "urn:uuid:7")), NULL, "?"},
        {"POST", "", JSON, TOPIC("event-notification", ""), NULL, "?"},
        {"POST", "", JSON, STATUS("handshake", ""), NULL, "#"},
        {"POST", "", JSON,
         STATUS("event-notification",
                ",\"notificationEvent\":[{\"eventNumber\":\"5\",\"focus\":{\"reference\":\"Condition/x\"}}]"),
         NULL, "Condition/x"},
        {"POST", "", JSON, STATUS("event-notification", ",\"eventsSinceSubscriptionStart\":\"5\""), NULL, "?"},
        {"POST", "", JSON,
         "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"entry\":[{\"resource\":{\"resourceType\":"
         "\"SubscriptionStatus\",\"type\":"
         "\"event-notification\",\"notificationEvent\":[{\"focus\":{\"reference\":\"https://x/MedicationStatement/"
         "ms-77\"}}]}},{\"fullUrl\":"
         "\"https://x/MedicationStatement/ms-77\",\"resource\":" STATEMENT "}]}",
         NULL, "MedicationStatement/ms-77 v=4 p=p1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check(&rows[i]);
}

static void test_event_numbers(void **state) {
    (void)state;
    mr_arena *a = mr_arena_new_checked(1 << 20);
    mr_notices n;
    mr_error err;
    static const char text[] = TOPIC("event-notification", EVENT("12", "Condition/a") EVENT("11", "Condition/b"));
    char *body = calloc(1, sizeof text + 64);
    memcpy(body, text, sizeof text);
    mr_notice_request req = {.method = MR_SPAN("POST"), .body = {body, sizeof text - 1}};
    assert_int_equal(mr_fhir_notice_read(&req, a, &n, &err), MR_OK);
    assert_int_equal(n.first_event, 11);
    assert_int_equal(n.last_event, 12);
    free(body);
    mr_arena_free(a);
}

static void test_bundles_and_lists(void **state) {
    (void)state;
    static const row rows[] = {
        {"POST", "", JSON,
         "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":" STATEMENT "}]}", NULL,
         "MedicationStatement/ms-77 v=4 p=p1"},
        {"POST", "", JSON, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[]}", NULL, "?"},
        {"POST", "", JSON, "{\"resourceType\":\"Bundle\"}", NULL, "?"},
        {"POST", "", JSON,
         "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"entry\":[{\"request\":{\"method\":\"DELETE\",\"url\":"
         "\"Condition/7\"}},"
         "{\"resource\":" STATEMENT "}]}",
         NULL, "Condition/7 deleted; MedicationStatement/ms-77 v=4 p=p1"},
        /* a second word about the same resource: the last counts, the patient is remembered */
        {"POST", "", JSON,
         "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"entry\":[{\"resource\":" STATEMENT
         "},{\"request\":{\"method\":\"DELETE\",\"url\":\"MedicationStatement/ms-77\"}}]}",
         NULL, "MedicationStatement/ms-77 p=p1 deleted"},
        {"POST", "", "application/json",
         "[{\"eventType\":\"Microsoft.HealthcareApis.FhirResourceDeleted\",\"data\":{\"resourceType\":\"Condition\","
         "\"resourceFhirId\":\"c9\"}},"
         "{\"eventType\":\"Microsoft.HealthcareApis.FhirResourceUpdated\",\"data\":{\"resourceType\":\"Patient\","
         "\"resourceFhirId\":\"p9\"}}]",
         NULL, "Condition/c9 deleted; Patient/p9 p=p9"},
        {"POST", "", "application/cloudevents+json",
         "{\"specversion\":\"1.0\",\"type\":\"Microsoft.HealthcareApis.FhirResourceCreated\",\"data\":{"
         "\"resourceType\":\"Condition\","
         "\"resourceFhirId\":\"c9\"}}",
         NULL, "Condition/c9"},
        {"POST", "", "application/json",
         "[{\"eventType\":\"Microsoft.EventGrid.SubscriptionValidationEvent\",\"data\":{\"validationCode\":\"x\"}}]",
         NULL, "#"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check(&rows[i]);
}

static void test_what_can_never_be_understood(void **state) {
    (void)state;
    static const row rows[] = {
        {"POST", "", "application/fhir+xml", "<MedicationStatement/>", NULL, "refused"},
        {"POST", "", NULL, "<MedicationStatement/>", NULL, "refused"},
        {"POST", "", JSON, "nonsense", NULL, "malformed"},
        {"POST", "", JSON, "{", NULL, "malformed"},
        {"POST", "", JSON, "7", NULL, "malformed"},
        {"POST", "", JSON, "{\"a\":1}", NULL, "malformed"},
        {"POST", "", JSON, "[{\"a\":1}]", NULL, "malformed"},
        {"POST", "", JSON, "{\"resourceType\":\"Not a type\",\"id\":\"x\"}", NULL, "malformed"},
        {"POST", "", JSON, "{\"resourceType\":\"Condition\",\"id\":\"not an id\"}", NULL, "malformed"},
        {"POST", "", JSON, "{\"resourceType\":\"Condition\",\"id\":\"a\",\"id\":\"b\"}", NULL, "malformed"},
        {"POST", "", JSON, "{\"resourceType\":\"Bundle\",\"entry\":[],\"entry\":[]}", NULL, "malformed"},
        {"PUT", "/Condition", NULL, "", NULL, "malformed"},
        {"PUT", "/Condition/a/b", NULL, "", NULL, "malformed"},
        {"PUT", "/Condition/a%2Fb", NULL, "", NULL, "malformed"},
        {"PUT", "/../a", NULL, "", NULL, "malformed"},
        {"POST", "", JSON, "{}", "nonsense", "malformed"},
        {"PUT", "/Condition/0123456789012345678901234567890123456789012345678901234567890123", NULL, "", NULL,
         "Condition/0123456789012345678901234567890123456789012345678901234567890123"},
        {"PUT", "/Condition/01234567890123456789012345678901234567890123456789012345678901234", NULL, "", NULL,
         "malformed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check(&rows[i]);
}

static mr_rc many(size_t n, mr_arena *a, mr_notices *ret) {
    mr_buf text;
    size_t len;
    mr_error err;
    mr_buf_init(&text, 64 << 20);
    mr_buf_adds(&text, "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"entry\":[");
    for (size_t i = 0; i < n; i++)
        mr_buf_printf(&text, "%s{\"resource\":{\"resourceType\":\"Condition\",\"id\":\"c%zu\"}}", i ? "," : "", i);
    mr_buf_adds(&text, "]}");
    char *body = mr_buf_take(&text, &len);
    mr_notice_request req = {.method = MR_SPAN("POST"), .body = {body, len}};
    mr_rc rc = mr_fhir_notice_read(&req, a, ret, &err);
    free(body);
    return rc;
}

static void test_many_events(void **state) {
    (void)state;
    mr_notices n;
    mr_arena *a = mr_arena_new(64 << 20);
    assert_int_equal(many(MR_MAX_EVENTS_PER_NOTICE, a, &n), MR_OK);
    assert_int_equal(n.n, MR_MAX_EVENTS_PER_NOTICE);
    assert_int_equal(many(MR_MAX_EVENTS_PER_NOTICE + 1, a, &n), MR_LIMIT);
    mr_arena_free(a);
    a = mr_arena_new(100000);
    assert_int_equal(many(MR_MAX_EVENTS_PER_NOTICE, a, &n), MR_LIMIT);
    mr_arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rest_hooks),
        cmocka_unit_test(test_topics),
        cmocka_unit_test(test_event_numbers),
        cmocka_unit_test(test_bundles_and_lists),
        cmocka_unit_test(test_what_can_never_be_understood),
        cmocka_unit_test(test_many_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
