/* What reviews run on: knowledge, terminology and code sets together, opened as one, immutable, and shared.
 *
 * A service replaces it while it works: reviews in flight hold the one they began with, new ones take the new one.
 * Holding and dropping are safe from any thread. */
#ifndef MEDREVIEW_REVIEW_BASIS_H
#define MEDREVIEW_REVIEW_BASIS_H

#include "medreview/review/review.h"

typedef struct mr_basis mr_basis;

typedef struct mr_basis_options {
    const char *knowledge_dir;    /* NULL: the shipped packs */
    const char *terminology_file; /* index of `terminology import`; NULL: the shipped table */
    const char *codes_dir;        /* folder of CSVs, beside those of the index; NULL: none */
} mr_basis_options;

/* On a pack or CSV that does not pass: MR_MALFORMED, and `complaints` holds one line each, `FILE:LINE: reason`; rows of
 * a CSV that were refused while the rest was taken stand there too, with MR_OK. Else as mr_knowledge_load,
 * mr_terminology_open and mr_code_sets_read; the sentence begins with the key of the configuration that is at fault
 * ("terminology.index: ...").
 *   MR_INVALID  also: a file or folder that is named is not there or cannot be read
 * The result has one holder. */
mr_rc mr_basis_open(const mr_basis_options *o, mr_basis **ret, mr_buf *complaints, mr_error *err) MR_MUST_CHECK;
/* For tests and simulation: a basis over what the caller keeps for longer. `stamp` NULL: made of the two versions. */
mr_rc mr_basis_borrow(const mr_review_knowledge *k, const char *stamp, mr_basis **ret, mr_error *err) MR_MUST_CHECK;
mr_basis *mr_basis_hold(mr_basis *b);
void mr_basis_drop(mr_basis *b); /* frees it with the last holder; NULL is fine */

const mr_review_knowledge *mr_basis_knowledge(const mr_basis *b);
/* "KNOWLEDGE|TERMINOLOGY" versions: two bases with the same stamp give the same review of the same record. */
mr_span mr_basis_stamp(const mr_basis *b);
/* Does that stamp speak of the same knowledge (packs and code sets)? Where it does not, every review is out of date. */
bool mr_basis_same_knowledge(const mr_basis *b, mr_span stamp);

/* Would a review that asked terminology these questions get other answers (substances, route, form, groups) from this
 * basis? `asked` is what mr_review_asked wrote then; what cannot be read counts as different. */
bool mr_basis_differs(const mr_basis *b, mr_span asked);
/* Writes the medicine questions of an assessed review and a digest of each answer, compactly, for the store. */
mr_rc mr_review_asked(const mr_review *rv, mr_buf *out, mr_error *err) MR_MUST_CHECK;

#endif
