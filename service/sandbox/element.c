/* Looking into a resource: elements by path, references, dates as intervals. */
#include <stdio.h>
#include <string.h>

#include "medreview/base/date.h"
#include "room.h"

const char *mr_sb_string(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

/* `path` has no alternatives here; an array on the way stands for each of its members. */
static bool walk(const json_t *from, mr_span path, mr_sb_visit visit, void *arg) {
    if (json_is_array(from)) {
        for (size_t i = 0; i < json_array_size(from); i++)
            if (walk(json_array_get(from, i), path, visit, arg)) return true;
        return false;
    }
    if (path.ptr == NULL) return from != NULL && visit(arg, from);
    mr_span step, rest;
    char key[40];
    mr_span_split(path, '.', &step, &rest);
    snprintf(key, sizeof key, "%.*s", MR_SPAN_ARG(step));
    return walk(json_object_get(from, key), rest, visit, arg);
}

bool mr_sb_walk(const json_t *from, const char *paths, mr_sb_visit visit, void *arg) {
    mr_span rest = mr_span_of(paths), path;
    while (rest.ptr != NULL) {
        mr_span_split(rest, '|', &path, &rest);
        if (walk(from, path, visit, arg)) return true;
    }
    return false;
}

bool mr_sb_id_ok(mr_span id) {
    if (id.len == 0 || id.len > MR_MAX_ID_BYTES) return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!ok) return false;
    }
    return true;
}

bool mr_sb_reference(const mr_sandbox *s, mr_span text, mr_span *ret_type, mr_span *ret_id) {
    size_t base = strlen(s->base);
    if (mr_span_starts(text, s->base) && text.len > base && text.ptr[base] == '/') text = mr_span_from(text, base + 1);
    mr_span type, rest, id, more;
    if (!mr_span_split(text, '/', &type, &rest)) return false;
    bool versioned = mr_span_split(rest, '/', &id, &more);
    if (versioned && !mr_span_starts(more, "_history/")) return false;
    if (mr_sb_type(type, NULL) == NULL || !mr_sb_id_ok(id)) return false;
    *ret_type = type;
    *ret_id = id;
    return true;
}

enum { DAY_MS = 86400000 };

/* How long the instant is that this text names: to the minute, second or fraction of it. */
static int64_t precision_ms(mr_span text, int64_t *ret_fraction_ms) {
    *ret_fraction_ms = 0;
    if (text.len < 19 || text.ptr[16] != ':') return 60000;
    if (text.len < 21 || text.ptr[19] != '.') return 1000;
    int64_t unit = 100;
    for (size_t i = 20; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9' && unit > 0; i++, unit /= 10)
        *ret_fraction_ms += unit * (text.ptr[i] - '0');
    return unit == 0 ? 1 : unit * 10;
}

bool mr_sb_instant(mr_span text, mr_sb_span_ms *ret) {
    mr_when when;
    int64_t at_s;
    if (!mr_when_parse(text, &when, &at_s)) return false;
    if (mr_span_find(text, 'T') == text.len) {
        ret->lo = (int64_t)when.lo * DAY_MS;
        ret->hi = ((int64_t)when.hi + 1) * DAY_MS - 1;
        return true;
    }
    int64_t fraction_ms, length_ms = precision_ms(text, &fraction_ms);
    ret->lo = at_s * 1000 + fraction_ms;
    ret->hi = ret->lo + length_ms - 1;
    return true;
}

bool mr_sb_date_of(const json_t *value, mr_sb_span_ms *ret) {
    if (json_is_string(value)) return mr_sb_instant(mr_span_of(json_string_value(value)), ret);
    const char *start = mr_sb_string(value, "start"), *end = mr_sb_string(value, "end");
    mr_sb_span_ms from = {INT64_MIN, INT64_MIN}, to = {INT64_MAX, INT64_MAX}; /* open ends */
    if (start == NULL && end == NULL) return false;
    if (start != NULL && !mr_sb_instant(mr_span_of(start), &from)) return false;
    if (end != NULL && !mr_sb_instant(mr_span_of(end), &to)) return false;
    *ret = (mr_sb_span_ms){from.lo, to.hi};
    return true;
}

void mr_sb_http_date(int64_t ms, char out[40]) {
    static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* 1970-01-01 was a Thursday */
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t last_ms = ((int64_t)MR_DAY_MAX + 1) * DAY_MS - 1;
    if (ms < 0) ms = 0; /* no clock stands before 1970 */
    if (ms > last_ms) ms = last_ms;
    unsigned day = (unsigned)(ms / DAY_MS), second = (unsigned)(ms % DAY_MS / 1000);
    mr_date d = mr_date_of((mr_day)day);
    snprintf(out, 40, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[day % 7], d.day % 100u, months[d.month - 1],
             (unsigned)d.year % 10000u, second / 3600, second / 60 % 60, second % 60);
}
