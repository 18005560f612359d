/* The growing lists that codec fills before a record is built. */
#include "medreview/core/record.h"

#include <stdio.h>
#include <string.h>

void mr_raw_init(mr_raw_record *r) {
    memset(r, 0, sizeof *r);
    r->patient.birth = MR_WHEN_NONE;
}

mr_entry *mr_raw_add_entry(mr_raw_record *r, mr_arena *a) {
    mr_entry fresh = {
        .from = MR_WHEN_NONE, .until = MR_WHEN_NONE, .asserted = MR_WHEN_NONE, .last_issue = MR_WHEN_NONE};
    return MR_PUSH(a, r->entries, r->n_entries, r->cap_entries, fresh) ? &r->entries[r->n_entries - 1] : NULL;
}

mr_condition *mr_raw_add_condition(mr_raw_record *r, mr_arena *a) {
    mr_condition fresh = {.onset = MR_WHEN_NONE, .recorded = MR_WHEN_NONE, .abated = MR_WHEN_NONE};
    return MR_PUSH(a, r->conditions, r->n_conditions, r->cap_conditions, fresh) ? &r->conditions[r->n_conditions - 1]
                                                                                : NULL;
}

mr_observation *mr_raw_add_observation(mr_raw_record *r, mr_arena *a) {
    mr_observation fresh = {.taken = MR_WHEN_NONE};
    return MR_PUSH(a, r->observations, r->n_observations, r->cap_observations, fresh)
               ? &r->observations[r->n_observations - 1]
               : NULL;
}

mr_allergy *mr_raw_add_allergy(mr_raw_record *r, mr_arena *a) {
    mr_allergy fresh = {.active = false};
    return MR_PUSH(a, r->allergies, r->n_allergies, r->cap_allergies, fresh) ? &r->allergies[r->n_allergies - 1] : NULL;
}

mr_rc mr_raw_add_gap(mr_raw_record *r, mr_arena *a, const char *code, bool harmless, mr_span reference, const char *fmt,
                     ...) {
    char text[512];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    mr_gap gap = {.code = mr_span_of(code), .reference = reference, .harmless = harmless};
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    while (len && len + 1 == sizeof text && ((unsigned char)text[len - 1] & 0x80)) len--; /* no half character */
    mr_span said = {text, len};
    if (!mr_arena_dup(a, said, &gap.text) || !MR_PUSH(a, r->gaps, r->n_gaps, r->cap_gaps, gap))
        return mr_arena_why(a, NULL);
    return MR_OK;
}
