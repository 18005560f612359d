/* Reconciliation as a table: what stands, what is found now, what is to be written. And the property that matters most:
 * once a plan is carried out, the same review writes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "candidate.h"
#include "medreview/base/buf.h"
#include "medreview/base/rand.h"
#include "medreview/core/reconcile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16 };
static const mr_day today = 20778; /* 2026-11-21 */

typedef struct world {
    mr_arena *a;
    mr_rule rules[MOST];
    mr_harm harm;
    mr_finding found[MOST];
    size_t n_found;
    mr_prior_issue issues[MOST];
    size_t n_issues;
    mr_prior_task tasks[MOST];
    size_t n_tasks;
    mr_cannot_assess cannot[1];
    size_t n_cannot;
    mr_span rule_ids[MOST];
    mr_reconcile_settings set;
    mr_plan plan;
} world;

/* Keys are a letter repeated, so that transcripts can be read: finding 'a' has key aaaa... */
static void key_of(char letter, char out[33]) {
    memset(out, letter, 32);
    out[32] = 0;
}

static world *begin(void) {
    world *w = calloc(1, sizeof *w);
    w->a = mr_arena_new_checked(1 << 24);
    w->set = (mr_reconcile_settings){.site_key = MR_SPAN("0123456789abcdef"),
                                     .source = MR_SPAN("default"),
                                     .patient_id = MR_SPAN("p1"),
                                     .as_of = today,
                                     .suppress_days = 180,
                                     .complete = true};
    w->harm = (mr_harm){.key = MR_SPAN("gi-bleed"), .posts = true};
    return w;
}

static void end(world *w) {
    mr_arena_free(w->a);
    free(w);
}

static mr_finding *find_now(world *w, char letter, mr_severity severity, mr_urgency urgency, char content) {
    mr_finding *f = &w->found[w->n_found];
    mr_rule *r = &w->rules[w->n_found++];
    *r = (mr_rule){.id = mr_arena_printf(w->a, "RULE-%c", letter),
                   .posts = true,
                   .title = MR_SPAN("title"),
                   .reviewer = MR_SPAN("clinical pharmacist")};
    *f = (mr_finding){.leading = r,
                      .harm = &w->harm,
                      .severity = severity,
                      .urgency = urgency,
                      .certainty = MR_DEFINITE,
                      .posts = true};
    key_of(letter, f->id);
    key_of(content, f->content);
    return f;
}

static mr_prior_issue *stands(world *w, char letter, mr_issue_status status, mr_severity severity, char content) {
    mr_prior_issue *i = &w->issues[w->n_issues];
    char key[33], hash[33];
    key_of(letter, key);
    key_of(content, hash);
    w->rule_ids[w->n_issues] = mr_arena_printf(w->a, "RULE-%c", letter);
    *i = (mr_prior_issue){.id = mr_arena_printf(w->a, "mr-di-%s", key),
                          .version = MR_SPAN("1"),
                          .key = mr_arena_printf(w->a, "%s", key),
                          .content = mr_arena_printf(w->a, "%s", hash),
                          .status = status,
                          .severity = severity,
                          .rules = &w->rule_ids[w->n_issues],
                          .n_rules = 1,
                          .last_updated = mr_arena_printf(w->a, "2026-01-01T00:00:%02zuZ", w->n_issues)};
    w->n_issues++;
    return i;
}

static mr_prior_task *task(world *w, unsigned episode, mr_task_status status, const char *letters) {
    mr_prior_task *t = &w->tasks[w->n_tasks++];
    *t = (mr_prior_task){.id = mr_arena_printf(w->a, "mr-task-%u", episode),
                         .version = MR_SPAN("1"),
                         .episode = episode,
                         .status = status,
                         .priority = MR_SPAN("routine"),
                         .due = {today + 10, today + 10},
                         .closed = {today - 10, today - 10},
                         .content = MR_SPAN("old")};
    t->outcome = status == MR_TS_COMPLETED  ? MR_OUT_ACCEPTED
                 : status == MR_TS_REJECTED ? MR_OUT_NOT_APPLICABLE
                                            : MR_OUT_NONE;
    t->issue_ids = MR_NEW_N(w->a, mr_span, strlen(letters));
    for (; *letters; letters++) {
        char key[33];
        key_of(*letters, key);
        t->issue_ids[t->n_issue_ids++] = mr_arena_printf(w->a, "mr-di-%s", key);
    }
    return t;
}

static void short_id(mr_buf *out, mr_span id) {
    mr_span key = mr_span_starts(id, "mr-di-") ? mr_span_from(id, 6) : id;
    mr_buf_addc(out, key.ptr[0]);
    if (key.len > 32) mr_buf_addsp(out, mr_span_from(key, 32));
}

