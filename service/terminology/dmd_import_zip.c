/* Archives, through libzip. Nothing is unpacked to disk: entries are streamed, and an archive inside an archive is held
 * in memory. What an archive says of itself (sizes, names) is bounded before it is believed; its checksums are verified
 * by the library when an entry is read to its end. */
#include "dmd_import_parts.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum { RATIO_FROM_BYTES = 1 << 20 };

struct mr_dmd_zip {
    zip_t *zip;
    void *bytes; /* of an inner archive */
    mr_dmd_zip *next;
};

static mr_rc zip_failed(mr_error *err, mr_span shown, int code) {
    zip_error_t e;
    zip_error_init_with_code(&e, code);
    mr_rc rc = code == ZIP_ER_MEMORY ? MR_NOMEM : code == ZIP_ER_OPEN || code == ZIP_ER_READ ? MR_IO : MR_MALFORMED;
    rc = mr_fail(err, rc, "%.*s: no whole ZIP archive: %s", MR_SPAN_ARG(shown), zip_error_strerror(&e));
    zip_error_fini(&e);
    return rc;
}

static zip_t *open_bytes(const void *bytes, size_t n, int *ret_code) {
    zip_error_t e;
    zip_error_init(&e);
    zip_source_t *source = zip_source_buffer_create(bytes, n, 0, &e);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &e) : NULL;
    if (!zip && source) zip_source_free(source);
    *ret_code = zip_error_code_zip(&e);
    zip_error_fini(&e);
    return zip;
}

static mr_rc open_archive(mr_dmd_source *s, mr_span shown, const char *path, void *bytes, size_t n, mr_dmd_zip **ret,
                          mr_error *err) {
    int code = 0;
    zip_t *zip = bytes ? open_bytes(bytes, n, &code) : zip_open(path, ZIP_RDONLY, &code);
    mr_dmd_zip *z = zip ? MR_NEW(s->a, mr_dmd_zip) : NULL;
    if (z) {
        *z = (mr_dmd_zip){zip, bytes, s->zips};
        *ret = s->zips = z;
        return MR_OK;
    }
    if (zip) zip_discard(zip);
    free(bytes);
    return zip ? mr_dmd_no_room(s->collect, err) : zip_failed(err, shown, code);
}

void mr_dmd_zip_close_all(mr_dmd_zip *z) {
    for (; z; z = z->next) {
        zip_discard(z->zip);
        free(z->bytes);
    }
}

/* A path that leaves the archive would be of no use to us, and is never a release's. */
static bool leaves(mr_span name) {
    if (name.len && (name.ptr[0] == '/' || name.ptr[0] == '\\')) return true;
    for (size_t i = 0; i + 1 < name.len; i++) {
        bool begins = i == 0 || name.ptr[i - 1] == '/' || name.ptr[i - 1] == '\\';
        bool ends = i + 2 == name.len || name.ptr[i + 2] == '/' || name.ptr[i + 2] == '\\';
        if (begins && ends && name.ptr[i] == '.' && name.ptr[i + 1] == '.') return true;
    }
    return false;
}

static mr_rc judge(const zip_stat_t *st, mr_span shown, mr_error *err) {
    const zip_uint64_t need = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_ENCRYPTION_METHOD;
    if ((st->valid & need) != need)
        return mr_fail(err, MR_MALFORMED, "%.*s: the archive does not say what it holds", MR_SPAN_ARG(shown));
    if (leaves(mr_span_of(st->name)))
        return mr_fail(err, MR_MALFORMED, "%.*s: a path that leads out of the archive", MR_SPAN_ARG(shown));
    if (st->encryption_method != ZIP_EM_NONE)
        return mr_fail(err, MR_MALFORMED, "%.*s: is encrypted", MR_SPAN_ARG(shown));
    if (st->size > RATIO_FROM_BYTES && st->size / MR_DMD_RATIO_MOST > st->comp_size)
        return mr_fail(err, MR_LIMIT, "%.*s: packed more than %d to 1, which no release is", MR_SPAN_ARG(shown),
                       MR_DMD_RATIO_MOST);
    return MR_OK;
}

