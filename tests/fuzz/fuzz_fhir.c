/* Any bytes as a page: refused, or reviewed to its end in every form, with what we print readable as JSON and the same
 * whether the page was borrowed from or copied. */
#include "medreview/review/review.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { CAP = 32 << 20 };

static void expect(bool holds) {
    if (!holds) abort();
}

/* Loaded once: it takes a thousand times as long as one input. */
static const mr_review_knowledge *knowledge(void) {
    static mr_review_knowledge k;
    static mr_knowledge *packs; /* so that the leak checker can reach it */
    static mr_terminology *terms;
    if (!k.rules) {
        mr_error err;
        mr_buf complaints;
        mr_knowledge_options options = {.dir = NULL};
        mr_buf_init(&complaints, 1 << 20);
        expect(mr_knowledge_load(&options, &packs, &complaints, &err) == MR_OK);
        expect(mr_terminology_builtin(&terms, &err) == MR_OK);
        mr_buf_free(&complaints);
        k = (mr_review_knowledge){mr_knowledge_rules(packs), terms, NULL};
    }
    return &k;
}

static void readable(const mr_buf *out) {
    mr_span s = mr_buf_span(out);
    json_t *root = json_loadb(s.ptr, s.len, JSON_REJECT_DUPLICATES, NULL);
    expect(root);
    json_decref(root);
}

/* The json of a review that was absorbed as the service does it. */
static void copied(const mr_review_settings *settings, mr_span page, mr_span patient, mr_buf *out) {
    mr_error err = {0};
    mr_absorbed absorbed;
    const mr_review_result *result;
    mr_arena *a = mr_arena_new(CAP);
    mr_review *rv = mr_review_begin(a, knowledge(), settings, patient);
    if (rv && mr_review_absorb(rv, MR_PAGE_ANY, page, false, &absorbed, &err) == MR_OK &&
        mr_review_assess(rv, &result, &err) == MR_OK)
        (void)!mr_review_json(rv, out, &err); /* MR_LIMIT shows in the buffer */
    mr_arena_free(a);
}

static void one_patient(const mr_review_settings *settings, mr_review_input *in, mr_span page, mr_span patient) {
    mr_error err = {0};
    const mr_review_result *result;
    mr_buf json, other;
    mr_buf_init(&json, CAP);
    mr_buf_init(&other, CAP);
    mr_arena *a = mr_arena_new(CAP);
    mr_review *rv = mr_review_of(a, knowledge(), settings, in, patient);
    if (rv && mr_review_assess(rv, &result, &err) == MR_OK) {
        if (mr_review_json(rv, &json, &err) == MR_OK) {
            readable(&json);
            copied(settings, page, patient, &other);
            if (other.len && other.rc == MR_OK) expect(mr_span_eq(mr_buf_span(&json), mr_buf_span(&other)));
        }
        mr_buf_clear(&other);
        if (mr_review_fhir(rv, &other, &err) == MR_OK) readable(&other);
        mr_buf_clear(&other);
        expect(mr_review_text(rv, &other, &err) == MR_OK || err.rc == MR_LIMIT);
    }
    mr_arena_free(a);
    mr_buf_free(&json);
    mr_buf_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    mr_review_settings settings = {.site = {.id = MR_SPAN("fuzz"),
                                            .base_uri = MR_SPAN("https://medreview.example.org"),
                                            .task_intent = MR_SPAN("proposal"),
                                            .software = MR_SPAN("0"),
                                            .knowledge = MR_SPAN("0")},
                                   .run = {.as_of = mr_day_of((mr_date){2026, 11, 21}),
                                           .explain = n % 2 == 1,
                                           .site_key = MR_SPAN(MR_OFFLINE_KEY),
                                           .source = MR_SPAN("offline")},
                                   .offline = true};
    mr_error err = {0};
    mr_review_input in;
    mr_review_reader *reader = mr_review_reader_new();
    mr_arena *a = mr_arena_new(CAP);
    mr_span page = {(const char *)bytes, n};
    mr_rc rc = mr_review_read(reader, page, false, &settings, a, &in, &err);
    expect(rc == MR_OK || (err.rc == rc && err.text[0]));
    for (size_t i = 0; rc == MR_OK && i < in.n_patients && i < 3; i++)
        one_patient(&settings, &in, page, in.patients[i]);
    mr_arena_free(a);
    mr_review_reader_free(reader);
    return 0;
}
