/* A world on virtual time: several engines on one store, a FHIR server in memory, a network and people. One seed
 * decides everything: latency, faults, lost answers, kills, what happens to the patients and what people do. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "medreview/base/rand.h"
#include "medreview/flow/engine.h"
#include "medreview/sandbox/sandbox.h"
#include "medreview/store/open.h"

#include <stdbool.h>

enum { ENGINES_MOST = 3, PATIENTS_MOST = 4 };
#define SIM_BASE "http://fhir.sim/fhir"
#define SIM_KEY "a key for the simulation only"

typedef struct world world;

typedef struct happening { /* something that falls due; of one engine's life, or of the world (life 0) */
    int64_t at_ms;
    uint64_t order;
    unsigned life; /* engine lives are numbered; an entry of a life that ended never happens */
    void (*run)(void *arg);
    void *arg;
} happening;

/* How often out of 1000 */
typedef struct weather {
    unsigned request_lost, answer_lost, busy, broken, hook_lost, hook_twice, store_away;
    int64_t latency_most_ms;
} weather;

typedef struct process { /* one replica */
    world *w;
    unsigned number, life; /* life 0: dead */
    mr_engine *engine;
    mr_store *store;
    mr_worker store_worker, compute;
    mr_transport transport;
    mr_engine_settings settings;
    mr_source_settings source;
    int64_t store_free_ms; /* the store's thread works in order */
    int64_t wake_ms;
    uint64_t next_request;
    bool stopping, stopped, updated;
} process;

struct world {
    uint64_t seed;
    mr_rand r;
    mr_clock clock;
    mr_log_sink log; /* events of the services, with --verbose */
    int64_t now_ms, changes_end_ms;
    happening *heap;
    size_t n_heap, cap_heap;
    uint64_t order;
    unsigned next_life;
    weather weather;
    mr_sandbox *server;
    mr_store *root_store; /* keeps the content while every process is dead */
    process processes[ENGINES_MOST];
    unsigned n_processes, n_patients;
    mr_basis *const *bases; /* before the update and after it; borrowed */
    const char *brand;      /* a product code that only the second one knows */
    bool updates;           /* there will be one in this world */
    unsigned changes, kills, hooks, hooks_lost, acks, people;
    char accepted_task[PATIENTS_MOST][100], accepted_version[PATIENTS_MOST][80];
    bool verbose, calm, polls, may_kill;
};

void world_begin(world *w, uint64_t seed, mr_basis *const bases[2], const char *brand, bool verbose);
/* Changes and trouble for so long, then trouble alone for a minute. */
void world_live(world *w, int64_t for_ms);
/* No more trouble; runs until nothing is due any more but polling. */
void world_calm(world *w, int64_t for_ms);
/* Stops every process in an orderly way. */
void world_stop(world *w);
void world_end(world *w);

void at(world *w, int64_t at_ms, unsigned life, void (*run)(void *), void *arg);
/* One request to the server, now and without weather; the caller frees answer->body. */
void ask(world *w, const char *method, const char *path, const char *query, const char *if_match, mr_span body,
         mr_sandbox_answer *answer);
bool happens(world *w, unsigned of_1000);

/* oracle.c: what must hold at the end. Returns how many things do not, each told on standard error. */
unsigned check_world(world *w);

#endif
