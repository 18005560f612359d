/* Fresh findings against what stands on the server: a plan of changes. Pure.
 *
 * In words. What a person decided wins: an issue that a Task closed as accepted becomes final, one closed as not
 * applicable becomes cancelled and stays away until its content changes or its severity rises. What is gone and
 * untouched is cancelled, but only when the record was read whole and its rules could be assessed. What is new goes on
 * the one requested Task; while somebody holds a Task, only a high or same-day finding opens a second one.
 *
 * Sources: fhir.md 9.2 (issue status), 9.4 (Task moves), 10.2 (table), 11 (outcomes); product.md section 5 (Task). */
#include "reconcile_parts.h"

#include "candidate.h"

#include <stdlib.h>

mr_rc mr_plan_full(mr_plan_work *w) {
    return mr_arena_why(w->a, w->err);
}

mr_rc mr_plan_change(mr_plan_work *w, mr_change c) {
    if (w->plan.n >= MR_MAX_CHANGES)
        return mr_fail(w->err, MR_LIMIT, "more than %u changes for one patient: check the knowledge that was loaded",
                       MR_MAX_CHANGES);
    return MR_PUSH(w->a, w->plan.v, w->plan.n, w->cap_changes, c) ? MR_OK : mr_plan_full(w);
}

static bool contains(const mr_span *v, size_t n, mr_span id) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_eq(v[i], id)) return true;
    return false;
}

/* Every source of the issue is one of those rules. */
static bool only_of(const mr_prior_issue *i, const mr_span *rules, size_t n) {
    for (size_t k = 0; k < i->n_rules; k++)
        if (!contains(rules, n, i->rules[k])) return false;
    return i->n_rules > 0;
}

/* Going to cannotAssess never closes an issue. */
static bool unassessable(const mr_plan_work *w, const mr_prior_issue *i) {
    for (size_t c = 0; c < w->fresh->n_cannot; c++)
        for (size_t k = 0; k < i->n_rules; k++)
            if (contains(w->fresh->cannot[c].rules, w->fresh->cannot[c].n_rules, i->rules[k])) return true;
    return false;
}

static mr_rc add_live(mr_plan_work *w, const mr_finding *f, mr_span issue_id) {
    mr_live l = {
        .finding = f, .issue_id = issue_id, .urgent = f && (f->severity == MR_HIGH || f->urgency == MR_SAME_DAY)};
    return MR_PUSH(w->a, w->lives, w->n_lives, w->cap_lives, l) ? MR_OK : mr_plan_full(w);
}

/* An issue that stays because it cannot be assessed now; it is as severe as it was. */
static mr_rc add_kept(mr_plan_work *w, const mr_prior_issue *i) {
    mr_live l = {.issue_id = i->id, .kept_high = i->severity == MR_HIGH};
    return MR_PUSH(w->a, w->lives, w->n_lives, w->cap_lives, l) ? MR_OK : mr_plan_full(w);
}

static mr_rc suppress(mr_plan_work *w, const mr_finding *f, mr_day until) {
    mr_suppressed s = {f, until};
    return MR_PUSH(w->a, w->plan.suppressed, w->plan.n_suppressed, w->cap_suppressed, s) ? MR_OK : mr_plan_full(w);
}

/* A Task that is through and lists that id judged an issue that is no longer there: not this new one. */
static bool judged_before(const mr_plan_work *w, mr_span id) {
    for (size_t i = 0; i < w->n_tasks; i++)
        if (w->tasks[i]->status != MR_TS_REQUESTED && !mr_prior_held(w->tasks[i]) && !w->tasks[i]->resolved_by_record &&
            mr_prior_lists(w->tasks[i], id))
            return true;
    return false;
}

static mr_rc create(mr_plan_work *w, const mr_finding *f, unsigned episode) {
    mr_span id;
    do {
        id = episode < 2 ? mr_arena_printf(w->a, "mr-di-%s", f->id)
                         : mr_arena_printf(w->a, "mr-di-%s-%u", f->id, episode);
        if (!id.ptr) return mr_plan_full(w);
        episode++;
    } while (judged_before(w, id));
    mr_rc rc = mr_plan_change(
        w, (mr_change){.kind = MR_CH_CREATE_ISSUE, .finding = f, .issue_status = MR_IS_PRELIMINARY, .issue_id = id});
    return rc == MR_OK ? add_live(w, f, id) : rc;
}

