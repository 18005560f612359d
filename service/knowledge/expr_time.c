/* Times, comparisons and numbers of the condition language. */
#include "expr_parse.h"

#include "decimal.h"

/* ---- time ---- */

static bool unit_of(mr_span word, uint8_t *ret) {
    static const struct {
        const char *one, *many;
        mr_time_unit unit;
    } units[] = {{"day", "days", MR_DAYS},
                 {"week", "weeks", MR_WEEKS},
                 {"month", "months", MR_MONTHS},
                 {"year", "years", MR_YEARS}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!mr_span_is(word, units[i].one) && !mr_span_is(word, units[i].many)) continue;
        *ret = (uint8_t)units[i].unit;
        return true;
    }
    return false;
}

mr_rc mr_expr_duration(mr_expr *p, mr_duration *ret) {
    const mr_token number = p->scan.now;
    uint64_t n;
    if (number.kind != MR_TOK_NUMBER) return mr_expr_fail_here(p, "a time such as \"3 months\"");
    if (!mr_span_u64(number.text, &n) || n < 1 || n > 9999)
        return mr_expr_fail_at(p, number.at, "a time is a whole number from 1 to 9999");
    mr_expr_scan_next(&p->scan);
    uint8_t unit;
    if (p->scan.now.kind != MR_TOK_WORD || !unit_of(p->scan.now.text, &unit))
        return mr_expr_fail_here(p, "days, weeks, months or years");
    mr_expr_scan_next(&p->scan);
    *ret = (mr_duration){(uint16_t)n, unit};
    return MR_OK;
}

static unsigned rough_days(mr_duration d) {
    static const unsigned days[] = {[MR_DAYS] = 1, [MR_WEEKS] = 7, [MR_MONTHS] = 30, [MR_YEARS] = 365};
    return d.n * days[d.unit];
}

static mr_rc take_from_to(mr_expr *p, mr_window *ret) {
    size_t at = p->scan.now.at;
    mr_window w = {.has_earliest = true, .has_latest = true};
    mr_rc rc = mr_expr_duration(p, &w.earliest);
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "to");
    if (rc == MR_OK) rc = mr_expr_duration(p, &w.latest);
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "ago");
    if (rc != MR_OK) return rc;
    if (rough_days(w.earliest) <= rough_days(w.latest))
        return mr_expr_fail_at(p, at, "the longer time comes first, as in \"from 6 months to 3 months ago\"");
    *ret = w;
    return MR_OK;
}

mr_rc mr_expr_ago(mr_expr *p, bool more, mr_window *ret) {
    mr_window w = {.has_latest = true, .before = more};
    mr_rc rc = mr_expr_duration(p, &w.latest);
    if (rc == MR_OK) rc = mr_expr_expect_word(p, "ago");
    if (rc == MR_OK) *ret = w;
    return rc;
}

mr_rc mr_expr_within(mr_expr *p, mr_window *ret) {
    mr_window w = {.has_earliest = true, .has_latest = true};
    mr_rc rc = mr_expr_duration(p, &w.earliest);
    if (rc == MR_OK) *ret = w;
    return rc;
}

mr_rc mr_expr_window(mr_expr *p, mr_window *ret) {
    if (mr_expr_scan_take(&p->scan, "within")) return mr_expr_within(p, ret);
    if (mr_expr_scan_take(&p->scan, "from")) return take_from_to(p, ret);
    if (mr_expr_take_words(p, "at least")) return mr_expr_ago(p, false, ret);
    if (mr_expr_take_words(p, "more than")) return mr_expr_ago(p, true, ret);
    return mr_expr_fail_here(p, "\"within ...\", \"from ... to ... ago\" or \"at least ... ago\"");
}

mr_rc mr_expr_rest(mr_expr *p, mr_window *ret) {
    if (p->scan.now.kind == MR_TOK_COMMA) {
        mr_expr_scan_next(&p->scan);
        mr_rc rc = mr_expr_window(p, ret);
        if (rc != MR_OK) return rc;
        return mr_expr_expect(p, MR_TOK_CLOSE, "\")\"");
    }
    return mr_expr_expect(p, MR_TOK_CLOSE, "\",\" or \")\"");
}

mr_rc mr_expr_as_long(mr_expr *p, mr_duration *ret, mr_compare *ret_compare) {
    bool more = mr_expr_take_words(p, "more than");
    if (!more && !mr_expr_take_words(p, "at least"))
        return mr_expr_fail_here(p, "\"at least ...\" or \"more than ...\" with a time");
    *ret_compare = more ? MR_GREATER : MR_GREATER_EQUAL;
    return mr_expr_duration(p, ret);
}

/* ---- comparisons ---- */

mr_rc mr_expr_compare(mr_expr *p, mr_compare *ret) {
    static const struct {
        const char *sign;
        mr_compare compare;
    } signs[] = {{"<", MR_LESS}, {"<=", MR_LESS_EQUAL}, {"=", MR_EQUAL}, {">=", MR_GREATER_EQUAL}, {">", MR_GREATER}};
    if (p->scan.now.kind != MR_TOK_COMPARE) return mr_expr_fail_here(p, "one of < <= = >= >");
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (mr_span_is(p->scan.now.text, signs[i].sign)) *ret = signs[i].compare;
    mr_expr_scan_next(&p->scan);
    return MR_OK;
}

mr_rc mr_expr_number(mr_expr *p, double most, double *ret) {
    enum { DECIMALS = 3 }; /* no laboratory reports more, and three survive being written and read again */
    const mr_token t = p->scan.now;
    double value;
    if (t.kind != MR_TOK_NUMBER || (t.text.ptr[0] == '-' && most < MR_EXPR_ANY_NUMBER))
        return mr_expr_fail_here(p, "a number");
    size_t point = mr_span_find(t.text, '.');
    if (t.text.len > point + 1 + DECIMALS)
        return mr_expr_fail_at(p, t.at, "a number has at most %d decimals", DECIMALS);
    if (!mr_decimal_parse(t.text, &value) || value > most)
        return mr_expr_fail_at(p, t.at, "a number here is at most %.0f", most);
    mr_expr_scan_next(&p->scan);
    *ret = value;
    return MR_OK;
}

mr_rc mr_expr_against(mr_expr *p, mr_quantity quantity, double most, mr_node *n) {
    n->quantity = quantity;
    mr_rc rc = mr_expr_compare(p, &n->compare);
    return rc == MR_OK ? mr_expr_number(p, most, &n->value) : rc;
}

mr_rc mr_expr_whole(mr_expr *p, unsigned most, const char *what, uint16_t *ret) {
    const mr_token t = p->scan.now;
    uint64_t n;
    if (t.kind != MR_TOK_NUMBER) return mr_expr_fail_here(p, what);
    if (!mr_span_u64(t.text, &n) || n < 1 || n > most)
        return mr_expr_fail_at(p, t.at, "%s is a whole number from 1 to %u", what, most);
    mr_expr_scan_next(&p->scan);
    *ret = (uint16_t)n;
    return MR_OK;
}
