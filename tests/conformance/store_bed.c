/* The hands of the suite: what a test says in one line, and what a store says as one line of text to compare. */
#include "store_suite.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Directories of tests are flat. */
static void bed_remove(const char *dir) {
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[sizeof e->d_name + 64];
        (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        (void)unlink(path); /* not . and .. */
    }
    if (d) closedir(d);
    (void)rmdir(dir);
}

static int bed_begin(void **state) {
    store_bed *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->maker = *state;
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/mr-store-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    mr_buf_init(&b->text, 1u << 22);
    b->store = b->maker->open(b->dir);
    assert_non_null(b->store);
    *state = b;
    return 0;
}

static int bed_end(void **state) {
    store_bed *b = *state;
    b->store->ops->close(b->store);
    mr_buf_free(&b->text);
    bed_remove(b->dir);
    free(b);
    return 0;
}

static void bed_reopen(store_bed *b) {
    b->store->ops->close(b->store);
    b->store = b->maker->open(b->dir);
    assert_non_null(b->store);
}

#define assert_rc(want, call) assert_string_equal(mr_rc_label(want), mr_rc_label(call))

static mr_key key_of(const char *source, const char *patient) {
    mr_key k = {0};
    (void)snprintf(k.source, sizeof k.source, "%s", source);
    (void)snprintf(k.patient, sizeof k.patient, "%s", patient);
    return k;
}

static mr_intake wish_of(const char *source, const char *patient, int64_t quiet_ms, int64_t max_ms) {
    return (mr_intake){.key = key_of(source, patient), .quiet_ms = quiet_ms, .max_ms = max_ms};
}

static mr_intake hint_of(const char *source, const char *type, const char *id) {
    mr_intake in = wish_of(source, "", 2000, 30000);
    (void)snprintf(in.type, sizeof in.type, "%s", type);
    (void)snprintf(in.id, sizeof in.id, "%s", id);
    return in;
}

static void record(store_bed *b, mr_intake in, int64_t now_ms) {
    mr_error err = {0};
    mr_rc rc = b->store->ops->record(b->store, &in, 1, now_ms, &err);
    if (rc != MR_OK) fail_msg("record: %s", err.text);
}

/* A notice with the service's usual debounce: 2 s of quiet, 30 s at most. */
static void notice(store_bed *b, const char *source, const char *patient, int64_t now_ms) {
    record(b, wish_of(source, patient, 2000, 30000), now_ms);
}

static void notice_now(store_bed *b, const char *source, const char *patient, int64_t now_ms) {
    record(b, wish_of(source, patient, 0, 0), now_ms);
}

#define LEASE 100000 /* ms */

/* Exactly one claim. */
static mr_claim claim(store_bed *b, int64_t now_ms) {
    mr_claim c[2] = {0};
    size_t n = 99;
    assert_rc(MR_OK, b->store->ops->claim(b->store, now_ms, LEASE, c, 1, &n, NULL));
    assert_int_equal(1, n);
    return c[0];
}

/* Up to `most` claims, as "source/patient #attempt wN since FIRST, ..."; "" when nothing is ready. */
static const char *claims(store_bed *b, int64_t now_ms, size_t most) {
    mr_claim c[32] = {0};
    size_t n = 99;
    assert_true(most <= 32);
    assert_rc(MR_OK, b->store->ops->claim(b->store, now_ms, LEASE, c, most, &n, NULL));
    assert_true(n <= most);
    mr_buf_clear(&b->text);
    for (size_t i = 0; i < n; i++)
        mr_buf_printf(&b->text, "%s%s/%s #%u w%" PRIu64 " since %" PRId64, i ? ", " : "", c[i].key.source,
                      c[i].key.patient, c[i].attempt, c[i].wanted, c[i].first_wanted_ms);
    return mr_buf_z(&b->text);
}

static mr_settlement how(mr_verdict verdict, mr_rc why, const char *reason, int64_t retry_at_ms) {
    mr_settlement s = {.verdict = verdict, .why = why, .retry_at_ms = retry_at_ms};
    (void)snprintf(s.reason, sizeof s.reason, "%s", reason);
    return s;
}

static mr_rc settle(store_bed *b, const mr_claim *c, mr_settlement s, int64_t now_ms) {
    return b->store->ops->settle(b->store, c, &s, now_ms, NULL);
}

static void settle_done(store_bed *b, const mr_claim *c, int64_t now_ms) {
    assert_rc(MR_OK, settle(b, c, how(MR_VERDICT_DONE, MR_OK, "", 0), now_ms));
}

static void settle_retry(store_bed *b, const mr_claim *c, int64_t retry_at_ms, int64_t now_ms) {
    assert_rc(MR_OK, settle(b, c, how(MR_VERDICT_RETRY, MR_TIMEOUT, "slow", retry_at_ms), now_ms));
}

static void settle_park(store_bed *b, const mr_claim *c, int64_t retry_at_ms, int64_t now_ms) {
    assert_rc(MR_OK, settle(b, c, how(MR_VERDICT_PARK, MR_MALFORMED, "no status", retry_at_ms), now_ms));
}

/* "source/patient STATE #attempt at DUE since FIRST why:reason", one a line. */
static const char *jobs_after(store_bed *b, bool parked_only, const mr_key *after, size_t most) {
    mr_job_row r[16] = {0};
    size_t n = 99;
    assert_true(most <= 16);
    assert_rc(MR_OK, b->store->ops->jobs(b->store, parked_only, after, r, most, &n, NULL));
    assert_true(n <= most);
    mr_buf_clear(&b->text);
    for (size_t i = 0; i < n; i++)
        mr_buf_printf(&b->text, "%s/%s %s #%u at %" PRId64 " since %" PRId64 " %s:%s\n", r[i].key.source,
                      r[i].key.patient, r[i].state, r[i].attempt, r[i].due_ms, r[i].first_wanted_ms, r[i].why,
                      r[i].reason);
    return mr_buf_z(&b->text);
}

