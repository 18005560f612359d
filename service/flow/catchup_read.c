/* One type of one poll:  watermark from the store -> search from 5 minutes before it -> record the patients of each
 * page -> next page -> when all pages are read and recorded, the new watermark.
 *
 * Ways to fail: no answer, a link that leads elsewhere or in a circle, an answer that says it is not whole, the store
 * away (all: the type is tried again later; its watermark stays, and recording a patient twice does no harm); a page
 * link that expired (from the first page again, twice); too much in the window (a smaller one); the server does not
 * search this type.
 *
 * First start, no watermark: nothing is backfilled unasked. The poll begins at the newest resource of ours, or, when
 * there is none, at the server's present time, and never looks behind that.
 *
 * The overlap of 5 minutes is there because servers stamp a resource before they commit it. It shows the same versions
 * again: those of the previous poll are known by hash, and our own by the ledger, else every poll would cause reviews,
 * and every review something to be polled. */
#include "catchup_parts.h"

#include "medreview/base/date.h"
#include "medreview/codec/fhir_notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EMPTY_PAGES_MOST = 3, RESTARTS_MOST = 2, WINDOW_LEAST_S = 2 };

/* --- versions seen ----------------------------------------------------------------------------------------------- */

static uint64_t hash(mr_span a, mr_span b) {
    mr_sha256 sum;
    uint8_t bytes[32];
    uint64_t first;
    mr_sha256_begin(&sum);
    mr_sha256_add(&sum, a.ptr ? a.ptr : "", a.len);
    mr_sha256_add(&sum, "\n", 1);
    mr_sha256_add(&sum, b.ptr ? b.ptr : "", b.len);
    mr_sha256_end(&sum, bytes);
    memcpy(&first, bytes, sizeof first);
    return first;
}

static bool hashes_add(hashes *h, uint64_t x) {
    if (h->n == h->cap) {
        size_t cap = h->cap ? 2 * h->cap : 64;
        uint64_t *v = realloc(h->v, cap * sizeof *v);
        if (!v) return false;
        h->v = v;
        h->cap = cap;
    }
    h->v[h->n++] = x;
    return true;
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool hashes_have(const hashes *sorted, uint64_t x) {
    return sorted->n && bsearch(&x, sorted->v, sorted->n, sizeof x, by_value);
}

/* --- store calls ------------------------------------------------------------------------------------------------- */

typedef struct changed {
    mr_intake intake;
    mr_written version; /* type "" : nothing to ask of the ledger */
} changed;

typedef struct store_op {
    struct catchup *catchup;
    void (*then)(struct catchup *c, const struct store_op *op);
    mr_store *store;
    const char *source_id, *type;
    int64_t now_ms;
    char instant[INSTANT_BYTES];
    changed *rows;
    mr_intake *wanted;
    size_t n, n_wanted;
    mr_rc rc;
    mr_error err;
} store_op;

static void op_free(store_op *op) {
    if (!op) return;
    free(op->rows);
    free(op->wanted);
    free(op);
}

static void op_done(void *arg) {
    store_op *op = arg;
    struct catchup *c = op->catchup;
    mr_engine *e = c->src->engine;
    c->open = false;
    if (!e->stopping) {
        if (op->rc != MR_OK)
            catchup_type_failed(c, op->rc, &op->err);
        else
            op->then(c, op);
    }
    op_free(op);
    engine_wake(e);
}

static store_op *op_new(struct catchup *c, void (*then)(struct catchup *, const store_op *)) {
    store_op *op = calloc(1, sizeof *op);
    if (op)
        *op = (store_op){.catchup = c,
                         .then = then,
                         .store = c->src->engine->port.store,
                         .source_id = c->src->set->id,
                         .type = catchup_type(c)->type,
                         .now_ms = engine_now(c->src->engine)};
    return op;
}

static void op_run(struct catchup *c, store_op *op, void (*work)(void *)) {
    mr_error err = {.rc = MR_NOMEM, .text = "out of memory"};
    mr_rc rc = op ? engine_store(c->src->engine, work, op_done, op, &err) : MR_NOMEM;
    if (rc == MR_OK) {
        c->open = true;
        return;
    }
    op_free(op);
    catchup_type_failed(c, rc, &err);
}

/* --- where to begin ---------------------------------------------------------------------------------------------- */

static void begin_at(struct catchup *c, const char *watermark) {
    type_poll *t = catchup_type(c);
    int64_t s, floor_s;
    catchup_instant(c->newest, watermark);
    if (!instant_seconds(watermark, &s)) s = c->began_ms / 1000; /* the store keeps instants only */
    c->from_s = s - CATCHUP_OVERLAP_S;
    if (instant_seconds(t->floor, &floor_s) && c->from_s < floor_s) c->from_s = floor_s;
    c->until_s = t->window_s ? c->from_s + t->window_s : 0;
    c->step = STEP_PAGE;
}

static void begin_at_seed(struct catchup *c) {
    if (!c->seed_is_present) {
        begin_at(c, c->seed);
        return;
    }
    catchup_instant(catchup_type(c)->floor, c->seed);
    catchup_instant(c->newest, c->seed);
    c->step = STEP_KEEP;
}

static void mark_work(void *arg) {
    store_op *op = arg;
    op->rc = op->store->ops->watermark(op->store, op->source_id, op->type, op->instant, &op->err);
}

static void marked(struct catchup *c, const store_op *op) {
    catchup_instant(c->watermark, op->instant);
    if (op->instant[0])
        begin_at(c, op->instant);
    else if (c->seed[0])
        begin_at_seed(c);
    else
        c->step = STEP_SEED;
}

static void seeded(struct catchup *c, mr_rc rc, const mr_http_resp *resp, const mr_error *err) {
    mr_error bad;
    search_page page = {.at = MR_SPAN_NONE};
    bool refused = rc == MR_NOT_FOUND || rc == MR_REFUSED;
    if (rc == MR_OK) {
        rc = search_page_read(c->doc, resp, &page, &bad);
        err = &bad;
    }
    if (refused && c->step == STEP_SEED) { /* no search of issues: the time at least */
        c->step = STEP_SEED_NOW;
    } else if (rc == MR_OK || refused) {
        if (rc == MR_OK && c->step == STEP_SEED) catchup_seed_from_ours(c, &page);
        if (!c->seed[0]) catchup_seed_from_present(c, page.at);
        begin_at_seed(c);
    } else {
        catchup_type_failed(c, rc, err);
    }
}

/* --- pages: the question ----------------------------------------------------------------------------------------- */

/* The member that names the patient, to be asked for; NULL: none. */
static const char *patient_member(const char *type) {
    static const char *const names[][2] = {{"AllergyIntolerance", "patient"},
                                           {"DetectedIssue", "patient"},
                                           {"Task", "for"},
                                           {"Patient", NULL},
                                           {"Medication", NULL}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], type) == 0) return names[i][1];
    return "subject";
}

