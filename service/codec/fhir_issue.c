/* A finding as DetectedIssue (fhir.md 9.2, 9.3; product.md section 5). */
#include "fhir_ours.h"
#include "medreview/codec/report.h"

#include <stdio.h>
#include <string.h>

const char *const mr_ours_issue_members[] = {"meta",       "identifier", "status", "code",      "severity", "author",
                                             "implicated", "evidence",   "detail", "reference", NULL};
const char *const mr_ours_issue_kept[] = {"identifiedDateTime", "mitigation", NULL};

enum { URI = 400 }; /* base_uri is at most 200 bytes (configuration), the rest are words of ours */

/* base_uri + tail; both bounded, so a fixed buffer serves. */
static const char *under(const mr_site *site, const char *tail, char out[URI]) {
    (void)snprintf(out, URI, "%.*s%s", MR_SPAN_ARG(site->base_uri), tail);
    return out;
}

const char *mr_ours_moment(const mr_tx_settings *s, char out[MR_DATE_TEXT]) {
    return s->offline ? mr_day_print(s->as_of, out) : mr_instant_print(s->now_ms, out);
}

void mr_ours_meta(mr_jw *w, const mr_site *site) {
    char text[URI];
    mr_jw_object(w, "meta");
    (void)snprintf(text, sizeof text, "urn:medreview:%.*s", MR_SPAN_ARG(site->id));
    mr_jw_z(w, "source", text);
    mr_jw_array(w, "tag");
    mr_jw_object(w, NULL);
    mr_jw_z(w, "system", under(site, "/tag", text));
    mr_jw_z(w, "code", "medreview");
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_end(w);
}

void mr_ours_identifier(mr_jw *w, const mr_site *site, const char *kind, mr_span value) {
    char tail[64], system[URI];
    (void)snprintf(tail, sizeof tail, "/id/%s", kind);
    mr_jw_object(w, NULL);
    mr_jw_z(w, "system", under(site, tail, system));
    mr_jw_string(w, "value", value);
    mr_jw_end(w);
}

void mr_ours_reference(mr_jw *w, const char *name, mr_span reference) {
    mr_jw_object(w, name);
    mr_jw_string(w, "reference", reference);
    mr_jw_end(w);
}

static void code(mr_jw *w, const mr_finding *f, const mr_site *site) {
    char system[URI];
    mr_jw_object(w, "code");
    mr_jw_array(w, "coding");
    if (f->harm->actcode.len) {
        mr_jw_object(w, NULL);
        mr_jw_z(w, "system", "http://terminology.hl7.org/CodeSystem/v3-ActCode");
        mr_jw_string(w, "code", f->harm->actcode);
        mr_jw_end(w);
    }
    under(site, "/cs/rule", system);
    for (size_t i = 0; i < f->n_sources; i++) {
        mr_jw_object(w, NULL);
        mr_jw_z(w, "system", system);
        mr_jw_string(w, "version", site->knowledge);
        mr_jw_string(w, "code", f->sources[i]->id);
        mr_jw_end(w);
    }
    mr_jw_end(w);
    mr_jw_string(w, "text", f->leading->title);
    mr_jw_end(w);
}

