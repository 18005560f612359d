/* What holds for the whole active set and every record: the order of input makes no difference; a medicine that no rule
 * knows changes counts alone; and what appears when a medicine is taken away is explained by what it did. */
#include "random_records.h"
#include "review_bench.h"
#include "rule_reads.h"

enum { SEEDS = 100, ARENA_BYTES = 256 << 20, TEXT_MOST = 8 << 20 };

static mr_knowledge *knowledge;
static mr_terminology *terminology;
static material stuff;

static int open_all(void **state) {
    (void)state;
    mr_error err = {0};
    mr_buf said;
    mr_knowledge_options options = {.examples = true};
    mr_buf_init(&said, 1 << 20);
    mr_rc rc = mr_knowledge_load(&options, &knowledge, &said, &err);
    mr_buf_free(&said);
    if (!rc) rc = mr_terminology_builtin(&terminology, &err);
    if (rc) print_error("%s\n", err.text);
    if (!rc) material_read(&stuff, mr_knowledge_rules(knowledge));
    return rc ? -1 : 0;
}

static int close_all(void **state) {
    (void)state;
    mr_terminology_free(terminology);
    mr_knowledge_free(knowledge);
    return 0;
}

/* ---- one review ---- */

typedef struct reviewed {
    mr_record record;
    mr_assessment a;
} reviewed;

static reviewed review(const mr_raw_record *raw, bool explain, mr_arena *arena) {
    reviewed x;
    mr_error err = {0};
    mr_run run = {.as_of = stuff.as_of,
                  .explain = explain,
                  .bare = explain,
                  .site_key = MR_SPAN(MR_OFFLINE_KEY),
                  .source = MR_SPAN("offline")};
    if (mr_record_build(stuff.rules, raw, stuff.as_of, arena, &x.record, &err) != MR_OK) fail_msg("%s", err.text);
    if (mr_rules_run(stuff.rules, &x.record, &run, arena, &x.a, &err) != MR_OK) fail_msg("%s", err.text);
    return x;
}

static void print_finding(const mr_finding *f, mr_buf *out) {
    mr_buf_printf(out, "%s %s %.*s %.*s %s %s %d\n", f->id, f->content, MR_SPAN_ARG(f->harm->key),
                  MR_SPAN_ARG(f->identity), mr_severity_text(f->severity), mr_urgency_text(f->urgency), f->certainty);
    for (size_t k = 0; k < f->n_sources; k++) mr_buf_printf(out, "  by %.*s\n", MR_SPAN_ARG(f->sources[k]->id));
    for (size_t k = 0; k < f->n_implicated; k++) mr_buf_printf(out, "  of %.*s\n", MR_SPAN_ARG(f->implicated[k]));
    for (size_t k = 0; k < f->n_evidence; k++)
        mr_buf_printf(out, "  since %.*s %.*s %g %d\n", MR_SPAN_ARG(f->evidence[k].reference),
                      MR_SPAN_ARG(f->evidence[k].text), f->evidence[k].has_value ? f->evidence[k].value : 0,
                      (int)f->evidence[k].date.lo);
    for (size_t k = 0; k < f->n_missing; k++) mr_buf_printf(out, "  without %.*s\n", MR_SPAN_ARG(f->missing[k].what));
}

static void print_review(const mr_assessment *a, mr_buf *out) {
    for (size_t i = 0; i < a->n_findings; i++) print_finding(&a->findings[i], out);
    for (size_t i = 0; i < a->n_cannot; i++) {
        mr_buf_printf(out, "cannot %.*s (%.*s):", MR_SPAN_ARG(a->cannot[i].missing),
                      MR_SPAN_ARG(a->cannot[i].settled_by));
        for (size_t k = 0; k < a->cannot[i].n_rules; k++)
            mr_buf_printf(out, " %.*s", MR_SPAN_ARG(a->cannot[i].rules[k]));
        mr_buf_addc(out, '\n');
    }
    for (size_t i = 0; i < a->n_prompts; i++) {
        mr_buf_printf(out, "prompt %.*s:", MR_SPAN_ARG(a->prompts[i].rule->id));
        for (size_t k = 0; k < a->prompts[i].n_evidence; k++)
            mr_buf_printf(out, " %.*s", MR_SPAN_ARG(a->prompts[i].evidence[k].reference));
        mr_buf_addc(out, '\n');
    }
    for (size_t i = 0; i < a->n_conversation; i++) mr_buf_printf(out, "ask %.*s\n", MR_SPAN_ARG(a->conversation[i]));
    mr_buf_printf(out, "burden %u %g %g %u\ntell %.*s\n", a->burden.medicines, a->burden.anticholinergic,
                  a->burden.opioid_mg_per_day, a->burden.falls_risk, MR_SPAN_ARG(a->for_patient));
}

/* ---- the order of input ---- */

#define SHUFFLE(r, v, n, type)                                                                                         \
    for (size_t s_ = (n); s_ > 1; s_--) {                                                                              \
        size_t k_ = (size_t)mr_rand_below((r), s_);                                                                    \
        type hold_ = (v)[s_ - 1];                                                                                      \
        (v)[s_ - 1] = (v)[k_];                                                                                         \
        (v)[k_] = hold_;                                                                                               \
    }

