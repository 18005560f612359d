/* The knowledge in the form the rules core runs: groups, concepts, scales, harms, rules. Built once by knowledge, then
 * immutable and shared by threads. Names become small numbers here. */
#ifndef MEDREVIEW_CORE_RULESET_H
#define MEDREVIEW_CORE_RULESET_H

#include "medreview/base/index.h"
#include "medreview/core/program.h"

typedef enum mr_severity { MR_LOW, MR_MODERATE, MR_HIGH } mr_severity;
typedef enum mr_urgency {
    MR_NEXT_REVIEW,
    MR_WITHIN_4_WEEKS,
    MR_WITHIN_1_WEEK,
    MR_SAME_DAY
} mr_urgency; /* higher: sooner */
typedef enum mr_rule_state { MR_RULE_DRAFT, MR_RULE_ACTIVE } mr_rule_state;
const char *mr_severity_text(mr_severity s);
const char *mr_urgency_text(mr_urgency u);
bool mr_severity_parse(mr_span s, mr_severity *ret);
bool mr_urgency_parse(mr_span s, mr_urgency *ret);

/* Which substances identify a finding; clusters.md, "How identity is computed". */
typedef enum mr_identity_form {
    MR_ID_EACH,    /* g1|g2: one finding per matched substance */
    MR_ID_MIXTURE, /* g1,g2: one finding of all matched substances of all groups */
    MR_ID_ALL,     /* all:g */
    MR_ID_SAME,    /* same:g1|g2: one per group with two or more matched substances */
    MR_ID_TEST,    /* test:key+g1|g2: the key is the identity; the groups say what is implicated */
    MR_ID_START,   /* start:word: the word is the identity */
    MR_ID_ANY,     /* any matched substance, one finding each */
    MR_ID_PATIENT  /* one a patient */
} mr_identity_form;
enum { MR_IDENTITY_GROUPS = 12 };
typedef struct mr_identity {
    mr_identity_form form;
    uint16_t groups[MR_IDENTITY_GROUPS];
    size_t n_groups;
    mr_span word; /* TEST: the test key; START: the group's name */
} mr_identity;

/* What a rule's action stops or reduces; `stops` in the packs. */
typedef enum mr_stops_form {
    MR_STOPS_IDENTITY, /* the medicines that identify the finding; nothing for test, start and patient */
    MR_STOPS_NOTHING,
    MR_STOPS_GROUPS, /* of the medicines that take part, those in these groups; if none is, whatever of them is taken */
    MR_STOPS_ANY     /* every medicine that takes part: the parts of a burden */
} mr_stops_form;
typedef struct mr_stops {
    mr_stops_form form;
    uint16_t groups[MR_IDENTITY_GROUPS];
    size_t n_groups;
} mr_stops;

typedef struct mr_harm {
    mr_span key, title, meaning; /* meaning: for the patient, in plain words */
    mr_span actcode;             /* v3-ActCode; absent when none fits (burden) */
    mr_span lane;                /* safety, monitoring, start, burden, ... as in the harms table */
    bool folds;
    bool posts; /* written as DetectedIssue; false for burden and eligibility */
} mr_harm;

typedef struct mr_example {
    mr_span name, text; /* text: the little record in YAML, kept for `rules show` */
    const mr_raw_record *record;
    mr_day as_of;
    mr_tri expect;  /* MR_UNKNOWN: cannot be assessed */
    bool possible;  /* with MR_UNKNOWN: a possible finding */
    bool indicator; /* runs against `indicator` */
    unsigned line;
} mr_example;

typedef struct mr_rule {
    mr_span id, tool, criterion, title, version;
    mr_rule_state state;
    mr_severity severity;
    mr_urgency urgency;
    unsigned tier;
    mr_span action, reviewer, goes_away_when, source, note; /* note absent when none */
    mr_span *derived_from;                                  /* old ids of a split rule; usually none */
    size_t n_derived_from;
    uint16_t harm;
    mr_identity identity;
    mr_stops stops;
    mr_span ladder; /* absent when none */
    unsigned rung;
    unsigned leads;
    bool children; /* also under 18 */
    bool posts; /* its tool's findings become DetectedIssues; false: shown and counted only, unless another source posts
                 */
    bool prompt;                     /* shown as a prompt where `when` is true; never a finding */
    const mr_node *when, *indicator; /* indicator NULL: the same as when */
    mr_span when_text, indicator_text;
    mr_example *examples;
    size_t n_examples;
    mr_span file;
    unsigned line;
} mr_rule;

