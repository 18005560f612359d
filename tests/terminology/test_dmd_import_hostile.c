/* Files that mean harm, or were harmed: each ends in a sentence, soon, and with bounded memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dmd_files.h"

typedef struct place { /* a folder of its own for each test */
    char dir[40], zip[80];
    dmd_files f;
} place;

static void place_make(place *p) {
    memcpy(p->dir, "/tmp/medreview-dmd-XXXXXX", 26);
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->zip, sizeof p->zip, "%s/release.zip", p->dir);
    dmd_files_fixture(&p->f);
}

static void place_drop(place *p) {
    dmd_files_free(&p->f);
    dmd_remove(p->dir);
}

static void expect(dmd_result r, mr_rc rc, const char *why) {
    if (r.rc != rc)
        fail_msg("%s instead of %s: %s\n%s", mr_rc_label(r.rc), mr_rc_label(rc), r.rc ? r.err.text : "", r.told);
    if (rc != MR_OK && !strstr(r.err.text, why)) fail_msg("not said: %s, but %s", why, r.err.text);
    if (rc == MR_OK && !strstr(r.told, why)) fail_msg("not told: %s, but %s", why, r.told);
    dmd_result_free(&r);
}

/* One file of the fixture in another shape, as a folder. */
static void expect_bytes(const char *file, const char *bytes, size_t n, mr_rc rc, const char *why) {
    dmd_files f;
    dmd_files_fixture(&f);
    dmd_one_file *one = dmd_files_find(&f, file);
    free(one->bytes);
    one->bytes = malloc(n + 1);
    assert_non_null(one->bytes);
    memcpy(one->bytes, bytes, n);
    one->n = n;
    expect(dmd_run_files(&f), rc, why);
    dmd_files_free(&f);
}

static void expect_text(const char *file, const char *text, mr_rc rc, const char *why) {
    expect_bytes(file, text, strlen(text), rc, why);
}

#define VTMS(inside) "<VIRTUAL_THERAPEUTIC_MOIETIES>" inside "</VIRTUAL_THERAPEUTIC_MOIETIES>"

static void test_xml(void **state) {
    (void)state;
    expect_text("f_vtm2",
                "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>" VTMS(
                    "<VTM><VTMID>91143003</VTMID><NM>&b;</NM></VTM>"),
                MR_MALFORMED, "a document type declaration, which no release has");
    expect_text("f_vtm2", "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" VTMS(""), MR_MALFORMED, "document type");
    expect_text("f_vtm2", VTMS("<VTM><NM>&laughs;</NM></VTM>"), MR_MALFORMED, "no well-formed XML: undefined entity");
    expect_text("f_vtm2", VTMS("<VTM><NM>a\x01</NM></VTM>"), MR_MALFORMED, "no well-formed XML");
    expect_text("f_vtm2", VTMS("<VTM><NM>&#1;</NM></VTM>"), MR_MALFORMED, "no well-formed XML");
    expect_text("f_vtm2", VTMS("<VTM><NM>\xC3\x28</NM></VTM>"), MR_MALFORMED, "no well-formed XML");
    expect_text("f_vtm2", "", MR_MALFORMED, "no element found");
    expect_text("f_vtm2", "not XML", MR_MALFORMED, "no well-formed XML");
    expect_text("f_vtm2", VTMS("") "<again/>", MR_MALFORMED, "junk after document element");
    expect_text("f_vtm2", "<?xml version=\"1.0\" encoding=\"klingon\"?>" VTMS(""), MR_MALFORMED, "unknown encoding");
}

/* `head`, then `middle` again and again, then `tail`. */
static char *long_text(const char *head, const char *middle, size_t times, const char *tail, size_t *ret_n) {
    size_t n_head = strlen(head), n_middle = strlen(middle), n_tail = strlen(tail);
    char *bytes = malloc(n_head + n_middle * times + n_tail);
    assert_non_null(bytes);
    memcpy(bytes, head, n_head);
    for (size_t i = 0; i < times; i++) memcpy(bytes + n_head + i * n_middle, middle, n_middle);
    memcpy(bytes + n_head + n_middle * times, tail, n_tail);
    *ret_n = n_head + n_middle * times + n_tail;
    return bytes;
}

