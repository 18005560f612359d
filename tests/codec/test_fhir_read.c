/* FHIR resources as the record sees them, one row a case (fhir.md 7.1 and 8): what is read, as a line of text. */
#include "medreview/base/buf.h"
#include "medreview/codec/fhir_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*teller)(const mr_fhir_collected *c, mr_buf *out);

typedef struct row {
    const char *resources; /* separated by commas: the entries of a Bundle, each in "resource" */
    const char *expect;
} row;

static void read_and_tell(const char *entries, teller tell, mr_buf *out) {
    mr_arena *a = mr_arena_new_checked(4 << 20);
    mr_fhir_pages *pages = mr_fhir_pages_new(a, MR_SPAN_NONE, false);
    mr_json_doc *doc = mr_json_doc_new();
    mr_fhir_page page;
    mr_fhir_collected c;
    mr_json root;
    mr_error err = {0};
    mr_buf text;
    mr_buf_init(&text, 1 << 20);
    mr_buf_printf(&text, "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[%s]}", entries);
    if (mr_json_parse(doc, mr_buf_span(&text), false, &root, &err) || mr_fhir_page_read(pages, root, &page, &err))
        fail_msg("%s\n%s", err.text, mr_buf_z(&text));
    mr_json_doc_free(doc); /* everything has been copied */
    if (mr_fhir_collect(pages, MR_SPAN("p"), true, a, &c, &err)) fail_msg("%s", err.text);
    tell(&c, out);
    mr_buf_free(&text);
    mr_arena_free(a);
}

static void check(const row *rows, size_t n, const char *before, const char *behind, teller tell) {
    for (size_t i = 0; i < n; i++) {
        mr_buf entry, out;
        mr_buf_init(&entry, 1 << 20);
        mr_buf_init(&out, 1 << 16);
        mr_buf_printf(&entry, "%s%s%s", before, rows[i].resources, behind);
        read_and_tell(mr_buf_z(&entry), tell, &out);
        if (strcmp(mr_buf_z(&out), rows[i].expect) != 0)
            fail_msg("%s\n  expected %s\n  got      %s", rows[i].resources, rows[i].expect, mr_buf_z(&out));
        mr_buf_free(&entry);
        mr_buf_free(&out);
    }
}
#define CHECK(rows, before, behind, tell) check(rows, sizeof rows / sizeof *rows, before, behind, tell)

static void put_when(mr_buf *out, const char *name, mr_when w) {
    char text[MR_DATE_TEXT];
    if (mr_when_given(w)) mr_buf_printf(out, " %s %s", name, mr_when_print(w, text));
}

static void put_gaps(const mr_fhir_collected *c, mr_buf *out) {
    for (size_t i = 0; i < c->raw.n_gaps; i++)
        mr_buf_printf(out, " [%.*s%s]", MR_SPAN_ARG(c->raw.gaps[i].code), c->raw.gaps[i].harmless ? "" : "!");
}

/* ---- dosage ---- */

static void tell_dosage(const mr_fhir_collected *c, mr_buf *out) {
    const mr_entry *e = &c->raw.entries[0];
    for (size_t i = 0; i < e->n_dosage; i++) {
        const mr_dosage *d = &e->dosage[i];
        mr_buf_printf(out, "%s%.*s", i ? "; " : "", MR_SPAN_ARG(d->text));
        if (d->dose > 0) mr_buf_printf(out, " dose %g %.*s", d->dose, MR_SPAN_ARG(d->dose_unit));
        if (d->period > 0) mr_buf_printf(out, " %g per %g %.*s", d->frequency, d->period, MR_SPAN_ARG(d->period_unit));
        if (d->as_needed) mr_buf_adds(out, " prn");
        for (size_t k = 0; k < d->n_route; k++) mr_buf_printf(out, " route %.*s", MR_SPAN_ARG(d->route[k].code));
    }
}

