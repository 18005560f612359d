/* Builders for the tests of core: a little knowledge and little records, written as tables.
 *
 * Codes of the system "urn:test" are the names of concepts, so a reader sees what is meant. The knowledge here is made
 * for the tests: groups hold a few members each, rules follow the published logic where they are named after one. */
#ifndef MEDREVIEW_TESTS_CORE_BUILD_H
#define MEDREVIEW_TESTS_CORE_BUILD_H

#include "medreview/base/rand.h"
#include "medreview/core/finding.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define UNUSED __attribute__((unused)) static

enum { MOST = 64 };

typedef struct desk {
    mr_arena *arena;
    mr_ruleset rules;
    mr_group groups[MOST];
    mr_span concepts[MOST], titles[MOST];
    bool loaded[MOST];
    mr_scale scales[4];
    mr_harm harms[MOST];
    mr_rule list[MOST];
    mr_unit units[MOST];
    mr_prompt_text prompts[MOST];
    mr_raw_record raw;
    mr_run run;
} desk;

/* ---- small words ---- */

UNUSED mr_day day(const char *text) {
    mr_day d;
    assert_true(mr_day_parse(mr_span_of(text), &d));
    return d;
}
UNUSED mr_when when(const char *text) {
    mr_when w = MR_WHEN_NONE;
    if (text) assert_true(mr_when_parse(mr_span_of(text), &w, NULL));
    return w;
}
UNUSED void assert_span(mr_span s, const char *want) {
    if (!mr_span_is(s, want)) fail_msg("is \"%.*s\", should be \"%s\"", MR_SPAN_ARG(s), want);
}

/* ---- knowledge ---- */

/* members: "naproxen,ibuprofen"; routes: 0 for every systemic route. */
UNUSED uint16_t group(desk *d, const char *name, const char *members, uint32_t routes) {
    const uint32_t local = 1u << MR_ROUTE_EYE | 1u << MR_ROUTE_EAR | 1u << MR_ROUTE_CUTANEOUS | 1u << MR_ROUTE_NASAL |
                           1u << MR_ROUTE_VAGINAL | 1u << MR_ROUTE_INHALED;
    mr_group *g = &d->groups[d->rules.n_groups];
    g->name = mr_span_of(name);
    g->members = MR_NEW_N(d->arena, mr_group_member, MOST);
    for (mr_span rest = mr_span_of(members), one; rest.len; rest = mr_span_from(rest, one.len + 1)) {
        one = (mr_span){rest.ptr, mr_span_find(rest, ',')};
        g->members[g->n_members++] = (mr_group_member){.substance = one, .routes = routes ? routes : ~local};
    }
    return (uint16_t)d->rules.n_groups++;
}
UNUSED uint16_t grp(desk *d, const char *name) {
    uint16_t g = mr_ruleset_group(&d->rules, mr_span_of(name));
    assert_int_not_equal(g, MR_NO_NUMBER);
    return g;
}
UNUSED void code(desk *d, uint16_t concept, const char *value, mr_code_role role) {
    mr_concept_hit hit = {concept, role};
    assert_int_equal(mr_ruleset_add_code(&d->rules, d->arena, MR_SPAN("urn:test"), mr_span_of(value), hit, NULL),
                     MR_OK);
}
/* Its code is its name; "<name>-resolved" resolves it. */
UNUSED uint16_t concept(desk *d, const char *key, const char *title, mr_code_role role) {
    uint16_t c = (uint16_t)d->rules.n_concepts++;
    d->concepts[c] = mr_span_of(key);
    d->titles[c] = mr_span_of(title);
    d->loaded[c] = true;
    code(d, c, key, role);
    mr_span resolved = mr_arena_printf(d->arena, "%s-resolved", key);
    if (role == MR_ROLE_PRESENT) code(d, c, resolved.ptr, MR_ROLE_RESOLVED);
    return c;
}
UNUSED uint16_t harm(desk *d, const char *key, bool folds, bool posts) {
    d->harms[d->rules.n_harms] = (mr_harm){.key = mr_span_of(key),
                                           .title = mr_span_of(key),
                                           .folds = folds,
                                           .posts = posts,
                                           .meaning = MR_SPAN("This can harm you.")};
    return (uint16_t)d->rules.n_harms++;
}
UNUSED void unit(desk *d, const char *concept_key, const char *name, const char *canonical, double factor,
                 double offset) {
    uint16_t c = mr_ruleset_concept(&d->rules, mr_span_of(concept_key));
    d->units[d->rules.n_units++] = (mr_unit){c, mr_span_of(name), mr_span_of(canonical), factor, offset};
}

