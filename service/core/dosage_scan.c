/* Tokens to parts: phrases of the table, the longest first, and around numbers what the number counts. */
#include "dosage_parts.h"

#include <math.h>
#include <string.h>

typedef struct scan {
    const mr_tokens *t;
    /* Of each token, found once: its value as a number, 0 when it is none; the longest phrase that begins with it. */
    double numbers[MR_DOSAGE_TOKENS];
    const mr_phrase *phrases[MR_DOSAGE_TOKENS];
    size_t phrase_lens[MR_DOSAGE_TOKENS];
    size_t at;
    mr_part *v;
    size_t n;
} scan;

typedef struct number { /* one, or a range */
    double lo, hi;
    bool slash; /* written 1/2: a half, or one or two */
} number;

static const mr_token *token(const scan *s, size_t i) {
    return i < s->t->n ? &s->t->v[i] : NULL;
}
static bool is_word(const scan *s, size_t i, const char *word) {
    const mr_token *x = token(s, i);
    return x && x->kind != MR_TOKEN_NUMBER && x->kind != MR_TOKEN_CLOCK && mr_span_is(x->text, word);
}

/* ---- numbers ---- */

/* Zero is no number: nobody takes nothing. */
static double number_of(const mr_token *x) {
    if (x->kind == MR_TOKEN_NUMBER) return x->value;
    for (size_t k = 0; x->kind == MR_TOKEN_WORD && k < mr_dosage_n_numbers; k++)
        if (mr_dosage_numbers[k].word[0] == x->text.ptr[0] && mr_span_is(x->text, mr_dosage_numbers[k].word))
            return mr_dosage_numbers[k].value;
    return 0;
}

static bool is_number(const scan *s, size_t i) {
    return i < s->t->n && s->numbers[i] > 0;
}

static bool whole(double v) {
    return !(v > floor(v));
}

/* "1/2", "1/4", "3/4", without blanks. */
static double slashed(const scan *s, size_t i) {
    const mr_token *a = token(s, i), *mark = token(s, i + 1), *b = token(s, i + 2);
    if (!a || !mark || !b || a->kind != MR_TOKEN_NUMBER || b->kind != MR_TOKEN_NUMBER) return 0;
    if (!mr_span_is(mark->text, "/") || !mark->close_before || !b->close_before) return 0;
    bool half = mr_span_is(a->text, "1") && mr_span_is(b->text, "2");
    bool quarters = (mr_span_is(a->text, "1") || mr_span_is(a->text, "3")) && mr_span_is(b->text, "4");
    return half || quarters ? a->value / b->value : 0;
}

/* "2", "two", "1/2", "1 1/2", "one and a half", "8 (eight)"; 0: no number here. */
static size_t value_read(const scan *s, size_t i, number *ret) {
    double value, part = slashed(s, i);
    size_t from = i;
    *ret = (number){0};
    if (part > 0) {
        *ret = (number){part, part, true};
        return 3;
    }
    if (!is_number(s, i)) return 0;
    value = s->numbers[i];
    i++;
    if (whole(value) && (part = slashed(s, i)) > 0) {
        value += part;
        i += 3;
    } else if (whole(value) && token(s, i) && token(s, i)->kind == MR_TOKEN_NUMBER &&
               (unsigned char)token(s, i)->text.ptr[0] < ' ') {
        value += token(s, i)->value;
        i++;
    } else if (whole(value) && is_word(s, i, "and") && is_word(s, i + 1, "a") && is_word(s, i + 2, "half")) {
        value += 0.5;
        i += 3;
    }
    if (is_word(s, i, "(") && is_word(s, i + 2, ")") && is_number(s, i + 1)) {
        if (s->numbers[i + 1] < value || s->numbers[i + 1] > value) return 0;
        i += 3;
    }
    ret->lo = ret->hi = value;
    return i - from;
}

