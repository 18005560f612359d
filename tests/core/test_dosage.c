/* Dosage texts: what each construct of the grammar means, and what is left alone. docs/dose.md has the same table for a
 * pharmacist. The texts are ours. */
#include "build.h"
#include "medreview/core/dosage.h"

#include <math.h>

typedef struct row {
    const char *text;
    mr_said_how how;
    mr_said_unit unit;
    double amount, total, days, times; /* of AT_MOST: total is the most a day */
} row;

#define IS_EXACT(text, unit, amount, total, days, times)                                                               \
    { text, MR_SAID_EXACT, unit, amount, total, days, times }
#define LIMITED(text, unit, most)                                                                                      \
    { text, MR_SAID_AT_MOST, unit, 0, most, 0, 0 }
#define IS(text, how)                                                                                                  \
    { text, how, MR_SAID_BARE, 0, 0, 0, 0 }
#define NOT(text) IS(text, MR_SAID_NOT_UNDERSTOOD)

static const row rows[] = {
    /* how much, so often */
    IS_EXACT("one daily", MR_SAID_BARE, 1, 1, 1, 1),
    IS_EXACT("Take ONE tablet(s) once daily", MR_SAID_FORM, 1, 1, 1, 1),
    IS_EXACT("two tablets to be taken three times a day with food", MR_SAID_FORM, 2, 6, 1, 3),
    IS_EXACT("3 x a day 1 tablet", MR_SAID_FORM, 1, 3, 1, 3),
    NOT("take 1 x 2 times a day"),
    IS_EXACT("1 od", MR_SAID_BARE, 1, 1, 1, 1),
    IS_EXACT("1bd", MR_SAID_BARE, 1, 2, 1, 2),
    IS_EXACT("1 b.d.", MR_SAID_BARE, 1, 2, 1, 2),
    IS_EXACT("two tds po", MR_SAID_BARE, 2, 6, 1, 3),
    NOT("tt qds"),
    IS_EXACT("one four times daily", MR_SAID_BARE, 1, 4, 1, 4),
    IS_EXACT("take six daily", MR_SAID_BARE, 6, 6, 1, 1),
    IS_EXACT("one a day for 7 days", MR_SAID_BARE, 1, 1, 1, 1),
    IS_EXACT("one once-daily", MR_SAID_BARE, 1, 1, 1, 1),
    IS_EXACT("FIVE (5) tablets daily", MR_SAID_FORM, 5, 5, 1, 1),
    /* parts of one */
    IS_EXACT("half a tablet daily", MR_SAID_FORM, 0.5, 0.5, 1, 1),
    IS_EXACT("half of one tablet daily", MR_SAID_FORM, 0.5, 0.5, 1, 1),
    IS_EXACT("1/2 tablet at night", MR_SAID_FORM, 0.5, 0.5, 1, 1),
    IS_EXACT("1 1/2 tablets bd", MR_SAID_FORM, 1.5, 3, 1, 2),
    IS_EXACT("one and a half tablets a day", MR_SAID_FORM, 1.5, 1.5, 1, 1),
    IS_EXACT("1\xC2\xBD tablets daily", MR_SAID_FORM, 1.5, 1.5, 1, 1),
    IS_EXACT("\xC2\xBD tablet daily", MR_SAID_FORM, 0.5, 0.5, 1, 1),
    IS_EXACT(".5 tablet daily", MR_SAID_FORM, 0.5, 0.5, 1, 1),
    NOT("1/2 tablets daily"), /* a half, or one or two? */
    NOT("1/2 bd"),
    /* mass, volume, puffs, patches, units */
    IS_EXACT("500mg twice a day", MR_SAID_MG, 500, 1000, 1, 2),
    IS_EXACT("1.5 g tds", MR_SAID_MG, 1500, 4500, 1, 3),
    IS_EXACT("125micrograms daily", MR_SAID_MG, 0.125, 0.125, 1, 1),
    IS_EXACT("62.5 mcg every morning", MR_SAID_MG, 0.0625, 0.0625, 1, 1),
    IS_EXACT("100\xC2\xB5g daily", MR_SAID_MG, 0.1, 0.1, 1, 1),
    IS_EXACT("5ml at night", MR_SAID_ML, 5, 5, 1, 1),
    IS_EXACT("2x5ml spoon daily", MR_SAID_ML, 10, 10, 1, 1),
    IS_EXACT("one 5ml spoonful four times a day", MR_SAID_ML, 5, 20, 1, 4),
    IS_EXACT("two 5 ml spoonfuls bd", MR_SAID_ML, 10, 20, 1, 2),
    IS_EXACT("a spoonful daily", MR_SAID_SPOON, 1, 1, 1, 1),
    IS_EXACT("inhale two puffs twice a day", MR_SAID_PUFF, 2, 4, 1, 2),
    IS_EXACT("1 spray into each nostril daily", MR_SAID_PUFF, 2, 2, 1, 1),
    IS_EXACT("10 units at breakfast and 10 units at night", MR_SAID_UNITS, 0, 20, 1, 2),
    IS_EXACT("apply one patch every 72 hours", MR_SAID_PATCH, 1, 1, 3, 1),
    IS_EXACT("apply a patch every 3 days", MR_SAID_PATCH, 1, 1, 3, 1),
    IS_EXACT("one patch twice a week", MR_SAID_PATCH, 1, 2, 7, 2),
    NOT("one 25mcg/hour patch every 72 hours"),
    NOT("1,000 units daily"),
    /* intervals */
    IS_EXACT("one every 8 hours", MR_SAID_BARE, 1, 3, 1, 3),
    IS_EXACT("one six-hourly", MR_SAID_BARE, 1, 4, 1, 4),
    IS_EXACT("1 12 hourly", MR_SAID_BARE, 1, 2, 1, 2),
    IS_EXACT("one on alternate days", MR_SAID_BARE, 1, 1, 2, 1),
    IS_EXACT("one every other day at night", MR_SAID_BARE, 1, 1, 2, 1),
    IS_EXACT("10mg once a week", MR_SAID_MG, 10, 10, 7, 1),
    IS_EXACT("four tablets weekly", MR_SAID_FORM, 4, 4, 7, 1),
    IS_EXACT("one tablet once a week on Mondays", MR_SAID_FORM, 1, 1, 7, 1),
    IS_EXACT("one on Monday, Wednesday and Friday", MR_SAID_BARE, 1, 3, 7, 3),
    IS_EXACT("one every fortnight", MR_SAID_BARE, 1, 1, 14, 1),
    IS_EXACT("one capsule every 4 weeks", MR_SAID_FORM, 1, 1, 28, 1),
    IS_EXACT("one once a month", MR_SAID_BARE, 1, 1, 30.4375, 1),
    NOT("2 weekly"), /* two a week, or every two weeks? */
    NOT("4 monthly"),
    NOT("one a week daily"),
    NOT("one daily on Mondays"),
    /* times of day */
    IS_EXACT("at night take 2", MR_SAID_BARE, 2, 2, 1, 1),
    IS_EXACT("one morning and night", MR_SAID_BARE, 1, 2, 1, 2),
    IS_EXACT("one with breakfast, lunch and evening meal", MR_SAID_BARE, 1, 3, 1, 3),
    IS_EXACT("one each morning 30 minutes before breakfast", MR_SAID_BARE, 1, 1, 1, 1),
    IS_EXACT("take half an hour before breakfast one tablet", MR_SAID_FORM, 1, 1, 1, 1),
    IS_EXACT("1 mane 2 nocte", MR_SAID_BARE, 0, 3, 1, 2),
    IS_EXACT("take ONE in the morning and TWO at night", MR_SAID_BARE, 0, 3, 1, 2),
    IS_EXACT("morning: 1 tablet, evening: 2 tablets", MR_SAID_FORM, 0, 3, 1, 2),
    IS_EXACT("5mg in the morning, 5mg at midday and 10mg at bedtime", MR_SAID_MG, 0, 20, 1, 3),
    IS_EXACT("one at 8am and 8pm", MR_SAID_BARE, 1, 2, 1, 2),
    IS_EXACT("1 tablet at 08:00", MR_SAID_FORM, 1, 1, 1, 1),
    IS_EXACT("one twice a day, morning and evening", MR_SAID_BARE, 1, 2, 1, 2),
    NOT("one daily morning and night"),  /* one, or one each? */
    NOT("one twice a day at night"),     /* does not add up */
    NOT("one twice a day and at night"), /* two or three? */
    NOT("one daily and one at night"),
    NOT("one evening bedtime"),
    NOT("one in the morning and two in the morning"),
    NOT("one in the morning and 5ml at night"),
    NOT("one when required, max 20ml a day"),
    NOT("5ml in the morning and two tablets at night"),
    NOT("one tablet 5mg daily"),
    NOT("take with 5mg once daily"),
    /* at most */
    LIMITED("one or two at night", MR_SAID_BARE, 2),
    LIMITED("1-2 tablets four times a day", MR_SAID_FORM, 8),
    LIMITED("1 to 2 qds", MR_SAID_BARE, 8),
    LIMITED("one three to four times a day", MR_SAID_BARE, 4),
    LIMITED("one once or twice a day", MR_SAID_BARE, 2),
    LIMITED("one every 4-6 hours", MR_SAID_BARE, 6),
    LIMITED("one every 4 to 6 hours up to four times a day", MR_SAID_BARE, 4),
    LIMITED("one up to three times a day", MR_SAID_BARE, 3),
    LIMITED("up to 8 tablets a day", MR_SAID_FORM, 8),
    LIMITED("two qds prn", MR_SAID_BARE, 8),
    LIMITED("one at night when required", MR_SAID_BARE, 1),
    LIMITED("one or two every four hours when required, max 8 in 24 hours", MR_SAID_BARE, 8),
    LIMITED("two as needed, no more than 4 times a day", MR_SAID_BARE, 8),
    LIMITED("1-2 qds prn max 6 tablets in 24 hours", MR_SAID_FORM, 6),
    LIMITED("one drop in the affected eye twice a day", MR_SAID_DROP, 4),
    LIMITED("one in the morning and one or two at night", MR_SAID_BARE, 3),
    NOT("one twice a day and when required"), /* that, and more */
    NOT("one when required, max 8"),          /* in how long? */
    NOT("2 or 1 daily"),
    /* what says less than a dose */
    IS("when required", MR_SAID_AS_NEEDED),
    IS("use as often as required", MR_SAID_AS_NEEDED),
    IS("one as needed", MR_SAID_AS_NEEDED),
    IS("as directed", MR_SAID_AS_DIRECTED),
    IS("one daily as directed", MR_SAID_AS_DIRECTED),
    IS("use as per the yellow book", MR_SAID_AS_DIRECTED),
    IS("one tablet", MR_SAID_AMOUNT_ONLY),
    IS("one with meals", MR_SAID_AMOUNT_ONLY), /* how many meals? */
    IS("", MR_SAID_NOTHING),
    IS("  ", MR_SAID_NOTHING),
    {"once daily", MR_SAID_TIMES_ONLY, MR_SAID_BARE, 0, 0, 1, 1},
    {"twice daily", MR_SAID_TIMES_ONLY, MR_SAID_BARE, 0, 0, 1, 2},
    {"apply at night", MR_SAID_TIMES_ONLY, MR_SAID_BARE, 0, 0, 1, 1},
    /* one word that is not known, and nothing is */
    NOT("one daily unless dizzy"),
    NOT("one daily then stop"),
    NOT("reduce to one daily"),
    NOT("one daily, increase to two"),
    NOT("not one daily"),
    NOT("one daily except Sundays"),
    NOT("one twice"),
    NOT("one mane or nocte"),
    NOT("with food"),
    NOT("tablet daily"),
    NOT("0 daily"),
    NOT("500 daily"), /* tablets? */
    NOT("one 30 times a day"),
    NOT("one every 2 minutes"),
    NOT("one daily!"),
    NOT("\xFF one daily"),
};

