/* The patients of the benchmark: bytes in memory, one Bundle each, 64 readable bytes behind every one. */
#ifndef BENCH_PATIENTS_H
#define BENCH_PATIENTS_H

#include "medreview/base/date.h"
#include "medreview/base/error.h"
#include "medreview/base/span.h"

typedef struct bench_patients {
    mr_span *v;
    size_t n, bytes;
} bench_patients;

/* Every *.json of a folder, by name. */
mr_rc bench_patients_read(const char *folder, bench_patients *ret, mr_error *err);
/* n synthetic patients of the sandbox, filled up with laboratory results to `bytes` each (37 kB: what a GP record of a
 * dozen medicines, ten diagnoses and fifteen results weighs in UK Core). The same arguments give the same bytes. */
mr_rc bench_patients_make(size_t n, size_t bytes, mr_day today, bench_patients *ret, mr_error *err);
void bench_patients_free(bench_patients *p);

#endif
