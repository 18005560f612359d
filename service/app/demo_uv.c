/* `medreview demo`: the sandbox with synthetic patients and the service on one loop, on loopback, in a folder of its
 * own that is removed at the end. What happens to the patients comes as FHIR writes on the sandbox; everything from
 * there on (rest-hook, queue, review, worklist) is the product itself.
 *
 * Stages: wait until our Subscriptions stand; bring in the patients; let changes flow; wait until everything is
 * reviewed; show the worklist; with --once say the summary and stop, else go on with a change every two seconds. */
#include "commands.h"
#include "service_parts.h"

#include "medreview/net/net.h"
#include "medreview/sandbox/patients.h"
#include "medreview/sandbox/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum {
    PATIENTS = 50,
    CHANGES = 60,
    SEED = 20261121,
    STEP_MS = 40,
    GIVE_UP_MS = 300000,
    WORK_ITEMS = 200,
    FLOW_MS = 2000,
    CHECK_EVERY = 10
};

typedef enum stage { WAIT_SUBSCRIPTIONS, BRING_PATIENTS, FLOW, SETTLE, SHOW, LIVE, STOPPING } stage;

typedef struct demo {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t term, intr;
    bool once, checking, quiet_seen;
    stage stage;
    unsigned ticks, patients, changes, live_ticks;
    int64_t begun_ms, last_change_ms[PATIENTS + 1];
    mr_day today;
    char folder[300];
    mr_config config;
    mr_sandbox *sandbox;
    mr_sandbox_server *server;
    mr_transport *hooks;
    mr_service *service;
    int exit_code;
    /* filled on the store's thread, read on the loop when it is done */
    mr_depth depth;
    mr_rc rc;
    mr_work_item items[WORK_ITEMS];
    size_t n_items;
    unsigned unreviewed, parked;
} demo;

static int64_t now_ms(void) {
    mr_clock *clock = mr_clock_real();
    return clock->now_ms(clock);
}

/* --- what happens to the patients --------------------------------------------------------------------------------- */

static void bring_patient(demo *d) {
    mr_buf bundle;
    mr_error err;
    mr_buf_init(&bundle, 4 << 20);
    mr_patients_bundle(PATIENTS, SEED, d->today, d->patients, &bundle);
    if (mr_sandbox_load(d->sandbox, mr_buf_span(&bundle), now_ms(), &err) != MR_OK)
        fprintf(stderr, "medreview demo: %s\n", err.text);
    mr_buf_free(&bundle);
    d->patients++;
    d->last_change_ms[d->patients] = now_ms();
    mr_sandbox_server_deliver(d->server);
    if (d->patients % 10 == 0) printf("  %u of %u patients brought in\n", d->patients, PATIENTS);
}

static void change_something(demo *d) {
    mr_patients_change c;
    mr_sandbox_answer answer;
    mr_patients_change_at(PATIENTS, SEED, d->today, d->changes, &c);
    mr_sandbox_request req = {.method = c.method,
                              .path = mr_span_of(c.path),
                              .content_type = MR_SPAN("application/fhir+json"),
                              .body = mr_buf_span(&c.body)};
    mr_sandbox_handle(d->sandbox, &req, now_ms(), &answer);
    if (answer.status >= 300) fprintf(stderr, "medreview demo: the sandbox answered %d to a change\n", answer.status);
    unsigned number = 0;
    for (const char *p = c.patient; *p; p++)
        if (*p >= '0' && *p <= '9') number = number * 10 + (unsigned)(*p - '0');
    if (number <= PATIENTS) d->last_change_ms[number] = now_ms();
    printf("  %s: %s\n", c.patient, c.what);
    mr_buf_free(&answer.body);
    mr_buf_free(&c.body);
    d->changes++;
    mr_sandbox_server_deliver(d->server);
}

/* --- looking at the queue and the worklist ------------------------------------------------------------------------ */

static void look(mr_store *store, void *arg) {
    demo *d = arg;
    mr_error err;
    d->rc = store->ops->depth(store, now_ms(), &d->depth, &err);
}

