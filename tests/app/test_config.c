/* Configuration: what is accepted, and what is said of the rest. Each row of the tables is one configuration, as file,
 * as environment, or both; a refusal is compared word for word, because an operator has nothing else to go by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENV_MOST = 12 };

typedef struct scene {
    char file[64], secret[64];
} scene;

static void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state) {
    scene *s = calloc(1, sizeof *s);
    if (!s) return -1;
    (void)snprintf(s->file, sizeof s->file, "/tmp/medreview-config-XXXXXX");
    (void)snprintf(s->secret, sizeof s->secret, "/tmp/medreview-secret-XXXXXX");
    int a = mkstemp(s->file), b = mkstemp(s->secret);
    if (a < 0 || b < 0) return -1;
    (void)close(a);
    (void)close(b);
    *state = s;
    return 0;
}

static int tear_down(void **state) {
    scene *s = *state;
    (void)unlink(s->file);
    (void)unlink(s->secret);
    free(s);
    return 0;
}

/* %s in a row stands for the path of the configuration file, in an environment for that of the secret. */
static mr_rc load(scene *s, const char *json, const char *const *env, mr_config *ret, mr_error *err) {
    static char text[ENV_MOST][400];
    const char *given[ENV_MOST + 1] = {NULL};
    for (size_t i = 0; i < ENV_MOST && env && env[i]; i++) {
        const char *mark = strstr(env[i], "%s");
        (void)snprintf(text[i], sizeof text[i], "%.*s%s%s", mark ? (int)(mark - env[i]) : (int)strlen(env[i]), env[i],
                       mark ? s->secret : "", mark ? mark + 2 : "");
        given[i] = text[i];
    }
    if (json) write_file(s->file, json);
    return mr_config_load(ret, json ? s->file : NULL, given, err);
}

/* --- refused values ----------------------------------------------------------------------------------------------- */

typedef struct refusal {
    const char *json; /* NULL: no file */
    const char *env;  /* NULL: none */
    const char *said; /* %s: the file's path */
} refusal;

