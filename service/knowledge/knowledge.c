/* Where packs come from: the files linked into the binary, and a site's directory or files in memory on top of them. */
#include "medreview/knowledge/knowledge.h"

#include "folder.h"
#include "pack.h"

#include "medreview/base/embedded.h"
#include "medreview/base/sha256.h"

enum { KNOWLEDGE_BYTES = 256u << 20 }; /* the shipped packs take some 2 MB; this bounds a folder that is no pack */

struct mr_knowledge {
    mr_arena *arena;
    mr_ruleset rules;
};

const mr_ruleset *mr_knowledge_rules(const mr_knowledge *k) {
    return &k->rules;
}

void mr_knowledge_free(mr_knowledge *k) {
    if (k) mr_arena_free(k->arena); /* k lives in it */
}

static bool replaced(const char *name, const mr_knowledge_file *files, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_eq(mr_span_of(name), mr_span_of(files[i].name))) return true;
    return false;
}

static void read_all(mr_pack *p, const mr_knowledge_file *files, size_t n, bool only_files) {
    for (const mr_embedded *e = mr_embedded_knowledge; e->name; e++)
        if (!replaced(e->name, files, n)) mr_pack_read(p, mr_span_of(e->name), mr_embedded_bytes(e), false, only_files);
    for (size_t i = 0; i < n && p->rc == MR_OK; i++) {
        mr_span name, bytes;
        if (!mr_arena_dup(p->arena, mr_span_of(files[i].name), &name) ||
            !mr_arena_dup(p->arena, files[i].bytes, &bytes)) {
            mr_pack_out_of_room(p);
            return;
        }
        mr_pack_read(p, name, bytes.ptr ? bytes : MR_SPAN(""), true, false);
    }
}

/* A site's files change what is known, so they change its version: "2026.11+site.1f0a2b3c". */
static void mark_version(mr_pack *p, const mr_knowledge_file *files, size_t n) {
    if (n == 0 || p->rc != MR_OK) return;
    mr_sha256 sum;
    mr_sha256_begin(&sum);
    for (size_t i = 0; i < n; i++) {
        mr_span name = mr_span_of(files[i].name);
        mr_sha256_add(&sum, name.ptr, name.len + 1); /* with its zero, which no name holds */
        mr_sha256_add(&sum, files[i].bytes.ptr, files[i].bytes.len);
        mr_sha256_add(&sum, "", 1);
    }
    uint8_t digest[32];
    mr_sha256_end(&sum, digest);
    p->rules->version = mr_arena_printf(p->arena, "%.*s+site.%02x%02x%02x%02x", MR_SPAN_ARG(p->rules->version),
                                        digest[0], digest[1], digest[2], digest[3]);
    if (!p->rules->version.ptr) mr_pack_out_of_room(p);
}

/* The same for a site's codes, whichever file or index they came from: "2026.11+codes.9c1d0e4f". */
static void mark_codes(mr_pack *p) {
    size_t n = 0;
    mr_sha256 sum;
    mr_sha256_begin(&sum);
    for (size_t i = 0; i < p->n_sets; i++)
        for (size_t k = 0; p->sets[i] && k < p->sets[i]->n_sets; k++, n++)
            mr_pack_sum_codes(&p->sets[i]->sets[k], &sum);
    if (n == 0 || p->rc != MR_OK) return;
    uint8_t digest[32];
    mr_sha256_end(&sum, digest);
    p->rules->version = mr_arena_printf(p->arena, "%.*s+codes.%02x%02x%02x%02x", MR_SPAN_ARG(p->rules->version),
                                        digest[0], digest[1], digest[2], digest[3]);
    if (!p->rules->version.ptr) mr_pack_out_of_room(p);
}

/* What is put on top of the shipped packs. */
typedef struct site {
    const mr_knowledge_file *files;
    size_t n;
    bool only_files, examples;
    const mr_code_sets *const *codes;
    size_t n_codes;
} site;

static mr_rc build(mr_knowledge *k, const site *s, mr_buf *complaints, mr_error *err) {
    mr_complaints c = {.out = complaints};
    mr_pack p = {.arena = k->arena, .complaints = &c, .rules = &k->rules, .rc = MR_OK, .err = err};
    p.sets = s->codes;
    p.n_sets = s->n_codes;
    p.examples = s->examples;
    read_all(&p, s->files, s->n, s->only_files);
    mr_pack_finish(&p);
    mark_version(&p, s->files, s->n);
    mark_codes(&p);
    if (p.rc != MR_OK) return p.rc;
    if (complaints && complaints->rc != MR_OK) return mr_buf_why(complaints, err);
    if (c.n) return mr_fail(err, MR_MALFORMED, "%zu %s in the knowledge packs", c.n, c.n == 1 ? "fault" : "faults");
    return MR_OK;
}

static mr_rc load(const site *s, mr_knowledge **ret, mr_buf *complaints, mr_error *err) {
    mr_arena *arena = mr_arena_new(KNOWLEDGE_BYTES);
    if (!arena) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_knowledge *k = MR_NEW(arena, mr_knowledge);
    mr_rc rc = k ? MR_OK : mr_arena_why(arena, err);
    if (rc == MR_OK) {
        k->arena = arena;
        rc = build(k, s, complaints, err);
    }
    if (rc == MR_OK)
        *ret = k;
    else
        mr_arena_free(arena);
    return rc;
}

mr_rc mr_knowledge_load_files(const mr_knowledge_file *files, size_t n, bool only_files, mr_knowledge **ret,
                              mr_buf *complaints, mr_error *err) {
    return load(&(site){.files = files, .n = n, .only_files = only_files, .examples = true}, ret, complaints, err);
}

mr_rc mr_knowledge_load(const mr_knowledge_options *options, mr_knowledge **ret, mr_buf *complaints, mr_error *err) {
    site s = {.examples = true};
    if (options) s = (site){.codes = options->codes, .n_codes = options->n_codes, .examples = options->examples};
    if (!options || !options->dir) return load(&s, ret, complaints, err);
    mr_folder folder;
    mr_rc rc = mr_folder_read(options->dir, &folder, err);
    if (rc != MR_OK) return rc;
    s.files = folder.files;
    s.n = folder.n;
    s.only_files = options->only_dir;
    rc = load(&s, ret, complaints, err);
    mr_folder_free(&folder);
    return rc;
}
