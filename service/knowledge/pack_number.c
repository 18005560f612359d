/* Between the rounds: drafts are sorted by name and become the numbered arrays of the ruleset; codes find their
 * concepts, unions are spelled out. Numbers depend on names only, never on the order of files. */
#include "names.h"
#include "pack.h"

#include <stdlib.h>

static int by_name(const void *a, const void *b) {
    return mr_span_cmp(((const mr_draft *)a)->name, ((const mr_draft *)b)->name);
}

#define NUMBER(p, list, array, count, type, field)                                                                     \
    do {                                                                                                               \
        if ((p)->list.n) qsort((p)->list.v, (p)->list.n, sizeof *(p)->list.v, by_name);                                \
        (p)->rules->array = MR_NEW_N((p)->arena, type, (p)->list.n ? (p)->list.n : 1);                                 \
        if (!(p)->rules->array) {                                                                                      \
            mr_pack_out_of_room(p);                                                                                    \
            return;                                                                                                    \
        }                                                                                                              \
        for (size_t i = 0; i < (p)->list.n; i++) (p)->rules->array[i] = (p)->list.v[i].field;                          \
        (p)->rules->count = (p)->list.n;                                                                               \
    } while (0)

static void number_scales(mr_pack *p) {
    NUMBER(p, scales, scales, n_scales, mr_scale, scale);
    p->rules->default_scale = MR_NO_NUMBER;
    for (size_t i = 0; i < p->scales.n; i++) {
        if (!p->scales.v[i].is_default) continue;
        if (p->rules->default_scale != MR_NO_NUMBER)
            mr_complain(p->complaints, p->scales.v[i].head.at, "a second default scale; the first is \"%.*s\"",
                        MR_SPAN_ARG(p->rules->scales[p->rules->default_scale].name));
        else
            p->rules->default_scale = (uint16_t)i;
    }
}

static void number_groups(mr_pack *p) {
    NUMBER(p, groups, groups, n_groups, mr_group, group);
    for (size_t i = 0; i < p->groups.n; i++) p->rules->groups[i].site = p->groups.v[i].head.at.site;
    if (p->groups.n > MR_MAX_GROUPS)
        mr_complain(p->complaints, p->groups.v[MR_MAX_GROUPS].head.at, "more than %u drug groups", MR_MAX_GROUPS);
    else
        mr_pack_group_unions(p);
}

static void number_harms(mr_pack *p) {
    NUMBER(p, harms, harms, n_harms, mr_harm, harm);
}

static void number_concepts(mr_pack *p) {
    NUMBER(p, concepts, concepts, n_concepts, mr_span, head.name);
    NUMBER(p, concepts, concept_titles, n_concepts, mr_span, title);
    p->rules->concept_loaded = MR_NEW_N(p->arena, bool, p->concepts.n ? p->concepts.n : 1);
    p->rules->degree_loaded = MR_NEW_N(p->arena, bool, p->concepts.n ? p->concepts.n : 1);
    if (!p->rules->concept_loaded || !p->rules->degree_loaded) mr_pack_out_of_room(p);
}

/* ---- codes ---- */

uint16_t mr_pack_concept_of(mr_pack *p, const mr_draft *row) {
    uint16_t c = mr_name_find(p->rules, MR_NAME_CONCEPT, row->name);
    if (c != MR_NO_NUMBER) return c;
    mr_span near = mr_name_near(p->rules, MR_NAME_CONCEPT, row->name);
    if (near.ptr)
        mr_complain(p->complaints, row->at, "there is no concept \"%.*s\"; did you mean \"%.*s\"?",
                    MR_SPAN_ARG(row->name), MR_SPAN_ARG(near));
    else
        mr_complain(p->complaints, row->at, "there is no concept \"%.*s\"", MR_SPAN_ARG(row->name));
    return MR_NO_NUMBER;
}

