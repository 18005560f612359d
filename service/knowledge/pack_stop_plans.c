/* Stop plans: how a medicine is ended safely, by drug group. First round: the names; second round, when groups and
 * concepts are numbered: all the rest.
 *
 * What the reader refuses is what could hurt: a group that does not exist, milligrams for a whole group (a dose holds
 * for one substance), a plan that may not be stopped at once and says nothing to watch, an interval that no calendar
 * understands. */
#include "decimal.h"
#include "names.h"
#include "pack_drafts.h"

#include "medreview/base/utf8.h"
#include "medreview/core/stop_plan.h"

#include <stdlib.h>

static const char *const plan_keys[] = {
    "title",  "groups", "substances", "routes",     "not_with", "instead_of", "state",  "stop", "why", "steps",
    "slower", "watch",  "red_flags",  "look_again", "who",      "on_relapse", "source", "note", NULL};
static const char *const step_keys[] = {"text", "cut_percent",   "of",       "cut_mg", "to_mg",
                                        "stop", "until_percent", "until_mg", "days",   NULL};

void mr_pack_stop_plans(mr_pack *p, const mr_yaml *node) {
    if (!mr_pack_is_map(p, node, "stop_plans")) return;
    for (const mr_yaml *m = node->first; m; m = m->next) {
        if (!mr_pack_named(p, m, "stop plan") || !mr_value_map(p, m, "a stop plan", plan_keys)) continue;
        mr_stop_draft d = {.head = {m->key, m->at}, .node = m};
        MR_PACK_KEEP(p, stop_plans, d, "stop plan");
    }
}

/* ---- groups named in a plan, a rule or a burden list ---- */

static void add_group(mr_pack *p, const mr_yaml *m, const char *what, uint16_t *groups, size_t *n) {
    uint16_t g = m->kind == MR_YAML_TEXT ? mr_name_find(p->rules, MR_NAME_GROUP, m->text) : MR_NO_NUMBER;
    if (g == MR_NO_NUMBER) {
        mr_span near = mr_name_near(p->rules, MR_NAME_GROUP, m->text);
        mr_complain(p->complaints, m->at, "%s: there is no drug group \"%.*s\"%s%.*s%s", what,
                    MR_SPAN_ARG(mr_utf8_cut(m->text, 60)), near.ptr ? "; did you mean \"" : "", MR_SPAN_ARG(near),
                    near.ptr ? "\"?" : "");
        return;
    }
    if (*n == MR_IDENTITY_GROUPS) {
        mr_complain(p->complaints, m->at, "%s: more than %d drug groups", what, MR_IDENTITY_GROUPS);
        return;
    }
    groups[(*n)++] = g;
}

void mr_pack_group_list(mr_pack *p, const mr_yaml *map, const char *key, uint16_t *groups, size_t *ret_n) {
    *ret_n = 0;
    for (const mr_yaml *m = mr_value_list(p, map, key, NULL); m; m = m->next) add_group(p, m, key, groups, ret_n);
}

void mr_pack_stops(mr_pack *p, const mr_yaml *map, mr_stops *ret) {
    const mr_yaml *node = mr_yaml_get(map, "stops");
    *ret = (mr_stops){.form = MR_STOPS_IDENTITY};
    if (!node) return;
    ret->form = MR_STOPS_GROUPS;
    if (node->kind == MR_YAML_TEXT && mr_span_is(node->text, "no"))
        ret->form = MR_STOPS_NOTHING;
    else if (node->kind == MR_YAML_TEXT && mr_span_is(node->text, "any"))
        ret->form = MR_STOPS_ANY;
    else
        mr_pack_group_list(p, map, "stops", ret->groups, &ret->n_groups);
}

/* ---- parts of a plan ---- */

static mr_span *read_texts(mr_pack *p, const mr_yaml *map, const char *key, size_t *ret_n) {
    size_t n = 0;
    const mr_yaml *m = mr_value_list(p, map, key, &n);
    mr_span *v = MR_NEW_N(p->arena, mr_span, n);
    if (!v) {
        mr_pack_out_of_room(p);
        return NULL;
    }
    for (*ret_n = 0; m; m = m->next) {
        if (m->kind == MR_YAML_TEXT && m->text.len)
            v[(*ret_n)++] = m->text;
        else
            mr_complain(p->complaints, m->at, "\"%s\" is a list of texts", key);
    }
    return v;
}

static void read_substances(mr_pack *p, const mr_yaml *map, mr_stop_scheme *s) {
    s->substances = read_texts(p, map, "substances", &s->n_substances);
    for (size_t i = 0; i < s->n_substances; i++)
        if (!mr_pack_is_substance(s->substances[i]))
            mr_complain(p->complaints, mr_yaml_get(map, "substances")->at, "\"%.*s\" is no substance in lower case",
                        MR_SPAN_ARG(mr_utf8_cut(s->substances[i], 60)));
}

