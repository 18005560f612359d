/* The drug groups of every product, worked out once when ruleset and terminology are opened together: a medicine that
 * is understood by a product's code takes its groups from here, as one bit set an ingredient. Immutable, shared by
 * threads.
 */
#ifndef MEDREVIEW_REVIEW_CLASSES_H
#define MEDREVIEW_REVIEW_CLASSES_H

#include "medreview/base/buf.h"
#include "medreview/core/ruleset.h"
#include "medreview/terminology/terminology.h"

typedef struct mr_classes mr_classes;

/* Both are borrowed for the life of the table. MR_NOMEM, or what a product's answer failed with. */
mr_rc mr_classes_new(const mr_ruleset *r, const mr_terminology *t, mr_classes **ret, mr_error *err) MR_MUST_CHECK;
void mr_classes_free(mr_classes *c); /* NULL is fine */
/* Fills in the groups of the ingredients, by the table where u->product says so, else by mr_ruleset_classify: the same
 * groups either way. */
void mr_classes_apply(const mr_classes *c, mr_understood *u);
size_t mr_classes_bytes(const mr_classes *c); /* what the table takes, for the log */
size_t mr_classes_sets(const mr_classes *c);  /* how many different sets of groups there are */

/* Members of drug groups whose name terminology does not have: no medicine will ever be one, most likely they are
 * misspelt. A line each, with the nearest name, into `ret`. For whoever checks a site's packs; no reason to refuse
 * them, since a substance may come with the next release. MR_NOMEM, MR_LIMIT   memory is short, or `ret` full */
mr_rc mr_classes_strangers(const mr_ruleset *r, const mr_terminology *t, mr_buf *ret, size_t *ret_n,
                           mr_error *err) MR_MUST_CHECK;

#endif
