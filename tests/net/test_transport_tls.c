/* The transport against a TLS server with certificates made here: trusted ones pass, others do not, for the right host
 * only, and a client certificate is shown when one is set. */
#include "loopback.h"
#include "medreview/net/net.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

typedef struct identity {
    EVP_PKEY *key;
    X509 *cert;
    char cert_file[64], key_file[64];
} identity;

static void extend(X509 *cert, int nid, const char *value) {
    X509V3_CTX around;
    X509V3_set_ctx(&around, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &around, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(cert, e, -1), 1);
    X509_EXTENSION_free(e);
}

static FILE *new_file(char path[64]) {
    (void)snprintf(path, 64, "/tmp/medreview-tls-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    assert_non_null(f);
    return f;
}

/* Signed by itself, for the address in `names` ("IP:127.0.0.1"). */
static void identity_make(identity *id, const char *names) {
    id->key = EVP_EC_gen("P-256");
    id->cert = X509_new();
    assert_true(id->key && id->cert);
    X509_set_version(id->cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(id->cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(id->cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(id->cert), 3600);
    X509_set_pubkey(id->cert, id->key);
    X509_NAME *name = X509_get_subject_name(id->cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"medreview test", -1, -1, 0);
    X509_set_issuer_name(id->cert, name);
    extend(id->cert, NID_basic_constraints, "critical,CA:TRUE");
    extend(id->cert, NID_subject_alt_name, names);
    assert_true(X509_sign(id->cert, id->key, EVP_sha256()) > 0);
    FILE *f = new_file(id->cert_file);
    assert_int_equal(PEM_write_X509(f, id->cert), 1);
    assert_int_equal(fclose(f), 0);
    f = new_file(id->key_file);
    assert_int_equal(PEM_write_PrivateKey(f, id->key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(f), 0);
}

static void identity_forget(identity *id) {
    (void)unlink(id->cert_file);
    (void)unlink(id->key_file);
    X509_free(id->cert);
    EVP_PKEY_free(id->key);
}

/* Blocking, on a thread of its own, one connection, one answer: simpler to believe than TLS on the loop. */
typedef struct tls_server {
    SSL_CTX *settings;
    int listener;
    unsigned port;
    uv_thread_t thread;
    bool served; /* after the join */
} tls_server;

static void serve_one(void *arg) {
    tls_server *s = arg;
    int fd = accept(s->listener, NULL, NULL);
    if (fd < 0) return;
    SSL *ssl = SSL_new(s->settings);
    SSL_set_fd(ssl, fd);
    char request[4096];
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0) {
        s->served = true;
        (void)SSL_write(ssl, answer, sizeof answer - 1);
        (void)SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    (void)close(fd);
}

static void tls_open(tls_server *s, const identity *id, const identity *client_ca) {
    *s = (tls_server){.settings = SSL_CTX_new(TLS_server_method())};
    assert_int_equal(SSL_CTX_use_certificate(s->settings, id->cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(s->settings, id->key), 1);
    if (client_ca) {
        SSL_CTX_set_verify(s->settings, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        assert_int_equal(SSL_CTX_load_verify_locations(s->settings, client_ca->cert_file, NULL), 1);
    }
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &a), 0);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(s->listener, 4), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    assert_int_equal(uv_thread_create(&s->thread, serve_one, s), 0);
}

static void tls_close(tls_server *s) {
    assert_int_equal(uv_thread_join(&s->thread), 0);
    (void)close(s->listener);
    SSL_CTX_free(s->settings);
}

typedef struct outcome {
    unsigned n;
    mr_rc rc;
    mr_error err;
    bool hello;
} outcome;

static void on_done(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *err) {
    outcome *o = arg;
    o->n++;
    o->rc = rc;
    o->err = *err;
    o->hello = rc == MR_OK && resp->len == 5 && memcmp(resp->body, "hello", 5) == 0;
}

static outcome ask(unsigned port, mr_curl_settings settings) {
    rig r;
    mr_transport *t;
    outcome o = {0};
    rig_open(&r);
    assert_int_equal(mr_transport_curl_new(&r.loop, &settings, &t, &o.err), MR_OK);
    char url[64];
    uint64_t id;
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/x", port);
    mr_http_req req = {.method = "GET", .url = url, .timeout_ms = 30000, .max_body = 100};
    assert_int_equal(t->ops->submit(t, &req, on_done, &o, &id, &o.err), MR_OK);
    RIG_UNTIL(&r, o.n);
    mr_transport_curl_free(t);
    rig_close(&r);
    return o;
}

static void test_tls_is_verified(void **state) {
    (void)state;
    identity here, elsewhere, person;
    identity_make(&here, "IP:127.0.0.1");
    identity_make(&elsewhere, "IP:127.0.0.2");
    identity_make(&person, "DNS:somebody");
    const struct {
        const char *name;
        const identity *server, *client_ca;
        mr_curl_settings settings;
        bool served;
    } rows[] = {
        {"trusted", &here, NULL, {.ca_file = here.cert_file}, true},
        {"unknown issuer", &here, NULL, {0}, false},
        {"another issuer", &here, NULL, {.ca_file = elsewhere.cert_file}, false},
        {"another host", &elsewhere, NULL, {.ca_file = elsewhere.cert_file}, false},
        {"http allowed does not mean TLS unchecked", &here, NULL, {.allow_http = true}, false},
        {"client certificate",
         &here,
         &person,
         {.ca_file = here.cert_file, .client_cert = person.cert_file, .client_key = person.key_file},
         true},
        {"client certificate missing", &here, &person, {.ca_file = here.cert_file}, false},
        {"a CA file that is not there", &here, NULL, {.ca_file = "/nonexistent/ca.pem"}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tls_server s;
        tls_open(&s, rows[i].server, rows[i].client_ca);
        outcome o = ask(s.port, rows[i].settings);
        (void)shutdown(s.listener, SHUT_RDWR); /* when nobody came */
        tls_close(&s);
        bool as_wanted =
            o.n == 1 && o.hello == rows[i].served && s.served == rows[i].served && (o.rc == MR_OK) == rows[i].served;
        if (!as_wanted) fail_msg("%s: %s, %s", rows[i].name, mr_rc_label(o.rc), o.err.text);
        if (!rows[i].served) assert_int_equal(o.rc, MR_IO);
    }
    identity_forget(&here);
    identity_forget(&elsewhere);
    identity_forget(&person);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tls_is_verified)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
