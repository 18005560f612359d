/* Made-up dm+d releases in memory, for tests: small, whole, the same for the same seed.
 *
 *   mr_arena *a = mr_arena_new(16 << 20);
 *   mr_dmd_release r = dmd_made(a, 1, 0);                    passes mr_dmd_release_check; lives in `a`
 *   uint32_t row = dmd_made_vmp(&r, "Aspirin 75mg tablets"); row by name; also _vtm, _substance, _amp, _vmpp
 *   uint64_t id = dmd_made_id(4711, true);                   a right check digit; true: UK namespace 1000001
 *
 * What is in it, in dmd_made_products.h: tablets, a liquid with a strength per ml, a salt whose strength is of
 * its base, a combination, gel, eye drops, patch, inhaler, injection, a modified-release capsule, an invalid product, a
 * product without VTM or ingredients, and one without a form or route. Every VMP has two AMPs, "NAME (Made Up Ltd)" and
 * "Madebrand N (Made Up Ltd)" with N the row of the VMP, one VMPP, and one AMPP for each AMP. Former ids: see
 * dmd_made_previous. `extra` adds that many products "Madeupine N", chosen by the seed.
 *
 * Substances bear their real names and, where one is public fact, their ids (NHSBSA dm+d, OGL v3.0); every other id,
 * strength, code and name here is made up and means nothing. */
#ifndef TESTS_TERMINOLOGY_DMD_MADE_H
#define TESTS_TERMINOLOGY_DMD_MADE_H

#include "dmd_made_products.h"

#include "medreview/terminology/dmd_release.h"
#include "medreview/terminology/terminology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- ids ---- */

/* item, then "1000001" "10" (UK) or "00" (core), then the check digit: found by asking mr_sctid_valid. */
static inline uint64_t dmd_made_id(uint64_t item, bool uk) {
    for (unsigned check = 0; check < 10; check++) {
        char text[32];
        int n = snprintf(text, sizeof text, uk ? "%llu100000110%u" : "%llu00%u", (unsigned long long)item, check);
        if (mr_sctid_valid((mr_span){text, (size_t)n})) return strtoull(text, NULL, 10);
    }
    abort();
}

/* Former ids and what they stand for now, by name. The last two: one id that was split between two products. */
typedef struct dmd_made_former {
    uint64_t id;
    mr_dmd_kind kind;
    const char *name;
} dmd_made_former;
enum { DMD_MADE_FORMERS = 8 };

static inline void dmd_made_formers(dmd_made_former ret[DMD_MADE_FORMERS]) {
    const dmd_made_former all[DMD_MADE_FORMERS] = {
        {90332006, MR_DMD_VTM, "Paracetamol"},
        {354303007, MR_DMD_VTM, "Co-amilofruse"},
        {3512011000001109, MR_DMD_SUBSTANCE, "Amiloride hydrochloride"},
        {3536911000001101, MR_DMD_SUBSTANCE, "Furosemide"},
        {dmd_made_id(700001, true), MR_DMD_VMP, "Aspirin 75mg tablets"},
        {dmd_made_id(700001, true), MR_DMD_VTM, "Aspirin"}, /* the same id once meant both */
        {dmd_made_id(700002, true), MR_DMD_VMP, "Ibuprofen 400mg tablets"},
        {dmd_made_id(700002, true), MR_DMD_VMP, "Ibuprofen 5% gel"},
    };
    memcpy(ret, all, sizeof all);
}

/* --- rows by name; MR_DMD_NONE when there is none ---- */

#define DMD_MADE_ROW(singular, table)                                                                                  \
    static inline uint32_t dmd_made_##singular(const mr_dmd_release *r, const char *name) {                            \
        for (size_t i = 0; i < r->n_##table; i++)                                                                      \
            if (mr_span_is(mr_dmd_name(r, r->table[i].name), name)) return (uint32_t)i;                                \
        return MR_DMD_NONE;                                                                                            \
    }
DMD_MADE_ROW(vtm, vtms)
DMD_MADE_ROW(substance, substances)
DMD_MADE_ROW(vmp, vmps)
DMD_MADE_ROW(amp, amps)
DMD_MADE_ROW(unit, units)
DMD_MADE_ROW(form, forms)
DMD_MADE_ROW(route, routes)
DMD_MADE_ROW(ont, onts)
#undef DMD_MADE_ROW

/* The pack of the VMP of that name. */
static inline uint32_t dmd_made_vmpp(const mr_dmd_release *r, const char *vmp_name) {
    uint32_t vmp = dmd_made_vmp(r, vmp_name);
    for (size_t i = 0; i < r->n_vmpps; i++)
        if (r->vmpps[i].vmp == vmp) return (uint32_t)i;
    return MR_DMD_NONE;
}

