/* What holds for every record: order of input makes no difference, running twice changes nothing, an unrecognised
 * medicine hides nothing that is sure, a drug taken away adds nothing about itself; and a full arena is a clean
 * MR_LIMIT. */
#include "build.h"

enum { SEEDS = 400, TEXT = 1 << 17 };

static const char *const drugs[] = {"naproxen",    "ibuprofen",    "omeprazole",    "apixaban",   "aspirin",
                                    "clopidogrel", "ramipril",     "furosemide",    "morphine",   "zopiclone",
                                    "gabapentin",  "methotrexate", "amitriptyline", "sertraline", "codeine,paracetamol",
                                    "propranolol"};
static const char *const dates[] = {NULL,         "2026",       "2026-08",    "2026-11-01",
                                    "2026-08-21", "2025-08-21", "2019-03-05", "2026-11-21T09:00:00Z"};
static const char *const keys[] = {"asthma", "asthma-resolved", "peptic-ulcer", "hf", "egfr", "fbc", "renal-function"};

#define PICK(r, array) (array)[mr_rand_below((r), sizeof(array) / sizeof *(array))]

static const char *name(desk *d, const char *prefix, size_t i) {
    return mr_arena_printf(d->arena, "%s%zu", prefix, i).ptr;
}

static void random_entry(desk *d, mr_rand *r, size_t i) {
    mr_entry_kind kind = (mr_entry_kind)mr_rand_below(r, 2);
    mr_entry *e = entry(d, kind, name(d, "m", i), PICK(r, drugs));
    e->status = (mr_entry_status)(mr_rand_below(r, 3) ? MR_ST_ACTIVE : mr_rand_below(r, MR_ST_DRAFT + 1));
    e->intent = kind == MR_ENTRY_REQUEST ? (mr_intent)mr_rand_below(r, MR_INTENT_OPTION + 1) : MR_INTENT_NONE;
    e->do_not_perform = kind == MR_ENTRY_REQUEST && !mr_rand_below(r, 12);
    e->from = when(PICK(r, dates));
    if (!mr_rand_below(r, 3)) e->until = when(PICK(r, dates));
    if (!mr_rand_below(r, 3)) e->last_issue = when(PICK(r, dates));
    e->understood.route = (mr_route)mr_rand_below(r, 3);
    e->understood.uncertain = !mr_rand_below(r, 8);
    if (!mr_rand_below(r, 2)) dose(d, e, (double)(1 + mr_rand_below(r, 9)), "mg", 2);
    if (i && !mr_rand_below(r, 3))
        link_to(d, e, mr_arena_printf(d->arena, "MedicationRequest/m%d", (int)mr_rand_below(r, i)).ptr);
    if (!mr_rand_below(r, 10)) e->understood = (mr_understood){.by = MR_REC_NOT, .why = MR_UNREAD_NOT_RECOGNISED};
}

static void random_record(desk *d, mr_rand *r) {
    static const char *const births[] = {NULL, "1930", "1951-11-21", "1961-11-22", "1990-01-01", "2015-05-05"};
    d->raw.patient.birth = when(PICK(r, births));
    d->raw.patient.sex = (mr_sex)mr_rand_below(r, 4);
    d->raw.cut = mr_rand_below(r, 6) ? 0 : (unsigned)mr_rand_below(r, 16);
    for (size_t i = 0, n = 1 + mr_rand_below(r, 12); i < n; i++) random_entry(d, r, i);
    for (size_t i = 0, n = mr_rand_below(r, 5); i < n; i++) {
        mr_condition *c = condition(d, name(d, "c", i), PICK(r, keys), PICK(r, dates));
        c->state = (mr_fact_state)mr_rand_below(r, 4);
        c->uncertain = !mr_rand_below(r, 4);
    }
    for (size_t i = 0, n = mr_rand_below(r, 6); i < n; i++) {
        mr_observation *o =
            result(d, name(d, "o", i), PICK(r, keys), PICK(r, dates), (double)(20 + mr_rand_below(r, 60)),
                   mr_rand_below(r, 4) ? "mL/min/1.73m2" : "furlong");
        o->comparator = (mr_comparator)(mr_rand_below(r, 3) ? MR_CMP_NONE : mr_rand_below(r, 6));
    }
    for (size_t i = 0, n = mr_rand_below(r, 3); i < n; i++)
        assert_int_equal(mr_raw_add_gap(&d->raw, d->arena, "page-limit", i, MR_SPAN("x"), "gap %zu", i), MR_OK);
}

