/* The condition language: recursive descent from text to the tree of core/program.h. docs/rule-language.md is its
 * manual. It is our own language, made to be read aloud by a pharmacist, so the parser is ours too; it refuses what
 * could be read in two ways ("a and b or c") rather than settle it by a rule of precedence nobody remembers. */
#include "decimal.h"
#include "expr_scan.h"
#include "names.h"

#include "medreview/base/limits.h"
#include "medreview/base/utf8.h"
#include "medreview/knowledge/knowledge.h"

#include <stdio.h>
#include <string.h>

enum { MOST_KIDS = 64 }; /* parts beside each other in one "and" or "or"; the longest published criterion has 14 */

typedef struct parse {
    mr_expr_scan scan;
    const mr_ruleset *names;
    mr_arena *arena;
    mr_error *err;
    unsigned depth;
    unsigned *ret_column;
} parse;

static mr_rc fail_at(parse *p, size_t at, const char *fmt, ...) MR_PRINTF(3, 4);
static mr_rc parse_or(parse *p, mr_node **ret);

static mr_rc fail_at(parse *p, size_t at, const char *fmt, ...) {
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

static mr_rc fail_here(parse *p, const char *expected) {
    const mr_token *t = &p->scan.now;
    if (t->kind == MR_TOK_END) return fail_at(p, t->at, "the condition ends here, but %s is expected", expected);
    return fail_at(p, t->at, "found \"%.*s\", but %s is expected", MR_SPAN_ARG(mr_utf8_cut(t->text, 40)), expected);
}

static mr_rc expect(parse *p, mr_token_kind kind, const char *what) {
    if (p->scan.now.kind != kind) return fail_here(p, what);
    mr_expr_scan_next(&p->scan);
    return MR_OK;
}

static mr_rc expect_word(parse *p, const char *word) {
    if (mr_expr_scan_take(&p->scan, word)) return MR_OK;
    char what[40];
    (void)snprintf(what, sizeof what, "\"%s\"", word);
    return fail_here(p, what);
}

static mr_rc new_node(parse *p, mr_op op, mr_node **ret) {
    mr_node *n = MR_NEW(p->arena, mr_node);
    if (!n) return mr_arena_why(p->arena, p->err);
    n->op = op;
    n->group = n->group2 = n->concept = n->scale = MR_NO_NUMBER;
    *ret = n;
    return MR_OK;
}

/* The words from `from` to the token last taken, with runs of white space as one blank. */
static mr_rc keep_text(parse *p, size_t from, mr_node *n) {
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
    n->text = (mr_span){out, len};
    return MR_OK;
}

/* ---- names ---- */

static mr_rc take_name(parse *p, mr_name_kind kind, uint16_t *ret) {
    const mr_token *t = &p->scan.now;
    if (t->kind != MR_TOK_WORD) {
        char what[60];
        (void)snprintf(what, sizeof what, "the name of a %s", mr_name_kind_text(kind));
        return fail_here(p, what);
    }
    uint16_t number = mr_name_find(p->names, kind, t->text);
    if (number == MR_NO_NUMBER) {
        mr_span near = mr_name_near(p->names, kind, t->text);
        if (near.ptr)
            return fail_at(p, t->at, "there is no %s \"%.*s\"; did you mean \"%.*s\"?", mr_name_kind_text(kind),
                           MR_SPAN_ARG(mr_utf8_cut(t->text, 60)), MR_SPAN_ARG(mr_utf8_cut(near, 60)));
        return fail_at(p, t->at, "there is no %s \"%.*s\"", mr_name_kind_text(kind),
                       MR_SPAN_ARG(mr_utf8_cut(t->text, 60)));
    }
    *ret = number;
    mr_expr_scan_next(&p->scan);
    return MR_OK;
}

/* ---- time ---- */

static bool unit_of(mr_span word, uint8_t *ret) {
    static const struct {
        const char *one, *many;
        mr_time_unit unit;
    } units[] = {{"day", "days", MR_DAYS},
                 {"week", "weeks", MR_WEEKS},
                 {"month", "months", MR_MONTHS},
                 {"year", "years", MR_YEARS}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!mr_span_is(word, units[i].one) && !mr_span_is(word, units[i].many)) continue;
        *ret = (uint8_t)units[i].unit;
        return true;
    }
    return false;
}

