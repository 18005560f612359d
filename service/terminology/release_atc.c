/* ATC codes by way of the release: what the products that bear a code have in common.
 *
 * The shipped table names single substances for the codes of drug groups; the bonus file gives some product for nearly
 * every code. A code is what all its valid products agree on, in exactly the same substances, and nothing when they
 * differ or when one of them is not understood. The table's own answer stays first; where products of the release say
 * otherwise, that is told. */
#include "table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CODE = 7 };

static int by_code(const void *a, const void *b) {
    const mr_release_atc *x = a, *y = b;
    int order = memcmp(x->code, y->code, CODE);
    return order ? order : (x->product > y->product) - (x->product < y->product);
}

/* The valid products that bear a whole code, by code: one entry each, in `all`. */
static size_t bearers(const mr_terminology *t, mr_release_atc *all) {
    size_t n = 0;
    for (size_t i = 0; i < t->release->n_vmps; i++) {
        const mr_dmd_vmp *v = &t->release->vmps[i];
        if (v->flags & MR_DMD_INVALID || strnlen(v->atc, sizeof v->atc) != CODE) continue;
        mr_release_atc *x = &all[n++];
        *x = (mr_release_atc){.product = (uint32_t)i};
        memcpy(x->code, v->atc, CODE);
    }
    if (n) qsort(all, n, sizeof *all, by_code);
    return n;
}

/* How many different sets of substances the n products have; each is compared with those that were new. */
static void join(const mr_terminology *t, const mr_release_atc *v, size_t n, mr_release_atc *ret) {
    const mr_product *seen[MR_TERM_ATC_SETS];
    *ret = v[0];
    ret->n_products = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        const mr_product *p = &t->made[v[i].product];
        ret->n_unread += !mr_product_understood(p);
        if (!mr_product_understood(p) || ret->n_sets == MR_TERM_ATC_SETS) continue;
        uint32_t k = 0;
        while (k < ret->n_sets && !mr_product_same(seen[k], p)) k++;
        if (k < ret->n_sets) continue;
        if (!ret->n_sets) ret->product = v[i].product;
        seen[ret->n_sets++] = p;
    }
}

/* What all products have in common besides; strengths and forms are not of a code. */
static void join_shapes(const mr_terminology *t, const mr_release_atc *v, size_t n, mr_release_atc *ret) {
    ret->shape = t->made[ret->product].shape;
    ret->shape.form = MR_SPAN_NONE;
    for (size_t i = 0; i < n; i++) {
        const mr_product *p = &t->made[v[i].product];
        if (p->shape.route != ret->shape.route) ret->shape.route = MR_ROUTE_UNKNOWN;
        ret->shape.modified_release &= p->shape.modified_release;
        ret->shape.soluble &= p->shape.soluble;
        ret->shape.intrauterine &= p->shape.intrauterine;
        ret->uncertain |= p->verdict == MR_VERDICT_UNSURE;
    }
}

static mr_rc tell_apart(mr_terminology *t, const mr_release_atc *x, const mr_reading *table, const mr_dmd_vmp *v,
                        const mr_reading *product, size_t n, mr_error *err) {
    mr_span said = mr_reading_text(t, table, t->arena), is = mr_reading_text(t, product, t->arena);
    return mr_term_tell(t, err,
                        "ATC %.*s: the table says %.*s, %zu of %" PRIu32
                        " products of the release say otherwise, the first is VMP %" PRIu64 " %.*s: %.*s",
                        CODE, x->code, MR_SPAN_ARG(said), n, x->n_products, v->id,
                        MR_SPAN_ARG(mr_dmd_name(t->release, v->name)), MR_SPAN_ARG(is));
}

/* A sentence for a code on which the table and products of the release differ. */
static mr_rc compare(mr_terminology *t, const mr_release_atc *v, size_t n, const mr_release_atc *joined,
                     mr_error *err) {
    uint32_t at;
    mr_reading table, product, first;
    size_t others = 0;
    const mr_dmd_vmp *where = NULL;
    mr_reading_start(&table);
    if (!mr_term_find_atc(t, (mr_span){joined->code, CODE}, &at) || !mr_reading_add(t, &table, at, NULL, 0))
        return MR_OK;
    for (size_t i = 0; i < n; i++) {
        const mr_product *p = &t->made[v[i].product];
        if (!mr_product_understood(p)) continue;
        mr_reading_of_product(p, &product);
        if (mr_reading_same(t, &table, &product)) continue;
        if (!others++) {
            mr_reading_copy(&first, &product);
            where = &t->release->vmps[v[i].product];
        }
    }
    return where ? tell_apart(t, joined, &table, where, &first, others, err) : MR_OK;
}

mr_rc mr_bind_atc(mr_terminology *t, mr_error *err) {
    mr_release_atc *all = malloc((t->release->n_vmps + 1) * sizeof *all);
    if (!all) return mr_fail(err, MR_NOMEM, "out of memory");
    size_t n = bearers(t, all), n_codes = 0;
    for (size_t i = 0; i < n; i++) n_codes += !i || memcmp(all[i - 1].code, all[i].code, CODE) != 0;
    t->atc_codes = MR_NEW_N(t->arena, mr_release_atc, n_codes);
    mr_rc rc = t->atc_codes ? MR_OK : mr_arena_why(t->arena, err);
    for (size_t from = 0, to; rc == MR_OK && from < n; from = to) {
        mr_release_atc *joined = &t->atc_codes[t->n_atc_codes++];
        for (to = from + 1; to < n && memcmp(all[from].code, all[to].code, CODE) == 0;) to++;
        join(t, &all[from], to - from, joined);
        if (joined->n_sets == 1 && !joined->n_unread) join_shapes(t, &all[from], to - from, joined);
        rc = compare(t, &all[from], to - from, joined, err);
    }
    free(all);
    return rc;
}

const mr_release_atc *mr_term_release_atc(const mr_terminology *t, mr_span code) {
    size_t low = 0, high = code.len == CODE ? t->n_atc_codes : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(t->atc_codes[middle].code, code.ptr, CODE);
        if (order == 0) return &t->atc_codes[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool mr_term_release_atc_reading(const mr_terminology *t, const mr_release_atc *x, mr_reading *ret) {
    mr_reading_start(ret);
    if (x->n_sets != 1 || x->n_unread) return false;
    mr_reading_of_product(&t->made[x->product], ret);
    for (size_t i = 0; i < ret->n; i++) ret->part[i].strength = (mr_strength){0};
    ret->shape = x->shape;
    ret->uncertain = x->uncertain;
    return true;
}
