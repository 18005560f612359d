/* Walking objects: whatever the order of members, known or not, learnt or not, a walk gives what a plain look at the
 * names gives, and says when one of them stands twice. */
#include "fhir_walk.h"
#include "medreview/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"",
#define X(name) #name,
                                    MR_FHIR_NAMES(X)
#undef X
};

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

/* "id meta{versionId } ": the names we know, and what is within. */
static void walk(mr_json v, mr_buf *out) {
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        mr_buf_adds(out, names[m.name]);
        if (mr_fhir_is_object(m.value)) {
            mr_buf_addc(out, '{');
            walk(m.value, out);
            mr_buf_addc(out, '}');
        }
        mr_buf_addc(out, ' ');
    }
}

static unsigned known(mr_span name) {
    for (unsigned i = 1; i < N_COUNT; i++)
        if (mr_span_is(name, names[i])) return i;
    return 0;
}

/* The same by looking at every name. */
static bool look(mr_json v, mr_buf *out) {
    bool seen[N_COUNT] = {false}, twice = mr_json_has_duplicates(v);
    for (mr_json_iter it = mr_json_begin(v); mr_json_next(&it);) {
        unsigned name = known(it.name);
        if (!name || seen[name]) continue;
        seen[name] = true;
        mr_buf_adds(out, names[name]);
        if (mr_json_kind_of(it.value) == MR_J_OBJECT) {
            mr_buf_addc(out, '{');
            twice |= look(it.value, out);
            mr_buf_addc(out, '}');
        }
        mr_buf_addc(out, ' ');
    }
    return twice;
}

static void compare(mr_json v, const char *text) {
    mr_buf walked, looked;
    mr_buf_init(&walked, 1 << 20);
    mr_buf_init(&looked, 1 << 20);
    (void)mr_fhir_twice(v);
    walk(v, &walked);
    bool twice = mr_fhir_twice(v), expected = look(v, &looked);
    if (strcmp(mr_buf_z(&walked), mr_buf_z(&looked)) != 0)
        fail_msg("%s\n  walked %s\n  holds  %s", text, mr_buf_z(&walked), mr_buf_z(&looked));
    if (twice != expected) fail_msg("%s\n  twice: %d", text, twice);
    assert_false(mr_fhir_twice(v)); /* told once */
    mr_buf_free(&walked);
    mr_buf_free(&looked);
}

/* Each alone, then again when its order has been learnt, then again in a document of its own. */
static void check(const char *text) {
    mr_json v = parse(text);
    compare(v, text);
    compare(v, text);
    compare(parse(text), text);
}

static void test_members(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "\"id\"",
        "null",
        "{\"id\":\"1\"}",
        "{\"id\":1,\"resourceType\":\"Patient\"}",
        "{\"resourceType\":\"Patient\",\"id\":1}",
        "{\"id\":1,\"id\":2}",
        "{\"id\":1,\"other\":2,\"id\":3,\"code\":4}",
        "{\"x\":1,\"x\":2}",
        "{\"x\":1,\"id\":3,\"x\":2}",
        "{\"id\":1,\"x\":2}",
        "{\"id\":1,\"x\":2,\"x\":2,\"code\":3}", /* the beginning is known, the end is not */
        "{\"\":1,\"id\":2}",
        "{\"\":1,\"\":2,\"id\":2}",
        "{\"i\":1,\"id\":2,\"id_\":3,\"_id\":4}",
        "{\"meta\":{\"versionId\":\"1\",\"versionId\":\"2\"},\"id\":1}",
        "{\"meta\":{\"versionId\":\"1\",\"meta\":{\"id\":1,\"id\":2,\"code\":3}},\"id\":1,\"id\":2,\"code\":5}",
        "{\"\\u0069d\":1,\"id\":2}", /* spelt otherwise, the same name */
        "{\"code\":[1,2,3],\"id\":2.5,\"text\":-7,\"meta\":18446744073709551615,\"end\":true,\"url\":null}",
    };
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check(texts[i]);
}

/* One other byte anywhere makes it another name, also where the order is known. */
static void test_every_byte_counts(void **state) {
    (void)state;
    char text[300], name[80];
    for (unsigned n = 1; n < N_COUNT; n++) {
        size_t len = strlen(names[n]);
        (void)close_doc(NULL); /* one place in an order has few names: begin anew */
        assert_int_equal(open_doc(NULL), 0);
        (void)snprintf(text, sizeof text, "{\"x\":{},\"%s\":{\"id\":1}}", names[n]);
        check(text);
        for (size_t at = 0; at <= len; at++) {
            memcpy(name, names[n], len + 1);
            name[at] = '~'; /* the last one makes it longer */
            if (at == len) name[at + 1] = 0;
            (void)snprintf(text, sizeof text, "{\"x\":{},\"%s\":{\"id\":1}}", name);
            check(text);
            (void)snprintf(text, sizeof text, "{\"x\":{},\"%s\":{},\"%s\":{\"id\":1}}", name, names[n]);
            check(text);
            (void)snprintf(text, sizeof text, "{\"x\":{},\"%s\":{},\"%s\":{\"id\":1}}", name, name);
            check(text);
        }
    }
}

