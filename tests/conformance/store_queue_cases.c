/* The queue: debounce, claims, leases, settlements. Times are milliseconds of a clock that only the test moves. */
#include "store_suite.h"

/* ---- debounce ---- */

static void test_notice_is_due_after_quiet(void **state) {
    store_bed *b = *state;
    notice(b, "gp", "p1", 1000);
    assert_string_equal("gp/p1 due #0 at 3000 since 1000 :\n", jobs(b));
    assert_string_equal("", claims(b, 2999, 4));
    assert_string_equal("gp/p1 #1 w1 since 1000", claims(b, 3000, 4));
    assert_string_equal("", claims(b, 3000, 4));
}

static void test_notice_without_debounce_is_due_at_once(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 1000);
    assert_string_equal("gp/p1 #1 w1 since 1000", claims(b, 1000, 4));
}

static void test_burst_is_one_review(void **state) {
    store_bed *b = *state;
    for (int i = 0; i < 5; i++) notice(b, "gp", "p1", 100 * i);
    mr_claim c = claim(b, 2400);
    assert_int_equal(5, c.wanted);
    settle_done(b, &c, 2500);
    assert_string_equal("", claims(b, 1000000, 4));
    assert_string_equal("gp/p1 idle #0 at 0 since 0 :\n", jobs(b));
}

static void test_talkative_patient_waits_no_longer_than_max(void **state) {
    store_bed *b = *state;
    for (int64_t t = 0; t <= 9000; t += 1500) record(b, wish_of("gp", "p1", 2000, 10000), t);
    assert_string_equal("gp/p1 due #0 at 10000 since 0 :\n", jobs(b));
    assert_string_equal("", claims(b, 9999, 4));
    assert_string_equal("gp/p1 #1 w7 since 0", claims(b, 10000, 4));
}

static void test_quiet_longer_than_max_is_max(void **state) {
    store_bed *b = *state;
    record(b, wish_of("gp", "p1", 9000, 4000), 1000);
    assert_string_equal("gp/p1 due #0 at 5000 since 1000 :\n", jobs(b));
}

static void test_request_at_once_ends_the_window_for_good(void **state) {
    store_bed *b = *state;
    notice(b, "gp", "p1", 1000);
    notice_now(b, "gp", "p1", 1500);
    notice(b, "gp", "p1", 1500);
    assert_string_equal("gp/p1 #1 w3 since 1000", claims(b, 1500, 4));
}

static void test_strictest_bound_of_the_window_holds(void **state) {
    store_bed *b = *state;
    record(b, wish_of("gp", "p1", 2000, 3000), 0);
    record(b, wish_of("gp", "p1", 2000, 30000), 1500);
    assert_string_equal("gp/p1 due #0 at 3000 since 0 :\n", jobs(b));
    record(b, wish_of("gp", "p2", 2000, 30000), 0);
    record(b, wish_of("gp", "p2", 2000, 2500), 1500);
    assert_string_equal("gp/p2 #1 w2 since 0, gp/p1 #1 w2 since 0", claims(b, 3000, 4));
}

static void test_due_row_keeps_its_place(void **state) {
    store_bed *b = *state;
    notice(b, "gp", "p1", 0);
    notice(b, "gp", "p1", 2000);
    assert_string_equal("gp/p1 due #0 at 2000 since 0 :\n", jobs(b));
}

static void test_extreme_windows_do_not_overflow(void **state) {
    store_bed *b = *state;
    record(b, wish_of("gp", "p1", INT64_MAX, INT64_MAX), INT64_MAX - 5);
    record(b, wish_of("gp", "p2", -7, -7), 1000);
    assert_string_equal("gp/p2 #1 w1 since 1000", claims(b, 1000, 4));
}

/* ---- record ---- */

