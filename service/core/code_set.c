/* The words of roles. Which of them match and which end a condition is decided here and nowhere else. */
#include "medreview/core/code_set.h"

static const char *const texts[] = {
    [MR_ROLE_PRESENT] = "present",        [MR_ROLE_EVENT] = "event",         [MR_ROLE_VALUE] = "value",
    [MR_ROLE_TEST_DONE] = "test-done",    [MR_ROLE_RESOLVED] = "resolved",   [MR_ROLE_OTHER] = "other",
    [MR_ROLE_REMISSION] = "remission",    [MR_ROLE_NO_LONGER] = "no-longer", [MR_ROLE_ABSENT] = "absent",
    [MR_ROLE_HISTORY] = "history",        [MR_ROLE_MILD] = "severity-mild",  [MR_ROLE_MODERATE] = "severity-moderate",
    [MR_ROLE_SEVERE] = "severity-severe",
};
enum { ROLES = sizeof texts / sizeof texts[0] };

mr_code_role mr_code_role_parse(mr_span word) {
    for (size_t i = 0; i < ROLES; i++)
        if (mr_span_is(word, texts[i])) return (mr_code_role)i;
    return MR_ROLE_OTHER;
}

const char *mr_code_role_text(mr_code_role role) {
    return (size_t)role < ROLES ? texts[role] : texts[MR_ROLE_OTHER];
}

static bool small_word(mr_span s) {
    if (s.len == 0 || s.len > 60 || s.ptr[0] < 'a' || s.ptr[0] > 'z') return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
    }
    return true;
}

bool mr_code_role_known(mr_span word) {
    static const char *const words[] = {"procedure",
                                        "temporary",
                                        "at-risk",
                                        "in-situ",
                                        "subclinical",
                                        "finding-positive",
                                        "near-syncope",
                                        "other",
                                        "role",
                                        "hp-positive-test",
                                        "history-or-repair",
                                        "excludes-severe",
                                        "diastolic-dysfunction",
                                        "status-date-needed"};
    static const char *const starts[] = {"severity-", "class-", "level-", "stage-", "event-", "component-", "value-"};
    for (size_t i = 0; i < ROLES; i++)
        if (mr_span_is(word, texts[i])) return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (mr_span_is(word, words[i])) return true;
    if (!small_word(word)) return false;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (mr_span_starts(word, starts[i]) && word.len > mr_span_of(starts[i]).len) return true;
    return mr_span_ends(word, "-unspecified");
}

bool mr_code_role_plain(mr_code_role role) {
    return role == MR_ROLE_PRESENT || role == MR_ROLE_EVENT || role == MR_ROLE_VALUE || role == MR_ROLE_TEST_DONE;
}

bool mr_code_role_ends(mr_code_role role) {
    return role == MR_ROLE_RESOLVED || role == MR_ROLE_REMISSION || role == MR_ROLE_NO_LONGER || role == MR_ROLE_ABSENT;
}
