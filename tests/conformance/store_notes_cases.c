/* What stands beside the queue: hints, resource index, ledger, watermarks, lists, reviews, and what a restart keeps. */
#include "store_suite.h"

/* ---- hints ---- */

static void test_hint_waits_for_no_debounce(void **state) {
    store_bed *b = *state;
    record(b, hint_of("gp", "MedicationStatement", "m1"), 1000);
    record(b, hint_of("gp", "", ""), 1001);
    record(b, hint_of("aa", "MedicationStatement", "m1"), 1002);
    assert_string_equal("", hints(b, 999, 9));
    assert_string_equal("gp MedicationStatement/m1 #1, gp poll #1, aa MedicationStatement/m1 #1", hints(b, 1002, 9));
    assert_string_equal("gp MedicationStatement/m1 #1, gp poll #1", hints(b, 1002, 2)); /* they stay */
    assert_string_equal("due 0 leased 0 parked 0 idle 0 hints 3 oldest 0 next 1000", depth(b, 1002));
}

static void test_hint_done_records_its_patients(void **state) {
    store_bed *b = *state;
    record(b, hint_of("gp", "Medication", "m1"), 1000);
    mr_hint h = hint_first(b, 1000);
    mr_intake v[] = {wish_of("gp", "p1", 0, 0), wish_of("gp", "p2", 0, 0), wish_of("gp", "p1", 0, 0)};
    assert_rc(MR_OK, b->store->ops->hint_done(b->store, &h, v, 3, 1100, NULL));
    assert_string_equal("", hints(b, 2000, 9));
    assert_string_equal("gp/p1 #1 w1 since 1100, gp/p2 #1 w1 since 1100", claims(b, 1100, 9));
    assert_string_equal("due 0 leased 2 parked 0 idle 0 hints 0 oldest 0 next 101100", depth(b, 1100));
}

static void test_hint_for_nobody_is_done_too(void **state) {
    store_bed *b = *state;
    record(b, hint_of("gp", "MedicationStatement", "m1"), 1000);
    mr_hint h = hint_first(b, 1000);
    assert_rc(MR_OK, b->store->ops->hint_done(b->store, &h, NULL, 0, 1100, NULL));
    assert_string_equal("", hints(b, 2000, 9));
    mr_intake v = wish_of("gp", "p1", 0, 0); /* the answer to the first call was lost: it comes again */
    assert_rc(MR_OK, b->store->ops->hint_done(b->store, &h, &v, 1, 1200, NULL));
    assert_string_equal("gp/p1 #1 w1 since 1200", claims(b, 1200, 9));
}

static void test_hint_done_is_one_step(void **state) {
    store_bed *b = *state;
    record(b, hint_of("gp", "MedicationStatement", "m1"), 1000);
    mr_hint h = hint_first(b, 1000);
    mr_intake v[] = {wish_of("gp", "p1", 0, 0), wish_of("", "p2", 0, 0)};
    assert_rc(MR_INVALID, b->store->ops->hint_done(b->store, &h, v, 2, 1100, NULL));
    assert_string_equal("gp MedicationStatement/m1 #1", hints(b, 1100, 9));
    assert_string_equal("", jobs(b));
}

static void test_hint_that_comes_again_is_resolved_again(void **state) {
    store_bed *b = *state;
    record(b, hint_of("gp", "MedicationStatement", "m1"), 1000);
    record(b, hint_of("gp", "MedicationStatement", "m2"), 1001);
    mr_hint h = hint_first(b, 1001);
    record(b, hint_of("gp", "MedicationStatement", "m1"), 1050); /* while it is being resolved */
    assert_rc(MR_OK, b->store->ops->hint_done(b->store, &h, NULL, 0, 1100, NULL));
    assert_string_equal("gp MedicationStatement/m1 #1, gp MedicationStatement/m2 #1", hints(b, 1100, 9));
    mr_hint again = hint_first(b, 1100);
    assert_true(again.number > h.number);
    assert_rc(MR_OK, b->store->ops->hint_done(b->store, &again, NULL, 0, 1200, NULL));
    assert_string_equal("gp MedicationStatement/m2 #1", hints(b, 1200, 9));
}

