/* The closed word lists of the dm+d naming convention, read from data/words.tsv, and what a run of words says about a
 * product's form and route. */
#include "name_words.h"

#include "medreview/base/index.h"

typedef struct phrases {
    mr_span *v;
    size_t n, cap;
} phrases;

struct mr_words {
    mr_index *index;
    mr_word *v;
    size_t n, cap;
    phrases no_medicine, devices, vehicles;
    unsigned rows;
};

static bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '%' || c == '\'' ||
           (c & 0x80);
}

bool mr_word_next(mr_span *rest, mr_span *ret) {
    size_t i = 0;
    while (i < rest->len && !is_word_byte(rest->ptr[i])) i++;
    size_t from = i;
    while (i < rest->len && is_word_byte(rest->ptr[i])) i++;
    *ret = mr_span_from((mr_span){rest->ptr, i}, from);
    *rest = mr_span_from(*rest, i);
    return ret->len > 0;
}

typedef struct filler {
    mr_arena *arena;
    mr_words *words;
    mr_tsv tsv;
    mr_error *err;
} filler;

static mr_rc broken(const filler *f, const char *why, mr_span what) {
    return mr_fail(f->err, MR_MALFORMED, "%s:%u: %s: %.*s", f->tsv.file, f->tsv.line, why, MR_SPAN_ARG(what));
}

/* The entry of a word, new when it is not there yet; NULL when out of room. */
static mr_word *entry(filler *f, mr_span word) {
    mr_words *w = f->words;
    uint32_t at = (uint32_t)w->n;
    if (mr_index_get(w->index, word, &at)) return &w->v[at];
    mr_word none = {.form_rank = 0};
    if (!MR_PUSH(f->arena, w->v, w->n, w->cap, none) || !mr_index_put(w->index, word, at, NULL)) return NULL;
    return &w->v[at];
}

static mr_rc set_place(filler *f, mr_word *e, mr_span kind) {
    mr_span form = mr_tsv_get(&f->tsv, "form"), field = mr_tsv_get(&f->tsv, "route");
    mr_route route = MR_ROUTE_UNKNOWN;
    if (field.len && !mr_route_parse(field, &route)) return broken(f, "no such route", field);
    unsigned rank = ++f->words->rows;
    e->begins_form = true;
    if (mr_span_is(kind, "form")) {
        e->form = form;
        e->form_route = route;
        e->form_rank = rank;
    } else if (mr_span_is(kind, "route")) {
        e->route = route;
        e->route_rank = rank;
    } else {
        e->container = route;
        e->container_rank = rank;
    }
    return MR_OK;
}

static mr_rc add_row(filler *f) {
    mr_span kind = mr_tsv_get(&f->tsv, "kind"), word = mr_tsv_get(&f->tsv, "word");
    mr_words *w = f->words;
    if (!word.len) return broken(f, "no word", word);
    phrases *list = mr_span_is(kind, "no-medicine") ? &w->no_medicine
                    : mr_span_is(kind, "device")    ? &w->devices
                    : mr_span_is(kind, "vehicle")   ? &w->vehicles
                                                    : NULL;
    if (list) return MR_PUSH(f->arena, list->v, list->n, list->cap, word) ? MR_OK : mr_arena_why(f->arena, f->err);
    mr_word *e = entry(f, word);
    if (!e) return mr_arena_why(f->arena, f->err);
    if (mr_span_is(kind, "form") || mr_span_is(kind, "route") || mr_span_is(kind, "container"))
        return set_place(f, e, kind);
    if (mr_span_is(kind, "release"))
        e->release = true;
    else if (mr_span_is(kind, "soluble"))
        e->soluble = e->begins_form = true;
    else if (mr_span_is(kind, "intrauterine"))
        e->intrauterine = true;
    else if (mr_span_is(kind, "begins"))
        e->begins_form = true;
    else if (mr_span_is(kind, "salt"))
        e->salt = true;
    else if (mr_span_is(kind, "qualifier"))
        e->qualifier = true;
    else
        return broken(f, "no such kind", kind);
    return MR_OK;
}

mr_rc mr_words_load(mr_arena *a, const char *file, mr_span bytes, mr_words **ret, mr_error *err) {
    mr_words *w = MR_NEW(a, mr_words);
    if (!w || !(w->index = mr_index_new(a, 512))) return mr_arena_why(a, err);
    filler f = {.arena = a, .words = w, .err = err};
    mr_rc rc = mr_tsv_open(&f.tsv, file, bytes, err);
    for (bool more = true; rc == MR_OK && more;) {
        rc = mr_tsv_next(&f.tsv, &more, err);
        if (rc == MR_OK && more) rc = add_row(&f);
    }
    if (rc == MR_OK) *ret = w;
    return rc;
}

const mr_word *mr_words_find(const mr_words *w, mr_span word) {
    uint32_t at;
    if (mr_index_get(w->index, word, &at)) return &w->v[at];
    if (word.len > 2 && word.ptr[word.len - 1] == 's' && mr_index_get(w->index, (mr_span){word.ptr, word.len - 1}, &at))
        return &w->v[at];
    return NULL;
}

static bool better(unsigned rank, unsigned than) {
    return rank && (!than || rank < than);
}

void mr_words_shape(const mr_words *w, mr_span text, mr_shape *shape) {
    static const mr_word none = {.form_rank = 0};
    const mr_word *form = &none, *route = &none, *container = &none;
    mr_span word, before = MR_SPAN_NONE;
    for (; mr_word_next(&text, &word); before = word) {
        const mr_word *e = mr_words_find(w, word);
        if (mr_span_is(before, "m") && mr_span_is(word, "r")) shape->modified_release = true;
        if (!e) continue;
        if (better(e->form_rank, form->form_rank)) form = e;
        if (better(e->route_rank, route->route_rank)) route = e;
        if (better(e->container_rank, container->container_rank)) container = e;
        shape->modified_release |= e->release;
        shape->soluble |= e->soluble;
        shape->intrauterine |= e->intrauterine;
    }
    if (form->form_rank) shape->form = form->form;
    if (route->route_rank)
        shape->route = route->route;
    else if (form->form_route != MR_ROUTE_UNKNOWN)
        shape->route = form->form_route;
    else if (container->container_rank)
        shape->route = container->container;
}

/* Does a phrase, or its plural, stand at the start of text and end there with a word? */
static bool phrase_at(mr_span text, mr_span phrase) {
    if (text.len < phrase.len || text.ptr[0] != phrase.ptr[0] || !mr_span_eq((mr_span){text.ptr, phrase.len}, phrase))
        return false;
    size_t end = phrase.len;
    if (end < text.len && text.ptr[end] == 's') end++;
    return end == text.len || !is_word_byte(text.ptr[end]);
}

static bool names_any(const phrases *list, mr_span text) {
    mr_span word;
    while (mr_word_next(&text, &word)) {
        mr_span from = {word.ptr, word.len + text.len};
        for (size_t i = 0; i < list->n; i++)
            if (phrase_at(from, list->v[i])) return true;
    }
    return false;
}

bool mr_words_no_medicine(const mr_words *w, mr_span text) {
    return names_any(&w->no_medicine, text);
}

bool mr_words_device(const mr_words *w, mr_span text) {
    return names_any(&w->devices, text);
}

bool mr_words_vehicle(const mr_words *w, mr_span name) {
    for (size_t i = 0; i < w->vehicles.n; i++)
        if (mr_span_eq(name, w->vehicles.v[i])) return true;
    return false;
}
