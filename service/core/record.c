/* From what codec collected to what the rules see: entries to medicines, everything in a total order. */
#include "join.h"

#include "medreview/base/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A record while it is built. */
typedef struct making {
    const mr_ruleset *rules;
    const mr_raw_record *raw;
    mr_day as_of;
    mr_arena *arena;
    mr_raw_record told; /* gaps only: those of raw and ours */
    mr_item *items;
    size_t n_items;
    mr_record record;
} making;

static int span_order(const void *left, const void *right) {
    const mr_span *a = left, *b = right;
    return mr_span_cmp(*a, *b);
}

static bool is_medicine(const mr_entry *e) {
    if (e->unread != MR_UNREAD_NOT || e->understood.by == MR_REC_NOT) return false;
    return e->understood.n_ingredients > 0 || e->understood.not_a_medicine;
}

bool mr_medicine_taken(const mr_medicine *m) {
    return m->state == MR_MED_CURRENT || (m->state == MR_MED_UNKNOWN && !m->unsettled);
}

static bool item_add(making *k, const mr_entry *e) {
    mr_item *x = &k->items[k->n_items];
    *x = (mr_item){.entry = e, .route = e->understood.route};
    mr_entry_use(e, k->as_of, &x->use);
    x->joins = x->use.used || x->use.state == MR_MED_ENDED;
    if (x->use.used) {
        x->from = x->use.exposure.from;
        x->until = x->use.exposure.until;
    } else {
        x->from = mr_when_given(x->use.first) ? x->use.first.lo : MR_DAY_MIN;
        x->until = mr_when_given(e->until) ? e->until.hi : MR_DAY_MAX;
    }
    k->n_items++;
    return mr_item_set(e, k->arena, &x->set);
}

static void unread_add(making *k, const mr_entry *e) {
    mr_use use;
    mr_entry_use(e, k->as_of, &use);
    mr_unread why = e->unread != MR_UNREAD_NOT ? e->unread : e->understood.why;
    mr_not_assessed x = {.reference = e->reference, .text = e->text, .not_a_medicine = e->understood.not_a_medicine};
    x.why = why != MR_UNREAD_NOT ? why : MR_UNREAD_NOT_RECOGNISED;
    x.current = mr_use_taken(&use) && x.why != MR_UNREAD_FOREIGN_PATIENT;
    k->record.not_assessed[k->record.n_not_assessed++] = x;
}

static bool entries_sort(making *k) {
    size_t n = k->raw->n_entries, errors = 0;
    k->items = MR_NEW_N(k->arena, mr_item, n);
    k->record.not_assessed = MR_NEW_N(k->arena, mr_not_assessed, n);
    if (!k->items || !k->record.not_assessed) return false;
    for (size_t i = 0; i < n; i++) {
        const mr_entry *e = &k->raw->entries[i];
        if (e->status == MR_ST_ENTERED_IN_ERROR)
            errors++;
        else if (!is_medicine(e))
            unread_add(k, e);
        else if (!item_add(k, e))
            return false;
    }
    return !errors || mr_raw_add_gap(&k->told, k->arena, "entered-in-error", true, MR_SPAN_NONE,
                                     "%zu medicine %s entered in error and left out", errors,
                                     errors == 1 ? "entry was" : "entries were") == MR_OK;
}

/* ---- contradictions, told and harmless ---- */

static const char *denial_of(const mr_entry *e) {
    if (e->do_not_perform) return "do not perform";
    if (e->kind != MR_ENTRY_STATEMENT || mr_when_given(e->until)) return NULL;
    switch (e->status) {
    case MR_ST_STOPPED: return "stopped";
    case MR_ST_COMPLETED: return "completed";
    case MR_ST_NOT_TAKEN: return "not taken";
    case MR_ST_ON_HOLD: return "on hold";
    default: return NULL;
    }
}

static bool conflict_tell(making *k, const mr_item *items, size_t n) {
    const mr_item *lead = &items[0];
    if (!mr_use_taken(&lead->use)) return true;
    for (size_t i = 0; i < n; i++) {
        const char *denial = denial_of(items[i].entry);
        mr_when then = items[i].use.first, now = lead->use.first;
        bool earlier = mr_when_given(then) && mr_when_given(now) && then.hi < now.lo;
        if (!denial || earlier) continue;
        if (mr_raw_add_gap(&k->told, k->arena, "status-conflict", true, items[i].entry->reference,
                           "says %s, but %.*s says taken: counted as taken", denial,
                           MR_SPAN_ARG(lead->entry->reference)) != MR_OK)
            return false;
    }
    return true;
}

static bool past_end_tell(making *k, const mr_item *x) {
    if (!x->use.past_end) return true;
    return mr_raw_add_gap(&k->told, k->arena, "status-past-end", true, x->entry->reference,
                          "status is active, but its period has ended: counted as ended") == MR_OK;
}

