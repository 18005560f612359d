/* What must be in a record for a condition to be anything but false; private to core. */
#ifndef MEDREVIEW_CORE_RULE_NEED_H
#define MEDREVIEW_CORE_RULE_NEED_H

#include "medreview/core/ruleset.h"

typedef enum mr_need_kind { MR_NEED_TAKEN, MR_NEED_EVER, MR_NEED_CONCEPT } mr_need_kind;

enum { MR_NEED_MOST = 48 };
typedef struct mr_need { /* one of these */
    bool any;            /* nothing in particular is needed */
    size_t n;
    struct {
        mr_need_kind kind;
        uint16_t number;
    } v[MR_NEED_MOST];
} mr_need;

/* The narrowest needs of a condition, each of which has to be met; `most` of them at most. Returns how many. */
size_t mr_needs_of(const mr_ruleset *r, const mr_node *when, mr_need *ret, size_t most);
/* True for large numbers only, so nothing is not enough. */
bool mr_wants_some(const mr_node *n);

#endif
