/* Keys and content hashes: what makes a finding the same finding, and what makes it say something new.
 *
 * Both are in resources on other people's servers, so their recipe cannot change: tests hold golden values. */
#include "candidate.h"

#include "medreview/base/sha256.h"

#include <stdio.h>
#include <stdlib.h>

void mr_finding_key(mr_span site_key, mr_span source, mr_span patient, mr_span harm, mr_span identity, char out[33]) {
    const mr_span parts[] = {MR_SPAN("v1"), source, patient, harm, identity};
    uint8_t mac[32];
    mr_hmac m;
    mr_hmac_begin(&m, site_key);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (i) mr_hmac_add(&m, MR_SPAN("|"));
        mr_hmac_add(&m, parts[i]);
    }
    mr_hmac_end(&m, mac);
    mr_hex(mac, 16, out);
}

static void add(mr_sha256 *h, mr_span s) {
    if (s.len) mr_sha256_add(h, s.ptr, s.len);
}

static void add_text(mr_sha256 *h, const char *zero_terminated) {
    add(h, mr_span_of(zero_terminated));
}

static int span_order(const void *left, const void *right) {
    const mr_span *a = left, *b = right;
    return mr_span_cmp(*a, *b);
}

static void add_sources(mr_sha256 *h, const mr_finding *f, mr_span *ids) {
    for (size_t i = 0; i < f->n_sources; i++) ids[i] = f->sources[i]->id;
    qsort(ids, f->n_sources, sizeof *ids, span_order);
    for (size_t i = 0; i < f->n_sources; i++) {
        if (i) add_text(h, ",");
        add(h, ids[i]);
    }
}

/* "naproxen=1000 mg": by substance and not by reference, since references change with every export. */
static mr_span dose_text(const mr_medicine *m, bool known, mr_arena *a) {
    mr_span all = MR_SPAN("");
    for (size_t i = 0; i < m->n_ingredients && all.ptr; i++)
        all =
            mr_arena_printf(a, "%.*s%s%.*s", MR_SPAN_ARG(all), i ? "+" : "", MR_SPAN_ARG(m->ingredients[i].substance));
    if (!all.ptr || !known || !m->daily.known) return all.ptr ? mr_arena_printf(a, "%.*s=?", MR_SPAN_ARG(all)) : all;
    return mr_arena_printf(a, "%.*s=%.6g %.*s", MR_SPAN_ARG(all), m->daily.value, MR_SPAN_ARG(m->daily.unit));
}

bool mr_finding_content(const mr_finding *f, uint64_t unknown, mr_arena *a, char out[33]) {
    size_t n = f->n_medicines;
    mr_span *words = MR_NEW_N(a, mr_span, n > f->n_sources ? n : f->n_sources);
    uint8_t digest[32];
    mr_sha256 h;
    if (!words) return false;
    mr_sha256_begin(&h);
    add_text(&h, mr_severity_text(f->severity));
    add_text(&h, "|");
    add_text(&h, mr_urgency_text(f->urgency));
    add_text(&h, f->certainty == MR_DEFINITE ? "|definite|" : "|possible|");
    add_sources(&h, f, words);
    add_text(&h, "|");
    for (size_t i = 0; i < f->n_substances; i++) {
        if (i) add_text(&h, ",");
        add(&h, f->substances[i]);
    }
    for (size_t i = 0; i < n; i++) {
        words[i] = dose_text(f->medicines[i], i >= 64 || !(unknown >> i & 1), a);
        if (!words[i].ptr) return false;
    }
    if (n) qsort(words, n, sizeof *words, span_order);
    add_text(&h, "|");
    for (size_t i = 0; i < n; i++) {
        if (i && mr_span_eq(words[i], words[i - 1])) continue;
        if (i) add_text(&h, ",");
        add(&h, words[i]);
    }
    mr_sha256_end(&h, digest);
    mr_hex(digest, 16, out);
    return true;
}

/* Of many medicines only "none was known" is tried beside each alone: every subset would be too many hashes. */
bool mr_finding_dose_told(const mr_finding *f, mr_span content, mr_arena *a) {
    enum { ALL_SUBSETS = 6 };
    uint64_t known = 0;
    char said[33];
    for (size_t i = 0; i < f->n_medicines && i < 64; i++) known |= (uint64_t)f->medicines[i]->daily.known << i;
    if (!known || !content.len) return false;
    if (f->n_medicines <= ALL_SUBSETS) {
        for (uint64_t unknown = known; unknown; unknown = (unknown - 1) & known)
            if (mr_finding_content(f, unknown, a, said) && mr_span_is(content, said)) return true;
        return false;
    }
    for (size_t i = 0; i < f->n_medicines && i < 64; i++)
        if ((known >> i & 1) && mr_finding_content(f, (uint64_t)1 << i, a, said) && mr_span_is(content, said))
            return true;
    return mr_finding_content(f, known, a, said) && mr_span_is(content, said);
}

int mr_urgency_days(mr_urgency u) {
    static const int days[] = {
        [MR_NEXT_REVIEW] = 84, [MR_WITHIN_4_WEEKS] = 28, [MR_WITHIN_1_WEEK] = 7, [MR_SAME_DAY] = 0};
    return (size_t)u < sizeof days / sizeof *days ? days[u] : 0;
}
