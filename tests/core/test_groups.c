/* What a drug group asks of a product: each condition on its own, what is not known, codes, and entries joined into one
 * medicine. */
#include "build.h"

static const mr_span PATCH[] = {{"patch", 5}}, MACROGOL[] = {{"macrogol", 8}}, CLOZAPINE[] = {{"clozapine", 9}};

typedef struct product {
    const char *form;
    bool modified;
    double strength;
    const char *unit;
    double per;
    const char *per_unit;
} product;

static mr_ruleset one_group(desk *d, mr_group *g) {
    mr_ruleset r = {.groups = g, .n_groups = 1};
    assert_int_equal(mr_ruleset_index(&r, d->arena, NULL), MR_OK);
    return r;
}

static bool counts(desk *d, const mr_group_terms *terms, const product *p) {
    mr_group_member m = {.substance = MR_SPAN("x"), .routes = ~0u, .terms = terms};
    mr_group g = {.name = MR_SPAN("g"), .members = &m, .n_members = 1};
    mr_ruleset r = one_group(d, &g);
    mr_ingredient x = {.substance = MR_SPAN("x"),
                       .strength = p->strength,
                       .strength_unit = mr_span_of(p->unit),
                       .per = p->per,
                       .per_unit = mr_span_of(p->per_unit)};
    mr_understood u = {.ingredients = &x,
                       .n_ingredients = 1,
                       .route = MR_ROUTE_ORAL,
                       .form = mr_span_of(p->form),
                       .modified_release = p->modified};
    mr_ruleset_classify(&r, &u);
    return mr_bits_has(&x.groups, 0);
}

/* in: the product has what is asked; out: it has not; unknown: nobody can tell. */
static void expect(desk *d, mr_group_terms terms, const char *outcome, product p, int line) {
    mr_group_terms strict = terms;
    strict.known_only = true;
    bool in = counts(d, &terms, &p), surely = counts(d, &strict, &p);
    const char *is = surely ? "in" : in ? "unknown" : "out";
    if (strcmp(is, outcome) != 0) fail_msg("line %d: is %s, should be %s", line, is, outcome);
}
#define EXPECT(terms, outcome, ...) expect(d, (terms), (outcome), (product){__VA_ARGS__}, __LINE__)

static void test_form(void **state) {
    (void)state;
    desk *d = desk_new();
    mr_group_terms t = {.forms = PATCH, .n_forms = 1};
    EXPECT(t, "in", .form = "patch");
    EXPECT(t, "in", .form = "Transdermal patch");
    EXPECT(t, "in", .form = "patches");
    EXPECT(t, "out", .form = "patchest");
    EXPECT(t, "out", .form = "tablet");
    EXPECT(t, "out", .form = "dispatch");
    EXPECT(t, "out", .form = "patchwork");
    EXPECT(t, "unknown", .form = NULL);
    EXPECT(t, "unknown", .form = NULL, .modified = true);
    desk_free(d);
}

static void test_release(void **state) {
    (void)state;
    desk *d = desk_new();
    mr_group_terms slow = {.release = MR_RELEASE_MODIFIED}, plain = {.release = MR_RELEASE_IMMEDIATE};
    EXPECT(slow, "in", .form = "tablet", .modified = true);
    EXPECT(slow, "in", .modified = true); /* the name says so */
    EXPECT(slow, "out", .form = "tablet");
    EXPECT(slow, "unknown", .form = NULL);
    EXPECT(plain, "out", .form = "tablet", .modified = true);
    EXPECT(plain, "in", .form = "tablet");
    EXPECT(plain, "unknown", .form = NULL);
    desk_free(d);
}

static void test_strength(void **state) {
    (void)state;
    desk *d = desk_new();
    mr_group_terms from = {.from = 0.3, .unit = MR_SPAN("mg")}, range = {.from = 50, .to = 100, .unit = MR_SPAN("mg")},
                   hour = {.from = 52.5, .unit = MR_SPAN("microgram"), .per = 1, .per_unit = MR_SPAN("hour")},
                   ml = {.to = 25, .unit = MR_SPAN("mg"), .per = 1, .per_unit = MR_SPAN("ml")};
    EXPECT(from, "in", .strength = 300, .unit = "microgram"); /* exactly at the boundary, in another unit */
    EXPECT(from, "in", .strength = 300000, .unit = "nanogram");
    EXPECT(from, "in", .strength = 0.0003, .unit = "g");
    EXPECT(from, "out", .strength = 299.999, .unit = "microgram");
    EXPECT(range, "out", .strength = 49.999, .unit = "mg");
    EXPECT(range, "in", .strength = 50, .unit = "mg");
    EXPECT(range, "in", .strength = 0.1, .unit = "g");
    EXPECT(range, "out", .strength = 100.001, .unit = "mg");
    EXPECT(hour, "in", .strength = 52.5, .unit = "microgram", .per = 1, .per_unit = "hour");
    EXPECT(hour, "out", .strength = 1200, .unit = "microgram", .per = 24, .per_unit = "hour"); /* 50 an hour */
    EXPECT(hour, "in", .strength = 1.26, .unit = "mg", .per = 24, .per_unit = "hour");
    EXPECT(ml, "in", .strength = 125, .unit = "mg", .per = 5, .per_unit = "ml");
    EXPECT(ml, "out", .strength = 125.005, .unit = "mg", .per = 5, .per_unit = "ml");
    /* Never inside or outside by a guess: */
    EXPECT(range, "unknown", .strength = 0);
    EXPECT(range, "unknown", .strength = 75, .unit = "unit");
    EXPECT(range, "unknown", .strength = 75, .unit = "%");
    EXPECT(range, "unknown", .strength = 75, .unit = "mg", .per = 1, .per_unit = "ml");
    EXPECT(hour, "unknown", .strength = 75, .unit = "microgram");
    EXPECT(hour, "unknown", .strength = 75, .unit = "microgram", .per = 1, .per_unit = "ml");
    desk_free(d);
}

