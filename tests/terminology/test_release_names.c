/* Brands as text, by way of a release: the whole name of an AMP and nothing less, and only where all AMPs of that name
 * are the same substances. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "release_lines.h"
#include "understood_text.h"

#include <string.h>

static const char release[] =
    "sub|387458008|Aspirin\n"
    "sub|387517004|Paracetamol\n"
    "sub|387494007|Codeine\n"
    "sub|#7|Edoxaban\n"
    "vmp|#30|Edoxaban 30mg tablets||Tablet|Oral\n"
    "vpi|#30|#7||30000|mg\n"
    "vmp|#31|Edoxaban 60mg tablets||Tablet|Oral\n"
    "vpi|#31|#7||60000|mg\n"
    "vmp|#32|Aspirin 75mg tablets||Tablet|Oral\n"
    "vpi|#32|387458008||75000|mg\n"
    "vmp|#33|Aspirin 75mg modified-release tablets||Modified-release tablet|Oral\n"
    "vpi|#33|387458008||75000|mg\n"
    "vmp|#34|Paracetamol 500mg / Codeine 8mg tablets||Tablet|Oral\n"
    "vpi|#34|387517004||500000|mg\n"
    "vpi|#34|387494007||8000|mg\n"
    "vmp|#35|Sterile gauze dressing 10cm x 10cm\n"
    "vmp|#36|Generic Madefood liquid\n"
    "vmp|#37|Aspirin 300mg / Codeine 8mg tablets||Tablet|Oral\n" /* its name has more than its ingredients */
    "vpi|#37|387458008||300000|mg\n"
    "amp|29902411000001105|Lixiana 30mg tablets (Daiichi Sankyo UK Ltd)|#30\n"
    "amp|#50|Lixiana  30mg tablets (Lexon (UK) Ltd)|#30\n" /* a parallel import, with a blank too many */
    "amp|#51|!Testbrand (Chocolate) (Maker Ltd)|#30\n"     /* a bracket of its own; no longer valid */
    "amp|#52|Strengthless tablets (Maker Ltd)|#30\n"
    "amp|#53|Strengthless tablets (Other Ltd)|#31\n"
    "amp|#54|Releaseless tablets (Maker Ltd)|#32\n"
    "amp|#55|Releaseless tablets (Other Ltd)|#33\n"
    "amp|#56|Twofold tablets (Maker Ltd)|#32\n"
    "amp|#57|Twofold tablets (Other Ltd)|#34\n"
    "amp|#58|Halfknown liquid (Maker Ltd)|#32\n"
    "amp|#59|Halfknown liquid (Other Ltd)|#36\n"
    "amp|#60|Softgauze (Maker Ltd)|#35\n"
    "amp|#61|Feedwell (Maker Ltd)|#36\n"
    "amp|#62|Unsure tablets (Maker Ltd)|#37\n"
    "amp|#63|Micro\xCE\xBC 5\xC2\xB5g (Maker Ltd)|#30\n"
    "amp|#64|Nobody's tablets|#30\n"
    "amp|#65|(Maker Ltd)|#30\n"
    "amp|#66|Aspirin 75mg dispersible tablets (Maker Ltd)|#34\n"; /* an error of the release, for the parser */

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

/* "CODE|TEXT", or the text alone; with `steps`, what was told stands behind the answer. */
static void ask(const opened *o, const char *question, bool steps, mr_buf *out) {
    mr_arena *a = mr_arena_new(1 << 20);
    mr_span code, text;
    mr_term_steps told = {0};
    mr_understood u;
    mr_error err;
    mr_term_question q = {.text = mr_span_of(question)};
    mr_coding c = {MR_SPAN("http://www.whocc.no/atc"), MR_SPAN_NONE, MR_SPAN_NONE};
    if (mr_span_split(q.text, '|', &code, &text)) {
        c.code = code;
        q = (mr_term_question){.codings = &c, .n_codings = 1, .text = text};
    }
    assert_int_equal(mr_terminology_resolve(o->t, &q, a, steps ? &told : NULL, &u, &err), MR_OK);
    understood_text(&u, out);
    for (size_t i = 0; i < told.n; i++) mr_buf_printf(out, "\n%.*s", MR_SPAN_ARG(told.v[i].outcome));
    mr_arena_free(a);
}

typedef struct question {
    const char *asked, *answer;
} question;

static void check(const opened *o, const question *v, size_t n, bool steps) {
    for (size_t i = 0; i < n; i++) {
        mr_buf out;
        mr_buf_init(&out, 4096);
        ask(o, v[i].asked, steps, &out);
        if (strcmp(mr_buf_z(&out), v[i].answer) != 0)
            fail_msg("%s\n  is     %s\n  wanted %s", v[i].asked, mr_buf_z(&out), v[i].answer);
        mr_buf_free(&out);
    }
}
#define CHECK(o, v, steps) check((o), (v), sizeof(v) / sizeof(v)[0], steps)

