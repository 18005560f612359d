/* What one statement or request says about use; private to core. */
#ifndef MEDREVIEW_CORE_ENTRY_H
#define MEDREVIEW_CORE_ENTRY_H

#include "medreview/core/record.h"

typedef struct mr_use {
    mr_med_state state;
    bool unsettled; /* a request of unknown status: neither taken nor not taken */
    bool past_end;  /* a statement that says active although its end has passed */
    bool used;      /* `exposure` says when */
    mr_exposure exposure;
    bool issued; /* `issue` is the day of an issue */
    mr_day issue;
    mr_when first; /* start, else the issue; not given when neither is known */
} mr_use;

void mr_entry_use(const mr_entry *e, mr_day as_of, mr_use *ret);
/* current or unknown */
bool mr_use_taken(const mr_use *u);
/* Dose a day by the dosage's text and structure together (dosage.h), in mg where it is a mass: never guessed from a
 * range, from "when required", or from several dosages, which may be the steps of a course. A dose in tablets needs one
 * ingredient of known strength. */
mr_dose mr_entry_dose(const mr_entry *e);

#endif
