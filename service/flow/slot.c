/* One review under way: what the job says, carried out through ports.
 *
 * Happy path: fetch a page, absorb it on a worker, until all kinds are read; assess; post if there is something to
 * write; settle; release. Ways to fail: a port refuses, an exchange fails, a page cannot be read, the deadline passes,
 * the service stops: each becomes an event, and the job decides. Every operation in flight holds the slot: its memory
 * goes back only when the job has released it and the last operation has come home. */
#include "engine_parts.h"
#include "tx_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct slot_op {
    slot *slot;
    uint32_t serial;
    mr_event_kind done_kind;
    mr_rc rc;
    mr_error err;
    mr_absorbed absorbed;
    size_t n;
    mr_settlement settlement;
    const char **references;
    size_t n_references;
} slot_op;

static void step(slot *s, mr_event ev);
static void fetch(slot *s);
static void absorb(slot *s);
static void assess(slot *s);
static void post(slot *s);
static void settle(slot *s);

static mr_event event(slot *s, mr_event_kind kind, uint32_t serial) {
    return (mr_event){.kind = kind,
                      .serial = serial,
                      .now_ms = engine_now(s->engine),
                      .retry_after_ms = -1,
                      .chance = mr_rand_next(&s->engine->chance)};
}

static void failed(slot *s, uint32_t serial, mr_rc rc, int64_t retry_after_ms, const mr_error *err) {
    if (serial == s->job.serial && err) s->error = *err;
    mr_event ev = event(s, MR_ON_FAILED, serial);
    ev.rc = rc;
    ev.retry_after_ms = retry_after_ms;
    step(s, ev);
}

static void forget(slot *s) {
    mr_arena_free(s->arena);
    free(s->next);
    free(s->page);
    mr_buf_free(&s->tx);
    mr_buf_free(&s->json);
    mr_buf_free(&s->asked);
    mr_basis_drop(s->basis);
    mr_engine *e = s->engine;
    *s = (slot){.engine = e};
    e->busy--;
    engine_look(e, engine_now(e));
}

static void release_if_home(slot *s) {
    if (s->busy && s->released && s->inflight == 0) forget(s);
}

static void step(slot *s, mr_event ev) {
    switch (mr_job_step(&s->job, &ev)) {
    case MR_DO_WAIT: break;
    case MR_DO_FETCH: fetch(s); break;
    case MR_DO_ABSORB: absorb(s); break;
    case MR_DO_ASSESS: assess(s); break;
    case MR_DO_POST: post(s); break;
    case MR_DO_SETTLE: settle(s); break;
    case MR_DO_RELEASE: s->released = true; break;
    }
}

static slot_op *op_new(slot *s, mr_event_kind done_kind) {
    slot_op *op = calloc(1, sizeof *op);
    if (op) *op = (slot_op){.slot = s, .serial = s->job.serial, .done_kind = done_kind};
    return op;
}

/* An operation came home: its event, then perhaps the end of the slot. */
static void op_home(slot_op *op) {
    slot *s = op->slot;
    s->inflight--;
    if (op->rc != MR_OK && op->done_kind != MR_ON_SETTLED) {
        failed(s, op->serial, op->rc, -1, &op->err);
    } else {
        mr_event ev = event(s, op->done_kind, op->serial);
        ev.rc = op->rc;
        ev.n = op->n;
        step(s, ev);
    }
    free(op->references);
    free(op);
    release_if_home(s);
}

static void submit(slot *s, slot_op *op, mr_worker *worker, void (*work)(void *), void (*done)(void *)) {
    mr_error err = {0};
    if (!op) {
        mr_fail(&err, MR_NOMEM, "out of memory");
        failed(s, s->job.serial, MR_NOMEM, -1, &err);
        return;
    }
    mr_rc rc = worker->ops->submit(worker, work, done, op);
    if (rc == MR_OK) {
        s->inflight++;
        return;
    }
    uint32_t serial = op->serial;
    free(op->references);
    free(op);
    mr_fail(&err, rc, "no worker took the work: %s", mr_rc_text(rc));
    failed(s, serial, rc, -1, &err);
}

/* --- fetch ------------------------------------------------------------------------------------------------------- */