static const refusal refusals[] = {
    /* names */
    {"{\"lisen\":\"127.0.0.1:1\"}", NULL, "lisen: there is no such key (docs/configuration.md lists them)"},
    {"{\"fhir\":{\"base\":\"x\"}}", NULL, "fhir.base: there is no such key (docs/configuration.md lists them)"},
    {"{\"fhir\":{\"auth\":{\"kind\":\"x\"}}}", NULL,
     "fhir.auth.kind: there is no such key (docs/configuration.md lists them)"},
    {"{\"id\":\"x\"}", NULL, "id: there is no such key (docs/configuration.md lists them)"},
    {NULL, "MEDREVIEW_FHIR_BASEURL=x",
     "MEDREVIEW_FHIR_BASEURL (environment): there is no such key (docs/configuration.md lists them)"},
    {NULL, "MEDREVIEW_=x", "MEDREVIEW_ (environment): there is no such key (docs/configuration.md lists them)"},
    {NULL, "MEDREVIEW_SOURCES=[]",
     "MEDREVIEW_SOURCES (environment): there is no such key (docs/configuration.md lists them)"},
    {NULL, "MEDREVIEW_LISTEN_FILE=%s", /* no secret: it has no file */
     "MEDREVIEW_LISTEN_FILE (environment): there is no such key (docs/configuration.md lists them)"},
    /* those that only look like what Kubernetes sets */
    {NULL, "MEDREVIEW_SERVICE=x",
     "MEDREVIEW_SERVICE (environment): there is no such key (docs/configuration.md lists them)"},
    {NULL, "MEDREVIEW_SERVICE_HOSTS=x",
     "MEDREVIEW_SERVICE_HOSTS (environment): there is no such key (docs/configuration.md lists them)"},
    {NULL, "MEDREVIEW_PORT_HTTP=x",
     "MEDREVIEW_PORT_HTTP (environment): there is no such key (docs/configuration.md lists them)"},
    {NULL, "MEDREVIEW_PORT_8080=x",
     "MEDREVIEW_PORT_8080 (environment): there is no such key (docs/configuration.md lists them)"},
    {NULL, "MEDREVIEW_PORT_8080_TCPX=x",
     "MEDREVIEW_PORT_8080_TCPX (environment): there is no such key (docs/configuration.md lists them)"},
    /* kinds and bounds */
    {"{\"fhir\":{\"concurrency\":0}}", NULL, "fhir.concurrency (file): expected 1 to 256"},
    {"{\"fhir\":{\"concurrency\":257}}", NULL, "fhir.concurrency (file): expected 1 to 256"},
    {"{\"fhir\":{\"concurrency\":\"4\"}}", NULL, "fhir.concurrency (file): expected 1 to 256"},
    {"{\"fhir\":{\"concurrency\":4.0}}", NULL, "fhir.concurrency (file): expected 1 to 256"},
    {"{\"fhir\":{\"concurrency\":null}}", NULL, "fhir.concurrency (file): expected 1 to 256"},
    {NULL, "MEDREVIEW_FHIR_CONCURRENCY=", "fhir.concurrency (environment): expected 1 to 256"},
    {NULL, "MEDREVIEW_FHIR_CONCURRENCY=4 ", "fhir.concurrency (environment): expected 1 to 256"},
    {NULL, "MEDREVIEW_FHIR_CONCURRENCY=many", "fhir.concurrency (environment): expected 1 to 256"},
    {NULL, "MEDREVIEW_FHIR_CONCURRENCY=99999999999999999999", "fhir.concurrency (environment): expected 1 to 256"},
    {NULL, "MEDREVIEW_POLL_INTERVAL_S=-1", "poll.interval_s (environment): expected 0 to 86400; 0 polls at start only"},
    {"{\"fhir\":{\"allow_http\":\"true\"}}", NULL, "fhir.allow_http (file): expected true or false"},
    {NULL, "MEDREVIEW_FHIR_ALLOW_HTTP=1", "fhir.allow_http (environment): expected true or false"},
    {NULL, "MEDREVIEW_FHIR_ALLOW_HTTP=True", "fhir.allow_http (environment): expected true or false"},
    {"{\"write\":{\"mode\":\"off\"}}", NULL, "write.mode (file): expected on|shadow"},
    {NULL, "MEDREVIEW_WRITE_MODE=", "write.mode (environment): expected on|shadow"},
    {NULL, "MEDREVIEW_WRITE_MODE=on|shadow", "write.mode (environment): expected on|shadow"},
    {"{\"listen\":8080}", NULL, "listen (file): expected ADDRESS:PORT; port 0 takes a free one"},
    {"{\"listen\":{\"port\":1}}", NULL, "listen (file): expected ADDRESS:PORT; port 0 takes a free one"},
    /* lists */
    {"{\"knowledge\":{\"disabled\":\"PIN-A\"}}", NULL, "knowledge.disabled (file): expected a list of rule ids"},
    {"{\"knowledge\":{\"disabled\":[1]}}", NULL, "knowledge.disabled (file): expected a list of rule ids"},
    {NULL, "MEDREVIEW_KNOWLEDGE_DISABLED=PIN-A", "knowledge.disabled (environment): expected a list of rule ids"},
    {NULL, "MEDREVIEW_KNOWLEDGE_DISABLED=[\"PIN-A\"", "knowledge.disabled (environment): expected a list of rule ids"},
    {NULL, "MEDREVIEW_KNOWLEDGE_DISABLED={}", "knowledge.disabled (environment): expected a list of rule ids"},
    {NULL, "MEDREVIEW_KNOWLEDGE_DISABLED=", "knowledge.disabled (environment): expected a list of rule ids"},
    /* secrets: the value is never in the message */
    {"{\"api\":{\"bearer\":\"hunter2\"}}", NULL,
     "api.bearer (file): expected a token of at least 16 characters, or empty"},
    {NULL, "MEDREVIEW_SITE_KEY=hunter2", "site.key (environment): expected at least 16 characters"},
    {NULL, "MEDREVIEW_SITE_KEY_FILE=/nowhere/at/all", "site.key (environment): the file it names cannot be read"},
    {NULL, "MEDREVIEW_SITE_KEY_FILE=", "site.key (environment): the file it names cannot be read"},
    /* the file itself */
    {"[]", NULL, "%s:1: expected one JSON object"},
    {"{\n\"listen\": 1,\n}", NULL, "%s:3: string or '}' expected near '}'"},
    {"{\"listen\":\"a\",\"listen\":\"b\"}", NULL, "%s:1: duplicate object key near '\"listen\"'"},
    /* several servers */
    {"{\"sources\":{}}", NULL, "sources (file): expected a list of objects, each with an id and the keys of a source"},
    {"{\"sources\":[]}", NULL, "sources (file): expected a list of objects, each with an id and the keys of a source"},
    {"{\"sources\":[{}]}", NULL, "sources[0].id (file): expected 1 to 32 of a-z 0-9 -, a letter first"},
    {"{\"sources\":[{\"id\":\"GP\"}]}", NULL, "sources[0].id (file): expected 1 to 32 of a-z 0-9 -, a letter first"},
    {"{\"sources\":[{\"id\":\"a\"},{\"id\":\"1a\"}]}", NULL,
     "sources[1].id (file): expected 1 to 32 of a-z 0-9 -, a letter first"},
    {"{\"sources\":[{\"id\":\"abcdefghijklmnopqrstuvwxyz0123456\"}]}", NULL,
     "sources[0].id (file): expected 1 to 32 of a-z 0-9 -, a letter first"},
    {"{\"sources\":[{\"id\":\"a\"},{\"id\":\"a\"}]}", NULL, "sources[1].id (file): \"a\" stands twice"},
    {"{\"sources\":[{\"id\":\"a\",\"site\":{\"key\":\"0123456789abcdef\"}}]}", NULL,
     "sources[0]: site.key: this key belongs at the top of the file, not in sources[]"},
    {"{\"sources\":[{\"id\":\"a\",\"fhir\":{\"alow_http\":true}}]}", NULL,
     "sources[0]: fhir.alow_http: there is no such key (docs/configuration.md lists them)"},
    {"{\"sources\":[{\"id\":\"a\",\"poll\":{\"interval_s\":-1}}]}", NULL,
     "sources[0]: poll.interval_s (file): expected 0 to 86400; 0 polls at start only"},
};

