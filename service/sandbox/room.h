/* What the files of the sandbox share: the store of versions, the searches, the answers.
 *
 * Everything hangs on one mr_sandbox. Versions are only ever appended, to their resource and to one log, so a
 * transaction is undone by taking versions off the end of the log, and the history of a type is the log read
 * backwards. Each version keeps its JSON as text, which is what answers are made of; the parsed form is kept for the
 * newest one only, since that is what searches look into.
 *
 * This is a tool for trying things out and for tests: it ends the process when memory runs out. */
#ifndef MR_SANDBOX_ROOM_H
#define MR_SANDBOX_ROOM_H

#include <jansson.h>

#include "medreview/base/limits.h"
#include "medreview/base/rand.h"
#include "medreview/sandbox/sandbox.h"

#define MR_SB_MAX_ANSWER_BYTES ((size_t)256 << 20) /* a page of 200 resources of 1 MB; bounds a slip */
#define MR_SB_MAX_QUEUE 1000u                      /* deliveries waiting, as many as HAPI's queue has slots */
#define MR_SB_MAX_PAGE_SETS 256u                   /* searches that can still be paged through; the oldest expire */
#define MR_SB_PAGE_LIFE_MS ((int64_t)3600000)      /* HAPI: a next link lives 60 min */
#define MR_SB_PAGE_DEFAULT 20u                     /* entries a page when _count is not given, as HAPI's starter */
#define MR_SB_PAGE_MAX 200u                        /* and at most */
#define MR_SB_VERSION_BYTES 40                     /* an integer or a UUID, and the zero */

typedef struct mr_sb_resource mr_sb_resource;

typedef struct mr_sb_version {
    mr_sb_resource *of;
    char id[MR_SB_VERSION_BYTES];
    int64_t updated_ms;
    bool deleted, created; /* created: the resource did not exist just before */
    json_t *json;          /* NULL when deleted or no longer the newest: mr_sb_json */
    char *text;            /* compact; NULL when deleted */
    size_t len;
} mr_sb_version;

typedef struct mr_sb_list {
    void **items;
    size_t n, room;
} mr_sb_list;
void mr_sb_push(mr_sb_list *list, void *item);

struct mr_sb_resource {
    const char *type; /* the pointer of the type table: compare by pointer */
    char id[MR_MAX_ID_BYTES + 1];
    uint64_t serial; /* order of creation, the default order of search results */
    mr_sb_list versions;
    mr_sb_resource *same_bucket;
    char patient[MR_MAX_ID_BYTES + 1]; /* under which it is indexed; "" under none */
};

typedef struct mr_sb_patient mr_sb_patient;

/* What one answer says went wrong. */
typedef struct mr_sb_problem {
    int status;
    const char *code; /* OperationOutcome.issue.code */
    char text[400];
} mr_sb_problem;
/* Sets *p and returns the status. */
int mr_sb_refuse(mr_sb_problem *p, int status, const char *code, const char *fmt, ...) MR_PRINTF(4, 5);

typedef enum mr_sb_kind { MR_SB_TOKEN, MR_SB_REFERENCE, MR_SB_DATE, MR_SB_TEXT } mr_sb_kind;
typedef struct mr_sb_param {
    const char *type; /* NULL: of every type */
    const char *name;
    mr_sb_kind kind;
    const char *paths; /* "code|reaction.substance" */
} mr_sb_param;

typedef struct mr_sb_search mr_sb_search;
typedef struct mr_sb_page_set mr_sb_page_set;
typedef struct mr_sb_hook mr_sb_hook;

typedef struct mr_sb_pending {
    mr_sb_resource *subscription;
    mr_sb_version *version;
} mr_sb_pending;

struct mr_sandbox {
    char base[512];
    mr_sandbox_quirks quirks;
    mr_rand rand; /* for version ids and page tokens; seeded with a constant, so that a run can be repeated */
    int64_t last_ms;
    uint64_t next_id, next_serial;
    mr_sb_resource **buckets; /* by id alone, so that the same id of two types is found at once */
    size_t n_buckets, n_resources;
    mr_sb_list *by_type; /* one list of resources a type */
    mr_sb_patient **patients;
    size_t n_patient_buckets, n_patients;
    mr_sb_list log;   /* all versions in order of writing */
    mr_sb_list pages; /* mr_sb_page_set, oldest first */
    mr_sb_list hooks; /* mr_sb_hook: active subscriptions */
    mr_sb_pending *queue;
    size_t queue_head, queue_len, lost;
    size_t committed; /* versions of the log that subscriptions have seen */
};