static bool page_url(slot *s, char url[URL_BYTES]) {
    const char *base = s->source->set->server.base;
    if (s->next) return snprintf(url, URL_BYTES, "%s", s->next) < URL_BYTES;
    if (s->kind != MR_PAGE_MEDICATIONS)
        return mr_fhir_page_url(base, s->kind, mr_span_of(s->claim.key.patient), url, URL_BYTES);
    size_t taken = mr_fhir_medications_url(base, s->unresolved + s->at_unresolved, s->n_unresolved - s->at_unresolved,
                                           MEDICATION_BATCH, url, URL_BYTES);
    s->at_unresolved += taken;
    return taken > 0;
}

/* A list that this server does not offer, or refuses, is a gap in the review, told in it; without statements or without
 * what we wrote before there is no review. */
static bool may_lack(mr_page_kind kind) {
    return kind == MR_PAGE_REQUESTS || kind == MR_PAGE_CONDITIONS || kind == MR_PAGE_ALLERGIES ||
           kind == MR_PAGE_OBSERVATIONS;
}

static const char *kind_name(mr_page_kind kind) {
    static const char *const name[MR_PAGE_COUNT] = {"Patient",
                                                    "MedicationStatement",
                                                    "MedicationRequest",
                                                    "Condition",
                                                    "AllergyIntolerance",
                                                    "Observation",
                                                    "DetectedIssue",
                                                    "Task",
                                                    "Medication",
                                                    "input"};
    return name[kind];
}

static void more_or_assess(slot *s, uint32_t serial, bool more) {
    mr_event ev = event(s, MR_ON_ABSORBED, serial);
    ev.n = more;
    step(s, ev);
}

/* The next kind to fetch; false when all is read. */
static bool advance(slot *s) {
    free(s->next);
    s->next = NULL;
    s->pages = s->quiet_pages = 0;
    if (s->kind < MR_PAGE_TASKS) {
        s->kind++;
        return true;
    }
    if (!s->asked_unresolved) {
        s->asked_unresolved = true;
        if (mr_review_unresolved(s->review, &s->unresolved, &s->n_unresolved, &s->error) != MR_OK) s->n_unresolved = 0;
    }
    s->kind = MR_PAGE_MEDICATIONS;
    return s->at_unresolved < s->n_unresolved;
}

static void fetched(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    slot_op *op = arg;
    slot *s = op->slot;
    uint32_t serial = op->serial;
    bool current = serial == s->job.serial && s->job.state == MR_JOB_FETCHING;
    free(op);
    s->inflight--;
    s->http_open = false;
    source_heard(s->source, rc, resp ? resp->retry_after_ms : -1);
    if (!current) {
        release_if_home(s);
        return;
    }
    if (rc == MR_OK) {
        s->page = resp->body;
        s->page_len = resp->len;
        resp->body = NULL;
        step(s, event(s, MR_ON_FETCHED, serial));
    } else if (rc == MR_NOT_FOUND && s->next) {
        mr_error expired;
        mr_fail(&expired, MR_CONFLICT, "a page link of %s is no longer known to the server: the search is begun anew",
                kind_name(s->kind));
        failed(s, serial, MR_CONFLICT, -1, &expired);
    } else if ((rc == MR_NOT_FOUND || rc == MR_REFUSED) && (may_lack(s->kind) || s->kind == MR_PAGE_MEDICATIONS)) {
        char why[120];
        (void)snprintf(why, sizeof why, "the server refused the search for %s (status %d)", kind_name(s->kind),
                       (int)(err ? err->detail : 0));
        mr_rc cut = s->kind == MR_PAGE_MEDICATIONS ? MR_OK : mr_review_cut(s->review, s->kind, "search-refused", why);
        if (cut != MR_OK) {
            failed(s, serial, cut, -1, NULL);
        } else {
            step(s, event(s, MR_ON_FETCHED, serial)); /* with no page: absorb passes on */
        }
    } else {
        mr_error told = err ? *err : (mr_error){.rc = rc};
        mr_wrap(&told, "%s", kind_name(s->kind));
        failed(s, serial, rc, resp ? resp->retry_after_ms : -1, &told);
    }
    release_if_home(s);
}

static void fetch(slot *s) {
    char url[URL_BYTES];
    mr_error err = {0};
    slot_op *op = op_new(s, MR_ON_FETCHED);
    if (!op || !page_url(s, url)) {
        free(op);
        mr_fail(&err, op ? MR_LIMIT : MR_NOMEM, "%s: the link to fetch is longer than %d bytes", kind_name(s->kind),
                URL_BYTES);
        failed(s, s->job.serial, err.rc, -1, &err);
        return;
    }
    mr_fhir_request req = {
        .method = "GET", .url = url, .correlation = s->correlation, .search = s->kind != MR_PAGE_PATIENT};
    mr_rc rc = mr_fhir_send(&s->source->client, &req, fetched, op, &s->http_id, &err);
    if (rc == MR_OK) {
        s->inflight++;
        s->http_open = true;
        return;
    }
    free(op);
    failed(s, s->job.serial, rc, -1, &err);
}

