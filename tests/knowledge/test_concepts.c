/* Concepts: the shipped core sets against the tables, and a site's code sets put on top of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/embedded.h"
#include "medreview/base/tsv.h"
#include "medreview/knowledge/knowledge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCT MR_SPAN("http://snomed.info/sct")

static mr_knowledge *load(const mr_knowledge_options *options) {
    mr_knowledge *k = NULL;
    mr_buf said;
    mr_error err = {0};
    mr_buf_init(&said, 1 << 20);
    if (mr_knowledge_load(options, &k, &said, &err) != MR_OK) fail_msg("%s\n%s", err.text, mr_buf_z(&said));
    assert_string_equal(mr_buf_z(&said), "");
    mr_buf_free(&said);
    return k;
}

/* The role of a code for a concept as text; "none" when it does not count. */
static const char *role_of(const mr_knowledge *k, const char *concept, mr_span system, const char *code) {
    const mr_ruleset *r = mr_knowledge_rules(k);
    mr_concept_hit hits[64];
    uint16_t number = mr_ruleset_concept(r, mr_span_of(concept));
    size_t n = mr_ruleset_code(r, system, mr_span_of(code), hits, 64);
    for (size_t i = 0; i < n && i < 64; i++)
        if (hits[i].concept == number) return mr_code_role_text(hits[i].role);
    return "none";
}

/* ---- what is shipped ---- */

/* These have codes that state a degree, or none at all: their rules cannot be assessed until a site loads a set. */
static void test_concepts_without_a_plain_code_are_known(void **state) {
    (void)state;
    static const char *const without =
        "alzheimers-mild-moderate aortic-stenosis-severe cfs dbp-postural-drop epilepsy-seizure-free frailty nyha "
        "post-void-residual sbp-postural-drop ttr ";
    mr_knowledge *k = load(NULL);
    const mr_ruleset *r = mr_knowledge_rules(k);
    mr_buf found;
    mr_buf_init(&found, 1 << 16);
    for (size_t i = 0; i < r->n_concepts; i++)
        if (!r->concept_loaded[i]) mr_buf_printf(&found, "%.*s ", MR_SPAN_ARG(r->concepts[i]));
    assert_string_equal(mr_buf_z(&found), without);
    assert_true(r->n_concepts > 200);
    mr_buf_free(&found);
    mr_knowledge_free(k);
}

static mr_span embedded(const char *name) {
    for (const mr_embedded *e = mr_embedded_knowledge; e->name; e++)
        if (strcmp(e->name, name) == 0) return mr_embedded_bytes(e);
    fail_msg("%s is not embedded", name);
    return MR_SPAN_NONE;
}

/* More would be cut off while a record is read. */
static void test_no_code_counts_for_too_many_concepts(void **state) {
    (void)state;
    mr_knowledge *k = load(NULL);
    mr_tsv t;
    mr_error err = {0};
    bool more = true;
    size_t most = 0, rows = 0;
    assert_int_equal(mr_tsv_open(&t, "concepts.tsv", embedded("concepts.tsv"), &err), MR_OK);
    while (mr_tsv_next(&t, &more, &err) == MR_OK && more) {
        mr_span system = mr_span_is(mr_tsv_get(&t, "system"), "sct") ? SCT : MR_SPAN("http://loinc.org");
        size_t n = mr_ruleset_code(mr_knowledge_rules(k), system, mr_tsv_get(&t, "code"), NULL, 0);
        if (n > most) most = n;
        rows++;
    }
    print_message("%zu rows; one code counts for at most %zu concepts\n", rows, most);
    assert_in_range(most, 2, 32);
    mr_knowledge_free(k);
}

static char *read_shared(const char *name, mr_span *ret) {
    char path[512];
    snprintf(path, sizeof path, "%s/data/%s", MEDREVIEW_SHARED_DIR, name);
    FILE *f = fopen(path, "rb");
    if (!f) {
        print_message("skipped: no %s here\n", name);
        return NULL;
    }
    char *bytes = malloc(8 << 20);
    assert_non_null(bytes);
    *ret = (mr_span){bytes, fread(bytes, 1, 8 << 20, f)};
    fclose(f);
    return bytes;
}

