/* Drug groups by the table of products and by the words of a medicine: the same either way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../terminology/dmd_made.h"
#include "medreview/knowledge/knowledge.h"
#include "medreview/review/classes.h"
#include "medreview/terminology/dmd_index.h"

#include <string.h>

static mr_knowledge *knowledge;
static mr_terminology *terminology;
static mr_classes *table;
static const mr_ruleset *rules;

static int open_all(void **state) {
    (void)state;
    mr_error err = {0};
    mr_buf said;
    mr_buf_init(&said, 1 << 20);
    mr_rc rc = mr_knowledge_load(NULL, &knowledge, &said, &err);
    mr_buf_free(&said);
    if (!rc) rc = mr_terminology_builtin(&terminology, &err);
    rules = rc ? NULL : mr_knowledge_rules(knowledge);
    if (!rc) rc = mr_classes_new(rules, terminology, &table, &err);
    if (rc) print_error("%s\n", err.text);
    return rc ? -1 : 0;
}

static int close_all(void **state) {
    (void)state;
    mr_classes_free(table);
    mr_classes_free(NULL);
    mr_terminology_free(terminology);
    mr_knowledge_free(knowledge);
    return 0;
}

static void expect_same(const mr_understood *a, const mr_understood *b, const char *what) {
    assert_int_equal(a->n_ingredients, b->n_ingredients);
    for (size_t i = 0; i < a->n_ingredients; i++)
        if (!mr_span_eq(a->ingredients[i].substance, b->ingredients[i].substance) ||
            memcmp(&a->ingredients[i].groups, &b->ingredients[i].groups, sizeof(mr_bits)) != 0)
            fail_msg("%s: %.*s", what, MR_SPAN_ARG(a->ingredients[i].substance));
}

/* How many products are in a group. */
static size_t expect_same_either_way(const mr_terminology *t, const mr_classes *classes) {
    size_t n = mr_terminology_products(t), in_a_group = 0;
    for (size_t i = 1; i <= n; i++) {
        mr_arena *a = mr_arena_new(1 << 20);
        mr_understood by_table, by_rule;
        mr_error err = {0};
        assert_int_equal(mr_terminology_product(t, (uint32_t)i, a, &by_table, &err), MR_OK);
        assert_int_equal(mr_terminology_product(t, (uint32_t)i, a, &by_rule, &err), MR_OK);
        by_table.product = (uint32_t)i;
        by_rule.product = 0;
        mr_classes_apply(classes, &by_table);
        mr_classes_apply(classes, &by_rule);
        assert_true(by_table.classified && by_rule.classified);
        expect_same(&by_table, &by_rule, "table and rule");
        static const mr_bits none = {{0}};
        for (size_t k = 0; k < by_rule.n_ingredients; k++)
            if (memcmp(&by_rule.ingredients[k].groups, &none, sizeof none) != 0) {
                in_a_group++;
                break;
            }
        mr_arena_free(a);
    }
    return in_a_group;
}

static void test_every_product_by_table_and_by_rule(void **state) {
    (void)state;
    size_t n = mr_terminology_products(terminology), in_a_group = expect_same_either_way(terminology, table);
    assert_true(n > 500);
    assert_true(in_a_group * 10 > n * 9); /* the shipped products were chosen from the groups */
    print_message("%zu products, %zu in a group, %zu sets, %zu bytes\n", n, in_a_group, mr_classes_sets(table),
                  mr_classes_bytes(table));
}

/* The same over an index, whose products have codes, forms and strengths of their own, and some no ingredient. */
static void test_every_product_of_a_release(void **state) {
    (void)state;
    mr_error err = {0};
    mr_arena *a = mr_arena_new(64u << 20);
    mr_dmd_release r = dmd_made(a, 7, 500);
    mr_buf bytes;
    mr_dmd_index *ix = NULL;
    mr_terminology *t = NULL;
    mr_classes *c = NULL;
    mr_buf_init(&bytes, 64u << 20);
    assert_int_equal(mr_dmd_index_encode(&r, NULL, &bytes, &err), MR_OK);
    assert_int_equal(mr_dmd_index_view(bytes.ptr, bytes.len, &ix, &err), MR_OK);
    assert_int_equal(mr_terminology_over(ix, &t, &err), MR_OK);
    assert_int_equal(mr_classes_new(rules, t, &c, &err), MR_OK);
    assert_true(mr_terminology_products(t) > 500);
    assert_true(expect_same_either_way(t, c) > 10);
    mr_classes_free(c);
    mr_terminology_free(t);
    mr_buf_free(&bytes);
    mr_arena_free(a);
}

