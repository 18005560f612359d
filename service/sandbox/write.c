/* Create, update, delete, each also conditional; one resource at a time. */
#include <stdio.h>
#include <string.h>

#include "room.h"

int mr_sb_body(mr_span text, const char *type, json_t **ret, mr_sb_problem *p) {
    json_error_t why;
    if (text.len == 0) return mr_sb_refuse(p, 400, "invalid", "the request needs a resource as its body");
    json_t *body = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &why);
    if (body == NULL)
        return mr_sb_refuse(p, 400, "structure", "the body is no JSON: line %d: %.100s", why.line, why.text);
    const char *found = mr_sb_string(body, "resourceType");
    int status = 0;
    if (found == NULL)
        status = mr_sb_refuse(p, 400, "structure", "the body is no FHIR resource: it has no resourceType");
    else if (type != NULL ? strcmp(found, type) != 0 : mr_sb_type(mr_span_of(found), NULL) == NULL)
        status = mr_sb_refuse(p, 400, "structure", "incorrect resource type, expected \"%s\" but found \"%.60s\"",
                              type == NULL ? "any known" : type, found);
    if (status != 0) {
        json_decref(body);
        return status;
    }
    *ret = body;
    return 0;
}

mr_span mr_sb_etag(mr_span header) {
    header = mr_span_trim(header);
    if (mr_span_starts(header, "W/")) header = mr_span_from(header, 2);
    if (header.len >= 2 && header.ptr[0] == '"' && header.ptr[header.len - 1] == '"')
        header = (mr_span){header.ptr + 1, header.len - 2};
    return header;
}

static bool all_digits(mr_span id) {
    size_t n = 0;
    while (n < id.len && id.ptr[n] >= '0' && id.ptr[n] <= '9') n++;
    return n == id.len;
}

static int check_body(const mr_sandbox *s, const mr_sb_write *w, mr_sb_problem *p) {
    int status = mr_sb_check(w->type, w->body, p);
    if (status == 0 && strcmp(w->type, "Subscription") == 0) status = mr_sb_check_subscription(s, w->body, p);
    return status;
}

static int check_if_match(const mr_sandbox *s, const mr_sb_resource *r, const mr_sb_write *w, mr_sb_problem *p) {
    const mr_sb_version *v = mr_sb_current(r);
    if (w->if_match.ptr == NULL || (s->quirks.as_hapi && v == NULL)) return 0;
    mr_span wanted = mr_sb_etag(w->if_match);
    if (v != NULL && (mr_span_is(wanted, "*") || mr_span_is(wanted, v->id))) return 0;
    return mr_sb_refuse(p, s->quirks.as_hapi ? 409 : 412, "conflict",
                        "trying to update %s/%.*s/_history/%.*s but this is not the current version", w->type,
                        MR_SPAN_ARG(w->id), MR_SPAN_ARG(wanted));
}

static int store(mr_sandbox *s, mr_sb_resource *r, const mr_sb_write *w, int64_t now_ms, mr_sb_written *ret) {
    ret->version = mr_sb_store(s, r, w->body, now_ms);
    return ret->status = ret->version->created ? 201 : 200;
}

int mr_sb_create(mr_sandbox *s, const mr_sb_write *w, int64_t now_ms, mr_sb_written *ret, mr_sb_problem *p) {
    *ret = (mr_sb_written){0};
    int status = check_body(s, w, p);
    if (status != 0) return status;
    if (w->query.ptr != NULL) {
        size_t n;
        mr_sb_resource *found;
        status = mr_sb_select(s, w->type, w->query, &n, &found, p);
        if (status != 0) return status;
        if (n > 1)
            return mr_sb_refuse(p, 412, "multiple-matches", "If-None-Exist \"%.*s\" matched %zu resources",
                                MR_SPAN_ARG(w->query), n);
        if (n == 1) {
            *ret = (mr_sb_written){200, mr_sb_current(found), true};
            return 200;
        }
    }
    return store(s, w->into != NULL ? w->into : mr_sb_add(s, w->type, MR_SPAN_NONE), w, now_ms, ret);
}

