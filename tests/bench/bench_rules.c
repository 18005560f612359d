/* How long the rules take, by themselves: the whole active set on one typical patient of twelve medicines, after
 * reading, classification and record building. CPU time of the process on one core; the median of the turns.
 *
 * Three numbers: all of mr_rules_run as a review pays it (codes of conditions and results looked up, burden, rules,
 * findings with their evidence and keys); that less the preparing of the record (mr_sight_open); and evaluation alone,
 * the values of the conditions of all rules that are not passed over, without words or findings. */
#include "rule_index.h"

#include "medreview/base/embedded.h"
#include "medreview/base/tsv.h"
#include "medreview/knowledge/knowledge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TURNS = 41, RUNS = 400, PER_ARENA = 8, ARENA_BYTES = 256 << 20 };
#define AIM_US 10.0
#define BOUND_US 50.0

typedef struct bench {
    mr_knowledge *knowledge;
    const mr_ruleset *rules;
    mr_record record;
    mr_run run;
    mr_arena *arena;
} bench;

static void stop(const char *why) {
    fprintf(stderr, "mr_bench_rules: %s\n", why);
    exit(1);
}

/* ---- the patient ---- */

/* Seventy-eight, with what goes together at that age. */
static const char *const medicines[] = {"apixaban",   "bisoprolol",   "ramipril",   "furosemide",
                                        "amlodipine", "omeprazole",   "sertraline", "amitriptyline",
                                        "metformin",  "atorvastatin", "codeine",    "salbutamol"};
static const char *const conditions[] = {"hypertension", "af",   "hf",    "diabetes-2",     "ckd",
                                         "depression",   "copd", "falls", "osteoarthritis", "ihd"};
static const struct {
    const char *concept, *unit;
    double value;
} results[] = {{"egfr", "mL/min/{1.73_m2}", 52},
               {"creatinine", "umol/L", 104},
               {"potassium", "mmol/L", 4.6},
               {"sodium", "mmol/L", 138},
               {"hba1c", "mmol/mol", 54},
               {"sbp", "mm[Hg]", 138},
               {"dbp", "mm[Hg]", 76},
               {"weight", "kg", 74},
               {"haemoglobin", "g/L", 131},
               {"tsh", "m[IU]/L", 2.1},
               {"b12", "ng/L", 320},
               {"heart-rate", "/min", 66},
               {"platelets", "10*9/L", 240},
               {"ferritin", "ug/L", 60},
               {"adjusted-calcium", "mmol/L", 2.35}};

/* The first code of the concept that says it plainly. */
static mr_coding code_of(const char *concept) {
    mr_tsv t;
    mr_error err;
    bool more = true;
    mr_span bytes = MR_SPAN_NONE;
    for (const mr_embedded *e = mr_embedded_knowledge; e->name; e++)
        if (strcmp(e->name, "concepts.tsv") == 0) bytes = mr_embedded_bytes(e);
    if (mr_tsv_open(&t, "concepts.tsv", bytes, &err) != MR_OK) stop(err.text);
    while (mr_tsv_next(&t, &more, &err) == MR_OK && more) {
        mr_span role = mr_tsv_get(&t, "role");
        bool usable = mr_span_is(role, "present") || mr_span_is(role, "value") || mr_span_is(role, "event");
        if (usable && mr_span_is(mr_tsv_get(&t, "concept"), concept) && mr_span_is(mr_tsv_get(&t, "system"), "sct"))
            return (mr_coding){.system = MR_SPAN("http://snomed.info/sct"), .code = mr_tsv_get(&t, "code")};
    }
    return (mr_coding){.system = MR_SPAN_NONE};
}

static mr_coding *coding(bench *b, const char *concept) {
    mr_coding *c = MR_NEW(b->arena, mr_coding);
    if (!c) stop("out of room");
    *c = code_of(concept);
    if (!c->code.len) stop(concept);
    return c;
}

static mr_when ago(const bench *b, int days) {
    mr_day d = b->run.as_of - days;
    return (mr_when){.lo = d, .hi = d};
}

