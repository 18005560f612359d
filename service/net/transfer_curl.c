/* The curl side of one exchange.
 *
 * Every option is set on a handle that was just reset: a body or header of the last request must not leak into the
 * next. No redirects, no cookies, no netrc, no .curlrc; the scheme is allow-listed twice, here and in curl. There is
 * no low-speed limit: the whole exchange has a deadline that is shorter than any useful one. */
#include "transfer_curl.h"

#include "medreview/base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_MS = 10000, DAY_MS = 86400000 };

/* ---- Retry-After ------------------------------------------------------------------------------------------- */

int64_t mr_retry_after_ms(const char *value, int64_t now_ms) {
    mr_span v = mr_span_trim(mr_span_of(value));
    bool digits = v.len > 0;
    for (size_t i = 0; i < v.len; i++) digits = digits && v.ptr[i] >= '0' && v.ptr[i] <= '9';
    uint64_t seconds;
    if (digits)
        return v.len < 10 && mr_span_u64(v, &seconds) && seconds < DAY_MS / 1000 ? (int64_t)seconds * 1000 : DAY_MS;
    time_t at = curl_getdate(value, NULL);
    if (at == -1) return -1;
    int64_t wait = (int64_t)at * 1000 - now_ms;
    if (wait < 0) return 0;
    return wait < DAY_MS ? wait : DAY_MS;
}

/* ---- the request ------------------------------------------------------------------------------------------- */

static bool is_loopback(const char *host) {
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 || strncmp(host, "127.", 4) == 0;
}

typedef struct address {
    bool https, loopback;
} address;

/* curl would take one slash, or three, and guess what was meant. */
static bool has_authority(const char *url) {
    const char *colon = strchr(url, ':');
    return colon && colon[1] == '/' && colon[2] == '/' && colon[3] != '/' && colon[3] != '\\' && colon[3] != 0;
}

