/* What a medicine is: codes and text to substances, route, form, strength. Immutable once opened; shared by threads.
 *
 * Order of evidence, each step recorded: exact dm+d or SNOMED CT id; previous id; ATC, by the table or else by all
 * products of the release that bear it; RxNorm; BNF; the dm+d naming convention of the text, or else a whole AMP name
 * of the release; else not recognised. All codings are read; when two name different substances the medicine is in
 * conflict, and that is reported, never settled in silence. Ids stay text: never through a double. */
#ifndef MEDREVIEW_TERMINOLOGY_TERMINOLOGY_H
#define MEDREVIEW_TERMINOLOGY_TERMINOLOGY_H

#include "medreview/base/buf.h"
#include "medreview/core/code_set.h"
#include "medreview/core/record.h"

typedef struct mr_terminology mr_terminology;
struct mr_dmd_index;

/* The shipped substance table alone. */
mr_rc mr_terminology_builtin(mr_terminology **ret, mr_error *err) MR_MUST_CHECK;
/* The shipped table and an index of `terminology import` together: the index says what products are, the table what
 * substances are called. Codes as mr_dmd_index_open. */
mr_rc mr_terminology_open(const char *path, mr_terminology **ret, mr_error *err) MR_MUST_CHECK;
/* The same with an index that is open already; taken over, also when this fails. */
mr_rc mr_terminology_over(struct mr_dmd_index *ix, mr_terminology **ret, mr_error *err) MR_MUST_CHECK;
void mr_terminology_free(mr_terminology *t);
/* "builtin-2026.11"; with an index "dmd-2026-11-16.0123456789abcdef+builtin-2026.11" (release date, checksum). */
const char *mr_terminology_version(const mr_terminology *t);
/* Code sets that the index holds; n_sets 0 without. Live as long as t. */
const mr_code_sets *mr_terminology_code_sets(const mr_terminology *t);

/* How a release was bound to the substances of the table: for lookup, import and doctor. */
typedef struct mr_term_release {
    mr_span date; /* "2026-11-16"; "" when its file names bear none */
    /* Its substances: found by id, by a former id, by name, by name without a salt, by the moiety of their products;
     * own: known to the release alone, under their own names, and in no group. */
    size_t by_id, by_former_id, by_name, by_salt, by_moiety, own;
    /* Its products (VMP): what their ingredients come from; unsure and refused: see mr_terminology_told. */
    size_t by_parts, by_vtm, by_product_name, no_medicine, unknown, unsure, refused;
    size_t told; /* sentences in all; mr_terminology_told gives the first 400 */
} mr_term_release;
/* false without a release. */
bool mr_terminology_release(const mr_terminology *t, mr_term_release *ret);
/* Where substances, moieties, ingredients and names of the release disagree, a sentence each, in the order of its
 * tables. NULL when there is none. */
const mr_span *mr_terminology_told(const mr_terminology *t, size_t *ret_n);
/* Does any record of the release stand for this key of the table? A combination: for each of its members; a class: for
 * one of its members; a name for one route: for the substance. False without a release and for a key that is none. */
bool mr_terminology_binds(const mr_terminology *t, mr_span key);

/* How many products a code can lead to without any text; numbered from 1, as in mr_understood.product. */
size_t mr_terminology_products(const mr_terminology *t);
/* Product `number` as mr_terminology_resolve would answer for its code alone (ingredients, route, form, atc, bnf). `by`
 * is MR_REC_NOT, and there are no ingredients, for what is no medicine, not understood, or refused. */
mr_rc mr_terminology_product(const mr_terminology *t, uint32_t number, mr_arena *a, mr_understood *ret,
                             mr_error *err) MR_MUST_CHECK;
size_t mr_terminology_substances(const mr_terminology *t);
/* The key of the substance at that place, from 0; absent behind the last. In the order of the table. */
mr_span mr_terminology_substance(const mr_terminology *t, size_t at);

/* The codes that the shipped table has for a key: SNOMED CT ids of moiety (VTM) and ingredient, in this order, and ATC
 * codes of single substances (no classes). A name for one route ("timolol (eye)") has those of its substance besides
 * its own. False when the table does not have the key, or has no code for it. */
enum { MR_TERM_CODES = 24 }; /* the shipped table has twelve ids at most for one key */
typedef struct mr_term_codes {
    mr_span sct[MR_TERM_CODES], atc[MR_TERM_CODES];
    size_t n_sct, n_atc;
} mr_term_codes;
bool mr_terminology_codes(const mr_terminology *t, mr_span key, mr_term_codes *ret);

typedef struct mr_term_question {
    const mr_coding *codings;
    size_t n_codings;
    mr_span text;            /* absent when none */
    const mr_coding *routes; /* dosage.route codings; may sharpen an unknown route */
    size_t n_routes;
} mr_term_question;

/* One step of the resolution, for `terminology lookup`. */
typedef struct mr_term_step {
    mr_span step, outcome; /* "dmd-vmp", "319775004: no such id in the table" */
} mr_term_step;
typedef struct mr_term_steps {
    mr_term_step *v;
    size_t n, cap;
} mr_term_steps;

/* Never fails for what it is asked: an unknown medicine is an answer (by = MR_REC_NOT, why). `steps` may be NULL.
 * Transfer-degraded codes (196421000000109) count as no code: the text decides.
 *   MR_NOMEM, MR_LIMIT   the arena is out of room */
mr_rc mr_terminology_resolve(const mr_terminology *t, const mr_term_question *q, mr_arena *a, mr_term_steps *steps,
                             mr_understood *ret, mr_error *err) MR_MUST_CHECK;

/* SCTID: 6 to 18 digits with a right Verhoeff digit. */
bool mr_sctid_valid(mr_span id);
/* http://snomed.info/sct, https://dmd.nhs.uk with and without slash, the urn:oid forms: one code space. */
bool mr_system_is_sct(mr_span system);

#endif