static bool near(double a, double b) {
    return fabs(a - b) <= 1e-12 * fmax(1, fabs(a));
}

static void check(const row *x) {
    mr_said s;
    mr_dosage_read(mr_span_of(x->text), &s);
    double total = s.how == MR_SAID_AT_MOST ? s.most : s.total;
    bool same = s.how == x->how;
    if (x->how == MR_SAID_EXACT)
        same = same && s.unit == x->unit && near(s.amount, x->amount) && near(total, x->total) &&
               near(s.days, x->days) && near(s.times, x->times);
    if (x->how == MR_SAID_AT_MOST) same = same && s.unit == x->unit && near(total, x->total);
    if (x->how == MR_SAID_TIMES_ONLY) same = same && near(s.days, x->days) && near(s.times, x->times);
    if (!same)
        fail_msg("\"%s\": how %d, unit %d, %g each, %g in %g days, %g times", x->text, (int)s.how, (int)s.unit,
                 s.amount, total, s.days, s.times);
}

static void test_each_construct_means_what_the_table_says(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check(&rows[i]);
}

static bool equal(const mr_said *a, const mr_said *b) {
    return a->how == b->how && a->unit == b->unit && near(a->amount, b->amount) && near(a->total, b->total) &&
           near(a->days, b->days) && near(a->times, b->times) && near(a->most, b->most) && a->once == b->once &&
           a->as_needed == b->as_needed && a->changes == b->changes;
}

