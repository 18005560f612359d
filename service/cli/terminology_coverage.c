/* `medreview terminology coverage`: what share of a list is recognised, by which step, and what is not. A list is a CSV
 * with a line of column names among which is a column of codes or names, plain lines of one code or name each, or FHIR
 * JSON, of which the medicines are asked. */
#include "terminology_parts.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_BYTES = 256 << 20, LINE_BYTES = 1 << 20, COLUMNS = 64 };

typedef struct missed {
    mr_span text;
    const char *reason;
    size_t count;
} missed;

typedef struct tally {
    const mr_term_job *job;
    mr_arena *kept; /* what was not recognised */
    missed *missed;
    size_t n_missed, cap_missed;
    mr_index *seen; /* text -> missed */
    size_t by[MR_REC_NAME + 1];
    size_t n, refused;
} tally;

typedef struct row {
    mr_span code, name; /* either may be absent */
} row;

/* The layout of one list; code and name are columns from 0, or -1. */
typedef struct layout {
    char separator;
    int code, name;
} layout;

static bool one_of(mr_span s, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_ieq(s, mr_span_of(list[i]))) return true;
    return false;
}

/* One field of a line, quotes and doubled quotes taken off into the arena; *rest moves behind it. */
static mr_span next_field(mr_span *rest, char separator, mr_arena *a) {
    char *out = mr_arena_alloc(a, rest->len + 1, 1);
    size_t n = 0, i = 0;
    if (!out) return MR_SPAN_NONE;
    for (bool quoted = false; i < rest->len && (quoted || rest->ptr[i] != separator); i++) {
        bool quote = rest->ptr[i] == '"';
        if (quote && quoted && i + 1 < rest->len && rest->ptr[i + 1] == '"') i++, quote = false;
        if (quote)
            quoted = !quoted;
        else
            out[n++] = rest->ptr[i];
    }
    *rest = i < rest->len ? mr_span_from(*rest, i + 1) : MR_SPAN_NONE;
    return mr_span_trim((mr_span){out, n});
}

/* Is the first line one of column names that we know? */
static layout find_layout(mr_span line, mr_arena *a) {
    static const char *const codes[] = {"code", "dmd_id", "snomed_id", "snomedct_id", "id", "vpid", "vpidcode"};
    static const char *const names[] = {"term", "name", "dmd_name", "nm", "description", "text", "display"};
    layout l = {.separator = mr_span_find(line, '\t') < line.len ? '\t' : ',', .code = -1, .name = -1};
    for (int i = 0; line.ptr && i < COLUMNS; i++) {
        mr_span field = next_field(&line, l.separator, a);
        if (l.code < 0 && one_of(field, codes, sizeof codes / sizeof codes[0])) l.code = i;
        if (l.name < 0 && one_of(field, names, sizeof names / sizeof names[0])) l.name = i;
    }
    return l;
}

static row read_row(const layout *l, mr_span line, mr_arena *a) {
    row r = {MR_SPAN_NONE, MR_SPAN_NONE};
    for (int i = 0; line.ptr && i < COLUMNS; i++) {
        mr_span field = next_field(&line, l->separator, a);
        if (i == l->code) r.code = field;
        if (i == l->name) r.name = field;
    }
    return r;
}

static bool is_id(mr_span s) {
    uint64_t ignored;
    return s.len >= 6 && mr_span_u64(s, &ignored);
}

static mr_rc note_missed(tally *t, mr_span text, const char *reason, mr_error *err) {
    mr_span key = mr_arena_printf(t->kept, "%.*s\t%s", MR_SPAN_ARG(text), reason);
    uint32_t at = (uint32_t)t->n_missed;
    if (!key.ptr || !mr_index_put(t->seen, key, at, &at)) return mr_arena_why(t->kept, err);
    missed m = {{key.ptr, text.len}, reason, 0};
    if (at == t->n_missed && !MR_PUSH(t->kept, t->missed, t->n_missed, t->cap_missed, m))
        return mr_arena_why(t->kept, err);
    t->missed[at].count++;
    return MR_OK;
}

static mr_rc count_row(void *arg, const mr_term_question *q, mr_span shown, mr_arena *a, mr_error *err) {
    tally *t = arg;
    mr_understood u;
    mr_rc rc = mr_terminology_resolve(t->job->terminology, q, a, NULL, &u, err);
    if (rc != MR_OK) return rc;
    t->n++;
    t->by[u.by]++;
    if (u.by != MR_REC_NOT) return MR_OK;
    return note_missed(t, shown, u.not_a_medicine ? "not-a-medicine" : mr_unread_text(u.why), err);
}