static mr_rc take_duration(parse *p, mr_duration *ret) {
    const mr_token number = p->scan.now;
    uint64_t n;
    if (number.kind != MR_TOK_NUMBER) return fail_here(p, "a time such as \"3 months\"");
    if (!mr_span_u64(number.text, &n) || n < 1 || n > 9999)
        return fail_at(p, number.at, "a time is a whole number from 1 to 9999");
    mr_expr_scan_next(&p->scan);
    uint8_t unit;
    if (p->scan.now.kind != MR_TOK_WORD || !unit_of(p->scan.now.text, &unit))
        return fail_here(p, "days, weeks, months or years");
    mr_expr_scan_next(&p->scan);
    *ret = (mr_duration){(uint16_t)n, unit};
    return MR_OK;
}

static unsigned rough_days(mr_duration d) {
    static const unsigned days[] = {[MR_DAYS] = 1, [MR_WEEKS] = 7, [MR_MONTHS] = 30, [MR_YEARS] = 365};
    return d.n * days[d.unit];
}

static mr_rc take_from_to(parse *p, mr_window *ret) {
    size_t at = p->scan.now.at;
    mr_window w = {.has_earliest = true, .has_latest = true};
    mr_rc rc = take_duration(p, &w.earliest);
    if (rc == MR_OK) rc = expect_word(p, "to");
    if (rc == MR_OK) rc = take_duration(p, &w.latest);
    if (rc == MR_OK) rc = expect_word(p, "ago");
    if (rc != MR_OK) return rc;
    if (rough_days(w.earliest) <= rough_days(w.latest))
        return fail_at(p, at, "the longer time comes first, as in \"from 6 months to 3 months ago\"");
    *ret = w;
    return MR_OK;
}

static mr_rc take_at_least(parse *p, mr_window *ret) {
    mr_window w = {.has_latest = true};
    mr_rc rc = expect_word(p, "least");
    if (rc == MR_OK) rc = take_duration(p, &w.latest);
    if (rc == MR_OK) rc = expect_word(p, "ago");
    if (rc == MR_OK) *ret = w;
    return rc;
}

static mr_rc take_within(parse *p, mr_window *ret) {
    mr_window w = {.has_earliest = true, .has_latest = true};
    mr_rc rc = take_duration(p, &w.earliest);
    if (rc == MR_OK) *ret = w;
    return rc;
}

static mr_rc take_window(parse *p, mr_window *ret) {
    if (mr_expr_scan_take(&p->scan, "within")) return take_within(p, ret);
    if (mr_expr_scan_take(&p->scan, "from")) return take_from_to(p, ret);
    if (mr_expr_scan_take(&p->scan, "at")) return take_at_least(p, ret);
    return fail_here(p, "\"within ...\", \"from ... to ... ago\" or \"at least ... ago\"");
}

/* After the first name: nothing, or a comma and a time; then the closing parenthesis. */
static mr_rc take_rest(parse *p, mr_window *ret) {
    if (p->scan.now.kind == MR_TOK_COMMA) {
        mr_expr_scan_next(&p->scan);
        mr_rc rc = take_window(p, ret);
        if (rc != MR_OK) return rc;
        return expect(p, MR_TOK_CLOSE, "\")\"");
    }
    return expect(p, MR_TOK_CLOSE, "\",\" or \")\"");
}

/* ---- comparisons ---- */

static mr_rc take_compare(parse *p, mr_compare *ret) {
    static const struct {
        const char *sign;
        mr_compare compare;
    } signs[] = {{"<", MR_LESS}, {"<=", MR_LESS_EQUAL}, {"=", MR_EQUAL}, {">=", MR_GREATER_EQUAL}, {">", MR_GREATER}};
    if (p->scan.now.kind != MR_TOK_COMPARE) return fail_here(p, "one of < <= = >= >");
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (mr_span_is(p->scan.now.text, signs[i].sign)) *ret = signs[i].compare;
    mr_expr_scan_next(&p->scan);
    return MR_OK;
}

