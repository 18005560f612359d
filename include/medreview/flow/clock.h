/* Time as an argument: wall clock in milliseconds since 1970, UTC. net/loop_uv.c reads the real one. */
#ifndef MEDREVIEW_FLOW_CLOCK_H
#define MEDREVIEW_FLOW_CLOCK_H

#include <stdint.h>

typedef struct mr_clock {
    int64_t (*now_ms)(struct mr_clock *c);
} mr_clock;

#endif
