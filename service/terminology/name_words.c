/* The closed word lists of the dm+d naming convention. Whatever is not in them is not guessed at.
 *
 * Routes by words: an explicit word (eye, rectal, sublingual) beats what the form alone suggests (a tablet is
 * swallowed), and packaging (ampoule, pre-filled) comes last, since oral solutions come in ampoules too. */
#include "name_words.h"

#define COUNT(v) (sizeof(v) / sizeof(v)[0])

static bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '%' || c == '\'' ||
           (c & 0x80);
}

bool mr_word_next(mr_span *rest, mr_span *ret) {
    size_t i = 0;
    while (i < rest->len && !is_word_byte(rest->ptr[i])) i++;
    size_t from = i;
    while (i < rest->len && is_word_byte(rest->ptr[i])) i++;
    *ret = (mr_span){rest->ptr + from, i - from};
    *rest = mr_span_from(*rest, i);
    return ret->len > 0;
}

static bool among(mr_span word, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_is(word, list[i])) return true;
    return false;
}

bool mr_word_is_salt(mr_span word) {
    static const char *const salts[] = {"acetate",
                                        "acetonide",
                                        "adipate",
                                        "anhydrous",
                                        "arginine",
                                        "axetil",
                                        "besilate",
                                        "besylate",
                                        "bisulfate",
                                        "bitartrate",
                                        "bromide",
                                        "butyrate",
                                        "calcium",
                                        "camsilate",
                                        "caproate",
                                        "chloride",
                                        "cilexetil",
                                        "cipionate",
                                        "citrate",
                                        "cypionate",
                                        "decanoate",
                                        "diethylammonium",
                                        "dihydrate",
                                        "dihydrochloride",
                                        "dimesilate",
                                        "dipropionate",
                                        "disodium",
                                        "disoproxil",
                                        "embonate",
                                        "enanthate",
                                        "enantate",
                                        "epolamine",
                                        "erbumine",
                                        "etexilate",
                                        "ethylsuccinate",
                                        "fumarate",
                                        "furoate",
                                        "gluconate",
                                        "hcl",
                                        "hemifumarate",
                                        "hemihydrate",
                                        "hydrate",
                                        "hydrobromide",
                                        "hydrochloride",
                                        "hydrogen",
                                        "lactate",
                                        "lysine",
                                        "magnesium",
                                        "malate",
                                        "maleate",
                                        "medoxomil",
                                        "mesilate",
                                        "mesylate",
                                        "monohydrate",
                                        "monosodium",
                                        "mucate",
                                        "napsilate",
                                        "nitrate",
                                        "olamine",
                                        "oxalate",
                                        "palmitate",
                                        "pamoate",
                                        "phosphate",
                                        "pivalate",
                                        "potassium",
                                        "propionate",
                                        "proxetil",
                                        "sesquihydrate",
                                        "sodium",
                                        "stearate",
                                        "succinate",
                                        "sulfate",
                                        "sulphate",
                                        "tartrate",
                                        "teoclate",
                                        "tosilate",
                                        "trihydrate",
                                        "trometamol",
                                        "tromethamine",
                                        "undecanoate",
                                        "valerate",
                                        "xinafoate",
                                        "zinc"};
    return among(word, salts, COUNT(salts));
}

bool mr_word_is_qualifier(mr_span word) {
    static const char *const words[] = {"mr",     "sr",   "xl", "xr", "er", "la", "cr",         "ec",
                                        "retard", "oral", "m",  "r",  "e",  "c",  "micronised", "base"};
    if (among(word, words, COUNT(words))) return true;
    for (size_t i = 0; i < word.len; i++) /* 30/70 and other bare numbers */
        if (!((word.ptr[i] >= '0' && word.ptr[i] <= '9') || word.ptr[i] == '.')) return false;
    return word.len > 0;
}

typedef struct form_word {
    const char *word, *form; /* form NULL: says something about the product, but is no form by itself */
    mr_route route;
} form_word;

