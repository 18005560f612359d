/* A site's code sets in the index file: rows and a pool of texts, so that opening copies pointers and nothing else. */
#include "dmd_index_room.h"

#include "medreview/base/utf8.h"

#include <stdlib.h>
#include <string.h>

static mr_rc bad(mr_error *err, size_t at, const mr_code_set *s, const char *what) {
    return mr_fail(err, MR_MALFORMED, "code set %zu (%.*s): %s", at, MR_SPAN_ARG(s->concept), what);
}

static bool text_fine(mr_span s) {
    return s.len <= MR_DMD_NAME_MOST && mr_utf8_valid(s);
}

static int code_cmp(const mr_set_code *x, const mr_set_code *y) {
    int order = mr_span_cmp(x->system, y->system);
    if (!order) order = mr_span_cmp(x->code, y->code);
    return order ? order : (x->role > y->role) - (x->role < y->role);
}

static mr_rc check_set(const mr_code_set *sets, size_t at, mr_error *err) {
    const mr_code_set *s = &sets[at];
    if (!s->concept.len || !text_fine(s->concept) || !text_fine(s->file))
        return mr_fail(err, MR_MALFORMED, "code set %zu: its name is no text", at);
    int order = at ? mr_span_cmp(s[-1].concept, s->concept) : -1;
    if (order > 0 || (order == 0 && (!s[-1].replaces || s->replaces)))
        return bad(err, at, s, "not in the order of concepts, or twice");
    for (size_t i = 0; i < s->n_codes; i++) {
        const mr_set_code *code = &s->codes[i];
        if (!code->code.len || !text_fine(code->code) || !text_fine(code->system))
            return bad(err, at, s, "a code that is no text");
        if ((unsigned)code->role > MR_ROLE_OTHER) return bad(err, at, s, "an unknown role");
        if (i && code_cmp(code - 1, code) >= 0) return bad(err, at, s, "codes not in order, or twice");
    }
    return MR_OK;
}

/* --- to rows ---- */

static mr_dmd_text text_add(mr_buf *texts, mr_span s) {
    mr_dmd_text t = {s.len ? (uint32_t)texts->len : 0, (uint32_t)s.len};
    mr_buf_add(texts, s.ptr, s.len);
    return t;
}

static void codes_add(const mr_code_set *s, mr_buf *set_codes, mr_buf *texts) {
    mr_dmd_text system = {0};
    for (size_t i = 0; i < s->n_codes; i++) {
        const mr_set_code *c = &s->codes[i];
        if (i == 0 || !mr_span_eq(s->codes[i - 1].system, c->system)) system = text_add(texts, c->system);
        mr_index_code row = {.system = system, .code = text_add(texts, c->code), .role = (uint32_t)c->role};
        mr_buf_add(set_codes, &row, sizeof row);
    }
}

mr_rc mr_index_codes_encode(const mr_code_sets *codes, mr_buf *sets, mr_buf *set_codes, mr_buf *texts, mr_error *err) {
    for (size_t i = 0; codes && i < codes->n_sets; i++) {
        const mr_code_set *s = &codes->sets[i];
        mr_rc rc = check_set(codes->sets, i, err);
        if (rc) return rc;
        mr_index_set row = {.concept = text_add(texts, s->concept),
                            .file = text_add(texts, s->file),
                            .replaces = s->replaces,
                            .first_code = (uint32_t)(set_codes->len / sizeof(mr_index_code)),
                            .n_codes = (uint32_t)s->n_codes};
        mr_buf_add(sets, &row, sizeof row);
        codes_add(s, set_codes, texts);
    }
    mr_rc rc = mr_buf_why(sets, err);
    if (!rc) rc = mr_buf_why(set_codes, err);
    return rc ? rc : mr_buf_why(texts, err);
}

/* --- from rows ---- */

typedef struct pool {
    const char *texts;
    size_t n;
} pool;

static bool text_of(const pool *p, mr_dmd_text t, mr_span *ret) {
    if ((uint64_t)t.at + t.len > p->n) return false;
    *ret = t.len ? (mr_span){p->texts + t.at, t.len} : MR_SPAN_NONE;
    return true;
}

static mr_rc view_code(const pool *p, const mr_index_code *row, mr_set_code *ret, mr_error *err) {
    if (!text_of(p, row->system, &ret->system) || !text_of(p, row->code, &ret->code) || row->reserved)
        return mr_fail(err, MR_MALFORMED, "a code of a code set is outside the file");
    if (row->role > MR_ROLE_OTHER) return mr_fail(err, MR_MALFORMED, "a code of a code set has an unknown role");
    ret->role = (mr_code_role)row->role;
    return MR_OK;
}

/* Sets share no codes and leave none out: the next begins where the last ended. */
static mr_rc view_sets(const mr_index_rows *in, mr_code_set *sets, mr_set_code *codes, mr_error *err) {
    const pool p = {in->rows[MR_IN_set_texts], in->n[MR_IN_set_texts]};
    const mr_index_set *row = in->rows[MR_IN_sets];
    const mr_index_code *code = in->rows[MR_IN_set_codes];
    size_t next = 0, n_codes = in->n[MR_IN_set_codes];
    for (size_t i = 0; i < n_codes; i++) {
        mr_rc rc = view_code(&p, &code[i], &codes[i], err);
        if (rc) return rc;
    }
    for (size_t i = 0; i < in->n[MR_IN_sets]; i++, row++) {
        if (row->first_code != next || row->n_codes > n_codes - next || row->replaces > 1 || row->reserved ||
            !text_of(&p, row->concept, &sets[i].concept) || !text_of(&p, row->file, &sets[i].file))
            return mr_fail(err, MR_MALFORMED, "code set %zu is outside the file", i);
        sets[i].replaces = row->replaces;
        sets[i].codes = codes + next;
        sets[i].n_codes = row->n_codes;
        next += row->n_codes;
        mr_rc rc = check_set(sets, i, err);
        if (rc) return rc;
    }
    return next == n_codes ? MR_OK : mr_fail(err, MR_MALFORMED, "codes that belong to no code set");
}

mr_rc mr_index_codes_view(const mr_index_rows *in, mr_code_sets *ret, mr_set_code **ret_codes, mr_error *err) {
    size_t n_sets = in->n[MR_IN_sets], n_codes = in->n[MR_IN_set_codes];
    mr_code_set *sets = calloc(n_sets ? n_sets : 1, sizeof *sets);
    mr_set_code *codes = calloc(n_codes ? n_codes : 1, sizeof *codes);
    mr_rc rc = sets && codes ? view_sets(in, sets, codes, err) : mr_fail(err, MR_NOMEM, "no memory for code sets");
    if (rc) {
        free(sets);
        free(codes);
        return rc;
    }
    *ret = (mr_code_sets){sets, n_sets};
    *ret_codes = codes;
    return MR_OK;
}
