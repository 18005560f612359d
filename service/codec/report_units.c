/* Units as people write them. The `json` form keeps the UCUM code; pages and DetectedIssue.detail are read by people,
 * to whom "81 a" and "4 {points}" say nothing. A closed table: the canonical units of the packs, and what burdens are
 * counted in. What is not in it is shown as it is. */
#include "medreview/codec/report.h"

mr_span mr_report_unit(mr_span unit, double value) {
    static const struct {
        const char *code, *many, *one; /* one NULL: the same */
    } table[] = {
        {"1", "", NULL},
        {"a", "years", "year"},
        {"mo", "months", "month"},
        {"wk", "weeks", "week"},
        {"d", "days", "day"},
        {"{points}", "points", "point"},
        {"{medicines}", "", NULL},
        {"{score}", "", NULL},
        {"{T-score}", "", NULL},
        {"{INR}", "", NULL},
        {"mL/min/{1.73_m2}", "mL/min/1.73m\xC2\xB2", NULL},
        {"mg/d", "mg a day", NULL},
        {"mg/(24.h)", "mg in 24 hours", NULL},
        {"mm[Hg]", "mmHg", NULL},
        {"kg/m2", "kg/m\xC2\xB2", NULL},
        {"10*9/L", "\xC3\x97 10\xE2\x81\xB9/L", NULL},
        {"umol/L", "micromol/L", NULL},
        {"ug/L", "micrograms/L", NULL},
        {"ng/L", "nanograms/L", NULL},
        {"/min", "a minute", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (mr_span_is(unit, table[i].code))
            return mr_span_of(table[i].one && value >= 1 && value <= 1 ? table[i].one : table[i].many);
    return unit;
}
