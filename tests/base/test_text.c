/* Spans, UTF-8, tables, chance, errors, logs and metrics: small things that everything stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/log.h"
#include "medreview/base/metrics.h"
#include "medreview/base/rand.h"
#include "medreview/base/tsv.h"
#include "medreview/base/utf8.h"

#include <stdio.h>
#include <string.h>

static void test_spans(void **state) {
    (void)state;
    mr_span head, tail;
    uint64_t n;
    assert_true(mr_span_ieq(MR_SPAN("Content-Type"), MR_SPAN("content-type")));
    assert_true(mr_span_cmp(MR_SPAN("ab"), MR_SPAN("abc")) < 0);
    assert_true(mr_span_is(mr_span_trim(MR_SPAN(" \t a b\r\n")), "a b"));
    assert_true(mr_span_split(MR_SPAN("a=b=c"), '=', &head, &tail));
    assert_true(mr_span_is(head, "a") && mr_span_is(tail, "b=c"));
    assert_false(mr_span_split(MR_SPAN("abc"), '=', &head, &tail));
    assert_null(tail.ptr);
    assert_true(mr_span_u64(MR_SPAN("18446744073709551615"), &n) && n == UINT64_MAX);
    assert_false(mr_span_u64(MR_SPAN("18446744073709551616"), &n));
    assert_false(mr_span_u64(MR_SPAN("-1"), &n));
    assert_false(mr_span_u64(MR_SPAN(""), &n));
    assert_true(mr_span_starts(MR_SPAN("Patient/1"), "Patient/"));
    assert_false(mr_span_ends(MR_SPAN("x"), "xx"));
}

static void test_utf8(void **state) {
    (void)state;
    static const char *const good[] = {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {
        "\x80",  "\xc0\xaf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
        "a\xffz"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_true(mr_utf8_valid(mr_span_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(mr_utf8_valid(mr_span_of(bad[i])));
    assert_int_equal(mr_utf8_cut(MR_SPAN("a\xe2\x82\xac"), 3).len, 1);
    mr_arena *a = mr_arena_new_checked(1000);
    assert_string_equal(mr_text_fold(a, MR_SPAN("  Naproxen\xc2\xa0 500MG\ttablets ")).ptr, "naproxen 500mg tablets");
    mr_arena_free(a);
}

static void test_distance(void **state) {
    (void)state;
    assert_int_equal(mr_text_distance(MR_SPAN("nsaid-orla"), MR_SPAN("nsaid-oral"), 3),
                     1); /* two letters changed places */
    assert_int_equal(mr_text_distance(MR_SPAN("kitten"), MR_SPAN("sitting"), 5), 3);
    assert_int_equal(mr_text_distance(MR_SPAN("abc"), MR_SPAN("xyz"), 1), 2);
    assert_int_equal(mr_text_distance(MR_SPAN(""), MR_SPAN("ab"), 3), 2);
}

static void test_tables_name_the_line_of_a_fault(void **state) {
    (void)state;
    mr_tsv t;
    mr_error err;
    bool more;
    assert_int_equal(mr_tsv_open(&t, "x.tsv", MR_SPAN("a\tb\r\n# a remark\n1\t2\n\n3\n"), &err), MR_OK);
    assert_int_equal(mr_tsv_next(&t, &more, &err), MR_OK);
    assert_true(more && mr_span_is(mr_tsv_get(&t, "b"), "2"));
    assert_null(mr_tsv_get(&t, "c").ptr);
    assert_int_equal(mr_tsv_next(&t, &more, &err), MR_MALFORMED);
    assert_non_null(strstr(err.text, "x.tsv:5:"));
    assert_int_equal(mr_tsv_open(&t, "y.tsv", MR_SPAN("# nothing\n"), &err), MR_MALFORMED);
}

static void test_chance_is_a_function_of_its_seed(void **state) {
    (void)state;
    mr_rand a, b;
    char one[37], two[37];
    unsigned seen[10] = {0};
    mr_rand_seed(&a, 1);
    mr_rand_seed(&b, 1);
    mr_rand_uuid(&a, one);
    mr_rand_uuid(&b, two);
    assert_string_equal(one, two);
    assert_int_equal(one[14], '4');
    for (int i = 0; i < 10000; i++) seen[mr_rand_below(&a, 10)]++;
    for (int i = 0; i < 10; i++) assert_in_range(seen[i], 850, 1150);
    assert_int_equal(mr_rand_below(&a, 0), 0);
}