static void test_the_order_of_input_makes_no_difference(void **state) {
    (void)state;
    size_t findings = 0;
    mr_buf first, again;
    mr_buf_init(&first, TEXT_MOST);
    mr_buf_init(&again, TEXT_MOST);
    for (uint64_t seed = 0; seed < SEEDS * 2; seed++) {
        mr_rand r;
        mr_raw_record raw;
        mr_arena *a = mr_arena_new(ARENA_BYTES);
        mr_rand_seed(&r, seed);
        random_record(&stuff, &raw, &r, a);
        reviewed x = review(&raw, false, a);
        findings += x.a.n_findings;
        mr_buf_clear(&first);
        print_review(&x.a, &first);
        for (int turn = 0; turn < 2; turn++) {
            SHUFFLE(&r, raw.entries, raw.n_entries, mr_entry);
            SHUFFLE(&r, raw.conditions, raw.n_conditions, mr_condition);
            SHUFFLE(&r, raw.observations, raw.n_observations, mr_observation);
            SHUFFLE(&r, raw.allergies, raw.n_allergies, mr_allergy);
            x = review(&raw, false, a);
            mr_buf_clear(&again);
            print_review(&x.a, &again);
            if (strcmp(mr_buf_z(&first), mr_buf_z(&again)) != 0)
                fail_msg("seed %llu:\n%s---\n%s", (unsigned long long)seed, mr_buf_z(&first), mr_buf_z(&again));
        }
        mr_arena_free(a);
    }
    print_message("%zu findings in %d records\n", findings, SEEDS * 2);
    assert_true(findings > SEEDS * 2); /* else the records say nothing */
    mr_buf_free(&first);
    mr_buf_free(&again);
}

/* ---- a medicine that no rule knows ---- */

static bool is_unknown_to_rules(mr_span substance) {
    static const mr_bits none;
    mr_ingredient one = {.substance = substance};
    mr_understood u = {.by = MR_REC_NAME, .ingredients = &one, .n_ingredients = 1, .route = MR_ROUTE_ORAL};
    mr_ruleset_classify(stuff.rules, &u);
    if (memcmp(&one.groups, &none, sizeof none) != 0) return false;
    for (size_t s = 0; s < stuff.rules->n_scales; s++)
        for (size_t k = 0; k < stuff.rules->scales[s].n_scores; k++)
            if (mr_span_eq(stuff.rules->scales[s].scores[k].substance, substance)) return false;
    return mr_span_find(substance, '+') == substance.len;
}

static mr_span unrelated_substance(mr_rand *r) {
    for (;;) {
        mr_span s = mr_terminology_substance(terminology, mr_rand_below(r, mr_terminology_substances(terminology)));
        if (s.len && is_unknown_to_rules(s)) return s;
    }
}

static bool only_counts(const mr_finding *f) {
    for (size_t i = 0; i < f->n_sources; i++)
        if (!mr_rule_counts_any(f->sources[i])) return false;
    return true;
}

static bool mixed_with_counts(const mr_finding *f) {
    for (size_t i = 0; i < f->n_sources; i++)
        if (mr_rule_counts_any(f->sources[i])) return true;
    return false;
}

/* What does not count medicines, as text. */
static void print_beside_counts(const mr_assessment *a, mr_buf *out) {
    for (size_t i = 0; i < a->n_findings; i++)
        if (!mixed_with_counts(&a->findings[i])) print_finding(&a->findings[i], out);
    for (size_t i = 0; i < a->n_traces; i++)
        if (!mr_rule_counts_any(a->traces[i].rule))
            mr_buf_printf(out, "%.*s %d %d\n", MR_SPAN_ARG(a->traces[i].rule->id), a->traces[i].value,
                          a->traces[i].possible);
    mr_buf_printf(out, "burden %g %g %u\n", a->burden.anticholinergic, a->burden.opioid_mg_per_day,
                  a->burden.falls_risk);
}

static void test_an_unrelated_medicine_changes_counts_alone(void **state) {
    (void)state;
    size_t compared = 0;
    mr_buf without, with;
    mr_buf_init(&without, TEXT_MOST);
    mr_buf_init(&with, TEXT_MOST);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        mr_rand r;
        mr_raw_record raw;
        mr_arena *a = mr_arena_new(ARENA_BYTES);
        mr_rand_seed(&r, seed);
        random_record(&stuff, &raw, &r, a);
        reviewed x = review(&raw, true, a);
        add_medicine(&raw, unrelated_substance(&r), MR_ROUTE_ORAL, MR_SPAN("MedicationStatement/unrelated"), a);
        reviewed y = review(&raw, true, a);
        mr_buf_clear(&without);
        mr_buf_clear(&with);
        print_beside_counts(&x.a, &without);
        print_beside_counts(&y.a, &with);
        for (size_t i = 0; i < x.a.n_findings; i++) compared += !only_counts(&x.a.findings[i]);
        if (strcmp(mr_buf_z(&without), mr_buf_z(&with)) != 0)
            fail_msg("seed %llu:\n%s---\n%s", (unsigned long long)seed, mr_buf_z(&without), mr_buf_z(&with));
        mr_arena_free(a);
    }
    assert_true(compared > SEEDS);
    mr_buf_free(&without);
    mr_buf_free(&with);
}

