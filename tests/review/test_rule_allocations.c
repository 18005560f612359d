/* The rules take memory from the review's arena and nowhere else: every call of malloc is counted while they run, those
 * that the C library makes for itself too, in an arena that has room enough not to grow. */
#include "random_records.h"
#include "review_bench.h"

/* ---- counting ---- */

static size_t mallocs;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#ifdef SANITIZED /* the sanitizers have malloc already, and call this */
void __sanitizer_malloc_hook(const volatile void *ptr, size_t size);
void __sanitizer_malloc_hook(const volatile void *ptr, size_t size) {
    (void)ptr;
    (void)size;
    mallocs++;
}
#else /* calloc and realloc are those of the library, which does not come by here; so they are counted here too */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *malloc(size_t size) {
    mallocs++;
    return __libc_malloc(size);
}
void *calloc(size_t n, size_t size) {
    mallocs++;
    return __libc_calloc(n, size);
}
void *realloc(void *old, size_t size) {
    mallocs++;
    return __libc_realloc(old, size);
}
#endif

/* ---- running ---- */

/* A sort of more than 1 kB is the C library's: glibc before 2.37 takes that from malloc. 0 once ours are our own. */
enum { OUTSIDE_MOST = 2 };
enum { SEEDS = 200, ROOM = 1 << 20 };

static material stuff;
static mr_knowledge *knowledge;

static int open_all(void **state) {
    (void)state;
    mr_error err = {0};
    mr_buf said;
    mr_knowledge_options options = {.examples = true};
    mr_buf_init(&said, 1 << 20);
    mr_rc rc = mr_knowledge_load(&options, &knowledge, &said, &err);
    mr_buf_free(&said);
    if (rc) print_error("%s\n", err.text);
    if (!rc) material_read(&stuff, mr_knowledge_rules(knowledge));
    return rc ? -1 : 0;
}

static int close_all(void **state) {
    (void)state;
    mr_knowledge_free(knowledge);
    return 0;
}

/* An arena whose newest block is empty and holds a megabyte: blocks double up to that, so a few take them there. */
static mr_arena *roomy_arena(void) {
    mr_arena *a = mr_arena_new((size_t)64 << 20);
    assert_non_null(a);
    for (int i = 0; i < 8; i++) assert_non_null(mr_arena_alloc(a, (size_t)ROOM - 64, 1));
    assert_non_null(mr_arena_alloc(a, 4096, 1)); /* what is left of the last one is too small: a new block */
    return a;
}

static void test_the_count_counts(void **state) {
    (void)state;
    size_t before = mallocs;
    void *volatile p = malloc(100);
    assert_true(mallocs > before);
    free(p);
    mr_arena *a = roomy_arena();
    before = mallocs;
    assert_non_null(mr_arena_alloc(a, ROOM / 2, 1));
    assert_int_equal(mallocs, before);
    assert_non_null(mr_arena_alloc(a, ROOM, 1));
    assert_true(mallocs > before);
    mr_arena_free(a);
}

static void test_rules_take_memory_from_the_arena_alone(void **state) {
    (void)state;
    size_t most = 0, findings = 0, outside = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        mr_rand r;
        mr_raw_record raw;
        mr_record record;
        mr_assessment x;
        mr_error err = {0};
        mr_run run = {
            .as_of = stuff.as_of, .bare = true, .site_key = MR_SPAN(MR_OFFLINE_KEY), .source = MR_SPAN("offline")};
        mr_arena *records = mr_arena_new((size_t)64 << 20), *a = roomy_arena();
        mr_rand_seed(&r, seed);
        random_record(&stuff, &raw, &r, records);
        assert_int_equal(mr_record_build(stuff.rules, &raw, stuff.as_of, records, &record, &err), MR_OK);
        size_t used = mr_arena_used(a), before = mallocs;
        assert_int_equal(mr_rules_run(stuff.rules, &record, &run, a, &x, &err), MR_OK);
        assert_in_range(mallocs - before, 0, OUTSIDE_MOST);
        outside += mallocs != before;
        used = mr_arena_used(a) - used;
        if (used > most) most = used;
        findings += x.n_findings;
        mr_arena_free(records);
        mr_arena_free(a);
    }
    print_message("%zu findings, at most %zu kB of arena a record; %zu of %d records sorted outside of it\n", findings,
                  most / 1000, outside, SEEDS);
    assert_in_range(most, 1, ROOM / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_count_counts),
        cmocka_unit_test(test_rules_take_memory_from_the_arena_alone),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
