/* Records in, findings out: PINCER-like rules at their boundaries, certainty, ladders, consolidation, folding, keys. */
#include "build.h"

static desk *fresh(void) {
    desk *d = pincer_desk();
    pincer_rules(d);
    return d;
}

static bool cannot(const mr_assessment *a, const char *missing, const char *rule_id) {
    for (size_t i = 0; i < a->n_cannot; i++)
        for (size_t k = 0; k < a->cannot[i].n_rules; k++)
            if (mr_span_is(a->cannot[i].missing, missing) && mr_span_is(a->cannot[i].rules[k], rule_id)) return true;
    return false;
}

static bool has_source(const mr_finding *f, const char *rule_id) {
    for (size_t i = 0; i < f->n_sources; i++)
        if (mr_span_is(f->sources[i]->id, rule_id)) return true;
    return false;
}

/* ---- one rule, one finding ---- */

static void test_an_nsaid_without_protection_is_one_finding(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "naproxen");
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 1);
    const mr_finding *f = finding(&a, "gi-bleed", "naproxen");
    assert_non_null(f);
    assert_span(f->leading->id, "PIN-A");
    assert_int_equal(f->certainty, MR_DEFINITE);
    assert_int_equal(f->severity, MR_HIGH);
    assert_int_equal(f->urgency, MR_WITHIN_4_WEEKS);
    assert_int_equal(f->n_missing, 0);
    assert_int_equal(f->n_implicated, 1);
    assert_span(f->implicated[0], "MedicationStatement/m1");
    assert_span(f->implicated_text[0], "naproxen");
    assert_span(f->rank_reason, "high severity, within-4-weeks");
    assert_int_equal(f->rank, 1);
    assert_true(f->posts);
    assert_int_equal(a.n_cannot, 1); /* the kidney rule waits for an eGFR */
    assert_true(cannot(&a, "eGFR", "PIN-K"));
    assert_span(a.cannot[0].settled_by, "an eGFR result");
    desk_free(d);
}

static void test_the_rules_at_their_boundaries(void **state) {
    (void)state;
    enum { NONE, PPI, PPI_STOPPED, PPI_PLANNED, PPI_UNKNOWN };
    const struct {
        const char *birth;
        int protection;
        const char *ulcer, *egfr;
        double egfr_value;
        bool a, b, k;
    } rows[] = {
        {"1961-11-21", NONE, NULL, NULL, 0, true, false, false},
        {"1961-11-22", NONE, NULL, NULL, 0, false, false, false},
        {"1961-11-21", PPI, NULL, NULL, 0, false, false, false},
        {"1961-11-21", PPI_STOPPED, NULL, NULL, 0, true, false, false},
        {"1961-11-21", PPI_PLANNED, NULL, NULL, 0, true, false, false},
        {"1961-11-21", PPI_UNKNOWN, NULL, NULL, 0, false, false, false},
        {"1990-01-01", NONE, "2026-11-20", NULL, 0, false, true, false},
        {"1990-01-01", PPI, "2026-11-20", NULL, 0, false, false, false},
        {"1990-01-01", NONE, NULL, "2026-11-01", 44.9, false, false, true},
        {"1990-01-01", NONE, NULL, "2026-11-01", 45, false, false, false},
        {"1950-01-01", NONE, "2001", "2026-11-01", 20, true, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = fresh();
        d->raw.patient.birth = when(rows[i].birth);
        statement(d, "m1", "naproxen");
        if (rows[i].protection) {
            static const mr_entry_status status[] = {MR_ST_ACTIVE, MR_ST_ACTIVE, MR_ST_STOPPED, MR_ST_INTENDED,
                                                     MR_ST_UNKNOWN};
            statement(d, "m2", "omeprazole")->status = status[rows[i].protection];
        }
        if (rows[i].ulcer) condition(d, "c", "peptic-ulcer", rows[i].ulcer);
        if (rows[i].egfr) result(d, "o", "egfr", rows[i].egfr, rows[i].egfr_value, "mL/min/1.73m2");
        mr_assessment a = assessed(d);
        const mr_finding *bleed = finding(&a, "gi-bleed", "naproxen"), *kidney = finding(&a, "kidney", "naproxen");
        if ((bleed && has_source(bleed, "PIN-A")) != rows[i].a) fail_msg("row %zu: PIN-A", i);
        if ((bleed && has_source(bleed, "PIN-B")) != rows[i].b) fail_msg("row %zu: PIN-B", i);
        if ((kidney != NULL) != rows[i].k) fail_msg("row %zu: PIN-K", i);
        desk_free(d);
    }
}

static void test_eye_drops_count_for_the_asthma_rule(void **state) {
    (void)state;
    desk *d = fresh();
    condition(d, "c", "asthma", "2020-01-01");
    understand(d, statement(d, "m1", ""), "timolol (eye)", MR_ROUTE_EYE);
    understand(d, statement(d, "m2", ""), "bisoprolol", MR_ROUTE_ORAL);
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 1);
    assert_non_null(finding(&a, "airways", "timolol (eye)"));
    desk_free(d);
}

