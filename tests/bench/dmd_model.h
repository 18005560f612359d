/* A made-up dm+d release of full size: what is in it (dmd_model.c), and as TRUD XML (dmd_write.c). For `make bench`,
 * and for whoever wants to try an import without an account. Counts as the real release of November 2025 has them
 * (data/TERMINOLOGY.md 3). Names are of real length and shape, made of our substance keys; brands and suppliers are
 * made up. Which products exist, at what strength, with which codes, is chance: nothing in it may be believed. */
#ifndef TESTS_BENCH_DMD_MODEL_H
#define TESTS_BENCH_DMD_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    DMD_VTMS = 3223,
    DMD_VMPS = 24390,
    DMD_AMPS = 164893,
    DMD_VMPPS = 36932,
    DMD_AMPPS = 184331,
    DMD_INGS = 4490,
    DMD_VPIS = 26723,
    DMD_ROUTE_ROWS = 22600,
    DMD_FORM_ROWS = 20869,
    DMD_ATC_ROWS = 20330,
    DMD_BNF_ROWS = 17297,
    DMD_GTINS = 97633,
    DMD_LOOKUPS = 3806,
    DMD_SUPPLIERS = 1818,
    DMD_UNITS = 181,
    DMD_FORMS = 191,
    DMD_ROUTES = 69,
    DMD_ONTS = 337,
    DMD_VTM_FORMERS = 861,
    DMD_ING_FORMERS = 1735,
    DMD_VMP_FORMERS = 4995
};

typedef struct dmd_word {
    uint64_t code;
    char name[48];
} dmd_word;

typedef struct dmd_thing { /* VTM, substance, VMP, AMP */
    uint64_t id;
    char *name;
} dmd_thing;

typedef struct dmd_vpi {
    uint32_t substance, value; /* value: thousandths */
    uint8_t unit, per_unit;    /* rows of units; per_unit 255: per unit of the form */
} dmd_vpi;

typedef struct dmd_product { /* a VMP */
    dmd_thing t;
    uint32_t vtm; /* UINT32_MAX: none */
    uint8_t shape, n_parts;
    dmd_vpi parts[2];
} dmd_product;

typedef struct dmd_shape {                         /* how a product is taken: its words, and how its name ends */
    const char *ending;                            /* behind the strength */
    uint8_t form, route, ont, unit, per_unit, per; /* strength in the name per `per` of per_unit */
} dmd_shape;

typedef struct dmd_model {
    dmd_thing ings[DMD_INGS], vtms[DMD_VTMS];
    uint32_t vtm_ings[DMD_VTMS][2]; /* UINT32_MAX: no second */
    dmd_product vmps[DMD_VMPS];
    dmd_thing amps[DMD_AMPS]; /* name: without the supplier */
    uint32_t amp_vmps[DMD_AMPS];
    uint16_t amp_suppliers[DMD_AMPS];
    dmd_word units[DMD_UNITS], forms[DMD_FORMS], routes[DMD_ROUTES], onts[DMD_ONTS], suppliers[DMD_SUPPLIERS];
    uint64_t chance;
} dmd_model;

extern const dmd_shape dmd_shapes[];

/* NULL when the substance table of the repository cannot be read. Lives to the end of the process. */
dmd_model *dmd_model_make(uint64_t seed, const char *substances_tsv);
uint64_t dmd_next(dmd_model *m);
/* With a right check digit; UK namespace or core. */
uint64_t dmd_id(uint64_t item, bool uk);
enum { DMD_VMPP_ITEMS = 10000000, DMD_AMPP_ITEMS = 20000000, DMD_FORMER_ITEMS = 30000000 };
#define dmd_vmpp_id(i) dmd_id(DMD_VMPP_ITEMS + (uint64_t)(i)*3, true)
#define dmd_ampp_id(i) dmd_id(DMD_AMPP_ITEMS + (uint64_t)(i)*3, true)

/* The files of items 24 and 25 into two folders that exist; records in no order. */
bool dmd_write(dmd_model *m, const char *dmd, const char *bonus);

#endif
