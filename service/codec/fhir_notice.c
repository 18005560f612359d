/* What a notification says has changed (fhir.md 4.1, 4.4, 4.6). It is only a hint, so it is read leniently: a part that
 * is not understood becomes "something changed". Strict are only the names that go on into store keys and URLs. */
#include "medreview/codec/fhir_notice.h"

#include "fhir_parts.h"
#include "medreview/base/index.h"

#include <stdio.h>
#include <string.h>

bool mr_fhir_id_valid(mr_span id) {
    if (id.len < 1 || id.len > MR_MAX_ID_BYTES) return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!word && c != '-' && c != '.') return false;
    }
    return true;
}

bool mr_fhir_type_valid(mr_span type) {
    if (type.len < 1 || type.len > 39) return false;
    for (size_t i = 0; i < type.len; i++)
        if ((type.ptr[i] | 0x20) < 'a' || (type.ptr[i] | 0x20) > 'z') return false;
    return true;
}

typedef struct reading {
    mr_arena *arena;
    mr_index *seen; /* "Type/id" -> notice */
    mr_notices out;
    size_t cap;
    bool vague;       /* something changed, no saying what */
    mr_index *by_url; /* fullUrl -> entry of the topic Bundle at hand */
    mr_json *entries;
    size_t n_entries, cap_entries;
    mr_rc rc;
    mr_error *err;
} reading;

static void fail(reading *rd, mr_rc rc, const char *why) {
    if (!rd->rc) rd->rc = mr_fail(rd->err, rc, "%s", why);
}

static void set(char *out, size_t room, mr_span s) {
    size_t n = s.len < room ? s.len : 0; /* what does not fit is no id of FHIR's */
    if (n) memcpy(out, s.ptr, n);
    out[n] = 0;
}

static void full(reading *rd) {
    if (!rd->rc) rd->rc = mr_arena_why(rd->arena, rd->err);
}

/* A second word about the same resource replaces the first, but forgets no patient. */
static void note(reading *rd, const mr_notice *notice) {
    char name[sizeof notice->type + sizeof notice->id + 1];
    uint32_t at = (uint32_t)rd->out.n;
    mr_span key;
    if (rd->rc) return;
    if (!notice->type[0] || (!notice->id[0] && !notice->patient[0])) {
        rd->vague = true;
        return;
    }
    int n = snprintf(name, sizeof name, "%s/%s", notice->type, notice->id[0] ? notice->id : "");
    if (!mr_arena_dup(rd->arena, (mr_span){name, (size_t)n}, &key)) {
        full(rd);
        return;
    }
    if (notice->id[0] && !mr_index_put(rd->seen, key, at, &at)) {
        full(rd);
        return;
    }
    if (at < rd->out.n) {
        mr_notice *old = &rd->out.v[at];
        mr_notice merged = *notice;
        if (!merged.patient[0]) memcpy(merged.patient, old->patient, sizeof merged.patient);
        *old = merged;
    } else if (rd->out.n == MR_MAX_EVENTS_PER_NOTICE) {
        fail(rd, MR_LIMIT, "more events than one notification may carry");
    } else if (!MR_PUSH(rd->arena, rd->out.v, rd->out.n, rd->cap, *notice)) {
        full(rd);
    }
}

static void patient_set(mr_notice *notice, mr_span reference) {
    mr_fhir_target t;
    if (!mr_fhir_target_parse(reference, &t) || !mr_span_is(t.type, "Patient") || !mr_fhir_id_valid(t.id)) return;
    set(notice->patient, sizeof notice->patient, t.id);
}

/* Type and id as they stand in a path or a reference; false when they are none. */
static bool target_set(mr_notice *notice, mr_span type, mr_span id) {
    if (!mr_fhir_type_valid(type) || !mr_fhir_id_valid(id)) return false;
    set(notice->type, sizeof notice->type, type);
    set(notice->id, sizeof notice->id, id);
    if (mr_span_is(type, "Patient")) set(notice->patient, sizeof notice->patient, id);
    return true;
}

static bool reference_set(mr_notice *notice, mr_span reference) {
    mr_fhir_target t;
    if (mr_span_starts(reference, "urn:") || !mr_fhir_target_parse(reference, &t)) return false;
    if (!target_set(notice, t.type, t.id)) return false;
    set(notice->version, sizeof notice->version, t.version);
    return true;
}