/* Upper case, and more blanks. */
static void test_case_and_blanks_change_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char loud[512] = "  ";
        size_t n = 2;
        for (const char *c = rows[i].text; *c; c++) {
            loud[n++] = *c >= 'a' && *c <= 'z' ? (char)(*c - ('a' - 'A')) : *c;
            if (*c == ' ') loud[n++] = '\t';
        }
        loud[n++] = ' ';
        mr_said a, b;
        mr_dosage_read(mr_span_of(rows[i].text), &a);
        mr_dosage_read((mr_span){loud, n}, &b);
        if (!equal(&a, &b)) fail_msg("\"%s\" and \"%.*s\" differ", rows[i].text, (int)n, loud);
    }
}

/* How much, how often, and the harmless words stand in any order. */
static void test_order_of_the_parts_changes_nothing(void **state) {
    (void)state;
    static const char *const amounts[] = {"one tablet", "2 capsules", "500mg", "10ml", "half a tablet", "1-2 puffs"};
    static const char *const often[] = {"twice a day", "od",  "every 8 hours",   "at night",           "weekly",
                                        "on Monday",   "prn", "every 4-6 hours", "up to 3 times a day"};
    static const char *const harmless[] = {"with food", "swallow whole", "for 7 days", "by mouth", "take"};
    static const size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t a = 0; a < 6; a++)
        for (size_t o = 0; o < 9; o++)
            for (size_t h = 0; h < 5; h++) {
                const char *parts[] = {amounts[a], often[o], harmless[h]};
                mr_said first = {0}, s;
                for (size_t k = 0; k < 6; k++) {
                    char text[200];
                    (void)snprintf(text, sizeof text, "%s, %s, %s", parts[orders[k][0]], parts[orders[k][1]],
                                   parts[orders[k][2]]);
                    mr_dosage_read(mr_span_of(text), &s);
                    if (!k) first = s;
                    if (s.how == MR_SAID_NOT_UNDERSTOOD || !equal(&first, &s)) fail_msg("\"%s\"", text);
                }
            }
}

