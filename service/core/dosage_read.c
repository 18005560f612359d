/* Parts to what a dosage says. The rule of every step: what could mean two things means nothing.
 *
 * With one amount, everything else says when it is taken, in any order. With several, each has its own times of the day
 * ("one in the morning and two at night"), before it or behind it, the same way throughout. */
#include "dosage_parts.h"

#include <math.h>

typedef struct occasion { /* when: all that is said about one amount */
    bool counted, timed;
    double count_lo, count_hi, days_lo, days_hi;
    uint64_t slots, weekdays;
} occasion;

typedef struct limit { /* "maximum 8 tablets in 24 hours", "no more than 4 times a day": the least of them */
    bool amounts, times;
    double amount, count; /* a day */
    mr_said_unit unit;
} limit;

typedef struct reading {
    const mr_part *v;
    size_t n;
    bool prn, open; /* "when required"; it is at most so much */
    double sides_lo, sides_hi;
    limit limit;
} reading;

static bool differ(double a, double b) {
    return a < b || a > b;
}

static bool is_amount(mr_item_kind k) {
    return k == MR_ITEM_AMOUNT || k == MR_ITEM_DOSES;
}
static bool is_silent(mr_item_kind k) {
    return k == MR_ITEM_SKIP || k == MR_ITEM_BEFORE || k == MR_ITEM_COMMA;
}

static size_t next_at(const reading *r, size_t i) {
    while (i < r->n && is_silent(r->v[i].kind)) i++;
    return i;
}

static const mr_part *part_at(const reading *r, size_t i) {
    static const mr_part end = {.kind = MR_ITEM_SKIP};
    return i < r->n ? &r->v[i] : &end;
}

/* ---- limits ---- */

static bool limit_amount(limit *x, const mr_part *p, double days) {
    if (x->amounts && x->unit != p->unit) return false;
    double a_day = p->hi / days;
    if (!x->amounts || a_day < x->amount) x->amount = a_day;
    x->amounts = true;
    x->unit = p->unit;
    return true;
}

static bool limit_count(limit *x, double count, double days) {
    if (!x->times || count / days < x->count) x->count = count / days;
    x->times = true;
    return true;
}

/* A limit at i: an amount or a count, and in how many days. 0: it makes no sense. */
static size_t limit_read(reading *r, size_t i) {
    size_t k = next_at(r, i + 1), p = next_at(r, k + 1), next = p + 1;
    const mr_part *what = part_at(r, k), *per = part_at(r, p);
    double days = per->lo;
    if (what->kind == MR_ITEM_FREQUENT) {
        (void)limit_count(&r->limit, what->lo, what->hi);
        return k + 1;
    }
    if (per->kind != MR_ITEM_PER || differ(per->lo, per->hi)) return 0;
    bool ok = false;
    if (what->kind == MR_ITEM_AMOUNT) ok = limit_amount(&r->limit, what, days);
    if (what->kind == MR_ITEM_COUNT || what->kind == MR_ITEM_DOSES) ok = limit_count(&r->limit, what->hi, days);
    return ok ? next : 0;
}

/* "up to 8 in 24 hours" behind an amount, "up to 4 times a day" behind another interval: a limit. Else "up to" opens
 * the number behind it downwards. */
static bool up_to_limits(const reading *r, size_t i, bool amount_before, bool per_before) {
    size_t k = next_at(r, i + 1);
    mr_item_kind kind = part_at(r, k)->kind;
    bool behind = (is_amount(kind) && amount_before) || (kind == MR_ITEM_COUNT && per_before);
    return behind && part_at(r, next_at(r, k + 1))->kind == MR_ITEM_PER;
}

/* Takes limits, "when required" and sides out, so that amounts and occasions remain. */
static bool plain_parts(reading *r, mr_part *out, size_t *ret_n) {
    bool amount = false, per = false, up_to = false;
    size_t n = 0, took;
    for (size_t i = 0; i < r->n; i++) {
        mr_part p = r->v[i];
        if (p.kind == MR_ITEM_LIMIT || (p.kind == MR_ITEM_UP_TO && up_to_limits(r, i, amount, per))) {
            if (!(took = limit_read(r, i))) return false;
            r->open = true;
            i = took - 1;
            continue;
        }
        if (p.kind == MR_ITEM_AND && part_at(r, next_at(r, i + 1))->kind == MR_ITEM_PRN)
            return false; /* that, and more */
        if (p.kind == MR_ITEM_UP_TO) r->open = up_to = true;
        if (p.kind == MR_ITEM_PRN) r->prn = r->open = true;
        if (p.kind == MR_ITEM_SIDES) {
            if (r->sides_hi > 1) return false;
            r->sides_lo = p.lo;
            r->sides_hi = p.hi;
        }
        if (p.kind == MR_ITEM_UP_TO || p.kind == MR_ITEM_PRN || p.kind == MR_ITEM_SIDES || p.kind == MR_ITEM_SKIP ||
            p.kind == MR_ITEM_BEFORE)
            continue;
        amount |= is_amount(p.kind);
        per |= p.kind == MR_ITEM_PER;
        if (up_to && p.kind != MR_ITEM_COMMA && !is_amount(p.kind) && p.kind != MR_ITEM_COUNT) return false;
        if (p.kind != MR_ITEM_COMMA) up_to = false;
        out[n++] = p;
    }
    *ret_n = n;
    return !up_to;
}

