/* The strict scan: everything that has been used to make two HTTP readers disagree is refused here, before the
 * packaged parser, which lets some of it through, sees a byte. RFC 9110 and 9112; where they leave a choice, the
 * stricter one. */
#include "http_scan.h"

#include <string.h>

static mr_http_refusal refuse(int status, const char *why) {
    return (mr_http_refusal){status, why};
}

/* tchar of RFC 9110, 5.6.2 */
static bool is_token(mr_span s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c))) return false;
    }
    return s.len > 0;
}

static bool is_digits(mr_span s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    return s.len > 0;
}

static bool is_iword(mr_span s, const char *word) {
    return mr_span_ieq(s, mr_span_of(word));
}

/* Both packaged parsers know these; CONNECT would turn the connection into a tunnel, TRACE echoes credentials. */
static bool method_known(mr_span m) {
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (mr_span_is(m, known[i])) return true;
    return false;
}

static mr_http_refusal check_target(mr_span target) {
    if (target.len == 0 || target.ptr[0] != '/')
        return refuse(400, "the request target must be a path that begins with '/'");
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '#')
            return refuse(400, "the request target holds a byte that must be percent-encoded");
    }
    return MR_HTTP_FINE;
}

static mr_http_refusal check_version(mr_http_head *head, mr_span version) {
    if (mr_span_is(version, "HTTP/1.1")) return MR_HTTP_FINE;
    if (mr_span_is(version, "HTTP/1.0")) {
        head->http10 = head->close = true;
        return MR_HTTP_FINE;
    }
    bool well_formed = version.len == 8 && mr_span_starts(version, "HTTP/") && version.ptr[6] == '.' &&
                       is_digits((mr_span){version.ptr + 5, 1}) && is_digits((mr_span){version.ptr + 7, 1});
    return well_formed ? refuse(505, "speak HTTP/1.1")
                       : refuse(400, "the request line does not end with an HTTP version");
}

mr_http_refusal mr_http_scan_request_line(mr_http_head *head, mr_span line) {
    mr_span method, rest, target, version;
    if (!mr_span_split(line, ' ', &method, &rest) || !is_token(method))
        return refuse(400, "the request line is malformed");
    if (!mr_span_split(rest, ' ', &target, &version)) return refuse(400, "the request line is malformed");
    mr_http_refusal no = check_version(head, version);
    if (!no.why) no = check_target(target);
    if (!no.why && !method_known(method)) no = refuse(501, "this method is not spoken here");
    head->method_len = method.len;
    return no;
}

static mr_http_refusal field_length(mr_http_head *head, mr_span value) {
    if (head->has_length) return refuse(400, "Content-Length is repeated");
    if (!is_digits(value)) return refuse(400, "Content-Length is not a number");
    if (!mr_span_u64(value, &head->length)) return refuse(413, "Content-Length is beyond all limits");
    head->has_length = true;
    return MR_HTTP_FINE;
}

static mr_http_refusal field_coding(mr_http_head *head, mr_span value) {
    if (head->chunked) return refuse(400, "Transfer-Encoding is repeated");
    if (!is_iword(value, "chunked")) return refuse(501, "no transfer coding but chunked is spoken here");
    head->chunked = true;
    return MR_HTTP_FINE;
}

static mr_http_refusal field_host(mr_http_head *head, mr_span value) {
    if (++head->n_host > 1) return refuse(400, "Host is repeated");
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (c == 0 || !strchr("-._~:[]%!$&'()*+;=", c)))
            return refuse(400, "Host is not a host name and port");
    }
    return MR_HTTP_FINE;
}

static void field_connection(mr_http_head *head, mr_span value) {
    for (mr_span item, rest = value; rest.len > 0; value = rest) {
        (void)mr_span_split(value, ',', &item, &rest); /* false: the last item, and no rest */
        if (is_iword(mr_span_trim(item), "close")) head->close = true;
    }
}

static mr_http_refusal check_field(mr_http_head *head, mr_span name, mr_span value) {
    if (is_iword(name, "content-length")) return field_length(head, value);
    if (is_iword(name, "transfer-encoding")) return field_coding(head, value);
    if (is_iword(name, "host")) return field_host(head, value);
    if (is_iword(name, "connection")) field_connection(head, value);
    if (is_iword(name, "expect")) {
        if (!is_iword(value, "100-continue")) return refuse(417, "no expectation but 100-continue is met here");
        head->expects_continue = true;
    }
    return MR_HTTP_FINE;
}

