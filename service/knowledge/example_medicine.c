/* Medicines and allergies of an example: as terminology would have understood them. */
#include "example_parts.h"

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

/* ---- strength, form ---- */

/* "500 mg", "125 mg in 5 ml", "50 microgram in 1 hour". */
static bool read_strength(mr_span text, mr_ingredient *x) {
    mr_span rest, unit, per;
    if (!mr_example_amount(mr_span_trim(text), &x->strength, &rest)) return false;
    bool whole = !mr_span_split(rest, ' ', &unit, &per);
    x->strength_unit = unit;
    if (whole) return unit.len > 0;
    if (!mr_span_starts(per, "in ")) return false;
    return mr_example_amount(mr_span_from(per, 3), &x->per, &x->per_unit) && x->per_unit.len;
}

static void read_product(mr_pack *p, const mr_yaml *m, mr_understood *u) {
    static const char *const releases[] = {"modified", "immediate", NULL};
    mr_span strength = mr_value_text(p, m, "strength"), release = mr_value_text(p, m, "release"), one;
    u->form = mr_value_text(p, m, "form");
    if (release.ptr)
        u->modified_release = mr_value_choice(p, mr_yaml_get(m, "release")->at, release, releases, "release") == 0;
    if (release.ptr && !u->form.ptr) u->form = MR_SPAN("tablet"); /* a form that is known, so the release is */
    for (size_t i = 0; strength.ptr && i < u->n_ingredients; i++) {
        bool more = mr_span_split(strength, '+', &one, &strength);
        if (!read_strength(one, &u->ingredients[i]))
            mr_complain(p->complaints, mr_yaml_get(m, "strength")->at,
                        "a strength is \"500 mg\", \"125 mg in 5 ml\", \"50 microgram in 1 hour\"");
        if (!more) break;
    }
}

/* ---- dosage ---- */

static bool take(mr_span *text, const char *words) {
    size_t n = mr_span_of(words).len;
    if (!mr_span_starts(*text, words) || (text->len > n && text->ptr[n] != ' ')) return false;
    *text = mr_span_trim(mr_span_from(*text, n));
    return true;
}

/* "daily", "twice weekly", "4 times daily", "every 72 hours". */
static bool read_timing(mr_span text, mr_dosage *d) {
    static const struct {
        const char *word, *unit;
    } every[] = {{"daily", "d"}, {"weekly", "wk"}, {"monthly", "mo"}},
      units[] = {{"hours", "h"}, {"hour", "h"}, {"days", "d"}, {"weeks", "wk"}, {"months", "mo"}};
    mr_span rest;
    d->frequency = d->period = 1;
    if (take(&text, "every")) {
        if (!mr_example_amount(text, &d->period, &rest)) return false;
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (mr_span_is(rest, units[i].word)) d->period_unit = mr_span_of(units[i].unit);
        return d->period_unit.ptr != NULL;
    }
    if (take(&text, "twice"))
        d->frequency = 2;
    else if (!take(&text, "once") && mr_example_amount(text, &d->frequency, &rest)) {
        if (!take(&rest, "times")) return false;
        text = rest;
    }
    for (size_t i = 0; i < sizeof every / sizeof *every; i++)
        if (mr_span_is(text, every[i].word)) d->period_unit = mr_span_of(every[i].unit);
    return d->period_unit.ptr != NULL;
}

/* "250 microgram daily", "up to 2 tablets 4 times daily", "once weekly". */
static bool read_dose(mr_span text, mr_dosage *d) {
    mr_span rest, unit;
    if (take(&text, "up to")) d->as_needed = true;
    if (mr_example_amount(text, &d->dose, &rest) && !mr_span_starts(rest, "times ")) {
        if (!mr_span_split(rest, ' ', &unit, &rest)) return false;
        d->dose_unit = unit;
        text = mr_span_trim(rest);
    } else {
        d->dose = 0;
    }
    return read_timing(text, d);
}

