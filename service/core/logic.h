/* Three-valued comparison of ranges and dates; private to core. */
#ifndef MEDREVIEW_CORE_LOGIC_H
#define MEDREVIEW_CORE_LOGIC_H

#include "medreview/core/program.h"

/* A number known only to lie between two ends. */
typedef struct mr_range {
    double lo, hi; /* -INFINITY and INFINITY where there is no end */
    bool lo_open, hi_open;
} mr_range;
mr_tri mr_range_compare(mr_range r, mr_compare op, double v);
mr_tri mr_range_outcome(mr_range r, const mr_node *n); /* against the comparison of the node */
bool mr_compare_down(mr_compare op);                   /* true for small numbers: < and <= */
double mr_tidy(double v);                              /* without what a division left behind the sixth decimal */

mr_day mr_day_before(mr_day day, mr_duration d);
bool mr_window_set(mr_window w);
/* First and last day of the window; the last is never after the as-of date. */
mr_when mr_window_days(mr_window w, mr_day as_of);
/* TRUE: the whole date lies in `days`; FALSE: none of it does; UNKNOWN: part of it, or no date. */
mr_tri mr_when_within(mr_when date, mr_when days);

#endif
