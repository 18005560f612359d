/* The orders in which members have stood so far, as a tree of steps. Who writes FHIR writes the members of a kind of
 * object in the same order again and again: an object whose names follow a known path needs no search for each name and
 * no look for duplicates, since no path holds a name twice. Private to json_simdjson.cpp and fhir_order.c.
 *
 * A name is looked at where simdjson keeps it: four bytes of length, then the text, then more that can be read. */
#ifndef MEDREVIEW_CODEC_FHIR_ORDER_H
#define MEDREVIEW_CODEC_FHIR_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    MR_ORDER_STEPS = 512,     /* a page of ten resource types has about 150 */
    MR_ORDER_BRANCHES = 12,   /* steps that may stand in one place */
    MR_ORDER_FIRST = 64,      /* places of first steps, by the look of their name */
    MR_ORDER_NAME_BYTES = 44, /* head, middle and tail; a longer name belongs to no path */
    MR_ORDER_DEPTH = 48       /* members of an object */
};

typedef struct mr_order_step { /* a cache line or little more */
    uint64_t head, tail, mask; /* first eight bytes, length included, and last eight; what of them counts */
    uint16_t next, other;      /* the step behind this one; another one in its place; 0: none */
    uint8_t tail_at, name;     /* `name`: mr_fhir_name */
    uint8_t n_middle;          /* words between head and tail, which the last of them may run into */
    uint64_t middle[4];
} mr_order_step;

typedef struct mr_order {
    size_t n; /* steps made, the first of which is none */
    uint16_t first[MR_ORDER_FIRST];
    mr_order_step steps[MR_ORDER_STEPS];
} mr_order;

#ifdef __cplusplus
extern "C" {
#endif
/* Forgets all paths when there is no room for more. Also makes a new one fit for use: then `n` is 0. */
void mr_order_tidy(mr_order *o);
/* Adds a path: names[i] as above, name_of[i] as mr_fhir_name; no name may stand twice. false: it does not fit, or not
 * to its end. */
bool mr_order_learn(mr_order *o, const uint8_t *const *names, const uint8_t *name_of, size_t n);
#ifdef __cplusplus
}
#endif

static inline uint64_t mr_order_eight(const uint8_t *p) {
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

/* Where to begin for an object whose first name is this one. */
static inline size_t mr_order_place(const uint8_t *name) {
    uint32_t length;
    memcpy(&length, name, sizeof length);
    return (length * 5u + name[4]) % MR_ORDER_FIRST;
}

static inline bool mr_order_is(const mr_order_step *s, const uint8_t *name) {
    uint64_t differs = (mr_order_eight(name) ^ s->head) | (mr_order_eight(name + s->tail_at) ^ s->tail);
    for (size_t i = 0; i < s->n_middle; i++) differs |= mr_order_eight(name + 8 * (i + 1)) ^ s->middle[i];
    return !(differs & s->mask);
}

/* The step of this name among those that may stand in the place of step `i`; NULL: none. */
static inline const mr_order_step *mr_order_find(const mr_order *o, uint16_t i, const uint8_t *name) {
    for (; i; i = o->steps[i].other)
        if (mr_order_is(&o->steps[i], name)) return &o->steps[i];
    return NULL;
}

#endif
