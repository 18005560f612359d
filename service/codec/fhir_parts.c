/* The small types of FHIR: text, dates, codings, quantities, references. Lenient where nothing is lost by it; what is
 * wrong is noted in the reader, because one broken member must not take a page with it. */
#include "fhir_parts.h"

#include <string.h>

void mr_fhir_reader_next(mr_fhir_reader *r) {
    r->odd = r->bad_date = r->modified = false;
}

mr_span mr_fhir_copy(mr_fhir_reader *r, mr_span s) {
    char *p = mr_arena_alloc(r->arena, s.len + 1, 1);
    if (!p) {
        r->full = true;
        return MR_SPAN_NONE;
    }
    memcpy(p, s.ptr, s.len);
    p[s.len] = 0;
    /* FHIR forbids the zero byte, JSON can spell it, and readers of zero-terminated text would stop at it. */
    for (char *zero = memchr(p, 0, s.len); zero; zero = memchr(zero, 0, s.len - (size_t)(zero - p))) *zero = ' ';
    return (mr_span){p, s.len};
}

static mr_span join(mr_arena *arena, mr_span a, char between, mr_span b) {
    char *p = mr_arena_alloc(arena, a.len + b.len + 2, 1);
    if (!p) return MR_SPAN_NONE;
    if (a.len) memcpy(p, a.ptr, a.len);
    p[a.len] = between;
    if (b.len) memcpy(p + a.len + 1, b.ptr, b.len);
    p[a.len + 1 + b.len] = 0;
    return (mr_span){p, a.len + 1 + b.len};
}

mr_span mr_fhir_join(mr_arena *arena, mr_span a, mr_span b) {
    return join(arena, a, '/', b);
}

void mr_fhir_flag(mr_fhir_reader *r, mr_json v, bool *ret) {
    if (!mr_json_bool(v, ret)) r->odd |= mr_fhir_type(v) != 'n';
}

void mr_fhir_when(mr_fhir_reader *r, mr_span text, mr_when *ret, int64_t *ret_instant_s) {
    if (text.ptr && !mr_when_parse(mr_span_trim(text), ret, ret_instant_s)) r->bad_date = true;
}

void mr_fhir_period(mr_fhir_reader *r, mr_json v, mr_when *ret_start, mr_when *ret_end, int64_t *ret_end_s) {
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        if (name == N_start && ret_start) mr_fhir_when(r, mr_fhir_peek(r, m.value), ret_start, NULL);
        if (name == N_end && ret_end) mr_fhir_when(r, mr_fhir_peek(r, m.value), ret_end, ret_end_s);
    }
}

/* Nearly all codings of a page share a few systems: the last one is not copied again. */
static mr_span keep_system(mr_fhir_reader *r, mr_span s) {
    if (!s.len) return MR_SPAN_NONE;
    if (!mr_fhir_is(r->system, s)) r->system = mr_fhir_keep(r, s);
    return r->system;
}

void mr_fhir_coding_read(mr_fhir_reader *r, mr_json v, mr_fhir_concept *ret) {
    mr_coding c = {MR_SPAN_NONE, MR_SPAN_NONE, MR_SPAN_NONE};
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        switch (m.name) {
        case N_system: c.system = keep_system(r, mr_fhir_peek(r, m.value)); break;
        case N_code: c.code = mr_fhir_text(r, m.value); break;
        case N_display: c.display = mr_fhir_text(r, m.value); break;
        default: break;
        }
    }
    if (!c.code.ptr && !c.display.ptr) return;
    if (!ret->cap) { /* most concepts have one */
        ret->codings = mr_arena_alloc(r->arena, sizeof c, _Alignof(mr_coding));
        ret->cap = ret->codings != NULL;
    }
    if (!ret->cap || !MR_PUSH(r->arena, ret->codings, ret->n, ret->cap, c)) r->full = true;
}

