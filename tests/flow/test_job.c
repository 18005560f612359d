/* Jobs as transcripts in virtual time, and a walk of random events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/rand.h"
#include "medreview/flow/job.h"

#include <stdio.h>
#include <string.h>

static const char *const effect_name[] = {"wait", "fetch", "absorb", "assess", "post", "settle", "release"};
static const char *const verdict_name[] = {"done", "retry", "park", "drop"};

typedef struct line {
    int64_t at;
    mr_event_kind kind;
    size_t n;
    mr_rc rc;
    int64_t retry_after_ms;
    int late; /* carries the serial of an earlier effect */
    const char *expect;
} line;

/* Plays the lines; each gives "state effect" and, from settling on, the verdict. */
static void play(const char *name, unsigned attempt, const line *lines, size_t n) {
    mr_job job;
    mr_job_init(&job, &mr_job_default_limits, attempt, 0, 0);
    for (size_t i = 0; i < n; i++) {
        const line *l = &lines[i];
        uint32_t serial = l->late ? job.serial - 1 : job.serial;
        mr_event ev = {l->kind, serial, l->at, l->rc, l->retry_after_ms ? l->retry_after_ms : -1, l->n, 900};
        mr_effect effect = mr_job_step(&job, &ev);
        char got[120];
        if (effect == MR_DO_SETTLE && job.verdict == MR_VERDICT_RETRY)
            (void)snprintf(got, sizeof got, "%s: %s, %s at %lld", mr_job_state_name(job.state), effect_name[effect],
                           verdict_name[job.verdict], (long long)job.retry_at_ms);
        else if (effect == MR_DO_SETTLE)
            (void)snprintf(got, sizeof got, "%s: %s, %s", mr_job_state_name(job.state), effect_name[effect],
                           verdict_name[job.verdict]);
        else
            (void)snprintf(got, sizeof got, "%s: %s", mr_job_state_name(job.state), effect_name[effect]);
        if (strcmp(got, l->expect) != 0)
            fail_msg("%s, line %zu: got \"%s\", expected \"%s\"", name, i + 1, got, l->expect);
    }
}
#define PLAY(attempt, ...)                                                                                             \
    do {                                                                                                               \
        const line lines[] = {__VA_ARGS__};                                                                            \
        play(__func__, attempt, lines, sizeof lines / sizeof *lines);                                                  \
    } while (0)

static void test_two_pages_then_a_write(void **state) {
    (void)state;
    PLAY(1, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {40, MR_ON_FETCHED, 0, MR_OK, 0, 0, "absorbing: absorb"},
         {41, MR_ON_ABSORBED, 1, MR_OK, 0, 0, "fetching: fetch"},
         {90, MR_ON_FETCHED, 0, MR_OK, 0, 0, "absorbing: absorb"},
         {91, MR_ON_ABSORBED, 0, MR_OK, 0, 0, "assessing: assess"},
         {92, MR_ON_ASSESSED, 3, MR_OK, 0, 0, "posting: post"},
         {130, MR_ON_POSTED, 0, MR_OK, 0, 0, "settling: settle, done"},
         {131, MR_ON_SETTLED, 0, MR_OK, 0, 0, "done: release"});
}

static void test_nothing_to_write_posts_nothing(void **state) {
    (void)state;
    PLAY(1, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {1, MR_ON_FETCHED, 0, MR_OK, 0, 0, "absorbing: absorb"},
         {2, MR_ON_ABSORBED, 0, MR_OK, 0, 0, "assessing: assess"},
         {3, MR_ON_ASSESSED, 0, MR_OK, 0, 0, "settling: settle, done"},
         {4, MR_ON_SETTLED, 0, MR_OK, 0, 0, "done: release"});
}

static void test_busy_server_is_obeyed(void **state) {
    (void)state;
    PLAY(1, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {90, MR_ON_FAILED, 0, MR_BUSY, 7000, 0, "settling: settle, retry at 7090"},
         {91, MR_ON_SETTLED, 0, MR_OK, 0, 0, "done: release"});
}

static void test_retry_after_is_capped_at_an_hour(void **state) {
    (void)state;
    PLAY(1, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {100, MR_ON_FAILED, 0, MR_BUSY, 86400000, 0, "settling: settle, retry at 3600100"});
}

static void test_backoff_grows_and_stops_at_five_minutes(void **state) {
    (void)state;
    /* chance 900: first back-off is 100 + 900 % 901 = 1000 ms, later ones least + 900 */
    PLAY(1, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {0, MR_ON_FAILED, 0, MR_IO, 0, 0, "settling: settle, retry at 1000"});
    PLAY(3, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {0, MR_ON_FAILED, 0, MR_IO, 0, 0, "settling: settle, retry at 1300"});
    PLAY(60, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {0, MR_ON_FAILED, 0, MR_IO, 0, 0, "settling: settle, retry at 30900"});
}

static void test_unreadable_record_is_parked(void **state) {
    (void)state;
    PLAY(1, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {1, MR_ON_FETCHED, 0, MR_OK, 0, 0, "absorbing: absorb"},
         {2, MR_ON_FAILED, 0, MR_MALFORMED, 0, 0, "settling: settle, park"},
         {3, MR_ON_SETTLED, 0, MR_OK, 0, 0, "done: release"});
}

