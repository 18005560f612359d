/* A plan as one transaction: issues, Provenance, the Task last (fhir.md 10.3 a). */
#include "fhir_ours.h"

#include "medreview/base/sha256.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

typedef struct tx {
    mr_jw w;
    const mr_record *record;
    const mr_tx_settings *s;
    mr_buf fresh, merged; /* scratch */
    mr_error *err;
} tx;

static void request(tx *t, const char *type, mr_span id, mr_span version, bool create) {
    char url[160], match[160];
    (void)snprintf(url, sizeof url, "%s/%.*s", type, MR_SPAN_ARG(id));
    mr_jw_object(&t->w, "request");
    mr_jw_z(&t->w, "method", "PUT");
    mr_jw_z(&t->w, "url", url);
    if (!create && version.len && version.len < 120) {
        (void)snprintf(match, sizeof match, "W/\"%.*s\"", MR_SPAN_ARG(version));
        mr_jw_z(&t->w, "ifMatch", match);
    }
    mr_jw_end(&t->w);
}

static mr_rc merged_entry(tx *t, const char *type, mr_span id, mr_span version, mr_span raw, const char *const *ours,
                          const char *const *kept) {
    mr_buf_clear(&t->merged);
    mr_rc rc = mr_ours_merge(raw, mr_buf_span(&t->fresh), ours, kept, &t->merged, t->err);
    if (rc != MR_OK) return rc;
    mr_jw_object(&t->w, NULL);
    mr_jw_raw(&t->w, "resource", mr_buf_span(&t->merged));
    request(t, type, id, version, false);
    mr_jw_end(&t->w);
    return MR_OK;
}

static const char *const nothing_kept[] = {NULL};

static mr_rc issue_entry(tx *t, const mr_change *c) {
    mr_jw fresh;
    if (c->kind == MR_CH_CREATE_ISSUE) {
        mr_jw_object(&t->w, NULL);
        mr_ours_issue(&t->w, "resource", c, t->record, t->s);
        request(t, "DetectedIssue", c->issue_id, MR_SPAN_NONE, true);
        mr_jw_end(&t->w);
        return MR_OK;
    }
    mr_buf_clear(&t->fresh);
    mr_jw_begin(&fresh, &t->fresh);
    if (c->kind == MR_CH_REVISE_ISSUE) {
        mr_ours_issue(&fresh, NULL, c, t->record, t->s);
        return merged_entry(t, "DetectedIssue", c->issue->id, c->issue->version, c->issue->raw, mr_ours_issue_members,
                            mr_ours_issue_kept);
    }
    mr_jw_object(&fresh, NULL);
    mr_jw_z(&fresh, "status", mr_issue_status_text(c->issue_status));
    mr_ours_meta(&fresh, &t->s->site);
    mr_ours_issue_identifiers(&fresh, c, c->issue->content, t->s);
    mr_jw_end(&fresh);
    static const char *const members[] = {"meta", "status", "identifier", NULL};
    return merged_entry(t, "DetectedIssue", c->issue->id, c->issue->version, c->issue->raw, members, nothing_kept);
}

static void cancelled_task(tx *t) {
    char moment[MR_DATE_TEXT], system[400];
    mr_jw fresh;
    mr_jw_begin(&fresh, &t->fresh);
    mr_jw_object(&fresh, NULL);
    mr_ours_meta(&fresh, &t->s->site);
    mr_jw_z(&fresh, "status", "cancelled");
    mr_jw_z(&fresh, "lastModified", mr_ours_moment(t->s, moment));
    mr_jw_object(&fresh, "businessStatus");
    mr_jw_array(&fresh, "coding");
    mr_jw_object(&fresh, NULL);
    (void)snprintf(system, sizeof system, "%.*s/cs/review-state", MR_SPAN_ARG(t->s->site.base_uri));
    mr_jw_z(&fresh, "system", system);
    mr_jw_z(&fresh, "code", "resolved-by-record-change");
    mr_jw_end(&fresh);
    mr_jw_end(&fresh);
    mr_jw_end(&fresh);
    mr_jw_end(&fresh);
}

static mr_rc task_entry(tx *t, const mr_change *c, const mr_task_plan *plan) {
    static const char *const cancel_members[] = {"meta", "status", "lastModified", "businessStatus", NULL};
    if (c->kind == MR_CH_CREATE_TASK) {
        mr_jw_object(&t->w, NULL);
        mr_ours_task(&t->w, "resource", plan, t->s);
        request(t, "Task", mr_span_of(plan->id), MR_SPAN_NONE, true);
        mr_jw_end(&t->w);
        return MR_OK;
    }
    mr_buf_clear(&t->fresh);
    if (c->kind == MR_CH_CANCEL_TASK) {
        cancelled_task(t);
        return merged_entry(t, "Task", c->task->id, c->task->version, c->task->raw, cancel_members, nothing_kept);
    }
    mr_jw fresh;
    mr_jw_begin(&fresh, &t->fresh);
    mr_ours_task(&fresh, NULL, plan, t->s);
    /* basedOn was set when the Task was made and stays. */
    static const char *const kept[] = {"authoredOn", "owner", "output", "note", "basedOn", NULL};
    return merged_entry(t, "Task", c->task->id, c->task->version, c->task->raw, mr_ours_task_members, kept);
}

