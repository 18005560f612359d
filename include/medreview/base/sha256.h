/* SHA-256 and HMAC-SHA256, for keys that identify (finding keys, pseudonyms, content hashes) and for webhook
 * signatures. Here and not in OpenSSL because rooms below `net` link the C library only (docs/dependencies.md);
 * tests/base checks it against OpenSSL over random inputs. */
#ifndef MEDREVIEW_BASE_SHA256_H
#define MEDREVIEW_BASE_SHA256_H

#include "medreview/base/span.h"

typedef struct mr_sha256 {
    uint32_t h[8];
    uint64_t bytes;
    uint8_t block[64];
} mr_sha256;

void mr_sha256_begin(mr_sha256 *s);
void mr_sha256_add(mr_sha256 *s, const void *bytes, size_t n);
void mr_sha256_end(mr_sha256 *s, uint8_t ret[32]);

typedef struct mr_hmac {
    mr_sha256 inner, outer;
} mr_hmac;
void mr_hmac_begin(mr_hmac *m, mr_span key);
void mr_hmac_add(mr_hmac *m, mr_span part);
/* Adds the part and a separator that no part can forge: its length before it. */
void mr_hmac_field(mr_hmac *m, mr_span part);
void mr_hmac_end(mr_hmac *m, uint8_t ret[32]);

/* Lower-case hex, zero-terminated; out has 2 n + 1 bytes. */
void mr_hex(const uint8_t *bytes, size_t n, char *out);
/* Compares in time that depends on the lengths only. */
bool mr_equal_ct(mr_span a, mr_span b);

/* 16 hex digits that stand for a patient in logs and metrics: HMAC of (source, patient) under the site's key. */
typedef struct mr_pseudonym {
    char hex[17];
} mr_pseudonym;
mr_pseudonym mr_pseudonym_of(mr_span site_key, mr_span source, mr_span patient);

#endif
