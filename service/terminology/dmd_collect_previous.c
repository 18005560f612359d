/* Former ids. VTMIDPREV, VPIDPREV and ISIDPREV name the last one, the history file all of them; each is followed until
 * an id that is in the release. One that leads in a circle, or to nothing, is refused, and with it everything else that
 * is said of the same former id: an id that was split must not look as if it had become only what is left. */
#include "dmd_import_parts.h"

#include <stdlib.h>

enum { STEPS_MOST = 64 }; /* from a former id to the present one; real chains have three */

typedef struct arrow { /* `from` became `to` */
    uint64_t from, to;
    mr_dmd_raw *raw;
    mr_dmd_table table;
} arrow;

typedef struct chase {
    mr_dmd_collect *c;
    mr_dmd_table current; /* VTM, VMP or ING */
    mr_dmd_kind kind;
    arrow *arrows; /* sorted by from, to */
    size_t n, cap;
    mr_dmd_previous_list *ret;
    mr_error *err;
    unsigned steps;
} chase;

static int by_from(const void *a, const void *b) {
    const arrow *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    if (x->to != y->to) return x->to < y->to ? -1 : 1;
    if (x->table != y->table) return x->table < y->table ? -1 : 1;
    return x->raw < y->raw ? -1 : x->raw > y->raw;
}

