/* What a page becomes: one item a resource, decoded but not yet joined with others; private to the decoders. */
#ifndef MEDREVIEW_CODEC_FHIR_ITEMS_H
#define MEDREVIEW_CODEC_FHIR_ITEMS_H

#include "fhir_parts.h"
#include "medreview/base/index.h"

typedef enum mr_fhir_kind {
    MR_FK_OTHER,
    MR_FK_PATIENT,
    MR_FK_STATEMENT,
    MR_FK_REQUEST,
    MR_FK_MEDICATION,
    MR_FK_SUBSTANCE,
    MR_FK_CONDITION,
    MR_FK_ALLERGY,
    MR_FK_OBSERVATION,
    MR_FK_ISSUE, /* DetectedIssue and Task: only whose they are; fhir_issue.c and fhir_task.c read them */
    MR_FK_TASK
} mr_fhir_kind;

typedef struct mr_fhir_medication { /* Medication, and Substance as far as it is one */
    mr_fhir_concept code;
    mr_fhir_ingredient *ingredients;
    size_t n_ingredients, cap_ingredients;
    mr_span *identifiers; /* "system|value" */
    size_t n_identifiers, cap_identifiers;
    bool wrong; /* entered-in-error: says nothing about the medicine */
} mr_fhir_medication;

typedef struct mr_fhir_use { /* MedicationStatement and MedicationRequest */
    mr_entry entry;
    mr_fhir_pointer product;
    const mr_fhir_medication *contained; /* what product "#id" means; NULL when it is not there */
    size_t cap_linked, cap_reasons;
} mr_fhir_use;

typedef struct mr_fhir_results { /* an Observation and its components */
    mr_observation *v;
    size_t n;
} mr_fhir_results;

typedef struct mr_fhir_person {
    mr_patient patient;
    mr_span *identifiers; /* "system|value" */
    size_t n_identifiers, cap_identifiers;
} mr_fhir_person;

typedef struct mr_fhir_item {
    mr_fhir_kind kind;
    mr_span type;
    mr_span reference; /* "Type/id"; fullUrl where there is no id; a urn made of the content where there is neither */
    mr_span id, full_url, version, updated;
    uint64_t rank;   /* numeric version + 1, or 0 */
    uint64_t digest; /* 0: not made, since nothing asked for it */
    unsigned page;
    mr_json at;              /* only while its page is read */
    mr_fhir_pointer subject; /* no display: that is a name */
    mr_span who;             /* the patient: id, or fullUrl, or the reference as written; absent when not named */
    mr_unread unread;        /* UNREADABLE or MODIFIER_EXTENSION */
    bool deleted;            /* a history's DELETE */
    bool bad_date, odd_status, uncoded;
    bool bad_id;   /* an id that FHIR does not allow */
    bool in_error; /* its status says that it was entered in error */
    union {
        mr_fhir_use *use;
        mr_fhir_medication *medication;
        mr_fhir_person *person;
        mr_condition *condition;
        mr_allergy *allergy;
        mr_fhir_results *results;
    } is;
} mr_fhir_item;

void mr_fhir_meta_read(mr_fhir_reader *r, mr_json v, mr_fhir_item *item);
/* Members that all resources share: id, meta, modifierExtension; passes over all others. `item` may be NULL. */
static inline void mr_fhir_head_read(mr_fhir_reader *r, mr_fhir_name name, mr_json v, mr_fhir_item *item) {
    if (name == N_modifierExtension) r->modified |= mr_json_size(v) > 0;
    if (name == N_id && item) item->id = mr_fhir_text(r, v);
    if (name == N_meta && item) mr_fhir_meta_read(r, v, item);
}

/* One decoder a type. `object` is the resource. Each sets item->is, the head, the subject and what is odd; what is
 * wrong with the JSON stands in the reader. NULL in item->is: the arena is full. */