/* Every text with one strange word in it, wherever, is not understood. */
static void test_one_unknown_word_and_nothing_is_known(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].text);
        for (size_t at = 0; at <= len; at++) {
            if (at && at < len && rows[i].text[at] != ' ') continue;
            char text[512];
            (void)snprintf(text, sizeof text, "%.*s zzyzx %s", (int)at, rows[i].text, rows[i].text + at);
            mr_said s;
            mr_dosage_read(mr_span_of(text), &s);
            if (s.how != MR_SAID_NOT_UNDERSTOOD && s.how != MR_SAID_AS_DIRECTED) fail_msg("\"%s\"", text);
        }
    }
}

static void test_an_overlong_text_is_not_understood(void **state) {
    (void)state;
    char text[MR_DOSAGE_TEXT_BYTES + 10];
    memset(text, ' ', sizeof text);
    memcpy(text, "one daily", 9);
    text[MR_DOSAGE_TEXT_BYTES] = '.';
    mr_said s;
    mr_dosage_read((mr_span){text, MR_DOSAGE_TEXT_BYTES}, &s);
    assert_int_equal(s.how, MR_SAID_EXACT);
    mr_dosage_read((mr_span){text, MR_DOSAGE_TEXT_BYTES + 1}, &s);
    assert_int_equal(s.how, MR_SAID_NOT_UNDERSTOOD);
    for (size_t i = 0; i + 1 < MR_DOSAGE_TEXT_BYTES; i += 2) memcpy(text + i, "1 ", 2); /* too many words */
    mr_dosage_read((mr_span){text, MR_DOSAGE_TEXT_BYTES}, &s);
    assert_int_equal(s.how, MR_SAID_NOT_UNDERSTOOD);
}

