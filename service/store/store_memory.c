/* The store in memory: the contract of flow/store.h without a disk, for tests, simulation and quick looks.
 *
 * Every operation first gets the memory it needs and only then moves rows, so a failure leaves nothing behind. Several
 * handles may share one content, as replicas share a database; leases belong to the handle that claimed. */
#include "medreview/store/open.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct memory_content {
    mr_memory_queue queue;
    mr_memory_notes notes;
    mr_clock *clock;
    unsigned n_sharers;
    uint64_t last_owner;
} memory_content;

typedef struct memory_store {
    mr_store base;
    memory_content *content;
    uint64_t owner;
    char turn[MR_MAX_SOURCE_BYTES + 1]; /* the source served last */
} memory_store;

static memory_store *self_of(mr_store *s) {
    return (memory_store *)s;
}

static int64_t now_of(const memory_content *c, int64_t now_ms) {
    return c->clock ? c->clock->now_ms(c->clock) : now_ms;
}

/* ---- record, hint_done ---- */

/* What one wish moves; made by the first pass, moved by the second. */
typedef struct target {
    mr_memory_row *row;
    mr_memory_hint *hint;
    bool is_new;
} target;

static bool target_make(memory_content *c, const mr_wish *w, int64_t now_ms, target *ret) {
    const mr_intake *in = w->what;
    if (w->kind == MR_WISH_PATIENT) {
        ret->row = mr_memory_row_make(&c->queue, &in->key, &ret->is_new);
        return ret->row;
    }
    ret->hint = mr_memory_hint_get(&c->notes, in->key.source, in->type, in->id);
    if (!ret->hint) {
        ret->hint = mr_memory_hint_make(&c->notes, in, now_ms);
        ret->is_new = true;
    }
    return ret->hint;
}

static void targets_forget(memory_content *c, target *t, size_t n) {
    while (n--) {
        if (t[n].row && t[n].is_new) mr_memory_row_forget(&c->queue, t[n].row);
        if (t[n].hint && t[n].is_new) mr_memory_hint_forget(&c->notes, t[n].hint);
    }
}

static bool targets_make(memory_content *c, const mr_wish *w, size_t n, int64_t now_ms, target *t) {
    if (!mr_memory_hints_reserve(&c->notes, n)) return false;
    for (size_t i = 0; i < n; i++) {
        if (!target_make(c, &w[i], now_ms, &t[i])) {
            targets_forget(c, t, i);
            return false;
        }
    }
    return true;
}

static mr_rc wishes_record(memory_content *c, const mr_wish *w, size_t n, int64_t now_ms, mr_error *err) {
    if (!n) return MR_OK;
    target *t = calloc(n, sizeof *t);
    if (!t || !targets_make(c, w, n, now_ms, t)) {
        free(t);
        return mr_fail(err, MR_NOMEM, "store: recording %zu notices", n);
    }
    for (size_t i = 0; i < n; i++) {
        if (t[i].row) {
            mr_row_notice(&t[i].row->row, w[i].quiet_ms, w[i].max_ms, now_ms);
            mr_memory_row_place(&c->queue, t[i].row);
        } else {
            mr_memory_hint_renew(&c->notes, t[i].hint);
        }
    }
    free(t);
    return MR_OK;
}

static mr_rc memory_record(mr_store *s, const mr_intake *v, size_t n, int64_t now_ms, mr_error *err) {
    memory_content *c = self_of(s)->content;
    mr_wish *w = NULL;
    mr_rc rc = mr_wishes_of(v, n, &w, &n, err);
    if (rc == MR_OK) rc = wishes_record(c, w, n, now_of(c, now_ms), err);
    free(w);
    return rc;
}

