/* First round: drug groups, harms, scales and concepts of one file, as drafts. */
#include "decimal.h"
#include "pack.h"

#include <stdlib.h>
#include <string.h>

void *mr_pack_same(mr_pack *p, void *items, size_t n, size_t size, mr_span name, mr_place at, const char *what,
                   bool *ret_double) {
    for (size_t i = 0; i < n; i++) {
        mr_draft *old = (mr_draft *)(void *)((char *)items + i * size);
        if (!mr_span_eq(old->name, name)) continue;
        *ret_double = !at.site || old->at.site;
        if (*ret_double)
            mr_complain(p->complaints, at, "%s \"%.*s\" stands twice; first in %.*s:%u", what, MR_SPAN_ARG(name),
                        MR_SPAN_ARG(old->at.file), old->at.line);
        return old;
    }
    *ret_double = false;
    return NULL;
}

/* Adds a draft, or writes it over the shipped one of the same name. */
#define KEEP(p, list, draft, what)                                                                                     \
    do {                                                                                                               \
        bool is_double;                                                                                                \
        void *old = mr_pack_same((p), (p)->list.v, (p)->list.n, sizeof *(p)->list.v, (draft).head.name,                \
                                 (draft).head.at, (what), &is_double);                                                 \
        if (!old) {                                                                                                    \
            if (!MR_PUSH((p)->arena, (p)->list.v, (p)->list.n, (p)->list.cap, (draft))) mr_pack_out_of_room(p);        \
        } else if (!is_double) {                                                                                       \
            memcpy(old, &(draft), sizeof(draft));                                                                      \
        }                                                                                                              \
    } while (0)

static bool named(mr_pack *p, const mr_yaml *m, const char *what) {
    if (mr_value_is_name(m->key)) return true;
    mr_complain(p->complaints, m->at, "\"%.*s\" is no name of a %s: lower case letters, digits and hyphens",
                MR_SPAN_ARG(m->key), what);
    return false;
}

static bool is_map(mr_pack *p, const mr_yaml *node, const char *section) {
    if (node->kind == MR_YAML_MAP) return true;
    mr_complain(p->complaints, node->at, "\"%s\" is a map of names, not %s", section, mr_yaml_kind_text(node->kind));
    return false;
}

/* ---- groups ---- */

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

