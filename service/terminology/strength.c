/* Strengths in product names. A slash means "per" before millilitres, hours and doses, and "and" before another amount.
 */
#include "strength.h"

#include "name_words.h"

static bool is_digit(mr_span s, size_t i) {
    return i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9';
}

static size_t skip_spaces(mr_span s, size_t i) {
    while (i < s.len && s.ptr[i] == ' ') i++;
    return i;
}

bool mr_number_read(mr_span text, double *ret, size_t *ret_len) {
    static const double power[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    uint64_t digits = 0;
    unsigned n = 0, behind_point = 0;
    bool point = false;
    size_t i = 0;
    for (; i < text.len; i++) {
        if (is_digit(text, i)) {
            digits = digits * 10 + (uint64_t)(text.ptr[i] - '0');
            behind_point += point;
            if (++n > 15) return false;
        } else if (text.ptr[i] == '.' && !point && is_digit(text, i + 1)) {
            point = true;
        } else if (text.ptr[i] == ',' && !point && n && is_digit(text, i + 1) && is_digit(text, i + 2) &&
                   is_digit(text, i + 3)) {
            continue; /* 1,432 */
        } else {
            break;
        }
    }
    if (!n) return false;
    *ret = (double)digits / power[behind_point]; /* both exact, so the quotient is the nearest double */
    *ret_len = i;
    return true;
}

/* What a slash before this unit means "per". */
static bool is_per_unit(mr_span unit) {
    static const char *const units[] = {"ml", "litre", "dose", "hour", "cm", "g", "kg"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (mr_span_is(unit, units[i])) return true;
    return false;
}

/* "/5ml", "/ml", "/24hours", " per dose" at text. */
static size_t read_per(mr_span text, mr_strength *s) {
    size_t i = skip_spaces(text, 0), n = 0;
    if (mr_span_starts(mr_span_from(text, i), "per ")) {
        i += 4;
    } else if (i < text.len && text.ptr[i] == '/') {
        i++;
    } else {
        return 0;
    }
    i = skip_spaces(text, i);
    double value = 1;
    mr_span unit;
    if (mr_number_read(mr_span_from(text, i), &value, &n)) i = skip_spaces(text, i + n);
    if (!mr_unit_read(mr_span_from(text, i), &unit, &n) || !is_per_unit(unit) || value <= 0) return 0;
    s->per = value;
    s->per_unit = unit;
    return i + n;
}

static size_t read_unit(mr_span text, mr_strength *s) {
    size_t i = skip_spaces(text, 0), n;
    if (!mr_unit_read(mr_span_from(text, i), &s->unit, &n)) return 0;
    if (mr_span_is(s->unit, "million unit")) {
        s->value *= 1e6;
        s->unit = MR_SPAN("unit");
    }
    return i + n;
}

/* One amount: a number, or a range of which no value is taken, and its unit (may be missing when `bare`). */
static size_t read_amount(mr_span text, bool bare, mr_strength *s) {
    *s = (mr_strength){0};
    size_t i, n;
    double upper;
    if (!mr_number_read(text, &s->value, &i)) return 0;
    if (i < text.len && text.ptr[i] == '-' && mr_number_read(mr_span_from(text, i + 1), &upper, &n)) {
        s->value = 0;
        i += 1 + n;
    }
    n = read_unit(mr_span_from(text, i), s);
    return n || bare ? i + n : 0;
}

static void settle_units(mr_strength *v, size_t n, bool bare) {
    mr_span unit = MR_SPAN_NONE;
    for (size_t i = n; i-- > 0;) {
        if (v[i].unit.ptr)
            unit = v[i].unit;
        else if (unit.ptr)
            v[i].unit = unit; /* 30/500mg */
        else if (bare)
            v[i].unit = MR_SPAN("mg");
        if (!v[i].per_unit.ptr && n > 1) {
            v[i].per = v[n - 1].per; /* 195mg/220mg/5ml: per 5 ml, both */
            v[i].per_unit = v[n - 1].per_unit;
        }
        if (v[i].value <= 0) v[i] = (mr_strength){0}; /* a range: nothing is known of it */
    }
}

size_t mr_strengths_read(mr_span text, bool bare, mr_strength v[MR_STRENGTHS], size_t *ret_len) {
    size_t n = 0, at = 0;
    for (;;) {
        size_t took = read_amount(mr_span_from(text, at), bare, &v[n]);
        if (!took) break;
        at += took;
        size_t per = read_per(mr_span_from(text, at), &v[n]);
        at += per;
        n++;
        if (per || n == MR_STRENGTHS || at >= text.len || text.ptr[at] != '/' || !is_digit(text, at + 1)) break;
        at++;
    }
    if (!n) return 0;
    if (bare && n == 1 && !v[0].unit.ptr) return 0; /* a lone number is no strength */
    settle_units(v, n, bare);
    *ret_len = at;
    return n;
}
