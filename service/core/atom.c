/* Atoms about the person and about totals, and the one place that tells the atoms apart. */
#include "account.h"

#include <math.h>

static mr_tri miss(mr_account *a, mr_span what, mr_span settled_by, mr_span reference) {
    mr_account_missing(a, MR_MISSING_DATUM, what, settled_by, reference);
    return MR_UNKNOWN;
}

static mr_tri age(const mr_sight *s, const mr_node *n, mr_account *a) {
    const mr_patient *p = &s->record->patient;
    if (!mr_when_given(p->birth)) return miss(a, MR_SPAN("date of birth"), MR_SPAN("a date of birth"), p->reference);
    int32_t least = s->age_least, most = s->age_most;
    mr_tri value = mr_range_compare((mr_range){least, most, false, false}, n->compare, n->value);
    if (value == MR_UNKNOWN) return miss(a, MR_SPAN("date of birth"), MR_SPAN("a full date of birth"), p->reference);
    mr_span text = least == most ? MR_SPAN("age") : MR_SPAN("age, at least");
    mr_account_evidence(a, (mr_evidence){p->reference, text, true, least, MR_SPAN("a"), MR_WHEN_NONE});
    return value;
}

static mr_tri sex(const mr_sight *s, const mr_node *n, mr_account *a) {
    static const char *const text[] = {"unknown", "female", "male", "other"};
    const mr_patient *p = &s->record->patient;
    if (p->sex == MR_SEX_UNKNOWN) return miss(a, MR_SPAN("sex"), MR_SPAN("the patient's sex"), p->reference);
    mr_account_evidence(
        a, (mr_evidence){.reference = p->reference, .text = mr_span_of(text[p->sex]), .date = MR_WHEN_NONE});
    return (int)p->sex == (int)n->value ? MR_TRUE : MR_FALSE;
}

typedef enum part_of { OF_SCALE, OF_OPIOIDS, OF_COUNT } part_of;

/* What a total is made of: of a true one the medicines are implicated. */
static void show_parts(const mr_sight *s, part_of what, uint16_t scale, mr_tri value, mr_account *a) {
    uint16_t opioid = mr_ruleset_group(s->rules, MR_SPAN("opioid"));
    for (size_t i = 0; a && value == MR_TRUE && i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        if (!mr_medicine_taken(m)) continue;
        for (size_t k = 0; k < m->n_ingredients; k++) {
            const mr_ingredient *x = &m->ingredients[k];
            bool counts = what == OF_OPIOIDS ? opioid != MR_NO_NUMBER && mr_bits_has(&m->groups, opioid)
                                             : !mr_route_local(m->route);
            if (what == OF_COUNT) counts = counts && !m->as_needed;
            if (what == OF_SCALE) counts = counts && mr_scale_points(&s->rules->scales[scale], x->substance) > 0;
            if (counts) mr_account_match(a, MR_NO_NUMBER, m, x);
        }
    }
}

static void show_shares(const mr_sight *s, uint16_t scale, mr_account *a) {
    for (size_t i = 0; a && i < s->n_loads; i++) {
        const mr_load *x = &s->loads[i];
        double points = x->systemic ? mr_scale_points(&s->rules->scales[scale], x->substance) : 0;
        if (points > 0)
            mr_account_evidence(a, (mr_evidence){x->medicine->reference, x->substance, true, points,
                                                 MR_SPAN("{points}"), MR_WHEN_NONE});
    }
}

/* A total that something unrecognised may raise. */
static mr_tri total(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a, double sum) {
    bool more = s->blocked && !how.whole;
    mr_tri value = mr_range_compare((mr_range){sum, more ? INFINITY : sum, false, false}, n->compare, n->value);
    if (value == MR_UNKNOWN) mr_missing_recognition(s, a);
    return value;
}

static mr_tri opioid_total(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    if (!s->burden.opioid_known)
        return miss(a, MR_SPAN("daily dose of an opioid"), MR_SPAN("the daily dose of each opioid"), MR_SPAN_NONE);
    double sum = s->burden.opioid_mg_per_day;
    mr_tri value = total(s, n, how, a, sum);
    if (value != MR_UNKNOWN)
        mr_account_evidence(a, (mr_evidence){MR_SPAN_NONE, MR_SPAN("oral morphine equivalent"), true, sum,
                                             MR_SPAN("mg/d"), MR_WHEN_NONE});
    show_parts(s, OF_OPIOIDS, MR_NO_NUMBER, value, a);
    return value;
}

