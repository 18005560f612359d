/* The shipped tables, read once and indexed: substances.tsv and vmps.tsv, linked into the binary. */
#include "table.h"

#include "medreview/base/embedded.h"
#include "medreview/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_BYTES = 64 << 20 }; /* a bound; the shipped table takes about 1 MB, a release some 6 MB more */

/* An index value holds what kind of thing an id names, and where it stands. */
static uint32_t packed(mr_id_kind kind, uint32_t at) {
    return (uint32_t)kind << 28 | at;
}

typedef struct filler {
    mr_terminology *t;
    mr_tsv tsv;
    mr_error *err;
} filler;

static mr_rc broken(const filler *f, const char *why, mr_span what) {
    return mr_fail(f->err, MR_MALFORMED, "%s:%u: %s: %.*s", f->tsv.file, f->tsv.line, why, MR_SPAN_ARG(what));
}

static mr_rc no_room(const filler *f) {
    return mr_arena_why(f->t->arena, f->err);
}

static mr_rc put(filler *f, mr_index *ix, mr_span key, uint32_t value) {
    uint32_t old = value;
    if (!mr_index_put(ix, key, value, &old)) return no_room(f);
    return old == value ? MR_OK : broken(f, "stands for two substances", key);
}

/* Every item of a field that is split at '|'. */
static bool next_item(mr_span *rest, mr_span *ret) {
    if (!rest->len) return false;
    mr_span head, tail;
    mr_span_split(*rest, '|', &head, &tail);
    *rest = tail;
    *ret = head;
    return true;
}

static mr_rc put_name(filler *f, mr_span name, uint32_t at) {
    mr_span folded = mr_text_fold(f->t->arena, name);
    return folded.ptr ? put(f, f->t->names, folded, at) : no_room(f);
}

static mr_rc put_ids(filler *f, const char *column, mr_id_kind kind, uint32_t at) {
    mr_span rest = mr_tsv_get(&f->tsv, column), id;
    while (next_item(&rest, &id)) {
        if (!mr_sctid_valid(id)) return broken(f, "no SNOMED CT id", id);
        mr_rc rc = put(f, f->t->ids, id, packed(kind, at));
        if (rc != MR_OK) return rc;
    }
    return MR_OK;
}

static mr_rc put_all(filler *f, mr_index *ix, const char *column, uint32_t at) {
    mr_span rest = mr_tsv_get(&f->tsv, column), code;
    while (next_item(&rest, &code)) {
        mr_rc rc = put(f, ix, code, at);
        if (rc != MR_OK) return rc;
    }
    return MR_OK;
}

static mr_rc put_atc(filler *f, uint32_t at) {
    mr_terminology *t = f->t;
    mr_span rest = mr_tsv_get(&f->tsv, "atc"), code;
    while (next_item(&rest, &code)) {
        if (mr_span_ends(code, "*")) {
            if (t->n_classes == MR_TERM_CLASSES) return broken(f, "too many ATC classes", code);
            t->classes[t->n_classes++] = (mr_atc_class){{code.ptr, code.len - 1}, at};
            continue;
        }
        mr_rc rc = put(f, t->atc, code, at);
        if (rc != MR_OK) return rc;
    }
    return MR_OK;
}

static mr_rc put_codes(filler *f, uint32_t at) {
    mr_rc rc = put_ids(f, "vtm", MR_ID_VTM, at);
    if (rc == MR_OK) rc = put_ids(f, "isid", MR_ID_INGREDIENT, at);
    if (rc == MR_OK) rc = put_ids(f, "vtm_previous", MR_ID_PREVIOUS_VTM, at);
    if (rc == MR_OK) rc = put_atc(f, at);
    if (rc == MR_OK) rc = put_all(f, f->t->rxnorm, "rxnorm", at);
    return rc == MR_OK ? put_all(f, f->t->bnf, "bnf", at) : rc;
}