static bool is_in(const mr_understood *u, const char *group) {
    uint16_t g = mr_ruleset_group(rules, mr_span_of(group));
    if (g == MR_NO_NUMBER) fail_msg("there is no group %s", group);
    for (size_t i = 0; i < u->n_ingredients; i++)
        if (mr_bits_has(&u->ingredients[i].groups, g)) return true;
    return false;
}

static mr_understood asked(mr_arena *a, const char *text) {
    mr_term_question q = {.text = mr_span_of(text)};
    mr_understood u;
    mr_error err = {0};
    assert_int_equal(mr_terminology_resolve(terminology, &q, a, NULL, &u, &err), MR_OK);
    mr_classes_apply(table, &u);
    return u;
}

/* What the names and conditions of the shipped groups mean, on products as they are written. */
static void test_what_is_in_which_group(void **state) {
    static const struct {
        const char *text, *in[4], *not_in[4];
    } cases[] = {
        {"Naproxen 500mg tablets", {"nsaid-oral", "nsaid-nonselective", "damn-drug"}, {"opioid"}},
        {"Ibuprofen 5% gel", {NULL}, {"nsaid-oral", "nsaid-nonselective", "damn-drug"}},
        {"Ibuprofen", {"nsaid-oral"}, {NULL}},
        {"Diclofenac 100mg suppositories", {"nsaid-nonselective"}, {"nsaid-oral"}},
        {"Co-codamol 30mg/500mg tablets", {"opioid", "paracetamol", "opioid-weak", "cns-active"}, {"opioid-strong"}},
        {"Timolol 0.25% eye drops", {"betablocker-eye-nonselective", "pincer-nsbb"}, {"betablocker", "rate-limiting"}},
        {"Timolol 10mg tablets", {"betablocker", "pincer-nsbb"}, {"betablocker-eye-nonselective"}},
        {"Nifedipine 10mg capsules", {"nifedipine-ir", "ccb-dhp"}, {NULL}},
        {"Nifedipine 30mg modified-release tablets", {"ccb-dhp", "antihypertensive"}, {"nifedipine-ir"}},
        {"Nifedipine", {"ccb-dhp", "nifedipine-ir"}, {NULL}}, /* not known: counts */
        {"Morphine 10mg/5ml oral solution", {"opioid-short-acting"}, {"opioid-long-acting", "opioid-high-strength"}},
        {"Morphine 60mg modified-release tablets",
         {"opioid-long-acting", "opioid-high-strength"},
         {"opioid-short-acting"}},
        {"Morphine 30mg modified-release tablets", {"opioid-long-acting"}, {"opioid-high-strength"}},
        {"Fentanyl 50micrograms/hour transdermal patches",
         {"opioid-high-strength", "opioid-long-acting", "opioid"},
         {"fentanyl-ir", "opioid-short-acting"}},
        {"Fentanyl 25micrograms/hour transdermal patches", {"opioid-long-acting"}, {"opioid-high-strength"}},
        {"Fentanyl 100micrograms/dose nasal spray", {"fentanyl-ir", "opioid", "cns-active"}, {"opioid-long-acting"}},
        {"Lidocaine 700mg medicated plasters", {"lidocaine-plaster"}, {NULL}},
        {"Lidocaine 5% ointment", {NULL}, {"lidocaine-plaster"}},
        {"Lidocaine", {NULL}, {"lidocaine-plaster"}}, /* does not count where it is not known */
        {"Salbutamol 100micrograms/dose inhaler", {"saba"}, {NULL}},
        {"Beclometasone 50micrograms/dose nasal spray", {NULL}, {"ics", "corticosteroid-systemic"}},
        {"Hydrocortisone 10mg tablets", {"corticosteroid-systemic"}, {NULL}},
        {"Hydrocortisone 1% cream", {NULL}, {"corticosteroid-systemic"}},
        {"Estradiol 10microgram vaginal tablets", {"vaginal-oestrogen"}, {"oestrogen-systemic"}},
        {"Estradiol 50micrograms/24hours transdermal patches", {"oestrogen-systemic"}, {"vaginal-oestrogen"}},
        {"Tacrolimus 0.1% ointment", {NULL}, {"calcineurin-inhibitor", "dmard"}},
        {"Sumatriptan 20mg/0.1ml nasal spray", {"triptan", "serotonergic"}, {NULL}},
        {"Desmopressin 10micrograms/dose nasal spray", {"desmopressin", "hyponatraemia-drug"}, {NULL}},
        {"Minoxidil 5% cutaneous solution", {NULL}, {"vasodilator-antihypertensive", "antihypertensive"}},
        {"Quetiapine 25mg tablets", {"antipsychotic"}, {"antipsychotic-not-clozapine-quetiapine"}},
        {"Olanzapine 5mg tablets", {"antipsychotic-not-clozapine-quetiapine"}, {NULL}},
        {"Potassium chloride 600mg modified-release tablets", {"potassium-supplement"}, {NULL}},
    };
    (void)state;
    mr_arena *a = mr_arena_new(4 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mr_understood u = asked(a, cases[i].text);
        if (u.by == MR_REC_NOT) fail_msg("%s is not recognised", cases[i].text);
        for (size_t k = 0; k < 4; k++) {
            if (cases[i].in[k] && !is_in(&u, cases[i].in[k])) fail_msg("%s not in %s", cases[i].text, cases[i].in[k]);
            if (cases[i].not_in[k] && is_in(&u, cases[i].not_in[k]))
                fail_msg("%s in %s", cases[i].text, cases[i].not_in[k]);
        }
    }
    mr_arena_free(a);
}

