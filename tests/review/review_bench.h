/* What the tests of this room share: knowledge loaded once, and a review from text to result in one call. */
#ifndef REVIEW_BENCH_H
#define REVIEW_BENCH_H

#include "medreview/review/review.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bench {
    mr_knowledge *knowledge;
    mr_terminology *terminology;
    mr_review_knowledge k;
    mr_review_settings settings;
} bench;

static inline int bench_open(void **state) {
    static bench b;
    mr_error err = {0};
    mr_buf complaints;
    mr_buf_init(&complaints, 1 << 20);
    mr_knowledge_options options = {.dir = NULL};
    if (mr_knowledge_load(&options, &b.knowledge, &complaints, &err)) fail_msg("%s", err.text);
    if (mr_terminology_builtin(&b.terminology, &err)) fail_msg("%s", err.text);
    mr_buf_free(&complaints);
    b.k = (mr_review_knowledge){mr_knowledge_rules(b.knowledge), b.terminology, NULL};
    mr_day as_of = mr_day_of((mr_date){2026, 11, 21});
    b.settings =
        (mr_review_settings){.site = {.id = MR_SPAN("test"),
                                      .base_uri = MR_SPAN("https://medreview.example.org"),
                                      .task_intent = MR_SPAN("proposal"),
                                      .software = MR_SPAN("test"),
                                      .knowledge = b.k.rules->version},
                             .run = {.as_of = as_of, .site_key = MR_SPAN(MR_OFFLINE_KEY), .source = MR_SPAN("offline")},
                             .offline = true};
    *state = &b;
    return 0;
}

static inline int bench_close(void **state) {
    bench *b = *state;
    mr_knowledge_free(b->knowledge);
    mr_terminology_free(b->terminology);
    return 0;
}

typedef enum bench_form { BENCH_JSON, BENCH_FHIR, BENCH_TEXT } bench_form;

/* All patients of one text, one after the other, in that form; cap bounds each arena. Adds to `out`. */
static inline mr_rc bench_review(const bench *b, mr_span text, bench_form form, size_t cap, mr_buf *out,
                                 mr_error *err) {
    mr_review_reader *reader = mr_review_reader_new();
    mr_arena *pages = mr_arena_new_checked(cap);
    mr_review_input in;
    assert_non_null(reader);
    assert_non_null(pages);
    mr_rc rc = mr_review_read(reader, text, false, &b->settings, pages, &in, err);
    for (size_t i = 0; !rc && i < in.n_patients; i++) {
        const mr_review_result *result;
        mr_arena *a = mr_arena_new_checked(cap);
        assert_non_null(a);
        mr_review *rv = mr_review_of(a, &b->k, &b->settings, &in, in.patients[i]);
        rc = rv ? mr_review_assess(rv, &result, err) : mr_arena_why(a, err);
        if (!rc && form == BENCH_JSON) rc = mr_review_json(rv, out, err);
        if (!rc && form == BENCH_FHIR) rc = mr_review_fhir(rv, out, err);
        if (!rc && form == BENCH_TEXT) rc = mr_review_text(rv, out, err);
        mr_buf_addc(out, '\n');
        mr_arena_free(a);
    }
    mr_arena_free(pages);
    mr_review_reader_free(reader);
    return rc;
}

/* A file's bytes, zero-terminated; NULL when it is not there. free() it. */
static inline char *bench_file(const char *path, size_t *ret_len) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    size_t room = 8 << 20;
    char *text = malloc(room + 1);
    assert_non_null(text);
    *ret_len = fread(text, 1, room, f);
    text[*ret_len] = 0;
    fclose(f);
    return text;
}

#endif
