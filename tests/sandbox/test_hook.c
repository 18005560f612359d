/* Subscriptions and their deliveries, as HAPI 8.8 was seen to make them (payload, none, deletes, no-op updates). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange.h"

#define SEND_DELETES                                                                                                   \
    "\"extension\":[{\"url\":\"http://hapifhir.io/fhir/StructureDefinition/"                                           \
    "subscription-send-delete-messages\",\"valueBoolean\":true}],"
#define FULL "\"payload\":\"application/fhir+json\","

static void subscribe(mr_sandbox *s, const char *id, const char *criteria, const char *channel, const char *more) {
    char target[100], body[2000];
    snprintf(target, sizeof target, "/Subscription/%s", id);
    snprintf(body, sizeof body,
             "{\"resourceType\":\"Subscription\",\"id\":\"%s\",\"status\":\"requested\",\"reason\":\"x\",\"criteria\":"
             "\"%s\",%s"
             "\"channel\":{\"type\":\"rest-hook\",%s\"endpoint\":\"http://r/notify/%s\"}}",
             id, criteria, more, channel, id);
    assert_in_range(status_of(s, "PUT", target, body, NULL), 200, 201);
}

static void statement(mr_sandbox *s, const char *id, const char *status, const char *patient) {
    char target[100], body[400];
    snprintf(target, sizeof target, "/MedicationStatement/%s", id);
    snprintf(body, sizeof body,
             "{\"resourceType\":\"MedicationStatement\",\"id\":\"%s\",\"status\":\"%s\",\"subject\":{\"reference\":"
             "\"Patient/%s\"}}",
             id, status, patient);
    assert_in_range(status_of(s, "PUT", target, body, NULL), 200, 201);
}

/* All waiting deliveries as "METHOD url header header;" text. */
static const char *deliveries(mr_sandbox *s) {
    static char out[20000];
    size_t used = 0;
    mr_delivery d;
    out[0] = '\0';
    while (mr_sandbox_next_delivery(s, &d)) {
        used += (size_t)snprintf(out + used, sizeof out - used, "%s%s %s", used == 0 ? "" : "; ", d.method, d.url);
        for (size_t i = 0; i < 8 && d.headers[i][0] != '\0'; i++)
            used += (size_t)snprintf(out + used, sizeof out - used, " [%s]", d.headers[i]);
        json_t *body = json_loadb(mr_buf_z(&d.body), d.body.len, 0, NULL);
        if (body != NULL)
            used +=
                (size_t)snprintf(out + used, sizeof out - used, " +%s@%s", at(body, "id"), at(body, "meta.versionId"));
        json_decref(body);
        mr_buf_free(&d.body);
    }
    return out;
}

#define TYPED "[Content-Type: application/fhir+json; charset=UTF-8] "

static void test_a_payload_is_put_with_its_version(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    subscribe(s, "sub-1", "MedicationStatement?", FULL "\"header\":[\"Authorization: Bearer q\",\"X: y\"],", "");
    assert_string_equal(deliveries(s), ""); /* it does not tell of itself */
    statement(s, "m1", "active", "a");
    statement(s, "m1", "active", "a"); /* nothing changed */
    statement(s, "m1", "stopped", "a");
    assert_int_equal(status_of(s, "PUT", "/Patient/a", "{\"resourceType\":\"Patient\",\"id\":\"a\"}", NULL), 201);
    assert_string_equal(deliveries(s), "PUT http://r/notify/sub-1/MedicationStatement/m1 " TYPED
                                       "[If-Match: W/\"1\"] [Authorization: Bearer q] [X: y] +m1@1; "
                                       "PUT http://r/notify/sub-1/MedicationStatement/m1 " TYPED
                                       "[If-Match: W/\"2\"] [Authorization: Bearer q] [X: y] +m1@2");
    assert_int_equal(status_of(s, "DELETE", "/MedicationStatement/m1", NULL, NULL), 200);
    assert_string_equal(deliveries(s), ""); /* not asked for */
    mr_sandbox_free(s);
}

static void test_without_payload_something_changed_is_all(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    subscribe(s, "sub-1", "MedicationStatement?", "", "");
    subscribe(s, "sub-2", "MedicationStatement?", SEND_DELETES, "");
    statement(s, "m1", "active", "a");
    assert_string_equal(deliveries(s),
                        "POST http://r/notify/sub-1 [Content-Type: application/x-www-form-urlencoded; charset=UTF-8]; "
                        "POST http://r/notify/sub-2 [Content-Type: application/x-www-form-urlencoded; charset=UTF-8]");
    mr_sandbox_free(s);
}

static void test_deletes_are_told_when_asked_for_and_criteria_are_bare(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    subscribe(s, "sub-1", "MedicationStatement?", FULL SEND_DELETES, "");
    subscribe(s, "sub-2", "MedicationStatement?status=active", FULL SEND_DELETES, "");
    statement(s, "m1", "active", "a");
    (void)deliveries(s);
    assert_int_equal(status_of(s, "DELETE", "/MedicationStatement/m1", NULL, NULL), 200);
    assert_int_equal(status_of(s, "DELETE", "/MedicationStatement/m1", NULL, NULL), 200); /* already gone */
    assert_string_equal(deliveries(s), "DELETE http://r/notify/sub-1/MedicationStatement/m1");
    mr_sandbox_free(s);
}