/* Items stand in the order of leading_order: state, then statement before request, then reference. */
static bool live_fill(making *k, const mr_item *items, size_t n, mr_medicine *m) {
    m->live = MR_NEW_N(k->arena, mr_span, n);
    if (!m->live) return false;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || (mr_use_taken(&items[0].use) && mr_use_taken(&items[i].use)))
            m->live[m->n_live++] = items[i].entry->reference;
    if (m->n_live > 2) qsort(m->live + 1, m->n_live - 1, sizeof *m->live, span_order);
    return true;
}

/* ---- how sure it is, told and harmless ---- */

enum { STALE_MONTHS = 18 }; /* fhir.md 8.1 */

/* SNOMED CT's "transfer-degraded medication entry": the code was lost between two practices (fhir.md 8.3). */
static bool degraded(const mr_entry *e) {
    for (size_t i = 0; i < e->n_codings; i++)
        if (mr_span_is(e->codings[i].code, "196421000000109")) return true;
    return false;
}

static bool degraded_tell(making *k, const mr_entry *e) {
    if (e->understood.by != MR_REC_NAME || !degraded(e)) return true;
    return mr_raw_add_gap(&k->told, k->arena, "transfer-degraded", true, e->reference,
                          "lost its code in a transfer between practices: recognised by its text only") == MR_OK;
}

/* Of a medicine that only statements call taken: when somebody last said so. */
static bool stale_tell(making *k, const mr_item *items, size_t n) {
    mr_when last = MR_WHEN_NONE;
    char date[MR_DATE_TEXT];
    for (size_t i = 0; i < n; i++) {
        const mr_entry *e = items[i].entry;
        if (!mr_use_taken(&items[i].use)) continue;
        if (e->kind == MR_ENTRY_REQUEST) return true;
        if (mr_when_given(e->asserted) && (!mr_when_given(last) || e->asserted.hi > last.hi)) last = e->asserted;
        if (mr_when_given(e->last_issue) && (!mr_when_given(last) || e->last_issue.hi > last.hi)) last = e->last_issue;
    }
    if (!mr_when_given(last) || last.hi >= mr_day_add_months(k->as_of, -STALE_MONTHS)) return true;
    return mr_raw_add_gap(&k->told, k->arena, "stale", true, items[0].entry->reference,
                          "was last confirmed on %s, and no order for it is active: is it still taken?",
                          mr_when_print(last, date)) == MR_OK;
}

static bool medicines_build(making *k) {
    mr_record *r = &k->record;
    if (!mr_items_join(k->items, k->n_items, k->arena, &r->n_medicines)) return false;
    r->medicines = MR_NEW_N(k->arena, mr_medicine, r->n_medicines);
    if (!r->medicines) return false;
    for (size_t i = 0, next, m = 0; i < k->n_items; i = next, m++) {
        for (next = i; next < k->n_items && k->items[next].medicine == k->items[i].medicine; next++)
            if (!past_end_tell(k, &k->items[next]) || !degraded_tell(k, k->items[next].entry)) return false;
        if (!stale_tell(k, &k->items[i], next - i)) return false;
        if (!conflict_tell(k, &k->items[i], next - i)) return false;
        if (!mr_medicine_build(k->rules, &k->items[i], next - i, k->arena, &r->medicines[m])) return false;
        if (!live_fill(k, &k->items[i], next - i, &r->medicines[m])) return false;
    }
    return true;
}

/* ---- total orders ---- */

static int by_number(double a, double b) {
    return (a > b) - (a < b);
}

static int codings_order(const mr_coding *a, size_t n_a, const mr_coding *b, size_t n_b) {
    for (size_t i = 0; i < n_a && i < n_b; i++) {
        int c = mr_span_cmp(a[i].system, b[i].system);
        if (!c) c = mr_span_cmp(a[i].code, b[i].code);
        if (c) return c;
    }
    return by_number((double)n_a, (double)n_b);
}

static int medicine_order(const void *left, const void *right) {
    const mr_medicine *a = left, *b = right;
    int c = mr_span_cmp(a->reference, b->reference);
    return c ? c : mr_span_cmp(a->text, b->text);
}

static int not_assessed_order(const void *left, const void *right) {
    const mr_not_assessed *a = left, *b = right;
    int c = mr_span_cmp(a->reference, b->reference);
    if (!c) c = mr_span_cmp(a->text, b->text);
    if (!c) c = by_number(a->why, b->why);
    return c ? c : by_number(a->current, b->current);
}

static int condition_order(const void *left, const void *right) {
    const mr_condition *a = left, *b = right;
    int c = mr_span_cmp(a->reference, b->reference);
    if (!c) c = mr_span_cmp(a->text, b->text);
    if (!c) c = codings_order(a->codings, a->n_codings, b->codings, b->n_codings);
    return c ? c : by_number(a->recorded.lo, b->recorded.lo);
}

