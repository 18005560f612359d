/* Runs all rules on one record and makes one review of what they say. */
#include "account.h"
#include "candidate.h"
#include "rule_index.h"
#include "text.h"
#include "waits.h"

/* A rule that ran and is true, or could be. */
typedef struct verdict {
    const mr_rule *rule;
    mr_evaluation e;
} verdict;

typedef struct running {
    mr_sight sight;
    const mr_run *run;
    const struct mr_rule_index *index;
    mr_waits waits;
    mr_account scratch; /* of rules that only wait */
    verdict *verdicts;
    size_t n_verdicts, cap_verdicts;
    mr_trace *traces;
    size_t n_traces, cap_traces;
    mr_prompt *prompts;
    size_t n_prompts, cap_prompts;
    uint64_t *off, *far; /* bits beside the rules */
} running;

/* ---- which rules run ---- */

static bool holds(const mr_sight *s, uint16_t concept) {
    if (concept == MR_NO_NUMBER || !s->rules->concept_loaded[concept]) return false;
    mr_node has = {.op = MR_OP_HAS, .concept = concept};
    return mr_atom_has(s, &has, NULL) == MR_TRUE;
}

static bool surely_under_18(const mr_sight *s) {
    mr_when birth = s->record->patient.birth;
    return mr_when_given(birth) && mr_age_years(birth.lo, s->as_of) < 18;
}

static void switch_off(running *k, const mr_span *ids, size_t n) {
    const mr_ruleset *rules = k->sight.rules;
    for (size_t i = 0; i < n; i++) {
        const mr_rule *r = mr_ruleset_rule(rules, ids[i]);
        if (r) k->off[(size_t)(r - rules->rules) / 64] |= (uint64_t)1 << ((size_t)(r - rules->rules) % 64);
    }
}

static void off_fill(running *k) {
    const struct mr_rule_index *x = k->index;
    bool under_18 = surely_under_18(&k->sight);
    bool end_of_life = holds(&k->sight, x->end_of_life) || holds(&k->sight, x->palliative);
    for (size_t w = 0; w < x->words; w++) {
        if (!k->run->include_draft) k->off[w] |= x->draft[w];
        if (under_18) k->off[w] |= ~x->children[w];
        if (end_of_life) k->off[w] |= x->held[w];
    }
    switch_off(k, k->run->disabled, k->run->n_disabled);
    switch_off(k, k->run->withdrawn, k->run->n_withdrawn);
}

static const mr_node *tree_of(const running *k, const mr_rule *r) {
    return k->run->indicator && r->indicator ? r->indicator : r->when;
}

/* ---- running ---- */

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
    return !a.full && mr_waits_add(&k->waits, (size_t)(r - k->sight.rules->rules), &a.missing[0]);
}

static bool tell_all_unloaded(running *k) {
    const mr_ruleset *rules = k->sight.rules;
    for (size_t i = 0; k->run->indicator && i < rules->n_rules; i++)
        if (!mr_rule_bit(k->off, i) && !rules->rules[i].prompt &&
            !tell_unloaded(k, &rules->rules[i], tree_of(k, &rules->rules[i])))
            return false;
    for (size_t i = 0; !k->run->indicator && i < k->index->n_untold; i++) {
        const mr_untold *x = &k->index->untold[i];
        if (!mr_rule_bit(k->off, x->rule) && !mr_waits_add(&k->waits, x->rule, &x->missing)) return false;
    }
    return true;
}

static bool waits_keep(running *k, const mr_rule *r, const mr_missing *v, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (v[i].kind == MR_MISSING_DATUM && !mr_waits_add(&k->waits, (size_t)(r - k->sight.rules->rules), &v[i]))
            return false;
    return true;
}

/* A person has to judge the rest of it, so it is shown where it surely applies, and waits for nothing. */
static bool prompt_keep(running *k, const mr_rule *r, const mr_evaluation *e) {
    if (e->value != MR_TRUE) return true;
    mr_span text = MR_JOIN(k->sight.arena, r->title, MR_SPAN(". "), r->action);
    mr_prompt x = {r, text, e->evidence, e->n_evidence};
    return text.ptr && MR_PUSH(k->sight.arena, k->prompts, k->n_prompts, k->cap_prompts, x);
}

static bool verdict_keep(running *k, const mr_rule *r, const mr_evaluation *e) {
    verdict v = {r, *e};
    if (r->prompt) return prompt_keep(k, r, e);
    if (e->value == MR_TRUE || e->possible)
        return MR_PUSH(k->sight.arena, k->verdicts, k->n_verdicts, k->cap_verdicts, v);
    return k->run->bare || waits_keep(k, r, e->missing, e->n_missing);
}

/* Most rules that are unknown wait for something: that is all there is to tell of them. */
static bool waits_only(running *k, const mr_rule *r, const mr_node *tree) {
    mr_account *a = &k->scratch;
    if (r->prompt || k->run->bare) return true;
    a->n_missing = a->n_matches = a->n_evidence = 0;
    mr_sight_waits(&k->sight, tree, a);
    return !a->full && waits_keep(k, r, a->missing, a->n_missing);
}

static mr_rc rule_run(running *k, const mr_rule *r, const mr_node *tree, mr_error *err) {
    mr_evaluation e;
    mr_tri value = mr_sight_value(&k->sight, tree);
    if (!k->run->explain) {
        if (value == MR_FALSE || (r->prompt && (value != MR_TRUE || k->run->bare))) return MR_OK;
        if (value == MR_UNKNOWN && k->sight.settled)
            return waits_only(k, r, tree) ? MR_OK : mr_arena_why(k->sight.arena, err);
    }
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
static uint64_t visited(const running *k, size_t word) {
    uint64_t v = k->run->explain || k->run->indicator ? UINT64_MAX : ~k->far[word];
    size_t rest = k->sight.rules->n_rules - word * 64;
    return v & ~k->off[word] & (rest < 64 ? ((uint64_t)1 << rest) - 1 : UINT64_MAX);
}

static mr_rc visit_all(running *k, mr_error *err) {
    for (size_t w = 0; w < k->index->words; w++)
        for (uint64_t left = visited(k, w); left; left &= left - 1) {
            const mr_rule *r = &k->sight.rules->rules[w * 64 + (size_t)__builtin_ctzll(left)];
            if (!tree_of(k, r)) continue;
            mr_rc rc = rule_run(k, r, tree_of(k, r), err);
            if (rc != MR_OK) return rc;
        }
    return MR_OK;
}

static bool rules_ready(running *k) {
    mr_arena *a = k->sight.arena;
    k->index = mr_rule_index_of(k->sight.rules, a);
    if (!k->index) return false;
    k->off = MR_NEW_N(a, uint64_t, k->index->words);
    if (!k->off) return false;
    off_fill(k);
    k->sight.index = k->index;
    k->sight.off = k->off;
    k->far = mr_rules_near(&k->sight, k->index);
    for (size_t w = 0; k->far && w < k->index->words; w++) k->far[w] = ~k->far[w];
    k->sight.far = k->far;
    k->scratch.arena = a;
    k->waits = (mr_waits){.arena = a, .rules = k->sight.rules};
    return k->far && (k->run->bare || tell_all_unloaded(k));
}

static mr_rc rules_run(running *k, mr_assessment *ret, mr_error *err) {
    if (!rules_ready(k)) return mr_arena_why(k->sight.arena, err);
    mr_rc rc = visit_all(k, err);
    if (rc != MR_OK) return rc;
    if (!findings_fill(k, ret) || !mr_waits_list(&k->waits, ret)) return mr_arena_why(k->sight.arena, err);
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
