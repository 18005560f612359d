/* What a dosage says, and the daily dose that follows from it. docs/dose.md has the grammar as a table.
 *
 * A text is understood whole or not at all: one word that the grammar does not have, and nothing is known. The
 * structured dosage counts where the text does not speak against it. */
#ifndef MEDREVIEW_CORE_DOSAGE_H
#define MEDREVIEW_CORE_DOSAGE_H

#include "medreview/core/record.h"

/* A longer text is not read: nobody writes a plain dose in so many bytes. */
#define MR_DOSAGE_TEXT_BYTES 256

typedef enum mr_said_how {
    MR_SAID_NOTHING,        /* no text */
    MR_SAID_EXACT,          /* so much in so many days */
    MR_SAID_AT_MOST,        /* a range, "when required", "up to": never more than that */
    MR_SAID_AS_NEEDED,      /* "when required", without a limit */
    MR_SAID_AS_DIRECTED,    /* the instruction is elsewhere */
    MR_SAID_TIMES_ONLY,     /* "once daily" */
    MR_SAID_AMOUNT_ONLY,    /* "one tablet" */
    MR_SAID_NOT_UNDERSTOOD, /* a word, or an order of words, that is not in the grammar */
    MR_SAID_COUNT
} mr_said_how;

/* What is counted. */
typedef enum mr_said_unit {
    MR_SAID_BARE, /* "one": of whatever the product is counted in */
    MR_SAID_FORM, /* tablets, capsules, sachets, suppositories ... */
    MR_SAID_PATCH,
    MR_SAID_PUFF, /* of an inhaler or a spray: a dose of it */
    MR_SAID_MG,   /* any mass, as mg */
    MR_SAID_ML,
    MR_SAID_UNITS, /* of activity, as of insulin */
    MR_SAID_DROP,
    MR_SAID_SPOON /* of no known size */
} mr_said_unit;

typedef struct mr_said {
    mr_said_how how;
    mr_said_unit unit;  /* of amount, total and most */
    double amount;      /* each time; 0: not told, a range, or another one at another time of day */
    double total, days; /* EXACT: `total` in `days` days. days also of TIMES_ONLY */
    double times;       /* in `days` days, at most so many where it is a range; 0: not told */
    bool once;          /* `times` is 1 because nothing else is said: "two daily" */
    double most;        /* AT_MOST: a day */
    bool as_needed;     /* all of it is "when required" */
    bool changes;       /* it speaks of a change, a reduction, a next step: no number stands for long */
} mr_said;

/* Reads a dosage text. Never fails: what is not understood says so. Upper and lower case, blanks and most punctuation
 * make no difference. All numbers are finite and not negative. */
void mr_dosage_read(mr_span text, mr_said *ret);

/* The same, leaving out words that are not in the grammar: good only to see whether a text speaks against something. */
void mr_dosage_skim(mr_span text, mr_said *ret);

/* The daily dose of ingredient number `ingredient` of the entry's product, in mg, or in "unit" where the strength of
 * the product is given so. Never guessed; `why` says what is missing. With `known` false `times` and `days` still stand
 * where the dosage told them. */
mr_dose mr_entry_dose_of(const mr_entry *e, size_t ingredient);

/* Two products taken beside each other: the sum. Known when both are and their units agree; at most so much when each
 * is known at least so far. How often only when both say the same. */
mr_dose mr_dose_add(mr_dose a, mr_dose b);

/* Two entries that speak of one product: what both say, or unknown (SEVERAL_ENTRIES). */
mr_dose mr_dose_agree(mr_dose a, mr_dose b);

#endif
