/* `medreview serve`: configuration, the service on a loop, signals. SIGTERM and SIGINT drain; a second one ends at
 * once. SIGHUP reads knowledge and terminology anew. */
#include "commands.h"
#include "service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

extern char **environ;

typedef struct serving {
    uv_loop_t loop;
    uv_signal_t term, intr, hup;
    mr_service *service;
    bool stopping;
} serving;

static const char usage[] =
    "Usage: medreview serve [--config FILE] [--check-config]\n"
    "The service: hears of changes, reviews, writes DetectedIssue and Task back.\n\n"
    "      --config FILE       JSON configuration (docs/configuration.md); the environment wins over it\n"
    "      --check-config      say whether the configuration would be accepted, and end\n"
    "      --describe-config   print every key, as in docs/configuration.md\n"
    "      --help              this text\n\n"
    "Exit: 0 stopped by SIGTERM or SIGINT, 2 wrong usage or configuration, 3 could not do it (store, port).\n";

int mr_exit_code(mr_rc rc) {
    return rc == MR_OK ? 0 : rc == MR_INVALID || rc == MR_MALFORMED ? 2 : 3;
}

static void close_signal(uv_signal_t *s) {
    if (!uv_is_closing((uv_handle_t *)s)) uv_close((uv_handle_t *)s, NULL);
}

static void stopped(void *arg) {
    serving *v = arg;
    v->service = NULL;
    close_signal(&v->term);
    close_signal(&v->intr);
    close_signal(&v->hup);
}

static void on_signal(uv_signal_t *handle, int number) {
    serving *v = handle->data;
    if (number == SIGHUP) { /* also from a terminal that goes away, which does not end the service */
        if (v->service && !v->stopping) mr_service_reload(v->service);
        return;
    }
    if (v->stopping) _Exit(3); /* asked twice: what is under way is handed back by its lease */
    v->stopping = true;
    if (v->service) mr_service_stop(v->service, stopped, v);
}

static int run(const mr_config *config) {
    serving v = {.service = NULL};
    mr_error err = {0};
    mr_log_level level = MR_L_INFO;
    (void)mr_log_level_parse(mr_config_text(config, MR_K_LOG_LEVEL), &level); /* the table allows only its names */
    if (uv_loop_init(&v.loop) != 0) return 3;
    uv_signal_init(&v.loop, &v.term);
    uv_signal_init(&v.loop, &v.intr);
    uv_signal_init(&v.loop, &v.hup);
    v.term.data = v.intr.data = v.hup.data = &v;
    mr_service_options options = {.config = config, .log = mr_log_json(level)};
    mr_rc rc = mr_service_start(&v.loop, &options, &v.service, &err);
    if (rc == MR_OK) {
        uv_signal_start(&v.term, on_signal, SIGTERM);
        uv_signal_start(&v.intr, on_signal, SIGINT);
        uv_signal_start(&v.hup, on_signal, SIGHUP);
        fprintf(stderr, "medreview: listening on http://%s\n", mr_service_address(v.service));
    } else {
        fprintf(stderr, "medreview serve: %s\n", err.text);
        stopped(&v);
    }
    uv_run(&v.loop, UV_RUN_DEFAULT);
    MR_REQUIRE(uv_loop_close(&v.loop) == 0);
    return mr_exit_code(rc);
}

static int describe(void) {
    mr_buf out;
    mr_buf_init(&out, 1 << 20);
    mr_config_describe(&out);
    fputs(mr_buf_z(&out), stdout);
    mr_buf_free(&out);
    return 0;
}

int mr_serve_main(int argc, char **argv) {
    const char *path = NULL;
    bool check = false;
    mr_config config;
    mr_error err;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--describe-config") == 0) return describe();
        if (strcmp(argv[i], "--check-config") == 0)
            check = true;
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            path = argv[++i];
        else if (strncmp(argv[i], "--config=", 9) == 0)
            path = argv[i] + 9;
        else {
            fprintf(stderr, "medreview serve: unexpected \"%s\"\n%s", argv[i], usage);
            return 2;
        }
    }
    mr_rc rc = mr_config_load(&config, path, (const char *const *)environ, &err);
    if (rc != MR_OK) {
        fprintf(stderr, "medreview serve: %s\n", err.text);
        return 2;
    }
    rc = mr_config_check_serve(&config, &err);
    if (rc == MR_OK && check) rc = mr_service_check(&config, &err);
    if (rc != MR_OK) fprintf(stderr, "medreview serve: %s\n", err.text);
    int code = mr_exit_code(rc);
    if (rc == MR_OK && check)
        printf("configuration: accepted\n");
    else if (rc == MR_OK)
        code = run(&config);
    mr_config_free(&config);
    return code;
}
