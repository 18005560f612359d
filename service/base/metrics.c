/* One array of atomics a kind; the text is rendered from the lists in the header. */
#include "medreview/base/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BOUNDS = 12 };
static const int64_t bound_ms[BOUNDS] = {1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 5000, 30000};

struct mr_metrics {
    _Atomic uint64_t counter[MR_C_COUNT];
    _Atomic int64_t gauge[MR_G_COUNT];
    struct {
        _Atomic uint64_t bucket[BOUNDS + 1], sum;
    } histogram[MR_H_COUNT];
};

static const struct {
    const char *family, *labels, *help;
} counter_names[] =
    {
#define X(name, family, labels, help) {family, labels, help},
        MR_COUNTERS(X)
#undef X
},
  gauge_names[] =
      {
#define X(name, family, labels, help) {family, labels, help},
          MR_GAUGES(X)
#undef X
},
  histogram_names[] = {
#define X(name, family, help) {family, "", help},
      MR_HISTOGRAMS(X)
#undef X
};

mr_metrics *mr_metrics_new(void) {
    return calloc(1, sizeof(mr_metrics));
}

void mr_metrics_free(mr_metrics *m) {
    free(m);
}

void mr_metrics_add(mr_metrics *m, mr_counter c, uint64_t n) {
    if (m) atomic_fetch_add_explicit(&m->counter[c], n, memory_order_relaxed);
}

void mr_metrics_set(mr_metrics *m, mr_gauge g, int64_t value) {
    if (m) atomic_store_explicit(&m->gauge[g], value, memory_order_relaxed);
}

void mr_metrics_observe(mr_metrics *m, mr_histogram h, int64_t value) {
    if (!m) return;
    unsigned i = 0;
    while (i < BOUNDS && value > bound_ms[i]) i++;
    atomic_fetch_add_explicit(&m->histogram[h].bucket[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->histogram[h].sum, value > 0 ? (uint64_t)value : 0, memory_order_relaxed);
}

uint64_t mr_metrics_counter(const mr_metrics *m, mr_counter c) {
    return atomic_load_explicit(&m->counter[c], memory_order_relaxed);
}

static void head(mr_buf *out, const char *family, const char *help, const char *type, const char *before) {
    if (before && strcmp(before, family) == 0) return;
    mr_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", family, help, family, type);
}

static void sample(mr_buf *out, const char *family, const char *labels, long long value) {
    if (*labels)
        mr_buf_printf(out, "%s{%s} %lld\n", family, labels, value);
    else
        mr_buf_printf(out, "%s %lld\n", family, value);
}

void mr_metrics_render(const mr_metrics *m, mr_buf *out) {
    for (unsigned i = 0; i < MR_C_COUNT; i++) {
        head(out, counter_names[i].family, counter_names[i].help, "counter", i ? counter_names[i - 1].family : NULL);
        sample(out, counter_names[i].family, counter_names[i].labels, (long long)mr_metrics_counter(m, (mr_counter)i));
    }
    for (unsigned i = 0; i < MR_G_COUNT; i++) {
        head(out, gauge_names[i].family, gauge_names[i].help, "gauge", i ? gauge_names[i - 1].family : NULL);
        sample(out, gauge_names[i].family, gauge_names[i].labels,
               (long long)atomic_load_explicit(&m->gauge[i], memory_order_relaxed));
    }
    for (unsigned i = 0; i < MR_H_COUNT; i++) {
        const char *family = histogram_names[i].family;
        unsigned long long total = 0;
        head(out, family, histogram_names[i].help, "histogram", NULL);
        for (unsigned b = 0; b <= BOUNDS; b++) {
            total += atomic_load_explicit(&m->histogram[i].bucket[b], memory_order_relaxed);
            if (b < BOUNDS)
                mr_buf_printf(out, "%s_bucket{le=\"%lld\"} %llu\n", family, (long long)bound_ms[b], total);
            else
                mr_buf_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n", family, total);
        }
        mr_buf_printf(out, "%s_sum %llu\n%s_count %llu\n", family,
                      (unsigned long long)atomic_load_explicit(&m->histogram[i].sum, memory_order_relaxed), family,
                      total);
    }
}