static void resource_read(reading *rd, mr_json object, mr_notice *notice) {
    mr_span type = MR_SPAN_NONE, id = MR_SPAN_NONE;
    for (mr_fhir_member m = mr_fhir_members(object); mr_fhir_member_next(&m);) {
        switch (m.name) {
        case N_resourceType: type = mr_fhir_string(m.value); break;
        case N_id: id = mr_fhir_string(m.value); break;
        case N_subject:
        case N_patient:
        case N_for: patient_set(notice, mr_json_string(mr_json_get(m.value, "reference"))); break;
        case N_meta:
            for (mr_fhir_member k = mr_fhir_members(m.value); mr_fhir_member_next(&k);)
                if (k.name == N_versionId) set(notice->version, sizeof notice->version, mr_fhir_string(k.value));
            break;
        default: break;
        }
    }
    if (mr_fhir_twice(object)) fail(rd, MR_MALFORMED, "a name stands twice in the resource");
    if (!mr_fhir_type_valid(type)) {
        fail(rd, MR_MALFORMED, "no FHIR resource: resourceType is missing or none of FHIR's");
        return;
    }
    set(notice->type, sizeof notice->type, type);
    if (id.ptr && !target_set(notice, type, id)) fail(rd, MR_MALFORMED, "an id that is none in FHIR");
}

/* One entry of a plain Bundle: a resource, or the DELETE of a history. */
static void entry_read(reading *rd, mr_json entry) {
    mr_notice notice = {.deleted = false};
    mr_json resource = mr_json_get(entry, "resource"), request = mr_json_get(entry, "request");
    if (mr_json_kind_of(resource) == MR_J_OBJECT) {
        if (mr_span_is(mr_json_string(mr_json_get(resource, "resourceType")), "OperationOutcome")) return;
        resource_read(rd, resource, &notice);
    } else if (mr_span_is(mr_json_string(mr_json_get(request, "method")), "DELETE")) {
        notice.deleted = reference_set(&notice, mr_json_string(mr_json_get(request, "url")));
    }
    note(rd, &notice);
}

typedef struct event { /* of a topic notification */
    mr_span focus;
    uint64_t number;
} event;

/* The entries of a topic Bundle by fullUrl: thousands of events may each ask for theirs. */
static void entries_index(reading *rd, mr_json bundle) {
    rd->by_url = mr_index_new(rd->arena, 8);
    bool ok = rd->by_url;
    for (mr_fhir_list l = mr_fhir_each(mr_json_get(bundle, "entry")); ok && mr_fhir_next(&l);) {
        mr_span url = mr_json_string(mr_json_get(l.value, "fullUrl"));
        uint32_t at = (uint32_t)rd->n_entries;
        ok = !url.len || mr_index_put(rd->by_url, url, at, &at);
        if (ok && url.len && at == rd->n_entries)
            ok = MR_PUSH(rd->arena, rd->entries, rd->n_entries, rd->cap_entries, l.value);
    }
    if (!ok) full(rd);
}

/* The resource that the Bundle carries for a focus may say whose it is. */
static void focus_note(reading *rd, const event *ev) {
    mr_notice notice = {.deleted = false};
    bool named = ev->focus.ptr && reference_set(&notice, ev->focus);
    uint32_t at;
    if (ev->number && (!rd->out.first_event || ev->number < rd->out.first_event)) rd->out.first_event = ev->number;
    if (ev->number > rd->out.last_event) rd->out.last_event = ev->number;
    if (!rd->rc && ev->focus.ptr && mr_index_get(rd->by_url, ev->focus, &at)) {
        mr_json resource = mr_json_get(rd->entries[at], "resource"), request = mr_json_get(rd->entries[at], "request");
        if (mr_json_kind_of(resource) == MR_J_OBJECT) {
            mr_notice whole = {.deleted = false};
            resource_read(rd, resource, &whole);
            if (!rd->rc && (!named || mr_span_eq(mr_span_of(whole.id), mr_span_of(notice.id)))) notice = whole;
        } else if (mr_span_is(mr_json_string(mr_json_get(request, "method")), "DELETE")) {
            notice.deleted = true;
        }
    }
    note(rd, &notice);
}

/* Numbers are text in R4 and R5, digits in some senders. */
static uint64_t number_of(mr_json v) {
    uint64_t n = 0;
    int64_t i;
    if (mr_json_int(v, &i)) return i > 0 ? (uint64_t)i : 0;
    return mr_span_u64(mr_json_string(v), &n) ? n : 0;
}

