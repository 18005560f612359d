/* YAML to tree, over libyaml's events: the only file that knows libyaml.
 *
 * Happy path: stream, one document, one map, end. Ways to fail: bytes that are no YAML (one complaint, no tree, since
 * libyaml cannot go on); what the subset leaves out (a complaint each, and the tree goes on without it); too deep. */
#include "yaml_tree.h"

#include "medreview/base/limits.h"

#include <string.h>
#include <yaml.h>

enum { MOST_DEPTH = 16 }; /* packs nest 6 deep */

typedef struct reader {
    yaml_parser_t parser;
    mr_place at;
    mr_arena *arena;
    mr_complaints *complaints;
    const char *without; /* a key that nobody asks for; NULL: none */
    mr_error *err;
    bool broken; /* libyaml has given up */
} reader;

static unsigned line_of(yaml_mark_t m) {
    return (unsigned)m.line + 1;
}

static void complain(reader *r, unsigned line, const char *reason) {
    mr_place at = r->at;
    at.line = line;
    mr_complain(r->complaints, at, "%s", reason);
}

static bool next_event(reader *r, yaml_event_t *ret) {
    if (yaml_parser_parse(&r->parser, ret)) return true;
    if (r->parser.error == YAML_MEMORY_ERROR) {
        r->broken = true;
        (void)mr_fail(r->err, MR_NOMEM, "%.*s: out of memory", MR_SPAN_ARG(r->at.file));
        return false;
    }
    unsigned line = line_of(r->parser.problem_mark);
    mr_place at = r->at;
    at.line = line;
    mr_complain(r->complaints, at, "no YAML: %s%s%s", r->parser.problem ? r->parser.problem : "unreadable",
                r->parser.context ? ", " : "", r->parser.context ? r->parser.context : "");
    r->broken = true;
    return false;
}

static mr_rc node_of(reader *r, mr_yaml_kind kind, const yaml_event_t *e, mr_yaml **ret) {
    mr_yaml *n = MR_NEW(r->arena, mr_yaml);
    if (!n) return mr_arena_why(r->arena, r->err);
    n->kind = kind;
    n->at = r->at;
    n->at.line = n->value_line = line_of(e->start_mark);
    n->last_line = n->value_line;
    *ret = n;
    return MR_OK;
}

static mr_rc read_value(reader *r, yaml_event_t *e, unsigned depth, mr_yaml **ret);

static void append(mr_yaml *parent, mr_yaml **last, mr_yaml *kid) {
    if (*last)
        (*last)->next = kid;
    else
        parent->first = kid;
    *last = kid;
    parent->n++;
    if (kid->last_line > parent->last_line) parent->last_line = kid->last_line;
}

static mr_rc read_list(reader *r, yaml_event_t *start, unsigned depth, mr_yaml **ret) {
    mr_yaml *list = NULL, *last = NULL;
    mr_rc rc = node_of(r, MR_YAML_LIST, start, &list);
    while (rc == MR_OK && !r->broken) {
        yaml_event_t e;
        if (!next_event(r, &e)) break;
        bool end = e.type == YAML_SEQUENCE_END_EVENT;
        mr_yaml *kid = NULL;
        if (!end) rc = read_value(r, &e, depth, &kid);
        if (kid) append(list, &last, kid);
        yaml_event_delete(&e);
        if (end) break;
    }
    if (rc == MR_OK) *ret = list;
    return rc;
}

/* A key must be a plain or quoted text. NULL in *ret after a complaint; the value is then read and dropped. */
static mr_rc read_key(reader *r, yaml_event_t *e, const mr_yaml *map, unsigned depth, mr_yaml **ret) {
    mr_yaml *key = NULL;
    mr_rc rc = read_value(r, e, depth, &key);
    if (rc != MR_OK || !key) return rc;
    if (key->kind != MR_YAML_TEXT || key->text.len == 0) {
        complain(r, key->at.line, "a key must be a text");
        return MR_OK;
    }
    for (const mr_yaml *m = map->first; m; m = m->next) {
        if (!mr_span_eq(m->key, key->text)) continue;
        mr_complain(r->complaints, key->at, "\"%.*s\" stands twice; first in line %u", MR_SPAN_ARG(key->text),
                    m->at.line);
        return MR_OK;
    }
    *ret = key;
    return MR_OK;
}

/* To the end of a value that is not kept. */
static void pass_over(reader *r, const yaml_event_t *first) {
    unsigned open = first->type == YAML_SEQUENCE_START_EVENT || first->type == YAML_MAPPING_START_EVENT;
    while (open) {
        yaml_event_t e;
        if (!next_event(r, &e)) return;
        open += e.type == YAML_SEQUENCE_START_EVENT || e.type == YAML_MAPPING_START_EVENT;
        open -= e.type == YAML_SEQUENCE_END_EVENT || e.type == YAML_MAPPING_END_EVENT;
        yaml_event_delete(&e);
    }
}

