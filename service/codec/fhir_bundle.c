/* Pages to items: a Bundle of any type is walked once, each resource that matters is given to its decoder, and what is
 * wrong with an entry stays with that entry. */
#include "fhir_items.h"
#include "medreview/codec/fhir_notice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MOST_NESTED = 4 }; /* Bundles in Bundles: CDS Hooks prefetch needs two */

static const struct {
    mr_span type;
    mr_fhir_kind kind;
    void (*read)(mr_fhir_reader *r, mr_json object, mr_fhir_item *item);
} kinds[] = {
    {MR_CODE("Observation"), MR_FK_OBSERVATION, mr_fhir_observation_read},
    {MR_CODE("Condition"), MR_FK_CONDITION, mr_fhir_condition_read},
    {MR_CODE("MedicationStatement"), MR_FK_STATEMENT, mr_fhir_statement_read},
    {MR_CODE("MedicationRequest"), MR_FK_REQUEST, mr_fhir_request_read},
    {MR_CODE("Medication"), MR_FK_MEDICATION, mr_fhir_medication_item_read},
    {MR_CODE("AllergyIntolerance"), MR_FK_ALLERGY, mr_fhir_allergy_read},
    {MR_CODE("Patient"), MR_FK_PATIENT, mr_fhir_patient_read},
    {MR_CODE("Substance"), MR_FK_SUBSTANCE, mr_fhir_medication_item_read},
    {MR_CODE("DetectedIssue"), MR_FK_ISSUE, NULL},
    {MR_CODE("Task"), MR_FK_TASK, NULL},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static size_t kind_of(mr_span type) {
    size_t i = 0;
    while (i < N_KINDS && !mr_fhir_is(type, kinds[i].type)) i++;
    return i;
}

void mr_fhir_meta_read(mr_fhir_reader *r, mr_json v, mr_fhir_item *item) {
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        if (m.name == N_versionId) item->version = mr_fhir_text(r, m.value);
        if (m.name == N_lastUpdated) item->updated = mr_fhir_text(r, m.value);
    }
}

/* DetectedIssue and Task: only whose they are. */
static void ours_read(mr_fhir_reader *r, mr_json object, mr_fhir_item *item) {
    for (mr_fhir_member m = mr_fhir_members(object); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        if (name == N_patient || name == N_for)
            mr_fhir_pointer_read(r, m.value, false, &item->subject);
        else
            mr_fhir_head_read(r, m.name, m.value, item);
    }
    r->modified = false; /* theirs to judge */
}

/* "Type/id", mostly the end of the fullUrl; the fullUrl where there is no id; else a name made of the content, which
 * does not depend on the place. */
static void reference_set(mr_fhir_reader *r, mr_json object, mr_fhir_item *item) {
    size_t n = item->type.len + 1 + item->id.len;
    if (item->id.len > MR_MAX_REFERENCE_BYTES / 2) item->id = MR_SPAN_NONE;
    if (item->id.ptr) {
        item->bad_id = !mr_fhir_id_valid(item->id);
        mr_span tail =
            mr_span_from(item->full_url, item->full_url.len > n ? item->full_url.len - n : item->full_url.len);
        bool same = tail.len == n && memcmp(tail.ptr, item->type.ptr, item->type.len) == 0 &&
                    tail.ptr[item->type.len] == '/' &&
                    memcmp(tail.ptr + item->type.len + 1, item->id.ptr, item->id.len) == 0;
        item->reference = same ? tail : mr_fhir_join(r->arena, item->type, item->id);
    } else if (item->full_url.ptr) {
        item->reference = item->full_url;
    } else {
        item->digest = mr_json_digest(object);
        item->reference =
            mr_arena_printf(r->arena, "urn:medreview:%.*s:%016" PRIx64, MR_SPAN_ARG(item->type), item->digest);
    }
    r->full |= !item->reference.ptr;
}

typedef struct walk {
    mr_fhir_pages *pages;
    mr_fhir_page *page;
    unsigned depth;
    size_t number; /* of the entry of the outermost Bundle */
    bool history;
    mr_span full_url; /* of the entry at hand, in the arena */
    bool twice;       /* a name stands twice in the entry itself */
} walk;

