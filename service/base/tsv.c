/* Tab-separated tables with a line of column names. */
#include "medreview/base/tsv.h"

static bool next_line(mr_tsv *t, mr_span *ret) {
    while (t->rest.len) {
        mr_span line, rest;
        mr_span_split(t->rest, '\n', &line, &rest);
        t->rest = rest;
        t->line++;
        if (mr_span_ends(line, "\r")) line.len--;
        if (line.len == 0 || line.ptr[0] == '#') continue;
        *ret = line;
        return true;
    }
    return false;
}

static mr_rc split_fields(mr_tsv *t, mr_span line, mr_span *field, size_t *ret_n, mr_error *err) {
    size_t n = 0;
    for (bool more = true; more; n++) {
        if (n == MR_TSV_COLUMNS)
            return mr_fail(err, MR_MALFORMED, "%s:%u: more than %d columns", t->file, t->line, MR_TSV_COLUMNS);
        more = mr_span_split(line, '\t', &field[n], &line);
    }
    *ret_n = n;
    return MR_OK;
}

mr_rc mr_tsv_open(mr_tsv *t, const char *file, mr_span bytes, mr_error *err) {
    *t = (mr_tsv){.rest = bytes, .file = file};
    mr_span line;
    if (!next_line(t, &line)) return mr_fail(err, MR_MALFORMED, "%s:1: no line of column names", file);
    return split_fields(t, line, t->column, &t->n_columns, err);
}

mr_rc mr_tsv_next(mr_tsv *t, bool *ret_more, mr_error *err) {
    mr_span line;
    *ret_more = false;
    if (!next_line(t, &line)) return MR_OK;
    mr_rc rc = split_fields(t, line, t->field, &t->n, err);
    if (rc != MR_OK) return rc;
    if (t->n != t->n_columns)
        return mr_fail(err, MR_MALFORMED, "%s:%u: %zu fields, but %zu columns are named in the first line", t->file,
                       t->line, t->n, t->n_columns);
    *ret_more = true;
    return MR_OK;
}

mr_span mr_tsv_get(const mr_tsv *t, const char *column) {
    for (size_t i = 0; i < t->n_columns; i++)
        if (mr_span_is(t->column[i], column)) return t->field[i];
    return MR_SPAN_NONE;
}
