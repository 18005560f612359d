/* What is this medicine? All codings are read, in an order that does not depend on how the input is ordered; then the
 * text. Codes that name different substances are a conflict; a name never overrules a code. */
#include "room.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DEGRADED "196421000000109" /* Transfer-degraded medication entry: the real name is only in the text */
enum { MOST_CODINGS = 32 };        /* beyond any payload; more are read as far as this, and that is said */

typedef struct ask {
    const mr_terminology *t;
    mr_arena *arena;
    mr_term_steps *steps;                  /* may be NULL */
    const mr_coding *coding[MOST_CODINGS]; /* sorted */
    size_t n_codings;
    mr_span text;
    bool no_room;
    /* The best of what was read so far. */
    mr_reading *best;
    mr_recognised by;
    bool coded, conflict, not_a_medicine, no_medicine_code;
    bool product;    /* form and strength come from the code */
    uint32_t number; /* of that product, from 1; 0 once anything else had a say */
    mr_span atc, bnf;
} ask;

static void note(ask *k, const char *step, mr_span outcome) {
    if (!k->steps) return;
    mr_term_step s = {mr_span_of(step), outcome};
    if (!outcome.ptr || !MR_PUSH(k->arena, k->steps->v, k->steps->n, k->steps->cap, s)) k->no_room = true;
}

static void note_code(ask *k, const char *step, const mr_coding *c, const char *outcome) {
    if (k->steps) note(k, step, mr_arena_printf(k->arena, "%.*s: %s", MR_SPAN_ARG(c->code), outcome));
}

static void note_reading(ask *k, const char *step, mr_span what, const char *how, const mr_reading *r) {
    if (!k->steps) return;
    mr_span names = mr_reading_text(k->t, r, k->arena);
    const char *between = *how && names.len ? ": " : "";
    note(k, step, mr_arena_printf(k->arena, "%.*s: %s%s%.*s", MR_SPAN_ARG(what), how, between, MR_SPAN_ARG(names)));
}

/* More detail first: a product says form and strength. Among equals the order of evidence decides. */
static unsigned rank(mr_recognised by, bool product) {
    return product ? (unsigned)by : 16 + (unsigned)by;
}

/* One understanding of one code: `number` of its product, or 0 when it is of no one product. */
typedef struct finding {
    mr_reading r;
    mr_recognised by;
    bool product;
    uint32_t number;
    mr_span atc, bnf;
} finding;

static void start_finding(finding *f, mr_recognised by) {
    mr_reading_start(&f->r);
    f->by = by;
    f->product = false;
    f->number = 0;
    f->atc = f->bnf = MR_SPAN_NONE;
}

static void take_better(ask *k, const finding *f) {
    mr_reading_copy(k->best, &f->r);
    k->by = f->by;
    k->product = f->product;
    k->number = f->number;
    k->atc = f->atc;
    k->bnf = f->bnf;
}

static void take_second_product(ask *k, const finding *f) {
    if (rank(f->by, true) < rank(k->by, true)) k->by = f->by;
    if (f->number && f->number == k->number) return;
    if (mr_reading_finer(k->t, k->best, &f->r)) {
        mr_reading less;
        mr_reading_copy(&less, k->best);
        mr_reading_copy(k->best, &f->r);
        mr_reading_blend(k->best, &less);
    } else {
        mr_reading_blend(k->best, &f->r);
    }
    k->number = 0;
    if (!mr_span_eq(k->atc, f->atc)) k->atc = MR_SPAN_NONE;
    if (!mr_span_eq(k->bnf, f->bnf)) k->bnf = MR_SPAN_NONE;
}

static void take(ask *k, const finding *f) {
    bool first = !k->coded;
    if (!first && !mr_reading_same(k->t, k->best, &f->r)) k->conflict = true;
    k->coded = true;
    if (first || (f->product && !k->product) || (!f->product && !k->product && rank(f->by, false) < rank(k->by, false)))
        take_better(k, f);
    else if (f->product && !k->conflict)
        take_second_product(k, f);
}

static void take_substance(ask *k, const mr_coding *c, mr_recognised by, uint32_t at, mr_route route) {
    finding f;
    start_finding(&f, by);
    f.r.shape.route = route;
    if (!mr_reading_add(k->t, &f.r, at, NULL, 0)) return;
    note_reading(k, mr_recognised_text(by), c->code, "", &f.r);
    take(k, &f);
}

