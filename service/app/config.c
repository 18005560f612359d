/* The table of keys, and the parser that reads it: file by jansson, environment by name. */
#include "config.h"

#include "medreview/store/open.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct key {
    const char *name;
    mr_key_kind kind;
    const char *fallback;
    int64_t least, most;
    bool per_source;
    const char *expect, *help;
} keys[MR_K_COUNT] = {
#define X(name, key, kind, def, least, most, per_source, expect, help)                                                 \
    {key, MR_KEY_##kind, def, least, most, per_source, expect, help},
    MR_CONFIG_KEYS(X)
#undef X
};

static const char *kind_name(mr_key_kind k) {
    static const char *const name[] = {"text", "secret", "integer", "true or false", "one of", "list"};
    return name[k];
}

static mr_rc bad(const struct key *k, const char *from, mr_error *err) {
    return mr_fail(err, MR_INVALID, "%s (%s): expected %s", k->name, from, k->expect);
}

static mr_rc short_of_memory(mr_error *err) {
    return mr_fail(err, MR_NOMEM, "out of memory");
}

static bool keep(mr_arena *a, const char *text, const char **ret) {
    mr_span copy;
    if (!mr_arena_dup(a, mr_span_of(text), &copy)) return false;
    *ret = copy.ptr;
    return true;
}

static bool chosen(const char *expect, const char *value) {
    mr_span word, rest = mr_span_of(expect);
    for (bool more = true; more;) {
        more = mr_span_split(rest, '|', &word, &rest);
        if (mr_span_is(word, value)) return true;
    }
    return false;
}

static mr_rc set_list(mr_arena *a, const struct key *k, const json_t *list, const char *from, mr_config_value *ret,
                      mr_error *err) {
    size_t n = json_array_size(list);
    const char **v = MR_NEW_N(a, const char *, n + 1);
    if (!v) return short_of_memory(err);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (!text) return bad(k, from, err);
        if (!keep(a, text, &v[i])) return short_of_memory(err);
    }
    *ret = (mr_config_value){.list = v, .n_list = n, .from = from};
    return MR_OK;
}

static mr_rc set_int(const struct key *k, int64_t i, const char *from, mr_config_value *ret, mr_error *err) {
    if (i < k->least || i > k->most) return bad(k, from, err);
    *ret = (mr_config_value){.i = i, .text = "", .from = from};
    return MR_OK;
}

/* A value as text: environment, default, or a JSON string. */
static mr_rc set_text(mr_arena *a, const struct key *k, const char *text, const char *from, mr_config_value *ret,
                      mr_error *err) {
    char *end;
    switch (k->kind) {
    case MR_KEY_INT: {
        long long i = strtoll(text, &end, 10);
        if (end == text || *end) return bad(k, from, err);
        return set_int(k, i, from, ret, err);
    }
    case MR_KEY_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) return bad(k, from, err);
        *ret = (mr_config_value){.i = text[0] == 't', .text = "", .from = from};
        return MR_OK;
    case MR_KEY_LIST: {
        json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        mr_rc rc = json_is_array(list) ? set_list(a, k, list, from, ret, err) : bad(k, from, err);
        json_decref(list);
        return rc;
    }
    case MR_KEY_CHOICE:
        if (!chosen(k->expect, text)) return bad(k, from, err);
        break;
    case MR_KEY_SECRET:
        if (text[0] && strlen(text) < 16 && strcmp(k->name, "fhir.auth.token") != 0) return bad(k, from, err);
        break;
    case MR_KEY_TEXT: break;
    }
    *ret = (mr_config_value){.from = from};
    return keep(a, text, &ret->text) ? MR_OK : short_of_memory(err);
}

static mr_rc set_json(mr_arena *a, const struct key *k, const json_t *v, const char *from, mr_config_value *ret,
                      mr_error *err) {
    if (k->kind == MR_KEY_LIST) return json_is_array(v) ? set_list(a, k, v, from, ret, err) : bad(k, from, err);
    if (k->kind == MR_KEY_INT)
        return json_is_integer(v) ? set_int(k, json_integer_value(v), from, ret, err) : bad(k, from, err);
    if (k->kind == MR_KEY_BOOL)
        return json_is_boolean(v) ? set_text(a, k, json_is_true(v) ? "true" : "false", from, ret, err)
                                  : bad(k, from, err);
    return json_is_string(v) ? set_text(a, k, json_string_value(v), from, ret, err) : bad(k, from, err);
}

