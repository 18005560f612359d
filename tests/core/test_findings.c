/* Records in, findings out: PINCER-like rules at their boundaries, certainty, ladders, consolidation, folding, keys. */
#include "build.h"

static desk *fresh(void) {
    desk *d = pincer_desk();
    pincer_rules(d);
    return d;
}

static void test_an_nsaid_without_protection_is_one_finding(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "naproxen");
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 1);
    const mr_finding *f = finding(&a, "gi-bleed", "naproxen");
    assert_non_null(f);
    assert_span(f->leading->id, "PIN-A");
    assert_int_equal(f->certainty, MR_DEFINITE);
    assert_int_equal(f->severity, MR_HIGH);
    assert_int_equal(f->urgency, MR_WITHIN_4_WEEKS);
    assert_int_equal(f->n_missing, 0);
    assert_int_equal(f->n_implicated, 1);
    assert_span(f->implicated[0], "MedicationStatement/m1");
    assert_span(f->rank_reason, "high severity, within-4-weeks");
    assert_int_equal(f->rank, 1);
    desk_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_nsaid_without_protection_is_one_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