static void looked(void *arg) {
    demo *d = arg;
    d->checking = false;
    bool quiet = d->rc == MR_OK && d->depth.due == 0 && d->depth.leased == 0 && d->depth.hints == 0 &&
                 mr_service_busy(d->service) == 0 && mr_sandbox_server_busy(d->server) == 0;
    if (quiet && d->quiet_seen && d->stage == SETTLE) d->stage = SHOW;
    d->quiet_seen = quiet;
}

static void read_worklist(mr_store *store, void *arg) {
    demo *d = arg;
    mr_error err;
    mr_job_row rows[PATIENTS];
    size_t n = 0;
    char today[MR_DATE_TEXT];
    mr_day_print(service_as_of(d->service, now_ms()), today);
    d->rc = store->ops->worklist(store, today, 0, d->items, WORK_ITEMS, &d->n_items, &err);
    d->unreviewed = d->parked = 0;
    if (store->ops->jobs(store, true, NULL, rows, PATIENTS, &n, &err) == MR_OK) d->parked = (unsigned)n;
    for (unsigned i = 1; i <= d->patients; i++) {
        mr_key key = {.source = "default"};
        mr_work_item item;
        char *json = NULL;
        size_t len;
        (void)snprintf(key.patient, sizeof key.patient, "demo-p%02u", i);
        mr_rc rc = store->ops->review_of(store, &key, &item, &json, &len, &err);
        free(json);
        if (rc != MR_OK || item.reviewed_ms < d->last_change_ms[i]) d->unreviewed++;
    }
}

static void print_worklist(const demo *d) {
    printf("\n%-9s %-11s %-18s %4s %4s %4s  %s\n", "priority", "due", "patient", "high", "mod", "low", "first finding");
    size_t most = d->once ? d->n_items : d->n_items < 20 ? d->n_items : 20;
    for (size_t i = 0; i < most; i++) {
        const mr_work_item *w = &d->items[i];
        printf("%-9s %-11s Patient/%-10s %4u %4u %4u  %s\n", w->priority, w->due, w->key.patient, w->high, w->moderate,
               w->low, w->top);
    }
    if (most < d->n_items) printf("... and %zu more on the page\n", d->n_items - most);
}

static void stop(demo *d);

static void shown(void *arg) {
    demo *d = arg;
    size_t findings = 0;
    d->checking = false;
    if (d->stage == STOPPING) return;
    print_worklist(d);
    for (size_t i = 0; i < d->n_items; i++) findings += d->items[i].high + d->items[i].moderate + d->items[i].low;
    printf("\ndemo: %u patients, %u events, %llu reviews, %zu findings, %zu tasks, %u lost\n", d->patients,
           d->patients + d->changes,
           (unsigned long long)mr_metrics_counter(mr_service_metrics(d->service), MR_C_REVIEWS_DONE), findings,
           d->n_items, d->unreviewed);
    if (d->unreviewed || d->parked) d->exit_code = 3;
    if (d->once) {
        stop(d);
        return;
    }
    printf(
        "\nThe worklist: http://%s/   the FHIR server: %s\nA change every two seconds from now on. Ctrl-C stops.\n\n",
        mr_service_address(d->service), mr_sandbox_server_base(d->server));
    fflush(stdout);
    d->stage = LIVE;
}

static void ask_store(demo *d, void (*work)(mr_store *, void *), void (*done)(void *)) {
    mr_error err;
    if (d->checking) return;
    d->checking = mr_service_store_call(d->service, work, done, d, &err) == MR_OK;
}

/* --- stages --------------------------------------------------------------------------------------------------------
 */

static void give_up(demo *d) {
    fprintf(stderr,
            "medreview demo: not everything was reviewed within %d s: %llu due, %llu leased, %llu parked; GET /readyz "
            "says what is in the way\n",
            GIVE_UP_MS / 1000, (unsigned long long)d->depth.due, (unsigned long long)d->depth.leased,
            (unsigned long long)d->depth.parked);
    d->exit_code = 3;
    stop(d);
}

