/* CSV files as sites have them, to code sets: what is taken, what is refused, and how that is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared_lists.h"

#include "medreview/terminology/code_sets.h"
#include "medreview/terminology/csv_rows.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The set and all that was said, as text. */
static mr_rc told(const char *file, mr_span bytes, mr_buf *out) {
    mr_arena *a = mr_arena_new(64u << 20);
    mr_buf said;
    mr_error err = {0};
    mr_code_set set;
    size_t refused = 0;
    mr_buf_init(&said, 1u << 20);
    mr_buf_init(out, 1u << 20);
    mr_rc rc = mr_code_set_read(mr_span_of(file), bytes, a, &set, &refused, &said, &err);
    if (rc == MR_OK) {
        mr_buf_printf(out, "%.*s%s, %zu refused\n", MR_SPAN_ARG(set.concept), set.replaces ? " only" : "", refused);
        for (size_t i = 0; i < set.n_codes; i++)
            mr_buf_printf(out, "%.*s|%.*s %s\n", MR_SPAN_ARG(set.codes[i].system), MR_SPAN_ARG(set.codes[i].code),
                          mr_code_role_text(set.codes[i].role));
    } else {
        char line[400];
        snprintf(line, sizeof line, "%s\n", err.text);
        assert_true(strstr(mr_buf_z(&said), line) != NULL); /* the failure is among the complaints */
    }
    mr_buf_addsp(out, mr_buf_span(&said));
    mr_buf_free(&said);
    mr_arena_free(a);
    return rc;
}

#define SCT "http://snomed.info/sct|"
#define ROLES                                                                                                          \
    "is no role: present, event, value, test-done; resolved, remission, no-longer, absent; history, severity-mild, "   \
    "...-unspecified\n"

