/* The index file: one dm+d release, and a site's code sets when it has some, in one read-only file whose rows are used
 * where they lie.
 *
 * Layout, little-endian: a header (magic "mrdmdix1", byte order mark, format version, SHA-256 of all that follows it,
 * length, release date, table of sections with name, offset, rows and row size), then the sections in the one order,
 * 8-aligned, without gaps. Same release, same bytes. Any other layout is refused. */
#ifndef MEDREVIEW_TERMINOLOGY_DMD_INDEX_H
#define MEDREVIEW_TERMINOLOGY_DMD_INDEX_H

#include "medreview/base/buf.h"
#include "medreview/terminology/dmd_release.h"

typedef struct mr_dmd_index mr_dmd_index;

/* Writes PATH by way of a temporary file beside it, synced, then renamed: a reader sees the old one or the new one.
 * `codes` may be NULL.
 *   MR_MALFORMED  the release or the code sets do not hold together: what could not be opened is not written
 *   MR_IO         nothing was replaced (or, and the sentence says so, it was and the folder could not be synced) */
mr_rc mr_dmd_index_write(const mr_dmd_release *r, const mr_code_sets *codes, const char *path,
                         mr_error *err) MR_MUST_CHECK;
/* The same bytes in memory. */
mr_rc mr_dmd_index_encode(const mr_dmd_release *r, const mr_code_sets *codes, mr_buf *out, mr_error *err) MR_MUST_CHECK;

/* Reads the file into pages of its own, seals them read-only, and proves it whole: magic, version, checksum, sections,
 * mr_dmd_release_check, code sets. Not a mapping of the file itself: whoever copies another index over it in place
 * would change rows that have been proven, or end the process. An open index never changes, whatever becomes of its
 * file. The price: its bytes are this process's own memory (27 MB for a full release, and 4 MB that lead ids to rows),
 * shared with no other process and not given back when memory is short.
 *   MR_IO         cannot be opened or read
 *   MR_MALFORMED  damaged, cut short, of another program, or of another version of the format; the sentence says which
 *                 and what to do (import again) */
mr_rc mr_dmd_index_open(const char *path, mr_dmd_index **ret, mr_error *err) MR_MUST_CHECK;
/* The same on bytes that the caller keeps (8-aligned), for tests and fuzzing. */
mr_rc mr_dmd_index_view(const void *bytes, size_t n, mr_dmd_index **ret, mr_error *err) MR_MUST_CHECK;
void mr_dmd_index_close(mr_dmd_index *ix); /* NULL is fine */

const mr_dmd_release *mr_dmd_index_release(const mr_dmd_index *ix);
const mr_code_sets *mr_dmd_index_codes(const mr_dmd_index *ix); /* n 0 when it holds none; lives as long as the index */
/* First 16 hex digits of the checksum: tells two indexes of one release date apart. */
const char *mr_dmd_index_checksum(const mr_dmd_index *ix);

typedef struct mr_dmd_found {
    mr_dmd_kind kind;
    uint32_t row;
} mr_dmd_found;
/* The current entity of that id. Where two kinds share an id: VMP, AMP, VMPP, AMPP, VTM, substance, in this order. */
bool mr_dmd_index_find(const mr_dmd_index *ix, uint64_t id, mr_dmd_found *ret);
/* What the former id stands for now, same order of kinds; *ret_n_rows says how many rows of that kind it may be (more
 * than one: it was split, and the first is given). false when it was never an id that the release remembers. */
bool mr_dmd_index_find_previous(const mr_dmd_index *ix, uint64_t id, mr_dmd_found *ret, size_t *ret_n_rows);

#endif
