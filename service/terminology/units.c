/* Units of strengths, as dm+d, prescribers and American names write them. */
#include "name_words.h"
#include "strength.h"

#include <string.h>

typedef struct unit_word {
    const char *word, *unit;
} unit_word;

/* Longer words before their own beginnings. */
static const unit_word units[] = {
    {"million units", "million unit"},
    {"million unit", "million unit"},
    {"mega units", "million unit"},
    {"mega unit", "million unit"},
    {"mega u", "million unit"},
    {"micrograms", "microgram"},
    {"microgram", "microgram"},
    {"microg", "microgram"},
    {"milligrams", "mg"},
    {"milligram", "mg"},
    {"millilitres", "ml"},
    {"millilitre", "ml"},
    {"mcg", "microgram"},
    {"mg", "mg"},
    {"mls", "ml"},
    {"ml", "ml"},
    {"mmol", "mmol"},
    {"meq", "meq"},
    {"mbq", "MBq"},
    {"mol", "mol"},
    {"mm", "mm"},
    {"ug", "microgram"},
    {"units", "unit"},
    {"unit", "unit"},
    {"unt", "unit"},
    {"international units", "unit"},
    {"iu", "unit"},
    {"i.u.", "unit"},
    {"nanograms", "nanogram"},
    {"nanogram", "nanogram"},
    {"grams", "g"},
    {"gram", "g"},
    {"gbq", "GBq"},
    {"g", "g"},
    {"kg", "kg"},
    {"litres", "litre"},
    {"litre", "litre"},
    {"l", "litre"},
    {"doses", "dose"},
    {"dose", "dose"},
    {"actuations", "dose"},
    {"actuation", "dose"},
    {"actuat", "dose"},
    {"application", "dose"},
    {"puffs", "dose"},
    {"puff", "dose"},
    {"sprays", "dose"},
    {"spray", "dose"},
    {"hours", "hour"},
    {"hour", "hour"},
    {"hrs", "hour"},
    {"hr", "hour"},
    {"h", "hour"},
    {"ppm", "ppm"},
    {"%", "%"},
    {"cm", "cm"},
};

bool mr_unit_read(mr_span text, mr_span *ret_unit, size_t *ret_len) {
    for (size_t i = 0; text.len && i < sizeof units / sizeof units[0]; i++) {
        if (units[i].word[0] != text.ptr[0]) continue;
        size_t n = strlen(units[i].word);
        if (!mr_span_starts(text, units[i].word)) continue;
        if (n < text.len && text.ptr[0] != '%' && text.ptr[n] >= 'a' && text.ptr[n] <= 'z') continue;
        *ret_unit = mr_span_of(units[i].unit);
        *ret_len = n;
        return true;
    }
    return false;
}

/* "mg", "mega unit", "microgram/hour", "mg/72 hours"; a unit that is in no list keeps its own name. */
void mr_unit_strength(mr_span text, double value, mr_strength *ret) {
    char buf[64];
    mr_span unit = text, per_unit, head, tail;
    size_t n, m;
    *ret = (mr_strength){.value = value, .unit = text};
    if (!text.len || text.len > sizeof buf) return;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        buf[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    mr_span whole = {buf, text.len};
    bool split = mr_span_split(whole, '/', &head, &tail);
    if (!mr_unit_read(head, &unit, &n)) return;
    if (mr_span_is(unit, "%")) {
        ret->unit = unit; /* %w/w and the like are one percent to us, as in names */
        return;
    }
    if (n != head.len) return;
    double per = 1;
    if (split) {
        size_t at = mr_number_read(tail, &per, &m) ? m : 0;
        while (at < tail.len && tail.ptr[at] == ' ') at++;
        if (!mr_unit_read(mr_span_from(tail, at), &per_unit, &n) || at + n != tail.len || per <= 0) return;
        ret->per = per;
        ret->per_unit = per_unit;
    }
    bool million = mr_span_is(unit, "million unit");
    ret->unit = million ? MR_SPAN("unit") : unit;
    if (million) ret->value *= 1e6;
}