/* Words of the grammar in any order: no number is ever negative, infinite or without a reason to be there. */
static void test_no_number_is_odd(void **state) {
    (void)state;
    static const char *const words[] = {
        "one",      "2",    "half",  "tablet", "ml", "5",   "daily", "twice", "times", "a",     "every",   "4",
        "-",        "6",    "hours", "up",     "to", "max", "in",    "24",    "and",   "night", "prn",     "when",
        "required", "week", "or",    "at",     ",",  "(",   ")",     "x",     "day",   "1/2",   "morning", "Monday"};
    mr_rand r;
    mr_rand_seed(&r, 7);
    size_t understood = 0;
    for (int round = 0; round < 100000; round++) {
        char text[300] = "";
        size_t n = 1 + mr_rand_below(&r, 9), at = 0;
        for (size_t i = 0; i < n; i++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s ",
                                   words[mr_rand_below(&r, sizeof words / sizeof *words)]);
        mr_said s;
        mr_dosage_read((mr_span){text, at}, &s);
        const double all[] = {s.amount, s.total, s.days, s.times, s.most};
        for (size_t i = 0; i < 5; i++)
            if (!isfinite(all[i]) || all[i] < 0) fail_msg("\"%s\"", text);
        if (s.how == MR_SAID_EXACT && !(s.total > 0 && s.days > 0)) fail_msg("\"%s\"", text);
        if (s.how == MR_SAID_AT_MOST && !(s.most > 0)) fail_msg("\"%s\"", text);
        understood += s.how == MR_SAID_EXACT || s.how == MR_SAID_AT_MOST;
    }
    assert_true(understood > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_construct_means_what_the_table_says),
        cmocka_unit_test(test_case_and_blanks_change_nothing),
        cmocka_unit_test(test_order_of_the_parts_changes_nothing),
        cmocka_unit_test(test_one_unknown_word_and_nothing_is_known),
        cmocka_unit_test(test_an_overlong_text_is_not_understood),
        cmocka_unit_test(test_no_number_is_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
