/* Three-valued tables, ranges and windows. */
#include "build.h"
#include "logic.h"

#include <math.h>

static void test_not_and_or_are_kleenes(void **state) {
    (void)state;
    static const mr_tri f = MR_FALSE, u = MR_UNKNOWN, t = MR_TRUE;
    const struct {
        mr_tri a, b, both, either;
    } rows[] = {{f, f, f, f}, {f, u, f, u}, {f, t, f, t}, {u, f, f, u}, {u, u, u, u},
                {u, t, u, t}, {t, f, f, t}, {t, u, u, t}, {t, t, t, t}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(mr_tri_and(rows[i].a, rows[i].b), rows[i].both);
        assert_int_equal(mr_tri_or(rows[i].a, rows[i].b), rows[i].either);
    }
    assert_int_equal(mr_tri_not(f), t);
    assert_int_equal(mr_tri_not(u), u);
    assert_int_equal(mr_tri_not(t), f);
}

static void test_a_range_is_compared_as_a_whole(void **state) {
    (void)state;
    const mr_range point = {45, 45, false, false}, below = {-INFINITY, 45, false, true},
                   up_to = {-INFINITY, 45, false, false}, above = {90, INFINITY, true, false},
                   from = {90, INFINITY, false, false}, years = {64, 65, false, false},
                   any = {-INFINITY, INFINITY, false, false};
    const struct {
        mr_range r;
        double v;
        mr_tri less, less_equal, equal, greater_equal, greater;
    } rows[] = {
        {point, 44, MR_FALSE, MR_FALSE, MR_FALSE, MR_TRUE, MR_TRUE},
        {point, 45, MR_FALSE, MR_TRUE, MR_TRUE, MR_TRUE, MR_FALSE},
        {point, 46, MR_TRUE, MR_TRUE, MR_FALSE, MR_FALSE, MR_FALSE},
        {below, 45, MR_TRUE, MR_TRUE, MR_FALSE, MR_FALSE, MR_FALSE}, /* "<45" is below 45 */
        {below, 44, MR_UNKNOWN, MR_UNKNOWN, MR_UNKNOWN, MR_UNKNOWN, MR_UNKNOWN},
        {up_to, 45, MR_UNKNOWN, MR_TRUE, MR_UNKNOWN, MR_UNKNOWN, MR_FALSE},
        {above, 45, MR_FALSE, MR_FALSE, MR_FALSE, MR_TRUE, MR_TRUE}, /* ">90" is not below 45 */
        {above, 90, MR_FALSE, MR_FALSE, MR_FALSE, MR_TRUE, MR_TRUE},
        {from, 90, MR_FALSE, MR_UNKNOWN, MR_UNKNOWN, MR_TRUE, MR_UNKNOWN},
        {years, 65, MR_UNKNOWN, MR_TRUE, MR_UNKNOWN, MR_UNKNOWN, MR_FALSE},
        {years, 64, MR_FALSE, MR_UNKNOWN, MR_UNKNOWN, MR_TRUE, MR_UNKNOWN},
        {any, 1, MR_UNKNOWN, MR_UNKNOWN, MR_UNKNOWN, MR_UNKNOWN, MR_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(mr_range_compare(rows[i].r, MR_LESS, rows[i].v), rows[i].less);
        assert_int_equal(mr_range_compare(rows[i].r, MR_LESS_EQUAL, rows[i].v), rows[i].less_equal);
        assert_int_equal(mr_range_compare(rows[i].r, MR_EQUAL, rows[i].v), rows[i].equal);
        assert_int_equal(mr_range_compare(rows[i].r, MR_GREATER_EQUAL, rows[i].v), rows[i].greater_equal);
        assert_int_equal(mr_range_compare(rows[i].r, MR_GREATER, rows[i].v), rows[i].greater);
    }
}

static void test_windows_include_both_ends_and_months_end_well(void **state) {
    (void)state;
    const struct {
        const char *as_of;
        mr_window w;
        const char *from, *to;
    } rows[] = {
        {"2026-11-21", within(3, MR_MONTHS), "2026-08-21", "2026-11-21"},
        {"2026-05-31", within(3, MR_MONTHS), "2026-02-28", "2026-05-31"},
        {"2028-05-31", within(3, MR_MONTHS), "2028-02-29", "2028-05-31"},
        {"2026-11-21", between(6, 3, MR_MONTHS), "2026-05-21", "2026-08-21"},
        {"2026-03-31", within(1, MR_MONTHS), "2026-02-28", "2026-03-31"},
        {"2024-02-29", within(1, MR_YEARS), "2023-02-28", "2024-02-29"},
        {"2026-01-05", within(2, MR_WEEKS), "2025-12-22", "2026-01-05"},
        {"2026-01-05", within(10, MR_DAYS), "2025-12-26", "2026-01-05"},
        {"2026-11-21", ago(15, MR_MONTHS), "0001-01-01", "2025-08-21"},
        {"2026-11-21", within(0, MR_DAYS), "2026-11-21", "2026-11-21"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mr_when days = mr_window_days(rows[i].w, day(rows[i].as_of));
        assert_int_equal(days.lo, day(rows[i].from));
        assert_int_equal(days.hi, day(rows[i].to));
    }
}

static void test_a_partial_date_is_within_only_as_a_whole(void **state) {
    (void)state;
    mr_when days = {day("2026-08-21"), day("2026-11-21")};
    const struct {
        const char *date;
        mr_tri in;
    } rows[] = {{"2026-08-20", MR_FALSE}, {"2026-08-21", MR_TRUE}, {"2026-11-21", MR_TRUE}, {"2026-11-22", MR_FALSE},
                {"2026-09", MR_TRUE},     {"2026-08", MR_UNKNOWN}, {"2026-07", MR_FALSE},   {"2026-11", MR_UNKNOWN},
                {"2026-12", MR_FALSE},    {"2026", MR_UNKNOWN},    {"2025", MR_FALSE},      {NULL, MR_UNKNOWN}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(mr_when_within(when(rows[i].date), days), rows[i].in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_and_or_are_kleenes),
        cmocka_unit_test(test_a_range_is_compared_as_a_whole),
        cmocka_unit_test(test_windows_include_both_ends_and_months_end_well),
        cmocka_unit_test(test_a_partial_date_is_within_only_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
