/* The packs beside the clinical tables that they were made from, where those are at hand: every rule of the catalogue
 * is there, and says what the table says or has a note why it does not. */
#include "shipped.h"

static char *read_shared(const char *path, mr_span *ret) {
    FILE *f = fopen(path, "rb");
    if (!f) {
        print_message("skipped: %s is absent\n", path);
        return NULL;
    }
    enum { MOST = 4 << 20 };
    char *bytes = calloc(1, MOST);
    assert_non_null(bytes);
    size_t n = fread(bytes, 1, MOST, f);
    assert_true(n < MOST);
    (void)fclose(f);
    *ret = (mr_span){bytes, n};
    return bytes;
}

typedef struct table {
    char *bytes;
    mr_tsv rows;
} table;

/* false: it is not at hand. */
static bool table_open(table *t, const char *name) {
    char path[300];
    mr_span bytes;
    mr_error err = {0};
    (void)snprintf(path, sizeof path, MEDREVIEW_SHARED_DIR "/clinical/%s", name);
    t->bytes = read_shared(path, &bytes);
    if (t->bytes && mr_tsv_open(&t->rows, name, bytes, &err) != MR_OK) fail_msg("%s", err.text);
    return t->bytes != NULL;
}

static bool table_next(table *t) {
    bool more = false;
    mr_error err = {0};
    if (mr_tsv_next(&t->rows, &more, &err) != MR_OK) fail_msg("%s", err.text);
    if (!more) free(t->bytes);
    return more;
}

static mr_span field(const table *t, const char *column) {
    return mr_tsv_get(&t->rows, column);
}

static void expect_equal(mr_span id, const char *what, mr_span theirs, mr_span ours) {
    if (!mr_span_eq(theirs, ours))
        fail_msg("%.*s: %s is \"%.*s\" in the table, \"%.*s\" in the packs", MR_SPAN_ARG(id), what, MR_SPAN_ARG(theirs),
                 MR_SPAN_ARG(ours));
}

/* ---- every rule is there ---- */

/* The rule, or a part of it after it was split. */
static bool stands_for(const mr_rule *rule, mr_span id) {
    bool found = mr_span_eq(rule->id, id);
    for (size_t i = 0; i < rule->n_derived_from; i++) found = found || mr_span_eq(rule->derived_from[i], id);
    return found;
}

static bool in_packs(mr_span id) {
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    for (size_t i = 0; i < r->n_rules; i++)
        if (stands_for(&r->rules[i], id)) return true;
    return false;
}

static void test_every_rule_of_the_table_is_there(void **state) {
    (void)state;
    table t;
    mr_buf lacking;
    size_t rows = 0;
    mr_buf_init(&lacking, 1 << 20);
    if (!table_open(&t, "rules.tsv")) return;
    for (; table_next(&t); rows++)
        if (!in_packs(field(&t, "id"))) mr_buf_printf(&lacking, " %.*s", MR_SPAN_ARG(field(&t, "id")));
    if (lacking.len) fail_msg("the packs lack:%s", mr_buf_z(&lacking));
    assert_true(rows > 500);
    mr_buf_free(&lacking);
}

/* The other way round: what it was split from stands in the table. */
static void test_every_rule_of_the_packs_is_in_the_table(void **state) {
    (void)state;
    table t;
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    size_t *known = calloc(r->n_rules, sizeof *known);
    assert_non_null(known);
    if (table_open(&t, "rules.tsv")) {
        while (table_next(&t))
            for (size_t i = 0; i < r->n_rules; i++) known[i] += stands_for(&r->rules[i], field(&t, "id"));
        for (size_t i = 0; i < r->n_rules; i++) {
            size_t named = r->rules[i].n_derived_from;
            if (known[i] != (named ? named : 1)) fail_msg("%.*s is not in the table", MR_SPAN_ARG(r->rules[i].id));
        }
    }
    free(known);
}

/* ---- and says what the table says ---- */