static int observation_order(const void *left, const void *right) {
    const mr_observation *a = left, *b = right;
    bool dated = mr_when_given(a->taken);
    if (dated != mr_when_given(b->taken)) return dated ? -1 : 1;
    int c = dated ? by_number(b->taken.hi, a->taken.hi) : 0;
    if (!c && dated) c = by_number(b->taken.lo, a->taken.lo);
    if (!c) c = (b->instant_s > a->instant_s) - (b->instant_s < a->instant_s);
    if (!c) c = mr_span_cmp(a->reference, b->reference);
    if (!c) c = mr_span_cmp(a->text, b->text);
    if (!c) c = codings_order(a->codings, a->n_codings, b->codings, b->n_codings);
    if (!c) c = by_number(a->value, b->value);
    return c ? c : mr_span_cmp(a->unit, b->unit);
}

static int allergy_order(const void *left, const void *right) {
    const mr_allergy *a = left, *b = right;
    int c = mr_span_cmp(a->reference, b->reference);
    if (!c) c = mr_span_cmp(a->text, b->text);
    return c ? c : codings_order(a->codings, a->n_codings, b->codings, b->n_codings);
}

static int gap_order(const void *left, const void *right) {
    const mr_gap *a = left, *b = right;
    int c = mr_span_cmp(a->code, b->code);
    if (!c) c = mr_span_cmp(a->reference, b->reference);
    if (!c) c = mr_span_cmp(a->text, b->text);
    return c ? c : by_number(a->harmless, b->harmless);
}

/* A sorted copy in the arena, since the raw lists may be used again. NULL: out of room. */
static void *sorted(mr_arena *a, const void *items, size_t n, size_t size, int (*order)(const void *, const void *)) {
    void *copy = mr_arena_alloc(a, mr_arena_times(n, size), _Alignof(max_align_t));
    if (!copy) return NULL;
    if (n) memcpy(copy, items, n * size);
    if (n > 1) qsort(copy, n, size, order);
    return copy;
}

static bool facts_sort(making *k) {
    const mr_raw_record *raw = k->raw;
    mr_record *r = &k->record;
    r->n_conditions = raw->n_conditions;
    r->n_observations = raw->n_observations;
    r->n_allergies = raw->n_allergies;
    r->n_gaps = k->told.n_gaps;
    r->conditions = sorted(k->arena, raw->conditions, raw->n_conditions, sizeof *raw->conditions, condition_order);
    r->observations =
        sorted(k->arena, raw->observations, raw->n_observations, sizeof *raw->observations, observation_order);
    r->allergies = sorted(k->arena, raw->allergies, raw->n_allergies, sizeof *raw->allergies, allergy_order);
    r->gaps = sorted(k->arena, k->told.gaps, k->told.n_gaps, sizeof *k->told.gaps, gap_order);
    r->errors = sorted(k->arena, raw->errors, raw->n_errors, sizeof *raw->errors, span_order);
    r->n_errors = raw->n_errors;
    if (!r->conditions || !r->observations || !r->allergies || !r->gaps || !r->errors) return false;
    for (size_t i = 0; i < r->n_allergies; i++)
        if (!r->allergies[i].understood.classified) mr_ruleset_classify(k->rules, &r->allergies[i].understood);
    if (r->n_medicines) qsort(r->medicines, r->n_medicines, sizeof *r->medicines, medicine_order);
    if (r->n_not_assessed) qsort(r->not_assessed, r->n_not_assessed, sizeof *r->not_assessed, not_assessed_order);
    return true;
}

static bool is_complete(const mr_record *r) {
    for (size_t i = 0; i < r->n_gaps; i++)
        if (!r->gaps[i].harmless) return false;
    for (size_t i = 0; i < r->n_not_assessed; i++)
        if (r->not_assessed[i].current && !r->not_assessed[i].not_a_medicine) return false;
    return r->cut == 0;
}

static bool gaps_copy(making *k) {
    for (size_t i = 0; i < k->raw->n_gaps; i++)
        if (!MR_PUSH(k->arena, k->told.gaps, k->told.n_gaps, k->told.cap_gaps, k->raw->gaps[i])) return false;
    return true;
}