static void read_routes(mr_pack *p, const mr_yaml *map, mr_stop_scheme *s) {
    for (const mr_yaml *m = mr_value_list(p, map, "routes", NULL); m; m = m->next) {
        mr_route route;
        if (m->kind == MR_YAML_TEXT && mr_route_parse(m->text, &route) && route != MR_ROUTE_UNKNOWN)
            s->routes |= 1u << route;
        else
            mr_complain(p->complaints, m->at, "\"routes\" are such as oral, transdermal");
    }
}

static void read_not_with(mr_pack *p, const mr_yaml *map, mr_stop_scheme *s) {
    mr_draft row = {mr_value_text(p, map, "not_with"), map->at};
    s->not_with = MR_NO_NUMBER;
    if (row.name.ptr) s->not_with = mr_pack_concept_of(p, &row);
}

static bool read_amount(mr_pack *p, const mr_yaml *map, const char *key, double most, double *ret) {
    mr_span text = mr_value_text(p, map, key);
    if (!text.ptr) return false;
    if (mr_decimal_parse(text, ret) && *ret > 0 && *ret <= most) return true;
    mr_complain(p->complaints, mr_yaml_get(map, key)->at, "\"%s\" is a number above 0 and up to %g", key, most);
    *ret = 0;
    return false;
}

static void read_of(mr_pack *p, const mr_yaml *map, mr_stop_step *step) {
    static const char *const words[] = {"present", "first", NULL};
    mr_span text = mr_value_text(p, map, "of");
    if (!text.ptr) return;
    step->of_first = mr_value_choice(p, mr_yaml_get(map, "of")->at, text, words, "dose (of)") == 1;
    if (step->percent <= 0)
        mr_complain(p->complaints, mr_yaml_get(map, "of")->at, "\"of\" says of which dose \"cut_percent\" is");
}

/* Milligrams hold for one substance: half as much of another is another dose. */
static void check_milligrams(mr_pack *p, const mr_yaml *map, const mr_stop_scheme *s, const mr_stop_step *step) {
    if ((step->by_mg > 0 || step->to_mg > 0 || step->until_mg > 0) && (s->n_groups || s->n_substances != 1))
        mr_complain(p->complaints, map->at,
                    "milligrams hold for one substance: the plan must be for one (\"substances\"), not for a group");
}

static void read_step(mr_pack *p, const mr_yaml *m, const mr_stop_scheme *s, mr_stop_step *step) {
    if (!mr_value_map(p, m, "a step", step_keys)) return;
    step->text = mr_value_required(p, m, "text");
    int ways = read_amount(p, m, "cut_percent", 75, &step->percent);
    ways += read_amount(p, m, "cut_mg", 10000, &step->by_mg);
    ways += read_amount(p, m, "to_mg", 10000, &step->to_mg);
    step->ends = mr_value_yes(p, m, "stop", false);
    ways += step->ends;
    read_of(p, m, step);
    bool until = read_amount(p, m, "until_percent", 99, &step->until_percent);
    until |= read_amount(p, m, "until_mg", 10000, &step->until_mg);
    (void)mr_value_count(p, m, "days", 400, &step->for_days);
    if (ways > 1)
        mr_complain(p->complaints, m->at, "a step has one of \"cut_percent\", \"cut_mg\", \"to_mg\", \"stop\"");
    if (until && step->percent <= 0 && step->by_mg <= 0)
        mr_complain(p->complaints, m->at, "only a cut can be repeated until something");
    if (until && !step->for_days) mr_complain(p->complaints, m->at, "a cut that is repeated says after how many days");
    check_milligrams(p, m, s, step);
}

static void read_steps(mr_pack *p, const mr_yaml *map, mr_stop_scheme *s) {
    size_t n = 0;
    const mr_yaml *m = mr_value_list(p, map, "steps", &n);
    if (!mr_yaml_get(map, "steps")) mr_complain(p->complaints, map->at, "\"steps\" is missing");
    s->steps = MR_NEW_N(p->arena, mr_stop_step, n);
    if (!s->steps) {
        mr_pack_out_of_room(p);
        return;
    }
    for (; m; m = m->next) {
        if (s->n_steps && s->steps[s->n_steps - 1].ends)
            mr_complain(p->complaints, m->at, "a step after the one that stops");
        read_step(p, m, s, &s->steps[s->n_steps++]);
    }
}

/* "P2W": ISO 8601 with one number, which is all that a person reads without a table. */
static bool is_duration(mr_span s) {
    uint64_t n;
    if (s.len < 3 || s.len > 5 || s.ptr[0] != 'P') return false;
    char unit = s.ptr[s.len - 1];
    return (unit == 'D' || unit == 'W' || unit == 'M' || unit == 'Y') &&
           mr_span_u64((mr_span){s.ptr + 1, s.len - 2}, &n) && n > 0;
}

static void read_look_again(mr_pack *p, const mr_yaml *map, mr_stop_scheme *s) {
    s->look_again = mr_value_required(p, map, "look_again");
    if (s->look_again.ptr && !is_duration(s->look_again))
        mr_complain(p->complaints, mr_yaml_get(map, "look_again")->at,
                    "\"look_again\" is an ISO 8601 duration such as P2W, not \"%.*s\"",
                    MR_SPAN_ARG(mr_utf8_cut(s->look_again, 60)));
}

