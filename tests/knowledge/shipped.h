/* The shipped packs, loaded once with their examples, for the tests of this room; and the clinical tables beside them.
 */
#ifndef TESTS_KNOWLEDGE_SHIPPED_H
#define TESTS_KNOWLEDGE_SHIPPED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/tsv.h"
#include "medreview/knowledge/knowledge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mr_knowledge *shipped;

static int load_shipped(void **state) {
    (void)state;
    mr_buf said;
    mr_buf_init(&said, 1 << 20);
    mr_error err = {0};
    mr_rc rc = mr_knowledge_load(NULL, &shipped, &said, &err);
    if (rc != MR_OK) print_error("%s\n%s", err.text, mr_buf_z(&said));
    mr_buf_free(&said);
    return rc == MR_OK ? 0 : -1;
}

static int free_shipped(void **state) {
    (void)state;
    mr_knowledge_free(shipped);
    return 0;
}

#endif
