/* One patient's record: what the rules see. No JSON, no codes lists, no clock.
 *
 * Two stages. codec hands over *entries* (one MedicationStatement or MedicationRequest each) and facts as they stand in
 * the resources; review asks terminology what each medicine is; mr_record_build then joins entries that are the same
 * medicine, classifies, sorts and gives the record. All spans and arrays live in the review's arena. */
#ifndef MEDREVIEW_CORE_RECORD_H
#define MEDREVIEW_CORE_RECORD_H

#include "medreview/base/arena.h"
#include "medreview/base/date.h"
#include "medreview/core/bits.h"

typedef struct mr_coding {
    mr_span system, code, display;
} mr_coding;

typedef enum mr_sex { MR_SEX_UNKNOWN, MR_SEX_FEMALE, MR_SEX_MALE, MR_SEX_OTHER } mr_sex;

typedef struct mr_patient {
    mr_span reference; /* "Patient/p1"; absent when the input has no Patient */
    mr_span id;
    mr_when birth; /* partial dates give an age interval */
    mr_sex sex;
    bool deceased, inactive;
    mr_span replaced_by; /* reference, absent unless merged away */
} mr_patient;

/* By what a medicine was recognised; product.md section 5, medicines[].recognisedBy. Order is the order of evidence. */
typedef enum mr_recognised {
    MR_REC_NOT,
    MR_REC_DMD_VTM,
    MR_REC_DMD_VMP,
    MR_REC_DMD_AMP,
    MR_REC_DMD_PACK,
    MR_REC_DMD_PREVIOUS,
    MR_REC_ATC,
    MR_REC_RXNORM,
    MR_REC_BNF,
    MR_REC_NAME
} mr_recognised;
const char *mr_recognised_text(mr_recognised by); /* "dmd-vtm", ...; "" for NOT */

/* Why an entry is not assessed; product.md section 5, notAssessed[].reason. */
typedef enum mr_unread {
    MR_UNREAD_NOT,
    MR_UNREAD_NOT_RECOGNISED,
    MR_UNREAD_NO_CODE_NO_TEXT,
    MR_UNREAD_CONFLICTING_CODES,
    MR_UNREAD_UNREADABLE,
    MR_UNREAD_REFERENCE_NOT_FOUND,
    MR_UNREAD_MODIFIER_EXTENSION,
    MR_UNREAD_FOREIGN_PATIENT
} mr_unread;
const char *mr_unread_text(mr_unread why); /* "not-recognised", ... */

/* How a product gets into the body. UNKNOWN counts as systemic everywhere: to miss an interaction is worse. */
typedef enum mr_route {
    MR_ROUTE_UNKNOWN,
    MR_ROUTE_ORAL,
    MR_ROUTE_BUCCAL,
    MR_ROUTE_RECTAL,
    MR_ROUTE_PARENTERAL,
    MR_ROUTE_TRANSDERMAL,
    MR_ROUTE_INHALED,
    MR_ROUTE_NASAL,
    MR_ROUTE_EYE,
    MR_ROUTE_EAR,
    MR_ROUTE_CUTANEOUS,
    MR_ROUTE_VAGINAL,
    MR_ROUTE_OTHER,
    MR_ROUTE_COUNT
} mr_route;
const char *mr_route_text(mr_route r); /* "oral", "eye", ... */
bool mr_route_parse(mr_span text, mr_route *ret);

/* Why a daily dose is not known; docs/dose.md. */
typedef enum mr_dose_why {
    MR_DOSE_NOT_TOLD, /* no dosage, or an empty one */
    MR_DOSE_TOLD,
    MR_DOSE_AT_MOST,   /* a range, or "when required": `most` is the limit */
    MR_DOSE_AS_NEEDED, /* "when required" without a limit */
    MR_DOSE_AS_DIRECTED,
    MR_DOSE_NOT_UNDERSTOOD,      /* a word that the grammar of dosage texts does not have */
    MR_DOSE_DISAGREES,           /* text and structure disagree */
    MR_DOSE_NO_AMOUNT,           /* "once daily": how much? */
    MR_DOSE_NO_TIMES,            /* "one tablet": how often? */
    MR_DOSE_NO_STRENGTH,         /* the strength of the product is not known, or not in what is counted */
    MR_DOSE_SEVERAL_INGREDIENTS, /* each has its own */
    MR_DOSE_SEVERAL_DOSAGES,     /* steps of a course, or two at a time */
    MR_DOSE_SEVERAL_ENTRIES      /* one product written twice, or entries that say different things */
} mr_dose_why;
const char *mr_dose_why_text(mr_dose_why why); /* "text and structure disagree"; "" for TOLD */

