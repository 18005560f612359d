/* Transaction and batch.
 *
 * A transaction works in the order of the specification (DELETE, POST, PUT, then GET) and answers in the order sent.
 * References between entries must be right when they are stored, so what a POST will create gets its place, and with
 * it its id, before anything is written. When an entry fails, everything is undone: a place without a version is no
 * resource. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "medreview/base/date.h"
#include "room.h"

enum { MAX_ENTRIES = 5000 };

typedef enum verb { V_DELETE, V_POST, V_PUT, V_GET, N_VERBS } verb;

typedef struct entry {
    verb verb;
    const char *type;
    mr_span id, query; /* of the request's url */
    const json_t *request;
    json_t *resource;         /* borrowed from the Bundle */
    mr_sb_resource *reserved; /* for a POST: the resource that it will be */
    mr_sb_written done;
    mr_buf answer; /* of a GET */
    mr_sb_problem problem;
} entry;

typedef struct job {
    mr_sandbox *s;
    entry *entries;
    size_t n;
    int64_t now_ms;
    json_t *map; /* fullUrl -> Type/id */
} job;

void mr_sb_rewrite(json_t *value, const json_t *map) {
    json_t *member;
    const char *key;
    void *next;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, member) mr_sb_rewrite(member, map);
        return;
    }
    json_object_foreach_safe(value, next, key, member) {
        const char *text = strcmp(key, "reference") == 0 ? json_string_value(member) : NULL;
        json_t *to = text == NULL ? NULL : json_object_get(map, text);
        if (to != NULL)
            json_object_set(value, key, to);
        else if (json_is_object(member) || json_is_array(member))
            mr_sb_rewrite(member, map);
    }
}

/* The first urn: reference that nothing in the Bundle answers; NULL: none. */
static const char *unresolved(const json_t *value) {
    json_t *member;
    const char *key;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, member) {
            const char *found = unresolved(member);
            if (found != NULL) return found;
        }
        return NULL;
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member) {
        const char *text = strcmp(key, "reference") == 0 ? json_string_value(member) : NULL;
        if (text != NULL && mr_span_starts(mr_span_of(text), "urn:")) return text;
        const char *found = json_is_object(member) || json_is_array(member) ? unresolved(member) : NULL;
        if (found != NULL) return found;
    }
    return NULL;
}

static int read_url(mr_sandbox *s, entry *e, mr_sb_problem *p) {
    mr_span url = mr_span_of(mr_sb_string(e->request, "url")), path;
    if (url.ptr == NULL) return mr_sb_refuse(p, 400, "required", "request.url is missing");
    size_t base = strlen(s->base);
    if (mr_span_starts(url, s->base) && url.len > base) url = mr_span_from(url, base);
    if (mr_span_starts(url, "/")) url = mr_span_from(url, 1);
    mr_span_split(url, '?', &path, &e->query);
    mr_span type, id;
    bool with_id = mr_span_split(path, '/', &type, &id);
    e->type = mr_sb_type(type, NULL);
    if (e->type == NULL)
        return mr_sb_refuse(p, 404, "not-supported", "unknown resource type '%.*s'", MR_SPAN_ARG(type));
    if (with_id && !mr_sb_id_ok(id))
        return mr_sb_refuse(p, 400, "invalid", "request.url '%.*s' is not understood", MR_SPAN_ARG(url));
    e->id = with_id ? id : MR_SPAN_NONE;
    return 0;
}

static int read_entry(mr_sandbox *s, json_t *from, entry *e, mr_sb_problem *p) {
    static const char *const verbs[N_VERBS] = {"DELETE", "POST", "PUT", "GET"};
    e->request = json_object_get(from, "request");
    e->resource = json_object_get(from, "resource");
    const char *method = mr_sb_string(e->request, "method");
    e->verb = N_VERBS;
    for (int v = 0; v < N_VERBS; v++)
        if (method != NULL && strcmp(method, verbs[v]) == 0) e->verb = (verb)v;
    if (e->verb == N_VERBS)
        return mr_sb_refuse(p, 400, "required", "missing or invalid request.method \"%.20s\"",
                            method == NULL ? "null" : method);
    int status = read_url(s, e, p);
    if (status != 0) return status;
    bool writes = e->verb == V_POST || e->verb == V_PUT;
    const char *type = mr_sb_string(e->resource, "resourceType");
    if (writes && (type == NULL || strcmp(type, e->type) != 0))
        return mr_sb_refuse(p, 400, "structure", "the entry's resource is no %s", e->type);
    bool named = e->id.ptr != NULL || e->query.ptr != NULL;
    if ((e->verb == V_PUT || e->verb == V_DELETE) && !named)
        return mr_sb_refuse(p, 400, "invalid", "request.url needs an id or a query");
    return 0;
}

static mr_sb_write write_of(const entry *e) {
    mr_sb_write w = {.type = e->type, .id = e->id, .query = e->query, .body = e->resource};
    w.if_match = mr_span_of(mr_sb_string(e->request, "ifMatch"));
    w.if_none_match = mr_span_of(mr_sb_string(e->request, "ifNoneMatch"));
    w.into = e->reserved;
    if (e->verb == V_POST) w.query = mr_span_of(mr_sb_string(e->request, "ifNoneExist"));
    return w;
}