static mr_rc revise(mr_plan_work *w, const mr_finding *f, mr_standing *s, mr_issue_status to) {
    s->status = to;
    /* What was decided, or why it was closed, was about the content that goes now. */
    s->judged.outcome = MR_OUT_NONE;
    s->judged.content = s->judged.undosed = MR_SPAN_NONE;
    mr_rc rc = mr_plan_change(w, (mr_change){.kind = MR_CH_REVISE_ISSUE,
                                             .finding = f,
                                             .issue = s->issue,
                                             .issue_status = to,
                                             .issue_id = s->issue->id,
                                             .judged = s->judged});
    return rc == MR_OK ? add_live(w, f, s->issue->id) : rc;
}

static mr_rc write_status(mr_plan_work *w, const mr_standing *s) {
    if (s->status == s->issue->status && !s->applied) return MR_OK;
    return mr_plan_change(w, (mr_change){.kind = MR_CH_STATUS_ISSUE,
                                         .issue = s->issue,
                                         .issue_status = s->status,
                                         .issue_id = s->issue->id,
                                         .judged = s->judged});
}

/* Set aside, with the content that it has now. */
static bool aside(const mr_standing *s) {
    return s->judged.outcome == MR_OUT_SET_ASIDE && mr_span_eq(s->judged.content, s->issue->content);
}

static bool same_content(const mr_finding *f, const mr_prior_issue *i) {
    return mr_span_is(i->content, f->content);
}

static bool no_dose(const mr_finding *f) {
    for (size_t i = 0; i < f->n_medicines; i++)
        if (f->medicines[i]->daily.known) return false;
    return f->n_medicines > 0;
}

/* A dose that was not known when a person looked at the finding, or that is not told any more, makes it no other
 * matter: the person had the medicine before them. Another dose does, and so does everything else that is content. */
static bool same_matter(const mr_plan_work *w, const mr_finding *f, mr_span content, const mr_judgement *judged) {
    if (mr_span_is(content, f->content) || mr_finding_dose_told(f, content, w->a)) return true;
    return judged->undosed.len && mr_span_eq(judged->content, content) && no_dose(f) &&
           mr_span_is(judged->undosed, f->content);
}

/* Decided so, about this content or what is no other matter. */
static bool decided(const mr_plan_work *w, const mr_finding *f, const mr_standing *s, mr_outcome_kind outcome) {
    return s->judged.outcome == outcome && same_matter(w, f, s->judged.content, &s->judged);
}

/* Of a finding that is met: what was decided is noted with its content without doses, where that is known. */
static mr_rc write_met(mr_plan_work *w, const mr_finding *f, mr_standing *s) {
    char undosed[33];
    bool telling = s->applied && mr_span_is(s->judged.content, f->content) && f->n_medicines && f->n_medicines <= 64 &&
                   !no_dose(f);
    if (telling && (!mr_finding_content(f, UINT64_MAX, w->a, undosed) ||
                    !mr_arena_dup(w->a, mr_span_of(undosed), &s->judged.undosed)))
        return mr_plan_full(w);
    return write_status(w, s);
}

static mr_rc met_awaiting(mr_plan_work *w, const mr_finding *f, mr_standing *s) {
    bool weaker = f->severity < s->issue->severity || f->certainty == MR_POSSIBLE;
    bool other = aside(s) ? !decided(w, f, s, MR_OUT_SET_ASIDE) : !same_content(f, s->issue);
    if (other && (w->set->complete || !weaker)) return revise(w, f, s, MR_IS_PRELIMINARY);
    w->plan.unchanged++;
    mr_rc rc = write_met(w, f, s);
    if (rc != MR_OK || aside(s)) return rc;
    return add_live(w, f, s->issue->id);
}

/* No action was thought right: quiet for its days, then asked again. */
static mr_rc met_no_action(mr_plan_work *w, const mr_finding *f, mr_standing *s, bool *ret_handled) {
    if (!decided(w, f, s, MR_OUT_NO_ACTION) || !s->task || !mr_when_given(s->task->closed)) return MR_OK;
    mr_day until = s->task->closed.hi + (mr_day)w->set->suppress_days;
    if (w->set->as_of <= until) return suppress(w, f, until);
    *ret_handled = s->status != MR_IS_AMENDED;
    return *ret_handled ? revise(w, f, s, MR_IS_AMENDED) : MR_OK;
}

/* A change of content after a decision is another matter (fhir.md 9.2: amended), a weaker statement is not. */
static mr_rc met_final(mr_plan_work *w, const mr_finding *f, mr_standing *s) {
    bool handled = false, weaker = f->severity < s->issue->severity || f->certainty == MR_POSSIBLE;
    if (!weaker && !same_matter(w, f, s->issue->content, &s->judged)) return revise(w, f, s, MR_IS_AMENDED);
    mr_rc rc = met_no_action(w, f, s, &handled);
    if (rc != MR_OK || handled) return rc;
    w->plan.unchanged++;
    rc = write_met(w, f, s);
    /* Amended by us and not yet decided: it stays on its Task. */
    bool waits = s->status == MR_IS_AMENDED && !aside(s);
    return rc == MR_OK && waits ? add_live(w, f, s->issue->id) : rc;
}

