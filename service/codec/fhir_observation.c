/* Observation (fhir.md 8.6): one result, and one more for each component. */
#include "fhir_items.h"

static void value_read(mr_fhir_reader *r, mr_json v, mr_fhir_name name, mr_fhir_quantity *ret) {
    if (name == N_valueQuantity) mr_fhir_quantity_read(r, v, ret);
    if (name == N_valueInteger) ret->has_value = mr_json_number(v, &ret->value);
}

/* There is room. */
static void push(mr_fhir_results *results, const mr_fhir_concept *code, const mr_fhir_quantity *quantity) {
    mr_observation *o = &results->v[results->n++];
    o->codings = code->codings;
    o->n_codings = code->n;
    o->text = mr_fhir_concept_text(code);
    o->has_value = quantity->has_value;
    o->value = quantity->value;
    o->comparator = quantity->comparator;
    o->unit = quantity->unit;
    o->taken = MR_WHEN_NONE;
}

/* v3-ObservationInterpretation; of several the first that says one of these. */
static mr_mark mark_of(mr_json list) {
    static const struct {
        mr_span code;
        mr_mark mark;
    } table[] = {{MR_CODE("H"), MR_MARK_HIGH},  {MR_CODE("HH"), MR_MARK_HIGH}, {MR_CODE("HU"), MR_MARK_HIGH},
                 {MR_CODE("L"), MR_MARK_LOW},   {MR_CODE("LL"), MR_MARK_LOW},  {MR_CODE("LU"), MR_MARK_LOW},
                 {MR_CODE("N"), MR_MARK_NORMAL}};
    for (mr_fhir_list l = mr_fhir_each(list); mr_fhir_next(&l);) {
        mr_span code = mr_fhir_concept_code(l.value);
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
            if (mr_fhir_is(code, table[i].code)) return table[i].mark;
    }
    return MR_MARK_NONE;
}

static void component_read(mr_fhir_reader *r, mr_json v, mr_fhir_results *results) {
    mr_fhir_concept code = {0};
    mr_fhir_quantity quantity = {0};
    mr_mark mark = MR_MARK_NONE;
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        if (name == N_code) mr_fhir_concept_read(r, m.value, &code);
        if (name == N_interpretation) mark = mark_of(m.value);
        if (name == N_modifierExtension) r->modified |= mr_json_size(m.value) > 0;
        value_read(r, m.value, name, &quantity);
    }
    push(results, &code, &quantity);
    results->v[results->n - 1].mark = mark;
}

typedef enum worth { USE, PRELIMINARY, DROP, ODD } worth;
static worth worth_of(mr_span status) {
    static const struct {
        mr_span code;
        worth worth;
    } table[] = {{MR_CODE("final"), USE},
                 {MR_CODE("amended"), USE},
                 {MR_CODE("corrected"), USE},
                 {MR_CODE("preliminary"), PRELIMINARY},
                 {MR_CODE("registered"), DROP},
                 {MR_CODE("cancelled"), DROP},
                 {MR_CODE("entered-in-error"), DROP},
                 {MR_CODE("unknown"), DROP}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (mr_fhir_is(status, table[i].code)) return table[i].worth;
    return ODD;
}

typedef struct moment {
    mr_when when;
    int64_t instant_s;
} moment;

static void finish(mr_fhir_results *results, worth is_worth, const moment *effective, const moment *issued) {
    const moment *taken = mr_when_given(effective->when) ? effective : issued;
    for (size_t i = 0; i < results->n; i++) {
        results->v[i].taken = taken->when;
        results->v[i].instant_s = taken->instant_s;
        results->v[i].preliminary = is_worth != USE;
    }
    if (is_worth == DROP) results->n = 0;
}

static void period_end(mr_fhir_reader *r, mr_json v, moment *ret) {
    mr_when start = MR_WHEN_NONE;
    mr_fhir_period(r, v, &start, &ret->when, &ret->instant_s);
    if (mr_when_given(ret->when) || !mr_when_given(start)) return;
    ret->when = start;
    ret->instant_s = (int64_t)start.lo * 86400;
}

void mr_fhir_observation_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item) {
    mr_fhir_results *results = item->is.results = MR_NEW(r->arena, mr_fhir_results);
    if (!results) return;
    mr_fhir_concept code = {0};
    mr_fhir_quantity quantity = {0};
    worth is_worth = ODD;
    mr_mark mark = MR_MARK_NONE;
    mr_json components = {0};
    moment effective = {.when = MR_WHEN_NONE}, issued = {.when = MR_WHEN_NONE};
    for (mr_fhir_member m = mr_fhir_members(object); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        switch (name) {
        case N_status: {
            mr_span status = mr_fhir_peek(r, m.value);
            is_worth = worth_of(status);
            item->in_error = mr_fhir_is(status, MR_SPAN("entered-in-error"));
            break;
        }
        case N_code: mr_fhir_concept_read(r, m.value, &code); break;
        case N_subject: mr_fhir_pointer_read(r, m.value, false, &item->subject); break;
        case N_effectiveDateTime:
        case N_effectiveInstant:
            mr_fhir_when(r, mr_fhir_peek(r, m.value), &effective.when, &effective.instant_s);
            break;
        case N_effectivePeriod: period_end(r, m.value, &effective); break;
        case N_issued: mr_fhir_when(r, mr_fhir_peek(r, m.value), &issued.when, &issued.instant_s); break;
        case N_component: components = m.value; break;
        case N_interpretation: mark = mark_of(m.value); break;
        case N_valueQuantity:
        case N_valueInteger: value_read(r, m.value, name, &quantity); break;
        default: mr_fhir_head_read(r, m.name, m.value, item); break;
        }
    }
    item->odd_status = is_worth == ODD;
    results->v = MR_NEW_N(r->arena, mr_observation, 1 + mr_fhir_count(components));
    if (!results->v) {
        r->full = true;
        return;
    }
    push(results, &code, &quantity);
    results->v[0].mark = mark;
    for (mr_fhir_list l = mr_fhir_each(components); mr_fhir_next(&l);) component_read(r, l.value, results);
    finish(results, is_worth, &effective, &issued);
}
