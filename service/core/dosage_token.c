/* A dosage text as words, numbers and marks: one case, one kind of blank, one kind of dash. */
#include "dosage_parts.h"

#include <string.h>

enum { HALF = 1, QUARTER, THREE_QUARTERS }; /* in the folded text, for the signs of these fractions */

static bool is_letter(char c) {
    return c >= 'a' && c <= 'z';
}
static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Characters beyond ASCII that are met in dosage texts. */
static const struct {
    const char *bytes;
    char plain;
} signs[] = {
    {"\xC2\xBD", HALF}, {"\xC2\xBC", QUARTER}, {"\xC2\xBE", THREE_QUARTERS}, {"\xC2\xA0", ' '}, {"\xC2\xB5", 'u'},
    {"\xCE\xBC", 'u'},  {"\xC3\x97", 'x'},     {"\xE2\x80\x93", '-'},
};

static char sign_at(mr_span rest, size_t *ret_len) {
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (mr_span_starts(rest, signs[i].bytes)) {
            *ret_len = strlen(signs[i].bytes);
            return signs[i].plain;
        }
    return 0;
}

static bool fold_char(mr_span rest, char *ret, size_t *ret_len) {
    char c = rest.ptr[0];
    *ret_len = 1;
    if (c >= 'A' && c <= 'Z') c = (char)(c + ('a' - 'A'));
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
    if ((unsigned char)c >= 0x80) c = sign_at(rest, ret_len);
    *ret = c;
    return is_letter(c) || is_digit(c) || (c && strchr(" ,.;:()-/&+", c)) ||
           (c >= HALF && c <= THREE_QUARTERS && *ret_len > 1);
}

/* The dots of "b.d." and the hyphens of "4-hourly" and "once-daily" part nothing. */
static char between(const char *s, size_t i, size_t n) {
    char before = i ? s[i - 1] : ' ', after = i + 1 < n ? s[i + 1] : ' ';
    bool alone = i < 2 || !is_letter(s[i - 2]), alone_after = i + 2 >= n || !is_letter(s[i + 2]);
    if (s[i] == '.' && is_letter(before) && is_letter(after) && alone && alone_after) return 0;
    if (s[i] == '-' && is_letter(after) && (is_letter(before) || is_digit(before))) return ' ';
    return s[i];
}

static bool fold(mr_span text, char out[MR_DOSAGE_TEXT_BYTES + 1], size_t *ret_n) {
    char plain[MR_DOSAGE_TEXT_BYTES];
    size_t n = 0, kept = 0, took;
    if (text.len > MR_DOSAGE_TEXT_BYTES) return false;
    for (size_t i = 0; i < text.len; i += took)
        if (!fold_char(mr_span_from(text, i), &plain[n++], &took)) return false;
    for (size_t i = 0; i < n; i++) {
        char c = between(plain, i, n);
        if (c) out[kept++] = c;
    }
    out[kept] = 0;
    *ret_n = kept;
    return true;
}

/* "12", "0.5", ".5"; at most 9 digits. */
static bool number_read(const char *s, double *ret, size_t *ret_len) {
    static const double power[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    double digits = 0;
    size_t i = 0, n = 0, behind = 0;
    bool point = false;
    for (; is_digit(s[i]) || (s[i] == '.' && !point && is_digit(s[i + 1])); i++) {
        if (s[i] == '.') {
            point = true;
            continue;
        }
        digits = digits * 10 + (s[i] - '0');
        behind += point;
        if (++n > 9) return false;
    }
    *ret = digits / power[behind];
    *ret_len = i;
    return true;
}

/* "08:00" */
static bool clock_read(const char *s, double *ret, size_t *ret_len) {
    size_t h = is_digit(s[0]) ? (is_digit(s[1]) ? 2 : 1) : 0;
    if (!h || s[h] != ':' || !is_digit(s[h + 1]) || !is_digit(s[h + 2]) || is_digit(s[h + 3])) return false;
    int hour = h == 2 ? (s[0] - '0') * 10 + (s[1] - '0') : s[0] - '0';
    int minute = (s[h + 1] - '0') * 10 + (s[h + 2] - '0');
    if (hour > 23 || minute > 59) return false;
    *ret = hour * 60 + minute;
    *ret_len = h + 3;
    return true;
}

static bool token_read(const char *s, bool first_in_word, mr_token *x, size_t *ret_len) {
    static const double fraction[] = {0, 0.5, 0.25, 0.75};
    size_t n = 1;
    *x = (mr_token){.kind = MR_TOKEN_MARK};
    if (is_letter(s[0])) {
        x->kind = MR_TOKEN_WORD;
        while (is_letter(s[n])) n++;
    } else if (s[0] >= HALF && s[0] <= THREE_QUARTERS) {
        x->kind = MR_TOKEN_NUMBER;
        x->value = fraction[(int)s[0]];
    } else if (clock_read(s, &x->value, &n)) {
        x->kind = MR_TOKEN_CLOCK;
    } else if (is_digit(s[0]) || (s[0] == '.' && first_in_word && is_digit(s[1]))) {
        x->kind = MR_TOKEN_NUMBER;
        if (!number_read(s, &x->value, &n)) return false;
    }
    x->text = (mr_span){s, n};
    *ret_len = n;
    return true;
}

bool mr_dosage_tokens(mr_span text, mr_tokens *ret) {
    size_t n, took;
    ret->n = 0;
    if (!fold(text, ret->text, &n)) return false;
    for (size_t i = 0; i < n; i += took) {
        bool blank = i == 0 || ret->text[i - 1] == ' ';
        took = 1;
        if (ret->text[i] == ' ') continue;
        if (ret->n == MR_DOSAGE_TOKENS || !token_read(ret->text + i, blank, &ret->v[ret->n], &took)) return false;
        ret->v[ret->n++].close_before = !blank;
        if (ret->v[ret->n - 1].kind == MR_TOKEN_WORD && strncmp(ret->text + i + took, "(s)", 3) == 0) took += 3;
    }
    return true;
}
