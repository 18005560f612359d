/* Which request goes where, who may make it, and how answers and errors look. One table; openapi/medreview.yaml says
 * the same and a test holds the two together. */
#include "service_parts.h"

#include "medreview/net/sigcheck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Notifications prove their sender by themselves; pages hold nothing, they ask /api with the reader's token. */
typedef enum guard { OPEN, API } guard;

static const struct entry {
    const char *method, *path; /* {id}: a FHIR id or source */
    guard guard;
    size_t body; /* bytes allowed */
    void (*handle)(const call *c);
} table[] = {
    {"GET", "/healthz", OPEN, 0, handle_healthz},
    {"GET", "/readyz", OPEN, 0, handle_readyz},
    {"GET", "/metrics", OPEN, 0, handle_metrics},
    {"POST", "/fhir/$medication-review", API, MR_MAX_OPERATION_BYTES, handle_review_operation},
    {"GET", "/fhir/metadata", API, 0, handle_metadata},
    {"GET", "/fhir/PlanDefinition", API, 0, handle_plan_definition},
    {"GET", "/fhir/PlanDefinition/{id}", API, 0, handle_plan_definition},
    {"GET", "/fhir/ValueSet", API, 0, handle_value_set},
    {"GET", "/fhir/ValueSet/{id}", API, 0, handle_value_set},
    {"GET", "/fhir/StructureDefinition", API, 0, handle_structure_definition},
    {"GET", "/fhir/StructureDefinition/{id}", API, 0, handle_structure_definition},
    {"GET", "/api/v1/worklist", API, 0, handle_worklist},
    {"GET", "/api/v1/patients/{id}", API, 0, handle_patient},
    {"POST", "/api/v1/patients/{id}/review", API, 4096, handle_patient_review},
    {"GET", "/api/v1/jobs", API, 0, handle_jobs},
    {"GET", "/api/v1/parked", API, 0, handle_parked},
    {"POST", "/api/v1/parked/{id}/retry", API, 4096, handle_retry},
    {"GET", "/", OPEN, 0, handle_page},
    {"GET", "/patients/{id}", OPEN, 0, handle_page},
};
enum { ENTRIES = sizeof table / sizeof *table };

/* --- answers ----------------------------------------------------------------------------------------------------- */

static const char *const safe_headers[] = {"Cache-Control: no-store", "X-Content-Type-Options: nosniff", NULL};

void reply_json(mr_service *s, mr_reply_id to, int status, const mr_buf *body) {
    if (body->rc != MR_OK) {
        reply_problem(s, to, 500, "the answer could not be made", "ask again; if it stays so, the log says more");
        return;
    }
    mr_http_reply(s->http, to, status, "application/json", safe_headers, mr_buf_span(body));
}

/* What every refusal carries, and what its status asks for: 401 a challenge, 405 the methods, 503 when to come back. */
static void reply_refusal(mr_service *s, mr_reply_id to, int status, const char *type, const char *allow,
                          const mr_buf *body) {
    const char *headers[] = {safe_headers[0], safe_headers[1], NULL, NULL};
    if (status == 401) headers[2] = "WWW-Authenticate: Bearer";
    if (status == 405) headers[2] = allow;
    if (status == 503) headers[2] = "Retry-After: 30";
    mr_http_reply(s->http, to, status, type, headers, mr_buf_span(body));
}

static void problem(mr_service *s, mr_reply_id to, int status, const char *allow, const char *title,
                    const char *what_to_do) {
    mr_buf body;
    mr_jw w;
    mr_buf_init(&body, 4096);
    mr_jw_begin(&w, &body);
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "type", "about:blank");
    mr_jw_z(&w, "title", title);
    mr_jw_int(&w, "status", status);
    mr_jw_z(&w, "detail", what_to_do);
    mr_jw_end(&w);
    reply_refusal(s, to, status, "application/problem+json", allow, &body);
    mr_buf_free(&body);
}

static void outcome(mr_service *s, mr_reply_id to, int status, const char *allow, const char *code, const char *text) {
    mr_buf body;
    mr_jw w;
    mr_buf_init(&body, 8192);
    mr_jw_begin(&w, &body);
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "resourceType", "OperationOutcome");
    mr_jw_array(&w, "issue");
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "severity", "error");
    mr_jw_z(&w, "code", code);
    mr_jw_z(&w, "diagnostics", text);
    mr_jw_end(&w);
    mr_jw_end(&w);
    mr_jw_end(&w);
    reply_refusal(s, to, status, "application/fhir+json", allow, &body);
    mr_buf_free(&body);
}

void reply_problem(mr_service *s, mr_reply_id to, int status, const char *title, const char *what_to_do) {
    problem(s, to, status, NULL, title, what_to_do);
}

void reply_outcome(mr_service *s, mr_reply_id to, int status, const char *code, const char *text) {
    outcome(s, to, status, NULL, code, text);
}

static bool under_fhir(mr_span path) {
    return mr_span_is(path, "/fhir") || mr_span_starts(path, "/fhir/");
}