static void test_dosage(void **state) {
    (void)state;
    static const row rows[] = {
        {"{\"text\":\"one\"}", "one"},
        {"{\"timing\":{\"repeat\":{\"frequency\":2,\"period\":1,\"periodUnit\":\"d\"}},\"doseAndRate\":[{"
         "\"doseQuantity\":{\"value\":500,"
         "\"unit\":\"milligram\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"}}]}",
         " dose 500 mg 2 per 1 d"},
        {"{\"timing\":{\"repeat\":{\"period\":8,\"periodUnit\":\"h\"}}}", " 1 per 8 h"},
        {"{\"timing\":{\"repeat\":{\"frequency\":1,\"frequencyMax\":2,\"period\":1,\"periodUnit\":\"d\"}}}",
         ""}, /* a range is no dose */
        {"{\"timing\":{\"repeat\":{\"frequency\":1,\"period\":4,\"periodMax\":6,\"periodUnit\":\"h\"}}}", ""},
        {"{\"timing\":{\"repeat\":{\"frequency\":1,\"period\":1,\"periodUnit\":\"d\",\"dayOfWeek\":[\"mon\"]}}}",
         ""}, /* weekly, not daily */
        {"{\"timing\":{\"repeat\":{\"frequency\":1,\"period\":1,\"periodUnit\":\"wk\"}}}", " 1 per 1 wk"},
        {"{\"timing\":{\"repeat\":{\"when\":[\"CM\",\"CV\"]}}}", " 2 per 1 d"},
        {"{\"timing\":{\"code\":{\"coding\":[{\"code\":\"TID\"}]}}}", " 3 per 1 d"},
        {"{\"timing\":{\"code\":{\"coding\":[{\"code\":\"QOD\"}]}}}", " 1 per 2 d"},
        {"{\"timing\":{\"code\":{\"coding\":[{\"code\":\"ASAP\"}]}}}", ""},
        {"{\"doseAndRate\":[{\"doseRange\":{\"low\":{\"value\":1},\"high\":{\"value\":2}}}]}", ""},
        {"{\"doseAndRate\":[{\"doseQuantity\":{\"value\":1,\"unit\":\"tablet\"}},{\"doseQuantity\":{\"value\":2,"
         "\"unit\":\"tablet\"}}]}",
         ""},
        {"{\"doseAndRate\":[{\"doseQuantity\":{\"value\":1,\"unit\":\"tablet\"}},{\"doseQuantity\":{\"value\":1,"
         "\"unit\":\"tablet\"}}]}",
         " dose 1 tablet"},
        {"{\"doseAndRate\":{\"doseQuantity\":{\"value\":1,\"unit\":\"tablet\"}}}",
         " dose 1 tablet"}, /* not a list: still understood */
        {"{\"doseAndRate\":[{\"doseQuantity\":{\"value\":5,\"comparator\":\"<\",\"unit\":\"mg\"}}]}", ""},
        {"{\"asNeededBoolean\":true}", " prn"},
        {"{\"asNeededBoolean\":false}", ""},
        {"{\"asNeededCodeableConcept\":{\"text\":\"pain\"}}", " prn"},
        {"{\"route\":{\"coding\":[{\"code\":\"26643006\"},{\"code\":\"PO\"}]}}", " route 26643006 route PO"},
        {"{\"text\":\"one\"},null,{\"text\":\"two\"}", "one; two"},
        {"", ""},
    };
    CHECK(rows,
          "{\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"m\",\"status\":\"active\",\"dosage\":[",
          "]}}", tell_dosage);
}

/* ---- statements and requests ---- */