#define SHUFFLE(r, v, n, type)                                                                                         \
    for (size_t s_ = (n); s_ > 1; s_--) {                                                                              \
        size_t k_ = (size_t)mr_rand_below((r), s_);                                                                    \
        type hold_ = (v)[s_ - 1];                                                                                      \
        (v)[s_ - 1] = (v)[k_];                                                                                         \
        (v)[k_] = hold_;                                                                                               \
    }

static void shuffle(desk *d, mr_rand *r) {
    SHUFFLE(r, d->raw.entries, d->raw.n_entries, mr_entry);
    SHUFFLE(r, d->raw.conditions, d->raw.n_conditions, mr_condition);
    SHUFFLE(r, d->raw.observations, d->raw.n_observations, mr_observation);
    SHUFFLE(r, d->raw.gaps, d->raw.n_gaps, mr_gap);
}

/* The record, as text. */
static void print_record(const mr_record *r, char *out, size_t room) {
    size_t at = 0;
#define SAY(...) at += (size_t)snprintf(out + (at < room ? at : room), at < room ? room - at : 0, __VA_ARGS__)
    for (size_t i = 0; i < r->n_medicines; i++) {
        const mr_medicine *m = &r->medicines[i];
        SAY("%.*s %.*s %s %d %d %d %d %d %d %g\n", MR_SPAN_ARG(m->reference), MR_SPAN_ARG(m->text),
            mr_med_state_text(m->state), m->uncertain, m->unsettled, m->route, (int)m->since.lo, (int)m->until.hi,
            m->daily.known, m->daily.known ? m->daily.value : 0);
        for (size_t k = 0; k < m->n_references; k++) SAY(" ref %.*s\n", MR_SPAN_ARG(m->references[k]));
        for (size_t k = 0; k < m->n_ingredients; k++) SAY(" of %.*s\n", MR_SPAN_ARG(m->ingredients[k].substance));
        for (size_t k = 0; k < m->n_exposures; k++)
            SAY(" use %d %d %d %d\n", m->exposures[k].from, m->exposures[k].until, m->exposures[k].sure_from,
                m->exposures[k].sure_until);
        for (size_t k = 0; k < m->n_issues; k++) SAY(" issue %d\n", m->issues[k]);
    }
    for (size_t i = 0; i < r->n_not_assessed; i++)
        SAY("not %.*s %.*s %d\n", MR_SPAN_ARG(r->not_assessed[i].reference), MR_SPAN_ARG(r->not_assessed[i].text),
            r->not_assessed[i].current);
    for (size_t i = 0; i < r->n_conditions; i++) SAY("has %.*s\n", MR_SPAN_ARG(r->conditions[i].reference));
    for (size_t i = 0; i < r->n_observations; i++) SAY("seen %.*s\n", MR_SPAN_ARG(r->observations[i].reference));
    for (size_t i = 0; i < r->n_gaps; i++)
        SAY("gap %.*s %.*s %.*s\n", MR_SPAN_ARG(r->gaps[i].code), MR_SPAN_ARG(r->gaps[i].reference),
            MR_SPAN_ARG(r->gaps[i].text));
    SAY("complete %d\n", r->complete);
#undef SAY
    assert_true(at < room);
}

static void everything(desk *d, char *out) {
    mr_record r = built(d);
    print_record(&r, out, TEXT);
    mr_assessment a = assessed(d);
    size_t n = strlen(out);
    print_assessment(&a, out + n, TEXT - n);
}