/* types.c */
extern const char *const mr_sb_type_names[];
size_t mr_sb_type_count(void);
/* The table's own pointer and, unless NULL, its place; NULL for an unknown type. */
const char *mr_sb_type(mr_span name, size_t *ret_place);
const mr_sb_param *mr_sb_param_find(const char *type, mr_span name);
/* The i-th parameter that searches on `type` understand; NULL past the end. */
const mr_sb_param *mr_sb_param_at(const char *type, size_t i);
/* Status codes and elements that HAPI or a profile-checking server would refuse. 0 or the status. */
int mr_sb_check(const char *type, const json_t *body, mr_sb_problem *p);

/* store.c */
mr_sb_resource *mr_sb_find(const mr_sandbox *s, const char *type, mr_span id);
/* Another type's resource with this id whose newest version has the same id: HAPI's trap (fhir.md 15). */
bool mr_sb_clashes(const mr_sandbox *s, const char *type, mr_span id, const char *version_id);
mr_sb_resource *mr_sb_add(mr_sandbox *s, const char *type, mr_span id); /* absent id: the server's choice */
mr_sb_version *mr_sb_newest(const mr_sb_resource *r);                   /* also a deleted one; NULL: none */
mr_sb_version *mr_sb_current(const mr_sb_resource *r);                  /* NULL when deleted or never written */
mr_sb_version *mr_sb_version_find(const mr_sb_resource *r, mr_span id);
json_t *mr_sb_json(mr_sb_version *v); /* borrowed */
/* `body` is borrowed; its members are shared, so it may not be changed afterwards. */
mr_sb_version *mr_sb_store(mr_sandbox *s, mr_sb_resource *r, json_t *body, int64_t now_ms);
mr_sb_version *mr_sb_remove(mr_sandbox *s, mr_sb_resource *r, int64_t now_ms);
void mr_sb_undo(mr_sandbox *s, size_t log_length);                           /* back to where the log was that long */
const mr_sb_list *mr_sb_of_patient(const mr_sandbox *s, mr_span patient_id); /* NULL: none */
void mr_sb_store_free(mr_sandbox *s);
bool mr_sb_same_content(const json_t *a, const json_t *b); /* but for versionId and lastUpdated */

/* element.c */
typedef bool (*mr_sb_visit)(void *arg, const json_t *value); /* true ends the walk */
bool mr_sb_walk(const json_t *from, const char *paths, mr_sb_visit visit, void *arg);
const char *mr_sb_string(const json_t *object, const char *key); /* NULL when absent or no string */
/* "Type/id", "{base}/Type/id", with or without /_history/n; false for anything else. */
bool mr_sb_reference(const mr_sandbox *s, mr_span text, mr_span *ret_type, mr_span *ret_id);
typedef struct mr_sb_span_ms {
    int64_t lo, hi;
} mr_sb_span_ms;
bool mr_sb_instant(mr_span text, mr_sb_span_ms *ret); /* the milliseconds that a date, dateTime or instant may mean */
bool mr_sb_date_of(const json_t *value, mr_sb_span_ms *ret); /* a string or a Period */
void mr_sb_http_date(int64_t ms, char out[40]);
bool mr_sb_id_ok(mr_span id);

/* query.c */
typedef struct mr_sb_arg {
    char *name, *modifier, *value; /* decoded; modifier "" when there is none */
} mr_sb_arg;
typedef struct mr_sb_args {
    mr_sb_arg *items;
    size_t n, room;
} mr_sb_args;
int mr_sb_args_parse(mr_span raw, mr_sb_args *args, mr_sb_problem *p); /* appends */
void mr_sb_args_free(mr_sb_args *args);
const char *mr_sb_args_get(const mr_sb_args *args, const char *name); /* NULL when absent */
void mr_sb_url_encode(mr_buf *out, const char *text);

/* search.c */
typedef struct mr_sb_search_how {
    bool by_post, lenient, conditional; /* conditional: only what selects; no paging, sorting, includes */
} mr_sb_search_how;
int mr_sb_search_new(const mr_sandbox *s, const char *type, const mr_sb_args *args, mr_sb_search_how how,
                     mr_sb_search **ret, mr_sb_problem *p);