/* "create a; revise b preliminary; task new 2 routine on mr-task-1: a b" */
static const char *reconcile(world *w, mr_buf *out) {
    mr_error err;
    mr_assessment fresh = {
        .findings = w->found, .n_findings = w->n_found, .cannot = w->cannot, .n_cannot = w->n_cannot};
    mr_rc rc = mr_reconcile(NULL, &fresh, w->issues, w->n_issues, w->tasks, w->n_tasks, &w->set, w->a, &w->plan, &err);
    if (rc != MR_OK) fail_msg("reconcile: %s", err.text);
    mr_buf_clear(out);
    for (size_t i = 0; i < w->plan.n; i++) {
        const mr_change *c = &w->plan.v[i];
        if (i) mr_buf_adds(out, "; ");
        switch (c->kind) {
        case MR_CH_CREATE_ISSUE:
            mr_buf_adds(out, "create ");
            short_id(out, c->issue_id);
            break;
        case MR_CH_REVISE_ISSUE:
        case MR_CH_STATUS_ISSUE:
            mr_buf_adds(out, c->kind == MR_CH_REVISE_ISSUE ? "revise " : "status ");
            short_id(out, c->issue->id);
            mr_buf_printf(out, " %s", mr_issue_status_text(c->issue_status));
            break;
        case MR_CH_CREATE_TASK:
        case MR_CH_REVISE_TASK: {
            const mr_task_plan *t = &w->plan.task;
            mr_buf_printf(out, "task %s %u %s +%d", t->business_status, t->episode, t->priority, (int)(t->due - today));
            if (t->based_on.len && c->kind == MR_CH_CREATE_TASK)
                mr_buf_printf(out, " after %.*s", MR_SPAN_ARG(t->based_on));
            mr_buf_adds(out, ":");
            for (size_t k = 0; k < t->n_findings; k++) {
                mr_buf_addc(out, ' ');
                short_id(out, t->issue_ids[k]);
            }
            break;
        }
        case MR_CH_CANCEL_TASK: mr_buf_printf(out, "cancel %.*s", MR_SPAN_ARG(c->task->id)); break;
        }
    }
    if (w->plan.n == 0) mr_buf_adds(out, "nothing");
    for (size_t i = 0; i < w->plan.n_suppressed; i++)
        mr_buf_printf(out, " (%c suppressed)", w->plan.suppressed[i].finding->id[0]);
    return mr_buf_z(out);
}

#define EXPECT(w, text)                                                                                                \
    do {                                                                                                               \
        mr_buf got;                                                                                                    \
        mr_buf_init(&got, 10000);                                                                                      \
        const char *line_ = reconcile(w, &got);                                                                        \
        if (strcmp(line_, text) != 0)                                                                                  \
            fail_msg("%s:%d\n  got      %s\n  expected %s", __FILE__, __LINE__, line_, text);                          \
        mr_buf_free(&got);                                                                                             \
    } while (0)

/* What the server holds after the plan was carried out. */
static void carry_out(world *w) {
    for (size_t i = 0; i < w->plan.n; i++) {
        const mr_change *c = &w->plan.v[i];
        const mr_task_plan *p = &w->plan.task;
        mr_prior_issue *issue = (mr_prior_issue *)(uintptr_t)c->issue;
        mr_prior_task *t = (mr_prior_task *)(uintptr_t)c->task;
        if (c->kind == MR_CH_CREATE_ISSUE) {
            issue = &w->issues[w->n_issues++];
            *issue = (mr_prior_issue){.id = c->issue_id, .version = MR_SPAN("1"), .key = mr_span_from(c->issue_id, 6)};
        }
        if (c->finding) {
            mr_span *ids = MR_NEW_N(w->a, mr_span, 1);
            *ids = c->finding->leading->id;
            issue->content = mr_arena_printf(w->a, "%s", c->finding->content);
            issue->severity = c->finding->severity;
            issue->rules = ids;
            issue->n_rules = 1;
        }
        if (issue) issue->status = c->issue_status;
        if (issue) issue->judged = c->judged;
        if (c->kind == MR_CH_CREATE_TASK) {
            t = &w->tasks[w->n_tasks++];
            *t = (mr_prior_task){
                .id = mr_arena_printf(w->a, "%s", p->id), .episode = p->episode, .closed = MR_WHEN_NONE};
        }
        if (c->kind == MR_CH_CREATE_TASK || c->kind == MR_CH_REVISE_TASK) {
            t->status = MR_TS_REQUESTED;
            t->content = mr_arena_printf(w->a, "%s", p->content);
            t->priority = mr_span_of(p->priority);
            t->due = (mr_when){p->due, p->due};
            t->issue_ids = p->issue_ids;
            t->n_issue_ids = p->n_findings;
        }
        if (c->kind == MR_CH_CANCEL_TASK) {
            t->status = MR_TS_CANCELLED;
            t->resolved_by_record = true;
        }
    }
}

