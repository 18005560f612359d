/* Our drug groups beside the code lists that studies have published, when ../shared is there.
 *
 * Each entry of a list is classified by its code and its name. Entries are put together by what they are: substances,
 * route, modified release. What the list holds and the group does not, and what the group holds among all known names
 * and the list does not, must be explained by a row of docs/terminology-groups.md; and each row there must still be
 * needed. With MEDREVIEW_PUBLIC_LISTS=1 in the environment every difference is printed with its count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/base/index.h"
#include "medreview/base/tsv.h"
#include "medreview/knowledge/knowledge.h"
#include "medreview/review/classes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Several groups, several lists: taken together, joined by '+'. strength: entries of one kind differ by it. */
typedef struct pair {
    const char *groups, *lists;
    bool strength;
} pair;

static const pair pairs[] = {
    {"nsaid-oral", "opensafely-nsaids-oral", false},
    {"nsaid-oral", "pincer-nsaid", false},
    {"cox2-selective", "opensafely-cox-2-specific-nsaids", false},
    {"ulcer-healing", "pincer-ppi", false},
    {"ppi", "opensafely-proton-pump-inhibitors-ppi-oral", false},
    {"anticoag-oral", "pincer-anticoag", false},
    {"doac", "opensafely-direct-acting-oral-anticoagulants-doac", false},
    {"warfarin-vka", "opensafely-warfarin", false},
    {"antiplatelet", "pincer-antiplat", false},
    {"aspirin-antiplatelet", "pincer-aspirin", false},
    {"aspirin-antiplatelet", "opensafely-aspirin", false},
    {"antiplatelet-non-aspirin", "pincer-non_asp_antiplate", false},
    {"acei", "opensafely-ace-inhibitor-medications", false},
    {"arb", "opensafely-angiotensin-ii-receptor-blockers-arbs", false},
    {"raas", "pincer-acei", false},
    {"sacubitril-valsartan", "user-emilyherrett-arni-dmd", false},
    {"betablocker", "opensafely-beta-blocker-medications", false},
    {"pincer-nsbb", "pincer-nsbb", false},
    {"ccb-dhp+ccb-rate-limiting", "opensafely-calcium-channel-blockers", false},
    {"thiazide", "opensafely-thiazide-type-diuretic-medication", false},
    {"pincer-ac-diuretic", "pincer-diur", false},
    {"mra", "user-emilyherrett-mras-dmd", false},
    {"k-sparing", "user-robert_porteous-potassium-sparing-diuretics-aldosterone-antagonists-and-compounds-dmd", false},
    {"alpha-blocker-htn", "opensafely-alpha-adrenoceptor-blocking-drugs", false},
    {"central-antihypertensive", "user-robert_porteous-centrally-acting-antihypertensives-dmd", false},
    {"statin", "opensafely-statin-medication", false},
    {"amiodarone", "pincer-amio", false},
    {"opioid",
     "opensafely-opioid-containing-medicines-buccal-nasal-and-oromucosal-excluding-drugs-for-substance-misuse-dmd+"
     "opensafely-opioid-containing-medicines-inhalation-excluding-drugs-for-substance-misuse-dmd+"
     "opensafely-opioid-containing-medicines-oral-excluding-drugs-for-substance-misuse-dmd+"
     "opensafely-opioid-containing-medicines-parenteral-excluding-drugs-for-substance-misuse-dmd+"
     "opensafely-opioid-containing-medicines-rectal-excluding-drugs-for-substance-misuse-dmd+"
     "opensafely-opioid-containing-medicines-transdermal-excluding-drugs-for-substance-misuse-dmd",
     false},
    {"opioid", "user-anschaf-opioids-for-analgesia-dmd", false},
    {"opioid-weak", "user-anschaf-weak-opioids-dmd", false},
    {"opioid-strong",
     "user-anschaf-strong-opioids-exc-tramadol-and-tapentadol-dmd+user-anschaf-tramadol-and-tapentadol-dmd", false},
    {"opioid-long-acting", "user-anschaf-long-acting-opioids-dmd", false},
    {"opioid-high-strength", "opensafely-high-dose-long-acting-opioids-openprescribing-dmd", true},
    {"dependence-forming", "opensafely-addictive-medicines", false},
    {"benzo-or-z",
     "user-kate-mansfield-bnf-subcat-040101-hypnotics-dmd+user-kate-mansfield-bnf-subcat-040102-anxiolytics-dmd",
     false},
    {"gabapentinoid", "user-anschaf-gabapentinoids-dmd", false},
    {"antipsychotic",
     "opensafely-first-generation-antipsychotics-excluding-long-acting-depots-dmd+"
     "opensafely-second-generation-antipsychotics-excluding-long-acting-injections+"
     "opensafely-long-acting-injectable-and-depot-antipsychotics-dmd",
     false},
    {"antidepressant", "bristol-antidepressants-bnf-7a3cf198-dmd", false},
    {"ssri", "opensafely-selective-serotonin-reuptake-inhibitors-dmd", false},
    {"tca", "opensafely-tricyclic-and-related-antidepressants-dmd", false},
    {"maoi", "opensafely-monoamine-oxidase-inhibitors-dmd", false},
    {"lithium", "pincer-lith", false},
    {"stimulant", "user-Adam-adhd-dmd", false},
    {"corticosteroid-systemic", "user-markdrussell-corticosteroids-oral-im-or-iv-dmd", false},
    {"corticosteroid-systemic", "opensafely-asthma-oral-prednisolone-medication", false},
    {"ics", "opensafely-asthma-inhaler-steroid-medication", false},
    {"saba", "opensafely-saba-inhaler-medications+opensafely-asthma-inhaler-salbutamol-medication", false},
    {"laba+lama", "opensafely-copd-medications-new-dmd", false},
    {"methotrexate", "pincer-met", false},
    {"methotrexate", "opensafely-methotrexate-oral+opensafely-methotrexate-injectable", false},
    {"dmard", "opensafely-dmards", false},
    {"azathioprine", "opensafely-azathioprine-dmd", false},
    {"leflunomide", "opensafely-leflunomide-dmd", false},
    {"hydroxychloroquine", "opensafely-hydroxychloroquine", false},
    {"sulfasalazine", "opensafely-sulfasalazine-oral-dmd", false},
    {"allopurinol", "user-markdrussell-allopurinol-dmd", false},
    {"colchicine", "user-markdrussell-colchicine-dmd", false},
    {"febuxostat", "user-markdrussell-febuxostat-dmd", false},
    {"metformin", "user-alainamstutz-metformin-bristol-dmd", false},
    {"sulfonylurea", "user-alainamstutz-diabetes-sulfonylureas", false},
    {"dpp4", "user-alainamstutz-diabetes-dpp4", false},
    {"glp1", "user-alainamstutz-diabetes-glp1", false},
    {"sglt2", "user-alainamstutz-diabetes-sglt2", false},
    {"pioglitazone", "user-alainamstutz-diabetes-thiazolidinedione", false},
    {"insulin", "opensafely-insulin-medication", false},
    {"antibiotic", "opensafely-antibacterials", false},
};

