/* A rule as PlanDefinition (R4, event-condition-action rule): what it is called, who says so, when it holds, what to
 * do.
 *
 * The condition is given in the rule language itself. A translation into CQL or FHIRPath would be a second rule beside
 * the one that runs, and nobody would see the day on which they part. What FHIR has no element for (severity, urgency,
 * harm, identity, ladder) stands in one extension, defined in fhir_profiles/. */
#include "fhir_knowledge_parts.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "For a clinician to judge, never an instruction to start or stop a medicine. Runs inside medreview, three-valued: "
    "what the record does not say is unknown and never counts as no. The condition's language: docs/rule-language.md.";
static const char draft_usage[] =
    " Draft: shipped and tested, and off unless a site switches drafts on (knowledge.include_draft).";
static const char prompt_usage[] =
    " A prompt: it needs a person's judgement. Where the condition holds it is shown in the review, never as an issue.";

/* ---- the extension ---- */

static void fact_open(mr_jw *w, const char *url) {
    mr_jw_object(w, NULL);
    mr_jw_z(w, "url", url);
}

static void fact_text(mr_jw *w, const char *url, mr_span text) {
    if (!text.len) return;
    fact_open(w, url);
    mr_jw_string(w, "valueString", text);
    mr_jw_end(w);
}

static void fact_code(mr_jw *w, const char *url, mr_span code) {
    if (!code.len) return;
    fact_open(w, url);
    mr_jw_string(w, "valueCode", code);
    mr_jw_end(w);
}

static void fact_number(mr_jw *w, const char *url, unsigned number) {
    fact_open(w, url);
    mr_jw_int(w, "valueInteger", (int64_t)number);
    mr_jw_end(w);
}

static void facts(mr_jw *w, const mr_fhir_knowledge *k, const mr_rule *r) {
    const mr_harm *harm = &k->rules->harms[r->harm];
    mr_buf identity;
    mr_buf_init(&identity, 4096);
    mr_identity_write(k->rules, &r->identity, &identity);
    mr_jw_array(w, "extension");
    mr_jw_object(w, NULL);
    mr_jw_array(w, "extension");
    fact_text(w, "knowledge", k->rules->version);
    fact_text(w, "set", r->tool);
    fact_text(w, "criterion", r->criterion);
    fact_number(w, "tier", r->tier);
    fact_code(w, "severity", mr_span_of(mr_severity_text(r->severity)));
    fact_code(w, "urgency", mr_span_of(mr_urgency_text(r->urgency)));
    fact_code(w, "harm", harm->key);
    fact_code(w, "lane", harm->lane);
    fact_text(w, "identity", mr_buf_span(&identity));
    fact_text(w, "ladder", r->ladder);
    if (r->ladder.len) fact_number(w, "rung", r->rung);
    fact_text(w, "indicator", r->indicator_text);
    mr_jw_end(w);
    mr_fhir_our_url(w, "url", k, "/StructureDefinition/medreview-rule-facts", MR_SPAN_NONE);
    mr_jw_end(w);
    mr_jw_end(w);
    if (identity.rc != MR_OK) w->out->rc = identity.rc;
    mr_buf_free(&identity);
}

/* ---- head ---- */