/* ---- trees ---- */

UNUSED mr_node *node(desk *d, mr_op op, const char *text) {
    mr_node *n = MR_NEW(d->arena, mr_node);
    *n = (mr_node){.op = op,
                   .group = MR_NO_NUMBER,
                   .group2 = MR_NO_NUMBER,
                   .concept = MR_NO_NUMBER,
                   .scale = MR_NO_NUMBER,
                   .text = mr_span_of(text)};
    return n;
}
UNUSED const mr_node *many(desk *d, mr_op op, va_list kids) {
    const mr_node **v = MR_NEW_N(d->arena, const mr_node *, MOST);
    mr_node *n = node(d, op, "");
    for (const mr_node *kid; (kid = va_arg(kids, const mr_node *));) v[n->n_kids++] = kid;
    n->kids = v;
    return n;
}
UNUSED const mr_node *all_of(desk *d, ...) {
    va_list kids;
    va_start(kids, d);
    const mr_node *n = many(d, MR_OP_AND, kids);
    va_end(kids);
    return n;
}
UNUSED const mr_node *any_of(desk *d, ...) {
    va_list kids;
    va_start(kids, d);
    const mr_node *n = many(d, MR_OP_OR, kids);
    va_end(kids);
    return n;
}
UNUSED const mr_node *not_(desk *d, const mr_node *kid) {
    const mr_node **v = MR_NEW(d->arena, const mr_node *);
    mr_node *n = node(d, MR_OP_NOT, "");
    *v = kid;
    n->kids = v;
    n->n_kids = 1;
    return n;
}
UNUSED mr_window within(uint16_t n, mr_time_unit u) {
    return (mr_window){.has_earliest = true, .earliest = {n, (uint8_t)u}};
}
UNUSED mr_window ago(uint16_t n, mr_time_unit u) {
    return (mr_window){.has_latest = true, .latest = {n, (uint8_t)u}};
}
UNUSED mr_window between(uint16_t earliest, uint16_t latest, mr_time_unit u) {
    return (mr_window){
        .has_earliest = true, .has_latest = true, .earliest = {earliest, (uint8_t)u}, .latest = {latest, (uint8_t)u}};
}
static const mr_window always = {0};
UNUSED const mr_node *taking_in(desk *d, const char *g, mr_window w) {
    mr_node *n = node(d, MR_OP_TAKING, g);
    n->group = grp(d, g);
    n->window = w;
    return n;
}
UNUSED const mr_node *taking(desk *d, const char *g) {
    return taking_in(d, g, always);
}
UNUSED const mr_node *started_ago(desk *d, const char *g, uint16_t months) {
    mr_node *n = node(d, MR_OP_STARTED_BEFORE, g);
    n->group = grp(d, g);
    n->window = ago(months, MR_MONTHS);
    return n;
}
UNUSED const mr_node *coprescribed(desk *d, const char *a, const char *b, mr_window w, uint16_t apart_days) {
    mr_node *n = node(d, MR_OP_COPRESCRIBED, a);
    n->group = grp(d, a);
    n->group2 = grp(d, b);
    n->window = w;
    n->apart = (mr_duration){apart_days, MR_DAYS};
    return n;
}
UNUSED const mr_node *fact(desk *d, mr_op op, const char *key, mr_window w) {
    mr_node *n = node(d, op, key);
    n->concept = mr_ruleset_concept(&d->rules, mr_span_of(key));
    assert_int_not_equal(n->concept, MR_NO_NUMBER);
    n->window = w;
    return n;
}
UNUSED const mr_node *has(desk *d, const char *key) {
    return fact(d, MR_OP_HAS, key, always);
}
UNUSED const mr_node *has_in(desk *d, const char *key, mr_window w) {
    return fact(d, MR_OP_HAS, key, w);
}
UNUSED const mr_node *tested(desk *d, const char *key, mr_window w) {
    return fact(d, MR_OP_TESTED, key, w);
}
UNUSED const mr_node *number(desk *d, mr_quantity q, mr_compare op, double v) {
    mr_node *n = node(d, MR_OP_COMPARE, "");
    n->quantity = q;
    n->compare = op;
    n->value = v;
    n->scale = 0;
    return n;
}
UNUSED const mr_node *age(desk *d, mr_compare op, double v) {
    return number(d, MR_Q_AGE, op, v);
}
UNUSED const mr_node *latest(desk *d, const char *key, mr_compare op, double v, mr_window w) {
    mr_node *n = (mr_node *)(uintptr_t)number(d, MR_Q_LATEST, op, v);
    n->concept = mr_ruleset_concept(&d->rules, mr_span_of(key));
    n->window = w;
    n->text = mr_span_of(key);
    return n;
}

