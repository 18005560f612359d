/* Codes, and codes beside texts: which evidence counts, what is a conflict, that the order of input makes no
 * difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "room.h"
#include "understood_text.h"

#include <string.h>

#define SCT "http://snomed.info/sct"
#define DMD "https://dmd.nhs.uk"
#define ATC "http://www.whocc.no/atc"
#define RXNORM "http://www.nlm.nih.gov/research/umls/rxnorm"
#define BNF "https://openprescribing.net/bnf"
#define EMIS "https://fhir.hl7.org.uk/Id/emis-drug-codes"

enum { CODINGS = 4 };

typedef struct triple {
    const char *system, *code, *display;
} triple;

typedef struct resolve_case {
    triple codings[CODINGS];
    const char *text;
    const char *route; /* SNOMED CT code of dosage.route */
    const char *expect;
} resolve_case;

static mr_terminology *terminology;

static int open_table(void **state) {
    mr_error err;
    (void)state;
    if (mr_terminology_builtin(&terminology, &err) == MR_OK) return 0;
    print_error("%s\n", err.text);
    return 1;
}

static int close_table(void **state) {
    (void)state;
    mr_terminology_free(terminology);
    return 0;
}

static size_t codings_of(const resolve_case *c, bool backwards, mr_coding v[CODINGS]) {
    size_t n = 0;
    while (n < CODINGS && c->codings[n].system) n++;
    for (size_t i = 0; i < n; i++) {
        const triple *x = &c->codings[backwards ? n - 1 - i : i];
        v[i] = (mr_coding){mr_span_of(x->system), mr_span_of(x->code), mr_span_of(x->display)};
    }
    return n;
}

/* Steps asked for or not, codings forwards or backwards: the answer is one. */
static void check_one(const resolve_case *c, bool backwards, bool steps) {
    mr_arena *a = mr_arena_new_checked(1 << 20);
    mr_coding v[CODINGS], route = {mr_span_of(SCT), mr_span_of(c->route), MR_SPAN_NONE};
    mr_term_question q = {.codings = v,
                          .n_codings = codings_of(c, backwards, v),
                          .text = mr_span_of(c->text),
                          .routes = &route,
                          .n_routes = c->route ? 1 : 0};
    mr_term_steps taken = {0};
    mr_understood u;
    mr_error err;
    mr_buf got;
    mr_buf_init(&got, 1 << 16);
    assert_int_equal(mr_terminology_resolve(terminology, &q, a, steps ? &taken : NULL, &u, &err), MR_OK);
    understood_text(&u, &got);
    if (strcmp(mr_buf_z(&got), c->expect) != 0)
        fail_msg("%s, %s\n   is %s\n not %s", c->codings[0].code, c->text, mr_buf_z(&got), c->expect);
    if (steps && u.why != MR_UNREAD_NO_CODE_NO_TEXT) assert_true(taken.n > 0);
    mr_buf_free(&got);
    mr_arena_free(a);
}

static void check(const resolve_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (unsigned way = 0; way < 4; way++) check_one(&cases[i], way & 1, way & 2);
}

