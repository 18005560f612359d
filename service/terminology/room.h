/* What the files of this room share.
 *
 * The seam for the dm+d index: everything that resolve.c and name_parse.c ask of a terminology are the mr_term_find_*
 * and mr_term_substance_at functions below. Today table.c answers them from the shipped tables; a memory-mapped index
 * of `terminology import` will answer the same questions (and products of AMP and pack level with them). */
#ifndef MEDREVIEW_TERMINOLOGY_ROOM_H
#define MEDREVIEW_TERMINOLOGY_ROOM_H

#include "medreview/terminology/terminology.h"

#define MR_TERM_NONE UINT32_MAX
enum {
    MR_TERM_PARTS = 12,      /* substances of one product; the widest in use are vaccines and inhaled triples */
    MR_TERM_NAME_BYTES = 512 /* dm+d names end at 255 characters; longer text is no product name */
};

/* What becomes of a combination's own name once its ingredients are known; column `kept` of substances.tsv. */
typedef enum mr_kept { MR_KEPT_NOT, MR_KEPT_ALSO, MR_KEPT_WHOLE, MR_KEPT_MORE, MR_KEPT_SOLUBLE } mr_kept;

/* Where a variant's name applies; column `variant`. */
typedef enum mr_place { MR_PLACE_NONE, MR_PLACE_EYE, MR_PLACE_VAGINAL, MR_PLACE_INTRAUTERINE } mr_place;

typedef struct mr_term_substance {
    mr_span key;
    uint32_t class_of;   /* insulin for insulin glargine; else MR_TERM_NONE */
    uint32_t variant_of; /* timolol for timolol (eye); else MR_TERM_NONE */
    mr_place place;
    const uint32_t *members; /* of a combination, in the order of the strengths in its name */
    size_t n_members;
    mr_kept kept;
} mr_term_substance;

typedef struct mr_strength {
    double value; /* 0: not known */
    mr_span unit;
    double per; /* 0: per unit of the form */
    mr_span per_unit;
} mr_strength;

typedef struct mr_term_part {
    uint32_t substance;
    mr_strength strength;
} mr_term_part;

typedef struct mr_shape {
    mr_span form; /* absent when not known */
    mr_route route;
    bool modified_release, soluble, intrauterine;
} mr_shape;

/* One understanding of one code or text, before the names of drug groups are chosen (finish.c). */
typedef struct mr_reading {
    mr_term_part part[MR_TERM_PARTS];
    size_t n; /* 0: not understood */
    mr_shape shape;
    bool uncertain;      /* by the longest prefix of a name */
    bool not_a_medicine; /* n is 0 then */
} mr_reading;

typedef struct mr_product { /* a VMP */
    const mr_term_part *part;
    size_t n;
    mr_shape shape;
} mr_product;

/* What an id of the SNOMED CT and dm+d code space stands for. */
typedef enum mr_id_kind { MR_ID_VTM, MR_ID_INGREDIENT, MR_ID_PREVIOUS_VTM, MR_ID_VMP } mr_id_kind;
typedef struct mr_id_entry {
    mr_id_kind kind;
    uint32_t at; /* substance, or product for MR_ID_VMP */
} mr_id_entry;

const mr_term_substance *mr_term_substance_at(const mr_terminology *t, uint32_t at);
size_t mr_term_products(const mr_terminology *t);
const mr_product *mr_term_product_at(const mr_terminology *t, uint32_t at);
bool mr_term_find_id(const mr_terminology *t, mr_span id, mr_id_entry *ret);
bool mr_term_find_name(const mr_terminology *t, mr_span folded, uint32_t *ret);
/* Seven characters that name one substance, or that lie in a class that is one key as a whole. */
bool mr_term_find_atc(const mr_terminology *t, mr_span code, uint32_t *ret);
bool mr_term_find_rxnorm(const mr_terminology *t, mr_span code, uint32_t *ret);
bool mr_term_find_bnf(const mr_terminology *t, mr_span code, uint32_t *ret); /* by its first nine characters */
/* Combinations and classes whose own name may stand beside or instead of their members, in the order of their keys. */
size_t mr_term_kept_names(const mr_terminology *t, const uint32_t **ret);
/* The variant of a substance for that place, or MR_TERM_NONE. */
uint32_t mr_term_variant(const mr_terminology *t, uint32_t substance, mr_place place);
/* Where products of this substance that are put on the skin act; MR_ROUTE_CUTANEOUS for most. */
mr_route mr_term_skin_route(const mr_terminology *t, uint32_t substance);

/* Adds the substance, or its members when it is a combination; false when there is no room. */
bool mr_reading_add(const mr_terminology *t, mr_reading *r, uint32_t substance, const mr_strength *strengths,
                    size_t n_strengths);
/* Do both name the same substances? Two codes of one medicine must. */
bool mr_reading_same(const mr_terminology *t, const mr_reading *a, const mr_reading *b);
/* Of two that are the same: does b say more exactly what it is? Insulin glargine for insulin, the progestogen of a
 * pill. */
bool mr_reading_finer(const mr_terminology *t, const mr_reading *a, const mr_reading *b);
/* The names of the substances, joined by " + ", for steps. */
mr_span mr_reading_text(const mr_terminology *t, const mr_reading *r, mr_arena *a);
/* Chooses the names that drug groups use and writes *ret's ingredients, route, form. */
mr_rc mr_reading_finish(const mr_terminology *t, mr_reading *r, mr_arena *a, mr_understood *ret, mr_error *err);

/* The dm+d naming convention. *ret has n = 0 when the text is no such name. */
typedef enum mr_name_step {
    MR_NAME_NOT,
    MR_NAME_EXACT,
    MR_NAME_SALT,
    MR_NAME_PARTS,
    MR_NAME_PREFIX,
    MR_NAME_NO_MEDICINE
} mr_name_step;
mr_name_step mr_name_parse(const mr_terminology *t, mr_span text, mr_reading *ret);
const char *mr_name_step_text(mr_name_step s);

/* dosage.route: SNOMED CT routes as dm+d uses them. MR_ROUTE_UNKNOWN for a code that is no route we know. */
mr_route mr_route_of_code(mr_span code);

#endif
