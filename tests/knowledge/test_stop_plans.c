/* Stop plans as packs: what the shipped ones must say, beside the catalogue's table of tapers where it is at hand; and
 * what is said about a plan with one thing broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/core/stop_plan.h"
#include "medreview/knowledge/knowledge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const mr_stop_scheme *scheme(const mr_ruleset *rules, const char *name) {
    for (size_t i = 0; i < rules->n_stop_schemes; i++)
        if (mr_span_is(rules->stop_schemes[i].name, name)) return &rules->stop_schemes[i];
    return NULL;
}

/* ---- the shipped plans ---- */

static mr_knowledge *shipped(void) {
    mr_knowledge *k = NULL;
    mr_buf said;
    mr_error err = {0};
    mr_buf_init(&said, 1 << 20);
    if (mr_knowledge_load(NULL, &k, &said, &err)) fail_msg("%s\n%s", err.text, mr_buf_z(&said));
    mr_buf_free(&said);
    return k;
}

static void test_plans_speak_of_what_they_must(void **state) {
    (void)state;
    mr_knowledge *k = shipped();
    const mr_ruleset *rules = mr_knowledge_rules(k);
    assert_true(rules->n_stop_schemes > 40);
    for (size_t i = 0; i < rules->n_stop_schemes; i++) {
        const mr_stop_scheme *s = &rules->stop_schemes[i];
        assert_true(s->n_steps > 0 && s->why.len && s->who.len && s->on_relapse.len && s->source.len);
        if (i) assert_true(mr_span_cmp(rules->stop_schemes[i - 1].name, s->name) < 0);
        bool not_seen = strstr(s->source.ptr, "(not seen)") && s->source.len < 40;
        assert_int_equal(not_seen, s->state == MR_RULE_DRAFT);
    }
    assert_int_equal(scheme(rules, "denosumab")->way, MR_STOP_SPECIALIST);
    assert_int_equal(scheme(rules, "insulin")->way, MR_STOP_SPECIALIST);
    assert_int_equal(scheme(rules, "statin")->way, MR_STOP_AT_ONCE);
    mr_knowledge_free(k);
}

/* The names of the table where ours differ. */
static const char *our_name(mr_span group) {
    static const char *const table[][2] = {{"fentanyl-patch", "opioid-patch"},
                                           {"inhaled-steroid-high", "inhaled-steroid"},
                                           {"sulfonylurea-insulin", "sulfonylurea"},
                                           {"caffeine-containing-analgesic", "headache-analgesic"}};
    static char name[64];
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (mr_span_is(group, table[i][0])) return table[i][1];
    snprintf(name, sizeof name, "%.*s", MR_SPAN_ARG(group));
    return name;
}

/* Every row of the table has a plan; where it says that a sudden stop is unsafe ours says so, and never the other way
 * round; a source that was not seen is a draft. */
static void test_plans_beside_the_table(void **state) {
    (void)state;
    FILE *f = fopen(MEDREVIEW_SHARED_DIR "/clinical/taper.tsv", "rb");
    if (!f) {
        print_message("skipped: no ../shared/clinical/taper.tsv\n");
        return;
    }
    static char text[1 << 16];
    mr_span bytes = {text, fread(text, 1, sizeof text, f)};
    fclose(f);
    mr_knowledge *k = shipped();
    size_t rows = 0;
    mr_span line, rest = bytes, cell, more;
    (void)mr_span_split(rest, '\n', &line, &rest); /* the head */
    while (rest.len) {
        (void)mr_span_split(rest, '\n', &line, &rest);
        if (!line.len) continue;
        (void)mr_span_split(line, '\t', &cell, &more);
        const mr_stop_scheme *s = scheme(mr_knowledge_rules(k), our_name(cell));
        if (!s) fail_msg("no plan for %.*s", MR_SPAN_ARG(cell));
        bool unsafe = more.ptr[0] == 'y';
        if (unsafe && s->way < MR_STOP_GRADUALLY) fail_msg("%.*s: said to be fine at once", MR_SPAN_ARG(s->name));
        bool not_seen = false;
        for (mr_span tail = more, one; tail.ptr && tail.len;) {
            (void)mr_span_split(tail, '\t', &one, &tail);
            not_seen |= mr_span_is(one, "source-not-seen");
        }
        if (not_seen != (s->state == MR_RULE_DRAFT)) fail_msg("%.*s: wrong state", MR_SPAN_ARG(s->name));
        rows++;
    }
    assert_int_equal(rows, 40);
    mr_knowledge_free(k);
}

/* ---- a plan with one thing broken ---- */

