/* The `json` form of a review, member by member as product.md section 5 lists them. */
#include "medreview/codec/report.h"

#include "medreview/codec/json_out.h"
#include "report_parts.h"

#include <stdlib.h>

static void when_if(mr_jw *w, const char *name, mr_when when) {
    char text[MR_DATE_TEXT];
    if (mr_when_given(when)) mr_jw_z(w, name, mr_when_print(when, text));
}

static void day(mr_jw *w, const char *name, mr_day d) {
    char text[MR_DATE_TEXT];
    mr_jw_z(w, name, mr_day_print(d, text));
}

static void strings(mr_jw *w, const char *name, const mr_span *v, size_t n) {
    mr_jw_array(w, name);
    for (size_t i = 0; i < n; i++) mr_jw_string(w, NULL, v[i]);
    mr_jw_end(w);
}

static void gaps(mr_jw *w, const mr_record *r) {
    mr_jw_array(w, "gaps");
    for (size_t i = 0; i < r->n_gaps; i++) {
        mr_jw_object(w, NULL);
        mr_jw_string(w, "code", r->gaps[i].code);
        mr_jw_string(w, "text", r->gaps[i].text);
        mr_jw_string_if(w, "reference", r->gaps[i].reference);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void substances(mr_jw *w, const mr_medicine *m) {
    mr_jw_array(w, "substances");
    for (size_t i = 0; i < m->n_ingredients; i++) { /* sorted: the same one stands side by side */
        bool again = i && mr_span_eq(m->ingredients[i].substance, m->ingredients[i - 1].substance);
        if (!again) mr_jw_string(w, NULL, m->ingredients[i].substance);
    }
    mr_jw_end(w);
}

static int span_cmp(const void *a, const void *b) {
    return mr_span_cmp(*(const mr_span *)a, *(const mr_span *)b);
}

/* By name: their numbers follow the order of the packs. */
static void groups(mr_jw *w, const mr_ruleset *rules, const mr_medicine *m) {
    mr_span names[MR_MAX_GROUPS];
    size_t n = 0;
    for (unsigned i = 0; i < rules->n_groups && i < MR_MAX_GROUPS; i++)
        if (mr_bits_has(&m->groups, i)) names[n++] = rules->groups[i].name;
    if (n) qsort(names, n, sizeof *names, span_cmp);
    strings(w, "groups", names, n);
}

static void medicine(mr_jw *w, const mr_ruleset *rules, const mr_medicine *m) {
    mr_jw_object(w, NULL);
    mr_jw_string(w, "reference", m->reference);
    strings(w, "references", m->references, m->n_references);
    mr_jw_string_if(w, "text", m->text);
    substances(w, m);
    groups(w, rules, m);
    mr_jw_z(w, "state", mr_med_state_text(m->state));
    when_if(w, "since", m->since);
    when_if(w, "until", m->until);
    if (m->daily.known) {
        mr_jw_object(w, "dailyDose");
        mr_jw_number(w, "value", m->daily.value);
        mr_jw_string(w, "unit", m->daily.unit);
        mr_jw_end(w);
    } else if (m->state == MR_MED_CURRENT && m->daily.why != MR_DOSE_TOLD) {
        mr_jw_z(w, "doseUnknown", mr_dose_why_text(m->daily.why));
    }
    mr_jw_z(w, "recognisedBy", mr_recognised_text(m->recognised_by));
    mr_jw_end(w);
}

static void medicines(mr_jw *w, const mr_report *r) {
    mr_jw_array(w, "medicines");
    for (size_t i = 0; i < r->record->n_medicines; i++) medicine(w, r->rules, &r->record->medicines[i]);
    mr_jw_end(w);
    mr_jw_array(w, "notAssessed");
    for (size_t i = 0; i < r->record->n_not_assessed; i++) {
        const mr_not_assessed *n = &r->record->not_assessed[i];
        mr_jw_object(w, NULL);
        mr_jw_string(w, "reference", n->reference);
        mr_jw_string_if(w, "text", n->text);
        mr_jw_z(w, "reason", mr_unread_text(n->why));
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void cannot_assess(mr_jw *w, const mr_assessment *a) {
    mr_jw_array(w, "cannotAssess");
    for (size_t i = 0; i < a->n_cannot; i++) {
        mr_jw_object(w, NULL);
        mr_jw_string(w, "missing", a->cannot[i].missing);
        strings(w, "rules", a->cannot[i].rules, a->cannot[i].n_rules);
        mr_jw_string_if(w, "settledBy", a->cannot[i].settled_by);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void evidence(mr_jw *w, const mr_finding *f) {
    mr_jw_array(w, "evidence");
    for (size_t i = 0; i < f->n_evidence; i++) {
        const mr_evidence *e = &f->evidence[i];
        mr_jw_object(w, NULL);
        mr_jw_string_if(w, "reference", e->reference);
        mr_jw_string(w, "text", e->text);
        if (e->has_value) mr_jw_number(w, "value", e->value);
        mr_jw_string_if(w, "unit", e->unit);
        when_if(w, "date", e->date);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void sources(mr_jw *w, const mr_finding *f) {
    mr_jw_array(w, "sources");
    for (size_t i = 0; i < f->n_sources; i++) {
        mr_jw_object(w, NULL);
        mr_jw_string(w, "rule", f->sources[i]->id);
        mr_jw_string(w, "version", f->sources[i]->version);
        mr_jw_string(w, "tool", f->sources[i]->tool);
        mr_jw_string_if(w, "criterion", f->sources[i]->criterion);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void finding(mr_jw *w, const mr_finding *f) {
    mr_jw_object(w, NULL);
    mr_jw_z(w, "id", f->id);
    mr_jw_string(w, "rule", f->leading->id);
    mr_jw_string(w, "harm", f->harm->key);
    mr_jw_string(w, "title", f->leading->title);
    mr_jw_z(w, "severity", mr_severity_text(f->severity));
    mr_jw_z(w, "urgency", mr_urgency_text(f->urgency));
    mr_jw_z(w, "certainty", f->certainty == MR_DEFINITE ? "definite" : "possible");
    mr_jw_int(w, "rank", (int64_t)f->rank);
    mr_jw_string_if(w, "rankReason", f->rank_reason);
    mr_jw_array(w, "missing");
    for (size_t i = 0; i < f->n_missing; i++) mr_jw_string(w, NULL, f->missing[i].what);
    mr_jw_end(w);
    strings(w, "implicated", f->implicated, f->n_implicated);
    evidence(w, f);
    sources(w, f);
    mr_jw_string(w, "action", f->leading->action);
    mr_jw_string(w, "reviewer", f->leading->reviewer);
    mr_jw_string(w, "goesAwayWhen", f->leading->goes_away_when);
    mr_report_stop(w, f);
    mr_jw_end(w);
}

bool mr_report_suppresses(const mr_plan *plan, const mr_finding *f) {
    for (size_t i = 0; i < plan->n_suppressed; i++)
        if (plan->suppressed[i].finding == f) return true;
    return false;
}

static void suppressed(mr_jw *w, const mr_plan *plan) {
    mr_jw_array(w, "suppressed");
    for (size_t i = 0; i < plan->n_suppressed; i++) {
        const mr_suppressed *s = &plan->suppressed[i];
        mr_jw_object(w, NULL);
        mr_jw_z(w, "id", s->finding->id);
        mr_jw_string(w, "rule", s->finding->leading->id);
        mr_jw_z(w, "by", "dismissal");
        if (s->until != MR_DAY_MAX) day(w, "until", s->until);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void task(mr_jw *w, const mr_task_plan *t) {
    if (!t->present) {
        mr_jw_null(w, "task");
        return;
    }
    mr_jw_object(w, "task");
    mr_jw_z(w, "priority", t->priority);
    day(w, "due", t->due);
    mr_jw_string_if(w, "role", t->role);
    mr_jw_array(w, "findings");
    /* An issue that is kept, because it cannot be assessed now, stands on the Task without a finding of this review. */
    for (size_t i = 0; i < t->n_findings; i++)
        mr_jw_string(w, NULL, t->findings[i] ? mr_span_of(t->findings[i]->id) : mr_span_from(t->issue_ids[i], 6));
    mr_jw_end(w);
    mr_jw_end(w);
}

static const char *tri_text(mr_tri t) {
    return t == MR_TRUE ? "true" : t == MR_FALSE ? "false" : "unknown";
}

/* How every rule came out, part by part; only when it was asked for. */
static void explain(mr_jw *w, const mr_assessment *a) {
    mr_jw_array(w, "explain");
    for (size_t i = 0; i < a->n_traces; i++) {
        const mr_trace *t = &a->traces[i];
        mr_jw_object(w, NULL);
        mr_jw_string(w, "rule", t->rule->id);
        mr_jw_z(w, "value", tri_text(t->value));
        mr_jw_bool(w, "possible", t->possible);
        mr_jw_array(w, "parts");
        for (size_t k = 0; k < t->n_parts; k++) {
            mr_jw_object(w, NULL);
            mr_jw_string(w, "text", t->parts[k].text);
            mr_jw_z(w, "value", tri_text(t->parts[k].value));
            mr_jw_string_if(w, "because", t->parts[k].because);
            mr_jw_end(w);
        }
        mr_jw_end(w);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void prompt(mr_jw *w, const mr_prompt *p) {
    mr_jw_object(w, NULL);
    mr_jw_string(w, "rule", p->rule->id);
    mr_jw_string(w, "text", p->text);
    mr_jw_end(w);
}

void mr_report_json(const mr_report *r, mr_buf *out) {
    const mr_assessment *a = r->assessment;
    mr_jw w;
    mr_jw_begin(&w, out);
    mr_jw_object(&w, NULL);
    mr_jw_string_if(&w, "patient", r->record->patient.reference);
    day(&w, "asOf", r->as_of);
    mr_jw_string(&w, "knowledge", r->rules->version);
    mr_jw_string(&w, "terminology", r->terminology);
    mr_jw_bool(&w, "complete", r->record->complete);
    gaps(&w, r->record);
    medicines(&w, r);
    cannot_assess(&w, a);
    mr_report_burden(&w, &a->burden, r->burden_detail, r->rules);
    mr_jw_array(&w, "findings");
    for (size_t i = 0; i < a->n_findings; i++)
        if (!mr_report_suppresses(r->plan, &a->findings[i])) finding(&w, &a->findings[i]);
    mr_jw_end(&w);
    strings(&w, "conversation", a->conversation, a->n_conversation);
    mr_jw_string(&w, "forPatient", a->for_patient);
    mr_jw_array(&w, "prompts"); /* rules that need a person's judgement */
    for (size_t i = 0; i < a->n_prompts; i++) prompt(&w, &a->prompts[i]);
    mr_jw_end(&w);
    suppressed(&w, r->plan);
    task(&w, &r->plan->task);
    if (a->n_traces) explain(&w, a);
    mr_jw_end(&w);
}

void mr_report_sources(const mr_finding *f, mr_buf *out) {
    for (size_t i = 0; i < f->n_sources; i++) {
        if (i) mr_buf_adds(out, "; ");
        mr_buf_addsp(out, f->sources[i]->tool);
        if (f->sources[i]->criterion.len) mr_buf_addc(out, ' ');
        mr_buf_addsp(out, f->sources[i]->criterion);
    }
}
