/* Searches: compiled once from the query, then run over candidates.
 *
 * Candidates come from the narrowest index a condition allows (_id, then a patient's resources, then all of the type);
 * every candidate's newest version is then matched in full. Result order is the sort keys, then order of creation. */
#include <stdlib.h>
#include <string.h>

#include "room.h"

enum { MAX_SORTS = 3, MAX_INCLUDES = 8, MAX_ELEMENTS = 32 };

typedef struct value {
    mr_span whole, system, code; /* token */
    bool has_system;
    mr_span ref_type, ref_id; /* reference; ref_id absent: a foreign absolute one, compared whole */
    char prefix[3];           /* date */
    mr_sb_span_ms when;
} value;

typedef struct condition {
    const mr_sb_param *param;
    value *values; /* any of them */
    size_t n;
} condition;

typedef struct sort_key {
    const mr_sb_param *param; /* NULL: _lastUpdated */
    bool descending;
} sort_key;

typedef struct include {
    const mr_sb_param *param;
    mr_span target; /* only this type; absent: any */
} include;

struct mr_sb_search {
    const char *type;
    mr_sb_args used; /* owns the text that the rest borrows */
    condition *conditions;
    size_t n_conditions, room;
    sort_key sorts[MAX_SORTS];
    size_t n_sorts;
    include includes[MAX_INCLUDES];
    size_t n_includes;
    const char *elements[MAX_ELEMENTS];
    size_t n_elements;
    char *element_text;
    size_t count;
    bool count_only;
};

/* --- compiling --- */

static int read_date(const char *name, mr_span text, value *v, mr_sb_problem *p) {
    static const char *const prefixes[] = {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"};
    memcpy(v->prefix, "eq", 3);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (!mr_span_starts(text, prefixes[i])) continue;
        memcpy(v->prefix, prefixes[i], 3);
        text = mr_span_from(text, 2);
        break;
    }
    if (mr_sb_instant(text, &v->when)) return 0;
    return mr_sb_refuse(p, 400, "invalid", "%s: invalid date or time '%.*s'", name, MR_SPAN_ARG(v->whole));
}

static void read_reference(const mr_sandbox *s, const mr_sb_param *param, mr_span modifier, value *v) {
    if (mr_sb_reference(s, v->whole, &v->ref_type, &v->ref_id)) return;
    if (!mr_sb_id_ok(v->whole)) return;
    v->ref_id = v->whole;
    if (strcmp(param->name, "patient") == 0)
        v->ref_type = MR_SPAN("Patient");
    else if (modifier.len > 0)
        v->ref_type = modifier;
}

static int read_value(const mr_sandbox *s, const mr_sb_param *param, mr_span modifier, mr_span text, value *v,
                      mr_sb_problem *p) {
    *v = (value){.whole = text, .code = text};
    if (text.len == 0) return mr_sb_refuse(p, 400, "invalid", "%s: an empty value", param->name);
    switch (param->kind) {
    case MR_SB_TOKEN:
        v->has_system = mr_span_split(text, '|', &v->system, &v->code);
        if (!v->has_system) v->code = text;
        return 0;
    case MR_SB_REFERENCE: read_reference(s, param, modifier, v); return 0;
    case MR_SB_DATE: return read_date(param->name, text, v, p);
    case MR_SB_TEXT: return 0;
    }
    return 0;
}

static size_t pieces(mr_span text) {
    size_t n = 1;
    for (size_t i = 0; i < text.len; i++) n += text.ptr[i] == ',';
    return n;
}

static int add_condition(const mr_sandbox *s, mr_sb_search *q, const mr_sb_param *param, const mr_sb_arg *arg,
                         mr_sb_problem *p) {
    mr_span modifier = mr_span_of(arg->modifier), rest = mr_span_of(arg->value), piece;
    bool type_modifier = param->kind == MR_SB_REFERENCE && mr_sb_type(modifier, NULL) != NULL;
    if (modifier.len > 0 && !type_modifier)
        return mr_sb_refuse(p, 400, "not-supported", "modifier :%.40s of %s is not supported", arg->modifier,
                            arg->name);
    if (q->n_conditions == q->room) {
        q->room = q->room == 0 ? 4 : q->room * 2;
        q->conditions = realloc(q->conditions, q->room * sizeof *q->conditions);
        MR_REQUIRE(q->conditions != NULL);
    }
    condition *c = &q->conditions[q->n_conditions++];
    *c = (condition){param, calloc(pieces(rest), sizeof(value)), 0};
    MR_REQUIRE(c->values != NULL);
    while (rest.ptr != NULL) {
        mr_span_split(rest, ',', &piece, &rest);
        int status = read_value(s, param, modifier, piece, &c->values[c->n++], p);
        if (status != 0) return status;
    }
    return 0;
}

