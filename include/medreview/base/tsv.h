/* Tab-separated tables: one row a line, no quoting, a first line of column names, lines that begin with # skipped. */
#ifndef MEDREVIEW_BASE_TSV_H
#define MEDREVIEW_BASE_TSV_H

#include "medreview/base/error.h"
#include "medreview/base/span.h"

enum { MR_TSV_COLUMNS = 32 };

typedef struct mr_tsv {
    mr_span rest;
    const char *file; /* for messages */
    unsigned line;    /* of the row last returned, from 1 */
    size_t n;         /* fields in the row last returned */
    mr_span field[MR_TSV_COLUMNS];
    mr_span column[MR_TSV_COLUMNS];
    size_t n_columns;
} mr_tsv;

/* Reads the line of column names; MR_MALFORMED with `FILE:LINE: reason`. Bytes must outlive the table. */
mr_rc mr_tsv_open(mr_tsv *t, const char *file, mr_span bytes, mr_error *err) MR_MUST_CHECK;
/* MR_OK and *ret_more = false at the end. A row with another number of fields than columns is MR_MALFORMED. */
mr_rc mr_tsv_next(mr_tsv *t, bool *ret_more, mr_error *err) MR_MUST_CHECK;
/* The field of that column in the row last returned; absent when there is no such column. */
mr_span mr_tsv_get(const mr_tsv *t, const char *column);

#endif
