/* What comes in, checked and merged before any store touches a row; and the order of two instants. */
#ifndef MEDREVIEW_STORE_INTAKE_H
#define MEDREVIEW_STORE_INTAKE_H

#include "medreview/flow/store.h"

typedef enum mr_wish_kind { MR_WISH_PATIENT, MR_WISH_HINT } mr_wish_kind;

/* One intake, or several of the same thing as one. */
typedef struct mr_wish {
    const mr_intake *what; /* the first of them; borrowed */
    mr_wish_kind kind;
    int64_t quiet_ms, max_ms; /* the strictest of them */
} mr_wish;

/* The wishes of v, in its order, each thing once; malloc, caller frees (NULL when n is 0).
 *   MR_INVALID  an entry is neither patient, hint nor poll, or has no source
 *   MR_NOMEM */
mr_rc mr_wishes_of(const mr_intake *v, size_t n, mr_wish **ret, size_t *ret_n, mr_error *err);

/* MR_LIMIT: an id or a reference is longer than FHIR and base/limits.h have it. */
mr_rc mr_learn_check(const char *source, const char *patient, const char *const *references, size_t n, mr_error *err);

/* MR_LIMIT: longer than MR_STAMP_BYTES. */
mr_rc mr_stamp_check(mr_span stamp, mr_error *err);

/* FHIR instants or dateTimes by their place in time, to the last digit of the fraction.
 *   MR_MALFORMED  one of them is not an instant, or has no room in a watermark */
mr_rc mr_instant_later(const char *candidate, const char *current, bool *ret, mr_error *err);

/* asap 0, urgent 1, routine 2, anything else 3. */
unsigned mr_priority_rank(const char *priority);
/* It has a place on the worklist. */
bool mr_work_item_open(const mr_work_item *item);
bool mr_work_item_overdue(const mr_work_item *item, const char *today); /* of an open one */

#define MR_WATERMARK_BYTES 39                              /* without the closing zero */
#define MR_LEDGER_KEEP_MS (INT64_C(30) * 24 * 3600 * 1000) /* fhir.md 4.6: longer than any server repeats a notice */
#define MR_LEDGER_FORGET_MAX 1000u                         /* of one wrote(): so that none becomes a long one */

#endif
