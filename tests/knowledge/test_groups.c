/* Drug groups as they are written: what a file says is what the ruleset holds, and each mistake is told with its line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/knowledge/knowledge.h"

#include <stdio.h>
#include <string.h>

static mr_rc load(const char *text, mr_knowledge **ret, mr_buf *said) {
    mr_knowledge_file file = {"house.yaml", mr_span_of(text)};
    mr_error err = {0};
    mr_buf_init(said, 1 << 20);
    return mr_knowledge_load_files(&file, 1, false, ret, said, &err);
}

static mr_knowledge *loaded(const char *text) {
    mr_knowledge *k = NULL;
    mr_buf said;
    if (load(text, &k, &said) != MR_OK) fail_msg("%s", mr_buf_z(&said));
    mr_buf_free(&said);
    return k;
}

static const mr_group *group_of(const mr_knowledge *k, const char *name) {
    const mr_ruleset *r = mr_knowledge_rules(k);
    uint16_t g = mr_ruleset_group(r, mr_span_of(name));
    if (g == MR_NO_NUMBER) fail_msg("there is no group %s", name);
    return &r->groups[g];
}

/* Every term of a member, as one line. */
static void print_member(const mr_group_member *m, mr_buf *out) {
    mr_buf_printf(out, "%.*s by", MR_SPAN_ARG(m->substance));
    for (unsigned r = 0; r < MR_ROUTE_COUNT; r++)
        if (m->routes >> r & 1) mr_buf_printf(out, " %s", mr_route_text((mr_route)r));
    const mr_group_terms *t = m->terms;
    for (size_t i = 0; t && i < t->n_forms; i++) mr_buf_printf(out, "; form %.*s", MR_SPAN_ARG(t->forms[i]));
    if (t && t->release) mr_buf_adds(out, t->release == MR_RELEASE_MODIFIED ? "; modified" : "; immediate");
    if (t && t->unit.ptr)
        mr_buf_printf(out, "; %g to %g %.*s per %g %.*s", t->from, t->to, MR_SPAN_ARG(t->unit), t->per,
                      MR_SPAN_ARG(t->per_unit));
    for (size_t i = 0; t && i < t->n_not_with; i++) mr_buf_printf(out, "; not with %.*s", MR_SPAN_ARG(t->not_with[i]));
    if (t && t->known_only) mr_buf_adds(out, "; known only");
    mr_buf_addc(out, '\n');
}

static void expect_members(const mr_knowledge *k, const char *name, const char *want) {
    const mr_group *g = group_of(k, name);
    mr_buf out;
    mr_buf_init(&out, 1 << 16);
    for (size_t i = 0; i < g->n_members; i++) print_member(&g->members[i], &out);
    for (size_t i = 0; i < g->n_prefixes; i++) {
        mr_buf_printf(&out, "%s %.*s", g->prefixes[i].bnf ? "bnf" : "atc", MR_SPAN_ARG(g->prefixes[i].text));
        for (size_t j = 0; j < g->prefixes[i].n_except; j++)
            mr_buf_printf(&out, " but %.*s", MR_SPAN_ARG(g->prefixes[i].except[j]));
        mr_buf_addc(&out, '\n');
    }
    assert_string_equal(mr_buf_z(&out), want);
    mr_buf_free(&out);
}

static void test_what_is_written_is_held(void **state) {
    (void)state;
    mr_knowledge *k = loaded("groups:\n"
                             "  house-patches:\n"
                             "    title: strong patches\n"
                             "    source: House list\n"
                             "    routes: [transdermal]\n"
                             "    forms: [patch, plaster]\n"
                             "    strength: {from: 50, to: 100, unit: microgram, per: hour}\n"
                             "    unknown: does-not-count\n"
                             "    members:\n"
                             "      - fentanyl\n"
                             "      - {drug: buprenorphine, strength: {from: 52.5, unit: microgram, per: hour}}\n"
                             "      - {drug: morphine, routes: [oral, nasal], forms: tablet, release: modified, "
                             "unknown: counts}\n"
                             "      - {drug: levonorgestrel IUD, not_with: [macrogol]}\n");
    expect_members(
        k, "house-patches",
        "fentanyl by unknown transdermal; form patch; form plaster; 50 to 100 microgram per 1 hour; known only\n"
        "buprenorphine by unknown transdermal; form patch; form plaster; 52.5 to 0 microgram per 1 hour; known "
        "only\n"
        "morphine by unknown oral nasal; form tablet; modified; 50 to 100 microgram per 1 hour\n"
        "levonorgestrel IUD by unknown transdermal; form patch; form plaster; 50 to 100 microgram per 1 hour; "
        "not with macrogol; known only\n");
    assert_true(mr_span_is(group_of(k, "house-patches")->title, "strong patches"));
    mr_knowledge_free(k);
}