/* --- absorb ------------------------------------------------------------------------------------------------------ */

static void absorb_work(void *arg) {
    slot_op *op = arg;
    slot *s = op->slot;
    op->rc = mr_review_absorb(s->review, s->kind, (mr_span){s->page, s->page_len}, true, &op->absorbed, &op->err);
    if (op->rc != MR_OK) mr_wrap(&op->err, "%s, page %u", kind_name(s->kind), s->pages + 1);
}

/* fhir.md 2: a parameter missing in the self link was ignored; without the patient filter the answer is other people's.
 */
static bool filter_ignored(const slot *s, mr_span self) {
    if (s->kind == MR_PAGE_PATIENT || s->kind == MR_PAGE_MEDICATIONS || s->pages > 1 || !self.len) return false;
    for (size_t i = 0; i + 8 <= self.len; i++)
        if (memcmp(self.ptr + i, "patient", 7) == 0 || memcmp(self.ptr + i, "subject", 7) == 0) return false;
    return true;
}

/* Where the page links lead: a reason to stop following, or NULL. */
static const char *stop_following(slot *s, const mr_absorbed *a) {
    if (!mr_url_under(a->next, s->source->set->server.base)) return "foreign-next-link";
    if (s->next && mr_span_is(a->next, s->next)) return "page-loop";
    s->quiet_pages = a->n_entries ? 0 : s->quiet_pages + 1;
    if (s->quiet_pages > 3) return "empty-pages";
    return s->pages >= s->engine->set.max_pages ? "page-limit" : NULL;
}

static mr_rc follow(slot *s, const mr_absorbed *a, bool *ret_more) {
    const char *stop = a->next.len ? stop_following(s, a) : NULL;
    if (a->next.len && !stop) {
        char *link = malloc(a->next.len + 1);
        if (!link) return MR_NOMEM;
        memcpy(link, a->next.ptr, a->next.len);
        link[a->next.len] = 0;
        free(s->next);
        s->next = link;
        *ret_more = true;
        return MR_OK;
    }
    mr_rc rc = stop ? mr_review_cut(s->review, s->kind, stop, "the list was not read to its end") : MR_OK;
    *ret_more = advance(s);
    return rc;
}

static void absorbed(void *arg) {
    slot_op *op = arg;
    slot *s = op->slot;
    bool more = false;
    free(s->page);
    s->page = NULL;
    if (op->serial == s->job.serial && op->rc == MR_OK) {
        s->pages++;
        if (op->absorbed.foreign || filter_ignored(s, op->absorbed.self)) {
            op->rc = mr_fail(&op->err, MR_REFUSED,
                             "%s: the server answered with another patient's data; nothing of it was used",
                             kind_name(s->kind));
        } else {
            op->rc = follow(s, &op->absorbed, &more);
            if (op->rc != MR_OK) mr_fail(&op->err, op->rc, "%s", mr_rc_text(op->rc));
        }
    }
    op->n = more;
    op_home(op);
}

static void absorb(slot *s) {
    if (!s->page) { /* the search was refused and noted */
        more_or_assess(s, s->job.serial, advance(s));
        return;
    }
    submit(s, op_new(s, MR_ON_ABSORBED), s->engine->port.compute, absorb_work, absorbed);
}

/* --- assess ------------------------------------------------------------------------------------------------------ */

static void count_findings(slot *s) {
    const mr_assessment *a = s->result->assessment;
    for (size_t i = 0; i < a->n_findings; i++) {
        if (!a->findings[i].posts) continue;
        mr_severity severity = a->findings[i].severity;
        if (!s->item.top[0]) {
            mr_span title = a->findings[i].leading->title;
            (void)snprintf(s->item.top, sizeof s->item.top, "%.*s", MR_SPAN_ARG(title));
        }
        s->item.high += severity == MR_HIGH;
        s->item.moderate += severity == MR_MODERATE;
        s->item.low += severity == MR_LOW;
    }
}