static mr_rc memory_hint_done(mr_store *s, const mr_hint *h, const mr_intake *v, size_t n, int64_t now_ms,
                              mr_error *err) {
    memory_content *c = self_of(s)->content;
    mr_wish *w = NULL;
    mr_rc rc = mr_wishes_of(v, n, &w, &n, err);
    if (rc == MR_OK) {
        mr_memory_hint *kept = mr_memory_hint_get(&c->notes, h->source, h->type, h->id);
        bool ours = kept && kept->hint.number == h->number; /* asked before v may renew it */
        rc = wishes_record(c, w, n, now_of(c, now_ms), err);
        if (rc == MR_OK && ours && kept->hint.number == h->number) mr_memory_hint_forget(&c->notes, kept);
    }
    free(w);
    return rc;
}

/* ---- claim, settle, release ---- */

/* The first source after the one served last. */
static size_t turn_begin(const memory_store *m) {
    const mr_memory_queue *q = &m->content->queue;
    size_t at = 0;
    while (at < q->n_sources && strcmp(q->sources[at]->name, m->turn) <= 0) at++;
    return at;
}

static mr_rc memory_claim(mr_store *s, int64_t now_ms, int64_t lease_ms, mr_claim *ret, size_t most, size_t *ret_n,
                          mr_error *err) {
    memory_store *m = self_of(s);
    mr_memory_queue *q = &m->content->queue;
    (void)err;
    now_ms = now_of(m->content, now_ms);
    size_t n = 0, idle = 0; /* idle: sources in a row without a ready patient */
    for (size_t at = turn_begin(m); n < most && idle < q->n_sources; at++) {
        mr_memory_source *source = q->sources[at % q->n_sources];
        mr_memory_row *r = mr_memory_row_ready(source, now_ms);
        if (!r) {
            idle++;
            continue;
        }
        idle = 0;
        mr_row_claim(&r->row, now_ms, lease_ms, m->owner, &ret[n++]);
        mr_memory_row_place(q, r);
        memcpy(m->turn, source->name, sizeof m->turn);
    }
    *ret_n = n;
    return MR_OK;
}

static void review_keep(mr_memory_row *r, const mr_settlement *how, char *json) {
    if (how->verdict != MR_VERDICT_DONE) return;
    if (how->item) r->item = *how->item;
    r->item.key = r->row.key;
    if (json) {
        free(r->json);
        r->json = json;
        r->json_len = how->review.len;
    }
    r->reviewed = r->reviewed || how->item || json;
}

static char *copy_of(mr_span s) {
    char *copy = malloc(s.len + 1);
    if (copy && s.len) memcpy(copy, s.ptr, s.len);
    if (copy) copy[s.len] = 0;
    return copy;
}

static mr_rc memory_settle(mr_store *s, const mr_claim *claim, const mr_settlement *how, int64_t now_ms,
                           mr_error *err) {
    mr_memory_queue *q = &self_of(s)->content->queue;
    (void)now_ms;
    bool done = how->verdict == MR_VERDICT_DONE, stamped = done && how->stamp.ptr;
    mr_rc rc = mr_stamp_check(how->stamp, err);
    if (rc != MR_OK) return rc;
    char *json = done && how->review.ptr ? copy_of(how->review) : NULL;
    char *asked = stamped ? copy_of(how->asked) : NULL;
    mr_memory_row *r = mr_memory_row_get(q, &claim->key);
    if ((done && how->review.ptr && !json) || (stamped && !asked))
        rc = mr_fail(err, MR_NOMEM, "store: a review of %zu bytes", how->review.len);
    else if (!r || !mr_row_settle(&r->row, claim->token, how))
        rc = mr_fail(err, MR_LOST, "store: the lease is no longer ours");
    if (rc != MR_OK) {
        free(json);
        free(asked);
        return rc;
    }
    mr_memory_row_place(q, r);
    review_keep(r, how, json);
    if (stamped) mr_memory_basis_keep(q, r, how->stamp, asked, how->asked.len);
    return MR_OK;
}

static mr_rc memory_stale(mr_store *s, mr_span stamp, mr_stale *ret, size_t most, size_t *ret_n, mr_error *err) {
    return mr_memory_stale(&self_of(s)->content->queue, stamp, ret, most, ret_n, err);
}

