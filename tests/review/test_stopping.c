/* Stopping, seen from outside: records in, stopPlan and whatIf out. */
#include "review_bench.h"

#include <jansson.h>

/* "name|strength and form|mg each time|times a day"; mg 0: no dosage. */
typedef struct given {
    const char *text;
    double mg;
    int times;
} given;

static json_t *review_of(const bench *b, const given *v, size_t n, const char *condition) {
    mr_buf in, out;
    mr_error err = {0};
    mr_buf_init(&in, 1 << 20);
    mr_buf_init(&out, 8 << 20);
    mr_buf_adds(&in, "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{\"resourceType\":"
                     "\"Patient\",\"id\":\"p\",\"birthDate\":\"1945-01-01\"}}");
    for (size_t i = 0; i < n; i++) {
        mr_buf_printf(&in,
                      ",{\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"m%zu\",\"status\":\"active\","
                      "\"subject\":{\"reference\":\"Patient/p\"},\"medicationCodeableConcept\":{\"text\":\"%s\"}",
                      i, v[i].text);
        if (v[i].mg > 0)
            mr_buf_printf(&in,
                          ",\"dosage\":[{\"timing\":{\"repeat\":{\"frequency\":%d,\"period\":1,\"periodUnit\":\"d\"}},"
                          "\"doseAndRate\":[{\"doseQuantity\":{\"value\":%g,\"unit\":\"mg\"}}]}]",
                          v[i].times, v[i].mg);
        mr_buf_adds(&in, "}}");
    }
    if (condition)
        mr_buf_printf(&in,
                      ",{\"resource\":{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":"
                      "\"Patient/p\"},\"clinicalStatus\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/"
                      "CodeSystem/condition-clinical\",\"code\":\"active\"}]},\"code\":{\"coding\":[{\"system\":"
                      "\"http://snomed.info/sct\",\"code\":\"%s\"}]}}}",
                      condition);
    mr_buf_adds(&in, "]}");
    if (bench_review(b, mr_buf_span(&in), BENCH_JSON, 64 << 20, &out, &err)) fail_msg("%s", err.text);
    json_t *review = json_loadb(out.ptr, out.len, JSON_DISABLE_EOF_CHECK, NULL);
    assert_non_null(review);
    mr_buf_free(&in);
    mr_buf_free(&out);
    return review;
}

static json_t *finding(json_t *review, const char *rule) {
    json_t *f;
    size_t i;
    json_array_foreach(json_object_get(review, "findings"), i,
                       f) if (strcmp(json_string_value(json_object_get(f, "rule")), rule) == 0) return f;
    fail_msg("%s is not found", rule);
    return NULL;
}

static bool holds(json_t *list, const char *text) {
    json_t *one;
    size_t i;
    json_array_foreach(list, i, one) if (strcmp(json_string_value(one), text) == 0) return true;
    return false;
}

static json_t *plan_of(json_t *f) {
    json_t *p = json_object_get(f, "stopPlan");
    assert_non_null(p);
    return p;
}

/* ---- what if ---- */

static void test_a_stomach_protector_removed_brings_the_nsaid_rule(void **state) {
    bench *b = *state;
    mr_error err = {0};
    /* A house rule about the protector itself, so that there is something to stop. */
    static const char rule[] =
        "tool: HOUSE\nas_of: 2026-11-21\nrules:\n  - id: HOUSE-1\n    criterion: \"1\"\n    title: A protector\n"
        "    state: active\n    version: \"1\"\n    tier: 1\n    severity: low\n    urgency: next-review\n"
        "    reviewer: GP\n    harm: gi-bleed\n    identity: ppi\n    when: taking(ppi)\n    action: Stop it\n"
        "    goes_away_when: It is stopped.\n    source: House\n    examples:\n      - fires: it is taken\n"
        "        medicines: [omeprazole]\n      - silent: it is not\n        born: 1946-01-01\n";
    mr_knowledge_file file = {"house.yaml", {rule, sizeof rule - 1}};
    mr_knowledge *k = NULL;
    mr_buf said;
    mr_buf_init(&said, 1 << 20);
    if (mr_knowledge_load_files(&file, 1, false, &k, &said, &err)) fail_msg("%s", mr_buf_z(&said));
    mr_buf_free(&said);
    bench house = *b;
    house.k.rules = mr_knowledge_rules(k);
    json_t *r =
        review_of(&house, (given[]){{"Naproxen 500mg tablets", 0, 0}, {"Omeprazole 20mg capsules", 0, 0}}, 2, NULL);
    json_t *w = json_object_get(finding(r, "HOUSE-1"), "whatIf");
    assert_true(holds(json_object_get(w, "gone"), "HOUSE-1"));
    assert_true(holds(json_object_get(w, "appear"), "PIN-A"));
    assert_true(holds(json_object_get(w, "without"), "MedicationStatement/m1"));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(w, "burden"), "medicines")), 1);
    json_decref(r);
    mr_knowledge_free(k);
}

/* One rule about two medicines: without one of them the rule still speaks, and yet that finding is gone. */
static void test_a_finding_goes_though_its_rule_stays(void **state) {
    json_t *r =
        review_of(*state, (given[]){{"Naproxen 500mg tablets", 0, 0}, {"Ibuprofen 400mg tablets", 0, 0}}, 2, NULL);
    json_t *f = finding(r, "PIN-A"), *w = json_object_get(f, "whatIf");
    assert_int_equal(json_array_size(json_object_get(w, "without")), 1);
    assert_false(holds(json_object_get(w, "gone"), "PIN-A"));
    assert_true(holds(json_object_get(w, "goneFindings"), json_string_value(json_object_get(f, "id"))));
    json_decref(r);
}

/* ---- plans ---- */

