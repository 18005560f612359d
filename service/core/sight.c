/* Codes are classified once a record and not once a rule: 592 rules ask about the same hundred observations. */
#include "sight.h"

#include <string.h>

enum { MOST_HITS = 64 }; /* concepts one code counts for; the published lists reach 8 */

typedef struct hits {
    mr_concept_hit *v;
    uint32_t *fact; /* beside it: number of the condition, then of the observation */
    size_t n, cap, cap_fact;
} hits;

static bool plain(mr_code_role role) {
    return role != MR_ROLE_OTHER;
}

static bool hits_add(const mr_sight *s, hits *h, const mr_coding *codings, size_t n, uint32_t fact) {
    mr_concept_hit found[MOST_HITS];
    size_t mine = h->n;
    for (size_t i = 0; i < n; i++) {
        size_t k = mr_ruleset_code(s->rules, codings[i].system, codings[i].code, found, MOST_HITS);
        for (size_t m = 0; m < k && m < MOST_HITS; m++) {
            bool known = !plain(found[m].role) || found[m].concept >= s->rules->n_concepts;
            for (size_t x = mine; x < h->n && !known; x++)
            known = h->v[x].concept == found[m].concept && h->v[x].role == found[m].role;
            if (known) continue;
            size_t at = h->n;
            if (!MR_PUSH(s->arena, h->v, h->n, h->cap, found[m])) return false;
            if (!MR_PUSH(s->arena, h->fact, at, h->cap_fact, fact)) return false;
        }
    }
    return true;
}

static bool in_future(const mr_sight *s, mr_when w) {
    return mr_when_given(w) && w.lo > s->as_of;
}

static bool hits_collect(const mr_sight *s, hits *h) {
    const mr_record *r = s->record;
    for (size_t i = 0; i < r->n_conditions; i++) {
        const mr_condition *c = &r->conditions[i];
        mr_when dated = mr_when_given(c->recorded) ? c->recorded : c->onset;
        if (c->state == MR_FACT_EXCLUDED || in_future(s, dated)) continue;
        if (!hits_add(s, h, c->codings, c->n_codings, (uint32_t)i)) return false;
    }
    for (size_t i = 0; i < r->n_observations; i++) {
        const mr_observation *o = &r->observations[i];
        if (in_future(s, o->taken)) continue;
        if (!hits_add(s, h, o->codings, o->n_codings, (uint32_t)(r->n_conditions + i))) return false;
    }
    return true;
}

/* Counting sort by concept; stable, so facts keep the record's order. */
static bool facts_index(mr_sight *s) {
    hits h = {.v = NULL};
    size_t concepts = s->rules->n_concepts;
    if (!hits_collect(s, &h)) return false;
    s->first = MR_NEW_N(s->arena, uint32_t, concepts + 2);
    s->facts = MR_NEW_N(s->arena, mr_fact, h.n);
    if (!s->first || !s->facts) return false;
    for (size_t i = 0; i < h.n; i++) s->first[h.v[i].concept + 2]++;
    for (size_t c = 2; c < concepts + 2; c++) s->first[c] += s->first[c - 1];
    for (size_t i = 0; i < h.n; i++) {
        mr_fact *f = &s->facts[s->first[h.v[i].concept + 1]++];
        size_t k = h.fact[i], n = s->record->n_conditions;
        *f = (mr_fact){h.v[i].role, k < n ? &s->record->conditions[k] : NULL,
                       k < n ? NULL : &s->record->observations[k - n]};
    }
    return true;
}

const mr_fact *mr_sight_facts(const mr_sight *s, uint16_t concept, size_t *ret_n) {
    if (concept >= s->rules->n_concepts) {
        *ret_n = 0;
        return NULL;
    }
    *ret_n = s->first[concept + 1] - s->first[concept];
    return &s->facts[s->first[concept]];
}

static bool is_blocked(const mr_record *r) {
    for (size_t i = 0; i < r->n_not_assessed; i++)
        if (r->not_assessed[i].current && !r->not_assessed[i].not_a_medicine) return true;
    return (r->cut & MR_CUT_MEDICINES) != 0;
}

mr_rc mr_sight_open(mr_sight *s, const mr_ruleset *rules, const mr_record *record, mr_day as_of, mr_arena *a,
                    mr_error *err) {
    *s = (mr_sight){.rules = rules, .record = record, .as_of = as_of, .arena = a, .blocked = is_blocked(record)};
    if (mr_when_given(record->patient.birth)) { /* nine rules in ten ask for it */
        s->age_least = mr_age_years(record->patient.birth.hi, as_of);
        s->age_most = mr_age_years(record->patient.birth.lo, as_of);
    }
    for (size_t i = 0; i < record->n_medicines; i++) {
        const mr_medicine *m = &record->medicines[i];
        mr_bits_join(&s->ever, &m->groups);
        if (mr_medicine_taken(m) || m->unsettled) mr_bits_join(&s->taken, &m->groups);
    }
    if (!facts_index(s) || !mr_burden_compute(s)) return mr_arena_why(a, err);
    return MR_OK;
}
