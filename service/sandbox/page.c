/* Answers that are lists: search results and histories, page by page.
 *
 * The first page of a long answer keeps the list (of resources, or of versions) under a token that nobody can guess
 * the form of; the next links name token and offset. The list does not change while somebody pages through it, so
 * nothing is missed or seen twice; what a page shows of a resource is its newest version then, as on HAPI, and what
 * was deleted meanwhile is left out. Lists expire after an hour, or when too many newer ones are kept: then 410. */
#include <stdlib.h>
#include <string.h>

#include "medreview/base/date.h"
#include "room.h"

struct mr_sb_page_set {
    char token[37];
    int64_t made_ms;
    mr_sb_list items;
    mr_sb_search *search; /* NULL: a history */
    mr_buf self;
    bool with_total;
};

static void set_free(mr_sb_page_set *set) {
    if (set == NULL) return;
    free(set->items.items);
    mr_sb_search_free(set->search);
    mr_buf_free(&set->self);
    free(set);
}

void mr_sb_pages_free(mr_sandbox *s) {
    for (size_t i = 0; i < s->pages.n; i++) set_free(s->pages.items[i]);
    free(s->pages.items);
    s->pages = (mr_sb_list){0};
}

static mr_sb_page_set *set_new(mr_sandbox *s, int64_t now_ms) {
    mr_sb_page_set *set = calloc(1, sizeof *set);
    MR_REQUIRE(set != NULL);
    mr_rand_uuid(&s->rand, set->token);
    set->made_ms = now_ms;
    set->with_total = true;
    mr_buf_init(&set->self, MR_SB_MAX_ANSWER_BYTES);
    return set;
}

static void write_link(mr_buf *out, const char *relation, const char *url) {
    mr_buf_printf(out, "{\"relation\":\"%s\",\"url\":", relation);
    mr_sb_json_string(out, url);
    mr_buf_addc(out, '}');
}

static void write_head(mr_sandbox *s, mr_sb_page_set *set, size_t from, size_t count, int64_t now_ms, mr_buf *out) {
    char id[37], at[MR_DATE_TEXT];
    mr_rand_uuid(&s->rand, id);
    mr_buf_printf(out, "{\"resourceType\":\"Bundle\",\"id\":\"%s\",\"meta\":{\"lastUpdated\":\"%s\"},\"type\":\"%s\"",
                  id, mr_instant_print_ms(now_ms > s->last_ms ? now_ms : s->last_ms, at),
                  set->search != NULL ? "searchset" : "history");
    if (set->with_total) mr_buf_printf(out, ",\"total\":%zu", set->items.n);
    mr_buf_adds(out, ",\"link\":[");
    write_link(out, "self", mr_buf_z(&set->self));
    if (count > 0 && set->items.n - from > count) {
        mr_buf next;
        mr_buf_init(&next, MR_SB_MAX_ANSWER_BYTES);
        mr_buf_printf(&next, "%s?_getpages=%s&_getpagesoffset=%zu&_count=%zu&_bundletype=%s", s->base, set->token,
                      from + count, count, set->search != NULL ? "searchset" : "history");
        mr_buf_addc(out, ',');
        write_link(out, "next", mr_buf_z(&next));
        mr_buf_free(&next);
    }
    mr_buf_addc(out, ']');
}

/* Only the elements asked for, marked as such. */
static void write_subset(const mr_sb_view *view, mr_sb_version *v, mr_buf *out) {
    json_t *whole = mr_sb_json(v), *part = json_object(), *meta = json_copy(json_object_get(whole, "meta"));
    json_t *tags = json_copy(json_object_get(meta, "tag"));
    if (tags == NULL) tags = json_array();
    MR_REQUIRE(part != NULL && meta != NULL && tags != NULL);
    json_array_append_new(tags,
                          json_pack("{ssss}", "system", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
                                    "code", "SUBSETTED"));
    json_object_set_new(meta, "tag", tags);
    json_object_set(part, "resourceType", json_object_get(whole, "resourceType"));
    json_object_set(part, "id", json_object_get(whole, "id"));
    json_object_set_new(part, "meta", meta);
    for (size_t i = 0; i < view->n_elements; i++) {
        json_t *value = json_object_get(whole, view->elements[i]);
        if (value != NULL && json_object_get(part, view->elements[i]) == NULL)
            json_object_set(part, view->elements[i], value);
    }
    char *text = json_dumps(part, JSON_COMPACT | JSON_REAL_PRECISION(15));
    MR_REQUIRE(text != NULL);
    mr_buf_adds(out, text);
    free(text);
    json_decref(part);
}

