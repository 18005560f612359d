/* Totals over all medicines, the prompts for the conversation and the text for the patient. */
#include "build.h"

static desk *fresh(void) {
    desk *d = pincer_desk();
    pincer_rules(d);
    return d;
}

static void test_regular_medicines_are_distinct_substances(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "a", "naproxen");
    statement(d, "b", "codeine,paracetamol");
    statement(d, "c", "paracetamol");                                    /* again */
    statement(d, "d", "omeprazole")->status = MR_ST_STOPPED;             /* ended */
    statement(d, "e", "ramipril")->status = MR_ST_ON_HOLD;               /* paused */
    statement(d, "f", "zopiclone")->status = MR_ST_UNKNOWN;              /* counts as taken */
    understand(d, statement(d, "g", ""), "timolol (eye)", MR_ROUTE_EYE); /* local */
    understand(d, statement(d, "h", ""), "salmeterol",
               MR_ROUTE_INHALED); /* no local product: the count takes inhalers */
    mr_entry *e = statement(d, "i", "sertraline");
    dose(d, e, 50, "mg", 1);
    e->dosage[0].as_needed = true;
    e = statement(d, "k", "lactulose"); /* when required, and regularly in another product */
    dose(d, e, 10, "ml", 1);
    e->dosage[0].as_needed = true;
    statement(d, "l", "lactulose,paracetamol");
    unrecognised(d, "j", "Foo");
    mr_burden b = assessed(d).burden;
    assert_int_equal(b.medicines, 6);  /* naproxen codeine paracetamol zopiclone salmeterol lactulose */
    assert_int_equal(b.falls_risk, 3); /* codeine zopiclone sertraline */
    desk_free(d);
}

static void test_the_anticholinergic_total_counts_each_substance_once(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "b", "amitriptyline");
    statement(d, "a", "amitriptyline,perphenazine");
    statement(d, "c", "sertraline");
    understand(d, statement(d, "d", ""), "oxybutynin", MR_ROUTE_VAGINAL);
    mr_burden b = assessed(d).burden;
    assert_true(b.anticholinergic > 3.9 && b.anticholinergic < 4.1);
    assert_span(b.scale, "medreview-default");
    assert_span(b.scale_version, "1");
    assert_int_equal(b.n_shares, 2);
    assert_span(b.shares[0].substance, "amitriptyline");
    assert_span(b.shares[0].reference, "MedicationStatement/a");
    assert_span(b.shares[1].substance, "sertraline");
    mr_assessment a = assessed(d);
    const mr_finding *f = finding(&a, "anticholinergic-load", "patient");
    assert_non_null(f);
    assert_span(f->sources[0]->id, "ACB-01");
    desk_free(d);
}

static void test_opioid_is_zero_only_when_none_is_taken(void **state) {
    (void)state;
    const struct {
        const char *substance;
        mr_route route;
        double mg;
        bool known;
        double want;
    } rows[] = {
        {"naproxen", MR_ROUTE_ORAL, 500, true, 0},
        {"morphine", MR_ROUTE_ORAL, 20, true, 20},
        {"tramadol", MR_ROUTE_ORAL, 200, true, 20},
        {"morphine", MR_ROUTE_ORAL, 0, false, 0},
        {"morphine", MR_ROUTE_PARENTERAL, 20, false, 0},
        {"fentanyl", MR_ROUTE_TRANSDERMAL, 1, false, 0},
        {"codeine,paracetamol", MR_ROUTE_ORAL, 60, false, 0},
    };
    desk *d = fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        mr_entry *e = statement(d, "m1", "");
        understand(d, e, rows[i].substance, rows[i].route);
        if (rows[i].mg > 0) dose(d, e, rows[i].mg, "mg", 1);
        mr_burden b = assessed(d).burden;
        assert_int_equal(b.opioid_known, rows[i].known);
        assert_true(b.opioid_mg_per_day > rows[i].want - 0.01 && b.opioid_mg_per_day < rows[i].want + 0.01);
    }
    desk_free(d);
}

static void test_without_a_group_of_opioids_the_total_is_unknown(void **state) {
    (void)state;
    desk *d = desk_new();
    knowledge_done(d);
    statement(d, "m1", "morphine");
    mr_burden b = assessed(d).burden;
    assert_false(b.opioid_known);
    assert_int_equal(b.falls_risk, 0);
    assert_int_equal(b.medicines, 1);
    desk_free(d);
}