/* A dosage where the example says something of it. */
static void read_dosage(mr_pack *p, const mr_yaml *m, mr_entry *e) {
    mr_span dose = mr_value_text(p, m, "dose");
    bool needed = mr_value_yes(p, m, "when_required", false), regular = mr_value_yes(p, m, "regular", false);
    if (!dose.ptr && !needed && !regular) return;
    e->dosage = MR_NEW(p->arena, mr_dosage);
    if (!e->dosage) {
        mr_pack_out_of_room(p);
        return;
    }
    e->n_dosage = 1;
    if (dose.ptr && !read_dose(dose, &e->dosage[0]))
        mr_complain(
            p->complaints, mr_yaml_get(m, "dose")->at,
            "a dose is \"250 microgram daily\", \"2 tablets 4 times daily\", \"10 mg once weekly\", \"1 patch every 72 "
            "hours\", with \"up to\" before it when it is taken as needed");
    e->dosage[0].as_needed |= needed;
    if (!dose.ptr && needed) e->dosage[0].text = MR_SPAN("when required");
}

static void read_reason(mr_pack *p, const mr_yaml *m, mr_entry *e) {
    static const mr_code_role plain[] = {MR_ROLE_PRESENT, MR_ROLE_EVENT};
    mr_span concept = mr_value_text(p, m, "for");
    if (!concept.ptr) return;
    mr_coding *c = mr_example_coding(p, mr_yaml_get(m, "for"), concept, plain, 2);
    e->reasons = MR_NEW(p->arena, mr_reason);
    if (!e->reasons) mr_pack_out_of_room(p);
    if (!c || !e->reasons) return;
    e->reasons[0].coding = *c;
    e->n_reasons = 1;
}

/* ---- entries ---- */

static void add_issue(mr_example_build *b, mr_when when, mr_entry model) {
    mr_entry *e = mr_raw_add_entry(b->record, b->pack->arena);
    if (!e) {
        mr_pack_out_of_room(b->pack);
        return;
    }
    *e = model;
    e->kind = MR_ENTRY_REQUEST;
    e->intent = MR_INTENT_ORDER;
    e->reference = mr_example_reference(b, "MedicationRequest", &b->requests, 'r');
    e->asserted = e->last_issue = when;
    e->from = e->until = MR_WHEN_NONE;
}

/* "every 28 days since 2026-01-01", to the as-of date. */
static bool add_issues_every(mr_example_build *b, const mr_yaml *node, mr_span text, const mr_entry *model) {
    enum { MOST_ISSUES = 200 };
    mr_duration d;
    mr_day from;
    size_t at = 0;
    while (at + 7 <= text.len && !mr_span_starts(mr_span_from(text, at), " since ")) at++;
    bool read = at + 7 <= text.len && mr_example_duration((mr_span){text.ptr, at}, &d) &&
                mr_day_parse(mr_span_from(text, at + 7), &from) && d.unit <= MR_WEEKS;
    if (!read) {
        mr_complain(b->pack->complaints, node->at, "issues are dates, or \"every 28 days since 2026-01-01\"");
        return false;
    }
    mr_day step = d.unit == MR_WEEKS ? d.n * 7 : d.n;
    for (int i = 0; i < MOST_ISSUES && from <= b->as_of; i++, from += step) add_issue(b, (mr_when){from, from}, *model);
    return true;
}

static bool add_issues(mr_example_build *b, const mr_yaml *m, const mr_entry *model) {
    const mr_yaml *issues = mr_value_list(b->pack, m, "issued", NULL);
    for (const mr_yaml *day = issues; day; day = day->next) {
        if (day->kind == MR_YAML_TEXT && mr_span_starts(day->text, "every ")) {
            (void)add_issues_every(b, day, mr_span_from(day->text, 6), model);
            continue;
        }
        mr_when when = mr_example_day(b, day);
        if (mr_when_given(when)) add_issue(b, when, *model);
    }
    return issues != NULL;
}

