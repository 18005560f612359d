/* What the two parts of `terminology coverage` share. */
#ifndef MEDREVIEW_CLI_TERMINOLOGY_COVERAGE_H
#define MEDREVIEW_CLI_TERMINOLOGY_COVERAGE_H

#include "terminology_parts.h"

/* One thing that was asked; an mr_term_each. `arg` is the tally. */
mr_rc mr_term_count(void *arg, const mr_term_question *q, mr_span shown, mr_arena *a, mr_error *err);

/* A list of codes or names, counted by `count`: CSV when its first line names a column that we know, else one code or
 * name a line. Ids with a wrong check digit are complained about on `errors` and counted in *refused.
 *   MR_MALFORMED  broken quoting;  else what `count` says; err->text begins with FILE:LINE */
mr_rc mr_term_list(const char *file, mr_span bytes, mr_term_each *count, void *arg, FILE *errors, size_t *refused,
                   mr_error *err);

#endif