typedef struct deviations {
    mr_buf explained, unexplained;
    size_t n;
} deviations;

static void deviate(deviations *d, const mr_rule *rule, const char *what, mr_span theirs, mr_span ours) {
    if (mr_span_eq(theirs, ours)) return;
    d->n++;
    mr_buf_printf(rule->note.len ? &d->explained : &d->unexplained, "  %.*s %s: %.*s; table: %.*s\n",
                  MR_SPAN_ARG(rule->id), what, MR_SPAN_ARG(ours), MR_SPAN_ARG(theirs));
}

static void deviations_told(deviations *d, const char *where) {
    if (d->n)
        print_message("%zu deviations from %s, each with a note in its rule:\n%s", d->n, where,
                      mr_buf_z(&d->explained));
    if (d->unexplained.len) fail_msg("without a note in the rule:\n%s", mr_buf_z(&d->unexplained));
    mr_buf_free(&d->explained);
    mr_buf_free(&d->unexplained);
}

static void compare_rule(const table *t, const mr_rule *rule, deviations *d) {
    expect_equal(rule->id, "set", field(t, "set"), rule->tool);
    expect_equal(rule->id, "criterion", field(t, "criterion"), rule->criterion);
    deviate(d, rule, "severity", field(t, "severity"), mr_span_of(mr_severity_text(rule->severity)));
    deviate(d, rule, "urgency", field(t, "urgency"), mr_span_of(mr_urgency_text(rule->urgency)));
    deviate(d, rule, "reviewer", field(t, "reviewer"), rule->reviewer);
    deviate(d, rule, "state", field(t, "state"), rule->state == MR_RULE_ACTIVE ? MR_SPAN("active") : MR_SPAN("draft"));
}

/* Title and action are in our own words. */
static void test_rules_say_what_the_table_says(void **state) {
    (void)state;
    table t;
    deviations d = {.n = 0};
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    mr_buf_init(&d.explained, 1 << 20);
    mr_buf_init(&d.unexplained, 1 << 20);
    if (!table_open(&t, "rules.tsv")) return;
    while (table_next(&t))
        for (size_t i = 0; i < r->n_rules; i++)
            if (stands_for(&r->rules[i], field(&t, "id"))) compare_rule(&t, &r->rules[i], &d);
    deviations_told(&d, "rules.tsv");
}

static void print_identity(const mr_ruleset *r, const mr_identity *id, mr_buf *out) {
    static const char *const before[] = {
        [MR_ID_EACH] = "",      [MR_ID_MIXTURE] = "",     [MR_ID_ALL] = "all:", [MR_ID_SAME] = "same:",
        [MR_ID_TEST] = "test:", [MR_ID_START] = "start:", [MR_ID_ANY] = "any",  [MR_ID_PATIENT] = "patient"};
    mr_buf_clear(out);
    mr_buf_adds(out, before[id->form]);
    mr_buf_addsp(out, id->word);
    if (id->form == MR_ID_TEST) mr_buf_addc(out, '+');
    for (size_t i = 0; i < id->n_groups; i++) {
        if (i) mr_buf_addc(out, id->form == MR_ID_MIXTURE ? ',' : '|');
        mr_buf_addsp(out, r->groups[id->groups[i]].name);
    }
}

static void compare_harm(const table *t, const mr_rule *rule, mr_buf *text, deviations *d) {
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    deviate(d, rule, "harm", field(t, "harm"), r->harms[rule->harm].key);
    print_identity(r, &rule->identity, text);
    deviate(d, rule, "identity", field(t, "identity"), mr_buf_span(text));
    mr_buf_clear(text);
    if (rule->ladder.ptr)
        mr_buf_printf(text, "%.*s:%u", MR_SPAN_ARG(rule->ladder), rule->rung);
    else
        mr_buf_addc(text, '-');
    deviate(d, rule, "ladder", field(t, "ladder"), mr_buf_span(text));
    mr_buf_clear(text);
    mr_buf_printf(text, "%u", rule->leads);
    deviate(d, rule, "leads", field(t, "leads"), mr_buf_span(text));
}