/* --- making it ---- */

typedef struct dmd_maker {
    mr_dmd_release r;
    char *names;
    uint64_t chance;
} dmd_maker;

#define DMD_MADE_COUNT(v) (sizeof(v) / sizeof(v)[0])

static inline void *dmd_made_room(mr_arena *a, size_t n, size_t size) {
    void *p = mr_arena_zalloc(a, (n ? n : 1) * size, 8);
    if (!p) abort();
    return p;
}

static inline uint64_t dmd_made_next(dmd_maker *m) { /* splitmix64 */
    uint64_t z = m->chance += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static inline mr_dmd_text dmd_made_text(dmd_maker *m, const char *text) {
    mr_dmd_text t = {m->r.n_names, (uint32_t)strlen(text)};
    memcpy(m->names + t.at, text, t.len);
    m->r.n_names += t.len;
    return t;
}

/* Every row begins with its id. */
static inline int dmd_made_order(const void *x, const void *y) {
    uint64_t a, b;
    memcpy(&a, x, sizeof a);
    memcpy(&b, y, sizeof b);
    return (a > b) - (a < b);
}

static inline int dmd_made_previous_order(const void *x, const void *y) {
    const mr_dmd_previous *a = x, *b = y;
    if (a->id != b->id) return a->id < b->id ? -1 : 1;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static inline void dmd_made_words(dmd_maker *m, mr_arena *a) {
    size_t n = DMD_MADE_COUNT(dmd_made_products), n_units = DMD_MADE_COUNT(dmd_made_units);
    size_t n_routes = DMD_MADE_COUNT(dmd_made_routes);
    mr_dmd_word *units = dmd_made_room(a, n_units, sizeof *units);
    mr_dmd_word *routes = dmd_made_room(a, n_routes, sizeof *routes);
    mr_dmd_word *forms = dmd_made_room(a, n, sizeof *forms), *onts = dmd_made_room(a, n, sizeof *onts);
    for (size_t i = 0; i < n_units; i++)
        units[i] = (mr_dmd_word){dmd_made_unit_codes[i], dmd_made_text(m, dmd_made_units[i])};
    for (size_t i = 0; i < n_routes; i++)
        routes[i] = (mr_dmd_word){dmd_made_routes[i].id, dmd_made_text(m, dmd_made_routes[i].name)};
    qsort(units, n_units, sizeof *units, dmd_made_order);
    qsort(routes, n_routes, sizeof *routes, dmd_made_order);
    m->r.units = units, m->r.n_units = n_units;
    m->r.routes = routes, m->r.n_routes = n_routes;
    m->r.forms = forms, m->r.onts = onts;
    for (size_t i = 0; i < n; i++) {
        const dmd_made_product *p = &dmd_made_products[i];
        if (p->form && dmd_made_form(&m->r, p->form) == MR_DMD_NONE)
            forms[m->r.n_forms++] = (mr_dmd_word){dmd_made_id(900000 + i, false), dmd_made_text(m, p->form)};
        if (p->ont && dmd_made_ont(&m->r, p->ont) == MR_DMD_NONE)
            onts[m->r.n_onts++] = (mr_dmd_word){i + 1, dmd_made_text(m, p->ont)};
    }
}

static inline void dmd_made_add_substances(dmd_maker *m, mr_arena *a) {
    size_t n = DMD_MADE_COUNT(dmd_made_substances);
    mr_dmd_substance *s = dmd_made_room(a, n, sizeof *s);
    for (size_t i = 0; i < n; i++) {
        const dmd_made_thing *from = &dmd_made_substances[i];
        s[i].id = from->id ? from->id : dmd_made_id(800000 + i, i % 2);
        s[i].name = dmd_made_text(m, from->name);
    }
    qsort(s, n, sizeof *s, dmd_made_order);
    m->r.substances = s, m->r.n_substances = n;
}

/* Members: the substance of the same name, where there is one; Co-amilofruse has two. */
static inline void dmd_made_add_vtms(dmd_maker *m, mr_arena *a) {
    size_t n = DMD_MADE_COUNT(dmd_made_vtms);
    mr_dmd_vtm *v = dmd_made_room(a, n, sizeof *v);
    uint32_t *members = dmd_made_room(a, 2 * n, sizeof *members), n_members = 0;
    for (size_t i = 0; i < n; i++) {
        const dmd_made_thing *from = &dmd_made_vtms[i];
        uint32_t same = dmd_made_substance(&m->r, from->name);
        v[i].id = from->id ? from->id : dmd_made_id(810000 + i, i % 2);
        v[i].name = dmd_made_text(m, from->name);
        v[i].first_member = n_members;
        if (same != MR_DMD_NONE) members[n_members++] = same;
        if (strcmp(from->name, "Co-amilofruse") == 0) {
            members[n_members++] = dmd_made_substance(&m->r, "Amiloride hydrochloride");
            members[n_members++] = dmd_made_substance(&m->r, "Furosemide");
        }
        v[i].n_members = n_members - v[i].first_member;
    }
    qsort(v, n, sizeof *v, dmd_made_order);
    m->r.vtms = v, m->r.n_vtms = n;
    m->r.vtm_members = members, m->r.n_vtm_members = n_members;
}

typedef struct dmd_made_rows { /* of the tables that grow with the products */
    mr_dmd_vmp *vmps;
    mr_dmd_part *parts;
    uint16_t *routes, *onts;
} dmd_made_rows;

static inline uint16_t dmd_made_word(uint32_t row) {
    return row == MR_DMD_NONE ? (uint16_t)MR_DMD_NO_WORD : (uint16_t)row;
}

static inline void dmd_made_add_part(dmd_maker *m, dmd_made_rows *to, const dmd_made_strength *s, uint32_t value) {
    mr_dmd_part *p = &to->parts[m->r.n_parts++];
    p->substance = dmd_made_substance(&m->r, s->substance);
    p->base = s->base ? dmd_made_substance(&m->r, s->base) : MR_DMD_NONE;
    p->basis = s->base ? 2 : 1;
    p->numerator = value;
    p->numerator_unit = dmd_made_word(dmd_made_unit(&m->r, s->unit));
    p->denominator = s->per;
    p->denominator_unit = s->per ? dmd_made_word(dmd_made_unit(&m->r, s->per_unit)) : (uint16_t)MR_DMD_NO_WORD;
}

/* `mg`: instead of the strength of the product, when not 0. */
static inline void dmd_made_add_vmp(dmd_maker *m, dmd_made_rows *to, const dmd_made_product *p, const char *name,
                                    uint64_t id, uint32_t mg) {
    mr_dmd_release *r = &m->r;
    mr_dmd_vmp v = {.id = id,
                    .name = dmd_made_text(m, name),
                    .vtm = p->vtm ? dmd_made_vtm(r, p->vtm) : MR_DMD_NONE,
                    .flags = p->flags,
                    .first_part = (uint32_t)r->n_parts,
                    .first_route = (uint32_t)r->n_vmp_routes,
                    .first_ont = (uint32_t)r->n_vmp_onts,
                    .form = p->form ? dmd_made_word(dmd_made_form(r, p->form)) : (uint16_t)MR_DMD_NO_WORD,
                    .unit_dose_size_unit = MR_DMD_NO_WORD,
                    .unit_dose_unit = MR_DMD_NO_WORD,
                    .ddd_unit = MR_DMD_NO_WORD,
                    .prescribing = 1};
    memcpy(v.bnf, p->bnf, strlen(p->bnf));
    memcpy(v.atc, p->atc, strlen(p->atc));
    for (; v.n_parts < 2 && p->parts[v.n_parts].substance; v.n_parts++)
        dmd_made_add_part(m, to, &p->parts[v.n_parts], mg ? 1000 * mg : p->parts[v.n_parts].value);
    if (p->form && strcmp(p->form, "Tablet") == 0) {
        v.dose_form = 1;
        v.unit_dose_size = 1000;
        v.unit_dose_size_unit = v.unit_dose_unit = dmd_made_word(dmd_made_unit(r, "tablet"));
    }
    if (p->route) to->routes[r->n_vmp_routes++] = (uint16_t)dmd_made_route(r, p->route), v.n_routes = 1;
    if (p->ont) to->onts[r->n_vmp_onts++] = (uint16_t)dmd_made_ont(r, p->ont), v.n_onts = 1;
    to->vmps[r->n_vmps++] = v;
}

static inline void dmd_made_vmps(dmd_maker *m, mr_arena *a, size_t extra) {
    static const dmd_made_product more = {.vtm = "Madeupine",
                                          .form = "Tablet",
                                          .route = "Oral",
                                          .ont = "tablet.oral",
                                          .bnf = "02020200",
                                          .atc = "C03CA99",
                                          .parts = {{"Madeupine hydrochloride", NULL, 0, "mg", 0, NULL}}};
    size_t n = DMD_MADE_COUNT(dmd_made_products) + extra;
    dmd_made_rows to = {dmd_made_room(a, n, sizeof *to.vmps), dmd_made_room(a, 2 * n, sizeof *to.parts),
                        dmd_made_room(a, n, sizeof *to.routes), dmd_made_room(a, n, sizeof *to.onts)};
    m->r.vmps = to.vmps, m->r.parts = to.parts, m->r.vmp_routes = to.routes, m->r.vmp_onts = to.onts;
    for (size_t i = 0; i < DMD_MADE_COUNT(dmd_made_products); i++) {
        const dmd_made_product *p = &dmd_made_products[i];
        dmd_made_add_vmp(m, &to, p, p->name, p->id > 1 ? p->id : dmd_made_id(820000 + i, p->id == 0), 0);
    }
    uint64_t item = 830000;
    for (size_t i = 0; i < extra; i++) {
        char name[64];
        uint32_t mg = 1 + (uint32_t)(dmd_made_next(m) % 500);
        (void)snprintf(name, sizeof name, "Madeupine %u %umg tablets", (unsigned)i, (unsigned)mg);
        item += 1 + dmd_made_next(m) % 9;
        dmd_made_add_vmp(m, &to, &more, name, dmd_made_id(item, true), mg);
    }
    qsort(to.vmps, n, sizeof *to.vmps, dmd_made_order);
}

/* In the order of their ids as they are made. */
static inline void dmd_made_amps_and_packs(dmd_maker *m, mr_arena *a) {
    size_t n = m->r.n_vmps;
    mr_dmd_amp *amps = dmd_made_room(a, 2 * n, sizeof *amps);
    mr_dmd_vmpp *vmpps = dmd_made_room(a, n, sizeof *vmpps);
    mr_dmd_ampp *ampps = dmd_made_room(a, 2 * n, sizeof *ampps);
    for (uint32_t i = 0; i < n; i++) {
        const mr_dmd_vmp *v = &m->r.vmps[i];
        char generic[256], brand[64];
        (void)snprintf(generic, sizeof generic, "%.*s (Made Up Ltd)", MR_SPAN_ARG(mr_dmd_name(&m->r, v->name)));
        (void)snprintf(brand, sizeof brand, "Madebrand %u (Made Up Ltd)", (unsigned)i);
        vmpps[i] = (mr_dmd_vmpp){dmd_made_id(2000000 + i, true), i, 0};
        for (uint32_t k = 0; k < 2; k++) {
            uint32_t row = 2 * i + k;
            amps[row] = (mr_dmd_amp){dmd_made_id(1000000 + row, true), dmd_made_text(m, k ? brand : generic), i,
                                     v->flags & MR_DMD_INVALID};
            ampps[row] = (mr_dmd_ampp){dmd_made_id(3000000 + row, true), row, i, 0, 0};
        }
    }
    m->r.amps = amps, m->r.n_amps = 2 * n;
    m->r.vmpps = vmpps, m->r.n_vmpps = n;
    m->r.ampps = ampps, m->r.n_ampps = 2 * n;
}

static inline void dmd_made_previous(dmd_maker *m, mr_arena *a) {
    dmd_made_former formers[DMD_MADE_FORMERS];
    mr_dmd_previous *p = dmd_made_room(a, DMD_MADE_FORMERS, sizeof *p);
    dmd_made_formers(formers);
    for (size_t i = 0; i < DMD_MADE_FORMERS; i++) {
        const dmd_made_former *f = &formers[i];
        uint32_t row = MR_DMD_NONE;
        if (f->kind == MR_DMD_VTM) row = dmd_made_vtm(&m->r, f->name);
        if (f->kind == MR_DMD_SUBSTANCE) row = dmd_made_substance(&m->r, f->name);
        if (f->kind == MR_DMD_VMP) row = dmd_made_vmp(&m->r, f->name);
        p[i] = (mr_dmd_previous){f->id, f->kind, row};
    }
    qsort(p, DMD_MADE_FORMERS, sizeof *p, dmd_made_previous_order);
    m->r.previous = p, m->r.n_previous = DMD_MADE_FORMERS;
}

static inline mr_dmd_release dmd_made(mr_arena *a, uint64_t seed, size_t extra) {
    dmd_maker m = {.r = {.date = "2026-11-16"}, .chance = seed};
    m.names = dmd_made_room(a, (DMD_MADE_COUNT(dmd_made_products) + extra + 64) * 256, 1);
    m.r.names = m.names;
    dmd_made_words(&m, a);
    dmd_made_add_substances(&m, a);
    dmd_made_add_vtms(&m, a);
    dmd_made_vmps(&m, a, extra);
    dmd_made_amps_and_packs(&m, a);
    dmd_made_previous(&m, a);
    return m.r;
}

#endif
