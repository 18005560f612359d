/* The dm+d naming convention, as a table a pharmacist could check; and that no text does harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/rand.h"
#include "room.h"
#include "understood_text.h"

#include <string.h>

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

/* What the text alone is understood as. */
static void understand(const char *text, mr_buf *out) {
    mr_arena *a = mr_arena_new_checked(1 << 20);
    mr_term_question q = {.text = mr_span_of(text)};
    mr_understood u;
    mr_error err;
    assert_int_equal(mr_terminology_resolve(terminology, &q, a, NULL, &u, &err), MR_OK);
    understood_text(&u, out);
    mr_arena_free(a);
}

typedef struct name_case {
    const char *text, *expect;
} name_case;

static void check(const name_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        mr_buf got;
        mr_buf_init(&got, 1 << 16);
        understand(cases[i].text, &got);
        if (strcmp(mr_buf_z(&got), cases[i].expect) != 0)
            fail_msg("%s\n   is %s\n not %s", cases[i].text, mr_buf_z(&got), cases[i].expect);
        mr_buf_free(&got);
    }
}

static void test_plain_names(void **state) {
    static const name_case cases[] = {
        {"Aspirin 75mg tablets", "name: aspirin 75 mg; oral tablet"},
        {"ASPIRIN  75 MG\tTABLETS", "name: aspirin 75 mg; oral tablet"},
        {"aspirin", "name: aspirin; unknown"},
        {"Naproxen 500mg gastro-resistant tablets (A A H Pharmaceuticals Ltd)", "name: naproxen 500 mg; oral tablet"},
        {"Paracetamol 500mg tablets (Lexon (UK) Ltd)", "name: paracetamol 500 mg; oral tablet"},
        {"Amoxicillin 125mg/5ml oral suspension sugar free", "name: amoxicillin 125 mg/5 ml; oral suspension"},
        {"Metformin 1g modified-release tablets", "name: metformin 1 g; oral tablet, modified release"},
        {"Digoxin 62.5microgram tablets", "name: digoxin 62.5 microgram; oral tablet"},
        {"Levothyroxine sodium 100microgram tablets", "name: levothyroxine 100 microgram; oral tablet"},
        {"Warfarin 500micrograms tablets", "name: warfarin 500 microgram; oral tablet"},
        {"Heparin sodium 5,000units/1ml solution for injection vials",
         "name: heparin 5000 unit/1 ml; parenteral injection"},
        {"Amlodipine tablets 5mg", "name: amlodipine 5 mg; oral tablet"},
        {"Venlafaxine XL 75mg capsules", "name: venlafaxine 75 mg; oral capsule, modified release"},
        {"Diltiazem 60mg m/r tablets", "name: diltiazem 60 mg; oral tablet, modified release"},
        {"Colistimethate sodium 1million unit powder for nebuliser solution unit dose vials",
         "name: colistimethate 1000000 unit; inhaled solution"},
        {"Lactulose 3.1-3.7g/5ml oral solution", "name: lactulose; oral solution"},
        {"Insulin isophane biphasic human 30/70 100units/ml suspension for injection 3ml cartridges",
         "name: insulin + insulin isophane biphasic human 100 unit/1 ml; parenteral injection"},
        {"Levothyroxine 100\xC2\xB5g tablets", "name: levothyroxine 100 microgram; oral tablet"},
        {"St John\xE2\x80\x99s wort 300mg tablets", "name: st johns wort 300 mg; oral tablet"},
        {"Ketorolac in oral dosage form", "name: ketorolac; oral"},
    };
    (void)state;
    check(cases, sizeof cases / sizeof cases[0]);
}

