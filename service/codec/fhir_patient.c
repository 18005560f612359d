/* Patient (fhir.md 8.7): age, sex, whether the record is still lived in. Never a name or an address. */
#include "fhir_items.h"

static mr_sex sex_of(mr_span s) {
    if (mr_fhir_is(s, MR_SPAN("female"))) return MR_SEX_FEMALE;
    if (mr_fhir_is(s, MR_SPAN("male"))) return MR_SEX_MALE;
    return mr_fhir_is(s, MR_SPAN("other")) ? MR_SEX_OTHER : MR_SEX_UNKNOWN;
}

static void link_read(mr_fhir_reader *r, mr_json v, mr_patient *p) {
    mr_fhir_pointer other = {0};
    bool replaced = false;
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        if (name == N_type) replaced = mr_fhir_is(mr_fhir_peek(r, m.value), MR_SPAN("replaced-by"));
        if (name == N_other) mr_fhir_pointer_read(r, m.value, false, &other);
    }
    if (replaced && (!p->replaced_by.ptr || mr_span_cmp(other.reference, p->replaced_by) < 0))
        p->replaced_by = other.reference.ptr ? other.reference : MR_SPAN("(not named)");
}

void mr_fhir_patient_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item) {
    mr_fhir_person *person = item->is.person = MR_NEW(r->arena, mr_fhir_person);
    if (!person) return;
    mr_patient *p = &person->patient;
    bool active = true;
    p->birth = MR_WHEN_NONE;
    for (mr_fhir_member m = mr_fhir_members(object); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        switch (name) {
        case N_birthDate: mr_fhir_when(r, mr_fhir_peek(r, m.value), &p->birth, NULL); break;
        case N_gender: p->sex = sex_of(mr_fhir_peek(r, m.value)); break;
        case N_active: mr_fhir_flag(r, m.value, &active); break;
        case N_deceasedBoolean: mr_fhir_flag(r, m.value, &p->deceased); break;
        case N_deceasedDateTime: p->deceased = mr_json_kind_of(m.value) != MR_J_NULL; break;
        case N_link:
            for (mr_fhir_list l = mr_fhir_each(m.value); mr_fhir_next(&l);) link_read(r, l.value, p);
            break;
        case N_identifier:
            for (mr_fhir_list l = mr_fhir_each(m.value); mr_fhir_next(&l);) {
                mr_span id = mr_fhir_identifier_read(r, l.value);
                if (id.ptr)
                    r->full |=
                        !MR_PUSH(r->arena, person->identifiers, person->n_identifiers, person->cap_identifiers, id);
            }
            break;
        default: mr_fhir_head_read(r, m.name, m.value, item); break;
        }
    }
    p->inactive = !active;
}