static event part_event(mr_json parts) {
    event ev = {.number = 0};
    for (mr_fhir_list l = mr_fhir_each(parts); mr_fhir_next(&l);) {
        mr_span name = mr_json_string(mr_json_get(l.value, "name"));
        if (mr_span_is(name, "focus"))
            ev.focus = mr_json_string(mr_json_get(mr_json_get(l.value, "valueReference"), "reference"));
        if (mr_span_is(name, "event-number")) {
            ev.number = number_of(mr_json_get(l.value, "valueString"));
            if (!ev.number) ev.number = number_of(mr_json_get(l.value, "valueInteger"));
        }
    }
    return ev;
}

static bool quiet(mr_span type) {
    return mr_span_is(type, "handshake") || mr_span_is(type, "heartbeat") || mr_span_is(type, "query-status");
}

/* R4: entry[0] is Parameters. */
static void backport_read(reading *rd, mr_json status) {
    bool told = false;
    for (mr_fhir_list l = mr_fhir_each(mr_json_get(status, "parameter")); mr_fhir_next(&l);) {
        mr_span name = mr_json_string(mr_json_get(l.value, "name"));
        if (mr_span_is(name, "type")) rd->out.handshake = quiet(mr_json_string(mr_json_get(l.value, "valueCode")));
        if (!mr_span_is(name, "notification-event")) continue;
        event ev = part_event(mr_json_get(l.value, "part"));
        focus_note(rd, &ev);
        told = true;
    }
    rd->vague |= !told;
}

/* R4B and R5: entry[0] is a SubscriptionStatus. */
static void status_read(reading *rd, mr_json status) {
    bool told = false;
    rd->out.handshake = quiet(mr_json_string(mr_json_get(status, "type")));
    for (mr_fhir_list l = mr_fhir_each(mr_json_get(status, "notificationEvent")); mr_fhir_next(&l);) {
        event ev = {mr_json_string(mr_json_get(mr_json_get(l.value, "focus"), "reference")),
                    number_of(mr_json_get(l.value, "eventNumber"))};
        focus_note(rd, &ev);
        told = true;
    }
    rd->vague |= !told;
}

/* Parameters that speak of a subscription, not of something else. */
static bool is_backport(mr_json resource) {
    bool subscription = false, type = false;
    for (mr_fhir_list l = mr_fhir_each(mr_json_get(resource, "parameter")); mr_fhir_next(&l);) {
        mr_span name = mr_json_string(mr_json_get(l.value, "name"));
        subscription |= mr_span_is(name, "subscription");
        type |= mr_span_is(name, "type");
    }
    return subscription && type;
}

static void bundle_read(reading *rd, mr_json bundle) {
    mr_fhir_list entries = mr_fhir_each(mr_json_get(bundle, "entry")), first = entries;
    if (mr_json_has_duplicates(bundle)) fail(rd, MR_MALFORMED, "a name stands twice in the Bundle");
    if (!mr_fhir_next(&first)) {
        rd->vague = true;
        return;
    }
    mr_json status = mr_json_get(first.value, "resource");
    mr_span type = mr_json_string(mr_json_get(status, "resourceType"));
    bool r4 = mr_span_is(type, "Parameters") && is_backport(status), r5 = mr_span_is(type, "SubscriptionStatus");
    if (r4 || r5) entries_index(rd, bundle);
    if (r4) backport_read(rd, status);
    if (r5) status_read(rd, status);
    while (!r4 && !r5 && !rd->rc && mr_fhir_next(&entries)) entry_read(rd, entries.value);
}

/* Azure Event Grid and CloudEvents: ids only; false: it is none. */
static bool grid_read(reading *rd, mr_json object) {
    mr_json payload = mr_json_get(object, "data");
    mr_span type = mr_json_string(mr_json_get(object, "eventType"));
    if (!type.ptr) type = mr_json_string(mr_json_get(object, "type"));
    if (!type.ptr || mr_json_kind_of(payload) != MR_J_OBJECT) return false;
    if (mr_span_ends(type, "SubscriptionValidationEvent")) {
        rd->out.handshake = true;
        return true;
    }
    mr_notice notice = {.deleted = mr_span_ends(type, "Deleted")};
    mr_span resource = mr_json_string(mr_json_get(payload, "resourceType"));
    mr_span id = mr_json_string(mr_json_get(payload, "resourceFhirId"));
    if (!resource.ptr || !id.ptr) return false;
    if (!target_set(&notice, resource, id)) fail(rd, MR_MALFORMED, "an event names a type or id that is none in FHIR");
    note(rd, &notice);
    return true;
}

