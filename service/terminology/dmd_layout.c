/* The files of a release, as NHSBSA's schemas (v2_3, and the supplementary files) describe them: which elements a
 * record has, which it must have, and what we take from it.
 *
 * Elements that we do not need are listed all the same: one that is in no list is a change of the schema, and a person
 * should hear of it. Records without a list of fields are counted and not kept. */
#include "dmd_import_parts.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define NEED true
#define MAY false
#define SKIP(name, need)                                                                                               \
    { name, MR_DMD_V_SKIP, need, 0, 0, 0 }
#define TEXT(name)                                                                                                     \
    { name, MR_DMD_V_TEXT, NEED, 0, 0, 0 }
#define TAKE(name, need, value, slot)                                                                                  \
    { name, MR_DMD_V_##value, need, slot, 0, 0 }
#define SMALL(name, need, slot, least, most)                                                                           \
    { name, MR_DMD_V_SMALL, need, slot, least, most }
#define PREVIOUS(name)                                                                                                 \
    { name, MR_DMD_V_PREVIOUS, MAY, 0, 0, 0 }

static const mr_dmd_field word[] = {TAKE("CD", NEED, CODE, MR_DMD_ID), SKIP("CDDT", MAY), SKIP("CDPREV", MAY),
                                    SKIP("INVALID", MAY), TEXT("DESC")};
static const mr_dmd_field ing[] = {TAKE("ISID", NEED, ID, MR_DMD_ID), SKIP("ISIDDT", MAY), PREVIOUS("ISIDPREV"),
                                   TAKE("INVALID", MAY, FLAG, MR_DMD_ING_INVALID), TEXT("NM")};
static const mr_dmd_field vtm[] = {TAKE("VTMID", NEED, ID, MR_DMD_ID),
                                   TAKE("INVALID", MAY, FLAG, MR_DMD_VTM_INVALID),
                                   TEXT("NM"),
                                   SKIP("ABBREVNM", MAY),
                                   PREVIOUS("VTMIDPREV"),
                                   SKIP("VTMIDDT", MAY)};
static const mr_dmd_field vmp[] = {TAKE("VPID", NEED, ID, MR_DMD_ID),
                                   SKIP("VPIDDT", MAY),
                                   PREVIOUS("VPIDPREV"),
                                   TAKE("VTMID", MAY, ID, MR_DMD_VMP_VTM),
                                   TAKE("INVALID", MAY, FLAG, MR_DMD_VMP_INVALID),
                                   TEXT("NM"),
                                   SKIP("ABBREVNM", MAY),
                                   SKIP("BASISCD", NEED),
                                   SKIP("NMDT", MAY),
                                   SKIP("NMPREV", MAY),
                                   SKIP("BASIS_PREVCD", MAY),
                                   SKIP("NMCHANGECD", MAY),
                                   SMALL("COMBPRODCD", MAY, MR_DMD_VMP_COMBINATION, 1, 2),
                                   SMALL("PRES_STATCD", NEED, MR_DMD_VMP_PRESCRIBING, 0, 254),
                                   SKIP("SUG_F", MAY),
                                   SKIP("GLU_F", MAY),
                                   SKIP("PRES_F", MAY),
                                   SKIP("CFC_F", MAY),
                                   SKIP("NON_AVAILCD", MAY),
                                   SKIP("NON_AVAILDT", MAY),
                                   SMALL("DF_INDCD", MAY, MR_DMD_VMP_DOSE_FORM, 1, 3),
                                   TAKE("UDFS", MAY, DECIMAL, MR_DMD_VMP_UDFS),
                                   TAKE("UDFS_UOMCD", MAY, CODE, MR_DMD_VMP_UDFS_UNIT),
                                   TAKE("UNIT_DOSE_UOMCD", MAY, CODE, MR_DMD_VMP_DOSE_UNIT)};
static const mr_dmd_field vpi[] = {TAKE("VPID", NEED, ID, MR_DMD_ID),
                                   TAKE("ISID", NEED, ID, MR_DMD_VPI_ING),
                                   SMALL("BASIS_STRNTCD", MAY, MR_DMD_VPI_BASIS, 1, 2),
                                   TAKE("BS_SUBID", MAY, ID, MR_DMD_VPI_BASE),
                                   TAKE("STRNT_NMRTR_VAL", MAY, DECIMAL, MR_DMD_VPI_NUMERATOR),
                                   TAKE("STRNT_NMRTR_UOMCD", MAY, CODE, MR_DMD_VPI_NUMERATOR_UNIT),
                                   TAKE("STRNT_DNMTR_VAL", MAY, DECIMAL, MR_DMD_VPI_DENOMINATOR),
                                   TAKE("STRNT_DNMTR_UOMCD", MAY, CODE, MR_DMD_VPI_DENOMINATOR_UNIT)};
static const mr_dmd_field form[] = {TAKE("VPID", NEED, ID, MR_DMD_ID), TAKE("FORMCD", NEED, CODE, MR_DMD_PAIR_OTHER)};
static const mr_dmd_field route[] = {TAKE("VPID", NEED, ID, MR_DMD_ID), TAKE("ROUTECD", NEED, CODE, MR_DMD_PAIR_OTHER)};
static const mr_dmd_field control[] = {TAKE("VPID", NEED, ID, MR_DMD_ID),
                                       SMALL("CATCD", NEED, MR_DMD_PAIR_OTHER, 0, 254), SKIP("CATDT", MAY),
                                       SKIP("CAT_PREVCD", MAY)};
static const mr_dmd_field amp[] = {TAKE("APID", NEED, ID, MR_DMD_ID),
                                   TAKE("INVALID", MAY, FLAG, MR_DMD_AMP_INVALID),
                                   TAKE("VPID", NEED, ID, MR_DMD_AMP_VMP),
                                   SKIP("NM", NEED),
                                   SKIP("ABBREVNM", MAY),
                                   TEXT("DESC"),
                                   SKIP("NMDT", MAY),
                                   SKIP("NM_PREV", MAY),
                                   SKIP("SUPPCD", NEED),
                                   SKIP("LIC_AUTHCD", NEED),
                                   SKIP("LIC_AUTH_PREVCD", MAY),
                                   SKIP("LIC_AUTHCHANGECD", MAY),
                                   SKIP("LIC_AUTHCHANGEDT", MAY),
                                   SKIP("COMBPRODCD", MAY),
                                   SKIP("FLAVOURCD", MAY),
                                   SKIP("EMA", MAY),
                                   SKIP("PARALLEL_IMPORT", MAY),
                                   SKIP("AVAIL_RESTRICTCD", NEED)};
static const mr_dmd_field vmpp[] = {TAKE("VPPID", NEED, ID, MR_DMD_ID),
                                    TAKE("INVALID", MAY, FLAG, MR_DMD_VMPP_INVALID),
                                    SKIP("NM", NEED),
                                    SKIP("ABBREVNM", MAY),
                                    TAKE("VPID", NEED, ID, MR_DMD_VMPP_VMP),
                                    SKIP("QTYVAL", NEED),
                                    SKIP("QTY_UOMCD", NEED),
                                    SKIP("COMBPACKCD", MAY)};
static const mr_dmd_field ampp[] = {TAKE("APPID", NEED, ID, MR_DMD_ID),
                                    TAKE("INVALID", MAY, FLAG, MR_DMD_AMPP_INVALID),
                                    SKIP("NM", NEED),
                                    SKIP("ABBREVNM", MAY),
                                    TAKE("VPPID", NEED, ID, MR_DMD_AMPP_VMPP),
                                    TAKE("APID", NEED, ID, MR_DMD_AMPP_AMP),
                                    SKIP("COMBPACKCD", MAY),
                                    SKIP("LEGAL_CATCD", NEED),
                                    SKIP("SUBP", MAY),
                                    SKIP("DISCCD", MAY),
                                    SKIP("DISCDT", MAY)};
static const mr_dmd_field bnf[] = {TAKE("VPID", NEED, ID, MR_DMD_ID),
                                   {"BNF", MR_DMD_V_BNF, MAY, 0, 0, 0},
                                   TAKE("ATC", MAY, ATC, MR_DMD_BNF_ATC),
                                   TAKE("DDD", MAY, DECIMAL, MR_DMD_BNF_DDD),
                                   TAKE("DDD_UOMCD", MAY, CODE, MR_DMD_BNF_DDD_UNIT)};
static const mr_dmd_field old[] = {TAKE("IDCURRENT", NEED, ID, MR_DMD_OLD_CURRENT),
                                   TAKE("IDPREVIOUS", NEED, ID, MR_DMD_ID), SKIP("STARTDT", MAY), SKIP("ENDDT", MAY)};
static const mr_dmd_field vtm_ing[] = {TAKE("VTMID", NEED, ID, MR_DMD_ID), TAKE("ISID", NEED, ID, MR_DMD_PAIR_OTHER)};

#define KEPT(section, element, entity, table, fields, values, needed)                                                  \
    { section, element, entity, MR_DMD_T_##table, fields, COUNT(fields), values, needed }
#define PASSED(section, element, entity)                                                                               \
    { section, element, entity, MR_DMD_T_NONE, NULL, 0, 0, false }
#define WORDS(section, table) KEPT(section, "INFO", section, table, word, 1, false)
#define PASSED_WORDS(section) PASSED(section, "INFO", section)

static const mr_dmd_record_layout lookup_records[] = {
    WORDS("UNIT_OF_MEASURE", UNIT),
    WORDS("FORM", FORM),
    WORDS("ONT_FORM_ROUTE", ONT),
    WORDS("ROUTE", ROUTE),
    PASSED_WORDS("COMBINATION_PACK_IND"),
    PASSED_WORDS("COMBINATION_PROD_IND"),
    PASSED_WORDS("BASIS_OF_NAME"),
    PASSED_WORDS("NAMECHANGE_REASON"),
    PASSED_WORDS("VIRTUAL_PRODUCT_PRES_STATUS"),
    PASSED_WORDS("CONTROL_DRUG_CATEGORY"),
    PASSED_WORDS("LICENSING_AUTHORITY"),
    PASSED_WORDS("DT_PAYMENT_CATEGORY"),
    PASSED_WORDS("SUPPLIER"),
    PASSED_WORDS("FLAVOUR"),
    PASSED_WORDS("COLOUR"),
    PASSED_WORDS("BASIS_OF_STRNTH"),
    PASSED_WORDS("REIMBURSEMENT_STATUS"),
    PASSED_WORDS("SPEC_CONT"),
    PASSED_WORDS("DND"),
    PASSED_WORDS("VIRTUAL_PRODUCT_NON_AVAIL"),
    PASSED_WORDS("DISCONTINUED_IND"),
    PASSED_WORDS("DF_INDICATOR"),
    PASSED_WORDS("PRICE_BASIS"),
    PASSED_WORDS("LEGAL_CATEGORY"),
    PASSED_WORDS("AVAILABILITY_RESTRICTION"),
    PASSED_WORDS("LICENSING_AUTHORITY_CHANGE_REASON"),
};
static const mr_dmd_record_layout ingredient_records[] = {KEPT(NULL, "ING", "ING", ING, ing, MR_DMD_ING_VALUES, false)};
static const mr_dmd_record_layout vtm_records[] = {KEPT(NULL, "VTM", "VTM", VTM, vtm, MR_DMD_VTM_VALUES, false)};
static const mr_dmd_record_layout vmp_records[] = {
    KEPT("VMPS", "VMP", "VMP", VMP, vmp, MR_DMD_VMP_VALUES, true),
    KEPT("VIRTUAL_PRODUCT_INGREDIENT", "VPI", "VPI", VPI, vpi, MR_DMD_VPI_VALUES, true),
    KEPT("ONT_DRUG_FORM", "ONT", "ONT", VMP_ONT, form, MR_DMD_PAIR_VALUES, false),
    KEPT("DRUG_FORM", "DFORM", "DFORM", VMP_FORM, form, MR_DMD_PAIR_VALUES, false),
    KEPT("DRUG_ROUTE", "DROUTE", "DROUTE", VMP_ROUTE, route, MR_DMD_PAIR_VALUES, false),
    KEPT("CONTROL_DRUG_INFO", "CONTROL_INFO", "CONTROL_INFO", CONTROL, control, MR_DMD_PAIR_VALUES, false),
};
static const mr_dmd_record_layout amp_records[] = {
    KEPT("AMPS", "AMP", "AMP", AMP, amp, MR_DMD_AMP_VALUES, true),
    PASSED("AP_INGREDIENT", "AP_ING", "AP_ING"),
    PASSED("LICENSED_ROUTE", "LIC_ROUTE", "LIC_ROUTE"),
    PASSED("AP_INFORMATION", "AP_INFO", "AP_INFO"),
};
static const mr_dmd_record_layout vmpp_records[] = {
    KEPT("VMPPS", "VMPP", "VMPP", VMPP, vmpp, MR_DMD_VMPP_VALUES, true),
    PASSED("DRUG_TARIFF_INFO", "DTINFO", "DTINFO"),
    PASSED("COMB_CONTENT", "CCONTENT", "VMPP CCONTENT"),
};
static const mr_dmd_record_layout ampp_records[] = {
    KEPT("AMPPS", "AMPP", "AMPP", AMPP, ampp, MR_DMD_AMPP_VALUES, true),
    PASSED("APPLIANCE_PACK_INFO", "PACK_INFO", "PACK_INFO"),
    PASSED("DRUG_PRODUCT_PRESCRIB_INFO", "PRESCRIB_INFO", "PRESCRIB_INFO"),
    PASSED("MEDICINAL_PRODUCT_PRICE", "PRICE_INFO", "PRICE_INFO"),
    PASSED("REIMBURSEMENT_INFO", "REIMB_INFO", "REIMB_INFO"),
    PASSED("COMB_CONTENT", "CCONTENT", "AMPP CCONTENT"),
};
static const mr_dmd_record_layout gtin_records[] = {PASSED("AMPPS", "AMPP", "GTIN AMPP")};
static const mr_dmd_record_layout bnf_records[] = {
    KEPT("VMPS", "VMP", "BNF VMP", BNF, bnf, MR_DMD_BNF_VALUES, false),
    PASSED("AMPS", "AMP", "BNF AMP"),
};
static const mr_dmd_record_layout history_records[] = {
    KEPT("VTMS", "VTM", "history VTM", OLD_VTM, old, MR_DMD_OLD_VALUES, false),
    KEPT("VMPS", "VMP", "history VMP", OLD_VMP, old, MR_DMD_OLD_VALUES, false),
    KEPT("INGS", "ING", "history ING", OLD_ING, old, MR_DMD_OLD_VALUES, false),
    PASSED("SUPPS", "SUPP", "history SUPP"),
    PASSED("FORMS", "FORM", "history FORM"),
    PASSED("ROUTES", "ROUTE", "history ROUTE"),
    PASSED("UOMS", "UOM", "history UOM"),
};
static const mr_dmd_record_layout vtm_ing_records[] = {
    KEPT(NULL, "VTM_ING", "VTM_ING", VTM_ING, vtm_ing, MR_DMD_PAIR_VALUES, false)};

#define FILE_OF(type, root, required, bonus)                                                                           \
    { #type, root, required, bonus, type##_records, COUNT(type##_records) }

const mr_dmd_layout mr_dmd_layouts[MR_DMD_FILES] = {
    [MR_DMD_F_LOOKUP] = FILE_OF(lookup, "LOOKUP", true, false),
    [MR_DMD_F_INGREDIENT] = FILE_OF(ingredient, "INGREDIENT_SUBSTANCES", true, false),
    [MR_DMD_F_VTM] = FILE_OF(vtm, "VIRTUAL_THERAPEUTIC_MOIETIES", true, false),
    [MR_DMD_F_VMP] = FILE_OF(vmp, "VIRTUAL_MED_PRODUCTS", true, false),
    [MR_DMD_F_AMP] = FILE_OF(amp, "ACTUAL_MEDICINAL_PRODUCTS", true, false),
    [MR_DMD_F_VMPP] = FILE_OF(vmpp, "VIRTUAL_MED_PRODUCT_PACK", true, false),
    [MR_DMD_F_AMPP] = FILE_OF(ampp, "ACTUAL_MEDICINAL_PROD_PACKS", true, false),
    [MR_DMD_F_GTIN] = FILE_OF(gtin, "GTIN_DETAILS", false, false),
    [MR_DMD_F_BNF] = FILE_OF(bnf, "BNF_DETAILS", false, true),
    [MR_DMD_F_HISTORY] = FILE_OF(history, "HISTORY", false, true),
    [MR_DMD_F_VTM_ING] = FILE_OF(vtm_ing, "VTM_INGREDIENTS", false, true),
};