/* The URL is checked here so that submit can refuse it; curl would tell only later. */
static mr_rc check_url(const char *url, bool allow_http, address *ret, mr_error *err) {
    char *scheme = NULL, *host = NULL, *user = NULL;
    mr_rc rc = MR_OK;
    CURLU *u = curl_url();
    if (!u) return mr_fail(err, MR_NOMEM, "out of memory");
    if (!has_authority(url) || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        rc = mr_fail(err, MR_INVALID, "not an absolute URL");
    else if (strcmp(scheme, "https") != 0 && !(allow_http && strcmp(scheme, "http") == 0))
        rc = mr_fail(err, MR_INVALID, allow_http ? "neither an http nor an https URL" : "not an https URL");
    else if (curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
        rc = mr_fail(err, MR_INVALID, "a URL with credentials in it");
    else
        *ret = (address){strcmp(scheme, "https") == 0, is_loopback(host)};
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(u);
    return rc;
}

static mr_rc add_header(mr_transfer *t, const char *line, mr_error *err) {
    for (const char *p = line; *p; p++)
        if ((unsigned char)*p < 0x20 && *p != '\t')
            return mr_fail(err, MR_INVALID, "a request header with a control byte in it");
    struct curl_slist *longer = curl_slist_append(t->headers, line);
    if (!longer) return mr_fail(err, MR_NOMEM, "out of memory");
    t->headers = longer;
    return MR_OK;
}

static mr_rc add_headers(mr_transfer *t, const mr_http_req *req, mr_error *err) {
    mr_rc rc = add_header(t, "Expect:", err); /* curl would wait a second for a 100 before a large body */
    for (size_t i = 0; rc == MR_OK && req->headers && req->headers[i]; i++) rc = add_header(t, req->headers[i], err);
    return rc;
}

static size_t on_bytes(char *bytes, size_t size, size_t n, void *to) {
    mr_transfer *t = to;
    mr_buf_add(&t->received, bytes, size * n);
    return t->received.rc == MR_OK ? size * n : 0; /* 0 ends the transfer; received.rc says why */
}

/* curl takes a connection that closes within the head for the end of a good answer. */
static size_t on_header_line(char *line, size_t size, size_t n, void *to) {
    mr_transfer *t = to;
    mr_span s = {line, size * n};
    if (mr_span_starts(s, "HTTP/"))
        t->head_whole = false; /* of an interim answer, perhaps; now comes another */
    else if (mr_span_trim(s).len == 0)
        t->head_whole = true;
    return size * n;
}

/* curl_easy_setopt fails for lack of memory or for an option that this curl was built without; a transfer that would
 * run without its limits is not started. The first failure counts. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (ok == CURLE_OK) ok = curl_easy_setopt(t->easy, option, value);                                             \
    } while (0)

static CURLcode set_method(mr_transfer *t, const mr_http_req *req) {
    CURLcode ok = CURLE_OK;
    if (req->body.ptr) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->sent.len);
        SET(CURLOPT_POSTFIELDS, t->sent.len ? t->sent.ptr : "");
        SET(CURLOPT_CUSTOMREQUEST, req->method);
    } else if (strcmp(req->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
    } else {
        SET(CURLOPT_HTTPGET, 1L);
        SET(CURLOPT_CUSTOMREQUEST, req->method);
    }
    return ok;
}

static CURLcode set_limits(mr_transfer *t, const mr_http_req *req, address to) {
    CURLcode ok = CURLE_OK;
    SET(CURLOPT_TIMEOUT_MS, (long)req->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(req->timeout_ms < CONNECT_MS ? req->timeout_ms : CONNECT_MS));
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)req->max_body); /* by Content-Length; on_bytes counts what has none */
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* a transfer that ends during a slow name look-up must not wait for it on the loop */
    SET(CURLOPT_ACCEPT_ENCODING, "");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    /* Wait and see whether a new connection is HTTP/2 and can be shared: TLS says so at once. Without TLS only the
     * first answer does, and one slow first answer would hold up everything behind it. */
    SET(CURLOPT_PIPEWAIT, to.https ? 1L : 0L);
    return ok;
}

static CURLcode set_security(mr_transfer *t, const mr_curl_settings *st, address to) {
    CURLcode ok = CURLE_OK;
    SET(CURLOPT_PROTOCOLS_STR, st->allow_http ? "http,https" : "https");
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (st->ca_file) SET(CURLOPT_CAINFO, st->ca_file);
    if (st->client_cert) SET(CURLOPT_SSLCERT, st->client_cert);
    if (st->client_key) SET(CURLOPT_SSLKEY, st->client_key);
    if (to.loopback) SET(CURLOPT_PROXY, ""); /* a proxy of the environment cannot reach our own loopback */
    return ok;
}

static CURLcode set_options(mr_transfer *t, const mr_curl_settings *st, const mr_http_req *req, address to) {
    CURLcode ok = CURLE_OK;
    SET(CURLOPT_URL, req->url);
    SET(CURLOPT_PRIVATE, t);
    SET(CURLOPT_ERRORBUFFER, t->why);
    SET(CURLOPT_USERAGENT, "medreview");
    SET(CURLOPT_HTTPHEADER, t->headers);
    SET(CURLOPT_WRITEFUNCTION, on_bytes);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERFUNCTION, on_header_line);
    SET(CURLOPT_HEADERDATA, t);
    if (ok == CURLE_OK) ok = set_limits(t, req, to);
    if (ok == CURLE_OK) ok = set_security(t, st, to);
    if (ok == CURLE_OK) ok = set_method(t, req);
    return ok;
}

static mr_rc prepare(mr_transfer *t, const mr_curl_settings *settings, const mr_http_req *req, mr_error *err) {
    address to = {false, false};
    mr_rc rc = check_url(req->url, settings->allow_http, &to, err);
    if (rc == MR_OK) rc = add_headers(t, req, err);
    if (rc != MR_OK) return rc;
    mr_buf_init(&t->received, req->max_body);
    mr_buf_init(&t->sent, req->body.len);
    mr_buf_addsp(&t->sent, req->body);
    if (t->sent.rc != MR_OK) return mr_fail(err, MR_NOMEM, "out of memory");
    CURLcode ok = set_options(t, settings, req, to);
    return ok == CURLE_OK ? MR_OK
                          : mr_fail_detail(err, ok == CURLE_OUT_OF_MEMORY ? MR_NOMEM : MR_INVALID, (int32_t)ok, "%s",
                                           curl_easy_strerror(ok));
}