/* What a code says of its concept; code_set.h has the words. Only PRESENT, EVENT, VALUE and TEST_DONE are a plain
 * match. RESOLVED, REMISSION, NO_LONGER and ABSENT end what was recorded before. The others qualify: no rule is
 * satisfied by them; they are told apart for rules that will ask for a degree. */
typedef enum mr_code_role {
    MR_ROLE_PRESENT,
    MR_ROLE_EVENT,
    MR_ROLE_VALUE,
    MR_ROLE_TEST_DONE,
    MR_ROLE_RESOLVED,
    MR_ROLE_OTHER, /* any other word: activity-unspecified, procedure, stage-3-5, ... */
    MR_ROLE_REMISSION,
    MR_ROLE_NO_LONGER,
    MR_ROLE_ABSENT,
    MR_ROLE_HISTORY,
    MR_ROLE_MILD, /* severity-mild */
    MR_ROLE_MODERATE,
    MR_ROLE_SEVERE
} mr_code_role;
typedef struct mr_concept_hit {
    uint16_t concept;
    mr_code_role role;
} mr_concept_hit;

typedef struct mr_unit {
    uint16_t concept;
    mr_span unit, canonical; /* unit: as seen or UCUM code */
    double factor, offset;   /* canonical = factor * (value + offset) */
} mr_unit;

typedef struct mr_score {
    mr_span substance;
    double points;
} mr_score;
typedef struct mr_scale {
    mr_span name, version, source;
    mr_score *scores; /* sorted by substance */
    size_t n_scores;
} mr_scale;

typedef enum mr_release { MR_RELEASE_ANY, MR_RELEASE_MODIFIED, MR_RELEASE_IMMEDIATE } mr_release;

/* What a group asks of a product beside its substance and its route; everything named must hold. What is not known of a
 * product counts as what is asked, since to miss an interaction is worse; `known_only` says otherwise. */
typedef struct mr_group_terms {
    const mr_span *forms; /* one of these words stands in the form: "patch" */
    size_t n_forms;
    mr_release release; /* a product whose form is not known and that does not say "modified" is of unknown release */
    double from, to;    /* strength, both ends included; to 0: no upper end */
    mr_span unit;       /* "mg"; absent: no strength is asked for. A strength in no comparable unit is not known */
    double per;         /* 1 for 1 ml; 0: per unit of the form */
    mr_span per_unit;   /* "hour" for patches; absent when per is 0 */
    const mr_span *not_with; /* no other ingredient is one of these */
    size_t n_not_with;
    bool known_only; /* a product of which form, release or strength is asked and not known is no member */
} mr_group_terms;

typedef struct mr_group_member {
    mr_span substance;
    uint32_t routes; /* bit 1 << mr_route; MR_ROUTE_UNKNOWN is always set unless the group names a local route */
    const mr_group_terms *terms; /* NULL: nothing more is asked. A substance may stand twice, with other terms */
} mr_group_member;

/* Products by the ATC or BNF code that the release gives them, whatever their substances are called. Without the code
 * (the shipped table has none) nothing is brought in and nothing is left out. */
typedef struct mr_group_prefix {
    mr_span text; /* "B01AF", "0208" */
    bool bnf;     /* else ATC */
    uint32_t routes;
    const mr_group_terms *terms;
    const mr_span *except; /* substances that it does not bring in */
    size_t n_except;
} mr_group_prefix;

typedef struct mr_group { /* unions are spelled out */
    mr_span name, source;
    mr_span title; /* for people: "oral anticoagulants"; absent when none is given */
    mr_group_member *members;
    size_t n_members;
    mr_group_prefix *prefixes;
    size_t n_prefixes;
    bool site; /* a site's: what shipped rules narrow it to may not be in it */
} mr_group;

/* Medicines that feed one risk, counted by substance: "sedative" from `cns-active`. */
typedef struct mr_burden_list {
    mr_span name, title, source;
    bool working; /* a working list of the catalogue, without a published owner */
    uint16_t groups[MR_IDENTITY_GROUPS];
    size_t n_groups;
} mr_burden_list;

typedef struct mr_prompt_text { /* a conversation prompt: asked when one of the groups is taken, or always (n 0) */
    mr_span text;
    uint16_t groups[MR_IDENTITY_GROUPS];
    size_t n_groups;
    unsigned order;
} mr_prompt_text;

/* What daily doses come to in a common measure: opioids as morphine by mouth. */
typedef struct mr_equivalent_factor {
    mr_span substance;
    uint32_t routes; /* bit 1 << mr_route */
    double factor;   /* one mg (or unit) a day counts as so much */
} mr_equivalent_factor;
typedef struct mr_equivalent {
    mr_span name, title, version, source, unit;
    const mr_set *of; /* each medicine of it that is taken needs a dose and a factor */
    mr_equivalent_factor *factors;
    size_t n_factors;
} mr_equivalent;

