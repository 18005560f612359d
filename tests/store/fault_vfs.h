/* A file system that fails on demand, under SQLite: the default VFS of a test program once fault_install() has run.
 *
 * Writes, truncations and syncs of the database and its logs are counted; at the count that is asked for they fail,
 * end the process, or cut the power. For the power cut it knows what was synced: what was written after the last sync
 * of a file may be there, or not, or in part, as a disk's cache has it. */
#ifndef MEDREVIEW_TESTS_FAULT_VFS_H
#define MEDREVIEW_TESTS_FAULT_VFS_H

#include "medreview/base/rand.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum fault_kind {
    FAULT_NONE,
    FAULT_EXIT,   /* the process ends before the call is made */
    FAULT_FULL,   /* this write says SQLITE_FULL; later ones succeed */
    FAULT_FULLER, /* this write and all later ones say SQLITE_FULL, until fault_clear() */
    FAULT_IO,     /* this call says SQLITE_IOERR */
    FAULT_NOMEM,  /* SQLite's at-th allocation gives NULL, instead of a call */
    FAULT_POWER   /* this call and all later ones fail: the machine is off */
} fault_kind;

typedef struct fault_write {
    long long at; /* -1: truncation to `len` bytes */
    size_t len;
    unsigned char *bytes;
} fault_write;

/* What a file held at its last sync, and what was done to it since. */
typedef struct fault_disk {
    char path[160];
    unsigned char *durable;
    size_t len;
    fault_write *pending;
    size_t n_pending, room;
} fault_disk;

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    fault_kind kind;
    sqlite3_mem_methods mem;
    long at, calls; /* the call that fails; calls so far (allocations for FAULT_NOMEM) */
    bool off;       /* the power is cut */
    bool track;     /* keep fault_disks */
    fault_disk disks[4];
    size_t n_disks;
} fault;

typedef struct fault_file {
    sqlite3_file base;
    fault_disk *disk; /* NULL: not tracked */
    sqlite3_file *real;
} fault_file;

static inline void disk_write(unsigned char **bytes, size_t *len, const fault_write *w, size_t n) {
    size_t end = w->at < 0 ? w->len : (size_t)w->at + n;
    if (w->at < 0 || end > *len) {
        unsigned char *grown = realloc(*bytes, end + 1);
        if (!grown) abort();
        if (end > *len) memset(grown + *len, 0, end - *len);
        *bytes = grown;
        *len = end;
    }
    if (w->at >= 0) memcpy(*bytes + w->at, w->bytes, n);
}

static inline void disk_settle(fault_disk *d) {
    for (size_t i = 0; i < d->n_pending; i++) {
        disk_write(&d->durable, &d->len, &d->pending[i], d->pending[i].len);
        free(d->pending[i].bytes);
    }
    d->n_pending = 0;
}

static inline void disk_note(fault_disk *d, long long at, const void *bytes, size_t len) {
    if (!d) return;
    if (d->n_pending == d->room) {
        d->room = d->room ? 2 * d->room : 16;
        d->pending = realloc(d->pending, d->room * sizeof *d->pending);
        if (!d->pending) abort();
    }
    fault_write w = {at, len, at < 0 ? NULL : malloc(len + 1)};
    if (at >= 0 && !w.bytes) abort();
    if (at >= 0) memcpy(w.bytes, bytes, len);
    d->pending[d->n_pending++] = w;
}

static inline fault_disk *disk_of(const char *path) {
    for (size_t i = 0; i < fault.n_disks; i++)
        if (strcmp(fault.disks[i].path, path) == 0) return &fault.disks[i];
    if (fault.n_disks == 4) abort();
    fault_disk *d = &fault.disks[fault.n_disks++];
    *d = (fault_disk){0};
    (void)snprintf(d->path, sizeof d->path, "%s", path);
    return d;
}

/* SQLITE_OK: go on. */
static inline int fault_count(bool is_write) {
    if (fault.off) return SQLITE_IOERR;
    if (fault.kind == FAULT_NOMEM) return SQLITE_OK;
    fault.calls++;
    bool now = fault.kind != FAULT_NONE && fault.calls == fault.at;
    bool past = fault.kind == FAULT_FULLER && fault.calls > fault.at;
    if (!now && !past) return SQLITE_OK;
    switch (fault.kind) {
    case FAULT_EXIT: _exit(77);
    case FAULT_FULL:
    case FAULT_FULLER: return is_write ? SQLITE_FULL : SQLITE_OK;
    case FAULT_POWER: fault.off = true; return SQLITE_IOERR;
    case FAULT_IO: return SQLITE_IOERR;
    case FAULT_NOMEM:
    case FAULT_NONE: break;
    }
    return SQLITE_OK;
}

static inline sqlite3_file *real_of(sqlite3_file *f) {
    return ((fault_file *)f)->real;
}
#define REAL(f, call, ...) real_of(f)->pMethods->call(real_of(f), __VA_ARGS__)

