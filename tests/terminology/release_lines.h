/* A small dm+d release written as lines, so that a test shows what it is about and nothing else.
 *
 *   sub|ISID|NAME                      vtm|VTMID|NAME|ISID,ISID          (members may be empty)
 *   vmp|VPID|NAME|VTMID|FORM|ROUTE,ROUTE|ONT,ONT|BNF|ATC                 (any but the first two may be empty)
 *   vpi|VPID|ISID|BASE ISID|THOUSANDTHS|UNIT|THOUSANDTHS|UNIT            (after their vmp, together)
 *   amp|APID|NAME|VPID       vmpp|VPPID|VPID       ampp|APPID|APID|VPPID
 *   was|FORMER ID|KIND|CURRENT ID      with KIND one of sub, vtm, vmp, amp
 *
 * An id is its digits, or #N: a made-up one with a right check digit (release_id). Forms, routes and units are named as
 * the lookup file names them; see `release_words`. A `!` before a NAME marks the record invalid. */
#ifndef TESTS_TERMINOLOGY_RELEASE_LINES_H
#define TESTS_TERMINOLOGY_RELEASE_LINES_H

#include "medreview/terminology/dmd_index.h"
#include "medreview/terminology/terminology.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RELEASE_ROWS = 128, RELEASE_POOL = 1 << 14 };

typedef struct release_lines {
    mr_dmd_vtm vtms[RELEASE_ROWS];
    mr_dmd_substance substances[RELEASE_ROWS];
    mr_dmd_vmp vmps[RELEASE_ROWS];
    mr_dmd_amp amps[RELEASE_ROWS];
    mr_dmd_vmpp vmpps[RELEASE_ROWS];
    mr_dmd_ampp ampps[RELEASE_ROWS];
    mr_dmd_previous previous[RELEASE_ROWS];
    mr_dmd_word units[RELEASE_ROWS], forms[RELEASE_ROWS], routes[RELEASE_ROWS], onts[RELEASE_ROWS];
    mr_dmd_part parts[RELEASE_ROWS];
    uint16_t vmp_routes[RELEASE_ROWS], vmp_onts[RELEASE_ROWS];
    uint32_t vtm_members[RELEASE_ROWS];
    char names[RELEASE_POOL];
    mr_dmd_release r;
    mr_buf bytes;
} release_lines;

/* The N-th made-up id. */
static inline uint64_t release_id(unsigned n) {
    for (unsigned check = 0; check < 10; check++) {
        char text[32];
        int len = snprintf(text, sizeof text, "%u100000110%u", n + 1000, check);
        if (mr_sctid_valid((mr_span){text, (size_t)len})) return strtoull(text, NULL, 10);
    }
    abort();
}

typedef struct release_word {
    const char *table, *name;
    uint64_t code;
} release_word;

/* Sorted by code within a table. Codes of the dm+d lookup file (OGL v3.0); of the ONT rows too. */
static const release_word release_words[] = {
    {"unit", "gram", 258682000},
    {"unit", "mg", 258684004},
    {"unit", "microgram", 258685003},
    {"unit", "ml", 258773002},
    {"unit", "mg/72 hours", 408167004},
    {"unit", "mega unit", 408165007},
    {"unit", "microgram/hour", 258838007},
    {"unit", "unit", 767525000},
    {"unit", "dose", 3317411000001100},
    {"unit", "%w/w", 3314511000001109},
    {"form", "Modified-release tablet", 385061003},
    {"form", "Tablet", 385055001},
    {"form", "Eye drops", 385124005},
    {"form", "Gel", 385100002},
    {"form", "Soluble tablet", 35367311000001104},
    {"form", "Transdermal patch", 385114002},
    {"form", "Solution for injection", 385219001},
    {"form", "Cream", 385099005},
    {"form", "Not applicable", 3097611000001100},
    {"route", "Cutaneous", 6064005},
    {"route", "Auricular", 10547007},
    {"route", "Oral", 26643006},
    {"route", "Rectal", 37161004},
    {"route", "Transdermal", 45890007},
    {"route", "Nasal", 46713006},
    {"route", "Intravenous", 47625008},
    {"route", "Ocular", 54485002},
    {"route", "Route of administration not applicable", 3594011000001102},
    {"route", "Gastroenteral", 372454008},
    {"route", "Somewhere new", 7000004},
    {"ont", "tablet.oral", 1},
    {"ont", "tabletmodified-release.oral", 2},
    {"ont", "solutiondrops.ophthalmic", 10},
    {"ont", "gel.cutaneous", 39},
    {"ont", "gel.somewhere", 999},
};

