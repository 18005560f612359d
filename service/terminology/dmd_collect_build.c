/* The records that stand, as rows: sorted by id, pointing at each other by row number, their names in one pool in the
 * order of the tables. The same records give the same rows in whatever order they were read. */
#include "dmd_import_parts.h"

#include <string.h>

typedef struct building {
    mr_dmd_collect *c;
    mr_arena *a;
    mr_dmd_release *r;
    char *names;
    size_t room;
} building;

static uint32_t rank_of(const building *b, mr_dmd_table t, uint64_t id) {
    const mr_dmd_raw *raw = mr_dmd_find_kept(b->c, t, id);
    return raw ? raw->rank : MR_DMD_NONE;
}

static uint16_t word_of(const building *b, mr_dmd_table t, uint64_t code) {
    uint32_t rank = rank_of(b, t, code);
    return rank == MR_DMD_NONE ? MR_DMD_NO_WORD : (uint16_t)rank;
}

static uint64_t given(uint64_t value, uint64_t otherwise) {
    return value == MR_DMD_ABSENT ? otherwise : value;
}

static mr_dmd_text name_of(building *b, mr_span text) {
    mr_dmd_text t = {b->r->n_names, (uint32_t)text.len};
    if (!text.len) return (mr_dmd_text){0, 0};
    MR_REQUIRE(text.len <= b->room - b->r->n_names);
    memcpy(b->names + b->r->n_names, text.ptr, text.len);
    b->r->n_names += (uint32_t)text.len;
    return t;
}

static size_t count_kept(const mr_dmd_records *rows) {
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) n += rows->v[i].state == MR_DMD_KEPT;
    return n;
}

/* The next kept record at or behind *at; NULL at the end. */
static const mr_dmd_raw *next_kept(const mr_dmd_records *rows, size_t *at) {
    while (*at < rows->n && rows->v[*at].state != MR_DMD_KEPT) (*at)++;
    return *at < rows->n ? &rows->v[(*at)++] : NULL;
}

/* Walks a table of one product's records along with the products: all of `id` that are kept. */
static const mr_dmd_raw *next_of(const mr_dmd_records *rows, size_t *at, uint64_t id) {
    while (*at < rows->n && (rows->v[*at].state != MR_DMD_KEPT || rows->v[*at].v[MR_DMD_ID] < id)) (*at)++;
    return *at < rows->n && rows->v[*at].v[MR_DMD_ID] == id ? &rows->v[(*at)++] : NULL;
}

/* --- words, substances, moieties -----------------------------------------------------------------------------------
 */

static const mr_dmd_word *build_words(building *b, mr_dmd_table t, size_t *ret_n) {
    const mr_dmd_records *rows = &b->c->tables[t];
    size_t n = count_kept(rows), at = 0;
    mr_dmd_word *v = MR_NEW_N(b->a, mr_dmd_word, n);
    if (!v) return NULL;
    for (size_t i = 0; i < n; i++) {
        const mr_dmd_raw *raw = next_kept(rows, &at);
        v[i] = (mr_dmd_word){raw->v[MR_DMD_ID], name_of(b, raw->text)};
    }
    *ret_n = n;
    return v;
}

static bool build_substances(building *b) {
    const mr_dmd_records *rows = &b->c->tables[MR_DMD_T_ING];
    size_t n = count_kept(rows), at = 0;
    mr_dmd_substance *v = MR_NEW_N(b->a, mr_dmd_substance, n);
    if (!v) return false;
    for (size_t i = 0; i < n; i++) {
        const mr_dmd_raw *raw = next_kept(rows, &at);
        v[i].id = raw->v[MR_DMD_ID];
        v[i].name = name_of(b, raw->text);
        v[i].flags = given(raw->v[MR_DMD_ING_INVALID], 0) ? MR_DMD_INVALID : 0;
    }
    b->r->substances = v;
    b->r->n_substances = n;
    return true;
}