#define SETTLES(w)                                                                                                     \
    do {                                                                                                               \
        carry_out(w);                                                                                                  \
        mr_buf again;                                                                                                  \
        mr_buf_init(&again, 10000);                                                                                    \
        (void)reconcile(w, &again);                                                                                    \
        if (w->plan.n) fail_msg("%s:%d: the second time: %s", __FILE__, __LINE__, mr_buf_z(&again));                   \
        mr_buf_free(&again);                                                                                           \
    } while (0)

static void test_new_findings_make_issues_and_one_task(void **state) {
    (void)state;
    world *w = begin();
    find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    find_now(w, 'b', MR_MODERATE, MR_WITHIN_4_WEEKS, '1');
    EXPECT(w, "create a; create b; task new 1 urgent +7: a b");
    SETTLES(w);
    end(w);
}

static void test_nothing_found_writes_nothing(void **state) {
    (void)state;
    world *w = begin();
    EXPECT(w, "nothing");
    end(w);
}

static void test_burden_findings_are_not_posted(void **state) {
    (void)state;
    world *w = begin();
    find_now(w, 'a', MR_HIGH, MR_NEXT_REVIEW, '1')->posts = false;
    EXPECT(w, "nothing");
    end(w);
}

static void test_other_content_revises_issue_and_task(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_MODERATE, '1');
    task(w, 1, MR_TS_REQUESTED, "a");
    find_now(w, 'a', MR_HIGH, MR_SAME_DAY, '2');
    EXPECT(w, "revise a preliminary; task changed 1 asap +0: a");
    SETTLES(w);
    end(w);
}

static void test_what_is_gone_is_cancelled_with_its_task(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    task(w, 1, MR_TS_REQUESTED, "a");
    EXPECT(w, "status a cancelled; cancel mr-task-1");
    SETTLES(w);
    end(w);
}

static void test_an_incomplete_record_closes_nothing(void **state) {
    (void)state;
    world *w = begin();
    w->set.complete = false;
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    mr_prior_task *t = task(w, 1, MR_TS_REQUESTED, "a");
    EXPECT(w, "task changed 1 routine +10: a"); /* the Task says that the record is incomplete; a stays on it */
    carry_out(w);
    assert_int_equal(t->status, MR_TS_REQUESTED);
    EXPECT(w, "nothing");
    end(w);
}

static void test_an_incomplete_record_does_not_soften_an_issue(void **state) {
    (void)state;
    world *w = begin();
    w->set.complete = false;
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    find_now(w, 'a', MR_MODERATE, MR_NEXT_REVIEW, '2');
    task(w, 1, MR_TS_REQUESTED, "a");
    mr_buf got;
    mr_buf_init(&got, 10000);
    assert_null(strstr(reconcile(w, &got), "revise a"));
    mr_buf_free(&got);
    end(w);
}

static void test_what_cannot_be_assessed_now_is_not_closed(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    stands(w, 'b', MR_IS_PRELIMINARY, MR_HIGH, '1');
    task(w, 1, MR_TS_REQUESTED, "ab");
    w->cannot[0] = (mr_cannot_assess){
        .missing = MR_SPAN("eGFR"), .rules = &w->rule_ids[0], .n_rules = 1, .settled_by = MR_SPAN("an eGFR result")};
    w->n_cannot = 1;
    EXPECT(w, "status b cancelled; task changed 1 routine +10: a");
    SETTLES(w);
    end(w);
}

static void test_a_held_task_is_never_written(void **state) {
    (void)state;
    const mr_task_status held[] = {MR_TS_RECEIVED, MR_TS_ACCEPTED, MR_TS_IN_PROGRESS, MR_TS_ON_HOLD};
    for (size_t i = 0; i < 4; i++) {
        world *w = begin();
        stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
        task(w, 1, held[i], "a");
        EXPECT(w, "status a cancelled"); /* the record says so; the Task is the person's */
        SETTLES(w);
        end(w);
    }
}

static void test_beside_a_held_task_only_pressing_findings_open_a_second(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    task(w, 1, MR_TS_ACCEPTED, "a");
    find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    find_now(w, 'b', MR_MODERATE, MR_WITHIN_1_WEEK, '1');
    EXPECT(w, "create b"); /* waits until the first is closed */
    SETTLES(w);
    find_now(w, 'c', MR_HIGH, MR_WITHIN_4_WEEKS, '1');
    EXPECT(w, "create c; task new 2 routine +28 after mr-task-1: c");
    SETTLES(w);
    end(w);
}