/* In the order of preference for the form's name. */
static const form_word forms[] = {
    {"tablet", "tablet", MR_ROUTE_ORAL},
    {"tab", "tablet", MR_ROUTE_ORAL},
    {"tabs", "tablet", MR_ROUTE_ORAL},
    {"caplet", "tablet", MR_ROUTE_ORAL},
    {"capsule", "capsule", MR_ROUTE_ORAL},
    {"cap", "capsule", MR_ROUTE_ORAL},
    {"caps", "capsule", MR_ROUTE_ORAL},
    {"suppository", "suppository", MR_ROUTE_RECTAL},
    {"suppositories", "suppository", MR_ROUTE_RECTAL},
    {"enema", "enema", MR_ROUTE_RECTAL},
    {"pessary", "pessary", MR_ROUTE_VAGINAL},
    {"pessaries", "pessary", MR_ROUTE_VAGINAL},
    {"patch", "patch", MR_ROUTE_TRANSDERMAL},
    {"patches", "patch", MR_ROUTE_TRANSDERMAL},
    {"plaster", "plaster", MR_ROUTE_CUTANEOUS},
    {"inhaler", "inhaler", MR_ROUTE_INHALED},
    {"injection", "injection", MR_ROUTE_PARENTERAL},
    {"infusion", "infusion", MR_ROUTE_PARENTERAL},
    {"injectable", "injection", MR_ROUTE_PARENTERAL},
    {"implant", "implant", MR_ROUTE_PARENTERAL},
    {"lozenge", "lozenge", MR_ROUTE_BUCCAL},
    {"pastille", "pastille", MR_ROUTE_BUCCAL},
    {"mouthwash", "mouthwash", MR_ROUTE_BUCCAL},
    {"gargle", "mouthwash", MR_ROUTE_BUCCAL},
    {"gum", "chewing gum", MR_ROUTE_BUCCAL},
    {"chewing-gum", "chewing gum", MR_ROUTE_BUCCAL},
    {"film", "film", MR_ROUTE_UNKNOWN},
    {"lyophilisate", "lyophilisate", MR_ROUTE_ORAL},
    {"cream", "cream", MR_ROUTE_CUTANEOUS},
    {"ointment", "ointment", MR_ROUTE_CUTANEOUS},
    {"gel", "gel", MR_ROUTE_CUTANEOUS},
    {"lotion", "lotion", MR_ROUTE_CUTANEOUS},
    {"shampoo", "shampoo", MR_ROUTE_CUTANEOUS},
    {"liniment", "liniment", MR_ROUTE_CUTANEOUS},
    {"collodion", "collodion", MR_ROUTE_CUTANEOUS},
    {"lacquer", "nail lacquer", MR_ROUTE_CUTANEOUS},
    {"paste", "paste", MR_ROUTE_CUTANEOUS},
    {"paint", "paint", MR_ROUTE_CUTANEOUS},
    {"drop", "drops", MR_ROUTE_UNKNOWN},
    {"spray", "spray", MR_ROUTE_UNKNOWN},
    {"foam", "foam", MR_ROUTE_UNKNOWN},
    {"syrup", "syrup", MR_ROUTE_ORAL},
    {"elixir", "elixir", MR_ROUTE_ORAL},
    {"linctus", "linctus", MR_ROUTE_ORAL},
    {"mixture", "mixture", MR_ROUTE_ORAL},
    {"granules", "granules", MR_ROUTE_ORAL},
    {"suspension", "suspension", MR_ROUTE_UNKNOWN},
    {"solution", "solution", MR_ROUTE_UNKNOWN},
    {"emulsion", "emulsion", MR_ROUTE_UNKNOWN},
    {"powder", "powder", MR_ROUTE_UNKNOWN},
    {"sachet", "sachet", MR_ROUTE_UNKNOWN},
    {"liquid", "liquid", MR_ROUTE_UNKNOWN},
    {"insert", "insert", MR_ROUTE_UNKNOWN},
    {"system", "system", MR_ROUTE_UNKNOWN},
    {"device", "device", MR_ROUTE_UNKNOWN},
    {"gas", "gas", MR_ROUTE_INHALED},
    {"cylinder", "gas", MR_ROUTE_INHALED},
};

