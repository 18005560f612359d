/* A release from its files to rows: find, read, link, build, and count again at the end. */
#include "dmd_import_parts.h"

#include <string.h>

typedef struct importing {
    const mr_dmd_import_options *options;
    mr_dmd_collect *collect;
    mr_dmd_source source;
} importing;

static mr_rc find(importing *m, mr_error *err) {
    mr_rc rc = mr_dmd_source_add(&m->source, m->options->dmd, err);
    if (rc == MR_OK && m->options->bonus) rc = mr_dmd_source_add(&m->source, m->options->bonus, err);
    for (int f = 0; f < MR_DMD_FILES && rc == MR_OK; f++) {
        const mr_dmd_layout *l = &mr_dmd_layouts[f];
        m->collect->shown[f] = m->source.files[f].shown;
        if (m->source.has[f]) continue;
        if (l->required)
            return mr_fail(err, MR_MALFORMED, "%s is no dm+d release: it holds no file f_%s2_....xml", m->options->dmd,
                           l->type);
        mr_span name = mr_arena_printf(m->collect->work, "f_%s", l->type);
        if (!name.ptr) return mr_dmd_no_room(m->collect, err);
        mr_dmd_note(m->collect, name, "file", "not there%s",
                    l->bonus ? ": it comes with the supplementary release (--bonus)" : "");
        for (size_t i = 0; i < l->n_records; i++)
            mr_dmd_collect_count(m->collect, (mr_dmd_file)f, &l->records[i])->missing = true;
    }
    return rc;
}

static mr_rc read_all(importing *m, mr_error *err) {
    mr_rc rc = MR_OK;
    for (int f = 0; f < MR_DMD_FILES && rc == MR_OK; f++) {
        if (!m->source.has[f]) continue;
        rc = mr_dmd_source_read(&m->source, (mr_dmd_file)f, err);
    }
    return rc;
}

/* Counts in = kept + merged + refused + not kept, and kept = rows. Otherwise something was lost, and there is no
 * result. */
static mr_rc balance(mr_dmd_collect *c, const mr_dmd_release *r, mr_error *err) {
    for (int t = 0; t < MR_DMD_TABLES_N; t++) {
        const mr_dmd_records *rows = &c->tables[t];
        for (size_t i = 0; i < rows->n; i++) {
            rows->count->kept += rows->v[i].state == MR_DMD_KEPT;
            rows->count->merged += rows->v[i].state == MR_DMD_MERGED;
            rows->count->refused += rows->v[i].state == MR_DMD_REFUSED;
        }
    }
    bool whole = true;
    for (size_t i = 0; i < c->n_counts; i++) {
        const mr_dmd_count *n = &c->all[i];
        whole = whole && n->read == n->kept + n->merged + n->refused + n->not_kept;
    }
    const struct {
        mr_dmd_table table;
        size_t rows;
    } made[] = {{MR_DMD_T_UNIT, r->n_units},       {MR_DMD_T_FORM, r->n_forms},
                {MR_DMD_T_ROUTE, r->n_routes},     {MR_DMD_T_ONT, r->n_onts},
                {MR_DMD_T_ING, r->n_substances},   {MR_DMD_T_VTM, r->n_vtms},
                {MR_DMD_T_VMP, r->n_vmps},         {MR_DMD_T_VPI, r->n_parts},
                {MR_DMD_T_AMP, r->n_amps},         {MR_DMD_T_VMP_ROUTE, r->n_vmp_routes},
                {MR_DMD_T_VMP_ONT, r->n_vmp_onts}, {MR_DMD_T_VMPP, r->n_vmpps},
                {MR_DMD_T_AMPP, r->n_ampps},       {MR_DMD_T_VTM_ING, r->n_vtm_members}};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        whole = whole && c->tables[made[i].table].count->kept == made[i].rows;
    return whole ? MR_OK
                 : mr_fail(err, MR_INVALID, "the counts of the import do not agree: this is a defect of medreview");
}

static mr_rc finish(importing *m, mr_arena *a, mr_dmd_imported *ret, mr_error *err) {
    mr_dmd_collect *c = m->collect;
    mr_dmd_previous_list previous;
    mr_dmd_imported out = {.n_counts = c->n_counts};
    mr_rc rc = mr_dmd_collect_link(c, err);
    if (rc == MR_OK) rc = mr_dmd_collect_previous(c, &previous, err);
    if (rc == MR_OK) rc = mr_dmd_collect_build(c, &previous, a, &out.release, err);
    if (rc == MR_OK) rc = balance(c, &out.release, err);
    if (rc != MR_OK) return rc;
    const char *date = m->source.date[0] ? m->source.date : m->source.archive_date;
    memcpy(out.release.date, date, sizeof out.release.date);
    rc = mr_dmd_release_check(&out.release, err);
    if (rc != MR_OK) return rc;
    out.counts = MR_NEW_N(a, mr_dmd_count, c->n_counts);
    if (!out.counts) return mr_dmd_no_room_in(a, err);
    memcpy(out.counts, c->all, c->n_counts * sizeof *out.counts);
    out.n_refused = c->n_refused;
    *ret = out;
    return MR_OK;
}

mr_rc mr_dmd_import(const mr_dmd_import_options *options, mr_arena *a, mr_dmd_imported *ret, mr_error *err) {
    mr_arena *work = mr_arena_new(MR_DMD_WORK_BYTES);
    mr_dmd_collect *c = work ? MR_NEW(work, mr_dmd_collect) : NULL;
    if (!c) {
        mr_arena_free(work);
        return mr_fail(err, MR_NOMEM, "out of memory");
    }
    importing m = {.options = options, .collect = c, .source = {.a = work, .collect = c}};
    mr_rc rc = mr_dmd_collect_init(c, options, work, err);
    if (rc == MR_OK) rc = find(&m, err);
    if (rc == MR_OK) rc = read_all(&m, err);
    mr_dmd_source_close(&m.source);
    if (rc == MR_OK) rc = finish(&m, a, ret, err);
    mr_arena_free(work);
    return rc;
}