static void test_one_code(void **state) {
    static const resolve_case cases[] = {
        {.codings = {{SCT, "319775004", "anything"}}, .expect = "dmd-vmp: aspirin 75 mg; oral tablet"},
        {.codings = {{DMD, "319775004", ""}}, .expect = "dmd-vmp: aspirin 75 mg; oral tablet"},
        {.codings = {{DMD "/", "319775004", ""}}, .expect = "dmd-vmp: aspirin 75 mg; oral tablet"},
        {.codings = {{SCT, "777067000", ""}}, .expect = "dmd-vtm: paracetamol; unknown"}, /* VTM since 2021 */
        {.codings = {{SCT, "90332006", ""}}, .expect = "dmd-vtm: paracetamol; unknown"},  /* the VTM of 2019 */
        {.codings = {{SCT, "387458008", ""}}, .expect = "dmd-vtm: aspirin; unknown"},     /* ingredient */
        {.codings = {{SCT, "346608002", ""}}, .expect = "dmd-previous: codeine + paracetamol; unknown"},
        {.codings = {{ATC, "M01AE02", ""}}, .expect = "atc: naproxen; unknown"},
        {.codings = {{ATC, "B01AC06", ""}}, .expect = "atc: aspirin; unknown"},
        {.codings = {{ATC, "N02BA01", ""}}, .expect = "atc: aspirin; unknown"},
        {.codings = {{ATC, "S01ED01", ""}}, .expect = "atc: timolol (eye); eye"},
        {.codings = {{ATC, "C07AA06", ""}}, .expect = "atc: timolol; unknown"},
        {.codings = {{ATC, "C09DX04", ""}}, .expect = "atc: sacubitril/valsartan; unknown"},
        {.codings = {{ATC, "A10AE04", ""}}, .expect = "atc: insulin; unknown"},
        {.codings = {{ATC, "M01AE", ""}}, .expect = "not-recognised"}, /* a class names no substance */
        {.codings = {{ATC, "A10A", ""}}, .expect = "not-recognised"},
        {.codings = {{ATC, "M01AE99", ""}}, .expect = "not-recognised"},
        {.codings = {{RXNORM, "11289", ""}}, .expect = "rxnorm: warfarin; unknown"},
        {.codings = {{RXNORM, "1", ""}}, .expect = "not-recognised"},
        {.codings = {{BNF, "0206020A0AAABAB", ""}}, .expect = "bnf: amlodipine; unknown"},
        {.codings = {{BNF, "0206020A0", ""}}, .expect = "bnf: amlodipine; unknown"},
        {.codings = {{BNF, "0206020", ""}}, .expect = "not-recognised"},
        {.codings = {{EMIS, "ASTA1234", ""}}, .expect = "not-recognised"},
        {.codings = {{"", "319775004", ""}}, .expect = "not-recognised"}, /* a code of no system is no code of dm+d */
        {.codings = {{SCT, "29902411000001104", ""}}, .expect = "not-recognised"},
        {.codings = {{SCT, "", ""}}, .expect = "no-code-no-text"},
        {.expect = "no-code-no-text"},
    };
    (void)state;
    check(cases, sizeof cases / sizeof cases[0]);
}

static void test_code_and_text(void **state) {
    static const resolve_case cases[] = {
        /* The code stands; a name of the same substance adds form and strength. */
        {.codings = {{SCT, "777067000", ""}},
         .text = "Paracetamol 500mg tablets",
         .expect = "dmd-vtm: paracetamol 500 mg; oral tablet"},
        {.codings = {{SCT, "777067000", "Paracetamol 500mg tablets"}},
         .expect = "dmd-vtm: paracetamol 500 mg; oral tablet"},
        {.codings = {{ATC, "C07AA06", ""}},
         .text = "Timolol 0.5% eye drops",
         .expect = "atc: timolol (eye) 0.5 %; eye drops"},
        /* A name of another substance is not believed against a code. */
        {.codings = {{SCT, "319775004", ""}},
         .text = "Naproxen 500mg tablets",
         .expect = "dmd-vmp: aspirin 75 mg; oral tablet"},
        {.codings = {{SCT, "777067000", ""}},
         .text = "Naproxen 500mg tablets",
         .expect = "dmd-vtm: paracetamol; unknown"},
        /* Codes that say nothing leave it to the text, then to the displays. */
        {.codings = {{SCT, "29902411000001104", ""}},
         .text = "Edoxaban 30mg tablets",
         .expect = "name: edoxaban 30 mg; oral tablet"},
        {.codings = {{SCT, "29902411000001105", "Lixiana 30mg tablets"}},
         .text = "Edoxaban 30mg tablets",
         .expect = "name: edoxaban 30 mg; oral tablet"},
        {.codings = {{EMIS, "X", "Edoxaban 30mg tablets"}},
         .text = "blood thinner",
         .expect = "name: edoxaban 30 mg; oral tablet"},
        {.codings = {{SCT, "196421000000109", "Transfer-degraded medication entry"}},
         .text = "Naproxen 250mg tablets",
         .expect = "name: naproxen 250 mg; oral tablet"},
        {.codings = {{SCT, "196421000000109", "Transfer-degraded medication entry"}},
         .text = "Zapain",
         .expect = "not-recognised"},
        {.codings = {{SCT, "196421000000109", "Transfer-degraded medication entry"}},
         .text = "Transfer-degraded medication entry",
         .expect = "no-code-no-text"},
        {.codings = {{SCT, "196421000000109", "Transfer-degraded medication entry"}}, .expect = "no-code-no-text"},
        {.codings = {{SCT, "196421000000109", ""}, {ATC, "M01AE02", ""}}, .expect = "atc: naproxen; unknown"},
        {.text = "Glucose test strips", .expect = "not a medicine"},
    };
    (void)state;
    check(cases, sizeof cases / sizeof cases[0]);
}

