/* From an id to a substance, a moiety or a product, and the way there: pack, product of a supplier, former id.
 *
 * The release is asked first, for its current ids and then for those it remembers; then the shipped table. A former id
 * that was split leads to all its heirs: whether they are the same is for the resolver to say. */
#include "table.h"

typedef struct walk {
    const mr_terminology *t;
    mr_id_path *path;
    size_t heir;
} walk;

static void hop(walk *w, mr_dmd_kind kind, uint64_t id, mr_dmd_text name, uint32_t flags) {
    size_t *n = &w->path->n_hops[w->heir];
    if (*n == MR_ID_HOPS) return;
    w->path->hop[w->heir][(*n)++] =
        (mr_id_hop){kind, id, mr_dmd_name(w->t->release, name), (flags & MR_DMD_INVALID) != 0};
}

static void end(walk *w, mr_id_kind kind, uint32_t at, mr_recognised by) {
    w->path->entry[w->heir] = (mr_id_entry){kind, at, by};
}

static void to_vmp(walk *w, uint32_t row, mr_recognised by) {
    const mr_dmd_vmp *v = &w->t->release->vmps[row];
    hop(w, MR_DMD_VMP, v->id, v->name, v->flags);
    end(w, MR_ID_VMP, (uint32_t)w->t->n_products + row, by);
}

static void to_amp(walk *w, uint32_t row, mr_recognised by) {
    const mr_dmd_amp *a = &w->t->release->amps[row];
    hop(w, MR_DMD_AMP, a->id, a->name, a->flags);
    to_vmp(w, a->vmp, by);
}

static void to_row(walk *w, mr_dmd_kind kind, uint32_t row) {
    const mr_dmd_release *r = w->t->release;
    static const mr_dmd_text nameless = {0, 0};
    switch (kind) {
    case MR_DMD_VMP: to_vmp(w, row, MR_REC_DMD_VMP); break;
    case MR_DMD_AMP: to_amp(w, row, MR_REC_DMD_AMP); break;
    case MR_DMD_VMPP:
        hop(w, kind, r->vmpps[row].id, nameless, r->vmpps[row].flags);
        to_vmp(w, r->vmpps[row].vmp, MR_REC_DMD_PACK);
        break;
    case MR_DMD_AMPP:
        hop(w, kind, r->ampps[row].id, nameless, r->ampps[row].flags);
        to_amp(w, r->ampps[row].amp, MR_REC_DMD_PACK);
        break;
    case MR_DMD_VTM:
        hop(w, kind, r->vtms[row].id, r->vtms[row].name, r->vtms[row].flags);
        end(w, MR_ID_MOIETY, row, MR_REC_DMD_VTM);
        break;
    case MR_DMD_SUBSTANCE:
        hop(w, kind, r->substances[row].id, r->substances[row].name, r->substances[row].flags);
        end(w, MR_ID_INGREDIENT, w->t->bound[row], MR_REC_DMD_VTM);
        break;
    }
}

static size_t first_previous(const mr_dmd_release *r, uint64_t id) {
    size_t low = 0, high = r->n_previous;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->previous[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* All heirs of a former id, of whatever kind. */
static bool find_previous(walk *w, uint64_t id) {
    const mr_dmd_release *r = w->t->release;
    for (size_t i = first_previous(r, id); i < r->n_previous && r->previous[i].id == id; i++) {
        if (w->path->n == MR_ID_HEIRS) return w->path->more = true;
        w->heir = w->path->n++;
        w->path->n_hops[w->heir] = 0;
        to_row(w, (mr_dmd_kind)r->previous[i].kind, r->previous[i].row);
        w->path->entry[w->heir].by = MR_REC_DMD_PREVIOUS;
    }
    return w->path->n > 0;
}

static bool find_released(walk *w, mr_span text) {
    uint64_t id;
    mr_dmd_found found;
    if (!w->t->index || !mr_span_u64(text, &id)) return false;
    if (!mr_dmd_index_find(w->t->index, id, &found)) return find_previous(w, id);
    w->path->n = 1;
    to_row(w, found.kind, found.row);
    return true;
}

bool mr_term_find_id(const mr_terminology *t, mr_span id, mr_id_path *ret) {
    walk w = {t, ret, 0};
    ret->n = ret->n_hops[0] = 0;
    ret->more = false;
    if (find_released(&w, id)) return true;
    if (!mr_term_find_shipped(t, id, &ret->entry[0])) return false;
    ret->n = 1;
    return true;
}
