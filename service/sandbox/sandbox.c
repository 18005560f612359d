/* The sandbox as a function: which request is which interaction, and what its answer carries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

mr_sandbox *mr_sandbox_new(const char *base) {
    mr_sandbox *s = calloc(1, sizeof *s);
    if (s == NULL || strlen(base) >= sizeof s->base) {
        free(s);
        return NULL;
    }
    snprintf(s->base, sizeof s->base, "%s", base);
    mr_rand_seed(&s->rand, 20261121);
    s->next_id = 1000; /* as HAPI counts: one sequence for all types */
    s->by_type = calloc(mr_sb_type_count(), sizeof *s->by_type);
    if (s->by_type == NULL) {
        free(s);
        return NULL;
    }
    return s;
}

void mr_sandbox_free(mr_sandbox *s) {
    if (s == NULL) return;
    mr_sb_pages_free(s);
    mr_sb_hooks_free(s);
    mr_sb_store_free(s);
    free(s);
}

bool mr_sandbox_set_base(mr_sandbox *s, const char *base) {
    if (strlen(base) >= sizeof s->base) return false;
    snprintf(s->base, sizeof s->base, "%s", base);
    return true;
}

void mr_sandbox_set_quirks(mr_sandbox *s, mr_sandbox_quirks quirks) {
    s->quirks = quirks;
}

size_t mr_sandbox_count(const mr_sandbox *s, const char *type) {
    size_t count = 0;
    for (size_t t = 0; t < mr_sb_type_count(); t++) {
        if (type != NULL && strcmp(type, mr_sb_type_names[t]) != 0) continue;
        for (size_t i = 0; i < s->by_type[t].n; i++) count += mr_sb_newest(s->by_type[t].items[i]) != NULL;
    }
    return count;
}

/* One request on its way to an answer. */
typedef struct call {
    mr_sandbox *s;
    const mr_sandbox_request *req;
    int64_t now_ms;
    mr_sandbox_answer *answer;
    mr_sb_problem problem;
    const char *type;
    mr_span id, tail; /* tail: what follows Type/id/ or Type/ */
} call;

static void describe_version(call *c, const mr_sb_version *v) {
    mr_sandbox_answer *a = c->answer;
    snprintf(a->etag, sizeof a->etag, "W/\"%s\"", v->id);
    snprintf(a->location, sizeof a->location, "%s/%s/%s/_history/%s", c->s->base, v->of->type, v->of->id, v->id);
    mr_sb_http_date(v->updated_ms, a->last_modified);
}

static bool prefers(const call *c, const char *what) {
    mr_span rest = c->req->prefer, one;
    while (rest.ptr != NULL) {
        mr_span_split(rest, ',', &one, &rest);
        if (mr_span_is(mr_span_trim(one), what)) return true;
    }
    return false;
}

static int answer_version(call *c, const mr_sb_version *v, int status) {
    describe_version(c, v);
    if (!prefers(c, "return=minimal")) mr_buf_add(&c->answer->body, v->text, v->len);
    return status;
}

/* --- reading --- */

static int gone(call *c, const mr_sb_version *v) {
    describe_version(c, v);
    c->answer->etag[0] = c->answer->last_modified[0] = '\0';
    return mr_sb_refuse(&c->problem, 410, "deleted", "Resource was deleted at %lld ms", (long long)v->updated_ms);
}

static int read_one(call *c, mr_span version_id) {
    mr_sb_resource *r = mr_sb_find(c->s, c->type, c->id);
    mr_sb_version *v = mr_sb_newest(r);
    if (v == NULL)
        return mr_sb_refuse(&c->problem, 404, "not-found", "Resource %s/%.*s is not known", c->type,
                            MR_SPAN_ARG(c->id));
    if (version_id.ptr != NULL) v = mr_sb_version_find(r, version_id);
    if (v == NULL)
        return mr_sb_refuse(&c->problem, 404, "not-found", "Version \"%.*s\" is not valid for resource %s/%s",
                            MR_SPAN_ARG(version_id), c->type, r->id);
    if (v->deleted) return gone(c, v);
    if (version_id.ptr == NULL && c->req->if_none_match.ptr != NULL &&
        mr_span_is(mr_sb_etag(c->req->if_none_match), v->id)) {
        if (!c->s->quirks.as_hapi) describe_version(c, v);
        return 304;
    }
    describe_version(c, v);
    mr_buf_add(&c->answer->body, v->text, v->len);
    return 200;
}