/* A key of the tables as packs can write it. */
static mr_span name_of(mr_span key) {
    static const char *const renamed[][2] = {{"life-expectancy<1y", "life-expectancy-under-1y"},
                                             {"life-expectancy<3y", "life-expectancy-under-3y"},
                                             {"coronary-stenosis>50%", "coronary-stenosis-over-50"}};
    for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++)
        if (mr_span_is(key, renamed[i][0])) return mr_span_of(renamed[i][1]);
    return key;
}

/* Ours; the table has its codes under the severe form, where they do not say how severe. */
static mr_span key_in_table(mr_span concept) {
    return mr_span_is(concept, "aortic-stenosis") ? MR_SPAN("aortic-stenosis-severe") : concept;
}

static bool is_ours(mr_span concept, mr_span table_role, mr_span role) {
    static const char *const ever[] = {"asthma", "hf", "peptic-ulcer", "hysterectomy", "coronary-stent"};
    if (mr_span_is(table_role, "history") && mr_span_is(role, "event"))
        for (size_t i = 0; i < sizeof ever / sizeof *ever; i++)
            if (mr_span_is(concept, ever[i])) return true;
    if (mr_span_is(concept, "aortic-stenosis"))
        return mr_span_is(table_role, "severity-unspecified") && mr_span_is(role, "present");
    if (mr_span_is(concept, "asthma-resolved")) return mr_span_is(role, "present");
    return mr_span_is(concept, "ckd") && mr_span_is(table_role, "stage-3-5") && mr_span_is(role, "present");
}

/* Every shipped code stands in the table for that concept, not only from a source whose terms exclude us; its role is
 * the table's, or one of those that docs/concepts.md lists as ours. */
static void test_codes_are_those_of_the_table(void **state) {
    (void)state;
    mr_span bytes;
    char *owned = read_shared("concept-codes.tsv", &bytes);
    if (!owned) return;
    mr_arena *a = mr_arena_new(64u << 20);
    mr_index *rows = mr_index_new(a, 16384);
    mr_span roles[20000];
    uint32_t n = 0;
    mr_tsv t;
    mr_error err = {0};
    bool more = true;
    assert_int_equal(mr_tsv_open(&t, "concept-codes.tsv", bytes, &err), MR_OK);
    while (mr_tsv_next(&t, &more, &err) == MR_OK && more && n < 20000) {
        mr_span source = mr_tsv_get(&t, "source");
        if (mr_span_starts(source, "annalhead") && mr_span_find(source, ';') == source.len) continue;
        mr_span key = mr_arena_printf(a, "%.*s|%.*s", MR_SPAN_ARG(name_of(mr_tsv_get(&t, "key"))),
                                      MR_SPAN_ARG(mr_tsv_get(&t, "code")));
        roles[n] = mr_tsv_get(&t, "role");
        assert_true(mr_index_put(rows, key, n, NULL));
        n++;
    }
    more = true;
    assert_int_equal(mr_tsv_open(&t, "concepts.tsv", embedded("concepts.tsv"), &err), MR_OK);
    while (mr_tsv_next(&t, &more, &err) == MR_OK && more) {
        mr_span concept = mr_tsv_get(&t, "concept"), role = mr_tsv_get(&t, "role");
        mr_span key =
            mr_arena_printf(a, "%.*s|%.*s", MR_SPAN_ARG(key_in_table(concept)), MR_SPAN_ARG(mr_tsv_get(&t, "code")));
        uint32_t at;
        if (!mr_index_get(rows, key, &at)) fail_msg("line %u: %.*s is not in the table", t.line, MR_SPAN_ARG(key));
        if (!mr_span_eq(roles[at], role) && !is_ours(concept, roles[at], role))
            fail_msg("line %u: %.*s is %.*s in the table", t.line, MR_SPAN_ARG(key), MR_SPAN_ARG(roles[at]));
    }
    mr_arena_free(a);
    free(owned);
}

