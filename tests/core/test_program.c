/* What each atom of a condition means, at its boundaries, and what it says when it does not know. */
#include "build.h"

static desk *fresh(void) {
    desk *d = pincer_desk();
    knowledge_done(d);
    return d;
}

static void test_age_has_its_birthday_and_its_interval(void **state) {
    (void)state;
    const struct {
        const char *birth;
        mr_tri at_least_65;
    } rows[] = {
        {"1961-11-21", MR_TRUE}, {"1961-11-22", MR_FALSE}, {"1961-11", MR_UNKNOWN},
        {"1961-10", MR_TRUE},    {"1961-12", MR_FALSE},    {"1961", MR_UNKNOWN},
        {"1960", MR_TRUE},       {"1962", MR_FALSE},       {NULL, MR_UNKNOWN},
    };
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        d->raw.patient.birth = when(rows[i].birth);
        mr_evaluation e = evaluated(d, age(d, MR_GREATER_EQUAL, 65));
        assert_int_equal(e.value, rows[i].at_least_65);
        assert_int_equal(e.n_missing, rows[i].at_least_65 == MR_UNKNOWN);
        if (e.n_missing) assert_span(e.missing[0].what, "date of birth");
    }
    d->raw.patient.birth = when("1950-06-15");
    mr_evaluation e = evaluated(d, age(d, MR_GREATER_EQUAL, 65));
    assert_int_equal(e.n_evidence, 1);
    assert_span(e.evidence[0].reference, "Patient/p1");
    assert_true(e.evidence[0].value > 75.5 && e.evidence[0].value < 76.5);
    desk_free(d);
}

static void test_sex_may_be_unknown(void **state) {
    (void)state;
    const struct {
        mr_sex sex;
        mr_tri female;
    } rows[] = {
        {MR_SEX_FEMALE, MR_TRUE}, {MR_SEX_MALE, MR_FALSE}, {MR_SEX_OTHER, MR_FALSE}, {MR_SEX_UNKNOWN, MR_UNKNOWN}};
    desk *d = fresh();
    mr_node *n = node(d, MR_OP_SEX, "female");
    n->value = MR_SEX_FEMALE;
    for (size_t i = 0; i < 4; i++) {
        d->raw.patient.sex = rows[i].sex;
        assert_int_equal(value(d, n), rows[i].female);
    }
    desk_free(d);
}

static void test_taking_in_a_window_needs_use_in_it(void **state) {
    (void)state;
    const struct {
        const char *from, *until, *last_issue;
        mr_entry_status status;
        mr_tri within_3, from_6_to_3;
    } rows[] = {
        {"2026-01-01", NULL, NULL, MR_ST_ACTIVE, MR_TRUE, MR_TRUE},
        {"2026-08-22", NULL, NULL, MR_ST_ACTIVE, MR_TRUE, MR_FALSE},
        {"2026-08-21", NULL, NULL, MR_ST_ACTIVE, MR_TRUE, MR_TRUE}, /* the day both windows hold */
        {NULL, NULL, NULL, MR_ST_ACTIVE, MR_TRUE, MR_UNKNOWN},      /* taken now; since when? */
        {"2026", NULL, NULL, MR_ST_ACTIVE, MR_TRUE, MR_UNKNOWN},
        {"2026-01-01", "2026-05-20", NULL, MR_ST_STOPPED, MR_FALSE, MR_FALSE},
        {"2026-01-01", "2026-05-21", NULL, MR_ST_STOPPED, MR_FALSE, MR_TRUE},
        {"2026-01-01", "2026-08-20", NULL, MR_ST_STOPPED, MR_FALSE, MR_TRUE},
        {"2026-01-01", "2026-08-21", NULL, MR_ST_STOPPED, MR_TRUE, MR_TRUE},
        {"2026-01-01", "2026-08", NULL, MR_ST_STOPPED, MR_UNKNOWN, MR_TRUE},
        {"2026-01-01", NULL, NULL, MR_ST_STOPPED, MR_UNKNOWN, MR_UNKNOWN}, /* stopped, but when? */
        {NULL, NULL, NULL, MR_ST_COMPLETED, MR_UNKNOWN, MR_UNKNOWN},
        {"2026-07-01", NULL, "2026-07-01", MR_ST_COMPLETED, MR_UNKNOWN, MR_TRUE},
        {NULL, NULL, NULL, MR_ST_NOT_TAKEN, MR_FALSE, MR_FALSE},
        {NULL, NULL, NULL, MR_ST_INTENDED, MR_FALSE, MR_FALSE},
    };
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        mr_entry *e = statement(d, "m1", "methotrexate");
        e->status = rows[i].status;
        e->from = when(rows[i].from);
        e->until = when(rows[i].until);
        e->last_issue = when(rows[i].last_issue);
        mr_tri near = value(d, taking_in(d, "methotrexate", within(3, MR_MONTHS)));
        mr_tri far = value(d, taking_in(d, "methotrexate", between(6, 3, MR_MONTHS)));
        if (near != rows[i].within_3 || far != rows[i].from_6_to_3) fail_msg("row %zu is %d and %d", i, near, far);
    }
    desk_free(d);
}

