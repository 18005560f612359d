/* The examples of a rule: a little record in YAML becomes the raw record that codec would have made of a patient's
 * resources. Medicines are given as understood, since terminology is not this room's matter. */
#include "decimal.h"
#include "example_parts.h"

mr_span mr_example_reference(mr_example_build *b, const char *type, unsigned *count, char letter) {
    mr_span s = mr_arena_printf(b->pack->arena, "%s/%c%u", type, letter, ++*count);
    if (!s.ptr) mr_pack_out_of_room(b->pack);
    return s;
}

bool mr_example_amount(mr_span text, double *ret, mr_span *ret_rest) {
    mr_span number, rest;
    (void)mr_span_split(text, ' ', &number, &rest);
    if (!mr_decimal_parse(number, ret)) return false;
    *ret_rest = mr_span_trim(rest.ptr ? rest : MR_SPAN(""));
    return true;
}

bool mr_example_duration(mr_span text, mr_duration *ret) {
    static const char *const one[] = {"day", "week", "month", "year"}, *const many[] = {"days", "weeks", "months",
                                                                                        "years"};
    mr_span number, unit;
    uint64_t n;
    if (!mr_span_split(text, ' ', &number, &unit) || !mr_span_u64(number, &n) || n > 9999) return false;
    for (uint8_t i = 0; i < 4; i++) {
        if (!mr_span_is(unit, one[i]) && !mr_span_is(unit, many[i])) continue;
        *ret = (mr_duration){(uint16_t)n, i};
        return true;
    }
    return false;
}

mr_day mr_example_before(mr_day day, mr_duration d) {
    if (d.unit == MR_DAYS) return day - d.n;
    if (d.unit == MR_WEEKS) return day - 7 * d.n;
    return mr_day_add_months(day, -(int32_t)d.n * (d.unit == MR_YEARS ? 12 : 1));
}

mr_when mr_example_day(mr_example_build *b, const mr_yaml *node) {
    mr_when when = MR_WHEN_NONE;
    mr_duration d;
    mr_span text = node->kind == MR_YAML_TEXT ? node->text : MR_SPAN("");
    if (mr_span_is(text, "today")) return (mr_when){b->as_of, b->as_of};
    if (mr_span_ends(text, " ago") && mr_example_duration((mr_span){text.ptr, text.len - 4}, &d)) {
        mr_day day = mr_example_before(b->as_of, d);
        return (mr_when){day, day};
    }
    if (!mr_when_parse(text, &when, NULL))
        mr_complain(b->pack->complaints, node->at,
                    "\"%.*s\" is a date such as 2026-11-21 or 2026-11, \"today\" or \"3 months ago\"",
                    MR_SPAN_ARG(node->key.ptr ? node->key : MR_SPAN("on")));
    return when;
}

mr_when mr_example_day_of(mr_example_build *b, const mr_yaml *map, const char *key) {
    const mr_yaml *node = mr_yaml_get(map, key);
    return node ? mr_example_day(b, node) : MR_WHEN_NONE;
}

/* ---- one example ---- */

static void read_patient(mr_example_build *b, const mr_yaml *m, mr_patient *ret) {
    static const char *const sexes[] = {"female", "male", "other", NULL};
    static const mr_sex numbers[] = {MR_SEX_FEMALE, MR_SEX_MALE, MR_SEX_OTHER};
    mr_pack *p = b->pack;
    unsigned age;
    ret->id = MR_SPAN("p1");
    ret->reference = MR_SPAN("Patient/p1");
    ret->birth = mr_example_day_of(b, m, "born");
    if (mr_value_count(p, m, "age", 120, &age)) { /* of that age today, to the day */
        mr_day birth = mr_day_add_months(b->as_of, -12 * (int32_t)age);
        ret->birth = (mr_when){birth, birth};
    }
    mr_span sex = mr_value_text(p, m, "sex");
    int i = sex.ptr ? mr_value_choice(p, m->at, sex, sexes, "sex") : -1;
    if (i >= 0) ret->sex = numbers[i];
}

static void read_cut(mr_pack *p, const mr_yaml *m, mr_raw_record *record) {
    static const char *const lists[] = {"medicines", "conditions", "results", "allergies", NULL};
    static const unsigned bits[] = {MR_CUT_MEDICINES, MR_CUT_CONDITIONS, MR_CUT_OBSERVATIONS, MR_CUT_ALLERGIES};
    for (const mr_yaml *c = mr_value_list(p, m, "cut_off", NULL); c; c = c->next) {
        int i = mr_value_choice(p, c->at, c->text, lists, "list");
        if (i >= 0) record->cut |= bits[i];
    }
}

