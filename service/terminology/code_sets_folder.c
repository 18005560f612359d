/* The folder of a site's code sets: every CSV file in it, in the order of names. What is no CSV file is said, since a
 * list that was saved in another form would otherwise be missed without a word. */
#include "medreview/base/limits.h"
#include "medreview/terminology/code_sets.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_FILES = 1000, PATH_BYTES = 4096 };

typedef struct reading {
    const char *dir;
    mr_arena *arena;
    mr_buf *complaints;
    mr_code_set *sets;
    size_t n, cap;
    size_t refused, faults;
} reading;

static mr_rc fail_errno(mr_error *err, const char *path) {
    int code = errno;
    char why[120] = "unknown error";
    (void)strerror_r(code, why, sizeof why); /* a failure leaves "unknown error" */
    return mr_fail_detail(err, MR_IO, code, "%s cannot be read: %s", path, why);
}

static bool is_csv(mr_span name) {
    return name.len > 4 && mr_span_ieq(mr_span_from(name, name.len - 4), MR_SPAN(".csv"));
}

static mr_rc read_bytes(const char *path, mr_buf *into, mr_error *err) {
    FILE *f = fopen(path, "rb");
    if (!f) return fail_errno(err, path);
    char part[16384];
    size_t n = 0;
    mr_rc rc = MR_OK;
    while (into->rc == MR_OK && (n = fread(part, 1, sizeof part, f)) > 0) mr_buf_add(into, part, n);
    if (ferror(f)) rc = fail_errno(err, path);
    (void)fclose(f); /* only read */
    if (rc != MR_OK) return rc;
    if (into->rc == MR_LIMIT)
        return mr_fail(err, MR_LIMIT, "%s is larger than a list of codes may be: %u bytes", path, MR_MAX_PACK_BYTES);
    return mr_buf_why(into, err);
}

/* A fault of one file is told and counted, and the next is read; what is no fault of a file ends it. */
static mr_rc read_set(reading *r, const char *path, mr_span name, mr_error *err) {
    mr_buf bytes;
    mr_buf_init(&bytes, MR_MAX_PACK_BYTES);
    mr_code_set set;
    size_t refused = 0;
    mr_rc rc = read_bytes(path, &bytes, err);
    if (rc == MR_OK) rc = mr_code_set_read(name, mr_buf_span(&bytes), r->arena, &set, &refused, r->complaints, err);
    mr_buf_free(&bytes);
    if (rc == MR_MALFORMED) {
        r->faults++;
        return MR_OK;
    }
    if (rc != MR_OK) return rc;
    r->refused += refused;
    return MR_PUSH(r->arena, r->sets, r->n, r->cap, set) ? MR_OK : mr_arena_why(r->arena, err);
}

static mr_rc read_entry(reading *r, const char *name, mr_error *err) {
    char path[PATH_BYTES];
    struct stat is;
    mr_span s = mr_span_of(name);
    int n = snprintf(path, sizeof path, "%s/%s", r->dir, name);
    if (n < 0 || (size_t)n >= sizeof path) return mr_fail(err, MR_IO, "%s: the path is too long", r->dir);
    if (stat(path, &is) != 0) return fail_errno(err, path);
    if (is_csv(s) && S_ISREG(is.st_mode)) return read_set(r, path, s, err);
    if (r->complaints && !mr_span_ends(s, ".md"))
        mr_buf_printf(r->complaints, "%s:1: this is no CSV file and is passed over\n", name);
    return MR_OK;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static mr_rc list(reading *r, char ***ret, size_t *ret_n, mr_error *err) {
    DIR *d = opendir(r->dir);
    char **names = NULL;
    size_t n = 0, cap = 0;
    mr_rc rc = MR_OK;
    if (!d) return fail_errno(err, r->dir);
    for (const struct dirent *e; rc == MR_OK && (e = readdir(d));) {
        mr_span name;
        if (e->d_name[0] == '.') continue;
        if (n == MOST_FILES)
            rc = mr_fail(err, MR_LIMIT, "%s holds more than %d files", r->dir, MOST_FILES);
        else if (!mr_arena_dup(r->arena, mr_span_of(e->d_name), &name) ||
                 !MR_PUSH(r->arena, names, n, cap, (char *)(uintptr_t)name.ptr))
            rc = mr_arena_why(r->arena, err);
    }
    (void)closedir(d); /* only read */
    if (n) qsort(names, n, sizeof *names, by_text);
    *ret = names;
    *ret_n = n;
    return rc;
}

static int by_concept(const void *a, const void *b) {
    const mr_code_set *x = a, *y = b;
    int c = mr_span_cmp(x->concept, y->concept);
    if (!c) c = (int)y->replaces - (int)x->replaces;
    return c ? c : mr_span_cmp(x->file, y->file);
}

/* "asthma.csv" and "asthma.CSV" mean the same, and nobody can say which was meant. */
static void find_doubles(reading *r) {
    if (r->n) qsort(r->sets, r->n, sizeof *r->sets, by_concept);
    for (size_t i = 1; i < r->n; i++) {
        const mr_code_set *a = &r->sets[i - 1], *b = &r->sets[i];
        if (!mr_span_eq(a->concept, b->concept) || a->replaces != b->replaces) continue;
        r->faults++;
        if (!r->complaints) continue;
        mr_buf_printf(r->complaints, "%.*s:1: %.*s is for the same concept\n", MR_SPAN_ARG(b->file),
                      MR_SPAN_ARG(a->file));
    }
}

mr_rc mr_code_sets_read(const char *dir, mr_arena *a, mr_code_sets *ret, size_t *ret_refused, mr_buf *complaints,
                        mr_error *err) {
    reading r = {.dir = dir, .arena = a, .complaints = complaints};
    char **names = NULL;
    size_t n = 0;
    mr_rc rc = list(&r, &names, &n, err);
    for (size_t i = 0; i < n && rc == MR_OK; i++) rc = read_entry(&r, names[i], err);
    if (rc != MR_OK) return rc;
    find_doubles(&r);
    if (r.faults)
        return mr_fail(err, MR_MALFORMED, "%s: %zu %s cannot be used", dir, r.faults, r.faults == 1 ? "file" : "files");
    if (!r.n) return mr_fail(err, MR_MALFORMED, "%s holds no CSV file", dir);
    *ret = (mr_code_sets){r.sets, r.n};
    *ret_refused = r.refused;
    return MR_OK;
}
