/* The scanner of the condition language. White space separates and means nothing else, so a condition may be broken
 * over lines. Only ASCII is part of the language: anything else is a MR_TOK_BAD that the parser reports where it is. */
#include "expr_scan.h"

#include <string.h>

static bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static size_t word_end(mr_span s, size_t i) {
    while (i < s.len && (is_letter(s.ptr[i]) || is_digit(s.ptr[i]) || s.ptr[i] == '-' || s.ptr[i] == '_')) i++;
    return i;
}

static size_t number_end(mr_span s, size_t i) {
    while (i < s.len && is_digit(s.ptr[i])) i++;
    if (i + 1 < s.len && s.ptr[i] == '.' && is_digit(s.ptr[i + 1])) {
        i++;
        while (i < s.len && is_digit(s.ptr[i])) i++;
    }
    return i;
}

static mr_token_kind sign_at(mr_span s, size_t i, size_t *ret_end) {
    *ret_end = i + 1;
    switch (s.ptr[i]) {
    case '(': return MR_TOK_OPEN;
    case ')': return MR_TOK_CLOSE;
    case ',': return MR_TOK_COMMA;
    case '=': return MR_TOK_COMPARE;
    case '|': return MR_TOK_BAR;
    case '[': return MR_TOK_LEFT;
    case ']': return MR_TOK_RIGHT;
    case '%': return MR_TOK_PERCENT;
    case '<':
    case '>': *ret_end = i + 1 < s.len && s.ptr[i + 1] == '=' ? i + 2 : i + 1; return MR_TOK_COMPARE;
    default:
        while (*ret_end < s.len && ((unsigned char)s.ptr[*ret_end] & 0xC0) == 0x80) ++*ret_end; /* a whole character */
        return MR_TOK_BAD;
    }
}

static bool number_begins(mr_span s, size_t i) {
    return is_digit(s.ptr[i]) || (s.ptr[i] == '-' && i + 1 < s.len && is_digit(s.ptr[i + 1]));
}

/* The token at or after byte `i`. */
static void scan_from(mr_expr_scan *s, size_t i) {
    while (i < s->source.len && is_space(s->source.ptr[i])) i++;
    size_t end = i;
    mr_token_kind kind = MR_TOK_END;
    if (i < s->source.len && is_letter(s->source.ptr[i])) {
        kind = MR_TOK_WORD;
        end = word_end(s->source, i);
    } else if (i < s->source.len && number_begins(s->source, i)) {
        kind = MR_TOK_NUMBER;
        end = number_end(s->source, i + (s->source.ptr[i] == '-'));
    } else if (i < s->source.len) {
        kind = sign_at(s->source, i, &end);
    }
    s->now = (mr_token){kind, {s->source.ptr + i, end - i}, i};
}

void mr_expr_scan_next(mr_expr_scan *s) {
    s->taken_to = s->now.at + s->now.text.len;
    scan_from(s, s->taken_to);
}

mr_span mr_expr_scan_raw(mr_expr_scan *s, const char *stops, size_t *ret_at) {
    size_t from = s->now.at + s->now.text.len, to = from;
    while (to < s->source.len && !strchr(stops, s->source.ptr[to])) to++;
    while (from < to && is_space(s->source.ptr[from])) from++;
    size_t end = to;
    while (end > from && is_space(s->source.ptr[end - 1])) end--;
    s->taken_to = end;
    scan_from(s, to);
    *ret_at = from;
    return (mr_span){s->source.ptr + from, end - from};
}

mr_span mr_expr_scan_unit(mr_expr_scan *s) {
    size_t from = s->now.at, to = from, open = 0;
    if (s->now.kind != MR_TOK_WORD && s->now.kind != MR_TOK_PERCENT && s->now.kind != MR_TOK_BAD) return MR_SPAN_NONE;
    if (mr_expr_scan_word(s, "and") || mr_expr_scan_word(s, "or")) return MR_SPAN_NONE;
    for (; to < s->source.len && !is_space(s->source.ptr[to]); to++) {
        char c = s->source.ptr[to];
        if (!open && (c == ',' || c == ')')) break;
        open += c == '(' || c == '{' || c == '[';
        open -= open && (c == ')' || c == '}' || c == ']');
    }
    s->taken_to = to;
    scan_from(s, to);
    return (mr_span){s->source.ptr + from, to - from};
}

void mr_expr_scan_begin(mr_expr_scan *s, mr_span source) {
    *s = (mr_expr_scan){.source = source.ptr ? source : MR_SPAN("")};
    mr_expr_scan_next(s);
}

bool mr_expr_scan_word(const mr_expr_scan *s, const char *word) {
    return s->now.kind == MR_TOK_WORD && mr_span_is(s->now.text, word);
}

bool mr_expr_scan_take(mr_expr_scan *s, const char *word) {
    if (!mr_expr_scan_word(s, word)) return false;
    mr_expr_scan_next(s);
    return true;
}

void mr_expr_scan_place(mr_span source, size_t at, unsigned *ret_line, unsigned *ret_column) {
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < at && i < source.len; i++) {
        bool newline = source.ptr[i] == '\n';
        line += newline;
        column = newline ? 1 : column + 1;
    }
    *ret_line = line;
    *ret_column = column;
}
