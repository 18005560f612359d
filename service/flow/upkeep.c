/* What is done for a server as such: one exchange at a time, each started by a tick, each ending in upkeep_done.
 *
 * Happy path: read its CapabilityStatement, write the Device that names us as author, then subscriptions and catch-up
 * in turns for ever. Ways to fail: no answer, or one that cannot be used (again after a back-off), a server that cannot
 * do what we need (again every minute: it may be replaced or configured). Until the Device stands no review runs.
 * CapabilityStatements are often incomplete or optimistic (fhir.md 2): silence is taken as consent, a clear no as no.
 */
#include "upkeep_parts.h"

#include "medreview/codec/json_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_MOST_MS = 60000, UNFIT_AGAIN_MS = 60000, DEVICE_BYTES = 64 * 1024 };

/* --- the exchange ------------------------------------------------------------------------------------------------ */

int64_t upkeep_backoff_ms(mr_engine *e, unsigned failures) {
    int64_t most = BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < failures && most < BACKOFF_MOST_MS; i++) most *= 2;
    if (most > BACKOFF_MOST_MS) most = BACKOFF_MOST_MS;
    return most / 2 + (int64_t)mr_rand_below(&e->chance, (uint64_t)(most / 2 + 1));
}

void upkeep_heard(source *src, mr_rc rc, const mr_http_resp *resp) {
    if (rc == MR_OK || rc == MR_IO || rc == MR_TIMEOUT || rc == MR_BUSY)
        source_heard(src, rc, resp ? resp->retry_after_ms : -1);
}

mr_rc upkeep_send(source *src, const mr_fhir_request *req, mr_http_done done, void *arg) {
    mr_error err;
    if (src->engine->stopping) return MR_CANCELED;
    MR_REQUIRE(!src->upkeep_open);
    mr_rc rc = mr_fhir_send(&src->client, req, done, arg, &src->upkeep_id, &err);
    if (rc != MR_OK) {
        MR_LOG(src->engine->port.log, MR_L_ERROR, "upkeep.unsent", mr_v_word("source", src->set->id),
               mr_v_rc("why", rc), mr_v_operator_text("reason", err.text));
        return rc;
    }
    src->upkeep_open = true;
    src->engine->upkeep_ops++;
    return MR_OK;
}

void upkeep_done(source *src) {
    mr_engine *e = src->engine;
    MR_REQUIRE(src->upkeep_open && e->upkeep_ops);
    src->upkeep_open = false;
    e->upkeep_ops--;
    hints_exchange_free(e);
    engine_wake(e); /* may be the last thing that happens to this engine: its callers do nothing after it */
}

/* --- usable or not ----------------------------------------------------------------------------------------------- */

static void unusable(source *src, const char *why, int64_t wait_ms) {
    char text[sizeof src->why];
    (void)snprintf(text, sizeof text, "%s: %s", src->set->id, why);
    if (strcmp(text, src->why) != 0) {
        memcpy(src->why, text, sizeof text);
        MR_LOG(src->engine->port.log, MR_L_WARN, "source.unusable", mr_v_word("source", src->set->id),
               mr_v_operator_text("reason", why));
    }
    src->upkeep_at_ms = engine_now(src->engine) + wait_ms;
}

static void no_answer(source *src, const char *what, const mr_error *err) {
    char why[sizeof src->why];
    (void)snprintf(why, sizeof why, "%s: %.240s", what, err && err->text[0] ? err->text : "no answer");
    src->upkeep_failures++;
    unusable(src, why, upkeep_backoff_ms(src->engine, src->upkeep_failures));
}

static void ready(source *src) {
    mr_engine *e = src->engine;
    src->stage = UPKEEP_IDLE;
    src->usable = true;
    src->why[0] = 0;
    src->upkeep_failures = 0;
    MR_LOG(e->port.log, MR_L_INFO, "source.ready", mr_v_word("source", src->set->id),
           mr_v_int("provenance", src->provenance), mr_v_word("mode", e->set.write ? "on" : "shadow"));
    engine_look(e, engine_now(e));
}

/* --- capabilities ------------------------------------------------------------------------------------------------ */

