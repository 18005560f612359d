/* Rows of a CSV file, as spreadsheets and code browsers export them, through libcsv in its strict mode.
 *
 * A byte order mark is passed over; lines end in LF, CRLF or CR; fields are separated by comma, semicolon or tab,
 * whichever the first line shows (or says: "sep=;"). Blanks round a field are not part of it, unless it is quoted. */
#ifndef MEDREVIEW_TERMINOLOGY_CSV_ROWS_H
#define MEDREVIEW_TERMINOLOGY_CSV_ROWS_H

#include "medreview/base/error.h"
#include "medreview/base/span.h"

enum { MR_CSV_COLUMNS = 256, MR_CSV_ROW_BYTES = 1 << 20 };

/* One row: `line` is the one it begins on, from 1. The fields hold until it returns. Rows without a field are not
 * given. A failure ends the reading and is passed on. */
typedef mr_rc mr_csv_each(void *arg, const mr_span *fields, size_t n, unsigned line, mr_error *err);

/*   MR_MALFORMED  broken quoting, or no text at all (a spreadsheet's own file, UTF-16); err->text is `FILE:LINE:
 * reason` MR_LIMIT      a row has more than MR_CSV_COLUMNS fields or MR_CSV_ROW_BYTES bytes MR_NOMEM      memory is
 * short */
mr_rc mr_csv_read(mr_span file, mr_span bytes, mr_csv_each *each, void *arg, mr_error *err) MR_MUST_CHECK;

/* The column of that row of names that has one of `names` (ended by NULL), asked in their order, without regard to
 * case; -1 when there is none. */
int mr_csv_column(const mr_span *fields, size_t n, const char *const *names);

#endif
