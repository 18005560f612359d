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
        {"26643006", MR_ROUTE_ORAL},
        {"372454008", MR_ROUTE_ORAL},               /* gastroenteral */
        {"34777511000001106", MR_ROUTE_ORAL},       /* intestinal use */
        {"34206005", MR_ROUTE_PARENTERAL},          /* subcutaneous */
        {"47625008", MR_ROUTE_PARENTERAL},          /* intravenous */
        {"78421000", MR_ROUTE_PARENTERAL},          /* intramuscular */
        {"372464004", MR_ROUTE_PARENTERAL},         /* intradermal */
        {"448077001", MR_ROUTE_PARENTERAL},         /* intraepidermal */
        {"404820008", MR_ROUTE_PARENTERAL},         /* epidural */
        {"72607000", MR_ROUTE_PARENTERAL},          /* intrathecal */
        {"12130007", MR_ROUTE_PARENTERAL},          /* intraarticular */
        {"58100008", MR_ROUTE_PARENTERAL},          /* intraarterial */
        {"372459003", MR_ROUTE_PARENTERAL},         /* intrabursal */
        {"372460008", MR_ROUTE_PARENTERAL},         /* intracardiac */
        {"372461007", MR_ROUTE_PARENTERAL},         /* intracavernous */
        {"372463005", MR_ROUTE_PARENTERAL},         /* intracoronary */
        {"372465003", MR_ROUTE_PARENTERAL},         /* intradiscal */
        {"372466002", MR_ROUTE_PARENTERAL},         /* intralesional */
        {"372467006", MR_ROUTE_PARENTERAL},         /* intralymphatic */
        {"417255000", MR_ROUTE_PARENTERAL},         /* intraosseous */
        {"372469009", MR_ROUTE_PARENTERAL},         /* intrapleural */
        {"372470005", MR_ROUTE_PARENTERAL},         /* intrasternal */
        {"372474001", MR_ROUTE_PARENTERAL},         /* periarticular */
        {"372475000", MR_ROUTE_PARENTERAL},         /* perineural */
        {"420719007", MR_ROUTE_PARENTERAL},         /* intracerebroventricular */
        {"420287000", MR_ROUTE_PARENTERAL},         /* intraventricular cardiac */
        {"7782811000001109", MR_ROUTE_PARENTERAL},  /* intraventricular, obsolete */
        {"718329006", MR_ROUTE_PARENTERAL},         /* infiltration */
        {"447122006", MR_ROUTE_PARENTERAL},         /* intratumoral */
        {"39337511000001107", MR_ROUTE_PARENTERAL}, /* peritumoral */
        {"38233211000001106", MR_ROUTE_PARENTERAL}, /* intraglandular */
        {"11564311000001109", MR_ROUTE_PARENTERAL}, /* regional perfusion */
        {"18679011000001101", MR_ROUTE_INHALED},
        {"112239003", MR_ROUTE_INHALED}, /* its former id */
        {"372452007", MR_ROUTE_INHALED}, /* endotracheopulmonary */
        {"45890007", MR_ROUTE_TRANSDERMAL},
        {"6064005", MR_ROUTE_CUTANEOUS},
        {"18246711000001107", MR_ROUTE_CUTANEOUS}, /* epilesional */
        {"54485002", MR_ROUTE_EYE},
        {"372472002", MR_ROUTE_EYE},         /* its former id */
        {"418401004", MR_ROUTE_EYE},         /* intravitreal */
        {"418821007", MR_ROUTE_EYE},         /* intracameral */
        {"372476004", MR_ROUTE_EYE},         /* subconjunctival */
        {"372468001", MR_ROUTE_EYE},         /* intraocular */
        {"33770711000001104", MR_ROUTE_EYE}, /* subretinal */
        {"39338211000001108", MR_ROUTE_EYE}, /* peribulbar ocular */
        {"10547007", MR_ROUTE_EAR},
        {"46713006", MR_ROUTE_NASAL},
        {"372451000", MR_ROUTE_NASAL}, /* endosinusial */
        {"37161004", MR_ROUTE_RECTAL},
        {"11564211000001101", MR_ROUTE_RECTAL}, /* submucosal rectal */
        {"37839007", MR_ROUTE_BUCCAL},          /* sublingual */
        {"54471007", MR_ROUTE_BUCCAL},
        {"372473007", MR_ROUTE_BUCCAL},         /* oromucosal */
        {"17320711000001106", MR_ROUTE_BUCCAL}, /* oromucosal, obsolete */
        {"372449004", MR_ROUTE_BUCCAL},         /* dental */
        {"372457001", MR_ROUTE_BUCCAL},         /* gingival */
        {"16857009", MR_ROUTE_VAGINAL},
        {"62226000", MR_ROUTE_OTHER},          /* intrauterine */
        {"372450004", MR_ROUTE_OTHER},         /* endocervical */
        {"19537211000001108", MR_ROUTE_OTHER}, /* intracervical */
        {"372453002", MR_ROUTE_OTHER},         /* extraamniotic */
        {"372458006", MR_ROUTE_OTHER},         /* intraamniotic */
        {"372471009", MR_ROUTE_OTHER},         /* intravesical */
        {"90028008", MR_ROUTE_OTHER},          /* urethral */
        {"38239002", MR_ROUTE_OTHER},          /* intraperitoneal */
        {"18682911000001103", MR_ROUTE_OTHER}, /* haemodialysis */
        {"10334211000001103", MR_ROUTE_OTHER}, /* haemofiltration */
        {"420254004", MR_ROUTE_OTHER},         /* body cavity use */
        {"21856811000001103", MR_ROUTE_OTHER}, /* iontophoresis */
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (mr_span_is(code, known[i].code)) return known[i].route;
    return MR_ROUTE_UNKNOWN;
}
