/* What the files of the memory store share. */
#ifndef MEDREVIEW_STORE_MEMORY_H
#define MEDREVIEW_STORE_MEMORY_H

#include "intake.h"
#include "medreview/flow/clock.h"
#include "memory_table.h"
#include "row.h"

typedef struct mr_memory_source mr_memory_source;

typedef struct mr_memory_row {
    mr_row row;
    mr_memory_source *source;
    size_t heap_at;       /* place in the source's heap; SIZE_MAX: not in it */
    mr_row_state counted; /* the state under which it stands in n_by_state */
    bool reviewed;
    mr_work_item item;
    char *json; /* NULL: none */
    size_t json_len;
    uint64_t number; /* of the review that has a stamp; 0: none has */
    char stamp[MR_STAMP_BYTES + 1], checked[MR_STAMP_BYTES + 1];
    bool changed;
    char *asked;
    size_t asked_len;
} mr_memory_row;

/* Claimable rows of one source: a heap by (ready, patient). */
struct mr_memory_source {
    char name[MR_MAX_SOURCE_BYTES + 1];
    mr_memory_row **heap;
    size_t n, room, n_rows;
};

typedef struct mr_memory_queue {
    mr_table by_key;
    mr_memory_row **rows; /* all of them; in key order unless `unsorted` */
    size_t n, room;
    bool unsorted;
    mr_memory_source **sources; /* by name */
    size_t n_sources;
    uint64_t n_by_state[MR_ROW_STATES];
    uint64_t review_number; /* the last one given */
} mr_memory_queue;

mr_memory_row *mr_memory_row_get(const mr_memory_queue *q, const mr_key *key);
/* Existing or new and idle; NULL: out of memory. A new row is seen by the lists at once: forget it when a later step
 * of the same operation fails. Placing a row afterwards cannot fail. */
mr_memory_row *mr_memory_row_make(mr_memory_queue *q, const mr_key *key, bool *ret_new);
void mr_memory_row_forget(mr_memory_queue *q, mr_memory_row *newest); /* the row that was made last */
void mr_memory_row_place(mr_memory_queue *q, mr_memory_row *r);       /* after every change of r->row */
/* The rows in key order. */
mr_memory_row *const *mr_memory_rows(mr_memory_queue *q);
/* The row of that source to be claimed next; NULL when none is ready. */
mr_memory_row *mr_memory_row_ready(const mr_memory_source *s, int64_t now_ms);
void mr_memory_queue_free(mr_memory_queue *q);

/* memory_basis.c: what reviews were made with. `asked` passes to the row. */
void mr_memory_basis_keep(mr_memory_queue *q, mr_memory_row *r, mr_span stamp, char *asked, size_t len);
mr_rc mr_memory_stale(mr_memory_queue *q, mr_span stamp, mr_stale *ret, size_t most, size_t *ret_n, mr_error *err);
void mr_memory_compared(mr_memory_queue *q, mr_span stamp, const mr_compared *v, size_t n);
size_t mr_memory_rereview(mr_memory_queue *q, size_t most, int64_t now_ms);
void mr_memory_rereviews(const mr_memory_queue *q, mr_span stamp, mr_rereviews *ret);

typedef struct mr_memory_hint {
    mr_hint hint;
    int64_t retry_at_ms;
} mr_memory_hint;

typedef struct mr_memory_version {
    mr_written what;
    int64_t at_ms;
} mr_memory_version;

/* Everything beside the queue: hints, resource index, ledger, watermarks. */
typedef struct mr_memory_notes {
    mr_table hint_by_key;
    mr_memory_hint **hints; /* by (retry_at_ms, number) */
    size_t n_hints, room_hints;
    uint64_t hint_number;
    mr_table patient_by_reference; /* values: malloc texts */
    mr_table version_by_key;
    mr_memory_version **versions; /* in no order */
    size_t n_versions, room_versions;
    int64_t oldest_version_ms; /* no version is older */
    mr_table watermark_by_key; /* values: malloc texts */
} mr_memory_notes;

/* Room for n more hints, so that adding them cannot fail but for the entries themselves. */
bool mr_memory_hints_reserve(mr_memory_notes *m, size_t n);
mr_memory_hint *mr_memory_hint_get(const mr_memory_notes *m, const char *source, const char *type, const char *id);
/* New, without a number yet: renew it, or forget it when a later step of the same operation fails. */
mr_memory_hint *mr_memory_hint_make(mr_memory_notes *m, const mr_intake *in, int64_t now_ms);
void mr_memory_hint_renew(mr_memory_notes *m, mr_memory_hint *h);
void mr_memory_hint_forget(mr_memory_notes *m, mr_memory_hint *h);
void mr_memory_hint_delay(mr_memory_notes *m, mr_memory_hint *h, int64_t retry_at_ms);

mr_rc mr_memory_learn(mr_memory_notes *m, const char *source, const char *patient, const char *const *references,
                      size_t n, mr_error *err);
const char *mr_memory_patient_of(const mr_memory_notes *m, const char *source, const char *reference);
mr_rc mr_memory_wrote(mr_memory_notes *m, const mr_written *v, size_t n, int64_t now_ms, mr_error *err);
bool mr_memory_is_ours(const mr_memory_notes *m, const mr_written *v);
const char *mr_memory_watermark(const mr_memory_notes *m, const char *source, const char *type);
mr_rc mr_memory_set_watermark(mr_memory_notes *m, const char *source, const char *type, const char *instant,
                              mr_error *err);
void mr_memory_notes_free(mr_memory_notes *m);

#endif
