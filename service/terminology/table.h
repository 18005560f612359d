/* The inside of an opened terminology: the shipped tables, and what a release adds to them. */
#ifndef MEDREVIEW_TERMINOLOGY_TABLE_H
#define MEDREVIEW_TERMINOLOGY_TABLE_H

#include "medreview/base/index.h"
#include "name_words.h"

#define MR_TERM_SHIPPED "builtin-2026.11"
enum { MR_TERM_KEPT = 64, MR_TERM_CLASSES = 32, MR_TERM_TOLD = 400 };

typedef struct mr_atc_class {
    mr_span prefix;
    uint32_t substance;
} mr_atc_class;

typedef struct mr_term_name {
    uint32_t hash, row; /* of amps */
} mr_term_name;

typedef struct mr_term_names { /* of AMPs, by the hash of what they are called without their supplier */
    uint32_t *starts;          /* of each bucket, and the end of the last; NULL without a release */
    mr_term_name *entries;
    unsigned shift;
} mr_term_names;

struct mr_terminology {
    mr_arena *arena;
    mr_term_substance *substances; /* of the table, then those that only the release knows */
    size_t n_substances, cap_substances, n_shipped;
    mr_route *skin;       /* by substance of the table */
    mr_product *products; /* of the table; those of the release stand in made */
    size_t n_products, cap_products;
    mr_words *words;
    mr_index *names, *ids, *atc, *rxnorm, *bnf;
    mr_atc_class classes[MR_TERM_CLASSES];
    size_t n_classes;
    uint32_t kept[MR_TERM_KEPT], variants[MR_TERM_KEPT];
    size_t n_kept, n_variants;
    /* Of the release; all empty without one. */
    mr_dmd_index *index;
    const mr_dmd_release *release; /* NULL: none */
    char version[128];
    uint32_t *bound;           /* by row of the release's substances: ours */
    bool *present;             /* by substance: a record of the release stands for it */
    mr_moiety *moieties;       /* by row of vtms */
    mr_product *made;          /* by row of vmps */
    mr_release_atc *atc_codes; /* by code */
    size_t n_atc_codes;
    mr_term_names amp_names;
    mr_term_release counts;
    mr_span *told; /* sentences, the first MR_TERM_TOLD */
    size_t cap_told, n_kept_told;
};

/* Each for one release, in this order. `t->release` is set. */
mr_rc mr_bind_substances(mr_terminology *t, mr_error *err) MR_MUST_CHECK;
mr_rc mr_bind_moieties(mr_terminology *t, mr_error *err) MR_MUST_CHECK;
mr_rc mr_make_products(mr_terminology *t, mr_error *err) MR_MUST_CHECK;
mr_rc mr_bind_names(mr_terminology *t, mr_error *err) MR_MUST_CHECK;
mr_rc mr_bind_atc(mr_terminology *t, mr_error *err) MR_MUST_CHECK;

/* The substances that a part names: its base where the strength is the base's, and the salt itself. */
uint32_t mr_bound_base(const mr_terminology *t, const mr_dmd_part *p);
uint32_t mr_bound_salt(const mr_terminology *t, const mr_dmd_part *p);
/* A sentence for mr_terminology_told. */
mr_rc mr_term_tell(mr_terminology *t, mr_error *err, const char *fmt, ...) MR_PRINTF(3, 4);
/* An id as digits in buf. */
mr_span mr_term_digits(uint64_t id, char buf[24]);

#endif