static void test_hint_done_may_renew_itself(void **state) {
    store_bed *b = *state;
    record(b, hint_of("gp", "", ""), 1000);
    mr_hint h = hint_first(b, 1000);
    mr_intake v = hint_of("gp", "", "");
    assert_rc(MR_OK, b->store->ops->hint_done(b->store, &h, &v, 1, 1100, NULL));
    assert_string_equal("gp poll #1", hints(b, 1100, 9));
}

static void test_hint_later_backs_off(void **state) {
    store_bed *b = *state;
    record(b, hint_of("gp", "MedicationStatement", "m1"), 1000);
    record(b, hint_of("gp", "", ""), 1000);
    mr_hint h = hint_first(b, 1000);
    record(b, hint_of("gp", "MedicationStatement", "m1"), 1010);
    assert_rc(MR_OK, b->store->ops->hint_later(b->store, &h, 5000, NULL));
    record(b, hint_of("gp", "MedicationStatement", "m1"), 1020); /* a notice does not shorten it */
    assert_string_equal("gp poll #1", hints(b, 4999, 9));
    assert_string_equal("gp poll #1, gp MedicationStatement/m1 #2", hints(b, 5000, 9));
    h = hint_first(b, 5000);
    assert_rc(MR_OK, b->store->ops->hint_done(b->store, &h, NULL, 0, 5000, NULL));
    assert_string_equal("due 0 leased 0 parked 0 idle 0 hints 1 oldest 0 next 5000", depth(b, 5000));
    assert_rc(MR_OK, b->store->ops->hint_later(b->store, &h, 9000, NULL)); /* gone stays gone */
    assert_string_equal("gp MedicationStatement/m1 #2", hints(b, 9000, 9));
}

/* ---- resource index ---- */

static const char *patient_of(store_bed *b, const char *source, const char *reference) {
    static char patient[MR_MAX_ID_BYTES + 1]; /* until the next call */
    assert_rc(MR_OK, b->store->ops->patient_of(b->store, source, reference, patient, NULL));
    return patient;
}

static void test_index_finds_the_patient_of_a_resource(void **state) {
    store_bed *b = *state;
    const char *const first[] = {"MedicationStatement/m1", "Condition/c1", "Condition/c1"};
    const char *const moved[] = {"MedicationStatement/m1"};
    assert_string_equal("", patient_of(b, "gp", "MedicationStatement/m1"));
    assert_rc(MR_OK, b->store->ops->learn(b->store, "gp", "p1", first, 3, NULL));
    assert_rc(MR_OK, b->store->ops->learn(b->store, "gp", "p1", first, 0, NULL));
    assert_string_equal("p1", patient_of(b, "gp", "MedicationStatement/m1"));
    assert_string_equal("p1", patient_of(b, "gp", "Condition/c1"));
    assert_string_equal("", patient_of(b, "zz", "Condition/c1"));
    assert_string_equal("", patient_of(b, "gp", "Condition/c"));
    assert_rc(MR_OK, b->store->ops->learn(b->store, "gp", "p2", moved, 1, NULL)); /* records were merged */
    assert_string_equal("p2", patient_of(b, "gp", "MedicationStatement/m1"));
    assert_string_equal("p1", patient_of(b, "gp", "Condition/c1"));
}

static void test_index_refuses_what_is_too_long(void **state) {
    store_bed *b = *state;
    char id[MR_MAX_ID_BYTES + 2], reference[MR_MAX_REFERENCE_BYTES + 2], source[MR_MAX_SOURCE_BYTES + 2];
    memset(id, 'a', sizeof id);
    memset(reference, 'b', sizeof reference);
    memset(source, 'c', sizeof source);
    id[MR_MAX_ID_BYTES + 1] = reference[MR_MAX_REFERENCE_BYTES + 1] = source[MR_MAX_SOURCE_BYTES + 1] = 0;
    const char *const v[] = {"Condition/c1", reference};
    assert_rc(MR_LIMIT, b->store->ops->learn(b->store, "gp", "p1", v, 2, NULL));
    assert_rc(MR_LIMIT, b->store->ops->learn(b->store, "gp", id, v, 1, NULL));
    assert_rc(MR_LIMIT, b->store->ops->learn(b->store, source, "p1", v, 1, NULL));
    assert_string_equal("", patient_of(b, "gp", "Condition/c1"));
    id[MR_MAX_ID_BYTES] = reference[MR_MAX_REFERENCE_BYTES] = source[MR_MAX_SOURCE_BYTES] = 0;
    assert_rc(MR_OK, b->store->ops->learn(b->store, source, id, v, 2, NULL));
    assert_string_equal(id, patient_of(b, source, reference));
}