void mr_fhir_concept_read(mr_fhir_reader *r, mr_json v, mr_fhir_concept *ret) {
    if (!mr_fhir_is_object(v)) {
        r->odd |= mr_fhir_type(v) != 'n';
        return;
    }
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        switch (m.name) {
        case N_coding:
            for (mr_fhir_list l = mr_fhir_each(m.value); mr_fhir_next(&l);) mr_fhir_coding_read(r, l.value, ret);
            break;
        case N_text: ret->text = mr_fhir_text(r, m.value); break;
        default: break;
        }
    }
}

mr_span mr_fhir_concept_text(const mr_fhir_concept *c) {
    if (c->text.ptr) return c->text;
    for (size_t i = 0; i < c->n; i++)
        if (c->codings[i].display.ptr) return c->codings[i].display;
    return MR_SPAN_NONE;
}

mr_span mr_fhir_concept_code(mr_json v) {
    mr_span code = MR_SPAN_NONE;
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        if (m.name != N_coding) continue;
        for (mr_fhir_list l = mr_fhir_each(m.value); !code.len && mr_fhir_next(&l);)
            for (mr_fhir_member c = mr_fhir_members(l.value); mr_fhir_member_next(&c);)
                if (c.name == N_code) code = mr_fhir_string(c.value);
    }
    return code.len ? code : MR_SPAN_NONE;
}

static mr_comparator comparator(mr_span s) {
    if (mr_fhir_is(s, MR_SPAN("<"))) return MR_CMP_LT;
    if (mr_fhir_is(s, MR_SPAN("<="))) return MR_CMP_LE;
    if (mr_fhir_is(s, MR_SPAN(">="))) return MR_CMP_GE;
    if (mr_fhir_is(s, MR_SPAN(">"))) return MR_CMP_GT;
    return s.len ? MR_CMP_APPROX : MR_CMP_NONE;
}

void mr_fhir_quantity_read(mr_fhir_reader *r, mr_json v, mr_fhir_quantity *ret) {
    mr_span system = MR_SPAN_NONE, code = MR_SPAN_NONE, unit = MR_SPAN_NONE;
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        switch (m.name) {
        case N_value:
            ret->has_value = mr_json_number(m.value, &ret->value);
            r->odd |= !ret->has_value && mr_fhir_type(m.value) != 'n';
            break;
        case N_comparator: ret->comparator = comparator(mr_fhir_peek(r, m.value)); break;
        case N_system: system = mr_fhir_peek(r, m.value); break;
        case N_code: code = mr_fhir_peek(r, m.value); break;
        case N_unit: unit = mr_fhir_peek(r, m.value); break;
        default: break;
        }
    }
    bool ucum = code.ptr && mr_fhir_is(system, MR_SPAN("http://unitsofmeasure.org"));
    ret->unit = mr_fhir_keep(r, ucum || !unit.ptr ? code : unit);
}

mr_span mr_fhir_identifier_read(mr_fhir_reader *r, mr_json v) {
    mr_span system = MR_SPAN_NONE, value = MR_SPAN_NONE;
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        mr_fhir_name name = m.name;
        if (name == N_system) system = mr_fhir_peek(r, m.value);
        if (name == N_value) value = mr_fhir_peek(r, m.value);
    }
    if (!value.ptr) return MR_SPAN_NONE;
    mr_span s = join(r->arena, system, '|', value);
    r->full |= !s.ptr;
    return s;
}

void mr_fhir_pointer_read(mr_fhir_reader *r, mr_json v, bool with_display, mr_fhir_pointer *ret) {
    if (!mr_fhir_is_object(v)) {
        r->odd |= mr_fhir_type(v) != 'n';
        return;
    }
    for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) {
        switch (m.name) {
        case N_reference: ret->reference = mr_fhir_text(r, m.value); break;
        case N_identifier: ret->identifier = mr_fhir_identifier_read(r, m.value); break;
        case N_display:
            if (with_display) ret->display = mr_fhir_text(r, m.value);
            break;
        default: break;
        }
    }
}

