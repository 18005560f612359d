/* Tables of equivalents and checklists: what doses and facts come to. They use groups, concepts and the condition
 * language, so they are read in full when those are numbered; rules come after them. */
#include "decimal.h"
#include "names.h"
#include "pack_drafts.h"

#include "medreview/knowledge/knowledge.h"

#include <stdlib.h>

static void keep(mr_pack *p, const mr_yaml *node, const char *section, const char *what, bool checklist) {
    if (!mr_pack_is_map(p, node, section)) return;
    for (const mr_yaml *m = node->first; m; m = m->next) {
        if (!mr_pack_named(p, m, what)) continue;
        mr_measure_draft d = {.head = {m->key, m->at}, .node = m};
        if (checklist)
            MR_PACK_KEEP(p, checklists, d, what);
        else
            MR_PACK_KEEP(p, equivalents, d, what);
    }
}

void mr_pack_equivalents(mr_pack *p, const mr_yaml *node) {
    keep(p, node, "equivalents", "table of equivalents", false);
}

void mr_pack_checklists(mr_pack *p, const mr_yaml *node) {
    keep(p, node, "checklists", "checklist", true);
}

static int by_name(const void *a, const void *b) {
    return mr_span_cmp(((const mr_draft *)a)->name, ((const mr_draft *)b)->name);
}

/* A condition inside a measure; NULL after a complaint. */
static const mr_node *compile(mr_pack *p, const mr_yaml *at, mr_span text) {
    const mr_node *tree = NULL;
    mr_error err = {0};
    mr_rc rc = mr_expr_compile(p->rules, text, p->arena, &tree, NULL, &err);
    if (rc == MR_OK) return tree;
    if (rc == MR_MALFORMED)
        mr_complain(p->complaints, at->at, "%s:%s", at->key.ptr ? "condition" : "", err.text);
    else
        mr_pack_out_of_room(p);
    return NULL;
}

/* ---- equivalents ---- */

static const mr_set *read_set(mr_pack *p, const mr_yaml *map) {
    mr_span text = mr_value_required(p, map, "of");
    if (!text.ptr) return NULL;
    mr_span whole = mr_arena_printf(p->arena, "taking(%.*s)", MR_SPAN_ARG(text));
    const mr_node *n = whole.ptr ? compile(p, mr_yaml_get(map, "of"), whole) : NULL;
    if (!n || n->set) return n ? n->set : NULL;
    mr_set_term *term = MR_NEW(p->arena, mr_set_term);
    mr_set *set = MR_NEW(p->arena, mr_set);
    if (!term || !set) {
        mr_pack_out_of_room(p);
        return NULL;
    }
    term->group = n->group;
    *set = (mr_set){term, 1};
    return set;
}

static uint32_t read_routes(mr_pack *p, const mr_yaml *map) {
    uint32_t routes = 0;
    for (const mr_yaml *r = mr_value_list(p, map, "routes", NULL); r; r = r->next) {
        mr_route route;
        if (r->kind == MR_YAML_TEXT && mr_route_parse(r->text, &route))
            routes |= 1u << route;
        else
            mr_complain(p->complaints, r->at, "\"%.*s\" is no route", MR_SPAN_ARG(r->text));
    }
    if (!routes) mr_complain(p->complaints, map->at, "a factor names its routes");
    return routes;
}

static void read_factor(mr_pack *p, const mr_yaml *m, mr_equivalent *e) {
    static const char *const keys[] = {"drug", "routes", "factor", NULL};
    if (!mr_value_map(p, m, "a factor", keys)) return;
    mr_equivalent_factor f = {.substance = mr_value_required(p, m, "drug"), .routes = read_routes(p, m)};
    mr_span factor = mr_value_required(p, m, "factor");
    if (factor.ptr && (!mr_decimal_parse(factor, &f.factor) || !(f.factor > 0)))
        mr_complain(p->complaints, m->at, "\"factor\" is a number above 0");
    for (size_t i = 0; i < e->n_factors; i++)
        if (mr_span_eq(e->factors[i].substance, f.substance) && (e->factors[i].routes & f.routes))
            mr_complain(p->complaints, m->at, "\"%.*s\" has a second factor for a route", MR_SPAN_ARG(f.substance));
    e->factors[e->n_factors++] = f;
}

