/* Any bytes as a dosage text, and times a strength: no number is negative, infinite or none; case and more blanks
 * change nothing; the dose follows what was said. */
#include "medreview/core/dosage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds) {
    if (!holds) abort();
}

static bool plain(double v) {
    return isfinite(v) && v >= 0;
}

static void check(const mr_said *s) {
    expect(plain(s->amount) && plain(s->total) && plain(s->days) && plain(s->times) && plain(s->most));
    if (s->how == MR_SAID_EXACT) expect(s->total > 0 && s->days > 0 && s->times > 0);
    if (s->how == MR_SAID_AT_MOST) expect(s->most > 0);
    if (s->how != MR_SAID_EXACT) expect(!(s->total > 0));
}

static bool same(double a, double b) {
    return !(a < b || a > b);
}

/* In upper case and with blanks at both ends. */
static void loud(mr_span text, const mr_said *s) {
    char other[MR_DOSAGE_TEXT_BYTES + 2];
    mr_said t;
    if (text.len > MR_DOSAGE_TEXT_BYTES) return;
    other[0] = ' ';
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        other[i + 1] = c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
    }
    other[text.len + 1] = '\n';
    mr_dosage_read((mr_span){other, text.len + 2}, &t);
    expect(t.how == s->how && t.unit == s->unit && same(t.total, s->total) && same(t.most, s->most) &&
           same(t.times, s->times) && same(t.days, s->days));
}

static void times_strength(mr_span text, const mr_said *s) {
    mr_ingredient i = {.substance = MR_SPAN("x"), .strength = 500, .strength_unit = MR_SPAN("mg")};
    mr_dosage d = {.text = text};
    mr_entry e = {.dosage = &d, .n_dosage = 1};
    e.understood = (mr_understood){.ingredients = &i, .n_ingredients = 1, .route = MR_ROUTE_ORAL};
    mr_dose dose = mr_entry_dose_of(&e, 0);
    expect(plain(dose.value) && plain(dose.most) && plain(dose.total) && plain(dose.days) && plain(dose.times));
    expect(dose.known == (dose.why == MR_DOSE_TOLD));
    if (dose.known) expect(s->how == MR_SAID_EXACT && dose.value > 0 && dose.days > 0);
    if (dose.most > 0) expect(s->how == MR_SAID_AT_MOST && !dose.known);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    mr_span text = {(const char *)bytes, n};
    mr_said s, glimpse;
    mr_dosage_read(text, &s);
    mr_dosage_skim(text, &glimpse);
    check(&s);
    check(&glimpse);
    if (mr_span_trim(text).len > MR_DOSAGE_TEXT_BYTES) expect(s.how == MR_SAID_NOT_UNDERSTOOD);
    loud(text, &s);
    times_strength(text, &s);
    return 0;
}
