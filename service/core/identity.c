/* Which substances a finding is about (clusters.md, "How identity is computed").
 *
 * The identity names substances and never groups or resources: groups may be widened and statements re-issued, and the
 * finding a person has dismissed stays the same finding. */
#include "candidate.h"

#include <stdlib.h>
#include <string.h>

static int span_order(const void *left, const void *right) {
    const mr_span *a = left, *b = right;
    return mr_span_cmp(*a, *b);
}

static bool among(const mr_identity *id, uint16_t group) {
    for (size_t i = 0; i < id->n_groups; i++)
        if (id->groups[i] == group) return true;
    return false;
}

/* The matches that can identify. */
typedef struct culprits {
    const mr_match **v;
    size_t n;
} culprits;

/* The ways to tell a culprit, best first. */
typedef enum telling { BY_PART, BY_SUBSTANCE, ALL_OF_THEM } telling;

static bool is_culprit(const mr_identity *id, const mr_match *m, telling how) {
    if (how == BY_PART) return among(id, m->group);
    for (size_t g = 0; how == BY_SUBSTANCE && g < id->n_groups; g++)
        if (mr_bits_has(&m->ingredient->groups, id->groups[g])) return true;
    return how == ALL_OF_THEM;
}

/* Those of the parts that name an identity group. Where no part names one, those whose substance is in one; where none
 * is, all: a finding without identity would be lost. */
static bool culprits_of(const mr_rule *rule, const mr_evaluation *e, mr_arena *a, culprits *ret) {
    ret->n = 0;
    ret->v = MR_NEW_N(a, const mr_match *, e->n_matches);
    for (int how = BY_PART; ret->v && !ret->n && how <= ALL_OF_THEM; how++)
        for (size_t i = 0; i < e->n_matches; i++)
            if (e->matches[i].group != MR_NO_NUMBER && is_culprit(&rule->identity, &e->matches[i], (telling)how))
                ret->v[ret->n++] = &e->matches[i];
    return ret->v != NULL;
}

/* Distinct substances of the culprits, sorted; of one group only unless `group` is MR_NO_NUMBER. */
static bool substances_of(const culprits *c, uint16_t group, mr_arena *a, mr_span **ret, size_t *ret_n) {
    mr_span *v = MR_NEW_N(a, mr_span, c->n);
    size_t n = 0, kept = 0;
    if (!v) return false;
    for (size_t i = 0; i < c->n; i++)
        if (group == MR_NO_NUMBER || c->v[i]->group == group) v[n++] = c->v[i]->ingredient->substance;
    if (n) qsort(v, n, sizeof *v, span_order);
    for (size_t i = 0; i < n; i++)
        if (!kept || !mr_span_eq(v[kept - 1], v[i])) v[kept++] = v[i];
    *ret = v;
    *ret_n = kept;
    return true;
}

static bool has_substance(const mr_span *v, size_t n, mr_span s) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_eq(v[i], s)) return true;
    return false;
}

/* Medicines of the culprits that bring one of the substances (all of them when there are none), each once. */
static bool implicate(const culprits *c, mr_candidate *x, mr_arena *a) {
    x->implicated = MR_NEW_N(a, const mr_medicine *, c->n);
    if (!x->implicated) return false;
    for (size_t i = 0; i < c->n; i++) {
        bool known = x->n_substances && !has_substance(x->substances, x->n_substances, c->v[i]->ingredient->substance);
        for (size_t k = 0; k < x->n_implicated && !known; k++) known = x->implicated[k] == c->v[i]->medicine;
        if (!known) x->implicated[x->n_implicated++] = c->v[i]->medicine;
    }
    x->n_identifying = x->n_implicated;
    return true;
}

/* A burden is made of all the medicines in its total, though none of them identifies it. */
static bool implicate_parts(const mr_evaluation *e, mr_candidate *x, mr_arena *a) {
    const mr_medicine **v = MR_NEW_N(a, const mr_medicine *, x->n_implicated + e->n_matches);
    if (!v) return false;
    if (x->n_implicated) memcpy(v, x->implicated, x->n_implicated * sizeof *v);
    x->implicated = v;
    for (size_t i = 0; i < e->n_matches; i++) {
        bool known = e->matches[i].group != MR_NO_NUMBER;
        for (size_t k = 0; k < x->n_implicated && !known; k++) known = v[k] == e->matches[i].medicine;
        if (!known) v[x->n_implicated++] = e->matches[i].medicine;
    }
    return true;
}

