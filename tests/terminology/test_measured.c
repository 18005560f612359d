/* Measured on real code lists, when ../shared is there: what share of the names is recognised, and how often wrongly.
 *
 * Wrong is: recognised with certainty, and a substance that the list itself implies is missing. It must be never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/tsv.h"
#include "medreview/terminology/dmd_import.h"
#include "shared_lists.h"
#include "table.h"

#include <inttypes.h>
#include <string.h>

static mr_terminology *terminology;

static int open_table(void **state) {
    mr_error err;
    (void)state;
    if (mr_terminology_builtin(&terminology, &err) == MR_OK) return 0;
    print_error("%s\n", err.text);
    return 1;
}

static int close_table(void **state) {
    (void)state;
    mr_terminology_free(terminology);
    return 0;
}

typedef struct measure {
    const char *what;
    size_t n, certain, uncertain, no_medicine, wrong;
} measure;

static double share(size_t part, size_t n) {
    return n ? 100.0 * (double)part / (double)n : 0;
}

static void print_measure(const measure *m) {
    print_message("%-12s %6zu names: %6zu recognised (%.1f %%), %4zu uncertain, %5zu no medicine, %zu wrong\n", m->what,
                  m->n, m->certain, share(m->certain, m->n), m->uncertain, m->no_medicine, m->wrong);
}

static bool holds_all(const mr_reading *r, const mr_reading *want) {
    for (size_t i = 0; i < want->n; i++) {
        bool found = false;
        for (size_t k = 0; k < r->n; k++) found |= r->part[k].substance == want->part[i].substance;
        if (!found) return false;
    }
    return true;
}

/* `implied`: the substances that must be in it, or n = 0 when not known. */
static void count(measure *m, mr_span name, const mr_reading *implied) {
    mr_reading r;
    mr_name_step step = mr_name_parse(terminology, name, &r);
    m->n++;
    m->no_medicine += step == MR_NAME_NO_MEDICINE;
    m->uncertain += r.uncertain;
    if (!r.n || r.uncertain) return;
    m->certain++;
    if (!implied->n || holds_all(&r, implied)) return;
    if (m->wrong++ < 20) print_error("%s: %.*s\n", m->what, MR_SPAN_ARG(name));
}

/* Every dm+d code seen in public lists, with the moiety that another parser found (data/TERMINOLOGY.md section 6). */
static void test_names_of_all_known_codes(void **state) {
    measure by[3] = {{.what = "VMP"}, {.what = "AMP"}, {.what = "not stated"}};
    mr_buf bytes;
    mr_tsv tsv;
    mr_error err;
    bool more;
    (void)state;
    if (!shared_read("data/dmd/dmd-code-names-from-codelists.tsv", &bytes)) {
        print_message("skipped: no dmd-code-names-from-codelists.tsv\n");
        return;
    }
    assert_int_equal(mr_tsv_open(&tsv, "names", mr_buf_span(&bytes), &err), MR_OK);
    while (mr_tsv_next(&tsv, &more, &err) == MR_OK && more) {
        mr_span level = mr_tsv_get(&tsv, "level"), name = mr_tsv_get(&tsv, "name");
        bool sure = !mr_span_is(mr_tsv_get(&tsv, "parse_stage"), "prefix");
        mr_reading implied = {0};
        if (sure) (void)mr_name_parse(terminology, mr_tsv_get(&tsv, "parsed_vtm"), &implied);
        if (implied.uncertain) implied.n = 0;
        if (name.len) count(&by[mr_span_is(level, "VMP") ? 0 : mr_span_is(level, "AMP") ? 1 : 2], name, &implied);
    }
    mr_buf_free(&bytes);
    for (size_t i = 0; i < 3; i++) print_measure(&by[i]);
    for (size_t i = 0; i < 3; i++) assert_int_equal(by[i].wrong, 0);
    assert_true(by[0].n > 4000 && share(by[0].certain, by[0].n) > 99.0);
}

/* The field of a CSV line that stands in that column; quotes taken off. */
static mr_span csv_field(mr_span line, size_t column, char *buf, size_t room) {
    size_t n = 0, at = 0;
    bool quoted = false;
    for (size_t i = 0; i < line.len && at <= column; i++) {
        char c = line.ptr[i];
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            at++;
        else if (at == column && n < room)
            buf[n++] = c;
    }
    return mr_span_trim((mr_span){buf, n});
}

static size_t name_column(mr_span head) {
    char buf[64];
    for (size_t i = 0; i < 16; i++) {
        mr_span field = csv_field(head, i, buf, sizeof buf);
        if (mr_span_is(field, "dmd_name") || mr_span_is(field, "term") || mr_span_is(field, "name")) return i;
    }
    return 0;
}

typedef struct known_list {
    const char *file, *substances; /* one of these must be in every product of the list */
} known_list;