static void test_harms_and_identities_are_those_of_the_table(void **state) {
    (void)state;
    table t;
    mr_buf text;
    deviations d = {.n = 0};
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    mr_buf_init(&text, 4096);
    mr_buf_init(&d.explained, 1 << 20);
    mr_buf_init(&d.unexplained, 1 << 20);
    if (!table_open(&t, "rule-harms.tsv")) return;
    while (table_next(&t))
        for (size_t i = 0; i < r->n_rules; i++)
            if (stands_for(&r->rules[i], field(&t, "id"))) compare_harm(&t, &r->rules[i], &text, &d);
    deviations_told(&d, "rule-harms.tsv");
    mr_buf_free(&text);
}

/* clusters.md, "Rules to split before coding": a row with several harms has become a rule for each. */
static void test_rules_that_mix_harms_are_split(void **state) {
    (void)state;
    static const char *const branches[][2] = {{"STOPP3-A2", "dependence"},
                                              {"STOPP3-A2", "bleeding"},
                                              {"STOPP3-A2", "movement"},
                                              {"STOPP3-A2", "selection-error"},
                                              {"STOPP3-D1", "confusion"},
                                              {"STOPP3-D1", "falls"},
                                              {"STOPP3-D1", "constipation"},
                                              {"STOPP3-D1", "slow-heart"},
                                              {"STOPP3-D1", "low-bp"},
                                              {"BEERS23-T2-02", "no-longer-needed"},
                                              {"BEERS23-T2-09", "cv-event"},
                                              {"BEERS23-T3-01", "slow-heart"},
                                              {"BEERS23-T3-03", "antipsychotic-use"},
                                              {"BEERS23-T5-01", "duplicate"},
                                              {"BEERS23-T5-10", "bleeding"},
                                              {"ACB-05", "falls"},
                                              {"INT-47", "breathing"},
                                              {"INT-81", "constipation"},
                                              {"INT-82", "myopathy"},
                                              {"INT-86", "inr-unstable"},
                                              {"INT-86", "qt"},
                                              {"MON-17", "monitoring-gap"},
                                              {"MON-25", "monitoring-gap"},
                                              {"MON-25", "stop-safely"},
                                              {"MAX-18", "qt"}};
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    size_t lacking = 0;
    for (size_t b = 0; b < sizeof branches / sizeof *branches; b++) {
        mr_span id = mr_span_of(branches[b][0]);
        bool found = false;
        for (size_t i = 0; i < r->n_rules; i++)
            found =
                found || (stands_for(&r->rules[i], id) && mr_span_is(r->harms[r->rules[i].harm].key, branches[b][1]));
        if (!found) print_error("no part of %s has the harm %s\n", branches[b][0], branches[b][1]);
        lacking += !found;
    }
    assert_int_equal(lacking, 0);
}

/* Does the rule, or a part of it, have that harm? */
static bool has_harm(mr_span id, mr_span harm) {
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    for (size_t i = 0; i < r->n_rules; i++)
        if (stands_for(&r->rules[i], id) && mr_span_eq(r->harms[r->rules[i].harm].key, harm)) return true;
    return false;
}

/* "harm | identity | rules": what is one finding has one harm in all of its rules, else it would be two. */
static size_t check_cluster(mr_span line) {
    mr_span harm, rest, identity, rules, id;
    if (!mr_span_split(line, '|', &harm, &rest)) return 0;
    harm = mr_span_trim(harm);
    if (mr_ruleset_harm(mr_knowledge_rules(shipped), harm) == MR_NO_NUMBER) return 0;
    size_t bars = mr_span_find(rest, '|');
    for (size_t next; (next = mr_span_find(mr_span_from(rest, bars + 1), '|')) < rest.len - bars - 1;) bars += next + 1;
    identity = mr_span_trim((mr_span){rest.ptr, bars});
    rules = mr_span_trim(mr_span_from(rest, bars + 1));
    for (bool more = true; more;) {
        more = mr_span_split(rules, ' ', &id, &rules);
        if (in_packs(id) && !has_harm(id, harm))
            fail_msg("%.*s has not the harm %.*s of its cluster about %.*s", MR_SPAN_ARG(id), MR_SPAN_ARG(harm),
                     MR_SPAN_ARG(identity));
    }
    return 1;
}