/* ---- ledger ---- */

static bool is_ours(store_bed *b, const mr_written *v) {
    bool ours = false;
    assert_rc(MR_OK, b->store->ops->is_ours(b->store, v, &ours, NULL));
    return ours;
}

static void test_ledger_knows_exactly_what_we_wrote(void **state) {
    store_bed *b = *state;
    mr_written v[] = {{"gp", "DetectedIssue", "d1", "1"}, {"gp", "Task", "t1", "7"}, {"gp", "Task", "t1", "7"}};
    const mr_written near[] = {{"zz", "Task", "t1", "7"}, {"gp", "DetectedIssue", "t1", "7"}, {"gp", "Task", "t2", "7"},
                               {"gp", "Task", "t1", "8"}, {"gp", "Task", "t", "17"},          {"gp", "Task", "t1", ""}};
    assert_false(is_ours(b, &v[0]));
    assert_rc(MR_OK, b->store->ops->wrote(b->store, v, 3, 1000, NULL));
    assert_rc(MR_OK, b->store->ops->wrote(b->store, v, 0, 1000, NULL));
    assert_true(is_ours(b, &v[0]));
    assert_true(is_ours(b, &v[1]));
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) assert_false(is_ours(b, &near[i]));
}

static void test_ledger_keeps_thirty_days(void **state) {
    store_bed *b = *state;
    const int64_t day = 86400000;
    mr_written old = {"gp", "Task", "t1", "1"}, again = {"gp", "Task", "t2", "1"}, last = {"gp", "Task", "t3", "1"};
    assert_rc(MR_OK, b->store->ops->wrote(b->store, &old, 1, 1000, NULL));
    assert_rc(MR_OK, b->store->ops->wrote(b->store, &again, 1, 1000, NULL));
    assert_rc(MR_OK, b->store->ops->wrote(b->store, &again, 1, 5 * day, NULL));
    assert_rc(MR_OK, b->store->ops->wrote(b->store, &last, 1, 1000 + 30 * day, NULL));
    assert_true(is_ours(b, &old));
    assert_rc(MR_OK, b->store->ops->wrote(b->store, &last, 1, 33 * day, NULL));
    assert_true(is_ours(b, &again));
    assert_true(is_ours(b, &last));
}

static void test_ledger_does_not_grow_for_ever(void **state) {
    store_bed *b = *state;
    const int64_t day = 86400000;
    mr_written old = {"gp", "Task", "t1", "1"}, last = {"gp", "Task", "t3", "1"};
    assert_rc(MR_OK, b->store->ops->wrote(b->store, &old, 1, 1000, NULL));
    assert_rc(MR_OK, b->store->ops->wrote(b->store, &last, 1, 31 * day, NULL));
    assert_false(is_ours(b, &old));
    assert_true(is_ours(b, &last));
}

/* ---- watermarks ---- */

static const char *watermark(store_bed *b, const char *source, const char *type) {
    static char instant[40]; /* until the next call */
    assert_rc(MR_OK, b->store->ops->watermark(b->store, source, type, instant, NULL));
    return instant;
}

