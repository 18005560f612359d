/* Reading a directory of pack files. */
#include "folder.h"

#include "medreview/base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_pack(const char *name) {
    mr_span s = mr_span_of(name);
    return name[0] != '.' && (mr_span_ends(s, ".yaml") || mr_span_ends(s, ".yml") || mr_span_ends(s, ".tsv"));
}

static mr_rc fail_errno(mr_error *err, const char *path) {
    int code = errno;
    char why[120] = "unknown error";
    (void)strerror_r(code, why, sizeof why); /* a failure leaves "unknown error" */
    return mr_fail_detail(err, MR_IO, code, "%s cannot be read: %s", path, why);
}

static mr_rc read_stream(FILE *f, const char *path, mr_buf *into, mr_error *err) {
    char part[16384];
    size_t n;
    while (into->rc == MR_OK && (n = fread(part, 1, sizeof part, f)) > 0) mr_buf_add(into, part, n);
    if (ferror(f)) return fail_errno(err, path);
    if (into->rc == MR_LIMIT)
        return mr_fail(err, MR_LIMIT, "%s is larger than a pack may be: %u bytes", path, MR_MAX_PACK_BYTES);
    return into->rc == MR_OK ? MR_OK : mr_buf_why(into, err);
}

static mr_rc read_file(const char *path, mr_span *ret, mr_error *err) {
    FILE *f = fopen(path, "rb");
    if (!f) return fail_errno(err, path);
    mr_buf bytes;
    mr_buf_init(&bytes, MR_MAX_PACK_BYTES);
    mr_rc rc = read_stream(f, path, &bytes, err);
    (void)fclose(f); /* only read */
    if (rc == MR_OK) {
        size_t len;
        char *owned = mr_buf_take(&bytes, &len);
        if (owned)
            *ret = (mr_span){owned, len};
        else
            rc = mr_fail(err, MR_NOMEM, "out of memory");
    }
    mr_buf_free(&bytes);
    return rc;
}

static mr_rc add_file(mr_folder *f, const char *dir, const char *name, mr_error *err) {
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof path) return mr_fail(err, MR_IO, "%s: the path is too long", dir);
    if (f->n == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 16;
        mr_knowledge_file *more = realloc(f->files, cap * sizeof *more);
        if (!more) return mr_fail(err, MR_NOMEM, "out of memory");
        f->files = more;
        f->cap = cap;
    }
    mr_span bytes;
    mr_rc rc = read_file(path, &bytes, err);
    if (rc != MR_OK) return rc;
    char *owned = strdup(name);
    if (!owned) {
        free((void *)(uintptr_t)bytes.ptr);
        return mr_fail(err, MR_NOMEM, "out of memory");
    }
    f->files[f->n++] = (mr_knowledge_file){owned, bytes};
    return MR_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const mr_knowledge_file *)a)->name, ((const mr_knowledge_file *)b)->name);
}

mr_rc mr_folder_read(const char *dir, mr_folder *ret, mr_error *err) {
    DIR *d = opendir(dir);
    if (!d) return fail_errno(err, dir);
    mr_folder f = {0};
    mr_rc rc = MR_OK;
    for (const struct dirent *e; rc == MR_OK && (e = readdir(d));)
        if (is_pack(e->d_name)) rc = add_file(&f, dir, e->d_name, err);
    (void)closedir(d); /* only read */
    if (rc == MR_OK && f.n == 0) rc = mr_fail(err, MR_INVALID, "%s holds no pack: no file *.yaml, *.yml or *.tsv", dir);
    if (rc != MR_OK) {
        mr_folder_free(&f);
        return rc;
    }
    if (f.n) qsort(f.files, f.n, sizeof *f.files, by_name);
    *ret = f;
    return MR_OK;
}

void mr_folder_free(mr_folder *f) {
    for (size_t i = 0; i < f->n; i++) {
        free((void *)(uintptr_t)f->files[i].name);
        free((void *)(uintptr_t)f->files[i].bytes.ptr);
    }
    free(f->files);
    *f = (mr_folder){0};
}
