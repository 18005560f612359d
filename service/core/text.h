/* Texts put together without a format: there are a hundred in a review; private to core. */
#ifndef MEDREVIEW_CORE_TEXT_H
#define MEDREVIEW_CORE_TEXT_H

#include "medreview/base/arena.h"

/* The parts behind each other, zero-terminated; the absent span when the arena is out of room. */
mr_span mr_text_join(mr_arena *a, const mr_span *parts, size_t n);
/* "a", "a between b", "a between b last c" */
mr_span mr_text_list(mr_arena *a, const mr_span *v, size_t n, mr_span between, mr_span last);
#define MR_PARTS(...) (const mr_span[]){__VA_ARGS__}, sizeof((const mr_span[]){__VA_ARGS__}) / sizeof(mr_span)
#define MR_JOIN(a, ...) mr_text_join((a), MR_PARTS(__VA_ARGS__))

#endif
