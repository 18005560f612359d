/* Rows of a CSV file to the code set of one concept. A row that cannot be right is refused and said, and the rest is
 * taken; what makes the whole file doubtful refuses the file. Ids are text all the way: the commonest damage is that
 * they were a spreadsheet's numbers once. */
#include "medreview/terminology/code_sets.h"

#include "medreview/base/utf8.h"
#include "medreview/terminology/csv_rows.h"
#include "medreview/terminology/terminology.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MOST_ROWS = 200000,  /* the longest published list has some 7,000 */
    MOST_SAID = 20,      /* complaints about rows of one file; then a count */
    LONG_ID = 16,        /* digits from which a number loses some: a spreadsheet keeps 15, a double 15 to 17 */
    DAMAGED_IS_FILE = 2, /* so many long ids with a wrong check digit: no long id of the file can be trusted */
    CODE_BYTES = 100
};

typedef struct taken {
    mr_set_code code;
    unsigned line;
} taken;

typedef struct table {
    mr_span file;
    mr_arena *arena;
    mr_buf *complaints;
    int code, system, role; /* columns from 0; -1: none */
    size_t columns;
    bool named; /* the line of column names is read */
    taken *rows;
    size_t n, cap, seen;
    size_t refused, said, damaged;
} table;

static void refuse(table *t, unsigned line, const char *fmt, ...) MR_PRINTF(3, 4);
static void refuse(table *t, unsigned line, const char *fmt, ...) {
    t->refused++;
    if (!t->complaints || t->said == MOST_SAID) return;
    t->said++;
    char reason[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(reason, sizeof reason, fmt, args); /* a longer reason is cut */
    va_end(args);
    mr_buf_printf(t->complaints, "%.*s:%u: %s\n", MR_SPAN_ARG(t->file), line, reason);
}

static mr_rc fail_file(const table *t, unsigned line, const char *reason, mr_error *err) {
    return mr_fail(err, MR_MALFORMED, "%.*s:%u: %s", MR_SPAN_ARG(t->file), line, reason);
}

/* ---- the line of column names ---- */

static bool twice(const mr_span *fields, size_t n, int column) {
    for (size_t i = 0; column >= 0 && i < n; i++)
        if ((int)i != column && mr_span_ieq(mr_span_trim(fields[i]), mr_span_trim(fields[column]))) return true;
    return false;
}

static mr_rc read_names(table *t, const mr_span *fields, size_t n, unsigned line, mr_error *err) {
    static const char *const codes[] = {"code",       "snomedct_id", "snomed_id", "snomedct_code", "snomed_code",
                                        "snomedctid", "snomedid",    "sctid",     "concept_id",    "conceptid",
                                        "loinc_code", "id",          NULL};
    static const char *const systems[] = {"system", "code_system", NULL}, *const roles[] = {"role", NULL};
    t->named = true;
    t->columns = n;
    t->code = mr_csv_column(fields, n, codes);
    t->system = mr_csv_column(fields, n, systems);
    t->role = mr_csv_column(fields, n, roles);
    if (t->code < 0) return fail_file(t, line, "the first line names no column \"code\" (or id, snomedct_id)", err);
    if (twice(fields, n, t->code) || twice(fields, n, t->system) || twice(fields, n, t->role))
        return fail_file(t, line, "the first line names a column twice", err);
    return MR_OK;
}

/* ---- one row ---- */

static bool read_system(mr_span word, mr_span *ret) {
    static const struct {
        const char *word, *uri;
    } known[] = {{"", "http://snomed.info/sct"},
                 {"sct", "http://snomed.info/sct"},
                 {"snomed", "http://snomed.info/sct"},
                 {"snomedct", "http://snomed.info/sct"},
                 {"snomed-ct", "http://snomed.info/sct"},
                 {"snomed ct", "http://snomed.info/sct"},
                 {"loinc", "http://loinc.org"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (mr_span_ieq(word, mr_span_of(known[i].word))) return *ret = mr_span_of(known[i].uri), true;
    if (mr_system_is_sct(word)) return *ret = mr_span_of(known[0].uri), true;
    *ret = word;
    return mr_span_find(word, ':') < word.len && word.len <= CODE_BYTES; /* any other URI stays as it is */
}

static bool digits(mr_span s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    return s.len > 0;
}

/* 1.01E+17, 1,01E+17, 195967001.0: how a spreadsheet or a data frame writes an id that it took for a number. */
static bool was_number(mr_span s) {
    size_t e = mr_span_find(s, 'E') < s.len ? mr_span_find(s, 'E') : mr_span_find(s, 'e');
    mr_span mantissa = {s.ptr, e}, exponent = mr_span_from(s, e + 1);
    size_t point = mr_span_find(mantissa, '.') < e ? mr_span_find(mantissa, '.') : mr_span_find(mantissa, ',');
    bool whole = digits((mr_span){s.ptr, point});
    bool rest = point == e ? e < s.len : digits(mr_span_from(mantissa, point + 1));
    if (exponent.len && (exponent.ptr[0] == '+' || exponent.ptr[0] == '-')) exponent = mr_span_from(exponent, 1);
    return whole && rest && (e == s.len || digits(exponent));
}

/* The two digits before the check digit say what an id is the id of. */
static bool is_concept_id(mr_span id) {
    return id.ptr[id.len - 2] == '0' && (id.ptr[id.len - 3] == '0' || id.ptr[id.len - 3] == '1');
}

static bool snomed_passes(table *t, mr_span id, unsigned line) {
    mr_span shown = mr_utf8_cut(id, 60);
    if (was_number(id)) {
        refuse(
            t, line,
            "\"%.*s\" is no id any more: a spreadsheet took it for a number, and its last digits are lost; export the "
            "list again with that column as text",
            MR_SPAN_ARG(shown));
        return false;
    }
    if (!mr_sctid_valid(id)) {
        bool is_long = digits(id) && id.len >= LONG_ID && id.len <= 18;
        t->damaged += is_long;
        refuse(t, line, "\"%.*s\" is no SNOMED CT id: %s", MR_SPAN_ARG(shown),
               !digits(id) ? "it holds other characters than digits"
               : is_long   ? "its check digit is wrong, as when a spreadsheet has rounded it"
                           : "its check digit is wrong");
        return false;
    }
    if (is_concept_id(id)) return true;
    refuse(t, line, "\"%.*s\" is the id of a description or a relationship, not of a concept", MR_SPAN_ARG(shown));
    return false;
}

static bool fits(table *t, const mr_span *fields, size_t n, unsigned line) {
    for (size_t i = t->columns; i < n; i++)
        if (mr_span_trim(fields[i]).len) {
            refuse(t, line, "more fields than the first line has names: a comma inside a field wants quotes round it");
            return false;
        }
    return true;
}

static mr_span field(const mr_span *fields, size_t n, int column) {
    return column >= 0 && (size_t)column < n ? mr_span_trim(fields[column]) : MR_SPAN("");
}

static bool read_code(table *t, const mr_span *fields, size_t n, unsigned line, mr_set_code *ret) {
    mr_span system = field(fields, n, t->system), role = field(fields, n, t->role);
    ret->code = field(fields, n, t->code);
    if (!fits(t, fields, n, line)) return false;
    if (ret->code.len == 0 || ret->code.len > CODE_BYTES) {
        refuse(t, line, ret->code.len ? "the code is too long" : "the code is empty");
        return false;
    }
    if (!read_system(system, &ret->system)) {
        refuse(t, line, "\"%.*s\" is no code system: sct, loinc, or its URI", MR_SPAN_ARG(mr_utf8_cut(system, 60)));
        return false;
    }
    if (role.len && !mr_code_role_known(role)) {
        refuse(
            t, line,
            "\"%.*s\" is no role: present, event, value, test-done; resolved, remission, no-longer, absent; history, "
            "severity-mild, ...-unspecified",
            MR_SPAN_ARG(mr_utf8_cut(role, 60)));
        return false;
    }
    ret->role = role.len ? mr_code_role_parse(role) : MR_ROLE_PRESENT;
    return !mr_system_is_sct(ret->system) || snomed_passes(t, ret->code, line);
}

static bool blank(const mr_span *fields, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_trim(fields[i]).len) return false;
    return true;
}

static mr_rc read_row(void *arg, const mr_span *fields, size_t n, unsigned line, mr_error *err) {
    table *t = arg;
    taken row = {.line = line};
    if (blank(fields, n)) return MR_OK;
    if (!t->named) return read_names(t, fields, n, line, err);
    if (++t->seen > MOST_ROWS)
        return mr_fail(err, MR_LIMIT, "%.*s:%u: more than %d rows", MR_SPAN_ARG(t->file), line, MOST_ROWS);
    if (!read_code(t, fields, n, line, &row.code)) return MR_OK;
    if (!mr_arena_dup(t->arena, row.code.code, &row.code.code) ||
        !mr_arena_dup(t->arena, row.code.system, &row.code.system) || !MR_PUSH(t->arena, t->rows, t->n, t->cap, row))
        return mr_arena_why(t->arena, err);
    return MR_OK;
}

/* ---- the whole file ---- */

/* One damaged id in ten has a right check digit by chance, so the company it keeps decides. */
static void drop_doubtful(table *t) {
    size_t kept = 0;
    for (size_t i = 0; i < t->n; i++) {
        const mr_set_code *c = &t->rows[i].code;
        if (c->code.len < LONG_ID || !mr_system_is_sct(c->system))
            t->rows[kept++] = t->rows[i];
        else
            refuse(
                t, t->rows[i].line,
                "\"%.*s\" may be damaged too: %zu other long ids of this file have a wrong check digit, so none of its "
                "long ids is taken",
                MR_SPAN_ARG(c->code), t->damaged);
    }
    t->n = kept;
}

static int by_code(const void *a, const void *b) {
    const taken *x = a, *y = b;
    int c = mr_span_cmp(x->code.system, y->code.system);
    if (!c) c = mr_span_cmp(x->code.code, y->code.code);
    return c ? c : (x->line > y->line) - (x->line < y->line);
}

/* Sorted, each code once: of two different roles the first stands, and the second is said. */
static bool settle(table *t, mr_code_set *ret) {
    if (t->n) qsort(t->rows, t->n, sizeof *t->rows, by_code);
    ret->codes = MR_NEW_N(t->arena, mr_set_code, t->n);
    if (!ret->codes) return false;
    for (size_t i = 0, first = 0; i < t->n; i++) {
        const mr_set_code *c = &t->rows[i].code, *old = i ? &t->rows[first].code : NULL;
        if (!old || !mr_span_eq(old->code, c->code) || !mr_span_eq(old->system, c->system)) {
            ret->codes[ret->n_codes++] = *c;
            first = i;
        } else if (old->role != c->role) {
            refuse(t, t->rows[i].line, "\"%.*s\" stands in line %u with another role", MR_SPAN_ARG(c->code),
                   t->rows[first].line);
        }
    }
    return true;
}

static mr_span concept_of(mr_span file, bool *ret_replaces) {
    static const struct {
        const char *suffix;
        bool replaces;
    } endings[] = {{".only.csv", true}, {".csv", false}};
    *ret_replaces = false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        mr_span suffix = mr_span_of(endings[i].suffix);
        if (file.len < suffix.len || !mr_span_ieq(mr_span_from(file, file.len - suffix.len), suffix)) continue;
        *ret_replaces = endings[i].replaces;
        return (mr_span){file.ptr, file.len - suffix.len};
    }
    return file;
}

static mr_rc build(table *t, mr_span bytes, mr_code_set *ret, mr_error *err) {
    mr_rc rc = mr_csv_read(t->file, bytes, read_row, t, err);
    if (rc != MR_OK) return rc;
    if (!t->named) return fail_file(t, 1, "the file is empty", err);
    if (t->damaged >= DAMAGED_IS_FILE) drop_doubtful(t);
    if (!settle(t, ret)) return mr_arena_why(t->arena, err);
    if (t->complaints && t->refused > t->said)
        mr_buf_printf(t->complaints, "%.*s:1: and %zu more rows are refused\n", MR_SPAN_ARG(t->file),
                      t->refused - t->said);
    if (ret->n_codes) return MR_OK;
    return fail_file(t, 1, t->refused ? "every row is refused" : "no row follows the line of column names", err);
}

mr_rc mr_code_set_read(mr_span file, mr_span bytes, mr_arena *a, mr_code_set *ret, size_t *ret_refused,
                       mr_buf *complaints, mr_error *err) {
    table t = {.arena = a, .complaints = complaints, .code = -1, .system = -1, .role = -1};
    mr_code_set set = {0};
    mr_error why;
    if (!mr_arena_dup(a, file, &t.file)) return mr_arena_why(a, err);
    set.file = t.file;
    set.concept = concept_of(t.file, &set.replaces);
    mr_rc rc = build(&t, bytes, &set, &why);
    if (rc != MR_OK) {
        if (complaints) mr_buf_printf(complaints, "%s\n", why.text);
        if (err) *err = why;
        return rc;
    }
    *ret = set;
    *ret_refused = t.refused;
    return MR_OK;
}