/* Every member of every shipped group is a substance that terminology knows; and one that is misspelt is told. */
static void test_members_are_substances(void **state) {
    (void)state;
    mr_buf said;
    mr_error err = {0};
    size_t n = 1;
    mr_buf_init(&said, 1 << 20);
    assert_int_equal(mr_classes_strangers(rules, terminology, &said, &n, &err), MR_OK);
    assert_string_equal(mr_buf_z(&said), "");
    assert_int_equal(n, 0);
    mr_group_member wrong = {.substance = MR_SPAN("naproxin")};
    mr_group group = {.name = MR_SPAN("house"), .members = &wrong, .n_members = 1};
    mr_ruleset site = {.groups = &group, .n_groups = 1};
    assert_int_equal(mr_classes_strangers(&site, terminology, &said, &n, &err), MR_OK);
    assert_int_equal(n, 1);
    assert_string_equal(mr_buf_z(&said),
                        "drug group house: no medicine is ever \"naproxin\"; did you mean \"naproxen\"?\n");
    mr_buf_free(&said);
}

/* A number that no product has, and a product whose answer was changed: by the rule, as if there were no table. */
static void test_numbers_that_do_not_fit(void **state) {
    (void)state;
    static const uint32_t numbers[] = {0, 1, UINT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        mr_ingredient v[3] = {
            {.substance = MR_SPAN("warfarin")}, {.substance = MR_SPAN("x")}, {.substance = MR_SPAN("y")}};
        mr_understood u = {.ingredients = v, .n_ingredients = 3, .route = MR_ROUTE_ORAL, .product = numbers[i]};
        mr_classes_apply(table, &u);
        assert_true(is_in(&u, "anticoag-oral"));
        assert_true(u.classified);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_product_by_table_and_by_rule),
        cmocka_unit_test(test_every_product_of_a_release),
        cmocka_unit_test(test_what_is_in_which_group),
        cmocka_unit_test(test_members_are_substances),
        cmocka_unit_test(test_numbers_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
