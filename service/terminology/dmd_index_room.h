/* Inside the index: the shape of the file, and what its parts ask of each other. */
#ifndef MEDREVIEW_TERMINOLOGY_DMD_INDEX_ROOM_H
#define MEDREVIEW_TERMINOLOGY_DMD_INDEX_ROOM_H

#include "medreview/terminology/dmd_index.h"
#include "medreview/terminology/terminology.h"

#define MR_DMD_INDEX_MAGIC "mrdmdix1"
#define MR_DMD_BYTE_ORDER 0x01020304u
enum {
    MR_DMD_INDEX_VERSION = 1,
    MR_DMD_NAME_MOST = 4096,     /* bytes; the longest of dm+d have 700 characters */
    MR_DMD_INDEX_MOST = 1 << 30, /* bytes of a file; a full release needs about 26 MB */
    MR_DMD_SECTION_ALIGN = 8
};

/* The rows are the file, so they may hold no padding, on any compiler. */
_Static_assert(sizeof(mr_dmd_vtm) == 32 && sizeof(mr_dmd_substance) == 24 && sizeof(mr_dmd_part) == 32, "padding");
_Static_assert(sizeof(mr_dmd_vmp) == 88 && sizeof(mr_dmd_amp) == 24 && sizeof(mr_dmd_vmpp) == 16, "padding");
_Static_assert(sizeof(mr_dmd_ampp) == 24 && sizeof(mr_dmd_previous) == 16 && sizeof(mr_dmd_word) == 16, "padding");

typedef struct mr_index_set { /* a code set in the file; texts in the pool of sets */
    mr_dmd_text concept, file;
    uint32_t replaces, first_code, n_codes, reserved;
} mr_index_set;

typedef struct mr_index_code {
    mr_dmd_text system, code;
    uint32_t role, reserved;
} mr_index_code;
_Static_assert(sizeof(mr_index_set) == 32 && sizeof(mr_index_code) == 24, "padding");

/* Sections in the order of the file: those of the release, then names and code sets. */
#define MR_INDEX_SECTIONS(X)                                                                                           \
    MR_DMD_TABLES(X)                                                                                                   \
    X(names, char)                                                                                                     \
    X(sets, mr_index_set)                                                                                              \
    X(set_codes, mr_index_code)                                                                                        \
    X(set_texts, char)

typedef enum mr_index_section {
#define X(name, type) MR_IN_##name,
    MR_INDEX_SECTIONS(X)
#undef X
        MR_IN_COUNT
} mr_index_section;

typedef struct mr_index_entry { /* of the table of sections */
    char name[16];              /* zero-filled */
    uint64_t offset, rows;      /* offset from the beginning of the file, in bytes */
    uint32_t row_bytes, reserved;
} mr_index_entry;

typedef struct mr_index_header {
    char magic[8];
    uint32_t byte_order, version;
    uint8_t sha256[32]; /* of all that follows */
    uint64_t file_bytes;
    char date[16]; /* zero-filled */
    uint32_t n_sections, reserved;
    mr_index_entry sections[MR_IN_COUNT];
} mr_index_header;
_Static_assert(sizeof(mr_index_header) == 80 + 40 * MR_IN_COUNT, "padding");

enum { MR_INDEX_SUMMED_FROM = 48 }; /* where the checksum ends */
_Static_assert(offsetof(mr_index_header, file_bytes) == MR_INDEX_SUMMED_FROM, "the checksum stands before the rest");

extern const struct mr_index_shape {
    const char *name;
    uint32_t row_bytes;
} mr_index_shapes[MR_IN_COUNT];

/* Where the rows of a section lie while encoding or in an opened file. */
typedef struct mr_index_rows {
    const void *rows[MR_IN_COUNT];
    size_t n[MR_IN_COUNT];
} mr_index_rows;

static inline bool mr_index_little_endian(void) {
    const uint32_t one = 1;
    return *(const unsigned char *)&one == 1;
}

/* Rows or id of a table of entities. */
size_t mr_dmd_rows(const mr_dmd_release *r, mr_dmd_kind kind);
uint64_t mr_dmd_id(const mr_dmd_release *r, mr_dmd_kind kind, size_t row);

/* The code sets as rows, in three buffers; `codes` may be NULL.
 *   MR_MALFORMED  out of order, or texts that are not UTF-8 */
mr_rc mr_index_codes_encode(const mr_code_sets *codes, mr_buf *sets, mr_buf *set_codes, mr_buf *texts,
                            mr_error *err) MR_MUST_CHECK;
/* The other way; everything in them is proven. *ret_codes is the storage of all codes; the caller frees both. */
mr_rc mr_index_codes_view(const mr_index_rows *in, mr_code_sets *ret, mr_set_code **ret_codes,
                          mr_error *err) MR_MUST_CHECK;

/* Which row an id stands for: hashed once at opening, not kept in the file, so there is nothing in it to distrust. An
 * entry says only where to look, kind and row in 32 bits; the id itself stands in the row. */
typedef struct mr_index_ids {
    uint32_t *starts;  /* of each bucket, and the end of the last */
    uint32_t *entries; /* by bucket; within one, kinds in the order of mr_dmd_index_find */
    unsigned shift;
} mr_index_ids;
mr_rc mr_index_ids_build(const mr_dmd_release *r, mr_index_ids *ret, mr_error *err) MR_MUST_CHECK;
void mr_index_ids_free(mr_index_ids *ids);
bool mr_index_ids_find(const mr_index_ids *ids, const mr_dmd_release *r, uint64_t id, mr_dmd_found *ret);

/* "PATH: what: why", MR_IO with errno as detail. */
mr_rc mr_index_fail_errno(mr_error *err, int code, const char *what, const char *path);

#endif
