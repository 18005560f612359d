/* From a substance to its codes: each code that is given leads back to the substance, and keys without one say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/terminology/terminology.h"

#include <string.h>

static mr_terminology *t;

static int open_table(void **state) {
    (void)state;
    mr_error err = {0};
    return mr_terminology_builtin(&t, &err) == MR_OK ? 0 : -1;
}

static int close_table(void **state) {
    (void)state;
    mr_terminology_free(t);
    return 0;
}

static bool leads_back(const char *system, mr_span code, mr_span key) {
    mr_arena *a = mr_arena_new(1 << 20);
    mr_coding coding = {mr_span_of(system), code, MR_SPAN_NONE};
    mr_term_question q = {.codings = &coding, .n_codings = 1};
    mr_understood u;
    mr_error err = {0};
    bool found = false;
    assert_non_null(a);
    assert_int_equal(mr_terminology_resolve(t, &q, a, NULL, &u, &err), MR_OK);
    for (size_t i = 0; i < u.n_ingredients; i++) found = found || mr_span_eq(u.ingredients[i].substance, key);
    mr_arena_free(a);
    return found;
}

static void test_known_ones(void **state) {
    (void)state;
    mr_term_codes c;
    assert_true(mr_terminology_codes(t, MR_SPAN("aspirin"), &c));
    assert_int_equal(c.n_sct, 2);
    assert_true(mr_span_is(c.sct[0], "7947003") && mr_span_is(c.sct[1], "387458008"));
    assert_true(mr_terminology_codes(t, MR_SPAN("carteolol (eye)"), &c)); /* those of carteolol, and its own */
    assert_true(c.n_sct > 0 && c.n_atc > 0);
    assert_false(mr_terminology_codes(t, MR_SPAN("Aspirin"), &c)); /* keys as drug groups write them */
    assert_false(mr_terminology_codes(t, MR_SPAN("no such"), &c));
    assert_false(mr_terminology_codes(t, MR_SPAN_NONE, &c));
}

static void test_a_class_is_no_code(void **state) {
    (void)state;
    mr_term_codes c;
    assert_false(mr_terminology_codes(t, MR_SPAN("insulin"), &c)); /* the table has the class A10A for it, no more */
    for (size_t at = 0; at < mr_terminology_substances(t); at++)
        if (mr_terminology_codes(t, mr_terminology_substance(t, at), &c))
            for (size_t i = 0; i < c.n_atc; i++) assert_int_equal(c.atc[i].len, 7);
}

static void test_single_substances_come_back(void **state) {
    (void)state;
    static const char *const keys[] = {"aspirin", "naproxen", "warfarin", "omeprazole", "digoxin", "lithium"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        mr_term_codes c;
        assert_true(mr_terminology_codes(t, mr_span_of(keys[k]), &c));
        for (size_t i = 0; i < c.n_sct; i++)
            assert_true(leads_back("http://snomed.info/sct", c.sct[i], mr_span_of(keys[k])));
        for (size_t i = 0; i < c.n_atc; i++)
            assert_true(leads_back("http://www.whocc.no/atc", c.atc[i], mr_span_of(keys[k])));
    }
}

static void test_every_id_is_one(void **state) {
    (void)state;
    size_t with = 0, n = mr_terminology_substances(t);
    for (size_t at = 0; at < n; at++) {
        mr_term_codes c;
        if (!mr_terminology_codes(t, mr_terminology_substance(t, at), &c)) continue;
        with++;
        assert_true(c.n_sct < MR_TERM_CODES && c.n_atc < MR_TERM_CODES); /* none was left out */
        for (size_t i = 0; i < c.n_sct; i++) assert_true(mr_sctid_valid(c.sct[i]));
    }
    assert_true(with > 1500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_ones),
        cmocka_unit_test(test_a_class_is_no_code),
        cmocka_unit_test(test_single_substances_come_back),
        cmocka_unit_test(test_every_id_is_one),
    };
    return cmocka_run_group_tests(tests, open_table, close_table);
}