static mr_rc read_whole(zip_t *zip, uint64_t entry, size_t n, void *into, mr_span shown, mr_error *err) {
    zip_file_t *f = zip_fopen_index(zip, entry, 0);
    size_t done = 0;
    zip_int64_t got = f ? 1 : -1;
    while (got > 0 && done < n) {
        got = zip_fread(f, (char *)into + done, n - done);
        if (got > 0) done += (size_t)got;
    }
    char beyond;
    bool whole = got >= 0 && done == n && zip_fread(f, &beyond, 1) == 0; /* at the end the checksum is verified */
    if (f) (void)zip_fclose(f);
    return whole ? MR_OK : mr_fail(err, MR_MALFORMED, "%.*s: is damaged", MR_SPAN_ARG(shown));
}

static mr_rc add_inner(mr_dmd_source *s, mr_dmd_zip *z, const zip_stat_t *st, mr_span shown, unsigned depth,
                       mr_error *err) {
    if (depth > 0) {
        mr_dmd_note(s->collect, shown, "file", "an archive within an archive within an archive: not opened");
        return MR_OK;
    }
    if (st->size > MR_DMD_INNER_BYTES || s->bytes + st->size > MR_DMD_RELEASE_BYTES)
        return mr_fail(err, MR_LIMIT, "%.*s: too large for an archive within an archive", MR_SPAN_ARG(shown));
    void *bytes = malloc(st->size ? st->size : 1);
    if (!bytes) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_rc rc = read_whole(z->zip, st->index, st->size, bytes, shown, err);
    if (rc != MR_OK) {
        free(bytes);
        return rc;
    }
    return mr_dmd_zip_add(s, shown, NULL, bytes, st->size, depth + 1, err);
}

static mr_rc add_entry(mr_dmd_source *s, mr_dmd_zip *z, mr_span shown, uint64_t index, unsigned depth, mr_error *err) {
    zip_stat_t st;
    zip_stat_init(&st);
    if (zip_stat_index(z->zip, index, 0, &st) != 0 || !(st.valid & ZIP_STAT_NAME))
        return mr_fail(err, MR_MALFORMED, "%.*s: an entry without a name", MR_SPAN_ARG(shown));
    mr_span name = mr_span_of(st.name), inner = mr_arena_printf(s->a, "%.*s/%s", MR_SPAN_ARG(shown), st.name);
    if (!inner.ptr) return mr_dmd_no_room(s->collect, err);
    if (name.len && name.ptr[name.len - 1] == '/') return leaves(name) ? judge(&st, inner, err) : MR_OK;
    mr_rc rc = judge(&st, inner, err);
    if (rc != MR_OK) return rc;
    if (mr_dmd_is_zip_name(name)) return add_inner(s, z, &st, inner, depth, err);
    mr_dmd_found_file met = {.shown = inner, .bytes = st.size, .zip = z, .entry = index};
    return mr_dmd_source_met(s, &met, err);
}

mr_rc mr_dmd_zip_add(mr_dmd_source *s, mr_span shown, const char *path, void *bytes, size_t n, unsigned depth,
                     mr_error *err) {
    mr_dmd_zip *z = NULL;
    mr_rc rc = open_archive(s, shown, path, bytes, n, &z, err);
    if (rc != MR_OK) return rc;
    zip_int64_t entries = zip_get_num_entries(z->zip, 0);
    if (entries > MR_DMD_ENTRIES_MOST)
        return mr_fail(err, MR_LIMIT, "%.*s: more files than a release has", MR_SPAN_ARG(shown));
    for (zip_int64_t i = 0; i < entries && rc == MR_OK; i++) rc = add_entry(s, z, shown, (uint64_t)i, depth, err);
    return rc;
}

static mr_rc read_entry(void *arg, char *into, size_t room, size_t *ret_n, mr_error *err) {
    zip_file_t *f = arg;
    zip_int64_t n = zip_fread(f, into, room);
    if (n < 0) return mr_fail(err, MR_MALFORMED, "is damaged: %s", zip_error_strerror(zip_file_get_error(f)));
    *ret_n = (size_t)n;
    return MR_OK;
}

mr_rc mr_dmd_zip_entry(mr_dmd_zip *z, uint64_t entry, mr_dmd_take *take, void *arg, mr_error *err) {
    zip_file_t *f = zip_fopen_index(z->zip, entry, 0);
    if (!f) return mr_fail(err, MR_MALFORMED, "cannot be unpacked: %s", zip_error_strerror(zip_get_error(z->zip)));
    mr_rc rc = take(arg, read_entry, f, err);
    (void)zip_fclose(f);
    return rc;
}
