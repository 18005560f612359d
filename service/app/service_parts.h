/* Private to app: the service's parts, for the files that answer requests. */
#ifndef APP_SERVICE_PARTS_H
#define APP_SERVICE_PARTS_H

#include "service.h"

#include "medreview/codec/json_out.h"
#include "medreview/flow/engine.h"
#include "medreview/net/http_server.h"
#include "medreview/net/net.h"

/* What tells one file of a name from the next. All 0: there is none. */
typedef struct file_mark {
    uint64_t device, inode, size;
    int64_t changed_s, changed_ns;
} file_mark;

/* reload.c */
typedef struct reload {
    mr_timer *timer; /* NULL: no file to watch */
    bool busy, again;
    file_mark seen;
    char failed[400]; /* why the last update was not taken; "" when it was */
    uint64_t n_taken, n_failed;
} reload;

struct mr_service {
    struct uv_loop_s *loop;
    const mr_config *config;
    mr_log_sink *log;
    mr_metrics *metrics;
    mr_basis *basis; /* of reviews that begin now; loop thread only */
    reload reload;
    mr_store *store;
    mr_worker *store_worker, *compute;
    mr_transport *transport;
    mr_timer *timer;
    mr_engine *engine;
    mr_http_server *http;
    mr_engine_settings engine_settings;
    mr_source_settings *sources;
    mr_span *disabled, *withdrawn;
    size_t n_disabled, n_withdrawn;
    mr_day pinned; /* clock.as_of; MR_DAY_MIN: not pinned */
    char address[80];
    struct { /* the last probing write; the store's thread only */
        int64_t next_ms;
        mr_rc rc;
    } probe;
    bool stopping, front_down;
    unsigned closing; /* parts that still have to say they are closed */
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* What a handler gets: the request is borrowed until it returns. `id` and `type` are path parameters. */
typedef struct call {
    mr_service *service;
    const mr_request *req;
    mr_reply_id to;
    char id[80], type[48], source[40];
} call;

void route(void *app, const mr_request *req, mr_reply_id to);
size_t route_body_limit(void *app, mr_span method, mr_span path);

void reply_json(mr_service *s, mr_reply_id to, int status, const mr_buf *body);
/* RFC 9457 problem+json; under /fhir OperationOutcome. `what_to_do` is the sentence that helps. */
void reply_problem(mr_service *s, mr_reply_id to, int status, const char *title, const char *what_to_do);
void reply_outcome(mr_service *s, mr_reply_id to, int status, const char *code, const char *text);
void reply_not_allowed(const call *c, const char *allow); /* allow: the whole header line */

/* One store call for one request: `work` fills `answer` on the store's thread (status and body), then it is sent. */
typedef struct store_answer {
    mr_service *service;
    mr_reply_id to;
    int status;
    mr_buf body;
    mr_key key;
    size_t offset, limit;
    bool parked_only, has_after;
    mr_error err;
    void (*work)(struct store_answer *a);
} store_answer;
void answer_from_store(const call *c, void (*work)(store_answer *a), const store_answer *arguments);

/* The handlers, one group a file. */
void handle_notify(const call *c);
void handle_review_operation(const call *c);
void handle_metadata(const call *c);
void handle_plan_definition(const call *c);
void handle_value_set(const call *c);
void handle_structure_definition(const call *c);
void knowledge_capabilities(mr_jw *w); /* the resources of a CapabilityStatement */
void handle_worklist(const call *c);
void handle_patient(const call *c);
void handle_patient_review(const call *c);
void handle_jobs(const call *c);
void handle_parked(const call *c);
void handle_retry(const call *c);
void handle_healthz(const call *c);
void handle_readyz(const call *c);
void handle_metrics(const call *c);
void handle_page(const call *c);

/* Reads what the configuration names. Complaints go to the log. */
mr_rc service_open_basis(const mr_service *s, mr_basis **ret, mr_buf *complaints, mr_error *err) MR_MUST_CHECK;
/* The rules that are switched off must be there, in knowledge that comes later too. */
mr_rc service_check_basis(const mr_service *s, const mr_basis *b, mr_error *err) MR_MUST_CHECK;
file_mark reload_mark(const mr_service *s);
mr_rc reload_watch(mr_service *s, mr_error *err) MR_MUST_CHECK;
void reload_stop(mr_service *s);

mr_day service_as_of(void *host, int64_t now_ms);
/* Settings of a review outside the engine. */
void service_review_settings(const mr_service *s, mr_review_settings *ret);

#endif
