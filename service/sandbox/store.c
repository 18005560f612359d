/* The store: resources by id and by patient, their versions, and the log of all versions.
 *
 * An entry in a patient's list may be out of date (the resource moved to another patient, or was undone): lists only
 * propose candidates, the search looks at the newest version. */
#include <stdlib.h>
#include <string.h>

#include "medreview/base/date.h"
#include "room.h"

struct mr_sb_patient {
    char id[MR_MAX_ID_BYTES + 1];
    mr_sb_list resources;
    mr_sb_patient *same_bucket;
};

static void *grow(void *old, size_t n, size_t size) {
    MR_REQUIRE(n <= SIZE_MAX / size);
    void *p = realloc(old, n * size);
    MR_REQUIRE(p != NULL);
    return p;
}

void mr_sb_push(mr_sb_list *list, void *item) {
    if (list->n == list->room) {
        list->room = list->room == 0 ? 4 : list->room * 2;
        list->items = grow(list->items, list->room, sizeof *list->items);
    }
    list->items[list->n++] = item;
}

static uint64_t hash_of(mr_span s) {
    uint64_t h = 14695981039346656037u; /* FNV-1a: ids are short */
    for (size_t i = 0; i < s.len; i++) h = (h ^ (unsigned char)s.ptr[i]) * 1099511628211u;
    return h ^ (h >> 29);
}

mr_sb_resource *mr_sb_find(const mr_sandbox *s, const char *type, mr_span id) {
    if (s->n_buckets == 0) return NULL;
    for (mr_sb_resource *r = s->buckets[hash_of(id) % s->n_buckets]; r != NULL; r = r->same_bucket)
        if (r->type == type && mr_span_is(id, r->id)) return r;
    return NULL;
}

bool mr_sb_clashes(const mr_sandbox *s, const char *type, mr_span id, const char *version_id) {
    if (s->n_buckets == 0) return false;
    for (mr_sb_resource *r = s->buckets[hash_of(id) % s->n_buckets]; r != NULL; r = r->same_bucket) {
        if (r->type == type || !mr_span_is(id, r->id)) continue;
        if (mr_sb_version_find(r, mr_span_of(version_id)) != NULL) return true;
    }
    return false;
}

static void widen(mr_sandbox *s) {
    size_t n = s->n_buckets == 0 ? 64 : s->n_buckets * 2;
    mr_sb_resource **buckets = calloc(n, sizeof *buckets);
    MR_REQUIRE(buckets != NULL);
    for (size_t i = 0; i < s->n_buckets; i++) {
        for (mr_sb_resource *r = s->buckets[i], *next; r != NULL; r = next) {
            next = r->same_bucket;
            size_t to = hash_of(mr_span_of(r->id)) % n;
            r->same_bucket = buckets[to];
            buckets[to] = r;
        }
    }
    free(s->buckets);
    s->buckets = buckets;
    s->n_buckets = n;
}

mr_sb_resource *mr_sb_add(mr_sandbox *s, const char *type, mr_span id) {
    if (s->n_resources >= s->n_buckets) widen(s);
    mr_sb_resource *r = calloc(1, sizeof *r);
    MR_REQUIRE(r != NULL);
    r->type = type;
    if (id.ptr != NULL)
        snprintf(r->id, sizeof r->id, "%.*s", MR_SPAN_ARG(id));
    else if (s->quirks.uuid_versions)
        mr_rand_uuid(&s->rand, r->id);
    else
        snprintf(r->id, sizeof r->id, "%llu", (unsigned long long)s->next_id++);
    r->serial = s->next_serial++;
    size_t to = hash_of(mr_span_of(r->id)) % s->n_buckets;
    r->same_bucket = s->buckets[to];
    s->buckets[to] = r;
    s->n_resources++;
    size_t place = 0;
    (void)mr_sb_type(mr_span_of(type), &place); /* known: `type` is of the table */
    mr_sb_push(&s->by_type[place], r);
    return r;
}

mr_sb_version *mr_sb_newest(const mr_sb_resource *r) {
    return r == NULL || r->versions.n == 0 ? NULL : r->versions.items[r->versions.n - 1];
}

mr_sb_version *mr_sb_current(const mr_sb_resource *r) {
    mr_sb_version *v = mr_sb_newest(r);
    return v == NULL || v->deleted ? NULL : v;
}