/* ---- rules ---- */

/* identity: "g1|g2" each, "g1,g2" mixture, "all:g", "same:g1|g2", "test:key+g", "start:word", "any", "patient". */
UNUSED mr_identity identity(desk *d, const char *text) {
    mr_identity id = {.form = MR_ID_EACH};
    mr_span rest = mr_span_of(text), word = MR_SPAN_NONE;
    bool more = true;
    if (mr_span_is(rest, "patient")) return (mr_identity){.form = MR_ID_PATIENT};
    if (mr_span_is(rest, "any")) return (mr_identity){.form = MR_ID_ANY};
    if (strchr(text, ',')) id.form = MR_ID_MIXTURE;
    if (mr_span_starts(rest, "all:")) id.form = MR_ID_ALL, rest = mr_span_from(rest, 4);
    if (mr_span_starts(rest, "same:")) id.form = MR_ID_SAME, rest = mr_span_from(rest, 5);
    if (mr_span_starts(rest, "start:")) return (mr_identity){.form = MR_ID_START, .word = mr_span_from(rest, 6)};
    if (mr_span_starts(rest, "test:")) {
        id.form = MR_ID_TEST;
        more = mr_span_split(mr_span_from(rest, 5), '+', &word, &rest);
        id.word = word;
    }
    while (more) {
        mr_span head = rest, tail = MR_SPAN_NONE;
        more = mr_span_split(rest, strchr(text, ',') ? ',' : '|', &head, &tail);
        id.groups[id.n_groups] = mr_ruleset_group(&d->rules, head);
        assert_int_not_equal(id.groups[id.n_groups], MR_NO_NUMBER);
        id.n_groups++;
        rest = tail;
    }
    return id;
}
/* Adds an active rule; the pointer is good until `knowledge_done`. */
UNUSED mr_rule *rule(desk *d, const char *id, const char *harm_key, const char *identity_text, mr_severity s,
                     mr_urgency u, const mr_node *tree) {
    mr_rule *r = &d->list[d->rules.n_rules++];
    *r = (mr_rule){.id = mr_span_of(id),
                   .posts = true,
                   .tool = MR_SPAN("test"),
                   .criterion = mr_span_of(id),
                   .title = mr_span_of(id),
                   .version = MR_SPAN("1"),
                   .state = MR_RULE_ACTIVE,
                   .severity = s,
                   .urgency = u,
                   .leads = 1,
                   .when = tree};
    r->harm = mr_ruleset_harm(&d->rules, mr_span_of(harm_key));
    assert_int_not_equal(r->harm, MR_NO_NUMBER);
    r->identity = identity(d, identity_text);
    return r;
}
UNUSED int rule_order(const void *a, const void *b) {
    return mr_span_cmp(((const mr_rule *)a)->id, ((const mr_rule *)b)->id);
}
UNUSED void knowledge_done(desk *d) {
    qsort(d->list, d->rules.n_rules, sizeof *d->list, rule_order);
    assert_int_equal(mr_ruleset_index(&d->rules, d->arena, NULL), MR_OK);
}