/* Evidence about another culprit belongs to that culprit's finding. */
static bool evidence_of_mine(const culprits *c, mr_candidate *x, const mr_evaluation *e, mr_arena *a) {
    x->evidence = MR_NEW_N(a, mr_evidence, e->n_evidence);
    if (!x->evidence) return false;
    for (size_t i = 0; i < e->n_evidence; i++) {
        bool others = false, mine = false;
        for (size_t k = 0; k < c->n; k++)
            others = others || mr_span_eq(c->v[k]->medicine->reference, e->evidence[i].reference);
        for (size_t k = 0; k < x->n_implicated; k++)
            mine = mine || mr_span_eq(x->implicated[k]->reference, e->evidence[i].reference);
        if (mine || !others || !e->evidence[i].reference.len) x->evidence[x->n_evidence++] = e->evidence[i];
    }
    return true;
}

static mr_span joined(const mr_span *v, size_t n, mr_arena *a) {
    mr_span all = n ? v[0] : MR_SPAN("");
    for (size_t i = 1; i < n && all.ptr; i++)
        all = mr_arena_printf(a, "%.*s,%.*s", MR_SPAN_ARG(all), MR_SPAN_ARG(v[i]));
    return all;
}

/* What all candidates of one rule share. */
typedef struct splitting {
    const mr_rule *rule;
    const mr_evaluation *e;
    mr_candidate base;
    culprits culprits;
    mr_arena *arena;
    mr_candidates *out;
} splitting;

static bool put_word(splitting *k, mr_span identity) {
    mr_candidate x = k->base;
    x.identity = identity;
    return identity.ptr && implicate(&k->culprits, &x, k->arena) &&
           (!mr_span_is(identity, "patient") || implicate_parts(k->e, &x, k->arena)) &&
           evidence_of_mine(&k->culprits, &x, k->e, k->arena) &&
           MR_PUSH(k->arena, k->out->v, k->out->n, k->out->cap, x);
}

static bool put_substances(splitting *k, mr_span *substances, size_t n) {
    mr_candidate x = k->base;
    x.substances = substances;
    x.n_substances = n;
    x.identity = joined(substances, n, k->arena);
    return x.identity.ptr && implicate(&k->culprits, &x, k->arena) &&
           evidence_of_mine(&k->culprits, &x, k->e, k->arena) &&
           MR_PUSH(k->arena, k->out->v, k->out->n, k->out->cap, x);
}

static bool put_each(splitting *k) {
    mr_span *v;
    size_t n;
    if (!substances_of(&k->culprits, MR_NO_NUMBER, k->arena, &v, &n)) return false;
    for (size_t i = 0; i < n; i++)
        if (!put_substances(k, &v[i], 1)) return false;
    return true;
}

static bool put_mixture(splitting *k) {
    mr_span *v;
    size_t n;
    return substances_of(&k->culprits, MR_NO_NUMBER, k->arena, &v, &n) && put_substances(k, v, n);
}

static bool put_same(splitting *k) {
    for (size_t g = 0; g < k->rule->identity.n_groups; g++) {
        mr_span *v;
        size_t n;
        if (!substances_of(&k->culprits, k->rule->identity.groups[g], k->arena, &v, &n)) return false;
        if (n >= 2 && !put_substances(k, v, n)) return false;
    }
    return true;
}

bool mr_identity_split(const mr_ruleset *rules, const mr_rule *rule, const mr_evaluation *e, mr_arena *a,
                       mr_candidates *out) {
    mr_certainty certainty = e->value == MR_TRUE ? MR_DEFINITE : MR_POSSIBLE;
    bool sooner = certainty == MR_POSSIBLE && rule->urgency == MR_SAME_DAY;
    splitting k = {.rule = rule, .e = e, .arena = a, .out = out};
    k.base = (mr_candidate){.rule = rule, .harm = &rules->harms[rule->harm], .certainty = certainty};
    k.base.urgency = sooner ? MR_WITHIN_1_WEEK : rule->urgency;
    k.base.missing = e->missing;
    k.base.n_missing = certainty == MR_POSSIBLE ? e->n_missing : 0;
    if (!culprits_of(rule, e, a, &k.culprits)) return false;
    mr_identity_form form = k.culprits.n ? rule->identity.form : MR_ID_PATIENT;
    if (rule->identity.form == MR_ID_TEST)
        return put_word(&k, mr_arena_printf(a, "test:%.*s", MR_SPAN_ARG(rule->identity.word)));
    if (rule->identity.form == MR_ID_START)
        return put_word(&k, mr_arena_printf(a, "start:%.*s", MR_SPAN_ARG(rule->identity.word)));
    switch (form) {
    case MR_ID_EACH:
    case MR_ID_ANY: return put_each(&k);
    case MR_ID_MIXTURE:
    case MR_ID_ALL: return put_mixture(&k);
    case MR_ID_SAME: return put_same(&k);
    default: return put_word(&k, MR_SPAN("patient"));
    }
}
