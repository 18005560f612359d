/* A release and the table together: what an id of each level is understood as, as a table of questions and answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "release_lines.h"
#include "understood_text.h"

#include <string.h>

/* Substances with their public ids where the table knows them; #1.. are made up. */
static const char release[] = "sub|387458008|Aspirin\n"
                              "sub|387517004|Paracetamol\n"
                              "sub|387494007|Codeine\n"
                              "sub|#1|Codeine phosphate\n"
                              "sub|#2|Timolol maleate\n"
                              "sub|372880004|Timolol\n"
                              "sub|#3|Newstatin calcium\n"
                              "sub|#4|Fentanyl\n"
                              "sub|426714006|Diclofenac diethylammonium\n"
                              "sub|#5|Estradiol hemihydrate\n"
                              "sub|387207008|Ibuprofen\n"
                              "sub|#6|Edoxaban tosilate\n"
                              "sub|#7|Edoxaban\n"
                              "sub|#8|Ferrous fumarate\n"
                              "sub|#9|Iron\n"
                              "sub|#10|Metronidazole\n"
                              "sub|#11|Insulin icodec\n"
                              "vtm|7947003|Aspirin|387458008\n"
                              "vtm|777067000|Paracetamol|\n"
                              "vtm|#20|Co-codamol|#1,387517004\n"
                              "vtm|#21|Newstatin|#3\n"
                              "vtm|#22|Edoxaban|#7\n"
                              "vmp|319775004|Aspirin 75mg tablets|7947003|Tablet|Oral|tablet.oral|02090000|B01AC06\n"
                              "vpi|319775004|387458008||75000|mg\n"
                              "vmp|#30|Aspirin 300mg tablets|7947003|Tablet|Oral|tablet.oral||B01AC06\n"
                              "vpi|#30|387458008||300000|mg\n"
                              "vmp|#31|Co-codamol 30mg/500mg effervescent tablets|#20|Soluble tablet|Oral\n"
                              "vpi|#31|#1||30000|mg\n"
                              "vpi|#31|387517004||500000|mg\n"
                              "vmp|#32|Timolol 0.5% eye drops||Eye drops|Ocular|solutiondrops.ophthalmic\n"
                              "vpi|#32|#2|372880004|5000|mg|1000|ml\n"
                              "vmp|#33|Newstatin 10mg tablets|#21|Tablet|Oral\n"
                              "vpi|#33|#3||10000|mg\n"
                              "vmp|#34|Fentanyl 25micrograms/hour transdermal patches||Transdermal patch|Transdermal\n"
                              "vpi|#34|#4||25000|microgram/hour\n"
                              "vmp|#35|Diclofenac 2.32% gel||Gel|Transdermal\n"
                              "vpi|#35|426714006||23200|mg|1000|gram\n"
                              "vmp|#36|Estradiol 0.06% gel||Gel|Transdermal\n"
                              "vpi|#36|#5||600|mg|1000|gram\n"
                              "vmp|#37|Edoxaban 30mg tablets|#22|Tablet|Oral\n"
                              "vpi|#37|#6|#7|30000|mg\n"
                              "vmp|#38|Ferrous fumarate 322mg tablets||Tablet|Oral\n"
                              "vpi|#38|#8|#9|100000|mg\n"
                              "vmp|#39|Metronidazole 5mg/1ml something new||Solution for injection|Oral,Intravenous\n"
                              "vpi|#39|#10||5000|mg|1000|ml\n"
                              "vmp|#40|Generic Madefood liquid|||Gastroenteral\n"
                              "vmp|#41|Sterile gauze dressing 10cm x 10cm\n"
                              "vmp|#42|Ibuprofen 400mg tablets\n"
                              "vmp|#43|Ibuprofen 200mg tablets||Tablet|Oral\n"
                              "vpi|#43|387458008||200000|mg\n"
                              "vmp|#44|Aspirin 300mg / Codeine 8mg tablets||Tablet|Oral\n"
                              "vpi|#44|387458008||300000|mg\n"
                              "vmp|#45|Aspirin 500mg modified-release tablets|7947003|Modified-release tablet|Oral\n"
                              "vpi|#45|387458008||500000|mg\n"
                              "vmp|#46|Paracetamol 500mg tablets|777067000|Tablet|Somewhere new\n"
                              "sub|#12|Betamethasone sodium phosphate\n"
                              "sub|#13|Orange\n"
                              "vtm|#23|Orange|#13\n"
                              "sub|#14|Epoxystatin something\n"
                              "vtm|96307003|!Fluvastatin|#14\n"
                              "vmp|#49|Betamethasone 0.1% ear/eye/nose drops||Not applicable|Ocular,Auricular,Nasal\n"
                              "vpi|#49|#12||1000|mg|1000|ml\n"
                              "vmp|#48|!Insulin icodec 700units/1ml injection||Solution for injection|Intravenous\n"
                              "vpi|#48|#11||700000|unit|1000|ml\n"
                              "amp|29902411000001105|Lixiana 30mg tablets (Daiichi Sankyo UK Ltd)|#37\n"
                              "amp|#50|!Nu-Seals 75 tablets (Alliance)|319775004\n"
                              "vmpp|#60|319775004\n"
                              "ampp|#61|#50|#60\n"
                              "was|#70|vmp|319775004\n"
                              "was|#71|vmp|319775004\n"
                              "was|#71|vmp|#30\n"
                              "was|#72|vmp|319775004\n"
                              "was|#72|vmp|#37\n"
                              "was|#73|amp|#50\n"
                              "sub|#15|Roundabout name\n"
                              "was|700067006|sub|#15\n"
                              "was|90332006|vtm|777067000\n";

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

