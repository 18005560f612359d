/* sim [--seeds N] [--from N] [--jobs N] [--verbose]: N worlds, one a seed. A failing seed fails again by its number.
 *
 * Worlds run in child processes of a hundred each: a killed engine's memory is left behind on purpose, and goes with
 * the child. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 100 };

static unsigned run_seed(uint64_t seed, const mr_ruleset *rules, const mr_terminology *terminology, bool verbose) {
    world w;
    world_begin(&w, seed, rules, terminology, verbose);
    world_live(&w, 60000);
    world_calm(&w, 15 * 60000);
    world_stop(&w);
    unsigned bad = check_world(&w);
    if (verbose || bad)
        fprintf(stderr,
                "seed %llu: %u processes, %u patients, %u changes, %u kills, %u hooks (%u lost), %u acknowledged, %u "
                "taken by people: %s\n",
                (unsigned long long)seed, w.n_processes, w.n_patients, w.changes, w.kills, w.hooks, w.hooks_lost,
                w.acks, w.people, bad ? "FAILED" : "ok");
    world_end(&w);
    return bad;
}

static int run_batch(uint64_t from, uint64_t to, const mr_ruleset *rules, const mr_terminology *terminology,
                     bool verbose) {
    int failed = 0;
    for (uint64_t seed = from; seed < to; seed++) failed += run_seed(seed, rules, terminology, verbose) != 0;
    return failed;
}

int main(int argc, char **argv) {
    uint64_t seeds = 100, from = 1, failed = 0, done = 0;
    long jobs = 1;
    bool verbose = false;
    mr_error err;
    mr_buf complaints;
    mr_knowledge *knowledge;
    mr_terminology *terminology;
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
    mr_knowledge_options options = {0};
    if (mr_knowledge_load(&options, &knowledge, &complaints, &err) != MR_OK ||
        mr_terminology_builtin(&terminology, &err) != MR_OK) {
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
            if (child == 0) _exit(run_batch(next, to, mr_knowledge_rules(knowledge), terminology, verbose));
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
    mr_knowledge_free(knowledge);
    mr_terminology_free(terminology);
    printf("sim: %llu seeds, %llu failed\n", (unsigned long long)done, (unsigned long long)failed);
    return failed != 0;
}
