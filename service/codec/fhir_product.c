/* References of a statement or request: to its product, to an ingredient's substance, to the orders it stands for
 * (fhir.md 7.1). */
#include "fhir_gather.h"

#include <stdlib.h>

int mr_fhir_span_cmp(const void *a, const void *b) {
    return mr_span_cmp(*(const mr_span *)a, *(const mr_span *)b);
}

/* Could be had from the server: relative, or absolute under its own base. */
static void note_unresolved(mr_fhir_gather *g, mr_span reference) {
    mr_fhir_target t;
    mr_fhir_collected *out = g->out;
    if (mr_span_starts(reference, "urn:") || !mr_fhir_target_parse(reference, &t)) return;
    if (!mr_span_is(t.type, "Medication") || (t.base.ptr && !mr_fhir_own_base(g->pages, t.base))) return;
    mr_span s = mr_fhir_join(g->arena, t.type, t.id);
    g->full |= !s.ptr || !MR_PUSH(g->arena, out->unresolved, out->n_unresolved, g->cap_unresolved, s);
}

/* A Substance or Medication that can be used; NULL when it is not here. */
static const mr_fhir_item *find_code(mr_fhir_gather *g, const mr_fhir_item *from, mr_span reference) {
    const mr_fhir_group *group = mr_fhir_find(g->pages, from, reference);
    const mr_fhir_item *item = group && !group->tie ? mr_fhir_best(g->pages, group) : NULL;
    bool coded = item && (item->kind == MR_FK_SUBSTANCE || item->kind == MR_FK_MEDICATION);
    return coded && !item->unread && item->is.medication ? item : NULL;
}

/* An ingredient that points to a Substance or another Medication takes its code from there. */
static void ingredients_resolve(mr_fhir_gather *g, const mr_fhir_item *from, const mr_fhir_medication *m,
                                mr_fhir_product *out) {
    mr_fhir_ingredient *v = MR_NEW_N(g->arena, mr_fhir_ingredient, m->n_ingredients);
    if (!v) {
        g->full = true;
        return;
    }
    for (size_t i = 0; i < m->n_ingredients; i++) {
        v[i] = m->ingredients[i];
        const mr_fhir_item *other = v[i].item.ptr ? find_code(g, from, v[i].item) : NULL;
        if (!other) continue;
        const mr_fhir_concept *code = &other->is.medication->code;
        v[i].codings = code->codings;
        v[i].n_codings = code->n;
        if (!v[i].text.ptr) v[i].text = mr_fhir_concept_text(code);
    }
    out->ingredients = v;
    out->n_ingredients = m->n_ingredients;
}

static void product_use(mr_fhir_gather *g, const mr_fhir_item *from, const mr_fhir_medication *m, mr_entry *e,
                        mr_fhir_product *out) {
    if (m->wrong) { /* entered in error: as if it were not there */
        out->dangling = true;
        return;
    }
    e->codings = m->code.codings;
    e->n_codings = m->code.n;
    mr_span text = mr_fhir_concept_text(&m->code);
    if (text.ptr) e->text = text;
    if (m->n_ingredients) ingredients_resolve(g, from, m, out);
}

void mr_fhir_product_resolve(mr_fhir_gather *g, const mr_fhir_item *item, mr_entry *e, mr_fhir_product *out) {
    const mr_fhir_use *use = item->is.use;
    const mr_fhir_pointer *to = &use->product;
    if (!to->reference.ptr && !to->identifier.ptr) {
        if (to->display.ptr && !e->text.ptr) e->text = to->display;
        return;
    }
    e->text = to->display;
    if (use->contained) {
        product_use(g, item, use->contained, e, out);
        return;
    }
    const mr_fhir_group *group = to->reference.ptr ? mr_fhir_find(g->pages, item, to->reference) : NULL;
    if (!group && to->identifier.ptr) group = mr_fhir_find_identifier(g->pages, to->identifier);
    const mr_fhir_item *other = group ? mr_fhir_best(g->pages, group) : NULL;
    bool found = other && other->kind == MR_FK_MEDICATION && !other->deleted && other->is.medication;
    if (found && other->unread) {
        e->unread = other->unread;
    } else if (found && !group->tie) {
        product_use(g, other, other->is.medication, e, out);
    } else {
        out->dangling = true;
        if (!found && to->reference.ptr) note_unresolved(g, to->reference);
    }
}

/* One link in our form; the absent span when it leads elsewhere. */
static mr_span link_of(mr_fhir_gather *g, const mr_fhir_item *item, mr_span reference) {
    mr_fhir_target t;
    const mr_fhir_group *group = mr_fhir_find(g->pages, item, reference);
    const mr_fhir_item *other = group ? mr_fhir_best(g->pages, group) : NULL;
    if (other && (other->kind == MR_FK_STATEMENT || other->kind == MR_FK_REQUEST)) return other->reference;
    if (other || mr_fhir_is_absolute(reference) || !mr_fhir_target_parse(reference, &t)) return MR_SPAN_NONE;
    if (!mr_span_is(t.type, "MedicationRequest") && !mr_span_is(t.type, "MedicationStatement")) return MR_SPAN_NONE;
    return t.version.ptr || t.base.ptr ? mr_fhir_join(g->arena, t.type, t.id) : reference;
}

void mr_fhir_links_resolve(mr_fhir_gather *g, const mr_fhir_item *item, mr_entry *e) {
    size_t n = 0;
    mr_span *v = e->n_linked ? MR_NEW_N(g->arena, mr_span, e->n_linked) : NULL;
    g->full |= e->n_linked && !v;
    for (size_t i = 0; v && i < e->n_linked; i++) {
        mr_span s = link_of(g, item, e->linked[i]);
        if (s.ptr) v[n++] = s;
    }
    if (n > 1) qsort(v, n, sizeof *v, mr_fhir_span_cmp);
    e->linked = v;
    e->n_linked = n;
}
