/* Fresh findings against what stands on the server: a plan of changes. Pure.
 *
 * In words. What a person decided wins: an issue that a Task closed as accepted becomes final, one closed as not
 * applicable becomes cancelled and stays away until its content changes or its severity rises. What is gone and
 * untouched is cancelled, but only when the record was read whole and its rules could be assessed. What is new goes on
 * the one requested Task; while somebody holds a Task, only a high or same-day finding opens a second one.
 *
 * Sources: fhir.md 9.2 (issue status), 9.4 (Task moves), 10.2 (table), 11 (outcomes); product.md section 5 (Task). */
#include "medreview/core/reconcile.h"

#include "medreview/base/sha256.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_HEX = 32 };

static const char *const issue_status_text[] = {"unknown", "registered", "preliminary", "final",
                                                "amended", "corrected",  "cancelled",   "entered-in-error"};
static const char *const task_status_text[] = {"unknown",  "draft",     "requested",       "received",    "accepted",
                                               "rejected", "ready",     "cancelled",       "in-progress", "on-hold",
                                               "failed",   "completed", "entered-in-error"};

const char *mr_issue_status_text(mr_issue_status s) {
    return issue_status_text[s];
}

const char *mr_task_status_text(mr_task_status s) {
    return task_status_text[s];
}

mr_issue_status mr_issue_status_parse(mr_span s) {
    for (unsigned i = MR_IS_ENTERED_IN_ERROR; i > MR_IS_UNKNOWN; i--)
        if (mr_span_is(s, issue_status_text[i])) return (mr_issue_status)i;
    return MR_IS_UNKNOWN;
}

mr_task_status mr_task_status_parse(mr_span s) {
    for (unsigned i = MR_TS_ENTERED_IN_ERROR; i > MR_TS_UNKNOWN; i--)
        if (mr_span_is(s, task_status_text[i])) return (mr_task_status)i;
    return MR_TS_UNKNOWN;
}

typedef struct standing { /* one prior issue and what this review makes of it */
    const mr_prior_issue *issue;
    mr_issue_status status;    /* as it will stand */
    const mr_prior_task *task; /* latest Task of ours that lists it; NULL when none */
    mr_judgement judged;       /* as it will stand */
    bool applied;              /* a decision is carried over to the issue by this review */
    bool duplicate, met;       /* met: a fresh finding has this key */
} standing;

typedef struct live { /* a finding, or a kept issue, that belongs on a Task */
    const mr_finding *finding;
    mr_span issue_id;
    bool urgent; /* high or same-day: may open a second Task */
    bool kept_high;
} live;

typedef struct work {
    const mr_ruleset *rules;
    const mr_assessment *fresh;
    const mr_reconcile_settings *set;
    const mr_prior_task **tasks; /* by episode */
    size_t n_tasks;
    standing *standings;
    size_t n_standings;
    live *lives;
    size_t n_lives, cap_lives;
    size_t cap_changes, cap_suppressed;
    mr_arena *a;
    mr_plan plan;
    mr_error *err;
} work;

static mr_rc full(work *w) {
    return mr_arena_why(w->a, w->err);
}

static mr_rc change(work *w, mr_change c) {
    if (w->plan.n >= MR_MAX_CHANGES)
        return mr_fail(w->err, MR_LIMIT, "more than %u changes for one patient: check the knowledge that was loaded",
                       MR_MAX_CHANGES);
    return MR_PUSH(w->a, w->plan.v, w->plan.n, w->cap_changes, c) ? MR_OK : full(w);
}

static bool held(const mr_prior_task *t) {
    return t->status == MR_TS_RECEIVED || t->status == MR_TS_ACCEPTED || t->status == MR_TS_READY ||
           t->status == MR_TS_IN_PROGRESS || t->status == MR_TS_ON_HOLD || t->status == MR_TS_DRAFT;
}

static bool lists(const mr_prior_task *t, mr_span issue_id) {
    for (size_t i = 0; i < t->n_issue_ids; i++)
        if (mr_span_eq(t->issue_ids[i], issue_id)) return true;
    return false;
}

static int by_episode(const void *a, const void *b) {
    const mr_prior_task *const *x = a, *const *y = b;
    if ((*x)->episode != (*y)->episode) return (*x)->episode < (*y)->episode ? -1 : 1;
    return mr_span_cmp((*x)->id, (*y)->id);
}

static mr_span base_key(mr_span key) {
    return key.len > KEY_HEX ? (mr_span){key.ptr, KEY_HEX} : key;
}

