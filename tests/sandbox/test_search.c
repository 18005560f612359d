/* What a search finds, in which order, over which pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange.h"

#define HOUR ((int64_t)3600000)

static void put(mr_sandbox *s, int64_t at_ms, const char *type, const char *id, const char *members) {
    char target[100], body[1000];
    snprintf(target, sizeof target, "/%s/%s", type, id);
    snprintf(body, sizeof body, "{\"resourceType\":\"%s\",\"id\":\"%s\"%s}", type, id, members);
    exchange x = send_at(s, at_ms, "PUT", target, body, NULL);
    if (x.status >= 300) fail_msg("%s: %d %s", target, x.status, x.text);
    drop(&x);
}

/* Two patients, statements in three forms, observations on three days, one resource an hour. */
static mr_sandbox *filled(void) {
    mr_sandbox *s = mr_sandbox_new("http://h/fhir");
    int64_t t = T0;
    put(s, t += HOUR, "Patient", "a",
        ",\"birthDate\":\"1950-03\",\"identifier\":[{\"system\":\"urn:x\",\"value\":\"1\"}]");
    put(s, t += HOUR, "Patient", "b", ",\"birthDate\":\"1990\",\"identifier\":[{\"value\":\"1\"}]");
    put(s, t += HOUR, "Medication", "med", ",\"code\":{\"text\":\"m\"}");
    put(s, t += HOUR, "MedicationStatement", "m1",
        ",\"status\":\"active\",\"subject\":{\"reference\":\"Patient/a\"},"
        "\"medicationReference\":{\"reference\":\"Medication/med\"}");
    put(s, t += HOUR, "MedicationStatement", "m2",
        ",\"status\":\"stopped\",\"subject\":{\"reference\":\"http://h/fhir/Patient/a\"},"
        "\"medicationReference\":{\"reference\":\"http://h/fhir/Medication/med/_history/1\"},"
        "\"meta\":{\"tag\":[{\"system\":\"http://t\",\"code\":\"mine\"}]}");
    put(s, t += HOUR, "MedicationStatement", "m3",
        ",\"status\":\"active\",\"subject\":{\"reference\":\"Patient/b\"},"
        "\"medicationCodeableConcept\":{\"coding\":[{\"system\":\"http://snomed.info/"
        "sct\",\"code\":\"329807003\"},{\"system\":\"urn:c\",\"code\":\"N\"}]}");
    put(s, t += HOUR, "Observation", "o1",
        ",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"1\"}]},"
        "\"subject\":{\"reference\":\"Patient/a\"},\"effectiveDateTime\":\"2026-03-05\"");
    put(s, t += HOUR, "Observation", "o2",
        ",\"status\":\"final\",\"code\":{\"coding\":[{\"code\":\"2\"}]},"
        "\"subject\":{\"reference\":\"Patient/a\"},\"effectiveDateTime\":\"2026-03-05T10:30:00.250Z\"");
    put(s, t += HOUR, "Observation", "o3",
        ",\"status\":\"final\",\"code\":{\"text\":\"no code\"},"
        "\"subject\":{\"reference\":\"Patient/"
        "a\"},\"effectivePeriod\":{\"start\":\"2026-01-01\",\"end\":\"2026-01-31\"}");
    put(s, t += HOUR, "Observation", "o4",
        ",\"status\":\"final\",\"code\":{\"text\":\"no date\"},\"subject\":{\"reference\":\"Patient/a\"}");
    put(s, t += HOUR, "Task", "t1",
        ",\"status\":\"requested\",\"intent\":\"proposal\",\"for\":{\"reference\":\"Patient/a\"},"
        "\"code\":{\"coding\":[{\"system\":\"urn:c\",\"code\":\"review\"}]}");
    put(s, t += HOUR, "DetectedIssue", "d1",
        ",\"status\":\"final\",\"patient\":{\"reference\":\"Patient/a\"},"
        "\"identifier\":[{\"system\":\"urn:f\",\"value\":\"k1\"},{\"system\":\"urn:g\",\"value\":\"k2\"}]");
    return s;
}