static void test_whole_names(void **state) {
    static const question v[] = {
        {"Lixiana 30mg tablets", "name: edoxaban 30 mg; oral tablet"},
        {" LIXIANA 30mg\ttablets ", "name: edoxaban 30 mg; oral tablet"},
        {"Lixiana 30mg tablets (Daiichi Sankyo UK Ltd)", "name: edoxaban 30 mg; oral tablet"},
        {"lixiana 30mg tablets (lexon (uk) ltd)", "name: edoxaban 30 mg; oral tablet"},
        {"Testbrand (Chocolate)", "name: edoxaban 30 mg; oral tablet"},
        {"Testbrand (Chocolate) (Maker Ltd)", "name: edoxaban 30 mg; oral tablet"},
        {"Micro\xC2\xB5 5microg", "name: edoxaban 30 mg; oral tablet"},
        {"Nobody\xE2\x80\x99s tablets", "name: edoxaban 30 mg; oral tablet"},
    };
    CHECK(*state, v, false);
}

static void test_nothing_less(void **state) {
    static const question v[] = {
        {"Lixiana", "not-recognised"},
        {"Lixiana 30mg", "not-recognised"},
        {"Lixiana 30mg tablets daily", "not-recognised"},
        {"Lixiana 60mg tablets", "not-recognised"},
        {"Lixiana 30mg tablets (Nobody Ltd)", "not-recognised"}, /* a bracket that the release does not write */
        {"Testbrand", "not-recognised"},
        {"Testbrand (Vanilla)", "not-recognised"},
        {"(Maker Ltd)", "name: edoxaban 30 mg; oral tablet"}, /* what the release calls it, odd as it is */
        {"(Other Ltd)", "not-recognised"},
    };
    CHECK(*state, v, false);
}

/* What the AMPs of one name do not agree on is not known; when it is the substances, nothing is. */
static void test_names_of_several(void **state) {
    static const question v[] = {
        {"Strengthless tablets", "name: edoxaban; oral tablet\n"
                                 "Strengthless tablets: AMP name of the release: edoxaban"},
        {"Strengthless tablets (Other Ltd)", "name: edoxaban 60 mg; oral tablet\n"
                                             "Strengthless tablets (Other Ltd): AMP name of the release: edoxaban"},
        {"Releaseless tablets", "name: aspirin 75 mg; oral tablet, modified release\n"
                                "Releaseless tablets: AMP name of the release: aspirin"},
        {"Twofold tablets", "not-recognised\n"
                            "Twofold tablets: AMP name of the release, of products that differ in substances: not "
                            "chosen"},
        {"Twofold tablets (Maker Ltd)", "name: aspirin 75 mg; oral tablet\n"
                                        "Twofold tablets (Maker Ltd): AMP name of the release: aspirin"},
        {"Halfknown liquid", "not-recognised\n"
                             "Halfknown liquid: AMP name of the release, of products that differ in substances: not "
                             "chosen"},
        {"Feedwell", "not-recognised\nFeedwell: AMP name of the release, which does not say of what it is made"},
        {"Softgauze", "not a medicine\nSoftgauze: AMP name of the release, a dressing, device or food"},
        {"Unsure tablets", "name (uncertain): aspirin 300 mg + codeine 8 mg; oral tablet\n"
                           "Unsure tablets: AMP name of the release, uncertain: aspirin + codeine"},
    };
    CHECK(*state, v, true);
}

static void test_beside_others(void **state) {
    static const question v[] = {
        {"B01AF03|Lixiana 30mg tablets", "atc: edoxaban 30 mg; oral tablet"}, /* the text has strength and form */
        {"B01AC06|Lixiana 30mg tablets", "atc: aspirin; unknown"},            /* and overrules no code */
        {"B01AC06|Unsure tablets", "atc: aspirin; unknown"},
        /* What the naming convention is certain of is not asked of brands. */
        {"Aspirin 75mg dispersible tablets", "name: aspirin 75 mg; oral tablet"},
    };
    CHECK(*state, v, false);
}

/* A name of 600 bytes is none, in the release or in a record; nor is any text a name of the shipped table alone. */
static void test_what_is_no_name(void **state) {
    char text[700];
    mr_buf out;
    opened alone;
    mr_error err;
    memset(text, 'x', sizeof text);
    text[600] = 0;
    mr_buf_init(&out, 4096);
    ask(*state, text, false, &out);
    assert_string_equal(mr_buf_z(&out), "not-recognised");
    mr_buf_clear(&out);
    assert_int_equal(mr_terminology_builtin(&alone.t, &err), MR_OK);
    ask(&alone, "Lixiana 30mg tablets", false, &out);
    assert_string_equal(mr_buf_z(&out), "not-recognised");
    mr_terminology_free(alone.t);
    mr_buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole_names), cmocka_unit_test(test_nothing_less),
                                       cmocka_unit_test(test_names_of_several), cmocka_unit_test(test_beside_others),
                                       cmocka_unit_test(test_what_is_no_name)};
    return cmocka_run_group_tests(tests, open_release, close_release);
}
