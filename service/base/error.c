/* The table of result codes, and errors that gain context as they climb. */
#include "medreview/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *label, *text;
    mr_remedy remedy;
} table[MR_RC_COUNT] = {
#define X(name, how, words) [name] = {#name, words, how},
    MR_RC_MAP(X)
#undef X
};

MR_PRINTF(4, 0)
static mr_rc fail_v(mr_error *err, mr_rc rc, int32_t detail, const char *fmt, va_list args) {
    if (err) {
        err->rc = rc;
        err->detail = detail;
        (void)vsnprintf(err->text, sizeof err->text, fmt, args); /* a cut message is still a message */
    }
    return rc;
}

mr_rc mr_fail(mr_error *err, mr_rc rc, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fail_v(err, rc, 0, fmt, args);
    va_end(args);
    return rc;
}

mr_rc mr_fail_detail(mr_error *err, mr_rc rc, int32_t detail, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fail_v(err, rc, detail, fmt, args);
    va_end(args);
    return rc;
}

mr_rc mr_wrap(mr_error *err, const char *fmt, ...) {
    if (!err) return MR_IO;
    char prefix[sizeof err->text], inner[sizeof err->text];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(prefix, sizeof prefix, fmt, args);
    va_end(args);
    memcpy(inner, err->text, sizeof inner);
    size_t n = strnlen(prefix, sizeof prefix);
    (void)snprintf(err->text, sizeof err->text, "%s", prefix);
    if (n + 2 < sizeof err->text)
        (void)snprintf(err->text + n, sizeof err->text - n, ": %.*s", (int)(sizeof err->text - n - 3), inner);
    return err->rc;
}

const char *mr_rc_text(mr_rc rc) {
    return (unsigned)rc < MR_RC_COUNT ? table[rc].text : "unknown result code";
}

mr_remedy mr_rc_remedy(mr_rc rc) {
    return (unsigned)rc < MR_RC_COUNT ? table[rc].remedy : MR_PARK;
}

const char *mr_rc_label(mr_rc rc) {
    /* Written out, so that a label costs no conversion and has static storage. */
    switch (rc) {
    case MR_OK: return "ok";
    case MR_NOMEM: return "nomem";
    case MR_TIMEOUT: return "timeout";
    case MR_BUSY: return "busy";
    case MR_IO: return "io";
    case MR_CONFLICT: return "conflict";
    case MR_MALFORMED: return "malformed";
    case MR_LIMIT: return "limit";
    case MR_REFUSED: return "refused";
    case MR_NOT_FOUND: return "not-found";
    case MR_DENIED: return "denied";
    case MR_INVALID: return "invalid";
    case MR_LOST: return "lost";
    case MR_CANCELED: return "canceled";
    case MR_RC_COUNT: break;
    }
    return "unknown";
}

void mr_require_failed(const char *expr, const char *file, int line) {
    (void)fprintf(stderr, "%s:%d: requirement failed: %s\n", file, line, expr);
    abort();
}
