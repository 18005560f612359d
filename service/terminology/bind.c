/* The release's substances (ISID), each bound to one of ours.
 *
 * In this order: its id is known to the table; a former id of it is; its name is, whole or without a salt, never by a
 * prefix; the moiety of all products made of it alone is known. What is left is a substance of its own, under its own
 * name in lower case: recognised, in no group, and still seen when it is taken twice. So every ingredient of every
 * product is something, and nothing is guessed. */
#include "table.h"

#include "medreview/base/utf8.h"

#include <string.h>

typedef struct binder {
    mr_terminology *t;
    const mr_dmd_release *r;
    mr_index *own;   /* by folded name */
    mr_index *named; /* folded names of the release's moieties and substances */
    uint32_t insulin;
    mr_error *err;
} binder;

static bool shipped_id(const binder *b, uint64_t id, bool moiety, uint32_t *ret) {
    char buf[24];
    mr_id_entry e;
    if (!mr_term_find_shipped(b->t, mr_term_digits(id, buf), &e)) return false;
    if (moiety ? e.kind != MR_ID_VTM && e.kind != MR_ID_PREVIOUS_VTM : e.kind != MR_ID_INGREDIENT) return false;
    *ret = e.at;
    return true;
}

static void by_id(binder *b) {
    for (size_t i = 0; i < b->r->n_substances; i++)
        b->t->counts.by_id += shipped_id(b, b->r->substances[i].id, false, &b->t->bound[i]);
}

static void by_former_id(binder *b) {
    for (size_t i = 0; i < b->r->n_previous; i++) {
        const mr_dmd_previous *p = &b->r->previous[i];
        if (p->kind != MR_DMD_SUBSTANCE || b->t->bound[p->row] != MR_TERM_NONE) continue;
        b->t->counts.by_former_id += shipped_id(b, p->id, false, &b->t->bound[p->row]);
    }
}

static void by_name(binder *b) {
    for (size_t i = 0; i < b->r->n_substances; i++) {
        uint32_t *bound = &b->t->bound[i];
        if (*bound != MR_TERM_NONE) continue;
        mr_name_step step = mr_name_substance(b->t, mr_dmd_name(b->r, b->r->substances[i].name), bound);
        b->t->counts.by_name += step == MR_NAME_EXACT;
        b->t->counts.by_salt += step == MR_NAME_SALT;
    }
}

/* What the table says of a moiety: by its id, a former id, its name; MR_TERM_NONE when nothing. */
static void moieties_of_table(const binder *b, uint32_t *said) {
    const mr_dmd_release *r = b->r;
    for (size_t i = 0; i < r->n_vtms; i++) {
        said[i] = MR_TERM_NONE;
        (void)shipped_id(b, r->vtms[i].id, true, &said[i]);
    }
    for (size_t i = 0; i < r->n_previous; i++)
        if (r->previous[i].kind == MR_DMD_VTM && said[r->previous[i].row] == MR_TERM_NONE)
            (void)shipped_id(b, r->previous[i].id, true, &said[r->previous[i].row]);
    for (size_t i = 0; i < r->n_vtms; i++)
        if (said[i] == MR_TERM_NONE) (void)mr_name_substance(b->t, mr_dmd_name(r, r->vtms[i].name), &said[i]);
}

static void propose(binder *b, uint32_t *proposed, bool *torn, uint32_t substance, uint32_t key) {
    if (key == MR_TERM_NONE || b->t->substances[key].n_members || b->t->bound[substance] != MR_TERM_NONE) return;
    if (proposed[substance] == MR_TERM_NONE) proposed[substance] = key;
    torn[substance] |= proposed[substance] != key;
}

/* A product with one ingredient is of its moiety; so is a moiety with one member. Where all agree, that is what the
 * substance is: esters and hydrates whose name the table does not know. */
static mr_rc by_moiety(binder *b) {
    const mr_dmd_release *r = b->r;
    mr_terminology *t = b->t;
    uint32_t *said = MR_NEW_N(t->arena, uint32_t, r->n_vtms), *proposed = MR_NEW_N(t->arena, uint32_t, r->n_substances);
    bool *torn = MR_NEW_N(t->arena, bool, r->n_substances);
    if (!said || !proposed || !torn) return mr_arena_why(t->arena, b->err);
    moieties_of_table(b, said);
    for (size_t i = 0; i < r->n_substances; i++) proposed[i] = MR_TERM_NONE;
    for (size_t i = 0; i < r->n_vtms; i++)
        if (r->vtms[i].n_members == 1) propose(b, proposed, torn, r->vtm_members[r->vtms[i].first_member], said[i]);
    for (size_t i = 0; i < r->n_vmps; i++) {
        const mr_dmd_vmp *v = &r->vmps[i];
        if (v->n_parts != 1 || v->vtm == MR_DMD_NONE) continue;
        const mr_dmd_part *p = &r->parts[v->first_part];
        propose(b, proposed, torn, p->basis == 2 && p->base != MR_DMD_NONE ? p->base : p->substance, said[v->vtm]);
    }
    for (size_t i = 0; i < r->n_substances; i++) {
        if (proposed[i] == MR_TERM_NONE || torn[i]) continue;
        t->bound[i] = proposed[i];
        t->counts.by_moiety++;
    }
    return MR_OK;
}

