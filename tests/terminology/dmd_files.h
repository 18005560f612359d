/* The files of a release in memory, for tests: loaded, changed, written as a folder or as archives, imported. */
#ifndef TESTS_TERMINOLOGY_DMD_FILES_H
#define TESTS_TERMINOLOGY_DMD_FILES_H

#include "medreview/terminology/dmd_import.h"
#include "medreview/terminology/dmd_index.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

enum { DMD_FILES_MOST = 32, DMD_PATH = 512 };

typedef struct dmd_one_file {
    char name[128]; /* may have a folder before it */
    char *bytes;
    size_t n;
} dmd_one_file;

typedef struct dmd_files {
    dmd_one_file v[DMD_FILES_MOST];
    size_t n;
} dmd_files;

static inline void dmd_files_add(dmd_files *f, const char *name, const char *bytes, size_t n) {
    dmd_one_file *one = &f->v[f->n++];
    assert_true(f->n <= DMD_FILES_MOST && strlen(name) < sizeof one->name);
    memcpy(one->name, name, strlen(name) + 1);
    one->bytes = malloc(n + 1);
    assert_non_null(one->bytes);
    memcpy(one->bytes, bytes, n);
    one->bytes[n] = 0;
    one->n = n;
}

static inline void dmd_files_free(dmd_files *f) {
    for (size_t i = 0; i < f->n; i++) free(f->v[i].bytes);
    f->n = 0;
}

/* All *.xml under a folder; names are paths below it. */
static inline void dmd_files_load(dmd_files *f, const char *dir, const char *below) {
    char path[DMD_PATH], name[128];
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        struct stat st;
        if (e->d_name[0] == '.') continue;
        assert_true(snprintf(path, sizeof path, "%s/%s", dir, e->d_name) < DMD_PATH);
        assert_true(snprintf(name, sizeof name, "%s%s", below, e->d_name) < (int)sizeof name);
        assert_int_equal(stat(path, &st), 0);
        if (S_ISDIR(st.st_mode)) {
            assert_true(snprintf(name, sizeof name, "%s%s/", below, e->d_name) < (int)sizeof name);
            dmd_files_load(f, path, name);
            continue;
        }
        if (!strstr(e->d_name, ".xml")) continue;
        char *bytes = malloc((size_t)st.st_size + 1);
        FILE *in = fopen(path, "rb");
        assert_true(bytes && in && fread(bytes, 1, (size_t)st.st_size, in) == (size_t)st.st_size);
        fclose(in);
        dmd_files_add(f, name, bytes, (size_t)st.st_size);
        free(bytes);
    }
    closedir(d);
}

static inline void dmd_files_fixture(dmd_files *f) {
    f->n = 0;
    dmd_files_load(f, MEDREVIEW_SOURCE_DIR "/tests/terminology/fixtures/dmd-made", "");
}

/* The file whose name contains that. */
static inline dmd_one_file *dmd_files_find(dmd_files *f, const char *part) {
    for (size_t i = 0; i < f->n; i++)
        if (strstr(f->v[i].name, part)) return &f->v[i];
    fail_msg("no file %s", part);
    return NULL;
}

/* The first `old` becomes `new`; it must be there. */
static inline void dmd_files_change(dmd_files *f, const char *file, const char *old, const char *new_text) {
    dmd_one_file *one = dmd_files_find(f, file);
    char *at = strstr(one->bytes, old);
    if (!at) fail_msg("%s does not hold %s", file, old);
    size_t before = (size_t)(at - one->bytes), n_old = strlen(old), n_new = strlen(new_text);
    char *bytes = malloc(one->n - n_old + n_new + 1);
    assert_non_null(bytes);
    memcpy(bytes, one->bytes, before);
    memcpy(bytes + before, new_text, n_new);
    memcpy(bytes + before + n_new, at + n_old, one->n - before - n_old + 1);
    free(one->bytes);
    one->bytes = bytes;
    one->n = one->n - n_old + n_new;
}

static inline void dmd_files_drop(dmd_files *f, const char *file) {
    dmd_one_file *one = dmd_files_find(f, file);
    free(one->bytes);
    *one = f->v[--f->n];
}

/* --- to disk --- */

