/* Pack files: a small whole pack that is fine, and what is said about it with one thing broken at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/knowledge/knowledge.h"

#include <stdlib.h>
#include <string.h>

static const char pack[] = "tool: HOUSE\n"                               /* 1 */
                           "as_of: 2026-11-21\n"                         /* 2 */
                           "groups:\n"                                   /* 3 */
                           "  sleepers:\n"                               /* 4 */
                           "    source: House list\n"                    /* 5 */
                           "    members: [zopiclone, zolpidem]\n"        /* 6 */
                           "harms:\n"                                    /* 7 */
                           "  grogginess:\n"                             /* 8 */
                           "    title: Groggy\n"                         /* 9 */
                           "    meaning: You may be groggy.\n"           /* 10 */
                           "    lane: safety\n"                          /* 11 */
                           "scales:\n"                                   /* 12 */
                           "  house:\n"                                  /* 13 */
                           "    version: \"1\"\n"                        /* 14 */
                           "    source: House list\n"                    /* 15 */
                           "    scores: {zopiclone: 1, zolpidem: 2.5}\n" /* 16 */
                           "rules:\n"                                    /* 17 */
                           "  - id: HOUSE-1\n"                           /* 18 */
                           "    criterion: \"1\"\n"                      /* 19 */
                           "    title: Sleeping tablet at 65+\n"         /* 20 */
                           "    state: active\n"                         /* 21 */
                           "    version: \"1\"\n"                        /* 22 */
                           "    tier: 1\n"                               /* 23 */
                           "    severity: moderate\n"                    /* 24 */
                           "    urgency: next-review\n"                  /* 25 */
                           "    reviewer: GP\n"                          /* 26 */
                           "    harm: grogginess\n"                      /* 27 */
                           "    identity: sleepers\n"                    /* 28 */
                           "    when: age >= 65 and taking(sleepers)\n"  /* 29 */
                           "    action: Ask about sleep\n"               /* 30 */
                           "    goes_away_when: It is stopped.\n"        /* 31 */
                           "    source: House rules\n"                   /* 32 */
                           "    examples:\n"                             /* 33 */
                           "      - fires: 80, zopiclone\n"              /* 34 */
                           "        born: 1946-01-01\n"                  /* 35 */
                           "        medicines: [zopiclone]\n"            /* 36 */
                           "      - silent: 80, no tablet\n"             /* 37 */
                           "        born: 1946-01-01\n";                 /* 38 */

static mr_rc load(const char *text, size_t len, mr_knowledge **ret, mr_buf *complaints) {
    mr_knowledge_file file = {"house.yaml", {text, len}};
    mr_error err = {0};
    return mr_knowledge_load_files(&file, 1, true, ret, complaints, &err);
}

static void test_pack_that_is_fine(void **state) {
    (void)state;
    mr_knowledge *k = NULL;
    mr_buf said;
    mr_buf_init(&said, 1 << 20);
    if (load(pack, sizeof pack - 1, &k, &said) != MR_OK) fail_msg("%s", mr_buf_z(&said));
    assert_int_equal(said.len, 0);
    const mr_ruleset *rules = mr_knowledge_rules(k);
    assert_int_equal(rules->n_rules, 1); /* the shipped rules do not stand beside those of a checked folder */
    assert_true(mr_ruleset_group(rules, MR_SPAN("nsaid-oral")) != MR_NO_NUMBER); /* the shipped groups do */
    assert_true(mr_span_starts(rules->version, "2026.11+site."));
    const mr_rule *r = mr_ruleset_rule(rules, MR_SPAN("HOUSE-1"));
    assert_non_null(r);
    assert_true(mr_span_is(r->tool, "HOUSE") && mr_span_is(r->when_text, "age >= 65 and taking(sleepers)"));
    assert_int_equal(r->line, 18);
    assert_int_equal(r->examples[1].line, 37);
    assert_true(mr_span_is(r->examples[1].text, "      - silent: 80, no tablet\n        born: 1946-01-01\n"));
    mr_buf report;
    mr_buf_init(&report, 1 << 20);
    mr_example_counts counts;
    mr_error err = {0};
    assert_int_equal(mr_knowledge_test(k, &report, &counts, &err), MR_OK);
    assert_string_equal(mr_buf_z(&report), "");
    assert_true(counts.examples == 2 && counts.rules == 1 && counts.failed == 0);
    mr_buf_free(&report);
    mr_buf_free(&said);
    mr_knowledge_free(k);
}

