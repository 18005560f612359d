/* The append-only JSON writer: what we create ourselves is written once, in order, without a tree.
 *
 * jansson takes 92-172 us for 6.5 kB of output and this about 10 (technology.md); tests read the output back with
 * jansson. Names are literals of ours and need no escaping. */
#include "medreview/codec/json_out.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 63 };

void mr_jw_begin(mr_jw *w, mr_buf *out) {
    *w = (mr_jw){.out = out};
}

static uint64_t level(const mr_jw *w) {
    return (uint64_t)1 << w->depth;
}

static void lead(mr_jw *w, const char *name) {
    if (w->started & level(w)) mr_buf_addc(w->out, ',');
    w->started |= level(w);
    if (!name) return;
    mr_buf_addc(w->out, '"');
    mr_buf_adds(w->out, name);
    mr_buf_add(w->out, "\":", 2);
}

static void open(mr_jw *w, const char *name, bool object) {
    lead(w, name);
    MR_REQUIRE(w->depth < MOST_DEPTH);
    mr_buf_addc(w->out, object ? '{' : '[');
    w->depth++;
    w->started &= ~level(w);
    w->closers = object ? w->closers | level(w) : w->closers & ~level(w);
}

void mr_jw_object(mr_jw *w, const char *name) {
    open(w, name, true);
}

void mr_jw_array(mr_jw *w, const char *name) {
    open(w, name, false);
}

void mr_jw_end(mr_jw *w) {
    MR_REQUIRE(w->depth > 0);
    mr_buf_addc(w->out, w->closers & level(w) ? '}' : ']');
    w->depth--;
}

static void quoted(mr_buf *out, mr_span s) {
    static const char hex[] = "0123456789abcdef";
    mr_buf_addc(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        mr_buf_add(out, s.ptr + from, i - from);
        from = i + 1;
        switch (c) {
        case '"': mr_buf_add(out, "\\\"", 2); break;
        case '\\': mr_buf_add(out, "\\\\", 2); break;
        case '\n': mr_buf_add(out, "\\n", 2); break;
        case '\r': mr_buf_add(out, "\\r", 2); break;
        case '\t': mr_buf_add(out, "\\t", 2); break;
        default: {
            char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            mr_buf_add(out, escape, sizeof escape);
        }
        }
    }
    if (from < s.len) mr_buf_add(out, s.ptr + from, s.len - from);
    mr_buf_addc(out, '"');
}

void mr_jw_string(mr_jw *w, const char *name, mr_span value) {
    lead(w, name);
    quoted(w->out, value);
}

void mr_jw_z(mr_jw *w, const char *name, const char *value) {
    mr_jw_string(w, name, mr_span_of(value));
}

void mr_jw_string_if(mr_jw *w, const char *name, mr_span value) {
    if (value.ptr) mr_jw_string(w, name, value);
}

void mr_jw_bool(mr_jw *w, const char *name, bool value) {
    lead(w, name);
    mr_buf_adds(w->out, value ? "true" : "false");
}

void mr_jw_int(mr_jw *w, const char *name, int64_t value) {
    lead(w, name);
    mr_buf_printf(w->out, "%lld", (long long)value);
}

/* digits d1d2...dn with the decimal point after position `point` (may lie outside the digits). */
static void plain(mr_buf *out, const char *digits, int n, int point) {
    if (point <= 0) {
        mr_buf_add(out, "0.", 2);
        for (int i = point; i < 0; i++) mr_buf_addc(out, '0');
        mr_buf_add(out, digits, (size_t)n);
        return;
    }
    for (int i = 0; i < n || i < point; i++) {
        if (i == point) mr_buf_addc(out, '.');
        mr_buf_addc(out, i < n ? digits[i] : '0');
    }
}

void mr_jw_number(mr_jw *w, const char *name, double value) {
    MR_REQUIRE(isfinite(value));
    lead(w, name);
    char text[40], digits[20];
    for (int precision = 0; precision <= 16; precision++) {
        (void)snprintf(text, sizeof text, "%.*e", precision, value);
        if (strtod(text, NULL) == value) break;
    }
    double size = fabs(value);
    if (value != 0 && (size < 1e-6 || size >= 1e15)) {
        mr_buf_adds(w->out, text);
        return;
    }
    if (value == 0) {
        mr_buf_addc(w->out, '0');
        return;
    }
    int n = 0;
    for (const char *p = text; *p && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9') digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0') n--;
    if (value < 0) mr_buf_addc(w->out, '-');
    plain(w->out, digits, n, (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1);
}

void mr_jw_null(mr_jw *w, const char *name) {
    lead(w, name);
    mr_buf_add(w->out, "null", 4);
}

void mr_jw_raw(mr_jw *w, const char *name, mr_span json) {
    lead(w, name);
    mr_buf_addsp(w->out, json);
}