static void add_medicines(bench *b, mr_raw_record *raw) {
    for (size_t i = 0; i < sizeof medicines / sizeof *medicines; i++) {
        mr_entry *e = mr_raw_add_entry(raw, b->arena);
        mr_dosage *d = MR_NEW(b->arena, mr_dosage);
        mr_ingredient *x = MR_NEW(b->arena, mr_ingredient);
        if (!e || !d || !x) stop("out of room");
        *d = (mr_dosage){.dose = 1, .dose_unit = MR_SPAN("tablet"), .frequency = 1, .period = 1};
        d->period_unit = MR_SPAN("d");
        *x = (mr_ingredient){.substance = mr_span_of(medicines[i]), .strength = 10, .strength_unit = MR_SPAN("mg")};
        e->status = MR_ST_ACTIVE;
        e->reference = mr_arena_printf(b->arena, "MedicationStatement/m%zu", i);
        e->text = x->substance;
        e->from = ago(b, 100 + 90 * (int)i);
        e->dosage = d;
        e->n_dosage = 1;
        e->understood =
            (mr_understood){.by = MR_REC_NAME, .ingredients = x, .n_ingredients = 1, .route = MR_ROUTE_ORAL};
        if (mr_span_is(x->substance, "salbutamol")) e->understood.route = MR_ROUTE_INHALED;
    }
}

static void add_facts(bench *b, mr_raw_record *raw) {
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        mr_condition *c = mr_raw_add_condition(raw, b->arena);
        if (!c) stop("out of room");
        c->reference = mr_arena_printf(b->arena, "Condition/c%zu", i);
        c->codings = coding(b, conditions[i]);
        c->n_codings = 1;
        c->recorded = ago(b, 400 + 100 * (int)i);
    }
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        mr_observation *o = mr_raw_add_observation(raw, b->arena);
        if (!o) stop("out of room");
        o->reference = mr_arena_printf(b->arena, "Observation/o%zu", i);
        o->codings = coding(b, results[i].concept);
        o->n_codings = 1;
        o->has_value = true;
        o->value = results[i].value;
        o->unit = mr_span_of(results[i].unit);
        o->taken = ago(b, 20 + 10 * (int)i);
    }
}

static void make_patient(bench *b) {
    mr_raw_record raw;
    mr_error err;
    mr_raw_init(&raw);
    raw.patient.reference = MR_SPAN("Patient/p1");
    raw.patient.id = MR_SPAN("p1");
    raw.patient.birth = ago(b, 78 * 365 + 100);
    raw.patient.sex = MR_SEX_FEMALE;
    add_medicines(b, &raw);
    add_facts(b, &raw);
    if (mr_record_build(b->rules, &raw, b->run.as_of, b->arena, &b->record, &err) != MR_OK) stop(err.text);
}

/* ---- measuring ---- */

static double cpu_us(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0) abort();
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static size_t whole(const bench *b, mr_arena *a) {
    mr_assessment x;
    mr_error err;
    if (mr_rules_run(b->rules, &b->record, &b->run, a, &x, &err) != MR_OK) stop(err.text);
    return x.n_findings;
}

static size_t prepared(const bench *b, mr_arena *a) {
    mr_sight s;
    mr_error err;
    if (mr_sight_open(&s, b->rules, &b->record, b->run.as_of, a, &err) != MR_OK) stop(err.text);
    return s.n_loads;
}

static size_t valued(const bench *b, mr_arena *a) {
    mr_sight s;
    mr_error err;
    const uint64_t *near;
    size_t n = 0;
    if (mr_sight_open(&s, b->rules, &b->record, b->run.as_of, a, &err) != MR_OK) stop(err.text);
    if (!mr_rules_near(&s, &near) || !near) stop("the rules have no index");
    for (size_t i = 0; i < b->rules->n_rules; i++) {
        const mr_rule *r = &b->rules->rules[i];
        if (r->state == MR_RULE_ACTIVE && (near[i / 64] >> (i % 64) & 1)) n += mr_sight_value(&s, r->when) == MR_TRUE;
    }
    return n;
}

