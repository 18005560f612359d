/* SHA-256 and HMAC against OpenSSL, over random inputs in random pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/rand.h"
#include "medreview/base/sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static void test_digest_equals_openssl(void **state) {
    (void)state;
    mr_rand r;
    uint8_t in[1000], ours[32], theirs[32];
    mr_rand_seed(&r, 3);
    for (int round = 0; round < 3000; round++) {
        size_t n = (size_t)mr_rand_below(&r, sizeof in), at = 0;
        for (size_t i = 0; i < n; i++) in[i] = (uint8_t)mr_rand_next(&r);
        mr_sha256 s;
        mr_sha256_begin(&s);
        while (at < n) {
            size_t piece = 1 + (size_t)mr_rand_below(&r, n - at);
            mr_sha256_add(&s, in + at, piece);
            mr_sha256_add(&s, NULL, 0);
            at += piece;
        }
        mr_sha256_end(&s, ours);
        assert_int_equal(EVP_Digest(in, n, theirs, NULL, EVP_sha256(), NULL), 1);
        assert_memory_equal(ours, theirs, 32);
    }
}

static void test_hmac_equals_openssl_for_keys_of_every_length(void **state) {
    (void)state;
    mr_rand r;
    char key[200], text[300];
    uint8_t ours[32], theirs[32];
    mr_rand_seed(&r, 4);
    for (size_t k = 0; k <= sizeof key; k++) {
        size_t n = (size_t)mr_rand_below(&r, sizeof text);
        for (size_t i = 0; i < k; i++) key[i] = (char)mr_rand_next(&r);
        for (size_t i = 0; i < n; i++) text[i] = (char)mr_rand_next(&r);
        mr_hmac m;
        mr_hmac_begin(&m, (mr_span){key, k});
        mr_hmac_add(&m, (mr_span){text, n / 2});
        mr_hmac_add(&m, (mr_span){text + n / 2, n - n / 2});
        mr_hmac_end(&m, ours);
        assert_non_null(HMAC(EVP_sha256(), key, (int)k, (const unsigned char *)text, n, theirs, NULL));
        assert_memory_equal(ours, theirs, 32);
    }
}

static void test_fields_cannot_be_shifted_into_each_other(void **state) {
    (void)state;
    mr_pseudonym a = mr_pseudonym_of(MR_SPAN("key"), MR_SPAN("ab"), MR_SPAN("c")),
                 b = mr_pseudonym_of(MR_SPAN("key"), MR_SPAN("a"), MR_SPAN("bc"));
    mr_pseudonym c = mr_pseudonym_of(MR_SPAN("other"), MR_SPAN("ab"), MR_SPAN("c"));
    assert_string_not_equal(a.hex, b.hex);
    assert_string_not_equal(a.hex, c.hex);
    assert_int_equal(strlen(a.hex), 16);
}

static void test_equal_ct_is_equality(void **state) {
    (void)state;
    assert_true(mr_equal_ct(MR_SPAN("abc"), MR_SPAN("abc")));
    assert_false(mr_equal_ct(MR_SPAN("abc"), MR_SPAN("abd")));
    assert_false(mr_equal_ct(MR_SPAN("abc"), MR_SPAN("ab")));
    assert_true(mr_equal_ct(MR_SPAN_NONE, MR_SPAN("")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest_equals_openssl),
        cmocka_unit_test(test_hmac_equals_openssl_for_keys_of_every_length),
        cmocka_unit_test(test_fields_cannot_be_shifted_into_each_other),
        cmocka_unit_test(test_equal_ct_is_equality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