static void test_each_culprit_is_a_finding_with_its_own_evidence(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "naproxen");
    statement(d, "m2", "ibuprofen");
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 2);
    const mr_finding *f = finding(&a, "gi-bleed", "ibuprofen");
    assert_non_null(f);
    assert_int_equal(f->n_implicated, 1);
    assert_span(f->implicated[0], "MedicationStatement/m2");
    for (size_t i = 0; i < f->n_evidence; i++)
        assert_false(mr_span_is(f->evidence[i].reference, "MedicationStatement/m1"));
    assert_span(a.findings[0].identity, "ibuprofen"); /* alike in all else: by medicine */
    desk_free(d);
}

static void test_a_combination_product_is_identified_by_its_culprit(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "codeine,naproxen");
    statement(d, "m2", "naproxen");
    mr_assessment a = assessed(d);
    const mr_finding *f = finding(&a, "gi-bleed", "naproxen");
    assert_non_null(f);
    assert_int_equal(a.n_findings, 1);
    assert_int_equal(f->n_implicated, 2); /* both bring it */
    desk_free(d);
}

static void test_a_test_key_gathers_medicines(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "ramipril")->from = when("2024-01-01");
    statement(d, "m2", "furosemide")->from = when("2024-01-01");
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 1);
    const mr_finding *f = finding(&a, "monitoring-gap", "test:u-and-e");
    assert_non_null(f);
    assert_int_equal(f->n_substances, 0);
    assert_int_equal(f->n_implicated, 2);
    observation(d, "o", "renal-function", "2025-08-21");
    assert_int_equal(assessed(d).n_findings, 0);
    desk_free(d);
}

static void test_something_missing_is_identified_by_its_word(void **state) {
    (void)state;
    desk *d = fresh();
    condition(d, "c", "asthma", "2020-01-01");
    understand(d, statement(d, "m1", ""), "salmeterol", MR_ROUTE_INHALED);
    mr_assessment a = assessed(d);
    const mr_finding *f = finding(&a, "airways", "start:ics");
    assert_non_null(f);
    assert_span(f->implicated[0], "MedicationStatement/m1");
    desk_free(d);
}

static void test_methotrexate_needs_both_windows(void **state) {
    (void)state;
    const struct {
        const char *from, *test;
        bool want;
    } rows[] = {{"2026-08-21", NULL, true},
                {"2026-08-22", NULL, false},
                {"2026-01-01", "2026-08-21", false},
                {"2026-01-01", "2026-08-20", true},
                {"2026-01-01", "2026-11-21", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = fresh();
        statement(d, "m1", "methotrexate")->from = when(rows[i].from);
        if (rows[i].test) observation(d, "o", "fbc", rows[i].test);
        mr_assessment a = assessed(d);
        if ((finding(&a, "monitoring-gap", "test:dmard-bloods") != NULL) != rows[i].want) fail_msg("row %zu", i);
        desk_free(d);
    }
}

/* ---- who is assessed, and by which rules ---- */

static void test_who_has_no_findings(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "naproxen");
    statement(d, "m2", "apixaban");
    assert_int_equal(assessed(d).n_findings, 2);
    d->raw.patient.deceased = true;
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings + a.n_cannot + a.n_conversation, 0);
    d->raw.patient.deceased = false;
    d->raw.patient.inactive = true;
    assert_int_equal(assessed(d).n_findings, 0);
    d->raw.patient.inactive = false;
    d->raw.patient.replaced_by = MR_SPAN("Patient/p2");
    assert_int_equal(assessed(d).n_findings, 0);
    desk_free(d);
}

static void test_children_meet_only_rules_for_children(void **state) {
    (void)state;
    const struct {
        const char *birth;
        bool adult_rules;
    } rows[] = {{"2008-11-22", false}, {"2008-11-21", true}, {"2008", true}, {"2009", false}, {NULL, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int children = 0; children < 2; children++) {
            desk *d = fresh();
            for (size_t k = 0; k < d->rules.n_rules; k++) d->list[k].children = children;
            d->raw.patient.birth = when(rows[i].birth);
            statement(d, "m1", "naproxen");
            statement(d, "m2", "apixaban");
            mr_assessment a = assessed(d);
            assert_int_equal(finding(&a, "bleeding", "apixaban,naproxen") != NULL, rows[i].adult_rules || children);
            if (!rows[i].birth) assert_true(cannot(&a, "date of birth", "PIN-A"));
            desk_free(d);
        }
    }
}

