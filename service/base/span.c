/* Views of bytes. */
#include "medreview/base/span.h"

#include <string.h>

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

mr_span mr_span_of(const char *z) {
    return (mr_span){z, z ? strlen(z) : 0};
}

bool mr_span_eq(mr_span a, mr_span b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool mr_span_is(mr_span a, const char *z) {
    return mr_span_eq(a, mr_span_of(z));
}

bool mr_span_ieq(mr_span a, mr_span b) {
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    return true;
}

int mr_span_cmp(mr_span a, mr_span b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}

bool mr_span_starts(mr_span s, const char *prefix) {
    size_t n = strlen(prefix);
    return s.len >= n && memcmp(s.ptr, prefix, n) == 0;
}

bool mr_span_ends(mr_span s, const char *suffix) {
    size_t n = strlen(suffix);
    return s.len >= n && (n == 0 || memcmp(s.ptr + s.len - n, suffix, n) == 0);
}

mr_span mr_span_trim(mr_span s) {
    while (s.len && blank(s.ptr[0])) s.ptr++, s.len--;
    while (s.len && blank(s.ptr[s.len - 1])) s.len--;
    return s;
}

mr_span mr_span_from(mr_span s, size_t from) {
    if (from > s.len) from = s.len;
    return (mr_span){s.ptr ? s.ptr + from : NULL, s.len - from};
}

size_t mr_span_find(mr_span s, char c) {
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return at ? (size_t)(at - s.ptr) : s.len;
}

bool mr_span_split(mr_span s, char c, mr_span *ret_head, mr_span *ret_tail) {
    size_t at = mr_span_find(s, c);
    *ret_head = (mr_span){s.ptr, at};
    if (at == s.len) {
        *ret_tail = MR_SPAN_NONE;
        return false;
    }
    *ret_tail = mr_span_from(s, at + 1);
    return true;
}

bool mr_span_u64(mr_span s, uint64_t *ret) {
    if (s.len == 0 || s.len > 20) return false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        uint64_t d = (uint64_t)(s.ptr[i] - '0');
        if (v > (UINT64_MAX - d) / 10) return false;
        v = v * 10 + d;
    }
    *ret = v;
    return true;
}