typedef struct mr_dose {
    bool known;
    double value;
    mr_span unit; /* "mg", or "unit" where it is given in units */
    double most;  /* not known, but no more than this: taken when required, up to so much; 0 when that is not known */
    mr_dose_why why;
    double total, days; /* as it was told: `total` of `unit` in `days` days, 10 in 7 for a weekly medicine; 0: not told.
                         * `value` is total / days */
    double times;       /* so many times in `days` days, told or not with an amount; 0: not told */
} mr_dose;

typedef struct mr_ingredient {
    mr_span substance;     /* canonical name in lower case, as drug groups use it: "naproxen", "timolol (eye)" */
    double strength;       /* per unit of the form, e.g. 500; 0: not known */
    mr_span strength_unit; /* "mg"; absent when not known */
    double per;            /* denominator: 5 in 125 mg / 5 ml; 0: per unit of the form */
    mr_span per_unit;
    mr_bits groups; /* filled by mr_record_build */
    mr_dose daily;  /* of a medicine: of this substance; filled by mr_record_build */
} mr_ingredient;

/* What terminology says about one medicine. */
typedef struct mr_understood {
    mr_recognised by; /* NOT: see why */
    mr_unread why;
    bool not_a_medicine; /* known to be a dressing, device or food: never blocks a rule of absence */
    bool uncertain; /* recognised by a step that may be wrong (longest prefix of a name): never suppresses a rule */
    mr_ingredient *ingredients;
    size_t n_ingredients;
    mr_route route;
    mr_span form; /* "tablet", as read; absent when not known */
    bool modified_release;
    mr_span atc, bnf; /* of the product, as the release says; absent when not known */
    uint32_t product; /* its number in the terminology, from 1, when nothing of the entry changed its answer; 0 else */
    /* The groups of the ingredients are filled in already (mr_classes), by the ruleset that will be used. */
    bool classified;
} mr_understood;

typedef enum mr_entry_kind { MR_ENTRY_STATEMENT, MR_ENTRY_REQUEST } mr_entry_kind;
/* MedicationStatement.status and MedicationRequest.status together; fhir.md 8.1 and 8.2. */
typedef enum mr_entry_status {
    MR_ST_MISSING,
    MR_ST_ACTIVE,
    MR_ST_COMPLETED,
    MR_ST_ENTERED_IN_ERROR,
    MR_ST_INTENDED,
    MR_ST_STOPPED,
    MR_ST_ON_HOLD,
    MR_ST_UNKNOWN,
    MR_ST_NOT_TAKEN,
    MR_ST_CANCELLED,
    MR_ST_DRAFT
} mr_entry_status;
typedef enum mr_intent {
    MR_INTENT_NONE,
    MR_INTENT_PROPOSAL,
    MR_INTENT_PLAN,
    MR_INTENT_ORDER,
    MR_INTENT_ORIGINAL_ORDER,
    MR_INTENT_REFLEX_ORDER,
    MR_INTENT_FILLER_ORDER,
    MR_INTENT_INSTANCE_ORDER,
    MR_INTENT_OPTION
} mr_intent;

/* doseAndRate and timing where both are there; every number 0 when not given. */
typedef struct mr_dosage {
    mr_span text;
    double dose;       /* doseQuantity.value; ranges are not a dose */
    mr_span dose_unit; /* UCUM code or unit text */
    double frequency, period;
    mr_span period_unit; /* s min h d wk mo a */
    bool open;           /* the structure gives a range of doses or of times: none of its numbers stands here */
    bool as_needed;
    mr_coding *route;
    size_t n_route;
} mr_dosage;

/* Why something is taken: a coding, or the reference of a condition. */
typedef struct mr_reason {
    mr_coding coding;
    mr_span reference; /* absent: by its coding */
} mr_reason;

typedef struct mr_entry {
    mr_entry_kind kind;
    mr_span reference; /* "MedicationStatement/m1", or the fullUrl where there is no id */
    mr_span version;
    mr_entry_status status;
    mr_intent intent;
    bool do_not_perform;
    mr_unread unread; /* set by codec when the entry cannot be used; then only reference and text count */
    mr_coding *codings;
    size_t n_codings;
    mr_span text;        /* code.text, else a display, else the reference's display; absent when none */
    mr_when from, until; /* effective / authoredOn and validityPeriod or supply; until none: open */
    mr_when asserted;    /* dateAsserted or authoredOn */
    mr_when last_issue;  /* UK Core MedicationStatementLastIssueDate, or authoredOn of an order; none when unknown */
    mr_dosage *dosage;   /* in order */
    size_t n_dosage;
    mr_reason *reasons;
    size_t n_reasons;
    mr_span *linked; /* basedOn and derivedFrom references to statements or requests */
    size_t n_linked;
    mr_understood understood; /* filled by review */
} mr_entry;