/* First pass: keys, names and codes. What a row says about other rows waits until all keys are known. */
static mr_rc add_substance(filler *f) {
    mr_terminology *t = f->t;
    mr_term_substance s = {.key = mr_tsv_get(&f->tsv, "key"), .class_of = MR_TERM_NONE, .variant_of = MR_TERM_NONE};
    if (!s.key.len) return broken(f, "no key", s.key);
    s.vtm = mr_tsv_get(&f->tsv, "vtm");
    s.isid = mr_tsv_get(&f->tsv, "isid");
    s.atc = mr_tsv_get(&f->tsv, "atc");
    uint32_t at = (uint32_t)t->n_substances;
    if (!MR_PUSH(t->arena, t->substances, t->n_substances, t->cap_substances, s)) return no_room(f);
    mr_rc rc = put_name(f, s.key, at);
    mr_span rest = mr_tsv_get(&f->tsv, "names"), name;
    while (rc == MR_OK && next_item(&rest, &name)) rc = put_name(f, name, at);
    return rc == MR_OK ? put_codes(f, at) : rc;
}

static mr_rc find_key(filler *f, mr_span key, uint32_t *ret) {
    if (mr_term_find_name(f->t, key, ret) && mr_span_eq(f->t->substances[*ret].key, key)) return MR_OK;
    return broken(f, "no such key", key);
}

static bool parse_kept(mr_span text, mr_kept *ret) {
    static const char *const names[] = {"", "also", "whole", "more", "soluble"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (mr_span_is(text, names[i])) return *ret = (mr_kept)i, true;
    return false;
}

static mr_rc link_members(filler *f, mr_term_substance *s, mr_span field) {
    uint32_t *members = MR_NEW_N(f->t->arena, uint32_t, MR_TERM_PARTS);
    if (!members) return no_room(f);
    mr_span name;
    while (next_item(&field, &name)) {
        if (s->n_members == MR_TERM_PARTS) return broken(f, "too many members", s->key);
        mr_rc rc = find_key(f, name, &members[s->n_members]);
        if (rc != MR_OK) return rc;
        s->n_members++;
    }
    s->members = members;
    return MR_OK;
}

static mr_rc link_variant(filler *f, uint32_t at, mr_span field) {
    mr_terminology *t = f->t;
    mr_term_substance *s = &t->substances[at];
    mr_span of, place;
    mr_span_split(field, '@', &of, &place);
    s->place = mr_span_is(place, "eye")            ? MR_PLACE_EYE
               : mr_span_is(place, "vaginal")      ? MR_PLACE_VAGINAL
               : mr_span_is(place, "intrauterine") ? MR_PLACE_INTRAUTERINE
                                                   : MR_PLACE_NONE;
    if (s->place == MR_PLACE_NONE) return broken(f, "no such place", field);
    if (t->n_variants == MR_TERM_KEPT) return broken(f, "too many variants", s->key);
    t->variants[t->n_variants++] = at;
    return find_key(f, of, &s->variant_of);
}

/* Second pass, in the same order of rows. */
static mr_rc link_substance(filler *f, uint32_t at) {
    mr_terminology *t = f->t;
    mr_term_substance *s = &t->substances[at];
    mr_span members = mr_tsv_get(&f->tsv, "members"), kept = mr_tsv_get(&f->tsv, "kept"),
            variant = mr_tsv_get(&f->tsv, "variant");
    mr_rc rc = MR_OK;
    if (variant.len) rc = link_variant(f, at, variant);
    if (rc != MR_OK) return rc;
    if (!members.len) return kept.len ? find_key(f, kept, &s->class_of) : MR_OK;
    if (!parse_kept(kept, &s->kept)) return broken(f, "kept is also, whole, more or soluble", kept);
    if (s->kept != MR_KEPT_NOT) {
        if (t->n_kept == MR_TERM_KEPT) return broken(f, "too many kept names", s->key);
        t->kept[t->n_kept++] = at;
    }
    return link_members(f, s, members);
}

static mr_rc each_row(filler *f, const mr_embedded *file, mr_rc (*row)(filler *f, uint32_t at)) {
    mr_rc rc = mr_tsv_open(&f->tsv, file->name, mr_embedded_bytes(file), f->err);
    bool more = rc == MR_OK;
    for (uint32_t at = 0; more && rc == MR_OK; at++) {
        rc = mr_tsv_next(&f->tsv, &more, f->err);
        if (rc == MR_OK && more) rc = row(f, at);
    }
    return rc;
}

static mr_rc add_row(filler *f, uint32_t at) {
    (void)at; /* the row's place is the number of substances so far */
    return add_substance(f);
}

static mr_rc add_product(filler *f, uint32_t at) {
    mr_terminology *t = f->t;
    mr_span name = mr_tsv_get(&f->tsv, "name"), id = mr_tsv_get(&f->tsv, "vpid");
    mr_reading r;
    mr_name_step step = mr_name_parse(t, name, &r);
    if (step == MR_NAME_NOT || step == MR_NAME_PREFIX || !r.n)
        return broken(f, "not understood by the naming convention", name);
    mr_term_part *part = MR_NEW_N(t->arena, mr_term_part, r.n);
    if (!part) return no_room(f);
    memcpy(part, r.part, r.n * sizeof *part);
    mr_product product = {part, r.n, r.shape, MR_VERDICT_SURE};
    if (!MR_PUSH(t->arena, t->products, t->n_products, t->cap_products, product)) return no_room(f);
    if (!mr_sctid_valid(id)) return broken(f, "no SNOMED CT id", id);
    return put(f, t->ids, id, packed(MR_ID_VMP, at));
}

/* Products that are put on the skin but act elsewhere, as their dm+d route says. */
static mr_rc set_skin_routes(filler *f) {
    static const struct {
        const char *key;
        mr_route route;
    } elsewhere[] = {{"estradiol", MR_ROUTE_TRANSDERMAL},
                     {"testosterone", MR_ROUTE_TRANSDERMAL},
                     {"glyceryl trinitrate", MR_ROUTE_TRANSDERMAL},
                     {"estriol", MR_ROUTE_VAGINAL}};
    mr_terminology *t = f->t;
    t->skin = MR_NEW_N(t->arena, mr_route, t->n_substances);
    if (!t->skin) return no_room(f);
    for (size_t i = 0; i < t->n_substances; i++) t->skin[i] = MR_ROUTE_CUTANEOUS;
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        uint32_t at;
        mr_rc rc = find_key(f, mr_span_of(elsewhere[i].key), &at);
        if (rc != MR_OK) return rc;
        t->skin[at] = elsewhere[i].route;
    }
    return MR_OK;
}

