/* Which entries of a medicine add up to its dose, and which say one dose several times. */
#include "dosage_items.h"

static bool same_product(const mr_entry *a, const mr_entry *b) {
    if (!a->n_codings || !b->n_codings) return mr_span_eq(a->text, b->text);
    for (size_t i = 0; i < a->n_codings; i++)
        for (size_t k = 0; k < b->n_codings; k++)
            if (mr_span_eq(a->codings[i].system, b->codings[k].system) &&
                mr_span_eq(a->codings[i].code, b->codings[k].code))
                return true;
    return false;
}

static mr_dose dose_of(const mr_entry *e, mr_span substance) {
    size_t at = e->understood.n_ingredients, found = 0;
    for (size_t i = 0; i < e->understood.n_ingredients; i++)
        if (mr_span_eq(e->understood.ingredients[i].substance, substance)) at = i, found++;
    return found == 1 ? mr_entry_dose_of(e, at) : (mr_dose){.known = false, .why = MR_DOSE_NO_STRENGTH};
}

static bool counts(const mr_item *x, mr_entry_kind kind) {
    return x->entry->kind == kind && mr_use_taken(&x->use);
}

/* The number of the first entry of that kind with the same product, from 0. */
static size_t first_of_product(const mr_item *items, size_t i, mr_entry_kind kind) {
    for (size_t k = 0; k < i; k++)
        if (counts(&items[k], kind) && same_product(items[k].entry, items[i].entry)) return k;
    return i;
}

/* What is not known exactly is at most so much. */
static mr_dose in_doubt(mr_dose d) {
    if (d.known) d.most = d.value;
    d.known = false;
    if (d.why == MR_DOSE_TOLD || d.why == MR_DOSE_AT_MOST) d.why = MR_DOSE_SEVERAL_ENTRIES;
    d.value = d.total = 0;
    return d;
}

static mr_dose statements_dose(const mr_item *items, size_t n, mr_span substance, size_t *ret_n) {
    mr_dose sum = {.known = false};
    bool twice = false;
    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!counts(&items[i], MR_ENTRY_STATEMENT)) continue;
        twice |= first_of_product(items, i, MR_ENTRY_STATEMENT) < i;
        mr_dose d = dose_of(items[i].entry, substance);
        sum = (*ret_n)++ ? mr_dose_add(sum, d) : d;
    }
    return twice ? in_doubt(sum) : sum;
}

/* Of the orders of one product: what all say. */
static mr_dose product_orders(const mr_item *items, size_t n, size_t first, mr_span substance) {
    mr_dose all = dose_of(items[first].entry, substance);
    for (size_t i = first + 1; i < n; i++)
        if (counts(&items[i], MR_ENTRY_REQUEST) && first_of_product(items, i, MR_ENTRY_REQUEST) == first)
            all = mr_dose_agree(all, dose_of(items[i].entry, substance));
    return all;
}

static mr_dose orders_dose(const mr_item *items, size_t n, mr_span substance) {
    mr_dose sum = {.known = false};
    size_t products = 0;
    for (size_t i = 0; i < n; i++) {
        if (!counts(&items[i], MR_ENTRY_REQUEST) || first_of_product(items, i, MR_ENTRY_REQUEST) < i) continue;
        mr_dose d = product_orders(items, n, i, substance);
        sum = products++ ? mr_dose_add(sum, d) : d;
    }
    return products > 1 ? in_doubt(sum) : sum;
}

mr_dose mr_items_dose(const mr_item *items, size_t n, mr_span substance) {
    size_t statements;
    mr_dose d = statements_dose(items, n, substance, &statements);
    if (statements > 1 || (statements == 1 && d.why != MR_DOSE_NOT_TOLD)) return d;
    return orders_dose(items, n, substance);
}