/* The pack with the first `find` replaced. */
static char *broken(const char *find, const char *put, size_t *ret_len) {
    const char *at = strstr(pack, find);
    if (!at) fail_msg("the pack has no \"%s\"", find);
    size_t before = (size_t)(at - pack), after = sizeof pack - 1 - before - strlen(find);
    char *out = malloc(before + strlen(put) + after + 1);
    assert_non_null(out);
    memcpy(out, pack, before);
    memcpy(out + before, put, strlen(put));
    memcpy(out + before + strlen(put), at + strlen(find), after);
    *ret_len = before + strlen(put) + after;
    out[*ret_len] = 0;
    return out;
}

static const struct breakage {
    const char *find, *put, *said;
} breakages[] = {
    /* what YAML itself refuses, or what packs leave out of it */
    {"rules:\n", "rules\n", "house.yaml:18: no YAML: could not find expected ':', while scanning a simple key"},
    {"[zopiclone, zolpidem]", "[zopiclone, zolpidem",
     "house.yaml:7: no YAML: did not find expected ',' or ']', while parsing a flow sequence"},
    {"    lane: safety\n", "\tlane: safety\n",
     "house.yaml:11: no YAML: found a tab character that violates indentation, while scanning a plain scalar"},
    {"    lane: safety\n", "    lane: safety\n    lane: burden\n",
     "house.yaml:12: \"lane\" stands twice; first in line 11"},
    {"source: House list\n", "source: &s House list\n",
     "house.yaml:5: anchors (&) and tags (!) are not allowed in packs"},
    {"members: [zopiclone", "members: [!!str zopiclone",
     "house.yaml:6: anchors (&) and tags (!) are not allowed in packs"},
    {"source: House list\n", "source: *s\n", "house.yaml:5: aliases (*) are not allowed in packs"},
    {"tool: HOUSE\n", "--- {}\n---\ntool: HOUSE\n", "house.yaml:2: one document a file: a second one begins here"},
    {"  grogginess:\n", "  [grogginess]:\n", "house.yaml:8: a key must be a text"},
    {"title: Groggy", "title: \"Gro\\tggy\"", "house.yaml:9: a tab or control character in a text"},
    /* keys */
    {"tool: HOUSE\n", "tool: HOUSE\ngruops: {}\n",
     "house.yaml:2: a pack file has no \"gruops\"; did you mean \"groups\"?"},
    {"    severity:", "    severty:", "house.yaml:24: a rule has no \"severty\"; did you mean \"severity\"?"},
    {"    reviewer: GP\n", "    reviewer: GP\n    colour: red\n", "house.yaml:27: a rule has no \"colour\""},
    {"        born: 1946-01-01\n        medicines", "        aged: 80\n        medicines",
     "house.yaml:35: an example has no \"aged\"; did you mean \"age\"?"},
    {"    title: Sleeping tablet at 65+\n", "", "house.yaml:18: \"title\" is missing"},
    {"    source: House rules\n", "", "house.yaml:18: \"source\" is missing"},
    {"    when: age >= 65 and taking(sleepers)\n", "", "house.yaml:18: \"when\" is missing"},
    {"    identity: sleepers\n", "", "house.yaml:18: \"identity\" is missing"},
    {"    harm: grogginess\n", "", "house.yaml:18: \"harm\" is missing"},
    {"    tier: 1\n", "", "house.yaml:18: \"tier\" is missing"},
    {"tool: HOUSE\n", "", "house.yaml:1: \"tool\" is missing"},
    {"as_of: 2026-11-21\n", "", "house.yaml:16: \"as_of\", the day of the examples, is missing"},
    /* values */
    {"title: Groggy", "title:", "house.yaml:9: \"title\" is empty"},
    {"title: Groggy", "title: [Groggy]", "house.yaml:9: \"title\" is a text, not a list"},
    {"id: HOUSE-1", "id: house 1",
     "house.yaml:18: \"house 1\" is no rule id: capital letters, digits and hyphens, such as \"PIN-A\""},
    {"severity: moderate", "severity: medium", "house.yaml:24: \"medium\" is no severity: high, moderate, low"},
    {"urgency: next-review", "urgency: soon",
     "house.yaml:25: \"soon\" is no urgency: same-day, within-1-week, within-4-weeks, next-review"},
    {"state: active", "state: on", "house.yaml:21: \"on\" is no state: draft, active"},
    {"tier: 1", "tier: 5", "house.yaml:23: \"tier\" is a whole number from 1 to 4, not \"5\""},
    {"lane: safety", "lane: saftey", "house.yaml:8: \"saftey\" is no lane: safety, monitoring, omission, burden"},
    {"lane: safety", "lane: safety\n    folds: maybe", "house.yaml:12: \"folds\" is yes or no, not \"maybe\""},
    {"zolpidem: 2.5", "zolpidem: two",
     "house.yaml:16: a score is a substance in lower case and its points, such as \"oxybutynin: 3\""},
    {"[zopiclone, zolpidem]", "[Zopiclone, zolpidem]",
     "house.yaml:6: \"Zopiclone\" is no substance: its name in lower case"},
    {"[zopiclone, zolpidem]", "[zopiclone, zopiclone]", "house.yaml:6: \"zopiclone\" stands twice in the group"},
    {"[zopiclone, zolpidem]", "[{drug: zopiclone, routes: [moth]}]", "house.yaml:6: \"moth\" is no route"},
    {"  sleepers:\n", "  Sleepers:\n",
     "house.yaml:4: \"Sleepers\" is no name of a drug group: lower case letters, digits and hyphens"},
    {"as_of: 2026-11-21", "as_of: tomorrow", "house.yaml:2: \"as_of\" is a date such as 2026-11-21, not \"tomorrow\""},
    {"harm: grogginess\n", "harm: grogginess\n    ladder: steps\n",
     "house.yaml:28: a ladder is NAME:RUNG, such as \"medicines:2\""},
    /* names, and the condition */
    {"harm: grogginess", "harm: groginess",
     "house.yaml:27: there is no harm \"groginess\"; did you mean \"grogginess\"?"},
    {"identity: sleepers", "identity: sleeper",
     "house.yaml:28: identity: there is no drug group \"sleeper\"; did you mean \"sleepers\"?"},
    {"identity: sleepers", "identity: test:sleepers",
     "house.yaml:28: identity: a test is \"test:KEY+GROUP\", such as \"test:u-and-e+raas\""},
    {"taking(sleepers)", "taking(sleepres)",
     "house.yaml:29: when:1:22: there is no drug group \"sleepres\"; did you mean \"sleepers\"?"},
    {"when: age >= 65 and taking(sleepers)", "when: |\n      age >= 65\n      and taking(sleepers) or sex = male",
     "house.yaml:31: when:2:22: \"and\" and \"or\" beside each other: parentheses must say what belongs together"},
    /* examples */
    {"fires: 80, zopiclone", "fired: 80, zopiclone",
     "house.yaml:34: an example has no \"fired\"; did you mean \"fires\"?"},
    {"born: 1946-01-01\n        medicines", "silent: both\n        medicines",
     "house.yaml:34: an example has one of fires, silent, unknown, possible, with its name"},
    {"born: 1946-01-01\n        medicines", "born: long ago\n        medicines",
     "house.yaml:35: \"born\" is a date such as 2026-11-21 or 2026-11, \"today\" or \"3 months ago\""},
    {"medicines: [zopiclone]", "medicines: [{name: zopiclone}]", "house.yaml:36: a medicine has no \"name\""},
    {"medicines: [zopiclone]", "medicines: [{drug: zopiclone, state: eaten}]",
     "house.yaml:36: \"eaten\" is no state: active, planned, paused, stopped, completed, unknown, not-taken"},
    {"medicines: [zopiclone]", "medicines: zopiclone\n        conditions: [fluu]",
     "house.yaml:37: concept \"fluu\" has no code of the kind asked for"},
    {"medicines: [zopiclone]", "medicines: zopiclone\n        results: [{test: egfr, value: low}]",
     "house.yaml:37: a result is a number, with < <= >= > or ~ before it where it has one"},
    {"medicines: [zopiclone]", "medicines: [zopiclone]\n        form: indicator",
     "house.yaml:34: rule HOUSE-1: an example of form indicator, but the rule has no \"indicator\""},
    /* what must hold together */
    {"      - silent: 80, no tablet\n        born: 1946-01-01\n", "",
     "house.yaml:18: rule HOUSE-1: no example in which it is silent"},
    {"      - fires: 80, zopiclone\n        born: 1946-01-01\n        medicines: [zopiclone]\n", "",
     "house.yaml:18: rule HOUSE-1: no example in which it fires"},
    {"identity: sleepers", "identity: nsaid-oral",
     "house.yaml:18: rule HOUSE-1: identity group \"nsaid-oral\" is not in \"when\", or only under \"not\""},
    {"and taking(sleepers)", "and not taking(sleepers)",
     "house.yaml:18: rule HOUSE-1: identity group \"sleepers\" is not in \"when\", or only under \"not\""},
    {"identity: sleepers", "identity: start:sleepers",
     "house.yaml:18: rule HOUSE-1: the group that is missing (start:) does not stand under \"not\" in \"when\""},
    {"harm: grogginess\n    identity: sleepers\n", "harm: grogginess\n    identity: patient\n    ladder: steps:2\n",
     "house.yaml:18: rule HOUSE-1: its ladder has no rung just below this one"},
    {"    action: Ask about sleep\n", "    action: Ask about sleep\n    indicator: taking(sleepers, within 3 months)\n",
     "house.yaml:18: rule HOUSE-1: no example in which its indicator fires"},
};