/* ---- occasions ---- */

static bool count_add(occasion *o, double lo, double hi) {
    if (o->counted && (differ(o->count_lo, lo) || differ(o->count_hi, hi))) return false;
    o->counted = true;
    o->count_lo = lo;
    o->count_hi = hi;
    return true;
}

static bool days_add(occasion *o, double lo, double hi) {
    if (o->timed && (differ(o->days_lo, lo) || differ(o->days_hi, hi))) return false;
    o->timed = true;
    o->days_lo = lo;
    o->days_hi = hi;
    return true;
}

/* Another time of day needs an "and" or a comma: "morning breakfast" is one time, "evening night" is not clear. */
static bool bits_add(uint64_t *all, uint64_t bits, bool joined) {
    if (*all && !(*all & bits) && !joined) return false;
    *all |= bits;
    return true;
}

static bool occasion_add(occasion *o, const mr_part *p, bool joined) {
    switch (p->kind) {
    case MR_ITEM_COUNT: return count_add(o, p->lo, p->hi);
    case MR_ITEM_PER: return days_add(o, p->lo, p->hi);
    case MR_ITEM_FREQUENT: return count_add(o, p->lo, p->lo) && days_add(o, p->hi, p->hi);
    case MR_ITEM_SLOT: return bits_add(&o->slots, p->bits, joined);
    case MR_ITEM_WEEKDAY: return bits_add(&o->weekdays, p->bits, joined);
    default: return false;
    }
}

/* "and" joins two times of day, two days of the week, or a time of day to the next amount. */
static bool and_joins(const mr_part *v, size_t n, size_t i) {
    size_t next = i + 1, before = i;
    while (next < n && v[next].kind == MR_ITEM_COMMA) next++;
    while (before > 0 && v[before - 1].kind == MR_ITEM_COMMA) before--;
    if (before == 0 || next == n) return false;
    mr_item_kind left = v[before - 1].kind, right = v[next].kind;
    bool day_time = left == MR_ITEM_SLOT || left == MR_ITEM_WEEKDAY;
    return (day_time && right == left) || (left == MR_ITEM_SLOT && is_amount(right)) ||
           (is_amount(left) && right == MR_ITEM_SLOT);
}

static double bits_of(uint64_t x) {
    double n = 0;
    for (; x; x &= x - 1) n++;
    return n;
}

typedef struct rhythm { /* lo to hi in days_lo to days_hi; hi 0: not said */
    double lo, hi, days_lo, days_hi;
    bool once; /* not said how many times: taken as one */
} rhythm;

static bool on_weekdays(const occasion *o, rhythm *ret) {
    double n = bits_of(o->weekdays);
    if (bits_of(o->slots) > 1 || (o->timed && (differ(o->days_lo, 7) || differ(o->days_hi, 7)))) return false;
    if (o->counted && (differ(o->count_lo, n) || differ(o->count_hi, n))) return false;
    *ret = (rhythm){n, n, 7, 7, false};
    return true;
}

static bool at_slots(const occasion *o, rhythm *ret) {
    double n = bits_of(o->slots);
    bool daily = !o->timed || (!differ(o->days_lo, 1) && !differ(o->days_hi, 1));
    if (o->counted && (differ(o->count_lo, n) || differ(o->count_hi, n))) return false;
    if (o->timed && !o->counted && n > 1) return false; /* "one daily, morning and night": one, or one each? */
    if (!daily && (n > 1 || o->days_lo < 1 || differ(o->days_lo, o->days_hi))) return false;
    *ret = (rhythm){n, n, daily ? 1 : o->days_lo, daily ? 1 : o->days_lo, false};
    return true;
}

static bool times_of(const occasion *o, rhythm *ret) {
    *ret = (rhythm){0};
    if (o->weekdays) return on_weekdays(o, ret);
    if (o->slots) return at_slots(o, ret);
    if (o->counted && !o->timed) return false; /* "one twice" */
    if (!o->timed) return true;
    if (differ(o->days_lo, o->days_hi) && o->counted && (o->count_hi > 1 || o->count_lo < 1)) return false;
    *ret = (rhythm){o->counted ? o->count_lo : 1, o->counted ? o->count_hi : 1, o->days_lo, o->days_hi, !o->counted};
    return true;
}

