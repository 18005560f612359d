/* Burden lists: which drug groups feed a risk that is counted by medicines (falls, sedation, bleeding, QT). */
#include "pack_drafts.h"

#include <stdlib.h>

enum { MOST_LISTS = 32 }; /* a bit each in mr_burden_part */

void mr_pack_burden_lists(mr_pack *p, const mr_yaml *node) {
    static const char *const keys[] = {"title", "groups", "working", "source", NULL};
    if (!mr_pack_is_map(p, node, "burden_lists")) return;
    for (const mr_yaml *m = node->first; m; m = m->next) {
        if (!mr_pack_named(p, m, "burden list") || !mr_value_map(p, m, "a burden list", keys)) continue;
        mr_burden_list_draft d = {.head = {m->key, m->at}, .node = m};
        MR_PACK_KEEP(p, burden_lists, d, "burden list");
    }
}

static int by_name(const void *a, const void *b) {
    return mr_span_cmp(((const mr_draft *)a)->name, ((const mr_draft *)b)->name);
}

void mr_pack_number_burden_lists(mr_pack *p) {
    size_t n = p->burden_lists.n;
    mr_burden_list *v = MR_NEW_N(p->arena, mr_burden_list, n);
    if (!v) {
        mr_pack_out_of_room(p);
        return;
    }
    if (n) qsort(p->burden_lists.v, n, sizeof *p->burden_lists.v, by_name);
    if (n > MOST_LISTS)
        mr_complain(p->complaints, p->burden_lists.v[MOST_LISTS].head.at, "more than %d burden lists", MOST_LISTS);
    for (size_t i = 0; i < n; i++) {
        const mr_yaml *map = p->burden_lists.v[i].node;
        v[i].name = p->burden_lists.v[i].head.name;
        v[i].title = mr_value_required(p, map, "title");
        v[i].source = mr_value_required(p, map, "source");
        v[i].working = mr_value_yes(p, map, "working", true);
        mr_pack_group_list(p, map, "groups", v[i].groups, &v[i].n_groups);
        if (!v[i].n_groups) mr_complain(p->complaints, map->at, "a burden list names its drug groups");
    }
    p->rules->burden_lists = v;
    p->rules->n_burden_lists = n;
}