static const struct key *find_key(const char *name) {
    for (size_t i = 0; i < MR_K_COUNT; i++)
        if (strcmp(keys[i].name, name) == 0) return &keys[i];
    return NULL;
}

/* {"fhir": {"base_url": ...}} and {"fhir.base_url": ...} are the same. */
static mr_rc read_object(mr_arena *a, const json_t *object, const char *prefix, bool of_source, mr_config_value *values,
                         mr_error *err) {
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)object, name, v) {
        char full[128];
        (void)snprintf(full, sizeof full, "%s%s%s", prefix, *prefix ? "." : "", name);
        if (strcmp(full, "sources") == 0 && !of_source) continue;
        if (strcmp(full, "id") == 0 && of_source) continue;
        const struct key *k = find_key(full);
        if (!k && json_is_object(v)) {
            mr_rc rc = read_object(a, v, full, of_source, values, err);
            if (rc != MR_OK) return rc;
            continue;
        }
        if (!k) return mr_fail(err, MR_INVALID, "%s: there is no such key (docs/configuration.md lists them)", full);
        if (of_source && !k->per_source)
            return mr_fail(err, MR_INVALID, "%s: this key belongs at the top of the file, not in sources[]", full);
        mr_rc rc = set_json(a, k, v, "file", &values[k - keys], err);
        if (rc != MR_OK) return rc;
    }
    return MR_OK;
}

static bool source_id_valid(const char *id) {
    size_t n = id ? strlen(id) : 0;
    if (n == 0 || n > 32 || id[0] < 'a' || id[0] > 'z') return false;
    return strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static mr_rc read_sources(mr_config *c, const json_t *list, mr_error *err) {
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0)
        return mr_fail(err, MR_INVALID,
                       "sources (file): expected a list of objects, each with an id and the keys of a source");
    c->sources = MR_NEW_N(c->arena, mr_config_source, n);
    if (!c->sources) return short_of_memory(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *object = json_array_get(list, i);
        const char *id = json_string_value(json_object_get(object, "id"));
        if (!source_id_valid(id))
            return mr_fail(err, MR_INVALID, "sources[%zu].id (file): expected 1 to 32 of a-z 0-9 -, a letter first", i);
        mr_config_source *s = &c->sources[c->n_sources++];
        memcpy(s->value, c->value, sizeof s->value);
        if (!keep(c->arena, id, &s->id)) return short_of_memory(err);
        for (size_t k = 0; k + 1 < c->n_sources; k++)
            if (strcmp(c->sources[k].id, s->id) == 0)
                return mr_fail(err, MR_INVALID, "sources[%zu].id (file): \"%s\" stands twice", i, s->id);
        mr_rc rc = read_object(c->arena, object, "", true, s->value, err);
        if (rc != MR_OK) return mr_wrap(err, "sources[%zu]", i);
    }
    return MR_OK;
}

static void env_name(const char *key, char out[96]) {
    size_t n = (size_t)snprintf(out, 96, "MEDREVIEW_%s", key);
    for (size_t i = 10; i < n && i < 95; i++)
        out[i] = out[i] == '.' ? '_' : out[i] >= 'a' && out[i] <= 'z' ? (char)(out[i] - 32) : out[i];
}

static mr_rc read_secret_file(mr_arena *a, const struct key *k, const char *path, mr_config_value *ret, mr_error *err) {
    char text[4096];
    FILE *f = fopen(path, "r");
    if (!f) return mr_fail(err, MR_INVALID, "%s (environment): the file it names cannot be read", k->name);
    size_t n = fread(text, 1, sizeof text - 1, f);
    (void)fclose(f); /* opened for reading: nothing to lose */
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r')) n--;
    text[n] = 0;
    return set_text(a, k, text, "environment", ret, err);
}

/* PORT_<n>_<TCP|UDP>[_*] */
static bool port_variable(mr_span name) {
    mr_span number, protocol, ignored;
    uint64_t n;
    if (!mr_span_starts(name, "PORT_")) return false;
    name = mr_span_from(name, strlen("PORT_"));
    if (!mr_span_split(name, '_', &number, &name) || !mr_span_u64(number, &n)) return false;
    (void)mr_span_split(name, '_', &protocol, &ignored);
    return mr_span_is(protocol, "TCP") || mr_span_is(protocol, "UDP");
}

