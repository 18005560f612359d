/* The sandbox on a socket: real requests over loopback, deliveries from one sandbox to another, the command itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "exchange.h"
#include "medreview/net/net.h"
#include "medreview/sandbox/server.h"

#define STATEMENT(id, status)                                                                                          \
    "{\"resourceType\":\"MedicationStatement\",\"id\":\"" id "\",\"status\":\"" status                                 \
    "\",\"subject\":{\"reference\":\"Patient/a\"}}"

typedef struct fake_clock {
    mr_clock base;
    int64_t now_ms;
} fake_clock;

static int64_t fake_now(mr_clock *clock) {
    return ((fake_clock *)clock)->now_ms;
}

typedef struct place {
    uv_loop_t loop;
    fake_clock clock;
    mr_transport *transport;
    mr_sandbox *sandbox[2];
    mr_sandbox_server *server[2];
    size_t stopped;
} place;

static int set_up(void **state) {
    place *p = calloc(1, sizeof *p);
    mr_curl_settings curl = {.allow_http = true};
    mr_error err;
    assert_int_equal(uv_loop_init(&p->loop), 0);
    p->clock = (fake_clock){{fake_now}, T0};
    assert_int_equal(mr_transport_curl_new(&p->loop, &curl, &p->transport, &err), MR_OK);
    for (int i = 0; i < 2; i++) {
        p->sandbox[i] = mr_sandbox_new("http://later/fhir");
        assert_int_equal(mr_sandbox_server_start(&p->loop, p->sandbox[i], "127.0.0.1:0", p->transport, &p->clock.base,
                                                 &p->server[i], &err),
                         MR_OK);
    }
    *state = p;
    return 0;
}

static void count_stop(void *arg) {
    ((place *)arg)->stopped++;
}

static int tear_down(void **state) {
    place *p = *state;
    for (int i = 0; i < 2; i++) mr_sandbox_server_stop(p->server[i], count_stop, p);
    while (p->stopped < 2) uv_run(&p->loop, UV_RUN_ONCE);
    mr_transport_curl_free(p->transport);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&p->loop), 0); /* nothing is left on the loop */
    for (int i = 0; i < 2; i++) mr_sandbox_free(p->sandbox[i]);
    free(p);
    return 0;
}

typedef struct reply {
    bool done;
    mr_rc rc;
    int status;
    char etag[136], location[512];
    char *body;
} reply;

static void arrived(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    (void)err;
    reply *r = arg;
    r->done = true;
    r->rc = rc;
    if (rc != MR_OK) return;
    r->status = resp->status;
    snprintf(r->etag, sizeof r->etag, "%s", resp->etag);
    snprintf(r->location, sizeof r->location, "%s", resp->location);
    r->body = resp->body;
    resp->body = NULL;
}

/* One request to server 0, from outside; `tail` follows the base. */
static reply ask(place *p, const char *method, const char *tail, const char *body, const char *header) {
    char url[600];
    const char *headers[] = {"Content-Type: application/fhir+json", header, NULL};
    reply r = {0};
    uint64_t id;
    snprintf(url, sizeof url, "%s%s", tail[0] == 'h' ? "" : mr_sandbox_server_base(p->server[0]), tail);
    mr_http_req req = {method, url, headers, mr_span_of(body), 20000, 1 << 20};
    assert_int_equal(p->transport->ops->submit(p->transport, &req, arrived, &r, &id, NULL), MR_OK);
    while (!r.done) uv_run(&p->loop, UV_RUN_ONCE);
    return r;
}

static int ask_status(place *p, const char *method, const char *tail, const char *body, const char *header) {
    reply r = ask(p, method, tail, body, header);
    assert_int_equal(r.rc, MR_OK);
    free(r.body);
    return r.status;
}

