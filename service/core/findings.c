/* Runs all rules on one record and makes one review of what they say. */
#include "account.h"
#include "candidate.h"
#include "rule_index.h"

#include <stdlib.h>
#include <string.h>

/* A rule that ran and is true, or could be. */
typedef struct verdict {
    const mr_rule *rule;
    mr_evaluation e;
} verdict;

/* A rule and one datum it waits for. */
typedef struct waiting {
    mr_span rule;
    mr_missing missing;
} waiting;

typedef struct running {
    mr_sight sight;
    const mr_run *run;
    bool under_18, end_of_life, unloaded;
    verdict *verdicts;
    size_t n_verdicts, cap_verdicts;
    waiting *waiting;
    size_t n_waiting, cap_waiting;
    mr_trace *traces;
    size_t n_traces, cap_traces;
    mr_prompt *prompts;
    size_t n_prompts, cap_prompts;
    bool *off;            /* beside the rules */
    const uint64_t *near; /* a bit a rule; NULL: all */
} running;

/* ---- which rules run ---- */

static bool holds(const mr_sight *s, const char *concept) {
    uint16_t c = mr_ruleset_concept(s->rules, mr_span_of(concept));
    if (c == MR_NO_NUMBER || !s->rules->concept_loaded[c]) return false;
    mr_node has = {.op = MR_OP_HAS, .concept = c};
    return mr_atom_has(s, &has, NULL) == MR_TRUE;
}

static bool surely_under_18(const mr_sight *s) {
    mr_when birth = s->record->patient.birth;
    return mr_when_given(birth) && mr_age_years(birth.lo, s->as_of) < 18;
}

static bool is_listed(const mr_span *ids, size_t n, mr_span id) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_eq(ids[i], id)) return true;
    return false;
}

static bool is_disabled(const mr_run *run, mr_span id) {
    return is_listed(run->disabled, run->n_disabled, id) || is_listed(run->withdrawn, run->n_withdrawn, id);
}

/* START and the comparators ask whether a life is long enough for prevention. */
static bool held_back_at_the_end(const mr_rule *r) {
    return mr_span_is(r->tool, "START-v3") || mr_span_is(r->tool, "NHS-comparators");
}

static const mr_node *tree_of(const running *k, const mr_rule *r) {
    if (r->state == MR_RULE_DRAFT && !k->run->include_draft) return NULL;
    if (k->under_18 && !r->children) return NULL;
    if (k->end_of_life && held_back_at_the_end(r)) return NULL;
    if (is_disabled(k->run, r->id)) return NULL;
    return k->run->indicator && r->indicator ? r->indicator : r->when;
}

/* ---- running ---- */

static bool wait_add(running *k, const mr_rule *r, mr_missing m) {
    waiting w = {r->id, m};
    return MR_PUSH(k->sight.arena, k->waiting, k->n_waiting, k->cap_waiting, w);
}

/* Concepts without codes make a rule unassessable, whatever else is true of the patient: said in every review. */
static bool tell_unloaded(running *k, const mr_rule *r, const mr_node *n) {
    bool by_concept = n->concept != MR_NO_NUMBER && n->op != MR_OP_SEX;
    if (n->op == MR_OP_AND || n->op == MR_OP_OR || n->op == MR_OP_NOT || n->op == MR_OP_COUNT) {
        for (size_t i = 0; i < (n->op == MR_OP_NOT ? 1 : n->n_kids); i++)
            if (!tell_unloaded(k, r, n->kids[i])) return false;
        return true;
    }
    if (!by_concept || mr_ruleset_loaded(k->sight.rules, n)) return true;
    mr_account a = {.arena = k->sight.arena};
    mr_missing_codes(&k->sight, n, &a);
    return !a.full && wait_add(k, r, a.missing[0]);
}

/* A person has to judge the rest of it, so it is shown where it surely applies, and waits for nothing. */
static bool prompt_keep(running *k, const mr_rule *r, const mr_evaluation *e) {
    if (e->value != MR_TRUE) return true;
    mr_span text = mr_arena_printf(k->sight.arena, "%.*s. %.*s", MR_SPAN_ARG(r->title), MR_SPAN_ARG(r->action));
    mr_prompt x = {r, text, e->evidence, e->n_evidence};
    return text.ptr && MR_PUSH(k->sight.arena, k->prompts, k->n_prompts, k->cap_prompts, x);
}

static bool verdict_keep(running *k, const mr_rule *r, const mr_evaluation *e) {
    verdict v = {r, *e};
    if (r->prompt) return prompt_keep(k, r, e);
    if (e->value == MR_TRUE || e->possible)
        return MR_PUSH(k->sight.arena, k->verdicts, k->n_verdicts, k->cap_verdicts, v);
    for (size_t i = 0; i < e->n_missing; i++)
        if (e->missing[i].kind == MR_MISSING_DATUM && !wait_add(k, r, e->missing[i])) return false;
    return true;
}

static mr_rc rule_run(running *k, const mr_rule *r, const mr_node *tree, mr_error *err) {
    mr_evaluation e;
    bool unloaded = k->unloaded && (!k->near || mr_rule_unloaded(k->sight.rules, (size_t)(r - k->sight.rules->rules)));
    if (unloaded && !r->prompt && !tell_unloaded(k, r, tree)) return mr_arena_why(k->sight.arena, err);
    if (!k->run->explain && mr_sight_value(&k->sight, tree) == MR_FALSE) return MR_OK;
    mr_rc rc = mr_sight_run(&k->sight, tree, k->run->explain, &e, err);
    if (rc != MR_OK) return rc;
    mr_trace t = {r, e.value, e.possible, e.parts, e.n_parts};
    if (k->run->explain && !MR_PUSH(k->sight.arena, k->traces, k->n_traces, k->cap_traces, t))
        return mr_arena_why(k->sight.arena, err);
    return verdict_keep(k, r, &e) ? MR_OK : mr_arena_why(k->sight.arena, err);
}

