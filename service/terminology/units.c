/* Units of strengths, as dm+d, prescribers and American names write them. */
#include "name_words.h"

#include <string.h>

typedef struct unit_word {
    const char *word, *unit;
} unit_word;

/* Longer words before their own beginnings. */
static const unit_word units[] = {
    {"million units", "million unit"},
    {"million unit", "million unit"},
    {"mega units", "million unit"},
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
