/* The way back: rows as the XML files of a release, so that import(export(x)) = x can be asked. What rows do not hold
 * (names of packs, suppliers, prices) is written as the schema wants it and means nothing. */
#ifndef TESTS_TERMINOLOGY_DMD_EXPORT_H
#define TESTS_TERMINOLOGY_DMD_EXPORT_H

#include "dmd_files.h"

typedef struct dmd_exporting {
    const mr_dmd_release *r;
    mr_buf b;
} dmd_exporting;

static inline void dmd_ex_text(dmd_exporting *e, mr_span s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '&')
            mr_buf_adds(&e->b, "&amp;");
        else if (c == '<')
            mr_buf_adds(&e->b, "&lt;");
        else if (c == '>')
            mr_buf_adds(&e->b, "&#62;");
        else
            mr_buf_addc(&e->b, c);
    }
}

static inline void dmd_ex_name(dmd_exporting *e, const char *tag, mr_dmd_text t) {
    mr_buf_printf(&e->b, "<%s>", tag);
    dmd_ex_text(e, mr_dmd_name(e->r, t));
    mr_buf_printf(&e->b, "</%s>\n", tag);
}

static inline void dmd_ex_number(dmd_exporting *e, const char *tag, uint64_t n) {
    mr_buf_printf(&e->b, "<%s>%llu</%s>\n", tag, (unsigned long long)n, tag);
}

static inline void dmd_ex_flag(dmd_exporting *e, uint32_t flags) {
    if (flags & MR_DMD_INVALID) mr_buf_adds(&e->b, "<INVALID>0001</INVALID>");
}

static inline void dmd_ex_thousandths(dmd_exporting *e, const char *tag, uint64_t n) {
    if (n) mr_buf_printf(&e->b, "<%s>%llu.%03u</%s>\n", tag, (unsigned long long)(n / 1000), (unsigned)(n % 1000), tag);
}

static inline void dmd_ex_word(dmd_exporting *e, const char *tag, const mr_dmd_word *words, uint16_t row) {
    if (row != MR_DMD_NO_WORD) mr_buf_printf(&e->b, "<%s>%04llu</%s>\n", tag, (unsigned long long)words[row].code, tag);
}

static inline void dmd_ex_file(dmd_exporting *e, dmd_files *to, const char *name, const char *root) {
    mr_buf whole;
    mr_buf_init(&whole, (size_t)1 << 28);
    mr_buf_printf(&whole, "<?xml version=\"1.0\"?><%s>", root);
    mr_buf_addsp(&whole, mr_buf_span(&e->b));
    mr_buf_printf(&whole, "</%s>", root);
    assert_int_equal(whole.rc, MR_OK);
    assert_int_equal(e->b.rc, MR_OK);
    dmd_files_add(to, name, whole.ptr, whole.len);
    mr_buf_free(&whole);
    mr_buf_clear(&e->b);
}

static inline void dmd_ex_words(dmd_exporting *e, const char *section, const mr_dmd_word *w, size_t n) {
    mr_buf_printf(&e->b, "<%s>", section);
    for (size_t i = 0; i < n; i++) {
        mr_buf_printf(&e->b, "<INFO><CD>%04llu</CD>", (unsigned long long)w[i].code);
        dmd_ex_name(e, "DESC", w[i].name);
        mr_buf_adds(&e->b, "</INFO>");
    }
    mr_buf_printf(&e->b, "</%s>", section);
}