static void test_requests_reach_the_function(void **state) {
    place *p = *state;
    char location[200];
    reply r = ask(p, "PUT", "/MedicationStatement/m1", STATEMENT("m1", "active"), NULL);
    snprintf(location, sizeof location, "http://%s/fhir/MedicationStatement/m1/_history/1",
             mr_sandbox_server_address(p->server[0]));
    assert_int_equal(r.status, 201);
    assert_string_equal(r.etag, "W/\"1\"");
    assert_string_equal(r.location, location);
    free(r.body);
    assert_int_equal(ask_status(p, "PUT", "/MedicationStatement/m1", STATEMENT("m1", "stopped"), "If-Match: W/\"9\""),
                     412);
    assert_int_equal(ask_status(p, "GET", "/MedicationStatement/m1", NULL, "If-None-Match: W/\"1\""), 304);
    assert_int_equal(ask_status(p, "POST", "/MedicationStatement", STATEMENT("x", "active"), "If-None-Exist: _id=m1"),
                     200);
    r = ask(p, "GET", "/MedicationStatement?status=active&_count=1", NULL, NULL);
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, "\"total\":1"));
    free(r.body);
    r = ask(p, "PUT", "/Patient/q", "{\"resourceType\":\"Patient\",\"id\":\"q\"}", "Prefer: return=minimal");
    assert_int_equal(r.status, 201);
    assert_true(r.body == NULL || r.body[0] == '\0');
    free(r.body);
    char outside[200];
    snprintf(outside, sizeof outside, "http://%s/fhirx/metadata", mr_sandbox_server_address(p->server[0]));
    assert_int_equal(ask_status(p, "GET", outside, NULL, NULL), 404);
    assert_int_equal(ask_status(p, "GET", "/metadata", NULL, NULL), 200);
}

/* A next link as given leads to the next page, through the listener too. */
static void test_next_links_work_as_given(void **state) {
    place *p = *state;
    assert_int_equal(ask_status(p, "PUT", "/MedicationStatement/m1", STATEMENT("m1", "active"), NULL), 201);
    assert_int_equal(ask_status(p, "PUT", "/MedicationStatement/m2", STATEMENT("m2", "active"), NULL), 201);
    reply r = ask(p, "GET", "/MedicationStatement?_count=1", NULL, NULL);
    exchange x = {.body = json_loads(r.body, 0, NULL)};
    reply second = ask(p, "GET", link_of(&x, "next"), NULL, NULL);
    assert_int_equal(second.status, 200);
    assert_non_null(strstr(second.body, "MedicationStatement/m2"));
    assert_null(strstr(second.body, "\"next\""));
    json_decref(x.body);
    free(r.body);
    free(second.body);
}

static void subscribe(place *p, const char *endpoint) {
    char body[800];
    snprintf(
        body, sizeof body,
        "{\"resourceType\":\"Subscription\",\"id\":\"sub\",\"status\":\"requested\",\"reason\":\"x\",\"criteria\":"
        "\"MedicationStatement?\","
        "\"channel\":{\"type\":\"rest-hook\",\"endpoint\":\"%s\",\"payload\":\"application/"
        "fhir+json\",\"extension\":[{\"url\":"
        "\"http://hapifhir.io/fhir/StructureDefinition/subscription-send-delete-messages\",\"valueBoolean\":true}]}}",
        endpoint);
    assert_int_equal(ask_status(p, "PUT", "/Subscription/sub", body, NULL), 201);
}

static void deliver_all(place *p) {
    while (mr_sandbox_server_busy(p->server[0]) > 0) uv_run(&p->loop, UV_RUN_ONCE);
}

/* The second sandbox stands for the receiver: a delivery is a FHIR write to it. */
static void test_deliveries_arrive(void **state) {
    place *p = *state;
    mr_sandbox_set_quirks(p->sandbox[1], (mr_sandbox_quirks){.as_hapi = true}); /* takes If-Match on what is new */
    subscribe(p, mr_sandbox_server_base(p->server[1]));
    assert_int_equal(ask_status(p, "PUT", "/MedicationStatement/m1", STATEMENT("m1", "active"), NULL), 201);
    deliver_all(p);
    exchange x = ask_for(p->sandbox[1], "GET", "/MedicationStatement/m1", NULL);
    assert_string_equal(at(x.body, "status"), "active");
    drop(&x);
    assert_int_equal(ask_status(p, "DELETE", "/MedicationStatement/m1", NULL, NULL), 200);
    deliver_all(p);
    assert_int_equal(status_of(p->sandbox[1], "GET", "/MedicationStatement/m1", NULL, NULL), 410);
    assert_int_equal(mr_sandbox_server_given_up(p->server[0]), 0);
}