static mr_tri score(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    if (n->scale >= s->rules->n_scales)
        return miss(a, MR_SPAN("a burden scale"), MR_SPAN("a burden scale in the knowledge"), MR_SPAN_NONE);
    mr_span name = s->rules->scales[n->scale].name;
    if (mr_span_is(name, "ome")) return opioid_total(s, n, how, a);
    double sum = n->scale == s->rules->default_scale ? s->burden.anticholinergic : mr_scale_total(s, n->scale);
    mr_tri value = total(s, n, how, a, sum);
    if (value == MR_UNKNOWN || !a) return value;
    mr_span text = mr_account_text(a, "total on scale %.*s", MR_SPAN_ARG(name));
    mr_account_evidence(a, (mr_evidence){MR_SPAN_NONE, text, true, sum, MR_SPAN("{points}"), MR_WHEN_NONE});
    show_shares(s, n->scale, a);
    show_parts(s, OF_SCALE, n->scale, value, a);
    return value;
}

static mr_tri medicines(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    double count = s->burden.medicines;
    mr_tri value = total(s, n, how, a, count);
    if (value != MR_UNKNOWN)
        mr_account_evidence(a, (mr_evidence){MR_SPAN_NONE, MR_SPAN("regular medicines"), true, count,
                                             MR_SPAN("{medicines}"), MR_WHEN_NONE});
    show_parts(s, OF_COUNT, MR_NO_NUMBER, value, a);
    return value;
}

static mr_tri compare(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    switch (n->quantity) {
    case MR_Q_AGE: return age(s, n, a);
    case MR_Q_LATEST: return mr_atom_latest(s, n, a);
    case MR_Q_SCORE: return score(s, n, how, a);
    case MR_Q_MEDICINES: return medicines(s, n, how, a);
    case MR_Q_SUBSTANCES: return mr_atom_substances(s, n, how, a);
    case MR_Q_SAME_SUBSTANCE: return mr_atom_same_substance(s, n, how, a);
    case MR_Q_ISSUES: return mr_atom_issues(s, n, how, a);
    case MR_Q_DOSE: return mr_atom_dose(s, n, how, a);
    case MR_Q_FREQUENCY: return mr_atom_frequency(s, n, how, a);
    case MR_Q_SCORE_ONE: return mr_atom_score_one(s, n, how, a);
    case MR_Q_SCORE_RISE: return mr_atom_score_rise(s, n, how, a);
    case MR_Q_SCALE_DIFFERENCE: return mr_atom_scale_difference(s, n, how, a);
    case MR_Q_EQUIVALENT: return mr_atom_equivalent(s, n, how, a);
    case MR_Q_EQUIVALENT_MEAN: return mr_atom_equivalent_mean(s, n, how, a);
    case MR_Q_DEGREE: return mr_atom_degree(s, n, a);
    case MR_Q_AVERAGE: return mr_atom_average(s, n, a);
    case MR_Q_EVERY: return mr_atom_every(s, n, a);
    case MR_Q_RISE:
    case MR_Q_FALL: return mr_atom_change(s, n, how, a);
    case MR_Q_CLEARANCE: return mr_atom_clearance(s, n, a);
    }
    return MR_UNKNOWN;
}

mr_tri mr_atom_read(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    switch (n->op) {
    case MR_OP_COMPARE: return compare(s, n, how, a);
    case MR_OP_SEX: return sex(s, n, a);
    case MR_OP_TAKING: return mr_atom_taking(s, n, how, a);
    case MR_OP_COPRESCRIBED: return mr_atom_coprescribed(s, n, how, a);
    case MR_OP_STARTED_BEFORE: return mr_atom_started_before(s, n, how, a);
    case MR_OP_HAS: return mr_atom_has(s, n, a);
    case MR_OP_TESTED: return mr_atom_tested(s, n, a);
    case MR_OP_LONG: return mr_atom_long(s, n, how, a);
    case MR_OP_STARTED: return mr_atom_started(s, n, how, a);
    case MR_OP_CASCADE: return mr_atom_cascade(s, n, how, a);
    case MR_OP_TAKEN_FOR: return mr_atom_taken_for(s, n, how, a);
    case MR_OP_ALLERGIC: return mr_atom_allergic(s, n, a);
    case MR_OP_TESTED_SINCE: return mr_atom_tested_since(s, n, how, a);
    case MR_OP_MARKED: return mr_atom_marked(s, n, a);
    case MR_OP_ANY_FINDING: return mr_atom_any_finding(s, n, how, a);
    case MR_OP_COUNT:
    case MR_OP_AND:
    case MR_OP_OR:
    case MR_OP_NOT: break;
    }
    mr_require_failed("an atom", __FILE__, __LINE__); /* the tree was walked wrongly */
}