static inline void dmd_ex_things(dmd_exporting *e, dmd_files *to) {
    const mr_dmd_release *r = e->r;
    dmd_ex_words(e, "UNIT_OF_MEASURE", r->units, r->n_units);
    dmd_ex_words(e, "FORM", r->forms, r->n_forms);
    dmd_ex_words(e, "ONT_FORM_ROUTE", r->onts, r->n_onts);
    dmd_ex_words(e, "ROUTE", r->routes, r->n_routes);
    dmd_ex_file(e, to, "f_lookup2_3161126.xml", "LOOKUP");
    for (size_t i = 0; i < r->n_substances; i++) {
        mr_buf_adds(&e->b, "<ING>");
        dmd_ex_number(e, "ISID", r->substances[i].id);
        dmd_ex_flag(e, r->substances[i].flags);
        dmd_ex_name(e, "NM", r->substances[i].name);
        mr_buf_adds(&e->b, "</ING>");
    }
    dmd_ex_file(e, to, "f_ingredient2_3161126.xml", "INGREDIENT_SUBSTANCES");
    for (size_t i = 0; i < r->n_vtms; i++) {
        mr_buf_adds(&e->b, "<VTM>");
        dmd_ex_number(e, "VTMID", r->vtms[i].id);
        dmd_ex_flag(e, r->vtms[i].flags);
        dmd_ex_name(e, "NM", r->vtms[i].name);
        mr_buf_adds(&e->b, "</VTM>");
    }
    dmd_ex_file(e, to, "f_vtm2_3161126.xml", "VIRTUAL_THERAPEUTIC_MOIETIES");
}

static inline void dmd_ex_vmp(dmd_exporting *e, const mr_dmd_vmp *v) {
    const mr_dmd_release *r = e->r;
    mr_buf_adds(&e->b, "<VMP>");
    dmd_ex_number(e, "VPID", v->id);
    if (v->vtm != MR_DMD_NONE) dmd_ex_number(e, "VTMID", r->vtms[v->vtm].id);
    dmd_ex_flag(e, v->flags);
    dmd_ex_name(e, "NM", v->name);
    mr_buf_adds(&e->b, "<BASISCD>1</BASISCD>");
    if (v->flags & MR_DMD_COMBINATION) mr_buf_adds(&e->b, "<COMBPRODCD>0001</COMBPRODCD>");
    if (v->flags & MR_DMD_COMPONENT) mr_buf_adds(&e->b, "<COMBPRODCD>0002</COMBPRODCD>");
    dmd_ex_number(e, "PRES_STATCD", v->prescribing);
    if (v->dose_form) dmd_ex_number(e, "DF_INDCD", v->dose_form);
    dmd_ex_thousandths(e, "UDFS", v->unit_dose_size);
    dmd_ex_word(e, "UDFS_UOMCD", r->units, v->unit_dose_size_unit);
    dmd_ex_word(e, "UNIT_DOSE_UOMCD", r->units, v->unit_dose_unit);
    mr_buf_adds(&e->b, "</VMP>");
}

static inline void dmd_ex_parts(dmd_exporting *e, const mr_dmd_vmp *v) {
    const mr_dmd_release *r = e->r;
    for (size_t i = 0; i < v->n_parts; i++) {
        const mr_dmd_part *p = &r->parts[v->first_part + i];
        mr_buf_adds(&e->b, "<VPI>");
        dmd_ex_number(e, "VPID", v->id);
        dmd_ex_number(e, "ISID", r->substances[p->substance].id);
        if (p->basis) dmd_ex_number(e, "BASIS_STRNTCD", p->basis);
        if (p->base != MR_DMD_NONE) dmd_ex_number(e, "BS_SUBID", r->substances[p->base].id);
        dmd_ex_thousandths(e, "STRNT_NMRTR_VAL", p->numerator);
        dmd_ex_word(e, "STRNT_NMRTR_UOMCD", r->units, p->numerator_unit);
        dmd_ex_thousandths(e, "STRNT_DNMTR_VAL", p->denominator);
        dmd_ex_word(e, "STRNT_DNMTR_UOMCD", r->units, p->denominator_unit);
        mr_buf_adds(&e->b, "</VPI>");
    }
}

static inline void dmd_ex_pair(dmd_exporting *e, const char *record, uint64_t vmp, const char *tag,
                               const mr_dmd_word *words, uint16_t row) {
    mr_buf_printf(&e->b, "<%s>", record);
    dmd_ex_number(e, "VPID", vmp);
    dmd_ex_word(e, tag, words, row);
    mr_buf_printf(&e->b, "</%s>", record);
}

