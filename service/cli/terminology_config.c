/* --config for the terminology commands: which index the service is configured with. */
#include "terminology_parts.h"

#include "review_parts.h"

#include "medreview/codec/json_view.h"

#include <stdlib.h>

/* "terminology.index" as nested objects, or as one name with a dot. */
static mr_rc read_text(mr_json root, const char *section, const char *name, const char *dotted, mr_arena *a,
                       mr_span *ret, mr_error *err) {
    mr_json v = mr_json_get(mr_json_get(root, section), name);
    if (mr_json_kind_of(v) == MR_J_NONE) v = mr_json_get(root, dotted);
    if (mr_json_kind_of(v) == MR_J_NONE) return MR_OK;
    mr_span s = mr_json_string(v);
    if (!s.ptr) return mr_fail(err, MR_INVALID, "%s: expected a text", dotted);
    return mr_arena_dup(a, s, ret) ? MR_OK : mr_arena_why(a, err);
}

static mr_rc read_keys(mr_json root, mr_term_config *c, mr_error *err) {
    if (mr_json_kind_of(root) != MR_J_OBJECT) return mr_fail(err, MR_INVALID, "not a JSON object");
    mr_rc rc = read_text(root, "terminology", "index", "terminology.index", c->arena, &c->index, err);
    return rc ? rc : read_text(root, "knowledge", "dir", "knowledge.dir", c->arena, &c->knowledge_dir, err);
}

mr_rc mr_term_config_read(const char *path, mr_term_config *ret, mr_error *err) {
    mr_term_config c = {.arena = mr_arena_new(1 << 20)};
    size_t n;
    mr_rc rc = MR_IO;
    mr_json root;
    mr_json_doc *doc = mr_json_doc_new();
    FILE *f = fopen(path, "rb");
    char *bytes = f ? mr_read_all(f, &n, &rc) : NULL;
    if (f) (void)fclose(f); /* only read from */
    if (!c.arena || !doc)
        rc = mr_fail(err, MR_NOMEM, "out of memory");
    else if (!bytes)
        rc = mr_fail(err, rc, "cannot be read");
    else if (mr_json_parse(doc, (mr_span){bytes, n}, true, &root, err) != MR_OK)
        rc = mr_fail(err, MR_INVALID, "not JSON");
    else
        rc = read_keys(root, &c, err);
    mr_json_doc_free(doc);
    free(bytes);
    if (rc == MR_OK)
        *ret = c;
    else
        mr_arena_free(c.arena);
    return rc;
}