/* "#37 30971000..." : codes with spaces between them; a text behind a colon. */
static void ask(const opened *o, const char *question, mr_buf *out, bool steps) {
    mr_arena *a = mr_arena_new(1 << 20);
    mr_coding codings[4];
    char digits[4][24];
    mr_term_question q = {.codings = codings};
    mr_span rest = mr_span_of(question), codes, one;
    if (mr_span_split(rest, ':', &codes, &q.text)) rest = codes;
    while (rest.len && q.n_codings < 4) {
        mr_span tail;
        mr_span_split(rest, ' ', &one, &tail);
        size_t n = q.n_codings++;
        snprintf(digits[n], sizeof digits[n], "%" PRIu64, release_read_id(one));
        codings[n] = (mr_coding){MR_SPAN("http://snomed.info/sct"), mr_span_of(digits[n]), MR_SPAN_NONE};
        rest = tail;
    }
    mr_understood u;
    mr_error err;
    mr_term_steps told = {0};
    assert_int_equal(mr_terminology_resolve(o->t, &q, a, steps ? &told : NULL, &u, &err), MR_OK);
    for (size_t i = 0; i < told.n; i++)
        mr_buf_printf(out, "%.*s: %.*s\n", MR_SPAN_ARG(told.v[i].step), MR_SPAN_ARG(told.v[i].outcome));
    understood_text(&u, out);
    if (u.product) mr_buf_adds(out, "; product");
    if (u.atc.ptr) mr_buf_printf(out, "; %.*s", MR_SPAN_ARG(u.atc));
    mr_arena_free(a);
}

typedef struct question {
    const char *asked, *answer;
} question;

static void check(const opened *o, const question *v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        mr_buf out;
        mr_buf_init(&out, 4096);
        ask(o, v[i].asked, &out, false);
        if (strcmp(mr_buf_z(&out), v[i].answer) != 0)
            print_error("%s\n  is     %s\n  wanted %s\n", v[i].asked, mr_buf_z(&out), v[i].answer);
        assert_string_equal(mr_buf_z(&out), v[i].answer);
        mr_buf_free(&out);
    }
}
#define CHECK(o, v) check((o), (v), sizeof(v) / sizeof(v)[0])