static void on_tick(uv_timer_t *timer) {
    demo *d = timer->data;
    d->ticks++;
    if (d->stage < SHOW && now_ms() - d->begun_ms > GIVE_UP_MS) {
        give_up(d);
        return;
    }
    switch (d->stage) {
    case WAIT_SUBSCRIPTIONS: /* one a type: then nothing that happens is missed */
        if (mr_sandbox_count(d->sandbox, "Subscription") >= d->config.value[MR_K_SUBSCRIPTION_TYPES].n_list) {
            printf("The service has subscribed. Bringing in %u synthetic patients:\n", PATIENTS);
            d->stage = BRING_PATIENTS;
        }
        break;
    case BRING_PATIENTS:
        bring_patient(d);
        if (d->patients < PATIENTS) break;
        printf("Medicines start, stop and change:\n");
        d->stage = FLOW;
        break;
    case FLOW:
        change_something(d);
        if (d->changes >= CHANGES) {
            d->stage = SETTLE;
            printf("Waiting until every event is reviewed ...\n");
        }
        break;
    case SETTLE:
        if (d->ticks % CHECK_EVERY == 0) ask_store(d, look, looked);
        break;
    case SHOW: ask_store(d, read_worklist, shown); break;
    case LIVE:
        if (++d->live_ticks % (FLOW_MS / STEP_MS) == 0) change_something(d);
        break;
    case STOPPING: break;
    }
    fflush(stdout);
}

/* --- up and down ----------------------------------------------------------------------------------------------------
 */

static void remove_folder(demo *d) {
    static const char *const names[] = {"demo.db", "demo.db-wal", "demo.db-shm", "demo.db-lock"};
    char path[400];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", d->folder, names[i]);
        (void)unlink(path); /* not all of them exist */
    }
    if (rmdir(d->folder) != 0) fprintf(stderr, "medreview demo: %s could not be removed\n", d->folder);
}

static void sandbox_stopped(void *arg) {
    demo *d = arg;
    if (d->hooks) mr_transport_curl_free(d->hooks);
    d->hooks = NULL;
}

static void service_stopped(void *arg) {
    demo *d = arg;
    d->service = NULL;
    if (d->server) mr_sandbox_server_stop(d->server, sandbox_stopped, d);
    d->server = NULL;
}

static void stop(demo *d) {
    if (d->stage == STOPPING) return;
    d->stage = STOPPING;
    uv_close((uv_handle_t *)&d->timer, NULL);
    uv_close((uv_handle_t *)&d->term, NULL);
    uv_close((uv_handle_t *)&d->intr, NULL);
    if (d->service)
        mr_service_stop(d->service, service_stopped, d);
    else
        service_stopped(d);
}

static void on_signal(uv_signal_t *handle, int number) {
    (void)number;
    stop(handle->data);
}

