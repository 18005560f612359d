/* One line for what terminology says of a medicine, so that tests read as tables:
 * "name: codeine 30 mg + paracetamol 500 mg; oral tablet". */
#ifndef MEDREVIEW_TESTS_UNDERSTOOD_TEXT_H
#define MEDREVIEW_TESTS_UNDERSTOOD_TEXT_H

#include "medreview/terminology/terminology.h"

static inline void understood_ingredient(const mr_ingredient *g, mr_buf *out) {
    mr_buf_addsp(out, g->substance);
    if (g->strength <= 0) return;
    mr_buf_printf(out, " %.10g %.*s", g->strength, MR_SPAN_ARG(g->strength_unit));
    if (g->per > 0) mr_buf_printf(out, "/%.10g %.*s", g->per, MR_SPAN_ARG(g->per_unit));
}

static inline void understood_text(const mr_understood *u, mr_buf *out) {
    if (u->by == MR_REC_NOT) {
        mr_buf_adds(out, u->not_a_medicine ? "not a medicine" : mr_unread_text(u->why));
        return;
    }
    mr_buf_printf(out, "%s%s: ", mr_recognised_text(u->by), u->uncertain ? " (uncertain)" : "");
    for (size_t i = 0; i < u->n_ingredients; i++) {
        if (i) mr_buf_adds(out, " + ");
        understood_ingredient(&u->ingredients[i], out);
    }
    mr_buf_printf(out, "; %s", mr_route_text(u->route));
    if (u->form.ptr) mr_buf_printf(out, " %.*s", MR_SPAN_ARG(u->form));
    if (u->modified_release) mr_buf_adds(out, ", modified release");
}

#endif