static inline void dmd_ex_products(dmd_exporting *e, dmd_files *to) {
    const mr_dmd_release *r = e->r;
    mr_buf_adds(&e->b, "<VMPS>");
    for (size_t i = 0; i < r->n_vmps; i++) dmd_ex_vmp(e, &r->vmps[i]);
    mr_buf_adds(&e->b, "</VMPS><VIRTUAL_PRODUCT_INGREDIENT>");
    for (size_t i = 0; i < r->n_vmps; i++) dmd_ex_parts(e, &r->vmps[i]);
    mr_buf_adds(&e->b, "</VIRTUAL_PRODUCT_INGREDIENT><ONT_DRUG_FORM>");
    for (size_t i = 0; i < r->n_vmps; i++)
        for (size_t k = 0; k < r->vmps[i].n_onts; k++)
            dmd_ex_pair(e, "ONT", r->vmps[i].id, "FORMCD", r->onts, r->vmp_onts[r->vmps[i].first_ont + k]);
    mr_buf_adds(&e->b, "</ONT_DRUG_FORM><DRUG_FORM>");
    for (size_t i = 0; i < r->n_vmps; i++)
        if (r->vmps[i].form != MR_DMD_NO_WORD)
            dmd_ex_pair(e, "DFORM", r->vmps[i].id, "FORMCD", r->forms, r->vmps[i].form);
    mr_buf_adds(&e->b, "</DRUG_FORM><DRUG_ROUTE>");
    for (size_t i = 0; i < r->n_vmps; i++)
        for (size_t k = 0; k < r->vmps[i].n_routes; k++)
            dmd_ex_pair(e, "DROUTE", r->vmps[i].id, "ROUTECD", r->routes, r->vmp_routes[r->vmps[i].first_route + k]);
    mr_buf_adds(&e->b, "</DRUG_ROUTE><CONTROL_DRUG_INFO>");
    for (size_t i = 0; i < r->n_vmps; i++)
        if (r->vmps[i].control != 255)
            mr_buf_printf(&e->b, "<CONTROL_INFO><VPID>%llu</VPID><CATCD>%04u</CATCD></CONTROL_INFO>",
                          (unsigned long long)r->vmps[i].id, (unsigned)r->vmps[i].control);
    mr_buf_adds(&e->b, "</CONTROL_DRUG_INFO>");
    dmd_ex_file(e, to, "f_vmp2_3161126.xml", "VIRTUAL_MED_PRODUCTS");
}

static inline void dmd_ex_brands(dmd_exporting *e, dmd_files *to) {
    const mr_dmd_release *r = e->r;
    mr_buf_adds(&e->b, "<AMPS>");
    for (size_t i = 0; i < r->n_amps; i++) {
        mr_buf_adds(&e->b, "<AMP>");
        dmd_ex_number(e, "APID", r->amps[i].id);
        dmd_ex_flag(e, r->amps[i].flags);
        dmd_ex_number(e, "VPID", r->vmps[r->amps[i].vmp].id);
        dmd_ex_name(e, "DESC", r->amps[i].name);
        mr_buf_adds(&e->b, "<NM>x</NM><SUPPCD>1</SUPPCD><LIC_AUTHCD>1</LIC_AUTHCD>"
                           "<AVAIL_RESTRICTCD>1</AVAIL_RESTRICTCD></AMP>");
    }
    mr_buf_adds(&e->b, "</AMPS>");
    dmd_ex_file(e, to, "f_amp2_3161126.xml", "ACTUAL_MEDICINAL_PRODUCTS");
    mr_buf_adds(&e->b, "<VMPPS>");
    for (size_t i = 0; i < r->n_vmpps; i++) {
        mr_buf_adds(&e->b, "<VMPP><NM>x</NM><QTYVAL>1</QTYVAL><QTY_UOMCD>1</QTY_UOMCD>");
        dmd_ex_number(e, "VPPID", r->vmpps[i].id);
        dmd_ex_flag(e, r->vmpps[i].flags);
        dmd_ex_number(e, "VPID", r->vmps[r->vmpps[i].vmp].id);
        mr_buf_adds(&e->b, "</VMPP>");
    }
    mr_buf_adds(&e->b, "</VMPPS>");
    dmd_ex_file(e, to, "f_vmpp2_3161126.xml", "VIRTUAL_MED_PRODUCT_PACK");
    mr_buf_adds(&e->b, "<AMPPS>");
    for (size_t i = 0; i < r->n_ampps; i++) {
        mr_buf_adds(&e->b, "<AMPP><NM>x</NM><LEGAL_CATCD>1</LEGAL_CATCD>");
        dmd_ex_number(e, "APPID", r->ampps[i].id);
        dmd_ex_flag(e, r->ampps[i].flags);
        dmd_ex_number(e, "VPPID", r->vmpps[r->ampps[i].vmpp].id);
        dmd_ex_number(e, "APID", r->amps[r->ampps[i].amp].id);
        mr_buf_adds(&e->b, "</AMPP>");
    }
    mr_buf_adds(&e->b, "</AMPPS>");
    dmd_ex_file(e, to, "f_ampp2_3161126.xml", "ACTUAL_MEDICINAL_PROD_PACKS");
}