static mr_json find(mr_json array, const char *member, const char *value) {
    for (mr_json_iter it = mr_json_begin(array); mr_json_next(&it);)
        if (mr_span_is(mr_json_string(mr_json_get(it.value, member)), value)) return it.value;
    return (mr_json){0};
}

static bool has(mr_json array, const char *member, const char *value) {
    return mr_json_kind_of(find(array, member, value)) == MR_J_OBJECT;
}

/* Listed and without the interaction; a type without a list of interactions is given the benefit of the doubt. */
static bool denies(mr_json type, const char *interaction) {
    mr_json listed = mr_json_get(type, "interaction");
    return mr_json_size(listed) > 0 && !has(listed, "code", interaction);
}

static bool type_complaint(mr_json types, const char *name, char *out, size_t size) {
    mr_json type = find(types, "type", name);
    const char *missing = mr_json_kind_of(type) != MR_J_OBJECT ? "offer"
                          : denies(type, "create")             ? "create"
                          : denies(type, "update")             ? "update"
                                                               : NULL;
    if (!missing) return false;
    (void)snprintf(out, size,
                   "the FHIR server says that it does not %s %s, which reviews are written as; allow it there, or set "
                   "write.mode to shadow",
                   missing, name);
    return true;
}

static bool version_complaint(mr_json root, char *out, size_t size) {
    mr_span version = mr_json_string(mr_json_get(root, "fhirVersion"));
    char shown[16] = "unknown version";
    if (!mr_span_is(mr_json_string(mr_json_get(root, "resourceType")), "CapabilityStatement")) {
        (void)snprintf(out, size, "{base}/metadata is no CapabilityStatement: is fhir.base_url right?");
        return true;
    }
    if (mr_span_starts(version, "4.0")) return false;
    if (version.len && version.len < sizeof shown) {
        for (size_t i = 0; i <= version.len; i++) shown[i] = 0;
        for (size_t i = 0; i < version.len; i++)
            shown[i] = (version.ptr[i] >= '0' && version.ptr[i] <= '9') || version.ptr[i] == '.' ? version.ptr[i] : '?';
    }
    (void)snprintf(out, size, "the FHIR server speaks FHIR %s; medreview needs R4 (4.0.x)", shown);
    return true;
}

static mr_json server_rest(mr_json root) {
    mr_json rests = mr_json_get(root, "rest"), server = find(rests, "mode", "server");
    if (mr_json_kind_of(server) == MR_J_OBJECT) return server;
    mr_json_iter it = mr_json_begin(rests);
    return mr_json_next(&it) ? it.value : server;
}

/* false: `out` says in a sentence what the server lacks. In shadow nothing is written, so nothing of it matters. */
static bool fit(source *src, mr_json root, char *out, size_t size) {
    if (version_complaint(root, out, size)) return false;
    mr_json rest = server_rest(root), types = mr_json_get(rest, "resource");
    mr_json interactions = mr_json_get(rest, "interaction"), provenance = find(types, "type", "Provenance");
    src->provenance =
        mr_json_kind_of(provenance) == MR_J_OBJECT && !denies(provenance, "create") && !denies(provenance, "update");
    if (!src->engine->set.write) return true;
    if (mr_json_size(interactions) > 0 && !has(interactions, "code", "transaction")) {
        (void)snprintf(out, size,
                       "the FHIR server takes no transaction, in which reviews are written; allow it there, "
                       "or set write.mode to shadow");
        return false;
    }
    if (mr_json_size(types) == 0) return true;
    return !type_complaint(types, "DetectedIssue", out, size) && !type_complaint(types, "Task", out, size);
}

static void judge(source *src, const mr_http_resp *resp) {
    char why[sizeof src->why];
    mr_error err = {0};
    mr_json root;
    mr_json_doc *doc = mr_json_doc_new();
    mr_rc rc = doc ? MR_OK : mr_fail(&err, MR_NOMEM, "out of memory");
    if (rc == MR_OK && !resp->len) rc = mr_fail(&err, MR_MALFORMED, "the answer is empty");
    if (rc == MR_OK) rc = mr_json_parse(doc, (mr_span){resp->body, resp->len}, true, &root, &err);
    if (rc != MR_OK) {
        no_answer(src, "the FHIR server's CapabilityStatement cannot be read", &err);
    } else if (!fit(src, root, why, sizeof why)) {
        unusable(src, why, UNFIT_AGAIN_MS);
    } else if (src->engine->set.write) {
        src->stage = UPKEEP_DEVICE;
        src->upkeep_at_ms = engine_now(src->engine);
        src->upkeep_failures = 0;
    } else {
        ready(src);
    }
    mr_json_doc_free(doc);
}