static void each_refusal_names_the_key(void **state) {
    scene *s = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const refusal *r = &refusals[i];
        mr_config c = {0};
        mr_error err = {0};
        char said[400];
        const char *env[] = {r->env, NULL};
        const char *mark = strstr(r->said, "%s");
        (void)snprintf(said, sizeof said, "%s%s", mark ? s->file : "", mark ? mark + 2 : r->said);
        mr_rc rc = load(s, r->json, env, &c, &err);
        if (rc != MR_INVALID) print_error("row %zu: %s%s\n", i, r->json ? r->json : "", r->env ? r->env : "");
        assert_int_equal(rc, MR_INVALID);
        assert_string_equal(err.text, said);
        assert_null(c.arena); /* untouched */
    }
}

static void a_file_that_is_not_there(void **state) {
    (void)state;
    mr_config c;
    mr_error err;
    assert_int_equal(mr_config_load(&c, "/nowhere/medreview.json", NULL, &err), MR_IO);
    assert_string_equal(err.text, "/nowhere/medreview.json: cannot be read");
}

/* --- accepted ------------------------------------------------------------------------------------------------------
 */

static void defaults(void **state) {
    scene *s = *state;
    mr_config c;
    mr_error err;
    assert_int_equal(load(s, NULL, NULL, &c, &err), MR_OK);
    assert_string_equal(mr_config_text(&c, MR_K_LISTEN), "127.0.0.1:8080");
    assert_string_equal(mr_config_text(&c, MR_K_STORE), "sqlite:medreview.db");
    assert_string_equal(mr_config_text(&c, MR_K_TIMEZONE), "Europe/London");
    assert_string_equal(mr_config_text(&c, MR_K_WRITE_MODE), "on");
    assert_string_equal(mr_config_text(&c, MR_K_TASK_INTENT), "proposal");
    assert_int_equal(mr_config_int(&c, MR_K_FHIR_CONCURRENCY), 16);
    assert_int_equal(mr_config_int(&c, MR_K_FHIR_ALLOW_HTTP), 0);
    assert_int_equal(mr_config_int(&c, MR_K_DEBOUNCE_QUIET_MS), 2000);
    assert_int_equal(mr_config_int(&c, MR_K_DEBOUNCE_MAX_MS), 30000);
    assert_int_equal(mr_config_int(&c, MR_K_POLL_INTERVAL_S), 900);
    assert_int_equal(mr_config_int(&c, MR_K_SUBSCRIPTION_MANAGE), 1);
    assert_int_equal(c.value[MR_K_KNOWLEDGE_DISABLED].n_list, 0);
    assert_null(c.value[MR_K_SUBSCRIPTION_TYPES].list[c.value[MR_K_SUBSCRIPTION_TYPES].n_list]);
    assert_string_equal(c.value[MR_K_SUBSCRIPTION_TYPES].list[0], "MedicationStatement");
    assert_string_equal(c.value[MR_K_LISTEN].from, "default");
    assert_int_equal(c.n_sources, 1);
    assert_string_equal(c.sources[0].id, "default");
    mr_config_free(&c);
}