static void test_when_the_held_task_closes_the_waiting_findings_get_theirs(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    stands(w, 'b', MR_IS_PRELIMINARY, MR_MODERATE, '1');
    task(w, 1, MR_TS_COMPLETED, "a");
    find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    find_now(w, 'b', MR_MODERATE, MR_WITHIN_4_WEEKS, '1');
    EXPECT(w, "status a final; task new 2 routine +28 after mr-task-1: b");
    SETTLES(w);
    end(w);
}

static void test_rejected_stays_away_until_it_is_another_matter(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_MODERATE, '1');
    task(w, 1, MR_TS_REJECTED, "a");
    mr_finding *f = find_now(w, 'a', MR_MODERATE, MR_WITHIN_1_WEEK, '1');
    EXPECT(w, "status a cancelled (a suppressed)");
    SETTLES(w);
    EXPECT(w, "nothing (a suppressed)");
    key_of('2', f->content); /* another dose, another drug */
    EXPECT(w, "revise a preliminary; task new 2 urgent +7 after mr-task-1: a");
    SETTLES(w);
    end(w);
}

/* A finding about those medicines, with its true content. */
static mr_finding *find_dosed(world *w, const double *mg, size_t n) {
    static const char *const names[] = {"naproxen", "warfarin", "aspirin"};
    mr_finding *f = w->n_found ? &w->found[0] : find_now(w, 'a', MR_MODERATE, MR_WITHIN_1_WEEK, '1');
    static const mr_rule *sources[1];
    sources[0] = f->leading;
    f->sources = sources;
    f->n_sources = 1;
    f->medicines = MR_NEW_N(w->a, const mr_medicine *, n);
    f->n_medicines = n;
    for (size_t i = 0; i < n; i++) {
        mr_medicine *m = MR_NEW(w->a, mr_medicine);
        m->ingredients = MR_NEW(w->a, mr_ingredient);
        m->ingredients[0].substance = mr_span_of(names[i]);
        m->n_ingredients = 1;
        m->daily = (mr_dose){.known = mg[i] > 0, .value = mg[i], .unit = MR_SPAN("mg")};
        f->medicines[i] = m;
    }
    assert_true(mr_finding_content(f, 0, w->a, f->content));
    return f;
}

