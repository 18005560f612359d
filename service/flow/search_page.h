/* Private to flow: a search's answer, read for who changed and when, and nothing else of what it says. */
#ifndef FLOW_SEARCH_PAGE_H
#define FLOW_SEARCH_PAGE_H

#include "medreview/base/limits.h"
#include "medreview/codec/json_view.h"
#include "medreview/flow/transport.h"

enum { INSTANT_BYTES = 40 };

typedef struct search_page {
    mr_json entries;
    mr_span next; /* link[relation=next]; absent when none */
    mr_span at;   /* Bundle.meta.lastUpdated; absent when not told */
    size_t n_entries;
} search_page;

/* The page's spans live in `doc` until it is parsed into again. An empty answer is a page of nothing to nobody:
 * refused. MR_MALFORMED   not a searchset Bundle MR_IO          an OperationOutcome in the page says that the answer is
 * not whole */
mr_rc search_page_read(mr_json_doc *doc, const mr_http_resp *resp, search_page *ret, mr_error *err) MR_MUST_CHECK;
/* The entry's resource when it is a match of this type, else a value of kind NONE. */
mr_json search_page_match(mr_json entry, const char *type);

/* Id of the patient that a resource is about: subject, patient or for, relative or below `base`; of a Patient its own.
 * false when it names none that way. */
bool resource_patient(mr_json resource, const char *base, char ret[MR_MAX_ID_BYTES + 1]);
/* A string member as a zero-terminated text; "" when absent or too long. */
void json_text(mr_json object, const char *name, char *out, size_t size);

/* FHIR instants, with fractions: below, equal, above 0. What is no instant sorts first. */
int instant_cmp(const char *a, const char *b);
/* Seconds since 1970, fractions cut; false when it is no instant. */
bool instant_seconds(const char *text, int64_t *ret);

#endif
