/* mr_dmd_release_check: each thing that can be wrong with a release is told by table and row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dmd_made.h"

/* Tables that a case may change. */
typedef struct rows {
    mr_dmd_release r;
    mr_arena *a;
    char *names;
#define X(name, type) type *name;
    MR_DMD_TABLES(X)
#undef X
} rows;

static rows rows_of(void) {
    rows m = {.a = mr_arena_new(16 << 20)};
    m.r = dmd_made(m.a, 3, 5);
    /* The release is const to its readers; here are copies to spoil. */
#define X(name, type)                                                                                                  \
    m.name = dmd_made_room(m.a, m.r.n_##name, sizeof(type));                                                           \
    memcpy(m.name, m.r.name, m.r.n_##name * sizeof(type));                                                             \
    m.r.name = m.name;
    MR_DMD_TABLES(X)
#undef X
    m.names = dmd_made_room(m.a, m.r.n_names, 1);
    memcpy(m.names, m.r.names, m.r.n_names);
    m.r.names = m.names;
    return m;
}

#define CASES(X) /* what is done; what is said */                                                                      \
    X(m->vtms[1].id += 1, "vtms, row 1: ")                                                                             \
    X(m->vtms[0].id = 0, "vtms, row 0: 0 is no id")                                                                    \
    X(m->vtms[2].id = m->vtms[1].id, "vtms, row 2: the id stands twice")                                               \
    X(m->vtms[2].id = m->vtms[0].id, "vtms, row 2: not in the order of ids")                                           \
    X(m->vtms[3].name.at = m->r.n_names, "vtms, row 3: the name is outside the pool")                                  \
    X(m->vtms[3].name.len = UINT32_MAX, "vtms, row 3: the name is outside the pool")                                   \
    X(m->names[m->vtms[3].name.at] = (char)0xff, "vtms, row 3: the name is not UTF-8")                                 \
    X(m->vtms[4].flags = MR_DMD_COMBINATION, "vtms, row 4: unknown flags")                                             \
    X(m->vtms[4].reserved = 1, "vtms, row 4: reserved")                                                                \
    X(m->vtms[4].first_member = UINT32_MAX, "vtms, row 4: members that are not there")                                 \
    X(m->vtms[0].n_members = (uint32_t)m->r.n_vtm_members + 1, "vtms, row 0: members that are not there")              \
    X(m->substances[1].id = UINT64_MAX, "substances, row 1: 18446744073709551615 is no id")                            \
    X(m->substances[2].flags = 8, "substances, row 2: unknown flags")                                                  \
    X(m->vmps[0].vtm = (uint32_t)m->r.n_vtms, "vmps, row 0: a VTM that is not there")                                  \
    X(m->vmps[1].first_part = (uint32_t)m->r.n_parts, "vmps, row 1: parts that are not there")                         \
    X(m->vmps[1].n_parts = UINT16_MAX, "vmps, row 1: parts that are not there")                                        \
    X(m->vmps[1].first_route = (uint32_t)m->r.n_vmp_routes + 1, "vmps, row 1: routes that are not there")              \
    X(m->vmps[1].n_onts = UINT16_MAX, "vmps, row 1: form and route words that are not there")                          \
    X(m->vmps[1].form = (uint16_t)m->r.n_forms, "vmps, row 1: a form that is not there")                               \
    X(m->vmps[1].unit_dose_unit = (uint16_t)m->r.n_units, "vmps, row 1: a unit that is not there")                     \
    X(m->vmps[1].unit_dose_size_unit = (uint16_t)m->r.n_units, "vmps, row 1: a unit that is not there")                \
    X(m->vmps[1].ddd_unit = (uint16_t)m->r.n_units, "vmps, row 1: a unit that is not there")                           \
    X(m->vmps[2].dose_form = 4, "vmps, row 2: unknown kind of dose form")                                              \
    X(m->vmps[2].bnf[3] = 0, "vmps, row 2: its BNF code is none")                                                      \
    X(m->vmps[2].bnf[0] = '\n', "vmps, row 2: its BNF code is none")                                                   \
    X(memset(m->vmps[2].atc, 'A', 8), "vmps, row 2: its ATC code is none")                                             \
    X(m->vmps[2].atc[1] = (char)0xc3, "vmps, row 2: its ATC code is none")                                             \
    X(m->vmps[2].flags = 8, "vmps, row 2: unknown flags")                                                              \
    X(m->vmps[2].reserved = 1, "vmps, row 2: reserved")                                                                \
    X(m->amps[7].vmp = (uint32_t)m->r.n_vmps, "amps, row 7: a VMP that is not there")                                  \
    X(m->amps[7].vmp = MR_DMD_NONE, "amps, row 7: a VMP that is not there")                                            \
    X(m->amps[7].flags = MR_DMD_COMPONENT, "amps, row 7: unknown flags")                                               \
    X(m->vmpps[4].vmp = (uint32_t)m->r.n_vmps, "vmpps, row 4: a VMP that is not there")                                \
    X(m->vmpps[4].flags = 16, "vmpps, row 4: unknown flags")                                                           \
    X(m->ampps[9].amp = (uint32_t)m->r.n_amps, "ampps, row 9: an AMP that is not there")                               \
    X(m->ampps[9].vmpp = MR_DMD_NONE, "ampps, row 9: a VMPP that is not there")                                        \
    X(m->ampps[9].reserved = 1, "ampps, row 9: reserved")                                                              \
    X(m->parts[3].substance = (uint32_t)m->r.n_substances, "parts, row 3: a substance that is not there")              \
    X(m->parts[3].base = (uint32_t)m->r.n_substances, "parts, row 3: a base that is not there")                        \
    X(m->parts[3].numerator_unit = (uint16_t)m->r.n_units, "parts, row 3: a unit that is not there")                   \
    X(m->parts[3].denominator_unit = (uint16_t)m->r.n_units, "parts, row 3: a unit that is not there")                 \
    X(m->parts[3].basis = 3, "parts, row 3: unknown basis of strength")                                                \
    X(m->parts[3].reserved = 1, "parts, row 3: reserved")                                                              \
    X(m->vmp_routes[2] = (uint16_t)m->r.n_routes, "vmp_routes, row 2: a route that is not there")                      \
    X(m->vmp_routes[2] = MR_DMD_NO_WORD, "vmp_routes, row 2: a route that is not there")                               \
    X(m->vmp_onts[2] = (uint16_t)m->r.n_onts, "vmp_onts, row 2: a form and route word that is not there")              \
    X(m->vtm_members[1] = (uint32_t)m->r.n_substances, "vtm_members, row 1: a substance that is not there")            \
    X(m->units[1].code = m->units[0].code, "units, row 1: not in the order of codes, or twice")                        \
    X(m->routes[1].code = 0, "routes, row 1: not in the order of codes, or twice")                                     \
    X(m->forms[1].name.at = UINT32_MAX, "forms, row 1: the name is outside the pool")                                  \
    X(m->onts[1].name.len = m->r.n_names, "onts, row 1: the name is outside the pool")                                 \
    X(m->previous[1].id = 1, "previous, row 1: 1 is no id")                                                            \
    X(m->previous[1].kind = 6, "previous, row 1: unknown kind")                                                        \
    X(m->previous[1].row = MR_DMD_NONE, "previous, row 1: a row that is not there")                                    \
    X(m->previous[1] = m->previous[0], "previous, row 1: not in order, or twice")                                      \
    X((m->previous[1].kind = MR_DMD_AMPP, m->previous[1].id = m->r.ampps[0].id),                                       \
      "previous, row 1: the id is a current one")                                                                      \
    X(m->r.date[4] = '/', "the date of the release is none")                                                           \
    X(memcpy(m->r.date, "2026-02-30", 11), "the date of the release is none")                                          \
    X(memcpy(m->r.date, "2026-11\0001", 10), "the date of the release is none")                                        \
    X(m->r.n_units = 65535, "units: too many rows")                                                                    \
    X(m->r.n_amps = MR_DMD_NONE, "amps: too many rows")

static void test_what_is_wrong_is_told(void **state) {
    (void)state;
    mr_error err = {0};
#define X(change, sentence)                                                                                            \
    {                                                                                                                  \
        rows copy = rows_of(), *m = &copy;                                                                             \
        assert_int_equal(mr_dmd_release_check(&m->r, &err), MR_OK);                                                    \
        (void)(change);                                                                                                \
        if (mr_dmd_release_check(&m->r, &err) != MR_MALFORMED) fail_msg("not noticed: %s", #change);                   \
        if (strncmp(err.text, sentence, strlen(sentence)) != 0) fail_msg("%s: \"%s\"", #change, err.text);             \
        mr_arena_free(m->a);                                                                                           \
    }
    CASES(X)
#undef X
}

/* What looks odd and is right. */
static void test_what_is_allowed(void **state) {
    (void)state;
    mr_error err = {0};
    rows m = rows_of();
    m.r.date[0] = 0;
    memset(m.r.date, 0, sizeof m.r.date);
    m.vmps[0].vtm = MR_DMD_NONE;
    m.vmps[0].form = MR_DMD_NO_WORD;
    m.vmps[0].name = (mr_dmd_text){UINT32_MAX, 0};
    m.vmps[1].control = m.vmps[1].prescribing = 255;
    memcpy(m.vmps[1].bnf, "0206020A0AAABAB", 15);
    m.vmps[1].n_parts = 0;
    m.vmps[1].first_part = (uint32_t)m.r.n_parts;
    m.vmpps[0].flags = MR_DMD_INVALID | MR_DMD_COMBINATION;
    m.parts[0].numerator = UINT64_MAX;
    m.parts[0].numerator_unit = MR_DMD_NO_WORD;
    m.r.n_previous = 0;
    if (mr_dmd_release_check(&m.r, &err) == MR_OK) fail_msg("a name of no bytes may stand at no place of the pool");
    m.vmps[0].name = (mr_dmd_text){m.r.n_names, 0};
    if (mr_dmd_release_check(&m.r, &err) != MR_OK) fail_msg("%s", err.text);
    mr_arena_free(m.a);
}

/* The ids of a release are checked as the ids of a record are. */
static void test_ids_as_text_and_as_numbers(void **state) {
    (void)state;
    mr_dmd_vtm v = {.id = 0};
    const mr_dmd_release r = {.vtms = &v, .n_vtms = 1};
    static const uint64_t ids[] = {29902411000001105,  29902411000001104,   319775004,  319775005, 12345, 100000,
                                   999999999999999999, 1000000000000000000, UINT64_MAX, 1};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        for (uint64_t off = 0; off < 10; off++) {
            char text[24];
            v.id = ids[i] + off;
            int n = snprintf(text, sizeof text, "%llu", (unsigned long long)v.id);
            assert_int_equal(mr_dmd_release_check(&r, NULL) == MR_OK, mr_sctid_valid((mr_span){text, (size_t)n}));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_wrong_is_told),
                                       cmocka_unit_test(test_what_is_allowed),
                                       cmocka_unit_test(test_ids_as_text_and_as_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
