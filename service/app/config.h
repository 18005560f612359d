/* The configuration: one table of keys, from which the parser, the environment's names and docs/configuration.md come.
 *
 * A value comes from the environment, else the file, else the table. An unknown key or a bad value is refused with the
 * key's name and what was expected. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "medreview/base/arena.h"
#include "medreview/base/buf.h"
#include "medreview/base/date.h"

typedef enum mr_key_kind {
    MR_KEY_TEXT,
    MR_KEY_SECRET, /* also as NAME_FILE in the environment; never printed */
    MR_KEY_INT,
    MR_KEY_BOOL,
    MR_KEY_CHOICE, /* words in `expect`, split by | */
    MR_KEY_LIST    /* of texts */
} mr_key_kind;

/* name, key, kind, default, least, most (INT only), per source, what is expected, what it is for */
#define MR_CONFIG_KEYS(X)                                                                                              \
    X(LISTEN, "listen", TEXT, "127.0.0.1:8080", 0, 0, false, "ADDRESS:PORT; port 0 takes a free one",                  \
      "where the service listens")                                                                                     \
    X(STORE, "store", TEXT, "sqlite:medreview.db", 0, 0, false,                                                        \
      "sqlite:PATH or memory:", "the durable queue (docs/store.md)")                                                   \
    X(TIMEZONE, "timezone", TEXT, "Europe/London", 0, 0, false, "a name of the time zone database",                    \
      "today is today there")                                                                                          \
    X(CLOCK_AS_OF, "clock.as_of", TEXT, "", 0, 0, false, "YYYY-MM-DD, or empty for today",                             \
      "pins the as-of date, for tests and demonstrations; logs, /readyz and every Task then say so")                   \
    X(FHIR_BASE_URL, "fhir.base_url", TEXT, "", 0, 0, true, "https://HOST/PATH without a slash at the end",            \
      "the FHIR R4 server")                                                                                            \
    X(FHIR_ALLOW_HTTP, "fhir.allow_http", BOOL, "false", 0, 0, true, "true or false",                                  \
      "allows http:// for the FHIR server")                                                                            \
    X(FHIR_AUTH_TYPE, "fhir.auth.type", CHOICE, "none", 0, 0, true, "none|bearer",                                     \
      "how the service proves itself to the FHIR server")                                                              \
    X(FHIR_AUTH_TOKEN, "fhir.auth.token", SECRET, "", 0, 0, true, "the token",                                         \
      "the bearer token, with fhir.auth.type bearer")                                                                  \
    X(FHIR_CONCURRENCY, "fhir.concurrency", INT, "16", 1, 256, false, "1 to 256", "reviews under way at once")         \
    X(FHIR_TIMEOUT_MS, "fhir.timeout_ms", INT, "30000", 100, 80000, false, "100 to 80000",                             \
      "one request to the FHIR server")                                                                                \
    X(FHIR_MAX_BODY_BYTES, "fhir.max_body_bytes", INT, "33554432", 65536, 1073741824, false, "65536 to 1073741824",    \
      "one answer of the FHIR server; a larger one parks the patient")                                                 \
    X(FHIR_MAX_PAGES, "fhir.max_pages", INT, "200", 1, 10000, false, "1 to 10000",                                     \
      "pages of one search; beyond it the review is incomplete")                                                       \
    X(FHIR_CA_FILE, "fhir.ca_file", TEXT, "", 0, 0, false, "path of a PEM file, or empty",                             \
      "certificate authorities beside the system's")                                                                   \
    X(NOTIFY_BEARER, "notify.bearer", SECRET, "", 0, 0, true, "a token of at least 16 characters, or empty",           \
      "what senders of notifications must show in Authorization; given to the server with the Subscription")           \
    X(NOTIFY_HMAC_SECRET, "notify.hmac_secret", SECRET, "", 0, 0, true,                                                \
      "a secret of at least 16 characters, or empty", "key of the X-Signature header (hex HMAC-SHA256 of the body)")   \
    X(API_BEARER, "api.bearer", SECRET, "", 0, 0, false, "a token of at least 16 characters, or empty",                \
      "what callers of /api, /fhir and the pages must show in Authorization; needed off loopback")                     \
    X(SITE_ID, "site.id", TEXT, "medreview", 0, 0, false, "1 to 40 of a-z 0-9 -",                                      \
      "names the deployment in Device and meta.source")                                                                \
    X(SITE_BASE_URI, "site.base_uri", TEXT, "https://medreview.example.org", 0, 0, false,                              \
      "an absolute URI you own, no slash at the end",                                                                  \
      "root of our identifier and code systems; must be your own off loopback")                                        \
    X(SITE_KEY, "site.key", SECRET, "", 0, 0, false, "at least 16 characters",                                         \
      "keys the finding ids and pseudonyms; required by serve; losing it makes every finding a new one")               \
    X(KNOWLEDGE_DIR, "knowledge.dir", TEXT, "", 0, 0, false, "a directory, or empty",                                  \
      "extends or replaces the shipped packs")                                                                         \
    X(TERMINOLOGY_INDEX, "terminology.index", TEXT, "", 0, 0, false, "a file, or empty",                               \
      "index of `medreview terminology import`; empty: the shipped table alone (docs/reload.md)")                      \
    X(TERMINOLOGY_CODES, "terminology.codes", TEXT, "", 0, 0, false, "a directory, or empty",                          \
      "code sets of conditions and results, one CSV a concept, beside the shipped ones")                               \
    X(REREVIEW_PER_MINUTE, "rereview.per_minute", INT, "60", 1, 60000, false, "1 to 60000",                            \
      "patients reviewed again after an update of terminology or knowledge")                                           \
    X(KNOWLEDGE_INCLUDE_DRAFT, "knowledge.include_draft", BOOL, "false", 0, 0, false, "true or false",                 \
      "runs draft rules too")                                                                                          \
    X(KNOWLEDGE_DISABLED, "knowledge.disabled", LIST, "[]", 0, 0, false, "a list of rule ids",                         \
      "rules that do not run; their open issues are cancelled")                                                        \
    X(KNOWLEDGE_WITHDRAWN, "knowledge.withdrawn", LIST, "[]", 0, 0, false, "a list of rule ids",                       \
      "rules that were wrong; their open issues go to entered-in-error")                                               \
    X(WRITE_MODE, "write.mode", CHOICE, "on", 0, 0, false, "on|shadow",                                                \
      "shadow reviews and writes nothing to the FHIR server")                                                          \
    X(TASK_INTENT, "task.intent", CHOICE, "proposal", 0, 0, false, "proposal|order", "Task.intent")                    \
    X(SUPPRESS_DAYS, "suppress.days", INT, "180", 1, 3650, false, "1 to 3650",                                         \
      "how long no-action-appropriate keeps a finding quiet")                                                          \
    X(DEBOUNCE_QUIET_MS, "debounce.quiet_ms", INT, "2000", 0, 600000, false, "0 to 600000",                            \
      "quiet time before a patient is reviewed")                                                                       \
    X(DEBOUNCE_MAX_MS, "debounce.max_ms", INT, "30000", 0, 3600000, false, "0 to 3600000",                             \
      "longest wait from the first notice")                                                                            \
    X(POLL_INTERVAL_S, "poll.interval_s", INT, "900", 0, 86400, true, "0 to 86400; 0 polls at start only",             \
      "catch-up polling")                                                                                              \
    X(SUBSCRIPTION_MANAGE, "subscription.manage", BOOL, "true", 0, 0, true, "true or false",                           \
      "registers and watches our Subscriptions")                                                                       \
    X(SUBSCRIPTION_ENDPOINT, "subscription.endpoint", TEXT, "", 0, 0, true,                                            \
      "a URL of ours that the server can reach, or empty",                                                             \
      "where rest-hooks are sent; empty: no Subscription is registered")                                               \
    X(SUBSCRIPTION_TYPES, "subscription.types", LIST,                                                                  \
      "[\"MedicationStatement\",\"MedicationRequest\",\"Condition\",\"Observation\",\"AllergyIntolerance\","           \
      "\"Patient\",\"Task\"]",                                                                                         \
      0, 0, true, "a list of resource types", "what is subscribed to and polled")                                      \
    X(REVIEW_MAX_BYTES, "review.max_bytes", INT, "268435456", 1048576, 4294967296, false, "1048576 to 4294967296",     \
      "memory of one review; a record that needs more is parked")                                                      \
    X(INTAKE_MAX_WAITING, "intake.max_waiting", INT, "20000", 1, 10000000, false, "1 to 10000000",                     \
      "notices not yet stored; beyond it senders get 503 with Retry-After")                                            \
    X(DRAIN_MS, "drain_ms", INT, "10000", 0, 600000, false, "0 to 600000",                                             \
      "how long SIGTERM lets reviews finish before they are handed back")                                              \
    X(AUDIT_SINK, "audit.sink", CHOICE, "local", 0, 0, false, "local", "where what happened is recorded")              \
    X(LOG_LEVEL, "log.level", CHOICE, "info", 0, 0, false, "debug|info|warn|error", "least level that is logged")

