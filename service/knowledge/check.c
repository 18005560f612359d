/* What must hold between a rule and its parts, and between rules. The readers have seen to form and names. */
#include "pack.h"

static void complain_rule(mr_pack *p, const mr_rule *r, const char *reason) {
    mr_place at = {.file = r->file, .line = r->line};
    mr_complain(p->complaints, at, "rule %.*s: %s", MR_SPAN_ARG(r->id), reason);
}

/* ---- identity ---- */

/* Is the group asked for in the condition, not under a "not"? A group that must be absent identifies nothing. */
static bool in_set(const mr_set *set, uint16_t group) {
    for (size_t i = 0; set && i < set->n_terms; i++)
        if (set->terms[i].group == group || set->terms[i].group == MR_ANY_GROUP) return true;
    return false;
}

static bool asked_for(const mr_node *n, uint16_t group, bool negated, bool wanted_negated) {
    if (!n) return true; /* the condition was complained about */
    bool mine = n->group == group || n->group2 == group || in_set(n->set, group) || in_set(n->set2, group);
    /* A total is made of whatever scores: its parts are told by their groups. */
    bool total = n->op == MR_OP_COMPARE && (n->quantity == MR_Q_SCORE_ONE || n->quantity == MR_Q_SCORE_RISE ||
                                            n->quantity == MR_Q_SCALE_DIFFERENCE || n->quantity == MR_Q_EQUIVALENT ||
                                            n->quantity == MR_Q_EQUIVALENT_MEAN);
    if (negated == wanted_negated && (mine || total || n->group == MR_ANY_GROUP)) return true;
    bool inner = n->op == MR_OP_NOT ? !negated : negated;
    for (size_t i = 0; i < n->n_kids; i++)
        if (asked_for(n->kids[i], group, inner, wanted_negated)) return true;
    return false;
}

static void check_identity(mr_pack *p, const mr_rule *r) {
    const mr_identity *id = &r->identity;
    for (size_t i = 0; i < id->n_groups; i++) {
        mr_span name = p->rules->groups[id->groups[i]].name;
        mr_place at = {.file = r->file, .line = r->line};
        if (!asked_for(r->when, id->groups[i], false, false))
            mr_complain(p->complaints, at,
                        "rule %.*s: identity group \"%.*s\" is not in \"when\", or only under \"not\"",
                        MR_SPAN_ARG(r->id), MR_SPAN_ARG(name));
        if (r->indicator && !asked_for(r->indicator, id->groups[i], false, false))
            mr_complain(p->complaints, at,
                        "rule %.*s: identity group \"%.*s\" is not in \"indicator\", or only under \"not\"",
                        MR_SPAN_ARG(r->id), MR_SPAN_ARG(name));
    }
    bool needs_groups = id->form == MR_ID_EACH || id->form == MR_ID_MIXTURE || id->form == MR_ID_ALL ||
                        id->form == MR_ID_SAME || id->form == MR_ID_TEST;
    if (needs_groups && id->n_groups == 0) complain_rule(p, r, "its identity names no drug group");
    if (id->form != MR_ID_START) return;
    uint16_t group = mr_ruleset_group(p->rules, id->word);
    if (group != MR_NO_NUMBER && !asked_for(r->when, group, false, true))
        complain_rule(p, r, "the group that is missing (start:) does not stand under \"not\" in \"when\"");
}

/* ---- other rules ---- */

static void check_tools(mr_pack *p, const mr_rule *r, const mr_node *n) {
    for (size_t t = 0; n && t < n->n_tools; t++) {
        bool known = false;
        for (size_t i = 0; i < p->rules->n_rules && !known; i++)
            known = mr_span_eq(p->rules->rules[i].tool, n->tools[t]);
        mr_place at = {.file = r->file, .line = r->line};
        if (!known)
            mr_complain(p->complaints, at, "rule %.*s: \"any finding\": no rule is of the tool \"%.*s\"",
                        MR_SPAN_ARG(r->id), MR_SPAN_ARG(n->tools[t]));
    }
    for (size_t i = 0; n && i < n->n_kids; i++) check_tools(p, r, n->kids[i]);
}

static void check_prompt(mr_pack *p, const mr_rule *r) {
    if (r->prompt && r->tier != 4) complain_rule(p, r, "a prompt needs a person's judgement: its tier is 4");
    if (r->prompt && r->ladder.ptr) complain_rule(p, r, "a prompt stands on no ladder");
}

/* ---- ladders ---- */

static void check_rung(mr_pack *p, const mr_rule *r) {
    bool lower_seen = r->rung == 1;
    if (r->identity.form != MR_ID_PATIENT)
        complain_rule(p, r, "a ladder counts for the patient: its identity is \"patient\"");
    for (size_t i = 0; i < p->rules->n_rules; i++) {
        const mr_rule *o = &p->rules->rules[i];
        if (!mr_span_eq(o->ladder, r->ladder) || !o->ladder.ptr) continue;
        lower_seen |= o->rung + 1 == r->rung;
        if (o->harm != r->harm) complain_rule(p, r, "another rung of its ladder has another harm");
        if (o->rung < r->rung && o->severity > r->severity)
            complain_rule(p, r, "a lower rung of its ladder is more severe");
        if (o->rung < r->rung && o->urgency > r->urgency)
            complain_rule(p, r, "a lower rung of its ladder is more urgent");
    }
    if (!lower_seen) complain_rule(p, r, "its ladder has no rung just below this one");
}

/* ---- examples ---- */

static void check_examples(mr_pack *p, const mr_rule *r) {
    size_t fires = 0, silent = 0, fires_indicator = 0;
    for (size_t i = 0; i < r->n_examples; i++) {
        const mr_example *e = &r->examples[i];
        fires += e->expect == MR_TRUE && !e->indicator;
        silent += e->expect == MR_FALSE && !e->indicator;
        fires_indicator += e->expect == MR_TRUE && e->indicator;
        if (!e->indicator || r->indicator_text.ptr) continue;
        mr_place at = {.file = r->file, .line = e->line};
        mr_complain(p->complaints, at, "rule %.*s: an example of form indicator, but the rule has no \"indicator\"",
                    MR_SPAN_ARG(r->id));
    }
    if (!fires) complain_rule(p, r, "no example in which it fires");
    if (!silent) complain_rule(p, r, "no example in which it is silent");
    if (r->indicator_text.ptr && !fires_indicator) complain_rule(p, r, "no example in which its indicator fires");
}

static void check_doubles(mr_pack *p, const mr_rule *r, const mr_rule *next) {
    if (mr_span_eq(r->tool, next->tool) && mr_span_eq(r->criterion, next->criterion) &&
        mr_span_eq(r->title, next->title))
        complain_rule(p, next, "same set, criterion and title as the rule before it");
}

void mr_pack_check(mr_pack *p) {
    for (size_t i = 0; i < p->rules->n_rules; i++) {
        const mr_rule *r = &p->rules->rules[i];
        check_identity(p, r);
        check_prompt(p, r);
        check_tools(p, r, r->when);
        if (r->ladder.ptr) check_rung(p, r);
        if (p->examples || r->examples) check_examples(p, r);
        if (i + 1 < p->rules->n_rules) check_doubles(p, r, &p->rules->rules[i + 1]);
    }
}
