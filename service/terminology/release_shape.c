/* Form, route and release of a product from dm+d's FORM, ROUTE and ONT_FORM_ROUTE codes.
 *
 * Routes are closed tables: of SNOMED CT ids (sctid.c) and of the words behind the point in ONT_FORM_ROUTE. A route
 * that stands in none is unknown, and unknown counts as systemic. Forms are read from the names of the form codes with
 * the same words as product names, so that a form has one name wherever it comes from. */
#include "release_shape.h"

#include "medreview/base/utf8.h"

struct mr_release_shapes {
    mr_shape *forms; /* by row of forms, routes and onts */
    mr_route *routes;
    bool *no_route; /* "route of administration not applicable" says nothing */
    mr_shape *onts;
};

typedef struct route_word {
    const char *word;
    mr_route route;
} route_word;

static mr_route route_of_word(mr_span word) {
    static const route_word known[] = {
        {"oral", MR_ROUTE_ORAL},
        {"gastroenteral", MR_ROUTE_ORAL},
        {"buccal", MR_ROUTE_BUCCAL},
        {"sublingual", MR_ROUTE_BUCCAL},
        {"oromucosal", MR_ROUTE_BUCCAL},
        {"dental", MR_ROUTE_BUCCAL},
        {"gingival", MR_ROUTE_BUCCAL},
        {"rectal", MR_ROUTE_RECTAL},
        {"submucosalrectal", MR_ROUTE_RECTAL},
        {"subcutaneous", MR_ROUTE_PARENTERAL},
        {"intramuscular", MR_ROUTE_PARENTERAL},
        {"intramuscular-deep", MR_ROUTE_PARENTERAL},
        {"intravenous", MR_ROUTE_PARENTERAL},
        {"intraarterial", MR_ROUTE_PARENTERAL},
        {"intraarticular", MR_ROUTE_PARENTERAL},
        {"intrabursal", MR_ROUTE_PARENTERAL},
        {"intracardiac", MR_ROUTE_PARENTERAL},
        {"intracavernous", MR_ROUTE_PARENTERAL},
        {"intracerebroventricular", MR_ROUTE_PARENTERAL},
        {"intracoronary", MR_ROUTE_PARENTERAL},
        {"intradermal", MR_ROUTE_PARENTERAL},
        {"intradiscal", MR_ROUTE_PARENTERAL},
        {"intraepidermal", MR_ROUTE_PARENTERAL},
        {"intraglandular", MR_ROUTE_PARENTERAL},
        {"intralesional", MR_ROUTE_PARENTERAL},
        {"intraosseous", MR_ROUTE_PARENTERAL},
        {"intrapleural", MR_ROUTE_PARENTERAL},
        {"intrathecal", MR_ROUTE_PARENTERAL},
        {"intratumoral", MR_ROUTE_PARENTERAL},
        {"peritumoral", MR_ROUTE_PARENTERAL},
        {"epidural", MR_ROUTE_PARENTERAL},
        {"infiltration", MR_ROUTE_PARENTERAL},
        {"periarticular", MR_ROUTE_PARENTERAL},
        {"perineural", MR_ROUTE_PARENTERAL},
        {"regionalperfusion", MR_ROUTE_PARENTERAL},
        {"transdermal", MR_ROUTE_TRANSDERMAL},
        {"inhalation", MR_ROUTE_INHALED},
        {"endotracheopulmonary", MR_ROUTE_INHALED},
        {"nasal", MR_ROUTE_NASAL},
        {"endosinusial", MR_ROUTE_NASAL},
        {"ophthalmic", MR_ROUTE_EYE},
        {"opthalmic", MR_ROUTE_EYE}, /* as dm+d spells it in one row */
        {"ocular", MR_ROUTE_EYE},
        {"peribulbar ocular", MR_ROUTE_EYE},
        {"intraocular", MR_ROUTE_EYE},
        {"intracameral", MR_ROUTE_EYE},
        {"intravitreal", MR_ROUTE_EYE},
        {"subconjunctival", MR_ROUTE_EYE},
        {"subretinal", MR_ROUTE_EYE},
        {"auricular", MR_ROUTE_EAR},
        {"cutaneous", MR_ROUTE_CUTANEOUS},
        {"scalp", MR_ROUTE_CUTANEOUS},
        {"nail", MR_ROUTE_CUTANEOUS},
        {"bathadditive", MR_ROUTE_CUTANEOUS},
        {"epilesional", MR_ROUTE_CUTANEOUS},
        {"vaginal", MR_ROUTE_VAGINAL},
        {"intrauterine", MR_ROUTE_OTHER},
        {"intravesical", MR_ROUTE_OTHER},
        {"intraperitoneal", MR_ROUTE_OTHER},
        {"urethral", MR_ROUTE_OTHER},
        {"bodycavity", MR_ROUTE_OTHER},
        {"haemodialysis", MR_ROUTE_OTHER},
        {"haemofiltration", MR_ROUTE_OTHER},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (mr_span_is(word, known[i].word)) return known[i].route;
    return MR_ROUTE_UNKNOWN;
}

static bool contains(mr_span s, const char *word) {
    for (size_t i = 0; i < s.len; i++)
        if (mr_span_starts(mr_span_from(s, i), word)) return true;
    return false;
}

/* "tabletmodified-release.oral" */
static mr_shape shape_of_ont(mr_span name) {
    mr_span form, route;
    mr_shape s = {.route = MR_ROUTE_UNKNOWN};
    if (!mr_span_split(name, '.', &form, &route)) return s;
    s.route = route_of_word(route);
    s.modified_release = contains(form, "modified-release") || contains(form, "prolonged-release");
    s.intrauterine = contains(form, "intrauterine");
    return s;
}

mr_rc mr_release_shapes_new(mr_terminology *t, mr_release_shapes **ret, mr_error *err) {
    static const char not_applicable[] = "3594011000001102";
    const mr_dmd_release *r = t->release;
    mr_release_shapes *s = MR_NEW(t->arena, mr_release_shapes);
    if (!s || !(s->forms = MR_NEW_N(t->arena, mr_shape, r->n_forms)) ||
        !(s->routes = MR_NEW_N(t->arena, mr_route, r->n_routes)) ||
        !(s->no_route = MR_NEW_N(t->arena, bool, r->n_routes)) || !(s->onts = MR_NEW_N(t->arena, mr_shape, r->n_onts)))
        return mr_arena_why(t->arena, err);
    for (size_t i = 0; i < r->n_forms; i++) mr_name_shape(t, mr_dmd_name(r, r->forms[i].name), &s->forms[i]);
    for (size_t i = 0; i < r->n_routes; i++) {
        char buf[24];
        mr_span code = mr_term_digits(r->routes[i].code, buf);
        s->routes[i] = mr_route_of_code(code);
        s->no_route[i] = mr_span_is(code, not_applicable);
        if (s->routes[i] != MR_ROUTE_UNKNOWN || s->no_route[i]) continue;
        mr_span name = mr_dmd_name(r, r->routes[i].name);
        mr_rc rc =
            mr_term_tell(t, err, "route %s %.*s: not known, its products count as systemic", buf, MR_SPAN_ARG(name));
        if (rc != MR_OK) return rc;
    }
    for (size_t i = 0; i < r->n_onts; i++) s->onts[i] = shape_of_ont(mr_dmd_name(r, r->onts[i].name));
    *ret = s;
    return MR_OK;
}

static bool is_local(mr_route r) {
    return r == MR_ROUTE_EYE || r == MR_ROUTE_EAR || r == MR_ROUTE_CUTANEOUS || r == MR_ROUTE_VAGINAL;
}

/* Several routes of one product become one. Systemic use is what must not be missed: a systemic route beats local ones,
 * and two systemic ones leave it unknown, which counts as systemic and which the dosage may settle. Of local routes the
 * eye comes first, since the eye's products have names of their own. */
static mr_route join_routes(mr_route a, mr_route b) {
    if (a == b) return a;
    if (is_local(a) != is_local(b)) return is_local(a) ? b : a;
    if (!is_local(a)) return MR_ROUTE_UNKNOWN;
    if (a == MR_ROUTE_EYE || b == MR_ROUTE_EYE) return MR_ROUTE_EYE;
    return a < b ? a : b;
}

typedef struct joined {
    mr_route route;
    bool any;
} joined;

static void add_route(joined *j, mr_route r) {
    j->route = j->any ? join_routes(j->route, r) : r;
    j->any = true;
}

static joined coded_route(const mr_terminology *t, const mr_release_shapes *s, const mr_dmd_vmp *v) {
    joined j = {MR_ROUTE_UNKNOWN, false};
    for (size_t i = 0; i < v->n_routes; i++) {
        uint16_t row = t->release->vmp_routes[v->first_route + i];
        if (!s->no_route[row]) add_route(&j, s->routes[row]);
    }
    for (size_t i = 0; !v->n_routes && i < v->n_onts; i++)
        add_route(&j, s->onts[t->release->vmp_onts[v->first_ont + i]].route);
    return j;
}

/* dm+d calls gels and creams for a painful knee transdermal (gel.transdermal): all that is rubbed in counts as put on
 * the skin, unless its name says transdermal; finish.c knows the substances that act in the whole body all the same. */
static bool is_rubbed_in(mr_span form) {
    static const char *const forms[] = {"cream", "ointment", "gel",      "lotion", "liniment", "paste",   "paint",
                                        "foam",  "spray",    "solution", "liquid", "plaster",  "emulsion"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (mr_span_is(form, forms[i])) return true;
    return false;
}

mr_shape mr_release_shape_of(const mr_terminology *t, const mr_release_shapes *s, const mr_dmd_vmp *v,
                             const mr_shape *named) {
    mr_shape words = {.route = MR_ROUTE_UNKNOWN}, shape = {.route = MR_ROUTE_UNKNOWN};
    mr_span name = mr_dmd_name(t->release, v->name);
    mr_name_shape(t, name, &words);
    if (!named->form.ptr && named->route == MR_ROUTE_UNKNOWN) named = &words;
    if (v->form != MR_DMD_NO_WORD) shape = s->forms[v->form];
    for (size_t i = 0; i < v->n_onts; i++) {
        const mr_shape *ont = &s->onts[t->release->vmp_onts[v->first_ont + i]];
        shape.modified_release |= ont->modified_release;
        shape.intrauterine |= ont->intrauterine;
    }
    if (!shape.form.ptr) { /* no form, or one that has no name with us */
        shape.form = named->form;
        shape.modified_release |= named->modified_release;
    }
    shape.soluble |= named->soluble;
    shape.intrauterine |= named->intrauterine;
    joined route = coded_route(t, s, v);
    if (route.any)
        shape.route = route.route;
    else if (shape.route == MR_ROUTE_UNKNOWN)
        shape.route = named->route;
    if (shape.route == MR_ROUTE_TRANSDERMAL && is_rubbed_in(shape.form) && words.route != MR_ROUTE_TRANSDERMAL)
        shape.route = MR_ROUTE_CUTANEOUS;
    return shape;
}
