/* The terminology part of `make bench`: a made-up release of full size, what its import takes, and how long a code
 * takes to be looked up and understood.
 *
 *   mr_bench_terminology make FOLDER          writes FOLDER/dmd and FOLDER/bonus (dmd_model.h)
 *   mr_bench_terminology run COMMAND ARG...   runs it and says what it took
 *   mr_bench_terminology index FILE           size, opening, look-ups
 *
 * CPU time of the process, as in bench.c; look-ups in a random order over all ids, so that the cache does not help.
 * Bounds: those that the work was asked for (under 32 MB, 60 s, 500 MB, 1 us a look-up). */
#include "dmd_model.h"

#include "medreview/terminology/dmd_index.h"
#include "medreview/terminology/terminology.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double cpu_seconds(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool line(const char *what, double value, const char *unit, double bound) {
    printf("%-34s %9.2f %-3s", what, value, unit);
    if (bound > 0) printf("  (bound %g %s: %s)", bound, unit, value < bound ? "kept" : "BROKEN");
    putchar('\n');
    return bound <= 0 || value < bound;
}

/* --- make ---- */

static int make(const char *folder) {
    char dmd[4096], bonus[4096];
    dmd_model *m = dmd_model_make(20261116, MEDREVIEW_SOURCE_DIR "/service/terminology/data/substances.tsv");
    (void)snprintf(dmd, sizeof dmd, "%s/dmd", folder);
    (void)snprintf(bonus, sizeof bonus, "%s/bonus", folder);
    (void)mkdir(dmd, 0777);
    (void)mkdir(bonus, 0777);
    if (m && dmd_write(m, dmd, bonus)) return 0;
    fprintf(stderr, "mr_bench_terminology: the release cannot be written to %s\n", folder);
    return 1;
}

/* --- run ---- */

static double seconds_of(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static int run(char **command) {
    struct rusage u;
    int status = 0;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)execv(command[0], command);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &u) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "mr_bench_terminology: %s failed\n", command[0]);
        return 1;
    }
    bool kept = line("import, CPU", seconds_of(u.ru_utime) + seconds_of(u.ru_stime), "s", 60);
    kept &= line("import, memory at its most", (double)u.ru_maxrss / 1000, "MB", 500); /* ru_maxrss is in KiB */
    return kept ? 0 : 1;
}

/* --- index ---- */

typedef struct ids {
    uint64_t *v;
    size_t n;
} ids;