static int search(call *c, bool by_post) {
    mr_sb_args args = {0};
    mr_sb_search_how how = {.by_post = by_post};
    how.lenient = c->s->quirks.ignore_unknown_params || (prefers(c, "handling=lenient") && !c->s->quirks.as_hapi);
    int status = mr_sb_args_parse(c->req->query, &args, &c->problem);
    if (status == 0 && by_post) status = mr_sb_args_parse(mr_span_trim(c->req->body), &args, &c->problem);
    if (status == 0) status = mr_sb_page_search(c->s, c->type, &args, how, c->now_ms, &c->answer->body, &c->problem);
    mr_sb_args_free(&args);
    return status;
}

static int history(call *c) {
    mr_sb_args args = {0};
    mr_sb_resource *r = NULL;
    if (c->id.ptr != NULL) {
        r = mr_sb_find(c->s, c->type, c->id);
        if (mr_sb_newest(r) == NULL)
            return mr_sb_refuse(&c->problem, 404, "not-found", "Resource %s/%.*s is not known", c->type,
                                MR_SPAN_ARG(c->id));
    }
    int status = mr_sb_args_parse(c->req->query, &args, &c->problem);
    if (status == 0) status = mr_sb_page_history(c->s, c->type, r, &args, c->now_ms, &c->answer->body, &c->problem);
    mr_sb_args_free(&args);
    return status;
}

static int base_get(call *c) {
    mr_sb_args args = {0};
    int status = mr_sb_args_parse(c->req->query, &args, &c->problem);
    if (status == 0 && mr_sb_args_get(&args, "_getpages") != NULL)
        status = mr_sb_page_next(c->s, &args, c->now_ms, &c->answer->body, &c->problem);
    else if (status == 0)
        status = mr_sb_refuse(&c->problem, 400, "not-supported",
                              "this is the base of a FHIR server: the request names no resource type");
    mr_sb_args_free(&args);
    return status;
}

/* --- writing --- */

static bool is_form(mr_span content_type) {
    return mr_span_starts(content_type, "application/x-www-form-urlencoded");
}

static int check_content_type(call *c) {
    static const char *const known[] = {"application/fhir+json", "application/json", "application/json+fhir"};
    mr_span type = c->req->content_type, rest;
    mr_span_split(type, ';', &type, &rest);
    type = mr_span_trim(type);
    if (type.len == 0) return 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (mr_span_ieq(type, mr_span_of(known[i]))) return 0;
    return mr_sb_refuse(&c->problem, 415, "not-supported", "bodies are read as application/fhir+json only");
}

static int write_resource(call *c,
                          int (*write)(mr_sandbox *, const mr_sb_write *, int64_t, mr_sb_written *, mr_sb_problem *),
                          mr_span query) {
    mr_sb_write w = {.type = c->type, .id = c->id, .query = query, .if_match = c->req->if_match};
    w.if_none_match = c->req->if_none_match;
    mr_sb_written done;
    int status = check_content_type(c);
    if (status == 0) status = mr_sb_body(c->req->body, c->type, &w.body, &c->problem);
    if (status != 0) return status;
    status = write(c->s, &w, c->now_ms, &done, &c->problem);
    json_decref(w.body);
    return status >= 400 ? status : answer_version(c, done.version, status);
}

static int delete_resource(call *c) {
    mr_sb_write w = {.type = c->type, .id = c->id, .if_match = c->req->if_match};
    mr_sb_written done;
    if (c->id.ptr == NULL) w.query = c->req->query.ptr != NULL ? c->req->query : MR_SPAN("");
    int status = mr_sb_delete(c->s, &w, c->now_ms, &done, &c->problem);
    if (status >= 400) return status;
    if (done.version != NULL) describe_version(c, done.version);
    c->answer->etag[0] = c->answer->last_modified[0] = '\0'; /* of something that is no more; HAPI sends none either */
    mr_sb_outcome_write(&c->answer->body, "information", "informational",
                        !done.unchanged ? "Successfully deleted 1 resource(s)." : "Not deleted: it does not exist.");
    return status;
}