static void test_products(void **state) {
    static const question v[] = {
        {"319775004", "dmd-vmp: aspirin 75 mg; oral tablet; product; B01AC06"},
        {"#31", "dmd-vmp: codeine 30 mg + paracetamol 500 mg + soluble co-codamol; oral tablet; product"},
        {"#32", "dmd-vmp: timolol (eye) 5 mg/1 ml; eye drops; product"}, /* the strength is the base's */
        {"#34", "dmd-vmp: fentanyl 25 microgram/1 hour; transdermal patch; product"},
        {"#35", "dmd-vmp: diclofenac 23.2 mg/1 g; cutaneous gel; product"}, /* dm+d calls it transdermal */
        {"#36", "dmd-vmp: estradiol 0.6 mg/1 g; transdermal gel; product"}, /* and this one is */
        {"#37", "dmd-vmp: edoxaban 30 mg; oral tablet; product"},
        {"#38", "dmd-vmp: ferrous fumarate 322 mg; oral tablet; product"},       /* 100 mg is the iron in it */
        {"#39", "dmd-vmp: metronidazole 5 mg/1 ml; unknown injection; product"}, /* by mouth and into a vein */
        {"#45", "dmd-vmp: aspirin 500 mg; oral tablet, modified release; product"},
        {"#46", "dmd-vmp: paracetamol 500 mg; unknown tablet; product"}, /* by its moiety; a route that is new */
        {"#48", "dmd-vmp: insulin + insulin icodec 700 unit/1 ml; parenteral injection; product"},
        {"#49", "dmd-vmp: betamethasone 1 mg/1 ml; nasal drops; product"}, /* the systemic one of three */
        {"#42", "dmd-vmp: ibuprofen 400 mg; oral tablet; product"},        /* by its name alone */
        {"#33", "dmd-vmp: newstatin 10 mg; oral tablet; product"},         /* the release alone knows it */
    };
    CHECK(*state, v);
}

/* What a release says against itself is never taken in silence. */
static void test_products_that_are_not_plain(void **state) {
    static const question v[] = {
        {"#43", "conflicting-codes"},
        {"#44", "dmd-vmp (uncertain): aspirin 300 mg + codeine 8 mg; oral tablet; product"},
        {"#40", "not-recognised"},
        {"#41", "not a medicine"},
        {"#40:Aspirin 75mg tablets", "name: aspirin 75 mg; oral tablet"},
        {"#41:Aspirin 75mg tablets", "conflicting-codes"},
        {"#43 319775004", "conflicting-codes"},
    };
    static const char *const told[] = {
        "route 7000004 Somewhere new: not known, its products count as systemic",
        "VMP 10431000001104 Ibuprofen 200mg tablets: its ingredients are aspirin, its name says ibuprofen",
        ("VMP 10441000001106 Aspirin 300mg / Codeine 8mg tablets: its ingredients are aspirin, its name says aspirin + "
         "codeine"),
    };
    size_t n;
    CHECK(*state, v);
    const mr_span *is = mr_terminology_told(((opened *)*state)->t, &n);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) assert_true(mr_span_is(is[i], told[i]));
}

static void test_levels(void **state) {
    static const question v[] = {
        {"29902411000001105", "dmd-amp: edoxaban 30 mg; oral tablet; product"},
        {"#50", "dmd-amp: aspirin 75 mg; oral tablet; product; B01AC06"}, /* no longer valid, and still taken */
        {"#60", "dmd-pack: aspirin 75 mg; oral tablet; product; B01AC06"},
        {"#61", "dmd-pack: aspirin 75 mg; oral tablet; product; B01AC06"},
        {"#70", "dmd-previous: aspirin 75 mg; oral tablet; product; B01AC06"},
        {"#73", "dmd-previous: aspirin 75 mg; oral tablet; product; B01AC06"},
        {"7947003", "dmd-vtm: aspirin; unknown"},
        {"90332006", "dmd-previous: paracetamol; unknown"},
        {"#20", "dmd-vtm: codeine + paracetamol; unknown"},
        {"#3", "dmd-vtm: newstatin; unknown"},
        {"387458008", "dmd-vtm: aspirin; unknown"},
        {"48603004", "dmd-vtm: warfarin; unknown"}, /* the table alone knows it */
        {"#15", "dmd-vtm: rosuvastatin; unknown"},  /* its former id is in the table */
        {"#14", "dmd-vtm: fluvastatin; unknown"},   /* the only member of a moiety that is */
        {"#99", "not-recognised"},
    };
    CHECK(*state, v);
}