static bool said_so(const struct breakage *b) {
    size_t len;
    char *text = broken(b->find, b->put, &len);
    mr_knowledge *k = NULL;
    mr_buf said;
    mr_buf_init(&said, 1 << 20);
    mr_rc rc = load(text, len, &k, &said);
    const char *at = rc == MR_MALFORMED ? strstr(mr_buf_z(&said), b->said) : NULL;
    bool found = at && (at == mr_buf_z(&said) || at[-1] == '\n');
    if (!found) print_error("expected: %s\n     got: %s\n", b->said, rc == MR_OK ? "no complaint\n" : mr_buf_z(&said));
    if (rc == MR_OK) mr_knowledge_free(k);
    mr_buf_free(&said);
    free(text);
    return found;
}

static void test_pack_broken_in_one_place(void **state) {
    (void)state;
    size_t missed = 0;
    for (size_t i = 0; i < sizeof breakages / sizeof breakages[0]; i++) missed += !said_so(&breakages[i]);
    assert_int_equal(missed, 0);
}

static void test_pack_tells_all_faults_at_once(void **state) {
    (void)state;
    mr_knowledge_file files[] = {
        {"a.yaml", MR_SPAN("harms:\n  one: {title: One, meaning: One., lane: nowhere}\n  two: {title: Two}\n")},
        {"b.tsv", MR_SPAN("concept\tsystem\tcode\trole\n"
                          "asthma\tsct\t195967002\tpresent\n"
                          "asthma\tsct\t401193004\tpersent\n"
                          "asthma\tread\tH33..\tpresent\n"
                          "asthme\tsct\t389145006\tpresent\n"
                          "asthma\tsct\n")},
        {"c.tsv", MR_SPAN("concept\tunit\tcanonical\tfactor\toffset\negfr\tdrops\tmL/min\t-1\t0\n")},
        {"d.tsv", MR_SPAN("code\tterm\n1\tone\n")}};
    mr_knowledge *k = NULL;
    mr_buf said;
    mr_buf_init(&said, 1 << 20);
    mr_error err = {0};
    assert_int_equal(mr_knowledge_load_files(files, 4, true, &k, &said, &err), MR_MALFORMED);
    assert_string_equal(err.text, "10 faults in the knowledge packs");
    assert_string_equal(
        mr_buf_z(&said),
        "a.yaml:2: \"nowhere\" is no lane: safety, monitoring, omission, burden\n"
        "a.yaml:3: \"meaning\" is missing\n"
        "a.yaml:3: \"lane\" is missing\n"
        "b.tsv:2: \"195967002\" is no SNOMED CT id: its check digit is wrong\n"
        "b.tsv:3: \"persent\" is no role: present, event, value, test-done; resolved, remission, no-longer, absent; "
        "history, "
        "severity-mild, ...-unspecified\n"
        "b.tsv:4: \"read\" is no code system: sct, loinc\n"
        "b.tsv:6: 2 fields, but 4 columns are named in the first line\n"
        "c.tsv:2: a unit has a text, a canonical unit, a factor above 0 and an offset\n"
        "d.tsv:1: the columns of a table are: concept system code role; or: concept unit canonical factor "
        "offset\n"
        "b.tsv:5: there is no concept \"asthme\"; did you mean \"asthma\"?\n");
    mr_buf_free(&said);
}