static void test_all_conditions_must_hold(void **state) {
    (void)state;
    desk *d = desk_new();
    mr_group_terms t = {.forms = PATCH, .n_forms = 1, .from = 50, .unit = MR_SPAN("mg")};
    EXPECT(t, "in", .form = "patch", .strength = 50, .unit = "mg");
    EXPECT(t, "out", .form = "tablet", .strength = 50, .unit = "mg");
    EXPECT(t, "out", .form = "patch", .strength = 49, .unit = "mg");
    EXPECT(t, "out", .form = "tablet"); /* surely not, whatever the strength */
    EXPECT(t, "unknown", .form = "patch");
    desk_free(d);
}

/* The ingredients of a product, as "g" or "-" each. */
static const char *in_group(const mr_ruleset *r, const char *atc, const char *bnf, mr_route route, const char *names) {
    static char out[8];
    mr_ingredient v[4] = {{.strength = 0}};
    size_t n = 0;
    for (mr_span rest = mr_span_of(names), one; rest.len; rest = mr_span_from(rest, one.len + 1)) {
        one = (mr_span){rest.ptr, mr_span_find(rest, '+')};
        v[n++].substance = one;
    }
    mr_understood u = {
        .ingredients = v, .n_ingredients = n, .route = route, .atc = mr_span_of(atc), .bnf = mr_span_of(bnf)};
    mr_ruleset_classify(r, &u);
    for (size_t i = 0; i < n; i++) out[i] = mr_bits_has(&v[i].groups, 0) ? 'g' : '-';
    out[n] = 0;
    return out;
}

static void test_company(void **state) {
    (void)state;
    desk *d = desk_new();
    mr_group_terms t = {.not_with = MACROGOL, .n_not_with = 1};
    mr_group_member m = {.substance = MR_SPAN("potassium chloride"), .routes = ~0u, .terms = &t};
    mr_group g = {.name = MR_SPAN("g"), .members = &m, .n_members = 1};
    mr_ruleset r = one_group(d, &g);
    assert_string_equal(in_group(&r, "", "", MR_ROUTE_ORAL, "potassium chloride"), "g");
    assert_string_equal(in_group(&r, "", "", MR_ROUTE_ORAL, "potassium chloride+sodium chloride"), "g-");
    assert_string_equal(in_group(&r, "", "", MR_ROUTE_ORAL, "macrogol+potassium chloride"), "--");
    desk_free(d);
}

static void test_codes_only_ever_add(void **state) {
    (void)state;
    desk *d = desk_new();
    mr_group_member m = {.substance = MR_SPAN("losartan"), .routes = 1u << MR_ROUTE_ORAL};
    mr_group_prefix p[] = {{.text = MR_SPAN("C09CA"), .routes = 1u << MR_ROUTE_ORAL},
                           {.text = MR_SPAN("C09D"), .routes = 1u << MR_ROUTE_ORAL},
                           {.text = MR_SPAN("0205052"), .bnf = true, .routes = 1u << MR_ROUTE_ORAL},
                           {.text = MR_SPAN("N05A"), .routes = ~0u, .except = CLOZAPINE, .n_except = 1}};
    mr_group g = {.name = MR_SPAN("g"), .members = &m, .n_members = 1, .prefixes = p, .n_prefixes = 4};
    mr_ruleset r = one_group(d, &g);
    const mr_route oral = MR_ROUTE_ORAL;
    assert_string_equal(in_group(&r, "", "", oral, "losartan"), "g"); /* no code: by its name */
    assert_string_equal(in_group(&r, "A01AA01", "", oral, "losartan"), "g");
    assert_string_equal(in_group(&r, "", "", oral, "newsartan"), "-");
    assert_string_equal(in_group(&r, "C09CA99", "", oral, "newsartan"), "g");
    assert_string_equal(in_group(&r, "C09C", "", oral, "newsartan"), "-"); /* the code ends before the prefix does */
    assert_string_equal(in_group(&r, "", "02050520", oral, "newsartan"), "g");
    assert_string_equal(in_group(&r, "02050520", "C09CA99", oral, "newsartan"), "-"); /* each in its own place */
    assert_string_equal(in_group(&r, "C09CA99", "", MR_ROUTE_EYE, "newsartan"), "-");
    /* A combination that holds a listed substance is settled by names; another is not, so it counts as a whole. */
    assert_string_equal(in_group(&r, "C09DA01", "", oral, "hydrochlorothiazide+losartan"), "-g");
    assert_string_equal(in_group(&r, "C09DA99", "", oral, "hydrochlorothiazide+newsartan"), "gg");
    /* By name, even where its route leaves it out. */
    assert_string_equal(in_group(&r, "N05AX01", "", MR_ROUTE_EYE, "losartan"), "-");
    assert_string_equal(in_group(&r, "N05AH02", "", oral, "clozapine"), "-");
    assert_string_equal(in_group(&r, "N05AH03", "", oral, "olanzapine"), "g");
    desk_free(d);
}

