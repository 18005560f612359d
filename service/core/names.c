/* The words that the enums of the record stand for, in output and in packs. */
#include "medreview/core/ruleset.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

const char *mr_recognised_text(mr_recognised by) {
    static const char *const text[] = {"",    "dmd-vtm", "dmd-vmp", "dmd-amp", "dmd-pack", "dmd-previous",
                                       "atc", "rxnorm",  "bnf",     "name"};
    return (size_t)by < COUNT(text) ? text[by] : "";
}

const char *mr_unread_text(mr_unread why) {
    static const char *const text[] = {"",           "not-recognised",      "no-code-no-text",    "conflicting-codes",
                                       "unreadable", "reference-not-found", "modifier-extension", "foreign-patient"};
    return (size_t)why < COUNT(text) ? text[why] : "";
}

static const char *const route_text[MR_ROUTE_COUNT] = {"unknown",     "oral",    "buccal", "rectal", "parenteral",
                                                       "transdermal", "inhaled", "nasal",  "eye",    "ear",
                                                       "cutaneous",   "vaginal", "other"};

const char *mr_route_text(mr_route r) {
    return (unsigned)r < MR_ROUTE_COUNT ? route_text[r] : "unknown";
}

bool mr_route_parse(mr_span text, mr_route *ret) {
    for (unsigned i = 0; i < MR_ROUTE_COUNT; i++) {
        if (!mr_span_is(text, route_text[i])) continue;
        *ret = (mr_route)i;
        return true;
    }
    return false;
}

const char *mr_med_state_text(mr_med_state s) {
    static const char *const text[] = {"current", "planned", "paused", "ended", "unknown"};
    return (size_t)s < COUNT(text) ? text[s] : "unknown";
}

static const char *const severity_text[] = {"low", "moderate", "high"};
static const char *const urgency_text[] = {"next-review", "within-4-weeks", "within-1-week", "same-day"};

const char *mr_severity_text(mr_severity s) {
    return (size_t)s < COUNT(severity_text) ? severity_text[s] : "";
}
const char *mr_urgency_text(mr_urgency u) {
    return (size_t)u < COUNT(urgency_text) ? urgency_text[u] : "";
}

bool mr_severity_parse(mr_span s, mr_severity *ret) {
    for (unsigned i = 0; i < COUNT(severity_text); i++) {
        if (!mr_span_is(s, severity_text[i])) continue;
        *ret = (mr_severity)i;
        return true;
    }
    return false;
}

bool mr_urgency_parse(mr_span s, mr_urgency *ret) {
    for (unsigned i = 0; i < COUNT(urgency_text); i++) {
        if (!mr_span_is(s, urgency_text[i])) continue;
        *ret = (mr_urgency)i;
        return true;
    }
    return false;
}
