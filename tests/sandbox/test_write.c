/* Writing by the specification: versions, conditions, transactions that happen wholly or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange.h"

#define TASK(status) "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"" status "\",\"intent\":\"proposal\"}"
#define ISSUE(id, status) "{\"resourceType\":\"DetectedIssue\",\"id\":\"" id "\",\"status\":\"" status "\"}"
#define ENTRY(method, url, resource)                                                                                   \
    "{\"resource\":" resource ",\"request\":{\"method\":\"" method "\",\"url\":\"" url "\"}}"
#define BUNDLE(type, entries) "{\"resourceType\":\"Bundle\",\"type\":\"" type "\",\"entry\":[" entries "]}"

static mr_sandbox *fresh(void) {
    return mr_sandbox_new("http://h/fhir");
}

static void test_versions_and_headers(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    exchange x = send_at(s, T0 + 7, "PUT", "/Task/t1", TASK("requested"), NULL);
    assert_int_equal(x.status, 201);
    assert_string_equal(x.etag, "W/\"1\"");
    assert_string_equal(x.location, "http://h/fhir/Task/t1/_history/1");
    assert_string_equal(x.last_modified, "Sat, 21 Nov 2026 10:00:00 GMT");
    assert_string_equal(at(x.body, "meta.versionId"), "1");
    assert_string_equal(at(x.body, "meta.lastUpdated"), "2026-11-21T10:00:00.007Z");
    drop(&x);
    x = send_at(s, T0 + 7, "PUT", "/Task/t1", TASK("accepted"), NULL); /* the clock has not moved; time has */
    assert_string_equal(at(x.body, "meta.lastUpdated"), "2026-11-21T10:00:00.008Z");
    drop(&x);
    x = send_at(s, T0, "PUT", "/Task/t1", TASK("completed"), NULL); /* nor may it run backwards */
    assert_string_equal(at(x.body, "meta.lastUpdated"), "2026-11-21T10:00:00.009Z");
    drop(&x);
    mr_sandbox_free(s);
}

static void test_foreign_elements_and_numbers_survive(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    const char *body = "{\"id\":\"o1\",\"status\":\"final\",\"valueQuantity\":{\"value\":0.1},\"extension\":[{\"url\":"
                       "\"urn:x\",\"valueDecimal\":1e3}],"
                       "\"meta\":{\"versionId\":\"77\",\"tag\":[{\"code\":\"k\"}]},\"resourceType\":\"Observation\",\"_"
                       "status\":{\"id\":\"q\"},\"n\":[null,12345678901234567]}";
    exchange x = ask_for(s, "PUT", "/Observation/o1", body);
    assert_string_equal(x.text,
                        "{\"resourceType\":\"Observation\",\"id\":\"o1\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":"
                        "\"2026-11-21T10:00:00.000Z\",\"tag\":[{\"code\":\"k\"}]},\"status\":\"final\","
                        "\"valueQuantity\":{\"value\":0.1},"
                        "\"extension\":[{\"url\":\"urn:x\",\"valueDecimal\":1000.0}],\"_status\":{\"id\":\"q\"},\"n\":["
                        "null,12345678901234567]}");
    drop(&x);
    mr_sandbox_free(s);
}

static void test_a_stale_if_match_is_412(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    assert_int_equal(status_of(s, "PUT", "/Task/t1", TASK("requested"), "If-Match: W/\"1\""), 412); /* nothing there */
    assert_int_equal(status_of(s, "PUT", "/Task/t1", TASK("requested"), "If-None-Match: *"), 201);
    assert_int_equal(status_of(s, "PUT", "/Task/t1", TASK("accepted"), "If-None-Match: *"), 412);
    assert_int_equal(status_of(s, "PUT", "/Task/t1", TASK("accepted"), "If-Match: W/\"1\""), 200);
    assert_int_equal(status_of(s, "PUT", "/Task/t1", TASK("cancelled"), "If-Match: W/\"1\""), 412);
    assert_int_equal(status_of(s, "PUT", "/Task/t1", TASK("in-progress"), "If-Match: \"2\""), 200);
    assert_int_equal(status_of(s, "DELETE", "/Task/t1", NULL, "If-Match: W/\"2\""), 412);
    assert_int_equal(status_of(s, "DELETE", "/Task/t1", NULL, "If-Match: W/\"3\""), 200);
    assert_int_equal(status_of(s, "GET", "/Task/t1", NULL, NULL), 410);
    mr_sandbox_free(s);
}