static int read_sort(mr_sb_search *q, const char *text, mr_sb_problem *p) {
    mr_span rest = mr_span_of(text), key;
    while (rest.ptr != NULL) {
        mr_span_split(rest, ',', &key, &rest);
        sort_key sort = {NULL, mr_span_starts(key, "-")};
        if (sort.descending) key = mr_span_from(key, 1);
        sort.param = mr_span_is(key, "_lastUpdated") ? NULL : mr_sb_param_find(q->type, key);
        bool ok = mr_span_is(key, "_lastUpdated") || (sort.param != NULL && sort.param->kind == MR_SB_DATE);
        if (!ok || q->n_sorts == MAX_SORTS)
            return mr_sb_refuse(p, 400, "not-supported", "cannot sort %s by '%.*s'", q->type, MR_SPAN_ARG(key));
        q->sorts[q->n_sorts++] = sort;
    }
    return 0;
}

static int read_include(mr_sb_search *q, const mr_sb_arg *arg, mr_sb_problem *p) {
    mr_span type, name, target = MR_SPAN_NONE, rest;
    bool ok = arg->modifier[0] == '\0' && mr_span_split(mr_span_of(arg->value), ':', &type, &rest);
    if (ok) mr_span_split(rest, ':', &name, &target);
    const mr_sb_param *param = ok && mr_span_is(type, q->type) ? mr_sb_param_find(q->type, name) : NULL;
    if (param == NULL || param->kind != MR_SB_REFERENCE || q->n_includes == MAX_INCLUDES)
        return mr_sb_refuse(p, 400, "not-supported", "invalid _include '%.80s' for %s", arg->value, q->type);
    q->includes[q->n_includes++] = (include){param, target};
    return 0;
}

static int read_count(mr_sb_search *q, const char *text, mr_sb_problem *p) {
    uint64_t n;
    if (!mr_span_u64(mr_span_of(text), &n)) return mr_sb_refuse(p, 400, "invalid", "_count: '%.40s'", text);
    q->count = n > MR_SB_PAGE_MAX ? MR_SB_PAGE_MAX : (size_t)n;
    if (n == 0) q->count_only = true;
    return 0;
}

static int read_elements(mr_sb_search *q, const char *text, mr_sb_problem *p) {
    if (q->element_text != NULL) return mr_sb_refuse(p, 400, "invalid", "_elements twice");
    q->element_text = strdup(text);
    MR_REQUIRE(q->element_text != NULL);
    for (char *at = q->element_text; at != NULL && q->n_elements < MAX_ELEMENTS;) {
        q->elements[q->n_elements++] = at;
        char *comma = strchr(at, ',');
        if (comma != NULL) *comma++ = '\0';
        at = comma;
    }
    return 0;
}

/* A parameter about the result rather than what matches. -1: it is none. */
static int read_result_param(const mr_sandbox *s, mr_sb_search *q, const mr_sb_arg *arg, mr_sb_problem *p) {
    if (strcmp(arg->name, "_count") == 0) return read_count(q, arg->value, p);
    if (strcmp(arg->name, "_sort") == 0) return read_sort(q, arg->value, p);
    if (strcmp(arg->name, "_include") == 0) return s->quirks.ignore_include ? 0 : read_include(q, arg, p);
    if (strcmp(arg->name, "_elements") == 0) return read_elements(q, arg->value, p);
    if (strcmp(arg->name, "_summary") == 0) {
        q->count_only = q->count_only || strcmp(arg->value, "count") == 0;
        bool known = strcmp(arg->value, "count") == 0 || strcmp(arg->value, "false") == 0;
        return known ? 0 : mr_sb_refuse(p, 400, "not-supported", "_summary=%.40s is not supported", arg->value);
    }
    bool formal = strcmp(arg->name, "_format") == 0 || strcmp(arg->name, "_pretty") == 0;
    return formal || strcmp(arg->name, "_total") == 0 ? 0 : -1;
}

