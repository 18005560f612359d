/* The request reader: buffers the head, has each line scanned as it becomes whole, and only then shows it to the
 * packaged parser; the body's framing is scanned before the parser decodes it. A request counts only when scan and
 * parser agree on its fields, its body and its end. */
#include "http_request.h"

#include "http_parse.h"
#include "http_target.h"
#include "medreview/base/buf.h"
#include "medreview/base/limits.h"

#include <stdlib.h>
#include <string.h>

typedef enum stage { IN_HEAD, AFTER_HEAD, IN_BODY, COMPLETE, BROKEN } stage;

struct mr_http_reader {
    stage stage;
    mr_http_parse *parser;
    mr_buf head; /* request line and fields, with their line ends */
    size_t line; /* where the unfinished line begins in it */
    bool skipped_empty_line;
    mr_http_head facts;
    mr_http_body_scan framing;
    mr_http_refusal refusal;

    /* what the parser says */
    mr_span target;
    mr_header fields[MR_MAX_HEADERS];
    size_t n_fields;
    bool in_value, head_ended, ended, confused;
    mr_buf gathering; /* the body so far */
    mr_buf body;      /* the body once whole: with padding, its length no longer changing */
    mr_request request;
};

/* 64 readable bytes behind an empty body. */
static const char no_body[64];

static mr_http_step broken(mr_http_reader *r, mr_http_refusal why) {
    r->stage = BROKEN;
    r->refusal = why;
    return MR_HTTP_BAD;
}

static mr_http_step broken_by(mr_http_reader *r, int status, const char *why) {
    return broken(r, (mr_http_refusal){status, why});
}

/* ---- what the parser finds --------------------------------------------------------------------------------- */

/* The head is fed in one piece, so the pieces of one text touch; anything else is a reader we do not understand. */
static void extend(mr_http_reader *r, mr_span *text, const char *at, size_t n) {
    if (!text->ptr)
        *text = (mr_span){at, n};
    else if (text->ptr + text->len == at)
        text->len += n;
    else
        r->confused = true;
}

static void on_target(void *to, const char *at, size_t n) {
    mr_http_reader *r = to;
    extend(r, &r->target, at, n);
}

static void on_name(void *to, const char *at, size_t n) {
    mr_http_reader *r = to;
    bool another = r->n_fields == 0 || r->in_value;
    if (r->head_ended || (another && r->n_fields == MR_MAX_HEADERS)) {
        r->confused = true;
        return;
    }
    if (another) {
        r->fields[r->n_fields++] = (mr_header){MR_SPAN_NONE, MR_SPAN_NONE};
        r->in_value = false;
    }
    extend(r, &r->fields[r->n_fields - 1].name, at, n);
}

static void on_value(void *to, const char *at, size_t n) {
    mr_http_reader *r = to;
    if (r->head_ended || r->n_fields == 0) {
        r->confused = true;
        return;
    }
    r->in_value = true;
    extend(r, &r->fields[r->n_fields - 1].value, at, n);
}

static void on_head_end(void *to) {
    ((mr_http_reader *)to)->head_ended = true;
}

static void on_body(void *to, const char *at, size_t n) {
    mr_http_reader *r = to;
    mr_buf_add(&r->gathering, at, n);
}

static void on_end(void *to) {
    ((mr_http_reader *)to)->ended = true;
}

static const mr_http_parse_events events = {on_target, on_name, on_value, on_head_end, on_body, on_end};

/* ---- the head ---------------------------------------------------------------------------------------------- */

/* Bytes that no line of a head may hold, found as they come, so that a peer that speaks something else entirely is
 * told at once. */
static const char *odd_byte(const mr_buf *head, size_t from) {
    for (size_t i = from; i < head->len; i++) {
        unsigned char c = (unsigned char)head->ptr[i];
        bool after_cr = i > 0 && head->ptr[i - 1] == '\r';
        if ((c == '\n') != after_cr) return "a line does not end with CRLF";
        if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f) return "the head holds a control byte";
    }
    return NULL;
}

static mr_http_step refused_by_parser(mr_http_reader *r) {
    return broken_by(r, 400, "the request is malformed");
}

/* The parser sees the head now, whole and scanned. */
static mr_http_step head_complete(mr_http_reader *r) {
    mr_http_refusal no = mr_http_scan_head_end(&r->facts);
    if (no.why) return broken(r, no);
    mr_http_parse_begin(r->parser);
    if (!mr_http_parse_feed(r->parser, r->head.ptr, r->head.len)) return refused_by_parser(r);
    bool has_body = r->facts.chunked || r->facts.length > 0;
    if (!r->head_ended || r->confused || r->n_fields != r->facts.n_headers || r->ended == has_body || !r->target.ptr)
        return refused_by_parser(r);
    for (size_t i = 0; i < r->n_fields; i++) r->fields[i].value = mr_span_trim(r->fields[i].value);
    r->request = (mr_request){.method = {r->head.ptr, r->facts.method_len},
                              .headers = r->fields,
                              .n_headers = r->n_fields,
                              .body = {no_body, 0}};
    char *target = r->head.ptr + (r->target.ptr - r->head.ptr); /* its bytes are ours; the span only says so in const */
    if (!mr_http_target_read(target, r->target.len, &r->request.path, &r->request.query))
        return broken_by(r, 400, "the path is not one this server could mean");
    r->stage = AFTER_HEAD;
    return MR_HTTP_HEAD;
}