void reply_not_allowed(const call *c, const char *allow) {
    static const char text[] = "this path takes another method, see the header Allow";
    if (under_fhir(c->req->path))
        outcome(c->service, c->to, 405, allow, "not-supported", text);
    else
        problem(c->service, c->to, 405, allow, "method not allowed", text);
}

/* --- matching ---------------------------------------------------------------------------------------------------- */

static bool keep(mr_span s, char *out, size_t size) {
    if (s.len >= size) return false;
    if (s.len) memcpy(out, s.ptr, s.len);
    out[s.len] = 0;
    return true;
}

/* Segment by segment; {id} takes any one segment that fits. */
static bool matches(const char *pattern, mr_span path, char id[80]) {
    mr_span p = mr_span_of(pattern), want, have;
    for (bool more_want = true, more_have = true;;) {
        more_want = mr_span_split(p, '/', &want, &p);
        more_have = mr_span_split(path, '/', &have, &path);
        if (mr_span_is(want, "{id}")) {
            if (have.len == 0 || !keep(have, id, 80)) return false;
        } else if (!mr_span_eq(want, have)) {
            return false;
        }
        if (more_want != more_have) return false;
        if (!more_want) return true;
    }
}

static bool under_notify(mr_span path) {
    return mr_span_is(path, "/notify") || mr_span_starts(path, "/notify/");
}

size_t route_body_limit(void *app, mr_span method, mr_span path) {
    (void)app;
    char id[80];
    if (under_notify(path)) return MR_MAX_NOTICE_BYTES;
    for (size_t i = 0; i < ENTRIES; i++)
        if (mr_span_is(method, table[i].method) && matches(table[i].path, path, id)) return table[i].body;
    return 65536; /* so that a request to nowhere gets its 404 and not a 413 */
}

static bool may(const mr_service *s, const mr_request *req) {
    mr_span token = mr_span_of(mr_config_text(s->config, MR_K_API_BEARER));
    return token.len == 0 || mr_bearer_ok(mr_request_header(req, "Authorization"), token);
}

static void not_here(const call *c) {
    static const char text[] = "there is nothing at this path; openapi/medreview.yaml lists what there is";
    if (under_fhir(c->req->path))
        reply_outcome(c->service, c->to, 404, "not-found", text);
    else
        reply_problem(c->service, c->to, 404, "not found", text);
}

static void not_authenticated(const call *c) {
    static const char text[] = "send Authorization: Bearer with the token of api.bearer";
    if (under_fhir(c->req->path))
        reply_outcome(c->service, c->to, 401, "login", text);
    else
        reply_problem(c->service, c->to, 401, "not authenticated", text);
}

/* "Allow: GET, HEAD": what the paths of the table that match take. */
static void allow_add(char out[64], const char *method) {
    size_t n = strlen(out);
    bool get = strcmp(method, "GET") == 0;
    (void)snprintf(out + n, 64 - n, "%s%s%s", n ? ", " : "Allow: ", method, get ? ", HEAD" : "");
}

void route(void *app, const mr_request *req, mr_reply_id to) {
    mr_service *s = app;
    call c = {.service = s, .req = req, .to = to};
    /* HEAD is what GET would answer; the listener leaves its body out (RFC 9110, 9.3.2). */
    mr_span method = mr_span_is(req->method, "HEAD") ? MR_SPAN("GET") : req->method;
    char allow[64] = "";
    if (under_notify(req->path)) {
        handle_notify(&c);
        return;
    }
    for (size_t i = 0; i < ENTRIES; i++) {
        if (!matches(table[i].path, req->path, c.id)) continue;
        if (!mr_span_is(method, table[i].method)) {
            allow_add(allow, table[i].method);
            continue;
        }
        if (table[i].guard == API && !may(s, req))
            not_authenticated(&c);
        else
            table[i].handle(&c);
        return;
    }
    if (allow[0])
        reply_not_allowed(&c, allow);
    else
        not_here(&c);
}

/* --- one store call for one request ------------------------------------------------------------------------------- */

static void store_work(void *arg) {
    store_answer *a = arg;
    a->work(a);
}

static void store_done(void *arg) {
    store_answer *a = arg;
    if (a->status == 202 || a->status == 200)
        reply_json(a->service, a->to, a->status, &a->body);
    else if (a->status == 404)
        reply_problem(a->service, a->to, 404, "not found", "the service has no such patient in that state");
    else
        reply_problem(a->service, a->to, 503, "the store is away",
                      "ask again in half a minute; /readyz and the log say more");
    mr_buf_free(&a->body);
    free(a);
}

void answer_from_store(const call *c, void (*work)(store_answer *a), const store_answer *arguments) {
    store_answer *a = malloc(sizeof *a);
    mr_service *s = c->service;
    if (a) {
        *a = *arguments;
        a->service = s;
        a->to = c->to;
        a->work = work;
        a->status = 503;
        mr_buf_init(&a->body, 64 << 20);
        if (s->store_worker->ops->submit(s->store_worker, store_work, store_done, a) == MR_OK) return;
    }
    free(a);
    reply_problem(s, c->to, 503, "the service is stopping", "ask again in half a minute");
}
