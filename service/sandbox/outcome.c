/* Saying what went wrong: OperationOutcome, reason phrases, JSON text. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "room.h"

int mr_sb_refuse(mr_sb_problem *p, int status, const char *code, const char *fmt, ...) {
    va_list args;
    p->status = status;
    p->code = code;
    va_start(args, fmt);
    vsnprintf(p->text, sizeof p->text, fmt, args);
    va_end(args);
    return status;
}

void mr_sb_json_string(mr_buf *out, const char *text) {
    json_t *string = json_string(text); /* NULL when it is no UTF-8, as a cut-off echo of the input may be */
    char *quoted = string == NULL ? NULL : json_dumps(string, JSON_ENCODE_ANY | JSON_COMPACT);
    mr_buf_adds(out, quoted == NULL ? "\"(text that is not UTF-8)\"" : quoted);
    free(quoted);
    json_decref(string);
}

void mr_sb_outcome_write(mr_buf *out, const char *severity, const char *code, const char *text) {
    mr_buf_printf(
        out, "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"%s\",\"code\":\"%s\",\"diagnostics\":",
        severity, code);
    mr_sb_json_string(out, text);
    mr_buf_adds(out, "}]}");
}

const char *mr_sb_reason(int status) {
    switch (status) {
    case 200: return "200 OK";
    case 201: return "201 Created";
    case 204: return "204 No Content";
    case 304: return "304 Not Modified";
    case 400: return "400 Bad Request";
    case 404: return "404 Not Found";
    case 405: return "405 Method Not Allowed";
    case 409: return "409 Conflict";
    case 410: return "410 Gone";
    case 412: return "412 Precondition Failed";
    case 413: return "413 Payload Too Large";
    case 415: return "415 Unsupported Media Type";
    case 422: return "422 Unprocessable Entity";
    default: return "500 Internal Server Error";
    }
}
