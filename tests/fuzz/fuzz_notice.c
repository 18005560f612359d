/* Any bytes as a notification: the first line is "METHOD TAIL TYPE DELETED", the rest the body. Whatever comes out has
 * names that may stand in a key or a URL, and is never nothing. */
#include "medreview/codec/fhir_notice.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds) {
    if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    mr_span all = {(const char *)bytes, n}, line, body = MR_SPAN_NONE, part[4] = {{0}};
    (void)mr_span_split(all, '\n', &line, &body);
    for (size_t i = 0; i < 4 && line.ptr; i++) (void)mr_span_split(line, ' ', &part[i], &line);
    char *padded = calloc(1, body.len + 64);
    if (!padded) return 0;
    if (body.len) memcpy(padded, body.ptr, body.len);
    mr_notice_request req = {.method = part[0],
                             .tail = part[1],
                             .content_type = part[2],
                             .body = {padded, body.len},
                             .deleted_resource = part[3]};
    mr_arena *a = mr_arena_new(8 << 20);
    mr_notices notices = {0};
    mr_error err = {0};
    mr_rc rc = mr_fhir_notice_read(&req, a, &notices, &err);
    if (rc == MR_OK) {
        expect(notices.handshake || notices.n > 0);
        for (size_t i = 0; i < notices.n; i++) {
            const mr_notice *v = &notices.v[i];
            expect(!v->type[0] || mr_fhir_type_valid(mr_span_of(v->type)));
            expect(!v->id[0] || mr_fhir_id_valid(mr_span_of(v->id)));
            expect(!v->patient[0] || mr_fhir_id_valid(mr_span_of(v->patient)));
            expect(v->type[0] || !v->id[0]);
        }
    } else {
        expect(rc == MR_MALFORMED || rc == MR_REFUSED || rc == MR_LIMIT);
        expect(err.rc == rc && err.text[0]);
    }
    mr_arena_free(a);
    free(padded);
    return 0;
}