static void test_routes_by_form(void **state) {
    static const name_case cases[] = {
        {"Ibuprofen 5% gel", "name: ibuprofen 5 %; cutaneous gel"},
        {"Ibuprofen 400mg tablets", "name: ibuprofen 400 mg; oral tablet"},
        {"Diclofenac sodium 100mg suppositories", "name: diclofenac 100 mg; rectal suppository"},
        {"Diclofenac sodium 75mg/3ml solution for injection ampoules",
         "name: diclofenac 75 mg/3 ml; parenteral injection"},
        {"Diclofenac 0.1% eye drops 0.3ml unit dose preservative free", "name: diclofenac 0.1 %; eye drops"},
        {"Timolol 0.5% eye drops", "name: timolol (eye) 0.5 %; eye drops"},
        {"Timolol 10mg tablets", "name: timolol 10 mg; oral tablet"},
        {"Timolol (eye)", "name: timolol (eye); eye"},
        {"Salbutamol 100micrograms/dose inhaler CFC free", "name: salbutamol 100 microgram/1 dose; inhaled inhaler"},
        {"Salbutamol 2.5mg/2.5ml nebuliser liquid unit dose vials", "name: salbutamol 2.5 mg/2.5 ml; inhaled liquid"},
        {"Tiotropium bromide 18microgram inhalation powder capsules", "name: tiotropium 18 microgram; inhaled capsule"},
        {"Mometasone 50micrograms/dose nasal spray", "name: mometasone 50 microgram/1 dose; nasal spray"},
        {"Betamethasone 0.1% ear/eye/nose drops", "name: betamethasone 0.1 %; eye drops"},
        {"Fentanyl 25micrograms/hour transdermal patches", "name: fentanyl 25 microgram/1 hour; transdermal patch"},
        {"Rivastigmine 4.6mg/24hours transdermal patches", "name: rivastigmine 4.6 mg/24 hour; transdermal patch"},
        {"Lidocaine 700mg medicated plasters", "name: lidocaine 700 mg; cutaneous plaster"},
        {"Fentanyl 200microgram sublingual tablets sugar free", "name: fentanyl 200 microgram; buccal tablet"},
        {"Glyceryl trinitrate 400micrograms/dose pump sublingual spray",
         "name: glyceryl trinitrate 400 microgram/1 dose; buccal spray"},
        {"Glyceryl trinitrate 0.4% rectal ointment", "name: glyceryl trinitrate 0.4 %; rectal ointment"},
        {"Glyceryl trinitrate 2% ointment", "name: glyceryl trinitrate 2 %; transdermal ointment"},
        {"Estradiol 10microgram pessaries", "name: estradiol (vaginal) 10 microgram; vaginal pessary"},
        {"Estradiol 2mg tablets", "name: estradiol 2 mg; oral tablet"},
        {"Estradiol 0.06% gel", "name: estradiol 0.06 %; transdermal gel"},
        {"Estriol 0.1% cream", "name: estriol (vaginal) 0.1 %; vaginal cream"},
        {"Miconazole 20mg/g oromucosal gel sugar free", "name: miconazole 20 mg/1 g; buccal gel"},
        {"Colecalciferol 25,000units/1ml oral solution unit dose ampoules",
         "name: colecalciferol 25000 unit/1 ml; oral solution"},
        {"Levonorgestrel 20micrograms/24hours intrauterine device",
         "name: levonorgestrel IUD 20 microgram/24 hour; other device"},
        {"Levonorgestrel 1.5mg tablets", "name: levonorgestrel 1.5 mg; oral tablet"},
        {"Povidone-Iodine 10% solution", "name: povidone-iodine 10 %; unknown solution"},
    };
    (void)state;
    check(cases, sizeof cases / sizeof cases[0]);
}

