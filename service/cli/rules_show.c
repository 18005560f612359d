/* `medreview rules show ID`: a page about one rule, for the person who has to trust it. */
#include "rules_parts.h"

#include <string.h>

enum { LABEL = 16, WIDTH = 110 };

/* "label:  text", broken at blanks, the later lines under the first. */
static void put(mr_buf *out, const char *label, mr_span text) {
    if (!text.ptr) return;
    mr_buf_printf(out, "%-*s", LABEL, label);
    size_t column = LABEL;
    bool first = true;
    mr_span word;
    for (bool more = true; more; first = false) {
        more = mr_span_split(text, ' ', &word, &text);
        if (!first && column + 1 + word.len > WIDTH) {
            mr_buf_printf(out, "\n%*s", LABEL, "");
            column = LABEL;
        } else if (!first) {
            mr_buf_addc(out, ' ');
            column++;
        }
        mr_buf_addsp(out, word);
        column += word.len;
    }
    mr_buf_addc(out, '\n');
}

static void put_identity(mr_buf *out, const mr_ruleset *rules, const mr_identity *id) {
    static const char *const forms[] = {[MR_ID_EACH] = "one finding for each substance taken of ",
                                        [MR_ID_MIXTURE] = "one finding for the mixture of ",
                                        [MR_ID_ALL] = "one finding for all substances taken of ",
                                        [MR_ID_SAME] =
                                            "one finding for each group with two or more substances taken of ",
                                        [MR_ID_TEST] = "one finding for the missing test, whatever the medicine: ",
                                        [MR_ID_START] = "one finding for what is missing: ",
                                        [MR_ID_ANY] = "one finding for each substance taken",
                                        [MR_ID_PATIENT] = "one finding for the patient"};
    mr_buf text;
    mr_buf_init(&text, 4096);
    mr_buf_adds(&text, forms[id->form]);
    mr_buf_addsp(&text, id->word);
    if (id->word.ptr && id->n_groups) mr_buf_adds(&text, "; implicated: ");
    for (size_t i = 0; i < id->n_groups; i++) {
        if (i) mr_buf_adds(&text, ", ");
        mr_buf_addsp(&text, rules->groups[id->groups[i]].name);
    }
    put(out, "identity:", mr_buf_span(&text));
    mr_buf_free(&text);
}

static void put_group(mr_buf *out, const mr_group *g) {
    mr_buf text;
    mr_buf_init(&text, 1u << 16);
    mr_buf_printf(&text, "%.*s = ", MR_SPAN_ARG(g->name));
    for (size_t i = 0; i < g->n_members; i++)
        mr_buf_printf(&text, "%s%.*s", i ? ", " : "", MR_SPAN_ARG(g->members[i].substance));
    mr_buf_printf(&text, " [%.*s]", MR_SPAN_ARG(g->source));
    put(out, "drug group:", mr_buf_span(&text));
    mr_buf_free(&text);
}

/* ---- what the conditions name, each once ---- */

typedef struct named {
    bool groups[MR_MAX_GROUPS];
    const mr_ruleset *rules;
} named;

static void collect_groups(const mr_node *n, named *ret) {
    if (!n) return;
    if (n->group < ret->rules->n_groups) ret->groups[n->group] = true;
    if (n->group2 < ret->rules->n_groups) ret->groups[n->group2] = true;
    for (size_t i = 0; i < n->n_kids; i++) collect_groups(n->kids[i], ret);
}

static bool asks_for(const mr_node *n, uint16_t concept) {
    if (!n) return false;
    if (n->concept == concept) return true;
    for (size_t i = 0; i < n->n_kids; i++)
        if (asks_for(n->kids[i], concept)) return true;
    return false;
}

static bool asks_score(const mr_node *n, uint16_t scale) {
    if (!n) return false;
    if (n->scale == scale) return true;
    for (size_t i = 0; i < n->n_kids; i++)
        if (asks_score(n->kids[i], scale)) return true;
    return false;
}

static void put_concept(mr_buf *out, const mr_ruleset *rules, uint16_t concept) {
    mr_buf text;
    mr_buf_init(&text, 1024);
    mr_buf_printf(&text, "%.*s = %.*s", MR_SPAN_ARG(rules->concepts[concept]),
                  MR_SPAN_ARG(mr_ruleset_concept_title(rules, concept)));
    if (!rules->concept_loaded[concept]) mr_buf_adds(&text, " (no codes are loaded: the rule cannot be assessed)");
    put(out, "concept:", mr_buf_span(&text));
    mr_buf_free(&text);
}

static void put_scale(mr_buf *out, const mr_scale *s) {
    mr_buf text;
    mr_buf_init(&text, 4096);
    mr_buf_printf(&text, "%.*s, version %.*s, %zu substances [%.*s]", MR_SPAN_ARG(s->name), MR_SPAN_ARG(s->version),
                  s->n_scores, MR_SPAN_ARG(s->source));
    put(out, "scale:", mr_buf_span(&text));
    mr_buf_free(&text);
}

static void put_names(mr_buf *out, const mr_ruleset *rules, const mr_rule *r) {
    named used = {.rules = rules};
    collect_groups(r->when, &used);
    collect_groups(r->indicator, &used);
    for (size_t i = 0; i < rules->n_groups; i++)
        if (used.groups[i]) put_group(out, &rules->groups[i]);
    for (size_t i = 0; i < rules->n_concepts; i++)
        if (asks_for(r->when, (uint16_t)i) || asks_for(r->indicator, (uint16_t)i)) put_concept(out, rules, (uint16_t)i);
    for (size_t i = 0; i < rules->n_scales; i++)
        if (asks_score(r->when, (uint16_t)i)) put_scale(out, &rules->scales[i]);
}

static void put_examples(mr_buf *out, const mr_rule *r) {
    mr_buf_printf(out, "examples:       %zu, as they stand in %.*s\n", r->n_examples, MR_SPAN_ARG(r->file));
    for (size_t i = 0; i < r->n_examples; i++) mr_buf_addsp(out, r->examples[i].text);
}

void mr_rules_show(const mr_ruleset *rules, const mr_rule *r, mr_buf *out) {
    mr_buf_printf(out, "%.*s  %.*s\n\n", MR_SPAN_ARG(r->id), MR_SPAN_ARG(r->title));
    mr_buf_printf(out, "%-*s%.*s %.*s, version %.*s, %s, tier %u\n", LABEL, "set:", MR_SPAN_ARG(r->tool),
                  MR_SPAN_ARG(r->criterion), MR_SPAN_ARG(r->version), r->state == MR_RULE_ACTIVE ? "active" : "draft",
                  r->tier);
    put(out, "source:", r->source);
    mr_buf_printf(out, "%-*s%s, %s, first reviewer %.*s\n", LABEL, "severity:", mr_severity_text(r->severity),
                  mr_urgency_text(r->urgency), MR_SPAN_ARG(r->reviewer));
    put(out, "when:", r->when_text);
    put(out, "indicator:", r->indicator_text);
    put(out, "action:", r->action);
    put(out, "goes away when:", r->goes_away_when);
    put(out, "note:", r->note);
    mr_buf_printf(out, "%-*s%.*s (%.*s)\n", LABEL, "harm:", MR_SPAN_ARG(rules->harms[r->harm].title),
                  MR_SPAN_ARG(rules->harms[r->harm].key));
    put_identity(out, rules, &r->identity);
    if (r->ladder.ptr) mr_buf_printf(out, "%-*s%.*s, rung %u\n", LABEL, "ladder:", MR_SPAN_ARG(r->ladder), r->rung);
    put_names(out, rules, r);
    put_examples(out, r);
}