/* Explicit words for a route, in the order in which they win. */
static const form_word routes[] = {
    {"eye", NULL, MR_ROUTE_EYE},
    {"ophthalmic", NULL, MR_ROUTE_EYE},
    {"ocular", NULL, MR_ROUTE_EYE},
    {"intravitreal", NULL, MR_ROUTE_EYE},
    {"ear", NULL, MR_ROUTE_EAR},
    {"otic", NULL, MR_ROUTE_EAR},
    {"nasal", NULL, MR_ROUTE_NASAL},
    {"nose", NULL, MR_ROUTE_NASAL},
    {"nasule", NULL, MR_ROUTE_NASAL},
    {"vaginal", NULL, MR_ROUTE_VAGINAL},
    {"intrauterine", NULL, MR_ROUTE_OTHER},
    {"rectal", NULL, MR_ROUTE_RECTAL},
    {"suppository", NULL, MR_ROUTE_RECTAL},
    {"suppositories", NULL, MR_ROUTE_RECTAL},
    {"enema", NULL, MR_ROUTE_RECTAL},
    {"pessary", NULL, MR_ROUTE_VAGINAL},
    {"pessaries", NULL, MR_ROUTE_VAGINAL},
    {"inhaler", NULL, MR_ROUTE_INHALED},
    {"inhalation", NULL, MR_ROUTE_INHALED},
    {"nebuliser", NULL, MR_ROUTE_INHALED},
    {"nebulizer", NULL, MR_ROUTE_INHALED},
    {"nebule", NULL, MR_ROUTE_INHALED},
    {"respule", NULL, MR_ROUTE_INHALED},
    {"respirator", NULL, MR_ROUTE_INHALED},
    {"sublingual", NULL, MR_ROUTE_BUCCAL},
    {"buccal", NULL, MR_ROUTE_BUCCAL},
    {"oromucosal", NULL, MR_ROUTE_BUCCAL},
    {"lozenge", NULL, MR_ROUTE_BUCCAL},
    {"mouthwash", NULL, MR_ROUTE_BUCCAL},
    {"dental", NULL, MR_ROUTE_BUCCAL},
    {"gingival", NULL, MR_ROUTE_BUCCAL},
    {"transdermal", NULL, MR_ROUTE_TRANSDERMAL},
    {"injection", NULL, MR_ROUTE_PARENTERAL},
    {"infusion", NULL, MR_ROUTE_PARENTERAL},
    {"injectable", NULL, MR_ROUTE_PARENTERAL},
    {"intravenous", NULL, MR_ROUTE_PARENTERAL},
    {"subcutaneous", NULL, MR_ROUTE_PARENTERAL},
    {"intramuscular", NULL, MR_ROUTE_PARENTERAL},
    {"depot", NULL, MR_ROUTE_PARENTERAL},
    {"irrigation", NULL, MR_ROUTE_OTHER},
    {"intravesical", NULL, MR_ROUTE_OTHER},
    {"bladder", NULL, MR_ROUTE_OTHER},
    {"urethral", NULL, MR_ROUTE_OTHER},
    {"dialysis", NULL, MR_ROUTE_OTHER},
    {"haemodialysis", NULL, MR_ROUTE_OTHER},
    {"haemofiltration", NULL, MR_ROUTE_OTHER},
    {"instillation", NULL, MR_ROUTE_OTHER},
    {"cutaneous", NULL, MR_ROUTE_CUTANEOUS},
    {"topical", NULL, MR_ROUTE_CUTANEOUS},
    {"scalp", NULL, MR_ROUTE_CUTANEOUS},
    {"nail", NULL, MR_ROUTE_CUTANEOUS},
    {"skin", NULL, MR_ROUTE_CUTANEOUS},
    {"bath", NULL, MR_ROUTE_CUTANEOUS},
    {"oral", NULL, MR_ROUTE_ORAL},
    {"orodispersible", NULL, MR_ROUTE_ORAL},
    {"dispersible", NULL, MR_ROUTE_ORAL},
    {"chewable", NULL, MR_ROUTE_ORAL},
    {"effervescent", NULL, MR_ROUTE_ORAL},
};

