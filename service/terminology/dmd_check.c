/* Whether a release holds together: what the importer promises, and what a file must prove before anybody follows one
 * row to another. After this no reader needs a bound of its own. */
#include "dmd_index_room.h"

#include "medreview/base/date.h"
#include "medreview/base/utf8.h"

#include <inttypes.h>
#include <string.h>

typedef struct checker {
    const mr_dmd_release *r;
    const char *table;
    size_t row;
    mr_error *err;
} checker;

static mr_rc bad(const checker *c, const char *what) {
    return mr_fail(c->err, MR_MALFORMED, "%s, row %zu: %s", c->table, c->row, what);
}

/* As mr_sctid_valid does for text; ids have no leading zero. */
static bool id_valid(uint64_t id) {
    char digits[20];
    size_t n = sizeof digits;
    for (; id; id /= 10) digits[--n] = (char)('0' + id % 10);
    return mr_sctid_valid((mr_span){digits + n, sizeof digits - n});
}

static mr_rc check_id(const checker *c, uint64_t id, uint64_t before) {
    if (!id_valid(id)) return mr_fail(c->err, MR_MALFORMED, "%s, row %zu: %" PRIu64 " is no id", c->table, c->row, id);
    if (c->row && id == before) return bad(c, "the id stands twice");
    if (c->row && id < before) return bad(c, "not in the order of ids");
    return MR_OK;
}

static mr_rc check_name(const checker *c, mr_dmd_text t) {
    if ((uint64_t)t.at + t.len > c->r->n_names) return bad(c, "the name is outside the pool");
    if (t.len > MR_DMD_NAME_MOST) return bad(c, "the name is too long");
    if (!mr_utf8_valid(mr_dmd_name(c->r, t))) return bad(c, "the name is not UTF-8");
    return MR_OK;
}

static bool range_fits(uint32_t first, size_t n, size_t rows) {
    return first <= rows && n <= rows - first;
}

static bool word_fits(uint16_t word, size_t rows) {
    return word == MR_DMD_NO_WORD || word < rows;
}

/* Printing ASCII, then zeros to the end: what may go into a text or a comparison as it is. */
static bool code_clean(const char *code, size_t n) {
    size_t i = 0;
    while (i < n && code[i] > ' ' && code[i] < 0x7f) i++;
    while (i < n && code[i] == 0) i++;
    return i == n;
}

static mr_rc check_head(const mr_dmd_release *r, mr_error *err) {
    mr_day day;
    size_t n = strnlen(r->date, sizeof r->date);
    bool dated = n == 10 && mr_day_parse((mr_span){r->date, n}, &day);
    for (size_t i = n; i < sizeof r->date; i++) dated = dated && r->date[i] == 0;
    if (n != 0 && !dated) return mr_fail(err, MR_MALFORMED, "the date of the release is none");
    const struct {
        const char *name;
        size_t n;
    } words[] = {{"units", r->n_units}, {"forms", r->n_forms}, {"routes", r->n_routes}, {"onts", r->n_onts}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].n >= MR_DMD_NO_WORD) return mr_fail(err, MR_MALFORMED, "%s: too many rows", words[i].name);
#define ROWS(name, type)                                                                                               \
    if (r->n_##name >= MR_DMD_NONE) return mr_fail(err, MR_MALFORMED, #name ": too many rows");
    MR_DMD_TABLES(ROWS)
#undef ROWS
    return MR_OK;
}

static mr_rc check_flags(const checker *c, uint32_t flags, uint32_t allowed) {
    return flags & ~allowed ? bad(c, "unknown flags") : MR_OK;
}

static mr_rc check_vtm(const checker *c, const mr_dmd_vtm *v) {
    if (!range_fits(v->first_member, v->n_members, c->r->n_vtm_members)) return bad(c, "members that are not there");
    if (v->reserved) return bad(c, "reserved field is not 0");
    mr_rc rc = check_flags(c, v->flags, MR_DMD_INVALID);
    return rc ? rc : check_name(c, v->name);
}

static mr_rc check_substance(const checker *c, const mr_dmd_substance *s) {
    if (s->reserved) return bad(c, "reserved field is not 0");
    mr_rc rc = check_flags(c, s->flags, MR_DMD_INVALID);
    return rc ? rc : check_name(c, s->name);
}