static bool page_url(const struct catchup *c, char url[URL_BYTES]) {
    char from[MR_DATE_TEXT], until[MR_DATE_TEXT], bound[MR_DATE_TEXT + 20] = "";
    const char *type = c->types[c->at].type, *member = patient_member(type);
    if (c->next) return snprintf(url, URL_BYTES, "%s", c->next) < URL_BYTES;
    if (c->until_s)
        (void)snprintf(bound, sizeof bound, "&_lastUpdated=lt%s", mr_instant_print(c->until_s * 1000, until));
    int n = snprintf(url, URL_BYTES, "%s/%s?_lastUpdated=ge%s%s&_sort=_lastUpdated&_count=200&_elements=id,meta%s%s",
                     c->src->set->server.base, type, mr_instant_print(c->from_s * 1000, from), bound, member ? "," : "",
                     member ? member : "");
    return n > 0 && n < URL_BYTES;
}

static void first_page(struct catchup *c) {
    free(c->next);
    c->next = NULL;
    c->pages = c->empty_pages = 0;
    c->step = STEP_PAGE;
}

/* More than can be read at once lies in the window: half of it, from the first page. false when it cannot be halved. */
static bool narrow(struct catchup *c) {
    int64_t until = c->until_s ? c->until_s : c->began_ms / 1000 + 1, width = (until - c->from_s) / 2;
    if (width < WINDOW_LEAST_S) return false;
    catchup_type(c)->window_s = width;
    c->until_s = c->from_s + width;
    c->found.n = 0;
    catchup_instant(c->newest, c->watermark); /* what was read of the wide window may lie behind the smaller one */
    first_page(c);
    return true;
}

/* --- pages: the answer ------------------------------------------------------------------------------------------- */

static void window_read(struct catchup *c) {
    catchup_type(c)->window_s = 0;
    c->step = STEP_KEEP;
}

static void page_over(struct catchup *c) {
    if (c->next)
        c->step = STEP_PAGE;
    else
        window_read(c);
}

/* Whether this version was not seen before; what was is remembered for the next poll. */
static bool is_new(struct catchup *c, const char *id, const char *version, const char *updated) {
    int64_t s;
    if (instant_seconds(updated, &s)) {
        if (s < c->from_s) return false; /* a server that ignores _lastUpdated answers with everything */
        if (instant_cmp(updated, c->newest) > 0) catchup_instant(c->newest, updated);
    }
    uint64_t h = hash(mr_span_of(id), mr_span_of(version[0] ? version : updated));
    bool kept = hashes_add(&c->found, h); /* a version that could not be kept is looked at once more */
    return !kept || !hashes_have(&catchup_type(c)->seen, h);
}

