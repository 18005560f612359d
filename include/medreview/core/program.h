/* A rule's condition as a tree, and its evaluation in three-valued logic.
 *
 * knowledge/expr.c builds trees from text; nothing here knows the text's grammar. A tree is immutable and shared by
 * threads. Every atom keeps the words it was written with, so that an explanation can quote them. */
#ifndef MEDREVIEW_CORE_PROGRAM_H
#define MEDREVIEW_CORE_PROGRAM_H

#include "medreview/core/record.h"

typedef enum mr_tri { MR_FALSE = 0, MR_UNKNOWN = 1, MR_TRUE = 2 } mr_tri;
mr_tri mr_tri_not(mr_tri a);
mr_tri mr_tri_and(mr_tri a, mr_tri b);
mr_tri mr_tri_or(mr_tri a, mr_tri b);

typedef enum mr_time_unit { MR_DAYS, MR_WEEKS, MR_MONTHS, MR_YEARS } mr_time_unit;
typedef struct mr_duration {
    uint16_t n;
    uint8_t unit; /* mr_time_unit */
} mr_duration;

/* Days from `earliest` before the as-of date to `latest` before it, both ends included. Not set: no limit.
 * "within 3 months" = {3 months, 0 days}; "from 6 months to 3 months ago" = {6 months, 3 months};
 * "at least 3 months ago" = {no limit, 3 months}. */
typedef struct mr_window {
    bool has_earliest, has_latest;
    mr_duration earliest, latest;
} mr_window;

typedef enum mr_op {
    MR_OP_AND,
    MR_OP_OR,
    MR_OP_NOT,            /* kids */
    MR_OP_COMPARE,        /* quantity cmp value */
    MR_OP_SEX,            /* value: an mr_sex */
    MR_OP_TAKING,         /* group [window]: without a window, taken now; with one, issued or in use in it */
    MR_OP_COPRESCRIBED,   /* group, group2: both taken now, or with a window an issue of each less than `apart` apart */
    MR_OP_STARTED_BEFORE, /* group: first use at least `window.latest` ago (MED first<=index-15m) */
    MR_OP_HAS,            /* concept [window on recorded or onset date]: coded and not resolved since */
    MR_OP_TESTED          /* concept [window]: a result or the fact of a test in the window */
} mr_op;

typedef enum mr_quantity {
    MR_Q_AGE,      /* years */
    MR_Q_LATEST,   /* concept [window]: newest value in the canonical unit */
    MR_Q_SCORE,    /* scale: burden total */
    MR_Q_MEDICINES /* distinct regular current medicines */
} mr_quantity;

typedef enum mr_compare { MR_LESS, MR_LESS_EQUAL, MR_EQUAL, MR_GREATER_EQUAL, MR_GREATER } mr_compare;

enum { MR_NO_NUMBER = 0xFFFF };
typedef struct mr_node {
    mr_op op;
    const struct mr_node *const *kids; /* AND, OR: two or more; NOT: one */
    size_t n_kids;
    uint16_t group, group2; /* numbers in the ruleset; MR_NO_NUMBER when unused */
    uint16_t concept;
    uint16_t scale;
    mr_quantity quantity;
    mr_compare compare;
    double value;
    mr_duration apart;
    mr_window window;
    mr_span text; /* the words of this part, for explanations */
} mr_node;

typedef struct mr_match { /* one ingredient of one medicine that made an atom true */
    uint16_t group;
    const mr_medicine *medicine;
    const mr_ingredient *ingredient;
} mr_match;

typedef struct mr_evidence {
    mr_span reference; /* absent when there is none */
    mr_span text;
    bool has_value;
    double value;
    mr_span unit;
    mr_when date; /* none when there is none */
} mr_evidence;

typedef enum mr_missing_kind {
    MR_MISSING_RECOGNITION, /* an unrecognised medicine, or a cut-off list of medicines, stands in the way */
    MR_MISSING_DATUM        /* a result, date, age, dose ...: `what` names it, `settled_by` says what would settle it */
} mr_missing_kind;
typedef struct mr_missing {
    mr_missing_kind kind;
    mr_span what, settled_by, reference;
} mr_missing;

typedef struct mr_part { /* one atom as it was evaluated; for --explain */
    mr_span text;
    mr_tri value;
    mr_span because; /* "naproxen (MedicationStatement/m1)", "eGFR 38 on 2026-01-02", "no result" */
} mr_part;

typedef struct mr_evaluation {
    mr_tri value;
    bool possible;     /* value is UNKNOWN, and would be TRUE if no unrecognised medicine mattered */
    mr_match *matches; /* of the atoms that are true and count towards truth; sorted, each once */
    size_t n_matches;
    mr_evidence *evidence; /* of the atoms that made it true (or possible), in the order of the rule's text */
    size_t n_evidence;
    mr_missing *missing; /* what an UNKNOWN waits for, each once, sorted */
    size_t n_missing;
    mr_part *parts; /* every atom in the order of the text, when explain was asked for */
    size_t n_parts;
} mr_evaluation;

struct mr_ruleset;
/* Evaluates a tree. What the atoms mean, where the words above leave it open:
 *
 *   windows        days from earliest to latest before the as-of date, both included; what is dated after the as-of
 * date does not exist. A partial date is true in a window only when all of it lies there, false when none does. TAKING
 * without a window: taken now. An unrecognised current medicine, or a cut-off medicine list, makes "none found"
 *                  unknown; inside a NOT, a medicine recognised by an uncertain step counts the same way.
 *   COPRESCRIBED   two different substances. Where no issue dates are known, days of use stand for them.
 *   HAS            a code present (or an event) in a condition that is neither excluded nor resolved, or in an
 * observation, and no later "resolved" code: on the same day the present code wins. A window asks for the recorded
 * date, else the onset. An uncertain condition counts, and its evidence says so. LATEST         the newest result, in
 * the window if there is one; never an older one because the newest cannot be used. "<45" is below 45 and not above;
 * "~" is unknown. Results that cannot be ordered must agree, else unknown. SCORE, MEDICINES   an unrecognised current
 * medicine makes them "at least".
 *
 * `possible`: the value is UNKNOWN and would be TRUE were every medicine recognised that is not. `missing` then names
 * what is not recognised. When it would be FALSE, `missing` is the same; when it would still be UNKNOWN, `missing` also
 * names the data (MR_MISSING_DATUM) it waits for. */
mr_rc mr_program_run(const struct mr_ruleset *rules, const mr_node *root, const mr_record *record, mr_day as_of,
                     bool explain, mr_arena *a, mr_evaluation *ret, mr_error *err) MR_MUST_CHECK;

#endif
