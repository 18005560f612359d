/* The dm+d naming convention: `<substances> <strength><unit>[/<per>] <form> [qualifiers]`.
 *
 * Combinations are `A 5mg / B 40mg tablets` or have a name of their own (Co-codamol 30mg/500mg). Names are looked up
 * whole, then without salts; brands are not guessed. The longest known prefix of a name is tried last and marked
 * uncertain: it once was opium tincture. A combination of which one part is unknown is unknown. */
#include "name_words.h"
#include "strength.h"

#include <string.h>

typedef struct name_parts {
    mr_span part[MR_TERM_PARTS];
    size_t n;
} name_parts;

const char *mr_name_step_text(mr_name_step s) {
    static const char *const text[] = {"no such name",
                                       "exact name",
                                       "name without its salt",
                                       "each part of the name",
                                       "longest known prefix of the name, uncertain",
                                       "a dressing, device or food"};
    return text[s];
}

/* What stands for other bytes in names as people type them. */
static size_t fold_multibyte(mr_span s, size_t i, const char **ret) {
    static const struct {
        const char *from, *to;
    } same[] = {{"\xC2\xA0", " "},     {"\xC2\xB5", "micro"}, {"\xCE\xBC", "micro"},
                {"\xC2\xAE", ""},      {"\xE2\x84\xA2", ""},  {"\xE2\x80\x99", "'"},
                {"\xE2\x80\x90", "-"}, {"\xE2\x80\x91", "-"}, {"\xE2\x80\x93", "-"}};
    for (size_t k = 0; k < sizeof same / sizeof same[0]; k++) {
        if (!mr_span_starts(mr_span_from(s, i), same[k].from)) continue;
        *ret = same[k].to;
        return mr_span_of(same[k].from).len;
    }
    return 0;
}

/* False when there is no room. */
static bool fold_byte(char c, char *buf, size_t *n) {
    if (c >= 'A' && c <= 'Z') c = (char)(c + ('a' - 'A'));
    if (c >= '\t' && c <= '\r') c = ' ';
    if (c == ' ' && (*n == 0 || buf[*n - 1] == ' ')) return true;
    if (*n == MR_TERM_NAME_BYTES) return false;
    buf[(*n)++] = c;
    return true;
}

bool mr_name_fold(mr_span s, char *buf, mr_span *ret) {
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        const char *instead = NULL;
        size_t took = s.ptr[i] & 0x80 ? fold_multibyte(s, i, &instead) : 0;
        if (!took && !fold_byte(s.ptr[i], buf, &n)) return false;
        if (!took) continue;
        for (; *instead; instead++)
            if (!fold_byte(*instead, buf, &n)) return false;
        i += took - 1;
    }
    while (n && buf[n - 1] == ' ') n--;
    *ret = (mr_span){buf, n};
    return true;
}

/* Where the bracket that ends s began, or s.len. Nested brackets count: (Lexon (UK) Ltd). */
static size_t bracket_start(mr_span s) {
    char close = s.len ? s.ptr[s.len - 1] : 0, open = close == ')' ? '(' : close == ']' ? '[' : 0;
    size_t depth = 0;
    for (size_t i = s.len; open && i-- > 0;) {
        if (s.ptr[i] == close) depth++;
        if (s.ptr[i] == open && --depth == 0) return i;
    }
    return s.len;
}

mr_span mr_name_without_supplier(mr_span s) {
    size_t at = bracket_start(s);
    return at > 0 && at < s.len ? mr_span_trim((mr_span){s.ptr, at}) : s;
}

/* Without the supplier in brackets, "Generic", and what American names put in front. */
static mr_span strip_edges(mr_span s) {
    for (size_t at = bracket_start(s); at > 0 && at < s.len; at = bracket_start(s))
        s = mr_span_trim((mr_span){s.ptr, at});
    static const char *const front[] = {"generic ", "product containing precisely ", "product containing only ",
                                        "product containing "};
    for (size_t i = 0; i < sizeof front / sizeof front[0]; i++)
        if (mr_span_starts(s, front[i])) s = mr_span_from(s, mr_span_of(front[i]).len);
    if (mr_span_starts(s, "nda") && s.len > 3 && s.ptr[3] >= '0' && s.ptr[3] <= '9')
        s = mr_span_from(s, mr_span_find(s, ' '));
    return mr_span_trim(s);
}

