/* What must hold when everything is quiet again: the worklist says what an undisturbed review of each record says, each
 * finding stands once, nobody's decision was written over, no lease is left. */
#include "world.h"

#include "medreview/review/review.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ISSUES_MOST = 64 };

typedef struct expected {
    char ids[ISSUES_MOST][33];
    size_t n;
    bool complete;
} expected;

static json_t *all(world *w, const char *type, unsigned patient) {
    char path[60], query[80];
    mr_sandbox_answer a;
    json_error_t why;
    (void)snprintf(path, sizeof path, "/%s", type);
    (void)snprintf(query, sizeof query, "patient=p%u&_count=1000", patient);
    ask(w, "GET", path, query, NULL, MR_SPAN_NONE, &a);
    json_t *bundle = json_loadb(a.body.ptr, a.body.len, 0, &why), *list = json_array(), *entry;
    size_t i;
    json_array_foreach(json_object_get(bundle, "entry"), i, entry)
        json_array_append(list, json_object_get(entry, "resource"));
    json_decref(bundle);
    mr_buf_free(&a.body);
    return list;
}

/* The review of the record as it stands, with nothing written before. */
static void undisturbed(world *w, unsigned patient, expected *ret) {
    mr_arena *a = mr_arena_new(16 << 20);
    mr_error err;
    mr_absorbed absorbed;
    const mr_review_result *result = NULL;
    char id[20], path[40], query[80];
    mr_basis *basis = w->bases[w->updates];
    const process *p = &w->processes[0];
    mr_review_settings set = p->settings.review;
    set.run.as_of = 20778;
    set.run.site_key = MR_SPAN(SIM_KEY);
    set.run.source = MR_SPAN("default");
    set.site.knowledge = mr_basis_knowledge(basis)->rules->version;
    (void)snprintf(id, sizeof id, "p%u", patient);
    mr_review *rv = mr_review_begin(a, mr_basis_knowledge(basis), &set, mr_span_of(id));
    MR_REQUIRE(rv != NULL);
    static const char *const types[] = {"Patient", "MedicationStatement", "Condition", "Observation"};
    static const mr_page_kind kinds[] = {MR_PAGE_PATIENT, MR_PAGE_STATEMENTS, MR_PAGE_CONDITIONS, MR_PAGE_OBSERVATIONS};
    for (size_t i = 0; i < 4; i++) {
        mr_sandbox_answer answer;
        (void)snprintf(path, sizeof path, i ? "/%s" : "/%s/%s", types[i], id);
        (void)snprintf(query, sizeof query, "patient=p%u&_count=1000", patient);
        ask(w, "GET", path, i ? query : NULL, NULL, MR_SPAN_NONE, &answer);
        if (mr_review_absorb(rv, kinds[i], mr_buf_span(&answer.body), false, &absorbed, &err) != MR_OK)
            fprintf(stderr, "oracle: %s\n", err.text);
        mr_buf_free(&answer.body);
    }
    MR_REQUIRE(mr_review_assess(rv, &result, &err) == MR_OK);
    ret->n = 0;
    ret->complete = result->record->complete;
    for (size_t i = 0; i < result->assessment->n_findings && ret->n < ISSUES_MOST; i++)
        if (result->assessment->findings[i].posts)
            (void)snprintf(ret->ids[ret->n++], 33, "%s", result->assessment->findings[i].id);
    mr_arena_free(a);
}

static const char *string(const json_t *r, const char *name) {
    const char *s = json_string_value(json_object_get(r, name));
    return s ? s : "";
}

static unsigned complain(const world *w, unsigned patient, const char *what, const char *about) {
    fprintf(stderr, "seed %llu, patient p%u: %s %s\n", (unsigned long long)w->seed, patient, what, about);
    return 1;
}

static bool listed(const json_t *task, const char *issue_id) {
    size_t i;
    json_t *in;
    char reference[100];
    (void)snprintf(reference, sizeof reference, "DetectedIssue/%s", issue_id);
    json_array_foreach(json_object_get(task, "input"), i, in) {
        if (strcmp(string(json_object_get(in, "valueReference"), "reference"), reference) == 0) return true;
    }
    return false;
}

static bool wanted(const expected *e, const char *id) {
    for (size_t i = 0; i < e->n; i++)
        if (strncmp(id, "mr-di-", 6) == 0 && strncmp(id + 6, e->ids[i], 32) == 0) return true;
    return false;
}

