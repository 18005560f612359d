/* The same medicine in another coding system gives the same findings: name, dm+d moiety, ingredient, ATC and RxNorm,
 * each with the route beside it, since only a product says it; and a product by its dm+d id, by its name, and, where
 * its strength and form are taken away, by its moiety. */
#include "random_records.h"
#include "review_bench.h"

enum { ARENA_BYTES = 64 << 20, TEXT_MOST = 1 << 20 };

static mr_knowledge *knowledge;
static mr_terminology *terminology;
static material stuff;

static int open_all(void **state) {
    (void)state;
    mr_error err = {0};
    mr_buf said;
    mr_knowledge_options options = {.examples = true};
    mr_buf_init(&said, 1 << 20);
    mr_rc rc = mr_knowledge_load(&options, &knowledge, &said, &err);
    mr_buf_free(&said);
    if (!rc) rc = mr_terminology_builtin(&terminology, &err);
    if (rc) print_error("%s\n", err.text);
    if (!rc) material_read(&stuff, mr_knowledge_rules(knowledge));
    return rc ? -1 : 0;
}

static int close_all(void **state) {
    (void)state;
    mr_terminology_free(terminology);
    mr_knowledge_free(knowledge);
    return 0;
}

static mr_tsv embedded_table(const char *name) {
    mr_tsv t;
    mr_error err = {0};
    for (const mr_embedded *e = mr_embedded_terminology; e->name; e++)
        if (strcmp(e->name, name) == 0) {
            assert_int_equal(mr_tsv_open(&t, name, mr_embedded_bytes(e), &err), MR_OK);
            return t;
        }
    fail_msg("%s is not embedded", name);
    abort();
}

static bool next_row(mr_tsv *t) {
    bool more = false;
    mr_error err = {0};
    if (mr_tsv_next(t, &more, &err) != MR_OK) fail_msg("%s", err.text);
    return more;
}

/* ---- what a code or a name says ---- */

static mr_understood ask(mr_span system, mr_span code, mr_span text, bool by_mouth, mr_arena *a) {
    static const mr_coding oral = {.system = MR_SPAN("http://snomed.info/sct"), .code = MR_SPAN("26643006")};
    mr_coding *c = MR_NEW(a, mr_coding), *route = MR_NEW(a, mr_coding);
    mr_understood u;
    mr_error err = {0};
    *c = (mr_coding){.system = system, .code = code};
    *route = oral;
    mr_term_question q = {.codings = c, .n_codings = code.len > 0, .text = text};
    if (by_mouth) {
        q.routes = route;
        q.n_routes = 1;
    }
    assert_int_equal(mr_terminology_resolve(terminology, &q, a, NULL, &u, &err), MR_OK);
    return u;
}

static bool same_substances(const mr_understood *x, const mr_understood *y) {
    if (x->n_ingredients != y->n_ingredients) return false;
    for (size_t i = 0; i < x->n_ingredients; i++)
        if (!mr_span_eq(x->ingredients[i].substance, y->ingredients[i].substance)) return false;
    return true;
}

/* ---- what the rules say of it ---- */

/* One of these beside the medicine, so that what it meets is there to be met. */
enum { COMPANIES = 12 };

/* The text of a medicine is as its source wrote it, so it is the same here. */
static void print_findings(const mr_understood *u, uint64_t company, mr_buf *out) {
    mr_rand r;
    mr_raw_record raw;
    mr_record record;
    mr_assessment x;
    mr_error err = {0};
    mr_run run = {.as_of = stuff.as_of,
                  .bare = true,
                  .include_draft = true,
                  .site_key = MR_SPAN(MR_OFFLINE_KEY),
                  .source = MR_SPAN("offline")};
    mr_arena *a = mr_arena_new(ARENA_BYTES);
    mr_rand_seed(&r, company);
    random_record(&stuff, &raw, &r, a);
    mr_entry *e = add_medicine(&raw, MR_SPAN("the medicine"), MR_ROUTE_ORAL, MR_SPAN("MedicationStatement/it"), a);
    mr_dosage one_daily = {.dose = 1, .dose_unit = MR_SPAN("tablet"), .frequency = 1, .period = 1};
    one_daily.period_unit = MR_SPAN("d");
    e->understood = *u;
    e->from = (mr_when){.lo = stuff.as_of - 200, .hi = stuff.as_of - 200};
    e->dosage = &one_daily;
    e->n_dosage = 1;
    assert_int_equal(mr_record_build(stuff.rules, &raw, stuff.as_of, a, &record, &err), MR_OK);
    assert_int_equal(mr_rules_run(stuff.rules, &record, &run, a, &x, &err), MR_OK);
    for (size_t i = 0; i < x.n_findings; i++) {
        const mr_finding *f = &x.findings[i];
        mr_buf_printf(out, "%s %s %.*s %d", f->id, f->content, MR_SPAN_ARG(f->identity), f->certainty);
        for (size_t k = 0; k < f->n_sources; k++) mr_buf_printf(out, " %.*s", MR_SPAN_ARG(f->sources[k]->id));
        for (size_t k = 0; k < f->n_implicated; k++) mr_buf_printf(out, " %.*s", MR_SPAN_ARG(f->implicated[k]));
        mr_buf_addc(out, '\n');
    }
    for (size_t i = 0; i < x.n_prompts; i++) mr_buf_printf(out, "prompt %.*s\n", MR_SPAN_ARG(x.prompts[i].rule->id));
    mr_buf_printf(out, "%u %g %u\n", x.burden.medicines, x.burden.anticholinergic, x.burden.falls_risk);
    mr_arena_free(a);
}

