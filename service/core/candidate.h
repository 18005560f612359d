/* From rules that are true to findings; private to core. */
#ifndef MEDREVIEW_CORE_CANDIDATE_H
#define MEDREVIEW_CORE_CANDIDATE_H

#include "sight.h"

/* What one rule says about one identity. */
typedef struct mr_candidate {
    const mr_rule *rule;
    const mr_harm *harm;
    mr_span identity;
    mr_span *substances; /* sorted; none for test, start, patient */
    size_t n_substances;
    mr_certainty certainty;
    mr_urgency urgency; /* of a possible one: never same-day */
    const mr_medicine **implicated;
    size_t n_implicated;
    size_t n_identifying; /* the first ones of them; the others are parts of a total */
    mr_evidence *evidence;
    size_t n_evidence;
    mr_missing *missing;
    size_t n_missing;
    size_t draft; /* the finding it becomes part of */
} mr_candidate;

typedef struct mr_candidates {
    mr_candidate *v;
    size_t n, cap;
} mr_candidates;

/* identity.c: splits a rule that is TRUE or possible by its identity. false: the arena is out of room. */
bool mr_identity_split(const mr_ruleset *rules, const mr_rule *rule, const mr_evaluation *e, mr_arena *a,
                       mr_candidates *out);

/* consolidate.c: one finding a harm and identity, folded, in the total order. Reorders the candidates. */
bool mr_candidates_join(mr_candidates *c, const mr_run *run, mr_span patient_id, mr_arena *a, mr_finding **ret,
                        size_t *ret_n);

/* finding_fill.c: sources, implicated medicines, evidence, missing data and content of a finding, out of its sources.
 * The fields before them must be set. */
bool mr_finding_fill(const mr_candidate *sources, size_t n, mr_arena *a, mr_finding *f);

/* finding_key.c: the hash of what a reviewer would have to look at again. Bit i of `unknown`: as if the dose of
 * f->medicines[i] were not known (medicines beyond the 64th: never). false: the arena is out of room. */
bool mr_finding_content(const mr_finding *f, uint64_t unknown, mr_arena *a, char out[33]);
/* Was `content` said of the same as this finding is, but for doses that were not known then? */
bool mr_finding_dose_told(const mr_finding *f, mr_span content, mr_arena *a);

/* conversation.c */
bool mr_conversation_choose(const mr_sight *s, mr_assessment *ret);
bool mr_patient_text(const mr_sight *s, mr_assessment *ret);

#endif
