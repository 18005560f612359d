/* Items joined: the same resource read twice, references resolved, subjects named (fhir.md 7.1).
 *
 * Everything is looked up in an order that depends on the content only. */
#include "fhir_items.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = MR_MAX_REFERENCE_BYTES + 32, MOST_BASES = 8 };

static int64_t updated_s(const mr_fhir_item *item) {
    mr_when day;
    int64_t s;
    return item->updated.ptr && mr_when_parse(item->updated, &day, &s) ? s : INT64_MIN;
}

/* Newest first; what is equal in rank stands together, sorted by content. */
static int rank_cmp(const mr_fhir_item *a, const mr_fhir_item *b) {
    if (a->rank != b->rank) return a->rank > b->rank ? -1 : 1;
    if (mr_span_eq(a->updated, b->updated)) return 0;
    int64_t at = updated_s(a), bt = updated_s(b);
    if (at != bt) return at > bt ? -1 : 1;
    return -mr_span_cmp(a->updated, b->updated);
}

/* Equal in rank, and not known to say the same: digests are made within a page, and for what has no version. */
static bool differ(const mr_fhir_item *a, const mr_fhir_item *b) {
    if (a->digest && b->digest) return a->digest != b->digest;
    return !a->version.ptr && !a->updated.ptr;
}

/* Which of two counts does not depend on which came first. */
static void group_join(mr_fhir_pages *p, mr_fhir_group *group, uint32_t number) {
    mr_fhir_item *item = &p->items[number], *best = &p->items[group->best];
    if (item->page == best->page) {
        item->digest = mr_json_digest(item->at);
        best->digest = mr_json_digest(best->at);
    }
    int c = rank_cmp(item, best);
    if (c < 0) group->tie = false;
    if (c == 0) group->tie |= differ(item, best);
    if (c < 0 || (c == 0 && item->digest < best->digest)) group->best = number;
}

mr_rc mr_fhir_groups_join(mr_fhir_pages *p, size_t first, mr_error *err) {
    if (!p->by_name) p->by_name = mr_index_new(p->arena, p->n_items);
    for (size_t i = first; p->by_name && i < p->n_items; i++) {
        uint32_t number = (uint32_t)p->n_groups;
        mr_fhir_group fresh = {.best = (uint32_t)i};
        if (!mr_index_put(p->by_name, p->items[i].reference, number, &number)) return mr_arena_why(p->arena, err);
        if (number < p->n_groups)
            group_join(p, &p->groups[number], (uint32_t)i);
        else if (!MR_PUSH(p->arena, p->groups, p->n_groups, p->cap_groups, fresh))
            return mr_arena_why(p->arena, err);
    }
    return p->by_name ? MR_OK : mr_arena_why(p->arena, err);
}

/* Where two resources claim one fullUrl or identifier, the smaller reference has it. */
static bool alias_put(mr_fhir_pages *p, mr_index *names, mr_span key, uint32_t number) {
    uint32_t slot = (uint32_t)p->n_aliases;
    if (!mr_index_put(names, key, slot, &slot)) return false;
    if (slot == p->n_aliases) return MR_PUSH(p->arena, p->aliases, p->n_aliases, p->cap_aliases, number);
    mr_span old = mr_fhir_best(p, &p->groups[p->aliases[slot]])->reference;
    if (mr_span_cmp(mr_fhir_best(p, &p->groups[number])->reference, old) < 0) p->aliases[slot] = number;
    return true;
}

/* A urn is a name within its own page only. */
static mr_span url_key(unsigned page, mr_span full_url, char out[KEY_BYTES]) {
    if (!page || !mr_span_starts(full_url, "urn:")) return full_url;
    if (full_url.len > MR_MAX_REFERENCE_BYTES) return MR_SPAN_NONE;
    int n = snprintf(out, KEY_BYTES, "%u|%.*s", page, MR_SPAN_ARG(full_url));
    return (mr_span){out, (size_t)n};
}

static bool aliases_put(mr_fhir_pages *p, const mr_fhir_item *item) {
    char buffer[KEY_BYTES];
    uint32_t number;
    if (!mr_index_get(p->by_name, item->reference, &number)) return true;
    mr_span key = item->full_url.ptr ? url_key(item->page, item->full_url, buffer) : MR_SPAN_NONE;
    if (key.ptr == buffer && !mr_arena_dup(p->arena, key, &key)) return false;
    if (key.ptr && !alias_put(p, p->by_url, key, number)) return false;
    if (item->kind != MR_FK_MEDICATION || !item->is.medication) return true;
    for (size_t i = 0; i < item->is.medication->n_identifiers; i++)
        if (!alias_put(p, p->by_identifier, item->is.medication->identifiers[i], number)) return false;
    return true;
}

