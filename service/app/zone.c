/* Today, in the site's time zone, by the system's time zone database. */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

mr_rc mr_zone_set(const char *name, mr_error *err) {
    char path[300];
    const char *root = getenv("TZDIR");
    (void)snprintf(path, sizeof path, "%s/%s", root ? root : "/usr/share/zoneinfo", name);
    bool known = strcmp(name, "UTC") == 0 || (name[0] != '/' && !strstr(name, "..") && access(path, R_OK) == 0);
    /* An unknown name would silently mean UTC, and the date would be wrong for an hour a day half the year. */
    if (!known)
        return mr_fail(err, MR_INVALID,
                       "timezone: \"%s\" is not in the time zone database of this machine (package tzdata)", name);
    if (setenv("TZ", name, 1) != 0) return mr_fail(err, MR_NOMEM, "out of memory");
    tzset();
    return MR_OK;
}

mr_day mr_zone_today(int64_t now_ms) {
    time_t t = (time_t)(now_ms / 1000);
    struct tm tm;
    if (!localtime_r(&t, &tm)) return (mr_day)(now_ms / 86400000);
    return mr_day_of((mr_date){(int16_t)(tm.tm_year + 1900), (uint8_t)(tm.tm_mon + 1), (uint8_t)tm.tm_mday});
}
