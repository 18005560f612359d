/* Checking and merging what record() is given, and comparing instants.
 *
 * Merging happens here and not in the database: several upserts of one key in one statement fail on PostgreSQL, and
 * one notification that names a patient a hundred times is one notice. */
#include "intake.h"

#include "row.h"

#include "medreview/base/date.h"

#include <stdlib.h>
#include <string.h>

static int wish_cmp(const mr_intake *a, const mr_intake *b) {
    int order = mr_key_cmp(&a->key, &b->key);
    if (!order) order = strcmp(a->type, b->type);
    return order ? order : strcmp(a->id, b->id);
}

/* By thing, then by place in v. */
static int wish_order(const void *left, const void *right) {
    const mr_wish *a = left, *b = right;
    int order = wish_cmp(a->what, b->what);
    if (order) return order;
    return a->what < b->what ? -1 : a->what > b->what;
}

static int place_order(const void *left, const void *right) {
    const mr_wish *a = left, *b = right;
    return a->what < b->what ? -1 : a->what > b->what;
}

static mr_rc intake_check(const mr_intake *in, size_t i, mr_error *err) {
    if (!in->key.source[0]) return mr_fail(err, MR_INVALID, "store: intake %zu has no source", i);
    bool hint = in->type[0] || in->id[0];
    if (in->key.patient[0] && hint) return mr_fail(err, MR_INVALID, "store: intake %zu is both patient and hint", i);
    if (hint && !(in->type[0] && in->id[0]))
        return mr_fail(err, MR_INVALID, "store: intake %zu is a hint without %s", i, in->type[0] ? "id" : "type");
    return MR_OK;
}

static size_t wishes_merge(mr_wish *w, size_t n) {
    qsort(w, n, sizeof *w, wish_order);
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        mr_wish *last = out ? &w[out - 1] : NULL;
        if (last && wish_cmp(last->what, w[i].what) == 0) {
            if (w[i].quiet_ms < last->quiet_ms) last->quiet_ms = w[i].quiet_ms;
            if (w[i].max_ms < last->max_ms) last->max_ms = w[i].max_ms;
        } else {
            w[out++] = w[i];
        }
    }
    qsort(w, out, sizeof *w, place_order);
    return out;
}

mr_rc mr_wishes_of(const mr_intake *v, size_t n, mr_wish **ret, size_t *ret_n, mr_error *err) {
    for (size_t i = 0; i < n; i++) {
        mr_rc rc = intake_check(&v[i], i, err);
        if (rc != MR_OK) return rc;
    }
    mr_wish *w = NULL;
    if (n) {
        w = calloc(n, sizeof *w);
        if (!w) return mr_fail(err, MR_NOMEM, "store: %zu notices at once", n);
        for (size_t i = 0; i < n; i++) {
            mr_wish_kind kind = v[i].key.patient[0] ? MR_WISH_PATIENT : MR_WISH_HINT;
            w[i] = (mr_wish){&v[i], kind, v[i].quiet_ms, v[i].max_ms};
        }
        n = wishes_merge(w, n);
    }
    *ret = w;
    *ret_n = n;
    return MR_OK;
}

mr_rc mr_learn_check(const char *source, const char *patient, const char *const *references, size_t n, mr_error *err) {
    if (strlen(source) > MR_MAX_SOURCE_BYTES) return mr_fail(err, MR_LIMIT, "store: a source id is too long");
    if (strlen(patient) > MR_MAX_ID_BYTES) return mr_fail(err, MR_LIMIT, "store: a patient id is too long");
    for (size_t i = 0; i < n; i++)
        if (strlen(references[i]) > MR_MAX_REFERENCE_BYTES)
            return mr_fail(err, MR_LIMIT, "store: reference %zu is too long", i);
    return MR_OK;
}

/* The digits behind the point; the absent span when there are none. mr_when_parse has checked the form. */
static mr_span fraction_of(mr_span instant) {
    mr_span rest = mr_span_from(instant, mr_span_find(instant, '.') + 1);
    size_t n = 0;
    while (n < rest.len && rest.ptr[n] >= '0' && rest.ptr[n] <= '9') n++;
    while (n && rest.ptr[n - 1] == '0') n--; /* .500 is .5 */
    return (mr_span){rest.ptr, n};
}

static mr_rc instant_read(mr_span text, int64_t *ret_s, mr_error *err) {
    mr_when when;
    if (text.len > MR_WATERMARK_BYTES || !mr_when_parse(text, &when, ret_s))
        return mr_fail(err, MR_MALFORMED, "store: a watermark that is not an instant");
    return MR_OK;
}

mr_rc mr_stamp_check(mr_span stamp, mr_error *err) {
    if (stamp.len <= MR_STAMP_BYTES) return MR_OK;
    return mr_fail(err, MR_LIMIT, "store: a stamp of %zu bytes", stamp.len);
}

mr_rc mr_instant_later(const char *candidate, const char *current, bool *ret, mr_error *err) {
    mr_span new_text = mr_span_of(candidate), old_text = mr_span_of(current);
    int64_t new_s = 0, old_s = 0;
    mr_rc rc = instant_read(new_text, &new_s, err);
    if (rc == MR_OK && old_text.len) rc = instant_read(old_text, &old_s, err);
    if (rc != MR_OK) return rc;
    if (!old_text.len)
        *ret = true;
    else if (new_s != old_s)
        *ret = new_s > old_s;
    else
        *ret = mr_span_cmp(fraction_of(new_text), fraction_of(old_text)) > 0;
    return MR_OK;
}

unsigned mr_priority_rank(const char *priority) {
    static const char *const names[] = {"asap", "urgent", "routine"};
    unsigned rank = 0;
    while (rank < 3 && strcmp(names[rank], priority) != 0) rank++;
    return rank;
}

bool mr_work_item_open(const mr_work_item *item) {
    return item->task[0] && item->priority[0];
}

bool mr_work_item_overdue(const mr_work_item *item, const char *today) {
    return item->due[0] && strcmp(item->due, today) < 0;
}
