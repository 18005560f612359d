/* GET /fhir/PlanDefinition, /fhir/ValueSet and /fhir/StructureDefinition: the knowledge that reviews of this moment run
 * on, in FHIR. Search pages are small and bounded; nothing is asked of the store. */
#include "service_parts.h"

#include "medreview/codec/fhir_notice.h"
#include "medreview/review/fhir_basis.h"

#include <stdio.h>
#include <string.h>

enum { PAGE = 20, MOST = 100, OFFSET_MOST = 1000000, ANSWER_BYTES = 64 << 20 };

/* ---- one kind of resource, listed: what is made of the packs first, then what is linked in ---- */

typedef struct shelf {
    const char *type;
    const mr_fhir_knowledge *k;
    size_t (*made)(const mr_fhir_knowledge *k); /* NULL: none */
    void (*make)(mr_jw *w, const char *name, const mr_fhir_knowledge *k, size_t at);
    void (*id_of)(const mr_fhir_knowledge *k, size_t at, char out[MR_FHIR_GROUP_ID]);
} shelf;

static size_t rules_made(const mr_fhir_knowledge *k) {
    return k->rules->n_rules;
}

static void rule_make(mr_jw *w, const char *name, const mr_fhir_knowledge *k, size_t at) {
    mr_fhir_plan_definition(w, name, k, &k->rules->rules[at]);
}

static void rule_id(const mr_fhir_knowledge *k, size_t at, char out[MR_FHIR_GROUP_ID]) {
    (void)snprintf(out, MR_FHIR_GROUP_ID, "%.*s", MR_SPAN_ARG(k->rules->rules[at].id));
}

static size_t groups_made(const mr_fhir_knowledge *k) {
    return k->rules->n_groups;
}

static void group_make(mr_jw *w, const char *name, const mr_fhir_knowledge *k, size_t at) {
    mr_fhir_group_value_set(w, name, k, &k->rules->groups[at]);
}

static void group_id(const mr_fhir_knowledge *k, size_t at, char out[MR_FHIR_GROUP_ID]) {
    mr_fhir_group_id(&k->rules->groups[at], out);
}

static size_t n_made(const shelf *s) {
    return s->made ? s->made(s->k) : 0;
}

static size_t n_all(const shelf *s) {
    mr_fhir_profile p;
    size_t n = 0;
    while (mr_fhir_profile_at(s->type, n, &p)) n++;
    return n_made(s) + n;
}

static void id_at(const shelf *s, size_t at, char out[MR_FHIR_GROUP_ID]) {
    mr_fhir_profile p;
    out[0] = 0;
    if (at < n_made(s))
        s->id_of(s->k, at, out);
    else if (mr_fhir_profile_at(s->type, at - n_made(s), &p))
        (void)snprintf(out, MR_FHIR_GROUP_ID, "%.*s", MR_SPAN_ARG(p.id));
}

static void write_at(mr_jw *w, const char *name, const shelf *s, size_t at) {
    mr_fhir_profile p;
    if (at < n_made(s)) {
        s->make(w, name, s->k, at);
        return;
    }
    mr_buf text;
    mr_buf_init(&text, ANSWER_BYTES);
    if (mr_fhir_profile_at(s->type, at - n_made(s), &p)) mr_fhir_profile_write(&p, s->k->base_uri, &text);
    if (text.rc == MR_OK)
        mr_jw_raw(w, name, mr_buf_span(&text));
    else
        w->out->rc = text.rc;
    mr_buf_free(&text);
}

/* ---- answers ---- */

static void answer(const call *c, const mr_buf *body) {
    static const char *const headers[] = {"Cache-Control: no-store", "X-Content-Type-Options: nosniff", NULL};
    if (body->rc == MR_OK)
        mr_http_reply(c->service->http, c->to, 200, "application/fhir+json", headers, mr_buf_span(body));
    else
        reply_outcome(c->service, c->to, 503, "transient", "memory is short; ask again, for fewer with _count");
}

typedef struct page {
    size_t count, offset;
    char id[80];
    bool by_id;
} page;

static void link_to(mr_jw *w, const char *relation, const char *type, const page *p, size_t offset) {
    char url[240];
    int n = snprintf(url, sizeof url, "%s?_count=%zu&_offset=%zu", type, p->count, offset);
    if (p->by_id && n > 0) (void)snprintf(url + n, sizeof url - (size_t)n, "&_id=%s", p->id);
    mr_jw_object(w, NULL);
    mr_jw_z(w, "relation", relation);
    mr_jw_z(w, "url", url);
    mr_jw_end(w);
}

static void entry(mr_jw *w, const shelf *s, size_t at) {
    char id[MR_FHIR_GROUP_ID], url[MR_FHIR_GROUP_ID + 300];
    id_at(s, at, id);
    (void)snprintf(url, sizeof url, "%.*s/%s/%s", MR_SPAN_ARG(s->k->base_uri), s->type, id);
    mr_jw_object(w, NULL);
    mr_jw_z(w, "fullUrl", url);
    write_at(w, "resource", s, at);
    mr_jw_object(w, "search");
    mr_jw_z(w, "mode", "match");
    mr_jw_end(w);
    mr_jw_end(w);
}

static bool find(const shelf *s, const char *id, size_t *ret_at) {
    char have[MR_FHIR_GROUP_ID];
    size_t n = n_all(s);
    for (size_t i = 0; i < n; i++) {
        id_at(s, i, have);
        if (strcmp(have, id) != 0) continue;
        *ret_at = i;
        return true;
    }
    return false;
}

