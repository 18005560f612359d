/* The `text` form: a page for a person, 80 columns wide, the most important first. References, never names. */
#include "review_parts.h"

#include "medreview/core/stop_plan.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 80 };

typedef struct page {
    mr_buf *out;
    const mr_review *rv;
} page;

/* Columns a piece of UTF-8 takes, near enough: one a character. */
static size_t columns(mr_span s) {
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

static void indent(page *p, size_t n) {
    while (n--) mr_buf_addc(p->out, ' ');
}

static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static mr_span next_word(mr_span *rest) {
    size_t from = 0, to;
    while (from < rest->len && is_blank(rest->ptr[from])) from++;
    for (to = from; to < rest->len && !is_blank(rest->ptr[to]);) to++;
    mr_span word = {rest->ptr + from, to - from};
    *rest = mr_span_from(*rest, to);
    return word;
}

/* Bytes of the character at the front that a page must not hold: C0, DEL and C1, which steer a terminal, and the marks
 * that turn the direction of writing, which make a line read as another one. 0: it may stand. */
static size_t steering(mr_span s) {
    const unsigned char *c = (const unsigned char *)s.ptr;
    if (c[0] < 0x20 || c[0] == 0x7F) return 1;
    if (s.len >= 2 && c[0] == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F) return 2;
    if (s.len < 3 || c[0] != 0xE2) return 0;
    bool turns = (c[1] == 0x80 && (c[2] == 0x8E || c[2] == 0x8F || (c[2] >= 0xA8 && c[2] <= 0xAE))) ||
                 (c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9);
    return turns ? 3 : 0;
}

static void word_write(mr_buf *out, mr_span word) {
    while (word.len) {
        size_t n = steering(word);
        if (n)
            mr_buf_adds(out, "\xEF\xBF\xBD"); /* one column, as the character counted */
        else
            mr_buf_addc(out, word.ptr[0]);
        word = mr_span_from(word, n ? n : 1);
    }
}

/* Words, filled to the width. `first` stands before the first line; the others begin under its text. */
static void paragraph(page *p, const char *first, mr_span text) {
    size_t margin = strlen(first), column = margin;
    bool begun = false;
    mr_buf_adds(p->out, first);
    for (mr_span word = next_word(&text); word.len; word = next_word(&text)) {
        size_t n = columns(word);
        if (begun && column + 1 + n > WIDTH) {
            mr_buf_addc(p->out, '\n');
            indent(p, margin);
            column = margin;
            begun = false;
        }
        if (begun) mr_buf_addc(p->out, ' ');
        word_write(p->out, word);
        column += n + begun;
        begun = true;
    }
    mr_buf_addc(p->out, '\n');
}

static void said(page *p, const char *first, const char *fmt, ...) MR_PRINTF(3, 4);
static void said(page *p, const char *first, const char *fmt, ...) {
    char text[4096];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    paragraph(p, first, (mr_span){text, len});
}

static void heading(page *p, const char *title, size_t n) {
    mr_buf_printf(p->out, "\n%s (%zu)\n\n", title, n);
}

static const char *upper(mr_severity s) {
    return s == MR_HIGH ? "HIGH" : s == MR_MODERATE ? "MODERATE" : "LOW";
}

static const char *urgency_words(mr_urgency u) {
    static const char *const words[] = {[MR_NEXT_REVIEW] = "at the next review",
                                        [MR_WITHIN_4_WEEKS] = "within 4 weeks",
                                        [MR_WITHIN_1_WEEK] = "within 1 week",
                                        [MR_SAME_DAY] = "on the same day"};
    return words[u];
}

/* "eGFR 38 mL/min/1.73m² on 2026-01-02 (Observation/o1)" */
static void evidence(page *p, const mr_evidence *e) {
    char number[40] = "", date[MR_DATE_TEXT] = "";
    if (e->has_value) (void)snprintf(number, sizeof number, " %.10g", e->value);
    bool dated = *mr_when_print(e->date, date);
    mr_span unit = e->has_value ? mr_report_unit(e->unit, e->value) : MR_SPAN_NONE;
    said(p, "   Because:  ", "%.*s%s%s%.*s%s%s%s%.*s%s", MR_SPAN_ARG(e->text), number, unit.len ? " " : "",
         MR_SPAN_ARG(unit), dated ? " on " : "", date, e->reference.len ? " (" : "", MR_SPAN_ARG(e->reference),
         e->reference.len ? ")" : "");
}

/* "Naproxen 500mg tablets (MedicationStatement/m1, MedicationRequest/r1)" */
static void implicated(page *p, const mr_finding *f, size_t first) {
    mr_buf references;
    mr_buf_init(&references, 1 << 20);
    mr_buf_addsp(&references, f->implicated[first]);
    for (size_t i = first + 1; i < f->n_implicated && f->implicated_again[i]; i++)
        mr_buf_printf(&references, ", %.*s", MR_SPAN_ARG(f->implicated[i]));
    said(p, "   Medicine: ", "%.*s (%s)", MR_SPAN_ARG(f->implicated_text[first]), mr_buf_z(&references));
    mr_buf_free(&references);
}

/* ---- stopping ---- */

static void listed(page *p, const char *first, const mr_span *v, size_t n) {
    mr_buf all;
    if (!n) return;
    mr_buf_init(&all, 1 << 16);
    for (size_t i = 0; i < n; i++) mr_buf_printf(&all, "%s%.*s", i ? "; " : "", MR_SPAN_ARG(v[i]));
    said(p, first, "%s", mr_buf_z(&all));
    mr_buf_free(&all);
}

static void step(page *p, const mr_planned_step *s) {
    char dose[64] = "", days[32] = "";
    if (s->dose.known)
        (void)snprintf(dose, sizeof dose, " -> %.10g %.*s a day", s->dose.value, MR_SPAN_ARG(s->dose.unit));
    if (s->for_days) (void)snprintf(days, sizeof days, " (for %u days)", s->for_days);
    said(p, "     - ", "%.*s%s%s", MR_SPAN_ARG(s->text), dose, days);
}

/* "in 4 weeks" for P4W. The packs hold one number and one unit, and nothing else passes their check. */
static const char *in_words(mr_span duration, char out[32]) {
    uint64_t n = 0;
    char unit = duration.len ? duration.ptr[duration.len - 1] : 0;
    const char *word = unit == 'D' ? "day" : unit == 'W' ? "week" : unit == 'M' ? "month" : "year";
    bool read = duration.len > 2 && mr_span_u64((mr_span){duration.ptr + 1, duration.len - 2}, &n);
    if (read)
        (void)snprintf(out, 32, "in %u %s%s", (unsigned)n, word, n == 1 ? "" : "s");
    else
        (void)snprintf(out, 32, "soon");
    return out;
}

static void stop_plan(page *p, const mr_stop_plan *x) {
    const mr_medicine *m = x->medicines[0];
    said(p, "   Stopping: ", "%.*s: %s", MR_SPAN_ARG(m->text.len ? m->text : m->reference),
         !x->at_once_known     ? "no plan that says how"
         : x->can_stop_at_once ? "a sudden stop is not dangerous"
                               : "NOT AT ONCE");
    for (size_t i = 0; i < x->n_steps; i++) step(p, &x->steps[i]);
    if (x->doses.len) paragraph(p, "     Doses:  ", x->doses);
    if (!x->scheme) return;
    paragraph(p, "     Why:    ", x->scheme->why);
    listed(p, "     Watch:  ", x->scheme->watch, x->scheme->n_watch);
    listed(p, "     Alarm:  ", x->scheme->red_flags, x->scheme->n_red_flags);
    char again[32];
    said(p, "     Again:  ", "%s; %.*s", in_words(x->scheme->look_again, again), MR_SPAN_ARG(x->who));
    paragraph(p, "     Relapse: ", x->scheme->on_relapse);
}

static void rules_told(mr_buf *text, const mr_span *v, size_t n, const char *what) {
    for (size_t i = 0; i < n; i++) mr_buf_printf(text, "%s%.*s", i ? ", " : what, MR_SPAN_ARG(v[i]));
}

static void what_if(page *p, const mr_finding *f) {
    const mr_what_if *x = f->what_if;
    bool goes = false;
    mr_buf text;
    for (size_t i = 0; i < x->n_gone_findings; i++) goes |= strcmp(x->gone_findings[i], f->id) == 0;
    mr_buf_init(&text, 1 << 16);
    mr_buf_adds(&text, goes ? "this finding would go" : "this finding would stay");
    rules_told(&text, x->gone, x->n_gone, "; rules that fall silent: ");
    rules_told(&text, x->appear, x->n_appear, "; rules that begin to speak: ");
    said(p, "   Without:  ", "%s", mr_buf_z(&text));
    mr_buf_free(&text);
}

static void stopping(page *p, const mr_finding *f) {
    if (!f->stop) return;
    if (f->stop->order.len) paragraph(p, "   Order:    ", f->stop->order);
    stop_plan(p, f->stop);
    if (f->what_if) what_if(p, f);
    for (size_t i = 0; i < f->stop->n_others; i++) stop_plan(p, &f->stop->others[i]);
}

static void finding(page *p, size_t number, const mr_finding *f) {
    char first[32];
    mr_buf sources;
    mr_buf_init(&sources, 1 << 16);
    (void)snprintf(first, sizeof first, "%zu. ", number);
    said(p, first, "%s, %s%s: %.*s", upper(f->severity), urgency_words(f->urgency),
         f->certainty == MR_POSSIBLE ? ", possible" : "", MR_SPAN_ARG(f->leading->title));
    for (size_t i = 0; i < f->n_implicated; i++)
        if (!f->implicated_again[i]) implicated(p, f, i);
    for (size_t i = 0; i < f->n_evidence; i++) evidence(p, &f->evidence[i]);
    for (size_t i = 0; i < f->n_missing; i++) paragraph(p, "   Unknown:  ", f->missing[i].what);
    paragraph(p, "   Do:       ", f->leading->action);
    paragraph(p, "   Who:      ", f->leading->reviewer);
    paragraph(p, "   Gone when: ", f->leading->goes_away_when);
    stopping(p, f);
    mr_report_sources(f, &sources);
    said(p, "   Sources:  ", "%s (rule %.*s, version %.*s)", mr_buf_z(&sources), MR_SPAN_ARG(f->leading->id),
         MR_SPAN_ARG(f->leading->version));
    mr_buf_free(&sources);
    mr_buf_addc(p->out, '\n');
}

static void findings(page *p) {
    const mr_assessment *a = &p->rv->assessment;
    size_t n = 0, hidden = p->rv->plan.n_suppressed;
    for (size_t i = 0; i < a->n_findings; i++) n += !mr_report_suppresses(&p->rv->plan, &a->findings[i]);
    heading(p, "FINDINGS", n);
    const mr_record *r = &p->rv->record;
    bool all = r->complete && !a->n_cannot && !r->n_not_assessed && !r->n_gaps;
    if (!n && all)
        mr_buf_adds(p->out, "No findings: everything was read and recognised.\n");
    else if (!n)
        mr_buf_adds(p->out, "No findings in what could be assessed. See below for what could not.\n");
    n = 0;
    for (size_t i = 0; i < a->n_findings; i++)
        if (!mr_report_suppresses(&p->rv->plan, &a->findings[i])) finding(p, ++n, &a->findings[i]);
    if (hidden) mr_buf_printf(p->out, "Not shown: %zu that a reviewer has dismissed.\n", hidden);
}

static void unread(page *p) {
    const mr_record *r = &p->rv->record;
    const mr_assessment *a = &p->rv->assessment;
    size_t n = r->n_not_assessed + r->n_gaps + a->n_cannot;
    if (!n) return;
    heading(p, "WHAT COULD NOT BE ASSESSED", n);
    for (size_t i = 0; i < r->n_not_assessed; i++) {
        const mr_not_assessed *na = &r->not_assessed[i];
        said(p, "- ", "Medicine not assessed: %.*s (%.*s): %s",
             MR_SPAN_ARG(na->text.ptr ? na->text : MR_SPAN("no text")), MR_SPAN_ARG(na->reference),
             mr_unread_text(na->why));
    }
    for (size_t i = 0; i < r->n_gaps; i++) {
        const mr_gap *g = &r->gaps[i];
        said(p, "- ", "%.*s%s%.*s [%.*s]", MR_SPAN_ARG(g->reference), g->reference.len ? " " : "", MR_SPAN_ARG(g->text),
             MR_SPAN_ARG(g->code));
    }
    for (size_t i = 0; i < a->n_cannot; i++) {
        const mr_cannot_assess *c = &a->cannot[i];
        mr_buf rules;
        mr_buf_init(&rules, 1 << 20);
        for (size_t k = 0; k < c->n_rules; k++)
            mr_buf_printf(&rules, "%s%.*s", k ? ", " : "", MR_SPAN_ARG(c->rules[k]));
        said(p, "- ", "Not known: %.*s (%s). Settled by %.*s.", MR_SPAN_ARG(c->missing), mr_buf_z(&rules),
             MR_SPAN_ARG(c->settled_by));
        mr_buf_free(&rules);
    }
}

static void medicine(page *p, const mr_medicine *m) {
    char since[MR_DATE_TEXT], until[MR_DATE_TEXT], dose[64] = "";
    bool from = *mr_when_print(m->since, since), to = *mr_when_print(m->until, until);
    if (m->daily.known)
        (void)snprintf(dose, sizeof dose, ", %.10g %.*s a day", m->daily.value, MR_SPAN_ARG(m->daily.unit));
    else if (m->state == MR_MED_CURRENT && m->daily.why == MR_DOSE_DISAGREES) /* the other reasons stand in the text */
        (void)snprintf(dose, sizeof dose, ", dose unknown: %s", mr_dose_why_text(m->daily.why));
    mr_span name = m->text.ptr ? m->text : m->n_ingredients ? m->ingredients[0].substance : MR_SPAN("no text");
    said(p, "- ", "%.*s: %s%s%s%s%s%s (%.*s)", MR_SPAN_ARG(name), mr_med_state_text(m->state), dose,
         from ? ", since " : "", since, to ? ", until " : "", until, MR_SPAN_ARG(m->reference));
}

static void medicines(page *p) {
    static const mr_med_state order[] = {MR_MED_CURRENT, MR_MED_UNKNOWN, MR_MED_PAUSED, MR_MED_PLANNED, MR_MED_ENDED};
    const mr_record *r = &p->rv->record;
    heading(p, "MEDICINES", r->n_medicines);
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < r->n_medicines; i++)
            if (r->medicines[i].state == order[k]) medicine(p, &r->medicines[i]);
}

