/* How a dm+d release was bound to our substances: counts, names of drug groups that it has no record for, and where it
 * says two things. For `terminology lookup release`. */
#include "terminology_release.h"

#include "medreview/codec/json_out.h"

#include <stdlib.h>

typedef struct names {
    mr_span *v;
    size_t n, cap;
} names;

static int by_text(const void *a, const void *b) {
    return mr_span_cmp(*(const mr_span *)a, *(const mr_span *)b);
}

/* Substances of drug groups without a record in the release, sorted, each once. */
static bool find_lacking(const mr_terminology *t, const mr_ruleset *rules, mr_arena *a, names *ret) {
    for (size_t g = 0; g < rules->n_groups; g++)
        for (size_t m = 0; m < rules->groups[g].n_members; m++) {
            mr_span key = rules->groups[g].members[m].substance;
            if (!mr_terminology_binds(t, key) && !MR_PUSH(a, ret->v, ret->n, ret->cap, key)) return false;
        }
    if (ret->n) qsort(ret->v, ret->n, sizeof *ret->v, by_text);
    size_t kept = 0;
    for (size_t i = 0; i < ret->n; i++)
        if (!kept || !mr_span_eq(ret->v[kept - 1], ret->v[i])) ret->v[kept++] = ret->v[i];
    ret->n = kept;
    return true;
}

static void print(const mr_terminology *t, const mr_term_release *r, const names *lacking, mr_buf *out) {
    size_t n;
    const mr_span *told = mr_terminology_told(t, &n);
    mr_buf_printf(out, "release %s\n", r->date.len ? r->date.ptr : "without a date");
    mr_buf_printf(out, "  substances: by id %zu, former id %zu, name %zu, name without salt %zu, moiety %zu; own %zu\n",
                  r->by_id, r->by_former_id, r->by_name, r->by_salt, r->by_moiety, r->own);
    mr_buf_printf(out, "  products: by ingredients %zu, moiety %zu, name %zu; no medicine %zu, not known %zu\n",
                  r->by_parts, r->by_vtm, r->by_product_name, r->no_medicine, r->unknown);
    mr_buf_printf(out, "  products that contradict themselves: uncertain %zu, refused %zu\n", r->unsure, r->refused);
    mr_buf_printf(out, "  substances of drug groups without a record: %zu\n", lacking->n);
    for (size_t i = 0; i < lacking->n; i++) mr_buf_printf(out, "    %.*s\n", MR_SPAN_ARG(lacking->v[i]));
    mr_buf_printf(out, "  told: %zu\n", r->told);
    for (size_t i = 0; i < n; i++) mr_buf_printf(out, "    %.*s\n", MR_SPAN_ARG(told[i]));
}

static void write_counts(mr_jw *w, const mr_term_release *r) {
    const struct {
        const char *name;
        size_t n;
    } counts[] = {{"substancesById", r->by_id},           {"substancesByFormerId", r->by_former_id},
                  {"substancesByName", r->by_name},       {"substancesByNameWithoutSalt", r->by_salt},
                  {"substancesByMoiety", r->by_moiety},   {"substancesOwn", r->own},
                  {"productsByIngredients", r->by_parts}, {"productsByMoiety", r->by_vtm},
                  {"productsByName", r->by_product_name}, {"productsNoMedicine", r->no_medicine},
                  {"productsNotKnown", r->unknown},       {"productsUncertain", r->unsure},
                  {"productsRefused", r->refused},        {"toldInAll", r->told}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) mr_jw_number(w, counts[i].name, (double)counts[i].n);
}

static void write(const mr_terminology *t, const mr_term_release *r, const names *lacking, mr_buf *out) {
    mr_jw w;
    size_t n;
    const mr_span *told = mr_terminology_told(t, &n);
    mr_jw_begin(&w, out);
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "terminology", mr_terminology_version(t));
    mr_jw_string_if(&w, "release", r->date);
    write_counts(&w, r);
    mr_jw_array(&w, "withoutRecord");
    for (size_t i = 0; i < lacking->n; i++) mr_jw_string(&w, NULL, lacking->v[i]);
    mr_jw_end(&w);
    mr_jw_array(&w, "told");
    for (size_t i = 0; i < n; i++) mr_jw_string(&w, NULL, told[i]);
    mr_jw_end(&w);
    mr_jw_end(&w);
    mr_buf_addc(out, '\n');
}

mr_rc mr_term_release_report(const mr_terminology *t, const mr_ruleset *rules, bool json, mr_arena *a, mr_buf *out,
                             mr_error *err) {
    mr_term_release r;
    names lacking = {0};
    if (!mr_terminology_release(t, &r)) {
        mr_buf_adds(out, json ? "{}\n" : "no release: the shipped table alone\n");
        return mr_buf_why(out, err);
    }
    if (!find_lacking(t, rules, a, &lacking)) return mr_arena_why(a, err);
    if (json)
        write(t, &r, &lacking, out);
    else
        print(t, &r, &lacking, out);
    return mr_buf_why(out, err);
}
