/* What all medicines together amount to: their number, the anticholinergic total, opioid in morphine, falls risk. */
#include "sight.h"

#include <stdlib.h>

bool mr_route_local(mr_route r) {
    return r == MR_ROUTE_EYE || r == MR_ROUTE_EAR || r == MR_ROUTE_CUTANEOUS || r == MR_ROUTE_NASAL ||
           r == MR_ROUTE_VAGINAL;
}

bool mr_scale_find(const mr_scale *scale, mr_span substance, double *ret) {
    size_t lo = 0, hi = scale->n_scores;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = mr_span_cmp(substance, scale->scores[mid].substance);
        if (c == 0) {
            *ret = scale->scores[mid].points;
            return true;
        }
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return false;
}

double mr_scale_points(const mr_scale *scale, mr_span substance) {
    double points = 0;
    return mr_scale_find(scale, substance, &points) ? points : 0;
}

static int load_order(const void *left, const void *right) {
    const mr_load *a = left, *b = right;
    int c = mr_span_cmp(a->substance, b->substance);
    if (!c) c = mr_span_cmp(a->medicine->reference, b->medicine->reference);
    return c ? c : mr_span_cmp(a->medicine->text, b->medicine->text);
}

static size_t ingredients_taken(const mr_record *record) {
    size_t n = 0;
    for (size_t i = 0; i < record->n_medicines; i++)
        if (mr_medicine_taken(&record->medicines[i])) n += record->medicines[i].n_ingredients;
    return n;
}

/* Substances taken, sorted, each once. */
static bool loads_fill(mr_sight *s) {
    const mr_record *record = s->record;
    mr_load *v = s->loads = MR_NEW_N(s->arena, mr_load, ingredients_taken(record));
    uint16_t frid = mr_ruleset_group(s->rules, MR_SPAN("frid"));
    size_t n = 0, kept = 0;
    if (!v) return false;
    for (size_t i = 0; i < record->n_medicines; i++) {
        const mr_medicine *m = &record->medicines[i];
        bool body = !mr_route_local(m->route);
        for (size_t k = 0; mr_medicine_taken(m) && k < m->n_ingredients; k++)
            v[n++] = (mr_load){m->ingredients[k].substance, m, body, body && !m->as_needed,
                               frid != MR_NO_NUMBER && mr_bits_has(&m->ingredients[k].groups, frid)};
    }
    if (n) qsort(v, n, sizeof *v, load_order);
    for (size_t i = 0; i < n; i++) {
        if (!kept || !mr_span_eq(v[kept - 1].substance, v[i].substance)) {
            v[kept++] = v[i];
            continue;
        }
        mr_load *same = &v[kept - 1];
        if (!same->systemic && v[i].systemic) same->medicine = v[i].medicine;
        same->systemic |= v[i].systemic;
        same->regular |= v[i].regular;
        same->frid |= v[i].frid;
    }
    s->n_loads = kept;
    return true;
}

double mr_scale_total(const mr_sight *s, uint16_t scale) {
    double total = 0;
    for (size_t i = 0; i < s->n_loads; i++)
        if (s->loads[i].systemic) total += mr_scale_points(&s->rules->scales[scale], s->loads[i].substance);
    return total;
}

/* ---- opioid ---- */

static const mr_equivalent *equivalent_named(const mr_ruleset *rules, mr_span name) {
    for (size_t i = 0; i < rules->n_equivalents; i++)
        if (mr_span_eq(rules->equivalents[i].name, name)) return &rules->equivalents[i];
    return NULL;
}

double mr_opioid_factor(const mr_scale *ome, const mr_medicine *m, mr_span substance, mr_arena *a, bool *ok) {
    mr_span by_route = mr_arena_printf(a, "%.*s (%s)", MR_SPAN_ARG(substance), mr_route_text(m->route));
    *ok = by_route.ptr != NULL;
    if (!*ok) return 0;
    double factor = mr_scale_points(ome, by_route);
    return factor > 0 || m->route != MR_ROUTE_ORAL ? factor : mr_scale_points(ome, substance);
}

static bool opioid_compute(const mr_ruleset *rules, const mr_record *record, mr_arena *a, mr_burden *b) {
    uint16_t group = mr_ruleset_group(rules, MR_SPAN("opioid")), scale = mr_ruleset_scale(rules, MR_SPAN("ome"));
    b->opioid_known = group != MR_NO_NUMBER;
    for (size_t i = 0; b->opioid_known && i < record->n_medicines; i++) {
        const mr_medicine *m = &record->medicines[i];
        if (!mr_medicine_taken(m) || !mr_bits_has(&m->groups, group)) continue;
        bool dosed =
            scale != MR_NO_NUMBER && m->daily.known && m->n_ingredients == 1 && mr_span_is(m->daily.unit, "mg");
        double factor = 0;
        bool ok = true;
        if (dosed) factor = mr_opioid_factor(&rules->scales[scale], m, m->ingredients[0].substance, a, &ok);
        if (!ok) return false;
        b->opioid_known = factor > 0;
        b->opioid_mg_per_day += m->daily.value * factor;
    }
    if (!b->opioid_known) b->opioid_mg_per_day = 0;
    return true;
}

bool mr_burden_compute(mr_sight *s) {
    const mr_ruleset *rules = s->rules;
    const mr_scale *scale = rules->default_scale < rules->n_scales ? &rules->scales[rules->default_scale] : NULL;
    mr_burden b = {.medicines = 0};
    if (!loads_fill(s) || !(b.shares = MR_NEW_N(s->arena, mr_burden_share, s->n_loads))) return false;
    for (size_t i = 0; i < s->n_loads; i++) {
        const mr_load *x = &s->loads[i];
        double points = scale && x->systemic ? mr_scale_points(scale, x->substance) : 0;
        b.medicines += x->regular;
        b.falls_risk += x->frid;
        b.anticholinergic += points;
        if (points > 0) b.shares[b.n_shares++] = (mr_burden_share){x->medicine->reference, x->substance, points};
    }
    if (scale) {
        b.scale = scale->name;
        b.scale_version = scale->version;
    }
    const mr_equivalent *opioid = equivalent_named(rules, MR_SPAN("opioid"));
    if (opioid) {
        mr_range total = mr_equivalent_total(s, opioid);
        b.opioid_known = total.hi <= total.lo;
        b.opioid_mg_per_day = b.opioid_known ? mr_tidy(total.lo) : 0;
    } else if (!opioid_compute(rules, s->record, s->arena, &b)) {
        return false;
    }
    s->burden = b;
    return true;
}
