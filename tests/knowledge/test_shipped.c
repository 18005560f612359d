/* The packs that are shipped: they hold together and their examples hold. */
#include "shipped.h"

#include "verhoeff.h"

#include "medreview/base/embedded.h"

static void test_shipped_examples_hold(void **state) {
    (void)state;
    mr_buf report;
    mr_buf_init(&report, 1 << 20);
    mr_example_counts counts = {0};
    mr_error err = {0};
    assert_int_equal(mr_knowledge_test(shipped, &report, &counts, &err), MR_OK);
    assert_string_equal(mr_buf_z(&report), "");
    assert_int_equal(counts.failed, 0);
    assert_int_equal(counts.rules, mr_knowledge_rules(shipped)->n_rules);
    assert_true(counts.examples > 250);
    mr_buf_free(&report);
}

/* Every way an example can come out, for a rule that can come out that way, so that none is tested by luck. */
static void test_shipped_rules_have_an_unknown_example(void **state) {
    (void)state;
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    assert_true(mr_span_is(r->version, "2026.11"));
    for (size_t i = 0; i < r->n_rules; i++) {
        size_t unknown = 0;
        for (size_t j = 0; j < r->rules[i].n_examples; j++) unknown += r->rules[i].examples[j].expect == MR_UNKNOWN;
        if (!unknown) fail_msg("%.*s has no example of what cannot be assessed", MR_SPAN_ARG(r->rules[i].id));
    }
}

static mr_span embedded(const char *name) {
    for (const mr_embedded *e = mr_embedded_knowledge; e->name; e++)
        if (strcmp(e->name, name) == 0) return mr_embedded_bytes(e);
    fail_msg("%s is not embedded", name);
    return MR_SPAN_NONE;
}

static void test_shipped_codes_are_whole(void **state) {
    (void)state;
    mr_tsv t;
    mr_error err = {0};
    size_t snomed = 0;
    bool more = true;
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    assert_int_equal(mr_tsv_open(&t, "concepts.tsv", embedded("concepts.tsv"), &err), MR_OK);
    while (mr_tsv_next(&t, &more, &err) == MR_OK && more) {
        mr_span code = mr_tsv_get(&t, "code");
        bool sct = mr_span_is(mr_tsv_get(&t, "system"), "sct");
        snomed += sct;
        if (sct && !mr_verhoeff_valid(code)) fail_msg("line %u: %.*s", t.line, MR_SPAN_ARG(code));
        mr_concept_hit hits[16];
        mr_span system = sct ? MR_SPAN("http://snomed.info/sct") : MR_SPAN("http://loinc.org");
        assert_true(mr_ruleset_code(r, system, code, hits, 16) > 0);
    }
    assert_true(snomed > 300);
}