static bool is_substance(mr_span s) {
    if (s.len == 0 || s.len > 100) return false;
    for (size_t i = 0; i < s.len; i++)
        if ((s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') || s.ptr[i] == '\n') return false;
    return true;
}

static bool read_member(mr_pack *p, const mr_yaml *m, uint32_t routes, mr_group_member *ret) {
    static const char *const keys[] = {"drug", "routes", NULL};
    mr_span name = m->text;
    if (m->kind != MR_YAML_TEXT) {
        if (!mr_value_map(p, m, "a group member", keys)) return false;
        name = mr_value_required(p, m, "drug");
        routes = read_routes(p, m, routes);
        if (!name.ptr) return false;
    }
    if (!is_substance(name)) {
        mr_complain(p->complaints, m->at, "\"%.*s\" is no substance: its name in lower case", MR_SPAN_ARG(name));
        return false;
    }
    *ret = (mr_group_member){.substance = name, .routes = routes};
    return true;
}

static void read_members(mr_pack *p, const mr_yaml *map, mr_group *g) {
    size_t n;
    const mr_yaml *m = mr_value_list(p, map, "members", &n);
    if (!m) mr_complain(p->complaints, map->at, "\"members\" is missing");
    uint32_t routes = read_routes(p, map, systemic_routes());
    g->members = MR_NEW_N(p->arena, mr_group_member, n ? n : 1);
    if (!g->members) {
        mr_pack_out_of_room(p);
        return;
    }
    for (; m; m = m->next) {
        mr_group_member member;
        if (!read_member(p, m, routes, &member)) continue;
        bool twice = false;
        for (size_t i = 0; i < g->n_members; i++) twice |= mr_span_eq(g->members[i].substance, member.substance);
        if (twice)
            mr_complain(p->complaints, m->at, "\"%.*s\" stands twice in the group", MR_SPAN_ARG(member.substance));
        else
            g->members[g->n_members++] = member;
    }
}

void mr_pack_groups(mr_pack *p, const mr_yaml *node) {
    static const char *const keys[] = {"source", "note", "routes", "members", NULL};
    if (!is_map(p, node, "groups")) return;
    for (const mr_yaml *m = node->first; m; m = m->next) {
        if (!named(p, m, "drug group") || !mr_value_map(p, m, "a drug group", keys)) continue;
        mr_group_draft d = {.head = {m->key, m->at}, .group = {.name = m->key}};
        d.group.source = mr_value_required(p, m, "source");
        (void)mr_value_text(p, m, "note"); /* for readers of the file; only its form is looked at */
        read_members(p, m, &d.group);
        KEEP(p, groups, d, "drug group");
    }
}

/* ---- harms ---- */

void mr_pack_harms(mr_pack *p, const mr_yaml *node) {
    static const char *const keys[] = {"title", "meaning", "actcode", "lane", "folds", "posts", NULL};
    static const char *const lanes[] = {"safety", "monitoring", "omission", "burden", NULL};
    if (!is_map(p, node, "harms")) return;
    for (const mr_yaml *m = node->first; m; m = m->next) {
        if (!named(p, m, "harm") || !mr_value_map(p, m, "a harm", keys)) continue;
        mr_harm_draft d = {.head = {m->key, m->at}, .harm = {.key = m->key}};
        d.harm.title = mr_value_required(p, m, "title");
        d.harm.meaning = mr_value_required(p, m, "meaning");
        d.harm.actcode = mr_value_text(p, m, "actcode");
        d.harm.lane = mr_value_required(p, m, "lane");
        (void)mr_value_choice(p, m->at, d.harm.lane, lanes, "lane");
        d.harm.folds = mr_value_yes(p, m, "folds", false);
        d.harm.posts = mr_value_yes(p, m, "posts", !mr_span_is(d.harm.lane, "burden"));
        KEEP(p, harms, d, "harm");
    }
}

/* ---- scales ---- */

static int by_substance(const void *a, const void *b) {
    return mr_span_cmp(((const mr_score *)a)->substance, ((const mr_score *)b)->substance);
}

static void read_scores(mr_pack *p, const mr_yaml *map, mr_scale *scale) {
    const mr_yaml *scores = mr_yaml_get(map, "scores");
    if (!scores || scores->kind != MR_YAML_MAP || !scores->n) {
        mr_complain(p->complaints, map->at, "\"scores\" is a map of substances and points");
        return;
    }
    scale->scores = MR_NEW_N(p->arena, mr_score, scores->n);
    if (!scale->scores) {
        mr_pack_out_of_room(p);
        return;
    }
    for (const mr_yaml *m = scores->first; m; m = m->next) {
        double points;
        if (m->kind == MR_YAML_TEXT && mr_decimal_parse(m->text, &points) && points >= 0 && is_substance(m->key))
            scale->scores[scale->n_scores++] = (mr_score){m->key, points};
        else
            mr_complain(p->complaints, m->at,
                        "a score is a substance in lower case and its points, such as \"oxybutynin: 3\"");
    }
    qsort(scale->scores, scale->n_scores, sizeof(mr_score), by_substance);
}

void mr_pack_scales(mr_pack *p, const mr_yaml *node) {
    static const char *const keys[] = {"default", "version", "source", "licence", "scores", NULL};
    if (!is_map(p, node, "scales")) return;
    for (const mr_yaml *m = node->first; m; m = m->next) {
        if (!named(p, m, "scale") || !mr_value_map(p, m, "a scale", keys)) continue;
        mr_scale_draft d = {.head = {m->key, m->at}, .scale = {.name = m->key}};
        d.is_default = mr_value_yes(p, m, "default", false);
        d.scale.version = mr_value_required(p, m, "version");
        d.scale.source = mr_value_required(p, m, "source");
        (void)mr_value_text(p, m, "licence");
        read_scores(p, m, &d.scale);
        KEEP(p, scales, d, "scale");
    }
}

/* ---- concepts ---- */

void mr_pack_concepts(mr_pack *p, const mr_yaml *node) {
    static const char *const keys[] = {"name", "set", "note", "members", NULL};
    static const char *const sets[] = {"core", "full", NULL};
    if (!is_map(p, node, "concepts")) return;
    for (const mr_yaml *m = node->first; m; m = m->next) {
        if (!named(p, m, "concept") || !mr_value_map(p, m, "a concept", keys)) continue;
        mr_concept_draft d = {.head = {m->key, m->at}};
        d.title = mr_value_required(p, m, "name");
        (void)mr_value_text(p, m, "note");
        (void)mr_value_choice(p, m->at, mr_value_required(p, m, "set"), sets, "set");
        d.members = mr_value_list(p, m, "members", NULL);
        KEEP(p, concepts, d, "concept");
    }
}