static size_t number_read(const scan *s, size_t i, number *ret) {
    size_t n = value_read(s, i, ret), m;
    number upper;
    if (!n || ret->slash) return n;
    if (!is_word(s, i + n, "-") && !is_word(s, i + n, "to") && !is_word(s, i + n, "or")) return n;
    m = value_read(s, i + n + 1, &upper);
    if (!m || upper.slash) return n;
    if (upper.lo <= ret->lo) return 0; /* "2 to 1" */
    ret->hi = upper.hi;
    return n + 1 + m;
}

/* ---- phrases ---- */

static size_t phrase_at(const scan *s, size_t at, const char *words) {
    size_t n = 0;
    const mr_token *first = token(s, at);
    if (!first || (words[0] != '#' && words[0] != first->text.ptr[0])) return 0;
    for (mr_span rest = mr_span_of(words), word, tail; rest.len; rest = tail, n++) {
        (void)mr_span_split(rest, ' ', &word, &tail);
        if (mr_span_is(word, "#")) {
            if (!is_number(s, at + n)) return 0;
            continue;
        }
        const mr_token *x = token(s, at + n);
        if (!x || x->kind == MR_TOKEN_NUMBER || x->kind == MR_TOKEN_CLOCK || !mr_span_eq(x->text, word)) return 0;
    }
    return n;
}

static uint64_t letter_bit(char c) {
    return (uint64_t)1 << ((unsigned char)c & 63);
}

/* Most phrases begin with a letter that no word of the text begins with: they are passed over at one look. */
static void phrases_find(scan *s) {
    uint64_t letters = letter_bit('#');
    for (size_t i = 0; i < s->t->n; i++) letters |= letter_bit(s->t->v[i].text.ptr[0]);
    for (size_t k = 0; k < mr_dosage_n_phrases; k++) {
        const mr_phrase *p = &mr_dosage_phrases[k];
        if (!(letters & letter_bit(p->words[0]))) continue;
        for (size_t i = 0; i < s->t->n; i++) {
            size_t n = phrase_at(s, i, p->words);
            if (n <= s->phrase_lens[i]) continue;
            s->phrases[i] = p;
            s->phrase_lens[i] = n;
        }
    }
}

static const mr_phrase *phrase_longest(const scan *s, size_t i, size_t *ret_len) {
    *ret_len = i < s->t->n ? s->phrase_lens[i] : 0;
    return i < s->t->n ? s->phrases[i] : NULL;
}

static bool put(scan *s, mr_part part) {
    if (s->n == MR_DOSAGE_ITEMS) return false;
    s->v[s->n++] = part;
    return true;
}

/* ---- what a number counts ---- */

static const mr_phrase *unit_at(const scan *s, size_t i, size_t *ret_len) {
    const mr_phrase *p = phrase_longest(s, i, ret_len);
    return p && (p->kind == MR_ITEM_UNIT || p->kind == MR_ITEM_DOSES) ? p : NULL;
}

static bool per_at(const scan *s, size_t i) {
    size_t n;
    const mr_phrase *p = phrase_longest(s, i, &n);
    return p && p->kind == MR_ITEM_PER;
}

static double days_of(const scan *s, size_t i) {
    for (size_t k = 0; k < mr_dosage_n_spans; k++)
        if (is_word(s, i, mr_dosage_spans[k].word)) return mr_dosage_spans[k].days;
    return 0;
}

/* "2 x 5ml spoon", "one 5 ml spoonful" at the number behind the first; 0: not so. */
static size_t spoons_read(const scan *s, size_t i, double *ret_ml) {
    number size;
    size_t n = value_read(s, i, &size);
    if (!n || !is_word(s, i + n, "ml")) return 0;
    static const char *const words[] = {"spoon", "spoons", "spoonful", "spoonfuls"};
    for (size_t k = 0; k < 4; k++)
        if (is_word(s, i + n + 1, words[k])) {
            *ret_ml = size.lo;
            return n + 2;
        }
    return 0;
}

