/* `medreview terminology coverage`: what share of a list is recognised, by which step, and what is not. A list is a CSV
 * with a line of column names among which is a column of codes or names, plain lines of one code or name each, or FHIR
 * JSON, of which the medicines are asked. */
#include "terminology_coverage.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_BYTES = 256 << 20 };

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

/* A line is COUNT, TEXT and REASON with tabs between: a text of a record may hold tabs, line ends, and what steers a
 * terminal. Each of these is one blank here. */
static mr_span one_line(mr_arena *a, mr_span text) {
    char *copy = MR_NEW_N(a, char, text.len + 1);
    if (!copy) return MR_SPAN_NONE;
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool c1 = c == 0xC2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xA0;
        i += c1; /* U+0080 to U+009F: two bytes */
        copy[n++] = c1 || c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    return (mr_span){copy, n};
}

static mr_rc note_missed(tally *t, mr_span shown, const char *reason, mr_error *err) {
    mr_span text = one_line(t->kept, shown), key = MR_SPAN_NONE;
    if (text.ptr) key = mr_arena_printf(t->kept, "%.*s\t%s", MR_SPAN_ARG(text), reason);
    uint32_t at = (uint32_t)t->n_missed;
    if (!key.ptr || !mr_index_put(t->seen, key, at, &at)) return mr_arena_why(t->kept, err);
    missed m = {{key.ptr, text.len}, reason, 0};
    if (at == t->n_missed && !MR_PUSH(t->kept, t->missed, t->n_missed, t->cap_missed, m))
        return mr_arena_why(t->kept, err);
    t->missed[at].count++;
    return MR_OK;
}

mr_rc mr_term_count(void *arg, const mr_term_question *q, mr_span shown, mr_arena *a, mr_error *err) {
    tally *t = arg;
    mr_understood u;
    mr_rc rc = mr_terminology_resolve(t->job->terminology, q, a, NULL, &u, err);
    if (rc != MR_OK) return rc;
    t->n++;
    t->by[u.by]++;
    if (u.by != MR_REC_NOT) return MR_OK;
    return note_missed(t, shown, u.not_a_medicine ? "not-a-medicine" : mr_unread_text(u.why), err);
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
        rc = mr_term_resources(mr_buf_span(&bytes), mr_term_count, t, err);
        if (rc != MR_OK) rc = mr_wrap(err, "%s", file);
    } else if (rc == MR_OK) {
        rc = mr_term_list(file, mr_buf_span(&bytes), mr_term_count, t, t->job->errors, &t->refused, err);
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