static const char *level_text(mr_dmd_kind kind) {
    static const char *const text[] = {
        [MR_DMD_VTM] = "VTM", [MR_DMD_SUBSTANCE] = "ingredient", [MR_DMD_VMP] = "VMP",
        [MR_DMD_AMP] = "AMP", [MR_DMD_VMPP] = "a pack",          [MR_DMD_AMPP] = "a pack"};
    return text[kind];
}

/* "29902411000001105: Lixiana 30mg tablets (Daiichi Sankyo UK Ltd), of VMP 29903211000001100 Edoxaban 30mg tablets". */
static mr_span way_text(const ask *k, const mr_coding *c, const mr_id_path *path, size_t heir) {
    mr_span all = mr_arena_printf(k->arena, "%.*s", MR_SPAN_ARG(c->code));
    bool former = path->entry[heir].by == MR_REC_DMD_PREVIOUS;
    for (size_t i = 0; i < path->n_hops[heir]; i++) {
        const mr_id_hop *h = &path->hop[heir][i];
        const char *invalid = h->invalid ? " (no longer valid)" : "";
        mr_span shown = h->name.ptr ? h->name : mr_span_of(level_text(h->kind));
        if (i == 0 && !former)
            all = mr_arena_printf(k->arena, "%.*s: %.*s%s", MR_SPAN_ARG(all), MR_SPAN_ARG(shown), invalid);
        else
            all = mr_arena_printf(k->arena, "%.*s%s %s %" PRIu64 " %.*s%s", MR_SPAN_ARG(all),
                                  i == 0 ? ": a former id, now" : ", of", level_text(h->kind), h->id,
                                  MR_SPAN_ARG(h->name), invalid);
    }
    return all;
}

static void note_way(ask *k, const mr_coding *c, const mr_id_path *path, size_t heir, const char *how,
                     const mr_reading *r) {
    if (!k->steps) return;
    mr_span way = way_text(k, c, path, heir), names = r ? mr_reading_text(k->t, r, k->arena) : MR_SPAN("");
    const char *between = *how && names.len ? ": " : "";
    note(k, mr_recognised_text(path->entry[heir].by),
         mr_arena_printf(k->arena, "%.*s: %s%s%.*s", MR_SPAN_ARG(way), how, between, MR_SPAN_ARG(names)));
}

/* What stands at the end of the way; false when it gives no substances, and why is noted. */
static bool read_entry(ask *k, const mr_coding *c, const mr_id_path *path, size_t heir, finding *ret) {
    const mr_id_entry *e = &path->entry[heir];
    mr_verdict verdict = MR_VERDICT_SURE;
    start_finding(ret, e->by);
    if (e->kind == MR_ID_VMP) {
        const mr_product *p = mr_term_product_at(k->t, e->at);
        verdict = p->verdict;
        ret->product = true;
        ret->number = e->at + 1;
        if (verdict <= MR_VERDICT_UNSURE) mr_reading_of_product(p, &ret->r);
        mr_term_product_codes(k->t, e->at, &ret->atc, &ret->bnf);
    } else if (e->kind == MR_ID_MOIETY) {
        const mr_moiety *m = mr_term_moiety_at(k->t, e->at);
        verdict = m->verdict;
        ret->r.uncertain = verdict == MR_VERDICT_UNSURE;
        for (size_t i = 0; i < m->n; i++) (void)mr_reading_add(k->t, &ret->r, m->substance[i], NULL, 0);
    } else {
        (void)mr_reading_add(k->t, &ret->r, e->at, NULL, 0);
    }
    if (verdict == MR_VERDICT_REFUSED) {
        k->conflict = true;
        note_way(k, c, path, heir, "its codes and its name stand for different substances, refused", NULL);
    } else if (verdict == MR_VERDICT_NO_MEDICINE) {
        k->no_medicine_code = k->not_a_medicine = true;
        note_way(k, c, path, heir, mr_name_step_text(MR_NAME_NO_MEDICINE), NULL);
    } else if (!ret->r.n) {
        note_way(k, c, path, heir, "known, but the release does not say of what it is made", NULL);
    }
    return verdict <= MR_VERDICT_UNSURE && ret->r.n;
}