static void identifiers(mr_jw *w, const mr_fhir_knowledge *k, const mr_rule *r) {
    mr_jw_array(w, "identifier");
    for (size_t i = 0; i <= r->n_derived_from; i++) {
        mr_jw_object(w, NULL);
        mr_jw_z(w, "use", i ? "old" : "official");
        mr_fhir_our_url(w, "system", k, "/cs/rule", MR_SPAN_NONE);
        mr_jw_string(w, "value", i ? r->derived_from[i - 1] : r->id);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

/* Letters, digits and underscores, as tools that make code out of names want it (pdf-0). */
static void computable_name(mr_jw *w, const mr_rule *r) {
    char text[128];
    size_t n = (size_t)snprintf(text, sizeof text, "Rule_%.*s", (int)(r->id.len > 100 ? 100 : r->id.len), r->id.ptr);
    for (size_t i = 0; i < n; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", text[i])) text[i] = '_';
    mr_jw_z(w, "name", text);
}

static void type(mr_jw *w) {
    mr_jw_object(w, "type");
    mr_fhir_coding_list(w, "http://terminology.hl7.org/CodeSystem/plan-definition-type", MR_SPAN("eca-rule"),
                        MR_SPAN("ECA Rule"));
    mr_jw_end(w);
}

static void prose(mr_jw *w, const mr_fhir_knowledge *k, const mr_rule *r) {
    const mr_harm *harm = &k->rules->harms[r->harm];
    mr_buf text;
    mr_buf_init(&text, 1 << 16);
    mr_buf_printf(&text, "%.*s %.*s: %.*s. To do: %.*s", MR_SPAN_ARG(r->tool), MR_SPAN_ARG(r->criterion),
                  MR_SPAN_ARG(r->title), MR_SPAN_ARG(r->action));
    mr_jw_string(w, "description", mr_buf_span(&text));
    if (!r->children) mr_fhir_adults(w);
    mr_buf_clear(&text);
    mr_buf_printf(&text, "To find: %.*s. What a patient reads: %.*s", MR_SPAN_ARG(harm->title),
                  MR_SPAN_ARG(harm->meaning));
    mr_jw_string(w, "purpose", mr_buf_span(&text));
    mr_buf_clear(&text);
    mr_buf_adds(&text, usage);
    if (r->state == MR_RULE_DRAFT) mr_buf_adds(&text, draft_usage);
    if (r->prompt) mr_buf_adds(&text, prompt_usage);
    if (r->note.len) mr_buf_printf(&text, " Note: %.*s", MR_SPAN_ARG(r->note));
    mr_jw_string(w, "usage", mr_buf_span(&text));
    const mr_rule_source *source = mr_rule_source_of(r->tool);
    if (source) mr_jw_z(w, "copyright", source->copyright);
    if (text.rc != MR_OK) w->out->rc = text.rc;
    mr_buf_free(&text);
}

/* ---- what it stands on ---- */

static void citation(mr_jw *w, const char *kind, mr_span text, const char *url) {
    if (!text.len) return;
    mr_jw_object(w, NULL);
    mr_jw_z(w, "type", kind);
    mr_jw_string(w, "citation", text);
    if (url) mr_jw_z(w, "url", url);
    mr_jw_end(w);
}

static void depends_on_groups(mr_jw *w, const mr_fhir_knowledge *k, const mr_named *named) {
    char id[MR_FHIR_GROUP_ID];
    for (size_t i = 0; i < k->rules->n_groups; i++) {
        if (!named->groups[i]) continue;
        const mr_group *g = &k->rules->groups[i];
        mr_fhir_group_id(g, id);
        mr_jw_object(w, NULL);
        mr_jw_z(w, "type", "depends-on");
        mr_jw_string(w, "display", g->title.len ? g->title : g->name);
        mr_fhir_our_url(w, "resource", k, "/ValueSet/", mr_span_of(id));
        mr_jw_end(w);
    }
}

static void related(mr_jw *w, const mr_fhir_knowledge *k, const mr_rule *r) {
    mr_error err = {0};
    mr_named named;
    mr_arena *a = mr_arena_new(1 << 20);
    if (!a || mr_rule_named(k->rules, r, a, &named, &err) != MR_OK) {
        w->out->rc = MR_NOMEM;
        mr_arena_free(a);
        return;
    }
    const mr_rule_source *source = mr_rule_source_of(r->tool);
    mr_jw_array(w, "relatedArtifact");
    citation(w, "derived-from", r->source, NULL);
    if (source) citation(w, "citation", mr_span_of(source->citation), source->url);
    depends_on_groups(w, k, &named);
    mr_jw_end(w);
    mr_arena_free(a);
}

/* ---- what to do ---- */

static const char *priority(mr_urgency u) {
    return u == MR_SAME_DAY ? "asap" : u == MR_WITHIN_1_WEEK ? "urgent" : "routine"; /* never stat by software */
}

static void goal(mr_jw *w, const mr_rule *r) {
    if (!r->goes_away_when.len) return;
    mr_jw_array(w, "goal");
    mr_jw_object(w, NULL);
    mr_jw_z(w, "id", "goes-away-when");
    mr_jw_object(w, "description");
    mr_jw_string(w, "text", r->goes_away_when);
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_end(w);
}

/* Expression.language is required, and R4 knows three codes for it; ours stands as an extension in its place. */
static void expression(mr_jw *w, const char *name, const mr_fhir_knowledge *k, mr_span text) {
    mr_jw_object(w, name);
    mr_jw_object(w, "_language");
    mr_jw_array(w, "extension");
    mr_jw_object(w, NULL);
    mr_fhir_our_url(w, "url", k, "/StructureDefinition/medreview-expression-language", MR_SPAN_NONE);
    mr_jw_z(w, "valueCode", MR_RULE_LANGUAGE);
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_string(w, "expression", text);
    mr_jw_end(w);
}

static void condition(mr_jw *w, const mr_fhir_knowledge *k, const mr_rule *r) {
    mr_jw_array(w, "condition");
    mr_jw_object(w, NULL);
    mr_jw_z(w, "kind", "applicability");
    expression(w, "expression", k, r->when_text);
    mr_jw_end(w);
    mr_jw_end(w);
}

static void participant(mr_jw *w, const mr_rule *r) {
    if (!r->reviewer.len) return;
    mr_jw_array(w, "participant");
    mr_jw_object(w, NULL);
    mr_jw_z(w, "type", "practitioner");
    mr_jw_object(w, "role");
    mr_jw_string(w, "text", r->reviewer);
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_end(w);
}

static void action(mr_jw *w, const mr_fhir_knowledge *k, const mr_rule *r) {
    char system[MR_FHIR_URL];
    (void)snprintf(system, sizeof system, "%.*s/cs/rule", MR_SPAN_ARG(k->base_uri));
    mr_jw_array(w, "action");
    mr_jw_object(w, NULL);
    mr_jw_string(w, "title", r->title);
    mr_jw_string(w, "description", r->action);
    mr_jw_z(w, "priority", priority(r->urgency));
    mr_jw_array(w, "code");
    mr_jw_object(w, NULL);
    mr_fhir_coding_list(w, system, r->id, r->title);
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_array(w, "documentation");
    citation(w, "citation", r->source, NULL);
    mr_jw_end(w);
    if (r->goes_away_when.len) {
        mr_jw_array(w, "goalId");
        mr_jw_z(w, NULL, "goes-away-when");
        mr_jw_end(w);
    }
    condition(w, k, r);
    participant(w, r);
    mr_jw_end(w);
    mr_jw_end(w);
}

void mr_fhir_plan_definition(mr_jw *w, const char *name, const mr_fhir_knowledge *k, const mr_rule *r) {
    mr_jw_object(w, name);
    mr_jw_z(w, "resourceType", "PlanDefinition");
    mr_jw_string(w, "id", r->id);
    mr_fhir_our_meta(w, k);
    facts(w, k, r);
    mr_fhir_our_url(w, "url", k, "/PlanDefinition/", r->id);
    identifiers(w, k, r);
    mr_jw_string(w, "version", r->version);
    computable_name(w, r);
    mr_jw_string(w, "title", r->title);
    type(w);
    mr_jw_z(w, "status", r->state == MR_RULE_ACTIVE ? "active" : "draft");
    mr_fhir_dated(w, k);
    prose(w, k, r);
    related(w, k, r);
    goal(w, r);
    action(w, k, r);
    mr_jw_end(w);
}
