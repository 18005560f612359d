/* The examples of a rule: a little record in YAML becomes the raw record that codec would have made of a patient's
 * resources. Medicines are given as understood, since terminology is not this room's matter; conditions and results
 * get a code of their concept, so that an example also proves that the concept has one. */
#include "decimal.h"
#include "names.h"
#include "pack.h"

typedef struct example_build {
    mr_pack *pack;
    mr_raw_record *record;
    unsigned statements, requests, conditions, results;
} example_build;

static mr_span reference(example_build *b, const char *type, unsigned *count, char letter) {
    mr_span s = mr_arena_printf(b->pack->arena, "%s/%c%u", type, letter, ++*count);
    if (!s.ptr) mr_pack_out_of_room(b->pack);
    return s;
}

static mr_when day_or_none(mr_pack *p, const mr_yaml *map, const char *key) {
    mr_span text = mr_value_text(p, map, key);
    mr_when when = MR_WHEN_NONE;
    if (text.ptr && !mr_when_parse(text, &when, NULL))
        mr_complain(p->complaints, mr_yaml_get(map, key)->at, "\"%s\" is a date such as 2026-11-21 or 2026-11", key);
    return when;
}

/* ---- medicines ---- */

static mr_entry_status read_status(mr_pack *p, const mr_yaml *map) {
    static const char *const names[] = {"active",    "planned", "paused",    "stopped",
                                        "completed", "unknown", "not-taken", NULL};
    static const mr_entry_status statuses[] = {MR_ST_ACTIVE,    MR_ST_INTENDED, MR_ST_ON_HOLD,  MR_ST_STOPPED,
                                               MR_ST_COMPLETED, MR_ST_UNKNOWN,  MR_ST_NOT_TAKEN};
    mr_span text = mr_value_text(p, map, "state");
    if (!text.ptr) return MR_ST_ACTIVE;
    int i = mr_value_choice(p, mr_yaml_get(map, "state")->at, text, names, "state");
    return i < 0 ? MR_ST_ACTIVE : statuses[i];
}

static mr_route read_route(mr_pack *p, const mr_yaml *map, mr_span drug) {
    mr_span text = mr_value_text(p, map, "route");
    mr_route route = mr_span_ends(drug, "(eye)") ? MR_ROUTE_EYE : MR_ROUTE_ORAL;
    if (text.ptr && !mr_route_parse(text, &route))
        mr_complain(p->complaints, mr_yaml_get(map, "route")->at, "\"%.*s\" is no route", MR_SPAN_ARG(text));
    return route;
}

/* "aspirin + dipyridamole" is one product with two substances. */
static void understand(mr_pack *p, mr_span drug, mr_route route, mr_understood *ret) {
    enum { MOST_INGREDIENTS = 4 };
    ret->by = MR_REC_NAME;
    ret->route = route;
    ret->ingredients = MR_NEW_N(p->arena, mr_ingredient, MOST_INGREDIENTS);
    if (!ret->ingredients) {
        mr_pack_out_of_room(p);
        return;
    }
    mr_span name;
    for (bool more = true; more && ret->n_ingredients < MOST_INGREDIENTS;) {
        more = mr_span_split(drug, '+', &name, &drug);
        ret->ingredients[ret->n_ingredients++].substance = mr_span_trim(name);
    }
}

static void when_required(mr_pack *p, mr_entry *e) {
    e->dosage = MR_NEW(p->arena, mr_dosage);
    if (!e->dosage) {
        mr_pack_out_of_room(p);
        return;
    }
    e->dosage->text = MR_SPAN("when required");
    e->dosage->as_needed = true;
    e->n_dosage = 1;
}

static void add_issue(example_build *b, const mr_yaml *day, mr_entry model) {
    mr_entry *e = mr_raw_add_entry(b->record, b->pack->arena);
    if (!e) {
        mr_pack_out_of_room(b->pack);
        return;
    }
    mr_when when;
    if (day->kind != MR_YAML_TEXT || !mr_when_parse(day->text, &when, NULL)) {
        mr_complain(b->pack->complaints, day->at, "\"issued\" is a list of dates such as 2026-11-21");
        return;
    }
    *e = model;
    e->kind = MR_ENTRY_REQUEST;
    e->intent = MR_INTENT_ORDER;
    e->reference = reference(b, "MedicationRequest", &b->requests, 'r');
    e->asserted = e->last_issue = when;
    e->from = e->until = MR_WHEN_NONE;
}

