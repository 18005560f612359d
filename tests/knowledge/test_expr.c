/* The condition language: what each sentence means, and what is said about a sentence that means nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "expr_names.h"

#include "medreview/base/limits.h"
#include "medreview/base/rand.h"
#include "medreview/knowledge/knowledge.h"

#include <string.h>

static mr_rc compile(mr_arena *a, const char *text, const mr_node **ret, unsigned *ret_column, mr_error *err) {
    mr_ruleset names = test_names();
    return mr_expr_compile(&names, mr_span_of(text), a, ret, ret_column, err);
}

static void test_expr_parses_to(void **state) {
    (void)state;
    static const struct {
        const char *text, *shape;
    } cases[] = {
        {"age >= 65", "age >= 65"},
        {"age>=65", "age >= 65"},
        {"age < 18", "age < 18"},
        {"age = 70", "age = 70"},
        {"medicines >= 10", "medicines >= 10"},
        {"medicines <= 3", "medicines <= 3"},
        {"score(anticholinergic) > 2.5", "score(medreview-default) > 2.5"},
        {"score(ome) >= 120", "score(ome) >= 120"},
        {"sex = female", "sex = female"},
        {"sex=male", "sex = male"},
        {"taking(nsaid-oral)", "taking(nsaid-oral)"},
        {"taking( nsaid-oral , within 3 months )", "taking(nsaid-oral, within 3 months)"},
        {"taking(raas, from 6 months to 3 months ago)", "taking(raas, from 6 months to 3 months ago)"},
        {"taking(raas, from 1 year to 26 weeks ago)", "taking(raas, from 1 years to 26 weeks ago)"},
        {"taking(raas, at least 1 day ago)", "taking(raas, at least 1 days ago)"},
        {"first taken(raas, at least 15 months ago)", "first taken(raas, at least 15 months ago)"},
        {"coprescribed(anticoag-oral, antiplatelet)", "coprescribed(anticoag-oral, antiplatelet)"},
        {"coprescribed(anticoag-oral, antiplatelet, less than 28 days apart, within 3 months)",
         "coprescribed(anticoag-oral, antiplatelet, less than 28 days apart, within 3 months)"},
        {"has(hf)", "has(hf)"},
        {"has(hf, at least 3 months ago)", "has(hf, at least 3 months ago)"},
        {"tested(fbc, within 3 months)", "tested(fbc, within 3 months)"},
        {"latest(egfr) < 45", "latest(egfr) < 45"},
        {"latest(egfr, at least 3 months ago) < 45", "latest(egfr, at least 3 months ago) < 45"},
        {"age >= 65 and taking(nsaid-oral) and not taking(ulcer-healing)",
         "[and age >= 65 taking(nsaid-oral) [not taking(ulcer-healing)]]"},
        {"has(hf) or has(asthma)", "[or has(hf) has(asthma)]"},
        {"(has(hf) or has(asthma)) and taking(raas)", "[and [or has(hf) has(asthma)] taking(raas)]"},
        {"not (has(hf) or has(asthma))", "[not [or has(hf) has(asthma)]]"},
        {"not not has(hf)", "[not [not has(hf)]]"},
        {"((has(hf)))", "has(hf)"},
        {"age >= 65\n  and has(hf)\n", "[and age >= 65 has(hf)]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_ruleset names = test_names();
        mr_arena *a = mr_arena_new_checked(1 << 20);
        mr_error err = {0};
        const mr_node *tree = NULL;
        if (compile(a, cases[i].text, &tree, NULL, &err) != MR_OK) fail_msg("%s: %s", cases[i].text, err.text);
        mr_buf shape;
        mr_buf_init(&shape, 1 << 16);
        print_shape(&names, tree, &shape);
        assert_string_equal(mr_buf_z(&shape), cases[i].shape);
        mr_buf_free(&shape);
        mr_arena_free(a);
    }
}

static void test_expr_says_what_is_wrong_and_where(void **state) {
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "1:1: the condition ends here, but a part such as \"taking(...)\" is expected"},
        {"age", "1:4: the condition ends here, but one of < <= = >= > is expected"},
        {"age >= old", "1:8: found \"old\", but a number is expected"},
        {"age >= 150", "1:8: a number here is at most 130"},
        {"latest(egfr) < 1234567890123456789", "1:16: a number here is at most 1000000000"},
        {"latest(egfr) < 4.2001", "1:16: a number has at most 3 decimals"},
        {"age >= -5", "1:8: found \"-5\", but a number is expected"},
        {"taking(nsaid-orl)", "1:8: there is no drug group \"nsaid-orl\"; did you mean \"nsaid-oral\"?"},
        {"taking(unheard-of)", "1:8: there is no drug group \"unheard-of\""},
        {"taking(65)", "1:8: found \"65\", but the name of a drug group is expected"},
        {"has(asthme)", "1:5: there is no concept \"asthme\"; did you mean \"asthma\"?"},
        {"score(omme) > 1", "1:7: there is no scale \"omme\"; did you mean \"ome\"?"},
        {"takin(nsaid-oral)", "1:1: \"takin\" is no part of the language; did you mean \"taking\"?"},
        {"smokes", "1:1: \"smokes\" is no part of the language, as docs/rule-language.md has it"},
        {"taking nsaid-oral", "1:8: found \"nsaid-oral\", but \"(\" is expected"},
        {"taking(nsaid-oral", "1:18: the condition ends here, but \",\" or \")\" is expected"},
        {"taking(nsaid-oral, 3 months)",
         "1:20: found \"3\", but \"within ...\", \"from ... to ... ago\" or \"at least ... ago\" is expected"},
        {"taking(nsaid-oral, within months)", "1:27: found \"months\", but a time such as \"3 months\" is expected"},
        {"taking(nsaid-oral, within 3)", "1:28: found \")\", but days, weeks, months or years is expected"},
        {"taking(nsaid-oral, within 0 days)", "1:27: a time is a whole number from 1 to 9999"},
        {"taking(nsaid-oral, within 1.5 years)", "1:27: a time is a whole number from 1 to 9999"},
        {"taking(raas, from 3 months to 6 months ago)",
         "1:19: the longer time comes first, as in \"from 6 months to 3 months ago\""},
        {"taking(raas, from 6 months to 3 months)", "1:39: found \")\", but \"ago\" is expected"},
        {"taking(raas, at most 3 months ago)",
         "1:14: found \"at\", but \"within ...\", \"from ... to ... ago\" or \"at least ... ago\" is expected"},
        {"first taken(raas)", "1:17: found \")\", but \",\" is expected"},
        {"first taking(raas, at least 1 year ago)",
         "1:1: \"first\" is no part of the language; did you mean \"first taken\"?"},
        {"coprescribed(raas)", "1:18: found \")\", but \",\" is expected"},
        {"coprescribed(raas, nsaid-oral, less than 28 days apart)",
         "1:55: found \")\", but \",\" and \"within ...\" is expected"},
        {"sex = unknown", "1:7: found \"unknown\", but female, male or other is expected"},
        {"sex > male", "1:5: found \">\", but \"=\" is expected"},
        {"has(hf) has(asthma)", "1:9: found \"has\", but \"and\", \"or\" or the end of the condition is expected"},
        {"has(hf) and", "1:12: the condition ends here, but a part such as \"taking(...)\" is expected"},
        {"has(hf) and has(asthma) or age > 1",
         "1:25: \"and\" and \"or\" beside each other: parentheses must say what belongs together"},
        {"(has(hf)", "1:9: the condition ends here, but \"and\", \"or\" or \")\" is expected"},
        {"has(hf))", "1:8: found \")\", but \"and\", \"or\" or the end of the condition is expected"},
        {"age >= 65\nand taking(nsaid-oarl)",
         "2:12: there is no drug group \"nsaid-oarl\"; did you mean \"nsaid-oral\"?"},
        {"has(hf) && age > 1", "1:9: found \"&\", but \"and\", \"or\" or the end of the condition is expected"},
        {"age \xE2\x89\xA5 65", "1:5: found \"\xE2\x89\xA5\", but one of < <= = >= > is expected"},
        {"AGE >= 65", "1:1: \"AGE\" is no part of the language, as docs/rule-language.md has it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_arena *a = mr_arena_new_checked(1 << 20);
        mr_error err = {0};
        const mr_node *untouched = (const mr_node *)(const void *)&err, *tree = untouched;
        unsigned column = 0;
        assert_int_equal(compile(a, cases[i].text, &tree, &column, &err), MR_MALFORMED);
        assert_string_equal(err.text, cases[i].error);
        assert_ptr_equal(tree, untouched);
        unsigned said = 0;
        for (const char *p = strchr(cases[i].error, ':') + 1; *p != ':'; p++) said = said * 10 + (unsigned)(*p - '0');
        assert_int_equal(column, said);
        mr_arena_free(a);
    }
}

static void nested(mr_buf *out, unsigned depth) {
    mr_buf_clear(out);
    for (unsigned i = 0; i < depth; i++) mr_buf_addc(out, '(');
    mr_buf_adds(out, "age > 1");
    for (unsigned i = 0; i < depth; i++) mr_buf_addc(out, ')');
}

static void test_expr_depth_is_limited(void **state) {
    (void)state;
    mr_buf text;
    mr_buf_init(&text, 1 << 20);
    mr_arena *a = mr_arena_new(1 << 20);
    const mr_node *tree;
    mr_error err = {0};
    nested(&text, MR_MAX_EXPR_DEPTH);
    assert_int_equal(compile(a, mr_buf_z(&text), &tree, NULL, &err), MR_OK);
    nested(&text, MR_MAX_EXPR_DEPTH + 1);
    assert_int_equal(compile(a, mr_buf_z(&text), &tree, NULL, &err), MR_MALFORMED);
    assert_string_equal(err.text, "1:65: parentheses and \"not\" are nested more than 64 deep");
    nested(&text, 100000);
    assert_int_equal(compile(a, mr_buf_z(&text), &tree, NULL, &err), MR_MALFORMED);
    mr_arena_free(a);
    mr_buf_free(&text);
}

static void test_expr_parts_keep_their_words(void **state) {
    (void)state;
    mr_arena *a = mr_arena_new(1 << 20);
    const mr_node *tree;
    mr_error err = {0};
    assert_int_equal(compile(a, "age  >= 65 and\n not taking( nsaid-oral,\n   within 3 months )", &tree, NULL, &err),
                     MR_OK);
    assert_true(mr_span_is(tree->kids[0]->text, "age >= 65"));
    assert_true(mr_span_is(tree->kids[1]->text, "not taking( nsaid-oral, within 3 months )"));
    assert_true(mr_span_is(tree->kids[1]->kids[0]->text, "taking( nsaid-oral, within 3 months )"));
    mr_arena_free(a);
}

static void test_expr_window_within_ends_today(void **state) {
    (void)state;
    mr_arena *a = mr_arena_new(1 << 20);
    const mr_node *tree;
    mr_error err = {0};
    assert_int_equal(compile(a, "tested(fbc, within 3 months)", &tree, NULL, &err), MR_OK);
    assert_true(tree->window.has_earliest && tree->window.has_latest);
    assert_int_equal(tree->window.earliest.n, 3);
    assert_int_equal(tree->window.earliest.unit, MR_MONTHS);
    assert_int_equal(tree->window.latest.n, 0);
    assert_int_equal(tree->window.latest.unit, MR_DAYS);
    assert_int_equal(compile(a, "has(hf, at least 3 months ago)", &tree, NULL, &err), MR_OK);
    assert_true(!tree->window.has_earliest && tree->window.has_latest);
    assert_int_equal(compile(a, "taking(raas)", &tree, NULL, &err), MR_OK);
    assert_true(!tree->window.has_earliest && !tree->window.has_latest);
    mr_arena_free(a);
}

/* ---- property: what is printed reads back as the same tree ---- */

