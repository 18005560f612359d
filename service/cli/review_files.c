/* Files in, reviews out: which form a file has, one page after the other, one patient after the other. */
#include "review_parts.h"

#include <stdlib.h>
#include <string.h>

enum { OUTPUT_BYTES = 256 << 20 };

typedef struct place { /* where a page stands, for messages */
    const char *path;
    size_t line; /* 0: the whole file is the page */
} place;

static void refuse(mr_review_job *job, const place *at, size_t entry, const char *reason) {
    job->refused = true;
    (void)fprintf(job->errors, "%s:", at->path);
    if (at->line) (void)fprintf(job->errors, "%zu:", at->line);
    if (entry) (void)fprintf(job->errors, " entry %zu:", entry);
    (void)fprintf(job->errors, " %s\n", reason);
}

static void fail(mr_review_job *job, const place *at, const char *reason) {
    job->failed = true;
    (void)fprintf(job->errors, "medreview review: %s: %s\n", at->path, reason);
}

static mr_rc write_form(const mr_review_job *job, const mr_review *rv, mr_buf *out, mr_error *err) {
    static const char rule[] = "\n--------------------------------------------------------------------------------\n\n";
    mr_rc rc;
    if (job->form == MR_FORM_TEXT) {
        if (job->reviews) mr_buf_adds(out, rule);
        return mr_review_text(rv, out, err);
    }
    rc = job->form == MR_FORM_JSON ? mr_review_json(rv, out, err) : mr_review_fhir(rv, out, err);
    mr_buf_addc(out, '\n');
    return rc ? rc : mr_buf_why(out, err);
}

static void emit(mr_review_job *job, const place *at, const mr_buf *out) {
    mr_span s = mr_buf_span(out);
    if (fwrite(s.ptr, 1, s.len, job->out) != s.len) fail(job, at, "the output cannot be written");
    job->reviews++;
}

static void trouble(mr_review_job *job, const place *at, mr_rc rc, const mr_error *err) {
    if (rc == MR_NOMEM)
        fail(job, at, "out of memory");
    else
        refuse(job, at, 0, err->text);
}

static void patient(mr_review_job *job, const place *at, const mr_review_input *in, mr_span id) {
    mr_error err = {0};
    const mr_review_result *result;
    mr_buf out;
    mr_buf_init(&out, OUTPUT_BYTES);
    mr_arena *a = mr_arena_new(MR_MAX_REVIEW_BYTES);
    mr_review *rv = a ? mr_review_of(a, &job->knowledge, &job->settings, in, id) : NULL;
    mr_rc rc = rv ? mr_review_assess(rv, &result, &err) : a ? mr_arena_why(a, &err) : MR_NOMEM;
    if (!rc) rc = write_form(job, rv, &out, &err);
    if (!rc)
        emit(job, at, &out);
    else
        trouble(job, at, rc, &err);
    mr_buf_free(&out);
    mr_arena_free(a);
}

/* A file of a Bulk Data export. One of its lines is no patient: reviewed by itself it would be a record with a single
 * medicine in it, and "no findings" of that would be false. */
static void bare_line(mr_review_job *job, const place *at) {
    refuse(
        job, at, 0,
        "a resource by itself, as a Bulk Data export has them: NDJSON holds one Bundle a line, with all that there is "
        "of its patients");
}

static void page(mr_review_job *job, const place *at, mr_span text) {
    mr_error err = {0};
    mr_review_input in;
    mr_arena *a = mr_arena_new(MR_MAX_REVIEW_BYTES);
    mr_rc rc = a ? mr_review_read(job->reader, text, true, &job->settings, a, &in, &err) : MR_NOMEM;
    if (rc) {
        trouble(job, at, rc, &err);
        mr_arena_free(a);
        return;
    }
    if (at->line && mr_fhir_bare(in.pages)) {
        bare_line(job, at);
        mr_arena_free(a);
        return;
    }
    for (size_t i = 0; i < in.absorbed.n_refused; i++)
        refuse(job, at, in.absorbed.refused[i].number, in.absorbed.refused[i].reason.ptr);
    if (in.prior_rc) refuse(job, at, 0, "its DetectedIssues and Tasks cannot be read");
    for (size_t i = 0; i < in.n_patients && !job->failed; i++) patient(job, at, &in, in.patients[i]);
    mr_arena_free(a);
}

static void lines(mr_review_job *job, const char *path, mr_span rest) {
    place at = {path, 0};
    while (rest.len && !job->failed) {
        mr_span line, tail;
        (void)mr_span_split(rest, '\n', &line, &tail); /* the last line may lack its end */
        at.line++;
        line = mr_span_trim(line);
        if (line.len) page(job, &at, line);
        rest = tail;
    }
}

/* One JSON object alone on its line? Looks at its ends only: a broken line must count as a line too. */
static bool looks_like_object(mr_span line) {
    line = mr_span_trim(line);
    return line.len >= 2 && line.ptr[0] == '{' && line.ptr[line.len - 1] == '}';
}

/* NDJSON: the first line that is not empty is an object, and another line follows it. */
static bool is_ndjson(const char *path, mr_span text) {
    mr_span name = mr_span_of(path), line, rest = text;
    if (mr_span_ends(name, ".ndjson") || mr_span_ends(name, ".jsonl")) return true;
    do {
        if (!mr_span_split(rest, '\n', &line, &rest)) return false;
    } while (!mr_span_trim(line).len);
    return looks_like_object(line) && mr_span_trim(rest).len;
}

void mr_review_file(mr_review_job *job, const char *path) {
    place at = {strcmp(path, "-") == 0 ? "standard input" : path, 0};
    FILE *f = strcmp(path, "-") == 0 ? job->in : fopen(path, "rb");
    mr_rc rc = MR_IO;
    size_t len = 0;
    char *bytes = f ? mr_read_all(f, &len, &rc) : NULL;
    if (f && f != job->in) (void)fclose(f); /* only read from */
    if (!bytes) {
        fail(job, &at, rc == MR_NOMEM ? "out of memory" : "cannot be read");
        return;
    }
    mr_span text = {bytes, len};
    if (mr_span_starts(text, "\xEF\xBB\xBF")) text = mr_span_from(text, 3);
    if (is_ndjson(path, text))
        lines(job, at.path, text);
    else
        page(job, &at, text);
    memset(bytes, 0, len); /* it was a patient's record */
    __asm__ __volatile__("" : : "r"(bytes) : "memory");
    free(bytes);
}
