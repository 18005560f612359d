/* Every limit has a name, a unit and a reason. Those a site may change are configuration keys; these are ceilings
 * and defaults. */
#ifndef MEDREVIEW_BASE_LIMITS_H
#define MEDREVIEW_BASE_LIMITS_H

#define MR_MAX_PAGES 200u /* of one search: 40,000 entries at 200 a page; ends a next link that loops */
#define MR_MAX_RESOURCES_PER_PATIENT 5000u    /* fhir.md 7.2: above it the review says incomplete */
#define MR_MAX_BODY_BYTES (32u << 20)         /* one answer of a FHIR server */
#define MR_MAX_REVIEW_BYTES (256u << 20)      /* arena of one review: bounds one patient's memory */
#define MR_MAX_NOTICE_BYTES (4u << 20)        /* a notification: full resource or a Bundle of many events */
#define MR_MAX_OPERATION_BYTES (32u << 20)    /* $medication-review: a patient's Bundle */
#define MR_MAX_HEADER_BYTES (16u << 10)       /* request line and header fields together */
#define MR_MAX_HEADERS 100u                   /* header fields; no client we know sends half of it */
#define MR_MAX_CONNECTIONS 1024u              /* beyond it new ones are closed at once */
#define MR_MAX_REQUESTS_PER_CONNECTION 10000u /* ends a connection that would never be rebalanced */
#define MR_MAX_JSON_DEPTH 100                 /* FHIR nests about 20 deep at worst */
#define MR_MAX_ID_BYTES 64                    /* FHIR id: 1..64 of A-Z a-z 0-9 - . */
#define MR_MAX_SOURCE_BYTES 32                /* source ids: lower case letters, digits, - */
#define MR_MAX_REFERENCE_BYTES 512            /* Type/id or a fullUrl */
#define MR_MAX_EVENTS_PER_NOTICE 10000u       /* one topic notification may carry many events */
#define MR_MAX_EXPR_DEPTH 64                  /* parentheses in a rule's condition */
#define MR_MAX_RULES 4096u                    /* the catalogue holds 592 */
#define MR_MAX_GROUPS 512u                    /* drug groups: the catalogue names 260; sizes the bit set */
#define MR_MAX_PACK_BYTES (8u << 20)          /* one knowledge file */
#define MR_MAX_CHANGES 400u                   /* writes of one review; more is a sign of a broken ruleset */
#define MR_LEASE_MS 120000                    /* longer than a job's budget, so leases are never renewed */
#define MR_JOB_BUDGET_MS 90000                /* claim to settle */
#define MR_REQUEST_TIMEOUT_MS 30000           /* one FHIR request */

#endif