static void random_condition(mr_rand *rnd, mr_buf *out, unsigned depth) {
    static const char *const parts[] = {
        "age >= 65",
        "sex = female",
        "medicines > 7",
        "score(ome) = 12.5",
        "taking(raas)",
        "taking(nsaid-oral, within 3 months)",
        "taking(raas, from 12 months to 6 months ago)",
        "first taken(raas, at least 15 months ago)",
        "coprescribed(raas, antiplatelet)",
        "coprescribed(anticoag-oral, antiplatelet, less than 28 days apart, within 3 months)",
        "has(hf)",
        "has(asthma, at least 3 weeks ago)",
        "tested(fbc, within 2 years)",
        "latest(egfr) < 45"};
    uint64_t pick = mr_rand_below(rnd, depth ? 4 : 1);
    if (pick == 0) {
        mr_buf_adds(out, parts[mr_rand_below(rnd, sizeof parts / sizeof parts[0])]);
        return;
    }
    if (pick == 1) {
        mr_buf_adds(out, "not (");
        random_condition(rnd, out, depth - 1);
        mr_buf_addc(out, ')');
        return;
    }
    uint64_t n = 2 + mr_rand_below(rnd, 3);
    mr_buf_addc(out, '(');
    for (uint64_t i = 0; i < n; i++) {
        if (i) mr_buf_adds(out, pick == 2 ? " and " : " or ");
        random_condition(rnd, out, depth - 1);
    }
    mr_buf_addc(out, ')');
}