static void environment_over_file_over_default(void **state) {
    scene *s = *state;
    mr_config c;
    mr_error err;
    const char *env[] = {"PATH=/bin",
                         "MEDREVIEW_DEBOUNCE_QUIET_MS=7",
                         "MEDREVIEW_SITE_ID=of-environment",
                         "XMEDREVIEW_SITE_ID=not-ours",
                         "MEDREVIEW_KNOWLEDGE_DISABLED=[\"PIN-B\"]",
                         NULL};
    assert_int_equal(load(s,
                          "{\"debounce\":{\"quiet_ms\":5,\"max_ms\":6},\"site\":{\"id\":\"of-file\"},"
                          "\"knowledge\":{\"disabled\":[\"PIN-A\",\"PIN-C\"]}}",
                          env, &c, &err),
                     MR_OK);
    assert_int_equal(mr_config_int(&c, MR_K_DEBOUNCE_QUIET_MS), 7);
    assert_int_equal(mr_config_int(&c, MR_K_DEBOUNCE_MAX_MS), 6);
    assert_string_equal(mr_config_text(&c, MR_K_SITE_ID), "of-environment");
    assert_string_equal(c.value[MR_K_SITE_ID].from, "environment");
    assert_string_equal(c.value[MR_K_DEBOUNCE_MAX_MS].from, "file");
    assert_string_equal(c.value[MR_K_TIMEZONE].from, "default");
    assert_int_equal(c.value[MR_K_KNOWLEDGE_DISABLED].n_list, 1);
    assert_string_equal(c.value[MR_K_KNOWLEDGE_DISABLED].list[0], "PIN-B");
    mr_config_free(&c);
}

static void nested_and_dotted_names_are_the_same(void **state) {
    scene *s = *state;
    static const char *const forms[] = {
        "{\"fhir\":{\"auth\":{\"type\":\"bearer\",\"token\":\"t\"}}}",
        "{\"fhir\":{\"auth.type\":\"bearer\",\"auth.token\":\"t\"}}",
        "{\"fhir.auth\":{\"type\":\"bearer\",\"token\":\"t\"}}",
        "{\"fhir.auth.type\":\"bearer\",\"fhir.auth.token\":\"t\"}",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        mr_config c;
        mr_error err;
        assert_int_equal(load(s, forms[i], NULL, &c, &err), MR_OK);
        assert_string_equal(mr_config_text(&c, MR_K_FHIR_AUTH_TYPE), "bearer");
        assert_string_equal(mr_config_text(&c, MR_K_FHIR_AUTH_TOKEN), "t");
        mr_config_free(&c);
    }
}

static void secrets_from_files(void **state) {
    scene *s = *state;
    mr_config c;
    mr_error err;
    const char *env[] = {"MEDREVIEW_SITE_KEY_FILE=%s", "MEDREVIEW_API_BEARER_FILE=%s", NULL};
    write_file(s->secret, "sixteen characters at least\r\n"); /* as an editor or a secret store leaves it */
    assert_int_equal(load(s, "{\"site\":{\"key\":\"in the file, and overruled\"}}", env, &c, &err), MR_OK);
    assert_string_equal(mr_config_text(&c, MR_K_SITE_KEY), "sixteen characters at least");
    assert_string_equal(mr_config_text(&c, MR_K_API_BEARER), "sixteen characters at least");
    mr_config_free(&c);
    write_file(s->secret, "too short\n");
    assert_int_equal(load(s, NULL, env, &c, &err), MR_INVALID);
    assert_string_equal(err.text, "site.key (environment): expected at least 16 characters");
}