/* A former id with several heirs: they are one only when they are the same substances. */
static void read_split(ask *k, const mr_coding *c, const mr_id_path *path) {
    finding first, next;
    bool same = !path->more;
    size_t n = 0;
    for (size_t i = 0; i < path->n; i++) {
        bool read = read_entry(k, c, path, i, &next);
        if (read) note_way(k, c, path, i, next.r.uncertain ? "uncertain" : "", &next.r);
        same = same && read && (i == 0 || mr_reading_same(k->t, &first.r, &next.r));
        if (i == 0) first = next;
        if (i && same) mr_reading_blend(&first.r, &next.r);
        if (i && !mr_span_eq(first.atc, next.atc)) first.atc = MR_SPAN_NONE;
        if (i && !mr_span_eq(first.bnf, next.bnf)) first.bnf = MR_SPAN_NONE;
        first.product &= next.product;
        n += read;
    }
    if (!same) {
        if (n) note_code(k, "dmd-previous", c, "was split into different substances: not chosen");
        return;
    }
    first.number = 0;
    take(k, &first);
}

static void read_sct(ask *k, const mr_coding *c) {
    mr_id_path path;
    finding f;
    if (mr_span_is(c->code, DEGRADED)) {
        note_code(k, "dmd", c, "transfer-degraded entry: the text decides");
    } else if (!mr_sctid_valid(c->code)) {
        note_code(k, "dmd", c, "no SNOMED CT id: wrong length, characters or check digit");
    } else if (!mr_term_find_id(k->t, c->code, &path)) {
        note_code(k, "dmd", c, "no such id in the table");
    } else if (path.n > 1) {
        read_split(k, c, &path);
    } else if (read_entry(k, c, &path, 0, &f)) {
        note_way(k, c, &path, 0, f.r.uncertain ? "uncertain, its codes and its name differ" : "", &f.r);
        take(k, &f);
    }
}

/* A code that the table does not have, by the products of the release. */
static void read_release_atc(ask *k, const mr_coding *c) {
    const mr_release_atc *x = mr_term_release_atc(k->t, c->code);
    mr_term_release ignored;
    finding f;
    start_finding(&f, MR_REC_ATC);
    if (!x) {
        note_code(k, "atc", c,
                  mr_terminology_release(k->t, &ignored) ? "no such code in the table or the release"
                                                         : "no such code in the table");
    } else if (mr_term_release_atc_reading(k->t, x, &f.r)) {
        note_reading(k, "atc", c->code,
                     f.r.uncertain ? "all its products in the release, uncertain" : "all its products in the release",
                     &f.r);
        take(k, &f);
    } else if (k->steps) {
        bool more = x->n_sets == MR_TERM_ATC_SETS;
        note(k, "atc",
             mr_arena_printf(k->arena,
                             "%.*s: its %" PRIu32 " products in the release are of %s%" PRIu32
                             " different substances or sets of them, %" PRIu32 " are not understood: not chosen",
                             MR_SPAN_ARG(c->code), x->n_products, more ? "at least " : "", x->n_sets, x->n_unread));
    }
}

static void read_atc(ask *k, const mr_coding *c) {
    uint32_t at;
    if (c->code.len < 7) {
        note_code(k, "atc", c, "names a class, not a substance");
    } else if (mr_term_find_atc(k->t, c->code, &at)) {
        take_substance(k, c, MR_REC_ATC, at, mr_span_is(c->code, "P01AB01") ? MR_ROUTE_ORAL : MR_ROUTE_UNKNOWN);
    } else {
        read_release_atc(k, c);
    }
}

static void read_rxnorm(ask *k, const mr_coding *c) {
    uint32_t at;
    if (mr_term_find_rxnorm(k->t, c->code, &at))
        take_substance(k, c, MR_REC_RXNORM, at, MR_ROUTE_UNKNOWN);
    else
        note_code(k, "rxnorm", c, "no such ingredient in the table");
}

static void read_bnf(ask *k, const mr_coding *c) {
    uint32_t at;
    if (c->code.len < 9)
        note_code(k, "bnf", c, "names a section, not a substance");
    else if (mr_term_find_bnf(k->t, c->code, &at))
        take_substance(k, c, MR_REC_BNF, at, MR_ROUTE_UNKNOWN);
    else
        note_code(k, "bnf", c, "no such chemical substance in the table");
}