/* The usual port when nobody has it, else any. On a loop of its own, which ends when the probe is closed. */
static void pick_listen(unsigned port, char out[40]) {
    uv_loop_t loop;
    uv_tcp_t probe;
    struct sockaddr_in address;
    (void)snprintf(out, 40, "127.0.0.1:0");
    if (uv_loop_init(&loop) != 0) return;
    uv_tcp_init(&loop, &probe);
    uv_ip4_addr("127.0.0.1", (int)port, &address);
    bool ours = uv_tcp_bind(&probe, (const struct sockaddr *)&address, 0) == 0 &&
                uv_listen((uv_stream_t *)&probe, 1, NULL) == 0;
    if (ours) (void)snprintf(out, 40, "127.0.0.1:%u", port);
    uv_close((uv_handle_t *)&probe, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    MR_REQUIRE(uv_loop_close(&loop) == 0);
}

static mr_rc configure(demo *d, mr_error *err) {
    char listen[40], text[6][500];
    const char *temp = getenv("TMPDIR");
    (void)snprintf(d->folder, sizeof d->folder, "%s/medreview-demo-XXXXXX", temp && *temp ? temp : "/tmp");
    if (!mkdtemp(d->folder)) return mr_fail(err, MR_IO, "no folder could be made under %s", temp ? temp : "/tmp");
    pick_listen(8080, listen);
    (void)snprintf(text[0], sizeof text[0], "MEDREVIEW_LISTEN=%s", listen);
    (void)snprintf(text[1], sizeof text[1], "MEDREVIEW_STORE=sqlite:%s/demo.db", d->folder);
    (void)snprintf(text[2], sizeof text[2], "MEDREVIEW_FHIR_BASE_URL=%s", mr_sandbox_server_base(d->server));
    const char *env[] = {text[0],
                         text[1],
                         text[2],
                         "MEDREVIEW_FHIR_ALLOW_HTTP=true",
                         "MEDREVIEW_SITE_ID=demo",
                         "MEDREVIEW_SITE_KEY=demo key, known to everybody",
                         "MEDREVIEW_DEBOUNCE_QUIET_MS=200",
                         "MEDREVIEW_DEBOUNCE_MAX_MS=2000",
                         "MEDREVIEW_LOG_LEVEL=warn",
                         "MEDREVIEW_DRAIN_MS=3000",
                         NULL};
    mr_rc rc = mr_config_load(&d->config, NULL, env, err);
    return rc == MR_OK ? mr_config_check_serve(&d->config, err) : rc;
}

static mr_rc start(demo *d, mr_error *err) {
    char listen[40];
    mr_curl_settings curl = {.allow_http = true};
    d->sandbox = mr_sandbox_new("http://127.0.0.1/fhir");
    if (!d->sandbox) return mr_fail(err, MR_NOMEM, "out of memory");
    pick_listen(8090, listen);
    mr_rc rc = mr_transport_curl_new(&d->loop, &curl, &d->hooks, err);
    if (rc == MR_OK)
        rc = mr_sandbox_server_start(&d->loop, d->sandbox, listen, d->hooks, mr_clock_real(), &d->server, err);
    if (rc == MR_OK) rc = configure(d, err);
    mr_service_options options = {.config = &d->config, .log = mr_log_json(MR_L_WARN), .self_endpoint = true};
    if (rc == MR_OK) rc = mr_service_start(&d->loop, &options, &d->service, err);
    if (rc != MR_OK) return rc;
    d->today = mr_zone_today(now_ms());
    printf("The worklist: http://%s/\nThe FHIR server: %s (synthetic patients, in memory)\nCtrl-C stops; nothing stays "
           "behind.\n\n",
           mr_service_address(d->service), mr_sandbox_server_base(d->server));
    return MR_OK;
}

static int run(bool once) {
    demo *d = calloc(1, sizeof *d);
    mr_error err = {0};
    if (!d || uv_loop_init(&d->loop) != 0) {
        free(d);
        return 3;
    }
    d->once = once;
    d->begun_ms = now_ms();
    mr_rc rc = start(d, &err);
    uv_timer_init(&d->loop, &d->timer);
    uv_signal_init(&d->loop, &d->term);
    uv_signal_init(&d->loop, &d->intr);
    d->timer.data = d->term.data = d->intr.data = d;
    if (rc == MR_OK) {
        uv_signal_start(&d->term, on_signal, SIGTERM);
        uv_signal_start(&d->intr, on_signal, SIGINT);
        uv_timer_start(&d->timer, on_tick, STEP_MS, STEP_MS);
    } else {
        fprintf(stderr, "medreview demo: %s\n", err.text);
        d->exit_code = 3;
        stop(d);
    }
    uv_run(&d->loop, UV_RUN_DEFAULT);
    MR_REQUIRE(uv_loop_close(&d->loop) == 0);
    int code = d->exit_code;
    mr_sandbox_free(d->sandbox);
    if (d->config.arena) mr_config_free(&d->config);
    if (d->folder[0]) remove_folder(d);
    free(d);
    return code;
}

int mr_demo_main(int argc, char **argv) {
    bool once = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--once") == 0) {
            once = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            puts("Usage: medreview demo [--once]\n"
                 "The sandbox FHIR server with synthetic patients and the service, on loopback, events flowing.\n\n"
                 "      --once   stop when every event is reviewed, after the worklist and one line of summary\n"
                 "      --help   this text");
            return 0;
        } else {
            fprintf(stderr, "medreview demo: unexpected \"%s\"; see medreview demo --help\n", argv[i]);
            return 2;
        }
    }
    return run(once);
}