static const known_list lists[] = {
    {"user-markdrussell-allopurinol-dmd.csv", "allopurinol"},
    {"user-markdrussell-colchicine-dmd.csv", "colchicine"},
    {"user-markdrussell-febuxostat-dmd.csv", "febuxostat"},
    {"opensafely-azathioprine-dmd.csv", "azathioprine"},
    {"opensafely-leflunomide-dmd.csv", "leflunomide"},
    {"opensafely-sulfasalazine-oral-dmd.csv", "sulfasalazine"},
    {"opensafely-methylphenidate-dmd.csv", "methylphenidate"},
    {"opensafely-prochlorperazine-dmd.csv", "prochlorperazine"},
    {"opensafely-alfentanil-subcutaneous-dmd.csv", "alfentanil"},
    {"opensafely-morphine-subcutaneous-dmd.csv", "morphine|papaveretum"},
    {"opensafely-oxycodone-subcutaneous-dmd.csv", "oxycodone"},
    {"user-alainamstutz-metformin-bristol-dmd.csv", "metformin"},
    {"bristol-aspirin-bnf-6cbf31ca-dmd.csv", "aspirin"},
    {"user-anschaf-gabapentinoids-dmd.csv", "gabapentin|pregabalin"},
    {"user-anschaf-tramadol-and-tapentadol-dmd.csv", "tramadol|tapentadol"},
    {"user-john-tazare-sglt2-inhibitors-dmd.csv", "canagliflozin|dapagliflozin|empagliflozin|ertugliflozin"},
    {"user-emilyherrett-arni-dmd.csv", "valsartan"},
    {"opensafely-selective-serotonin-reuptake-inhibitors-dmd.csv",
     "citalopram|escitalopram|fluoxetine|fluvoxamine|paroxetine|sertraline"},
    {"opensafely-monoamine-oxidase-inhibitors-dmd.csv", "phenelzine|isocarboxazid|tranylcypromine|moclobemide"},
};

/* The substance of the list that the name must hold: the first one that it does, else the first. */
static void imply(mr_span name, const char *substances, mr_reading *ret) {
    mr_reading r;
    (void)mr_name_parse(terminology, name, &r);
    mr_span rest = mr_span_of(substances), one;
    mr_reading first = {0};
    for (bool more = true; more;) {
        more = mr_span_split(rest, '|', &one, &rest);
        mr_reading want;
        assert_int_equal(mr_name_parse(terminology, one, &want), MR_NAME_EXACT);
        if (!first.n) first = want;
        if (holds_all(&r, &want)) first = want;
    }
    *ret = first;
}

static void measure_list(const known_list *l, measure *m, mr_span bytes) {
    mr_span line;
    mr_span_split(bytes, '\n', &line, &bytes);
    size_t column = name_column(line);
    for (bool more = bytes.len > 0; more;) {
        char buf[512];
        more = mr_span_split(bytes, '\n', &line, &bytes);
        mr_span name = csv_field(line, column, buf, sizeof buf);
        mr_reading implied;
        if (!name.len || mr_span_starts(name, "VMP ")) continue; /* "VMP previous to ...": no name */
        imply(name, l->substances, &implied);
        count(m, name, &implied);
    }
}

static void test_lists_of_known_substance(void **state) {
    measure all = {.what = "lists"};
    size_t found = 0;
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        char path[256];
        mr_buf bytes;
        snprintf(path, sizeof path, "data/codelists/%s", lists[i].file);
        if (!shared_read(path, &bytes)) continue;
        found++;
        measure_list(&lists[i], &all, mr_buf_span(&bytes));
        mr_buf_free(&bytes);
    }
    if (!found) {
        print_message("skipped: no code lists\n");
        return;
    }
    print_measure(&all);
    assert_int_equal(all.wrong, 0);
    assert_true(all.n > 1000);
}

/* A dm+d cut of the reference material by way of importer and index. NULL when it is not there. */
static mr_terminology *open_cut(const char *cut, const char *bonus, mr_buf *bytes, mr_error *err) {
    char dmd[512], more[512];
    mr_dmd_imported in;
    mr_dmd_index *ix;
    mr_terminology *t = NULL;
    snprintf(dmd, sizeof dmd, "%s/data/dmd/%s", MEDREVIEW_SHARED_DIR, cut);
    snprintf(more, sizeof more, "%s/data/dmd/%s", MEDREVIEW_SHARED_DIR, bonus ? bonus : "");
    mr_dmd_import_options o = {.dmd = dmd, .bonus = bonus ? more : NULL};
    mr_arena *a = mr_arena_new(64u << 20);
    mr_buf_init(bytes, 64u << 20);
    mr_rc rc = mr_dmd_import(&o, a, &in, err);
    if (rc == MR_OK) rc = mr_dmd_index_encode(&in.release, NULL, bytes, err);
    if (rc == MR_OK) rc = mr_dmd_index_view(bytes->ptr, bytes->len, &ix, err);
    if (rc == MR_OK) rc = mr_terminology_over(ix, &t, err);
    mr_arena_free(a);
    if (rc == MR_OK) return t;
    assert_int_equal(rc, MR_IO); /* anything else is a defect */
    return NULL;
}