static void test_combinations(void **state) {
    static const name_case cases[] = {
        {"Co-codamol 30mg/500mg tablets", "name: codeine 30 mg + paracetamol 500 mg; oral tablet"},
        {"Co-codamol 8/500 tablets", "name: codeine 8 mg + paracetamol 500 mg; oral tablet"},
        {"Co-codamol 30mg/500mg effervescent tablets sugar free",
         "name: codeine 30 mg + paracetamol 500 mg + soluble co-codamol; oral tablet"},
        {"Paracetamol 500mg soluble tablets", "name: paracetamol 500 mg + soluble paracetamol; oral tablet"},
        {"Co-amoxiclav 250mg/62mg/5ml oral suspension",
         "name: amoxicillin 250 mg/5 ml + clavulanic acid 62 mg/5 ml; oral suspension"},
        {"Co-careldopa 25mg/100mg tablets", "name: carbidopa 25 mg + co-careldopa + levodopa 100 mg; oral tablet"},
        {"Carbidopa 25mg / Levodopa 100mg tablets",
         "name: carbidopa 25 mg + co-careldopa + levodopa 100 mg; oral tablet"},
        {"Sacubitril 49mg / Valsartan 51mg tablets", "name: sacubitril/valsartan; oral tablet"},
        {"sacubitril/valsartan", "name: sacubitril/valsartan; unknown"},
        {"Empagliflozin 12.5mg / Metformin 850mg tablets",
         "name: empagliflozin 12.5 mg + metformin 850 mg; oral tablet"},
        {"Naproxen 500mg / Esomeprazole 20mg modified-release tablets",
         "name: esomeprazole 20 mg + naproxen 500 mg; oral tablet, modified release"},
        {"Diclofenac sodium 50mg gastro-resistant / Misoprostol 200microgram tablets",
         "name: diclofenac 50 mg + misoprostol 200 microgram; oral tablet"},
        {"Budesonide 200micrograms/dose / Formoterol 6micrograms/dose dry powder inhaler",
         "name: budesonide 200 microgram/1 dose + formoterol 6 microgram/1 dose; inhaled inhaler"},
        {"Latanoprost 50micrograms/ml / Timolol 5mg/ml eye drops",
         "name: latanoprost 50 microgram/1 ml + timolol (eye) 5 mg/1 ml; eye drops"},
        {"Naproxen 500mg tablets and Misoprostol 200microgram tablets",
         "name: misoprostol 200 microgram + naproxen 500 mg; oral tablet"},
        {"Hydrocodone bitartrate 10 mg and ibuprofen 200 mg oral tablet",
         "name: hydrocodone 10 mg + ibuprofen 200 mg; oral tablet"},
        {"Chlorpheniramine 2mg/ibuprofen 200mg/pseudoephedrine 30mg oral tablet",
         "name: chlorphenamine 2 mg + ibuprofen 200 mg + pseudoephedrine 30 mg; oral tablet"},
        {"Ethinylestradiol 30microgram / Levonorgestrel 150microgram tablets",
         "name: ethinylestradiol 30 microgram + ethinylestradiol combinations + levonorgestrel 150 microgram; oral "
         "tablet"},
        {"Estradiol 1mg / Norethisterone 500microgram tablets",
         "name: estradiol 1 mg + estradiol/norethisterone + norethisterone 500 microgram; oral tablet"},
        {"Dipipanone 10mg / Cyclizine 30mg tablets", "name: cyclizine 30 mg + dipipanone 10 mg; oral tablet"},
        {"Colecalciferol 400unit / Calcium carbonate 1.5g chewable tablets",
         "name: calcium carbonate 1.5 g + colecalciferol 400 unit; oral tablet"},
        {"Morphine and Cocaine elixir", "name: cocaine + morphine; oral elixir"},
    };
    (void)state;
    check(cases, sizeof cases / sizeof cases[0]);
}

static void test_american_names(void **state) {
    static const name_case cases[] = {
        {"Citalopram (as citalopram hydrobromide) 10 mg oral tablet", "name: citalopram 10 mg; oral tablet"},
        {"Acetaminophen 325 MG / Oxycodone Hydrochloride 5 MG Oral Tablet",
         "name: oxycodone 5 mg + paracetamol 325 mg; oral tablet"},
        {"24 HR Metoprolol Tartrate 100 MG Extended Release Oral Tablet",
         "name: metoprolol 100 mg; oral tablet, modified release"},
        {"NDA020503 200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler",
         "name: salbutamol 0.09 mg/1 dose; inhaled inhaler"},
        {"0.4 ML Enoxaparin sodium 100 MG/ML Prefilled Syringe", "name: enoxaparin 100 mg/1 ml; parenteral"},
        {"insulin human, isophane 70 UNT/ML / Regular Insulin, Human 30 UNT/ML Injectable Suspension [Humulin]",
         "name: insulin + insulin human 30 unit/1 ml + insulin isophane human 70 unit/1 ml; parenteral injection"},
        {"Torsemide 100 mg oral tablet", "name: torasemide 100 mg; oral tablet"},
        {"Product containing precisely prednisolone 50 milligram/1 each conventional release oral tablet (clinical "
         "drug)",
         "name: prednisolone 50 mg; oral tablet"},
    };
    (void)state;
    check(cases, sizeof cases / sizeof cases[0]);
}

/* Nothing is guessed: brands, misspellings, and combinations with an unknown part are not recognised. */
static void test_what_is_not_recognised(void **state) {
    static const name_case cases[] = {
        {"Nurofen 200mg tablets", "not-recognised"},
        {"Atorvastaton 20mg tablets", "not-recognised"},
        {"Paracetamol 250mg / Unheardofine 5mg tablets", "not-recognised"},
        {"Generic Nutrison liquid", "not-recognised"},
        {"tablets", "not-recognised"},
        {"500mg", "not-recognised"},
        {"/", "not-recognised"},
        {"(((", "not-recognised"},
        {"", "no-code-no-text"},
        {"   ", "no-code-no-text"},
        {"Transfer-degraded medication entry", "no-code-no-text"},
        {"Glucose blood testing reagent strips", "not a medicine"},
        {"Insulin pen needles 8mm/31gauge", "not a medicine"},
        {"Foley catheter male 12Ch", "not a medicine"},
        {"Absorbent perforated dressing with adhesive border 10cm x 10cm", "not a medicine"},
        {"Schar gluten free bread rolls", "not a medicine"},
        {"Opium tincture", "name (uncertain): opium; unknown"},
        {"Ibuprofen for Children 100mg/5ml oral suspension",
         "name (uncertain): ibuprofen 100 mg/5 ml; oral suspension"},
    };
    (void)state;
    check(cases, sizeof cases / sizeof cases[0]);
}