static void test_unions(void **state) {
    (void)state;
    mr_knowledge *k = loaded("groups:\n"
                             "  all:\n" /* stands before what it is made of */
                             "    source: s\n"
                             "    members_of: [some, b]\n"
                             "    except: [y]\n"
                             "    routes: [nasal]\n"
                             "    members: [own]\n"
                             "  some: {source: s, members_of: a, except: x, members: [w]}\n"
                             "  a: {source: s, routes: [oral], members: [x, y, z], atc: [A01], bnf: ['0101']}\n"
                             "  b: {source: s, routes: [eye], members: [z, y, {drug: z, routes: [oral]}]}\n");
    expect_members(k, "some",
                   "w by unknown oral buccal rectal parenteral transdermal other\n"
                   "y by unknown oral\nz by unknown oral\natc A01 but x\nbnf 0101 but x\n");
    expect_members(k, "all",
                   "own by nasal\nw by unknown oral buccal rectal parenteral transdermal other\n"
                   "z by unknown oral\nz by eye\natc A01 but x but y\nbnf 0101 but x but y\n");
    mr_knowledge_free(k);
}

static void test_shipped_unions_are_spelled_out(void **state) {
    (void)state;
    mr_knowledge *k = loaded("groups: {house: {source: s, members: [x]}}\n");
    const mr_group *raas = group_of(k, "raas"), *acei = group_of(k, "acei"), *arb = group_of(k, "arb");
    assert_int_equal(raas->n_members, acei->n_members + arb->n_members + 2);
    mr_knowledge_free(k);
    /* A site's own list of a part is in the union too. */
    k = loaded("groups: {acei: {source: House list, members: [ramipril]}}\n");
    assert_int_equal(group_of(k, "raas")->n_members, group_of(k, "arb")->n_members + 3);
    mr_knowledge_free(k);
}