static void search(const call *c, const shelf *s, const page *p) {
    size_t from = p->offset, total = n_all(s), to;
    if (p->by_id) {
        bool found = find(s, p->id, &from);
        total = found;
        to = found ? from + 1 : from;
    } else {
        if (from > total) from = total;
        to = total - from < p->count ? total : from + p->count;
    }
    mr_buf body;
    mr_jw w;
    mr_buf_init(&body, ANSWER_BYTES);
    mr_jw_begin(&w, &body);
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "resourceType", "Bundle");
    mr_jw_z(&w, "type", "searchset");
    mr_jw_int(&w, "total", (int64_t)total);
    mr_jw_array(&w, "link");
    link_to(&w, "self", s->type, p, p->offset);
    if (!p->by_id && p->count && to < total) link_to(&w, "next", s->type, p, to);
    mr_jw_end(&w);
    if (from < to) { /* FHIR has no empty arrays */
        mr_jw_array(&w, "entry");
        for (size_t i = from; i < to; i++) entry(&w, s, i);
        mr_jw_end(&w);
    }
    mr_jw_end(&w);
    answer(c, &body);
    mr_buf_free(&body);
}

static void read_one(const call *c, const shelf *s) {
    size_t at;
    mr_buf body;
    mr_jw w;
    if (!find(s, c->id, &at)) {
        reply_outcome(c->service, c->to, 404, "not-found", "there is none of that id; a search of the type lists them");
        return;
    }
    mr_buf_init(&body, ANSWER_BYTES);
    mr_jw_begin(&w, &body);
    write_at(&w, NULL, s, at);
    answer(c, &body);
    mr_buf_free(&body);
}

/* ---- what is asked ---- */

static bool number(const call *c, const char *name, size_t fallback, size_t most, size_t *ret) {
    char text[24];
    uint64_t n;
    *ret = fallback;
    if (!mr_request_param(c->req, name, text, sizeof text)) return true;
    if (!mr_span_u64(mr_span_of(text), &n) || (n > most && strcmp(name, "_count") != 0)) {
        char what[120];
        (void)snprintf(what, sizeof what, "the parameter %s is a number, up to %zu", name, most);
        reply_outcome(c->service, c->to, 400, "value", what);
        return false;
    }
    *ret = n > most ? most : (size_t)n; /* a server may give fewer than _count asks for */
    return true;
}

/* A filter that is passed over would make its answer say more than it holds: only what is known is taken. */
static bool known_parameters(const call *c) {
    static const char *const known[] = {"_count", "_offset", "_id", "_format"};
    mr_span rest = c->req->query, one, name, value;
    for (bool more = rest.len != 0; more;) {
        more = mr_span_split(rest, '&', &one, &rest);
        mr_span_split(one, '=', &name, &value);
        bool ok = name.len == 0;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) ok = ok || mr_span_is(name, known[i]);
        if (ok) continue;
        reply_outcome(c->service, c->to, 400, "not-supported", "the parameters are _count, _offset and _id");
        return false;
    }
    return true;
}

static void serve(const call *c, shelf s) {
    mr_review_settings settings;
    service_review_settings(c->service, &settings);
    const mr_review_knowledge *k = mr_basis_knowledge(c->service->basis);
    mr_fhir_knowledge of = mr_fhir_basis(k->rules, k->terminology, settings.site.base_uri);
    s.k = &of;
    if (c->id[0]) {
        read_one(c, &s);
        return;
    }
    page p = {.count = 0};
    if (!known_parameters(c) || !number(c, "_count", PAGE, MOST, &p.count) ||
        !number(c, "_offset", 0, OFFSET_MOST, &p.offset))
        return;
    p.by_id = mr_request_param(c->req, "_id", p.id, sizeof p.id);
    if (p.by_id && !mr_fhir_id_valid(mr_span_of(p.id))) {
        reply_outcome(c->service, c->to, 400, "value", "the parameter _id is one FHIR id");
        return;
    }
    search(c, &s, &p);
}

void handle_plan_definition(const call *c) {
    serve(c, (shelf){.type = "PlanDefinition", .made = rules_made, .make = rule_make, .id_of = rule_id});
}

void handle_value_set(const call *c) {
    serve(c, (shelf){.type = "ValueSet", .made = groups_made, .make = group_make, .id_of = group_id});
}

void handle_structure_definition(const call *c) {
    serve(c, (shelf){.type = "StructureDefinition"});
}

/* rest.resource of the CapabilityStatement. */
void knowledge_capabilities(mr_jw *w) {
    static const char *const types[] = {"PlanDefinition", "StructureDefinition", "ValueSet"};
    static const char *const does[] = {"read", "search-type"};
    mr_jw_array(w, "resource");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        mr_jw_object(w, NULL);
        mr_jw_z(w, "type", types[i]);
        mr_jw_array(w, "interaction");
        for (size_t d = 0; d < sizeof does / sizeof *does; d++) {
            mr_jw_object(w, NULL);
            mr_jw_z(w, "code", does[d]);
            mr_jw_end(w);
        }
        mr_jw_end(w);
        mr_jw_array(w, "searchParam");
        mr_jw_object(w, NULL);
        mr_jw_z(w, "name", "_id");
        mr_jw_z(w, "type", "token");
        mr_jw_end(w);
        mr_jw_end(w);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}
