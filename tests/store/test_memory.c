/* The memory store under the suite, and what only it has: a clock of its own and several sharers of one content. */
#include "../conformance/store_suite.c"

#include "medreview/store/open.h"

static mr_store *open_memory(const char *dir) {
    (void)dir;
    mr_store *s = NULL;
    assert_rc(MR_OK, mr_store_memory_new(NULL, &s, NULL));
    return s;
}

MR_STORE_SUITE(memory, open_memory, false)

typedef struct test_clock {
    mr_clock base;
    int64_t now_ms;
} test_clock;

static int64_t test_clock_now(mr_clock *c) {
    return ((test_clock *)c)->now_ms;
}

static void test_own_clock_counts_for_leases(void **state) {
    (void)state;
    test_clock clock = {{test_clock_now}, 1000};
    mr_store *s = NULL;
    mr_claim c;
    size_t n = 9;
    mr_intake in = wish_of("gp", "p1", 2000, 30000);
    assert_rc(MR_OK, mr_store_memory_new(&clock.base, &s, NULL));
    assert_rc(MR_OK,
              s->ops->record(s, &in, 1, 77777777, NULL)); /* the caller's clock is wrong, and it does not matter */
    clock.now_ms = 2999;
    assert_rc(MR_OK, s->ops->claim(s, 77777777, LEASE, &c, 1, &n, NULL));
    assert_int_equal(0, n);
    clock.now_ms = 3000;
    assert_rc(MR_OK, s->ops->claim(s, 5, LEASE, &c, 1, &n, NULL));
    assert_int_equal(1, n);
    assert_int_equal(1000, c.first_wanted_ms);
    s->ops->close(s);
}

/* Two replicas: one stops in good order, one crashes. */
static void test_sharers_release_their_own_leases_only(void **state) {
    (void)state;
    mr_store *a = NULL, *b = NULL;
    mr_claim c[2] = {0};
    size_t n = 0;
    mr_intake v[] = {wish_of("gp", "p1", 0, 0), wish_of("gp", "p2", 0, 0)};
    assert_rc(MR_OK, mr_store_memory_new(NULL, &a, NULL));
    assert_rc(MR_OK, mr_store_memory_share(a, &b, NULL));
    assert_rc(MR_OK, a->ops->record(a, v, 2, 0, NULL));
    assert_rc(MR_OK, a->ops->claim(a, 0, LEASE, &c[0], 1, &n, NULL));
    assert_rc(MR_OK, b->ops->claim(b, 0, LEASE, &c[1], 1, &n, NULL));
    assert_string_equal("p2", c[1].key.patient);
    assert_rc(MR_OK, a->ops->release_all(a, NULL));
    a->ops->close(a);
    assert_rc(MR_OK, mr_store_memory_share(b, &a, NULL));
    b->ops->close(b); /* crashed: its lease stays until it lapses */
    assert_rc(MR_OK, a->ops->claim(a, 1, LEASE, c, 2, &n, NULL));
    assert_int_equal(1, n);
    assert_string_equal("p1", c[0].key.patient);
    assert_rc(MR_OK, a->ops->claim(a, LEASE, LEASE, c, 2, &n, NULL));
    assert_int_equal(1, n);
    assert_string_equal("p2", c[0].key.patient);
    assert_int_equal(2, c[0].attempt);
    a->ops->close(a);
}

static void test_url_chooses_the_store(void **state) {
    (void)state;
    static const struct {
        const char *url, *says;
    } refused[] = {{"postgresql://u:geheim@h/db", "later release"},
                   {"postgres://h/db", "later release"},
                   {"sqlite:", "needs a path"},
                   {"sqlite::memory:", "memory:"},
                   {"medreview.db", "expected sqlite:PATH"},
                   {"memory", "expected sqlite:PATH"},
                   {"", "expected sqlite:PATH"}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        mr_store *s = NULL;
        mr_error err = {0};
        assert_rc(MR_INVALID, mr_store_open(refused[i].url, NULL, &s, &err));
        assert_null(s);
        assert_non_null(strstr(err.text, refused[i].says));
        assert_null(strstr(err.text, "geheim"));
    }
    mr_store *s = NULL;
    assert_rc(MR_OK, mr_store_open("memory:", NULL, &s, NULL));
    s->ops->close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_clock_counts_for_leases),
        cmocka_unit_test(test_sharers_release_their_own_leases_only),
        cmocka_unit_test(test_url_chooses_the_store),
    };
    return store_suite_memory() + cmocka_run_group_tests_name("memory only", tests, NULL, NULL);
}