static mr_rc take_number(parse *p, double most, double *ret) {
    enum { DECIMALS = 3 }; /* no laboratory reports more, and three survive being written and read again */
    const mr_token t = p->scan.now;
    double value;
    if (t.kind != MR_TOK_NUMBER) return fail_here(p, "a number");
    size_t point = mr_span_find(t.text, '.');
    if (t.text.len > point + 1 + DECIMALS) return fail_at(p, t.at, "a number has at most %d decimals", DECIMALS);
    if (!mr_decimal_parse(t.text, &value) || value > most)
        return fail_at(p, t.at, "a number here is at most %.0f", most);
    mr_expr_scan_next(&p->scan);
    *ret = value;
    return MR_OK;
}

static mr_rc finish_compare(parse *p, mr_quantity quantity, double most, mr_node *n) {
    n->quantity = quantity;
    mr_rc rc = take_compare(p, &n->compare);
    return rc == MR_OK ? take_number(p, most, &n->value) : rc;
}

/* ---- the parts; each is called with its first word taken ---- */

static mr_rc part_age(parse *p, mr_node *n) {
    n->op = MR_OP_COMPARE;
    return finish_compare(p, MR_Q_AGE, 130, n);
}

static mr_rc part_medicines(parse *p, mr_node *n) {
    n->op = MR_OP_COMPARE;
    return finish_compare(p, MR_Q_MEDICINES, 1000, n);
}

static mr_rc part_sex(parse *p, mr_node *n) {
    static const struct {
        const char *word;
        mr_sex sex;
    } sexes[] = {{"female", MR_SEX_FEMALE}, {"male", MR_SEX_MALE}, {"other", MR_SEX_OTHER}};
    n->op = MR_OP_SEX;
    if (!mr_span_is(p->scan.now.text, "=")) return fail_here(p, "\"=\"");
    mr_expr_scan_next(&p->scan);
    for (size_t i = 0; i < sizeof sexes / sizeof sexes[0]; i++) {
        if (!mr_expr_scan_take(&p->scan, sexes[i].word)) continue;
        n->value = sexes[i].sex;
        return MR_OK;
    }
    return fail_here(p, "female, male or other");
}

static mr_rc part_latest(parse *p, mr_node *n) {
    n->op = MR_OP_COMPARE;
    mr_rc rc = expect(p, MR_TOK_OPEN, "\"(\"");
    if (rc == MR_OK) rc = take_name(p, MR_NAME_CONCEPT, &n->concept);
    if (rc == MR_OK) rc = take_rest(p, &n->window);
    return rc == MR_OK ? finish_compare(p, MR_Q_LATEST, 1e9, n) : rc;
}

static mr_rc part_score(parse *p, mr_node *n) {
    n->op = MR_OP_COMPARE;
    mr_rc rc = expect(p, MR_TOK_OPEN, "\"(\"");
    if (rc != MR_OK) return rc;
    /* The scale that the site counts with: rules name the burden, and the packs say which scale is the default one. */
    if (mr_expr_scan_word(&p->scan, "anticholinergic")) {
        if (p->names->default_scale == MR_NO_NUMBER)
            return fail_at(p, p->scan.now.at, "no scale of the packs is marked as the default one");
        n->scale = p->names->default_scale;
        mr_expr_scan_next(&p->scan);
    } else {
        rc = take_name(p, MR_NAME_SCALE, &n->scale);
    }
    if (rc == MR_OK) rc = expect(p, MR_TOK_CLOSE, "\")\"");
    return rc == MR_OK ? finish_compare(p, MR_Q_SCORE, 1000, n) : rc;
}

static mr_rc part_taking(parse *p, mr_node *n) {
    n->op = MR_OP_TAKING;
    mr_rc rc = expect(p, MR_TOK_OPEN, "\"(\"");
    if (rc == MR_OK) rc = take_name(p, MR_NAME_GROUP, &n->group);
    return rc == MR_OK ? take_rest(p, &n->window) : rc;
}