/* Containers: they decide only when nothing else does. */
static const form_word containers[] = {
    {"vial", NULL, MR_ROUTE_PARENTERAL},       {"ampoule", NULL, MR_ROUTE_PARENTERAL},
    {"pre-filled", NULL, MR_ROUTE_PARENTERAL}, {"prefilled", NULL, MR_ROUTE_PARENTERAL},
    {"cartridge", NULL, MR_ROUTE_PARENTERAL},  {"pen", NULL, MR_ROUTE_PARENTERAL},
};

static const char *const release[] = {"modified-release",
                                      "prolonged-release",
                                      "extended-release",
                                      "sustained-release",
                                      "controlled-release",
                                      "modified",
                                      "prolonged",
                                      "extended",
                                      "sustained",
                                      "controlled",
                                      "mr",
                                      "sr",
                                      "xl",
                                      "xr",
                                      "er",
                                      "la",
                                      "cr",
                                      "retard"};
static const char *const said_of_form[] = {
    "gastro-resistant", "soluble",  "modified-release", "prolonged-release", "delayed", "modified",
    "prolonged",        "extended", "concentrate",      "preservative",      "sugar",   "m/r"};

/* tablet and tablets are one word; suppositories and the like stand in the tables. */
static bool same_word(mr_span word, const char *listed) {
    mr_span want = mr_span_of(listed);
    if (mr_span_eq(word, want)) return true;
    return word.len == want.len + 1 && word.ptr[want.len] == 's' && mr_span_starts(word, listed);
}

static const form_word *find_word(const form_word *list, size_t n, mr_span word) {
    for (size_t i = 0; i < n; i++)
        if (same_word(word, list[i].word)) return &list[i];
    return NULL;
}

bool mr_word_is_form(mr_span word) {
    return find_word(forms, COUNT(forms), word) || find_word(routes, COUNT(routes), word) ||
           find_word(containers, COUNT(containers), word) || among(word, said_of_form, COUNT(said_of_form));
}

/* The entry of the list that stands first in the list, of all that the text names. */
static const form_word *best_word(const form_word *list, size_t n, mr_span text) {
    const form_word *best = NULL;
    mr_span word;
    while (mr_word_next(&text, &word)) {
        const form_word *found = find_word(list, n, word);
        if (found && (!best || found < best)) best = found;
    }
    return best;
}

static bool says_modified_release(mr_span text) {
    mr_span word, before = MR_SPAN_NONE;
    while (mr_word_next(&text, &word)) {
        if (among(word, release, COUNT(release))) return true;
        if (mr_span_is(before, "m") && mr_span_is(word, "r")) return true;
        before = word;
    }
    return false;
}

static bool says(mr_span text, const char *want) {
    mr_span word;
    while (mr_word_next(&text, &word))
        if (same_word(word, want)) return true;
    return false;
}

void mr_shape_read(mr_span text, mr_shape *shape) {
    const form_word *form = best_word(forms, COUNT(forms), text);
    const form_word *route = best_word(routes, COUNT(routes), text);
    const form_word *container = best_word(containers, COUNT(containers), text);
    if (form) shape->form = mr_span_of(form->form);
    if (route) {
        shape->route = route->route;
    } else if (form && form->route != MR_ROUTE_UNKNOWN) {
        shape->route = form->route;
    } else if (container) {
        shape->route = container->route;
    }
    if (says_modified_release(text)) shape->modified_release = true;
    if (says(text, "soluble") || says(text, "effervescent")) shape->soluble = true;
    if (says(text, "intrauterine")) shape->intrauterine = true;
}

typedef struct unit_word {
    const char *word, *unit;
} unit_word;

