/* How fast, on one core, in one run, on the same bytes: a bare DOM parse, jansson, our reader into the record, and the
 * whole review from bytes to its JSON form.
 *
 * CPU time of the process is measured, not time on the wall: test machines are busy. The stages take turns, so that a
 * slow minute hits all of them; each number is the median over the turns, each ratio the median of the ratios within
 * one turn. Every stage is a function of the bytes alone and begins with nothing but what `medreview review` keeps
 * between patients: the parser's storage, the knowledge and the terminology. */
#include "bench_patients.h"

#include "medreview/base/limits.h"
#include "medreview/review/review.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TURNS_MOST = 99, OUTPUT_BYTES = 64 << 20 };
#define DOM_RATIO_AIM 1.5
#define REVIEWS_AIM 4000.0

typedef struct bench {
    bench_patients patients;
    mr_knowledge *knowledge;
    mr_terminology *terminology;
    mr_review_knowledge k;
    mr_review_settings settings;
    mr_json_doc *doc;
    mr_review_reader *reader;
    mr_buf out;
    size_t entries, medicines, findings, incomplete; /* of the last pass: that work was done, and which */
} bench;

/* --- stages: one patient each; false stops the run -----------------------------------------------------------------
 */

static bool bare_dom(bench *b, mr_span text) {
    mr_json root;
    mr_error err;
    return mr_json_parse(b->doc, text, true, &root, &err) == MR_OK && mr_json_kind_of(root) == MR_J_OBJECT;
}

static bool by_jansson(bench *b, mr_span text) {
    (void)b;
    json_t *root = json_loadb(text.ptr, text.len, 0, NULL);
    bool ok = json_is_object(root);
    json_decref(root);
    return ok;
}

/* What mr_review_read and the first step of mr_review_assess do: everything that needs the JSON, and nothing that needs
 * the rules. */
static bool into_record(bench *b, mr_span text) {
    mr_error err;
    mr_json root;
    mr_fhir_page page;
    mr_fhir_collected collected;
    mr_span *ids;
    size_t n = 0;
    mr_arena *a = mr_arena_new(MR_MAX_REVIEW_BYTES);
    mr_fhir_pages *pages = a ? mr_fhir_pages_new(a, MR_SPAN_NONE, true) : NULL;
    mr_rc rc = pages ? mr_json_parse(b->doc, text, true, &root, &err) : MR_NOMEM;
    if (!rc) rc = mr_fhir_page_read(pages, root, &page, &err);
    if (!rc) rc = mr_fhir_patients(pages, &ids, &n, &err);
    if (!rc) rc = mr_fhir_collect(pages, n ? ids[0] : MR_SPAN_NONE, false, a, &collected, &err);
    if (!rc) b->entries += collected.raw.n_entries;
    mr_arena_free(a);
    return !rc && n == 1;
}

static bool reviewed(bench *b, mr_span text, bool write) {
    mr_error err = {0};
    mr_review_input in;
    const mr_review_result *result;
    mr_arena *input = mr_arena_new(MR_MAX_REVIEW_BYTES), *a = mr_arena_new(MR_MAX_REVIEW_BYTES);
    mr_rc rc = input && a ? mr_review_read(b->reader, text, true, &b->settings, input, &in, &err) : MR_NOMEM;
    mr_review *rv = rc ? NULL : mr_review_of(a, &b->k, &b->settings, &in, in.patients[0]);
    if (!rc) rc = rv ? mr_review_assess(rv, &result, &err) : MR_NOMEM;
    if (!rc && write) {
        mr_buf_clear(&b->out);
        rc = mr_review_json(rv, &b->out, &err);
    }
    if (!rc) {
        b->medicines += result->record->n_medicines;
        b->findings += result->assessment->n_findings;
        b->incomplete += !result->record->complete;
    }
    mr_arena_free(a);
    mr_arena_free(input);
    if (rc) fprintf(stderr, "mr_bench: %s\n", err.text);
    return !rc && in.n_patients == 1;
}

static bool assessed(bench *b, mr_span text) {
    return reviewed(b, text, false);
}

static bool whole(bench *b, mr_span text) {
    return reviewed(b, text, true);
}

static const struct stage {
    const char *name;
    bool (*run)(bench *b, mr_span text);
    unsigned passes; /* over all patients a turn: quick ones more often, so that each is well above the clock's grain */
} stages[] = {
    {"bare DOM (simdjson)", bare_dom, 8},
    {"jansson, whole tree", by_jansson, 1},
    {"our reader, into the record", into_record, 6},
    {"review, without its output", assessed, 2},
    {"review, from bytes to JSON", whole, 2},
};
enum { DOM, JANSSON, READER, ASSESSED, WHOLE, STAGES };

/* --- measuring -----------------------------------------------------------------------------------------------------
 */

static double cpu_seconds(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0) abort();
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Seconds of one patient in this turn; negative: it failed. */
static double one_turn(bench *b, const struct stage *s) {
    b->entries = b->medicines = b->findings = b->incomplete = 0;
    double begin = cpu_seconds();
    for (unsigned pass = 0; pass < s->passes; pass++)
        for (size_t i = 0; i < b->patients.n; i++)
            if (!s->run(b, b->patients.v[i])) {
                fprintf(stderr, "mr_bench: %s failed on patient %zu\n", s->name, i);
                return -1;
            }
    return (cpu_seconds() - begin) / s->passes / (double)b->patients.n;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *v, unsigned n) {
    double copy[TURNS_MOST];
    memcpy(copy, v, n * sizeof *v);
    qsort(copy, n, sizeof *copy, by_value);
    return n % 2 ? copy[n / 2] : (copy[n / 2 - 1] + copy[n / 2]) / 2;
}

