/* What the files of the dm+d importer share.
 *
 * A release goes through three hands: dmd_source*.c finds its files in folders and archives, dmd_import_xml.c turns
 * each into records as the layout (dmd_layout.c) describes them, dmd_collect*.c keeps, merges or refuses every record
 * and makes rows of what is kept. Nothing becomes a row before all files are read: only then is it known what a record
 * refers to. */
#ifndef MEDREVIEW_TERMINOLOGY_DMD_IMPORT_PARTS_H
#define MEDREVIEW_TERMINOLOGY_DMD_IMPORT_PARTS_H

#include "medreview/base/index.h"
#include "medreview/terminology/dmd_import.h"

/* Bounds. A full release of 2025 holds about 350 MB of XML in 11 files, 1.2 million records, names of at most 700
 * bytes, four elements deep, and is packed about 30 to 1. */
#define MR_DMD_FILE_BYTES (1ull << 30)    /* one file, unpacked */
#define MR_DMD_RELEASE_BYTES (3ull << 30) /* all files, unpacked */
#define MR_DMD_INNER_BYTES (256u << 20)   /* an archive inside an archive: it is held in memory */
#define MR_DMD_WORK_BYTES (1ull << 30)    /* memory while importing */
enum {
    MR_DMD_RATIO_MOST = 300,       /* unpacked to packed, of entries above a megabyte */
    MR_DMD_RECORDS_MOST = 5000000, /* of one file */
    MR_DMD_DEPTH_MOST = 16,        /* elements within elements */
    MR_DMD_TEXT_MOST = 4096,       /* bytes of one element; a longer one refuses its record */
    MR_DMD_TOKEN_MOST = 1 << 20,   /* bytes of one piece of mark-up */
    MR_DMD_UNKNOWN_MOST = 1000,    /* names of unknown elements; more is another format */
    MR_DMD_ENTRIES_MOST = 10000,   /* of one archive or folder */
    MR_DMD_FOLDERS_MOST = 4,       /* folders within folders */
    MR_DMD_FIELDS_MOST = 32,       /* elements of one record */
    MR_DMD_SET_MOST = 1000,        /* ingredients, routes or ontology forms of one product */
    MR_DMD_CHUNK_BYTES = 1 << 16
};

#define MR_DMD_ABSENT UINT64_MAX /* an optional value that is not given */

typedef enum mr_dmd_file {
    MR_DMD_F_LOOKUP,
    MR_DMD_F_INGREDIENT,
    MR_DMD_F_VTM,
    MR_DMD_F_VMP,
    MR_DMD_F_AMP,
    MR_DMD_F_VMPP,
    MR_DMD_F_AMPP,
    MR_DMD_F_GTIN,
    MR_DMD_F_BNF,
    MR_DMD_F_HISTORY,
    MR_DMD_F_VTM_ING,
    MR_DMD_FILES
} mr_dmd_file;

/* Records that are kept, each in a table of its own; the last three are made from elements of the others. */
typedef enum mr_dmd_table {
    MR_DMD_T_UNIT,
    MR_DMD_T_FORM,
    MR_DMD_T_ONT,
    MR_DMD_T_ROUTE,
    MR_DMD_T_ING,
    MR_DMD_T_VTM,
    MR_DMD_T_VMP,
    MR_DMD_T_VPI,
    MR_DMD_T_VMP_ONT,
    MR_DMD_T_VMP_FORM,
    MR_DMD_T_VMP_ROUTE,
    MR_DMD_T_CONTROL,
    MR_DMD_T_AMP,
    MR_DMD_T_VMPP,
    MR_DMD_T_AMPP,
    MR_DMD_T_BNF,
    MR_DMD_T_OLD_VTM, /* history */
    MR_DMD_T_OLD_VMP,
    MR_DMD_T_OLD_ING,
    MR_DMD_T_VTM_ING,
    MR_DMD_T_PREV_VTM, /* VTMIDPREV, VPIDPREV, ISIDPREV: counted by themselves, */
    MR_DMD_T_PREV_VMP, /* so that a wrong former id costs only itself */
    MR_DMD_T_PREV_ING,
    MR_DMD_TABLES_N,
    MR_DMD_T_NONE /* read, counted and not kept by design */
} mr_dmd_table;