static void test_an_issue_counts_on_its_day(void **state) {
    (void)state;
    const struct {
        const char *date;
        mr_tri within_3, from_6_to_3;
    } rows[] = {{"2026-11-21", MR_TRUE, MR_FALSE},  {"2026-08-21", MR_TRUE, MR_TRUE},
                {"2026-08-20", MR_FALSE, MR_TRUE},  {"2026-05-21", MR_FALSE, MR_TRUE},
                {"2026-05-20", MR_FALSE, MR_FALSE}, {"2026-11-22", MR_FALSE, MR_FALSE}};
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        issue(d, "o", "methotrexate", rows[i].date)->status = MR_ST_COMPLETED;
        assert_int_equal(value(d, taking_in(d, "methotrexate", within(3, MR_MONTHS))), rows[i].within_3);
        assert_int_equal(value(d, taking_in(d, "methotrexate", between(6, 3, MR_MONTHS))), rows[i].from_6_to_3);
    }
    desk_free(d);
}

static void test_started_before_asks_for_the_first_use(void **state) {
    (void)state;
    const struct {
        const char *from;
        mr_tri want;
    } rows[] = {{"2025-08-21", MR_TRUE},
                {"2025-08-22", MR_FALSE},
                {"2025-08", MR_UNKNOWN},
                {"2025-07", MR_TRUE},
                {NULL, MR_UNKNOWN}};
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        statement(d, "m1", "ramipril")->from = when(rows[i].from);
        mr_evaluation e = evaluated(d, started_ago(d, "raas", 15));
        assert_int_equal(e.value, rows[i].want);
        if (rows[i].want == MR_UNKNOWN) assert_span(e.missing[0].what, "start date of ramipril");
    }
    desk_clear(d);
    assert_int_equal(value(d, started_ago(d, "raas", 15)), MR_FALSE);
    desk_free(d);
}

static void test_coprescribed_is_strictly_less_apart(void **state) {
    (void)state;
    const struct {
        const char *a, *b;
        mr_tri want;
    } rows[] = {
        {"2026-10-01", "2026-10-28", MR_TRUE},                                          /* 27 days */
        {"2026-10-28", "2026-10-01", MR_TRUE},  {"2026-10-01", "2026-10-29", MR_FALSE}, /* 28 days */
        {"2026-08-21", "2026-08-21", MR_TRUE},  {"2026-08-20", "2026-08-20", MR_FALSE}, /* out of the window */
        {"2026-08-20", "2026-08-30", MR_FALSE},
    };
    desk *d = fresh();
    const mr_node *n = coprescribed(d, "anticoag-oral", "antiplatelet", within(3, MR_MONTHS), 28);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        issue(d, "a", "warfarin", rows[i].a)->status = MR_ST_COMPLETED;
        issue(d, "b", "aspirin", rows[i].b)->status = MR_ST_COMPLETED;
        if (value(d, n) != rows[i].want) fail_msg("row %zu", i);
    }
    desk_clear(d); /* statements have no issues: days of use stand for them */
    statement(d, "a", "warfarin")->from = when("2026-01-01");
    statement(d, "b", "aspirin")->from = when("2026-02-01");
    assert_int_equal(value(d, n), MR_TRUE);
    desk_free(d);
}