static void read_medicine(example_build *b, const mr_yaml *m) {
    static const char *const keys[] = {"drug",   "route",         "state",     "since", "until",
                                       "issued", "when_required", "uncertain", NULL};
    mr_pack *p = b->pack;
    mr_entry model = {.kind = MR_ENTRY_STATEMENT,
                      .status = MR_ST_ACTIVE,
                      .text = m->text,
                      .from = MR_WHEN_NONE,
                      .until = MR_WHEN_NONE,
                      .asserted = MR_WHEN_NONE,
                      .last_issue = MR_WHEN_NONE};
    mr_route route = mr_span_ends(m->text, "(eye)") ? MR_ROUTE_EYE : MR_ROUTE_ORAL;
    if (m->kind != MR_YAML_TEXT) {
        if (!mr_value_map(p, m, "a medicine", keys)) return;
        model.text = mr_value_required(p, m, "drug");
        model.status = read_status(p, m);
        route = read_route(p, m, model.text);
        model.from = day_or_none(p, m, "since");
        model.until = day_or_none(p, m, "until");
        model.understood.uncertain = mr_value_yes(p, m, "uncertain", false);
        if (mr_value_yes(p, m, "when_required", false)) when_required(p, &model);
    }
    if (!model.text.ptr || p->rc != MR_OK) return;
    understand(p, model.text, route, &model.understood);
    const mr_yaml *issues = mr_value_list(p, m, "issued", NULL);
    for (const mr_yaml *day = issues; day; day = day->next) add_issue(b, day, model);
    /* Issues alone are a medicine known by its issues only; with a start it also stands on the list of medicines. */
    if (issues && !mr_when_given(model.from)) return;
    mr_entry *e = mr_raw_add_entry(b->record, p->arena);
    if (!e) {
        mr_pack_out_of_room(p);
        return;
    }
    *e = model;
    e->reference = reference(b, "MedicationStatement", &b->statements, 'm');
}

static void read_unrecognised(example_build *b, const mr_yaml *m) {
    mr_entry *e = mr_raw_add_entry(b->record, b->pack->arena);
    if (!e) {
        mr_pack_out_of_room(b->pack);
        return;
    }
    e->status = MR_ST_ACTIVE;
    e->text = m->text;
    e->reference = reference(b, "MedicationStatement", &b->statements, 'm');
    e->understood.why = MR_UNREAD_NOT_RECOGNISED;
    if (m->kind != MR_YAML_TEXT) mr_complain(b->pack->complaints, m->at, "an unrecognised medicine is a text");
}

/* ---- conditions and results ---- */

/* A site's sets may leave a concept without a code of that role; the example then has the code of the packs. */
static const mr_code_draft *code_of(const mr_pack *p, mr_span concept, mr_code_role role) {
    for (size_t i = 0; i < p->codes.n; i++)
        if (mr_span_eq(p->codes.v[i].head.name, concept) && p->codes.v[i].role == role) return &p->codes.v[i];
    for (size_t i = 0; i < p->n_pack_codes; i++)
        if (mr_span_eq(p->pack_codes[i].head.name, concept) && p->pack_codes[i].role == role) return &p->pack_codes[i];
    return NULL;
}

/* The first code of the concept with the first role that has one. */
static mr_coding *coding_of(mr_pack *p, const mr_yaml *map, mr_span concept, const mr_code_role *roles,
                            size_t n_roles) {
    const mr_code_draft *row = NULL;
    for (size_t i = 0; i < n_roles && !row; i++) row = code_of(p, concept, roles[i]);
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

static void read_condition(example_build *b, const mr_yaml *m) {
    static const char *const keys[] = {"of", "on", "state", "role", "uncertain", NULL};
    static const char *const states[] = {"active", "history", "resolved", "excluded", NULL};
    static const char *const role_names[] = {"present", "resolved", "history", NULL};
    static const mr_code_role plain[] = {MR_ROLE_PRESENT, MR_ROLE_EVENT}, resolved[] = {MR_ROLE_RESOLVED},
                              other[] = {MR_ROLE_OTHER};
    mr_pack *p = b->pack;
    mr_span concept = m->text;
    int state = 0, role = 0;
    mr_condition fresh = {.onset = MR_WHEN_NONE, .recorded = MR_WHEN_NONE, .abated = MR_WHEN_NONE};
    if (m->kind != MR_YAML_TEXT) {
        if (!mr_value_map(p, m, "a condition", keys)) return;
        concept = mr_value_required(p, m, "of");
        fresh.recorded = day_or_none(p, m, "on");
        fresh.uncertain = mr_value_yes(p, m, "uncertain", false);
        if (mr_yaml_get(m, "state")) state = mr_value_choice(p, m->at, mr_value_text(p, m, "state"), states, "state");
        if (mr_yaml_get(m, "role")) role = mr_value_choice(p, m->at, mr_value_text(p, m, "role"), role_names, "role");
    }
    if (!concept.ptr || state < 0 || role < 0) return;
    fresh.state = (mr_fact_state)state;
    fresh.text = concept;
    fresh.codings = coding_of(p, m, concept, role == 0 ? plain : role == 1 ? resolved : other, role == 0 ? 2 : 1);
    fresh.n_codings = fresh.codings ? 1 : 0;
    fresh.reference = reference(b, "Condition", &b->conditions, 'c');
    mr_condition *c = mr_raw_add_condition(b->record, p->arena);
    if (c)
        *c = fresh;
    else
        mr_pack_out_of_room(p);
}

static bool read_result_value(mr_pack *p, const mr_yaml *m, mr_observation *o) {
    static const struct {
        const char *sign;
        mr_comparator comparator;
    } signs[] = {{"<=", MR_CMP_LE}, {"<", MR_CMP_LT}, {">=", MR_CMP_GE}, {">", MR_CMP_GT}, {"~", MR_CMP_APPROX}};
    mr_span text = mr_value_text(p, m, "value");
    if (!text.ptr) return false;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (!mr_span_starts(text, signs[i].sign)) continue;
        o->comparator = signs[i].comparator;
        text = mr_span_trim(mr_span_from(text, mr_span_of(signs[i].sign).len));
        break;
    }
    o->has_value = mr_decimal_parse(text, &o->value);
    if (!o->has_value)
        mr_complain(p->complaints, mr_yaml_get(m, "value")->at,
                    "a result is a number, with < <= >= > or ~ before it where it has one");
    o->unit = mr_value_text(p, m, "unit");
    return true;
}

