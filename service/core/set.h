/* Sets of medicines, and since when one was taken; private to core. */
#ifndef MEDREVIEW_CORE_SET_H
#define MEDREVIEW_CORE_SET_H

#include "account.h"

/* The set of a node, whether it was written as one group or as more. */
typedef struct mr_set_view {
    const mr_set_term *terms;
    size_t n;
    mr_set_term one;
} mr_set_view;
void mr_set_first(const mr_node *n, mr_set_view *ret);  /* set, or group */
void mr_set_second(const mr_node *n, mr_set_view *ret); /* set2, or group2 */
void mr_set_of(const mr_set *set, mr_set_view *ret);

/* May any medicine with these groups be of the set? */
bool mr_set_near(const mr_set_view *v, const mr_bits *groups);
/* UNKNOWN: the dosage does not say whether it is regular. *ret_group: of the first term that holds. */
mr_tri mr_set_has(const mr_set_view *v, const mr_medicine *m, const mr_ingredient *x, uint16_t *ret_group);
/* Any ingredient. */
mr_tri mr_set_meets(const mr_set_view *v, const mr_medicine *m);
/* Puts a match for every ingredient and term into the account, and the medicine as evidence. */
void mr_set_show(mr_account *a, const mr_set_view *v, const mr_medicine *m);
void mr_set_match(mr_account *a, const mr_set_view *v, const mr_medicine *m);
/* "no medicine of group ..." */
void mr_set_show_absence(const mr_sight *s, mr_account *a, const mr_set_view *v);

/* ---- use in time ---- */

/* Is the medicine alone in use on one of these days? */
mr_tri mr_use_in(const mr_medicine *m, mr_when days);
/* With a window: in use or issued in it. Without: taken now; UNKNOWN when that is not settled. */
mr_tri mr_use_asked(const mr_sight *s, mr_window w, const mr_medicine *m);

/* On that day, supplies counted. */
mr_tri mr_use_on(const mr_medicine *m, mr_day day);

/* The medicines that count, for mr_use_begin: those of the set, of one substance if `substance` is given, but for those
 * that hold a substance of `but` (may be NULL). */
typedef struct mr_users {
    const mr_set_view *set, *but;
    mr_span substance;
    mr_reading how;
} mr_users;

/* The first day of the use that goes on at `day`, breaks of up to `gap` bridged. `sure`: counted by what is surely so,
 * the latest that it can be; else the earliest. MR_DAY_MAX when there is none. */
mr_day mr_use_begin(const mr_sight *s, const mr_users *who, mr_day day, mr_duration gap, bool sure);

/* Is any of them taken now? An account is told what an unknown waits for. */
mr_tri mr_use_now(const mr_sight *s, const mr_users *who, mr_account *a);

/* ---- what is missing of a medicine; nothing on a NULL account ---- */
void mr_missing_about(mr_account *a, const mr_medicine *m, const char *what); /* "start date": "start date of ..." */
void mr_missing_certainty(mr_account *a, const mr_medicine *m);               /* of what was recognised */
/* Why it is not known that a medicine of the set is used: recognised by a step that may be wrong, `what` of its use, or
 * whether it is taken regularly. */
void mr_missing_member(mr_account *a, const mr_set_view *set, const mr_medicine *m, bool leant_on, mr_tri use,
                       const char *what);
/* Is the set of the node taken now, and since when? TRUE: *ret is when it began; else the value, and what is missing.
 */
mr_tri mr_start_of(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a, mr_when *ret);
/* The value when no medicine was surely found; names what was not recognised. */
mr_tri mr_nothing_found(const mr_sight *s, mr_reading how, bool in_doubt, mr_account *a);

/* Has that one substance of the set been taken as long as the node says? */
mr_tri mr_substance_long(const mr_sight *s, const mr_node *n, const mr_set_view *set, mr_span substance,
                         mr_reading how);

/* ---- results ---- */

mr_when mr_last_months(const mr_sight *s, unsigned months);
/* The newest usable value in those days. false: the account is told that it is missing, "... of the last 6 months". */
bool mr_newest_in(const mr_sight *s, uint16_t concept, mr_when days, const char *how_old, mr_account *a, mr_range *ret);
/* Is a result or the fact of a test of the node's concept on record for these days? */
mr_tri mr_tested_in(const mr_sight *s, const mr_node *n, mr_when days, mr_account *a);

#endif