/* ---- all together ---- */

typedef struct whole {
    mr_said_unit unit;
    double each_lo, each_hi; /* 0: no amount */
    double lo, hi;           /* amount in `days` days; only where times are said */
    rhythm times;
} whole;

/* "one" beside "two tablets" is a tablet; beside "5 ml" it is nothing. */
static bool unit_join(mr_said_unit *unit, mr_said_unit more) {
    bool single = more == MR_SAID_FORM || more == MR_SAID_PATCH || more == MR_SAID_PUFF;
    bool is_single = *unit == MR_SAID_FORM || *unit == MR_SAID_PATCH || *unit == MR_SAID_PUFF;
    if (*unit == MR_SAID_BARE && single) *unit = more;
    return *unit == more || (more == MR_SAID_BARE && is_single);
}

static bool one_amount(const mr_part *v, size_t n, whole *w) {
    occasion o = {0};
    bool joined = false;
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == MR_ITEM_AND && !and_joins(v, n, i)) return false;
        if (v[i].kind == MR_ITEM_AND || v[i].kind == MR_ITEM_COMMA) {
            joined = true;
            continue;
        }
        if (is_amount(v[i].kind)) {
            w->unit = v[i].unit;
            w->each_lo = v[i].lo;
            w->each_hi = v[i].hi;
        } else if (!occasion_add(&o, &v[i], joined)) {
            return false;
        }
        joined = false;
    }
    if (!times_of(&o, &w->times)) return false;
    w->lo = w->each_lo * w->times.lo;
    w->hi = w->each_hi * w->times.hi;
    return true;
}

/* One amount with its times of day, added to the whole. */
static bool segment_add(const mr_part *amount, const occasion *o, uint64_t *seen, whole *w) {
    double n = bits_of(o->slots);
    if (!o->slots || o->counted || o->timed || o->weekdays || (*seen & o->slots)) return false;
    *seen |= o->slots;
    if (w->times.hi <= 0) w->unit = amount->unit;
    if (!unit_join(&w->unit, amount->unit)) return false;
    w->lo += amount->lo * n;
    w->hi += amount->hi * n;
    w->times.lo = w->times.hi += n;
    return true;
}

static bool several_amounts(const mr_part *v, size_t n, whole *w) {
    occasion o = {0};
    const mr_part *amount = NULL;
    uint64_t seen = 0;
    bool amount_first = n && is_amount(v[0].kind), joined = false;
    *w = (whole){.unit = MR_SAID_BARE, .times = {0, 0, 1, 1, false}};
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == MR_ITEM_AND && !and_joins(v, n, i)) return false;
        if (v[i].kind == MR_ITEM_AND || v[i].kind == MR_ITEM_COMMA) {
            joined = true;
            continue;
        }
        if (!is_amount(v[i].kind)) {
            if (!occasion_add(&o, &v[i], joined)) return false;
        } else if (amount_first) {
            if (amount && !segment_add(amount, &o, &seen, w)) return false;
            amount = &v[i];
            o = (occasion){0};
        } else {
            if (!segment_add(&v[i], &o, &seen, w)) return false;
            o = (occasion){0};
        }
        joined = false;
    }
    if (amount_first) return segment_add(amount, &o, &seen, w);
    return !o.slots && !o.timed && !o.counted && !o.weekdays;
}

/* ---- bounds ---- */

/* More than anybody takes: read wrongly, or written wrongly. */
static bool sane(const whole *w) {
    static const double most[] = {
        [MR_SAID_BARE] = 20, [MR_SAID_FORM] = 40,   [MR_SAID_PATCH] = 10, [MR_SAID_PUFF] = 40, [MR_SAID_MG] = 100000,
        [MR_SAID_ML] = 2000, [MR_SAID_UNITS] = 1e6, [MR_SAID_DROP] = 100, [MR_SAID_SPOON] = 20};
    bool often = w->times.hi > 0 && (w->times.days_lo < 1.0 / 24 || w->times.hi / w->times.days_lo > 24.001);
    return w->each_hi <= most[w->unit] && !often && w->times.days_hi <= 400;
}

/* "every 8 hours" is three times a day; "every 72 hours" once in three days. */
static void whole_days(double *times, double *days) {
    double a_day = *times / *days;
    if (*days >= 1 || fabs(a_day - round(a_day)) > 1e-9) return;
    *times = round(a_day);
    *days = 1;
}

static double least(double a, double b) {
    return a < b ? a : b;
}