UNUSED desk *desk_new(void) {
    mr_arena *a = mr_arena_new_checked((size_t)64 << 20);
    desk *d = MR_NEW(a, desk);
    d->arena = a;
    d->rules = (mr_ruleset){.version = MR_SPAN("test"),
                            .groups = d->groups,
                            .concepts = d->concepts,
                            .concept_loaded = d->loaded,
                            .scales = d->scales,
                            .harms = d->harms,
                            .units = d->units,
                            .prompts = d->prompts,
                            .rules = d->list,
                            .concept_titles = d->titles,
                            .default_scale = MR_NO_NUMBER};
    mr_raw_init(&d->raw);
    d->raw.patient.reference = MR_SPAN("Patient/p1");
    d->raw.patient.id = MR_SPAN("p1");
    d->raw.patient.birth = when("1950-06-15"); /* 76 on the as-of date */
    d->raw.patient.sex = MR_SEX_FEMALE;
    d->run = (mr_run){.as_of = day("2026-11-21"), .site_key = MR_SPAN(MR_OFFLINE_KEY), .source = MR_SPAN("offline")};
    return d;
}
UNUSED void desk_free(desk *d) {
    mr_arena_free(d->arena);
}
/* The next patient, with the same knowledge. */
UNUSED void desk_clear(desk *d) {
    mr_patient p = d->raw.patient;
    mr_raw_init(&d->raw);
    d->raw.patient = p;
}

/* ---- records ---- */

