/* Synthetic patients as FHIR: the tables of patients_*.c become transaction Bundles and single writes.
 *
 * The same medicine is given in the ways that real servers give it, by turns: coded in SNOMED CT, in dm+d, by its
 * substance, by reference to a Medication, by a contained one, or as text only. Every third patient also has the
 * requests behind the statement: the plan (repeat authorisation) and the newest order (issue) based on it. */
#include <stdio.h>
#include <string.h>

#include "medreview/base/rand.h"
#include "medreview/codec/json_out.h"
#include "patients_data.h"

#define SNOMED "http://snomed.info/sct"
#define DMD "https://dmd.nhs.uk"
#define UCUM "http://unitsofmeasure.org"

enum { ID_BYTES = 64 };

typedef struct who {
    unsigned i;
    uint32_t seed;
    mr_day today;
    char id[24];
    mr_demo_patient is;
} who;

static who who_of(uint32_t seed, mr_day today, unsigned i) {
    who w = {.i = i, .seed = seed, .today = today, .is = mr_demo_patient_of(seed, i)};
    snprintf(w.id, sizeof w.id, "demo-p%02u", i + 1);
    return w;
}

/* Something between 0 and 27 days, the same for the same patient and thing: so that not all begins on one day. */
static mr_day jitter(const who *w, unsigned what) {
    mr_rand chance;
    mr_rand_seed(&chance, (uint64_t)w->seed << 32 | w->i << 8 | what);
    return (mr_day)mr_rand_below(&chance, 28);
}

/* So many months ago and up to 27 days more; results of this month lie a few days back. */
static mr_day months_ago(const who *w, unsigned months, unsigned what) {
    return mr_day_add_months(w->today, -(int32_t)months) - jitter(w, what);
}

static void date(mr_jw *j, const char *name, mr_day day) {
    char text[MR_DATE_TEXT];
    mr_jw_z(j, name, mr_day_print(day, text));
}

static void reference(mr_jw *j, const char *name, const char *type, const char *id) {
    char text[ID_BYTES + 40];
    snprintf(text, sizeof text, "%s%s%s", type, type[0] == '#' ? "" : "/", id);
    mr_jw_object(j, name);
    mr_jw_z(j, "reference", text);
    mr_jw_end(j);
}

static void concept(mr_jw *j, const char *name, const char *system, const char *code, const char *text) {
    mr_jw_object(j, name);
    if (code != NULL) {
        mr_jw_array(j, "coding");
        mr_jw_object(j, NULL);
        mr_jw_z(j, "system", system);
        mr_jw_z(j, "code", code);
        mr_jw_end(j);
        mr_jw_end(j);
    }
    if (text != NULL) mr_jw_z(j, "text", text);
    mr_jw_end(j);
}

/* --- the medicine --- */

static mr_demo_form form_of(const who *w, unsigned place, const mr_demo_med *med) {
    if (med->form != MR_DEMO_ANY) return med->form;
    return (mr_demo_form)(MR_DEMO_CODED + (w->i + place) % (MR_DEMO_CONTAINED - MR_DEMO_CODED + 1));
}

static void product_concept(mr_jw *j, const char *name, mr_demo_form form, const mr_demo_product *p) {
    const char *code = form == MR_DEMO_SUBSTANCE && p->vtm != NULL ? p->vtm : p->vmp != NULL ? p->vmp : p->vtm;
    if (form == MR_DEMO_TEXT) code = NULL;
    concept(j, name, form == MR_DEMO_DMD ? DMD : SNOMED, code, p->name);
}

static void medication_id(const who *w, unsigned place, char out[ID_BYTES]) {
    snprintf(out, ID_BYTES, "%s-med%u", w->id, place + 1);
}

static void medicine(mr_jw *j, const who *w, unsigned place, mr_demo_form form, const mr_demo_product *p) {
    char id[ID_BYTES];
    if (form == MR_DEMO_REFERENCED) {
        medication_id(w, place, id);
        reference(j, "medicationReference", "Medication", id);
    } else if (form == MR_DEMO_CONTAINED) {
        reference(j, "medicationReference", "#", "med");
    } else {
        product_concept(j, "medicationCodeableConcept", form, p);
    }
}

static void medication_body(mr_jw *j, const char *id, const mr_demo_product *p) {
    mr_jw_z(j, "resourceType", "Medication");
    mr_jw_z(j, "id", id);
    product_concept(j, "code", MR_DEMO_CODED, p);
}