/* Looked at with the doses `before`, decided, then found with the doses `now`. */
static void test_a_dose_that_is_only_told_or_not_told_is_no_other_matter(void **state) {
    (void)state;
    static const struct {
        mr_task_status closes;
        mr_outcome_kind outcome;
        size_t n;
        double before[3], now[3]; /* mg a day; 0: not known */
        const char *expected;
    } table[] = {
        /* dismissed */
        {MR_TS_REJECTED, MR_OUT_NOT_APPLICABLE, 1, {0}, {1000}, "nothing (a suppressed)"},
        {MR_TS_REJECTED, MR_OUT_NOT_APPLICABLE, 1, {1000}, {0}, "nothing (a suppressed)"},
        {MR_TS_REJECTED, MR_OUT_NOT_APPLICABLE, 1, {1000}, {1000}, "nothing (a suppressed)"},
        {MR_TS_REJECTED,
         MR_OUT_NOT_APPLICABLE,
         1,
         {500},
         {1000},
         "revise a preliminary; task new 2 urgent +7 after mr-task-1: a"},
        {MR_TS_REJECTED, MR_OUT_NOT_APPLICABLE, 2, {500, 0}, {500, 3}, "nothing (a suppressed)"},
        {MR_TS_REJECTED, MR_OUT_NOT_APPLICABLE, 2, {0, 0}, {500, 3}, "nothing (a suppressed)"},
        {MR_TS_REJECTED,
         MR_OUT_NOT_APPLICABLE,
         2,
         {500, 0},
         {1000, 3},
         "revise a preliminary; task new 2 urgent +7 after mr-task-1: a"},
        /* one is not told any more and the other may be another one: asked again */
        {MR_TS_REJECTED,
         MR_OUT_NOT_APPLICABLE,
         2,
         {500, 3},
         {500, 0},
         "revise a preliminary; task new 2 urgent +7 after mr-task-1: a"},
        {MR_TS_REJECTED, MR_OUT_NOT_APPLICABLE, 2, {500, 3}, {0, 0}, "nothing (a suppressed)"},
        {MR_TS_REJECTED, MR_OUT_NOT_APPLICABLE, 3, {0, 3, 0}, {500, 3, 75}, "nothing (a suppressed)"},
        /* accepted, no action, set aside */
        {MR_TS_COMPLETED, MR_OUT_ACCEPTED, 1, {0}, {1000}, "nothing"},
        {MR_TS_COMPLETED,
         MR_OUT_ACCEPTED,
         1,
         {500},
         {1000},
         "revise a amended; task new 2 urgent +7 after mr-task-1: a"},
        {MR_TS_COMPLETED, MR_OUT_NO_ACTION, 1, {0}, {1000}, "nothing (a suppressed)"},
        {MR_TS_COMPLETED, MR_OUT_NO_ACTION, 1, {1000}, {0}, "nothing (a suppressed)"},
        {MR_TS_FAILED, MR_OUT_NONE, 1, {0}, {1000}, "nothing"},
        {MR_TS_FAILED, MR_OUT_NONE, 1, {500}, {1000}, "revise a preliminary; task new 2 urgent +7 after mr-task-1: a"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        world *w = begin();
        mr_finding *f = find_dosed(w, table[i].before, table[i].n);
        mr_prior_issue *issue = stands(w, 'a', MR_IS_PRELIMINARY, MR_MODERATE, '1');
        issue->content = mr_arena_printf(w->a, "%s", f->content);
        task(w, 1, table[i].closes, "a")->outcome = table[i].outcome;
        mr_buf got;
        mr_buf_init(&got, 10000);
        (void)reconcile(w, &got); /* the decision is seen */
        carry_out(w);
        (void)find_dosed(w, table[i].now, table[i].n);
        if (strcmp(reconcile(w, &got), table[i].expected) != 0)
            fail_msg("row %zu\n  got      %s\n  expected %s", i, mr_buf_z(&got), table[i].expected);
        mr_buf_free(&got);
        SETTLES(w);
        end(w);
    }
}

static void test_a_dose_that_raises_the_severity_is_another_matter(void **state) {
    (void)state;
    world *w = begin();
    static const double unknown[] = {0}, told[] = {4000};
    mr_finding *f = find_dosed(w, unknown, 1);
    mr_prior_issue *issue = stands(w, 'a', MR_IS_CANCELLED, MR_MODERATE, '1');
    issue->content = mr_arena_printf(w->a, "%s", f->content);
    EXPECT(w, "nothing (a suppressed)");
    f->severity = MR_HIGH;
    (void)find_dosed(w, told, 1);
    EXPECT(w, "revise a preliminary; task new 1 urgent +7: a");
    end(w);
}

static void test_a_dismissal_never_hides_a_higher_severity(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_CANCELLED, MR_MODERATE, '1');
    task(w, 1, MR_TS_REJECTED, "a");
    find_now(w, 'a', MR_HIGH, MR_SAME_DAY, '1');
    EXPECT(w, "revise a preliminary; task new 2 asap +0 after mr-task-1: a");
    end(w);
}

static void test_a_drug_restarted_revives_its_issue_in_a_new_task(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    task(w, 1, MR_TS_REQUESTED, "a");
    EXPECT(w, "status a cancelled; cancel mr-task-1"); /* stopped */
    SETTLES(w);
    find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    EXPECT(w, "revise a preliminary; task new 2 urgent +7 after mr-task-1: a");
    SETTLES(w);
    end(w);
}

static void test_final_is_a_persons_record(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_FINAL, MR_MODERATE, '1');
    task(w, 1, MR_TS_COMPLETED, "a");
    EXPECT(w, "nothing"); /* gone: leave it */
    mr_finding *f = find_now(w, 'a', MR_MODERATE, MR_WITHIN_1_WEEK, '1');
    EXPECT(w, "nothing");
    f->severity = MR_LOW;
    key_of('3', f->content);
    EXPECT(w, "nothing"); /* weaker: what was decided covers it */
    f->severity = MR_MODERATE;
    key_of('2', f->content); /* another dose */
    EXPECT(w, "revise a amended; task new 2 urgent +7 after mr-task-1: a");
    SETTLES(w);
    f->severity = MR_HIGH;
    key_of('4', f->content);
    EXPECT(w, "revise a amended; task changed 2 urgent +7: a");
    SETTLES(w);
    end(w);
}

static void test_an_issue_that_a_person_cancelled_is_not_opened_again(void **state) {
    (void)state;
    world *w = begin();
    mr_prior_issue *i = stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    task(w, 1, MR_TS_REQUESTED, "a");
    mr_finding *f = find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    i->status = MR_IS_CANCELLED; /* on the issue itself, in some other system */
    EXPECT(w, "cancel mr-task-1 (a suppressed)");
    SETTLES(w);
    key_of('2', f->content);
    EXPECT(w, "revise a preliminary; task new 2 urgent +7 after mr-task-1: a");
    SETTLES(w);
    i->status = MR_IS_CANCELLED; /* once more */
    EXPECT(w, "cancel mr-task-ac9743b5739b06575fc3a329d5e668e5-2 (a suppressed)");
    end(w);
}