/* substances: "naproxen" or "codeine,paracetamol". */
UNUSED void understand(desk *d, mr_entry *e, const char *substances, mr_route route) {
    mr_understood *u = &e->understood;
    *u = (mr_understood){.by = MR_REC_DMD_VMP, .route = route};
    u->ingredients = MR_NEW_N(d->arena, mr_ingredient, 8);
    for (mr_span rest = mr_span_of(substances), one; rest.len; rest = mr_span_from(rest, one.len + 1)) {
        one = (mr_span){rest.ptr, mr_span_find(rest, ',')};
        u->ingredients[u->n_ingredients++] = (mr_ingredient){.substance = one};
    }
    e->text = mr_span_of(substances);
}
UNUSED mr_entry *entry(desk *d, mr_entry_kind kind, const char *id, const char *substances) {
    mr_entry *e = mr_raw_add_entry(&d->raw, d->arena);
    e->kind = kind;
    e->reference = mr_arena_printf(d->arena, "%s/%s",
                                   kind == MR_ENTRY_STATEMENT ? "MedicationStatement" : "MedicationRequest", id);
    e->status = MR_ST_ACTIVE;
    if (kind == MR_ENTRY_REQUEST) e->intent = MR_INTENT_ORDER;
    understand(d, e, substances, MR_ROUTE_ORAL);
    return e;
}
/* An active statement by mouth; the pointer is good until the next entry. */
UNUSED mr_entry *statement(desk *d, const char *id, const char *substances) {
    return entry(d, MR_ENTRY_STATEMENT, id, substances);
}
UNUSED mr_entry *request(desk *d, const char *id, const char *substances) {
    return entry(d, MR_ENTRY_REQUEST, id, substances);
}
/* An order of that day: only its issue date is known. */
UNUSED mr_entry *issue(desk *d, const char *id, const char *substances, const char *date) {
    mr_entry *e = request(d, id, substances);
    e->from = e->asserted = e->last_issue = when(date);
    return e;
}
UNUSED mr_entry *unrecognised(desk *d, const char *id, const char *text) {
    mr_entry *e = statement(d, id, "");
    e->understood = (mr_understood){.by = MR_REC_NOT, .why = MR_UNREAD_NOT_RECOGNISED};
    e->text = mr_span_of(text);
    return e;
}
UNUSED void link_to(desk *d, mr_entry *e, const char *reference) {
    e->linked = MR_NEW(d->arena, mr_span);
    *e->linked = mr_span_of(reference);
    e->n_linked = 1;
}
UNUSED mr_coding *coded(desk *d, const char *system, const char *value) {
    mr_coding *c = MR_NEW(d->arena, mr_coding);
    *c = (mr_coding){.system = mr_span_of(system), .code = mr_span_of(value)};
    return c;
}
UNUSED mr_condition *condition(desk *d, const char *id, const char *key, const char *recorded) {
    mr_condition *c = mr_raw_add_condition(&d->raw, d->arena);
    c->reference = mr_arena_printf(d->arena, "Condition/%s", id);
    c->codings = coded(d, "urn:test", key);
    c->n_codings = 1;
    c->text = mr_span_of(key);
    c->recorded = when(recorded);
    return c;
}
UNUSED mr_observation *observation(desk *d, const char *id, const char *key, const char *taken) {
    mr_observation *o = mr_raw_add_observation(&d->raw, d->arena);
    o->reference = mr_arena_printf(d->arena, "Observation/%s", id);
    o->codings = coded(d, "urn:test", key);
    o->n_codings = 1;
    o->text = mr_span_of(key);
    if (taken) assert_true(mr_when_parse(mr_span_of(taken), &o->taken, &o->instant_s));
    return o;
}
UNUSED mr_observation *result(desk *d, const char *id, const char *key, const char *taken, double v, const char *u) {
    mr_observation *o = observation(d, id, key, taken);
    o->has_value = true;
    o->value = v;
    o->unit = mr_span_of(u);
    return o;
}
UNUSED void dose(desk *d, mr_entry *e, double amount, const char *u, double times_a_day) {
    e->dosage = MR_NEW(d->arena, mr_dosage);
    *e->dosage = (mr_dosage){
        .dose = amount, .dose_unit = mr_span_of(u), .frequency = times_a_day, .period = 1, .period_unit = MR_SPAN("d")};
    e->n_dosage = 1;
}

/* ---- running ---- */

UNUSED mr_record built(desk *d) {
    mr_record r;
    mr_error err = {.rc = MR_OK};
    if (mr_record_build(&d->rules, &d->raw, d->run.as_of, d->arena, &r, &err) != MR_OK) fail_msg("%s", err.text);
    return r;
}
UNUSED mr_evaluation evaluated(desk *d, const mr_node *tree) {
    mr_record *r = MR_NEW(d->arena, mr_record);
    mr_evaluation e;
    mr_error err = {.rc = MR_OK};
    *r = built(d);
    if (mr_program_run(&d->rules, tree, r, d->run.as_of, true, d->arena, &e, &err) != MR_OK) fail_msg("%s", err.text);
    return e;
}
UNUSED mr_tri value(desk *d, const mr_node *tree) {
    return evaluated(d, tree).value;
}
UNUSED mr_assessment assessed(desk *d) {
    mr_record *r = MR_NEW(d->arena, mr_record);
    mr_assessment out;
    mr_error err = {.rc = MR_OK};
    *r = built(d);
    if (mr_rules_run(&d->rules, r, &d->run, d->arena, &out, &err) != MR_OK) fail_msg("%s", err.text);
    return out;
}
UNUSED const mr_medicine *medicine(const mr_record *r, const char *reference) {
    for (size_t i = 0; i < r->n_medicines; i++)
        for (size_t k = 0; k < r->medicines[i].n_references; k++)
            if (mr_span_is(r->medicines[i].references[k], reference)) return &r->medicines[i];
    fail_msg("no medicine %s", reference);
    return NULL;
}
UNUSED const mr_finding *finding(const mr_assessment *a, const char *harm_key, const char *identity_text) {
    for (size_t i = 0; i < a->n_findings; i++)
        if (mr_span_is(a->findings[i].harm->key, harm_key) && mr_span_is(a->findings[i].identity, identity_text))
            return &a->findings[i];
    return NULL;
}

