/* libcsv, fed one physical line at a time: so the line of every row is known, and of every complaint. */
#include "medreview/terminology/csv_rows.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
    mr_span file;
    mr_csv_each *each;
    void *arg;
    mr_error *err;
    mr_rc rc; /* sticky */
    unsigned line, row_line;
    bool in_row;
    char *text; /* MR_CSV_ROW_BYTES: the fields of the row, one after the other */
    size_t len, n;
    mr_span fields[MR_CSV_COLUMNS];
} reading;

static mr_rc fail(reading *r, mr_rc rc, unsigned line, const char *reason) {
    if (r->rc == MR_OK) r->rc = mr_fail(r->err, rc, "%.*s:%u: %s", MR_SPAN_ARG(r->file), line, reason);
    return r->rc;
}

static void on_field(void *field, size_t len, void *arg) {
    reading *r = arg;
    if (r->rc != MR_OK) return;
    if (r->n == MR_CSV_COLUMNS) {
        (void)fail(r, MR_LIMIT, r->row_line, "the row has more fields than any list of codes");
        return;
    }
    if (len > MR_CSV_ROW_BYTES - r->len) {
        (void)fail(r, MR_LIMIT, r->row_line, "the row is longer than 1 MiB");
        return;
    }
    if (len) memcpy(r->text + r->len, field, len);
    r->fields[r->n++] = (mr_span){r->text + r->len, len};
    r->len += len;
}

static void on_row(int end, void *arg) {
    (void)end;
    reading *r = arg;
    if (r->rc == MR_OK && r->n) r->rc = r->each(r->arg, r->fields, r->n, r->row_line, r->err);
    r->n = r->len = 0;
    r->in_row = false;
}

/* Up to and with the end of the line: LF, CR LF, or a CR alone. */
static mr_span take_line(mr_span *rest) {
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] != '\n' && rest->ptr[n] != '\r') n++;
    if (n < rest->len) n += rest->ptr[n] == '\r' && n + 1 < rest->len && rest->ptr[n + 1] == '\n' ? 2 : 1;
    mr_span line = {rest->ptr, n};
    *rest = mr_span_from(*rest, n);
    return line;
}

static bool begins(mr_span bytes, const char *with, size_t n) {
    return bytes.len >= n && memcmp(bytes.ptr, with, n) == 0;
}

/* What people drop into a folder of CSV files that is none. */
static const char *foreign(mr_span bytes) {
    if (begins(bytes, "PK\3\4", 4) || begins(bytes, "\xD0\xCF\x11\xE0", 4))
        return "this is a spreadsheet's own file; save it as CSV (UTF-8)";
    if (begins(bytes, "\xFF\xFE", 2) || begins(bytes, "\xFE\xFF", 2)) return "this is UTF-16; save it as CSV (UTF-8)";
    if (bytes.len && memchr(bytes.ptr, 0, bytes.len)) return "this is no text: it holds zero bytes";
    return NULL;
}

static unsigned char separator_of(mr_span line) {
    if (mr_span_find(line, '\t') < line.len) return '\t';
    if (mr_span_find(line, ',') < line.len) return ',';
    return mr_span_find(line, ';') < line.len ? ';' : ',';
}

static mr_rc refuse(reading *r, struct csv_parser *p) {
    if (r->rc != MR_OK) return r->rc;
    if (csv_error(p) != CSV_EPARSE) return fail(r, MR_NOMEM, r->line, "memory is short");
    return fail(r, MR_MALFORMED, r->line,
                "the quoting is broken: a quote inside a field is written twice, and the field stands in quotes");
}

static mr_rc feed(reading *r, struct csv_parser *p, mr_span bytes) {
    while (bytes.len && r->rc == MR_OK) {
        mr_span line = take_line(&bytes);
        r->line++;
        if (!r->in_row && mr_span_trim(line).len == 0) continue;
        if (!r->in_row) r->row_line = r->line;
        r->in_row = true; /* until on_row says it has ended */
        if (csv_parse(p, line.ptr, line.len, on_field, on_row, r) < line.len) return refuse(r, p);
    }
    if (r->rc == MR_OK && csv_fini(p, on_field, on_row, r) != 0)
        return fail(r, MR_MALFORMED, r->row_line, "a quote is opened and never closed");
    return r->rc;
}

static mr_rc read_rows(reading *r, mr_span bytes) {
    struct csv_parser p;
    if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI) != 0) return fail(r, MR_NOMEM, 1, "memory is short");
    mr_span rest = bytes, first = take_line(&rest);
    mr_span said = mr_span_trim(first);
    if (said.len == 5 && begins(said, "sep=", 4) && strchr(",;\t", said.ptr[4])) {
        csv_set_delim(&p, (unsigned char)said.ptr[4]);
        bytes = rest;
        r->line = 1;
    } else {
        csv_set_delim(&p, separator_of(first));
    }
    mr_rc rc = feed(r, &p, bytes);
    csv_free(&p);
    return rc;
}

mr_rc mr_csv_read(mr_span file, mr_span bytes, mr_csv_each *each, void *arg, mr_error *err) {
    reading r = {.file = file, .each = each, .arg = arg, .err = err};
    if (begins(bytes, "\xEF\xBB\xBF", 3)) bytes = mr_span_from(bytes, 3);
    const char *other = foreign(bytes);
    if (other) return fail(&r, MR_MALFORMED, 1, other);
    r.text = malloc(MR_CSV_ROW_BYTES);
    if (!r.text) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_rc rc = read_rows(&r, bytes);
    free(r.text);
    return rc;
}

int mr_csv_column(const mr_span *fields, size_t n, const char *const *names) {
    for (; *names; names++)
        for (size_t i = 0; i < n; i++)
            if (mr_span_ieq(mr_span_trim(fields[i]), mr_span_of(*names))) return (int)i;
    return -1;
}