static const mr_embedded *embedded(const char *name) {
    for (const mr_embedded *e = mr_embedded_terminology; e->name; e++)
        if (strcmp(e->name, name) == 0) return e;
    return NULL;
}

static mr_rc fill(mr_terminology *t, mr_error *err) {
    filler f = {.t = t, .err = err};
    const mr_embedded *substances = embedded("substances.tsv"), *vmps = embedded("vmps.tsv"),
                      *words = embedded("words.tsv");
    if (!substances || !vmps || !words)
        return mr_fail(err, MR_NOT_FOUND, "substances.tsv, vmps.tsv and words.tsv are not linked in");
    mr_rc rc = mr_words_load(t->arena, words->name, mr_embedded_bytes(words), &t->words, err);
    if (rc == MR_OK) rc = each_row(&f, substances, add_row);
    if (rc == MR_OK) rc = each_row(&f, substances, link_substance);
    if (rc == MR_OK) rc = set_skin_routes(&f);
    return rc == MR_OK ? each_row(&f, vmps, add_product) : rc;
}

mr_rc mr_terminology_builtin(mr_terminology **ret, mr_error *err) {
    mr_terminology *t = calloc(1, sizeof *t);
    if (!t) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_arena *a = t->arena = mr_arena_new(TABLE_BYTES);
    bool room = a && (t->names = mr_index_new(a, 4096)) && (t->ids = mr_index_new(a, 8192)) &&
                (t->atc = mr_index_new(a, 1024)) && (t->rxnorm = mr_index_new(a, 512)) &&
                (t->bnf = mr_index_new(a, 1024));
    mr_rc rc = room ? fill(t, err) : mr_fail(err, MR_NOMEM, "out of memory");
    if (rc != MR_OK) {
        mr_terminology_free(t);
        return rc;
    }
    t->n_shipped = t->n_substances;
    snprintf(t->version, sizeof t->version, "%s", MR_TERM_SHIPPED);
    *ret = t;
    return MR_OK;
}