static void test_required_codes(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    assert_int_equal(status_of(s, "PUT", "/DetectedIssue/d", "{\"resourceType\":\"DetectedIssue\",\"id\":\"d\"}", NULL),
                     422);
    assert_int_equal(status_of(s, "PUT", "/DetectedIssue/d", ISSUE("d", "active"), NULL), 400);
    assert_int_equal(status_of(s, "PUT", "/DetectedIssue/d", ISSUE("d", "preliminary"), NULL), 201);
    assert_int_equal(
        status_of(s, "PUT", "/Task/t1", "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"draft\"}", NULL), 422);
    assert_int_equal(
        status_of(s, "PUT", "/Task/t1",
                  "{\"resourceType\":\"Task\",\"id\":\"t1\",\"status\":\"draft\",\"intent\":\"directive\"}", NULL),
        400);
    assert_int_equal(
        status_of(s, "PUT", "/Patient/p", "{\"resourceType\":\"Patient\",\"id\":\"p\",\"a\":1,\"a\":2}", NULL), 400);
    assert_int_equal(status_of(s, "PUT", "/Patient/p", "<Patient/>", "Content-Type: application/fhir+xml"), 415);
    assert_int_equal(status_of(s, "PATCH", "/Patient/p", "[]", NULL), 405);
    mr_sandbox_free(s);
}

static void test_history_of_a_resource_and_since(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    exchange x = send_at(s, T0, "PUT", "/Task/t1", TASK("requested"), NULL);
    drop(&x);
    x = send_at(s, T0 + 60000, "PUT", "/Task/t1", TASK("accepted"), NULL);
    drop(&x);
    x = send_at(s, T0 + 120000, "DELETE", "/Task/t1", NULL, NULL);
    drop(&x);
    x = ask_for(s, "GET", "/Task/t1/_history", NULL);
    assert_string_equal(at(x.body, "type"), "history");
    assert_string_equal(at(x.body, "total"), "3");
    assert_string_equal(at(x.body, "entry.0.request.method"), "DELETE");
    assert_string_equal(at(x.body, "entry.0.resource"), "");
    assert_string_equal(at(x.body, "entry.1.request.method"), "PUT");
    assert_string_equal(at(x.body, "entry.1.resource.status"), "accepted");
    assert_string_equal(at(x.body, "entry.1.response.etag"), "W/\"2\"");
    assert_string_equal(at(x.body, "entry.2.request.method"), "POST"); /* as HAPI tells a creation */
    assert_string_equal(at(x.body, "entry.2.request.url"), "Task/t1/_history/1");
    drop(&x);
    x = ask_for(s, "GET", "/Task/_history?_since=2026-11-21T10:01:00Z", NULL);
    assert_int_equal(entries(&x), 2);
    drop(&x);
    x = ask_for(s, "GET", "/Task/_history?_since=2026-11-21T10:01:00.001Z", NULL);
    assert_int_equal(entries(&x), 1);
    drop(&x);
    x = ask_for(s, "GET", "/Patient/_history?_since=2026-11-21T10:01:00Z", NULL);
    assert_int_equal(entries(&x), 0);
    drop(&x);
    mr_sandbox_free(s);
}

/* --- transactions --- */

