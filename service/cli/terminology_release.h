/* How a dm+d release was bound, as text or as one JSON object. */
#ifndef MEDREVIEW_CLI_TERMINOLOGY_RELEASE_H
#define MEDREVIEW_CLI_TERMINOLOGY_RELEASE_H

#include "terminology_parts.h"

/* `rules` gives the substances of drug groups that ought to have a record. `a` holds what is sorted. */
mr_rc mr_term_release_report(const mr_terminology *t, const mr_ruleset *rules, bool json, mr_arena *a, mr_buf *out,
                             mr_error *err) MR_MUST_CHECK;

#endif
