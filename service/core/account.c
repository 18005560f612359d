/* Evidence, matches and missing data of one evaluation. */
#include "account.h"

#include <stdio.h>
#include <stdlib.h>

void mr_account_match(mr_account *a, uint16_t group, const mr_medicine *m, const mr_ingredient *i) {
    mr_match match = {group, m, i};
    if (a && !MR_PUSH(a->arena, a->matches, a->n_matches, a->cap_matches, match)) a->full = true;
}

void mr_account_evidence(mr_account *a, mr_evidence e) {
    if (a && !MR_PUSH(a->arena, a->evidence, a->n_evidence, a->cap_evidence, e)) a->full = true;
}

void mr_account_missing(mr_account *a, mr_missing_kind kind, mr_span what, mr_span settled_by, mr_span reference) {
    mr_missing m = {kind, what, settled_by, reference};
    if (a && !MR_PUSH(a->arena, a->missing, a->n_missing, a->cap_missing, m)) a->full = true;
}

mr_span mr_account_text(mr_account *a, const char *fmt, ...) {
    if (!a) return MR_SPAN_NONE;
    char text[600];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    while (len && len + 1 == sizeof text && ((unsigned char)text[len - 1] & 0x80)) len--; /* no half character */
    mr_span copy, said = {text, len};
    if (mr_arena_dup(a->arena, said, &copy)) return copy;
    a->full = true;
    return MR_SPAN_NONE;
}

static int match_order(const void *left, const void *right) {
    const mr_match *a = left, *b = right;
    if (a->group != b->group) return a->group < b->group ? -1 : 1;
    int c = mr_span_cmp(a->ingredient->substance, b->ingredient->substance);
    if (!c) c = mr_span_cmp(a->medicine->reference, b->medicine->reference);
    return c ? c : (a->medicine > b->medicine) - (a->medicine < b->medicine);
}

int mr_missing_order(const void *left, const void *right) {
    const mr_missing *a = left, *b = right;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    int c = mr_span_cmp(a->what, b->what);
    if (!c) c = mr_span_cmp(a->reference, b->reference);
    return c ? c : mr_span_cmp(a->settled_by, b->settled_by);
}

int mr_evidence_order(const void *left, const void *right) {
    const mr_evidence *a = left, *b = right;
    int c = mr_span_cmp(a->reference, b->reference);
    if (!c) c = mr_span_cmp(a->text, b->text);
    if (!c) c = (a->has_value > b->has_value) - (a->has_value < b->has_value);
    if (!c) c = (a->value > b->value) - (a->value < b->value);
    if (!c) c = mr_span_cmp(a->unit, b->unit);
    if (!c) c = (a->date.lo > b->date.lo) - (a->date.lo < b->date.lo);
    return c ? c : (a->date.hi > b->date.hi) - (a->date.hi < b->date.hi);
}

void mr_account_settle(mr_account *a) {
    size_t kept = 0;
    if (a->n_matches) qsort(a->matches, a->n_matches, sizeof *a->matches, match_order);
    for (size_t i = 0; i < a->n_matches; i++)
        if (!kept || match_order(&a->matches[kept - 1], &a->matches[i]) != 0) a->matches[kept++] = a->matches[i];
    a->n_matches = kept;
    kept = 0;
    if (a->n_missing) qsort(a->missing, a->n_missing, sizeof *a->missing, mr_missing_order);
    for (size_t i = 0; i < a->n_missing; i++)
        if (!kept || mr_missing_order(&a->missing[kept - 1], &a->missing[i]) != 0) a->missing[kept++] = a->missing[i];
    a->n_missing = kept;
    kept = 0;
    for (size_t i = 0; i < a->n_evidence; i++) {
        bool said = false;
        for (size_t k = 0; k < kept && !said; k++) said = mr_evidence_order(&a->evidence[k], &a->evidence[i]) == 0;
        if (!said) a->evidence[kept++] = a->evidence[i];
    }
    a->n_evidence = kept;
}
