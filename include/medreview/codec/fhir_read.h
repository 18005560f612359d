/* FHIR R4 to the record, without clinical judgement: pages are decoded into items, then one patient's items are
 * collected with their references resolved (fhir.md 7.1 and 8).
 *
 * Nothing that speaks of a medicine gets lost: what cannot be used becomes an entry with `unread` set, everything else
 * a gap. The order of pages and of entries in them makes no difference. Names, addresses and other text about the
 * person are never kept. */
#ifndef MEDREVIEW_CODEC_FHIR_READ_H
#define MEDREVIEW_CODEC_FHIR_READ_H

#include "medreview/codec/json_view.h"
#include "medreview/core/record.h"

typedef struct mr_fhir_pages mr_fhir_pages;

/* All of it lives in `a`. `base`: the server's base URL, absent offline: then the bases of the fullUrls that were read
 * stand for it. `borrow`: texts stay where they are, in the document, which must then not be parsed into again while
 * pages, or what was collected from them, is used; else they are copied, and the document is free after each page.
 * NULL: the arena is out of room. */
mr_fhir_pages *mr_fhir_pages_new(mr_arena *a, mr_span base, bool borrow);

/* An entry that was refused, for whoever handed the input in. `number` from 1, 0 for the page itself. */
typedef struct mr_fhir_refusal {
    size_t number;
    mr_span reference; /* absent when the entry has none */
    mr_span reason;
} mr_fhir_refusal;

typedef struct mr_fhir_page {
    mr_span next, self;       /* links; absent when none */
    mr_span newest;           /* greatest meta.lastUpdated; absent when none */
    size_t n_entries;         /* entries of the page, whatever they hold */
    size_t first_item;        /* the items of this page, for mr_fhir_foreign */
    bool has_issue, has_task; /* the page holds a DetectedIssue or Task, of whomever */
    bool outcome_error;       /* the server says in the page that its answer is not whole */
    mr_fhir_refusal *refused;
    size_t n_refused, cap_refused;
} mr_fhir_page;

/* A Bundle of any type (also nested, also within Parameters), or a single resource.
 *   MR_MALFORMED   no FHIR resource, or a Bundle whose own members stand twice
 *   MR_NOMEM, MR_LIMIT   the arena is out of room */
mr_rc mr_fhir_page_read(mr_fhir_pages *p, mr_json root, mr_fhir_page *ret, mr_error *err) MR_MUST_CHECK;

/* The page read last was one resource by itself: neither a Bundle nor Parameters. */
bool mr_fhir_bare(const mr_fhir_pages *p);

/* Who is spoken of: ids of the Patient resources (fullUrl where there is no id); when there is no Patient, those of the
 * subjects. Sorted, each once; none when nobody is named. */
mr_rc mr_fhir_patients(mr_fhir_pages *p, mr_span **ret, size_t *ret_n, mr_error *err) MR_MUST_CHECK;

/* How many items from `first_item` on name another patient than this one. */
size_t mr_fhir_foreign(const mr_fhir_pages *p, size_t first_item, mr_span patient);

/* Whose the resource was read as; absent when it names nobody, or was not read. */
mr_span mr_fhir_owner(const mr_fhir_pages *p, mr_span type, mr_span id);

/* One ingredient of a Medication. */
typedef struct mr_fhir_ingredient {
    mr_coding *codings;
    size_t n_codings;
    mr_span text;
    mr_span item;         /* itemReference as written, until it is resolved */
    double strength, per; /* 0: not given */
    mr_span strength_unit, per_unit;
} mr_fhir_ingredient;

/* What stands beside raw.entries[i]. */
typedef struct mr_fhir_product {
    const mr_fhir_ingredient
        *ingredients; /* of the Medication, active ones only; may be asked when its code says nothing */
    size_t n_ingredients;
    bool dangling; /* the Medication it refers to is not here: the text is only the reference's display */
} mr_fhir_product;

typedef struct mr_fhir_collected {
    mr_raw_record raw;
    mr_fhir_product *products; /* beside raw.entries */
    mr_span *unresolved;       /* "Medication/123": used, not found, could be fetched; sorted, each once */
    size_t n_unresolved;
    mr_span *read; /* "Type/id" of every resource of this patient; sorted */
    size_t n_read;
    mr_span *inputs; /* "Type/id/_history/version" of medicines, conditions and results; sorted */
    size_t n_inputs;
} mr_fhir_collected;

/* One patient's part of all pages, in an order that does not depend on theirs. `patient` absent: whoever
 * mr_fhir_patients names first. `others_are_foreign`: false for input that may hold several patients, where an entry of
 * another Patient that stands in the input belongs to that patient's review. Not more than MR_MAX_RESOURCES_PER_PATIENT
 * resources are taken: medicines before results, and the gap `resource-limit` says so.
 *   MR_NOMEM, MR_LIMIT   the arena is out of room */
mr_rc mr_fhir_collect(mr_fhir_pages *p, mr_span patient, bool others_are_foreign, mr_arena *a, mr_fhir_collected *ret,
                      mr_error *err) MR_MUST_CHECK;

#endif
