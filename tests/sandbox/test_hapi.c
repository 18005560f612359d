/* The sandbox answers as HAPI FHIR 8.8 was seen to answer: each row was sent to a running HAPI JPA server (the one of
 * tests/interop/hapi, referential integrity off), one after the other on one server, and status and version noted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange.h"

typedef struct step {
    const char *method, *target, *body, *headers;
    int status;
    const char *etag; /* NULL: none */
} step;

#define P1(birth)                                                                                                      \
    "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"birthDate\":\"" birth                                               \
    "\",\"identifier\":[{\"system\":\"http://t\",\"value\":\"1\"}]}"
#define ANON(value) "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"http://t\",\"value\":\"" value "\"}]}"
#define SUBSCRIPTION(id, criteria)                                                                                     \
    "{\"resourceType\":\"Subscription\",\"id\":\"" id                                                                  \
    "\",\"status\":\"requested\",\"reason\":\"x\",\"criteria\":\"" criteria                                            \
    "\",\"channel\":{\"type\":\"rest-hook\",\"endpoint\":\"http://127.0.0.1:9/x\"}}"
#define BARE(id) "{\"resourceType\":\"Patient\",\"id\":\"" id "\"}"

static const step transcript[] = {
    {"PUT", "/Patient/p1", P1("1950-01-01"), NULL, 201, "W/\"1\""},
    {"PUT", "/Patient/p1", P1("1950-01-01"), NULL, 200, "W/\"1\""}, /* nothing changed: no new version */
    {"PUT", "/Patient/p1", P1("1951-01-01"), NULL, 200, "W/\"2\""},
    {"PUT", "/Patient/p1", P1("1952-01-01"), "If-Match: W/\"1\"", 409, NULL},
    {"PUT", "/Patient/p1", P1("1952-01-01"), "If-Match: W/\"2\"", 200, "W/\"3\""},
    {"PUT", "/Patient/p1", P1("1952-01-02"), "Prefer: return=minimal", 200, "W/\"4\""},
    {"PUT", "/Patient/px", BARE("other"), NULL, 400, NULL},
    {"PUT", "/Patient/px", "{\"resourceType\":\"Patient\"}", NULL, 400, NULL},
    {"PUT", "/Patient/1234", BARE("1234"), NULL, 400, NULL},
    {"PUT", "/Patient/s_bad", BARE("s_bad"), NULL, 400, NULL},
    {"PUT", "/Patient", "{\"resourceType\":\"Patient\"}", NULL, 400, NULL},
    {"POST", "/Patient/p1", "{\"resourceType\":\"Patient\"}", NULL, 400, NULL},
    {"PUT", "/Patient/py", BARE("py"), "If-Match: W/\"1\"", 201, "W/\"1\""},
    {"PUT", "/Patient/pz", BARE("pz"), "If-None-Match: *", 201, "W/\"1\""},
    {"PUT", "/Patient/pz", P1("1950") /* wrong id */, "If-None-Match: *", 400, NULL},
    {"GET", "/Patient/p1", NULL, NULL, 200, "W/\"4\""},
    {"GET", "/Patient/p1", NULL, "If-None-Match: W/\"4\"", 304, NULL},
    {"GET", "/Patient/p1/_history/1", NULL, NULL, 200, "W/\"1\""},
    {"GET", "/Patient/p1/_history/9", NULL, NULL, 404, NULL},
    {"GET", "/Patient/nope", NULL, NULL, 404, NULL},
    {"GET", "/Patient/nope/_history", NULL, NULL, 404, NULL},
    {"GET", "/Nope/1", NULL, NULL, 404, NULL},
    {"GET", "/", NULL, NULL, 400, NULL},
    {"POST", "/Patient", ANON("2"), "If-None-Exist: identifier=http://t%7C2", 201, "W/\"1\""},
    {"POST", "/Patient", ANON("2"), "If-None-Exist: identifier=http://t%7C2", 200, "W/\"1\""},
    {"POST", "/Patient", ANON("2"), NULL, 201, "W/\"1\""},
    {"POST", "/Patient", ANON("2"), "If-None-Exist: identifier=http://t%7C2", 412, NULL},
    {"PUT", "/Patient?identifier=http://t%7C3", ANON("3"), NULL, 201, "W/\"1\""},
    {"PUT", "/Patient?identifier=http://t%7C3",
     "{\"resourceType\":\"Patient\",\"active\":true,\"identifier\":[{\"system\":\"http://t\",\"value\":\"3\"}]}", NULL,
     200, "W/\"2\""},
    {"PUT", "/Patient?identifier=http://t%7C2", ANON("2"), NULL, 412, NULL},
    {"PUT", "/Task/t0", "{\"resourceType\":\"Task\",\"id\":\"t0\",\"status\":\"bogus\",\"intent\":\"plan\"}", NULL, 400,
     NULL},
    {"PUT", "/Flag/m0", "garbage{", NULL, 400, NULL},
    {"PUT", "/Flag/m0", BARE("m0"), NULL, 400, NULL},
    {"PUT", "/Patient/del", BARE("del"), NULL, 201, "W/\"1\""},
    {"DELETE", "/Patient/del", NULL, NULL, 200, NULL},
    {"GET", "/Patient/del", NULL, NULL, 410, NULL},
    {"DELETE", "/Patient/del", NULL, NULL, 200, NULL},
    {"DELETE", "/Patient/nope", NULL, NULL, 200, NULL},
    {"GET", "/Patient/del/_history/1", NULL, NULL, 200, "W/\"1\""},
    {"GET", "/Patient/del/_history/2", NULL, NULL, 410, NULL},
    {"PUT", "/Patient/del", BARE("del"), NULL, 201, "W/\"3\""}, /* and lives again */
    {"GET", "/MedicationStatement?patient=p1&foo=bar", NULL, NULL, 400, NULL},
    {"GET", "/MedicationStatement?patient=p1&foo=bar", NULL, "Prefer: handling=lenient", 400, NULL},
    {"GET", "/MedicationStatement?patient=p1&_include=MedicationStatement:foo", NULL, NULL, 400, NULL},
    {"GET", "/MedicationStatement?_lastUpdated=xx", NULL, NULL, 400, NULL},
    {"GET", "/MedicationStatement?patient=p1&_sort=bogus", NULL, NULL, 400, NULL},
    {"GET", "/MedicationStatement?patient=nobody", NULL, NULL, 200, NULL},
    {"GET", "?_getpages=2b7d0d58-1111-4c7d-b29d-3d3b9b3f6a00&_getpagesoffset=1&_count=1", NULL, NULL, 410, NULL},
    {"GET", "/Patient/p1/_history?_since=2030-01-01", NULL, NULL, 400, NULL},
    {"POST", "/", "{\"resourceType\":\"Bundle\",\"type\":\"collection\"}", NULL, 400, NULL},
    {"POST", "/", "{\"resourceType\":\"Patient\"}", NULL, 400, NULL},
    {"POST", "/", "{\"resourceType\":\"Bundle\",\"type\":\"transaction\"}", NULL, 200, NULL},
    {"POST", "/",
     "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\"}}]}",
     NULL, 400, NULL},
    {"PUT", "/Subscription/s1", SUBSCRIPTION("s1", "MedicationStatement?"), NULL, 201, "W/\"1\""},
    {"GET", "/Subscription/s1", NULL, NULL, 200, "W/\"2\""}, /* the server made it active */
    {"PUT", "/Subscription/s2", SUBSCRIPTION("s2", "MedicationStatement"), NULL, 422, NULL},
    {"PUT", "/Subscription/s3", SUBSCRIPTION("s3", "Flag?status=active"), NULL, 422,
     NULL}, /* Flag has no status parameter */
};

