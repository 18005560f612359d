/* A folder of CSV files, one a concept, to code sets.
 *
 * `asthma.csv` is added to the shipped core set of concept `asthma`; `asthma.only.csv` stands instead of it. The first
 * line names the columns: `code` (also `id`, `snomedct_id`, `snomed_id`, ...), and optionally `system` (sct, loinc or a
 * URI; else SNOMED CT), `role` (else MR_ROLE_PRESENT; knowledge makes a value of it where the concept is a test),
 * `term` (not kept: terms are licensed). Other columns are passed over. Lists as OpenCodelists and PRIMIS publish them
 * can be dropped in as they are; csv_rows.h says what a CSV file may look like.
 *
 * Refused, row by row: an empty code; a SNOMED CT id with a wrong check digit, written as 1.01E+17, or of a
 * description; a role or code system that nobody uses; a row with more fields than names; a code that stands twice with
 * different roles. One damaged id in ten has a right check digit by chance: a file with two or more ids of 16 digits
 * and more that have a wrong one loses all its ids of that length. */
#ifndef MEDREVIEW_TERMINOLOGY_CODE_SETS_H
#define MEDREVIEW_TERMINOLOGY_CODE_SETS_H

#include "medreview/base/buf.h"
#include "medreview/core/code_set.h"

/* `complaints` gets one line each, `FILE:LINE: reason`, also for rows that are refused while the rest is taken (a wrong
 * check digit, an empty code); *ret_refused counts those.
 *   MR_IO         the folder cannot be read
 * Files that are no .csv are passed over with a complaint, except those that begin with a dot and *.md.
 *   MR_MALFORMED  a file that is no such CSV (no code column, broken quoting, no row that can be taken, two files for
 *                 the same), or a folder without one; every file is read before
 *   MR_LIMIT      a file above MR_MAX_PACK_BYTES or 200,000 rows, more than 1,000 files
 *   MR_NOMEM      the arena is out of room
 * Nothing is lost in silence: with MR_OK, *ret_refused rows are missing, and complaints name 20 of each file. */
mr_rc mr_code_sets_read(const char *dir, mr_arena *a, mr_code_sets *ret, size_t *ret_refused, mr_buf *complaints,
                        mr_error *err) MR_MUST_CHECK;
/* One file in memory, for tests and fuzzing. */
mr_rc mr_code_set_read(mr_span file, mr_span bytes, mr_arena *a, mr_code_set *ret, size_t *ret_refused,
                       mr_buf *complaints, mr_error *err) MR_MUST_CHECK;

#endif