static mr_rc note_names(binder *b) {
    const mr_dmd_release *r = b->r;
    for (size_t i = 0; i < r->n_vtms + r->n_substances; i++) {
        bool vtm = i < r->n_vtms;
        if (!vtm && b->t->bound[i - r->n_vtms] != MR_TERM_NONE) continue;
        mr_dmd_text name = vtm ? r->vtms[i].name : r->substances[i - r->n_vtms].name;
        mr_span folded = mr_text_fold(b->t->arena, mr_dmd_name(r, name));
        if (!folded.ptr || !mr_index_put(b->named, folded, 0, NULL)) return mr_arena_why(b->t->arena, b->err);
    }
    return MR_OK;
}

/* Without its salts as far as the release has a name for what is left: two salts of one new substance are one. */
static mr_span bare(const binder *b, mr_span name) {
    mr_span best = name;
    uint32_t ignored;
    for (size_t at = name.len; at-- > 1;) {
        if (name.ptr[at] != ' ') continue;
        mr_span left = {name.ptr, at}, word = mr_span_from(name, at + 1);
        const mr_word *known = mr_words_find(mr_term_words(b->t), (mr_span){word.ptr, mr_span_find(word, ' ')});
        if (!known || !known->salt) break;
        if (mr_index_get(b->named, left, &ignored)) best = left;
    }
    return best;
}

static mr_rc add_own(binder *b, mr_span name, uint32_t *ret) {
    mr_terminology *t = b->t;
    mr_span folded = mr_text_fold(t->arena, name);
    if (!folded.ptr) return mr_arena_why(t->arena, b->err);
    mr_span key = bare(b, folded);
    if (mr_index_get(b->own, key, ret)) return MR_OK;
    bool insulin = mr_span_starts(key, "insulin ");
    mr_term_substance s = {.key = key, .class_of = insulin ? b->insulin : MR_TERM_NONE, .variant_of = MR_TERM_NONE};
    uint32_t at = (uint32_t)t->n_substances;
    if (!MR_PUSH(t->arena, t->substances, t->n_substances, t->cap_substances, s) ||
        !mr_index_put(b->own, key, at, NULL))
        return mr_arena_why(t->arena, b->err);
    *ret = at;
    return MR_OK;
}

static mr_rc by_own_name(binder *b) {
    mr_rc rc = note_names(b);
    for (size_t i = 0; i < b->r->n_substances && rc == MR_OK; i++) {
        if (b->t->bound[i] != MR_TERM_NONE) continue;
        b->t->counts.own++;
        rc = add_own(b, mr_dmd_name(b->r, b->r->substances[i].name), &b->t->bound[i]);
    }
    return rc;
}

/* A substance of its own that is a valid moiety too is known by name from now on: a new medicine in a record without
 * codes. Excipients are no moieties; the few that are stand in words.tsv as vehicles. */
static mr_rc learn_names(binder *b) {
    for (size_t i = 0; i < b->r->n_vtms; i++) {
        const mr_dmd_vtm *v = &b->r->vtms[i];
        uint32_t own, known;
        mr_span name = mr_text_fold(b->t->arena, mr_dmd_name(b->r, v->name));
        if (!name.ptr) return mr_arena_why(b->t->arena, b->err);
        if (v->flags & MR_DMD_INVALID || !mr_index_get(b->own, name, &own)) continue;
        if (mr_words_vehicle(mr_term_words(b->t), name) || mr_term_find_name(b->t, name, &known)) continue;
        if (!mr_index_put(b->t->names, name, own, NULL)) return mr_arena_why(b->t->arena, b->err);
    }
    return MR_OK;
}

static mr_rc note_present(binder *b) {
    mr_terminology *t = b->t;
    t->present = MR_NEW_N(t->arena, bool, t->n_substances);
    if (!t->present) return mr_arena_why(t->arena, b->err);
    for (size_t i = 0; i < b->r->n_substances; i++) t->present[t->bound[i]] = true;
    return MR_OK;
}

mr_rc mr_bind_substances(mr_terminology *t, mr_error *err) {
    binder b = {.t = t, .r = t->release, .err = err, .insulin = MR_TERM_NONE};
    size_t n = b.r->n_substances;
    (void)mr_term_find_name(t, MR_SPAN("insulin"), &b.insulin);
    t->bound = MR_NEW_N(t->arena, uint32_t, n);
    b.own = mr_index_new(t->arena, 1024);
    b.named = mr_index_new(t->arena, 4096);
    if (!t->bound || !b.own || !b.named) return mr_arena_why(t->arena, err);
    for (size_t i = 0; i < n; i++) t->bound[i] = MR_TERM_NONE;
    by_id(&b);
    by_former_id(&b);
    by_name(&b);
    mr_rc rc = by_moiety(&b);
    if (rc == MR_OK) rc = by_own_name(&b);
    if (rc == MR_OK) rc = learn_names(&b);
    return rc == MR_OK ? note_present(&b) : rc;
}

uint32_t mr_bound_salt(const mr_terminology *t, const mr_dmd_part *p) {
    return t->bound[p->substance];
}

uint32_t mr_bound_base(const mr_terminology *t, const mr_dmd_part *p) {
    return p->basis == 2 && p->base != MR_DMD_NONE ? t->bound[p->base] : t->bound[p->substance];
}