void mr_fhir_statement_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item);
void mr_fhir_request_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item);
void mr_fhir_medication_item_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item);
void mr_fhir_patient_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item);
void mr_fhir_condition_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item);
void mr_fhir_allergy_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item);
void mr_fhir_observation_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item);

/* Shared by statement and request. */
void mr_fhir_product_read(mr_fhir_reader *r, mr_json value, mr_fhir_name name, mr_fhir_use *use);
void mr_fhir_dosages_read(mr_fhir_reader *r, mr_json list, mr_fhir_use *use);
/* reasonCode: a list of concepts; reasonReference: a list of references. */
void mr_fhir_reasons_read(mr_fhir_reader *r, mr_json list, bool references, mr_fhir_use *use);
void mr_fhir_links_read(mr_fhir_reader *r, mr_json list, mr_fhir_use *use);
void mr_fhir_contained_read(mr_fhir_reader *r, mr_json contained, mr_fhir_use *use);
/* `item` NULL: a contained one, which has no head of its own; what is wrong with it is wrong with its container. */
mr_fhir_medication *mr_fhir_medication_read(mr_fhir_reader *r, mr_json object, mr_json contained, mr_fhir_item *item);

struct mr_fhir_pages {
    mr_fhir_reader reader;
    mr_arena *arena;
    bool borrow;
    mr_span base;
    mr_span *bases; /* of the fullUrls read, each once; a few at most */
    size_t n_bases, cap_bases;
    mr_fhir_item *items;
    size_t n_items, cap_items;
    unsigned n_pages;
    bool bare;        /* the last page was one resource, in no Bundle */
    int64_t newest_s; /* of the page at hand */
    mr_gap *gaps;     /* of entries that are no resource at all */
    size_t n_gaps, cap_gaps;
    struct mr_fhir_group *groups; /* one a resource, in the order they came */
    size_t n_groups, cap_groups;
    mr_index *by_name;                /* reference -> group */
    mr_index *by_url, *by_identifier; /* fullUrl, a Medication's "system|value" -> alias */
    uint32_t *aliases;                /* -> group */
    size_t n_aliases, cap_aliases;
    size_t aliased;                 /* items that stand in by_url and by_identifier */
    mr_span *patients;              /* see mr_fhir_patients */
    size_t n_patients, patients_of; /* items when they were found */
    uint32_t *shares;               /* groups by patient, then those of nobody who is listed; see mr_fhir_share */
    uint32_t *share_first;          /* patient i's begin at shares[share_first[i]] */
    size_t shared_of;               /* items when they were shared out */
};

/* The items of one resource: the newest of them, and whether another one says something else with the same right. */
typedef struct mr_fhir_group {
    uint32_t best; /* item */
    bool tie;
} mr_fhir_group;
/* Joins the items from `first` on; while the document is there, since it compares content. */
mr_rc mr_fhir_groups_join(mr_fhir_pages *p, size_t first, mr_error *err) MR_MUST_CHECK;
static inline const mr_fhir_item *mr_fhir_best(const mr_fhir_pages *p, const mr_fhir_group *group) {
    return &p->items[group->best];
}

/* What a reference means, seen from `from`; NULL when it is not here. A full arena is noted in the pages' reader. */
const mr_fhir_group *mr_fhir_find(mr_fhir_pages *p, const mr_fhir_item *from, mr_span reference);
const mr_fhir_group *mr_fhir_find_identifier(mr_fhir_pages *p, mr_span identifier);
/* True when it is the server's own base, or one of a fullUrl's. */
bool mr_fhir_own_base(const mr_fhir_pages *p, mr_span base);
/* Notes the base of a fullUrl. */
void mr_fhir_base_note(mr_fhir_pages *p, mr_span full_url);
/* item->who of every item from `first` on: called at the end of a page, since its Patient may stand last. */
mr_rc mr_fhir_owners_find(mr_fhir_pages *p, size_t first, mr_error *err) MR_MUST_CHECK;

#endif
