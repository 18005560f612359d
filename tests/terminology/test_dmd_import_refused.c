/* What is refused, and what with it: one change to a whole release, and what is said of it. Every case that is imported
 * also proves that the counts agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dmd_files.h"

typedef struct change {
    const char *file, *old, *new_text;
} change;

typedef struct refusal_case {
    const char *name;
    change changes[3];
    mr_rc rc;            /* of the import */
    size_t refused;      /* things */
    const char *said[4]; /* in what was told, or in the error */
} refusal_case;

#define SALT "<ISID>48474002</ISID>"
#define COAM_TABLET "<VPID>318136009</VPID>\n      <FORMCD>385055001</FORMCD>"
#define ROUTE_OF_FOOD "<VPID>3549611000001100</VPID>\n      <ROUTECD>26643006</ROUTECD>"
#define VPI_AMILORIDE "<VPID>318136009</VPID>\n      <ISID>387516008</ISID>"

static const refusal_case cases[] = {
    {"an id with a wrong check digit",
     {{"f_amp2", "<APID>442611000001109<", "<APID>442611000001108<"}},
     MR_OK,
     1,
     {"f_amp2_3161126.xml:23: AMP: APID 442611000001108: has a wrong check digit\n"}},
    {"an id that a spreadsheet rounded",
     {{"f_amp2", "<APID>442611000001109<", "<APID>4.42611E+14<"}},
     MR_OK,
     1,
     {"AMP: APID 4.42611E+14: is no whole number\n"}},
    {"a missing name",
     {{"f_vtm2", "<NM>Adenosine</NM>", ""}, {"f_vmp2", "<VTMID>108502004</VTMID>", ""}},
     MR_OK,
     1,
     {"f_vtm2_3161126.xml:22: VTM: NM: is missing\n"}},
    {"a missing element that nobody here reads, but the schema wants",
     {{"f_amp2", "<SUPPCD>2070501000001104</SUPPCD>", ""}},
     MR_OK,
     2,
     {"AMP: SUPPCD: is missing\n", "AMPP: APID 37365811000001102: what it refers to was refused\n"}},
    {"an element twice",
     {{"f_amp2", "<APID>442611000001109</APID>", "<APID>442611000001109</APID><APID>442611000001109</APID>"}},
     MR_OK,
     1,
     {"AMP: APID is given twice\n"}},
    {"an element inside an element",
     {{"f_amp2", "Nutrison liquid (", "Nutrison <b>liquid</b> ("}},
     MR_OK,
     1,
     {"AMP: an element stands within another that has text\n"}},
    {"an element that no schema knows: said once, and the records are taken",
     {{"f_vtm2", "<NM>Salbutamol</NM>", "<NM>Salbutamol</NM><NEW_F>1</NEW_F>"},
      {"f_vtm2", "<NM>Pilocarpine</NM>", "<NM>Pilocarpine</NM><NEW_F>1</NEW_F>"}},
     MR_OK,
     1,
     {"f_vtm2_3161126.xml:12: VTM: element NEW_F is not in the schema: not read, here and further on\n"}},
    {"a section that no schema knows",
     {{"f_amp2", "<AP_INFORMATION>", "<NEW_THINGS><X><Y>1</Y></X></NEW_THINGS><AP_INFORMATION>"}},
     MR_OK,
     1,
     {"ACTUAL_MEDICINAL_PRODUCTS: section NEW_THINGS is not in the schema"}},
    {"an ingredient that is not there takes its product along",
     {{"f_ingredient2", "<ISID>48474002</ISID>", "<ISID>13645005</ISID>"}},
     MR_OK,
     11,
     {"VPI: ISID 48474002: refers to nothing that is in the release\n",
      "VMP: 39113611000001102: its VPI of line 86 is refused, so it would look simpler than it is\n",
      "AMP: VPID 39113611000001102: what it refers to was refused\n",
      "BNF VMP: VPID 39113611000001102: what it refers to was refused\n"}},
    {"one of two ingredients with a strength that is no number: neither stays",
     {{"f_vmp2", "<STRNT_NMRTR_VAL>40<", "<STRNT_NMRTR_VAL>4O<"}},
     MR_OK,
     11,
     {"VPI: STRNT_NMRTR_VAL 4O: is no decimal number\n", "VPI: VPID 318136009: what it refers to was refused\n",
      "VMP: 318136009: its VPI of line", "CONTROL_INFO: VPID 318136009: what it refers to was refused\n"}},
    {"more decimals than dm+d writes",
     {{"f_vmp2", ">23.2<", ">23.2001<"}},
     MR_OK,
     5,
     {"VPI: STRNT_NMRTR_VAL 23.2001: has more than three decimals\n"}},
    {"a number beyond all numbers",
     {{"f_vmp2", ">23.2<", ">99999999999999999999<"}},
     MR_OK,
     5,
     {"VPI: STRNT_NMRTR_VAL 99999999999999999999: is too large\n"}},
    {"a strength per nothing",
     {{"f_vmp2", "<STRNT_DNMTR_VAL>1</STRNT_DNMTR_VAL>\n      <STRNT_DNMTR_UOMCD>258682000",
       "<STRNT_DNMTR_VAL>0</STRNT_DNMTR_VAL>\n      <STRNT_DNMTR_UOMCD>258682000"}},
     MR_OK,
     5,
     {"VPI: STRNT_DNMTR_VAL 0: a strength per nothing\n"}},
    {"a base that is not there: the ingredient stays, without its strength",
     {{"f_vmp2", "<BS_SUBID>372897005<", "<BS_SUBID>372586001<"}},
     MR_OK,
     1,
     {"VPI: BS_SUBID 372586001: is not in the release: the ingredient is taken, and its strength is not\n"}},
    {"an ingredient row of nobody: no product can be trusted",
     {{"f_vmp2", VPI_AMILORIDE, "<VPID>318136008</VPID>\n      <ISID>387516008</ISID>"}},
     MR_MALFORMED,
     0,
     {"the release is not whole", "VPI: VPID 318136008: has a wrong check digit\n",
      "nobody can tell which product this was part of"}},
    {"an ingredient row of a product that is not in the release",
     {{"f_vmp2", VPI_AMILORIDE, "<VPID>318135008</VPID>\n      <ISID>387516008</ISID>"}},
     MR_OK,
     1,
     {"VPI: VPID 318135008: refers to nothing that is in the release\n"}},
    {"a route that no lookup holds",
     {{"f_vmp2", ROUTE_OF_FOOD, "<VPID>3549611000001100</VPID>\n      <ROUTECD>37161004</ROUTECD>"}},
     MR_OK,
     7,
     {"DROUTE: ROUTECD 37161004: refers to nothing that is in the release\n",
      "VMP: 3549611000001100: its DROUTE of line", "AMP: VPID 3549611000001100: what it refers to was refused\n"}},
    {"two forms for one product",
     {{"f_vmp2", COAM_TABLET, COAM_TABLET "</DFORM><DFORM><VPID>318136009</VPID><FORMCD>385100002</FORMCD>"}},
     MR_OK,
     12,
     {"DFORM: 318136009: another record of that id says something else, so none is taken\n"}},
    {"the same form twice is one",
     {{"f_vmp2", COAM_TABLET, COAM_TABLET "</DFORM><DFORM>" COAM_TABLET}},
     MR_OK,
     0,
     {NULL}},
    {"one id, two names: neither stays",
     {{"f_vtm2", "<VTMID>91143003</VTMID>", "<VTMID>90356005</VTMID>"}},
     MR_OK,
     20,
     {"VTM: 90356005: another record of that id says something else, so none is taken\n",
      "VMP: VTMID 90356005: what it refers to was refused\n",
      "VMP: VTMID 91143003: refers to nothing that is in the release\n"}},
    {"a pack that is of two products",
     {{"f_ampp2", "<APID>222311000001102<", "<APID>442611000001109<"}},
     MR_OK,
     1,
     {"AMPP: 1479411000001101: its VPPID and its APID lead to different products\n"}},
    {"a former id with a wrong check digit costs only itself",
     {{"f_vtm2", "<VTMIDPREV>354303007<", "<VTMIDPREV>354303008<"}},
     MR_OK,
     1,
     {"VTMIDPREV: VTMIDPREV 354303008: has a wrong check digit\n"}},
    {"former ids that lead in a circle",
     {{"f_history1", "<IDCURRENT>320139002</IDCURRENT>\n      <IDPREVIOUS>10406411000001108<",
       "<IDCURRENT>10406411000001108</IDCURRENT>\n      <IDPREVIOUS>320139002<"},
      {"f_vmp2", "<VPIDPREV>320139002<", "<VPIDPREV>10406411000001108<"},
      {"f_history1", "<VMPS>",
       "<VMPS><VMP><IDCURRENT>320139002</IDCURRENT><IDPREVIOUS>10406411000001108</IDPREVIOUS></VMP>"}},
     MR_OK,
     3,
     {"history VMP: former id 320139002: its successors lead back to it\n",
      "history VMP: former id 10406411000001108: its successors lead back to it\n",
      "VPIDPREV: former id 10406411000001108: not all that it became is in the release\n"}},
    {"a former id that was split, and one half is not there",
     {{"f_history1", "<VMPS>", "<VMPS><VMP><IDCURRENT>318135008</IDCURRENT><IDPREVIOUS>320139002</IDPREVIOUS></VMP>"}},
     MR_OK,
     3,
     {"history VMP: former id 320139002: what it became is not in the release\n",
      "VPIDPREV: former id 320139002: not all that it became is in the release\n",
      "history VMP: former id 10406411000001108: not all that it became is in the release\n"}},
    {"one ingredient of a VTM that is not there: none is taken",
     {{"f_vtm_ing1", "<ISID>387475002<", "<ISID>372586001<"}},
     MR_OK,
     2,
     {"VTM_ING: ISID 372586001: refers to nothing that is in the release\n",
      "VTM_ING: 34186711000001102: another ingredient of that VTM is refused\n"}},
    {"an ATC code that is none",
     {{"f_bnf1", "C03EB01", "C3EB01"}},
     MR_OK,
     1,
     {"BNF VMP: ATC C3EB01: is no ATC code\n"}},
    {"no ATC code", {{"f_bnf1", "C03EB01", "n/a"}}, MR_OK, 0, {NULL}},
    {"flags as numbers", {{"f_vtm2", "<INVALID>1<", "<INVALID>0001<"}}, MR_OK, 0, {NULL}},
    {"a flag that is none",
     {{"f_vtm2", "<INVALID>1<", "<INVALID>2<"}},
     MR_OK,
     7,
     {"VTM: INVALID 2: is neither 0 nor 1\n"}},
    {"a section that is not there",
     {{"f_vmp2", "<CONTROL_DRUG_INFO>", "<!-- "}, {"f_vmp2", "</CONTROL_DRUG_INFO>", " -->"}},
     MR_OK,
     0,
     {"note f_vmp2_3161126.xml:0: CONTROL_INFO: the section CONTROL_DRUG_INFO is not there\n"}},
    {"products without the section of their ingredients",
     {{"f_vmp2", "<VIRTUAL_PRODUCT_INGREDIENT>", "<!-- "}, {"f_vmp2", "</VIRTUAL_PRODUCT_INGREDIENT>", " -->"}},
     MR_MALFORMED,
     0,
     {"f_vmp2_3161126.xml: the section VIRTUAL_PRODUCT_INGREDIENT is missing"}},
    {"another root",
     {{"f_ampp2", "<ACTUAL_MEDICINAL_PROD_PACKS", "<ACTUAL_MEDICINAL_PACKS"}},
     MR_MALFORMED,
     0,
     {"f_ampp2_3161126.xml: line 2: another root element than that kind of file has"}},
    {"a file that was cut",
     {{"f_ampp2", "</ACTUAL_MEDICINAL_PROD_PACKS>", ""}},
     MR_MALFORMED,
     0,
     {"f_ampp2_3161126.xml: line", "no well-formed XML"}},
};