static void tell_entry(const mr_fhir_collected *c, mr_buf *out) {
    for (size_t i = 0; i < c->raw.n_entries; i++) {
        const mr_entry *e = &c->raw.entries[i];
        mr_buf_printf(out, "%s%.*s", i ? "; " : "", MR_SPAN_ARG(e->reference));
        if (e->unread) mr_buf_printf(out, " (%s)", mr_unread_text(e->unread));
        if (e->text.ptr) mr_buf_printf(out, " '%.*s'", MR_SPAN_ARG(e->text));
        for (size_t k = 0; k < e->n_codings; k++) mr_buf_printf(out, " %.*s", MR_SPAN_ARG(e->codings[k].code));
        put_when(out, "from", e->from);
        put_when(out, "until", e->until);
        put_when(out, "issued", e->last_issue);
        for (size_t k = 0; k < e->n_linked; k++) mr_buf_printf(out, " <- %.*s", MR_SPAN_ARG(e->linked[k]));
        for (size_t k = 0; k < c->products[i].n_ingredients; k++)
            mr_buf_printf(out, " +%.*s", MR_SPAN_ARG(c->products[i].ingredients[k].text));
        if (c->products[i].dangling) mr_buf_adds(out, " dangling");
    }
    for (size_t i = 0; i < c->n_unresolved; i++) mr_buf_printf(out, " fetch %.*s", MR_SPAN_ARG(c->unresolved[i]));
    put_gaps(c, out);
}

static void test_statement_dates(void **state) {
    (void)state;
    static const row rows[] = {
        {"\"effectiveDateTime\":\"2026-03-02T10:00:00+01:00\"", "MedicationStatement/m from 2026-03-02"},
        {"\"effectivePeriod\":{\"start\":\"2026-03\",\"end\":\"2026\"}",
         "MedicationStatement/m from 2026-03 until 2026"},
        {"\"effectivePeriod\":{\"_start\":{\"extension\":[]},\"end\":null}", "MedicationStatement/m"},
        {"\"extension\":[{\"url\":\"https://fhir.hl7.org.uk/StructureDefinition/"
         "Extension-UKCore-MedicationStatementLastIssueDate\","
         "\"valueDateTime\":\"2026-11-02\"},{\"url\":\"https://example.org/x\",\"valueDateTime\":\"1999\"}]",
         "MedicationStatement/m issued 2026-11-02"},
        {"\"effectiveDateTime\":\"last week\"", "MedicationStatement/m [unreadable-date!]"},
        {"\"basedOn\":[{\"reference\":\"MedicationRequest/r2\"},{\"reference\":\"CarePlan/"
         "c\"}],\"derivedFrom\":[{\"reference\":"
         "\"MedicationRequest/r1/_history/3\"},{\"reference\":\"Observation/o\"}]",
         "MedicationStatement/m <- MedicationRequest/r1 <- MedicationRequest/r2"},
    };
    CHECK(rows,
          "{\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"m\",\"status\":\"active\",\"subject\":{"
          "\"reference\":\"Patient/p\"},",
          "}}", tell_entry);
}

static void test_request_ends(void **state) {
    (void)state;
    static const row rows[] = {
        {"\"intent\":\"order\"", "MedicationRequest/m from 2026-01-31 issued 2026-01-31"},
        {"\"intent\":\"order\",\"dispenseRequest\":{\"expectedSupplyDuration\":{\"value\":7,\"unit\":\"day\"}}",
         "MedicationRequest/m from 2026-01-31 until 2026-03-07 issued 2026-01-31"},
        {"\"intent\":\"order\",\"dispenseRequest\":{\"numberOfRepeatsAllowed\":2,\"expectedSupplyDuration\":{\"value\":"
         "1,\"code\":\"mo\","
         "\"system\":\"http://unitsofmeasure.org\"}}",
         "MedicationRequest/m from 2026-01-31 until 2026-05-28 issued 2026-01-31"},
        {"\"intent\":\"order\",\"courseOfTherapyType\":{\"coding\":[{\"code\":\"continuous\"}]},\"dispenseRequest\":{"
         "\"expectedSupplyDuration\":"
         "{\"value\":28,\"unit\":\"day\"}}",
         "MedicationRequest/m from 2026-01-31 issued 2026-01-31"},
        {"\"intent\":\"plan\",\"dispenseRequest\":{\"expectedSupplyDuration\":{\"value\":28,\"unit\":\"day\"}}",
         "MedicationRequest/m from 2026-01-31"}, /* a repeat authorisation outlives one supply */
        {"\"intent\":\"plan\",\"dispenseRequest\":{\"validityPeriod\":{\"start\":\"2026-02-01\",\"end\":\"2026-08-01\"}"
         "}",
         "MedicationRequest/m from 2026-01-31 until 2026-08-01"},
        {"\"intent\":\"order\",\"dispenseRequest\":{\"expectedSupplyDuration\":{\"value\":3,\"unit\":\"bottles\"}}",
         "MedicationRequest/m from 2026-01-31 issued 2026-01-31"},
        {"\"intent\":\"order\",\"dispenseRequest\":{\"expectedSupplyDuration\":{\"value\":1e9,\"unit\":\"day\"}}",
         "MedicationRequest/m from 2026-01-31 issued 2026-01-31"},
        {"\"intent\":\"directive\"", "MedicationRequest/m from 2026-01-31 [unknown-status]"},
    };
    CHECK(rows,
          "{\"resource\":{\"resourceType\":\"MedicationRequest\",\"id\":\"m\",\"status\":\"active\",\"subject\":{"
          "\"reference\":\"Patient/p\"},"
          "\"authoredOn\":\"2026-01-31\",",
          "}}", tell_entry);
}

