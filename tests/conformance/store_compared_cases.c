/* What reviews were made with: found, compared, and their patients due again; and the probing write. */
#include "store_suite.h"

static void test_review_of_another_basis_is_stale(void **state) {
    store_bed *b = *state;
    reviewed(b, "p1", "k|b", "one", 0);
    reviewed(b, "p2", "k|a", "two", 0);
    reviewed(b, "p3", "k|c", "", 0);
    assert_string_equal("gp/p1 k|b one, gp/p3 k|c ", stale(b, "k|a", 16)); /* on both sides of it */
    assert_string_equal("gp/p1 k|b one, gp/p2 k|a two, gp/p3 k|c ", stale(b, "k|d", 16));
    assert_int_equal(',', strchr(stale(b, "k|d", 2), ',')[0]);
    assert_null(strchr(strchr(stale(b, "k|d", 2), ',') + 1, ','));
    assert_string_equal("unchecked 2 waiting 0", rereviews(b, "k|a"));
}

static void test_unchanged_bears_the_new_stamp(void **state) {
    store_bed *b = *state;
    reviewed(b, "p1", "k|a", "one", 0);
    compare_all(b, "k|b");
    assert_string_equal("", stale(b, "k|b", 16));
    assert_string_equal("gp/p1 k|b one", stale(b, "k|c", 16));
    assert_int_equal(0, rereview(b, 9, 10));
    assert_string_equal("gp/p1 idle #0 at 0 since 0 :\n", jobs(b));
}

static void test_changed_waits_and_becomes_due(void **state) {
    store_bed *b = *state;
    for (int i = 1; i <= 3; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "p%d", i);
        reviewed(b, id, "k|a", i == 2 ? "same" : "other!", 0);
    }
    compare_all(b, "k|b");
    assert_string_equal("unchecked 0 waiting 2", rereviews(b, "k|b"));
    assert_string_equal("", claims(b, 50, 9)); /* waiting is not due */
    assert_int_equal(1, rereview(b, 1, 100));
    assert_string_equal("gp/p1 #1 w2 since 100", claims(b, 100, 9));
    assert_int_equal(1, rereview(b, 9, 200));
    assert_string_equal("gp/p3 #1 w2 since 200", claims(b, 200, 9));
    assert_int_equal(0, rereview(b, 9, 300));
    assert_string_equal("unchecked 0 waiting 0", rereviews(b, "k|b"));
}

static void test_new_review_takes_its_patient_off_the_list(void **state) {
    store_bed *b = *state;
    reviewed(b, "p1", "k|a", "other!", 0);
    compare_all(b, "k|b");
    reviewed(b, "p1", "k|b", "new", 10);
    assert_int_equal(0, rereview(b, 9, 20));
    assert_string_equal("", claims(b, 20, 9));
    reviewed(b, "p1", "k|a", "late!", 30); /* by one that still had the old basis: looked at again */
    assert_string_equal("gp/p1 k|a late!", stale(b, "k|b", 9));
}

static void test_comparison_of_a_replaced_review_is_void(void **state) {
    store_bed *b = *state;
    mr_stale old;
    reviewed(b, "p1", "k|a", "one!", 0);
    assert_int_equal(1, stale_read(b, "k|b", &old, 1));
    reviewed(b, "p1", "k|a", "two", 10);
    for (int changed = 0; changed < 2; changed++) {
        mr_compared c = {.key = old.key, .number = old.number, .changed = changed};
        assert_rc(MR_OK, b->store->ops->compared(b->store, MR_SPAN("k|b"), &c, 1, NULL));
        assert_string_equal("gp/p1 k|a two", stale(b, "k|b", 9));
        assert_int_equal(0, rereview(b, 9, 20));
    }
    free(old.asked);
}