static void test_coprescribed_needs_two_substances(void **state) {
    (void)state;
    desk *d = pincer_desk();
    group(d, "antipsychotic", "haloperidol,olanzapine", 0);
    group(d, "qt-known", "haloperidol,citalopram", 0);
    knowledge_done(d);
    const mr_node *n = coprescribed(d, "antipsychotic", "qt-known", always, 28);
    statement(d, "m1", "haloperidol");
    assert_int_equal(value(d, n), MR_FALSE);
    statement(d, "m2", "citalopram");
    mr_evaluation e = evaluated(d, n);
    assert_int_equal(e.value, MR_TRUE);
    assert_int_equal(e.n_matches, 2);
    desk_free(d);
}

static void test_has_counts_what_was_recorded_and_not_resolved(void **state) {
    (void)state;
    const struct {
        mr_fact_state state;
        bool uncertain;
        mr_tri want;
    } rows[] = {{MR_FACT_ACTIVE, false, MR_TRUE},
                {MR_FACT_HISTORY, false, MR_TRUE},
                {MR_FACT_RESOLVED, false, MR_FALSE},
                {MR_FACT_EXCLUDED, false, MR_FALSE},
                {MR_FACT_ACTIVE, true, MR_TRUE}};
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        mr_condition *c = condition(d, "c", "hf", "2020-01-01");
        c->state = rows[i].state;
        c->uncertain = rows[i].uncertain;
        mr_evaluation e = evaluated(d, has(d, "hf"));
        assert_int_equal(e.value, rows[i].want);
        if (rows[i].uncertain) assert_span(e.evidence[0].text, "hf (not confirmed)");
    }
    desk_clear(d);
    assert_int_equal(value(d, has(d, "hf")), MR_FALSE);
    condition(d, "later", "hf", "2026-11-22"); /* of tomorrow */
    assert_int_equal(value(d, has(d, "hf")), MR_FALSE);
    observation(d, "o", "hf", "2020-01-01"); /* GP systems keep codes as observations too */
    assert_int_equal(value(d, has(d, "hf")), MR_TRUE);
    desk_free(d);
}

static void test_has_in_a_window_goes_by_the_recorded_date_else_the_onset(void **state) {
    (void)state;
    const struct {
        const char *recorded, *onset;
        mr_tri at_least_3_months_ago;
    } rows[] = {
        {"2026-08-21", NULL, MR_TRUE}, {"2026-08-22", NULL, MR_FALSE}, {"2026-11-01", "2001-01-01", MR_FALSE},
        {NULL, "2001-01-01", MR_TRUE}, {NULL, "2026-10-01", MR_FALSE}, {"2026-08", NULL, MR_UNKNOWN},
        {"2026-07", NULL, MR_TRUE},    {NULL, NULL, MR_UNKNOWN},
    };
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        condition(d, "c", "peptic-ulcer", rows[i].recorded)->onset = when(rows[i].onset);
        mr_evaluation e = evaluated(d, has_in(d, "peptic-ulcer", ago(3, MR_MONTHS)));
        if (e.value != rows[i].at_least_3_months_ago) fail_msg("row %zu is %d", i, e.value);
        if (e.value == MR_UNKNOWN) assert_span(e.missing[0].what, "date of peptic ulcer");
    }
    desk_free(d);
}

