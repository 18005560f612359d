/* Second round: the rules of one file, compiled against the numbered names, and the prompts. */
#include "names.h"
#include "pack.h"

#include "medreview/knowledge/knowledge.h"

#include <string.h>

static const char *const rule_keys[] = {"id",           "criterion", "title",     "state",    "version",
                                        "tier",         "severity",  "urgency",   "reviewer", "harm",
                                        "identity",     "ladder",    "leads",     "children", "prompt",
                                        "derived_from", "when",      "indicator", "action",   "goes_away_when",
                                        "source",       "note",      "examples",  "stops",    NULL};

/* The line of the condition in which the compiler stopped: err->text begins "LINE:COLUMN: ". */
static unsigned line_in_file(const mr_yaml *node, const mr_error *err) {
    mr_span line, rest;
    uint64_t n = 1;
    (void)mr_span_split(mr_span_of(err->text), ':', &line, &rest);
    if (!mr_span_u64(line, &n)) n = 1;
    return node->value_line + (unsigned)n - (node->block ? 0 : 1);
}

/* The reason, the line of the condition, and a mark under the word that is meant. */
static void complain_condition(mr_pack *p, mr_place at, const char *key, mr_span text, const mr_error *err,
                               unsigned column) {
    mr_span number, rest, line = text;
    uint64_t lines = 1;
    (void)mr_span_split(mr_span_of(err->text), ':', &number, &rest);
    if (!mr_span_u64(number, &lines)) lines = 1;
    for (uint64_t i = 0; i < lines; i++) (void)mr_span_split(text, '\n', &line, &text);
    char marks[80];
    size_t from = column ? column - 1 : 0, n = 0;
    while (n + 1 < sizeof marks && (n == 0 || (from + n < line.len && !strchr(" (),|[]", line.ptr[from + n]))))
        marks[n++] = '^';
    marks[n] = 0;
    mr_complain(p->complaints, at, "%s:%s\n    %.*s\n    %*s%s", key, err->text, MR_SPAN_ARG(line), (int)from, "",
                marks);
}

static const mr_node *read_condition(mr_pack *p, const mr_yaml *map, const char *key, mr_span *ret_text) {
    const mr_yaml *node = mr_yaml_get(map, key);
    mr_span text = mr_value_text(p, map, key);
    if (!text.ptr) return NULL;
    *ret_text = text;
    const mr_node *tree = NULL;
    mr_error err = {0};
    unsigned column = 1;
    mr_rc rc = mr_expr_compile(p->rules, text, p->arena, &tree, &column, &err);
    if (rc == MR_OK) return tree;
    if (rc != MR_MALFORMED) {
        mr_pack_out_of_room(p);
        return NULL;
    }
    mr_place at = node->at;
    at.line = line_in_file(node, &err);
    complain_condition(p, at, key, text, &err, column);
    return NULL;
}

/* The value of a required text as a severity, urgency ...; the parse functions are core's. */
static void read_ranks(mr_pack *p, const mr_yaml *map, mr_rule *r) {
    mr_span severity = mr_value_required(p, map, "severity"), urgency = mr_value_required(p, map, "urgency");
    if (severity.ptr && !mr_severity_parse(severity, &r->severity))
        mr_complain(p->complaints, mr_yaml_get(map, "severity")->at, "\"%.*s\" is no severity: high, moderate, low",
                    MR_SPAN_ARG(severity));
    if (urgency.ptr && !mr_urgency_parse(urgency, &r->urgency))
        mr_complain(p->complaints, mr_yaml_get(map, "urgency")->at,
                    "\"%.*s\" is no urgency: same-day, within-1-week, within-4-weeks, next-review",
                    MR_SPAN_ARG(urgency));
}

static void read_state(mr_pack *p, const mr_yaml *map, mr_rule *r) {
    static const char *const states[] = {"draft", "active", NULL};
    mr_span text = mr_value_required(p, map, "state");
    int i = mr_value_choice(p, text.ptr ? mr_yaml_get(map, "state")->at : map->at, text, states, "state");
    if (i >= 0) r->state = i ? MR_RULE_ACTIVE : MR_RULE_DRAFT;
}