static void refuse(walk *w, mr_span reference, const char *reason) {
    mr_fhir_refusal refusal = {w->number, reference, mr_span_of(reason)};
    mr_fhir_page *page = w->page;
    w->pages->reader.full |= !MR_PUSH(w->pages->arena, page->refused, page->n_refused, page->cap_refused, refusal);
}

/* An entry of which not even the type can be told. */
static void unreadable(walk *w, const char *reason) {
    mr_fhir_pages *p = w->pages;
    mr_gap gap = {.code = MR_SPAN("unreadable-entry"), .text = mr_span_of(reason), .reference = w->full_url};
    p->reader.full |= !MR_PUSH(p->arena, p->gaps, p->n_gaps, p->cap_gaps, gap);
    refuse(w, w->full_url, reason);
}

static void newest_note(mr_fhir_pages *p, mr_fhir_page *page, mr_span updated) {
    mr_when day;
    int64_t at_s;
    if (!updated.ptr || mr_span_eq(updated, page->newest) || !mr_when_parse(updated, &day, &at_s)) return;
    if (page->newest.ptr && at_s < p->newest_s) return;
    if (page->newest.ptr && at_s == p->newest_s && mr_span_cmp(updated, page->newest) < 0) return;
    page->newest = updated;
    p->newest_s = at_s;
}

static const char *fault(const mr_fhir_reader *r, bool twice) {
    if (twice) return "a name stands twice in it";
    return r->odd ? "a member has a type that FHIR does not give it" : NULL;
}

/* Room for that many items at once: to grow by doubling would leave half of it behind in the arena. */
static bool reserve(mr_fhir_pages *p, size_t more) {
    if (p->n_items + more <= p->cap_items) return true;
    mr_fhir_item *v = MR_NEW_N(p->arena, mr_fhir_item, p->n_items + more);
    if (!v) return false;
    if (p->n_items) memcpy(v, p->items, p->n_items * sizeof *v);
    p->items = v;
    p->cap_items = p->n_items + more;
    return true;
}

/* NULL: the arena is full. */
static mr_fhir_item *item_new(walk *w, size_t kind) {
    mr_fhir_pages *p = w->pages;
    if (p->n_items == p->cap_items && !reserve(p, p->n_items ? p->n_items : 1)) {
        p->reader.full = true;
        return NULL;
    }
    mr_fhir_item *item = &p->items[p->n_items++];
    item->kind = kinds[kind].kind;
    item->type = kinds[kind].type;
    item->page = p->n_pages;
    return item;
}

static void item_finish(walk *w, mr_json object, bool twice, mr_fhir_item *item) {
    mr_fhir_pages *p = w->pages;
    mr_fhir_reader *r = &p->reader;
    uint64_t version;
    item->rank = mr_span_u64(item->version, &version) && version < UINT64_MAX ? version + 1 : 0;
    item->at = object;
    reference_set(r, object, item);
    item->bad_date = r->bad_date;
    const char *reason = fault(r, twice);
    if (reason) {
        item->unread = MR_UNREAD_UNREADABLE;
        refuse(w, item->reference, reason);
    } else if (r->modified) {
        item->unread = MR_UNREAD_MODIFIER_EXTENSION;
    }
    newest_note(p, w->page, item->updated);
}

static void outcome_read(walk *w, mr_json object) {
    for (mr_fhir_list l = mr_fhir_each(mr_json_get(object, "issue")); mr_fhir_next(&l);) {
        mr_span severity = mr_json_string(mr_json_get(l.value, "severity"));
        if (mr_fhir_is(severity, MR_SPAN("error")) || mr_fhir_is(severity, MR_SPAN("fatal")))
            w->page->outcome_error = true;
    }
}

static void parameters_walk(walk *w, mr_json object);
static mr_rc bundle_walk(walk *w, mr_json object, mr_error *err);