mr_rc mr_transfer_new(CURL *easy, const mr_curl_settings *settings, const mr_http_req *req, mr_transfer **ret,
                      mr_error *err) {
    if (!req->method || !*req->method || !req->url || req->timeout_ms <= 0)
        return mr_fail(err, MR_INVALID, "a request without method, URL or time limit");
    mr_transfer *t = calloc(1, sizeof *t);
    if (!t) return mr_fail(err, MR_NOMEM, "out of memory");
    t->easy = easy;
    curl_easy_reset(easy);
    mr_rc rc = prepare(t, settings, req, err);
    if (rc != MR_OK) {
        (void)mr_transfer_free(t); /* the handle stays the caller's */
        return rc;
    }
    *ret = t;
    return MR_OK;
}

/* ---- the answer -------------------------------------------------------------------------------------------- */

/* "" when absent or too long for `out`: half an ETag is worse than none. */
static void copy_header(CURL *easy, const char *name, char *out, size_t size) {
    struct curl_header *h;
    if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK || strlen(h->value) >= size) return;
    memcpy(out, h->value, strlen(h->value) + 1);
}

static void read_answer(mr_transfer *t, int64_t now_ms) {
    mr_http_resp *r = &t->resp;
    long status = 0;
    char wait[64] = "";
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status); /* 0 when there is none */
    r->status = (int)status;
    copy_header(t->easy, "ETag", r->etag, sizeof r->etag);
    copy_header(t->easy, "Location", r->location, sizeof r->location);
    if (!*r->location) copy_header(t->easy, "Content-Location", r->location, sizeof r->location);
    copy_header(t->easy, "Content-Type", r->content_type, sizeof r->content_type);
    copy_header(t->easy, "Retry-After", wait, sizeof wait);
    r->retry_after_ms = *wait ? mr_retry_after_ms(wait, now_ms) : -1;
    r->body = mr_buf_take(&t->received, &r->len);
    if (r->body) t->rc = MR_OK;
}

static mr_rc verdict(CURLcode code) {
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return MR_TIMEOUT;
    case CURLE_FILESIZE_EXCEEDED: return MR_LIMIT;
    case CURLE_OUT_OF_MEMORY: return MR_NOMEM;
    default: return MR_IO;
    }
}

/* Until a request is sent curl's own words name at most host, port and certificate; later they could quote more. */
static bool before_sending(CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION: return true;
    default: return false;
    }
}

void mr_transfer_end(mr_transfer *t, CURLcode code, int64_t now_ms) {
    if (code == CURLE_OK && !t->head_whole) code = CURLE_PARTIAL_FILE;
    t->rc = MR_NOMEM;
    t->resp.retry_after_ms = -1;
    if (code == CURLE_OK) read_answer(t, now_ms);
    if (code == CURLE_OK && t->rc == MR_OK) return;
    if (code != CURLE_OK) t->rc = t->received.rc != MR_OK ? t->received.rc : verdict(code);
    if (t->rc == MR_LIMIT)
        (void)mr_fail(&t->err, MR_LIMIT, "the answer is larger than %zu bytes", t->received.cap);
    else
        (void)mr_fail_detail(&t->err, t->rc, (int32_t)code, "%s",
                             before_sending(code) && *t->why ? t->why : curl_easy_strerror(code));
}

/* Answers hold patient data: overwritten, unless the caller took them. */
static void wipe_body(mr_http_resp *r) {
    mr_buf b = {.ptr = r->body, .len = r->len};
    mr_buf_free(&b);
    r->body = NULL;
}

void mr_transfer_drop(mr_transfer *t, mr_rc rc, const char *why) {
    wipe_body(&t->resp); /* it may have ended well and not been told yet */
    t->resp = (mr_http_resp){.retry_after_ms = -1};
    t->rc = mr_fail(&t->err, rc, "%s", why);
}

CURL *mr_transfer_free(mr_transfer *t) {
    CURL *easy = t->easy;
    curl_easy_reset(easy);
    curl_slist_free_all(t->headers);
    mr_buf_free(&t->sent);
    mr_buf_free(&t->received);
    wipe_body(&t->resp);
    free(t);
    return easy;
}