static void read_equivalent(mr_pack *p, const mr_measure_draft *d, mr_equivalent *e) {
    static const char *const keys[] = {"title", "version", "source", "licence", "note", "of", "unit", "factors", NULL};
    size_t n = 0;
    e->name = d->head.name;
    if (!mr_value_map(p, d->node, "a table of equivalents", keys)) return;
    e->title = mr_value_required(p, d->node, "title");
    e->version = mr_value_required(p, d->node, "version");
    e->source = mr_value_required(p, d->node, "source");
    e->unit = mr_value_required(p, d->node, "unit");
    e->of = read_set(p, d->node);
    const mr_yaml *m = mr_value_list(p, d->node, "factors", &n);
    e->factors = MR_NEW_N(p->arena, mr_equivalent_factor, n ? n : 1);
    if (!e->factors) {
        mr_pack_out_of_room(p);
        return;
    }
    if (!m) mr_complain(p->complaints, d->head.at, "\"factors\" is missing");
    for (; m; m = m->next) read_factor(p, m, e);
}

static void number_equivalents(mr_pack *p) {
    size_t n = p->equivalents.n;
    if (n) qsort(p->equivalents.v, n, sizeof *p->equivalents.v, by_name);
    mr_equivalent *v = MR_NEW_N(p->arena, mr_equivalent, n ? n : 1);
    if (!v) {
        mr_pack_out_of_room(p);
        return;
    }
    for (size_t i = 0; i < n; i++) read_equivalent(p, &p->equivalents.v[i], &v[i]);
    p->rules->equivalents = v;
    p->rules->n_equivalents = n;
}

/* ---- checklists ---- */

static void read_checklist(mr_pack *p, const mr_measure_draft *d, mr_checklist *c) {
    static const char *const keys[] = {"title", "source", "note", "items", NULL}, *const item[] = {"points", "when",
                                                                                                   NULL};
    size_t n = 0;
    c->name = d->head.name;
    if (!mr_value_map(p, d->node, "a checklist", keys)) return;
    c->title = mr_value_required(p, d->node, "title");
    c->source = mr_value_required(p, d->node, "source");
    const mr_yaml *m = mr_value_list(p, d->node, "items", &n);
    const mr_node **items = MR_NEW_N(p->arena, const mr_node *, n ? n : 1);
    double *points = MR_NEW_N(p->arena, double, n ? n : 1);
    if (!items || !points) {
        mr_pack_out_of_room(p);
        return;
    }
    if (!m) mr_complain(p->complaints, d->head.at, "\"items\" is missing");
    for (; m; m = m->next) {
        mr_span text = mr_value_map(p, m, "an item", item) ? mr_value_required(p, m, "when") : MR_SPAN_NONE;
        mr_span worth = text.ptr ? mr_value_required(p, m, "points") : MR_SPAN_NONE;
        const mr_node *tree = worth.ptr ? compile(p, m, text) : NULL;
        if (!tree) continue;
        if (!mr_decimal_parse(worth, &points[c->n_items]) || !(points[c->n_items] > 0))
            mr_complain(p->complaints, m->at, "\"points\" is a number above 0");
        items[c->n_items++] = tree;
    }
    c->items = items;
    c->points = points;
}

/* By name: one may ask for another that comes before it in the alphabet. */
static void number_checklists(mr_pack *p) {
    size_t n = p->checklists.n;
    if (n) qsort(p->checklists.v, n, sizeof *p->checklists.v, by_name);
    p->rules->checklists = MR_NEW_N(p->arena, mr_checklist, n ? n : 1);
    if (!p->rules->checklists) {
        mr_pack_out_of_room(p);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        mr_checklist c = {.name = MR_SPAN_NONE};
        read_checklist(p, &p->checklists.v[i], &c);
        p->rules->checklists[i] = c;
        p->rules->n_checklists = i + 1;
    }
}

void mr_pack_number_measures(mr_pack *p) {
    number_equivalents(p);
    if (p->rc == MR_OK) number_checklists(p);
}
