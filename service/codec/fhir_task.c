/* The one review Task of a patient (fhir.md 9.4; product.md section 5, Task). */
#include "fhir_ours.h"

#include <stdio.h>

const char *const mr_ours_task_members[] = {
    "meta",        "identifier", "basedOn",      "status",    "businessStatus", "intent",      "priority", "code",
    "description", "focus",      "lastModified", "requester", "performerType",  "restriction", "input",    NULL};
const char *const mr_ours_task_kept[] = {"authoredOn", "owner", "output", "note", NULL};

static void coding(mr_jw *w, const mr_site *site, const char *tail, const char *value) {
    char system[400];
    (void)snprintf(system, sizeof system, "%.*s%s", MR_SPAN_ARG(site->base_uri), tail);
    mr_jw_array(w, "coding");
    mr_jw_object(w, NULL);
    mr_jw_z(w, "system", system);
    mr_jw_z(w, "code", value);
    mr_jw_end(w);
    mr_jw_end(w);
}

static void input_type(mr_jw *w, const char *text) {
    mr_jw_object(w, NULL);
    mr_jw_object(w, "type");
    mr_jw_z(w, "text", text);
    mr_jw_end(w);
}

static void inputs(mr_jw *w, const mr_task_plan *t) {
    char text[1200];
    mr_jw_array(w, "input");
    for (size_t i = 0; i < t->n_findings; i++) {
        (void)snprintf(text, sizeof text, "DetectedIssue/%.*s", MR_SPAN_ARG(t->issue_ids[i]));
        input_type(w, "detected-issue");
        mr_ours_reference(w, "valueReference", mr_span_of(text));
        mr_jw_end(w);
    }
    input_type(w, "data-completeness");
    mr_jw_z(w, "valueCode", t->complete ? "complete" : "incomplete");
    mr_jw_end(w);
    for (size_t i = 0; i < t->n_cannot; i++) {
        (void)snprintf(text, sizeof text, "%.*s is missing; %zu rule%s could not be assessed; settled by %.*s",
                       MR_SPAN_ARG(t->cannot[i].missing), t->cannot[i].n_rules, t->cannot[i].n_rules == 1 ? "" : "s",
                       MR_SPAN_ARG(t->cannot[i].settled_by));
        input_type(w, "cannot-assess");
        mr_jw_z(w, "valueString", text);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void description(mr_jw *w, const mr_task_plan *t, const mr_tx_settings *s) {
    char text[200], date[MR_DATE_TEXT];
    int n = snprintf(text, sizeof text, "%zu finding%s (%zu high)%s", t->n_findings, t->n_findings == 1 ? "" : "s",
                     t->n_high, t->complete ? "" : "; the record could not be read or recognised completely");
    if (s->clock_pinned && n > 0 && (size_t)n < sizeof text)
        (void)snprintf(text + n, sizeof text - (size_t)n, "; as-of date pinned to %s", mr_day_print(s->as_of, date));
    mr_jw_z(w, "description", text);
}

static void restriction(mr_jw *w, mr_day due) {
    char date[MR_DATE_TEXT];
    mr_jw_object(w, "restriction");
    mr_jw_object(w, "period");
    mr_jw_z(w, "end", mr_day_print(due, date));
    mr_jw_end(w);
    mr_jw_end(w);
}

void mr_ours_task(mr_jw *w, const char *name, const mr_task_plan *t, const mr_tx_settings *s) {
    char moment[MR_DATE_TEXT], text[400];
    mr_jw_object(w, name);
    mr_jw_z(w, "resourceType", "Task");
    mr_jw_z(w, "id", t->id);
    mr_ours_meta(w, &s->site);
    mr_jw_array(w, "identifier");
    mr_ours_identifier(w, &s->site, "review-task", mr_span_of(t->identifier));
    mr_ours_identifier(w, &s->site, "content", mr_span_of(t->content));
    mr_jw_end(w);
    if (t->based_on.len) {
        (void)snprintf(text, sizeof text, "Task/%.*s", MR_SPAN_ARG(t->based_on));
        mr_jw_array(w, "basedOn");
        mr_ours_reference(w, NULL, mr_span_of(text));
        mr_jw_end(w);
    }
    mr_jw_z(w, "status", "requested");
    mr_jw_object(w, "businessStatus");
    coding(w, &s->site, "/cs/review-state", t->business_status);
    mr_jw_end(w);
    mr_jw_string(w, "intent", s->site.task_intent.len ? s->site.task_intent : MR_SPAN("proposal"));
    mr_jw_z(w, "priority", t->priority);
    mr_jw_object(w, "code");
    coding(w, &s->site, "/cs/task", "medication-review");
    mr_jw_z(w, "text", "Medication safety review");
    mr_jw_end(w);
    description(w, t, s);
    if (t->n_findings) {
        (void)snprintf(text, sizeof text, "DetectedIssue/%.*s", MR_SPAN_ARG(t->issue_ids[0]));
        mr_ours_reference(w, "focus", mr_span_of(text));
    }
    mr_ours_reference(w, "for", s->patient);
    mr_ours_moment(s, moment);
    mr_jw_z(w, "authoredOn", moment);
    mr_jw_z(w, "lastModified", moment);
    (void)snprintf(text, sizeof text, "Device/medreview-%.*s", MR_SPAN_ARG(s->site.id));
    mr_ours_reference(w, "requester", mr_span_of(text));
    if (t->role.len) {
        mr_jw_array(w, "performerType");
        mr_jw_object(w, NULL);
        mr_jw_string(w, "text", t->role);
        mr_jw_end(w);
        mr_jw_end(w);
    }
    restriction(w, t->due);
    inputs(w, t);
    mr_jw_end(w);
}