/* Made when somebody first refers by fullUrl or identifier; most input never does. */
static bool aliases_make(mr_fhir_pages *p) {
    if (p->by_url && p->aliased == p->n_items) return true;
    p->by_url = mr_index_new(p->arena, p->n_items);
    p->by_identifier = mr_index_new(p->arena, 8);
    if (!p->by_url || !p->by_identifier) return false;
    for (size_t i = 0; i < p->n_items; i++)
        if (!aliases_put(p, &p->items[i])) return false;
    p->aliased = p->n_items;
    return true;
}

static int span_cmp(const void *a, const void *b) {
    return mr_span_cmp(*(const mr_span *)a, *(const mr_span *)b);
}

static mr_span person_key(const mr_fhir_item *item) {
    return item->id.ptr ? item->id : item->reference;
}

/* Not a Group or Device, which may be a subject too. */
static bool may_be_patient(mr_span who) {
    mr_fhir_target t;
    if (!who.ptr || mr_span_starts(who, "urn:")) return who.ptr;
    return !mr_fhir_target_parse(who, &t) || mr_span_is(t.type, "Patient");
}

/* Patient resources; without any, the subjects. */
static bool patients_find(mr_fhir_pages *p) {
    mr_span *v = MR_NEW_N(p->arena, mr_span, p->n_groups + 1);
    size_t n = 0, kept = 0;
    if (!v) return false;
    for (size_t i = 0; i < p->n_groups; i++) {
        const mr_fhir_item *item = mr_fhir_best(p, &p->groups[i]);
        if (item->kind == MR_FK_PATIENT && !item->deleted) v[n++] = person_key(item);
    }
    bool none = n == 0;
    for (size_t i = 0; none && i < p->n_groups; i++) {
        const mr_fhir_item *item = mr_fhir_best(p, &p->groups[i]);
        if (may_be_patient(item->who)) v[n++] = item->who;
    }
    if (n) qsort(v, n, sizeof *v, span_cmp);
    for (size_t i = 0; i < n; i++)
        if (!kept || !mr_span_eq(v[kept - 1], v[i])) v[kept++] = v[i];
    p->patients = v;
    p->n_patients = kept;
    p->patients_of = p->n_items;
    return true;
}

static const mr_fhir_group *lookup(const mr_fhir_pages *p, mr_span reference) {
    uint32_t number;
    return p->by_name && mr_index_get(p->by_name, reference, &number) ? &p->groups[number] : NULL;
}

static const mr_fhir_group *lookup_alias(mr_fhir_pages *p, bool url, mr_span key) {
    uint32_t slot;
    if (!key.ptr) return NULL;
    if (!aliases_make(p)) {
        p->reader.full = true;
        return NULL;
    }
    return mr_index_get(url ? p->by_url : p->by_identifier, key, &slot) ? &p->groups[p->aliases[slot]] : NULL;
}

bool mr_fhir_own_base(const mr_fhir_pages *p, mr_span base) {
    if (p->base.ptr) return mr_fhir_same_base(base, p->base);
    if (!p->n_bases) return true; /* nothing says otherwise: a lone resource with absolute references */
    for (size_t i = 0; i < p->n_bases; i++)
        if (mr_fhir_same_base(base, p->bases[i])) return true;
    return false;
}

/* The usual case: the base is that of the entry before. */
static bool under(mr_span base, mr_span url) {
    if (url.len <= base.len || memcmp(url.ptr, base.ptr, base.len) != 0 || url.ptr[base.len] != '/') return false;
    const char *end = url.ptr + url.len, *rest = url.ptr + base.len + 1;
    const char *slash = memchr(rest, '/', (size_t)(end - rest));
    return slash && !memchr(slash + 1, '/', (size_t)(end - slash - 1));
}

void mr_fhir_base_note(mr_fhir_pages *p, mr_span full_url) {
    mr_fhir_target t;
    if (p->n_bases && under(p->bases[p->n_bases - 1], full_url)) return;
    if (!mr_span_starts(full_url, "http") || !mr_fhir_target_parse(full_url, &t) || !t.base.ptr) return;
    for (size_t i = 0; i < p->n_bases; i++)
        if (mr_span_eq(p->bases[i], t.base)) return;
    if (p->n_bases == MOST_BASES) return;
    p->reader.full |= !MR_PUSH(p->arena, p->bases, p->n_bases, p->cap_bases, t.base);
}

static const mr_fhir_group *find_target(const mr_fhir_pages *p, const mr_fhir_target *t) {
    char key[KEY_BYTES];
    size_t n = t->type.len + 1 + t->id.len;
    if (n >= KEY_BYTES) return NULL;
    memcpy(key, t->type.ptr, t->type.len);
    key[t->type.len] = '/';
    if (t->id.len) memcpy(key + t->type.len + 1, t->id.ptr, t->id.len);
    return lookup(p, (mr_span){key, n});
}