/* A former id with two heirs: of the same substance, it is that substance, and how much is not known; else nothing. */
static void test_split_ids(void **state) {
    static const question v[] = {
        {"#71", "dmd-previous: aspirin; oral tablet; B01AC06"},
        {"#72", "not-recognised"},
        {"#72:Edoxaban 30mg tablets", "name: edoxaban 30 mg; oral tablet"},
    };
    CHECK(*state, v);
}

static void test_several_codes(void **state) {
    static const question v[] = {
        {"#50 319775004", "dmd-vmp: aspirin 75 mg; oral tablet; product; B01AC06"},
        {"319775004 #50", "dmd-vmp: aspirin 75 mg; oral tablet; product; B01AC06"},
        {"7947003 319775004", "dmd-vmp: aspirin 75 mg; oral tablet; product; B01AC06"},
        {"319775004 #30", "dmd-vmp: aspirin; oral tablet; B01AC06"}, /* 75 mg or 300 mg? */
        {"#30 319775004", "dmd-vmp: aspirin; oral tablet; B01AC06"},
        {"319775004 #30:Aspirin 75mg tablets", "dmd-vmp: aspirin; oral tablet; B01AC06"},
        {"#30 #45", "dmd-vmp: aspirin; oral tablet, modified release"},
        {"#50 #37", "conflicting-codes"},
        {"#99 319775004", "dmd-vmp: aspirin 75 mg; oral tablet; product; B01AC06"}, /* what is unknown is no witness */
    };
    CHECK(*state, v);
}

/* The way is told so that a pharmacist can follow it. */
static void test_steps(void **state) {
    static const question v[] = {
        {"29902411000001105", "dmd-amp: 29902411000001105: Lixiana 30mg tablets (Daiichi Sankyo UK Ltd), of VMP "
                              "10371000001106 Edoxaban 30mg tablets: edoxaban\n"},
        {"#61", "dmd-pack: 10611000001108: a pack, of AMP 10501000001107 Nu-Seals 75 tablets (Alliance) (no longer "
                "valid), of VMP 319775004 Aspirin 75mg tablets: aspirin\n"},
        {"#70", "dmd-previous: 10701000001101: a former id, now VMP 319775004 Aspirin 75mg tablets: aspirin\n"},
        {"#72", "dmd-previous: 10721000001108: a former id, now VMP 319775004 Aspirin 75mg tablets: aspirin\n"
                "dmd-previous: 10721000001108: a former id, now VMP 10371000001106 Edoxaban 30mg tablets: edoxaban\n"
                "dmd-previous: 10721000001108: was split into different substances: not chosen\n"},
        {"#43", "dmd-vmp: 10431000001104: Ibuprofen 200mg tablets: its codes and its name stand for different "
                "substances, refused\n"
                "conflict: the codes or names stand for different substances\n"},
        {"#40", "dmd-vmp: 10401000001108: Generic Madefood liquid: known, but the release does not say of what it is "
                "made\n"},
    };
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        mr_buf out;
        mr_buf_init(&out, 4096);
        ask(*state, v[i].asked, &out, true);
        if (!mr_span_starts(mr_buf_span(&out), v[i].answer)) fail_msg("%s\n%s", v[i].asked, mr_buf_z(&out));
        mr_buf_free(&out);
    }
}

