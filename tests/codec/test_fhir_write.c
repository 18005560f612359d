/* What we write, read back by jansson and by ourselves; and what others put in it survives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/codec/fhir_write.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const mr_rule rule_b = {.id = {"PIN-B", 5},
                               .tool = {"PINCER", 6},
                               .criterion = {"B", 1},
                               .title = {"Oral NSAID after peptic ulcer", 29},
                               .action = {"Stop the NSAID", 14},
                               .reviewer = {"clinical pharmacist", 19},
                               .goes_away_when = {"the NSAID is stopped", 20}};
static const mr_rule rule_a = {
    .id = {"PIN-A", 5}, .tool = {"PINCER", 6}, .criterion = {"A", 1}, .title = {"Oral NSAID at 65+", 17}};
static const mr_harm harm = {.key = {"gi-bleed", 8}, .actcode = {"GEALRT", 6}, .posts = true};
static const mr_rule *sources[] = {&rule_b, &rule_a};
static mr_span implicated[] = {{"MedicationStatement/m1", 22}},
               implicated_text[] = {{"Naproxen 500mg \"tablets\"", 24}};
static mr_evidence evidence[] = {
    {.reference = {"Patient/p1", 10},
     .text = {"age", 3},
     .has_value = true,
     .value = 71,
     .unit = {"a", 1},
     .date = {1, 0}},
    {.reference = {"Condition/c1", 12}, .text = {"peptic ulcer", 12}, .date = {18000, 18000}}};
static mr_finding finding = {.id = "6f1c0b8e5a2d4c7794e3b0a1d2c3e4f5",
                             .content = "00112233445566778899aabbccddeeff",
                             .leading = &rule_b,
                             .harm = &harm,
                             .severity = MR_HIGH,
                             .urgency = MR_WITHIN_1_WEEK,
                             .certainty = MR_DEFINITE,
                             .implicated = implicated,
                             .implicated_text = implicated_text,
                             .n_implicated = 1,
                             .evidence = evidence,
                             .n_evidence = 2,
                             .sources = sources,
                             .n_sources = 2,
                             .posts = true};

static mr_tx_settings settings(void) {
    return (mr_tx_settings){.site = {.id = MR_SPAN("gp-store"),
                                     .base_uri = MR_SPAN("https://medreview.example.org"),
                                     .task_intent = MR_SPAN("proposal"),
                                     .software = MR_SPAN("0.1.0"),
                                     .knowledge = MR_SPAN("2026.11")},
                            .patient = MR_SPAN("Patient/p1"),
                            .as_of = 20778,
                            .now_ms = 1795257000000,
                            .provenance = true};
}

typedef struct stage {
    mr_arena *a;
    mr_plan plan;
    mr_record record;
    mr_buf out;
    json_t *tx;
} stage;

static void reconcile(stage *s, const mr_prior *prior, const mr_finding *f, size_t n) {
    mr_error err;
    mr_assessment fresh = {.findings = (mr_finding *)(uintptr_t)f, .n_findings = n};
    mr_reconcile_settings set = {.site_key = MR_SPAN("0123456789abcdef"),
                                 .source = MR_SPAN("default"),
                                 .patient_id = MR_SPAN("p1"),
                                 .as_of = 20778,
                                 .suppress_days = 180,
                                 .complete = true};
    assert_int_equal(mr_reconcile(NULL, &fresh, prior ? prior->issues : NULL, prior ? prior->n_issues : 0,
                                  prior ? prior->tasks : NULL, prior ? prior->n_tasks : 0, &set, s->a, &s->plan, &err),
                     MR_OK);
}

static stage begin(void) {
    stage s = {.a = mr_arena_new_checked(1 << 24), .record = {.complete = true}};
    mr_buf_init(&s.out, 1 << 20);
    return s;
}

static void write_tx(stage *s, const mr_tx_settings *set) {
    mr_error err;
    json_error_t why;
    assert_int_equal(mr_fhir_tx_write(&s->plan, &s->record, set, &s->out, &err), MR_OK);
    s->tx = json_loadb(s->out.ptr, s->out.len, JSON_REJECT_DUPLICATES, &why);
    if (!s->tx) fail_msg("%s in %.*s", why.text, (int)s->out.len, s->out.ptr);
}

static void end(stage *s) {
    json_decref(s->tx);
    mr_buf_free(&s->out);
    mr_arena_free(s->a);
}

static const char *text(const json_t *v, const char *path) {
    char part[64];
    while (v && *path) {
        size_t n = strcspn(path, "/");
        memcpy(part, path, n);
        part[n] = 0;
        v = json_is_array(v) ? json_array_get(v, (size_t)strtoul(part, NULL, 10)) : json_object_get(v, part);
        path += n + (path[n] == '/');
    }
    const char *s = json_string_value(v);
    return s ? s : "(none)";
}

static const json_t *resource(const stage *s, size_t i) {
    return json_object_get(json_array_get(json_object_get(s->tx, "entry"), i), "resource");
}

static void test_a_new_finding_is_issue_provenance_and_task(void **state) {
    (void)state;
    stage s = begin();
    mr_tx_settings set = settings();
    reconcile(&s, NULL, &finding, 1);
    write_tx(&s, &set);
    const json_t *di = resource(&s, 0), *provenance = resource(&s, 1), *task = resource(&s, 2);
    assert_int_equal(json_array_size(json_object_get(s.tx, "entry")), 3);
    assert_string_equal(text(di, "id"), "mr-di-6f1c0b8e5a2d4c7794e3b0a1d2c3e4f5");
    assert_string_equal(text(di, "status"), "preliminary");
    assert_string_equal(text(di, "identifier/0/system"), "https://medreview.example.org/id/finding");
    assert_string_equal(text(di, "identifier/0/value"), "6f1c0b8e5a2d4c7794e3b0a1d2c3e4f5");
    assert_string_equal(text(di, "identifier/1/value"), "00112233445566778899aabbccddeeff");
    assert_string_equal(text(di, "code/coding/0/code"), "GEALRT");
    assert_string_equal(text(di, "code/coding/1/code"), "PIN-B"); /* the leading rule first */
    assert_string_equal(text(di, "code/coding/2/code"), "PIN-A");
    assert_string_equal(text(di, "patient/reference"), "Patient/p1");
    assert_string_equal(text(di, "author/reference"), "Device/medreview-gp-store");
    assert_string_equal(text(di, "implicated/0/display"), "Naproxen 500mg \"tablets\"");
    assert_string_equal(text(di, "evidence/0/code/0/text"), "age 71 years");
    assert_string_equal(text(di, "evidence/1/detail/0/reference"), "Condition/c1");
    const char *detail = text(di, "detail"), *sources_at = strstr(detail, "Sources: PINCER B; PINCER A.");
    assert_non_null(sources_at);
    assert_int_equal(strlen(sources_at), strlen("Sources: PINCER B; PINCER A.")); /* it ends so */
    assert_string_equal(text(provenance, "target/0/reference"), "DetectedIssue/mr-di-6f1c0b8e5a2d4c7794e3b0a1d2c3e4f5");
    assert_string_equal(text(task, "status"), "requested");
    assert_string_equal(text(task, "priority"), "urgent");
    assert_string_equal(text(task, "restriction/period/end"), "2026-11-28");
    assert_string_equal(text(task, "input/0/valueReference/reference"),
                        "DetectedIssue/mr-di-6f1c0b8e5a2d4c7794e3b0a1d2c3e4f5");
    assert_string_equal(text(task, "input/1/valueCode"), "complete");
    assert_string_equal(text(task, "description"), "1 finding (1 high)");
    assert_string_equal(text(json_array_get(json_object_get(s.tx, "entry"), 2), "request/method"), "PUT");
    end(&s);
}

