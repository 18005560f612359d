/* Private to upkeep, subscriptions, catch-up and hints: what they ask of each other. */
#ifndef FLOW_UPKEEP_PARTS_H
#define FLOW_UPKEEP_PARTS_H

#include "engine_parts.h"

/* Half to the whole of 1 s doubled with every failure, up to 60 s. */
int64_t upkeep_backoff_ms(mr_engine *e, unsigned failures);
/* Tells the breaker what this answer says about the server as such; a refusal of one thing says nothing about it. */
void upkeep_heard(source *src, mr_rc rc, const mr_http_resp *resp);

/* Polls of all types are numbered from 1. A poll with a number above catchup_started(), as it was when something
 * happened, sees what happened. */
uint64_t catchup_started(const struct catchup *c);

/* The source's exchange has ended: a hint that waited for it may go on. */
void hints_exchange_free(mr_engine *e);

#endif