static void test_the_order_of_input_makes_no_difference(void **state) {
    (void)state;
    char *first = malloc(TEXT), *again = malloc(TEXT);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        mr_rand r;
        mr_rand_seed(&r, seed);
        desk *d = pincer_desk();
        pincer_rules(d);
        d->run.explain = true;
        random_record(d, &r);
        everything(d, first);
        for (int turn = 0; turn < 3; turn++) {
            if (turn) shuffle(d, &r); /* turn 0: the same input twice */
            everything(d, again);
            if (strcmp(first, again) != 0)
                fail_msg("seed %llu, turn %d:\n%s\n---\n%s", (unsigned long long)seed, turn, first, again);
        }
        desk_free(d);
    }
    free(first);
    free(again);
}

static void test_every_entry_stands_somewhere_once(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        mr_rand r;
        mr_rand_seed(&r, seed);
        desk *d = pincer_desk();
        pincer_rules(d);
        random_record(d, &r);
        mr_record rec = built(d);
        size_t in_error = 0;
        for (size_t i = 0; i < d->raw.n_entries; i++) {
            size_t places = 0;
            for (size_t m = 0; m < rec.n_medicines; m++)
                for (size_t k = 0; k < rec.medicines[m].n_references; k++)
                    places += mr_span_eq(rec.medicines[m].references[k], d->raw.entries[i].reference);
            for (size_t k = 0; k < rec.n_not_assessed; k++)
                places += mr_span_eq(rec.not_assessed[k].reference, d->raw.entries[i].reference);
            bool dropped = d->raw.entries[i].status == MR_ST_ENTERED_IN_ERROR;
            in_error += dropped;
            if (places != !dropped)
                fail_msg("seed %llu: entry %zu stands in %zu places", (unsigned long long)seed, i, places);
        }
        bool told = false;
        for (size_t i = 0; i < rec.n_gaps; i++) told = told || mr_span_is(rec.gaps[i].code, "entered-in-error");
        assert_int_equal(told, in_error > 0);
        desk_free(d);
    }
}

static bool has_absence_part(const mr_node *n, bool negated) {
    if (n->op == MR_OP_TAKING) return negated;
    for (size_t i = 0; i < n->n_kids; i++)
        if (has_absence_part(n->kids[i], negated != (n->op == MR_OP_NOT))) return true;
    return false;
}

static void test_something_unrecognised_hides_nothing_that_is_sure(void **state) {
    (void)state;
    size_t kept = 0, weaker = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        mr_rand r;
        mr_rand_seed(&r, seed);
        desk *d = pincer_desk();
        pincer_rules(d);
        random_record(d, &r);
        mr_assessment before = assessed(d);
        unrecognised(d, "zzz", "Foo tablets");
        mr_assessment after = assessed(d);
        for (size_t i = 0; i < before.n_findings; i++) {
            const mr_finding *f = &before.findings[i], *g = NULL;
            if (f->certainty != MR_DEFINITE) continue;
            for (size_t k = 0; k < after.n_findings; k++)
                if (strcmp(after.findings[k].id, f->id) == 0) g = &after.findings[k];
            bool absence = true;
            for (size_t k = 0; k < f->n_sources; k++) absence = absence && has_absence_part(f->sources[k]->when, false);
            if (!g) fail_msg("seed %llu: %.*s went away", (unsigned long long)seed, MR_SPAN_ARG(f->leading->id));
            if (g->certainty != MR_DEFINITE && !absence)
                fail_msg("seed %llu: %.*s became possible", (unsigned long long)seed, MR_SPAN_ARG(f->leading->id));
            kept += g->certainty == MR_DEFINITE;
            weaker += g->certainty == MR_POSSIBLE;
        }
        desk_free(d);
    }
    assert_true(kept > 20 && weaker > 20); /* both kinds were met */
}