static void describe_task(slot *s) {
    const mr_plan *plan = s->result->plan;
    char date[MR_DATE_TEXT];
    /* Issues that are kept because they cannot be assessed now are as severe as they were. */
    if (plan->task.present && plan->task.n_high > s->item.high) s->item.high = (unsigned)plan->task.n_high;
    if (plan->task.present && !s->item.top[0])
        (void)snprintf(s->item.top, sizeof s->item.top, "An earlier finding that cannot be assessed now");
    if (plan->task.present) {
        (void)snprintf(s->item.priority, sizeof s->item.priority, "%s", plan->task.priority);
        (void)snprintf(s->item.due, sizeof s->item.due, "%.10s", mr_day_print(plan->task.due, date));
        /* In shadow mode this Task is not written; the worklist still shows what would be. */
        (void)snprintf(s->item.task, sizeof s->item.task, "Task/%s", plan->task.id);
    } else if (plan->open_task) {
        (void)snprintf(s->item.priority, sizeof s->item.priority, "%.*s", MR_SPAN_ARG(plan->open_task->priority));
        (void)snprintf(s->item.due, sizeof s->item.due, "%.10s", mr_when_print(plan->open_task->due, date));
        (void)snprintf(s->item.task, sizeof s->item.task, "Task/%.*s", MR_SPAN_ARG(plan->open_task->id));
    }
}

static void assess_work(void *arg) {
    slot_op *op = arg;
    slot *s = op->slot;
    op->rc = mr_review_assess(s->review, &s->result, &op->err);
    if (op->rc == MR_OK) op->rc = mr_review_json(s->review, &s->json, &op->err);
    if (op->rc == MR_OK && s->engine->set.write) op->rc = mr_review_fhir(s->review, &s->tx, &op->err);
    if (op->rc != MR_OK) return;
    /* Without it the patient is reviewed again after the next update, needed or not. */
    mr_error ignored;
    if (mr_review_asked(s->review, &s->asked, &ignored) != MR_OK) mr_buf_free(&s->asked);
    op->n = s->engine->set.write ? s->result->plan->n : 0;
    s->item = (mr_work_item){.key = s->claim.key, .complete = s->result->record->complete};
    count_findings(s);
    describe_task(s);
}

static void assessed(void *arg) {
    slot_op *op = arg;
    slot *s = op->slot;
    if (op->rc == MR_OK && op->serial == s->job.serial) {
        mr_metrics *m = s->engine->port.metrics;
        mr_metrics_add(m, MR_C_FINDINGS, s->result->assessment->n_findings);
        mr_metrics_add(m, MR_C_DUPLICATES_FOUND, s->result->plan->duplicates);
        if (!s->result->record->complete) mr_metrics_add(m, MR_C_REVIEWS_INCOMPLETE, 1);
        if (op->n == 0) mr_metrics_add(m, MR_C_WRITES_NONE, 1);
    }
    op_home(op);
}

static void assess(slot *s) {
    submit(s, op_new(s, MR_ON_ASSESSED), s->engine->port.compute, assess_work, assessed);
}

/* --- post -------------------------------------------------------------------------------------------------------- */

static void count_writes(slot *s) {
    mr_metrics *m = s->engine->port.metrics;
    for (size_t i = 0; i < s->result->plan->n; i++) {
        mr_change_kind kind = s->result->plan->v[i].kind;
        bool create = kind == MR_CH_CREATE_ISSUE || kind == MR_CH_CREATE_TASK,
             close = kind == MR_CH_STATUS_ISSUE || kind == MR_CH_CANCEL_TASK;
        mr_metrics_add(m, create ? MR_C_WRITES_CREATED : close ? MR_C_WRITES_CLOSED : MR_C_WRITES_REVISED, 1);
    }
}

/* Which versions are ours now; an unreadable answer only means that our own notices cause one more look. */
static void note_written(slot *s, mr_span body) {
    mr_written_version *v;
    size_t n;
    mr_error ignored;
    if (!body.len || mr_fhir_tx_answer_read(body, s->arena, &v, &n, &ignored) != MR_OK) return;
    s->written = MR_NEW_N(s->arena, mr_written, n);
    for (size_t i = 0; s->written && i < n; i++) {
        mr_written *w = &s->written[s->n_written++];
        (void)snprintf(w->source, sizeof w->source, "%s", s->claim.key.source);
        (void)snprintf(w->type, sizeof w->type, "%.*s", MR_SPAN_ARG(v[i].type));
        (void)snprintf(w->id, sizeof w->id, "%.*s", MR_SPAN_ARG(v[i].id));
        (void)snprintf(w->version, sizeof w->version, "%.*s", MR_SPAN_ARG(v[i].version));
    }
}

