/* One patient's review: pages in, record, findings and plan out. Decides nothing clinical itself: it puts the rooms
 * below in their order and sees to it that what could not be read stands in the record. */
#include "review_parts.h"

#include "medreview/core/stop_plan.h"

#include <stdlib.h>

struct mr_review_reader {
    mr_json_doc *doc;
};

mr_review_reader *mr_review_reader_new(void) {
    mr_review_reader *r = calloc(1, sizeof *r);
    if (r) r->doc = mr_json_doc_new();
    if (r && r->doc) return r;
    free(r);
    return NULL;
}

void mr_review_reader_free(mr_review_reader *r) {
    if (!r) return;
    mr_json_doc_free(r->doc);
    free(r);
}

/* ---- earlier findings ---- */

static int issue_order(const void *left, const void *right) {
    const mr_prior_issue *a = left, *b = right;
    int c = mr_span_cmp(a->owner, b->owner);
    return c ? c : mr_span_cmp(a->id, b->id);
}

static int task_order(const void *left, const void *right) {
    const mr_prior_task *a = left, *b = right;
    int c = mr_span_cmp(a->owner, b->owner);
    return c ? c : mr_span_cmp(a->id, b->id);
}

/* By patient, those of nobody first. */
static void prior_sort(const mr_fhir_pages *pages, mr_prior *prior) {
    for (size_t i = 0; i < prior->n_issues; i++)
        prior->issues[i].owner = mr_fhir_owner(pages, MR_SPAN("DetectedIssue"), prior->issues[i].id);
    for (size_t i = 0; i < prior->n_tasks; i++)
        prior->tasks[i].owner = mr_fhir_owner(pages, MR_SPAN("Task"), prior->tasks[i].id);
    if (prior->n_issues) qsort(prior->issues, prior->n_issues, sizeof *prior->issues, issue_order);
    if (prior->n_tasks) qsort(prior->tasks, prior->n_tasks, sizeof *prior->tasks, task_order);
}

