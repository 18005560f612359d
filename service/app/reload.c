/* Knowledge and terminology replaced while the service works.
 *
 * Asked for by SIGHUP, or by the index file: it is looked at every few seconds, and another inode, size or time of
 * change means another file. Looking and opening happen on the pool, since a disk may be slow and an index large.
 * Taking the new basis is one step on the loop. What cannot be opened changes nothing; the same broken file is told
 * once, and tried again when it changes or when somebody asks. */
#include "service_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { WATCH_EVERY_MS = 3000, TELL_MOST = 20 };

typedef struct reload_op {
    mr_service *service;
    bool asked; /* by a person; else only when the file is another one */
    bool looked;
    file_mark before, mark;
    mr_basis *basis;
    mr_rc rc;
    mr_error err;
    mr_buf complaints;
} reload_op;

file_mark reload_mark(const mr_service *s) {
    const char *path = mr_config_text(s->config, MR_K_TERMINOLOGY_INDEX);
    struct stat st;
    if (!*path || stat(path, &st) != 0) return (file_mark){0};
    return (file_mark){.device = (uint64_t)st.st_dev,
                       .inode = (uint64_t)st.st_ino,
                       .size = (uint64_t)st.st_size,
                       .changed_s = st.st_mtim.tv_sec,
                       .changed_ns = st.st_mtim.tv_nsec};
}

static bool same(const file_mark *a, const file_mark *b) {
    return a->device == b->device && a->inode == b->inode && a->size == b->size && a->changed_s == b->changed_s &&
           a->changed_ns == b->changed_ns;
}

/* ---- on the pool ---- */

static void work(void *arg) {
    reload_op *op = arg;
    op->mark = reload_mark(op->service); /* before it is read, as at the start */
    op->looked = !op->asked && same(&op->mark, &op->before);
    if (!op->looked) op->rc = service_open_basis(op->service, &op->basis, &op->complaints, &op->err);
}

/* ---- on the loop ---- */

static void tell_complaints(const mr_service *s, mr_span lines) {
    mr_span line;
    for (unsigned n = 0; lines.len && n < TELL_MOST; n++) {
        (void)mr_span_split(lines, '\n', &line, &lines);
        char text[300];
        (void)snprintf(text, sizeof text, "%.*s", MR_SPAN_ARG(line));
        MR_LOG(s->log, MR_L_WARN, "terminology.complaint", mr_v_operator_text("reason", text));
    }
}

static void refused(mr_service *s, const reload_op *op) {
    reload *r = &s->reload;
    const char *path = mr_config_text(s->config, MR_K_TERMINOLOGY_INDEX);
    r->n_failed++;
    (void)snprintf(r->failed, sizeof r->failed, "terminology.update-failed: %s", op->err.text);
    MR_LOG(s->log, MR_L_ERROR, "terminology.update-failed", mr_v_operator_text("file", path), mr_v_rc("why", op->rc),
           mr_v_operator_text("reason", op->err.text),
           mr_v_word("kept", mr_terminology_version(mr_basis_knowledge(s->basis)->terminology)));
}

static void told_knowledge(const mr_basis *b, char out[200]) {
    (void)snprintf(out, 200, "%.*s", MR_SPAN_ARG(mr_basis_knowledge(b)->rules->version));
}

static void take(mr_service *s, reload_op *op) {
    mr_basis *old = s->basis;
    char knowledge[200];
    s->reload.failed[0] = 0;
    told_knowledge(op->basis, knowledge);
    const char *release = mr_terminology_version(mr_basis_knowledge(op->basis)->terminology);
    if (mr_span_eq(mr_basis_stamp(old), mr_basis_stamp(op->basis))) {
        MR_LOG(s->log, MR_L_INFO, "terminology.unchanged", mr_v_word("terminology", release),
               mr_v_word("knowledge", knowledge));
        return;
    }
    s->reload.n_taken++;
    MR_LOG(s->log, MR_L_INFO, "terminology.updated", mr_v_word("terminology", release),
           mr_v_word("knowledge", knowledge),
           mr_v_word("before", mr_terminology_version(mr_basis_knowledge(old)->terminology)));
    s->basis = mr_basis_hold(op->basis);
    mr_engine_rebase(s->engine, s->basis);
    mr_basis_drop(old);
}

static void begin(mr_service *s, bool asked);

static void done(void *arg) {
    reload_op *op = arg;
    mr_service *s = op->service;
    reload *r = &s->reload;
    r->busy = false;
    if (!s->stopping && !op->looked) {
        r->seen = op->mark;
        tell_complaints(s, mr_buf_span(&op->complaints));
        if (op->rc == MR_OK)
            take(s, op);
        else
            refused(s, op);
    }
    mr_basis_drop(op->basis);
    mr_buf_free(&op->complaints);
    free(op);
    bool again = r->again;
    r->again = false;
    if (s->stopping) return;
    if (again) begin(s, true);
    if (r->timer) mr_timer_set(r->timer, WATCH_EVERY_MS);
}

static void begin(mr_service *s, bool asked) {
    reload *r = &s->reload;
    reload_op *op = calloc(1, sizeof *op);
    if (op) {
        *op = (reload_op){.service = s, .asked = asked, .before = r->seen};
        mr_buf_init(&op->complaints, 1 << 20);
        r->busy = s->compute->ops->submit(s->compute, work, done, op) == MR_OK;
    }
    if (r->busy) return;
    free(op);
    if (asked) MR_LOG(s->log, MR_L_ERROR, "terminology.update-failed", mr_v_rc("why", MR_NOMEM));
    if (r->timer) mr_timer_set(r->timer, WATCH_EVERY_MS);
}

static void look(void *arg) {
    mr_service *s = arg;
    if (!s->stopping && !s->reload.busy) begin(s, false);
}

void mr_service_reload(mr_service *s) {
    if (s->stopping) return;
    if (s->reload.busy)
        s->reload.again = true; /* what is being read may be older than the wish */
    else
        begin(s, true);
}

mr_rc reload_watch(mr_service *s, mr_error *err) {
    if (!*mr_config_text(s->config, MR_K_TERMINOLOGY_INDEX)) return MR_OK;
    s->reload.timer = mr_timer_new(s->loop, look, s);
    if (!s->reload.timer) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_timer_set(s->reload.timer, WATCH_EVERY_MS);
    return MR_OK;
}

void reload_stop(mr_service *s) {
    if (s->reload.timer) mr_timer_free(s->reload.timer);
    s->reload.timer = NULL;
}
