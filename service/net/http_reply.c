/* Status lines, header fields and problem documents. */
#include "http_reply.h"

#include "medreview/base/date.h"

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *mr_http_phrase(int status) {
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].status == status) return phrases[i].phrase;
    return "";
}

/* Date: Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110, 5.6.7) */
static void add_date(mr_buf *out, int64_t now_ms) {
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* day 0 was a Thursday */
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (now_ms < 0) return;
    int64_t second = now_ms / 1000;
    mr_day day = (mr_day)(second / 86400);
    int rest = (int)(second % 86400);
    mr_date d = mr_date_of(day);
    mr_buf_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[day % 7], d.day, months[d.month - 1],
                  d.year, rest / 3600, rest / 60 % 60, rest % 60);
}

/* A header value that came from outside must not become a second header. */
static bool one_line(const char *s) {
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 && *s != '\t') return false;
    return true;
}

void mr_http_answer_head(const mr_http_answer *a, mr_buf *out) {
    mr_buf_printf(out, "HTTP/1.1 %d %s\r\n", a->status, mr_http_phrase(a->status));
    add_date(out, a->now_ms);
    if (a->type && one_line(a->type)) mr_buf_printf(out, "Content-Type: %s\r\n", a->type);
    for (size_t i = 0; a->headers && a->headers[i]; i++)
        if (one_line(a->headers[i])) mr_buf_printf(out, "%s\r\n", a->headers[i]);
    if (a->status != 204 && a->status != 304) mr_buf_printf(out, "Content-Length: %zu\r\n", a->body_len);
    if (a->close) mr_buf_adds(out, "Connection: close\r\n");
    mr_buf_adds(out, "\r\n");
}

void mr_http_problem(int status, const char *detail, mr_buf *out) {
    mr_buf_printf(out, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}",
                  mr_http_phrase(status), status, detail);
}
