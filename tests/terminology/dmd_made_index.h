/* A made-up release, code sets, and their index as bytes: for the tests of the index. */
#ifndef TESTS_TERMINOLOGY_DMD_MADE_INDEX_H
#define TESTS_TERMINOLOGY_DMD_MADE_INDEX_H

#include "dmd_made.h"

#include "medreview/terminology/dmd_index.h"

typedef struct made {
    mr_arena *a;
    mr_dmd_release r;
    mr_buf bytes;
} made;

static mr_set_code asthma[] = {
    {MR_SPAN("http://read.info/ctv3"), MR_SPAN("H33.."), MR_ROLE_OTHER},
    {MR_SPAN("http://snomed.info/sct"), MR_SPAN("195967001"), MR_ROLE_PRESENT},
    {MR_SPAN("http://snomed.info/sct"), MR_SPAN("195967001"), MR_ROLE_EVENT},
};
static mr_set_code only[] = {{MR_SPAN("http://snomed.info/sct"), MR_SPAN("195967001"), MR_ROLE_RESOLVED}};
static mr_code_set sets[] = {
    {MR_SPAN("asthma"), true, MR_SPAN("asthma.only.csv"), only, 1},
    {MR_SPAN("asthma"), false, MR_SPAN("asthma.csv"), asthma, 3},
    {MR_SPAN("ckd"), false, MR_SPAN("ckd.csv"), NULL, 0},
};
static const mr_code_sets made_sets = {sets, 3};

static inline void made_begin(made *m, size_t extra, const mr_code_sets *codes) {
    mr_error err = {0};
    m->a = mr_arena_new(64 << 20);
    m->r = dmd_made(m->a, 7, extra);
    mr_buf_init(&m->bytes, 64 << 20);
    if (mr_dmd_index_encode(&m->r, codes, &m->bytes, &err) != MR_OK) fail_msg("%s", err.text);
}

static inline void made_end(made *m) {
    mr_buf_free(&m->bytes);
    mr_arena_free(m->a);
}

static inline void made_found(const mr_dmd_index *ix, uint64_t id, mr_dmd_kind kind, size_t row) {
    mr_dmd_found f;
    assert_true(mr_dmd_index_find(ix, id, &f));
    assert_int_equal(f.kind, kind);
    assert_int_equal(f.row, row);
}

#endif
