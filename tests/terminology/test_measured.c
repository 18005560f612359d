/* Measured on real code lists, when ../shared is there: what share of the names is recognised, and how often wrongly.
 *
 * Wrong is: recognised with certainty, and a substance that the list itself implies is missing. It must be never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/tsv.h"
#include "room.h"
#include "shared_lists.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names_of_all_known_codes),
                                       cmocka_unit_test(test_lists_of_known_substance)};
    return cmocka_run_group_tests(tests, open_table, close_table);
}
