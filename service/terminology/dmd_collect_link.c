/* Which records stand. A record that is no record is refused; of records that say the same one stays; of records that
 * say different things of one id none stays, since nobody can tell which is right. What refers to a record that does
 * not stand does not stand either. A product of which an ingredient, a form or a route is refused is refused as a
 * whole, with its own products and packs: recognised with fewer ingredients than it has, it would hide what it
 * interacts with.
 *
 * All this is done over sorted tables, so the order of records in a file makes no difference. */
#include "dmd_import_parts.h"

#include <stdlib.h>

/* --- order and sameness ----------------------------------------------------------------------------------------- */

static int compare_values(const mr_dmd_raw *x, const mr_dmd_raw *y) {
    for (size_t i = 0; i < x->n_values; i++)
        if (x->v[i] != y->v[i]) return x->v[i] < y->v[i] ? -1 : 1;
    return mr_span_cmp(x->text, y->text);
}

static int by_content(const void *a, const void *b) {
    const mr_dmd_raw *x = a, *y = b;
    int order = compare_values(x, y);
    if (order) return order;
    if (x->broken != y->broken) return x->broken ? 1 : -1;
    return x->line < y->line ? -1 : x->line > y->line;
}

void mr_dmd_sort(mr_dmd_records *rows) {
    if (rows->n) qsort(rows->v, rows->n, sizeof *rows->v, by_content);
    for (size_t i = 1; i < rows->n; i++) {
        mr_dmd_raw *x = &rows->v[i - 1], *y = &rows->v[i];
        if (x->state != MR_DMD_REFUSED && y->state == MR_DMD_KEPT && compare_values(x, y) == 0)
            y->state = MR_DMD_MERGED;
    }
}

mr_dmd_raw *mr_dmd_find(const mr_dmd_collect *c, mr_dmd_table t, uint64_t id) {
    const mr_dmd_records *rows = &c->tables[t];
    size_t low = 0, high = rows->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows->v[middle].v[MR_DMD_ID] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < rows->n && rows->v[low].v[MR_DMD_ID] == id && id != MR_DMD_ABSENT ? &rows->v[low] : NULL;
}

mr_dmd_raw *mr_dmd_find_kept(const mr_dmd_collect *c, mr_dmd_table t, uint64_t id) {
    mr_dmd_raw *raw = mr_dmd_find(c, t, id);
    return raw && raw->state == MR_DMD_KEPT ? raw : NULL;
}

/* One id, one record: of several that differ, or of which one is broken, none stays. */
static void sort_unique(mr_dmd_collect *c, mr_dmd_table t) {
    mr_dmd_records *rows = &c->tables[t];
    mr_dmd_sort(rows);
    for (size_t i = 0, end; i < rows->n; i = end) {
        uint64_t id = rows->v[i].v[MR_DMD_ID];
        bool stays = rows->v[i].state == MR_DMD_KEPT;
        for (end = i + 1; end < rows->n && rows->v[end].v[MR_DMD_ID] == id; end++)
            stays = stays && rows->v[end].state == MR_DMD_MERGED;
        if (stays || end == i + 1 || id == MR_DMD_ABSENT) continue;
        for (size_t k = i; k < end; k++)
            if (rows->v[k].state != MR_DMD_REFUSED)
                mr_dmd_refuse(c, t, &rows->v[k],
                              "%llu: another record of that id says something else, so none is taken",
                              (unsigned long long)id);
    }
}

/* --- references --------------------------------------------------------------------------------------------------- */

/* Does what it refers to stand? If not, the record is refused. An optional reference that is not given stands. */
static bool refers(mr_dmd_collect *c, mr_dmd_table t, mr_dmd_raw *raw, size_t slot, mr_dmd_table to, const char *name) {
    uint64_t id = raw->v[slot];
    if (id == MR_DMD_ABSENT) return true;
    const mr_dmd_raw *found = mr_dmd_find(c, to, id);
    if (found && found->state == MR_DMD_KEPT) return true;
    mr_dmd_refuse(c, t, raw, "%s %llu: %s", name, (unsigned long long)id,
                  found ? "what it refers to was refused" : "refers to nothing that is in the release");
    return false;
}

