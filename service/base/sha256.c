/* SHA-256 (FIPS 180-4) and HMAC (RFC 2104). */
#include "medreview/base/sha256.h"

#include <string.h>

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t ror(uint32_t x, unsigned n) {
    return x >> n | x << (32 - n);
}

/* One round. The eight working variables stay where they are and change their parts instead: passing them along costs
 * more than the sums. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                                               \
    do {                                                                                                               \
        uint32_t t1 = (h) + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((g) ^ ((e) & ((f) ^ (g)))) + K[i] + w[i];         \
        (d) += t1;                                                                                                     \
        (h) = t1 + (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + (((a) & (b)) | ((c) & ((a) | (b))));                        \
    } while (0)

static void schedule(const uint8_t *p, uint32_t w[64]) {
    for (unsigned i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (unsigned i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (ror(a, 7) ^ ror(a, 18) ^ a >> 3) + w[i - 7] + (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
    }
}

static void compress(mr_sha256 *s, const uint8_t *p) {
    uint32_t w[64], a = s->h[0], b = s->h[1], c = s->h[2], d = s->h[3], e = s->h[4], f = s->h[5], g = s->h[6],
                    h = s->h[7];
    schedule(p, w);
    for (unsigned i = 0; i < 64; i += 8) {
        ROUND(a, b, c, d, e, f, g, h, i);
        ROUND(h, a, b, c, d, e, f, g, i + 1);
        ROUND(g, h, a, b, c, d, e, f, i + 2);
        ROUND(f, g, h, a, b, c, d, e, i + 3);
        ROUND(e, f, g, h, a, b, c, d, i + 4);
        ROUND(d, e, f, g, h, a, b, c, i + 5);
        ROUND(c, d, e, f, g, h, a, b, i + 6);
        ROUND(b, c, d, e, f, g, h, a, i + 7);
    }
    const uint32_t sum[8] = {a, b, c, d, e, f, g, h};
    for (unsigned i = 0; i < 8; i++) s->h[i] += sum[i];
}

void mr_sha256_begin(mr_sha256 *s) {
    *s = (mr_sha256){
        .h = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void mr_sha256_add(mr_sha256 *s, const void *bytes, size_t n) {
    if (n == 0) return; /* an empty part may come without bytes */
    const uint8_t *p = bytes;
    size_t held = s->bytes % 64;
    s->bytes += n;
    if (held) {
        size_t take = n < 64 - held ? n : 64 - held;
        if (take) memcpy(s->block + held, p, take);
        p += take, n -= take;
        if (held + take < 64) return;
        compress(s, s->block);
    }
    for (; n >= 64; p += 64, n -= 64) compress(s, p);
    if (n) memcpy(s->block, p, n);
}

void mr_sha256_end(mr_sha256 *s, uint8_t ret[32]) {
    uint64_t bits = s->bytes * 8;
    uint8_t tail[72] = {0x80};
    size_t held = s->bytes % 64, pad = held < 56 ? 56 - held : 120 - held;
    for (unsigned i = 0; i < 8; i++) tail[pad + i] = (uint8_t)(bits >> (56 - 8 * i));
    mr_sha256_add(s, tail, pad + 8);
    for (unsigned i = 0; i < 32; i++) ret[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

void mr_hmac_begin(mr_hmac *m, mr_span key) {
    uint8_t k[64] = {0}, pad[64];
    if (key.len > 64) {
        mr_sha256 s;
        mr_sha256_begin(&s);
        mr_sha256_add(&s, key.ptr, key.len);
        mr_sha256_end(&s, k);
    } else if (key.len) {
        memcpy(k, key.ptr, key.len);
    }
    for (unsigned i = 0; i < 64; i++) pad[i] = k[i] ^ 0x36;
    mr_sha256_begin(&m->inner);
    mr_sha256_add(&m->inner, pad, 64);
    for (unsigned i = 0; i < 64; i++) pad[i] = k[i] ^ 0x5c;
    mr_sha256_begin(&m->outer);
    mr_sha256_add(&m->outer, pad, 64);
}

void mr_hmac_add(mr_hmac *m, mr_span part) {
    if (part.len) mr_sha256_add(&m->inner, part.ptr, part.len);
}

void mr_hmac_field(mr_hmac *m, mr_span part) {
    uint8_t n[8];
    for (unsigned i = 0; i < 8; i++) n[i] = (uint8_t)((uint64_t)part.len >> (56 - 8 * i));
    mr_sha256_add(&m->inner, n, sizeof n);
    mr_hmac_add(m, part);
}

void mr_hmac_end(mr_hmac *m, uint8_t ret[32]) {
    uint8_t inner[32];
    mr_sha256_end(&m->inner, inner);
    mr_sha256_add(&m->outer, inner, sizeof inner);
    mr_sha256_end(&m->outer, ret);
}

void mr_hex(const uint8_t *bytes, size_t n, char *out) {
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digit[bytes[i] >> 4];
        out[2 * i + 1] = digit[bytes[i] & 15];
    }
    out[2 * n] = 0;
}

bool mr_equal_ct(mr_span a, mr_span b) {
    if (a.len != b.len) return false;
    unsigned char differ = 0;
    for (size_t i = 0; i < a.len; i++) differ |= (unsigned char)((unsigned char)a.ptr[i] ^ (unsigned char)b.ptr[i]);
    return differ == 0;
}

mr_pseudonym mr_pseudonym_of(mr_span site_key, mr_span source, mr_span patient) {
    mr_hmac m;
    uint8_t mac[32];
    mr_pseudonym p;
    mr_hmac_begin(&m, site_key);
    mr_hmac_field(&m, MR_SPAN("pseudonym"));
    mr_hmac_field(&m, source);
    mr_hmac_field(&m, patient);
    mr_hmac_end(&m, mac);
    mr_hex(mac, 8, p.hex);
    return p;
}