static double median_ratio(double v[STAGES][TURNS_MOST], int over, int under, unsigned n) {
    double ratio[TURNS_MOST];
    for (unsigned i = 0; i < n; i++) ratio[i] = v[over][i] / v[under][i];
    return median(ratio, n);
}

static void report(const bench *b, double v[STAGES][TURNS_MOST], unsigned turns) {
    double mean = (double)b->patients.bytes / (double)b->patients.n;
    printf("%zu patients, %.1f MB, %.1f kB each; one core, CPU time, medians of %u turns\n", b->patients.n,
           (double)b->patients.bytes / 1e6, mean / 1e3, turns);
    printf("%-32s %12s %10s %10s\n", "", "patients/s", "MB/s", "us each");
    for (int i = 0; i < STAGES; i++) {
        double s = median(v[i], turns);
        printf("%-32s %12.0f %10.0f %10.1f\n", stages[i].name, 1 / s, mean / s / 1e6, s * 1e6);
    }
    printf("(%zu medicines, %zu findings, %zu records not whole)\n", b->medicines / stages[WHOLE].passes,
           b->findings / stages[WHOLE].passes, b->incomplete / stages[WHOLE].passes);
    double ratio = median_ratio(v, READER, DOM, turns), rate = 1 / median(v[WHOLE], turns);
    printf("reading into the record / bare DOM: %.2f (aim: at most %.1f)%s\n", ratio, DOM_RATIO_AIM,
           ratio <= DOM_RATIO_AIM ? "" : "  MISSED");
    printf("jansson / reading into the record: %.1f\n", median_ratio(v, JANSSON, READER, turns));
    printf("full review from bytes: %.0f patients/s (aim: at least %.0f)%s\n", rate, REVIEWS_AIM,
           rate >= REVIEWS_AIM ? "" : "  MISSED");
}

/* --- up and down ---------------------------------------------------------------------------------------------------
 */

static mr_rc open_all(bench *b, const char *folder, size_t n, mr_error *err) {
    mr_day as_of = mr_day_of((mr_date){2026, 1, 15});
    mr_buf complaints;
    mr_knowledge_options options = {.dir = NULL};
    mr_buf_init(&complaints, 1 << 20);
    mr_rc rc = mr_knowledge_load(&options, &b->knowledge, &complaints, err);
    mr_buf_free(&complaints);
    if (!rc) rc = mr_terminology_builtin(&b->terminology, err);
    if (!rc)
        rc = folder ? bench_patients_read(folder, &b->patients, err)
                    : bench_patients_make(n, 37000, as_of, &b->patients, err);
    if (rc) return rc;
    b->k = (mr_review_knowledge){mr_knowledge_rules(b->knowledge), b->terminology, NULL};
    b->settings =
        (mr_review_settings){.site = {.id = MR_SPAN("bench"),
                                      .base_uri = MR_SPAN("https://medreview.example.org"),
                                      .task_intent = MR_SPAN("proposal"),
                                      .software = MR_SPAN("0"),
                                      .knowledge = b->k.rules->version},
                             .run = {.as_of = as_of, .site_key = MR_SPAN(MR_OFFLINE_KEY), .source = MR_SPAN("offline")},
                             .offline = true};
    b->doc = mr_json_doc_new();
    b->reader = mr_review_reader_new();
    mr_buf_init(&b->out, OUTPUT_BYTES);
    return b->doc && b->reader ? MR_OK : mr_fail(err, MR_NOMEM, "out of memory");
}

static void close_all(bench *b) {
    mr_buf_free(&b->out);
    mr_review_reader_free(b->reader);
    mr_json_doc_free(b->doc);
    bench_patients_free(&b->patients);
    mr_terminology_free(b->terminology);
    mr_knowledge_free(b->knowledge);
}

static bool measure(bench *b, unsigned turns) {
    static double seconds[STAGES][TURNS_MOST];
    for (int i = 0; i < STAGES; i++)
        if (one_turn(b, &stages[i]) < 0) return false; /* not counted: caches fill, memory is fetched */
    for (unsigned turn = 0; turn < turns; turn++)
        for (int i = 0; i < STAGES; i++) {
            seconds[i][turn] = one_turn(b, &stages[i]);
            if (seconds[i][turn] < 0) return false;
        }
    report(b, seconds, turns);
    return true;
}

static int usage(void) {
    fputs("Usage: mr_bench [--patients FOLDER | --n NUMBER] [--turns NUMBER]\n"
          "FOLDER holds one Bundle a file (*.json); without it, 1000 patients of about 37 kB are made.\n",
          stderr);
    return 2;
}

int main(int argc, char **argv) {
    bench b = {0};
    mr_error err = {0};
    const char *folder = NULL;
    uint64_t n = 1000, turns = 7;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) return usage();
        mr_span value = mr_span_of(argv[i + 1]);
        if (strcmp(argv[i], "--patients") == 0)
            folder = argv[i + 1];
        else if (strcmp(argv[i], "--n") != 0 && strcmp(argv[i], "--turns") != 0)
            return usage();
        else if (!mr_span_u64(value, strcmp(argv[i], "--n") == 0 ? &n : &turns))
            return usage();
    }
    if (n < 1 || n > 100000 || turns < 1 || turns > TURNS_MOST) return usage();
    mr_rc rc = open_all(&b, folder, (size_t)n, &err);
    if (rc != MR_OK) fprintf(stderr, "mr_bench: %s\n", err.text);
    bool ok = rc == MR_OK && measure(&b, (unsigned)turns);
    close_all(&b);
    return ok ? 0 : 1;
}