static void test_a_file_is_read_as_spreadsheets_write_it(void **state) {
    (void)state;
    static const struct {
        const char *file;
        mr_span bytes;
        const char *text;
    } cases[] = {
        {"asthma.csv", MR_SPAN("code,term\n195967001,Asthma\n"), "asthma, 0 refused\n" SCT "195967001 present\n"},
        {"asthma.only.csv",
         MR_SPAN("\xEF\xBB\xBF"
                 "Code;Term\r\n195967001;\"Asthma; so called\"\r\n"),
         "asthma only, 0 refused\n" SCT "195967001 present\n"},
        {"asthma.csv", MR_SPAN("id\tname\tactive\n195967001\tAsthma, \tTRUE\n"),
         "asthma, 0 refused\n" SCT "195967001 present\n"},
        {"ASTHMA.CSV", MR_SPAN("sep=;\nsnomedct_id;x\n195967001;\n"), "ASTHMA, 0 refused\n" SCT "195967001 present\n"},
        {"asthma.csv", MR_SPAN("code\r195967001\r\r162660004\r"),
         "asthma, 0 refused\n" SCT "162660004 present\n" SCT "195967001 present\n"},
        /* order and doubles of the file do not show */
        {"egfr.csv",
         MR_SPAN("role,system,code\nvalue,loinc,33914-3\ntest-done,,1011481000000105\nvalue,LOINC,33914-3\n"
                 "severity-unspecified,https://dmd.nhs.uk,195967001\n,urn:local,X 1\n"),
         "egfr, 0 refused\nhttp://loinc.org|33914-3 value\n" SCT "1011481000000105 test-done\n" SCT
         "195967001 other\nurn:local|X 1 present\n"},
        {"asthma.csv", MR_SPAN("\n\ncode,term\n\n195967001,\"two\nlines\"\n,\n162660004\n"),
         "asthma, 0 refused\n" SCT "162660004 present\n" SCT "195967001 present\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_buf out;
        assert_int_equal(told(cases[i].file, cases[i].bytes, &out), MR_OK);
        assert_string_equal(mr_buf_z(&out), cases[i].text);
        mr_buf_free(&out);
    }
}

static void test_a_row_that_cannot_be_right_is_refused_and_said(void **state) {
    (void)state;
    static const struct {
        mr_span bytes;
        const char *text;
    } cases[] = {
        {MR_SPAN("code\n195967001\n195967002\nXE0Uc\n"),
         "a, 2 refused\n" SCT "195967001 present\n"
         "a.csv:3: \"195967002\" is no SNOMED CT id: its check digit is wrong\n"
         "a.csv:4: \"XE0Uc\" is no SNOMED CT id: it holds other characters than digits\n"},
        {MR_SPAN("code\n195967001\n284011\n"), /* a description's id with a right check digit */
         "a, 1 refused\n" SCT "195967001 present\n"
         "a.csv:3: \"284011\" is the id of a description or a relationship, not of a concept\n"},
        {MR_SPAN("code,role\n195967001,presnt\n195967001,\n"),
         "a, 1 refused\n" SCT "195967001 present\na.csv:2: \"presnt\" " ROLES},
        {MR_SPAN("code,role\n195967001,present\n195967001,resolved\n195967001,present\n"),
         "a, 1 refused\n" SCT "195967001 present\na.csv:3: \"195967001\" stands in line 2 with another role\n"},
        {MR_SPAN("code,system\n195967001,\nJ45,icd\n,\n,sct\n"),
         "a, 2 refused\n" SCT "195967001 present\na.csv:3: \"icd\" is no code system: sct, loinc, or its URI\n"
         "a.csv:5: the code is empty\n"},
        {MR_SPAN("term,code\n\"Asthma, severe\",195967001\nAsthma, severe,195967001\n"),
         "a, 1 refused\n" SCT "195967001 present\n"
         "a.csv:3: more fields than the first line has names: a comma inside a field wants quotes round it\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_buf out;
        assert_int_equal(told("a.csv", cases[i].bytes, &out), MR_OK);
        assert_string_equal(mr_buf_z(&out), cases[i].text);
        mr_buf_free(&out);
    }
}

/* Written as numbers, rounded like numbers. One damaged id in ten passes its check by chance. */
static void test_ids_that_went_through_a_number(void **state) {
    (void)state;
    mr_buf out;
    assert_int_equal(told("a.csv", MR_SPAN("code;x\n195967001;\n1.01E+17;\n1,01E+17;\n195967001.0;\n"), &out), MR_OK);
    assert_string_equal(
        mr_buf_z(&out),
        "a, 3 refused\n" SCT "195967001 present\n"
        "a.csv:3: \"1.01E+17\" is no id any more: a spreadsheet took it for a number, and its last digits are lost; "
        "export the list again with that column as text\n"
        "a.csv:4: \"1,01E+17\" is no id any more: a spreadsheet took it for a number, and its last digits are lost; "
        "export the list again with that column as text\n"
        "a.csv:5: \"195967001.0\" is no id any more: a spreadsheet took it for a number, and its last digits are lost; "
        "export the list again with that column as text\n");
    mr_buf_free(&out);
    /* one long id with a wrong digit may be a slip; the others are taken */
    assert_int_equal(told("a.csv", MR_SPAN("code\n195967001\n1011481000000100\n1000731000000107\n"), &out), MR_OK);
    assert_string_equal(mr_buf_z(&out), "a, 1 refused\n" SCT "1000731000000107 present\n" SCT "195967001 present\n"
                                        "a.csv:3: \"1011481000000100\" is no SNOMED CT id: its check digit is wrong, "
                                        "as when a spreadsheet has rounded it\n");
    mr_buf_free(&out);
    /* two are a pattern: no long id of the file is taken, also where its check digit is right */
    assert_int_equal(
        told("a.csv", MR_SPAN("code\n195967001\n1011481000000100\n1000731000000107\n1020291000000100\n"), &out), MR_OK);
    assert_string_equal(mr_buf_z(&out),
                        "a, 3 refused\n" SCT "195967001 present\n"
                        "a.csv:3: \"1011481000000100\" is no SNOMED CT id: its check digit is wrong, as when a "
                        "spreadsheet has rounded it\n"
                        "a.csv:5: \"1020291000000100\" is no SNOMED CT id: its check digit is wrong, as when a "
                        "spreadsheet has rounded it\n"
                        "a.csv:4: \"1000731000000107\" may be damaged too: 2 other long ids of this file have a wrong "
                        "check digit, so none of its long ids is taken\n");
    mr_buf_free(&out);
}

static void test_a_file_that_is_none_is_refused(void **state) {
    (void)state;
    static const struct {
        mr_span bytes;
        const char *text;
    } cases[] = {
        {MR_SPAN(""), "a.csv:1: the file is empty\n"},
        {MR_SPAN("code,term\n"), "a.csv:1: no row follows the line of column names\n"},
        {MR_SPAN("195967001\n"), "a.csv:1: the first line names no column \"code\" (or id, snomedct_id)\n"},
        {MR_SPAN("CTV3ID,Description\nH33..,Asthma\n"),
         "a.csv:1: the first line names no column \"code\" (or id, snomedct_id)\n"},
        {MR_SPAN("code,Code\n1,2\n"), "a.csv:1: the first line names a column twice\n"},
        {MR_SPAN("code\n195967002\n"), "a.csv:2: \"195967002\" is no SNOMED CT id: its check digit is wrong\n"
                                       "a.csv:1: every row is refused\n"},
        {MR_SPAN("code,term\n195967001,Asthma \"so called\"\n"),
         "a.csv:2: the quoting is broken: a quote inside a field is written twice, and the field stands in quotes\n"},
        {MR_SPAN("code,term\n195967001,x\n195967001,\"Asthma\n195967001,x\n"),
         "a.csv:3: a quote is opened and never closed\n"},
        {MR_SPAN("PK\3\4code"), "a.csv:1: this is a spreadsheet's own file; save it as CSV (UTF-8)\n"},
        {MR_SPAN("\xFF\xFE"
                 "c\0o\0"),
         "a.csv:1: this is UTF-16; save it as CSV (UTF-8)\n"},
        {MR_SPAN("code\n1959\0"
                 "67001\n"),
         "a.csv:1: this is no text: it holds zero bytes\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mr_buf out;
        assert_int_equal(told("a.csv", cases[i].bytes, &out), MR_MALFORMED);
        assert_string_equal(mr_buf_z(&out), cases[i].text);
        mr_buf_free(&out);
    }
}

static void test_what_is_too_large_is_refused(void **state) {
    (void)state;
    mr_buf big, out;
    mr_buf_init(&big, 64u << 20);
    mr_buf_adds(&big, "code\n");
    for (size_t i = 0; i < 200001; i++) mr_buf_adds(&big, "195967001\n");
    assert_int_equal(told("a.csv", mr_buf_span(&big), &out), MR_LIMIT);
    assert_string_equal(mr_buf_z(&out), "a.csv:200002: more than 200000 rows\n");
    mr_buf_free(&out);
    mr_buf_clear(&big);
    mr_buf_adds(&big, "code\n");
    for (size_t i = 0; i < MR_CSV_COLUMNS; i++) mr_buf_addc(&big, ',');
    assert_int_equal(told("a.csv", mr_buf_span(&big), &out), MR_LIMIT);
    assert_string_equal(mr_buf_z(&out), "a.csv:2: the row has more fields than any list of codes\n");
    mr_buf_free(&out);
    mr_buf_clear(&big);
    mr_buf_adds(&big, "code\n");
    for (size_t i = 0; i < MR_CSV_ROW_BYTES + 1; i++) mr_buf_addc(&big, '1');
    assert_int_equal(told("a.csv", mr_buf_span(&big), &out), MR_LIMIT);
    assert_string_equal(mr_buf_z(&out), "a.csv:2: the row is longer than 1 MiB\n");
    mr_buf_free(&out);
    mr_buf_free(&big);
}

static void test_many_refusals_are_counted_and_twenty_named(void **state) {
    (void)state;
    mr_buf file, out;
    mr_buf_init(&file, 1u << 20);
    mr_buf_adds(&file, "code\n195967001\n");
    for (size_t i = 0; i < 50; i++) mr_buf_adds(&file, "12345\n");
    assert_int_equal(told("a.csv", mr_buf_span(&file), &out), MR_OK);
    size_t lines = 0;
    for (const char *s = mr_buf_z(&out); (s = strchr(s, '\n')); s++) lines++;
    assert_int_equal(lines, 2 + 20 + 1);
    assert_non_null(strstr(mr_buf_z(&out), "a, 50 refused\n"));
    assert_non_null(strstr(mr_buf_z(&out), "a.csv:1: and 30 more rows are refused\n"));
    mr_buf_free(&out);
    mr_buf_free(&file);
}

/* ---- a folder ---- */

static void put(const char *dir, const char *name, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void forget(const char *dir) {
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d));) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (e->d_name[0] != '.' || e->d_name[1] == 'h') (void)(unlink(path) == 0 || rmdir(path) == 0);
    }
    closedir(d);
    assert_int_equal(rmdir(dir), 0);
}

