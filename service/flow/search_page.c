/* A search's answer as catch-up and hints need it: entries, the next link, and whom a resource is about. Clinical
 * content is not looked at: what a poll finds is only a reason to read the patient's record (fhir.md 1.1). */
#include "search_page.h"

#include "medreview/base/date.h"
#include "medreview/codec/fhir_notice.h"

#include <stdio.h>
#include <string.h>

static bool is_type(mr_json resource, const char *type) {
    return mr_span_is(mr_json_string(mr_json_get(resource, "resourceType")), type);
}

static bool speaks_of_error(mr_json outcome) {
    mr_json issues = mr_json_get(outcome, "issue");
    for (mr_json_iter it = mr_json_begin(issues); mr_json_next(&it);) {
        mr_span severity = mr_json_string(mr_json_get(it.value, "severity"));
        if (mr_span_is(severity, "error") || mr_span_is(severity, "fatal")) return true;
    }
    return false;
}

static mr_span next_link(mr_json bundle) {
    for (mr_json_iter it = mr_json_begin(mr_json_get(bundle, "link")); mr_json_next(&it);)
        if (mr_span_is(mr_json_string(mr_json_get(it.value, "relation")), "next"))
            return mr_json_string(mr_json_get(it.value, "url"));
    return MR_SPAN_NONE;
}

mr_rc search_page_read(mr_json_doc *doc, const mr_http_resp *resp, search_page *ret, mr_error *err) {
    mr_json root;
    if (!resp->body || !resp->len) return mr_fail(err, MR_MALFORMED, "the answer is empty");
    mr_rc rc = mr_json_parse(doc, (mr_span){resp->body, resp->len}, true, &root, err);
    if (rc != MR_OK) return rc;
    if (!is_type(root, "Bundle")) return mr_fail(err, MR_MALFORMED, "the answer is not a Bundle");
    search_page page = {.entries = mr_json_get(root, "entry"), .next = next_link(root)};
    page.at = mr_json_string(mr_json_get(mr_json_get(root, "meta"), "lastUpdated"));
    for (mr_json_iter it = mr_json_begin(page.entries); mr_json_next(&it); page.n_entries++) {
        mr_json resource = mr_json_get(it.value, "resource");
        if (is_type(resource, "OperationOutcome") && speaks_of_error(resource))
            return mr_fail(err, MR_IO, "the server says in its answer that the answer is not whole");
    }
    *ret = page;
    return MR_OK;
}

mr_json search_page_match(mr_json entry, const char *type) {
    mr_json resource = mr_json_get(entry, "resource");
    mr_span mode = mr_json_string(mr_json_get(mr_json_get(entry, "search"), "mode"));
    bool match = is_type(resource, type) && (mode.len == 0 || mr_span_is(mode, "match"));
    return match ? resource : (mr_json){0};
}

static bool reference_patient(mr_span reference, const char *base, char ret[MR_MAX_ID_BYTES + 1]) {
    mr_span id, rest, prefix = mr_span_of(base);
    if (reference.len > prefix.len && mr_span_starts(reference, base) && reference.ptr[prefix.len] == '/')
        reference = mr_span_from(reference, prefix.len + 1);
    if (!mr_span_starts(reference, "Patient/")) return false;
    (void)mr_span_split(mr_span_from(reference, sizeof "Patient/" - 1), '/', &id, &rest); /* without /_history/1 */
    if (!mr_fhir_id_valid(id)) return false;
    (void)snprintf(ret, MR_MAX_ID_BYTES + 1, "%.*s", MR_SPAN_ARG(id));
    return true;
}

bool resource_patient(mr_json resource, const char *base, char ret[MR_MAX_ID_BYTES + 1]) {
    static const char *const members[] = {"subject", "patient", "for"};
    if (is_type(resource, "Patient")) {
        mr_span id = mr_json_string(mr_json_get(resource, "id"));
        if (!mr_fhir_id_valid(id)) return false;
        (void)snprintf(ret, MR_MAX_ID_BYTES + 1, "%.*s", MR_SPAN_ARG(id));
        return true;
    }
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        mr_span reference = mr_json_string(mr_json_get(mr_json_get(resource, members[i]), "reference"));
        if (reference_patient(reference, base, ret)) return true;
    }
    return false;
}

void json_text(mr_json object, const char *name, char *out, size_t size) {
    mr_span s = mr_json_string(mr_json_get(object, name));
    if (s.len >= size) s = MR_SPAN_NONE;
    (void)snprintf(out, size, "%.*s", MR_SPAN_ARG(s));
}

bool instant_seconds(const char *text, int64_t *ret) {
    mr_when day;
    int64_t s;
    if (!strchr(text, 'T') || !mr_when_parse(mr_span_of(text), &day, &s)) return false;
    *ret = s;
    return true;
}

/* The digits behind the seconds' point; "" when there are none. */
static const char *fraction(const char *text) {
    const char *point = strchr(text, '.');
    return point ? point + 1 : "";
}

static bool digit(char c) {
    return c >= '0' && c <= '9';
}

int instant_cmp(const char *a, const char *b) {
    int64_t sa = INT64_MIN, sb = INT64_MIN;
    bool given_a = instant_seconds(a, &sa), given_b = instant_seconds(b, &sb);
    if (sa != sb) return sa < sb ? -1 : 1;
    if (!given_a || !given_b) return 0;
    for (const char *fa = fraction(a), *fb = fraction(b); digit(*fa) || digit(*fb);) {
        char da = digit(*fa) ? *fa++ : '0', db = digit(*fb) ? *fb++ : '0';
        if (da != db) return da < db ? -1 : 1;
    }
    return 0;
}
