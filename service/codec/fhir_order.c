/* Learning the order of members: one step a name, made when it is first seen in its place. */
#include "fhir_order.h"

void mr_order_clear(mr_order *o) {
    memset(o->first, 0, sizeof o->first);
    o->n = 0;
}

void mr_order_tidy(mr_order *o) {
    if (o->n == MR_ORDER_STEPS) mr_order_clear(o);
}

/* The bytes of a name that its eight first ones have, as a word of ones: also right where the highest byte comes first.
 */
static uint64_t mask_of(uint32_t length) {
    uint8_t ones[8];
    uint64_t mask;
    for (size_t i = 0; i < 8; i++) ones[i] = i < sizeof length + length ? 0xFF : 0;
    memcpy(&mask, ones, sizeof mask);
    return mask;
}

/* NULL: no room, or the name is too long. */
static mr_order_step *step_new(mr_order *o, const uint8_t *name, uint8_t name_of) {
    uint32_t length;
    memcpy(&length, name, sizeof length);
    if (o->n == MR_ORDER_STEPS || length > MR_ORDER_NAME_BYTES) return NULL;
    mr_order_step *s = &o->steps[o->n++];
    *s = (mr_order_step){.mask = mask_of(length), .name = name_of};
    if (length > 4) s->tail_at = (uint8_t)(length - 4);
    if (length > 12) s->n_middle = (uint8_t)((length - 12 + 7) / 8);
    s->head = mr_order_eight(name);
    s->tail = mr_order_eight(name + s->tail_at);
    for (size_t i = 0; i < s->n_middle; i++) s->middle[i] = mr_order_eight(name + 8 * (i + 1));
    return s;
}

bool mr_order_learn(mr_order *o, const uint8_t *const *names, const uint8_t *name_of, size_t n) {
    mr_order_step **place = n ? &o->first[mr_order_place(names[0])] : NULL;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; *place && !mr_order_is(*place, names[i]); k++) {
            if (k == MR_ORDER_BRANCHES) return false;
            place = &(*place)->other;
        }
        if (!*place) *place = step_new(o, names[i], name_of[i]);
        if (!*place) return false;
        place = &(*place)->next;
    }
    return true;
}
