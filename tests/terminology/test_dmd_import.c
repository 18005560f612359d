/* A release is the same however it lies: in folders, in an archive, in archives within archives, its files and records
 * in any order. And what becomes of it is counted to the last record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dmd_files.h"

static void test_fixture(void **state) {
    (void)state;
    dmd_result r = dmd_run(MEDREVIEW_SOURCE_DIR "/tests/terminology/fixtures/dmd-made", NULL);
    if (r.rc != MR_OK) fail_msg("%s", r.err.text);
    const mr_dmd_release *x = &r.done.release;
    assert_int_equal(r.done.n_refused, 0);
    assert_string_equal(x->date, "2026-11-16");
    assert_int_equal(x->n_vmps, 6);
    assert_int_equal(x->n_amps, 3);
    assert_int_equal(x->n_ampps, 2);
    const mr_dmd_vmp *coamilofruse = &x->vmps[0]; /* 318136009: the smallest id */
    assert_true(coamilofruse->id == 318136009);
    assert_int_equal(coamilofruse->n_parts, 2);
    assert_memory_equal(coamilofruse->atc, "C03EB01", 8);
    assert_memory_equal(coamilofruse->bnf, "02020400\0\0\0\0\0\0", 15);
    assert_int_equal(coamilofruse->unit_dose_size, 1000);
    assert_int_equal(coamilofruse->control, 0);
    assert_true(mr_span_is(mr_dmd_name(x, x->units[coamilofruse->unit_dose_unit].name), "tablet"));
    assert_int_equal(x->vtms[coamilofruse->vtm].n_members, 2);
    /* Order within a product is that of the ids, not of the file: the result may not hang on the file. */
    const mr_dmd_part *part = &x->parts[coamilofruse->first_part];
    assert_true(x->substances[part[0].substance].id == 387475002 && part[0].numerator == 40000);
    assert_true(x->substances[part[1].substance].id == 387516008 && part[1].numerator == 5000);
    assert_true(dmd_count(&r, "GTIN AMPP")->missing);
    assert_int_equal(dmd_count(&r, "SUPPLIER")->not_kept, 1);
    assert_non_null(strstr(r.told, "note f_gtin:0: file: not there\n"));
    dmd_result_free(&r);
}

/* One row of 23.2 mg per 1 g, and one whose strength is of the base. */
static void test_strengths(void **state) {
    (void)state;
    dmd_result r = dmd_run(MEDREVIEW_SOURCE_DIR "/tests/terminology/fixtures/dmd-made", NULL);
    assert_int_equal(r.rc, MR_OK);
    const mr_dmd_release *x = &r.done.release;
    for (size_t i = 0; i < x->n_vmps; i++) {
        const mr_dmd_part *p = &x->parts[x->vmps[i].first_part];
        if (x->vmps[i].id == 22480211000001104) {
            assert_true(p->numerator == 23200 && p->denominator == 1000 && p->base == MR_DMD_NONE && p->basis == 1);
            assert_true(mr_span_is(mr_dmd_name(x, x->units[p->denominator_unit].name), "gram"));
        }
        if (x->vmps[i].id == 39113611000001102) {
            assert_true(p->basis == 2 && x->substances[p->base].id == 372897005);
            assert_true(x->substances[p->substance].id == 48474002);
            assert_true(x->vmps[i].ddd == 800);
        }
        if (x->vmps[i].id == 35894711000001106) assert_int_equal(x->vmps[i].flags, MR_DMD_INVALID);
        if (x->vmps[i].id == 3549611000001100)
            assert_true(x->vmps[i].vtm == MR_DMD_NONE && x->vmps[i].n_parts == 0 && x->vmps[i].n_routes == 2);
    }
    dmd_result_free(&r);
}

/* 10406411000001108 became 320139002, which became 39113611000001102. */
static void test_former_ids_are_followed(void **state) {
    (void)state;
    dmd_result r = dmd_run(MEDREVIEW_SOURCE_DIR "/tests/terminology/fixtures/dmd-made", NULL);
    assert_int_equal(r.rc, MR_OK);
    const mr_dmd_release *x = &r.done.release;
    size_t met = 0;
    for (size_t i = 0; i < x->n_previous; i++) {
        bool chained = x->previous[i].id == 10406411000001108 || x->previous[i].id == 320139002;
        if (!chained) continue;
        assert_int_equal(x->previous[i].kind, MR_DMD_VMP);
        assert_true(x->vmps[x->previous[i].row].id == 39113611000001102);
        met++;
    }
    assert_int_equal(met, 2);
    assert_int_equal(x->n_previous, 7);
    dmd_result_free(&r);
}