/* Removes a folder that a test made: two levels are enough. */
static inline void dmd_remove(const char *path) {
    char inner[DMD_PATH];
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        assert_true(snprintf(inner, sizeof inner, "%s/%s", path, e->d_name) < DMD_PATH);
        dmd_remove(inner);
    }
    if (d) closedir(d);
    (void)remove(path);
}

static inline void dmd_write_bytes(const char *path, const void *bytes, size_t n) {
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

static inline void dmd_files_write(const dmd_files *f, const char *dir) {
    char path[DMD_PATH];
    for (size_t i = 0; i < f->n; i++) {
        assert_true(snprintf(path, sizeof path, "%s/%s", dir, f->v[i].name) < DMD_PATH);
        for (char *slash = path + strlen(dir) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
            *slash = 0;
            (void)mkdir(path, 0700);
            *slash = '/';
        }
        dmd_write_bytes(path, f->v[i].bytes, f->v[i].n);
    }
}

static inline void dmd_zip_bytes(zip_t *z, const char *name, const void *bytes, size_t n) {
    zip_source_t *s = zip_source_buffer(z, bytes, n, 0);
    assert_non_null(s);
    assert_true(zip_file_add(z, name, s, ZIP_FL_ENC_UTF_8) >= 0);
}

/* All files whose name contains `part`, base names only, in one archive. */
static inline void dmd_files_zip(const dmd_files *f, const char *part, const char *path) {
    int code;
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(z);
    for (size_t i = 0; i < f->n; i++) {
        const char *slash = strrchr(f->v[i].name, '/');
        if (strstr(f->v[i].name, part)) dmd_zip_bytes(z, slash ? slash + 1 : f->v[i].name, f->v[i].bytes, f->v[i].n);
    }
    assert_int_equal(zip_close(z), 0);
}

/* --- importing --- */

typedef struct dmd_result {
    mr_arena *a;
    mr_rc rc;
    mr_error err;
    mr_dmd_imported done;
    char *told; /* a line each: FILE:LINE: ENTITY: why, notes with "note " before them */
} dmd_result;

static inline void dmd_hear(void *arg, const mr_dmd_refusal *w) {
    fprintf(arg, "%s%.*s:%u: %.*s: %.*s\n", w->note ? "note " : "", MR_SPAN_ARG(w->file), w->line,
            MR_SPAN_ARG(w->entity), MR_SPAN_ARG(w->why));
}

static inline dmd_result dmd_run(const char *dmd, const char *bonus) {
    dmd_result r = {.a = mr_arena_new((size_t)1 << 30)};
    size_t n;
    FILE *told = open_memstream(&r.told, &n);
    assert_true(r.a && told);
    mr_dmd_import_options o = {.dmd = dmd, .bonus = bonus, .refused = dmd_hear, .refused_arg = told};
    r.rc = mr_dmd_import(&o, r.a, &r.done, &r.err);
    fclose(told);
    return r;
}

static inline void dmd_result_free(dmd_result *r) {
    mr_arena_free(r->a);
    free(r->told);
}

/* The files as a folder in a place that is gone afterwards. */
static inline dmd_result dmd_run_files(const dmd_files *f) {
    char dir[] = "/tmp/medreview-dmd-XXXXXX";
    assert_non_null(mkdtemp(dir));
    dmd_files_write(f, dir);
    dmd_result r = dmd_run(dir, NULL);
    dmd_remove(dir);
    return r;
}

static inline mr_buf dmd_encoded(const mr_dmd_release *r) {
    mr_buf b;
    mr_error err = {0};
    mr_buf_init(&b, (size_t)1 << 30);
    if (mr_dmd_index_encode(r, NULL, &b, &err) != MR_OK) fail_msg("%s", err.text);
    return b;
}

/* The same rows? Every import of a test is also a proof that its counts agree. */
static inline bool dmd_same(const mr_dmd_release *x, const mr_dmd_release *y) {
    mr_buf a = dmd_encoded(x), b = dmd_encoded(y);
    bool same = a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
    mr_buf_free(&a);
    mr_buf_free(&b);
    return same;
}

static inline const mr_dmd_count *dmd_count(const dmd_result *r, const char *entity) {
    for (size_t i = 0; i < r->done.n_counts; i++)
        if (strcmp(r->done.counts[i].entity, entity) == 0) return &r->done.counts[i];
    fail_msg("no count of %s", entity);
    return NULL;
}

#endif
