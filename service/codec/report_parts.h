/* Parts of the `json` form that stand in files of their own; private to codec. */
#ifndef MEDREVIEW_CODEC_REPORT_PARTS_H
#define MEDREVIEW_CODEC_REPORT_PARTS_H

#include "medreview/codec/json_out.h"
#include "medreview/core/finding.h"

/* `stopPlan` and `whatIf` of a finding, where it has them. */
void mr_report_stop(mr_jw *w, const mr_finding *f);
/* The member `burden`; with `detail` (and then `rules`) its scales, lists and shares too. */
void mr_report_burden(mr_jw *w, const mr_burden *b, const mr_burden_detail *detail, const mr_ruleset *rules);

#endif