static void test_a_mitigation_counts_as_accepted(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1')->mitigations = 1;
    task(w, 1, MR_TS_REQUESTED, "a");
    find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    EXPECT(w, "status a final; cancel mr-task-1");
    SETTLES(w);
    end(w);
}

static void test_no_action_is_quiet_for_its_days_and_then_asks_again(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_MODERATE, '1');
    mr_prior_task *t = task(w, 1, MR_TS_COMPLETED, "a");
    t->outcome = MR_OUT_NO_ACTION;
    find_now(w, 'a', MR_MODERATE, MR_NEXT_REVIEW, '1');
    t->closed = (mr_when){today - 180, today - 180};
    EXPECT(w, "status a final (a suppressed)");
    carry_out(w);
    EXPECT(w, "nothing (a suppressed)");
    t->closed = (mr_when){today - 181, today - 181};
    EXPECT(w, "revise a amended; task new 2 routine +84 after mr-task-1: a");
    SETTLES(w);
    end(w);
}

/* A decision about one content is no word about later content, even while the new one waits without a Task. */
static void test_an_old_decision_does_not_judge_new_content(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_MODERATE, '1');
    task(w, 1, MR_TS_REJECTED, "a");
    task(w, 2, MR_TS_ACCEPTED, "");
    mr_finding *f = find_now(w, 'a', MR_MODERATE, MR_WITHIN_1_WEEK, '2');
    EXPECT(w, "revise a preliminary");
    SETTLES(w);
    w->tasks[1].status = MR_TS_COMPLETED;
    EXPECT(w, "task new 3 urgent +7 after mr-task-2: a");
    SETTLES(w);
    key_of('1', f->content); /* back to what was rejected */
    EXPECT(w, "revise a preliminary; task changed 3 urgent +7: a");
    end(w);
}

static void test_one_task_may_judge_each_finding_by_itself(void **state) {
    (void)state;
    world *w = begin();
    char key[33];
    key_of('b', key);
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    stands(w, 'b', MR_IS_PRELIMINARY, MR_HIGH, '1');
    mr_prior_task *t = task(w, 1, MR_TS_COMPLETED, "ab");
    mr_finding_outcome one = {mr_span_of(key), MR_OUT_NOT_APPLICABLE};
    t->outcomes = &one;
    t->n_outcomes = 1;
    find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    find_now(w, 'b', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    EXPECT(w, "status a final; status b cancelled (b suppressed)");
    SETTLES(w);
    end(w);
}

static void test_entered_in_error_is_never_revived(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_ENTERED_IN_ERROR, MR_HIGH, '1');
    find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    EXPECT(w, "create a-2; task new 1 urgent +7: a-2");
    SETTLES(w);
    end(w);
}

static void test_a_second_resource_with_one_key_is_repaired(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1')->id = MR_SPAN("server-made-77");
    task(w, 1, MR_TS_REQUESTED, "a");
    find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    mr_buf got;
    mr_buf_init(&got, 10000);
    assert_non_null(strstr(reconcile(w, &got), "status s entered-in-error"));
    assert_int_equal(w->plan.duplicates, 1);
    mr_buf_free(&got);
    SETTLES(w);
    end(w);
}

static void test_a_withdrawn_rule_takes_its_issue_back_as_an_error(void **state) {
    (void)state;
    world *w = begin();
    mr_span gone = MR_SPAN("RULE-a");
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    task(w, 1, MR_TS_REQUESTED, "a");
    w->set.withdrawn = &gone;
    w->set.n_withdrawn = 1;
    EXPECT(w, "status a entered-in-error; cancel mr-task-1");
    SETTLES(w);
    end(w);
}

static void test_what_was_entered_in_error_takes_its_issue_back_as_an_error(void **state) {
    (void)state;
    mr_span wrong[] = {MR_SPAN("Condition/c9"), MR_SPAN("MedicationStatement/m1")};
    mr_span cites_wrong[] = {MR_SPAN("MedicationStatement/m2"), MR_SPAN("MedicationStatement/m1")};
    mr_span cites_right[] = {MR_SPAN("MedicationStatement/m2"), MR_SPAN("Condition/c1")};
    world *w = begin();
    w->set.errors = wrong;
    w->set.n_errors = 2;
    mr_prior_issue *a = stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    mr_prior_issue *b = stands(w, 'b', MR_IS_PRELIMINARY, MR_HIGH, '1');
    mr_prior_issue *c = stands(w, 'c', MR_IS_FINAL, MR_HIGH, '1');
    a->cited = c->cited = cites_wrong;
    a->n_cited = c->n_cited = 2;
    b->cited = cites_right;
    b->n_cited = 2;
    task(w, 1, MR_TS_REQUESTED, "ab");
    w->set.complete = false; /* what was not read may hold the same medicine */
    EXPECT(w, "task changed 1 routine +10: a b");
    w->set.complete = true; /* final is a person's record */
    EXPECT(w, "status a entered-in-error; status b cancelled; cancel mr-task-1");
    SETTLES(w);
    find_now(w, 'a', MR_HIGH, MR_WITHIN_4_WEEKS, '1'); /* right this time: never the old one revived */
    EXPECT(w, "create a-2; task new 2 routine +28 after mr-task-1: a-2");
    end(w);
}