static void test_several_codes(void **state) {
    static const resolve_case cases[] = {
        /* They agree: the one with most detail is used, and the answer says which. */
        {.codings = {{SCT, "777067000", ""}, {ATC, "N02BE01", ""}}, .expect = "dmd-vtm: paracetamol; unknown"},
        {.codings = {{ATC, "B01AC06", ""}, {SCT, "387458008", ""}, {DMD, "319775004", ""}},
         .expect = "dmd-vmp: aspirin 75 mg; oral tablet"},
        {.codings = {{EMIS, "1", "Zapain"}, {SCT, "322341003", ""}, {ATC, "N02AJ06", ""}},
         .expect = "dmd-vmp: codeine 30 mg + paracetamol 500 mg; oral tablet"},
        {.codings = {{ATC, "C07AA06", ""}, {ATC, "S01ED01", ""}},
         .text = "Timolol 10mg tablets",
         .expect = "atc: timolol 10 mg; oral tablet"},
        /* A class of ATC as one key, and a member of the class. */
        {.codings = {{ATC, "A10AE04", ""}, {SCT, "126212009", ""}},
         .expect = "dmd-vtm: insulin + insulin glargine; unknown"},
        {.codings = {{ATC, "A10AE04", ""}},
         .text = "Insulin glargine 100units/ml solution for injection",
         .expect = "atc: insulin + insulin glargine 100 unit/1 ml; parenteral injection"},
        {.codings = {{ATC, "G03AA07", ""}},
         .text = "Ethinylestradiol 30microgram / Levonorgestrel 150microgram tablets",
         .expect = "atc: ethinylestradiol 30 microgram + ethinylestradiol combinations + levonorgestrel 150 microgram; "
                   "oral tablet"},
        /* They do not agree. */
        {.codings = {{SCT, "319775004", ""}, {ATC, "M01AE02", ""}}, .expect = "conflicting-codes"},
        {.codings = {{SCT, "319775004", ""}, {SCT, "777067000", ""}},
         .text = "Aspirin 75mg tablets",
         .expect = "conflicting-codes"},
        {.codings = {{SCT, "322341003", ""}, {ATC, "N02BE01", ""}},
         .expect = "conflicting-codes"}, /* co-codamol, paracetamol */
        {.codings = {{EMIS, "1", "Naproxen 250mg tablets"}, {EMIS, "2", "Ibuprofen 200mg tablets"}},
         .expect = "conflicting-codes"},
        {.codings = {{EMIS, "1", "Naproxen 250mg tablets"}}, .text = "Ibuprofen", .expect = "conflicting-codes"},
        /* A code that is not known is no witness. */
        {.codings = {{SCT, "319775004", ""}, {ATC, "M01AE", ""}, {SCT, "29902411000001104", ""}},
         .expect = "dmd-vmp: aspirin 75 mg; oral tablet"},
    };
    (void)state;
    check(cases, sizeof cases / sizeof cases[0]);
}

