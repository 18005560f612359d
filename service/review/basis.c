/* Knowledge, terminology and code sets opened as one. What a review runs on is never changed, only replaced as a whole:
 * a basis lives as long as somebody holds it, so a review ends on what it began with, whatever came since. */
#include "medreview/review/basis.h"

#include "medreview/review/classes.h"
#include "medreview/terminology/code_sets.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { STAMP_BYTES = 320, CODES_BYTES = 256 << 20 };

struct mr_basis {
    atomic_uint holders;
    mr_knowledge *knowledge; /* NULL: borrowed, as by mr_basis_borrow */
    mr_terminology *terminology;
    mr_classes *classes;
    mr_review_knowledge k;
    char stamp[STAMP_BYTES];
};

static mr_rc stamp_set(mr_basis *b, mr_error *err) {
    mr_buf text;
    mr_buf_init(&text, sizeof b->stamp);
    mr_buf_printf(&text, "%.*s|%s", MR_SPAN_ARG(b->k.rules->version), mr_terminology_version(b->k.terminology));
    const char *z = mr_buf_z(&text);
    size_t n = strlen(z);
    bool fits = n && n < sizeof b->stamp;
    if (fits) memcpy(b->stamp, z, n + 1);
    mr_buf_free(&text);
    return fits ? MR_OK : mr_fail(err, MR_LIMIT, "the names of the releases are longer than %d bytes", STAMP_BYTES);
}

/* A name that leads nowhere is a bad value of its key. */
static mr_rc fail_of_key(const char *key, mr_rc rc, mr_error *err) {
    if (!err) return rc;
    bool nowhere = rc == MR_IO && (err->detail == ENOENT || err->detail == ENOTDIR || err->detail == EACCES);
    (void)!mr_wrap(err, "%s", key);
    if (nowhere) err->rc = MR_INVALID;
    return nowhere ? MR_INVALID : rc;
}

static mr_rc open_terminology(const mr_basis_options *o, mr_basis *b, mr_error *err) {
    if (!o->terminology_file) return mr_terminology_builtin(&b->terminology, err);
    mr_rc rc = mr_terminology_open(o->terminology_file, &b->terminology, err);
    return rc == MR_OK ? rc : fail_of_key("terminology.index", rc, err);
}

static mr_rc load_knowledge(const char *dir, const mr_code_sets *const *codes, size_t n, mr_basis *b,
                            mr_buf *complaints, mr_error *err) {
    mr_knowledge_options options = {.dir = dir, .codes = codes, .n_codes = n};
    mr_rc rc = mr_knowledge_load(&options, &b->knowledge, complaints, err);
    return rc != MR_OK && dir ? fail_of_key("knowledge.dir", rc, err) : rc;
}

/* Knowledge keeps nothing of the sets, so theirs is an arena of the moment. The folder stands after the index: where
 * both speak of a concept, what a site laid down beside the program is newer than what was imported. */
static mr_rc open_knowledge(const mr_basis_options *o, mr_basis *b, mr_buf *complaints, mr_error *err) {
    mr_code_sets site = {0};
    const mr_code_sets *lists[] = {mr_terminology_code_sets(b->terminology), &site};
    size_t refused = 0;
    mr_arena *a = mr_arena_new(CODES_BYTES);
    mr_rc rc = a ? MR_OK : mr_fail(err, MR_NOMEM, "out of memory");
    if (rc == MR_OK && o->codes_dir) {
        rc = mr_code_sets_read(o->codes_dir, a, &site, &refused, complaints, err);
        if (rc != MR_OK) rc = fail_of_key("terminology.codes", rc, err);
    }
    if (rc == MR_OK) rc = load_knowledge(o->knowledge_dir, lists, 2, b, complaints, err);
    mr_arena_free(a);
    return rc;
}

mr_rc mr_basis_open(const mr_basis_options *o, mr_basis **ret, mr_buf *complaints, mr_error *err) {
    mr_basis *b = calloc(1, sizeof *b);
    if (!b) return mr_fail(err, MR_NOMEM, "out of memory");
    atomic_init(&b->holders, 1);
    mr_rc rc = open_terminology(o, b, err);
    if (rc == MR_OK) rc = open_knowledge(o, b, complaints, err);
    if (rc == MR_OK) rc = mr_classes_new(mr_knowledge_rules(b->knowledge), b->terminology, &b->classes, err);
    if (rc == MR_OK) {
        b->k = (mr_review_knowledge){mr_knowledge_rules(b->knowledge), b->terminology, b->classes};
        rc = stamp_set(b, err);
    }
    if (rc != MR_OK) {
        mr_basis_drop(b);
        return rc;
    }
    *ret = b;
    return MR_OK;
}

mr_rc mr_basis_borrow(const mr_review_knowledge *k, const char *stamp, mr_basis **ret, mr_error *err) {
    mr_basis *b = calloc(1, sizeof *b);
    if (!b) return mr_fail(err, MR_NOMEM, "out of memory");
    atomic_init(&b->holders, 1);
    b->k = *k;
    mr_rc rc = stamp ? MR_OK : stamp_set(b, err);
    if (stamp && strlen(stamp) >= sizeof b->stamp) rc = mr_fail(err, MR_LIMIT, "the stamp is too long");
    if (rc != MR_OK) {
        mr_basis_drop(b);
        return rc;
    }
    if (stamp) memcpy(b->stamp, stamp, strlen(stamp) + 1);
    *ret = b;
    return MR_OK;
}

mr_basis *mr_basis_hold(mr_basis *b) {
    /* Whoever holds may give a further hold away: no order with anything else is needed for that. */
    atomic_fetch_add_explicit(&b->holders, 1, memory_order_relaxed);
    return b;
}

void mr_basis_drop(mr_basis *b) {
    if (!b || atomic_fetch_sub_explicit(&b->holders, 1, memory_order_acq_rel) != 1) return;
    mr_classes_free(b->classes);
    mr_knowledge_free(b->knowledge);
    if (b->terminology) mr_terminology_free(b->terminology);
    free(b);
}

const mr_review_knowledge *mr_basis_knowledge(const mr_basis *b) {
    return &b->k;
}

mr_span mr_basis_stamp(const mr_basis *b) {
    return mr_span_of(b->stamp);
}

static mr_span knowledge_part(mr_span stamp) {
    mr_span head, tail;
    (void)mr_span_split(stamp, '|', &head, &tail);
    return head;
}

bool mr_basis_same_knowledge(const mr_basis *b, mr_span stamp) {
    return stamp.len && mr_span_eq(knowledge_part(stamp), knowledge_part(mr_basis_stamp(b)));
}
