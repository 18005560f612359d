/* The rule that docs/knowledge.md writes in ten minutes: what a reader pastes is sound, its examples hold, each change
 * that the page names breaks one, and the messages are those on the page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/knowledge/knowledge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char page[1 << 16], pack[1 << 14];

static int read_page(void **state) {
    (void)state;
    FILE *f = fopen(MEDREVIEW_SOURCE_DIR "/docs/knowledge.md", "rb");
    if (!f) return -1;
    page[fread(page, 1, sizeof page - 1, f)] = 0;
    (void)fclose(f);
    static const char mark[] = "test_rules_worked_example.c runs this block -->\n```yaml\n";
    const char *from = strstr(page, mark);
    const char *to = from ? strstr(from + sizeof mark - 1, "\n```\n") : NULL;
    if (!to) return -1;
    from += sizeof mark - 1;
    (void)snprintf(pack, sizeof pack, "%.*s\n", (int)(to - from), from);
    return 0;
}

/* The pack with one text in place of another; freed by the caller. */
static char *changed(const char *old, const char *new) {
    char *at = strstr(pack, old), *text = malloc(sizeof pack + 100);
    if (!at || !text) fail_msg("the page does not say \"%s\"", old);
    (void)snprintf(text, sizeof pack + 100, "%.*s%s%s", (int)(at - pack), pack, new, at + strlen(old));
    return text;
}

/* Failed examples, or SIZE_MAX where the pack is refused; what was said is left in `said`. */
static size_t failures(const char *text, mr_buf *said, size_t *ret_examples) {
    mr_knowledge_file file = {"house.yaml", mr_span_of(text)};
    mr_knowledge *k = NULL;
    mr_error err = {0};
    mr_example_counts counts = {0};
    if (mr_knowledge_load_files(&file, 1, true, &k, said, &err) != MR_OK) return SIZE_MAX;
    assert_int_equal(mr_knowledge_test(k, said, &counts, &err), MR_OK);
    mr_knowledge_free(k);
    *ret_examples = counts.examples;
    return counts.failed;
}

static void test_the_example_holds(void **state) {
    (void)state;
    mr_buf said;
    size_t examples = 0;
    char line[80];
    mr_buf_init(&said, 1 << 16);
    size_t failed = failures(pack, &said, &examples);
    if (failed) fail_msg("%s", mr_buf_z(&said));
    (void)snprintf(line, sizeof line, "rules test: %zu examples, 1 rules, 0 failed\n", examples);
    if (!strstr(page, line)) fail_msg("the page does not say: %s", line);
    mr_buf_free(&said);
}

static void test_each_change_breaks_an_example(void **state) {
    (void)state;
    static const struct {
        const char *old, *new;
    } cases[] = {{"age >= 75", "age > 75"},
                 {"age >= 75", "age >= 74"},
                 {"age >= 75 and ", ""},
                 {" and not taking(ulcer-healing)", ""},
                 {"taking(nsaid-oral)", "taking(ssri)"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mr_buf said;
        size_t examples;
        char *text = changed(cases[i].old, cases[i].new);
        mr_buf_init(&said, 1 << 16);
        if (failures(text, &said, &examples) == 0) fail_msg("no example notices \"%s\"", cases[i].new);
        mr_buf_free(&said);
        free(text);
    }
}

static void test_the_message_is_that_on_the_page(void **state) {
    (void)state;
    mr_buf said;
    size_t examples;
    char line[200];
    char *text = changed("taking(nsaid-oral)", "taking(nsaid-orl)");
    mr_buf_init(&said, 1 << 16);
    assert_true(failures(text, &said, &examples) == SIZE_MAX);
    const char *first = mr_buf_z(&said);
    (void)snprintf(line, sizeof line, "%.*s\n", (int)strcspn(first, "\n"), first);
    if (!strstr(page, line)) fail_msg("the page does not say: %s", line);
    mr_buf_free(&said);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example_holds),
        cmocka_unit_test(test_each_change_breaks_an_example),
        cmocka_unit_test(test_the_message_is_that_on_the_page),
    };
    return cmocka_run_group_tests(tests, read_page, NULL);
}
