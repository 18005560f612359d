/* What a drug group asks of a product, in the words of the packs; and which names a rule's conditions hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/core/named.h"

#include <string.h>

enum {
    ALL = (1u << MR_ROUTE_COUNT) - 1,
    LOCAL = 1u << MR_ROUTE_INHALED | 1u << MR_ROUTE_NASAL | 1u << MR_ROUTE_EYE | 1u << MR_ROUTE_EAR |
            1u << MR_ROUTE_CUTANEOUS | 1u << MR_ROUTE_VAGINAL,
    SYSTEMIC = ALL & ~LOCAL,
    UNKNOWN = 1u << MR_ROUTE_UNKNOWN
};

static void test_terms_are_told_as_packs_write_them(void **state) {
    (void)state;
    static const mr_span patch[] = {{"patch", 5}, {"plaster", 7}}, other[] = {{"carbidopa", 9}};
    static const mr_group_terms forms = {.forms = patch, .n_forms = 2, .release = MR_RELEASE_MODIFIED},
                                strength = {.from = 50,
                                            .to = 100,
                                            .unit = {"microgram", 9},
                                            .per = 1,
                                            .per_unit = {"hour", 4}},
                                open = {.from = 60, .unit = {"mg", 2}, .known_only = true},
                                per_five = {.to = 2.5, .unit = {"mg", 2}, .per = 5, .per_unit = {"ml", 2}},
                                alone = {.not_with = other, .n_not_with = 1, .release = MR_RELEASE_IMMEDIATE};
    static const struct {
        uint32_t routes;
        const mr_group_terms *terms;
        const char *told;
    } cases[] = {
        {SYSTEMIC, NULL, ""},
        {1u << MR_ROUTE_ORAL | UNKNOWN, NULL, "routes oral"},
        {1u << MR_ROUTE_INHALED, NULL, "routes inhaled"},
        {1u << MR_ROUTE_EYE | UNKNOWN, NULL, "routes unknown, eye"},
        {SYSTEMIC | 1u << MR_ROUTE_EYE, NULL, "routes systemic, eye"},
        {ALL, NULL, "routes systemic, inhaled, nasal, eye, ear, cutaneous, vaginal"},
        {SYSTEMIC, &forms, "forms patch, plaster; release modified"},
        {SYSTEMIC, &strength, "strength from 50 to 100 microgram per hour"},
        {1u << MR_ROUTE_ORAL | UNKNOWN, &open, "routes oral; strength from 60 mg; what is not known does not count"},
        {SYSTEMIC, &per_five, "strength to 2.5 mg per 5 ml"},
        {SYSTEMIC, &alone, "release immediate; not with carbidopa"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mr_buf out;
        mr_buf_init(&out, 4096);
        mr_group_terms_text(cases[i].routes, cases[i].terms, &out);
        assert_string_equal(mr_buf_z(&out), cases[i].told);
        mr_buf_free(&out);
    }
}

static void test_terms_behind_other_words_begin_without_a_mark(void **state) {
    (void)state;
    mr_buf out;
    mr_buf_init(&out, 4096);
    mr_buf_adds(&out, "naproxen: ");
    mr_group_terms_text(1u << MR_ROUTE_ORAL, NULL, &out);
    assert_string_equal(mr_buf_z(&out), "naproxen: routes oral");
    mr_buf_free(&out);
}

/* not (taking(set: g1 except g2) and has(c1)), and an indicator that names g3 and a scale */
static void test_names_of_a_rule(void **state) {
    (void)state;
    static const uint16_t except[] = {2};
    static const mr_set_term terms[] = {{.group = 1, .except_groups = except, .n_except_groups = 1},
                                        {.group = MR_NO_NUMBER}};
    static const mr_set set = {terms, 2};
    static const mr_node taking = {.op = MR_OP_TAKING,
                                   .group = 1,
                                   .group2 = MR_NO_NUMBER,
                                   .concept = MR_NO_NUMBER,
                                   .scale = MR_NO_NUMBER,
                                   .set = &set},
                         has = {.op = MR_OP_HAS,
                                .group = MR_NO_NUMBER,
                                .group2 = MR_NO_NUMBER,
                                .concept = 1,
                                .scale = MR_NO_NUMBER};
    static const mr_node *const pair[] = {&taking, &has};
    static const mr_node both = {.op = MR_OP_AND,
                                 .kids = pair,
                                 .n_kids = 2,
                                 .group = MR_NO_NUMBER,
                                 .group2 = MR_NO_NUMBER,
                                 .concept = MR_NO_NUMBER,
                                 .scale = MR_NO_NUMBER};
    static const mr_node *const one[] = {&both};
    static const mr_node not_both = {.op = MR_OP_NOT,
                                     .kids = one,
                                     .n_kids = 1,
                                     .group = MR_NO_NUMBER,
                                     .group2 = MR_NO_NUMBER,
                                     .concept = MR_NO_NUMBER,
                                     .scale = MR_NO_NUMBER};
    static const mr_node score = {.op = MR_OP_COMPARE,
                                  .quantity = MR_Q_SCORE,
                                  .group = 3,
                                  .group2 = MR_NO_NUMBER,
                                  .concept = MR_NO_NUMBER,
                                  .scale = 0};
    const mr_ruleset rules = {.n_groups = 5, .n_concepts = 3, .n_scales = 2};
    const mr_rule rule = {.when = &not_both, .indicator = &score};
    static const uint8_t groups[] = {0, 1, 1, 1, 0}, concepts[] = {0, 1, 0}, scales[] = {1, 0};
    mr_arena *a = mr_arena_new(1 << 16), *small = mr_arena_new(1);
    mr_error err = {0};
    mr_named named = {0};
    assert_true(a && small);
    assert_int_equal(mr_rule_named(&rules, &rule, a, &named, &err), MR_OK);
    assert_memory_equal(named.groups, groups, sizeof groups);
    assert_memory_equal(named.concepts, concepts, sizeof concepts);
    assert_memory_equal(named.scales, scales, sizeof scales);
    assert_int_not_equal(mr_rule_named(&rules, &rule, small, &named, &err), MR_OK);
    mr_arena_free(a);
    mr_arena_free(small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terms_are_told_as_packs_write_them),
        cmocka_unit_test(test_terms_behind_other_words_begin_without_a_mark),
        cmocka_unit_test(test_names_of_a_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
