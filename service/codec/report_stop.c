/* The parts of the `json` form about stopping: stopPlan, whatIf, and the burden with its shares.
 *
 * Beside the members of product.md section 5 there are some of ours, always last: of a plan `medicines`, `why`,
 * `slower`, `doses`, `source`, `order` and `others`; of a what-if `goneFindings`; of the burden `scales`, `lists` and
 * `shares`. docs/stopping.md says what they mean. */
#include "report_parts.h"

#include "medreview/core/stop_plan.h"

static void strings(mr_jw *w, const char *name, const mr_span *v, size_t n) {
    mr_jw_array(w, name);
    for (size_t i = 0; i < n; i++) mr_jw_string(w, NULL, v[i]);
    mr_jw_end(w);
}

/* ---- stop plan ---- */

static void steps(mr_jw *w, const mr_stop_plan *p) {
    mr_jw_array(w, "steps");
    for (size_t i = 0; i < p->n_steps; i++) {
        const mr_planned_step *s = &p->steps[i];
        mr_jw_object(w, NULL);
        mr_jw_string(w, "text", s->text);
        if (s->dose.known) {
            mr_jw_object(w, "dose");
            mr_jw_number(w, "value", s->dose.value);
            mr_jw_string(w, "unit", s->dose.unit);
            mr_jw_end(w);
        }
        if (s->for_days) mr_jw_int(w, "forDays", s->for_days);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void medicines(mr_jw *w, const mr_stop_plan *p) {
    mr_jw_array(w, "medicines");
    for (size_t i = 0; i < p->n_medicines; i++)
        for (size_t k = 0; k < p->medicines[i]->n_live; k++) mr_jw_string(w, NULL, p->medicines[i]->live[k]);
    mr_jw_end(w);
}

static void plan(mr_jw *w, const char *name, const mr_stop_plan *p) {
    const mr_stop_scheme *x = p->scheme;
    mr_jw_object(w, name);
    if (p->at_once_known) mr_jw_bool(w, "canStopAtOnce", p->can_stop_at_once);
    steps(w, p);
    strings(w, "watch", x ? x->watch : NULL, x ? x->n_watch : 0);
    strings(w, "redFlags", x ? x->red_flags : NULL, x ? x->n_red_flags : 0);
    if (x) mr_jw_string(w, "lookAgain", x->look_again);
    mr_jw_string(w, "who", p->who);
    if (x) mr_jw_string(w, "onRelapse", x->on_relapse);
    medicines(w, p);
    if (x) mr_jw_string(w, "why", x->why);
    if (x) mr_jw_string_if(w, "slower", x->slower);
    mr_jw_string_if(w, "doses", p->doses);
    if (x) mr_jw_string(w, "source", x->source);
    if (!p->n_others) {
        mr_jw_end(w);
        return;
    }
    mr_jw_string(w, "order", p->order);
    mr_jw_array(w, "others");
    for (size_t i = 0; i < p->n_others; i++) plan(w, NULL, &p->others[i]); /* theirs have none: two levels deep */
    mr_jw_end(w);
    mr_jw_end(w);
}

void mr_report_stop(mr_jw *w, const mr_finding *f) {
    if (f->stop) plan(w, "stopPlan", f->stop);
    const mr_what_if *x = f->what_if;
    if (!x) return;
    mr_jw_object(w, "whatIf");
    strings(w, "without", x->without, x->n_without);
    strings(w, "gone", x->gone, x->n_gone);
    strings(w, "appear", x->appear, x->n_appear);
    mr_report_burden(w, &x->burden, NULL, NULL);
    mr_jw_array(w, "goneFindings");
    for (size_t i = 0; i < x->n_gone_findings; i++) mr_jw_z(w, NULL, x->gone_findings[i]);
    mr_jw_end(w);
    mr_jw_end(w);
}

/* ---- burden ---- */

static void scale_sums(mr_jw *w, const mr_burden_detail *d) {
    mr_jw_array(w, "scales");
    for (size_t i = 0; i < d->n_scales; i++) {
        mr_jw_object(w, NULL);
        mr_jw_string(w, "scale", d->scales[i].scale->name);
        mr_jw_string(w, "version", d->scales[i].scale->version);
        mr_jw_number(w, "total", d->scales[i].total);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void lists(mr_jw *w, const mr_burden_detail *d, const mr_ruleset *rules) {
    mr_jw_array(w, "lists");
    for (size_t i = 0; i < d->n_lists; i++) {
        mr_jw_object(w, NULL);
        mr_jw_string(w, "list", rules->burden_lists[i].name);
        mr_jw_bool(w, "workingList", rules->burden_lists[i].working);
        mr_jw_int(w, "count", d->lists[i]);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void shares(mr_jw *w, const mr_burden_detail *d, const mr_ruleset *rules) {
    mr_jw_array(w, "shares");
    for (size_t i = 0; i < d->n_parts; i++) {
        const mr_burden_part *x = &d->parts[i];
        mr_jw_object(w, NULL);
        mr_jw_string(w, "reference", x->reference);
        mr_jw_string(w, "substance", x->substance);
        if (x->points > 0) mr_jw_number(w, "anticholinergic", x->points);
        if (x->opioid && x->opioid_mg.known) mr_jw_number(w, "opioidMorphineMgPerDay", x->opioid_mg.value);
        if (x->opioid && !x->opioid_mg.known) mr_jw_null(w, "opioidMorphineMgPerDay");
        mr_jw_array(w, "lists");
        for (size_t k = 0; k < d->n_lists; k++)
            if (x->lists >> k & 1) mr_jw_string(w, NULL, rules->burden_lists[k].name);
        mr_jw_end(w);
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

void mr_report_burden(mr_jw *w, const mr_burden *b, const mr_burden_detail *d, const mr_ruleset *rules) {
    mr_jw_object(w, "burden");
    mr_jw_int(w, "medicines", b->medicines);
    mr_jw_object(w, "anticholinergic");
    mr_jw_string_if(w, "scale", b->scale);
    mr_jw_string_if(w, "version", b->scale_version);
    mr_jw_number(w, "total", b->anticholinergic);
    mr_jw_end(w);
    if (b->opioid_known)
        mr_jw_number(w, "opioidMorphineMgPerDay", b->opioid_mg_per_day);
    else
        mr_jw_null(w, "opioidMorphineMgPerDay");
    mr_jw_int(w, "fallsRisk", b->falls_risk);
    if (d) {
        scale_sums(w, d);
        lists(w, d, rules);
        shares(w, d, rules);
    }
    mr_jw_end(w);
}
