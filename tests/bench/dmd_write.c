/* The made-up release as TRUD XML: the files of items 24 and 25, element by element in the order of the XSDs v2_3. XML
 * is only written here, so a function that escapes is all it takes. */
#include "dmd_model.h"

#include <stdlib.h>
#include <string.h>

static const char date[] = "161126"; /* as file names bear it */

/* --- writing ---- */

static void escaped(FILE *f, const char *s) {
    for (; *s; s++) switch (*s) {
        case '&': (void)fputs("&amp;", f); break;
        case '<': (void)fputs("&lt;", f); break;
        case '>': (void)fputs("&gt;", f); break;
        default: (void)putc(*s, f);
        }
}

static void element(FILE *f, const char *tag, const char *value) {
    (void)fprintf(f, "<%s>", tag);
    escaped(f, value);
    (void)fprintf(f, "</%s>\n", tag);
}

static void number(FILE *f, const char *tag, uint64_t value) {
    (void)fprintf(f, "<%s>%llu</%s>\n", tag, (unsigned long long)value, tag);
}

static void thousandths(FILE *f, const char *tag, uint32_t value) {
    if (value % 1000)
        (void)fprintf(f, "<%s>%u.%03u</%s>\n", tag, (unsigned)(value / 1000), (unsigned)(value % 1000), tag);
    else
        number(f, tag, value / 1000);
}

static void begin(FILE *f, const char *tag) {
    (void)fprintf(f, "<%s>\n", tag);
}

static void end(FILE *f, const char *tag) {
    (void)fprintf(f, "</%s>\n", tag);
}

/* All of 0..n-1, in an order that looks like none: a step that shares no divisor with n. */
static size_t mixed(size_t i, size_t n) {
    return (i * 1000003 + 12345) % n;
}

/* --- item 24 ---- */

static void vtms(dmd_model *m, FILE *f) {
    for (size_t k = 0; k < DMD_VTMS; k++) {
        size_t i = mixed(k, DMD_VTMS);
        begin(f, "VTM");
        number(f, "VTMID", m->vtms[i].id);
        if (i % 33 == 5) number(f, "INVALID", 1);
        element(f, "NM", m->vtms[i].name);
        if (i < DMD_VTM_FORMERS) {
            number(f, "VTMIDPREV", dmd_id(DMD_FORMER_ITEMS + i, false));
            element(f, "VTMIDDT", "2017-03-10");
        }
        end(f, "VTM");
    }
}

static void vmp(const dmd_model *m, FILE *f, size_t i) {
    const dmd_product *p = &m->vmps[i];
    begin(f, "VMP");
    number(f, "VPID", p->t.id);
    if (i < DMD_VMP_FORMERS / 2) {
        element(f, "VPIDDT", "2024-05-04");
        number(f, "VPIDPREV", dmd_id(DMD_FORMER_ITEMS + 10000 + i, true));
    }
    if (p->vtm != UINT32_MAX) number(f, "VTMID", m->vtms[p->vtm].id);
    if (i % 20 == 7) element(f, "INVALID", "1");
    element(f, "NM", p->t.name);
    element(f, "BASISCD", "0001");
    element(f, "NMDT", "2004-05-04");
    element(f, "NMPREV", p->t.name);
    element(f, "PRES_STATCD", "0001");
    if (p->n_parts) {
        bool discrete = dmd_shapes[p->shape].per_unit == 255;
        element(f, "DF_INDCD", discrete ? "1" : "2");
        if (discrete) {
            element(f, "UDFS", "1");
            number(f, "UDFS_UOMCD", m->units[6].code);
            number(f, "UNIT_DOSE_UOMCD", m->units[6].code);
        }
    } else {
        element(f, "DF_INDCD", "3");
    }
    end(f, "VMP");
}

static void vpis(const dmd_model *m, FILE *f) {
    for (size_t k = 0; k < DMD_VMPS; k++) {
        const dmd_product *p = &m->vmps[mixed(k, DMD_VMPS)];
        for (size_t i = 0; i < p->n_parts; i++) {
            const dmd_vpi *v = &p->parts[i];
            begin(f, "VPI");
            number(f, "VPID", p->t.id);
            number(f, "ISID", m->ings[v->substance].id);
            element(f, "BASIS_STRNTCD", "0001");
            thousandths(f, "STRNT_NMRTR_VAL", v->value);
            number(f, "STRNT_NMRTR_UOMCD", m->units[v->unit].code);
            if (v->per_unit != 255) {
                element(f, "STRNT_DNMTR_VAL", "1");
                number(f, "STRNT_DNMTR_UOMCD", m->units[v->per_unit].code);
            }
            end(f, "VPI");
        }
    }
}