static void posted(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    slot_op *op = arg;
    slot *s = op->slot;
    uint32_t serial = op->serial;
    free(op);
    s->inflight--;
    s->http_open = false;
    mr_error unsaid = {0};
    if (rc == MR_OK) {
        rc = tx_answer_check(resp, s->result ? s->result->plan->n : 0, &unsaid);
        if (rc != MR_OK) err = &unsaid;
    }
    source_heard(s->source, rc, resp ? resp->retry_after_ms : -1);
    if (serial == s->job.serial && rc == MR_OK) {
        note_written(s, (mr_span){resp->body, resp->len});
        count_writes(s);
        step(s, event(s, MR_ON_POSTED, serial));
    } else if (serial == s->job.serial) {
        mr_error told = err ? *err : (mr_error){.rc = rc};
        mr_wrap(&told, "writing the findings");
        /* A base that does not exist is a matter of configuration, not of this patient. */
        failed(s, serial, rc == MR_NOT_FOUND ? MR_REFUSED : rc, resp ? resp->retry_after_ms : -1, &told);
    }
    release_if_home(s);
}

static void post(slot *s) {
    mr_error err = {0};
    slot_op *op = op_new(s, MR_ON_POSTED);
    mr_fhir_request req = {.method = "POST",
                           .url = s->source->set->server.base,
                           .body = mr_buf_span(&s->tx),
                           .correlation = s->correlation};
    mr_rc rc = op ? mr_fhir_send(&s->source->client, &req, posted, op, &s->http_id, &err)
                  : mr_fail(&err, MR_NOMEM, "out of memory");
    if (rc == MR_OK) {
        s->inflight++;
        s->http_open = true;
        return;
    }
    free(op);
    failed(s, s->job.serial, rc, -1, &err);
}

/* --- settle ------------------------------------------------------------------------------------------------------ */

static void settle_work(void *arg) {
    slot_op *op = arg;
    slot *s = op->slot;
    mr_store *store = s->engine->port.store;
    int64_t now = engine_now(s->engine);
    mr_rc rc = MR_OK;
    /* The ledger goes first: once the row is settled, our own notices must be known as ours. */
    if (s->n_written) rc = store->ops->wrote(store, s->written, s->n_written, now, &op->err);
    if (rc == MR_OK && op->n_references)
        rc = store->ops->learn(store, s->claim.key.source, s->claim.key.patient, op->references, op->n_references,
                               &op->err);
    if (rc == MR_OK) rc = store->ops->settle(store, &s->claim, &op->settlement, now, &op->err);
    op->rc = rc;
}

static void tell(slot *s, mr_rc settled) {
    static const mr_counter counter[] = {MR_C_REVIEWS_DONE, MR_C_REVIEWS_RETRY, MR_C_REVIEWS_PARKED,
                                         MR_C_REVIEWS_DROPPED};
    static const char *const event_name[] = {"review.done", "review.retry", "review.parked", "review.dropped"};
    mr_engine *e = s->engine;
    int64_t now = engine_now(e);
    mr_verdict v = s->job.verdict;
    mr_pseudonym who =
        mr_pseudonym_of(e->set.site_key, mr_span_of(s->claim.key.source), mr_span_of(s->claim.key.patient));
    mr_metrics_add(e->port.metrics, counter[v], 1);
    mr_metrics_observe(e->port.metrics, MR_H_REVIEW_MS, now - s->job.claimed_ms);
    mr_log_level level = v == MR_VERDICT_DONE ? MR_L_INFO : v == MR_VERDICT_PARK ? MR_L_WARN : MR_L_INFO;
    MR_LOG(e->port.log, level, event_name[v], mr_v_word("source", s->source->set->id), mr_v_pseudonym("patient", who),
           mr_v_rc("why", s->job.why), mr_v_int("ms", now - s->job.claimed_ms), mr_v_int("attempt", s->job.attempt),
           mr_v_int("high", s->item.high), mr_v_int("moderate", s->item.moderate), mr_v_rc("settled", settled),
           mr_v_operator_text("reason", v == MR_VERDICT_DONE ? "" : s->error.text));
}

static void settled(void *arg) {
    slot_op *op = arg;
    tell(op->slot, op->rc);
    if (op->slot->basis != op->slot->engine->set.basis) rereview_begin(op->slot->engine->rereview);
    op_home(op);
}

