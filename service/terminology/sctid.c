/* SNOMED CT ids, the systems that carry them, and routes by code.
 *
 * The check digit is worth its forty lines: published UK lists hold thousands of ids that a spreadsheet rounded. */
#include "room.h"

/* The dihedral group D5, its permutation, as in the SNOMED CT release file specification. */
static const unsigned char product[10][10] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
    {3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
    {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
    {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
};
static const unsigned char permutation[8][10] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
    {8, 9, 1, 6, 0, 4, 3, 5, 2, 7}, {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
    {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8},
};

bool mr_sctid_valid(mr_span id) {
    if (id.len < 6 || id.len > 18 || id.ptr[0] == '0') return false;
    unsigned check = 0;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[id.len - 1 - i];
        if (c < '0' || c > '9') return false;
        check = product[check][permutation[i % 8][c - '0']];
    }
    return check == 0;
}

bool mr_system_is_sct(mr_span system) {
    static const char *const same[] = {"http://snomed.info/sct", "https://dmd.nhs.uk", "https://dmd.nhs.uk/",
                                       "urn:oid:2.16.840.1.113883.6.96", "urn:oid:2.16.840.1.113883.2.1.3.2.4.15"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        if (mr_span_is(system, same[i])) return true;
    return mr_span_starts(system, "http://snomed.info/sct/"); /* an edition, with or without a version */
}

typedef struct route_code {
    const char *code;
    mr_route route;
} route_code;

mr_route mr_route_of_code(mr_span code) {
    static const route_code known[] = {
        {"26643006", MR_ROUTE_ORAL},        {"34206005", MR_ROUTE_PARENTERAL},  /* subcutaneous */
        {"47625008", MR_ROUTE_PARENTERAL},  {"78421000", MR_ROUTE_PARENTERAL},  /* intravenous, intramuscular */
        {"372464004", MR_ROUTE_PARENTERAL}, {"404820008", MR_ROUTE_PARENTERAL}, /* intradermal, epidural */
        {"72607000", MR_ROUTE_PARENTERAL},  {"12130007", MR_ROUTE_PARENTERAL},  /* intrathecal, intraarticular */
        {"58100008", MR_ROUTE_PARENTERAL},  {"18679011000001101", MR_ROUTE_INHALED},
        {"45890007", MR_ROUTE_TRANSDERMAL}, {"6064005", MR_ROUTE_CUTANEOUS},
        {"54485002", MR_ROUTE_EYE},         {"418401004", MR_ROUTE_EYE}, /* intravitreal */
        {"418821007", MR_ROUTE_EYE},        {"372476004", MR_ROUTE_EYE}, /* intracameral, subconjunctival */
        {"10547007", MR_ROUTE_EAR},         {"46713006", MR_ROUTE_NASAL},
        {"37161004", MR_ROUTE_RECTAL},      {"37839007", MR_ROUTE_BUCCAL},  /* sublingual */
        {"54471007", MR_ROUTE_BUCCAL},      {"372473007", MR_ROUTE_BUCCAL}, /* oromucosal */
        {"372449004", MR_ROUTE_BUCCAL},     {"372457001", MR_ROUTE_BUCCAL}, /* dental, gingival */
        {"16857009", MR_ROUTE_VAGINAL},     {"372454008", MR_ROUTE_ORAL},   /* gastroenteral */
        {"62226000", MR_ROUTE_OTHER},       {"372471009", MR_ROUTE_OTHER},  /* intrauterine, intravesical */
        {"90028008", MR_ROUTE_OTHER},       {"38239002", MR_ROUTE_OTHER},   /* urethral, intraperitoneal */
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (mr_span_is(code, known[i].code)) return known[i].route;
    return MR_ROUTE_UNKNOWN;
}
