/* Words, numbers and signs of the condition language, with their places. Private to expr_scan.c and expr.c. */
#ifndef MEDREVIEW_KNOWLEDGE_EXPR_SCAN_H
#define MEDREVIEW_KNOWLEDGE_EXPR_SCAN_H

#include "medreview/base/error.h"
#include "medreview/base/span.h"

typedef enum mr_token_kind {
    MR_TOK_END,
    MR_TOK_WORD,
    MR_TOK_NUMBER,
    MR_TOK_OPEN,
    MR_TOK_CLOSE,
    MR_TOK_COMMA,
    MR_TOK_COMPARE,
    MR_TOK_BAR,
    MR_TOK_LEFT, /* [ */
    MR_TOK_RIGHT,
    MR_TOK_PERCENT,
    MR_TOK_BAD
} mr_token_kind;

typedef struct mr_token {
    mr_token_kind kind;
    mr_span text;
    size_t at; /* byte offset in the condition */
} mr_token;

typedef struct mr_expr_scan {
    mr_span source;
    mr_token now;    /* the token not yet taken */
    size_t taken_to; /* end of the token last taken */
} mr_expr_scan;

void mr_expr_scan_begin(mr_expr_scan *s, mr_span source);
void mr_expr_scan_next(mr_expr_scan *s);
bool mr_expr_scan_word(const mr_expr_scan *s, const char *word);
/* Takes the word and says so, when it stands next. */
bool mr_expr_scan_take(mr_expr_scan *s, const char *word);
/* The text after the token that stands next, up to one of `stops`, without blanks around it; that sign (or the end)
 * stands next then. *ret_at is where the text begins. */
mr_span mr_expr_scan_raw(mr_expr_scan *s, const char *stops, size_t *ret_at);
/* Takes a unit such as mmol/L, mL/min/{1.73_m2} or %, where one stands next: all up to a blank, a comma or the
 * parenthesis that closes something before it. Absent where "and", "or", a sign or the end follows. */
mr_span mr_expr_scan_unit(mr_expr_scan *s);
/* Line and column from 1 of a byte offset. */
void mr_expr_scan_place(mr_span source, size_t at, unsigned *ret_line, unsigned *ret_column);

#endif
