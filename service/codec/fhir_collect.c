/* One patient's part of the pages: whose each item is, and a gap for whatever cannot be used. */
#include "fhir_gather.h"

#include <stdlib.h>

typedef mr_fhir_gather gather;

static void gap(gather *g, const char *code, bool harmless, mr_span reference, const char *text) {
    g->full |= mr_raw_add_gap(&g->out->raw, g->arena, code, harmless, reference, "%s", text) != MR_OK;
}

typedef enum whose { MINE, FOREIGN, ANOTHERS, NOBODYS } whose;

static whose whose_is(gather *g, const mr_fhir_item *item) {
    const mr_fhir_pages *p = g->pages;
    if (!item->who.ptr) {
        if (p->n_patients > 1 && !g->others_are_foreign) return NOBODYS;
        g->unnamed++;
        return MINE;
    }
    if (!g->named || mr_fhir_same(item->who, g->patient)) return MINE;
    bool other = bsearch(&item->who, p->patients, p->n_patients, sizeof(mr_span), mr_fhir_span_cmp);
    return other && !g->others_are_foreign ? ANOTHERS : FOREIGN;
}

/* false: not to be used, and a gap says why. */
static bool usable(gather *g, const mr_fhir_group *group, const mr_fhir_item *item) {
    if (group->tie)
        gap(g, "duplicate-id", false, item->reference,
            "stands there more than once, with nothing to tell which is newer");
    else if (item->unread == MR_UNREAD_UNREADABLE)
        gap(g, "unreadable-entry", false, item->reference, "cannot be read: its JSON is not as FHIR has it");
    else if (item->unread == MR_UNREAD_MODIFIER_EXTENSION)
        gap(g, "modifier-extension", false, item->reference, "has a modifierExtension that is not understood");
    else {
        if (item->bad_id)
            gap(g, "invalid-id", true, item->reference,
                "has an id that FHIR does not allow: no server will take a reference to it");
        return true;
    }
    return false;
}

static void oddities(gather *g, const mr_fhir_item *item) {
    if (item->bad_date) gap(g, "unreadable-date", false, item->reference, "holds a date that cannot be read");
    if (item->odd_status)
        gap(g, "unknown-status", true, item->reference, "has a status that is missing or not one of FHIR's");
}

static void cite(gather *g, const mr_fhir_item *item) {
    if (!item->id.ptr || !item->version.ptr) return;
    mr_span s = mr_fhir_join(g->arena, item->reference, MR_SPAN("_history"));
    if (s.ptr) s = mr_fhir_join(g->arena, s, item->version);
    g->full |= !s.ptr || !MR_PUSH(g->arena, g->out->inputs, g->out->n_inputs, g->cap_inputs, s);
}

static void entry_take(gather *g, const mr_fhir_item *item, mr_unread unread) {
    mr_fhir_product product = {0};
    mr_raw_record *raw = &g->out->raw;
    if (!MR_PUSH(g->arena, raw->entries, raw->n_entries, raw->cap_entries, item->is.use->entry)) {
        g->full = true;
        return;
    }
    mr_entry *e = &raw->entries[raw->n_entries - 1];
    e->reference = item->reference;
    e->version = item->version;
    mr_fhir_product_resolve(g, item, e, &product);
    mr_fhir_links_resolve(g, item, e);
    if (unread) e->unread = unread;
    if (product.dangling && !unread && e->status != MR_ST_ENTERED_IN_ERROR)
        gap(g, "reference-not-found", true, item->reference, "the Medication it refers to is not in what was read");
    if (!e->unread) oddities(g, item);
    g->full |= !MR_PUSH(g->arena, g->out->products, g->n_products, g->cap_products, product);
}

static void condition_take(gather *g, const mr_fhir_item *item) {
    mr_raw_record *raw = &g->out->raw;
    mr_condition c = *item->is.condition;
    c.reference = item->reference;
    g->full |= !MR_PUSH(g->arena, raw->conditions, raw->n_conditions, raw->cap_conditions, c);
    oddities(g, item);
    if (item->uncoded && c.state != MR_FACT_EXCLUDED)
        gap(g, "uncoded-condition", false, item->reference, "has no code, so no rule can see it");
}