static void test_criteria_look_at_the_new_version(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    subscribe(s, "sub-1", "MedicationStatement?status=active&patient=a", FULL, "");
    statement(s, "m1", "active", "a");
    statement(s, "m2", "active", "b");
    statement(s, "m1", "stopped", "a"); /* the trap of fhir.md 5.2 */
    assert_string_equal(deliveries(s),
                        "PUT http://r/notify/sub-1/MedicationStatement/m1 " TYPED "[If-Match: W/\"1\"] +m1@1");
    mr_sandbox_free(s);
}

static void test_only_committed_transactions_are_told(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    subscribe(s, "sub-1", "MedicationStatement?", FULL, "");
    const char *entry = "{\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"m1\",\"status\":\"active\"},"
                        "\"request\":{\"method\":\"PUT\","
                        "\"url\":\"MedicationStatement/m1\"}}";
    char body[1000];
    snprintf(
        body, sizeof body, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[%s,%s]}", entry,
        "{\"resource\":{\"resourceType\":\"Task\",\"id\":\"t\"},\"request\":{\"method\":\"PUT\",\"url\":\"Task/t\"}}");
    assert_int_equal(status_of(s, "POST", "/", body, NULL), 422);
    assert_string_equal(deliveries(s), "");
    snprintf(body, sizeof body, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[%s]}", entry);
    assert_int_equal(status_of(s, "POST", "/", body, NULL), 200);
    assert_string_equal(deliveries(s),
                        "PUT http://r/notify/sub-1/MedicationStatement/m1 " TYPED "[If-Match: W/\"1\"] +m1@1");
    mr_sandbox_free(s);
}

static void test_life_of_a_subscription(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    subscribe(s, "sub-1", "MedicationStatement?", FULL, "");
    exchange x = ask_for(s, "GET", "/Subscription/sub-1", NULL);
    assert_string_equal(at(x.body, "status"), "active");
    assert_string_equal(at(x.body, "meta.versionId"), "2");
    drop(&x);
    statement(s, "m1", "active", "a");
    assert_int_equal(status_of(s, "DELETE", "/Subscription/sub-1", NULL, NULL), 200);
    assert_string_equal(deliveries(s), ""); /* what waited goes with it */
    statement(s, "m2", "active", "a");
    assert_string_equal(deliveries(s), "");
    subscribe(s, "sub-1", "MedicationStatement?", FULL, "\"end\":\"2026-11-21T10:00:00Z\","); /* ends at T0 */
    statement(s, "m3", "active", "a");
    assert_string_equal(deliveries(s), "");
    subscribe(s, "sub-1", "Patient?", FULL, "\"end\":\"2026-11-21T10:00:01Z\","); /* other criteria replace the old */
    statement(s, "m4", "active", "a");
    assert_int_equal(status_of(s, "PUT", "/Patient/a", "{\"resourceType\":\"Patient\",\"id\":\"a\"}", NULL), 201);
    assert_string_equal(deliveries(s), "PUT http://r/notify/sub-1/Patient/a " TYPED "[If-Match: W/\"1\"] +a@1");
    mr_sandbox_free(s);
}

static void test_a_channel_that_is_no_rest_hook_stays_requested(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    const char *body = "{\"resourceType\":\"Subscription\",\"id\":\"s1\",\"status\":\"requested\",\"reason\":\"x\","
                       "\"criteria\":\"Patient?\","
                       "\"channel\":{\"type\":\"websocket\"}}";
    assert_int_equal(status_of(s, "PUT", "/Subscription/s1", body, NULL), 201);
    exchange x = ask_for(s, "GET", "/Subscription/s1", NULL);
    assert_string_equal(at(x.body, "status"), "requested");
    drop(&x);
    mr_sandbox_free(s);
}

static void test_the_queue_is_bounded(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    subscribe(s, "sub-1", "MedicationStatement?", FULL, "");
    char id[40];
    for (int i = 0; i < 1003; i++) {
        snprintf(id, sizeof id, "m%d", i);
        statement(s, id, "active", "a");
    }
    size_t n = 0;
    mr_delivery d;
    while (mr_sandbox_next_delivery(s, &d)) {
        n++;
        mr_buf_free(&d.body);
    }
    assert_int_equal(n, 1000);
    assert_int_equal(mr_sandbox_lost_deliveries(s), 3);
    statement(s, "again", "active", "a");
    assert_true(mr_sandbox_next_delivery(s, &d));
    mr_buf_free(&d.body);
    mr_sandbox_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_payload_is_put_with_its_version),
        cmocka_unit_test(test_without_payload_something_changed_is_all),
        cmocka_unit_test(test_deletes_are_told_when_asked_for_and_criteria_are_bare),
        cmocka_unit_test(test_criteria_look_at_the_new_version),
        cmocka_unit_test(test_only_committed_transactions_are_told),
        cmocka_unit_test(test_life_of_a_subscription),
        cmocka_unit_test(test_a_channel_that_is_no_rest_hook_stays_requested),
        cmocka_unit_test(test_the_queue_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
