/* Evaluates a rule's tree, and shows why.
 *
 * Values first: most rules are false for most patients, and a value costs no memory. Only when there is something to
 * tell is the tree walked again for what made it true, or for what an unknown waits for. */
#include "account.h"

#include <stdio.h>

static mr_reading flipped(mr_reading how) {
    how.negated = !how.negated;
    return how;
}

static mr_tri value_of(const mr_sight *s, const mr_node *n, mr_reading how);

/* The reading of what is counted: a number that is true when it is small leans on what is absent. */
static mr_reading counted(const mr_node *n, mr_reading how) {
    return mr_compare_down(n->compare) ? flipped(how) : how;
}

static mr_range count_of(const mr_sight *s, const mr_node *n, mr_reading how) {
    mr_range sum = {0, 0, false, false};
    for (size_t i = 0; i < n->n_kids; i++) {
        double points = n->points ? n->points[i] : 1;
        mr_tri kid = value_of(s, n->kids[i], counted(n, how));
        sum.lo += kid == MR_TRUE ? points : 0;
        sum.hi += kid != MR_FALSE ? points : 0;
    }
    return sum;
}

static mr_tri value_of(const mr_sight *s, const mr_node *n, mr_reading how) {
    if (n->op == MR_OP_COUNT) return mr_range_outcome(count_of(s, n, how), n);
    if (n->op == MR_OP_NOT) return mr_tri_not(value_of(s, n->kids[0], flipped(how)));
    if (n->op != MR_OP_AND && n->op != MR_OP_OR) return mr_atom_read(s, n, how, NULL);
    mr_tri last = n->op == MR_OP_AND ? MR_FALSE : MR_TRUE, value = mr_tri_not(last);
    for (size_t i = 0; i < n->n_kids && value != last; i++) {
        mr_tri kid = value_of(s, n->kids[i], how);
        value = n->op == MR_OP_AND ? mr_tri_and(value, kid) : mr_tri_or(value, kid);
    }
    return value;
}

static void collect(const mr_sight *s, const mr_node *n, mr_reading how, mr_tri value, mr_account *a);

/* A count rests on the kids that hold; one that is small, on those that do not. */
static void collect_counted(const mr_sight *s, const mr_node *n, mr_reading how, mr_tri value, mr_account *a) {
    mr_tri wanted = value;
    if (value != MR_UNKNOWN) wanted = mr_compare_down(n->compare) ? mr_tri_not(value) : value;
    if (value != MR_UNKNOWN && n->compare == MR_EQUAL) wanted = MR_TRUE;
    for (size_t i = 0; i < n->n_kids; i++)
        if (value_of(s, n->kids[i], counted(n, how)) == wanted) collect(s, n->kids[i], counted(n, how), wanted, a);
    mr_range r = count_of(s, n, how);
    if (a && n->points && value != MR_UNKNOWN)
        mr_account_evidence(a, (mr_evidence){MR_SPAN_NONE, n->title, true, r.lo, MR_SPAN("{points}"), MR_WHEN_NONE});
}

/* Collects from the atoms on which the value of `n` rests; `value` is that value, so a kid counts when it has it too.
 */
static void collect(const mr_sight *s, const mr_node *n, mr_reading how, mr_tri value, mr_account *a) {
    if (n->op == MR_OP_NOT) {
        collect(s, n->kids[0], flipped(how), mr_tri_not(value), a);
    } else if (n->op == MR_OP_COUNT) {
        collect_counted(s, n, how, value, a);
    } else if (n->op == MR_OP_AND || n->op == MR_OP_OR) {
        for (size_t i = 0; i < n->n_kids; i++)
            if (value_of(s, n->kids[i], how) == value) collect(s, n->kids[i], how, value, a);
    } else {
        (void)mr_atom_read(s, n, how, a); /* the value is known; the account is what we want */
    }
}

/* ---- explanation ---- */

static mr_span says(mr_account *a, const mr_evidence *e) {
    char date[MR_DATE_TEXT], value[64] = "";
    if (e->has_value) (void)snprintf(value, sizeof value, " %g", e->value);
    const char *on = mr_when_given(e->date) ? mr_when_print(e->date, date) : "";
    return mr_account_text(a, "%.*s%s%s%.*s%s%s%s%.*s%s", MR_SPAN_ARG(e->text), value,
                           e->has_value && e->unit.len ? " " : "", MR_SPAN_ARG(e->unit), *on ? " on " : "", on,
                           e->reference.len ? " (" : "", MR_SPAN_ARG(e->reference), e->reference.len ? ")" : "");
}

static mr_span because(mr_arena *arena, mr_tri value, mr_account *a) {
    mr_span all = MR_SPAN("");
    mr_account words = {.arena = arena};
    for (size_t i = 0; value != MR_UNKNOWN && i < a->n_evidence; i++)
        all = mr_account_text(&words, "%.*s%s%.*s", MR_SPAN_ARG(all), all.len ? "; " : "",
                              MR_SPAN_ARG(says(&words, &a->evidence[i])));
    for (size_t i = 0; value == MR_UNKNOWN && i < a->n_missing; i++)
        all = mr_account_text(&words, "%.*s%s%.*s", MR_SPAN_ARG(all),
                              all.len ? "; " : "missing: ", MR_SPAN_ARG(a->missing[i].what));
    a->full = a->full || words.full;
    return all;
}