static void test_a_later_resolved_code_ends_the_condition(void **state) {
    (void)state;
    const struct {
        const char *present, *again, *resolved;
        mr_tri want;
    } rows[] = {
        {"2001-01-01", NULL, "2010-01-01", MR_FALSE}, {"2001-01-01", "2011-01-01", "2010-01-01", MR_TRUE},
        {"2010-01-01", NULL, "2010-01-01", MR_TRUE},  {"2010", NULL, "2010-06-01", MR_UNKNOWN},
        {"2010-07", NULL, "2010-06-30", MR_TRUE},     {NULL, NULL, "2010-01-01", MR_UNKNOWN},
        {"2010-01-01", NULL, NULL, MR_UNKNOWN},
    };
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        condition(d, "a", "asthma", rows[i].present);
        if (rows[i].again) condition(d, "b", "asthma", rows[i].again);
        condition(d, "r", "asthma-resolved", rows[i].resolved)->state = MR_FACT_RESOLVED;
        if (value(d, has(d, "asthma")) != rows[i].want) fail_msg("row %zu", i);
    }
    desk_clear(d); /* resolved alone */
    condition(d, "r", "asthma-resolved", "2010-01-01");
    assert_int_equal(value(d, has(d, "asthma")), MR_FALSE);
    desk_free(d);
}

static void test_a_cut_list_proves_no_absence(void **state) {
    (void)state;
    desk *d = fresh();
    d->raw.cut = MR_CUT_CONDITIONS;
    mr_evaluation e = evaluated(d, has(d, "hf"));
    assert_int_equal(e.value, MR_UNKNOWN);
    assert_span(e.missing[0].what, "the whole list of conditions");
    condition(d, "c", "hf", "2020-01-01");
    assert_int_equal(value(d, has(d, "hf")), MR_TRUE);
    d->raw.cut = MR_CUT_OBSERVATIONS;
    assert_int_equal(value(d, tested(d, "fbc", always)), MR_UNKNOWN);
    e = evaluated(d, latest(d, "egfr", MR_LESS, 45, always));
    assert_span(e.missing[0].what, "the whole list of results");
    d->raw.cut = MR_CUT_MEDICINES;
    e = evaluated(d, not_(d, taking(d, "ulcer-healing")));
    assert_int_equal(e.value, MR_UNKNOWN);
    assert_true(e.possible);
    assert_int_equal(e.missing[0].kind, MR_MISSING_RECOGNITION);
    desk_free(d);
}

static void test_a_concept_without_codes_is_unknown(void **state) {
    (void)state;
    desk *d = fresh();
    d->loaded[mr_ruleset_concept(&d->rules, MR_SPAN("egfr"))] = false;
    result(d, "o", "egfr", "2026-11-01", 30, "mL/min/1.73m2");
    const mr_node *each[] = {latest(d, "egfr", MR_LESS, 45, always), tested(d, "egfr", always), has(d, "egfr")};
    for (size_t i = 0; i < 3; i++) {
        mr_evaluation e = evaluated(d, each[i]);
        assert_int_equal(e.value, MR_UNKNOWN);
        assert_false(e.possible);
        assert_span(e.missing[0].what, "codes for eGFR");
    }
    desk_free(d);
}

