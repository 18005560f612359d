/* A record without some of its medicines: as if they had ended the day before.
 *
 * Not as if they had never been: what was taken yesterday still counts for rules that look back (a washout, tolerance
 * to an opioid), as it would if the medicine were really stopped today. */
#include "medreview/core/stop_plan.h"

#include <string.h>

static bool listed(const mr_medicine *const *v, size_t n, const mr_medicine *m) {
    for (size_t i = 0; i < n; i++)
        if (v[i] == m) return true;
    return false;
}

static bool end_before(mr_medicine *m, mr_day as_of, mr_arena *a) {
    mr_exposure *v = MR_NEW_N(a, mr_exposure, m->n_exposures);
    size_t n = 0;
    if (!v) return false;
    for (size_t i = 0; i < m->n_exposures; i++) {
        mr_exposure x = m->exposures[i];
        if (x.until >= as_of) x.until = as_of - 1;
        if (x.sure_until >= as_of) x.sure_until = as_of - 1;
        if (x.from <= x.until) v[n++] = x;
    }
    m->exposures = v;
    m->n_exposures = n;
    m->state = MR_MED_ENDED;
    m->unsettled = false;
    m->until = (mr_when){as_of - 1, as_of - 1};
    return true;
}

mr_rc mr_record_without(const mr_record *record, const mr_medicine *const *without, size_t n, mr_day as_of, mr_arena *a,
                        mr_record *ret, mr_error *err) {
    mr_record out = *record;
    out.medicines = MR_NEW_N(a, mr_medicine, record->n_medicines);
    if (!out.medicines) return mr_arena_why(a, err);
    if (record->n_medicines) memcpy(out.medicines, record->medicines, record->n_medicines * sizeof *out.medicines);
    for (size_t i = 0; i < record->n_medicines; i++)
        if (listed(without, n, &record->medicines[i]) && !end_before(&out.medicines[i], as_of, a))
            return mr_arena_why(a, err);
    *ret = out;
    return MR_OK;
}
