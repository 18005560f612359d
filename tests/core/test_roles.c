/* What a role does to a rule: a plain one matches, an ending one ends, and any other does neither. */
#include "build.h"

#include "medreview/core/code_set.h"

static const char *const words[] = {
    "present",   "event",  "value",   "test-done",     "resolved",          "other",          "remission",
    "no-longer", "absent", "history", "severity-mild", "severity-moderate", "severity-severe"};
enum { WORDS = sizeof words / sizeof words[0] };

static void test_words_of_the_tables(void **state) {
    (void)state;
    for (size_t i = 0; i < WORDS; i++) {
        mr_code_role role = mr_code_role_parse(mr_span_of(words[i]));
        assert_string_equal(mr_code_role_text(role), words[i]);
        assert_true(mr_code_role_known(mr_span_of(words[i])));
        assert_int_equal(mr_code_role_plain(role), i < 4);
        assert_int_equal(mr_code_role_ends(role), i == 4 || (i >= 6 && i <= 8));
    }
    static const char *const others[] = {"severity-unspecified",
                                         "activity-unspecified",
                                         "prosthetic-type-unspecified",
                                         "procedure",
                                         "stage-3-5",
                                         "class-4",
                                         "level-9",
                                         "event-acute-severe",
                                         "component-lying",
                                         "value-percent-predicted",
                                         "history-or-repair",
                                         "status-date-needed"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_true(mr_code_role_known(mr_span_of(others[i])));
        assert_int_equal(mr_code_role_parse(mr_span_of(others[i])), MR_ROLE_OTHER);
    }
    static const char *const none[] = {"",          "Present", "presnt",     "resolved ",    "-unspecified",
                                       "severity-", "stage 3", "x\nclass-2", "9-unspecified"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        if (mr_code_role_known(mr_span_of(none[i]))) fail_msg("%s", none[i]);
        assert_int_equal(mr_code_role_parse(mr_span_of(none[i])), MR_ROLE_OTHER);
    }
}

/* Codes of asthma and of eGFR named after the roles. */
static desk *fresh(void) {
    desk *d = pincer_desk();
    uint16_t asthma = mr_ruleset_concept(&d->rules, MR_SPAN("asthma")),
             egfr = mr_ruleset_concept(&d->rules, MR_SPAN("egfr"));
    for (size_t i = 0; i < WORDS; i++) {
        code(d, asthma, words[i], (mr_code_role)i);
        mr_span name = mr_arena_printf(d->arena, "egfr-%s", words[i]);
        code(d, egfr, name.ptr, (mr_code_role)i);
    }
    knowledge_done(d);
    return d;
}

static void test_only_plain_roles_satisfy_a_condition(void **state) {
    (void)state;
    desk *d = fresh();
    for (size_t i = 0; i < WORDS; i++) {
        desk_clear(d);
        condition(d, "a", words[i], "2020-01-01");
        bool matches = i == MR_ROLE_PRESENT || i == MR_ROLE_EVENT;
        if (value(d, has(d, "asthma")) != (matches ? MR_TRUE : MR_FALSE)) fail_msg("%s", words[i]);
    }
    desk_free(d);
}

static void test_only_ending_roles_end_a_condition(void **state) {
    (void)state;
    desk *d = fresh();
    for (size_t i = 0; i < WORDS; i++) {
        bool ends = mr_code_role_ends((mr_code_role)i);
        desk_clear(d);
        condition(d, "a", "asthma", "2019-01-01");
        condition(d, "b", words[i], "2020-01-01");
        if (value(d, has(d, "asthma")) != (ends ? MR_FALSE : MR_TRUE)) fail_msg("%s", words[i]);
        desk_clear(d); /* what comes after it counts again */
        condition(d, "a", "asthma", "2021-01-01");
        condition(d, "b", words[i], "2020-01-01");
        if (value(d, has(d, "asthma")) != MR_TRUE) fail_msg("%s, then asthma", words[i]);
    }
    desk_free(d);
}

static void test_only_plain_roles_are_results(void **state) {
    (void)state;
    desk *d = fresh();
    for (size_t i = 0; i < WORDS; i++) {
        desk_clear(d);
        mr_span name = mr_arena_printf(d->arena, "egfr-%s", words[i]);
        result(d, "a", name.ptr, "2026-01-01", 30, "mL/min/{1.73_m2}");
        bool plain = mr_code_role_plain((mr_code_role)i);
        if (value(d, latest(d, "egfr", MR_LESS, 45, always)) != (plain ? MR_TRUE : MR_UNKNOWN))
            fail_msg("%s", words[i]);
        if (value(d, tested(d, "egfr", always)) != (plain ? MR_TRUE : MR_FALSE)) fail_msg("%s tested", words[i]);
    }
    desk_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_the_tables),
        cmocka_unit_test(test_only_plain_roles_satisfy_a_condition),
        cmocka_unit_test(test_only_ending_roles_end_a_condition),
        cmocka_unit_test(test_only_plain_roles_are_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