static void expect_same(const mr_understood *x, const mr_understood *y, uint64_t company, const char *what,
                        mr_span name) {
    mr_buf one, other;
    mr_buf_init(&one, TEXT_MOST);
    mr_buf_init(&other, TEXT_MOST);
    print_findings(x, company, &one);
    print_findings(y, company, &other);
    if (strcmp(mr_buf_z(&one), mr_buf_z(&other)) != 0)
        fail_msg("%.*s, %s:\n%s---\n%s", MR_SPAN_ARG(name), what, mr_buf_z(&one), mr_buf_z(&other));
    mr_buf_free(&one);
    mr_buf_free(&other);
}

/* ---- substances ---- */

typedef struct asked {
    const char *column, *system;
    size_t same, other; /* answers with the substance of the name, and with another */
} asked;

static mr_span first_of(mr_span list) {
    return (mr_span){list.ptr, mr_span_find(list, '|')};
}

static void check_substance(const mr_tsv *row, asked *v, size_t n, uint64_t company) {
    mr_arena *a = mr_arena_new(ARENA_BYTES);
    mr_span key = mr_tsv_get(row, "key");
    mr_understood by_name = ask(MR_SPAN_NONE, MR_SPAN_NONE, key, true, a);
    for (size_t i = 0; i < n && by_name.by == MR_REC_NAME; i++) {
        mr_span code = first_of(mr_tsv_get(row, v[i].column));
        if (!code.len || mr_span_ends(code, "*")) continue;
        mr_understood by_code = ask(mr_span_of(v[i].system), code, MR_SPAN_NONE, true, a);
        bool same = by_code.by != MR_REC_NOT && by_code.route == by_name.route && same_substances(&by_code, &by_name);
        v[i].same += same;
        v[i].other += !same;
        if (same) expect_same(&by_name, &by_code, company, v[i].column, key);
    }
    mr_arena_free(a);
}

static void test_a_substance_by_any_code(void **state) {
    (void)state;
    asked v[] = {{"vtm", "https://dmd.nhs.uk", 0, 0},
                 {"isid", "http://snomed.info/sct", 0, 0},
                 {"atc", "http://www.whocc.no/atc", 0, 0},
                 {"rxnorm", "http://www.nlm.nih.gov/research/umls/rxnorm", 0, 0}};
    enum { N = sizeof v / sizeof *v };
    mr_tsv t = embedded_table("substances.tsv");
    for (uint64_t row = 0; next_row(&t); row++) {
        static const mr_bits none;
        mr_ingredient one = {.substance = mr_tsv_get(&t, "key")};
        mr_understood u = {.ingredients = &one, .n_ingredients = 1, .route = MR_ROUTE_ORAL};
        mr_ruleset_classify(stuff.rules, &u);
        if (memcmp(&one.groups, &none, sizeof none) != 0) check_substance(&t, v, N, row % COMPANIES);
    }
    for (size_t i = 0; i < N; i++) {
        print_message("%s: %zu the same, %zu that say another substance or route\n", v[i].column, v[i].same,
                      v[i].other);
        assert_true(v[i].same > 100);
        assert_true(v[i].other * 10 < v[i].same);
    }
}

/* ---- products ---- */

/* What is left of a product when only its moiety is known. */
static mr_understood as_moiety(mr_understood u, mr_arena *a) {
    mr_ingredient *v = MR_NEW_N(a, mr_ingredient, u.n_ingredients);
    for (size_t i = 0; i < u.n_ingredients; i++) v[i].substance = u.ingredients[i].substance;
    return (mr_understood){.by = u.by, .ingredients = v, .n_ingredients = u.n_ingredients, .route = u.route};
}

static void test_a_product_by_id_and_by_name(void **state) {
    (void)state;
    size_t compared = 0, moieties = 0;
    mr_tsv t = embedded_table("vmps.tsv");
    for (uint64_t row = 0; next_row(&t); row++) {
        mr_arena *a = mr_arena_new(ARENA_BYTES);
        mr_span name = mr_tsv_get(&t, "name");
        mr_understood by_id = ask(MR_SPAN("https://dmd.nhs.uk"), mr_tsv_get(&t, "vpid"), MR_SPAN_NONE, false, a);
        mr_understood by_name = ask(MR_SPAN_NONE, MR_SPAN_NONE, name, false, a);
        assert_int_not_equal(by_id.by, MR_REC_NOT);
        if (by_name.by == MR_REC_NAME) {
            compared++;
            expect_same(&by_id, &by_name, row % COMPANIES, "name", name);
        }
        mr_term_codes codes;
        mr_span key = by_id.n_ingredients == 1 ? by_id.ingredients[0].substance : MR_SPAN_NONE;
        if (by_id.route == MR_ROUTE_ORAL && key.len && mr_terminology_codes(terminology, key, &codes) && codes.n_sct) {
            mr_understood less = as_moiety(by_id, a);
            mr_understood vtm = ask(MR_SPAN("https://dmd.nhs.uk"), codes.sct[0], MR_SPAN_NONE, true, a);
            assert_true(same_substances(&less, &vtm));
            moieties++;
            expect_same(&less, &vtm, row % COMPANIES, "moiety", name);
        }
        mr_arena_free(a);
    }
    print_message("%zu products by id and name, %zu by their moiety\n", compared, moieties);
    assert_true(compared > 700 && moieties > 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_substance_by_any_code),
        cmocka_unit_test(test_a_product_by_id_and_by_name),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
