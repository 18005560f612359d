/* First round: drug groups of one file. Substances, and what else a product must be: route, form, release, strength,
 * company; and the ATC or BNF codes that bring products in by themselves. */
#include "decimal.h"
#include "pack_drafts.h"

#include "medreview/base/utf8.h"

/* ---- routes ---- */

static bool local_route(mr_route r) {
    switch (r) {
    case MR_ROUTE_INHALED:
    case MR_ROUTE_NASAL:
    case MR_ROUTE_EYE:
    case MR_ROUTE_EAR:
    case MR_ROUTE_CUTANEOUS:
    case MR_ROUTE_VAGINAL: return true;
    default: return false;
    }
}

static uint32_t systemic_routes(void) {
    uint32_t mask = 0;
    for (unsigned r = 0; r < MR_ROUTE_COUNT; r++)
        if (!local_route((mr_route)r)) mask |= 1u << r;
    return mask;
}

/* An unknown route counts as systemic; so it belongs to every group that names a systemic route, and to a group of
 * local products only where the group says so. */
static uint32_t read_routes(mr_pack *p, const mr_yaml *map, uint32_t otherwise) {
    uint32_t mask = 0;
    for (const mr_yaml *m = mr_value_list(p, map, "routes", NULL); m; m = m->next) {
        mr_route route;
        if (m->kind == MR_YAML_TEXT && mr_span_is(m->text, "systemic"))
            mask |= systemic_routes();
        else if (m->kind == MR_YAML_TEXT && mr_route_parse(m->text, &route))
            mask |= 1u << route;
        else
            mr_complain(p->complaints, m->at, "\"%.*s\" is no route", MR_SPAN_ARG(m->text));
    }
    if (!mask) return otherwise;
    if (mask & systemic_routes()) mask |= 1u << MR_ROUTE_UNKNOWN;
    return mask;
}

/* ---- words of closed lists ---- */

/* The words that dm+d's forms are made of, as far as a group may ask for them. */
static const char *const form_words[] = {
    "tablet",      "capsule",   "caplet",    "granules",     "powder",     "sachet",    "syrup",  "solution",
    "suspension",  "elixir",    "linctus",   "liquid",       "lozenge",    "pastille",  "film",   "gum",
    "chewing gum", "mouthwash", "paste",     "suppository",  "enema",      "pessary",   "cream",  "ointment",
    "gel",         "lotion",    "shampoo",   "patch",        "plaster",    "foam",      "spray",  "drops",
    "injection",   "infusion",  "implant",   "inhaler",      "inhalation", "nebuliser", "insert", "lyophilisate",
    "paint",       "liniment",  "collodion", "nail lacquer", NULL};
static const char *const strength_units[] = {"mg", "microgram", "nanogram", "g", "unit", "mmol", "ml", NULL};
static const char *const per_units[] = {"ml", "g", "hour", "dose", "litre", "cm", NULL};

/* Is the text one of the words? A complaint names the nearest. */
static bool is_one_of(mr_pack *p, const mr_yaml *m, const char *const *words, const char *what) {
    mr_span text = m->kind == MR_YAML_TEXT ? m->text : MR_SPAN("");
    const char *near = NULL;
    unsigned best = 3;
    for (const char *const *w = words; *w; w++) {
        if (mr_span_is(text, *w)) return true;
        unsigned d = mr_text_distance(text, mr_span_of(*w), 2);
        if (d < best) {
            best = d;
            near = *w;
        }
    }
    if (near)
        mr_complain(p->complaints, m->at, "\"%.*s\" is no %s; did you mean \"%s\"?", MR_SPAN_ARG(mr_utf8_cut(text, 60)),
                    what, near);
    else
        mr_complain(p->complaints, m->at, "\"%.*s\" is no %s", MR_SPAN_ARG(mr_utf8_cut(text, 60)), what);
    return false;
}