/* A product and all that was merged into it. */
static void refuse_product(mr_dmd_collect *c, mr_dmd_raw *product, const char *entity, unsigned line) {
    const mr_dmd_records *rows = &c->tables[MR_DMD_T_VMP];
    const mr_dmd_raw *end = rows->v + rows->n;
    uint64_t id = product->v[MR_DMD_ID];
    for (; product < end && product->v[MR_DMD_ID] == id; product++)
        if (product->state != MR_DMD_REFUSED)
            mr_dmd_refuse(c, MR_DMD_T_VMP, product,
                          "%llu: its %s of line %u is refused, so it would look simpler than it is",
                          (unsigned long long)id, entity, line);
}

/* A refused record of a product takes the product with it. Whose it was must be known: with a part that nobody owns,
 * some product of the release has one ingredient less than it should, and none may be trusted. */
static void take_product_along(mr_dmd_collect *c, mr_dmd_table t) {
    mr_dmd_records *rows = &c->tables[t];
    for (size_t i = 0; i < rows->n; i++) {
        const mr_dmd_raw *raw = &rows->v[i];
        if (raw->state != MR_DMD_REFUSED) continue;
        mr_dmd_raw *product = mr_dmd_find(c, MR_DMD_T_VMP, raw->v[MR_DMD_ID]);
        if (product)
            refuse_product(c, product, rows->layout->entity, raw->line);
        else if (raw->broken)
            mr_dmd_say(c, rows->file, raw->line, rows->layout->entity, true,
                       "nobody can tell which product this was part of: no product of the release can be trusted");
    }
}

typedef struct link {
    size_t slot;
    mr_dmd_table to;
    const char *name;
} link;

static void check_links(mr_dmd_collect *c, mr_dmd_table t, const link *links, size_t n) {
    mr_dmd_records *rows = &c->tables[t];
    for (size_t i = 0; i < rows->n; i++) {
        bool stands = rows->v[i].state != MR_DMD_REFUSED;
        for (size_t k = 0; k < n && stands; k++)
            stands = refers(c, t, &rows->v[i], links[k].slot, links[k].to, links[k].name);
    }
}

#define CHECK(c, t, links) check_links((c), (t), (links), sizeof(links) / sizeof((links)[0]))

static const link of_vmp[] = {{MR_DMD_VMP_VTM, MR_DMD_T_VTM, "VTMID"},
                              {MR_DMD_VMP_UDFS_UNIT, MR_DMD_T_UNIT, "UDFS_UOMCD"},
                              {MR_DMD_VMP_DOSE_UNIT, MR_DMD_T_UNIT, "UNIT_DOSE_UOMCD"}};
static const link of_vpi[] = {{MR_DMD_VPI_ING, MR_DMD_T_ING, "ISID"},
                              {MR_DMD_VPI_NUMERATOR_UNIT, MR_DMD_T_UNIT, "STRNT_NMRTR_UOMCD"},
                              {MR_DMD_VPI_DENOMINATOR_UNIT, MR_DMD_T_UNIT, "STRNT_DNMTR_UOMCD"}};
static const link of_ont[] = {{MR_DMD_PAIR_OTHER, MR_DMD_T_ONT, "FORMCD"}};
static const link of_form[] = {{MR_DMD_PAIR_OTHER, MR_DMD_T_FORM, "FORMCD"}};
static const link of_route[] = {{MR_DMD_PAIR_OTHER, MR_DMD_T_ROUTE, "ROUTECD"}};
static const link of_product[] = {{MR_DMD_ID, MR_DMD_T_VMP, "VPID"}};
static const link of_amp[] = {{MR_DMD_AMP_VMP, MR_DMD_T_VMP, "VPID"}};
static const link of_vmpp[] = {{MR_DMD_VMPP_VMP, MR_DMD_T_VMP, "VPID"}};
static const link of_ampp[] = {{MR_DMD_AMPP_VMPP, MR_DMD_T_VMPP, "VPPID"}, {MR_DMD_AMPP_AMP, MR_DMD_T_AMP, "APID"}};
static const link of_bnf[] = {{MR_DMD_ID, MR_DMD_T_VMP, "VPID"}, {MR_DMD_BNF_DDD_UNIT, MR_DMD_T_UNIT, "DDD_UOMCD"}};
static const link of_vtm_ing[] = {{MR_DMD_ID, MR_DMD_T_VTM, "VTMID"}, {MR_DMD_PAIR_OTHER, MR_DMD_T_ING, "ISID"}};

