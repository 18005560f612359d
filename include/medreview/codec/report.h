/* One review in the `json` form of product.md section 5: what the command line prints, and what the service keeps for
 * its pages. */
#ifndef MEDREVIEW_CODEC_REPORT_H
#define MEDREVIEW_CODEC_REPORT_H

#include "medreview/base/buf.h"
#include "medreview/core/reconcile.h"

typedef struct mr_report {
    const mr_ruleset *rules;
    mr_span terminology; /* version */
    mr_day as_of;
    const mr_record *record;
    const mr_assessment *assessment;       /* with traces: a member `explain` is added */
    const mr_burden_detail *burden_detail; /* NULL: burden without scales, lists and shares */
    const mr_plan *plan;                   /* what it suppresses is told there, and not among the findings */
} mr_report;

/* One object on one line, no line feed. Members and their order are the contract's; what is unknown is absent, except
 * `task` and burden.opioidMorphineMgPerDay, which are null then. Failure is sticky in `out`. */
void mr_report_json(const mr_report *r, mr_buf *out);

bool mr_report_suppresses(const mr_plan *plan, const mr_finding *f);

/* "years" for "a", "point" for 1 "{points}"; empty where a bare number is what people write. */
mr_span mr_report_unit(mr_span unit, double value);

/* "PINCER A; STOPP-v3 C10": the sources of a finding as people cite them. */
void mr_report_sources(const mr_finding *f, mr_buf *out);

#endif
