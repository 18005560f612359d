/* Rest-hook subscriptions, as HAPI 8 was seen to serve them.
 *
 * A subscription is stored as requested (version 1) and made active at once by a version of the server's own. Each
 * version written afterwards that matches the criteria becomes a delivery: with a payload type, the resource is PUT
 * below the endpoint with its version as If-Match; without one, an empty POST says that something changed. A delete is
 * told only where the channel asks for it, and only to criteria without parameters. An update that changed nothing is
 * no version, hence no delivery. The queue is bounded: what does not fit is lost, and catch-up has to find it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "medreview/base/date.h"
#include "room.h"

#define SEND_DELETES "http://hapifhir.io/fhir/StructureDefinition/subscription-send-delete-messages"

struct mr_sb_hook {
    mr_sb_resource *subscription;
    mr_sb_search *criteria;
    bool sends_deletes;
};

/* "Type?params" -> a search; 0, or the status that refuses it. */
static int read_criteria(const mr_sandbox *s, const char *text, mr_sb_search **ret, mr_sb_problem *p) {
    mr_span name, query;
    const char *type = NULL;
    if (text != NULL && mr_span_split(mr_span_of(text), '?', &name, &query)) type = mr_sb_type(name, NULL);
    if (type == NULL)
        return mr_sb_refuse(p, 422, "value", "Subscription.criteria must be in the form \"{Resource Type}?[params]\"");
    mr_sb_args args = {0};
    int status = mr_sb_args_parse(query, &args, p);
    if (status == 0) status = mr_sb_search_new(s, type, &args, (mr_sb_search_how){.conditional = true}, ret, p);
    mr_sb_args_free(&args);
    if (status != 0) p->status = 422;
    return status == 0 ? 0 : 422;
}

int mr_sb_check_subscription(const mr_sandbox *s, const json_t *body, mr_sb_problem *p) {
    const json_t *channel = json_object_get(body, "channel");
    const char *endpoint = mr_sb_string(channel, "endpoint");
    mr_sb_search *criteria;
    if (mr_sb_string(channel, "type") == NULL)
        return mr_sb_refuse(p, 422, "required", "Subscription.channel.type is required and missing");
    if (strcmp(mr_sb_string(channel, "type"), "rest-hook") == 0 && (endpoint == NULL || endpoint[0] == '\0'))
        return mr_sb_refuse(p, 422, "required", "rest-hook subscriptions need a channel.endpoint");
    int status = read_criteria(s, mr_sb_string(body, "criteria"), &criteria, p);
    if (status == 0) mr_sb_search_free(criteria);
    return status;
}

static void hook_free(mr_sb_hook *hook) {
    mr_sb_search_free(hook->criteria);
    free(hook);
}

void mr_sb_hooks_free(mr_sandbox *s) {
    for (size_t i = 0; i < s->hooks.n; i++) hook_free(s->hooks.items[i]);
    free(s->hooks.items);
    free(s->queue);
}

static void unregister(mr_sandbox *s, const mr_sb_resource *subscription) {
    for (size_t i = 0; i < s->hooks.n; i++) {
        mr_sb_hook *hook = s->hooks.items[i];
        if (hook->subscription != subscription) continue;
        hook_free(hook);
        memmove(&s->hooks.items[i], &s->hooks.items[i + 1], (--s->hooks.n - i) * sizeof *s->hooks.items);
        return;
    }
}

static bool is_rest_hook(const json_t *body) {
    const char *type = mr_sb_string(json_object_get(body, "channel"), "type");
    return type != NULL && strcmp(type, "rest-hook") == 0;
}

static bool has_extension(const json_t *element, const char *url) {
    const json_t *extensions = json_object_get(element, "extension");
    for (size_t i = 0; i < json_array_size(extensions); i++) {
        const json_t *extension = json_array_get(extensions, i);
        const char *found = mr_sb_string(extension, "url");
        if (found != NULL && strcmp(found, url) == 0) return json_is_true(json_object_get(extension, "valueBoolean"));
    }
    return false;
}

/* Registers the subscription when this version makes it active; asks for its activation when it is requested. */
static void subscription_written(mr_sandbox *s, mr_sb_version *v, int64_t now_ms) {
    mr_sb_problem ignored; /* a criterion that cannot be read was refused when it was written */
    json_t *body = mr_sb_json(v);
    unregister(s, v->of);
    if (v->deleted || mr_sb_newest(v->of) != v || !is_rest_hook(body)) return;
    const char *status = mr_sb_string(body, "status");
    if (strcmp(status, "requested") == 0) {
        json_t *active = json_copy(body);
        MR_REQUIRE(active != NULL);
        json_object_set_new(active, "status", json_string("active"));
        (void)mr_sb_store(s, v->of, active, now_ms); /* the log brings us here again */
        json_decref(active);
    } else if (strcmp(status, "active") == 0) {
        mr_sb_hook *hook = calloc(1, sizeof *hook);
        MR_REQUIRE(hook != NULL);
        hook->subscription = v->of;
        hook->sends_deletes = has_extension(json_object_get(body, "channel"), SEND_DELETES);
        if (read_criteria(s, mr_sb_string(body, "criteria"), &hook->criteria, &ignored) == 0)
            mr_sb_push(&s->hooks, hook);
        else
            free(hook);
    }
}