static void sources_take_from_the_top_what_they_do_not_say(void **state) {
    scene *s = *state;
    mr_config c;
    mr_error err;
    const char *env[] = {"MEDREVIEW_NOTIFY_BEARER=of the environment!", NULL};
    assert_int_equal(
        load(s,
             "{\"poll\":{\"interval_s\":60},\"fhir\":{\"base_url\":\"https://a.example/fhir\"},\"sources\":["
             "{\"id\":\"north\",\"poll\":{\"interval_s\":30}},"
             "{\"id\":\"south-2\",\"fhir\":{\"base_url\":\"https://b.example/"
             "fhir\"},\"subscription.types\":[\"Task\"]}]}",
             env, &c, &err),
        MR_OK);
    assert_int_equal(c.n_sources, 2);
    const mr_config_value *north = c.sources[0].value, *south = c.sources[1].value;
    assert_string_equal(c.sources[0].id, "north");
    assert_string_equal(c.sources[1].id, "south-2");
    assert_int_equal(north[MR_K_POLL_INTERVAL_S].i, 30);
    assert_int_equal(south[MR_K_POLL_INTERVAL_S].i, 60);
    assert_string_equal(north[MR_K_FHIR_BASE_URL].text, "https://a.example/fhir");
    assert_string_equal(south[MR_K_FHIR_BASE_URL].text, "https://b.example/fhir");
    assert_string_equal(north[MR_K_NOTIFY_BEARER].text, "of the environment!");
    assert_int_equal(south[MR_K_SUBSCRIPTION_TYPES].n_list, 1);
    mr_config_free(&c);
}

/* A Service called medreview: what Kubernetes then puts into the environment of every pod. */
static void what_kubernetes_says_is_passed_over(void **state) {
    scene *s = *state;
    mr_config c;
    mr_error err;
    const char *env[] = {"MEDREVIEW_SERVICE_HOST=10.0.0.11",
                         "MEDREVIEW_SERVICE_PORT=8080",
                         "MEDREVIEW_SERVICE_PORT_HTTP=8080",
                         "MEDREVIEW_PORT=tcp://10.0.0.11:8080",
                         "MEDREVIEW_PORT_8080_TCP=tcp://10.0.0.11:8080",
                         "MEDREVIEW_PORT_8080_TCP_PROTO=tcp",
                         "MEDREVIEW_PORT_8080_TCP_PORT=8080",
                         "MEDREVIEW_PORT_8080_TCP_ADDR=10.0.0.11",
                         "MEDREVIEW_PORT_53_UDP=udp://10.0.0.11:53",
                         NULL};
    assert_int_equal(load(s, NULL, env, &c, &err), MR_OK);
    assert_string_equal(mr_config_text(&c, MR_K_LISTEN), "127.0.0.1:8080");
    mr_config_free(&c);
}

static void a_name_longer_than_any_key(void **state) {
    scene *s = *state;
    mr_config c;
    mr_error err;
    char json[1200];
    char name[1001];
    memset(name, 'x', 1000);
    name[1000] = 0;
    (void)snprintf(json, sizeof json, "{\"fhir\":{\"%s\":1}}", name);
    assert_int_equal(load(s, json, NULL, &c, &err), MR_INVALID);
    assert_non_null(strstr(err.text, "fhir.xxxx"));
}

/* --- what serve needs ----------------------------------------------------------------------------------------------
 */

#define KEY "MEDREVIEW_SITE_KEY=0123456789abcdef"
#define LOCAL "MEDREVIEW_FHIR_BASE_URL=http://127.0.0.1:8090/fhir", "MEDREVIEW_FHIR_ALLOW_HTTP=true", KEY
#define FAR "MEDREVIEW_FHIR_BASE_URL=https://fhir.example.nhs.uk/r4", KEY
#define TOKEN "MEDREVIEW_FHIR_AUTH_TYPE=bearer", "MEDREVIEW_FHIR_AUTH_TOKEN=t"
#define OWN "MEDREVIEW_SITE_BASE_URI=https://medreview.practice.nhs.uk"
#define LISTEN_SAID                                                                                                    \
    "listen (environment): expected ADDRESS:PORT, a numeric address and a port up to 65535, as in 127.0.0.1:8080, "    \
    "[::1]:8080 or 0.0.0.0:8080"
