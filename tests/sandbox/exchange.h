/* One exchange with a sandbox, for tests: small requests in, status and body out. */
#ifndef MR_TEST_EXCHANGE_H
#define MR_TEST_EXCHANGE_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "medreview/sandbox/sandbox.h"

#define T0 ((int64_t)1795255200000) /* 2026-11-21T10:00:00Z */

typedef struct exchange {
    int status;
    char etag[80], location[700], last_modified[40];
    char *text;
    json_t *body; /* NULL when there is none */
} exchange;

/* `headers`: "If-Match: W/\"1\"\n..." lines, or NULL. `target` is path?query. */
static inline mr_span header_of(const char *headers, const char *name) {
    mr_span rest = mr_span_of(headers), line, key, value;
    while (rest.ptr != NULL) {
        mr_span_split(rest, '\n', &line, &rest);
        if (mr_span_split(line, ':', &key, &value) && mr_span_is(key, name)) return mr_span_trim(value);
    }
    return MR_SPAN_NONE;
}

static inline exchange send_at(mr_sandbox *s, int64_t now_ms, const char *method, const char *target, const char *body,
                               const char *headers) {
    mr_sandbox_request req = {.method = method, .body = mr_span_of(body)};
    mr_span_split(mr_span_of(target), '?', &req.path, &req.query);
    req.if_match = header_of(headers, "If-Match");
    req.if_none_match = header_of(headers, "If-None-Match");
    req.if_none_exist = header_of(headers, "If-None-Exist");
    req.content_type = header_of(headers, "Content-Type");
    req.prefer = header_of(headers, "Prefer");
    mr_sandbox_answer a;
    mr_sandbox_handle(s, &req, now_ms, &a);
    exchange x = {.status = a.status};
    snprintf(x.etag, sizeof x.etag, "%s", a.etag);
    snprintf(x.location, sizeof x.location, "%s", a.location);
    snprintf(x.last_modified, sizeof x.last_modified, "%s", a.last_modified);
    x.text = strdup(mr_buf_z(&a.body));
    x.body = json_loads(x.text, JSON_REJECT_DUPLICATES, NULL);
    mr_buf_free(&a.body);
    return x;
}

static inline exchange ask_for(mr_sandbox *s, const char *method, const char *target, const char *body) {
    return send_at(s, T0, method, target, body, NULL);
}

static inline void drop(exchange *x) {
    json_decref(x->body);
    free(x->text);
}

/* The status only. */
static inline int status_of(mr_sandbox *s, const char *method, const char *target, const char *body,
                            const char *headers) {
    exchange x = send_at(s, T0, method, target, body, headers);
    drop(&x);
    return x.status;
}

/* "entry.0.resource.id" of a JSON value as text; "" when it is not there. Numbers and booleans as they print. */
static inline const char *at(const json_t *from, const char *path) {
    static char out[4][2000];
    static int turn;
    char key[80];
    mr_span rest = mr_span_of(path), step;
    while (rest.ptr != NULL && from != NULL) {
        uint64_t i;
        mr_span_split(rest, '.', &step, &rest);
        snprintf(key, sizeof key, "%.*s", MR_SPAN_ARG(step));
        from = json_is_array(from) && mr_span_u64(step, &i) ? json_array_get(from, i) : json_object_get(from, key);
    }
    turn = (turn + 1) % 4;
    char *text = from == NULL ? NULL : json_is_string(from) ? NULL : json_dumps(from, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *found = text != NULL ? text : json_is_string(from) ? json_string_value(from) : "";
    snprintf(out[turn], sizeof out[turn], "%s", found);
    free(text);
    return out[turn];
}

static inline size_t entries(const exchange *x) {
    return json_array_size(json_object_get(x->body, "entry"));
}

/* The ids of a Bundle's entries, in order, with a blank between; the answer is freed. */
static inline const char *ids(exchange x) {
    static char out[4][4000];
    static int turn;
    turn = (turn + 1) % 4;
    out[turn][0] = '\0';
    size_t used = 0;
    for (size_t i = 0; i < entries(&x); i++) {
        const json_t *resource = json_object_get(json_array_get(json_object_get(x.body, "entry"), i), "resource");
        used +=
            (size_t)snprintf(out[turn] + used, sizeof out[turn] - used, "%s%s", i == 0 ? "" : " ", at(resource, "id"));
    }
    drop(&x);
    return out[turn];
}

/* The url of link `relation`, below `base`; "" when there is none. */
static inline const char *link_of(const exchange *x, const char *relation) {
    const json_t *links = json_object_get(x->body, "link");
    for (size_t i = 0; i < json_array_size(links); i++) {
        const json_t *one = json_array_get(links, i);
        if (strcmp(at(one, "relation"), relation) == 0) return at(one, "url");
    }
    return "";
}

#endif