/* Other anticholinergic scales beside the leading one. */
static void scales(page *p) {
    const mr_burden_detail *d = &p->rv->burden_detail;
    for (size_t i = 1; i < d->n_scales; i++)
        said(p, "  ", "On scale %.*s (%.*s): %.10g", MR_SPAN_ARG(d->scales[i].scale->name),
             MR_SPAN_ARG(d->scales[i].scale->version), d->scales[i].total);
}

/* What is counted by lists, and who adds to it. */
static void shares(page *p) {
    const mr_burden_detail *d = &p->rv->burden_detail;
    const mr_ruleset *rules = p->rv->k->rules;
    for (size_t i = 0; i < d->n_lists; i++)
        said(p, "", "%.*s%s: %u", MR_SPAN_ARG(rules->burden_lists[i].title),
             rules->burden_lists[i].working ? " (working list)" : "", d->lists[i]);
    for (size_t i = 0; i < d->n_parts; i++) {
        const mr_burden_part *x = &d->parts[i];
        mr_buf text;
        mr_buf_init(&text, 1 << 16);
        if (x->points > 0) mr_buf_printf(&text, " anticholinergic %.10g", x->points);
        if (x->opioid && x->opioid_mg.known) mr_buf_printf(&text, " morphine %.10g mg", x->opioid_mg.value);
        if (x->opioid && !x->opioid_mg.known) mr_buf_adds(&text, " morphine not known");
        for (size_t k = 0; k < d->n_lists; k++)
            if (x->lists >> k & 1) mr_buf_printf(&text, " %.*s", MR_SPAN_ARG(rules->burden_lists[k].name));
        said(p, "- ", "%.*s:%s (%.*s)", MR_SPAN_ARG(x->substance), mr_buf_z(&text), MR_SPAN_ARG(x->reference));
        mr_buf_free(&text);
    }
}