static void test_a_transaction_rewrites_and_answers_in_order(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    exchange x = ask_for(
        s, "POST", "/",
        BUNDLE("transaction",
               "{\"fullUrl\":\"urn:uuid:00000000-0000-4000-8000-000000000001\",\"resource\":{\"resourceType\":\"Task\","
               "\"status\":\"requested\","
               "\"intent\":\"proposal\",\"focus\":{\"reference\":\"urn:uuid:00000000-0000-4000-8000-000000000002\"},"
               "\"input\":[{\"valueReference\":{\"reference\":\"http://elsewhere/r4/DetectedIssue/"
               "d1\"}}]},\"request\":{\"method\":\"POST\",\"url\":\"Task\"}},"
               "{\"fullUrl\":\"http://elsewhere/r4/DetectedIssue/d1\",\"resource\":" ISSUE(
                   "d1", "final") ",\"request\":{\"method\":\"PUT\",\"url\":\"DetectedIssue/d1\"}},"
                                  "{\"fullUrl\":\"urn:uuid:00000000-0000-4000-8000-000000000002\",\"resource\":{"
                                  "\"resourceType\":\"DetectedIssue\",\"status\":\"final\"},"
                                  "\"request\":{\"method\":\"POST\",\"url\":\"DetectedIssue\"}},"
                                  "{\"request\":{\"method\":\"GET\",\"url\":\"DetectedIssue?_id=d1\"}}"));
    assert_int_equal(x.status, 200);
    assert_string_equal(at(x.body, "type"), "transaction-response");
    assert_string_equal(at(x.body, "entry.0.response.status"), "201 Created");
    assert_string_equal(at(x.body, "entry.0.response.location"), "Task/1000/_history/1");
    assert_string_equal(at(x.body, "entry.0.response.etag"), "W/\"1\"");
    assert_string_equal(at(x.body, "entry.1.response.location"), "DetectedIssue/d1/_history/1");
    assert_string_equal(at(x.body, "entry.1.response.lastModified"),
                        "2026-11-21T10:00:00.002Z"); /* POSTs came before */
    assert_string_equal(at(x.body, "entry.3.resource.entry.0.resource.id"), "d1");
    drop(&x);
    x = ask_for(s, "GET", "/Task/1000", NULL);
    assert_string_equal(at(x.body, "focus.reference"), "DetectedIssue/1001");
    assert_string_equal(at(x.body, "input.0.valueReference.reference"), "DetectedIssue/d1");
    drop(&x);
    mr_sandbox_free(s);
}

/* Each of these fails at its last entry; the first entries must leave no trace. */
static const struct failing {
    const char *last;
    int status;
} failings[] = {
    {"{\"resource\":" TASK(
         "cancelled") ",\"request\":{\"method\":\"PUT\",\"url\":\"Task/t1\",\"ifMatch\":\"W/\\\"1\\\"\"}}",
     412},
    {ENTRY("PUT", "DetectedIssue/d9", "{\"resourceType\":\"DetectedIssue\",\"id\":\"d9\"}"), 422},
    {ENTRY("PUT", "DetectedIssue/123", ISSUE("123", "final")), 400},
    {ENTRY("PUT", "DetectedIssue/d9", ISSUE("d8", "final")), 400},
    {ENTRY("PUT", "DetectedIssue/d1", ISSUE("d1", "amended")), 400}, /* the same one twice */
    {ENTRY("PUT", "Nope/d9", ISSUE("d9", "final")), 404},
    {ENTRY("PUT", "Task?code=x", TASK("draft")), 412}, /* matches two */
    {ENTRY("POST", "Task",
           "{\"resourceType\":\"Task\",\"status\":\"draft\",\"intent\":\"order\",\"focus\":{\"reference\":\"urn:uuid:"
           "9\"}}"),
     400},
    {"{\"resource\":" ISSUE("d9", "final") "}", 400},
    {"{\"request\":{\"method\":\"DELETE\",\"url\":\"Task/t1\",\"ifMatch\":\"W/\\\"9\\\"\"}}", 412},
};