/* Kubernetes tells every pod the address of a Service of our name in variables of our prefix: MEDREVIEW_SERVICE_HOST,
 * MEDREVIEW_SERVICE_PORT[_NAME], MEDREVIEW_PORT, MEDREVIEW_PORT_8080_TCP[_ADDR]. None of them is meant for us. */
static bool of_kubernetes(mr_span name) {
    mr_span rest = mr_span_from(name, strlen("MEDREVIEW_"));
    return mr_span_is(rest, "SERVICE_HOST") || mr_span_is(rest, "SERVICE_PORT") ||
           mr_span_starts(rest, "SERVICE_PORT_") || mr_span_is(rest, "PORT") || port_variable(rest);
}

/* Every other MEDREVIEW_ name must be a key: a misspelt one would otherwise be silently without effect. */
static mr_rc read_environment(mr_config *c, const char *const *env, mr_error *err) {
    for (; env && *env; env++) {
        const char *eq = strchr(*env, '=');
        if (strncmp(*env, "MEDREVIEW_", 10) != 0 || !eq) continue;
        mr_span name = {*env, (size_t)(eq - *env)};
        bool known = of_kubernetes(name);
        for (size_t i = 0; i < MR_K_COUNT && !known; i++) {
            char expect[96], file[104];
            env_name(keys[i].name, expect);
            (void)snprintf(file, sizeof file, "%s_FILE", expect);
            mr_rc rc = MR_OK;
            if (mr_span_is(name, expect)) {
                rc = set_text(c->arena, &keys[i], eq + 1, "environment", &c->value[i], err);
                known = true;
            } else if (keys[i].kind == MR_KEY_SECRET && mr_span_is(name, file)) {
                rc = read_secret_file(c->arena, &keys[i], eq + 1, &c->value[i], err);
                known = true;
            }
            if (rc != MR_OK) return rc;
        }
        if (!known)
            return mr_fail(err, MR_INVALID,
                           "%.*s (environment): there is no such key (docs/configuration.md lists them)",
                           MR_SPAN_ARG(name));
    }
    return MR_OK;
}

static mr_rc load(mr_config *c, const char *path, const char *const *env, mr_error *err) {
    json_error_t why;
    json_t *root = NULL;
    mr_rc rc = MR_OK;
    if (path) {
        FILE *f = fopen(path, "r");
        if (!f) return mr_fail(err, MR_IO, "%s: cannot be read", path);
        root = json_loadf(f, JSON_REJECT_DUPLICATES, &why);
        (void)fclose(f); /* opened for reading: nothing to lose */
        if (!json_is_object(root)) {
            json_decref(root);
            return mr_fail(err, MR_INVALID, "%s:%d: %s", path, root ? 1 : why.line,
                           root ? "expected one JSON object" : why.text);
        }
    }
    for (size_t i = 0; i < MR_K_COUNT && rc == MR_OK; i++)
        rc = set_text(c->arena, &keys[i], keys[i].fallback, "default", &c->value[i], err);
    if (rc == MR_OK && root) rc = read_object(c->arena, root, "", false, c->value, err);
    if (rc == MR_OK) rc = read_environment(c, env, err);
    if (rc == MR_OK && root && json_object_get(root, "sources")) {
        rc = read_sources(c, json_object_get(root, "sources"), err);
    } else if (rc == MR_OK) {
        c->sources = MR_NEW_N(c->arena, mr_config_source, 1);
        if (!c->sources) rc = short_of_memory(err);
        if (c->sources) {
            memcpy(c->sources[0].value, c->value, sizeof c->value);
            c->sources[0].id = "default";
            c->n_sources = 1;
        }
    }
    json_decref(root);
    return rc;
}

mr_rc mr_config_load(mr_config *ret, const char *path, const char *const *env, mr_error *err) {
    mr_config c = {.arena = mr_arena_new(4 << 20)};
    if (!c.arena) return short_of_memory(err);
    mr_rc rc = load(&c, path, env, err);
    if (rc != MR_OK) {
        mr_arena_free(c.arena);
        return rc;
    }
    *ret = c;
    return MR_OK;
}

void mr_config_free(mr_config *c) {
    mr_arena_free(c->arena);
    *c = (mr_config){0};
}

const char *mr_config_text(const mr_config *c, mr_config_key key) {
    return c->value[key].text ? c->value[key].text : "";
}

int64_t mr_config_int(const mr_config *c, mr_config_key key) {
    return c->value[key].i;
}

/* --- what serve needs -------------------------------------------------------------------------------------------- */

