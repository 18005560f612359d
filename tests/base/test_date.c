/* The calendar: every day of the supported years, month ends, partial dates, offsets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/date.h"

#include <stdio.h>
#include <string.h>

static void test_every_day_there_and_back(void **state) {
    (void)state;
    mr_date before = mr_date_of(MR_DAY_MIN);
    assert_int_equal(before.year, 1);
    for (mr_day d = MR_DAY_MIN; d <= MR_DAY_MAX; d++) {
        mr_date c = mr_date_of(d);
        assert_true(mr_date_valid(c.year, c.month, c.day));
        assert_int_equal(mr_day_of(c), d);
    }
    assert_int_equal(mr_date_of(MR_DAY_MAX).year, 9999);
    assert_int_equal(mr_day_of((mr_date){1970, 1, 1}), 0);
}

static mr_day day(const char *text) {
    mr_day d;
    assert_true(mr_day_parse(mr_span_of(text), &d));
    return d;
}

static void test_months_keep_the_end_of_the_month(void **state) {
    (void)state;
    static const struct {
        const char *from;
        int months;
        const char *to;
    } t[] = {{"2026-03-31", -1, "2026-02-28"},  {"2024-03-31", -1, "2024-02-29"}, {"2026-11-21", -3, "2026-08-21"},
             {"2026-11-21", -15, "2025-08-21"}, {"2024-02-29", 12, "2025-02-28"}, {"2026-01-31", 1, "2026-02-28"},
             {"2026-12-31", 2, "2027-02-28"}};
    char out[MR_DATE_TEXT];
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        assert_string_equal(mr_day_print(mr_day_add_months(day(t[i].from), t[i].months), out), t[i].to);
    assert_int_equal(mr_day_add_months(day("0001-02-01"), -24), MR_DAY_MIN);
    assert_int_equal(mr_day_add_months(day("9999-02-01"), 24), MR_DAY_MAX);
}

static void test_age_changes_on_the_birthday(void **state) {
    (void)state;
    assert_int_equal(mr_age_years(day("1961-11-21"), day("2026-11-20")), 64);
    assert_int_equal(mr_age_years(day("1961-11-21"), day("2026-11-21")), 65);
    assert_int_equal(mr_age_years(day("1960-02-29"), day("2025-02-28")), 64);
    assert_int_equal(mr_age_years(day("1960-02-29"), day("2025-03-01")), 65);
}

static void test_fhir_dates_are_read_as_they_are_written(void **state) {
    (void)state;
    static const struct {
        const char *text, *printed;
        long long instant; /* of a dateTime; 0: not looked at */
    } good[] = {{"2026", "2026", 0},
                {"2026-03", "2026-03", 0},
                {"2026-03-02", "2026-03-02", 0},
                {"2026-03-02T09:15:07Z", "2026-03-02", 1772442907},
                {"2026-03-02T23:30:00-05:00", "2026-03-02", 1772512200},
                {"2026-03-02T00:30:00+01:00", "2026-03-02", 1772407800},
                {"2026-03-02T09:15:07.214+00:00", "2026-03-02", 1772442907},
                {"2026-03-02T09:15", "2026-03-02", 0}};
    static const char *const bad[] = {"",
                                      "26",
                                      "2026-",
                                      "2026-13",
                                      "2026-02-29",
                                      "2026-2-3",
                                      "2026-03-02T",
                                      "2026-03-02T09",
                                      "2026-03-02 09:15:00Z",
                                      "2026-03-02T09:15:07X",
                                      "2026-03-02T25:00:00Z",
                                      "2026-03-02T09:15:07.Z",
                                      "0000",
                                      "2026-03-02Z",
                                      "20260302"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        mr_when w;
        int64_t at;
        char out[MR_DATE_TEXT];
        if (!mr_when_parse(mr_span_of(good[i].text), &w, &at)) fail_msg("%s was refused", good[i].text);
        assert_string_equal(mr_when_print(w, out), good[i].printed);
        if (good[i].instant && at != good[i].instant) fail_msg("%s: %lld", good[i].text, (long long)at);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mr_when w = {7, 7};
        if (mr_when_parse(mr_span_of(bad[i]), &w, NULL)) fail_msg("%s was taken", bad[i]);
        assert_int_equal(w.lo, 7); /* untouched */
    }
}

static void test_instants_print_in_utc(void **state) {
    (void)state;
    char out[MR_DATE_TEXT];
    assert_string_equal(mr_instant_print(INT64_C(1772442907214), out), "2026-03-02T09:15:07Z");
    assert_string_equal(mr_instant_print_ms(INT64_C(1772442907214), out), "2026-03-02T09:15:07.214Z");
    assert_string_equal(mr_instant_print_ms(-1, out), "1969-12-31T23:59:59.999Z");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day_there_and_back),
        cmocka_unit_test(test_months_keep_the_end_of_the_month),
        cmocka_unit_test(test_age_changes_on_the_birthday),
        cmocka_unit_test(test_fhir_dates_are_read_as_they_are_written),
        cmocka_unit_test(test_instants_print_in_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
