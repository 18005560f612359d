/* What a transaction's answer must say before its writes count as written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tx_answer.h"

#include <stdlib.h>
#include <string.h>

#define BUNDLE(entries) "{\"resourceType\":\"Bundle\",\"type\":\"transaction-response\",\"entry\":[" entries "]}"
#define ENTRY(status) "{\"response\":{\"status\":" status "}}"
#define CREATED ENTRY("\"201 Created\"")

static mr_rc check(const char *body, size_t n, mr_error *err) {
    mr_http_resp resp = {.status = 200, .len = strlen(body), .retry_after_ms = -1};
    char *padded = calloc(1, resp.len + 64); /* as the transport hands it over */
    assert_non_null(padded);
    memcpy(padded, body, resp.len);
    resp.body = padded;
    mr_rc rc = tx_answer_check(&resp, n, err);
    free(padded);
    return rc;
}

static void test_written_is_believed_only_of_what_says_so(void **state) {
    (void)state;
    static const struct {
        const char *body;
        size_t n;
        mr_rc rc;
    } rows[] = {
        {BUNDLE(CREATED "," ENTRY("\"200 OK\"")), 2, MR_OK},
        {BUNDLE(CREATED "," CREATED "," ENTRY("\"200\"")), 2, MR_OK}, /* a Provenance beside them */
        {BUNDLE(ENTRY("201")), 1, MR_OK},                             /* a number: not FHIR, but clear */
        {"", 1, MR_IO},
        {"<html>please log in</html>", 1, MR_IO},
        {"{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\"}]}", 1, MR_IO},
        {"[]", 1, MR_IO},
        {"{}", 0, MR_IO},
        {BUNDLE(""), 1, MR_IO},
        {BUNDLE(CREATED), 2, MR_IO},
        {BUNDLE(CREATED "," ENTRY("\"412 Precondition Failed\"")), 2, MR_CONFLICT},
        {BUNDLE(ENTRY("\"409 Conflict\"") "," CREATED), 2, MR_CONFLICT},
        {BUNDLE(CREATED "," ENTRY("\"500 Internal Server Error\"")), 2, MR_IO},
        {BUNDLE(CREATED "," ENTRY("\"OK\"")), 2, MR_IO},
        {BUNDLE(CREATED "," ENTRY("null")), 2, MR_IO},
        {BUNDLE(CREATED ",null"), 2, MR_IO},
        {BUNDLE(ENTRY("9999999999")), 1, MR_IO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mr_error err = {.rc = MR_OK};
        mr_rc rc = check(rows[i].body, rows[i].n, &err);
        if (rc != rows[i].rc) fail_msg("%s: %s", rows[i].body, mr_rc_text(rc));
        if (rc != MR_OK) assert_true(err.text[0]);
    }
}

static void test_the_servers_own_words_go_no_further(void **state) {
    (void)state;
    mr_error err;
    assert_int_equal(check(BUNDLE(ENTRY("\"500 Jane Doe 9434765919\"")), 1, &err), MR_IO);
    assert_null(strstr(err.text, "Jane"));
    assert_non_null(strstr(err.text, "500"));
    assert_int_equal(check("Jane Doe", 1, &err), MR_IO);
    assert_null(strstr(err.text, "Jane"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_is_believed_only_of_what_says_so),
        cmocka_unit_test(test_the_servers_own_words_go_no_further),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