static void test_while_it_is_still_found_an_error_in_what_it_cites_changes_nothing(void **state) {
    (void)state;
    mr_span wrong[] = {MR_SPAN("MedicationStatement/m1")};
    world *w = begin();
    w->set.errors = wrong;
    w->set.n_errors = 1;
    mr_prior_issue *a = stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    a->cited = wrong;
    a->n_cited = 1;
    find_now(w, 'a', MR_HIGH, MR_WITHIN_4_WEEKS, '1');
    EXPECT(w, "task new 1 routine +28: a");
    end(w);
}

static void test_a_rule_switched_off_lets_its_issue_go_whatever_was_read(void **state) {
    (void)state;
    world *w = begin();
    mr_span off = MR_SPAN("RULE-a");
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    task(w, 1, MR_TS_REQUESTED, "a");
    w->set.complete = false;
    w->set.disabled = &off;
    w->set.n_disabled = 1;
    EXPECT(w, "status a cancelled; cancel mr-task-1");
    SETTLES(w);
    end(w);
}

static void test_a_kept_issue_is_as_severe_as_it_was(void **state) {
    (void)state;
    world *w = begin();
    w->set.complete = false;
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    task(w, 1, MR_TS_REQUESTED, "a")->role = MR_SPAN("GP");
    EXPECT(w, "task changed 1 routine +10: a");
    assert_int_equal(w->plan.task.n_high, 1);
    assert_true(mr_span_is(w->plan.task.role, "GP"));
    end(w);
}

static void test_a_patient_who_is_gone_has_no_open_work(void **state) {
    (void)state;
    world *w = begin();
    w->set.patient_gone = true;
    w->set.complete = false;
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    task(w, 1, MR_TS_REQUESTED, "a");
    find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    EXPECT(w, "status a cancelled; cancel mr-task-1");
    end(w);
}

static void test_a_task_that_a_person_cancelled_is_not_opened_again(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    task(w, 1, MR_TS_CANCELLED, "a");
    mr_finding *f = find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    EXPECT(w, "status a preliminary"); /* notes what was decided about which content */
    SETTLES(w);
    key_of('2', f->content);
    EXPECT(w, "revise a preliminary; task new 2 urgent +7 after mr-task-1: a");
    SETTLES(w);
    end(w);
}

static void test_at_most_one_task_waits(void **state) {
    (void)state;
    world *w = begin();
    stands(w, 'a', MR_IS_PRELIMINARY, MR_HIGH, '1');
    task(w, 1, MR_TS_REQUESTED, "a");
    task(w, 2, MR_TS_REQUESTED, "a");
    find_now(w, 'a', MR_HIGH, MR_WITHIN_1_WEEK, '1');
    EXPECT(w, "cancel mr-task-1; task changed 2 urgent +7: a");
    SETTLES(w);
    end(w);
}

/* Whatever stands and whatever is found: carried out twice, there is nothing left to write; a held Task and a final
 * issue of the same severity are never written; no two Tasks wait. */
