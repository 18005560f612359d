/* Arena, buffer, index: caps are kept, growth keeps content, failure is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/arena.h"
#include "medreview/base/buf.h"
#include "medreview/base/index.h"
#include "medreview/base/rand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_arena_keeps_its_cap_and_says_why(void **state) {
    (void)state;
    for (int checked = 0; checked < 2; checked++) {
        mr_arena *a = checked ? mr_arena_new_checked(1000) : mr_arena_new(1000);
        mr_error err;
        assert_non_null(mr_arena_alloc(a, 900, 1));
        assert_null(mr_arena_alloc(a, 101, 1));
        assert_int_equal(mr_arena_why(a, &err), MR_LIMIT);
        assert_non_null(strstr(err.text, "1000"));
        assert_non_null(mr_arena_alloc(a, 100, 1));
        assert_null(mr_arena_alloc(a, SIZE_MAX, 8));
        assert_null(MR_NEW_N(a, uint64_t, SIZE_MAX / 4));
        mr_arena_free(a);
    }
    mr_arena_free(NULL);
}

static void test_arena_blocks_do_not_overlap(void **state) {
    (void)state;
    mr_rand r;
    mr_rand_seed(&r, 9);
    mr_arena *a = mr_arena_new(64 << 20);
    enum { N = 3000 };
    static struct {
        unsigned char *p;
        size_t n;
    } got[N];
    for (unsigned i = 0; i < N; i++) {
        size_t align = (size_t)1 << mr_rand_below(&r, 5);
        got[i].n = (size_t)mr_rand_below(&r, i % 50 == 0 ? 100000 : 300);
        got[i].p = mr_arena_alloc(a, got[i].n, align);
        assert_non_null(got[i].p);
        assert_int_equal((uintptr_t)got[i].p % align, 0);
        memset(got[i].p, (int)(i & 0xff), got[i].n);
    }
    for (unsigned i = 0; i < N; i++)
        for (size_t k = 0; k < got[i].n; k++) assert_int_equal(got[i].p[k], i & 0xff);
    mr_arena_free(a);
}

static void test_push_grows_and_keeps(void **state) {
    (void)state;
    mr_arena *a = mr_arena_new_checked(1 << 20);
    int *v = NULL;
    size_t n = 0, cap = 0;
    for (int i = 0; i < 1000; i++) assert_true(MR_PUSH(a, v, n, cap, i));
    for (int i = 0; i < 1000; i++) assert_int_equal(v[i], i);
    mr_arena_free(a);
    a = mr_arena_new_checked(40);
    v = NULL;
    n = cap = 0;
    while (MR_PUSH(a, v, n, cap, 1)) assert_true(n < 100);
    assert_int_equal(n, 4);
    mr_arena_free(a);
}

static void test_text_in_the_arena_ends_with_a_zero(void **state) {
    (void)state;
    mr_arena *a = mr_arena_new_checked(1000);
    mr_span copy, none;
    assert_true(mr_arena_dup(a, MR_SPAN("abc"), &copy));
    assert_string_equal(copy.ptr, "abc");
    assert_true(mr_arena_dup(a, MR_SPAN_NONE, &none));
    assert_null(none.ptr);
    assert_string_equal(mr_arena_printf(a, "%d-%s", 7, "x").ptr, "7-x");
    assert_null(mr_arena_printf(a, "%2000d", 1).ptr);
    mr_arena_free(a);
}

static void test_buffer_failure_is_sticky_and_clears(void **state) {
    (void)state;
    mr_buf b;
    mr_error err;
    mr_buf_init(&b, 10);
    mr_buf_adds(&b, "12345");
    mr_buf_printf(&b, "%d", 678901);
    assert_int_equal(mr_buf_why(&b, &err), MR_LIMIT);
    mr_buf_addc(&b, 'x');
    assert_int_equal(mr_buf_span(&b).len, 0); /* a failed buffer shows nothing, not a part */
    mr_buf_clear(&b);
    mr_buf_adds(&b, "ok");
    assert_string_equal(mr_buf_z(&b), "ok");
    mr_buf_free(&b);
}

static void test_taken_bytes_are_padded(void **state) {
    (void)state;
    mr_buf b;
    size_t n;
    mr_buf_init(&b, 100000);
    for (int i = 0; i < 5000; i++) mr_buf_printf(&b, "%d,", i);
    size_t len = b.len;
    char *p = mr_buf_take(&b, &n);
    assert_int_equal(n, len);
    for (size_t i = 0; i < 64; i++) assert_int_equal(p[n + i], 0);
    free(p);
    p = mr_buf_take(&b, &n);
    assert_non_null(p);
    assert_int_equal(n, 0);
    free(p);
    mr_buf_free(&b);
}

static void test_index_finds_what_was_put_and_nothing_else(void **state) {
    (void)state;
    mr_arena *a = mr_arena_new_checked(8 << 20);
    mr_index *ix = mr_index_new(a, 2);
    uint32_t got = 0, old = 99;
    for (uint32_t i = 0; i < 5000; i++) assert_true(mr_index_put(ix, mr_arena_printf(a, "key %u", i), i, NULL));
    assert_int_equal(mr_index_count(ix), 5000);
    for (uint32_t i = 0; i < 5000; i++) {
        char key[20];
        snprintf(key, sizeof key, "key %u", i);
        assert_true(mr_index_get(ix, mr_span_of(key), &got));
        assert_int_equal(got, i);
    }
    assert_false(mr_index_get(ix, MR_SPAN("key"), &got));
    assert_true(mr_index_put(ix, MR_SPAN("key 7"), 1, &old));
    assert_int_equal(old, 7);
    assert_true(mr_index_put(ix, MR_SPAN_NONE, 5, NULL));
    assert_true(mr_index_get(ix, MR_SPAN(""), &got));
    mr_arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_keeps_its_cap_and_says_why),
        cmocka_unit_test(test_arena_blocks_do_not_overlap),
        cmocka_unit_test(test_push_grows_and_keeps),
        cmocka_unit_test(test_text_in_the_arena_ends_with_a_zero),
        cmocka_unit_test(test_buffer_failure_is_sticky_and_clears),
        cmocka_unit_test(test_taken_bytes_are_padded),
        cmocka_unit_test(test_index_finds_what_was_put_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