static int get(job *j, entry *e, mr_sb_problem *p) {
    if (e->id.ptr != NULL) {
        mr_sb_resource *r = mr_sb_find(j->s, e->type, e->id);
        mr_sb_version *v = mr_sb_current(r);
        if (v == NULL)
            return mr_sb_refuse(p, mr_sb_newest(r) == NULL ? 404 : 410, "not-found", "Resource %s/%.*s is not known",
                                e->type, MR_SPAN_ARG(e->id));
        mr_buf_add(&e->answer, v->text, v->len);
        e->done = (mr_sb_written){200, v, true};
        return 200;
    }
    mr_sb_args args = {0};
    int status = mr_sb_args_parse(e->query, &args, p);
    mr_sb_search_how how = {.lenient = j->s->quirks.ignore_unknown_params};
    if (status == 0) status = mr_sb_page_search(j->s, e->type, &args, how, j->now_ms, &e->answer, p);
    mr_sb_args_free(&args);
    e->done.status = status;
    return status;
}

static int perform(job *j, entry *e) {
    mr_sb_write w = write_of(e);
    switch (e->verb) {
    case V_POST: return mr_sb_create(j->s, &w, j->now_ms, &e->done, &e->problem);
    case V_PUT: return mr_sb_update(j->s, &w, j->now_ms, &e->done, &e->problem);
    case V_DELETE: {
        int status = mr_sb_delete(j->s, &w, j->now_ms, &e->done, &e->problem);
        if (status == 200) e->done.status = 204;
        return status;
    }
    default: return get(j, e, &e->problem);
    }
}

/* --- transaction --- */

static const char *full_url(const json_t *bundle, size_t i) {
    return mr_sb_string(json_array_get(json_object_get(bundle, "entry"), i), "fullUrl");
}

static void map_to(job *j, const char *from, const char *type, const char *id) {
    char to[MR_MAX_REFERENCE_BYTES];
    if (from == NULL) return;
    snprintf(to, sizeof to, "%s/%s", type, id);
    json_object_set_new(j->map, from, json_string(to));
}

static int check_doubles(job *j, mr_sb_problem *p) {
    json_t *seen = json_object();
    MR_REQUIRE(seen != NULL);
    int status = 0;
    for (size_t i = 0; i < j->n && status == 0; i++) {
        const entry *e = &j->entries[i];
        char name[MR_MAX_REFERENCE_BYTES];
        if (e->id.ptr == NULL || (e->verb != V_PUT && e->verb != V_DELETE)) continue;
        snprintf(name, sizeof name, "%s/%.*s", e->type, MR_SPAN_ARG(e->id));
        if (json_object_get(seen, name) != NULL)
            status =
                mr_sb_refuse(p, 400, "invalid", "Transaction bundle contains multiple resources with ID: %s", name);
        json_object_set_new(seen, name, json_true());
    }
    json_decref(seen);
    return status;
}

/* Gives every fullUrl its Type/id: what a POST will create, what its condition matched, what a PUT names. */
static int assign(job *j, const json_t *bundle, mr_sb_problem *p) {
    for (size_t i = 0; i < j->n; i++) {
        entry *e = &j->entries[i];
        if (e->verb != V_POST && e->verb != V_PUT) continue;
        mr_sb_write w = write_of(e);
        mr_sb_resource *found = NULL;
        size_t n = 0;
        if (w.query.ptr != NULL) {
            int status = mr_sb_select(j->s, e->type, w.query, &n, &found, p);
            if (status != 0) return status;
        }
        if (found == NULL && e->id.ptr == NULL) {
            const char *own = e->verb == V_PUT ? mr_sb_string(e->resource, "id") : NULL;
            found = own != NULL ? mr_sb_find(j->s, e->type, mr_span_of(own)) : NULL;
            if (found == NULL) found = e->reserved = mr_sb_add(j->s, e->type, mr_span_of(own));
        }
        char id[MR_MAX_ID_BYTES + 1];
        snprintf(id, sizeof id, "%.*s", MR_SPAN_ARG(found != NULL ? mr_span_of(found->id) : e->id));
        map_to(j, full_url(bundle, i), e->type, id);
    }
    return 0;
}

static int rewrite_all(job *j, mr_sb_problem *p) {
    for (size_t i = 0; i < j->n; i++) {
        entry *e = &j->entries[i];
        if (e->verb != V_POST && e->verb != V_PUT) continue;
        mr_sb_rewrite(e->resource, j->map);
        const char *missing = unresolved(e->resource);
        if (missing != NULL)
            return mr_sb_refuse(p, 400, "not-found", "unable to satisfy placeholder %.60s in entry %zu of type %s",
                                missing, i, e->type);
    }
    return 0;
}