/* All that is wrong with a case is printed, so that one run shows all. */
static bool holds(const refusal_case *k, const dmd_result *r) {
    bool good = r->rc == k->rc && (r->rc != MR_OK || r->done.n_refused == k->refused);
    for (size_t i = 0; i < 4 && k->said[i]; i++) {
        bool said = strstr(r->told, k->said[i]) || (r->rc && strstr(r->err.text, k->said[i]));
        if (!said) print_error("%s: not said: %s\n", k->name, k->said[i]);
        good = good && said;
    }
    if (!good)
        print_error("%s: %s %s, %zu refused, told:\n%s\n", k->name, mr_rc_label(r->rc), r->rc ? r->err.text : "",
                    r->done.n_refused, r->told);
    return good;
}

static bool run_case(const refusal_case *k) {
    dmd_files f;
    dmd_files_fixture(&f);
    for (size_t i = 0; i < 3 && k->changes[i].file; i++)
        dmd_files_change(&f, k->changes[i].file, k->changes[i].old, k->changes[i].new_text);
    dmd_result r = dmd_run_files(&f);
    bool good = holds(k, &r);
    dmd_result_free(&r);
    dmd_files_free(&f);
    return good;
}

static void test_refusals(void **state) {
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) wrong += !run_case(&cases[i]);
    assert_int_equal(wrong, 0);
}