/* ---- a medicine taken away ---- */

/* The property. Take away every entry of one medicine m.
 * 1. A rule that is truer than before (false < unknown < true) reads m as an absence: m is of a set that the condition
 *    asks for under "not", in "fewer than", or in a part that asks for a beginning (rule_reads.h).
 * 2. A finding that was not there before has a source that reads m so; or before, a finding of the same harm implicated
 *    m: the mixture is smaller now, a rung lower, or what was folded into it stands by itself.
 * 3. No finding names m. */

static bool has_reference(const mr_span *v, size_t n, mr_span reference) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_eq(v[i], reference)) return true;
    return false;
}

static mr_raw_record raw_without(const mr_raw_record *raw, const mr_medicine *m, mr_arena *a) {
    mr_raw_record less = *raw;
    less.entries = MR_NEW_N(a, mr_entry, raw->n_entries);
    less.n_entries = 0;
    for (size_t i = 0; i < raw->n_entries; i++)
        if (!has_reference(m->references, m->n_references, raw->entries[i].reference))
            less.entries[less.n_entries++] = raw->entries[i];
    return less;
}

static bool finding_was_there(const mr_assessment *a, const char *id) {
    for (size_t i = 0; i < a->n_findings; i++)
        if (strcmp(a->findings[i].id, id) == 0) return true;
    return false;
}

static bool harm_implicated(const mr_assessment *a, const mr_harm *harm, const mr_medicine *m) {
    for (size_t i = 0; i < a->n_findings; i++) {
        const mr_finding *f = &a->findings[i];
        for (size_t k = 0; f->harm == harm && k < f->n_implicated; k++)
            if (has_reference(m->references, m->n_references, f->implicated[k])) return true;
    }
    return false;
}

static void check_finding(const reviewed *before, const mr_finding *f, const mr_medicine *m, const char *where) {
    for (size_t k = 0; k < f->n_implicated; k++)
        if (has_reference(m->references, m->n_references, f->implicated[k]))
            fail_msg("%s: %.*s names what is not there", where, MR_SPAN_ARG(f->leading->id));
    if (finding_was_there(&before->a, f->id)) return;
    bool explained = harm_implicated(&before->a, f->harm, m);
    for (size_t i = 0; i < f->n_sources && !explained; i++)
        explained = mr_rule_reads_absence(f->sources[i], &m->groups);
    if (!explained)
        fail_msg("%s: %.*s about %.*s appears", where, MR_SPAN_ARG(f->leading->id), MR_SPAN_ARG(f->identity));
}

static size_t check_without(const mr_raw_record *raw, const reviewed *before, const mr_medicine *m, mr_arena *a,
                            const char *where) {
    size_t appeared = 0;
    mr_raw_record less = raw_without(raw, m, a);
    reviewed after = review(&less, true, a);
    assert_int_equal(before->a.n_traces, after.a.n_traces);
    for (size_t i = 0; i < after.a.n_traces; i++) {
        const mr_trace *old = &before->a.traces[i], *new = &after.a.traces[i];
        if (new->value > old->value && !mr_rule_reads_absence(new->rule, &m->groups))
            fail_msg("%s: %.*s was %d and is %d", where, MR_SPAN_ARG(new->rule->id), old->value, new->value);
    }
    for (size_t i = 0; i < after.a.n_findings; i++) {
        check_finding(before, &after.a.findings[i], m, where);
        appeared += !finding_was_there(&before->a, after.a.findings[i].id);
    }
    return appeared;
}

static void test_what_appears_without_a_medicine_is_explained(void **state) {
    (void)state;
    size_t appeared = 0, taken_away = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        mr_rand r;
        mr_raw_record raw;
        mr_arena *a = mr_arena_new(ARENA_BYTES);
        mr_rand_seed(&r, seed);
        random_record(&stuff, &raw, &r, a);
        reviewed before = review(&raw, true, a);
        for (size_t i = 0; i < before.record.n_medicines; i++, taken_away++) {
            char where[200];
            const mr_medicine *m = &before.record.medicines[i];
            (void)snprintf(where, sizeof where, "seed %llu without %.*s", (unsigned long long)seed,
                           MR_SPAN_ARG(m->ingredients[0].substance));
            appeared += check_without(&raw, &before, m, a, where);
        }
        mr_arena_free(a);
    }
    print_message("%zu medicines taken away, %zu findings appeared, each explained\n", taken_away, appeared);
    assert_true(appeared > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_order_of_input_makes_no_difference),
        cmocka_unit_test(test_an_unrelated_medicine_changes_counts_alone),
        cmocka_unit_test(test_what_appears_without_a_medicine_is_explained),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
