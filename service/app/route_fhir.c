/* POST /fhir/$medication-review: a patient's Bundle (or Parameters with one) in, a transaction of DetectedIssue and
 * Task out, nothing stored. GET /fhir/metadata: what this is. */
#include "service_parts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct operation {
    mr_service *service;
    mr_reply_id to;
    char *body;
    size_t len;
    mr_basis *basis; /* held */
    mr_review_settings settings;
    mr_rc rc;
    mr_error err;
    mr_buf out;
} operation;

/* Parameters: the Bundle is the resource of its first parameter that holds one. */
static mr_rc unwrap(operation *op, mr_error *err) {
    json_t *root = json_loadb(op->body, op->len, JSON_REJECT_DUPLICATES, NULL), *p;
    const char *type = json_string_value(json_object_get(root, "resourceType"));
    mr_rc rc = MR_OK;
    if (type && strcmp(type, "Parameters") == 0) {
        json_t *bundle = NULL;
        size_t i;
        json_array_foreach(json_object_get(root, "parameter"), i, p) if (!bundle) bundle =
            json_object_get(p, "resource");
        char *text = bundle ? json_dumps(bundle, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
        if (text) {
            free(op->body);
            op->len = strlen(text);
            op->body = text;
        } else {
            rc = mr_fail(err, MR_MALFORMED,
                         "Parameters without a resource: expected one parameter that holds the patient's Bundle");
        }
    }
    json_decref(root);
    return rc;
}

static mr_rc review(operation *op, mr_arena *a) {
    mr_span *patients;
    size_t n;
    mr_absorbed absorbed;
    const mr_review_result *result;
    mr_rc rc = unwrap(op, &op->err);
    mr_span page = {op->body, op->len};
    if (rc == MR_OK) rc = mr_review_patients(page, false, a, &patients, &n, &op->err);
    if (rc != MR_OK) return rc;
    if (n > 1) return mr_fail(&op->err, MR_MALFORMED, "the Bundle holds %zu patients: one at a time", n);
    mr_review *rv = mr_review_begin(a, mr_basis_knowledge(op->basis), &op->settings, n ? patients[0] : MR_SPAN_NONE);
    if (!rv) return mr_arena_why(a, &op->err);
    rc = mr_review_absorb(rv, MR_PAGE_ANY, page, false, &absorbed, &op->err);
    if (rc == MR_OK) rc = mr_review_assess(rv, &result, &op->err);
    return rc == MR_OK ? mr_review_fhir(rv, &op->out, &op->err) : rc;
}

static void review_work(void *arg) {
    operation *op = arg;
    mr_arena *a = mr_arena_new((size_t)mr_config_int(op->service->config, MR_K_REVIEW_MAX_BYTES));
    op->rc = a ? review(op, a) : mr_fail(&op->err, MR_NOMEM, "out of memory");
    mr_arena_free(a);
}

static void review_done(void *arg) {
    operation *op = arg;
    static const char *const headers[] = {"Cache-Control: no-store", NULL};
    if (op->rc == MR_OK && op->out.rc == MR_OK)
        mr_http_reply(op->service->http, op->to, 200, "application/fhir+json", headers, mr_buf_span(&op->out));
    else if (op->rc == MR_NOMEM)
        reply_outcome(op->service, op->to, 503, "transient", "out of memory; send it again");
    else
        reply_outcome(op->service, op->to, op->rc == MR_LIMIT ? 413 : 400,
                      op->rc == MR_LIMIT ? "too-long" : "structure", op->err.text);
    free(op->body);
    mr_buf_free(&op->out);
    mr_basis_drop(op->basis);
    free(op);
}

void handle_review_operation(const call *c) {
    mr_service *s = c->service;
    operation *op = calloc(1, sizeof *op);
    char *body = malloc(c->req->body.len + 64);
    mr_clock *clock = mr_clock_real();
    if (op && body) {
        if (c->req->body.len) memcpy(body, c->req->body.ptr, c->req->body.len);
        memset(body + c->req->body.len, 0, 64);
        *op = (operation){.service = s, .to = c->to, .body = body, .len = c->req->body.len};
        op->basis = mr_basis_hold(s->basis);
        mr_buf_init(&op->out, MR_MAX_BODY_BYTES);
        service_review_settings(s, &op->settings);
        op->settings.offline = true;
        op->settings.run.as_of = service_as_of(s, clock->now_ms(clock));
        op->settings.run.site_key = MR_SPAN(MR_OFFLINE_KEY);
        op->settings.run.source = MR_SPAN("offline");
        if (s->compute->ops->submit(s->compute, review_work, review_done, op) == MR_OK) return;
    }
    if (op) mr_basis_drop(op->basis);
    free(body);
    free(op);
    reply_outcome(s, c->to, 503, "transient", "the service takes no work just now; send it again");
}

void handle_metadata(const call *c) {
    mr_service *s = c->service;
    mr_buf body;
    mr_jw w;
    char date[MR_DATE_TEXT], version[40];
    mr_review_settings settings;
    service_review_settings(s, &settings);
    (void)snprintf(version, sizeof version, "%.*s", MR_SPAN_ARG(settings.site.software));
    mr_buf_init(&body, 65536);
    mr_jw_begin(&w, &body);
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "resourceType", "CapabilityStatement");
    mr_jw_z(&w, "status", "active");
    mr_jw_z(&w, "date", mr_day_print(service_as_of(s, mr_clock_real()->now_ms(mr_clock_real())), date));
    mr_jw_z(&w, "kind", "instance");
    mr_jw_object(&w, "software");
    mr_jw_z(&w, "name", "medreview");
    mr_jw_z(&w, "version", version);
    mr_jw_end(&w);
    mr_jw_object(&w, "implementation");
    mr_jw_z(&w, "description", "Medication review: POST a patient's Bundle to $medication-review");
    mr_jw_end(&w);
    mr_jw_z(&w, "fhirVersion", "4.0.1");
    mr_jw_array(&w, "format");
    mr_jw_z(&w, NULL, "application/fhir+json");
    mr_jw_end(&w);
    mr_jw_array(&w, "rest");
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "mode", "server");
    knowledge_capabilities(&w);
    mr_jw_array(&w, "operation");
    mr_jw_object(&w, NULL);
    mr_jw_z(&w, "name", "medication-review");
    mr_buf definition;
    mr_buf_init(&definition, 1024);
    mr_buf_printf(&definition, "%.*s/OperationDefinition/medication-review", MR_SPAN_ARG(settings.site.base_uri));
    mr_jw_string(&w, "definition", mr_buf_span(&definition));
    mr_buf_free(&definition);
    mr_jw_end(&w);
    mr_jw_end(&w);
    mr_jw_end(&w);
    mr_jw_end(&w);
    mr_jw_end(&w);
    static const char *const headers[] = {"Cache-Control: no-store", NULL};
    mr_http_reply(s->http, c->to, 200, "application/fhir+json", headers, mr_buf_span(&body));
    mr_buf_free(&body);
}
