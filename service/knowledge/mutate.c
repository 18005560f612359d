/* Makes the mutants of a condition: one place of a copied tree is changed, and all else is as it was.
 *
 * Every place of a tree has a list of changes; they are counted through in the order of the text, so that mutant number
 * n is the same in every run. */
#include "mutate.h"

#include <stdio.h>

typedef struct making {
    mr_arena *arena;
    size_t left; /* changes to pass by before the one that is made */
    bool made, full;
    mr_mutant *ret;
} making;

/* Is it this one? Then `what` says what is changed. */
static bool turn(making *k, const mr_node *n, mr_change_kind kind, const char *what) {
    if (k->made || k->left--) return false;
    k->made = true;
    k->ret->kind = kind;
    k->ret->change = mr_arena_printf(k->arena, "%.*s: %s", MR_SPAN_ARG(n->text), what);
    k->full = k->full || !k->ret->change.ptr;
    return true;
}

/* ---- numbers and comparisons ---- */

static bool is_dose(const mr_node *n) {
    return n->op == MR_OP_COMPARE && (n->quantity == MR_Q_DOSE || n->quantity == MR_Q_EQUIVALENT ||
                                      n->quantity == MR_Q_EQUIVALENT_MEAN || n->quantity == MR_Q_FREQUENCY);
}

/* One step of the number as it is written: 1, or one of the last decimal. Doses come in tablets: half of it. */
static double step_of(const mr_node *n) {
    if (is_dose(n)) return n->value / 2;
    for (double step = 1; step > 0.0005; step /= 10) {
        double units = n->value / step, whole = (double)(int64_t)(units + (units < 0 ? -0.5 : 0.5));
        if (units - whole < 1e-6 && whole - units < 1e-6) return step;
    }
    return 0.001;
}

static void change_comparison(making *k, mr_node *n) {
    static const mr_compare edge[] = {[MR_LESS] = MR_LESS_EQUAL,
                                      [MR_LESS_EQUAL] = MR_LESS,
                                      [MR_EQUAL] = MR_GREATER_EQUAL,
                                      [MR_GREATER_EQUAL] = MR_GREATER,
                                      [MR_GREATER] = MR_GREATER_EQUAL},
                            round[] = {[MR_LESS] = MR_GREATER_EQUAL,
                                       [MR_LESS_EQUAL] = MR_GREATER,
                                       [MR_EQUAL] = MR_LESS_EQUAL,
                                       [MR_GREATER_EQUAL] = MR_LESS,
                                       [MR_GREATER] = MR_LESS_EQUAL};
    double step = step_of(n);
    if (turn(k, n, MR_CHANGE_BOUNDARY, "the number itself on the other side")) n->compare = edge[n->compare];
    if (turn(k, n, MR_CHANGE_OTHER, "the comparison turned round")) n->compare = round[n->compare];
    if (turn(k, n, MR_CHANGE_BOUNDARY, "a larger number")) n->value += step;
    if (turn(k, n, MR_CHANGE_BOUNDARY, "a smaller number")) n->value -= step;
}

/* ---- times ---- */

static void change_duration(making *k, const mr_node *n, mr_duration *d, const char *longer, const char *shorter) {
    if (!d->n) return;
    if (turn(k, n, MR_CHANGE_BOUNDARY, longer)) d->n++;
    if (d->n > 1 && turn(k, n, MR_CHANGE_BOUNDARY, shorter)) d->n--;
}

static void change_times(making *k, mr_node *n) {
    if (n->window.has_earliest)
        change_duration(k, n, &n->window.earliest, "a window that begins earlier", "a window that begins later");
    if (n->window.has_latest)
        change_duration(k, n, &n->window.latest, "a window that ends earlier", "a window that ends later");
    change_duration(k, n, &n->apart, "a longer time", "a shorter time");
    if (n->op == MR_OP_LONG && turn(k, n, MR_CHANGE_BOUNDARY, "the day itself on the other side"))
        n->compare = n->compare == MR_GREATER ? MR_GREATER_EQUAL : MR_GREATER;
    if (n->op == MR_OP_HAS && n->times > 1) {
        if (turn(k, n, MR_CHANGE_BOUNDARY, "once more")) n->times++;
        if (turn(k, n, MR_CHANGE_BOUNDARY, "once less")) n->times--;
    }
}

/* ---- sets ---- */

static const mr_set *without(making *k, const mr_set *set, size_t term, mr_set_term changed) {
    mr_set_term *v = MR_NEW_N(k->arena, mr_set_term, set->n_terms);
    mr_set *copy = MR_NEW(k->arena, mr_set);
    if (!v || !copy) {
        k->full = true;
        return set;
    }
    for (size_t i = 0; i < set->n_terms; i++) v[i] = i == term ? changed : set->terms[i];
    *copy = (mr_set){v, set->n_terms};
    return copy;
}

