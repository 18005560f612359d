/* The suite's table. Included by the test programs, which makes every case a part of each of them. */
#include "store_suite.h"

#include "store_bed.c"
#include "store_compared_cases.c"
#include "store_notes_cases.c"
#include "store_queue_cases.c"

#define CASE(name) cmocka_unit_test_setup_teardown(name, bed_begin, bed_end)
static const struct CMUnitTest store_cases[] = {
    CASE(test_notice_is_due_after_quiet),
    CASE(test_notice_without_debounce_is_due_at_once),
    CASE(test_burst_is_one_review),
    CASE(test_talkative_patient_waits_no_longer_than_max),
    CASE(test_quiet_longer_than_max_is_max),
    CASE(test_request_at_once_ends_the_window_for_good),
    CASE(test_strictest_bound_of_the_window_holds),
    CASE(test_due_row_keeps_its_place),
    CASE(test_extreme_windows_do_not_overflow),
    CASE(test_duplicates_within_one_call_are_one_notice),
    CASE(test_record_of_nothing_is_fine),
    CASE(test_invalid_intake_records_nothing_of_its_call),
    CASE(test_notice_during_review_makes_one_more),
    CASE(test_window_of_a_notice_during_review_is_bounded),
    CASE(test_retry_waits_for_its_time),
    CASE(test_notice_does_not_shorten_a_back_off),
    CASE(test_notice_does_not_lengthen_a_back_off),
    CASE(test_attempts_count_since_the_last_success),
    CASE(test_parked_patient_stays_until_its_data_change),
    CASE(test_parked_patient_is_tried_again_by_itself),
    CASE(test_notice_during_review_wakes_what_is_parked),
    CASE(test_unpark_makes_due_now),
    CASE(test_dropped_work_is_over),
    CASE(test_stopping_drops_no_notice),
    CASE(test_lease_that_lapses_lets_the_next_one_in),
    CASE(test_old_token_changes_nothing),
    CASE(test_late_settlement_counts_while_nobody_claimed),
    CASE(test_token_is_spent_by_its_settlement),
    CASE(test_foreign_claims_are_lost),
    CASE(test_tokens_rise_for_ever),
    CASE(test_release_gives_back_without_an_attempt),
    CASE(test_oldest_due_first_within_a_source),
    CASE(test_sources_take_turns),
    CASE(test_claim_takes_no_more_than_asked),
    CASE(test_same_id_at_two_sources_is_two_patients),
    CASE(test_hint_waits_for_no_debounce),
    CASE(test_hint_done_records_its_patients),
    CASE(test_hint_for_nobody_is_done_too),
    CASE(test_hint_done_is_one_step),
    CASE(test_hint_that_comes_again_is_resolved_again),
    CASE(test_hint_done_may_renew_itself),
    CASE(test_hint_later_backs_off),
    CASE(test_index_finds_the_patient_of_a_resource),
    CASE(test_index_refuses_what_is_too_long),
    CASE(test_ledger_knows_exactly_what_we_wrote),
    CASE(test_ledger_keeps_thirty_days),
    CASE(test_ledger_does_not_grow_for_ever),
    CASE(test_watermark_never_moves_back),
    CASE(test_depth_counts_each_row_once),
    CASE(test_next_due_is_the_earliest_of_everything),
    CASE(test_jobs_are_paged_by_key),
    CASE(test_worklist_has_the_most_urgent_first),
    CASE(test_worklist_has_the_overdue_first),
    CASE(test_review_is_kept_until_the_next_one),
    CASE(test_every_member_of_a_line_comes_back),
    CASE(test_large_review_comes_back),
    CASE(test_unknown_patient_was_never_reviewed),
    CASE(test_only_done_replaces_the_review),
    CASE(test_review_of_another_basis_is_stale),
    CASE(test_unchanged_bears_the_new_stamp),
    CASE(test_changed_waits_and_becomes_due),
    CASE(test_new_review_takes_its_patient_off_the_list),
    CASE(test_comparison_of_a_replaced_review_is_void),
    CASE(test_rereview_disturbs_nobody),
    CASE(test_second_update_looks_again),
    CASE(test_review_without_a_stamp_keeps_the_old_one),
    CASE(test_stamp_that_is_too_long_changes_nothing),
    CASE(test_waiting_patients_outlive_a_restart),
    CASE(test_probe_changes_nothing),
    CASE(test_restart_keeps_everything_and_frees_leases),
};
#define N_STORE_CASES (sizeof store_cases / sizeof *store_cases)

/* cmocka hands a test only what stands in its table: so each run has a table with its maker in it. */
static int store_suite_run(const store_maker *maker) {
    struct CMUnitTest tests[N_STORE_CASES];
    for (size_t i = 0; i < N_STORE_CASES; i++) {
        tests[i] = store_cases[i];
        tests[i].initial_state = (void *)(uintptr_t)maker; /* read only, as bed_begin takes it */
    }
    return _cmocka_run_group_tests(maker->name, tests, N_STORE_CASES, NULL, NULL);
}