static inline int f_close(sqlite3_file *f) {
    return real_of(f)->pMethods->xClose(real_of(f));
}
static inline int f_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at) {
    return REAL(f, xRead, out, n, at);
}
static inline int f_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at) {
    int code = fault_count(true);
    if (code != SQLITE_OK) return code;
    disk_note(((fault_file *)f)->disk, at, bytes, (size_t)n);
    return REAL(f, xWrite, bytes, n, at);
}
static inline int f_truncate(sqlite3_file *f, sqlite3_int64 size) {
    int code = fault_count(false);
    if (code != SQLITE_OK) return code;
    disk_note(((fault_file *)f)->disk, -1, NULL, (size_t)size);
    return REAL(f, xTruncate, size);
}
/* Nothing here survives the machine anyway, so the sync itself is left out and thousands of commits are quick. */
static inline int f_sync(sqlite3_file *f, int flags) {
    (void)flags;
    int code = fault_count(false);
    if (code != SQLITE_OK) return code;
    if (((fault_file *)f)->disk) disk_settle(((fault_file *)f)->disk);
    return SQLITE_OK;
}
static inline int f_size(sqlite3_file *f, sqlite3_int64 *size) {
    return REAL(f, xFileSize, size);
}
static inline int f_lock(sqlite3_file *f, int level) {
    return REAL(f, xLock, level);
}
static inline int f_unlock(sqlite3_file *f, int level) {
    return REAL(f, xUnlock, level);
}
static inline int f_reserved(sqlite3_file *f, int *out) {
    return REAL(f, xCheckReservedLock, out);
}
static inline int f_control(sqlite3_file *f, int op, void *arg) {
    return REAL(f, xFileControl, op, arg);
}
static inline int f_sector(sqlite3_file *f) {
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}
/* A careful disk promises nothing: no atomic writes, no safe append. */
static inline int f_traits(sqlite3_file *f) {
    (void)f;
    return 0;
}
static inline int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out) {
    return REAL(f, xShmMap, page, size, extend, out);
}
static inline int f_shm_lock(sqlite3_file *f, int at, int n, int flags) {
    return REAL(f, xShmLock, at, n, flags);
}
static inline void f_shm_barrier(sqlite3_file *f) {
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}
static inline int f_shm_unmap(sqlite3_file *f, int remove_it) {
    return REAL(f, xShmUnmap, remove_it);
}

static const sqlite3_io_methods fault_methods = {
    2,         f_close,  f_read,   f_write,   f_truncate, f_sync,        f_size,      f_lock, f_unlock, f_reserved,
    f_control, f_sector, f_traits, f_shm_map, f_shm_lock, f_shm_barrier, f_shm_unmap, NULL,   NULL,
};

static inline int fault_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs;
    fault_file *f = (fault_file *)file;
    f->real = (sqlite3_file *)(f + 1);
    f->disk = fault.track && path && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL))
                  ? disk_of(path)
                  : NULL;
    f->base.pMethods = NULL;
    int code = fault.real->xOpen(fault.real, path, f->real, flags, out_flags);
    if (f->real->pMethods) f->base.pMethods = &fault_methods;
    return code;
}

static inline void disk_free(fault_disk *d) {
    disk_settle(d);
    free(d->durable);
    free(d->pending);
}

static inline int fault_delete(sqlite3_vfs *vfs, const char *path, int sync) {
    (void)vfs;
    if (fault.off) return SQLITE_IOERR;
    for (size_t i = 0; i < fault.n_disks; i++) {
        if (strcmp(fault.disks[i].path, path) != 0) continue;
        disk_free(&fault.disks[i]);
        fault.disks[i] = fault.disks[--fault.n_disks];
    }
    return fault.real->xDelete(fault.real, path, sync);
}

static inline void *fault_malloc(int n) {
    if (fault.kind == FAULT_NOMEM && ++fault.calls == fault.at) return NULL;
    return fault.mem.xMalloc(n);
}

static inline void *fault_realloc(void *old, int n) {
    if (fault.kind == FAULT_NOMEM && ++fault.calls == fault.at) return NULL;
    return fault.mem.xRealloc(old, n);
}

/* Before anything else uses SQLite. */
static inline void fault_install(void) {
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &fault.mem) != SQLITE_OK) abort();
    sqlite3_mem_methods mem = fault.mem;
    mem.xMalloc = fault_malloc;
    mem.xRealloc = fault_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &mem) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK) abort();
    fault.real = sqlite3_vfs_find(NULL);
    fault.vfs = *fault.real;
    fault.vfs.zName = "fault";
    fault.vfs.szOsFile = (int)sizeof(fault_file) + fault.real->szOsFile;
    fault.vfs.xOpen = fault_open;
    fault.vfs.xDelete = fault_delete;
    if (sqlite3_vfs_register(&fault.vfs, 1) != SQLITE_OK) abort();
}

static inline void fault_clear(void) {
    for (size_t i = 0; i < fault.n_disks; i++) disk_free(&fault.disks[i]);
    fault.n_disks = 0;
    fault.kind = FAULT_NONE;
    fault.calls = 0;
    fault.off = fault.track = false;
}

/* The at-th call from now on; at 0 only counts. */
static inline void fault_arm(fault_kind kind, long at) {
    fault.kind = kind;
    fault.at = at;
    fault.calls = 0;
}

/* What the disk holds after the cut: everything synced, and of the rest what `r` lets through, whole or in sectors. */
static inline void fault_image_write(const fault_disk *d, mr_rand *r, const char *path) {
    size_t len = d->len;
    unsigned char *bytes = malloc(len + 1);
    if (!bytes) abort();
    if (len) memcpy(bytes, d->durable, len);
    for (size_t i = 0; i < d->n_pending; i++) {
        const fault_write *w = &d->pending[i];
        uint64_t fate = mr_rand_below(r, 4); /* 0: lost; 1: torn; else there */
        size_t n = fate == 1 ? (size_t)mr_rand_below(r, w->len / 512 + 1) * 512 : w->len;
        if (fate != 0 && !(w->at < 0 && fate == 1)) disk_write(&bytes, &len, w, n);
    }
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(bytes, 1, len, out) != len || fclose(out) != 0) abort();
    free(bytes);
}

#endif