/* `factor`: of the usual dose. Structured doses are given to every second patient: GP records mostly have text only. */
static void dosage(mr_jw *j, const who *w, const mr_demo_product *p, double factor) {
    mr_jw_array(j, "dosage");
    mr_jw_object(j, NULL);
    mr_jw_z(j, "text", factor == 1 ? p->dosage : factor < 1 ? "Half the earlier dose" : "Twice the earlier dose");
    if (p->dose > 0 && (w->i % 2 == 0 || factor != 1)) {
        mr_jw_object(j, "timing");
        mr_jw_object(j, "repeat");
        mr_jw_int(j, "frequency", p->per_day);
        mr_jw_int(j, "period", 1);
        mr_jw_z(j, "periodUnit", "d");
        mr_jw_end(j);
        mr_jw_end(j);
        mr_jw_array(j, "doseAndRate");
        mr_jw_object(j, NULL);
        mr_jw_object(j, "doseQuantity");
        mr_jw_number(j, "value", p->dose * factor);
        mr_jw_z(j, "unit", p->unit);
        mr_jw_z(j, "system", UCUM);
        mr_jw_z(j, "code", p->unit);
        mr_jw_end(j);
        mr_jw_end(j);
        mr_jw_end(j);
    }
    mr_jw_end(j);
    mr_jw_end(j);
}

typedef struct statement {
    const char *id, *status;
    unsigned place; /* of the medicine among the patient's; for forms that refer to a Medication */
    mr_demo_form form;
    const mr_demo_product *product;
    mr_day since, until; /* until == since: it goes on */
    double factor;
    const char *based_on; /* id of a MedicationRequest; NULL: none */
} statement;

static void statement_body(mr_jw *j, const who *w, const statement *s) {
    mr_jw_z(j, "resourceType", "MedicationStatement");
    mr_jw_z(j, "id", s->id);
    if (s->form == MR_DEMO_CONTAINED) {
        mr_jw_array(j, "contained");
        mr_jw_object(j, NULL);
        medication_body(j, "med", s->product);
        mr_jw_end(j);
        mr_jw_end(j);
    }
    if (s->based_on != NULL) {
        mr_jw_array(j, "basedOn");
        reference(j, NULL, "MedicationRequest", s->based_on);
        mr_jw_end(j);
    }
    mr_jw_z(j, "status", s->status);
    medicine(j, w, s->place, s->form, s->product);
    reference(j, "subject", "Patient", w->id);
    mr_jw_object(j, "effectivePeriod");
    date(j, "start", s->since);
    if (s->until != s->since) date(j, "end", s->until);
    mr_jw_end(j);
    mr_day said = s->until != s->since ? s->until : s->since;
    date(j, "dateAsserted", said < w->today ? said : w->today); /* a plan is asserted today, not when it begins */
    dosage(j, w, s->product, s->factor);
}

/* --- entries of the Bundle --- */

static void entry_begin(mr_jw *j) {
    mr_jw_object(j, NULL);
    mr_jw_object(j, "resource");
}

static void entry_end(mr_jw *j, const char *type, const char *id) {
    char url[ID_BYTES + 40], full[ID_BYTES + 100];
    snprintf(url, sizeof url, "%s/%s", type, id);
    snprintf(full, sizeof full, "https://medreview.example.org/fhir/%s", url);
    mr_jw_end(j);
    mr_jw_z(j, "fullUrl", full); /* relative references resolve against it */
    mr_jw_object(j, "request");
    mr_jw_z(j, "method", "PUT");
    mr_jw_z(j, "url", url);
    mr_jw_end(j);
    mr_jw_end(j);
}

static void patient_entry(mr_jw *j, const who *w) {
    char born[MR_DATE_TEXT];
    /* Some days after the birthday, so that the age holds; the year alone may mean one year less. */
    mr_day birth = mr_day_add_months(w->today, -12 * (int32_t)w->is.age) - 1 - jitter(w, 255) * 10;
    (void)mr_day_print(birth, born);
    if (w->is.year_only) born[4] = '\0';
    entry_begin(j);
    mr_jw_z(j, "resourceType", "Patient");
    mr_jw_z(j, "id", w->id);
    mr_jw_array(j, "identifier");
    mr_jw_object(j, NULL);
    mr_jw_z(j, "system", MR_PATIENTS_SYSTEM);
    mr_jw_z(j, "value", w->id);
    mr_jw_end(j);
    mr_jw_end(j);
    mr_jw_bool(j, "active", true);
    mr_jw_z(j, "gender", w->is.female ? "female" : "male");
    mr_jw_z(j, "birthDate", born);
    entry_end(j, "Patient", w->id);
}

