/* Opening the index file. Nothing in it is believed before it is proven: first that these are the bytes that an import
 * wrote (checksum), then that they are such a file at all (a checksum is no signature: anybody can make one), then that
 * every row leads to rows. */
#include "dmd_index_room.h"

#include "medreview/base/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct mr_dmd_index {
    void *mapped; /* ours to unmap; NULL when the caller keeps the bytes */
    size_t n_mapped;
    mr_dmd_release release;
    mr_code_sets codes;
    mr_set_code *set_codes;
    mr_index_ids ids;
    char checksum[17];
};

const struct mr_index_shape mr_index_shapes[MR_IN_COUNT] = {
#define X(name, type) {#name, sizeof(type)},
    MR_INDEX_SECTIONS(X)
#undef X
};

static const char again[] = "run `medreview terminology import` again";

/* --- the file as bytes ---- */

static mr_rc check_kind(const mr_index_header *h, size_t n, mr_error *err) {
    if (n < offsetof(mr_index_header, sha256) || memcmp(h->magic, MR_DMD_INDEX_MAGIC, sizeof h->magic) != 0)
        return mr_fail(err, MR_MALFORMED, "not an index of `medreview terminology import`; %s and name what it writes",
                       again);
    if (!mr_index_little_endian())
        return mr_fail(err, MR_MALFORMED, "an index is little-endian, and this machine is not");
    if (h->byte_order != MR_DMD_BYTE_ORDER)
        return mr_fail(err, MR_MALFORMED, "written in the byte order of another machine; %s", again);
    if (h->version != MR_DMD_INDEX_VERSION)
        return mr_fail(err, MR_MALFORMED, "version %u of the index format, and this medreview reads version %u; %s",
                       (unsigned)h->version, (unsigned)MR_DMD_INDEX_VERSION, again);
    return MR_OK;
}

static mr_rc check_bytes(const mr_index_header *h, size_t n, char checksum[17], mr_error *err) {
    uint8_t sum[32];
    mr_sha256 s;
    if (n < sizeof *h) return mr_fail(err, MR_MALFORMED, "cut short: only %zu bytes; %s", n, again);
    mr_sha256_begin(&s);
    mr_sha256_add(&s, (const char *)h + MR_INDEX_SUMMED_FROM, n - MR_INDEX_SUMMED_FROM);
    mr_sha256_end(&s, sum);
    if (memcmp(sum, h->sha256, sizeof sum) != 0) {
        if (h->file_bytes > n)
            return mr_fail(err, MR_MALFORMED, "cut short: %zu of %llu bytes; %s", n, (unsigned long long)h->file_bytes,
                           again);
        return mr_fail(err, MR_MALFORMED, "damaged: the checksum does not fit the content; %s", again);
    }
    mr_hex(sum, 8, checksum);
    return MR_OK;
}

/* --- the table of sections ---- */

static mr_rc bad_layout(const char *what, mr_error *err) {
    return mr_fail(err, MR_MALFORMED, "not laid out as an index is (%s); %s", what, again);
}

/* There is one right layout, that of the writer: in its order, without gaps, to the last byte. */
static mr_rc check_sections(const mr_index_header *h, size_t n, mr_index_rows *ret, mr_error *err) {
    uint64_t at = sizeof *h;
    if (h->file_bytes != n) return bad_layout("its length", err);
    if (h->n_sections != MR_IN_COUNT || h->reserved) return bad_layout("number of sections", err);
    for (size_t i = 0; i < MR_IN_COUNT; i++) {
        const mr_index_entry *e = &h->sections[i];
        char name[sizeof e->name] = {0};
        memcpy(name, mr_index_shapes[i].name, strlen(mr_index_shapes[i].name));
        if (memcmp(e->name, name, sizeof name) != 0 || e->row_bytes != mr_index_shapes[i].row_bytes || e->reserved ||
            e->offset != at || at > n || e->rows > (n - at) / e->row_bytes)
            return bad_layout(name, err);
        ret->rows[i] = (const char *)h + at;
        ret->n[i] = (size_t)e->rows;
        at += e->rows * e->row_bytes;
        at += (MR_DMD_SECTION_ALIGN - at % MR_DMD_SECTION_ALIGN) % MR_DMD_SECTION_ALIGN;
    }
    return at == n ? MR_OK : bad_layout("what stands behind the last section", err);
}

