/* Condition (fhir.md 8.4): a diagnosis counts when it was ever recorded and is not resolved. */
#include "fhir_items.h"

static bool one_of(mr_span s, const mr_span *codes) {
    for (; codes->ptr; codes++)
        if (mr_fhir_is(s, *codes)) return true;
    return false;
}

/* false: a code that is none of the value set. */
static bool clinical(mr_span code, mr_condition *c) {
    static const mr_span active[] = {MR_CODE("active"), MR_CODE("recurrence"), MR_CODE("relapse"), {NULL, 0}};
    static const mr_span history[] = {MR_CODE("inactive"), MR_CODE("remission"), {NULL, 0}};
    if (!code.ptr) {
        c->uncertain = true;
    } else if (one_of(code, history)) {
        c->state = MR_FACT_HISTORY;
    } else if (mr_fhir_is(code, MR_SPAN("resolved"))) {
        c->state = MR_FACT_RESOLVED;
    } else if (!one_of(code, active)) {
        c->uncertain = true;
        return false;
    }
    return true;
}

static bool verification(mr_span code, mr_condition *c) {
    static const mr_span doubtful[] = {
        MR_CODE("unconfirmed"), MR_CODE("provisional"), MR_CODE("differential"), {NULL, 0}};
    if (one_of(code, doubtful)) {
        c->uncertain = true;
    } else if (mr_fhir_is(code, MR_SPAN("refuted")) || mr_fhir_is(code, MR_SPAN("entered-in-error"))) {
        c->state = MR_FACT_EXCLUDED;
    } else if (code.ptr && !mr_fhir_is(code, MR_SPAN("confirmed"))) {
        c->uncertain = true;
        return false;
    }
    return true;
}

void mr_fhir_condition_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item) {
    mr_condition *c = item->is.condition = MR_NEW(r->arena, mr_condition);
    if (!c) return;
    mr_span clinical_code = MR_SPAN_NONE, verification_code = MR_SPAN_NONE;
    mr_fhir_concept code = {0};
    bool abated = false;
    c->onset = c->recorded = c->abated = MR_WHEN_NONE;
    for (mr_fhir_member m = mr_fhir_members(object); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        switch (name) {
        case N_clinicalStatus: clinical_code = mr_fhir_concept_code(m.value); break;
        case N_verificationStatus: verification_code = mr_fhir_concept_code(m.value); break;
        case N_code: mr_fhir_concept_read(r, m.value, &code); break;
        case N_subject: mr_fhir_pointer_read(r, m.value, false, &item->subject); break;
        case N_onsetDateTime: mr_fhir_when(r, mr_fhir_peek(r, m.value), &c->onset, NULL); break;
        case N_onsetPeriod: mr_fhir_period(r, m.value, &c->onset, NULL, NULL); break;
        case N_recordedDate: mr_fhir_when(r, mr_fhir_peek(r, m.value), &c->recorded, NULL); break;
        case N_abatementDateTime:
            abated = true;
            mr_fhir_when(r, mr_fhir_peek(r, m.value), &c->abated, NULL);
            break;
        case N_abatementPeriod:
            abated = true;
            mr_fhir_period(r, m.value, NULL, &c->abated, NULL);
            break;
        case N_abatementAge:
        case N_abatementRange:
        case N_abatementString: abated = true; break;
        default: mr_fhir_head_read(r, m.name, m.value, item); break;
        }
    }
    c->codings = code.codings;
    c->n_codings = code.n;
    c->text = mr_fhir_concept_text(&code);
    item->uncoded = !code.n;
    c->state = MR_FACT_ACTIVE;
    item->odd_status = !clinical(clinical_code, c);
    if (abated && c->state == MR_FACT_ACTIVE) c->state = MR_FACT_HISTORY; /* con-4 says it cannot be active */
    item->in_error = mr_fhir_is(verification_code, MR_SPAN("entered-in-error"));
    item->odd_status |= !verification(verification_code, c);
}