/* What is coded as the member counts for the union: shown with every plain code that is shipped for a member. */
static void test_unions_are_those_of_the_table(void **state) {
    (void)state;
    mr_span bytes;
    char *owned = read_shared("concept-unions.tsv", &bytes);
    if (!owned) return;
    mr_knowledge *k = load(NULL);
    mr_tsv t, codes;
    mr_error err = {0};
    bool more = true;
    size_t shown = 0;
    assert_int_equal(mr_tsv_open(&t, "concept-unions.tsv", bytes, &err), MR_OK);
    while (mr_tsv_next(&t, &more, &err) == MR_OK && more) {
        mr_span member = name_of(mr_tsv_get(&t, "member_key"));
        char key[80], code[80];
        snprintf(key, sizeof key, "%.*s", MR_SPAN_ARG(name_of(mr_tsv_get(&t, "key"))));
        bool more_codes = true;
        assert_int_equal(mr_tsv_open(&codes, "concepts.tsv", embedded("concepts.tsv"), &err), MR_OK);
        while (mr_tsv_next(&codes, &more_codes, &err) == MR_OK && more_codes) {
            if (!mr_span_eq(mr_tsv_get(&codes, "concept"), member)) continue;
            if (!mr_code_role_plain(mr_code_role_parse(mr_tsv_get(&codes, "role")))) continue;
            mr_span system = mr_span_is(mr_tsv_get(&codes, "system"), "sct") ? SCT : MR_SPAN("http://loinc.org");
            snprintf(code, sizeof code, "%.*s", MR_SPAN_ARG(mr_tsv_get(&codes, "code")));
            if (strcmp(role_of(k, key, system, code), "none") == 0) fail_msg("%s does not count for %s", code, key);
            shown++;
        }
    }
    assert_true(shown > 500);
    mr_knowledge_free(k);
    free(owned);
}

/* ---- units ---- */

static double converted(const mr_knowledge *k, const char *concept, double value, mr_span unit) {
    const mr_ruleset *r = mr_knowledge_rules(k);
    double v;
    mr_span canonical;
    bool known = mr_ruleset_convert(r, mr_ruleset_concept(r, mr_span_of(concept)), value, unit, &v, &canonical);
    return known ? v : -1;
}

static void test_units_convert_as_written_or_not_at_all(void **state) {
    (void)state;
    static const struct {
        const char *concept;
        double value;
        const char *unit;
        double canonical; /* -1: unusable */
    } cases[] = {
        {"hba1c", 48, "mmol/mol", 48},
        {"hba1c", 6.5, "%", 10.929 * (6.5 - 2.15)},
        {"creatinine", 1, "mg/dL", 88.42},
        {"creatinine", 100, "umol/L", 100},
        {"creatinine", 100, "mmol/L", -1},
        {"creatinine", 100, "UMOL/L", -1},
        {"creatinine", 100, "", -1},
        {"digoxin-level", 1, "nmol/L", 0.7809},
        {"qtc", 0.48, "s", 480},
        {"weight", 100, "lbs", 45.359237},
        {"weight", 100, "kg", 100},
        {"uacr", 30, "mg/g", 3.39},
        {"fbc", 5, "10*9/L", -1}, /* a panel has no unit */
        {"adjusted-calcium", 10, "mg/dL", 2.495},
    };
    mr_knowledge *k = load(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double v = converted(k, cases[i].concept, cases[i].value, mr_span_of(cases[i].unit));
        double off = v - cases[i].canonical;
        if (off > 1e-9 || off < -1e-9) fail_msg("%s %g %s: %g", cases[i].concept, cases[i].value, cases[i].unit, v);
    }
    mr_knowledge_free(k);
}

