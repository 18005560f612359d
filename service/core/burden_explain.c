/* The burden taken apart: each medicine's share, the other anticholinergic scales, and what is counted by lists. */
#include "sight.h"

#include <stdlib.h>

/* ---- opioid ---- */

static const mr_equivalent *opioid_measure(const mr_ruleset *rules) {
    for (size_t i = 0; i < rules->n_equivalents; i++)
        if (mr_span_is(rules->equivalents[i].name, "opioid")) return &rules->equivalents[i];
    return NULL;
}

/* The same factors as the total: of the measure `opioid`, or of the older scale `ome` where a pack has no measure. */
static double factor_of(const mr_sight *s, const mr_medicine *m, mr_span substance, bool *ok) {
    const mr_equivalent *e = opioid_measure(s->rules);
    uint16_t scale = mr_ruleset_scale(s->rules, MR_SPAN("ome"));
    if (e) return mr_equivalent_of(e, m, substance);
    return scale == MR_NO_NUMBER ? 0 : mr_opioid_factor(&s->rules->scales[scale], m, substance, s->arena, ok);
}

static mr_dose opioid_share(const mr_sight *s, const mr_medicine *m, const mr_ingredient *g, bool *ok) {
    mr_dose share = {.known = false, .unit = MR_SPAN("mg")};
    if (!g->daily.known || !mr_span_is(g->daily.unit, "mg")) return share;
    double factor = factor_of(s, m, g->substance, ok);
    share.known = factor > 0;
    share.value = g->daily.value * factor;
    return share;
}

/* ---- parts ---- */

static uint32_t lists_of(const mr_ruleset *rules, const mr_ingredient *g) {
    uint32_t bits = 0;
    for (size_t i = 0; i < rules->n_burden_lists && i < 32; i++)
        for (size_t k = 0; k < rules->burden_lists[i].n_groups; k++)
            if (mr_bits_has(&g->groups, rules->burden_lists[i].groups[k])) bits |= 1u << i;
    return bits;
}

static int part_order(const void *left, const void *right) {
    const mr_burden_part *a = left, *b = right;
    int c = mr_span_cmp(a->substance, b->substance);
    return c ? c : mr_span_cmp(a->reference, b->reference);
}

/* One substance of one medicine. */
static bool part_of(const mr_sight *s, const mr_medicine *m, const mr_ingredient *g, mr_burden_part *ret) {
    const mr_ruleset *rules = s->rules;
    uint16_t opioid = mr_ruleset_group(rules, MR_SPAN("opioid"));
    bool ok = true;
    *ret = (mr_burden_part){.reference = m->reference, .substance = g->substance, .lists = lists_of(rules, g)};
    if (rules->default_scale < rules->n_scales && !mr_route_local(m->route))
        ret->points = mr_scale_points(&rules->scales[rules->default_scale], g->substance);
    ret->opioid = opioid != MR_NO_NUMBER && mr_bits_has(&g->groups, opioid);
    if (ret->opioid) ret->opioid_mg = opioid_share(s, m, g, &ok);
    return ok;
}

static size_t ingredients_taken(const mr_record *record) {
    size_t n = 0;
    for (size_t i = 0; i < record->n_medicines; i++)
        if (mr_medicine_taken(&record->medicines[i])) n += record->medicines[i].n_ingredients;
    return n;
}

static bool parts_fill(const mr_sight *s, mr_burden_detail *d) {
    d->parts = MR_NEW_N(s->arena, mr_burden_part, ingredients_taken(s->record));
    if (!d->parts) return false;
    for (size_t i = 0; i < s->record->n_medicines; i++) {
        const mr_medicine *m = &s->record->medicines[i];
        for (size_t k = 0; mr_medicine_taken(m) && k < m->n_ingredients; k++) {
            mr_burden_part *part = &d->parts[d->n_parts];
            if (!part_of(s, m, &m->ingredients[k], part)) return false;
            if (part->points > 0 || part->opioid || part->lists) d->n_parts++;
        }
    }
    if (d->n_parts) qsort(d->parts, d->n_parts, sizeof *d->parts, part_order);
    return true;
}

/* A substance in two products adds its points and counts in its lists once, and stands so: the second brings opioid
 * alone. Parts are sorted by substance. */
static void count_once(mr_burden_detail *d) {
    for (size_t i = 1; i < d->n_parts; i++) {
        mr_burden_part *part = &d->parts[i];
        for (size_t k = i; k-- > 0 && mr_span_eq(d->parts[k].substance, part->substance);) {
            if (d->parts[k].points > 0) part->points = 0;
            part->lists &= ~d->parts[k].lists;
        }
    }
}

static void drop_empty(mr_burden_detail *d) {
    size_t kept = 0;
    for (size_t i = 0; i < d->n_parts; i++)
        if (d->parts[i].points > 0 || d->parts[i].opioid || d->parts[i].lists) d->parts[kept++] = d->parts[i];
    d->n_parts = kept;
}

/* ---- lists and scales ---- */

static bool lists_fill(const mr_sight *s, mr_burden_detail *d) {
    d->n_lists = s->rules->n_burden_lists;
    d->lists = MR_NEW_N(s->arena, unsigned, d->n_lists);
    for (size_t i = 0; d->lists && i < d->n_parts; i++)
        for (size_t k = 0; k < d->n_lists && k < 32; k++) d->lists[k] += d->parts[i].lists >> k & 1;
    return d->lists != NULL;
}

/* Conversion tables are scales too, but their numbers are no points. */
static bool is_burden(const mr_scale *x) {
    return !mr_span_is(x->name, "ome");
}

static bool scales_fill(const mr_sight *s, mr_burden_detail *d) {
    const mr_ruleset *rules = s->rules;
    d->scales = MR_NEW_N(s->arena, mr_scale_sum, rules->n_scales);
    if (!d->scales) return false;
    if (rules->default_scale < rules->n_scales)
        d->scales[d->n_scales++] =
            (mr_scale_sum){&rules->scales[rules->default_scale], mr_scale_total(s, rules->default_scale)};
    for (size_t i = 0; i < rules->n_scales; i++)
        if (i != rules->default_scale && is_burden(&rules->scales[i]))
            d->scales[d->n_scales++] = (mr_scale_sum){&rules->scales[i], mr_scale_total(s, (uint16_t)i)};
    return true;
}

mr_rc mr_burden_explain(const mr_ruleset *rules, const mr_record *record, mr_arena *a, mr_burden_detail *ret,
                        mr_error *err) {
    mr_sight s = {.rules = rules, .record = record, .arena = a};
    mr_burden_detail d = {.parts = NULL};
    if (!mr_burden_compute(&s) || !parts_fill(&s, &d)) return mr_arena_why(a, err);
    count_once(&d);
    drop_empty(&d);
    if (!lists_fill(&s, &d) || !scales_fill(&s, &d)) return mr_arena_why(a, err);
    *ret = d;
    return MR_OK;
}