static void test_pack_example_that_fails_is_told(void **state) {
    (void)state;
    size_t len;
    char *text = broken("fires: 80, zopiclone\n        born: 1946", "fires: 60, zopiclone\n        born: 1966", &len);
    mr_knowledge *k = NULL;
    mr_buf said, report;
    mr_buf_init(&said, 1 << 20);
    mr_buf_init(&report, 1 << 20);
    assert_int_equal(load(text, len, &k, &said), MR_OK);
    mr_example_counts counts;
    mr_error err = {0};
    assert_int_equal(mr_knowledge_test(k, &report, &counts, &err), MR_OK);
    assert_int_equal(counts.failed, 1);
    assert_string_equal(mr_buf_z(&report), "house.yaml:34: rule HOUSE-1: fires expected, but silent: 60, zopiclone; "
                                           "age >= 65: no; taking(sleepers): yes\n");
    mr_buf_free(&report);
    mr_buf_free(&said);
    mr_knowledge_free(k);
    free(text);
}

/* ---- extending and replacing ---- */

static mr_knowledge *load_site(const mr_knowledge_file *files, size_t n) {
    mr_knowledge *k = NULL;
    mr_buf said;
    mr_buf_init(&said, 1 << 20);
    mr_error err = {0};
    if (mr_knowledge_load_files(files, n, false, &k, &said, &err) != MR_OK) fail_msg("%s%s", err.text, mr_buf_z(&said));
    mr_buf_free(&said);
    return k;
}