typedef enum mr_config_key {
#define X(name, key, kind, def, least, most, per_source, expect, help) MR_K_##name,
    MR_CONFIG_KEYS(X)
#undef X
        MR_K_COUNT
} mr_config_key;

typedef struct mr_config_value {
    const char *text;        /* LIST: NULL */
    int64_t i;               /* INT, BOOL */
    const char *const *list; /* LIST: NULL-ended */
    size_t n_list;
    const char *from; /* "file", "environment", "default": for messages */
} mr_config_value;

typedef struct mr_config_source {
    const char *id;                    /* "default" for the keys at the top */
    mr_config_value value[MR_K_COUNT]; /* per-source keys; others as at the top */
} mr_config_source;

typedef struct mr_config {
    mr_arena *arena;
    mr_config_value value[MR_K_COUNT];
    mr_config_source *sources;
    size_t n_sources;
} mr_config;

/* path NULL: environment and defaults only. env: NAME=VALUE strings, NULL-ended. Checks single values only.
 *   MR_INVALID   the key's name, and what was expected;  MR_IO  the file cannot be read */
mr_rc mr_config_load(mr_config *ret, const char *path, const char *const *env, mr_error *err) MR_MUST_CHECK;
/* What `serve` needs beside: a FHIR server, a site key, authentication off loopback, a store and an address that can
 * be. Looks at the words only; what lies on the disk is looked at by mr_service_check. */
mr_rc mr_config_check_serve(const mr_config *c, mr_error *err) MR_MUST_CHECK;
/* The listener will know what it means: 127.0.0.1:8080, [::1]:0. */
bool mr_listen_good(mr_span text);
void mr_config_free(mr_config *c);

const char *mr_config_text(const mr_config *c, mr_config_key key);
int64_t mr_config_int(const mr_config *c, mr_config_key key);

/* docs/configuration.md. */
void mr_config_describe(mr_buf *out);

#endif