static mr_rc resource_walk(walk *w, mr_json object, mr_error *err) {
    mr_fhir_reader *r = &w->pages->reader;
    mr_span type = mr_json_string(mr_json_get(object, "resourceType"));
    if (!type.len) {
        unreadable(w, "no resource: resourceType is missing");
        return MR_OK;
    }
    if (mr_fhir_is(type, MR_SPAN("Bundle"))) return bundle_walk(w, object, err);
    if (mr_fhir_is(type, MR_SPAN("Parameters"))) parameters_walk(w, object);
    if (mr_fhir_is(type, MR_SPAN("OperationOutcome"))) outcome_read(w, object);
    size_t kind = kind_of(type);
    if (kind == N_KINDS) return MR_OK; /* others are passed over */
    mr_fhir_item *item = item_new(w, kind);
    if (!item) return MR_OK; /* the pages' reader says why */
    item->full_url = w->full_url;
    w->page->has_issue |= item->kind == MR_FK_ISSUE;
    w->page->has_task |= item->kind == MR_FK_TASK;
    mr_fhir_reader_next(r);
    if (kinds[kind].read) {
        kinds[kind].read(r, object, item);
        r->full |= !item->is.use;
    } else {
        ours_read(r, object, item);
    }
    item_finish(w, object, w->twice | mr_fhir_twice(object), item);
    return MR_OK;
}

/* history: DELETE Type/id, with the version in response.etag. */
static void delete_walk(walk *w, mr_json request, mr_json response) {
    mr_fhir_reader *r = &w->pages->reader;
    mr_fhir_target t;
    if (!w->history || !mr_fhir_is(mr_json_string(mr_json_get(request, "method")), MR_SPAN("DELETE"))) return;
    if (!mr_fhir_target_parse(mr_json_string(mr_json_get(request, "url")), &t)) return;
    size_t kind = kind_of(t.type);
    if (kind == N_KINDS) return;
    mr_fhir_item *item = item_new(w, kind);
    if (!item) return;
    mr_span etag = mr_json_string(mr_json_get(response, "etag"));
    if (mr_span_starts(etag, "W/")) etag = mr_span_from(etag, 2);
    if (etag.len >= 2 && etag.ptr[0] == '"') etag = (mr_span){etag.ptr + 1, etag.len - 2};
    mr_fhir_reader_next(r);
    item->deleted = true;
    item->id = mr_fhir_keep(r, t.id);
    item->version = mr_fhir_keep(r, etag);
    item->updated = mr_fhir_keep(r, mr_json_string(mr_json_get(response, "lastModified")));
    item_finish(w, (mr_json){0}, false, item);
}

/* One that is longer than any reference we write names nothing. */
static mr_span full_url_keep(mr_fhir_reader *r, mr_span s) {
    return s.len <= MR_MAX_REFERENCE_BYTES ? mr_fhir_keep(r, s) : MR_SPAN_NONE;
}

static mr_rc entry_walk(walk *w, mr_json entry, mr_error *err) {
    mr_json resource = {0}, request = {0}, response = {0}, bare = {0};
    mr_fhir_reader *r = &w->pages->reader;
    w->full_url = MR_SPAN_NONE;
    w->page->n_entries++;
    if (w->depth == 1) w->number++;
    if (!mr_fhir_is_object(entry)) {
        unreadable(w, "an entry is no object");
        return MR_OK;
    }
    for (mr_fhir_member m = mr_fhir_members(entry); mr_fhir_member_next(&m);) {
        switch (m.name) {
        case N_fullUrl: w->full_url = full_url_keep(r, mr_fhir_string(m.value)); break;
        case N_resource: resource = m.value; break;
        case N_request: request = m.value; break;
        case N_response: response = m.value; break;
        case N_resourceType: bare = entry; break;
        default: break;
        }
    }
    w->twice = mr_fhir_twice(entry);
    mr_fhir_base_note(w->pages, w->full_url);
    if (!resource.at) resource = bare;
    if (mr_fhir_is_object(resource)) return resource_walk(w, resource, err);
    if (mr_fhir_is_object(request) || mr_fhir_is_object(response))
        delete_walk(w, request, response);
    else
        unreadable(w, "an entry holds no resource");
    return MR_OK;
}

