/* Loading files: one resource, or the entries of a Bundle of any type, each as an update with its own id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

typedef struct loading {
    mr_sandbox *s;
    int64_t now_ms;
    void (*refused)(void *arg, size_t entry, const char *reason);
    void *arg;
    size_t loaded, n_refused;
    size_t first_entry;
    mr_sb_problem first; /* the first refusal */
} loading;

static void refuse(loading *l, size_t entry, const mr_sb_problem *p) {
    if (l->n_refused++ == 0) {
        l->first = *p;
        l->first_entry = entry;
    }
    if (l->refused != NULL) l->refused(l->arg, entry, p->text);
}

static int take(loading *l, json_t *resource, mr_sb_problem *p) {
    mr_span type = mr_span_of(mr_sb_string(resource, "resourceType")), id = mr_span_of(mr_sb_string(resource, "id"));
    mr_sb_written done;
    mr_sb_write w = {.type = mr_sb_type(type, NULL), .id = id, .body = resource, .loading = true};
    if (type.ptr == NULL) return mr_sb_refuse(p, 400, "structure", "no resourceType");
    if (w.type == NULL) return mr_sb_refuse(p, 404, "not-supported", "unknown resource type '%.*s'", MR_SPAN_ARG(type));
    if (id.ptr == NULL) return mr_sb_create(l->s, &w, l->now_ms, &done, p);
    return mr_sb_update(l->s, &w, l->now_ms, &done, p);
}

static void take_or_refuse(loading *l, size_t entry, json_t *resource) {
    mr_sb_problem p = {0};
    if (!json_is_object(resource))
        mr_sb_refuse(&p, 400, "structure", "no resource");
    else if (take(l, resource, &p) < 400)
        l->loaded++;
    if (p.status >= 400) refuse(l, entry, &p);
}

/* Entries may name each other by fullUrl; with their own ids known, those references can be made relative. */
static json_t *map_of(const json_t *entries) {
    json_t *map = json_object();
    MR_REQUIRE(map != NULL);
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i), *resource = json_object_get(entry, "resource");
        const char *url = mr_sb_string(entry, "fullUrl"), *type = mr_sb_string(resource, "resourceType"),
                   *id = mr_sb_string(resource, "id");
        if (url != NULL && type != NULL && id != NULL) json_object_set_new(map, url, json_sprintf("%s/%s", type, id));
    }
    return map;
}

static void take_bundle(loading *l, const json_t *bundle) {
    json_t *entries = json_object_get(bundle, "entry"), *map = map_of(entries);
    for (size_t i = 0; i < json_array_size(entries); i++) {
        json_t *resource = json_object_get(json_array_get(entries, i), "resource");
        if (resource == NULL && json_object_get(json_array_get(entries, i), "response") != NULL) continue;
        mr_sb_rewrite(resource, map);
        take_or_refuse(l, i, resource);
    }
    json_decref(map);
}

mr_rc mr_sandbox_load_each(mr_sandbox *s, mr_span json, int64_t now_ms,
                           void (*refused)(void *arg, size_t entry, const char *reason), void *arg, size_t *ret_loaded,
                           mr_error *err) {
    loading l = {.s = s, .now_ms = now_ms, .refused = refused, .arg = arg};
    mr_sb_problem p = {0};
    json_t *root = NULL;
    if (mr_sb_body(json, NULL, &root, &p) != 0) {
        refuse(&l, 0, &p);
    } else if (strcmp(mr_sb_string(root, "resourceType"), "Bundle") == 0) {
        take_bundle(&l, root);
    } else {
        take_or_refuse(&l, 0, root);
    }
    json_decref(root);
    mr_sb_commit(s, now_ms);
    *ret_loaded = l.loaded;
    if (l.n_refused == 0) return MR_OK;
    return mr_fail(err, MR_MALFORMED, "entry %zu: %s%s", l.first_entry, l.first.text,
                   l.n_refused > 1 ? " (and others)" : "");
}

mr_rc mr_sandbox_load(mr_sandbox *s, mr_span json, int64_t now_ms, mr_error *err) {
    size_t ignored;
    return mr_sandbox_load_each(s, json, now_ms, NULL, NULL, &ignored, err);
}