/* Texts of a list under `key`, each of them good; *v stays as it is when the key is missing. */
static void read_texts(mr_pack *p, const mr_yaml *map, const char *key, const char *const *words, const mr_span **v,
                       size_t *ret_n) {
    size_t n, kept = 0;
    const mr_yaml *m = mr_value_list(p, map, key, &n);
    if (!m) return;
    mr_span *texts = MR_NEW_N(p->arena, mr_span, n);
    if (!texts) {
        mr_pack_out_of_room(p);
        return;
    }
    for (; m; m = m->next) {
        if (words ? !is_one_of(p, m, words, "word of a form")
                  : m->kind != MR_YAML_TEXT || !mr_pack_is_substance(m->text)) {
            if (!words) mr_complain(p->complaints, m->at, "\"%s\" holds substances, in lower case", key);
            continue;
        }
        texts[kept++] = m->text;
    }
    *v = texts;
    *ret_n = kept;
}

/* ---- terms ---- */

static bool read_number(mr_pack *p, const mr_yaml *map, const char *key, double *ret) {
    mr_span text = mr_value_text(p, map, key);
    if (!text.ptr) return false;
    if (mr_decimal_parse(text, ret) && *ret > 0) return true;
    mr_complain(p->complaints, mr_yaml_get(map, key)->at, "\"%s\" is a number above 0, not \"%.*s\"", key,
                MR_SPAN_ARG(mr_utf8_cut(text, 60)));
    return false;
}

/* strength: {from: 50, to: 100, unit: microgram, per: hour} */
static void read_strength(mr_pack *p, const mr_yaml *map, mr_group_terms *t) {
    static const char *const keys[] = {"from", "to", "unit", "per", NULL};
    const mr_yaml *m = mr_yaml_get(map, "strength"), *unit, *per;
    if (!m || !mr_value_map(p, m, "a strength", keys)) return;
    t->from = t->to = t->per = 0;
    t->per_unit = MR_SPAN_NONE;
    bool from = read_number(p, m, "from", &t->from), to = read_number(p, m, "to", &t->to);
    if ((!from && !to) || (from && to && t->from > t->to))
        mr_complain(p->complaints, m->at, "a strength is from a number, to a number, or both, the smaller one first");
    unit = mr_yaml_get(m, "unit");
    per = mr_yaml_get(m, "per");
    if (!unit) mr_complain(p->complaints, m->at, "\"unit\" is missing");
    if (unit && is_one_of(p, unit, strength_units, "unit of a strength")) t->unit = unit->text;
    if (per && is_one_of(p, per, per_units, "unit that strengths are given per")) {
        t->per = 1;
        t->per_unit = per->text;
    }
}

static void read_release(mr_pack *p, const mr_yaml *map, mr_group_terms *t) {
    static const char *const names[] = {"modified", "immediate", NULL};
    static const mr_release releases[] = {MR_RELEASE_MODIFIED, MR_RELEASE_IMMEDIATE};
    const mr_yaml *m = mr_yaml_get(map, "release");
    int i = m ? mr_value_choice(p, m->at, mr_value_text(p, map, "release"), names, "release") : -1;
    if (i >= 0) t->release = releases[i];
}

static void read_unknown(mr_pack *p, const mr_yaml *map, mr_group_terms *t) {
    static const char *const names[] = {"counts", "does-not-count", NULL};
    const mr_yaml *m = mr_yaml_get(map, "unknown");
    int i = m ? mr_value_choice(p, m->at, mr_value_text(p, map, "unknown"), names, "answer") : -1;
    if (i >= 0) t->known_only = i == 1;
}

static bool asks_nothing(const mr_group_terms *t) {
    return !t->n_forms && t->release == MR_RELEASE_ANY && !t->unit.ptr && !t->n_not_with;
}

