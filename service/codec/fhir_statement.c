/* MedicationStatement (fhir.md 8.1), and what it shares with MedicationRequest: the product, dosages, links. */
#include "fhir_items.h"

#define LAST_ISSUE "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationStatementLastIssueDate"

static mr_entry_status statement_status(mr_span s) {
    static const struct {
        mr_span code;
        mr_entry_status status;
    } table[] = {{MR_CODE("active"), MR_ST_ACTIVE},
                 {MR_CODE("completed"), MR_ST_COMPLETED},
                 {MR_CODE("entered-in-error"), MR_ST_ENTERED_IN_ERROR},
                 {MR_CODE("intended"), MR_ST_INTENDED},
                 {MR_CODE("stopped"), MR_ST_STOPPED},
                 {MR_CODE("on-hold"), MR_ST_ON_HOLD},
                 {MR_CODE("unknown"), MR_ST_UNKNOWN},
                 {MR_CODE("not-taken"), MR_ST_NOT_TAKEN}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (mr_fhir_is(s, table[i].code)) return table[i].status;
    return MR_ST_MISSING;
}

/* UK Core: the date of the last issue stands in an extension. */
static void extensions(mr_fhir_reader *r, mr_json list, mr_entry *e) {
    for (mr_fhir_list l = mr_fhir_each(list); mr_fhir_next(&l);) {
        mr_json value = {0};
        bool ours = false;
        for (mr_fhir_member m = mr_fhir_members(l.value); mr_fhir_member_next(&m);) {
            mr_fhir_name name = m.name;
            if (name == N_url) ours = mr_fhir_is(mr_fhir_peek(r, m.value), MR_SPAN(LAST_ISSUE));
            if (name == N_valueDateTime) value = m.value;
        }
        if (ours && value.at) mr_fhir_when(r, mr_fhir_peek(r, value), &e->last_issue, NULL);
    }
}

void mr_fhir_product_read(mr_fhir_reader *r, mr_json value, mr_fhir_name name, mr_fhir_use *use) {
    if (name == N_medicationReference) {
        mr_fhir_pointer_read(r, value, true, &use->product);
        return;
    }
    mr_fhir_concept c = {0};
    mr_fhir_concept_read(r, value, &c);
    use->entry.codings = c.codings;
    use->entry.n_codings = c.n;
    use->entry.text = mr_fhir_concept_text(&c);
}

void mr_fhir_links_read(mr_fhir_reader *r, mr_json list, mr_fhir_use *use) {
    for (mr_fhir_list l = mr_fhir_each(list); mr_fhir_next(&l);) {
        mr_fhir_pointer p = {0};
        mr_fhir_pointer_read(r, l.value, false, &p);
        if (!p.reference.ptr) continue;
        r->full |= !MR_PUSH(r->arena, use->entry.linked, use->entry.n_linked, use->cap_linked, p.reference);
    }
}

static void reason_keep(mr_fhir_reader *r, mr_reason reason, mr_fhir_use *use) {
    mr_entry *e = &use->entry;
    r->full |= !MR_PUSH(r->arena, e->reasons, e->n_reasons, use->cap_reasons, reason);
}

void mr_fhir_reasons_read(mr_fhir_reader *r, mr_json list, bool references, mr_fhir_use *use) {
    for (mr_fhir_list l = mr_fhir_each(list); mr_fhir_next(&l);) {
        mr_fhir_pointer p = {0};
        mr_fhir_concept c = {0};
        if (references) {
            mr_fhir_pointer_read(r, l.value, false, &p);
            if (p.reference.ptr) reason_keep(r, (mr_reason){.reference = p.reference}, use);
            continue;
        }
        mr_fhir_concept_read(r, l.value, &c);
        for (size_t i = 0; i < c.n; i++) reason_keep(r, (mr_reason){.coding = c.codings[i]}, use);
        if (!c.n && c.text.ptr) reason_keep(r, (mr_reason){.coding = {.display = c.text}}, use);
    }
}

void mr_fhir_contained_read(mr_fhir_reader *r, mr_json contained, mr_fhir_use *use) {
    if (!use->product.reference.ptr || use->product.reference.ptr[0] != '#') return;
    mr_span id = mr_span_from(use->product.reference, 1);
    for (mr_fhir_list l = mr_fhir_each(contained); mr_fhir_next(&l);) {
        if (!mr_fhir_is(mr_json_string(mr_json_get(l.value, "resourceType")), MR_SPAN("Medication"))) continue;
        if (!mr_span_eq(mr_json_string(mr_json_get(l.value, "id")), id)) continue;
        use->contained = mr_fhir_medication_read(r, l.value, contained, NULL);
        return;
    }
}

void mr_fhir_statement_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item) {
    mr_fhir_use *use = item->is.use = MR_NEW(r->arena, mr_fhir_use);
    if (!use) return;
    mr_entry *e = &use->entry;
    mr_json contained = {0};
    e->kind = MR_ENTRY_STATEMENT;
    e->from = e->until = e->asserted = e->last_issue = MR_WHEN_NONE;
    for (mr_fhir_member m = mr_fhir_members(object); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        switch (name) {
        case N_status: e->status = statement_status(mr_fhir_peek(r, m.value)); break;
        case N_medicationCodeableConcept:
        case N_medicationReference: mr_fhir_product_read(r, m.value, name, use); break;
        case N_subject: mr_fhir_pointer_read(r, m.value, false, &item->subject); break;
        case N_effectiveDateTime: mr_fhir_when(r, mr_fhir_peek(r, m.value), &e->from, NULL); break;
        case N_effectivePeriod: mr_fhir_period(r, m.value, &e->from, &e->until, NULL); break;
        case N_dateAsserted: mr_fhir_when(r, mr_fhir_peek(r, m.value), &e->asserted, NULL); break;
        case N_dosage: mr_fhir_dosages_read(r, m.value, use); break;
        case N_reasonCode:
        case N_reasonReference: mr_fhir_reasons_read(r, m.value, name == N_reasonReference, use); break;
        case N_basedOn:
        case N_derivedFrom: mr_fhir_links_read(r, m.value, use); break;
        case N_extension: extensions(r, m.value, e); break;
        case N_contained: contained = m.value; break;
        default: mr_fhir_head_read(r, m.name, m.value, item); break;
        }
    }
    mr_fhir_contained_read(r, contained, use);
    item->odd_status = e->status == MR_ST_MISSING;
    item->in_error = e->status == MR_ST_ENTERED_IN_ERROR;
}