/* The first of a list, sorted by owner, that is not before this owner; `after`: not of it either. */
static size_t issue_bound(const mr_prior *p, mr_span owner, bool after) {
    size_t lo = 0, hi = p->n_issues;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (mr_span_cmp(p->issues[mid].owner, owner) < (after ? 1 : 0))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static size_t task_bound(const mr_prior *p, mr_span owner, bool after) {
    size_t lo = 0, hi = p->n_tasks;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (mr_span_cmp(p->tasks[mid].owner, owner) < (after ? 1 : 0))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Issues and Tasks that stand in the input as another patient's are not ours to touch here; those of nobody are. */
static bool prior_keep_own(mr_review *rv, mr_span patient) {
    const mr_span owners[] = {MR_SPAN_NONE, patient};
    mr_prior own = {.issues = NULL};
    for (size_t k = 0; k < (patient.len ? 2 : 1); k++) {
        for (size_t i = issue_bound(&rv->prior, owners[k], false), n = issue_bound(&rv->prior, owners[k], true); i < n;
             i++)
            if (!MR_PUSH(rv->arena, own.issues, own.n_issues, own.cap_issues, rv->prior.issues[i])) return false;
        for (size_t i = task_bound(&rv->prior, owners[k], false), n = task_bound(&rv->prior, owners[k], true); i < n;
             i++)
            if (!MR_PUSH(rv->arena, own.tasks, own.n_tasks, own.cap_tasks, rv->prior.tasks[i])) return false;
    }
    rv->prior = own;
    return true;
}

/* ---- pages ---- */

static void absorbed_set(mr_absorbed *ret, const mr_fhir_page *page) {
    *ret = (mr_absorbed){.next = page->next,
                         .self = page->self,
                         .n_entries = page->n_entries,
                         .newest = page->newest,
                         .refused = page->refused,
                         .n_refused = page->n_refused};
}

mr_rc mr_review_read(mr_review_reader *r, mr_span page, bool padded, const mr_review_settings *settings, mr_arena *a,
                     mr_review_input *ret, mr_error *err) {
    mr_review_input in = {.pages = mr_fhir_pages_new(a, settings->fhir_base, true)};
    mr_fhir_page read;
    mr_json root;
    if (!in.pages) return mr_arena_why(a, err);
    mr_rc rc = mr_json_parse(r->doc, page, padded, &root, err);
    if (!rc) rc = mr_fhir_page_read(in.pages, root, &read, err);
    if (!rc) rc = mr_fhir_patients(in.pages, &in.patients, &in.n_patients, err);
    if (!rc && in.n_patients == 0) {
        in.patients = MR_NEW(a, mr_span);
        in.n_patients = 1;
        if (!in.patients) rc = mr_arena_why(a, err);
    }
    if (rc) return rc;
    absorbed_set(&in.absorbed, &read);
    in.outcome_error = read.outcome_error;
    if (read.has_issue || read.has_task) {
        in.prior_rc = mr_fhir_prior_read(page, settings->site.base_uri, a, &in.prior, err);
        if (in.prior_rc != MR_OK && in.prior_rc != MR_MALFORMED) return in.prior_rc;
        prior_sort(in.pages, &in.prior);
    }
    *ret = in;
    return MR_OK;
}

mr_review *mr_review_begin(mr_arena *a, const mr_review_knowledge *k, const mr_review_settings *settings,
                           mr_span patient_id) {
    mr_review *rv = MR_NEW(a, mr_review);
    if (!rv || !mr_arena_dup(a, patient_id, &rv->patient_id)) return NULL;
    rv->arena = a;
    rv->k = k;
    rv->settings = settings;
    rv->pages = mr_fhir_pages_new(a, settings->fhir_base, false);
    return rv->pages ? rv : NULL;
}

static mr_rc cut(mr_review *rv, mr_page_kind kind, const char *code, const char *why) {
    mr_review_cutting c = {.kind = kind, .code = code, .why = mr_span_of(why)};
    bool ok = mr_arena_dup(rv->arena, c.why, &c.why) && MR_PUSH(rv->arena, rv->cuts, rv->n_cuts, rv->cap_cuts, c);
    return ok ? MR_OK : mr_arena_why(rv->arena, NULL);
}

mr_rc mr_review_cut(mr_review *rv, mr_page_kind kind, const char *code, const char *why) {
    mr_span kept;
    if (!mr_arena_dup(rv->arena, mr_span_of(code), &kept)) return mr_arena_why(rv->arena, NULL);
    return cut(rv, kind, kept.ptr, why);
}

/* What a page says about itself: that the server failed in the middle, that there is more. */
static mr_rc page_cuts(mr_review *rv, mr_page_kind kind, bool outcome_error, bool more, mr_rc prior_rc, mr_error *err) {
    mr_rc rc = MR_OK;
    if (outcome_error) rc = cut(rv, kind, "server-outcome", "the server says that its answer is not whole");
    if (!rc && more)
        rc = cut(rv, kind, "more-pages", "the Bundle says that there are more pages, which were not given");
    if (!rc && prior_rc)
        rc = cut(rv, MR_PAGE_ISSUES, "unreadable-issues", "earlier findings in the input cannot be read");
    return rc ? mr_arena_why(rv->arena, err) : MR_OK;
}

mr_review *mr_review_of(mr_arena *a, const mr_review_knowledge *k, const mr_review_settings *settings,
                        const mr_review_input *in, mr_span patient_id) {
    mr_review *rv = mr_review_begin(a, k, settings, patient_id);
    if (!rv) return NULL;
    rv->pages = in->pages;
    rv->prior = in->prior;
    rv->prior_sorted = true;
    rv->many = true;
    mr_rc rc = page_cuts(rv, MR_PAGE_ANY, in->outcome_error, in->absorbed.next.ptr, in->prior_rc, NULL);
    return rc ? NULL : rv;
}

static bool asks_for_ours(mr_page_kind kind) {
    return kind == MR_PAGE_ISSUES || kind == MR_PAGE_TASKS;
}

/* A page of the service answers one question. What is neither a Bundle nor, of a read, the Patient is no answer: taken
 * for one it would be an empty list, and an empty list closes findings. */
static mr_rc answer_check(mr_page_kind kind, mr_json root, mr_error *err) {
    mr_span type = mr_json_string(mr_json_get(root, "resourceType"));
    const char *expected = kind == MR_PAGE_PATIENT ? "Patient" : "Bundle";
    if (kind == MR_PAGE_ANY || !type.len || mr_span_is(type, expected)) return MR_OK;
    return mr_fail(err, MR_MALFORMED, "the answer is no %s", expected);
}

static mr_rc absorb(mr_review *rv, mr_json_doc *doc, mr_page_kind kind, mr_span text, bool padded, mr_absorbed *ret,
                    mr_error *err) {
    mr_fhir_page page;
    mr_json root;
    mr_rc prior_rc = MR_OK;
    mr_rc rc = mr_json_parse(doc, text, padded, &root, err);
    if (!rc) rc = answer_check(kind, root, err);
    if (!rc) rc = mr_fhir_page_read(rv->pages, root, &page, err);
    if (rc) return rc;
    if (page.has_issue || page.has_task) {
        prior_rc = mr_fhir_prior_read(text, rv->settings->site.base_uri, rv->arena, &rv->prior, err);
        if (prior_rc && (asks_for_ours(kind) || prior_rc != MR_MALFORMED)) return prior_rc;
    }
    bool more = kind == MR_PAGE_ANY && page.next.ptr;
    rc = page_cuts(rv, kind, page.outcome_error, more, prior_rc, err);
    if (rc) return rc;
    absorbed_set(ret, &page);
    if (kind != MR_PAGE_ANY && rv->patient_id.ptr)
        ret->foreign = (unsigned)mr_fhir_foreign(rv->pages, page.first_item, rv->patient_id);
    return MR_OK;
}

mr_rc mr_review_absorb(mr_review *rv, mr_page_kind kind, mr_span page, bool padded, mr_absorbed *ret, mr_error *err) {
    mr_json_doc *doc = mr_json_doc_new();
    if (!doc) return mr_fail(err, MR_NOMEM, "out of memory");
    rv->many |= kind == MR_PAGE_ANY;
    mr_rc rc = absorb(rv, doc, kind, page, padded, ret, err);
    mr_json_doc_free(doc);
    return rc;
}

mr_rc mr_review_patients(mr_span page, bool padded, mr_arena *a, mr_span **ret_ids, size_t *ret_n, mr_error *err) {
    mr_json_doc *doc = mr_json_doc_new();
    mr_fhir_pages *pages = mr_fhir_pages_new(a, MR_SPAN_NONE, false);
    mr_fhir_page read;
    mr_json root;
    mr_span *ids, *none = MR_NEW(a, mr_span);
    size_t n;
    mr_rc rc = !doc ? mr_fail(err, MR_NOMEM, "out of memory") : !pages || !none ? mr_arena_why(a, err) : MR_OK;
    if (!rc) rc = mr_json_parse(doc, page, padded, &root, err);
    if (!rc) rc = mr_fhir_page_read(pages, root, &read, err);
    mr_json_doc_free(doc);
    if (!rc) rc = mr_fhir_patients(pages, &ids, &n, err);
    if (rc) return rc;
    *ret_ids = n ? ids : none;
    *ret_n = n ? n : 1;
    return MR_OK;
}

mr_rc mr_review_unresolved(mr_review *rv, mr_span **ret, size_t *ret_n, mr_error *err) {
    mr_fhir_collected c;
    mr_rc rc = mr_fhir_collect(rv->pages, rv->patient_id, !rv->many, rv->arena, &c, err);
    if (rc) return rc;
    *ret = c.unresolved;
    *ret_n = c.n_unresolved;
    return MR_OK;
}

/* ---- assess ---- */

static unsigned cut_bits(mr_page_kind kind) {
    switch (kind) {
    case MR_PAGE_PATIENT: return MR_CUT_PATIENT;
    case MR_PAGE_STATEMENTS:
    case MR_PAGE_REQUESTS:
    case MR_PAGE_MEDICATIONS: return MR_CUT_MEDICINES;
    case MR_PAGE_CONDITIONS: return MR_CUT_CONDITIONS;
    case MR_PAGE_ALLERGIES: return MR_CUT_ALLERGIES;
    case MR_PAGE_OBSERVATIONS: return MR_CUT_OBSERVATIONS;
    case MR_PAGE_ANY: return MR_CUT_MEDICINES | MR_CUT_CONDITIONS | MR_CUT_ALLERGIES | MR_CUT_OBSERVATIONS;
    default: return 0; /* earlier findings: a gap, but nothing clinical is missing */
    }
}

static mr_rc cuts_tell(const mr_review *rv, mr_raw_record *raw, mr_error *err) {
    for (size_t i = 0; i < rv->n_cuts; i++) {
        const mr_review_cutting *c = &rv->cuts[i];
        raw->cut |= cut_bits(c->kind);
        if (mr_raw_add_gap(raw, rv->arena, c->code, false, MR_SPAN_NONE, "%.*s", MR_SPAN_ARG(c->why)))
            return mr_arena_why(rv->arena, err);
    }
    return MR_OK;
}

/* Whether what is not found any more may be closed. A diagnosis without a code, or with one that nobody here knows, has
 * always been beyond the rules, so it is no reason to keep an issue open; anything else that is missing is. */
static bool may_close(const mr_record *r) {
    for (size_t i = 0; i < r->n_gaps; i++)
        if (!r->gaps[i].harmless && !mr_span_starts(r->gaps[i].code, "uncoded-") &&
            !mr_span_is(r->gaps[i].code, "unloaded-codes"))
            return false;
    for (size_t i = 0; i < r->n_not_assessed; i++)
        if (r->not_assessed[i].current && !r->not_assessed[i].not_a_medicine) return false;
    return r->cut == 0;
}

static mr_rc reconcile(mr_review *rv, mr_error *err) {
    const mr_review_settings *s = rv->settings;
    const mr_patient *p = &rv->record.patient;
    mr_reconcile_settings settings = {
        .site_key = s->run.site_key,
        .source = s->run.source,
        .patient_id = p->id,
        .as_of = s->run.as_of,
        .suppress_days = s->suppress_days ? s->suppress_days : 180,
        .complete = may_close(&rv->record),
        .patient_gone = p->deceased || p->inactive || p->replaced_by.ptr,
        .withdrawn = s->withdrawn,
        .n_withdrawn = s->n_withdrawn,
        .disabled = s->run.disabled,
        .n_disabled = s->run.n_disabled,
        .errors = rv->record.errors,
        .n_errors = rv->record.n_errors,
    };
    return mr_reconcile(rv->k->rules, &rv->assessment, rv->prior.issues, rv->prior.n_issues, rv->prior.tasks,
                        rv->prior.n_tasks, &settings, rv->arena, &rv->plan, err);
}

/* What only the forms for people and programs show: how to stop, what then, and whose share is what. */
static mr_rc stopping(mr_review *rv, mr_error *err) {
    const mr_ruleset *rules = rv->k->rules;
    const mr_run *run = &rv->settings->run;
    mr_rc rc = mr_stop_plans_make(rules, &rv->record, run, rv->arena, &rv->assessment, err);
    if (!rc) rc = mr_review_what_ifs(rv, err);
    if (!rc) rc = mr_burden_explain(rules, &rv->record, rv->arena, &rv->burden_detail, err);
    return rc;
}

mr_rc mr_review_assess(mr_review *rv, const mr_review_result **ret, mr_error *err) {
    const mr_review_settings *s = rv->settings;
    mr_fhir_collected c;
    MR_REQUIRE(!rv->assessed);
    rv->assessed = true;
    mr_rc rc = mr_fhir_collect(rv->pages, rv->patient_id, !rv->many, rv->arena, &c, err);
    if (!rc) rc = cuts_tell(rv, &c.raw, err);
    if (!rc) rc = mr_review_understand(rv, &c, err);
    if (!rc) rc = mr_record_build(rv->k->rules, &c.raw, s->run.as_of, rv->arena, &rv->record, err);
    if (!rc) rc = mr_rules_run(rv->k->rules, &rv->record, &s->run, rv->arena, &rv->assessment, err);
    if (!rc) rc = stopping(rv, err);
    if (!rc && !rv->prior_sorted) prior_sort(rv->pages, &rv->prior);
    if (!rc && !prior_keep_own(rv, c.raw.patient.id)) rc = mr_arena_why(rv->arena, err);
    if (!rc) rc = reconcile(rv, err);
    if (rc) return rc;
    rv->result = (mr_review_result){.record = &rv->record,
                                    .assessment = &rv->assessment,
                                    .plan = &rv->plan,
                                    .patient = c.raw.patient.reference,
                                    .read_references = c.read,
                                    .n_read = c.n_read,
                                    .inputs = c.inputs,
                                    .n_inputs = c.n_inputs};
    *ret = &rv->result;
    return MR_OK;
}

/* ---- forms ---- */

mr_rc mr_review_json(const mr_review *rv, mr_buf *out, mr_error *err) {
    MR_REQUIRE(rv->assessed);
    mr_report report = {.rules = rv->k->rules,
                        .terminology = mr_span_of(mr_terminology_version(rv->k->terminology)),
                        .as_of = rv->settings->run.as_of,
                        .record = &rv->record,
                        .assessment = &rv->assessment,
                        .burden_detail = &rv->burden_detail,
                        .plan = &rv->plan};
    mr_report_json(&report, out);
    return mr_buf_why(out, err);
}

mr_rc mr_review_fhir(const mr_review *rv, mr_buf *out, mr_error *err) {
    const mr_review_settings *s = rv->settings;
    MR_REQUIRE(rv->assessed);
    mr_tx_settings tx = {.site = s->site,
                         .patient = rv->result.patient,
                         .as_of = s->run.as_of,
                         .now_ms = s->now_ms,
                         .offline = s->offline,
                         .clock_pinned = s->clock_pinned,
                         .provenance = s->provenance && !s->offline,
                         .inputs = rv->result.inputs,
                         .n_inputs = rv->result.n_inputs,
                         .assessment = &rv->assessment};
    tx.site.terminology = mr_span_of(mr_terminology_version(rv->k->terminology));
    size_t before = out->len;
    mr_rc rc = mr_fhir_tx_write(&rv->plan, &rv->record, &tx, out, err);
    if (!rc && s->offline && out->len == before)
        mr_buf_adds(out, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\"}");
    return rc ? rc : mr_buf_why(out, err);
}