static void test_route_of_the_dosage(void **state) {
    static const resolve_case cases[] = {
        {.codings = {{SCT, "777067000", ""}}, .route = "26643006", .expect = "dmd-vtm: paracetamol; oral"},
        {.codings = {{ATC, "C07AA06", ""}}, .route = "54485002", .expect = "atc: timolol (eye); eye"},
        {.text = "Estradiol", .route = "16857009", .expect = "name: estradiol (vaginal); vaginal"},
        {.codings = {{SCT, "319775004", ""}},
         .route = "37161004",
         .expect = "dmd-vmp: aspirin 75 mg; oral tablet"}, /* the product's stands */
        {.codings = {{SCT, "777067000", ""}},
         .route = "319775004",
         .expect = "dmd-vtm: paracetamol; unknown"}, /* no route */
    };
    (void)state;
    check(cases, sizeof cases / sizeof cases[0]);
}

static void test_steps_say_what_was_tried(void **state) {
    const mr_coding v[] = {{MR_SPAN(SCT), MR_SPAN("29902411000001104"), MR_SPAN_NONE},
                           {MR_SPAN(ATC), MR_SPAN("M01AE"), MR_SPAN_NONE}};
    static const char *const expect[] = {
        "dmd|29902411000001104: no SNOMED CT id: wrong length, characters or check digit",
        "atc|M01AE: names a class, not a substance", "name|Edoxaban 30mg tablets: exact name: edoxaban"};
    mr_arena *a = mr_arena_new(1 << 20);
    mr_term_question q = {.codings = v, .n_codings = 2, .text = MR_SPAN("Edoxaban 30mg tablets")};
    mr_term_steps steps = {0};
    mr_understood u;
    mr_error err;
    (void)state;
    assert_int_equal(mr_terminology_resolve(terminology, &q, a, &steps, &u, &err), MR_OK);
    for (size_t i = 0; i < steps.n; i++) {
        mr_span line = mr_arena_printf(a, "%.*s|%.*s", MR_SPAN_ARG(steps.v[i].step), MR_SPAN_ARG(steps.v[i].outcome));
        assert_true(i < sizeof expect / sizeof expect[0]);
        assert_string_equal(line.ptr, expect[i]);
    }
    assert_int_equal(steps.n, sizeof expect / sizeof expect[0]);
    mr_arena_free(a);
}

/* Every possible shortage of room: a clean refusal, then success. */
static void test_short_arena(void **state) {
    const mr_coding v = {MR_SPAN(SCT), MR_SPAN("322341003"), MR_SPAN("Co-codamol 30mg/500mg tablets")};
    mr_term_question q = {.codings = &v, .n_codings = 1, .text = MR_SPAN("Co-codamol 30mg/500mg tablets")};
    mr_rc rc = MR_LIMIT;
    (void)state;
    for (size_t cap = 1; rc == MR_LIMIT; cap += 7) {
        mr_arena *a = mr_arena_new_checked(cap);
        mr_term_steps steps = {0};
        mr_understood u = {.by = MR_REC_BNF};
        mr_error err;
        rc = mr_terminology_resolve(terminology, &q, a, &steps, &u, &err);
        assert_int_equal(u.by, rc == MR_OK ? MR_REC_DMD_VMP : MR_REC_BNF); /* untouched on failure */
        mr_arena_free(a);
        assert_true(cap < 1 << 16);
    }
    assert_int_equal(rc, MR_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_code),
                                       cmocka_unit_test(test_code_and_text),
                                       cmocka_unit_test(test_several_codes),
                                       cmocka_unit_test(test_route_of_the_dosage),
                                       cmocka_unit_test(test_steps_say_what_was_tried),
                                       cmocka_unit_test(test_short_arena)};
    return cmocka_run_group_tests(tests, open_table, close_table);
}
