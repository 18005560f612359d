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
    MR_ORDER_MIDDLE = 2,      /* words of a name between its head and tail */
    MR_ORDER_NAME_BYTES = 28, /* head, middle and tail; a longer name belongs to no path */
    MR_ORDER_DEPTH = 48       /* members of an object */
};

typedef struct mr_order_step mr_order_step;
struct mr_order_step {         /* a cache line */
    uint64_t head, tail, mask; /* first eight bytes, length included, and last eight; what of them counts */
    uint64_t middle[MR_ORDER_MIDDLE];
    mr_order_step *next, *other; /* the step behind this one; another one in its place */
    uint8_t tail_at, n_middle;
    uint8_t name; /* mr_fhir_name */
};

typedef struct mr_order {
    size_t n; /* steps made */
    mr_order_step *first[MR_ORDER_FIRST];
    mr_order_step steps[MR_ORDER_STEPS];
} mr_order;

#ifdef __cplusplus
extern "C" {
#endif
void mr_order_clear(mr_order *o);
/* Forgets all paths when there is no room for more. */
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

/* Where the paths begin whose first name may be this one. */
static inline size_t mr_order_place(const uint8_t *name) {
    uint32_t length;
    memcpy(&length, name, sizeof length);
    return (length * 5u + name[4]) % MR_ORDER_FIRST;
}

static inline bool mr_order_is(const mr_order_step *s, const uint8_t *name) {
    uint64_t differs = (mr_order_eight(name) ^ s->head) | (mr_order_eight(name + s->tail_at) ^ s->tail);
    if (s->n_middle) differs |= mr_order_eight(name + 8) ^ s->middle[0];
    if (s->n_middle == 2) differs |= mr_order_eight(name + 16) ^ s->middle[1];
    return !(differs & s->mask);
}

/* The step of this name among those that may stand in the place of `s`; NULL: none. */
static inline const mr_order_step *mr_order_find(const mr_order_step *s, const uint8_t *name) {
    while (s && !mr_order_is(s, name)) s = s->other;
    return s;
}

#endif
