/* Paths, queries and header look-up of a request. */
#include "http_target.h"

#include "medreview/base/utf8.h"
#include "medreview/net/http_server.h"

#include <string.h>

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The byte an escape at s.ptr[at] stands for, or -1. */
static int escape_at(mr_span s, size_t at) {
    if (s.len - at < 3) return -1;
    int hi = hex_digit(s.ptr[at + 1]), lo = hex_digit(s.ptr[at + 2]);
    return hi < 0 || lo < 0 ? -1 : hi * 16 + lo;
}

/* pchar of RFC 3986 without the escape, and '/'. */
static bool is_path_byte(char c) {
    bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return alnum || (c != 0 && strchr("/-._~!$&'()*+,;=:@", c));
}

static bool decode_path(char *bytes, size_t len, size_t *ret_len) {
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)bytes[i];
        if (c == '%') {
            c = escape_at((mr_span){bytes, len}, i);
            if (c < 0x20 || c == 0x7f || c == '/' || c == '\\') return false;
            i += 2;
        } else if (!is_path_byte((char)c)) {
            return false;
        }
        bytes[out++] = (char)c;
    }
    *ret_len = out;
    return true;
}

static bool segments_good(mr_span path) {
    mr_span rest = mr_span_from(path, 1), segment;
    for (;;) {
        bool more = mr_span_split(rest, '/', &segment, &rest);
        if (mr_span_is(segment, ".") || mr_span_is(segment, "..")) return false;
        if (!more) return true;
        if (segment.len == 0) return false;
    }
}

bool mr_http_target_read(char *target, size_t len, mr_span *ret_path, mr_span *ret_query) {
    mr_span raw, query;
    bool asked = mr_span_split((mr_span){target, len}, '?', &raw, &query);
    size_t path_len;
    if (raw.len == 0 || target[0] != '/' || !decode_path(target, raw.len, &path_len)) return false;
    mr_span path = {target, path_len};
    if (!segments_good(path) || !mr_utf8_valid(path)) return false;
    *ret_path = path;
    *ret_query = asked ? query : MR_SPAN_NONE;
    return true;
}

mr_span mr_request_header(const mr_request *req, const char *name) {
    mr_span wanted = mr_span_of(name);
    for (size_t i = 0; i < req->n_headers; i++)
        if (mr_span_ieq(req->headers[i].name, wanted)) return req->headers[i].value;
    return MR_SPAN_NONE;
}

/* A name or value of a query. false: a broken escape, a NUL, or no room. */
static bool decode_query(mr_span s, char *out, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        int c = (unsigned char)s.ptr[i];
        if (c == '+') c = ' ';
        if (c == '%') {
            c = escape_at(s, i);
            i += 2;
        }
        if (c <= 0 || n + 1 >= size) return false;
        out[n++] = (char)c;
    }
    if (n >= size) return false;
    out[n] = 0;
    return true;
}

bool mr_request_param(const mr_request *req, const char *name, char *buf, size_t size) {
    mr_span rest = req->query, item, key, value;
    while (rest.len > 0) {
        (void)mr_span_split(rest, '&', &item, &rest); /* false: the last one, and no rest */
        (void)mr_span_split(item, '=', &key, &value); /* false: a name alone, and an absent value */
        char decoded[64];
        if (decode_query(key, decoded, sizeof decoded) && strcmp(decoded, name) == 0) {
            if (!decode_query(value, buf, size)) buf[0] = 0;
            return true;
        }
    }
    return false;
}
