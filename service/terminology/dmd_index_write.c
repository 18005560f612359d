/* Writing the index file: a release, and code sets, as bytes in one fixed layout; then in one step in place of the old
 * file. What the opener would refuse is not written. */
#include "dmd_index_room.h"

#include "medreview/base/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void pad(mr_buf *out) {
    static const char zeros[MR_DMD_SECTION_ALIGN];
    mr_buf_add(out, zeros, (MR_DMD_SECTION_ALIGN - out->len % MR_DMD_SECTION_ALIGN) % MR_DMD_SECTION_ALIGN);
}

/* All but the checksum. */
static void header_of(const mr_dmd_release *r, const mr_index_rows *in, mr_index_header *ret) {
    uint64_t at = sizeof *ret;
    memset(ret, 0, sizeof *ret);
    memcpy(ret->magic, MR_DMD_INDEX_MAGIC, sizeof ret->magic);
    ret->byte_order = MR_DMD_BYTE_ORDER;
    ret->version = MR_DMD_INDEX_VERSION;
    memcpy(ret->date, r->date, sizeof r->date);
    ret->n_sections = MR_IN_COUNT;
    for (size_t i = 0; i < MR_IN_COUNT; i++) {
        mr_index_entry *e = &ret->sections[i];
        memcpy(e->name, mr_index_shapes[i].name, strlen(mr_index_shapes[i].name));
        e->offset = at;
        e->rows = in->n[i];
        e->row_bytes = mr_index_shapes[i].row_bytes;
        at += e->rows * e->row_bytes;
        at += (MR_DMD_SECTION_ALIGN - at % MR_DMD_SECTION_ALIGN) % MR_DMD_SECTION_ALIGN;
    }
    ret->file_bytes = at;
}

static mr_rc encode(const mr_dmd_release *r, const mr_index_rows *in, mr_buf *out, mr_error *err) {
    mr_index_header h;
    mr_sha256 s;
    header_of(r, in, &h);
    if (h.file_bytes > MR_DMD_INDEX_MOST)
        return mr_fail(err, MR_LIMIT, "an index of %llu bytes is too large", (unsigned long long)h.file_bytes);
    mr_buf_clear(out);
    mr_buf_add(out, &h, sizeof h);
    for (size_t i = 0; i < MR_IN_COUNT; i++) {
        mr_buf_add(out, in->rows[i], in->n[i] * mr_index_shapes[i].row_bytes);
        pad(out);
    }
    mr_rc rc = mr_buf_why(out, err);
    if (rc) return rc;
    mr_sha256_begin(&s);
    mr_sha256_add(&s, out->ptr + MR_INDEX_SUMMED_FROM, out->len - MR_INDEX_SUMMED_FROM);
    mr_sha256_end(&s, (uint8_t *)out->ptr + offsetof(mr_index_header, sha256));
    return MR_OK;
}

mr_rc mr_dmd_index_encode(const mr_dmd_release *r, const mr_code_sets *codes, mr_buf *out, mr_error *err) {
    if (!mr_index_little_endian())
        return mr_fail(err, MR_INVALID, "an index is little-endian, and this machine is not");
    mr_rc rc = mr_dmd_release_check(r, err);
    if (rc) return mr_wrap(err, "a release that does not hold together");
    mr_buf sets, set_codes, texts;
    mr_buf_init(&sets, MR_DMD_INDEX_MOST);
    mr_buf_init(&set_codes, MR_DMD_INDEX_MOST);
    mr_buf_init(&texts, MR_DMD_INDEX_MOST);
    rc = mr_index_codes_encode(codes, &sets, &set_codes, &texts, err);
    if (!rc) {
        mr_index_rows in = {0};
#define X(name, type) in.rows[MR_IN_##name] = r->name, in.n[MR_IN_##name] = r->n_##name;
        MR_DMD_TABLES(X)
        X(names, char)
#undef X
        in.rows[MR_IN_sets] = sets.ptr, in.n[MR_IN_sets] = sets.len / sizeof(mr_index_set);
        in.rows[MR_IN_set_codes] = set_codes.ptr, in.n[MR_IN_set_codes] = set_codes.len / sizeof(mr_index_code);
        in.rows[MR_IN_set_texts] = texts.ptr, in.n[MR_IN_set_texts] = texts.len;
        rc = encode(r, &in, out, err);
    }
    mr_buf_free(&sets);
    mr_buf_free(&set_codes);
    mr_buf_free(&texts);
    return rc;
}

/* --- in place of the old file ---- */

static mr_rc write_whole(int fd, const char *bytes, size_t n, const char *path, mr_error *err) {
    for (size_t done = 0; done < n;) {
        ssize_t put = write(fd, bytes + done, n - done);
        if (put > 0)
            done += (size_t)put;
        else if (put == 0 || errno != EINTR)
            return mr_index_fail_errno(err, put ? errno : EIO, "cannot be written", path);
    }
    return fsync(fd) == 0 ? MR_OK : mr_index_fail_errno(err, errno, "cannot be synced", path);
}

static mr_rc write_new(const char *path, const mr_buf *bytes, mr_error *err) {
    (void)unlink(path); /* of an import that was killed, with our process id */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return mr_index_fail_errno(err, errno, "cannot be made", path);
    mr_rc rc = write_whole(fd, bytes->ptr, bytes->len, path, err);
    if (close(fd) != 0 && !rc) rc = mr_index_fail_errno(err, errno, "cannot be written", path);
    return rc;
}

/* After the rename, or a power failure could undo it. The folder is opened before, so that what can be refused is
 * refused while the old file still stands. */
static mr_rc rename_synced(const char *fresh, const char *path, int folder, mr_error *err) {
    if (rename(fresh, path) != 0) return mr_index_fail_errno(err, errno, "cannot be replaced", path);
    /* EINVAL: a file system that cannot sync folders; the rename itself stands. */
    if (fsync(folder) == 0 || errno == EINVAL) return MR_OK;
    return mr_index_fail_errno(err, errno, "is replaced, but its folder cannot be synced", path);
}

static int open_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    char *folder = slash ? strndup(path, n ? n : 1) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    return fd;
}

static mr_rc replace(const char *path, const mr_buf *bytes, mr_error *err) {
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* a device must not be renamed away */
        return mr_fail(err, MR_IO, "%s: not a file, and not replaced", path);
    size_t room = strlen(path) + 32;
    char *fresh = malloc(room);
    if (!fresh) return mr_fail(err, MR_NOMEM, "no memory for a path");
    (void)snprintf(fresh, room, "%s.new-%ld", path, (long)getpid());
    int folder = open_folder(path);
    mr_rc rc = folder < 0 ? mr_index_fail_errno(err, errno, "its folder cannot be opened", path) : MR_OK;
    if (!rc) rc = write_new(fresh, bytes, err);
    if (!rc) rc = rename_synced(fresh, path, folder, err);
    if (rc) (void)unlink(fresh);
    if (folder >= 0) (void)close(folder);
    free(fresh);
    return rc;
}

mr_rc mr_dmd_index_write(const mr_dmd_release *r, const mr_code_sets *codes, const char *path, mr_error *err) {
    mr_buf bytes;
    mr_buf_init(&bytes, MR_DMD_INDEX_MOST);
    mr_rc rc = mr_dmd_index_encode(r, codes, &bytes, err);
    if (!rc) rc = replace(path, &bytes, err);
    mr_buf_free(&bytes);
    return rc;
}