typedef struct mr_checklist { /* points for what holds: CHA2DS2-VASc */
    mr_span name, title, source;
    const mr_node *const *items;
    const double *points; /* beside items */
    size_t n_items;
} mr_checklist;

typedef struct mr_ruleset {
    mr_span version; /* "2026.11" */
    mr_group *groups;
    size_t n_groups;
    mr_span *concepts;    /* keys */
    bool *concept_loaded; /* false: no code is loaded for it, its rules are unassessable */
    bool *degree_loaded;  /* beside it: a code that says mild, moderate or severe is; NULL: none */
    size_t n_concepts;
    mr_scale *scales;
    size_t n_scales;
    uint16_t default_scale; /* anticholinergic: "medreview-default"; MR_NO_NUMBER when none */
    mr_harm *harms;
    size_t n_harms;
    const struct mr_stop_scheme *stop_schemes; /* stop_plan.h; sorted by name */
    size_t n_stop_schemes;
    mr_burden_list *burden_lists; /* sorted by name; at most 32 */
    size_t n_burden_lists;
    mr_unit *units;
    size_t n_units;
    mr_prompt_text *prompts;
    size_t n_prompts;
    mr_equivalent *equivalents; /* sorted by name */
    size_t n_equivalents;
    mr_checklist *checklists; /* sorted by name */
    size_t n_checklists;
    mr_rule *rules; /* sorted by id */
    size_t n_rules;
    mr_index *substance_groups; /* substance -> first row in member_rows; see mr_ruleset_classify */
    struct mr_member_row *member_rows;
    mr_index *concept_codes; /* "system|code" -> first row in hit_rows */
    struct mr_hit_row *hit_rows;
    mr_span *concept_titles; /* as shown to people ("eGFR"), beside concepts; NULL or absent: the key is shown */
    struct mr_rule_index *rule_index; /* which rules a group or a concept can make true; see mr_ruleset_index */
    size_t n_member_rows, cap_member_rows, n_hit_rows, cap_hit_rows; /* of the two tables above; kept by ruleset.c */
} mr_ruleset;

/* Building (knowledge only). Everything lives in `a`, which must live as long as the ruleset. */
mr_rc mr_ruleset_index(mr_ruleset *r, mr_arena *a,
                       mr_error *err) MR_MUST_CHECK; /* groups, and the rules as they are then; call once at the end */
/* Adds one code of a concept; unions are spelled out by the caller (one call per concept that the code counts for). */
mr_rc mr_ruleset_add_code(mr_ruleset *r, mr_arena *a, mr_span system, mr_span code, mr_concept_hit hit,
                          mr_error *err) MR_MUST_CHECK;

/* MR_NO_NUMBER when there is none of that name. */
uint16_t mr_ruleset_group(const mr_ruleset *r, mr_span name);
uint16_t mr_ruleset_concept(const mr_ruleset *r, mr_span key);
uint16_t mr_ruleset_scale(const mr_ruleset *r, mr_span name);
uint16_t mr_ruleset_harm(const mr_ruleset *r, mr_span key);
const mr_rule *mr_ruleset_rule(const mr_ruleset *r, mr_span id); /* NULL when there is none */

/* Fills in the groups of each ingredient of `u`, out of its substances, route, form, release, strengths and, where they
 * are known, its ATC and BNF codes. A route outside the group's routes is no member. A code that no ingredient answers
 * to by its name brings in all ingredients: it does not say which of them it means. */
void mr_ruleset_classify(const mr_ruleset *r, mr_understood *u);
/* The hits of one code; at most `most`; returns how many there are. Known synonyms of the SNOMED CT system URI count as
 * one. */
size_t mr_ruleset_code(const mr_ruleset *r, mr_span system, mr_span code, mr_concept_hit *ret, size_t most);
/* Is there a code that can answer the part: a plain one, or one with a degree where that is asked for? */
bool mr_ruleset_loaded(const mr_ruleset *r, const mr_node *part);
/* The title of a concept, or its key. */
mr_span mr_ruleset_concept_title(const mr_ruleset *r, uint16_t concept);
/* value in the concept's canonical unit, which is itself always a known unit; the unit is compared exactly, since in
 * UCUM Mg is not mg. An absent unit is looked up as the empty one. false when the unit is not listed: then the value is
 * unusable, never guessed.
 */
bool mr_ruleset_convert(const mr_ruleset *r, uint16_t concept, double value, mr_span unit, double *ret,
                        mr_span *ret_unit);

#endif