const mr_fhir_group *mr_fhir_find(mr_fhir_pages *p, const mr_fhir_item *from, mr_span reference) {
    char buffer[KEY_BYTES];
    mr_fhir_target t;
    const mr_fhir_group *g = lookup(p, reference);
    if (g) return g;
    if (mr_fhir_is_absolute(reference)) {
        g = lookup_alias(p, true, url_key(from->page, reference, buffer));
        if (g || !mr_fhir_target_parse(reference, &t) || !t.base.ptr || !mr_fhir_own_base(p, t.base)) return g;
        return find_target(p, &t);
    }
    bool parsed = mr_fhir_target_parse(reference, &t) && !t.base.ptr;
    bool looked_for = parsed && t.type.len + 1 + t.id.len == reference.len; /* as it is written */
    return parsed && !looked_for ? find_target(p, &t) : NULL;
}

const mr_fhir_group *mr_fhir_find_identifier(mr_fhir_pages *p, mr_span identifier) {
    return lookup_alias(p, false, identifier);
}

/* Patients of one page by fullUrl and by identifier. */
static mr_index *page_persons(mr_fhir_pages *p, size_t first) {
    mr_index *ix = mr_index_new(p->arena, 8);
    for (size_t i = first; ix && i < p->n_items; i++) {
        const mr_fhir_item *item = &p->items[i];
        if (item->kind != MR_FK_PATIENT) continue;
        bool ok = !item->full_url.ptr || mr_index_put(ix, item->full_url, (uint32_t)i, NULL);
        for (size_t k = 0; ok && item->is.person && k < item->is.person->n_identifiers; k++)
            ok = mr_index_put(ix, item->is.person->identifiers[k], (uint32_t)i, NULL);
        if (!ok) return NULL;
    }
    return ix;
}

static mr_span owner(const mr_fhir_pages *p, const mr_index *persons, const mr_fhir_item *item) {
    mr_span reference = item->subject.reference;
    mr_fhir_target t;
    uint32_t number;
    if (mr_index_get(persons, reference.ptr ? reference : item->subject.identifier, &number))
        return person_key(&p->items[number]);
    if (!reference.ptr || reference.ptr[0] == '#') {
        bool named = mr_index_get(persons, item->subject.identifier, &number);
        return named ? person_key(&p->items[number]) : MR_SPAN_NONE;
    }
    if (!mr_fhir_target_parse(reference, &t) || !mr_span_is(t.type, "Patient")) return reference;
    return !t.base.ptr || mr_fhir_own_base(p, t.base) ? t.id : reference;
}

/* Of one page, its first Patient; absent when it has none. */
static mr_span page_person(const mr_fhir_pages *p, size_t first) {
    for (size_t i = first; i < p->n_items; i++)
        if (p->items[i].kind == MR_FK_PATIENT) return person_key(&p->items[i]);
    return MR_SPAN_NONE;
}

mr_rc mr_fhir_owners_find(mr_fhir_pages *p, size_t first, mr_error *err) {
    mr_index *persons = page_persons(p, first);
    if (!persons) return mr_arena_why(p->arena, err);
    mr_span person = page_person(p, first);
    mr_span last = MR_SPAN_NONE, last_who = MR_SPAN_NONE; /* nearly always the same as before */
    for (size_t i = first; i < p->n_items; i++) {
        mr_fhir_item *item = &p->items[i];
        bool product = item->kind == MR_FK_MEDICATION || item->kind == MR_FK_SUBSTANCE;
        if (item->kind == MR_FK_PATIENT)
            item->who = person_key(item);
        else if (!product && !item->deleted && last.ptr && mr_fhir_is(last, item->subject.reference))
            item->who = last_who;
        else if (!product && !item->deleted)
            item->who = owner(p, persons, item);
        if (person.ptr && item->who.ptr != person.ptr && mr_fhir_is(item->who, person)) item->who = person;
        if (!product && item->subject.reference.ptr) {
            last = item->subject.reference;
            last_who = item->who;
        }
    }
    return MR_OK;
}

mr_rc mr_fhir_patients(mr_fhir_pages *p, mr_span **ret, size_t *ret_n, mr_error *err) {
    if ((!p->patients || p->patients_of != p->n_items) && !patients_find(p)) return mr_arena_why(p->arena, err);
    *ret = p->patients;
    *ret_n = p->n_patients;
    return MR_OK;
}

size_t mr_fhir_foreign(const mr_fhir_pages *p, size_t first_item, mr_span patient) {
    size_t n = 0;
    for (size_t i = first_item; i < p->n_items; i++) n += p->items[i].who.ptr && !mr_span_eq(p->items[i].who, patient);
    return n;
}

mr_span mr_fhir_owner(const mr_fhir_pages *p, mr_span type, mr_span id) {
    mr_fhir_target t = {.type = type, .id = id};
    const mr_fhir_group *group = find_target(p, &t);
    return group ? mr_fhir_best(p, group)->who : MR_SPAN_NONE;
}
