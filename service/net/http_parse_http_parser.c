/* http-parser 2.9.4 behind http_parse.h. Its upstream is dead and it is lenient about line ends, folding and chunk
 * extensions, none of which its callbacks show: that is why http_scan.c reads every byte before it does. */
#include "http_parse.h"

#include <http_parser.h>
#include <stdlib.h>

struct mr_http_parse {
    http_parser parser;
    mr_http_parse_events events;
    void *to;
};

static int on_target(http_parser *p, const char *at, size_t n) {
    mr_http_parse *self = p->data;
    self->events.target(self->to, at, n);
    return 0;
}

static int on_name(http_parser *p, const char *at, size_t n) {
    mr_http_parse *self = p->data;
    self->events.name(self->to, at, n);
    return 0;
}

static int on_value(http_parser *p, const char *at, size_t n) {
    mr_http_parse *self = p->data;
    self->events.value(self->to, at, n);
    return 0;
}

static int on_head_end(http_parser *p) {
    mr_http_parse *self = p->data;
    if (p->method != HTTP_CONNECT) p->upgrade = 0; /* an offer that is not taken up (RFC 9110, 7.8) */
    self->events.head_end(self->to);
    return 0;
}

static int on_body(http_parser *p, const char *at, size_t n) {
    mr_http_parse *self = p->data;
    self->events.body(self->to, at, n);
    return 0;
}

static int on_end(http_parser *p) {
    mr_http_parse *self = p->data;
    self->events.end(self->to);
    return 0;
}

static const http_parser_settings callbacks = {.on_url = on_target,
                                               .on_header_field = on_name,
                                               .on_header_value = on_value,
                                               .on_headers_complete = on_head_end,
                                               .on_body = on_body,
                                               .on_message_complete = on_end};

mr_http_parse *mr_http_parse_new(const mr_http_parse_events *events, void *to) {
    mr_http_parse *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->events = *events;
    p->to = to;
    mr_http_parse_begin(p);
    return p;
}

void mr_http_parse_begin(mr_http_parse *p) {
    http_parser_init(&p->parser, HTTP_REQUEST);
    p->parser.data = p;
}

bool mr_http_parse_feed(mr_http_parse *p, const char *bytes, size_t n) {
    if (n == 0) return true; /* to http-parser no bytes mean the end of the stream */
    size_t used = http_parser_execute(&p->parser, &callbacks, bytes, n);
    return used == n && HTTP_PARSER_ERRNO(&p->parser) == HPE_OK && !p->parser.upgrade;
}

void mr_http_parse_free(mr_http_parse *p) {
    free(p);
}
