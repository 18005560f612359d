/* ATC codes by way of a release: what all products that bear a code agree on, and what is said when they do not. BNF
 * codes stay the table's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "release_lines.h"
#include "understood_text.h"

#include <string.h>

#define ATC "http://www.whocc.no/atc"

/* ATC codes and what bears them are made up where they are not in the table; Z is no group of ATC. */
static const char release[] =
    "sub|387458008|Aspirin\n"
    "sub|387517004|Paracetamol\n"
    "sub|387494007|Codeine\n"
    "sub|#1|Newstatin calcium\n"
    "sub|372880004|Timolol\n"
    "vtm|#20|Newstatin|#1\n"
    /* Two strengths and forms of one substance that the release alone knows. */
    "vmp|#30|Newstatin 10mg tablets||Tablet|Oral|||Z10AA01\n"
    "vpi|#30|#1||10000|mg\n"
    "vmp|#31|Newstatin 20mg modified-release tablets||Modified-release tablet|Oral|||Z10AA01\n"
    "vpi|#31|#1||20000|mg\n"
    "vmp|#32|!Aspirin 20mg tablets||Tablet|Oral|||Z10AA01\n" /* no longer valid: no witness */
    "vpi|#32|387458008||20000|mg\n"
    /* Two routes. */
    "vmp|#33|Newstatin 10mg tablets||Tablet|Oral|||Z10AA02\n"
    "vpi|#33|#1||10000|mg\n"
    "vmp|#34|Newstatin 10mg suppositories||Not applicable|Rectal|||Z10AA02\n"
    "vpi|#34|#1||10000|mg\n"
    /* All modified release, and all eye drops. */
    "vmp|#35|Newstatin 20mg modified-release tablets||Modified-release tablet|Oral|||Z10AA03\n"
    "vpi|#35|#1||20000|mg\n"
    "vmp|#36|Timolol 0.5% eye drops||Eye drops|Ocular|||Z10AA04\n"
    "vpi|#36|372880004||5000|mg|1000|ml\n"
    "vmp|#37|Timolol 0.25% eye drops||Eye drops|Ocular|||Z10AA04\n"
    "vpi|#37|372880004||2500|mg|1000|ml\n"
    /* Three products of two sets; a combination alone; one that is not understood beside one that is. */
    "vmp|#40|Paracetamol 500mg tablets||Tablet|Oral|||Z10AB01\n"
    "vpi|#40|387517004||500000|mg\n"
    "vmp|#41|Paracetamol 500mg / Codeine 8mg tablets||Tablet|Oral|||Z10AB01\n"
    "vpi|#41|387517004||500000|mg\n"
    "vpi|#41|387494007||8000|mg\n"
    "vmp|#42|Paracetamol 250mg tablets||Tablet|Oral|||Z10AB01\n"
    "vpi|#42|387517004||250000|mg\n"
    "vmp|#43|Paracetamol 500mg / Codeine 15mg tablets||Tablet|Oral|||Z10AB02\n"
    "vpi|#43|387517004||500000|mg\n"
    "vpi|#43|387494007||15000|mg\n"
    "vmp|#44|Newstatin 30mg tablets||Tablet|Oral|||Z10AB03\n"
    "vpi|#44|#1||30000|mg\n"
    "vmp|#45|Madefood liquid|||Oral|||Z10AB03\n"
    /* Uncertain: its name has more than its ingredients. */
    "vmp|#46|Aspirin 300mg / Codeine 8mg tablets||Tablet|Oral|||Z10AB04\n"
    "vpi|#46|387458008||300000|mg\n"
    /* What the table knows as aspirin: one product of it, and one of something else. */
    "vmp|319775004|Aspirin 75mg tablets||Tablet|Oral||02090000|B01AC06\n"
    "vpi|319775004|387458008||75000|mg\n"
    "vmp|#50|Paracetamol 1g tablets||Tablet|Oral||0407010H0AAAMAM|B01AC06\n"
    "vpi|#50|387517004||1000000|mg\n"
    /* Only a class, and only an invalid product. */
    "vmp|#51|Newstatin 40mg tablets||Tablet|Oral|||Z10AC\n"
    "vpi|#51|#1||40000|mg\n"
    "vmp|#52|!Newstatin 50mg tablets||Tablet|Oral|||Z10AC05\n"
    "vpi|#52|#1||50000|mg\n";

typedef struct opened {
    release_lines lines;
    mr_terminology *t;
} opened;

static int open_release(void **state) {
    opened *o = calloc(1, sizeof *o);
    *state = o;
    if (!o) return 1;
    o->t = release_open(&o->lines, release);
    return o->t == NULL;
}

static int close_release(void **state) {
    opened *o = *state;
    release_close(&o->lines, o->t);
    free(o);
    return 0;
}

typedef struct question {
    const char *system, *code, *text, *answer, *step; /* step: that it is told; NULL: not asked */
} question;

static bool is_told(const mr_term_steps *told, const char *step) {
    for (size_t i = 0; i < told->n; i++)
        if (mr_span_is(told->v[i].outcome, step)) return true;
    for (size_t i = 0; i < told->n; i++) print_error("  %.*s\n", MR_SPAN_ARG(told->v[i].outcome));
    return false;
}