static uint64_t mix(uint64_t *chance) {
    uint64_t z = *chance += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static void shuffle(ids *x) {
    uint64_t chance = 1;
    for (size_t i = x->n; i > 1; i--) {
        size_t k = (size_t)(mix(&chance) % i);
        uint64_t t = x->v[i - 1];
        x->v[i - 1] = x->v[k];
        x->v[k] = t;
    }
}

static ids all_ids(const mr_dmd_release *r) {
    ids x = {malloc((r->n_vtms + r->n_substances + r->n_vmps + r->n_amps + r->n_vmpps + r->n_ampps) * sizeof *x.v), 0};
    if (!x.v) abort();
#define ADD(name)                                                                                                      \
    do {                                                                                                               \
        for (size_t i = 0; i < r->n_##name; i++) x.v[x.n++] = r->name[i].id;                                           \
    } while (0)
    ADD(vtms);
    ADD(substances);
    ADD(vmps);
    ADD(amps);
    ADD(vmpps);
    ADD(ampps);
#undef ADD
    shuffle(&x);
    return x;
}

enum { TURNS = 5 };

/* The best of some turns: the others were disturbed. `off` 0: ids that are there; 1: their neighbours, which are not.
 */
static double find_us(const mr_dmd_index *ix, const ids *x, uint64_t off, size_t *ret_found) {
    double best = 1e9;
    for (unsigned turn = 0; turn < TURNS; turn++) {
        size_t found = 0;
        double from = cpu_seconds();
        for (size_t i = 0; i < x->n; i++) {
            mr_dmd_found f;
            found += mr_dmd_index_find(ix, x->v[i] + off, &f);
        }
        double us = (cpu_seconds() - from) * 1e6 / (double)x->n;
        best = us < best ? us : best;
        *ret_found = found;
    }
    return best;
}

static double find_previous_us(const mr_dmd_index *ix, const ids *x, size_t *ret_found) {
    double from = cpu_seconds();
    *ret_found = 0;
    for (size_t i = 0; i < x->n; i++) {
        mr_dmd_found f;
        size_t n_rows;
        *ret_found += mr_dmd_index_find_previous(ix, x->v[i], &f, &n_rows);
    }
    return (cpu_seconds() - from) * 1e6 / (double)(x->n ? x->n : 1);
}

static bool lookups(const mr_dmd_index *ix) {
    const mr_dmd_release *r = mr_dmd_index_release(ix);
    ids x = all_ids(r), former = {malloc((r->n_previous + 1) * sizeof *former.v), r->n_previous};
    size_t found, none, followed;
    if (!former.v) abort();
    for (size_t i = 0; i < r->n_previous; i++) former.v[i] = r->previous[i].id;
    shuffle(&former);
    bool kept = line("look-up of an id", find_us(ix, &x, 0, &found), "us", 1);
    kept &= line("look-up of an id that is not there", find_us(ix, &x, 1, &none), "us", 1);
    kept &= line("look-up of a former id", find_previous_us(ix, &former, &followed), "us", 1);
    printf("%zu ids, all found: %s; neighbours found: %zu; %zu former ids, all found: %s\n", x.n,
           found == x.n ? "yes" : "NO", none, former.n, followed == former.n ? "yes" : "NO");
    kept &= found == x.n && followed == former.n;
    free(x.v);
    free(former.v);
    return kept;
}

/* --- names ---- */

static bool same_ingredients(const mr_understood *a, const mr_understood *b) {
    bool same = a->n_ingredients == b->n_ingredients;
    for (size_t i = 0; same && i < a->n_ingredients; i++)
        same = mr_span_eq(a->ingredients[i].substance, b->ingredients[i].substance);
    return same;
}

typedef struct name_counts {
    size_t asked, convention, named, left, no_substances, wrong;
} name_counts;

/* The text of an AMP, without a code, beside what its code says. */
static bool count_name(const mr_terminology *t, const mr_terminology *table, const mr_dmd_release *r, size_t row,
                       mr_arena *a, name_counts *n) {
    char code[24];
    int len = snprintf(code, sizeof code, "%" PRIu64, r->amps[row].id);
    const mr_coding coding = {MR_SPAN("https://dmd.nhs.uk"), {code, (size_t)len}, MR_SPAN_NONE};
    const mr_term_question by_code = {.codings = &coding, .n_codings = 1};
    const mr_term_question by_text = {.text = mr_dmd_name(r, r->amps[row].name)};
    mr_understood coded, named, alone;
    if (mr_terminology_resolve(t, &by_code, a, NULL, &coded, NULL) != MR_OK ||
        mr_terminology_resolve(t, &by_text, a, NULL, &named, NULL) != MR_OK ||
        mr_terminology_resolve(table, &by_text, a, NULL, &alone, NULL) != MR_OK)
        return false;
    n->asked++;
    bool known = coded.by != MR_REC_NOT;
    n->no_substances += !known;
    n->convention += known && alone.by != MR_REC_NOT && !alone.uncertain;
    n->named += known && named.by != MR_REC_NOT && !named.uncertain;
    n->left += known && named.by == MR_REC_NOT;
    n->wrong += known && named.by != MR_REC_NOT && !named.uncertain && !same_ingredients(&coded, &named);
    return true;
}

static bool names(const mr_terminology *t, const mr_dmd_release *r) {
    mr_terminology *table;
    name_counts n = {0};
    mr_arena *a = NULL;
    if (mr_terminology_builtin(&table, NULL) != MR_OK) return false;
    bool ok = true;
    for (size_t i = 0; ok && i < r->n_amps; i += 3) {
        if (i % 1500 == 0) mr_arena_free(a), a = mr_arena_new(64 << 20);
        ok = a && count_name(t, table, r, i, a, &n);
    }
    mr_arena_free(a);
    mr_terminology_free(table);
    printf(
        "%zu names of AMPs: %zu of no known substance by code either; of the others the table knows %zu, the release "
        "%zu; left %zu; other substances than by code %zu\n",
        n.asked, n.no_substances, n.convention, n.named, n.left, n.wrong);
    return ok;
}

/* Codes of AMPs, each resolved as a medicine of a record is. */
static bool resolving(const char *path, const mr_dmd_release *r) {
    enum { MOST = 100000, A_BATCH = 500 };
    mr_error err = {0};
    mr_terminology *t;
    double from = cpu_seconds();
    if (mr_terminology_open(path, &t, &err) != MR_OK) {
        fprintf(stderr, "mr_bench_terminology: %s\n", err.text);
        return false;
    }
    (void)line("opening, with the table bound", (cpu_seconds() - from) * 1e3, "ms", 0);
    size_t n = r->n_amps < MOST ? r->n_amps : MOST, known = 0;
    uint64_t chance = 2;
    mr_arena *a = NULL;
    bool ok = true;
    from = cpu_seconds();
    for (size_t i = 0; ok && i < n; i++) {
        char code[24];
        int len = snprintf(code, sizeof code, "%" PRIu64, r->amps[mix(&chance) % r->n_amps].id);
        const mr_coding coding = {MR_SPAN("https://dmd.nhs.uk"), {code, (size_t)len}, MR_SPAN_NONE};
        const mr_term_question q = {.codings = &coding, .n_codings = 1};
        mr_understood u;
        if (i % A_BATCH == 0) mr_arena_free(a), a = mr_arena_new(64 << 20);
        ok = a && mr_terminology_resolve(t, &q, a, NULL, &u, &err) == MR_OK;
        known += ok && u.by != MR_REC_NOT;
    }
    double us = (cpu_seconds() - from) * 1e6 / (double)(n ? n : 1);
    mr_arena_free(a);
    (void)line("resolving the code of an AMP", us, "us", 0);
    printf("%zu AMP codes, %zu to a known substance (foods, dressings and made-up salts are not)\n", n, known);
    ok = ok && names(t, r);
    mr_terminology_free(t);
    return ok;
}

static int index_file(const char *path) {
    struct stat st;
    mr_dmd_index *ix;
    mr_error err = {0};
    double from = cpu_seconds();
    if (stat(path, &st) != 0 || mr_dmd_index_open(path, &ix, &err) != MR_OK) {
        fprintf(stderr, "mr_bench_terminology: %s: %s\n", path, err.text);
        return 1;
    }
    double open_ms = (cpu_seconds() - from) * 1e3;
    bool kept = line("index, with names", (double)st.st_size / 1e6, "MB", 32);
    kept &= line("opening: checksum and proof", open_ms, "ms", 0);
    kept &= lookups(ix);
    kept &= resolving(path, mr_dmd_index_release(ix));
    mr_dmd_index_close(ix);
    return kept ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "make") == 0) return make(argv[2]);
    if (argc > 2 && strcmp(argv[1], "run") == 0) return run(argv + 2);
    if (argc == 3 && strcmp(argv[1], "index") == 0) return index_file(argv[2]);
    fprintf(stderr, "usage: mr_bench_terminology make FOLDER | run COMMAND ARG... | index FILE\n");
    return 2;
}
