/* Sender checks: which headers pass, which do not. The HMAC is RFC 4231's test case 2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/net/sigcheck.h"

static void test_bearer(void **state) {
    (void)state;
    static const struct {
        const char *header, *token;
        bool ok;
    } rows[] = {
        {"Bearer s3cret", "s3cret", true},
        {"bearer s3cret", "s3cret", true},
        {"BEARER   s3cret ", "s3cret", true},
        {"Bearer s3cre", "s3cret", false},
        {"Bearer s3crets", "s3cret", false},
        {"Bearer S3CRET", "s3cret", false},
        {"Bearer", "s3cret", false},
        {"Bearer ", "s3cret", false},
        {"s3cret", "s3cret", false},
        {"Basic s3cret", "s3cret", false},
        {"Bearers3cret", "s3cret", false},
        {"Bearer\ts3cret", "s3cret", false},
        {"", "s3cret", false},
        {NULL, "s3cret", false},
        {"Bearer ", "", false},
        {"Bearer x", NULL, false},
        {"Bearer", "", false},
        {NULL, NULL, false},
        {"Bearer s3cret, Bearer x", "s3cret", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (mr_bearer_ok(mr_span_of(rows[i].header), mr_span_of(rows[i].token)) != rows[i].ok) fail_msg("row %zu", i);
}

#define MAC "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

static void test_hmac(void **state) {
    (void)state;
    static const char body[] = "what do ya want for nothing?";
    static const struct {
        const char *signature, *secret, *body;
        bool ok;
    } rows[] = {
        {MAC, "Jefe", body, true},
        {"sha256=" MAC, "Jefe", body, true},
        {"5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843", "Jefe", body, true},
        {MAC, "jefe", body, false},
        {MAC, "Jefe", "what do ya want for nothing!", false},
        {MAC, "Jefe", "", false},
        {MAC "0", "Jefe", body, false},
        {"sha1=" MAC, "Jefe", body, false},
        {"SHA256=" MAC, "Jefe", body, false},
        {"6bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "Jefe", body, false},
        {"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384", "Jefe", body, false},
        {"gbdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "Jefe", body, false},
        {"", "Jefe", body, false},
        {NULL, "Jefe", body, false},
        {"sha256=", "Jefe", body, false},
        /* HMAC with an empty key is a thing, but not a secret */
        {"b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", "", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (mr_hmac_ok(mr_span_of(rows[i].signature), mr_span_of(rows[i].secret), mr_span_of(rows[i].body)) !=
            rows[i].ok)
            fail_msg("row %zu", i);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bearer), cmocka_unit_test(test_hmac)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