bool mr_unit_read(mr_span text, mr_span *ret_unit, size_t *ret_len) {
    static const unit_word units[] = {
        {"million units", "million unit"},
        {"mega units", "million unit"},
        {"mega u", "million unit"},
        {"micrograms", "microgram"},
        {"microgram", "microgram"},
        {"microg", "microgram"},
        {"mcg", "microgram"},
        {"ug", "microgram"},
        {"nanograms", "nanogram"},
        {"nanogram", "nanogram"},
        {"milligrams", "mg"},
        {"milligram", "mg"},
        {"grams", "g"},
        {"gram", "g"},
        {"mg", "mg"},
        {"mls", "ml"},
        {"ml", "ml"},
        {"millilitres", "ml"},
        {"millilitre", "ml"},
        {"mmol", "mmol"},
        {"meq", "meq"},
        {"litres", "litre"},
        {"litre", "litre"},
        {"l", "litre"},
        {"international units", "unit"},
        {"units", "unit"},
        {"unit", "unit"},
        {"unt", "unit"},
        {"iu", "unit"},
        {"i.u.", "unit"},
        {"doses", "dose"},
        {"dose", "dose"},
        {"actuations", "dose"},
        {"actuation", "dose"},
        {"actuat", "dose"},
        {"puffs", "dose"},
        {"puff", "dose"},
        {"sprays", "dose"},
        {"spray", "dose"},
        {"application", "dose"},
        {"hours", "hour"},
        {"hour", "hour"},
        {"hrs", "hour"},
        {"hr", "hour"},
        {"h", "hour"},
        {"mbq", "MBq"},
        {"gbq", "GBq"},
        {"ppm", "ppm"},
        {"%", "%"},
        {"g", "g"},
        {"mol", "mol"},
        {"kg", "kg"},
        {"cm", "cm"},
        {"mm", "mm"},
        {"m", "m"},
    };
    for (size_t i = 0; i < COUNT(units); i++) {
        size_t n = mr_span_of(units[i].word).len;
        if (!mr_span_starts(text, units[i].word)) continue;
        if (n < text.len && text.ptr[n - 1] != '%' && text.ptr[n] >= 'a' && text.ptr[n] <= 'z') continue;
        *ret_unit = mr_span_of(units[i].unit);
        *ret_len = n;
        return true;
    }
    return false;
}

bool mr_words_no_medicine(mr_span text) {
    static const char *const phrases[] = {"dressing",
                                          "dressings",
                                          "bandage",
                                          "bandages",
                                          "catheter",
                                          "catheters",
                                          "lancet",
                                          "lancets",
                                          "needle",
                                          "needles",
                                          "test strip",
                                          "test strips",
                                          "testing strip",
                                          "testing strips",
                                          "reagent strip",
                                          "reagent strips",
                                          "testing reagents",
                                          "testing reagent",
                                          "insulin syringe",
                                          "insulin syringes",
                                          "stocking",
                                          "stockings",
                                          "hosiery",
                                          "compression",
                                          "garment",
                                          "truss",
                                          "stoma",
                                          "colostomy",
                                          "ileostomy",
                                          "urostomy",
                                          "leg bag",
                                          "leg bags",
                                          "drainage bag",
                                          "drainage bags",
                                          "night bag",
                                          "night bags",
                                          "incontinence",
                                          "gauze",
                                          "swab",
                                          "swabs",
                                          "lint",
                                          "surgical tape",
                                          "adhesive tape",
                                          "eye pad",
                                          "eye pads",
                                          "spacer",
                                          "spacers",
                                          "peak flow meter",
                                          "sharps bin",
                                          "sharps bins",
                                          "sharps container",
                                          "tubing",
                                          "blood glucose meter",
                                          "gluten free",
                                          "gluten-free",
                                          "low protein",
                                          "infant formula",
                                          "infant milk",
                                          "enteral feed",
                                          "tube feed",
                                          "sip feed",
                                          "food thickener",
                                          "thickening powder",
                                          "bread mix",
                                          "flour mix",
                                          "pasta",
                                          "biscuits",
                                          "ring pessary",
                                          "pessary ring",
                                          "contraceptive device",
                                          "diaphragm",
                                          "condom",
                                          "condoms",
                                          "vacuum pump",
                                          "wound drainage",
                                          "wound contact layer",
                                          "suspensory",
                                          "elasticated"};
    for (size_t i = 0; i < COUNT(phrases); i++) {
        mr_span want = mr_span_of(phrases[i]);
        for (size_t at = 0; at + want.len <= text.len; at++) {
            if (!mr_span_eq((mr_span){text.ptr + at, want.len}, want)) continue;
            bool starts = at == 0 || !is_word_byte(text.ptr[at - 1]);
            bool ends = at + want.len == text.len || !is_word_byte(text.ptr[at + want.len]);
            if (starts && ends) return true;
        }
    }
    return false;
}
