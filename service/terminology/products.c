/* The release's products (VMP) as ours: substances and strengths from its ingredient rows, form and route from its
 * codes, and from its name what the codes leave open.
 *
 * Ingredients, moiety and name are three witnesses. What the ingredients say counts, when the name holds nothing that
 * they lack. When it does, that is told, and the product is uncertain (all substances of both: it can raise a finding,
 * it never holds one back); when they have nothing in common it is refused, and a person is told to look. */
#include "release_shape.h"

#include <inttypes.h>
#include <string.h>

typedef struct maker {
    mr_terminology *t;
    const mr_dmd_release *r;
    const mr_release_shapes *shapes;
    mr_error *err;
} maker;

typedef struct witness {
    mr_reading coded, named;
    bool by_parts, by_vtm, by_name; /* who speaks; coded holds what the ingredients say, else the moiety */
    mr_name_step step;
} witness;

static mr_strength strength_of(const maker *m, const mr_dmd_part *p) {
    mr_strength s = {0};
    const mr_dmd_release *r = m->r;
    if (!p->numerator || p->numerator_unit == MR_DMD_NO_WORD) return s;
    mr_unit_strength(mr_dmd_name(r, r->units[p->numerator_unit].name), (double)p->numerator / 1000.0, &s);
    if (p->denominator && p->denominator_unit != MR_DMD_NO_WORD) {
        mr_strength per;
        mr_unit_strength(mr_dmd_name(r, r->units[p->denominator_unit].name), (double)p->denominator / 1000.0, &per);
        s.per = per.value;
        s.per_unit = per.unit;
    }
    return s;
}

/* All its ingredients, or false when there are more than a reading holds. `salts`: under the name of the salt where
 * that is another substance for us than its base; its strength is then not known, for it is the base's. */
static bool read_parts(const maker *m, const mr_dmd_vmp *v, bool salts, mr_reading *ret) {
    mr_reading_start(ret);
    for (size_t i = 0; i < v->n_parts; i++) {
        const mr_dmd_part *p = &m->r->parts[v->first_part + i];
        uint32_t base = mr_bound_base(m->t, p), salt = mr_bound_salt(m->t, p);
        mr_strength s = strength_of(m, p);
        bool as_salt = salts && salt != base;
        if (!mr_reading_add(m->t, ret, as_salt ? salt : base, &s, as_salt ? 0 : 1)) return false;
    }
    return true;
}

static void hear_name(const maker *m, const mr_dmd_vmp *v, witness *w) {
    w->step = mr_name_parse(m->t, mr_dmd_name(m->r, v->name), &w->named);
    w->by_name = w->named.n && !w->named.uncertain;
}

/* The ingredients; where the name knows the salt and not the base (ferrous fumarate, with iron as its base), the salt.
 */
static bool hear_parts(const maker *m, const mr_dmd_vmp *v, witness *w) {
    if (!v->n_parts) return true;
    if (!read_parts(m, v, false, &w->coded)) return false;
    w->by_parts = true;
    if (!w->by_name || mr_reading_covers(m->t, &w->coded, &w->named)) return true;
    mr_reading salts;
    if (read_parts(m, v, true, &salts) && mr_reading_covers(m->t, &salts, &w->named))
        mr_reading_copy(&w->coded, &salts);
    return true;
}

static void hear_moiety(const maker *m, const mr_dmd_vmp *v, witness *w) {
    const mr_moiety *vtm = v->vtm == MR_DMD_NONE ? NULL : mr_term_moiety_at(m->t, v->vtm);
    if (w->by_parts || !vtm || !vtm->n || vtm->verdict != MR_VERDICT_SURE) return;
    w->by_vtm = true;
    for (size_t i = 0; i < vtm->n; i++) w->by_vtm &= mr_reading_add(m->t, &w->coded, vtm->substance[i], NULL, 0);
}

