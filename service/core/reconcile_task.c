/* The one review Task of a patient: who of the live issues stands on it, how urgent it is, and whether it has to be
 * written (product.md section 5, Task). */
#include "reconcile_parts.h"

#include "medreview/base/sha256.h"

#include <string.h>

static const char *priority_of(mr_urgency u) {
    return u == MR_SAME_DAY ? "asap" : u == MR_WITHIN_1_WEEK ? "urgent" : "routine";
}

static int priority_rank(mr_span p) {
    return mr_span_is(p, "asap") ? 2 : mr_span_is(p, "urgent") ? 1 : 0;
}

static void task_names(mr_plan_work *w, unsigned episode) {
    mr_task_plan *t = &w->plan.task;
    char key[MR_KEY_HEX + 1];
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
        if (t->findings[i]) mr_sha256_add(&h, t->findings[i]->content, MR_KEY_HEX);
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
    mr_hex(digest, MR_KEY_HEX / 2, t->content);
}

/* Fills priority, due date, role and content from the lives that `keep` says belong on the Task. */
static mr_rc fill_task(mr_plan_work *w, const bool *keep, const mr_prior_task *now) {
    mr_task_plan *t = &w->plan.task;
    t->findings = MR_NEW_N(w->a, const mr_finding *, w->n_lives);
    t->issue_ids = MR_NEW_N(w->a, mr_span, w->n_lives);
    if (!t->findings || !t->issue_ids) return mr_plan_full(w);
    mr_urgency urgency = MR_NEXT_REVIEW;
    for (size_t i = 0; i < w->n_lives; i++) {
        const mr_live *l = &w->lives[i];
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

static bool on_held_task(const mr_plan_work *w, mr_span issue_id) {
    for (size_t i = 0; i < w->n_tasks; i++)
        if (mr_prior_held(w->tasks[i]) && mr_prior_lists(w->tasks[i], issue_id)) return true;
    return false;
}

/* Which lives belong on the Task in `requested`; returns how many. */
static size_t choose(const mr_plan_work *w, bool somebody_holds, bool *keep) {
    size_t n = 0;
    for (size_t i = 0; i < w->n_lives; i++) {
        const mr_live *l = &w->lives[i];
        keep[i] = !on_held_task(w, l->issue_id) && (!somebody_holds || l->urgent || !l->finding);
        n += keep[i];
    }
    return n;
}

static bool any_finding(const mr_plan_work *w, const bool *keep) {
    for (size_t i = 0; i < w->n_lives; i++)
        if (keep[i] && w->lives[i].finding) return true;
    return false;
}

mr_rc mr_plan_task(mr_plan_work *w) {
    const mr_prior_task *requested = NULL, *holder = NULL, *last = w->n_tasks ? w->tasks[w->n_tasks - 1] : NULL;
    mr_rc rc = MR_OK;
    for (size_t i = 0; i < w->n_tasks && rc == MR_OK; i++) {
        if (mr_prior_held(w->tasks[i])) holder = w->tasks[i];
        if (w->tasks[i]->status != MR_TS_REQUESTED) continue;
        if (requested)
            rc =
                mr_plan_change(w, (mr_change){.kind = MR_CH_CANCEL_TASK, .task = requested}); /* at most one may wait */
        requested = w->tasks[i];
    }
    if (rc != MR_OK) return rc;
    bool *keep = MR_NEW_N(w->a, bool, w->n_lives);
    if (!keep) return mr_plan_full(w);
    size_t n = w->set->patient_gone ? 0 : choose(w, holder != NULL, keep);
    if (n == 0 || (!requested && !any_finding(w, keep))) {
        w->plan.open_task = requested ? requested : holder;
        if (!requested) return MR_OK; /* what is kept from before counts in n: nothing at all is left on this Task */
        w->plan.open_task = holder;
        return mr_plan_change(w, (mr_change){.kind = MR_CH_CANCEL_TASK, .task = requested});
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
        return mr_plan_change(w, (mr_change){.kind = MR_CH_REVISE_TASK, .task = requested});
    }
    task_names(w, last ? last->episode + 1 : 1);
    w->plan.task.based_on = holder ? holder->id : last ? last->id : MR_SPAN_NONE;
    w->plan.task.business_status = "new";
    return mr_plan_change(w, (mr_change){.kind = MR_CH_CREATE_TASK});
}
