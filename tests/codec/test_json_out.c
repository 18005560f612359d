/* What the writer makes, jansson reads back as the same values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/rand.h"
#include "medreview/codec/json_out.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static json_t *read_back(mr_buf *b) {
    json_error_t why;
    json_t *root = json_loadb(b->ptr, b->len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!root) fail_msg("jansson: %s in %.*s", why.text, (int)b->len, b->ptr);
    return root;
}

static void test_structure_is_what_was_asked(void **state) {
    (void)state;
    mr_buf b;
    mr_jw w;
    mr_buf_init(&b, 10000);
    mr_jw_begin(&w, &b);
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "a", "x");
    mr_jw_array(&w, "list");
    mr_jw_int(&w, NULL, -5);
    mr_jw_object(&w, NULL);
    mr_jw_end(&w);
    mr_jw_array(&w, NULL);
    mr_jw_end(&w);
    mr_jw_null(&w, NULL);
    mr_jw_end(&w);
    mr_jw_bool(&w, "yes", true);
    mr_jw_string_if(&w, "absent", MR_SPAN_NONE);
    mr_jw_raw(&w, "raw", MR_SPAN("{\"q\":1}"));
    mr_jw_end(&w);
    assert_string_equal(mr_buf_z(&b), "{\"a\":\"x\",\"list\":[-5,{},[],null],\"yes\":true,\"raw\":{\"q\":1}}");
    json_decref(read_back(&b));
    mr_buf_free(&b);
}

static void test_every_byte_survives_in_strings(void **state) {
    (void)state;
    char all[128];
    for (int i = 1; i < 128; i++) all[i - 1] = (char)i;
    mr_span s = {all, 127};
    mr_buf b;
    mr_jw w;
    mr_buf_init(&b, 10000);
    mr_jw_begin(&w, &b);
    mr_jw_array(&w, NULL);
    mr_jw_string(&w, NULL, s);
    mr_jw_string(&w, NULL, MR_SPAN("caf\xc3\xa9 \xe2\x89\xa5 65"));
    mr_jw_end(&w);
    json_t *root = read_back(&b);
    assert_int_equal(json_string_length(json_array_get(root, 0)), s.len);
    assert_memory_equal(json_string_value(json_array_get(root, 0)), s.ptr, s.len);
    assert_string_equal(json_string_value(json_array_get(root, 1)), "caf\xc3\xa9 \xe2\x89\xa5 65");
    json_decref(root);
    mr_buf_free(&b);
}

static const char *number(double v, mr_buf *b) {
    mr_jw w;
    mr_buf_clear(b);
    mr_jw_begin(&w, b);
    mr_jw_number(&w, NULL, v);
    return mr_buf_z(b);
}

static void test_numbers_are_short_and_plain(void **state) {
    (void)state;
    mr_buf b;
    mr_buf_init(&b, 100);
    assert_string_equal(number(1.1, &b), "1.1");
    assert_string_equal(number(1000, &b), "1000");
    assert_string_equal(number(0.5, &b), "0.5");
    assert_string_equal(number(0.00001, &b), "0.00001");
    assert_string_equal(number(-12.25, &b), "-12.25");
    assert_string_equal(number(0, &b), "0");
    assert_string_equal(number(100000000000000, &b), "100000000000000");
    mr_buf_free(&b);
}

static void test_numbers_read_back_exactly(void **state) {
    (void)state;
    mr_rand r;
    mr_rand_seed(&r, 7);
    mr_buf b;
    mr_buf_init(&b, 100);
    for (int i = 0; i < 20000; i++) {
        double v = (double)(int64_t)mr_rand_next(&r) * pow(10, (double)mr_rand_below(&r, 30) - 25);
        assert_true(strtod(number(v, &b), NULL) == v);
    }
    mr_buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure_is_what_was_asked),
        cmocka_unit_test(test_every_byte_survives_in_strings),
        cmocka_unit_test(test_numbers_are_short_and_plain),
        cmocka_unit_test(test_numbers_read_back_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