static void test_draft_and_disabled_rules_rest(void **state) {
    (void)state;
    desk *d = fresh();
    mr_span off = MR_SPAN("PIN-A");
    statement(d, "m1", "naproxen");
    d->run.disabled = &off;
    d->run.n_disabled = 1;
    assert_int_equal(assessed(d).n_findings, 0);
    d->run.n_disabled = 0;
    d->run.withdrawn = &off; /* it was wrong: it must not speak again */
    d->run.n_withdrawn = 1;
    assert_int_equal(assessed(d).n_findings, 0);
    d->run.n_withdrawn = 0;
    for (size_t k = 0; k < d->rules.n_rules; k++) d->list[k].state = MR_RULE_DRAFT;
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings + a.n_cannot, 0);
    d->run.include_draft = true;
    assert_int_equal(assessed(d).n_findings, 1);
    desk_free(d);
}

static void test_the_indicator_runs_where_it_differs(void **state) {
    (void)state;
    desk *d = pincer_desk();
    rule(d, "A", "gi-bleed", "nsaid-oral", MR_HIGH, MR_SAME_DAY, taking(d, "nsaid-oral"))->indicator =
        taking_in(d, "nsaid-oral", within(3, MR_MONTHS));
    rule(d, "B", "kidney", "nsaid-oral", MR_HIGH, MR_SAME_DAY, taking(d, "nsaid-oral"));
    knowledge_done(d);
    mr_entry *e = statement(d, "m1", "naproxen");
    e->status = MR_ST_STOPPED;
    e->from = when("2026-09-01");
    e->until = when("2026-10-01");
    assert_int_equal(assessed(d).n_findings, 0);
    d->run.indicator = true;
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 1);
    assert_span(a.findings[0].leading->id, "A");
    desk_free(d);
}

static void test_the_end_of_life_holds_back_comparators(void **state) {
    (void)state;
    desk *d = fresh();
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (size_t i = 0; i < 8; i++) statement(d, names[i], names[i]);
    mr_assessment a = assessed(d);
    assert_non_null(finding(&a, "medicine-count", "patient"));
    condition(d, "c", "palliative", "2026-10-01");
    statement(d, "m1", "naproxen");
    a = assessed(d);
    assert_null(finding(&a, "medicine-count", "patient"));
    assert_non_null(finding(&a, "gi-bleed", "naproxen"));
    desk_free(d);
}

/* ---- certainty ---- */

static void test_a_possible_finding_says_what_is_missing_and_waits(void **state) {
    (void)state;
    desk *d = pincer_desk();
    rule(d, "PIN-A", "gi-bleed", "nsaid-oral", MR_HIGH, MR_SAME_DAY,
         all_of(d, taking(d, "nsaid-oral"), not_(d, taking(d, "ulcer-healing")), NULL));
    knowledge_done(d);
    statement(d, "m1", "naproxen");
    mr_assessment a = assessed(d);
    assert_int_equal(a.findings[0].urgency, MR_SAME_DAY);
    char definite[33];
    memcpy(definite, a.findings[0].id, sizeof definite);
    unrecognised(d, "m2", "Foo tablets");
    a = assessed(d);
    assert_int_equal(a.n_findings, 1);
    const mr_finding *f = &a.findings[0];
    assert_int_equal(f->certainty, MR_POSSIBLE);
    assert_int_equal(f->urgency, MR_WITHIN_1_WEEK);
    assert_int_equal(f->n_missing, 1);
    assert_span(f->missing[0].what, "Foo tablets");
    assert_span(f->rank_reason, "high severity, within-1-week, possible");
    assert_string_equal(f->id, definite); /* the same problem */
    assert_int_equal(a.n_cannot, 0);
    desk_free(d);
}

static void test_a_missing_datum_is_one_entry_for_all_its_rules(void **state) {
    (void)state;
    desk *d = pincer_desk();
    static const char *const ids[] = {"Z", "M", "A"};
    for (size_t i = 0; i < 3; i++)
        rule(d, ids[i], "kidney", "nsaid-oral", MR_HIGH, MR_SAME_DAY,
             all_of(d, taking(d, "nsaid-oral"), latest(d, "egfr", MR_LESS, 30 + (double)i, always), NULL));
    rule(d, "B", "kidney", "nsaid-oral", MR_HIGH, MR_SAME_DAY,
         all_of(d, age(d, MR_GREATER, 65), latest(d, "egfr", MR_LESS, 30, always), NULL));
    knowledge_done(d);
    statement(d, "m1", "naproxen");
    d->raw.patient.birth = MR_WHEN_NONE;
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 0);
    assert_int_equal(a.n_cannot, 2);
    assert_span(a.cannot[0].missing, "date of birth");
    assert_int_equal(a.cannot[0].n_rules, 1);
    assert_span(a.cannot[1].missing, "eGFR");
    assert_int_equal(a.cannot[1].n_rules, 4);
    assert_span(a.cannot[1].rules[0], "A");
    assert_span(a.cannot[1].rules[3], "Z");
    desk_free(d);
}