static void allergy_take(gather *g, const mr_fhir_item *item) {
    mr_raw_record *raw = &g->out->raw;
    mr_allergy a = *item->is.allergy;
    a.reference = item->reference;
    g->full |= !MR_PUSH(g->arena, raw->allergies, raw->n_allergies, raw->cap_allergies, a);
    oddities(g, item);
    if (item->uncoded && a.active)
        gap(g, "uncoded-allergy", false, item->reference, "has no code, so no rule can see it");
}

static void results_take(gather *g, const mr_fhir_item *item) {
    mr_raw_record *raw = &g->out->raw;
    for (size_t i = 0; i < item->is.results->n; i++) {
        mr_observation o = item->is.results->v[i];
        o.reference = item->reference;
        g->full |= !MR_PUSH(g->arena, raw->observations, raw->n_observations, raw->cap_observations, o);
    }
    if (item->is.results->n) oddities(g, item);
}

static bool is_use(const mr_fhir_item *item) {
    return item->kind == MR_FK_STATEMENT || item->kind == MR_FK_REQUEST;
}

static unsigned cut_of(mr_fhir_kind kind) {
    if (kind == MR_FK_CONDITION) return MR_CUT_CONDITIONS;
    if (kind == MR_FK_ALLERGY) return MR_CUT_ALLERGIES;
    return kind == MR_FK_OBSERVATION ? MR_CUT_OBSERVATIONS : MR_CUT_MEDICINES;
}

static void item_take(gather *g, const mr_fhir_group *group, const mr_fhir_item *item) {
    if (g->taken == MR_MAX_RESOURCES_PER_PATIENT) {
        g->over++;
        g->out->raw.cut |= cut_of(item->kind);
        if (is_use(item)) entry_take(g, item, MR_UNREAD_UNREADABLE);
        return;
    }
    g->taken++;
    bool readable = usable(g, group, item);
    mr_raw_record *raw = &g->out->raw;
    if (readable && item->in_error)
        g->full |= !MR_PUSH(g->arena, raw->errors, raw->n_errors, raw->cap_errors, item->reference);
    if (is_use(item))
        entry_take(g, item, readable ? MR_UNREAD_NOT : item->unread ? item->unread : MR_UNREAD_UNREADABLE);
    else if (readable && item->kind == MR_FK_CONDITION)
        condition_take(g, item);
    else if (readable && item->kind == MR_FK_ALLERGY)
        allergy_take(g, item);
    else if (readable && item->kind == MR_FK_OBSERVATION)
        results_take(g, item);
    cite(g, item);
}

static void group_take(gather *g, const mr_fhir_group *group, const mr_fhir_item *item) {
    switch (whose_is(g, item)) {
    case MINE: item_take(g, group, item); break;
    case FOREIGN:
        g->foreign++;
        if (is_use(item)) entry_take(g, item, MR_UNREAD_FOREIGN_PATIENT);
        break;
    case NOBODYS:
        gap(g, "no-subject", false, item->reference, "names no patient, and there are several");
        if (is_use(item)) entry_take(g, item, MR_UNREAD_UNREADABLE);
        break;
    default: break;
    }
}

static void kinds_take(gather *g, unsigned kinds, const uint32_t *order) {
    for (size_t i = 0; i < g->n_share && !g->full; i++) {
        const mr_fhir_group *group = order ? &g->pages->groups[order[i]] : mr_fhir_shared(g, i);
        const mr_fhir_item *item = mr_fhir_best(g->pages, group);
        if ((kinds >> item->kind & 1) && item->is.use && !item->deleted) group_take(g, group, item);
    }
}

typedef struct place { /* of a group in the order in which a full record takes them */
    const mr_fhir_item *item;
    uint32_t group;
} place;

static int64_t taken_s(const mr_fhir_item *item) {
    bool result = item->kind == MR_FK_OBSERVATION && item->is.results && item->is.results->n;
    return result ? item->is.results->v[0].instant_s : INT64_MIN;
}