static void root_read(reading *rd, mr_json root, mr_notice *from_path) {
    mr_notice body = {.deleted = false};
    if (mr_json_kind_of(root) == MR_J_ARRAY) {
        for (mr_fhir_list l = mr_fhir_each(root); !rd->rc && mr_fhir_next(&l);)
            if (!grid_read(rd, l.value)) fail(rd, MR_MALFORMED, "a list of something that is no event");
    } else if (mr_json_kind_of(root) != MR_J_OBJECT) {
        fail(rd, MR_MALFORMED, "neither an object nor a list");
    } else if (mr_json_size(root) == 0) {
        note(rd, from_path); /* {}: a deletion, told elsewhere in the request */
    } else if (mr_span_is(mr_json_string(mr_json_get(root, "resourceType")), "Bundle")) {
        bundle_read(rd, root);
    } else if (mr_json_kind_of(mr_json_get(root, "resourceType")) != MR_J_NONE || !grid_read(rd, root)) {
        resource_read(rd, root, &body);
        if (rd->rc) return;
        /* The path says what changed; the body then only helps when it is about the same. */
        if (!from_path->type[0])
            *from_path = body;
        else if (mr_span_eq(mr_span_of(body.type), mr_span_of(from_path->type)) && !from_path->deleted) {
            if (!from_path->patient[0]) memcpy(from_path->patient, body.patient, sizeof body.patient);
            memcpy(from_path->version, body.version, sizeof body.version);
        }
        note(rd, from_path);
    }
}

static mr_rc path_read(const mr_notice_request *req, mr_notice *ret, mr_error *err) {
    mr_span tail = req->tail;
    while (mr_span_ends(tail, "/")) tail.len--;
    ret->deleted = mr_span_is(req->method, "DELETE");
    if (tail.len) {
        mr_span type, id;
        bool two = tail.ptr[0] == '/' && mr_span_split(mr_span_from(tail, 1), '/', &type, &id);
        if (!two || !target_set(ret, type, id))
            return mr_fail(err, MR_MALFORMED, "the path ends in something that is no resource type and id");
    } else if (req->deleted_resource.len) {
        if (!reference_set(ret, req->deleted_resource))
            return mr_fail(err, MR_MALFORMED, "X-Medplum-Deleted-Resource is no Type/id");
        ret->deleted = true;
    }
    return MR_OK;
}

static bool is_xml(const mr_notice_request *req, mr_span body) {
    for (size_t i = 0; i + 3 <= req->content_type.len; i++)
        if (mr_span_ieq((mr_span){req->content_type.ptr + i, 3}, MR_SPAN("xml"))) return true;
    return body.ptr[0] == '<';
}

mr_rc mr_fhir_notice_read(const mr_notice_request *req, mr_arena *a, mr_notices *ret, mr_error *err) {
    reading rd = {.arena = a, .seen = mr_index_new(a, 8), .err = err};
    mr_notice from_path = {.deleted = false};
    mr_span body = mr_span_trim(req->body);
    if (!rd.seen) return mr_arena_why(a, err);
    rd.rc = path_read(req, &from_path, err);
    if (!rd.rc && body.len && is_xml(req, body))
        return mr_fail(err, MR_REFUSED, "XML: set channel.payload to application/fhir+json");
    if (!rd.rc && !body.len) note(&rd, &from_path);
    if (!rd.rc && body.len) {
        mr_json root;
        mr_json_doc *doc = mr_json_doc_new();
        rd.rc = doc ? mr_json_parse(doc, body, true, &root, err) : mr_fail(err, MR_NOMEM, "out of memory");
        if (!rd.rc) root_read(&rd, root, &from_path);
        mr_json_doc_free(doc);
    }
    if (rd.rc) return rd.rc;
    mr_notice unsaid = {.deleted = false};
    bool none = rd.out.n == 0 && !rd.out.handshake;
    if ((none || (rd.vague && !rd.out.handshake)) && !MR_PUSH(a, rd.out.v, rd.out.n, rd.cap, unsaid))
        return mr_arena_why(a, err);
    *ret = rd.out;
    return MR_OK;
}
