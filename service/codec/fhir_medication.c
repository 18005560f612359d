/* Medication (fhir.md 8.3), and Substance where an ingredient points to one. */
#include "fhir_items.h"

static void ratio_read(mr_fhir_reader *r, mr_json v, mr_fhir_ingredient *in) {
    mr_fhir_quantity top = {0}, bottom = {0};
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        if (name == N_numerator) mr_fhir_quantity_read(r, m.value, &top);
        if (name == N_denominator) mr_fhir_quantity_read(r, m.value, &bottom);
    }
    if (!top.has_value || top.value <= 0) return;
    in->strength = top.value;
    in->strength_unit = top.unit;
    if (!bottom.has_value || bottom.value <= 0) return;
    in->per = bottom.value;
    in->per_unit = bottom.unit;
}

/* "#id" within the same resource: its code, read in place. */
static void contained_item(mr_fhir_reader *r, mr_json contained, mr_span reference, mr_fhir_concept *ret) {
    mr_span id = mr_span_from(reference, 1);
    for (mr_fhir_list l = mr_fhir_each(contained); mr_fhir_next(&l);)
        if (mr_span_eq(mr_json_string(mr_json_get(l.value, "id")), id))
            mr_fhir_concept_read(r, mr_json_get(l.value, "code"), ret);
}

static void item_reference(mr_fhir_reader *r, mr_json v, mr_json contained, mr_fhir_concept *code, mr_span *ret_item) {
    mr_fhir_pointer p = {0};
    mr_fhir_pointer_read(r, v, true, &p);
    if (p.reference.ptr && p.reference.ptr[0] == '#')
        contained_item(r, contained, p.reference, code);
    else
        *ret_item = p.reference;
    if (!code->text.ptr) code->text = p.display;
}

static void ingredient_read(mr_fhir_reader *r, mr_json v, mr_json contained, mr_fhir_medication *med) {
    mr_fhir_ingredient in = {0};
    mr_fhir_concept code = {0};
    bool active = true;
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        switch (m.name) {
        case N_itemCodeableConcept: mr_fhir_concept_read(r, m.value, &code); break;
        case N_itemReference: item_reference(r, m.value, contained, &code, &in.item); break;
        case N_isActive: mr_fhir_flag(r, m.value, &active); break;
        case N_strength: ratio_read(r, m.value, &in); break;
        case N_modifierExtension: r->modified |= mr_json_size(m.value) > 0; break;
        default: break;
        }
    }
    if (!active) return;
    in.codings = code.codings;
    in.n_codings = code.n;
    in.text = mr_fhir_concept_text(&code);
    r->full |= !MR_PUSH(r->arena, med->ingredients, med->n_ingredients, med->cap_ingredients, in);
}

mr_fhir_medication *mr_fhir_medication_read(mr_fhir_reader *r, mr_json object, mr_json contained, mr_fhir_item *item) {
    mr_fhir_medication *med = MR_NEW(r->arena, mr_fhir_medication);
    if (!med) return NULL;
    for (mr_fhir_member m = mr_fhir_members(object); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        switch (name) {
        case N_code: mr_fhir_concept_read(r, m.value, &med->code); break;
        case N_status: med->wrong = mr_fhir_is(mr_fhir_peek(r, m.value), MR_SPAN("entered-in-error")); break;
        case N_ingredient:
            for (mr_fhir_list l = mr_fhir_each(m.value); mr_fhir_next(&l);) ingredient_read(r, l.value, contained, med);
            break;
        case N_identifier:
            for (mr_fhir_list l = mr_fhir_each(m.value); mr_fhir_next(&l);) {
                mr_span id = mr_fhir_identifier_read(r, l.value);
                if (id.ptr)
                    r->full |= !MR_PUSH(r->arena, med->identifiers, med->n_identifiers, med->cap_identifiers, id);
            }
            break;
        default: mr_fhir_head_read(r, m.name, m.value, item); break;
        }
    }
    return med;
}

void mr_fhir_medication_item_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item) {
    item->is.medication = mr_fhir_medication_read(r, object, mr_json_get(object, "contained"), item);
}