static void test_a_concept_without_codes_is_said_in_every_review(void **state) {
    (void)state;
    desk *d = fresh();
    d->loaded[mr_ruleset_concept(&d->rules, MR_SPAN("asthma"))] = false;
    mr_assessment a = assessed(d); /* no medicine at all */
    assert_int_equal(a.n_findings, 0);
    assert_int_equal(a.n_cannot, 1);
    assert_span(a.cannot[0].missing, "codes for asthma");
    assert_int_equal(a.cannot[0].n_rules, 2);
    assert_span(a.cannot[0].rules[0], "PIN-G");
    desk_free(d);
}

/* ---- who is implicated ---- */

/* "MedicationStatement/m1, +MedicationRequest/r1": + one more entry of the same medicine */
static const char *implicated(const mr_finding *f) {
    static char text[500];
    size_t at = 0;
    text[0] = 0;
    for (size_t i = 0; f && i < f->n_implicated; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s%.*s", i ? ", " : "",
                               f->implicated_again[i] ? "+" : "", MR_SPAN_ARG(f->implicated[i]));
    return text;
}

/* Who has the order open must see what is said about the medicine; orders of last year are no part of it. */
static void test_every_entry_in_use_of_a_medicine_is_implicated(void **state) {
    (void)state;
    desk *d = fresh();
    issue(d, "r3", "naproxen", "2026-11-01");
    statement(d, "m2", "naproxen");
    statement(d, "m1", "naproxen");
    issue(d, "r1", "naproxen", "2026-10-01");
    request(d, "r0", "naproxen")->status = MR_ST_COMPLETED;
    statement(d, "m0", "naproxen")->status = MR_ST_STOPPED;
    mr_assessment a = assessed(d);
    const mr_finding *f = finding(&a, "gi-bleed", "naproxen");
    assert_string_equal(implicated(f), "MedicationStatement/m1, +MedicationRequest/r1, +MedicationRequest/r3, "
                                       "+MedicationStatement/m2");
    assert_int_equal(f->n_medicines, 1);
    desk_free(d);
}

/* A burden is made of what is counted in it: no drops, nothing that is stopped, nothing without points. */
static void test_a_burden_implicates_what_it_counts(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "amitriptyline");
    statement(d, "m2", "oxybutynin");
    statement(d, "m3", "paracetamol");
    statement(d, "m4", "sertraline")->status = MR_ST_STOPPED;
    understand(d, statement(d, "m5", ""), "oxybutynin", MR_ROUTE_EYE);
    mr_assessment a = assessed(d);
    assert_string_equal(implicated(finding(&a, "anticholinergic-load", "patient")),
                        "MedicationStatement/m1, MedicationStatement/m2");
    mr_finding before = *finding(&a, "anticholinergic-load", "patient");
    dose(d, &d->raw.entries[0], 25, "mg", 1); /* their doses are no content of it, as they never were */
    a = assessed(d);
    assert_string_equal(finding(&a, "anticholinergic-load", "patient")->content, before.content);
    assert_int_equal(before.n_medicines, 0);
    desk_free(d);
}

static void test_a_count_implicates_the_regular_medicines(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    desk *d = fresh();
    for (size_t k = 0; k < 8; k++) statement(d, names[k], names[k]);
    dose(d, statement(d, "prn", "zz"), 1, "mg", 1);
    d->raw.entries[8].dosage[0].as_needed = true;
    understand(d, statement(d, "drops", ""), "yy", MR_ROUTE_EYE);
    mr_assessment a = assessed(d);
    const mr_finding *f = finding(&a, "medicine-count", "patient");
    assert_non_null(f);
    assert_int_equal(f->n_implicated, 8);
    assert_null(strstr(implicated(f), "prn"));
    assert_null(strstr(implicated(f), "drops"));
    desk_free(d);
}

/* ---- ladders ---- */