typedef enum mr_dmd_value {
    MR_DMD_V_SKIP,    /* known, not needed */
    MR_DMD_V_ID,      /* SNOMED CT id with its check digit */
    MR_DMD_V_CODE,    /* of a lookup: a short number, or an id */
    MR_DMD_V_SMALL,   /* 0 to 254, with or without leading zeros */
    MR_DMD_V_FLAG,    /* 0 or 1 */
    MR_DMD_V_DECIMAL, /* whole thousandths */
    MR_DMD_V_TEXT,    /* the record's text */
    MR_DMD_V_BNF,     /* the record's text: up to 15 letters and digits */
    MR_DMD_V_ATC,     /* packed, see mr_dmd_atc_text */
    MR_DMD_V_PREVIOUS /* a former id: a record of its own */
} mr_dmd_value;

typedef struct mr_dmd_field {
    const char *name;
    mr_dmd_value value;
    bool required;
    uint8_t slot;        /* in mr_dmd_raw.v */
    uint8_t least, most; /* of SMALL; most 0: any */
} mr_dmd_field;

typedef struct mr_dmd_record_layout {
    const char *section; /* NULL: records stand directly under the root */
    const char *element;
    const char *entity; /* in counts and refusals */
    mr_dmd_table table;
    const mr_dmd_field *fields; /* NULL: not kept */
    uint8_t n_fields, n_values;
    bool needed; /* a file without that section is no release */
} mr_dmd_record_layout;

typedef struct mr_dmd_layout {
    const char *type; /* "vmp": of f_vmp2_3260821.xml */
    const char *root;
    bool required, bonus;
    const mr_dmd_record_layout *records;
    size_t n_records;
} mr_dmd_layout;

extern const mr_dmd_layout mr_dmd_layouts[MR_DMD_FILES];

/* Places in mr_dmd_raw.v. In every table 0 is the id, or the id of the product that the record says something about. */
enum { MR_DMD_ID };
enum { MR_DMD_VTM_INVALID = 1, MR_DMD_VTM_VALUES };
enum { MR_DMD_ING_INVALID = 1, MR_DMD_ING_VALUES };
enum {
    MR_DMD_VMP_VTM = 1,
    MR_DMD_VMP_INVALID,
    MR_DMD_VMP_COMBINATION,
    MR_DMD_VMP_PRESCRIBING,
    MR_DMD_VMP_DOSE_FORM,
    MR_DMD_VMP_UDFS,
    MR_DMD_VMP_UDFS_UNIT,
    MR_DMD_VMP_DOSE_UNIT,
    MR_DMD_VMP_VALUES
};
enum {
    MR_DMD_VPI_ING = 1,
    MR_DMD_VPI_BASIS,
    MR_DMD_VPI_BASE,
    MR_DMD_VPI_NUMERATOR,
    MR_DMD_VPI_NUMERATOR_UNIT,
    MR_DMD_VPI_DENOMINATOR,
    MR_DMD_VPI_DENOMINATOR_UNIT,
    MR_DMD_VPI_VALUES
};
enum { MR_DMD_PAIR_OTHER = 1, MR_DMD_PAIR_VALUES }; /* form, route, control category, ingredient of a VTM */
enum { MR_DMD_AMP_VMP = 1, MR_DMD_AMP_INVALID, MR_DMD_AMP_VALUES };
enum { MR_DMD_VMPP_VMP = 1, MR_DMD_VMPP_INVALID, MR_DMD_VMPP_VALUES };
enum { MR_DMD_AMPP_VMPP = 1, MR_DMD_AMPP_AMP, MR_DMD_AMPP_INVALID, MR_DMD_AMPP_VALUES };
enum { MR_DMD_BNF_ATC = 1, MR_DMD_BNF_DDD, MR_DMD_BNF_DDD_UNIT, MR_DMD_BNF_VALUES };
enum { MR_DMD_OLD_CURRENT = 1, MR_DMD_OLD_VALUES }; /* 0: the former id */

typedef enum mr_dmd_state { MR_DMD_KEPT, MR_DMD_MERGED, MR_DMD_REFUSED } mr_dmd_state;

