/* Dosage: what can be calculated with, where it is given as numbers; else only its text. A dose that is a range, or a
 * timing that does not come to a plain "n times a period", is left at 0: not known is better than wrong. Whether it is
 * "when required" is taken from its words as well. */
#include "fhir_items.h"
#include "medreview/core/dosage.h"

/* HL7's v3-GTSAbbreviation codes that FHIR names in Timing.code. */
static void timing_code(mr_span code, mr_dosage *d) {
    static const struct {
        mr_span code;
        double frequency, period;
        const char *unit;
    } table[] = {{MR_CODE("QD"), 1, 1, "d"},  {MR_CODE("AM"), 1, 1, "d"},  {MR_CODE("PM"), 1, 1, "d"},
                 {MR_CODE("BED"), 1, 1, "d"}, {MR_CODE("BID"), 2, 1, "d"}, {MR_CODE("TID"), 3, 1, "d"},
                 {MR_CODE("QID"), 4, 1, "d"}, {MR_CODE("QOD"), 1, 2, "d"}, {MR_CODE("WK"), 1, 1, "wk"},
                 {MR_CODE("MO"), 1, 1, "mo"}, {MR_CODE("Q1H"), 1, 1, "h"}, {MR_CODE("Q2H"), 1, 2, "h"},
                 {MR_CODE("Q3H"), 1, 3, "h"}, {MR_CODE("Q4H"), 1, 4, "h"}, {MR_CODE("Q6H"), 1, 6, "h"},
                 {MR_CODE("Q8H"), 1, 8, "h"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (!mr_fhir_is(code, table[i].code)) continue;
        d->frequency = table[i].frequency;
        d->period = table[i].period;
        d->period_unit = mr_span_of(table[i].unit);
    }
}

static void repeat_read(mr_fhir_reader *r, mr_json v, mr_dosage *d) {
    double frequency = 0, period = 0;
    size_t moments = 0;
    mr_span unit = MR_SPAN_NONE;
    bool loose = false; /* certain days of the week: no plain frequency */
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        switch (m.name) {
        case N_frequency: (void)mr_json_number(m.value, &frequency); break; /* left at 0: not known */
        case N_period: (void)mr_json_number(m.value, &period); break;
        case N_periodUnit: unit = mr_fhir_text(r, m.value); break;
        case N_when: moments = mr_json_size(m.value); break;
        case N_frequencyMax:
        case N_periodMax: d->open = true; break;
        case N_dayOfWeek: loose = true; break;
        default: break;
        }
    }
    if (loose || d->open) return;
    if (moments && frequency <= 0 && period <= 0) { /* "at breakfast and in the evening": so often a day */
        frequency = (double)moments;
        period = 1;
        unit = MR_SPAN("d");
    }
    if (period <= 0 || !unit.ptr) return;
    d->frequency = frequency > 0 ? frequency : 1; /* FHIR: once, when only the period is given */
    d->period = period;
    d->period_unit = unit;
}

static void timing_read(mr_fhir_reader *r, mr_json v, mr_dosage *d) {
    mr_json repeat = {0};
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        if (name == N_code) timing_code(mr_fhir_concept_code(m.value), d);
        if (name == N_repeat) repeat = m.value;
    }
    repeat_read(r, repeat, d);
    if (d->open) d->frequency = d->period = 0; /* what a code said as well */
}

/* The first doseAndRate that names a quantity; two that differ are no dose. One without a quantity has a range, or a
 * rate. */
static void dose_read(mr_fhir_reader *r, mr_json list, mr_dosage *d) {
    bool seen = false;
    size_t n = 0;
    for (mr_fhir_list l = mr_fhir_each(list); mr_fhir_next(&l);) {
        mr_fhir_quantity q = {0};
        n++;
        for (mr_fhir_member m = mr_fhir_members(l.value); mr_fhir_member_next(&m);)
            if (m.name == N_doseQuantity) mr_fhir_quantity_read(r, m.value, &q);
        if (!q.has_value || q.value <= 0 || q.comparator != MR_CMP_NONE) continue;
        if (seen && (q.value < d->dose || q.value > d->dose || !mr_span_eq(q.unit, d->dose_unit))) {
            d->dose = 0;
            d->dose_unit = MR_SPAN_NONE;
            d->open = true;
            return;
        }
        d->dose = q.value;
        d->dose_unit = q.unit;
        seen = true;
    }
    d->open |= n && !seen;
}

static void dosage_read(mr_fhir_reader *r, mr_json v, mr_dosage *d) {
    mr_fhir_concept route = {0};
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        switch (m.name) {
        case N_text: d->text = mr_fhir_text(r, m.value); break;
        case N_timing: timing_read(r, m.value, d); break;
        case N_asNeededBoolean: mr_fhir_flag(r, m.value, &d->as_needed); break;
        case N_asNeededCodeableConcept: d->as_needed = true; break;
        case N_route: mr_fhir_concept_read(r, m.value, &route); break;
        case N_doseAndRate: dose_read(r, m.value, d); break;
        case N_modifierExtension: r->modified |= mr_json_size(m.value) > 0; break;
        default: break;
        }
    }
    mr_said said;
    mr_dosage_read(d->text, &said);
    d->as_needed |= said.as_needed; /* GP records say it in words only */
    d->route = route.codings;
    d->n_route = route.n;
}

void mr_fhir_dosages_read(mr_fhir_reader *r, mr_json list, mr_fhir_use *use) {
    mr_entry *e = &use->entry;
    e->dosage = MR_NEW_N(r->arena, mr_dosage, mr_fhir_count(list));
    r->full |= !e->dosage;
    for (mr_fhir_list l = mr_fhir_each(list); e->dosage && mr_fhir_next(&l);)
        dosage_read(r, l.value, &e->dosage[e->n_dosage++]);
}