static void request_entry(mr_jw *j, const who *w, const statement *s, const char *id, const char *plan,
                          mr_day authored) {
    entry_begin(j);
    mr_jw_z(j, "resourceType", "MedicationRequest");
    mr_jw_z(j, "id", id);
    if (s->form == MR_DEMO_CONTAINED) {
        mr_jw_array(j, "contained");
        mr_jw_object(j, NULL);
        medication_body(j, "med", s->product);
        mr_jw_end(j);
        mr_jw_end(j);
    }
    mr_jw_z(j, "status", "active");
    mr_jw_z(j, "intent", plan == NULL ? "plan" : "order");
    medicine(j, w, s->place, s->form, s->product);
    reference(j, "subject", "Patient", w->id);
    date(j, "authoredOn", authored);
    if (plan != NULL) {
        mr_jw_array(j, "basedOn");
        reference(j, NULL, "MedicationRequest", plan);
        mr_jw_end(j);
    }
    mr_jw_array(j, "dosageInstruction");
    mr_jw_object(j, NULL);
    mr_jw_z(j, "text", s->product->dosage);
    mr_jw_end(j);
    mr_jw_end(j);
    entry_end(j, "MedicationRequest", id);
}

static void medicine_entries(mr_jw *j, const who *w, unsigned place) {
    const mr_demo_med *med = &w->is.meds[place];
    char id[ID_BYTES], plan[ID_BYTES], order[ID_BYTES], medication[ID_BYTES];
    statement s = {.id = id, .status = med->status == NULL ? "active" : med->status, .place = place};
    s.form = form_of(w, place, med);
    s.product = &mr_demo_products[med->product];
    s.since = s.until = months_ago(w, med->months, place);
    s.factor = 1;
    snprintf(id, sizeof id, "%s-ms%u", w->id, place + 1);
    snprintf(plan, sizeof plan, "%s-mr%ua", w->id, place + 1);
    snprintf(order, sizeof order, "%s-mr%ub", w->id, place + 1);
    if (strcmp(s.status, "stopped") == 0) s.until = w->today - 20;
    if (strcmp(s.status, "intended") == 0) s.since = s.until = w->today + 7;
    if (s.form == MR_DEMO_REFERENCED) {
        medication_id(w, place, medication);
        entry_begin(j);
        medication_body(j, medication, s.product);
        entry_end(j, "Medication", medication);
    }
    bool requested = w->i % 3 == 0 && place < 2 && med->status == NULL && s.form != MR_DEMO_TEXT;
    if (requested) {
        request_entry(j, w, &s, plan, NULL, s.since);
        request_entry(j, w, &s, order, plan, s.since < w->today - 12 ? w->today - 12 : s.since);
        s.based_on = plan;
    }
    entry_begin(j);
    statement_body(j, w, &s);
    entry_end(j, "MedicationStatement", id);
}

static void condition_entry(mr_jw *j, const who *w, unsigned place) {
    const mr_demo_condition *c = &w->is.conditions[place];
    char id[ID_BYTES];
    snprintf(id, sizeof id, "%s-c%u", w->id, place + 1);
    entry_begin(j);
    mr_jw_z(j, "resourceType", "Condition");
    mr_jw_z(j, "id", id);
    concept(j, "clinicalStatus", "http://terminology.hl7.org/CodeSystem/condition-clinical", "active", NULL);
    concept(j, "verificationStatus", "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed", NULL);
    concept(j, "code", SNOMED, mr_demo_conditions[c->what].code, mr_demo_conditions[c->what].text);
    reference(j, "subject", "Patient", w->id);
    date(j, "onsetDateTime", months_ago(w, c->months, 64 + place));
    date(j, "recordedDate", months_ago(w, c->months, 64 + place));
    entry_end(j, "Condition", id);
}

static void observation_body(mr_jw *j, const who *w, const char *id, const mr_demo_result *r, mr_day day) {
    const mr_demo_test *test = &mr_demo_tests[r->what];
    bool loinc = test->loinc != NULL && w->i % 4 == 1; /* a laboratory that speaks LOINC */
    mr_jw_z(j, "resourceType", "Observation");
    mr_jw_z(j, "id", id);
    mr_jw_z(j, "status", "final");
    mr_jw_array(j, "category");
    concept(j, NULL, "http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", NULL);
    mr_jw_end(j);
    concept(j, "code", loinc ? "http://loinc.org" : SNOMED, loinc ? test->loinc : test->code, test->text);
    reference(j, "subject", "Patient", w->id);
    date(j, "effectiveDateTime", day);
    mr_jw_object(j, "valueQuantity");
    mr_jw_number(j, "value", r->value);
    mr_jw_z(j, "unit", test->unit);
    mr_jw_z(j, "system", UCUM);
    mr_jw_z(j, "code", test->unit);
    mr_jw_end(j);
}

static void result_entry(mr_jw *j, const who *w, unsigned place) {
    const mr_demo_result *r = &w->is.results[place];
    char id[ID_BYTES];
    snprintf(id, sizeof id, "%s-o%u", w->id, place + 1);
    entry_begin(j);
    observation_body(j, w, id, r, months_ago(w, r->months, 128));
    entry_end(j, "Observation", id);
}