/* A row of a CSV: its code and its name together, as a record would hold them. */
static mr_rc count_csv(tally *t, const layout *l, const char *file, unsigned line_number, mr_span line, mr_arena *a,
                       mr_error *err) {
    row r = read_row(l, line, a);
    if (!r.code.len && !r.name.len) return MR_OK;
    mr_coding coding;
    mr_term_question q = r.code.len ? mr_term_ask(r.code, &coding) : (mr_term_question){0};
    if (!q.n_codings && r.code.len) q = (mr_term_question){0}; /* text in the code column is no name */
    q.text = r.name;
    if (is_id(r.code) && !mr_sctid_valid(r.code)) {
        fprintf(t->job->errors, "%s:%u: %.*s: no SNOMED CT id (check digit)\n", file, line_number, MR_SPAN_ARG(r.code));
        t->refused++;
    }
    return count_row(t, &q, r.name.len ? r.name : r.code, a, err);
}

static mr_rc count_line(tally *t, mr_span line, mr_arena *a, mr_error *err) {
    mr_coding coding;
    mr_term_question q = mr_term_ask(line, &coding);
    return count_row(t, &q, line, a, err);
}

static mr_rc count_list(tally *t, const char *file, mr_span bytes, mr_error *err) {
    layout l = {0};
    unsigned number = 0;
    mr_rc rc = MR_OK;
    for (bool more = bytes.len > 0; more && rc == MR_OK;) {
        mr_span line;
        more = mr_span_split(bytes, '\n', &line, &bytes);
        line = mr_span_trim(line);
        mr_arena *a = mr_arena_new(LINE_BYTES);
        if (!a) return mr_fail(err, MR_NOMEM, "out of memory");
        bool heads = ++number == 1;
        if (heads) l = find_layout(line, a);
        bool csv = l.code >= 0 || l.name >= 0;
        if (line.len && !(heads && csv))
            rc = csv ? count_csv(t, &l, file, number, line, a, err) : count_line(t, line, a, err);
        mr_arena_free(a);
    }
    return rc == MR_OK ? rc : mr_wrap(err, "%s:%u", file, number);
}

static mr_rc read_all(FILE *f, const char *file, mr_buf *ret, mr_error *err) {
    char part[1 << 14];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;) mr_buf_add(ret, part, n);
    if (ferror(f)) return mr_fail(err, MR_IO, "%s cannot be read", file);
    return mr_buf_why(ret, err);
}

static mr_rc count_file(tally *t, const char *file, mr_error *err) {
    bool standard = strcmp(file, "-") == 0;
    FILE *f = standard ? t->job->in : fopen(file, "rb");
    if (!f) return mr_fail(err, MR_IO, "%s cannot be opened", file);
    mr_buf bytes;
    mr_buf_init(&bytes, LIST_BYTES);
    mr_rc rc = read_all(f, file, &bytes, err);
    if (!standard) fclose(f);
    if (rc == MR_OK && mr_term_is_json(mr_buf_span(&bytes))) {
        rc = mr_term_resources(mr_buf_span(&bytes), count_row, t, err);
        if (rc != MR_OK) rc = mr_wrap(err, "%s", file);
    } else if (rc == MR_OK) {
        rc = count_list(t, file, mr_buf_span(&bytes), err);
    }
    mr_buf_free(&bytes);
    return rc;
}

static int by_count(const void *a, const void *b) {
    const missed *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    int order = mr_span_cmp(x->text, y->text);
    return order ? order : strcmp(x->reason, y->reason);
}

static void print(const tally *t) {
    FILE *out = t->job->out;
    for (int by = MR_REC_NOT + 1; by <= MR_REC_NAME; by++)
        if (t->by[by])
            fprintf(out, "recognised by %s: %zu (%.1f %%)\n", mr_recognised_text((mr_recognised)by), t->by[by],
                    100.0 * (double)t->by[by] / (double)t->n);
    fputs("not recognised:\n", out);
    if (t->n_missed) qsort(t->missed, t->n_missed, sizeof *t->missed, by_count);
    for (size_t i = 0; i < t->n_missed; i++)
        fprintf(out, "%zu\t%.*s\t%s\n", t->missed[i].count, MR_SPAN_ARG(t->missed[i].text), t->missed[i].reason);
}

int mr_term_coverage(const mr_term_job *job) {
    tally t = {.job = job, .kept = mr_arena_new(LIST_BYTES)};
    mr_error err = {.rc = MR_NOMEM, .text = "out of memory"};
    t.seen = t.kept ? mr_index_new(t.kept, 1024) : NULL;
    mr_rc rc = t.seen ? MR_OK : MR_NOMEM;
    for (int i = 0; rc == MR_OK && i < job->n_arguments; i++) rc = count_file(&t, job->arguments[i], &err);
    if (rc == MR_OK)
        print(&t);
    else
        fprintf(job->errors, "medreview terminology coverage: %s\n", err.text);
    mr_arena_free(t.kept);
    return rc != MR_OK ? 3 : t.refused ? 1 : 0;
}