static bool build_vtms(building *b) {
    const mr_dmd_records *rows = &b->c->tables[MR_DMD_T_VTM], *members = &b->c->tables[MR_DMD_T_VTM_ING];
    size_t n = count_kept(rows), n_members = count_kept(members), at = 0, at_member = 0;
    mr_dmd_vtm *v = MR_NEW_N(b->a, mr_dmd_vtm, n);
    uint32_t *m = MR_NEW_N(b->a, uint32_t, n_members);
    if (!v || !m) return false;
    for (size_t i = 0; i < n; i++) {
        const mr_dmd_raw *raw = next_kept(rows, &at), *member;
        v[i].id = raw->v[MR_DMD_ID];
        v[i].name = name_of(b, raw->text);
        v[i].flags = given(raw->v[MR_DMD_VTM_INVALID], 0) ? MR_DMD_INVALID : 0;
        v[i].first_member = (uint32_t)b->r->n_vtm_members;
        while ((member = next_of(members, &at_member, v[i].id)) != NULL)
            m[b->r->n_vtm_members++] = rank_of(b, MR_DMD_T_ING, member->v[MR_DMD_PAIR_OTHER]);
        v[i].n_members = (uint32_t)b->r->n_vtm_members - v[i].first_member;
    }
    b->r->vtms = v;
    b->r->n_vtms = n;
    b->r->vtm_members = m;
    return true;
}

/* --- products -------------------------------------------------------------------------------------------------------
 */

static mr_dmd_part part_of(const building *b, const mr_dmd_raw *raw) {
    return (mr_dmd_part){
        .substance = rank_of(b, MR_DMD_T_ING, raw->v[MR_DMD_VPI_ING]),
        .base = rank_of(b, MR_DMD_T_ING, raw->v[MR_DMD_VPI_BASE]),
        .numerator = given(raw->v[MR_DMD_VPI_NUMERATOR], 0),
        .denominator = given(raw->v[MR_DMD_VPI_DENOMINATOR], 0),
        .numerator_unit = word_of(b, MR_DMD_T_UNIT, raw->v[MR_DMD_VPI_NUMERATOR_UNIT]),
        .denominator_unit = word_of(b, MR_DMD_T_UNIT, raw->v[MR_DMD_VPI_DENOMINATOR_UNIT]),
        .basis = (uint16_t)given(raw->v[MR_DMD_VPI_BASIS], 0),
    };
}

static mr_dmd_vmp vmp_of(building *b, const mr_dmd_raw *raw) {
    uint64_t combination = given(raw->v[MR_DMD_VMP_COMBINATION], 0);
    return (mr_dmd_vmp){
        .id = raw->v[MR_DMD_ID],
        .name = name_of(b, raw->text),
        .vtm = rank_of(b, MR_DMD_T_VTM, raw->v[MR_DMD_VMP_VTM]),
        .flags = (given(raw->v[MR_DMD_VMP_INVALID], 0) ? MR_DMD_INVALID : 0u) | (combination == 1   ? MR_DMD_COMBINATION
                                                                                 : combination == 2 ? MR_DMD_COMPONENT
                                                                                                    : 0u),
        .first_part = (uint32_t)b->r->n_parts,
        .first_route = (uint32_t)b->r->n_vmp_routes,
        .first_ont = (uint32_t)b->r->n_vmp_onts,
        .form = MR_DMD_NO_WORD,
        .unit_dose_size_unit = word_of(b, MR_DMD_T_UNIT, raw->v[MR_DMD_VMP_UDFS_UNIT]),
        .unit_dose_unit = word_of(b, MR_DMD_T_UNIT, raw->v[MR_DMD_VMP_DOSE_UNIT]),
        .unit_dose_size = (uint32_t)given(raw->v[MR_DMD_VMP_UDFS], 0),
        .ddd_unit = MR_DMD_NO_WORD,
        .dose_form = (uint8_t)given(raw->v[MR_DMD_VMP_DOSE_FORM], 0),
        .control = 255,
        .prescribing = (uint8_t)given(raw->v[MR_DMD_VMP_PRESCRIBING], 255),
    };
}

typedef struct lists { /* storage that grows with the products */
    mr_dmd_part *parts;
    uint16_t *routes, *onts;
    size_t at[MR_DMD_TABLES_N];
} lists;