static void test_pack_extends_and_replaces(void **state) {
    (void)state;
    mr_knowledge *shipped = load_site(NULL, 0);
    mr_knowledge_file house = {"house.yaml", {pack, sizeof pack - 1}};
    mr_knowledge *more = load_site(&house, 1);
    assert_int_equal(mr_knowledge_rules(more)->n_rules, mr_knowledge_rules(shipped)->n_rules + 1);
    mr_knowledge_file burden = {"burden.yaml",
                                {pack, sizeof pack - 1}}; /* in the place of the shipped file of that name */
    mr_knowledge *instead = load_site(&burden, 1);
    assert_null(mr_ruleset_rule(mr_knowledge_rules(instead), MR_SPAN("CMP-01")));
    assert_non_null(mr_ruleset_rule(mr_knowledge_rules(instead), MR_SPAN("PIN-A")));
    mr_knowledge_free(instead);
    mr_knowledge_free(more);
    mr_knowledge_free(shipped);
}

static void test_pack_site_group_stands_for_the_shipped_one(void **state) {
    (void)state;
    mr_knowledge_file file = {"site.yaml", MR_SPAN("groups: {ppi: {source: Formulary, members: [omeprazole]}}\n")};
    mr_knowledge *k = load_site(&file, 1);
    const mr_ruleset *r = mr_knowledge_rules(k);
    assert_int_equal(r->groups[mr_ruleset_group(r, MR_SPAN("ppi"))].n_members, 1);
    mr_knowledge_free(k);
}

/* A shipped rule narrows ppi to esomeprazole, which the site's ppi does not have. The rule stands, and is silent about
 * it; its shipped examples tell the site so. */
static void test_pack_site_group_narrower_than_a_shipped_rule(void **state) {
    (void)state;
    static const char left_out[] = "rule STOPP3-F2: fires expected, but silent: ";
    mr_knowledge_file file = {"site.yaml", MR_SPAN("groups: {ppi: {source: Formulary, members: [omeprazole]}}\n")};
    mr_knowledge *k = load_site(&file, 1);
    const mr_rule *rule = mr_ruleset_rule(mr_knowledge_rules(k), MR_SPAN("STOPP3-F2"));
    assert_non_null(rule);
    assert_non_null(strstr(rule->when_text.ptr, "ppi[esomeprazole]"));
    mr_buf report;
    mr_example_counts counts;
    mr_error err = {0};
    mr_buf_init(&report, 1 << 20);
    assert_int_equal(mr_knowledge_test(k, &report, &counts, &err), MR_OK);
    const char *told = strstr(mr_buf_z(&report), left_out);
    if (!told) fail_msg("not told: %s", mr_buf_z(&report));
    assert_true(counts.failed > 0);
    mr_buf_free(&report);
    mr_knowledge_free(k);
}