static int read_arg(const mr_sandbox *s, mr_sb_search *q, const mr_sb_arg *arg, mr_sb_search_how how, bool *ret_used,
                    mr_sb_problem *p) {
    *ret_used = true;
    int status = how.conditional ? -1 : read_result_param(s, q, arg, p);
    if (status >= 0) return status;
    const mr_sb_param *param = mr_sb_param_find(q->type, mr_span_of(arg->name));
    if (param != NULL) return add_condition(s, q, param, arg, p);
    *ret_used = false;
    if (how.lenient) return 0;
    return mr_sb_refuse(p, 400, "not-supported", "unknown search parameter \"%.60s\" for resource type \"%s\"",
                        arg->name, q->type);
}

static mr_sb_arg arg_copy(const mr_sb_arg *from) {
    size_t name = strlen(from->name), modifier = strlen(from->modifier);
    mr_sb_arg to = {malloc(name + modifier + 2), NULL, strdup(from->value)};
    MR_REQUIRE(to.name != NULL && to.value != NULL);
    memcpy(to.name, from->name, name + 1);
    to.modifier = to.name + name + 1;
    memcpy(to.modifier, from->modifier, modifier + 1);
    return to;
}

int mr_sb_search_new(const mr_sandbox *s, const char *type, const mr_sb_args *args, mr_sb_search_how how,
                     mr_sb_search **ret, mr_sb_problem *p) {
    mr_sb_search *q = calloc(1, sizeof *q);
    MR_REQUIRE(q != NULL);
    q->type = type;
    q->count = MR_SB_PAGE_DEFAULT;
    q->used.items = calloc(args->n + 1, sizeof *q->used.items);
    MR_REQUIRE(q->used.items != NULL);
    for (size_t i = 0; i < args->n; i++) {
        bool used;
        mr_sb_arg *arg = &q->used.items[q->used.n++];
        *arg = arg_copy(&args->items[i]);
        int status = read_arg(s, q, arg, how, &used, p);
        if (status != 0) {
            mr_sb_search_free(q);
            return status;
        }
        if (used) continue;
        free(arg->name);
        free(arg->value);
        q->used.n--;
    }
    *ret = q;
    return 0;
}

void mr_sb_search_free(mr_sb_search *q) {
    if (q == NULL) return;
    for (size_t i = 0; i < q->n_conditions; i++) free(q->conditions[i].values);
    free(q->conditions);
    free(q->element_text);
    mr_sb_args_free(&q->used);
    free(q);
}

const char *mr_sb_search_type(const mr_sb_search *q) {
    return q->type;
}
bool mr_sb_search_is_open(const mr_sb_search *q) {
    return q->n_conditions == 0;
}
const mr_sb_args *mr_sb_search_used(const mr_sb_search *q) {
    return &q->used;
}
mr_sb_view mr_sb_search_view(const mr_sb_search *q) {
    return (mr_sb_view){q->elements, q->n_elements, q->count, q->count_only};
}

/* --- matching --- */

typedef struct probe {
    const mr_sandbox *s;
    const condition *c;
} probe;

static bool token_is(const value *v, const char *system, const char *code) {
    if (v->has_system) {
        if (v->system.len == 0 ? system != NULL : system == NULL || !mr_span_is(v->system, system)) return false;
        if (v->code.len == 0) return true;
    }
    return code != NULL && mr_span_is(v->code, code);
}

static bool token_matches(const value *v, const json_t *found) {
    if (json_is_string(found)) return mr_span_is(v->code, json_string_value(found)); /* its system is implied */
    if (json_is_boolean(found)) return mr_span_is(v->code, json_is_true(found) ? "true" : "false");
    const json_t *codings = json_object_get(found, "coding");
    for (size_t i = 0; i < json_array_size(codings); i++) {
        const json_t *coding = json_array_get(codings, i);
        if (token_is(v, mr_sb_string(coding, "system"), mr_sb_string(coding, "code"))) return true;
    }
    if (codings != NULL) return false;
    const char *code = mr_sb_string(found, "code");
    return token_is(v, mr_sb_string(found, "system"), code != NULL ? code : mr_sb_string(found, "value"));
}

