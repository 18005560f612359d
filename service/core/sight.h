/* A record prepared for many rules: what every rule would otherwise look up again; private to core. */
#ifndef MEDREVIEW_CORE_SIGHT_H
#define MEDREVIEW_CORE_SIGHT_H

#include "logic.h"
#include "medreview/core/finding.h"

/* One coded fact that counts for a concept. */
typedef struct mr_fact {
    mr_code_role role;
    const mr_condition *condition; /* or: */
    const mr_observation *observation;
} mr_fact;

/* One substance in the body, and the first medicine (by reference) that brings it. */
typedef struct mr_load {
    mr_span substance;
    const mr_medicine *medicine;
    bool systemic, regular, frid;
} mr_load;

typedef struct mr_sight {
    const mr_ruleset *rules;
    const mr_record *record;
    mr_day as_of;
    mr_arena *arena;
    mr_bits taken;               /* groups of what is taken */
    mr_bits ever;                /* groups of every medicine in the record */
    int32_t age_least, age_most; /* in years; only with a date of birth */
    bool blocked;    /* an unrecognised current medicine, or a medicine list that was cut off: absence proves nothing */
    mr_fact *facts;  /* by concept, in the order of the record */
    uint32_t *first; /* facts of concept c: first[c] up to first[c + 1] */
    mr_load *loads;  /* what is taken, by substance */
    size_t n_loads;
    mr_burden burden;
    const bool *off; /* beside the rules: it does not run for this patient; NULL: all run */
} mr_sight;

mr_rc mr_sight_open(mr_sight *s, const mr_ruleset *rules, const mr_record *record, mr_day as_of, mr_arena *a,
                    mr_error *err);

/* Facts dated wholly after the as-of date are left out. */
const mr_fact *mr_sight_facts(const mr_sight *s, uint16_t concept, size_t *ret_n);

/* mr_program_run on a prepared record. */
mr_rc mr_sight_run(const mr_sight *s, const mr_node *root, bool explain, mr_evaluation *ret,
                   mr_error *err) MR_MUST_CHECK;
/* The value alone; allocates nothing. */
mr_tri mr_sight_value(const mr_sight *s, const mr_node *root);

/* The value of another rule's condition; FALSE when it does not run. `whole`: as if every medicine were recognised. */
mr_tri mr_sight_rule(const mr_sight *s, const mr_rule *r, bool whole);
/* Does the tree ask for the findings of other rules? Then it runs after them. */
bool mr_node_asks_findings(const mr_node *n);

/* ---- burden.c ---- */

/* false when the scale does not name the substance. */
bool mr_scale_find(const mr_scale *scale, mr_span substance, double *ret);
/* What all of it that is taken comes to a day; the upper end is INFINITY where a dose or a factor is not known. */
mr_range mr_equivalent_total(const mr_sight *s, const mr_equivalent *e);
/* What a dose of one counts as, by the route of the medicine; 0: there is no factor. */
double mr_equivalent_of(const mr_equivalent *e, const mr_medicine *m, mr_span substance);

/* A product that acts where it is put: it adds nothing to a total of the whole body, and is no regular medicine. */
bool mr_route_local(mr_route r);
/* Fills loads and burden. */
bool mr_burden_compute(mr_sight *s);
/* Points of a substance; 0 when the scale does not name it. */
double mr_scale_points(const mr_scale *scale, mr_span substance);
/* Oral morphine for one mg of the substance by the medicine's route; 0: not known. *ok false: out of room. */
double mr_opioid_factor(const mr_scale *ome, const mr_medicine *m, mr_span substance, mr_arena *a, bool *ok);
/* Total of a scale over what is taken, each substance once. */
double mr_scale_total(const mr_sight *s, uint16_t scale);

#endif
