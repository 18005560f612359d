/* Entries to medicines: states, joining, what stands where, and that nothing is lost. */
#include "build.h"

static void test_every_statement_status_has_its_state(void **state) {
    (void)state;
    const struct {
        mr_entry_status status;
        mr_med_state want;
        bool taken, seen_before;
    } rows[] = {
        {MR_ST_ACTIVE, MR_MED_CURRENT, true, true},     {MR_ST_COMPLETED, MR_MED_ENDED, false, true},
        {MR_ST_INTENDED, MR_MED_PLANNED, false, false}, {MR_ST_STOPPED, MR_MED_ENDED, false, true},
        {MR_ST_ON_HOLD, MR_MED_PAUSED, false, true},    {MR_ST_UNKNOWN, MR_MED_UNKNOWN, true, true},
        {MR_ST_NOT_TAKEN, MR_MED_ENDED, false, false},  {MR_ST_MISSING, MR_MED_UNKNOWN, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = pincer_desk();
        knowledge_done(d);
        mr_entry *e = statement(d, "m1", "naproxen");
        e->status = rows[i].status;
        e->from = when("2026-01-10");
        mr_record r = built(d);
        assert_int_equal(r.n_medicines, 1);
        assert_int_equal(r.medicines[0].state, rows[i].want);
        assert_int_equal(mr_medicine_taken(&r.medicines[0]), rows[i].taken);
        assert_int_equal(r.medicines[0].n_exposures > 0, rows[i].seen_before);
        assert_int_equal(value(d, taking(d, "nsaid-oral")), rows[i].taken ? MR_TRUE : MR_FALSE);
        assert_true(r.complete);
        desk_free(d);
    }
}

static void test_entered_in_error_is_one_harmless_gap_with_the_number(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    statement(d, "m1", "naproxen")->status = MR_ST_ENTERED_IN_ERROR;
    request(d, "r1", "naproxen")->status = MR_ST_ENTERED_IN_ERROR;
    unrecognised(d, "m2", "Foo")->status = MR_ST_ENTERED_IN_ERROR;
    mr_record r = built(d);
    assert_int_equal(r.n_medicines, 0);
    assert_int_equal(r.n_not_assessed, 0);
    assert_int_equal(r.n_gaps, 1);
    assert_span(r.gaps[0].code, "entered-in-error");
    assert_non_null(strstr(r.gaps[0].text.ptr, "3 "));
    assert_true(r.gaps[0].harmless);
    assert_true(r.complete);
    desk_free(d);
}

static void test_every_request_status_and_intent_has_its_state(void **state) {
    (void)state;
    const struct {
        mr_entry_status status;
        mr_intent intent;
        mr_med_state want;
        mr_tri taking;
    } rows[] = {
        {MR_ST_ACTIVE, MR_INTENT_PLAN, MR_MED_CURRENT, MR_TRUE},
        {MR_ST_ACTIVE, MR_INTENT_ORDER, MR_MED_CURRENT, MR_TRUE},
        {MR_ST_ACTIVE, MR_INTENT_ORIGINAL_ORDER, MR_MED_CURRENT, MR_TRUE},
        {MR_ST_ACTIVE, MR_INTENT_INSTANCE_ORDER, MR_MED_CURRENT, MR_TRUE},
        {MR_ST_ACTIVE, MR_INTENT_NONE, MR_MED_CURRENT, MR_TRUE},
        {MR_ST_ACTIVE, MR_INTENT_PROPOSAL, MR_MED_PLANNED, MR_FALSE},
        {MR_ST_ACTIVE, MR_INTENT_OPTION, MR_MED_PLANNED, MR_FALSE},
        {MR_ST_ACTIVE, MR_INTENT_REFLEX_ORDER, MR_MED_PLANNED, MR_FALSE},
        {MR_ST_ACTIVE, MR_INTENT_FILLER_ORDER, MR_MED_PLANNED, MR_FALSE},
        {MR_ST_DRAFT, MR_INTENT_ORDER, MR_MED_PLANNED, MR_FALSE},
        {MR_ST_ON_HOLD, MR_INTENT_ORDER, MR_MED_PAUSED, MR_FALSE},
        {MR_ST_STOPPED, MR_INTENT_ORDER, MR_MED_ENDED, MR_FALSE},
        {MR_ST_STOPPED, MR_INTENT_PROPOSAL, MR_MED_ENDED, MR_FALSE},
        {MR_ST_COMPLETED, MR_INTENT_PLAN, MR_MED_ENDED, MR_FALSE},
        {MR_ST_CANCELLED, MR_INTENT_ORDER, MR_MED_ENDED, MR_FALSE},
        {MR_ST_UNKNOWN, MR_INTENT_ORDER, MR_MED_UNKNOWN, MR_UNKNOWN}, /* neither taken nor not taken */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = pincer_desk();
        knowledge_done(d);
        mr_entry *e = request(d, "r1", "naproxen");
        e->status = rows[i].status;
        e->intent = rows[i].intent;
        e->from = when("2026-11-01");
        mr_record r = built(d);
        assert_int_equal(r.medicines[0].state, rows[i].want);
        assert_int_equal(value(d, taking(d, "nsaid-oral")), rows[i].taking);
        desk_free(d);
    }
}

static void test_do_not_perform_is_never_taken(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    mr_entry *e = request(d, "r1", "naproxen");
    e->do_not_perform = true;
    mr_record r = built(d);
    assert_int_equal(r.medicines[0].state, MR_MED_ENDED);
    assert_int_equal(r.medicines[0].n_exposures, 0);
    assert_int_equal(value(d, taking_in(d, "nsaid-oral", within(3, MR_MONTHS))), MR_FALSE);
    assert_int_equal(r.n_gaps, 0);
    statement(d, "m1", "naproxen"); /* beside a statement that says taken, the contradiction is told */
    r = built(d);
    assert_int_equal(r.n_medicines, 1);
    assert_int_equal(r.medicines[0].state, MR_MED_CURRENT);
    assert_int_equal(r.n_gaps, 1);
    assert_span(r.gaps[0].code, "status-conflict");
    assert_span(r.gaps[0].reference, "MedicationRequest/r1");
    desk_free(d);
}

static void test_taken_now_ends_where_it_says(void **state) {
    (void)state;
    const struct {
        mr_entry_kind kind;
        const char *from, *until, *last_issue;
        mr_med_state want;
    } rows[] = {
        {MR_ENTRY_STATEMENT, "2026-01-01", "2026-11-21", NULL, MR_MED_CURRENT}, /* its last day is a day of use */
        {MR_ENTRY_STATEMENT, "2026-01-01", "2026-11-20", NULL, MR_MED_ENDED},
        {MR_ENTRY_STATEMENT, "2026-01-01", "2026-11", NULL, MR_MED_CURRENT}, /* not surely past its end */
        {MR_ENTRY_STATEMENT, "2026-01-01", "2026-10", NULL, MR_MED_ENDED},
        {MR_ENTRY_STATEMENT, "2026-11-21", NULL, NULL, MR_MED_CURRENT},
        {MR_ENTRY_STATEMENT, "2026-11-22", NULL, NULL, MR_MED_PLANNED},
        {MR_ENTRY_STATEMENT, "2026-12", NULL, NULL, MR_MED_PLANNED},
        {MR_ENTRY_STATEMENT, "2019-01-01", NULL, "2026-01-01",
         MR_MED_CURRENT},                                               /* a period that is open, and an old issue */
        {MR_ENTRY_STATEMENT, NULL, NULL, "2026-08-21", MR_MED_CURRENT}, /* issue dates only: 3 months, both ends */
        {MR_ENTRY_STATEMENT, NULL, NULL, "2026-08-20", MR_MED_ENDED},
        {MR_ENTRY_REQUEST, "2026-08-21", NULL, "2026-08-21", MR_MED_CURRENT},
        {MR_ENTRY_REQUEST, "2026-08-20", NULL, "2026-08-20", MR_MED_ENDED},
        {MR_ENTRY_REQUEST, "2026-11-10", "2026-11-17", "2026-11-10", MR_MED_ENDED}, /* an acute course still "active" */
        {MR_ENTRY_REQUEST, "2026-11-10", "2026-12-08", "2026-11-10", MR_MED_CURRENT},
        {MR_ENTRY_REQUEST, "2020-01-01", NULL, NULL, MR_MED_CURRENT}, /* a repeat authorisation has no issue */
        {MR_ENTRY_REQUEST, "2026-12-01", NULL, "2026-12-01", MR_MED_PLANNED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = pincer_desk();
        knowledge_done(d);
        mr_entry *e = entry(d, rows[i].kind, "x", "naproxen");
        e->from = when(rows[i].from);
        e->until = when(rows[i].until);
        e->last_issue = when(rows[i].last_issue);
        mr_record r = built(d);
        if (r.medicines[0].state != rows[i].want) fail_msg("row %zu is %s", i, mr_med_state_text(r.medicines[0].state));
        bool contradiction = rows[i].kind == MR_ENTRY_STATEMENT && rows[i].until && rows[i].want == MR_MED_ENDED;
        assert_int_equal(r.n_gaps, contradiction);
        if (contradiction) assert_span(r.gaps[0].code, "status-past-end");
        desk_free(d);
    }
}

static void test_statement_and_requests_of_one_drug_are_one_medicine(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    issue(d, "o2", "naproxen", "2026-11-02");
    mr_entry *plan = request(d, "plan", "naproxen");
    plan->intent = MR_INTENT_PLAN;
    plan->from = when("2026-01-05");
    mr_entry *m = statement(d, "m1", "naproxen");
    m->from = when("2026-01-05");
    link_to(d, m, "MedicationRequest/plan");
    issue(d, "o1", "naproxen", "2026-10-05")->status = MR_ST_COMPLETED;
    mr_record r = built(d);
    assert_int_equal(r.n_medicines, 1);
    const mr_medicine *x = &r.medicines[0];
    assert_span(x->reference, "MedicationStatement/m1");
    assert_int_equal(x->n_references, 4);
    assert_span(x->references[0], "MedicationRequest/o1");
    assert_span(x->references[3], "MedicationStatement/m1");
    assert_int_equal(x->n_issues, 2);
    assert_int_equal(x->issues[0], day("2026-10-05"));
    assert_int_equal(x->since.lo, day("2026-01-05"));
    assert_false(mr_when_given(x->until));
    desk_free(d);
}

static void test_an_open_entry_keeps_the_medicine_open(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    mr_entry *e = issue(d, "o1", "naproxen", "2026-11-02");
    e->until = when("2026-11-30");
    assert_int_equal(built(d).medicines[0].until.hi, day("2026-11-30"));
    statement(d, "m1", "naproxen")->from = when("2026-01-05");
    assert_false(mr_when_given(built(d).medicines[0].until));
    desk_free(d);
}

static void test_medicines_stand_by_reference(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    statement(d, "c", "aspirin");
    statement(d, "a", "zopiclone");
    statement(d, "b", "morphine");
    unrecognised(d, "y", "A");
    unrecognised(d, "x", "B");
    mr_record r = built(d);
    static const char *const want[] = {"MedicationStatement/a", "MedicationStatement/b", "MedicationStatement/c"};
    for (size_t i = 0; i < 3; i++) assert_span(r.medicines[i].reference, want[i]);
    assert_span(r.not_assessed[0].reference, "MedicationStatement/x");
    desk_free(d);
}

static void test_a_link_joins_across_time_and_only_the_same_substances(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    mr_entry *old = request(d, "r1", "naproxen");
    old->status = MR_ST_COMPLETED;
    old->from = when("2019-01-01");
    old->until = when("2019-01-28");
    statement(d, "m1", "naproxen")->from = when("2026-06-01");
    assert_int_equal(built(d).n_medicines, 2); /* a course of years ago is its own medicine */
    link_to(d, &d->raw.entries[1], "MedicationRequest/r1");
    assert_int_equal(built(d).n_medicines, 1);
    understand(d, &d->raw.entries[0], "ibuprofen", MR_ROUTE_ORAL);
    assert_int_equal(built(d).n_medicines, 2);
    desk_free(d);
}

static void test_a_chain_of_issues_is_one_medicine(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    static const char *const dates[] = {"2026-01-05", "2026-03-02", "2026-05-01", "2026-07-30"};
    static const char *const ids[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++) issue(d, ids[i], "naproxen", dates[i])->status = MR_ST_COMPLETED;
    mr_record r = built(d);
    assert_int_equal(r.n_medicines, 1);
    assert_int_equal(r.medicines[0].n_issues, 4);
    assert_int_equal(r.medicines[0].state, MR_MED_ENDED);
    desk_free(d);
}

static void test_routes_keep_products_apart(void **state) {
    (void)state;
    const struct {
        mr_route a, b;
        size_t medicines;
        mr_route route;
    } rows[] = {
        {MR_ROUTE_ORAL, MR_ROUTE_ORAL, 1, MR_ROUTE_ORAL},
        {MR_ROUTE_ORAL, MR_ROUTE_UNKNOWN, 1, MR_ROUTE_ORAL},
        {MR_ROUTE_ORAL, MR_ROUTE_CUTANEOUS, 2, MR_ROUTE_ORAL},
        {MR_ROUTE_CUTANEOUS, MR_ROUTE_UNKNOWN, 2, MR_ROUTE_CUTANEOUS}, /* what is not known to be a gel is no gel */
        {MR_ROUTE_ORAL, MR_ROUTE_PARENTERAL, 2, MR_ROUTE_ORAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = pincer_desk();
        knowledge_done(d);
        understand(d, statement(d, "m1", ""), "ibuprofen", rows[i].a);
        understand(d, request(d, "r1", ""), "ibuprofen", rows[i].b);
        mr_record r = built(d);
        assert_int_equal(r.n_medicines, rows[i].medicines);
        assert_int_equal(medicine(&r, "MedicationStatement/m1")->route, rows[i].route);
        desk_free(d);
    }
}

static void test_eye_timolol_is_in_its_own_group_only(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    understand(d, statement(d, "eye", ""), "timolol (eye)", MR_ROUTE_EYE);
    understand(d, statement(d, "tab", ""), "timolol", MR_ROUTE_ORAL);
    understand(d, statement(d, "gel", ""), "ibuprofen", MR_ROUTE_CUTANEOUS);
    understand(d, statement(d, "who", ""), "celecoxib", MR_ROUTE_UNKNOWN);
    mr_record r = built(d);
    assert_true(mr_bits_has(&medicine(&r, "MedicationStatement/eye")->groups, grp(d, "pincer-nsbb")));
    assert_false(mr_bits_has(&medicine(&r, "MedicationStatement/eye")->groups, grp(d, "betablocker")));
    assert_true(mr_bits_has(&medicine(&r, "MedicationStatement/tab")->groups, grp(d, "betablocker")));
    assert_false(mr_bits_has(&medicine(&r, "MedicationStatement/tab")->groups, grp(d, "pincer-nsbb")));
    assert_false(mr_bits_has(&medicine(&r, "MedicationStatement/gel")->groups, grp(d, "nsaid-oral")));
    assert_true(mr_bits_has(&medicine(&r, "MedicationStatement/who")->groups, grp(d, "nsaid-oral")));
    desk_free(d);
}

static void test_a_combination_brings_all_its_substances(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    statement(d, "m1", "naproxen,esomeprazole,naproxen");
    statement(d, "m2", "codeine,paracetamol");
    statement(d, "m3", "codeine");
    mr_record r = built(d);
    const mr_medicine *m = medicine(&r, "MedicationStatement/m1");
    assert_int_equal(m->n_ingredients, 2);
    assert_span(m->ingredients[0].substance, "esomeprazole");
    assert_span(m->ingredients[1].substance, "naproxen");
    assert_int_equal(r.n_medicines, 3); /* codeine alone is another medicine than co-codamol */
    assert_true(mr_bits_has(&medicine(&r, "MedicationStatement/m2")->groups, grp(d, "opioid")));
    desk_free(d);
}

static void test_nothing_is_lost(void **state) {
    (void)state;
    const struct {
        mr_unread codec, terminology;
        bool not_a_medicine;
        mr_entry_status status;
        mr_unread why;
        bool current, complete;
    } rows[] = {
        {MR_UNREAD_NOT, MR_UNREAD_NOT_RECOGNISED, false, MR_ST_ACTIVE, MR_UNREAD_NOT_RECOGNISED, true, false},
        {MR_UNREAD_NOT, MR_UNREAD_CONFLICTING_CODES, false, MR_ST_ACTIVE, MR_UNREAD_CONFLICTING_CODES, true, false},
        {MR_UNREAD_NOT, MR_UNREAD_NOT, false, MR_ST_ACTIVE, MR_UNREAD_NOT_RECOGNISED, true, false},
        {MR_UNREAD_NOT, MR_UNREAD_NOT_RECOGNISED, true, MR_ST_ACTIVE, MR_UNREAD_NOT_RECOGNISED, true,
         true}, /* a dressing */
        {MR_UNREAD_NOT, MR_UNREAD_NOT_RECOGNISED, false, MR_ST_STOPPED, MR_UNREAD_NOT_RECOGNISED, false, true},
        {MR_UNREAD_UNREADABLE, MR_UNREAD_NOT, false, MR_ST_MISSING, MR_UNREAD_UNREADABLE, true, false},
        {MR_UNREAD_MODIFIER_EXTENSION, MR_UNREAD_NOT, false, MR_ST_ACTIVE, MR_UNREAD_MODIFIER_EXTENSION, true, false},
        {MR_UNREAD_REFERENCE_NOT_FOUND, MR_UNREAD_NOT, false, MR_ST_ACTIVE, MR_UNREAD_REFERENCE_NOT_FOUND, true, false},
        {MR_UNREAD_FOREIGN_PATIENT, MR_UNREAD_NOT, false, MR_ST_ACTIVE, MR_UNREAD_FOREIGN_PATIENT, false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = pincer_desk();
        knowledge_done(d);
        mr_entry *e = unrecognised(d, "m1", "Foo tablets");
        e->unread = rows[i].codec;
        e->understood.why = rows[i].terminology;
        e->understood.not_a_medicine = rows[i].not_a_medicine;
        e->status = rows[i].status;
        statement(d, "m2", "naproxen");
        mr_record r = built(d);
        assert_int_equal(r.n_medicines, 1);
        assert_int_equal(r.n_not_assessed, 1);
        assert_span(r.not_assessed[0].reference, "MedicationStatement/m1");
        assert_span(r.not_assessed[0].text, "Foo tablets");
        assert_int_equal(r.not_assessed[0].why, rows[i].why);
        assert_int_equal(r.not_assessed[0].current, rows[i].current);
        assert_int_equal(r.complete, rows[i].complete);
        desk_free(d);
    }
}

static void test_a_gap_or_a_cut_makes_the_record_incomplete(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    assert_true(built(d).complete);
    d->raw.cut = MR_CUT_OBSERVATIONS;
    assert_false(built(d).complete);
    d->raw.cut = 0;
    assert_int_equal(mr_raw_add_gap(&d->raw, d->arena, "z-last", true, MR_SPAN_NONE, "told %d", 1), MR_OK);
    assert_true(built(d).complete);
    assert_int_equal(mr_raw_add_gap(&d->raw, d->arena, "a-first", false, MR_SPAN("Observation/o"), "lost"), MR_OK);
    mr_record r = built(d);
    assert_false(r.complete);
    assert_span(r.gaps[0].code, "a-first");
    assert_span(r.gaps[1].text, "told 1");
    desk_free(d);
}

static mr_condition *said_in(desk *d, const char *id, const char *system, const char *second) {
    mr_condition *c = condition(d, id, "x", "2020-01-01");
    c->codings = MR_NEW_N(d->arena, mr_coding, 2);
    c->codings[0] = (mr_coding){.system = system ? mr_span_of(system) : MR_SPAN_NONE, .code = MR_SPAN("K25")};
    if (second) c->codings[1] = (mr_coding){.system = mr_span_of(second), .code = MR_SPAN("12")};
    c->n_codings = 1 + (second != NULL);
    return c;
}

/* Nobody here knows their codes: as good as no code, and told once a system. */
static void test_conditions_in_a_system_that_is_not_loaded_are_told(void **state) {
    (void)state;
    static const char icd[] = "http://hl7.org/fhir/sid/icd-10", read[] = "http://read.info/readv2";
    desk *d = pincer_desk();
    knowledge_done(d); /* its concepts have codes of urn:test */
    said_in(d, "c1", "urn:test", NULL);
    said_in(d, "c2", icd, "urn:test"); /* one that is known beside it */
    said_in(d, "c3", icd, "http://snomed.info/sct");
    said_in(d, "c4", icd, NULL)->state = MR_FACT_RESOLVED;
    said_in(d, "c5", icd, NULL)->state = MR_FACT_EXCLUDED;
    condition(d, "c6", "x", "2020-01-01")->n_codings = 0; /* codec tells it: uncoded-condition */
    mr_record r = built(d);
    assert_true(r.complete);
    assert_int_equal(r.n_gaps, 0);
    said_in(d, "c7", read, icd);
    said_in(d, "c8", icd, NULL)->state = MR_FACT_HISTORY;
    said_in(d, "c9", read, NULL);
    said_in(d, "c0", NULL, NULL);
    said_in(d, "ca", "urn:tes", NULL); /* the beginning of a name is no name */
    r = built(d);
    assert_false(r.complete);
    assert_int_equal(r.n_gaps, 4);
    for (size_t i = 0; i < r.n_gaps; i++) assert_span(r.gaps[i].code, "unloaded-codes");
    assert_span(r.gaps[0].text,
                "1 condition is coded only in a system that is not named, of which no codes are loaded: "
                "no rule can see it.");
    assert_span(r.gaps[2].text,
                "1 condition is coded only in urn:tes, of which no codes are loaded: no rule can see it.");
    assert_span(r.gaps[3].text, "2 conditions are coded only in http://hl7.org/fhir/sid/icd-10, of which no codes are "
                                "loaded: no rule can see them.");
    desk_free(d);
}

/* as-of date 2026-11-21 */
static void test_what_nobody_confirmed_for_long_is_told(void **state) {
    (void)state;
    static const struct {
        const char *asserted, *issued;
        mr_entry_status status;
        bool order; /* an active one beside it */
        const char *told;
    } rows[] = {
        {"2025-05-20", NULL, MR_ST_ACTIVE, false,
         "was last confirmed on 2025-05-20, and no order for it is active: is it still taken?"},
        {"2025-05-21", NULL, MR_ST_ACTIVE, false, NULL}, /* 18 months to the day */
        {"2024", NULL, MR_ST_UNKNOWN, false,
         "was last confirmed on 2024, and no order for it is active: is it still taken?"},
        {"2025", NULL, MR_ST_ACTIVE, false, NULL}, /* may have been in December */
        {"2020-01-01", "2026-10-01", MR_ST_ACTIVE, false, NULL},
        {"2020-01-01", NULL, MR_ST_ACTIVE, true, NULL},
        {"2020-01-01", NULL, MR_ST_STOPPED, false, NULL},
        {NULL, NULL, MR_ST_ACTIVE, false, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = pincer_desk();
        knowledge_done(d);
        mr_entry *e = statement(d, "m1", "naproxen");
        e->from = when("2015-01-01");
        e->status = rows[i].status;
        e->asserted = rows[i].asserted ? when(rows[i].asserted) : MR_WHEN_NONE;
        e->last_issue = rows[i].issued ? when(rows[i].issued) : MR_WHEN_NONE;
        if (rows[i].order) request(d, "r1", "naproxen");
        mr_record r = built(d);
        if (r.n_gaps != (rows[i].told != NULL)) fail_msg("row %zu: %zu gaps", i, r.n_gaps);
        if (rows[i].told) {
            assert_span(r.gaps[0].code, "stale");
            assert_span(r.gaps[0].text, rows[i].told);
            assert_span(r.gaps[0].reference, "MedicationStatement/m1");
        }
        assert_true(r.complete);
        desk_free(d);
    }
}

static void test_a_degraded_entry_known_by_its_text_is_told(void **state) {
    (void)state;
    static const struct {
        const char *code;
        mr_recognised by;
        size_t gaps;
    } rows[] = {{"196421000000109", MR_REC_NAME, 1}, {"196421000000109", MR_REC_DMD_VMP, 0}, {"1", MR_REC_NAME, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = pincer_desk();
        knowledge_done(d);
        mr_entry *e = statement(d, "m1", "naproxen");
        e->codings = coded(d, "http://snomed.info/sct", rows[i].code);
        e->n_codings = 1;
        e->understood.by = rows[i].by;
        mr_record r = built(d);
        if (r.n_gaps != rows[i].gaps) fail_msg("row %zu: %zu gaps", i, r.n_gaps);
        if (r.n_gaps) assert_span(r.gaps[0].code, "transfer-degraded");
        assert_true(r.complete);
        desk_free(d);
    }
}

static void test_the_daily_dose_is_never_guessed(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    const struct {
        double amount;
        const char *unit;
        double times, period;
        const char *period_unit;
        double strength;
        const char *strength_unit;
        bool as_needed;
        double want; /* 0: not known */
    } rows[] = {
        {500, "mg", 2, 1, "d", 0, "", false, 1000}, {1, "g", 3, 1, "d", 0, "", false, 3000},
        {100, "ug", 1, 1, "d", 0, "", false, 0.1},  {2, "tablet", 2, 1, "d", 250, "mg", false, 1000},
        {2, "tablet", 2, 1, "d", 0, "", false, 0},  {10, "mg", 1, 1, "wk", 0, "", false, 10.0 / 7},
        {500, "mg", 1, 8, "h", 0, "", false, 1500}, {500, "mg", 2, 1, "d", 0, "", true, 0},
        {500, "mg", 0, 1, "d", 0, "", false, 0},    {500, "mg", 2, 0, "", 0, "", false, 0},
        {5, "puff", 2, 1, "d", 0, "", false, 0},    {500, "mg", 1, 1, "mo", 0, "", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk_clear(d);
        mr_entry *e = statement(d, "m1", "naproxen");
        dose(d, e, rows[i].amount, rows[i].unit, rows[i].times);
        e->dosage[0].period = rows[i].period;
        e->dosage[0].period_unit = mr_span_of(rows[i].period_unit);
        e->dosage[0].as_needed = rows[i].as_needed;
        e->understood.ingredients[0].strength = rows[i].strength;
        e->understood.ingredients[0].strength_unit = mr_span_of(rows[i].strength_unit);
        mr_record r = built(d);
        assert_int_equal(r.medicines[0].daily.known, rows[i].want > 0);
        if (rows[i].want > 0)
            assert_true(r.medicines[0].daily.value > rows[i].want * 0.999 &&
                        r.medicines[0].daily.value < rows[i].want * 1.001);
        assert_int_equal(r.medicines[0].as_needed, rows[i].as_needed);
    }
    desk_free(d);
}

static void test_doses_of_two_strengths_add_up_and_copies_do_not(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    mr_entry *e = statement(d, "m1", "levothyroxine");
    e->text = MR_SPAN("Levothyroxine 25");
    dose(d, e, 25, "ug", 1);
    e = statement(d, "m2", "levothyroxine");
    e->text = MR_SPAN("Levothyroxine 100");
    dose(d, e, 100, "ug", 1);
    mr_record r = built(d);
    assert_int_equal(r.n_medicines, 1);
    assert_true(r.medicines[0].daily.known);
    assert_true(r.medicines[0].daily.value > 0.1249 && r.medicines[0].daily.value < 0.1251);
    d->raw.entries[1].n_dosage = 0; /* one of them not known: the sum is not */
    assert_false(built(d).medicines[0].daily.known);
    d->raw.entries[1].n_dosage = 1;
    d->raw.entries[1].text = MR_SPAN("Levothyroxine 25"); /* the same product twice: written twice, or taken twice? */
    assert_false(built(d).medicines[0].daily.known);
    d->raw.entries[1].kind = MR_ENTRY_REQUEST; /* a request beside its statement does not add */
    d->raw.entries[1].intent = MR_INTENT_PLAN;
    r = built(d);
    assert_true(r.medicines[0].daily.known && r.medicines[0].daily.value < 0.026);
    desk_free(d);
}

static void test_observations_stand_newest_first(void **state) {
    (void)state;
    desk *d = pincer_desk();
    knowledge_done(d);
    result(d, "old", "egfr", "2026-01-01", 50, "");
    result(d, "none", "egfr", NULL, 40, "");
    result(d, "late", "egfr", "2026-03-02T15:00:00Z", 30, "");
    result(d, "early", "egfr", "2026-03-02T09:00:00Z", 35, "");
    mr_record r = built(d);
    static const char *const want[] = {"Observation/late", "Observation/early", "Observation/old", "Observation/none"};
    for (size_t i = 0; i < 4; i++) assert_span(r.observations[i].reference, want[i]);
    desk_free(d);
}

static void test_conflicting_states_are_visible(void **state) {
    (void)state;
    const struct {
        mr_entry_status status;
        const char *from, *until;
        bool conflict;
    } rows[] = {
        {MR_ST_STOPPED, NULL, NULL, true},          {MR_ST_NOT_TAKEN, NULL, NULL, true},
        {MR_ST_ON_HOLD, NULL, NULL, true},          {MR_ST_COMPLETED, NULL, NULL, true},
        {MR_ST_STOPPED, "2026-01-01", NULL, false}, /* an earlier course, months before */
        {MR_ST_STOPPED, "2026-09-01", NULL, false}, /* an earlier course, lately */
        {MR_ST_STOPPED, NULL, "2026-11-01", false}, /* it says when */
        {MR_ST_ACTIVE, NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        desk *d = pincer_desk();
        knowledge_done(d);
        mr_entry *e = statement(d, "m1", "naproxen");
        e->status = rows[i].status;
        e->from = when(rows[i].from);
        e->until = when(rows[i].until);
        e->asserted = when(rows[i].until ? NULL : rows[i].from);
        issue(d, "r1", "naproxen", "2026-11-02");
        mr_record r = built(d);
        assert_int_equal(r.n_medicines, rows[i].from && strcmp(rows[i].from, "2026-01-01") == 0 ? 2 : 1);
        if (r.n_gaps != rows[i].conflict) fail_msg("row %zu has %zu gaps", i, r.n_gaps);
        assert_true(r.complete);
        assert_int_equal(medicine(&r, "MedicationRequest/r1")->state, MR_MED_CURRENT);
        desk_free(d);
    }
}

static void test_names_go_there_and_back(void **state) {
    (void)state;
    for (int i = 0; i < MR_ROUTE_COUNT; i++) {
        mr_route r = MR_ROUTE_COUNT;
        assert_true(mr_route_parse(mr_span_of(mr_route_text((mr_route)i)), &r));
        assert_int_equal(r, i);
    }
    for (int i = MR_LOW; i <= MR_HIGH; i++) {
        mr_severity s;
        assert_true(mr_severity_parse(mr_span_of(mr_severity_text((mr_severity)i)), &s));
        assert_int_equal(s, i);
    }
    for (int i = MR_NEXT_REVIEW; i <= MR_SAME_DAY; i++) {
        mr_urgency u;
        assert_true(mr_urgency_parse(mr_span_of(mr_urgency_text((mr_urgency)i)), &u));
        assert_int_equal(u, i);
    }
    assert_string_equal(mr_recognised_text(MR_REC_DMD_PREVIOUS), "dmd-previous");
    assert_string_equal(mr_recognised_text(MR_REC_NAME), "name");
    assert_string_equal(mr_unread_text(MR_UNREAD_FOREIGN_PATIENT), "foreign-patient");
    assert_string_equal(mr_med_state_text(MR_MED_PAUSED), "paused");
    mr_urgency u;
    assert_false(mr_urgency_parse(MR_SPAN("soon"), &u));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_statement_status_has_its_state),
        cmocka_unit_test(test_entered_in_error_is_one_harmless_gap_with_the_number),
        cmocka_unit_test(test_every_request_status_and_intent_has_its_state),
        cmocka_unit_test(test_do_not_perform_is_never_taken),
        cmocka_unit_test(test_taken_now_ends_where_it_says),
        cmocka_unit_test(test_statement_and_requests_of_one_drug_are_one_medicine),
        cmocka_unit_test(test_an_open_entry_keeps_the_medicine_open),
        cmocka_unit_test(test_medicines_stand_by_reference),
        cmocka_unit_test(test_a_link_joins_across_time_and_only_the_same_substances),
        cmocka_unit_test(test_a_chain_of_issues_is_one_medicine),
        cmocka_unit_test(test_routes_keep_products_apart),
        cmocka_unit_test(test_eye_timolol_is_in_its_own_group_only),
        cmocka_unit_test(test_a_combination_brings_all_its_substances),
        cmocka_unit_test(test_nothing_is_lost),
        cmocka_unit_test(test_a_gap_or_a_cut_makes_the_record_incomplete),
        cmocka_unit_test(test_conditions_in_a_system_that_is_not_loaded_are_told),
        cmocka_unit_test(test_what_nobody_confirmed_for_long_is_told),
        cmocka_unit_test(test_a_degraded_entry_known_by_its_text_is_told),
        cmocka_unit_test(test_the_daily_dose_is_never_guessed),
        cmocka_unit_test(test_doses_of_two_strengths_add_up_and_copies_do_not),
        cmocka_unit_test(test_observations_stand_newest_first),
        cmocka_unit_test(test_conflicting_states_are_visible),
        cmocka_unit_test(test_names_go_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