static mr_rc memory_compared(mr_store *s, mr_span stamp, const mr_compared *v, size_t n, mr_error *err) {
    mr_rc rc = mr_stamp_check(stamp, err);
    if (rc == MR_OK) mr_memory_compared(&self_of(s)->content->queue, stamp, v, n);
    return rc;
}

static mr_rc memory_rereview(mr_store *s, size_t most, int64_t now_ms, size_t *ret_n, mr_error *err) {
    memory_content *c = self_of(s)->content;
    (void)err;
    *ret_n = mr_memory_rereview(&c->queue, most, now_of(c, now_ms));
    return MR_OK;
}

static mr_rc memory_rereviews(mr_store *s, mr_span stamp, mr_rereviews *ret, mr_error *err) {
    (void)err;
    mr_memory_rereviews(&self_of(s)->content->queue, stamp, ret);
    return MR_OK;
}

static mr_rc memory_probe(mr_store *s, int64_t now_ms, mr_error *err) {
    (void)s, (void)now_ms, (void)err;
    return MR_OK;
}

static mr_rc memory_release_all(mr_store *s, mr_error *err) {
    memory_store *m = self_of(s);
    mr_memory_queue *q = &m->content->queue;
    (void)err;
    for (size_t i = 0; i < q->n; i++) {
        mr_memory_row *r = q->rows[i];
        if (r->row.state != MR_ROW_LEASED || r->row.owner != m->owner) continue;
        mr_row_release(&r->row, false);
        mr_memory_row_place(q, r);
    }
    return MR_OK;
}

static mr_rc memory_unpark(mr_store *s, const mr_key *key, int64_t now_ms, mr_error *err) {
    memory_content *c = self_of(s)->content;
    mr_memory_row *r = mr_memory_row_get(&c->queue, key);
    if (!r || r->row.state != MR_ROW_PARKED) return mr_fail(err, MR_NOT_FOUND, "store: no such parked patient");
    mr_row_unpark(&r->row, now_of(c, now_ms));
    mr_memory_row_place(&c->queue, r);
    return MR_OK;
}

/* ---- what is kept beside the queue ---- */

static mr_rc memory_hints(mr_store *s, int64_t now_ms, mr_hint *ret, size_t most, size_t *ret_n, mr_error *err) {
    const memory_content *c = self_of(s)->content;
    (void)err;
    now_ms = now_of(c, now_ms);
    size_t n = 0;
    for (; n < most && n < c->notes.n_hints && c->notes.hints[n]->retry_at_ms <= now_ms; n++)
        ret[n] = c->notes.hints[n]->hint;
    *ret_n = n;
    return MR_OK;
}

static mr_rc memory_hint_later(mr_store *s, const mr_hint *h, int64_t retry_at_ms, mr_error *err) {
    mr_memory_notes *notes = &self_of(s)->content->notes;
    (void)err;
    mr_memory_hint *kept = mr_memory_hint_get(notes, h->source, h->type, h->id);
    if (kept) mr_memory_hint_delay(notes, kept, retry_at_ms);
    return MR_OK;
}

static mr_rc memory_learn(mr_store *s, const char *source, const char *patient, const char *const *references, size_t n,
                          mr_error *err) {
    return mr_memory_learn(&self_of(s)->content->notes, source, patient, references, n, err);
}

static mr_rc memory_patient_of(mr_store *s, const char *source, const char *reference,
                               char ret_patient[MR_MAX_ID_BYTES + 1], mr_error *err) {
    (void)err;
    const char *patient = mr_memory_patient_of(&self_of(s)->content->notes, source, reference);
    memcpy(ret_patient, patient, strlen(patient) + 1); /* learn() saw to its length */
    return MR_OK;
}

static mr_rc memory_wrote(mr_store *s, const mr_written *v, size_t n, int64_t now_ms, mr_error *err) {
    memory_content *c = self_of(s)->content;
    return mr_memory_wrote(&c->notes, v, n, now_of(c, now_ms), err);
}

static mr_rc memory_is_ours(mr_store *s, const mr_written *v, bool *ret, mr_error *err) {
    (void)err;
    *ret = mr_memory_is_ours(&self_of(s)->content->notes, v);
    return MR_OK;
}

