/* Which store a URL means. */
#include "medreview/store/open.h"

#include <string.h>

static mr_rc check_path(const char *path, mr_error *err) {
    if (!path[0]) return mr_fail(err, MR_INVALID, "store: sqlite: needs a path, as in sqlite:medreview.db");
    if (strcmp(path, ":memory:") == 0)
        return mr_fail(err, MR_INVALID, "store: for a store that is not kept write memory: instead of sqlite::memory:");
    return MR_OK;
}

/* The URL is never repeated in an error: a postgresql:// one may hold a password. */
mr_rc mr_store_url_check(const char *url, mr_error *err) {
    mr_span u = mr_span_of(url);
    if (mr_span_starts(u, "sqlite:")) return check_path(url + strlen("sqlite:"), err);
    if (mr_span_is(u, "memory:")) return MR_OK;
    if (mr_span_starts(u, "postgresql:") || mr_span_starts(u, "postgres:"))
        return mr_fail(err, MR_INVALID,
                       "store: postgresql:// comes with a later release; this one has sqlite:PATH (one process)");
    return mr_fail(err, MR_INVALID, "store: expected sqlite:PATH, memory: or (in a later release) postgresql://");
}

mr_rc mr_store_open(const char *url, mr_clock *clock, mr_store **ret, mr_error *err) {
    mr_rc rc = mr_store_url_check(url, err);
    if (rc != MR_OK) return rc;
    if (mr_span_starts(mr_span_of(url), "sqlite:")) return mr_store_sqlite_open(url + strlen("sqlite:"), ret, err);
    return mr_store_memory_new(clock, ret, err);
}