void mr_sb_search_free(mr_sb_search *search);
bool mr_sb_matches(const mr_sandbox *s, const mr_sb_search *search, mr_sb_version *v);
/* Resources in order; the caller frees ret->items. */
void mr_sb_search_run(const mr_sandbox *s, const mr_sb_search *search, mr_sb_list *ret);
bool mr_sb_search_is_open(const mr_sb_search *search); /* no condition: every resource of the type */
/* For conditional writes: how many match, and one of them. */
int mr_sb_select(const mr_sandbox *s, const char *type, mr_span query, size_t *ret_n, mr_sb_resource **ret,
                 mr_sb_problem *p);
const char *mr_sb_search_type(const mr_sb_search *search);

/* page.c */
int mr_sb_page_search(mr_sandbox *s, const char *type, const mr_sb_args *args, mr_sb_search_how how, int64_t now_ms,
                      mr_buf *out, mr_sb_problem *p);
int mr_sb_page_history(mr_sandbox *s, const char *type, const mr_sb_resource *of, const mr_sb_args *args,
                       int64_t now_ms, mr_buf *out, mr_sb_problem *p);
int mr_sb_page_next(mr_sandbox *s, const mr_sb_args *args, int64_t now_ms, mr_buf *out, mr_sb_problem *p);
void mr_sb_pages_free(mr_sandbox *s);

/* What the two halves of paging share: search.c knows what a search adds to a page. */
typedef struct mr_sb_view {
    const char *const *elements; /* _elements; n_elements 0: all */
    size_t n_elements;
    size_t count;
    bool count_only;
} mr_sb_view;
mr_sb_view mr_sb_search_view(const mr_sb_search *search);
const mr_sb_args *mr_sb_search_used(const mr_sb_search *search); /* the parameters really used */
/* Resources that _include adds for this one; pushes those not yet in `seen`. */
void mr_sb_search_include(const mr_sandbox *s, const mr_sb_search *search, mr_sb_version *v, mr_sb_list *seen);

/* write.c */
typedef struct mr_sb_write {
    const char *type;
    mr_span id;    /* absent: a create, or a conditional update */
    mr_span query; /* If-None-Exist, or the query of a conditional update; absent: not conditional */
    mr_span if_match, if_none_match;
    json_t *body;         /* borrowed */
    mr_sb_resource *into; /* what a create writes to; NULL: a new one */
    bool loading;         /* --load: ids that HAPI would refuse are taken */
} mr_sb_write;
typedef struct mr_sb_written {
    int status;
    mr_sb_version *version; /* NULL: nothing was there to delete */
    bool unchanged;
} mr_sb_written;
int mr_sb_create(mr_sandbox *s, const mr_sb_write *w, int64_t now_ms, mr_sb_written *ret, mr_sb_problem *p);
int mr_sb_update(mr_sandbox *s, const mr_sb_write *w, int64_t now_ms, mr_sb_written *ret, mr_sb_problem *p);
int mr_sb_delete(mr_sandbox *s, const mr_sb_write *w, int64_t now_ms, mr_sb_written *ret, mr_sb_problem *p);
/* Reads a body that must be a resource; the caller drops *ret. type NULL: any. */
int mr_sb_body(mr_span text, const char *type, json_t **ret, mr_sb_problem *p);
/* W/"3", "3" or 3 -> 3 */
mr_span mr_sb_etag(mr_span header);

/* bundle.c */
int mr_sb_bundle(mr_sandbox *s, json_t *bundle, int64_t now_ms, mr_buf *out, mr_sb_problem *p);
/* Replaces each "reference" that is a key of `map` (an object of strings), in place. */
void mr_sb_rewrite(json_t *value, const json_t *map);

/* capability.c */
void mr_sb_capability(const mr_sandbox *s, int64_t now_ms, mr_buf *out);

/* hook.c */
/* Makes requested subscriptions active and queues deliveries for what was written since the last call. */
void mr_sb_commit(mr_sandbox *s, int64_t now_ms);
int mr_sb_check_subscription(const mr_sandbox *s, const json_t *body, mr_sb_problem *p);
void mr_sb_hooks_free(mr_sandbox *s);

/* outcome.c */
void mr_sb_outcome_write(mr_buf *out, const char *severity, const char *code, const char *text);
void mr_sb_json_string(mr_buf *out, const char *text); /* quoted and escaped */
const char *mr_sb_reason(int status);                  /* "201 Created" */

#endif