static void test_the_medicine_that_the_rule_stops_is_the_one_planned(void **state) {
    json_t *r = review_of(*state, (given[]){{"Apixaban 5mg tablets", 0, 0}, {"Naproxen 500mg tablets", 0, 0}}, 2, NULL);
    json_t *p = plan_of(finding(r, "PIN-D"));
    assert_true(holds(json_object_get(p, "medicines"), "MedicationStatement/m1"));
    assert_true(json_is_true(json_object_get(p, "canStopAtOnce")));
    assert_null(json_object_get(p, "others"));
    json_decref(r);
}

static void test_no_plan_is_invented(void **state) {
    json_t *r =
        review_of(*state, (given[]){{"Apixaban 5mg tablets", 0, 0}, {"Clopidogrel 75mg tablets", 0, 0}}, 2, NULL);
    json_t *p = plan_of(finding(r, "PIN-E"));
    assert_null(json_object_get(p, "canStopAtOnce"));
    assert_null(json_object_get(p, "onRelapse"));
    const char *text = json_string_value(json_object_get(json_array_get(json_object_get(p, "steps"), 0), "text"));
    assert_string_equal(
        text, "No plan is held for clopidogrel: ask a pharmacist or the prescriber how to stop or reduce it.");
    json_decref(r);
}

static const char ASTHMA[] = "195967001";

/* The doses of the steps that have one, as a text: "120 60 ...". */
static void doses_are(json_t *plan, const char *want) {
    char got[400] = "";
    json_t *step;
    size_t i;
    json_array_foreach(json_object_get(plan, "steps"), i, step) {
        json_t *dose = json_object_get(step, "dose");
        if (dose)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%g", *got ? " " : "",
                     json_number_value(json_object_get(dose, "value")));
    }
    assert_string_equal(got, want);
}

static void test_doses_follow_the_strength_and_never_go_up(void **state) {
    static const struct {
        given medicine;
        const char *doses;
    } table[] = {
        {{"Propranolol 40mg tablets", 80, 2}, "80 40"}, /* 160 -> 80 -> 40 */
        {{"Propranolol 40mg tablets", 40, 2}, "40"},    /* 80 -> 40, then 20 is no whole tablet */
        {{"Propranolol 10mg tablets", 40, 3}, "60 30"}, /* 120 */
        {{"Propranolol 40mg tablets", 40, 3}, "40"},    /* 120 -> 60, which is 40 in whole tablets */
        {{"Propranolol 40mg tablets", 0, 0}, ""},       /* no dosage */
        {{"Propranolol 40mg tablets", 25, 2}, ""},      /* 50 mg out of 40 mg tablets: not believed */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *r = review_of(*state, &table[i].medicine, 1, ASTHMA), *p = plan_of(finding(r, "PIN-G"));
        assert_true(json_is_false(json_object_get(p, "canStopAtOnce")));
        doses_are(p, table[i].doses);
        json_decref(r);
    }
}

/* Several parts of a burden: the largest first, the others after it, one at a time. */
static void test_the_largest_share_goes_first(void **state) {
    json_t *r = review_of(
        *state,
        (given[]){{"Atenolol 50mg tablets", 0, 0}, {"Oxybutynin 5mg tablets", 0, 0}, {"Clonazepam 2mg tablets", 0, 0}},
        3, NULL);
    json_t *p = plan_of(finding(r, "ACB-01"));
    assert_true(holds(json_object_get(p, "medicines"), "MedicationStatement/m1"));
    assert_non_null(strstr(json_string_value(json_object_get(p, "order")), "oxybutynin first"));
    json_t *others = json_object_get(p, "others"), *one;
    size_t i, specialist = 0;
    assert_true(json_array_size(others) >= 1);
    json_array_foreach(others, i, one) {
        assert_true(json_is_false(json_object_get(one, "canStopAtOnce")));
        specialist += strcmp(json_string_value(json_object_get(one, "who")), "neurologist") == 0;
    }
    assert_int_equal(specialist, json_array_size(others) == 2); /* clonazepam is for epilepsy too */
    json_decref(r);
}

/* ---- burden ---- */

static void test_each_medicine_has_its_share(void **state) {
    json_t *r =
        review_of(*state, (given[]){{"Amitriptyline 10mg tablets", 0, 0}, {"Apixaban 5mg tablets", 0, 0}}, 2, NULL);
    json_t *burden = json_object_get(r, "burden"), *share;
    size_t i;
    double points = 0;
    json_array_foreach(json_object_get(burden, "shares"), i, share) points +=
        json_number_value(json_object_get(share, "anticholinergic"));
    double total = json_number_value(json_object_get(json_object_get(burden, "anticholinergic"), "total"));
    assert_true(points > 2.5 && points - total < 1e-9 && total - points < 1e-9);
    json_array_foreach(json_object_get(burden, "lists"), i, share) {
        const char *name = json_string_value(json_object_get(share, "list"));
        json_int_t want = strcmp(name, "qt") ? 1 : json_integer_value(json_object_get(share, "count"));
        assert_int_equal(json_integer_value(json_object_get(share, "count")), want);
    }
    json_decref(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stomach_protector_removed_brings_the_nsaid_rule),
        cmocka_unit_test(test_a_finding_goes_though_its_rule_stays),
        cmocka_unit_test(test_the_medicine_that_the_rule_stops_is_the_one_planned),
        cmocka_unit_test(test_no_plan_is_invented),
        cmocka_unit_test(test_doses_follow_the_strength_and_never_go_up),
        cmocka_unit_test(test_the_largest_share_goes_first),
        cmocka_unit_test(test_each_medicine_has_its_share),
    };
    return cmocka_run_group_tests(tests, bench_open, bench_close);
}