/* "24 hr ", "0.4 ml ", "120 actuat " in front of the name. */
static mr_span strip_pack(mr_span s) {
    for (;;) {
        double value;
        size_t n, m;
        mr_span unit;
        if (!mr_number_read(s, &value, &n)) return s;
        mr_span after = mr_span_from(s, n);
        if (!after.len || after.ptr[0] != ' ' || !mr_unit_read(mr_span_from(after, 1), &unit, &m)) return s;
        s = mr_span_trim(mr_span_from(after, 1 + m));
    }
}

/* A name without bracket groups, in buf. */
static mr_span without_brackets(mr_span s, char *buf) {
    size_t n = 0, depth = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '(' || c == '[') depth++;
        if (!depth && !(c == ' ' && (n == 0 || buf[n - 1] == ' '))) buf[n++] = c;
        if ((c == ')' || c == ']') && depth) depth--;
    }
    while (n && (buf[n - 1] == ' ' || buf[n - 1] == ',' || buf[n - 1] == '-')) n--;
    return (mr_span){buf, n};
}

/* Drops the last word; false when it is the only one. */
static bool drop_word(mr_span *s, mr_span *ret_word) {
    size_t i = s->len;
    while (i && s->ptr[i - 1] != ' ' && s->ptr[i - 1] != '/') i--;
    if (i < 2) return false;
    *ret_word = mr_span_from(*s, i);
    *s = mr_span_trim((mr_span){s->ptr, i - 1});
    return s->len > 0;
}

/* 30/70 and other numbers behind a name. */
static bool is_bare_number(mr_span word) {
    for (size_t i = 0; i < word.len; i++)
        if (!((word.ptr[i] >= '0' && word.ptr[i] <= '9') || word.ptr[i] == '.')) return false;
    return word.len > 0;
}

/* Whole, then without qualifiers and salts from its end. */
static mr_name_step find_single(const mr_terminology *t, mr_span name, uint32_t *ret, bool *ret_mr) {
    if (mr_term_find_name(t, name, ret)) return MR_NAME_EXACT;
    mr_span word;
    for (bool salt = false; drop_word(&name, &word);) {
        const mr_word *known = mr_words_find(mr_term_words(t), word);
        if (known && known->salt)
            salt = true;
        else if (known && known->qualifier)
            *ret_mr |= known->release;
        else if (!is_bare_number(word))
            return MR_NAME_NOT;
        if (mr_term_find_name(t, name, ret)) return salt ? MR_NAME_SALT : MR_NAME_EXACT;
    }
    return MR_NAME_NOT;
}

/* Where " and ", " with ", " & " or '/' stands; s.len when nowhere. */
static size_t find_connector(mr_span s, size_t *ret_len) {
    static const char *const words[] = {" and ", " with ", " & ", " + ", "/", ", "};
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] != ' ' && s.ptr[i] != '/' && s.ptr[i] != ',') continue;
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
            if (mr_span_starts(mr_span_from(s, i), words[k])) return *ret_len = mr_span_of(words[k]).len, i;
    }
    return s.len;
}

typedef struct found_names {
    uint32_t substance[MR_TERM_PARTS];
    size_t n;
    mr_name_step step;
    bool modified_release;
} found_names;

/* Every piece between connectors must be known. */
static bool find_pieces(const mr_terminology *t, mr_span name, found_names *ret) {
    ret->n = 0;
    for (bool more = true; more;) {
        size_t n = 0, at = find_connector(name, &n);
        more = at < name.len;
        if (ret->n == MR_TERM_PARTS) return false;
        mr_span piece = mr_span_trim((mr_span){name.ptr, at});
        if (find_single(t, piece, &ret->substance[ret->n++], &ret->modified_release) == MR_NAME_NOT) return false;
        name = mr_span_from(name, at + n);
    }
    ret->step = MR_NAME_PARTS;
    return ret->n > 1;
}

static bool find_prefix(const mr_terminology *t, mr_span name, found_names *ret) {
    mr_span word;
    while (drop_word(&name, &word)) {
        if (!mr_term_find_name(t, name, &ret->substance[0])) continue;
        ret->n = 1;
        ret->step = MR_NAME_PREFIX;
        return true;
    }
    return false;
}

