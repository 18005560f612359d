/* `medreview terminology lookup`: each argument, the steps that were tried, and what came of it. The word `release`
 * tells how the dm+d release was bound. */
#include "terminology_release.h"

#include "medreview/codec/json_out.h"

#include <stdlib.h>

enum { ANSWER_BYTES = 4 << 20 };

#define SCT "http://snomed.info/sct"
#define ATC "http://www.whocc.no/atc"
#define RXNORM "http://www.nlm.nih.gov/research/umls/rxnorm"
#define BNF "bnf"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

/* d: a digit, U: an upper-case letter, X: either; the text must be that long. */
static bool has_shape(mr_span s, const char *shape) {
    mr_span want = mr_span_of(shape);
    if (s.len != want.len) return false;
    for (size_t i = 0; i < s.len; i++) {
        bool digit = is_digit(s.ptr[i]), upper = is_upper(s.ptr[i]);
        char c = want.ptr[i];
        if (!((c != 'U' && digit) || (c != 'd' && upper))) return false;
    }
    return true;
}

static const char *system_by_shape(mr_span s) {
    static const char *const atc[] = {"UddUUdd", "UddUU", "UddU", "Udd"}, *const bnf[] = {"dddddXXXXXXXXXX",
                                                                                          "dddddXXXX"};
    bool digits = s.len >= 6;
    for (size_t i = 0; i < s.len; i++) digits = digits && is_digit(s.ptr[i]);
    if (digits && s.len == 8 && s.ptr[0] == '0') return BNF; /* a section: no SNOMED CT id begins with 0 */
    if (digits) return SCT;
    for (size_t i = 0; i < sizeof atc / sizeof atc[0]; i++)
        if (has_shape(s, atc[i])) return ATC;
    for (size_t i = 0; i < sizeof bnf / sizeof bnf[0]; i++)
        if (has_shape(s, bnf[i])) return BNF;
    return NULL;
}

