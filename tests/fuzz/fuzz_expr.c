/* Any bytes as a condition: refused with a place, or a tree that prints to a text with the same meaning. */
#include "../knowledge/expr_names.h"

#include "medreview/knowledge/knowledge.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds) {
    if (!holds) abort();
}

static void compile_twice(const mr_ruleset *names, mr_span text, mr_arena *a) {
    const mr_node *tree = NULL, *again = NULL;
    unsigned column = 0;
    mr_error err = {0};
    mr_rc rc = mr_expr_compile(names, text, a, &tree, &column, &err);
    if (rc == MR_MALFORMED) expect(column >= 1 && err.text[0] && !tree);
    if (rc != MR_OK) return;
    mr_buf once, twice;
    mr_buf_init(&once, 8 << 20);
    mr_buf_init(&twice, 8 << 20);
    print_text(names, tree, &once);
    if (mr_expr_compile(names, mr_buf_span(&once), a, &again, NULL, &err) == MR_OK) {
        print_text(names, again, &twice);
        expect(mr_span_eq(mr_buf_span(&once), mr_buf_span(&twice)));
    } else {
        expect(err.rc == MR_LIMIT || strstr(err.text, "nested more than")); /* the printed text has more parentheses */
    }
    mr_buf_free(&once);
    mr_buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    mr_ruleset names = test_names();
    mr_arena *a = mr_arena_new(16 << 20);
    if (!a) return 0;
    compile_twice(&names, (mr_span){(const char *)bytes, n}, a);
    mr_arena_free(a);
    return 0;
}