static void test_refused_write_is_tried_once_more(void **state) {
    (void)state;
    PLAY(1, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {1, MR_ON_FETCHED, 0, MR_OK, 0, 0, "absorbing: absorb"},
         {2, MR_ON_ABSORBED, 0, MR_OK, 0, 0, "assessing: assess"}, {3, MR_ON_ASSESSED, 1, MR_OK, 0, 0, "posting: post"},
         {4, MR_ON_FAILED, 0, MR_REFUSED, 0, 0, "settling: settle, retry at 1004"});
    PLAY(2, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {1, MR_ON_FETCHED, 0, MR_OK, 0, 0, "absorbing: absorb"},
         {2, MR_ON_ABSORBED, 0, MR_OK, 0, 0, "assessing: assess"}, {3, MR_ON_ASSESSED, 1, MR_OK, 0, 0, "posting: post"},
         {4, MR_ON_FAILED, 0, MR_REFUSED, 0, 0, "settling: settle, park"});
}

static void test_late_page_does_not_move_a_settling_job(void **state) {
    (void)state;
    PLAY(1, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {MR_JOB_BUDGET_MS, MR_ON_DEADLINE, 0, MR_OK, 0, 0, "settling: settle, retry at 91000"},
         {MR_JOB_BUDGET_MS + 1, MR_ON_FETCHED, 0, MR_OK, 0, 1, "settling: wait"},
         {MR_JOB_BUDGET_MS + 2, MR_ON_SETTLED, 0, MR_OK, 0, 0, "done: release"},
         {MR_JOB_BUDGET_MS + 3, MR_ON_SETTLED, 0, MR_OK, 0, 0, "done: wait"});
}

static void test_stop_hands_the_patient_back_at_once(void **state) {
    (void)state;
    PLAY(4, {0, MR_ON_START, 0, MR_OK, 0, 0, "fetching: fetch"},
         {10, MR_ON_STOP, 0, MR_OK, 0, 0, "settling: settle, drop"}, {11, MR_ON_STOP, 0, MR_OK, 0, 0, "settling: wait"},
         {12, MR_ON_SETTLED, 0, MR_LOST, 0, 0, "done: release"});
}

static void test_after_a_week_of_failing_the_patient_is_parked_and_retried_daily(void **state) {
    (void)state;
    mr_job job;
    int64_t week = mr_job_default_limits.park_after_ms + 1;
    mr_job_init(&job, &mr_job_default_limits, 50, 0, week);
    assert_int_equal(mr_job_step(&job, &(mr_event){.kind = MR_ON_START, .now_ms = week}), MR_DO_FETCH);
    mr_event ev = {.kind = MR_ON_FAILED, .serial = job.serial, .now_ms = week, .rc = MR_IO, .retry_after_ms = -1};
    assert_int_equal(mr_job_step(&job, &ev), MR_DO_SETTLE);
    assert_int_equal(job.verdict, MR_VERDICT_PARK);
    assert_true(job.retry_at_ms == week + mr_job_default_limits.park_retry_ms);
}

static void test_any_walk_settles_once_and_releases_once(void **state) {
    (void)state;
    mr_rand r;
    mr_rand_seed(&r, 20261121);
    for (int walk = 0; walk < 300000; walk++) {
        mr_job job;
        int settles = 0, releases = 0;
        int64_t now = 0;
        mr_job_init(&job, &mr_job_default_limits, (unsigned)mr_rand_below(&r, 6), 0, 0);
        for (int i = 0; i < 200 && releases == 0; i++) {
            now += (int64_t)mr_rand_below(&r, 4000);
            mr_event ev = {.kind = (mr_event_kind)mr_rand_below(&r, MR_ON_STOP + 1),
                           .serial = job.serial - (uint32_t)mr_rand_below(&r, 3) / 2,
                           .now_ms = now,
                           .rc = (mr_rc)mr_rand_below(&r, MR_RC_COUNT),
                           .retry_after_ms = -1,
                           .n = mr_rand_below(&r, 2),
                           .chance = mr_rand_next(&r)};
            mr_effect effect = mr_job_step(&job, &ev);
            settles += effect == MR_DO_SETTLE;
            releases += effect == MR_DO_RELEASE;
            if (effect == MR_DO_SETTLE && job.verdict == MR_VERDICT_RETRY) assert_true(job.retry_at_ms >= now);
        }
        if (releases == 0) continue; /* a walk may end before its job does */
        assert_int_equal(settles, 1);
        assert_int_equal(job.state, MR_JOB_DONE);
        for (int kind = MR_ON_NOTHING; kind <= MR_ON_STOP; kind++)
            assert_int_equal(
                mr_job_step(&job, &(mr_event){.kind = (mr_event_kind)kind, .serial = job.serial, .now_ms = now}),
                MR_DO_WAIT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_pages_then_a_write),
        cmocka_unit_test(test_nothing_to_write_posts_nothing),
        cmocka_unit_test(test_busy_server_is_obeyed),
        cmocka_unit_test(test_retry_after_is_capped_at_an_hour),
        cmocka_unit_test(test_backoff_grows_and_stops_at_five_minutes),
        cmocka_unit_test(test_unreadable_record_is_parked),
        cmocka_unit_test(test_refused_write_is_tried_once_more),
        cmocka_unit_test(test_late_page_does_not_move_a_settling_job),
        cmocka_unit_test(test_stop_hands_the_patient_back_at_once),
        cmocka_unit_test(test_after_a_week_of_failing_the_patient_is_parked_and_retried_daily),
        cmocka_unit_test(test_any_walk_settles_once_and_releases_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
