/* The terms of a drug group's member in the words of the packs. */
#include "medreview/core/named.h"

static const uint32_t local = 1u << MR_ROUTE_INHALED | 1u << MR_ROUTE_NASAL | 1u << MR_ROUTE_EYE | 1u << MR_ROUTE_EAR |
                              1u << MR_ROUTE_CUTANEOUS | 1u << MR_ROUTE_VAGINAL;
static const uint32_t unknown = 1u << MR_ROUTE_UNKNOWN;

static void begin(mr_buf *out, size_t from, const char *word) {
    if (out->len > from) mr_buf_adds(out, "; ");
    mr_buf_adds(out, word);
}

static void put_words(mr_buf *out, const mr_span *v, size_t n) {
    for (size_t i = 0; i < n; i++) mr_buf_printf(out, "%s%.*s", i ? ", " : " ", MR_SPAN_ARG(v[i]));
}

static void put_routes(mr_buf *out, size_t from, uint32_t routes) {
    const uint32_t all = (1u << MR_ROUTE_COUNT) - 1, systemic = all & ~local;
    if ((routes & all) == systemic) return;
    begin(out, from, "routes");
    bool whole = (routes & systemic) == systemic, first = true;
    if (whole) mr_buf_adds(out, " systemic");
    for (unsigned r = 0; r < MR_ROUTE_COUNT; r++) {
        bool said = whole && (systemic >> r & 1), implied = 1u << r == unknown && (routes & systemic & ~unknown);
        if (!(routes >> r & 1) || said || implied) continue;
        mr_buf_printf(out, "%s%s", whole || !first ? ", " : " ", r ? mr_route_text((mr_route)r) : "unknown");
        first = false;
    }
}

static void put_strength(mr_buf *out, size_t from, const mr_group_terms *t) {
    if (!t->unit.len) return;
    begin(out, from, "strength");
    if (t->from > 0) mr_buf_printf(out, " from %.10g", t->from);
    if (t->to > 0) mr_buf_printf(out, " to %.10g", t->to);
    mr_buf_printf(out, " %.*s", MR_SPAN_ARG(t->unit));
    if (t->per_unit.len && t->per > 0 && t->per != 1)
        mr_buf_printf(out, " per %.10g %.*s", t->per, MR_SPAN_ARG(t->per_unit));
    else if (t->per_unit.len)
        mr_buf_printf(out, " per %.*s", MR_SPAN_ARG(t->per_unit));
}

void mr_group_terms_text(uint32_t routes, const mr_group_terms *t, mr_buf *out) {
    size_t from = out->len;
    put_routes(out, from, routes);
    if (!t) return;
    if (t->n_forms) {
        begin(out, from, "forms");
        put_words(out, t->forms, t->n_forms);
    }
    if (t->release != MR_RELEASE_ANY)
        begin(out, from, t->release == MR_RELEASE_MODIFIED ? "release modified" : "release immediate");
    put_strength(out, from, t);
    if (t->n_not_with) {
        begin(out, from, "not with");
        put_words(out, t->not_with, t->n_not_with);
    }
    if (t->known_only) begin(out, from, "what is not known does not count");
}