/* The id that a PUT means: from the URL, the one match of its query, or the body. Absent: the server gives one. */
static int target_of(mr_sandbox *s, const mr_sb_write *w, mr_span *ret_id, mr_sb_problem *p) {
    mr_span in_body = mr_span_of(mr_sb_string(w->body, "id"));
    mr_span id = w->id;
    if (w->query.ptr != NULL) {
        size_t n;
        mr_sb_resource *found;
        int status = mr_sb_select(s, w->type, w->query, &n, &found, p);
        if (status != 0) return status;
        if (n > 1)
            return mr_sb_refuse(p, 412, "multiple-matches", "\"%s?%.*s\" matched %zu resources", w->type,
                                MR_SPAN_ARG(w->query), n);
        id = n == 1 ? mr_span_of(found->id) : in_body;
    } else if (in_body.ptr == NULL && !w->loading) {
        return mr_sb_refuse(p, 400, "invalid", "an update (PUT) needs the id in the resource, too");
    }
    if (id.ptr != NULL && in_body.ptr != NULL && !mr_span_eq(id, in_body))
        return mr_sb_refuse(p, 400, "invalid", "the id of the resource, \"%.*s\", does not match \"%.*s\" of the URL",
                            MR_SPAN_ARG(in_body), MR_SPAN_ARG(id));
    if (id.ptr != NULL && !mr_sb_id_ok(id)) return mr_sb_refuse(p, 400, "invalid", "this is not a valid FHIR id");
    *ret_id = id;
    return 0;
}

/* May a client name a resource that does not exist? */
static int check_new_id(const mr_sandbox *s, const mr_sb_write *w, mr_span id, mr_sb_problem *p) {
    if (w->loading || id.ptr == NULL) return 0;
    if (s->quirks.no_update_create)
        return mr_sb_refuse(p, 405, "not-supported", "%s/%.*s does not exist, and ids are given by the server", w->type,
                            MR_SPAN_ARG(id));
    if (all_digits(id))
        return mr_sb_refuse(p, 400, "invalid",
                            "no resource with id %.*s exists, and ids given by clients need one character that is no "
                            "digit",
                            MR_SPAN_ARG(id));
    return 0;
}

/* HAPI feeds subscriptions through a table whose key is id and version without the type (fhir.md 15). */
static int check_clash(const mr_sandbox *s, const mr_sb_resource *r, const char *type, mr_span id, mr_sb_problem *p) {
    char next[MR_SB_VERSION_BYTES];
    if (!s->quirks.as_hapi || s->hooks.n == 0 || id.ptr == NULL) return 0;
    snprintf(next, sizeof next, "%zu", (r == NULL ? 0 : r->versions.n) + 1);
    if (!mr_sb_clashes(s, type, id, next)) return 0;
    return mr_sb_refuse(p, 409, "conflict", "another type has a resource with id %.*s and version %s", MR_SPAN_ARG(id),
                        next);
}

int mr_sb_update(mr_sandbox *s, const mr_sb_write *w, int64_t now_ms, mr_sb_written *ret, mr_sb_problem *p) {
    *ret = (mr_sb_written){0};
    mr_span id;
    int status = check_body(s, w, p);
    if (status == 0) status = target_of(s, w, &id, p);
    if (status != 0) return status;
    mr_sb_resource *r = id.ptr == NULL ? w->into : mr_sb_find(s, w->type, id);
    mr_sb_version *v = mr_sb_current(r);
    status = check_if_match(s, r, w, p);
    if (status == 0 && v != NULL && mr_span_is(mr_sb_etag(w->if_none_match), "*") && !s->quirks.as_hapi)
        status = mr_sb_refuse(p, 412, "conflict", "%s/%s exists", w->type, r->id);
    if (status == 0 && mr_sb_newest(r) == NULL) status = check_new_id(s, w, id, p);
    if (status != 0) return status;
    if (v != NULL && mr_sb_same_content(w->body, mr_sb_json(v))) {
        *ret = (mr_sb_written){200, v, true};
        return 200;
    }
    status = check_clash(s, r, w->type, id, p);
    if (status != 0) return status;
    return store(s, r != NULL ? r : mr_sb_add(s, w->type, id), w, now_ms, ret);
}

int mr_sb_delete(mr_sandbox *s, const mr_sb_write *w, int64_t now_ms, mr_sb_written *ret, mr_sb_problem *p) {
    *ret = (mr_sb_written){200, NULL, true};
    mr_sb_resource *r = NULL;
    if (w->query.ptr != NULL) {
        size_t n;
        int status = mr_sb_select(s, w->type, w->query, &n, &r, p);
        if (status != 0) return status;
        if (n > 1)
            return mr_sb_refuse(p, 412, "multiple-matches", "\"%s?%.*s\" matched %zu resources", w->type,
                                MR_SPAN_ARG(w->query), n);
    } else {
        r = mr_sb_find(s, w->type, w->id);
    }
    int status = check_if_match(s, r, w, p);
    if (status != 0) return status;
    if (mr_sb_current(r) == NULL) {
        ret->version = mr_sb_newest(r);
        return 200;
    }
    *ret = (mr_sb_written){200, mr_sb_remove(s, r, now_ms), false};
    return 200;
}