static inline mr_dmd_text release_name(release_lines *x, mr_span name) {
    mr_dmd_text at = {x->r.n_names, (uint32_t)name.len};
    if (!name.len) return (mr_dmd_text){0, 0};
    if (x->r.n_names + name.len > RELEASE_POOL) abort();
    memcpy(x->names + x->r.n_names, name.ptr, name.len);
    x->r.n_names += (uint32_t)name.len;
    return at;
}

static inline int release_by_code(const void *a, const void *b) {
    uint64_t x = ((const mr_dmd_word *)a)->code, y = ((const mr_dmd_word *)b)->code;
    return x < y ? -1 : x > y;
}

static inline size_t release_fill_words(release_lines *x, const char *table, mr_dmd_word *ret) {
    size_t n = 0;
    for (size_t i = 0; i < sizeof release_words / sizeof release_words[0]; i++)
        if (strcmp(release_words[i].table, table) == 0)
            ret[n++] = (mr_dmd_word){release_words[i].code, release_name(x, mr_span_of(release_words[i].name))};
    qsort(ret, n, sizeof *ret, release_by_code);
    return n;
}

static inline uint16_t release_row_of_word(const release_lines *x, const mr_dmd_word *v, size_t n, mr_span name) {
    if (!name.len) return MR_DMD_NO_WORD;
    for (size_t i = 0; i < n; i++)
        if (mr_span_eq((mr_span){x->names + v[i].name.at, v[i].name.len}, name)) return (uint16_t)i;
    abort();
}

static inline uint64_t release_read_id(mr_span s) {
    uint64_t id;
    bool made = s.len && s.ptr[0] == '#';
    if (!mr_span_u64(mr_span_from(s, made), &id)) abort();
    return made ? release_id((unsigned)id) : id;
}

typedef struct release_line {
    mr_span field[10];
} release_line;

static inline mr_span release_flagged(mr_span name, uint32_t *flags) {
    bool invalid = name.len && name.ptr[0] == '!';
    *flags |= invalid ? MR_DMD_INVALID : 0;
    return mr_span_from(name, invalid);
}

#define RELEASE_FIND(table)                                                                                            \
    static inline uint32_t release_row_of_##table(const release_lines *x, uint64_t id) {                               \
        for (size_t i = 0; i < x->r.n_##table; i++)                                                                    \
            if (x->table[i].id == id) return (uint32_t)i;                                                              \
        abort();                                                                                                       \
    }                                                                                                                  \
    static inline int release_by_id_##table(const void *a, const void *b) {                                            \
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;                                                   \
        return x < y ? -1 : x > y;                                                                                     \
    }
RELEASE_FIND(vtms)
RELEASE_FIND(substances)
RELEASE_FIND(vmps)
RELEASE_FIND(amps)
RELEASE_FIND(vmpps)
RELEASE_FIND(ampps)

/* First round: what has an id of its own. */
static inline void release_add_row(release_lines *x, const release_line *l) {
    const mr_span *f = l->field;
    uint32_t flags = 0;
    if (mr_span_is(f[0], "was") || mr_span_is(f[0], "vpi")) return;
    uint64_t id = release_read_id(f[1]);
    mr_dmd_text name = {0, 0};
    if (!mr_span_ends(f[0], "pp")) name = release_name(x, release_flagged(f[2], &flags));
    if (mr_span_is(f[0], "sub"))
        x->substances[x->r.n_substances++] = (mr_dmd_substance){id, name, flags, 0};
    else if (mr_span_is(f[0], "vtm"))
        x->vtms[x->r.n_vtms++] = (mr_dmd_vtm){.id = id, .name = name, .flags = flags};
    else if (mr_span_is(f[0], "vmp"))
        x->vmps[x->r.n_vmps++] = (mr_dmd_vmp){.id = id, .name = name, .flags = flags};
    else if (mr_span_is(f[0], "amp"))
        x->amps[x->r.n_amps++] = (mr_dmd_amp){id, name, 0, flags};
    else if (mr_span_is(f[0], "vmpp"))
        x->vmpps[x->r.n_vmpps++] = (mr_dmd_vmpp){id, 0, flags};
    else if (mr_span_is(f[0], "ampp"))
        x->ampps[x->r.n_ampps++] = (mr_dmd_ampp){id, 0, 0, flags, 0};
    else
        abort();
}