static void check(const opened *o, const question *v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        mr_arena *a = mr_arena_new(1 << 20);
        mr_coding c = {mr_span_of(v[i].system), mr_span_of(v[i].code), MR_SPAN_NONE};
        mr_term_question q = {.codings = &c, .n_codings = 1};
        mr_term_steps told = {0};
        mr_understood u;
        mr_error err;
        mr_buf out;
        if (v[i].text) q.text = mr_span_of(v[i].text);
        mr_buf_init(&out, 4096);
        assert_int_equal(mr_terminology_resolve(o->t, &q, a, &told, &u, &err), MR_OK);
        understood_text(&u, &out);
        if (strcmp(mr_buf_z(&out), v[i].answer) != 0)
            fail_msg("%s\n  is     %s\n  wanted %s", v[i].code, mr_buf_z(&out), v[i].answer);
        if (v[i].step && !is_told(&told, v[i].step)) fail_msg("%s: not told: %s", v[i].code, v[i].step);
        mr_buf_free(&out);
        mr_arena_free(a);
    }
}
#define CHECK(o, v) check((o), (v), sizeof(v) / sizeof(v)[0])

static void test_all_agree(void **state) {
    static const question v[] = {
        {ATC, "Z10AA01", NULL, "atc: newstatin; oral", "Z10AA01: all its products in the release: newstatin"},
        {ATC, "Z10AA02", NULL, "atc: newstatin; unknown", NULL},
        {ATC, "Z10AA03", NULL, "atc: newstatin; oral, modified release", NULL},
        {ATC, "Z10AA04", NULL, "atc: timolol (eye); eye", NULL},
        {ATC, "Z10AB02", NULL, "atc: codeine + paracetamol; oral", NULL},
        {ATC, "Z10AB04", NULL, "atc (uncertain): aspirin + codeine; oral",
         "Z10AB04: all its products in the release, uncertain: aspirin + codeine"},
        {ATC, "Z10AA01", "Newstatin 20mg tablets", "atc: newstatin 20 mg; oral tablet", NULL},
        {ATC, "Z10AA01", "Aspirin 20mg tablets", "atc: newstatin; oral", NULL}, /* a text overrules no code */
    };
    CHECK(*state, v);
}

static void test_not_all_agree(void **state) {
    static const question v[] = {
        {ATC, "Z10AB01", NULL, "not-recognised",
         "Z10AB01: its 3 products in the release are of 2 different substances or sets of them, 0 are not "
         "understood: not chosen"},
        {ATC, "Z10AB03", NULL, "not-recognised",
         "Z10AB03: its 2 products in the release are of 1 different substances or sets of them, 1 are not "
         "understood: not chosen"},
        {ATC, "Z10AB01", "Paracetamol 500mg tablets", "name: paracetamol 500 mg; oral tablet", NULL},
        {ATC, "Z10AC05", NULL, "not-recognised", "Z10AC05: no such code in the table or the release"},
        {ATC, "Z10AC", NULL, "not-recognised", "Z10AC: names a class, not a substance"},
        {ATC, "Z10AA011", NULL, "not-recognised", NULL},
        {ATC, "z10aa01", NULL, "not-recognised", NULL},
        {ATC, "A00AA00", NULL, "not-recognised", NULL}, /* before the first, behind the last */
        {ATC, "ZZZZZZZ", NULL, "not-recognised", NULL},
    };
    CHECK(*state, v);
}

static void test_the_table_goes_before(void **state) {
    static const question v[] = {{ATC, "B01AC06", NULL, "atc: aspirin; unknown", NULL},
                                 {ATC, "B01AA03", NULL, "atc: warfarin; unknown", NULL}};
    opened *o = *state;
    size_t n, at = 0;
    CHECK(o, v);
    const mr_span *told = mr_terminology_told(o->t, &n);
    while (at < n && !mr_span_starts(told[at], "ATC ")) at++;
    assert_int_equal(at + 1, n); /* the one code on which they differ */
    if (!mr_span_is(told[at], "ATC B01AC06: the table says aspirin, 1 of 2 products of the release say otherwise, the "
                              "first is VMP 10501000001107 Paracetamol 1g tablets: paracetamol"))
        fail_msg("%.*s", MR_SPAN_ARG(told[at]));
}

/* Presentation codes by their first nine characters; sections, as the bonus file has them, name no substance. */
static void test_bnf(void **state) {
    static const question v[] = {
        {"bnf", "0209000A0AAAJAJ", NULL, "bnf: aspirin; unknown", NULL},
        {"bnf", "02090000", NULL, "not-recognised", "02090000: names a section, not a substance"},
        {"bnf", "9999999Z9AAAAAA", NULL, "not-recognised", "9999999Z9AAAAAA: no such chemical substance in the table"},
    };
    CHECK(*state, v);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_agree), cmocka_unit_test(test_not_all_agree),
                                       cmocka_unit_test(test_the_table_goes_before), cmocka_unit_test(test_bnf)};
    return cmocka_run_group_tests(tests, open_release, close_release);
}
