/* What is wrong with the packs: one line each, `FILE:LINE: reason`. All of them are collected, so that an author mends
 * a file in one go. */
#ifndef MEDREVIEW_KNOWLEDGE_COMPLAINTS_H
#define MEDREVIEW_KNOWLEDGE_COMPLAINTS_H

#include "medreview/base/buf.h"

enum { MR_MOST_COMPLAINTS = 200 }; /* more than anybody reads; a wrong file type would give one a line */

typedef struct mr_complaints {
    mr_buf *out; /* NULL: count only */
    size_t n;
} mr_complaints;

typedef struct mr_place {
    mr_span file;
    unsigned line;
    bool site; /* from the site's files, not the shipped ones */
} mr_place;

void mr_complain(mr_complaints *c, mr_place at, const char *fmt, ...) MR_PRINTF(3, 4);

#endif