#define MED(id, text)                                                                                                  \
    "{\"resource\":{\"resourceType\":\"Medication\",\"id\":\"" id "\",\"code\":{\"text\":\"" text "\"}}}"
#define USE(id, rest)                                                                                                  \
    "{\"fullUrl\":\"https://own/fhir/MedicationStatement/" id                                                          \
    "\",\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"" id                                           \
    "\",\"status\":\"active\",\"subject\":{\"reference\":\"Patient/p\"}," rest "}}"
#define REF(r) "\"medicationReference\":{\"reference\":\"" r "\",\"display\":\"shown\"}"

static void test_references(void **state) {
    (void)state;
    static const row rows[] = {
        {USE("1", REF("Medication/a")) "," MED("a", "A"), "MedicationStatement/1 'A'"},
        {MED("a", "A") "," USE("1", REF("Medication/a")), "MedicationStatement/1 'A'"},
        {USE("1", REF("Medication/a/_history/2")) "," MED("a", "A"), "MedicationStatement/1 'A'"},
        {USE("1", REF("https://own/fhir/Medication/a")) "," MED("a", "A"), "MedicationStatement/1 'A'"},
        {USE("1", REF("https://OWN:443/fhir/Medication/a/_history/2")) "," MED("a", "A"), "MedicationStatement/1 'A'"},
        {USE("1", REF("http://own/fhir/Medication/a")) "," MED("a", "A"),
         "MedicationStatement/1 'shown' dangling [reference-not-found]"},
        {USE("1", REF("https://other/fhir/Medication/a")) "," MED("a", "A"),
         "MedicationStatement/1 'shown' dangling [reference-not-found]"},
        {USE("1", REF("https://other/fhir/Medication/a")) ",{\"fullUrl\":\"https://other/fhir/Medication/"
                                                          "a\",\"resource\":{\"resourceType\":\"Medication\",\"id\":"
                                                          "\"a\",\"code\":{\"text\":\"O\"}}}",
         "MedicationStatement/1 'O'"},
        {USE("1", REF("urn:uuid:7")) ",{\"fullUrl\":\"urn:uuid:7\",\"resource\":{\"resourceType\":\"Medication\","
                                     "\"code\":{\"text\":\"U\"}}}",
         "MedicationStatement/1 'U'"},
        {USE("1", REF("urn:oid:1.2.3")) ",{\"fullUrl\":\"urn:oid:1.2.3\",\"resource\":{\"resourceType\":\"Medication\","
                                        "\"id\":\"z\",\"code\":{"
                                        "\"text\":\"U\"}}}",
         "MedicationStatement/1 'U'"},
        {USE("1", REF("urn:uuid:8")), "MedicationStatement/1 'shown' dangling [reference-not-found]"},
        {USE("1", REF("Medication/gone")),
         "MedicationStatement/1 'shown' dangling fetch Medication/gone [reference-not-found]"},
        {USE("1", REF("#c") ",\"contained\":[{\"resourceType\":\"Medication\",\"id\":\"b\"},{\"resourceType\":"
                            "\"Medication\",\"id\":\"c\","
                            "\"code\":{\"coding\":[{\"code\":\"42\",\"display\":\"C\"}]}}]"),
         "MedicationStatement/1 'C' 42"},
        {USE("1",
             "\"contained\":[{\"resourceType\":\"Medication\",\"id\":\"c\",\"code\":{\"text\":\"C\"}}]," REF("#c")),
         "MedicationStatement/1 'C'"},
        {USE("1", REF("#d")), "MedicationStatement/1 'shown' dangling [reference-not-found]"},
        {USE("1", "\"medicationReference\":{\"display\":\"only shown\"}"), "MedicationStatement/1 'only shown'"},
        {USE("1",
             "\"medicationReference\":{\"identifier\":{\"system\":\"s\",\"value\":\"v\"}}") ",{\"resource\":{"
                                                                                            "\"resourceType\":"
                                                                                            "\"Medication\",\"id\":"
                                                                                            "\"a\",\"identifier\":[{"
                                                                                            "\"system\":\"s\","
                                                                                            "\"value\":\"v\"}],"
                                                                                            "\"code\":{\"text\":\"I\"}}"
                                                                                            "}",
         "MedicationStatement/1 'I'"},
        {USE("1", REF("Observation/a")), "MedicationStatement/1 'shown' dangling [reference-not-found]"},
        {USE("1", REF("Medication/a")) ",{\"resource\":{\"resourceType\":\"Medication\",\"id\":\"a\",\"status\":"
                                       "\"entered-in-error\",\"code\":{"
                                       "\"text\":\"A\"}}}",
         "MedicationStatement/1 'shown' dangling [reference-not-found]"},
        {USE("1", REF("Medication/a")) ",{\"resource\":{\"resourceType\":\"Medication\",\"id\":\"a\","
                                       "\"modifierExtension\":[{\"url\":\"x\"}],"
                                       "\"code\":{\"text\":\"A\"}}}",
         "MedicationStatement/1 (modifier-extension) 'shown'"},
        {USE("1",
             REF("Medication/a")) ",{\"resource\":{\"resourceType\":\"Medication\",\"id\":\"a\",\"ingredient\":[{"
                                  "\"itemReference\":{\"reference\":\"Substance/s\"}},{"
                                  "\"itemCodeableConcept\":{\"text\":\"Y\"}},{\"isActive\":false,"
                                  "\"itemCodeableConcept\":{\"text\":\"water\"}}]}},{\"resource\":{\"resourceType\":"
                                  "\"Substance\",\"id\":\"s\",\"code\":{\"text\":\"X\"}}}",
         "MedicationStatement/1 'shown' +X +Y"},
    };
    CHECK(rows, "", "", tell_entry);
}

