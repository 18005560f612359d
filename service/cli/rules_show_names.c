/* `medreview rules show ID`, what a rule stands on: drug groups with their terms, concepts, scales; and how what it
 * stops is stopped. */
#include "rules_parts.h"

#include "medreview/core/named.h"
#include "medreview/core/stop_plan.h"

enum { TEXT_BYTES = 1 << 16 };

/* ---- drug groups ---- */

static void put_member(mr_buf *text, const mr_group_member *m) {
    mr_buf terms;
    mr_buf_init(&terms, TEXT_BYTES);
    mr_group_terms_text(m->routes, m->terms, &terms);
    mr_buf_addsp(text, m->substance);
    if (terms.len) mr_buf_printf(text, " (%s)", mr_buf_z(&terms));
    mr_buf_free(&terms);
}

/* The terms that all members share are told once. */
static bool shared_terms(const mr_group *g) {
    for (size_t i = 1; i < g->n_members; i++)
        if (g->members[i].routes != g->members[0].routes || g->members[i].terms != g->members[0].terms) return false;
    return g->n_members > 0;
}

static void put_group(mr_buf *out, const mr_group *g) {
    bool shared = shared_terms(g);
    mr_buf text;
    mr_buf_init(&text, 1u << 20);
    mr_buf_addsp(&text, g->name);
    if (g->title.len) mr_buf_printf(&text, ", %.*s", MR_SPAN_ARG(g->title));
    mr_buf_adds(&text, " = ");
    for (size_t i = 0; i < g->n_members; i++) {
        if (i) mr_buf_adds(&text, ", ");
        if (shared)
            mr_buf_addsp(&text, g->members[i].substance);
        else
            put_member(&text, &g->members[i]);
    }
    if (shared) {
        size_t before = text.len;
        mr_buf_adds(&text, "; ");
        mr_group_terms_text(g->members[0].routes, g->members[0].terms, &text);
        if (text.len == before + 2) text.len = before;
    }
    for (size_t i = 0; i < g->n_prefixes; i++)
        mr_buf_printf(&text, "; and what has %s code %.*s...", g->prefixes[i].bnf ? "BNF" : "ATC",
                      MR_SPAN_ARG(g->prefixes[i].text));
    mr_buf_printf(&text, " [%.*s]", MR_SPAN_ARG(g->source));
    mr_rules_put(out, "drug group:", mr_buf_span(&text));
    mr_buf_free(&text);
}

/* ---- concepts, scales, equivalents ---- */

static void put_concept(mr_buf *out, const mr_ruleset *rules, uint16_t concept) {
    mr_buf text;
    mr_buf_init(&text, TEXT_BYTES);
    mr_buf_printf(&text, "%.*s = %.*s", MR_SPAN_ARG(rules->concepts[concept]),
                  MR_SPAN_ARG(mr_ruleset_concept_title(rules, concept)));
    if (!rules->concept_loaded[concept]) mr_buf_adds(&text, " (no codes are loaded: the rule cannot be assessed)");
    mr_rules_put(out, "concept:", mr_buf_span(&text));
    mr_buf_free(&text);
}

static void put_scale(mr_buf *out, const mr_scale *s) {
    mr_buf text;
    mr_buf_init(&text, TEXT_BYTES);
    mr_buf_printf(&text, "%.*s, version %.*s, %zu substances [%.*s]", MR_SPAN_ARG(s->name), MR_SPAN_ARG(s->version),
                  s->n_scores, MR_SPAN_ARG(s->source));
    mr_rules_put(out, "scale:", mr_buf_span(&text));
    mr_buf_free(&text);
}

static void put_equivalent(mr_buf *out, const mr_equivalent *e) {
    mr_buf text;
    mr_buf_init(&text, TEXT_BYTES);
    mr_buf_printf(&text, "%.*s, version %.*s, %zu factors [%.*s]", MR_SPAN_ARG(e->name), MR_SPAN_ARG(e->version),
                  e->n_factors, MR_SPAN_ARG(e->source));
    mr_rules_put(out, "equivalent:", mr_buf_span(&text));
    mr_buf_free(&text);
}

