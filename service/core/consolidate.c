/* One harm, one finding: the same problem found by three tools is one finding with three sources, and the smaller
 * mixture goes into the larger one where the harm says so. */
#include "candidate.h"

#include <stdlib.h>

/* A finding before it is written: all candidates of one harm and identity. */
typedef struct draft {
    const mr_harm *harm;
    mr_candidate face; /* whose identity and substances it has */
    mr_certainty certainty;
    mr_severity severity;
    mr_urgency urgency;
    const mr_rule *leading;
    size_t number, into;         /* `into`: the draft it is folded into, or its own number */
    const mr_candidate *sources; /* a run of candidates */
    size_t n_sources;
} draft;

static int key_order(const void *left, const void *right) {
    const mr_candidate *a = left, *b = right;
    int c = mr_span_cmp(a->harm->key, b->harm->key);
    if (!c) c = mr_span_cmp(a->identity, b->identity);
    if (!c) c = mr_span_cmp(a->rule->id, b->rule->id);
    return c ? c : (a->certainty < b->certainty) - (a->certainty > b->certainty);
}

static int draft_number_order(const void *left, const void *right) {
    const mr_candidate *a = left, *b = right;
    if (a->draft != b->draft) return a->draft < b->draft ? -1 : 1;
    return key_order(left, right);
}

/* The rule that speaks: lowest `leads`, then higher severity, shorter urgency, id. */
static bool leads(const mr_rule *a, const mr_rule *b) {
    if (a->leads != b->leads) return a->leads < b->leads;
    if (a->severity != b->severity) return a->severity > b->severity;
    if (a->urgency != b->urgency) return a->urgency > b->urgency;
    return mr_span_cmp(a->id, b->id) < 0;
}

/* A possible source adds its weight to a definite finding, but never speaks for it. */
static void draft_add(draft *d, const mr_candidate *c) {
    bool speaks =
        !d->leading || c->certainty > d->certainty || (c->certainty == d->certainty && leads(c->rule, d->leading));
    if (speaks) d->leading = c->rule;
    if (c->certainty > d->certainty) d->certainty = c->certainty;
    if (c->rule->severity > d->severity) d->severity = c->rule->severity;
    if (c->urgency > d->urgency) d->urgency = c->urgency;
}

static draft draft_of(const mr_candidate *first, size_t n) {
    draft d = {.harm = first->harm,
               .face = *first,
               .number = first->draft,
               .into = first->draft,
               .sources = first,
               .n_sources = n};
    for (size_t i = 0; i < n; i++) draft_add(&d, &first[i]);
    return d;
}

/* severity, urgency, rule id, then medicines: the order in which findings are shown and asked to fold. */
static int draft_order(const void *left, const void *right) {
    const draft *a = left, *b = right;
    if (a->severity != b->severity) return a->severity > b->severity ? -1 : 1;
    if (a->urgency != b->urgency) return a->urgency > b->urgency ? -1 : 1;
    int c = mr_span_cmp(a->leading->id, b->leading->id);
    if (!c) c = mr_span_cmp(a->face.identity, b->face.identity);
    return c ? c : mr_span_cmp(a->harm->key, b->harm->key);
}

/* Are all substances of a among those of b, and fewer? Both are sorted. */
static bool within(const mr_candidate *a, const mr_candidate *b) {
    size_t k = 0;
    if (!a->n_substances || a->n_substances >= b->n_substances) return false;
    for (size_t i = 0; i < a->n_substances; i++, k++) {
        while (k < b->n_substances && mr_span_cmp(b->substances[k], a->substances[i]) < 0) k++;
        if (k == b->n_substances || !mr_span_eq(b->substances[k], a->substances[i])) return false;
    }
    return true;
}

/* A definite finding is never hidden inside a possible one. */
static void fold(draft *v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!v[i].harm->folds) continue;
        for (size_t k = 0; k < n && v[i].into == v[i].number; k++)
            if (v[k].harm == v[i].harm && v[k].certainty >= v[i].certainty && within(&v[i].face, &v[k].face))
                v[i].into = v[k].number;
    }
}

static size_t number_drafts(mr_candidates *c) {
    size_t n = 0;
    if (c->n) qsort(c->v, c->n, sizeof *c->v, key_order);
    for (size_t i = 0; i < c->n; i++) {
        bool same = i && c->v[i].harm == c->v[i - 1].harm && mr_span_eq(c->v[i].identity, c->v[i - 1].identity);
        if (!same) n++;
        c->v[i].draft = n - 1;
    }
    return n;
}

/* One draft a run of candidates with one number; returns how many. */
static size_t summarise(const mr_candidates *c, draft *drafts) {
    size_t n = 0;
    for (size_t i = 0, next; i < c->n; i = next) {
        for (next = i + 1; next < c->n && c->v[next].draft == c->v[i].draft;) next++;
        drafts[n++] = draft_of(&c->v[i], next - i);
    }
    return n;
}

/* Gives every candidate the draft it ends in. `faces`: by number. */
static bool assign_folds(mr_candidates *c, draft *drafts, size_t n, mr_candidate *faces, mr_arena *a) {
    size_t *into = MR_NEW_N(a, size_t, n);
    if (!into) return false;
    if (n) qsort(drafts, n, sizeof *drafts, draft_order);
    fold(drafts, n);
    for (size_t i = 0; i < n; i++) {
        into[drafts[i].number] = drafts[i].into;
        faces[drafts[i].number] = drafts[i].face;
    }
    for (size_t i = 0; i < c->n; i++) { /* sets grow strictly along the way, so it ends */
        size_t d = c->v[i].draft;
        while (into[d] != d) d = into[d];
        c->v[i].draft = d;
    }
    if (c->n) qsort(c->v, c->n, sizeof *c->v, draft_number_order);
    return true;
}

/* What only comparators and eligibility say is shown, and becomes no issue (product.md section 5). */
static bool becomes_issue(const draft *d) {
    bool posts = false;
    for (size_t i = 0; i < d->n_sources; i++) posts = posts || d->sources[i].rule->posts;
    return posts && d->harm->posts;
}

bool mr_candidates_join(mr_candidates *c, const mr_run *run, mr_span patient_id, mr_arena *a, mr_finding **ret,
                        size_t *ret_n) {
    size_t n = number_drafts(c);
    draft *drafts = MR_NEW_N(a, draft, n);
    mr_candidate *faces = MR_NEW_N(a, mr_candidate, n);
    if (!drafts || !faces) return false;
    (void)summarise(c, drafts); /* as many as were numbered */
    if (!assign_folds(c, drafts, n, faces, a)) return false;
    n = summarise(c, drafts);
    for (size_t i = 0; i < n; i++) drafts[i].face = faces[drafts[i].number];
    if (n) qsort(drafts, n, sizeof *drafts, draft_order);
    mr_finding *v = MR_NEW_N(a, mr_finding, n);
    for (size_t i = 0; v && i < n; i++) {
        const draft *d = &drafts[i];
        v[i] = (mr_finding){.leading = d->leading,
                            .harm = d->harm,
                            .identity = d->face.identity,
                            .substances = d->face.substances,
                            .n_substances = d->face.n_substances,
                            .severity = d->severity,
                            .urgency = d->urgency,
                            .certainty = d->certainty,
                            .posts = becomes_issue(d),
                            .rank = (unsigned)i + 1};
        mr_finding_key(run->site_key, run->source, patient_id, d->harm->key, v[i].identity, v[i].id);
        if (!mr_finding_fill(d->sources, d->n_sources, a, &v[i])) return false;
    }
    *ret = v;
    *ret_n = n;
    return v != NULL;
}