typedef struct row {
    const char *target, *found;
} row;

static const row searches[] = {
    {"/MedicationStatement?patient=a", "m1 m2"},
    {"/MedicationStatement?patient=Patient/a", "m1 m2"},
    {"/MedicationStatement?subject=Patient/a,Patient/b", "m1 m2 m3"},
    {"/MedicationStatement?subject=a", "m1 m2"},
    {"/MedicationStatement?subject:Patient=b", "m3"},
    {"/MedicationStatement?subject=Group/a", ""},
    {"/MedicationStatement?patient=http://h/fhir/Patient/a", "m1 m2"},
    {"/MedicationStatement?patient=a&status=stopped", "m2"},
    {"/MedicationStatement?status=stopped,active", "m1 m2 m3"},
    {"/MedicationStatement?_id=m3,m1,none,m1", "m1 m3"},
    {"/MedicationStatement?_tag=http://t%7Cmine", "m2"},
    {"/MedicationStatement?_tag=%7Cmine", ""},
    {"/MedicationStatement?code=329807003", "m3"},
    {"/MedicationStatement?code=http://snomed.info/sct%7C329807003", "m3"},
    {"/MedicationStatement?code=urn:c%7C329807003", ""},
    {"/MedicationStatement?code=urn:c%7C", "m3"},
    {"/MedicationStatement?medication=Medication/med", "m1 m2"},
    {"/MedicationStatement?patient=c", ""},
    {"/Patient?identifier=urn:x%7C1", "a"},
    {"/Patient?identifier=%7C1", "b"},
    {"/Patient?identifier=1", "a b"},
    {"/Patient?birthdate=1950", "a"},
    {"/Patient?birthdate=gt1950", "b"},
    {"/Patient?birthdate=1950-03-01", ""}, /* the month is not within the day */
    {"/DetectedIssue?patient=a&identifier=urn:g%7Ck2", "d1"},
    {"/Task?patient=a&code=urn:c%7Creview", "t1"},
    {"/Task?subject=Patient/a&status=requested", "t1"},
    {"/Observation?patient=a&code=http://loinc.org%7C1,2", "o1 o2"},
    {"/Observation?patient=a&date=ge2026-02-01", "o1 o2"},
    {"/Observation?patient=a&date=ge2026-03-05T10:30:00.250Z", "o1 o2"}, /* o1 lasts all day */
    {"/Observation?patient=a&date=gt2026-03-05T10:30:00.250Z", "o1"},
    {"/Observation?patient=a&date=lt2026-03-05", "o3"},
    {"/Observation?patient=a&date=2026-01", "o3"},
    {"/Observation?patient=a&date=ge2026-01-15&date=le2026-02-01", "o3"},
    {"/Observation?patient=a&_sort=-date", "o1 o2 o3 o4"}, /* what has no date comes last */
    {"/Observation?patient=a&_sort=date", "o3 o1 o2 o4"},
    {"/Observation?_sort=-_lastUpdated", "o4 o3 o2 o1"},
    /* m1 was written at 14:00, m2 at 15:00, m3 at 16:00 */
    {"/MedicationStatement?_lastUpdated=ge2026-11-21T15:00:00Z", "m2 m3"},
    {"/MedicationStatement?_lastUpdated=gt2026-11-21T15:00:00Z", "m3"},
    {"/MedicationStatement?_lastUpdated=le2026-11-21T15:00:00Z", "m1 m2"},
    {"/MedicationStatement?_lastUpdated=lt2026-11-21T15:00:00Z", "m1"},
    {"/MedicationStatement?_lastUpdated=gt2026-11-21T17:00:00%2B02:00", "m3"},
    {"/MedicationStatement?_lastUpdated=ge2026-11-21", "m1 m2 m3"},
    {"/MedicationStatement?_lastUpdated=ge2026-11-22", ""},
    {"/MedicationStatement?_lastUpdated=ge2026-11-21T14:30:00Z&_lastUpdated=le2026-11-21T15:30:00Z", "m2"},
    {"/MedicationStatement?patient=a&_include=MedicationStatement:medication", "m1 m2 med"},
    {"/MedicationStatement?patient=b&_include=MedicationStatement:medication", "m3"},
    {"/MedicationStatement?patient=b&_include=MedicationStatement:subject", "m3 b"},
    {"/MedicationStatement?patient=a&_include=MedicationStatement:medication:Patient", "m1 m2"},
    {"/Patient/_search?identifier=urn:x%7C1", "a"},
};