static void add_lists(building *b, lists *l, mr_dmd_vmp *v) {
    mr_dmd_records *t = b->c->tables;
    mr_dmd_release *r = b->r;
    const mr_dmd_raw *raw;
    while ((raw = next_of(&t[MR_DMD_T_VPI], &l->at[MR_DMD_T_VPI], v->id)) != NULL)
        l->parts[r->n_parts++] = part_of(b, raw);
    while ((raw = next_of(&t[MR_DMD_T_VMP_ROUTE], &l->at[MR_DMD_T_VMP_ROUTE], v->id)) != NULL)
        l->routes[r->n_vmp_routes++] = word_of(b, MR_DMD_T_ROUTE, raw->v[MR_DMD_PAIR_OTHER]);
    while ((raw = next_of(&t[MR_DMD_T_VMP_ONT], &l->at[MR_DMD_T_VMP_ONT], v->id)) != NULL)
        l->onts[r->n_vmp_onts++] = word_of(b, MR_DMD_T_ONT, raw->v[MR_DMD_PAIR_OTHER]);
    v->n_parts = (uint16_t)(r->n_parts - v->first_part);
    v->n_routes = (uint16_t)(r->n_vmp_routes - v->first_route);
    v->n_onts = (uint16_t)(r->n_vmp_onts - v->first_ont);
}

static void add_single(const building *b, lists *l, mr_dmd_vmp *v) {
    const mr_dmd_records *t = b->c->tables;
    const mr_dmd_raw *form = next_of(&t[MR_DMD_T_VMP_FORM], &l->at[MR_DMD_T_VMP_FORM], v->id);
    const mr_dmd_raw *control = next_of(&t[MR_DMD_T_CONTROL], &l->at[MR_DMD_T_CONTROL], v->id);
    const mr_dmd_raw *bnf = next_of(&t[MR_DMD_T_BNF], &l->at[MR_DMD_T_BNF], v->id);
    if (form) v->form = word_of(b, MR_DMD_T_FORM, form->v[MR_DMD_PAIR_OTHER]);
    if (control) v->control = (uint8_t)control->v[MR_DMD_PAIR_OTHER];
    if (!bnf) return;
    memcpy(v->bnf, bnf->text.ptr ? bnf->text.ptr : "", bnf->text.len);
    mr_dmd_atc_text(bnf->v[MR_DMD_BNF_ATC], v->atc);
    v->ddd = (uint32_t)given(bnf->v[MR_DMD_BNF_DDD], 0);
    v->ddd_unit = word_of(b, MR_DMD_T_UNIT, bnf->v[MR_DMD_BNF_DDD_UNIT]);
}

static bool build_vmps(building *b) {
    mr_dmd_records *t = b->c->tables;
    size_t n = count_kept(&t[MR_DMD_T_VMP]), at = 0;
    mr_dmd_vmp *v = MR_NEW_N(b->a, mr_dmd_vmp, n);
    lists l = {.parts = MR_NEW_N(b->a, mr_dmd_part, count_kept(&t[MR_DMD_T_VPI])),
               .routes = MR_NEW_N(b->a, uint16_t, count_kept(&t[MR_DMD_T_VMP_ROUTE])),
               .onts = MR_NEW_N(b->a, uint16_t, count_kept(&t[MR_DMD_T_VMP_ONT]))};
    if (!v || !l.parts || !l.routes || !l.onts) return false;
    for (size_t i = 0; i < n; i++) {
        v[i] = vmp_of(b, next_kept(&t[MR_DMD_T_VMP], &at));
        add_lists(b, &l, &v[i]);
        add_single(b, &l, &v[i]);
    }
    b->r->vmps = v;
    b->r->n_vmps = n;
    b->r->parts = l.parts;
    b->r->vmp_routes = l.routes;
    b->r->vmp_onts = l.onts;
    return true;
}

static bool build_amps(building *b) {
    const mr_dmd_records *rows = &b->c->tables[MR_DMD_T_AMP];
    size_t n = count_kept(rows), at = 0;
    mr_dmd_amp *v = MR_NEW_N(b->a, mr_dmd_amp, n);
    if (!v) return false;
    for (size_t i = 0; i < n; i++) {
        const mr_dmd_raw *raw = next_kept(rows, &at);
        v[i] = (mr_dmd_amp){.id = raw->v[MR_DMD_ID],
                            .name = name_of(b, raw->text),
                            .vmp = rank_of(b, MR_DMD_T_VMP, raw->v[MR_DMD_AMP_VMP]),
                            .flags = given(raw->v[MR_DMD_AMP_INVALID], 0) ? MR_DMD_INVALID : 0};
    }
    b->r->amps = v;
    b->r->n_amps = n;
    return true;
}

