/* Our own DetectedIssues and Tasks read back, and merged without losing what others put in them.
 *
 * jansson stands here and not the fast reader: these pages are small, and the whole resource must go back with every
 * foreign member in it (fhir.md 10.4). */
#include "fhir_ours.h"
#include "fhir_parts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static mr_span text_of(const json_t *v) {
    return json_is_string(v) ? (mr_span){json_string_value(v), json_string_length(v)} : MR_SPAN_NONE;
}

static bool is_under(mr_span system, mr_span base_uri, const char *tail) {
    return system.len > base_uri.len && memcmp(system.ptr, base_uri.ptr, base_uri.len) == 0 &&
           mr_span_is(mr_span_from(system, base_uri.len), tail);
}

/* The value of the identifier with that system under base_uri; absent when there is none. */
static mr_span identifier(const json_t *resource, mr_span base_uri, const char *tail) {
    size_t i;
    json_t *id;
    json_array_foreach(json_object_get(resource, "identifier"), i, id) {
        if (is_under(text_of(json_object_get(id, "system")), base_uri, tail))
            return text_of(json_object_get(id, "value"));
    }
    return MR_SPAN_NONE;
}

static bool keep(mr_arena *a, mr_span from, mr_span *ret) {
    return mr_arena_dup(a, from, ret);
}

static bool keep_raw(mr_arena *a, const json_t *resource, mr_span *ret) {
    char *text = json_dumps(resource, JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (!text) return false;
    bool ok = keep(a, mr_span_of(text), ret);
    free(text);
    return ok;
}

static mr_span version_of(const json_t *resource) {
    return text_of(json_object_get(json_object_get(resource, "meta"), "versionId"));
}

/* Ids of the source rules: codings of {base}/cs/rule. */
static bool read_rules(const json_t *resource, mr_span base_uri, mr_arena *a, mr_prior_issue *ret) {
    size_t i, cap = 0;
    json_t *c;
    json_array_foreach(json_object_get(json_object_get(resource, "code"), "coding"), i, c) {
        if (!is_under(text_of(json_object_get(c, "system")), base_uri, "/cs/rule")) continue;
        mr_span id;
        if (!keep(a, text_of(json_object_get(c, "code")), &id)) return false;
        if (id.len && !MR_PUSH(a, ret->rules, ret->n_rules, cap, id)) return false;
    }
    return true;
}

/* "Type/id" of a reference, whatever base stands before it and whatever version behind. */
static bool cite(const json_t *reference, mr_arena *a, size_t *cap, mr_prior_issue *ret) {
    mr_span text = text_of(json_object_get(reference, "reference"));
    mr_fhir_target t;
    if (!text.len || !mr_fhir_target_parse(text, &t) || !t.type.len || !t.id.len) return true;
    mr_span name = mr_fhir_join(a, t.type, t.id);
    return name.ptr && MR_PUSH(a, ret->cited, ret->n_cited, *cap, name);
}

static bool read_cited(const json_t *resource, mr_arena *a, mr_prior_issue *ret) {
    size_t i, k, cap = 0;
    json_t *implicated, *evidence, *detail;
    json_array_foreach(json_object_get(resource, "implicated"), i, implicated) {
        if (!cite(implicated, a, &cap, ret)) return false;
    }
    json_array_foreach(json_object_get(resource, "evidence"), i, evidence) {
        json_array_foreach(json_object_get(evidence, "detail"), k, detail) {
            if (!cite(detail, a, &cap, ret)) return false;
        }
    }
    return true;
}

/* "<episode>.<mitigations>.<outcome>.<content>[.<content without doses>]", as fhir_issue.c writes it; anything else
 * counts as no decision. */
static bool read_judgement(mr_span text, mr_arena *a, mr_judgement *ret) {
    mr_span episode, mitigations, outcome, content, rest;
    uint64_t e, m;
    if (!mr_span_split(text, '.', &episode, &rest) || !mr_span_split(rest, '.', &mitigations, &rest) ||
        !mr_span_split(rest, '.', &outcome, &content))
        return true;
    if (!mr_span_u64(episode, &e) || !mr_span_u64(mitigations, &m) || e > 100000 || m > 100000) return true;
    mr_outcome_kind kind = MR_OUT_NONE;
    while (kind <= MR_OUT_GONE && !mr_span_is(outcome, mr_outcome_word(kind))) kind++;
    if (kind > MR_OUT_GONE) return true;
    *ret = (mr_judgement){.episode = (unsigned)e, .mitigations = (unsigned)m, .outcome = kind};
    (void)mr_span_split(content, '.', &content, &rest); /* mostly there is one part only */
    return keep(a, content, &ret->content) && (!rest.len || keep(a, rest, &ret->undosed));
}

static bool read_issue(const json_t *resource, mr_span base_uri, mr_arena *a, mr_prior *prior) {
    mr_span key = identifier(resource, base_uri, "/id/finding"),
            last = text_of(json_object_get(json_object_get(resource, "meta"), "lastUpdated"));
    if (!key.len) return true;
    mr_prior_issue p = {.status = mr_issue_status_parse(text_of(json_object_get(resource, "status"))),
                        .mitigations = (unsigned)json_array_size(json_object_get(resource, "mitigation"))};
    /* A severity that is not there counts as the lowest: then a rise is never overlooked. */
    if (!mr_severity_parse(text_of(json_object_get(resource, "severity")), &p.severity)) p.severity = MR_LOW;
    return keep(a, text_of(json_object_get(resource, "id")), &p.id) && keep(a, version_of(resource), &p.version) &&
           keep(a, key, &p.key) && keep(a, identifier(resource, base_uri, "/id/content"), &p.content) &&
           keep(a, last, &p.last_updated) &&
           read_judgement(identifier(resource, base_uri, "/id/judged"), a, &p.judged) &&
           read_rules(resource, base_uri, a, &p) && read_cited(resource, a, &p) && keep_raw(a, resource, &p.raw) &&
           MR_PUSH(a, prior->issues, prior->n_issues, prior->cap_issues, p);
}

static mr_outcome_kind outcome_code(const json_t *concept, mr_span base_uri) {
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(concept, "coding"), i, c) {
        if (!is_under(text_of(json_object_get(c, "system")), base_uri, "/cs/outcome")) continue;
        mr_span code = text_of(json_object_get(c, "code"));
        if (mr_span_is(code, "accepted")) return MR_OUT_ACCEPTED;
        if (mr_span_is(code, "no-action-appropriate")) return MR_OUT_NO_ACTION;
        if (mr_span_is(code, "not-applicable")) return MR_OUT_NOT_APPLICABLE;
    }
    return MR_OUT_NONE;
}

