/* `medreview sandbox`: options, loading files, a loop that runs until a signal. */
#include <dirent.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "medreview/base/limits.h"
#include "medreview/net/net.h"
#include "medreview/sandbox/server.h"

enum { DONE = 0, SOME_REFUSED = 1, WRONG_USAGE = 2, COULD_NOT = 3 };

static const char usage[] =
    "Usage: medreview sandbox [OPTION]...\n"
    "A small FHIR R4 server in memory, for trying things out. Not for real data: no authentication, nothing is kept.\n"
    "\n"
    "  --listen ADDR   where to listen (default 127.0.0.1:8090; port 0 takes a free one)\n"
    "  --load DIR      first load every *.json (a resource or a Bundle) and *.ndjson (one of either a line) of DIR\n"
    "  --help          show this and exit\n"
    "\n"
    "Prints the base URL on standard output once it listens. SIGINT or SIGTERM ends it.\n"
    "Exit status: 0 ended; 1 ended, but something in DIR was refused; 2 wrong usage; 3 could not listen or read.\n";

/* --- loading --- */

typedef struct loader {
    mr_sandbox *sandbox;
    int64_t now_ms;
    const char *file;
    size_t line; /* 0: the file is one document */
    size_t loaded, refused;
} loader;

static void say_refused(void *arg, size_t entry, const char *reason) {
    loader *l = arg;
    l->refused++;
    if (l->line > 0)
        fprintf(stderr, "%s:%zu: entry %zu: %s\n", l->file, l->line, entry, reason);
    else
        fprintf(stderr, "%s: entry %zu: %s\n", l->file, entry, reason);
}

static void load_document(loader *l, mr_span text) {
    size_t loaded = 0, before = l->refused;
    mr_rc rc = mr_sandbox_load_each(l->sandbox, text, l->now_ms, say_refused, l, &loaded, NULL);
    MR_ASSERT((rc == MR_OK) == (l->refused == before)); /* each refusal has been said */
    l->loaded += loaded;
}

static void load_lines(loader *l, mr_span text) {
    mr_span line;
    while (text.ptr != NULL) {
        mr_span_split(text, '\n', &line, &text);
        l->line++;
        line = mr_span_trim(line);
        if (line.len > 0) load_document(l, line);
    }
}

static bool read_file(const char *path, mr_buf *out) {
    char block[65536];
    FILE *f = fopen(path, "rb");
    if (f == NULL) return false;
    size_t n;
    while ((n = fread(block, 1, sizeof block, f)) > 0) mr_buf_add(out, block, n);
    bool ok = ferror(f) == 0;
    (void)fclose(f); /* only read */
    return ok && out->rc == MR_OK;
}

static void load_file(loader *l, const char *path) {
    mr_buf text;
    mr_buf_init(&text, (size_t)1 << 30); /* a folder of test data; more is a mistake */
    l->file = path;
    l->line = 0;
    if (!read_file(path, &text)) {
        fprintf(stderr, "%s: cannot be read\n", path);
        l->refused++;
    } else if (mr_span_ends(mr_span_of(path), ".ndjson")) {
        load_lines(l, mr_buf_span(&text));
    } else {
        load_document(l, mr_buf_span(&text));
    }
    mr_buf_free(&text);
}

