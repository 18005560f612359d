/* Random walks over both stores: they answer alike at every step, and what the walk counted by itself holds in both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault_vfs.h"
#include "medreview/store/open.h"
#include "walk.h"

#define WALKS 12
#define STEPS 1500

typedef struct pair {
    mr_store *memory, *sqlite;
    mr_buf seen[2];
    uint64_t tokens[WALK_SOURCES * WALK_PATIENTS];
    int64_t lease_until_ms[WALK_SOURCES * WALK_PATIENTS];
    char path[64];
} pair;

static size_t key_number(const mr_key *k) {
    size_t source = 0;
    while (strcmp(walk_sources[source], k->source) != 0) source++;
    return source * WALK_PATIENTS + (size_t)(k->patient[1] - '0');
}

static void pair_open(pair *p, unsigned seed) {
    *p = (pair){0};
    (void)snprintf(p->path, sizeof p->path, "/tmp/mr-agree-%ld-%u.db", (long)getpid(), seed);
    assert_int_equal(MR_OK, mr_store_memory_new(NULL, &p->memory, NULL));
    assert_int_equal(MR_OK, mr_store_sqlite_open(p->path, &p->sqlite, NULL));
    mr_buf_init(&p->seen[0], 1u << 20);
    mr_buf_init(&p->seen[1], 1u << 20);
}

static void pair_close(pair *p) {
    p->memory->ops->close(p->memory);
    p->sqlite->ops->close(p->sqlite);
    mr_buf_free(&p->seen[0]);
    mr_buf_free(&p->seen[1]);
    (void)unlink(p->path);
}

static void show(mr_store *s, int64_t now_ms, mr_buf *out) {
    mr_buf_clear(out);
    walk_show_depth(s, now_ms, out);
    walk_show_jobs(s, NULL, out);
    walk_show_notes(s, out);
    walk_show_reviews(s, out);
}

static void assert_alike(pair *p, int64_t now_ms, unsigned seed, int step) {
    show(p->memory, now_ms, &p->seen[0]);
    show(p->sqlite, now_ms, &p->seen[1]);
    if (strcmp(mr_buf_z(&p->seen[0]), mr_buf_z(&p->seen[1])) != 0)
        fail_msg("seed %u step %d: memory\n%s\nsqlite\n%s", seed, step, mr_buf_z(&p->seen[0]), mr_buf_z(&p->seen[1]));
}

/* A token is new for its row, and nobody holds a live lease of it. */
static void assert_claim_fair(pair *p, const walk *w, const mr_claim *c) {
    size_t k = key_number(&c->key);
    assert_true(c->token > p->tokens[k]);
    assert_true(p->lease_until_ms[k] <= w->now_ms);
    assert_int_equal(w->wanted[k / WALK_PATIENTS][k % WALK_PATIENTS], c->wanted);
    p->tokens[k] = c->token;
    p->lease_until_ms[k] = w->now_ms + 300;
}

static void assert_same_claim(const mr_claim *a, const mr_claim *b) {
    assert_string_equal(a->key.source, b->key.source);
    assert_string_equal(a->key.patient, b->key.patient);
    assert_int_equal(a->wanted, b->wanted);
    assert_int_equal(a->token, b->token);
    assert_int_equal(a->attempt, b->attempt);
    assert_int_equal(a->first_wanted_ms, b->first_wanted_ms);
}

static void step(pair *p, walk *w, unsigned seed, int at) {
    walk_op op, twin;
    walk_next(w, &op);
    twin = op;
    if (op.how.item) twin.how.item = &twin.item;
    mr_hint h;
    size_t n_hints = 0;
    assert_int_equal(MR_OK, p->memory->ops->hints(p->memory, op.now_ms, &h, 1, &n_hints, NULL));
    mr_rc a = walk_apply(p->memory, &op, NULL), b = walk_apply(p->sqlite, &twin, NULL);
    if (a != b) fail_msg("seed %u step %d: memory %s, sqlite %s", seed, at, mr_rc_label(a), mr_rc_label(b));
    assert_int_equal(op.n_got, twin.n_got);
    for (size_t i = 0; i < op.n_got; i++) assert_same_claim(&op.got[i], &twin.got[i]);
    if (a != MR_OK) return;
    for (size_t i = 0; i < op.n_got; i++) assert_claim_fair(p, w, &op.got[i]);
    if (op.kind == WALK_SETTLE) p->lease_until_ms[key_number(&op.claim.key)] = 0;
    if (op.kind == WALK_RELEASE) memset(p->lease_until_ms, 0, sizeof p->lease_until_ms);
    walk_done(w, &op, n_hints > 0);
}

/* A restart in good order; the turn between sources begins anew in both. */
static void restart(pair *p) {
    mr_store *again = NULL;
    assert_int_equal(MR_OK, p->memory->ops->release_all(p->memory, NULL));
    assert_int_equal(MR_OK, p->sqlite->ops->release_all(p->sqlite, NULL));
    memset(p->lease_until_ms, 0, sizeof p->lease_until_ms);
    assert_int_equal(MR_OK, mr_store_memory_share(p->memory, &again, NULL));
    p->memory->ops->close(p->memory);
    p->memory = again;
    p->sqlite->ops->close(p->sqlite);
    assert_int_equal(MR_OK, mr_store_sqlite_open(p->path, &p->sqlite, NULL));
}

/* Serves everything that is left: each row's last claim must carry every notice it was given. */
static void drain(pair *p, walk *w) {
    mr_store *s = p->sqlite;
    mr_settlement done = {.verdict = MR_VERDICT_DONE};
    uint64_t served[WALK_SOURCES * WALK_PATIENTS] = {0};
    w->now_ms += 1000000;
    for (size_t i = 0; i < WALK_SOURCES * WALK_PATIENTS; i++) {
        mr_intake in = {.key = walk_key(i / WALK_PATIENTS, i % WALK_PATIENTS)};
        assert_int_equal(MR_OK, s->ops->record(s, &in, 1, w->now_ms, NULL));
    }
    w->now_ms += 1000000;
    for (;;) {
        mr_claim c;
        size_t n = 0;
        assert_int_equal(MR_OK, s->ops->claim(s, w->now_ms, 300, &c, 1, &n, NULL));
        if (!n) break;
        served[key_number(&c.key)] = c.wanted;
        assert_int_equal(MR_OK, s->ops->settle(s, &c, &done, w->now_ms, NULL));
    }
    for (size_t i = 0; i < WALK_SOURCES * WALK_PATIENTS; i++)
        assert_int_equal(w->wanted[i / WALK_PATIENTS][i % WALK_PATIENTS] + 1, served[i]);
    mr_depth d;
    assert_int_equal(MR_OK, s->ops->depth(s, w->now_ms, &d, NULL));
    assert_true(d.due == 0 && d.leased == 0 && d.parked == 0 && d.idle == WALK_SOURCES * WALK_PATIENTS);
}

static void test_stores_agree(void **state) {
    (void)state;
    for (unsigned seed = 1; seed <= WALKS; seed++) {
        pair p;
        walk w = {0};
        pair_open(&p, seed);
        mr_rand_seed(&w.rand, seed);
        for (int i = 0; i < STEPS; i++) {
            step(&p, &w, seed, i);
            if (i % 10 == 0) assert_alike(&p, w.now_ms, seed, i);
            if (i % 250 == 249) restart(&p);
        }
        assert_alike(&p, w.now_ms, seed, STEPS);
        drain(&p, &w);
        pair_close(&p);
    }
}

int main(void) {
    fault_install(); /* for its quick syncs only */
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stores_agree)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fault_clear();
    return failed;
}
