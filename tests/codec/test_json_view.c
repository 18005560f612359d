/* Reading JSON: what is refused and how it is said, what a value says of itself, duplicate names, digests. */
#include "medreview/base/buf.h"
#include "medreview/codec/json_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mr_json_doc *doc;

static int open_doc(void **state) {
    (void)state;
    doc = mr_json_doc_new();
    return doc ? 0 : -1;
}

static int close_doc(void **state) {
    (void)state;
    mr_json_doc_free(doc);
    return 0;
}

static mr_json parse(const char *text) {
    mr_json root;
    mr_error err = {0};
    if (mr_json_parse(doc, mr_span_of(text), false, &root, &err)) fail_msg("%s: %s", text, err.text);
    return root;
}

static void test_what_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        mr_rc rc;
        const char *says;
    } table[] = {
        {"", MR_MALFORMED, "empty"},
        {"   ", MR_MALFORMED, "empty"},
        {"{", MR_MALFORMED, "not JSON"},
        {"{\"a\":1,}", MR_MALFORMED, "not JSON"},
        {"{\"a\":1} {\"b\":2}", MR_MALFORMED, "not JSON"},
        {"[1,2", MR_MALFORMED, "not JSON"},
        {"\"open", MR_MALFORMED, "string"},
        {"[\"\\x\"]", MR_MALFORMED, "string"},
        {"[\"\xC0\xAF\"]", MR_MALFORMED, "UTF-8"},
        {"[18446744073709551616]", MR_MALFORMED, "number"},
        {"[1e400]", MR_MALFORMED, "number"},
        {"[01]", MR_MALFORMED, "not JSON"},
        {"[nul]", MR_MALFORMED, "not JSON"},
        {"{\"secret\":secret}", MR_MALFORMED, "not JSON"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        mr_json root = {.index = 77};
        mr_error err = {0};
        mr_rc rc = mr_json_parse(doc, mr_span_of(table[i].text), false, &root, &err);
        if (rc != table[i].rc || !strstr(err.text, table[i].says)) fail_msg("%s: %d %s", table[i].text, rc, err.text);
        assert_null(strstr(err.text, "secret"));
        assert_int_equal(root.index, 77); /* untouched on failure */
    }
}

static void nested(mr_buf *out, int depth) {
    mr_buf_clear(out);
    for (int i = 0; i < depth; i++) mr_buf_addc(out, '[');
    for (int i = 0; i < depth; i++) mr_buf_addc(out, ']');
}

static void test_depth(void **state) {
    (void)state;
    mr_buf text;
    mr_json root;
    mr_error err = {0};
    mr_buf_init(&text, 1 << 20);
    nested(&text, 90);
    assert_int_equal(mr_json_parse(doc, mr_buf_span(&text), false, &root, &err), MR_OK);
    nested(&text, 101);
    assert_int_equal(mr_json_parse(doc, mr_buf_span(&text), false, &root, &err), MR_LIMIT);
    nested(&text, 500000);
    assert_int_equal(mr_json_parse(doc, mr_buf_span(&text), false, &root, &err), MR_LIMIT);
    mr_buf_free(&text);
    (void)parse("{}"); /* the reader is fit for the next text */
}

static void test_values(void **state) {
    (void)state;
    mr_json root =
        parse("\xEF\xBB\xBF {\"s\":\"x\\u00e9\\n\",\"i\":-9223372036854775808,\"u\":18446744073709551615,\"d\":1.50,"
              "\"t\":true,\"n\":null,\"a\":[1,\"b\",[],{}],\"o\":{\"k\":1},\"e\":\"\"}");
    double d;
    int64_t i;
    bool b;
    assert_int_equal(mr_json_kind_of(root), MR_J_OBJECT);
    assert_int_equal(mr_json_size(root), 9);
    assert_true(mr_span_is(mr_json_string(mr_json_get(root, "s")), "x\xC3\xA9\n"));
    assert_true(mr_json_int(mr_json_get(root, "i"), &i) && i == INT64_MIN);
    assert_false(mr_json_int(mr_json_get(root, "u"), &i));
    assert_true(mr_json_number(mr_json_get(root, "u"), &d) && d > 1e19);
    assert_false(mr_json_int(mr_json_get(root, "d"), &i));
    assert_true(mr_json_number(mr_json_get(root, "d"), &d) && d > 1.49 && d < 1.51);
    assert_true(mr_json_bool(mr_json_get(root, "t"), &b) && b);
    assert_int_equal(mr_json_kind_of(mr_json_get(root, "n")), MR_J_NULL);
    assert_int_equal(mr_json_kind_of(mr_json_get(root, "nothing")), MR_J_NONE);
    assert_int_equal(mr_json_size(mr_json_get(root, "a")), 4);
    assert_int_equal(mr_json_size(mr_json_get(root, "s")), 0);
    assert_non_null(mr_json_string(mr_json_get(root, "e")).ptr);
    assert_null(mr_json_string(mr_json_get(root, "i")).ptr);
    /* getters are fine with what is not there */
    mr_json none = mr_json_get(mr_json_get(root, "nothing"), "more");
    assert_int_equal(mr_json_kind_of(none), MR_J_NONE);
    assert_false(mr_json_number(none, &d) || mr_json_bool(none, &b) || mr_json_has_duplicates(none));
}