static void test_duplicates_within_one_call_are_one_notice(void **state) {
    store_bed *b = *state;
    mr_intake v[] = {wish_of("gp", "p2", 2000, 30000),
                     wish_of("gp", "p1", 2000, 30000),
                     wish_of("gp", "p2", 500, 30000),
                     wish_of("zz", "p2", 2000, 30000),
                     wish_of("gp", "p2", 2000, 400),
                     hint_of("gp", "MedicationStatement", "m1"),
                     hint_of("gp", "", ""),
                     hint_of("gp", "MedicationStatement", "m1")};
    assert_rc(MR_OK, b->store->ops->record(b->store, v, 8, 1000, NULL));
    assert_string_equal("gp/p1 due #0 at 3000 since 1000 :\n"
                        "gp/p2 due #0 at 1400 since 1000 :\n"
                        "zz/p2 due #0 at 3000 since 1000 :\n",
                        jobs(b));
    assert_string_equal("gp MedicationStatement/m1 #1, gp poll #1", hints(b, 1000, 9));
    assert_string_equal("gp/p2 #1 w1 since 1000", claims(b, 2000, 4));
}

static void test_record_of_nothing_is_fine(void **state) {
    store_bed *b = *state;
    assert_rc(MR_OK, b->store->ops->record(b->store, NULL, 0, 1000, NULL));
    assert_string_equal("due 0 leased 0 parked 0 idle 0 hints 0 oldest 0 next -", depth(b, 1000));
}

static void test_invalid_intake_records_nothing_of_its_call(void **state) {
    store_bed *b = *state;
    mr_intake both = hint_of("gp", "Patient", "p9");
    (void)snprintf(both.key.patient, sizeof both.key.patient, "p9");
    const mr_intake bad[] = {wish_of("", "p1", 0, 0), hint_of("", "", ""), hint_of("gp", "Patient", ""),
                             hint_of("gp", "", "p1"), both};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mr_error err = {0};
        mr_intake v[] = {wish_of("gp", "p1", 0, 0), bad[i], wish_of("gp", "p2", 0, 0)};
        assert_rc(MR_INVALID, b->store->ops->record(b->store, v, 3, 1000, &err));
        assert_non_null(strstr(err.text, "intake 1"));
        assert_null(strstr(err.text, "p1"));
    }
    assert_string_equal("due 0 leased 0 parked 0 idle 0 hints 0 oldest 0 next -", depth(b, 1000));
}

/* ---- notices during a review ---- */

static void test_notice_during_review_makes_one_more(void **state) {
    store_bed *b = *state;
    notice(b, "gp", "p1", 0);
    mr_claim c = claim(b, 2000);
    for (int64_t t = 2100; t <= 2400; t += 100) notice(b, "gp", "p1", t);
    assert_string_equal("", claims(b, 5000, 4)); /* at most one review of a patient at a time */
    settle_done(b, &c, 3000);
    assert_string_equal("gp/p1 due #0 at 4400 since 2100 :\n", jobs(b));
    assert_string_equal("", claims(b, 4399, 4));
    c = claim(b, 4400);
    assert_int_equal(5, c.wanted);
    assert_int_equal(1, c.attempt);
    assert_int_equal(2100, c.first_wanted_ms);
    settle_done(b, &c, 4500);
    assert_string_equal("", claims(b, 1000000, 4));
}

static void test_window_of_a_notice_during_review_is_bounded(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 0);
    for (int64_t t = 1000; t <= 8500; t += 1500) record(b, wish_of("gp", "p1", 2000, 5000), t);
    settle_done(b, &c, 9000);
    assert_string_equal("gp/p1 #1 w7 since 1000", claims(b, 9000, 4)); /* due since 6000 */
}

/* ---- retry ---- */

static void test_retry_waits_for_its_time(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 10);
    settle_retry(b, &c, 7000, 100);
    assert_string_equal("gp/p1 due #1 at 7000 since 0 timeout:slow\n", jobs(b));
    assert_string_equal("", claims(b, 6999, 4));
    assert_string_equal("gp/p1 #2 w1 since 0", claims(b, 7000, 4));
}

static void test_notice_does_not_shorten_a_back_off(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 10);
    notice(b, "gp", "p1", 50);
    settle_retry(b, &c, 90000, 100);
    notice(b, "gp", "p1", 200);
    notice_now(b, "gp", "p1", 300);
    assert_string_equal("", claims(b, 89999, 4));
    c = claim(b, 90000);
    assert_int_equal(4, c.wanted);
    settle_done(b, &c, 90001);
    assert_string_equal("gp/p1 idle #0 at 0 since 0 :\n", jobs(b));
}