typedef enum mr_med_state { MR_MED_CURRENT, MR_MED_PLANNED, MR_MED_PAUSED, MR_MED_ENDED, MR_MED_UNKNOWN } mr_med_state;
const char *mr_med_state_text(mr_med_state s);

typedef struct mr_exposure {      /* the medicine was in use on these days, as far as the record says */
    mr_day from, until;           /* MR_DAY_MIN: start not known; MR_DAY_MAX: open */
    mr_day sure_from, sure_until; /* surely in use, both ends included; sure_from > sure_until: on no day surely */
} mr_exposure;

/* One medicine: entries that are the same substances by the same route, joined. */
typedef struct mr_medicine {
    mr_span reference;   /* of the leading entry: current before others, statement before request, then by reference */
    mr_span *references; /* all, sorted */
    size_t n_references;
    mr_span *live; /* those whose entry says that it is taken, leading first, then sorted; of a medicine that nobody
                    * says is taken, the leading one alone */
    size_t n_live;
    mr_span text;
    mr_recognised recognised_by;
    bool uncertain;
    mr_ingredient *ingredients; /* sorted by substance */
    size_t n_ingredients;
    mr_bits groups; /* union over the ingredients */
    mr_route route;
    mr_med_state state;
    mr_when since, until;
    mr_exposure *exposures; /* sorted, merged */
    size_t n_exposures;
    mr_day *issues; /* dates of issues, sorted */
    size_t n_issues;
    mr_dose daily;
    bool as_needed;        /* every dosage is "when required": not a regular medicine */
    bool regular;          /* a dosage says that it is not; neither: no dosage is given */
    bool listed;           /* `issues` are those of orders, so all that the record holds; else the last one only */
    unsigned doubles;      /* statements in use of one strength and usage beside each other: 2 for a pair; 0: none */
    bool doubles_doubtful; /* there are two or more, and a strength is not known */
    mr_reason *reasons;    /* of its entries in use */
    size_t n_reasons;
    bool unsettled; /* state UNKNOWN, and only requests of unknown status say so: neither taken nor not taken */
} mr_medicine;

typedef struct mr_not_assessed {
    mr_span reference, text;
    mr_unread why;
    bool current; /* taken now, as far as its status says: blocks rules of absence unless not_a_medicine */
    bool not_a_medicine;
} mr_not_assessed;

typedef enum mr_fact_state { MR_FACT_ACTIVE, MR_FACT_HISTORY, MR_FACT_RESOLVED, MR_FACT_EXCLUDED } mr_fact_state;

typedef struct mr_condition {
    mr_span reference, text;
    mr_coding *codings;
    size_t n_codings;
    mr_fact_state state; /* EXCLUDED: refuted or entered in error; kept for the count only */
    bool uncertain;      /* provisional, differential, unconfirmed; or no clinicalStatus */
    mr_when onset, recorded, abated;
} mr_condition;

typedef enum mr_comparator { MR_CMP_NONE, MR_CMP_LT, MR_CMP_LE, MR_CMP_GE, MR_CMP_GT, MR_CMP_APPROX } mr_comparator;

/* How the laboratory marked a result: high and above, low and below, within its range. */
typedef enum mr_mark { MR_MARK_NONE, MR_MARK_HIGH, MR_MARK_LOW, MR_MARK_NORMAL } mr_mark;

/* One Observation, or one component of it. */
typedef struct mr_observation {
    mr_span reference, text;
    mr_coding *codings;
    size_t n_codings;
    bool has_value;
    double value;
    mr_comparator comparator;
    mr_span unit;      /* UCUM code where its system is UCUM, else the unit text; absent when none */
    mr_when taken;     /* effective, else issued */
    int64_t instant_s; /* for the order of results on one day */
    bool preliminary;
    mr_mark mark; /* Observation.interpretation */
} mr_observation;

typedef struct mr_allergy {
    mr_span reference, text;
    mr_coding *codings;
    size_t n_codings;
    bool active;              /* not inactive, resolved, refuted */
    bool none_known;          /* a coded negation: never an allergy */
    mr_understood understood; /* what it is an allergy to; filled by review. NOT: no substance that we know */
} mr_allergy;

/* Something that could not be read. `code` is one of ours, listed in docs/gaps.md: e.g. page-limit, unreadable-entry,
 * duplicate-id, entered-in-error, foreign-patient, unknown-status. */
