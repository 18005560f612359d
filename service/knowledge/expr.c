/* The condition language: recursive descent from text to the tree of core/program.h. docs/rule-language.md is its
 * manual. It is our own language, made to be read aloud by a pharmacist, so the parser is ours too; it refuses what
 * could be read in two ways ("a and b or c") rather than settle it by a rule of precedence nobody remembers. */
#include "expr_parse.h"

#include "medreview/base/limits.h"
#include "medreview/base/utf8.h"

#include <stdio.h>
#include <string.h>

/* ---- what every file of the language uses ---- */

mr_rc mr_expr_fail_at(mr_expr *p, size_t at, const char *fmt, ...) {
    unsigned line, column;
    mr_expr_scan_place(p->scan.source, at, &line, &column);
    if (p->ret_column) *p->ret_column = column;
    va_list args;
    va_start(args, fmt);
    char reason[240];
    (void)vsnprintf(reason, sizeof reason, fmt, args); /* a longer reason is cut */
    va_end(args);
    return mr_fail(p->err, MR_MALFORMED, "%u:%u: %s", line, column, reason);
}

mr_rc mr_expr_fail_here(mr_expr *p, const char *expected) {
    const mr_token *t = &p->scan.now;
    if (t->kind == MR_TOK_END)
        return mr_expr_fail_at(p, t->at, "the condition ends here, but %s is expected", expected);
    return mr_expr_fail_at(p, t->at, "found \"%.*s\", but %s is expected", MR_SPAN_ARG(mr_utf8_cut(t->text, 40)),
                           expected);
}

mr_rc mr_expr_expect(mr_expr *p, mr_token_kind kind, const char *what) {
    if (p->scan.now.kind != kind) return mr_expr_fail_here(p, what);
    mr_expr_scan_next(&p->scan);
    return MR_OK;
}

mr_rc mr_expr_expect_word(mr_expr *p, const char *word) {
    if (mr_expr_scan_take(&p->scan, word)) return MR_OK;
    char what[40];
    (void)snprintf(what, sizeof what, "\"%s\"", word);
    return mr_expr_fail_here(p, what);
}

bool mr_expr_take_words(mr_expr *p, const char *words) {
    mr_expr_scan before = p->scan;
    for (mr_span rest = mr_span_of(words), word; rest.len;) {
        (void)mr_span_split(rest, ' ', &word, &rest);
        if (p->scan.now.kind != MR_TOK_WORD || !mr_span_eq(p->scan.now.text, word)) {
            p->scan = before;
            return false;
        }
        mr_expr_scan_next(&p->scan);
    }
    return true;
}

mr_rc mr_expr_node(mr_expr *p, mr_op op, mr_node **ret) {
    mr_node *n = MR_NEW(p->arena, mr_node);
    if (!n) return mr_arena_why(p->arena, p->err);
    n->op = op;
    n->group = n->group2 = n->concept = n->concept2 = n->scale = n->equivalent = MR_NO_NUMBER;
    *ret = n;
    return MR_OK;
}

mr_rc mr_expr_text(mr_expr *p, size_t from, mr_span *ret) {
    mr_span s = {p->scan.source.ptr + from, p->scan.taken_to - from};
    char *out = mr_arena_alloc(p->arena, s.len + 1, 1);
    if (!out) return mr_arena_why(p->arena, p->err);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool space = strchr(" \t\r\n", s.ptr[i]) != NULL;
        if (space && len && out[len - 1] == ' ') continue;
        out[len++] = space ? ' ' : s.ptr[i];
    }
    out[len] = 0;
    *ret = (mr_span){out, len};
    return MR_OK;
}

mr_rc mr_expr_name(mr_expr *p, mr_name_kind kind, uint16_t *ret) {
    const mr_token *t = &p->scan.now;
    if (t->kind != MR_TOK_WORD) {
        char what[60];
        (void)snprintf(what, sizeof what, "the name of a %s", mr_name_kind_text(kind));
        return mr_expr_fail_here(p, what);
    }
    uint16_t number = mr_name_find(p->names, kind, t->text);
    if (number == MR_NO_NUMBER) {
        mr_span near = mr_name_near(p->names, kind, t->text);
        if (near.ptr)
            return mr_expr_fail_at(p, t->at, "there is no %s \"%.*s\"; did you mean \"%.*s\"?", mr_name_kind_text(kind),
                                   MR_SPAN_ARG(mr_utf8_cut(t->text, 60)), MR_SPAN_ARG(mr_utf8_cut(near, 60)));
        return mr_expr_fail_at(p, t->at, "there is no %s \"%.*s\"", mr_name_kind_text(kind),
                               MR_SPAN_ARG(mr_utf8_cut(t->text, 60)));
    }
    *ret = number;
    mr_expr_scan_next(&p->scan);
    return MR_OK;
}

