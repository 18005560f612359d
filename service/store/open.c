/* Which store a URL means. */
#include "medreview/store/open.h"

#include <string.h>

static mr_rc open_sqlite(const char *path, mr_store **ret, mr_error *err) {
    if (!path[0]) return mr_fail(err, MR_INVALID, "store: sqlite: needs a path, as in sqlite:medreview.db");
    if (strcmp(path, ":memory:") == 0)
        return mr_fail(err, MR_INVALID, "store: for a store that is not kept write memory: instead of sqlite::memory:");
    return mr_store_sqlite_open(path, ret, err);
}

/* The URL is never repeated in an error: a postgresql:// one may hold a password. */
mr_rc mr_store_open(const char *url, mr_clock *clock, mr_store **ret, mr_error *err) {
    mr_span u = mr_span_of(url);
    if (mr_span_starts(u, "sqlite:")) return open_sqlite(url + strlen("sqlite:"), ret, err);
    if (mr_span_is(u, "memory:")) return mr_store_memory_new(clock, ret, err);
    if (mr_span_starts(u, "postgresql:") || mr_span_starts(u, "postgres:"))
        return mr_fail(err, MR_INVALID,
                       "store: postgresql:// comes with a later release; this one has sqlite:PATH (one process)");
    return mr_fail(err, MR_INVALID, "store: expected sqlite:PATH, memory: or (in a later release) postgresql://");
}