#define V(version, updated, text)                                                                                      \
    "{\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"m\",\"meta\":{" version updated                  \
    "},\"status\":\"active\",\"subject\":{\"reference\":\"Patient/"                                                    \
    "p\"},\"medicationCodeableConcept\":{\"text\":\"" text "\"}}}"
#define ID(v) "\"versionId\":\"" v "\""
#define AT(t) "\"lastUpdated\":\"" t "\""

static void test_the_same_id_twice(void **state) {
    (void)state;
    static const row rows[] = {
        {V(ID("9"), "", "old") "," V(ID("10"), "", "new"), "MedicationStatement/m 'new'"},
        {V(ID("10"), "", "new") "," V(ID("9"), "", "old"), "MedicationStatement/m 'new'"},
        {V("", AT("2026-01-02T00:00:00+01:00"), "old") "," V("", AT("2026-01-01T23:30:00Z"), "new"),
         "MedicationStatement/m 'new'"},
        {V(ID("a"), "," AT("2026-01-02T00:00:00Z"), "old") "," V(ID("b"), "," AT("2026-01-03T00:00:00Z"), "new"),
         "MedicationStatement/m 'new'"},
        {V(ID("3"), "," AT("2026-01-01T00:00:00Z"), "new") "," V(ID("2"), "," AT("2026-01-09T00:00:00Z"), "old"),
         "MedicationStatement/m 'new'"},
        {V("", "", "same") "," V("", "", "same"), "MedicationStatement/m 'same'"},
        {V(ID("2"), "", "one") "," V(ID("2"), "", "one"), "MedicationStatement/m 'one'"},
        {V(ID("2"), "", "one") "," V(ID("1"), "", "x") "," V(ID("1"), "", "y"), "MedicationStatement/m 'one'"},
    };
    CHECK(rows, "", "", tell_entry);
    mr_buf a, b;
    mr_buf_init(&a, 1000);
    mr_buf_init(&b, 1000);
    read_and_tell(V("", "", "one") "," V("", "", "two"), tell_entry, &a);
    read_and_tell(V("", "", "two") "," V("", "", "one"), tell_entry, &b);
    assert_non_null(strstr(mr_buf_z(&a), "(unreadable)"));
    assert_non_null(strstr(mr_buf_z(&a), "[duplicate-id!]"));
    assert_string_equal(mr_buf_z(&a), mr_buf_z(&b));
    mr_buf_free(&a);
    mr_buf_free(&b);
}

