/* From a reading to what the record holds: ingredients under the names that drug groups use.
 *
 * Combinations are their ingredients. A combination's own name stands beside them only where a drug group lists that
 * name and none of its ingredients; else one product would count twice in one group. */
#include "room.h"

#include <stdlib.h>
#include <string.h>

void mr_reading_start(mr_reading *r) {
    r->n = 0;
    r->shape = (mr_shape){.route = MR_ROUTE_UNKNOWN};
    r->uncertain = r->not_a_medicine = false;
}

void mr_reading_copy(mr_reading *to, const mr_reading *from) {
    to->n = from->n;
    if (from->n) memcpy(to->part, from->part, from->n * sizeof from->part[0]);
    to->shape = from->shape;
    to->uncertain = from->uncertain;
    to->not_a_medicine = from->not_a_medicine;
}

bool mr_reading_add(const mr_terminology *t, mr_reading *r, uint32_t substance, const mr_strength *strengths,
                    size_t n_strengths) {
    const mr_term_substance *s = mr_term_substance_at(t, substance);
    if (s->place == MR_PLACE_EYE) r->shape.route = MR_ROUTE_EYE;
    if (s->place == MR_PLACE_VAGINAL) r->shape.route = MR_ROUTE_VAGINAL;
    if (s->place == MR_PLACE_INTRAUTERINE) r->shape.intrauterine = true;
    if (s->variant_of != MR_TERM_NONE) return mr_reading_add(t, r, s->variant_of, strengths, n_strengths);
    if (s->kept == MR_KEPT_SOLUBLE) r->shape.soluble = true;
    if (s->n_members && s->kept != MR_KEPT_MORE) {
        bool each = n_strengths == s->n_members;
        for (size_t i = 0; i < s->n_members; i++)
            if (!mr_reading_add(t, r, s->members[i], each ? &strengths[i] : NULL, each)) return false;
        return true;
    }
    for (size_t i = 0; i < r->n; i++) {
        if (r->part[i].substance != substance) continue;
        r->part[i].strength = (mr_strength){0}; /* named twice: how much there is of it is not said plainly */
        return true;
    }
    if (r->n == MR_TERM_PARTS) return false;
    r->part[r->n++] = (mr_term_part){substance, n_strengths == 1 ? strengths[0] : (mr_strength){0}};
    return true;
}

bool mr_reading_holds(const mr_reading *r, uint32_t substance) {
    for (size_t i = 0; i < r->n; i++)
        if (r->part[i].substance == substance) return true;
    return false;
}

/* Does the name of this combination apply to the reading? */
static bool applies(const mr_term_substance *whole, uint32_t at, const mr_reading *r) {
    if (whole->kept == MR_KEPT_MORE && mr_reading_holds(r, at)) return false; /* it stands there already */
    for (size_t i = 0; i < whole->n_members; i++)
        if (!mr_reading_holds(r, whole->members[i])) return false;
    if (whole->kept == MR_KEPT_MORE) return r->n > whole->n_members;
    if (whole->kept == MR_KEPT_SOLUBLE && !r->shape.soluble) return false;
    return r->n == whole->n_members;
}

/* For comparison: a contraceptive is one whatever its progestogen, a class is any of its members. */
static uint32_t collapsed(const mr_terminology *t, uint32_t substance) {
    uint32_t class_of = mr_term_substance_at(t, substance)->class_of;
    return class_of == MR_TERM_NONE ? substance : class_of;
}

static uint32_t open_combination(const mr_terminology *t, const mr_reading *r) {
    const uint32_t *kept;
    size_t n = mr_term_kept_names(t, &kept);
    for (size_t i = 0; i < n; i++) {
        const mr_term_substance *s = mr_term_substance_at(t, kept[i]);
        if (s->kept == MR_KEPT_MORE && (mr_reading_holds(r, kept[i]) || applies(s, kept[i], r))) return kept[i];
    }
    return MR_TERM_NONE;
}