static void test_what_was_loaded_can_be_delivered(void **state) {
    place *p = *state;
    mr_sandbox_set_quirks(p->sandbox[1], (mr_sandbox_quirks){.as_hapi = true});
    subscribe(p, mr_sandbox_server_base(p->server[1]));
    mr_error err;
    assert_int_equal(mr_sandbox_load(p->sandbox[0], MR_SPAN(STATEMENT("m7", "active")), T0, &err), MR_OK);
    mr_sandbox_server_deliver(p->server[0]);
    deliver_all(p);
    assert_int_equal(mr_sandbox_count(p->sandbox[1], "MedicationStatement"), 1);
}

/* A refusal is tried again, 1.1 times as late each time; after a minute of it the delivery is given up. The server's
 * clock is the test's: it has moved on by a minute when the first refusal comes in. */
static void test_a_delivery_is_given_up_after_a_minute(void **state) {
    place *p = *state;
    char nowhere[200];
    snprintf(nowhere, sizeof nowhere, "http://%s/elsewhere", mr_sandbox_server_address(p->server[1])); /* says 404 */
    subscribe(p, nowhere);
    assert_int_equal(ask_status(p, "PUT", "/MedicationStatement/m1", STATEMENT("m1", "active"), NULL), 201);
    p->clock.now_ms += 60000;
    deliver_all(p);
    assert_int_equal(mr_sandbox_server_given_up(p->server[0]), 1);
}

static void test_an_impossible_endpoint_is_given_up_at_once(void **state) {
    place *p = *state;
    subscribe(p, "gopher://x");
    assert_int_equal(ask_status(p, "PUT", "/MedicationStatement/m1", STATEMENT("m1", "active"), NULL), 201);
    assert_int_equal(mr_sandbox_server_busy(p->server[0]), 0);
    assert_int_equal(mr_sandbox_server_given_up(p->server[0]), 1);
}

/* tear_down stops with deliveries under way and waiting: the stop must come all the same. */
static void test_stop_with_deliveries_waiting(void **state) {
    place *p = *state;
    char nowhere[200];
    snprintf(nowhere, sizeof nowhere, "http://%s/elsewhere", mr_sandbox_server_address(p->server[1]));
    subscribe(p, nowhere);
    assert_int_equal(ask_status(p, "PUT", "/MedicationStatement/m1", STATEMENT("m1", "active"), NULL), 201);
    assert_int_equal(ask_status(p, "PUT", "/MedicationStatement/m2", STATEMENT("m2", "active"), NULL), 201);
    assert_int_equal(ask_status(p, "PUT", "/MedicationStatement/m3", STATEMENT("m3", "active"), NULL), 201);
    assert_int_equal(mr_sandbox_server_busy(p->server[0]), 3);
}

static void test_a_taken_port_is_said(void **state) {
    place *p = *state;
    mr_sandbox_server *third;
    mr_error err;
    assert_int_equal(mr_sandbox_server_start(&p->loop, p->sandbox[0], mr_sandbox_server_address(p->server[1]),
                                             p->transport, &p->clock.base, &third, &err),
                     MR_IO);
    assert_non_null(strstr(err.text, mr_sandbox_server_address(p->server[1])));
    assert_int_equal(
        mr_sandbox_server_start(&p->loop, p->sandbox[0], "nowhere", p->transport, &p->clock.base, &third, &err),
        MR_INVALID);
}

/* --- the command --- */

typedef struct run_of {
    int code;
    char out[4000], err[4000];
} run_of;