void mr_patients_bundle(unsigned n, uint32_t seed, mr_day today, unsigned i, mr_buf *out) {
    MR_REQUIRE(i < n);
    who w = who_of(seed, today, i);
    mr_jw j;
    mr_jw_begin(&j, out);
    mr_jw_object(&j, NULL);
    mr_jw_z(&j, "resourceType", "Bundle");
    mr_jw_z(&j, "type", "transaction");
    mr_jw_array(&j, "entry");
    patient_entry(&j, &w);
    for (unsigned k = 0; k < MR_DEMO_MAX_MEDS && w.is.meds[k].product != MR_DEMO_NONE; k++) medicine_entries(&j, &w, k);
    for (unsigned k = 0; k < MR_DEMO_MAX_CONDITIONS && w.is.conditions[k].what != MR_DEMO_NO_CONDITION; k++)
        condition_entry(&j, &w, k);
    for (unsigned k = 0; k < MR_DEMO_MAX_RESULTS && w.is.results[k].what != MR_DEMO_NO_RESULT; k++)
        result_entry(&j, &w, k);
    mr_jw_end(&j);
    mr_jw_end(&j);
}

/* --- changes --- */

/* One step of a story: a statement written with this state, or (product NONE) a result. */
typedef struct step {
    const char *what;
    char suffix; /* of the id: the same statement keeps it through the story */
    mr_demo_product_id product;
    const char *status;
    double factor;
    mr_demo_result result;
} step;

enum { LANES = 4, STEPS = 3 };
static const step stories[LANES][STEPS] = {
    {{"starts naproxen", 'a', MR_DEMO_NAPROXEN, "active", 1, {0}},
     {"adds omeprazole", 'b', MR_DEMO_OMEPRAZOLE, "active", 1, {0}},
     {"stops naproxen", 'a', MR_DEMO_NAPROXEN, "stopped", 1, {0}}},
    {{"starts warfarin", 'a', MR_DEMO_WARFARIN, "active", 1, {0}},
     {"buys ibuprofen", 'b', MR_DEMO_IBUPROFEN, "active", 1, {0}},
     {"stops ibuprofen", 'b', MR_DEMO_IBUPROFEN, "stopped", 1, {0}}},
    {{"has a new eGFR of 39", 'o', MR_DEMO_NONE, NULL, 0, {MR_DEMO_EGFR, 39, 0}},
     {"starts diclofenac", 'a', MR_DEMO_DICLOFENAC, "active", 1, {0}},
     {"takes half the diclofenac", 'a', MR_DEMO_DICLOFENAC, "active", 0.5, {0}}},
    {{"starts amitriptyline", 'a', MR_DEMO_AMITRIPTYLINE, "active", 1, {0}},
     {"takes twice the amitriptyline", 'a', MR_DEMO_AMITRIPTYLINE, "active", 2, {0}},
     {"stops amitriptyline", 'a', MR_DEMO_AMITRIPTYLINE, "stopped", 1, {0}}},
};

static void change_statement(mr_jw *j, const who *w, const step *t, const char *id) {
    statement s = {.id = id, .status = t->status, .form = MR_DEMO_CODED, .factor = t->factor};
    s.product = &mr_demo_products[t->product];
    s.since = s.until = w->today - 1;
    if (strcmp(t->status, "stopped") == 0) s.until = w->today;
    statement_body(j, w, &s);
}

void mr_patients_change_at(unsigned n, uint32_t seed, mr_day today, unsigned k, mr_patients_change *ret) {
    MR_REQUIRE(n > 0);
    unsigned lane = k % LANES, at = k / LANES % STEPS, story = k / (LANES * STEPS) * LANES + lane;
    const step *t = &stories[lane][at];
    /* Neighbouring stories meet different patients; the seed decides where the round begins. */
    who w = who_of(seed, today, (unsigned)(((uint64_t)seed + (uint64_t)story * 7) % n));
    char id[ID_BYTES];
    mr_jw j;
    *ret = (mr_patients_change){.method = "PUT", .what = t->what};
    snprintf(ret->patient, sizeof ret->patient, "%s", w.id);
    snprintf(id, sizeof id, "%s-e%u%c", w.id, story, t->suffix);
    const char *type = t->product == MR_DEMO_NONE ? "Observation" : "MedicationStatement";
    snprintf(ret->path, sizeof ret->path, "/%s/%s", type, id);
    mr_buf_init(&ret->body, 1 << 16);
    mr_jw_begin(&j, &ret->body);
    mr_jw_object(&j, NULL);
    if (t->product == MR_DEMO_NONE)
        observation_body(&j, &w, id, &t->result, today);
    else
        change_statement(&j, &w, t, id);
    mr_jw_end(&j);
}