static void test_any_plan_settles(void **state) {
    (void)state;
    mr_rand r;
    mr_rand_seed(&r, 41);
    for (int round = 0; round < 20000; round++) {
        world *w = begin();
        unsigned n_tasks = (unsigned)mr_rand_below(&r, 4);
        for (char c = 'a'; c < 'e'; c++) {
            /* Content holds the severity, as the real hash does. */
            mr_severity before = (mr_severity)mr_rand_below(&r, 3), now = (mr_severity)mr_rand_below(&r, 3);
            char old = (char)('1' + 2 * before + (char)mr_rand_below(&r, 2)),
                 fresh = (char)('1' + 2 * now + (char)mr_rand_below(&r, 2));
            if (mr_rand_below(&r, 2))
                stands(w, c, (mr_issue_status)mr_rand_below(&r, 8), before, old)->mitigations =
                    mr_rand_below(&r, 6) == 0;
            if (mr_rand_below(&r, 2)) find_now(w, c, now, (mr_urgency)mr_rand_below(&r, 4), fresh);
        }
        for (unsigned e = 1; e <= n_tasks; e++) {
            char letters[5] = "";
            for (char c = 'a'; c < 'e'; c++)
                if (mr_rand_below(&r, 2)) {
                    size_t at = strlen(letters);
                    letters[at] = c;
                    letters[at + 1] = 0;
                }
            task(w, e, (mr_task_status)mr_rand_below(&r, 13), letters);
        }
        w->set.complete = mr_rand_below(&r, 3) != 0;
        mr_buf got;
        mr_buf_init(&got, 10000);
        (void)reconcile(w, &got);
        for (size_t i = 0; i < w->plan.n; i++) {
            const mr_change *c = &w->plan.v[i];
            if (c->task) assert_int_equal(c->task->status, MR_TS_REQUESTED);
            if (c->kind == MR_CH_STATUS_ISSUE && !w->set.complete && c->issue_status == MR_IS_CANCELLED)
                assert_true(c->judged.outcome == MR_OUT_NOT_APPLICABLE || c->issue->status == MR_IS_CANCELLED);
        }
        carry_out(w);
        char first[2000];
        snprintf(first, sizeof first, "%s", mr_buf_z(&got));
        (void)reconcile(w, &got);
        /* What a random start holds may contradict itself (an issue on two Tasks): then a decision is noted one review
         * later. Nothing goes on for ever. */
        carry_out(w);
        (void)reconcile(w, &got);
        if (w->plan.n) fail_msg("round %d: first %s\n  then %s", round, first, mr_buf_z(&got));
        size_t waiting = 0;
        for (size_t i = 0; i < w->n_tasks; i++) waiting += w->tasks[i].status == MR_TS_REQUESTED;
        assert_true(waiting <= 1);
        mr_buf_free(&got);
        end(w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_findings_make_issues_and_one_task),
        cmocka_unit_test(test_nothing_found_writes_nothing),
        cmocka_unit_test(test_burden_findings_are_not_posted),
        cmocka_unit_test(test_other_content_revises_issue_and_task),
        cmocka_unit_test(test_what_is_gone_is_cancelled_with_its_task),
        cmocka_unit_test(test_an_incomplete_record_closes_nothing),
        cmocka_unit_test(test_an_incomplete_record_does_not_soften_an_issue),
        cmocka_unit_test(test_what_cannot_be_assessed_now_is_not_closed),
        cmocka_unit_test(test_a_held_task_is_never_written),
        cmocka_unit_test(test_beside_a_held_task_only_pressing_findings_open_a_second),
        cmocka_unit_test(test_when_the_held_task_closes_the_waiting_findings_get_theirs),
        cmocka_unit_test(test_rejected_stays_away_until_it_is_another_matter),
        cmocka_unit_test(test_a_dose_that_is_only_told_or_not_told_is_no_other_matter),
        cmocka_unit_test(test_a_dose_that_raises_the_severity_is_another_matter),
        cmocka_unit_test(test_a_dismissal_never_hides_a_higher_severity),
        cmocka_unit_test(test_a_drug_restarted_revives_its_issue_in_a_new_task),
        cmocka_unit_test(test_final_is_a_persons_record),
        cmocka_unit_test(test_an_issue_that_a_person_cancelled_is_not_opened_again),
        cmocka_unit_test(test_a_mitigation_counts_as_accepted),
        cmocka_unit_test(test_no_action_is_quiet_for_its_days_and_then_asks_again),
        cmocka_unit_test(test_an_old_decision_does_not_judge_new_content),
        cmocka_unit_test(test_one_task_may_judge_each_finding_by_itself),
        cmocka_unit_test(test_entered_in_error_is_never_revived),
        cmocka_unit_test(test_a_second_resource_with_one_key_is_repaired),
        cmocka_unit_test(test_a_withdrawn_rule_takes_its_issue_back_as_an_error),
        cmocka_unit_test(test_what_was_entered_in_error_takes_its_issue_back_as_an_error),
        cmocka_unit_test(test_while_it_is_still_found_an_error_in_what_it_cites_changes_nothing),
        cmocka_unit_test(test_a_rule_switched_off_lets_its_issue_go_whatever_was_read),
        cmocka_unit_test(test_a_kept_issue_is_as_severe_as_it_was),
        cmocka_unit_test(test_a_patient_who_is_gone_has_no_open_work),
        cmocka_unit_test(test_a_task_that_a_person_cancelled_is_not_opened_again),
        cmocka_unit_test(test_at_most_one_task_waits),
        cmocka_unit_test(test_any_plan_settles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