static bool build_packs(building *b) {
    const mr_dmd_records *rows = &b->c->tables[MR_DMD_T_VMPP], *actual = &b->c->tables[MR_DMD_T_AMPP];
    size_t n = count_kept(rows), n_actual = count_kept(actual), at = 0;
    mr_dmd_vmpp *v = MR_NEW_N(b->a, mr_dmd_vmpp, n);
    mr_dmd_ampp *p = MR_NEW_N(b->a, mr_dmd_ampp, n_actual);
    if (!v || !p) return false;
    for (size_t i = 0; i < n; i++) {
        const mr_dmd_raw *raw = next_kept(rows, &at);
        v[i] = (mr_dmd_vmpp){.id = raw->v[MR_DMD_ID],
                             .vmp = rank_of(b, MR_DMD_T_VMP, raw->v[MR_DMD_VMPP_VMP]),
                             .flags = given(raw->v[MR_DMD_VMPP_INVALID], 0) ? MR_DMD_INVALID : 0};
    }
    at = 0;
    for (size_t i = 0; i < n_actual; i++) {
        const mr_dmd_raw *raw = next_kept(actual, &at);
        p[i] = (mr_dmd_ampp){.id = raw->v[MR_DMD_ID],
                             .amp = rank_of(b, MR_DMD_T_AMP, raw->v[MR_DMD_AMPP_AMP]),
                             .vmpp = rank_of(b, MR_DMD_T_VMPP, raw->v[MR_DMD_AMPP_VMPP]),
                             .flags = given(raw->v[MR_DMD_AMPP_INVALID], 0) ? MR_DMD_INVALID : 0};
    }
    b->r->vmpps = v;
    b->r->n_vmpps = n;
    b->r->ampps = p;
    b->r->n_ampps = n_actual;
    return true;
}

/* --- together
 * --------------------------------------------------------------------------------------------------------- */

static size_t name_bytes(const mr_dmd_collect *c) {
    size_t n = 0;
    for (int t = 0; t < MR_DMD_TABLES_N; t++)
        for (size_t i = 0; i < c->tables[t].n; i++) n += c->tables[t].v[i].text.len;
    return n;
}

static bool build_previous(building *b, const mr_dmd_previous_list *previous) {
    mr_dmd_previous *v = MR_NEW_N(b->a, mr_dmd_previous, previous->n);
    if (!v) return false;
    if (previous->n) memcpy(v, previous->v, previous->n * sizeof *v);
    b->r->previous = v;
    b->r->n_previous = previous->n;
    return true;
}

static bool build_all(building *b, const mr_dmd_previous_list *previous) {
    mr_dmd_release *r = b->r;
    r->units = build_words(b, MR_DMD_T_UNIT, &r->n_units);
    r->forms = build_words(b, MR_DMD_T_FORM, &r->n_forms);
    r->routes = build_words(b, MR_DMD_T_ROUTE, &r->n_routes);
    r->onts = build_words(b, MR_DMD_T_ONT, &r->n_onts);
    if (!r->units || !r->forms || !r->routes || !r->onts) return false;
    return build_substances(b) && build_vtms(b) && build_vmps(b) && build_amps(b) && build_packs(b) &&
           build_previous(b, previous);
}

mr_rc mr_dmd_collect_build(mr_dmd_collect *c, const mr_dmd_previous_list *previous, mr_arena *a, mr_dmd_release *ret,
                           mr_error *err) {
    static const mr_dmd_table words[] = {MR_DMD_T_UNIT, MR_DMD_T_FORM, MR_DMD_T_ONT, MR_DMD_T_ROUTE};
    building b = {.c = c, .a = a, .r = ret, .room = name_bytes(c)};
    if (b.room >= UINT32_MAX) return mr_fail(err, MR_LIMIT, "the names of the release need more than 4 GB");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (count_kept(&c->tables[words[i]]) >= MR_DMD_NO_WORD)
            return mr_fail(err, MR_LIMIT, "a lookup holds more words than fit");
    *ret = (mr_dmd_release){0};
    b.names = mr_arena_alloc(a, b.room, 1);
    ret->names = b.names;
    if (!b.names || !build_all(&b, previous)) return mr_dmd_no_room_in(a, err);
    return MR_OK;
}