/* "1/2 tablet" is a half; "1/2 tablets", "1/2 bd" might be one or two. */
static bool slash_plain(const scan *s, size_t i) {
    if (is_word(s, i, "of")) i++;
    if (is_word(s, i, "a")) i++;
    return is_word(s, i, "tablet");
}

static size_t of_a(const scan *s, size_t i, number n) {
    size_t took = is_word(s, i, "of") ? 1 : 0;
    if (n.hi < 1 && (is_word(s, i + took, "a") || is_word(s, i + took, "one"))) return took + 1;
    return 0;
}

/* The amount whose number ends before i. 0: what follows makes it none. */
static size_t amount_read(const scan *s, size_t i, number n, mr_part *ret) {
    double ml = 0;
    size_t from = i, took, len;
    *ret = (mr_part){MR_ITEM_AMOUNT, n.lo, n.hi, MR_SAID_BARE, 0};
    if (n.slash && !slash_plain(s, i)) return 0;
    if (is_word(s, i, "x")) i++;
    if ((took = spoons_read(s, i, &ml)) > 0) {
        *ret = (mr_part){MR_ITEM_AMOUNT, n.lo * ml, n.hi * ml, MR_SAID_ML, 0};
        return i + took - from + 1;
    }
    i += of_a(s, i, n);
    const mr_phrase *unit = unit_at(s, i, &len);
    if (!unit) return i == from ? 1 : 0;
    double ones =
        unit->lo < 1 ? round(1 / unit->lo) : 1; /* divided, so that 125 micrograms are 0.125 to the last bit */
    ret->kind = unit->kind == MR_ITEM_DOSES ? MR_ITEM_DOSES : MR_ITEM_AMOUNT;
    ret->unit = unit->unit;
    ret->lo = unit->lo < 1 ? n.lo / ones : n.lo * unit->lo;
    ret->hi = unit->lo < 1 ? n.hi / ones : n.hi * unit->lo;
    i += len;
    bool spoon = ret->unit == MR_SAID_ML && (is_word(s, i, "spoon") || is_word(s, i, "spoonful"));
    return i + spoon - from + 1;
}

/* "2 weekly": two a week, or every two weeks? */
static bool two_meanings(const scan *s, size_t i, number n) {
    bool ly = is_word(s, i, "weekly") || is_word(s, i, "monthly") || is_word(s, i, "fortnightly");
    return ly && (n.lo < 1 || n.hi > 1);
}

/* A part that begins with a number; takes nothing when it makes no sense. */
static bool counted(scan *s) {
    number n;
    mr_part part;
    size_t i = s->at + number_read(s, s->at, &n);
    if (i == s->at) return false;
    bool times = is_word(s, i, "times") || is_word(s, i, "time") || (is_word(s, i, "x") && per_at(s, i + 1));
    if (times || is_word(s, i, "hourly")) {
        if (n.slash) return false;
        part = (mr_part){MR_ITEM_COUNT, n.lo, n.hi, MR_SAID_BARE, 0};
        if (!times) part = (mr_part){MR_ITEM_PER, n.lo / 24, n.hi / 24, MR_SAID_BARE, 0};
        i++;
    } else {
        if (two_meanings(s, i, n)) return false;
        size_t took = amount_read(s, i, n, &part);
        if (!took) return false;
        i += took - 1;
    }
    s->at = i;
    return put(s, part);
}

/* "every 4 to 6 hours", "in 24 hours", "every 3 days" */
static bool interval(scan *s) {
    static const char *const heads[] = {"every", "each", "in", "per", "in any", "in each", "in every"};
    number n;
    for (size_t k = 0; k < sizeof heads / sizeof *heads; k++) {
        size_t len = phrase_at(s, s->at, heads[k]), took = len ? number_read(s, s->at + len, &n) : 0;
        double days = took && !n.slash ? days_of(s, s->at + len + took) : 0;
        if (!(days > 0)) continue;
        bool hours = days < 1;
        s->at += len + took + 1;
        return put(s, (mr_part){MR_ITEM_PER, hours ? n.lo / 24 : n.lo * days, hours ? n.hi / 24 : n.hi * days,
                                MR_SAID_BARE, 0});
    }
    return false;
}