static void test_large_xml(void **state) {
    static const struct {
        const char *head, *middle, *tail;
        size_t times;
        mr_rc rc;
        const char *why;
    } cases[] = {
        {"<VIRTUAL_THERAPEUTIC_MOIETIES><VTM><NM>", "text text text text ",
         "</NM><VTMID>7947003</VTMID></VTM></VIRTUAL_THERAPEUTIC_MOIETIES>", 800000, MR_OK,
         "VTM: NM is longer than 4096 bytes"},
        {"<VIRTUAL_THERAPEUTIC_MOIETIES>", "<a>", "", 100000, MR_LIMIT, "elements nest deeper"},
        {"<VIRTUAL_THERAPEUTIC_MOIETIES a=\"", "0123456789", "\"></VIRTUAL_THERAPEUTIC_MOIETIES>", 400000, MR_LIMIT,
         "one piece of mark-up is longer than a megabyte"},
        {"<VIRTUAL_THERAPEUTIC_MOIETIES><!--", "0123456789", "--></VIRTUAL_THERAPEUTIC_MOIETIES>", 400000, MR_LIMIT,
         "one piece of mark-up is longer than a megabyte"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n;
        char *bytes = long_text(cases[i].head, cases[i].middle, cases[i].times, cases[i].tail, &n);
        expect_bytes("f_vtm2", bytes, n, cases[i].rc, cases[i].why);
        free(bytes);
    }
}

/* A thousand elements of new names are no schema change: it is another format. */
static void test_unknown_names_end(void **state) {
    mr_buf b;
    (void)state;
    mr_buf_init(&b, 1u << 20);
    mr_buf_adds(&b, "<VIRTUAL_THERAPEUTIC_MOIETIES><VTM>");
    for (unsigned i = 0; i < 1100; i++) mr_buf_printf(&b, "<E%u/>", i);
    mr_buf_adds(&b, "</VTM></VIRTUAL_THERAPEUTIC_MOIETIES>");
    expect_bytes("f_vtm2", b.ptr, b.len, MR_LIMIT, "this is another format");
    mr_buf_free(&b);
}

/* The same release in the encodings that XML may have. */
static void test_encodings(void **state) {
    (void)state;
    dmd_files f;
    dmd_files_fixture(&f);
    dmd_files_change(&f, "f_vtm2", "<NM>Salbutamol</NM>", "<NM>Salbutamol \xC3\xA9</NM>");
    dmd_result plain = dmd_run_files(&f);
    dmd_files_change(&f, "f_vtm2", "encoding=\"utf-8\"", "encoding=\"iso-8859-1\"");
    dmd_files_change(&f, "f_vtm2", "\xC3\xA9", "\xE9");
    dmd_result latin = dmd_run_files(&f);
    assert_int_equal(latin.rc, MR_OK);
    assert_true(dmd_same(&plain.done.release, &latin.done.release));
    dmd_files_change(&f, "f_vtm2", "encoding=\"iso-8859-1\"", "encoding=\"utf-16\"");
    dmd_one_file *one = dmd_files_find(&f, "f_vtm2");
    char *wide = malloc(2 * one->n + 2);
    assert_non_null(wide);
    memcpy(wide, "\xFF\xFE", 2);
    for (size_t i = 0; i < one->n; i++) wide[2 + 2 * i] = one->bytes[i], wide[3 + 2 * i] = 0;
    free(one->bytes);
    one->bytes = wide;
    one->n = 2 * one->n + 2;
    dmd_result utf16 = dmd_run_files(&f);
    if (utf16.rc != MR_OK) fail_msg("%s", utf16.err.text);
    assert_true(dmd_same(&plain.done.release, &utf16.done.release));
    dmd_result_free(&plain);
    dmd_result_free(&latin);
    dmd_result_free(&utf16);
    dmd_files_free(&f);
}

/* --- archives ------------------------------------------------------------------------------------------------------
 */

static void test_bomb(void **state) {
    place p;
    int code;
    (void)state;
    place_make(&p);
    size_t n = (size_t)32 << 20;
    char *zeros = calloc(1, n);
    assert_non_null(zeros);
    zip_t *z = zip_open(p.zip, ZIP_CREATE, &code);
    dmd_zip_bytes(z, "f_vtm2_3161126.xml", zeros, n);
    assert_int_equal(zip_close(z), 0);
    expect(dmd_run(p.zip, NULL), MR_LIMIT, "packed more than 300 to 1");
    free(zeros);
    place_drop(&p);
}

static void expect_entry(const char *name, mr_rc rc, const char *why) {
    place p;
    int code;
    place_make(&p);
    zip_t *z = zip_open(p.zip, ZIP_CREATE, &code);
    dmd_zip_bytes(z, name, "<x/>", 4);
    assert_int_equal(zip_close(z), 0);
    expect(dmd_run(p.zip, NULL), rc, why);
    place_drop(&p);
}

static void test_paths(void **state) {
    (void)state;
    expect_entry("../../f_vtm2_3161126.xml", MR_MALFORMED, "a path that leads out of the archive");
    expect_entry("a/../../x", MR_MALFORMED, "a path that leads out of the archive");
    expect_entry("/etc/passwd", MR_MALFORMED, "a path that leads out of the archive");
    expect_entry("..\\x", MR_MALFORMED, "a path that leads out of the archive");
    expect_entry("a..b/f_x..xml", MR_MALFORMED, "is no dm+d release");
}

static void test_encrypted(void **state) {
    place p;
    int code;
    (void)state;
    place_make(&p);
    zip_t *z = zip_open(p.zip, ZIP_CREATE, &code);
    dmd_zip_bytes(z, "f_vtm2_3161126.xml", "<x/>", 4);
    assert_int_equal(zip_file_set_encryption(z, 0, ZIP_EM_TRAD_PKWARE, "secret"), 0);
    assert_int_equal(zip_close(z), 0);
    expect(dmd_run(p.zip, NULL), MR_MALFORMED, "f_vtm2_3161126.xml: is encrypted");
    place_drop(&p);
}

static char *bytes_of(const char *path, size_t *ret_n) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    char *bytes = malloc((size_t)st.st_size);
    FILE *in = fopen(path, "rb");
    assert_true(bytes && in && fread(bytes, 1, (size_t)st.st_size, in) == (size_t)st.st_size);
    fclose(in);
    *ret_n = (size_t)st.st_size;
    return bytes;
}