static void test_the_rules_of_a_cluster_have_one_harm(void **state) {
    (void)state;
    mr_span bytes, line;
    size_t clusters = 0;
    char *owned = read_shared(MEDREVIEW_SHARED_DIR "/clinical/clusters.md", &bytes);
    if (!owned) return;
    const char *from = strstr(owned, "\n## Clusters with more than one rule");
    assert_non_null(from);
    bytes = mr_span_from(bytes, (size_t)(from - owned));
    for (bool more = true; more;) {
        more = mr_span_split(bytes, '\n', &line, &bytes);
        clusters += check_cluster(line);
    }
    assert_in_range(clusters, 180, 200);
    free(owned);
}

/* The words are ours: plainer than those of the table. */
static void test_harms_are_those_of_the_table(void **state) {
    (void)state;
    table t;
    size_t seen = 0;
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    if (!table_open(&t, "harms.tsv")) return;
    while (table_next(&t)) {
        mr_span key = field(&t, "key");
        uint16_t number = mr_ruleset_harm(r, key);
        if (number == MR_NO_NUMBER) fail_msg("there is no harm %.*s", MR_SPAN_ARG(key));
        const mr_harm *h = &r->harms[number];
        seen++;
        expect_equal(key, "actcode", field(&t, "actcode"), h->actcode.ptr ? h->actcode : MR_SPAN("-"));
        expect_equal(key, "lane", field(&t, "lane"), h->lane);
        expect_equal(key, "folds", field(&t, "folds"), h->folds ? MR_SPAN("yes") : MR_SPAN("no"));
        assert_true(h->title.len && h->meaning.len);
    }
    assert_int_equal(seen, r->n_harms);
}

/* ---- groups and scores ---- */

/* Groups that are ours alone, and why. */
static bool is_our_group(const mr_group *g) {
    static const char *const names[] = {
        "beclometasone-200",          /* CMP-37: what it asks of strengths */
        "corticosteroid-by-mouth",    /* STOPP v3 H5 speaks of tablets; corticosteroid-systemic has injections too */
        "diltiazem-modified",         /* CMP-36 */
        "dipyridamole-ir",            /* Beers T2-06 means what is not modified-release */
        "doxazosin-modified",         /* CMP-31 */
        "fluticasone-powder-weak",    /* CMP-37 */
        "ics-high-strength",          /* CMP-37 */
        "metformin-modified-release", /* MAX-14 has a maximum of its own for it */
        "methotrexate-10mg",          /* CMP-25 */
        "minocycline",                /* CMP-28 names it; the table has no group */
        "opioid-high-strength",       /* CMP-19: its thresholds as strengths of products */
        "oxygen",                     /* START v3 G3 asks for it; the table has no group */
        "zuclopenthixol-acetate",     /* CMP-40 */
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mr_span_is(g->name, names[i])) return true;
    return false;
}

static bool has_member(const mr_group *g, mr_span substance) {
    for (size_t i = 0; i < g->n_members; i++)
        if (mr_span_eq(g->members[i].substance, substance)) return true;
    return false;
}

/* What our groups hold beyond the table, and why: docs/terminology-groups.md, "Corrected". */
static bool is_ours(const mr_group *g, mr_span substance) {
    static const char *const more[][2] = {
        {"antidepressant", "isocarboxazid"}, {"cns-active", "isocarboxazid"},
        {"cns-active", "alfentanil"},        {"opioid", "alfentanil"},
        {"opioid-strong", "alfentanil"},     {"opioid-strong", "dipipanone"},
        {"opioid-strong", "papaveretum"},    {"laba", "vilanterol"},
    };
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (mr_span_is(g->name, more[i][0]) && mr_span_is(substance, more[i][1])) return true;
    return false;
}

