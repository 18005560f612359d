/* What a reader of the `fhir` form alone could not see: that the record was not read whole, and why.
 *
 * A transaction Bundle without a DetectedIssue would otherwise say "no findings" of a record of which half was not read
 * (product.md, promise 1). An OperationOutcome by itself can be no entry: every entry of a transaction has a request
 * (bdl-3), and no server takes an OperationOutcome. A GuidanceResponse is the record of an evaluation (fhir.md 9.7): it
 * can be stored, its status says that data is missing, and the outcome is contained in it.
 *
 * Only offline and in $medication-review: on a server the Task and the pages of the service say it. */
#include "fhir_ours.h"

#include "medreview/base/sha256.h"

#include <stdio.h>
#include <string.h>

bool mr_ours_guidance_needed(const mr_plan *plan, const mr_record *r, const mr_tx_settings *s) {
    if (!s->offline || !s->assessment) return false;
    if (!r->complete || r->n_gaps || r->n_not_assessed) return true;
    return s->assessment->n_cannot && !plan->task.present; /* else they stand on the Task */
}

/* One evaluation of one patient: the patient and the date. */
void mr_ours_guidance_id(const mr_tx_settings *s, char out[48]) {
    char date[MR_DATE_TEXT];
    uint8_t digest[32];
    mr_sha256 h;
    mr_sha256_begin(&h);
    if (s->site.base_uri.len) mr_sha256_add(&h, s->site.base_uri.ptr, s->site.base_uri.len);
    mr_sha256_add(&h, "|guidance|", 10);
    if (s->patient.len) mr_sha256_add(&h, s->patient.ptr, s->patient.len);
    mr_sha256_add(&h, "|", 1);
    mr_day_print(s->as_of, date);
    mr_sha256_add(&h, date, strlen(date));
    mr_sha256_end(&h, digest);
    memcpy(out, "mr-gr-", 6);
    mr_hex(digest, 16, out + 6);
}

/* `system`: the end of a code system's address, with its code; NULL: words alone. */
static void issue(mr_jw *w, const mr_site *site, bool warning, const char *system, mr_span code, mr_span text) {
    char address[400];
    mr_jw_object(w, NULL);
    mr_jw_z(w, "severity", warning ? "warning" : "information");
    mr_jw_z(w, "code", warning ? "incomplete" : "informational");
    mr_jw_object(w, "details");
    if (system) {
        (void)snprintf(address, sizeof address, "%.*s%s", MR_SPAN_ARG(site->base_uri), system);
        mr_jw_array(w, "coding");
        mr_jw_object(w, NULL);
        mr_jw_z(w, "system", address);
        mr_jw_string(w, "code", code);
        mr_jw_end(w);
        mr_jw_end(w);
    }
    mr_jw_string(w, "text", text);
    mr_jw_end(w);
    mr_jw_end(w);
}

static void completeness(mr_jw *w, const mr_site *site, const mr_record *r) {
    if (r->complete)
        issue(w, site, false, "/cs/data-completeness", MR_SPAN("complete"),
              MR_SPAN("The record was read, and the medicines that are taken were recognised. What follows is to be "
                      "known, or could not be assessed."));
    else
        issue(w, site, true, "/cs/data-completeness", MR_SPAN("incomplete"),
              MR_SPAN("The record could not be read or recognised completely: what was not found is not known to be "
                      "absent."));
}

static void issues(mr_jw *w, const mr_site *site, const mr_record *r, const mr_assessment *a) {
    mr_buf text;
    mr_buf_init(&text, 1 << 20);
    completeness(w, site, r);
    for (size_t i = 0; i < r->n_gaps; i++) {
        const mr_gap *g = &r->gaps[i];
        mr_buf_clear(&text);
        mr_buf_printf(&text, "%.*s%s%.*s", MR_SPAN_ARG(g->reference), g->reference.len ? " " : "",
                      MR_SPAN_ARG(g->text));
        issue(w, site, !g->harmless, "/cs/gap", g->code, mr_buf_span(&text));
    }
    for (size_t i = 0; i < r->n_not_assessed; i++) {
        const mr_not_assessed *n = &r->not_assessed[i];
        mr_buf_clear(&text);
        mr_buf_printf(&text, "Medicine not assessed: %.*s (%.*s)",
                      MR_SPAN_ARG(n->text.len ? n->text : MR_SPAN("no text")), MR_SPAN_ARG(n->reference));
        issue(w, site, n->current && !n->not_a_medicine, "/cs/not-assessed", mr_span_of(mr_unread_text(n->why)),
              mr_buf_span(&text));
    }
    for (size_t i = 0; i < a->n_cannot; i++) {
        const mr_cannot_assess *c = &a->cannot[i];
        mr_buf_clear(&text);
        mr_buf_printf(&text, "%.*s is missing; %zu rule%s could not be assessed; settled by %.*s",
                      MR_SPAN_ARG(c->missing), c->n_rules, c->n_rules == 1 ? "" : "s", MR_SPAN_ARG(c->settled_by));
        issue(w, site, false, NULL, MR_SPAN_NONE, mr_buf_span(&text));
    }
    if (text.rc != MR_OK) w->out->rc = text.rc;
    mr_buf_free(&text);
}

void mr_ours_guidance(mr_jw *w, const char *name, const mr_record *r, const mr_tx_settings *s) {
    char id[48], text[400], moment[MR_DATE_TEXT];
    mr_ours_guidance_id(s, id);
    mr_jw_object(w, name);
    mr_jw_z(w, "resourceType", "GuidanceResponse");
    mr_jw_z(w, "id", id);
    mr_ours_meta(w, &s->site);
    mr_jw_array(w, "contained");
    mr_jw_object(w, NULL);
    mr_jw_z(w, "resourceType", "OperationOutcome");
    mr_jw_z(w, "id", "gaps");
    mr_jw_array(w, "issue");
    issues(w, &s->site, r, s->assessment);
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_end(w);
    (void)snprintf(text, sizeof text, "%.*s/rules/%.*s", MR_SPAN_ARG(s->site.base_uri), MR_SPAN_ARG(s->site.knowledge));
    mr_jw_z(w, "moduleUri", text);
    mr_jw_z(w, "status", r->complete ? "data-requested" : "data-required");
    if (s->patient.len) mr_ours_reference(w, "subject", s->patient);
    mr_jw_z(w, "occurrenceDateTime", mr_ours_moment(s, moment));
    (void)snprintf(text, sizeof text, "Device/medreview-%.*s", MR_SPAN_ARG(s->site.id));
    mr_ours_reference(w, "performer", mr_span_of(text));
    if (s->site.terminology.len) {
        (void)snprintf(text, sizeof text, "Medicines understood by: %.*s.", MR_SPAN_ARG(s->site.terminology));
        mr_jw_array(w, "note");
        mr_jw_object(w, NULL);
        mr_jw_z(w, "text", text);
        mr_jw_end(w);
        mr_jw_end(w);
    }
    mr_jw_array(w, "evaluationMessage");
    mr_ours_reference(w, NULL, MR_SPAN("#gaps"));
    mr_jw_end(w);
    mr_jw_end(w);
}
