/* Calendar arithmetic. The day number formulas are the well-known civil-from-days pair. */
#include "medreview/base/date.h"

#include <stdio.h>

bool mr_when_given(mr_when w) {
    return w.lo <= w.hi;
}

static bool leap(int y) {
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int month_days(int y, int m) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return m == 2 && leap(y) ? 29 : days[m - 1];
}

bool mr_date_valid(int y, int m, int d) {
    return y >= 1 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 && d <= month_days(y, m);
}

static mr_day days_of(int y, int m, int d) {
    y -= m <= 2;
    int era = (y >= 0 ? y : y - 399) / 400;
    int yoe = y - era * 400;
    int doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return (mr_day)(era * 146097 + doe - 719468);
}

mr_day mr_day_of(mr_date d) {
    return days_of(d.year, d.month, d.day);
}

mr_date mr_date_of(mr_day day) {
    int z = day + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int doe = z - era * 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;
    int m = mp < 10 ? mp + 3 : mp - 9;
    return (mr_date){(int16_t)(yoe + era * 400 + (m <= 2)), (uint8_t)m, (uint8_t)(doy - (153 * mp + 2) / 5 + 1)};
}

mr_day mr_day_add_months(mr_day day, int32_t n) {
    mr_date d = mr_date_of(day);
    int64_t months = (int64_t)d.year * 12 + (d.month - 1) + n;
    if (months < 12) return MR_DAY_MIN;
    if (months >= (int64_t)10000 * 12) return MR_DAY_MAX;
    int y = (int)(months / 12), m = (int)(months % 12) + 1;
    int last = month_days(y, m);
    return days_of(y, m, d.day < last ? d.day : last);
}

int32_t mr_age_years(mr_day birth, mr_day on) {
    mr_date b = mr_date_of(birth), o = mr_date_of(on);
    int32_t years = o.year - b.year;
    return years - (o.month < b.month || (o.month == b.month && o.day < b.day));
}

static bool digits(mr_span s, size_t at, size_t n, int *ret) {
    if (at + n > s.len) return false;
    int v = 0;
    for (size_t i = at; i < at + n; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        v = v * 10 + (s.ptr[i] - '0');
    }
    *ret = v;
    return true;
}

static bool is(mr_span s, size_t at, char c) {
    return at < s.len && s.ptr[at] == c;
}

/* hh:mm[:ss[.fraction]] [Z | +hh:mm | -hh:mm]; seconds relative to the written midnight in UTC. */
static bool parse_time(mr_span s, int64_t *ret_s) {
    int h, m, sec = 0, zh, zm;
    if (!digits(s, 0, 2, &h) || !is(s, 2, ':') || !digits(s, 3, 2, &m)) return false;
    size_t at = 5;
    if (is(s, at, ':')) {
        if (!digits(s, at + 1, 2, &sec)) return false;
        at += 3;
        if (is(s, at, '.')) {
            size_t from = ++at;
            while (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9') at++;
            if (at == from) return false;
        }
    }
    if (h > 24 || m > 59 || sec > 60) return false;
    int64_t offset = 0;
    if (at < s.len && s.ptr[at] == 'Z') {
        at++;
    } else if (is(s, at, '+') || is(s, at, '-')) {
        if (!digits(s, at + 1, 2, &zh) || !is(s, at + 3, ':') || !digits(s, at + 4, 2, &zm) || zh > 14 || zm > 59)
            return false;
        offset = (int64_t)(zh * 3600 + zm * 60) * (s.ptr[at] == '-' ? -1 : 1);
        at += 6;
    }
    *ret_s = (int64_t)h * 3600 + m * 60 + sec - offset;
    return at == s.len;
}

bool mr_when_parse(mr_span text, mr_when *ret, int64_t *ret_instant_s) {
    int y, m, d;
    mr_when w;
    int64_t time_s = 0;
    if (!digits(text, 0, 4, &y) || y < 1) return false;
    if (text.len == 4) {
        w = (mr_when){days_of(y, 1, 1), days_of(y, 12, 31)};
    } else {
        if (!is(text, 4, '-') || !digits(text, 5, 2, &m) || m < 1 || m > 12) return false;
        if (text.len == 7) {
            w = (mr_when){days_of(y, m, 1), days_of(y, m, month_days(y, m))};
        } else {
            if (!is(text, 7, '-') || !digits(text, 8, 2, &d) || !mr_date_valid(y, m, d)) return false;
            w.lo = w.hi = days_of(y, m, d);
            if (text.len > 10 && (!is(text, 10, 'T') || !parse_time(mr_span_from(text, 11), &time_s))) return false;
        }
    }
    *ret = w;
    if (ret_instant_s) *ret_instant_s = (int64_t)w.lo * 86400 + time_s;
    return true;
}

bool mr_day_parse(mr_span text, mr_day *ret) {
    mr_when w;
    if (text.len != 10 || !mr_when_parse(text, &w, NULL)) return false;
    *ret = w.lo;
    return true;
}

const char *mr_day_print(mr_day d, char out[MR_DATE_TEXT]) {
    mr_date c = mr_date_of(d);
    (void)snprintf(out, MR_DATE_TEXT, "%04d-%02d-%02d", c.year, c.month, c.day);
    return out;
}

const char *mr_when_print(mr_when w, char out[MR_DATE_TEXT]) {
    out[0] = 0;
    if (!mr_when_given(w)) return out;
    mr_date lo = mr_date_of(w.lo);
    if (w.lo != w.hi) {
        if (w.lo == days_of(lo.year, 1, 1) && w.hi == days_of(lo.year, 12, 31)) {
            (void)snprintf(out, MR_DATE_TEXT, "%04d", lo.year);
            return out;
        }
        if (lo.day == 1 && w.hi == days_of(lo.year, lo.month, month_days(lo.year, lo.month))) {
            (void)snprintf(out, MR_DATE_TEXT, "%04d-%02d", lo.year, lo.month);
            return out;
        }
    }
    return mr_day_print(w.lo, out);
}

static const char *instant(int64_t unix_ms, bool fraction, char out[MR_DATE_TEXT]) {
    int64_t ms = unix_ms % 86400000, day = unix_ms / 86400000;
    if (ms < 0) ms += 86400000, day--;
    mr_date c = mr_date_of((mr_day)day);
    int s = (int)(ms / 1000);
    if (fraction)
        (void)snprintf(out, MR_DATE_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day, s / 3600,
                       s / 60 % 60, s % 60, (int)(ms % 1000));
    else
        (void)snprintf(out, MR_DATE_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, s / 3600,
                       s / 60 % 60, s % 60);
    return out;
}

const char *mr_instant_print(int64_t unix_ms, char out[MR_DATE_TEXT]) {
    return instant(unix_ms, false, out);
}

const char *mr_instant_print_ms(int64_t unix_ms, char out[MR_DATE_TEXT]) {
    return instant(unix_ms, true, out);
}