/* Microseconds of one run in this turn. An arena serves a few, as it serves one review in the service. */
static double one_turn(const bench *b, size_t (*work)(const bench *b, mr_arena *a)) {
    double spent = 0;
    for (int i = 0; i < RUNS; i += PER_ARENA) {
        mr_arena *a = mr_arena_new(ARENA_BYTES);
        if (!a) stop("out of memory");
        double begin = cpu_us();
        for (int k = 0; k < PER_ARENA; k++) (void)work(b, a);
        spent += cpu_us() - begin;
        mr_arena_free(a);
    }
    return spent / RUNS;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static size_t visited(const bench *b) {
    mr_sight s;
    mr_error err;
    const uint64_t *near;
    size_t n = 0;
    mr_arena *a = mr_arena_new(ARENA_BYTES);
    if (!a || mr_sight_open(&s, b->rules, &b->record, b->run.as_of, a, &err) != MR_OK) stop("no record");
    if (!mr_rules_near(&s, &near) || !near) stop("the rules have no index");
    for (size_t i = 0; i < b->rules->n_rules; i++)
        n += b->rules->rules[i].state == MR_RULE_ACTIVE && (near[i / 64] >> (i % 64) & 1);
    mr_arena_free(a);
    return n;
}

static void open_all(bench *b) {
    mr_error err;
    mr_buf complaints;
    mr_knowledge_options options = {.dir = NULL};
    mr_buf_init(&complaints, 1 << 20);
    if (mr_knowledge_load(&options, &b->knowledge, &complaints, &err) != MR_OK) stop(err.text);
    mr_buf_free(&complaints);
    b->rules = mr_knowledge_rules(b->knowledge);
    b->run = (mr_run){.as_of = mr_day_of((mr_date){2026, 1, 15}),
                      .bare = true,
                      .site_key = MR_SPAN(MR_OFFLINE_KEY),
                      .source = MR_SPAN("offline")};
    b->arena = mr_arena_new(ARENA_BYTES);
    if (!b->arena) stop("out of memory");
    make_patient(b);
}

typedef struct times {
    double all[TURNS], rules[TURNS], evaluation[TURNS];
} times;

static void report(const bench *b, const times *t) {
    size_t active = 0, bytes, findings;
    mr_arena *a = mr_arena_new(ARENA_BYTES);
    if (!a) stop("out of memory");
    for (size_t i = 0; i < b->rules->n_rules; i++) active += b->rules->rules[i].state == MR_RULE_ACTIVE;
    findings = whole(b, a);
    bytes = mr_arena_used(a);
    mr_arena_free(a);
    printf("%zu active rules, %zu visited; %zu medicines, %zu conditions, %zu results: %zu findings, %zu kB of arena\n",
           active, visited(b), b->record.n_medicines, b->record.n_conditions, b->record.n_observations, findings,
           bytes / 1000);
    printf("all of it, with the preparing of the record: %.1f us\n", t->all[TURNS / 2]);
    printf("rules and their findings: %.1f us\n", t->rules[TURNS / 2]);
    printf("evaluation alone: %.1f us (aim: %.0f, must be under %.0f)%s\n", t->evaluation[TURNS / 2], AIM_US, BOUND_US,
           t->evaluation[TURNS / 2] < BOUND_US ? "" : "  MISSED");
}

int main(void) {
    static times t;
    bench b = {.knowledge = NULL};
    open_all(&b);
    (void)one_turn(&b, whole); /* not counted: caches fill */
    for (int i = 0; i < TURNS; i++) {
        double before = one_turn(&b, prepared);
        t.all[i] = one_turn(&b, whole);
        t.rules[i] = t.all[i] - before;
        t.evaluation[i] = one_turn(&b, valued) - before;
    }
    qsort(t.all, TURNS, sizeof *t.all, by_value);
    qsort(t.rules, TURNS, sizeof *t.rules, by_value);
    qsort(t.evaluation, TURNS, sizeof *t.evaluation, by_value);
    report(&b, &t);
    mr_arena_free(b.arena);
    mr_knowledge_free(b.knowledge);
    return t.evaluation[TURNS / 2] < BOUND_US ? 0 : 1;
}