/* Results by their date, newest first, so that the limit meets the oldest; all else by reference. */
static int place_cmp(const void *pa, const void *pb) {
    const place *a = pa, *b = pb;
    int64_t ta = taken_s(a->item), tb = taken_s(b->item);
    if (ta != tb) return ta > tb ? -1 : 1;
    return mr_span_cmp(a->item->reference, b->item->reference);
}

/* Only where the limit may be met does it matter who comes first. */
static uint32_t *places(gather *g) {
    size_t n = g->n_share;
    place *v = MR_NEW_N(g->arena, place, n);
    uint32_t *order = MR_NEW_N(g->arena, uint32_t, n);
    if (!v || !order) {
        g->full = true;
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        const mr_fhir_group *group = mr_fhir_shared(g, i);
        v[i] = (place){mr_fhir_best(g->pages, group), (uint32_t)(group - g->pages->groups)};
    }
    qsort(v, n, sizeof *v, place_cmp);
    for (size_t i = 0; i < n; i++) order[i] = v[i].group;
    return order;
}

static void person_read(gather *g, const mr_fhir_group *group, const mr_fhir_item *item) {
    mr_patient *out = &g->out->raw.patient;
    if (usable(g, group, item)) {
        *out = item->is.person->patient;
        if (item->bad_date) gap(g, "unreadable-date", false, item->reference, "holds a date that cannot be read");
    } else {
        g->out->raw.cut |= MR_CUT_PATIENT;
    }
    out->reference = item->reference;
}

static void person_take(gather *g) {
    mr_patient *out = &g->out->raw.patient;
    for (size_t i = 0; i < g->n_share; i++) {
        const mr_fhir_group *group = mr_fhir_shared(g, i);
        const mr_fhir_item *item = mr_fhir_best(g->pages, group);
        if (item->kind != MR_FK_PATIENT || item->deleted || !item->is.person) continue;
        if (mr_fhir_same(item->who, g->patient))
            person_read(g, group, item);
        else
            g->foreign += g->others_are_foreign;
    }
    out->id = g->patient;
    if (out->reference.ptr || !g->patient.ptr) return;
    bool id = mr_span_find(g->patient, ':') == g->patient.len && mr_span_find(g->patient, '/') == g->patient.len;
    out->reference = id ? mr_fhir_join(g->arena, MR_SPAN("Patient"), g->patient) : g->patient;
    g->full |= !out->reference.ptr;
}

static void read_take(gather *g) {
    g->out->read = MR_NEW_N(g->arena, mr_span, g->n_share);
    g->full |= !g->out->read;
    for (size_t i = 0; !g->full && i < g->n_share; i++) {
        const mr_fhir_item *item = mr_fhir_best(g->pages, mr_fhir_shared(g, i));
        if (!item->id.ptr || item->deleted || item->kind == MR_FK_MEDICATION || item->kind == MR_FK_SUBSTANCE) continue;
        if (item->who.ptr && g->named && !mr_fhir_same(item->who, g->patient)) continue;
        g->out->read[g->out->n_read++] = item->reference;
    }
}

static size_t sort_unique(mr_span *v, size_t n) {
    size_t kept = 0;
    if (n) qsort(v, n, sizeof *v, mr_fhir_span_cmp);
    for (size_t i = 0; i < n; i++)
        if (!kept || !mr_span_eq(v[kept - 1], v[i])) v[kept++] = v[i];
    return kept;
}

static void sums(gather *g) {
    mr_raw_record *raw = &g->out->raw;
    mr_rc rc = MR_OK;
    if (g->foreign)
        rc = mr_raw_add_gap(raw, g->arena, "foreign-patient", false, MR_SPAN_NONE,
                            "%zu resource(s) belong to another patient and were left out", g->foreign);
    if (!rc && g->unnamed && g->named)
        rc = mr_raw_add_gap(raw, g->arena, "no-subject", true, MR_SPAN_NONE,
                            "%zu resource(s) name no patient and were taken as this patient's", g->unnamed);
    if (!rc && g->over)
        rc = mr_raw_add_gap(raw, g->arena, "resource-limit", false, MR_SPAN_NONE,
                            "more than %u resources: %zu were left out", MR_MAX_RESOURCES_PER_PATIENT, g->over);
    for (size_t i = 0; !rc && i < g->pages->n_gaps; i++)
        rc = mr_raw_add_gap(raw, g->arena, "unreadable-entry", false, g->pages->gaps[i].reference, "%.*s",
                            MR_SPAN_ARG(g->pages->gaps[i].text));
    g->full |= rc != MR_OK;
    g->out->n_unresolved = sort_unique(g->out->unresolved, g->out->n_unresolved);
    g->out->n_inputs = sort_unique(g->out->inputs, g->out->n_inputs);
    if (g->out->n_read) qsort(g->out->read, g->out->n_read, sizeof(mr_span), mr_fhir_span_cmp); /* each once already */
}