/* ---- what is known ---- */

typedef struct entry {
    mr_span code, name;
    mr_understood u;
    mr_span kind, strong; /* "fentanyl | transdermal"; with strengths */
    bool read;
    size_t list; /* number of the last pair whose list holds the code, from 1 */
} entry;

typedef struct desk {
    mr_knowledge *knowledge;
    mr_terminology *terminology;
    const mr_ruleset *rules;
    mr_arena *arena;
    entry *known;
    size_t n_known, cap_known;
    mr_index *by_code;
    mr_span page;  /* docs/terminology-groups.md */
    uint8_t *used; /* by line of the page */
    size_t n_lines;
    bool print;
    char *names; /* the file that by_code and known point into */
} desk;

static char *read_file(const char *path, mr_span *ret) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    long n = ftell(f);
    rewind(f);
    char *bytes = malloc((size_t)n + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)n, f), n);
    fclose(f);
    *ret = (mr_span){bytes, (size_t)n};
    return bytes;
}

static void understand(desk *d, entry *e) {
    mr_coding coding = {.system = MR_SPAN("http://snomed.info/sct"), .code = e->code};
    mr_term_question q = {.codings = &coding, .n_codings = 1, .text = e->name};
    mr_error err = {0};
    assert_int_equal(mr_terminology_resolve(d->terminology, &q, d->arena, NULL, &e->u, &err), MR_OK);
    e->read = e->u.by != MR_REC_NOT && !e->u.uncertain && e->u.n_ingredients;
    if (!e->read) return;
    mr_ruleset_classify(d->rules, &e->u);
    mr_span all = MR_SPAN(""), strong = MR_SPAN("");
    for (size_t i = 0; i < e->u.n_ingredients; i++) {
        const mr_ingredient *x = &e->u.ingredients[i];
        const char *joint = i ? " + " : "";
        all = mr_arena_printf(d->arena, "%.*s%s%.*s", MR_SPAN_ARG(all), joint, MR_SPAN_ARG(x->substance));
        strong = mr_arena_printf(d->arena, "%.*s%s%.*s %g %.*s", MR_SPAN_ARG(strong), joint, MR_SPAN_ARG(x->substance),
                                 x->strength, MR_SPAN_ARG(x->strength_unit));
    }
    const char *route = mr_route_text(e->u.route), *slow = e->u.modified_release ? ", modified-release" : "";
    e->kind = mr_arena_printf(d->arena, "%.*s | %s%s", MR_SPAN_ARG(all), route, slow);
    e->strong = mr_arena_printf(d->arena, "%.*s | %s%s", MR_SPAN_ARG(strong), route, slow);
}

