/* What is in the made-up release. */
#include "dmd_model.h"

#include "medreview/terminology/terminology.h"

#include <stdlib.h>
#include <string.h>

/* --- words: those that our products use have their real codes; the rest fill up the tables ---- */

static const dmd_word units[] = {{258684004, "mg"},    {258685003, "microgram"}, {258682000, "gram"},
                                 {258773002, "ml"},    {258702006, "hour"},      {3317411000001100, "dose"},
                                 {428673006, "tablet"}};
enum { MG, MICROGRAM, GRAM, ML, HOUR, DOSE, TABLET, NO_UNIT = 255 };
static const dmd_word routes[] = {
    {26643006, "Oral"},        {34206005, "Subcutaneous"}, {18679011000001101, "Inhalation"},
    {45890007, "Transdermal"}, {6064005, "Cutaneous"},     {54485002, "Ocular"},
    {37161004, "Rectal"},      {46713006, "Nasal"},        {37839007, "Sublingual"},
    {47625008, "Intravenous"}, {78421000, "Intramuscular"}};
enum {
    ORAL,
    SUBCUTANEOUS,
    INHALATION,
    TRANSDERMAL,
    CUTANEOUS,
    OCULAR,
    RECTAL,
    NASAL,
    SUBLINGUAL,
    INTRAVENOUS,
    INTRAMUSCULAR
};
static const char *const forms[] = {"Tablet",
                                    "Capsule",
                                    "Modified-release tablet",
                                    "Oral solution",
                                    "Oral suspension",
                                    "Cream",
                                    "Gel",
                                    "Ointment",
                                    "Eye drops",
                                    "Solution for injection",
                                    "Pressurised inhalation",
                                    "Suppository",
                                    "Transdermal patch",
                                    "Nasal spray",
                                    "Effervescent tablet",
                                    "Sublingual tablet"};
static const char *const onts[] = {"tablet.oral",
                                   "capsule.oral",
                                   "tablet.modified-release.oral",
                                   "solution.oral",
                                   "suspension.oral",
                                   "cream.cutaneous",
                                   "gel.cutaneous",
                                   "ointment.cutaneous",
                                   "solutiondrops.ophthalmic",
                                   "solutioninjection.intravenous",
                                   "pressurizedinhalation.inhalation",
                                   "suppository.rectal",
                                   "patch.transdermal",
                                   "spray.nasal",
                                   "tableteffervescent.oral",
                                   "tablet.sublingual"};
const dmd_shape dmd_shapes[] = {
    {"mg tablets", 0, ORAL, 0, MG, NO_UNIT, 1},
    {"mg tablets", 0, ORAL, 0, MG, NO_UNIT, 1}, /* twice: as common as they are */
    {"mg capsules", 1, ORAL, 1, MG, NO_UNIT, 1},
    {"mg modified-release tablets", 2, ORAL, 2, MG, NO_UNIT, 1},
    {"mg/5ml oral solution", 3, ORAL, 3, MG, ML, 5},
    {"mg/5ml oral suspension sugar free", 4, ORAL, 4, MG, ML, 5},
    {"mg/1g cream", 5, CUTANEOUS, 5, MG, GRAM, 1},
    {"mg/1g gel", 6, CUTANEOUS, 6, MG, GRAM, 1},
    {"mg/1g ointment", 7, CUTANEOUS, 7, MG, GRAM, 1},
    {"mg/1ml eye drops 0.5ml unit dose preservative free", 8, OCULAR, 8, MG, ML, 1},
    {"mg/2ml solution for injection ampoules", 9, INTRAVENOUS, 9, MG, ML, 2},
    {"micrograms/dose inhaler CFC free", 10, INHALATION, 10, MICROGRAM, DOSE, 1},
    {"mg suppositories", 11, RECTAL, 11, MG, NO_UNIT, 1},
    {"micrograms/hour transdermal patches", 12, TRANSDERMAL, 12, MICROGRAM, HOUR, 1},
    {"micrograms/dose nasal spray", 13, NASAL, 13, MICROGRAM, DOSE, 1},
    {"mg effervescent tablets sugar free", 14, ORAL, 14, MG, NO_UNIT, 1},
};
enum { SHAPES = sizeof dmd_shapes / sizeof dmd_shapes[0] };

/* --- chance, ids, texts ---- */

