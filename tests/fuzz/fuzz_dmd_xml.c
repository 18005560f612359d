/* The dm+d importer on any bytes. The first byte says as what: one file of a kind, among whose neighbours there are
 * none, or an archive. Whatever comes out must hold together and its counts must agree. */
#include "dmd_import_parts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

typedef struct cursor {
    const uint8_t *bytes;
    size_t n;
} cursor;

static mr_rc read_some(void *arg, char *into, size_t room, size_t *ret_n, mr_error *err) {
    cursor *c = arg;
    (void)err;
    *ret_n = c->n < room ? c->n : room;
    if (*ret_n) memcpy(into, c->bytes, *ret_n);
    c->bytes += *ret_n;
    c->n -= *ret_n;
    return MR_OK;
}

static mr_rc read_archive(mr_dmd_collect *c, mr_arena *work, const uint8_t *bytes, size_t n, mr_error *err) {
    mr_dmd_source s = {.a = work, .collect = c};
    void *copy = malloc(n ? n : 1);
    if (!copy) return MR_NOMEM;
    if (n) memcpy(copy, bytes, n);
    mr_rc rc = mr_dmd_zip_add(&s, MR_SPAN("fuzz.zip"), NULL, copy, n, 0, err);
    for (int f = 0; f < MR_DMD_FILES; f++) c->shown[f] = s.files[f].shown;
    for (int f = 0; f < MR_DMD_FILES && rc == MR_OK; f++)
        if (s.has[f]) rc = mr_dmd_source_read(&s, (mr_dmd_file)f, err);
    mr_dmd_source_close(&s);
    return rc;
}

static void finish(mr_dmd_collect *c, mr_arena *work, mr_error *err) {
    mr_dmd_previous_list previous;
    mr_dmd_release r;
    mr_rc rc = mr_dmd_collect_link(c, err);
    if (rc == MR_OK) rc = mr_dmd_collect_previous(c, &previous, err);
    if (rc == MR_OK) rc = mr_dmd_collect_build(c, &previous, work, &r, err);
    if (rc != MR_OK) return;
    MR_REQUIRE(mr_dmd_release_check(&r, err) == MR_OK);
    for (int t = 0; t < MR_DMD_TABLES_N; t++) MR_REQUIRE(c->tables[t].n == c->tables[t].count->read);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    const mr_dmd_import_options options = {0};
    mr_error err = {0};
    if (!n) return 0;
    mr_arena *work = mr_arena_new((size_t)64 << 20);
    mr_dmd_collect *c = work ? MR_NEW(work, mr_dmd_collect) : NULL;
    cursor rest = {bytes + 1, n - 1};
    unsigned kind = bytes[0] - (unsigned)'A';
    if (c && mr_dmd_collect_init(c, &options, work, &err) == MR_OK) {
        mr_rc rc = kind < MR_DMD_FILES ? mr_dmd_xml_read(c, (mr_dmd_file)kind, read_some, &rest, &err)
                                       : read_archive(c, work, bytes + 1, n - 1, &err);
        if (rc == MR_OK) finish(c, work, &err);
    }
    mr_arena_free(work);
    return 0;
}