static void test_answers_as_hapi(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    mr_sandbox_set_quirks(s, (mr_sandbox_quirks){.as_hapi = true});
    for (size_t i = 0; i < sizeof transcript / sizeof *transcript; i++) {
        const step *t = &transcript[i];
        exchange x = send_at(s, T0 + (int64_t)i, t->method, t->target, t->body, t->headers);
        if (x.status != t->status || strcmp(x.etag, t->etag == NULL ? "" : t->etag) != 0)
            fail_msg("row %zu: %s %s gave %d %s, HAPI %d %s\n%s", i, t->method, t->target, x.status, x.etag, t->status,
                     t->etag == NULL ? "" : t->etag, x.text);
        if (x.status >= 400) assert_string_equal(at(x.body, "resourceType"), "OperationOutcome");
        drop(&x);
    }
    mr_sandbox_free(s);
}

#define TX(entries) "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[" entries "]}"

/* What HAPI sent back for this transaction, entry by entry. */
static void test_transaction_as_hapi(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    mr_sandbox_set_quirks(s, (mr_sandbox_quirks){.as_hapi = true});
    assert_int_equal(status_of(s, "PUT", "/Patient/p1", P1("1951-01-01"), NULL), 201);
    assert_int_equal(status_of(s, "PUT", "/Patient/py", BARE("py"), NULL), 201);
    assert_int_equal(status_of(s, "POST", "/Patient", ANON("3"), NULL), 201);
    exchange x = ask_for(
        s, "POST", "/",
        TX("{\"fullUrl\":\"urn:uuid:11111111-1111-4111-8111-111111111111\",\"resource\":{\"resourceType\":"
           "\"Medication\"},"
           "\"request\":{\"method\":\"POST\",\"url\":\"Medication\"}},"
           "{\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"m1\",\"status\":\"active\","
           "\"medicationReference\":{\"reference\":\"urn:uuid:11111111-1111-4111-8111-111111111111\"}},"
           "\"request\":{\"method\":\"PUT\",\"url\":\"MedicationStatement/m1\"}},"
           "{\"resource\":" ANON(
               "3") ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\",\"ifNoneExist\":\"identifier=http://t|3\"}},"
                    "{\"request\":{\"method\":\"GET\",\"url\":\"Patient/p1\"}},"
                    "{\"request\":{\"method\":\"GET\",\"url\":\"Patient/absent\"}},"
                    "{\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/py\"}},"
                    "{\"resource\":" P1("1951-01-01") ",\"request\":{\"method\":\"PUT\",\"url\":\"Patient/p1\"}},"
                                                      "{\"resource\":" ANON(
                                                          "9") ",\"request\":{\"method\":\"PUT\",\"url\":\"Patient?"
                                                               "identifier=http://t|9\"}}"));
    assert_int_equal(x.status, 200);
    assert_string_equal(at(x.body, "type"), "transaction-response");
    assert_string_equal(at(x.body, "entry.0.response.status"), "201 Created");
    assert_string_equal(at(x.body, "entry.0.response.location"), "Medication/1001/_history/1");
    assert_string_equal(at(x.body, "entry.0.response.etag"), "1");
    assert_string_equal(at(x.body, "entry.1.response.location"), "MedicationStatement/m1/_history/1");
    assert_string_equal(at(x.body, "entry.2.response.status"), "200 OK");
    assert_string_equal(at(x.body, "entry.2.response.location"), "Patient/1000/_history/1");
    assert_string_equal(at(x.body, "entry.3.resource.id"), "p1");
    assert_string_equal(at(x.body, "entry.3.response.status"), "200 OK");
    assert_string_equal(at(x.body, "entry.4.response.status"), "404 Not Found");
    assert_string_equal(at(x.body, "entry.5.response.status"), "204 No Content");
    assert_string_equal(at(x.body, "entry.5.response.location"), "Patient/py/_history/2");
    assert_string_equal(at(x.body, "entry.6.response.status"), "200 OK");
    assert_string_equal(at(x.body, "entry.6.response.location"), "Patient/p1/_history/1");
    assert_string_equal(at(x.body, "entry.6.response.lastModified"), "");
    assert_string_equal(at(x.body, "entry.7.response.status"), "201 Created");
    assert_string_equal(at(x.body, "entry.7.response.location"), "Patient/1002/_history/1");
    drop(&x);
    x = ask_for(s, "GET", "/MedicationStatement/m1", NULL);
    assert_string_equal(at(x.body, "medicationReference.reference"), "Medication/1001");
    drop(&x);
    mr_sandbox_free(s);
}