static int wanted(const struct dirent *entry) {
    mr_span name = mr_span_of(entry->d_name);
    return mr_span_ends(name, ".json") || mr_span_ends(name, ".ndjson");
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* In the order of names, so that the same folder gives the same server. */
static bool load_folder(loader *l, const char *folder) {
    struct dirent **entries;
    int n = scandir(folder, &entries, wanted, by_name);
    if (n < 0) {
        fprintf(stderr, "medreview sandbox: --load %s: not a folder that can be read\n", folder);
        return false;
    }
    for (int i = 0; i < n; i++) {
        char path[4096];
        int len = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (len > 0 && (size_t)len < sizeof path) load_file(l, path);
        free(entries[i]);
    }
    free(entries);
    fprintf(stderr, "medreview sandbox: %zu resources loaded, %zu refused\n", l->loaded, l->refused);
    return true;
}

/* --- running --- */

typedef struct program {
    uv_loop_t loop;
    uv_signal_t signals[2];
    mr_sandbox_server *server;
    mr_transport *transport;
} program;

static void server_stopped(void *arg) {
    program *p = arg;
    mr_transport_curl_free(p->transport);
    for (size_t i = 0; i < 2; i++) uv_close((uv_handle_t *)&p->signals[i], NULL);
}

static void on_signal(uv_signal_t *signal, int number) {
    (void)number;
    program *p = signal->data;
    for (size_t i = 0; i < 2; i++) (void)uv_signal_stop(&p->signals[i]); /* a second one is for the default action */
    mr_sandbox_server_stop(p->server, server_stopped, p);
}

static void watch_signals(program *p) {
    static const int numbers[2] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        (void)uv_signal_init(&p->loop,
                             &p->signals[i]); /* fails only for lack of a pipe, then the default action ends us */
        p->signals[i].data = p;
        (void)uv_signal_start(&p->signals[i], on_signal, numbers[i]);
    }
}

static int run(mr_sandbox *sandbox, const char *listen) {
    program p = {0};
    mr_error err;
    mr_curl_settings curl = {.allow_http = true};
    if (uv_loop_init(&p.loop) != 0) return COULD_NOT;
    mr_rc rc = mr_transport_curl_new(&p.loop, &curl, &p.transport, &err);
    if (rc == MR_OK)
        rc = mr_sandbox_server_start(&p.loop, sandbox, listen, p.transport, mr_clock_real(), &p.server, &err);
    if (rc == MR_OK) {
        watch_signals(&p);
        printf("%s\n", mr_sandbox_server_base(p.server));
        fflush(stdout);
    } else {
        fprintf(stderr, "medreview sandbox: %s\n", err.text);
        if (p.transport != NULL) mr_transport_curl_free(p.transport);
    }
    (void)uv_run(&p.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&p.loop);
    return rc == MR_OK ? DONE : rc == MR_INVALID ? WRONG_USAGE : COULD_NOT;
}

static int wrong_usage(const char *why, const char *what) {
    fprintf(stderr, "medreview sandbox: %s%s\nTry 'medreview sandbox --help' for more information.\n", why, what);
    return WRONG_USAGE;
}

/* -1: go on. */
static int read_options(int argc, char **argv, const char **ret_listen, const char **ret_folder) {
    static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
                                            {"load", required_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    optind = 0; /* the caller may have used getopt before */
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
        switch (option) {
        case 'l': *ret_listen = optarg; break;
        case 'f': *ret_folder = optarg; break;
        case 'h': fputs(usage, stdout); return DONE;
        default: return wrong_usage("unknown option, or one without its value: ", argv[optind > 1 ? optind - 1 : 1]);
        }
    }
    if (optind < argc) return wrong_usage("unexpected argument: ", argv[optind]);
    return -1;
}

int mr_sandbox_main(int argc, char **argv) {
    const char *listen = "127.0.0.1:8090", *folder = NULL;
    int code = read_options(argc, argv, &listen, &folder);
    if (code >= 0) return code;
    mr_sandbox *sandbox = mr_sandbox_new("http://127.0.0.1:8090/fhir");
    if (sandbox == NULL) return COULD_NOT;
    mr_clock *clock = mr_clock_real();
    loader l = {.sandbox = sandbox, .now_ms = clock->now_ms(clock)};
    code = folder != NULL && !load_folder(&l, folder) ? COULD_NOT : run(sandbox, listen);
    mr_sandbox_free(sandbox);
    return code == DONE && l.refused > 0 ? SOME_REFUSED : code;
}