/* A name longer than any product's is no name, and takes no more time than its length. */
static void test_long_text(void **state) {
    static char text[1 << 16];
    (void)state;
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "Aspirin 75mg tablets ", 21);
    const name_case one = {text, "not-recognised"};
    check(&one, 1);
}

/* A reading in the words of the convention. */
static void print_reading(const mr_reading *r, mr_buf *out) {
    for (size_t i = 0; i < r->n; i++) {
        const mr_strength *s = &r->part[i].strength;
        mr_buf_printf(out, "%s%.*s", i ? " / " : "",
                      MR_SPAN_ARG(mr_term_substance_at(terminology, r->part[i].substance)->key));
        if (s->value > 0) mr_buf_printf(out, " %.10g%.*s", s->value, MR_SPAN_ARG(s->unit));
        if (s->per > 0) mr_buf_printf(out, "/%.10g%.*s", s->per, MR_SPAN_ARG(s->per_unit));
    }
    if (r->shape.modified_release) mr_buf_adds(out, " modified-release");
    if (r->shape.soluble) mr_buf_adds(out, " soluble");
    mr_buf_printf(out, " %.*s", MR_SPAN_ARG(r->shape.form));
}

/* parse(print(parse(x))) = parse(x) for every shipped product. */
static void test_print_and_parse(void **state) {
    size_t n = 0;
    (void)state;
    for (; n < mr_term_products(terminology); n++) {
        const mr_product *p = mr_term_product_at(terminology, (uint32_t)n);
        mr_reading want = {.n = p->n, .shape = p->shape}, got;
        memcpy(want.part, p->part, p->n * sizeof *p->part);
        mr_buf text;
        mr_buf_init(&text, 1 << 16);
        print_reading(&want, &text);
        (void)mr_name_parse(terminology, mr_buf_span(&text), &got);
        bool same = got.n == want.n && mr_reading_same(terminology, &got, &want) &&
                    mr_span_eq(got.shape.form, want.shape.form) &&
                    got.shape.modified_release == want.shape.modified_release;
        for (size_t i = 0; same && i < want.n; i++)
            same = got.part[i].strength.value == want.part[i].strength.value &&
                   got.part[i].strength.per == want.part[i].strength.per;
        if (!same) fail_msg("%s", mr_buf_z(&text));
        mr_buf_free(&text);
    }
    assert_true(n > 500);
}

/* Random bytes, and names with random bytes in them: an answer, no harm. The sanitizers watch. */
static void test_any_bytes(void **state) {
    static const char *const seeds[] = {"Co-codamol 30mg/500mg tablets (Teva UK Ltd)",
                                        "Insulin human, isophane 70 UNT/ML / Regular",
                                        "Diclofenac sodium 50mg gastro-resistant / Misoprostol 200microgram tablets"};
    static const char letters[] = "()[]/+ -.,%0123456789mgl\xC2\xB5\xE2\x80";
    mr_rand rand;
    (void)state;
    mr_rand_seed(&rand, 20261121);
    for (unsigned round = 0; round < 20000; round++) {
        char text[96] = {0};
        size_t n = strlen(seeds[round % 3]);
        memcpy(text, seeds[round % 3], n);
        for (unsigned k = 0; k < 1 + round % 7; k++)
            text[mr_rand_below(&rand, n)] = letters[mr_rand_below(&rand, sizeof letters - 1)];
        mr_reading r;
        mr_name_step step = mr_name_parse(terminology, (mr_span){text, n - mr_rand_below(&rand, n / 2)}, &r);
        assert_true((step == MR_NAME_NOT || step == MR_NAME_NO_MEDICINE) == (r.n == 0));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plain_names),
                                       cmocka_unit_test(test_routes_by_form),
                                       cmocka_unit_test(test_combinations),
                                       cmocka_unit_test(test_american_names),
                                       cmocka_unit_test(test_what_is_not_recognised),
                                       cmocka_unit_test(test_long_text),
                                       cmocka_unit_test(test_print_and_parse),
                                       cmocka_unit_test(test_any_bytes)};
    return cmocka_run_group_tests(tests, open_table, close_table);
}