static void test_mistakes_are_told(void **state) {
    (void)state;
    static const struct {
        const char *group, *said;
    } cases[] = {
        {"members_of: [acie]", "house.yaml:4: there is no drug group \"acie\"; did you mean \"acei\"?\n"},
        {"members_of: [zzzzzzzzz]", "house.yaml:4: there is no drug group \"zzzzzzzzz\"\n"},
        {"members_of: [{acei: arb}]", "house.yaml:4: there is no drug group \"\"\n"},
        {"members-of: [acei]", "house.yaml:4: a drug group has no \"members-of\"; did you mean \"members_of\"?\n"
                               "house.yaml:2: \"members\" is missing\n"},
        {"members_of: [house]", "house.yaml:4: \"house\" would be a part of itself\n"},
        {"members_of: [acei]\n    except: [naproxen]",
         "house.yaml:5: \"naproxen\" is in none of the groups of members_of\n"},
        {"members: [x]\n    except: [x]",
         "house.yaml:5: \"except\" leaves out of what members_of brings; that is missing\n"},
        {"members_of: [amiodarone]\n    except: [amiodarone]", "house.yaml:2: the drug group \"house\" is empty\n"},
        {"members: []", "house.yaml:4: \"members\" is an empty list\n"},
        {"members_of: [acei]\n    routes: [oral]",
         "house.yaml:2: routes and the like are for the group's own members; what members_of brings keeps its own\n"},
        {"members: [x]\n    forms: [pach]", "house.yaml:5: \"pach\" is no word of a form; did you mean \"patch\"?\n"},
        {"members: [x]\n    forms: [wafers of gold]", "house.yaml:5: \"wafers of gold\" is no word of a form\n"},
        {"members: [x]\n    release: slow", "house.yaml:5: \"slow\" is no release: modified, immediate\n"},
        {"members: [x]\n    unknown: counts",
         "house.yaml:5: \"unknown\" says what becomes of products whose form, release or strength is asked for\n"},
        {"members: [x]\n    forms: [patch]\n    unknown: perhaps",
         "house.yaml:6: \"perhaps\" is no answer: counts, does-not-count\n"},
        {"members: [x]\n    strength: {from: 5}", "house.yaml:5: \"unit\" is missing\n"},
        {"members: [x]\n    strength: {unit: mg}",
         "house.yaml:5: a strength is from a number, to a number, or both, the smaller one first\n"},
        {"members: [x]\n    strength: {from: 6, to: 5, unit: mg}",
         "house.yaml:5: a strength is from a number, to a number, or both, the smaller one first\n"},
        {"members: [x]\n    strength: {from: -1, to: 5, unit: mg}",
         "house.yaml:5: \"from\" is a number above 0, not \"-1\"\n"},
        {"members: [x]\n    strength: {from: 5, unit: mgs}",
         "house.yaml:5: \"mgs\" is no unit of a strength; did you mean \"mg\"?\n"},
        {"members: [x]\n    strength: {from: 5, unit: mg, per: hours}",
         "house.yaml:5: \"hours\" is no unit that strengths are given per; did you mean \"hour\"?\n"},
        {"members: [x]\n    strength: 5mg", "house.yaml:5: a strength is a map, not a text\n"},
        {"members: [x, x]", "house.yaml:4: \"x\" stands twice in the group\n"},
        {"members: [{drug: x, forms: [patch]}, {drug: x, forms: [patch]}]",
         "house.yaml:4: \"x\" stands twice in the group\n"},
        {"members: [Naproxen]", "house.yaml:4: \"Naproxen\" is no substance: its name in lower case\n"},
        {"members: [x]\n    not_with: [Macrogol]", "house.yaml:5: \"not_with\" holds substances, in lower case\n"},
        {"atc: [c09]", "house.yaml:4: \"c09\" is no beginning of an ATC code\n"},
        {"atc: [C09CA011]", "house.yaml:4: \"C09CA011\" is no beginning of an ATC code\n"},
        {"bnf: [C09]", "house.yaml:4: \"C09\" is no beginning of a BNF code\n"},
        {"members: [x]\n    routes: [oal]", "house.yaml:5: \"oal\" is no route\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[400];
        mr_knowledge *k = NULL;
        mr_buf said;
        snprintf(text, sizeof text, "groups:\n  house:\n    source: House list\n    %s\n", cases[i].group);
        mr_rc rc = load(text, &k, &said);
        if (rc != MR_MALFORMED || strncmp(mr_buf_z(&said), cases[i].said, strlen(cases[i].said)) != 0)
            fail_msg("%s\n  gives: %s", text, mr_buf_z(&said));
        mr_buf_free(&said);
    }
}

static void test_what_may_stand(void **state) {
    (void)state;
    static const char *const fine[] = {
        "members: [x]\n    atc: [C]\n    bnf: ['02', 0206020A0AAABAB]",
        "members: [{drug: x, forms: [patch]}, {drug: x, forms: [tablet]}]", /* twice, on other terms */
        "atc: C09CA", "members_of: [raas, acei, arb]",                      /* what stands in both counts once */
    };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        char text[400];
        snprintf(text, sizeof text, "groups:\n  house:\n    source: House list\n    %s\n", fine[i]);
        mr_knowledge_free(loaded(text));
    }
}

static void test_a_ring_of_groups_is_told_once(void **state) {
    (void)state;
    mr_knowledge *k = NULL;
    mr_buf said;
    assert_int_equal(load("groups:\n  a: {source: s, members_of: [b]}\n  b: {source: s, members_of: [c]}\n"
                          "  c: {source: s, members_of: [a], members: [x]}\n",
                          &k, &said),
                     MR_MALFORMED);
    assert_string_equal(mr_buf_z(&said), "house.yaml:4: \"a\" would be a part of itself\n");
    mr_buf_free(&said);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_held),
        cmocka_unit_test(test_unions),
        cmocka_unit_test(test_shipped_unions_are_spelled_out),
        cmocka_unit_test(test_mistakes_are_told),
        cmocka_unit_test(test_what_may_stand),
        cmocka_unit_test(test_a_ring_of_groups_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