static void read_harm(mr_pack *p, const mr_yaml *map, mr_rule *r) {
    mr_span key = mr_value_required(p, map, "harm");
    r->harm = MR_NO_NUMBER;
    if (!key.ptr) return;
    r->harm = mr_name_find(p->rules, MR_NAME_HARM, key);
    if (r->harm != MR_NO_NUMBER) return;
    mr_span near = mr_name_near(p->rules, MR_NAME_HARM, key);
    mr_complain(p->complaints, mr_yaml_get(map, "harm")->at, "there is no harm \"%.*s\"%s%.*s%s", MR_SPAN_ARG(key),
                near.ptr ? "; did you mean \"" : "", MR_SPAN_ARG(near), near.ptr ? "\"?" : "");
}

static void read_ladder(mr_pack *p, const mr_yaml *map, mr_rule *r) {
    mr_span text = mr_value_text(p, map, "ladder"), rung;
    uint64_t n;
    if (!text.ptr) return;
    if (mr_span_split(text, ':', &r->ladder, &rung) && mr_value_is_name(r->ladder) && mr_span_u64(rung, &n) && n >= 1 &&
        n <= 20) {
        r->rung = (unsigned)n;
        return;
    }
    r->ladder = MR_SPAN_NONE;
    mr_complain(p->complaints, mr_yaml_get(map, "ladder")->at, "a ladder is NAME:RUNG, such as \"medicines:2\"");
}

static void read_derived(mr_pack *p, const mr_yaml *map, mr_rule *r) {
    size_t n;
    const mr_yaml *m = mr_value_list(p, map, "derived_from", &n);
    if (!m) return;
    r->derived_from = MR_NEW_N(p->arena, mr_span, n);
    if (!r->derived_from) {
        mr_pack_out_of_room(p);
        return;
    }
    for (; m; m = m->next) {
        if (m->kind == MR_YAML_TEXT)
            r->derived_from[r->n_derived_from++] = m->text;
        else
            mr_complain(p->complaints, m->at, "\"derived_from\" is a list of rule ids");
    }
}

static void read_texts(mr_pack *p, const mr_yaml *map, mr_rule *r) {
    r->criterion = mr_value_required(p, map, "criterion");
    r->title = mr_value_required(p, map, "title");
    r->version = mr_value_required(p, map, "version");
    r->action = mr_value_required(p, map, "action");
    r->reviewer = mr_value_required(p, map, "reviewer");
    r->goes_away_when = mr_value_required(p, map, "goes_away_when");
    r->source = mr_value_required(p, map, "source");
    r->note = mr_value_text(p, map, "note");
}

/* "PIN-A"; a rule that was split from one has a letter behind it: "STOPP3-D1.a" (clusters.md). */
static bool is_rule_id(mr_span s) {
    if (s.len == 0 || s.len > 40) return false;
    if (s.len > 2 && s.ptr[s.len - 2] == '.' && s.ptr[s.len - 1] >= 'a' && s.ptr[s.len - 1] <= 'z') s.len -= 2;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c == '-' && i && i + 1 < s.len))) return false;
    }
    return s.ptr[0] >= 'A';
}

static bool read_id(mr_pack *p, const mr_yaml *map, mr_rule *r) {
    r->id = mr_value_required(p, map, "id");
    if (!r->id.ptr) return false;
    if (!is_rule_id(r->id)) {
        mr_complain(p->complaints, map->at,
                    "\"%.*s\" is no rule id: capital letters, digits and hyphens, such as \"PIN-A\"; of a rule that "
                    "was split \"PIN-A.b\"",
                    MR_SPAN_ARG(r->id));
        return false;
    }
    for (size_t i = 0; i < p->rule_drafts.n; i++) {
        const mr_rule *old = &p->rule_drafts.v[i];
        if (!mr_span_eq(old->id, r->id)) continue;
        mr_complain(p->complaints, map->at,
                    "rule \"%.*s\" stands twice; first in %.*s:%u (a shipped rule is replaced by a file "
                    "of the same name as its own)",
                    MR_SPAN_ARG(r->id), MR_SPAN_ARG(old->file), old->line);
        return false;
    }
    return true;
}

