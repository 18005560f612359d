/* URLs of a FHIR server: where a page link may lead, and nothing else. Page links are opaque and never built. */
#include "medreview/flow/fhir_client.h"

#include <stdio.h>
#include <string.h>

typedef struct origin {
    mr_span scheme, host, port, path; /* path from '/' or "" on, with the query */
} origin;

static bool origin_read(mr_span url, origin *ret) {
    if (mr_span_starts(url, "https://"))
        *ret = (origin){MR_SPAN("https"), MR_SPAN_NONE, MR_SPAN("443"), MR_SPAN_NONE};
    else if (mr_span_starts(url, "http://"))
        *ret = (origin){MR_SPAN("http"), MR_SPAN_NONE, MR_SPAN("80"), MR_SPAN_NONE};
    else
        return false;
    mr_span rest = mr_span_from(url, ret->scheme.len + 3);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?' && rest.ptr[end] != '#') end++;
    mr_span authority = {rest.ptr, end};
    ret->path = mr_span_from(rest, end);
    if (memchr(authority.ptr, '@', authority.len)) return false; /* credentials in a link: never */
    size_t colon = authority.len;
    for (size_t i = 0; i < authority.len; i++) {
        if (authority.ptr[i] == ':') colon = i;
        if (authority.ptr[i] == ']') colon = authority.len;
    }
    ret->host = (mr_span){authority.ptr, colon};
    if (colon < authority.len) ret->port = mr_span_from(authority, colon + 1);
    return ret->host.len > 0;
}

/* Bytes of a dot at the beginning of `s`, however it is spelt: servers decode %2e. 0: something else. */
static size_t dot(mr_span s) {
    if (mr_span_starts(s, ".")) return 1;
    return mr_span_starts(s, "%2e") || mr_span_starts(s, "%2E") ? 3 : 0;
}

bool mr_url_under(mr_span url, const char *base) {
    origin u, b;
    if (!origin_read(url, &u) || !origin_read(mr_span_of(base), &b)) return false;
    if (!mr_span_eq(u.scheme, b.scheme) || !mr_span_ieq(u.host, b.host) || !mr_span_eq(u.port, b.port)) return false;
    if (u.path.len < b.path.len || (b.path.len && memcmp(u.path.ptr, b.path.ptr, b.path.len) != 0)) return false;
    for (size_t i = 0; i < u.path.len && u.path.ptr[i] != '?'; i++) {
        size_t first = dot(mr_span_from(u.path, i));
        if (first && dot(mr_span_from(u.path, i + first))) return false;
    }
    mr_span rest = mr_span_from(u.path, b.path.len);
    return rest.len == 0 || rest.ptr[0] == '/' || rest.ptr[0] == '?';
}

bool mr_url_rebase(mr_span url, const char *base, char *out, size_t size) {
    origin u, b;
    if (!origin_read(url, &u) || !origin_read(mr_span_of(base), &b)) return false;
    int n = snprintf(out, size, "%.*s://%.*s:%.*s%.*s", MR_SPAN_ARG(b.scheme), MR_SPAN_ARG(b.host), MR_SPAN_ARG(b.port),
                     MR_SPAN_ARG(u.path));
    return n > 0 && (size_t)n < size;
}

bool mr_fhir_page_url(const char *base, mr_page_kind kind, mr_span patient, char *out, size_t size) {
    /* Status is filtered by us, never by the server: a stopped medicine must be seen as stopped (fhir.md 7). */
    static const char *const form[MR_PAGE_COUNT] = {
        [MR_PAGE_PATIENT] = "%s/Patient/%.*s",
        [MR_PAGE_STATEMENTS] =
            "%s/MedicationStatement?patient=%.*s&_include=MedicationStatement%%3Amedication&_count=200",
        [MR_PAGE_REQUESTS] = "%s/MedicationRequest?patient=%.*s&_include=MedicationRequest%%3Amedication&_count=200",
        [MR_PAGE_CONDITIONS] = "%s/Condition?patient=%.*s&_count=200",
        [MR_PAGE_ALLERGIES] = "%s/AllergyIntolerance?patient=%.*s&_count=200",
        [MR_PAGE_OBSERVATIONS] = "%s/Observation?patient=%.*s&_count=200",
        [MR_PAGE_ISSUES] = "%s/DetectedIssue?patient=%.*s&_count=200",
        [MR_PAGE_TASKS] = "%s/Task?patient=%.*s&_count=200",
    };
    if (kind >= MR_PAGE_COUNT || !form[kind]) return false;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the forms stand in the table above */
    int n = snprintf(out, size, form[kind], base, MR_SPAN_ARG(patient));
#pragma GCC diagnostic pop
    return n > 0 && (size_t)n < size;
}

size_t mr_fhir_medications_url(const char *base, const mr_span *references, size_t n, size_t most, char *out,
                               size_t size) {
    int at = snprintf(out, size, "%s/Medication?_count=200&_id=", base);
    size_t taken = 0;
    if (at < 0) return 0;
    while (taken < n && taken < most) {
        mr_span id =
            mr_span_starts(references[taken], "Medication/") ? mr_span_from(references[taken], 11) : references[taken];
        if ((size_t)at + id.len + 4 >= size) break;
        at += snprintf(out + at, size - (size_t)at, "%s%.*s", taken ? "%2C" : "", MR_SPAN_ARG(id));
        taken++;
    }
    return taken;
}