static mr_rc release_of(const mr_index_header *h, const mr_index_rows *in, mr_dmd_release *ret, mr_error *err) {
    mr_dmd_release r = {.names = in->rows[MR_IN_names], .n_names = (uint32_t)in->n[MR_IN_names]};
    for (size_t i = sizeof r.date; i < sizeof h->date; i++)
        if (h->date[i]) return bad_layout("date", err);
    memcpy(r.date, h->date, sizeof r.date);
#define X(name, type)                                                                                                  \
    r.name = in->rows[MR_IN_##name];                                                                                   \
    r.n_##name = in->n[MR_IN_##name];
    MR_DMD_TABLES(X)
#undef X
    mr_rc rc = mr_dmd_release_check(&r, err);
    if (rc) return mr_wrap(err, "not a sound release; %s", again);
    *ret = r;
    return MR_OK;
}

/* --- opening ---- */

static mr_rc prove(const void *bytes, size_t n, mr_dmd_index *ix, mr_error *err) {
    const mr_index_header *h = bytes;
    mr_index_rows in = {0};
    if (n > MR_DMD_INDEX_MOST) return mr_fail(err, MR_MALFORMED, "%zu bytes: no index is as large", n);
    mr_rc rc = check_kind(h, n, err);
    if (!rc) rc = check_bytes(h, n, ix->checksum, err);
    if (!rc) rc = check_sections(h, n, &in, err);
    if (!rc) rc = release_of(h, &in, &ix->release, err);
    if (!rc) {
        rc = mr_index_codes_view(&in, &ix->codes, &ix->set_codes, err);
        if (rc == MR_MALFORMED) rc = mr_wrap(err, "not sound; %s", again);
    }
    return rc ? rc : mr_index_ids_build(&ix->release, &ix->ids, err);
}

mr_rc mr_dmd_index_view(const void *bytes, size_t n, mr_dmd_index **ret, mr_error *err) {
    if ((uintptr_t)bytes % MR_DMD_SECTION_ALIGN != 0)
        return mr_fail(err, MR_INVALID, "an index must begin at a multiple of %d bytes", MR_DMD_SECTION_ALIGN);
    mr_dmd_index *ix = calloc(1, sizeof *ix);
    mr_rc rc = ix ? prove(bytes, n, ix, err) : mr_fail(err, MR_NOMEM, "no memory for an index");
    if (rc) {
        mr_dmd_index_close(ix);
        return rc;
    }
    *ret = ix;
    return MR_OK;
}

mr_rc mr_index_fail_errno(mr_error *err, int code, const char *what, const char *path) {
    char why[128];
    if (strerror_r(code, why, sizeof why) != 0) why[0] = 0;
    return mr_fail_detail(err, MR_IO, code, "%s: %s: %s", path, what, why);
}

static mr_rc read_whole(int fd, char *bytes, size_t n, const char *path, mr_error *err) {
    for (size_t done = 0; done < n;) {
        ssize_t got = read(fd, bytes + done, n - done);
        if (got > 0)
            done += (size_t)got;
        else if (got == 0)
            return mr_fail(err, MR_IO, "%s: became shorter while it was read", path);
        else if (errno != EINTR)
            return mr_index_fail_errno(err, errno, "cannot be read", path);
    }
    return MR_OK;
}

/* Pages of our own, sealed once they are filled, and not the file's: whoever copies another index over a mapped one
 * (`cp` writes in place) would change rows that have been proven, or cut them off under a review, which ends the
 * process with SIGBUS. Proving reads every byte anyway, so a mapping of the file would spare nothing. */
static mr_rc load(int fd, size_t n, const char *path, void **ret, mr_error *err) {
    void *bytes = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED) return mr_index_fail_errno(err, errno, "cannot be mapped", path);
    mr_rc rc = read_whole(fd, bytes, n, path, err);
    if (!rc && mprotect(bytes, n, PROT_READ) != 0) rc = mr_index_fail_errno(err, errno, "cannot be sealed", path);
    if (rc)
        (void)munmap(bytes, n);
    else
        *ret = bytes;
    return rc;
}