static void test_offline_has_dates_and_no_provenance(void **state) {
    (void)state;
    stage s = begin();
    mr_tx_settings set = settings();
    set.offline = true;
    reconcile(&s, NULL, &finding, 1);
    write_tx(&s, &set);
    assert_int_equal(json_array_size(json_object_get(s.tx, "entry")), 2);
    assert_string_equal(text(resource(&s, 0), "identifiedDateTime"), "2026-11-21");
    assert_string_equal(text(resource(&s, 1), "authoredOn"), "2026-11-21");
    end(&s);
}

/* The server's copy: with a version, a foreign extension, a foreign identifier, a person's mitigation. */
static void store_copy(mr_buf *page, const json_t *from, const char *version, bool mitigation) {
    json_t *r = json_deep_copy(from),
           *bundle = json_pack("{s:s,s:s,s:[{}]}", "resourceType", "Bundle", "type", "searchset", "entry");
    json_object_set_new(json_object_get(r, "meta"), "versionId", json_string(version));
    json_object_set_new(json_object_get(r, "meta"), "lastUpdated", json_string("2026-11-21T10:00:00.000Z"));
    json_array_append_new(json_object_get(json_object_get(r, "meta"), "tag"),
                          json_pack("{s:s,s:s}", "system", "urn:theirs", "code", "seen"));
    json_object_set_new(r, "extension", json_pack("[{s:s,s:s}]", "url", "urn:theirs:note", "valueString", "keep me"));
    json_array_append_new(json_object_get(r, "identifier"),
                          json_pack("{s:s,s:s}", "system", "urn:theirs", "value", "42"));
    if (mitigation) json_object_set_new(r, "mitigation", json_pack("[{s:{s:s}}]", "action", "text", "stopped it"));
    json_object_set_new(json_array_get(json_object_get(bundle, "entry"), 0), "resource", r);
    char *dump = json_dumps(bundle, JSON_COMPACT);
    mr_buf_clear(page);
    mr_buf_adds(page, dump);
    free(dump);
    json_decref(bundle);
}