static mr_rc tell(const maker *m, const mr_dmd_vmp *v, const char *who, const mr_reading *a, const char *other,
                  const mr_reading *b) {
    char id[24];
    mr_term_digits(v->id, id);
    mr_span x = mr_reading_text(m->t, a, m->t->arena), y = mr_reading_text(m->t, b, m->t->arena);
    return mr_term_tell(m->t, m->err, "VMP %s %.*s: its %s are %.*s, its %s says %.*s", id,
                        MR_SPAN_ARG(mr_dmd_name(m->r, v->name)), who, MR_SPAN_ARG(x), other, MR_SPAN_ARG(y));
}

/* Does the moiety speak, and say the same? */
static bool moiety_agrees(const maker *m, const mr_dmd_vmp *v, const mr_reading *coded, bool *ret_speaks,
                          mr_reading *ret) {
    const mr_moiety *vtm = v->vtm == MR_DMD_NONE ? NULL : mr_term_moiety_at(m->t, v->vtm);
    mr_reading_start(ret);
    *ret_speaks = vtm && vtm->n && vtm->verdict == MR_VERDICT_SURE;
    for (size_t i = 0; *ret_speaks && i < vtm->n; i++)
        *ret_speaks = mr_reading_add(m->t, ret, vtm->substance[i], NULL, 0);
    return *ret_speaks && mr_reading_covers(m->t, coded, ret);
}

static bool join(const maker *m, mr_reading *a, const mr_reading *b) {
    for (size_t i = 0; i < b->n; i++)
        if (!mr_reading_holds(a, b->part[i].substance) &&
            !mr_reading_add(m->t, a, b->part[i].substance, &b->part[i].strength, 1))
            return false;
    return true;
}

/* Where the name says what the codes do not hold. */
static mr_rc weigh_name(const maker *m, const mr_dmd_vmp *v, witness *w, bool vtm_agrees, mr_verdict *ret) {
    mr_rc rc = tell(m, v, w->by_parts ? "ingredients" : "moiety's substances", &w->coded, "name", &w->named);
    bool some = mr_reading_shares(m->t, &w->coded, &w->named) || (w->by_parts && vtm_agrees);
    *ret = some && join(m, &w->coded, &w->named) ? MR_VERDICT_UNSURE : MR_VERDICT_REFUSED;
    return rc;
}

static mr_rc weigh(const maker *m, const mr_dmd_vmp *v, witness *w, mr_verdict *ret) {
    mr_reading vtm;
    bool vtm_speaks, vtm_agrees = moiety_agrees(m, v, &w->coded, &vtm_speaks, &vtm);
    bool name_agrees = w->by_name && mr_reading_covers(m->t, &w->coded, &w->named);
    mr_rc rc = MR_OK;
    *ret = MR_VERDICT_SURE;
    if (w->by_parts && vtm_speaks && !vtm_agrees) {
        rc = tell(m, v, "ingredients", &w->coded, "moiety", &vtm);
        bool some = mr_reading_shares(m->t, &w->coded, &vtm);
        if (!name_agrees) *ret = some && join(m, &w->coded, &vtm) ? MR_VERDICT_UNSURE : MR_VERDICT_REFUSED;
    }
    if (rc == MR_OK && w->by_name && !name_agrees && *ret != MR_VERDICT_REFUSED)
        rc = weigh_name(m, v, w, vtm_agrees, ret);
    return rc;
}

static void count(const maker *m, const witness *w, mr_verdict verdict) {
    mr_term_release *c = &m->t->counts;
    c->unsure += verdict == MR_VERDICT_UNSURE;
    c->refused += verdict == MR_VERDICT_REFUSED;
    c->no_medicine += verdict == MR_VERDICT_NO_MEDICINE;
    c->unknown += verdict == MR_VERDICT_UNKNOWN;
    if (verdict != MR_VERDICT_SURE) return;
    c->by_parts += w->by_parts;
    c->by_vtm += w->by_vtm;
    c->by_product_name += !w->by_parts && !w->by_vtm;
}