static void links_walk(walk *w, mr_json list) {
    mr_fhir_reader *r = &w->pages->reader;
    for (mr_fhir_list l = mr_fhir_each(list); mr_fhir_next(&l);) {
        mr_span relation = mr_json_string(mr_json_get(l.value, "relation"));
        mr_span url = mr_json_string(mr_json_get(l.value, "url"));
        if (mr_fhir_is(relation, MR_SPAN("next"))) w->page->next = mr_fhir_keep(r, url);
        if (mr_fhir_is(relation, MR_SPAN("self"))) w->page->self = mr_fhir_keep(r, url);
    }
}

static mr_rc bundle_walk(walk *outer, mr_json object, mr_error *err) {
    walk w = *outer;
    mr_rc rc = MR_OK;
    if (++w.depth > MOST_NESTED) {
        unreadable(&w, "Bundles within Bundles too deep");
        return MR_OK;
    }
    if (mr_json_has_duplicates(object)) {
        if (w.depth == 1) return mr_fail(err, MR_MALFORMED, "a name stands twice in the Bundle itself");
        unreadable(&w, "a name stands twice in a Bundle within");
        return MR_OK;
    }
    w.history = mr_fhir_is(mr_json_string(mr_json_get(object, "type")), MR_SPAN("history"));
    if (w.depth == 1 || !w.page->next.ptr) links_walk(&w, mr_json_get(object, "link"));
    mr_json entries = mr_json_get(object, "entry");
    if (!reserve(w.pages, mr_json_size(entries))) return mr_arena_why(w.pages->arena, err);
    for (mr_fhir_list l = mr_fhir_each(entries); !rc && mr_fhir_next(&l);) {
        rc = entry_walk(&w, l.value, err);
        if (!rc && w.pages->reader.full) rc = mr_arena_why(w.pages->arena, err);
    }
    outer->number = w.number;
    return rc;
}

/* The input of an operation: whatever resources stand in it. */
static void parameters_walk(walk *w, mr_json object) {
    if (++w->depth > MOST_NESTED) return;
    for (mr_fhir_list l = mr_fhir_each(mr_json_get(object, "parameter")); mr_fhir_next(&l);) {
        mr_json resource = mr_json_get(l.value, "resource");
        mr_error ignored; /* a Bundle in it reports as an entry does: it is not the outermost */
        if (mr_fhir_is_object(resource)) (void)resource_walk(w, resource, &ignored);
    }
    w->depth--;
}

mr_rc mr_fhir_page_read(mr_fhir_pages *p, mr_json root, mr_fhir_page *ret, mr_error *err) {
    mr_fhir_page page = {.first_item = p->n_items};
    walk w = {.pages = p, .page = &page};
    mr_span type = mr_json_string(mr_json_get(root, "resourceType"));
    if (!type.len) return mr_fail(err, MR_MALFORMED, "no FHIR resource: resourceType is missing");
    p->bare = !mr_fhir_is(type, MR_SPAN("Bundle")) && !mr_fhir_is(type, MR_SPAN("Parameters"));
    if (!mr_fhir_is(type, MR_SPAN("Bundle"))) page.n_entries = 1;
    p->reader.borrow = p->borrow && !mr_tape_of(root)->zeros;
    mr_rc rc = resource_walk(&w, root, err);
    if (!rc && p->reader.full) rc = mr_arena_why(p->arena, err);
    if (!rc) rc = mr_fhir_groups_join(p, page.first_item, err);
    if (!rc) rc = mr_fhir_owners_find(p, page.first_item, err);
    if (rc) return rc;
    p->n_pages++;
    *ret = page;
    return MR_OK;
}

mr_fhir_pages *mr_fhir_pages_new(mr_arena *a, mr_span base, bool borrow) {
    mr_fhir_pages *p = MR_NEW(a, mr_fhir_pages);
    if (!p) return NULL;
    p->arena = p->reader.arena = a;
    p->borrow = borrow;
    if (base.len && !mr_arena_dup(a, base, &p->base)) return NULL;
    return p;
}

bool mr_fhir_bare(const mr_fhir_pages *p) {
    return p->bare;
}