/* Two entries of one name: made by writing the name of one over that of the other, in both places where it stands. */
static void test_doubled_entries(void **state) {
    place p;
    size_t n;
    (void)state;
    place_make(&p);
    const dmd_one_file *one = dmd_files_find(&p.f, "f_vtm2");
    dmd_files_add(&p.f, "f_vtm9_3161126.xml", one->bytes, one->n);
    dmd_files_zip(&p.f, "", p.zip);
    char *bytes = bytes_of(p.zip, &n);
    for (size_t i = 0; i + 6 < n; i++)
        if (memcmp(bytes + i, "f_vtm9", 6) == 0) bytes[i + 5] = '2';
    dmd_write_bytes(p.zip, bytes, n);
    free(bytes);
    expect(dmd_run(p.zip, NULL), MR_MALFORMED, "two vtm files, ");
    place_drop(&p);
}

/* Cut at any place, an archive is no archive; with any byte of its content changed, its checksum is wrong, or what was
 * read is what was written. */
static void test_damaged_archives(void **state) {
    place p;
    size_t n;
    (void)state;
    place_make(&p);
    dmd_files_zip(&p.f, "", p.zip);
    char *bytes = bytes_of(p.zip, &n);
    dmd_result whole = dmd_run(p.zip, NULL);
    assert_int_equal(whole.rc, MR_OK);
    for (size_t cut = 1; cut < n; cut += n / 23) {
        dmd_write_bytes(p.zip, bytes, cut);
        dmd_result r = dmd_run(p.zip, NULL);
        assert_true(r.rc == MR_MALFORMED);
        dmd_result_free(&r);
    }
    for (size_t at = 7; at < n; at += n / 61) {
        char was = bytes[at];
        bytes[at] = (char)(was ^ 0x20);
        dmd_write_bytes(p.zip, bytes, n);
        bytes[at] = was;
        dmd_result r = dmd_run(p.zip, NULL);
        if (r.rc == MR_OK && r.done.n_refused == 0 && dmd_count(&r, "BNF VMP")->kept == 3)
            assert_true(dmd_same(&whole.done.release, &r.done.release));
        dmd_result_free(&r);
    }
    free(bytes);
    dmd_result_free(&whole);
    place_drop(&p);
}

static void test_folders(void **state) {
    place p;
    char path[128];
    (void)state;
    place_make(&p);
    snprintf(path, sizeof path, "%s/round", p.dir);
    dmd_files_write(&p.f, p.dir);
    assert_int_equal(symlink(p.dir, path), 0); /* not followed */
    expect(dmd_run(p.dir, NULL), MR_OK, "f_gtin");
    snprintf(path, sizeof path, "%s/f_gtin2_0161126.xml", p.dir);
    assert_int_equal(symlink("/nowhere/at/all", path), 0);
    expect(dmd_run(p.dir, NULL), MR_IO, "f_gtin2_0161126.xml cannot be read");
    expect(dmd_run("/nowhere/at/all", NULL), MR_IO, "no such file or folder");
    expect(dmd_run("/dev/null", NULL), MR_MALFORMED, "no whole ZIP archive");
    place_drop(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xml),
        cmocka_unit_test(test_large_xml),
        cmocka_unit_test(test_unknown_names_end),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_encrypted),
        cmocka_unit_test(test_doubled_entries),
        cmocka_unit_test(test_damaged_archives),
        cmocka_unit_test(test_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
