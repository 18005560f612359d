/* A seeded generator for jitter, simulations and tests. Chance is an argument: whoever needs it is handed one. */
#ifndef MEDREVIEW_BASE_RAND_H
#define MEDREVIEW_BASE_RAND_H

#include <stdint.h>

typedef struct mr_rand {
    uint64_t s[4];
} mr_rand;

void mr_rand_seed(mr_rand *r, uint64_t seed);
uint64_t mr_rand_next(mr_rand *r);
/* Uniform in [0, n); 0 for n = 0. */
uint64_t mr_rand_below(mr_rand *r, uint64_t n);
/* A version 4 UUID in lower case; out has 37 bytes. */
void mr_rand_uuid(mr_rand *r, char out[37]);

#endif
