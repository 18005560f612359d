/* Where the files of a release lie: a folder, folders in it, archives, archives in archives. Which is which is told by
 * the file's name, f_<type><version>_<version><ddmmyy>.xml, and never by its place. */
#include "dmd_import_parts.h"

#include "medreview/base/date.h"
#include "medreview/base/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRESS_BYTES = 4 << 20 }; /* between two calls; about a tenth of a second */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool ends_as(mr_span s, const char *suffix) {
    size_t n = strlen(suffix);
    return s.len >= n && mr_span_ieq((mr_span){s.ptr + s.len - n, n}, mr_span_of(suffix));
}

bool mr_dmd_is_zip_name(mr_span name) {
    return ends_as(name, ".zip");
}

mr_span mr_dmd_base_name(mr_span path) {
    size_t at = path.len;
    while (at && path.ptr[at - 1] != '/' && path.ptr[at - 1] != '\\') at--;
    return mr_span_from(path, at);
}

/* f_vmp2_3260821.xml: after "f_" the type, digits, then an underscore. false: no file of a release. */
static bool split_name(mr_span name, mr_span *ret_type, mr_span *ret_rest) {
    if (name.len < 8 || !mr_span_ieq((mr_span){name.ptr, 2}, MR_SPAN("f_")) || !ends_as(name, ".xml")) return false;
    mr_span inner = {name.ptr + 2, name.len - 6};
    size_t digit = 0;
    while (digit < inner.len && !is_digit(inner.ptr[digit])) digit++;
    *ret_type = (mr_span){inner.ptr, digit};
    while (digit < inner.len && is_digit(inner.ptr[digit])) digit++;
    if (digit == ret_type->len || (digit < inner.len && inner.ptr[digit] != '_')) return false;
    *ret_rest = mr_span_from(inner, digit < inner.len ? digit + 1 : digit);
    return true;
}

static void newest(char date[11], int year, int month, int day) {
    char text[32];
    if (!mr_date_valid(year, month, day)) return;
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
    if (strcmp(text, date) > 0) memcpy(date, text, 11);
}

static int two(const char *p) {
    return (p[0] - '0') * 10 + (p[1] - '0');
}

static bool all_digits(mr_span s) {
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.ptr[i])) return false;
    return s.len > 0;
}

/* "3260821": a digit of the version, then ddmmyy. */
static void date_of_file(char date[11], mr_span rest) {
    if (rest.len == 7 && all_digits(rest)) newest(date, 2000 + two(rest.ptr + 5), two(rest.ptr + 3), two(rest.ptr + 1));
}

/* nhsbsa_dmd_8.3.0_20210826000001.zip, or a folder of that name. */
static void date_of_archive(char date[11], mr_span name) {
    if (mr_dmd_is_zip_name(name)) name.len -= 4;
    if (!mr_span_starts(name, "nhsbsa_dmd") || name.len < 14) return;
    mr_span stamp = mr_span_from(name, name.len - 14);
    if (!all_digits(stamp)) return;
    const char *p = stamp.ptr;
    newest(date, two(p) * 100 + two(p + 2), two(p + 4), two(p + 6));
}

static bool same_file(const mr_dmd_found_file *a, const mr_dmd_found_file *b) {
    return a->path.ptr && b->path.ptr && a->device == b->device && a->inode == b->inode;
}

static mr_rc take(mr_dmd_source *s, mr_dmd_file file, const mr_dmd_found_file *met, mr_error *err) {
    mr_dmd_found_file *there = &s->files[file];
    if (s->has[file] && same_file(there, met)) return MR_OK;
    if (s->has[file])
        return mr_fail(err, MR_MALFORMED, "two %s files, %.*s and %.*s: give one release", mr_dmd_layouts[file].type,
                       MR_SPAN_ARG(mr_utf8_cut(there->shown, 100)), MR_SPAN_ARG(mr_utf8_cut(met->shown, 100)));
    if (met->bytes > MR_DMD_FILE_BYTES || s->bytes + met->bytes > MR_DMD_RELEASE_BYTES)
        return mr_fail(err, MR_LIMIT, "%.*s: unpacked it is larger than any release", MR_SPAN_ARG(met->shown));
    *there = *met;
    there->file = file;
    s->has[file] = true;
    s->bytes += met->bytes;
    return MR_OK;
}

mr_rc mr_dmd_source_met(mr_dmd_source *s, const mr_dmd_found_file *met, mr_error *err) {
    mr_span type, rest;
    if (!split_name(mr_dmd_base_name(met->shown), &type, &rest)) return MR_OK;
    for (int f = 0; f < MR_DMD_FILES; f++) {
        if (!mr_span_ieq(type, mr_span_of(mr_dmd_layouts[f].type))) continue;
        date_of_file(s->date, rest);
        return take(s, (mr_dmd_file)f, met, err);
    }
    mr_dmd_note(s->collect, met->shown, "file", "no kind of file that this version knows: not read");
    return MR_OK;
}

/* --- folders ------------------------------------------------------------------------------------------------------ */

static mr_rc add_folder(mr_dmd_source *s, const char *path, mr_span shown, unsigned depth, size_t *n, mr_error *err);

