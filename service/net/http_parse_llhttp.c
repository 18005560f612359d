/* llhttp behind http_parse.h, for Debian 13 and later. It is strict by itself; http_scan.c reads every byte before
 * it all the same, so that both releases refuse the same requests. */
#include "http_parse.h"

#include <llhttp.h>
#include <stdlib.h>

struct mr_http_parse {
    llhttp_t parser;
    llhttp_settings_t callbacks; /* llhttp keeps a pointer to it */
    mr_http_parse_events events;
    void *to;
};

static int on_target(llhttp_t *p, const char *at, size_t n) {
    mr_http_parse *self = p->data;
    self->events.target(self->to, at, n);
    return 0;
}

static int on_name(llhttp_t *p, const char *at, size_t n) {
    mr_http_parse *self = p->data;
    self->events.name(self->to, at, n);
    return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t n) {
    mr_http_parse *self = p->data;
    self->events.value(self->to, at, n);
    return 0;
}

static int on_head_end(llhttp_t *p) {
    mr_http_parse *self = p->data;
    if (p->method != HTTP_CONNECT) p->upgrade = 0; /* an offer that is not taken up (RFC 9110, 7.8) */
    self->events.head_end(self->to);
    return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n) {
    mr_http_parse *self = p->data;
    self->events.body(self->to, at, n);
    return 0;
}

static int on_end(llhttp_t *p) {
    mr_http_parse *self = p->data;
    self->events.end(self->to);
    return 0;
}

mr_http_parse *mr_http_parse_new(const mr_http_parse_events *events, void *to) {
    mr_http_parse *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->events = *events;
    p->to = to;
    llhttp_settings_init(&p->callbacks);
    p->callbacks.on_url = on_target;
    p->callbacks.on_header_field = on_name;
    p->callbacks.on_header_value = on_value;
    p->callbacks.on_headers_complete = on_head_end;
    p->callbacks.on_body = on_body;
    p->callbacks.on_message_complete = on_end;
    mr_http_parse_begin(p);
    return p;
}

void mr_http_parse_begin(mr_http_parse *p) {
    llhttp_init(&p->parser, HTTP_REQUEST, &p->callbacks);
    p->parser.data = p;
}

bool mr_http_parse_feed(mr_http_parse *p, const char *bytes, size_t n) {
    return llhttp_execute(&p->parser, bytes, n) == HPE_OK; /* an upgrade gives HPE_PAUSED_UPGRADE */
}

void mr_http_parse_free(mr_http_parse *p) {
    free(p);
}