static mr_rc memory_watermark(mr_store *s, const char *source, const char *type, char ret[40], mr_error *err) {
    (void)err;
    const char *instant = mr_memory_watermark(&self_of(s)->content->notes, source, type);
    memcpy(ret, instant, strlen(instant) + 1); /* set_watermark() saw to its length */
    return MR_OK;
}

static mr_rc memory_set_watermark(mr_store *s, const char *source, const char *type, const char *instant,
                                  mr_error *err) {
    return mr_memory_set_watermark(&self_of(s)->content->notes, source, type, instant, err);
}

/* ---- for operators and pages ---- */

static void depth_source(const mr_memory_source *source, int64_t now_ms, mr_depth *d) {
    for (size_t i = 0; i < source->n; i++) {
        const mr_row *r = &source->heap[i]->row;
        bool lapsed = r->state == MR_ROW_LEASED && r->lease_until_ms <= now_ms;
        if (lapsed) d->due++, d->leased--;
        if (!lapsed && r->state != MR_ROW_DUE) continue;
        if (r->now.first_ms < d->oldest_due_ms) d->oldest_due_ms = r->now.first_ms;
    }
    int64_t ready_ms = source->n ? mr_row_ready_ms(&source->heap[0]->row) : INT64_MAX;
    if (ready_ms < d->next_due_ms) d->next_due_ms = ready_ms;
}

static mr_rc memory_depth(mr_store *s, int64_t now_ms, mr_depth *ret, mr_error *err) {
    const memory_content *c = self_of(s)->content;
    const uint64_t *n = c->queue.n_by_state;
    (void)err;
    mr_depth d = {.due = n[MR_ROW_DUE],
                  .leased = n[MR_ROW_LEASED],
                  .parked = n[MR_ROW_PARKED],
                  .idle = n[MR_ROW_IDLE],
                  .hints = c->notes.n_hints,
                  .oldest_due_ms = INT64_MAX,
                  .next_due_ms = c->notes.n_hints ? c->notes.hints[0]->retry_at_ms : INT64_MAX};
    for (size_t i = 0; i < c->queue.n_sources; i++) depth_source(c->queue.sources[i], now_of(c, now_ms), &d);
    if (d.oldest_due_ms == INT64_MAX) d.oldest_due_ms = 0;
    *ret = d;
    return MR_OK;
}

static mr_rc memory_jobs(mr_store *s, bool parked_only, const mr_key *after, mr_job_row *ret, size_t most,
                         size_t *ret_n, mr_error *err) {
    mr_memory_queue *q = &self_of(s)->content->queue;
    (void)err;
    mr_memory_row *const *rows = mr_memory_rows(q);
    size_t n = 0;
    for (size_t i = 0; i < q->n && n < most; i++) {
        const mr_row *r = &rows[i]->row;
        if (after && mr_key_cmp(&r->key, after) <= 0) continue;
        if (!parked_only || r->state == MR_ROW_PARKED) mr_row_show(r, &ret[n++]);
    }
    *ret_n = n;
    return MR_OK;
}

static int work_order(const void *left, const void *right) {
    const mr_work_item *a = *(const mr_work_item *const *)left, *b = *(const mr_work_item *const *)right;
    unsigned ra = mr_priority_rank(a->priority), rb = mr_priority_rank(b->priority);
    if (ra != rb) return ra < rb ? -1 : 1;
    int order = strcmp(a->due, b->due);
    return order ? order : mr_key_cmp(&a->key, &b->key);
}

/* The open items that are overdue, or the others, in their order; ret has room for all. */
static size_t work_half(const mr_memory_queue *q, const char *today, bool overdue, const mr_work_item **ret) {
    size_t n = 0;
    for (size_t i = 0; i < q->n; i++) {
        const mr_work_item *item = &q->rows[i]->item;
        if (mr_work_item_open(item) && mr_work_item_overdue(item, today) == overdue) ret[n++] = item;
    }
    qsort(ret, n, sizeof(const mr_work_item *), work_order);
    return n;
}

