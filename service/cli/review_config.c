/* --config: the part of the service's configuration file that also bears on an offline review. */
#include "review_parts.h"

#include "medreview/codec/json_view.h"

#include <stdlib.h>
#include <string.h>

char *mr_read_all(FILE *f, size_t *ret_len, mr_rc *ret_rc) {
    size_t len = 0, room = 1 << 16;
    char *text = malloc(room + 64);
    while (text) {
        len += fread(text + len, 1, room - len, f);
        if (len < room) break;
        char *more = room < SIZE_MAX / 4 ? realloc(text, room * 2 + 64) : NULL;
        if (!more) free(text);
        text = more;
        room *= 2;
    }
    *ret_rc = !text ? MR_NOMEM : ferror(f) ? MR_IO : MR_OK;
    if (*ret_rc) {
        free(text);
        return NULL;
    }
    memset(text + len, 0, 64);
    *ret_len = len;
    return text;
}

/* "knowledge.dir" as nested objects, or as one name with a dot. */
static mr_json find(mr_json root, const char *section, const char *name, const char *dotted) {
    mr_json v = mr_json_get(mr_json_get(root, section), name);
    return mr_json_kind_of(v) == MR_J_NONE ? mr_json_get(root, dotted) : v;
}

typedef struct reading {
    mr_review_config *c;
    mr_json root;
    mr_rc rc;
    mr_error *err;
} reading;

static void bad(reading *r, const char *key, const char *expected) {
    if (!r->rc) r->rc = mr_fail(r->err, MR_INVALID, "%s: expected %s", key, expected);
}

static void text(reading *r, mr_json v, const char *key, mr_span *ret) {
    mr_span s = mr_json_string(v);
    if (mr_json_kind_of(v) == MR_J_NONE || (s.ptr && !s.len)) return;
    if (!s.ptr || !mr_arena_dup(r->c->arena, s, ret)) bad(r, key, "a text");
}

static void list(reading *r, mr_json v, const char *key, mr_span **ret, size_t *ret_n) {
    size_t n = 0, room = mr_json_size(v);
    if (mr_json_kind_of(v) == MR_J_NONE) return;
    *ret = MR_NEW_N(r->c->arena, mr_span, room + 1);
    if (mr_json_kind_of(v) != MR_J_ARRAY || !*ret) bad(r, key, "a list of rule ids");
    for (mr_json_iter it = mr_json_begin(v); !r->rc && mr_json_next(&it);)
        if (!mr_json_string(it.value).ptr || !mr_arena_dup(r->c->arena, mr_json_string(it.value), &(*ret)[n++]))
            bad(r, key, "a list of rule ids");
    *ret_n = n;
}

static void numbers(reading *r) {
    mr_span as_of = MR_SPAN_NONE;
    mr_json draft = find(r->root, "knowledge", "include_draft", "knowledge.include_draft");
    mr_json days = find(r->root, "suppress", "days", "suppress.days");
    int64_t n;
    if (mr_json_kind_of(draft) != MR_J_NONE && !mr_json_bool(draft, &r->c->include_draft))
        bad(r, "knowledge.include_draft", "true or false");
    if (mr_json_kind_of(days) != MR_J_NONE) {
        if (mr_json_int(days, &n) && n >= 1 && n <= 3650)
            r->c->suppress_days = (unsigned)n;
        else
            bad(r, "suppress.days", "1 to 3650");
    }
    text(r, find(r->root, "clock", "as_of", "clock.as_of"), "clock.as_of", &as_of);
    if (as_of.len && !mr_day_parse(as_of, &r->c->as_of)) bad(r, "clock.as_of", "YYYY-MM-DD");
    r->c->has_as_of = as_of.len != 0;
}

static mr_rc keys(mr_review_config *c, mr_json root, mr_error *err) {
    reading r = {.c = c, .root = root, .err = err};
    if (mr_json_kind_of(root) != MR_J_OBJECT) return mr_fail(err, MR_INVALID, "not a JSON object");
    text(&r, find(root, "knowledge", "dir", "knowledge.dir"), "knowledge.dir", &c->knowledge_dir);
    text(&r, find(root, "terminology", "index", "terminology.index"), "terminology.index", &c->terminology_index);
    text(&r, find(root, "terminology", "codes", "terminology.codes"), "terminology.codes", &c->terminology_codes);
    text(&r, find(root, "site", "id", "site.id"), "site.id", &c->site_id);
    text(&r, find(root, "site", "base_uri", "site.base_uri"), "site.base_uri", &c->base_uri);
    text(&r, find(root, "task", "intent", "task.intent"), "task.intent", &c->task_intent);
    list(&r, find(root, "knowledge", "disabled", "knowledge.disabled"), "knowledge.disabled", &c->disabled,
         &c->n_disabled);
    list(&r, find(root, "knowledge", "withdrawn", "knowledge.withdrawn"), "knowledge.withdrawn", &c->withdrawn,
         &c->n_withdrawn);
    numbers(&r);
    return r.rc;
}

mr_rc mr_review_config_read(const char *path, mr_review_config *ret, mr_error *err) {
    mr_review_config c = {.arena = mr_arena_new(1 << 20)};
    size_t len;
    mr_rc rc = MR_IO;
    mr_json root;
    mr_json_doc *doc = mr_json_doc_new();
    FILE *f = fopen(path, "rb");
    char *bytes = f ? mr_read_all(f, &len, &rc) : NULL;
    if (f) (void)fclose(f); /* only read from */
    if (!c.arena || !doc)
        rc = mr_fail(err, MR_NOMEM, "out of memory");
    else if (!bytes)
        rc = mr_fail(err, rc, "cannot be read");
    else if (mr_json_parse(doc, (mr_span){bytes, len}, true, &root, err))
        rc = mr_fail(err, MR_INVALID, "not a JSON object");
    else
        rc = keys(&c, root, err);
    mr_json_doc_free(doc);
    free(bytes);
    if (rc)
        mr_review_config_free(&c);
    else
        *ret = c;
    return rc;
}

void mr_review_config_free(mr_review_config *c) {
    mr_arena_free(c->arena);
    *c = (mr_review_config){.arena = NULL};
}
