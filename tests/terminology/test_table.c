/* The shipped tables: every name and code leads back to its own row, every product is fully understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/embedded.h"
#include "medreview/base/tsv.h"
#include "room.h"
#include "shared_lists.h"
#include "understood_text.h"

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

static mr_span table_file(const char *name) {
    for (const mr_embedded *e = mr_embedded_terminology; e->name; e++)
        if (strcmp(e->name, name) == 0) return mr_embedded_bytes(e);
    return MR_SPAN_NONE;
}

static void understand(const mr_term_question *q, mr_arena *a, mr_understood *ret) {
    mr_error err;
    assert_int_equal(mr_terminology_resolve(terminology, q, a, NULL, ret, &err), MR_OK);
}

static bool has(const mr_understood *u, mr_span key) {
    for (size_t i = 0; i < u->n_ingredients; i++)
        if (mr_span_eq(u->ingredients[i].substance, key)) return true;
    return false;
}

/* The name alone gives the substance, or for a combination that is not kept its members. */
static bool leads_to(mr_span name, mr_span key, mr_understood *ret, mr_arena *a) {
    mr_term_question q = {.text = name};
    understand(&q, a, ret);
    if (ret->by != MR_REC_NAME || ret->uncertain) return false;
    uint32_t at;
    mr_span folded = mr_span_is(key, "levonorgestrel IUD") ? MR_SPAN("levonorgestrel iud") : key;
    if (!mr_term_find_name(terminology, folded, &at)) return false;
    const mr_term_substance *s = mr_term_substance_at(terminology, at);
    bool members = s->n_members > 0;
    for (size_t i = 0; i < s->n_members; i++)
        members = members && has(ret, mr_term_substance_at(terminology, s->members[i])->key);
    return s->kept == MR_KEPT_NOT && s->n_members ? members : has(ret, key);
}

static void test_every_key_is_found_by_its_name(void **state) {
    size_t n = mr_terminology_substances(terminology);
    (void)state;
    assert_true(n > 2000);
    for (size_t i = 0; i < n; i++) {
        mr_arena *a = mr_arena_new(1 << 16);
        mr_span key = mr_terminology_substance(terminology, i);
        mr_understood u;
        if (!leads_to(key, key, &u, a)) fail_msg("%.*s", MR_SPAN_ARG(key));
        mr_arena_free(a);
    }
    assert_null(mr_terminology_substance(terminology, n).ptr);
}

/* By code, every shipped product says a substance, a strength where its name has one, a form and a route. */
static void test_every_product_is_understood(void **state) {
    mr_tsv tsv;
    mr_error err;
    bool more;
    size_t n = 0;
    (void)state;
    assert_int_equal(mr_tsv_open(&tsv, "vmps.tsv", table_file("vmps.tsv"), &err), MR_OK);
    for (; mr_tsv_next(&tsv, &more, &err) == MR_OK && more; n++) {
        mr_arena *a = mr_arena_new(1 << 16);
        mr_coding c = {MR_SPAN("https://dmd.nhs.uk"), mr_tsv_get(&tsv, "vpid"), MR_SPAN_NONE};
        mr_term_question by_code = {.codings = &c, .n_codings = 1}, by_name = {.text = mr_tsv_get(&tsv, "name")};
        mr_understood u, named;
        mr_buf x, y;
        understand(&by_code, a, &u);
        understand(&by_name, a, &named);
        if (u.by != MR_REC_DMD_VMP || u.uncertain || !u.form.ptr || u.route == MR_ROUTE_UNKNOWN)
            fail_msg("%.*s is not fully understood", MR_SPAN_ARG(by_name.text));
        u.by = named.by; /* all else is the same */
        mr_buf_init(&x, 4096);
        mr_buf_init(&y, 4096);
        understood_text(&u, &x);
        understood_text(&named, &y);
        assert_string_equal(mr_buf_z(&x), mr_buf_z(&y));
        mr_buf_free(&x);
        mr_buf_free(&y);
        mr_arena_free(a);
    }
    assert_true(n > 500);
}