static mr_rc open_file(int fd, const char *path, void **ret, size_t *ret_n, mr_error *err) {
    struct stat st;
    if (fstat(fd, &st) != 0) return mr_index_fail_errno(err, errno, "cannot be examined", path);
    if (!S_ISREG(st.st_mode)) return mr_fail(err, MR_MALFORMED, "%s: not a file", path);
    if (st.st_size == 0) return mr_fail(err, MR_MALFORMED, "%s: empty; %s", path, again);
    if (st.st_size > MR_DMD_INDEX_MOST) return mr_fail(err, MR_MALFORMED, "%s: too large for an index", path);
    *ret_n = (size_t)st.st_size;
    return load(fd, *ret_n, path, ret, err);
}

mr_rc mr_dmd_index_open(const char *path, mr_dmd_index **ret, mr_error *err) {
    void *bytes = NULL;
    size_t n = 0;
    mr_dmd_index *ix = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe of that name must not keep us waiting */
    if (fd < 0) return mr_index_fail_errno(err, errno, "cannot be opened", path);
    mr_rc rc = open_file(fd, path, &bytes, &n, err);
    (void)close(fd);
    if (rc) return rc;
    rc = mr_dmd_index_view(bytes, n, &ix, err);
    if (rc) {
        (void)munmap(bytes, n);
        return mr_wrap(err, "%s", path);
    }
    ix->mapped = bytes;
    ix->n_mapped = n;
    *ret = ix;
    return MR_OK;
}

void mr_dmd_index_close(mr_dmd_index *ix) {
    if (!ix) return;
    mr_index_ids_free(&ix->ids);
    free(ix->codes.sets);
    free(ix->set_codes);
    if (ix->mapped) (void)munmap(ix->mapped, ix->n_mapped);
    free(ix);
}

/* --- reading ---- */

const mr_dmd_release *mr_dmd_index_release(const mr_dmd_index *ix) {
    return &ix->release;
}

const mr_code_sets *mr_dmd_index_codes(const mr_dmd_index *ix) {
    return &ix->codes;
}

const char *mr_dmd_index_checksum(const mr_dmd_index *ix) {
    return ix->checksum;
}

bool mr_dmd_index_find(const mr_dmd_index *ix, uint64_t id, mr_dmd_found *ret) {
    return mr_index_ids_find(&ix->ids, &ix->release, id, ret);
}

static unsigned rank(uint32_t kind) {
    static const unsigned char ranks[] = {[MR_DMD_VMP] = 0,  [MR_DMD_AMP] = 1, [MR_DMD_VMPP] = 2,
                                          [MR_DMD_AMPP] = 3, [MR_DMD_VTM] = 4, [MR_DMD_SUBSTANCE] = 5};
    return ranks[kind];
}

bool mr_dmd_index_find_previous(const mr_dmd_index *ix, uint64_t id, mr_dmd_found *ret, size_t *ret_n_rows) {
    const mr_dmd_previous *v = ix->release.previous;
    size_t low = 0, high = ix->release.n_previous, n_rows = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    const mr_dmd_previous *best = NULL;
    for (size_t i = low; i < ix->release.n_previous && v[i].id == id; i++) {
        if (best && best->kind == v[i].kind) {
            n_rows++;
        } else if (!best || rank(v[i].kind) < rank(best->kind)) {
            best = &v[i];
            n_rows = 1;
        }
    }
    if (!best) return false;
    *ret = (mr_dmd_found){(mr_dmd_kind)best->kind, best->row};
    *ret_n_rows = n_rows;
    return true;
}
