/* One entry on the as-of date: its state, and the days on which the medicine was in use as far as it says.
 *
 * record.h has the table of statuses. Every exposure has two pairs of ends: the days that are possible and, within
 * them, the days that are sure; a partial or missing date makes the two differ, and a rule fires on the sure ones only.
 */
#include "entry.h"

enum { ISSUE_LASTS_MONTHS = 3 }; /* product.md section 5, Taken now */

static const mr_exposure nowhere = {1, 0, 1, 0};

static mr_day least(mr_day a, mr_day b) {
    return a < b ? a : b;
}
static mr_day most(mr_day a, mr_day b) {
    return a > b ? a : b;
}

bool mr_use_taken(const mr_use *u) {
    return u->state == MR_MED_CURRENT || u->state == MR_MED_UNKNOWN;
}

static bool issue_dates_only(const mr_entry *e) {
    return mr_when_given(e->last_issue) && !mr_when_given(e->until) &&
           (e->kind == MR_ENTRY_REQUEST || !mr_when_given(e->from));
}

/* Not something to take, whatever its status: an instruction not to give, a proposal, an option, a draft. */
static bool only_talk(const mr_entry *e) {
    if (e->do_not_perform || e->status == MR_ST_DRAFT) return true;
    if (e->kind != MR_ENTRY_REQUEST) return false;
    return e->intent == MR_INTENT_PROPOSAL || e->intent == MR_INTENT_OPTION || e->intent == MR_INTENT_REFLEX_ORDER ||
           e->intent == MR_INTENT_FILLER_ORDER;
}

static mr_med_state state_in_time(const mr_entry *e, mr_med_state said, mr_when first, mr_day as_of) {
    if (mr_when_given(first) && first.lo > as_of) return MR_MED_PLANNED;
    if (mr_when_given(e->until) && e->until.hi < as_of) return MR_MED_ENDED;
    if (issue_dates_only(e) && e->last_issue.hi < mr_day_add_months(as_of, -ISSUE_LASTS_MONTHS)) return MR_MED_ENDED;
    return said;
}

static mr_med_state state_of(const mr_entry *e, mr_when first, mr_day as_of) {
    switch (e->status) {
    case MR_ST_ACTIVE: return state_in_time(e, MR_MED_CURRENT, first, as_of);
    case MR_ST_UNKNOWN:
    case MR_ST_MISSING: return state_in_time(e, MR_MED_UNKNOWN, first, as_of);
    case MR_ST_INTENDED:
    case MR_ST_DRAFT: return MR_MED_PLANNED;
    case MR_ST_ON_HOLD: return MR_MED_PAUSED;
    default: return MR_MED_ENDED;
    }
}

static mr_exposure taken_now(const mr_entry *e, mr_when first, mr_day as_of) {
    bool open = !mr_when_given(e->until);
    mr_day seen = mr_when_given(first) ? first.hi : mr_when_given(e->asserted) ? e->asserted.hi : as_of;
    return (mr_exposure){mr_when_given(first) ? first.lo : MR_DAY_MIN, open ? MR_DAY_MAX : e->until.hi,
                         least(seen, as_of), open ? as_of : most(e->until.lo, as_of)};
}

static mr_exposure taken_once(const mr_entry *e, mr_when first, mr_day as_of) {
    mr_when told = mr_when_given(e->until) ? e->until : e->asserted; /* by then it was over */
    mr_day until = mr_when_given(told) ? least(told.hi, as_of) : as_of;
    if (issue_dates_only(e)) until = least(e->last_issue.hi, as_of);
    mr_exposure x = {mr_when_given(first) ? first.lo : MR_DAY_MIN, until, 1, 0};
    if (mr_when_given(first)) {
        x.until = most(x.until, first.hi);
        x.sure_from = x.sure_until = first.hi;
        if (first.lo < first.hi) x.sure_until = first.hi - 1; /* on some day of a partial date, but on none surely */
        if (mr_when_given(e->until)) x.sure_until = most(x.sure_until, e->until.lo);
        if (mr_when_given(e->last_issue)) x.sure_until = most(x.sure_until, least(e->last_issue.lo, as_of));
    }
    return x;
}

void mr_entry_use(const mr_entry *e, mr_day as_of, mr_use *ret) {
    mr_when first = mr_when_given(e->from) ? e->from : e->last_issue;
    bool never = e->status == MR_ST_NOT_TAKEN || e->status == MR_ST_CANCELLED || only_talk(e);
    mr_use u = {.state = state_of(e, first, as_of), .exposure = nowhere, .first = first};
    if (only_talk(e)) u.state = e->do_not_perform || u.state == MR_MED_ENDED ? MR_MED_ENDED : MR_MED_PLANNED;
    u.unsettled = e->kind == MR_ENTRY_REQUEST && u.state == MR_MED_UNKNOWN;
    u.past_end = e->kind == MR_ENTRY_STATEMENT && e->status == MR_ST_ACTIVE && u.state == MR_MED_ENDED &&
                 mr_when_given(e->until);
    u.used = !never && u.state != MR_MED_PLANNED;
    if (u.used) u.exposure = mr_use_taken(&u) ? taken_now(e, first, as_of) : taken_once(e, first, as_of);
    if (u.unsettled) u.exposure.sure_from = 1, u.exposure.sure_until = 0;
    u.issued = u.used && !u.unsettled && mr_when_given(e->last_issue) && e->last_issue.lo == e->last_issue.hi &&
               e->last_issue.lo <= as_of;
    if (u.issued) u.issue = e->last_issue.lo;
    *ret = u;
}