/* The most a day, of amounts and limits; 0: there is none. false: they are not in the same unit. */
static bool most_of(const reading *r, whole *w, double *ret) {
    double most = w->times.hi > 0 ? w->hi / w->times.days_lo : 0;
    if (r->limit.times && w->each_hi > 0) {
        double limited = w->each_hi * r->limit.count;
        most = most > 0 ? least(most, limited) : limited;
    }
    if (r->limit.amounts && w->each_hi > 0) {
        mr_said_unit unit = w->unit;
        if (!unit_join(&unit, r->limit.unit)) return false;
        w->unit = unit;
        most = most > 0 ? least(most, r->limit.amount) : r->limit.amount;
    }
    *ret = most;
    return true;
}

static void said_at_most(const reading *r, whole *w, mr_said *ret) {
    double most = 0;
    if (!most_of(r, w, &most)) return;
    ret->unit = w->unit;
    ret->how = most > 0          ? MR_SAID_AT_MOST
               : r->prn          ? MR_SAID_AS_NEEDED
               : w->each_hi > 0  ? MR_SAID_AMOUNT_ONLY
               : w->times.hi > 0 ? MR_SAID_TIMES_ONLY
                                 : MR_SAID_NOT_UNDERSTOOD;
    ret->most = most;
}

/* "up to 8 a day": not all at once, so how often is not said. */
static void often_fill(const whole *w, bool open, mr_said *ret) {
    double days = w->times.days_lo;
    bool divided = open && w->times.once && days >= 1 && w->each_hi > 1;
    if (w->times.hi <= 0 || divided) return;
    ret->times = w->times.hi;
    ret->once = w->times.once && days >= 1;
    whole_days(&ret->times, &days);
    ret->days = days;
}

static void said_fill(const reading *r, whole *w, bool several, mr_said *ret) {
    bool range =
        w->each_lo < w->each_hi || w->lo < w->hi || w->times.lo < w->times.hi || w->times.days_lo < w->times.days_hi;
    w->each_lo *= r->sides_lo, w->lo *= r->sides_lo;
    w->each_hi *= r->sides_hi, w->hi *= r->sides_hi;
    range |= r->sides_lo < r->sides_hi;
    ret->as_needed = r->prn && !several;
    ret->unit = w->unit;
    if (!range && !r->open && w->each_hi > 0 && !several) ret->amount = w->each_hi;
    often_fill(w, range || r->open, ret);
    if (range || r->open) {
        said_at_most(r, w, ret);
        return;
    }
    if (w->times.hi <= 0) {
        ret->how = w->each_hi > 0 ? MR_SAID_AMOUNT_ONLY : MR_SAID_NOT_UNDERSTOOD;
        return;
    }
    ret->how = w->hi > 0 ? MR_SAID_EXACT : MR_SAID_TIMES_ONLY;
    ret->total = several ? w->hi : w->each_hi * ret->times;
}

static void parts_read(const mr_part *v, size_t n, mr_said *ret) {
    reading r = {.v = v, .n = n, .sides_lo = 1, .sides_hi = 1};
    mr_part plain[MR_DOSAGE_ITEMS];
    size_t n_plain, amounts = 0;
    whole w = {.unit = MR_SAID_BARE};
    if (!plain_parts(&r, plain, &n_plain)) return;
    while (n_plain && plain[n_plain - 1].kind == MR_ITEM_COMMA) n_plain--;
    size_t from = 0;
    while (from < n_plain && plain[from].kind == MR_ITEM_COMMA) from++;
    for (size_t i = from; i < n_plain; i++) amounts += is_amount(plain[i].kind);
    bool ok =
        amounts > 1 ? several_amounts(plain + from, n_plain - from, &w) : one_amount(plain + from, n_plain - from, &w);
    if (ok && sane(&w)) said_fill(&r, &w, amounts > 1, ret);
}

static void read(mr_span text, bool skim, mr_said *ret) {
    mr_tokens tokens;
    mr_part parts[MR_DOSAGE_ITEMS];
    size_t n;
    bool unknown, directed = false;
    *ret = (mr_said){.how = MR_SAID_NOT_UNDERSTOOD};
    text = mr_span_trim(text);
    if (!text.len) {
        ret->how = MR_SAID_NOTHING;
        return;
    }
    if (!mr_dosage_tokens(text, &tokens) || !mr_dosage_scan(&tokens, parts, &n, &unknown)) return;
    for (size_t i = 0; i < n; i++) {
        ret->changes |= parts[i].kind == MR_ITEM_CHANGE;
        directed |= parts[i].kind == MR_ITEM_DIRECTED;
    }
    if (directed) ret->how = MR_SAID_AS_DIRECTED;
    if (!directed && !ret->changes && (skim || !unknown)) parts_read(parts, n, ret);
}

void mr_dosage_read(mr_span text, mr_said *ret) {
    read(text, false, ret);
}

void mr_dosage_skim(mr_span text, mr_said *ret) {
    read(text, true, ret);
}