static void test_a_transaction_that_fails_leaves_no_trace(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof failings / sizeof *failings; i++) {
        mr_sandbox *s = fresh();
        for (int k = 0; k < 2; k++)
            assert_int_equal(status_of(s, "POST", "/Task",
                                       "{\"resourceType\":\"Task\",\"status\":\"draft\",\"intent\":\"order\",\"code\":{"
                                       "\"coding\":[{\"code\":\"x\"}]}}",
                                       NULL),
                             201);
        assert_int_equal(status_of(s, "PUT", "/Task/t1", TASK("requested"), NULL), 201);
        assert_int_equal(status_of(s, "PUT", "/Task/t1", TASK("accepted"), NULL), 200);
        assert_int_equal(status_of(s, "PUT", "/DetectedIssue/old", ISSUE("old", "final"), NULL), 201);
        exchange before = ask_for(s, "GET", "/_history", NULL), after;
        char body[2000];
        snprintf(
            body, sizeof body,
            BUNDLE(
                "transaction",
                "{\"request\":{\"method\":\"DELETE\",\"url\":\"DetectedIssue/old\"}}," ENTRY(
                    "PUT", "DetectedIssue/d1",
                    ISSUE("d1", "final")) "," ENTRY("POST", "DetectedIssue",
                                                    "{\"resourceType\":\"DetectedIssue\",\"status\":\"final\"}") ",%s"),
            failings[i].last);
        exchange x = ask_for(s, "POST", "/", body);
        if (x.status != failings[i].status) fail_msg("failing %zu: %d %s", i, x.status, x.text);
        assert_string_equal(at(x.body, "resourceType"), "OperationOutcome");
        after = ask_for(s, "GET", "/_history", NULL);
        assert_true(json_equal(json_object_get(before.body, "entry"), json_object_get(after.body, "entry")));
        assert_int_equal(status_of(s, "GET", "/DetectedIssue/d1", NULL, NULL), 404);
        assert_int_equal(status_of(s, "GET", "/DetectedIssue/old", NULL, NULL), 200);
        assert_string_equal(ids(ask_for(s, "GET", "/DetectedIssue", NULL)), "old");
        assert_string_equal(ids(ask_for(s, "GET", "/Task?status=accepted", NULL)), "t1");
        drop(&before);
        drop(&after);
        drop(&x);
        mr_sandbox_free(s);
    }
}

static void test_replaying_a_transaction_writes_nothing(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    const char *tx = BUNDLE("transaction", ENTRY("PUT", "DetectedIssue/d1",
                                                 ISSUE("d1", "final")) "," ENTRY("PUT", "Task/t1", TASK("requested")));
    assert_int_equal(status_of(s, "POST", "/", tx, NULL), 200);
    exchange x = ask_for(s, "POST", "", tx);
    assert_string_equal(at(x.body, "entry.0.response.status"), "200 OK");
    assert_string_equal(at(x.body, "entry.1.response.location"), "Task/t1/_history/1");
    drop(&x);
    x = ask_for(s, "GET", "/_history", NULL);
    assert_string_equal(at(x.body, "total"), "2");
    drop(&x);
    mr_sandbox_free(s);
}

static void test_a_batch_fails_entry_by_entry(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    exchange x = ask_for(
        s, "POST", "/",
        BUNDLE("batch",
               ENTRY("PUT", "DetectedIssue/d1", ISSUE("d1", "final")) "," ENTRY(
                   "PUT", "DetectedIssue/d2",
                   ISSUE("d2",
                         "bogus")) "," ENTRY("PUT", "Nope/1",
                                             TASK("draft")) ",{\"request\":{\"method\":\"GET\",\"url\":\"DetectedIssue/"
                                                            "d1\"}}," ENTRY("PUT", "DetectedIssue/d1",
                                                                            ISSUE("d1", "amended"))));
    assert_int_equal(x.status, 200);
    assert_string_equal(at(x.body, "type"), "batch-response");
    assert_string_equal(at(x.body, "entry.0.response.status"), "201 Created");
    assert_string_equal(at(x.body, "entry.1.response.status"), "400 Bad Request");
    assert_string_equal(at(x.body, "entry.1.response.outcome.resourceType"), "OperationOutcome");
    assert_string_equal(at(x.body, "entry.2.response.status"), "404 Not Found");
    assert_string_equal(at(x.body, "entry.3.resource.status"), "final");
    assert_string_equal(at(x.body, "entry.4.response.status"), "200 OK");
    drop(&x);
    mr_sandbox_free(s);
}