mr_http_refusal mr_http_scan_field_line(mr_http_head *head, mr_span line) {
    mr_span name, value;
    if (line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) return refuse(400, "a header field is folded");
    if (!mr_span_split(line, ':', &name, &value) || !is_token(name))
        return refuse(400, "a header field has no valid name");
    head->n_headers++;
    return check_field(head, name, mr_span_trim(value));
}

mr_http_refusal mr_http_scan_head_end(const mr_http_head *head) {
    if (head->n_host != 1) return refuse(400, "Host is missing");
    if (head->chunked && head->has_length)
        return refuse(400, "Content-Length and Transfer-Encoding exclude each other");
    if (head->chunked && head->http10) return refuse(400, "HTTP/1.0 knows no chunked coding");
    return MR_HTTP_FINE;
}

/* ---- the body ---------------------------------------------------------------------------------------------- */

enum { BODY_DONE, BODY_LENGTH, CHUNK_SIZE, CHUNK_SIZE_LF, CHUNK_BYTES, CHUNK_CR, CHUNK_LF, LAST_CR, LAST_LF };
enum { MAX_SIZE_DIGITS = 8 };

mr_http_refusal mr_http_body_scan_begin(mr_http_body_scan *s, const mr_http_head *head, uint64_t max) {
    *s = (mr_http_body_scan){.max = max};
    if (head->chunked) {
        if (max == 0) return refuse(413, "no body is taken here");
        s->at = CHUNK_SIZE;
    } else if (head->length > 0) {
        if (head->length > max)
            return refuse(413, max ? "the body is larger than this address takes" : "no body is taken here");
        s->at = BODY_LENGTH;
        s->left = s->total = head->length;
    }
    return MR_HTTP_FINE;
}

bool mr_http_body_scan_done(const mr_http_body_scan *s) {
    return s->at == BODY_DONE;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static mr_http_refusal size_digit(mr_http_body_scan *s, char c) {
    int digit = hex_digit(c);
    if (c == '\r' && s->digits > 0) {
        s->at = CHUNK_SIZE_LF;
        return MR_HTTP_FINE;
    }
    if (digit < 0) return refuse(400, "a chunk size is not a plain hexadecimal number");
    if (++s->digits > MAX_SIZE_DIGITS) return refuse(400, "a chunk size has too many digits");
    s->left = s->left * 16 + (unsigned)digit;
    return MR_HTTP_FINE;
}

static mr_http_refusal size_end(mr_http_body_scan *s) {
    if (s->left > s->max - s->total) return refuse(413, "the body is larger than this address takes");
    s->total += s->left;
    s->digits = 0;
    s->at = s->left ? CHUNK_BYTES : LAST_CR;
    return MR_HTTP_FINE;
}

/* One byte of framing; the body's own bytes are skipped in runs by the caller. */
static mr_http_refusal framing_byte(mr_http_body_scan *s, char c) {
    if (s->at == CHUNK_SIZE) return size_digit(s, c);
    if (s->at == LAST_CR && c != '\r') return refuse(400, "trailer fields are not taken");
    bool cr = s->at == CHUNK_CR || s->at == LAST_CR;
    if (c != (cr ? '\r' : '\n')) return refuse(400, "a line of the chunked body does not end with CRLF");
    switch (s->at) {
    case CHUNK_SIZE_LF: return size_end(s);
    case CHUNK_CR: s->at = CHUNK_LF; break;
    case CHUNK_LF: s->at = CHUNK_SIZE; break;
    case LAST_CR: s->at = LAST_LF; break;
    default: s->at = BODY_DONE; break; /* LAST_LF */
    }
    return MR_HTTP_FINE;
}

mr_http_refusal mr_http_body_scan_feed(mr_http_body_scan *s, const char *bytes, size_t n, size_t *ret_used) {
    size_t i = 0;
    mr_http_refusal no = MR_HTTP_FINE;
    while (i < n && s->at != BODY_DONE && !no.why) {
        if (s->at == BODY_LENGTH || s->at == CHUNK_BYTES) {
            size_t run = n - i < s->left ? n - i : (size_t)s->left;
            i += run;
            s->left -= run;
            if (s->left == 0) s->at = s->at == BODY_LENGTH ? BODY_DONE : CHUNK_CR;
        } else {
            no = framing_byte(s, bytes[i++]);
        }
    }
    *ret_used = i;
    return no;
}