static void test_a_folder(void **state) {
    (void)state;
    char dir[] = "/tmp/medreview-codes-XXXXXX";
    assert_non_null(mkdtemp(dir));
    mr_arena *a = mr_arena_new(4u << 20);
    mr_buf said;
    mr_error err = {0};
    mr_code_sets sets;
    size_t refused = 99;
    mr_buf_init(&said, 1u << 20);
    assert_int_equal(mr_code_sets_read(dir, a, &sets, &refused, &said, &err), MR_MALFORMED);
    assert_int_equal(refused, 99);
    put(dir, "hf.csv", "code\n84114007\n12345\n");
    put(dir, "asthma.csv", "code\n195967001\n");
    put(dir, "asthma.only.csv", "code\n233678006\n");
    put(dir, "README.md", "how we came by these");
    put(dir, ".hidden.csv", "nonsense");
    put(dir, "gout.txt", "code\n90560007\n");
    mr_buf_clear(&said);
    assert_int_equal(mr_code_sets_read(dir, a, &sets, &refused, &said, &err), MR_OK);
    assert_int_equal(refused, 1);
    assert_string_equal(mr_buf_z(&said), "gout.txt:1: this is no CSV file and is passed over\n"
                                         "hf.csv:3: \"12345\" is no SNOMED CT id: its check digit is wrong\n");
    assert_int_equal(sets.n_sets, 3);
    static const char *const concepts[] = {"asthma", "asthma", "hf"};
    for (size_t i = 0; i < 3; i++) assert_true(mr_span_is(sets.sets[i].concept, concepts[i]));
    assert_true(sets.sets[0].replaces && !sets.sets[1].replaces);
    put(dir, "gout.csv", "codes\n90560007\n"); /* two faults: both are said */
    put(dir, "hf.CSV", "code\n84114007\n");
    mr_buf_clear(&said);
    assert_int_equal(mr_code_sets_read(dir, a, &sets, &refused, &said, &err), MR_MALFORMED);
    assert_non_null(strstr(err.text, "2 files cannot be used"));
    assert_non_null(strstr(mr_buf_z(&said), "gout.csv:1: the first line names no column"));
    assert_non_null(strstr(mr_buf_z(&said), "hf.csv:1: hf.CSV is for the same concept\n"));
    forget(dir);
    assert_int_equal(mr_code_sets_read(dir, a, &sets, &refused, &said, &err), MR_IO);
    mr_buf_free(&said);
    mr_arena_free(a);
}

