/* A notification's body and path: what changed, as far as the sender says. Only a hint (fhir.md 1.1): nothing in it
 * is acted on but patient, type and id. R4 rest-hook (empty, id-only, full) and topic Bundles (fhir.md 4.1, 4.4). */
#ifndef MEDREVIEW_CODEC_FHIR_NOTICE_H
#define MEDREVIEW_CODEC_FHIR_NOTICE_H

#include "medreview/base/arena.h"
#include "medreview/base/limits.h"

typedef struct mr_notice {
    char type[40]; /* "" : something changed, no saying what */
    char id[MR_MAX_ID_BYTES + 1];
    char version[MR_MAX_ID_BYTES + 1]; /* "" when not told */
    char patient[MR_MAX_ID_BYTES + 1]; /* "" when the notice does not name one */
    bool deleted;
} mr_notice;

typedef struct mr_notices {
    mr_notice *v; /* each (type, id) once, in the order of the body; the last word about a resource counts */
    size_t n;
    bool handshake; /* or heartbeat, or the sender's validation: nothing to do */
    /* Topic notifications: numbers of the first and last event told, 0 when there are none. A number that does not
     * follow the one before it, or falls, means that events were lost: look for yourself. */
    uint64_t first_event, last_event;
} mr_notices;

typedef struct mr_notice_request {
    mr_span method;           /* POST, PUT, DELETE */
    mr_span tail;             /* what stands behind /notify[/{source}]: "" or "/Type/id" */
    mr_span content_type;     /* absent when not sent */
    mr_span body;             /* may be empty; 64 readable bytes lie behind it */
    mr_span deleted_resource; /* header X-Medplum-Deleted-Resource; absent */
} mr_notice_request;

/* An empty body without a tail gives one notice with an empty type: look for yourself. So does whatever says that
 * something changed, but not what.
 *   MR_MALFORMED   never can be understood (answer 400); a type or id that is none in FHIR
 *   MR_REFUSED     XML (answer 415: set channel.payload to application/fhir+json)
 *   MR_LIMIT       more than MR_MAX_EVENTS_PER_NOTICE events (answer 413) */
mr_rc mr_fhir_notice_read(const mr_notice_request *req, mr_arena *a, mr_notices *ret, mr_error *err) MR_MUST_CHECK;

/* R4 id: 1..64 of A-Z a-z 0-9 - . */
bool mr_fhir_id_valid(mr_span id);
/* A resource type's name: a letter, then letters; at most 39. */
bool mr_fhir_type_valid(mr_span type);

#endif