static mr_rc part_first_taken(parse *p, mr_node *n) {
    n->op = MR_OP_STARTED_BEFORE;
    mr_rc rc = expect_word(p, "taken");
    if (rc == MR_OK) rc = expect(p, MR_TOK_OPEN, "\"(\"");
    if (rc == MR_OK) rc = take_name(p, MR_NAME_GROUP, &n->group);
    if (rc == MR_OK) rc = expect(p, MR_TOK_COMMA, "\",\"");
    if (rc == MR_OK) rc = expect_word(p, "at");
    if (rc == MR_OK) rc = take_at_least(p, &n->window);
    return rc == MR_OK ? expect(p, MR_TOK_CLOSE, "\")\"") : rc;
}

static mr_rc take_apart(parse *p, mr_node *n) {
    mr_rc rc = expect_word(p, "less");
    if (rc == MR_OK) rc = expect_word(p, "than");
    if (rc == MR_OK) rc = take_duration(p, &n->apart);
    if (rc == MR_OK) rc = expect_word(p, "apart");
    if (rc == MR_OK) rc = expect(p, MR_TOK_COMMA, "\",\" and \"within ...\"");
    if (rc == MR_OK) rc = expect_word(p, "within");
    return rc == MR_OK ? take_within(p, &n->window) : rc;
}

static mr_rc part_coprescribed(parse *p, mr_node *n) {
    n->op = MR_OP_COPRESCRIBED;
    mr_rc rc = expect(p, MR_TOK_OPEN, "\"(\"");
    if (rc == MR_OK) rc = take_name(p, MR_NAME_GROUP, &n->group);
    if (rc == MR_OK) rc = expect(p, MR_TOK_COMMA, "\",\"");
    if (rc == MR_OK) rc = take_name(p, MR_NAME_GROUP, &n->group2);
    if (rc != MR_OK) return rc;
    if (p->scan.now.kind == MR_TOK_COMMA) {
        mr_expr_scan_next(&p->scan);
        rc = take_apart(p, n);
    }
    return rc == MR_OK ? expect(p, MR_TOK_CLOSE, "\")\"") : rc;
}

static mr_rc part_concept(parse *p, mr_node *n) {
    mr_rc rc = expect(p, MR_TOK_OPEN, "\"(\"");
    if (rc == MR_OK) rc = take_name(p, MR_NAME_CONCEPT, &n->concept);
    return rc == MR_OK ? take_rest(p, &n->window) : rc;
}

static mr_rc part_has(parse *p, mr_node *n) {
    n->op = MR_OP_HAS;
    return part_concept(p, n);
}

static mr_rc part_tested(parse *p, mr_node *n) {
    n->op = MR_OP_TESTED;
    return part_concept(p, n);
}

static const struct part_form {
    const char *word;
    mr_rc (*parse)(parse *p, mr_node *n);
} part_forms[] = {{"age", part_age},           {"coprescribed", part_coprescribed},
                  {"first", part_first_taken}, {"has", part_has},
                  {"latest", part_latest},     {"medicines", part_medicines},
                  {"score", part_score},       {"sex", part_sex},
                  {"taking", part_taking},     {"tested", part_tested}};
enum { N_PART_FORMS = sizeof part_forms / sizeof part_forms[0] };

static mr_rc fail_unknown_part(parse *p) {
    const mr_token *t = &p->scan.now;
    if (t->kind != MR_TOK_WORD) return fail_here(p, "a part such as \"taking(...)\"");
    const char *best = NULL;
    unsigned best_distance = 3;
    for (size_t i = 0; i < N_PART_FORMS; i++) {
        unsigned d = mr_text_distance(t->text, mr_span_of(part_forms[i].word), 2);
        if (d >= best_distance) continue;
        best_distance = d;
        best = part_forms[i].word;
    }
    if (best)
        return fail_at(p, t->at, "\"%.*s\" is no part of the language; did you mean \"%s\"?",
                       MR_SPAN_ARG(mr_utf8_cut(t->text, 60)), best);
    return fail_at(p, t->at,
                   "\"%.*s\" is no part of the language: age, sex, medicines, taking, first taken, coprescribed, has, "
                   "tested, latest, score",
                   MR_SPAN_ARG(mr_utf8_cut(t->text, 60)));
}