/* A product by its number is what its code alone gives, in every field; and every number is some product. */
static void test_products_by_number(void **state) {
    opened *o = *state;
    size_t n = mr_terminology_products(o->t), seen = 0;
    mr_arena *a = mr_arena_new(1 << 20);
    mr_error err;
    for (size_t i = 0; i < o->lines.r.n_vmps; i++) {
        char digits[24];
        snprintf(digits, sizeof digits, "%" PRIu64, o->lines.vmps[i].id);
        mr_coding c = {MR_SPAN("https://dmd.nhs.uk"), mr_span_of(digits), MR_SPAN_NONE};
        mr_term_question q = {.codings = &c, .n_codings = 1};
        mr_understood asked, numbered;
        assert_int_equal(mr_terminology_resolve(o->t, &q, a, NULL, &asked, &err), MR_OK);
        uint32_t number = (uint32_t)(n - o->lines.r.n_vmps + i + 1);
        assert_int_equal(mr_terminology_product(o->t, number, a, &numbered, &err), MR_OK);
        assert_int_equal(asked.product, asked.by == MR_REC_NOT ? 0 : number);
        mr_buf x, y;
        mr_buf_init(&x, 4096);
        mr_buf_init(&y, 4096);
        understood_text(&asked, &x);
        understood_text(&numbered, &y);
        assert_string_equal(mr_buf_z(&x), mr_buf_z(&y));
        assert_true(mr_span_eq(asked.atc, numbered.atc) && mr_span_eq(asked.bnf, numbered.bnf));
        mr_buf_free(&x);
        mr_buf_free(&y);
        seen++;
    }
    assert_true(seen > 15);
    mr_understood u;
    assert_int_equal(mr_terminology_product(o->t, 0, a, &u, &err), MR_NOT_FOUND);
    assert_int_equal(mr_terminology_product(o->t, (uint32_t)n + 1, a, &u, &err), MR_NOT_FOUND);
    assert_int_equal(mr_terminology_product(o->t, 1, a, &u, &err), MR_OK); /* of the table */
    mr_arena_free(a);
}

/* A new medicine in a record without codes: the release has taught the parser its name. */
static void test_names_learnt(void **state) {
    static const question v[] = {{":Newstatin 20mg tablets", "name: newstatin 20 mg; oral tablet"},
                                 {":Newstatin calcium 20mg tablets", "name: newstatin 20 mg; oral tablet"},
                                 {":Madefood 20mg tablets", "not-recognised"},
                                 {":Orange 20mg tablets", "not-recognised"}}; /* a moiety, and a flavour */
    CHECK(*state, v);
}

static void test_bindings(void **state) {
    opened *o = *state;
    mr_term_release r;
    assert_true(mr_terminology_release(o->t, &r));
    assert_true(mr_span_is(r.date, "2026-11-16"));
    assert_int_equal(r.by_id + r.by_former_id + r.by_name + r.by_salt + r.by_moiety + r.own, o->lines.r.n_substances);
    assert_int_equal(r.by_former_id, 1);
    assert_int_equal(r.by_moiety, 1);
    assert_int_equal(r.own, 4); /* Newstatin calcium, Insulin icodec, Orange, Iron */
    assert_int_equal(r.by_parts + r.by_vtm + r.by_product_name + r.no_medicine + r.unknown + r.unsure + r.refused,
                     o->lines.r.n_vmps);
    assert_int_equal(r.unsure, 1);
    assert_int_equal(r.refused, 1);
    assert_true(mr_terminology_binds(o->t, MR_SPAN("edoxaban")));
    assert_true(mr_terminology_binds(o->t, MR_SPAN("co-codamol")));
    assert_true(mr_terminology_binds(o->t, MR_SPAN("timolol (eye)")));
    assert_true(mr_terminology_binds(o->t, MR_SPAN("insulin")));
    assert_false(mr_terminology_binds(o->t, MR_SPAN("warfarin")));
    assert_false(mr_terminology_binds(o->t, MR_SPAN("newstatin"))); /* no key of the table */
    assert_true(mr_span_starts(mr_span_of(mr_terminology_version(o->t)), "dmd-2026-11-16."));
    assert_true(mr_span_ends(mr_span_of(mr_terminology_version(o->t)), "+builtin-2026.11"));
    assert_int_equal(strlen(mr_terminology_version(o->t)), strlen("dmd-2026-11-16.0123456789abcdef+builtin-2026.11"));
    assert_int_equal(mr_terminology_code_sets(o->t)->n_sets, 0);
}