/* What this resource asks for; false when nothing. */
static bool read_resource(struct catchup *c, mr_json resource, changed *ret) {
    const source *src = c->src;
    const char *type = catchup_type(c)->type;
    mr_json meta = mr_json_get(resource, "meta");
    char id[MR_MAX_ID_BYTES + 1], version[MR_MAX_ID_BYTES + 1], updated[INSTANT_BYTES];
    *ret = (changed){.intake = {.quiet_ms = 0}};
    json_text(resource, "id", id, sizeof id);
    json_text(meta, "versionId", version, sizeof version);
    json_text(meta, "lastUpdated", updated, sizeof updated);
    if (!mr_fhir_id_valid(mr_span_of(id)) || !is_new(c, id, version, updated)) return false;
    (void)snprintf(ret->intake.key.source, sizeof ret->intake.key.source, "%s", src->set->id);
    if (strcmp(type, "Medication") == 0) { /* a product: hints.c finds whose it is */
        (void)snprintf(ret->intake.type, sizeof ret->intake.type, "%s", type);
        (void)snprintf(ret->intake.id, sizeof ret->intake.id, "%s", id);
        return true;
    }
    if (!resource_patient(resource, src->set->server.base, ret->intake.key.patient)) {
        c->n_unassigned++;
        return false;
    }
    if (strcmp(type, "Task") == 0 || strcmp(type, "DetectedIssue") == 0) {
        (void)snprintf(ret->version.source, sizeof ret->version.source, "%s", src->set->id);
        (void)snprintf(ret->version.type, sizeof ret->version.type, "%s", type);
        (void)snprintf(ret->version.id, sizeof ret->version.id, "%s", id);
        (void)snprintf(ret->version.version, sizeof ret->version.version, "%s", version);
    }
    return true;
}

static int by_intake(const void *a, const void *b) {
    const mr_intake *x = a, *y = b;
    int order = strcmp(x->key.patient, y->key.patient);
    return order ? order : strcmp(x->id, y->id);
}

static void record_work(void *arg) {
    store_op *op = arg;
    size_t n = 0;
    for (size_t i = 0; i < op->n; i++) {
        bool ours = false;
        if (op->rows[i].version.type[0])
            op->rc = op->store->ops->is_ours(op->store, &op->rows[i].version, &ours, &op->err);
        if (op->rc != MR_OK) return;
        if (!ours) op->wanted[n++] = op->rows[i].intake;
    }
    if (n) qsort(op->wanted, n, sizeof *op->wanted, by_intake);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_intake(&op->wanted[op->n_wanted - 1], &op->wanted[i]) != 0)
            op->wanted[op->n_wanted++] = op->wanted[i];
    if (op->n_wanted) op->rc = op->store->ops->record(op->store, op->wanted, op->n_wanted, op->now_ms, &op->err);
}

static void recorded(struct catchup *c, const store_op *op) {
    mr_engine *e = c->src->engine;
    c->n_found += op->n_wanted;
    mr_metrics_add(e->port.metrics, MR_C_POLL_FOUND, op->n_wanted);
    page_over(c);
    if (op->n_wanted == 0) return;
    if (op->now_ms < e->hint_at_ms) e->hint_at_ms = op->now_ms; /* a Medication became a hint */
    engine_look(e, op->now_ms);
}

/* The next link into c->next, when it may be followed. */
static mr_rc follow(struct catchup *c, const search_page *page, mr_error *err) {
    free(c->next);
    c->next = NULL;
    if (!page->next.len) return MR_OK;
    if (!mr_url_under(page->next, c->src->set->server.base))
        return mr_fail(err, MR_REFUSED, "a page link leads to another server than the configured one");
    uint64_t h = hash(page->next, MR_SPAN_NONE);
    for (unsigned i = 0; i + 1 < c->pages; i++)
        if (c->links[i] == h) return mr_fail(err, MR_REFUSED, "a page link leads back to an earlier page");
    c->links[c->pages - 1] = h;
    c->empty_pages = page->n_entries ? 0 : c->empty_pages + 1;
    if (c->empty_pages > EMPTY_PAGES_MOST) return mr_fail(err, MR_REFUSED, "empty pages without an end");
    if (c->pages == MR_MAX_PAGES) return mr_fail(err, MR_LIMIT, "more than %u pages", MR_MAX_PAGES);
    c->next = malloc(page->next.len + 1);
    if (!c->next) return mr_fail(err, MR_NOMEM, "out of memory");
    memcpy(c->next, page->next.ptr, page->next.len);
    c->next[page->next.len] = 0;
    return MR_OK;
}