mr_sb_version *mr_sb_version_find(const mr_sb_resource *r, mr_span id) {
    for (size_t i = r->versions.n; i-- > 0;) {
        mr_sb_version *v = r->versions.items[i];
        if (mr_span_is(id, v->id)) return v;
    }
    return NULL;
}

json_t *mr_sb_json(mr_sb_version *v) {
    if (v->json == NULL && v->text != NULL) {
        v->json = json_loadb(v->text, v->len, 0, NULL);
        MR_REQUIRE(v->json != NULL); /* we wrote that text */
    }
    return v->json;
}

static mr_sb_patient *patient_find(const mr_sandbox *s, mr_span id) {
    if (s->n_patient_buckets == 0) return NULL;
    mr_sb_patient *p = s->patients[hash_of(id) % s->n_patient_buckets];
    while (p != NULL && !mr_span_is(id, p->id)) p = p->same_bucket;
    return p;
}

static void widen_patients(mr_sandbox *s) {
    size_t n = s->n_patient_buckets == 0 ? 32 : s->n_patient_buckets * 2;
    mr_sb_patient **buckets = calloc(n, sizeof(mr_sb_patient *));
    MR_REQUIRE(buckets != NULL);
    for (size_t i = 0; i < s->n_patient_buckets; i++) {
        for (mr_sb_patient *p = s->patients[i], *next; p != NULL; p = next) {
            next = p->same_bucket;
            size_t to = hash_of(mr_span_of(p->id)) % n;
            p->same_bucket = buckets[to];
            buckets[to] = p;
        }
    }
    free(s->patients);
    s->patients = buckets;
    s->n_patient_buckets = n;
}

static mr_sb_patient *patient_add(mr_sandbox *s, mr_span id) {
    if (s->n_patients >= s->n_patient_buckets) widen_patients(s);
    mr_sb_patient *p = calloc(1, sizeof *p);
    MR_REQUIRE(p != NULL);
    snprintf(p->id, sizeof p->id, "%.*s", MR_SPAN_ARG(id));
    size_t to = hash_of(id) % s->n_patient_buckets;
    p->same_bucket = s->patients[to];
    s->patients[to] = p;
    s->n_patients++;
    return p;
}

const mr_sb_list *mr_sb_of_patient(const mr_sandbox *s, mr_span patient_id) {
    mr_sb_patient *p = patient_find(s, patient_id);
    return p == NULL ? NULL : &p->resources;
}

/* Puts the resource on its patient's list, once. */
static void index_patient(mr_sandbox *s, mr_sb_resource *r, const json_t *body) {
    static const char *const elements[] = {"subject", "patient", "for"};
    mr_span type, id = MR_SPAN_NONE;
    for (size_t i = 0; i < 3 && id.ptr == NULL; i++) {
        mr_span text = mr_span_of(mr_sb_string(json_object_get(body, elements[i]), "reference"));
        if (text.ptr != NULL && (!mr_sb_reference(s, text, &type, &id) || !mr_span_is(type, "Patient")))
            id = MR_SPAN_NONE;
    }
    if (id.ptr == NULL || mr_span_is(id, r->patient)) return;
    bool moved = r->patient[0] != '\0';
    snprintf(r->patient, sizeof r->patient, "%.*s", MR_SPAN_ARG(id));
    mr_sb_patient *p = patient_find(s, id);
    if (p == NULL) p = patient_add(s, id);
    for (size_t i = 0; moved && i < p->resources.n; i++)
        if (p->resources.items[i] == r) return; /* it was here before */
    mr_sb_push(&p->resources, r);
}

static mr_sb_version *append(mr_sandbox *s, mr_sb_resource *r, int64_t now_ms) {
    mr_sb_version *v = calloc(1, sizeof *v), *before = mr_sb_newest(r);
    MR_REQUIRE(v != NULL);
    v->of = r;
    v->created = before == NULL || before->deleted;
    if (before != NULL && before->json != NULL) {
        json_decref(before->json);
        before->json = NULL;
    }
    s->last_ms = now_ms > s->last_ms ? now_ms : s->last_ms + 1; /* no two versions share an instant */
    v->updated_ms = s->last_ms;
    if (s->quirks.uuid_versions)
        mr_rand_uuid(&s->rand, v->id);
    else
        snprintf(v->id, sizeof v->id, "%zu", r->versions.n + 1);
    mr_sb_push(&r->versions, v);
    mr_sb_push(&s->log, v);
    return v;
}