static size_t first_of(mr_span s, const char *ends) {
    size_t n = 0;
    while (n < s.len && !strchr(ends, s.ptr[n])) n++;
    return n;
}

/* Of an address or a URL, as whoever connects will read it: behind user and password, without the port. */
static mr_span host_of(mr_span address) {
    mr_span rest = address;
    for (size_t i = 0; i + 3 <= address.len; i++)
        if (memcmp(address.ptr + i, "://", 3) == 0) rest = mr_span_from(address, i + 3);
    rest.len = first_of(rest, "/?#");
    for (size_t at; (at = mr_span_find(rest, '@')) < rest.len;) rest = mr_span_from(rest, at + 1);
    bool v6 = rest.len && rest.ptr[0] == '[';
    size_t n = first_of(rest, v6 ? "]" : ":");
    return (mr_span){rest.ptr, v6 && n < rest.len ? n + 1 : n};
}

static bool loopback(mr_span address) {
    mr_span host = host_of(address);
    bool number = host.len > 0; /* 127.0.0.1.example is a name, and somebody else's */
    for (size_t i = 0; i < host.len; i++) number = number && strchr("0123456789.", host.ptr[i]);
    return mr_span_is(host, "localhost") || mr_span_is(host, "[::1]") || (number && mr_span_starts(host, "127."));
}

static bool example_host(const char *uri) {
    mr_span host = host_of(mr_span_of(uri));
    return mr_span_is(host, "example.org") || mr_span_ends(host, ".example.org");
}

/* What may stand in a URL or a header line: no spaces, no control bytes, nothing that is not ASCII. */
static bool visible(mr_span s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] <= ' ' || (unsigned char)s.ptr[i] >= 0x7f) return false;
    return true;
}

/* A base to which paths are added: no query, no fragment; and no credentials, which would stand in logs. */
static bool base_url_good(mr_span base) {
    bool known = mr_span_starts(base, "https://") || mr_span_starts(base, "http://");
    return known && !mr_span_ends(base, "/") && base.len <= 400 && visible(base) && host_of(base).len > 0 &&
           !memchr(base.ptr, '@', base.len) && !memchr(base.ptr, '?', base.len) && !memchr(base.ptr, '#', base.len);
}

static mr_rc check_source(const mr_config_source *s, mr_error *err) {
    mr_span base = mr_span_of(s->value[MR_K_FHIR_BASE_URL].text);
    const char *token = s->value[MR_K_FHIR_AUTH_TOKEN].text;
    bool bearer = strcmp(s->value[MR_K_FHIR_AUTH_TYPE].text, "bearer") == 0;
    if (base.len == 0) return mr_fail(err, MR_INVALID, "fhir.base_url: required; the address of the FHIR R4 server");
    bool http = mr_span_starts(base, "http://");
    if (!base_url_good(base))
        return mr_fail(err, MR_INVALID, "fhir.base_url (%s): expected %s", s->value[MR_K_FHIR_BASE_URL].from,
                       keys[MR_K_FHIR_BASE_URL].expect);
    if (http && !s->value[MR_K_FHIR_ALLOW_HTTP].i)
        return mr_fail(err, MR_INVALID,
                       "fhir.base_url: http:// needs fhir.allow_http true; patient data would travel in the clear");
    if (bearer != (token[0] != 0))
        return mr_fail(err, MR_INVALID, "fhir.auth.token: goes with fhir.auth.type bearer, and only with it");
    if (!visible(mr_span_of(token)))
        return mr_fail(err, MR_INVALID, "fhir.auth.token: holds a space or a control byte, which no token has");
    if (!loopback(base) && !bearer)
        return mr_fail(err, MR_INVALID, "fhir.auth.type: a FHIR server off loopback needs authentication (bearer)");
    return MR_OK;
}

static mr_rc check_reach(const mr_config *c, mr_error *err) {
    bool open = !loopback(mr_span_of(mr_config_text(c, MR_K_LISTEN))), far = false;
    for (size_t i = 0; i < c->n_sources; i++) {
        const mr_config_value *v = c->sources[i].value;
        far = far || !loopback(mr_span_of(v[MR_K_FHIR_BASE_URL].text));
        if (open && !v[MR_K_NOTIFY_BEARER].text[0] && !v[MR_K_NOTIFY_HMAC_SECRET].text[0])
            return mr_fail(
                err, MR_INVALID,
                "notify.bearer: a listener off loopback needs notify.bearer or notify.hmac_secret (source %s)",
                c->sources[i].id);
    }
    if (open && !mr_config_text(c, MR_K_API_BEARER)[0])
        return mr_fail(err, MR_INVALID, "api.bearer: required for a listener off loopback");
    if ((open || far) && example_host(mr_config_text(c, MR_K_SITE_BASE_URI)))
        return mr_fail(err, MR_INVALID,
                       "site.base_uri: off loopback it must be a URI of your own, not under example.org");
    return MR_OK;
}