static bool read_known(desk *d) {
    mr_span bytes;
    mr_tsv t;
    mr_error err = {0};
    bool more = true;
    d->names = read_file(MEDREVIEW_SHARED_DIR "/data/dmd/dmd-code-names-from-codelists.tsv", &bytes);
    if (!d->names) return false;
    d->by_code = mr_index_new(d->arena, 70000);
    assert_int_equal(mr_tsv_open(&t, "names", bytes, &err), MR_OK);
    while (mr_tsv_next(&t, &more, &err) == MR_OK && more) {
        entry e = {.code = mr_tsv_get(&t, "code"), .name = mr_tsv_get(&t, "name")};
        understand(d, &e);
        assert_true(mr_index_put(d->by_code, e.code, (uint32_t)d->n_known, NULL));
        assert_true(MR_PUSH(d->arena, d->known, d->n_known, d->cap_known, e));
    }
    return true;
}

static int open_all(void **state) {
    desk *d = calloc(1, sizeof *d);
    mr_error err = {0};
    mr_buf said;
    if (!d) return -1;
    mr_buf_init(&said, 1 << 20);
    mr_rc rc = mr_knowledge_load(NULL, &d->knowledge, &said, &err);
    mr_buf_free(&said);
    if (!rc) rc = mr_terminology_builtin(&d->terminology, &err);
    d->arena = mr_arena_new((size_t)1 << 30);
    if (rc || !d->arena) return -1;
    d->rules = mr_knowledge_rules(d->knowledge);
    d->print = getenv("MEDREVIEW_PUBLIC_LISTS") != NULL;
    *state = d;
    return 0;
}

static int close_all(void **state) {
    desk *d = *state;
    mr_arena_free(d->arena);
    mr_terminology_free(d->terminology);
    mr_knowledge_free(d->knowledge);
    free(d->names);
    free(d->used);
    free(d);
    return 0;
}

/* ---- the lists ---- */

/* The field of a CSV line that stands in that column; quotes taken off. */
static mr_span csv_field(mr_span line, size_t column, char *room, size_t size) {
    size_t n = 0, at = 0;
    bool quoted = false;
    for (size_t i = 0; i < line.len && at <= column; i++) {
        char c = line.ptr[i];
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            at++;
        else if (at == column && n < size)
            room[n++] = c;
    }
    return mr_span_trim((mr_span){room, n});
}

/* The first of these columns that the list has; SIZE_MAX: none. */
static size_t column_of(mr_span head, const char *const *names) {
    char room[64];
    for (; *names; names++)
        for (size_t i = 0; i < 10; i++)
            if (mr_span_is(csv_field(head, i, room, sizeof room), *names)) return i;
    return SIZE_MAX;
}

typedef struct tally {
    mr_span kind;
    size_t both, list_only, group_only;
} tally;

typedef struct comparison {
    desk *d;
    const pair *p;
    size_t number;
    uint16_t groups[4];
    size_t n_groups;
    mr_index *by_kind;
    tally *v;
    size_t n, cap, entries, unread, both, list_only, group_only, other_codes, unexplained;
} comparison;

static bool in_group(const comparison *c, const entry *e) {
    for (size_t i = 0; i < e->u.n_ingredients; i++)
        for (size_t g = 0; g < c->n_groups; g++)
            if (mr_bits_has(&e->u.ingredients[i].groups, c->groups[g])) return true;
    return false;
}

