/* sim [--seeds N] [--from N] [--jobs N] [--verbose]: N worlds, one a seed. A failing seed fails again by its number.
 *
 * Worlds run in child processes of a hundred each: a killed engine's memory is left behind on purpose, and goes with
 * the child. */
#include "world.h"

#include "../terminology/dmd_made.h"
#include "medreview/terminology/dmd_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 100 };

typedef struct sim_bases {
    mr_basis *bases[2];
    char brand[32];
} sim_bases;

static unsigned run_seed(uint64_t seed, const sim_bases *b, bool verbose) {
    world w;
    world_begin(&w, seed, b->bases, b->brand, verbose);
    world_live(&w, 60000);
    world_calm(&w, 15 * 60000);
    world_stop(&w);
    unsigned bad = check_world(&w);
    if (verbose || bad)
        fprintf(stderr,
                "seed %llu: %u processes, %u patients, %u changes, %u kills, %u hooks (%u lost), %u acknowledged, %u "
                "taken by people, %s: %s\n",
                (unsigned long long)seed, w.n_processes, w.n_patients, w.changes, w.kills, w.hooks, w.hooks_lost,
                w.acks, w.people, w.updates ? "terminology updated" : "no update", bad ? "FAILED" : "ok");
    world_end(&w);
    return bad;
}

static int run_batch(uint64_t from, uint64_t to, const sim_bases *b, bool verbose) {
    int failed = 0;
    for (uint64_t seed = from; seed < to; seed++) failed += run_seed(seed, b, verbose) != 0;
    return failed;
}

/* The shipped table; and with it a made-up release, in which a brand of ibuprofen stands that nobody knew before. */
static mr_rc open_bases(sim_bases *ret, mr_buf *complaints, mr_error *err) {
    char dir[] = "/tmp/medreview-sim-XXXXXX", path[60], name[60];
    mr_basis_options shipped = {.terminology_file = NULL}, updated = {.terminology_file = path};
    mr_arena *a = mr_arena_new(64 << 20);
    if (!a || !mkdtemp(dir)) return mr_fail(err, MR_IO, "no folder under /tmp");
    mr_dmd_release release = dmd_made(a, 1, 0);
    (void)snprintf(path, sizeof path, "%s/made.index", dir);
    (void)snprintf(name, sizeof name, "Madebrand %u (Made Up Ltd)", dmd_made_vmp(&release, "Ibuprofen 400mg tablets"));
    (void)snprintf(ret->brand, sizeof ret->brand, "%llu",
                   (unsigned long long)release.amps[dmd_made_amp(&release, name)].id);
    mr_rc rc = mr_dmd_index_write(&release, NULL, path, err);
    if (rc == MR_OK) rc = mr_basis_open(&shipped, &ret->bases[0], complaints, err);
    if (rc == MR_OK) rc = mr_basis_open(&updated, &ret->bases[1], complaints, err);
    (void)unlink(path); /* what is mapped stays */
    (void)rmdir(dir);
    mr_arena_free(a);
    return rc;
}

int main(int argc, char **argv) {
    uint64_t seeds = 100, from = 1, failed = 0, done = 0;
    long jobs = 1;
    bool verbose = false;
    mr_error err;
    mr_buf complaints;
    sim_bases b = {.bases = {NULL}};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0)
            verbose = true;
        else if (i + 1 < argc && strcmp(argv[i], "--seeds") == 0)
            seeds = strtoull(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--from") == 0)
            from = strtoull(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--jobs") == 0)
            jobs = strtol(argv[++i], NULL, 10);
        else {
            fprintf(stderr, "usage: sim [--seeds N] [--from N] [--jobs N] [--verbose]\n");
            return 2;
        }
    }
    mr_buf_init(&complaints, 1 << 20);
    if (open_bases(&b, &complaints, &err) != MR_OK) {
        fprintf(stderr, "sim: %s\n%s", err.text, mr_buf_z(&complaints));
        return 3;
    }
    uint64_t next = from, end = from + seeds;
    long running = 0;
    while (next < end || running) {
        if (next < end && running < jobs) {
            uint64_t to = next + BATCH < end ? next + BATCH : end;
            fflush(NULL);
            pid_t child = fork();
            if (child == 0) _exit(run_batch(next, to, &b, verbose));
            if (child < 0) return 3;
            running++;
            done += to - next;
            next = to;
            continue;
        }
        int status;
        if (wait(&status) < 0) return 3;
        running--;
        failed += WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status) : BATCH;
        if (!WIFEXITED(status))
            fprintf(stderr, "sim: a child died by signal %d; run its seeds alone to see which\n", WTERMSIG(status));
    }
    mr_basis_drop(b.bases[0]);
    mr_basis_drop(b.bases[1]);
    printf("sim: %llu seeds, %llu failed\n", (unsigned long long)done, (unsigned long long)failed);
    return failed != 0;
}