static void test_a_drug_taken_away_adds_nothing_about_itself(void **state) {
    (void)state;
    size_t gone = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        mr_rand r;
        mr_rand_seed(&r, seed);
        desk *d = pincer_desk();
        pincer_rules(d);
        random_record(d, &r);
        mr_assessment before = assessed(d);
        mr_span away = MR_SPAN("naproxen");
        size_t n = 0;
        for (size_t i = 0; i < d->raw.n_entries; i++) {
            const mr_understood *u = &d->raw.entries[i].understood;
            bool same = u->n_ingredients == 1 && mr_span_eq(u->ingredients[0].substance, away);
            if (!same) d->raw.entries[n++] = d->raw.entries[i];
        }
        d->raw.n_entries = n;
        mr_assessment after = assessed(d);
        for (size_t i = 0; i < after.n_findings; i++)
            for (size_t k = 0; k < after.findings[i].n_substances; k++)
                assert_false(mr_span_eq(after.findings[i].substances[k], away));
        for (size_t i = 0; i < before.n_findings; i++)
            for (size_t k = 0; k < before.findings[i].n_substances; k++)
                gone += mr_span_eq(before.findings[i].substances[k], away);
        desk_free(d);
    }
    assert_true(gone > 20);
}

/* ---- torture: the arena full at every size ---- */

static void crowd(desk *d) {
    statement(d, "m1", "naproxen");
    link_to(d, statement(d, "m2", "apixaban"), "MedicationRequest/r1");
    request(d, "r1", "apixaban");
    statement(d, "m3", "codeine,paracetamol");
    unrecognised(d, "m4", "Foo");
    statement(d, "m5", "amitriptyline")->status = MR_ST_ENTERED_IN_ERROR;
    condition(d, "c", "peptic-ulcer", "2020-01-01");
    result(d, "o", "egfr", "2026-11-01", 30, "mL/min/1.73m2");
    d->loaded[mr_ruleset_concept(&d->rules, MR_SPAN("asthma"))] = false;
    d->run.explain = true;
}

static mr_rc scenario(desk *d, size_t cap, size_t *ret_used) {
    mr_arena *a = mr_arena_new_checked(cap);
    mr_record r;
    mr_assessment out = {.n_findings = 77};
    mr_error err = {.rc = MR_OK};
    mr_rc rc = mr_record_build(&d->rules, &d->raw, d->run.as_of, a, &r, &err);
    if (rc == MR_OK) rc = mr_rules_run(&d->rules, &r, &d->run, a, &out, &err);
    if (rc != MR_OK) {
        assert_int_equal(out.n_findings, 77); /* untouched on failure */
        assert_int_equal(rc, err.rc);
        assert_true(err.text[0] != 0);
    }
    *ret_used = mr_arena_used(a);
    mr_arena_free(a);
    return rc;
}

static void test_a_full_arena_is_a_clean_limit_at_every_size(void **state) {
    (void)state;
    desk *d = pincer_desk();
    pincer_rules(d);
    crowd(d);
    size_t need, used, limits = 0;
    assert_int_equal(scenario(d, (size_t)16 << 20, &need), MR_OK);
    for (size_t cap = 0; cap < need; cap += cap < 4096 ? 1 : 7) {
        mr_rc rc = scenario(d, cap, &used);
        if (rc != MR_LIMIT) fail_msg("cap %zu of %zu gives %s", cap, need, mr_rc_text(rc));
        limits++;
    }
    assert_true(limits > 1000);
    assert_int_equal(scenario(d, need, &used), MR_OK);
    desk_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_order_of_input_makes_no_difference),
        cmocka_unit_test(test_every_entry_stands_somewhere_once),
        cmocka_unit_test(test_something_unrecognised_hides_nothing_that_is_sure),
        cmocka_unit_test(test_a_drug_taken_away_adds_nothing_about_itself),
        cmocka_unit_test(test_a_full_arena_is_a_clean_limit_at_every_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