/* The terms of a group, or of one member: what it does not say is as in `base`. NULL: none. */
static const mr_group_terms *read_terms(mr_pack *p, const mr_yaml *map, const mr_group_terms *base) {
    static const char *const keys[] = {"forms", "release", "strength", "not_with", "unknown"};
    bool any = false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) any |= mr_yaml_get(map, keys[i]) != NULL;
    if (!any) return base;
    mr_group_terms *t = MR_NEW(p->arena, mr_group_terms);
    if (!t) {
        mr_pack_out_of_room(p);
        return base;
    }
    if (base) *t = *base;
    read_texts(p, map, "forms", form_words, &t->forms, &t->n_forms);
    read_texts(p, map, "not_with", NULL, &t->not_with, &t->n_not_with);
    read_release(p, map, t);
    read_strength(p, map, t);
    read_unknown(p, map, t);
    if (asks_nothing(t) && mr_yaml_get(map, "unknown"))
        mr_complain(p->complaints, mr_yaml_get(map, "unknown")->at,
                    "\"unknown\" says what becomes of products whose form, release or strength is asked for");
    return asks_nothing(t) ? NULL : t;
}

/* ---- members ---- */

static bool same_texts(const mr_span *a, size_t n_a, const mr_span *b, size_t n_b) {
    if (n_a != n_b) return false;
    for (size_t i = 0; i < n_a; i++)
        if (!mr_span_eq(a[i], b[i])) return false;
    return true;
}

static bool same_number(double a, double b) {
    return !(a < b) && !(b < a);
}

static bool same_terms(const mr_group_terms *a, const mr_group_terms *b) {
    if (a == b) return true;
    if (!a || !b) return false;
    return a->release == b->release && a->known_only == b->known_only && same_number(a->from, b->from) &&
           same_number(a->to, b->to) && same_number(a->per, b->per) && mr_span_eq(a->unit, b->unit) &&
           mr_span_eq(a->per_unit, b->per_unit) && same_texts(a->forms, a->n_forms, b->forms, b->n_forms) &&
           same_texts(a->not_with, a->n_not_with, b->not_with, b->n_not_with);
}

bool mr_pack_member_add(mr_group *g, mr_group_member member) {
    for (size_t i = 0; i < g->n_members; i++) {
        const mr_group_member *m = &g->members[i];
        if (mr_span_eq(m->substance, member.substance) && m->routes == member.routes &&
            same_terms(m->terms, member.terms))
            return false;
    }
    g->members[g->n_members++] = member;
    return true;
}

static bool read_member(mr_pack *p, const mr_yaml *m, const mr_group_member *base, mr_group_member *ret) {
    static const char *const keys[] = {"drug", "routes", "forms", "release", "strength", "not_with", "unknown", NULL};
    *ret = *base;
    ret->substance = m->text;
    if (m->kind != MR_YAML_TEXT) {
        if (!mr_value_map(p, m, "a group member", keys)) return false;
        ret->substance = mr_value_required(p, m, "drug");
        ret->routes = read_routes(p, m, base->routes);
        ret->terms = read_terms(p, m, base->terms);
        if (!ret->substance.ptr) return false;
    }
    if (mr_pack_is_substance(ret->substance)) return true;
    mr_complain(p->complaints, m->at, "\"%.*s\" is no substance: its name in lower case",
                MR_SPAN_ARG(mr_utf8_cut(ret->substance, 100)));
    return false;
}

static void read_members(mr_pack *p, const mr_yaml *map, const mr_group_member *base, mr_group *g) {
    size_t n;
    const mr_yaml *m = mr_value_list(p, map, "members", &n);
    g->members = MR_NEW_N(p->arena, mr_group_member, n ? n : 1);
    if (!g->members) {
        mr_pack_out_of_room(p);
        return;
    }
    for (; m; m = m->next) {
        mr_group_member member;
        if (read_member(p, m, base, &member) && !mr_pack_member_add(g, member))
            mr_complain(p->complaints, m->at, "\"%.*s\" stands twice in the group", MR_SPAN_ARG(member.substance));
    }
}