static tally *tally_of(comparison *c, const entry *e) {
    uint32_t at;
    mr_span kind = c->p->strength ? e->strong : e->kind;
    if (mr_index_get(c->by_kind, kind, &at)) return &c->v[at];
    assert_true(mr_index_put(c->by_kind, kind, (uint32_t)c->n, NULL));
    assert_true(MR_PUSH(c->d->arena, c->v, c->n, c->cap, (tally){.kind = kind}));
    return &c->v[c->n - 1];
}

static void count_listed(comparison *c, mr_span code, mr_span name) {
    entry fresh = {0}, *e = &fresh;
    uint32_t at;
    if (mr_index_get(c->d->by_code, code, &at)) {
        e = &c->d->known[at];
        if (e->list == c->number) return; /* in two of the lists */
        e->list = c->number;
    } else {
        assert_true(mr_arena_dup(c->d->arena, code, &fresh.code) && mr_arena_dup(c->d->arena, name, &fresh.name));
        understand(c->d, &fresh);
    }
    c->entries++;
    if (!e->read) {
        c->unread++;
        return;
    }
    tally *t = tally_of(c, e);
    if (in_group(c, e))
        t->both++;
    else
        t->list_only++;
}

static bool read_list(comparison *c, mr_span file) {
    static const char *const codes[] = {"snomed_id", "dmd_id", "id", "code", NULL};
    static const char *const names[] = {"dmd_name", "term", "nm", NULL};
    char path[512], code[64], name[512];
    mr_span bytes, rest, line;
    snprintf(path, sizeof path, "%s/data/codelists/%.*s.csv", MEDREVIEW_SHARED_DIR, MR_SPAN_ARG(file));
    char *owned = read_file(path, &bytes);
    if (!owned) return false;
    (void)mr_span_split(bytes, '\n', &line, &rest);
    size_t code_column = column_of(line, codes), name_column = column_of(line, names);
    assert_true(code_column != SIZE_MAX && name_column != SIZE_MAX);
    for (bool more = rest.len > 0; more;) {
        more = mr_span_split(rest, '\n', &line, &rest);
        if (mr_span_trim(line).len)
            count_listed(c, csv_field(line, code_column, code, sizeof code),
                         csv_field(line, name_column, name, sizeof name));
    }
    free(owned);
    return true;
}

/* ---- the page ---- */

/* The cell of a table row of the page, from 0, without its backquotes; absent in other lines. */
static mr_span cell(mr_span line, size_t column) {
    mr_span one = MR_SPAN_NONE, rest = line;
    if (!mr_span_starts(line, "| `")) return one;
    for (size_t i = 0; i <= column + 1; i++)
        if (!mr_span_split(rest, '|', &one, &rest)) return MR_SPAN_NONE;
    one = mr_span_trim(one);
    if (one.len > 1 && one.ptr[0] == '`') one = (mr_span){one.ptr + 1, one.len - 2};
    return one;
}

static bool begins_with(mr_span s, mr_span with) {
    return s.len >= with.len && mr_span_eq((mr_span){s.ptr, with.len}, with);
}

/* A part of a kind: "morphine", or "morphine 60 mg" where strengths are told apart. */
static bool part_is(mr_span part, mr_span asked) {
    if (!begins_with(part, asked)) return false;
    mr_span behind = mr_span_from(part, asked.len);
    return !behind.len || (behind.len > 1 && behind.ptr[0] == ' ' && behind.ptr[1] >= '0' && behind.ptr[1] <= '9');
}

/* "*": any; "+": any combination; else one of its parts. */
static bool names_it(mr_span asked, mr_span whole) {
    size_t parts = 0;
    bool found = mr_span_is(asked, "*");
    for (mr_span rest = whole; rest.len; parts++) {
        size_t n = 0;
        while (n < rest.len && !mr_span_starts(mr_span_from(rest, n), " + ")) n++;
        found |= part_is((mr_span){rest.ptr, n}, asked);
        rest = mr_span_from(rest, n + 3);
    }
    return found || (mr_span_is(asked, "+") && parts > 1);
}