void mr_terminology_free(mr_terminology *t) {
    if (!t) return;
    mr_arena_free(t->arena);
    mr_dmd_index_close(t->index);
    free(t);
}

const char *mr_terminology_version(const mr_terminology *t) {
    return t->version;
}

size_t mr_terminology_substances(const mr_terminology *t) {
    return t->n_substances;
}

mr_span mr_terminology_substance(const mr_terminology *t, size_t at) {
    return at < t->n_substances ? t->substances[at].key : MR_SPAN_NONE;
}

const mr_term_substance *mr_term_substance_at(const mr_terminology *t, uint32_t at) {
    return &t->substances[at];
}

const mr_words *mr_term_words(const mr_terminology *t) {
    return t->words;
}

size_t mr_term_products(const mr_terminology *t) {
    return t->n_products + (t->release ? t->release->n_vmps : 0);
}

const mr_product *mr_term_product_at(const mr_terminology *t, uint32_t at) {
    return at < t->n_products ? &t->products[at] : &t->made[at - t->n_products];
}

bool mr_term_find_shipped(const mr_terminology *t, mr_span id, mr_id_entry *ret) {
    static const mr_recognised by[] = {[MR_ID_VTM] = MR_REC_DMD_VTM,
                                       [MR_ID_INGREDIENT] = MR_REC_DMD_VTM,
                                       [MR_ID_PREVIOUS_VTM] = MR_REC_DMD_PREVIOUS,
                                       [MR_ID_VMP] = MR_REC_DMD_VMP};
    uint32_t value;
    if (!mr_index_get(t->ids, id, &value)) return false;
    *ret = (mr_id_entry){(mr_id_kind)(value >> 28), value & 0x0fffffffu, by[value >> 28]};
    return true;
}

bool mr_term_find_name(const mr_terminology *t, mr_span folded, uint32_t *ret) {
    return folded.len && mr_index_get(t->names, folded, ret);
}

bool mr_term_find_atc(const mr_terminology *t, mr_span code, uint32_t *ret) {
    if (code.len != 7) return false;
    if (mr_index_get(t->atc, code, ret)) return true;
    for (size_t i = 0; i < t->n_classes; i++) {
        mr_span prefix = t->classes[i].prefix;
        if (mr_span_eq((mr_span){code.ptr, prefix.len}, prefix)) return *ret = t->classes[i].substance, true;
    }
    return false;
}

bool mr_term_find_rxnorm(const mr_terminology *t, mr_span code, uint32_t *ret) {
    return mr_index_get(t->rxnorm, code, ret);
}

bool mr_term_find_bnf(const mr_terminology *t, mr_span code, uint32_t *ret) {
    return code.len >= 9 && mr_index_get(t->bnf, (mr_span){code.ptr, 9}, ret);
}

size_t mr_term_kept_names(const mr_terminology *t, const uint32_t **ret) {
    *ret = t->kept;
    return t->n_kept;
}

uint32_t mr_term_variant(const mr_terminology *t, uint32_t substance, mr_place place) {
    for (size_t i = 0; i < t->n_variants; i++) {
        uint32_t at = t->variants[i];
        if (t->substances[at].variant_of == substance && t->substances[at].place == place) return at;
    }
    return MR_TERM_NONE;
}

mr_route mr_term_skin_route(const mr_terminology *t, uint32_t substance) {
    return substance < t->n_shipped ? t->skin[substance] : MR_ROUTE_CUTANEOUS;
}