static void write_match(mr_sandbox *s, const mr_sb_view *view, const mr_sb_resource *r, const char *mode, mr_buf *out) {
    mr_sb_version *v = mr_sb_current(r);
    mr_buf_printf(out, "{\"fullUrl\":\"%s/%s/%s\",\"resource\":", s->base, r->type, r->id);
    if (view->n_elements > 0)
        write_subset(view, v, out);
    else
        mr_buf_add(out, v->text, v->len);
    mr_buf_printf(out, ",\"search\":{\"mode\":\"%s\"}}", mode);
}

static void write_matches(mr_sandbox *s, mr_sb_page_set *set, size_t from, size_t to, mr_buf *out) {
    mr_sb_view view = mr_sb_search_view(set->search);
    mr_sb_list shown = {0};
    for (size_t i = from; i < to; i++)
        if (mr_sb_current(set->items.items[i]) != NULL) mr_sb_push(&shown, set->items.items[i]);
    size_t n_matches = shown.n;
    for (size_t i = 0; i < n_matches; i++) mr_sb_search_include(s, set->search, mr_sb_current(shown.items[i]), &shown);
    for (size_t i = 0; i < shown.n; i++) {
        mr_buf_adds(out, i == 0 ? ",\"entry\":[" : ",");
        write_match(s, &view, shown.items[i], i < n_matches ? "match" : "include", out);
    }
    if (shown.n > 0) mr_buf_addc(out, ']');
    free(shown.items);
}

static void write_version(mr_sandbox *s, const mr_sb_version *v, mr_buf *out) {
    const mr_sb_resource *r = v->of;
    const char *method = v->deleted ? "DELETE" : v->created ? "POST" : "PUT";
    mr_buf_printf(out, "{\"fullUrl\":\"%s/%s/%s\"", s->base, r->type, r->id);
    if (!v->deleted) {
        mr_buf_adds(out, ",\"resource\":");
        mr_buf_add(out, v->text, v->len);
    }
    mr_buf_printf(out, ",\"request\":{\"method\":\"%s\",\"url\":\"%s/%s/_history/%s\"}", method, r->type, r->id, v->id);
    mr_buf_printf(out, ",\"response\":{\"status\":\"%s\",\"etag\":\"W/\\\"%s\\\"\"}}",
                  v->created ? "201 Created" : "200 OK", v->id);
}

static void write_page(mr_sandbox *s, mr_sb_page_set *set, size_t from, size_t count, int64_t now_ms, mr_buf *out) {
    size_t to = set->items.n - from > count ? from + count : set->items.n;
    write_head(s, set, from, count, now_ms, out);
    if (set->search != NULL) {
        write_matches(s, set, from, to, out);
    } else {
        for (size_t i = from; i < to; i++) {
            mr_buf_adds(out, i == from ? ",\"entry\":[" : ",");
            write_version(s, set->items.items[i], out);
        }
        if (to > from) mr_buf_addc(out, ']');
    }
    mr_buf_addc(out, '}');
}

/* Answers with the first page; keeps the list only when there is a second one. */
static void first_page(mr_sandbox *s, mr_sb_page_set *set, size_t count, int64_t now_ms, mr_buf *out) {
    write_page(s, set, 0, count, now_ms, out);
    if (count == 0 || set->items.n <= count) {
        set_free(set);
        return;
    }
    if (s->pages.n == MR_SB_MAX_PAGE_SETS) {
        set_free(s->pages.items[0]);
        memmove(s->pages.items, s->pages.items + 1, --s->pages.n * sizeof *s->pages.items);
    }
    mr_sb_push(&s->pages, set);
}

static void write_args(mr_buf *out, const mr_sb_args *args) {
    for (size_t i = 0; i < args->n; i++) {
        const mr_sb_arg *arg = &args->items[i];
        mr_buf_addc(out, i == 0 ? '?' : '&');
        mr_buf_adds(out, arg->name);
        if (arg->modifier[0] != '\0') mr_buf_printf(out, ":%s", arg->modifier);
        mr_buf_addc(out, '=');
        mr_sb_url_encode(out, arg->value);
    }
}

