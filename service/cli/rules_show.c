/* `medreview rules show ID`: a page about one rule, for the person who has to trust it. */
#include "rules_parts.h"

enum { LABEL = MR_RULES_LABEL, WIDTH = 110 };

/* "label:  text", broken at blanks, the later lines under the first. */
void mr_rules_put(mr_buf *out, const char *label, mr_span text) {
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
    mr_rules_put(out, "identity:", mr_buf_span(&text));
    mr_buf_free(&text);
}

static void put_kind(mr_buf *out, const mr_rule *r) {
    if (r->prompt)
        mr_rules_put(out, "prompt:", MR_SPAN("shown in the review where the condition holds; never an issue"));
    if (r->children) mr_rules_put(out, "age:", MR_SPAN("also under 18"));
    for (size_t i = 0; i < r->n_derived_from; i++) mr_rules_put(out, "split from:", r->derived_from[i]);
}

static void put_harm(mr_buf *out, const mr_harm *h) {
    mr_buf text;
    mr_buf_init(&text, 1u << 16);
    mr_buf_printf(&text, "%.*s (%.*s), lane %.*s%s", MR_SPAN_ARG(h->title), MR_SPAN_ARG(h->key), MR_SPAN_ARG(h->lane),
                  h->posts ? "" : "; shown and counted, not written as an issue");
    mr_rules_put(out, "harm:", mr_buf_span(&text));
    mr_buf_free(&text);
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
    mr_rules_put(out, "source:", r->source);
    mr_buf_printf(out, "%-*s%s, %s, first reviewer %.*s\n", LABEL, "severity:", mr_severity_text(r->severity),
                  mr_urgency_text(r->urgency), MR_SPAN_ARG(r->reviewer));
    mr_rules_put(out, "when:", r->when_text);
    mr_rules_put(out, "indicator:", r->indicator_text);
    mr_rules_put(out, "action:", r->action);
    mr_rules_put(out, "goes away when:", r->goes_away_when);
    mr_rules_put(out, "note:", r->note);
    put_kind(out, r);
    put_harm(out, &rules->harms[r->harm]);
    put_identity(out, rules, &r->identity);
    if (r->ladder.ptr) mr_buf_printf(out, "%-*s%.*s, rung %u\n", LABEL, "ladder:", MR_SPAN_ARG(r->ladder), r->rung);
    mr_rules_put_stops(out, rules, r);
    mr_rules_put_names(out, rules, r);
    put_examples(out, r);
}