static bool one_of(mr_span system, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_is(system, list[i])) return true;
    return false;
}

/* There is no system for BNF codes that all agree on; an address that has bnf as a word in it means them. */
static bool is_bnf(mr_span system) {
    for (size_t i = 0; i + 3 <= system.len; i++)
        if (mr_span_ieq((mr_span){system.ptr + i, 3}, MR_SPAN("bnf"))) return true;
    return false;
}

static void read_coding(ask *k, const mr_coding *c) {
    static const char *const atc[] = {"http://www.whocc.no/atc", "https://www.whocc.no/atc",
                                      "urn:oid:2.16.840.1.113883.6.73"};
    static const char *const rxnorm[] = {"http://www.nlm.nih.gov/research/umls/rxnorm",
                                         "urn:oid:2.16.840.1.113883.6.88"};
    if (!c->code.len) return;
    if (mr_system_is_sct(c->system))
        read_sct(k, c);
    else if (one_of(c->system, atc, sizeof atc / sizeof atc[0]))
        read_atc(k, c);
    else if (one_of(c->system, rxnorm, sizeof rxnorm / sizeof rxnorm[0]))
        read_rxnorm(k, c);
    else if (is_bnf(c->system))
        read_bnf(k, c);
    else
        note_code(k, "other", c, "a code of another system, not used");
}

static int by_code(const void *a, const void *b) {
    const mr_coding *x = *(const mr_coding *const *)a, *y = *(const mr_coding *const *)b;
    int order = mr_span_cmp(x->system, y->system);
    if (!order) order = mr_span_cmp(x->code, y->code);
    return order ? order : mr_span_cmp(x->display, y->display);
}

static bool is_degraded_text(mr_span text) {
    return mr_span_ieq(text, MR_SPAN("Transfer-degraded medication entry"));
}

/* Form, strength and route from a name that says the same substances as the code. */
static void sharpen(ask *k, const mr_reading *named) {
    mr_shape *have = &k->best->shape;
    if (mr_reading_finer(k->t, k->best, named)) {
        k->best->n = named->n;
        memcpy(k->best->part, named->part, named->n * sizeof named->part[0]);
    }
    mr_reading_strengths(k->best, named);
    if (!have->form.ptr) have->form = named->shape.form;
    if (have->route == MR_ROUTE_UNKNOWN) have->route = named->shape.route;
    have->modified_release |= named->shape.modified_release;
    have->soluble |= named->shape.soluble;
    have->intrauterine |= named->shape.intrauterine;
}

static bool is_certain(mr_name_step step) {
    return step == MR_NAME_EXACT || step == MR_NAME_SALT || step == MR_NAME_PARTS;
}

/* A text by the naming convention; where that is not certain of it, as the name of an AMP. Returns how. */
static const char *read_text(const ask *k, mr_span text, mr_reading *ret) {
    static const char *const how_text[] = {"AMP name of the release",
                                           "AMP name of the release, of products that differ in substances: not chosen",
                                           "AMP name of the release, which does not say of what it is made",
                                           "AMP name of the release, a dressing, device or food"};
    mr_amp_name how;
    mr_reading named;
    mr_name_step step = mr_name_parse(k->t, text, ret);
    if (is_certain(step) || !mr_term_find_amp_name(k->t, text, &named, &how)) return mr_name_step_text(step);
    mr_reading_copy(ret, &named);
    return named.uncertain ? "AMP name of the release, uncertain" : how_text[how];
}

/* One text beside a code that was understood. */
static void read_name_beside(ask *k, mr_span text) {
    mr_reading r;
    (void)read_text(k, text, &r);
    if (!r.n || r.uncertain) return;
    bool same = mr_reading_same(k->t, k->best, &r);
    note_reading(k, "name", text, same ? "says the same" : "says another substance; the code stands", &r);
    if (same && !k->product) sharpen(k, &r);
}

/* One text where no code was understood. A certain reading beats an uncertain one; two certain ones must agree. */
static void read_name_alone(ask *k, mr_span text) {
    mr_reading r;
    const char *how = read_text(k, text, &r);
    note_reading(k, "name", text, how, &r);
    k->not_a_medicine |= r.not_a_medicine;
    if (!r.n) return;
    bool first = k->by == MR_REC_NOT || (k->best->uncertain && !r.uncertain);
    if (!first && !r.uncertain && !k->best->uncertain && !mr_reading_same(k->t, k->best, &r)) k->conflict = true;
    if (first)
        mr_reading_copy(k->best, &r);
    else if (!r.uncertain && mr_reading_same(k->t, k->best, &r))
        sharpen(k, &r);
    k->by = MR_REC_NAME;
}