static void burden(page *p) {
    const mr_burden *b = &p->rv->assessment.burden;
    mr_buf_adds(p->out, "\nBURDEN\n\n");
    mr_buf_printf(p->out, "Regular medicines: %u\n", b->medicines);
    if (b->scale.len)
        mr_buf_printf(p->out, "Anticholinergic burden: %.10g (scale %.*s, %.*s)\n", b->anticholinergic,
                      MR_SPAN_ARG(b->scale), MR_SPAN_ARG(b->scale_version));
    scales(p);
    if (b->opioid_known)
        mr_buf_printf(p->out, "Opioids, as oral morphine: %.10g mg a day\n", b->opioid_mg_per_day);
    else
        mr_buf_adds(p->out, "Opioids, as oral morphine: not known\n");
    if (!p->rv->burden_detail.n_lists)
        mr_buf_printf(p->out, "Medicines that raise the risk of falls: %u\n", b->falls_risk);
    shares(p);
}

static void conversation(page *p) {
    const mr_assessment *a = &p->rv->assessment;
    if (a->n_conversation) mr_buf_adds(p->out, "\nTO TALK ABOUT\n\n");
    for (size_t i = 0; i < a->n_conversation; i++) paragraph(p, "- ", a->conversation[i]);
    if (!a->for_patient.len) return;
    mr_buf_adds(p->out, "\nFOR THE PATIENT\n\n");
    for (mr_span head, tail = a->for_patient; tail.ptr;) {
        (void)mr_span_split(tail, '\n', &head, &tail); /* the last line has no tail */
        if (mr_span_trim(head).len) paragraph(p, "", head);
    }
}

