/* A fixed set of small numbers: the drug groups of a medicine, the concepts of a code. */
#ifndef MEDREVIEW_CORE_BITS_H
#define MEDREVIEW_CORE_BITS_H

#include "medreview/base/limits.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mr_bits {
    uint64_t w[MR_MAX_GROUPS / 64];
} mr_bits;

static inline void mr_bits_add(mr_bits *b, unsigned i) {
    b->w[i / 64] |= (uint64_t)1 << (i % 64);
}
static inline bool mr_bits_has(const mr_bits *b, unsigned i) {
    return (b->w[i / 64] >> (i % 64)) & 1;
}
static inline void mr_bits_join(mr_bits *b, const mr_bits *more) {
    for (unsigned i = 0; i < MR_MAX_GROUPS / 64; i++) b->w[i] |= more->w[i];
}

#endif