bool mr_reading_same(const mr_terminology *t, const mr_reading *a, const mr_reading *b) {
    uint32_t open = open_combination(t, a);
    if (open != MR_TERM_NONE && (mr_reading_holds(a, open) || mr_reading_holds(b, open)))
        return open == open_combination(t, b);
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++) {
        uint32_t s = a->part[i].substance;
        bool found = mr_reading_holds(b, s);
        for (size_t k = 0; !found && k < b->n; k++) /* insulin glargine and insulin */
            found = b->part[k].substance == collapsed(t, s) || collapsed(t, b->part[k].substance) == s;
        if (!found) return false;
    }
    return true;
}

bool mr_reading_covers(const mr_terminology *t, const mr_reading *a, const mr_reading *b) {
    if (mr_reading_same(t, a, b)) return true;
    for (size_t i = 0; i < b->n; i++) {
        uint32_t s = b->part[i].substance;
        bool found = mr_reading_holds(a, s) || mr_reading_holds(a, collapsed(t, s));
        for (size_t k = 0; !found && k < a->n; k++) found = collapsed(t, a->part[k].substance) == s;
        if (!found) return false;
    }
    return b->n > 0;
}

bool mr_reading_shares(const mr_terminology *t, const mr_reading *a, const mr_reading *b) {
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            if (collapsed(t, a->part[i].substance) == collapsed(t, b->part[k].substance)) return true;
    return false;
}

void mr_reading_strengths(mr_reading *a, const mr_reading *b) {
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            if (a->part[i].substance == b->part[k].substance && a->part[i].strength.value <= 0)
                a->part[i].strength = b->part[k].strength;
}

bool mr_reading_finer(const mr_terminology *t, const mr_reading *a, const mr_reading *b) {
    if (b->n != a->n) return b->n > a->n;
    for (size_t i = 0; i < b->n; i++)
        if (!mr_reading_holds(a, b->part[i].substance) && mr_reading_holds(a, collapsed(t, b->part[i].substance)))
            return true;
    return false;
}

void mr_reading_blend(mr_reading *a, const mr_reading *b) {
    for (size_t i = 0; i < a->n; i++) {
        mr_strength *x = &a->part[i].strength;
        const mr_strength *y = NULL;
        for (size_t k = 0; k < b->n; k++)
            if (b->part[k].substance == a->part[i].substance) y = &b->part[k].strength;
        bool same = y && !(x->value < y->value || x->value > y->value || x->per < y->per || x->per > y->per) &&
                    mr_span_eq(x->unit, y->unit) && mr_span_eq(x->per_unit, y->per_unit);
        if (!same) *x = (mr_strength){0};
    }
    if (!mr_span_eq(a->shape.form, b->shape.form)) a->shape.form = MR_SPAN_NONE;
    if (a->shape.route != b->shape.route) a->shape.route = MR_ROUTE_UNKNOWN;
    a->shape.modified_release |= b->shape.modified_release;
    a->shape.soluble |= b->shape.soluble;
    a->shape.intrauterine &= b->shape.intrauterine;
    a->uncertain |= b->uncertain;
}

static int by_key(const void *a, const void *b) {
    return mr_span_cmp(((const mr_ingredient *)a)->substance, ((const mr_ingredient *)b)->substance);
}

mr_span mr_reading_text(const mr_terminology *t, const mr_reading *r, mr_arena *a) {
    mr_span all = MR_SPAN("");
    for (size_t i = 0; i < r->n; i++) {
        mr_span key = mr_term_substance_at(t, r->part[i].substance)->key;
        all = mr_arena_printf(a, "%.*s%s%.*s", MR_SPAN_ARG(all), i ? " + " : "", MR_SPAN_ARG(key));
    }
    return all;
}

/* What is put on the skin may act elsewhere: oestrogen gel is a transdermal product. */
static void settle_route(const mr_terminology *t, mr_reading *r) {
    if (r->shape.route != MR_ROUTE_CUTANEOUS) return;
    for (size_t i = 0; i < r->n; i++) {
        mr_route elsewhere = mr_term_skin_route(t, r->part[i].substance);
        if (elsewhere != MR_ROUTE_CUTANEOUS) r->shape.route = elsewhere;
    }
}

