/* One suite for every store: each sentence of medreview/flow/store.h as a test.
 *
 * A test program includes store_suite.c, says how its store is opened, and runs the suite:
 *
 *     static mr_store *open_memory(const char *dir) { ... }
 *     MR_STORE_SUITE(memory, open_memory, false)
 *     int main(void) { return store_suite_memory(); }
 */
#ifndef MEDREVIEW_CONFORMANCE_STORE_SUITE_H
#define MEDREVIEW_CONFORMANCE_STORE_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/buf.h"
#include "medreview/flow/store.h"

typedef struct store_maker {
    const char *name;
    /* Opens the store that lives in `dir`, an empty directory of this test alone; fails the test when it cannot. */
    mr_store *(*open)(const char *dir);
    bool survives; /* what was committed is there when it is opened again */
} store_maker;

/* What each test gets as *state. */
typedef struct store_bed {
    const store_maker *maker;
    mr_store *store;
    mr_buf text; /* for bed_* below */
    char dir[64];
} store_bed;

/* Runs all tests on stores of that maker; the number of failed ones. */
static int store_suite_run(const store_maker *maker);

#define MR_STORE_SUITE(word, opener, kept)                                                                             \
    static const store_maker store_maker_##word = {#word, opener, kept};                                               \
    static int store_suite_##word(void) {                                                                              \
        return store_suite_run(&store_maker_##word);                                                                   \
    }

#endif