static void test_only_the_highest_rung_counts(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"};
    const struct {
        size_t medicines;
        const char *source;
    } rows[] = {{7, NULL},      {8, "CMP-08"},  {9, "CMP-08"}, {10, "CMP-10"},
                {14, "CMP-10"}, {15, "CMP-15"}, {16, "CMP-15"}};
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        for (size_t k = 0; k < rows[i].medicines; k++) statement(d, names[k], names[k]);
        mr_assessment a = assessed(d);
        const mr_finding *f = finding(&a, "medicine-count", "patient");
        assert_int_equal(f != NULL, rows[i].source != NULL);
        if (!f) continue;
        assert_int_equal(f->n_sources, 1);
        assert_span(f->sources[0]->id, rows[i].source);
        assert_false(f->posts);
    }
    desk_free(d);
}

static void test_bands_of_one_rung_are_all_sources_and_the_lowest_leads_speaks(void **state) {
    (void)state;
    desk *d = pincer_desk();
    for (unsigned i = 0; i < 3; i++) {
        static const char *const ids[] = {"CMP-65", "CMP-75", "CMP-85"};
        mr_rule *r = rule(
            d, ids[i], "medicine-count", "patient", MR_LOW, MR_NEXT_REVIEW,
            all_of(d, age(d, MR_GREATER_EQUAL, 65 + 10 * i), number(d, MR_Q_MEDICINES, MR_GREATER_EQUAL, 1), NULL));
        r->ladder = MR_SPAN("medicines");
        r->rung = 1;
        r->leads = 3 - i;
    }
    knowledge_done(d);
    statement(d, "m1", "naproxen");
    mr_assessment a = assessed(d); /* 76 years old */
    assert_int_equal(a.n_findings, 1);
    assert_int_equal(a.findings[0].n_sources, 2);
    assert_span(a.findings[0].leading->id, "CMP-75");
    assert_span(a.findings[0].sources[0]->id, "CMP-75");
    desk_free(d);
}

/* ---- one harm, one finding ---- */

static void test_same_harm_and_identity_are_one(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "naproxen");
    condition(d, "c", "peptic-ulcer", "2020-01-01");
    condition(d, "h", "hf", "2020-01-01");
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 2); /* across harms nothing merges */
    const mr_finding *f = finding(&a, "gi-bleed", "naproxen");
    assert_int_equal(f->n_sources, 2);
    assert_span(f->sources[0]->id, "PIN-B"); /* lowest `leads` */
    assert_span(f->sources[1]->id, "PIN-A");
    assert_int_equal(f->urgency, MR_WITHIN_1_WEEK);
    assert_non_null(finding(&a, "hf-decompensation", "naproxen"));
    desk_free(d);
}

static void test_the_strongest_of_each_counts(void **state) {
    (void)state;
    desk *d = pincer_desk();
    rule(d, "A", "kidney", "nsaid-oral", MR_LOW, MR_SAME_DAY, taking(d, "nsaid-oral"))->leads = 2;
    rule(d, "B", "kidney", "nsaid-oral", MR_HIGH, MR_NEXT_REVIEW, taking(d, "nsaid-oral"))->leads = 2;
    rule(d, "C", "kidney", "nsaid-oral", MR_MODERATE, MR_NEXT_REVIEW, taking(d, "nsaid-oral"))->leads = 2;
    knowledge_done(d);
    statement(d, "m1", "naproxen");
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 1);
    const mr_finding *f = &a.findings[0];
    assert_int_equal(f->severity, MR_HIGH);
    assert_int_equal(f->urgency, MR_SAME_DAY);
    assert_span(f->leading->id, "B"); /* equal leads: higher severity */
    assert_span(f->sources[1]->id, "A");
    assert_span(f->sources[2]->id, "C");
    desk_free(d);
}

static void test_a_definite_finding_is_led_by_a_definite_source(void **state) {
    (void)state;
    desk *d = pincer_desk();
    rule(d, "A", "kidney", "nsaid-oral", MR_HIGH, MR_SAME_DAY,
         all_of(d, taking(d, "nsaid-oral"), not_(d, taking(d, "ulcer-healing")), NULL));
    rule(d, "B", "kidney", "nsaid-oral", MR_LOW, MR_NEXT_REVIEW, taking(d, "nsaid-oral"))->leads = 9;
    knowledge_done(d);
    statement(d, "m1", "naproxen");
    unrecognised(d, "m2", "Foo");
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 1);
    assert_int_equal(a.findings[0].certainty, MR_DEFINITE);
    assert_span(a.findings[0].leading->id, "B");
    assert_int_equal(a.findings[0].n_sources, 2);
    assert_int_equal(a.findings[0].urgency, MR_WITHIN_1_WEEK); /* the possible source is never same-day */
    assert_int_equal(a.findings[0].n_missing, 0);
    desk_free(d);
}