/* Why the rules, or those for adults, say nothing about this patient: told, so that silence is not taken for peace. */
static mr_rc patient_gaps(making *k, mr_error *err) {
    mr_patient *p = &k->record.patient;
    const char *code = p->deceased ? "deceased" : p->replaced_by.len ? "merged" : p->inactive ? "inactive" : NULL;
    const char *text = p->deceased          ? "The patient is recorded as deceased: no rule was run."
                       : p->replaced_by.len ? "This record was merged into another one: no rule was run on it."
                                            : "The record is marked as not active: no rule was run.";
    mr_rc rc = MR_OK;
    if (code) rc = mr_raw_add_gap(&k->told, k->arena, code, true, p->reference, "%s", text);
    if (rc != MR_OK || !mr_when_given(p->birth)) return rc == MR_OK ? MR_OK : mr_arena_why(k->arena, err);
    if (p->birth.lo > k->as_of) {
        p->birth = MR_WHEN_NONE;
        rc = mr_raw_add_gap(&k->told, k->arena, "birth-date-in-future", false, p->reference,
                            "The date of birth lies after the date of the review: the age is unknown.");
    } else if (!code && mr_age_years(p->birth.lo, k->as_of) < 18) {
        rc = mr_raw_add_gap(&k->told, k->arena, "under-18", true, p->reference,
                            "The patient is under 18: only rules that are meant for children were run.");
    }
    return rc == MR_OK ? MR_OK : mr_arena_why(k->arena, err);
}

/* ---- conditions in a language that nobody here reads ---- */

/* SNOMED CT and LOINC are in the shipped packs, under names of which ruleset.c keeps one only; others are looked for.
 */
static bool system_loaded(const mr_ruleset *rules, mr_span system) {
    static const char *const shipped[] = {"http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.96",
                                          "urn:oid:2.16.840.1.113883.2.1.3.2.4.15", "http://loinc.org",
                                          "urn:oid:2.16.840.1.113883.6.1"};
    char prefix[200];
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++)
        if (mr_span_is(system, shipped[i])) return true;
    if (!rules->concept_codes || !system.len || system.len + 2 > sizeof prefix) return false;
    int n = snprintf(prefix, sizeof prefix, "%.*s|", MR_SPAN_ARG(system));
    return mr_index_any_starts(rules->concept_codes, (mr_span){prefix, (size_t)n});
}

/* Absent: a rule may see it, or there is nothing to see. Else the first by name of its systems. */
static mr_span unseen_system(const mr_ruleset *rules, const mr_condition *c, mr_span *known) {
    mr_span least = MR_SPAN_NONE;
    if (c->state == MR_FACT_EXCLUDED || c->state == MR_FACT_RESOLVED) return least;
    for (size_t i = 0; i < c->n_codings; i++) {
        mr_span system = c->codings[i].system.ptr ? c->codings[i].system : MR_SPAN("");
        if (system.len && mr_span_eq(system, *known)) return MR_SPAN_NONE;
        if (system_loaded(rules, system)) {
            *known = system;
            return MR_SPAN_NONE;
        }
        if (!least.ptr || mr_span_cmp(system, least) < 0) least = system;
    }
    return least;
}

/* A diagnosis whose codes nobody here knows is as good as one without a code: told, and the review is not complete.
 * Rules that ask for the absence of a diagnosis run all the same. To hold them back would lose true findings of every
 * patient who has one local code among a hundred; a finding too many is looked at by a person, one too few by nobody.
 */
static bool unseen_tell(making *k) {
    const mr_raw_record *raw = k->raw;
    mr_span *systems = MR_NEW_N(k->arena, mr_span, raw->n_conditions), known = MR_SPAN_NONE;
    size_t n = 0;
    if (!systems) return false;
    for (size_t i = 0; i < raw->n_conditions; i++) {
        mr_span system = unseen_system(k->rules, &raw->conditions[i], &known);
        if (system.ptr) systems[n++] = system;
    }
    if (n) qsort(systems, n, sizeof *systems, span_order);
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && mr_span_eq(systems[next], systems[i]);) next++;
        bool one = next - i == 1;
        if (mr_raw_add_gap(&k->told, k->arena, "unloaded-codes", false, MR_SPAN_NONE,
                           "%zu %s coded only in %.*s, of which no codes are loaded: no rule can see %s.", next - i,
                           one ? "condition is" : "conditions are",
                           MR_SPAN_ARG(systems[i].len ? systems[i] : MR_SPAN("a system that is not named")),
                           one ? "it" : "them") != MR_OK)
            return false;
    }
    return true;
}

mr_rc mr_record_build(const struct mr_ruleset *rules, const mr_raw_record *raw, mr_day as_of, mr_arena *a,
                      mr_record *ret, mr_error *err) {
    making k = {.rules = rules, .raw = raw, .as_of = as_of, .arena = a};
    k.record.patient = raw->patient;
    k.record.cut = raw->cut;
    if (!gaps_copy(&k) || patient_gaps(&k, err) != MR_OK || !entries_sort(&k) || !medicines_build(&k) ||
        !unseen_tell(&k) || !facts_sort(&k))
        return mr_arena_why(a, err);
    k.record.complete = is_complete(&k.record);
    *ret = k.record;
    return MR_OK;
}