static bool find_name(const mr_terminology *t, mr_span name, found_names *ret) {
    *ret = (found_names){.n = 1};
    if (!name.len) return false;
    if (mr_term_find_name(t, name, &ret->substance[0])) return ret->step = MR_NAME_EXACT, true;
    char buf[MR_TERM_NAME_BYTES];
    mr_span clean = without_brackets(name, buf);
    ret->step = find_single(t, clean, &ret->substance[0], &ret->modified_release);
    return ret->step != MR_NAME_NOT || find_pieces(t, clean, ret);
}

/* The part of a product name that belongs to one substance, cut where its strength and where its form begin. */
typedef struct cut_part {
    mr_span whole, to_strength, to_form;
    mr_span behind; /* the words of the form, wherever they begin */
    mr_strength strengths[MR_STRENGTHS];
    size_t n_strengths;
} cut_part;

static void cut_at_strength(cut_part *c) {
    mr_span s = c->whole;
    bool bare = mr_span_starts(s, "co-");
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || (s.ptr[i - 1] != ' ' && s.ptr[i - 1] != '(')) continue;
        size_t len;
        c->n_strengths = mr_strengths_read(mr_span_from(s, i), bare, c->strengths, &len);
        if (!c->n_strengths) continue;
        c->to_strength = mr_span_trim((mr_span){s.ptr, i});
        c->behind = mr_span_from(s, i + len);
        return;
    }
}

static void cut_at_form(const mr_terminology *t, cut_part *c) {
    mr_span rest = c->whole, word;
    for (bool first = true; mr_word_next(&rest, &word); first = false) {
        const mr_word *known = first ? NULL : mr_words_find(mr_term_words(t), word);
        if (!known || !known->begins_form) continue;
        size_t at = (size_t)(word.ptr - c->whole.ptr);
        c->to_form = mr_span_trim((mr_span){c->whole.ptr, at});
        if (!c->n_strengths || at < c->to_strength.len) c->behind = mr_span_from(c->whole, at);
        return;
    }
}

static void cut(const mr_terminology *t, mr_span part, cut_part *c) {
    *c = (cut_part){.whole = strip_pack(part)};
    c->to_strength = c->to_form = c->whole;
    cut_at_strength(c);
    cut_at_form(t, c);
}

/* Does text begin with "<known substance> <strength>"? */
static bool begins_part(const mr_terminology *t, mr_span text) {
    cut_part c;
    found_names f;
    cut(t, text, &c);
    return c.n_strengths && (find_name(t, c.to_strength, &f) || find_name(t, c.to_form, &f));
}

/* Bytes of what joins two parts at s[i]; 0 when none does. " / " and " + " before a letter that begins no unit always
 * do; a bare slash, "and" and "with" only behind a strength and before a known substance with a strength of its own:
 * `Naproxen 500mg tablets and Misoprostol 200microgram tablets`. */
static size_t joint_at(const mr_terminology *t, mr_span s, size_t i, bool behind_strength) {
    static const char *const always[] = {" / ", " + "}, *const maybe[] = {"/", " and ", " with ", " & ", "+"};
    mr_span from = mr_span_from(s, i), unit;
    if (from.ptr[0] != ' ' && from.ptr[0] != '/' && from.ptr[0] != '+') return 0;
    for (size_t k = 0; k < sizeof always / sizeof always[0]; k++) {
        mr_span rest = mr_span_from(from, 3);
        size_t n;
        if (!mr_span_starts(from, always[k]) || !rest.len) continue;
        return rest.ptr[0] >= 'a' && rest.ptr[0] <= 'z' && !mr_unit_read(rest, &unit, &n) ? 3 : 0;
    }
    for (size_t k = 0; behind_strength && k < sizeof maybe / sizeof maybe[0]; k++) {
        size_t n = mr_span_of(maybe[k]).len;
        if (mr_span_starts(from, maybe[k]) && begins_part(t, mr_span_from(from, n))) return n;
    }
    return 0;
}