int mr_sb_page_search(mr_sandbox *s, const char *type, const mr_sb_args *args, mr_sb_search_how how, int64_t now_ms,
                      mr_buf *out, mr_sb_problem *p) {
    mr_sb_search *search;
    int status = mr_sb_search_new(s, type, args, how, &search, p);
    if (status != 0) return status;
    mr_sb_page_set *set = set_new(s, now_ms);
    set->search = search;
    mr_sb_search_run(s, search, &set->items);
    mr_buf_printf(&set->self, "%s/%s", s->base, type);
    if (how.by_post && s->quirks.as_hapi)
        mr_buf_adds(&set->self, "/_search");
    else
        write_args(&set->self, mr_sb_search_used(search));
    mr_sb_view view = mr_sb_search_view(search);
    first_page(s, set, view.count_only ? 0 : view.count, now_ms, out);
    return 200;
}

static int read_history_args(const mr_sb_args *args, size_t *ret_count, int64_t *ret_since_ms, mr_sb_problem *p) {
    for (size_t i = 0; i < args->n; i++) {
        const mr_sb_arg *arg = &args->items[i];
        mr_sb_span_ms when;
        uint64_t n;
        if (strcmp(arg->name, "_count") == 0 && mr_span_u64(mr_span_of(arg->value), &n) && n > 0) {
            *ret_count = n > MR_SB_PAGE_MAX ? MR_SB_PAGE_MAX : (size_t)n;
        } else if (strcmp(arg->name, "_since") == 0 && strchr(arg->value, 'T') != NULL &&
                   mr_sb_instant(mr_span_of(arg->value), &when)) {
            *ret_since_ms = when.lo;
        } else if (strcmp(arg->name, "_format") != 0 && strcmp(arg->name, "_pretty") != 0) {
            return mr_sb_refuse(p, 400, "invalid", "_history: parameter %.40s=%.60s", arg->name, arg->value);
        }
    }
    return 0;
}

int mr_sb_page_history(mr_sandbox *s, const char *type, const mr_sb_resource *of, const mr_sb_args *args,
                       int64_t now_ms, mr_buf *out, mr_sb_problem *p) {
    size_t count = MR_SB_PAGE_DEFAULT;
    int64_t since_ms = INT64_MIN;
    int status = read_history_args(args, &count, &since_ms, p);
    if (status != 0) return status;
    const mr_sb_list *all = of != NULL ? &of->versions : &s->log;
    mr_sb_page_set *set = set_new(s, now_ms);
    set->with_total = since_ms == INT64_MIN; /* HAPI counts only the whole history */
    for (size_t i = all->n; i-- > 0;) {
        mr_sb_version *v = all->items[i];
        if (v->updated_ms < since_ms) break; /* versions are in order of time */
        if (type == NULL || v->of->type == type) mr_sb_push(&set->items, v);
    }
    mr_buf_adds(&set->self, s->base);
    if (type != NULL) mr_buf_printf(&set->self, "/%s", type);
    if (of != NULL) mr_buf_printf(&set->self, "/%s", of->id);
    mr_buf_adds(&set->self, "/_history");
    write_args(&set->self, args);
    first_page(s, set, count, now_ms, out);
    return 200;
}

int mr_sb_page_next(mr_sandbox *s, const mr_sb_args *args, int64_t now_ms, mr_buf *out, mr_sb_problem *p) {
    const char *token = mr_sb_args_get(args, "_getpages"), *from = mr_sb_args_get(args, "_getpagesoffset"),
               *count = mr_sb_args_get(args, "_count");
    int64_t life_ms = s->quirks.page_life_ms > 0 ? s->quirks.page_life_ms : MR_SB_PAGE_LIFE_MS;
    uint64_t offset, n;
    if (!mr_span_u64(mr_span_of(from), &offset) || !mr_span_u64(mr_span_of(count), &n) || n == 0)
        return mr_sb_refuse(p, 400, "invalid", "a page link was changed on its way");
    for (size_t i = 0; i < s->pages.n; i++) {
        mr_sb_page_set *set = s->pages.items[i];
        if (strcmp(set->token, token) != 0 || now_ms - set->made_ms > life_ms) continue;
        if (offset > set->items.n) offset = set->items.n;
        write_page(s, set, (size_t)offset, n > MR_SB_PAGE_MAX ? MR_SB_PAGE_MAX : (size_t)n, now_ms, out);
        return 200;
    }
    return mr_sb_refuse(p, 410, "not-found", "Search ID \"%.40s\" does not exist and may have expired", token);
}