static const mr_set *one_term_less(making *k, const mr_set *set, size_t term) {
    mr_set_term *v = MR_NEW_N(k->arena, mr_set_term, set->n_terms);
    mr_set *copy = MR_NEW(k->arena, mr_set);
    size_t n = 0;
    if (!v || !copy) {
        k->full = true;
        return set;
    }
    for (size_t i = 0; i < set->n_terms; i++)
        if (i != term) v[n++] = set->terms[i];
    *copy = (mr_set){v, n};
    return copy;
}

static void change_set(making *k, const mr_node *n, const mr_set **set) {
    for (size_t i = 0; *set && i < (*set)->n_terms; i++) {
        mr_set_term t = (*set)->terms[i];
        if (t.n_only && turn(k, n, MR_CHANGE_EXCLUSION, "all of the group")) {
            t.n_only = 0;
            *set = without(k, *set, i, t);
        }
        if ((t.n_except || t.n_except_groups) && turn(k, n, MR_CHANGE_EXCLUSION, "nothing left out of the group")) {
            t.n_except = t.n_except_groups = 0;
            *set = without(k, *set, i, t);
        }
        if (t.usage != MR_USE_ANY && turn(k, n, MR_CHANGE_OTHER, "regular or when required")) {
            t.usage = MR_USE_ANY;
            *set = without(k, *set, i, t);
        }
        if ((*set)->n_terms > 1 && turn(k, n, MR_CHANGE_OTHER, "one group less")) {
            *set = one_term_less(k, *set, i);
            return;
        }
    }
}

/* ---- the whole tree ---- */

static void change_leaf(making *k, mr_node *n) {
    if (n->op == MR_OP_COMPARE) change_comparison(k, n);
    if (n->op == MR_OP_SEX && turn(k, n, MR_CHANGE_OTHER, "the other sex"))
        n->value = (int)n->value == MR_SEX_FEMALE ? MR_SEX_MALE : MR_SEX_FEMALE;
    if (n->op == MR_OP_HAS && n->degree != MR_DEGREE_ANY) {
        if (turn(k, n, MR_CHANGE_OTHER, "of any degree")) n->degree = MR_DEGREE_ANY;
        if (n->at_least && turn(k, n, MR_CHANGE_OTHER, "of that degree only")) n->at_least = false;
    }
    if (n->op == MR_OP_MARKED && turn(k, n, MR_CHANGE_OTHER, "marked otherwise"))
        n->mark = n->mark == MR_MARK_NORMAL ? MR_MARK_HIGH : MR_MARK_NORMAL;
    if (n->op == MR_OP_ANY_FINDING && n->severity && turn(k, n, MR_CHANGE_BOUNDARY, "a lower severity")) n->severity--;
    change_times(k, n);
    change_set(k, n, &n->set);
    change_set(k, n, &n->set2);
}

static const mr_node *copy_of(making *k, const mr_node *n);

static void copy_kids(making *k, const mr_node *n, mr_node *to) {
    const mr_node **kids = MR_NEW_N(k->arena, const mr_node *, n->n_kids);
    double *points = n->points ? MR_NEW_N(k->arena, double, n->n_kids) : NULL;
    size_t kept = 0;
    if (!kids || (n->points && !points)) {
        k->full = true;
        return;
    }
    for (size_t i = 0; i < n->n_kids; i++) {
        bool excluded = n->kids[i]->op == MR_OP_NOT;
        bool dropped =
            n->n_kids > 1 && turn(k, n->kids[i], excluded ? MR_CHANGE_EXCLUSION : MR_CHANGE_OTHER, "dropped");
        if (dropped) continue;
        if (points) points[kept] = n->points[i];
        kids[kept++] = copy_of(k, n->kids[i]);
    }
    to->kids = kids;
    to->n_kids = kept;
    if (points) to->points = points;
}

static const mr_node *copy_of(making *k, const mr_node *n) {
    if (n->op == MR_OP_NOT && turn(k, n, MR_CHANGE_OTHER, "without the \"not\"")) return copy_of(k, n->kids[0]);
    mr_node *to = MR_NEW(k->arena, mr_node);
    if (!to) {
        k->full = true;
        return n;
    }
    *to = *n;
    if (n->op == MR_OP_COUNT) change_comparison(k, to);
    if (n->n_kids)
        copy_kids(k, n, to);
    else
        change_leaf(k, to);
    return to;
}

bool mr_mutant_make(const mr_node *tree, size_t number, mr_arena *a, mr_mutant *ret) {
    making k = {.arena = a, .left = number, .ret = ret};
    *ret = (mr_mutant){.tree = NULL};
    const mr_node *copy = copy_of(&k, tree);
    if (k.full) return false;
    if (k.made) ret->tree = copy;
    return true;
}
