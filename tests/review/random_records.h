/* Random records that rules speak about: the records of a few rules' examples laid over each other, and medicines,
 * conditions and results drawn from all drug groups and all coded concepts. One seed, one record. */
#ifndef TESTS_REVIEW_RANDOM_RECORDS_H
#define TESTS_REVIEW_RANDOM_RECORDS_H

#include "medreview/base/embedded.h"
#include "medreview/base/rand.h"
#include "medreview/base/tsv.h"
#include "medreview/core/finding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum { CODES_MOST = 6000, UNITS_MOST = 1000 };

typedef struct code_row {
    mr_span concept, system, code, role;
} code_row;
typedef struct unit_row {
    mr_span concept, unit;
} unit_row;

/* What records are made of. */
typedef struct material {
    const mr_ruleset *rules; /* read with their examples */
    mr_day as_of;
    code_row codes[CODES_MOST];
    size_t n_codes;
    unit_row units[UNITS_MOST];
    size_t n_units;
} material;

static inline mr_span embedded_knowledge(const char *name) {
    for (const mr_embedded *e = mr_embedded_knowledge; e->name; e++)
        if (strcmp(e->name, name) == 0) return mr_embedded_bytes(e);
    fail_msg("%s is not embedded", name);
    return MR_SPAN_NONE;
}

static inline void material_read(material *m, const mr_ruleset *rules) {
    mr_tsv t;
    mr_error err = {0};
    bool more = true;
    m->rules = rules;
    m->as_of = mr_day_of((mr_date){2026, 11, 21});
    assert_int_equal(mr_tsv_open(&t, "concepts.tsv", embedded_knowledge("concepts.tsv"), &err), MR_OK);
    while (mr_tsv_next(&t, &more, &err) == MR_OK && more && m->n_codes < CODES_MOST) {
        bool sct = mr_span_is(mr_tsv_get(&t, "system"), "sct");
        m->codes[m->n_codes++] =
            (code_row){mr_tsv_get(&t, "concept"), sct ? MR_SPAN("http://snomed.info/sct") : MR_SPAN("http://loinc.org"),
                       mr_tsv_get(&t, "code"), mr_tsv_get(&t, "role")};
    }
    assert_int_equal(mr_tsv_open(&t, "units.tsv", embedded_knowledge("units.tsv"), &err), MR_OK);
    while (mr_tsv_next(&t, &more, &err) == MR_OK && more && m->n_units < UNITS_MOST)
        m->units[m->n_units++] = (unit_row){mr_tsv_get(&t, "concept"), mr_tsv_get(&t, "unit")};
    assert_true(m->n_codes > 100 && m->n_units > 50);
}

/* "MedicationStatement/m1" of example 3 is "MedicationStatement/x3m1". */
static inline mr_span renamed(mr_span reference, size_t k, mr_arena *a) {
    if (!reference.len) return reference;
    size_t at = mr_span_find(reference, '/');
    mr_span rest = mr_span_from(reference, at < reference.len ? at + 1 : 0);
    size_t head = at < reference.len ? at + 1 : 0;
    return mr_arena_printf(a, "%.*sx%zu%.*s", (int)head, reference.ptr, k, MR_SPAN_ARG(rest));
}

static inline void lay_entry(mr_raw_record *raw, const mr_entry *from, size_t k, mr_arena *a) {
    mr_entry *e = mr_raw_add_entry(raw, a);
    *e = *from;
    e->reference = renamed(e->reference, k, a);
    e->linked = MR_NEW_N(a, mr_span, e->n_linked);
    e->reasons = MR_NEW_N(a, mr_reason, e->n_reasons);
    for (size_t i = 0; i < e->n_linked; i++) e->linked[i] = renamed(from->linked[i], k, a);
    for (size_t i = 0; i < e->n_reasons; i++) {
        e->reasons[i] = from->reasons[i];
        e->reasons[i].reference = renamed(from->reasons[i].reference, k, a);
    }
}

/* The record of an example over what is there; the person is that of the first. */
static inline void lay(mr_raw_record *raw, const mr_raw_record *from, size_t k, mr_arena *a) {
    if (k == 0) raw->patient = from->patient;
    for (size_t i = 0; i < from->n_entries; i++) lay_entry(raw, &from->entries[i], k, a);
    for (size_t i = 0; i < from->n_conditions; i++) {
        mr_condition *c = mr_raw_add_condition(raw, a);
        *c = from->conditions[i];
        c->reference = renamed(c->reference, k, a);
    }
    for (size_t i = 0; i < from->n_observations; i++) {
        mr_observation *o = mr_raw_add_observation(raw, a);
        *o = from->observations[i];
        o->reference = renamed(o->reference, k, a);
    }
    for (size_t i = 0; i < from->n_allergies; i++) {
        mr_allergy *x = mr_raw_add_allergy(raw, a);
        *x = from->allergies[i];
        x->reference = renamed(x->reference, k, a);
    }
}

static inline mr_when some_time(const material *m, mr_rand *r) {
    mr_day d = m->as_of - (mr_day)mr_rand_below(r, mr_rand_below(r, 2) ? 120 : 1500);
    return (mr_when){.lo = d, .hi = d};
}