typedef struct mr_dmd_raw { /* one record */
    uint64_t *v;            /* n_values of its layout; [0] MR_DMD_ABSENT when it cannot be read */
    mr_span text;
    unsigned line;
    uint32_t rank; /* among the kept of its table, once it is known who is */
    uint8_t n_values, state;
    bool broken; /* refused for what it is, not for what it refers to */
} mr_dmd_raw;

typedef struct mr_dmd_records {
    mr_dmd_raw *v;
    size_t n, cap;
    const mr_dmd_record_layout *layout; /* the entity's name; NULL: no such record was met */
    mr_dmd_file file;
    mr_dmd_count *count;
} mr_dmd_records;

typedef struct mr_dmd_collect {
    mr_arena *work; /* everything until the rows are made */
    const mr_dmd_import_options *options;
    mr_span shown[MR_DMD_FILES]; /* name of each file, as messages say it */
    mr_dmd_count *counts[MR_DMD_FILES];
    mr_dmd_records tables[MR_DMD_TABLES_N];
    mr_index *unknown; /* names of elements and sections that no layout knows */
    size_t n_unknown;
    mr_dmd_count all[96];
    size_t n_counts;
    size_t n_refused;
    bool fatal;
} mr_dmd_collect;

/* One record as it was read. values[i] belongs to layout->fields[i]; absent when the element is not there. */
typedef struct mr_dmd_record {
    const mr_dmd_record_layout *layout;
    mr_dmd_file file;
    unsigned line;
    const mr_span *values;
    const char *trouble; /* why it is none, already at reading; NULL */
} mr_dmd_record;

/* dmd_collect.c. MR_LIMIT or MR_NOMEM when memory is short. */
mr_rc mr_dmd_collect_init(mr_dmd_collect *c, const mr_dmd_import_options *options, mr_arena *work,
                          mr_error *err) MR_MUST_CHECK;
mr_rc mr_dmd_collect_record(mr_dmd_collect *c, const mr_dmd_record *r, mr_error *err) MR_MUST_CHECK;
mr_dmd_count *mr_dmd_collect_count(mr_dmd_collect *c, mr_dmd_file file, const mr_dmd_record_layout *l);
/* Says a refusal and counts it. */
void mr_dmd_say(mr_dmd_collect *c, mr_dmd_file file, unsigned line, const char *entity, bool fatal, const char *fmt,
                ...) MR_PRINTF(6, 7);
/* Says what a person should know and is no refusal. */
void mr_dmd_note(mr_dmd_collect *c, mr_span file, const char *entity, const char *fmt, ...) MR_PRINTF(4, 5);
/* Says once what no layout knows; false when it was said before.  MR_LIMIT  too many different ones */
mr_rc mr_dmd_unknown(mr_dmd_collect *c, mr_dmd_file file, unsigned line, const char *entity, const char *what,
                     const char *name, mr_error *err) MR_MUST_CHECK;
/* The record is refused, with the sentence. */
void mr_dmd_refuse(mr_dmd_collect *c, mr_dmd_table t, mr_dmd_raw *raw, const char *fmt, ...) MR_PRINTF(4, 5);
mr_rc mr_dmd_no_room(const mr_dmd_collect *c, mr_error *err);
mr_rc mr_dmd_no_room_in(const mr_arena *a, mr_error *err);

/* dmd_value.c: text to value. NULL, or what is wrong with it ("is no number"). */
const char *mr_dmd_value_read(const mr_dmd_field *f, mr_span text, uint64_t *ret);
bool mr_dmd_bnf_valid(mr_span text);
void mr_dmd_atc_text(uint64_t packed, char ret[8]);

/* dmd_collect_link.c: which records stand, by themselves and by what they refer to; sets states and ranks. */
mr_rc mr_dmd_collect_link(mr_dmd_collect *c, mr_error *err) MR_MUST_CHECK;
/* The first record of that id (of equals the kept one stands first); NULL when there is none. Sorted tables only. */
mr_dmd_raw *mr_dmd_find(const mr_dmd_collect *c, mr_dmd_table t, uint64_t id);
/* The same when it is kept. */
mr_dmd_raw *mr_dmd_find_kept(const mr_dmd_collect *c, mr_dmd_table t, uint64_t id);
/* Sorts; equal records become one. */
void mr_dmd_sort(mr_dmd_records *rows);