/* Seen once, an order is known; two that begin alike share their beginning. */
static void test_orders_are_learnt_once(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t steps;
    } rows[] = {
        {"{\"id\":1}", 1},
        {"{\"id\":1,\"url\":2}", 2},
        {"{\"id\":1,\"code\":2}", 3},
        {"{\"id\":1,\"x\":2,\"resourceType\":3}", 5},
        {"{\"id\":1,\"code\":2,\"verificationStatus\":3,\"medicationCodeableConcept\":4}", 7},
        {"{\"code\":1,\"id\":2}", 9},
        {"{\"code\":1}", 9},
        {"{\"x\":1,\"x\":2}", 9}, /* no order */
    };
    (void)close_doc(NULL);
    assert_int_equal(open_doc(NULL), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check(rows[i].text);
        assert_int_equal(mr_tape_of(parse(rows[i].text))->order->n, rows[i].steps);
    }
}

static void many(mr_buf *out, unsigned n, const char *last) {
    mr_buf_clear(out);
    mr_buf_adds(out, "{\"id\":0");
    for (unsigned i = 0; i < n; i++) mr_buf_printf(out, ",\"m%u\":0", i);
    mr_buf_printf(out, ",\"%s\":0,\"code\":{\"text\":1}}", last);
}

/* Objects of more members than an order has, names longer than a step holds. */
static void test_what_cannot_be_learnt(void **state) {
    (void)state;
    static const char longest[] = "a_name_that_is_by_far_too_long_for_any_step_of_any_path";
    char text[600];
    mr_buf object;
    mr_buf_init(&object, 1 << 20);
    for (unsigned n = MR_ORDER_DEPTH - 5; n < MR_ORDER_DEPTH + 3; n++) {
        many(&object, n, "meta");
        check(mr_buf_z(&object));
        many(&object, n, "id");
        check(mr_buf_z(&object));
        many(&object, n, "m3");
        check(mr_buf_z(&object));
    }
    mr_buf_free(&object);
    for (int len = 20; len < 50; len++) {
        (void)snprintf(text, sizeof text,
                       "{\"id\":1,\"%.*s\":{\"%.*s\":1,\"text\":{\"id\":1,\"%.*s\":2,\"code\":3},\"id\":2},\"code\":{"
                       "\"%.*s\":{},\"url\":1,\"url\":2,\"id\":3},\"meta\":{\"id\":4}}",
                       len, longest, len, longest, len, longest, len, longest);
        check(text);
    }
}

/* More of them than the deepest document has levels. */
static void test_many_objects_without_order(void **state) {
    (void)state;
    mr_buf text;
    mr_buf_init(&text, 1 << 20);
    mr_buf_adds(&text, "{\"id\":1,\"id\":2,\"meta\":{\"x\":1");
    for (int i = 0; i < 300; i++) mr_buf_printf(&text, ",\"%s%d\":{\"id\":1,\"url\":2,\"id\":3}", i % 2 ? "m" : "", i);
    for (unsigned i = 1; i < N_COUNT; i++) mr_buf_printf(&text, ",\"%s\":{\"id\":1,\"url\":2,\"id\":3}", names[i]);
    for (unsigned i = 1; i < N_COUNT; i++) mr_buf_printf(&text, ",\"%s\":{\"id\":1,\"url\":2,\"id\":3}", names[i]);
    mr_buf_adds(&text, "},\"code\":{\"id\":1,\"url\":2,\"id\":3}}");
    check(mr_buf_z(&text));
    mr_buf_free(&text);
}

static unsigned below(uint64_t *chance, unsigned n) {
    *chance = *chance * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*chance >> 33) % n;
}

static void any_object(uint64_t *chance, unsigned depth, mr_buf *out) {
    unsigned pool = below(chance, 3) ? 15 : N_COUNT - 1; /* few names meet again, in another order or twice */
    mr_buf_addc(out, '{');
    for (unsigned i = 0, n = below(chance, 9); i < n; i++) {
        const char *name = names[1 + below(chance, pool)];
        mr_buf_printf(out, "%s\"%s%s\":", i ? "," : "", name, below(chance, 5) ? "" : "Else");
        if (depth && below(chance, 3) == 0)
            any_object(chance, depth - 1, out);
        else
            mr_buf_adds(out, below(chance, 2) ? "1.5" : "[\"text\",{}]");
    }
    mr_buf_addc(out, '}');
}

/* In any state of what was learnt, while the tree of orders fills and is forgotten again. */
static void test_any_objects(void **state) {
    (void)state;
    uint64_t chance = 1;
    mr_buf text;
    mr_buf_init(&text, 1 << 20);
    for (int round = 0; round < 3000; round++) {
        mr_buf_clear(&text);
        any_object(&chance, 6, &text);
        check(mr_buf_z(&text));
    }
    mr_buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_every_byte_counts),
        cmocka_unit_test(test_orders_are_learnt_once),
        cmocka_unit_test(test_what_cannot_be_learnt),
        cmocka_unit_test(test_many_objects_without_order),
        cmocka_unit_test(test_any_objects),
    };
    return cmocka_run_group_tests(tests, open_doc, close_doc);
}
