/* The one binary: which command is meant. */
#include "commands.h"

#include "medreview/cli/review.h"
#include "medreview/cli/rules.h"
#include "medreview/cli/terminology.h"
#include "medreview/sandbox/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name, *what;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"serve", "the service", mr_serve_main},
    {"review", "review patients offline: Bundles or NDJSON in, findings out", mr_cli_review},
    {"rules", "list, show, check and test the knowledge", mr_cli_rules},
    {"terminology", "how a medicine's code or text is understood", mr_cli_terminology},
    {"sandbox", "a small FHIR R4 server for trying things out", mr_sandbox_main},
    {"demo", "sandbox with synthetic patients and the service, events flowing", mr_demo_main},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void usage(FILE *out) {
    fputs("Usage: medreview COMMAND [OPTION...]\nMedication review from FHIR R4 records.\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++) fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].what);
    fputs("\n  --help, --version; medreview COMMAND --help says more.\n", out);
}

/* libuv reads the size of its pool once, before the first use. */
static void size_thread_pool(void) {
    char text[16];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    (void)snprintf(text, sizeof text, "%ld", cores < 2 ? 2 : cores > 64 ? 64 : cores);
    (void)setenv("UV_THREADPOOL_SIZE", text, 0); /* without it libuv takes four */
}

int main(int argc, char **argv) {
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("medreview %s\n", MEDREVIEW_VERSION);
        return 0;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that went away is an error of one write, not of the process */
    size_thread_pool();
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "medreview: there is no command \"%s\"\n", argv[1]);
    usage(stderr);
    return 2;
}
