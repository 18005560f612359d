/* Files linked into the binary by cmake/embed.cmake: mr_embedded_<set>[], ended by a row with a NULL name. */
#ifndef MEDREVIEW_BASE_EMBEDDED_H
#define MEDREVIEW_BASE_EMBEDDED_H

#include "medreview/base/span.h"

typedef struct mr_embedded {
    const char *name, *begin, *end;
} mr_embedded;

extern const mr_embedded mr_embedded_knowledge[];
extern const mr_embedded mr_embedded_terminology[];
extern const mr_embedded mr_embedded_profiles[];
extern const mr_embedded mr_embedded_app[];

static inline mr_span mr_embedded_bytes(const mr_embedded *e) {
    return (mr_span){e->begin, (size_t)(e->end - e->begin)};
}

#endif
