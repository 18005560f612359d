/* The basis of reviews: opened as one, shared, named; and what a review asked, against another basis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../terminology/dmd_made.h"
#include "medreview/base/rand.h"
#include "medreview/review/basis.h"
#include "medreview/terminology/dmd_index.h"

#include <pthread.h>
#include <unistd.h>

static mr_basis *shipped, *updated; /* the second with a made-up release */
static char dir[64], index_path[96], brand[32];

static mr_basis *open_fine(mr_basis_options o) {
    mr_basis *b = NULL;
    mr_error err = {0};
    mr_buf complaints;
    mr_buf_init(&complaints, 1 << 20);
    if (mr_basis_open(&o, &b, &complaints, &err) != MR_OK) fail_msg("%s\n%s", err.text, mr_buf_z(&complaints));
    mr_buf_free(&complaints);
    return b;
}

static int begin(void **state) {
    char name[60];
    mr_arena *a = mr_arena_new(64 << 20);
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/mr-basis-XXXXXX");
    if (!a || !mkdtemp(dir)) return -1;
    (void)snprintf(index_path, sizeof index_path, "%s/made.index", dir);
    mr_dmd_release release = dmd_made(a, 1, 0);
    (void)snprintf(name, sizeof name, "Madebrand %u (Made Up Ltd)", dmd_made_vmp(&release, "Ibuprofen 400mg tablets"));
    (void)snprintf(brand, sizeof brand, "%llu", (unsigned long long)release.amps[dmd_made_amp(&release, name)].id);
    mr_error err = {0};
    if (mr_dmd_index_write(&release, NULL, index_path, &err) != MR_OK) fail_msg("%s", err.text);
    mr_arena_free(a);
    shipped = open_fine((mr_basis_options){.knowledge_dir = NULL});
    updated = open_fine((mr_basis_options){.terminology_file = index_path});
    return 0;
}

static int end(void **state) {
    (void)state;
    mr_basis_drop(shipped);
    mr_basis_drop(updated);
    (void)unlink(index_path);
    return rmdir(dir);
}

/* A patient on medicines, each "CODE or -" and a text. */
typedef struct medicine {
    const char *code, *text;
} medicine;

static void bundle(const medicine *m, size_t n, mr_buf *out) {
    mr_buf_adds(out, "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{\"resourceType\":"
                     "\"Patient\",\"id\":\"p1\",\"birthDate\":\"1940-02-03\"}}");
    for (size_t i = 0; i < n; i++) {
        mr_buf_printf(out,
                      ",{\"resource\":{\"resourceType\":\"MedicationStatement\",\"id\":\"m%zu\",\"status\":\"active\","
                      "\"subject\":{\"reference\":\"Patient/p1\"},\"effectivePeriod\":{\"start\":\"2026-01-01\"},"
                      "\"medicationCodeableConcept\":{",
                      i);
        if (*m[i].code != '-')
            mr_buf_printf(out, "\"coding\":[{\"system\":\"https://dmd.nhs.uk\",\"code\":\"%s\"}],", m[i].code);
        mr_buf_printf(out, "\"text\":\"%s\"}}}", m[i].text);
    }
    mr_buf_adds(out, "]}");
}

/* What the review on `b` asked goes into `asked`; how many of its medicines were understood is returned. */
static size_t review(const mr_basis *b, const medicine *m, size_t n, mr_buf *asked) {
    mr_arena *a = mr_arena_new(32 << 20);
    mr_review_settings settings = {.run = {.as_of = mr_day_of((mr_date){2026, 11, 21}),
                                           .site_key = MR_SPAN(MR_OFFLINE_KEY),
                                           .source = MR_SPAN("offline")},
                                   .offline = true};
    mr_absorbed absorbed;
    mr_error err = {0};
    const mr_review_result *result = NULL;
    mr_buf text;
    mr_buf_init(&text, 1 << 20);
    bundle(m, n, &text);
    mr_review *rv = mr_review_begin(a, mr_basis_knowledge(b), &settings, MR_SPAN("p1"));
    assert_non_null(rv);
    if (mr_review_absorb(rv, MR_PAGE_ANY, mr_buf_span(&text), false, &absorbed, &err) != MR_OK ||
        mr_review_assess(rv, &result, &err) != MR_OK || mr_review_asked(rv, asked, &err) != MR_OK)
        fail_msg("%s", err.text);
    size_t understood = result->record->n_medicines;
    mr_buf_free(&text);
    mr_arena_free(a);
    return understood;
}

static void test_stamp_names_both(void **state) {
    (void)state;
    mr_span a = mr_basis_stamp(shipped), b = mr_basis_stamp(updated);
    assert_true(mr_span_ends(a, mr_terminology_version(mr_basis_knowledge(shipped)->terminology)));
    assert_true(mr_span_ends(b, mr_terminology_version(mr_basis_knowledge(updated)->terminology)));
    assert_false(mr_span_eq(a, b));
    assert_true(mr_basis_same_knowledge(shipped, b));
    assert_false(mr_basis_same_knowledge(shipped, MR_SPAN("")));
    assert_false(mr_basis_same_knowledge(shipped, MR_SPAN("other|builtin")));
    mr_basis *again = open_fine((mr_basis_options){.terminology_file = index_path});
    assert_true(mr_span_eq(b, mr_basis_stamp(again)));
    mr_basis_drop(again);
}

