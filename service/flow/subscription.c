/* Our Subscriptions on a server, one a resource type, kept as they should be (fhir.md 5).
 *
 * Happy path: look, write what is missing, look every second until it is active, then every minute. Ways to fail: the
 * server does not take it (left out, asked again hourly; polling goes on without), it stays requested (told once), it
 * turns to error or off (events were lost: catch up, write it again after 1 to 60 minutes), it differs or ends soon
 * (written again, likewise), no answer (again after a back-off).
 *
 *   UNKNOWN --404--> WRITE --2xx--> SETTLING --active--> ACTIVE (every minute: look; error, off, other content: WRITE)
 *
 * Status alone says nothing about lost events: a HAPI gives up after a minute and stays active. Hence catch-up polling
 * goes on beside it, and a Subscription that becomes active asks for a poll: what happened before it did was not told.
 * Instances: all use the same ids and the same content, so two loops do no harm. */
#include "upkeep_parts.h"

#include "medreview/codec/json_out.h"
#include "medreview/codec/json_view.h"
#include "search_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOK_EVERY_MS = 60000,
    LOOK_QUICK_MS = 1000,
    QUICK_FOR_MS = 30000,      /* servers activate within a second or so */
    REQUESTED_MOST_MS = 60000, /* after that it is not going to be activated (fhir.md 5.3) */
    REWRITE_FIRST_MS = 60000,
    REWRITE_MOST_MS = 60 * 60000,
    REFUSED_AGAIN_MS = 60 * 60000,
    BODY_BYTES = 16 * 1024,
};
#define DAY_MS INT64_C(86400000)
#define SEND_DELETES "http://hapifhir.io/fhir/StructureDefinition/subscription-send-delete-messages"

typedef struct subscription {
    struct subscriptions *all;
    const char *type;
    char id[MR_MAX_ID_BYTES + 1];
    bool active, refused, seen, write;
    bool told; /* its trouble stands in the log already */
    int64_t due_ms;
    int64_t written_ms, write_at_ms; /* last time; not before */
    int64_t requested_since_ms;      /* 0: it is not */
    unsigned rewrites;               /* since all was well */
    unsigned failures;
} subscription;

struct subscriptions {
    source *src;
    subscription *v;
    size_t n, turn;
    bool told_shadow;
    mr_json_doc *doc;
};

/* --- content ----------------------------------------------------------------------------------------------------- */

static void write_extension(mr_jw *w) {
    mr_jw_array(w, "extension"); /* HAPI tells of deletions only when it is asked to */
    mr_jw_object(w, NULL);
    mr_jw_z(w, "url", SEND_DELETES);
    mr_jw_bool(w, "valueBoolean", true);
    mr_jw_end(w);
    mr_jw_end(w);
}

static void write_body(const subscription *s, int64_t now_ms, mr_buf *out) {
    const mr_source_settings *set = s->all->src->set;
    char criteria[48], end[MR_DATE_TEXT];
    mr_jw w;
    mr_jw_begin(&w, out);
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "resourceType", "Subscription");
    mr_jw_z(&w, "id", s->id);
    mr_jw_z(&w, "status", "requested");
    mr_jw_z(&w, "reason", "medreview: review a patient's medicines when what they depend on changes");
    /* No filter on status: a medicine that was stopped would then not be told. HAPI wants the question mark. */
    (void)snprintf(criteria, sizeof criteria, "%s?", s->type);
    mr_jw_z(&w, "criteria", criteria);
    mr_jw_z(&w, "end", mr_instant_print(now_ms + 365 * DAY_MS, end));
    mr_jw_object(&w, "channel");
    write_extension(&w);
    mr_jw_z(&w, "type", "rest-hook");
    mr_jw_z(&w, "endpoint", set->endpoint);
    mr_jw_z(&w, "payload", "application/fhir+json");
    if (set->notify_header) {
        mr_jw_array(&w, "header");
        mr_jw_z(&w, NULL, set->notify_header);
        mr_jw_end(&w);
    }
    mr_jw_end(&w);
    mr_jw_end(&w);
}