static mr_rc read_map(reader *r, yaml_event_t *start, unsigned depth, mr_yaml **ret) {
    mr_yaml *map = NULL, *last = NULL;
    mr_rc rc = node_of(r, MR_YAML_MAP, start, &map);
    while (rc == MR_OK && !r->broken) {
        yaml_event_t e;
        if (!next_event(r, &e)) break;
        bool end = e.type == YAML_MAPPING_END_EVENT;
        mr_yaml *key = NULL, *value = NULL;
        if (!end) rc = read_key(r, &e, map, depth, &key);
        yaml_event_delete(&e);
        if (end || rc != MR_OK || r->broken || !next_event(r, &e)) break;
        if (key && r->without && mr_span_is(key->text, r->without))
            pass_over(r, &e);
        else
            rc = read_value(r, &e, depth, &value);
        yaml_event_delete(&e);
        if (!key || !value) continue;
        value->key = key->text;
        value->at.line = key->at.line;
        append(map, &last, value);
    }
    if (rc == MR_OK) *ret = map;
    return rc;
}

static bool printable(mr_span s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 && s.ptr[i] != '\n') return false;
    return true;
}

static mr_rc read_text(reader *r, yaml_event_t *e, mr_yaml **ret) {
    mr_yaml *n = NULL;
    mr_rc rc = node_of(r, MR_YAML_TEXT, e, &n);
    if (rc != MR_OK) return rc;
    mr_span text = {(const char *)e->data.scalar.value, e->data.scalar.length};
    if (!mr_arena_dup(r->arena, text, &n->text)) return mr_arena_why(r->arena, r->err);
    n->block = e->data.scalar.style == YAML_LITERAL_SCALAR_STYLE || e->data.scalar.style == YAML_FOLDED_SCALAR_STYLE;
    if (n->block) n->text = mr_span_trim(n->text);
    /* libyaml's end mark of a block text stands at the next token, so its last line is at most one before. */
    n->last_line = line_of(e->end_mark);
    if (n->block && n->last_line > n->value_line) n->last_line--;
    if (!printable(n->text)) {
        complain(r, n->at.line, "a tab or control character in a text");
        return MR_OK;
    }
    *ret = n;
    return MR_OK;
}

static bool has_name(const yaml_event_t *e) {
    switch (e->type) {
    case YAML_SCALAR_EVENT: return e->data.scalar.anchor || e->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT: return e->data.sequence_start.anchor || e->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT: return e->data.mapping_start.anchor || e->data.mapping_start.tag;
    default: return false;
    }
}

/* *ret stays NULL when the value was complained about. */
static mr_rc read_value(reader *r, yaml_event_t *e, unsigned depth, mr_yaml **ret) {
    if (depth == MOST_DEPTH) {
        complain(r, line_of(e->start_mark), "nested too deep");
        r->broken = true;
        return MR_OK;
    }
    if (has_name(e)) complain(r, line_of(e->start_mark), "anchors (&) and tags (!) are not allowed in packs");
    switch (e->type) {
    case YAML_SCALAR_EVENT: return read_text(r, e, ret);
    case YAML_SEQUENCE_START_EVENT: return read_list(r, e, depth + 1, ret);
    case YAML_MAPPING_START_EVENT: return read_map(r, e, depth + 1, ret);
    case YAML_ALIAS_EVENT: complain(r, line_of(e->start_mark), "aliases (*) are not allowed in packs"); return MR_OK;
    default: return MR_OK;
    }
}

static mr_rc read_documents(reader *r, mr_yaml **ret) {
    mr_rc rc = MR_OK;
    unsigned documents = 0;
    for (bool more = true; more && rc == MR_OK && !r->broken;) {
        yaml_event_t e;
        if (!next_event(r, &e)) break;
        if (e.type == YAML_DOCUMENT_START_EVENT && ++documents == 2)
            complain(r, line_of(e.start_mark), "one document a file: a second one begins here");
        if (e.type == YAML_SCALAR_EVENT || e.type == YAML_SEQUENCE_START_EVENT || e.type == YAML_MAPPING_START_EVENT) {
            mr_yaml *root = NULL;
            rc = read_value(r, &e, 0, &root);
            if (documents == 1) *ret = root;
        }
        more = e.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
    }
    if (r->broken) *ret = NULL;
    return rc == MR_OK && r->broken && r->parser.error == YAML_MEMORY_ERROR ? MR_NOMEM : rc;
}

mr_rc mr_yaml_read(mr_place file, mr_span bytes, const char *without, mr_arena *a, mr_complaints *c, mr_yaml **ret,
                   mr_error *err) {
    reader r = {.at = file, .arena = a, .complaints = c, .without = without, .err = err};
    *ret = NULL;
    if (bytes.len > MR_MAX_PACK_BYTES) {
        complain(&r, 1, "the file is larger than a pack may be");
        return MR_OK;
    }
    if (!yaml_parser_initialize(&r.parser)) return mr_fail(err, MR_NOMEM, "out of memory");
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(bytes.ptr ? bytes.ptr : ""), bytes.len);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    mr_yaml *root = NULL;
    mr_rc rc = read_documents(&r, &root);
    yaml_parser_delete(&r.parser);
    if (rc == MR_OK) *ret = root;
    return rc;
}

mr_yaml *mr_yaml_get(const mr_yaml *map, const char *key) {
    if (!map || map->kind != MR_YAML_MAP) return NULL;
    for (mr_yaml *m = map->first; m; m = m->next)
        if (mr_span_is(m->key, key)) return m;
    return NULL;
}

const char *mr_yaml_kind_text(mr_yaml_kind kind) {
    static const char *const text[] = {[MR_YAML_TEXT] = "a text", [MR_YAML_LIST] = "a list", [MR_YAML_MAP] = "a map"};
    return text[kind];
}
