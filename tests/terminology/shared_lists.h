/* The reference tables under ../shared, when they are there. */
#ifndef MEDREVIEW_TESTS_SHARED_LISTS_H
#define MEDREVIEW_TESTS_SHARED_LISTS_H

#include "medreview/base/buf.h"

#include <stdio.h>

/* Reads a file under the shared folder; false when it is absent. */
static inline bool shared_read(const char *path, mr_buf *ret) {
    char full[512], part[1 << 14];
    snprintf(full, sizeof full, "%s/%s", MEDREVIEW_SHARED_DIR, path);
    FILE *f = fopen(full, "rb");
    if (!f) return false;
    mr_buf_init(ret, 256u << 20);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;) mr_buf_add(ret, part, n);
    fclose(f);
    return ret->rc == MR_OK && ret->len > 0;
}

#endif