static mr_rc parse_part(parse *p, mr_node **ret) {
    size_t from = p->scan.now.at;
    for (size_t i = 0; i < N_PART_FORMS; i++) {
        if (!mr_expr_scan_take(&p->scan, part_forms[i].word)) continue;
        mr_node *n = NULL;
        mr_rc rc = new_node(p, MR_OP_COMPARE, &n);
        if (rc == MR_OK) rc = part_forms[i].parse(p, n);
        if (rc == MR_OK) rc = keep_text(p, from, n);
        if (rc == MR_OK) *ret = n;
        return rc;
    }
    return fail_unknown_part(p);
}

/* ---- and, or, not, parentheses ---- */

static mr_rc join(parse *p, mr_op op, mr_node *const *kids, size_t n_kids, size_t from, mr_node **ret) {
    mr_node *n = NULL;
    mr_rc rc = new_node(p, op, &n);
    if (rc != MR_OK) return rc;
    const mr_node **list = MR_NEW_N(p->arena, const mr_node *, n_kids);
    if (!list) return mr_arena_why(p->arena, p->err);
    for (size_t i = 0; i < n_kids; i++) list[i] = kids[i];
    n->kids = list;
    n->n_kids = n_kids;
    rc = keep_text(p, from, n);
    if (rc == MR_OK) *ret = n;
    return rc;
}

static mr_rc deeper(parse *p) {
    if (++p->depth > MR_MAX_EXPR_DEPTH)
        return fail_at(p, p->scan.now.at, "parentheses and \"not\" are nested more than %d deep", MR_MAX_EXPR_DEPTH);
    return MR_OK;
}

static mr_rc parse_in_parentheses(parse *p, mr_node **ret) {
    mr_rc rc = deeper(p);
    if (rc != MR_OK) return rc;
    mr_expr_scan_next(&p->scan);
    rc = parse_or(p, ret);
    if (rc == MR_OK) rc = expect(p, MR_TOK_CLOSE, "\"and\", \"or\" or \")\"");
    p->depth--;
    return rc;
}

static mr_rc parse_not(parse *p, mr_node **ret) {
    if (p->scan.now.kind == MR_TOK_OPEN) return parse_in_parentheses(p, ret);
    size_t from = p->scan.now.at;
    if (!mr_expr_scan_word(&p->scan, "not")) return parse_part(p, ret);
    mr_rc rc = deeper(p);
    if (rc != MR_OK) return rc;
    mr_expr_scan_next(&p->scan);
    mr_node *kid = NULL;
    rc = parse_not(p, &kid);
    if (rc == MR_OK) rc = join(p, MR_OP_NOT, &kid, 1, from, ret);
    p->depth--;
    return rc;
}

/* a and b and c; or a or b or c; both beside each other need parentheses. */
static mr_rc parse_or(parse *p, mr_node **ret) {
    size_t from = p->scan.now.at;
    mr_node *kids[MOST_KIDS];
    size_t n = 0;
    const char *word = NULL;
    for (;;) {
        if (n == MOST_KIDS) return fail_at(p, p->scan.now.at, "more than %d parts beside each other", MOST_KIDS);
        mr_rc rc = parse_not(p, &kids[n]);
        if (rc != MR_OK) return rc;
        n++;
        const char *next = mr_expr_scan_word(&p->scan, "and") ? "and" : mr_expr_scan_word(&p->scan, "or") ? "or" : NULL;
        if (!next) break;
        if (word && strcmp(word, next) != 0)
            return fail_at(p, p->scan.now.at,
                           "\"and\" and \"or\" beside each other: parentheses must say what belongs together");
        word = next;
        mr_expr_scan_next(&p->scan);
    }
    if (n == 1) {
        *ret = kids[0];
        return MR_OK;
    }
    return join(p, strcmp(word, "and") == 0 ? MR_OP_AND : MR_OP_OR, kids, n, from, ret);
}

mr_rc mr_expr_compile(const mr_ruleset *names, mr_span text, mr_arena *a, const mr_node **ret, unsigned *ret_column,
                      mr_error *err) {
    parse p = {.names = names, .arena = a, .err = err, .ret_column = ret_column};
    mr_expr_scan_begin(&p.scan, text);
    mr_node *root = NULL;
    mr_rc rc = parse_or(&p, &root);
    if (rc != MR_OK) return rc;
    if (p.scan.now.kind != MR_TOK_END) return fail_here(&p, "\"and\", \"or\" or the end of the condition");
    *ret = root;
    return MR_OK;
}