static mr_rc check_vmp(const checker *c, const mr_dmd_vmp *v) {
    const mr_dmd_release *r = c->r;
    if (v->vtm != MR_DMD_NONE && v->vtm >= r->n_vtms) return bad(c, "a VTM that is not there");
    if (!range_fits(v->first_part, v->n_parts, r->n_parts)) return bad(c, "parts that are not there");
    if (!range_fits(v->first_route, v->n_routes, r->n_vmp_routes)) return bad(c, "routes that are not there");
    if (!range_fits(v->first_ont, v->n_onts, r->n_vmp_onts)) return bad(c, "form and route words that are not there");
    if (!word_fits(v->form, r->n_forms)) return bad(c, "a form that is not there");
    if (!word_fits(v->unit_dose_size_unit, r->n_units) || !word_fits(v->unit_dose_unit, r->n_units) ||
        !word_fits(v->ddd_unit, r->n_units))
        return bad(c, "a unit that is not there");
    if (!code_clean(v->bnf, sizeof v->bnf)) return bad(c, "its BNF code is none");
    if (!code_clean(v->atc, sizeof v->atc) || v->atc[sizeof v->atc - 1]) return bad(c, "its ATC code is none");
    if (v->dose_form > 3) return bad(c, "unknown kind of dose form");
    if (v->reserved) return bad(c, "reserved field is not 0");
    mr_rc rc = check_flags(c, v->flags, MR_DMD_INVALID | MR_DMD_COMBINATION | MR_DMD_COMPONENT);
    return rc ? rc : check_name(c, v->name);
}

static mr_rc check_amp(const checker *c, const mr_dmd_amp *a) {
    if (a->vmp >= c->r->n_vmps) return bad(c, "a VMP that is not there");
    mr_rc rc = check_flags(c, a->flags, MR_DMD_INVALID);
    return rc ? rc : check_name(c, a->name);
}

static mr_rc check_vmpp(const checker *c, const mr_dmd_vmpp *p) {
    if (p->vmp >= c->r->n_vmps) return bad(c, "a VMP that is not there");
    return check_flags(c, p->flags, MR_DMD_INVALID | MR_DMD_COMBINATION | MR_DMD_COMPONENT);
}

static mr_rc check_ampp(const checker *c, const mr_dmd_ampp *p) {
    if (p->amp >= c->r->n_amps) return bad(c, "an AMP that is not there");
    if (p->vmpp >= c->r->n_vmpps) return bad(c, "a VMPP that is not there");
    if (p->reserved) return bad(c, "reserved field is not 0");
    return check_flags(c, p->flags, MR_DMD_INVALID | MR_DMD_COMBINATION | MR_DMD_COMPONENT);
}

static mr_rc check_part(const checker *c, const mr_dmd_part *p) {
    const mr_dmd_release *r = c->r;
    if (p->substance >= r->n_substances) return bad(c, "a substance that is not there");
    if (p->base != MR_DMD_NONE && p->base >= r->n_substances) return bad(c, "a base that is not there");
    if (!word_fits(p->numerator_unit, r->n_units) || !word_fits(p->denominator_unit, r->n_units))
        return bad(c, "a unit that is not there");
    if (p->basis > 2) return bad(c, "unknown basis of strength");
    return p->reserved ? bad(c, "reserved field is not 0") : MR_OK;
}

size_t mr_dmd_rows(const mr_dmd_release *r, mr_dmd_kind kind) {
    switch (kind) {
    case MR_DMD_VTM: return r->n_vtms;
    case MR_DMD_SUBSTANCE: return r->n_substances;
    case MR_DMD_VMP: return r->n_vmps;
    case MR_DMD_AMP: return r->n_amps;
    case MR_DMD_VMPP: return r->n_vmpps;
    case MR_DMD_AMPP: return r->n_ampps;
    }
    return 0;
}

uint64_t mr_dmd_id(const mr_dmd_release *r, mr_dmd_kind kind, size_t row) {
    switch (kind) {
    case MR_DMD_VTM: return r->vtms[row].id;
    case MR_DMD_SUBSTANCE: return r->substances[row].id;
    case MR_DMD_VMP: return r->vmps[row].id;
    case MR_DMD_AMP: return r->amps[row].id;
    case MR_DMD_VMPP: return r->vmpps[row].id;
    case MR_DMD_AMPP: return r->ampps[row].id;
    }
    return 0;
}