static bool has_type(const json_t *output, mr_span base_uri, const char *code) {
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(json_object_get(output, "type"), "coding"), i, c) {
        if (is_under(text_of(json_object_get(c, "system")), base_uri, "/cs/task-io") &&
            mr_span_is(text_of(json_object_get(c, "code")), code))
            return true;
    }
    return false;
}

/* fhir.md 11: without any output completed counts as accepted; rejected as not applicable. */
static bool read_outcomes(const json_t *resource, mr_span base_uri, mr_arena *a, mr_prior_task *t) {
    size_t i, cap = 0;
    json_t *out;
    t->outcome = t->status == MR_TS_COMPLETED  ? MR_OUT_ACCEPTED
                 : t->status == MR_TS_REJECTED ? MR_OUT_NOT_APPLICABLE
                                               : MR_OUT_NONE;
    json_array_foreach(json_object_get(resource, "output"), i, out) {
        mr_outcome_kind kind = outcome_code(json_object_get(out, "valueCodeableConcept"), base_uri);
        if (kind == MR_OUT_NONE) continue;
        if (has_type(out, base_uri, "outcome")) t->outcome = kind;
        if (!has_type(out, base_uri, "finding-outcome")) continue;
        mr_finding_outcome o = {.outcome = kind};
        if (!keep(a, text_of(json_object_get(json_object_get(out, "type"), "text")), &o.key) ||
            !MR_PUSH(a, t->outcomes, t->n_outcomes, cap, o))
            return false;
    }
    return true;
}

/* The logical id of a reference to that type, whatever stands before and behind it. */
static mr_span reference_id(const json_t *reference, const char *type) {
    mr_span r = text_of(json_object_get(reference, "reference"));
    size_t n = strlen(type);
    for (size_t at = 0; at + n + 1 < r.len; at++) {
        if ((at && r.ptr[at - 1] != '/') || memcmp(r.ptr + at, type, n) != 0 || r.ptr[at + n] != '/') continue;
        mr_span id, rest;
        mr_span_split(mr_span_from(r, at + n + 1), '/', &id, &rest);
        return id;
    }
    return MR_SPAN_NONE;
}

static bool read_inputs(const json_t *resource, mr_arena *a, mr_prior_task *t) {
    size_t i, cap = 0;
    json_t *in;
    json_array_foreach(json_object_get(resource, "input"), i, in) {
        mr_span id;
        if (!keep(a, reference_id(json_object_get(in, "valueReference"), "DetectedIssue"), &id)) return false;
        if (id.len && !MR_PUSH(a, t->issue_ids, t->n_issue_ids, cap, id)) return false;
    }
    return true;
}

static bool business_status_is(const json_t *resource, const char *code) {
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(json_object_get(resource, "businessStatus"), "coding"), i, c) {
        if (mr_span_is(text_of(json_object_get(c, "code")), code)) return true;
    }
    return false;
}