static void test_units_are_those_of_the_table(void **state) {
    (void)state;
    mr_span bytes;
    char *owned = read_shared("observation-units.tsv", &bytes);
    if (!owned) return;
    mr_knowledge *k = load(NULL);
    mr_tsv t;
    mr_error err = {0};
    bool more = true;
    size_t seen = 0;
    assert_int_equal(mr_tsv_open(&t, "observation-units.tsv", bytes, &err), MR_OK);
    while (mr_tsv_next(&t, &more, &err) == MR_OK && more) {
        char concept[80], factor[80];
        snprintf(concept, sizeof concept, "%.*s", MR_SPAN_ARG(mr_tsv_get(&t, "key")));
        snprintf(factor, sizeof factor, "%.*s", MR_SPAN_ARG(mr_tsv_get(&t, "factor_to_canonical")));
        if (!factor[0]) continue;
        bool linear = strcmp(factor, "10.929*(x-2.15)") == 0;
        double expected = linear ? 10.929 * (7 - 2.15) : strtod(factor, NULL) * 7;
        double off = converted(k, concept, 7, mr_tsv_get(&t, "unit_as_seen")) - expected;
        if (off > 1e-9 || off < -1e-9) fail_msg("%s in %.*s", concept, MR_SPAN_ARG(mr_tsv_get(&t, "unit_as_seen")));
        seen++;
    }
    assert_true(seen > 100);
    mr_knowledge_free(k);
    free(owned);
}

/* ---- a site's sets ---- */

typedef struct lists {
    mr_set_code codes[4];
    mr_code_set sets[3];
    mr_code_sets list;
} lists;

static const mr_code_sets *one(lists *l, const char *concept, bool replaces, const char *code, mr_code_role role) {
    l->codes[0] = (mr_set_code){SCT, mr_span_of(code), role};
    l->sets[0] = (mr_code_set){mr_span_of(concept), replaces, MR_SPAN("site.csv"), l->codes, 1};
    l->list = (mr_code_sets){l->sets, 1};
    return &l->list;
}

static mr_knowledge *load_sets(const mr_code_sets *a, const mr_code_sets *b) {
    const mr_code_sets *both[] = {a, b};
    return load(&(mr_knowledge_options){.codes = both, .n_codes = 2});
}

static void test_a_set_is_added_or_stands_instead(void **state) {
    (void)state;
    lists first, second;
    /* 73211009 is diabetes, 195967001 asthma */
    mr_knowledge *k = load_sets(one(&first, "asthma", false, "73211009", MR_ROLE_PRESENT), NULL);
    assert_string_equal(role_of(k, "asthma", SCT, "73211009"), "present");
    assert_string_equal(role_of(k, "asthma", SCT, "195967001"), "present");
    mr_knowledge_free(k);
    k = load_sets(one(&first, "asthma", true, "73211009", MR_ROLE_PRESENT), NULL);
    assert_string_equal(role_of(k, "asthma", SCT, "73211009"), "present");
    assert_string_equal(role_of(k, "asthma", SCT, "401193004"), "none");
    assert_string_equal(role_of(k, "asthma", SCT, "162660004"), "none");
    mr_knowledge_free(k);
    /* the later list says what the code means, and drops what the earlier one added */
    k = load_sets(one(&first, "asthma", false, "195967001", MR_ROLE_RESOLVED),
                  one(&second, "asthma", false, "195967001", MR_ROLE_HISTORY));
    assert_string_equal(role_of(k, "asthma", SCT, "195967001"), "history");
    mr_knowledge_free(k);
    k = load_sets(one(&first, "asthma", false, "73211009", MR_ROLE_PRESENT),
                  one(&second, "asthma", true, "195967001", MR_ROLE_PRESENT));
    assert_string_equal(role_of(k, "asthma", SCT, "73211009"), "none");
    mr_knowledge_free(k);
    /* a role that only qualifies leaves the concept without codes, and that is known */
    k = load_sets(one(&first, "gout", true, "90560007", MR_ROLE_OTHER), NULL);
    const mr_ruleset *r = mr_knowledge_rules(k);
    assert_false(r->concept_loaded[mr_ruleset_concept(r, MR_SPAN("gout"))]);
    mr_knowledge_free(k);
}