/* ---- facts ---- */

static void tell_condition(const mr_fhir_collected *c, mr_buf *out) {
    static const char *const states[] = {"active", "history", "resolved", "excluded"};
    for (size_t i = 0; i < c->raw.n_conditions; i++) {
        const mr_condition *f = &c->raw.conditions[i];
        mr_buf_printf(out, "%s%s", states[f->state], f->uncertain ? " uncertain" : "");
        put_when(out, "onset", f->onset);
        put_when(out, "recorded", f->recorded);
        put_when(out, "abated", f->abated);
    }
    put_gaps(c, out);
}

#define STATUS(name, code) "\"" name "\":{\"coding\":[{\"code\":\"" code "\"}]}"

static void test_conditions(void **state) {
    (void)state;
    static const row rows[] = {
        {STATUS("clinicalStatus", "active"), "active"},
        {STATUS("clinicalStatus", "recurrence"), "active"},
        {STATUS("clinicalStatus", "relapse"), "active"},
        {STATUS("clinicalStatus", "inactive"), "history"},
        {STATUS("clinicalStatus", "remission"), "history"},
        {STATUS("clinicalStatus", "resolved"), "resolved"},
        {"\"x\":1", "active uncertain"},
        {STATUS("clinicalStatus", "sleeping"), "active uncertain [unknown-status]"},
        {STATUS("clinicalStatus", "active") "," STATUS("verificationStatus", "provisional"), "active uncertain"},
        {STATUS("verificationStatus", "refuted") "," STATUS("clinicalStatus", "active"), "excluded"},
        {STATUS("verificationStatus", "entered-in-error"), "excluded uncertain"},
        {STATUS("clinicalStatus", "active") ",\"abatementDateTime\":\"2020\"", "history abated 2020"},
        {STATUS("clinicalStatus", "active") ",\"abatementString\":\"long ago\"", "history"},
        {STATUS("clinicalStatus", "resolved") ",\"abatementPeriod\":{\"end\":\"2020-02\"}", "resolved abated 2020-02"},
        {STATUS("clinicalStatus", "active") ",\"onsetPeriod\":{\"start\":\"2001\"},\"recordedDate\":\"2002-03-04\"",
         "active onset 2001 recorded 2002-03-04"},
        {STATUS("clinicalStatus", "active") ",\"modifierExtension\":[{\"url\":\"x\"}]", " [modifier-extension!]"},
        {STATUS("clinicalStatus", "active") ",\"modifierExtension\":[]", "active"},
    };
    CHECK(rows,
          "{\"resource\":{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":\"Patient/"
          "p\"},\"code\":{\"coding\":[{\"code\":\"1\"}]},",
          "}}", tell_condition);
}

