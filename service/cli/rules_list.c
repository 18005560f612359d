/* `medreview rules list`, in its forms. */
#include "rules_parts.h"

#include "medreview/codec/json_out.h"

static const char *state_text(mr_rule_state s) {
    return s == MR_RULE_ACTIVE ? "active" : "draft";
}

static void list_text(const mr_ruleset *rules, mr_buf *out) {
    size_t widest = 2;
    for (size_t i = 0; i < rules->n_rules; i++)
        if (rules->rules[i].id.len > widest) widest = rules->rules[i].id.len;
    mr_buf_printf(out, "%-*s  %-6s  %-8s  %-14s  %s\n", (int)widest, "id", "state", "severity", "urgency", "title");
    for (size_t i = 0; i < rules->n_rules; i++) {
        const mr_rule *r = &rules->rules[i];
        mr_buf_printf(out, "%-*.*s  %-6s  %-8s  %-14s  %.*s\n", (int)widest, MR_SPAN_ARG(r->id), state_text(r->state),
                      mr_severity_text(r->severity), mr_urgency_text(r->urgency), MR_SPAN_ARG(r->title));
    }
    mr_buf_printf(out, "%zu rules, knowledge %.*s\n", rules->n_rules, MR_SPAN_ARG(rules->version));
}

static void list_tsv(const mr_ruleset *rules, mr_buf *out) {
    mr_buf_adds(out, "id\tset\tstate\ttitle\tseverity\turgency\ttier\tversion\n");
    for (size_t i = 0; i < rules->n_rules; i++) {
        const mr_rule *r = &rules->rules[i];
        mr_buf_printf(out, "%.*s\t%.*s\t%s\t%.*s\t%s\t%s\t%u\t%.*s\n", MR_SPAN_ARG(r->id), MR_SPAN_ARG(r->tool),
                      state_text(r->state), MR_SPAN_ARG(r->title), mr_severity_text(r->severity),
                      mr_urgency_text(r->urgency), r->tier, MR_SPAN_ARG(r->version));
    }
}

static void list_json(const mr_ruleset *rules, mr_buf *out) {
    mr_jw w;
    mr_jw_begin(&w, out);
    mr_jw_object(&w, NULL);
    mr_jw_string(&w, "knowledge", rules->version);
    mr_jw_array(&w, "rules");
    for (size_t i = 0; i < rules->n_rules; i++) {
        const mr_rule *r = &rules->rules[i];
        mr_jw_object(&w, NULL);
        mr_jw_string(&w, "id", r->id);
        mr_jw_string(&w, "set", r->tool);
        mr_jw_string(&w, "criterion", r->criterion);
        mr_jw_z(&w, "state", state_text(r->state));
        mr_jw_string(&w, "title", r->title);
        mr_jw_z(&w, "severity", mr_severity_text(r->severity));
        mr_jw_z(&w, "urgency", mr_urgency_text(r->urgency));
        mr_jw_string(&w, "reviewer", r->reviewer);
        mr_jw_string(&w, "harm", rules->harms[r->harm].key);
        mr_jw_int(&w, "tier", (int64_t)r->tier);
        mr_jw_string(&w, "version", r->version);
        mr_jw_end(&w);
    }
    mr_jw_end(&w);
    mr_jw_end(&w);
    mr_buf_addc(out, '\n');
}

/* ---- Markdown: docs/rules.md ---- */

/* What would end a cell or a line. */
static void cell(mr_buf *out, mr_span text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '|') mr_buf_addc(out, '\\');
        mr_buf_addc(out, text.ptr[i] == '\n' ? ' ' : text.ptr[i]);
    }
}

static void markdown_rule(const mr_rule *r, mr_buf *out) {
    mr_buf_printf(out, "| %.*s | ", MR_SPAN_ARG(r->id));
    cell(out, r->criterion);
    mr_buf_adds(out, " | ");
    cell(out, r->title);
    mr_buf_printf(out, " | %s | %s | %s | ", state_text(r->state), mr_severity_text(r->severity),
                  mr_urgency_text(r->urgency));
    cell(out, r->source);
    mr_buf_printf(out, " | %.*s |\n", MR_SPAN_ARG(r->version));
}

static void markdown_set(const mr_ruleset *rules, mr_span tool, mr_buf *out) {
    const mr_rule_source *source = mr_rule_source_of(tool);
    mr_buf_printf(out, "\n## %.*s\n\n", MR_SPAN_ARG(tool));
    if (source) mr_buf_printf(out, "%s\n\n", source->copyright);
    mr_buf_adds(out, "| id | criterion | title | state | severity | urgency | source | version |\n"
                     "|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < rules->n_rules; i++)
        if (mr_span_eq(rules->rules[i].tool, tool)) markdown_rule(&rules->rules[i], out);
}

/* The least set behind `after`, bytewise; absent when there is none. */
static mr_span next_set(const mr_ruleset *rules, mr_span after) {
    mr_span least = MR_SPAN_NONE;
    for (size_t i = 0; i < rules->n_rules; i++) {
        mr_span tool = rules->rules[i].tool;
        if (mr_span_cmp(tool, after) > 0 && (!least.ptr || mr_span_cmp(tool, least) < 0)) least = tool;
    }
    return least;
}

static void list_markdown(const mr_ruleset *rules, mr_buf *out) {
    size_t active = 0;
    for (size_t i = 0; i < rules->n_rules; i++) active += rules->rules[i].state == MR_RULE_ACTIVE;
    mr_buf_printf(
        out,
        "# The rules\n\n"
        "Knowledge %.*s: %zu rules, %zu active and %zu draft. Made by `medreview rules list --format markdown`; "
        "`make lint`\nfails when it is out of date. One rule whole, with its condition and examples: "
        "`medreview rules show ID`. What the states\nmean, who signs, and the licences of the sources: "
        "[knowledge.md](knowledge.md).\n",
        MR_SPAN_ARG(rules->version), rules->n_rules, active, rules->n_rules - active);
    for (mr_span set = next_set(rules, MR_SPAN("")); set.ptr; set = next_set(rules, set)) markdown_set(rules, set, out);
}

void mr_rules_list(const mr_ruleset *rules, mr_rules_format format, mr_buf *out) {
    switch (format) {
    case MR_RULES_TEXT: list_text(rules, out); return;
    case MR_RULES_TSV: list_tsv(rules, out); return;
    case MR_RULES_JSON: list_json(rules, out); return;
    case MR_RULES_MARKDOWN: list_markdown(rules, out); return;
    case MR_RULES_FHIR: return; /* an export */
    }
}