static void drain(int fd, char *out, size_t size) {
    size_t used = 0;
    ssize_t n;
    while (used + 1 < size && (n = read(fd, out + used, size - 1 - used)) > 0) used += (size_t)n;
    out[used] = '\0';
    close(fd);
}

/* Runs the command in a child; with `number` > 0 it is sent that signal once it has said where it listens. */
static run_of run_command(int number, const char *a, const char *b, const char *c, const char *d) {
    run_of r = {0};
    int out[2], err[2];
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    pid_t child = fork();
    if (child == 0) {
        const char *argv[] = {"sandbox", a, b, c, d, NULL};
        int argc = 1;
        while (argv[argc] != NULL) argc++;
        dup2(out[1], 1);
        dup2(err[1], 2);
        close(out[0]);
        close(err[0]);
        close(out[1]);
        close(err[1]);
        int code = mr_sandbox_main(argc, (char **)(uintptr_t)argv);
        fflush(stdout);
        _exit(code);
    }
    close(out[1]);
    close(err[1]);
    if (number > 0) {
        size_t used = 0;
        while (used + 1 < sizeof r.out && read(out[0], r.out + used, 1) == 1 && r.out[used] != '\n') used++;
        assert_true(used > 0);
        kill(child, number);
    }
    char rest[4000];
    drain(out[0], number > 0 ? rest : r.out, sizeof rest);
    drain(err[0], r.err, sizeof r.err);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    r.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return r;
}

static void write_file(const char *folder, const char *name, const char *text) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_usage(void **state) {
    (void)state;
    run_of r = run_command(0, "--help", NULL, NULL, NULL);
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "Usage: medreview sandbox"));
    r = run_command(0, "--port", "1", NULL, NULL);
    assert_int_equal(r.code, 2);
    assert_non_null(strstr(r.err, "--port"));
    assert_string_equal(r.out, "");
    assert_int_equal(run_command(0, "--listen", NULL, NULL, NULL).code, 2);
    assert_int_equal(run_command(0, "--listen", "nowhere", NULL, NULL).code, 2);
    assert_int_equal(run_command(0, "stray", NULL, NULL, NULL).code, 2);
    assert_int_equal(run_command(0, "--load", "/nonexistent-folder", NULL, NULL).code, 3);
}

static void test_runs_until_a_signal(void **state) {
    (void)state;
    char folder[] = "/tmp/mr-sandbox-XXXXXX", path[300];
    assert_non_null(mkdtemp(folder));
    write_file(folder, "a.ndjson",
               "{\"resourceType\":\"Patient\",\"id\":\"a\"}\r\n\n{\"resourceType\":\"Patient\",\"id\":\"b\"}");
    write_file(folder, "b.json",
               "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{\"resourceType\":"
               "\"Patient\"}}]}");
    write_file(folder, "notes.txt", "not looked at");
    run_of r = run_command(SIGTERM, "--listen", "127.0.0.1:0", "--load", folder);
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "http://127.0.0.1:"));
    assert_non_null(strstr(r.err, "3 resources loaded, 0 refused"));
    write_file(folder, "c.ndjson", "\n{\"resourceType\":\"Task\",\"id\":\"t\"}\n");
    r = run_command(SIGINT, "--listen", "127.0.0.1:0", "--load", folder);
    assert_int_equal(r.code, 1);
    assert_non_null(strstr(r.err, "c.ndjson:2: entry 0: Task.intent is required and missing"));
    static const char *const files[] = {"a.ndjson", "b.json", "c.ndjson", "notes.txt"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

int main(void) {
#define WITH_SERVERS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SERVERS(test_requests_reach_the_function),
        WITH_SERVERS(test_next_links_work_as_given),
        WITH_SERVERS(test_deliveries_arrive),
        WITH_SERVERS(test_what_was_loaded_can_be_delivered),
        WITH_SERVERS(test_a_delivery_is_given_up_after_a_minute),
        WITH_SERVERS(test_an_impossible_endpoint_is_given_up_at_once),
        WITH_SERVERS(test_stop_with_deliveries_waiting),
        WITH_SERVERS(test_a_taken_port_is_said),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_runs_until_a_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
