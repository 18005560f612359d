/* The one door to the packaged HTTP parser: http-parser on Debian 12, llhttp on Debian 13 (CMake takes one of the
 * two files behind this header). It reads one request at a time and never more: http_request.c knows from its own
 * scan where a request ends, and believes a request only when scan and parser agree. */
#ifndef MEDREVIEW_NET_HTTP_PARSE_H
#define MEDREVIEW_NET_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>

/* Pieces as the parser finds them; one text may come in several pieces. `to` is what mr_http_parse_new was given.
 * They cannot stop the parser: what they object to, they note. */
typedef struct mr_http_parse_events {
    void (*target)(void *to, const char *at, size_t n);
    void (*name)(void *to, const char *at, size_t n);
    void (*value)(void *to, const char *at, size_t n);
    void (*head_end)(void *to);
    void (*body)(void *to, const char *at, size_t n);
    void (*end)(void *to);
} mr_http_parse_events;

typedef struct mr_http_parse mr_http_parse;
/* `events` is copied. NULL: memory is short. */
mr_http_parse *mr_http_parse_new(const mr_http_parse_events *events, void *to);
/* Forgets everything and expects the first byte of a request. */
void mr_http_parse_begin(mr_http_parse *p);
/* false: the parser refuses these bytes, or would switch protocols; it must be begun anew. */
bool mr_http_parse_feed(mr_http_parse *p, const char *bytes, size_t n);
void mr_http_parse_free(mr_http_parse *p);

#endif
