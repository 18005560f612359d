/* A growing byte buffer whose failure is sticky. */
#include "medreview/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PADDING = 64 }; /* simdjson reads past the end of what it parses */

void mr_buf_init(mr_buf *b, size_t cap) {
    *b = (mr_buf){.cap = cap};
}

void mr_buf_free(mr_buf *b) {
    if (b->ptr) {
        memset(b->ptr, 0, b->len);
        __asm__ __volatile__("" : : "r"(b->ptr) : "memory");
        free(b->ptr);
    }
    *b = (mr_buf){.cap = b->cap};
}

void mr_buf_clear(mr_buf *b) {
    b->len = 0;
    b->rc = MR_OK;
}

static bool reserve(mr_buf *b, size_t n) {
    if (b->rc != MR_OK) return false;
    if (n > b->cap || b->len > b->cap - n) {
        b->rc = MR_LIMIT;
        return false;
    }
    if (b->ptr && b->room - b->len >= n) return true;
    size_t room = b->room ? b->room : 256;
    while (room - b->len < n) room = room < SIZE_MAX / 4 ? room * 2 : b->len + n;
    char *p = realloc(b->ptr, room + PADDING);
    if (!p) {
        b->rc = MR_NOMEM;
        return false;
    }
    b->ptr = p;
    b->room = room;
    return true;
}

void mr_buf_add(mr_buf *b, const void *bytes, size_t n) {
    if (n == 0 || !reserve(b, n)) return;
    memcpy(b->ptr + b->len, bytes, n);
    b->len += n;
}

void mr_buf_adds(mr_buf *b, const char *z) {
    mr_buf_add(b, z, strlen(z));
}

void mr_buf_addsp(mr_buf *b, mr_span s) {
    mr_buf_add(b, s.ptr, s.len);
}

void mr_buf_addc(mr_buf *b, char c) {
    mr_buf_add(b, &c, 1);
}

void mr_buf_printf(mr_buf *b, const char *fmt, ...) {
    char small[256];
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof small) {
        mr_buf_add(b, small, (size_t)n);
    } else if (n >= 0 && reserve(b, (size_t)n)) {
        (void)vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, again); /* the padding holds the final zero */
        b->len += (size_t)n;
    }
    va_end(again);
}

mr_span mr_buf_span(const mr_buf *b) {
    return (mr_span){b->ptr, b->rc == MR_OK ? b->len : 0};
}

const char *mr_buf_z(mr_buf *b) {
    if (b->rc != MR_OK || !b->ptr) return "";
    b->ptr[b->len] = 0;
    return b->ptr;
}

char *mr_buf_take(mr_buf *b, size_t *ret_len) {
    if (b->rc != MR_OK) return NULL;
    if (!b->ptr) {
        b->ptr = malloc(PADDING);
        if (!b->ptr) {
            b->rc = MR_NOMEM;
            return NULL;
        }
    }
    char *p = b->ptr;
    memset(p + b->len, 0, PADDING);
    *ret_len = b->len;
    *b = (mr_buf){.cap = b->cap};
    return p;
}

mr_rc mr_buf_why(const mr_buf *b, mr_error *err) {
    if (b->rc == MR_LIMIT) return mr_fail(err, MR_LIMIT, "more than %zu bytes", b->cap);
    if (b->rc == MR_NOMEM) return mr_fail(err, MR_NOMEM, "out of memory");
    return MR_OK;
}