void mr_rules_put_names(mr_buf *out, const mr_ruleset *rules, const mr_rule *r) {
    mr_error err = {0};
    mr_named named;
    mr_arena *a = mr_arena_new(1 << 20);
    mr_rc rc = a ? mr_rule_named(rules, r, a, &named, &err) : MR_NOMEM;
    if (rc == MR_OK) {
        for (size_t i = 0; i < rules->n_groups; i++)
            if (named.groups[i]) put_group(out, &rules->groups[i]);
        for (size_t i = 0; i < rules->n_concepts; i++)
            if (named.concepts[i]) put_concept(out, rules, (uint16_t)i);
        for (size_t i = 0; i < rules->n_scales; i++)
            if (named.scales[i]) put_scale(out, &rules->scales[i]);
        for (size_t i = 0; i < rules->n_equivalents; i++)
            if (named.equivalents[i]) put_equivalent(out, &rules->equivalents[i]);
    } else {
        out->rc = rc;
    }
    mr_arena_free(a);
}

/* ---- stopping ---- */

static bool has_substance(const mr_group *g, mr_span substance) {
    for (size_t i = 0; i < g->n_members; i++)
        if (mr_span_eq(g->members[i].substance, substance)) return true;
    return false;
}

static bool scheme_names(const mr_ruleset *rules, const mr_stop_scheme *s, mr_span substance) {
    for (size_t i = 0; i < s->n_substances; i++)
        if (mr_span_eq(s->substances[i], substance)) return true;
    for (size_t i = 0; i < s->n_groups; i++)
        if (has_substance(&rules->groups[s->groups[i]], substance)) return true;
    return false;
}

static bool scheme_fits(const mr_ruleset *rules, const mr_stop_scheme *s, const uint16_t *groups, size_t n) {
    for (size_t g = 0; g < n; g++)
        for (size_t i = 0; i < rules->groups[groups[g]].n_members; i++)
            if (scheme_names(rules, s, rules->groups[groups[g]].members[i].substance)) return true;
    return false;
}

static void put_scheme(mr_buf *out, const mr_stop_scheme *s) {
    static const char *const ways[] = {[MR_STOP_AT_ONCE] = "can be stopped at once",
                                       [MR_STOP_BETTER_SLOWLY] = "better in steps",
                                       [MR_STOP_GRADUALLY] = "never suddenly",
                                       [MR_STOP_SPECIALIST] = "never suddenly, and only by"};
    mr_buf text;
    mr_buf_init(&text, TEXT_BYTES);
    mr_buf_printf(&text, "%.*s, %.*s%s: %s; %.*s [%.*s]", MR_SPAN_ARG(s->name), MR_SPAN_ARG(s->title),
                  s->state == MR_RULE_DRAFT ? " (draft)" : "", ways[s->way], MR_SPAN_ARG(s->who),
                  MR_SPAN_ARG(s->source));
    mr_rules_put(out, "stop plan:", mr_buf_span(&text));
    mr_buf_free(&text);
}

void mr_rules_put_stops(mr_buf *out, const mr_ruleset *rules, const mr_rule *r) {
    const uint16_t *groups = r->identity.groups;
    size_t n = r->identity.n_groups;
    bool by_identity = r->stops.form == MR_STOPS_IDENTITY && r->identity.form != MR_ID_TEST;
    if (r->stops.form == MR_STOPS_ANY)
        mr_rules_put(out, "stops:", MR_SPAN("each medicine that takes part, by its own plan"));
    if (r->stops.form == MR_STOPS_GROUPS) {
        groups = r->stops.groups;
        n = r->stops.n_groups;
    } else if (!by_identity) {
        return;
    }
    for (size_t i = 0; i < rules->n_stop_schemes; i++)
        if (scheme_fits(rules, &rules->stop_schemes[i], groups, n)) put_scheme(out, &rules->stop_schemes[i]);
}