static void test_watermark_never_moves_back(void **state) {
    store_bed *b = *state;
    static const struct {
        const char *set;
        mr_rc rc;
        const char *then;
    } table[] = {
        {"2026-03-02T09:15:07Z", MR_OK, "2026-03-02T09:15:07Z"},
        {"2026-03-02T09:15:06.999Z", MR_OK, "2026-03-02T09:15:07Z"},
        {"2026-03-02T09:15:07.000+00:00", MR_OK, "2026-03-02T09:15:07Z"}, /* the same instant */
        {"2026-03-02T09:15:07.25Z", MR_OK, "2026-03-02T09:15:07.25Z"},    /* within the second */
        {"2026-03-02T09:15:07.249999Z", MR_OK, "2026-03-02T09:15:07.25Z"},
        {"2026-03-02T10:15:07.2+01:00", MR_OK, "2026-03-02T09:15:07.25Z"},     /* earlier, though it reads later */
        {"2026-03-02T09:15:07.3-01:00", MR_OK, "2026-03-02T09:15:07.3-01:00"}, /* an hour later */
        {"2026-03-02T10:15:07.30000000Z", MR_OK, "2026-03-02T09:15:07.3-01:00"},
        {"2026-03-02T10:15:07.3000000000001Z", MR_OK, "2026-03-02T10:15:07.3000000000001Z"},
        {"yesterday", MR_MALFORMED, "2026-03-02T10:15:07.3000000000001Z"},
        {"", MR_MALFORMED, "2026-03-02T10:15:07.3000000000001Z"},
        {"2027-01-01T00:00:00.000000000000000000Z", MR_OK, "2027-01-01T00:00:00.000000000000000000Z"}, /* 39 bytes */
        {"2028-01-01T00:00:00.0000000000000000000Z", MR_MALFORMED, "2027-01-01T00:00:00.000000000000000000Z"},
    };
    assert_string_equal("", watermark(b, "gp", "MedicationStatement"));
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_rc(table[i].rc, b->store->ops->set_watermark(b->store, "gp", "MedicationStatement", table[i].set, NULL));
        assert_string_equal(table[i].then, watermark(b, "gp", "MedicationStatement"));
    }
    assert_string_equal("", watermark(b, "gp", "Task"));
    assert_string_equal("", watermark(b, "zz", "MedicationStatement"));
}

/* ---- depth and jobs ---- */

static void test_depth_counts_each_row_once(void **state) {
    store_bed *b = *state;
    notice(b, "gp", "due", 500);
    notice_now(b, "gp", "leased", 100);
    mr_claim leased = claim(b, 1000);
    notice_now(b, "zz", "parked", 200);
    mr_claim parked = claim(b, 1100);
    settle_park(b, &parked, 0, 1200);
    notice_now(b, "zz", "idle", 300);
    mr_claim idle = claim(b, 1300);
    settle_done(b, &idle, 1400);
    assert_string_equal("due 1 leased 1 parked 1 idle 1 hints 0 oldest 500 next 2500", depth(b, 1500));
    record(b, hint_of("gp", "", ""), 1600);
    assert_string_equal("due 1 leased 1 parked 1 idle 1 hints 1 oldest 500 next 1600", depth(b, 1600));
    assert_string_equal("due 2 leased 0 parked 1 idle 1 hints 1 oldest 100 next 1600", depth(b, 1000 + LEASE));
    settle_done(b, &leased, 2000);
    assert_string_equal("due 1 leased 0 parked 1 idle 2 hints 1 oldest 500 next 1600", depth(b, 2000));
}

static void test_next_due_is_the_earliest_of_everything(void **state) {
    store_bed *b = *state;
    notice_now(b, "gp", "p1", 0);
    mr_claim c = claim(b, 0);
    assert_string_equal("due 0 leased 1 parked 0 idle 0 hints 0 oldest 0 next 100000", depth(b, 10));
    settle_park(b, &c, 70000, 20);
    assert_string_equal("due 0 leased 0 parked 1 idle 0 hints 0 oldest 0 next 70000", depth(b, 30));
    record(b, wish_of("aa", "p1", 50000, 50000), 0);
    assert_string_equal("due 1 leased 0 parked 1 idle 0 hints 0 oldest 0 next 50000", depth(b, 30));
    record(b, wish_of("zz", "p1", 40000, 40000), 0);
    assert_string_equal("due 2 leased 0 parked 1 idle 0 hints 0 oldest 0 next 40000", depth(b, 30));
    record(b, hint_of("gp", "", ""), 30000);
    assert_string_equal("due 2 leased 0 parked 1 idle 0 hints 1 oldest 0 next 30000", depth(b, 40));
}

