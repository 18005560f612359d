/* Any bytes as a pack file: refused with FILE:LINE, or a ruleset whose examples can be run. The first byte says whether
 * it is a table. The shipped rule files and scales are left out, since they would only cost time. */
#include "medreview/knowledge/knowledge.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds) {
    if (!holds) abort();
}

static void try_pack(const mr_knowledge_file *files, size_t n_files) {
    mr_knowledge *k = NULL;
    mr_buf said, report;
    mr_buf_init(&said, 1 << 20);
    mr_buf_init(&report, 1 << 20);
    mr_error err = {0};
    mr_rc rc = mr_knowledge_load_files(files, n_files, true, &k, &said, &err);
    expect(rc != MR_MALFORMED || said.len > 0);
    if (rc == MR_OK) {
        mr_example_counts counts;
        mr_rc tested =
            mr_knowledge_test(k, &report, &counts, &err); /* examples may fail, and may be too large to run */
        expect(tested == MR_OK || tested == MR_LIMIT || tested == MR_NOMEM);
        mr_knowledge_free(k);
    }
    mr_buf_free(&said);
    mr_buf_free(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    if (n == 0) return 0;
    mr_span text = {(const char *)bytes + 1, n - 1};
    mr_knowledge_file files[] = {{bytes[0] == '#' ? "fuzz.tsv" : "fuzz.yaml", text},
                                 {"anticholinergic.yaml", MR_SPAN("{}")},
                                 {"burden.yaml", MR_SPAN("{}")},
                                 {"pincer.yaml", MR_SPAN("{}")},
                                 {"scales.yaml", MR_SPAN("{}")}};
    try_pack(files, sizeof files / sizeof files[0]);
    return 0;
}