static void enqueue(mr_sandbox *s, mr_sb_resource *subscription, mr_sb_version *v) {
    if (s->queue == NULL) {
        s->queue = calloc(MR_SB_MAX_QUEUE, sizeof *s->queue);
        MR_REQUIRE(s->queue != NULL);
    }
    if (s->queue_len == MR_SB_MAX_QUEUE) {
        s->lost++;
        return;
    }
    s->queue[(s->queue_head + s->queue_len++) % MR_SB_MAX_QUEUE] = (mr_sb_pending){subscription, v};
}

static bool has_ended(mr_sb_resource *subscription, int64_t now_ms) {
    const char *end = mr_sb_string(mr_sb_json(mr_sb_current(subscription)), "end");
    mr_sb_span_ms when;
    return end != NULL && mr_sb_instant(mr_span_of(end), &when) && when.lo <= now_ms;
}

static void notify(mr_sandbox *s, mr_sb_version *v, int64_t now_ms) {
    for (size_t i = 0; i < s->hooks.n; i++) {
        mr_sb_hook *hook = s->hooks.items[i];
        if (mr_sb_search_type(hook->criteria) != v->of->type || has_ended(hook->subscription, now_ms)) continue;
        bool wanted = v->deleted ? hook->sends_deletes && mr_sb_search_is_open(hook->criteria)
                                 : mr_sb_matches(s, hook->criteria, v);
        if (wanted) enqueue(s, hook->subscription, v);
    }
}

void mr_sb_commit(mr_sandbox *s, int64_t now_ms) {
    const char *subscription = mr_sb_type(MR_SPAN("Subscription"), NULL);
    while (s->committed < s->log.n) {
        mr_sb_version *v = s->log.items[s->committed++];
        if (v->of->type == subscription) subscription_written(s, v, now_ms);
        notify(s, v, now_ms);
    }
}

/* --- deliveries --- */

static void add_header(mr_delivery *d, size_t *n, const char *name, const char *value) {
    size_t room = sizeof d->headers / sizeof *d->headers;
    if (*n == room) return;
    int len = snprintf(d->headers[*n], sizeof d->headers[*n], "%s%s", name, value);
    if (len > 0 && (size_t)len < sizeof d->headers[*n])
        (*n)++;
    else
        d->headers[*n][0] = '\0'; /* a header cut in two would be worse than none */
}

/* false when the subscription is gone or its endpoint is too long to be one. */
static bool make_delivery(const mr_sb_pending *pending, mr_delivery *d) {
    mr_sb_version *subscription = mr_sb_current(pending->subscription), *v = pending->version;
    if (subscription == NULL) return false;
    const json_t *channel = json_object_get(mr_sb_json(subscription), "channel");
    const char *endpoint = mr_sb_string(channel, "endpoint"), *payload = mr_sb_string(channel, "payload");
    size_t length = strlen(endpoint), n = 0;
    while (length > 0 && endpoint[length - 1] == '/') length--;
    bool full = payload != NULL && payload[0] != '\0';
    if (!full && v->deleted) return false; /* HAPI tells a delete only together with a payload */
    int len = full ? snprintf(d->url, sizeof d->url, "%.*s/%s/%s", (int)length, endpoint, v->of->type, v->of->id)
                   : snprintf(d->url, sizeof d->url, "%s", endpoint);
    if (len < 0 || (size_t)len >= sizeof d->url) return false;
    snprintf(d->method, sizeof d->method, "%s", !full ? "POST" : v->deleted ? "DELETE" : "PUT");
    if (full && !v->deleted) {
        char etag[MR_SB_VERSION_BYTES + 8];
        snprintf(etag, sizeof etag, "W/\"%s\"", v->id);
        add_header(d, &n, "Content-Type: ", "application/fhir+json; charset=UTF-8");
        add_header(d, &n, "If-Match: ", etag);
        mr_buf_add(&d->body, v->text, v->len);
    } else if (!full) {
        add_header(d, &n, "Content-Type: ", "application/x-www-form-urlencoded; charset=UTF-8"); /* as HAPI's */
    }
    const json_t *lines = json_object_get(channel, "header");
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const char *line = json_string_value(json_array_get(lines, i));
        if (line != NULL && strpbrk(line, "\r\n") == NULL) add_header(d, &n, "", line);
    }
    return true;
}

bool mr_sandbox_next_delivery(mr_sandbox *s, mr_delivery *ret) {
    while (s->queue_len > 0) {
        mr_sb_pending pending = s->queue[s->queue_head];
        s->queue_head = (s->queue_head + 1) % MR_SB_MAX_QUEUE;
        s->queue_len--;
        mr_delivery d = {0};
        mr_buf_init(&d.body, MR_SB_MAX_ANSWER_BYTES);
        if (make_delivery(&pending, &d)) {
            *ret = d;
            return true;
        }
        mr_buf_free(&d.body);
    }
    return false;
}

size_t mr_sandbox_lost_deliveries(const mr_sandbox *s) {
    return s->lost;
}
