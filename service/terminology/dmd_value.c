/* The text of one element to a value. Numbers are exact: read digit by digit into whole thousandths, never through a
 * double, and what does not fit is refused. */
#include "dmd_import_parts.h"
#include "medreview/terminology/terminology.h"

#include <string.h>

#define NUMBER_MOST (UINT64_MAX / 2) /* MR_DMD_ABSENT can be no value */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static const char *read_number(mr_span s, uint64_t *ret) {
    if (!mr_span_u64(s, ret)) return "is no whole number";
    return *ret > NUMBER_MOST ? "is too large" : NULL;
}

static const char *read_id(mr_span s, uint64_t *ret) {
    const char *wrong = read_number(s, ret);
    if (wrong) return wrong;
    if (s.len < 6 || s.len > 18 || s.ptr[0] == '0') return "is no SNOMED CT id (6 to 18 digits)";
    return mr_sctid_valid(s) ? NULL : "has a wrong check digit";
}

/* Codes of a lookup are short numbers, written with or without zeros before them, or SNOMED CT ids. */
static const char *read_code(mr_span s, uint64_t *ret) {
    return s.len < 6 ? read_number(s, ret) : read_id(s, ret);
}

static const char *read_small(const mr_dmd_field *f, mr_span s, uint64_t *ret) {
    const char *wrong = read_number(s, ret);
    if (wrong) return wrong;
    return *ret > 254 || (f->most && (*ret < f->least || *ret > f->most)) ? "is not one of its codes" : NULL;
}

static const char *read_flag(mr_span s, uint64_t *ret) {
    const char *wrong = read_number(s, ret);
    if (wrong) return wrong;
    return *ret > 1 ? "is neither 0 nor 1" : NULL;
}

static const char *read_decimal(mr_span s, uint64_t *ret) {
    uint64_t n = 0;
    unsigned digits = 0, places = 0;
    bool point = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(c)) return "is no decimal number";
        digits++;
        if (point && places == 3) {
            if (c != '0') return "has more than three decimals";
            continue;
        }
        if (n > (NUMBER_MOST - 9) / 10) return "is too large";
        n = n * 10 + (uint64_t)(c - '0');
        if (point) places++;
    }
    if (!digits) return "is no decimal number";
    for (; places < 3; places++) {
        if (n > NUMBER_MOST / 10) return "is too large";
        n *= 10;
    }
    *ret = n;
    return NULL;
}

/* ATC is read down to any of its five levels: A, A10, A10B, A10BA, A10BA02. "n/a" stands where there is none. */
static const char *read_atc(mr_span s, uint64_t *ret) {
    static const char shape[] = "UddUUdd";
    *ret = MR_DMD_ABSENT;
    if (!s.len || mr_span_ieq(s, MR_SPAN("n/a"))) return NULL;
    bool whole = s.len == 1 || s.len == 3 || s.len == 4 || s.len == 5 || s.len == 7;
    for (size_t i = 0; whole && i < s.len; i++) whole = shape[i] == 'd' ? is_digit(s.ptr[i]) : is_upper(s.ptr[i]);
    if (!whole) return "is no ATC code";
    uint64_t packed = 0;
    for (size_t i = 0; i < 7; i++) packed = packed << 8 | (i < s.len ? (unsigned char)s.ptr[i] : 0);
    *ret = packed;
    return NULL;
}

void mr_dmd_atc_text(uint64_t packed, char ret[8]) {
    memset(ret, 0, 8);
    if (packed == MR_DMD_ABSENT) return;
    for (int i = 6; i >= 0; i--, packed >>= 8) ret[i] = (char)(packed & 0xff);
}

bool mr_dmd_bnf_valid(mr_span s) {
    bool valid = s.len <= 15;
    for (size_t i = 0; valid && i < s.len; i++) valid = is_digit(s.ptr[i]) || is_upper(s.ptr[i]);
    return valid;
}

const char *mr_dmd_value_read(const mr_dmd_field *f, mr_span text, uint64_t *ret) {
    switch (f->value) {
    case MR_DMD_V_ID:
    case MR_DMD_V_PREVIOUS: return read_id(text, ret);
    case MR_DMD_V_CODE: return read_code(text, ret);
    case MR_DMD_V_SMALL: return read_small(f, text, ret);
    case MR_DMD_V_FLAG: return read_flag(text, ret);
    case MR_DMD_V_DECIMAL: return read_decimal(text, ret);
    case MR_DMD_V_ATC: return read_atc(text, ret);
    case MR_DMD_V_BNF: return mr_dmd_bnf_valid(text) ? NULL : "is no BNF code";
    case MR_DMD_V_SKIP:
    case MR_DMD_V_TEXT: break;
    }
    return NULL;
}