/* What decides whether and where events arrive; the extension is left to servers that know it. */
static bool same_content(const subscription *s, mr_json seen) {
    const mr_source_settings *set = s->all->src->set;
    mr_json channel = mr_json_get(seen, "channel"), headers = mr_json_get(channel, "header");
    char criteria[48];
    (void)snprintf(criteria, sizeof criteria, "%s?", s->type);
    if (!mr_span_is(mr_json_string(mr_json_get(seen, "criteria")), criteria) ||
        !mr_span_is(mr_json_string(mr_json_get(channel, "type")), "rest-hook") ||
        !mr_span_is(mr_json_string(mr_json_get(channel, "endpoint")), set->endpoint) ||
        !mr_span_starts(mr_json_string(mr_json_get(channel, "payload")), "application/fhir+json") ||
        mr_json_size(headers) != (set->notify_header ? 1 : 0))
        return false;
    for (mr_json_iter it = mr_json_begin(headers); mr_json_next(&it);)
        if (!mr_span_is(mr_json_string(it.value), set->notify_header)) return false;
    return true;
}

static bool ends_soon(mr_json seen, int64_t now_ms) {
    char end[INSTANT_BYTES];
    int64_t end_s;
    json_text(seen, "end", end, sizeof end);
    return end[0] && instant_seconds(end, &end_s) && end_s * 1000 < now_ms + 14 * DAY_MS;
}

/* --- what is told ------------------------------------------------------------------------------------------------ */

static void publish(const mr_engine *e) {
    int64_t active = 0, other = 0;
    for (size_t i = 0; i < e->set.n_sources; i++) {
        const struct subscriptions *all = e->sources[i].subscriptions;
        for (size_t k = 0; all && k < all->n; k++) {
            active += all->v[k].active;
            other += !all->v[k].active && !all->v[k].refused;
        }
    }
    mr_metrics_set(e->port.metrics, MR_G_SUBSCRIPTIONS_ACTIVE, active);
    mr_metrics_set(e->port.metrics, MR_G_SUBSCRIPTIONS_OTHER, other);
}

/* Once until all is well again: the loop runs every minute. */
static void trouble(subscription *s, const char *why, mr_rc rc, int32_t status) {
    const source *src = s->all->src;
    if (s->told) return;
    s->told = true;
    MR_LOG(src->engine->port.log, MR_L_WARN, "subscription.trouble", mr_v_word("source", src->set->id),
           mr_v_word("type", s->type), mr_v_word("reason", why), mr_v_rc("why", rc), mr_v_int("status", status));
}

static void look_at(subscription *s, int64_t at_ms) {
    s->write = false;
    s->due_ms = at_ms;
}

/* At once when all was well, else 1 minute after the last time, doubling to an hour: a server that keeps changing what
 * we write is not fought. */
static void want_write(subscription *s, int64_t now_ms) {
    int64_t wait = REWRITE_FIRST_MS;
    for (unsigned i = 1; i < s->rewrites && wait < REWRITE_MOST_MS; i++) wait *= 2;
    if (wait > REWRITE_MOST_MS) wait = REWRITE_MOST_MS;
    int64_t at = s->rewrites ? s->written_ms + wait : now_ms;
    s->write = true;
    s->due_ms = at > now_ms ? at : now_ms;
}

static void failed(subscription *s, mr_rc rc, int32_t status) {
    s->failures++;
    if (rc == MR_DENIED) trouble(s, "denied", rc, status);
    int64_t wait = upkeep_backoff_ms(s->all->src->engine, s->failures);
    if (rc == MR_DENIED) wait = 15 * 60000;
    s->due_ms = engine_now(s->all->src->engine) + wait;
}

static void refused(subscription *s, mr_rc rc, int32_t status) {
    trouble(s, "refused: left to polling", rc, status);
    s->refused = true;
    s->active = false;
    s->write = true;
    s->due_ms = engine_now(s->all->src->engine) + REFUSED_AGAIN_MS;
}

/* --- looking ----------------------------------------------------------------------------------------------------- */