/* counts[a * n + b]: what is coded as b counts for a. */
static void fill_unions(mr_pack *p, bool *counts) {
    size_t n = p->concepts.n;
    for (size_t a = 0; a < n; a++) {
        counts[a * n + a] = true;
        for (const mr_yaml *m = p->concepts.v[a].members; m; m = m->next) {
            mr_draft member = {m->text, m->at};
            uint16_t b = mr_pack_concept_of(p, &member);
            if (b != MR_NO_NUMBER) counts[a * n + b] = true;
        }
    }
    for (size_t via = 0; via < n; via++) /* members of members */
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; counts[a * n + via] && b < n; b++)
                if (counts[via * n + b]) counts[a * n + b] = true;
}

static void add_code(mr_pack *p, const mr_code_draft *row, uint16_t concept) {
    if (p->rc != MR_OK) return;
    p->rc =
        mr_ruleset_add_code(p->rules, p->arena, row->system, row->code, (mr_concept_hit){concept, row->role}, p->err);
    if (mr_code_role_plain(row->role)) p->rules->concept_loaded[concept] = true;
    if (row->role >= MR_ROLE_MILD && row->role <= MR_ROLE_SEVERE) p->rules->degree_loaded[concept] = true;
}

static bool has_own_row(const mr_pack *p, mr_span concept, const mr_code_draft *row) {
    char room[MR_CODE_KEY];
    mr_span key;
    uint32_t place;
    return mr_pack_code_key(concept, row->system, row->code, room, &key) && mr_index_get(p->codes_seen, key, &place);
}

/* A union counts its members' plain rows; where it has a row of its own for the code, that one stands. */
static void add_union_codes(mr_pack *p, const bool *counts, size_t row_concept, const mr_code_draft *row) {
    size_t n = p->concepts.n;
    for (size_t a = 0; a < n; a++)
        if (a != row_concept && counts[a * n + row_concept] && !has_own_row(p, p->rules->concepts[a], row))
            add_code(p, row, (uint16_t)a);
}

static int by_code(const void *a, const void *b) {
    const mr_code_draft *x = a, *y = b;
    int c = mr_span_cmp(x->system, y->system);
    if (!c) c = mr_span_cmp(x->code, y->code);
    return c ? c : mr_span_cmp(x->head.name, y->head.name);
}

static void number_codes(mr_pack *p) {
    size_t n = p->concepts.n;
    bool *counts = MR_NEW_N(p->arena, bool, n ? n *n : 1);
    if (!counts) {
        mr_pack_out_of_room(p);
        return;
    }
    fill_unions(p, counts);
    if (p->codes.n) qsort(p->codes.v, p->codes.n, sizeof *p->codes.v, by_code);
    for (size_t i = 0; i < p->codes.n; i++) {
        const mr_code_draft *row = &p->codes.v[i];
        uint16_t c = mr_pack_concept_of(p, &row->head);
        if (c == MR_NO_NUMBER) continue;
        add_code(p, row, c);
        if (mr_code_role_plain(row->role)) add_union_codes(p, counts, c, row);
    }
}

static int by_unit(const void *a, const void *b) {
    const mr_unit_draft *x = a, *y = b;
    int c = mr_span_cmp(x->head.name, y->head.name);
    return c ? c : mr_span_cmp(x->unit.unit, y->unit.unit);
}

static void number_units(mr_pack *p) {
    if (p->units.n) qsort(p->units.v, p->units.n, sizeof *p->units.v, by_unit);
    p->rules->units = MR_NEW_N(p->arena, mr_unit, p->units.n ? p->units.n : 1);
    if (!p->rules->units) {
        mr_pack_out_of_room(p);
        return;
    }
    for (size_t i = 0; i < p->units.n; i++) {
        mr_unit_draft *d = &p->units.v[i];
        d->unit.concept = mr_pack_concept_of(p, &d->head);
        if (d->unit.concept != MR_NO_NUMBER) p->rules->units[p->rules->n_units++] = d->unit;
    }
}

void mr_pack_number(mr_pack *p) {
    number_groups(p);
    if (p->rc == MR_OK) number_harms(p);
    if (p->rc == MR_OK) number_scales(p);
    if (p->rc == MR_OK) number_concepts(p);
    if (p->rc == MR_OK && p->n_sets) mr_pack_code_sets(p);
    if (p->rc == MR_OK) number_codes(p);
    if (p->rc == MR_OK) number_units(p);
}
