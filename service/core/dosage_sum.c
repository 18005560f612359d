/* Doses of several entries together, and why a dose is not known in words. */
#include "medreview/core/dosage.h"

#include <math.h>

const char *mr_dose_why_text(mr_dose_why why) {
    switch (why) {
    case MR_DOSE_NOT_TOLD: return "no dosage is given";
    case MR_DOSE_TOLD: return "";
    case MR_DOSE_AT_MOST: return "only the highest dose is told";
    case MR_DOSE_AS_NEEDED: return "taken when required, without a limit";
    case MR_DOSE_AS_DIRECTED: return "the dosage says only: as directed";
    case MR_DOSE_NOT_UNDERSTOOD: return "the dosage text is not understood";
    case MR_DOSE_DISAGREES: return "text and structure disagree";
    case MR_DOSE_NO_AMOUNT: return "the dosage does not say how much";
    case MR_DOSE_NO_TIMES: return "the dosage does not say how often";
    case MR_DOSE_NO_STRENGTH: return "the strength of the product does not fit what the dosage counts";
    case MR_DOSE_SEVERAL_INGREDIENTS: return "the product has several ingredients";
    case MR_DOSE_SEVERAL_DOSAGES: return "several dosages are given";
    case MR_DOSE_SEVERAL_ENTRIES: return "several entries are given, and it is not clear whether they add up";
    }
    return "";
}

static bool near(double a, double b) {
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

static double tidy(double v) {
    return round(v * 1e6) / 1e6;
}

static double bound(mr_dose d) {
    return d.known ? d.value : d.most;
}

/* The reason that is told when two are there: the weightier one, so that the order makes no difference. */
static mr_dose_why weightier(mr_dose_why a, mr_dose_why b) {
    static const int weight[] = {[MR_DOSE_TOLD] = 0,
                                 [MR_DOSE_AT_MOST] = 1,
                                 [MR_DOSE_AS_NEEDED] = 2,
                                 [MR_DOSE_NOT_TOLD] = 3,
                                 [MR_DOSE_NO_STRENGTH] = 4,
                                 [MR_DOSE_NO_AMOUNT] = 5,
                                 [MR_DOSE_NO_TIMES] = 6,
                                 [MR_DOSE_AS_DIRECTED] = 7,
                                 [MR_DOSE_SEVERAL_INGREDIENTS] = 8,
                                 [MR_DOSE_SEVERAL_DOSAGES] = 9,
                                 [MR_DOSE_NOT_UNDERSTOOD] = 10,
                                 [MR_DOSE_SEVERAL_ENTRIES] = 11,
                                 [MR_DOSE_DISAGREES] = 12};
    return weight[b] > weight[a] ? b : a;
}

/* How often, when both say the same. */
static void often_join(mr_dose a, mr_dose b, mr_dose *ret) {
    bool same = a.days > 0 && near(a.days, b.days) && near(a.times, b.times);
    ret->times = same ? a.times : 0;
    ret->days = same ? a.days : 0;
}

mr_dose mr_dose_add(mr_dose a, mr_dose b) {
    mr_dose d = {.known = a.known && b.known, .why = weightier(a.why, b.why)};
    often_join(a, b, &d);
    bool bounded = bound(a) > 0 && bound(b) > 0;
    if (bounded && !mr_span_eq(a.unit, b.unit)) {
        d.known = bounded = false;
        d.why = MR_DOSE_SEVERAL_ENTRIES;
    }
    if (bounded) d.unit = a.unit;
    if (bounded && !d.known) d.most = tidy(bound(a) + bound(b));
    if (!d.known) return d;
    bool one_span = near(a.days, b.days);
    d.days = one_span ? a.days : 1;
    d.total = one_span ? tidy(a.total + b.total) : a.value + b.value;
    d.value = d.total / d.days;
    return d;
}

mr_dose mr_dose_agree(mr_dose a, mr_dose b) {
    bool same = a.known == b.known && a.why == b.why && near(bound(a), bound(b)) && mr_span_eq(a.unit, b.unit);
    mr_dose d = a;
    if (!same)
        d = (mr_dose){.known = false, .why = a.known && b.known ? MR_DOSE_SEVERAL_ENTRIES : weightier(a.why, b.why)};
    often_join(a, b, &d);
    if (d.known && !(d.days > 0)) {
        d.days = 1;
        d.total = d.value;
    }
    return d;
}
