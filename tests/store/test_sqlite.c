/* The SQLite store under the suite. */
#include "../conformance/store_suite.c"

#include "medreview/store/open.h"

static mr_store *open_sqlite(const char *dir) {
    char path[128];
    mr_store *s = NULL;
    mr_error err = {0};
    (void)snprintf(path, sizeof path, "%s/medreview.db", dir);
    if (mr_store_sqlite_open(path, &s, &err) != MR_OK) fail_msg("open: %s", err.text);
    return s;
}

MR_STORE_SUITE(sqlite, open_sqlite, true)

int main(void) {
    return store_suite_sqlite();
}