/* "<key>" is episode 1, "<key>-2" episode 2. */
static unsigned key_episode(mr_span key) {
    uint64_t n = 1;
    if (key.len <= KEY_HEX + 1 || key.ptr[KEY_HEX] != '-' || !mr_span_u64(mr_span_from(key, KEY_HEX + 1), &n) ||
        n > 9999)
        return 1;
    return (unsigned)n;
}

static bool own_id(const mr_prior_issue *i) {
    return mr_span_starts(i->id, "mr-di-") && mr_span_eq(mr_span_from(i->id, 6), i->key);
}

static int by_key(const void *a, const void *b) {
    const standing *x = a, *y = b;
    int c = mr_span_cmp(base_key(x->issue->key), base_key(y->issue->key));
    if (c) return c;
    unsigned ex = key_episode(x->issue->key), ey = key_episode(y->issue->key);
    if (ex != ey) return ex < ey ? -1 : 1;
    if (own_id(x->issue) != own_id(y->issue)) return own_id(x->issue) ? -1 : 1;
    c = mr_span_cmp(x->issue->last_updated, y->issue->last_updated);
    return c ? c : mr_span_cmp(x->issue->id, y->issue->id);
}

static mr_outcome_kind outcome_of(const mr_prior_task *t, mr_span key) {
    for (size_t i = 0; i < t->n_outcomes; i++)
        if (mr_span_eq(t->outcomes[i].key, key)) return t->outcomes[i].outcome;
    return t->outcome;
}

static bool awaiting(mr_issue_status s) {
    return s == MR_IS_PRELIMINARY || s == MR_IS_REGISTERED || s == MR_IS_UNKNOWN;
}

static mr_outcome_kind decision_of(const mr_prior_task *t, mr_span key) {
    if (t->status == MR_TS_COMPLETED || t->status == MR_TS_REJECTED) return outcome_of(t, key);
    if (t->status == MR_TS_FAILED || (t->status == MR_TS_CANCELLED && !t->resolved_by_record)) return MR_OUT_SET_ASIDE;
    return MR_OUT_NONE;
}