static const mr_raw_record *read_record(mr_pack *p, const mr_yaml *m, mr_day as_of) {
    mr_raw_record *record = MR_NEW(p->arena, mr_raw_record);
    if (!record) {
        mr_pack_out_of_room(p);
        return NULL;
    }
    mr_raw_init(record);
    mr_example_build b = {.pack = p, .record = record, .as_of = as_of};
    read_patient(&b, m, &record->patient);
    read_cut(p, m, record);
    for (const mr_yaml *k = mr_value_list(p, m, "medicines", NULL); k; k = k->next) mr_example_medicine(&b, k);
    for (const mr_yaml *k = mr_value_list(p, m, "unrecognised", NULL); k; k = k->next) mr_example_unrecognised(&b, k);
    for (const mr_yaml *k = mr_value_list(p, m, "conditions", NULL); k; k = k->next) mr_example_condition(&b, k);
    for (const mr_yaml *k = mr_value_list(p, m, "allergies", NULL); k; k = k->next) mr_example_allergy(&b, k);
    for (const mr_yaml *k = mr_value_list(p, m, "results", NULL); k; k = k->next) mr_example_result(&b, k);
    return record;
}

static bool read_outcome(mr_pack *p, const mr_yaml *m, mr_example *e) {
    static const struct {
        const char *key;
        mr_tri expect;
        bool possible;
    } outcomes[] = {{"fires", MR_TRUE, false},
                    {"silent", MR_FALSE, false},
                    {"unknown", MR_UNKNOWN, false},
                    {"possible", MR_UNKNOWN, true}};
    unsigned found = 0;
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        mr_span name = mr_value_text(p, m, outcomes[i].key);
        if (!name.ptr) continue;
        found++;
        e->name = name;
        e->expect = outcomes[i].expect;
        e->possible = outcomes[i].possible;
    }
    if (found != 1)
        mr_complain(p->complaints, m->at, "an example has one of fires, silent, unknown, possible, with its name");
    return found == 1;
}

/* The lines of the example as they stand in the file. */
static mr_span lines_of(mr_span bytes, unsigned first, unsigned last) {
    size_t from = 0, at = 0;
    for (unsigned line = 1; line <= last && at < bytes.len; line++) {
        if (line == first) from = at;
        at += mr_span_find(mr_span_from(bytes, at), '\n') + 1;
    }
    if (at > bytes.len) at = bytes.len;
    return (mr_span){bytes.ptr + from, at - from};
}

static void read_example(mr_pack *p, const mr_yaml *m, mr_span file_bytes, mr_day as_of, mr_rule *rule) {
    static const char *const keys[] = {"fires", "silent",    "unknown",      "possible",   "born",    "sex",
                                       "as_of", "medicines", "unrecognised", "conditions", "results", "cut_off",
                                       "form",  "age",       "allergies",    NULL};
    static const char *const forms[] = {"alert", "indicator", NULL};
    mr_example e = {.as_of = as_of, .line = m->at.line};
    if (!mr_value_map(p, m, "an example", keys) || !read_outcome(p, m, &e)) return;
    (void)mr_value_day(p, m, "as_of", &e.as_of);
    mr_span form = mr_value_text(p, m, "form");
    if (form.ptr) e.indicator = mr_value_choice(p, m->at, form, forms, "form") == 1;
    e.text = lines_of(file_bytes, m->at.line, m->last_line);
    e.record = read_record(p, m, e.as_of);
    if (e.record) rule->examples[rule->n_examples++] = e;
}

void mr_pack_examples(mr_pack *p, const mr_yaml *node, mr_span file_bytes, mr_day as_of, mr_rule *rule) {
    if (node->kind != MR_YAML_LIST) {
        mr_complain(p->complaints, node->at, "\"examples\" is a list, not %s", mr_yaml_kind_text(node->kind));
        return;
    }
    rule->examples = MR_NEW_N(p->arena, mr_example, node->n ? node->n : 1);
    if (!rule->examples) {
        mr_pack_out_of_room(p);
        return;
    }
    for (const mr_yaml *m = node->first; m && p->rc == MR_OK; m = m->next) read_example(p, m, file_bytes, as_of, rule);
}
