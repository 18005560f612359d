/* The pieces that a dosage text is made of; private to dosage_words.c, dosage_token.c, dosage_scan.c, dosage_read.c. */
#ifndef MEDREVIEW_CORE_DOSAGE_PARTS_H
#define MEDREVIEW_CORE_DOSAGE_PARTS_H

#include "medreview/core/dosage.h"

enum { MR_DOSAGE_TOKENS = 64, MR_DOSAGE_ITEMS = 64 };

typedef enum mr_token_kind { MR_TOKEN_WORD, MR_TOKEN_NUMBER, MR_TOKEN_CLOCK, MR_TOKEN_MARK } mr_token_kind;

typedef struct mr_token {
    mr_token_kind kind;
    mr_span text;      /* WORD in lower case; MARK one byte */
    double value;      /* NUMBER; CLOCK: minutes after midnight */
    bool close_before; /* no blank before it */
} mr_token;

typedef struct mr_tokens {
    char text[MR_DOSAGE_TEXT_BYTES + 1]; /* folded */
    mr_token v[MR_DOSAGE_TOKENS];
    size_t n;
} mr_tokens;

/* false: too long, or a character that no dosage has. */
bool mr_dosage_tokens(mr_span text, mr_tokens *ret);

typedef enum mr_item_kind {
    MR_ITEM_SKIP,     /* harmless */
    MR_ITEM_BEFORE,   /* harmless, and leads to a time of day or of the week */
    MR_ITEM_COMMA,    /* , ; . - ( ) */
    MR_ITEM_AND,      /* and & + */
    MR_ITEM_AMOUNT,   /* lo to hi of unit */
    MR_ITEM_DOSES,    /* the same, in "doses": puffs, or times of taking */
    MR_ITEM_COUNT,    /* lo to hi times */
    MR_ITEM_PER,      /* in lo to hi days */
    MR_ITEM_SLOT,     /* at a time of day: a bit each */
    MR_ITEM_WEEKDAY,  /* a bit each */
    MR_ITEM_SIDES,    /* in lo to hi places: nostrils, eyes */
    MR_ITEM_PRN,      /* when required */
    MR_ITEM_UP_TO,    /* up to */
    MR_ITEM_LIMIT,    /* maximum */
    MR_ITEM_DIRECTED, /* as directed */
    MR_ITEM_CHANGE,   /* then, reduce, stop: no plain dose */
    MR_ITEM_FREQUENT, /* lo times in hi days: od, bd */
    MR_ITEM_UNIT      /* only in the table: a word for `unit`; lo is how many of it one is */
} mr_item_kind;

typedef struct mr_part {
    mr_item_kind kind;
    double lo, hi;
    mr_said_unit unit;
    uint64_t bits;
} mr_part;

/* A phrase of the grammar: words parted by one blank; # is any number. */
typedef struct mr_phrase {
    const char *words;
    mr_item_kind kind;
    double lo, hi;
    mr_said_unit unit;
    unsigned bit;
} mr_phrase;

extern const mr_phrase mr_dosage_phrases[];
extern const size_t mr_dosage_n_phrases;
typedef struct mr_number_word {
    const char *word;
    double value;
} mr_number_word;
extern const mr_number_word mr_dosage_numbers[];
extern const size_t mr_dosage_n_numbers;
typedef struct mr_span_word { /* "hours": its length in days */
    const char *word;
    double days;
} mr_span_word;
extern const mr_span_word mr_dosage_spans[];
extern const size_t mr_dosage_n_spans;

#define MR_DAYS_OF_MONTH 30.4375 /* a twelfth of 365.25 */
enum { MR_SLOT_CLOCK = 16 };     /* bit of midnight; one an hour */

/* Tokens to parts. A word that is not known is left out, and `ret_unknown` says that there was one. false: too many. */
bool mr_dosage_scan(const mr_tokens *t, mr_part *v, size_t *ret_n, bool *ret_unknown);

#endif