static const char plan[] = "stop_plans:\n"               /* 1 */
                           "  house-ppi:\n"              /* 2 */
                           "    title: House plan\n"     /* 3 */
                           "    groups: [ppi]\n"         /* 4 */
                           "    state: active\n"         /* 5 */
                           "    stop: gradually\n"       /* 6 */
                           "    why: Because.\n"         /* 7 */
                           "    steps:\n"                /* 8 */
                           "      - text: Halve it.\n"   /* 9 */
                           "        cut_percent: 50\n"   /* 10 */
                           "        days: 14\n"          /* 11 */
                           "    watch: [heartburn]\n"    /* 12 */
                           "    red_flags: [bleeding]\n" /* 13 */
                           "    look_again: P4W\n"       /* 14 */
                           "    who: pharmacist\n"       /* 15 */
                           "    on_relapse: Go back.\n"  /* 16 */
                           "    source: House\n";        /* 17 */

static char *broken(const char *find, const char *put) {
    const char *at = strstr(plan, find);
    assert_non_null(at);
    char *text = malloc(sizeof plan + strlen(put));
    assert_non_null(text);
    snprintf(text, sizeof plan + strlen(put), "%.*s%s%s", (int)(at - plan), plan, put, at + strlen(find));
    return text;
}

static const struct fault {
    const char *find, *put, *said;
} faults[] = {
    {"", "", NULL},
    {"groups: [ppi]", "groups: [pppi]", "house.yaml:4: groups: there is no drug group \"pppi\"; did you mean \"ppi\"?"},
    {"    groups: [ppi]\n", "", "house.yaml:2: for which medicines? \"groups\" or \"substances\" is missing"},
    {"    who: pharmacist\n", "", "house.yaml:2: \"who\" is missing"},
    {"    steps:", "    stepps:", "house.yaml:8: a stop plan has no \"stepps\"; did you mean \"steps\"?"},
    {"stop: gradually", "stop: now",
     "house.yaml:2: \"now\" is no way to stop: at-once, better-slowly, gradually, specialist"},
    {"P4W", "4 weeks", "house.yaml:14: \"look_again\" is an ISO 8601 duration such as P2W, not \"4 weeks\""},
    {"P4W", "P0W", "house.yaml:14: \"look_again\" is an ISO 8601 duration such as P2W, not \"P0W\""},
    {"cut_percent: 50", "cut_mg: 10",
     "house.yaml:9: milligrams hold for one substance: the plan must be for one (\"substances\"), not for a group"},
    {"cut_percent: 50", "cut_percent: 50\n        stop: yes",
     "house.yaml:9: a step has one of \"cut_percent\", \"cut_mg\", \"to_mg\", \"stop\""},
    {"cut_percent: 50", "cut_percent: 90", "house.yaml:10: \"cut_percent\" is a number above 0 and up to 75"},
    {"        days: 14\n", "        until_percent: 20\n",
     "house.yaml:9: a cut that is repeated says after how many days"},
    {"    red_flags: [bleeding]\n", "",
     "house.yaml:2: a plan for what must not be stopped at once says what to watch and the red flags"},
    {"    state: active\n", "    state: active\n    instead_of: [opoid]\n",
     "house.yaml:6: instead_of: there is no stop plan \"opoid\"; did you mean \"opioid\"?"},
    {"    state: active\n", "    state: active\n    not_with: epilepsi\n",
     "house.yaml:2: there is no concept \"epilepsi\"; did you mean \"epilepsy\"?"},
    {"    state: active\n", "    state: active\n    routes: [moth]\n",
     "house.yaml:6: \"routes\" are such as oral, transdermal"},
};

static void test_broken_plans_are_refused_with_their_line(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char *text = broken(faults[i].find, faults[i].put);
        mr_knowledge_file file = {"house.yaml", {text, strlen(text)}};
        mr_knowledge *k = NULL;
        mr_buf said;
        mr_error err = {0};
        mr_buf_init(&said, 1 << 20);
        mr_rc rc = mr_knowledge_load_files(&file, 1, false, &k, &said, &err);
        if (!faults[i].said && rc) fail_msg("%s", mr_buf_z(&said));
        if (faults[i].said && (rc != MR_MALFORMED || !strstr(mr_buf_z(&said), faults[i].said)))
            fail_msg("fault %zu: said \"%s\", should say \"%s\"", i, mr_buf_z(&said), faults[i].said);
        mr_buf_free(&said);
        mr_knowledge_free(k);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans_speak_of_what_they_must),
        cmocka_unit_test(test_plans_beside_the_table),
        cmocka_unit_test(test_broken_plans_are_refused_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