static bool split_parts(const mr_terminology *t, mr_span s, name_parts *ret) {
    size_t from = 0;
    bool digit = false; /* a strength may stand before this */
    ret->n = 0;
    for (size_t i = 0; i <= s.len; i++) {
        size_t joint = i > from && i < s.len ? joint_at(t, s, i, digit) : 0;
        digit = !joint && (digit || (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'));
        if (i < s.len && !joint) continue;
        if (ret->n == MR_TERM_PARTS) return false;
        ret->part[ret->n++] = mr_span_trim((mr_span){s.ptr + from, i - from});
        if (joint) i += joint - 1;
        from = i + 1;
    }
    return true;
}

static bool add_found(const mr_terminology *t, const cut_part *c, const found_names *f, mr_reading *r) {
    if (f->n == 1) return mr_reading_add(t, r, f->substance[0], c->strengths, c->n_strengths);
    for (size_t i = 0; i < f->n; i++)
        if (!mr_reading_add(t, r, f->substance[i], &c->strengths[i], c->n_strengths == f->n)) return false;
    return true;
}

static mr_name_step read_part(const mr_terminology *t, mr_span part, bool prefix, mr_reading *r) {
    cut_part c;
    cut(t, part, &c);
    found_names f;
    bool ok = find_name(t, c.to_strength, &f) || (c.to_form.len < c.to_strength.len && find_name(t, c.to_form, &f)) ||
              (prefix && find_prefix(t, c.to_strength, &f));
    if (!ok || !add_found(t, &c, &f, r)) return MR_NAME_NOT;
    mr_words_shape(mr_term_words(t), c.behind, &r->shape);
    r->shape.modified_release |= f.modified_release;
    r->uncertain |= f.step == MR_NAME_PREFIX;
    return f.step;
}

/* The weakest step of all parts. */
static mr_name_step read_parts(const mr_terminology *t, const name_parts *p, bool prefix, mr_reading *r) {
    mr_reading_start(r);
    mr_name_step weakest = p->n > 1 ? MR_NAME_PARTS : MR_NAME_EXACT;
    for (size_t i = 0; i < p->n; i++) {
        mr_name_step step = read_part(t, p->part[i], prefix, r);
        if (step == MR_NAME_NOT) return MR_NAME_NOT;
        if (step > weakest) weakest = step;
    }
    return weakest;
}

static mr_name_step no_medicine(mr_reading *ret) {
    mr_reading_start(ret);
    ret->not_a_medicine = true;
    return MR_NAME_NO_MEDICINE;
}

mr_name_step mr_name_parse(const mr_terminology *t, mr_span text, mr_reading *ret) {
    char buf[MR_TERM_NAME_BYTES];
    mr_span name;
    uint32_t at;
    name_parts parts;
    mr_reading_start(ret);
    if (!mr_name_fold(text, buf, &name) || !name.len) return MR_NAME_NOT;
    if (mr_term_find_name(t, name, &at)) return mr_reading_add(t, ret, at, NULL, 0) ? MR_NAME_EXACT : MR_NAME_NOT;
    const mr_words *words = mr_term_words(t);
    if (mr_words_device(words, name)) return no_medicine(ret);
    name = strip_edges(name);
    if (!split_parts(t, name, &parts)) return MR_NAME_NOT;
    mr_name_step step = read_parts(t, &parts, false, ret);
    if (step != MR_NAME_NOT) return step;
    if (mr_words_no_medicine(words, name)) return no_medicine(ret);
    step = read_parts(t, &parts, true, ret);
    if (step == MR_NAME_NOT) mr_reading_start(ret);
    return step;
}

mr_name_step mr_name_substance(const mr_terminology *t, mr_span text, uint32_t *ret) {
    char buf[MR_TERM_NAME_BYTES];
    mr_span name, word;
    if (!mr_name_fold(text, buf, &name)) return MR_NAME_NOT;
    if (mr_term_find_name(t, name, ret)) return MR_NAME_EXACT;
    while (drop_word(&name, &word)) {
        const mr_word *known = mr_words_find(mr_term_words(t), word);
        if (!known || !known->salt) return MR_NAME_NOT;
        if (mr_term_find_name(t, name, ret)) return MR_NAME_SALT;
    }
    return MR_NAME_NOT;
}

void mr_name_shape(const mr_terminology *t, mr_span text, mr_shape *shape) {
    char buf[MR_TERM_NAME_BYTES];
    mr_span name;
    if (mr_name_fold(text, buf, &name)) mr_words_shape(mr_term_words(t), name, shape);
}
