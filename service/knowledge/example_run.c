/* Running the examples that stand in the packs: each rule's condition on each of its little records. */
#include "medreview/knowledge/knowledge.h"

enum { EXAMPLE_BYTES = 16u << 20 };

static const char *outcome_text(mr_tri value, bool possible) {
    if (value == MR_TRUE) return "fires";
    if (value == MR_FALSE) return "silent";
    return possible ? "possible" : "unknown";
}

static mr_rc run_example(const mr_ruleset *rules, const mr_rule *rule, const mr_example *e, bool explain, mr_arena *a,
                         mr_evaluation *ret, mr_error *err) {
    mr_record record;
    mr_rc rc = mr_record_build(rules, e->record, e->as_of, a, &record, err);
    if (rc != MR_OK) return rc;
    const mr_node *tree = e->indicator && rule->indicator ? rule->indicator : rule->when;
    return mr_program_run(rules, tree, &record, e->as_of, explain, a, ret, err);
}

static void report_failure(mr_buf *report, const mr_rule *rule, const mr_example *e, const mr_evaluation *got) {
    mr_buf_printf(report, "%.*s:%u: rule %.*s: %s expected, but %s: %.*s", MR_SPAN_ARG(rule->file), e->line,
                  MR_SPAN_ARG(rule->id), outcome_text(e->expect, e->possible), outcome_text(got->value, got->possible),
                  MR_SPAN_ARG(e->name));
    for (size_t i = 0; i < got->n_parts; i++) {
        static const char *const words[] = {[MR_FALSE] = "no", [MR_UNKNOWN] = "unknown", [MR_TRUE] = "yes"};
        mr_buf_printf(report, "; %.*s: %s", MR_SPAN_ARG(got->parts[i].text), words[got->parts[i].value]);
    }
    mr_buf_addc(report, '\n');
}

static mr_rc test_example(const mr_ruleset *rules, const mr_rule *rule, const mr_example *e, mr_buf *report,
                          bool *ret_passed, mr_error *err) {
    mr_arena *a = mr_arena_new(EXAMPLE_BYTES);
    if (!a) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_evaluation got;
    mr_rc rc = run_example(rules, rule, e, true, a, &got, err);
    if (rc == MR_OK) {
        *ret_passed = got.value == e->expect && (got.value != MR_UNKNOWN || got.possible == e->possible);
        if (!*ret_passed && report) report_failure(report, rule, e, &got);
    }
    mr_arena_free(a);
    return rc;
}

mr_rc mr_knowledge_test(const mr_knowledge *k, mr_buf *report, mr_example_counts *ret, mr_error *err) {
    const mr_ruleset *rules = mr_knowledge_rules(k);
    mr_example_counts counts = {.rules = rules->n_rules};
    for (size_t i = 0; i < rules->n_rules; i++) {
        const mr_rule *rule = &rules->rules[i];
        for (size_t j = 0; j < rule->n_examples; j++) {
            bool passed = false;
            mr_rc rc = test_example(rules, rule, &rule->examples[j], report, &passed, err);
            if (rc != MR_OK) return mr_wrap(err, "%.*s:%u", MR_SPAN_ARG(rule->file), rule->examples[j].line);
            counts.examples++;
            counts.failed += !passed;
        }
    }
    *ret = counts;
    return MR_OK;
}