static mr_rc memory_worklist(mr_store *s, const char *today, size_t offset, mr_work_item *ret, size_t most,
                             size_t *ret_n, mr_error *err) {
    const mr_memory_queue *q = &self_of(s)->content->queue;
    const mr_work_item **open = malloc((q->n + 1) * sizeof(const mr_work_item *));
    if (!open) return mr_fail(err, MR_NOMEM, "store: worklist");
    size_t n = 0, n_open = work_half(q, today, true, open);
    n_open += work_half(q, today, false, open + n_open);
    for (; n < most && offset < n_open; offset++) ret[n++] = *open[offset];
    free(open);
    *ret_n = n;
    return MR_OK;
}

static mr_rc memory_overdue(mr_store *s, const char *today, uint64_t *ret_n, mr_error *err) {
    const mr_memory_queue *q = &self_of(s)->content->queue;
    uint64_t n = 0;
    (void)err;
    for (size_t i = 0; i < q->n; i++)
        n += mr_work_item_open(&q->rows[i]->item) && mr_work_item_overdue(&q->rows[i]->item, today);
    *ret_n = n;
    return MR_OK;
}

static mr_rc memory_review_of(mr_store *s, const mr_key *key, mr_work_item *ret_item, char **ret_json, size_t *ret_len,
                              mr_error *err) {
    const mr_memory_row *r = mr_memory_row_get(&self_of(s)->content->queue, key);
    if (!r || !r->reviewed) return mr_fail(err, MR_NOT_FOUND, "store: never reviewed");
    char *json = malloc(r->json_len + 1);
    if (!json) return mr_fail(err, MR_NOMEM, "store: a review of %zu bytes", r->json_len);
    memcpy(json, r->json ? r->json : "", r->json_len + 1);
    *ret_item = r->item;
    *ret_json = json;
    *ret_len = r->json_len;
    return MR_OK;
}

/* ---- opening and closing ---- */

static void memory_close(mr_store *s) {
    memory_store *m = self_of(s);
    memory_content *c = m->content;
    free(m);
    if (--c->n_sharers) return;
    mr_memory_queue_free(&c->queue);
    mr_memory_notes_free(&c->notes);
    free(c);
}

static const mr_store_ops memory_ops = {
    .record = memory_record,
    .claim = memory_claim,
    .settle = memory_settle,
    .hints = memory_hints,
    .hint_done = memory_hint_done,
    .hint_later = memory_hint_later,
    .learn = memory_learn,
    .patient_of = memory_patient_of,
    .wrote = memory_wrote,
    .is_ours = memory_is_ours,
    .watermark = memory_watermark,
    .set_watermark = memory_set_watermark,
    .depth = memory_depth,
    .jobs = memory_jobs,
    .unpark = memory_unpark,
    .worklist = memory_worklist,
    .overdue = memory_overdue,
    .review_of = memory_review_of,
    .stale = memory_stale,
    .compared = memory_compared,
    .rereview = memory_rereview,
    .rereviews = memory_rereviews,
    .probe = memory_probe,
    .release_all = memory_release_all,
    .close = memory_close,
};

static mr_rc sharer_new(memory_content *c, mr_store **ret, mr_error *err) {
    memory_store *m = calloc(1, sizeof *m);
    if (!m) return mr_fail(err, MR_NOMEM, "store: no memory to open it");
    m->base.ops = &memory_ops;
    m->content = c;
    m->owner = ++c->last_owner;
    c->n_sharers++;
    *ret = &m->base;
    return MR_OK;
}

mr_rc mr_store_memory_new(mr_clock *clock, mr_store **ret, mr_error *err) {
    memory_content *c = calloc(1, sizeof *c);
    if (!c) return mr_fail(err, MR_NOMEM, "store: no memory to open it");
    c->clock = clock;
    mr_rc rc = sharer_new(c, ret, err);
    if (rc != MR_OK) free(c);
    return rc;
}

mr_rc mr_store_memory_share(mr_store *s, mr_store **ret, mr_error *err) {
    return sharer_new(self_of(s)->content, ret, err);
}
