/* First round: code tables and unit tables (.tsv). Which of the two a table is, its columns say.
 *
 * A SNOMED CT id that fails its check digit is refused: published lists hold thousands that went through a double. */
#include "decimal.h"
#include "pack.h"
#include "verhoeff.h"

#include "medreview/base/tsv.h"
#include "medreview/base/utf8.h"

#include <stdio.h>

static const struct system_name {
    const char *brief, *uri;
} systems[] = {{"sct", "http://snomed.info/sct"}, {"loinc", "http://loinc.org"}};

bool mr_pack_code_key(mr_span concept, mr_span system, mr_span code, char room[MR_CODE_KEY], mr_span *ret) {
    int n = snprintf(room, MR_CODE_KEY, "%.*s|%.*s|%.*s", MR_SPAN_ARG(concept), MR_SPAN_ARG(system), MR_SPAN_ARG(code));
    *ret = (mr_span){room, n < 0 ? 0 : (size_t)n};
    return n > 0 && n < MR_CODE_KEY;
}

static void complain_error(mr_pack *p, const mr_error *err) { /* text: FILE:LINE: reason */
    p->complaints->n++;
    if (p->complaints->out && p->complaints->n < MR_MOST_COMPLAINTS)
        mr_buf_printf(p->complaints->out, "%s\n", err->text);
}

static bool read_role(mr_pack *p, mr_place at, mr_span text, mr_code_role *ret) {
    if (!mr_code_role_known(text)) {
        mr_complain(p->complaints, at,
                    "\"%.*s\" is no role: present, event, value, test-done; resolved, remission, no-longer, absent; "
                    "history, severity-mild, ...-unspecified",
                    MR_SPAN_ARG(mr_utf8_cut(text, 60)));
        return false;
    }
    *ret = mr_code_role_parse(text);
    return true;
}

static bool read_system(mr_pack *p, mr_place at, mr_span text, mr_span *ret) {
    static const char *const names[] = {"sct", "loinc", NULL};
    int i = mr_value_choice(p, at, text, names, "code system");
    if (i >= 0) *ret = mr_span_of(systems[i].uri);
    return i >= 0;
}

bool mr_pack_code_place(mr_pack *p, const mr_code_draft *d, uint32_t *ret_place) {
    char room[MR_CODE_KEY];
    mr_span key;
    *ret_place = (uint32_t)p->codes.n;
    if (!p->codes_seen) p->codes_seen = mr_index_new(p->arena, 1024);
    bool fits = mr_pack_code_key(d->head.name, d->system, d->code, room, &key);
    if (fits && p->codes_seen && mr_arena_dup(p->arena, key, &key) &&
        mr_index_put(p->codes_seen, key, *ret_place, ret_place))
        return true;
    if (!fits)
        mr_complain(p->complaints, d->head.at, "the concept or the code is too long");
    else
        mr_pack_out_of_room(p);
    return false;
}

static void keep_code(mr_pack *p, mr_code_draft d) {
    uint32_t place;
    if (!mr_pack_code_place(p, &d, &place)) return;
    if (place == p->codes.n) {
        if (!MR_PUSH(p->arena, p->codes.v, p->codes.n, p->codes.cap, d)) mr_pack_out_of_room(p);
        return;
    }
    mr_code_draft *old = &p->codes.v[place];
    if (d.head.at.site && !old->head.at.site)
        *old = d; /* a site's role for a code stands for ours */
    else
        mr_complain(p->complaints, d.head.at, "this code stands twice for its concept; first in line %u",
                    old->head.at.line);
}

static void read_code(mr_pack *p, const mr_tsv *t, mr_place at) {
    mr_code_draft d = {.head = {mr_tsv_get(t, "concept"), at}, .code = mr_tsv_get(t, "code")};
    if (!read_system(p, at, mr_tsv_get(t, "system"), &d.system) || !read_role(p, at, mr_tsv_get(t, "role"), &d.role))
        return;
    if (mr_span_eq(d.system, mr_span_of(systems[0].uri)) && !mr_verhoeff_valid(d.code)) {
        mr_complain(p->complaints, at, "\"%.*s\" is no SNOMED CT id: its check digit is wrong", MR_SPAN_ARG(d.code));
        return;
    }
    if (d.code.len == 0) {
        mr_complain(p->complaints, at, "the code is empty");
        return;
    }
    keep_code(p, d);
}

static void read_unit(mr_pack *p, const mr_tsv *t, mr_place at) {
    mr_unit_draft d = {.head = {mr_tsv_get(t, "concept"), at}};
    d.unit.unit = mr_tsv_get(t, "unit");
    d.unit.canonical = mr_tsv_get(t, "canonical");
    if (!mr_decimal_parse(mr_tsv_get(t, "factor"), &d.unit.factor) ||
        !mr_decimal_parse(mr_tsv_get(t, "offset"), &d.unit.offset) || d.unit.factor <= 0 || d.unit.unit.len == 0 ||
        d.unit.canonical.len == 0) {
        mr_complain(p->complaints, at, "a unit has a text, a canonical unit, a factor above 0 and an offset");
        return;
    }
    for (size_t i = 0; i < p->units.n; i++) {
        mr_unit_draft *old = &p->units.v[i];
        if (!mr_span_eq(old->head.name, d.head.name) || !mr_span_eq(old->unit.unit, d.unit.unit)) continue;
        if (at.site && !old->head.at.site)
            *old = d;
        else
            mr_complain(p->complaints, at, "this unit stands twice for its concept; first in line %u",
                        old->head.at.line);
        return;
    }
    if (!MR_PUSH(p->arena, p->units.v, p->units.n, p->units.cap, d)) mr_pack_out_of_room(p);
}

static bool has_columns(const mr_tsv *t, const char *const *names, size_t n) {
    if (t->n_columns != n) return false;
    for (size_t i = 0; i < n; i++)
        if (!mr_span_is(t->column[i], names[i])) return false;
    return true;
}

void mr_pack_table(mr_pack *p, mr_place file, mr_span bytes) {
    static const char *const code_columns[] = {"concept", "system", "code", "role"};
    static const char *const unit_columns[] = {"concept", "unit", "canonical", "factor", "offset"};
    mr_span name;
    if (!mr_arena_dup(p->arena, file.file, &name)) {
        mr_pack_out_of_room(p);
        return;
    }
    mr_tsv t;
    mr_error err = {0};
    if (mr_tsv_open(&t, name.ptr, bytes, &err) != MR_OK) {
        complain_error(p, &err);
        return;
    }
    bool codes = has_columns(&t, code_columns, 4), units = has_columns(&t, unit_columns, 5);
    mr_place at = file;
    at.line = t.line;
    if (!codes && !units) {
        mr_complain(p->complaints, at,
                    "the columns of a table are: concept system code role; or: concept unit canonical factor offset");
        return;
    }
    for (bool more = true; more && p->rc == MR_OK;) {
        if (mr_tsv_next(&t, &more, &err) != MR_OK) {
            complain_error(p, &err);
            more = true;
            continue;
        }
        at.line = t.line;
        if (more && codes) read_code(p, &t, at);
        if (more && units) read_unit(p, &t, at);
    }
}
