/* xoshiro256** seeded by splitmix64: public-domain designs by Blackman and Vigna. Not for secrets. */
#include "medreview/base/rand.h"

#include "medreview/base/sha256.h"

static uint64_t rol(uint64_t x, unsigned n) {
    return x << n | x >> (64 - n);
}

void mr_rand_seed(mr_rand *r, uint64_t seed) {
    for (unsigned i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        r->s[i] = z ^ z >> 31;
    }
}

uint64_t mr_rand_next(mr_rand *r) {
    uint64_t *s = r->s, out = rol(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rol(s[3], 45);
    return out;
}

uint64_t mr_rand_below(mr_rand *r, uint64_t n) {
    if (n == 0) return 0;
    uint64_t limit = UINT64_MAX - UINT64_MAX % n, x;
    do x = mr_rand_next(r);
    while (x >= limit);
    return x % n;
}

void mr_rand_uuid(mr_rand *r, char out[37]) {
    uint8_t b[16];
    char hex[33];
    for (unsigned i = 0; i < 2; i++) {
        uint64_t x = mr_rand_next(r);
        for (unsigned j = 0; j < 8; j++) b[8 * i + j] = (uint8_t)(x >> (8 * j));
    }
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    mr_hex(b, sizeof b, hex);
    for (unsigned i = 0, o = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) out[o++] = '-';
        out[o++] = hex[i];
        out[o] = 0;
    }
}