/* Every resource that was read, so that its deletion finds the patient. */
static void name_references(slot *s, slot_op *op) {
    if (s->result->n_read == 0) return;
    op->references = calloc(s->result->n_read, sizeof *op->references);
    for (size_t i = 0; op->references && i < s->result->n_read; i++) {
        mr_span copy;
        if (!mr_arena_dup(s->arena, s->result->read_references[i], &copy))
            break; /* the index is a convenience: a full arena loses no review */
        if (copy.len) op->references[op->n_references++] = copy.ptr;
    }
}

static void settle(slot *s) {
    slot_op *op = op_new(s, MR_ON_SETTLED);
    if (op) {
        op->settlement =
            (mr_settlement){.verdict = s->job.verdict, .why = s->job.why, .retry_at_ms = s->job.retry_at_ms};
        if (s->job.verdict == MR_VERDICT_DONE) {
            s->item.reviewed_ms = engine_now(s->engine);
            op->settlement.item = &s->item;
            op->settlement.review = mr_buf_span(&s->json);
            op->settlement.stamp = mr_basis_stamp(s->basis);
            op->settlement.asked = s->asked.len ? mr_buf_span(&s->asked) : MR_SPAN_NONE;
            name_references(s, op);
        } else {
            (void)snprintf(op->settlement.reason, sizeof op->settlement.reason, "%s",
                           s->error.text[0] ? s->error.text : mr_rc_text(s->job.why));
        }
        if (s->engine->port.store_worker->ops->submit(s->engine->port.store_worker, settle_work, settled, op) ==
            MR_OK) {
            s->inflight++;
            return;
        }
        free(op->references);
        free(op);
    }
    /* Nothing could be told to the store: the lease lapses and the row is due again. */
    step(s, event(s, MR_ON_SETTLED, s->job.serial));
}

/* --- begin and end ----------------------------------------------------------------------------------------------- */

void slot_start(slot *s, const mr_claim *claim, source *src) {
    mr_engine *e = s->engine;
    int64_t now = engine_now(e);
    *s = (slot){.engine = e, .source = src, .busy = true, .claim = *claim};
    e->busy++;
    mr_rand_uuid(&e->chance, s->correlation);
    mr_buf_init(&s->tx, MR_MAX_BODY_BYTES);
    mr_buf_init(&s->json, MR_MAX_BODY_BYTES);
    mr_buf_init(&s->asked, MR_MAX_BODY_BYTES);
    s->basis = mr_basis_hold(e->set.basis);
    mr_job_init(&s->job, &e->set.limits, claim->attempt, claim->first_wanted_ms, now);
    s->settings = e->set.review;
    s->settings.run.as_of = e->port.as_of(e->port.host, now);
    s->settings.run.site_key = e->set.site_key;
    s->settings.run.source = mr_span_of(src->set->id);
    s->settings.now_ms = now;
    s->settings.provenance = src->provenance;
    s->settings.site.knowledge = mr_basis_knowledge(s->basis)->rules->version;
    s->arena = mr_arena_new(e->set.review_bytes);
    if (s->arena)
        s->review =
            mr_review_begin(s->arena, mr_basis_knowledge(s->basis), &s->settings, mr_span_of(s->claim.key.patient));
    if (!s->review) {
        mr_error err;
        mr_fail(&err, MR_NOMEM, "out of memory");
        failed(s, s->job.serial, MR_NOMEM, -1, &err);
    } else if (!src->usable || now < src->blocked_until_ms) {
        mr_error err;
        mr_fail(&err, MR_BUSY, "the FHIR server is not usable just now");
        failed(s, s->job.serial, MR_BUSY, src->blocked_until_ms > now ? src->blocked_until_ms - now : 5000, &err);
    } else {
        step(s, event(s, MR_ON_START, 0));
    }
    release_if_home(s);
}

void slot_deadline(slot *s, int64_t now_ms) {
    if (!s->busy || s->released || now_ms < mr_job_deadline(&s->job)) return;
    if (s->job.state < MR_JOB_SETTLING)
        mr_fail(&s->error, MR_TIMEOUT, "the review took longer than its budget while %s",
                mr_job_state_name(s->job.state));
    if (s->http_open) mr_fhir_cancel(&s->source->client, s->http_id);
    step(s, event(s, MR_ON_DEADLINE, 0));
    release_if_home(s);
}

void slot_stop(slot *s) {
    if (!s->busy || s->released) return;
    mr_fail(&s->error, MR_CANCELED, "the service is stopping");
    if (s->http_open) mr_fhir_cancel(&s->source->client, s->http_id);
    step(s, event(s, MR_ON_STOP, 0));
    release_if_home(s);
}