static void test_finds(void **state) {
    (void)state;
    mr_sandbox *s = filled();
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
        const char *found = ids(ask_for(s, "GET", searches[i].target, NULL));
        if (strcmp(found, searches[i].found) != 0)
            fail_msg("%s found \"%s\", expected \"%s\"", searches[i].target, found, searches[i].found);
    }
    mr_sandbox_free(s);
}

static const char *const refused[] = {
    "/Patient?identifier:of-type=x",
    "/MedicationStatement?patient.identifier=1",
    "/DetectedIssue?status=final",
    "/MedicationStatement?patient=",
    "/MedicationStatement?_include:iterate=MedicationStatement:medication",
    "/MedicationStatement?_include=Patient:link",
    "/MedicationStatement?_count=x",
    "/MedicationStatement?_summary=data",
    "/MedicationStatement?status=%zz",
    "/MedicationStatement?status=%00",
    "/Observation?date=ge2026-13",
};

static void test_refuses_what_it_would_otherwise_ignore(void **state) {
    (void)state;
    mr_sandbox *s = filled();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        exchange x = ask_for(s, "GET", refused[i], NULL);
        if (x.status != 400) fail_msg("%s: %d", refused[i], x.status);
        drop(&x);
    }
    mr_sandbox_free(s);
}

static void test_self_lists_the_parameters_really_used(void **state) {
    (void)state;
    mr_sandbox *s = filled();
    exchange x = ask_for(s, "GET", "/Task?patient=a&code=urn:c%7Creview&_count=5", NULL);
    assert_string_equal(link_of(&x, "self"), "http://h/fhir/Task?patient=a&code=urn%3Ac%7Creview&_count=5");
    assert_string_equal(at(x.body, "type"), "searchset");
    assert_string_equal(at(x.body, "total"), "1");
    assert_string_equal(at(x.body, "entry.0.search.mode"), "match");
    assert_string_equal(at(x.body, "entry.0.fullUrl"), "http://h/fhir/Task/t1");
    drop(&x);
    x = send_at(s, T0, "GET", "/Task?patient=a&owner-name=x", NULL, "Prefer: handling=lenient");
    assert_int_equal(x.status, 200);
    assert_string_equal(link_of(&x, "self"), "http://h/fhir/Task?patient=a");
    drop(&x);
    mr_sandbox_set_quirks(s, (mr_sandbox_quirks){.ignore_unknown_params = true});
    x = ask_for(s, "GET", "/MedicationStatement?pateint=a", NULL); /* everybody's statements: the trap of fhir.md 2 */
    assert_string_equal(link_of(&x, "self"), "http://h/fhir/MedicationStatement");
    assert_int_equal(entries(&x), 3);
    drop(&x);
    mr_sandbox_free(s);
}

static void test_post_search_reads_body_and_query(void **state) {
    (void)state;
    mr_sandbox *s = filled();
    const char *form = "Content-Type: application/x-www-form-urlencoded";
    assert_string_equal(ids(send_at(s, T0, "POST", "/Patient/_search", "identifier=urn%3Ax%7C1", form)), "a");
    assert_string_equal(ids(send_at(s, T0, "POST", "/MedicationStatement/_search?status=stopped", "patient=a", form)),
                        "m2");
    assert_int_equal(status_of(s, "POST", "/Patient/_search", "{}", "Content-Type: application/fhir+json"), 415);
    mr_sandbox_set_quirks(s, (mr_sandbox_quirks){.as_hapi = true});
    exchange x = send_at(s, T0, "POST", "/Patient/_search", "identifier=urn%3Ax%7C1", form);
    assert_string_equal(link_of(&x, "self"), "http://h/fhir/Patient/_search"); /* HAPI names no parameter here */
    drop(&x);
    mr_sandbox_free(s);
}

