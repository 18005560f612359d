/* From an id to its row in three memory accesses: buckets over all ids of a release, made when it is opened.
 *
 * A binary search over 430,000 ids misses the cache some twelve times; this misses it three times, and takes 3.8 MB:
 * ids are not copied but compared where they stand. Made in about 20 ms, which
 * is less than the checksum takes, so it is not in the file: what is not there cannot be wrong. */
#include "dmd_index_room.h"

#include <stdlib.h>
#include <string.h>

/* The order in which an id that two kinds share is answered. */
static const mr_dmd_kind by_rank[] = {MR_DMD_VMP, MR_DMD_AMP, MR_DMD_VMPP, MR_DMD_AMPP, MR_DMD_VTM, MR_DMD_SUBSTANCE};
enum {
    KINDS = sizeof by_rank / sizeof by_rank[0],
    ROW_BITS = 28 /* far above any release: a row takes 16 bytes of a file of at most 1 GB */
};
_Static_assert(MR_DMD_AMPP < 1 << (32 - ROW_BITS), "kind and row in 32 bits");

static size_t bucket(const mr_index_ids *ids, uint64_t id) {
    return (size_t)(id * UINT64_C(0x9E3779B97F4A7C15) >> ids->shift); /* Fibonacci hashing */
}

/* Counting sort by bucket: within one, rows come as they are read, which is the order of rank. */
static void fill(const mr_dmd_release *r, mr_index_ids *ids, size_t n_buckets) {
    for (size_t k = 0; k < KINDS; k++)
        for (size_t i = 0; i < mr_dmd_rows(r, by_rank[k]); i++)
            ids->starts[bucket(ids, mr_dmd_id(r, by_rank[k], i)) + 1]++;
    for (size_t b = 0; b < n_buckets; b++) ids->starts[b + 1] += ids->starts[b];
    for (size_t k = KINDS; k-- > 0;) /* from the last to the first, each bucket from its end: starts end as starts */
        for (size_t i = mr_dmd_rows(r, by_rank[k]); i-- > 0;) {
            uint64_t id = mr_dmd_id(r, by_rank[k], i);
            ids->entries[--ids->starts[bucket(ids, id) + 1]] = (uint32_t)by_rank[k] << ROW_BITS | (uint32_t)i;
        }
    /* Each place now holds the start of the bucket before it, moved one up. */
    memmove(ids->starts, ids->starts + 1, n_buckets * sizeof *ids->starts);
}

mr_rc mr_index_ids_build(const mr_dmd_release *r, mr_index_ids *ret, mr_error *err) {
    size_t n = 0, bits = 1;
    for (size_t k = 0; k < KINDS; k++) n += mr_dmd_rows(r, by_rank[k]);
    while (bits < 31 && ((size_t)1 << bits) < n) bits++;
    size_t n_buckets = (size_t)1 << bits;
    mr_index_ids ids = {.shift = (unsigned)(64 - bits)};
    if (n >= (size_t)1 << ROW_BITS) return mr_fail(err, MR_MALFORMED, "more ids than any release has");
    ids.starts = calloc(n_buckets + 1, sizeof *ids.starts);
    ids.entries = malloc((n ? n : 1) * sizeof *ids.entries);
    if (!ids.starts || !ids.entries) {
        mr_index_ids_free(&ids);
        return mr_fail(err, MR_NOMEM, "no memory for %zu ids", n);
    }
    fill(r, &ids, n_buckets);
    ids.starts[n_buckets] = (uint32_t)n;
    *ret = ids;
    return MR_OK;
}

void mr_index_ids_free(mr_index_ids *ids) {
    free(ids->starts);
    free(ids->entries);
    *ids = (mr_index_ids){0};
}

bool mr_index_ids_find(const mr_index_ids *ids, const mr_dmd_release *r, uint64_t id, mr_dmd_found *ret) {
    size_t b = bucket(ids, id);
    for (uint32_t i = ids->starts[b]; i < ids->starts[b + 1]; i++) {
        mr_dmd_kind kind = (mr_dmd_kind)(ids->entries[i] >> ROW_BITS);
        uint32_t row = ids->entries[i] & (((uint32_t)1 << ROW_BITS) - 1);
        if (mr_dmd_id(r, kind, row) != id) continue;
        *ret = (mr_dmd_found){kind, row};
        return true;
    }
    return false;
}
