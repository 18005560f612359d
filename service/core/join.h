/* Entries to medicines; private to core. */
#ifndef MEDREVIEW_CORE_JOIN_H
#define MEDREVIEW_CORE_JOIN_H

#include "entry.h"
#include "medreview/core/ruleset.h"

/* An entry whose substances are known. */
typedef struct mr_item {
    const mr_entry *entry;
    mr_use use;
    mr_span set; /* its substances, sorted, each once: what it is */
    mr_route route;
    bool joins; /* has a time in which it can meet others */
    mr_day from, until;
    size_t medicine; /* number of the medicine it became part of */
} mr_item;

/* Numbers the medicines and sorts `items` by them, the leading entry of each first. The order of `items` on entry makes
 * no difference. false: the arena is out of room. */
bool mr_items_join(mr_item *items, size_t n, mr_arena *a, size_t *ret_medicines);
/* The substances of an entry as one span. */
bool mr_item_set(const mr_entry *e, mr_arena *a, mr_span *ret);
/* One medicine of `n` joined items, leading first. */
bool mr_medicine_build(const mr_ruleset *rules, const mr_item *items, size_t n, mr_arena *a, mr_medicine *ret);

#endif
