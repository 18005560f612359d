/* What an evaluation has to show for its result; private to core. */
#ifndef MEDREVIEW_CORE_ACCOUNT_H
#define MEDREVIEW_CORE_ACCOUNT_H

#include "sight.h"

/* Growing lists. `full` is sticky: the arena ran out of room. */
typedef struct mr_account {
    mr_arena *arena;
    mr_match *matches;
    size_t n_matches, cap_matches;
    mr_evidence *evidence;
    size_t n_evidence, cap_evidence;
    mr_missing *missing;
    size_t n_missing, cap_missing;
    bool full;
} mr_account;

/* All of them do nothing on a NULL account. Texts must be in the arena, in the record or literals. */
/* Group MR_NO_NUMBER: the ingredient is part of a total; it is implicated, but identifies nothing. */
void mr_account_match(mr_account *a, uint16_t group, const mr_medicine *m, const mr_ingredient *i);
void mr_account_evidence(mr_account *a, mr_evidence e);
void mr_account_missing(mr_account *a, mr_missing_kind kind, mr_span what, mr_span settled_by, mr_span reference);
/* Formatted text in the arena of the account; sets `full` when there is no room. */
mr_span mr_account_text(mr_account *a, const char *fmt, ...) MR_PRINTF(2, 3);
/* Sorts matches and missing, each once; evidence keeps its order, each once. */
void mr_account_settle(mr_account *a);
int mr_evidence_order(const void *left, const void *right);
int mr_missing_order(const void *left, const void *right);

/* How an atom is read. `negated`: it stands under an odd number of NOTs. `whole`: as if every medicine were recognised.
 */
typedef struct mr_reading {
    bool negated, whole;
} mr_reading;

/* The value of one atom. With an account: if TRUE its matches and evidence, if FALSE what shows its absence, if UNKNOWN
 * what is missing. */
mr_tri mr_atom_read(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);

/* atom_medicine.c */
mr_tri mr_atom_taking(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_coprescribed(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_started_before(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
/* atom_since.c */
mr_tri mr_atom_long(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_started(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_cascade(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_tested_since(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
/* atom_why.c */
mr_tri mr_atom_taken_for(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_allergic(const mr_sight *s, const mr_node *n, mr_account *account);
mr_tri mr_atom_any_finding(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
/* atom_number.c, atom_dose.c, atom_score.c */
mr_tri mr_atom_substances(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_same_substance(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_issues(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_dose(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_frequency(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_equivalent(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_equivalent_mean(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_score_one(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_score_rise(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_scale_difference(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
/* atom_fact.c, atom_result.c */
mr_tri mr_atom_has(const mr_sight *s, const mr_node *n, mr_account *account);
mr_tri mr_atom_degree(const mr_sight *s, const mr_node *n, mr_account *account);
mr_tri mr_atom_tested(const mr_sight *s, const mr_node *n, mr_account *account);
mr_tri mr_atom_latest(const mr_sight *s, const mr_node *n, mr_account *account);
mr_tri mr_atom_marked(const mr_sight *s, const mr_node *n, mr_account *account);
mr_tri mr_atom_average(const mr_sight *s, const mr_node *n, mr_account *account);
mr_tri mr_atom_every(const mr_sight *s, const mr_node *n, mr_account *account);
mr_tri mr_atom_change(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *account);
mr_tri mr_atom_clearance(const mr_sight *s, const mr_node *n, mr_account *account);

/* Names the codes that are missing for the concept of an atom. */
void mr_missing_codes(const mr_sight *s, const mr_node *n, mr_account *account);
/* Names what stands in the way of "none found" on the list of medicines. */
void mr_missing_recognition(const mr_sight *s, mr_account *account);

#endif