/* ---- ladders: only the highest true rung counts ---- */

static bool outdone(const running *k, const verdict *v) {
    for (size_t i = 0; v->rule->ladder.len && i < k->n_verdicts; i++) {
        const verdict *o = &k->verdicts[i];
        if (!mr_span_eq(o->rule->ladder, v->rule->ladder)) continue;
        bool surer = o->e.value > v->e.value, as_sure = o->e.value == v->e.value;
        if (surer || (as_sure && o->rule->rung > v->rule->rung)) return true;
    }
    return false;
}

/* ---- what could not be assessed ---- */

static int waiting_order(const void *left, const void *right) {
    const waiting *a = left, *b = right;
    int c = mr_span_cmp(a->missing.what, b->missing.what);
    if (!c) c = mr_span_cmp(a->rule, b->rule);
    return c ? c : mr_span_cmp(a->missing.settled_by, b->missing.settled_by);
}

static bool cannot_fill(running *k, mr_assessment *ret) {
    mr_cannot_assess *v = MR_NEW_N(k->sight.arena, mr_cannot_assess, k->n_waiting);
    mr_span *rules = MR_NEW_N(k->sight.arena, mr_span, k->n_waiting);
    size_t n = 0, used = 0;
    if (!v || !rules) return false;
    if (k->n_waiting) qsort(k->waiting, k->n_waiting, sizeof *k->waiting, waiting_order);
    for (size_t i = 0; i < k->n_waiting; i++) {
        const waiting *w = &k->waiting[i];
        if (!n || !mr_span_eq(v[n - 1].missing, w->missing.what))
            v[n++] = (mr_cannot_assess){
                .missing = w->missing.what, .rules = &rules[used], .settled_by = w->missing.settled_by};
        mr_cannot_assess *c = &v[n - 1];
        if (mr_span_cmp(w->missing.settled_by, c->settled_by) < 0) c->settled_by = w->missing.settled_by;
        if (c->n_rules && mr_span_eq(c->rules[c->n_rules - 1], w->rule)) continue;
        rules[used++] = w->rule;
        c->n_rules++;
    }
    ret->cannot = v;
    ret->n_cannot = n;
    return true;
}

/* ---- the review ---- */

static bool findings_fill(running *k, mr_assessment *ret) {
    mr_candidates c = {.v = NULL};
    for (size_t i = 0; i < k->n_verdicts; i++) {
        const verdict *v = &k->verdicts[i];
        if (!outdone(k, v) && !mr_identity_split(k->sight.rules, v->rule, &v->e, k->sight.arena, &c)) return false;
    }
    return mr_candidates_join(&c, k->run, k->sight.record->patient.id, k->sight.arena, &ret->findings,
                              &ret->n_findings);
}

/* The index is that of `when`. */
static bool worth_a_visit(const running *k, size_t rule) {
    if (!k->near || k->run->explain || k->run->indicator) return true;
    if (k->near[rule / 64] >> (rule % 64) & 1) return true;
    return k->unloaded && mr_rule_unloaded(k->sight.rules, rule);
}

static mr_rc rules_run(running *k, mr_assessment *ret, mr_error *err) {
    const mr_ruleset *rules = k->sight.rules;
    for (size_t c = 0; c < rules->n_concepts; c++) k->unloaded = k->unloaded || !rules->concept_loaded[c];
    k->under_18 = surely_under_18(&k->sight);
    k->end_of_life = holds(&k->sight, "end-of-life") || holds(&k->sight, "palliative");
    k->off = MR_NEW_N(k->sight.arena, bool, rules->n_rules);
    if (!k->off || !mr_rules_near(&k->sight, &k->near)) return mr_arena_why(k->sight.arena, err);
    for (size_t i = 0; i < rules->n_rules; i++) k->off[i] = !tree_of(k, &rules->rules[i]);
    k->sight.off = k->off;
    for (size_t i = 0; i < rules->n_rules; i++) {
        if (k->off[i] || !worth_a_visit(k, i)) continue;
        mr_rc rc = rule_run(k, &rules->rules[i], tree_of(k, &rules->rules[i]), err);
        if (rc != MR_OK) return rc;
    }
    if (!findings_fill(k, ret) || !cannot_fill(k, ret)) return mr_arena_why(k->sight.arena, err);
    ret->traces = k->traces;
    ret->n_traces = k->n_traces;
    ret->prompts = k->prompts;
    ret->n_prompts = k->n_prompts;
    return MR_OK;
}

mr_rc mr_rules_run(const mr_ruleset *rules, const mr_record *record, const mr_run *run, mr_arena *a, mr_assessment *ret,
                   mr_error *err) {
    running k = {.run = run};
    mr_assessment out = {.findings = NULL};
    mr_rc rc = mr_sight_open(&k.sight, rules, record, run->as_of, a, err);
    if (rc != MR_OK) return rc;
    out.burden = k.sight.burden;
    const mr_patient *p = &record->patient;
    if (!p->deceased && !p->inactive && !p->replaced_by.len) {
        rc = rules_run(&k, &out, err);
        if (rc != MR_OK) return rc;
        if (!run->bare && (!mr_conversation_choose(&k.sight, &out) || !mr_patient_text(&k.sight, &out)))
            return mr_arena_why(a, err);
    }
    *ret = out;
    return MR_OK;
}