static void test_elements_and_count_only(void **state) {
    (void)state;
    mr_sandbox *s = filled();
    exchange x = ask_for(s, "GET", "/MedicationStatement?patient=a&_elements=id,subject,status,meta", NULL);
    const json_t *first = json_object_get(json_array_get(json_object_get(x.body, "entry"), 0), "resource");
    assert_int_equal(json_object_size(first), 5);
    assert_string_equal(at(first, "subject.reference"), "Patient/a");
    assert_string_equal(at(first, "meta.tag.0.code"), "SUBSETTED");
    drop(&x);
    x = ask_for(s, "GET", "/MedicationStatement?patient=a", NULL);
    assert_string_equal(at(x.body, "entry.0.resource.meta.tag"), ""); /* the stored resource is untouched */
    assert_string_equal(at(x.body, "entry.1.resource.meta.tag.0.code"), "mine");
    drop(&x);
    x = ask_for(s, "GET", "/MedicationStatement?patient=a&_summary=count", NULL);
    assert_string_equal(at(x.body, "total"), "2");
    assert_int_equal(entries(&x), 0);
    assert_string_equal(link_of(&x, "next"), "");
    drop(&x);
    mr_sandbox_free(s);
}

/* Follows next links from `target` (a path and query) and puts all ids into one string. */
static void follow(mr_sandbox *s, const char *target, char *out, size_t size, size_t *ret_pages) {
    char url[400];
    size_t used = 0;
    out[0] = '\0';
    snprintf(url, sizeof url, "%s", target);
    for (*ret_pages = 0; url[0] != '\0'; (*ret_pages)++) {
        assert_true(*ret_pages < 20);
        exchange x = ask_for(s, "GET", url, NULL);
        assert_int_equal(x.status, 200);
        const char *next = link_of(&x, "next");
        snprintf(url, sizeof url, "%s", next[0] == '\0' ? "" : next + strlen("http://h/fhir"));
        used += (size_t)snprintf(out + used, size - used, "%s%s", used == 0 ? "" : " ", ids(x));
    }
}

static void test_pages_show_each_match_once(void **state) {
    (void)state;
    mr_sandbox *s = filled();
    char all[400];
    size_t pages;
    follow(s, "/Observation?patient=a&_count=3", all, sizeof all, &pages);
    assert_string_equal(all, "o1 o2 o3 o4");
    assert_int_equal(pages, 2);
    follow(s, "/Observation?patient=a&_count=2", all, sizeof all, &pages);
    assert_int_equal(pages, 2); /* no useless empty last page */
    follow(s, "/MedicationStatement?_count=1&_include=MedicationStatement:medication", all, sizeof all, &pages);
    assert_string_equal(all, "m1 med m2 med m3"); /* each page brings what its own matches need */
    follow(s, "/_history?_count=5", all, sizeof all, &pages);
    assert_string_equal(all, "d1 t1 o4 o3 o2 o1 m3 m2 m1 med b a");
    mr_sandbox_free(s);
}

static void test_pages_stay_whole_while_data_change(void **state) {
    (void)state;
    mr_sandbox *s = filled();
    exchange x = ask_for(s, "GET", "/Observation?patient=a&_count=2&_sort=-date", NULL); /* o1 o2 | o3 o4 */
    char next[400];
    snprintf(next, sizeof next, "%s", link_of(&x, "next") + strlen("http://h/fhir"));
    assert_string_equal(ids(x), "o1 o2");
    put(s, T0, "Observation", "o5",
        ",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/a\"},\"effectiveDateTime\":\"2026-09-09\"");
    assert_int_equal(status_of(s, "DELETE", "/Observation/o1", NULL, NULL), 200);
    assert_int_equal(status_of(s, "DELETE", "/Observation/o4", NULL, NULL), 200);
    assert_string_equal(ids(ask_for(s, "GET", next, NULL)), "o3"); /* nothing twice, nothing missed, o4 is gone */
    assert_string_equal(ids(ask_for(s, "GET", next, NULL)), "o3"); /* a link may be followed again */
    mr_sandbox_free(s);
}

