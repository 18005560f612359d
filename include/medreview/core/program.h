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
    bool before; /* the day of `latest` itself does not belong to it: "more than 12 months ago" */
} mr_window;

enum { MR_NO_NUMBER = 0xFFFF, MR_ANY_GROUP = 0xFFFE };

/* Which medicines are meant: one term or several, each a drug group, narrowed. */
typedef enum mr_usage { MR_USE_ANY, MR_USE_REGULAR, MR_USE_WHEN_REQUIRED } mr_usage;
typedef struct mr_set_term {
    uint16_t group; /* MR_ANY_GROUP: any medicine */
    mr_usage usage;
    const mr_span *only; /* these substances of it; none: all */
    size_t n_only;
    const mr_span *except; /* without these substances */
    size_t n_except;
    const uint16_t *except_groups; /* without what is in one of these groups */
    size_t n_except_groups;
} mr_set_term;
typedef struct mr_set {
    const mr_set_term *terms;
    size_t n_terms;
} mr_set;

typedef enum mr_op {
    MR_OP_AND,
    MR_OP_OR,
    MR_OP_NOT,            /* kids */
    MR_OP_COMPARE,        /* quantity cmp value */
    MR_OP_SEX,            /* value: an mr_sex */
    MR_OP_TAKING,         /* set [window]: without a window, taken now; with one, issued or in use in it */
    MR_OP_COPRESCRIBED,   /* set, set2: both taken now, or with a window an issue of each less than `apart` apart */
    MR_OP_STARTED_BEFORE, /* set: first use at least `window.latest` ago (MED first<=index-15m) */
    MR_OP_HAS,            /* concept [window on recorded or onset date]: coded and not resolved since; `degree`: a code
                           * says so; `times` 2 or more: on so many days */
    MR_OP_TESTED,         /* concept [window]: a result or the fact of a test in the window */
    MR_OP_COUNT,          /* kids, of those that are true the number, or the sum of `points`: cmp value */
    MR_OP_LONG,           /* set: taken now, without a break since `apart` ago; compare GREATER: since longer */
    MR_OP_STARTED,        /* set, window: taken now, begun in the window, none in the 12 months before */
    MR_OP_CASCADE,        /* set, set2: set2 STARTED in the window, and set begun 1 day to `apart` before it */
    MR_OP_TAKEN_FOR,      /* set, concept: taken now, and the concept is the reason given */
    MR_OP_ALLERGIC,       /* set */
    MR_OP_TESTED_SINCE,   /* set, concept: tested since the set was started, or that was less than `apart` ago */
    MR_OP_MARKED,         /* concept [window]: the laboratory marked the newest result as `mark` */
    MR_OP_ANY_FINDING     /* a rule of one of `tools`, of severity `severity` or more, is true */
} mr_op;

typedef enum mr_quantity {
    MR_Q_AGE,              /* years */
    MR_Q_LATEST,           /* concept [window]: newest value in the canonical unit */
    MR_Q_SCORE,            /* scale: burden total */
    MR_Q_MEDICINES,        /* distinct regular current medicines */
    MR_Q_SUBSTANCES,       /* set [window]: distinct; `apart`: those that are taken so long */
    MR_Q_SAME_SUBSTANCE,   /* set: entries that stand for one substance, the most of any */
    MR_Q_ISSUES,           /* set [window]: days on which it was issued */
    MR_Q_DOSE,             /* set: a day, in mg or in units (`unit`); `weekly`, `per_kg` */
    MR_Q_FREQUENCY,        /* set: times a week */
    MR_Q_SCORE_ONE,        /* scale: highest of one substance */
    MR_Q_SCORE_RISE,       /* scale, window: total today less that at the beginning of the window */
    MR_Q_SCALE_DIFFERENCE, /* scales: for one substance, highest less lowest of those that name it */
    MR_Q_EQUIVALENT,       /* equivalent: a day */
    MR_Q_EQUIVALENT_MEAN,  /* equivalent, apart: a day, on average over that time */
    MR_Q_DEGREE,           /* concept: mr_degree of the newest code that gives one */
    MR_Q_AVERAGE,          /* concept; `times` newest, or all of the window */
    MR_Q_EVERY,            /* concept, `times` newest [window], of different days: each of them */
    MR_Q_RISE,             /* concept; window: newest less earliest in it; or set: newest since its start less the last
                            * before. `percent`, `per_year` */
    MR_Q_FALL,
    MR_Q_CLEARANCE /* Cockcroft-Gault, ml a minute: concept creatinine, concept2 weight */
} mr_quantity;

typedef enum mr_compare { MR_LESS, MR_LESS_EQUAL, MR_EQUAL, MR_GREATER_EQUAL, MR_GREATER } mr_compare;
typedef enum mr_degree { MR_DEGREE_ANY, MR_DEGREE_MILD, MR_DEGREE_MODERATE, MR_DEGREE_SEVERE } mr_degree;

typedef struct mr_node {
    mr_op op;
    const struct mr_node *const *kids; /* AND, OR: two or more; NOT: one */
    size_t n_kids;
    uint16_t group, group2; /* numbers in the ruleset; MR_NO_NUMBER when unused; of a set: that of its first term */
    uint16_t concept;
    uint16_t scale;
    mr_quantity quantity;
    mr_compare compare;
    double value;
    mr_duration apart;
    mr_window window;
    mr_span text; /* the words of this part, for explanations */
    /* What only some parts have; zero elsewhere. */
    const mr_set *set, *set2; /* NULL: `group`, `group2` alone and all of it */
    uint16_t concept2;        /* CLEARANCE: weight; DOSE per kg: weight */
    uint16_t equivalent;
    uint16_t times; /* HAS: 0 and 1 are once */
    uint16_t n_scales, n_tools;
    mr_degree degree;
    bool at_least; /* HAS with a degree: or a higher one */
    bool percent, per_year, weekly, per_kg, units;
    uint8_t severity; /* ANY_FINDING: an mr_severity */
    mr_mark mark;
    mr_span title;        /* COUNT with points: of the checklist */
    const double *points; /* COUNT: beside kids; NULL: one each */
    const uint16_t *scales;
    const mr_span *tools;
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