/* ---- entries of one medicine ---- */

/* Group 0: modified-release morphine; group 1: plain; group 2: nasal products. */
static desk *morphine_desk(void) {
    static const mr_group_terms slow = {.release = MR_RELEASE_MODIFIED}, plain = {.release = MR_RELEASE_IMMEDIATE};
    desk *d = desk_new();
    group(d, "slow", "morphine", 0);
    group(d, "plain", "morphine", 0);
    group(d, "nasal", "morphine", 1u << MR_ROUTE_NASAL | 1u << MR_ROUTE_UNKNOWN);
    d->rules.groups[0].members[0].terms = &slow;
    d->rules.groups[1].members[0].terms = &plain;
    knowledge_done(d);
    return d;
}

static void is_in(const mr_medicine *m, bool slow, bool plain, bool nasal) {
    const bool want[] = {slow, plain, nasal};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(mr_bits_has(&m->groups, i), want[i]);
        assert_int_equal(mr_bits_has(&m->ingredients[0].groups, i), want[i]);
    }
}

static mr_entry *morphine(desk *d, const char *id, bool modified) {
    mr_entry *e = statement(d, id, "morphine");
    e->understood.form = MR_SPAN("tablet");
    e->understood.modified_release = modified;
    return e;
}

static void test_one_medicine_of_two_products_is_in_the_groups_of_both(void **state) {
    (void)state;
    desk *d = morphine_desk();
    morphine(d, "a", true);
    morphine(d, "b", false);
    mr_record r = built(d);
    assert_int_equal(r.n_medicines, 1);
    is_in(&r.medicines[0], true, true, false);
    desk_free(d);
}

static void test_a_product_that_was_stopped_speaks_no_more(void **state) {
    (void)state;
    desk *d = morphine_desk();
    morphine(d, "a", true)->status = MR_ST_STOPPED;
    morphine(d, "b", false);
    for (size_t i = 0; i < d->raw.n_entries; i++) d->raw.entries[i].from = when("2026-10-01");
    d->raw.entries[0].until = when("2026-11-01");
    mr_record r = built(d);
    assert_int_equal(r.n_medicines, 1);
    is_in(&r.medicines[0], false, true, false);
    desk_free(d);
}

static void test_groups_that_stand_there_are_taken(void **state) {
    (void)state;
    desk *d = morphine_desk();
    mr_entry *e = morphine(d, "a", true);
    e->understood.classified = true;
    mr_bits_add(&e->understood.ingredients[0].groups, 1); /* not what the rules would say: so it is seen to be taken */
    mr_record r = built(d);
    is_in(&r.medicines[0], false, true, false);
    desk_free(d);
}

/* An entry of unknown route joins one by mouth: it is a product by mouth then, whatever was worked out before. */
static void test_a_route_learnt_from_another_entry_counts(void **state) {
    (void)state;
    desk *d = morphine_desk();
    mr_entry *e = morphine(d, "a", false);
    e->understood.route = MR_ROUTE_UNKNOWN;
    mr_ruleset_classify(&d->rules, &e->understood);
    e->understood.classified = true;
    assert_true(mr_bits_has(&e->understood.ingredients[0].groups, 2)); /* alone it would count */
    morphine(d, "b", true);
    mr_record r = built(d);
    assert_int_equal(r.n_medicines, 1);
    is_in(&r.medicines[0], true, true, false);
    desk_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_release),
        cmocka_unit_test(test_strength),
        cmocka_unit_test(test_all_conditions_must_hold),
        cmocka_unit_test(test_company),
        cmocka_unit_test(test_codes_only_ever_add),
        cmocka_unit_test(test_one_medicine_of_two_products_is_in_the_groups_of_both),
        cmocka_unit_test(test_a_product_that_was_stopped_speaks_no_more),
        cmocka_unit_test(test_groups_that_stand_there_are_taken),
        cmocka_unit_test(test_a_route_learnt_from_another_entry_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