static void read_terms(mr_example_build *b, const mr_yaml *m, mr_entry *model) {
    mr_pack *p = b->pack;
    model->text = mr_value_required(p, m, "drug");
    if (!model->text.ptr) return;
    model->status = read_status(p, m);
    understand(p, model->text, read_route(p, m, model->text), &model->understood);
    if (p->rc != MR_OK) return;
    read_product(p, m, &model->understood);
    model->from = mr_example_day_of(b, m, "since");
    model->until = mr_example_day_of(b, m, "until");
    model->understood.uncertain = mr_value_yes(p, m, "uncertain", false);
    read_dosage(p, m, model);
    read_reason(p, m, model);
}

void mr_example_medicine(mr_example_build *b, const mr_yaml *m) {
    static const char *const keys[] = {"drug",    "route",         "state",     "since",    "until", "issued",
                                       "regular", "when_required", "uncertain", "strength", "form",  "release",
                                       "dose",    "for",           "times",     NULL};
    mr_pack *p = b->pack;
    unsigned times = 1;
    mr_entry model = {.kind = MR_ENTRY_STATEMENT,
                      .status = MR_ST_ACTIVE,
                      .text = m->text,
                      .from = MR_WHEN_NONE,
                      .until = MR_WHEN_NONE,
                      .asserted = MR_WHEN_NONE,
                      .last_issue = MR_WHEN_NONE};
    bool map = m->kind != MR_YAML_TEXT;
    if (map && !mr_value_map(p, m, "a medicine", keys)) return;
    if (map)
        read_terms(b, m, &model);
    else
        understand(p, m->text, mr_span_ends(m->text, "(eye)") ? MR_ROUTE_EYE : MR_ROUTE_ORAL, &model.understood);
    if (!model.text.ptr || p->rc != MR_OK) return;
    bool issued = map && add_issues(b, m, &model);
    if (map) (void)mr_value_count(p, m, "times", 50, &times);
    /* Issues alone are a medicine known by its issues only; with a start it also stands on the list of medicines. */
    if (issued && !mr_when_given(model.from)) return;
    for (unsigned i = 0; i < times; i++) {
        mr_entry *e = mr_raw_add_entry(b->record, p->arena);
        if (!e) {
            mr_pack_out_of_room(p);
            return;
        }
        *e = model;
        e->reference = mr_example_reference(b, "MedicationStatement", &b->statements, 'm');
    }
}

void mr_example_unrecognised(mr_example_build *b, const mr_yaml *m) {
    mr_entry *e = mr_raw_add_entry(b->record, b->pack->arena);
    if (!e) {
        mr_pack_out_of_room(b->pack);
        return;
    }
    e->status = MR_ST_ACTIVE;
    e->text = m->text;
    e->reference = mr_example_reference(b, "MedicationStatement", &b->statements, 'm');
    e->understood.why = MR_UNREAD_NOT_RECOGNISED;
    if (m->kind != MR_YAML_TEXT) mr_complain(b->pack->complaints, m->at, "an unrecognised medicine is a text");
}

void mr_example_allergy(mr_example_build *b, const mr_yaml *m) {
    static const char *const keys[] = {"to", "state", "unrecognised", NULL};
    static const char *const states[] = {"active", "resolved", NULL};
    mr_pack *p = b->pack;
    mr_allergy fresh = {.active = true, .text = m->text};
    mr_span drug = m->text;
    if (m->kind != MR_YAML_TEXT) {
        if (!mr_value_map(p, m, "an allergy", keys)) return;
        drug = mr_value_text(p, m, "to");
        fresh.text = drug.ptr ? drug : mr_value_required(p, m, "unrecognised");
        if (mr_yaml_get(m, "state"))
            fresh.active = mr_value_choice(p, m->at, mr_value_text(p, m, "state"), states, "state") == 0;
    }
    if (drug.ptr) understand(p, drug, MR_ROUTE_UNKNOWN, &fresh.understood);
    fresh.reference = mr_example_reference(b, "AllergyIntolerance", &b->allergies, 'a');
    mr_allergy *a = mr_raw_add_allergy(b->record, p->arena);
    if (a)
        *a = fresh;
    else
        mr_pack_out_of_room(p);
}