static void test_page_links_expire(void **state) {
    (void)state;
    mr_sandbox *s = filled();
    mr_sandbox_set_quirks(s, (mr_sandbox_quirks){.page_life_ms = 1000});
    exchange x = send_at(s, T0, "GET", "/Observation?_count=1", NULL, NULL);
    char next[400];
    snprintf(next, sizeof next, "%s", link_of(&x, "next") + strlen("http://h/fhir"));
    drop(&x);
    exchange y = send_at(s, T0 + 1000, "GET", next, NULL, NULL), z = send_at(s, T0 + 1001, "GET", next, NULL, NULL);
    assert_int_equal(y.status, 200);
    assert_int_equal(z.status, 410);
    drop(&y);
    drop(&z);
    assert_int_equal(status_of(s, "GET", "?_getpages=x&_getpagesoffset=-1&_count=1", NULL, NULL), 400);
    mr_sandbox_free(s);
}

static void test_old_page_links_make_room(void **state) {
    (void)state;
    mr_sandbox *s = filled();
    exchange x = ask_for(s, "GET", "/Observation?_count=1", NULL);
    char next[400];
    snprintf(next, sizeof next, "%s", link_of(&x, "next") + strlen("http://h/fhir"));
    drop(&x);
    for (int i = 0; i < 255; i++) assert_int_equal(status_of(s, "GET", "/Observation?_count=1", NULL, NULL), 200);
    assert_int_equal(status_of(s, "GET", next, NULL, NULL), 200);
    assert_int_equal(status_of(s, "GET", "/Observation?_count=1", NULL, NULL), 200);
    assert_int_equal(status_of(s, "GET", next, NULL, NULL), 410);
    mr_sandbox_free(s);
}

static void test_a_server_that_ignores_include(void **state) {
    (void)state;
    mr_sandbox *s = filled();
    mr_sandbox_set_quirks(s, (mr_sandbox_quirks){.ignore_include = true});
    exchange x = ask_for(s, "GET", "/MedicationStatement?patient=a&_include=MedicationStatement:medication", NULL);
    assert_non_null(strstr(link_of(&x, "self"), "_include")); /* it claims what it does not do */
    assert_string_equal(ids(x), "m1 m2");
    mr_sandbox_free(s);
}

static void test_the_index_follows_a_resource_to_another_patient(void **state) {
    (void)state;
    mr_sandbox *s = filled();
    put(s, T0, "MedicationStatement", "m1", ",\"status\":\"active\",\"subject\":{\"reference\":\"Patient/b\"}");
    assert_string_equal(ids(ask_for(s, "GET", "/MedicationStatement?patient=a", NULL)), "m2");
    assert_string_equal(ids(ask_for(s, "GET", "/MedicationStatement?patient=b", NULL)), "m1 m3");
    put(s, T0, "MedicationStatement", "m1", ",\"status\":\"active\",\"subject\":{\"reference\":\"Patient/a\"}");
    assert_string_equal(ids(ask_for(s, "GET", "/MedicationStatement?patient=a", NULL)), "m1 m2");
    mr_sandbox_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds),
        cmocka_unit_test(test_refuses_what_it_would_otherwise_ignore),
        cmocka_unit_test(test_self_lists_the_parameters_really_used),
        cmocka_unit_test(test_post_search_reads_body_and_query),
        cmocka_unit_test(test_elements_and_count_only),
        cmocka_unit_test(test_pages_show_each_match_once),
        cmocka_unit_test(test_pages_stay_whole_while_data_change),
        cmocka_unit_test(test_page_links_expire),
        cmocka_unit_test(test_old_page_links_make_room),
        cmocka_unit_test(test_a_server_that_ignores_include),
        cmocka_unit_test(test_the_index_follows_a_resource_to_another_patient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
