/* Today in the United Kingdom, by the rule and not by the machine's time zone: a container has often neither TZ nor a
 * time zone database, and the as-of date must not hang on that. Summer time is in force from 01:00 UTC on the last
 * Sunday of March to 01:00 UTC on the last Sunday of October (Summer Time Order 2002). */
#include "today.h"

#include <time.h>

static mr_day last_sunday(int16_t year, uint8_t month) {
    mr_day end = mr_day_of((mr_date){year, month, 31}); /* March and October have 31 days */
    return end - (mr_day)(((int64_t)end + 4) % 7);      /* 1970-01-01 was a Thursday */
}

mr_day mr_uk_day(int64_t unix_s) {
    int64_t day = unix_s / 86400 - (unix_s % 86400 < 0);
    int16_t year = mr_date_of((mr_day)day).year;
    int64_t begin_s = (int64_t)last_sunday(year, 3) * 86400 + 3600,
            end_s = (int64_t)last_sunday(year, 10) * 86400 + 3600;
    bool summer = unix_s >= begin_s && unix_s < end_s;
    return (mr_day)(summer ? (unix_s + 3600) / 86400 : day);
}

mr_day mr_today(void) {
    return mr_uk_day((int64_t)time(NULL));
}
