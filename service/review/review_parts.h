/* The state of one review; private to the room. */
#ifndef MEDREVIEW_REVIEW_PARTS_H
#define MEDREVIEW_REVIEW_PARTS_H

#include "medreview/codec/report.h"
#include "medreview/review/review.h"

typedef struct mr_review_cutting { /* a list that was not read to its end */
    mr_page_kind kind;
    const char *code;
    mr_span why;
} mr_review_cutting;

struct mr_review {
    mr_arena *arena;
    const mr_review_knowledge *k;
    const mr_review_settings *settings;
    mr_span patient_id; /* absent: whoever the input says */
    mr_fhir_pages *pages;
    bool many; /* the input may hold several patients */
    mr_prior prior;
    bool prior_sorted; /* by patient; then it is shared with others' reviews, and only read */
    mr_review_cutting *cuts;
    size_t n_cuts, cap_cuts;
    bool assessed;
    mr_record record;
    mr_assessment assessment;
    mr_burden_detail burden_detail;
    mr_plan plan;
    mr_review_result result;
};

/* Asks terminology about every entry that can be used; what it is not told stands in entry.unread. */
mr_rc mr_review_understand(const mr_review *rv, mr_fhir_collected *c, mr_error *err) MR_MUST_CHECK;

/* Fills in findings[].what_if for findings that have a stop plan. what_if.c */
mr_rc mr_review_what_ifs(mr_review *rv, mr_error *err) MR_MUST_CHECK;

#endif