static void test_the_smaller_mixture_folds_into_the_larger(void **state) {
    (void)state;
    desk *d = pincer_desk();
    rule(d, "INT-44", "sedation", "opioid,z-drug", MR_HIGH, MR_WITHIN_1_WEEK,
         all_of(d, taking(d, "opioid"), taking(d, "z-drug"), NULL));
    rule(d, "INT-45", "sedation", "opioid,gabapentinoid", MR_MODERATE, MR_SAME_DAY,
         all_of(d, taking(d, "opioid"), taking(d, "gabapentinoid"), NULL));
    rule(d, "INT-46", "sedation", "opioid,z-drug,gabapentinoid", MR_MODERATE, MR_WITHIN_4_WEEKS,
         all_of(d, taking(d, "opioid"), taking(d, "z-drug"), taking(d, "gabapentinoid"), NULL))
        ->leads = 2;
    rule(d, "KID", "kidney", "opioid,z-drug", MR_LOW, MR_NEXT_REVIEW,
         all_of(d, taking(d, "opioid"), taking(d, "z-drug"), NULL));
    rule(d, "KID-1", "kidney", "opioid", MR_LOW, MR_NEXT_REVIEW, taking(d, "opioid"));
    knowledge_done(d);
    statement(d, "m1", "morphine");
    statement(d, "m2", "zopiclone");
    mr_assessment two = assessed(d);
    assert_non_null(finding(&two, "sedation", "morphine,zopiclone"));
    statement(d, "m3", "gabapentin");
    mr_assessment a = assessed(d);
    const mr_finding *f = finding(&a, "sedation", "gabapentin,morphine,zopiclone");
    assert_non_null(f);
    assert_null(finding(&a, "sedation", "morphine,zopiclone"));
    assert_null(finding(&a, "sedation", "gabapentin,morphine"));
    assert_int_equal(f->n_sources, 3);
    assert_span(f->leading->id, "INT-44");
    assert_int_equal(f->severity, MR_HIGH);
    assert_int_equal(f->urgency, MR_SAME_DAY);
    assert_int_equal(f->n_implicated, 3);
    assert_non_null(finding(&a, "kidney", "morphine")); /* a harm that does not fold */
    assert_non_null(finding(&a, "kidney", "morphine,zopiclone"));
    desk_free(d);
}

static void test_three_bleeding_medicines_are_one_finding(void **state) {
    (void)state;
    desk *d = fresh();
    for (size_t i = 0; i < d->rules.n_rules; i++) /* one rule that sees all three */
        if (mr_span_is(d->list[i].id, "PIN-E")) {
            d->list[i].identity = identity(d, "anticoag-oral,antiplatelet,nsaid-oral");
            d->list[i].when =
                all_of(d, taking(d, "anticoag-oral"), taking(d, "antiplatelet"), taking(d, "nsaid-oral"), NULL);
        }
    statement(d, "m1", "apixaban");
    statement(d, "m2", "naproxen");
    mr_assessment a = assessed(d);
    assert_non_null(finding(&a, "bleeding", "apixaban,naproxen"));
    statement(d, "m3", "aspirin");
    a = assessed(d);
    const mr_finding *f = finding(&a, "bleeding", "apixaban,aspirin,naproxen");
    assert_non_null(f);
    assert_null(finding(&a, "bleeding", "apixaban,naproxen"));
    assert_span(f->leading->id, "PIN-D");
    assert_int_equal(f->n_sources, 2);
    desk_free(d);
}

static void test_when_two_could_take_it_the_first_in_order_does(void **state) {
    (void)state;
    desk *d = pincer_desk();
    rule(d, "S", "sedation", "opioid", MR_LOW, MR_NEXT_REVIEW, taking(d, "opioid"));
    rule(d, "B", "sedation", "opioid,z-drug", MR_MODERATE, MR_NEXT_REVIEW,
         all_of(d, taking(d, "opioid"), taking(d, "z-drug"), NULL));
    rule(d, "A", "sedation", "opioid,gabapentinoid", MR_MODERATE, MR_WITHIN_4_WEEKS,
         all_of(d, taking(d, "opioid"), taking(d, "gabapentinoid"), NULL));
    knowledge_done(d);
    statement(d, "m1", "morphine");
    statement(d, "m2", "zopiclone");
    statement(d, "m3", "gabapentin");
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 2); /* those that merely overlap stay apart */
    assert_true(has_source(finding(&a, "sedation", "gabapentin,morphine"), "S"));
    assert_false(has_source(finding(&a, "sedation", "morphine,zopiclone"), "S"));
    desk_free(d);
}