static bool is_current(const mr_dmd_release *r, mr_dmd_kind kind, uint64_t id) {
    size_t low = 0, high = mr_dmd_rows(r, kind);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t here = mr_dmd_id(r, kind, middle);
        if (here == id) return true;
        if (here < id)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static mr_rc check_previous(checker *c) {
    const mr_dmd_previous *p = c->r->previous;
    c->table = "previous";
    for (c->row = 0; c->row < c->r->n_previous; c->row++, p++) {
        if (!id_valid(p->id))
            return mr_fail(c->err, MR_MALFORMED, "previous, row %zu: %" PRIu64 " is no id", c->row, p->id);
        if (p->kind > MR_DMD_AMPP) return bad(c, "unknown kind");
        if (p->row >= mr_dmd_rows(c->r, (mr_dmd_kind)p->kind)) return bad(c, "a row that is not there");
        if (is_current(c->r, (mr_dmd_kind)p->kind, p->id)) return bad(c, "the id is a current one");
        if (c->row == 0 || p[-1].id < p->id) continue;
        bool after = p[-1].id == p->id && (p[-1].kind != p->kind ? p[-1].kind < p->kind : p[-1].row < p->row);
        if (!after) return bad(c, "not in order, or twice");
    }
    return MR_OK;
}

/* Codes of words need no check digit: ONT_FORM_ROUTE counts from 0001. */
static mr_rc check_words(checker *c, const char *table, const mr_dmd_word *w, size_t n) {
    c->table = table;
    for (c->row = 0; c->row < n; c->row++) {
        if (c->row && w[c->row].code <= w[c->row - 1].code) return bad(c, "not in the order of codes, or twice");
        mr_rc rc = check_name(c, w[c->row].name);
        if (rc) return rc;
    }
    return MR_OK;
}

static mr_rc check_all_words(checker *c) {
    const mr_dmd_release *r = c->r;
    mr_rc rc = check_words(c, "units", r->units, r->n_units);
    if (!rc) rc = check_words(c, "forms", r->forms, r->n_forms);
    if (!rc) rc = check_words(c, "routes", r->routes, r->n_routes);
    return rc ? rc : check_words(c, "onts", r->onts, r->n_onts);
}

static mr_rc check_numbers(checker *c) {
    const mr_dmd_release *r = c->r;
    mr_rc rc = MR_OK;
    c->table = "parts";
    for (c->row = 0; !rc && c->row < r->n_parts; c->row++) rc = check_part(c, &r->parts[c->row]);
    if (rc) return rc;
    c->table = "vmp_routes";
    for (c->row = 0; c->row < r->n_vmp_routes; c->row++)
        if (r->vmp_routes[c->row] >= r->n_routes) return bad(c, "a route that is not there");
    c->table = "vmp_onts";
    for (c->row = 0; c->row < r->n_vmp_onts; c->row++)
        if (r->vmp_onts[c->row] >= r->n_onts) return bad(c, "a form and route word that is not there");
    c->table = "vtm_members";
    for (c->row = 0; c->row < r->n_vtm_members; c->row++)
        if (r->vtm_members[c->row] >= r->n_substances) return bad(c, "a substance that is not there");
    return MR_OK;
}

static mr_rc check_entities(checker *c) {
    const mr_dmd_release *r = c->r;
    mr_rc rc = MR_OK;
#define TABLE(name, check_row)                                                                                         \
    c->table = #name;                                                                                                  \
    for (c->row = 0; c->row < r->n_##name; c->row++) {                                                                 \
        rc = check_id(c, r->name[c->row].id, c->row ? r->name[c->row - 1].id : 0);                                     \
        if (!rc) rc = check_row(c, &r->name[c->row]);                                                                  \
        if (rc) return rc;                                                                                             \
    }
    TABLE(vtms, check_vtm)
    TABLE(substances, check_substance)
    TABLE(vmps, check_vmp)
    TABLE(amps, check_amp)
    TABLE(vmpps, check_vmpp)
    TABLE(ampps, check_ampp)
#undef TABLE
    return MR_OK;
}

mr_rc mr_dmd_release_check(const mr_dmd_release *r, mr_error *err) {
    checker c = {.r = r, .err = err};
    mr_rc rc = check_head(r, err);
    if (!rc) rc = check_entities(&c);
    if (!rc) rc = check_all_words(&c);
    if (!rc) rc = check_numbers(&c);
    return rc ? rc : check_previous(&c);
}