static void test_jobs_are_paged_by_key(void **state) {
    store_bed *b = *state;
    static const char *const names[][2] = {{"zz", "p1"}, {"gp", "p2"}, {"gp", "p10"}, {"gp-2", "p0"}, {"gp", "p1"}};
    for (size_t i = 0; i < 5; i++) notice_now(b, names[i][0], names[i][1], 5);
    for (size_t i = 0; i < 5; i++) {
        mr_claim c = claim(b, 10);
        if (c.key.patient[1] == '1')
            settle_park(b, &c, 0, 20);
        else
            settle_done(b, &c, 20);
    }
#define PARKED(key) key " parked #1 at 0 since 5 malformed:no status\n"
#define IDLE(key) key " idle #0 at 0 since 0 :\n"
    mr_key gp_p10 = key_of("gp", "p10"), gp_p3 = key_of("gp", "p3"), end = key_of("zz", "p1");
    assert_string_equal(PARKED("gp/p1") PARKED("gp/p10") IDLE("gp/p2") IDLE("gp-2/p0") PARKED("zz/p1"), jobs(b));
    assert_string_equal(PARKED("gp/p1") PARKED("gp/p10"), jobs_after(b, false, NULL, 2));
    assert_string_equal(IDLE("gp/p2") IDLE("gp-2/p0"), jobs_after(b, false, &gp_p10, 2));
    assert_string_equal(IDLE("gp-2/p0") PARKED("zz/p1"), jobs_after(b, false, &gp_p3, 9)); /* needs not exist */
    assert_string_equal("", jobs_after(b, false, &end, 9));
    assert_string_equal("", jobs_after(b, false, NULL, 0));
    assert_string_equal(PARKED("gp/p1") PARKED("gp/p10") PARKED("zz/p1"), jobs_after(b, true, NULL, 9));
    assert_string_equal(PARKED("zz/p1"), jobs_after(b, true, &gp_p10, 9));
#undef PARKED
#undef IDLE
}

/* ---- reviews and the worklist ---- */

static void review(store_bed *b, const char *source, const char *patient, const mr_work_item *item, mr_span json) {
    record(b, wish_of(source, patient, 0, 0), 1000);
    mr_claim c = claim(b, 1000);
    mr_settlement s = how(MR_VERDICT_DONE, MR_OK, "", 0);
    s.item = item;
    s.review = json;
    assert_rc(MR_OK, settle(b, &c, s, 1000));
}

static const char *worklist_on(store_bed *b, const char *today, size_t offset, size_t most) {
    mr_work_item w[16] = {0};
    size_t n = 99;
    assert_rc(MR_OK, b->store->ops->worklist(b->store, today, offset, w, most, &n, NULL));
    assert_true(n <= most);
    mr_buf_clear(&b->text);
    for (size_t i = 0; i < n; i++)
        mr_buf_printf(&b->text, "%s %s %s/%s %s\n", w[i].priority, w[i].due, w[i].key.source, w[i].key.patient,
                      w[i].task);
    return mr_buf_z(&b->text);
}

static const char *worklist(store_bed *b, size_t offset, size_t most) {
    return worklist_on(b, "", offset, most);
}

