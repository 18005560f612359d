/* Calendar dates without a clock.
 *
 * A FHIR date may be partial (2026, 2026-03): it is the closed interval of days it may mean. Comparisons on
 * intervals are three-valued, and that is the rules core's business. A dateTime counts by the date as it is written,
 * in its own offset: that is the day the person who recorded it had on the calendar, and it needs no time zone
 * tables, so the same record gives the same result on every machine. */
#ifndef MEDREVIEW_BASE_DATE_H
#define MEDREVIEW_BASE_DATE_H

#include "medreview/base/span.h"

typedef int32_t mr_day; /* days since 1970-01-01, proleptic Gregorian; years 0001 to 9999 */
#define MR_DAY_MIN ((mr_day)-719162)
#define MR_DAY_MAX ((mr_day)2932896)

typedef struct mr_date {
    int16_t year; /* 0: not given */
    uint8_t month, day;
} mr_date;

/* lo > hi: not given. */
typedef struct mr_when {
    mr_day lo, hi;
} mr_when;
#define MR_WHEN_NONE ((mr_when){1, 0})

bool mr_when_given(mr_when w);
mr_day mr_day_of(mr_date d);
mr_date mr_date_of(mr_day d);
bool mr_date_valid(int year, int month, int day);
/* The day `n` calendar months (years: 12 n) before or after; the end of the month holds (31 March - 1 month = 28 or
 * 29 February). Clamped to the supported years. */
mr_day mr_day_add_months(mr_day d, int32_t n);
/* Full years from birth to `on`; on 29 February births the birthday falls on 1 March of common years. */
int32_t mr_age_years(mr_day birth, mr_day on);

/* FHIR date, dateTime or instant. `ret_instant_s` (may be NULL): seconds since the epoch in UTC, start of the day
 * where no time is given; for ordering of results on the same day. false: not a date. */
bool mr_when_parse(mr_span text, mr_when *ret, int64_t *ret_instant_s);
/* YYYY-MM-DD only. */
bool mr_day_parse(mr_span text, mr_day *ret);

#define MR_DATE_TEXT 32
/* As precise as the interval: 2026, 2026-03, 2026-03-02; any other interval gives its first day. "" when not given. */
const char *mr_when_print(mr_when w, char out[MR_DATE_TEXT]);
const char *mr_day_print(mr_day d, char out[MR_DATE_TEXT]);
/* 2026-03-02T09:15:07Z, and with milliseconds. */
const char *mr_instant_print(int64_t unix_ms, char out[MR_DATE_TEXT]);
const char *mr_instant_print_ms(int64_t unix_ms, char out[MR_DATE_TEXT]);

#endif