static void test_the_latest_result_with_its_comparator_and_unit(void **state) {
    (void)state;
    const struct {
        double v;
        mr_comparator comparator;
        const char *unit;
        mr_tri below_45;
        const char *missing;
    } rows[] = {
        {44.9, MR_CMP_NONE, "mL/min/1.73m2", MR_TRUE, NULL},
        {45, MR_CMP_NONE, "mL/min/1.73m2", MR_FALSE, NULL},
        {45, MR_CMP_LT, "mL/min/1.73m2", MR_TRUE, NULL},
        {60, MR_CMP_LT, "mL/min/1.73m2", MR_UNKNOWN, "eGFR"},
        {45, MR_CMP_LE, "mL/min/1.73m2", MR_UNKNOWN, "eGFR"},
        {90, MR_CMP_GT, "mL/min/1.73m2", MR_FALSE, NULL},
        {45, MR_CMP_GE, "mL/min/1.73m2", MR_FALSE, NULL},
        {30, MR_CMP_APPROX, "mL/min/1.73m2", MR_UNKNOWN, "eGFR"},
        {0.5, MR_CMP_NONE, "mL/s/1.73m2", MR_TRUE, NULL},     /* 30 */
        {0.9, MR_CMP_NONE, "mL/s/1.73m2", MR_FALSE, NULL},    /* 54 */
        {30, MR_CMP_NONE, "mL/min/{1.73_m2}", MR_TRUE, NULL}, /* the canonical unit is always known */
        {30, MR_CMP_NONE, "furlong", MR_UNKNOWN, "eGFR in a usable unit"},
        {30, MR_CMP_NONE, "", MR_UNKNOWN, "eGFR in a usable unit"},
        {30, MR_CMP_NONE, "ML/MIN/1.73M2", MR_UNKNOWN, "eGFR in a usable unit"}, /* case matters in UCUM */
    };
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        result(d, "old", "egfr", "2026-01-01", rows[i].below_45 == MR_TRUE ? 90 : 10,
               "mL/min/1.73m2"); /* never falls back on it */
        result(d, "o", "egfr", "2026-11-01", rows[i].v, rows[i].unit)->comparator = rows[i].comparator;
        mr_evaluation e = evaluated(d, latest(d, "egfr", MR_LESS, 45, always));
        if (e.value != rows[i].below_45) fail_msg("row %zu is %d", i, e.value);
        assert_int_equal(e.n_missing, rows[i].missing ? 1 : 0);
        if (rows[i].missing) assert_span(e.missing[0].what, rows[i].missing);
        if (e.value == MR_TRUE) assert_span(e.evidence[0].reference, "Observation/o");
    }
    desk_free(d);
}

static void test_no_result_names_what_would_settle_it(void **state) {
    (void)state;
    desk *d = fresh();
    mr_evaluation e = evaluated(d, latest(d, "egfr", MR_LESS, 45, always));
    assert_int_equal(e.value, MR_UNKNOWN);
    assert_false(e.possible);
    assert_int_equal(e.n_missing, 1);
    assert_int_equal(e.missing[0].kind, MR_MISSING_DATUM);
    assert_span(e.missing[0].what, "eGFR");
    assert_span(e.missing[0].settled_by, "an eGFR result");
    desk_free(d);
}

static void test_the_latest_result_in_a_window(void **state) {
    (void)state;
    const struct {
        const char *date;
        mr_window w;
        mr_tri below_45;
    } rows[] = {
        {"2025-11-21", within(12, MR_MONTHS), MR_TRUE}, {"2025-11-20", within(12, MR_MONTHS), MR_UNKNOWN},
        {"2026-11-21", within(12, MR_MONTHS), MR_TRUE}, {"2026-11-22", within(12, MR_MONTHS), MR_UNKNOWN},
        {"2026-08-21", ago(3, MR_MONTHS), MR_TRUE},     {"2026-08-22", ago(3, MR_MONTHS), MR_UNKNOWN},
        {"2025-11", within(12, MR_MONTHS), MR_UNKNOWN}, {"2025-12", within(12, MR_MONTHS), MR_TRUE},
        {NULL, within(12, MR_MONTHS), MR_UNKNOWN},
    };
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        result(d, "o", "egfr", rows[i].date, 30, "mL/min/1.73m2");
        mr_tri got = value(d, latest(d, "egfr", MR_LESS, 45, rows[i].w));
        if (got != rows[i].below_45) fail_msg("row %zu is %d", i, got);
    }
    desk_free(d);
}

static void test_results_that_cannot_be_ordered_must_agree(void **state) {
    (void)state;
    const struct {
        const char *first;
        double a;
        const char *second;
        double b;
        mr_tri below_45;
    } rows[] = {
        {"2026-11-01", 30, "2026-11-01", 40, MR_TRUE},
        {"2026-11-01", 30, "2026-11-01", 50, MR_UNKNOWN},
        {"2026-11-01T09:00:00Z", 30, "2026-11-01T10:00:00Z", 50, MR_FALSE},
        {"2026-11", 30, "2026-11-10", 50, MR_UNKNOWN},
        {"2026-10", 30, "2026-11-10", 50, MR_FALSE},
        {NULL, 30, "2026-11-10", 50, MR_UNKNOWN},
        {"2026-11-09", 30, "2026-11-10", 50, MR_FALSE},
    };
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int swap = 0; swap < 2; swap++) {
            desk_clear(d);
            result(d, swap ? "x" : "a", "egfr", rows[i].first, rows[i].a, "mL/min/1.73m2");
            result(d, "b", "egfr", rows[i].second, rows[i].b, "mL/min/1.73m2");
            if (value(d, latest(d, "egfr", MR_LESS, 45, always)) != rows[i].below_45) fail_msg("row %zu", i);
        }
    }
    desk_free(d);
}