/* Everything an assessment says, as text: two assessments are the same when these are. */
UNUSED void print_assessment(const mr_assessment *a, char *out, size_t room) {
    size_t at = 0;
#define SAY(...) at += (size_t)snprintf(out + (at < room ? at : room), at < room ? room - at : 0, __VA_ARGS__)
    for (size_t i = 0; i < a->n_findings; i++) {
        const mr_finding *f = &a->findings[i];
        SAY("%u %s %s %.*s %.*s %s %s %s %.*s\n", f->rank, f->id, f->content, MR_SPAN_ARG(f->harm->key),
            MR_SPAN_ARG(f->identity), mr_severity_text(f->severity), mr_urgency_text(f->urgency),
            f->certainty ? "definite" : "possible", MR_SPAN_ARG(f->rank_reason));
        for (size_t k = 0; k < f->n_sources; k++) SAY("  source %.*s\n", MR_SPAN_ARG(f->sources[k]->id));
        for (size_t k = 0; k < f->n_implicated; k++)
            SAY("  of %.*s %.*s\n", MR_SPAN_ARG(f->implicated[k]), MR_SPAN_ARG(f->implicated_text[k]));
        for (size_t k = 0; k < f->n_evidence; k++)
            SAY("  since %.*s %.*s %g %.*s %d\n", MR_SPAN_ARG(f->evidence[k].reference),
                MR_SPAN_ARG(f->evidence[k].text), f->evidence[k].has_value ? f->evidence[k].value : 0,
                MR_SPAN_ARG(f->evidence[k].unit), (int)f->evidence[k].date.lo);
        for (size_t k = 0; k < f->n_missing; k++) SAY("  without %.*s\n", MR_SPAN_ARG(f->missing[k].what));
    }
    for (size_t i = 0; i < a->n_cannot; i++) {
        SAY("cannot %.*s (%.*s):", MR_SPAN_ARG(a->cannot[i].missing), MR_SPAN_ARG(a->cannot[i].settled_by));
        for (size_t k = 0; k < a->cannot[i].n_rules; k++) SAY(" %.*s", MR_SPAN_ARG(a->cannot[i].rules[k]));
        SAY("\n");
    }
    SAY("burden %u %g %d %g %u\n", a->burden.medicines, a->burden.anticholinergic, a->burden.opioid_known,
        a->burden.opioid_mg_per_day, a->burden.falls_risk);
    for (size_t i = 0; i < a->burden.n_shares; i++)
        SAY("share %.*s %.*s %g\n", MR_SPAN_ARG(a->burden.shares[i].reference),
            MR_SPAN_ARG(a->burden.shares[i].substance), a->burden.shares[i].points);
    for (size_t i = 0; i < a->n_conversation; i++) SAY("ask %.*s\n", MR_SPAN_ARG(a->conversation[i]));
    SAY("tell %.*s\n", MR_SPAN_ARG(a->for_patient));
    for (size_t i = 0; i < a->n_traces; i++)
        for (size_t k = 0; k < a->traces[i].n_parts; k++)
            SAY("trace %.*s %.*s %d %.*s\n", MR_SPAN_ARG(a->traces[i].rule->id),
                MR_SPAN_ARG(a->traces[i].parts[k].text), a->traces[i].parts[k].value,
                MR_SPAN_ARG(a->traces[i].parts[k].because));
#undef SAY
    assert_true(at < room);
}

/* ---- the knowledge most tests share ---- */