/* A medicine that is taken; `substance` lives as long as the record. */
static inline mr_entry *add_medicine(mr_raw_record *raw, mr_span substance, mr_route route, mr_span reference,
                                     mr_arena *a) {
    mr_entry *e = mr_raw_add_entry(raw, a);
    e->kind = MR_ENTRY_STATEMENT;
    e->status = MR_ST_ACTIVE;
    e->reference = reference;
    e->text = substance;
    e->understood.by = MR_REC_NAME;
    e->understood.route = route;
    e->understood.ingredients = MR_NEW(a, mr_ingredient);
    e->understood.n_ingredients = 1;
    e->understood.ingredients[0].substance = substance;
    return e;
}

static inline void random_medicine(const material *m, mr_raw_record *raw, mr_rand *r, size_t i, mr_arena *a) {
    const mr_group *g;
    do g = &m->rules->groups[mr_rand_below(r, m->rules->n_groups)];
    while (!g->n_members);
    const mr_group_member *one = &g->members[mr_rand_below(r, g->n_members)];
    mr_route route;
    do route = (mr_route)mr_rand_below(r, MR_ROUTE_COUNT);
    while (!(one->routes >> route & 1));
    mr_entry *e = add_medicine(raw, one->substance, route, mr_arena_printf(a, "MedicationStatement/r%zu", i), a);
    e->status = mr_rand_below(r, 5) ? MR_ST_ACTIVE : (mr_entry_status)mr_rand_below(r, MR_ST_DRAFT + 1);
    if (mr_rand_below(r, 3)) e->from = some_time(m, r);
    if (!mr_rand_below(r, 6)) e->until = (mr_when){.lo = m->as_of - 5, .hi = m->as_of - 5};
    e->understood.uncertain = !mr_rand_below(r, 12);
    if (!mr_rand_below(r, 25)) e->understood = (mr_understood){.by = MR_REC_NOT, .why = MR_UNREAD_NOT_RECOGNISED};
}

static inline mr_coding *coding_of(const code_row *c, mr_arena *a) {
    mr_coding *v = MR_NEW(a, mr_coding);
    *v = (mr_coding){.system = c->system, .code = c->code};
    return v;
}

static inline void random_condition(const material *m, mr_raw_record *raw, mr_rand *r, size_t i, mr_arena *a) {
    mr_condition *c = mr_raw_add_condition(raw, a);
    c->reference = mr_arena_printf(a, "Condition/r%zu", i);
    c->codings = coding_of(&m->codes[mr_rand_below(r, m->n_codes)], a);
    c->n_codings = 1;
    c->state = mr_rand_below(r, 4) ? MR_FACT_ACTIVE : (mr_fact_state)mr_rand_below(r, 4);
    c->uncertain = !mr_rand_below(r, 8);
    if (mr_rand_below(r, 4)) c->recorded = some_time(m, r);
}

static inline void random_result(const material *m, mr_raw_record *raw, mr_rand *r, size_t i, mr_arena *a) {
    const unit_row *u = &m->units[mr_rand_below(r, m->n_units)];
    const code_row *c = NULL;
    for (size_t from = mr_rand_below(r, m->n_codes), k = 0; k < m->n_codes && !c; k++)
        if (mr_span_eq(m->codes[(from + k) % m->n_codes].concept, u->concept)) c = &m->codes[(from + k) % m->n_codes];
    if (!c) return;
    mr_observation *o = mr_raw_add_observation(raw, a);
    o->reference = mr_arena_printf(a, "Observation/r%zu", i);
    o->codings = coding_of(c, a);
    o->n_codings = 1;
    o->has_value = mr_rand_below(r, 8) != 0;
    o->value = (double)mr_rand_below(r, mr_rand_below(r, 2) ? 20 : 220);
    o->unit = u->unit;
    o->taken = some_time(m, r);
    o->mark = (mr_mark)(mr_rand_below(r, 4) ? 0 : mr_rand_below(r, 4));
}

static inline void random_examples(const material *m, mr_raw_record *raw, mr_rand *r, size_t n, mr_arena *a) {
    for (size_t k = 0; k < n;) {
        const mr_rule *rule = &m->rules->rules[mr_rand_below(r, m->rules->n_rules)];
        const mr_example *e = &rule->examples[mr_rand_below(r, rule->n_examples)];
        if (e->as_of != m->as_of) continue;
        lay(raw, e->record, k++, a);
    }
}

static inline void random_record(const material *m, mr_raw_record *raw, mr_rand *r, mr_arena *a) {
    mr_raw_init(raw);
    random_examples(m, raw, r, 1 + mr_rand_below(r, 5), a);
    raw->patient.reference = MR_SPAN("Patient/p1");
    raw->patient.id = MR_SPAN("p1");
    if (!mr_rand_below(r, 3)) {
        mr_day birth = m->as_of - (mr_day)(365 * (40 + mr_rand_below(r, 60)));
        raw->patient.birth = (mr_when){.lo = birth, .hi = birth};
    }
    raw->patient.sex = (mr_sex)mr_rand_below(r, 4);
    raw->cut = mr_rand_below(r, 12) ? 0 : (unsigned)mr_rand_below(r, 16);
    for (size_t i = 0, n = mr_rand_below(r, 8); i < n; i++) random_medicine(m, raw, r, i, a);
    for (size_t i = 0, n = mr_rand_below(r, 5); i < n; i++) random_condition(m, raw, r, i, a);
    for (size_t i = 0, n = mr_rand_below(r, 5); i < n; i++) random_result(m, raw, r, i, a);
}

#endif