static void test_worklist_has_the_most_urgent_first(void **state) {
    store_bed *b = *state;
    static const struct {
        const char *source, *patient;
        mr_work_item item;
    } v[] = {
        {"gp", "p1", {.priority = "routine", .due = "2026-12-01", .task = "Task/1"}},
        {"gp", "p2", {.priority = "asap", .due = "2026-12-24", .task = "Task/2"}},
        {"gp", "p3", {.priority = "urgent", .due = "2026-11-28", .task = "Task/3"}},
        {"zz", "p3", {.priority = "urgent", .due = "2026-11-28", .task = "Task/4"}},
        {"gp", "p4", {.priority = "urgent", .due = "2026-11-21", .task = "Task/5"}},
        {"gp", "p5", {.priority = "urgent", .due = "2026-11-28", .task = ""}},
        {"gp", "p6", {.priority = "", .due = "", .task = "Task/6"}},
        {"gp", "p7", {.priority = "routine", .due = "", .task = "Task/7"}},
        {"aa", "p8", {.priority = "other", .due = "2026-01-01", .task = "Task/8"}},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) review(b, v[i].source, v[i].patient, &v[i].item, MR_SPAN("{}"));
    assert_string_equal("asap 2026-12-24 gp/p2 Task/2\n"
                        "urgent 2026-11-21 gp/p4 Task/5\n"
                        "urgent 2026-11-28 gp/p3 Task/3\n"
                        "urgent 2026-11-28 zz/p3 Task/4\n"
                        "routine  gp/p7 Task/7\n"
                        "routine 2026-12-01 gp/p1 Task/1\n"
                        "other 2026-01-01 aa/p8 Task/8\n",
                        worklist(b, 0, 16));
    assert_string_equal("urgent 2026-11-28 gp/p3 Task/3\nurgent 2026-11-28 zz/p3 Task/4\n", worklist(b, 2, 2));
    assert_string_equal("", worklist(b, 7, 16));
    assert_string_equal("", worklist(b, 0, 0));
    mr_work_item done = {0}; /* its Task was closed */
    review(b, "gp", "p2", &done, MR_SPAN("{}"));
    assert_string_equal("urgent 2026-11-21 gp/p4 Task/5\n", worklist(b, 0, 1));
}

static uint64_t overdue_on(store_bed *b, const char *today) {
    uint64_t n = 99;
    assert_rc(MR_OK, b->store->ops->overdue(b->store, today, &n, NULL));
    return n;
}

/* What was not done in time stands before everything, whatever its priority; a page may end anywhere among both. */
static void test_worklist_has_the_overdue_first(void **state) {
    store_bed *b = *state;
    static const struct {
        const char *patient;
        mr_work_item item;
    } v[] = {
        {"p1", {.priority = "asap", .due = "2026-11-22", .task = "Task/1"}},
        {"p2", {.priority = "asap", .due = "", .task = "Task/2"}},
        {"p3", {.priority = "routine", .due = "2026-11-01", .task = "Task/3"}},
        {"p4", {.priority = "routine", .due = "2026-10-01", .task = "Task/4"}},
        {"p5", {.priority = "urgent", .due = "2026-11-20", .task = "Task/5"}},
        {"p6", {.priority = "urgent", .due = "2026-11-21", .task = "Task/6"}},
        {"p7", {.priority = "other", .due = "2026-01-01", .task = "Task/7"}},
        {"p8", {.priority = "asap", .due = "2026-01-01", .task = ""}},
        {"p9", {.priority = "", .due = "2026-01-01", .task = "Task/9"}},
    };
    static const char *const lines[] = {"urgent 2026-11-20 gp/p5 Task/5\n",
                                        "routine 2026-10-01 gp/p4 Task/4\n",
                                        "routine 2026-11-01 gp/p3 Task/3\n",
                                        "other 2026-01-01 gp/p7 Task/7\n",
                                        "asap  gp/p2 Task/2\n",
                                        "asap 2026-11-22 gp/p1 Task/1\n",
                                        "urgent 2026-11-21 gp/p6 Task/6\n"};
    enum { LINES = sizeof lines / sizeof *lines };
    assert_int_equal(0, overdue_on(b, "2026-11-21"));
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) review(b, "gp", v[i].patient, &v[i].item, MR_SPAN("{}"));
    for (size_t offset = 0; offset <= LINES + 1; offset++)
        for (size_t most = 0; most <= LINES + 1; most++) {
            char expected[512] = "";
            for (size_t i = offset, n = 0; i < LINES && i < offset + most; i++)
                n += (size_t)snprintf(expected + n, sizeof expected - n, "%s", lines[i]);
            assert_string_equal(expected, worklist_on(b, "2026-11-21", offset, most));
        }
    assert_int_equal(4, overdue_on(b, "2026-11-21")); /* due today is in time */
    assert_int_equal(5, overdue_on(b, "2026-11-22"));
    assert_int_equal(6, overdue_on(b, "2026-11-23"));
    assert_int_equal(0, overdue_on(b, "2026-01-01"));
    assert_int_equal(0, overdue_on(b, ""));
}