typedef struct mr_gap {
    mr_span code, text, reference; /* reference absent when there is none */
    bool harmless;                 /* told, but the review stays complete (entered-in-error counts) */
} mr_gap;

/* Which lists were cut off: a rule of absence on them becomes unknown. */
enum {
    MR_CUT_MEDICINES = 1,
    MR_CUT_CONDITIONS = 2,
    MR_CUT_OBSERVATIONS = 4,
    MR_CUT_ALLERGIES = 8,
    MR_CUT_PATIENT = 16
};

/* What codec collects, in any order. Growing arrays: use the mr_raw_add_* functions. */
typedef struct mr_raw_record {
    mr_patient patient;
    mr_entry *entries;
    size_t n_entries, cap_entries;
    mr_condition *conditions;
    size_t n_conditions, cap_conditions;
    mr_observation *observations;
    size_t n_observations, cap_observations;
    mr_allergy *allergies;
    size_t n_allergies, cap_allergies;
    mr_gap *gaps;
    size_t n_gaps, cap_gaps;
    mr_span *errors; /* references of what was entered in error: medicines, conditions, results, allergies */
    size_t n_errors, cap_errors;
    unsigned cut; /* MR_CUT_* */
} mr_raw_record;
/* Before anything is added: zero, with the date of birth not given (a zeroed mr_when would be 1 January 1970). */
void mr_raw_init(mr_raw_record *r);
/* A new element, zero but for its dates, which are MR_WHEN_NONE; or NULL when the arena is out of room. */
mr_entry *mr_raw_add_entry(mr_raw_record *r, mr_arena *a);
mr_condition *mr_raw_add_condition(mr_raw_record *r, mr_arena *a);
mr_observation *mr_raw_add_observation(mr_raw_record *r, mr_arena *a);
mr_allergy *mr_raw_add_allergy(mr_raw_record *r, mr_arena *a);
/* text is copied; code must be a literal. */
mr_rc mr_raw_add_gap(mr_raw_record *r, mr_arena *a, const char *code, bool harmless, mr_span reference, const char *fmt,
                     ...) MR_PRINTF(6, 7);

typedef struct mr_record {
    mr_patient patient;
    mr_medicine *medicines; /* sorted by reference */
    size_t n_medicines;
    mr_not_assessed *not_assessed; /* sorted by reference */
    size_t n_not_assessed;
    mr_condition *conditions; /* sorted by reference, then text */
    size_t n_conditions;
    mr_observation *observations; /* newest first; then by reference */
    size_t n_observations;
    mr_allergy *allergies;
    size_t n_allergies;
    mr_gap *gaps; /* sorted by code, reference, text */
    size_t n_gaps;
    mr_span *errors; /* references of what was entered in error; sorted */
    size_t n_errors;
    unsigned cut;
    bool complete; /* no gap that is not harmless, nothing cut, no current unrecognised medicine */
} mr_record;

struct mr_ruleset;
/* What one entry says about the as-of date (product.md section 5, Taken now; fhir.md 8.1, 8.2):
 *
 *   statement active               current; planned before its start, ended after its end (then with a harmless gap)
 *   statement unknown, or none     unknown, which counts as taken; the same limits
 *   statement intended / on-hold   planned / paused
 *   stopped, completed, not-taken, cancelled   ended
 *   request active                 as a statement, when its intent is plan, order, original-order or instance-order (or
 * is missing); any other intent, and a draft, is planned request unknown                unknown and unsettled: taking
 * it is neither true nor false doNotPerform                   ended, never in use
 *
 * An entry with issue dates only (a last issue, no end and, for statements, no start) counts for 3 months after it.
 *
 * Entries are one medicine when their substances are the same, their routes are the same (an unknown route joins the
 * one known route that is not local) and they are linked, or their times of use touch with less than 3 months between.
 * Its state is that of its leading entry. A statement that says stopped, completed, not-taken or on-hold, or a
 * doNotPerform, beside an entry that says taken, is a harmless gap "status-conflict"; an active statement past its end
 * is one "status-past-end".
 *
 * Every entry of `raw` stands in some medicine's references or in not_assessed, entered-in-error ones excepted, which
 * become one harmless gap with their number. The order of raw's arrays makes no difference. `rules` gives the drug
 * groups. MR_NOMEM, MR_LIMIT   the arena is out of room */
mr_rc mr_record_build(const struct mr_ruleset *rules, const mr_raw_record *raw, mr_day as_of, mr_arena *a,
                      mr_record *ret, mr_error *err) MR_MUST_CHECK;

/* Taken on the as-of date: state current or unknown, and not unsettled (product.md section 5, Taken now). */
bool mr_medicine_taken(const mr_medicine *m);

#endif