mr_rc mr_config_check_serve(const mr_config *c, mr_error *err) {
    const char *id = mr_config_text(c, MR_K_SITE_ID), *uri = mr_config_text(c, MR_K_SITE_BASE_URI),
               *as_of = mr_config_text(c, MR_K_CLOCK_AS_OF);
    mr_day day;
    if (strlen(mr_config_text(c, MR_K_SITE_KEY)) < 16)
        return mr_fail(err, MR_INVALID, "site.key: required; expected %s", keys[MR_K_SITE_KEY].expect);
    if (!mr_listen_good(mr_span_of(mr_config_text(c, MR_K_LISTEN))))
        return mr_fail(err, MR_INVALID,
                       "listen (%s): expected ADDRESS:PORT, a numeric address and a port up to 65535, as in "
                       "127.0.0.1:8080, [::1]:8080 or 0.0.0.0:8080",
                       c->value[MR_K_LISTEN].from);
    mr_rc rc = mr_store_url_check(mr_config_text(c, MR_K_STORE), err);
    if (rc != MR_OK) return rc;
    if (!*id || strlen(id) > 40 || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(id))
        return bad(&keys[MR_K_SITE_ID], c->value[MR_K_SITE_ID].from, err);
    if ((strncmp(uri, "https://", 8) != 0 && strncmp(uri, "http://", 7) != 0) || strlen(uri) > 200 ||
        mr_span_ends(mr_span_of(uri), "/"))
        return bad(&keys[MR_K_SITE_BASE_URI], c->value[MR_K_SITE_BASE_URI].from, err);
    if (*as_of && !mr_day_parse(mr_span_of(as_of), &day))
        return bad(&keys[MR_K_CLOCK_AS_OF], c->value[MR_K_CLOCK_AS_OF].from, err);
    if (mr_config_int(c, MR_K_DEBOUNCE_MAX_MS) < mr_config_int(c, MR_K_DEBOUNCE_QUIET_MS))
        return mr_fail(err, MR_INVALID, "debounce.max_ms: must not be less than debounce.quiet_ms");
    for (size_t i = 0; i < c->n_sources; i++) {
        rc = check_source(&c->sources[i], err);
        if (rc != MR_OK) return c->n_sources > 1 ? mr_wrap(err, "source %s", c->sources[i].id) : rc;
    }
    return check_reach(c, err);
}

void mr_config_describe(mr_buf *out) {
    mr_buf_adds(
        out,
        "# Configuration\n\n"
        "Generated from the table that the parser uses (`medreview serve --describe-config`); a test keeps it so.\n\n"
        "One JSON file (`--config FILE`), objects nested at the dots: `{\"fhir\": {\"base_url\": \"https://...\"}}`. "
        "Every key is also an\n"
        "environment variable; it wins over the file, the file over the default. Lists are JSON text. Secrets can also "
        "be given as\n"
        "`NAME_FILE`, the path of a file that holds them. An unknown key or a bad value is refused at start.\n\n"
        "Several servers: `\"sources\": [{\"id\": \"gp-store\", ...}]`, each with the keys marked *per source*; what a "
        "source does not say is\n"
        "taken from the top. Notifications for it go to `/notify/{id}`.\n\n"
        "| key | environment | default | expected | for |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < MR_K_COUNT; i++) {
        const struct key *k = &keys[i];
        char env[96];
        env_name(k->name, env);
        mr_buf_printf(out, "| `%s` | `%s`%s | %s%s%s | %s: ", k->name, env,
                      k->kind == MR_KEY_SECRET ? " (or `_FILE`)" : "", *k->fallback ? "`" : "",
                      *k->fallback ? k->fallback : "none", *k->fallback ? "`" : "", kind_name(k->kind));
        for (const char *p = k->expect; *p; p++) mr_buf_adds(out, *p == '|' ? ", " : (char[]){*p, 0});
        mr_buf_printf(out, " | %s%s |\n", k->help, k->per_source ? " (*per source*)" : "");
    }
}