/* --- the same release, lying otherwise --- */

/* Every record of the file, last first. */
static void turn_round(dmd_one_file *f, const char *open, const char *close) {
    char *out = malloc(f->n + 1), *end = out + f->n, *first = strstr(f->bytes, open), *p = first;
    size_t before = (size_t)(first - f->bytes);
    assert_non_null(out);
    *end = 0;
    char *last = NULL;
    while ((p = strstr(p, open)) != NULL) {
        char *stop = strstr(p, close) + strlen(close);
        assert_true(!last || strspn(last, " \n") == (size_t)(p - last));
        end -= stop - p;
        memcpy(end, p, (size_t)(stop - p));
        last = p = stop;
    }
    size_t n = (size_t)(out + f->n - end), after = f->n - (size_t)(last - f->bytes);
    char *bytes = malloc(before + n + after + 1);
    assert_non_null(bytes);
    memcpy(bytes, f->bytes, before);
    memcpy(bytes + before, end, n);
    memcpy(bytes + before + n, last, after + 1);
    free(out);
    free(f->bytes);
    f->bytes = bytes;
    f->n = before + n + after;
}

static void test_order_of_records_makes_no_difference(void **state) {
    (void)state;
    dmd_files f;
    dmd_files_fixture(&f);
    dmd_result straight = dmd_run_files(&f);
    turn_round(dmd_files_find(&f, "f_vmp2"), "<VPI>", "</VPI>");
    turn_round(dmd_files_find(&f, "f_vmp2"), "<DROUTE>", "</DROUTE>");
    turn_round(dmd_files_find(&f, "f_vmp2"), "<VMP>", "</VMP>");
    turn_round(dmd_files_find(&f, "f_vtm2"), "<VTM>", "</VTM>");
    turn_round(dmd_files_find(&f, "f_amp2"), "<AMP>", "</AMP>");
    turn_round(dmd_files_find(&f, "f_ingredient2"), "<ING>", "</ING>");
    dmd_result turned = dmd_run_files(&f);
    assert_int_equal(turned.rc, MR_OK);
    assert_true(dmd_same(&straight.done.release, &turned.done.release));
    dmd_result_free(&straight);
    dmd_result_free(&turned);
    dmd_files_free(&f);
}

