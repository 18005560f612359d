/* Names by kind. Linear: it is asked a few thousand times while packs are compiled, never while a record is reviewed.
 */
#include "names.h"

#include "medreview/base/utf8.h"

const char *mr_name_kind_text(mr_name_kind kind) {
    static const char *const text[] = {[MR_NAME_GROUP] = "drug group",
                                       [MR_NAME_CONCEPT] = "concept",
                                       [MR_NAME_SCALE] = "scale",
                                       [MR_NAME_HARM] = "harm",
                                       [MR_NAME_EQUIVALENT] = "table of equivalents",
                                       [MR_NAME_CHECKLIST] = "checklist"};
    return text[kind];
}

size_t mr_name_count(const mr_ruleset *r, mr_name_kind kind) {
    switch (kind) {
    case MR_NAME_GROUP: return r->n_groups;
    case MR_NAME_CONCEPT: return r->n_concepts;
    case MR_NAME_SCALE: return r->n_scales;
    case MR_NAME_HARM: return r->n_harms;
    case MR_NAME_EQUIVALENT: return r->n_equivalents;
    case MR_NAME_CHECKLIST: return r->n_checklists;
    }
    return 0;
}

mr_span mr_name_at(const mr_ruleset *r, mr_name_kind kind, size_t i) {
    switch (kind) {
    case MR_NAME_GROUP: return r->groups[i].name;
    case MR_NAME_CONCEPT: return r->concepts[i];
    case MR_NAME_SCALE: return r->scales[i].name;
    case MR_NAME_HARM: return r->harms[i].key;
    case MR_NAME_EQUIVALENT: return r->equivalents[i].name;
    case MR_NAME_CHECKLIST: return r->checklists[i].name;
    }
    return MR_SPAN_NONE;
}

uint16_t mr_name_find(const mr_ruleset *r, mr_name_kind kind, mr_span name) {
    size_t n = mr_name_count(r, kind);
    for (size_t i = 0; i < n; i++)
        if (mr_span_eq(mr_name_at(r, kind, i), name)) return (uint16_t)i;
    return MR_NO_NUMBER;
}

mr_span mr_name_near(const mr_ruleset *r, mr_name_kind kind, mr_span name) {
    mr_span best = MR_SPAN_NONE;
    unsigned best_distance = 3;
    size_t n = mr_name_count(r, kind);
    for (size_t i = 0; i < n; i++) {
        unsigned d = mr_text_distance(name, mr_name_at(r, kind, i), 2);
        if (d >= best_distance) continue;
        best_distance = d;
        best = mr_name_at(r, kind, i);
    }
    return best;
}
