/* Lookups in the knowledge: names, which concepts a code stands for, what a unit is worth.
 *
 * A table of rows chained by number stands behind a hash index, since a code counts for several concepts. */
#include "groups.h"
#include "rule_index.h"

#include <stdlib.h>
#include <string.h>

enum { NO_ROW = UINT32_MAX, KEY_BYTES = 320 };

struct mr_hit_row {
    mr_concept_hit hit;
    uint32_t next;
};

/* ---- code systems ---- */

static bool system_is_snomed(mr_span system) {
    static const mr_span same[] = {
        {"http://snomed.info/sct", 22},
        {"https://dmd.nhs.uk", 18},
        {"https://dmd.nhs.uk/", 19},
        {"urn:oid:2.16.840.1.113883.6.96", 30},         /* SNOMED CT */
        {"urn:oid:2.16.840.1.113883.2.1.3.2.4.15", 38}, /* SNOMED CT, as the NHS registered it */
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (mr_span_eq(system, same[i])) return true;
    return false;
}

/* One spelling a system, so that synonyms meet in the index. */
static mr_span system_name(mr_span system) {
    if (system_is_snomed(system)) return MR_SPAN("sct");
    if (mr_span_is(system, "urn:oid:2.16.840.1.113883.6.1")) return MR_SPAN("http://loinc.org");
    return system;
}

/* false: longer than any code we know. */
static bool code_key(mr_span system, mr_span code, char out[KEY_BYTES], mr_span *ret) {
    mr_span name = system_name(system);
    if (!code.len || name.len + code.len + 1 > KEY_BYTES) return false;
    if (name.len) memcpy(out, name.ptr, name.len);
    out[name.len] = '|';
    memcpy(out + name.len + 1, code.ptr, code.len);
    *ret = (mr_span){out, name.len + 1 + code.len};
    return true;
}

/* ---- building ---- */

static int unit_order(const void *left, const void *right) {
    const mr_unit *a = left, *b = right;
    if (a->concept != b->concept) return a->concept < b->concept ? -1 : 1;
    return mr_span_cmp(a->unit, b->unit);
}

static int score_order(const void *left, const void *right) {
    const mr_score *a = left, *b = right;
    return mr_span_cmp(a->substance, b->substance);
}

mr_rc mr_ruleset_index(mr_ruleset *r, mr_arena *a, mr_error *err) {
    mr_rc rc = mr_groups_index(r, a, err);
    if (rc != MR_OK) return rc;
    if (r->n_units) qsort(r->units, r->n_units, sizeof *r->units, unit_order);
    for (size_t s = 0; s < r->n_scales; s++)
        if (r->scales[s].n_scores) qsort(r->scales[s].scores, r->scales[s].n_scores, sizeof(mr_score), score_order);
    return mr_rules_index(r, a, err);
}

static bool hit_known(const mr_ruleset *r, uint32_t row, mr_concept_hit hit) {
    for (; row != NO_ROW; row = r->hit_rows[row].next)
        if (r->hit_rows[row].hit.concept == hit.concept && r->hit_rows[row].hit.role == hit.role) return true;
    return false;
}

mr_rc mr_ruleset_add_code(mr_ruleset *r, mr_arena *a, mr_span system, mr_span code, mr_concept_hit hit, mr_error *err) {
    char text[KEY_BYTES];
    mr_span key;
    if (!code_key(system, code, text, &key)) return mr_fail(err, MR_MALFORMED, "a code is empty or too long");
    if (!r->concept_codes && !(r->concept_codes = mr_index_new(a, 1024))) return mr_arena_why(a, err);
    uint32_t known = NO_ROW, fresh = (uint32_t)r->n_hit_rows;
    if (mr_index_get(r->concept_codes, key, &known) && hit_known(r, known, hit)) return MR_OK;
    struct mr_hit_row row = {hit, known == NO_ROW ? NO_ROW : r->hit_rows[known].next};
    if (!MR_PUSH(a, r->hit_rows, r->n_hit_rows, r->cap_hit_rows, row)) return mr_arena_why(a, err);
    if (known != NO_ROW) {
        r->hit_rows[known].next = fresh;
        return MR_OK;
    }
    if (!mr_arena_dup(a, key, &key) || !mr_index_put(r->concept_codes, key, fresh, NULL)) return mr_arena_why(a, err);
    return MR_OK;
}

/* ---- names ---- */

uint16_t mr_ruleset_group(const mr_ruleset *r, mr_span name) {
    for (size_t i = 0; i < r->n_groups; i++)
        if (mr_span_eq(r->groups[i].name, name)) return (uint16_t)i;
    return MR_NO_NUMBER;
}

uint16_t mr_ruleset_concept(const mr_ruleset *r, mr_span key) {
    for (size_t i = 0; i < r->n_concepts; i++)
        if (mr_span_eq(r->concepts[i], key)) return (uint16_t)i;
    return MR_NO_NUMBER;
}

uint16_t mr_ruleset_scale(const mr_ruleset *r, mr_span name) {
    for (size_t i = 0; i < r->n_scales; i++)
        if (mr_span_eq(r->scales[i].name, name)) return (uint16_t)i;
    return MR_NO_NUMBER;
}

uint16_t mr_ruleset_harm(const mr_ruleset *r, mr_span key) {
    for (size_t i = 0; i < r->n_harms; i++)
        if (mr_span_eq(r->harms[i].key, key)) return (uint16_t)i;
    return MR_NO_NUMBER;
}

const mr_rule *mr_ruleset_rule(const mr_ruleset *r, mr_span id) {
    size_t lo = 0, hi = r->n_rules;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = mr_span_cmp(id, r->rules[mid].id);
        if (c == 0) return &r->rules[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

mr_span mr_ruleset_concept_title(const mr_ruleset *r, uint16_t concept) {
    if (concept >= r->n_concepts) return MR_SPAN("?");
    if (r->concept_titles && r->concept_titles[concept].len) return r->concept_titles[concept];
    return r->concepts[concept];
}

/* ---- lookups ---- */

size_t mr_ruleset_code(const mr_ruleset *r, mr_span system, mr_span code, mr_concept_hit *ret, size_t most) {
    char text[KEY_BYTES];
    mr_span key;
    uint32_t row;
    size_t n = 0;
    if (!r->concept_codes || !code_key(system, code, text, &key) || !mr_index_get(r->concept_codes, key, &row))
        return 0;
    for (; row != NO_ROW; row = r->hit_rows[row].next, n++)
        if (n < most) ret[n] = r->hit_rows[row].hit;
    return n;
}

/* First row of the concept in the sorted units; n_units when there is none. */
static size_t units_of(const mr_ruleset *r, uint16_t concept) {
    size_t lo = 0, hi = r->n_units;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (r->units[mid].concept < concept)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool mr_ruleset_loaded(const mr_ruleset *r, const mr_node *part) {
    bool degree = (part->op == MR_OP_COMPARE && part->quantity == MR_Q_DEGREE) ||
                  (part->op == MR_OP_HAS && part->degree != MR_DEGREE_ANY);
    if (part->concept >= r->n_concepts) return false;
    return degree ? r->degree_loaded && r->degree_loaded[part->concept] : r->concept_loaded[part->concept];
}

/* Scores beside the mean of the young, and differences. */
static bool may_be_negative(const mr_ruleset *r, uint16_t concept) {
    return concept < r->n_concepts &&
           (mr_span_is(r->concepts[concept], "t-score") || mr_span_ends(r->concepts[concept], "-drop"));
}

bool mr_ruleset_convert(const mr_ruleset *r, uint16_t concept, double value, mr_span unit, double *ret,
                        mr_span *ret_unit) {
    unit = mr_span_trim(unit);
    if (!(value > 0) && !may_be_negative(r, concept))
        return false; /* no other quantity that a rule asks for is zero or less: a slip of the keyboard */
    const mr_unit *canonical = NULL;
    for (size_t i = units_of(r, concept); i < r->n_units && r->units[i].concept == concept; i++) {
        const mr_unit *u = &r->units[i];
        if (unit.len == u->unit.len && mr_span_cmp(unit, u->unit) == 0) {
            *ret = u->factor * (value + u->offset);
            *ret_unit = u->canonical;
            return true;
        }
        if (unit.len && mr_span_eq(unit, u->canonical)) canonical = u;
    }
    if (!canonical) return false;
    *ret = value;
    *ret_unit = canonical->canonical;
    return true;
}