static mr_place place_of(const mr_shape *s) {
    if (s->intrauterine) return MR_PLACE_INTRAUTERINE;
    return s->route == MR_ROUTE_EYE ? MR_PLACE_EYE : s->route == MR_ROUTE_VAGINAL ? MR_PLACE_VAGINAL : MR_PLACE_NONE;
}

typedef struct filling {
    mr_ingredient *v;
    size_t n;
} filling;

static void add(filling *f, mr_span key, const mr_strength *s) {
    for (size_t i = 0; i < f->n; i++)
        if (mr_span_eq(f->v[i].substance, key)) return;
    f->v[f->n++] = (mr_ingredient){.substance = key,
                                   .strength = s->value,
                                   .strength_unit = s->value > 0 ? s->unit : MR_SPAN_NONE,
                                   .per = s->value > 0 ? s->per : 0,
                                   .per_unit = s->value > 0 ? s->per_unit : MR_SPAN_NONE};
}

static void add_part(const mr_terminology *t, filling *f, const mr_term_part *part, mr_place place) {
    uint32_t variant = place == MR_PLACE_NONE ? MR_TERM_NONE : mr_term_variant(t, part->substance, place);
    uint32_t at = variant == MR_TERM_NONE ? part->substance : variant;
    const mr_term_substance *s = mr_term_substance_at(t, at);
    static const mr_strength none = {0};
    add(f, s->key, &part->strength);
    if (s->class_of != MR_TERM_NONE) add(f, mr_term_substance_at(t, s->class_of)->key, &none);
    for (size_t i = 0; i < s->n_members; i++) add(f, mr_term_substance_at(t, s->members[i])->key, &none);
}

/* Names of combinations beside their ingredients, or instead of them. */
static void add_wholes(const mr_terminology *t, filling *f, const mr_reading *r) {
    static const mr_strength none = {0};
    const uint32_t *kept;
    size_t n = mr_term_kept_names(t, &kept);
    for (size_t i = 0; i < n; i++) {
        const mr_term_substance *s = mr_term_substance_at(t, kept[i]);
        if (!applies(s, kept[i], r)) continue;
        if (s->kept == MR_KEPT_WHOLE) f->n = 0;
        add(f, s->key, &none);
        if (s->kept == MR_KEPT_WHOLE) return;
    }
}

/* How many ingredients there can be: exact, since each is large and a record holds many. */
static size_t most_names(const mr_terminology *t, const mr_reading *r) {
    const uint32_t *kept;
    size_t n = r->n, n_kept = mr_term_kept_names(t, &kept);
    for (size_t i = 0; i < r->n; i++) {
        const mr_term_substance *s = mr_term_substance_at(t, r->part[i].substance);
        n += s->n_members + (s->class_of != MR_TERM_NONE);
    }
    for (size_t i = 0; i < n_kept; i++) n += applies(mr_term_substance_at(t, kept[i]), kept[i], r);
    return n;
}

mr_rc mr_reading_finish(const mr_terminology *t, mr_reading *r, mr_arena *a, mr_understood *ret, mr_error *err) {
    settle_route(t, r);
    filling f = {MR_NEW_N(a, mr_ingredient, most_names(t, r)), 0};
    if (!f.v) return mr_arena_why(a, err);
    for (size_t i = 0; i < r->n; i++) add_part(t, &f, &r->part[i], place_of(&r->shape));
    add_wholes(t, &f, r);
    qsort(f.v, f.n, sizeof *f.v, by_key);
    ret->ingredients = f.v;
    ret->n_ingredients = f.n;
    ret->route = r->shape.route;
    ret->form = r->shape.form;
    ret->modified_release = r->shape.modified_release;
    ret->uncertain = r->uncertain;
    return MR_OK;
}
