/* Where a type without a watermark begins: at the newest resource of ours (a store that was lost), or, when there is
 * none, at the server's present time. Its own clock counts, as far as it tells it: ours may differ by minutes. */
#include "catchup_parts.h"

#include "medreview/base/date.h"

#include <stdio.h>
#include <string.h>

enum { URL_TAIL_BYTES = 120 };

static bool plain_in_url(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(".-_/:", c));
}

bool catchup_seed_url(const struct catchup *c, char url[URL_BYTES]) {
    static const char hex[] = "0123456789ABCDEF";
    mr_span uri = c->src->engine->set.review.site.base_uri;
    int at = snprintf(url, URL_BYTES, "%s/DetectedIssue?_tag=", c->src->set->server.base);
    for (size_t i = 0; i < uri.len && at > 0 && at < URL_BYTES - URL_TAIL_BYTES; i++) {
        char ch = uri.ptr[i];
        if (!plain_in_url(ch)) {
            url[at++] = '%';
            url[at++] = hex[(unsigned char)ch >> 4];
            ch = hex[(unsigned char)ch & 15];
        }
        url[at++] = ch;
    }
    if (at < 0 || at >= URL_BYTES - URL_TAIL_BYTES) return false;
    (void)snprintf(url + at, URL_TAIL_BYTES, "/tag%%7Cmedreview&_sort=-_lastUpdated&_count=1&_elements=id,meta");
    return true;
}

static bool has_our_tag(const struct catchup *c, mr_json resource) {
    char system[300];
    (void)snprintf(system, sizeof system, "%.*s/tag", MR_SPAN_ARG(c->src->engine->set.review.site.base_uri));
    for (mr_json_iter it = mr_json_begin(mr_json_get(mr_json_get(resource, "meta"), "tag")); mr_json_next(&it);)
        if (mr_span_is(mr_json_string(mr_json_get(it.value, "system")), system) &&
            mr_span_is(mr_json_string(mr_json_get(it.value, "code")), "medreview"))
            return true;
    return false;
}

/* The newest issue of ours, whatever else a server that ignores _tag put into the answer. */
void catchup_seed_from_ours(struct catchup *c, const search_page *page) {
    int64_t s;
    for (mr_json_iter it = mr_json_begin(page->entries); mr_json_next(&it);) {
        char updated[INSTANT_BYTES];
        mr_json issue = search_page_match(it.value, "DetectedIssue");
        json_text(mr_json_get(issue, "meta"), "lastUpdated", updated, sizeof updated);
        if (!has_our_tag(c, issue) || !instant_seconds(updated, &s)) continue;
        if (!c->seed[0] || instant_cmp(updated, c->seed) > 0) catchup_instant(c->seed, updated);
    }
    c->seed_is_present = false;
}

/* The server's own time where it tells it, else ours with room for a difference. */
void catchup_seed_from_present(struct catchup *c, mr_span told) {
    char out[MR_DATE_TEXT];
    int64_t s;
    if (told.len < sizeof c->seed) (void)snprintf(c->seed, sizeof c->seed, "%.*s", MR_SPAN_ARG(told));
    if (!instant_seconds(c->seed, &s))
        catchup_instant(c->seed, mr_instant_print(engine_now(c->src->engine) - CATCHUP_OVERLAP_S * INT64_C(1000), out));
    c->seed_is_present = true;
}

void catchup_instant(char out[INSTANT_BYTES], const char *text) {
    (void)snprintf(out, INSTANT_BYTES, "%s", text);
}