static void capability_came(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    source *src = arg;
    upkeep_heard(src, rc, resp);
    if (!src->engine->stopping) {
        if (rc == MR_OK)
            judge(src, resp);
        else
            no_answer(src, "the FHIR server's CapabilityStatement could not be read", err);
    }
    upkeep_done(src);
}

static void read_capability(source *src) {
    char url[URL_BYTES];
    (void)snprintf(url, sizeof url, "%s/metadata", src->set->server.base);
    mr_fhir_request req = {.method = "GET", .url = url};
    mr_rc rc = upkeep_send(src, &req, capability_came, src);
    if (rc != MR_OK) no_answer(src, "the FHIR server cannot be asked", &(mr_error){.rc = rc});
}

/* --- the Device -------------------------------------------------------------------------------------------------- */

static void device_came(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    source *src = arg;
    upkeep_heard(src, rc, resp);
    if (!src->engine->stopping) {
        if (rc == MR_OK)
            ready(src);
        else
            no_answer(src, "the Device that names this service as author could not be written", err);
    }
    upkeep_done(src);
}

static void write_device(source *src) {
    const mr_site *site = &src->engine->set.review.site;
    char url[URL_BYTES];
    mr_error err = {.rc = MR_NOMEM};
    mr_buf body;
    mr_buf_init(&body, DEVICE_BYTES);
    src->device_old = false;
    mr_fhir_device_write(site, &body);
    mr_arena *a = mr_arena_new(URL_BYTES);
    mr_span id = a ? mr_fhir_device_id(site, a) : MR_SPAN_NONE;
    mr_rc rc = id.len ? mr_buf_why(&body, &err) : MR_NOMEM;
    if (rc == MR_OK) {
        (void)snprintf(url, sizeof url, "%s/Device/%.*s", src->set->server.base, MR_SPAN_ARG(id));
        mr_fhir_request req = {.method = "PUT", .url = url, .body = mr_buf_span(&body)};
        rc = upkeep_send(src, &req, device_came, src);
    }
    if (rc != MR_OK) no_answer(src, "the Device that names this service as author could not be sent", &err);
    mr_arena_free(a);
    mr_buf_free(&body);
}

/* --- turns ------------------------------------------------------------------------------------------------------- */

void upkeep_tick(source *src, int64_t now_ms) {
    if (src->engine->stopping || src->upkeep_open) return;
    if (src->stage == UPKEEP_IDLE && src->device_old) {
        src->stage = UPKEEP_DEVICE; /* reviews go on meanwhile */
        src->upkeep_at_ms = now_ms;
    }
    if (src->stage != UPKEEP_IDLE) {
        if (now_ms < src->upkeep_at_ms) return;
        if (src->stage == UPKEEP_CAPABILITY)
            read_capability(src);
        else
            write_device(src);
        return;
    }
    if (now_ms < src->blocked_until_ms) return;
    /* The first poll sets where catch-up begins. It goes before everything else, and until it is through the service
     * does not call itself ready: from then on no change is missed, whatever happens to events. */
    bool first = catchup_completed(src->catchup) == 0;
    if (first) catchup_tick(src->catchup, now_ms);
    if (!src->upkeep_open) subscriptions_tick(src->subscriptions, now_ms);
    if (!src->upkeep_open && !first) catchup_tick(src->catchup, now_ms);
}

int64_t upkeep_next(const source *src) {
    if (src->engine->stopping || src->upkeep_open) return INT64_MAX;
    if (src->stage != UPKEEP_IDLE) return src->upkeep_at_ms;
    if (src->device_old) return engine_now(src->engine);
    int64_t subscription = subscriptions_next(src->subscriptions), poll = catchup_next(src->catchup);
    int64_t at = subscription < poll ? subscription : poll;
    return at < src->blocked_until_ms ? src->blocked_until_ms : at;
}