static void tell_allergy(const mr_fhir_collected *c, mr_buf *out) {
    for (size_t i = 0; i < c->raw.n_allergies; i++) {
        const mr_allergy *a = &c->raw.allergies[i];
        mr_buf_printf(out, "%s%s %.*s", a->active ? "active" : "not active", a->none_known ? " none-known" : "",
                      MR_SPAN_ARG(a->text));
    }
    put_gaps(c, out);
}

static void test_allergies(void **state) {
    (void)state;
    static const row rows[] = {
        {"\"code\":{\"coding\":[{\"code\":\"91936005\",\"display\":\"penicillin\"}]}", "active penicillin"},
        {"\"code\":{\"coding\":[{\"code\":\"716186003\"}]}", "active none-known "},
        {"\"code\":{\"coding\":[{\"code\":\"409137002\"}]}", "active none-known "},
        {"\"code\":{\"coding\":[{\"code\":\"1\"}]}," STATUS("clinicalStatus", "inactive"), "not active "},
        {"\"code\":{\"coding\":[{\"code\":\"1\"}]}," STATUS("clinicalStatus", "resolved"), "not active "},
        {"\"code\":{\"coding\":[{\"code\":\"1\"}]}," STATUS("verificationStatus", "refuted"), "not active "},
        {"\"reaction\":[{\"substance\":{\"coding\":[{\"code\":\"2\",\"display\":\"aspirin\"}]}}]", "active aspirin"},
        {"\"code\":{\"text\":\"some tablet\"}", "active some tablet [uncoded-allergy!]"},
    };
    CHECK(rows,
          "{\"resource\":{\"resourceType\":\"AllergyIntolerance\",\"id\":\"a\",\"patient\":{\"reference\":\"Patient/"
          "p\"},",
          "}}", tell_allergy);
}

static void tell_results(const mr_fhir_collected *c, mr_buf *out) {
    static const char *const comparators[] = {"", "<", "<=", ">=", ">", "~"};
    for (size_t i = 0; i < c->raw.n_observations; i++) {
        const mr_observation *o = &c->raw.observations[i];
        mr_buf_printf(out, "%s%.*s", i ? "; " : "", MR_SPAN_ARG(o->codings[0].code));
        if (o->has_value) mr_buf_printf(out, " %s%g %.*s", comparators[o->comparator], o->value, MR_SPAN_ARG(o->unit));
        put_when(out, "on", o->taken);
        if (o->preliminary) mr_buf_adds(out, " preliminary");
    }
    put_gaps(c, out);
}

