/* A fixed walk with what must be seen after each of its steps, for tests that cut a run short. */
#ifndef MEDREVIEW_TESTS_SCRIPT_H
#define MEDREVIEW_TESTS_SCRIPT_H

#include "medreview/store/open.h"
#include "walk.h"

#define SCRIPT_STEPS 60
#define SCRIPT_RESTART 30 /* this step releases, closes and opens again */

#define SCRIPT_LATER 1000 /* ms: some leases have lapsed by then, some have not */

typedef struct script {
    walk_op ops[SCRIPT_STEPS];
    walk_keys leased[SCRIPT_STEPS + 1]; /* after so many steps */
    char *seen[SCRIPT_STEPS + 1];       /* likewise; of leased rows only what a crash leaves alone */
    char *depth[SCRIPT_STEPS + 1];      /* likewise, at SCRIPT_LATER */
} script;

/* What is seen of a store, malloc. */
static inline char *script_show(mr_store *s, const walk_keys *given_back) {
    mr_buf out;
    mr_buf_init(&out, 1u << 20);
    walk_show_jobs(s, given_back, &out);
    walk_show_notes(s, &out);
    walk_show_reviews(s, &out);
    char *text = mr_buf_take(&out, &(size_t){0});
    if (!text) abort();
    return text;
}

static inline char *script_depth(mr_store *s) {
    mr_buf out;
    mr_buf_init(&out, 4096);
    walk_show_depth(s, SCRIPT_LATER, &out);
    char *text = mr_buf_take(&out, &(size_t){0});
    if (!text) abort();
    return text;
}

static inline void script_note(script *t, size_t at, mr_store *s) {
    walk_leased(s, &t->leased[at]);
    t->depth[at] = script_depth(s);
    t->seen[at] = script_show(s, &t->leased[at]);
}

/* The memory store says what must be seen; test_agree has shown that it may. */
static inline void script_make(script *t, uint64_t seed) {
    walk w = {0};
    mr_store *s = NULL, *again = NULL;
    mr_rand_seed(&w.rand, seed);
    if (mr_store_memory_new(NULL, &s, NULL) != MR_OK) abort();
    script_note(t, 0, s);
    for (size_t i = 0; i < SCRIPT_STEPS; i++) {
        walk_next(&w, &t->ops[i]);
        if (i == SCRIPT_RESTART) {
            t->ops[i].kind = WALK_RELEASE;
            if (mr_store_memory_share(s, &again, NULL) != MR_OK) abort();
        }
        if (walk_apply(s, &t->ops[i], NULL) == MR_OK) walk_done(&w, &t->ops[i], false);
        if (i == SCRIPT_RESTART) {
            s->ops->close(s);
            s = again;
        }
        script_note(t, i + 1, s);
    }
    s->ops->close(s);
}

static inline void script_free(script *t) {
    for (size_t i = 0; i <= SCRIPT_STEPS; i++) {
        free(t->seen[i]);
        free(t->depth[i]);
    }
}

/* One step; *s is another store after the restart, or NULL when it could not be opened again. */
static inline mr_rc script_step(script *t, size_t i, mr_store **s, const char *path, mr_error *err) {
    walk_op op = t->ops[i];
    if (op.how.item) op.how.item = &op.item;
    if (op.how.review.ptr) op.how.review = mr_span_of(op.json);
    mr_rc rc = walk_apply(*s, &op, err);
    if (i != SCRIPT_RESTART || rc != MR_OK) return rc;
    (*s)->ops->close(*s);
    *s = NULL;
    return mr_store_sqlite_open(path, s, err);
}

/* The number of steps after which a store looks like this one, from `from` on; -1: it looks like none. */
static inline int script_place(const script *t, mr_store *s, int from) {
    for (int i = from; i <= SCRIPT_STEPS; i++) {
        char *seen = script_show(s, &t->leased[i]);
        bool same = strcmp(seen, t->seen[i]) == 0;
        free(seen);
        if (same) return i;
    }
    return -1;
}

#endif
