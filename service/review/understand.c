/* What each entry is: its codes and text; where they say nothing, the ingredients of its Medication. */
#include "review_parts.h"

#include "medreview/review/classes.h"

static mr_rc ask(const mr_review *rv, const mr_term_question *q, mr_understood *ret, mr_error *err) {
    return mr_terminology_resolve(rv->k->terminology, q, rv->arena, NULL, ret, err);
}

/* All ingredients must be known: half a medicine is not a medicine. A Medication's own strengths stand when the code of
 * the substance has none. */
static mr_rc ask_ingredients(const mr_review *rv, const mr_fhir_product *product, const mr_term_question *whole,
                             mr_understood *ret, mr_error *err) {
    mr_understood sum = {.route = MR_ROUTE_UNKNOWN};
    size_t cap = 0;
    for (size_t i = 0; i < product->n_ingredients; i++) {
        const mr_fhir_ingredient *in = &product->ingredients[i];
        mr_term_question q = {.codings = in->codings,
                              .n_codings = in->n_codings,
                              .text = in->text,
                              .routes = whole->routes,
                              .n_routes = whole->n_routes};
        mr_understood one;
        mr_rc rc = ask(rv, &q, &one, err);
        if (rc) return rc;
        if (one.by == MR_REC_NOT) return MR_OK;
        for (size_t k = 0; k < one.n_ingredients; k++) {
            mr_ingredient part = one.ingredients[k];
            if (one.n_ingredients == 1 && part.strength <= 0 && in->strength > 0) {
                part.strength = in->strength;
                part.strength_unit = in->strength_unit;
                part.per = in->per > 0 && (in->per < 1 || in->per > 1) ? in->per : 0;
                part.per_unit = part.per > 0 ? in->per_unit : MR_SPAN_NONE;
            }
            if (!MR_PUSH(rv->arena, sum.ingredients, sum.n_ingredients, cap, part)) return mr_arena_why(rv->arena, err);
        }
        if (one.by > sum.by) sum.by = one.by; /* the weakest evidence counts */
        sum.uncertain |= one.uncertain;
        if (!sum.route) sum.route = one.route;
    }
    *ret = sum;
    return MR_OK;
}

/* The codings of all dosages: one that sharpens an unknown route is enough. */
static mr_rc routes(const mr_review *rv, const mr_entry *e, mr_term_question *q, mr_error *err) {
    mr_coding *v = NULL;
    size_t n = 0, cap = 0;
    if (e->n_dosage == 1) {
        q->routes = e->dosage[0].route;
        q->n_routes = e->dosage[0].n_route;
        return MR_OK;
    }
    for (size_t i = 0; i < e->n_dosage; i++)
        for (size_t k = 0; k < e->dosage[i].n_route; k++)
            if (!MR_PUSH(rv->arena, v, n, cap, e->dosage[i].route[k])) return mr_arena_why(rv->arena, err);
    q->routes = v;
    q->n_routes = n;
    return MR_OK;
}

static mr_rc understand(const mr_review *rv, mr_entry *e, const mr_fhir_product *product, mr_error *err) {
    mr_term_question q = {.codings = e->codings, .n_codings = e->n_codings, .text = e->text};
    mr_rc rc = routes(rv, e, &q, err);
    if (!rc) rc = ask(rv, &q, &e->understood, err);
    bool unknown = e->understood.by == MR_REC_NOT;
    if (!rc && unknown && product->n_ingredients && e->understood.why != MR_UNREAD_CONFLICTING_CODES) {
        mr_understood parts = {.by = MR_REC_NOT};
        rc = ask_ingredients(rv, product, &q, &parts, err);
        if (parts.by != MR_REC_NOT) e->understood = parts;
    }
    if (!rc && e->understood.by == MR_REC_NOT && product->dangling) e->unread = MR_UNREAD_REFERENCE_NOT_FOUND;
    if (!rc && e->understood.by != MR_REC_NOT && rv->k->classes) mr_classes_apply(rv->k->classes, &e->understood);
    return rc;
}

static bool shares_a_substance(const mr_understood *a, const mr_understood *b) {
    for (size_t i = 0; i < a->n_ingredients; i++)
        for (size_t k = 0; k < b->n_ingredients; k++)
            if (mr_span_eq(a->ingredients[i].substance, b->ingredients[k].substance)) return true;
    return false;
}

/* The code counts before the text, but when a text that is surely understood names other substances, one of the two is
 * wrong, and nobody but a person can say which: told, and the review is not complete. */
static mr_rc text_check(const mr_review *rv, mr_fhir_collected *c, const mr_entry *e, mr_error *err) {
    const mr_understood *u = &e->understood;
    if (u->by == MR_REC_NOT || u->by == MR_REC_NAME || !u->n_ingredients || !e->text.len) return MR_OK;
    mr_term_question q = {.text = e->text};
    mr_understood said;
    mr_rc rc = ask(rv, &q, &said, err);
    if (rc || said.by != MR_REC_NAME || said.uncertain || !said.n_ingredients || shares_a_substance(u, &said))
        return rc;
    if (mr_raw_add_gap(&c->raw, rv->arena, "code-text-conflict", false, e->reference,
                       "The code says %.*s, the text says %.*s; the code was taken. One of them is wrong.",
                       MR_SPAN_ARG(u->ingredients[0].substance), MR_SPAN_ARG(said.ingredients[0].substance)) != MR_OK)
        return mr_arena_why(rv->arena, err);
    return MR_OK;
}

/* What an allergy is to, where its code or text is that of a medicine. */
static mr_rc understand_allergy(const mr_review *rv, mr_allergy *x, mr_error *err) {
    if (!x->active || x->none_known) return MR_OK;
    mr_term_question q = {.codings = x->codings, .n_codings = x->n_codings, .text = x->text};
    mr_rc rc = ask(rv, &q, &x->understood, err);
    if (!rc && x->understood.uncertain) x->understood = (mr_understood){.by = MR_REC_NOT};
    return rc;
}

mr_rc mr_review_understand(const mr_review *rv, mr_fhir_collected *c, mr_error *err) {
    mr_rc rc = MR_OK;
    for (size_t i = 0; i < c->raw.n_entries && !rc; i++) {
        mr_entry *e = &c->raw.entries[i];
        if (!e->unread && e->status != MR_ST_ENTERED_IN_ERROR) {
            rc = understand(rv, e, &c->products[i], err);
            if (!rc) rc = text_check(rv, c, e, err);
        }
    }
    for (size_t i = 0; i < c->raw.n_allergies && !rc; i++) rc = understand_allergy(rv, &c->raw.allergies[i], err);
    return rc;
}