static bool reference_matches(const mr_sandbox *s, const value *v, const json_t *found) {
    const char *text = mr_sb_string(found, "reference");
    mr_span type, id;
    if (text == NULL) return false;
    if (v->ref_id.ptr == NULL) return mr_span_is(v->whole, text);
    if (!mr_sb_reference(s, mr_span_of(text), &type, &id)) return false;
    return mr_span_eq(id, v->ref_id) && (v->ref_type.ptr == NULL || mr_span_eq(type, v->ref_type));
}

static bool date_matches(const value *v, mr_sb_span_ms found) {
    mr_sb_span_ms asked = v->when;
    bool inside = asked.lo <= found.lo && found.hi <= asked.hi;
    switch (v->prefix[0]) {
    case 'g': return v->prefix[1] == 'e' ? found.hi >= asked.lo : found.hi > asked.hi;
    case 'l': return v->prefix[1] == 'e' ? found.lo <= asked.hi : found.lo < asked.lo;
    case 's': return found.lo > asked.hi;
    case 'n': return !inside;
    case 'a': return found.lo <= asked.hi && found.hi >= asked.lo;
    default: return v->prefix[1] == 'b' ? found.hi < asked.lo : inside;
    }
}

static bool value_matches(const mr_sandbox *s, const mr_sb_param *param, const value *v, const json_t *found) {
    mr_sb_span_ms when;
    switch (param->kind) {
    case MR_SB_TOKEN: return token_matches(v, found);
    case MR_SB_REFERENCE: return reference_matches(s, v, found);
    case MR_SB_DATE: return mr_sb_date_of(found, &when) && date_matches(v, when);
    case MR_SB_TEXT: return json_is_string(found) && mr_span_is(v->whole, json_string_value(found));
    }
    return false;
}

static bool probe_value(void *arg, const json_t *found) {
    const probe *at = arg;
    for (size_t i = 0; i < at->c->n; i++)
        if (value_matches(at->s, at->c->param, &at->c->values[i], found)) return true;
    return false;
}

bool mr_sb_matches(const mr_sandbox *s, const mr_sb_search *q, mr_sb_version *v) {
    for (size_t i = 0; i < q->n_conditions; i++) {
        probe at = {s, &q->conditions[i]};
        if (!mr_sb_walk(mr_sb_json(v), at.c->param->paths, probe_value, &at)) return false;
    }
    return true;
}

/* --- running --- */

/* The condition is answered by the index of patients: every value names one. */
static bool is_of_patients(const condition *c) {
    const char *paths = c->param->paths;
    bool indexed = strcmp(paths, "subject") == 0 || strcmp(paths, "patient") == 0 || strcmp(paths, "for") == 0;
    for (size_t i = 0; indexed && i < c->n; i++) indexed = mr_span_is(c->values[i].ref_type, "Patient");
    return indexed;
}

typedef struct row {
    mr_sb_resource *resource;
    int64_t keys[MAX_SORTS];
} row;

typedef struct rows {
    row *items;
    size_t n, room;
} rows;

typedef struct bound {
    bool found, greatest;
    int64_t ms;
} bound;

static bool widen_bound(void *arg, const json_t *found) {
    bound *b = arg;
    mr_sb_span_ms when;
    if (!mr_sb_date_of(found, &when)) return false;
    int64_t ms = b->greatest ? when.hi : when.lo;
    if (!b->found || (b->greatest ? ms > b->ms : ms < b->ms)) b->ms = ms;
    b->found = true;
    return false;
}

/* Ascending order of keys is the order of results; what has no date comes last. */
static int64_t key_of(const sort_key *sort, mr_sb_version *v) {
    bound b = {sort->param == NULL, sort->descending, v->updated_ms};
    if (sort->param != NULL) mr_sb_walk(mr_sb_json(v), sort->param->paths, widen_bound, &b);
    if (!b.found || b.ms == INT64_MIN) return INT64_MAX;
    return sort->descending ? -b.ms : b.ms;
}

static void consider(const mr_sandbox *s, const mr_sb_search *q, mr_sb_resource *r, rows *out) {
    mr_sb_version *v = r == NULL ? NULL : mr_sb_current(r);
    if (v == NULL || r->type != q->type || !mr_sb_matches(s, q, v)) return;
    if (out->n == out->room) {
        out->room = out->room == 0 ? 16 : out->room * 2;
        out->items = realloc(out->items, out->room * sizeof *out->items);
        MR_REQUIRE(out->items != NULL);
    }
    row *at = &out->items[out->n++];
    *at = (row){.resource = r};
    for (size_t i = 0; i < q->n_sorts; i++) at->keys[i] = key_of(&q->sorts[i], v);
}

