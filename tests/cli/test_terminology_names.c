/* The two tables that must agree on names: every substance that a drug group or a burden scale of the shipped packs
 * names is a name that terminology can give. Otherwise a rule could never fire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/knowledge/knowledge.h"
#include "medreview/terminology/terminology.h"

typedef struct tables {
    mr_knowledge *knowledge;
    mr_terminology *terminology;
} tables;

static tables both;

static int open_tables(void **state) {
    mr_buf complaints;
    mr_error err;
    (void)state;
    mr_buf_init(&complaints, 1 << 20);
    mr_rc rc = mr_knowledge_load(&(mr_knowledge_options){0}, &both.knowledge, &complaints, &err);
    if (rc == MR_OK) rc = mr_terminology_builtin(&both.terminology, &err);
    if (rc != MR_OK) print_error("%s\n%s\n", err.text, mr_buf_z(&complaints));
    mr_buf_free(&complaints);
    return rc != MR_OK;
}

static int close_tables(void **state) {
    (void)state;
    mr_terminology_free(both.terminology);
    mr_knowledge_free(both.knowledge);
    return 0;
}

static void understand(mr_span name, mr_arena *a, mr_understood *ret) {
    mr_term_question q = {.text = name};
    mr_error err;
    assert_int_equal(mr_terminology_resolve(both.terminology, &q, a, NULL, ret, &err), MR_OK);
}

static bool has(const mr_understood *u, mr_span name) {
    for (size_t i = 0; i < u->n_ingredients; i++)
        if (mr_span_eq(u->ingredients[i].substance, name)) return true;
    return false;
}

/* A name can come out of a look-up when its own text gives it. One that is a combination (co-codamol) is given as its
 * ingredients; then one of these must be named beside it. */
typedef mr_span (*name_at)(const void *table, size_t i); /* absent behind the last */
static bool is_reachable(mr_span name, const void *table, name_at at) {
    mr_arena *a = mr_arena_new(1 << 16);
    mr_understood u;
    understand(name, a, &u);
    bool found = has(&u, name);
    for (size_t i = 0; !found && u.n_ingredients > 1 && at(table, i).ptr; i++) found = has(&u, at(table, i));
    if (!found || u.uncertain) print_error("%.*s cannot come out of a look-up\n", MR_SPAN_ARG(name));
    mr_arena_free(a);
    return found && !u.uncertain;
}

static mr_span member_at(const void *table, size_t i) {
    const mr_group *g = table;
    return i < g->n_members ? g->members[i].substance : MR_SPAN_NONE;
}

static void test_group_members(void **state) {
    const mr_ruleset *r = mr_knowledge_rules(both.knowledge);
    size_t n = 0, bad = 0;
    (void)state;
    for (size_t i = 0; i < r->n_groups; i++)
        for (size_t k = 0; k < r->groups[i].n_members; k++, n++)
            bad += !is_reachable(r->groups[i].members[k].substance, &r->groups[i], member_at);
    assert_true(n > 50);
    assert_int_equal(bad, 0);
}

static mr_span score_at(const void *table, size_t i) {
    const mr_scale *s = table;
    return i < s->n_scores ? s->scores[i].substance : MR_SPAN_NONE;
}

/* Scales may score a substance by route: "fentanyl (nasal)" is fentanyl by that route. */
static mr_span without_route(mr_span name) {
    mr_route route;
    size_t at = mr_span_find(name, '(');
    if (at < 2 || at == name.len || !mr_route_parse((mr_span){name.ptr + at + 1, name.len - at - 2}, &route))
        return name;
    return mr_span_trim((mr_span){name.ptr, at});
}

static void test_scale_substances(void **state) {
    const mr_ruleset *r = mr_knowledge_rules(both.knowledge);
    size_t n = 0, bad = 0;
    (void)state;
    for (size_t i = 0; i < r->n_scales; i++)
        for (size_t k = 0; k < r->scales[i].n_scores; k++, n++) {
            mr_span name = r->scales[i].scores[k].substance;
            if (mr_span_is(name, "isosorbide (nitrate, unspecified)"))
                continue; /* a line of a paper, no product's name */
            bad += !is_reachable(without_route(name), &r->scales[i], score_at);
        }
    assert_true(n > 50);
    assert_int_equal(bad, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_group_members), cmocka_unit_test(test_scale_substances)};
    return cmocka_run_group_tests(tests, open_tables, close_tables);
}
