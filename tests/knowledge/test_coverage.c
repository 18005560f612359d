/* How well the examples of the shipped packs hold their rules: each rule has every kind of example that it can have,
 * and small changes of a condition are noticed. What is lacking is printed, rule by rule. */
#include "shipped.h"

/* Mutants of a thousand that may live. */
enum { SURVIVORS_MOST_PER_MILLE = 20 };

/* Where no example can show a boundary, and why. */
static const struct {
    const char *rule, *why;
} out_of_reach[] = {
    {"DEP-10", "the code that stands for a fragility fracture in examples is one of a vertebral fracture too"},
    {"INT-62", "a postural drop has no code"},
    {"INT-73", "a postural drop has no code"},
    {"MON-12", "a clearance needs a creatinine of 6 months, so none is known where that is missing"},
    {"START3-C1", "the score counts from 65 as the rule does"},
    {"STOPP3-C7", "the score counts from 65 as the rule does"},
    {"STOPP3-H8", "the code that stands for upper gut bleeding in examples is one of a peptic ulcer too"},
    {"STOPP3-K3", "a postural drop has no code"},
};

static const char *why_out_of_reach(const mr_rule *rule) {
    for (size_t i = 0; i < sizeof out_of_reach / sizeof *out_of_reach; i++)
        if (mr_span_is(rule->id, out_of_reach[i].rule)) return out_of_reach[i].why;
    return NULL;
}

/* What is long goes past cmocka's line. */
static void told(mr_buf *text) {
    (void)fputs(mr_buf_z(text), stdout);
    mr_buf_free(text);
}

static void lack(mr_buf *out, const char *what, size_t held, size_t all) {
    if (held < all) mr_buf_printf(out, " %s %zu of %zu;", what, held, all);
}

/* What a rule has no example of; empty when nothing is lacking. */
static void lacks(const mr_rule *rule, const mr_rule_cover *c, mr_buf *out) {
    bool indicator = false;
    for (size_t i = 0; i < rule->n_examples; i++) indicator |= rule->examples[i].indicator;
    lack(out, "fires", c->fires > 0, 1);
    lack(out, "silent", c->silent > 0, 1);
    lack(out, "of its indicator", indicator, rule->indicator != NULL);
    lack(out, "boundaries", c->boundaries_held, c->boundaries);
    lack(out, "exclusions", c->exclusions_held, c->exclusions);
    lack(out, "unknown data", c->data_held, c->data);
}

static void test_every_rule_has_every_kind_of_example(void **state) {
    (void)state;
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    size_t lacking = 0;
    mr_buf out, line;
    mr_buf_init(&out, 1 << 20);
    mr_buf_init(&line, 1 << 16);
    for (size_t i = 0; i < r->n_rules; i++) {
        const mr_rule *rule = &r->rules[i];
        mr_rule_cover c;
        mr_error err = {0};
        if (mr_rule_covered(r, rule, NULL, &c, &err) != MR_OK) fail_msg("%s", err.text);
        mr_buf_clear(&line);
        lacks(rule, &c, &line);
        if (!line.len) continue;
        const char *why = why_out_of_reach(rule);
        lacking += !why;
        mr_buf_printf(&out, "%.*s:%u: %.*s:%s%s%s\n", MR_SPAN_ARG(rule->file), rule->line, MR_SPAN_ARG(rule->id),
                      mr_buf_z(&line), why ? " out of reach: " : "", why ? why : "");
    }
    mr_buf_printf(&out, "%zu of %zu rules lack a kind of example that could be\n", lacking, r->n_rules);
    told(&out);
    mr_buf_free(&line);
    assert_int_equal(lacking, 0);
}

static void test_small_changes_are_noticed(void **state) {
    (void)state;
    mr_buf survivors;
    mr_rule_cover c;
    mr_error err = {0};
    mr_buf_init(&survivors, 4 << 20);
    if (mr_knowledge_mutants(shipped, &survivors, &c, &err) != MR_OK) fail_msg("%s", err.text);
    mr_buf_printf(&survivors, "%zu of %zu mutants live\n", c.mutants - c.killed, c.mutants);
    told(&survivors);
    assert_true(c.mutants > 3000);
    assert_in_range((c.mutants - c.killed) * 1000, 0, c.mutants * SURVIVORS_MOST_PER_MILLE);
}

/* The check itself: a rule whose examples hold nothing is seen. */
static void test_a_rule_without_examples_lacks_them(void **state) {
    (void)state;
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    mr_rule bare = *mr_ruleset_rule(r, MR_SPAN("PIN-A"));
    mr_rule_cover c;
    mr_buf out;
    mr_error err = {0};
    bare.n_examples = 0;
    mr_buf_init(&out, 1 << 16);
    assert_int_equal(mr_rule_covered(r, &bare, NULL, &c, &err), MR_OK);
    assert_int_equal(c.killed, 0);
    lacks(&bare, &c, &out);
    static const char *const kinds[] = {"fires 0 of 1", "silent 0 of 1", "indicator 0 of 1", "boundaries 0", "data 0"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strstr(mr_buf_z(&out), kinds[i])) fail_msg("not \"%s\" in:%s", kinds[i], mr_buf_z(&out));
    mr_buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule_has_every_kind_of_example),
        cmocka_unit_test(test_small_changes_are_noticed),
        cmocka_unit_test(test_a_rule_without_examples_lacks_them),
    };
    return cmocka_run_group_tests(tests, load_shipped, free_shipped);
}
