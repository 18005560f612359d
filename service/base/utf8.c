/* UTF-8 checking, folding of names for comparison, and edit distance. */
#include "medreview/base/utf8.h"

/* Length of the well-formed sequence at s[i], or 0. */
static size_t sequence(mr_span s, size_t i) {
    const unsigned char *p = (const unsigned char *)s.ptr + i;
    size_t left = s.len - i;
    if (p[0] < 0x80) return 1;
    size_t n = p[0] >= 0xC2 && p[0] <= 0xDF ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : 0;
    if (n == 0 || n > left) return 0;
    for (size_t k = 1; k < n; k++)
        if ((p[k] & 0xC0) != 0x80) return 0;
    if (p[0] == 0xE0 && p[1] < 0xA0) return 0; /* overlong */
    if (p[0] == 0xED && p[1] > 0x9F) return 0; /* surrogate */
    if (p[0] == 0xF0 && p[1] < 0x90) return 0; /* overlong */
    if (p[0] == 0xF4 && p[1] > 0x8F) return 0; /* above U+10FFFF */
    return n;
}

bool mr_utf8_valid(mr_span s) {
    for (size_t i = 0, n; i < s.len; i += n)
        if ((n = sequence(s, i)) == 0) return false;
    return true;
}

mr_span mr_utf8_cut(mr_span s, size_t n) {
    if (s.len <= n) return s;
    while (n && ((unsigned char)s.ptr[n] & 0xC0) == 0x80) n--;
    return (mr_span){s.ptr, n};
}

mr_span mr_text_fold(mr_arena *a, mr_span s) {
    char *out = mr_arena_alloc(a, s.len + 1, 1);
    if (!out) return MR_SPAN_NONE;
    size_t n = 0;
    bool gap = false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool nbsp = c == 0xC2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] == 0xA0;
        if (nbsp) i++;
        if (nbsp || c == ' ' || (c >= '\t' && c <= '\r')) {
            gap = n > 0;
            continue;
        }
        if (gap) out[n++] = ' ';
        gap = false;
        out[n++] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : (char)c;
    }
    out[n] = 0;
    return (mr_span){out, n};
}

unsigned mr_text_distance(mr_span a, mr_span b, unsigned cap) {
    enum { MOST = 64 };
    if (a.len > MOST || b.len > MOST) return cap + 1;
    unsigned row[3][MOST + 1];
    for (size_t j = 0; j <= b.len; j++) row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned *cur = row[i % 3], *prev = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        cur[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned d = prev[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            if (prev[j] + 1 < d) d = prev[j] + 1;
            if (cur[j - 1] + 1 < d) d = cur[j - 1] + 1;
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1] && before[j - 2] + 1 < d)
                d = before[j - 2] + 1;
            cur[j] = d;
        }
    }
    unsigned d = row[a.len % 3][b.len];
    return d > cap ? cap + 1 : d;
}