static void test_a_definite_finding_never_folds_into_a_possible_one(void **state) {
    (void)state;
    desk *d = pincer_desk();
    rule(d, "S", "sedation", "opioid", MR_LOW, MR_NEXT_REVIEW, taking(d, "opioid"));
    rule(d, "P", "sedation", "opioid,z-drug", MR_HIGH, MR_SAME_DAY,
         all_of(d, taking(d, "opioid"), taking(d, "z-drug"), not_(d, taking(d, "ics")), NULL));
    knowledge_done(d);
    statement(d, "m1", "morphine");
    statement(d, "m2", "zopiclone");
    assert_int_equal(assessed(d).n_findings, 1);
    unrecognised(d, "m3", "Foo");
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 2);
    assert_int_equal(finding(&a, "sedation", "morphine")->certainty, MR_DEFINITE);
    desk_free(d);
}

static void test_the_forms_of_identity(void **state) {
    (void)state;
    const struct {
        const char *form;
        const char *want[3];
    } rows[] = {
        {"opioid|z-drug", {"codeine", "morphine", "zopiclone"}},
        {"opioid,z-drug", {"codeine,morphine,zopiclone"}},
        {"all:opioid", {"codeine,morphine"}},
        {"same:opioid|z-drug", {"codeine,morphine"}},
        {"test:fbc+opioid", {"test:fbc"}},
        {"start:laxative", {"start:laxative"}},
        {"any", {"codeine", "morphine", "zopiclone"}},
        {"patient", {"patient"}},
        {"frid", {"codeine", "morphine", "zopiclone"}}, /* no part names it: by the groups of the substances */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = pincer_desk();
        rule(d, "R", "gi-bleed", rows[i].form, MR_HIGH, MR_SAME_DAY,
             all_of(d, taking(d, "opioid"), taking(d, "z-drug"), NULL));
        knowledge_done(d);
        statement(d, "m3", "zopiclone");
        statement(d, "m1", "morphine");
        statement(d, "m2", "codeine,paracetamol");
        mr_assessment a = assessed(d);
        size_t n = 0;
        while (n < 3 && rows[i].want[n]) n++;
        if (a.n_findings != n) fail_msg("%s gives %zu", rows[i].form, a.n_findings);
        for (size_t k = 0; k < n; k++)
            if (!finding(&a, "gi-bleed", rows[i].want[k])) fail_msg("%s gives no %s", rows[i].form, rows[i].want[k]);
        desk_free(d);
    }
}

static void test_the_order_is_severity_urgency_rule_medicines(void **state) {
    (void)state;
    desk *d = pincer_desk();
    rule(d, "D", "kidney", "nsaid-oral", MR_HIGH, MR_NEXT_REVIEW, taking(d, "nsaid-oral"));
    rule(d, "B", "gi-bleed", "nsaid-oral", MR_HIGH, MR_SAME_DAY, taking(d, "nsaid-oral"));
    rule(d, "A", "airways", "nsaid-oral", MR_LOW, MR_SAME_DAY, taking(d, "nsaid-oral"));
    rule(d, "C", "bleeding", "nsaid-oral", MR_HIGH, MR_SAME_DAY, taking(d, "nsaid-oral"));
    knowledge_done(d);
    statement(d, "m1", "naproxen");
    statement(d, "m2", "ibuprofen");
    static const char *const want[] = {"B ibuprofen", "B naproxen", "C ibuprofen", "C naproxen",
                                       "D ibuprofen", "D naproxen", "A ibuprofen", "A naproxen"};
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 8);
    for (size_t i = 0; i < 8; i++) {
        char got[64];
        snprintf(got, sizeof got, "%.*s %.*s", MR_SPAN_ARG(a.findings[i].leading->id),
                 MR_SPAN_ARG(a.findings[i].identity));
        assert_string_equal(got, want[i]);
        assert_int_equal(a.findings[i].rank, i + 1);
    }
    desk_free(d);
}

/* ---- keys: golden, since they stand on other people's servers (computed with Python's hmac and hashlib) ---- */