static void test_expr_round_trip(void **state) {
    (void)state;
    mr_ruleset names = test_names();
    mr_buf text, once, twice;
    mr_buf_init(&text, 1 << 20);
    mr_buf_init(&once, 1 << 20);
    mr_buf_init(&twice, 1 << 20);
    mr_rand rnd;
    mr_rand_seed(&rnd, 20261121);
    for (int i = 0; i < 500; i++) {
        mr_arena *a = mr_arena_new(8 << 20);
        const mr_node *tree;
        mr_error err = {0};
        mr_buf_clear(&text);
        mr_buf_clear(&once);
        mr_buf_clear(&twice);
        random_condition(&rnd, &text, 4);
        if (compile(a, mr_buf_z(&text), &tree, NULL, &err) != MR_OK) fail_msg("%s: %s", mr_buf_z(&text), err.text);
        print_text(&names, tree, &once);
        assert_int_equal(compile(a, mr_buf_z(&once), &tree, NULL, &err), MR_OK);
        print_text(&names, tree, &twice);
        assert_string_equal(mr_buf_z(&once), mr_buf_z(&twice));
        assert_string_equal(mr_buf_z(&text)[0] == '(' ? mr_buf_z(&text) : mr_buf_z(&once), mr_buf_z(&once));
        mr_arena_free(a);
    }
    mr_buf_free(&text);
    mr_buf_free(&once);
    mr_buf_free(&twice);
}

static void test_expr_out_of_room(void **state) {
    (void)state;
    static const char text[] = "age >= 65 and (taking(nsaid-oral) or has(hf)) and not tested(fbc, within 3 months)";
    const mr_node *tree;
    bool done = false;
    for (size_t cap = 0; !done && cap < 20000; cap += 40) {
        mr_arena *a = mr_arena_new_checked(cap);
        mr_error err = {0};
        mr_rc rc = compile(a, text, &tree, NULL, &err);
        done = rc == MR_OK;
        if (!done) assert_int_equal(rc, MR_LIMIT);
        mr_arena_free(a);
    }
    assert_true(done);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expr_parses_to),
        cmocka_unit_test(test_expr_says_what_is_wrong_and_where),
        cmocka_unit_test(test_expr_depth_is_limited),
        cmocka_unit_test(test_expr_parts_keep_their_words),
        cmocka_unit_test(test_expr_window_within_ends_today),
        cmocka_unit_test(test_expr_round_trip),
        cmocka_unit_test(test_expr_out_of_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