static void test_errors_gain_context_and_are_cut(void **state) {
    (void)state;
    mr_error err;
    char many[1000];
    assert_int_equal(mr_fail(&err, MR_MALFORMED, "status missing"), MR_MALFORMED);
    assert_int_equal(mr_wrap(&err, "entry %d", 17), MR_MALFORMED);
    mr_wrap(&err, "page %d", 2);
    assert_string_equal(err.text, "page 2: entry 17: status missing");
    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = 0;
    mr_wrap(&err, "%s", many);
    assert_true(strlen(err.text) < sizeof err.text);
    for (int rc = 0; rc < MR_RC_COUNT; rc++) assert_string_not_equal(mr_rc_label((mr_rc)rc), "unknown");
}

typedef struct page {
    mr_log_sink sink;
    char text[4000];
} page;

static void write_page(mr_log_sink *sink, mr_log_level level, const char *event, const char *fields, size_t len) {
    page *p = (page *)(void *)sink;
    snprintf(p->text, sizeof p->text, "%s %s%.*s", mr_log_level_name(level), event, (int)len, fields);
}

static void test_log_lines_are_typed_and_escaped(void **state) {
    (void)state;
    page p = {.sink = {MR_L_INFO, write_page}};
    mr_pseudonym who = {"0123456789abcdef"};
    MR_LOG(&p.sink, MR_L_WARN, "job.parked", mr_v_word("source", "a\"b"), mr_v_int("ms", -3),
           mr_v_rc("why", MR_TIMEOUT), mr_v_pseudonym("patient", who), mr_v_operator_text("reason", "line\nbreak"));
    assert_string_equal(p.text, "warn "
                                "job.parked,\"source\":\"a\\\"b\",\"ms\":-3,\"why\":\"timeout\",\"patient\":"
                                "\"0123456789abcdef\",\"reason\":\"line break\"");
    p.text[0] = 0;
    MR_LOG(&p.sink, MR_L_DEBUG, "quiet", mr_v_int("n", 1));
    assert_string_equal(p.text, "");
    MR_LOG(NULL, MR_L_ERROR, "nobody listens", mr_v_int("n", 1));
}

static void test_metrics_render_as_prometheus_reads(void **state) {
    (void)state;
    mr_metrics *m = mr_metrics_new();
    mr_buf out;
    mr_buf_init(&out, 1 << 20);
    mr_metrics_add(m, MR_C_EVENTS_ACCEPTED, 3);
    mr_metrics_set(m, MR_G_JOBS_DUE, 7);
    mr_metrics_observe(m, MR_H_NOTICE_MS, 4);
    mr_metrics_observe(m, MR_H_NOTICE_MS, 4000);
    mr_metrics_add(NULL, MR_C_EVENTS_ACCEPTED, 1);
    mr_metrics_render(m, &out);
    const char *text = mr_buf_z(&out);
    assert_non_null(strstr(text, "medreview_events_total{result=\"accepted\"} 3\n"));
    assert_non_null(strstr(text, "# TYPE medreview_jobs gauge\nmedreview_jobs{state=\"due\"} 7\n"));
    assert_non_null(strstr(text, "_bucket{le=\"5\"} 1\n"));
    assert_non_null(strstr(text, "medreview_notice_durable_milliseconds_bucket{le=\"+Inf\"} 2\n"));
    assert_non_null(strstr(text, "medreview_notice_durable_milliseconds_sum 4004\n"));
    for (const char *at = text, *first = strstr(text, "# TYPE medreview_events_total");
         (at = strstr(at, "# TYPE medreview_events_total")); at++)
        assert_ptr_equal(at, first); /* a family is headed once */
    mr_buf_free(&out);
    mr_metrics_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_tables_name_the_line_of_a_fault),
        cmocka_unit_test(test_chance_is_a_function_of_its_seed),
        cmocka_unit_test(test_errors_gain_context_and_are_cut),
        cmocka_unit_test(test_log_lines_are_typed_and_escaped),
        cmocka_unit_test(test_metrics_render_as_prometheus_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