/* Each row as its state asks: what is due stays as it is, what is parked wakes, what is under review is done again. */
static void test_rereview_disturbs_nobody(void **state) {
    store_bed *b = *state;
    static const char *const ids[] = {"due", "leased", "parked", "retry"};
    for (size_t i = 0; i < 4; i++) reviewed(b, ids[i], "k|a", "other!", 0);
    compare_all(b, "k|b");
    for (size_t i = 1; i < 4; i++) notice_now(b, "gp", ids[i], 10);
    mr_claim c[3];
    for (size_t i = 0; i < 3; i++) c[i] = claim(b, 10);
    settle_park(b, &c[1], 0, 20);
    settle_retry(b, &c[2], 90000, 20);
    notice(b, "gp", "due", 30);
    assert_int_equal(4, rereview(b, 9, 40));
    assert_string_equal("gp/due due #0 at 2030 since 30 :\n"
                        "gp/leased leased #1 at 100010 since 10 :\n"
                        "gp/parked due #0 at 40 since 10 malformed:no status\n"
                        "gp/retry due #1 at 90000 since 10 timeout:slow\n",
                        jobs(b));
    settle_done(b, &c[0], 50);
    assert_string_equal("gp/leased #1 w3 since 40, gp/parked #1 w3 since 10", claims(b, 60, 9));
}

static void test_second_update_looks_again(void **state) {
    store_bed *b = *state;
    reviewed(b, "p1", "k|a", "other!", 0);
    compare_all(b, "k|b");
    mr_stale v;
    assert_int_equal(1, stale_read(b, "k|c", &v, 1)); /* as it was reviewed, not as it was compared */
    assert_string_equal("k|a", v.stamp);
    mr_compared c = {.key = v.key, .number = v.number, .changed = false};
    assert_rc(MR_OK, b->store->ops->compared(b->store, MR_SPAN("k|c"), &c, 1, NULL));
    assert_int_equal(0, rereview(b, 9, 20)); /* the third is as the first was */
    free(v.asked);
}

static void test_review_without_a_stamp_keeps_the_old_one(void **state) {
    store_bed *b = *state;
    reviewed(b, "p1", "k|a", "one", 0);
    notice_now(b, "gp", "p1", 10);
    mr_claim c = claim(b, 10);
    settle_done(b, &c, 10);
    notice_now(b, "gp", "p2", 10);
    c = claim(b, 10);
    settle_done(b, &c, 10);
    assert_string_equal("gp/p1 k|a one", stale(b, "k|b", 9));
}

static void test_stamp_that_is_too_long_changes_nothing(void **state) {
    store_bed *b = *state;
    char stamp[MR_STAMP_BYTES + 2];
    memset(stamp, 's', sizeof stamp - 1);
    stamp[sizeof stamp - 1] = 0;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 0);
    mr_settlement s = how(MR_VERDICT_DONE, MR_OK, "", 0);
    s.stamp = mr_span_of(stamp);
    assert_rc(MR_LIMIT, settle(b, &c, s, 10));
    assert_rc(MR_LIMIT, b->store->ops->compared(b->store, s.stamp, NULL, 0, NULL));
    stamp[MR_STAMP_BYTES] = 0;
    s.stamp = mr_span_of(stamp);
    assert_rc(MR_OK, settle(b, &c, s, 10));
    mr_stale v;
    assert_int_equal(1, stale_read(b, "", &v, 1));
    assert_string_equal(stamp, v.stamp);
    free(v.asked);
}

static void test_waiting_patients_outlive_a_restart(void **state) {
    store_bed *b = *state;
    if (!b->maker->survives) return;
    reviewed(b, "p1", "k|a", "other!", 0);
    reviewed(b, "p2", "k|a", "same", 0);
    compare_all(b, "k|b");
    bed_reopen(b);
    assert_string_equal("unchecked 0 waiting 1", rereviews(b, "k|b"));
    assert_string_equal("gp/p1 k|a other!, gp/p2 k|b same", stale(b, "k|c", 9));
    assert_int_equal(1, rereview(b, 9, 20));
    bed_reopen(b);
    assert_string_equal("gp/p1 #1 w2 since 20", claims(b, 20, 9));
}

static void test_probe_changes_nothing(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    for (int64_t t = 1; t < 4; t++) assert_rc(MR_OK, b->store->ops->probe(b->store, t, NULL));
    assert_string_equal("gp/p1 due #0 at 0 since 0 :\n", jobs(b));
}
