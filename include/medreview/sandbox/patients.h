/* Synthetic patients for the demo and for tests: the same seed and day give the same bytes.
 *
 * The first 30 are designed: each of the 16 PINCER rules fires for at least one (patients.c names them), some are
 * clean, some protected, some take ten to sixteen medicines or carry an anticholinergic load, some records are
 * incomplete. The others are drawn from everyday combinations. Nobody has a name: identifiers only, in a namespace of
 * their own. Ids are unique across resource types: demo-p01, demo-p01-ms1, demo-p01-mr1, demo-p01-med1, demo-p01-c1,
 * demo-p01-o1. */
#ifndef MEDREVIEW_SANDBOX_PATIENTS_H
#define MEDREVIEW_SANDBOX_PATIENTS_H

#include "medreview/base/buf.h"
#include "medreview/base/date.h"

#define MR_PATIENTS_DESIGNED 30u
#define MR_PATIENTS_SYSTEM "https://medreview.example.org/id/synthetic-patient"

/* Appends patient `i` (0 <= i < n) as a transaction Bundle of PUT entries. Dates are before `today`, ages hold on it.
 * out->rc says when it did not fit. */
void mr_patients_bundle(unsigned n, uint32_t seed, mr_day today, unsigned i, mr_buf *out);

/* One FHIR write of somebody working with the records. */
typedef struct mr_patients_change {
    char method[8];   /* PUT */
    char path[96];    /* "/MedicationStatement/demo-p07-e3" */
    char patient[24]; /* "demo-p07" */
    const char *what; /* "starts naproxen": for progress messages; static */
    mr_buf body;      /* the caller frees */
} mr_patients_change;

/* The k-th of an endless stream of changes to patients 0..n-1 (n > 0). Each depends on its arguments alone; what is
 * stopped was started by an earlier k. Four stories run at a time, of three changes each: an NSAID is started,
 * stomach protection added, the NSAID stopped; warfarin is started, ibuprofen added, ibuprofen stopped; kidney function
 * falls, an NSAID is started, its dose halved; a tricyclic is started, its dose doubled, the tricyclic stopped. */
void mr_patients_change_at(unsigned n, uint32_t seed, mr_day today, unsigned k, mr_patients_change *ret);

#endif