/* The text, then the displays, each once. */
static void read_names(ask *k) {
    mr_span seen = k->text;
    for (size_t i = 0; i <= k->n_codings; i++) {
        mr_span name = i ? k->coding[i - 1]->display : k->text;
        if (!name.len || is_degraded_text(name) || (i && mr_span_eq(name, seen))) continue;
        seen = name;
        if (k->coded)
            read_name_beside(k, name);
        else
            read_name_alone(k, name);
    }
}

/* Routes of the dosage settle a route that the product leaves open, unless they differ. */
static void sharpen_route(ask *k, const mr_term_question *q) {
    if (k->best->shape.route != MR_ROUTE_UNKNOWN) return;
    mr_route said = MR_ROUTE_UNKNOWN;
    for (size_t i = 0; i < q->n_routes; i++) {
        mr_route r = mr_system_is_sct(q->routes[i].system) ? mr_route_of_code(q->routes[i].code) : MR_ROUTE_UNKNOWN;
        if (r == MR_ROUTE_UNKNOWN || r == said) continue;
        if (said != MR_ROUTE_UNKNOWN) return;
        said = r;
    }
    if (said == MR_ROUTE_UNKNOWN) return;
    k->best->shape.route = said;
    k->number = 0;
    note(k, "route", mr_span_of(mr_route_text(said)));
}

static bool says_anything(const ask *k) {
    if (k->text.len && !is_degraded_text(k->text)) return true;
    for (size_t i = 0; i < k->n_codings; i++) {
        const mr_coding *c = k->coding[i];
        if (mr_system_is_sct(c->system) && mr_span_is(c->code, DEGRADED)) continue;
        if (c->code.len || c->display.len) return true;
    }
    return false;
}

static mr_rc answer(ask *k, mr_understood *ret, mr_error *err) {
    if (k->no_medicine_code && (k->coded || (k->by == MR_REC_NAME && !k->best->uncertain))) k->conflict = true;
    mr_understood u = {.by = k->conflict ? MR_REC_NOT : k->by, .why = MR_UNREAD_NOT};
    mr_rc rc = MR_OK;
    if (k->conflict) {
        u.why = MR_UNREAD_CONFLICTING_CODES;
        note(k, "conflict", MR_SPAN("the codes or names stand for different substances"));
    } else if (k->by == MR_REC_NOT) {
        u.why = says_anything(k) ? MR_UNREAD_NOT_RECOGNISED : MR_UNREAD_NO_CODE_NO_TEXT;
        u.not_a_medicine = k->not_a_medicine;
    } else {
        u.product = k->number;
        u.atc = k->atc;
        u.bnf = k->bnf;
        rc = mr_reading_finish(k->t, k->best, k->arena, &u, err);
    }
    if (k->no_room) return mr_arena_why(k->arena, err);
    if (rc == MR_OK) *ret = u;
    return rc;
}

static void start(ask *k, const mr_term_question *q) {
    size_t n = q->n_codings < MOST_CODINGS ? q->n_codings : MOST_CODINGS;
    for (size_t i = 0; i < n; i++) k->coding[i] = &q->codings[i];
    k->n_codings = n;
    qsort(k->coding, n, sizeof k->coding[0], by_code);
    k->text = mr_span_trim(q->text);
    if (n < q->n_codings) note(k, "other", MR_SPAN("more codings than are read"));
}

mr_rc mr_terminology_resolve(const mr_terminology *t, const mr_term_question *q, mr_arena *a, mr_term_steps *steps,
                             mr_understood *ret, mr_error *err) {
    mr_reading best;
    ask k = {.t = t, .arena = a, .steps = steps, .best = &best};
    mr_reading_start(&best);
    start(&k, q);
    for (size_t i = 0; i < k.n_codings; i++) read_coding(&k, k.coding[i]);
    if (!k.product || steps) read_names(&k);
    sharpen_route(&k, q);
    return answer(&k, ret, err);
}