static void test_results(void **state) {
    (void)state;
    static const row rows[] = {
        {"\"status\":\"final\"", "x"},
        {"\"status\":\"amended\",\"valueQuantity\":{\"value\":4.50,\"unit\":\"mmol\"}", "x 4.5 mmol"},
        {"\"status\":\"corrected\",\"valueQuantity\":{\"value\":5,\"unit\":\"shown\",\"code\":\"mg\",\"system\":\"http:"
         "//unitsofmeasure.org\"}",
         "x 5 mg"},
        {"\"status\":\"final\",\"valueQuantity\":{\"value\":5,\"unit\":\"shown\",\"code\":\"mg\",\"system\":\"https://"
         "else\"}",
         "x 5 shown"},
        {"\"status\":\"final\",\"valueQuantity\":{\"value\":90,\"comparator\":\">\",\"unit\":\"u\"}", "x >90 u"},
        {"\"status\":\"final\",\"valueQuantity\":{\"value\":90,\"comparator\":\"ad\",\"unit\":\"u\"}", "x ~90 u"},
        {"\"status\":\"final\",\"valueInteger\":3", "x 3 "},
        {"\"status\":\"final\",\"valueString\":\"45\"", "x"},
        {"\"status\":\"final\",\"dataAbsentReason\":{\"text\":\"lost\"}", "x"},
        {"\"status\":\"preliminary\",\"valueInteger\":3", "x 3  preliminary"},
        {"\"status\":\"registered\"", ""},
        {"\"status\":\"cancelled\"", ""},
        {"\"status\":\"entered-in-error\"", ""},
        {"\"status\":\"unknown\"", ""},
        {"\"status\":\"done\"", "x preliminary [unknown-status]"},
        {"\"status\":\"final\",\"effectiveDateTime\":\"2026-01-02\",\"issued\":\"2026-01-09T00:00:00Z\"",
         "x on 2026-01-02"},
        {"\"status\":\"final\",\"issued\":\"2026-01-09T00:00:00Z\"", "x on 2026-01-09"},
        {"\"status\":\"final\",\"effectivePeriod\":{\"start\":\"2026-01-01\",\"end\":\"2026-01-03\"}",
         "x on 2026-01-03"},
        {"\"status\":\"final\",\"effectivePeriod\":{\"start\":\"2026-01-01\"}", "x on 2026-01-01"},
        {"\"status\":\"final\",\"effectiveInstant\":\"2026-01-01T01:02:03.004Z\"", "x on 2026-01-01"},
        {"\"status\":\"final\",\"effectiveDateTime\":\"2026-05\",\"component\":[{\"code\":{\"coding\":[{\"code\":"
         "\"sys\"}]},\"valueQuantity\":{"
         "\"value\":150,\"unit\":\"mm[Hg]\"}},{\"code\":{\"coding\":[{\"code\":\"dia\"}]},\"dataAbsentReason\":{}}]",
         "x on 2026-05; sys 150 mm[Hg] on 2026-05; dia on 2026-05"},
        {"\"status\":\"final\",\"valueQuantity\":{\"value\":\"45\"}", "[unreadable-entry!]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        row r = rows[i];
        char expect[300];
        /* a gap that stands alone follows a blank */
        snprintf(expect, sizeof expect, "%s%s", r.expect[0] == '[' ? " " : "", r.expect);
        r.expect = expect;
        check(&r, 1,
              "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o\",\"subject\":{\"reference\":\"Patient/"
              "p\"},\"code\":{\"coding\":[{\"code\":\"x\"}]},",
              "}}", tell_results);
    }
}

static void tell_patient(const mr_fhir_collected *c, mr_buf *out) {
    static const char *const sexes[] = {"?", "female", "male", "other"};
    const mr_patient *p = &c->raw.patient;
    mr_buf_printf(out, "%.*s %s", MR_SPAN_ARG(p->reference), sexes[p->sex]);
    put_when(out, "born", p->birth);
    mr_buf_printf(out, "%s%s", p->deceased ? " deceased" : "", p->inactive ? " inactive" : "");
    if (p->replaced_by.ptr) mr_buf_printf(out, " -> %.*s", MR_SPAN_ARG(p->replaced_by));
    if (c->raw.cut) mr_buf_adds(out, " cut");
    put_gaps(c, out);
}

static void test_patient(void **state) {
    (void)state;
    static const row rows[] = {
        {"\"gender\":\"female\",\"birthDate\":\"1950-02\"", "Patient/p female born 1950-02"},
        {"\"gender\":\"unknown\",\"_birthDate\":{\"extension\":[]}", "Patient/p ?"},
        {"\"deceasedBoolean\":true", "Patient/p ? deceased"},
        {"\"deceasedBoolean\":false", "Patient/p ?"},
        {"\"deceasedDateTime\":\"2020\"", "Patient/p ? deceased"},
        {"\"active\":false", "Patient/p ? inactive"},
        {"\"link\":[{\"type\":\"seealso\",\"other\":{\"reference\":\"Patient/"
         "x\"}},{\"type\":\"replaced-by\",\"other\":{\"reference\":\"Patient/y\"}}]",
         "Patient/p ? -> Patient/y"},
        {"\"birthDate\":\"1950\",\"birthDate\":\"1960\"", "Patient/p ? cut [unreadable-entry!]"},
        {"\"birthDate\":\"once\"", "Patient/p ? [unreadable-date!]"},
    };
    CHECK(rows, "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p\",", "}}", tell_patient);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dosage),
        cmocka_unit_test(test_statement_dates),
        cmocka_unit_test(test_request_ends),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_the_same_id_twice),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_allergies),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_patient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
