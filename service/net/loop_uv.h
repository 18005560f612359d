/* Of this room only. */
#ifndef MEDREVIEW_NET_LOOP_UV_H
#define MEDREVIEW_NET_LOOP_UV_H

/* A write to a peer that has gone must fail, not end the process. Leaves a handler alone that somebody else set. */
void mr_ignore_sigpipe(void);

#endif