static void test_a_set_for_a_test_holds_values_and_counts_for_its_unions(void **state) {
    (void)state;
    lists l;
    mr_knowledge *k = load_sets(one(&l, "egfr", false, "195967001", MR_ROLE_PRESENT), NULL);
    assert_string_equal(role_of(k, "egfr", SCT, "195967001"), "value");
    assert_string_equal(role_of(k, "renal-function", SCT, "195967001"), "value");
    assert_string_equal(role_of(k, "asthma", SCT, "195967001"), "present");
    mr_knowledge_free(k);
    k = load_sets(one(&l, "egfr", false, "195967001", MR_ROLE_TEST_DONE), NULL);
    assert_string_equal(role_of(k, "egfr", SCT, "195967001"), "test-done");
    mr_knowledge_free(k);
    k = load_sets(one(&l, "ttr", false, "195967001", MR_ROLE_PRESENT), NULL); /* no code is shipped, but a unit */
    assert_string_equal(role_of(k, "ttr", SCT, "195967001"), "value");
    mr_knowledge_free(k);
}

static void test_the_version_says_which_sets(void **state) {
    (void)state;
    lists first, second;
    mr_knowledge *plain = load(NULL), *none = load_sets(NULL, NULL);
    mr_knowledge *a = load_sets(one(&first, "asthma", false, "73211009", MR_ROLE_PRESENT), NULL);
    first.sets[0].file = MR_SPAN("elsewhere.csv");
    mr_knowledge *same = load_sets(&first.list, NULL);
    mr_knowledge *other = load_sets(one(&second, "asthma", true, "73211009", MR_ROLE_PRESENT), NULL);
    mr_span v = mr_knowledge_rules(a)->version, base = mr_knowledge_rules(plain)->version;
    assert_true(mr_span_eq(mr_knowledge_rules(none)->version, base));
    char prefix[80];
    snprintf(prefix, sizeof prefix, "%.*s+codes.", MR_SPAN_ARG(base));
    assert_true(mr_span_starts(v, prefix));
    assert_int_equal(v.len, strlen(prefix) + 8);
    assert_true(mr_span_eq(mr_knowledge_rules(same)->version, v)); /* what they say counts, not where they stood */
    assert_false(mr_span_eq(mr_knowledge_rules(other)->version, v));
    mr_knowledge_free(plain);
    mr_knowledge_free(none);
    mr_knowledge_free(a);
    mr_knowledge_free(same);
    mr_knowledge_free(other);
}

static void refused(const mr_code_sets *sets, const char *text) {
    mr_knowledge *k = NULL;
    mr_buf said;
    mr_error err = {0};
    mr_buf_init(&said, 1 << 20);
    assert_int_equal(mr_knowledge_load(&(mr_knowledge_options){.codes = &sets, .n_codes = 1}, &k, &said, &err),
                     MR_MALFORMED);
    assert_string_equal(mr_buf_z(&said), text);
    mr_buf_free(&said);
}

static void test_a_set_that_nobody_asks_for_is_refused(void **state) {
    (void)state;
    lists l;
    refused(one(&l, "astma", false, "195967001", MR_ROLE_PRESENT),
            "site.csv:1: there is no concept \"astma\"; did you mean \"asthma\"?\n");
    refused(one(&l, "nhsd-ast-cod", true, "195967001", MR_ROLE_PRESENT),
            "site.csv:1: there is no concept \"nhsd-ast-cod\"\n");
    refused(one(&l, "asthma", false, "195967002", MR_ROLE_PRESENT),
            "site.csv:1: \"195967002\" is no SNOMED CT id: its check digit is wrong\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_concepts_without_a_plain_code_are_known),
        cmocka_unit_test(test_no_code_counts_for_too_many_concepts),
        cmocka_unit_test(test_codes_are_those_of_the_table),
        cmocka_unit_test(test_unions_are_those_of_the_table),
        cmocka_unit_test(test_units_convert_as_written_or_not_at_all),
        cmocka_unit_test(test_units_are_those_of_the_table),
        cmocka_unit_test(test_a_set_is_added_or_stands_instead),
        cmocka_unit_test(test_a_set_for_a_test_holds_values_and_counts_for_its_unions),
        cmocka_unit_test(test_the_version_says_which_sets),
        cmocka_unit_test(test_a_set_that_nobody_asks_for_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