static inline void release_sort(release_lines *x) {
#define RELEASE_SORT(table) qsort(x->table, x->r.n_##table, sizeof x->table[0], release_by_id_##table)
    RELEASE_SORT(vtms);
    RELEASE_SORT(substances);
    RELEASE_SORT(vmps);
    RELEASE_SORT(amps);
    RELEASE_SORT(vmpps);
    RELEASE_SORT(ampps);
#undef RELEASE_SORT
}

/* Every item of a field that is split at commas. */
static inline bool release_next(mr_span *rest, mr_span *ret) {
    if (!rest->len) return false;
    mr_span tail;
    mr_span_split(*rest, ',', ret, &tail);
    *rest = tail;
    return true;
}

static inline void release_link_vmp(release_lines *x, const mr_span *f) {
    mr_dmd_vmp *v = &x->vmps[release_row_of_vmps(x, release_read_id(f[1]))];
    mr_span rest = f[5], one;
    v->vtm = f[3].len ? release_row_of_vtms(x, release_read_id(f[3])) : MR_DMD_NONE;
    v->form = release_row_of_word(x, x->forms, x->r.n_forms, f[4]);
    v->unit_dose_size_unit = v->unit_dose_unit = v->ddd_unit = MR_DMD_NO_WORD;
    v->control = v->prescribing = 255;
    v->first_part = (uint32_t)x->r.n_parts;
    v->first_route = (uint32_t)x->r.n_vmp_routes;
    while (release_next(&rest, &one)) {
        x->vmp_routes[x->r.n_vmp_routes++] = release_row_of_word(x, x->routes, x->r.n_routes, one);
        v->n_routes++;
    }
    v->first_ont = (uint32_t)x->r.n_vmp_onts;
    for (rest = f[6]; release_next(&rest, &one); v->n_onts++)
        x->vmp_onts[x->r.n_vmp_onts++] = release_row_of_word(x, x->onts, x->r.n_onts, one);
    if (f[7].len) memcpy(v->bnf, f[7].ptr, f[7].len);
    if (f[8].len) memcpy(v->atc, f[8].ptr, f[8].len);
}

static inline void release_link_part(release_lines *x, const mr_span *f) {
    mr_dmd_part p = {.base = MR_DMD_NONE, .basis = 1};
    p.substance = release_row_of_substances(x, release_read_id(f[2]));
    if (f[3].len) {
        p.base = release_row_of_substances(x, release_read_id(f[3]));
        p.basis = 2;
    }
    p.numerator_unit = release_row_of_word(x, x->units, x->r.n_units, f[5]);
    p.denominator_unit = release_row_of_word(x, x->units, x->r.n_units, f[7]);
    if ((f[4].len && !mr_span_u64(f[4], &p.numerator)) || (f[6].len && !mr_span_u64(f[6], &p.denominator))) abort();
    x->parts[x->r.n_parts++] = p;
    x->vmps[release_row_of_vmps(x, release_read_id(f[1]))].n_parts++;
}

static inline void release_link_former(release_lines *x, const mr_span *f) {
    mr_dmd_previous p = {.id = release_read_id(f[1])};
    uint64_t now = release_read_id(f[3]);
    if (mr_span_is(f[2], "sub")) p.kind = MR_DMD_SUBSTANCE, p.row = release_row_of_substances(x, now);
    if (mr_span_is(f[2], "vtm")) p.kind = MR_DMD_VTM, p.row = release_row_of_vtms(x, now);
    if (mr_span_is(f[2], "vmp")) p.kind = MR_DMD_VMP, p.row = release_row_of_vmps(x, now);
    if (mr_span_is(f[2], "amp")) p.kind = MR_DMD_AMP, p.row = release_row_of_amps(x, now);
    x->previous[x->r.n_previous++] = p;
}