/* A substance may stand in several rows, on different terms. */
static size_t distinct_members(const mr_group *g) {
    size_t n = 0;
    for (size_t i = 0; i < g->n_members; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++) again |= mr_span_eq(g->members[i].substance, g->members[k].substance);
        n += !again && !is_ours(g, g->members[i].substance);
    }
    return n;
}

/* Every group of the table is there, with exactly its substances, and no group besides but ours. The table names one
 * substance twice, as "metronidazole (oral)" too. */
static void test_groups_have_the_members_of_the_table(void **state) {
    (void)state;
    table t;
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    size_t *seen = calloc(r->n_groups, sizeof *seen);
    assert_non_null(seen);
    if (table_open(&t, "drug-groups.tsv")) {
        while (table_next(&t)) {
            mr_span inn = field(&t, "inn"), name = field(&t, "group");
            uint16_t g = mr_ruleset_group(r, name);
            if (g == MR_NO_NUMBER) fail_msg("there is no group %.*s", MR_SPAN_ARG(name));
            if (mr_span_is(inn, "metronidazole (oral)")) continue;
            seen[g]++;
            if (!has_member(&r->groups[g], inn))
                fail_msg("%.*s lacks %.*s", MR_SPAN_ARG(r->groups[g].name), MR_SPAN_ARG(inn));
        }
        size_t wrong = 0;
        for (size_t g = 0; g < r->n_groups; g++) {
            bool ours = is_our_group(&r->groups[g]), right = seen[g] == distinct_members(&r->groups[g]);
            if (ours ? !seen[g] : right) continue;
            wrong++;
            print_error("%.*s is not the table's, or has other members there\n", MR_SPAN_ARG(r->groups[g].name));
        }
        assert_int_equal(wrong, 0);
    }
    free(seen);
}

static bool has_score(const mr_scale *scale, mr_span substance, double points) {
    for (size_t i = 0; i < scale->n_scores; i++)
        if (mr_span_eq(scale->scores[i].substance, substance) && scale->scores[i].points == points) return true;
    return false;
}

static void test_scores_are_those_of_the_table(void **state) {
    (void)state;
    table t;
    size_t seen = 0;
    const mr_ruleset *r = mr_knowledge_rules(shipped);
    const mr_scale *scale = &r->scales[r->default_scale];
    assert_true(mr_span_is(scale->name, "medreview-default"));
    if (!table_open(&t, "acb.tsv")) return;
    while (table_next(&t)) {
        uint64_t points = 0;
        if (!mr_span_is(field(&t, "scale"), "medreview-default")) continue;
        assert_true(mr_span_u64(field(&t, "score"), &points));
        seen++;
        if (!has_score(scale, field(&t, "drug"), (double)points))
            fail_msg("%.*s has another score", MR_SPAN_ARG(field(&t, "drug")));
    }
    assert_int_equal(seen, scale->n_scores);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule_of_the_table_is_there),
        cmocka_unit_test(test_every_rule_of_the_packs_is_in_the_table),
        cmocka_unit_test(test_rules_say_what_the_table_says),
        cmocka_unit_test(test_harms_and_identities_are_those_of_the_table),
        cmocka_unit_test(test_rules_that_mix_harms_are_split),
        cmocka_unit_test(test_the_rules_of_a_cluster_have_one_harm),
        cmocka_unit_test(test_harms_are_those_of_the_table),
        cmocka_unit_test(test_groups_have_the_members_of_the_table),
        cmocka_unit_test(test_scores_are_those_of_the_table),
    };
    return cmocka_run_group_tests(tests, load_shipped, free_shipped);
}