/* The latest Task that lists the issue decides, once: what it said about earlier content is no word about later. */
static void judge(work *w, standing *s) {
    s->judged = s->issue->judged;
    for (size_t i = 0; i < w->n_tasks; i++) {
        const mr_prior_task *t = w->tasks[i];
        if (t->status == MR_TS_ENTERED_IN_ERROR || !lists(t, s->issue->id)) continue;
        /* On a later Task again: what the earlier one said is over, whether or not we saw it in time. */
        if (s->task && s->task->episode > s->judged.episode && decision_of(s->task, s->issue->key) != MR_OUT_NONE)
            s->judged = (mr_judgement){.episode = s->task->episode, .mitigations = s->judged.mitigations};
        s->task = t;
    }
    if (s->duplicate || s->status == MR_IS_ENTERED_IN_ERROR) return;
    bool ours = (s->judged.outcome == MR_OUT_GONE || s->judged.outcome == MR_OUT_NOT_APPLICABLE) &&
                mr_span_eq(s->judged.content, s->issue->content);
    if (s->status == MR_IS_CANCELLED && !ours) { /* cancelled by a person, on the issue itself */
        s->judged.outcome = MR_OUT_NOT_APPLICABLE;
        s->judged.content = s->issue->content;
    }
    mr_outcome_kind outcome =
        s->task && s->task->episode > s->judged.episode ? decision_of(s->task, s->issue->key) : MR_OUT_NONE;
    bool mitigated = s->issue->mitigations > s->judged.mitigations;
    if (outcome == MR_OUT_NONE && !mitigated) return;
    if (outcome != MR_OUT_NONE) s->judged.episode = s->task->episode;
    s->judged.outcome = mitigated && outcome != MR_OUT_NOT_APPLICABLE ? MR_OUT_ACCEPTED : outcome;
    s->judged.mitigations = s->issue->mitigations;
    s->judged.content = s->issue->content;
    /* A final issue is a person's record: what was decided is known, and written when the issue is written anyway. */
    s->applied = s->status != MR_IS_FINAL && s->status != MR_IS_CORRECTED;
    if (!s->applied || s->status == MR_IS_CANCELLED) return; /* gone before it was decided: noted, nothing revived */
    if (s->judged.outcome == MR_OUT_NOT_APPLICABLE)
        s->status = MR_IS_CANCELLED;
    else if (s->judged.outcome != MR_OUT_SET_ASIDE)
        s->status = MR_IS_FINAL;
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
static bool unassessable(const work *w, const mr_prior_issue *i) {
    for (size_t c = 0; c < w->fresh->n_cannot; c++)
        for (size_t k = 0; k < i->n_rules; k++)
            if (contains(w->fresh->cannot[c].rules, w->fresh->cannot[c].n_rules, i->rules[k])) return true;
    return false;
}

static mr_rc take_stock(work *w, const mr_prior_issue *issues, size_t n_issues, const mr_prior_task *tasks,
                        size_t n_tasks) {
    w->tasks = MR_NEW_N(w->a, const mr_prior_task *, n_tasks);
    w->standings = MR_NEW_N(w->a, standing, n_issues);
    if (!w->tasks || !w->standings) return full(w);
    for (size_t i = 0; i < n_tasks; i++) w->tasks[w->n_tasks++] = &tasks[i];
    if (n_tasks) qsort(w->tasks, n_tasks, sizeof *w->tasks, by_episode);
    for (size_t i = 0; i < n_issues; i++)
        w->standings[w->n_standings++] = (standing){.issue = &issues[i], .status = issues[i].status};
    if (n_issues) qsort(w->standings, n_issues, sizeof *w->standings, by_key);
    const standing *kept = NULL; /* the first of this key that is no error */
    for (size_t i = 0; i < w->n_standings; i++) {
        standing *s = &w->standings[i];
        if (kept && !mr_span_eq(s->issue->key, kept->issue->key)) kept = NULL;
        if (s->status != MR_IS_ENTERED_IN_ERROR && kept) {
            s->duplicate = true;
            w->plan.duplicates++;
        } else if (s->status != MR_IS_ENTERED_IN_ERROR) {
            kept = s;
        }
        judge(w, s);
        if (s->duplicate) s->status = MR_IS_ENTERED_IN_ERROR;
    }
    return MR_OK;
}

/* The last episode of that key; within an episode the one that is no error. NULL when there is none. */
static standing *find(work *w, mr_span key) {
    standing *last = NULL;
    for (size_t i = 0; i < w->n_standings; i++) {
        standing *s = &w->standings[i];
        if (s->duplicate || !mr_span_eq(base_key(s->issue->key), key)) continue;
        bool repaired = last && mr_span_eq(last->issue->key, s->issue->key) && s->status == MR_IS_ENTERED_IN_ERROR;
        if (!repaired) last = s;
    }
    return last;
}

static mr_rc add_live(work *w, const mr_finding *f, mr_span issue_id) {
    live l = {.finding = f, .issue_id = issue_id, .urgent = f && (f->severity == MR_HIGH || f->urgency == MR_SAME_DAY)};
    return MR_PUSH(w->a, w->lives, w->n_lives, w->cap_lives, l) ? MR_OK : full(w);
}

/* An issue that stays because it cannot be assessed now; it is as severe as it was. */
static mr_rc add_kept(work *w, const mr_prior_issue *i) {
    live l = {.issue_id = i->id, .kept_high = i->severity == MR_HIGH};
    return MR_PUSH(w->a, w->lives, w->n_lives, w->cap_lives, l) ? MR_OK : full(w);
}

static mr_rc suppress(work *w, const mr_finding *f, mr_day until) {
    mr_suppressed s = {f, until};
    return MR_PUSH(w->a, w->plan.suppressed, w->plan.n_suppressed, w->cap_suppressed, s) ? MR_OK : full(w);
}

/* A Task that is through and lists that id judged an issue that is no longer there: not this new one. */
static bool judged_before(const work *w, mr_span id) {
    for (size_t i = 0; i < w->n_tasks; i++)
        if (w->tasks[i]->status != MR_TS_REQUESTED && !held(w->tasks[i]) && !w->tasks[i]->resolved_by_record &&
            lists(w->tasks[i], id))
            return true;
    return false;
}

static mr_rc create(work *w, const mr_finding *f, unsigned episode) {
    mr_span id;
    do {
        id = episode < 2 ? mr_arena_printf(w->a, "mr-di-%s", f->id)
                         : mr_arena_printf(w->a, "mr-di-%s-%u", f->id, episode);
        if (!id.ptr) return full(w);
        episode++;
    } while (judged_before(w, id));
    mr_rc rc = change(
        w, (mr_change){.kind = MR_CH_CREATE_ISSUE, .finding = f, .issue_status = MR_IS_PRELIMINARY, .issue_id = id});
    return rc == MR_OK ? add_live(w, f, id) : rc;
}

static mr_rc revise(work *w, const mr_finding *f, standing *s, mr_issue_status to) {
    s->status = to;
    /* What was decided, or why it was closed, was about the content that goes now. */
    s->judged.outcome = MR_OUT_NONE;
    s->judged.content = MR_SPAN_NONE;
    mr_rc rc = change(w, (mr_change){.kind = MR_CH_REVISE_ISSUE,
                                     .finding = f,
                                     .issue = s->issue,
                                     .issue_status = to,
                                     .issue_id = s->issue->id,
                                     .judged = s->judged});
    return rc == MR_OK ? add_live(w, f, s->issue->id) : rc;
}

static mr_rc write_status(work *w, const standing *s) {
    if (s->status == s->issue->status && !s->applied) return MR_OK;
    return change(w, (mr_change){.kind = MR_CH_STATUS_ISSUE,
                                 .issue = s->issue,
                                 .issue_status = s->status,
                                 .issue_id = s->issue->id,
                                 .judged = s->judged});
}

/* Decided so, about just this content. */
static bool decided(const standing *s, mr_outcome_kind outcome, mr_span content) {
    return s->judged.outcome == outcome && mr_span_eq(s->judged.content, content);
}

static bool same_content(const mr_finding *f, const mr_prior_issue *i) {
    return mr_span_is(i->content, f->content);
}

static mr_rc met_awaiting(work *w, const mr_finding *f, standing *s) {
    bool weaker = f->severity < s->issue->severity || f->certainty == MR_POSSIBLE;
    if (!same_content(f, s->issue) && (w->set->complete || !weaker)) return revise(w, f, s, MR_IS_PRELIMINARY);
    w->plan.unchanged++;
    mr_rc rc = write_status(w, s);
    if (rc != MR_OK || decided(s, MR_OUT_SET_ASIDE, s->issue->content)) return rc;
    return add_live(w, f, s->issue->id);
}

/* No action was thought right: quiet for its days, then asked again. */
static mr_rc met_no_action(work *w, const mr_finding *f, standing *s, bool *ret_handled) {
    if (!decided(s, MR_OUT_NO_ACTION, mr_span_of(f->content)) || !s->task || !mr_when_given(s->task->closed))
        return MR_OK;
    mr_day until = s->task->closed.hi + (mr_day)w->set->suppress_days;
    if (w->set->as_of <= until) return suppress(w, f, until);
    *ret_handled = s->status != MR_IS_AMENDED;
    return *ret_handled ? revise(w, f, s, MR_IS_AMENDED) : MR_OK;
}

/* A change of content after a decision is another matter (fhir.md 9.2: amended), a weaker statement is not. */
static mr_rc met_final(work *w, const mr_finding *f, standing *s) {
    bool handled = false, weaker = f->severity < s->issue->severity || f->certainty == MR_POSSIBLE;
    if (!same_content(f, s->issue) && !weaker) return revise(w, f, s, MR_IS_AMENDED);
    mr_rc rc = met_no_action(w, f, s, &handled);
    if (rc != MR_OK || handled) return rc;
    w->plan.unchanged++;
    rc = write_status(w, s);
    /* Amended by us and not yet decided: it stays on its Task. */
    bool waits = s->status == MR_IS_AMENDED && !decided(s, MR_OUT_SET_ASIDE, s->issue->content);
    return rc == MR_OK && waits ? add_live(w, f, s->issue->id) : rc;
}

static mr_rc met_cancelled(work *w, const mr_finding *f, standing *s) {
    if (decided(s, MR_OUT_NOT_APPLICABLE, mr_span_of(f->content)) && f->severity <= s->issue->severity) {
        w->plan.unchanged++;
        mr_rc rc = suppress(w, f, MR_DAY_MAX);
        return rc == MR_OK ? write_status(w, s) : rc;
    }
    return revise(w, f, s, MR_IS_PRELIMINARY); /* it came back, or it is another matter now */
}

static mr_rc meet(work *w, const mr_finding *f) {
    standing *s = find(w, mr_span_of(f->id));
    if (!s) return create(w, f, 1);
    s->met = true;
    switch (s->status) {
    case MR_IS_ENTERED_IN_ERROR: return create(w, f, key_episode(s->issue->key) + 1);
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
static bool cites_an_error(const work *w, const mr_prior_issue *i) {
    for (size_t k = 0; k < i->n_cited; k++)
        if (contains(w->set->errors, w->set->n_errors, i->cited[k])) return true;
    return false;
}

/* An issue that no fresh finding speaks for. */
static mr_rc unmet(work *w, standing *s) {
    if (s->duplicate || !awaiting(s->status))
        return write_status(w, s); /* final, amended: a person's record, left as it is */
    if (only_of(s->issue, w->set->withdrawn, w->set->n_withdrawn)) {
        s->status = MR_IS_ENTERED_IN_ERROR;
        return write_status(w, s);
    }
    bool off =
        only_of(s->issue, w->set->disabled, w->set->n_disabled); /* nothing that could be read would bring it back */
    if (!w->set->patient_gone && !off && (!w->set->complete || unassessable(w, s->issue))) {
        mr_rc rc = write_status(w, s);
        return rc != MR_OK || decided(s, MR_OUT_SET_ASIDE, s->issue->content) ? rc : add_kept(w, s->issue);
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

static const char *priority_of(mr_urgency u) {
    return u == MR_SAME_DAY ? "asap" : u == MR_WITHIN_1_WEEK ? "urgent" : "routine";
}

static int priority_rank(mr_span p) {
    return mr_span_is(p, "asap") ? 2 : mr_span_is(p, "urgent") ? 1 : 0;
}

static void task_names(work *w, unsigned episode) {
    mr_task_plan *t = &w->plan.task;
    char key[KEY_HEX + 1];
    mr_finding_key(w->set->site_key, w->set->source, w->set->patient_id, MR_SPAN("task"), MR_SPAN("review"), key);
    mr_span name = mr_arena_printf(w->a, "%s-%u", key, episode);
    if (!name.ptr || name.len >= sizeof t->identifier) return;
    memcpy(t->identifier, name.ptr, name.len + 1);
    memcpy(t->id, "mr-task-", 8);
    memcpy(t->id + 8, name.ptr, name.len + 1);
    t->episode = episode;
}

static void task_content(mr_task_plan *t) {
    mr_sha256 h;
    uint8_t digest[32];
    mr_sha256_begin(&h);
    for (size_t i = 0; i < t->n_findings; i++) {
        mr_sha256_add(&h, t->issue_ids[i].ptr, t->issue_ids[i].len);
        if (t->findings[i]) mr_sha256_add(&h, t->findings[i]->content, KEY_HEX);
        mr_sha256_add(&h, "|", 1);
    }
    mr_sha256_add(&h, t->priority, strlen(t->priority));
    if (t->role.len) mr_sha256_add(&h, t->role.ptr, t->role.len);
    mr_sha256_add(&h, t->complete ? "|complete|" : "|incomplete|", t->complete ? 10 : 12);
    for (size_t i = 0; i < t->n_cannot; i++) {
        mr_sha256_add(&h, t->cannot[i].missing.ptr, t->cannot[i].missing.len);
        mr_sha256_add(&h, "|", 1);
    }
    mr_sha256_end(&h, digest);
    mr_hex(digest, KEY_HEX / 2, t->content);
}

/* Fills priority, due date, role and content from the lives that `keep` says belong on the Task. */
static mr_rc fill_task(work *w, const bool *keep, const mr_prior_task *now) {
    mr_task_plan *t = &w->plan.task;
    t->findings = MR_NEW_N(w->a, const mr_finding *, w->n_lives);
    t->issue_ids = MR_NEW_N(w->a, mr_span, w->n_lives);
    if (!t->findings || !t->issue_ids) return full(w);
    mr_urgency urgency = MR_NEXT_REVIEW;
    for (size_t i = 0; i < w->n_lives; i++) {
        const live *l = &w->lives[i];
        if (!keep[i]) continue;
        t->findings[t->n_findings] = l->finding;
        t->issue_ids[t->n_findings++] = l->issue_id;
        t->n_high += l->kept_high;
        if (!l->finding) continue;
        if (l->finding->urgency > urgency) urgency = l->finding->urgency;
        if (l->finding->severity == MR_HIGH) t->n_high++;
        if (!t->role.ptr) t->role = l->finding->leading->reviewer;
    }
    if (!t->role.ptr && now) t->role = now->role;
    t->priority = priority_of(urgency);
    t->due = w->set->as_of + mr_urgency_days(urgency);
    if (now && priority_rank(mr_span_of(t->priority)) <= priority_rank(now->priority) && t->n_findings &&
        !t->findings[t->n_findings - 1])
        t->priority = mr_span_is(now->priority, "asap")     ? "asap"
                      : mr_span_is(now->priority, "urgent") ? "urgent"
                                                            : "routine";
    /* A due date once given is not moved away by later changes of the same or a higher priority. */
    if (now && mr_when_given(now->due) && now->due.lo < t->due &&
        priority_rank(mr_span_of(t->priority)) >= priority_rank(now->priority))
        t->due = now->due.lo;
    t->complete = w->set->complete;
    t->cannot = w->fresh->cannot;
    t->n_cannot = w->fresh->n_cannot;
    t->present = true;
    task_content(t);
    return MR_OK;
}

static bool on_held_task(const work *w, mr_span issue_id) {
    for (size_t i = 0; i < w->n_tasks; i++)
        if (held(w->tasks[i]) && lists(w->tasks[i], issue_id)) return true;
    return false;
}

/* Which lives belong on the Task in `requested`; returns how many. */
static size_t choose(const work *w, bool somebody_holds, bool *keep) {
    size_t n = 0;
    for (size_t i = 0; i < w->n_lives; i++) {
        const live *l = &w->lives[i];
        keep[i] = !on_held_task(w, l->issue_id) && (!somebody_holds || l->urgent || !l->finding);
        n += keep[i];
    }
    return n;
}

static bool any_finding(const work *w, const bool *keep) {
    for (size_t i = 0; i < w->n_lives; i++)
        if (keep[i] && w->lives[i].finding) return true;
    return false;
}

static mr_rc plan_task(work *w) {
    const mr_prior_task *requested = NULL, *holder = NULL, *last = w->n_tasks ? w->tasks[w->n_tasks - 1] : NULL;
    mr_rc rc = MR_OK;
    for (size_t i = 0; i < w->n_tasks && rc == MR_OK; i++) {
        if (held(w->tasks[i])) holder = w->tasks[i];
        if (w->tasks[i]->status != MR_TS_REQUESTED) continue;
        if (requested)
            rc = change(w, (mr_change){.kind = MR_CH_CANCEL_TASK, .task = requested}); /* at most one may wait */
        requested = w->tasks[i];
    }
    if (rc != MR_OK) return rc;
    bool *keep = MR_NEW_N(w->a, bool, w->n_lives);
    if (!keep) return full(w);
    size_t n = w->set->patient_gone ? 0 : choose(w, holder != NULL, keep);
    if (n == 0 || (!requested && !any_finding(w, keep))) {
        w->plan.open_task = requested ? requested : holder;
        if (!requested) return MR_OK; /* what is kept from before counts in n: nothing at all is left on this Task */
        w->plan.open_task = holder;
        return change(w, (mr_change){.kind = MR_CH_CANCEL_TASK, .task = requested});
    }
    rc = fill_task(w, keep, requested);
    if (rc != MR_OK) return rc;
    if (requested) {
        task_names(w, requested->episode);
        w->plan.task.business_status = "changed";
        w->plan.open_task = requested;
        if (mr_span_is(requested->content, w->plan.task.content)) {
            if (mr_when_given(requested->due)) w->plan.task.due = requested->due.lo;
            return MR_OK;
        }
        return change(w, (mr_change){.kind = MR_CH_REVISE_TASK, .task = requested});
    }
    task_names(w, last ? last->episode + 1 : 1);
    w->plan.task.based_on = holder ? holder->id : last ? last->id : MR_SPAN_NONE;
    w->plan.task.business_status = "new";
    return change(w, (mr_change){.kind = MR_CH_CREATE_TASK});
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
    work w = {.rules = rules, .fresh = fresh, .set = settings, .a = a, .err = err};
    mr_rc rc = take_stock(&w, issues, n_issues, tasks, n_tasks);
    for (size_t i = 0; i < fresh->n_findings && rc == MR_OK && !settings->patient_gone; i++)
        if (fresh->findings[i].posts) rc = meet(&w, &fresh->findings[i]);
    for (size_t i = 0; i < w.n_standings && rc == MR_OK; i++)
        if (!w.standings[i].met) rc = unmet(&w, &w.standings[i]);
    if (rc == MR_OK) rc = plan_task(&w);
    if (rc != MR_OK) return rc;
    if (w.plan.n) qsort(w.plan.v, w.plan.n, sizeof *w.plan.v, by_issue_then_task);
    *ret = w.plan;
    return MR_OK;
}
