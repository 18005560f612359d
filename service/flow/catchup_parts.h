/* Private to catchup.c (rounds: what is read when) and catchup_read.c (one type: where to begin, pages, what is kept).
 */
#ifndef FLOW_CATCHUP_PARTS_H
#define FLOW_CATCHUP_PARTS_H

#include "search_page.h"
#include "upkeep_parts.h"

enum { CATCHUP_OVERLAP_S = 300 };

typedef enum step { STEP_WAIT, STEP_MARK, STEP_SEED, STEP_SEED_NOW, STEP_PAGE, STEP_KEEP } step;

typedef struct hashes {
    uint64_t *v;
    size_t n, cap;
} hashes;

typedef struct type_poll {
    const char *type;
    bool pending;              /* not yet read to its end in this poll */
    bool told;                 /* its trouble stands in the log already */
    char floor[INSTANT_BYTES]; /* first start: nothing before it was asked for */
    int64_t window_s;          /* of the next search; 0: to the present */
    int64_t read_ms;           /* begin of the last poll that read it to its end */
    hashes seen;               /* versions that poll found, sorted */
} type_poll;

struct catchup {
    source *src;
    type_poll *types;
    size_t n;
    mr_json_doc *doc;
    step step;
    bool open; /* an exchange or a store call of ours is under way */

    int64_t poll_at_ms, soon_at_ms, retry_at_ms;
    unsigned failures; /* rounds in a row that left a type unread */
    uint64_t started, completed;

    int64_t began_ms; /* of the round under way */
    size_t at;        /* its type */
    size_t n_found, n_unassigned;
    char seed[INSTANT_BYTES]; /* where types without a watermark begin */
    bool seed_is_present;     /* the server's present time: nothing to look for yet */

    char watermark[INSTANT_BYTES], newest[INSTANT_BYTES]; /* of the type under way: stored, and to be stored */
    int64_t from_s, until_s;                              /* until_s 0: to the present */
    char *next;
    unsigned pages, empty_pages, restarts;
    uint64_t links[MR_MAX_PAGES]; /* hashes of the links followed */
    hashes found;
};

static inline type_poll *catchup_type(struct catchup *c) {
    return &c->types[c->at];
}

/* How the type under way ended; the round goes on with the next one. */
void catchup_type_read(struct catchup *c);
void catchup_type_failed(struct catchup *c, mr_rc rc, const mr_error *err);
void catchup_type_absent(struct catchup *c, mr_rc rc, const mr_error *err); /* the server does not search it */

/* The type under way, one step further: starts a store call or an exchange. */
void catchup_step(struct catchup *c);
void catchup_forget_type(struct catchup *c); /* back to before its first step */

/* Into c->seed and c->seed_is_present. The search that tells both: one issue of ours, and the server's time. */
bool catchup_seed_url(const struct catchup *c, char url[URL_BYTES]);
void catchup_seed_from_ours(struct catchup *c, const search_page *page); /* leaves "" when there is none */
void catchup_seed_from_present(struct catchup *c, mr_span told);         /* absent: our clock, with room */
void catchup_instant(char out[INSTANT_BYTES], const char *text);

#endif
