/* MedicationRequest (fhir.md 8.2). Its end is the end of its validity; an acute course that was ordered once also ends
 * when its supply is used up, since many GP systems leave it `active` for ever. */
#include "fhir_items.h"

#include <math.h>

static mr_entry_status request_status(mr_span s) {
    static const struct {
        mr_span code;
        mr_entry_status status;
    } table[] = {{MR_CODE("active"), MR_ST_ACTIVE},       {MR_CODE("on-hold"), MR_ST_ON_HOLD},
                 {MR_CODE("cancelled"), MR_ST_CANCELLED}, {MR_CODE("completed"), MR_ST_COMPLETED},
                 {MR_CODE("stopped"), MR_ST_STOPPED},     {MR_CODE("entered-in-error"), MR_ST_ENTERED_IN_ERROR},
                 {MR_CODE("draft"), MR_ST_DRAFT},         {MR_CODE("unknown"), MR_ST_UNKNOWN}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (mr_fhir_is(s, table[i].code)) return table[i].status;
    return MR_ST_MISSING;
}

static mr_intent intent(mr_span s) {
    static const struct {
        mr_span code;
        mr_intent intent;
    } table[] = {{MR_CODE("proposal"), MR_INTENT_PROPOSAL},
                 {MR_CODE("plan"), MR_INTENT_PLAN},
                 {MR_CODE("order"), MR_INTENT_ORDER},
                 {MR_CODE("original-order"), MR_INTENT_ORIGINAL_ORDER},
                 {MR_CODE("reflex-order"), MR_INTENT_REFLEX_ORDER},
                 {MR_CODE("filler-order"), MR_INTENT_FILLER_ORDER},
                 {MR_CODE("instance-order"), MR_INTENT_INSTANCE_ORDER},
                 {MR_CODE("option"), MR_INTENT_OPTION}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (mr_fhir_is(s, table[i].code)) return table[i].intent;
    return MR_INTENT_NONE;
}

typedef struct supply {
    mr_when start, end;  /* validityPeriod */
    double days, months; /* expectedSupplyDuration; 0: not given */
    double repeats;
} supply;

static void duration_read(mr_fhir_reader *r, mr_json v, supply *s) {
    static const struct {
        mr_span unit;
        double days, months;
    } table[] = {{MR_CODE("d"), 1, 0},  {MR_CODE("day"), 1, 0},   {MR_CODE("days"), 1, 0},
                 {MR_CODE("wk"), 7, 0}, {MR_CODE("week"), 7, 0},  {MR_CODE("weeks"), 7, 0},
                 {MR_CODE("mo"), 0, 1}, {MR_CODE("month"), 0, 1}, {MR_CODE("months"), 0, 1},
                 {MR_CODE("a"), 0, 12}, {MR_CODE("year"), 0, 12}, {MR_CODE("years"), 0, 12}};
    mr_fhir_quantity q = {0};
    mr_fhir_quantity_read(r, v, &q);
    if (!q.has_value || q.value <= 0 || q.value > 36500) return;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (!mr_fhir_is(q.unit, table[i].unit)) continue;
        s->days = q.value * table[i].days;
        s->months = q.value * table[i].months;
    }
}

static void dispense_read(mr_fhir_reader *r, mr_json v, supply *s) {
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        switch (m.name) {
        case N_validityPeriod: mr_fhir_period(r, m.value, &s->start, &s->end, NULL); break;
        case N_expectedSupplyDuration: duration_read(r, m.value, s); break;
        case N_numberOfRepeatsAllowed: (void)mr_json_number(m.value, &s->repeats); break; /* 0 when it is none */
        case N_modifierExtension: r->modified |= mr_json_size(m.value) > 0; break;
        default: break;
        }
    }
}

/* People take the last tablets late and collect the next ones late: a supply counts this much longer, else an
 * interaction would come and go every month (fhir.md 8.2, "supply duration + margin"; 28 days as in rules.md section 3,
 * where gaps of up to 28 days between supplies are bridged). */
enum { MARGIN_DAYS = 28 };

static mr_day supplied_until(mr_day from, const supply *s, double times) {
    mr_day day = mr_day_add_months(from, (int32_t)ceil(s->months * times));
    double days = ceil(s->days * times) + MARGIN_DAYS;
    return days > (double)(MR_DAY_MAX - day) ? MR_DAY_MAX : day + (mr_day)days;
}

/* A plan, and a course that is said to be continuous, does not end with one supply. */
static void bound(mr_entry *e, const supply *s, bool continuous) {
    if (!mr_when_given(e->from)) e->from = s->start;
    e->until = s->end;
    bool ordered = e->intent == MR_INTENT_ORDER || e->intent == MR_INTENT_ORIGINAL_ORDER ||
                   e->intent == MR_INTENT_INSTANCE_ORDER || e->intent == MR_INTENT_FILLER_ORDER ||
                   e->intent == MR_INTENT_REFLEX_ORDER;
    if (!ordered) return;
    e->last_issue = e->asserted;
    if (mr_when_given(e->until) || continuous || !mr_when_given(e->from)) return;
    if (s->days <= 0 && s->months <= 0) return;
    double times = 1 + (s->repeats > 0 && s->repeats < 1000 ? s->repeats : 0);
    e->until = (mr_when){supplied_until(e->from.lo, s, times), supplied_until(e->from.hi, s, times)};
}

void mr_fhir_request_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item) {
    mr_fhir_use *use = item->is.use = MR_NEW(r->arena, mr_fhir_use);
    if (!use) return;
    mr_entry *e = &use->entry;
    mr_json contained = {0};
    supply s = {.start = MR_WHEN_NONE, .end = MR_WHEN_NONE};
    bool continuous = false;
    e->kind = MR_ENTRY_REQUEST;
    e->from = e->until = e->asserted = e->last_issue = MR_WHEN_NONE;
    for (mr_fhir_member m = mr_fhir_members(object); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        switch (name) {
        case N_status: e->status = request_status(mr_fhir_peek(r, m.value)); break;
        case N_intent: e->intent = intent(mr_fhir_peek(r, m.value)); break;
        case N_doNotPerform: mr_fhir_flag(r, m.value, &e->do_not_perform); break;
        case N_medicationCodeableConcept:
        case N_medicationReference: mr_fhir_product_read(r, m.value, name, use); break;
        case N_subject: mr_fhir_pointer_read(r, m.value, false, &item->subject); break;
        case N_authoredOn: mr_fhir_when(r, mr_fhir_peek(r, m.value), &e->asserted, NULL); break;
        case N_dosageInstruction: mr_fhir_dosages_read(r, m.value, use); break;
        case N_dispenseRequest: dispense_read(r, m.value, &s); break;
        case N_courseOfTherapyType:
            continuous = mr_fhir_is(mr_fhir_concept_code(m.value), MR_SPAN("continuous"));
            break;
        case N_reasonCode:
        case N_reasonReference: mr_fhir_reasons_read(r, m.value, name == N_reasonReference, use); break;
        case N_basedOn: mr_fhir_links_read(r, m.value, use); break;
        case N_contained: contained = m.value; break;
        default: mr_fhir_head_read(r, m.name, m.value, item); break;
        }
    }
    e->from = e->asserted;
    bound(e, &s, continuous);
    mr_fhir_contained_read(r, contained, use);
    item->in_error = e->status == MR_ST_ENTERED_IN_ERROR;
    item->odd_status = e->status == MR_ST_MISSING || e->intent == MR_INTENT_NONE;
}