static void read_choices(mr_pack *p, const mr_yaml *map, mr_stop_scheme *s) {
    static const char *const ways[] = {"at-once", "better-slowly", "gradually", "specialist", NULL};
    static const char *const states[] = {"draft", "active", NULL};
    mr_span way = mr_value_required(p, map, "stop"), state = mr_value_required(p, map, "state");
    int w = mr_value_choice(p, map->at, way, ways, "way to stop"),
        st = mr_value_choice(p, map->at, state, states, "state");
    s->way = w < 0 ? MR_STOP_SPECIALIST : (mr_stop_way)w;
    s->state = st == 1 ? MR_RULE_ACTIVE : MR_RULE_DRAFT;
}

static void check_plan(mr_pack *p, const mr_yaml *map, const mr_stop_scheme *s) {
    if (!s->n_groups && !s->n_substances)
        mr_complain(p->complaints, map->at, "for which medicines? \"groups\" or \"substances\" is missing");
    if (s->way < MR_STOP_GRADUALLY) return;
    if (!s->n_watch || !s->n_red_flags)
        mr_complain(p->complaints, map->at,
                    "a plan for what must not be stopped at once says what to watch and the red flags");
}

static void read_plan(mr_pack *p, const mr_yaml *map, mr_stop_scheme *s) {
    s->title = mr_value_required(p, map, "title");
    mr_pack_group_list(p, map, "groups", s->groups, &s->n_groups);
    read_substances(p, map, s);
    read_routes(p, map, s);
    read_not_with(p, map, s);
    read_choices(p, map, s);
    s->why = mr_value_required(p, map, "why");
    read_steps(p, map, s);
    s->slower = mr_value_text(p, map, "slower");
    s->watch = read_texts(p, map, "watch", &s->n_watch);
    s->red_flags = read_texts(p, map, "red_flags", &s->n_red_flags);
    read_look_again(p, map, s);
    s->who = mr_value_required(p, map, "who");
    s->on_relapse = mr_value_required(p, map, "on_relapse");
    s->source = mr_value_required(p, map, "source");
    s->note = mr_value_text(p, map, "note");
    check_plan(p, map, s);
}

/* ---- which stands instead of which ---- */

static void complain_plan(mr_pack *p, const mr_yaml *m) {
    mr_span near = MR_SPAN_NONE;
    for (unsigned far = 1; far <= 2 && !near.ptr; far++)
        for (size_t i = 0; i < p->stop_plans.n && !near.ptr; i++)
            if (mr_text_distance(m->text, p->stop_plans.v[i].head.name, far) <= far)
                near = p->stop_plans.v[i].head.name;
    mr_complain(p->complaints, m->at, "instead_of: there is no stop plan \"%.*s\"%s%.*s%s",
                MR_SPAN_ARG(mr_utf8_cut(m->text, 60)), near.ptr ? "; did you mean \"" : "", MR_SPAN_ARG(near),
                near.ptr ? "\"?" : "");
}

static const bool *read_before(mr_pack *p, const mr_yaml *map) {
    bool *before = MR_NEW_N(p->arena, bool, p->stop_plans.n);
    if (!before) {
        mr_pack_out_of_room(p);
        return NULL;
    }
    for (const mr_yaml *m = mr_value_list(p, map, "instead_of", NULL); m; m = m->next) {
        size_t i = 0;
        while (i < p->stop_plans.n && !mr_span_eq(p->stop_plans.v[i].head.name, m->text)) i++;
        if (i < p->stop_plans.n && p->stop_plans.v[i].node != map)
            before[i] = true;
        else
            complain_plan(p, m);
    }
    return before;
}

/* Two plans that each stand instead of the other would leave a medicine with none. */
static void check_circles(mr_pack *p, const mr_stop_scheme *v, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (v[i].before[k] && v[k].before[i])
                mr_complain(p->complaints, p->stop_plans.v[i].head.at,
                            "stop plans \"%.*s\" and \"%.*s\" each stand instead of the other", MR_SPAN_ARG(v[k].name),
                            MR_SPAN_ARG(v[i].name));
}

static int by_name(const void *a, const void *b) {
    return mr_span_cmp(((const mr_draft *)a)->name, ((const mr_draft *)b)->name);
}

void mr_pack_number_stop_plans(mr_pack *p) {
    size_t n = p->stop_plans.n;
    mr_stop_scheme *v = MR_NEW_N(p->arena, mr_stop_scheme, n);
    if (!v) {
        mr_pack_out_of_room(p);
        return;
    }
    if (n) qsort(p->stop_plans.v, n, sizeof *p->stop_plans.v, by_name);
    for (size_t i = 0; i < n && p->rc == MR_OK; i++) {
        v[i].name = p->stop_plans.v[i].head.name;
        read_plan(p, p->stop_plans.v[i].node, &v[i]);
        v[i].before = read_before(p, p->stop_plans.v[i].node);
    }
    if (p->rc == MR_OK) check_circles(p, v, n);
    p->rules->stop_schemes = v;
    p->rules->n_stop_schemes = n;
}
