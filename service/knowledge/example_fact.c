/* Conditions and results of an example. They get a code of their concept, so that an example also proves that the
 * concept has one. */
#include "example_parts.h"

/* A site's sets may leave a concept without a code of that role; the example then has the code of the packs. */
static const mr_code_draft *code_of(const mr_pack *p, mr_span concept, mr_code_role role) {
    for (size_t i = 0; i < p->codes.n; i++)
        if (mr_span_eq(p->codes.v[i].head.name, concept) && p->codes.v[i].role == role) return &p->codes.v[i];
    for (size_t i = 0; i < p->n_pack_codes; i++)
        if (mr_span_eq(p->pack_codes[i].head.name, concept) && p->pack_codes[i].role == role) return &p->pack_codes[i];
    return NULL;
}

/* A union without a code of its own: the first of its members that has one. */
static const mr_code_draft *code_of_member(const mr_pack *p, mr_span concept, mr_code_role role) {
    uint16_t c = mr_name_find(p->rules, MR_NAME_CONCEPT, concept);
    const mr_code_draft *row = NULL;
    if (c == MR_NO_NUMBER) return NULL;
    for (const mr_yaml *m = p->concepts.v[c].members; m && !row; m = m->next) row = code_of(p, m->text, role);
    return row;
}

/* The first code of the concept with the first role that has one. */
mr_coding *mr_example_coding(mr_pack *p, const mr_yaml *map, mr_span concept, const mr_code_role *roles,
                             size_t n_roles) {
    const mr_code_draft *row = NULL;
    for (size_t i = 0; i < n_roles && !row; i++) row = code_of(p, concept, roles[i]);
    for (size_t i = 0; i < n_roles && !row; i++) row = code_of_member(p, concept, roles[i]);
    if (!row) {
        mr_span near = mr_name_near(p->rules, MR_NAME_CONCEPT, concept);
        mr_complain(p->complaints, map->at, "concept \"%.*s\" has no code of the kind asked for%s%.*s%s",
                    MR_SPAN_ARG(concept), near.ptr ? "; did you mean \"" : "", MR_SPAN_ARG(near),
                    near.ptr ? "\"?" : "");
        return NULL;
    }
    mr_coding *coding = MR_NEW(p->arena, mr_coding);
    if (!coding) {
        mr_pack_out_of_room(p);
        return NULL;
    }
    *coding = (mr_coding){.system = row->system, .code = row->code};
    return coding;
}

/* One condition for each date of `on`; one without a date when there is none. */
static void add_conditions(mr_example_build *b, const mr_yaml *m, const mr_condition *model) {
    const mr_yaml *day = m->kind == MR_YAML_TEXT ? NULL : mr_value_list(b->pack, m, "on", NULL);
    do {
        mr_condition *c = mr_raw_add_condition(b->record, b->pack->arena);
        if (!c) {
            mr_pack_out_of_room(b->pack);
            return;
        }
        *c = *model;
        if (day) c->recorded = mr_example_day(b, day);
        c->reference = mr_example_reference(b, "Condition", &b->conditions, 'c');
        day = day ? day->next : NULL;
    } while (day);
}

void mr_example_condition(mr_example_build *b, const mr_yaml *m) {
    static const char *const keys[] = {"of", "on", "state", "role", "degree", "uncertain", NULL};
    static const char *const states[] = {"active", "history", "resolved", "excluded", NULL};
    static const char *const role_names[] = {"present", "resolved", "history", NULL};
    static const char *const degrees[] = {"mild", "moderate", "severe", NULL};
    static const mr_code_role plain[] = {MR_ROLE_PRESENT, MR_ROLE_EVENT}, resolved[] = {MR_ROLE_RESOLVED},
                              other[] = {MR_ROLE_OTHER, MR_ROLE_HISTORY};
    mr_pack *p = b->pack;
    mr_span concept = m->text;
    int state = 0, role = 0, degree = -1;
    mr_condition fresh = {.onset = MR_WHEN_NONE, .recorded = MR_WHEN_NONE, .abated = MR_WHEN_NONE};
    if (m->kind != MR_YAML_TEXT) {
        if (!mr_value_map(p, m, "a condition", keys)) return;
        concept = mr_value_required(p, m, "of");
        fresh.uncertain = mr_value_yes(p, m, "uncertain", false);
        if (mr_yaml_get(m, "state")) state = mr_value_choice(p, m->at, mr_value_text(p, m, "state"), states, "state");
        if (mr_yaml_get(m, "role")) role = mr_value_choice(p, m->at, mr_value_text(p, m, "role"), role_names, "role");
        if (mr_yaml_get(m, "degree"))
            degree = mr_value_choice(p, m->at, mr_value_text(p, m, "degree"), degrees, "degree");
    }
    if (!concept.ptr || state < 0 || role < 0) return;
    const mr_code_role severity[] = {(mr_code_role)(MR_ROLE_MILD + (degree > 0 ? degree : 0))};
    fresh.state = (mr_fact_state)state;
    fresh.text = concept;
    if (degree >= 0)
        fresh.codings = mr_example_coding(p, m, concept, severity, 1);
    else
        fresh.codings = mr_example_coding(p, m, concept,
                                          role == 0   ? plain
                                          : role == 1 ? resolved
                                                      : other,
                                          role == 1 ? 1 : 2);
    fresh.n_codings = fresh.codings ? 1 : 0;
    add_conditions(b, m, &fresh);
}