/* Who is understood as before is not asked for again, whoever else is in the release. */
static void test_only_other_answers_differ(void **state) {
    (void)state;
    const medicine known[] = {{"-", "Naproxen 500mg tablets"}, {"-", "Warfarin 3mg tablets"}, {"-", "Nobody knows it"}};
    const medicine branded[] = {{"-", "Naproxen 500mg tablets"}, {brand, "A brand"}};
    mr_buf asked;
    mr_buf_init(&asked, 1 << 20);
    assert_int_equal(2, review(shipped, known, 3, &asked));
    assert_false(mr_basis_differs(shipped, mr_buf_span(&asked)));
    assert_false(mr_basis_differs(updated, mr_buf_span(&asked)));
    mr_buf_clear(&asked);
    assert_int_equal(1, review(shipped, branded, 2, &asked));
    assert_false(mr_basis_differs(shipped, mr_buf_span(&asked)));
    assert_true(mr_basis_differs(updated, mr_buf_span(&asked)));
    mr_buf_clear(&asked);
    assert_int_equal(2, review(updated, branded, 2, &asked));
    assert_true(mr_basis_differs(shipped, mr_buf_span(&asked)));
    assert_false(mr_basis_differs(updated, mr_buf_span(&asked)));
    mr_buf_clear(&asked);
    assert_int_equal(0, review(shipped, NULL, 0, &asked)); /* who takes nothing is never concerned */
    assert_false(mr_basis_differs(updated, mr_buf_span(&asked)));
    mr_buf_free(&asked);
}

/* Cut anywhere, or with any byte changed, it counts as different or reads as what it is: never out of bounds. */
static void test_what_cannot_be_read_differs(void **state) {
    (void)state;
    const medicine m[] = {{brand, "A brand"}, {"-", "Warfarin 3mg tablets"}};
    mr_buf asked;
    mr_rand r;
    mr_rand_seed(&r, 5);
    mr_buf_init(&asked, 1 << 20);
    (void)review(shipped, m, 2, &asked);
    assert_true(mr_basis_differs(shipped, MR_SPAN_NONE));
    assert_true(mr_basis_differs(shipped, MR_SPAN("mrq2")));
    size_t same_when_cut = 0;
    for (size_t n = 0; n < asked.len; n++) {
        char *exact = malloc(n + 1); /* so that a sanitizer sees a byte too far */
        assert_non_null(exact);
        memcpy(exact, asked.ptr, n);
        same_when_cut += !mr_basis_differs(shipped, (mr_span){exact, n});
        free(exact);
    }
    assert_int_equal(2, same_when_cut); /* behind the mark and behind the first question: those are whole */
    for (int i = 0; i < 3000; i++) {
        char *copy = malloc(asked.len);
        assert_non_null(copy);
        memcpy(copy, asked.ptr, asked.len);
        copy[mr_rand_below(&r, asked.len)] = (char)mr_rand_below(&r, 256);
        (void)mr_basis_differs(shipped, (mr_span){copy, asked.len});
        free(copy);
    }
    mr_buf_free(&asked);
}

static void test_refusals_name_the_key(void **state) {
    (void)state;
    const struct {
        mr_basis_options o;
        mr_rc rc;
        const char *says;
    } table[] = {
        {{.terminology_file = "/nowhere/at/all"}, MR_INVALID, "terminology.index: /nowhere/at/all"},
        {{.terminology_file = __FILE__}, MR_MALFORMED, "terminology.index: "},
        {{.codes_dir = "/nowhere/at/all"}, MR_INVALID, "terminology.codes: "},
        {{.knowledge_dir = "/nowhere/at/all"}, MR_INVALID, "knowledge.dir: "},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        mr_basis *b = NULL;
        mr_error err = {0};
        mr_buf complaints;
        mr_buf_init(&complaints, 1 << 20);
        assert_string_equal(mr_rc_label(table[i].rc), mr_rc_label(mr_basis_open(&table[i].o, &b, &complaints, &err)));
        assert_null(b);
        if (strncmp(err.text, table[i].says, strlen(table[i].says)) != 0) fail_msg("row %zu: %s", i, err.text);
        mr_buf_free(&complaints);
    }
}

/* A site's codes are part of the knowledge: with them every review is another one. */
static void test_codes_are_knowledge(void **state) {
    (void)state;
    char file[120];
    (void)snprintf(file, sizeof file, "%s/asthma.csv", dir);
    FILE *f = fopen(file, "w");
    assert_true(f && fputs("code\n195967001\n", f) >= 0 && fclose(f) == 0);
    mr_basis *b = open_fine((mr_basis_options){.codes_dir = dir});
    assert_false(mr_basis_same_knowledge(b, mr_basis_stamp(shipped)));
    mr_basis_drop(b);
    assert_int_equal(0, unlink(file));
}

static void *hold_and_drop(void *arg) {
    for (int i = 0; i < 20000; i++) mr_basis_drop(mr_basis_hold(arg));
    mr_basis_drop(arg);
    return NULL;
}

static void test_last_holder_frees(void **state) {
    (void)state;
    mr_basis *b = NULL;
    mr_error err;
    pthread_t threads[4];
    assert_int_equal(MR_OK, mr_basis_borrow(mr_basis_knowledge(shipped), "k|t", &b, &err));
    for (int i = 0; i < 4; i++) assert_int_equal(0, pthread_create(&threads[i], NULL, hold_and_drop, mr_basis_hold(b)));
    for (int i = 0; i < 4; i++) assert_int_equal(0, pthread_join(threads[i], NULL));
    assert_true(mr_span_is(mr_basis_stamp(b), "k|t")); /* ours is the last; a sanitizer sees what is left or gone */
    mr_basis_drop(b);
    mr_basis_drop(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stamp_names_both),
        cmocka_unit_test(test_only_other_answers_differ),
        cmocka_unit_test(test_what_cannot_be_read_differs),
        cmocka_unit_test(test_refusals_name_the_key),
        cmocka_unit_test(test_codes_are_knowledge),
        cmocka_unit_test(test_last_holder_frees),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