static void read_prior(stage *s, mr_buf *page, mr_prior *prior) {
    mr_error err;
    assert_int_equal(mr_fhir_prior_read(mr_buf_span(page), MR_SPAN("https://medreview.example.org"), s->a, prior, &err),
                     MR_OK);
}

static void test_our_own_is_read_back_and_nothing_is_written_twice(void **state) {
    (void)state;
    stage s = begin(), again = begin();
    mr_tx_settings set = settings();
    mr_prior prior = {0};
    mr_buf page;
    mr_buf_init(&page, 1 << 20);
    reconcile(&s, NULL, &finding, 1);
    write_tx(&s, &set);
    store_copy(&page, resource(&s, 0), "7", false);
    read_prior(&again, &page, &prior);
    store_copy(&page, resource(&s, 2), "3", false);
    read_prior(&again, &page, &prior);
    assert_int_equal(prior.n_issues, 1);
    assert_int_equal(prior.n_tasks, 1);
    assert_true(mr_span_is(prior.issues[0].version, "7"));
    assert_int_equal(prior.issues[0].n_rules, 2);
    assert_int_equal(prior.tasks[0].episode, 1);
    reconcile(&again, &prior, &finding, 1);
    assert_int_equal(again.plan.n, 0);
    mr_buf_free(&page);
    end(&s);
    end(&again);
}

static void test_what_others_added_survives_our_update(void **state) {
    (void)state;
    stage s = begin(), again = begin();
    mr_tx_settings set = settings();
    mr_prior prior = {0};
    mr_buf page;
    mr_buf_init(&page, 1 << 20);
    reconcile(&s, NULL, &finding, 1);
    write_tx(&s, &set);
    store_copy(&page, resource(&s, 0), "7", true);
    read_prior(&again, &page, &prior);
    reconcile(&again, &prior, NULL, 0); /* a mitigation counts as accepted: final, although the finding is gone */
    write_tx(&again, &set);
    const json_t *di = resource(&again, 0);
    assert_string_equal(text(di, "status"), "final");
    assert_string_equal(text(di, "extension/0/valueString"), "keep me");
    assert_string_equal(text(di, "mitigation/0/action/text"), "stopped it");
    assert_string_equal(text(di, "identifier/2/value"), "0.1.accepted.00112233445566778899aabbccddeeff");
    assert_string_equal(text(di, "identifier/3/value"), "42");
    assert_string_equal(text(di, "meta/tag/1/code"), "seen");
    assert_string_equal(text(di, "meta/versionId"), "(none)");
    assert_string_equal(text(json_array_get(json_object_get(again.tx, "entry"), 0), "request/ifMatch"), "W/\"7\"");
    mr_buf_free(&page);
    end(&s);
    end(&again);
}

