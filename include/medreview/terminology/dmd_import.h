/* A dm+d release (TRUD items 24 and 25: XML files in a folder, a ZIP, or ZIPs inside a ZIP) to rows.
 *
 * Nothing is lost in silence: every record of every file that is read is counted, and it is either a row, merged into
 * one (and counted so), refused with file, line, entity and reason, or of a kind that is not kept by design (prices,
 * suppliers, ...). Counts in = rows + merged + refused + not kept, per entity; an import in which that does not hold is
 * a defect of ours and fails.
 *
 * What refers to a refused record is refused as well, each with its sentence; and a product of which one ingredient,
 * route or form was refused is refused itself: no product may look complete with fewer ingredients than it has.
 * docs/terminology-import.md lists the reasons. */
#ifndef MEDREVIEW_TERMINOLOGY_DMD_IMPORT_H
#define MEDREVIEW_TERMINOLOGY_DMD_IMPORT_H

#include "medreview/base/buf.h"
#include "medreview/terminology/dmd_release.h"

typedef struct mr_dmd_count { /* of one kind of record: "VMP", "VPI", "AMP", "DROUTE", "history VMP", ... */
    const char *entity;
    size_t read, kept, merged, refused;
    size_t not_kept; /* read, and not needed by design */
    bool missing;    /* the section or optional file is not there: reported, not fatal */
} mr_dmd_count;

typedef struct mr_dmd_refusal { /* one record that is not taken, or one thing about the release that a person must know
                                 */
    mr_span file;               /* "f_vmp2_3260821.xml", or "release.zip/inner.zip/f_..." */
    unsigned line;              /* 0: of the file as a whole */
    mr_span entity, why;        /* "VPI", "ISID 4: check digit is wrong" */
    bool fatal;
    bool note; /* to be known, and nothing was refused: a missing optional file; not counted in n_refused */
} mr_dmd_refusal;

typedef struct mr_dmd_import_options {
    const char *dmd, *bonus; /* ZIP or folder; bonus NULL: none (no ATC, history and VTM ingredients then).
                              * Any file of a release is taken from either; the same file in both is one */
    /* Long work shows progress: called every few megabytes and at the end of each file; `done` and `total` in bytes of
     * all files, so a file has ended when `done` is not less than what its own call before said. May be NULL. */
    void (*progress)(void *arg, const char *file, uint64_t done, uint64_t total);
    void *progress_arg;
    /* Called for each refusal as it happens; texts hold until it returns. */
    void (*refused)(void *arg, const mr_dmd_refusal *what);
    void *refused_arg;
} mr_dmd_import_options;

typedef struct mr_dmd_imported {
    mr_dmd_release release;
    mr_dmd_count *counts; /* in the order of the files */
    size_t n_counts;
    size_t n_refused;
} mr_dmd_imported;

/* Everything returned lives in `a`. The order of files and of records does not matter for the result.
 *   MR_IO         the folder or archive cannot be read
 *   MR_MALFORMED  no release: a required file (vtm, vmp, amp, vmpp, ampp, ingredient, lookup) is missing or is no
 *                 well-formed XML, or an archive is damaged or larger than its bounds
 *   MR_LIMIT      more than the bounds of a release, or `a` is full */
mr_rc mr_dmd_import(const mr_dmd_import_options *options, mr_arena *a, mr_dmd_imported *ret,
                    mr_error *err) MR_MUST_CHECK;

#endif