static void task(page *p) {
    const mr_task_plan *t = &p->rv->plan.task;
    char due[MR_DATE_TEXT];
    if (!t->present) return;
    mr_buf_printf(p->out, "Review: %s, by %s, %.*s\n", t->priority, mr_day_print(t->due, due), MR_SPAN_ARG(t->role));
}

/* Every rule that ran, with its parts; only when it was asked for. */
static void explain(page *p) {
    static const char *const words[] = {[MR_FALSE] = "false", [MR_UNKNOWN] = "unknown", [MR_TRUE] = "TRUE"};
    const mr_assessment *a = &p->rv->assessment;
    if (a->n_traces) heading(p, "RULES", a->n_traces);
    for (size_t i = 0; i < a->n_traces; i++) {
        const mr_trace *t = &a->traces[i];
        mr_buf_printf(p->out, "%.*s: %s%s\n", MR_SPAN_ARG(t->rule->id), words[t->value],
                      t->possible ? " (possible)" : "");
        for (size_t k = 0; k < t->n_parts; k++)
            said(p, "    ", "%s: %.*s%s%.*s", words[t->parts[k].value], MR_SPAN_ARG(t->parts[k].text),
                 t->parts[k].because.len ? ": " : "", MR_SPAN_ARG(t->parts[k].because));
    }
}

mr_rc mr_review_text(const mr_review *rv, mr_buf *out, mr_error *err) {
    page p = {.out = out, .rv = rv};
    char as_of[MR_DATE_TEXT];
    MR_REQUIRE(rv->assessed);
    mr_span patient = rv->record.patient.reference;
    said(&p, "", "Medication review of %.*s as of %s",
         MR_SPAN_ARG(patient.ptr ? patient : MR_SPAN("a patient not named")),
         mr_day_print(rv->settings->run.as_of, as_of));
    said(&p, "", "Knowledge %.*s, terminology %s", MR_SPAN_ARG(rv->k->rules->version),
         mr_terminology_version(rv->k->terminology));
    if (!rv->record.complete) mr_buf_adds(out, "INCOMPLETE: something could not be read or recognised, see below.\n");
    task(&p);
    findings(&p);
    unread(&p);
    medicines(&p);
    burden(&p);
    conversation(&p);
    explain(&p);
    return mr_buf_why(out, err);
}