/* "a patch", "an inhalation"; "at 08:00", "8am" */
static bool article(scan *s) {
    mr_part part;
    number one = {.lo = 1, .hi = 1};
    size_t len;
    if ((!is_word(s, s->at, "a") && !is_word(s, s->at, "an")) || !unit_at(s, s->at + 1, &len)) return false;
    size_t took = amount_read(s, s->at + 1, one, &part);
    if (!took) return false;
    s->at += took;
    return put(s, part);
}

static bool clock(scan *s) {
    const mr_token *x = token(s, s->at);
    double hour = -1;
    size_t n = 1;
    if (x && x->kind == MR_TOKEN_CLOCK) hour = floor(x->value / 60);
    if (x && x->kind == MR_TOKEN_NUMBER && whole(x->value) && x->value >= 1 && x->value <= 12 &&
        (is_word(s, s->at + 1, "am") || is_word(s, s->at + 1, "pm"))) {
        hour = (x->value < 12 ? x->value : 0) + (is_word(s, s->at + 1, "pm") ? 12 : 0);
        n = 2;
    }
    if (hour < 0) return false;
    s->at += n;
    return put(s, (mr_part){MR_ITEM_SLOT, 0, 0, MR_SAID_BARE, (uint64_t)1 << (MR_SLOT_CLOCK + (unsigned)hour)});
}

static bool phrase(scan *s) {
    size_t n;
    const mr_phrase *p = phrase_longest(s, s->at, &n);
    if (!p || p->kind == MR_ITEM_UNIT || p->kind == MR_ITEM_DOSES) return false; /* a unit without a number */
    bool bits = p->kind == MR_ITEM_SLOT || p->kind == MR_ITEM_WEEKDAY;
    s->at += n;
    return put(s, (mr_part){p->kind, p->lo, p->hi, p->unit, bits ? (uint64_t)1 << p->bit : 0});
}

/* "once or twice" */
static bool count_range(scan *s) {
    if (!is_word(s, s->at, "once") || !(is_word(s, s->at + 1, "or") || is_word(s, s->at + 1, "to")) ||
        !is_word(s, s->at + 2, "twice"))
        return false;
    s->at += 3;
    return put(s, (mr_part){MR_ITEM_COUNT, 1, 2, MR_SAID_BARE, 0});
}

/* Words like "half an hour before" begin with a number and are a phrase all the same. */
static bool number_in_phrase(const scan *s) {
    size_t n;
    const mr_phrase *p = phrase_longest(s, s->at, &n);
    return p && n > 2 && is_number(s, s->at);
}

/* "with", "in the": nothing by themselves. */
static bool leads_on(const mr_part *v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind != MR_ITEM_BEFORE) continue;
        mr_item_kind next = i + 1 < n ? v[i + 1].kind : MR_ITEM_SKIP;
        if (next != MR_ITEM_SLOT && next != MR_ITEM_WEEKDAY && next != MR_ITEM_BEFORE) return false;
    }
    return true;
}

bool mr_dosage_scan(const mr_tokens *t, mr_part *v, size_t *ret_n, bool *ret_unknown) {
    scan s = {.t = t, .v = v};
    for (size_t i = 0; i < t->n; i++) s.numbers[i] = number_of(&t->v[i]);
    phrases_find(&s);
    *ret_unknown = false;
    while (s.at < t->n) {
        if (clock(&s) || interval(&s) || count_range(&s)) continue;
        if (number_in_phrase(&s) ? phrase(&s) : (counted(&s) || article(&s) || phrase(&s))) continue;
        *ret_unknown = true;
        if (s.n == MR_DOSAGE_ITEMS) return false;
        s.at++;
    }
    if (!leads_on(v, s.n)) *ret_unknown = true;
    *ret_n = s.n;
    return true;
}
