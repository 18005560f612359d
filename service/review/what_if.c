/* What the review would say without a medicine: the rules run once more on a record in which it has ended.
 *
 * One run a medicine and not one a finding, and no more than MOST_RUNS a review, most pressing findings first. */
#include "review_parts.h"

#include "medreview/core/stop_plan.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 32 };

static int span_order(const void *left, const void *right) {
    return mr_span_cmp(*(const mr_span *)left, *(const mr_span *)right);
}

static int id_order(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Ids of all rules that speak, sorted, each once; NULL when out of room. */
static mr_span *speaking(const mr_assessment *x, mr_arena *a, size_t *ret_n) {
    size_t most = 0, n = 0, kept = 0;
    for (size_t i = 0; i < x->n_findings; i++) most += x->findings[i].n_sources;
    mr_span *v = MR_NEW_N(a, mr_span, most);
    if (!v) return NULL;
    for (size_t i = 0; i < x->n_findings; i++)
        for (size_t k = 0; k < x->findings[i].n_sources; k++) v[n++] = x->findings[i].sources[k]->id;
    if (n) qsort(v, n, sizeof *v, span_order);
    for (size_t i = 0; i < n; i++)
        if (!kept || !mr_span_eq(v[kept - 1], v[i])) v[kept++] = v[i];
    *ret_n = kept;
    return v;
}

/* What stands in `v` and not in `other`; NULL when out of room. */
static mr_span *only_in(const mr_span *v, size_t n, const mr_span *other, size_t n_other, mr_arena *a, size_t *ret_n) {
    mr_span *only = MR_NEW_N(a, mr_span, n);
    *ret_n = 0;
    for (size_t i = 0; only && i < n; i++)
        if (!n_other || !bsearch(&v[i], other, n_other, sizeof *other, span_order)) only[(*ret_n)++] = v[i];
    return only;
}

static bool findings_gone(const mr_assessment *before, const mr_assessment *after, mr_arena *a, mr_what_if *ret) {
    ret->gone_findings = MR_NEW_N(a, const char *, before->n_findings);
    if (!ret->gone_findings) return false;
    for (size_t i = 0; i < before->n_findings; i++) {
        bool stays = false;
        for (size_t k = 0; k < after->n_findings && !stays; k++)
            stays = strcmp(before->findings[i].id, after->findings[k].id) == 0;
        if (!stays) ret->gone_findings[ret->n_gone_findings++] = before->findings[i].id;
    }
    if (ret->n_gone_findings) qsort(ret->gone_findings, ret->n_gone_findings, sizeof *ret->gone_findings, id_order);
    return true;
}

static bool compare(const mr_assessment *before, const mr_assessment *after, mr_arena *a, mr_what_if *ret) {
    size_t n = 0, m = 0;
    mr_span *was = speaking(before, a, &n), *is = speaking(after, a, &m);
    if (!was || !is) return false;
    ret->gone = only_in(was, n, is, m, a, &ret->n_gone);
    ret->appear = only_in(is, m, was, n, a, &ret->n_appear);
    ret->burden = after->burden;
    return ret->gone && ret->appear && findings_gone(before, after, a, ret);
}

static bool references_fill(const mr_stop_plan *p, mr_arena *a, mr_what_if *ret) {
    size_t most = 0;
    for (size_t i = 0; i < p->n_medicines; i++) most += p->medicines[i]->n_live;
    ret->without = MR_NEW_N(a, mr_span, most);
    if (!ret->without) return false;
    for (size_t i = 0; i < p->n_medicines; i++)
        for (size_t k = 0; k < p->medicines[i]->n_live; k++) ret->without[ret->n_without++] = p->medicines[i]->live[k];
    if (ret->n_without) qsort(ret->without, ret->n_without, sizeof *ret->without, span_order);
    return true;
}

static mr_rc run_without(const mr_review *rv, const mr_stop_plan *p, mr_what_if *ret, mr_error *err) {
    mr_run run = rv->settings->run;
    mr_record record;
    mr_assessment after;
    run.bare = true;
    run.explain = false;
    mr_rc rc = mr_record_without(&rv->record, p->medicines, p->n_medicines, run.as_of, rv->arena, &record, err);
    if (!rc) rc = mr_rules_run(rv->k->rules, &record, &run, rv->arena, &after, err);
    if (rc) return rc;
    if (!compare(&rv->assessment, &after, rv->arena, ret) || !references_fill(p, rv->arena, ret))
        return mr_arena_why(rv->arena, err);
    return MR_OK;
}

static bool same_medicines(const mr_stop_plan *a, const mr_stop_plan *b) {
    if (a->n_medicines != b->n_medicines) return false;
    for (size_t i = 0; i < a->n_medicines; i++)
        if (a->medicines[i] != b->medicines[i]) return false;
    return true;
}

static const mr_what_if *known(const mr_assessment *x, size_t upto) {
    for (size_t i = 0; i < upto; i++)
        if (x->findings[i].what_if && same_medicines(x->findings[i].stop, x->findings[upto].stop))
            return x->findings[i].what_if;
    return NULL;
}

mr_rc mr_review_what_ifs(mr_review *rv, mr_error *err) {
    mr_assessment *x = &rv->assessment;
    size_t runs = 0;
    for (size_t i = 0; i < x->n_findings; i++) {
        mr_finding *f = &x->findings[i];
        if (!f->stop || (f->what_if = known(x, i)) || runs++ >= MOST_RUNS) continue;
        mr_what_if *w = MR_NEW(rv->arena, mr_what_if);
        if (!w) return mr_arena_why(rv->arena, err);
        mr_rc rc = run_without(rv, f->stop, w, err);
        if (rc) return rc;
        f->what_if = w;
    }
    return MR_OK;
}