static void read_rule(mr_pack *p, const mr_rule_file *file, const mr_yaml *map, mr_span tool, mr_day as_of) {
    if (!mr_value_map(p, map, "a rule", rule_keys)) return;
    mr_rule r = {.tool = tool, .file = file->name, .line = map->at.line};
    bool kept = read_id(p, map, &r);
    read_texts(p, map, &r);
    read_ranks(p, map, &r);
    read_state(p, map, &r);
    read_harm(p, map, &r);
    read_ladder(p, map, &r);
    read_derived(p, map, &r);
    mr_pack_stops(p, map, &r.stops);
    r.children = mr_value_yes(p, map, "children", false);
    r.prompt = mr_value_yes(p, map, "prompt", false);
    r.tier = 1;
    if (!mr_value_count(p, map, "tier", 4, &r.tier) && !mr_yaml_get(map, "tier"))
        mr_complain(p->complaints, map->at, "\"tier\" is missing");
    r.leads = 9; /* after every rule that says where it stands */
    (void)mr_value_count(p, map, "leads", 9, &r.leads);
    const mr_yaml *identity = mr_yaml_get(map, "identity");
    if (identity)
        mr_pack_identity(p, identity, &r.identity);
    else
        mr_complain(p->complaints, map->at, "\"identity\" is missing");
    if (!mr_yaml_get(map, "when")) mr_complain(p->complaints, map->at, "\"when\" is missing");
    r.when = read_condition(p, map, "when", &r.when_text);
    r.indicator = read_condition(p, map, "indicator", &r.indicator_text);
    const mr_yaml *examples = mr_yaml_get(map, "examples");
    if (map->at.site)
        r.examples = MR_NEW_N(p->arena, mr_example, 0); /* there, though there be none: they are checked */
    if (examples) mr_pack_examples(p, examples, file->bytes, as_of, &r);
    if (kept && !MR_PUSH(p->arena, p->rule_drafts.v, p->rule_drafts.n, p->rule_drafts.cap, r)) mr_pack_out_of_room(p);
}

void mr_pack_rules(mr_pack *p, const mr_rule_file *file) {
    const mr_yaml *rules = mr_yaml_get(file->root, "rules");
    mr_span tool = mr_value_required(p, file->root, "tool");
    mr_day as_of = MR_DAY_MIN;
    if (!mr_yaml_get(file->root, "as_of"))
        mr_complain(p->complaints, rules->at, "\"as_of\", the day of the examples, is missing");
    (void)mr_value_day(p, file->root, "as_of", &as_of);
    bool posts = mr_value_yes(p, file->root, "posts", true);
    size_t first = p->rule_drafts.n;
    if (rules->kind != MR_YAML_LIST) {
        mr_complain(p->complaints, rules->at, "\"rules\" is a list, not %s", mr_yaml_kind_text(rules->kind));
        return;
    }
    for (const mr_yaml *m = rules->first; m && p->rc == MR_OK; m = m->next) {
        if (p->rule_drafts.n >= MR_MAX_RULES) {
            mr_complain(p->complaints, m->at, "more than %u rules", MR_MAX_RULES);
            return;
        }
        read_rule(p, file, m, tool, as_of);
    }
    for (size_t i = first; i < p->rule_drafts.n; i++) p->rule_drafts.v[i].posts = posts;
}

/* ---- prompts ---- */

static void read_prompt(mr_pack *p, const mr_yaml *m, mr_prompt_text *ret) {
    static const char *const keys[] = {"text", "groups", NULL};
    if (!mr_value_map(p, m, "a prompt", keys)) return;
    ret->text = mr_value_required(p, m, "text");
    for (const mr_yaml *g = mr_value_list(p, m, "groups", NULL); g; g = g->next) {
        uint16_t number = mr_name_find(p->rules, MR_NAME_GROUP, g->text);
        if (number == MR_NO_NUMBER || ret->n_groups == MR_IDENTITY_GROUPS)
            mr_complain(p->complaints, g->at, "there is no drug group \"%.*s\", or there are more than %d",
                        MR_SPAN_ARG(g->text), MR_IDENTITY_GROUPS);
        else
            ret->groups[ret->n_groups++] = number;
    }
}

void mr_pack_prompts(mr_pack *p) {
    size_t n = 0;
    for (size_t i = 0; i < p->prompts.n; i++) n += p->prompts.v[i]->n;
    p->rules->prompts = MR_NEW_N(p->arena, mr_prompt_text, n ? n : 1);
    if (!p->rules->prompts) {
        mr_pack_out_of_room(p);
        return;
    }
    for (size_t i = 0; i < p->prompts.n; i++) {
        if (p->prompts.v[i]->kind != MR_YAML_LIST)
            mr_complain(p->complaints, p->prompts.v[i]->at, "\"prompts\" is a list");
        else
            for (const mr_yaml *m = p->prompts.v[i]->first; m; m = m->next) {
                mr_prompt_text prompt = {.order = (unsigned)p->rules->n_prompts};
                read_prompt(p, m, &prompt);
                p->rules->prompts[p->rules->n_prompts++] = prompt;
            }
    }
}
