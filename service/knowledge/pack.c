/* One pack file into the first round, and all that comes after the reading. */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

static const char *const file_keys[] = {
    "about",        "groups",      "harms",      "concepts",          "scales", "prompts", "stop_plans",
    "burden_lists", "equivalents", "checklists", "knowledge_version", "tool",   "as_of",   "posts",
    "rules",        NULL};

static void keep_version(mr_pack *p, const mr_yaml *root) {
    mr_span version = mr_value_text(p, root, "knowledge_version");
    if (version.ptr) p->version = version;
}

static void read_yaml(mr_pack *p, mr_place at, mr_span bytes, bool skip_rules) {
    mr_yaml *root = NULL;
    mr_rc rc =
        mr_yaml_read(at, bytes, p->examples || at.site ? NULL : "examples", p->arena, p->complaints, &root, p->err);
    if (rc != MR_OK) {
        p->rc = rc;
        return;
    }
    if (!root || (skip_rules && mr_yaml_get(root, "rules"))) return;
    if (!mr_value_map(p, root, "a pack file", file_keys)) return;
    (void)mr_value_text(p, root, "about");
    keep_version(p, root);
    static const struct {
        const char *key;
        void (*read)(mr_pack *p, const mr_yaml *node);
    } sections[] = {{"groups", mr_pack_groups},
                    {"harms", mr_pack_harms},
                    {"scales", mr_pack_scales},
                    {"stop_plans", mr_pack_stop_plans},
                    {"burden_lists", mr_pack_burden_lists},
                    {"equivalents", mr_pack_equivalents},
                    {"checklists", mr_pack_checklists},
                    {"concepts", mr_pack_concepts}};
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        const mr_yaml *node = mr_yaml_get(root, sections[i].key);
        if (node) sections[i].read(p, node);
    }
    const mr_yaml *prompts = mr_yaml_get(root, "prompts");
    if (prompts && !MR_PUSH(p->arena, p->prompts.v, p->prompts.n, p->prompts.cap, prompts)) mr_pack_out_of_room(p);
    mr_rule_file rules = {root, at.file, bytes};
    if (mr_yaml_get(root, "rules") && !MR_PUSH(p->arena, p->rule_files.v, p->rule_files.n, p->rule_files.cap, rules))
        mr_pack_out_of_room(p);
}

void mr_pack_read(mr_pack *p, mr_span name, mr_span bytes, bool site, bool skip_rules) {
    mr_place at = {.file = name, .line = 1, .site = site};
    if (p->rc != MR_OK) return;
    if (mr_span_ends(name, ".tsv"))
        mr_pack_table(p, at, bytes);
    else
        read_yaml(p, at, bytes, skip_rules);
}

static int by_id(const void *a, const void *b) {
    return mr_span_cmp(((const mr_rule *)a)->id, ((const mr_rule *)b)->id);
}

static void sort_rules(mr_pack *p) {
    p->rules->rules = p->rule_drafts.v;
    p->rules->n_rules = p->rule_drafts.n;
    if (p->rules->n_rules) qsort(p->rules->rules, p->rules->n_rules, sizeof *p->rules->rules, by_id);
}

void mr_pack_finish(mr_pack *p) {
    if (p->rc == MR_OK) mr_pack_number(p);
    if (p->rc == MR_OK) mr_pack_number_measures(p);
    if (p->rc == MR_OK) mr_pack_number_stop_plans(p);
    if (p->rc == MR_OK) mr_pack_number_burden_lists(p);
    if (p->rc == MR_OK) mr_pack_prompts(p);
    for (size_t i = 0; i < p->rule_files.n && p->rc == MR_OK; i++) mr_pack_rules(p, &p->rule_files.v[i]);
    if (p->rc != MR_OK) return;
    sort_rules(p);
    mr_pack_check(p);
    p->rules->version = p->version.ptr ? p->version : MR_SPAN("unversioned");
    if (p->complaints->n == 0) p->rc = mr_ruleset_index(p->rules, p->arena, p->err);
}
