/* The lists of a finding, out of all that its sources say. */
#include "account.h"
#include "candidate.h"

#include <stdlib.h>
#include <string.h>

static int source_order(const void *left, const void *right) {
    const mr_rule *const *a = left, *const *b = right;
    return mr_span_cmp((*a)->id, (*b)->id);
}

static bool sources_fill(const mr_candidate *c, size_t n, mr_arena *a, mr_finding *f) {
    f->sources = MR_NEW_N(a, const mr_rule *, n + 1);
    if (!f->sources) return false;
    f->sources[f->n_sources++] = f->leading;
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t k = 0; k < f->n_sources && !known; k++) known = f->sources[k] == c[i].rule;
        if (!known) f->sources[f->n_sources++] = c[i].rule;
    }
    qsort(f->sources + 1, f->n_sources - 1, sizeof *f->sources, source_order);
    return true;
}

static int medicine_order(const void *left, const void *right) {
    const mr_medicine *const *a = left, *const *b = right;
    int c = mr_span_cmp((*a)->reference, (*b)->reference);
    return c ? c : mr_span_cmp((*a)->text, (*b)->text);
}

/* Sorted, each once; those that identify the finding, or all of them. NULL: out of room. */
static const mr_medicine **medicines_of(const mr_candidate *c, size_t n, bool all, mr_arena *a, size_t *ret_n) {
    size_t most = 0, k = 0, kept = 0;
    for (size_t i = 0; i < n; i++) most += c[i].n_implicated;
    const mr_medicine **v = MR_NEW_N(a, const mr_medicine *, most);
    if (!v) return NULL;
    for (size_t i = 0; i < n; i++)
        for (size_t m = 0; m < (all ? c[i].n_implicated : c[i].n_identifying); m++) v[k++] = c[i].implicated[m];
    if (k) qsort(v, k, sizeof *v, medicine_order);
    for (size_t i = 0; i < k; i++)
        if (!kept || v[kept - 1] != v[i]) v[kept++] = v[i];
    *ret_n = kept;
    return v;
}

/* A medicine is named by each of its entries that is in use: who has the order open must see what is said about it. */
static bool medicines_fill(const mr_candidate *c, size_t n, mr_arena *a, mr_finding *f) {
    size_t n_all = 0, most = 0, k = 0;
    f->medicines = medicines_of(c, n, false, a, &f->n_medicines);
    const mr_medicine **all = medicines_of(c, n, true, a, &n_all);
    if (!f->medicines || !all) return false;
    for (size_t i = 0; i < n_all; i++) most += all[i]->n_live;
    f->implicated = MR_NEW_N(a, mr_span, most);
    f->implicated_text = MR_NEW_N(a, mr_span, most);
    f->implicated_again = MR_NEW_N(a, bool, most);
    if (!f->implicated || !f->implicated_text || !f->implicated_again) return false;
    for (size_t i = 0; i < n_all; i++)
        for (size_t r = 0; r < all[i]->n_live; r++, k++) {
            f->implicated[k] = all[i]->live[r];
            f->implicated_text[k] =
                all[i]->text.len || !all[i]->n_ingredients ? all[i]->text : all[i]->ingredients[0].substance;
            f->implicated_again[k] = r > 0;
        }
    f->n_implicated = k;
    return true;
}

/* Sorted, each once. */
static size_t unique(void *items, size_t n, size_t size, int (*order)(const void *, const void *)) {
    char *v = items;
    size_t kept = 0;
    if (n) qsort(v, n, size, order);
    for (size_t i = 0; i < n; i++) {
        if (kept && order(v + (kept - 1) * size, v + i * size) == 0) continue;
        if (kept != i) memcpy(v + kept * size, v + i * size, size);
        kept++;
    }
    return kept;
}

static bool evidence_fill(const mr_candidate *c, size_t n, mr_arena *a, mr_finding *f) {
    size_t evidence = 0, missing = 0;
    for (size_t i = 0; i < n; i++) {
        evidence += c[i].n_evidence;
        missing += c[i].n_missing;
    }
    f->evidence = MR_NEW_N(a, mr_evidence, evidence);
    f->missing = MR_NEW_N(a, mr_missing, missing);
    if (!f->evidence || !f->missing) return false;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < c[i].n_evidence; k++) f->evidence[f->n_evidence++] = c[i].evidence[k];
        for (size_t k = 0; k < c[i].n_missing && f->certainty == MR_POSSIBLE; k++)
            f->missing[f->n_missing++] = c[i].missing[k];
    }
    f->n_evidence = unique(f->evidence, f->n_evidence, sizeof *f->evidence, mr_evidence_order);
    f->n_missing = unique(f->missing, f->n_missing, sizeof *f->missing, mr_missing_order);
    return true;
}

bool mr_finding_fill(const mr_candidate *sources, size_t n, mr_arena *a, mr_finding *f) {
    f->rank_reason = mr_arena_printf(a, "%s severity, %s%s", mr_severity_text(f->severity), mr_urgency_text(f->urgency),
                                     f->certainty == MR_POSSIBLE ? ", possible" : "");
    return f->rank_reason.ptr && sources_fill(sources, n, a, f) && medicines_fill(sources, n, a, f) &&
           evidence_fill(sources, n, a, f) && mr_finding_content(f, 0, a, f->content);
}
