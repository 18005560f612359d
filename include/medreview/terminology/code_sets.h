/* A folder of CSV files, one a concept, to code sets.
 *
 * `asthma.csv` is added to the shipped core set of concept `asthma`; `asthma.only.csv` stands instead of it. The first
 * line names the columns: `code` (also `id`, `snomedct_id`, `snomed_id`), and optionally `system` (else SNOMED CT),
 * `role` (else `value` for tests and `present` for conditions is decided by knowledge: MR_ROLE_PRESENT here), `term`
 * (not kept: terms are licensed). Lists as OpenCodelists and PRIMIS publish them can be dropped in as they are. */
#ifndef MEDREVIEW_TERMINOLOGY_CODE_SETS_H
#define MEDREVIEW_TERMINOLOGY_CODE_SETS_H

#include "medreview/base/buf.h"
#include "medreview/core/code_set.h"

/* `complaints` gets one line each, `FILE:LINE: reason`, also for rows that are refused while the rest is taken (a wrong
 * check digit, an empty code); *ret_refused counts those.
 *   MR_IO         the folder cannot be read
 *   MR_MALFORMED  a file that is no such CSV (no code column, broken quoting, two files for the same) */
mr_rc mr_code_sets_read(const char *dir, mr_arena *a, mr_code_sets *ret, size_t *ret_refused, mr_buf *complaints,
                        mr_error *err) MR_MUST_CHECK;
/* One file in memory, for tests and fuzzing. */
mr_rc mr_code_set_read(mr_span file, mr_span bytes, mr_arena *a, mr_code_set *ret, size_t *ret_refused,
                       mr_buf *complaints, mr_error *err) MR_MUST_CHECK;

#endif