#define OPEN "MEDREVIEW_LISTEN=0.0.0.0:8080"
#define API "MEDREVIEW_API_BEARER=0123456789abcdef"
#define NOTIFY "MEDREVIEW_NOTIFY_BEARER=0123456789abcdef"

typedef struct serving {
    const char *env[ENV_MOST];
    const char *json, *said; /* said NULL: accepted */
} serving;

static const serving servings[] = {
    {{LOCAL}, NULL, NULL},
    {{"MEDREVIEW_FHIR_BASE_URL=http://localhost/fhir", "MEDREVIEW_FHIR_ALLOW_HTTP=true", KEY}, NULL, NULL},
    {{"MEDREVIEW_FHIR_BASE_URL=http://[::1]:80/fhir", "MEDREVIEW_FHIR_ALLOW_HTTP=true", KEY}, NULL, NULL},
    {{FAR, TOKEN, OWN}, NULL, NULL},
    {{FAR, TOKEN, OWN, OPEN, API, NOTIFY}, NULL, NULL},
    {{LOCAL, OWN, OPEN, API, "MEDREVIEW_NOTIFY_HMAC_SECRET=0123456789abcdef"}, NULL, NULL},
    {{LOCAL, "MEDREVIEW_LISTEN=[::1]:0"}, NULL, NULL},
    {{LOCAL, "MEDREVIEW_CLOCK_AS_OF=2024-02-29"}, NULL, NULL},
    {{LOCAL, "MEDREVIEW_DEBOUNCE_QUIET_MS=5", "MEDREVIEW_DEBOUNCE_MAX_MS=5"}, NULL, NULL},
    {{LOCAL, "MEDREVIEW_LISTEN=127.0.0.1:65535", "MEDREVIEW_STORE=memory:"}, NULL, NULL},
    {{LOCAL, "MEDREVIEW_STORE=sqlite:/nowhere/at/all.db"}, NULL, NULL}, /* not looked at before it is opened */
    /* what is missing */
    {{KEY}, NULL, "fhir.base_url: required; the address of the FHIR R4 server"},
    {{"MEDREVIEW_FHIR_BASE_URL=https://x/fhir"}, NULL, "site.key: required; expected at least 16 characters"},
    /* forms */
    {{LOCAL, "MEDREVIEW_SITE_ID="}, NULL, "site.id (environment): expected 1 to 40 of a-z 0-9 -"},
    {{LOCAL, "MEDREVIEW_SITE_ID=Practice"}, NULL, "site.id (environment): expected 1 to 40 of a-z 0-9 -"},
    {{LOCAL, "MEDREVIEW_SITE_ID=abcdefghijklmnopqrstuvwxyz012345678901234"},
     NULL,
     "site.id (environment): expected 1 to 40 of a-z 0-9 -"},
    {{LOCAL, "MEDREVIEW_SITE_BASE_URI=medreview.nhs.uk"},
     NULL,
     "site.base_uri (environment): expected an absolute URI you own, no slash at the end"},
    {{LOCAL, "MEDREVIEW_SITE_BASE_URI=https://medreview.nhs.uk/"},
     NULL,
     "site.base_uri (environment): expected an absolute URI you own, no slash at the end"},
    {{LOCAL, "MEDREVIEW_CLOCK_AS_OF=2026-02-29"},
     NULL,
     "clock.as_of (environment): expected YYYY-MM-DD, or empty for today"},
    {{LOCAL, "MEDREVIEW_CLOCK_AS_OF=yesterday"},
     NULL,
     "clock.as_of (environment): expected YYYY-MM-DD, or empty for today"},
    {{LOCAL, "MEDREVIEW_DEBOUNCE_QUIET_MS=6", "MEDREVIEW_DEBOUNCE_MAX_MS=5"},
     NULL,
     "debounce.max_ms: must not be less than debounce.quiet_ms"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=fhir.nhs.uk"},
     NULL,
     "fhir.base_url (environment): expected https://HOST/PATH without a slash at the end"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=https://fhir.nhs.uk/r4/"},
     NULL,
     "fhir.base_url (environment): expected https://HOST/PATH without a slash at the end"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=https://us:pw@fhir.nhs.uk/r4"},
     NULL,
     "fhir.base_url (environment): expected https://HOST/PATH without a slash at the end"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=https://fhir.nhs.uk/r4?x=1"},
     NULL,
     "fhir.base_url (environment): expected https://HOST/PATH without a slash at the end"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=https://fhir.nhs.uk/r4#x"},
     NULL,
     "fhir.base_url (environment): expected https://HOST/PATH without a slash at the end"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=https://fhir.nhs.uk/r4\r\nX: y"},
     NULL,
     "fhir.base_url (environment): expected https://HOST/PATH without a slash at the end"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=https://fhir.nhs.uk/r 4"},
     NULL,
     "fhir.base_url (environment): expected https://HOST/PATH without a slash at the end"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=https:///r4"},
     NULL,
     "fhir.base_url (environment): expected https://HOST/PATH without a slash at the end"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=http://127.0.0.1/fhir"},
     NULL,
     "fhir.base_url: http:// needs fhir.allow_http true; patient data would travel in the clear"},
    {{LOCAL, "MEDREVIEW_FHIR_AUTH_TYPE=bearer"},
     NULL,
     "fhir.auth.token: goes with fhir.auth.type bearer, and only with it"},
    {{LOCAL, "MEDREVIEW_FHIR_AUTH_TOKEN=t"},
     NULL,
     "fhir.auth.token: goes with fhir.auth.type bearer, and only with it"},
    {{LOCAL, "MEDREVIEW_FHIR_AUTH_TYPE=bearer", "MEDREVIEW_FHIR_AUTH_TOKEN=t\r\nX-Other: 1"},
     NULL,
     "fhir.auth.token: holds a space or a control byte, which no token has"},
    /* where we listen: numbers, and said before the authentication that another address would need */
    {{LOCAL, "MEDREVIEW_LISTEN="}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=8080"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=:8080"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=127.0.0.1"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=127.0.0.1:"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=127.0.0.1:65536"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=127.0.0.1:-1"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=127.0.0.1:http"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=127.0.0.256:8080"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=localhost:8080"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=http://127.0.0.1:8080"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=::1:8080"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=[::1]"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=[]:8080"}, NULL, LISTEN_SAID},
    {{LOCAL, "MEDREVIEW_LISTEN=[127.0.0.1]:8080"}, NULL, LISTEN_SAID},
    /* which store */
    {{LOCAL, "MEDREVIEW_STORE=postgresql://u:pw@db/medreview"},
     NULL,
     "store: postgresql:// comes with a later release; this one has sqlite:PATH (one process)"},
    {{LOCAL, "MEDREVIEW_STORE=medreview.db"},
     NULL,
     "store: expected sqlite:PATH, memory: or (in a later release) postgresql://"},
    {{LOCAL, "MEDREVIEW_STORE=sqlite:"}, NULL, "store: sqlite: needs a path, as in sqlite:medreview.db"},
    /* off loopback */
    {{FAR, OWN}, NULL, "fhir.auth.type: a FHIR server off loopback needs authentication (bearer)"},
    {{FAR, TOKEN}, NULL, "site.base_uri: off loopback it must be a URI of your own, not under example.org"},
    {{FAR, TOKEN, "MEDREVIEW_SITE_BASE_URI=https://example.org/x"},
     NULL,
     "site.base_uri: off loopback it must be a URI of your own, not under example.org"},
    {{LOCAL, OPEN, API, NOTIFY},
     NULL,
     "site.base_uri: off loopback it must be a URI of your own, not under example.org"},
    {{LOCAL, OPEN, OWN, NOTIFY}, NULL, "api.bearer: required for a listener off loopback"},
    {{LOCAL, OPEN, OWN, API},
     NULL,
     "notify.bearer: a listener off loopback needs notify.bearer or notify.hmac_secret (source default)"},
    {{LOCAL, "MEDREVIEW_LISTEN=[::]:8080", OWN, API},
     NULL,
     "notify.bearer: a listener off loopback needs notify.bearer or notify.hmac_secret (source default)"},
    /* a name that only begins like loopback is somebody else's */
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=https://127.0.0.1.evil.example/fhir"},
     NULL,
     "fhir.auth.type: a FHIR server off loopback needs authentication (bearer)"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=https://localhost.evil.example/fhir"},
     NULL,
     "fhir.auth.type: a FHIR server off loopback needs authentication (bearer)"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=https://localhost@evil.example/fhir"},
     NULL,
     "fhir.base_url (environment): expected https://HOST/PATH without a slash at the end"},
    {{KEY, "MEDREVIEW_FHIR_BASE_URL=https://127.0.0.1:x@evil.example/fhir"},
     NULL,
     "fhir.base_url (environment): expected https://HOST/PATH without a slash at the end"},
    /* several servers: each is looked at */
    {{KEY},
     "{\"sources\":[{\"id\":\"a\",\"fhir\":{\"base_url\":\"http://127.0.0.1/a\",\"allow_http\":true}},"
     "{\"id\":\"b\",\"fhir\":{\"base_url\":\"http://127.0.0.1/b\",\"allow_http\":true}}]}",
     NULL},
    {{KEY},
     "{\"sources\":[{\"id\":\"a\",\"fhir\":{\"base_url\":\"http://127.0.0.1/a\",\"allow_http\":true}},{\"id\":\"b\"}]}",
     "source b: fhir.base_url: required; the address of the FHIR R4 server"},
    {{KEY, OPEN, OWN, API},
     "{\"sources\":[{\"id\":\"a\",\"fhir\":{\"base_url\":\"http://127.0.0.1/a\",\"allow_http\":true},"
     "\"notify\":{\"bearer\":\"0123456789abcdef\"}},"
     "{\"id\":\"b\",\"fhir\":{\"base_url\":\"http://127.0.0.1/b\",\"allow_http\":true}}]}",
     "notify.bearer: a listener off loopback needs notify.bearer or notify.hmac_secret (source b)"},
};

