/* import(export(x)) = x, to the byte of the index, for made-up releases of many seeds, with names that XML must escape
 * and names that are not ASCII. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dmd_export.h"
#include "dmd_made.h"

static const char *const decorations[] = {
    "",      " & Sons <Ltd>",      " \"5\xC2\xB5g\" '100%'", " caf\xC3\xA9 \xE2\x82\xAC ]]>", " \xF0\x9F\x92\x8A",
    " a  b", " \xC2\xA0&amp;&#38;"};

typedef struct renaming {
    const mr_dmd_release *from;
    char *names;
    uint32_t n;
    uint64_t seed;
} renaming;

/* As the importer lays the pool out: name after name, in the order of the tables. */
static mr_dmd_text rename_one(renaming *k, mr_dmd_text t) {
    mr_span old = mr_dmd_name(k->from, t);
    const char *more = k->seed ? decorations[(k->n * 7 + k->seed) % DMD_MADE_COUNT(decorations)] : "";
    mr_dmd_text now = {k->n, (uint32_t)(old.len + strlen(more))};
    memcpy(k->names + k->n, old.ptr, old.len);
    memcpy(k->names + k->n + old.len, more, strlen(more));
    k->n += now.len;
    return now;
}

static int by_substance(const void *a, const void *b) {
    const mr_dmd_part *x = a, *y = b;
    return (x->substance > y->substance) - (x->substance < y->substance);
}

static int by_number(const void *a, const void *b) {
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* The made release in the order in which the importer writes: the pool by tables, the lists of a product by id. */
static mr_dmd_release canonical(mr_dmd_release r, mr_arena *a, uint64_t seed) {
    const mr_dmd_release from = r;
    renaming k = {&from, mr_arena_alloc(a, 2 * (size_t)r.n_names + 1000000, 1), 0, seed};
    assert_non_null(k.names);
#define RENAME(table, type)                                                                                            \
    {                                                                                                                  \
        type *v = mr_arena_alloc(a, r.n_##table * sizeof *v, 8);                                                       \
        assert_non_null(v);                                                                                            \
        memcpy(v, r.table, r.n_##table * sizeof *v);                                                                   \
        for (size_t i = 0; i < r.n_##table; i++) v[i].name = rename_one(&k, v[i].name);                                \
        r.table = v;                                                                                                   \
    }
    RENAME(units, mr_dmd_word)
    RENAME(forms, mr_dmd_word)
    RENAME(routes, mr_dmd_word)
    RENAME(onts, mr_dmd_word)
    RENAME(substances, mr_dmd_substance)
    RENAME(vtms, mr_dmd_vtm)
    RENAME(vmps, mr_dmd_vmp)
    RENAME(amps, mr_dmd_amp)
    r.names = k.names;
    r.n_names = k.n;
    mr_dmd_part *parts = mr_arena_alloc(a, r.n_parts * sizeof *parts, 8);
    uint16_t *routes = mr_arena_alloc(a, r.n_vmp_routes * 2, 8), *onts = mr_arena_alloc(a, r.n_vmp_onts * 2, 8);
    uint32_t *members = mr_arena_alloc(a, r.n_vtm_members * 4, 8), n_members = 0;
    mr_dmd_vmp *vmps = (mr_dmd_vmp *)(uintptr_t)r.vmps;
    mr_dmd_vtm *vtms = (mr_dmd_vtm *)(uintptr_t)r.vtms;
    uint32_t n_parts = 0, n_routes = 0, n_onts = 0;
    for (size_t i = 0; i < r.n_vmps; i++) {
        mr_dmd_vmp *v = &vmps[i];
        memcpy(parts + n_parts, r.parts + v->first_part, v->n_parts * sizeof *parts);
        qsort(parts + n_parts, v->n_parts, sizeof *parts, by_substance);
        memcpy(routes + n_routes, r.vmp_routes + v->first_route, v->n_routes * 2u);
        memcpy(onts + n_onts, r.vmp_onts + v->first_ont, v->n_onts * 2u);
        v->first_part = n_parts, v->first_route = n_routes, v->first_ont = n_onts;
        n_parts += v->n_parts, n_routes += v->n_routes, n_onts += v->n_onts;
        v->control = (uint8_t)(i % 3 == 0 ? 255 : i % 12);
        v->prescribing = (uint8_t)(i % 9);
        v->ddd = (uint32_t)(i * 37 % 5000);
    }
    for (size_t i = 0; i < r.n_vtms; i++) {
        memcpy(members + n_members, r.vtm_members + vtms[i].first_member, vtms[i].n_members * 4u);
        qsort(members + n_members, vtms[i].n_members, 4, by_number);
        vtms[i].first_member = n_members;
        n_members += vtms[i].n_members;
    }
    r.parts = parts, r.vmp_routes = routes, r.vmp_onts = onts, r.vtm_members = members;
    return r;
}

static void check_seed(uint64_t seed, size_t extra) {
    mr_arena *a = mr_arena_new((size_t)64 << 20);
    mr_error err;
    dmd_files f;
    mr_dmd_release x = canonical(dmd_made(a, seed, extra), a, seed);
    if (mr_dmd_release_check(&x, &err) != MR_OK) fail_msg("seed %u: made: %s", (unsigned)seed, err.text);
    dmd_export(&x, &f);
    dmd_result r = dmd_run_files(&f);
    if (r.rc != MR_OK || r.done.n_refused)
        fail_msg("seed %u: %s\n%s", (unsigned)seed, r.rc ? r.err.text : "refused", r.told);
    if (!dmd_same(&x, &r.done.release)) fail_msg("seed %u: other rows came back", (unsigned)seed);
    dmd_result_free(&r);
    dmd_files_free(&f);
    mr_arena_free(a);
}

static void test_import_of_export(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) check_seed(seed, (size_t)seed * 40);
}

/* What was really imported comes back as well: strengths per volume, bases, former ids. */
static void test_fixture_comes_back(void **state) {
    (void)state;
    dmd_result first = dmd_run(MEDREVIEW_SOURCE_DIR "/tests/terminology/fixtures/dmd-made", NULL);
    assert_int_equal(first.rc, MR_OK);
    dmd_files f;
    dmd_export(&first.done.release, &f);
    dmd_result again = dmd_run_files(&f);
    if (again.rc != MR_OK) fail_msg("%s", again.err.text);
    assert_int_equal(again.done.n_refused, 0);
    assert_true(dmd_same(&first.done.release, &again.done.release));
    dmd_result_free(&first);
    dmd_result_free(&again);
    dmd_files_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import_of_export),
        cmocka_unit_test(test_fixture_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