uint64_t dmd_next(dmd_model *m) { /* splitmix64 */
    uint64_t z = m->chance += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static size_t below(dmd_model *m, size_t n) {
    return (size_t)(dmd_next(m) % n);
}

/* The first of many are far more common than the last. */
static size_t skewed(dmd_model *m, size_t n) {
    double u = (double)(dmd_next(m) >> 11) * 0x1p-53;
    return (size_t)(u * u * (double)n);
}

uint64_t dmd_id(uint64_t item, bool uk) {
    for (unsigned check = 0; check < 10; check++) {
        char text[32];
        int n = snprintf(text, sizeof text, uk ? "%llu100000110%u" : "%llu00%u", (unsigned long long)item, check);
        if (mr_sctid_valid((mr_span){text, (size_t)n})) return strtoull(text, NULL, 10);
    }
    abort();
}

static char *text(const char *s) {
    char *p = strdup(s);
    if (!p) abort();
    return p;
}

static void words_fill(dmd_word *v, size_t n, size_t have, const char *what, uint64_t item) {
    for (size_t i = have; i < n; i++) {
        v[i].code = item ? dmd_id(item + i, true) : i + 1;
        (void)snprintf(v[i].name, sizeof v[i].name, "%s %zu", what, i);
    }
}

static void words(dmd_model *m) {
    static const char *const first[] = {"Alder", "Birch", "Cedar", "Dogwood", "Elm",
                                        "Fir",   "Gorse", "Hazel", "Juniper"};
    static const char *const second[] = {"Pharma",    "Healthcare",        "Medical Supplies", "Laboratories",
                                         "& Company", "Generics (Europe)", "Specials"};
    static const char *const last[] = {"Ltd", "(UK) Ltd", "plc", "Holdings Ltd"};
    memcpy(m->units, units, sizeof units);
    memcpy(m->routes, routes, sizeof routes);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        m->forms[i].code = dmd_id(385000 + i, false);
        m->onts[i].code = i + 1;
        (void)snprintf(m->forms[i].name, sizeof m->forms[i].name, "%s", forms[i]);
        (void)snprintf(m->onts[i].name, sizeof m->onts[i].name, "%s", onts[i]);
    }
    words_fill(m->units, DMD_UNITS, sizeof units / sizeof units[0], "unit", 500000);
    words_fill(m->routes, DMD_ROUTES, sizeof routes / sizeof routes[0], "Route", 510000);
    words_fill(m->forms, DMD_FORMS, sizeof forms / sizeof forms[0], "Form", 520000);
    words_fill(m->onts, DMD_ONTS, sizeof onts / sizeof onts[0], "form.route", 0);
    for (size_t i = 0; i < DMD_SUPPLIERS; i++) {
        m->suppliers[i].code = dmd_id(530000 + i, true);
        (void)snprintf(m->suppliers[i].name, sizeof m->suppliers[i].name, "%s %zu %s %s", first[i % 9], i,
                       second[i % 7], last[i % 4]);
    }
}

/* --- substances and moieties, of our table ---- */

typedef struct keys {
    char **names;
    uint64_t *vtms, *isids; /* 0: none given */
    size_t n;
} keys;

static bool key_read(keys *k, char *line) {
    char *field[11] = {line};
    size_t n = 1;
    for (char *p = line; *p && n < 11; p++)
        if (*p == '\t') *p = 0, field[n++] = p + 1;
    if (line[0] == '#' || n < 9 || strcmp(line, "key") == 0 || field[8][0] ||
        !strchr("abcdefghijklmnopqrstuvwxyz", *line))
        return false;
    k->names[k->n] = text(field[0]);
    k->names[k->n][0] = (char)(k->names[k->n][0] - 'a' + 'A');
    k->vtms[k->n] = strtoull(field[2], NULL, 10);
    k->isids[k->n++] = strtoull(field[4], NULL, 10);
    return true;
}

static bool keys_read(const char *path, keys *ret) {
    enum { MOST = 4096 };
    char *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "r");
    *ret =
        (keys){calloc(MOST, sizeof *ret->names), calloc(MOST, sizeof *ret->vtms), calloc(MOST, sizeof *ret->isids), 0};
    while (f && ret->names && ret->vtms && ret->isids && ret->n < MOST && getline(&line, &room, f) > 0)
        (void)key_read(ret, line);
    free(line);
    if (f) (void)fclose(f);
    return ret->n > 0;
}

static bool has(const dmd_thing *v, size_t n, uint64_t id) {
    for (size_t i = 0; i < n; i++)
        if (v[i].id == id) return true;
    return false;
}

/* `given` when it is one that nobody has, else made up. */
static void thing_set(dmd_thing *v, size_t i, const char *name, uint64_t given, uint64_t item) {
    v[i].name = text(name);
    v[i].id = given && !has(v, i, given) ? given : dmd_id(item + i, i % 2);
}