static void test_iteration(void **state) {
    (void)state;
    mr_json root = parse("{\"a\":[1,{\"x\":[2]},\"s\",2.5],\"b\":{},\"c\":[]}");
    static const char kinds[] = "-_bnsao"; /* by mr_json_kind */
    mr_buf seen;
    mr_buf_init(&seen, 1000);
    for (mr_json_iter it = mr_json_begin(root); mr_json_next(&it);) {
        mr_buf_addsp(&seen, it.name);
        mr_buf_addc(&seen, ':');
        for (mr_json_iter in = mr_json_begin(it.value); mr_json_next(&in);)
            mr_buf_addc(&seen, kinds[mr_json_kind_of(in.value)]);
        mr_buf_addc(&seen, ';');
    }
    assert_string_equal(mr_buf_z(&seen), "a:nosn;b:;c:;");
    mr_buf_free(&seen);
    assert_int_equal(mr_json_size(mr_json_get(root, "a")), 4);
    mr_json_iter nothing = mr_json_begin(mr_json_get(root, "nothing"));
    assert_false(mr_json_next(&nothing));
}

static void test_duplicates(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool twice;
    } table[] = {
        {"{}", false},
        {"{\"a\":1}", false},
        {"{\"a\":1,\"a\":2}", true},
        {"{\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":1}]}", false},
        {"{\"a\":{\"b\":1,\"b\":2}}", false},         /* it is the inner one's */
        {"{\"abcdefgh1\":1,\"abcdefgh2\":2}", false}, /* alike in the first eight bytes and in length */
        {"{\"abcdefgh1\":1,\"abcdefgh2\":2,\"abcdefgh1\":3}", true},
        {"{\"\":1,\"\":2}", true},
        {"{\"a\":1,\"\\u0061\":2}", true}, /* spelt otherwise, the same name */
        {"[1,1]", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (mr_json_has_duplicates(parse(table[i].text)) != table[i].twice) fail_msg("%s", table[i].text);
}

/* Many members: no squared time, and the last one is compared too. */
static void test_duplicates_among_many(void **state) {
    (void)state;
    mr_buf text;
    mr_buf_init(&text, 64 << 20);
    for (int twice = 0; twice < 2; twice++) {
        mr_buf_clear(&text);
        mr_buf_adds(&text, "{\"first\":0");
        for (int i = 0; i < 300000; i++) mr_buf_printf(&text, ",\"m%d\":0", i);
        mr_buf_adds(&text, twice ? ",\"first\":0}" : "}");
        assert_int_equal(mr_json_has_duplicates(parse(mr_buf_z(&text))), twice);
    }
    mr_buf_free(&text);
}

static uint64_t digest(const char *text) {
    return mr_json_digest(parse(text));
}

static void test_digests(void **state) {
    (void)state;
    static const char *const different[] = {
        "{\"a\":1}",
        "{\"a\":2}",
        "{\"a\":\"1\"}",
        "{\"b\":1}",
        "{\"a\":1.5}",
        "[1]",
        "[[1]]",
        "[1,2]",
        "[2,1]",
        "\"ab\"",
        "\"ba\"",
        "[\"a\",\"b\"]",
        "[\"ab\",\"\"]",
        "[\"\",\"ab\"]",
        "true",
        "false",
        "null",
        "{}",
        "[]",
        "[{}]",
        "[[]]",
        "{\"a\":{\"b\":1}}",
        "{\"a\":1,\"b\":1}",
        "\"0123456789012345678901234567890123456789\"",
        "\"0123456789012345678901234567890123456780\"",
    };
    enum { N = sizeof different / sizeof *different };
    uint64_t d[N];
    for (size_t i = 0; i < N; i++) {
        d[i] = digest(different[i]);
        for (size_t k = 0; k < i; k++)
            if (d[i] == d[k]) fail_msg("%s and %s", different[k], different[i]);
    }
    assert_true(digest(" { \"a\" : 1 , \"b\":[ \"x\" ] } ") == digest("{\"a\":1,\"b\":[\"x\"]}"));
    assert_true(digest("\"\\u0061\\/\"") == digest("\"a/\""));
    /* the same wherever it stands in a document */
    mr_json root = parse("[\"something before\",{\"a\":[1,\"x\",2.5]},\"behind\"]");
    mr_json_iter it = mr_json_begin(root);
    assert_true(mr_json_next(&it) && mr_json_next(&it));
    uint64_t within = mr_json_digest(it.value);
    assert_true(within == digest("{\"a\":[1,\"x\",2.5]}"));
}

/* The text may be padded by the caller; then it is not copied. */
static void test_padded(void **state) {
    (void)state;
    char *text = calloc(1, 12 + 64);
    mr_json root;
    mr_error err;
    memcpy(text, "{\"a\":[1,2]}", 11);
    assert_int_equal(mr_json_parse(doc, (mr_span){text, 11}, true, &root, &err), MR_OK);
    memset(text, 'x', 11); /* strings and numbers are the document's own */
    assert_int_equal(mr_json_size(mr_json_get(root, "a")), 2);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_refused), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_values),          cmocka_unit_test(test_iteration),
        cmocka_unit_test(test_duplicates),      cmocka_unit_test(test_duplicates_among_many),
        cmocka_unit_test(test_digests),         cmocka_unit_test(test_padded),
    };
    return cmocka_run_group_tests(tests, open_doc, close_doc);
}