static void seen_active(subscription *s, int64_t now_ms) {
    mr_engine *e = s->all->src->engine;
    if (!s->active) {
        MR_LOG(e->port.log, MR_L_INFO, "subscription.active", mr_v_word("source", s->all->src->set->id),
               mr_v_word("type", s->type));
        if (s->seen) catchup_soon(s->all->src->catchup); /* it was not active before: events are missing */
    }
    s->active = true;
    s->told = false;
    s->requested_since_ms = 0;
    if (now_ms - s->written_ms >= LOOK_EVERY_MS) s->rewrites = 0;
    look_at(s, now_ms + LOOK_EVERY_MS);
}

static void seen_requested(subscription *s, int64_t now_ms) {
    s->active = false;
    if (!s->requested_since_ms) s->requested_since_ms = now_ms;
    int64_t since = now_ms - s->requested_since_ms;
    if (since > REQUESTED_MOST_MS) trouble(s, "still requested: not enabled on the server? left to polling", MR_OK, 0);
    look_at(s, now_ms + (since < QUICK_FOR_MS ? LOOK_QUICK_MS : LOOK_EVERY_MS));
}

static void seen_stopped(subscription *s, const char *status, int64_t now_ms) {
    trouble(s, status, MR_OK, 0);
    s->active = false;
    s->requested_since_ms = 0;
    catchup_soon(s->all->src->catchup);
    want_write(s, now_ms);
}

static void judge(subscription *s, mr_json seen, int64_t now_ms) {
    mr_span status = mr_json_string(mr_json_get(seen, "status"));
    bool active = mr_span_is(status, "active");
    if (mr_span_is(status, "error") || mr_span_is(status, "off") || (!active && !mr_span_is(status, "requested"))) {
        seen_stopped(s,
                     mr_span_is(status, "off")     ? "off"
                     : mr_span_is(status, "error") ? "error"
                                                   : "unknown status",
                     now_ms);
    } else if (!same_content(s, seen)) {
        if (s->rewrites) trouble(s, "the server keeps other content than was written", MR_OK, 0);
        s->active = false;
        want_write(s, now_ms);
    } else if (active) {
        seen_active(s, now_ms);
        if (ends_soon(seen, now_ms)) want_write(s, now_ms);
    } else {
        seen_requested(s, now_ms);
    }
    s->seen = true;
}

static void looked(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    subscription *s = arg;
    source *src = s->all->src;
    int64_t now = engine_now(src->engine);
    mr_json root;
    mr_error bad;
    upkeep_heard(src, rc, resp);
    if (src->engine->stopping) {
        upkeep_done(src);
        return;
    }
    if (rc == MR_OK) {
        s->failures = 0;
        if (resp->len && mr_json_parse(s->all->doc, (mr_span){resp->body, resp->len}, true, &root, &bad) == MR_OK)
            judge(s, root, now);
        else
            failed(s, MR_MALFORMED, resp->status);
    } else if (rc == MR_NOT_FOUND) {
        s->active = false;
        s->seen = true;
        want_write(s, now);
    } else {
        failed(s, rc, err ? err->detail : 0);
    }
    publish(src->engine);
    upkeep_done(src);
}