static void implicated(mr_jw *w, const mr_finding *f) {
    if (f->n_implicated == 0) return;
    mr_jw_array(w, "implicated");
    for (size_t i = 0; i < f->n_implicated; i++) {
        mr_jw_object(w, NULL);
        mr_jw_string(w, "reference", f->implicated[i]);
        if (f->implicated_text[i].len) mr_jw_string(w, "display", f->implicated_text[i]);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void evidence_text(mr_buf *out, const mr_evidence *e) {
    char date[MR_DATE_TEXT];
    mr_buf_addsp(out, e->text);
    if (e->has_value) {
        mr_jw number;
        mr_buf_addc(out, ' ');
        mr_jw_begin(&number, out);
        mr_jw_number(&number, NULL, e->value);
        mr_span unit = mr_report_unit(e->unit, e->value);
        if (unit.len) mr_buf_printf(out, " %.*s", MR_SPAN_ARG(unit));
    }
    if (mr_when_given(e->date)) mr_buf_printf(out, " (%s)", mr_when_print(e->date, date));
}

/* detail may point at results and conditions; medicines stand in implicated, and the patient is the patient. */
static bool supports(mr_span reference) {
    return mr_span_starts(reference, "Observation/") || mr_span_starts(reference, "Condition/") ||
           mr_span_starts(reference, "AllergyIntolerance/");
}

static void evidence(mr_jw *w, const mr_finding *f, mr_buf *scratch) {
    if (f->n_evidence == 0) return;
    mr_jw_array(w, "evidence");
    for (size_t i = 0; i < f->n_evidence; i++) {
        mr_buf_clear(scratch);
        evidence_text(scratch, &f->evidence[i]);
        mr_jw_object(w, NULL);
        mr_jw_array(w, "code");
        mr_jw_object(w, NULL);
        mr_jw_string(w, "text", mr_buf_span(scratch));
        mr_jw_end(w);
        mr_jw_end(w);
        if (supports(f->evidence[i].reference)) {
            mr_jw_array(w, "detail");
            mr_ours_reference(w, NULL, f->evidence[i].reference);
            mr_jw_end(w);
        }
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void sentence(mr_buf *out, const char *label, mr_span text) {
    if (!text.len) return;
    mr_buf_printf(out, " %s%.*s", label, MR_SPAN_ARG(text));
    if (text.ptr[text.len - 1] != '.') mr_buf_addc(out, '.');
}

/* How far the record carries the finding: no more than is true. */
static const char *basis_of(const mr_record *r) {
    if (!r->complete) return " Based on the GP record, which could not be read or recognised completely.";
    if (r->n_not_assessed || r->n_gaps)
        return " Based on the GP record; it was read, and every medicine that is taken now was recognised.";
    return " Based on the GP record; everything in it was read and recognised.";
}

static void detail(mr_buf *out, const mr_finding *f, const mr_record *record, const mr_site *site) {
    mr_buf_printf(out, "%.*s.", MR_SPAN_ARG(f->leading->title));
    if (f->certainty == MR_POSSIBLE) {
        mr_buf_adds(out, " Possible only:");
        for (size_t i = 0; i < f->n_missing; i++)
            mr_buf_printf(out, "%s %.*s", i ? ";" : "", MR_SPAN_ARG(f->missing[i].what));
        mr_buf_addc(out, '.');
    }
    if (f->n_evidence) mr_buf_adds(out, " Found:");
    for (size_t i = 0; i < f->n_evidence; i++) {
        mr_buf_adds(out, i ? "; " : " ");
        evidence_text(out, &f->evidence[i]);
    }
    if (f->n_evidence) mr_buf_addc(out, '.');
    sentence(out, "Suggested: ", f->leading->action);
    sentence(out, "Goes away when: ", f->leading->goes_away_when);
    sentence(out, "First to look: ", f->leading->reviewer);
    mr_buf_adds(out, basis_of(record));
    sentence(out, "Medicines understood by: ", site->terminology);
    mr_buf_adds(out, " Sources:");
    for (size_t i = 0; i < f->n_sources; i++)
        mr_buf_printf(out, "%s %.*s %.*s", i ? ";" : "", MR_SPAN_ARG(f->sources[i]->tool),
                      MR_SPAN_ARG(f->sources[i]->criterion));
    mr_buf_addc(out, '.');
}

/* "mr-di-<key>[-episode]": what stands behind the prefix is the finding identifier. */
static mr_span key_of(mr_span issue_id) {
    return mr_span_starts(issue_id, "mr-di-") ? mr_span_from(issue_id, 6) : issue_id;
}

const char *mr_outcome_word(mr_outcome_kind kind) {
    static const char *const word[] = {"none", "accepted", "no-action", "not-applicable", "set-aside", "gone"};
    return word[kind];
}

void mr_ours_issue_identifiers(mr_jw *w, const mr_change *c, mr_span content, const mr_tx_settings *s) {
    char judged[160];
    const mr_judgement *j = &c->judged;
    mr_jw_array(w, "identifier");
    mr_ours_identifier(w, &s->site, "finding", c->issue ? c->issue->key : key_of(c->issue_id));
    if (content.len) mr_ours_identifier(w, &s->site, "content", content);
    if (j->episode || j->mitigations || j->outcome != MR_OUT_NONE) {
        (void)snprintf(judged, sizeof judged, "%u.%u.%s.%.*s%s%.*s", j->episode, j->mitigations,
                       mr_outcome_word(j->outcome), MR_SPAN_ARG(j->content), j->undosed.len ? "." : "",
                       MR_SPAN_ARG(j->undosed));
        mr_ours_identifier(w, &s->site, "judged", mr_span_of(judged));
    }
    mr_jw_end(w);
}

void mr_ours_issue(mr_jw *w, const char *name, const mr_change *c, const mr_record *record, const mr_tx_settings *s) {
    const mr_finding *f = c->finding;
    char moment[MR_DATE_TEXT], text[URI];
    mr_buf scratch;
    mr_buf_init(&scratch, 1 << 20); /* DetectedIssue.detail may hold 1 MB */
    mr_jw_object(w, name);
    mr_jw_z(w, "resourceType", "DetectedIssue");
    mr_jw_string(w, "id", c->issue_id);
    mr_ours_meta(w, &s->site);
    mr_ours_issue_identifiers(w, c, mr_span_of(f->content), s);
    mr_jw_z(w, "status", mr_issue_status_text(c->issue_status));
    code(w, f, &s->site);
    mr_jw_z(w, "severity", mr_severity_text(f->severity));
    mr_ours_reference(w, "patient", s->patient);
    mr_jw_z(w, "identifiedDateTime", mr_ours_moment(s, moment));
    (void)snprintf(text, sizeof text, "Device/medreview-%.*s", MR_SPAN_ARG(s->site.id));
    mr_ours_reference(w, "author", mr_span_of(text));
    implicated(w, f);
    evidence(w, f, &scratch);
    mr_buf_clear(&scratch);
    detail(&scratch, f, record, &s->site);
    mr_jw_string(w, "detail", mr_buf_span(&scratch));
    mr_buf_clear(&scratch);
    mr_buf_printf(&scratch, "%.*s/rules/%.*s/%.*s", MR_SPAN_ARG(s->site.base_uri), MR_SPAN_ARG(s->site.knowledge),
                  MR_SPAN_ARG(f->leading->id));
    mr_jw_string(w, "reference", mr_buf_span(&scratch));
    mr_jw_end(w);
    if (scratch.rc != MR_OK) w->out->rc = scratch.rc;
    mr_buf_free(&scratch);
}
