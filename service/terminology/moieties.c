/* The release's moieties (VTM) as substances: what its members say, and what the table says of its id and name.
 *
 * Both are asked, because they come from different hands. Where neither speaks, the moiety is what all its products are
 * made of. */
#include "table.h"

typedef struct voice {
    mr_reading r;
    bool speaks;
} voice;

static bool table_id(const mr_terminology *t, uint64_t id, uint32_t *ret) {
    char buf[24];
    mr_id_entry e;
    if (!mr_term_find_shipped(t, mr_term_digits(id, buf), &e)) return false;
    *ret = e.at;
    return e.kind == MR_ID_VTM || e.kind == MR_ID_PREVIOUS_VTM;
}

/* The table on the moiety: its id, else its name. A name that holds several substances counts too. */
static void ask_table(const mr_terminology *t, const mr_dmd_vtm *v, voice *ret) {
    uint32_t at;
    ret->speaks = false;
    mr_reading_start(&ret->r);
    if (table_id(t, v->id, &at)) {
        ret->speaks = mr_reading_add(t, &ret->r, at, NULL, 0);
        return;
    }
    mr_name_step step = mr_name_parse(t, mr_dmd_name(t->release, v->name), &ret->r);
    ret->speaks = ret->r.n && (step == MR_NAME_EXACT || step == MR_NAME_SALT || step == MR_NAME_PARTS);
}

static void ask_members(const mr_terminology *t, const mr_dmd_vtm *v, voice *ret) {
    ret->speaks = v->n_members > 0;
    mr_reading_start(&ret->r);
    for (uint32_t i = 0; i < v->n_members && ret->speaks; i++)
        ret->speaks = mr_reading_add(t, &ret->r, t->bound[t->release->vtm_members[v->first_member + i]], NULL, 0);
}

static mr_rc keep(mr_terminology *t, const mr_reading *r, mr_verdict verdict, mr_moiety *ret, mr_error *err) {
    uint32_t *at = MR_NEW_N(t->arena, uint32_t, r->n);
    if (!at) return mr_arena_why(t->arena, err);
    for (size_t i = 0; i < r->n; i++) {
        at[i] = r->part[i].substance;
        t->present[at[i]] = true; /* vaccines: their ingredients are strains, the moiety is what we know */
    }
    *ret = (mr_moiety){at, (uint32_t)r->n, verdict};
    return MR_OK;
}

static mr_rc tell_apart(mr_terminology *t, const mr_dmd_vtm *v, const voice *table, const voice *members,
                        mr_error *err) {
    mr_span said = mr_reading_text(t, &table->r, t->arena), held = mr_reading_text(t, &members->r, t->arena);
    char id[24];
    mr_term_digits(v->id, id);
    return mr_term_tell(t, err, "VTM %s %.*s: its members are %.*s, its id or name says %.*s", id,
                        MR_SPAN_ARG(mr_dmd_name(t->release, v->name)), MR_SPAN_ARG(held), MR_SPAN_ARG(said));
}

static mr_rc settle(mr_terminology *t, const mr_dmd_vtm *v, mr_moiety *ret, mr_error *err) {
    voice table, members;
    ask_table(t, v, &table);
    ask_members(t, v, &members);
    if (!members.speaks && !table.speaks) return *ret = (mr_moiety){NULL, 0, MR_VERDICT_UNKNOWN}, MR_OK;
    if (!members.speaks) return keep(t, &table.r, MR_VERDICT_SURE, ret, err);
    if (!table.speaks || mr_reading_covers(t, &members.r, &table.r))
        return keep(t, &members.r, MR_VERDICT_SURE, ret, err);
    if (mr_reading_covers(t, &table.r, &members.r) && mr_reading_finer(t, &members.r, &table.r))
        return keep(t, &table.r, MR_VERDICT_SURE, ret, err); /* insulin glargine, and its member insulin */
    mr_rc rc = tell_apart(t, v, &table, &members, err);
    bool some = mr_reading_shares(t, &members.r, &table.r);
    for (size_t i = 0; some && i < table.r.n; i++)
        if (!mr_reading_holds(&members.r, table.r.part[i].substance))
            some = mr_reading_add(t, &members.r, table.r.part[i].substance, NULL, 0);
    if (rc == MR_OK) rc = keep(t, &members.r, some ? MR_VERDICT_UNSURE : MR_VERDICT_REFUSED, ret, err);
    return rc;
}

/* The products of a moiety that nothing else is known of: the same substances in all, or nothing. */
static mr_rc learn_from_products(mr_terminology *t, mr_error *err) {
    const mr_dmd_release *r = t->release;
    mr_rc rc = MR_OK;
    for (size_t i = 0; i < r->n_vmps && rc == MR_OK; i++) {
        const mr_dmd_vmp *v = &r->vmps[i];
        if (v->vtm == MR_DMD_NONE || !v->n_parts) continue;
        mr_moiety *m = &t->moieties[v->vtm];
        if (m->verdict != MR_VERDICT_UNKNOWN || m->n == MR_TERM_NONE) continue;
        mr_reading made, had;
        bool room = true;
        mr_reading_start(&made);
        mr_reading_start(&had);
        for (size_t k = 0; k < v->n_parts && room; k++)
            room = mr_reading_add(t, &made, mr_bound_base(t, &r->parts[v->first_part + k]), NULL, 0);
        for (size_t k = 0; k < m->n; k++) had.part[had.n++].substance = m->substance[k];
        if (!room || (m->n && !mr_reading_same(t, &made, &had)))
            *m = (mr_moiety){NULL, MR_TERM_NONE, MR_VERDICT_UNKNOWN}; /* they differ: never asked again */
        else if (!m->n)
            rc = keep(t, &made, MR_VERDICT_UNKNOWN, m, err);
    }
    for (size_t i = 0; i < r->n_vtms; i++) {
        mr_moiety *m = &t->moieties[i];
        if (m->n == MR_TERM_NONE) m->n = 0;
        if (m->n && m->verdict == MR_VERDICT_UNKNOWN) m->verdict = MR_VERDICT_SURE;
    }
    return rc;
}

mr_rc mr_bind_moieties(mr_terminology *t, mr_error *err) {
    mr_rc rc = MR_OK;
    t->moieties = MR_NEW_N(t->arena, mr_moiety, t->release->n_vtms);
    if (!t->moieties) return mr_arena_why(t->arena, err);
    for (size_t i = 0; i < t->release->n_vtms && rc == MR_OK; i++)
        rc = settle(t, &t->release->vtms[i], &t->moieties[i], err);
    return rc == MR_OK ? learn_from_products(t, err) : rc;
}

const mr_moiety *mr_term_moiety_at(const mr_terminology *t, uint32_t row) {
    return &t->moieties[row];
}
