/* Broken and hostile requests: every cut and many flips of good ones are answered, and what is refused changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange.h"
#include "medreview/base/rand.h"

static const char transaction[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":["
    "{\"fullUrl\":\"urn:uuid:1\",\"resource\":{\"resourceType\":\"Patient\",\"meta\":{\"tag\":[{\"code\":\"x\"}]}},"
    "\"request\":{\"method\":\"POST\",\"url\":\"Patient\",\"ifNoneExist\":\"_tag=%7Cx\"}},"
    "{\"resource\":{\"resourceType\":\"Task\",\"id\":\"t\",\"status\":\"draft\",\"intent\":\"plan\",\"for\":{"
    "\"reference\":\"urn:uuid:1\"}},"
    "\"request\":{\"method\":\"PUT\",\"url\":\"Task/t\",\"ifMatch\":\"W/\\\"1\\\"\"}},"
    "{\"resource\":{\"resourceType\":\"Subscription\",\"id\":\"s\",\"status\":\"requested\",\"criteria\":\"Task?status="
    "draft\","
    "\"channel\":{\"type\":\"rest-hook\",\"endpoint\":\"http://r/\",\"payload\":\"x\",\"header\":[\"A: b\"]}},"
    "\"request\":{\"method\":\"PUT\",\"url\":\"Subscription/s\"}},"
    "{\"request\":{\"method\":\"GET\",\"url\":\"Task?patient=a&_include=Task:patient&_sort=-modified\"}},"
    "{\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/gone\"}}]}";
static const char target[] =
    "/Task?patient=a,b&code=http://x%7Cy&_lastUpdated=ge2026-03-02T08:55:00Z&_sort=-modified&_count=2&"
    "_include=Task:patient:Patient&_elements=id,for&_tag=%7Cx&period=le2026";

static mr_sandbox *fresh(void) {
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    assert_int_equal(status_of(s, "PUT", "/Task/t",
                               "{\"resourceType\":\"Task\",\"id\":\"t\",\"status\":\"ready\",\"intent\":\"plan\"}",
                               NULL),
                     201);
    return s;
}

static size_t versions(mr_sandbox *s) {
    exchange x = ask_for(s, "GET", "/_history", NULL);
    size_t n = (size_t)atol(at(x.body, "total"));
    drop(&x);
    return n;
}

/* Any answer is right that is an answer; a refusal must leave the server as it was. */
static void try_one(const char *method, const char *where, const char *body) {
    mr_sandbox *s = fresh();
    exchange x = ask_for(s, method, where, body);
    assert_in_range(x.status, 200, 499);
    assert_non_null(x.body); /* always JSON */
    if (x.status >= 400) {
        assert_string_equal(at(x.body, "resourceType"), "OperationOutcome");
        assert_int_equal(versions(s), 1);
    }
    mr_delivery d;
    while (mr_sandbox_next_delivery(s, &d)) mr_buf_free(&d.body);
    drop(&x);
    mr_sandbox_free(s);
}

static void test_the_good_ones_are_good(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    assert_int_equal(status_of(s, "POST", "/", transaction, NULL), 200);
    assert_int_equal(status_of(s, "GET", target, NULL, NULL), 200);
    mr_sandbox_free(s);
}

static void test_cut_anywhere(void **state) {
    (void)state;
    char text[sizeof transaction];
    for (size_t n = 0; n < sizeof transaction - 1; n++) {
        memcpy(text, transaction, sizeof text);
        text[n] = '\0';
        try_one("POST", "/", text);
    }
    for (size_t n = 0; n < sizeof target - 1; n++) {
        memcpy(text, target, sizeof target);
        text[n] = '\0';
        try_one("GET", text, NULL);
    }
}

static void test_flipped_anywhere(void **state) {
    (void)state;
    static const char with[] = "\"{}[],:0a-/%?&=|+ \\\x01\xff";
    mr_rand chance;
    mr_rand_seed(&chance, 1);
    for (int round = 0; round < 4000; round++) {
        char text[sizeof transaction];
        bool query = round % 4 == 0;
        size_t len = query ? sizeof target - 1 : sizeof transaction - 1;
        memcpy(text, query ? target : transaction, len + 1);
        for (uint64_t k = 1 + mr_rand_below(&chance, 3); k > 0; k--)
            text[mr_rand_below(&chance, len)] = with[mr_rand_below(&chance, sizeof with - 1)];
        try_one(query ? "GET" : "POST", query ? text : "/", query ? NULL : text);
    }
}

static void test_depth_and_numbers(void **state) {
    (void)state;
    mr_sandbox *s = fresh();
    char *deep = malloc(20001);
    memset(deep, '[', 20000);
    deep[20000] = '\0';
    assert_int_equal(status_of(s, "PUT", "/Patient/p", deep, NULL), 400);
    free(deep);
    const char *huge = "{\"resourceType\":\"Patient\",\"id\":\"p\",\"n\":1e999}";
    assert_int_equal(status_of(s, "PUT", "/Patient/p", huge, NULL), 400);
    const char *entries_that_are_none[] = {"1",
                                           "null",
                                           "[]",
                                           "{}",
                                           "{\"request\":1}",
                                           "{\"request\":{\"method\":\"PUT\"}}",
                                           "{\"request\":{\"method\":\"PUT\",\"url\":1}}",
                                           "{\"request\":{\"method\":\"PUT\",\"url\":\"\"}}",
                                           "{\"resource\":7,\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}"};
    for (size_t i = 0; i < sizeof entries_that_are_none / sizeof *entries_that_are_none; i++) {
        char body[300];
        snprintf(body, sizeof body, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[%s]}",
                 entries_that_are_none[i]);
        try_one("POST", "/", body);
        snprintf(body, sizeof body, "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[%s]}",
                 entries_that_are_none[i]);
        try_one("POST", "/", body);
    }
    mr_sandbox_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_good_ones_are_good),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_flipped_anywhere),
        cmocka_unit_test(test_depth_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