static void test_notice_does_not_lengthen_a_back_off(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 10);
    settle_retry(b, &c, 500, 100);
    notice(b, "gp", "p1", 400);
    assert_string_equal("gp/p1 #2 w2 since 0", claims(b, 500, 4));
}

static void test_attempts_count_since_the_last_success(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    for (unsigned i = 1; i <= 3; i++) {
        mr_claim c = claim(b, 10 * i);
        assert_int_equal(i, c.attempt);
        settle_retry(b, &c, 10 * i + 10, 10 * i + 1);
    }
    mr_claim c = claim(b, 40);
    assert_int_equal(4, c.attempt);
    settle_done(b, &c, 41);
    notice_now(b, "gp", "p1", 50);
    assert_string_equal("gp/p1 #1 w2 since 50", claims(b, 50, 4));
}

/* ---- park and drop ---- */

static void test_parked_patient_stays_until_its_data_change(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 10);
    settle_park(b, &c, 0, 100);
    assert_string_equal("gp/p1 parked #1 at 0 since 0 malformed:no status\n", jobs(b));
    assert_string_equal("", claims(b, INT64_MAX - 1, 4));
    notice(b, "gp", "p1", 5000);
    assert_string_equal("gp/p1 due #0 at 7000 since 0 malformed:no status\n", jobs(b));
    notice(b, "gp", "p1", 6000);
    assert_string_equal("", claims(b, 7999, 4));
    assert_string_equal("gp/p1 #1 w3 since 0", claims(b, 8000, 4));
}

static void test_parked_patient_is_tried_again_by_itself(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 10);
    settle_park(b, &c, 60000, 100);
    assert_string_equal("gp/p1 parked #1 at 60000 since 0 malformed:no status\n", jobs(b));
    assert_string_equal("", claims(b, 59999, 4));
    c = claim(b, 60000);
    assert_int_equal(2, c.attempt);
    settle_done(b, &c, 60001);
    assert_string_equal("gp/p1 idle #0 at 0 since 0 :\n", jobs(b));
}

static void test_notice_during_review_wakes_what_is_parked(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 10);
    notice(b, "gp", "p1", 50); /* the data changed after we had read them */
    settle_park(b, &c, 0, 100);
    assert_string_equal("gp/p1 due #0 at 2050 since 0 malformed:no status\n", jobs(b));
    assert_string_equal("gp/p1 #1 w2 since 0", claims(b, 2050, 4));
}

static void test_unpark_makes_due_now(void **state) {
    store_bed *b = *state;
    mr_key p1 = key_of("gp", "p1"), p2 = key_of("gp", "p2");
    notice_now(b, "gp", "p1", 0);
    assert_rc(MR_NOT_FOUND, b->store->ops->unpark(b->store, &p1, 5, NULL)); /* due */
    mr_claim c = claim(b, 10);
    assert_rc(MR_NOT_FOUND, b->store->ops->unpark(b->store, &p1, 15, NULL)); /* leased */
    settle_park(b, &c, 0, 100);
    assert_rc(MR_NOT_FOUND, b->store->ops->unpark(b->store, &p2, 200, NULL)); /* unknown */
    assert_rc(MR_OK, b->store->ops->unpark(b->store, &p1, 200, NULL));
    assert_rc(MR_NOT_FOUND, b->store->ops->unpark(b->store, &p1, 200, NULL));
    notice(b, "gp", "p1", 200); /* does not put it off */
    c = claim(b, 200);
    assert_int_equal(1, c.attempt);
    settle_done(b, &c, 300);
    assert_rc(MR_NOT_FOUND, b->store->ops->unpark(b->store, &p1, 400, NULL)); /* idle */
}

static void test_dropped_work_is_over(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 10);
    assert_rc(MR_OK, settle(b, &c, how(MR_VERDICT_DROP, MR_NOT_FOUND, "gone", 0), 100));
    assert_string_equal("gp/p1 idle #0 at 0 since 0 not-found:gone\n", jobs(b));
    notice_now(b, "gp", "p1", 200);
    c = claim(b, 200);
    notice(b, "gp", "p1", 300);
    assert_rc(MR_OK, settle(b, &c, how(MR_VERDICT_DROP, MR_NOT_FOUND, "gone", 0), 400));
    assert_string_equal("gp/p1 #1 w3 since 300", claims(b, 2300, 4));
}