static size_t first_from(const chase *k, uint64_t id) {
    size_t low = 0, high = k->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (k->arrows[middle].from < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void refuse(chase *k, arrow *a, const char *why) {
    if (a->raw->state != MR_DMD_REFUSED)
        mr_dmd_refuse(k->c, a->table, a->raw, "former id %llu: %s", (unsigned long long)a->from, why);
}

/* Does a way along the arrows lead from `id` back to `home`? *ret_far when it was too long to tell. */
static bool returns(chase *k, uint64_t id, uint64_t home, unsigned depth, bool *ret_far) {
    if (id == home) return true;
    if (depth == STEPS_MOST || ++k->steps > STEPS_MOST * 16u) return *ret_far = true, false;
    for (size_t i = first_from(k, id); i < k->n && k->arrows[i].from == id; i++)
        if (k->arrows[i].to != id && returns(k, k->arrows[i].to, home, depth + 1, ret_far)) return true;
    return false;
}

static bool leads_on(const chase *k, uint64_t id) {
    size_t at = first_from(k, id);
    return at < k->n && k->arrows[at].from == id;
}

/* Every arrow must lead to an id that is current or leads on, and never back. */
static void judge(chase *k, arrow *a) {
    bool far = false;
    k->steps = 0;
    const mr_dmd_raw *target = mr_dmd_find(k->c, k->current, a->to);
    bool stands = target && target->state == MR_DMD_KEPT;
    if (a->from == a->to)
        a->raw->state = MR_DMD_MERGED; /* the present period of an id; or nothing new */
    else if (returns(k, a->to, a->from, 0, &far))
        refuse(k, a, "its successors lead back to it");
    else if (far)
        refuse(k, a, "it has too many successors");
    else if (!stands && (target || !leads_on(k, a->to)))
        refuse(k, a, target ? "what it became was refused" : "what it became is not in the release");
}

/* True when all ways from the id end at current ones; adds those as rows when `add`. */
static bool follow(chase *k, uint64_t former, uint64_t id, unsigned depth, bool *ret_room, bool add) {
    const mr_dmd_raw *now = mr_dmd_find_kept(k->c, k->current, id);
    if (now) {
        mr_dmd_previous row = {former, (uint32_t)k->kind, now->rank};
        if (add) *ret_room = *ret_room && MR_PUSH(k->c->work, k->ret->v, k->ret->n, k->ret->cap, row);
        return true;
    }
    size_t at = first_from(k, id);
    if (depth == STEPS_MOST || at == k->n || k->arrows[at].from != id) return false;
    bool whole = true;
    for (; at < k->n && k->arrows[at].from == id; at++) {
        const arrow *a = &k->arrows[at];
        if (a->from == a->to) continue;
        whole = whole && a->raw->state != MR_DMD_REFUSED && ++k->steps < STEPS_MOST * 16u &&
                follow(k, former, a->to, depth + 1, ret_room, add);
    }
    return whole;
}

static bool collect(chase *k, mr_dmd_table t) {
    mr_dmd_records *rows = &k->c->tables[t];
    mr_dmd_sort(rows);
    for (size_t i = 0; i < rows->n; i++) {
        arrow a = {rows->v[i].v[MR_DMD_ID], rows->v[i].v[MR_DMD_OLD_CURRENT], &rows->v[i], t};
        bool readable = a.from != MR_DMD_ABSENT && a.to != MR_DMD_ABSENT;
        if (readable && !MR_PUSH(k->c->work, k->arrows, k->n, k->cap, a)) return false;
    }
    return true;
}

/* All that is said of one former id, together. */
static bool settle(chase *k, size_t first, size_t end) {
    uint64_t from = k->arrows[first].from;
    bool refused = false, room = true;
    for (size_t i = first; i < end; i++) refused = refused || k->arrows[i].raw->state == MR_DMD_REFUSED;
    k->steps = 0;
    for (size_t i = first; i < end && !refused; i++)
        refused = k->arrows[i].to != from && !follow(k, from, k->arrows[i].to, 0, &room, false);
    if (refused) {
        for (size_t i = first; i < end; i++)
            if (k->arrows[i].raw->state != MR_DMD_MERGED)
                refuse(k, &k->arrows[i], "not all that it became is in the release");
        return true;
    }
    bool current = mr_dmd_find_kept(k->c, k->current, from) != NULL;
    const arrow *before = NULL;
    for (size_t i = first; i < end && room; i++) {
        const arrow *a = &k->arrows[i];
        bool again = before && before->to == a->to;
        if (a->raw->state == MR_DMD_KEPT && (current || again)) a->raw->state = MR_DMD_MERGED;
        if (a->raw->state == MR_DMD_KEPT) (void)follow(k, from, a->to, 0, &room, true);
        if (a->from != a->to) before = a;
    }
    return room;
}

static mr_rc chase_kind(mr_dmd_collect *c, mr_dmd_kind kind, mr_dmd_table current, const mr_dmd_table said[2],
                        mr_dmd_previous_list *ret, mr_error *err) {
    chase k = {.c = c, .current = current, .kind = kind, .ret = ret, .err = err};
    if (!collect(&k, said[0]) || !collect(&k, said[1])) return mr_dmd_no_room(c, err);
    if (k.n) qsort(k.arrows, k.n, sizeof *k.arrows, by_from);
    for (size_t i = 0; i < k.n; i++)
        if (k.arrows[i].raw->state == MR_DMD_KEPT) judge(&k, &k.arrows[i]);
    for (size_t i = 0, end; i < k.n; i = end) {
        for (end = i + 1; end < k.n && k.arrows[end].from == k.arrows[i].from;) end++;
        if (!settle(&k, i, end)) return mr_dmd_no_room(c, err);
    }
    return MR_OK;
}

static int by_row(const void *a, const void *b) {
    const mr_dmd_previous *x = a, *y = b;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

mr_rc mr_dmd_collect_previous(mr_dmd_collect *c, mr_dmd_previous_list *ret, mr_error *err) {
    static const mr_dmd_table vtm[2] = {MR_DMD_T_PREV_VTM, MR_DMD_T_OLD_VTM};
    static const mr_dmd_table vmp[2] = {MR_DMD_T_PREV_VMP, MR_DMD_T_OLD_VMP};
    static const mr_dmd_table ing[2] = {MR_DMD_T_PREV_ING, MR_DMD_T_OLD_ING};
    *ret = (mr_dmd_previous_list){0};
    mr_rc rc = chase_kind(c, MR_DMD_VTM, MR_DMD_T_VTM, vtm, ret, err);
    if (rc == MR_OK) rc = chase_kind(c, MR_DMD_VMP, MR_DMD_T_VMP, vmp, ret, err);
    if (rc == MR_OK) rc = chase_kind(c, MR_DMD_SUBSTANCE, MR_DMD_T_ING, ing, ret, err);
    if (rc != MR_OK) return rc;
    if (ret->n) qsort(ret->v, ret->n, sizeof *ret->v, by_row);
    size_t kept = 0;
    for (size_t i = 0; i < ret->n; i++)
        if (!kept || by_row(&ret->v[kept - 1], &ret->v[i]) != 0) ret->v[kept++] = ret->v[i];
    ret->n = kept;
    return MR_OK;
}