static void test_archives_and_folders_are_the_same(void **state) {
    (void)state;
    char dir[] = "/tmp/medreview-dmd-XXXXXX", dmd[64], bonus[64], inner[64];
    dmd_files f;
    dmd_files_fixture(&f);
    dmd_result folder = dmd_run_files(&f);
    assert_non_null(mkdtemp(dir));
    snprintf(dmd, sizeof dmd, "%s/nhsbsa_dmd_11.2.0_20261116000001.zip", dir);
    snprintf(bonus, sizeof bonus, "%s/bonus.zip", dir);
    snprintf(inner, sizeof inner, "%s/inner.zip", dir);
    dmd_files_zip(&f, "2_", dmd); /* main files are version 2 */
    int code;
    zip_t *z = zip_open(bonus, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(z);
    char *held[3];
    const char *parts[3] = {"f_bnf", "f_history", "f_vtm_ing"};
    for (size_t i = 0; i < 3; i++) { /* nested, as TRUD's supplementary release is */
        struct stat st;
        dmd_files_zip(&f, parts[i], inner);
        assert_int_equal(stat(inner, &st), 0);
        held[i] = malloc((size_t)st.st_size);
        FILE *in = fopen(inner, "rb");
        assert_true(held[i] && in && fread(held[i], 1, (size_t)st.st_size, in) == (size_t)st.st_size);
        fclose(in);
        char name[64];
        snprintf(name, sizeof name, "deep/%s.zip", parts[i]);
        dmd_zip_bytes(z, name, held[i], (size_t)st.st_size);
    }
    assert_int_equal(zip_close(z), 0);
    for (size_t i = 0; i < 3; i++) free(held[i]);
    unlink(inner);
    dmd_result archives = dmd_run(dmd, bonus), both = dmd_run(dir, NULL);
    if (archives.rc != MR_OK) fail_msg("%s", archives.err.text);
    assert_true(dmd_same(&folder.done.release, &archives.done.release));
    assert_int_equal(both.rc, MR_OK); /* a folder with the archives as they were downloaded */
    assert_true(dmd_same(&folder.done.release, &both.done.release));
    dmd_result main_only = dmd_run(dmd, NULL);
    assert_int_equal(main_only.rc, MR_OK);
    assert_non_null(strstr(main_only.told, "note f_bnf:0: file: not there: it comes with the supplementary release"));
    assert_int_equal(main_only.done.release.vmps[0].atc[0], 0);
    dmd_result_free(&folder);
    dmd_result_free(&archives);
    dmd_result_free(&both);
    dmd_result_free(&main_only);
    dmd_files_free(&f);
    dmd_remove(dir);
}

static void test_same_folder_twice_is_once(void **state) {
    const char *dir = MEDREVIEW_SOURCE_DIR "/tests/terminology/fixtures/dmd-made";
    (void)state;
    dmd_result r = dmd_run(dir, MEDREVIEW_SOURCE_DIR "/tests/terminology/fixtures/dmd-made/bonus");
    assert_int_equal(r.rc, MR_OK);
    assert_int_equal(r.done.n_refused, 0);
    dmd_result_free(&r);
}

/* Without dates in the names of files the archive's own name is asked. */
static void test_dates(void **state) {
    (void)state;
    char dir[] = "/tmp/medreview-dmd-XXXXXX", path[128];
    dmd_files f;
    dmd_files_fixture(&f);
    for (size_t i = 0; i < f.n; i++) memcpy(strrchr(f.v[i].name, '_') + 1, "test.xml", 9);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/nhsbsa_dmd_1.0.0_20221001000001.zip", dir);
    dmd_files_zip(&f, "", path);
    dmd_result named = dmd_run(path, NULL), unnamed = dmd_run_files(&f);
    assert_int_equal(named.rc, MR_OK);
    assert_string_equal(named.done.release.date, "2022-10-01");
    assert_int_equal(unnamed.rc, MR_OK);
    assert_string_equal(unnamed.done.release.date, "");
    dmd_result_free(&named);
    dmd_result_free(&unnamed);
    dmd_files_free(&f);
    dmd_remove(dir);
}

/* --- real cuts --- */

typedef struct cut {
    const char *path;
    const char *date;
    size_t vtms, vmps, amps, ampps, refused;
} cut;

static void test_real_cuts(void **state) {
    static const cut cuts[] = {
        {"trud-layout-2019-04", "2019-04-01", 2859, 7, 15, 26, 0},
        {"trud-layout-2021-08", "2021-08-26", 1, 2, 3, 1, 3}, /* three made-up ids fail their check digit */
        {"opencodelists-zip/nhsbsa_dmd_1.0.0_20221001000001.zip", "2022-10-01", 1, 1, 1, 1, 1}, /* a base not in it */
        {"opencodelists-zip/nhsbsa_dmd_1.2.0_20221001000001.zip", "2022-10-01", 1, 1, 1, 1, 2},
    };
    (void)state;
    if (access(MEDREVIEW_SHARED_DIR "/data/dmd", R_OK) != 0) {
        print_message("skipped: no real releases here\n");
        return;
    }
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        char path[DMD_PATH];
        snprintf(path, sizeof path, MEDREVIEW_SHARED_DIR "/data/dmd/%s", cuts[i].path);
        dmd_result r = dmd_run(path, NULL);
        if (r.rc != MR_OK) fail_msg("%s: %s", cuts[i].path, r.err.text);
        const mr_dmd_release *x = &r.done.release;
        if (r.done.n_refused != cuts[i].refused) fail_msg("%s refuses:\n%s", cuts[i].path, r.told);
        assert_string_equal(x->date, cuts[i].date);
        assert_int_equal(x->n_vtms, cuts[i].vtms);
        assert_int_equal(x->n_vmps, cuts[i].vmps);
        assert_int_equal(x->n_amps, cuts[i].amps);
        assert_int_equal(x->n_ampps, cuts[i].ampps);
        dmd_result_free(&r);
    }
    dmd_result two =
        dmd_run(MEDREVIEW_SHARED_DIR "/data/dmd/opencodelists-zip/nhsbsa_dmd_1.1.0_20221001000001.zip", NULL);
    assert_int_equal(two.rc, MR_MALFORMED);
    assert_non_null(strstr(two.err.text, "two lookup files"));
    assert_non_null(strstr(two.err.text, "f_lookup2_test.xml and "));
    assert_non_null(strstr(two.err.text, "f_lookup2_test1.xml"));
    dmd_result_free(&two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixture),
        cmocka_unit_test(test_strengths),
        cmocka_unit_test(test_former_ids_are_followed),
        cmocka_unit_test(test_order_of_records_makes_no_difference),
        cmocka_unit_test(test_archives_and_folders_are_the_same),
        cmocka_unit_test(test_same_folder_twice_is_once),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_real_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
