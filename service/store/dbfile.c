/* The lock, the mode and the first bytes of an embedded store's file.
 *
 * The lock is a file of its own. A lock on the database file would have to be taken through a second descriptor, and
 * closing that would drop SQLite's own locks, which belong to the process; and SQLite's exclusive mode would shut out
 * the operator's `.backup`, too. */
#include "dbfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LOCK_TRIES 16 /* each lost one means that another process closed just now */

bool mr_dbfile_is_remote(unsigned long fs_type) {
    static const unsigned long remote[] = {0x6969 /* NFS */, 0x517b /* SMB */, 0xff534d42 /* CIFS */,
                                           0xfe534d42 /* SMB 2 */, 0x5346414f /* AFS */};
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
        if (remote[i] == fs_type) return true;
    return false;
}

static mr_rc fail_errno(mr_error *err, const char *what, const char *path) {
    int code = errno;
    char why[128];
    if (strerror_r(code, why, sizeof why) != 0) (void)snprintf(why, sizeof why, "error %d", code);
    return mr_fail_detail(err, MR_IO, code, "store: %s %s: %s", what, path, why);
}

static char *join(const char *a, const char *b, const char *c) {
    size_t room = strlen(a) + strlen(b) + strlen(c) + 1;
    char *out = malloc(room);
    if (out) (void)snprintf(out, room, "%s%s%s", a, b, c);
    return out;
}

/* Of a file that may not exist yet; its directory must. */
static char *path_resolve(const char *path) {
    char *real = realpath(path, NULL);
    if (real || errno != ENOENT) return real;
    const char *slash = strrchr(path, '/');
    char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    char *real_dir = dir ? realpath(dir, NULL) : NULL;
    if (real_dir) real = join(real_dir, strcmp(real_dir, "/") == 0 ? "" : "/", slash ? slash + 1 : path);
    free(real_dir);
    free(dir);
    return real;
}

/* Holds the file that bears the name now, not one that was unlinked between open and flock. */
static bool lock_is_current(int fd, const char *lock_path) {
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(lock_path, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
}

static mr_rc fail_locked(int fd, const char *path, mr_error *err) {
    char pid[16] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    while (n > 0 && (pid[n - 1] < '0' || pid[n - 1] > '9')) n--;
    if (n <= 0) return mr_fail(err, MR_BUSY, "store: %s is open in another process", path);
    return mr_fail(err, MR_BUSY, "store: %s is open in another process (pid %.*s): stop it first", path, (int)n, pid);
}

static mr_rc lock_take(mr_dbfile *f, mr_error *err) {
    for (int i = 0; i < LOCK_TRIES; i++) {
        int fd = open(f->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) return fail_errno(err, "cannot make", f->lock_path);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            mr_rc rc = errno == EWOULDBLOCK ? fail_locked(fd, f->path, err) : fail_errno(err, "cannot lock", f->path);
            close(fd);
            return rc;
        }
        if (lock_is_current(fd, f->lock_path)) {
            f->lock_fd = fd;
            char pid[16];
            int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
            /* Only for the message above: a lock without a pid is a lock. */
            if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n) errno = 0;
            return MR_OK;
        }
        close(fd);
    }
    return mr_fail(err, MR_BUSY, "store: %s is being opened and closed by another process", f->path);
}

/* Nothing of it is changed. */
static mr_rc file_look(int fd, const char *path, mr_error *err) {
    static const char magic[16] = "SQLite format 3";
    char head[sizeof magic];
    struct stat st;
    struct statfs fs;
    if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0) return fail_errno(err, "cannot examine", path);
    if (!S_ISREG(st.st_mode)) return mr_fail(err, MR_INVALID, "store: %s is not a plain file", path);
    if (mr_dbfile_is_remote((unsigned long)fs.f_type))
        return mr_fail(err, MR_INVALID, "store: %s lies on a network file system, whose locks SQLite cannot rely on",
                       path);
    ssize_t n = pread(fd, head, sizeof head, 0);
    if (n < 0) return fail_errno(err, "cannot read", path);
    if (n != 0 && (n < (ssize_t)sizeof head || memcmp(head, magic, sizeof head) != 0))
        return mr_fail(err, MR_INVALID, "store: %s is not a medreview store, nor any SQLite database", path);
    return MR_OK;
}

/* The directory entry of a new file is as durable as the file. */
static mr_rc directory_sync(const char *path, mr_error *err) {
    const char *slash = strrchr(path, '/');
    char *dir = strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
    if (!dir) return mr_fail(err, MR_NOMEM, "store: no memory to open it");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mr_rc rc = fd < 0 || fsync(fd) != 0 ? fail_errno(err, "cannot sync", dir) : MR_OK;
    if (fd >= 0) close(fd);
    free(dir);
    return rc;
}

static mr_rc file_prepare(const char *path, mr_error *err) {
    /* A new file is for us only: it will hold reviews. The mode of one that is there was somebody's choice. */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0) return fail_errno(err, "cannot open", path);
    mr_rc rc = file_look(fd, path, err);
    close(fd);
    return rc == MR_OK ? directory_sync(path, err) : rc;
}

/* What bears the name now, against what did at the first look. */
static bool name_holds(const char *path, uint64_t *device, uint64_t *inode) {
    struct stat st;
    if (stat(path, &st) != 0) return (errno != ENOENT && errno != ENOTDIR) || (!*device && !*inode);
    if (!*device && !*inode) {
        *device = (uint64_t)st.st_dev;
        *inode = (uint64_t)st.st_ino;
    }
    return *device == (uint64_t)st.st_dev && *inode == (uint64_t)st.st_ino;
}

mr_rc mr_dbfile_open(const char *path, mr_dbfile *ret, mr_error *err) {
    mr_dbfile f = {.path = path_resolve(path), .lock_fd = -1};
    if (!f.path) return fail_errno(err, "cannot open", path);
    f.lock_path = join(f.path, "-lock", "");
    f.log_path = join(f.path, "-wal", "");
    mr_rc rc = f.lock_path && f.log_path ? lock_take(&f, err) : mr_fail(err, MR_NOMEM, "store: no memory to open it");
    if (rc == MR_OK) rc = file_prepare(f.path, err);
    if (rc == MR_OK) {
        (void)name_holds(f.path, &f.file.device,
                         &f.file.inode); /* the first look; not at a log that SQLite may discard */
        *ret = f;
    } else {
        mr_dbfile_close(&f);
    }
    return rc;
}

bool mr_dbfile_is_current(mr_dbfile *f) {
    return name_holds(f->path, &f->file.device, &f->file.inode) &&
           name_holds(f->log_path, &f->log.device, &f->log.inode);
}

void mr_dbfile_close(mr_dbfile *f) {
    if (f->lock_fd >= 0) {
        (void)unlink(f->lock_path); /* still locked: whoever opened it meanwhile sees that it lost its name */
        close(f->lock_fd);
    }
    free(f->lock_path);
    free(f->log_path);
    free(f->path);
    *f = (mr_dbfile){.lock_fd = -1};
}