enum {
    MEDICINES = 1 << MR_FK_STATEMENT | 1 << MR_FK_REQUEST,
    FACTS = 1 << MR_FK_CONDITION | 1 << MR_FK_ALLERGY,
    RESULTS = 1 << MR_FK_OBSERVATION
};

/* Room for all at once: to grow by doubling leaves as much again behind in the arena. */
static void reserve(gather *g) {
    mr_raw_record *raw = &g->out->raw;
    size_t uses = 0, conditions = 0, allergies = 0, results = 0;
    for (size_t i = 0; i < g->n_share; i++) {
        const mr_fhir_item *item = mr_fhir_best(g->pages, mr_fhir_shared(g, i));
        uses += is_use(item);
        conditions += item->kind == MR_FK_CONDITION;
        allergies += item->kind == MR_FK_ALLERGY;
        if (item->kind == MR_FK_OBSERVATION && item->is.results) results += item->is.results->n;
    }
    raw->entries = mr_arena_alloc(g->arena, mr_arena_times(uses, sizeof *raw->entries), _Alignof(mr_entry));
    raw->conditions =
        mr_arena_alloc(g->arena, mr_arena_times(conditions, sizeof *raw->conditions), _Alignof(mr_condition));
    raw->allergies = mr_arena_alloc(g->arena, mr_arena_times(allergies, sizeof *raw->allergies), _Alignof(mr_allergy));
    raw->observations =
        mr_arena_alloc(g->arena, mr_arena_times(results, sizeof *raw->observations), _Alignof(mr_observation));
    g->out->products =
        mr_arena_alloc(g->arena, mr_arena_times(uses, sizeof(mr_fhir_product)), _Alignof(mr_fhir_product));
    g->full |= !raw->entries || !raw->conditions || !raw->allergies || !raw->observations || !g->out->products;
    if (g->full) return;
    raw->cap_entries = g->cap_products = uses;
    raw->cap_conditions = conditions;
    raw->cap_allergies = allergies;
    raw->cap_observations = results;
}

static bool gather_all(gather *g) {
    if (!mr_fhir_share(g)) return false;
    const uint32_t *order = g->n_share > MR_MAX_RESOURCES_PER_PATIENT ? places(g) : NULL;
    if (g->pages->n_patients < 2 || g->share) reserve(g); /* else some of it may be others' */
    person_take(g);
    kinds_take(g, MEDICINES, order);
    kinds_take(g, FACTS, order);
    kinds_take(g, RESULTS, order);
    read_take(g);
    sums(g);
    return !g->full && !g->pages->reader.full;
}

mr_rc mr_fhir_collect(mr_fhir_pages *p, mr_span patient, bool others_are_foreign, mr_arena *a, mr_fhir_collected *ret,
                      mr_error *err) {
    mr_fhir_collected out = {.products = NULL};
    gather g = {.pages = p, .arena = a, .patient = patient, .others_are_foreign = others_are_foreign, .out = &out};
    mr_span *patients;
    size_t n_patients;
    mr_rc rc = mr_fhir_patients(p, &patients, &n_patients, err);
    if (rc) return rc;
    mr_span *known = bsearch(&patient, patients, n_patients, sizeof patient, mr_fhir_span_cmp);
    if (known || (!patient.ptr && n_patients)) g.patient = known ? *known : patients[0]; /* the span that items share */
    g.named = g.patient.ptr;
    mr_raw_init(&out.raw);
    if (!gather_all(&g)) return mr_arena_why(g.full ? a : p->arena, err);
    *ret = out;
    return MR_OK;
}