/* The page's row for this difference; columns: group, list, only in, substance, by, entries, why. */
static bool explained(const comparison *c, const char *side, mr_span kind) {
    mr_span line, rest = c->d->page, substances, by;
    bool found = false;
    size_t n = 0;
    for (size_t i = 0; i + 3 <= kind.len; i++)
        if (mr_span_starts(mr_span_from(kind, i), " | ")) n = i;
    substances = (mr_span){kind.ptr, n};
    by = mr_span_from(kind, n + 3);
    for (size_t number = 0, more = 1; more; number++) {
        more = mr_span_split(rest, '\n', &line, &rest);
        mr_span list = cell(line, 1), asked_by = cell(line, 4);
        if (!mr_span_is(cell(line, 0), c->p->groups)) continue;
        if (!mr_span_is(list, "*") && !begins_with(mr_span_of(c->p->lists), list)) continue;
        if (!mr_span_is(cell(line, 2), side) || !names_it(cell(line, 3), substances)) continue;
        if (!mr_span_is(asked_by, "*") && !mr_span_eq(asked_by, by)) continue;
        c->d->used[number] = 1;
        found = true;
    }
    return found;
}

static int by_kind(const void *a, const void *b) {
    return mr_span_cmp(((const tally *)a)->kind, ((const tally *)b)->kind);
}

static void judge(comparison *c, const char *side, const tally *t, size_t n) {
    bool fine = explained(c, side, t->kind);
    c->unexplained += !fine;
    if (c->d->print || !fine)
        print_message("  %s\t%s\t%s\t%.*s\t%zu\t%s\n", c->p->groups, c->p->lists, side, MR_SPAN_ARG(t->kind), n,
                      fine ? "" : "NOT EXPLAINED");
}

/* What the group holds and the list does not hold in any entry of that kind is a difference; further codes of a kind
 * that it does hold are only other suppliers and later ids. */
static void judge_all(comparison *c) {
    qsort(c->v, c->n, sizeof *c->v, by_kind);
    for (size_t i = 0; i < c->n; i++) {
        const tally *t = &c->v[i];
        c->both += t->both;
        c->list_only += t->list_only;
        if (t->list_only) judge(c, "list", t, t->list_only);
        if (t->group_only && !t->both && !t->list_only) {
            c->group_only += t->group_only;
            judge(c, "group", t, t->group_only);
        } else {
            c->other_codes += t->group_only;
        }
    }
}

static size_t compare(desk *d, const pair *p, size_t number, size_t *ret_lists) {
    comparison c = {.d = d, .p = p, .number = number, .by_kind = mr_index_new(d->arena, 256)};
    mr_span one, rest = mr_span_of(p->groups);
    for (bool more = true; more;) {
        more = mr_span_split(rest, '+', &one, &rest);
        c.groups[c.n_groups] = mr_ruleset_group(d->rules, one);
        assert_int_not_equal(c.groups[c.n_groups++], MR_NO_NUMBER);
    }
    rest = mr_span_of(p->lists);
    for (bool more = true; more;) {
        more = mr_span_split(rest, '+', &one, &rest);
        if (!read_list(&c, one)) return 0;
        ++*ret_lists;
    }
    for (size_t i = 0; i < d->n_known; i++)
        if (d->known[i].read && d->known[i].list != number && in_group(&c, &d->known[i]))
            tally_of(&c, &d->known[i])->group_only++;
    judge_all(&c);
    print_message("%s: %zu entries, %zu not read; both %zu, list only %zu; group only %zu, other codes %zu  [%s]\n",
                  p->groups, c.entries, c.unread, c.both, c.list_only, c.group_only, c.other_codes, p->lists);
    return c.unexplained;
}

/* Rows of the page that no difference needs any more. */
static size_t stale(const desk *d) {
    mr_span line, rest = d->page;
    size_t n = 0;
    for (size_t number = 0, more = 1; more; number++) {
        more = mr_span_split(rest, '\n', &line, &rest);
        if (!cell(line, 6).ptr || d->used[number]) continue;
        print_error("docs/terminology-groups.md:%zu: no such difference: %.*s\n", number + 1, MR_SPAN_ARG(line));
        n++;
    }
    return n;
}

static void test_groups_beside_public_lists(void **state) {
    desk *d = *state;
    size_t unexplained = 0, lists = 0;
    if (!read_known(d)) {
        print_message("skipped: no code lists\n");
        return;
    }
    char *page = read_file(MEDREVIEW_SOURCE_DIR "/docs/terminology-groups.md", &d->page);
    assert_non_null(page);
    d->used = calloc(d->page.len + 1, 1);
    assert_non_null(d->used);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) unexplained += compare(d, &pairs[i], i + 1, &lists);
    print_message("%zu lists\n", lists);
    assert_true(lists > 60);
    assert_int_equal(unexplained, 0);
    assert_int_equal(stale(d), 0);
    free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_groups_beside_public_lists)};
    return cmocka_run_group_tests(tests, open_all, close_all);
}