/* --- products ------------------------------------------------------------------------------------------------------
 */

/* Strengths that mean nothing: per zero. */
static void judge_strengths(mr_dmd_collect *c) {
    mr_dmd_records *rows = &c->tables[MR_DMD_T_VPI];
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].state != MR_DMD_REFUSED && rows->v[i].v[MR_DMD_VPI_DENOMINATOR] == 0)
            mr_dmd_refuse(c, MR_DMD_T_VPI, &rows->v[i], "STRNT_DNMTR_VAL 0: a strength per nothing");
}

/* A strength is of its ingredient or of a base. Where the base is not in the release, all that is known is what the
 * product contains: the ingredient stays and the strength is not taken, since nobody could say of what it is. */
static void judge_bases(mr_dmd_collect *c) {
    mr_dmd_records *rows = &c->tables[MR_DMD_T_VPI];
    for (size_t i = 0; i < rows->n; i++) {
        mr_dmd_raw *raw = &rows->v[i];
        uint64_t base = raw->v[MR_DMD_VPI_BASE];
        if (raw->state == MR_DMD_REFUSED || base == MR_DMD_ABSENT || mr_dmd_find_kept(c, MR_DMD_T_ING, base)) continue;
        for (size_t slot = MR_DMD_VPI_BASE; slot < MR_DMD_VPI_VALUES; slot++) raw->v[slot] = MR_DMD_ABSENT;
        mr_dmd_say(c, rows->file, raw->line, "VPI", false,
                   "BS_SUBID %llu: is not in the release: the ingredient is taken, and its strength is not",
                   (unsigned long long)base);
    }
}

/* Sizes that the rows have no room for. */
static void judge_sizes(mr_dmd_collect *c, mr_dmd_table t, size_t slot, const char *name) {
    mr_dmd_records *rows = &c->tables[t];
    for (size_t i = 0; i < rows->n; i++) {
        uint64_t value = rows->v[i].v[slot];
        if (rows->v[i].state != MR_DMD_REFUSED && value != MR_DMD_ABSENT && value > UINT32_MAX)
            mr_dmd_refuse(c, t, &rows->v[i], "%s: is too large", name);
    }
}

/* More rows of one product than any has: a hostile or broken file. */
static void judge_number(mr_dmd_collect *c, mr_dmd_table t) {
    mr_dmd_records *rows = &c->tables[t];
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        n = i && rows->v[i].v[MR_DMD_ID] == rows->v[i - 1].v[MR_DMD_ID] ? n + 1 : 1;
        if (n > MR_DMD_SET_MOST && rows->v[i].state != MR_DMD_REFUSED)
            mr_dmd_refuse(c, t, &rows->v[i], "more than %d of one product", MR_DMD_SET_MOST);
    }
}

static void link_products(mr_dmd_collect *c) {
    static const mr_dmd_table parts[] = {MR_DMD_T_VPI, MR_DMD_T_VMP_ONT, MR_DMD_T_VMP_FORM, MR_DMD_T_VMP_ROUTE};
    sort_unique(c, MR_DMD_T_VMP);
    CHECK(c, MR_DMD_T_VMP, of_vmp);
    judge_sizes(c, MR_DMD_T_VMP, MR_DMD_VMP_UDFS, "UDFS");
    mr_dmd_sort(&c->tables[MR_DMD_T_VPI]);
    mr_dmd_sort(&c->tables[MR_DMD_T_VMP_ONT]);
    mr_dmd_sort(&c->tables[MR_DMD_T_VMP_ROUTE]);
    sort_unique(c, MR_DMD_T_VMP_FORM);
    CHECK(c, MR_DMD_T_VPI, of_vpi);
    CHECK(c, MR_DMD_T_VMP_ONT, of_ont);
    CHECK(c, MR_DMD_T_VMP_FORM, of_form);
    CHECK(c, MR_DMD_T_VMP_ROUTE, of_route);
    judge_strengths(c);
    judge_bases(c);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) judge_number(c, parts[i]);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) take_product_along(c, parts[i]);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) CHECK(c, parts[i], of_product);
    sort_unique(c, MR_DMD_T_CONTROL);
    CHECK(c, MR_DMD_T_CONTROL, of_product);
}