static bool read_task(const json_t *resource, mr_span base_uri, mr_arena *a, mr_prior *prior) {
    mr_span name = identifier(resource, base_uri, "/id/review-task");
    if (!name.len) return true;
    uint64_t episode = 1;
    size_t dash = mr_span_find(name, '-');
    if (dash < name.len && (!mr_span_u64(mr_span_from(name, dash + 1), &episode) || episode == 0 || episode > 100000))
        episode = 1;
    mr_prior_task t = {.status = mr_task_status_parse(text_of(json_object_get(resource, "status"))),
                       .episode = (unsigned)episode,
                       .closed = MR_WHEN_NONE,
                       .due = MR_WHEN_NONE,
                       .resolved_by_record = business_status_is(resource, "resolved-by-record-change")};
    mr_span modified = text_of(json_object_get(resource, "lastModified"));
    if (modified.len) (void)mr_when_parse(modified, &t.closed, NULL); /* a Task without a date suppresses nothing */
    mr_span end = text_of(json_object_get(json_object_get(json_object_get(resource, "restriction"), "period"), "end"));
    if (end.len) (void)mr_when_parse(end, &t.due, NULL); /* an unreadable due date is set anew */
    return keep(a, text_of(json_object_get(resource, "id")), &t.id) && keep(a, version_of(resource), &t.version) &&
           keep(a, name, &t.identifier) && keep(a, identifier(resource, base_uri, "/id/content"), &t.content) &&
           keep(a, text_of(json_object_get(resource, "priority")), &t.priority) &&
           keep(a, text_of(json_object_get(json_array_get(json_object_get(resource, "performerType"), 0), "text")),
                &t.role) &&
           read_outcomes(resource, base_uri, a, &t) && read_inputs(resource, a, &t) && keep_raw(a, resource, &t.raw) &&
           MR_PUSH(a, prior->tasks, prior->n_tasks, prior->cap_tasks, t);
}

static bool read_resource(const json_t *resource, mr_span base_uri, mr_arena *a, mr_prior *prior) {
    mr_span type = text_of(json_object_get(resource, "resourceType"));
    if (mr_span_is(type, "DetectedIssue")) return read_issue(resource, base_uri, a, prior);
    if (mr_span_is(type, "Task")) return read_task(resource, base_uri, a, prior);
    return true;
}

mr_rc mr_fhir_prior_read(mr_span page, mr_span base_uri, mr_arena *a, mr_prior *prior, mr_error *err) {
    json_error_t why;
    json_t *root = json_loadb(page.ptr, page.len, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return mr_fail(err, MR_MALFORMED, "page of DetectedIssue or Task, line %d: not readable as JSON", why.line);
    bool ok = true;
    if (mr_span_is(text_of(json_object_get(root, "resourceType")), "Bundle")) {
        size_t i;
        json_t *entry;
        json_array_foreach(json_object_get(root, "entry"), i, entry) ok =
            ok && read_resource(json_object_get(entry, "resource"), base_uri, a, prior);
    } else {
        ok = read_resource(root, base_uri, a, prior);
    }
    json_decref(root);
    return ok ? MR_OK : mr_arena_why(a, err);
}

static bool named(const char *const *list, const char *name) {
    for (; *list; list++)
        if (strcmp(*list, name) == 0) return true;
    return false;
}

/* Foreign identifiers and tags stay beside ours. */
static void keep_foreign(json_t *fresh, const json_t *raw, const char *member, const char *by) {
    size_t i, j;
    json_t *old, *now;
    json_array_foreach(json_object_get(raw, member), i, old) {
        bool ours = false;
        json_array_foreach(json_object_get(fresh, member), j, now) {
            if (json_equal(json_object_get(old, by), json_object_get(now, by))) ours = true;
        }
        if (!ours) json_array_append(json_object_get(fresh, member), old);
    }
}

static void merge_meta(json_t *raw, const json_t *fresh) {
    json_t *meta = json_object_get(raw, "meta"), *ours = json_object_get(fresh, "meta");
    if (!ours) return;
    json_t *next = json_deep_copy(ours);
    const char *name;
    json_t *value;
    keep_foreign(next, meta, "tag", "system");
    json_object_foreach(meta, name, value) {
        bool servers = strcmp(name, "versionId") == 0 || strcmp(name, "lastUpdated") == 0;
        if (!servers && !json_object_get(next, name)) json_object_set(next, name, value);
    }
    json_object_set_new(raw, "meta", next);
}

mr_rc mr_ours_merge(mr_span raw_text, mr_span fresh_text, const char *const *ours, const char *const *kept, mr_buf *out,
                    mr_error *err) {
    json_t *raw = json_loadb(raw_text.ptr, raw_text.len, 0, NULL),
           *fresh = json_loadb(fresh_text.ptr, fresh_text.len, 0, NULL);
    if (!raw || !fresh) {
        json_decref(raw);
        json_decref(fresh);
        return mr_fail(err, MR_NOMEM, "out of memory while changing a resource");
    }
    for (const char *const *name = ours; *name; name++) {
        json_t *value = json_object_get(fresh, *name);
        if (strcmp(*name, "meta") == 0)
            merge_meta(raw, fresh);
        else if (named(kept, *name))
            continue;
        else if (!value)
            json_object_del(raw, *name);
        else {
            if (strcmp(*name, "identifier") == 0) keep_foreign(fresh, raw, "identifier", "system");
            json_object_set(raw, *name, value);
        }
    }
    char *text = json_dumps(raw, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(raw);
    json_decref(fresh);
    if (!text) return mr_fail(err, MR_NOMEM, "out of memory while changing a resource");
    mr_buf_adds(out, text);
    free(text);
    return mr_buf_why(out, err);
}