static store_op *gather(struct catchup *c, const search_page *page) {
    store_op *op = op_new(c, recorded);
    size_t room = page->n_entries ? page->n_entries : 1;
    if (op) {
        op->rows = calloc(room, sizeof *op->rows);
        op->wanted = calloc(room, sizeof *op->wanted);
    }
    if (!op || !op->rows || !op->wanted) {
        op_free(op);
        return NULL;
    }
    for (mr_json_iter it = mr_json_begin(page->entries); mr_json_next(&it);) {
        mr_json resource = search_page_match(it.value, catchup_type(c)->type);
        if (mr_json_kind_of(resource) == MR_J_OBJECT && read_resource(c, resource, &op->rows[op->n])) op->n++;
    }
    return op;
}

static void page_read(struct catchup *c, const mr_http_resp *resp) {
    search_page page;
    mr_error err = {0};
    store_op *op = NULL;
    mr_rc rc = search_page_read(c->doc, resp, &page, &err);
    c->pages++;
    if (rc == MR_OK && !(op = gather(c, &page))) rc = mr_fail(&err, MR_NOMEM, "out of memory");
    if (rc == MR_OK) rc = follow(c, &page, &err);
    if (rc == MR_OK && op->n) {
        op_run(c, op, record_work);
        return;
    }
    op_free(op);
    if (rc == MR_OK)
        page_over(c);
    else if (rc != MR_LIMIT || !narrow(c))
        catchup_type_failed(c, rc, &err);
}

static void page_failed(struct catchup *c, mr_rc rc, const mr_error *err) {
    if (rc == MR_NOT_FOUND && c->next && c->restarts < RESTARTS_MOST) {
        c->restarts++;
        c->found.n = 0;
        first_page(c); /* the page link has expired */
    } else if ((rc == MR_NOT_FOUND || rc == MR_REFUSED) && !c->next) {
        catchup_type_absent(c, rc, err);
    } else if (rc != MR_LIMIT || !narrow(c)) {
        if (rc == MR_TIMEOUT || (err && err->detail == 504)) (void)narrow(c); /* for the next try */
        catchup_type_failed(c, rc, err);
    }
}

/* --- exchanges --------------------------------------------------------------------------------------------------- */

static void answered(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    struct catchup *c = arg;
    source *src = c->src;
    c->open = false;
    upkeep_heard(src, rc, resp);
    if (!src->engine->stopping) {
        if (c->step != STEP_PAGE)
            seeded(c, rc, resp, err);
        else if (rc == MR_OK)
            page_read(c, resp);
        else
            page_failed(c, rc, err);
    }
    upkeep_done(src);
}

static void ask(struct catchup *c) {
    char url[URL_BYTES];
    bool fits = true;
    if (c->step == STEP_SEED)
        fits = catchup_seed_url(c, url);
    else if (c->step == STEP_SEED_NOW)
        (void)snprintf(url, sizeof url, "%s/%s?_count=1&_elements=id", c->src->set->server.base, catchup_type(c)->type);
    else
        fits = page_url(c, url);
    mr_fhir_request req = {.method = "GET", .url = url, .search = true};
    mr_rc rc = fits ? upkeep_send(c->src, &req, answered, c) : MR_LIMIT;
    c->open = rc == MR_OK;
    if (rc != MR_OK) catchup_type_failed(c, rc, NULL);
}

/* --- what is kept ------------------------------------------------------------------------------------------------ */

static void keep_work(void *arg) {
    store_op *op = arg;
    op->rc = op->store->ops->set_watermark(op->store, op->source_id, op->type, op->instant, &op->err);
}

static void kept(struct catchup *c, const store_op *op) {
    if (op) catchup_instant(c->watermark, op->instant);
    if (!c->until_s) {
        catchup_type_read(c);
        return;
    }
    c->from_s = c->until_s; /* the rest, up to the present */
    c->until_s = 0;
    first_page(c);
}

static void keep(struct catchup *c) {
    if (!c->newest[0] || strcmp(c->newest, c->watermark) == 0) {
        kept(c, NULL);
        return;
    }
    store_op *op = op_new(c, kept);
    if (op) catchup_instant(op->instant, c->newest);
    op_run(c, op, keep_work);
}

/* --- steps ------------------------------------------------------------------------------------------------------- */

void catchup_forget_type(struct catchup *c) {
    free(c->next);
    c->next = NULL;
    c->pages = c->empty_pages = c->restarts = 0;
    c->found.n = 0;
    c->from_s = c->until_s = 0;
    c->watermark[0] = c->newest[0] = 0;
}

void catchup_step(struct catchup *c) {
    switch (c->step) {
    case STEP_WAIT: break;
    case STEP_MARK: op_run(c, op_new(c, marked), mark_work); break;
    case STEP_SEED:
    case STEP_SEED_NOW:
    case STEP_PAGE: ask(c); break;
    case STEP_KEEP: keep(c); break;
    }
}