static void test_without_a_release(void **state) {
    mr_terminology *t;
    mr_term_release r;
    mr_error err;
    size_t n = 7;
    (void)state;
    assert_int_equal(mr_terminology_builtin(&t, &err), MR_OK);
    assert_false(mr_terminology_release(t, &r));
    assert_null(mr_terminology_told(t, &n));
    assert_int_equal(n, 0);
    assert_false(mr_terminology_binds(t, MR_SPAN("aspirin")));
    assert_string_equal(mr_terminology_version(t), "builtin-2026.11");
    assert_int_equal(mr_terminology_code_sets(t)->n_sets, 0);
    mr_terminology_free(t);
    assert_int_equal(mr_terminology_open("/nowhere/at/all.index", &t, &err), MR_IO);
}

static void test_moieties_that_differ(void **state) {
    static const char apart[] = "sub|387458008|Aspirin\n"
                                "sub|387207008|Ibuprofen\n"
                                "sub|#1|Diclofenac sodium\n"
                                "sub|#2|Diclofenac potassium\n"
                                "sub|#3|Strangeate\n"
                                "vtm|7947003|Aspirin|387207008\n"
                                "vtm|#20|Diclofenac sodium|#1\n"
                                "vtm|#21|Diclofenac potassium|#2\n"
                                "vtm|#22|Strange moiety|\n"
                                "vmp|#30|Ibuprofen 200mg tablets|7947003|Tablet|Oral\n"
                                "vpi|#30|387207008||200000|mg\n"
                                "vmp|#31|Strange product|#22|Tablet|Oral\n"
                                "vpi|#31|#3||200000|mg\n"
                                "vmp|#32|Strange product without rows|#22|Tablet|Oral\n";
    static const question v[] = {
        {"7947003", "conflicting-codes"}, /* its id is aspirin's, its member is ibuprofen */
        {"#20", "dmd-vtm: diclofenac; unknown"},
        {"#21", "dmd-vtm: diclofenac; unknown"},
        {"#22", "dmd-vtm: strangeate; unknown"},                    /* as all its products */
        {"#30", "dmd-vmp: ibuprofen 200 mg; oral tablet; product"}, /* two witnesses against one */
        {"#32", "dmd-vmp: strangeate; oral tablet; product"},
    };
    static opened o;
    (void)state;
    o.t = release_open(&o.lines, apart);
    assert_non_null(o.t);
    CHECK(&o, v);
    size_t n;
    const mr_span *told = mr_terminology_told(o.t, &n);
    assert_int_equal(n, 2); /* an ingredient list against the table, twice the same moiety */
    assert_true(mr_span_is(told[0], "VTM 7947003 Aspirin: its members are ibuprofen, its id or name says aspirin"));
    release_close(&o.lines, o.t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products),
                                       cmocka_unit_test(test_products_that_are_not_plain),
                                       cmocka_unit_test(test_levels),
                                       cmocka_unit_test(test_split_ids),
                                       cmocka_unit_test(test_several_codes),
                                       cmocka_unit_test(test_steps),
                                       cmocka_unit_test(test_products_by_number),
                                       cmocka_unit_test(test_names_learnt),
                                       cmocka_unit_test(test_bindings),
                                       cmocka_unit_test(test_without_a_release),
                                       cmocka_unit_test(test_moieties_that_differ)};
    return cmocka_run_group_tests(tests, open_release, close_release);
}