static void test_stopping_drops_no_notice(void **state) {
    store_bed *b = *state;
    const mr_rc ours[] = {MR_CANCELED, MR_LOST};
    notice_now(b, "gp", "p1", 0);
    for (size_t i = 0; i < 2; i++) {
        mr_claim c = claim(b, 10);
        assert_rc(MR_OK, settle(b, &c, how(MR_VERDICT_DROP, ours[i], "stopping", 0), 20));
    }
    assert_string_equal("gp/p1 #1 w1 since 0", claims(b, 20, 4));
}

/* ---- leases and tokens ---- */

static void test_lease_that_lapses_lets_the_next_one_in(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim old = claim(b, 10);
    assert_string_equal("", claims(b, 10 + LEASE - 1, 4));
    mr_claim fresh = claim(b, 10 + LEASE);
    assert_true(fresh.token > old.token);
    assert_int_equal(2, fresh.attempt);
    assert_int_equal(1, fresh.wanted);
}

static void test_old_token_changes_nothing(void **state) {
    store_bed *b = *state;
    mr_key p1 = key_of("gp", "p1");
    mr_work_item item = {.task = "Task/1", .priority = "asap"};
    notice_now(b, "gp", "p1", 0);
    mr_claim old = claim(b, 10);
    mr_claim fresh = claim(b, 10 + LEASE);
    const mr_verdict verdicts[] = {MR_VERDICT_DONE, MR_VERDICT_RETRY, MR_VERDICT_PARK, MR_VERDICT_DROP};
    for (size_t i = 0; i < 4; i++) {
        mr_settlement s = how(verdicts[i], MR_TIMEOUT, "late", 5);
        s.item = &item;
        s.review = MR_SPAN("{}");
        assert_rc(MR_LOST, settle(b, &old, s, 20 + LEASE));
    }
    assert_string_equal("gp/p1 leased #2 at 200010 since 0 :\n", jobs(b));
    char *json = NULL;
    size_t len = 7;
    assert_rc(MR_NOT_FOUND, b->store->ops->review_of(b->store, &p1, &item, &json, &len, NULL));
    assert_true(json == NULL && len == 7);
    assert_string_equal("Task/1", item.task);
    settle_done(b, &fresh, 30 + LEASE);
    assert_string_equal("gp/p1 idle #0 at 0 since 0 :\n", jobs(b));
}

static void test_late_settlement_counts_while_nobody_claimed(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 10);
    settle_done(b, &c, 10 + 5 * LEASE);
    assert_string_equal("", claims(b, 10 + 6 * LEASE, 4));
}

static void test_token_is_spent_by_its_settlement(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 10);
    settle_done(b, &c, 20);
    assert_rc(MR_LOST, settle(b, &c, how(MR_VERDICT_RETRY, MR_IO, "", 30), 25));
    notice_now(b, "gp", "p1", 40);
    assert_rc(MR_LOST, settle(b, &c, how(MR_VERDICT_DONE, MR_OK, "", 0), 45));
    assert_string_equal("gp/p1 #1 w2 since 40", claims(b, 50, 4));
}

static void test_foreign_claims_are_lost(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 10), other = c;
    other.key = key_of("gp", "p2");
    assert_rc(MR_LOST, settle(b, &other, how(MR_VERDICT_DONE, MR_OK, "", 0), 20));
    other.key = key_of("zz", "p1");
    assert_rc(MR_LOST, settle(b, &other, how(MR_VERDICT_DONE, MR_OK, "", 0), 20));
    other = c;
    other.token++;
    assert_rc(MR_LOST, settle(b, &other, how(MR_VERDICT_DONE, MR_OK, "", 0), 20));
    settle_done(b, &c, 30);
}

