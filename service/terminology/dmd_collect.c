/* Every record that is read comes here: it is counted, and kept for the linking, or refused with its reason. */
#include "dmd_import_parts.h"

#include <stdio.h>
#include <string.h>

static const struct {
    mr_dmd_table table;
    mr_dmd_record_layout layout;
} previous_of[MR_DMD_FILES] = {
    [MR_DMD_F_VTM] = {MR_DMD_T_PREV_VTM,
                      {NULL, "VTMIDPREV", "VTMIDPREV", MR_DMD_T_PREV_VTM, NULL, 0, MR_DMD_OLD_VALUES, false}},
    [MR_DMD_F_VMP] = {MR_DMD_T_PREV_VMP,
                      {NULL, "VPIDPREV", "VPIDPREV", MR_DMD_T_PREV_VMP, NULL, 0, MR_DMD_OLD_VALUES, false}},
    [MR_DMD_F_INGREDIENT] = {MR_DMD_T_PREV_ING,
                             {NULL, "ISIDPREV", "ISIDPREV", MR_DMD_T_PREV_ING, NULL, 0, MR_DMD_OLD_VALUES, false}},
};

mr_rc mr_dmd_no_room_in(const mr_arena *a, mr_error *err) {
    if (mr_arena_why(a, err) == MR_LIMIT)
        return mr_fail(err, MR_LIMIT, "the release needs more memory than any should");
    return mr_fail(err, MR_NOMEM, "out of memory");
}

mr_rc mr_dmd_no_room(const mr_dmd_collect *c, mr_error *err) {
    return mr_dmd_no_room_in(c->work, err);
}

/* A count for each kind of record of each file, in the order of the layouts, and one for the former ids of a file. */
mr_rc mr_dmd_collect_init(mr_dmd_collect *c, const mr_dmd_import_options *options, mr_arena *work, mr_error *err) {
    *c = (mr_dmd_collect){.work = work, .options = options, .unknown = mr_index_new(work, 64)};
    if (!c->unknown) return mr_dmd_no_room(c, err);
    for (size_t f = 0; f < MR_DMD_FILES; f++) {
        c->counts[f] = c->all + c->n_counts;
        for (size_t i = 0; i <= mr_dmd_layouts[f].n_records; i++) {
            bool last = i == mr_dmd_layouts[f].n_records;
            const mr_dmd_record_layout *l = last ? &previous_of[f].layout : &mr_dmd_layouts[f].records[i];
            if (!l->entity) continue; /* a file without former ids */
            MR_REQUIRE(c->n_counts < sizeof c->all / sizeof c->all[0]);
            mr_dmd_count *count = &c->all[c->n_counts++];
            count->entity = l->entity;
            if (l->table != MR_DMD_T_NONE)
                c->tables[l->table] = (mr_dmd_records){.layout = l, .file = (mr_dmd_file)f, .count = count};
        }
    }
    return MR_OK;
}

mr_dmd_count *mr_dmd_collect_count(mr_dmd_collect *c, mr_dmd_file file, const mr_dmd_record_layout *l) {
    return c->counts[file] + (l - mr_dmd_layouts[file].records);
}

/* --- saying ----------------------------------------------------------------------------------------------------- */

static void tell(mr_dmd_collect *c, mr_dmd_refusal *what) {
    if (c->options->refused) c->options->refused(c->options->refused_arg, what);
}

static void say(mr_dmd_collect *c, mr_dmd_file file, unsigned line, const char *entity, bool fatal, const char *fmt,
                va_list args) MR_PRINTF(6, 0);

static void say(mr_dmd_collect *c, mr_dmd_file file, unsigned line, const char *entity, bool fatal, const char *fmt,
                va_list args) {
    char why[256];
    (void)vsnprintf(why, sizeof why, fmt, args);
    mr_dmd_refusal what = {c->shown[file], line, mr_span_of(entity), mr_span_of(why), fatal, false};
    c->n_refused++;
    c->fatal = c->fatal || fatal;
    tell(c, &what);
}

void mr_dmd_say(mr_dmd_collect *c, mr_dmd_file file, unsigned line, const char *entity, bool fatal, const char *fmt,
                ...) {
    va_list args;
    va_start(args, fmt);
    say(c, file, line, entity, fatal, fmt, args);
    va_end(args);
}