/* Of the substances of the PINCER rules that UK practice uses, each has a product for its usual route. */
static void test_pincer_substances_have_products(void **state) {
    static const char *const wanted[] = {
        "aceclofenac",  "celecoxib",     "diclofenac",     "etodolac",       "etoricoxib",
        "ibuprofen",    "indometacin",   "ketoprofen",     "mefenamic acid", "meloxicam",
        "nabumetone",   "naproxen",      "piroxicam",      "lansoprazole",   "omeprazole",
        "esomeprazole", "pantoprazole",  "rabeprazole",    "ranitidine",     "famotidine",
        "aspirin",      "clopidogrel",   "prasugrel",      "ticagrelor",     "dipyridamole",
        "warfarin",     "acenocoumarol", "phenindione",    "apixaban",       "dabigatran",
        "edoxaban",     "rivaroxaban",   "propranolol",    "sotalol",        "carvedilol",
        "labetalol",    "nadolol",       "timolol",        "timolol (eye)",  "ramipril",
        "lisinopril",   "enalapril",     "perindopril",    "losartan",       "candesartan",
        "furosemide",   "bumetanide",    "spironolactone", "eplerenone",     "bendroflumethiazide",
        "methotrexate", "lithium",       "amiodarone",     "haloperidol",    "risperidone",
        "quetiapine",   "olanzapine",    "salmeterol",     "formoterol",     "beclometasone",
        "budesonide",   "fluticasone",   "metformin"};
    (void)state;
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++) {
        bool found = false;
        for (uint32_t i = 0; !found && i < mr_term_products(terminology); i++) {
            const mr_product *p = mr_term_product_at(terminology, i);
            mr_reading r = {.n = p->n, .shape = p->shape};
            mr_arena *a = mr_arena_new(1 << 16);
            mr_understood u = {0};
            mr_error err;
            memcpy(r.part, p->part, p->n * sizeof *p->part);
            assert_int_equal(mr_reading_finish(terminology, &r, a, &u, &err), MR_OK);
            found = has(&u, mr_span_of(wanted[k]));
            mr_arena_free(a);
        }
        if (!found) fail_msg("no product of %s", wanted[k]);
    }
}

/* Every name of the catalogue of drug groups, as that catalogue writes it. */
static void test_drug_group_names(void **state) {
    mr_buf bytes;
    mr_tsv tsv;
    mr_error err;
    bool more;
    size_t n = 0, bad = 0;
    (void)state;
    if (!shared_read("clinical/drug-groups.tsv", &bytes)) {
        print_message("skipped: no drug-groups.tsv\n");
        return;
    }
    assert_int_equal(mr_tsv_open(&tsv, "drug-groups.tsv", mr_buf_span(&bytes), &err), MR_OK);
    for (; mr_tsv_next(&tsv, &more, &err) == MR_OK && more; n++) {
        mr_arena *a = mr_arena_new(1 << 16);
        mr_span inn = mr_tsv_get(&tsv, "inn");
        mr_understood u;
        /* One name of the catalogue is the same substance as another of the same group. */
        mr_span key = mr_span_is(inn, "metronidazole (oral)") ? MR_SPAN("metronidazole") : inn;
        if (!leads_to(inn, key, &u, a)) {
            print_error("%.*s\n", MR_SPAN_ARG(inn));
            bad++;
        }
        mr_arena_free(a);
    }
    mr_buf_free(&bytes);
    print_message("%zu rows of drug-groups.tsv, %zu not found by name\n", n, bad);
    assert_true(n > 500);
    assert_int_equal(bad, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_is_found_by_its_name), cmocka_unit_test(test_every_product_is_understood),
        cmocka_unit_test(test_pincer_substances_have_products), cmocka_unit_test(test_drug_group_names)};
    return cmocka_run_group_tests(tests, open_table, close_table);
}