typedef struct parts {
    mr_part *v;
    size_t n, cap;
} parts;

static bool explain_walk(const mr_sight *s, const mr_node *n, mr_reading how, parts *out);

static bool explain_kids(const mr_sight *s, const mr_node *n, mr_reading how, parts *out) {
    for (size_t i = 0; i < n->n_kids; i++)
        if (!explain_walk(s, n->kids[i], how, out)) return false;
    return true;
}

/* A count: how many hold, then each. */
static bool explain_count(const mr_sight *s, const mr_node *n, mr_reading how, parts *out) {
    mr_account a = {.arena = s->arena};
    mr_range r = count_of(s, n, how);
    mr_part part = {.text = n->text, .value = value_of(s, n, how)};
    part.because = r.hi > r.lo ? mr_account_text(&a, "%g to %g", r.lo, r.hi) : mr_account_text(&a, "%g", r.lo);
    return !a.full && MR_PUSH(s->arena, out->v, out->n, out->cap, part) && explain_kids(s, n, counted(n, how), out);
}

static bool explain_walk(const mr_sight *s, const mr_node *n, mr_reading how, parts *out) {
    if (n->op == MR_OP_NOT) return explain_walk(s, n->kids[0], flipped(how), out);
    if (n->op == MR_OP_AND || n->op == MR_OP_OR) return explain_kids(s, n, how, out);
    if (n->op == MR_OP_COUNT) return explain_count(s, n, how, out);
    mr_account a = {.arena = s->arena};
    mr_part part = {.text = n->text, .value = mr_atom_read(s, n, how, &a)};
    mr_account_settle(&a);
    part.because = because(s->arena, part.value, &a);
    return !a.full && MR_PUSH(s->arena, out->v, out->n, out->cap, part);
}

/* ---- public ---- */

mr_tri mr_sight_value(const mr_sight *s, const mr_node *root) {
    return value_of(s, root, (mr_reading){false, false});
}

mr_tri mr_sight_rule(const mr_sight *s, const mr_rule *r, bool whole) {
    if (s->off && s->off[r - s->rules->rules]) return MR_FALSE;
    return value_of(s, r->when, (mr_reading){false, whole});
}

static size_t keep_kind(mr_missing *v, size_t n, mr_missing_kind kind) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i].kind == kind) v[kept++] = v[i];
    return kept;
}

/* An unknown: what it waits for, and whether it is one only because something was not recognised. */
static void unknown_account(const mr_sight *s, const mr_node *root, mr_account *a, bool *ret_possible) {
    mr_reading real = {false, false}, whole = {false, true};
    mr_tri otherwise = value_of(s, root, whole);
    collect(s, root, real, MR_UNKNOWN, a);
    a->n_missing = keep_kind(a->missing, a->n_missing, MR_MISSING_RECOGNITION);
    a->n_matches = a->n_evidence = 0;
    *ret_possible = otherwise == MR_TRUE;
    if (otherwise == MR_TRUE) {
        mr_account truth = {.arena = a->arena};
        collect(s, root, whole, MR_TRUE, &truth);
        truth.missing = a->missing;
        truth.n_missing = a->n_missing;
        truth.cap_missing = a->cap_missing;
        truth.full = truth.full || a->full;
        *a = truth;
    } else if (otherwise == MR_UNKNOWN) {
        collect(s, root, whole, MR_UNKNOWN, a);
        a->n_matches = a->n_evidence = 0;
    }
}

mr_rc mr_sight_run(const mr_sight *s, const mr_node *root, bool explain, mr_evaluation *ret, mr_error *err) {
    mr_account a = {.arena = s->arena};
    parts out = {.v = NULL};
    mr_evaluation e = {.value = mr_sight_value(s, root)};
    if (e.value == MR_TRUE) {
        collect(s, root, (mr_reading){false, false}, MR_TRUE, &a);
        a.n_missing = 0;
    }
    if (e.value == MR_UNKNOWN) unknown_account(s, root, &a, &e.possible);
    mr_account_settle(&a);
    if (a.full || (explain && !explain_walk(s, root, (mr_reading){false, false}, &out)))
        return mr_arena_why(s->arena, err);
    e.matches = a.matches;
    e.n_matches = a.n_matches;
    e.evidence = a.evidence;
    e.n_evidence = a.n_evidence;
    e.missing = a.missing;
    e.n_missing = a.n_missing;
    e.parts = out.v;
    e.n_parts = out.n;
    *ret = e;
    return MR_OK;
}

mr_rc mr_program_run(const struct mr_ruleset *rules, const mr_node *root, const mr_record *record, mr_day as_of,
                     bool explain, mr_arena *a, mr_evaluation *ret, mr_error *err) {
    mr_sight s;
    mr_rc rc = mr_sight_open(&s, rules, record, as_of, a, err);
    return rc == MR_OK ? mr_sight_run(&s, root, explain, ret, err) : rc;
}