/* A word of each product that has parts, `n` rows in all: what is left over goes to products as a second word. */
static void word_rows(const dmd_model *m, FILE *f, const char *record, const char *tag, size_t n,
                      uint64_t (*code)(const dmd_model *m, const dmd_product *p, bool second)) {
    for (size_t k = 0, done = 0; done < n; k++) {
        const dmd_product *p = &m->vmps[mixed(k, DMD_FORM_ROWS)];
        begin(f, record);
        number(f, "VPID", p->t.id);
        (void)fprintf(f, "<%s>%04llu</%s>\n", tag, (unsigned long long)code(m, p, k >= DMD_FORM_ROWS), tag);
        end(f, record);
        done++;
    }
}

static uint64_t form_of(const dmd_model *m, const dmd_product *p, bool second) {
    (void)second;
    return m->forms[dmd_shapes[p->shape].form].code;
}

static uint64_t route_of(const dmd_model *m, const dmd_product *p, bool second) {
    return m->routes[second ? 8 : dmd_shapes[p->shape].route].code;
}

static uint64_t ont_of(const dmd_model *m, const dmd_product *p, bool second) {
    (void)second;
    return m->onts[dmd_shapes[p->shape].ont].code;
}

static uint64_t category_of(const dmd_model *m, const dmd_product *p, bool second) {
    (void)m, (void)second;
    return p->t.id % 50 == 0;
}

static void vmps(dmd_model *m, FILE *f) {
    begin(f, "VMPS");
    for (size_t k = 0; k < DMD_VMPS; k++) vmp(m, f, mixed(k, DMD_VMPS));
    end(f, "VMPS");
    begin(f, "VIRTUAL_PRODUCT_INGREDIENT");
    vpis(m, f);
    end(f, "VIRTUAL_PRODUCT_INGREDIENT");
    begin(f, "ONT_DRUG_FORM");
    word_rows(m, f, "ONT", "FORMCD", DMD_FORM_ROWS, ont_of);
    end(f, "ONT_DRUG_FORM");
    begin(f, "DRUG_FORM");
    word_rows(m, f, "DFORM", "FORMCD", DMD_FORM_ROWS, form_of);
    end(f, "DRUG_FORM");
    begin(f, "DRUG_ROUTE");
    word_rows(m, f, "DROUTE", "ROUTECD", DMD_ROUTE_ROWS, route_of);
    end(f, "DRUG_ROUTE");
    begin(f, "CONTROL_DRUG_INFO");
    word_rows(m, f, "CONTROL_INFO", "CATCD", DMD_FORM_ROWS, category_of);
    end(f, "CONTROL_DRUG_INFO");
}

static void described(const dmd_model *m, size_t i, char *out, size_t room) {
    (void)snprintf(out, room, "%s (%s)", m->amps[i].name, m->suppliers[m->amp_suppliers[i]].name);
}

static void amps(dmd_model *m, FILE *f) {
    char desc[640];
    begin(f, "AMPS");
    for (size_t k = 0; k < DMD_AMPS; k++) {
        size_t i = mixed(k, DMD_AMPS);
        described(m, i, desc, sizeof desc);
        begin(f, "AMP");
        number(f, "APID", m->amps[i].id);
        if (i % 15 == 3) element(f, "INVALID", "1");
        number(f, "VPID", m->vmps[m->amp_vmps[i]].t.id);
        element(f, "NM", m->amps[i].name);
        element(f, "DESC", desc);
        number(f, "SUPPCD", m->suppliers[m->amp_suppliers[i]].code);
        element(f, "LIC_AUTHCD", "0001");
        element(f, "AVAIL_RESTRICTCD", "0001");
        end(f, "AMP");
    }
    end(f, "AMPS");
    begin(f, "LICENSED_ROUTE");
    for (size_t k = 0; k < DMD_AMPS; k++) {
        const dmd_product *p = &m->vmps[m->amp_vmps[k]];
        begin(f, "LIC_ROUTE");
        number(f, "APID", m->amps[k].id);
        number(f, "ROUTECD", route_of(m, p, false));
        end(f, "LIC_ROUTE");
    }
    end(f, "LICENSED_ROUTE");
}

static size_t vmp_of_pack(size_t vmpp) {
    return vmpp % DMD_VMPS;
}

static void vmpps(dmd_model *m, FILE *f) {
    char name[640];
    begin(f, "VMPPS");
    for (size_t k = 0; k < DMD_VMPPS; k++) {
        size_t i = mixed(k, DMD_VMPPS), vmp_row = vmp_of_pack(i), packs = i < DMD_VMPS ? 28 : 56;
        (void)snprintf(name, sizeof name, "%s %zu tablet", m->vmps[vmp_row].t.name, packs);
        begin(f, "VMPP");
        number(f, "VPPID", dmd_vmpp_id(i));
        element(f, "NM", name);
        number(f, "VPID", m->vmps[vmp_row].t.id);
        number(f, "QTYVAL", packs);
        number(f, "QTY_UOMCD", m->units[6].code);
        end(f, "VMPP");
    }
    end(f, "VMPPS");
}

