/* One dm+d release as rows: what the importer collects, what an index file holds, what the resolver reads. The same
 * struct describes all three: in memory while importing, and afterwards pointing straight into the mapped file.
 *
 * Every table is sorted by id and has each id once; other tables point into it by row number. Numbers are exact:
 * dm+d writes at most three decimals, so quantities are whole thousandths. Fixed widths and no padding, because the
 * rows are the file. Layouts and meanings: NHSBSA dm+d XSDs v2_3 and the supplementary ("bonus") files. */
#ifndef MEDREVIEW_TERMINOLOGY_DMD_RELEASE_H
#define MEDREVIEW_TERMINOLOGY_DMD_RELEASE_H

#include "medreview/base/arena.h"
#include "medreview/core/code_set.h"

#define MR_DMD_NONE UINT32_MAX /* no such row */
enum { MR_DMD_NO_WORD = UINT16_MAX };

typedef struct mr_dmd_text { /* in the pool of names; len 0: none */
    uint32_t at, len;
} mr_dmd_text;

enum {                         /* flags */
       MR_DMD_INVALID = 1,     /* INVALID: no longer valid, and still in records */
       MR_DMD_COMBINATION = 2, /* VMP: COMBPRODCD 1, a pack of several products */
       MR_DMD_COMPONENT = 4    /* VMP: COMBPRODCD 2, only as part of such a pack */
};

typedef struct mr_dmd_vtm { /* f_vtm2; ingredients from the bonus file f_vtm_ing1 */
    uint64_t id;
    mr_dmd_text name;
    uint32_t flags;
    uint32_t first_member, n_members; /* in vtm_members */
    uint32_t reserved;
} mr_dmd_vtm;

typedef struct mr_dmd_substance { /* f_ingredient2: ING */
    uint64_t id;
    mr_dmd_text name;
    uint32_t flags, reserved;
} mr_dmd_substance;

typedef struct mr_dmd_part {                   /* f_vmp2: VPI, by substance id within one VMP */
    uint32_t substance, base;                  /* base: BS_SUBID, the strength is of this one; MR_DMD_NONE when none */
    uint64_t numerator;                        /* thousandths; 0: not given */
    uint64_t denominator;                      /* thousandths; 0: per unit of the form */
    uint16_t numerator_unit, denominator_unit; /* rows of units, or MR_DMD_NO_WORD */
    uint16_t basis;                            /* BASIS_STRNTCD: 1 ingredient, 2 base; 0: not given */
    uint16_t reserved;
} mr_dmd_part;

typedef struct mr_dmd_vmp { /* f_vmp2: VMP with its form, routes and control category; f_bnf1 */
    uint64_t id;
    mr_dmd_text name;
    uint32_t vtm; /* MR_DMD_NONE: none (foods, appliances, some products) */
    uint32_t flags;
    uint32_t first_part, first_route, first_ont; /* in parts, vmp_routes, vmp_onts */
    uint16_t n_parts, n_routes, n_onts;
    uint16_t form;                /* row of forms, or MR_DMD_NO_WORD */
    uint16_t unit_dose_size_unit; /* UDFS_UOMCD: row of units, or MR_DMD_NO_WORD */
    uint16_t unit_dose_unit;      /* UNIT_DOSE_UOMCD */
    uint32_t unit_dose_size;      /* UDFS in thousandths; 0: not given */
    uint32_t ddd;                 /* defined daily dose in thousandths; 0: not given */
    uint16_t ddd_unit;
    uint8_t dose_form;   /* DF_INDCD: 1 discrete, 2 continuous, 3 not applicable; 0 not given */
    uint8_t control;     /* CATCD of CONTROL_INFO; 255: not given */
    uint8_t prescribing; /* PRES_STATCD; 255: not given */
    char bnf[15];        /* section or presentation code, zero-filled */
    char atc[8];         /* zero-filled */
    uint32_t reserved;
} mr_dmd_vmp;

typedef struct mr_dmd_amp { /* f_amp2; name: DESC, with the supplier */
    uint64_t id;
    mr_dmd_text name;
    uint32_t vmp, flags;
} mr_dmd_amp;

typedef struct mr_dmd_vmpp { /* f_vmpp2 */
    uint64_t id;
    uint32_t vmp, flags;
} mr_dmd_vmpp;

typedef struct mr_dmd_ampp { /* f_ampp2 */
    uint64_t id;
    uint32_t amp, vmpp, flags, reserved;
} mr_dmd_ampp;

typedef enum mr_dmd_kind { MR_DMD_VTM, MR_DMD_SUBSTANCE, MR_DMD_VMP, MR_DMD_AMP, MR_DMD_VMPP, MR_DMD_AMPP } mr_dmd_kind;

/* A former id, from VTMIDPREV, VPIDPREV, ISIDPREV and f_history1. Sorted by (id, kind, row); an id that is also current
 * in its own kind is not here. */
typedef struct mr_dmd_previous {
    uint64_t id;
    uint32_t kind, row;
} mr_dmd_previous;

typedef struct mr_dmd_word { /* f_lookup2: UNIT_OF_MEASURE, FORM, ROUTE, ONT_FORM_ROUTE; sorted by code */
    uint64_t code;
    mr_dmd_text name;
} mr_dmd_word;

typedef struct mr_dmd_release {
    char date[11];    /* YYYY-MM-DD, the newest that its file names bear; "" when none does */
    uint32_t n_names; /* bytes of the pool */
    const char *names;
#define MR_DMD_TABLES(X) /* table, row type */                                                                         \
    X(vtms, mr_dmd_vtm)                                                                                                \
    X(substances, mr_dmd_substance)                                                                                    \
    X(vmps, mr_dmd_vmp)                                                                                                \
    X(amps, mr_dmd_amp)                                                                                                \
    X(vmpps, mr_dmd_vmpp)                                                                                              \
    X(ampps, mr_dmd_ampp)                                                                                              \
    X(previous, mr_dmd_previous)                                                                                       \
    X(units, mr_dmd_word)                                                                                              \
    X(forms, mr_dmd_word)                                                                                              \
    X(routes, mr_dmd_word)                                                                                             \
    X(onts, mr_dmd_word)                                                                                               \
    X(parts, mr_dmd_part)                                                                                              \
    X(vmp_routes, uint16_t)                                                                                            \
    X(vmp_onts, uint16_t)                                                                                              \
    X(vtm_members, uint32_t)
#define MR_DMD_TABLE(name, type)                                                                                       \
    const type *name;                                                                                                  \
    size_t n_##name;
    MR_DMD_TABLES(MR_DMD_TABLE)
#undef MR_DMD_TABLE
} mr_dmd_release;

static inline mr_span mr_dmd_name(const mr_dmd_release *r, mr_dmd_text t) {
    return t.len ? (mr_span){r->names + t.at, t.len} : MR_SPAN_NONE;
}

/* Does every row point to rows that exist, is every table sorted and without doubles, does every id have a right check
 * digit (codes of words need none: ONT_FORM_ROUTE counts from 0001), is every text inside the pool, valid UTF-8 and at
 * most 4096 bytes, is every code printing ASCII, are flags known and reserved fields 0? What the importer promises and
 * what an opened file must prove; a reader needs no bounds of its own afterwards.
 *   MR_MALFORMED  the sentence names table and row */
mr_rc mr_dmd_release_check(const mr_dmd_release *r, mr_error *err) MR_MUST_CHECK;

#endif