static json_t *meta_with(const json_t *sent, const char *version_id, int64_t updated_ms) {
    char at[MR_DATE_TEXT];
    json_t *meta = json_object(), *value;
    const char *key;
    MR_REQUIRE(meta != NULL);
    json_object_set_new(meta, "versionId", json_string(version_id));
    json_object_set_new(meta, "lastUpdated", json_string(mr_instant_print_ms(updated_ms, at)));
    json_object_foreach((json_t *)(uintptr_t)sent, key, value) {
        if (strcmp(key, "versionId") != 0 && strcmp(key, "lastUpdated") != 0) json_object_set(meta, key, value);
    }
    return meta;
}

mr_sb_version *mr_sb_store(mr_sandbox *s, mr_sb_resource *r, json_t *body, int64_t now_ms) {
    mr_sb_version *v = append(s, r, now_ms);
    json_t *whole = json_object(), *value;
    const char *key;
    MR_REQUIRE(whole != NULL);
    json_object_set_new(whole, "resourceType", json_string(r->type));
    json_object_set_new(whole, "id", json_string(r->id));
    json_object_set_new(whole, "meta", meta_with(json_object_get(body, "meta"), v->id, v->updated_ms));
    json_object_foreach(body, key, value) {
        if (json_object_get(whole, key) == NULL) json_object_set(whole, key, value);
    }
    v->json = whole;
    v->text = json_dumps(whole, JSON_COMPACT | JSON_REAL_PRECISION(15));
    MR_REQUIRE(v->text != NULL);
    v->len = strlen(v->text);
    index_patient(s, r, whole);
    return v;
}

mr_sb_version *mr_sb_remove(mr_sandbox *s, mr_sb_resource *r, int64_t now_ms) {
    mr_sb_version *v = append(s, r, now_ms);
    v->deleted = true;
    v->created = false;
    return v;
}

static void version_free(mr_sb_version *v) {
    json_decref(v->json);
    free(v->text);
    free(v);
}

void mr_sb_undo(mr_sandbox *s, size_t log_length) {
    while (s->log.n > log_length) {
        mr_sb_version *v = s->log.items[--s->log.n];
        MR_ASSERT(mr_sb_newest(v->of) == v);
        v->of->versions.n--;
        version_free(v);
    }
}

static bool same_meta(const json_t *a, const json_t *b) {
    const json_t *value;
    const char *key;
    size_t n = 0, others = 0;
    json_object_foreach((json_t *)(uintptr_t)a, key, value) {
        if (strcmp(key, "versionId") == 0 || strcmp(key, "lastUpdated") == 0) continue;
        if (!json_equal(value, json_object_get(b, key))) return false;
        n++;
    }
    json_object_foreach((json_t *)(uintptr_t)b, key, value) {
        others += strcmp(key, "versionId") != 0 && strcmp(key, "lastUpdated") != 0;
    }
    return n == others;
}

/* Members other than those that the server sets. */
static size_t own_members(const json_t *o) {
    return json_object_size(o) - (json_object_get(o, "meta") != NULL) - (json_object_get(o, "id") != NULL);
}

bool mr_sb_same_content(const json_t *a, const json_t *b) {
    const json_t *value;
    const char *key;
    if (own_members(a) != own_members(b)) return false;
    json_object_foreach((json_t *)(uintptr_t)a, key, value) {
        if (strcmp(key, "meta") == 0 || strcmp(key, "id") == 0) continue;
        if (!json_equal(value, json_object_get(b, key))) return false;
    }
    return same_meta(json_object_get(a, "meta"), json_object_get(b, "meta"));
}

static void resources_free(mr_sandbox *s) {
    for (size_t i = 0; i < s->n_buckets; i++) {
        for (mr_sb_resource *r = s->buckets[i], *next; r != NULL; r = next) {
            next = r->same_bucket;
            free(r->versions.items);
            free(r);
        }
    }
    free(s->buckets);
}

void mr_sb_store_free(mr_sandbox *s) {
    for (size_t i = 0; i < s->log.n; i++) version_free(s->log.items[i]);
    free(s->log.items);
    resources_free(s);
    for (size_t i = 0; i < s->n_patient_buckets; i++) {
        for (mr_sb_patient *p = s->patients[i], *next; p != NULL; p = next) {
            next = p->same_bucket;
            free(p->resources.items);
            free(p);
        }
    }
    free(s->patients);
    for (size_t i = 0; s->by_type != NULL && i < mr_sb_type_count(); i++) free(s->by_type[i].items);
    free(s->by_type);
}