static size_t amp_of_pack(size_t ampp) {
    return ampp % DMD_AMPS;
}

static void ampps(dmd_model *m, FILE *f) {
    char desc[640], name[700];
    begin(f, "AMPPS");
    for (size_t k = 0; k < DMD_AMPPS; k++) {
        size_t i = mixed(k, DMD_AMPPS), amp = amp_of_pack(i);
        described(m, amp, desc, sizeof desc);
        (void)snprintf(name, sizeof name, "%s 28 tablet", desc);
        begin(f, "AMPP");
        number(f, "APPID", dmd_ampp_id(i));
        element(f, "NM", name);
        number(f, "VPPID", dmd_vmpp_id(m->amp_vmps[amp]));
        number(f, "APID", m->amps[amp].id);
        element(f, "LEGAL_CATCD", "0003");
        end(f, "AMPP");
    }
    end(f, "AMPPS");
    begin(f, "MEDICINAL_PRODUCT_PRICE");
    for (size_t k = 0; k < DMD_AMPPS; k++) {
        begin(f, "PRICE_INFO");
        number(f, "APPID", dmd_ampp_id(k));
        number(f, "PRICE", 100 + k % 5000);
        element(f, "PRICEDT", "2026-01-01");
        element(f, "PRICE_BASISCD", "0001");
        end(f, "PRICE_INFO");
    }
    end(f, "MEDICINAL_PRODUCT_PRICE");
}

static void ingredients(dmd_model *m, FILE *f) {
    for (size_t k = 0; k < DMD_INGS; k++) {
        size_t i = mixed(k, DMD_INGS);
        begin(f, "ING");
        number(f, "ISID", m->ings[i].id);
        if (i < DMD_ING_FORMERS) {
            element(f, "ISIDDT", "2005-07-27");
            number(f, "ISIDPREV", dmd_id(DMD_FORMER_ITEMS + 20000 + i, true));
        }
        element(f, "NM", m->ings[i].name);
        end(f, "ING");
    }
}

static void section(FILE *f, const char *name, const dmd_word *v, size_t n) {
    begin(f, name);
    for (size_t k = 0; k < n; k++) {
        size_t i = mixed(k, n);
        begin(f, "INFO");
        (void)fprintf(f, "<CD>%04llu</CD>\n", (unsigned long long)v[i].code);
        element(f, "DESC", v[i].name);
        end(f, "INFO");
    }
    end(f, name);
}

/* What is not a word of ours is flavours: nobody reads them, and they make up the number. */
static void lookup(dmd_model *m, FILE *f) {
    static const dmd_word basis[] = {{1, "Based on Ingredient Substance"}, {2, "Based on Base Substance"}};
    static const dmd_word control[] = {{0, "No Controlled Drug Status"}, {1, "Schedule 1 (CD Lic)"}};
    const size_t flavours = DMD_LOOKUPS - DMD_UNITS - DMD_FORMS - DMD_ONTS - DMD_ROUTES - DMD_SUPPLIERS - 4;
    section(f, "CONTROL_DRUG_CATEGORY", control, 2);
    section(f, "UNIT_OF_MEASURE", m->units, DMD_UNITS);
    section(f, "FORM", m->forms, DMD_FORMS);
    section(f, "ONT_FORM_ROUTE", m->onts, DMD_ONTS);
    section(f, "ROUTE", m->routes, DMD_ROUTES);
    section(f, "SUPPLIER", m->suppliers, DMD_SUPPLIERS);
    begin(f, "FLAVOUR");
    for (size_t i = 0; i < flavours; i++)
        (void)fprintf(f, "<INFO>\n<CD>%04zu</CD>\n<DESC>Flavour %zu</DESC>\n</INFO>\n", i, i);
    end(f, "FLAVOUR");
    section(f, "BASIS_OF_STRNTH", basis, 2);
}

static void gtins(dmd_model *m, FILE *f) {
    (void)m;
    begin(f, "AMPPS");
    for (size_t i = 0; i < DMD_GTINS; i++) {
        begin(f, "AMPP");
        number(f, "AMPPID", dmd_ampp_id(i));
        begin(f, "GTINDATA");
        number(f, "GTIN", 5000000000000 + i);
        element(f, "STARTDT", "2019-03-13");
        end(f, "GTINDATA");
        end(f, "AMPP");
    }
    end(f, "AMPPS");
}

/* --- item 25 ---- */

