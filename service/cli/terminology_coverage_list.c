/* Lists for `terminology coverage`: CSV with a column of codes or names, or plain lines. */
#include "terminology_coverage.h"

#include "medreview/terminology/csv_rows.h"

enum { LINE_BYTES = 1 << 20 };

typedef struct list {
    const char *file;
    mr_term_each *count;
    void *arg;
    FILE *errors;
    size_t *refused;
    bool named;     /* the line of column names has been passed */
    int code, name; /* columns from 0; -1: none */
} list;

static mr_rc find_columns(void *arg, const mr_span *fields, size_t n, unsigned line, mr_error *err) {
    static const char *const codes[] = {"code", "dmd_id", "snomed_id", "snomedct_id", "id", "vpid", "vpidcode", NULL};
    static const char *const names[] = {"term", "name", "dmd_name", "nm", "description", "text", "display", NULL};
    list *l = arg;
    (void)line;
    l->code = mr_csv_column(fields, n, codes);
    l->name = mr_csv_column(fields, n, names);
    return mr_fail(err, MR_LIMIT, "the first row is enough");
}

/* Does the first row name a column that we know? What is no CSV at all has none either. */
static bool is_table(list *l, mr_span bytes) {
    mr_error ignored;
    l->code = l->name = -1;
    mr_rc rc = mr_csv_read(mr_span_of(l->file), bytes, find_columns, l, &ignored);
    return rc == MR_LIMIT && (l->code >= 0 || l->name >= 0); /* MR_LIMIT: there was a first row */
}

static bool is_id(mr_span s) {
    uint64_t ignored;
    return s.len >= 6 && mr_span_u64(s, &ignored);
}

static mr_span field(const mr_span *fields, size_t n, int column) {
    return column >= 0 && (size_t)column < n ? mr_span_trim(fields[column]) : MR_SPAN_NONE;
}

/* A row: its code and its name together, as a record would hold them. */
static mr_rc count_row(void *arg, const mr_span *fields, size_t n, unsigned line, mr_error *err) {
    list *l = arg;
    mr_span code = field(fields, n, l->code), name = field(fields, n, l->name);
    if (!l->named) {
        l->named = true;
        return MR_OK;
    }
    if (!code.len && !name.len) return MR_OK;
    mr_coding coding;
    mr_term_question q = code.len ? mr_term_ask(code, &coding) : (mr_term_question){0};
    if (!q.n_codings) q = (mr_term_question){0}; /* text in the code column is no name */
    q.text = name;
    if (is_id(code) && !mr_sctid_valid(code)) {
        fprintf(l->errors, "%s:%u: %.*s: no SNOMED CT id (check digit)\n", l->file, line, MR_SPAN_ARG(code));
        ++*l->refused;
    }
    mr_arena *a = mr_arena_new(LINE_BYTES);
    if (!a) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_rc rc = l->count(l->arg, &q, name.len ? name : code, a, err);
    mr_arena_free(a);
    return rc == MR_OK ? rc : mr_wrap(err, "%s:%u", l->file, line);
}

static mr_rc count_line(const list *l, mr_span line, mr_error *err) {
    mr_coding coding;
    mr_term_question q = mr_term_ask(line, &coding);
    mr_arena *a = mr_arena_new(LINE_BYTES);
    if (!a) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_rc rc = l->count(l->arg, &q, line, a, err);
    mr_arena_free(a);
    return rc;
}

static mr_rc count_lines(const list *l, mr_span bytes, mr_error *err) {
    unsigned number = 0;
    mr_rc rc = MR_OK;
    if (mr_span_starts(bytes, "\xEF\xBB\xBF")) bytes = mr_span_from(bytes, 3);
    for (bool more = bytes.len > 0; more && rc == MR_OK;) {
        mr_span line;
        more = mr_span_split(bytes, '\n', &line, &bytes);
        line = mr_span_trim(line);
        number++;
        if (line.len) rc = count_line(l, line, err);
    }
    return rc == MR_OK ? rc : mr_wrap(err, "%s:%u", l->file, number);
}

mr_rc mr_term_list(const char *file, mr_span bytes, mr_term_each *count, void *arg, FILE *errors, size_t *refused,
                   mr_error *err) {
    list l = {.file = file, .count = count, .arg = arg, .errors = errors, .refused = refused};
    if (!is_table(&l, bytes)) return count_lines(&l, bytes, err);
    return mr_csv_read(mr_span_of(file), bytes, count_row, &l, err);
}
