/* The file under an embedded store, before SQLite touches it: one process, mode 0600, not somebody else's file. */
#ifndef MEDREVIEW_STORE_DBFILE_H
#define MEDREVIEW_STORE_DBFILE_H

#include "medreview/base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mr_dbfile {
    char *path;      /* absolute, without symbolic links */
    char *lock_path; /* path + "-lock" */
    int lock_fd;     /* -1: not locked */
    char *log_path;  /* path + "-wal" */
    struct {
        uint64_t device, inode; /* 0, 0: not seen yet */
    } file, log;
} mr_dbfile;

/* Locks the file for this process, makes it when it is absent, closes it to other users, and looks at its first bytes.
 *   MR_BUSY     a process holds the lock
 *   MR_INVALID  the file is something else than an SQLite database, or lies on a network file system
 *   MR_IO       path, permission, disk */
mr_rc mr_dbfile_open(const char *path, mr_dbfile *ret, mr_error *err);
/* The names still bear the files that are open: the database as it was opened, and its log from the first look on, when
 * SQLite has made it. An answer of the system that says neither (a directory without permission) counts as yes. */
bool mr_dbfile_is_current(mr_dbfile *f);
/* Only after SQLite has closed its own descriptors. All zero with lock_fd -1 is fine. */
void mr_dbfile_close(mr_dbfile *f);

/* f_type of statfs(2) of file systems whose locks SQLite cannot rely on. */
bool mr_dbfile_is_remote(unsigned long fs_type);

#endif