static mr_span system_by_name(mr_span name) {
    static const struct {
        const char *name, *system;
    } known[] = {{"dmd", SCT}, {"sct", SCT}, {"snomed", SCT}, {"atc", ATC}, {"rxnorm", RXNORM}, {"bnf", BNF}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (mr_span_ieq(name, mr_span_of(known[i].name))) return mr_span_of(known[i].system);
    return name; /* a system's own address */
}

mr_term_question mr_term_ask(mr_span argument, mr_coding *coding) {
    mr_span name, code;
    const char *system = system_by_shape(argument);
    *coding = (mr_coding){.code = argument};
    if (system) {
        coding->system = mr_span_of(system);
    } else if (mr_span_split(argument, '|', &name, &code)) {
        *coding = (mr_coding){.system = system_by_name(name), .code = code};
    } else {
        return (mr_term_question){.text = argument};
    }
    return (mr_term_question){.codings = coding, .n_codings = 1};
}

typedef struct answer {
    mr_span argument;
    mr_understood understood;
    mr_term_steps steps;
    mr_span *groups; /* sorted */
    size_t n_groups;
} answer;

static int by_name(const void *a, const void *b) {
    return mr_span_cmp(*(const mr_span *)a, *(const mr_span *)b);
}

static bool find_groups(const mr_ruleset *rules, mr_arena *a, answer *ret) {
    mr_bits all = {{0}};
    mr_understood *u = &ret->understood;
    mr_ruleset_classify(rules, u);
    for (size_t i = 0; i < u->n_ingredients; i++) mr_bits_join(&all, &u->ingredients[i].groups);
    ret->groups = MR_NEW_N(a, mr_span, rules->n_groups + 1);
    if (!ret->groups) return false;
    for (size_t i = 0; i < rules->n_groups; i++)
        if (mr_bits_has(&all, (unsigned)i)) ret->groups[ret->n_groups++] = rules->groups[i].name;
    qsort(ret->groups, ret->n_groups, sizeof *ret->groups, by_name);
    return true;
}

static void write_strengths(mr_jw *w, const mr_understood *u) {
    mr_jw_array(w, "strengths");
    for (size_t i = 0; i < u->n_ingredients; i++) {
        const mr_ingredient *g = &u->ingredients[i];
        if (g->strength <= 0) continue;
        mr_jw_object(w, NULL);
        mr_jw_string(w, "substance", g->substance);
        mr_jw_number(w, "value", g->strength);
        mr_jw_string_if(w, "unit", g->strength_unit);
        if (g->per > 0) {
            mr_jw_number(w, "per", g->per);
            mr_jw_string_if(w, "perUnit", g->per_unit);
        }
        mr_jw_end(w);
    }
    mr_jw_end(w);
}

static void write_recognised(mr_jw *w, const answer *x) {
    const mr_understood *u = &x->understood;
    mr_jw_array(w, "substances");
    for (size_t i = 0; i < u->n_ingredients; i++) mr_jw_string(w, NULL, u->ingredients[i].substance);
    mr_jw_end(w);
    mr_jw_array(w, "groups");
    for (size_t i = 0; i < x->n_groups; i++) mr_jw_string(w, NULL, x->groups[i]);
    mr_jw_end(w);
    mr_jw_z(w, "recognisedBy", mr_recognised_text(u->by));
    if (u->uncertain) mr_jw_bool(w, "uncertain", true);
    if (u->route != MR_ROUTE_UNKNOWN) mr_jw_z(w, "route", mr_route_text(u->route));
    mr_jw_string_if(w, "form", u->form);
    if (u->modified_release) mr_jw_bool(w, "modifiedRelease", true);
    write_strengths(w, u);
}

static void write_json(const mr_terminology *t, const answer *x, mr_buf *out) {
    mr_jw w;
    mr_jw_begin(&w, out);
    mr_jw_object(&w, NULL);
    mr_jw_string(&w, "text", x->argument);
    if (x->understood.by != MR_REC_NOT) {
        write_recognised(&w, x);
    } else {
        mr_jw_z(&w, "reason", mr_unread_text(x->understood.why));
        if (x->understood.not_a_medicine) mr_jw_bool(&w, "notAMedicine", true);
    }
    mr_jw_z(&w, "terminology", mr_terminology_version(t));
    mr_jw_array(&w, "steps");
    for (size_t i = 0; i < x->steps.n; i++) {
        mr_jw_object(&w, NULL);
        mr_jw_string(&w, "step", x->steps.v[i].step);
        mr_jw_string(&w, "outcome", x->steps.v[i].outcome);
        mr_jw_end(&w);
    }
    mr_jw_end(&w);
    mr_jw_end(&w);
    mr_buf_addc(out, '\n');
}

static void print_ingredient(const mr_ingredient *g, mr_buf *out) {
    mr_buf_addsp(out, g->substance);
    if (g->strength <= 0) return;
    mr_buf_printf(out, " %.10g %.*s", g->strength, MR_SPAN_ARG(g->strength_unit));
    if (g->per > 0) mr_buf_printf(out, " / %.10g %.*s", g->per, MR_SPAN_ARG(g->per_unit));
}

static void print_recognised(const answer *x, mr_buf *out) {
    const mr_understood *u = &x->understood;
    mr_buf_printf(out, "  = ");
    for (size_t i = 0; i < u->n_ingredients; i++) {
        if (i) mr_buf_adds(out, " + ");
        print_ingredient(&u->ingredients[i], out);
    }
    mr_buf_printf(out, "; route %s", mr_route_text(u->route));
    if (u->form.ptr) mr_buf_printf(out, "; %.*s", MR_SPAN_ARG(u->form));
    if (u->modified_release) mr_buf_adds(out, ", modified release");
    mr_buf_printf(out, "; by %s%s\n", mr_recognised_text(u->by), u->uncertain ? ", uncertain" : "");
    mr_buf_adds(out, "  groups:");
    for (size_t i = 0; i < x->n_groups; i++) mr_buf_printf(out, "%s %.*s", i ? "," : "", MR_SPAN_ARG(x->groups[i]));
    mr_buf_adds(out, x->n_groups ? "\n" : " none\n");
}

static void write_text(const answer *x, mr_buf *out) {
    mr_buf_printf(out, "%.*s\n", MR_SPAN_ARG(x->argument));
    for (size_t i = 0; i < x->steps.n; i++)
        mr_buf_printf(out, "  %.*s: %.*s\n", MR_SPAN_ARG(x->steps.v[i].step), MR_SPAN_ARG(x->steps.v[i].outcome));
    if (x->understood.by != MR_REC_NOT)
        print_recognised(x, out);
    else if (x->understood.not_a_medicine)
        mr_buf_adds(out, "  = not a medicine (a dressing, device or food)\n");
    else
        mr_buf_printf(out, "  = %s\n", mr_unread_text(x->understood.why));
}

/* One argument; *ret_known is false when it was not recognised. */
static mr_rc look_up(const mr_term_job *job, mr_span argument, mr_arena *a, mr_buf *out, bool *ret_known,
                     mr_error *err) {
    if (mr_span_is(argument, "release")) {
        *ret_known = true;
        return mr_term_release_report(job->terminology, job->rules, job->json, a, out, err);
    }
    mr_coding coding;
    mr_term_question q = mr_term_ask(argument, &coding);
    answer x = {.argument = argument};
    mr_rc rc = mr_terminology_resolve(job->terminology, &q, a, &x.steps, &x.understood, err);
    if (rc != MR_OK) return rc;
    if (!find_groups(job->rules, a, &x)) return mr_arena_why(a, err);
    if (job->json)
        write_json(job->terminology, &x, out);
    else
        write_text(&x, out);
    *ret_known = x.understood.by != MR_REC_NOT || x.understood.not_a_medicine;
    return mr_buf_why(out, err);
}

int mr_term_lookup(const mr_term_job *job) {
    bool all_known = true;
    if (!job->json)
        fprintf(job->out, "terminology %s, %zu substances\n", mr_terminology_version(job->terminology),
                mr_terminology_substances(job->terminology));
    for (int i = 0; i < job->n_arguments; i++) {
        mr_arena *a = mr_arena_new(ANSWER_BYTES);
        mr_buf out;
        mr_buf_init(&out, ANSWER_BYTES);
        mr_error err = {.rc = MR_NOMEM, .text = "out of memory"};
        bool known = false;
        mr_rc rc = a ? look_up(job, mr_span_of(job->arguments[i]), a, &out, &known, &err) : MR_NOMEM;
        if (rc == MR_OK) fwrite(out.ptr, 1, out.len, job->out);
        mr_buf_free(&out);
        mr_arena_free(a);
        if (rc != MR_OK) {
            fprintf(job->errors, "medreview terminology lookup: %s\n", err.text);
            return 3;
        }
        all_known = all_known && known;
    }
    return all_known ? 0 : 1;
}