static inline void dmd_ex_former(dmd_exporting *e, const char *section, const char *record, mr_dmd_kind kind) {
    const mr_dmd_release *r = e->r;
    mr_buf_printf(&e->b, "<%s>", section);
    for (size_t i = 0; i < r->n_previous; i++) {
        const mr_dmd_previous *p = &r->previous[i];
        if (p->kind != (uint32_t)kind) continue;
        uint64_t now = kind == MR_DMD_VTM   ? r->vtms[p->row].id
                       : kind == MR_DMD_VMP ? r->vmps[p->row].id
                                            : r->substances[p->row].id;
        mr_buf_printf(&e->b, "<%s>", record);
        dmd_ex_number(e, "IDCURRENT", now);
        dmd_ex_number(e, "IDPREVIOUS", p->id);
        mr_buf_printf(&e->b, "</%s>", record);
    }
    mr_buf_printf(&e->b, "</%s>", section);
}

static inline void dmd_ex_bonus(dmd_exporting *e, dmd_files *to) {
    const mr_dmd_release *r = e->r;
    mr_buf_adds(&e->b, "<VMPS>");
    for (size_t i = 0; i < r->n_vmps; i++) {
        const mr_dmd_vmp *v = &r->vmps[i];
        mr_buf_adds(&e->b, "<VMP>");
        dmd_ex_number(e, "VPID", v->id);
        if (v->bnf[0]) mr_buf_printf(&e->b, "<BNF>%.15s</BNF>", v->bnf);
        if (v->atc[0]) mr_buf_printf(&e->b, "<ATC>%.8s</ATC>", v->atc);
        dmd_ex_thousandths(e, "DDD", v->ddd);
        dmd_ex_word(e, "DDD_UOMCD", r->units, v->ddd_unit);
        mr_buf_adds(&e->b, "</VMP>");
    }
    mr_buf_adds(&e->b, "</VMPS>");
    dmd_ex_file(e, to, "BNF/f_bnf1_0161126.xml", "BNF_DETAILS");
    dmd_ex_former(e, "VTMS", "VTM", MR_DMD_VTM);
    dmd_ex_former(e, "VMPS", "VMP", MR_DMD_VMP);
    dmd_ex_former(e, "INGS", "ING", MR_DMD_SUBSTANCE);
    dmd_ex_file(e, to, "f_history1_0161126.xml", "HISTORY");
    for (size_t i = 0; i < r->n_vtms; i++)
        for (size_t k = 0; k < r->vtms[i].n_members; k++)
            mr_buf_printf(&e->b, "<VTM_ING><VTMID>%llu</VTMID><ISID>%llu</ISID></VTM_ING>",
                          (unsigned long long)r->vtms[i].id,
                          (unsigned long long)r->substances[r->vtm_members[r->vtms[i].first_member + k]].id);
    dmd_ex_file(e, to, "f_vtm_ing1_0161126.xml", "VTM_INGREDIENTS");
}

/* Dated 2026-11-16, whatever the rows say. */
static inline void dmd_export(const mr_dmd_release *r, dmd_files *to) {
    dmd_exporting e = {.r = r};
    mr_buf_init(&e.b, (size_t)1 << 28);
    to->n = 0;
    dmd_ex_things(&e, to);
    dmd_ex_products(&e, to);
    dmd_ex_brands(&e, to);
    dmd_ex_bonus(&e, to);
    mr_buf_free(&e.b);
}

#endif