/* A pack is of one product, by whichever way it is reached. */
static void judge_packs(mr_dmd_collect *c) {
    mr_dmd_records *rows = &c->tables[MR_DMD_T_AMPP];
    for (size_t i = 0; i < rows->n; i++) {
        mr_dmd_raw *raw = &rows->v[i];
        if (raw->state == MR_DMD_REFUSED) continue;
        const mr_dmd_raw *vmpp = mr_dmd_find_kept(c, MR_DMD_T_VMPP, raw->v[MR_DMD_AMPP_VMPP]);
        const mr_dmd_raw *amp = mr_dmd_find_kept(c, MR_DMD_T_AMP, raw->v[MR_DMD_AMPP_AMP]);
        if (vmpp->v[MR_DMD_VMPP_VMP] != amp->v[MR_DMD_AMP_VMP])
            mr_dmd_refuse(c, MR_DMD_T_AMPP, raw, "%llu: its VPPID and its APID lead to different products",
                          (unsigned long long)raw->v[MR_DMD_ID]);
    }
}

static void link_brands_and_packs(mr_dmd_collect *c) {
    sort_unique(c, MR_DMD_T_AMP);
    CHECK(c, MR_DMD_T_AMP, of_amp);
    sort_unique(c, MR_DMD_T_VMPP);
    CHECK(c, MR_DMD_T_VMPP, of_vmpp);
    sort_unique(c, MR_DMD_T_AMPP);
    CHECK(c, MR_DMD_T_AMPP, of_ampp);
    judge_packs(c);
}

/* Either all ingredients of a VTM are known or none: fewer than it has would be worse. */
static void link_members(mr_dmd_collect *c) {
    mr_dmd_records *rows = &c->tables[MR_DMD_T_VTM_ING];
    bool lost = false;
    for (size_t i = 0; i < rows->n; i++)
        lost = lost || (rows->v[i].broken && !mr_dmd_find(c, MR_DMD_T_VTM, rows->v[i].v[MR_DMD_ID]));
    for (size_t i = 0; i < rows->n && lost; i++)
        if (rows->v[i].state != MR_DMD_REFUSED)
            mr_dmd_refuse(c, MR_DMD_T_VTM_ING, &rows->v[i],
                          "nobody can tell which VTM a refused ingredient belonged to, so none is taken");
    mr_dmd_sort(rows);
    CHECK(c, MR_DMD_T_VTM_ING, of_vtm_ing);
    judge_number(c, MR_DMD_T_VTM_ING);
    for (size_t i = 0, end; i < rows->n; i = end) {
        uint64_t id = rows->v[i].v[MR_DMD_ID];
        bool refused = false;
        for (end = i; end < rows->n && rows->v[end].v[MR_DMD_ID] == id; end++)
            refused = refused || rows->v[end].state == MR_DMD_REFUSED;
        for (size_t k = i; k < end && refused; k++)
            if (rows->v[k].state != MR_DMD_REFUSED)
                mr_dmd_refuse(c, MR_DMD_T_VTM_ING, &rows->v[k], "%llu: another ingredient of that VTM is refused",
                              (unsigned long long)id);
    }
}

static void rank(mr_dmd_records *rows) {
    uint32_t n = 0;
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].state == MR_DMD_KEPT) rows->v[i].rank = n++;
}

mr_rc mr_dmd_collect_link(mr_dmd_collect *c, mr_error *err) {
    static const mr_dmd_table words[] = {MR_DMD_T_UNIT,  MR_DMD_T_FORM, MR_DMD_T_ONT,
                                         MR_DMD_T_ROUTE, MR_DMD_T_ING,  MR_DMD_T_VTM};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) sort_unique(c, words[i]);
    link_products(c);
    link_brands_and_packs(c);
    sort_unique(c, MR_DMD_T_BNF);
    CHECK(c, MR_DMD_T_BNF, of_bnf);
    judge_sizes(c, MR_DMD_T_BNF, MR_DMD_BNF_DDD, "DDD");
    link_members(c);
    for (int t = 0; t < MR_DMD_TABLES_N; t++) rank(&c->tables[t]);
    if (c->fatal) return mr_fail(err, MR_MALFORMED, "the release is not whole: see what was refused");
    return MR_OK;
}