static void test_a_test_counts_on_its_day(void **state) {
    (void)state;
    const struct {
        const char *date;
        mr_tri within_3;
    } rows[] = {{"2026-08-21", MR_TRUE},
                {"2026-08-20", MR_FALSE},
                {"2026-08", MR_UNKNOWN},
                {NULL, MR_UNKNOWN},
                {"2026-09", MR_TRUE}};
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        observation(d, "o", "fbc", rows[i].date);
        assert_int_equal(value(d, tested(d, "fbc", within(3, MR_MONTHS))), rows[i].within_3);
    }
    desk_clear(d);
    observation(d, "o", "fbc", "2026-02-01");
    mr_evaluation e = evaluated(d, not_(d, tested(d, "fbc", within(3, MR_MONTHS))));
    assert_int_equal(e.value, MR_TRUE); /* and the evidence says when the last one was */
    assert_span(e.evidence[0].text, "no full blood count recorded");
    assert_span(e.evidence[1].text, "last full blood count");
    assert_span(e.evidence[1].reference, "Observation/o");
    desk_free(d);
}

static void test_unknown_is_not_absent(void **state) {
    (void)state;
    desk *d = fresh();
    const mr_node *no_ppi = not_(d, taking(d, "ulcer-healing"));
    assert_int_equal(value(d, no_ppi), MR_TRUE);
    unrecognised(d, "m1", "Foo tablets");
    mr_evaluation e = evaluated(d, no_ppi);
    assert_int_equal(e.value, MR_UNKNOWN);
    assert_true(e.possible);
    assert_int_equal(e.n_missing, 1);
    assert_int_equal(e.missing[0].kind, MR_MISSING_RECOGNITION);
    assert_span(e.missing[0].what, "Foo tablets");
    e = evaluated(d, taking(d, "nsaid-oral")); /* it may be an NSAID, but that is no finding */
    assert_int_equal(e.value, MR_UNKNOWN);
    assert_false(e.possible);
    d->raw.entries[0].understood.not_a_medicine = true;
    assert_int_equal(value(d, no_ppi), MR_TRUE);
    d->raw.entries[0].understood.not_a_medicine = false;
    d->raw.entries[0].status = MR_ST_STOPPED;
    assert_int_equal(value(d, no_ppi), MR_TRUE);
    desk_free(d);
}

static void test_an_uncertain_name_triggers_but_never_suppresses(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "omeprazole")->understood.uncertain = true;
    mr_evaluation e = evaluated(d, not_(d, taking(d, "ulcer-healing")));
    assert_int_equal(e.value, MR_UNKNOWN);
    assert_true(e.possible);
    assert_span(e.missing[0].reference, "MedicationStatement/m1");
    assert_int_equal(value(d, taking(d, "ulcer-healing")), MR_TRUE);
    assert_int_equal(value(d, not_(d, not_(d, taking(d, "ulcer-healing")))), MR_TRUE);
    request(d, "r1", "omeprazole"); /* the same medicine, recognised for certain */
    assert_int_equal(value(d, not_(d, taking(d, "ulcer-healing"))), MR_FALSE);
    desk_free(d);
}