UNUSED desk *pincer_desk(void) {
    desk *d = desk_new();
    group(d, "nsaid-oral", "naproxen,ibuprofen,celecoxib,indometacin", 0);
    group(d, "ulcer-healing", "omeprazole,famotidine,lansoprazole", 0);
    group(d, "anticoag-oral", "apixaban,warfarin", 0);
    group(d, "antiplatelet", "aspirin,clopidogrel", 0);
    group(d, "aspirin-antiplatelet", "aspirin", 0);
    group(d, "antiplatelet-non-aspirin", "clopidogrel,dipyridamole", 0);
    group(d, "pincer-nsbb", "propranolol,timolol (eye)", ~0u);
    group(d, "betablocker", "propranolol,bisoprolol,timolol", 0);
    group(d, "methotrexate", "methotrexate", 0);
    group(d, "raas", "ramipril,losartan", 0);
    group(d, "pincer-ac-diuretic", "furosemide,spironolactone", 0);
    group(d, "opioid", "morphine,codeine,tramadol,fentanyl", 0);
    group(d, "z-drug", "zopiclone", 0);
    group(d, "gabapentinoid", "gabapentin,pregabalin", 0);
    group(d, "ssri", "sertraline,citalopram", 0);
    group(d, "laba", "salmeterol", ~0u);
    group(d, "ics", "beclometasone", ~0u);
    group(d, "frid", "zopiclone,sertraline,morphine,codeine,amitriptyline", 0);
    concept(d, "asthma", "asthma", MR_ROLE_PRESENT);
    concept(d, "peptic-ulcer", "peptic ulcer", MR_ROLE_PRESENT);
    concept(d, "hf", "heart failure", MR_ROLE_PRESENT);
    concept(d, "egfr", "eGFR", MR_ROLE_VALUE);
    concept(d, "fbc", "full blood count", MR_ROLE_TEST_DONE);
    concept(d, "renal-function", "kidney function", MR_ROLE_TEST_DONE);
    concept(d, "palliative", "palliative care", MR_ROLE_PRESENT);
    unit(d, "egfr", "mL/min/1.73m2", "mL/min/{1.73_m2}", 1, 0);
    unit(d, "egfr", "mL/s/1.73m2", "mL/min/{1.73_m2}", 60, 0);
    static mr_score acb[] = {
        {{"amitriptyline", 13}, 3}, {{"oxybutynin", 10}, 3}, {{"sertraline", 10}, 1}, {{"codeine", 7}, 1}};
    static mr_score ome[] = {{{"morphine", 8}, 1}, {{"tramadol", 8}, 0.1}, {{"codeine", 7}, 0.1}};
    d->scales[0] = (mr_scale){MR_SPAN("medreview-default"), MR_SPAN("1"), MR_SPAN("test"), acb, 4};
    d->scales[1] = (mr_scale){MR_SPAN("ome"), MR_SPAN("1"), MR_SPAN("test"), ome, 3};
    d->rules.n_scales = 2;
    d->rules.default_scale = 0;
    harm(d, "bleeding", true, true);
    harm(d, "gi-bleed", false, true);
    harm(d, "airways", false, true);
    harm(d, "kidney", false, true);
    harm(d, "hf-decompensation", false, true);
    harm(d, "monitoring-gap", false, true);
    harm(d, "medicine-count", false, false);
    harm(d, "anticholinergic-load", false, false);
    harm(d, "sedation", true, true);
    harm(d, "duplicate", true, true);
    return d;
}
UNUSED void pincer_rules(desk *d) {
    rule(d, "PIN-A", "gi-bleed", "nsaid-oral", MR_HIGH, MR_WITHIN_4_WEEKS,
         all_of(d, age(d, MR_GREATER_EQUAL, 65), taking(d, "nsaid-oral"), not_(d, taking(d, "ulcer-healing")), NULL))
        ->leads = 2;
    rule(d, "PIN-B", "gi-bleed", "nsaid-oral", MR_HIGH, MR_WITHIN_1_WEEK,
         all_of(d, has(d, "peptic-ulcer"), taking(d, "nsaid-oral"), not_(d, taking(d, "ulcer-healing")), NULL));
    rule(d, "PIN-D", "bleeding", "anticoag-oral,nsaid-oral", MR_HIGH, MR_SAME_DAY,
         all_of(d, taking(d, "anticoag-oral"), taking(d, "nsaid-oral"), NULL));
    rule(d, "PIN-E", "bleeding", "anticoag-oral,antiplatelet", MR_HIGH, MR_WITHIN_1_WEEK,
         all_of(d, coprescribed(d, "anticoag-oral", "antiplatelet", always, 28), not_(d, taking(d, "ulcer-healing")),
                NULL));
    rule(d, "PIN-F", "bleeding", "aspirin-antiplatelet,antiplatelet-non-aspirin", MR_HIGH, MR_WITHIN_1_WEEK,
         all_of(d, coprescribed(d, "aspirin-antiplatelet", "antiplatelet-non-aspirin", always, 28),
                not_(d, taking(d, "ulcer-healing")), NULL));
    rule(d, "PIN-G", "airways", "pincer-nsbb", MR_HIGH, MR_WITHIN_1_WEEK,
         all_of(d, has(d, "asthma"), taking(d, "pincer-nsbb"), NULL));
    rule(d, "PIN-H", "airways", "start:ics", MR_HIGH, MR_WITHIN_1_WEEK,
         all_of(d, has(d, "asthma"), taking(d, "laba"), not_(d, taking(d, "ics")), NULL));
    rule(d, "PIN-I", "hf-decompensation", "nsaid-oral", MR_HIGH, MR_WITHIN_1_WEEK,
         all_of(d, has(d, "hf"), taking(d, "nsaid-oral"), NULL));
    rule(d, "PIN-K", "kidney", "nsaid-oral", MR_HIGH, MR_WITHIN_1_WEEK,
         all_of(d, latest(d, "egfr", MR_LESS, 45, always), taking(d, "nsaid-oral"), NULL));
    rule(d, "PIN-ME-FBC", "monitoring-gap", "test:dmard-bloods+methotrexate", MR_HIGH, MR_WITHIN_1_WEEK,
         all_of(d, taking_in(d, "methotrexate", between(6, 3, MR_MONTHS)), taking(d, "methotrexate"),
                not_(d, tested(d, "fbc", within(3, MR_MONTHS))), NULL));
    rule(
        d, "PIN-AC", "monitoring-gap", "test:u-and-e+raas|pincer-ac-diuretic", MR_MODERATE, MR_WITHIN_4_WEEKS,
        all_of(d, age(d, MR_GREATER_EQUAL, 75),
               any_of(d, all_of(d, started_ago(d, "raas", 15), taking(d, "raas"), NULL),
                      all_of(d, started_ago(d, "pincer-ac-diuretic", 15), taking(d, "pincer-ac-diuretic"), NULL), NULL),
               not_(d, tested(d, "renal-function", within(15, MR_MONTHS))), NULL));
    static const struct {
        const char *id;
        unsigned count;
        mr_severity severity;
    } bands[] = {{"CMP-08", 8, MR_LOW}, {"CMP-10", 10, MR_MODERATE}, {"CMP-15", 15, MR_HIGH}};
    for (size_t i = 0; i < 3; i++) {
        mr_rule *r = rule(d, bands[i].id, "medicine-count", "patient", bands[i].severity, MR_NEXT_REVIEW,
                          number(d, MR_Q_MEDICINES, MR_GREATER_EQUAL, bands[i].count));
        r->tool = MR_SPAN("NHS-comparators");
        r->ladder = MR_SPAN("medicines");
        r->rung = bands[i].count;
    }
    static const struct {
        const char *id;
        unsigned total;
    } totals[] = {{"ACB-01", 3}, {"ACB-02", 6}};
    for (size_t i = 0; i < 2; i++) {
        mr_rule *r = rule(
            d, totals[i].id, "anticholinergic-load", "patient", i ? MR_HIGH : MR_MODERATE, MR_WITHIN_4_WEEKS,
            all_of(d, age(d, MR_GREATER_EQUAL, 65), number(d, MR_Q_SCORE, MR_GREATER_EQUAL, totals[i].total), NULL));
        r->ladder = MR_SPAN("acb");
        r->rung = totals[i].total;
    }
    knowledge_done(d);
}

#endif