static void what_serve_asks_for(void **state) {
    scene *s = *state;
    for (size_t i = 0; i < sizeof servings / sizeof *servings; i++) {
        mr_config c;
        mr_error err = {0};
        assert_int_equal(load(s, servings[i].json, servings[i].env, &c, &err), MR_OK);
        mr_rc rc = mr_config_check_serve(&c, &err);
        if (rc != (servings[i].said ? MR_INVALID : MR_OK)) print_error("row %zu: %s\n", i, err.text);
        assert_int_equal(rc, servings[i].said ? MR_INVALID : MR_OK);
        if (servings[i].said) assert_string_equal(err.text, servings[i].said);
        mr_config_free(&c);
    }
}

/* --- the document --------------------------------------------------------------------------------------------------
 */

static void the_document_is_the_table(void **state) {
    (void)state;
    mr_buf told, stands;
    char block[4096];
    size_t n;
    mr_buf_init(&told, 1 << 20);
    mr_buf_init(&stands, 1 << 20);
    mr_config_describe(&told);
    FILE *f = fopen(MEDREVIEW_SOURCE_DIR "/docs/configuration.md", "r");
    assert_non_null(f);
    while ((n = fread(block, 1, sizeof block, f)) > 0) mr_buf_add(&stands, block, n);
    assert_int_equal(fclose(f), 0);
    if (strcmp(mr_buf_z(&told), mr_buf_z(&stands)) != 0)
        print_error("medreview serve --describe-config >docs/configuration.md\n");
    assert_string_equal(mr_buf_z(&told), mr_buf_z(&stands));
    mr_buf_free(&told);
    mr_buf_free(&stands);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_names_the_key),
        cmocka_unit_test(a_file_that_is_not_there),
        cmocka_unit_test(defaults),
        cmocka_unit_test(environment_over_file_over_default),
        cmocka_unit_test(nested_and_dotted_names_are_the_same),
        cmocka_unit_test(secrets_from_files),
        cmocka_unit_test(sources_take_from_the_top_what_they_do_not_say),
        cmocka_unit_test(what_kubernetes_says_is_passed_over),
        cmocka_unit_test(a_name_longer_than_any_key),
        cmocka_unit_test(what_serve_asks_for),
        cmocka_unit_test(the_document_is_the_table),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