static void test_possible_is_only_for_recognition(void **state) {
    (void)state;
    desk *d = fresh();
    const mr_node *n = all_of(d, latest(d, "egfr", MR_LESS, 45, always), not_(d, taking(d, "ulcer-healing")), NULL);
    unrecognised(d, "m1", "Foo tablets");
    mr_evaluation e = evaluated(d, n); /* waits for both */
    assert_int_equal(e.value, MR_UNKNOWN);
    assert_false(e.possible);
    assert_int_equal(e.n_missing, 2);
    result(d, "o", "egfr", "2026-11-01", 30, "mL/min/1.73m2");
    e = evaluated(d, n);
    assert_true(e.possible);
    assert_int_equal(e.n_missing, 1);
    assert_int_equal(e.n_evidence, 2);
    desk_clear(d);
    unrecognised(d, "m1", "Foo tablets");
    result(d, "o", "egfr", "2026-11-01", 60, "mL/min/1.73m2");
    assert_int_equal(value(d, n), MR_FALSE);
    desk_clear(d); /* no NSAID that we know: the eGFR would change nothing, so it is not asked for */
    unrecognised(d, "m1", "Foo tablets");
    e = evaluated(d, all_of(d, taking(d, "nsaid-oral"), latest(d, "egfr", MR_LESS, 45, always), NULL));
    assert_int_equal(e.value, MR_UNKNOWN);
    assert_int_equal(e.n_missing, 1);
    assert_int_equal(e.missing[0].kind, MR_MISSING_RECOGNITION);
    desk_free(d);
}

static void test_totals_are_at_least_when_something_is_not_recognised(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "amitriptyline");
    assert_int_equal(value(d, number(d, MR_Q_SCORE, MR_GREATER_EQUAL, 3)), MR_TRUE);
    assert_int_equal(value(d, number(d, MR_Q_SCORE, MR_GREATER_EQUAL, 6)), MR_FALSE);
    assert_int_equal(value(d, number(d, MR_Q_MEDICINES, MR_EQUAL, 1)), MR_TRUE);
    unrecognised(d, "m2", "Foo");
    assert_int_equal(value(d, number(d, MR_Q_SCORE, MR_GREATER_EQUAL, 3)), MR_TRUE);
    mr_evaluation e = evaluated(d, number(d, MR_Q_SCORE, MR_GREATER_EQUAL, 6));
    assert_int_equal(e.value, MR_UNKNOWN);
    assert_false(e.possible);
    assert_int_equal(value(d, number(d, MR_Q_MEDICINES, MR_EQUAL, 1)), MR_UNKNOWN);
    desk_free(d);
}

static void test_evidence_comes_from_the_parts_that_made_it_true(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "naproxen");
    condition(d, "c1", "peptic-ulcer", "2020-01-01");
    const mr_node *n = all_of(d, any_of(d, has(d, "peptic-ulcer"), has(d, "hf"), NULL), taking(d, "nsaid-oral"),
                              not_(d, taking(d, "ulcer-healing")), NULL);
    mr_evaluation e = evaluated(d, n);
    assert_int_equal(e.value, MR_TRUE);
    assert_int_equal(e.n_evidence, 3);
    assert_span(e.evidence[0].reference, "Condition/c1");
    assert_span(e.evidence[1].reference, "MedicationStatement/m1");
    assert_span(e.evidence[2].text, "no medicine of group ulcer-healing");
    assert_int_equal(e.n_matches, 1);
    assert_span(e.matches[0].ingredient->substance, "naproxen");
    mr_evaluation twice = evaluated(d, all_of(d, n, n, NULL)); /* each once */
    assert_int_equal(twice.n_evidence, 3);
    assert_int_equal(twice.n_matches, 1);
    assert_int_equal(e.n_parts, 4); /* every atom in the order of the text */
    assert_span(e.parts[0].because, "peptic-ulcer on 2020-01-01 (Condition/c1)");
    assert_int_equal(e.parts[1].value, MR_FALSE);
    assert_span(e.parts[2].because, "naproxen (MedicationStatement/m1)");
    desk_free(d);
}