static void test_a_decision_is_read_as_it_was_written(void **state) {
    (void)state;
    static const struct {
        const char *value;
        unsigned episode;
        mr_outcome_kind outcome;
        const char *content, *undosed;
    } table[] = {
        {"2.1.not-applicable.00aa.11bb", 2, MR_OUT_NOT_APPLICABLE, "00aa", "11bb"},
        {"2.1.no-action.00aa", 2, MR_OUT_NO_ACTION, "00aa", ""},
        {"2.1.gone.", 2, MR_OUT_GONE, "", ""},
        {"2.1.perhaps.00aa.11bb", 0, MR_OUT_NONE, "", ""}, /* none of ours: no decision */
        {"2.1", 0, MR_OUT_NONE, "", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stage s = begin();
        mr_prior prior = {0};
        mr_buf page;
        mr_buf_init(&page, 4096);
        mr_buf_printf(&page,
                      "{\"resourceType\":\"DetectedIssue\",\"id\":\"i\",\"identifier\":["
                      "{\"system\":\"https://medreview.example.org/id/finding\",\"value\":\"f\"},"
                      "{\"system\":\"https://medreview.example.org/id/judged\",\"value\":\"%s\"}]}",
                      table[i].value);
        read_prior(&s, &page, &prior);
        const mr_judgement *j = &prior.issues[0].judged;
        if (j->episode != table[i].episode || j->outcome != table[i].outcome ||
            !mr_span_is(j->content.ptr ? j->content : MR_SPAN(""), table[i].content) ||
            !mr_span_is(j->undosed.ptr ? j->undosed : MR_SPAN(""), table[i].undosed))
            fail_msg("%s", table[i].value);
        mr_change c = {
            .kind = MR_CH_STATUS_ISSUE, .issue = prior.issues, .issue_status = MR_IS_CANCELLED, .judged = *j};
        mr_tx_settings set = settings();
        s.plan = (mr_plan){.v = &c, .n = 1};
        write_tx(&s, &set);
        if (table[i].undosed[0]) /* the content identifier is absent here, so judged is the second */
            assert_string_equal(text(resource(&s, 0), "identifier/1/value"), table[i].value);
        mr_buf_free(&page);
        end(&s);
    }
}

/* "Everything was recognised" was said of a record with a stopped medicine that nobody knows. */
static void test_the_detail_claims_no_more_than_is_true(void **state) {
    (void)state;
    static const struct {
        bool complete;
        size_t unread, gaps;
        const char *said;
    } table[] = {
        {true, 0, 0, "; everything in it was read and recognised."},
        {true, 1, 0, "; it was read, and every medicine that is taken now was recognised."},
        {true, 0, 1, "; it was read, and every medicine that is taken now was recognised."},
        {false, 0, 1, ", which could not be read or recognised completely."},
        {false, 1, 0, ", which could not be read or recognised completely."},
    };
    mr_gap gap = {.code = MR_SPAN("entered-in-error"), .text = MR_SPAN("one")};
    mr_not_assessed ended = {.reference = MR_SPAN("MedicationStatement/m9"), .why = MR_UNREAD_NOT_RECOGNISED};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stage s = begin();
        mr_tx_settings set = settings();
        s.record = (mr_record){.complete = table[i].complete,
                               .gaps = &gap,
                               .n_gaps = table[i].gaps,
                               .not_assessed = &ended,
                               .n_not_assessed = table[i].unread};
        reconcile(&s, NULL, &finding, 1);
        write_tx(&s, &set);
        char expected[200];
        snprintf(expected, sizeof expected, "Based on the GP record%s", table[i].said);
        if (!strstr(text(resource(&s, 0), "detail"), expected))
            fail_msg("row %zu: %s", i, text(resource(&s, 0), "detail"));
        end(&s);
    }
}

