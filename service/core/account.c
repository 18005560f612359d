/* Evidence, matches and missing data of one evaluation. */
#include "account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

enum { TEXT_BYTES = 600 };

static size_t put(char *to, size_t at, const char *s, size_t n) {
    if (n > TEXT_BYTES - 1 - at) n = TEXT_BYTES - 1 - at;
    memcpy(to + at, s, n);
    return at + n;
}

/* Texts that are put together of texts alone, nearly all of them: ten times as quick as a general printf, and a review
 * has a hundred. false: there is another conversion than %s and %.*s. */
static bool put_texts(char *to, size_t *ret_len, const char *fmt, va_list args) {
    size_t len = 0;
    for (;;) {
        const char *percent = strchr(fmt, '%');
        len = put(to, len, fmt, percent ? (size_t)(percent - fmt) : strlen(fmt));
        if (!percent) break;
        bool whole = percent[1] == 's', part = strncmp(percent, "%.*s", 4) == 0;
        if (!whole && !part) return false;
        size_t most = part ? (size_t)va_arg(args, int) : TEXT_BYTES;
        const char *s = va_arg(args, const char *);
        len = put(to, len, s, strnlen(s, most));
        fmt = percent + (part ? 4 : 2);
    }
    *ret_len = len;
    return true;
}

static size_t put_any(char *to, const char *fmt, va_list args) {
    int n = vsnprintf(to, TEXT_BYTES, fmt, args);
    return n < 0 ? 0 : n < TEXT_BYTES ? (size_t)n : TEXT_BYTES - 1;
}

mr_span mr_account_text(mr_account *a, const char *fmt, ...) {
    if (!a) return MR_SPAN_NONE;
    char text[TEXT_BYTES];
    size_t len;
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    if (!put_texts(text, &len, fmt, args)) len = put_any(text, fmt, again);
    va_end(again);
    va_end(args);
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