static mr_rc look(subscription *s) {
    char url[URL_BYTES];
    (void)snprintf(url, sizeof url, "%s/Subscription/%s", s->all->src->set->server.base, s->id);
    mr_fhir_request req = {.method = "GET", .url = url};
    return upkeep_send(s->all->src, &req, looked, s);
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

/* The server understood and said no: asking again soon would give the same. */
static bool is_no(mr_rc rc) {
    return rc == MR_REFUSED || rc == MR_NOT_FOUND || rc == MR_LIMIT;
}

static void wrote(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    subscription *s = arg;
    source *src = s->all->src;
    int64_t now = engine_now(src->engine);
    upkeep_heard(src, rc, resp);
    if (src->engine->stopping) {
        upkeep_done(src);
        return;
    }
    if (rc == MR_OK) {
        s->refused = false;
        s->failures = 0;
        s->rewrites++;
        s->written_ms = now;
        s->requested_since_ms = 0;
        look_at(s, now + LOOK_QUICK_MS);
    } else if (is_no(rc)) {
        refused(s, rc, err ? err->detail : 0);
    } else if (rc == MR_CONFLICT) {
        look_at(s, now + LOOK_QUICK_MS); /* another instance wrote the same at the same time */
    } else {
        failed(s, rc, err ? err->detail : 0);
    }
    publish(src->engine);
    upkeep_done(src);
}

static mr_rc put(subscription *s, int64_t now_ms) {
    char url[URL_BYTES];
    mr_error err;
    mr_buf body;
    (void)snprintf(url, sizeof url, "%s/Subscription/%s", s->all->src->set->server.base, s->id);
    mr_buf_init(&body, BODY_BYTES);
    write_body(s, now_ms, &body);
    mr_rc rc = mr_buf_why(&body, &err);
    mr_fhir_request req = {.method = "PUT", .url = url, .body = mr_buf_span(&body)};
    if (rc == MR_OK) rc = upkeep_send(s->all->src, &req, wrote, s);
    mr_buf_free(&body); /* it holds the header that our endpoint is opened with */
    return rc;
}

/* --- the loop ---------------------------------------------------------------------------------------------------- */

static bool managed(const source *src) {
    return src->set->manage_subscription && src->set->endpoint && src->engine->set.write;
}

/* false: the type's name is too long for an id that no other type has. */
static bool name(subscription *s, const char *type, const char *source_id) {
    int at = snprintf(s->id, sizeof s->id, "mr-sub-%s-", source_id);
    if (at < 0 || (size_t)at + strlen(type) >= sizeof s->id) return false;
    for (size_t i = 0; type[i]; i++)
        s->id[at++] = (char)(type[i] >= 'A' && type[i] <= 'Z' ? type[i] - 'A' + 'a' : type[i]);
    s->id[at] = 0;
    s->type = type;
    return true;
}

struct subscriptions *subscriptions_new(source *src) {
    struct subscriptions *all = calloc(1, sizeof *all);
    size_t n = 0;
    while (src->set->types && src->set->types[n]) n++;
    if (!all) return NULL;
    *all = (struct subscriptions){
        .src = src, .v = calloc(n ? n : 1, sizeof *all->v), .doc = managed(src) ? mr_json_doc_new() : NULL};
    if (!all->v || (managed(src) && !all->doc)) {
        subscriptions_free(all);
        return NULL;
    }
    for (size_t i = 0; managed(src) && i < n; i++) {
        all->v[all->n].all = all;
        if (name(&all->v[all->n], src->set->types[i], src->set->id)) all->n++;
    }
    return all;
}

void subscriptions_free(struct subscriptions *all) {
    if (!all) return;
    mr_json_doc_free(all->doc);
    free(all->v);
    free(all);
}

/* Shadow writes nothing to the FHIR server, and a Subscription is a write: changes are then found by polling alone. */
static void tell_shadow(struct subscriptions *all) {
    const source *src = all->src;
    if (all->told_shadow || src->engine->set.write || !src->set->manage_subscription || !src->set->endpoint) return;
    all->told_shadow = true;
    MR_LOG(src->engine->port.log, MR_L_INFO, "subscription.shadow", mr_v_word("source", src->set->id),
           mr_v_word("reason", "write.mode is shadow: no Subscription is registered, changes are found by polling"));
}

void subscriptions_tick(struct subscriptions *all, int64_t now_ms) {
    tell_shadow(all);
    if (all->src->engine->stopping || all->src->upkeep_open) return;
    for (size_t i = 0; i < all->n; i++) {
        subscription *s = &all->v[(all->turn + i) % all->n];
        if (now_ms < s->due_ms) continue;
        all->turn = (all->turn + i + 1) % all->n;
        mr_rc rc = s->write ? put(s, now_ms) : look(s);
        if (rc != MR_OK) failed(s, rc, 0);
        return;
    }
}

int64_t subscriptions_next(const struct subscriptions *all) {
    int64_t at = INT64_MAX;
    for (size_t i = 0; i < all->n; i++)
        if (all->v[i].due_ms < at) at = all->v[i].due_ms;
    return at;
}