static mr_rc add_entry(mr_dmd_source *s, mr_span path, mr_span shown, unsigned depth, size_t *n, mr_error *err) {
    struct stat st, link;
    if (stat(path.ptr, &st) != 0 || lstat(path.ptr, &link) != 0)
        return mr_fail_detail(err, MR_IO, errno, "%.*s cannot be read", MR_SPAN_ARG(shown));
    if (++*n > MR_DMD_ENTRIES_MOST) return mr_fail(err, MR_LIMIT, "more files than a release has");
    if (S_ISDIR(st.st_mode)) /* links to folders are not followed: they may lead in circles */
        return S_ISLNK(link.st_mode) ? MR_OK : add_folder(s, path.ptr, shown, depth + 1, n, err);
    if (!S_ISREG(st.st_mode)) return MR_OK;
    if (mr_dmd_is_zip_name(path)) return mr_dmd_zip_add(s, shown, path.ptr, NULL, 0, 0, err);
    mr_dmd_found_file met = {.shown = shown,
                             .bytes = (uint64_t)st.st_size,
                             .device = (uint64_t)st.st_dev,
                             .inode = (uint64_t)st.st_ino,
                             .path = path};
    return mr_dmd_source_met(s, &met, err);
}

static mr_rc add_folder(mr_dmd_source *s, const char *path, mr_span shown, unsigned depth, size_t *n, mr_error *err) {
    if (depth > MR_DMD_FOLDERS_MOST) return mr_fail(err, MR_LIMIT, "%s: too many folders within folders", path);
    DIR *dir = opendir(path);
    if (!dir) return mr_fail_detail(err, MR_IO, errno, "%s cannot be opened", path);
    mr_rc rc = MR_OK;
    for (struct dirent *e; rc == MR_OK && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        mr_span inner = mr_arena_printf(s->a, "%s/%s", path, e->d_name);
        mr_span name = shown.len ? mr_arena_printf(s->a, "%.*s/%s", MR_SPAN_ARG(shown), e->d_name)
                                 : mr_arena_printf(s->a, "%s", e->d_name);
        rc = inner.ptr && name.ptr ? add_entry(s, inner, name, depth, n, err) : mr_dmd_no_room(s->collect, err);
    }
    (void)closedir(dir);
    return rc;
}

mr_rc mr_dmd_source_add(mr_dmd_source *s, const char *path, mr_error *err) {
    struct stat st;
    size_t n = 0;
    if (stat(path, &st) != 0) return mr_fail_detail(err, MR_IO, errno, "%s: no such file or folder", path);
    mr_span name = mr_span_of(path);
    while (name.len > 1 && name.ptr[name.len - 1] == '/') name.len--;
    name = mr_dmd_base_name(name);
    date_of_archive(s->archive_date, name);
    if (S_ISDIR(st.st_mode)) return add_folder(s, path, MR_SPAN_NONE, 0, &n, err);
    return mr_dmd_zip_add(s, name, path, NULL, 0, 0, err);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

typedef struct counted { /* a reader that tells how far it is */
    mr_dmd_source *s;
    mr_dmd_file file;
    mr_dmd_read *read;
    void *read_arg;
    uint64_t done, told; /* of this file */
} counted;

static void tell_progress(counted *k, bool end) {
    const mr_dmd_import_options *o = k->s->collect->options;
    k->told = k->done;
    if (o->progress)
        o->progress(o->progress_arg, k->s->files[k->file].shown.ptr, k->s->done + (end ? 0 : k->done), k->s->bytes);
}

static mr_rc read_counted(void *arg, char *into, size_t room, size_t *ret_n, mr_error *err) {
    counted *k = arg;
    mr_rc rc = k->read(k->read_arg, into, room, ret_n, err);
    if (rc != MR_OK) return rc;
    k->done += *ret_n;
    if (k->done > MR_DMD_FILE_BYTES) return mr_fail(err, MR_LIMIT, "unpacked it is larger than any release");
    if (*ret_n == 0) k->s->done += k->done;
    if (*ret_n == 0 || k->done - k->told >= PROGRESS_BYTES) tell_progress(k, *ret_n == 0);
    return MR_OK;
}

static mr_rc read_stream(void *arg, mr_dmd_read *read, void *read_arg, mr_error *err) {
    counted *k = arg;
    k->read = read;
    k->read_arg = read_arg;
    return mr_dmd_xml_read(k->s->collect, k->file, read_counted, k, err);
}

static mr_rc read_descriptor(void *arg, char *into, size_t room, size_t *ret_n, mr_error *err) {
    ssize_t n;
    do n = read(*(int *)arg, into, room);
    while (n < 0 && errno == EINTR);
    if (n < 0) return mr_fail_detail(err, MR_IO, errno, "cannot be read");
    *ret_n = (size_t)n;
    return MR_OK;
}

static mr_rc read_path(const char *path, counted *k, mr_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return mr_fail_detail(err, MR_IO, errno, "cannot be opened");
    mr_rc rc = read_stream(k, read_descriptor, &fd, err);
    (void)close(fd);
    return rc;
}

mr_rc mr_dmd_source_read(mr_dmd_source *s, mr_dmd_file file, mr_error *err) {
    const mr_dmd_found_file *f = &s->files[file];
    counted k = {.s = s, .file = file};
    mr_rc rc = f->zip ? mr_dmd_zip_entry(f->zip, f->entry, read_stream, &k, err) : read_path(f->path.ptr, &k, err);
    return rc == MR_OK ? rc : mr_wrap(err, "%.*s", MR_SPAN_ARG(mr_utf8_cut(f->shown, 120)));
}

void mr_dmd_source_close(mr_dmd_source *s) {
    mr_dmd_zip_close_all(s->zips);
    s->zips = NULL;
}