void mr_dmd_note(mr_dmd_collect *c, mr_span file, const char *entity, const char *fmt, ...) {
    char why[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    mr_dmd_refusal what = {file, 0, mr_span_of(entity), mr_span_of(why), false, true};
    tell(c, &what);
}

mr_rc mr_dmd_unknown(mr_dmd_collect *c, mr_dmd_file file, unsigned line, const char *entity, const char *what,
                     const char *name, mr_error *err) {
    char key[192];
    int n = snprintf(key, sizeof key, "%d %.60s %.20s %.64s", (int)file, entity, what, name);
    mr_span kept = {key, (size_t)n};
    uint32_t old;
    if (mr_index_get(c->unknown, kept, &old)) return MR_OK;
    if (++c->n_unknown > MR_DMD_UNKNOWN_MOST)
        return mr_fail(err, MR_LIMIT, "more unknown elements than a release could have: this is another format");
    if (!mr_arena_dup(c->work, kept, &kept) || !mr_index_put(c->unknown, kept, 1, NULL)) return mr_dmd_no_room(c, err);
    mr_dmd_say(c, file, line, entity, false, "%s %.64s is not in the schema: not read, here and further on", what,
               name);
    return MR_OK;
}

void mr_dmd_refuse(mr_dmd_collect *c, mr_dmd_table t, mr_dmd_raw *raw, const char *fmt, ...) {
    const mr_dmd_records *rows = &c->tables[t];
    va_list args;
    raw->state = MR_DMD_REFUSED;
    va_start(args, fmt);
    say(c, rows->file, raw->line, rows->layout->entity, false, fmt, args);
    va_end(args);
}

/* --- one record ------------------------------------------------------------------------------------------------- */

/* Names are one line: white space that is no space becomes one. */
static bool keep_text(mr_arena *a, mr_span text, mr_span *ret) {
    if (!mr_arena_dup(a, text, ret)) return false;
    char *p = (char *)(uintptr_t)ret->ptr;
    for (size_t i = 0; i < ret->len; i++)
        if (p[i] == '\n' || p[i] == '\r' || p[i] == '\t') p[i] = ' ';
    return true;
}

static bool blank_is_absent(const mr_dmd_field *f) {
    return f->value == MR_DMD_V_BNF || f->value == MR_DMD_V_ATC || f->value == MR_DMD_V_SKIP;
}

/* "ISID 4: has a wrong check digit". Text that is not plain stays out of messages. */
static void explain(char why[160], const char *name, mr_span text, const char *wrong) {
    bool plain = text.len > 0 && text.len <= 24;
    for (size_t i = 0; plain && i < text.len; i++) plain = text.ptr[i] > ' ' && text.ptr[i] < 0x7f;
    if (why[0]) return;
    if (plain)
        (void)snprintf(why, 160, "%s %.*s: %s", name, MR_SPAN_ARG(text), wrong);
    else
        (void)snprintf(why, 160, "%s: %s", name, wrong);
}

static void read_value(const mr_dmd_field *f, mr_span text, mr_dmd_raw *raw, char why[160]) {
    const char *wrong = NULL;
    uint64_t value = MR_DMD_ABSENT;
    if (!text.ptr)
        wrong = f->required ? "is missing" : NULL;
    else if (!text.len)
        wrong = blank_is_absent(f) ? NULL : "is empty";
    else
        wrong = mr_dmd_value_read(f, text, &value);
    if (f->value == MR_DMD_V_TEXT || f->value == MR_DMD_V_BNF)
        raw->text = text;
    else if (f->value != MR_DMD_V_SKIP && (!wrong || f->slot == MR_DMD_ID))
        raw->v[f->slot] = value; /* an id with a wrong check digit still says whose record it was */
    if (wrong) explain(why, f->name, text, wrong);
}

static mr_dmd_raw *add_row(mr_dmd_collect *c, mr_dmd_table t, unsigned line) {
    mr_dmd_records *rows = &c->tables[t];
    mr_dmd_raw raw = {.line = line, .n_values = rows->layout->n_values};
    raw.v = mr_arena_alloc(c->work, raw.n_values * sizeof *raw.v, _Alignof(uint64_t));
    if (!raw.v || !MR_PUSH(c->work, rows->v, rows->n, rows->cap, raw)) return NULL;
    for (size_t i = 0; i < raw.n_values; i++) raw.v[i] = MR_DMD_ABSENT;
    rows->count->read++;
    return &rows->v[rows->n - 1];
}

static void refuse_broken(mr_dmd_collect *c, mr_dmd_table t, mr_dmd_raw *raw, const char *why) {
    raw->broken = true;
    mr_dmd_refuse(c, t, raw, "%s", why);
}

/* A former id is a record of its own: a wrong one is refused, and what bears it is not. */
static bool add_previous(mr_dmd_collect *c, mr_dmd_file file, const mr_dmd_field *f, mr_span text, unsigned line,
                         uint64_t current) {
    mr_dmd_table t = previous_of[file].table;
    mr_dmd_raw *raw = add_row(c, t, line);
    if (!raw) return false;
    char why[160] = "";
    uint64_t value = MR_DMD_ABSENT;
    const char *wrong = text.len ? mr_dmd_value_read(f, text, &value) : "is empty";
    raw->v[MR_DMD_ID] = value;
    raw->v[MR_DMD_OLD_CURRENT] = current;
    if (!wrong) return true;
    explain(why, f->name, text, wrong);
    refuse_broken(c, t, raw, why);
    return true;
}

static bool keep(mr_dmd_collect *c, const mr_dmd_record *r) {
    const mr_dmd_record_layout *l = r->layout;
    mr_dmd_raw *raw = add_row(c, l->table, r->line);
    if (!raw) return false;
    char why[160] = "";
    if (r->trouble) (void)snprintf(why, sizeof why, "%s", r->trouble);
    for (int i = 0; i < l->n_fields; i++)
        if (l->fields[i].value != MR_DMD_V_PREVIOUS)
            read_value(&l->fields[i], r->values[i].ptr ? mr_span_trim(r->values[i]) : MR_SPAN_NONE, raw, why);
    if (!keep_text(c->work, raw->text, &raw->text)) return false;
    for (int i = 0; i < l->n_fields; i++)
        if (l->fields[i].value == MR_DMD_V_PREVIOUS && r->values[i].ptr &&
            !add_previous(c, r->file, &l->fields[i], mr_span_trim(r->values[i]), r->line, raw->v[MR_DMD_ID]))
            return false;
    if (why[0]) refuse_broken(c, l->table, raw, why);
    return true;
}

mr_rc mr_dmd_collect_record(mr_dmd_collect *c, const mr_dmd_record *r, mr_error *err) {
    if (r->layout->fields) return keep(c, r) ? MR_OK : mr_dmd_no_room(c, err);
    mr_dmd_count *count = mr_dmd_collect_count(c, r->file, r->layout);
    count->read++;
    count->not_kept++;
    return MR_OK;
}