static void test_poor_servers(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    mr_sandbox_set_quirks(s,
                          (mr_sandbox_quirks){.no_transaction = true, .no_update_create = true, .uuid_versions = true});
    assert_int_equal(status_of(s, "POST", "/", BUNDLE("transaction", ENTRY("PUT", "Task/t1", TASK("draft"))), NULL),
                     405);
    assert_int_equal(status_of(s, "PUT", "/Task/t1", TASK("draft"), NULL), 405);
    exchange x = ask_for(s, "POST", "/Task", "{\"resourceType\":\"Task\",\"status\":\"draft\",\"intent\":\"order\"}");
    assert_int_equal(x.status, 201);
    assert_int_equal(strlen(at(x.body, "id")), 36);
    assert_int_equal(strlen(at(x.body, "meta.versionId")), 36);
    drop(&x);
    mr_sandbox_free(s);
}

static void test_capability_says_what_it_does(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    exchange x = ask_for(s, "GET", "/metadata", NULL);
    assert_string_equal(at(x.body, "fhirVersion"), "4.0.1");
    assert_non_null(strstr(at(x.body, "rest.0.interaction"), "transaction"));
    const json_t *resources = json_object_get(json_array_get(json_object_get(x.body, "rest"), 0), "resource"), *r;
    size_t i, found = 0;
    json_array_foreach(resources, i, r) {
        char target[200];
        assert_string_equal(at(r, "updateCreate"), "true");
        assert_string_equal(at(r, "versioning"), "versioned-update");
        const json_t *param, *include;
        size_t k;
        json_array_foreach(json_object_get(r, "searchParam"), k, param) { /* each one named is really understood */
            const char *value = strcmp(at(param, "type"), "date") == 0 ? "2026" : "Patient/x";
            snprintf(target, sizeof target, "/%s?%s=%s", at(r, "type"), at(param, "name"), value);
            if (status_of(s, "GET", target, NULL, NULL) != 200) fail_msg("%s", target);
        }
        json_array_foreach(json_object_get(r, "searchInclude"), k, include) {
            snprintf(target, sizeof target, "/%s?_include=%s", at(r, "type"), json_string_value(include));
            if (status_of(s, "GET", target, NULL, NULL) != 200) fail_msg("%s", target);
        }
        found += strcmp(at(r, "type"), "DetectedIssue") == 0;
    }
    assert_int_equal(found, 1);
    drop(&x);
    mr_sandbox_set_quirks(
        s, (mr_sandbox_quirks){.no_transaction = true, .no_update_create = true, .ignore_include = true});
    x = ask_for(s, "GET", "/metadata", NULL);
    assert_null(strstr(at(x.body, "rest.0.interaction"), "transaction"));
    assert_string_equal(at(x.body, "rest.0.resource.0.updateCreate"), "false");
    assert_null(strstr(x.text, "searchInclude"));
    drop(&x);
    mr_sandbox_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_and_headers),
        cmocka_unit_test(test_foreign_elements_and_numbers_survive),
        cmocka_unit_test(test_a_stale_if_match_is_412),
        cmocka_unit_test(test_required_codes),
        cmocka_unit_test(test_history_of_a_resource_and_since),
        cmocka_unit_test(test_a_transaction_rewrites_and_answers_in_order),
        cmocka_unit_test(test_a_transaction_that_fails_leaves_no_trace),
        cmocka_unit_test(test_replaying_a_transaction_writes_nothing),
        cmocka_unit_test(test_a_batch_fails_entry_by_entry),
        cmocka_unit_test(test_poor_servers),
        cmocka_unit_test(test_capability_says_what_it_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