/* dmd_collect_previous.c: former ids, followed to what they are now. */
typedef struct mr_dmd_previous_list {
    mr_dmd_previous *v;
    size_t n, cap;
} mr_dmd_previous_list;
mr_rc mr_dmd_collect_previous(mr_dmd_collect *c, mr_dmd_previous_list *ret, mr_error *err) MR_MUST_CHECK;

/* dmd_collect_build.c: rows of what is kept, in `a`. */
mr_rc mr_dmd_collect_build(mr_dmd_collect *c, const mr_dmd_previous_list *previous, mr_arena *a, mr_dmd_release *ret,
                           mr_error *err) MR_MUST_CHECK;

/* dmd_import_xml.c: bytes come through `read` (*ret_n 0: the end), records go to `c`. */
typedef mr_rc mr_dmd_read(void *arg, char *into, size_t room, size_t *ret_n, mr_error *err);
/*   MR_MALFORMED  not well formed, another root, a DOCTYPE;  MR_LIMIT  beyond a bound;  else what `read` says */
mr_rc mr_dmd_xml_read(mr_dmd_collect *c, mr_dmd_file file, mr_dmd_read *read, void *read_arg,
                      mr_error *err) MR_MUST_CHECK;

/* dmd_source.c: the files of a release, wherever they lie. */
typedef struct mr_dmd_zip mr_dmd_zip;
typedef struct mr_dmd_found_file {
    mr_span shown; /* as messages say it: path below what was given */
    mr_dmd_file file;
    uint64_t bytes;         /* unpacked */
    uint64_t device, inode; /* of a file in a folder: the same one given twice is one */
    mr_span path;           /* of a file in a folder; absent in an archive */
    mr_dmd_zip *zip;
    uint64_t entry;
} mr_dmd_found_file;

typedef struct mr_dmd_source {
    mr_arena *a;
    mr_dmd_collect *collect; /* hears notes */
    mr_dmd_found_file files[MR_DMD_FILES];
    bool has[MR_DMD_FILES];
    mr_dmd_zip *zips;      /* all that are open */
    uint64_t bytes;        /* of all files */
    uint64_t done;         /* of those that are read already */
    char date[11];         /* the newest that file names bear */
    char archive_date[11]; /* that an archive or folder bears */
} mr_dmd_source;

/* Finds the files under a folder or ZIP.
 *   MR_IO         cannot be read
 *   MR_MALFORMED  two files of one kind, a damaged or encrypted archive
 *   MR_LIMIT      more than a release holds */
mr_rc mr_dmd_source_add(mr_dmd_source *s, const char *path, mr_error *err) MR_MUST_CHECK;
mr_rc mr_dmd_source_read(mr_dmd_source *s, mr_dmd_file file, mr_error *err) MR_MUST_CHECK;
void mr_dmd_source_close(mr_dmd_source *s);
/* A file was met: takes it when its name is one of a release; `is_zip` when it is an archive to be opened. */
mr_rc mr_dmd_source_met(mr_dmd_source *s, const mr_dmd_found_file *met, mr_error *err) MR_MUST_CHECK;
bool mr_dmd_is_zip_name(mr_span name);
mr_span mr_dmd_base_name(mr_span path);

/* dmd_import_zip.c */
/* Opens an archive and offers what it holds to the source; archives inside it are opened when depth is 0. `bytes`
 * (malloc'ed, taken over in every case) is the archive, or NULL and `path` names it. */
mr_rc mr_dmd_zip_add(mr_dmd_source *s, mr_span shown, const char *path, void *bytes, size_t n, unsigned depth,
                     mr_error *err) MR_MUST_CHECK;
/* Calls `take` with a reader of the entry; damage (CRC) shows as MR_MALFORMED. */
typedef mr_rc mr_dmd_take(void *arg, mr_dmd_read *read, void *read_arg, mr_error *err);
mr_rc mr_dmd_zip_entry(mr_dmd_zip *z, uint64_t entry, mr_dmd_take *take, void *arg, mr_error *err) MR_MUST_CHECK;
void mr_dmd_zip_close_all(mr_dmd_zip *first);

#endif