/* ---- and, or, not, parentheses ---- */

mr_rc mr_expr_join(mr_expr *p, mr_op op, mr_node *const *kids, size_t n_kids, size_t from, mr_node **ret) {
    mr_node *n = NULL;
    mr_rc rc = mr_expr_node(p, op, &n);
    if (rc != MR_OK) return rc;
    const mr_node **list = MR_NEW_N(p->arena, const mr_node *, n_kids);
    if (!list) return mr_arena_why(p->arena, p->err);
    for (size_t i = 0; i < n_kids; i++) list[i] = kids[i];
    n->kids = list;
    n->n_kids = n_kids;
    rc = mr_expr_text(p, from, &n->text);
    if (rc == MR_OK) *ret = n;
    return rc;
}

static mr_rc deeper(mr_expr *p) {
    if (++p->depth > MR_MAX_EXPR_DEPTH)
        return mr_expr_fail_at(p, p->scan.now.at, "parentheses and \"not\" are nested more than %d deep",
                               MR_MAX_EXPR_DEPTH);
    return MR_OK;
}

static mr_rc parse_in_parentheses(mr_expr *p, mr_node **ret) {
    mr_rc rc = deeper(p);
    if (rc != MR_OK) return rc;
    mr_expr_scan_next(&p->scan);
    rc = mr_expr_condition(p, ret);
    if (rc == MR_OK) rc = mr_expr_expect(p, MR_TOK_CLOSE, "\"and\", \"or\" or \")\"");
    p->depth--;
    return rc;
}

static mr_rc parse_not(mr_expr *p, mr_node **ret) {
    if (p->scan.now.kind == MR_TOK_OPEN) return parse_in_parentheses(p, ret);
    size_t from = p->scan.now.at;
    if (!mr_expr_scan_word(&p->scan, "not")) return mr_expr_part(p, ret);
    mr_rc rc = deeper(p);
    if (rc != MR_OK) return rc;
    mr_expr_scan_next(&p->scan);
    mr_node *kid = NULL;
    rc = parse_not(p, &kid);
    if (rc == MR_OK) rc = mr_expr_join(p, MR_OP_NOT, &kid, 1, from, ret);
    p->depth--;
    return rc;
}

/* a and b and c; or a or b or c; both beside each other need parentheses. */
mr_rc mr_expr_condition(mr_expr *p, mr_node **ret) {
    size_t from = p->scan.now.at;
    mr_node *kids[MR_EXPR_KIDS];
    size_t n = 0;
    const char *word = NULL;
    for (;;) {
        if (n == MR_EXPR_KIDS)
            return mr_expr_fail_at(p, p->scan.now.at, "more than %d parts beside each other", MR_EXPR_KIDS);
        mr_rc rc = parse_not(p, &kids[n]);
        if (rc != MR_OK) return rc;
        n++;
        const char *next = mr_expr_scan_word(&p->scan, "and") ? "and" : mr_expr_scan_word(&p->scan, "or") ? "or" : NULL;
        if (!next) break;
        if (word && strcmp(word, next) != 0)
            return mr_expr_fail_at(p, p->scan.now.at,
                                   "\"and\" and \"or\" beside each other: parentheses must say what belongs together");
        word = next;
        mr_expr_scan_next(&p->scan);
    }
    if (n == 1) {
        *ret = kids[0];
        return MR_OK;
    }
    return mr_expr_join(p, strcmp(word, "and") == 0 ? MR_OP_AND : MR_OP_OR, kids, n, from, ret);
}

mr_rc mr_expr_compile(const mr_ruleset *names, mr_span text, mr_arena *a, const mr_node **ret, unsigned *ret_column,
                      mr_error *err) {
    mr_expr p = {.names = names, .arena = a, .err = err, .ret_column = ret_column};
    mr_expr_scan_begin(&p.scan, text);
    mr_node *root = NULL;
    mr_rc rc = mr_expr_condition(&p, &root);
    if (rc != MR_OK) return rc;
    if (p.scan.now.kind != MR_TOK_END) return mr_expr_fail_here(&p, "\"and\", \"or\" or the end of the condition");
    *ret = root;
    return MR_OK;
}