static unsigned check_issues(world *w, unsigned patient, const expected *e, const json_t *issues, const json_t *tasks) {
    unsigned bad = 0;
    size_t i, k;
    json_t *issue, *task;
    for (size_t x = 0; x < e->n; x++) {
        size_t standing = 0;
        json_array_foreach(issues, i, issue) {
            const char *status = string(issue, "status"), *id = string(issue, "id");
            if (strncmp(id + 6, e->ids[x], 32) != 0) continue;
            if (strcmp(status, "preliminary") == 0 || strcmp(status, "final") == 0 || strcmp(status, "amended") == 0)
                standing++;
        }
        if (standing != 1)
            bad +=
                complain(w, patient, standing ? "a finding stands more than once:" : "a finding was lost:", e->ids[x]);
    }
    json_array_foreach(issues, i, issue) {
        const char *id = string(issue, "id");
        if (strcmp(string(issue, "status"), "preliminary") != 0) continue;
        if (!wanted(e, id) && e->complete) bad += complain(w, patient, "an issue stands that nothing speaks for:", id);
        bool on_a_task = false, held = false;
        json_array_foreach(tasks, k, task) {
            const char *status = string(task, "status");
            if (strcmp(status, "requested") == 0 || strcmp(status, "accepted") == 0)
                on_a_task = on_a_task || listed(task, id);
            held = held || strcmp(status, "accepted") == 0;
        }
        if (!on_a_task && !held) bad += complain(w, patient, "an issue stands on no Task:", id);
    }
    return bad;
}

static unsigned check_tasks(world *w, unsigned patient, const json_t *tasks, const expected *e) {
    unsigned bad = 0, requested = 0;
    size_t i;
    json_t *task;
    json_array_foreach(tasks, i, task) {
        const char *id = string(task, "id");
        requested += strcmp(string(task, "status"), "requested") == 0;
        if (strcmp(id, w->accepted_task[patient]) != 0) continue;
        char etag[100];
        (void)snprintf(etag, sizeof etag, "W/\"%s\"", string(json_object_get(task, "meta"), "versionId"));
        if (strcmp(etag, w->accepted_version[patient]) != 0)
            bad += complain(w, patient, "a Task that a person took was written:", id);
    }
    if (requested > 1) bad += complain(w, patient, "more than one Task waits", "");
    if (requested && e->n == 0 && e->complete) bad += complain(w, patient, "a Task waits for nothing", "");
    return bad;
}

static unsigned check_queue(world *w) {
    mr_depth depth;
    mr_error err;
    unsigned bad = 0;
    MR_REQUIRE(w->root_store->ops->depth(w->root_store, w->now_ms, &depth, &err) == MR_OK);
    if (depth.leased) bad += complain(w, 0, "a lease is left after all stopped", "");
    if (depth.parked) {
        mr_job_row row;
        size_t n = 0;
        if (w->root_store->ops->jobs(w->root_store, true, NULL, &row, 1, &n, &err) == MR_OK && n)
            bad += complain(w, 0, "parked:", row.reason);
    }
    mr_rereviews left;
    mr_span stamp = mr_basis_stamp(w->bases[w->updates]);
    MR_REQUIRE(w->root_store->ops->rereviews(w->root_store, stamp, &left, &err) == MR_OK);
    if (left.unchecked) bad += complain(w, 0, "a review was not compared with the new basis", "");
    if (left.changed) bad += complain(w, 0, "a patient still waits to be reviewed on the new basis", "");
    for (unsigned i = 0; i < w->n_processes; i++)
        if (!w->processes[i].stopped) bad += complain(w, 0, "a process did not stop", "");
    return bad;
}

unsigned check_world(world *w) {
    unsigned bad = check_queue(w);
    for (unsigned patient = 0; patient < w->n_patients; patient++) {
        expected e;
        undisturbed(w, patient, &e);
        json_t *issues = all(w, "DetectedIssue", patient), *tasks = all(w, "Task", patient);
        if (w->verbose) {
            char *text = json_dumps(issues, JSON_COMPACT);
            fprintf(stderr, "p%u issues: %s\n", patient, text);
            free(text);
            text = json_dumps(tasks, JSON_COMPACT);
            fprintf(stderr, "p%u tasks: %s\n", patient, text);
            free(text);
        }
        bad += check_issues(w, patient, &e, issues, tasks);
        bad += check_tasks(w, patient, tasks, &e);
        json_decref(issues);
        json_decref(tasks);
    }
    return bad;
}