static void test_same_id_of_two_types_is_a_conflict_only_with_subscriptions(void **state) {
    (void)state;
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    mr_sandbox_set_quirks(s, (mr_sandbox_quirks){.as_hapi = true});
    const char *flag = "{\"resourceType\":\"Flag\",\"id\":\"abc\"}";
    assert_int_equal(status_of(s, "PUT", "/Patient/abc", BARE("abc"), NULL), 201);
    assert_int_equal(status_of(s, "PUT", "/Flag/abc", flag, NULL), 201);
    assert_int_equal(status_of(s, "PUT", "/Subscription/s1", SUBSCRIPTION("s1", "MedicationStatement?"), NULL), 201);
    assert_int_equal(status_of(s, "PUT", "/Device/abc", "{\"resourceType\":\"Device\",\"id\":\"abc\"}", NULL), 409);
    mr_sandbox_set_quirks(s, (mr_sandbox_quirks){0});
    assert_int_equal(status_of(s, "PUT", "/Device/abc", "{\"resourceType\":\"Device\",\"id\":\"abc\"}", NULL), 201);
    mr_sandbox_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_as_hapi),
        cmocka_unit_test(test_transaction_as_hapi),
        cmocka_unit_test(test_same_id_of_two_types_is_a_conflict_only_with_subscriptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