/* ---- the published lists, when they are there ---- */

typedef struct lists {
    size_t files, taken, malformed, codes, refused;
} lists;

static void read_list(const char *name, lists *sum) {
    char path[512];
    mr_buf bytes, said;
    mr_error err = {0};
    mr_code_set set;
    size_t refused = 0;
    snprintf(path, sizeof path, "data/codelists/%s", name);
    assert_true(shared_read(path, &bytes));
    mr_arena *a = mr_arena_new(64u << 20);
    mr_buf_init(&said, 1u << 20);
    mr_rc rc = mr_code_set_read(mr_span_of(name), mr_buf_span(&bytes), a, &set, &refused, &said, &err);
    sum->files++;
    sum->malformed += rc == MR_MALFORMED;
    if (rc == MR_OK) {
        sum->taken++;
        sum->codes += set.n_codes;
        sum->refused += refused;
        for (size_t i = 0; strstr(name, "user-elsie_horne-") && strstr(name, "_dmd.csv") && i < set.n_codes; i++)
            assert_true(set.codes[i].code.len < 16); /* these files went through doubles */
    }
    mr_buf_free(&bytes);
    mr_buf_free(&said);
    mr_arena_free(a);
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void test_published_lists_drop_in_as_they_are(void **state) {
    (void)state;
    DIR *d = opendir(MEDREVIEW_SHARED_DIR "/data/codelists");
    if (!d) {
        print_message("skipped: no published lists here\n");
        return;
    }
    char *names[1000];
    size_t n = 0;
    for (const struct dirent *e; (e = readdir(d));)
        if (strstr(e->d_name, ".csv") && n < 1000) names[n++] = strdup(e->d_name);
    closedir(d);
    qsort(names, n, sizeof names[0], by_text);
    lists all = {0}, rounded = {0};
    for (size_t i = 0; i < n; i++) {
        bool bad = strstr(names[i], "user-elsie_horne-") && strstr(names[i], "_dmd.csv");
        read_list(names[i], bad ? &rounded : &all);
        free(names[i]);
    }
    print_message(
        "%zu lists: %zu taken with %zu codes and %zu rows refused, %zu without a code column or a code; the %zu "
        "that went through doubles: %zu codes taken, %zu rows refused\n",
        all.files, all.taken, all.codes, all.refused, all.malformed, rounded.files, rounded.codes, rounded.refused);
    assert_true(all.taken > 200);
    assert_int_equal(rounded.files, 7);
    assert_true(rounded.refused >= 3956);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_read_as_spreadsheets_write_it),
        cmocka_unit_test(test_a_row_that_cannot_be_right_is_refused_and_said),
        cmocka_unit_test(test_ids_that_went_through_a_number),
        cmocka_unit_test(test_a_file_that_is_none_is_refused),
        cmocka_unit_test(test_what_is_too_large_is_refused),
        cmocka_unit_test(test_many_refusals_are_counted_and_twenty_named),
        cmocka_unit_test(test_a_folder),
        cmocka_unit_test(test_published_lists_drop_in_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
