/* One attempt: headers, submit, and what the status means. Happy path: submit, answer, done with MR_OK.
 * Ways to fail: the transport refuses the URL (at once), no answer (MR_TIMEOUT, MR_IO), an answer that is no success
 * (mapped by mr_fhir_status_rc), too large an answer (MR_LIMIT), cancelled (MR_CANCELED). */
#include "medreview/flow/fhir_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct call {
    const mr_fhir_client *client;
    mr_http_done done;
    void *arg;
    int64_t started_ms;
} call;

mr_rc mr_fhir_status_rc(int status, bool has_retry_after) {
    if (status >= 200 && status < 300) return MR_OK;
    switch (status) {
    case 401:
    case 403: return MR_DENIED;
    case 404:
    case 410: return MR_NOT_FOUND;
    case 408:
    case 425: return MR_IO;
    case 409:
    case 412: return MR_CONFLICT;
    case 413: return MR_LIMIT;
    case 429: return MR_BUSY;
    case 503: return has_retry_after ? MR_BUSY : MR_IO;
    case 501: return MR_REFUSED;
    default: return status >= 500 ? MR_IO : MR_REFUSED;
    }
}

static void answered(void *arg, mr_rc rc, mr_http_resp *resp, const mr_error *transport_error) {
    call *c = arg;
    const mr_fhir_client *client = c->client;
    mr_error err = {.rc = rc};
    if (transport_error) err = *transport_error;
    if (rc == MR_OK) {
        rc = mr_fhir_status_rc(resp->status, resp->retry_after_ms >= 0);
        if (rc != MR_OK)
            mr_fail_detail(&err, rc, resp->status, "the FHIR server answered %d (%s)", resp->status, mr_rc_text(rc));
    }
    mr_metrics_add(client->metrics, rc == MR_OK ? MR_C_FHIR_REQUESTS : MR_C_FHIR_ERRORS, 1);
    mr_metrics_observe(client->metrics, MR_H_FHIR_MS, client->clock->now_ms(client->clock) - c->started_ms);
    c->done(c->arg, rc, resp, &err);
    free(c);
}

mr_rc mr_fhir_send(const mr_fhir_client *client, const mr_fhir_request *req, mr_http_done done, void *arg,
                   uint64_t *ret_id, mr_error *err) {
    char uuid[37], request_id[64], correlation[80], agent[160];
    char *authorization = NULL;
    const char *headers[10];
    size_t n = 0;
    if (!mr_url_under(mr_span_of(req->url), client->server->base))
        return mr_fail(err, MR_INVALID, "a link that does not lead to the configured FHIR server was not followed");
    mr_rand_uuid(client->chance, uuid);
    (void)snprintf(request_id, sizeof request_id, "X-Request-ID: %s", uuid);
    (void)snprintf(agent, sizeof agent, "User-Agent: %s", client->server->user_agent);
    headers[n++] = "Accept: application/fhir+json";
    headers[n++] = agent;
    headers[n++] = request_id;
    if (req->correlation) {
        (void)snprintf(correlation, sizeof correlation, "X-Correlation-ID: %s", req->correlation);
        headers[n++] = correlation;
    }
    if (req->search) {
        headers[n++] = "Prefer: handling=strict";
        headers[n++] = "Cache-Control: no-cache";
    }
    if (req->body.ptr) {
        headers[n++] = "Content-Type: application/fhir+json";
        headers[n++] = req->want_resource ? "Prefer: return=representation" : "Prefer: return=minimal";
    }
    if (client->server->authorization) {
        size_t size = strlen(client->server->authorization) + 32;
        authorization = malloc(size);
        if (!authorization) return mr_fail(err, MR_NOMEM, "out of memory");
        (void)snprintf(authorization, size, "Authorization: %s", client->server->authorization);
        headers[n++] = authorization;
    }
    headers[n] = NULL;
    call *c = malloc(sizeof *c);
    if (!c) {
        free(authorization);
        return mr_fail(err, MR_NOMEM, "out of memory");
    }
    *c = (call){client, done, arg, client->clock->now_ms(client->clock)};
    mr_http_req http = {
        req->method, req->url, headers, req->body, client->server->timeout_ms, client->server->max_body};
    mr_rc rc = client->transport->ops->submit(client->transport, &http, answered, c, ret_id, err);
    if (rc != MR_OK) free(c);
    free(authorization);
    return rc;
}

void mr_fhir_cancel(const mr_fhir_client *client, uint64_t id) {
    client->transport->ops->cancel(client->transport, id);
}
