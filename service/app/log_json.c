/* One JSON line an event on standard error, whole lines only. */
#include "service.h"

#include "medreview/net/net.h"

#include <stdio.h>
#include <string.h>

static void write_line(mr_log_sink *sink, mr_log_level level, const char *event, const char *fields, size_t len) {
    char line[2048], time[MR_DATE_TEXT];
    (void)sink;
    mr_clock *clock = mr_clock_real();
    int n =
        snprintf(line, sizeof line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"%.*s}\n",
                 mr_instant_print_ms(clock->now_ms(clock), time), mr_log_level_name(level), event, (int)len, fields);
    /* A log that cannot be written has nobody left to be told. */
    if (n > 0 && (size_t)n < sizeof line) (void)!fwrite(line, 1, (size_t)n, stderr);
}

mr_log_sink *mr_log_json(mr_log_level least) {
    static mr_log_sink sinks[] = {
        {MR_L_DEBUG, write_line}, {MR_L_INFO, write_line}, {MR_L_WARN, write_line}, {MR_L_ERROR, write_line}};
    return &sinks[least];
}

bool mr_log_level_parse(const char *text, mr_log_level *ret) {
    for (int i = MR_L_DEBUG; i <= MR_L_ERROR; i++)
        if (strcmp(text, mr_log_level_name((mr_log_level)i)) == 0) {
            *ret = (mr_log_level)i;
            return true;
        }
    return false;
}
