/* SNOMED CT ids: the check digit, the systems that carry them, routes by code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "room.h"

#include <stdio.h>
#include <string.h>

static void test_check_digit(void **state) {
    static const struct {
        const char *id;
        bool valid;
    } cases[] = {
        {"29902411000001105", true},  /* Lixiana 30mg */
        {"29902411000001104", false}, /* the same after a spreadsheet has rounded it */
        {"319775004", true},          {"777067000", true},   {"26643006", true},      {"196421000000109", true},
        {"1239511000000100", true},   {"319775005", false},  {"31977504", false},     {"", false},
        {"0319775004", false},        {"12345", false},      {"31977500a", false},    {" 319775004", false},
        {"319775004 ", false},        {"-319775004", false}, {"3.19775004e8", false}, {"1234567890123456789", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (mr_sctid_valid(mr_span_of(cases[i].id)) != cases[i].valid) fail_msg("%s", cases[i].id);
}

/* What the check digit is for: every wrong digit and every swap of neighbours is noticed. */
static void test_typing_errors_are_noticed(void **state) {
    static const char *const ids[] = {"29902411000001105", "319775004", "196421000000109"};
    (void)state;
    for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
        size_t n = strlen(ids[k]);
        char id[32];
        for (size_t i = 0; i < n; i++) {
            for (char c = '0'; c <= '9'; c++) {
                memcpy(id, ids[k], n + 1);
                id[i] = c;
                if (c != ids[k][i]) assert_false(mr_sctid_valid((mr_span){id, n}));
            }
            if (i + 1 == n || ids[k][i] == ids[k][i + 1]) continue;
            memcpy(id, ids[k], n + 1);
            id[i] = ids[k][i + 1];
            id[i + 1] = ids[k][i];
            assert_false(mr_sctid_valid((mr_span){id, n}));
        }
    }
}

static void test_systems(void **state) {
    static const struct {
        const char *system;
        bool sct;
    } cases[] = {
        {"http://snomed.info/sct", true},
        {"https://dmd.nhs.uk", true},
        {"https://dmd.nhs.uk/", true},
        {"urn:oid:2.16.840.1.113883.6.96", true},
        {"http://snomed.info/sct/83821000000107", true},
        {"http://snomed.info/sctx", false},
        {"https://dmd.nhs.uk/VTM", false},
        {"http://www.whocc.no/atc", false},
        {"https://fhir.hl7.org.uk/Id/emis-drug-codes", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (mr_system_is_sct(mr_span_of(cases[i].system)) != cases[i].sct) fail_msg("%s", cases[i].system);
}

static void test_route_codes(void **state) {
    static const struct {
        const char *code;
        mr_route route;
    } cases[] = {{"26643006", MR_ROUTE_ORAL},
                 {"34206005", MR_ROUTE_PARENTERAL},
                 {"18679011000001101", MR_ROUTE_INHALED},
                 {"45890007", MR_ROUTE_TRANSDERMAL},
                 {"6064005", MR_ROUTE_CUTANEOUS},
                 {"54485002", MR_ROUTE_EYE},
                 {"37161004", MR_ROUTE_RECTAL},
                 {"46713006", MR_ROUTE_NASAL},
                 {"37839007", MR_ROUTE_BUCCAL},
                 {"47625008", MR_ROUTE_PARENTERAL},
                 {"78421000", MR_ROUTE_PARENTERAL},
                 {"16857009", MR_ROUTE_VAGINAL},
                 {"319775004", MR_ROUTE_UNKNOWN},
                 {"", MR_ROUTE_UNKNOWN}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (*cases[i].code) assert_true(mr_sctid_valid(mr_span_of(cases[i].code)));
        assert_int_equal(mr_route_of_code(mr_span_of(cases[i].code)), cases[i].route);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_check_digit),
                                       cmocka_unit_test(test_typing_errors_are_noticed), cmocka_unit_test(test_systems),
                                       cmocka_unit_test(test_route_codes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
