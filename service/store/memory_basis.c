/* Which basis each review in the memory store was made with, and who waits for another one. */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stamp_set(char out[MR_STAMP_BYTES + 1], mr_span stamp) {
    (void)snprintf(out, MR_STAMP_BYTES + 1, "%.*s", MR_SPAN_ARG(stamp));
}

void mr_memory_basis_keep(mr_memory_queue *q, mr_memory_row *r, mr_span stamp, char *asked, size_t len) {
    free(r->asked);
    r->asked = asked;
    r->asked_len = asked ? len : 0;
    r->number = ++q->review_number;
    r->changed = false;
    stamp_set(r->stamp, stamp);
    stamp_set(r->checked, stamp);
}

static bool unchecked(const mr_memory_row *r, mr_span stamp) {
    return r->number && !mr_span_is(stamp, r->checked);
}

static bool stale_copy(const mr_memory_row *r, mr_stale *ret) {
    *ret = (mr_stale){.key = r->row.key, .number = r->number, .asked_len = r->asked_len};
    memcpy(ret->stamp, r->stamp, sizeof ret->stamp);
    ret->asked = malloc(r->asked_len + 1);
    if (ret->asked && r->asked_len) memcpy(ret->asked, r->asked, r->asked_len);
    return ret->asked;
}

mr_rc mr_memory_stale(mr_memory_queue *q, mr_span stamp, mr_stale *ret, size_t most, size_t *ret_n, mr_error *err) {
    mr_memory_row *const *rows = mr_memory_rows(q);
    size_t n = 0;
    for (size_t i = 0; i < q->n && n < most; i++) {
        if (!unchecked(rows[i], stamp)) continue;
        if (!stale_copy(rows[i], &ret[n])) {
            while (n--) free(ret[n].asked);
            return mr_fail(err, MR_NOMEM, "store: reviews to compare");
        }
        n++;
    }
    *ret_n = n;
    return MR_OK;
}

void mr_memory_compared(mr_memory_queue *q, mr_span stamp, const mr_compared *v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        mr_memory_row *r = mr_memory_row_get(q, &v[i].key);
        if (!r || r->number != v[i].number) continue;
        r->changed = v[i].changed;
        stamp_set(r->checked, stamp);
        if (!r->changed) stamp_set(r->stamp, stamp);
    }
}

size_t mr_memory_rereview(mr_memory_queue *q, size_t most, int64_t now_ms) {
    mr_memory_row *const *rows = mr_memory_rows(q);
    size_t n = 0;
    for (size_t i = 0; i < q->n && n < most; i++) {
        if (!rows[i]->changed) continue;
        rows[i]->changed = false;
        if (mr_row_rereview(&rows[i]->row, now_ms)) mr_memory_row_place(q, rows[i]);
        n++;
    }
    return n;
}

void mr_memory_rereviews(const mr_memory_queue *q, mr_span stamp, mr_rereviews *ret) {
    mr_rereviews found = {0};
    for (size_t i = 0; i < q->n; i++) {
        found.unchecked += unchecked(q->rows[i], stamp);
        found.changed += q->rows[i]->changed;
    }
    *ret = found;
}