static void test_keys_are_golden(void **state) {
    (void)state;
    const struct {
        const char *source, *harm_key, *identity_text, *want;
    } rows[] = {
        {"offline", "gi-bleed", "naproxen", "7ee5db3aecf634448ec455b6a1e427c9"},
        {"offline", "bleeding", "apixaban,naproxen", "9398052937ef5507e4b0cd0d6b4c2c4d"},
        {"offline", "airways", "start:ics", "f2b1c075d3914e4eb6d3e25cb7d2ddb4"},
        {"gp-a", "gi-bleed", "naproxen", "2f7396d6a58644ae5131ecb73d413a23"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char key[33];
        mr_finding_key(MR_SPAN(MR_OFFLINE_KEY), mr_span_of(rows[i].source), MR_SPAN("p1"), mr_span_of(rows[i].harm_key),
                       mr_span_of(rows[i].identity_text), key);
        assert_string_equal(key, rows[i].want);
    }
}

static void test_content_is_golden_and_blind_to_what_changes_daily(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "naproxen");
    mr_assessment a = assessed(d);
    assert_string_equal(a.findings[0].id, "7ee5db3aecf634448ec455b6a1e427c9");
    assert_string_equal(a.findings[0].content, "66f5e6ee13cf9b5880a8180752e6c0df");
    d->raw.entries[0].reference =
        MR_SPAN("MedicationStatement/another-export"); /* ids, texts, dates, ages: not content */
    d->raw.entries[0].text = MR_SPAN("Naproxen 500mg tablets");
    d->raw.entries[0].from = when("2026-03-02");
    d->raw.patient.birth = when("1940-01-01");
    d->run.as_of = day("2026-12-24");
    a = assessed(d);
    assert_string_equal(a.findings[0].id, "7ee5db3aecf634448ec455b6a1e427c9");
    assert_string_equal(a.findings[0].content, "66f5e6ee13cf9b5880a8180752e6c0df");
    dose(d, &d->raw.entries[0], 500, "mg", 2); /* the dose is */
    a = assessed(d);
    assert_string_equal(a.findings[0].id, "7ee5db3aecf634448ec455b6a1e427c9");
    assert_string_equal(a.findings[0].content, "a8f161260fce78137755b722ef23891a");
    desk_free(d);
}

static void test_due_days(void **state) {
    (void)state;
    assert_int_equal(mr_urgency_days(MR_SAME_DAY), 0);
    assert_int_equal(mr_urgency_days(MR_WITHIN_1_WEEK), 7);
    assert_int_equal(mr_urgency_days(MR_WITHIN_4_WEEKS), 28);
    assert_int_equal(mr_urgency_days(MR_NEXT_REVIEW), 84);
}

static void test_explain_traces_every_rule_that_ran(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "naproxen");
    assert_int_equal(assessed(d).n_traces, 0);
    d->run.explain = true;
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_traces, d->rules.n_rules);
    for (size_t i = 0; i < a.n_traces; i++) {
        assert_ptr_equal(a.traces[i].rule, &d->rules.rules[i]);
        assert_true(a.traces[i].n_parts > 0);
    }
    desk_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_nsaid_without_protection_is_one_finding),
        cmocka_unit_test(test_the_rules_at_their_boundaries),
        cmocka_unit_test(test_eye_drops_count_for_the_asthma_rule),
        cmocka_unit_test(test_each_culprit_is_a_finding_with_its_own_evidence),
        cmocka_unit_test(test_a_combination_product_is_identified_by_its_culprit),
        cmocka_unit_test(test_a_test_key_gathers_medicines),
        cmocka_unit_test(test_something_missing_is_identified_by_its_word),
        cmocka_unit_test(test_methotrexate_needs_both_windows),
        cmocka_unit_test(test_who_has_no_findings),
        cmocka_unit_test(test_children_meet_only_rules_for_children),
        cmocka_unit_test(test_draft_and_disabled_rules_rest),
        cmocka_unit_test(test_the_indicator_runs_where_it_differs),
        cmocka_unit_test(test_the_end_of_life_holds_back_comparators),
        cmocka_unit_test(test_a_possible_finding_says_what_is_missing_and_waits),
        cmocka_unit_test(test_a_missing_datum_is_one_entry_for_all_its_rules),
        cmocka_unit_test(test_a_concept_without_codes_is_said_in_every_review),
        cmocka_unit_test(test_every_entry_in_use_of_a_medicine_is_implicated),
        cmocka_unit_test(test_a_burden_implicates_what_it_counts),
        cmocka_unit_test(test_a_count_implicates_the_regular_medicines),
        cmocka_unit_test(test_only_the_highest_rung_counts),
        cmocka_unit_test(test_bands_of_one_rung_are_all_sources_and_the_lowest_leads_speaks),
        cmocka_unit_test(test_same_harm_and_identity_are_one),
        cmocka_unit_test(test_the_strongest_of_each_counts),
        cmocka_unit_test(test_a_definite_finding_is_led_by_a_definite_source),
        cmocka_unit_test(test_the_smaller_mixture_folds_into_the_larger),
        cmocka_unit_test(test_three_bleeding_medicines_are_one_finding),
        cmocka_unit_test(test_when_two_could_take_it_the_first_in_order_does),
        cmocka_unit_test(test_a_definite_finding_never_folds_into_a_possible_one),
        cmocka_unit_test(test_the_forms_of_identity),
        cmocka_unit_test(test_the_order_is_severity_urgency_rule_medicines),
        cmocka_unit_test(test_keys_are_golden),
        cmocka_unit_test(test_content_is_golden_and_blind_to_what_changes_daily),
        cmocka_unit_test(test_due_days),
        cmocka_unit_test(test_explain_traces_every_rule_that_ran),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