/* Second round: what points to rows. */
static inline void release_link_row(release_lines *x, const release_line *l) {
    const mr_span *f = l->field;
    if (mr_span_is(f[0], "vtm")) {
        mr_dmd_vtm *v = &x->vtms[release_row_of_vtms(x, release_read_id(f[1]))];
        mr_span rest = f[3], one;
        v->first_member = (uint32_t)x->r.n_vtm_members;
        for (; release_next(&rest, &one); v->n_members++)
            x->vtm_members[x->r.n_vtm_members++] = release_row_of_substances(x, release_read_id(one));
    }
    if (mr_span_is(f[0], "vmp")) release_link_vmp(x, f);
    if (mr_span_is(f[0], "vpi")) release_link_part(x, f);
    if (mr_span_is(f[0], "was")) release_link_former(x, f);
    if (mr_span_is(f[0], "amp"))
        x->amps[release_row_of_amps(x, release_read_id(f[1]))].vmp = release_row_of_vmps(x, release_read_id(f[3]));
    if (mr_span_is(f[0], "vmpp"))
        x->vmpps[release_row_of_vmpps(x, release_read_id(f[1]))].vmp = release_row_of_vmps(x, release_read_id(f[2]));
    if (mr_span_is(f[0], "ampp")) {
        mr_dmd_ampp *p = &x->ampps[release_row_of_ampps(x, release_read_id(f[1]))];
        p->amp = release_row_of_amps(x, release_read_id(f[2]));
        p->vmpp = release_row_of_vmpps(x, release_read_id(f[3]));
    }
}

static inline int release_by_former(const void *a, const void *b) {
    const mr_dmd_previous *x = a, *y = b;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static inline void release_each(release_lines *x, const char *lines,
                                void (*row)(release_lines *, const release_line *)) {
    mr_span rest = mr_span_of(lines), text;
    for (bool more = rest.len > 0; more;) {
        more = mr_span_split(rest, '\n', &text, &rest);
        release_line l = {{{0}}};
        bool fields = text.len > 0;
        for (size_t i = 0; fields && i < 10; i++) fields = mr_span_split(text, '|', &l.field[i], &text);
        if (l.field[0].len) row(x, &l);
    }
}

/* The release itself, which holds as long as x. */
static inline void release_read(release_lines *x, const char *lines) {
    memset(x, 0, sizeof *x);
    memcpy(x->r.date, "2026-11-16", sizeof "2026-11-16");
    x->r.n_units = release_fill_words(x, "unit", x->units);
    x->r.n_forms = release_fill_words(x, "form", x->forms);
    x->r.n_routes = release_fill_words(x, "route", x->routes);
    x->r.n_onts = release_fill_words(x, "ont", x->onts);
    release_each(x, lines, release_add_row);
    release_sort(x);
    release_each(x, lines, release_link_row);
    qsort(x->previous, x->r.n_previous, sizeof x->previous[0], release_by_former);
    x->r.names = x->names;
#define RELEASE_POINT(name, type) x->r.name = x->name;
    MR_DMD_TABLES(RELEASE_POINT)
#undef RELEASE_POINT
}

/* Opened by way of an index in memory; x must outlive it. NULL, and the reason printed, when it does not hold. */
static inline mr_terminology *release_open(release_lines *x, const char *lines) {
    mr_error err;
    mr_dmd_index *ix;
    mr_terminology *t = NULL;
    release_read(x, lines);
    mr_buf_init(&x->bytes, 16u << 20);
    mr_rc rc = mr_dmd_index_encode(&x->r, NULL, &x->bytes, &err);
    if (rc == MR_OK) rc = mr_dmd_index_view(x->bytes.ptr, x->bytes.len, &ix, &err);
    if (rc == MR_OK) rc = mr_terminology_over(ix, &t, &err);
    if (rc != MR_OK) fprintf(stderr, "%s\n", err.text);
    return rc == MR_OK ? t : NULL;
}

static inline void release_close(release_lines *x, mr_terminology *t) {
    mr_terminology_free(t);
    mr_buf_free(&x->bytes);
}

#endif