static void test_verhoeff(void **state) {
    (void)state;
    static const char *const good[] = {"195967001", "84114007", "1011481000000105", "29902411000001105", "73211009"};
    static const char *const bad[] = {"195967002", "29902411000001104", "12345", "0195967001", "19596700a", ""};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(mr_verhoeff_valid(mr_span_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(mr_verhoeff_valid(mr_span_of(bad[i])));
    /* Any one digit changed, any two neighbours swapped: found. */
    char id[] = "1011481000000105";
    for (size_t i = 0; i < sizeof id - 1; i++)
        for (char d = '0'; d <= '9'; d++) {
            char was = id[i];
            id[i] = d;
            if (d != was) assert_false(mr_verhoeff_valid(mr_span_of(id)));
            id[i] = was;
        }
    for (size_t i = 0; i + 2 < sizeof id; i++) {
        char a = id[i], b = id[i + 1];
        id[i] = b;
        id[i + 1] = a;
        if (a != b) assert_false(mr_verhoeff_valid(mr_span_of(id)));
        id[i] = a;
        id[i + 1] = b;
    }
}

static bool counts_for(const char *code, const char *concept) {
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    uint16_t number = mr_ruleset_concept(r, mr_span_of(concept));
    mr_concept_hit hits[16];
    size_t n = mr_ruleset_code(r, MR_SPAN("http://snomed.info/sct"), mr_span_of(code), hits, 16);
    for (size_t i = 0; i < n; i++)
        if (hits[i].concept == number) return true;
    return false;
}

static void test_unions_are_spelled_out(void **state) {
    (void)state;
    assert_true(counts_for("1000651000000109", "potassium"));
    assert_true(counts_for("1000651000000109", "electrolytes"));
    assert_true(counts_for("1000651000000109", "u-and-e")); /* a member of a member */
    assert_false(counts_for("1000651000000109", "renal-function"));
    assert_true(counts_for("1000731000000107", "renal-function"));
    assert_false(counts_for("1000731000000107", "electrolytes"));
    assert_true(counts_for("162660004", "asthma")); /* asthma resolved: known, with a role of its own */
}

static void test_groups_and_routes(void **state) {
    (void)state;
    static const struct {
        const char *substance;
        mr_route route;
        const char *group;
        bool member;
    } cases[] = {
        {"naproxen", MR_ROUTE_ORAL, "nsaid-oral", true},
        {"naproxen", MR_ROUTE_UNKNOWN, "nsaid-oral", true},
        {"ibuprofen", MR_ROUTE_CUTANEOUS, "nsaid-oral", false},
        {"diclofenac", MR_ROUTE_EYE, "nsaid-oral", false},
        {"omeprazole", MR_ROUTE_PARENTERAL, "ppi", true},
        {"timolol (eye)", MR_ROUTE_EYE, "pincer-nsbb", true},
        {"timolol", MR_ROUTE_EYE, "pincer-nsbb", true},
        {"timolol", MR_ROUTE_ORAL, "pincer-nsbb", true},
        {"budesonide", MR_ROUTE_INHALED, "ics", true},
        {"budesonide", MR_ROUTE_NASAL, "ics", false},
        {"budesonide", MR_ROUTE_ORAL, "ics", false},
        {"budesonide", MR_ROUTE_UNKNOWN, "ics", false},
        {"salmeterol", MR_ROUTE_INHALED, "laba", true},
        {"bambuterol", MR_ROUTE_ORAL, "laba", true},
        {"methotrexate", MR_ROUTE_PARENTERAL, "methotrexate", true},
    };
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_ingredient x = {.substance = mr_span_of(cases[i].substance)};
        mr_understood u = {.ingredients = &x, .n_ingredients = 1, .route = cases[i].route};
        mr_ruleset_classify(r, &u);
        uint16_t g = mr_ruleset_group(r, mr_span_of(cases[i].group));
        if (mr_bits_has(&x.groups, g) != cases[i].member)
            fail_msg("%s by %s in %s", cases[i].substance, mr_route_text(cases[i].route), cases[i].group);
    }
}

/* ---- the manual ---- */

/* What stands between the first two backquotes; "\\|" is a bar in a table. */
static mr_span first_quoted(const char *line, mr_arena *a) {
    const char *from = strchr(line, '`') + 1, *to = strchr(from, '`');
    assert_non_null(to);
    char *out = mr_arena_alloc(a, (size_t)(to - from) + 1, 1);
    size_t n = 0;
    for (const char *c = from; c < to; c++)
        if (!(c[0] == '\\' && c[1] == '|')) out[n++] = *c;
    out[n] = 0;
    return (mr_span){out, n};
}

/* Every condition in the tables of the manual's first section compiles; its sets do so as what is taken. */
static void test_manual_speaks_the_language(void **state) {
    (void)state;
    FILE *f = fopen(MEDREVIEW_SOURCE_DIR "/docs/rule-language.md", "rb");
    assert_non_null(f);
    mr_arena *a = mr_arena_new(1 << 20);
    char line[1024];
    size_t compiled = 0;
    bool sets = false;
    while (fgets(line, sizeof line, f) && strncmp(line, "## 2", 4) != 0) {
        if (strncmp(line, "| you write", 11) == 0) sets = strstr(line, "it means") != NULL;
        if (strncmp(line, "| `", 3) != 0) continue;
        const mr_node *tree;
        mr_error err = {0};
        mr_span text = first_quoted(line, a);
        if (sets) text = mr_arena_printf(a, "taking(%.*s)", MR_SPAN_ARG(text));
        if (mr_expr_compile(mr_knowledge_rules(shipped), text, a, &tree, NULL, &err) != MR_OK)
            fail_msg("%.*s: %s", MR_SPAN_ARG(text), err.text);
        compiled++;
    }
    assert_int_equal(compiled, 59);
    mr_arena_free(a);
    (void)fclose(f);
}

/* ---- the same packs, whatever the order of the files ---- */

static void test_order_of_files_changes_nothing(void **state) {
    (void)state;
    mr_knowledge_file files[256];
    size_t n = 0;
    for (const mr_embedded *e = mr_embedded_knowledge; e->name; e++)
        files[n++] = (mr_knowledge_file){e->name, mr_embedded_bytes(e)};
    for (size_t i = 0; i < n / 2; i++) {
        mr_knowledge_file swap = files[i];
        files[i] = files[n - 1 - i];
        files[n - 1 - i] = swap;
    }
    mr_knowledge *k = NULL;
    mr_buf said;
    mr_buf_init(&said, 1 << 20);
    mr_error err = {0};
    assert_int_equal(mr_knowledge_load_files(files, n, true, &k, &said, &err), MR_OK);
    const mr_ruleset *a = mr_knowledge_rules(shipped), *b = mr_knowledge_rules(k);
    assert_int_equal(a->n_rules, b->n_rules);
    assert_int_equal(a->n_groups, b->n_groups);
    assert_int_equal(a->n_units, b->n_units);
    for (size_t i = 0; i < a->n_rules; i++) {
        assert_true(mr_span_eq(a->rules[i].id, b->rules[i].id));
        assert_int_equal(a->rules[i].harm, b->rules[i].harm);
        assert_memory_equal(&a->rules[i].identity.groups, &b->rules[i].identity.groups,
                            sizeof a->rules[i].identity.groups);
    }
    for (size_t i = 0; i < a->n_units; i++) assert_true(mr_span_eq(a->units[i].unit, b->units[i].unit));
    for (size_t i = 0; i < a->n_concepts; i++) assert_true(mr_span_eq(a->concepts[i], b->concepts[i]));
    mr_buf_free(&said);
    mr_knowledge_free(k);
}

static void test_prompts(void **state) {
    (void)state;
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    assert_int_equal(r->n_prompts, 12);
    size_t for_all = 0;
    for (size_t i = 0; i < r->n_prompts; i++) for_all += r->prompts[i].n_groups == 0;
    assert_true(for_all >= 6); /* three to six are offered to anybody */
}

static void test_groups_have_a_title_and_a_source(void **state) {
    (void)state;
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    for (size_t g = 0; g < r->n_groups; g++)
        if (!r->groups[g].title.len || !r->groups[g].source.len)
            fail_msg("%.*s has no title or no source", MR_SPAN_ARG(r->groups[g].name));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped_examples_hold),
        cmocka_unit_test(test_shipped_rules_have_an_unknown_example),
        cmocka_unit_test(test_shipped_codes_are_whole),
        cmocka_unit_test(test_verhoeff),
        cmocka_unit_test(test_unions_are_spelled_out),
        cmocka_unit_test(test_groups_and_routes),
        cmocka_unit_test(test_manual_speaks_the_language),
        cmocka_unit_test(test_order_of_files_changes_nothing),
        cmocka_unit_test(test_prompts),
        cmocka_unit_test(test_groups_have_a_title_and_a_source),
    };
    return cmocka_run_group_tests(tests, load_shipped, free_shipped);
}