/* Whatever row of what a product is made of is broken, the product is not there with less: it is whole or gone. */
static void test_no_product_looks_simpler(void **state) {
    static const change rows[] = {
        {"f_vmp2", VPI_AMILORIDE, "<VPID>318136009</VPID>\n      <ISID>387516009</ISID>"},
        {"f_vmp2", "<ISID>387475002</ISID>", ""},
        {"f_vmp2", "<ISID>387475002</ISID>", "<ISID>387475002</ISID><ISID>387475002</ISID>"},
        {"f_vmp2", "<STRNT_NMRTR_VAL>40<", "<STRNT_NMRTR_VAL>-40<"},
        {"f_vmp2", "<STRNT_NMRTR_VAL>40</STRNT_NMRTR_VAL>\n      <STRNT_NMRTR_UOMCD>258684004",
         "<STRNT_NMRTR_UOMCD>0815"},
        {"f_vmp2", COAM_TABLET, "<VPID>318136009</VPID>"},
        {"f_ingredient2", "<NM>Furosemide</NM>", ""},
        {"f_lookup2", "<DESC>Tablet</DESC>", ""},
        {"f_lookup2", "<DESC>mg</DESC>", "<DESC></DESC>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dmd_files f;
        dmd_files_fixture(&f);
        dmd_files_change(&f, rows[i].file, rows[i].old, rows[i].new_text);
        dmd_result r = dmd_run_files(&f);
        assert_int_equal(r.rc, MR_OK);
        const mr_dmd_release *x = &r.done.release;
        for (size_t v = 0; v < x->n_vmps; v++)
            if (x->vmps[v].id == 318136009) fail_msg("%s: still there", rows[i].new_text);
        for (size_t v = 0; v < x->n_amps; v++) assert_true(x->amps[v].id != 37365811000001102);
        dmd_result_free(&r);
        dmd_files_free(&f);
    }
}

static void test_files_that_are_not_there(void **state) {
    static const char *const needed[] = {"f_lookup2", "f_ingredient2", "f_vtm2", "f_vmp2",
                                         "f_amp2",    "f_vmpp2",       "f_ampp2"};
    static const char *const optional[] = {"f_bnf1", "f_history1", "f_vtm_ing1"};
    (void)state;
    for (size_t i = 0; i < 7; i++) {
        dmd_files f;
        dmd_files_fixture(&f);
        dmd_files_drop(&f, needed[i]);
        dmd_result r = dmd_run_files(&f);
        assert_int_equal(r.rc, MR_MALFORMED);
        assert_non_null(strstr(r.err.text, "is no dm+d release: it holds no file f_"));
        dmd_result_free(&r);
        dmd_files_free(&f);
    }
    for (size_t i = 0; i < 3; i++) {
        dmd_files f;
        dmd_files_fixture(&f);
        dmd_files_drop(&f, optional[i]);
        dmd_result r = dmd_run_files(&f);
        assert_int_equal(r.rc, MR_OK);
        assert_int_equal(r.done.n_refused, 0);
        assert_non_null(strstr(r.told, ": file: not there"));
        dmd_result_free(&r);
        dmd_files_free(&f);
    }
}

static void test_two_of_a_kind(void **state) {
    (void)state;
    dmd_files f;
    dmd_files_fixture(&f);
    const dmd_one_file *one = dmd_files_find(&f, "f_vtm2");
    dmd_files_add(&f, "older/f_vtm2_3091126.xml", one->bytes, one->n);
    dmd_result r = dmd_run_files(&f);
    assert_int_equal(r.rc, MR_MALFORMED);
    assert_non_null(strstr(r.err.text, "two vtm files, "));
    assert_non_null(strstr(r.err.text, "older/f_vtm2_3091126.xml"));
    assert_non_null(strstr(r.err.text, "f_vtm2_3161126.xml"));
    dmd_result_free(&r);
    dmd_files_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_no_product_looks_simpler),
        cmocka_unit_test(test_files_that_are_not_there),
        cmocka_unit_test(test_two_of_a_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