static void assert_review(store_bed *b, const char *patient, const char *task, mr_span json) {
    mr_key key = key_of("gp", patient);
    mr_work_item item;
    char *text = NULL;
    size_t len = 0;
    assert_rc(MR_OK, b->store->ops->review_of(b->store, &key, &item, &text, &len, NULL));
    assert_string_equal("gp", item.key.source);
    assert_string_equal(patient, item.key.patient);
    assert_string_equal(task, item.task);
    assert_int_equal(json.len, len);
    assert_memory_equal(json.ptr, text, len);
    assert_int_equal(0, text[len]);
    free(text);
}

static void test_review_is_kept_until_the_next_one(void **state) {
    store_bed *b = *state;
    mr_work_item first = {.key = key_of("xx", "other"), .task = "Task/1", .priority = "asap"},
                 second = {.task = "Task/2"};
    review(b, "gp", "p1", &first, MR_SPAN("{\"text\":\"caf\xc3\xa9 'x'\"}"));
    assert_review(b, "p1", "Task/1", MR_SPAN("{\"text\":\"caf\xc3\xa9 'x'\"}"));
    review(b, "gp", "p1", &second, MR_SPAN_NONE); /* nothing changed but the line */
    assert_review(b, "p1", "Task/2", MR_SPAN("{\"text\":\"caf\xc3\xa9 'x'\"}"));
    review(b, "gp", "p1", NULL, MR_SPAN("[]"));
    assert_review(b, "p1", "Task/2", MR_SPAN("[]"));
    review(b, "gp", "p1", NULL, MR_SPAN_NONE);
    assert_review(b, "p1", "Task/2", MR_SPAN("[]"));
    review(b, "gp", "p2", NULL, MR_SPAN("{}"));
    assert_review(b, "p2", "", MR_SPAN("{}"));
    review(b, "gp", "p3", &first, MR_SPAN_NONE);
    assert_review(b, "p3", "Task/1", MR_SPAN(""));
}

static void test_every_member_of_a_line_comes_back(void **state) {
    store_bed *b = *state;
    mr_key key = key_of("gp", "p1");
    mr_work_item item = {.priority = "urgent",
                         .due = "2026-11-28",
                         .high = 1,
                         .moderate = 2,
                         .low = 3,
                         .top = "Oral NSAID at 65+ with no stomach protection",
                         .task = "Task/1",
                         .complete = true,
                         .reviewed_ms = INT64_C(1795219200000)};
    review(b, "gp", "p1", &item, MR_SPAN("{}"));
    mr_work_item back[2];
    char *json = NULL;
    size_t len = 0, n = 0;
    assert_rc(MR_OK, b->store->ops->review_of(b->store, &key, &back[0], &json, &len, NULL));
    free(json);
    assert_rc(MR_OK, b->store->ops->worklist(b->store, "", 0, &back[1], 1, &n, NULL));
    assert_int_equal(1, n);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(item.priority, back[i].priority);
        assert_string_equal(item.due, back[i].due);
        assert_string_equal(item.top, back[i].top);
        assert_string_equal(item.task, back[i].task);
        assert_int_equal(1, back[i].high);
        assert_int_equal(2, back[i].moderate);
        assert_int_equal(3, back[i].low);
        assert_true(back[i].complete);
        assert_int_equal(item.reviewed_ms, back[i].reviewed_ms);
    }
}

static void test_large_review_comes_back(void **state) {
    store_bed *b = *state;
    size_t len = 3u << 20;
    char *json = malloc(len);
    assert_non_null(json);
    for (size_t i = 0; i < len; i++) json[i] = (char)('a' + i % 23);
    review(b, "gp", "p1", NULL, (mr_span){json, len});
    assert_review(b, "p1", "", (mr_span){json, len});
    free(json);
}