static void test_foreign_resources_are_passed_over(void **state) {
    (void)state;
    stage s = begin();
    mr_prior prior = {0};
    mr_buf page;
    mr_buf_init(&page, 4096);
    mr_buf_adds(
        &page,
        "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":{\"resourceType\":"
        "\"DetectedIssue\",\"id\":\"theirs\","
        "\"identifier\":[{\"system\":\"https://other.example/id/finding\",\"value\":\"1\"}],\"status\":\"final\"}},"
        "{\"resource\":{\"resourceType\":\"Task\",\"id\":\"t\",\"status\":\"requested\"}},{\"search\":{\"mode\":"
        "\"outcome\"}}]}");
    read_prior(&s, &page, &prior);
    assert_int_equal(prior.n_issues + prior.n_tasks, 0);
    mr_buf_free(&page);
    end(&s);
}

static void test_the_answer_tells_which_versions_are_ours(void **state) {
    (void)state;
    stage s = begin();
    mr_error err;
    mr_written_version *v;
    size_t n;
    mr_span body = MR_SPAN(
        "{\"resourceType\":\"Bundle\",\"type\":\"transaction-response\",\"entry\":["
        "{\"response\":{\"status\":\"201 Created\",\"location\":\"DetectedIssue/mr-di-1/_history/1\"}},"
        "{\"response\":{\"status\":\"200 OK\",\"location\":\"https://fhir.example/r4/Task/mr-task-1/_history/9f-2\"}},"
        "{\"response\":{\"status\":\"200 OK\"}}]}");
    assert_int_equal(mr_fhir_tx_answer_read(body, s.a, &v, &n, &err), MR_OK);
    assert_int_equal(n, 2);
    assert_true(mr_span_is(v[1].type, "Task") && mr_span_is(v[1].id, "mr-task-1") && mr_span_is(v[1].version, "9f-2"));
    end(&s);
}

/* Without it an empty transaction would say "no findings" of a record of which half was not read. */
static void test_an_incomplete_record_is_never_silent_offline(void **state) {
    (void)state;
    static const struct {
        bool offline, complete, gap, unread, cannot, finding;
        const char *status; /* of the GuidanceResponse; NULL: there is none */
    } table[] = {
        {true, false, true, false, false, false, "data-required"},
        {true, false, false, false, false, true, "data-required"},
        {true, true, true, false, false, false, "data-requested"},
        {true, true, false, true, false, false, "data-requested"},
        {true, true, false, false, true, false, "data-requested"},
        {true, true, false, false, true, true, NULL},
        {true, true, false, false, false, false, NULL},
        {true, true, false, false, false, true, NULL},
        {false, false, true, true, true, false, NULL},
        {false, false, true, true, true, true, NULL},
    };
    mr_gap gap = {.code = MR_SPAN("more-pages"), .text = MR_SPAN("there are more \"pages\"")};
    mr_not_assessed unread = {.reference = MR_SPAN("MedicationStatement/m9"), .why = MR_UNREAD_NOT_RECOGNISED};
    mr_cannot_assess cannot = {.missing = MR_SPAN("eGFR"), .settled_by = MR_SPAN("an eGFR result"), .n_rules = 2};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stage s = begin();
        mr_tx_settings set = settings();
        mr_assessment said = {.cannot = &cannot, .n_cannot = table[i].cannot};
        set.offline = table[i].offline;
        set.assessment = &said;
        s.record = (mr_record){.complete = table[i].complete,
                               .gaps = &gap,
                               .n_gaps = table[i].gap,
                               .not_assessed = &unread,
                               .n_not_assessed = table[i].unread};
        reconcile(&s, NULL, &finding, table[i].finding);
        mr_error err;
        assert_int_equal(mr_fhir_tx_write(&s.plan, &s.record, &set, &s.out, &err), MR_OK);
        s.tx = s.out.len ? json_loadb(s.out.ptr, s.out.len, JSON_REJECT_DUPLICATES, NULL) : json_object();
        assert_non_null(s.tx);
        size_t n = json_array_size(json_object_get(s.tx, "entry"));
        const json_t *last = n ? resource(&s, n - 1) : NULL;
        bool told = last && strcmp(text(last, "resourceType"), "GuidanceResponse") == 0;
        if (told != (table[i].status != NULL)) fail_msg("row %zu: %.*s", i, (int)s.out.len, s.out.ptr);
        if (told) {
            assert_string_equal(text(last, "status"), table[i].status);
            assert_string_equal(text(last, "contained/0/issue/0/details/coding/0/code"),
                                table[i].complete ? "complete" : "incomplete");
            assert_string_equal(text(last, "evaluationMessage/0/reference"), "#gaps");
            assert_string_equal(text(last, "contained/0/id"), "gaps");
            assert_string_equal(text(last, "subject/reference"), "Patient/p1");
            assert_string_equal(text(last, "occurrenceDateTime"), "2026-11-21");
            if (table[i].gap)
                assert_string_equal(text(last, "contained/0/issue/1/details/text"), "there are more \"pages\"");
            if (table[i].cannot)
                assert_string_equal(text(last, "contained/0/issue/1/details/text"),
                                    "eGFR is missing; 2 rules could not be assessed; settled by an eGFR result");
        }
        end(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_incomplete_record_is_never_silent_offline),
        cmocka_unit_test(test_a_new_finding_is_issue_provenance_and_task),
        cmocka_unit_test(test_offline_has_dates_and_no_provenance),
        cmocka_unit_test(test_our_own_is_read_back_and_nothing_is_written_twice),
        cmocka_unit_test(test_what_others_added_survives_our_update),
        cmocka_unit_test(test_a_decision_is_read_as_it_was_written),
        cmocka_unit_test(test_the_detail_claims_no_more_than_is_true),
        cmocka_unit_test(test_foreign_resources_are_passed_over),
        cmocka_unit_test(test_the_answer_tells_which_versions_are_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