static void test_tokens_rise_for_ever(void **state) {
    store_bed *b = *state;
    uint64_t last = 0;
    notice_now(b, "gp", "p1", 0);
    for (int64_t t = 1; t < 60; t++) {
        mr_claim c = claim(b, t);
        assert_true(c.token > last);
        last = c.token;
        if (t % 4 == 0) settle_done(b, &c, t);
        if (t % 4 == 1) settle_retry(b, &c, t, t);
        if (t % 4 == 2) settle_park(b, &c, 0, t);
        if (t % 4 == 3) assert_rc(MR_OK, b->store->ops->release_all(b->store, NULL));
        if (t % 7 == 0 && b->maker->survives) bed_reopen(b);
        notice_now(b, "gp", "p1", t);
    }
}

static void test_release_gives_back_without_an_attempt(void **state) {
    store_bed *b = *state;
    assert_rc(MR_OK, b->store->ops->release_all(b->store, NULL));
    notice_now(b, "gp", "p1", 0);
    notice_now(b, "gp", "p2", 5);
    notice_now(b, "gp", "p3", 7);
    assert_string_equal("gp/p1 #1 w1 since 0, gp/p2 #1 w1 since 5", claims(b, 10, 2));
    mr_claim held = {.key = key_of("gp", "p2"), .wanted = 1, .token = 1, .attempt = 1};
    notice(b, "gp", "p1", 12); /* its window is void: what was claimed is due already */
    assert_rc(MR_OK, b->store->ops->release_all(b->store, NULL));
    assert_rc(MR_LOST, settle(b, &held, how(MR_VERDICT_DONE, MR_OK, "", 0), 15));
    assert_string_equal("gp/p1 #1 w2 since 0, gp/p2 #1 w1 since 5, gp/p3 #1 w1 since 7", claims(b, 20, 4));
}

/* ---- order and fairness ---- */

static void test_oldest_due_first_within_a_source(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 50);
    notice_now(b, "gp", "p9", 20);
    notice_now(b, "gp", "p2", 20);
    notice(b, "gp", "p0", 0); /* due at 2000 */
    assert_string_equal("gp/p2 #1 w1 since 20, gp/p9 #1 w1 since 20, gp/p1 #1 w1 since 50", claims(b, 60, 8));
    assert_string_equal("gp/p0 #1 w1 since 0", claims(b, 3000, 8));
}

static void test_sources_take_turns(void **state) {
    store_bed *b = *state;
    for (int i = 0; i < 5; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "p%d", i);
        notice_now(b, "big", id, i);
        if (i < 2) notice_now(b, "mid", id, 100 + i);
    }
    notice_now(b, "tiny", "p0", 200);
    assert_string_equal("big/p0 #1 w1 since 0", claims(b, 300, 1));
    assert_string_equal("mid/p0 #1 w1 since 100", claims(b, 300, 1)); /* the turn outlives the call */
    assert_string_equal("tiny/p0 #1 w1 since 200, big/p1 #1 w1 since 1, mid/p1 #1 w1 since 101, "
                        "big/p2 #1 w1 since 2, big/p3 #1 w1 since 3",
                        claims(b, 300, 5));
    notice_now(b, "aaa", "p0", 300);
    notice_now(b, "cat", "p0", 300);
    assert_string_equal("cat/p0 #1 w1 since 300, aaa/p0 #1 w1 since 300, big/p4 #1 w1 since 4", claims(b, 300, 8));
}

static void test_claim_takes_no_more_than_asked(void **state) {
    store_bed *b = *state;
    for (int i = 0; i < 4; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "p%d", i);
        notice_now(b, "gp", id, 0);
    }
    assert_string_equal("", claims(b, 10, 0));
    assert_string_equal("gp/p0 #1 w1 since 0, gp/p1 #1 w1 since 0, gp/p2 #1 w1 since 0", claims(b, 10, 3));
    assert_string_equal("gp/p3 #1 w1 since 0", claims(b, 10, 3));
}

static void test_same_id_at_two_sources_is_two_patients(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    notice_now(b, "gp-2", "p1", 0);
    mr_claim c = claim(b, 0);
    settle_done(b, &c, 1);
    assert_string_equal("gp-2/p1 #1 w1 since 0", claims(b, 1, 4));
}