static int post_bundle(call *c) {
    json_t *bundle;
    int status = check_content_type(c);
    if (status == 0) status = mr_sb_body(c->req->body, "Bundle", &bundle, &c->problem);
    if (status != 0) return status;
    status = mr_sb_bundle(c->s, bundle, c->now_ms, &c->answer->body, &c->problem);
    json_decref(bundle);
    return status;
}

/* --- routing --- */

static int not_supported(call *c) {
    return mr_sb_refuse(&c->problem, 405, "not-supported", "%s is not supported on %.*s", c->req->method,
                        MR_SPAN_ARG(c->req->path));
}

static int route_type(call *c) {
    const char *method = c->req->method;
    bool get = strcmp(method, "GET") == 0, post = strcmp(method, "POST") == 0;
    if (mr_span_is(c->tail, "_history") && get) return history(c);
    if (mr_span_is(c->tail, "_search") && (get || post)) {
        if (post && !is_form(c->req->content_type))
            return mr_sb_refuse(&c->problem, 415, "not-supported", "_search takes application/x-www-form-urlencoded");
        return search(c, post);
    }
    if (c->tail.len > 0) return not_supported(c);
    if (get) return search(c, false);
    if (post) return write_resource(c, mr_sb_create, c->req->if_none_exist);
    if (strcmp(method, "DELETE") == 0) return delete_resource(c);
    if (strcmp(method, "PUT") != 0) return not_supported(c);
    if (c->req->query.len == 0)
        return mr_sb_refuse(&c->problem, 400, "invalid", "an update (PUT) needs an id or a query in its URL");
    return write_resource(c, mr_sb_update, c->req->query);
}

static int route_instance(call *c) {
    const char *method = c->req->method;
    bool get = strcmp(method, "GET") == 0;
    if (mr_span_is(c->tail, "_history") && get) return history(c);
    if (mr_span_starts(c->tail, "_history/") && get) return read_one(c, mr_span_from(c->tail, strlen("_history/")));
    if (c->tail.len > 0) return not_supported(c);
    if (get) return read_one(c, MR_SPAN_NONE);
    if (strcmp(method, "PUT") == 0) return write_resource(c, mr_sb_update, MR_SPAN_NONE);
    if (strcmp(method, "DELETE") == 0) return delete_resource(c);
    if (strcmp(method, "POST") == 0)
        return mr_sb_refuse(&c->problem, 400, "invalid", "a create (POST) must not name an id");
    return not_supported(c);
}

static int route(call *c) {
    mr_span path = c->req->path, type, rest;
    bool get = strcmp(c->req->method, "GET") == 0;
    if (mr_span_starts(path, "/")) path = mr_span_from(path, 1);
    if (path.len > 0 && path.ptr[path.len - 1] == '/') path.len--;
    if (path.len == 0) return strcmp(c->req->method, "POST") == 0 ? post_bundle(c) : base_get(c);
    if (mr_span_is(path, "metadata") && get) {
        mr_sb_capability(c->s, c->now_ms, &c->answer->body);
        return 200;
    }
    if (mr_span_is(path, "_history") && get) return history(c);
    bool more = mr_span_split(path, '/', &type, &rest);
    c->type = mr_sb_type(type, NULL);
    if (c->type == NULL)
        return mr_sb_refuse(&c->problem, 404, "not-supported", "Unknown resource type '%.*s'", MR_SPAN_ARG(type));
    if (!more) return route_type(c);
    if (mr_span_starts(rest, "_")) {
        c->tail = rest;
        return route_type(c);
    }
    mr_span_split(rest, '/', &c->id, &c->tail);
    return route_instance(c);
}

void mr_sandbox_handle(mr_sandbox *s, const mr_sandbox_request *req, int64_t now_ms, mr_sandbox_answer *ret) {
    memset(ret, 0, sizeof *ret);
    mr_buf_init(&ret->body, MR_SB_MAX_ANSWER_BYTES);
    call c = {.s = s, .req = req, .now_ms = now_ms, .answer = ret};
    ret->status = route(&c);
    if (ret->body.rc != MR_OK) ret->status = mr_sb_refuse(&c.problem, 500, "too-long", "the answer is too long");
    if (ret->status >= 400) {
        mr_buf_clear(&ret->body);
        mr_sb_outcome_write(&ret->body, "error", c.problem.code, c.problem.text);
    } else if (strcmp(req->method, "GET") != 0) {
        mr_sb_commit(s, now_ms);
    }
}