static void prompts(desk *d, size_t general, size_t special) {
    for (size_t i = 0; i < general + special; i++) {
        mr_prompt_text *p = &d->prompts[d->rules.n_prompts++];
        p->text =
            mr_arena_printf(d->arena, "%s %zu", i < general ? "general" : "special", i < general ? i : i - general);
        p->order = (unsigned)(100 - i);
        if (i < general) continue;
        p->groups[0] = grp(d, "nsaid-oral");
        p->n_groups = 1;
    }
}

static void test_three_to_six_prompts_are_chosen(void **state) {
    (void)state;
    const struct {
        size_t general, special;
        bool nsaid;
        size_t want;
    } rows[] = {{8, 8, true, 6}, {8, 8, false, 3}, {8, 1, true, 4}, {1, 8, true, 4},
                {0, 8, true, 3}, {0, 2, true, 2},  {8, 0, true, 3}, {0, 0, true, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = fresh();
        prompts(d, rows[i].general, rows[i].special);
        if (rows[i].nsaid) statement(d, "m1", "naproxen");
        mr_assessment a = assessed(d);
        if (a.n_conversation != rows[i].want) fail_msg("row %zu: %zu", i, a.n_conversation);
        for (size_t k = 1; k < a.n_conversation; k++)
            assert_false(mr_span_eq(a.conversation[k], a.conversation[k - 1]));
        desk_free(d);
    }
}

/* Words in the longest sentence. */
static unsigned longest_sentence(mr_span text) {
    unsigned most = 0, words = 1;
    for (size_t i = 0; i < text.len; i++) {
        words += text.ptr[i] == ' ';
        if (text.ptr[i] != '.') continue;
        most = words > most ? words : most;
        words = 0;
    }
    return most;
}

static void test_the_patient_reads_plain_sentences(void **state) {
    (void)state;
    desk *d = fresh();
    assert_span(assessed(d).for_patient,
                "We looked at the medicines on your list. We found nothing that needs to change today. Ask us if "
                "you have a worry about a medicine.");
    statement(d, "m1", "naproxen");
    statement(d, "m2", "apixaban");
    condition(d, "c", "hf", "2020-01-01");
    mr_span text = assessed(d).for_patient;
    assert_non_null(strstr(text.ptr, "About apixaban and naproxen: This can harm you."));
    assert_non_null(strstr(text.ptr, "Do not stop or change a medicine by yourself."));
    assert_null(strstr(text.ptr, "heart failure")); /* no diagnosis */
    assert_true(longest_sentence(text) <= 20);
    unrecognised(d, "m3", "Foo");
    assert_non_null(strstr(assessed(d).for_patient.ptr, "We could not read all of your list."));
    desk_clear(d);
    unrecognised(d, "m3", "Foo");
    text = assessed(d).for_patient;
    assert_null(strstr(text.ptr, "nothing")); /* "nothing found" is said only when everything was read */
    desk_free(d);
}

/* Two findings of one harm are one sentence about all their medicines. */
static void test_the_patient_reads_a_sentence_once(void **state) {
    (void)state;
    desk *d = fresh();
    statement(d, "m1", "naproxen");
    statement(d, "m2", "ibuprofen");
    mr_assessment a = assessed(d);
    assert_int_equal(a.n_findings, 2);
    const char *first = strstr(a.for_patient.ptr, "This can harm you.");
    assert_non_null(first);
    assert_null(strstr(first + 1, "This can harm you."));
    assert_non_null(strstr(a.for_patient.ptr, "About ibuprofen and naproxen: This can harm you."));
    desk_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regular_medicines_are_distinct_substances),
        cmocka_unit_test(test_the_anticholinergic_total_counts_each_substance_once),
        cmocka_unit_test(test_opioid_is_zero_only_when_none_is_taken),
        cmocka_unit_test(test_without_a_group_of_opioids_the_total_is_unknown),
        cmocka_unit_test(test_three_to_six_prompts_are_chosen),
        cmocka_unit_test(test_the_patient_reads_plain_sentences),
        cmocka_unit_test(test_the_patient_reads_a_sentence_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