static mr_rc met_cancelled(mr_plan_work *w, const mr_finding *f, mr_standing *s) {
    if (decided(w, f, s, MR_OUT_NOT_APPLICABLE) && f->severity <= s->issue->severity) {
        w->plan.unchanged++;
        mr_rc rc = suppress(w, f, MR_DAY_MAX);
        return rc == MR_OK ? write_met(w, f, s) : rc;
    }
    return revise(w, f, s, MR_IS_PRELIMINARY); /* it came back, or it is another matter now */
}

static mr_rc meet(mr_plan_work *w, const mr_finding *f) {
    mr_standing *s = mr_plan_find(w, mr_span_of(f->id));
    if (!s) return create(w, f, 1);
    s->met = true;
    switch (s->status) {
    case MR_IS_ENTERED_IN_ERROR: return create(w, f, mr_key_episode(s->issue->key) + 1);
    case MR_IS_CANCELLED: return met_cancelled(w, f, s);
    case MR_IS_FINAL:
    case MR_IS_AMENDED:
    case MR_IS_CORRECTED: return met_final(w, f, s);
    case MR_IS_UNKNOWN:
    case MR_IS_REGISTERED:
    case MR_IS_PRELIMINARY: break;
    }
    return met_awaiting(w, f, s);
}

/* It was found in something that should never have stood in the record (fhir.md 9.2). */
static bool cites_an_error(const mr_plan_work *w, const mr_prior_issue *i) {
    for (size_t k = 0; k < i->n_cited; k++)
        if (contains(w->set->errors, w->set->n_errors, i->cited[k])) return true;
    return false;
}

/* An issue that no fresh finding speaks for. */
static mr_rc unmet(mr_plan_work *w, mr_standing *s) {
    if (s->duplicate || !mr_issue_awaiting(s->status))
        return write_status(w, s); /* final, amended: a person's record, left as it is */
    if (only_of(s->issue, w->set->withdrawn, w->set->n_withdrawn)) {
        s->status = MR_IS_ENTERED_IN_ERROR;
        return write_status(w, s);
    }
    bool off =
        only_of(s->issue, w->set->disabled, w->set->n_disabled); /* nothing that could be read would bring it back */
    if (!w->set->patient_gone && !off && (!w->set->complete || unassessable(w, s->issue))) {
        mr_rc rc = write_status(w, s);
        return rc != MR_OK || aside(s) ? rc : add_kept(w, s->issue);
    }
    if (!off && cites_an_error(w, s->issue)) {
        s->status = MR_IS_ENTERED_IN_ERROR;
        return write_status(w, s);
    }
    s->status = MR_IS_CANCELLED;
    s->judged.outcome = MR_OUT_GONE;
    s->judged.content = s->issue->content;
    return write_status(w, s);
}

static bool is_task(const mr_change *c) {
    return c->kind >= MR_CH_CREATE_TASK;
}

static int by_issue_then_task(const void *a, const void *b) {
    const mr_change *x = a, *y = b;
    if (is_task(x) != is_task(y)) return is_task(x) ? 1 : -1;
    if (is_task(x)) return mr_span_cmp(x->task ? x->task->id : MR_SPAN("~"), y->task ? y->task->id : MR_SPAN("~"));
    return mr_span_cmp(x->issue_id, y->issue_id);
}

mr_rc mr_reconcile(const mr_ruleset *rules, const mr_assessment *fresh, const mr_prior_issue *issues, size_t n_issues,
                   const mr_prior_task *tasks, size_t n_tasks, const mr_reconcile_settings *settings, mr_arena *a,
                   mr_plan *ret, mr_error *err) {
    mr_plan_work w = {.rules = rules, .fresh = fresh, .set = settings, .a = a, .err = err};
    mr_rc rc = mr_plan_take_stock(&w, issues, n_issues, tasks, n_tasks);
    for (size_t i = 0; i < fresh->n_findings && rc == MR_OK && !settings->patient_gone; i++)
        if (fresh->findings[i].posts) rc = meet(&w, &fresh->findings[i]);
    for (size_t i = 0; i < w.n_standings && rc == MR_OK; i++)
        if (!w.standings[i].met) rc = unmet(&w, &w.standings[i]);
    if (rc == MR_OK) rc = mr_plan_task(&w);
    if (rc != MR_OK) return rc;
    if (w.plan.n) qsort(w.plan.v, w.plan.n, sizeof *w.plan.v, by_issue_then_task);
    *ret = w.plan;
    return MR_OK;
}