static mr_http_step line_complete(mr_http_reader *r) {
    mr_span line = {r->head.ptr + r->line, r->head.len - r->line - 2};
    bool first = r->line == 0;
    if (first && line.len == 0) {
        /* RFC 9112, 2.2: some clients end a body with an extra CRLF. One is forgiven. */
        if (r->skipped_empty_line) return broken_by(r, 400, "empty lines come before the request line");
        r->skipped_empty_line = true;
        mr_buf_clear(&r->head);
        return MR_HTTP_MORE;
    }
    if (line.len == 0) return head_complete(r);
    if (!first && r->facts.n_headers == MR_MAX_HEADERS) return broken_by(r, 431, "too many header fields");
    mr_http_refusal no = first ? mr_http_scan_request_line(&r->facts, line) : mr_http_scan_field_line(&r->facts, line);
    if (no.why) return broken(r, no);
    r->line = r->head.len;
    return MR_HTTP_MORE;
}

static mr_http_step feed_head(mr_http_reader *r, const char *bytes, size_t n, size_t *ret_used) {
    mr_http_step step = MR_HTTP_MORE;
    size_t i = 0;
    while (i < n && step == MR_HTTP_MORE) {
        const char *lf = memchr(bytes + i, '\n', n - i);
        size_t piece = lf ? (size_t)(lf - bytes) + 1 - i : n - i;
        size_t room = MR_MAX_HEADER_BYTES - r->head.len, old = r->head.len;
        bool fits = piece <= room;
        if (!fits) piece = room;
        mr_buf_add(&r->head, bytes + i, piece);
        if (r->head.rc != MR_OK) return broken_by(r, 503, "memory is short");
        const char *odd = odd_byte(&r->head, old);
        i += piece;
        if (odd)
            step = broken_by(r, 400, odd);
        else if (!fits)
            step = broken_by(r, 431, "request line and header fields are too large together");
        else if (lf)
            step = line_complete(r);
    }
    *ret_used = i;
    return step;
}

/* ---- the body ---------------------------------------------------------------------------------------------- */

static mr_http_step complete(mr_http_reader *r) {
    if (!r->ended || r->gathering.len != r->framing.total) return refused_by_parser(r);
    if (r->gathering.len > 0) {
        size_t len;
        char *bytes = mr_buf_take(&r->gathering, &len);
        r->body = (mr_buf){.ptr = bytes, .len = len};
        r->request.body = (mr_span){bytes, len};
    }
    r->stage = COMPLETE;
    return MR_HTTP_DONE;
}

static mr_http_step feed_body(mr_http_reader *r, const char *bytes, size_t n, size_t *ret_used) {
    mr_http_refusal no = mr_http_body_scan_feed(&r->framing, bytes, n, ret_used);
    if (no.why) return broken(r, no);
    if (!mr_http_parse_feed(r->parser, bytes, *ret_used)) return refused_by_parser(r);
    if (r->confused) return refused_by_parser(r);
    if (r->gathering.rc != MR_OK) return broken_by(r, 503, "memory is short");
    bool done = mr_http_body_scan_done(&r->framing);
    if (r->ended && !done) return refused_by_parser(r);
    return done ? complete(r) : MR_HTTP_MORE;
}

/* ---- the reader -------------------------------------------------------------------------------------------- */

mr_http_reader *mr_http_reader_new(void) {
    mr_http_reader *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->parser = mr_http_parse_new(&events, r);
    if (!r->parser) {
        free(r);
        return NULL;
    }
    mr_buf_init(&r->head, MR_MAX_HEADER_BYTES);
    return r;
}

void mr_http_reader_free(mr_http_reader *r) {
    if (!r) return;
    mr_buf_free(&r->head);
    mr_buf_free(&r->gathering);
    mr_buf_free(&r->body);
    mr_http_parse_free(r->parser);
    free(r);
}

mr_http_step mr_http_reader_feed(mr_http_reader *r, const char *bytes, size_t n, size_t *ret_used) {
    *ret_used = 0;
    switch (r->stage) {
    case IN_HEAD: return feed_head(r, bytes, n, ret_used);
    case IN_BODY: return feed_body(r, bytes, n, ret_used);
    case AFTER_HEAD: return MR_HTTP_HEAD;
    case COMPLETE: return MR_HTTP_DONE;
    default: return MR_HTTP_BAD;
    }
}

mr_http_step mr_http_reader_body(mr_http_reader *r, size_t max_body) {
    MR_REQUIRE(r->stage == AFTER_HEAD);
    mr_http_refusal no = mr_http_body_scan_begin(&r->framing, &r->facts, max_body);
    if (no.why) return broken(r, no);
    mr_buf_init(&r->gathering, max_body);
    r->stage = IN_BODY;
    return mr_http_body_scan_done(&r->framing) ? complete(r) : MR_HTTP_MORE;
}

const mr_request *mr_http_reader_request(const mr_http_reader *r) {
    return &r->request;
}

bool mr_http_reader_keeps_alive(const mr_http_reader *r) {
    return !r->facts.close;
}

bool mr_http_reader_expects_continue(const mr_http_reader *r) {
    return r->facts.expects_continue && !r->facts.http10;
}

mr_http_refusal mr_http_reader_refusal(const mr_http_reader *r) {
    return r->refusal;
}

size_t mr_http_reader_held(const mr_http_reader *r) {
    return r->gathering.len + r->body.len;
}

void mr_http_reader_next(mr_http_reader *r) {
    mr_buf_free(&r->gathering);
    mr_buf_free(&r->body);
    mr_buf_clear(&r->head);
    r->line = 0;
    r->skipped_empty_line = r->in_value = r->head_ended = r->ended = r->confused = false;
    r->facts = (mr_http_head){0};
    r->framing = (mr_http_body_scan){0};
    r->refusal = MR_HTTP_FINE;
    r->target = MR_SPAN_NONE;
    r->n_fields = 0;
    r->request = (mr_request){0};
    r->stage = IN_HEAD;
}