static void read_result(example_build *b, const mr_yaml *m) {
    static const char *const keys[] = {"test", "value", "unit", "on", "preliminary", NULL};
    static const mr_code_role with_value[] = {MR_ROLE_VALUE}, done[] = {MR_ROLE_TEST_DONE, MR_ROLE_VALUE};
    mr_pack *p = b->pack;
    mr_observation fresh = {.taken = MR_WHEN_NONE};
    if (!mr_value_map(p, m, "a result", keys)) return;
    mr_span concept = mr_value_required(p, m, "test");
    fresh.taken = day_or_none(p, m, "on");
    fresh.preliminary = mr_value_yes(p, m, "preliminary", false);
    bool value = read_result_value(p, m, &fresh);
    if (!concept.ptr) return;
    fresh.text = concept;
    fresh.codings = coding_of(p, m, concept, value ? with_value : done, value ? 1 : 2);
    fresh.n_codings = fresh.codings ? 1 : 0;
    fresh.instant_s = mr_when_given(fresh.taken) ? (int64_t)fresh.taken.lo * 86400 : 0;
    fresh.reference = reference(b, "Observation", &b->results, 'o');
    mr_observation *o = mr_raw_add_observation(b->record, p->arena);
    if (o)
        *o = fresh;
    else
        mr_pack_out_of_room(p);
}

/* ---- one example ---- */

static void read_patient(mr_pack *p, const mr_yaml *m, mr_patient *ret) {
    static const char *const sexes[] = {"female", "male", "other", NULL};
    static const mr_sex numbers[] = {MR_SEX_FEMALE, MR_SEX_MALE, MR_SEX_OTHER};
    ret->id = MR_SPAN("p1");
    ret->reference = MR_SPAN("Patient/p1");
    ret->birth = day_or_none(p, m, "born");
    mr_span sex = mr_value_text(p, m, "sex");
    int i = sex.ptr ? mr_value_choice(p, m->at, sex, sexes, "sex") : -1;
    if (i >= 0) ret->sex = numbers[i];
}

static void read_cut(mr_pack *p, const mr_yaml *m, mr_raw_record *record) {
    static const char *const lists[] = {"medicines", "conditions", "results", NULL};
    static const unsigned bits[] = {MR_CUT_MEDICINES, MR_CUT_CONDITIONS, MR_CUT_OBSERVATIONS};
    for (const mr_yaml *c = mr_value_list(p, m, "cut_off", NULL); c; c = c->next) {
        int i = mr_value_choice(p, c->at, c->text, lists, "list");
        if (i >= 0) record->cut |= bits[i];
    }
}

static const mr_raw_record *read_record(mr_pack *p, const mr_yaml *m) {
    mr_raw_record *record = MR_NEW(p->arena, mr_raw_record);
    if (!record) {
        mr_pack_out_of_room(p);
        return NULL;
    }
    mr_raw_init(record);
    example_build b = {.pack = p, .record = record};
    read_patient(p, m, &record->patient);
    read_cut(p, m, record);
    for (const mr_yaml *k = mr_value_list(p, m, "medicines", NULL); k; k = k->next) read_medicine(&b, k);
    for (const mr_yaml *k = mr_value_list(p, m, "unrecognised", NULL); k; k = k->next) read_unrecognised(&b, k);
    for (const mr_yaml *k = mr_value_list(p, m, "conditions", NULL); k; k = k->next) read_condition(&b, k);
    for (const mr_yaml *k = mr_value_list(p, m, "results", NULL); k; k = k->next) read_result(&b, k);
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
                                       "form",  NULL};
    static const char *const forms[] = {"alert", "indicator", NULL};
    mr_example e = {.as_of = as_of, .line = m->at.line};
    if (!mr_value_map(p, m, "an example", keys) || !read_outcome(p, m, &e)) return;
    (void)mr_value_day(p, m, "as_of", &e.as_of);
    mr_span form = mr_value_text(p, m, "form");
    if (form.ptr) e.indicator = mr_value_choice(p, m->at, form, forms, "form") == 1;
    e.text = lines_of(file_bytes, m->at.line, m->last_line);
    e.record = read_record(p, m);
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