static int by_keys(const void *a, const void *b) {
    const row *x = a, *y = b;
    for (size_t i = 0; i < MAX_SORTS; i++)
        if (x->keys[i] != y->keys[i]) return x->keys[i] < y->keys[i] ? -1 : 1;
    return x->resource->serial < y->resource->serial ? -1 : x->resource->serial > y->resource->serial;
}

static void gather(const mr_sandbox *s, const mr_sb_search *q, rows *out) {
    const condition *by_id = NULL, *by_patient = NULL;
    for (size_t i = 0; i < q->n_conditions; i++) {
        if (strcmp(q->conditions[i].param->name, "_id") == 0) by_id = &q->conditions[i];
        if (is_of_patients(&q->conditions[i])) by_patient = &q->conditions[i];
    }
    if (by_id != NULL) {
        for (size_t i = 0; i < by_id->n; i++) consider(s, q, mr_sb_find(s, q->type, by_id->values[i].code), out);
    } else if (by_patient != NULL) {
        for (size_t i = 0; i < by_patient->n; i++) {
            const mr_sb_list *of = mr_sb_of_patient(s, by_patient->values[i].ref_id);
            for (size_t k = 0; of != NULL && k < of->n; k++) consider(s, q, of->items[k], out);
        }
    } else {
        size_t place = 0;
        (void)mr_sb_type(mr_span_of(q->type), &place); /* of the table */
        for (size_t k = 0; k < s->by_type[place].n; k++) consider(s, q, s->by_type[place].items[k], out);
    }
}

void mr_sb_search_run(const mr_sandbox *s, const mr_sb_search *q, mr_sb_list *ret) {
    rows found = {0};
    gather(s, q, &found);
    if (found.n > 1) qsort(found.items, found.n, sizeof *found.items, by_keys);
    for (size_t i = 0; i < found.n; i++) /* the same id or patient asked for twice gives the same row twice */
        if (i == 0 || found.items[i].resource != found.items[i - 1].resource) mr_sb_push(ret, found.items[i].resource);
    free(found.items);
}

int mr_sb_select(const mr_sandbox *s, const char *type, mr_span query, size_t *ret_n, mr_sb_resource **ret,
                 mr_sb_problem *p) {
    mr_sb_args args = {0};
    mr_sb_search *q = NULL;
    mr_sb_list found = {0};
    int status = mr_sb_args_parse(query, &args, p);
    if (status == 0) status = mr_sb_search_new(s, type, &args, (mr_sb_search_how){.conditional = true}, &q, p);
    if (status == 0 && mr_sb_search_is_open(q))
        status = mr_sb_refuse(p, 412, "incomplete", "a conditional request needs search parameters");
    if (status == 0) {
        mr_sb_search_run(s, q, &found);
        *ret_n = found.n;
        *ret = found.n > 0 ? found.items[0] : NULL;
    }
    free(found.items);
    mr_sb_search_free(q);
    mr_sb_args_free(&args);
    return status;
}

/* --- including --- */

typedef struct including {
    const mr_sandbox *s;
    const include *include;
    mr_sb_list *seen;
} including;

static bool include_one(void *arg, const json_t *found) {
    const including *in = arg;
    const char *text = mr_sb_string(found, "reference");
    mr_span type, id;
    if (text == NULL || !mr_sb_reference(in->s, mr_span_of(text), &type, &id)) return false;
    if (in->include->target.ptr != NULL && !mr_span_eq(in->include->target, type)) return false;
    mr_sb_resource *r = mr_sb_find(in->s, mr_sb_type(type, NULL), id);
    if (r == NULL || mr_sb_current(r) == NULL) return false;
    for (size_t i = 0; i < in->seen->n; i++)
        if (in->seen->items[i] == r) return false;
    mr_sb_push(in->seen, r);
    return false;
}

void mr_sb_search_include(const mr_sandbox *s, const mr_sb_search *q, mr_sb_version *v, mr_sb_list *seen) {
    for (size_t i = 0; i < q->n_includes; i++) {
        including in = {s, &q->includes[i], seen};
        mr_sb_walk(mr_sb_json(v), q->includes[i].param->paths, include_one, &in);
    }
}