/* ---- code prefixes ---- */

/* ATC: a letter, two digits, two letters, two digits; as far as it goes. BNF: digits, then letters among them. */
static bool is_prefix(mr_span s, bool bnf) {
    if (s.len < (bnf ? 2 : 1) || s.len > (bnf ? 15 : 7)) return false;
    for (size_t i = 0; i < s.len; i++) {
        bool digit = s.ptr[i] >= '0' && s.ptr[i] <= '9', letter = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z';
        bool fits = bnf ? digit || (letter && i >= 7) : i == 0 || i == 3 || i == 4 ? letter : digit;
        if (!fits) return false;
    }
    return true;
}

static void read_prefixes(mr_pack *p, const mr_yaml *map, const mr_group_member *base, mr_group *g) {
    static const char *const keys[] = {"atc", "bnf"};
    const mr_yaml *lists[2];
    size_t n[2];
    for (size_t k = 0; k < 2; k++) lists[k] = mr_value_list(p, map, keys[k], &n[k]);
    if (!n[0] && !n[1]) return;
    g->prefixes = MR_NEW_N(p->arena, mr_group_prefix, n[0] + n[1]);
    if (!g->prefixes) {
        mr_pack_out_of_room(p);
        return;
    }
    for (size_t k = 0; k < 2; k++)
        for (const mr_yaml *m = lists[k]; m; m = m->next) {
            if (m->kind == MR_YAML_TEXT && is_prefix(m->text, k == 1))
                g->prefixes[g->n_prefixes++] =
                    (mr_group_prefix){.text = m->text, .bnf = k == 1, .routes = base->routes, .terms = base->terms};
            else
                mr_complain(p->complaints, m->at, "\"%.*s\" is no beginning of %s code",
                            MR_SPAN_ARG(mr_utf8_cut(m->text, 60)), k ? "a BNF" : "an ATC");
        }
}

/* ---- groups ---- */

static bool names_any(const mr_yaml *map, const char *const *keys) {
    for (; *keys; keys++)
        if (mr_yaml_get(map, *keys)) return true;
    return false;
}

static void read_group(mr_pack *p, const mr_yaml *m, mr_group *g) {
    static const char *const contents[] = {"members", "members_of", "atc", "bnf", NULL};
    static const char *const own[] = {"members", "atc", "bnf", NULL};
    static const char *const terms[] = {"routes", "forms", "release", "strength", "not_with", "unknown", NULL};
    g->name = m->key;
    g->source = mr_value_required(p, m, "source");
    g->title = mr_value_text(p, m, "title");
    (void)mr_value_text(p, m, "note"); /* for readers of the file; only its form is looked at */
    if (!names_any(m, contents)) mr_complain(p->complaints, m->at, "\"members\" is missing");
    if (!names_any(m, own) && names_any(m, terms))
        mr_complain(p->complaints, m->at,
                    "routes and the like are for the group's own members; what members_of brings keeps its own");
    mr_group_member base = {.routes = read_routes(p, m, systemic_routes()), .terms = read_terms(p, m, NULL)};
    read_members(p, m, &base, g);
    read_prefixes(p, m, &base, g);
}

void mr_pack_groups(mr_pack *p, const mr_yaml *node) {
    static const char *const keys[] = {"title",   "source",   "note",       "routes",  "forms",
                                       "release", "strength", "not_with",   "unknown", "atc",
                                       "bnf",     "members",  "members_of", "except",  NULL};
    if (!mr_pack_is_map(p, node, "groups")) return;
    for (const mr_yaml *m = node->first; m; m = m->next) {
        if (!mr_pack_named(p, m, "drug group") || !mr_value_map(p, m, "a drug group", keys)) continue;
        mr_group_draft d = {.head = {m->key, m->at}, .node = m};
        read_group(p, m, &d.group);
        MR_PACK_KEEP(p, groups, d, "drug group");
    }
}
