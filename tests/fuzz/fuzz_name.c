/* Any bytes as the text and the display of a medicine: there is always an answer, whole and in order, and the same one
 * when it is asked for again with its steps. */
#include "medreview/terminology/terminology.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const mr_terminology *table(void) {
    static mr_terminology *t; /* opened once, or each input would pay for it */
    mr_error err;
    if (!t && mr_terminology_builtin(&t, &err) != MR_OK) abort();
    return t;
}

static void require(bool held) {
    if (!held) abort();
}

static void check_answer(const mr_understood *u) {
    require((u->by == MR_REC_NOT) == (u->n_ingredients == 0));
    require((u->by == MR_REC_NOT) == (u->why != MR_UNREAD_NOT));
    require(!u->not_a_medicine || u->by == MR_REC_NOT);
    for (size_t i = 0; i < u->n_ingredients; i++) {
        const mr_ingredient *g = &u->ingredients[i];
        require(g->substance.len > 0 && g->strength >= 0 && g->per >= 0);
        require(i == 0 || mr_span_cmp(u->ingredients[i - 1].substance, g->substance) < 0);
    }
}

static void check_same(const mr_understood *x, const mr_understood *y) {
    require(x->by == y->by && x->why == y->why && x->route == y->route && x->n_ingredients == y->n_ingredients);
    for (size_t i = 0; i < x->n_ingredients; i++) {
        require(mr_span_eq(x->ingredients[i].substance, y->ingredients[i].substance));
        require(x->ingredients[i].strength == y->ingredients[i].strength);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    mr_span whole = {(const char *)bytes, n}, text, display;
    mr_span_split(whole, '\n', &text, &display); /* first line: the text; the rest: a display */
    const mr_coding coding = {MR_SPAN("https://example.org/local"), MR_SPAN("1"), display};
    mr_term_question q = {.codings = &coding, .n_codings = display.len ? 1 : 0, .text = text};
    mr_arena *a = mr_arena_new_checked(4 << 20);
    mr_term_steps steps = {0};
    mr_understood u, again;
    require(a && mr_terminology_resolve(table(), &q, a, NULL, &u, NULL) == MR_OK);
    require(mr_terminology_resolve(table(), &q, a, &steps, &again, NULL) == MR_OK);
    check_answer(&u);
    check_same(&u, &again);
    mr_arena_free(a);
    return 0;
}