static void test_pack_site_codes_are_added(void **state) {
    (void)state;
    mr_knowledge_file file = {"codes.tsv", MR_SPAN("concept\tsystem\tcode\trole\n"
                                                   "asthma\tsct\t233683003\tpresent\n"
                                                   "asthma\tsct\t195967001\thistory\n")};
    mr_knowledge *k = load_site(&file, 1);
    const mr_ruleset *r = mr_knowledge_rules(k);
    mr_concept_hit hit, hits[4];
    mr_span sct = MR_SPAN("http://snomed.info/sct");
    assert_int_equal(mr_ruleset_code(r, sct, MR_SPAN("233683003"), &hit, 1), 1);
    assert_int_equal(hit.role, MR_ROLE_PRESENT);
    /* the site's role stands for ours; the code counts for chronic asthma too, where nothing has changed */
    assert_int_equal(mr_ruleset_code(r, sct, MR_SPAN("195967001"), hits, 4), 2);
    for (size_t i = 0; i < 2; i++) {
        bool same = hits[i].concept == mr_ruleset_concept(r, MR_SPAN("asthma"));
        assert_int_equal(hits[i].role, same ? MR_ROLE_HISTORY : MR_ROLE_PRESENT);
    }
    mr_knowledge_free(k);
}

static void test_pack_shipped_rule_is_not_replaced_in_passing(void **state) {
    (void)state;
    size_t len;
    char *text = broken("id: HOUSE-1", "id: PIN-A", &len);
    mr_knowledge_file file = {"house.yaml", {text, len}};
    mr_knowledge *k = NULL;
    mr_buf said;
    mr_buf_init(&said, 1 << 20);
    mr_error err = {0};
    assert_int_equal(mr_knowledge_load_files(&file, 1, false, &k, &said, &err), MR_MALFORMED);
    assert_non_null(strstr(mr_buf_z(&said), "house.yaml:18: rule \"PIN-A\" stands twice; first in pincer.yaml:"));
    mr_buf_free(&said);
    free(text);
}

static void test_pack_folders(void **state) {
    (void)state;
    mr_knowledge *k = NULL;
    mr_buf said;
    mr_buf_init(&said, 1 << 20);
    mr_error err = {0};
    mr_knowledge_options options = {.dir = MEDREVIEW_SOURCE_DIR "/service/knowledge/data", .only_dir = true};
    if (mr_knowledge_load(&options, &k, &said, &err) != MR_OK) fail_msg("%s%s", err.text, mr_buf_z(&said));
    assert_non_null(mr_ruleset_rule(mr_knowledge_rules(k), MR_SPAN("PIN-A")));
    mr_knowledge_free(k);
    options.dir = MEDREVIEW_SOURCE_DIR "/no/such/folder";
    assert_int_equal(mr_knowledge_load(&options, &k, &said, &err), MR_IO);
    options.dir = MEDREVIEW_SOURCE_DIR "/include"; /* a folder without packs is a wrong folder */
    assert_int_equal(mr_knowledge_load(&options, &k, &said, &err), MR_INVALID);
    mr_buf_free(&said);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack_that_is_fine),
        cmocka_unit_test(test_pack_broken_in_one_place),
        cmocka_unit_test(test_pack_tells_all_faults_at_once),
        cmocka_unit_test(test_pack_example_that_fails_is_told),
        cmocka_unit_test(test_pack_extends_and_replaces),
        cmocka_unit_test(test_pack_site_group_stands_for_the_shipped_one),
        cmocka_unit_test(test_pack_site_group_narrower_than_a_shipped_rule),
        cmocka_unit_test(test_pack_site_codes_are_added),
        cmocka_unit_test(test_pack_shipped_rule_is_not_replaced_in_passing),
        cmocka_unit_test(test_pack_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
