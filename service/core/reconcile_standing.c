/* What stands on the server, and what people decided about it.
 *
 * The latest Task that lists an issue decides, once, about the content that it had then: an old Task is no word about
 * what came later. */
#include "reconcile_parts.h"

#include <stdlib.h>

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

bool mr_prior_held(const mr_prior_task *t) {
    return t->status == MR_TS_RECEIVED || t->status == MR_TS_ACCEPTED || t->status == MR_TS_READY ||
           t->status == MR_TS_IN_PROGRESS || t->status == MR_TS_ON_HOLD || t->status == MR_TS_DRAFT;
}

bool mr_prior_lists(const mr_prior_task *t, mr_span issue_id) {
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
    return key.len > MR_KEY_HEX ? (mr_span){key.ptr, MR_KEY_HEX} : key;
}

unsigned mr_key_episode(mr_span key) {
    uint64_t n = 1;
    if (key.len <= MR_KEY_HEX + 1 || key.ptr[MR_KEY_HEX] != '-' ||
        !mr_span_u64(mr_span_from(key, MR_KEY_HEX + 1), &n) || n > 9999)
        return 1;
    return (unsigned)n;
}

static bool own_id(const mr_prior_issue *i) {
    return mr_span_starts(i->id, "mr-di-") && mr_span_eq(mr_span_from(i->id, 6), i->key);
}

static int by_key(const void *a, const void *b) {
    const mr_standing *x = a, *y = b;
    int c = mr_span_cmp(base_key(x->issue->key), base_key(y->issue->key));
    if (c) return c;
    unsigned ex = mr_key_episode(x->issue->key), ey = mr_key_episode(y->issue->key);
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

bool mr_issue_awaiting(mr_issue_status s) {
    return s == MR_IS_PRELIMINARY || s == MR_IS_REGISTERED || s == MR_IS_UNKNOWN;
}

static mr_outcome_kind decision_of(const mr_prior_task *t, mr_span key) {
    if (t->status == MR_TS_COMPLETED || t->status == MR_TS_REJECTED) return outcome_of(t, key);
    if (t->status == MR_TS_FAILED || (t->status == MR_TS_CANCELLED && !t->resolved_by_record)) return MR_OUT_SET_ASIDE;
    return MR_OUT_NONE;
}

/* The latest Task that lists the issue decides, once: what it said about earlier content is no word about later. */
static void judge(mr_plan_work *w, mr_standing *s) {
    s->judged = s->issue->judged;
    for (size_t i = 0; i < w->n_tasks; i++) {
        const mr_prior_task *t = w->tasks[i];
        if (t->status == MR_TS_ENTERED_IN_ERROR || !mr_prior_lists(t, s->issue->id)) continue;
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
        s->judged.undosed = MR_SPAN_NONE;
    }
    mr_outcome_kind outcome =
        s->task && s->task->episode > s->judged.episode ? decision_of(s->task, s->issue->key) : MR_OUT_NONE;
    bool mitigated = s->issue->mitigations > s->judged.mitigations;
    if (outcome == MR_OUT_NONE && !mitigated) return;
    if (outcome != MR_OUT_NONE) s->judged.episode = s->task->episode;
    s->judged.outcome = mitigated && outcome != MR_OUT_NOT_APPLICABLE ? MR_OUT_ACCEPTED : outcome;
    s->judged.mitigations = s->issue->mitigations;
    s->judged.content = s->issue->content;
    s->judged.undosed = MR_SPAN_NONE;
    /* A final issue is a person's record: what was decided is known, and written when the issue is written anyway. */
    s->applied = s->status != MR_IS_FINAL && s->status != MR_IS_CORRECTED;
    if (!s->applied || s->status == MR_IS_CANCELLED) return; /* gone before it was decided: noted, nothing revived */
    if (s->judged.outcome == MR_OUT_NOT_APPLICABLE)
        s->status = MR_IS_CANCELLED;
    else if (s->judged.outcome != MR_OUT_SET_ASIDE)
        s->status = MR_IS_FINAL;
}

mr_rc mr_plan_take_stock(mr_plan_work *w, const mr_prior_issue *issues, size_t n_issues, const mr_prior_task *tasks,
                         size_t n_tasks) {
    w->tasks = MR_NEW_N(w->a, const mr_prior_task *, n_tasks);
    w->standings = MR_NEW_N(w->a, mr_standing, n_issues);
    if (!w->tasks || !w->standings) return mr_plan_full(w);
    for (size_t i = 0; i < n_tasks; i++) w->tasks[w->n_tasks++] = &tasks[i];
    if (n_tasks) qsort(w->tasks, n_tasks, sizeof *w->tasks, by_episode);
    for (size_t i = 0; i < n_issues; i++)
        w->standings[w->n_standings++] = (mr_standing){.issue = &issues[i], .status = issues[i].status};
    if (n_issues) qsort(w->standings, n_issues, sizeof *w->standings, by_key);
    const mr_standing *kept = NULL; /* the first of this key that is no error */
    for (size_t i = 0; i < w->n_standings; i++) {
        mr_standing *s = &w->standings[i];
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

mr_standing *mr_plan_find(mr_plan_work *w, mr_span key) {
    mr_standing *last = NULL;
    for (size_t i = 0; i < w->n_standings; i++) {
        mr_standing *s = &w->standings[i];
        if (s->duplicate || !mr_span_eq(base_key(s->issue->key), key)) continue;
        bool repaired = last && mr_span_eq(last->issue->key, s->issue->key) && s->status == MR_IS_ENTERED_IN_ERROR;
        if (!repaired) last = s;
    }
    return last;
}