static bool read_value(mr_pack *p, const mr_yaml *at, mr_span text, mr_observation *o) {
    static const struct {
        const char *sign;
        mr_comparator comparator;
    } signs[] = {{"<=", MR_CMP_LE}, {"<", MR_CMP_LT}, {">=", MR_CMP_GE}, {">", MR_CMP_GT}, {"~", MR_CMP_APPROX}};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (!mr_span_starts(text, signs[i].sign)) continue;
        o->comparator = signs[i].comparator;
        text = mr_span_trim(mr_span_from(text, mr_span_of(signs[i].sign).len));
        break;
    }
    o->has_value = mr_example_amount(text, &o->value, &o->unit);
    if (!o->has_value)
        mr_complain(p->complaints, at->at, "a result is a number, with < <= >= > or ~ before it where it has one");
    if (!o->unit.len) o->unit = MR_SPAN_NONE;
    return true;
}

/* The unit that the concept is compared in; absent for one without units. */
static mr_span canonical_unit(const mr_pack *p, mr_span concept) {
    uint16_t c = mr_name_find(p->rules, MR_NAME_CONCEPT, concept);
    for (size_t i = 0; i < p->rules->n_units; i++)
        if (p->rules->units[i].concept == c) return p->rules->units[i].canonical;
    return MR_SPAN_NONE;
}

static void add_result(mr_example_build *b, const mr_yaml *at, mr_span concept, mr_observation fresh) {
    static const mr_code_role with_value[] = {MR_ROLE_VALUE}, done[] = {MR_ROLE_TEST_DONE, MR_ROLE_VALUE};
    mr_pack *p = b->pack;
    fresh.text = concept;
    fresh.codings = mr_example_coding(p, at, concept, fresh.has_value ? with_value : done, fresh.has_value ? 1 : 2);
    fresh.n_codings = fresh.codings ? 1 : 0;
    fresh.instant_s = mr_when_given(fresh.taken) ? (int64_t)fresh.taken.lo * 86400 : 0;
    fresh.reference = mr_example_reference(b, "Observation", &b->results, 'o');
    mr_observation *o = mr_raw_add_observation(b->record, p->arena);
    if (o)
        *o = fresh;
    else
        mr_pack_out_of_room(p);
}

/* {egfr: 38, on: 3 months ago}: in the concept's own unit, of the as-of date unless `on` says another. */
static bool short_result(mr_example_build *b, const mr_yaml *m) {
    const mr_yaml *value = m->first, *on = value && value->next ? value->next : NULL;
    if (m->kind != MR_YAML_MAP || !value || m->n > 2 || value->kind != MR_YAML_TEXT) return false;
    if (mr_name_find(b->pack->rules, MR_NAME_CONCEPT, value->key) == MR_NO_NUMBER) return false;
    if (on && !mr_span_is(on->key, "on")) return false;
    mr_observation o = {.taken = {b->as_of, b->as_of}};
    if (!read_value(b->pack, value, value->text, &o)) return true;
    if (!o.unit.ptr) o.unit = canonical_unit(b->pack, value->key);
    if (on) o.taken = mr_example_day(b, on);
    add_result(b, m, value->key, o);
    return true;
}

void mr_example_result(mr_example_build *b, const mr_yaml *m) {
    static const char *const keys[] = {"test", "value", "unit", "on", "marked", "preliminary", NULL};
    static const char *const marks[] = {"high", "low", "normal", NULL};
    mr_pack *p = b->pack;
    mr_observation fresh = {.taken = MR_WHEN_NONE};
    if (short_result(b, m) || !mr_value_map(p, m, "a result", keys)) return;
    mr_span concept = mr_value_required(p, m, "test"), value = mr_value_text(p, m, "value");
    fresh.taken = mr_example_day_of(b, m, "on");
    fresh.preliminary = mr_value_yes(p, m, "preliminary", false);
    if (value.ptr) (void)read_value(p, mr_yaml_get(m, "value"), value, &fresh);
    mr_span unit = mr_value_text(p, m, "unit"), mark = mr_value_text(p, m, "marked");
    if (unit.ptr) fresh.unit = unit;
    int i = mark.ptr ? mr_value_choice(p, m->at, mark, marks, "mark") : -1;
    if (i >= 0) fresh.mark = (mr_mark)(MR_MARK_HIGH + i);
    if (concept.ptr) add_result(b, m, concept, fresh);
}
