/* What the parts of the language mean, at their boundaries: a made-up pack of one rule for each condition, run by its
 * examples. The day is 21 November 2026. */
#include "medreview/base/buf.h"
#include "medreview/knowledge/knowledge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A row without a condition belongs to the one before it. */
typedef struct row {
    const char *when, *outcome, *record;
} row;

#define NAPROXEN "medicines: [naproxen]"
#define DIGOXIN(dose) "medicines: [{drug: digoxin, strength: 250 microgram, dose: " dose "}]"
#define PPI(since) "medicines: [{drug: omeprazole, since: " since "}]"
#define EGFR(a, b) "results: [{egfr: " a "}, {egfr: " b "}]"

static const row rows[] = {
    /* sets */
    {"taking(nsaid-oral[naproxen, ibuprofen])", "fires", NAPROXEN},
    {NULL, "silent", "medicines: [diclofenac]"},
    {NULL, "unknown", "unrecognised: [Zyxomed]"},
    {"taking(nsaid-oral except [naproxen])", "fires", "medicines: [diclofenac]"},
    {NULL, "silent", NAPROXEN},
    {"taking(antihypertensive except raas)", "fires", "medicines: [amlodipine]"},
    {NULL, "silent", "medicines: [ramipril]"},
    {"taking(regular opioid)", "fires", "medicines: [{drug: codeine, regular: yes}]"},
    {NULL, "silent", "medicines: [{drug: codeine, when_required: yes}]"},
    {NULL, "unknown", "medicines: [codeine]"},
    {"taking(when-required opioid)", "fires", "medicines: [{drug: codeine, when_required: yes}]"},
    {NULL, "silent", "medicines: [{drug: codeine, regular: yes}]"},
    {NULL, "unknown", "medicines: [codeine]"},
    {"substances(anticoag-oral | antiplatelet) >= 2", "fires", "medicines: [apixaban, clopidogrel]"},
    {NULL, "silent", "medicines: [apixaban]"},
    {NULL, "fires", "medicines: [aspirin, clopidogrel]"},
    {NULL, "unknown", "medicines: [apixaban]\n        unrecognised: [Zyxomed]"},
    {NULL, "fires", "medicines: [apixaban, clopidogrel]\n        unrecognised: [Zyxomed]"},
    /* use in time */
    {"ever taken(nsaid-oral)", "fires",
     "medicines: [{drug: naproxen, since: 2015-01-01, until: 2015-02-01, state: stopped}]"},
    {NULL, "silent", "medicines: [{drug: naproxen, state: planned}]"},
    {"taken long(ppi, at least 8 weeks)", "fires", PPI("8 weeks ago")},
    {NULL, "silent", PPI("55 days ago")},
    {NULL, "unknown", "medicines: [omeprazole]"},
    {NULL, "silent", "medicines: [{drug: omeprazole, since: 2020-01-01, until: 2026-10-01, state: stopped}]"},
    {NULL, "fires",
     "medicines: [{drug: lansoprazole, since: 2026-01-01, until: 28 days ago, state: stopped}, "
     "{drug: omeprazole, since: today}]"},
    {NULL, "silent",
     "medicines: [{drug: lansoprazole, since: 2026-01-01, until: 30 days ago, state: stopped}, "
     "{drug: omeprazole, since: today}]"},
    {NULL, "fires", "medicines: [{drug: omeprazole, issued: every 28 days since 2026-01-02}]"},
    {NULL, "fires", "medicines: [{drug: omeprazole, issued: every 8 weeks since 2026-01-02}]"},
    {NULL, "unknown", "medicines: [{drug: omeprazole, issued: [2026-07-01, 2026-10-01]}]"},
    {"taken long(ppi, more than 8 weeks)", "fires", PPI("57 days ago")},
    {NULL, "silent", PPI("8 weeks ago")},
    {"started(ssri, within 3 months)", "fires", "medicines: [{drug: sertraline, since: 3 months ago}]"},
    {NULL, "silent", "medicines: [{drug: sertraline, since: 2026-08-20}]"},
    {NULL, "unknown", "medicines: [sertraline]"},
    {NULL, "silent",
     "medicines: [{drug: sertraline, since: today}, "
     "{drug: citalopram, since: 2024-01-01, until: 2026-01-01, state: stopped}]"},
    {NULL, "fires",
     "medicines: [{drug: sertraline, since: today}, "
     "{drug: citalopram, since: 2024-01-01, until: 2025-11-20, state: stopped}]"},
    {"cascade(ccb-dhp, diuretic, within 12 months, at most 180 days apart)", "fires",
     "medicines: [{drug: amlodipine, since: 181 days ago}, {drug: furosemide, since: 1 day ago}]"},
    {NULL, "silent", "medicines: [{drug: amlodipine, since: 182 days ago}, {drug: furosemide, since: 1 day ago}]"},
    {NULL, "silent", "medicines: [{drug: amlodipine, since: 1 day ago}, {drug: furosemide, since: 1 day ago}]"},
    {NULL, "fires", "medicines: [{drug: amlodipine, since: 2 days ago}, {drug: furosemide, since: 1 day ago}]"},
    {NULL, "unknown", "medicines: [amlodipine, {drug: furosemide, since: 1 day ago}]"},
    {NULL, "silent", "medicines: [{drug: amlodipine, since: 2025-06-01}, {drug: furosemide, since: 2025-07-01}]"},
    {"taken for(levothyroxine, depression)", "fires", "medicines: [{drug: levothyroxine, for: depression}]"},
    {NULL, "silent", "medicines: [{drug: levothyroxine, for: asthma}]"},
    {NULL, "unknown", "medicines: [levothyroxine]"},
    {NULL, "silent", NAPROXEN},
    {"allergic(xanthine-oxidase)", "fires", "allergies: [allopurinol]"},
    {NULL, "silent", "allergies: [{to: allopurinol, state: resolved}]"},
    {NULL, "silent", "allergies: [naproxen]"},
    {NULL, "unknown", "allergies: [{unrecognised: Pollen}]"},
    {NULL, "unknown", "cut_off: allergies"},
    /* numbers about medicines */
    {"substances(antipsychotic, at least 3 months) >= 2", "fires",
     "medicines: [{drug: quetiapine, since: 3 months ago}, {drug: olanzapine, since: 2020-01-01}]"},
    {NULL, "silent", "medicines: [{drug: quetiapine, since: 2026-08-22}, {drug: olanzapine, since: 2020-01-01}]"},
    {NULL, "unknown", "medicines: [quetiapine, {drug: olanzapine, since: 2020-01-01}]"},
    {"substances(any, within 3 months) >= 2", "fires",
     "medicines: [naproxen, {drug: ibuprofen, since: 2026-01-01, until: 3 months ago, state: stopped}]"},
    {NULL, "silent", "medicines: [naproxen, {drug: ibuprofen, since: 2026-01-01, until: 2026-08-20, state: stopped}]"},
    {"classes(opioid, gabapentinoid, benzo-or-z) >= 2", "fires", "medicines: [codeine, zopiclone]"},
    {NULL, "silent", "medicines: [codeine, morphine]"},
    {NULL, "unknown", "medicines: [codeine]\n        unrecognised: [Zyxomed]"},
    {"same substance(any) >= 2", "fires", "medicines: [{drug: metformin, strength: 500 mg, regular: yes, times: 2}]"},
    {NULL, "silent",
     "medicines: [{drug: metformin, strength: 500 mg, regular: yes}, "
     "{drug: metformin, strength: 850 mg, regular: yes}]"},
    {NULL, "silent",
     "medicines: [{drug: paracetamol, strength: 500 mg, regular: yes}, "
     "{drug: paracetamol, strength: 500 mg, when_required: yes}]"},
    {NULL, "fires", "medicines: [{drug: paracetamol, regular: yes}, {drug: codeine + paracetamol, regular: yes}]"},
    {NULL, "silent", "medicines: [{drug: diclofenac}, {drug: diclofenac, route: cutaneous}]"},
    {NULL, "unknown", "medicines: [{drug: metformin, regular: yes, times: 2}]"},
    {"issues(saba, within 12 months) >= 2", "fires",
     "medicines: [{drug: salbutamol, route: inhaled, issued: [12 months ago, today]}]"},
    {NULL, "silent", "medicines: [{drug: salbutamol, route: inhaled, issued: [2025-11-20, today]}]"},
    {NULL, "unknown", "medicines: [{drug: salbutamol, route: inhaled}]"},
    /* doses */
    {"daily dose(digoxin) > 125 microgram", "fires", DIGOXIN("250 microgram daily")},
    {NULL, "silent", DIGOXIN("125 microgram daily")},
    {NULL, "silent", DIGOXIN("250 microgram every 2 days")},
    {NULL, "silent", DIGOXIN("up to 125 microgram daily")},
    {NULL, "unknown", DIGOXIN("up to 250 microgram daily")},
    {NULL, "unknown", "medicines: [digoxin]"},
    {NULL, "silent", NAPROXEN},
    {"weekly dose(methotrexate) > 25 mg", "fires", "medicines: [{drug: methotrexate, dose: 27.5 mg weekly}]"},
    {NULL, "silent", "medicines: [{drug: methotrexate, dose: 25 mg weekly}]"},
    {NULL, "unknown", "medicines: [methotrexate]"},
    {"daily dose(hydroxychloroquine) > 5 mg per kg", "fires",
     "medicines: [{drug: hydroxychloroquine, dose: 400 mg daily}]\n        results: [{weight: 79}]"},
    {NULL, "silent", "medicines: [{drug: hydroxychloroquine, dose: 400 mg daily}]\n        results: [{weight: 80}]"},
    {NULL, "unknown", "medicines: [{drug: hydroxychloroquine, dose: 400 mg daily}]"},
    {NULL, "unknown",
     "medicines: [{drug: hydroxychloroquine, dose: 400 mg daily}]\n        "
     "results: [{weight: 60, on: 13 months ago}]"},
    {"frequency(methotrexate) > once weekly", "fires", "medicines: [{drug: methotrexate, dose: 2.5 mg daily}]"},
    {NULL, "silent", "medicines: [{drug: methotrexate, dose: 10 mg once weekly}]"},
    {NULL, "unknown", "medicines: [methotrexate]"},
    {"opioid equivalent >= 120 mg", "fires", "medicines: [{drug: morphine, dose: 60 mg twice daily}]"},
    {NULL, "silent", "medicines: [{drug: morphine, dose: 59 mg twice daily}]"},
    {NULL, "fires",
     "medicines: [{drug: fentanyl, route: transdermal, form: patch, strength: 50 microgram in 1 hour, "
     "dose: 1 patch every 72 hours}]"},
    {NULL, "unknown", "medicines: [morphine]"},
    {NULL, "fires", "medicines: [{drug: morphine, dose: 120 mg daily}, {drug: methadone, dose: 10 mg daily}]"},
    {"average opioid equivalent(6 months) >= 50 mg", "fires",
     "medicines: [{drug: morphine, dose: 100 mg daily, since: 3 months ago}]"},
    {NULL, "silent", "medicines: [{drug: morphine, dose: 100 mg daily, since: 2 months ago}]"},
    {NULL, "unknown", "medicines: [{drug: morphine, dose: 100 mg daily}]"},
    /* scales */
    {"score(anticholinergic, one medicine) >= 3", "fires", "medicines: [amitriptyline]"},
    {NULL, "silent", "medicines: [warfarin, haloperidol, captopril]"},
    {"score rise(anticholinergic, within 12 months) >= 2", "fires",
     "medicines: [{drug: amitriptyline, since: 2026-01-01}]"},
    {NULL, "silent", "medicines: [{drug: amitriptyline, since: 12 months ago}]"},
    {NULL, "unknown", "medicines: [amitriptyline]"},
    /* conditions */
    {"has(falls, at least 2 times, within 12 months)", "fires",
     "conditions: [{of: falls, on: [12 months ago, today]}]"},
    {NULL, "silent", "conditions: [{of: falls, on: [2025-11-20, today]}]"},
    {NULL, "silent", "conditions: [{of: falls, on: [today, today]}]"},
    {NULL, "unknown", "conditions: [falls, {of: falls, on: today}]"},
    {"has(mi, more than 12 months ago)", "fires", "conditions: [{of: mi, on: 2025-11-20}]"},
    {NULL, "silent", "conditions: [{of: mi, on: 12 months ago}]"},
    {"has(asthma | copd)", "fires", "conditions: [copd]"},
    {NULL, "silent", "conditions: [hf]"},
    {"number of(asthma | copd | hf) >= 2", "fires", "conditions: [copd, hf]"},
    {NULL, "silent", "conditions: [copd]"},
    {"degree(frailty) >= moderate", "fires", "conditions: [{of: frailty, degree: moderate}]"},
    {NULL, "silent", "conditions: [{of: frailty, degree: mild}]"},
    {NULL, "unknown", "conditions: [hf]"},
    {NULL, "silent",
     "conditions: [{of: frailty, degree: severe, on: 2024-01-01}, {of: frailty, degree: mild, on: 2026-01-01}]"},
    {"has(frailty, severe)", "fires", "conditions: [{of: frailty, degree: severe}]"},
    {NULL, "silent", "conditions: [{of: frailty, degree: moderate}]"},
    {"at least 2 of (age >= 80, has(hf), latest(egfr) < 30)", "fires", "age: 80\n        conditions: [hf]"},
    {NULL, "silent", "age: 79\n        results: [{egfr: 30}]\n        conditions: [hf]"},
    {NULL, "unknown", "age: 79\n        conditions: [hf]"},
    {"checklist(cha2ds2-vasc) >= 2", "fires", "age: 75\n        sex: male"},
    {NULL, "silent", "age: 74\n        sex: male"},
    {NULL, "fires", "age: 74\n        sex: female"},
    {NULL, "fires", "sex: male\n        conditions: [stroke-tia]"},
    {NULL, "unknown", "age: 74"},
    /* results */
    {"latest(potassium) < 3 mmol/L", "fires", "results: [{potassium: 2.9}]"},
    {NULL, "silent", "results: [{potassium: 3}]"},
    {NULL, "unknown", "conditions: [hf]"},
    {"latest(t-score) < -2.5", "fires", "results: [{t-score: -2.6}]"},
    {NULL, "silent", "results: [{t-score: -2.5}]"},
    {"latest(pth) is high", "fires", "results: [{test: pth, value: 12 pmol/L, on: today, marked: high}]"},
    {NULL, "silent", "results: [{test: pth, value: 12 pmol/L, on: today, marked: normal}]"},
    {NULL, "unknown", "results: [{pth: 12}]"},
    {"average(sbp, last 2) > 150", "fires",
     "results: [{sbp: 152}, {sbp: 150, on: 1 day ago}, {sbp: 100, on: 2 days ago}]"},
    {NULL, "silent", "results: [{sbp: 150}, {sbp: 150, on: 1 day ago}]"},
    {NULL, "unknown", "results: [{sbp: 190}]"},
    {"every one of the last 2(sbp, within 12 months) > 170", "fires",
     "results: [{sbp: 171}, {sbp: 175, on: 12 months ago}]"},
    {NULL, "silent", "results: [{sbp: 171}, {sbp: 170, on: 1 day ago}]"},
    {NULL, "unknown", "results: [{sbp: 171}, {sbp: 175, on: 13 months ago}]"},
    {NULL, "silent", "results: [{sbp: 170}]"},
    {"rise(creatinine, within 3 months) >= 30 %", "fires",
     "results: [{creatinine: 130}, {creatinine: 100, on: 3 months ago}]"},
    {NULL, "silent", "results: [{creatinine: 129}, {creatinine: 100, on: 1 month ago}]"},
    {NULL, "unknown", "results: [{creatinine: 130}]"},
    {"fall(egfr, within 24 months) >= 10 per year", "fires", "results: [{egfr: 50}, {egfr: 61, on: 12 months ago}]"},
    {NULL, "silent", "results: [{egfr: 50}, {egfr: 59, on: 12 months ago}]"},
    {NULL, "unknown", "results: [{egfr: 50}, {egfr: 70, on: 89 days ago}]"},
    {"fall(egfr, since start of raas) >= 25 %", "fires",
     "medicines: [{drug: ramipril, since: 10 days ago}]\n        results: [{egfr: 45}, {egfr: 60, on: 10 days ago}]"},
    {NULL, "silent",
     "medicines: [{drug: ramipril, since: 10 days ago}]\n        results: [{egfr: 46}, {egfr: 60, on: 10 days ago}]"},
    {NULL, "unknown", "medicines: [{drug: ramipril, since: 10 days ago}]\n        results: [{egfr: 45}]"},
    {NULL, "silent", "results: [{egfr: 45}, {egfr: 60, on: 10 days ago}]"},
    /* (140 - 80) x 60 kg x 1.23 / 133 = 33.3; a woman: 28.1 */
    {"creatinine clearance < 30", "fires",
     "age: 80\n        sex: female\n        results: [{weight: 60}, {creatinine: 133}]"},
    {NULL, "silent", "age: 80\n        sex: male\n        results: [{weight: 60}, {creatinine: 133}]"},
    {NULL, "unknown", "age: 80\n        results: [{weight: 60}, {creatinine: 133}]"},
    {NULL, "unknown", "sex: male\n        results: [{weight: 60}, {creatinine: 133}]"},
    {NULL, "unknown", "age: 80\n        sex: male\n        results: [{weight: 60}]"},
    {NULL, "unknown",
     "age: 80\n        sex: female\n        results: [{weight: 60}, {creatinine: 133, on: 7 months ago}]"},
    {NULL, "fires",
     "age: 80\n        sex: female\n        results: [{weight: 60, on: 12 months ago}, {creatinine: 133, on: 6 months "
     "ago}]"},
    {"taking(raas) and not tested after start(raas, u-and-e, within 14 days)", "fires",
     "medicines: [{drug: ramipril, since: 15 days ago}]"},
    {NULL, "silent", "medicines: [{drug: ramipril, since: 14 days ago}]"},
    {NULL, "silent",
     "medicines: [{drug: ramipril, since: 15 days ago}]\n        results: [{test: u-and-e, on: 15 days ago}]"},
    {NULL, "fires",
     "medicines: [{drug: ramipril, since: 15 days ago}]\n        results: [{test: u-and-e, on: 16 days ago}]"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static void put_rule(mr_buf *out, const char *when, unsigned n) {
    mr_buf_printf(out,
                  "  - id: PART-%u\n    criterion: \"%u\"\n    title: Part %u\n    state: active\n    version: \"1\"\n"
                  "    tier: 1\n    severity: low\n    urgency: next-review\n    reviewer: nobody\n    harm: gi-bleed\n"
                  "    identity: patient\n    action: Nothing\n    goes_away_when: Never\n    source: This test\n"
                  "    when: |\n      %s\n    examples:\n",
                  n, n, n, when);
}

static mr_knowledge *load(void) {
    mr_buf text, said;
    mr_buf_init(&text, 1 << 20);
    mr_buf_init(&said, 1 << 20);
    mr_buf_adds(&text, "tool: language\nas_of: 2026-11-21\nrules:\n");
    for (unsigned i = 0; i < N_ROWS; i++) {
        if (rows[i].when) put_rule(&text, rows[i].when, i);
        mr_buf_printf(&text, "      - %s: row %u\n        %s\n", rows[i].outcome, i, rows[i].record);
    }
    mr_knowledge_file file = {"language.yaml", mr_buf_span(&text)};
    mr_knowledge *k = NULL;
    mr_error err = {0};
    if (mr_knowledge_load_files(&file, 1, true, &k, &said, &err) != MR_OK)
        fail_msg("%s\n%s", err.text, mr_buf_z(&said));
    mr_buf_free(&text);
    mr_buf_free(&said);
    return k;
}

static void test_every_part_at_its_boundaries(void **state) {
    (void)state;
    mr_knowledge *k = load();
    mr_buf report;
    mr_buf_init(&report, 1 << 20);
    mr_example_counts counts = {0};
    mr_error err = {0};
    assert_int_equal(mr_knowledge_test(k, &report, &counts, &err), MR_OK);
    if (counts.failed) print_error("%s", mr_buf_z(&report));
    assert_int_equal(counts.failed, 0);
    assert_int_equal(counts.examples, N_ROWS);
    mr_buf_free(&report);
    mr_knowledge_free(k);
}

/* The index leaves out only what is false: with and without it the same rules are true, possible and waiting. */
static void test_index_changes_nothing(void **state) {
    (void)state;
    mr_knowledge *k = load();
    mr_ruleset without = *mr_knowledge_rules(k);
    without.rule_index = NULL;
    const mr_ruleset *sets[] = {mr_knowledge_rules(k), &without};
    mr_run run = {.site_key = MR_SPAN(MR_OFFLINE_KEY), .source = MR_SPAN("offline")};
    for (size_t i = 0; i < sets[0]->n_rules; i++)
        for (size_t e = 0; e < sets[0]->rules[i].n_examples; e++) {
            const mr_example *x = &sets[0]->rules[i].examples[e];
            mr_assessment got[2];
            mr_arena *a = mr_arena_new(64 << 20);
            mr_error err = {0};
            run.as_of = x->as_of;
            for (int s = 0; s < 2; s++) {
                mr_record record;
                assert_int_equal(mr_record_build(sets[s], x->record, x->as_of, a, &record, &err), MR_OK);
                assert_int_equal(mr_rules_run(sets[s], &record, &run, a, &got[s], &err), MR_OK);
            }
            assert_int_equal(got[0].n_findings, got[1].n_findings);
            for (size_t f = 0; f < got[0].n_findings; f++) {
                assert_string_equal(got[0].findings[f].content, got[1].findings[f].content);
                assert_int_equal(got[0].findings[f].n_sources, got[1].findings[f].n_sources);
            }
            assert_int_equal(got[0].n_cannot, got[1].n_cannot);
            for (size_t c = 0; c < got[0].n_cannot; c++)
                assert_int_equal(got[0].cannot[c].n_rules, got[1].cannot[c].n_rules);
            mr_arena_free(a);
        }
    mr_knowledge_free(k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_part_at_its_boundaries),
                                       cmocka_unit_test(test_index_changes_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
