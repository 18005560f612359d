/* Decimal numbers; see decimal.h. Fifteen digits fit a double exactly, so one division rounds once, the same way on
 * every machine. */
#include "decimal.h"

static bool is_digit(mr_span s, size_t i) {
    return i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9';
}

bool mr_decimal_parse(mr_span s, double *ret) {
    bool minus = s.len && s.ptr[0] == '-';
    if (minus) s = mr_span_from(s, 1);
    if (s.len > 16 || !is_digit(s, 0)) return false;
    double value = 0, place = 1;
    bool point = false;
    for (size_t i = 0, digits = 0; i < s.len; i++) {
        if (s.ptr[i] == '.' && !point && is_digit(s, i + 1)) {
            point = true;
            continue;
        }
        if (!is_digit(s, i) || ++digits > 15) return false;
        value = value * 10 + (s.ptr[i] - '0');
        if (point) place *= 10;
    }
    value /= place;
    *ret = minus ? -value : value;
    return true;
}
