/* First round: harms, scales and concepts of one file, as drafts. Drug groups: pack_groups.c. */
#include "decimal.h"
#include "pack_drafts.h"

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

bool mr_pack_named(mr_pack *p, const mr_yaml *m, const char *what) {
    if (mr_value_is_name(m->key)) return true;
    mr_complain(p->complaints, m->at, "\"%.*s\" is no name of a %s: lower case letters, digits and hyphens",
                MR_SPAN_ARG(m->key), what);
    return false;
}

bool mr_pack_is_map(mr_pack *p, const mr_yaml *node, const char *section) {
    if (node->kind == MR_YAML_MAP) return true;
    mr_complain(p->complaints, node->at, "\"%s\" is a map of names, not %s", section, mr_yaml_kind_text(node->kind));
    return false;
}

static bool is_capital(mr_span s, size_t i) {
    return i < s.len && s.ptr[i] >= 'A' && s.ptr[i] <= 'Z';
}

bool mr_pack_is_substance(mr_span s) {
    if (s.len == 0 || s.len > 100 || is_capital(s, 0)) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\n') return false;
        if (is_capital(s, i) && !is_capital(s, i + 1) && !is_capital(s, i - 1)) return false;
    }
    return true;
}

/* ---- harms ---- */

void mr_pack_harms(mr_pack *p, const mr_yaml *node) {
    static const char *const keys[] = {"title", "meaning", "actcode", "lane", "folds", "posts", NULL};
    static const char *const lanes[] = {"safety", "monitoring", "omission", "burden", NULL};
    if (!mr_pack_is_map(p, node, "harms")) return;
    for (const mr_yaml *m = node->first; m; m = m->next) {
        if (!mr_pack_named(p, m, "harm") || !mr_value_map(p, m, "a harm", keys)) continue;
        mr_harm_draft d = {.head = {m->key, m->at}, .harm = {.key = m->key}};
        d.harm.title = mr_value_required(p, m, "title");
        d.harm.meaning = mr_value_required(p, m, "meaning");
        d.harm.actcode = mr_value_text(p, m, "actcode");
        d.harm.lane = mr_value_required(p, m, "lane");
        (void)mr_value_choice(p, m->at, d.harm.lane, lanes, "lane");
        d.harm.folds = mr_value_yes(p, m, "folds", false);
        d.harm.posts = mr_value_yes(p, m, "posts", !mr_span_is(d.harm.lane, "burden"));
        MR_PACK_KEEP(p, harms, d, "harm");
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
        if (m->kind == MR_YAML_TEXT && mr_decimal_parse(m->text, &points) && points >= 0 &&
            mr_pack_is_substance(m->key))
            scale->scores[scale->n_scores++] = (mr_score){m->key, points};
        else
            mr_complain(p->complaints, m->at,
                        "a score is a substance in lower case and its points, such as \"oxybutynin: 3\"");
    }
    qsort(scale->scores, scale->n_scores, sizeof(mr_score), by_substance);
}

void mr_pack_scales(mr_pack *p, const mr_yaml *node) {
    static const char *const keys[] = {"default", "version", "source", "licence", "scores", NULL};
    if (!mr_pack_is_map(p, node, "scales")) return;
    for (const mr_yaml *m = node->first; m; m = m->next) {
        if (!mr_pack_named(p, m, "scale") || !mr_value_map(p, m, "a scale", keys)) continue;
        mr_scale_draft d = {.head = {m->key, m->at}, .scale = {.name = m->key}};
        d.is_default = mr_value_yes(p, m, "default", false);
        d.scale.version = mr_value_required(p, m, "version");
        d.scale.source = mr_value_required(p, m, "source");
        (void)mr_value_text(p, m, "licence");
        read_scores(p, m, &d.scale);
        MR_PACK_KEEP(p, scales, d, "scale");
    }
}

/* ---- concepts ---- */

void mr_pack_concepts(mr_pack *p, const mr_yaml *node) {
    static const char *const keys[] = {"name", "set", "note", "members", NULL};
    static const char *const sets[] = {"core", "full", NULL};
    if (!mr_pack_is_map(p, node, "concepts")) return;
    for (const mr_yaml *m = node->first; m; m = m->next) {
        if (!mr_pack_named(p, m, "concept") || !mr_value_map(p, m, "a concept", keys)) continue;
        mr_concept_draft d = {.head = {m->key, m->at}};
        d.title = mr_value_required(p, m, "name");
        (void)mr_value_text(p, m, "note");
        (void)mr_value_choice(p, m->at, mr_value_required(p, m, "set"), sets, "set");
        d.members = mr_value_list(p, m, "members", NULL);
        MR_PACK_KEEP(p, concepts, d, "concept");
    }
}