bool mr_fhir_is_absolute(mr_span s) {
    size_t at = mr_span_find(s, ':');
    if (at == 0 || at == s.len) return false;
    for (size_t i = 0; i < at; i++) {
        char c = s.ptr[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!word && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))) return false;
    }
    return true;
}

/* The last slash-separated part; *s loses it and the slash. */
static mr_span take_last(mr_span *s) {
    size_t at = s->len;
    while (at && s->ptr[at - 1] != '/') at--;
    mr_span last = mr_span_from(*s, at);
    s->len = at ? at - 1 : 0;
    return last;
}

static bool type_name(mr_span s) {
    if (!s.len || s.ptr[0] < 'A' || s.ptr[0] > 'Z') return false;
    for (size_t i = 1; i < s.len; i++)
        if (!((s.ptr[i] | 0x20) >= 'a' && (s.ptr[i] | 0x20) <= 'z')) return false;
    return true;
}

/* Nearly every reference: Type/id and no more. */
static bool plain_target(mr_span s, mr_fhir_target *ret) {
    const char *slash = s.len ? memchr(s.ptr, '/', s.len) : NULL;
    if (!slash) return false;
    mr_span type = {s.ptr, (size_t)(slash - s.ptr)}, id = {slash + 1, s.len - type.len - 1};
    if (!id.len || memchr(id.ptr, '/', id.len) || memchr(s.ptr, '#', s.len) || !type_name(type)) return false;
    *ret = (mr_fhir_target){.type = type, .id = id};
    return true;
}

bool mr_fhir_target_parse(mr_span reference, mr_fhir_target *ret) {
    if (plain_target(reference, ret)) return true;
    mr_fhir_target t = {MR_SPAN_NONE, MR_SPAN_NONE, MR_SPAN_NONE, MR_SPAN_NONE};
    mr_span rest = reference;
    rest.len = mr_span_find(rest, '#'); /* a fragment names a part of the target */
    if (!rest.len) return false;
    t.id = take_last(&rest);
    t.type = take_last(&rest);
    if (mr_span_is(t.type, "_history")) {
        t.version = t.id;
        t.id = take_last(&rest);
        t.type = take_last(&rest);
    }
    if (!t.id.len || !type_name(t.type)) return false;
    if (rest.len) t.base = rest;
    *ret = t;
    return true;
}

static bool strip(mr_span *s, const char *suffix) {
    if (!mr_span_ends(*s, suffix)) return false;
    s->len -= strlen(suffix);
    return true;
}

/* scheme, host with port, path; the default port and slashes at the end go. */
static void base_parts(mr_span base, mr_span *scheme, mr_span *host, mr_span *path) {
    size_t at = mr_span_find(base, ':');
    *scheme = (mr_span){base.ptr, at};
    mr_span rest = mr_span_from(base, at + 3);
    while (strip(&rest, "/")) {
    }
    size_t slash = mr_span_find(rest, '/');
    *host = (mr_span){rest.ptr, slash};
    *path = mr_span_from(rest, slash);
    if (mr_span_ieq(*scheme, MR_SPAN("https"))) (void)strip(host, ":443"); /* true or false: both are fine */
    if (mr_span_ieq(*scheme, MR_SPAN("http"))) (void)strip(host, ":80");
}

bool mr_fhir_same_base(mr_span a, mr_span b) {
    mr_span s[2], h[2], p[2];
    if (!mr_fhir_is_absolute(a) || !mr_fhir_is_absolute(b)) return mr_span_eq(a, b);
    base_parts(a, &s[0], &h[0], &p[0]);
    base_parts(b, &s[1], &h[1], &p[1]);
    return mr_span_ieq(s[0], s[1]) && mr_span_ieq(h[0], h[1]) && mr_span_eq(p[0], p[1]);
}
