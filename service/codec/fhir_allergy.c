/* AllergyIntolerance (fhir.md 8.5). "No known allergies" is a coded negation and never an allergy. */
#include "fhir_items.h"

static bool negation(const mr_fhir_concept *c) {
    for (size_t i = 0; i < c->n; i++)
        if (mr_fhir_is(c->codings[i].code, MR_SPAN("716186003")) ||
            mr_fhir_is(c->codings[i].code, MR_SPAN("409137002")))
            return true;
    return false;
}

/* Where the allergy itself has no code, the substances of its reactions say what it is to. */
static void reactions(mr_fhir_reader *r, mr_json list, mr_fhir_concept *ret) {
    for (mr_fhir_list l = mr_fhir_each(list); mr_fhir_next(&l);)
        for (mr_fhir_member m = mr_fhir_members(l.value); mr_fhir_member_next(&m);)
            if (m.name == N_substance) mr_fhir_concept_read(r, m.value, ret);
}

void mr_fhir_allergy_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item) {
    mr_allergy *a = item->is.allergy = MR_NEW(r->arena, mr_allergy);
    if (!a) return;
    mr_span clinical = MR_SPAN_NONE, verification = MR_SPAN_NONE;
    mr_fhir_concept code = {0}, substances = {0};
    for (mr_fhir_member m = mr_fhir_members(object); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        switch (name) {
        case N_clinicalStatus: clinical = mr_fhir_concept_code(m.value); break;
        case N_verificationStatus: verification = mr_fhir_concept_code(m.value); break;
        case N_code: mr_fhir_concept_read(r, m.value, &code); break;
        case N_patient: mr_fhir_pointer_read(r, m.value, false, &item->subject); break;
        case N_reaction: reactions(r, m.value, &substances); break;
        default: mr_fhir_head_read(r, m.name, m.value, item); break;
        }
    }
    const mr_fhir_concept *what = code.n || code.text.ptr ? &code : &substances;
    a->codings = what->codings;
    a->n_codings = what->n;
    a->text = mr_fhir_concept_text(what);
    a->none_known = negation(&code);
    a->active = !mr_fhir_is(clinical, MR_SPAN("inactive")) && !mr_fhir_is(clinical, MR_SPAN("resolved")) &&
                !mr_fhir_is(verification, MR_SPAN("refuted")) && !mr_fhir_is(verification, MR_SPAN("entered-in-error"));
    item->in_error = mr_fhir_is(verification, MR_SPAN("entered-in-error"));
    item->uncoded = !what->n;
}
