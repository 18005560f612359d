/* A view of bytes that somebody else owns. Not zero-terminated. {NULL, 0} is the absent span. */
#ifndef MEDREVIEW_BASE_SPAN_H
#define MEDREVIEW_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mr_span {
    const char *ptr;
    size_t len;
} mr_span;

#define MR_SPAN(literal) ((mr_span){"" literal, sizeof(literal) - 1})
#define MR_SPAN_NONE ((mr_span){0, 0})
/* For printf's %.*s. */
#define MR_SPAN_ARG(s) (int)(s).len, ((s).ptr ? (s).ptr : "")

mr_span mr_span_of(const char *zero_terminated); /* NULL gives the absent span */
bool mr_span_eq(mr_span a, mr_span b);
bool mr_span_is(mr_span a, const char *zero_terminated);
bool mr_span_ieq(mr_span a, mr_span b); /* ASCII letters compared without case */
int mr_span_cmp(mr_span a, mr_span b);  /* bytewise; a prefix sorts first */
bool mr_span_starts(mr_span s, const char *prefix);
bool mr_span_ends(mr_span s, const char *suffix);
mr_span mr_span_trim(mr_span s); /* ASCII white space at both ends */
/* From `from` to the end; empty when past it. */
mr_span mr_span_from(mr_span s, size_t from);
/* Position of the first c, or s.len. */
size_t mr_span_find(mr_span s, char c);
/* Splits at the first c: *head before it, *tail after; false (head = s, tail absent) when there is none. */
bool mr_span_split(mr_span s, char c, mr_span *ret_head, mr_span *ret_tail);
/* Digits only, no sign, no leading or trailing bytes, within 64 bits. */
bool mr_span_u64(mr_span s, uint64_t *ret);

#endif