static void test_code_systems_have_synonyms(void **state) {
    (void)state;
    desk *d = pincer_desk();
    mr_concept_hit asthma = {mr_ruleset_concept(&d->rules, MR_SPAN("asthma")), MR_ROLE_PRESENT}, got[4];
    mr_concept_hit hf = {mr_ruleset_concept(&d->rules, MR_SPAN("hf")), MR_ROLE_OTHER};
    assert_int_equal(
        mr_ruleset_add_code(&d->rules, d->arena, MR_SPAN("http://snomed.info/sct"), MR_SPAN("195967001"), asthma, NULL),
        MR_OK);
    assert_int_equal(
        mr_ruleset_add_code(&d->rules, d->arena, MR_SPAN("https://dmd.nhs.uk"), MR_SPAN("195967001"), hf, NULL), MR_OK);
    assert_int_equal(
        mr_ruleset_add_code(&d->rules, d->arena, MR_SPAN("https://dmd.nhs.uk/"), MR_SPAN("195967001"), hf, NULL),
        MR_OK);
    knowledge_done(d);
    static const char *const same[] = {"http://snomed.info/sct", "https://dmd.nhs.uk", "https://dmd.nhs.uk/",
                                       "urn:oid:2.16.840.1.113883.6.96", "urn:oid:2.16.840.1.113883.2.1.3.2.4.15"};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(mr_ruleset_code(&d->rules, mr_span_of(same[i]), MR_SPAN("195967001"), got, 4), 2);
    assert_int_equal(mr_ruleset_code(&d->rules, MR_SPAN("http://loinc.org"), MR_SPAN("195967001"), got, 4), 0);
    assert_int_equal(mr_ruleset_code(&d->rules, MR_SPAN("http://snomed.info/sct"), MR_SPAN("195967001"), got, 1),
                     2); /* says how many */
    assert_int_equal(mr_ruleset_code(&d->rules, MR_SPAN("http://snomed.info/sct"), MR_SPAN(""), got, 4), 0);
    char far[400];
    memset(far, '7', sizeof far);
    assert_int_equal(mr_ruleset_code(&d->rules, MR_SPAN("http://snomed.info/sct"), (mr_span){far, sizeof far}, got, 4),
                     0);
    mr_condition *c = condition(d, "c", "nothing", "2020-01-01");
    c->codings = coded(d, "https://dmd.nhs.uk/", "195967001");
    assert_int_equal(value(d, has(d, "asthma")), MR_TRUE);
    assert_int_equal(value(d, has(d, "hf")), MR_FALSE); /* a role that is no plain match */
    desk_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_age_has_its_birthday_and_its_interval),
        cmocka_unit_test(test_sex_may_be_unknown),
        cmocka_unit_test(test_taking_in_a_window_needs_use_in_it),
        cmocka_unit_test(test_an_issue_counts_on_its_day),
        cmocka_unit_test(test_started_before_asks_for_the_first_use),
        cmocka_unit_test(test_coprescribed_is_strictly_less_apart),
        cmocka_unit_test(test_coprescribed_needs_two_substances),
        cmocka_unit_test(test_has_counts_what_was_recorded_and_not_resolved),
        cmocka_unit_test(test_has_in_a_window_goes_by_the_recorded_date_else_the_onset),
        cmocka_unit_test(test_a_later_resolved_code_ends_the_condition),
        cmocka_unit_test(test_a_cut_list_proves_no_absence),
        cmocka_unit_test(test_a_concept_without_codes_is_unknown),
        cmocka_unit_test(test_the_latest_result_with_its_comparator_and_unit),
        cmocka_unit_test(test_no_result_names_what_would_settle_it),
        cmocka_unit_test(test_the_latest_result_in_a_window),
        cmocka_unit_test(test_results_that_cannot_be_ordered_must_agree),
        cmocka_unit_test(test_a_test_counts_on_its_day),
        cmocka_unit_test(test_unknown_is_not_absent),
        cmocka_unit_test(test_an_uncertain_name_triggers_but_never_suppresses),
        cmocka_unit_test(test_possible_is_only_for_recognition),
        cmocka_unit_test(test_totals_are_at_least_when_something_is_not_recognised),
        cmocka_unit_test(test_evidence_comes_from_the_parts_that_made_it_true),
        cmocka_unit_test(test_code_systems_have_synonyms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