static mr_rc keep(const maker *m, const mr_dmd_vmp *v, const witness *w, mr_verdict verdict, mr_product *ret) {
    bool used = verdict == MR_VERDICT_SURE || verdict == MR_VERDICT_UNSURE;
    *ret = (mr_product){.verdict = verdict};
    if (!used) return MR_OK;
    mr_term_part *part = MR_NEW_N(m->t->arena, mr_term_part, w->coded.n);
    if (!part) return mr_arena_why(m->t->arena, m->err);
    memcpy(part, w->coded.part, w->coded.n * sizeof *part);
    ret->part = part;
    ret->n = w->coded.n;
    ret->shape = mr_release_shape_of(m->t, m->shapes, v, &w->named.shape);
    return MR_OK;
}

static mr_rc make(const maker *m, const mr_dmd_vmp *v, mr_product *ret) {
    witness w;
    w.by_parts = w.by_vtm = w.by_name = false;
    mr_reading_start(&w.coded);
    mr_verdict verdict = MR_VERDICT_UNKNOWN;
    mr_rc rc = MR_OK;
    hear_name(m, v, &w);
    bool room = hear_parts(m, v, &w);
    if (!room) {
        rc = mr_term_tell(m->t, m->err, "VMP %" PRIu64 " %.*s: more than %d substances, refused", v->id,
                          MR_SPAN_ARG(mr_dmd_name(m->r, v->name)), MR_TERM_PARTS);
        verdict = MR_VERDICT_REFUSED;
    } else {
        hear_moiety(m, v, &w);
        if (w.by_parts || w.by_vtm) {
            rc = weigh(m, v, &w, &verdict);
            if (w.by_name && w.coded.n >= v->n_parts) mr_reading_strengths(&w.coded, &w.named);
        } else if (w.by_name) {
            mr_reading_copy(&w.coded, &w.named);
            verdict = MR_VERDICT_SURE;
        } else if (w.step == MR_NAME_NO_MEDICINE) {
            verdict = MR_VERDICT_NO_MEDICINE;
        }
    }
    count(m, &w, verdict);
    return rc == MR_OK ? keep(m, v, &w, verdict, ret) : rc;
}

mr_rc mr_make_products(mr_terminology *t, mr_error *err) {
    mr_release_shapes *shapes;
    mr_rc rc = mr_release_shapes_new(t, &shapes, err);
    if (rc != MR_OK) return rc;
    maker m = {t, t->release, shapes, err};
    t->made = MR_NEW_N(t->arena, mr_product, m.r->n_vmps);
    if (!t->made) return mr_arena_why(t->arena, err);
    for (size_t i = 0; i < m.r->n_vmps && rc == MR_OK; i++) rc = make(&m, &m.r->vmps[i], &t->made[i]);
    return rc;
}

static mr_span filled(const char *text, size_t room) {
    size_t n = 0;
    while (n < room && text[n]) n++;
    return n ? (mr_span){text, n} : MR_SPAN_NONE;
}

void mr_term_product_codes(const mr_terminology *t, uint32_t at, mr_span *ret_atc, mr_span *ret_bnf) {
    *ret_atc = *ret_bnf = MR_SPAN_NONE;
    if (at < t->n_products) return;
    const mr_dmd_vmp *v = &t->release->vmps[at - t->n_products];
    *ret_atc = filled(v->atc, sizeof v->atc);
    *ret_bnf = filled(v->bnf, sizeof v->bnf);
}

void mr_reading_of_product(const mr_product *p, mr_reading *ret) {
    ret->n = p->n;
    memcpy(ret->part, p->part, p->n * sizeof *p->part);
    ret->shape = p->shape;
    ret->uncertain = p->verdict == MR_VERDICT_UNSURE;
    ret->not_a_medicine = false;
}

bool mr_product_understood(const mr_product *p) {
    return p->n && (p->verdict == MR_VERDICT_SURE || p->verdict == MR_VERDICT_UNSURE);
}

bool mr_product_same(const mr_product *a, const mr_product *b) {
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = false;
        for (size_t k = 0; !same && k < b->n; k++) same = a->part[i].substance == b->part[k].substance;
    }
    return same;
}
