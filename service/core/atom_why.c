/* Atoms about why: the reason given for a medicine, an allergy to it, a finding of other rules. */
#include "set.h"

#include "medreview/core/code_set.h"

/* ---- the reason ---- */

static bool coded_as(const mr_sight *s, uint16_t concept, const mr_coding *c) {
    enum { MOST = 64 };
    mr_concept_hit hits[MOST];
    size_t n = mr_ruleset_code(s->rules, c->system, c->code, hits, MOST);
    for (size_t i = 0; i < n && i < MOST; i++)
        if (hits[i].concept == concept && mr_code_role_plain(hits[i].role)) return true;
    return false;
}

static const mr_condition *condition_of(const mr_sight *s, mr_span reference) {
    for (size_t i = 0; i < s->record->n_conditions; i++)
        if (mr_span_eq(s->record->conditions[i].reference, reference)) return &s->record->conditions[i];
    return NULL;
}

/* UNKNOWN: a reason without a code, or a condition that is not in the record. */
static mr_tri reason_is(const mr_sight *s, uint16_t concept, const mr_reason *r) {
    if (!r->reference.ptr) {
        if (coded_as(s, concept, &r->coding)) return MR_TRUE;
        return r->coding.code.len ? MR_FALSE : MR_UNKNOWN;
    }
    const mr_condition *c = condition_of(s, r->reference);
    for (size_t i = 0; c && i < c->n_codings; i++)
        if (coded_as(s, concept, &c->codings[i])) return MR_TRUE;
    return c && c->n_codings ? MR_FALSE : MR_UNKNOWN;
}

static mr_tri reasons_are(const mr_sight *s, uint16_t concept, const mr_medicine *m) {
    mr_tri best = m->n_reasons ? MR_FALSE : MR_UNKNOWN;
    for (size_t i = 0; i < m->n_reasons && best != MR_TRUE; i++)
        best = mr_tri_or(best, reason_is(s, concept, &m->reasons[i]));
    return best;
}

mr_tri mr_atom_taken_for(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    if (!mr_ruleset_loaded(s->rules, n)) {
        mr_missing_codes(s, n, a);
        return MR_UNKNOWN;
    }
    mr_set_view set;
    mr_set_first(n, &set);
    mr_tri best = MR_FALSE;
    for (size_t i = 0; mr_set_near(&set, &s->taken) && i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        mr_tri use = m->unsettled ? MR_UNKNOWN : mr_medicine_taken(m) ? MR_TRUE : MR_FALSE;
        mr_tri here =
            use == MR_FALSE ? use : mr_tri_and(mr_tri_and(use, mr_set_meets(&set, m)), reasons_are(s, n->concept, m));
        if (here == MR_UNKNOWN) mr_missing_about(a, m, "indication");
        if (here == MR_TRUE) mr_set_show(a, &set, m);
        best = mr_tri_or(best, here);
    }
    return best == MR_TRUE ? best : mr_nothing_found(s, how, best == MR_UNKNOWN, a);
}

/* ---- allergies ---- */

static mr_tri allergy_to(const mr_set_view *set, const mr_allergy *x) {
    const mr_medicine anything = {.regular = true};
    if (x->understood.by == MR_REC_NOT) return MR_UNKNOWN;
    mr_tri best = MR_FALSE;
    for (size_t i = 0; i < x->understood.n_ingredients; i++)
        best = mr_tri_or(best, mr_set_has(set, &anything, &x->understood.ingredients[i], NULL));
    return best;
}

mr_tri mr_atom_allergic(const mr_sight *s, const mr_node *n, mr_account *a) {
    mr_set_view set;
    mr_set_first(n, &set);
    mr_tri best = s->record->cut & MR_CUT_ALLERGIES ? MR_UNKNOWN : MR_FALSE;
    if (best == MR_UNKNOWN)
        mr_account_missing(a, MR_MISSING_DATUM, MR_SPAN("the whole list of allergies"),
                           MR_SPAN("a list of allergies read to its end"), MR_SPAN_NONE);
    for (size_t i = 0; i < s->record->n_allergies; i++) {
        const mr_allergy *x = &s->record->allergies[i];
        if (!x->active || x->none_known) continue;
        mr_tri here = allergy_to(&set, x);
        mr_span text = x->text.len ? x->text : x->reference;
        if (here == MR_UNKNOWN && a)
            mr_account_missing(a, MR_MISSING_DATUM,
                               mr_account_text(a, "substance of the allergy %.*s", MR_SPAN_ARG(text)),
                               MR_SPAN("a code that we know for this allergy"), x->reference);
        if (here == MR_TRUE && a)
            mr_account_evidence(a, (mr_evidence){.reference = x->reference,
                                                 .text = mr_account_text(a, "allergy: %.*s", MR_SPAN_ARG(text)),
                                                 .date = MR_WHEN_NONE});
        best = mr_tri_or(best, here);
    }
    return best;
}

/* ---- other rules ---- */

static bool is_asked(const mr_node *n, const mr_rule *r) {
    bool tool = !n->n_tools;
    for (size_t i = 0; i < n->n_tools && !tool; i++) tool = mr_span_eq(n->tools[i], r->tool);
    return tool && r->severity >= n->severity && !r->prompt && r->state == MR_RULE_ACTIVE;
}

bool mr_node_asks_findings(const mr_node *n) {
    if (n->op == MR_OP_ANY_FINDING) return true;
    for (size_t i = 0; i < n->n_kids; i++)
        if (mr_node_asks_findings(n->kids[i])) return true;
    return false;
}

/* A rule that asks for findings itself is left out, so nothing goes round in circles. */
mr_tri mr_atom_any_finding(const mr_sight *s, const mr_node *n, mr_reading how, mr_account *a) {
    mr_tri best = MR_FALSE;
    for (size_t i = 0; i < s->rules->n_rules && best != MR_TRUE; i++) {
        const mr_rule *r = &s->rules->rules[i];
        if (!r->when || !is_asked(n, r) || mr_node_asks_findings(r->when)) continue;
        mr_tri here = mr_sight_rule(s, r, how.whole);
        if (here == MR_TRUE && a)
            mr_account_evidence(
                a, (mr_evidence){.text = mr_account_text(a, "%.*s: %.*s", MR_SPAN_ARG(r->id), MR_SPAN_ARG(r->title)),
                                 .date = MR_WHEN_NONE});
        best = mr_tri_or(best, here);
    }
    /* What an unknown rule waits for is told by that rule. */
    if (best == MR_UNKNOWN && s->blocked && !how.whole) mr_missing_recognition(s, a);
    return best;
}
