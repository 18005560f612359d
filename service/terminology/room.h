/* What the files of this room share.
 *
 * Everything that resolve.c and name_parse.c ask of a terminology are the mr_term_* functions below. table.c fills them
 * from the shipped tables; bind.c, moieties.c and products.c add what a dm+d release says, and find.c leads its ids to
 * substances and products. */
#ifndef MEDREVIEW_TERMINOLOGY_ROOM_H
#define MEDREVIEW_TERMINOLOGY_ROOM_H

#include "medreview/terminology/dmd_index.h"
#include "medreview/terminology/terminology.h"

#define MR_TERM_NONE UINT32_MAX
enum {
    MR_TERM_PARTS = 48,      /* substances of one product; the widest in use are vitamins and feeds into a vein */
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
    mr_span vtm, isid, atc; /* as the shipped table has them, split at '|'; borrowed from it */
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

/* How the substances of a product or moiety became known, and what is wrong with them. */
typedef enum mr_verdict {
    MR_VERDICT_SURE,
    MR_VERDICT_UNSURE,  /* its codes and its name share substances and differ in others: all of them, uncertain */
    MR_VERDICT_REFUSED, /* its codes and its name contradict each other: not used, and that is told */
    MR_VERDICT_NO_MEDICINE,
    MR_VERDICT_UNKNOWN
} mr_verdict;

typedef struct mr_product { /* a VMP, of the shipped table or of the release */
    const mr_term_part *part;
    size_t n;
    mr_shape shape;
    mr_verdict verdict;
} mr_product;

typedef struct mr_moiety { /* a VTM of the release */
    const uint32_t *substance;
    uint32_t n;
    mr_verdict verdict;
} mr_moiety;

/* What an id of the SNOMED CT and dm+d code space stands for. */
typedef enum mr_id_kind { MR_ID_VTM, MR_ID_INGREDIENT, MR_ID_PREVIOUS_VTM, MR_ID_VMP, MR_ID_MOIETY } mr_id_kind;
typedef struct mr_id_entry {
    mr_id_kind kind;
    uint32_t at; /* substance; product for MR_ID_VMP; row of the release for MR_ID_MOIETY */
    mr_recognised by;
} mr_id_entry;

enum { MR_ID_HOPS = 4, MR_ID_HEIRS = 8 };
typedef struct mr_id_hop { /* from a former id to the current one, from a pack to a product */
    mr_dmd_kind kind;
    uint64_t id;
    mr_span name; /* absent when the release gives none (packs) */
    bool invalid;
} mr_id_hop;
typedef struct mr_id_path {
    mr_id_entry entry[MR_ID_HEIRS]; /* more than one: a former id that was split */
    mr_id_hop hop[MR_ID_HEIRS][MR_ID_HOPS];
    size_t n, n_hops[MR_ID_HEIRS];
    bool more; /* split into more than are given: cannot be decided */
} mr_id_path;

const mr_term_substance *mr_term_substance_at(const mr_terminology *t, uint32_t at);
size_t mr_term_products(const mr_terminology *t);
const mr_product *mr_term_product_at(const mr_terminology *t, uint32_t at);
const mr_moiety *mr_term_moiety_at(const mr_terminology *t, uint32_t row);
/* ATC and BNF of a product, as the release says; absent when it does not. */
void mr_term_product_codes(const mr_terminology *t, uint32_t at, mr_span *ret_atc, mr_span *ret_bnf);
/* In the release, by current and then by former ids; else in the shipped table. Ids have a right check digit. */
bool mr_term_find_id(const mr_terminology *t, mr_span id, mr_id_path *ret);
/* In the shipped table alone. */
bool mr_term_find_shipped(const mr_terminology *t, mr_span id, mr_id_entry *ret);
bool mr_term_find_name(const mr_terminology *t, mr_span folded, uint32_t *ret);
/* Seven characters that name one substance, or that lie in a class that is one key as a whole. */
bool mr_term_find_atc(const mr_terminology *t, mr_span code, uint32_t *ret);
/* What the products of the release that bear an ATC code have in common. */
enum { MR_TERM_ATC_SETS = 32 };
typedef struct mr_release_atc {
    char code[8];
    uint32_t product;    /* row of vmps: the first that is understood */
    uint32_t n_products; /* valid ones that bear the code */
    uint32_t n_unread;   /* of those, not understood */
    uint32_t n_sets;     /* different sets of substances among the others, counted up to MR_TERM_ATC_SETS */
    mr_shape shape;      /* what all agree on; set when n_sets is 1 and n_unread 0 */
    bool uncertain;
} mr_release_atc;
/* NULL when no valid product bears it, or without a release. */
const mr_release_atc *mr_term_release_atc(const mr_terminology *t, mr_span code);
/* The substances of all its products; false when they differ. */
bool mr_term_release_atc_reading(const mr_terminology *t, const mr_release_atc *x, mr_reading *ret);
bool mr_term_find_rxnorm(const mr_terminology *t, mr_span code, uint32_t *ret);
bool mr_term_find_bnf(const mr_terminology *t, mr_span code, uint32_t *ret); /* by its first nine characters */
/* Combinations and classes whose own name may stand beside or instead of their members, in the order of their keys. */
size_t mr_term_kept_names(const mr_terminology *t, const uint32_t **ret);
/* The variant of a substance for that place, or MR_TERM_NONE. */
uint32_t mr_term_variant(const mr_terminology *t, uint32_t substance, mr_place place);
/* Where products of this substance that are put on the skin act; MR_ROUTE_CUTANEOUS for most. */
mr_route mr_term_skin_route(const mr_terminology *t, uint32_t substance);

/* Readings are wide and mostly empty: what lies behind part[n - 1] is never set nor read. */
void mr_reading_start(mr_reading *r);
void mr_reading_copy(mr_reading *to, const mr_reading *from);
void mr_reading_of_product(const mr_product *p, mr_reading *ret);
/* Are its substances known? */
bool mr_product_understood(const mr_product *p);
bool mr_product_same(const mr_product *a, const mr_product *b); /* exactly the same substances */
/* Two products of the same substances: what they do not agree on is not known. Release and solubility stay when either
 * says so, for what they add is caution; a device in the womb is one only when both say so. */
void mr_reading_blend(mr_reading *a, const mr_reading *b);
bool mr_reading_holds(const mr_reading *r, uint32_t substance);
/* Is every substance of b in a, a class counting as any of its members? */
bool mr_reading_covers(const mr_terminology *t, const mr_reading *a, const mr_reading *b);
bool mr_reading_shares(const mr_terminology *t, const mr_reading *a, const mr_reading *b); /* any substance */
/* Strengths of the same substances from b where a has none. */
void mr_reading_strengths(mr_reading *a, const mr_reading *b);
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

/* Lower case, one space between words, signs made alike, in buf of MR_TERM_NAME_BYTES; false when it does not fit,
 * which no product name does. */
bool mr_name_fold(mr_span text, char *buf, mr_span *ret);
/* A folded name without the one bracket that it ends with. */
mr_span mr_name_without_supplier(mr_span folded);

/* What all AMPs are that have exactly this name, with their supplier or without. */
typedef enum mr_amp_name {
    MR_AMP_NAME_ONE,     /* the same substances: *ret is them */
    MR_AMP_NAME_DIFFERS, /* not the same, or some are not understood */
    MR_AMP_NAME_UNREAD,  /* not understood */
    MR_AMP_NAME_NO_MEDICINE
} mr_amp_name;
/* False when no AMP has it, or without a release. */
bool mr_term_find_amp_name(const mr_terminology *t, mr_span text, mr_reading *ret, mr_amp_name *ret_how);

/* A name of dm+d's ingredient list: whole, then without salts behind it; never by its beginning. */
mr_name_step mr_name_substance(const mr_terminology *t, mr_span text, uint32_t *ret);
/* Form, route and release from the words of a text alone, whatever it names; what is not said stays. */
void mr_name_shape(const mr_terminology *t, mr_span text, mr_shape *shape);
/* A unit of dm+d ("mg", "microgram/hour", "mg/72 hours") applied to an amount per an amount of the form. */
void mr_unit_strength(mr_span unit, double value, mr_strength *ret);

/* dosage.route: SNOMED CT routes as dm+d uses them. MR_ROUTE_UNKNOWN for a code that is no route we know. */
mr_route mr_route_of_code(mr_span code);

#endif