static void print_bindings(const char *cut, const mr_terminology *t) {
    mr_term_release r;
    size_t n;
    assert_true(mr_terminology_release(t, &r));
    print_message("%s (%s): substances by id %zu, former id %zu, name %zu, without salt %zu, moiety %zu, own %zu\n",
                  cut, mr_terminology_version(t), r.by_id, r.by_former_id, r.by_name, r.by_salt, r.by_moiety, r.own);
    print_message("  products by ingredients %zu, moiety %zu, name %zu, no medicine %zu, unknown %zu, unsure %zu, "
                  "refused %zu\n",
                  r.by_parts, r.by_vtm, r.by_product_name, r.no_medicine, r.unknown, r.unsure, r.refused);
    const mr_span *told = mr_terminology_told(t, &n);
    for (size_t i = 0; i < n; i++) print_message("  %.*s\n", MR_SPAN_ARG(told[i]));
    assert_int_equal(r.refused, 0);
}

/* Every product and every supplier's product of a cut is one of: recognised, no medicine, or told to be unknown. */
static void check_ids(const mr_terminology *t, const mr_dmd_release *r, size_t *ret_asked, size_t *ret_known) {
    *ret_asked = *ret_known = 0;
    for (size_t i = 0; i < r->n_vmps + r->n_amps + r->n_vmpps + r->n_ampps; i++) {
        size_t amp = i - r->n_vmps, vmpp = amp - r->n_amps, ampp = vmpp - r->n_vmpps;
        uint64_t id = i < r->n_vmps       ? r->vmps[i].id
                      : amp < r->n_amps   ? r->amps[amp].id
                      : vmpp < r->n_vmpps ? r->vmpps[vmpp].id
                                          : r->ampps[ampp].id;
        char digits[24];
        snprintf(digits, sizeof digits, "%" PRIu64, id);
        mr_coding c = {MR_SPAN("https://dmd.nhs.uk"), mr_span_of(digits), MR_SPAN_NONE};
        mr_term_question q = {.codings = &c, .n_codings = 1};
        mr_arena *a = mr_arena_new(1 << 20);
        mr_term_steps steps = {0};
        mr_understood u;
        mr_error err;
        assert_int_equal(mr_terminology_resolve(t, &q, a, &steps, &u, &err), MR_OK);
        assert_true(steps.n > 0 && !mr_span_ends(steps.v[0].outcome, "no such id in the table"));
        ++*ret_asked;
        *ret_known += u.by != MR_REC_NOT || u.not_a_medicine;
        mr_arena_free(a);
    }
}

static void test_cuts_of_releases(void **state) {
    static const char *const cuts[][2] = {{"trud-layout-2019-04", NULL},
                                          {"trud-layout-2021-08", "trud-layout-2021-08"},
                                          {"opencodelists-zip/nhsbsa_dmd_1.0.0_20221001000001.zip", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        mr_buf bytes;
        mr_error err;
        mr_terminology *t = open_cut(cuts[i][0], cuts[i][1], &bytes, &err);
        if (t) {
            size_t asked, known;
            print_bindings(cuts[i][0], t);
            check_ids(t, t->release, &asked, &known);
            print_message("  %zu of %zu products and packs understood by their id\n", known, asked);
            assert_true(known * 2 > asked); /* the rest is told: a feed and what hangs on it, chiefly */
            mr_terminology_free(t);
        } else {
            print_message("%s: skipped: %s\n", cuts[i][0], err.text);
        }
        mr_buf_free(&bytes);
    }
}

/* The cut of 2019 holds all moieties and ingredients of that release: which names of the drug groups does it lack? */
static void test_group_names_in_a_release(void **state) {
    mr_buf bytes, groups;
    mr_error err;
    mr_tsv tsv;
    mr_span last = MR_SPAN_NONE;
    bool more;
    size_t n = 0, lacking = 0;
    (void)state;
    mr_terminology *t = open_cut("trud-layout-2019-04", NULL, &bytes, &err);
    if (t && shared_read("clinical/drug-groups.tsv", &groups)) {
        mr_index *seen = mr_index_new(t->arena, 1024);
        assert_int_equal(mr_tsv_open(&tsv, "groups", mr_buf_span(&groups), &err), MR_OK);
        while (mr_tsv_next(&tsv, &more, &err) == MR_OK && more) {
            uint32_t old = 1;
            last = mr_tsv_get(&tsv, "inn");
            assert_true(mr_index_put(seen, last, 0, &old));
            uint32_t at;
            if (!old) continue;
            n++;
            mr_span key = mr_term_find_name(t, last, &at) ? t->substances[at].key : last;
            if (mr_terminology_binds(t, key)) continue;
            print_message("%s%.*s", lacking++ ? ", " : "no record in dm+d of April 2019: ", MR_SPAN_ARG(last));
        }
        print_message("\n%zu names of drug groups, %zu without a record in that release\n", n, lacking);
        assert_true(n > 500 && lacking * 8 < n);
        mr_buf_free(&groups);
    } else {
        print_message("skipped: no cut or no drug groups\n");
    }
    mr_terminology_free(t);
    mr_buf_free(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_all_known_codes), cmocka_unit_test(test_lists_of_known_substance),
        cmocka_unit_test(test_cuts_of_releases), cmocka_unit_test(test_group_names_in_a_release)};
    return cmocka_run_group_tests(tests, open_table, close_table);
}