static const char *jobs(store_bed *b) {
    return jobs_after(b, false, NULL, 16);
}

/* "due D leased L parked P idle I hints H oldest O next N"; N is "-" for never. */
static const char *depth(store_bed *b, int64_t now_ms) {
    mr_depth d;
    assert_rc(MR_OK, b->store->ops->depth(b->store, now_ms, &d, NULL));
    mr_buf_clear(&b->text);
    mr_buf_printf(&b->text, "due %" PRIu64 " leased %" PRIu64 " parked %" PRIu64 " idle %" PRIu64 " hints %" PRIu64,
                  d.due, d.leased, d.parked, d.idle, d.hints);
    mr_buf_printf(&b->text, " oldest %" PRId64 " next ", d.oldest_due_ms);
    if (d.next_due_ms == INT64_MAX)
        mr_buf_adds(&b->text, "-");
    else
        mr_buf_printf(&b->text, "%" PRId64, d.next_due_ms);
    return mr_buf_z(&b->text);
}

/* "source Type/id #attempt", poll as "source poll", joined by ", ". */
static const char *hints(store_bed *b, int64_t now_ms, size_t most) {
    mr_hint h[16] = {0};
    size_t n = 99;
    assert_true(most <= 16);
    assert_rc(MR_OK, b->store->ops->hints(b->store, now_ms, h, most, &n, NULL));
    assert_true(n <= most);
    mr_buf_clear(&b->text);
    for (size_t i = 0; i < n; i++) {
        mr_buf_printf(&b->text, "%s%s ", i ? ", " : "", h[i].source);
        if (h[i].type[0])
            mr_buf_printf(&b->text, "%s/%s #%u", h[i].type, h[i].id, h[i].attempt);
        else
            mr_buf_printf(&b->text, "poll #%u", h[i].attempt);
    }
    return mr_buf_z(&b->text);
}

static mr_hint hint_first(store_bed *b, int64_t now_ms) {
    mr_hint h = {0};
    size_t n = 0;
    assert_rc(MR_OK, b->store->ops->hints(b->store, now_ms, &h, 1, &n, NULL));
    assert_int_equal(1, n);
    return h;
}

/* A patient who was reviewed with that stamp, having asked that. */
static void reviewed(store_bed *b, const char *patient, const char *stamp, const char *asked, int64_t now_ms) {
    mr_settlement s = how(MR_VERDICT_DONE, MR_OK, "", 0);
    notice_now(b, "gp", patient, now_ms);
    mr_claim c = claim(b, now_ms);
    assert_string_equal(patient, c.key.patient);
    s.stamp = mr_span_of(stamp);
    s.asked = mr_span_of(asked);
    assert_rc(MR_OK, settle(b, &c, s, now_ms));
}

static size_t stale_read(store_bed *b, const char *stamp, mr_stale *ret, size_t most) {
    size_t n = 99;
    assert_rc(MR_OK, b->store->ops->stale(b->store, mr_span_of(stamp), ret, most, &n, NULL));
    assert_true(n <= most);
    return n;
}

static int stale_order(const void *a, const void *b) {
    const mr_stale *x = a, *y = b;
    int order = strcmp(x->key.source, y->key.source);
    return order ? order : strcmp(x->key.patient, y->key.patient);
}

/* "source/patient STAMP asked, ..." by key. */
static const char *stale(store_bed *b, const char *stamp, size_t most) {
    mr_stale v[16];
    assert_true(most <= 16);
    size_t n = stale_read(b, stamp, v, most);
    qsort(v, n, sizeof *v, stale_order);
    mr_buf_clear(&b->text);
    for (size_t i = 0; i < n; i++) {
        mr_buf_printf(&b->text, "%s%s/%s %s %.*s", i ? ", " : "", v[i].key.source, v[i].key.patient, v[i].stamp,
                      (int)v[i].asked_len, v[i].asked);
        free(v[i].asked);
    }
    return mr_buf_z(&b->text);
}

/* Says of everything that is stale whether it changed: those whose `asked` has a '!' did. */
static void compare_all(store_bed *b, const char *stamp) {
    mr_stale v[16];
    mr_compared how_it_is[16];
    size_t n = stale_read(b, stamp, v, 16);
    for (size_t i = 0; i < n; i++) {
        bool changed = memchr(v[i].asked, '!', v[i].asked_len) != NULL;
        how_it_is[i] = (mr_compared){.key = v[i].key, .number = v[i].number, .changed = changed};
        free(v[i].asked);
    }
    assert_rc(MR_OK, b->store->ops->compared(b->store, mr_span_of(stamp), how_it_is, n, NULL));
}

static size_t rereview(store_bed *b, size_t most, int64_t now_ms) {
    size_t n = 99;
    assert_rc(MR_OK, b->store->ops->rereview(b->store, most, now_ms, &n, NULL));
    return n;
}

/* "unchecked U waiting W" */
static const char *rereviews(store_bed *b, const char *stamp) {
    mr_rereviews left;
    assert_rc(MR_OK, b->store->ops->rereviews(b->store, mr_span_of(stamp), &left, NULL));
    mr_buf_clear(&b->text);
    mr_buf_printf(&b->text, "unchecked %" PRIu64 " waiting %" PRIu64, left.unchecked, left.changed);
    return mr_buf_z(&b->text);
}