static int run_transaction(job *j, const json_t *bundle, mr_sb_problem *p) {
    int status = check_doubles(j, p);
    if (status == 0) status = assign(j, bundle, p);
    if (status == 0) status = rewrite_all(j, p);
    if (status != 0) return status;
    size_t mark = j->s->log.n;
    for (int v = 0; v < N_VERBS; v++) {
        for (size_t i = 0; i < j->n; i++) {
            entry *e = &j->entries[i];
            if ((int)e->verb != v) continue;
            status = perform(j, e);
            if (status < 400 || e->verb == V_GET) continue; /* a GET that finds nothing fails nobody else */
            mr_sb_undo(j->s, mark);
            *p = e->problem;
            return status;
        }
    }
    return 0;
}

/* --- answering --- */

static void write_done(const mr_sandbox *s, const entry *e, mr_buf *out) {
    const mr_sb_version *v = e->done.version;
    char at[MR_DATE_TEXT];
    if (e->answer.len > 0) {
        mr_buf_adds(out, "\"resource\":");
        mr_buf_addsp(out, mr_buf_span(&e->answer));
        mr_buf_addc(out, ',');
    }
    mr_buf_printf(out, "\"response\":{\"status\":\"%s\"", mr_sb_reason(e->done.status));
    if (v != NULL && e->verb != V_GET)
        mr_buf_printf(out, ",\"location\":\"%s/%s/_history/%s\"", v->of->type, v->of->id, v->id);
    if (v != NULL) mr_buf_printf(out, s->quirks.as_hapi ? ",\"etag\":\"%s\"" : ",\"etag\":\"W/\\\"%s\\\"\"", v->id);
    if (v != NULL && !(e->done.unchanged && s->quirks.as_hapi))
        mr_buf_printf(out, ",\"lastModified\":\"%s\"", mr_instant_print_ms(v->updated_ms, at));
    mr_buf_addc(out, '}');
}

static void write_answer(mr_sandbox *s, const job *j, const char *type, mr_buf *out) {
    char id[37];
    mr_rand_uuid(&s->rand, id);
    mr_buf_printf(out,
                  "{\"resourceType\":\"Bundle\",\"id\":\"%s\",\"type\":\"%s-response\",\"link\":[{\"relation\":"
                  "\"self\",\"url\":\"%s\"}]",
                  id, type, s->base);
    for (size_t i = 0; i < j->n; i++) {
        const entry *e = &j->entries[i];
        mr_buf_adds(out, i == 0 ? ",\"entry\":[{" : ",{");
        if (e->problem.status >= 400) {
            mr_buf_printf(out, "\"response\":{\"status\":\"%s\",\"outcome\":", mr_sb_reason(e->problem.status));
            mr_sb_outcome_write(out, "error", e->problem.code, e->problem.text);
            mr_buf_addc(out, '}');
        } else {
            write_done(s, e, out);
        }
        mr_buf_addc(out, '}');
    }
    mr_buf_adds(out, j->n > 0 ? "]}" : "}");
}

/* Reads the entries; in a batch each may be wrong by itself. */
static int read_entries(job *j, json_t *bundle, bool batch, mr_sb_problem *p) {
    json_t *list = json_object_get(bundle, "entry");
    size_t n = json_array_size(list);
    if (n > MAX_ENTRIES) return mr_sb_refuse(p, 413, "too-long", "more than %d entries", (int)MAX_ENTRIES);
    j->entries = calloc(n + 1, sizeof *j->entries);
    MR_REQUIRE(j->entries != NULL);
    j->n = n;
    for (size_t i = 0; i < n; i++) {
        entry *e = &j->entries[i];
        mr_buf_init(&e->answer, MR_SB_MAX_ANSWER_BYTES);
        int status = read_entry(j->s, json_array_get(list, i), e, &e->problem);
        if (status == 0 || batch) continue;
        return mr_sb_refuse(p, status, e->problem.code, "entry %zu: %s", i, e->problem.text);
    }
    return 0;
}

int mr_sb_bundle(mr_sandbox *s, json_t *bundle, int64_t now_ms, mr_buf *out, mr_sb_problem *p) {
    const char *type = mr_sb_string(bundle, "type");
    bool batch = type != NULL && strcmp(type, "batch") == 0;
    if (!batch && (type == NULL || strcmp(type, "transaction") != 0))
        return mr_sb_refuse(p, 400, "invalid", "unable to process a Bundle of type %.40s",
                            type == NULL ? "null" : type);
    if (!batch && s->quirks.no_transaction)
        return mr_sb_refuse(p, 405, "not-supported", "this server has no transactions");
    job j = {.s = s, .now_ms = now_ms, .map = json_object()};
    MR_REQUIRE(j.map != NULL);
    int status = read_entries(&j, bundle, batch, p);
    if (status == 0 && !batch) status = run_transaction(&j, bundle, p);
    for (size_t i = 0; status == 0 && batch && i < j.n; i++)
        if (j.entries[i].problem.status == 0) (void)perform(&j, &j.entries[i]); /* its problem is in the answer */
    if (status == 0) write_answer(s, &j, type, out);
    for (size_t i = 0; i < j.n; i++) mr_buf_free(&j.entries[i].answer);
    free(j.entries);
    json_decref(j.map);
    return status == 0 ? 200 : status;
}