static bool about_issue(const mr_change *c) {
    return c->kind <= MR_CH_STATUS_ISSUE;
}

/* One Provenance over all issues of the transaction; its id follows from what they say, so a repeat makes no second. */
static void provenance_id(const mr_plan *plan, char out[48]) {
    mr_sha256 h;
    uint8_t digest[32];
    mr_sha256_begin(&h);
    for (size_t i = 0; i < plan->n; i++) {
        const mr_change *c = &plan->v[i];
        if (!about_issue(c)) continue;
        mr_span version = c->issue ? c->issue->version : MR_SPAN("new");
        mr_sha256_add(&h, c->issue_id.ptr, c->issue_id.len);
        mr_sha256_add(&h, mr_issue_status_text(c->issue_status), strlen(mr_issue_status_text(c->issue_status)));
        if (c->finding) mr_sha256_add(&h, c->finding->content, 32);
        if (version.len) mr_sha256_add(&h, version.ptr, version.len);
    }
    mr_sha256_end(&h, digest);
    memcpy(out, "mr-pv-", 6);
    mr_hex(digest, 16, out + 6);
}

static void provenance_agent(tx *t) {
    mr_jw *w = &t->w;
    char device[200];
    mr_jw_array(w, "agent");
    mr_jw_object(w, NULL);
    mr_jw_object(w, "type");
    mr_jw_array(w, "coding");
    mr_jw_object(w, NULL);
    mr_jw_z(w, "system", "http://terminology.hl7.org/CodeSystem/provenance-participant-type");
    mr_jw_z(w, "code", "assembler");
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_end(w);
    (void)snprintf(device, sizeof device, "Device/medreview-%.*s", MR_SPAN_ARG(t->s->site.id));
    mr_ours_reference(w, "who", mr_span_of(device));
    mr_jw_end(w);
    mr_jw_end(w);
}