static void bnf(dmd_model *m, FILE *f) {
    begin(f, "VMPS");
    for (size_t k = 0; k < DMD_ATC_ROWS; k++) {
        size_t i = mixed(k, DMD_ATC_ROWS);
        unsigned chapter = (unsigned)(i % 15 + 1), within = (unsigned)(i % 9 + 1);
        begin(f, "VMP");
        number(f, "VPID", m->vmps[i].t.id);
        if (i < DMD_BNF_ROWS) (void)fprintf(f, "<BNF>%02u%02u%02u00</BNF>\n", chapter, within, within);
        (void)fprintf(f, "<ATC>%c%02u%c%c%02u</ATC>\n", "ABCDGHJLMNPRSV"[i % 14], within, 'A' + (int)(i % 8),
                      'A' + (int)(i % 5), (unsigned)(i % 60));
        end(f, "VMP");
    }
    end(f, "VMPS");
}

static void formers(FILE *f, const char *section_name, const char *record, size_t n, const dmd_model *m,
                    uint64_t (*id)(const dmd_model *m, size_t i), uint64_t item, bool uk) {
    begin(f, section_name);
    for (size_t i = 0; i < n; i++) {
        begin(f, record);
        number(f, "IDCURRENT", id(m, i));
        number(f, "IDPREVIOUS", dmd_id(item + i, uk));
        element(f, "STARTDT", "2004-12-01");
        element(f, "ENDDT", "2017-03-09");
        end(f, record);
    }
    end(f, section_name);
}

static uint64_t vtm_id(const dmd_model *m, size_t i) {
    return m->vtms[i].id;
}

static uint64_t vmp_id(const dmd_model *m, size_t i) {
    return m->vmps[i].t.id;
}

static uint64_t ing_id(const dmd_model *m, size_t i) {
    return m->ings[i].id;
}

static void history(dmd_model *m, FILE *f) {
    formers(f, "VTMS", "VTM", DMD_VTM_FORMERS, m, vtm_id, DMD_FORMER_ITEMS, false);
    formers(f, "VMPS", "VMP", DMD_VMP_FORMERS, m, vmp_id, DMD_FORMER_ITEMS + 10000, true);
    formers(f, "INGS", "ING", DMD_ING_FORMERS, m, ing_id, DMD_FORMER_ITEMS + 20000, true);
}

static void vtm_ings(dmd_model *m, FILE *f) {
    for (size_t k = 0; k < DMD_VTMS; k++)
        for (size_t i = 0, v = mixed(k, DMD_VTMS); i < 2 && m->vtm_ings[v][i] != UINT32_MAX; i++) {
            begin(f, "VTM_ING");
            number(f, "VTMID", m->vtms[v].id);
            number(f, "ISID", m->ings[m->vtm_ings[v][i]].id);
            end(f, "VTM_ING");
        }
}

/* --- files ---- */

static bool file(dmd_model *m, const char *folder, const char *stem, const char *top, const char *schema,
                 void (*content)(dmd_model *m, FILE *f)) {
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s%s.xml", folder, stem, date);
    FILE *f = fopen(path, "wb");
    if (!f) return false;
    (void)fprintf(f,
                  "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<%s xsi:noNamespaceSchemaLocation=\"%s.xsd\" "
                  "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n<!-- made up: no release of anybody -->\n",
                  top, schema);
    content(m, f);
    end(f, top);
    bool ok = ferror(f) == 0;
    return fclose(f) == 0 && ok;
}

bool dmd_write(dmd_model *m, const char *dmd, const char *bonus) {
    return file(m, dmd, "f_vtm2_3", "VIRTUAL_THERAPEUTIC_MOIETIES", "vtm_v2_3", vtms) &&
           file(m, dmd, "f_vmp2_3", "VIRTUAL_MED_PRODUCTS", "vmp_v2_3", vmps) &&
           file(m, dmd, "f_amp2_3", "ACTUAL_MEDICINAL_PRODUCTS", "amp_v2_3", amps) &&
           file(m, dmd, "f_vmpp2_3", "VIRTUAL_MED_PRODUCT_PACK", "vmpp_v2_3", vmpps) &&
           file(m, dmd, "f_ampp2_3", "ACTUAL_MEDICINAL_PROD_PACKS", "ampp_v2_3", ampps) &&
           file(m, dmd, "f_ingredient2_3", "INGREDIENT_SUBSTANCES", "ingredient_v2_3", ingredients) &&
           file(m, dmd, "f_lookup2_3", "LOOKUP", "lookup_v2_3", lookup) &&
           file(m, dmd, "f_gtin2_0", "GTIN_DETAILS", "gtin_v2_0", gtins) &&
           file(m, bonus, "f_bnf1_0", "BNF_DETAILS", "bnf_v1_0", bnf) &&
           file(m, bonus, "f_history1_0", "HISTORY", "history_v1_0", history) &&
           file(m, bonus, "f_vtm_ing1_0", "VTM_INGREDIENTS", "vtm_ing_v1_0", vtm_ings);
}
