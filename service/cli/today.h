/* The one place of the command line that reads the clock. */
#ifndef MEDREVIEW_CLI_TODAY_H
#define MEDREVIEW_CLI_TODAY_H

#include "medreview/base/date.h"

mr_day mr_today(void); /* in the United Kingdom */
/* The day in the United Kingdom at that second since the epoch. */
mr_day mr_uk_day(int64_t unix_s);

#endif