static void test_unknown_patient_was_never_reviewed(void **state) {
    store_bed *b = *state;
    mr_key key = key_of("gp", "p1");
    mr_work_item item = {.task = "untouched"};
    char *json = NULL;
    size_t len = 7;
    assert_rc(MR_NOT_FOUND, b->store->ops->review_of(b->store, &key, &item, &json, &len, NULL));
    review(b, "gp", "p1", NULL, MR_SPAN_NONE);
    assert_rc(MR_NOT_FOUND, b->store->ops->review_of(b->store, &key, &item, &json, &len, NULL));
    assert_true(json == NULL && len == 7);
    assert_string_equal("untouched", item.task);
}

static void test_only_done_replaces_the_review(void **state) {
    store_bed *b = *state;
    mr_work_item first = {.task = "Task/1"}, second = {.task = "Task/2"};
    review(b, "gp", "p1", &first, MR_SPAN("{}"));
    const mr_verdict verdicts[] = {MR_VERDICT_RETRY, MR_VERDICT_DROP, MR_VERDICT_PARK};
    for (size_t i = 0; i < 3; i++) {
        notice_now(b, "gp", "p1", 2000);
        mr_claim c = claim(b, 2000);
        mr_settlement s = how(verdicts[i], MR_TIMEOUT, "", 2000);
        s.item = &second;
        s.review = MR_SPAN("[]");
        assert_rc(MR_OK, settle(b, &c, s, 2000));
    }
    assert_review(b, "p1", "Task/1", MR_SPAN("{}"));
}

/* ---- restart ---- */

static void test_restart_keeps_everything_and_frees_leases(void **state) {
    store_bed *b = *state;
    if (!b->maker->survives) skip();
    mr_work_item item = {.priority = "asap", .task = "Task/1"};
    const char *const reference[] = {"Condition/c1"};
    mr_written version = {"gp", "Task", "t1", "1"};
    review(b, "gp", "done", &item, MR_SPAN("{}"));
    notice_now(b, "gp", "parked", 1000);
    mr_claim c = claim(b, 1000);
    settle_park(b, &c, 0, 1000);
    notice_now(b, "gp", "leased", 1000);
    mr_claim lost = claim(b, 1000);
    notice(b, "gp", "due", 1500);
    record(b, hint_of("gp", "Medication", "m1"), 1600);
    mr_hint h = hint_first(b, 1600);
    assert_rc(MR_OK, b->store->ops->hint_later(b->store, &h, 9000, NULL));
    assert_rc(MR_OK, b->store->ops->learn(b->store, "gp", "p1", reference, 1, NULL));
    assert_rc(MR_OK, b->store->ops->wrote(b->store, &version, 1, 1000, NULL));
    assert_rc(MR_OK, b->store->ops->set_watermark(b->store, "gp", "Task", "2026-03-02T09:15:07Z", NULL));
    bed_reopen(b);
    assert_string_equal("gp/done idle #0 at 0 since 0 :\n"
                        "gp/due due #0 at 3500 since 1500 :\n"
                        "gp/leased due #1 at 1000 since 1000 :\n"
                        "gp/parked parked #1 at 0 since 1000 malformed:no status\n",
                        jobs(b));
    assert_string_equal("due 2 leased 0 parked 1 idle 1 hints 1 oldest 1000 next 1000", depth(b, 1600));
    assert_rc(MR_LOST, settle(b, &lost, how(MR_VERDICT_DONE, MR_OK, "", 0), 1600));
    c = claim(b, 1600);
    assert_string_equal("leased", c.key.patient);
    assert_true(c.token > lost.token);
    assert_int_equal(2, c.attempt);
    assert_string_equal("gp Medication/m1 #2", hints(b, 9000, 9));
    assert_string_equal("p1", patient_of(b, "gp", "Condition/c1"));
    assert_true(is_ours(b, &version));
    assert_string_equal("2026-03-02T09:15:07Z", watermark(b, "gp", "Task"));
    assert_review(b, "done", "Task/1", MR_SPAN("{}"));
    assert_string_equal("asap  gp/done Task/1\n", worklist(b, 0, 9));
}
