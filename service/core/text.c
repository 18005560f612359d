/* Joined texts. */
#include "text.h"

#include <string.h>

static size_t put(char *to, size_t at, mr_span s) {
    if (s.len) memcpy(to + at, s.ptr, s.len);
    return at + s.len;
}

mr_span mr_text_join(mr_arena *a, const mr_span *parts, size_t n) {
    size_t len = 0, at = 0;
    for (size_t i = 0; i < n; i++) len += parts[i].len;
    char *p = mr_arena_alloc(a, len + 1, 1);
    if (!p) return MR_SPAN_NONE;
    for (size_t i = 0; i < n; i++) at = put(p, at, parts[i]);
    p[len] = 0;
    return (mr_span){p, len};
}

mr_span mr_text_list(mr_arena *a, const mr_span *v, size_t n, mr_span between, mr_span last) {
    size_t len = 0, at = 0;
    for (size_t i = 0; i < n; i++) len += v[i].len + (!i ? 0 : i + 1 == n ? last.len : between.len);
    char *p = mr_arena_alloc(a, len + 1, 1);
    if (!p) return MR_SPAN_NONE;
    for (size_t i = 0; i < n; i++) {
        if (i) at = put(p, at, i + 1 == n ? last : between);
        at = put(p, at, v[i]);
    }
    p[len] = 0;
    return (mr_span){p, len};
}