static void substances(dmd_model *m, const keys *k) {
    static const char *const salts[] = {"hydrochloride", "sodium",  "maleate",  "sulfate",
                                        "acetate",       "citrate", "potassium"};
    char name[256];
    for (size_t i = 0; i < DMD_INGS; i++) {
        size_t of = i % k->n;
        (void)snprintf(name, sizeof name, i < k->n ? "%s" : "%s %s", k->names[of], salts[i / k->n % 7]);
        thing_set(m->ings, i, name, i < k->n ? k->isids[of] : 0, 600000);
    }
    for (size_t i = 0; i < DMD_VTMS; i++) {
        size_t of = i % k->n, other = (i * 7 + 1) % k->n;
        (void)snprintf(name, sizeof name, i < k->n ? "%s" : "%s + %s", k->names[of], k->names[other]);
        thing_set(m->vtms, i, name, i < k->n ? k->vtms[of] : 0, 700000);
        m->vtm_ings[i][0] = (uint32_t)of;
        m->vtm_ings[i][1] = i < k->n ? UINT32_MAX : (uint32_t)other;
    }
}

/* --- products ---- */

static void part_set(dmd_model *m, dmd_product *p, uint32_t substance, uint32_t strength) {
    const dmd_shape *s = &dmd_shapes[p->shape];
    (void)m;
    p->parts[p->n_parts++] = (dmd_vpi){substance, strength * 1000 / s->per, s->unit, s->per_unit};
}

static void product_name(dmd_product *p, const char *first, uint32_t one, const char *second, uint32_t two) {
    const dmd_shape *s = &dmd_shapes[p->shape];
    char name[512];
    if (second)
        (void)snprintf(name, sizeof name, "%s %umg / %s %u%s", first, (unsigned)one, second, (unsigned)two, s->ending);
    else
        (void)snprintf(name, sizeof name, "%s %u%s", first, (unsigned)one, s->ending);
    p->t.name = text(name);
}

/* The first have two ingredients, the last none (foods, dressings): so that all VPI rows are used up. */
static void products(dmd_model *m, size_t n_keys) {
    static const uint32_t strengths[] = {1,   2,   5,   10,  15,  20,  25,  40,  50,  75,
                                         100, 150, 200, 250, 300, 400, 500, 750, 1000};
    const size_t without = DMD_VMPS - DMD_FORM_ROWS, twice = DMD_VPIS - (DMD_VMPS - without);
    for (size_t i = 0; i < DMD_VMPS; i++) {
        dmd_product *p = &m->vmps[i];
        uint32_t one = strengths[below(m, 19)], two = strengths[below(m, 19)];
        p->t.id = dmd_id(1000000 + i * 7 + below(m, 7), below(m, 4) != 0);
        p->shape = (uint8_t)below(m, SHAPES);
        p->vtm = (uint32_t)(i < twice ? n_keys + below(m, DMD_VTMS - n_keys) : skewed(m, n_keys));
        if (i >= DMD_VMPS - without) {
            char name[96];
            (void)snprintf(name, sizeof name, "Generic Madefood %zu liquid feed and dressing", i);
            p->t.name = text(name);
            p->vtm = UINT32_MAX;
            continue;
        }
        const uint32_t *of = m->vtm_ings[p->vtm];
        part_set(m, p, of[0], one);
        if (of[1] != UINT32_MAX) part_set(m, p, of[1], two);
        product_name(p, m->ings[of[0]].name, one, of[1] == UINT32_MAX ? NULL : m->ings[of[1]].name, two);
    }
}

static void brand_name(dmd_model *m, size_t i, const dmd_product *p, char *name, size_t room) {
    static const char *const syllables[] = {"al", "be", "co",  "dex", "fen", "gly",
                                            "lo", "mi", "nor", "pra", "tri", "zo"};
    (void)snprintf(
        name, room, "%s%s%s%zu %u%s", syllables[below(m, 12)], syllables[below(m, 12)], syllables[below(m, 12)], i,
        (unsigned)(p->n_parts ? p->parts[0].value * dmd_shapes[p->shape].per / 1000 : 1), dmd_shapes[p->shape].ending);
    name[0] = (char)(name[0] - 'a' + 'A');
}

static void suppliers_products(dmd_model *m) {
    for (size_t i = 0; i < DMD_AMPS; i++) {
        size_t vmp = i < DMD_VMPS ? i : skewed(m, DMD_VMPS); /* every VMP has one */
        const dmd_product *p = &m->vmps[vmp];
        m->amps[i].id = dmd_id(4000000 + i * 5 + below(m, 5), true);
        m->amp_vmps[i] = (uint32_t)vmp;
        m->amp_suppliers[i] = (uint16_t)below(m, DMD_SUPPLIERS);
        m->amps[i].name = p->t.name;
        if (i >= DMD_VMPS && below(m, 5) == 0) {
            char name[256];
            brand_name(m, i, p, name, sizeof name);
            m->amps[i].name = text(name);
        }
    }
}

dmd_model *dmd_model_make(uint64_t seed, const char *substances_tsv) {
    keys k;
    dmd_model *m = calloc(1, sizeof *m);
    if (!m || !keys_read(substances_tsv, &k) || k.n >= DMD_VTMS) return NULL;
    m->chance = seed;
    words(m);
    substances(m, &k);
    products(m, k.n);
    suppliers_products(m);
    return m;
}
