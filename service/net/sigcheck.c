/* Bearer tokens and signed bodies. Digests are compared instead of the secrets themselves, so that not even the
 * length of a secret shows. */
#include "medreview/net/sigcheck.h"

#include "medreview/base/sha256.h"

static void digest(mr_span s, uint8_t ret[32]) {
    mr_sha256 h;
    mr_sha256_begin(&h);
    mr_sha256_add(&h, s.ptr, s.len);
    mr_sha256_end(&h, ret);
}

bool mr_bearer_ok(mr_span authorization, mr_span token) {
    mr_span scheme, given;
    if (token.len == 0 || !mr_span_split(authorization, ' ', &scheme, &given)) return false;
    if (!mr_span_ieq(scheme, MR_SPAN("bearer"))) return false;
    uint8_t a[32], b[32];
    digest(mr_span_trim(given), a);
    digest(token, b);
    return mr_equal_ct((mr_span){(const char *)a, sizeof a}, (mr_span){(const char *)b, sizeof b});
}

bool mr_hmac_ok(mr_span signature, mr_span secret, mr_span body) {
    if (mr_span_starts(signature, "sha256=")) signature = mr_span_from(signature, 7);
    if (secret.len == 0 || signature.len != 64) return false;
    char given[64], wanted[65];
    for (size_t i = 0; i < sizeof given; i++) {
        char c = signature.ptr[i];
        given[i] = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    }
    mr_hmac m;
    uint8_t mac[32];
    mr_hmac_begin(&m, secret);
    mr_hmac_add(&m, body);
    mr_hmac_end(&m, mac);
    mr_hex(mac, sizeof mac, wanted);
    return mr_equal_ct((mr_span){given, sizeof given}, (mr_span){wanted, sizeof given});
}
