/* The profiles of what we send, linked in from fhir_profiles/, with a deployment's own base in place of the example's.
 */
#include "medreview/codec/fhir_knowledge.h"

#include "medreview/base/embedded.h"

#include <string.h>

/* "StructureDefinition-medreview-task.json": type and id. */
static bool named(const mr_embedded *e, mr_fhir_profile *ret) {
    mr_span name = mr_span_of(e->name), rest;
    if (!mr_span_ends(name, ".json")) return false;
    name.len -= 5;
    if (!mr_span_split(name, '-', &ret->type, &rest)) return false;
    ret->id = rest;
    ret->json = mr_span_trim(mr_embedded_bytes(e));
    return true;
}

bool mr_fhir_profile_at(const char *type, size_t at, mr_fhir_profile *ret) {
    mr_fhir_profile p;
    for (const mr_embedded *e = mr_embedded_profiles; e->name; e++) {
        if (!named(e, &p) || (type && !mr_span_is(p.type, type))) continue;
        if (at-- == 0) {
            *ret = p;
            return true;
        }
    }
    return false;
}

void mr_fhir_profile_write(const mr_fhir_profile *p, mr_span base_uri, mr_buf *out) {
    static const char base[] = MR_FHIR_PROFILE_BASE;
    const size_t n = sizeof base - 1;
    const char *at = p->json.ptr, *end = at + p->json.len;
    while (at < end) {
        const char *next = memchr(at, base[0], (size_t)(end - at));
        size_t plain = next ? (size_t)(next - at) : (size_t)(end - at);
        mr_buf_add(out, at, plain);
        at += plain;
        if (at == end) return;
        bool ours = (size_t)(end - at) >= n && memcmp(at, base, n) == 0;
        mr_buf_add(out, ours ? base_uri.ptr : at, ours ? base_uri.len : 1);
        at += ours ? n : 1;
    }
}
