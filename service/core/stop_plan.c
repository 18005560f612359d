/* A stop plan for every finding whose rules stop or reduce something. */
#include "stop_plan_parts.h"

#include "medreview/core/program.h"

static mr_span name_of(const mr_stop_plan *p) {
    const mr_medicine *m = p->medicines[0];
    return m->n_ingredients ? m->ingredients[0].substance : m->text;
}

/* rules.md section 9: one medicine at a time, the next 2 to 4 weeks later; of duplicates, one is enough. */
static mr_span order_of(const mr_stopping *s, const mr_finding *f, const mr_stop_plan *first) {
    if (f->leading->identity.form == MR_ID_SAME)
        return mr_arena_printf(s->arena,
                               "One of these is enough. Agree with the person which to keep; as it stands, %.*s is the "
                               "first to consider.",
                               MR_SPAN_ARG(name_of(first)));
    if (!first->scheme) return MR_SPAN("One medicine at a time, in an order agreed with the person.");
    return mr_arena_printf(s->arena,
                           "One medicine at a time, in an order agreed with the person; as it stands, %.*s first. The "
                           "next one at least 2 to 4 weeks later, if it is still needed.",
                           MR_SPAN_ARG(name_of(first)));
}

static bool plan_make(const mr_stopping *s, mr_finding *f) {
    mr_stop_plan *v = NULL;
    size_t n = 0;
    if (!mr_stop_candidates(s, f, &v, &n)) return false;
    if (!n) return true;
    for (size_t i = 0; i < n; i++) {
        if (!v[i].who.ptr) v[i].who = f->leading->reviewer;
        if (!mr_stop_steps(s, &v[i])) return false;
    }
    if (n > 1) {
        v[0].order = order_of(s, f, &v[0]);
        v[0].others = &v[1];
        v[0].n_others = n - 1;
        if (!v[0].order.ptr) return false;
    }
    f->stop = &v[0];
    return true;
}

/* A scheme that is not for people with some condition is held back unless the record surely does not have it. */
static mr_rc held_back(mr_stopping *s, mr_error *err) {
    const mr_ruleset *rules = s->rules;
    s->held_back = MR_NEW_N(s->arena, bool, rules->n_stop_schemes);
    if (!s->held_back) return mr_arena_why(s->arena, err);
    for (size_t i = 0; i < rules->n_stop_schemes; i++) {
        uint16_t c = rules->stop_schemes[i].not_with;
        if (c >= rules->n_concepts) continue;
        mr_node has = {.op = MR_OP_HAS, .concept = c};
        mr_evaluation e;
        mr_rc rc = mr_program_run(rules, &has, s->record, s->run->as_of, false, s->arena, &e, err);
        if (rc != MR_OK) return rc;
        s->held_back[i] = !rules->concept_loaded[c] || e.value != MR_FALSE;
    }
    return MR_OK;
}

mr_rc mr_stop_plans_make(const mr_ruleset *rules, const mr_record *record, const mr_run *run, mr_arena *a,
                         mr_assessment *assessment, mr_error *err) {
    mr_stopping s = {.rules = rules, .record = record, .run = run, .assessment = assessment, .arena = a};
    if (!assessment->n_findings) return MR_OK;
    mr_rc rc = held_back(&s, err);
    for (size_t i = 0; i < assessment->n_findings && rc == MR_OK; i++)
        if (!plan_make(&s, &assessment->findings[i])) rc = mr_arena_why(a, err);
    return rc;
}