static void provenance_sources(tx *t) {
    mr_jw *w = &t->w;
    if (t->s->n_inputs == 0) return;
    mr_jw_array(w, "entity");
    for (size_t i = 0; i < t->s->n_inputs; i++) {
        mr_jw_object(w, NULL);
        mr_jw_z(w, "role", "source");
        mr_ours_reference(w, "what", t->s->inputs[i]);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void provenance_entry(tx *t, const mr_plan *plan) {
    mr_jw *w = &t->w;
    char id[48], moment[MR_DATE_TEXT], text[400];
    bool any = false;
    for (size_t i = 0; i < plan->n; i++) any = any || about_issue(&plan->v[i]);
    if (!any || t->s->offline || !t->s->provenance) return;
    provenance_id(plan, id);
    mr_jw_object(w, NULL);
    mr_jw_object(w, "resource");
    mr_jw_z(w, "resourceType", "Provenance");
    mr_jw_z(w, "id", id);
    mr_ours_meta(w, &t->s->site);
    mr_jw_array(w, "target");
    for (size_t i = 0; i < plan->n; i++) {
        if (!about_issue(&plan->v[i])) continue;
        (void)snprintf(text, sizeof text, "DetectedIssue/%.*s", MR_SPAN_ARG(plan->v[i].issue_id));
        mr_ours_reference(w, NULL, mr_span_of(text));
    }
    mr_jw_end(w);
    mr_jw_z(w, "recorded", mr_instant_print_ms(t->s->now_ms, moment));
    mr_jw_array(w, "policy");
    (void)snprintf(text, sizeof text, "%.*s/rules/%.*s", MR_SPAN_ARG(t->s->site.base_uri),
                   MR_SPAN_ARG(t->s->site.knowledge));
    mr_jw_z(w, NULL, text);
    if (t->s->site.terminology.len) {
        (void)snprintf(text, sizeof text, "%.*s/terminology/%.*s", MR_SPAN_ARG(t->s->site.base_uri),
                       MR_SPAN_ARG(t->s->site.terminology));
        mr_jw_z(w, NULL, text);
    }
    mr_jw_end(w);
    provenance_agent(t);
    provenance_sources(t);
    mr_jw_end(w);
    request(t, "Provenance", mr_span_of(id), MR_SPAN_NONE, true);
    mr_jw_end(w);
}

static void guidance_entry(tx *t) {
    char id[48];
    mr_ours_guidance_id(t->s, id);
    mr_jw_object(&t->w, NULL);
    mr_ours_guidance(&t->w, "resource", t->record, t->s);
    request(t, "GuidanceResponse", mr_span_of(id), MR_SPAN_NONE, true);
    mr_jw_end(&t->w);
}

mr_rc mr_fhir_tx_write(const mr_plan *plan, const mr_record *record, const mr_tx_settings *s, mr_buf *out,
                       mr_error *err) {
    bool guidance = mr_ours_guidance_needed(plan, record, s);
    if (plan->n == 0 && !guidance) return MR_OK;
    tx t = {.record = record, .s = s, .err = err};
    mr_rc rc = MR_OK;
    bool provenance_written = false;
    mr_jw_begin(&t.w, out);
    mr_buf_init(&t.fresh, MR_MAX_BODY_BYTES);
    mr_buf_init(&t.merged, MR_MAX_BODY_BYTES);
    mr_jw_object(&t.w, NULL);
    mr_jw_z(&t.w, "resourceType", "Bundle");
    mr_jw_z(&t.w, "type", "transaction");
    mr_jw_array(&t.w, "entry");
    for (size_t i = 0; i < plan->n && rc == MR_OK; i++) {
        const mr_change *c = &plan->v[i];
        if (!about_issue(c) && !provenance_written) {
            provenance_entry(&t, plan);
            provenance_written = true;
        }
        rc = about_issue(c) ? issue_entry(&t, c) : task_entry(&t, c, &plan->task);
    }
    if (!provenance_written) provenance_entry(&t, plan);
    if (guidance && rc == MR_OK) guidance_entry(&t);
    mr_jw_end(&t.w);
    mr_jw_end(&t.w);
    mr_buf_free(&t.fresh);
    mr_buf_free(&t.merged);
    return rc == MR_OK ? mr_buf_why(out, err) : rc;
}

mr_span mr_fhir_device_id(const mr_site *site, mr_arena *a) {
    return mr_arena_printf(a, "medreview-%.*s", MR_SPAN_ARG(site->id));
}

static void device_version(mr_jw *w, const char *kind, mr_span value) {
    mr_jw_object(w, NULL);
    mr_jw_object(w, "type");
    mr_jw_z(w, "text", kind);
    mr_jw_end(w);
    mr_jw_string(w, "value", value);
    mr_jw_end(w);
}

void mr_fhir_device_write(const mr_site *site, mr_buf *out) {
    mr_jw w;
    char id[100];
    mr_jw_begin(&w, out);
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "resourceType", "Device");
    (void)snprintf(id, sizeof id, "medreview-%.*s", MR_SPAN_ARG(site->id));
    mr_jw_z(&w, "id", id);
    mr_ours_meta(&w, site);
    mr_jw_array(&w, "identifier");
    mr_ours_identifier(&w, site, "device", site->id);
    mr_jw_end(&w);
    mr_jw_z(&w, "status", "active");
    mr_jw_array(&w, "deviceName");
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "name", "medreview medication review service");
    mr_jw_z(&w, "type", "user-friendly-name");
    mr_jw_end(&w);
    mr_jw_end(&w);
    mr_jw_object(&w, "type");
    mr_jw_z(&w, "text", "Clinical decision support software");
    mr_jw_end(&w);
    mr_jw_array(&w, "version");
    device_version(&w, "software", site->software);
    device_version(&w, "ruleset", site->knowledge);
    if (site->terminology.len) device_version(&w, "terminology", site->terminology);
    mr_jw_end(&w);
    mr_jw_end(&w);
}

/* "DetectedIssue/x/_history/3", relative or absolute: its last four segments. */
static bool location_parts(mr_span location, mr_written_version *ret) {
    mr_span part[4] = {MR_SPAN_NONE, MR_SPAN_NONE, MR_SPAN_NONE, MR_SPAN_NONE}, head, tail = location;
    for (bool more = true; more;) {
        more = mr_span_split(tail, '/', &head, &tail);
        memmove(part, part + 1, 3 * sizeof *part);
        part[3] = head;
    }
    if (!mr_span_is(part[2], "_history")) return false;
    *ret = (mr_written_version){part[0], part[1], part[3]};
    return part[0].len && part[1].len && part[3].len;
}

mr_rc mr_fhir_tx_answer_read(mr_span body, mr_arena *a, mr_written_version **ret, size_t *ret_n, mr_error *err) {
    json_t *root = json_loadb(body.ptr, body.len, 0, NULL), *entry;
    mr_written_version *v = NULL, one;
    size_t i, n = 0, cap = 0;
    bool ok = true;
    if (!json_is_object(root)) {
        json_decref(root);
        return mr_fail(err, MR_MALFORMED, "the answer to the transaction is no Bundle");
    }
    json_array_foreach(json_object_get(root, "entry"), i, entry) {
        const char *location = json_string_value(json_object_get(json_object_get(entry, "response"), "location"));
        if (!location || !location_parts(mr_span_of(location), &one)) continue;
        ok = ok && mr_arena_dup(a, one.type, &one.type) && mr_arena_dup(a, one.id, &one.id) &&
             mr_arena_dup(a, one.version, &one.version) && MR_PUSH(a, v, n, cap, one);
    }
    json_decref(root);
    if (!ok) return mr_arena_why(a, err);
    *ret = v;
    *ret_n = n;
    return MR_OK;
}
